"""The turnover of a year by a key of its lines: what stands under which key, and in all the trial balance."""

from datetime import date

from beancount.core import data
from hypothesis import given
from hypothesis import strategies as st
from report_books import account, accounts, entry

from reports.by_key import KeyTurnover, by_key, by_key_table
from reports.tables import RowKind
from reports.totals import totals_of


def keyed(day: date, amounts: dict[str, int], **keys: str) -> data.Transaction:
    """A transaction whose first posting carries the keys."""
    made = entry(day, amounts)
    first, *others = made.postings
    return made._replace(postings=[first._replace(meta=dict(keys)), *others])


def test_each_key_has_its_accounts_and_what_has_none_comes_last():
    books = [
        keyed(date(2025, 1, 5), {"616": 30_00, "440": -30_00}, project="schools"),
        keyed(date(2025, 3, 5), {"616": 12_50, "440": -12_50}, project="wells"),
        keyed(date(2025, 4, 5), {"616": -2_50, "440": 2_50}, project="schools"),
        keyed(date(2024, 4, 5), {"616": 99_00, "440": -99_00}, project="schools"),
        data.Note({}, date(2025, 4, 6), account("570").path, "counted", None, None),
        entry(date(2025, 4, 6), {"570": 7_00, "7311": -7_00}),
    ]
    assert by_key(books, accounts(), 2025, "project") == (
        KeyTurnover("schools", "616", 30_00, 2_50, 2),
        KeyTurnover("wells", "616", 12_50, 0, 1),
        KeyTurnover("", "440", 2_50, 42_50, 3),
        KeyTurnover("", "570", 7_00, 0, 1),
        KeyTurnover("", "7311", 0, 7_00, 1),
    )


def test_the_key_of_an_entry_is_that_of_its_postings_without_one():
    made = keyed(date(2025, 1, 5), {"616": 30_00, "440": -30_00}, fund="one")
    books = [made._replace(meta={**made.meta, "fund": "two"})]
    assert [(one.key, one.code) for one in by_key(books, accounts(), 2025, "fund")] == [("one", "616"), ("two", "440")]


def test_a_year_without_entries_has_no_lines():
    assert by_key([], accounts(), 2025, "party") == ()


def test_the_table_shows_labels_and_totals():
    turnover = (KeyTurnover("schools", "616", 30_00, 2_50, 2), KeyTurnover("", "440", 2_50, 30_00, 2))
    table = by_key_table(turnover, accounts(), {"schools": "Écoles"}, 2025, "project", "en")
    assert [(row.kind, row.first, *row.cells) for row in table.rows] == [
        (RowKind.HEADING, None, "schools", "", "Écoles", None, None, None, None),
        (RowKind.LINE, None, "schools", "616", account("616").label("en"), 30_00, 2_50, 27_50, 2),
        (RowKind.TOTAL, 1, "schools", "", "Total schools", 30_00, 2_50, 27_50, 2),
        (RowKind.HEADING, None, "", "", "without", None, None, None, None),
        (RowKind.LINE, None, "", "440", account("440").label("en"), 2_50, 30_00, -27_50, 2),
        (RowKind.TOTAL, 4, "", "", "Total without", 2_50, 30_00, -27_50, 2),
        (RowKind.TOTAL, 0, "", "", "TOTAL", 32_50, 32_50, 0, 4),
    ]


def test_one_key_alone_needs_no_total_over_all():
    table = by_key_table((KeyTurnover("wells", "X9", 1_00, 0, 1),), accounts(), {}, 2025, "project", "en")
    assert [(row.kind, row.first, *row.cells) for row in table.rows] == [
        (RowKind.HEADING, None, "wells", "", "", None, None, None, None),
        (RowKind.LINE, None, "wells", "X9", "X9", 1_00, 0, 1_00, 1),
        (RowKind.TOTAL, 1, "wells", "", "Total wells", 1_00, 0, 1_00, 1),
    ]
    assert [(column.name, column.kind.value, column.summed) for column in table.columns] == [
        ("project", "text", False), ("code", "text", False), ("label", "text", False), ("debit", "cents", True),
        ("credit", "cents", True), ("balance", "cents", True), ("postings", "count", True),
    ]  # fmt: skip


amounts = st.integers(-(10**9), 10**9).filter(bool)


@given(
    st.lists(
        st.tuples(st.sampled_from(["550", "616", "620"]), amounts, st.sampled_from(["", "a", "b", "c"])), max_size=12
    )
)
def test_all_keys_together_are_the_trial_balance(drawn: list[tuple[str, int, str]]):
    books = [keyed(date(2025, 2, 1), {code: cents, "440": -cents}, project=key) for code, cents, key in drawn]
    found = by_key(books, accounts(), 2025, "project")
    movements = totals_of(books, accounts()).movements(2025)
    sums = {
        code: tuple(sum(getattr(one, name) for one in found if one.code == code) for name in ("debit", "credit"))
        for code in {one.code for one in found}
    }
    assert sums == {code: (moved.debit, moved.credit) for code, moved in movements.items()}
