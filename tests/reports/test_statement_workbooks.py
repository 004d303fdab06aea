"""A statement made by hand, with every kind of line: its workbook cell by cell, its gaps, its picture."""

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from report_books import account

from reports.picture import income_picture
from reports.scheme import LineKind, Sign, Term, What
from reports.statements import AnnualLine, AnnualStatement, Contribution, differences
from reports.workbook import write_statement


def line(key: str, cents: int = 0, previous: int | None = 0, **others: Any) -> AnnualLine:
    values: dict[str, Any] = {
        "section": "assets",
        "kind": LineKind.LINE,
        "level": 1,
        "code": f"c{key}",
        "labels": (f"{key} fr", f"{key} nl", f"{key} de", f"{key} en"),
        "memo": False,
        "shown": True,
        "sign": Sign.FREE,
        "accounts": (),
        "parts": (),
    }
    return AnnualLine(key=key, cents=cents, previous=previous, **(values | others))


def parts(*terms: str) -> tuple[Term, ...]:
    return tuple(Term(-1 if term[0] == "-" else 1, term[1:]) for term in terms)


# Hidden lines feed totals: x and y with their accounts, z with nothing behind it, w with accounts that cancel out.
LINES = (
    line("h", kind=LineKind.HEADING, level=0),
    line("a", 100_50, 30_00, accounts=(Contribution("400", 90_50, 30_00), Contribution("401", 10_00, 0))),
    line("m", memo=True, level=2),
    line("x", 0, 5_00, shown=False, accounts=(Contribution("410", 0, 5_00),)),
    line("y", 7, 0, shown=False, accounts=(Contribution("411", 7, 0),)),
    line("w", shown=False, accounts=(Contribution("412", 1, -1), Contribution("413", -1, 1))),
    line("z", shown=False),
    line("t", 100_43, 35_00, kind=LineKind.TOTAL, level=0, parts=parts("+a", "-y", "+x", "+z")),
    line("A", 100_43, 35_00, kind=LineKind.GRAND_TOTAL, level=0, parts=parts("+t")),
    line("l", -100_00, -35_00, section="liabilities", accounts=(Contribution("100", -100_00, -35_00),)),
    line("L", 100_00, 35_00, section="liabilities", kind=LineKind.GRAND_TOTAL, level=0, parts=parts("-l")),
    line("n", section="liabilities", kind=LineKind.TOTAL, level=0, parts=parts("+z")),
)
BOTH = AnnualStatement(What.BALANCE_SHEET, "full", 2025, LINES)
ACCOUNTS = {code: account(code) for code in ("400", "401", "410", "411", "412", "413")}  # 100 is not in the chart


def sheets(of: AnnualStatement, folder: Path, *, values: bool = False) -> list[Any]:
    write_statement(of, ACCOUNTS, "en", folder / "s.xlsx")
    return openpyxl.load_workbook(folder / "s.xlsx", data_only=values).worksheets


def below(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(min_row=5, values_only=True)]


def widths(sheet: Any) -> list[int]:
    """The widths of the columns in characters; equal ones side by side stand in the file as one."""
    return [round(one.width) for one in sheet.column_dimensions.values() for _ in range(one.min, one.max + 1)]


