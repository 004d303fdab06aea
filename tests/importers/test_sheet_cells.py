"""Cells at the edges of what they hold, and the sheet around them: headings, rows, what is told of them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from registers import write_csv, write_workbook
from test_tabular import COLUMNS, OLE, messages

from importers.sheets import cells, tabular
from importers.sheets.cells import Cell, CellError
from importers.sheets.tabular import RawSheet, SheetColumn, SheetTable, has_columns, headings_of, is_text, read_sheet
from ledger.errors import Fault, Severity


def refused(read: Callable[..., object], *given: object) -> str:
    with pytest.raises(CellError) as caught:
        read(*given)
    return caught.value.message.format(column="c", **caught.value.values)


# Cells


@pytest.mark.parametrize(
    ("column", "letters"),
    [(0, "A"), (1, "B"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")],
)
def test_a_column_is_named_as_the_spreadsheet_names_it(column: int, letters: str) -> None:
    assert cells.letters_of(column) == letters


@pytest.mark.parametrize(
    ("start", "is_one"),
    [(b"PK\x03\x04", True), (OLE, True), (OLE[:7], False), (b"PK\x03", False), (b"", False), (b"xPK\x03\x04", False)],
)
def test_a_workbook_is_known_by_its_first_bytes(start: bytes, is_one: bool, tmp_path: Path) -> None:
    assert cells.is_workbook(start) is is_one
    (tmp_path / "a").write_bytes(start)
    assert is_text(tmp_path / "a") is not is_one


def test_what_cannot_be_opened_is_no_text(tmp_path: Path) -> None:
    assert is_text(tmp_path / "none") is False


def test_a_text_is_tidied_and_its_harmless_figures_are_shown() -> None:
    assert cells.tidy("  a \t b\n") == "a b"
    assert cells.tidy(" e\u0301\u00ad\u200b \ufeffx ") == "é x"
    assert [cells.shown(one) for one in ("1.234,56", "1234567890", "12345678901", "x", 5, 1.5)] == [
        "`1.234,56` ", "`1234567890` ", "", "", "`5` ", "`1.5` "
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "text"),
    [("x", "x"), (12, "12"), (12.0, "12"), (12.5, "12.5"), (True, "True"), (date(2025, 3, 14), "2025-03-14")],
)
def test_any_cell_is_a_text(cell: Cell, text: str) -> None:
    assert cells.text(cell) == text


@pytest.mark.parametrize(
    ("cell", "code"),
    [("1E5x", "1E5x"), (0, "0"), (-5, "-5"), (12.0, "12"), (10**15 - 1, "9" * 15), (-(10**15) + 1, "-" + "9" * 15)],
)
def test_a_code_is_kept_as_far_as_no_digit_is_lost(cell: Cell, code: str) -> None:
    assert cells.code(cell) == code


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1,2E+11", "scientific notation"),
        ("1e11", "scientific notation"),
        (True, "a date or a true/false"),
        (date(2025, 3, 14), "a date or a true/false"),
        (None, "a date or a true/false"),
        (10**15, "so long that the spreadsheet has lost its last digits"),
        (-(10**15), "so long that the spreadsheet has lost its last digits"),
        (1.5, "`1.5` is a number with decimals, not a code"),
        (-0.5, "`-0.5` is a number with decimals, not a code"),
    ],
)
def test_what_a_spreadsheet_made_of_a_code_is_refused(cell: Cell, words: str) -> None:
    assert words in refused(cells.code, cell)


def test_digits_are_counted_without_separators_and_prefix() -> None:
    assert cells.digits("be 0308.357.159", 10, "BE") == "0308357159"
    assert cells.digits("12345", 5) == "12345"
    assert cells.digits(7, 3) == "007"
    assert refused(cells.digits, "123456", 5) == "column `c` has 6 digits where 5 are expected; correct it"
    for cell in ("12A", "٣٤", "²", "BE12", "-", ""):
        assert "holds something else than digits; write its 5 digits" in refused(cells.digits, cell, 5)


@pytest.mark.parametrize("cell", ["1900-01-01", "2100-12-31", date(1900, 1, 1), "1/1/1900", "31.12.2100"])
def test_a_day_lies_in_the_years_of_a_foundation(cell: Cell) -> None:
    assert cells.day(cell).year in (1900, 2100)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1899-12-31", "`1899-12-31` is in the year 1899"),
        ("01/01/2101", "`01/01/2101` is in the year 2101"),
        ("29/02/2025", "`29/02/2025` is not a day of the calendar"),
        ("demain", "column `c` is not a date"),
        (45000, "`45000` is a number or a time"),
    ],
)
def test_a_day_that_cannot_be_says_why(cell: Cell, words: str) -> None:
    assert words in refused(cells.day, cell)


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        (10**12, 10**14),
        (-(10**12), -(10**14)),
        ("1000000000000,00", 10**14),
        (1e-9, 0),
        (0.01 + 1e-10, 1),
        (-0.015 + 0.005, -1),
        (0, 0),
        (0.0, 0),
    ],
)
def test_an_amount_may_be_as_large_and_as_crooked_as_is_said(cell: Cell, cents: int) -> None:
    assert cells.cents(cell) == cents


@pytest.mark.parametrize("cell", [10**12 + 1, -(10**12) - 1, 1e12 + 0.01, "-1000000000000,01"])
def test_an_amount_beyond_a_thousand_billion_is_none(cell: Cell) -> None:
    assert "is larger than any amount" in refused(cells.cents, cell)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (1.005, "has a fraction of a cent (1.005...)"),
        (1e-8, "has a fraction of a cent (1e-08...)"),
        (-1e-8, "has a fraction of a cent (-1e-08...)"),
        ("1.005,001", "has a fraction of a cent; write it"),
        ("12 apples", "column `c` is not an amount"),
        ("٣", "column `c` is not an amount"),
        (False, "is a date or a true/false, not an amount"),
        (None, "is a date or a true/false, not an amount"),
    ],
)
def test_an_amount_that_cannot_be_says_why(cell: Cell, words: str) -> None:
    assert words in refused(cells.cents, cell)


@pytest.mark.parametrize(
    ("cell", "number"), [(0.1, "0.1"), (7, "7"), ("1,234567", "1.234567"), (10**12, str(10**12)), ("-2", "-2")]
)
def test_a_quantity_has_as_many_decimals_as_are_written(cell: Cell, number: str) -> None:
    assert cells.number(cell) == Decimal(number)


def test_a_quantity_that_cannot_be_is_refused() -> None:
    assert "is larger than any amount" in refused(cells.number, 10**12 + 1)
    assert "is larger than any amount" in refused(cells.number, -(10**12) - 1)
    assert "is a date or a true/false" in refused(cells.number, True)


def test_a_whole_number_begins_at_one() -> None:
    assert [cells.whole(cell) for cell in (1, 2.0, "3", "4,0")] == [1, 2, 3, 4]
    for cell in (0, -1, 1.5, "0,5", 0.5, "2,5"):
        assert "is not a whole number from 1" in refused(cells.whole, cell)


def test_a_choice_is_one_of_the_words() -> None:
    known = {"un": "1", "één": "1", "deux": "2", "rien": ""}
    assert [cells.choice(cell, known) for cell in ("UN", "Één", "deux")] == ["1", "1", "2"]
    assert refused(cells.choice, "trois", known) == "column `c` is none of 1, 2; write one of these"


# Headings


def test_a_column_has_a_heading_in_each_language_or_its_name() -> None:
    column = SheetColumn("party", "tiers", "derde")
    assert [column.heading(language) for language in ("fr", "nl", "de", "en", "it")] == [
        "tiers",
        "derde",
        "party",
        "party",
        "party",
    ]
    assert SheetColumn("iban", "iban", "iban", "iban").headings == ("iban",)
    assert column.headings == ("party", "tiers", "derde")


def test_a_sheet_is_known_by_one_column_of_each_group(tmp_path: Path) -> None:
    one, two, three = (SheetColumn(name, f"le_{name}") for name in ("one", "two", "three"))
    source = write_workbook(tmp_path / "a.xlsx", "# a\none;x\n# b\nLe two;x\n")
    assert has_columns(source, [one])
    assert has_columns(source, [two])
    assert has_columns(source, [one, three])
    assert has_columns(source, [three, two], [two])
    assert not has_columns(source, [one], [two]), "of two sheets"
    assert not has_columns(source, [three])


def test_headings_are_known_though_the_piece_that_is_read_ends_within_a_letter(tmp_path: Path) -> None:
    start = "Numéro;montant\n"
    for before in (1, 2):
        text = start + " " * (65_536 - len(start.encode()) - before) + "éé"
        assert headings_of(write_csv(tmp_path / "a.csv", text)) == {"a": ("numero", "montant")}


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("a;b\n1,2,3;4,5,6\n", ("a", "b")),
        ("a;b\r1,2,3;4,5,6\r", ("a", "b")),
        ('"a,b,c";d\n', ("abc", "d")),
        ("sep=,\na;b,c\n", ("ab", "c")),
        ("sep=|\r\na|b;c;d\n", ("a", "bcd")),
        ("a\tb,c\td\n", ("a", "bc", "d")),
        ("a;b", ("a", "b")),
    ],
)
def test_the_delimiter_is_the_most_frequent_of_the_headings(
    text: str, headings: tuple[str, ...], tmp_path: Path
) -> None:
    assert headings_of(write_csv(tmp_path / "a.csv", text)) == {"a": headings}


def test_unknown_headings_are_named_up_to_fifty_and_two_hundred_letters(tmp_path: Path) -> None:
    def told(*unknown: str) -> list[str]:
        sheet = read_sheet(write_csv(tmp_path / "a.csv", ";".join(["name", "amount", *unknown]) + "\n"))
        return [fault.message for fault in SheetTable(sheet, COLUMNS).faults]

    fifty = [f"zzz{number}" for number in range(50)]
    assert len(told(*fifty)) == 50
    assert told(*fifty, "qqq")[50:] == ["1 more column is not known; rename or remove it"]
    assert told(*fifty, "qqq", "rrr")[50:] == ["2 more columns are not known; rename or remove them"]
    assert told("z" * 200) == [f"the column `{'z' * 200}` is not known; rename or remove it"]
    assert told("z" * 201, "qqq") == [
        "a heading of 201 characters is not known; rename or remove its column",
        "the column `qqq` is not known; rename or remove it",
    ]


def test_two_columns_of_one_meaning_are_refused_wherever_they_stand(tmp_path: Path) -> None:
    for text, words in (("name;Nom;amount", "`name` and `Nom`"), ("amount;name;Nom", "`name` and `Nom`")):
        sheet = read_sheet(write_csv(tmp_path / "a.csv", text + "\nx;y;1\n"))
        assert [words in fault.message for fault in SheetTable(sheet, COLUMNS).faults] == [True]


# Rows


def raw(*rows: list[Cell], headings: tuple[str, ...] = ("name", "amount"), faults: tuple[Fault, ...] = ()) -> RawSheet:
    return RawSheet("s", headings, tuple(enumerate(rows, 2)), faults, "")


def test_a_column_that_the_file_has_not_is_empty_in_every_row() -> None:
    table = SheetTable(raw(["x", 1], ["y"]), COLUMNS)
    rows = list(table)
    assert [(row.text("name"), row.cents("amount"), row.day_or_none("day"), row.filled("day")) for row in rows] == [
        ("x", 1_00, None, False), ("y", 0, None, False)
    ]  # fmt: skip
    assert [row.filled("amount") for row in rows] == [True, False]
    assert (table.heading("day"), table.heading("name")) == ("day", "name")
    assert table.file(row.number for row in rows).columns == {"name", "amount"}


def test_faults_of_the_whole_sheet_come_before_those_of_its_lines() -> None:
    table = SheetTable(raw(faults=(Fault("b", 1), Fault("c", 2), Fault("a"))), COLUMNS)
    assert [fault.message for fault in table.faults] == ["a", "b", "c"]


def test_rows_are_read_unless_the_sheet_as_such_is_wrong() -> None:
    note, row, whole = Fault("n", None, Severity.WARNING), Fault("r", 2), Fault("w")
    for faults, count in (((), 2), ((note,), 2), ((row,), 2), ((note, row), 2), ((whole,), 0), ((row, whole, note), 0)):
        table = SheetTable(raw(["x", 1], ["y", 2], faults=faults), COLUMNS)
        assert len(list(table)) == count
        assert table.readable is (count > 0)
    assert [row.sound for row in SheetTable(raw(["x"], ["y"], faults=(Fault("r", 2),)), COLUMNS)] == [False, True]
    warned = (Fault("n", 2, Severity.WARNING),)
    assert [row.sound for row in SheetTable(raw(["x"], faults=warned), COLUMNS)] == [True]


def test_an_empty_cell_of_a_row_with_a_broken_one_is_not_told_too() -> None:
    [broken] = SheetTable(raw([None, 1], faults=(Fault("r", 2),)), COLUMNS)
    assert broken.text("name") == ""
    table = SheetTable(raw([None, 1]), COLUMNS)
    [row] = table
    assert (row.text("name"), row.sound) == ("", False)
    assert [str(fault) for fault in table.faults] == ["line 2: column `name` is empty; fill it in"]


def test_a_register_without_rows_has_one_fault() -> None:
    table = SheetTable(raw(), COLUMNS)
    assert ["there is no row below" in fault.message for fault in table.file([]).faults] == [True]
    faulty = SheetTable(raw(faults=(Fault("w"),)), COLUMNS)
    assert [fault.message for fault in faulty.file([]).faults] == ["w"]


def test_a_sheet_of_several_is_named_in_its_faults() -> None:
    table = SheetTable(raw(faults=(Fault("w", 3, Severity.WARNING),)), COLUMNS, place="costs")
    table.error("e", 4)
    assert [str(fault) for fault in table.faults] == ["line 3: sheet `costs`: w", "line 4: sheet `costs`: e"]
    assert [fault.severity for fault in table.faults] == [Severity.WARNING, Severity.ERROR]


def accessors(cell: Cell) -> tuple[SheetTable, tabular.SheetRow]:
    table = SheetTable(raw([cell], headings=("v",)), (SheetColumn("v"),))
    [row] = table
    return table, row


def test_an_empty_cell_is_a_harmless_value() -> None:
    _, row = accessors(None)
    assert (row.text("v"), row.code("v"), row.digits("v", 3), row.key("v"), row.account("v")) == ("", "", "", None, "")
    assert (row.day("v"), row.day_or_none("v"), row.cents("v"), row.positive("v")) == (date.min, None, 0, 0)
    assert (row.number_or_none("v"), row.whole("v"), row.choice("v", {"a": "b"}, "z")) == (None, 1, "z")
    assert row.sound


@pytest.mark.parametrize(
    ("ask", "cell", "value"),
    [
        (lambda row: row.text("v"), 12.0, "12"),
        (lambda row: row.code("v"), 12.0, "12"),
        (lambda row: row.digits("v", 3), 7, "007"),
        (lambda row: row.key("v"), "d0001", "D0001"),
        (lambda row: row.key("v"), "D123456789", "D123456789"),
        (lambda row: row.account("v"), 61, "61"),
        (lambda row: row.account("v"), "61090012", "61090012"),
        (lambda row: row.day("v"), "2025-03-14", date(2025, 3, 14)),
        (lambda row: row.cents("v"), "-0,01", -1),
        (lambda row: row.positive("v"), "0,01", 1),
        (lambda row: row.whole("v"), 2, 2),
        (lambda row: row.choice("v", {"a": "b"}, "z"), "a", "b"),
        (lambda row: row.choice("v", {"a": "b"}, "z"), "A", "b"),
        (lambda row: row.choice("v", {"1": "b"}, "z"), 1, "b"),
        (lambda row: row.choice("v", {"a": ""}, "z"), "a", ""),
    ],
)
def test_a_filled_cell_is_its_value(ask: Callable[[tabular.SheetRow], object], cell: Cell, value: object) -> None:
    table, row = accessors(cell)
    assert ask(row) == value
    assert row.sound
    assert not table.faults


@pytest.mark.parametrize(
    ("ask", "cell", "value"),
    [
        (lambda row: row.code("v"), 1.5, ""),
        (lambda row: row.digits("v", 3), "1234", ""),
        (lambda row: row.key("v"), "D001", "D001"),
        (lambda row: row.key("v"), "D1234567890", "D1234567890"),
        (lambda row: row.account("v"), "6", "6"),
        (lambda row: row.account("v"), "610900123", "610900123"),
        (lambda row: row.day("v"), "x", date.min),
        (lambda row: row.day_or_none("v"), "x", None),
        (lambda row: row.cents("v"), "x", 0),
        (lambda row: row.positive("v"), 0, 0),
        (lambda row: row.positive("v"), "-0,01", -1),
        (lambda row: row.whole("v"), 0, 1),
        (lambda row: row.number_or_none("v"), "x", None),
        (lambda row: row.choice("v", {"a": "b"}, "z"), "c", "z"),
    ],
)
def test_a_cell_that_cannot_be_is_one_fault(
    ask: Callable[[tabular.SheetRow], object], cell: Cell, value: object
) -> None:
    table, row = accessors(cell)
    assert ask(row) == value
    assert not row.sound
    assert [(fault.line, fault.severity, "column `v`" in fault.message) for fault in table.faults] == [
        (2, Severity.ERROR, True)
    ]


def test_a_warning_leaves_a_row_sound() -> None:
    table, row = accessors("x")
    row.warn("v", "column `{column}` is {what}", what="odd")
    assert row.sound
    assert [(fault.message, fault.line, fault.severity) for fault in table.faults] == [
        ("column `v` is odd", 2, Severity.WARNING)
    ]


# A CSV


def test_a_csv_is_as_wide_as_a_workbook(tmp_path: Path) -> None:
    wide = read_sheet(write_csv(tmp_path / "a.csv", ";".join(f"c{n}" for n in range(256)) + "\n1\n"))
    assert (len(wide.headings), wide.faults) == (256, ())
    more = read_sheet(write_csv(tmp_path / "a.csv", ";".join(f"c{n}" for n in range(257)) + "\n1\n"))
    assert messages(more) == ["the sheet has more than 256 columns; remove those not needed"]


@pytest.mark.parametrize(("extra", "words"), [(8, "column C has no heading"), (9, "row 2 has 11 fields")])
def test_eight_fields_more_than_headings_are_looked_at(extra: int, words: str, tmp_path: Path) -> None:
    sheet = read_sheet(write_csv(tmp_path / "a.csv", "name;amount\nx;1" + ";9" * extra + "\n"))
    assert words in messages(sheet)[0]
    assert len(messages(sheet)) == (extra if extra == 8 else 1)


def test_rows_lose_what_is_empty_at_their_end(tmp_path: Path) -> None:
    sheet = read_sheet(write_csv(tmp_path / "a.csv", "name;amount;day\nx;;\n;;\n\n;1; \n"))
    assert sheet.rows == ((2, ["x"]), (5, [None, "1"]))


def test_each_error_of_a_spreadsheet_in_a_csv_is_told_with_its_column(tmp_path: Path) -> None:
    sheet = read_sheet(write_csv(tmp_path / "a.csv", "name;;amount\n#N/A;x;#REF!\ny;;1;#NAAM?\n"))
    told = [str(fault) for fault in sheet.faults if "spreadsheet error" in fault.message]
    assert told == [
        "line 2: column `name` holds a spreadsheet error; correct the formula",
        "line 2: column `amount` holds a spreadsheet error; correct the formula",
        "line 3: column `D` holds a spreadsheet error; correct the formula",
    ]


def test_values_without_a_heading_are_told_by_column(tmp_path: Path) -> None:
    sheet = read_sheet(write_csv(tmp_path / "a.csv", "name;;amount\nx\ny;1;2\nz;;3;4\nz;5;3;6\nz;7\n"))
    assert [message.split("; ")[0] for message in messages(sheet)] == [
        "column B has no heading but holds a value in row 3 and 2 more",
        "column D has no heading but holds a value in row 4 and 1 more",
    ]
    once = read_sheet(write_csv(tmp_path / "b.csv", "name;amount\nx;1\ny;2;3\n"))
    assert [message.split("; ")[0] for message in messages(once)] == [
        "column C has no heading but holds a value in row 3"
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'"abc', "a quotation mark opened in row 1 is never closed"),
        (b'a\nb\n"c\nd', "a quotation mark opened in row 3 is never closed"),
        (b"\nname\n\x81\n", "line 3 holds a character in neither"),
        (b"\nname;\xc3\xa9\n\xe9\n", "mixes UTF-8 and another encoding (line 3)"),
        (b"\xe9;\xc3\xa9\n", "mixes UTF-8 and another encoding (line 1)"),
        (b"\n\na;b\n", "row 1 is empty"),
        (b"a;b\0", "neither a table of text (CSV) nor an xlsx workbook"),
    ],
)
def test_a_csv_that_cannot_be_read_says_where(data: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    sheet = read_sheet(tmp_path / "a.csv")
    assert [words in message for message in messages(sheet)] == [True]
    assert (sheet.headings, sheet.rows) == ((), ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_is_cut_shows_that_something_is_missing(encoding: str, tmp_path: Path) -> None:
    mark = "\ufeff".encode(encoding)
    (tmp_path / "a.csv").write_bytes(mark + "name;day\nx;y".encode(encoding)[:-1])
    assert read_sheet(tmp_path / "a.csv").rows == ((2, ["x", "\ufffd"]),)


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert messages(read_sheet(tmp_path / "none.csv")) == [
        "the file cannot be opened: No such file or directory; check its name and rights"
    ]

    def fail(_path: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", fail)
    sheet = read_sheet(tmp_path / "none.csv", "one")
    assert messages(sheet) == ["the file cannot be opened: PermissionError; check its name and rights"]
    assert sheet.name == "one"


@pytest.mark.parametrize("name", ["a.xls", "a.XLSX", "a.xlsm"])
def test_a_csv_under_the_name_of_a_workbook_is_refused(name: str, tmp_path: Path) -> None:
    assert "the name says workbook" in messages(read_sheet(write_csv(tmp_path / name, "name;amount\n")))[0]
    assert read_sheet(write_csv(tmp_path / "a.txt", "name;amount\n")).faults == ()


# A workbook


def test_the_sheet_that_is_asked_for_is_read_or_missed(tmp_path: Path) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\n# two\nname\nx\n# blank\n")
    named = read_sheet(source, "TWO")
    assert (named.name, named.headings, named.rows, named.faults) == ("two", ("name",), ((2, ["x"]),), ())
    assert messages(read_sheet(source, "three")) == [
        "there is no visible sheet `three`; write the headings in row 1 of the sheet"
    ]
    assert messages(read_sheet(source, "blank")) == ["row 1 is empty; write the headings there"]
    empty = write_workbook(tmp_path / "b.xlsx", "# one\n\nx\n")
    assert messages(read_sheet(empty)) == [
        "row 1 of every visible sheet is empty; write the headings in row 1 of the sheet"
    ]
    assert read_sheet(empty).name == ""


def test_a_workbook_tells_its_notes_its_faults_and_its_merged_cells(tmp_path: Path) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;=1+1\n;2;3\n# two\nname\n")
    book = openpyxl.load_workbook(source)
    book["one"].merge_cells("A2:A3")
    book.save(source)
    told = [(fault.line, fault.severity.value, fault.message.split(";")[0][:50]) for fault in read_sheet(source).faults]
    assert told == [
        (None, "warning", "the sheet `two` is left out: this register is one "),
        (2, "error", "column `amount` holds a formula that was never cal"),
        (None, "error", "column C has no heading but holds a value in row 3"),
        (None, "error", "the cells A2:A3 are merged, so that rows share a v"),
    ]
