"""The register of pledges: what a row becomes, and what is wrong with one that cannot be taken."""

from datetime import date
from pathlib import Path

import pytest
from registers import write_csv, write_workbook

from importers.registers import pledges
from ledger.instalments import PledgeState

HEADINGS = "mandate;donor;iban;holder;signed;amount;months;first_due;last_due;state;resumed"
IBAN = "BE68539007547034"
ROW = {
    "mandate": "MNDT-1",
    "donor": "D0001",
    "iban": "BE68 5390 0754 7034",
    "holder": "E. Exemple",
    "signed": "2024-01-02",
    "amount": "15,00",
    "months": "3",
    "first_due": "2024-02-01",
    "last_due": "",
    "state": "",
    "resumed": "",
}


def read(folder: Path, *rows: dict[str, str]) -> pledges.PledgesFile:
    lines = [";".join((ROW | changes)[name] for name in HEADINGS.split(";")) for changes in rows]
    return pledges.read(write_csv(folder / "pledges.csv", "\n".join([HEADINGS, *lines])))


def test_a_row_becomes_a_pledge(tmp_path: Path):
    (row,) = read(tmp_path, {"last_due": "2026-02-01", "state": "geschorst", "resumed": "2025-05-05"}).rows
    assert row == pledges.PledgeRow(
        "MNDT-1", "D0001", IBAN, "E. Exemple", date(2024, 1, 2), 15_00, 3, date(2024, 2, 1), date(2026, 2, 1),
        PledgeState.SUSPENDED, date(2025, 5, 5), 2,
    )  # fmt: skip
    assert repr(row) == "PledgeRow(MNDT-1, row 2)", "no name and no account is shown by accident"


def test_what_may_be_empty_is_left_to_us(tmp_path: Path):
    (row,) = read(tmp_path, {"iban": ""}).rows
    assert (row.iban, row.last_due, row.state, row.resumed) == ("", None, None, None)


@pytest.mark.parametrize("months", ["1", "3", "6", "12"])
def test_instalments_come_every_month_quarter_half_year_or_year(months: str, tmp_path: Path):
    assert [row.months for row in read(tmp_path, {"months": months}).rows] == [int(months)]


@pytest.mark.parametrize(
    ("changes", "column", "message"),
    [
        ({"months": "2"}, "months", "is not 1, 3, 6 or 12"),
        ({"mandate": "M" * 36}, "mandate", "is not a mandate reference"),
        ({"mandate": "M 1"}, "mandate", "is not a mandate reference"),
        ({"iban": "BE68539007547035"}, "iban", "is not an IBAN"),
        ({"signed": "2024-02-02"}, "first_due", "lies before the mandate was signed"),
        ({"last_due": "2024-01-31"}, "last_due", "lies before the first due date"),
        ({"state": "perhaps"}, "state", ""),
        ({"amount": "0"}, "amount", ""),
        ({"amount": "-1"}, "amount", ""),
        ({"donor": ""}, "donor", ""),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_is_named_with_its_column(changes: dict[str, str], column: str, message: str, tmp_path: Path):
    file = read(tmp_path, {}, {"mandate": "MNDT-2"} | changes)
    assert not file.ok
    assert [row.mandate for row in file.rows] == ["MNDT-1"]
    (fault,) = file.faults
    assert fault.line == 3
    assert column in fault.message
    assert message in fault.message
    assert "Exemple" not in fault.message


def test_days_that_cannot_be_read_are_not_compared(tmp_path: Path):
    file = read(tmp_path, {"signed": "soon", "first_due": "2024-02-01", "last_due": "2024-01-01"})
    assert [fault.message for fault in file.faults if "before" in fault.message] == []
    assert file.faults


@pytest.mark.parametrize("changes", [{"signed": "2024-02-01"}, {"last_due": "2024-02-01"}])
def test_days_may_be_the_same(changes: dict[str, str], tmp_path: Path):
    assert read(tmp_path, changes).ok


def test_a_mandate_stands_once(tmp_path: Path):
    file = read(tmp_path, {}, {"mandate": "MNDT-2"}, {})
    assert [fault.line for fault in file.faults] == [4]
    assert "row 2" in file.faults[0].message
    assert [row.row for row in file.rows] == [2, 3]


def test_the_register_is_told_in_counts(tmp_path: Path):
    file = read(
        tmp_path,
        {"months": "1"},
        {"mandate": "A", "last_due": "2026-01-01", "state": "ended"},
        {"mandate": "B", "iban": "", "state": "active"},
        {"mandate": "C", "months": "1", "state": "suspended"},
    )
    assert pledges.describe(file) == [
        ("pledges", "4"),
        ("every month", "2"),
        ("every 3 months", "2"),
        ("with a last due date", "1"),
        ("without an IBAN", "1"),
        ("suspended or ended", "2"),
    ]


def test_a_register_of_pledges_is_known_by_mandate_and_first_due_date(tmp_path: Path):
    assert pledges.identify(write_csv(tmp_path / "a.csv", HEADINGS + "\n"))
    assert pledges.identify(write_csv(tmp_path / "b.csv", "mandaat;schenker;eerste_vervaldag\n"))
    assert not pledges.identify(write_csv(tmp_path / "c.csv", "mandate;donor;iban\n"))
    assert not pledges.identify(write_csv(tmp_path / "d.csv", "first_due;donor;iban\n"))
    assert pledges.identify(write_workbook(tmp_path / "e.xlsx", HEADINGS))


def test_a_row_that_cannot_be_does_not_hide_the_next(tmp_path: Path):
    file = read(
        tmp_path, {"months": "2"}, {"mandate": "A", "months": "5"}, {"mandate": "B"}, {"mandate": "B"}, {"mandate": "C"}
    )
    assert [fault.line for fault in file.faults] == [2, 3, 5]
    assert [row.mandate for row in file.rows] == ["B", "C"]