def test_each_line_has_its_formulas_over_lines_or_accounts(tmp_path: Path):
    sheet, behind = sheets(BOTH, tmp_path)
    assert (sheet.title, behind.title) == ("Balance sheet", "Accounts Balance sheet")
    of = "'Accounts Balance sheet'!"

    def row(number: int, key: str, exact: str) -> list[Any]:
        printed = [f"=ROUND({letter}{number},0)" for letter in "EF"]
        return [f"c{key}", f"{key} en", *printed, *(exact.replace("#", letter) for letter in "EF")]

    assert below(sheet) == [
        [None, "ASSETS", None, None, None, None],
        ["ch", "h en", None, None, None, None],
        row(7, "a", f"=ROUND(SUM({of}#5:#6),2)"),
        ["cm", "m en", "=ROUND(E8,0)", "=ROUND(F8,0)", 0, 0],
        row(9, "t", f"=ROUND(#7-SUM({of}#8:#8)+SUM({of}#7:#7),2)"),
        row(10, "A", "=ROUND(#9,2)"),
        [None, "LIABILITIES", None, None, None, None],
        row(12, "l", f"=ROUND(SUM({of}#9:#9),2)"),
        row(13, "L", "=ROUND(-#12,2)"),
        row(14, "n", "=ROUND(0,2)"),
        [None] * 6,
        [None, "Assets − Liabilities", None, None, "=ROUND(E10-E13,2)", "=ROUND(F10-F13,2)"],
    ]
    assert below(behind) == [
        ["ca", "a en", "400", "400 en", 90.5, 30],
        ["ca", "a en", "401", "401 en", 10, 0],
        ["cx", "x en", "410", "410 en", 0, 5],
        ["cy", "y en", "411", "411 en", 0.07, 0],
        ["cl", "l en", "100", "", -100, -35],
    ]


def test_each_formula_has_its_value_beside_it(tmp_path: Path):
    sheet, _ = sheets(BOTH, tmp_path, values=True)
    assert [row[2:] for row in below(sheet)] == [
        [None] * 4,
        [None] * 4,
        [101, 30, 100.5, 30],  # half a euro is rounded away from nil
        [0, 0, 0, 0],
        [100, 35, 100.43, 35],
        [100, 35, 100.43, 35],
        [None] * 4,
        [-100, -35, -100, -35],
        [100, 35, 100, 35],
        [0, 0, 0, 0],
        [None] * 4,
        [None, None, 0.43, 0],
    ]


def test_each_kind_of_line_has_its_look(tmp_path: Path):
    sheet, behind = sheets(BOTH, tmp_path)
    assert [widths(of) for of in (sheet, behind)] == [[9, 62, 15, 15, 18, 18], [9, 44, 12, 52, 18, 18]]
    assert {of.page_setup.orientation for of in (sheet, behind)} == {"landscape"}
    looks = {
        row[1].value: (
            [cell.font.bold for cell in row],
            row[1].font.italic,
            int(row[1].alignment.indent),
            row[1].alignment.wrap_text,
            {(cell.border.top.style, cell.border.bottom.style) for cell in row[:2]},
            {(cell.border.top.style, cell.border.bottom.style) for cell in row[2:]},
        )
        for row in sheet.iter_rows(min_row=5, max_row=10)
    }
    plain, thin = {(None, None)}, {("thin", None)}
    assert looks == {
        "ASSETS": ([True] * 6, False, 0, None, plain, plain),
        "h en": ([True] * 6, False, 0, True, plain, plain),
        "a en": ([False] * 6, False, 1, True, plain, plain),
        "m en": ([False] * 6, True, 2, True, plain, plain),
        "t en": ([True] * 6, False, 0, True, plain, thin),
        "A en": ([True] * 6, False, 0, True, plain, {("thin", "double")}),
    }
    assert [cell.number_format for cell in sheet[9]] == ["General"] * 2 + ["#,##0;-#,##0;0"] * 2 + ["#,##0.00"] * 2
    assert [cell.number_format for cell in behind[5]] == ["General"] * 4 + ["#,##0.00"] * 2
    assert [cell.number_format for cell in sheet[16]][4:] == ["#,##0.00"] * 2
    assert (sheet["A1"].font.bold, sheet["A1"].font.size) == (True, 14)
    assert all(cell.font.bold and cell.alignment.wrap_text for cell in sheet[4])


def test_a_statement_without_lines_has_no_year_before():
    assert not AnnualStatement(What.APPROPRIATION, "full", 2025, ()).has_previous


