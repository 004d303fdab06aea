"""Small tables and workbooks cell by cell, from books that can be added up in one's head."""

import io
from dataclasses import replace
from datetime import date
from typing import Any

import openpyxl
import pytest
from beancount.core import data
from beancount.core.amount import A
from beancount.core.position import Cost
from report_books import account, accounts, entry, totals

from reports.formats import write_csv, write_json, write_text
from reports.ledger_listing import LedgerAccount, document_of, general_ledger, ledger_table, narration_of
from reports.marks import numbers
from reports.picture import _shortened, income_picture
from reports.printing import statement_data, statement_table
from reports.scheme import (
    SCHEMES,
    AccountShare,
    LineKind,
    Scheme,
    SchemeLine,
    Sign,
    StatementScheme,
    Term,
    What,
    When,
    _statement,
    doubly_mapped,
    load_scheme,
    unmapped,
)
from reports.sheets import sheet_name, write_xlsx
from reports.statements import balance, differences, statement
from reports.tables import LINES, Column, ColumnKind, Row, RowKind, Table
from reports.totals import NotInEuro, cents_of, totals_of
from reports.trial import trial_balance, trial_table
from reports.words import text_in
from reports.workbook import write_statements

# 2024: 1 000.00 of gifts, 400.40 of fees; 2025: 500.25 of gifts, 100.50 of fees, nothing appropriated.
BOOKS = (
    (2024, {"550": 1000_00, "7311": -1000_00}),
    (2024, {"616": 400_40, "550": -400_40}),
    (2025, {"550": 500_25, "7311": -500_25}),
    (2025, {"616": 100_50, "550": -100_50}),
)


def cells(table: Table) -> list[tuple[object, ...]]:
    return [(row.kind.value, *row.cells) for row in table.rows]


def published_balance_sheet():
    return of_year("balance-sheet", scheme="published")


def of_year(what: str, year: int = 2025, scheme: str = "full"):
    return statement(what, load_scheme(scheme), year, totals(*BOOKS))


# Statements


def test_a_statement_to_read_has_a_column_for_each_year_the_books_hold():
    both = statement_table(of_year("income-statement"), "en")
    assert [column.name for column in both.columns] == ["code", "label", "2025", "2024"]
    assert [column.kind for column in both.columns] == [
        ColumnKind.TEXT,
        ColumnKind.TEXT,
        ColumnKind.EUROS,
        ColumnKind.EUROS,
    ]
    assert [column.indented for column in both.columns] == [False, True, False, False]
    alone = statement_table(of_year("income-statement", 2024), "en")
    assert [column.name for column in alone.columns] == ["code", "label", "2024"]
    assert {len(row.cells) for row in alone.rows} == {3}
    assert {len(row.cells) for row in both.rows} == {4}
    gifts = next(row for row in both.rows if row.cells[0] == "73")
    assert gifts.cells[2:] == (500_25, 1000_00)


def test_a_statement_opens_each_section_with_a_heading_once():
    table = statement_table(of_year("balance-sheet"), "en")
    sections = [row.cells[1] for row in table.rows if row.kind is RowKind.HEADING and not row.cells[0]]
    assert sections[:1] == [text_in("en", "Assets").upper()]
    assert sections.count(text_in("en", "Assets").upper()) == sections.count(text_in("en", "Liabilities").upper()) == 1
    assert all(row.cells[2:] == (None, None) for row in table.rows if row.kind is RowKind.HEADING)


def test_headings_are_no_data():
    assert any(line.kind is LineKind.HEADING for line in published_balance_sheet().lines)
    table = statement_data(published_balance_sheet(), "fr")
    assert {row.kind for row in table.rows} == {RowKind.LINE, RowKind.TOTAL}
    assert len(table.rows) == sum(line.kind is not LineKind.HEADING for line in published_balance_sheet().lines)


def test_a_statement_as_data_names_its_year_and_the_one_before():
    table = statement_data(of_year("income-statement"), "fr")
    assert [(column.name, column.title, column.kind.value) for column in table.columns] == [
        ("section", "", "text"),
        ("code", text_in("fr", "Code"), "text"),
        ("label", text_in("fr", "Line"), "text"),
        ("amount", "2025", "cents"),
        ("previous", "2024", "cents"),
        ("printed", "2025", "euros"),
        ("printed_previous", "2024", "euros"),
    ]
    gifts = next(row for row in table.rows if row.cells[1] == "73")
    assert gifts.cells[3:] == (500_25, 1000_00, 500_25, 1000_00)
    assert {row.kind for row in table.rows} == {RowKind.LINE, RowKind.TOTAL}


def test_titles_say_at_the_end_of_a_year_or_over_it():
    assert (
        statement_table(of_year("balance-sheet"), "en").title
        == f"{text_in('en', 'Balance sheet')} {text_in('en', 'at 31 December {year}').format(year=2025)}"
    )
    assert statement_table(of_year("income-statement"), "en").title == (
        f"{text_in('en', 'Income statement')}, {text_in('en', 'year {year}').format(year=2025)}"
    )


