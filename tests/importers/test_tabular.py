"""Sheets as people save them: encodings, delimiters, headings, cells, and the files that must be refused."""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from registers import write_csv, write_workbook

from importers.registers import assignments, donors, grants, in_kind, journal, legacies, parties
from importers.sheets import cells, workbook
from importers.sheets.cells import CellError
from importers.sheets.tabular import (
    RawSheet,
    RegisterFile,
    SheetColumn,
    SheetTable,
    has_columns,
    headings_of,
    read_sheet,
)

DAY_REMEDY = "write it as 2025-03-14 or 14/03/2025, or format the cell as a date"

COLUMNS = (
    SheetColumn("name", "nom", "naam", required=True),
    SheetColumn("day", "jour", "dag"),
    SheetColumn("amount", "montant", "bedrag", present=True),
)
HERE = Path(__file__).parent


def messages(sheet: RawSheet) -> list[str]:
    return [fault.message for fault in sheet.faults]


def refusals(sheet: RawSheet, columns: tuple[SheetColumn, ...] = COLUMNS) -> list[str]:
    return [str(fault) for fault in SheetTable(sheet, columns).faults]


# CSV


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_csv_is_read_in_every_common_shape(delimiter: str, encoding: str, end: str, tmp_path: Path) -> None:
    rows = [["Nom", "Montant"], ["Élodie", "12"], ["", ""], [f'"a{delimiter} ""b"""', " 13 \u00a0 x "]]
    text = end.join(delimiter.join(row) for row in rows) + end
    sheet = read_sheet(write_csv(tmp_path / "any.csv", text, encoding))
    assert sheet.faults == ()
    assert sheet.headings == ("Nom", "Montant")
    assert [(number, list(row)[:2]) for number, row in sheet.rows] == [
        (2, ["Élodie", "12"]),
        (4, [" ".join(f'a{delimiter} "b"'.split()), "13 x"]),
    ]
    assert headings_of(tmp_path / "any.csv") == {"any": ("nom", "montant")}


def test_a_row_number_counts_the_rows_a_spreadsheet_shows(tmp_path: Path) -> None:
    text = 'sep=;\r\nname;amount\r\n"two\r\nlines";1\r\nx;2\r\n'
    sheet = read_sheet(write_csv(tmp_path / "a.csv", text))
    assert [(number, row[0]) for number, row in sheet.rows] == [(2, "two lines"), (3, "x")]
    assert headings_of(tmp_path / "a.csv") == {"a": ("name", "amount")}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\n\nname;amount\n", "row 1 is empty"),
        (b"name;amount\nx;1\0\n", "neither a table of text"),
        (b"name;amount\n\xc3\xa9;\xe9\n", "mixes UTF-8 and another encoding (line 2)"),
        (b"name;amount\nx;1\n\x81;1\n", "line 3 holds a character in neither"),
        (b'name;amount\nx;"1\ny;2\n', "a quotation mark opened in row 2 is never closed"),
        (b"name;amount\nx;1" + b";2" * 30, "row 2 has 32 fields"),
        (b"name;amount\nx;1;2\ny;1\nz;1;3\n", "column C has no heading but holds a value in row 2 and 1 more"),
        (b"name;;amount\nx;1;2\n", "column B has no heading but holds a value in row 2;"),
        (b"name;amount\n#REF!;1\n", "column `name` holds a spreadsheet error"),
    ],
)
def test_a_csv_that_would_lose_something_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    assert words in messages(read_sheet(tmp_path / "a.csv"))[0]


@pytest.mark.parametrize("extra", range(1, 40))
def test_however_many_fields_are_too_many_none_is_lost_in_silence(extra: int, tmp_path: Path) -> None:
    sheet = read_sheet(write_csv(tmp_path / "a.csv", "name;amount\nx;1" + ";9" * extra + "\n"))
    assert sheet.faults


# Headings


