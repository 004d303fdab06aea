"""Amounts on their wrong side go to the rubric of their other side; what the law allows nowhere is named; (14) = 14."""

import pytest
from report_books import totals

from ledger.chart import house
from reports.identities import broken_identities, doubts, doubts_of_year
from reports.scheme import SCHEMES, Sign, What, load_scheme
from reports.statements import balance, statement
from reports.totals import Totals

ACCOUNTS = {account.code: account for account in house()}


def sheet(name: str, **moved: int) -> dict[str, int]:
    """The amounts of a balance sheet whose accounts (`a452000=...`) are balanced by the fund."""
    books = {code.removeprefix("a"): cents for code, cents in moved.items()}
    of = statement("balance-sheet", load_scheme(name), 2025, totals((2025, books | {"100000": -sum(books.values())})))
    assert balance(of)[0].difference == 0
    return {line.key: line.cents for line in of.every}


@pytest.mark.parametrize("name", SCHEMES)
def test_what_is_owed_by_the_tax_office_is_a_receivable(name: str):
    """452 D 1,000, 416 C 900,000, 453 D 899,000 gave 41 = -654,314 (beside 245,686 D): nothing is netted (art. 3:2)."""
    of = sheet(name, a416000=245_686_00 - 900_000_00, a452000=1_000_00, a453000=899_000_00)
    assert (of["41"], of["48"], of["450/3"]) == (900_000_00, 654_314_00, 0)


# Account, balance, the line of the full scheme, its amount there. KB/AR WVV 29.4.2019 art. 3:2 section 2 and annex 3,
# notes 15, 21, 24; the types am1 of the National Bank's model 22.19.
OTHER_SIDES = (
    ("400000", -45_00, "440/4", 45_00),  # a customer's advance, note 15
    ("404", -45_00, "440/4", 45_00),
    ("440000", 30_00, "40", 30_00),  # a supplier who owes a credit note, note 21
    ("444000", 30_00, "40", 30_00),
    ("46", 30_00, "40", 30_00),
    ("416000", -60_00, "48", 60_00),
    ("413000", -700_00, "48", 700_00),  # a grant to be paid back
    ("452000", 500_00, "41", 500_00),  # tax paid in excess
    ("454000", 70_00, "41", 70_00),  # social security paid in excess
    ("455000", 70_00, "41", 70_00),  # an advance on wages
    ("489000", 70_00, "41", 70_00),
    ("420", 70_00, "41", 70_00),
    ("551000", -10_000_00, "430/8", 10_000_00),  # an overdrawn bank, note 24
    ("433", 80_00, "54/58", 80_00),
    ("439", 80_00, "41", 80_00),
    ("490000", -20_00, "492/3", 20_00),
    ("491000", -20_00, "492/3", 20_00),
    ("492000", 20_00, "490/1", 20_00),
    ("493000", 200_00, "490/1", 200_00),
)


@pytest.mark.parametrize(("code", "cents", "key", "shown"), OTHER_SIDES)
def test_an_account_on_its_other_side_goes_to_the_rubric_of_that_side(code: str, cents: int, key: str, shown: int):
    for name in ("full", "abbreviated", "micro"):
        of = sheet(name, **{f"a{code}": cents})
        assert of[key] == shown
        others = {"40", "41", "42", "430/8", "440/4", "450/3", "48", "54/58"} - {key}
        assert all(of[line] == 0 for line in others)


@pytest.mark.parametrize("code", ["409", "419"])
def test_an_amount_written_off_stays_with_what_it_is_written_off(code: str):
    of = sheet("full", a400000=100_00, a416000=100_00, **{f"a{code}": -30_00})
    assert of["40"] + of["41"] == 170_00
    assert of["440/4"] == of["48"] == 0


BOOKS_F09 = {
    "440001": -100_00, "440002": 30_00, "400001": -45_00, "452000": 500_00, "416000": -60_00, "489000": 70_00,
    "570000": -80_00, "550000": 10_185_00, "551000": -10_000_00, "413000": -700_00, "493000": 200_00,
}  # fmt: skip


def test_books_f09_what_may_be_on_no_side_is_named():
    books = totals((2025, BOOKS_F09))
    assert sum(BOOKS_F09.values()) == 0
    assert doubts_of_year(books, ACCOUNTS, 2025, "fr") == ["570000 Caisse: -80.00"]
    of = statement("balance-sheet", load_scheme("full"), 2025, books)
    assert doubts(of, books, ACCOUNTS, "en") == "On a side that the law does not allow: 570000 Cash in hand: -80.00."
    assert doubts(of, books, ACCOUNTS, "fr").startswith("D’un côté que la loi n’admet pas")