def test_a_statement_without_a_year_before_has_nothing_beside_it():
    first = of_year("income-statement", 2024)
    assert not first.has_previous
    assert {row.cells[4] for row in statement_data(first, "en").rows} == {None}
    assert {row.cells[6] for row in statement_data(first, "en").rows} == {None}
    assert {column.previous for line in first.every for column in line.accounts} == {None}


def test_the_balance_sheet_adds_up_in_both_years():
    now, before = balance(of_year("balance-sheet"))
    assert (now.assets, now.liabilities, now.difference) == (999_35, 999_35, 0)
    assert before is not None
    assert (before.assets, before.liabilities) == (599_60, 599_60)
    assert balance(of_year("balance-sheet", 2024))[1] is None


def test_a_printed_total_that_its_lines_do_not_add_up_to_is_named():
    # 0.50 and 0.50 print as 1 and 1, their sum of 1.00 as 1.
    books = totals((2025, {"610": 50, "620": 50, "550": -1_00}))
    found = differences(statement("income-statement", load_scheme("full"), 2025, books))
    assert found
    assert {one.year for one in found} == {2025}
    assert all(one.added != one.printed for one in found)
    earlier = totals((2024, {"610": 50, "620": 50, "550": -1_00}), (2025, {"7311": -1, "550": 1}))
    assert 2024 in {one.year for one in differences(statement("income-statement", load_scheme("full"), 2025, earlier))}


# Totals


def test_totals_say_what_a_year_did_and_what_stood_at_its_end():
    books = totals(*BOOKS)
    assert books.years == (2024, 2025)
    assert books.in_year(2025) == {"550": 399_75, "7311": -500_25, "616": 100_50}
    assert books.in_year(2023) == {}
    assert books.until(2024) == {"550": 599_60, "7311": -1000_00, "616": 400_40}
    assert books.until(2025)["550"] == 999_35
    assert books.standing(2025) == {"550": 999_35, "7311": -1500_25, "616": 500_90}
    assert books.unappropriated_before(2025) == -599_60
    assert books.unappropriated_before(2024) == 0
    assert books.counts(2025) == {"550": 2, "7311": 1, "616": 1}
    assert books.counts() == {"550": 4, "7311": 2, "616": 2}
    moved = books.movements(2025)
    assert list(moved) == ["550", "616", "7311"]
    assert (moved["550"].opening, moved["550"].debit, moved["550"].credit, moved["550"].postings) == (
        599_60,
        500_25,
        100_50,
        2,
    )
    assert moved["550"].closing == 999_35
    assert moved["616"].opening == 0


def test_a_result_that_was_appropriated_no_longer_stands():
    closed = (2024, {"692": 599_60, "14": -599_60})
    books = totals(*BOOKS[:2], closed, *BOOKS[2:])
    assert books.standing(2025) == {"550": 999_35, "14": -599_60, "7311": -500_25, "616": 100_50}
    assert set(books.standing(2024)) == {"550", "14", "7311", "616", "692"}


def test_what_is_put_to_funds_is_told_by_account():
    books = totals((2025, {"691": 100, "130": -100}), (2025, {"550": 7, "7311": -7}))
    assert books.to_funds(2025) == {"691": 100, "130": -100}
    assert books.to_funds(2024) == {}


def test_an_account_that_came_to_nothing_and_does_not_move_is_not_told():
    books = totals((2024, {"550": 5, "400": -5}), (2024, {"550": -5, "400": 5}), (2025, {"616": 1, "440": -1}))
    assert list(books.movements(2025)) == ["440", "616"]
    assert list(books.movements(2026)) == ["440"]


def test_an_entry_that_is_none_or_posts_nothing_has_no_year():
    books = [
        data.Note({}, date(2023, 1, 1), account("550").path, "counted", None, None),
        entry(date(2024, 1, 1), {}),
        entry(date(2025, 1, 1), {"550": 1, "7311": -1}),
        entry(date(2025, 1, 2), {"550": 0, "7311": 0}),
    ]
    found = totals_of(books, accounts())
    assert found.years == (2025,)
    assert found.sums == {2025: {"550": (1, 0, 2), "7311": (0, 1, 2)}}


def priced(units: str | None, cost: str | None = None, price: str | None = None) -> data.Posting:
    held = None if cost is None else Cost(A(cost).number, A(cost).currency, date(2025, 1, 1), None)
    return data.Posting("Assets:550", units and A(units), held, price and A(price), None, {"lineno": 5})


@pytest.mark.parametrize(("posting", "cents"), [
    (priced("2.50 EUR"), 2_50), (priced("2 EUR", cost="3 EUR"), 6_00), (priced("2 SHS", cost="3 EUR"), 6_00),
    (priced("2 SHS", price="4 EUR"), 8_00), (priced("2 SHS", cost="3 EUR", price="4 EUR"), 6_00),
    (priced("2 EUR", price="4 USD"), 2_00),
])  # fmt: skip
def test_what_is_held_in_another_unit_counts_at_its_cost_before_its_price(posting: data.Posting, cents: int):
    assert cents_of(posting, entry(date(2025, 1, 1), {})) == cents