@pytest.mark.parametrize(
    "heading", ["unit_value", "Unit value", "VALEUR UNITAIRE", "valeur-unitaire", "Eenheidswaarde"]
)
def test_a_heading_is_found_whatever_its_case_accents_and_blanks(heading: str, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", f"reference;{heading}\n")
    assert has_columns(source, [column for column in in_kind.COLUMNS if column.name == "unit_value"])


@pytest.mark.parametrize(
    ("headings", "told"),
    [
        (
            "name;amont;amount",
            ["the column `amont` is not known; did you mean `amount`? Rename or remove it"],
        ),
        ("name;amount;zzz", ["the column `zzz` is not known; rename or remove it"]),
        ("name;amount;Montant", ["the columns `amount` and `Montant` both hold amount; keep one"]),
        ("day;amount", ["the column `name` or `nom` or `naam` is missing; add it"]),
        ("name;day", ["the column `amount` or `montant` or `bedrag` is missing; add it"]),
        ("D0001;Geheim", ["row 1 holds no heading of this register; write its headings there (name, day, amount)"]),
    ],
)
def test_headings_are_told_apart(headings: str, told: list[str], tmp_path: Path) -> None:
    sheet = read_sheet(write_csv(tmp_path / "a.csv", headings + "\nx;1;2\n"))
    table = SheetTable(sheet, COLUMNS)
    assert [fault.message for fault in table.faults if "has no heading" not in fault.message] == told
    assert list(table) == []


def test_every_fault_of_a_file_is_told_with_its_row_and_heading(tmp_path: Path) -> None:
    sheet = read_sheet(write_csv(tmp_path / "a.csv", "Nom;Jour;Montant\nx;x;1,0051\n;2025-13-01;\ny;1/2/2025;3\n"))
    table = SheetTable(sheet, COLUMNS)
    read = [(row.text("name"), row.day_or_none("day"), row.cents("amount"), row.sound) for row in table]
    assert read[2] == ("y", date(2025, 2, 1), 300, True)
    assert [sound for *_, sound in read] == [False, False, True]
    assert [str(fault) for fault in table.faults] == [
        f"line 2: column `Jour` is not a date; {DAY_REMEDY}",
        "line 2: column `Montant` `1,0051` has a fraction of a cent; write it as 1234.56 or 1.234,56",
        "line 3: column `Nom` is empty; fill it in",
        f"line 3: column `Jour` `2025-13-01` is not a day of the calendar; {DAY_REMEDY}",
    ]


def test_a_register_without_rows_says_so(tmp_path: Path) -> None:
    file: RegisterFile[object] = SheetTable(read_sheet(write_csv(tmp_path / "a.csv", "name;amount\n")), COLUMNS).file(
        []
    )
    assert [fault.message for fault in file.faults] == ["there is no row below the headings; fill in the register"]


DOCUMENTED = {
    "Donor register": [donors.COLUMNS],
    "Register of third parties": [parties.COLUMNS],
    "Register of gifts in kind": [in_kind.COLUMNS],
    "Register of grants": [kind.columns for kind in grants.SHEETS],
    "Register of legacies": [legacies.COLUMNS],
    "General journal": [journal.COLUMNS],
    "Decisions about single lines": [assignments.COLUMNS],
}


@pytest.mark.parametrize("title", DOCUMENTED)
def test_the_documentation_names_every_column_in_its_order_with_its_headings(title: str) -> None:
    text = (HERE.parents[1] / "docs" / "registers.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    body = next(part for part in section if part.startswith(title))
    rows = re.findall(r"^\| `(\w+)` \(([^)]+)\) \|(.*)$", body, flags=re.MULTILINE)
    columns = [column for sheet in DOCUMENTED[title] for column in sheet]
    assert [name for name, _, _ in rows] == [column.name for column in columns]
    assert [set(others.split(", ")) for _, others, _ in rows] == [
        {column.fr, column.nl, column.de} for column in columns
    ]
    assert ["**required**" in rest for _, _, rest in rows] == [column.required for column in columns]


def test_to_know_a_register_takes_neither_pandas_nor_openpyxl(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", "donor;kind;last_name\n")
    program = (
        "import sys; from pathlib import Path; from importers.registers import donors, grants; "
        f"assert donors.identify(Path({str(source)!r})); print([m for m in ('pandas', 'openpyxl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Cells


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        (1234, 123400),
        (1234.56, 123456),
        (0.1 + 0.2, 30),
        (1.1 * 3, 330),
        (-5.5, -550),
        (99999999.99, 9999999999),
        ("1234.56", 123456),
        ("1.234,56", 123456),
        ("1 234,56", 123456),
        ("1'234.56", 123456),
        ("1,234.56", 123456),
        ("1.234", 123400),
        ("-12,5", -1250),
        ("€ 12", 1200),
        ("12,00 EUR", 1200),
    ],
)
def test_an_amount_is_read_to_the_cent(cell: cells.Cell, cents: int) -> None:
    assert cells.cents(cell) == cents


@pytest.mark.parametrize(
    "cell",
    [1.005, 0.001, 1234.5600001, "1,005", "12.34.56", "1,23,456", "1E+05", "1_000", "٣", "twelve", "", "--1", True,
     date(2025, 1, 1), "1.2345,6"],
)  # fmt: skip
def test_what_is_no_whole_number_of_cents_is_refused(cell: cells.Cell) -> None:
    with pytest.raises(CellError, match=";"):
        cells.cents(cell)


@given(st.integers(-(10**13), 10**13))
def test_every_amount_survives_a_number_cell_and_both_ways_of_writing(cents: int) -> None:
    assert cells.cents(cents / 100) == cents
    sign, euros, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100
    assert cells.cents(f"{sign}{euros}.{rest:02d}") == cents
    assert cells.cents(f"{sign}{euros:,}".replace(",", ".") + f",{rest:02d}") == cents


@pytest.mark.parametrize(
    "cell",
    [date(2025, 3, 14), datetime.fromisoformat("2025-03-14T10:30"), "2025-03-14", "14/03/2025", "14/3/2025",
     "14.03.2025", "2025-03-14 00:00:00", "2025-03-14T10:30:00"],
)  # fmt: skip
def test_a_day_is_read_in_each_of_its_forms(cell: cells.Cell) -> None:
    assert cells.day(cell) == date(2025, 3, 14)


@pytest.mark.parametrize(
    "cell", [45000, 45000.5, True, time(10, 0), "14/03/25", "03/14/2025", "2025-02-29", "14 mars 2025", "1825-01-01"]
)
def test_what_is_no_day_is_refused(cell: cells.Cell) -> None:
    with pytest.raises(CellError):
        cells.day(cell)


@pytest.mark.parametrize(
    ("cell", "length", "digits"),
    [(308357159, 10, "0308357159"), (108068104.0, 12, "000108068104"), ("085.07", 5, "08507"), ("+++1/2", 4, "0012")],
)
def test_digits_get_their_lost_zeros_back(cell: cells.Cell, length: int, digits: str) -> None:
    assert cells.digits(cell, length) == digits


@pytest.mark.parametrize("cell", ["1.23457E+11", "12A", "123456", 1.5, 1e16, date(2025, 1, 1), True])
def test_digits_that_were_lost_are_not_made_up(cell: cells.Cell) -> None:
    with pytest.raises(CellError):
        cells.digits(cell, 5)


def test_a_text_keeps_what_the_person_wrote() -> None:
    assert cells.text(12.0) == "12"
    assert cells.text(datetime.fromisoformat("2025-03-14")) == "2025-03-14"
    assert cells.tidy(" E\u0301lodie\u00a0\u202f \u200bx\r\n y ") == "Élodie x y"
    assert cells.number(2.5) == Decimal("2.5")


# Workbooks


def test_a_workbook_gives_what_openpyxl_reads(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["name", "day", "amount", "note"])
    page.append(["Élodie", date(2025, 3, 14), 12, None])
    page.append(["x", datetime.fromisoformat("2025-03-14T10:30"), 12.5, True])
    page.append([])
    page.append([None, None, -0.01, "_x000D_ kept"])
    page["F7"] = 1e20
    page["A8"] = "00123"
    page["B9"] = date(1900, 1, 5)
    page["C10"] = 0.25
    page["C10"].number_format = "0.00%"
    page["D11"] = time(12, 30)
    page["D12"] = 45000
    page["D12"].number_format = "[$-80C]d mmmm yyyy"
    page["D13"] = 45000
    page["D13"].number_format = '0 "days"'
    book.save(tmp_path / "a.xlsx")
    with (tmp_path / "a.xlsx").open("rb") as stream:
        grid = workbook.Workbook(stream).grid("Sheet")
    read = openpyxl.load_workbook(tmp_path / "a.xlsx", read_only=True, data_only=True).active
    oracle = {(cell.row, cell.column): cell.value for row in read.iter_rows() for cell in row if cell.value is not None}
    oracle[5, 4] = "kept"  # a carriage return, tidied
    found = {
        (number, column): value for number, row in grid.rows for column, value in enumerate(row, 1) if value is not None
    }
    assert found == oracle


def test_days_count_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["name", "day", "amount"])
    book.active.append(["x", date(2025, 3, 14), 1])
    book.save(tmp_path / "a.xlsx")
    [row] = SheetTable(read_sheet(tmp_path / "a.xlsx"), COLUMNS)
    assert row.day_or_none("day") == date(2025, 3, 14)


def test_shared_and_rich_strings_are_read_whole(tmp_path: Path) -> None:
    source = rewrite(
        write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n"),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace('<c r="A2" t="inlineStr"><is><t>x</t></is></c>', '<c r="A2" t="s"><v>1</v></c>'),
        add={
            "xl/sharedStrings.xml": "<sst><si><t>other</t></si><si><r><t>Noé </t></r><r><t>Exemple</t></r>"
            "<rPh><t>phonetic</t></rPh></si></sst>"
        },
    )
    assert read_sheet(source).rows == ((2, ["Noé Exemple", 1]),)
    rewrite(
        source,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace('<c r="A1" t="inlineStr"><is><t>name</t></is></c>', '<c r="A1" t="s"><v>0</v></c>'),
    )
    assert headings_of(source) == {"one": ("other", "amount")}
    book = openpyxl.Workbook()
    book.active.append(["name", "amount"])
    book.active.append([CellRichText("Noé ", TextBlock(InlineFont(b=True), "Exemple")), 1])
    book.save(tmp_path / "b.xlsx")
    assert read_sheet(tmp_path / "b.xlsx").rows[0][1][0] == "Noé Exemple"


def test_a_workbook_with_prefixed_names_is_read_too(tmp_path: Path) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n")
    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml"):
        source = rewrite(
            source,
            part,
            lambda xml: re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", xml).replace("xmlns=", "xmlns:x=", 1),
        )
    assert read_sheet(source).rows == ((2, ["x", 1]),)


def test_of_several_sheets_the_first_with_headings_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# empty\n# one\nname;amount\nx;1\n# two\nname;amount\n")
    sheet = read_sheet(source)
    assert sheet.name == "one"
    assert messages(sheet) == ["the sheet `two` is left out: this register is one sheet, the first"]
    assert read_sheet(source, "TWO").headings == ("name", "amount")
    assert "no visible sheet `three`" in messages(read_sheet(source, "three"))[0]


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n# two\nname;amount\ny;2\n")
    book = openpyxl.load_workbook(source)
    book["one"].sheet_state = "hidden"
    book.active = 1
    book.save(source)
    assert read_sheet(source).name == "two"


def test_merged_cells_are_refused_with_their_place(tmp_path: Path) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n;2\n")
    book = openpyxl.load_workbook(source)
    book.active.merge_cells("A2:A3")
    book.save(source)
    assert "the cells A2:A3 are merged" in refusals(read_sheet(source))[0]


def test_a_formula_never_calculated_and_an_error_value_are_refused(tmp_path: Path) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# one\nname;day;amount\nx;;=1+1\ny;;#N/A\n=A2;;3\n")
    assert [fault.split(";")[0] for fault in refusals(read_sheet(source))] == [
        "line 2: column `amount` holds a formula that was never calculated",
        "line 3: column `amount` holds the spreadsheet error #N/A",
        "line 4: column `name` holds a formula that was never calculated",
    ]


def test_a_calculated_formula_is_its_value_and_an_empty_text_is_empty(tmp_path: Path) -> None:
    source = rewrite(
        write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;=1+1\ny;3\n"),
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(r'<c r="B2".*?</c>', '<c r="B2"><f>1+1</f><v>2</v></c>', xml).replace(
            '<c r="A3" t="inlineStr"><is><t>y</t></is></c>', '<c r="A3" t="str"><f>""</f><v></v></c>'
        ),
    )
    assert read_sheet(source).rows == ((2, ["x", 2]), (3, [None, 3]))


def rewrite(source: Path, part: str, change: Callable[[str], str], add: dict[str, str] | None = None) -> Path:
    """The workbook with one part changed and others added."""
    with zipfile.ZipFile(source) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[part] = change(parts[part].decode()).encode()
    parts |= {name: text.encode() for name, text in (add or {}).items()}
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    return source


def zipped(**parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return buffer.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.xlsx", b"name;amount\nx;1\n", "the name says workbook but the content is none"),
        ("a.xlsx", b"PK\x03\x04 cut off", "not a whole xlsx workbook"),
        ("a.xls", OLE + b"Workbook", "the workbook is damaged"),
        ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        ("a.ods", zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "OpenDocument"),
        ("a.xlsm", zipped(xl__workbook_dot_xml="", xl__vbaProject_dot_bin=""), "holds macros"),
        ("a.xlsb", zipped(xl__workbook_dot_bin=""), "binary workbook"),
        ("a.zip", zipped(readme_dot_txt=""), "a zip file, not an xlsx workbook"),
    ],
)
def test_a_file_that_is_no_readable_workbook_is_refused_by_its_kind(
    name: str, data: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    [message] = messages(read_sheet(tmp_path / name))
    assert words in message
    assert "save" in message
    assert len(read_sheet(tmp_path / name).digest) == 64
    assert not any(module.identify(tmp_path / name) for module in (donors, in_kind, grants, journal, assignments))


def test_a_workbook_that_unpacks_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n")
    with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/bomb", "w") as bomb:
        for _ in range(600):
            bomb.write(bytes(1_000_000))
    [message] = messages(read_sheet(source))
    assert message.startswith("the workbook unpacks to 600 MB and the limit is 512 MB;")


def test_a_workbook_with_entities_is_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    source = rewrite(
        write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n"),
        "xl/worksheets/sheet1.xml",
        lambda xml: laughs + xml,
    )
    assert "document type definition" in messages(read_sheet(source))[0]


def test_a_tag_without_end_in_a_workbook_is_refused_at_once(tmp_path: Path) -> None:
    source = rewrite(
        write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n"),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace("<sheetData", f'<sheetData a="{"y" * 3_000_000}"'),
    )
    assert "a tag of its part xl/worksheets/sheet1.xml does not end" in messages(read_sheet(source))[0]


def test_a_heading_without_end_is_refused(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", f"name;{'x' * 200_000}\na;1\n")
    assert "a heading in line 1 is longer than" in messages(read_sheet(source))[0]
    assert not any(module.identify(source) for module in (donors, in_kind, grants, journal, assignments))


@pytest.mark.parametrize("cell", ["9" * 400, "1000000000000,01", 10**400, 1e300, -1e300])
def test_an_amount_that_no_register_can_hold_is_an_error(cell: str | float) -> None:
    with pytest.raises(CellError, match="larger than any amount"):
        cells.cents(cell)
    with pytest.raises(CellError, match="larger than any amount"):
        cells.number(cell)


def test_a_csv_of_ten_thousand_columns_is_refused_unread(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", f"donor{';' * 10_000}\nD0001\n")
    assert "more than" in messages(read_sheet(source))[0]


def test_of_hundreds_of_unknown_columns_some_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    long = "y" * 100_000
    source = write_csv(tmp_path / "a.csv", ";".join(["donor", long, *(f"odd{number}" for number in range(200))]))
    said = [str(fault) for fault in donors.read(source).faults]
    assert any("a heading of 100,000 characters is not known" in one for one in said)
    assert any("151 more columns are not known" in one for one in said)
    assert sum("is not known" in one for one in said) == 50


@pytest.mark.parametrize("number", ["1e999", "nan", "1.2.3"])
def test_a_number_that_is_none_is_a_damaged_workbook(number: str, tmp_path: Path) -> None:
    source = rewrite(
        write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n"),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace("<v>1</v>", f"<v>{number}</v>"),
    )
    assert "damaged" in messages(read_sheet(source))[0]


def one_amount(tmp_path: Path, cell: str, row: str = "") -> RawSheet:
    """A sheet whose cell B2 is written so, with a row behind it."""
    return read_sheet(
        rewrite(
            write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n"),
            "xl/worksheets/sheet1.xml",
            lambda xml: re.sub(r'<c r="B2".*?</c>', cell, xml).replace("</sheetData>", f"{row}</sheetData>"),
        )
    )


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ('<c r="B2"><v>1&#50;</v></c>', "numbers written as no spreadsheet writes them"),
        ('<c r="B2"><v>&#x31;</v></c>', "numbers written as no spreadsheet writes them"),
        ('<c r="B2"><v>1<!-- x -->2</v></c>', "comments or marked sections"),
        ('<c r="B2"><v><![CDATA[12]]></v></c>', "comments or marked sections"),
        ('<c r="B2" t="zz"><v>1</v></c>', "is damaged (its sheet `one` cannot be read)"),
        ('<c r="B2" t="s"><v>7</v></c>', "is damaged (its sheet `one` cannot be read)"),
        ('<c r="B2"><v>1</v></d>', "is damaged (its part xl/worksheets/sheet1.xml cannot be read)"),
    ],
)
def test_what_calamine_would_read_otherwise_than_it_is_written_is_refused(
    cell: str, words: str, tmp_path: Path
) -> None:
    assert words in messages(one_amount(tmp_path, cell))[0]


def test_a_text_that_a_formula_gave_may_have_references_to_characters(tmp_path: Path) -> None:
    sheet = one_amount(tmp_path, '<c r="B2" t="str"><f>A1</f><v>&#201;cole &amp; Caf&#233;</v></c>')
    assert sheet.rows == ((2, ["x", "École & Café"]),)


def test_the_runs_of_a_text_keep_the_blanks_between_them(tmp_path: Path) -> None:
    """calamine, as Excel, drops those that their writer did not mark; a name of two words would be one."""
    cell = '<c r="B2" t="inlineStr"><is><r><t>Noé</t></r><r><t> de </t></r><r><t>Exemple</t></r></is></c>'
    assert one_amount(tmp_path, cell).rows == ((2, ["x", "Noé de Exemple"]),)


@pytest.mark.parametrize("error", ["#N/A", "#SPILL!", "#GETTING_DATA"])
def test_every_error_of_a_spreadsheet_is_told_with_its_cell(error: str, tmp_path: Path) -> None:
    sheet = one_amount(tmp_path, f'<c r="B2" t="e"><v>{error}</v></c>')
    assert any(f"column `amount` holds the spreadsheet error {error}" in one for one in messages(sheet)) or (
        "cannot be read" in messages(sheet)[0]
    )


def test_a_cell_far_outside_the_table_does_not_take_the_memory(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="IV1048576"><v>1</v></c></row>'
    [message] = messages(one_amount(tmp_path, '<c r="B2"><v>1</v></c>', far))
    assert message.startswith("the sheet `one` takes too much memory,")


def test_a_negative_number_formatted_as_a_day_is_never_an_amount(tmp_path: Path) -> None:
    """calamine makes 18:00 of -5.25."""
    book = openpyxl.Workbook()
    book.active.append(["name", "amount"])
    book.active.append(["x", -5.25])
    book.active["B2"].number_format = "yyyy-mm-dd"
    book.save(tmp_path / "a.xlsx")
    assert "is a date or a true/false, not an amount" in rows_refused(tmp_path / "a.xlsx")


def rows_refused(source: Path) -> str:
    table = SheetTable(read_sheet(source), COLUMNS)
    assert [row.cents("amount") for row in table] == [0]
    return " ".join(fault.message for fault in table.faults)


FORMATS = (
    "yyyy-mm-dd", "d/m/yyyy", "[Red]dd/mm/yy", "dd mmm", "mmm yy", "mmmm", "[$-80C]d mmmm yyyy", '"d"0', "0.00E+00",
    "[$-F800]dddd\\, mmmm dd\\, yyyy", '0 "days"', 'General "m"', '#,##0.00 "EUR"', "#,##0.00\\ [$€-80C]", "0 \\d", "@",
    "[$€-813] #,##0.00;[Red]-#,##0.00", "m/d/yy h:mm", "0.0%", "_-* #,##0.00\\ _€_-", "dd\\-mm\\-yyyy;@", "# ?/?",
    "[Blue]#,##0", '"yyyy"', "\\y0", "[Yellow]0", "[Magenta]0",
)  # fmt: skip


def test_a_day_is_known_by_the_same_formats_as_openpyxl_knows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["name"])
    for row, form in enumerate(FORMATS, 2):
        book.active.cell(row, 1, 45000.25).number_format = form
    book.save(tmp_path / "a.xlsx")
    days = [isinstance(row[0], date) for _, row in read_sheet(tmp_path / "a.xlsx").rows]
    assert days == [is_date_format(form) for form in FORMATS]


def test_a_workbook_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n")
    with zipfile.ZipFile(source) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    plain = parts["xl/worksheets/sheet1.xml"].decode().replace("<t>x</t>", "<t>Noé</t>")
    for text, encoding in (
        ('<?xml version="1.0" encoding="ISO-8859-1"?>' + plain, "latin-1"),
        (plain, "utf-16"),
    ):
        with zipfile.ZipFile(source, "w") as new:
            for name, content in parts.items():
                new.writestr(name, text.encode(encoding) if name.endswith("sheet1.xml") else content)
        assert "not written in UTF-8" in messages(read_sheet(source))[0]


def test_a_csv_has_quotation_marks_where_a_spreadsheet_takes_them(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", 'name;amount\nx "y" z;1\n"a"b;2\n"";3\n')
    assert [list(row) for _, row in read_sheet(source).rows] == [['x "y" z', "1"], ["ab", "2"], [None, "3"]]


def test_a_text_of_a_csv_is_as_long_as_it_likes_but_has_an_end(tmp_path: Path) -> None:
    long = "y" * 200_000
    [row] = read_sheet(write_csv(tmp_path / "a.csv", f'name;amount\n"{long}";1\n')).rows
    assert row == (2, [long, "1"])
    source = write_csv(tmp_path / "b.csv", f'name;amount\nx;1\n"{long}')
    assert messages(read_sheet(source))[0].startswith("a quotation mark opened in row 3 is never closed;")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_workbook(tmp_path_factory.mktemp("sound") / "a.xlsx", "# one\nname;amount\nx;1\n").read_bytes()


@settings(deadline=None)  # each starts a process
@given(
    part=st.sampled_from(
        ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml")
    ),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from('0<>"=/A9- ')), min_size=1, max_size=3),
    whole=st.booleans(),
)
def test_a_damaged_workbook_is_a_fault_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, sound: bytes, part: str, changes: list[tuple[int, str]], whole: bool
) -> None:
    def damage(xml: str) -> str:
        for place, letter in changes:
            place %= len(xml)  # noqa: PLW2901 - within the part
            xml = xml[:place] + letter + xml[place + 1 :]
        return xml

    source = tmp_path_factory.getbasetemp() / "damaged.xlsx"
    source.write_bytes(sound)
    rewrite(source, part, damage)
    if not whole:
        raw = bytearray(source.read_bytes())
        raw[4 + changes[0][0] % (len(raw) - 4)] ^= 1
        source.write_bytes(raw)
    sheet = read_sheet(source)
    assert sheet.faults or sheet.headings


def test_a_folder_is_no_register(tmp_path: Path) -> None:
    assert headings_of(tmp_path) == {}
    assert "cannot be opened" in messages(read_sheet(tmp_path))[0]
