"""Appropriations of years that gain nothing or lose, and accounts whose side changes: further identities and signs.

More of the kind of books F07, F09 and F21, on figures that can be added up in one's head. Sources: KB/AR 29.4.2019
(art. 3:2 section 2, art. 3:3, annexes 3, 6 and 7), the equations of the National Bank's models 22.19 (9906 = 9905 +
14P; 14P the (14) of the year before), the checklist of closing (C10, C29, C41, C42), or a public thread.
"""

import pytest
from report_books import totals

from ledger.chart import house
from reports.identities import broken_identities, doubts_of_year
from reports.scheme import SCHEMES, load_scheme
from reports.statements import balance, differences, statement
from reports.totals import Totals

ACCOUNTS = {account.code: account for account in house()}
FULL = ("full", "abbreviated", "micro")
# 2024: gifts of 1,299.75, carried to 14 whole; or a loss of 50.00 carried to 14.
GAIN = {"550000": 1_299_75, "731100": -1_299_75, "692000": 1_299_75, "140000": -1_299_75}
LOSS = {"550000": -50_00, "610000": 50_00, "792000": -50_00, "140000": 50_00}


def appropriation(name: str, books: Totals, year: int = 2025) -> dict[str, int]:
    of = statement("appropriation", load_scheme(name), year, books)
    return {line.code or line.key: line.cents for line in of.every if line.cents}


def on_14(books: Totals, name: str, year: int = 2025) -> int:
    return statement("balance-sheet", load_scheme(name), year, books).line("14").cents


