"""One table, every format: what people read, what machines read, what a spreadsheet opens."""

import csv
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st
from report_books import accounts, published_totals

from ledger.money import to_decimal
from reports.formats import write_csv, write_json, write_text
from reports.marks import numbers
from reports.printing import statement_table
from reports.scheme import LineKind, load_scheme
from reports.sheets import sheet_name, write_xlsx
from reports.statements import statement
from reports.tables import LINES, LINES_AND_TOTALS, Column, ColumnKind, Row, RowKind, Table
from reports.workbook import write_statements

COLUMNS = (
    Column("label", "Libellé", width=20, indented=True),
    Column("day", "Date", ColumnKind.DATE, 10),
    Column("amount", "Montant", ColumnKind.CENTS, 12, summed=True),
    Column("printed", "€", ColumnKind.EUROS, 10),
    Column("gifts", "Dons", ColumnKind.COUNT, 8),
)
ROWS = (
    Row(RowKind.HEADING, ("Dons", None, None, None, None)),
    Row(RowKind.LINE, ('=HYPERLINK("x")', date(2025, 3, 14), 1_234_567_50, 1_234_567_50, 12), 1),
    Row(RowKind.LINE, ('a, "b"\n;c', None, -50, -50, None), 1),
    Row(RowKind.TOTAL, ("TOTAL", None, 1_234_567_00, 1_234_567_00, 12), first=1),
)


def table(language: str = "fr", rows=ROWS, data=LINES) -> Table:
    return Table("Titre", "sous-titre", language, COLUMNS, rows, data)


def written(write, of: Table) -> str:
    stream = io.StringIO(newline="")
    write(of, stream)
    return stream.getvalue()


def test_text_is_aligned_with_the_marks_of_the_language():
    assert written(write_text, table("fr")).splitlines()[7:] == [
        '  =HYPERLINK("x")  14/03/2025  1\u202f234\u202f567,50  1\u202f234\u202f568    12',
        '  a, "b" ;c                           -0,50         -1',
        "TOTAL                          1\u202f234\u202f567,00  1\u202f234\u202f567    12",
        "-----------------  ----------  ------------  ---------  ----",
    ]
    assert "1.234.567,50" in written(write_text, table("nl"))
    assert "1.234.567,50" in written(write_text, table("de"))
    assert "1,234,567.50" in written(write_text, table("en"))


def test_long_text_wraps_in_its_column_and_keeps_the_amount_on_the_first_line():
    rows = (Row(RowKind.LINE, ("mot " * 12, None, 100, None, None)),)
    lines = written(write_text, table(rows=rows)).splitlines()[5:]
    assert lines[0].endswith("1,00")
    assert len(lines) == 3
    assert all(len(line) <= 80 for line in lines)


def test_csv_is_iso_and_starts_no_formula():
    text = written(write_csv, table())
    assert text.startswith("label,day,amount,printed,gifts\r\n")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["label", "day", "amount", "printed", "gifts"],
        ['\'=HYPERLINK("x")', "2025-03-14", "1234567.50", "1234568", "12"],
        ['a, "b"\n;c', "", "-0.50", "-1", ""],
    ]


@pytest.mark.parametrize("start", ["=1", "+1", "-1", "@SUM", "\t=1", "\r=1"])
def test_csv_disarms_text_that_a_spreadsheet_would_run(start):
    text = written(write_csv, table(rows=(Row(RowKind.LINE, (start, None, None, None, None)),)))
    assert list(csv.reader(io.StringIO(text, newline="")))[1][0] == "'" + start


def test_json_has_decimal_strings_for_amounts():
    assert json.loads(written(write_json, table(data=LINES_AND_TOTALS)))[0] == {
        "label": '=HYPERLINK("x")',
        "day": "2025-03-14",
        "amount": "1234567.50",
        "printed": 1234568,
        "gifts": 12,
    }
    assert len(json.loads(written(write_json, table(data=LINES_AND_TOTALS)))) == 3
    assert json.loads(written(write_json, table(rows=()))) == []