@pytest.mark.parametrize("posting", [priced("2 SHS"), priced("2 SHS", cost="3 USD"), priced("2.505 EUR"), priced(None)])
def test_a_posting_without_whole_cents_is_refused_at_its_own_line_or_its_entrys(posting: data.Posting):
    of = entry(date(2025, 1, 1), {})._replace(meta={"filename": "books.beancount", "lineno": 1})
    with pytest.raises(NotInEuro, match=r"^the books: line 5: "):
        cents_of(posting, of)
    with pytest.raises(NotInEuro, match=r"^books\.beancount: line 1: "):
        cents_of(posting._replace(meta=None), of)
    with pytest.raises(NotInEuro, match=r"^the books: line \?: "):
        cents_of(posting._replace(meta=None), of._replace(meta=None))


def test_with_faults_an_entry_that_is_not_in_whole_cents_is_left_out_and_told():
    good, dollars = entry(date(2025, 1, 1), {"550": 1, "7311": -1}), entry(date(2025, 1, 2), {"550": 0, "7311": 0})
    broken = dollars._replace(postings=[dollars.postings[0], priced("2 USD"), priced("3 USD")])
    faults: list[NotInEuro] = []
    assert totals_of([broken, good], accounts(), faults).sums == {2025: {"550": (1, 0, 1), "7311": (0, 1, 1)}}
    assert [str(fault).partition(": the posting")[0] for fault in faults] == ["the books: line 5"]
    with pytest.raises(NotInEuro):
        totals_of([broken, good], accounts())


def test_an_account_that_entries_on_funds_leave_as_it_was_is_not_behind_a_fund():
    books = totals((2025, {"691": 100, "130": -100}), (2025, {"130": 100, "791": -100}))
    assert books.to_funds(2025) == {"691": 100, "130": 0, "791": -100}
    lines = statement("appropriation", load_scheme("published"), 2025, books).every
    assert {one.code for line in lines for one in line.accounts} == {"691", "791"}


def test_a_line_shown_where_it_has_an_amount_is_shown_for_one_of_the_year_before():
    books = totals((2024, {"7311": -7, "550": 7}), (2025, {"100": -5, "550": 5}))
    appropriated = statement("appropriation", load_scheme("full"), 2025, books)
    line = appropriated.line("open-appropriation")
    assert (line.cents, line.previous, line.shown) == (0, 7, True)


def test_an_account_without_a_code_is_kept_under_its_path():
    books = totals_of([entry(date(2025, 1, 1), {"550": 1, "7311": -1})], {"550": account("550")})
    assert books.in_year(2025) == {"550": 1, "Income:7311": -1}


# Trial balance


def test_a_trial_balance_to_read():
    trial = trial_balance(totals(*BOOKS), accounts(), 2025, load_scheme("full"))
    table = trial_table(trial, "en")
    assert [(column.name, column.kind.value, column.summed) for column in table.columns] == [
        ("rubric", "text", False), ("code", "text", False), ("label", "text", False), ("opening", "cents", True),
        ("debit", "cents", True), ("credit", "cents", True), ("closing", "cents", True), ("postings", "count", True),
    ]  # fmt: skip
    assert [row.cells[1:] for row in table.rows] == [
        ("550", "550 en", 599_60, 500_25, 100_50, 999_35, 2),
        ("616", "616 en", 0, 100_50, 0, 100_50, 1),
        ("7311", "7311 en", 0, 0, 500_25, -500_25, 1),
        ("", text_in("en", "Earlier results not appropriated"), -599_60, 0, 0, -599_60, 0),
        ("", text_in("en", "TOTAL"), 0, 600_75, 600_75, 0, 4),
    ]
    assert [row.cells[0].split(" ")[0] for row in table.rows] == ["54/58", "61", "73", "", ""]
    assert table.rows[-1].first == 0
    assert (trial.total.postings, trial.total.debit, trial.total.credit) == (4, 600_75, 600_75)


def test_an_account_that_the_chart_does_not_know_is_labelled_by_its_code():
    books = totals((2025, {"550": 5, "7311": -5}))
    rows = trial_table(trial_balance(books, {}, 2025, load_scheme("full")), "en").rows
    assert [row.cells[2] for row in rows] == ["550", "7311", text_in("en", "TOTAL")]


def test_an_empty_trial_balance_sums_nothing():
    table = trial_table(trial_balance(totals_of([], {}), {}, 2025, load_scheme("full")), "en")
    assert [(row.kind, row.first) for row in table.rows] == [(RowKind.TOTAL, None)]


# General ledger