# The year 2025 after the gain; 9906 (profit to be appropriated), 14P and (14) of its appropriation, 14 of its balance.
NIL: dict[str, dict[str, int]] = {
    # frappe/erpnext 41497: where a total is nil the provisional result was not worked out
    "gifts as high as the costs": {"731100": -500_00, "610000": 500_00},
    "nothing but a transfer between two banks": {"551000": 10_00, "550000": -10_00},
    "nothing at all": {},
    # C42: what 790 takes over 692 carries forward
    "gifts as high as the costs, carried on by an entry": {
        "731100": -500_00, "610000": 500_00, "790000": -1_299_75, "692000": 1_299_75,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("what", NIL)
def test_own_case_a_nil_result_carries_the_result_of_before_forward(what: str, name: str):
    books = totals((2024, GAIN), (2025, NIL[what] or {"550000": 0}))
    found = appropriation(name, books)
    assert (found["9906"], found["14P"], found["(14)"]) == (1_299_75, 1_299_75, 1_299_75)
    assert on_14(books, name) == 1_299_75
    assert list(broken_identities(books, 2025)) == []


@pytest.mark.parametrize("name", FULL)
def test_own_case_a_nil_result_carries_a_loss_of_before_forward(name: str):
    """erp-mafia/accounted 735: the result of the year before stood under the wrong name in the year after."""
    books = totals((2024, LOSS), (2025, {"731100": -500_00, "610000": 500_00}))
    found = appropriation(name, books)
    assert (found["9906"], found["14P"], found["(14)"]) == (-50_00, -50_00, -50_00)
    assert on_14(books, name) == -50_00


def test_own_case_a_first_year_of_nil_has_nothing_to_appropriate():
    """C10: nothing was carried forward to it."""
    books = totals((2025, {"731100": -500_00, "610000": 500_00}))
    assert [appropriation(name, books) for name in SCHEMES] == [{}] * len(SCHEMES)


def test_own_case_a_result_that_nobody_appropriated_is_not_carried_by_itself():
    """C42 is a proposal before the board decides: nothing is taken over as long as a result stands open."""
    books = totals((2024, GAIN), (2025, {"550000": 80_00, "731100": -80_00}))
    assert "14P" not in appropriation("full", books)
    assert list(broken_identities(books, 2025)) == []


@pytest.mark.parametrize("name", FULL)
def test_own_case_a_loss_greater_than_what_was_carried_forward(name: str):
    """ledgersmb/LedgerSMB 1460: the year after begins with what is left, here a loss of 700.25."""
    year = {"550000": -2_000_00, "610000": 2_000_00, "790000": -1_299_75, "792000": -700_25, "140000": 2_000_00}
    books = totals((2024, GAIN), (2025, year), (2026, {"550000": 0}))
    found = appropriation(name, books)
    assert (found["9906"], found["14P"], found["(14)"]) == (-700_25, 1_299_75, -700_25)
    assert on_14(books, name) == -700_25
    assert list(broken_identities(books, 2025)) == []
    assert (appropriation(name, books, 2026)["14P"], on_14(books, name, 2026)) == (-700_25, -700_25)
    assert doubts_of_year(books, ACCOUNTS, 2025, "en") == []  # 14 may be a loss: type am2


def test_own_case_a_loss_met_from_a_fund():
    """CBN 2011/7: 791 takes from a fund what the year lacks; nothing is left to carry forward."""
    before = GAIN | {"130000": -5_000_00, "550000": 6_299_75}
    year = {"550000": -2_000_00, "610000": 2_000_00, "790000": -1_299_75, "791000": -700_25, "130000": 700_25}
    books = totals((2024, before), (2025, year | {"140000": 1_299_75}))
    found = appropriation("full", books)
    assert (found["9906"], found["14P"], found["791"]) == (-700_25, 1_299_75, 700_25)
    assert "(14)" not in found
    assert on_14(books, "full") == 0
    assert list(broken_identities(books, 2025)) == []


def test_own_case_a_loss_taken_over_with_the_wrong_sign_is_named():
    """C41: 690 takes a loss over, 790 a gain; the other one doubles it."""
    year = {"550000": 80_00, "731100": -80_00, "790000": -50_00, "692000": 130_00, "140000": -80_00}
    found = list(broken_identities(totals((2024, LOSS), (2025, year)), 2025))
    assert any("(790, 690) is 50.00 EUR, account 14 of the year before -50.00 EUR" in one for one in found)


# An account whose side is another in each year: in each column it stands in the rubric of its side then.
TURNED = (
    ("440000", -100_00, 130_00, "440/4", "40"),  # paid twice (frappe/erpnext 37107, an advance shown below zero)
    ("400000", 45_00, -90_00, "40", "440/4"),  # a customer who pays in advance
    ("551000", 10_00, -30_00, "54/58", "430/8"),  # a bank overdrawn at the end of the second year
    ("411", 20_00, -60_00, "41", "48"),
    ("451", -20_00, 60_00, "450/3", "41"),
    ("454000", -70_00, 75_00, "454/9", "41"),
    ("489000", -70_00, 75_00, "48", "41"),
)


@pytest.mark.parametrize(("code", "first", "moved", "key", "then"), TURNED)
def test_own_case_each_column_has_its_own_side(code: str, first: int, moved: int, key: str, then: str):
    """Art. 3:3: the amounts of the year before stand beside those of the year, as they stood."""
    books = totals((2024, {code: first, "100000": -first}), (2025, {code: moved, "100000": -moved}))
    of = statement("balance-sheet", load_scheme("full"), 2025, books)
    assert of.line(key).previous == abs(first)
    assert of.line(then).cents == abs(first + moved)
    before, now = of.line(then).previous, of.line(key).cents
    assert (before, now) == (0, 0)
    assert balance(of)[0].difference == 0
    assert doubts_of_year(books, ACCOUNTS, 2025, "en") == []


def test_own_case_two_overdrawn_banks_and_one_that_is_not_are_not_netted():
    """Art. 3:2 section 2: no compensation between assets and liabilities; mixerp 246, odoo 14523."""
    books = totals((2025, {"550000": 100_00, "551000": -30_00, "433": -5_00, "100000": -65_00}))
    of = statement("balance-sheet", load_scheme("full"), 2025, books)
    assert (of.line("54/58").cents, of.line("430/8").cents) == (100_00, 35_00)


def test_own_case_what_rounding_leaves_is_named_and_not_plugged():
    """Three figures of 0.40 print 0 each, their sum of 1.20 prints 1; the published accounts of the facts have both."""
    books = totals((2025, {"400000": 40, "550000": 40, "490000": 40, "100000": -1_20}))
    of = statement("balance-sheet", load_scheme("full"), 2025, books)
    assert [of.line(key).euros for key in ("40", "54/58", "490/1", "20/58", "10/49")] == [0, 0, 0, 1, 1]
    assert [(one.printed, one.added) for one in differences(of) if one.key == "29/58"] == [(1, 0)]
