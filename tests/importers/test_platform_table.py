"""The table under every report: its bytes, its delimiter, its marks, days and amounts, each in doubt and out of it."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from test_tabular import OLE

from importers.platforms import table
from importers.platforms.table import (
    Hints,
    NotATable,
    Report,
    ReportLine,
    decoded,
    first_record,
    open_report,
    read_records,
)
from ledger.errors import Fault


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


# The bytes


def test_a_file_may_be_as_large_as_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = written(tmp_path / "a.csv", "Id,Jour\n1,2\n")
    monkeypatch.setattr(table, "LIMIT", 12)
    assert read_records(source)[0] == [(1, ["Id", "Jour"]), (2, ["1", "2"])]
    monkeypatch.setattr(table, "LIMIT", 11)
    with pytest.raises(NotATable, match="larger than 0 MB"):
        read_records(source)


def test_the_limit_is_told_in_megabytes(tmp_path: Path):
    with (tmp_path / "a.csv").open("wb") as stream:
        stream.truncate(128 * 1024 * 1024 + 1)
    with pytest.raises(NotATable, match="larger than 128 MB"):
        read_records(tmp_path / "a.csv")


@pytest.mark.parametrize("encoding", ["", "utf-8"])
@pytest.mark.parametrize("before", [1, 2])
def test_headings_are_known_though_the_piece_that_is_read_ends_within_a_letter(
    encoding: str, before: int, tmp_path: Path
):
    start = "Numéro,Jour\n"
    source = written(tmp_path / "a.csv", start + " " * (65_536 - len(start.encode()) - before) + "éé")
    assert first_record(source, Hints(encoding=encoding)) == ["Numéro", "Jour"]


def test_a_table_in_utf_16_that_is_cut_is_read_as_far_as_it_goes():
    assert decoded("aé".encode("utf-16")[:-1]) == "a\ufffd"


def test_the_first_record_of_what_is_no_table_is_empty(tmp_path: Path):
    assert first_record(written(tmp_path / "a.csv", "")) == []
    assert first_record(written(tmp_path / "b.csv", b"a\0b,c\n")) == []
    assert first_record(written(tmp_path / "c.csv", "Id|Jour\n")) == ["Id", "Jour"]
    assert first_record(written(tmp_path / "d.csv", "Id,a;Jour,b;c,d,e\n"), Hints(delimiter=";")) == [
        "Id,a",
        "Jour,b",
        "c,d,e",
    ]


def test_an_old_workbook_is_known_by_its_eight_bytes(tmp_path: Path):
    report = open_report(written(tmp_path / "a.csv", OLE + b"Workbook"))
    assert ["the workbook is damaged" in fault.message for fault in report.faults] == [True]
    assert first_record(tmp_path / "a.csv") == []


def test_a_workbook_is_rows_of_texts(tmp_path: Path):
    book = openpyxl.Workbook()
    page = book.active
    page.append([])
    page.append(["a"])
    page["A1"], page["C1"], page["A3"], page["B3"], page["C3"] = "Id", "Montant", 7, None, 0.1 + 0.2
    book.save(tmp_path / "a.xlsx")
    report = open_report(tmp_path / "a.xlsx")
    assert report.headings == ("Id", "", "Montant")
    assert list(report.lines) == [(2, ["a"]), (3, ["7", "", "0.30"])]
    assert first_record(tmp_path / "a.xlsx") == ["id", "", "montant"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (12.5, "12.50"), (0.1 + 0.2, "0.30"), (-1.005, "-1.005"), (12.345, "12.345"), (1e-9, "1e-09"),
     (7, "7"), ("x", "x"), (date(2025, 3, 14), "2025-03-14")],
)  # fmt: skip
def test_a_number_that_a_spreadsheet_computed_has_its_cents(cell: table.Cell, text: str):
    assert table._written(cell) == text


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("Id;Jour\n1,2,3;4,5,6\n", [["Id", "Jour"], ["1,2,3", "4,5,6"]]),
        ('"Id,a,b";Jour\n1;2\n', [["Id,a,b", "Jour"], ["1", "2"]]),
        ("Id\tJour\n1\t2\n", [["Id", "Jour"], ["1", "2"]]),
        ("Id|Jour\n\n , \n1|\n|2\n", [["Id", "Jour"], [" , "], ["1", ""], ["", "2"]]),
        ("Id\n1\n", [["Id"], ["1"]]),
    ],
)
def test_the_delimiter_is_that_of_the_headings(text: str, records: list[list[str]], tmp_path: Path):
    assert [record for _, record in read_records(written(tmp_path / "a.csv", text))[0]] == records


def test_a_record_stands_on_the_line_on_which_it_ends(tmp_path: Path):
    source = written(tmp_path / "a.csv", 'Id,Jour\n"1\n2",3\n\n4,5\n')
    assert [number for number, _ in read_records(source)[0]] == [1, 3, 5]
    report = open_report(source)
    assert [(line.number, line.cells) for line in report] == [(3, ["1\n2", "3"]), (5, ["4", "5"])]
    with pytest.raises(NotATable, match="line 2: a quotation mark"):
        read_records(written(tmp_path / "b.csv", 'Id,Jour\n"1"x,3\n4,5\n'))


@pytest.mark.parametrize("text", ["", "\n\n", " , \n"])
def test_an_empty_file_has_one_fault(text: str, tmp_path: Path):
    report = open_report(written(tmp_path / "a.csv", text))
    assert (report.headings, list(report.lines)) == ((), [])
    assert ["is empty" in fault.message for fault in report.faults] == [True]
    assert len(report.digest) == 64


# Columns


def line(cells: list[str], *, headings: tuple[str, ...] = ("Un", "Deux"), **index: int) -> ReportLine:
    return ReportLine(Report(headings, [(2, cells)], "", index=index), 2, cells)


def test_a_column_that_is_not_there_is_empty_and_named_as_it_is_known():
    one = line([" a ", "b"], gross=0, fee=1, net=2)
    assert [one.text(name) for name in ("gross", "fee", "net", "other")] == ["a", "b", "", ""]
    assert [one.heading(name) for name in ("gross", "fee", "net", "other")] == ["Un", "Deux", "net", "other"]


def test_of_two_columns_with_one_heading_the_first_counts_and_a_missing_one_is_named_by_its_first_heading():
    report = Report(("Datum", "datum", "Bedrag"), [], "")
    columns = {
        "date": ("Date", "Datum"),
        "amount": ("Montant", "Bedrag"),
        "id": ("ID", "Numéro"),
        "fee": ("Fee", "Frais"),
    }
    assert not report.find(columns, ("date", "id", "fee"))
    assert report.index == {"date": 0, "amount": 2}
    assert [(fault.line, fault.message.split(";")[0]) for fault in report.faults] == [
        (1, "the column `ID` is missing"), (1, "the column `Fee` is missing")
    ]  # fmt: skip
    assert Report(("x", "Date"), [], "").find({"date": ("Date",)}, ("date",))


def test_the_first_of_several_headings_of_a_column_is_preferred():
    report = Report(("amount", "gross"), [], "")
    assert report.find({"gross": ("gross", "amount")}, ("gross",))
    assert report.index == {"gross": 1}


def test_what_is_asked_of_other_columns_decides_nothing():
    """Every other column holds what would leave the file in doubt."""
    doubt = "1.234"
    report = Report(("a", "b", "Montant", "c"), [(2, [doubt, doubt, "12,50", doubt]), (3, [doubt, doubt])], "")
    report.index["gross"] = 2
    assert report.decide(("gross", "fee"), ("paid",))
    assert (report.cents("12,50"), report.cents("1.234")) == (12_50, 1_234_00)
    days = Report(("a", "b", "Jour", "c"), [(2, ["03/04/2025", "03/04/2025", "2025-04-03", "03/04/2025"])], "")
    days.index["paid"] = 2
    assert days.decide((), ("paid", "settled"))


def test_a_fault_that_was_there_before_is_not_one_of_the_decision():
    report = Report(("Montant",), [(2, ["12,50"])], "", faults=[Fault("before")], index={"gross": 0})
    assert report.decide(("gross",))
    assert not Report(("Montant",), [(2, ["1.234"])], "", index={"gross": 0}).decide(("gross",))
    assert not Report(("Jour",), [(2, ["03/04/2025"])], "", index={"paid": 0}).decide((), ("paid",))
    said = Hints(decimal=",", date="mdy")
    hinted = Report(("Montant", "Jour"), [(2, ["1.234", "03/04/2025"])], "", said, index={"gross": 0, "paid": 1})
    assert hinted.decide(("gross",), ("paid",))
    assert (hinted.cents("1.234"), hinted.day("03/04/2025")) == (1_234_00, date(2025, 3, 4))


def test_before_anything_is_decided_a_point_is_the_decimal_mark_and_the_day_comes_first():
    report = Report((), [], "")
    assert (report.cents("1.5"), report.day("03/04/2025")) == (1_50, date(2025, 4, 3))


@pytest.mark.parametrize(
    ("cell", "cents", "sound"), [("", 0, True), ("0", 0, True), ("12.50", 12_50, True), ("x", 0, False)]
)
def test_an_amount_that_is_none_is_a_fault_and_an_empty_one_nothing(cell: str, cents: int, sound: bool):
    one = line([cell], gross=0)
    assert (one.cents("gross"), one.sound, len(one.report.faults)) == (cents, sound, 0 if sound else 1)
    if not sound:
        assert str(one.report.faults[0]).startswith("line 2: `Un` is not an amount")


def test_a_day_that_must_be_there_has_one_fault():
    for cell, words in (("", "`Un` is empty"), ("hier", "`Un` is not a date")):
        one = line([cell], paid=0)
        assert one.day("paid") == date.min
        assert [words in fault.message for fault in one.report.faults] == [True]
        assert not one.sound
    empty = line([""], paid=0)
    assert empty.day_or_none("paid") is None
    assert empty.sound
    bad = line(["hier"], paid=0)
    assert bad.day_or_none("paid") is None
    assert not bad.sound


# The decimal mark, the order of day and month


@pytest.mark.parametrize(
    ("cells", "mark", "fault"),
    [
        ([], ".", None),
        (["12", "", "x"], ".", None),
        (["x", "12", "1,5"], ",", None),
        (["1.50"], ".", None),
        (["1,5"], ",", None),
        ([",5"], ",", None),
        (["1,50 EUR"], ",", None),
        (["12,"], ",", None),
        (["1,2345"], ",", None),
        (["1.234"], ".", "may mean thousands or decimals"),
        (["1,234"], ".", "may mean thousands or decimals"),
        ([".500"], ".", None),
        (["1,234 EUR", "5"], ".", "may mean thousands or decimals"),
        (["1.234", "5,5"], ",", None),
        (["5,5", "1.234"], ",", None),
        (["1.234,567"], ",", None),
        (["1,234.567"], ".", None),
        (["1 234,5"], ",", None),
        (["1.234.567"], ",", None),
        (["1,234,567"], ".", None),
        (["1.23.45"], ",", None),
        (["1.5", "1,5"], None, "use both"),
        (["1.234.567", "1,234,567"], None, "use both"),
    ],
)
def test_the_mark_before_the_decimals_is_found_or_doubted(cells: list[str], mark: str | None, fault: str | None):
    faults: list[Fault] = []
    found = table._decimal_mark(cells, faults)
    assert mark in (None, found)
    assert [fault is not None and fault in one.message for one in faults] == [True] * (fault is not None)


@pytest.mark.parametrize(
    ("cells", "order", "fault"),
    [
        ([], "dmy", None),
        (["2025-03-04", "x"], "dmy", None),
        (["x", "03/13/2025"], "mdy", None),
        (["13/03/2025", "03/04/2025"], "dmy", None),
        (["03/04/2025", "03-13-2025"], "mdy", None),
        (["03.04.2025"], "dmy", None),
        (["05/05/2025"], "dmy", None),
        (["03/04/2025"], "dmy", "may have the day or the month first"),
        (["03/04/2025", "05/05/2025"], "dmy", "may have the day or the month first"),
        (["05/05/2025", "03/04/2025"], "dmy", "may have the day or the month first"),
        (["12/05/2025"], "dmy", "may have the day or the month first"),
        (["05/12/2025"], "dmy", "may have the day or the month first"),
        (["13/12/2025"], "dmy", None),
        (["12/13/2025"], "mdy", None),
        (["13/03/2025", "03/13/2025"], None, "day first in some rows"),
        (["03.04.2025", "03/13/2025"], None, "day first in some rows"),
    ],
)
def test_the_order_of_day_and_month_is_found_or_doubted(cells: list[str], order: str | None, fault: str | None):
    faults: list[Fault] = []
    found = table._order(cells, faults)
    assert order in (None, found)
    assert [fault is not None and fault in one.message for one in faults] == [True] * (fault is not None)


@pytest.mark.parametrize(
    ("cell", "decimal", "cents"),
    [
        ("0", ".", 0),
        ("-0.05", ".", -5),
        ("-.5", ".", -50),
        ("+5", ".", 5_00),
        ("5.", ".", 5_00),
        ("1 234.5", ".", 1_234_50),
        ("1'234'567,5", ",", 1_234_567_50),
        ("12.50", ",", None),
        ("12,345.67", ".", 12_345_67),
        ("1234,567.00", ".", None),
        ("1.2 3", ".", None),
        ("1.2'3", ".", None),
        ("1,2,3", ",", None),
        ("1.2,3", ".", None),
        ("1.234", ",", 1_234_00),
        ("٣", ".", None),
        ("٣.00", ".", None),
        ("²", ".", None),
        ("x", ".", None),
        ("x.50", ".", None),
        ("1x.50", ".", None),
        ("1.5x", ".", None),
        ("1.xx", ".", None),
        ("-", ".", None),
        ("--1", ".", None),
        ("", ".", None),
        ("123456789.01", ".", 123_456_789_01),
        ("9999999999", ".", 999_999_999_900),
        ("10000000000", ".", None),
        ("-9999999999.99", ".", -999_999_999_999),
        ("-10000000000", ".", None),
        ("-10000000000.00", ".", None),
        ("9" * 400, ".", None),
        ("0.001", ".", None),
        ("0.0100", ".", 1),
    ],
)
def test_hundredths_are_read_or_refused(cell: str, decimal: str, cents: int | None):
    assert table._cents(cell, decimal) == cents


@pytest.mark.parametrize(
    ("written_", "order", "day"),
    [
        ("03/04/2025", "dmy", date(2025, 4, 3)),
        ("03/04/2025", "mdy", date(2025, 3, 4)),
        ("3-4-25", "dmy", date(2025, 4, 3)),
        ("03/04/0025", "dmy", None),
        ("03/04-2025", "dmy", None),
        ("2025-03-04 10:60", "dmy", None),
        ("2025-03-04 10:00:60", "dmy", None),
        ("2025-03-04 24:00", "dmy", None),
        ("2025-03-04 23:59:59", "dmy", date(2025, 3, 4)),
        ("2025-03-04 00:00", "dmy", date(2025, 3, 4)),
        (" 2025-03-04 ", "dmy", date(2025, 3, 4)),
        ("31/04/2025", "dmy", None),
    ],
)
def test_a_date_without_a_zone_is_the_day_that_is_written(written_: str, order: str, day: date | None):
    assert table._day(written_, order, "", "") == day


@pytest.mark.parametrize(
    ("written_", "zone", "clock", "day"),
    [
        ("2025-03-04", "UTC", "", 4),  # no hour, nothing to convert
        ("2025-03-04", "UTC", "22:59:59", 4),
        ("2025-03-04", "UTC", "23:00", 5),
        ("2025-03-04", "UTC", "23:00:00", 5),
        ("2025-03-04", "", "23:30:00", 4),
        ("2025-03-04 10:00", "UTC", "23:30:00", 4),  # its own hour counts
        ("2025-03-04T23:30:00Z", "PST", "", 5),  # its own zone counts
        ("04/03/2025 23:30", "UTC", "", 5),
        ("04/03/2025", "EST", "18:00:00", 5),
        ("04/03/2025", "EST", "17:59:59", 4),
        ("2025-03-05 00:30:00 +0200", "", "", 4),
        ("2025-03-04 18:29:59 -0430", "", "", 4),
        ("2025-03-04 18:30:00 -0430", "", "", 5),
    ],
)
def test_a_moment_is_of_the_day_on_which_it_was_in_belgium(written_: str, zone: str, clock: str, day: int):
    assert table._day(written_, "dmy", zone, clock) == date(2025, 3, day)
