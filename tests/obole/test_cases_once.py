"""The same euro by every road: it is on one valid receipt, whichever way it came a second time.

More of the kind of receipts 09, 18 and 21. Small books with two years: what was given over New Year may count for
either, and comes again by another file, under another policy, for another donor, while the first receipt is valid.
"""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from small_books import DONORS, OPENING, SETTINGS, Line, Obole, Statement, iban, new_books, ogm, write_csv, write_donors

LAST, NEXT = date(2025, 12, 31), date(2026, 1, 2)
BOOKED = '\n[receipts]\ngift_date_policy = "booked"\n'
SOURCES = """
[platforms.pay]
account = "416100"
fee_account = "616100"
[sources.pay]
[sources.pay.columns]
reference = "Ref"
paid = "Date"
gross = "Amount"
[sources.list]
already_in = "pay"
[sources.list.columns]
reference = "Id"
payment = "Charge"
paid = "Gift date"
gross = "Gift"
donor = "Key"
"""
EXPORT = ("Id", "Charge", "Gift date", "Gift", "Key")


def gave(cents: int, donor: int, value: date) -> Line:
    return Line(cents, "00150000", ogm(donor), structured="101", name="X", iban=iban(7359999999), value=value)


# 2 January 2026: 70.00 of D0001 with the value of 31 December, 50.00 of D0006 with that of the day.
OVER = Statement(1, 1_060_00, (gave(70_00, 1, LAST), gave(50_00, 6, NEXT)), NEXT)


@pytest.fixture(scope="module", name="begun")
def _begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60.00 of D0002 in 2025, and what came over New Year; nothing issued."""
    folder = tmp_path_factory.mktemp("once")
    obole = Obole(new_books(folder / "books", SETTINGS + SOURCES))
    obole.takes_well(write_donors(folder / "donors.csv"), OPENING.write(folder))
    obole.takes_well(Statement(250, 1_000_00, (gave(60_00, 2, date(2025, 12, 30)),), date(2025, 12, 30)).write(folder))
    obole.takes_well(OVER.write(folder))
    return obole.books


@pytest.fixture(autouse=True)
def _in_february(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day on which receipts of 2026 are issued: one is not dated far ahead."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1802260800")  # 10.2.2027


@pytest.fixture
def free(begun: Path, tmp_path: Path) -> Obole:
    shutil.copytree(begun, tmp_path / "books")
    return Obole(tmp_path / "books")


@pytest.fixture
def certified(free: Obole) -> Obole:
    """The receipts of 2025 issued: 1 of D0001 for the 70.00 of 31 December, 2 of D0002."""
    issue(free, 2025)
    assert holders(free, 2025) == {"D0001": 70_00, "D0002": 60_00}
    return free


def issue(obole: Obole, year: int) -> str:
    told = obole("receipts", "issue", "--year", str(year), "--date", f"{year + 1}-02-10")
    assert told.exit_code == 0, told.output
    return told.output


def holders(obole: Obole, year: int) -> dict[str, int]:
    return {row.donor: row.cents for row in obole.receipts(year) if row.state == "issued"}


def policy(obole: Obole, text: str) -> None:
    path = obole.books / "obole.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(BOOKED, "") + text, encoding="utf-8")


def again(obole: Obole, folder: Path, *entries: tuple[int, int, date]) -> None:
    """Undo the statement over New Year and take the same account in from another file: cents, donor, value date."""
    there = [name for name in obole.documents() if name.startswith(OVER.document)][-1]
    assert obole("undo", there).exit_code == 0
    lines = [gave(cents, donor, value) for cents, donor, value in entries]
    obole.takes_well(replace(OVER, parts=lines, name="other.cod").write(folder))


WAITS = "D0001: a receipt of 70.00 EUR waits, because its gifts are on receipt 2025/000001"


def test_own_case_another_policy_moves_no_gift_to_a_second_receipt(certified: Obole, tmp_path: Path):
    """Receipt life G3, I1: the year follows the policy of the issued year, though it comes again under another."""
    policy(certified, BOOKED)
    assert certified("undo", OVER.document).exit_code == 0
    certified.takes_well(OVER.write(tmp_path))
    assert WAITS in certified("receipts", "preview", "--year", "2026", "--lang", "en").output
    assert WAITS in issue(certified, 2026)
    assert holders(certified, 2026) == {"D0006": 50_00}
    certified.change("UPDATE receipt SET state = 'withdrawn' WHERE year = 2025 AND number = 1")
    issue(certified, 2026)
    assert holders(certified, 2026) == {"D0006": 50_00, "D0001": 70_00}


def test_own_case_another_file_with_another_value_date_moves_none_either(certified: Obole, tmp_path: Path):
    """Correction case J03, over New Year: the bank's other file has the value of 2 January, not of 31 December."""
    again(certified, tmp_path, (70_00, 1, NEXT), (50_00, 6, NEXT))
    assert WAITS in issue(certified, 2026)
    assert holders(certified, 2026) == {"D0006": 50_00}
    said = certified("receipts", "status", "--year", "2025", "--lang", "en").output
    assert "receipt 2025/000001 of D0001: issued for 70.00 EUR, its gifts are now 0.00 EUR" in said


