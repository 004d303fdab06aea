"""Statements that came out wrong in November 2026: pages, no numbers, parts of a day, numbers that are days, a zip.

Each case is a file or two as a bank gives them (`cases/statements`), taken in by fresh books; what is right was worked
out by hand from the balances in the files.
"""

from pathlib import Path

import pytest
from camt_writer import Ntry, Stmt, Tx, encode
from small_books import DAY, IBAN, OPENING, Obole, iban, new_books, ogm, write_donors

CASES = Path(__file__).parent / "cases" / "statements"


@pytest.fixture
def bank(tmp_path: Path) -> Obole:
    """Fresh books of the cases' foundation, its nine donors taken in."""
    obole = Obole(new_books(tmp_path / "books", (CASES / "settings.toml").read_text(encoding="utf-8")))
    obole.takes_well(CASES / "donors.csv")
    return obole


def statements(obole: Obole) -> list[tuple[int, int]]:
    """Opening and closing of each statement posted."""
    return obole.rows("SELECT opening, closing FROM document WHERE bank IS NOT NULL ORDER BY id")


def files(*names: str) -> list[Path]:
    return [CASES / name for name in names]


def test_bank_13_pages_given_together_are_one_statement(bank: Obole):
    told = bank.takes_well(*files("13a-page1.xml", "13b-page2.xml")).output
    assert "1 document posted" in told
    assert statements(bank) == [(0, 30_00)]
    assert bank.gifts() == [("D0000001", 10_00), ("D0000002", 20_00)]
    assert bank.checks().exit_code == 0


@pytest.mark.parametrize("order", [("13a-page1.xml", "13b-page2.xml"), ("13b-page2.xml", "13a-page1.xml")])
def test_bank_13_pages_given_one_after_the_other_lead_on(bank: Obole, order: tuple[str, str]):
    for name in order:
        told = bank.takes_well(CASES / name).output
        assert "a gap before it" not in told
        assert "of this statement is not here" in told
    assert sorted(statements(bank)) == [(0, 10_00), (10_00, 30_00)]
    assert sorted(bank.gifts()) == [("D0000001", 10_00), ("D0000002", 20_00)]
    before = bank.state()
    bank.takes_well(*files("13a-page1.xml", "13b-page2.xml"))
    assert bank.state() == before
    assert bank.checks().exit_code == 0


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_bank_16_two_unnumbered_statements_of_a_day_are_both_taken(bank: Obole, together: bool, turned: bool):
    both = files("16a-unnumbered.cod", "16b-second-unnumbered-same-day.cod")
    both = both[::-1] if turned else both
    for group in [both] if together else [[one] for one in both]:
        assert "remark" not in bank.takes_well(*group).output
    assert sorted(statements(bank)) == [(0, 10_00), (10_00, 30_00)]
    assert sorted(bank.gifts()) == [("D0000001", 10_00), ("D0000002", 20_00)]
    assert bank.checks().exit_code == 0


def test_bank_17_a_part_of_a_day_that_is_there_is_known(bank: Obole):
    bank.takes_well(CASES / "17a-whole-day.xml")
    before = bank.state()
    assert "0 documents posted, 1 already there" in bank.takes_well(CASES / "17b-first-part-of-the-day.xml").output
    assert bank.state() == before


def test_bank_17_the_day_after_a_part_of_it_brings_the_rest(bank: Obole):
    bank.takes_well(CASES / "17b-first-part-of-the-day.xml")
    assert "1 of its 3 lines is new" in bank.takes_well(CASES / "17a-whole-day.xml").output
    assert statements(bank) == [(0, 20_00), (20_00, 30_00)]
    assert bank.waiting() == [], "the three are of one donor and alike: no doubt"


def test_bank_19_numbers_that_are_days_leave_none_out(bank: Obole):
    assert "remark" not in bank.takes_well(*files("19a-20250131.xml", "19b-20250203.xml")).output
    assert statements(bank) == [(0, 10_00), (10_00, 20_00)]


def test_bank_20_a_zip_is_opened(bank: Obole):
    assert "1 document posted" in bank.takes_well(CASES / "20-zip-of-camt.zip").output
    assert bank.gifts() == [("D0000001", 10_00)]
    told = bank("inspect", CASES / "20-zip-of-camt.zip").output
    assert "20-zip-of-camt.zip/a.xml: camt.053, good" in told


def test_stores_07_the_gift_of_the_other_donor_is_the_new_one(empty: Obole, tmp_path: Path):
    """The statement of the morning has D0001's 50.00, that of the whole day the newest first: D0002's, then D0001's."""
    empty.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path))

    def entry(donor: int) -> Ntry:
        return Ntry(50_00, DAY, (Tx(50_00, "X", iban(7359999999), ogm=ogm(donor)),))

    for name, entries in (("morning", [entry(1)]), ("whole", [entry(2), entry(1)])):
        path = tmp_path / f"{name}.xml"
        path.write_bytes(encode([Stmt(entries, 1_000_00, account=IBAN, sequence="", day=DAY)]))
        empty.takes_well(path)
    assert empty.given_by() == {"D0001": 50_00, "D0002": 50_00}
    assert empty.checks().exit_code == 0