def test_the_general_ledger_to_read():
    books = [
        entry(date(2024, 12, 1), {"550": 10, "7311": -10}),
        entry(date(2025, 3, 1), {"550": 500, "7311": -500}, "gifts", frozenset({"b", "a"})),
        entry(date(2025, 3, 2), {"616": 200, "550": -200}, "fees"),
        entry(date(2025, 3, 3), {"616": 0, "550": 0}, "nil"),
        data.Note({}, date(2025, 3, 4), account("550").path, "counted", None, None),
    ]
    listing = general_ledger(books, accounts(), 2025, totals_of(books, accounts()))
    table = ledger_table(listing, 2025, "en")
    assert [(column.name, column.kind.value, column.summed) for column in table.columns[:7]] == [
        ("account", "text", False), ("date", "date", False), ("document", "text", False), ("narration", "text", False),
        ("debit", "cents", True), ("credit", "cents", True), ("balance", "cents", False),
    ]  # fmt: skip
    opening, first = text_in("en", "Opening balance"), date(2025, 1, 1)
    assert [(row.kind.value, row.first, *row.cells[:7]) for row in table.rows] == [
        ("heading", None, "550", None, "", "550 en", None, None, None),
        ("line", None, "550", first, "", opening, None, None, 10),
        ("line", None, "550", date(2025, 3, 1), "a b", "gifts", 500, None, 510),
        ("line", None, "550", date(2025, 3, 2), "", "fees", None, 200, 310),
        ("line", None, "550", date(2025, 3, 3), "", "nil", 0, None, 310),
        ("total", 1, "550", None, "", text_in("en", "Total {code}").format(code="550"), 500, 200, 310),
        ("heading", None, "616", None, "", "616 en", None, None, None),
        ("line", None, "616", first, "", opening, None, None, 0),
        ("line", None, "616", date(2025, 3, 2), "", "fees", 200, None, 200),
        ("line", None, "616", date(2025, 3, 3), "", "nil", 0, None, 200),
        ("total", 7, "616", None, "", text_in("en", "Total {code}").format(code="616"), 200, 0, 200),
        ("heading", None, "7311", None, "", "7311 en", None, None, None),
        ("line", None, "7311", first, "", opening, None, None, 0),
        ("line", None, "7311", date(2025, 3, 1), "a b", "gifts", None, 500, -500),
        ("total", 12, "7311", None, "", text_in("en", "Total {code}").format(code="7311"), 0, 500, -500),
    ]


def test_a_line_of_the_ledger_has_its_number_and_keys():
    made = entry(date(2025, 3, 1), {"550": 5, "7311": -5})
    books = [made._replace(meta={**made.meta, "number": "GEN-2025-000001", "party": "P1", "fund": "wells"})]
    table = ledger_table(general_ledger(books, accounts(), 2025, totals_of(books, accounts())), 2025, "en")
    assert [column.name for column in table.columns[7:]] == ["number", "project", "department", "fund", "party"]
    assert [row.cells[7:] for row in table.rows][:4] == [
        ("",) * 5,
        ("",) * 5,
        ("GEN-2025-000001", None, None, "wells", "P1"),
        ("",) * 5,
    ]


def test_a_document_is_named_by_its_metadata_before_its_links():
    plain = entry(date(2025, 1, 1), {"550": 1, "7311": -1}, "n", frozenset({"link"}))
    assert document_of(plain) == "link"
    assert document_of(plain._replace(meta={"document": "d"})) == "d"
    assert document_of(plain._replace(meta={"voucher": "v", "document": "d"})) == "v"
    assert document_of(plain._replace(links=None)) == ""
    assert narration_of(plain) == "n"
    assert narration_of(plain._replace(payee="p")) == "p | n"


def test_an_account_that_the_chart_does_not_know_has_no_label():
    table = ledger_table([LedgerAccount("X", None, 5, ())], 2025, "en")
    assert cells(table)[0][:8] == ("heading", "X", None, "", "", None, None, None)


# Formats

COLUMNS = (
    Column("label", "Label", width=6, indented=True),
    Column("day", "Day", ColumnKind.DATE, 10),
    Column("amount", "Amount", ColumnKind.CENTS, 8, summed=True),
    Column("gifts", "N", ColumnKind.COUNT, 4, summed=True),
)


def small(*rows: Row) -> Table:
    return Table("Title", "subtitle", "en", COLUMNS, rows, LINES)


def text_of(table: Table) -> list[str]:
    stream = io.StringIO()
    write_text(table, stream)
    return stream.getvalue().splitlines()


def test_text_puts_words_to_the_left_and_figures_to_the_right():
    lines = text_of(
        small(
            Row(RowKind.LINE, ("ab", date(2025, 3, 14), 5, 1)),
            Row(RowKind.LINE, ("abc de", None, 1_234_00, None), 1),
            Row(RowKind.TOTAL, ("T", None, 1_234_05, 1), first=0),
        )
    )
    day = numbers("en").date(date(2025, 3, 14))
    assert lines[0] == "Title"
    assert lines[1] == "subtitle"
    start = next(number for number, line in enumerate(lines) if line.startswith("ab "))
    assert lines[start] == f"ab      {day}      0.05  1"
    assert lines[start + 1] == "  abc               1,234.00"
    assert lines[start + 2] == "    de"
    assert lines[-2].split() == ["T", "1,234.05", "1"]