def test_own_case_nor_to_a_second_receipt_of_another_donor(certified: Obole, tmp_path: Path):
    """Correction case J05, over New Year: what comes again is another's."""
    again(certified, tmp_path, (70_00, 5, NEXT), (50_00, 6, NEXT))
    assert "D0005: a receipt of 70.00 EUR waits, because its gifts are on receipt 2025/000001" in issue(certified, 2026)
    assert holders(certified, 2026) == {"D0006": 50_00}


def test_own_case_nor_back_to_the_year_before(free: Obole, tmp_path: Path):
    """The same the other way: certified for 2026 as booked, it would count for 2025 when it comes again."""
    policy(free, BOOKED)
    assert free("undo", OVER.document).exit_code == 0
    free.takes_well(OVER.write(tmp_path))
    issue(free, 2026)
    assert holders(free, 2026) == {"D0001": 70_00, "D0006": 50_00}
    policy(free, "")
    again(free, tmp_path, (70_00, 1, LAST), (50_00, 6, NEXT))
    assert "waits, because its gifts are on receipt 2026/000001" in issue(free, 2025)
    assert holders(free, 2025) == {"D0002": 60_00}


def test_own_case_what_comes_again_in_its_own_year_holds_nobody_back(certified: Obole, tmp_path: Path):
    """Correction case J01: the same money on the same receipt; an equal gift of another, of 2026, is due."""
    again(certified, tmp_path, (70_00, 1, LAST), (70_00, 5, NEXT), (50_00, 6, NEXT))
    assert "waits" not in issue(certified, 2026)
    assert holders(certified, 2026) == {"D0005": 70_00, "D0006": 50_00}
    assert "to be withdrawn" not in certified("receipts", "status", "--year", "2025", "--lang", "en").output


def test_own_case_the_one_who_holds_the_receipt_waits_and_not_who_gave_as_much(certified: Obole, tmp_path: Path):
    """openpetra 448: two equal gifts of a day are two; the receipt of 2025 claims one of them."""
    again(certified, tmp_path, (70_00, 5, NEXT), (70_00, 1, NEXT), (50_00, 6, NEXT))
    assert WAITS in issue(certified, 2026)
    assert holders(certified, 2026) == {"D0005": 70_00, "D0006": 50_00}


def test_own_case_two_keys_made_two_again_after_the_receipt_of_both(free: Obole, tmp_path: Path):
    """Correction case G06, undone: what the other key gave is on the receipt of the first."""
    twin = ("D0007", "natural", "DUPONT", "Zoe", "Rue A 1", "1000", "Bruxelles", "fr", "", "", ogm(7), "", "")
    free.takes_well(write_donors(tmp_path / "donors.csv", (*DONORS, twin)))
    spring = Statement(100, 1_000_00, (gave(60_00, 7, date(2025, 3, 3)),), date(2025, 3, 3), "gifts")
    free.takes_well(spring.write(tmp_path))
    assert free("donors", "merge", "D0001", "D0007").exit_code == 0
    issue(free, 2025)
    assert holders(free, 2025) == {"D0001": 130_00, "D0002": 60_00}
    told = free("donors", "merge", "D0001", "D0007", "--undo")
    assert "receipts 2025/000001 were issued to D0001 with gifts of D0007" in told.output
    assert told.exit_code == 1
    assert "0 receipts of 2025 are due" in free("receipts", "preview", "--year", "2025", "--lang", "en").output


def test_own_case_issued_twice_by_a_double_click_is_issued_once(certified: Obole):
    """jake-mw/CDNTaxReceipts 58: a receipt issued once was recorded twice, neither as a duplicate."""
    before = certified.state()
    told = certified("receipts", "issue", "--year", "2025", "--date", "2026-02-10")
    assert (told.exit_code, "no receipt of 2025 is due that was not issued before" in told.output) == (1, True)
    assert certified.state() == before


def test_own_case_an_export_that_names_another_donor_since(free: Obole, tmp_path: Path):
    """fecgov/openFEC 1141: the same money told by two who handed it on; the platform's row is the one gift."""
    free.takes_well(write_csv(tmp_path / "pay.csv", ("Ref", "Date", "Amount"), [("ch1", "2025-06-15", "90.00")]))
    free.takes_well(write_csv(tmp_path / "crm.csv", EXPORT, [("a1", "ch1", "2025-06-15", "90.00", "D0003")]))
    before = free.given_by()
    assert before["D0003"] == 90_00
    issue(free, 2025)
    told = free.takes(write_csv(tmp_path / "crm2.csv", EXPORT, [("a9", "ch1", "2025-06-15", "90.00", "D0005")]))
    assert "its gift stands with D0003 and not with D0005; decide whose it is" in told.output
    assert free.given_by() == before
    assert "0 receipts of 2025 are due" in free("receipts", "preview", "--year", "2025", "--lang", "en").output