# An account and a balance that no rubric takes on that side: the rubric is named as it is printed, with its amount.
NOWHERE = (
    ("530000", -5_00, "530000 Dépôts à terme: -5.00"),
    ("570000", -5_00, "570000 Caisse: -5.00"),
    ("130000", 5_00, "13 "),
    ("15", 5_00, "15 "),
    ("163", 5_00, "163 "),
    ("174000", 5_00, "174"),
    ("240000", -5_00, "24 "),
    ("300", -5_00, "30/3"),
    ("743000", 5_00, "74 "),
    ("610000", -5_00, "61 "),
)


@pytest.mark.parametrize(("code", "cents", "named"), NOWHERE)
def test_what_the_law_allows_nowhere_is_named(code: str, cents: int, named: str):
    books = totals((2025, {code: cents, "100000": -cents}))
    found = doubts_of_year(books, ACCOUNTS, 2025, "fr")
    assert any(one.startswith(named) for one in found), found


# Rubrics of type am2: reserves of the year, gifts taken back, wages, provisions written back, exceptional results.
@pytest.mark.parametrize("code", ["100000", "140000", "731100", "620000", "635", "651", "660"])
def test_what_may_have_either_sign_is_not_named(code: str):
    for cents in (5_00, -5_00):
        books = totals((2025, {code: cents, "550000": 100_00, "101000": -100_00 - cents}))
        assert doubts_of_year(books, ACCOUNTS, 2025, "en") == []


def test_the_signs_are_those_of_the_national_bank():
    """am2 on 14, 62, 631/4, 635/9, 65, 66A, 66B, 73 (metrics of the models m04, m05, m08, 22.19)."""
    for name in ("full", "abbreviated", "micro"):
        scheme = load_scheme(name).statements
        lines = [*scheme[What.BALANCE_SHEET].lines, *scheme[What.INCOME_STATEMENT].lines]
        free = {line.code for line in lines if line.sign is Sign.FREE}
        assert {"10", "14", "62", "631/4", "635/9", "65", "66A", "66B", "73"} <= free
        assert not {"12", "13", "15", "41", "45", "48", "54/58", "60/61", "64", "74", "75"} & free
        assert {line.code for line in lines if line.sign is Sign.NEGATIVE} == {"649"}


def two_years(**of_2025: int) -> Totals:
    """2024 closed with 1,299.75 on 14; 2025 lost 300.00."""
    first = {"550000": 1_299_75, "731100": -1_299_75, "692000": 1_299_75, "140000": -1_299_75}
    lost = {"550000": -300_00, "610000": 300_00}
    return totals((2024, first), (2025, lost | {code.removeprefix("a"): cents for code, cents in of_2025.items()}))


def test_books_f07_an_appropriation_that_forgets_what_was_carried_forward():
    books = two_years(a140000=300_00, a792000=-300_00)
    assert list(broken_identities(books, 2024)) == []
    first, second = broken_identities(books, 2025)
    assert "(14) of the appropriation is -300.00 EUR, account 14 of the balance sheet 999.75 EUR" in first
    assert "14P of the appropriation (790, 690) is 0.00 EUR, account 14 of the year before 1299.75 EUR" in second


def test_an_appropriation_that_takes_over_what_was_carried_forward_agrees():
    books = two_years(a790000=-1_299_75, a692000=999_75, a140000=300_00)
    assert list(broken_identities(books, 2025)) == []


def test_a_cent_is_a_difference():
    carried, taken = broken_identities(two_years(a790000=-1_299_74, a692000=999_74, a140000=300_00), 2025)
    assert "999.74" in carried
    assert "1299.74" in taken


def test_a_loss_is_taken_over_by_690():
    first = {"550000": -50_00, "610000": 50_00, "792000": -50_00, "140000": 50_00}
    second = {"550000": 80_00, "731100": -80_00, "690000": 50_00, "692000": 30_00, "140000": -80_00}
    assert list(broken_identities(totals((2024, first), (2025, second)), 2025)) == []


def test_funds_are_part_of_the_appropriation():
    moved = {"550000": 80_00, "731100": -80_00, "691000": 20_00, "130000": -20_00, "692000": 60_00, "140000": -60_00}
    assert list(broken_identities(totals((2025, moved)), 2025)) == []


def test_a_year_not_yet_appropriated_says_nothing():
    assert list(broken_identities(two_years(), 2025)) == []
    assert list(broken_identities(two_years(), 2026)) == []