def test_columns_are_as_wide_as_their_rows_need_or_as_they_may_be_where_rows_come_one_by_one():
    columns = (Column("a", "A", width=6), Column("b", "", width=6), Column("n", "Number", ColumnKind.COUNT, 3))
    row = Row(RowKind.LINE, ("xy", "abcdefgh", 12))

    def rule(rows: Any) -> list[int]:
        return [len(part) for part in text_of(Table("T", "", "en", columns, rows))[4].split("  ")]

    assert rule((row,)) == [2, 6, 6]
    assert rule(iter((row,))) == [6, 6, 6]
    assert rule(()) == [1, 0, 6]
    assert rule((Row(RowKind.LINE, ("xy", "", 123_456_789)),)) == [2, 0, 11], "figures are never broken"


def test_a_heading_has_an_empty_line_above_and_a_total_a_rule_below():
    rows = (Row(RowKind.HEADING, ("H",)), Row(RowKind.LINE, ("a\tb",)), Row(RowKind.TOTAL, ("T",)))
    assert text_of(Table("T", "", "en", (Column("a", "A"),), rows))[3:] == ["A", "---", "", "H", "a b", "T", "---"]


@pytest.mark.parametrize("write", [write_text, write_csv, write_json])
def test_a_row_that_has_not_a_cell_for_each_column_is_refused(write):
    table = Table("T", "", "en", (Column("a", "A"), Column("b", "B")), (Row(RowKind.LINE, ("x",)),), LINES)
    with pytest.raises(ValueError, match="longer"):
        write(table, io.StringIO())


def test_a_workbook_refuses_it_too(tmp_path):
    table = Table("T", "", "en", (Column("a", "A"), Column("b", "B")), (Row(RowKind.LINE, ("x",)),))
    with pytest.raises(ValueError, match="longer"):
        write_xlsx(table, tmp_path / "t.xlsx")


def test_a_figure_that_is_not_summed_stays_one_in_a_row_of_totals(tmp_path):
    columns = (Column("a", "A", ColumnKind.EUROS), Column("b", "B", ColumnKind.COUNT, summed=True))
    rows = (Row(RowKind.LINE, (1_50, 2)), Row(RowKind.TOTAL, (1_50, 2), first=0))
    write_xlsx(Table("T", "", "en", columns, rows), tmp_path / "t.xlsx")
    (sheet,) = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets
    assert [[cell.value for cell in sheet[row]] for row in (5, 6)] == [[2, 2], [2, "=SUBTOTAL(9,B5:B5)"]]
    assert (sheet["A1"].font.size, sheet["A1"].font.bold, sheet["A4"].alignment.wrap_text) == (14, True, True)
    assert sheet.page_setup.fitToWidth in (None, 1), "a page wide, which is not said"


def test_an_amount_of_nothing_is_null_and_a_count_a_number():
    stream = io.StringIO()
    write_json(small(Row(RowKind.LINE, ("é", None, None, 3)), Row(RowKind.TOTAL, ("T", None, 5, 3))), stream)
    assert stream.getvalue() == '[\n{"label": "é", "day": null, "amount": null, "gifts": 3}\n]\n'


@pytest.mark.parametrize(("cell", "kind", "written"), [
    (None, ColumnKind.EUROS, "null"), (1_50, ColumnKind.EUROS, "2"), (None, ColumnKind.CENTS, "null"),
    (1_50, ColumnKind.CENTS, '"1.50"'), (None, ColumnKind.DATE, "null"), ("x", ColumnKind.TEXT, '"x"'),
])  # fmt: skip
def test_a_cell_is_written_as_its_column_has_it(cell, kind, written):
    stream = io.StringIO()
    write_json(Table("T", "", "en", (Column("a", "A", kind),), (Row(RowKind.LINE, (cell,)),), LINES), stream)
    assert stream.getvalue() == f'[\n{{"a": {written}}}\n]\n'


def test_a_workbook_has_title_headings_and_widths(tmp_path):
    table = small(
        Row(RowKind.HEADING, ("head", None, None, None)),
        Row(RowKind.LINE, ("#1", date(2025, 3, 14), -5, 2)),
        Row(RowKind.LINE, ("b", None, 7, None)),
        Row(RowKind.TOTAL, ("T", None, 2, 2), first=1),
    )
    write_xlsx(table, tmp_path / "t.xlsx")
    (sheet,) = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets
    assert [sheet.cell(row, 1).value for row in (1, 2, 3)] == ["Title", "subtitle", None]
    assert [cell.value for cell in sheet[4]] == ["Label", "Day", "Amount", "N"]
    assert [cell.alignment.horizontal for cell in sheet[4]] == ["left", "left", "right", "right"]
    assert [cell.value for cell in sheet[7]] == ["b", None, 0.07, None]
    assert [cell.value for cell in sheet[8]] == ["T", None, "=SUBTOTAL(9,C6:C7)", "=SUBTOTAL(9,D6:D7)"]
    assert (sheet["A6"].value, sheet["A6"].data_type) == ("#1", "s")
    assert (sheet["C6"].value, sheet["D6"].value, sheet["D6"].number_format) == (-0.05, 2, "#,##0")
    assert sheet["A5"].font.bold
    assert not sheet["A7"].font.bold
    assert sheet["C8"].border.top.style == "thin"
    assert sheet["C7"].border.top.style is None
    assert [sheet.column_dimensions[letter].width for letter in "ABCD"] == [8, 12, 10, 6]
    assert sheet.page_setup.orientation == "portrait"
    assert sheet.print_title_rows == "$4:$4"