@given(st.integers(-(10**14), 10**14), st.sampled_from([("fr", "fr_BE"), ("nl", "nl_BE"), ("de", "de_BE")]))
def test_figures_are_written_as_babel_writes_them(cents, language):
    ours, locale = language
    expected = format_decimal(to_decimal(cents), format="#,##0.00", locale=locale)
    assert numbers(ours).exact(cents) == expected


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
@pytest.mark.parametrize("name", ["published", "full", "abbreviated", "micro"])
def test_a_statement_reads_in_every_language_and_scheme(language, name):
    for what in ("balance-sheet", "income-statement", "appropriation"):
        of = statement(what, load_scheme(name), 2025, published_totals())
        text = written(write_text, statement_table(of, language))
        assert numbers(language).euros(of.lines[-1].cents) in text


def test_xlsx_keeps_text_as_text_amounts_as_numbers_and_totals_as_formulas(tmp_path):
    write_xlsx(table(), tmp_path / "table.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "table.xlsx").active
    assert sheet.freeze_panes == "A5"
    assert (sheet["A6"].value, sheet["A6"].data_type) == ('=HYPERLINK("x")', "s")
    assert sheet["B6"].value.date() == date(2025, 3, 14)
    assert (sheet["C6"].value, sheet["C6"].number_format) == (1234567.5, "#,##0.00")
    assert sheet["D6"].value == 1234568
    assert sheet["C8"].value == "=SUBTOTAL(9,C6:C7)"
    assert (sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == (9, 0)


def test_xlsx_leaves_out_characters_that_xml_forbids(tmp_path):
    write_xlsx(table(rows=(Row(RowKind.LINE, ("a\x00b\x1fc", None, None, None, None)),)), tmp_path / "t.xlsx")
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").active["A5"].value == "abc"


def test_rows_beyond_a_sheet_go_on_in_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr("reports.sheets.LAST_ROW", 7)
    rows = tuple(Row(RowKind.LINE, (f"{number}", None, number, None, None)) for number in range(7))
    rows += (Row(RowKind.TOTAL, ("TOTAL", None, 21, None, None), first=0),)
    write_xlsx(table(rows=rows), tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    labels = [cell.value for sheet in book.worksheets for (cell, *_) in sheet.iter_rows(min_row=5)]
    assert labels == ["0", "1", "2", "3", "4", "5", "6", "TOTAL"]
    assert book.worksheets[-1]["C6"].value == 0.21  # its lines stand on other sheets


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "{=1}", "http://example.org", "12", "_x0041_"]
)
@pytest.mark.parametrize("kind", list(RowKind))
def test_text_in_a_workbook_is_text_whatever_it_begins_with(text, kind, tmp_path):
    write_xlsx(table(rows=(Row(kind, (text, None, None, None, None)),)), tmp_path / "t.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "t.xlsx").active["A5"]
    assert cell.data_type in ("s", "inlineStr")
    assert cell.hyperlink is None
    assert str(cell.value).replace("_x005F_", "_") == text


def test_a_text_longer_than_a_cell_is_cut_and_not_lost(tmp_path):
    write_xlsx(table(rows=(Row(RowKind.LINE, ("x" * 40_000, None, None, None, None)),)), tmp_path / "t.xlsx")
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").active["A5"].value == "x" * 32_767


def test_the_same_table_makes_the_same_bytes_and_leaves_nothing_beside_them(tmp_path):
    for name in ("one.xlsx", "two.xlsx"):
        write_xlsx(table(), tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    assert openpyxl.load_workbook(tmp_path / "one.xlsx").properties.created == datetime(2000, 1, 1)  # noqa: DTZ001
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.xlsx", "two.xlsx"]


def test_what_fails_while_rows_are_made_leaves_the_file_before_and_nothing_of_them(tmp_path):
    def rows() -> Iterator[Row]:
        yield Row(RowKind.LINE, ("x", None, 1, None, None))
        raise OSError("no more rows")

    write_xlsx(table(), tmp_path / "t.xlsx")
    before = (tmp_path / "t.xlsx").read_bytes()
    with pytest.raises(OSError, match="no more rows"):
        write_xlsx(table(rows=rows()), tmp_path / "t.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["t.xlsx"]
    assert (tmp_path / "t.xlsx").read_bytes() == before


def test_a_formula_has_its_value_beside_it(tmp_path):
    write_xlsx(table(), tmp_path / "table.xlsx")
    assert ("=SUBTOTAL(9,C6:C7)", 1234567) in list(formulas_and(tmp_path / "table.xlsx"))


def test_names_of_sheets_are_ones_a_spreadsheet_takes():
    assert sheet_name("a/b:c?*[d]'" + "x" * 40, 2) == "a b c   d  " + "x" * 15 + " (2)"


# Recalculated by an independent program: formulas must give the exact amounts of the statements.

SOFFICE = shutil.which("soffice")


def recalculated(path, tmp_path):
    """The workbook as LibreOffice calculates it: the values beside its formulas, which it believes, are taken away."""
    bare = tmp_path / "bare" / path.name
    bare.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bare, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"</f><v>[^<]*</v>", b"</f>", old.read(name)))
    assert sum(None not in pair for pair in formulas_and(bare)) == 0
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx",
         "--outdir", str(tmp_path / "out"), str(bare)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    assert_stored(path, tmp_path / "out" / path.name)
    return openpyxl.load_workbook(tmp_path / "out" / path.name, data_only=True)


def formulas_and(path, values=None):
    """Each formula of a workbook with the value that a workbook, this or another, has in its place."""
    book, held = openpyxl.load_workbook(path), openpyxl.load_workbook(values or path, data_only=True)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield cell.value, held[sheet.title][cell.coordinate].value


def assert_stored(path, calculated):
    """Every value that we wrote beside a formula is the one that the formula gives, to the cent."""
    stored, given = list(formulas_and(path)), list(formulas_and(path, calculated))
    assert [formula for formula, _ in stored] == [formula for formula, _ in given]
    assert len(stored) > 0
    assert [round(value * 100) for _, value in stored] == [round(value * 100) for _, value in given]


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_a_workbook_recalculates_to_every_printed_and_exact_figure(tmp_path):
    totals = published_totals()
    held = tuple(
        statement(what, load_scheme(name), 2025, totals)
        for name in ("published",)
        for what in ("balance-sheet", "income-statement", "appropriation")
    )
    write_statements(held, accounts(), "fr", tmp_path / "statements.xlsx")
    assert_workbook(recalculated(tmp_path / "statements.xlsx", tmp_path), held)
    full = tuple(statement(of.what, load_scheme("full"), 2025, totals) for of in held)
    write_statements(full, accounts(), "en", tmp_path / "full.xlsx")
    assert_workbook(recalculated(tmp_path / "full.xlsx", tmp_path), full)


def assert_workbook(book, statements):
    for of, sheet in zip(statements, book.worksheets[::2], strict=True):
        rows = [row for row in sheet.iter_rows(min_row=5, values_only=True) if row[2] is not None]
        lines = [line for line in of.lines if line.kind is not LineKind.HEADING]
        for line, row in zip(lines, rows, strict=True):
            exact = [Decimal(str(round(value, 2))) for value in row[4:6]]
            assert row[1] == line.label("fr" if of.scheme == "published" else "en")
            assert row[2:4] == (line.euros, line.previous_euros), line.key
            assert exact == [to_decimal(line.cents), to_decimal(line.previous)], line.key
        errors = [cell for row in sheet.iter_rows(values_only=True) for cell in row if str(cell).startswith("#")]
        assert errors == []


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_the_totals_of_a_table_recalculate(tmp_path):
    write_xlsx(table(), tmp_path / "table.xlsx")
    assert recalculated(tmp_path / "table.xlsx", tmp_path).active["C8"].value == 1234567