def test_a_year_alone_has_two_columns_and_two_sheets(tmp_path: Path):
    lines = (line("a", 100_50, None, accounts=(Contribution("400", 100_50, None),)), line("b", 1_00, None))
    sheet, behind = sheets(AnnualStatement(What.INCOME_STATEMENT, "full", 2025, lines), tmp_path)
    assert [row[2:] for row in below(sheet)] == [
        [None, None],
        ["=ROUND(D6,0)", "=ROUND(SUM('Accounts Income statement'!E5:E5),2)"],
        ["=ROUND(D7,0)", 0],
    ]
    assert below(behind) == [["ca", "a en", "400", "400 en", 100.5]]
    assert [widths(of) for of in (sheet, behind)] == [[9, 62, 15, 18], [9, 44, 12, 52, 18]]


def test_rows_are_written_as_they_come_and_kept_nowhere(tmp_path: Path):
    sheets(BOTH, tmp_path)
    with zipfile.ZipFile(tmp_path / "s.xlsx") as book:
        assert "xl/sharedStrings.xml" not in book.namelist()
        assert b"inlineStr" in book.read("xl/worksheets/sheet1.xml")


# Printed totals that their printed lines do not add up to


def test_every_printed_total_is_held_against_its_printed_lines_year_by_year():
    of = AnnualStatement(
        What.INCOME_STATEMENT,
        "full",
        2025,
        (
            line("a", 50, 1_50),
            line("b", 50, 1_50),
            line("c", 1_00, 3_00, parts=parts("+a", "+b")),  # 1 printed, 2 added; 3 printed, 4 added
            line("d", 0, 0, parts=parts("+a", "-b")),
            line("e", 1_00, 3_00, parts=parts("+a", "+b"), shown=False),
        ),
    )
    assert [(one.key, one.year, one.printed, one.added) for one in differences(of)] == [
        ("c", 2025, 1, 2),
        ("c", 2024, 3, 4),
    ]
    alone = AnnualStatement(of.what, "full", 2025, (line("a", 50, None), line("c", 1_50, None, parts=parts("+a"))))
    assert [(one.key, one.year, one.printed, one.added) for one in differences(alone)] == [("c", 2025, 2, 1)]


# The picture


@pytest.mark.parametrize(("cents", "previous"), [(300_00, 0), (0, 300_00)])
def test_only_lines_of_income_with_an_amount_have_a_bar(cents: int, previous: int):
    lines = (
        line("a", cents, previous, section="income"),
        line("b", 150_00, 150_00, section="income"),
        line("nil", 0, 0, section="income"),
        line("memo", 900_00, 900_00, section="income", memo=True),
        line("sum", 900_00, 900_00, section="income", kind=LineKind.TOTAL),
        line("cost", 900_00, 900_00, section="expenses"),
    )
    drawn = income_picture(AnnualStatement(What.INCOME_STATEMENT, "full", 2025, lines), "en").splitlines()
    assert [text.split(">")[1].split("<")[0] for text in drawn if 'y="37"' in text] == ["2025", "2024"]
    assert 'viewBox="0 0 720 158"' in drawn[0], "58 above, two lines of 2 x 16 and a gap of 18"
    assert drawn[2] == (
        '<desc id="income-description">Horizontal bars, 2025 and 2024: '
        f"a en {cents // 100} € / {previous // 100} €; b en 150 € / 150 €.</desc>"
    )
    bars = [text.split('width="')[1].split('"')[0] for text in drawn if text.startswith("<rect")][2:]
    assert bars == [f"{cents / 300_00 * 400:.1f}", f"{previous / 300_00 * 400:.1f}", "200.0", "200.0"]


def test_the_words_of_a_year_alone_name_one_amount_a_line():
    of = AnnualStatement(What.INCOME_STATEMENT, "full", 2025, (line("a", 3_00, None, section="income"),))
    assert ">Horizontal bars, 2025: a en 3 €.</desc>" in income_picture(of, "en")