@pytest.mark.parametrize(("count", "orientation"), [(5, "portrait"), (6, "landscape")])
def test_more_than_five_columns_lie_on_their_side(count, orientation, tmp_path):
    columns = tuple(Column(f"c{number}", f"C{number}") for number in range(count))
    write_xlsx(Table("T", "", "en", columns, ()), tmp_path / "t.xlsx")
    (sheet,) = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets
    assert sheet.page_setup.orientation == orientation
    assert [cell.value for cell in sheet[4]] == [column.title for column in columns]


def test_sheets_are_numbered_from_the_second(tmp_path, monkeypatch):
    monkeypatch.setattr("reports.sheets.LAST_ROW", 6)
    rows = [Row(RowKind.LINE, (f"r{number}", None, number, number)) for number in range(5)]
    rows.append(Row(RowKind.TOTAL, ("T", None, 10, 10), first=4))
    write_xlsx(small(*rows), tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["Title", "Title (2)", "Title (3)"]
    assert [[sheet.cell(row, 1).value for row in (5, 6)] for sheet in book] == [["r0", "r1"], ["r2", "r3"], ["r4", "T"]]
    assert book.worksheets[2]["C6"].value == "=SUBTOTAL(9,C5:C5)"
    assert sheet_name("x" * 40) == "x" * 26


# Statements as workbooks


def test_the_workbook_of_a_statement_stands_on_its_accounts(tmp_path):
    of = of_year("income-statement")
    write_statements((of,), accounts(), "en", tmp_path / "s.xlsx")
    sheet, behind = openpyxl.load_workbook(tmp_path / "s.xlsx").worksheets
    assert [cell.value for cell in sheet[4]] == [
        text_in("en", "Code"), text_in("en", "Line"),
        *(text_in("en", "{year} (€)").format(year=year) for year in (2025, 2024)),
        *(text_in("en", "{year} to the cent").format(year=year) for year in (2025, 2024)),
    ]  # fmt: skip
    assert [cell.alignment.horizontal for cell in sheet[4]] == ["left", "left", *["right"] * 4]
    assert [cell.alignment.horizontal for cell in behind[4]] == [*["left"] * 4, *["right"] * 2]
    rows = {row[2].value: [cell.value for cell in row] for row in behind.iter_rows(min_row=5)}
    assert rows["7311"][3:] == ["7311 en", 500.25, 1000]
    assert rows["616"][3:] == ["616 en", 100.5, 400.4]
    place = next(row[0].row for row in behind.iter_rows(min_row=5) if row[2].value == "7311")
    gifts = next(row for row in sheet.iter_rows(min_row=5) if row[0].value == "73")
    number = gifts[0].row
    assert [cell.value for cell in gifts[2:]] == [
        f"=ROUND(E{number},0)", f"=ROUND(F{number},0)",
        f"=ROUND(SUM('{behind.title}'!E{place}:E{place}),2)", f"=ROUND(SUM('{behind.title}'!F{place}:F{place}),2)",
    ]  # fmt: skip
    assert (gifts[2].number_format, gifts[4].number_format) == ("#,##0;-#,##0;0", "#,##0.00")


def test_the_workbook_of_one_year_has_one_column_of_each(tmp_path):
    write_statements((of_year("balance-sheet", 2024),), accounts(), "en", tmp_path / "s.xlsx")
    sheet, behind = openpyxl.load_workbook(tmp_path / "s.xlsx").worksheets
    assert [cell.value for cell in sheet[4]] == [
        text_in("en", "Code"), text_in("en", "Line"),
        text_in("en", "{year} (€)").format(year=2024), text_in("en", "{year} to the cent").format(year=2024)
    ]  # fmt: skip
    assert behind.max_column == 5
    assert sheet.cell(sheet.max_row, 2).value == text_in("en", "Assets − Liabilities")
    assert sheet.cell(sheet.max_row, 3).value is None
    assert str(sheet.cell(sheet.max_row, 4).value).startswith("=ROUND(D")
    assert sheet.cell(sheet.max_row - 1, 2).value is None
    assert sheet.cell(sheet.max_row - 2, 2).value is not None


def test_headings_totals_and_memo_lines_look_different(tmp_path):
    of = of_year("balance-sheet")
    write_statements((of,), accounts(), "en", tmp_path / "s.xlsx")
    sheet, _ = openpyxl.load_workbook(tmp_path / "s.xlsx").worksheets
    heading = next(row for row in sheet.iter_rows(min_row=5) if row[1].value == text_in("en", "Assets").upper())
    assert [cell.font.bold for cell in heading] == [True] * 6
    assert {cell.fill.fgColor.rgb[-6:] for cell in heading} == {"E8EDF2"}
    grand = [
        row for row in sheet.iter_rows(min_row=5) if row[2].border.bottom and row[2].border.bottom.style == "double"
    ]
    assert len(grand) == 2
    assert [bool(cell.border.bottom and cell.border.bottom.style) for cell in grand[0]] == [False] * 2 + [True] * 4
    assert all(cell.font.bold for cell in grand[0])


# Schemes


@pytest.mark.parametrize("name", SCHEMES)
def test_no_account_is_taken_twice_and_class_0_by_nobody(name):
    scheme = load_scheme(name)
    assert doubly_mapped(scheme, ["550", "7311", "616"]) == []
    assert unmapped(scheme, ["550", "7311", "616", "0123"]) == []
    assert unmapped(scheme, ["5", "9"])[-1:] == ["9"]


@pytest.mark.parametrize(("cents", "key"), [(1, "41"), (-1, "48"), (0, "41")])
def test_an_account_stands_on_the_line_of_its_balance(cents: int, key: str):
    """A line that takes balances of one side leaves the other side to another line; nothing counts as a debit."""
    scheme = StatementScheme(
        What.BALANCE_SHEET,
        tuple(
            SchemeLine("assets", LineKind.LINE, 0, name, name, ("", "", "", ""), When.ALWAYS, Sign.FREE, (), ())
            for name in ("41", "48")
        ),
        {"4": (AccountShare("41", 1, 0), AccountShare("48", 0, 1))},
    )
    assert scheme.line_of("499", cents).key == key
    assert scheme.rubrics("499") == (("41",), ("48",))
    assert scheme.line_of("0", cents) is None


def scheme_of(*lines: tuple[str, When], **terms: tuple[AccountShare, ...]) -> StatementScheme:
    """A balance sheet of these lines; `terms` are named by `a` and the account's beginning, or `rest`."""
    made = tuple(
        SchemeLine("assets", LineKind.LINE, 0, key, key, ("", "", "", ""), shown, Sign.FREE, (), ())
        for key, shown in lines
    )
    return StatementScheme(What.BALANCE_SHEET, made, {key.removeprefix("a"): share for key, share in terms.items()})


def test_an_account_whose_shares_cancel_or_are_for_memory_falls_in_the_rest():
    scheme = scheme_of(
        ("l", When.ALWAYS),
        ("m", When.MEMO),
        ("r", When.ALWAYS),
        a1=(AccountShare("l", 1, 1), AccountShare("m", 1, 1)),
        a13=(AccountShare("l", -1, -1),),
        a2=(AccountShare("m", 1, 0),),
        a20=(AccountShare("l", -1, 0),),
        rest=(AccountShare("r", 1, 1),),
    )
    assert scheme.shares("10") == (AccountShare("l", 1, 1), AccountShare("m", 1, 1))
    assert scheme.shares("130") == (AccountShare("r", 1, 1),)
    assert scheme.rubrics("130") == ((), ())
    assert scheme.shares("29") == (AccountShare("r", 1, 1),)
    assert scheme.shares("20") == (AccountShare("m", 1, 0), AccountShare("l", -1, 0))
    assert scheme.line_of("20", -5) is None
    assert scheme.line_of("20", 5).key == "l"


@pytest.mark.parametrize(("cents", "debit", "credit", "amount"), [
    (7, 1, 1, 7), (7, 1, 0, 7), (7, 0, -1, 0), (7, -1, -1, -7), (-7, 1, 1, -7), (-7, 1, 0, 0), (-7, 0, -1, 7),
    (-7, -1, -1, 7), (0, 1, 1, 0), (1, 1, 0, 1), (-1, 0, -1, 1),
])  # fmt: skip
def test_a_balance_adds_to_a_line_what_its_side_says(cents: int, debit: int, credit: int, amount: int):
    assert AccountShare("l", debit, credit).of(cents) == amount


def test_an_account_that_one_statement_or_one_side_leaves_out_is_unmapped_and_one_taken_twice_is_told():
    whole, half = (AccountShare("l", 1, 1),), (AccountShare("l", 1, 0),)
    sheet = scheme_of(
        ("l", When.ALWAYS), ("k", When.ALWAYS), a1=whole, a2=half, a3=(*half, AccountShare("k", 1, 0)), a7=whole
    )
    income = replace(scheme_of(("l", When.ALWAYS), a71=(*whole, AccountShare("k", 1, 1))), what=What.INCOME_STATEMENT)
    scheme = Scheme("mine", {one.what: one for one in (sheet, income)})
    codes = ["1", "2", "3", "4", "70", "71", "791", "0"]
    assert unmapped(scheme, codes) == ["2", "3", "4", "70"]
    assert doubly_mapped(scheme, codes) == ["3", "71"]


ROW = {
    "section": "income", "kind": "line", "level": "1", "key": "a", "code": "a", "shown": "always", "sign": "free",
    "formula": "",
    "label_fr": "fr", "label_nl": "nl", "label_de": "de", "label_en": "en",
}  # fmt: skip


def test_a_formula_over_lines_has_their_signs_and_one_over_accounts_their_weights():
    rows = [
        ROW | {"formula": "D[60,61] - cb[62]"},
        ROW | {"key": "b", "formula": "-db[63] + C[64]-D[65]"},
        ROW | {"key": "c", "formula": "A[13] + A[10,11]"},
        ROW | {"key": "d", "formula": "a - b c + d"},
    ]
    scheme = _statement(What.INCOME_STATEMENT, rows)
    assert scheme.terms == {
        "60": (AccountShare("a", 1, 1),), "61": (AccountShare("a", 1, 1),), "62": (AccountShare("a", 0, 1),),
        "63": (AccountShare("b", -1, 0),), "64": (AccountShare("b", -1, -1),), "65": (AccountShare("b", -1, -1),),
    }  # fmt: skip
    assert [line.funds for line in scheme.lines] == [(), (), ("13", "10", "11"), ()]
    assert scheme.line("d").parts == (Term(1, "a"), Term(-1, "b"), Term(-1, "c"), Term(1, "d"))
    assert [line.parts for line in scheme.lines[:3]] == [()] * 3


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([ROW, ROW], r"keys must be unique and sums must name lines of the statement: \[\]"),
        ([ROW | {"formula": "a + x"}], r"sums must name lines of the statement: \['x'\]"),
        ([ROW | {"formula": "D[60] + E[61]"}], "not a formula over accounts: .D"),
    ],
)
def test_a_file_of_a_scheme_that_contradicts_itself_is_refused(rows: list[dict[str, str]], told: str):
    with pytest.raises(ValueError, match=told):
        _statement(What.INCOME_STATEMENT, rows)


