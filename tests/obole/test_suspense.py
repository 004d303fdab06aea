"""The suspense list: who may be meant, and the sheet that is filled in and taken back."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from small_books import STATEMENT, Obole, Statement, iban

from obole.demo.coda_writer import CodaLine

FIRST = STATEMENT.document
STRANGER = iban(7357777777)
WAITING = Statement(
    74,
    1_247_50,
    [
        CodaLine(25_00, "00150000", "=1+1 MERCI", name="VAN DEN BERG JAN", iban=STRANGER),
        CodaLine(-9_00, "00101000", "QUI SAIT", name="ZOE DUPONT"),
        CodaLine(12_00, "00150000", "@RUE A BRUXELLES", name="DUPOND ZOE"),
    ],
    date(2025, 3, 17),
)


@pytest.fixture
def waiting(small: Obole, tmp_path: Path) -> Obole:
    """Four open lines: 70.00 of nobody known, 25.00 and 12.00 of somebody like a donor, 9.00 that left."""
    small.takes_well(WAITING.write(tmp_path))
    return small


def sheet_of(path: Path) -> list[dict[str, object]]:
    headings, *rows = openpyxl.load_workbook(path).active.values
    return [dict(zip(headings, row, strict=True)) for row in rows]


def fill_in(path: Path, *decisions: dict[str, object]) -> Path:
    """What a person does in a spreadsheet: donor, account or date in the rows of their choice."""
    book = openpyxl.load_workbook(path)
    sheet = book.active
    columns = {cell.value: cell.column for cell in sheet[1]}
    for number, decision in enumerate(decisions, start=2):
        for name, value in decision.items():
            sheet.cell(number, columns[name], value)
    book.save(path)
    return path


def test_the_list_shows_each_open_line_with_the_donors_it_may_be(waiting: Obole):
    said = waiting("suspense").output
    assert said.startswith("4 lines wait on the suspense account, 98.00 EUR in all:")
    line = next(line for line in said.splitlines() if "coda-current-2025-074 1" in line)
    assert "D0002 100 %" in line
    assert "25.00 EUR" in line


def test_a_payment_has_no_proposal(waiting: Obole):
    line = next(line for line in waiting("suspense").output.splitlines() if "coda-current-2025-074 2" in line)
    assert "D0001" not in line


def test_nothing_waiting_is_said(empty: Obole):
    assert "Nothing is open." in empty("suspense").output


def test_the_sheet_holds_what_a_person_needs_to_decide(waiting: Obole, tmp_path: Path):
    told = waiting("suspense", "-o", tmp_path / "open.xlsx", "--lang", "en")
    assert "open.xlsx: 4 open lines" in told.output
    rows = sheet_of(tmp_path / "open.xlsx")
    assert [(row["document"], row["position"]) for row in rows] == [
        (FIRST, 7),
        *((WAITING.document, position) for position in (1, 2, 3)),
    ]
    assert [row["(amount)"] for row in rows] == [70, 25, -9, 12]
    assert rows[1]["(proposal)"] == "D0002"
    assert rows[1]["donor"] is None, "a proposal is never accepted by itself"


def test_what_strangers_wrote_is_no_formula_in_the_sheet(waiting: Obole, tmp_path: Path):
    waiting("suspense", "-o", tmp_path / "open.xlsx", "--lang", "en")
    rows = sheet_of(tmp_path / "open.xlsx")
    assert rows[1]["(communication)"] == "'=1+1 MERCI"
    waiting("suspense", "-o", tmp_path / "open.csv", "--lang", "en")
    with (tmp_path / "open.csv").open(encoding="utf-8-sig", newline="") as lines:
        found = list(csv.DictReader(lines, delimiter=";"))
    assert found[3]["(communication)"] == "'@RUE A BRUXELLES"
    assert Decimal(found[2]["(amount)"].removeprefix("'")) == Decimal("-9.00")


def test_the_sheet_filled_in_is_taken_back_and_what_is_undecided_waits_on(waiting: Obole, tmp_path: Path):
    path = tmp_path / "open.xlsx"
    waiting("suspense", "-o", path, "--lang", "en")
    fill_in(path, {}, {"donor": "D0002", "date": date(2025, 4, 2)}, {"account": "616000", "date": "2025-04-02"})
    result = waiting.takes_well(path)
    assert "2 lines wait on the suspense account" in result.output
    assert waiting.gifts()[-1] == ("D0002", 25_00)
    assert waiting.balance("616000") == 9_00
    assert waiting.balance("499000") == -82_00
    assert waiting.checks().exit_code == 0
    waiting("suspense", "-o", path, "--lang", "en")
    assert [row["position"] for row in sheet_of(path)] == [7, 3]


def test_the_sheet_may_be_taken_back_twice(waiting: Obole, tmp_path: Path):
    path = tmp_path / "open.xlsx"
    waiting("suspense", "-o", path, "--lang", "en")
    fill_in(path, {"donor": "D0004", "date": date(2025, 4, 2)})
    waiting.takes_well(path)
    before = waiting.state()
    waiting.takes_well(path)
    fill_in(path, {"donor": "D0004", "date": date(2025, 4, 2)}, {"donor": "D0002", "date": date(2025, 4, 3)})
    assert waiting.state() == before
    waiting.takes_well(path)
    assert [donor for donor, _ in waiting.gifts()[-2:]] == ["D0004", "D0002"]


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ({"date": date(2025, 4, 2)}, "column `donor` and the account are both empty"),
        ({"donor": "Dupont", "date": date(2025, 4, 2)}, "column `donor` is not a donor key"),
    ],
)
def test_half_a_decision_is_refused_with_its_row(waiting: Obole, tmp_path: Path, decision: dict, said: str):
    path = tmp_path / "open.xlsx"
    waiting("suspense", "-o", path, "--lang", "en")
    fill_in(path, {}, decision)
    told = waiting.refuses(path)
    assert "line 3: " in told
    assert said in told


def test_a_row_without_a_date_is_not_decided_and_said_so(waiting: Obole, tmp_path: Path):
    path = tmp_path / "open.xlsx"
    waiting("suspense", "-o", path, "--lang", "en")
    fill_in(path, {"donor": "D0004", "date": date(2025, 4, 2)}, {"donor": "D0002"})
    told = waiting.takes_well(path).output
    assert "for want of a date: 1 row that is filled in (3)" in told
    assert [donor for donor, _ in waiting.gifts()[-1:]] == ["D0004"]


def test_a_sheet_where_nothing_is_decided_says_so(waiting: Obole, tmp_path: Path):
    waiting("suspense", "-o", tmp_path / "open.xlsx", "--lang", "en")
    assert "no row has a date" in waiting.refuses(tmp_path / "open.xlsx")


def test_the_list_is_written_as_a_sheet_only(waiting: Obole, tmp_path: Path):
    result = waiting("suspense", "-o", tmp_path / "open.pdf", "--lang", "en")
    assert result.exit_code == 2
    assert ".xlsx or .csv" in result.output
