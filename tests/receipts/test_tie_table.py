"""The tie-out as a table: each reason on its line, what they explain, the books, the difference."""

from receipts.decide.eligibility import RECEIPTED, Reason
from receipts.decide.eligibility import label as reason_label
from receipts.decide.tie import Tie, TieLine
from receipts.decide.tie_table import tie_table
from reports.tables import ColumnKind, RowKind

LINES = (TieLine(RECEIPTED, 3, 150_00), TieLine(Reason.ANONYMOUS.value, 2, 10_00))
LATE = TieLine(RECEIPTED, 1, 40_00)


def test_the_lines_are_explained_and_held_against_the_books():
    table = tie_table(Tie(2025, 161_00, LINES, (LATE,), 190_00), "en")
    assert (table.title, table.subtitle, table.language) == ("Gifts and receipts 2025", "", "en")
    assert [(column.name, column.kind, column.summed) for column in table.columns] == [
        ("code", ColumnKind.TEXT, False),
        ("reason", ColumnKind.TEXT, False),
        ("gifts", ColumnKind.COUNT, True),
        ("amount", ColumnKind.CENTS, True),
    ]
    words = {code: reason_label(code, "en") for code in (RECEIPTED, Reason.ANONYMOUS.value)}
    assert [(row.kind, row.first, *row.cells) for row in table.rows] == [
        (RowKind.HEADING, None, "", "Gifts booked in the year", None, None),
        (RowKind.LINE, None, RECEIPTED, words[RECEIPTED], 3, 150_00),
        (RowKind.LINE, None, "anonymous", words["anonymous"], 2, 10_00),
        (RowKind.TOTAL, 1, "explained", "Total explained", 5, 160_00),
        (RowKind.LINE, None, "accounts", "Gift accounts in the books", None, 161_00),
        (RowKind.LINE, None, "difference", "Difference", None, 1_00),
        (RowKind.HEADING, None, "", "Booked in another year, counting for this one", None, None),
        (RowKind.LINE, None, RECEIPTED, words[RECEIPTED], 1, 40_00),
        (RowKind.LINE, None, "receipts", "Receipts of the year", None, 190_00),
    ]


def test_a_year_of_its_own_gifts_has_no_part_for_others():
    rows = list(tie_table(Tie(2025, 160_00, LINES, (), 150_00), "en").rows)
    assert [row.cells[0] for row in rows] == [
        "",
        RECEIPTED,
        "anonymous",
        "explained",
        "accounts",
        "difference",
        "receipts",
    ]
    assert rows[-2].cells[3] == 0