# The picture


def test_bars_are_as_long_as_their_amounts():
    """400 wide for the longest, 1 000.00: 500.25 are 200.1; two bars of 16 and a gap of 18 below the words."""
    lines = income_picture(of_year("income-statement"), "en").splitlines()
    assert 'viewBox="0 0 720 108"' in lines[0]
    assert [line for line in lines if line.startswith("<rect")] == [
        '<rect x="220" y="26" width="12" height="12" fill="#1f6f8b"/>',
        '<rect x="300" y="26" width="12" height="12" fill="#a9c5cf"/>',
        '<rect x="220" y="58" width="200.1" height="14" fill="#1f6f8b"/>',
        '<rect x="220" y="74" width="400.0" height="14" fill="#a9c5cf"/>',
    ]
    assert [line.partition(">")[0] for line in lines if line.startswith("<text")] == [
        '<text x="0" y="16" fill="currentColor" font-weight="bold"',
        '<text x="238" y="37" fill="currentColor"',
        '<text x="318" y="37" fill="currentColor"',
        '<text x="0" y="78" fill="currentColor"',
        '<text x="426.1" y="70" fill="currentColor" font-size="12"',
        '<text x="626.0" y="86" fill="currentColor" font-size="12"',
    ]
    assert lines[1].endswith(", 2025 / 2024</title>")
    assert "500 € / " in lines[2]


def test_a_year_alone_has_one_bar_a_line():
    books = totals((2025, {"550": 1500_00, "7311": -1000_00, "743": -500_00}))
    lines = income_picture(statement("income-statement", load_scheme("full"), 2025, books), "en").splitlines()
    assert 'viewBox="0 0 720 126"' in lines[0]
    assert [line for line in lines if line.startswith("<rect")][1:] == [
        '<rect x="220" y="58" width="400.0" height="14" fill="#1f6f8b"/>',
        '<rect x="220" y="92" width="200.0" height="14" fill="#1f6f8b"/>',
    ]
    assert lines[1].endswith(", 2025</title>")
    assert " / " not in lines[2]


def test_without_income_there_is_no_picture_and_a_negative_one_has_no_bar():
    nothing = totals((2025, {"550": -1_00, "616": 1_00}))
    assert income_picture(statement("income-statement", load_scheme("full"), 2025, nothing), "en") == ""
    back = totals((2025, {"550": -5_00, "7311": 5_00}))
    lines = income_picture(statement("income-statement", load_scheme("full"), 2025, back), "en").splitlines()
    assert '<rect x="220" y="58" width="0.0" height="14" fill="#1f6f8b"/>' in lines


@pytest.mark.parametrize(("length", "shown"), [(34, "x" * 34), (35, "x" * 33 + "…")])
def test_a_long_label_is_cut(length: int, shown: str):
    assert _shortened("x" * length) == shown
    assert _shortened("x" * 32 + " " + "y" * 5) == "x" * 32 + "…"
