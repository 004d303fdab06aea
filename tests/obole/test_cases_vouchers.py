"""What the law lets a voucher put on gift accounts: each entered the way it says, in books and register at once.

Sources: CBN/CNC 2010/16 (a right that is certain is a receivable), 2020/10 (bequeathed goods, ex. 3-4 and 14-17),
2018/24 (duo legacy, no netting), KB/AR 29.4.2019 art. 3:171 (deferred income), annex 3 (accounts); receipts: art.
145/33 CIR 92 gives none for a legacy, a fee, a ticket or sponsoring. Every amount is worked out by hand.
"""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from small_books import SETTINGS, Obole, new_books, write_csv, write_donors

CASES = Path(__file__).parent / "cases" / "books"
HEADINGS = ("date", "account", "debit", "credit", "text", "document", "donor")
OPENED = (
    ("Liabilities", "451000", "TVA à payer"),
    ("Assets", "510000", "Titres"),
    ("Assets", "260800", "Plus-value de biens légués"),
    ("Expenses", "644000", "Charges de legs"),
)


@pytest.fixture
def books(tmp_path: Path) -> Obole:
    """Books of 2024 with donors, and the accounts that the examples of the opinions use."""
    obole = Obole(new_books(tmp_path / "books", SETTINGS.replace("first_day = 2025-01-01", "first_day = 2024-01-01")))
    chart = obole.books / "chart.beancount"
    lines = [
        f'2024-01-01 open {root}:{code[:2]}-Ouvert:{code}-Ouvert EUR\n  code: "{code}"\n  label-fr: "{label}"\n'
        for root, code, label in OPENED
        if f'code: "{code}"' not in chart.read_text(encoding="utf-8")
    ]
    chart.write_text(chart.read_text(encoding="utf-8") + "\n" + "\n".join(lines), encoding="utf-8")
    obole.takes_well(write_donors(tmp_path / "donors.csv"))
    return obole


def voucher(folder: Path, *lines: Sequence[str], name: str = "voucher.csv") -> Path:
    """Lines of day, account, cents (debit positive), donor, of one voucher."""
    rows = [
        (day, account, f"{cents / 100:.2f}" if cents > 0 else "", f"{-cents / 100:.2f}" if cents < 0 else "",
         "Écriture", "V-1", *(donor or [""]))
        for day, account, cents, *donor in lines
    ]  # fmt: skip
    return write_csv(folder / name, HEADINGS, rows)


def tie(obole: Obole, year: int) -> dict[str, str]:
    """The lines of the tie-out that are not nil, by code."""
    told = obole("report", "tie-out", "--year", str(year), "--format", "json", "--lang", "en")
    assert told.exit_code == 0, told.output
    return {one["code"]: one["amount"] for one in json.loads(told.output) if one["code"] and one["amount"] != "0.00"}


def assert_tied(obole: Obole, year: int, expected: dict[str, str]) -> None:
    """Every invariant holds, the year is explained as expected, and no receipt follows."""
    checked = obole("check")
    assert checked.exit_code == 0, checked.output
    found = tie(obole, year)
    accounts = Decimal(found.pop("accounts", "0"))
    assert found == expected
    assert accounts == sum(map(Decimal, expected.values()))


GIVEN = (
    ("F10-legacy-house", {"260000": 455_000_00, "489000": -31_850_00, "732000": -423_150_00}, {"legacy": "423150.00"}),
    ("F10b-legacy-receivable", {"416000": 75_000_00, "732000": -75_000_00}, {"legacy": "75000.00"}),
    ("F11-membership-deferral", {"730000": 1_200_00, "493000": -1_200_00}, {"transfer": "-1200.00"}),
    (
        "F12-sponsoring-invoice",
        {"400000": 6_050_00, "743100": -5_000_00, "451000": -1_050_00},
        {"sponsoring": "5000.00"},
    ),
)


def assert_balances(obole: Obole, balances: dict[str, int]) -> None:
    assert {account: obole.balance(account) for account in balances} == balances


@pytest.mark.parametrize(("name", "balances", "explained"), GIVEN, ids=[one[0] for one in GIVEN])
def test_books_given_case(books: Obole, name: str, balances: dict[str, int], explained: dict[str, str]) -> None:
    books.takes_well(CASES / f"{name}.csv")
    assert_balances(books, balances)
    assert_tied(books, 2024, explained)


DAY, NEXT = "2024-12-31", "2025-01-01"
OWN = {
    # KB/AR WVV 3:171 X: income of a later year, here of an evening sold in advance
    "tickets_of_next_year": ((DAY, "743200", 800_00), (DAY, "493000", -800_00)),
    # the same article, the year after: what was put off is income now
    "fees_put_off_come_back": ((DAY, "493000", 1_200_00), (DAY, "730000", -1_200_00)),
    # CBN/CNC 2020/10 ex. 14-17: shares bequeathed, at market value
    "legacy_of_shares": ((DAY, "510000", 30_000_00), (DAY, "732000", -30_000_00)),
    # CBN/CNC 2010/16: a claim is measured again where the estate turns out smaller
    "legacy_receivable_measured_lower": ((DAY, "732000", 5_000_00), (DAY, "416000", -5_000_00)),
    # a credit note of a sponsoring invoice, VAT with it (code TVA/BTW art. 53)
    "credit_note_of_sponsoring": ((DAY, "743100", 500_00), (DAY, "451000", 105_00), (DAY, "400000", -605_00)),
    # CBN/CNC 2018/24: duo legacy, what must be passed on is income and charge, the rest permanent means
    "duo_legacy_gross": (
        (DAY, "550000", 500_000_00), (DAY, "101000", -366_375_00), (DAY, "732000", -133_625_00),
        (DAY, "644000", 133_625_00), (DAY, "489000", -133_625_00),
    ),
    # fees called by invoice: a receivable of a member, who gets no receipt (scwitch.be: consideration)
    "fee_called_from_a_member": ((DAY, "400000", 60_00), (DAY, "730000", -60_00, "D0001")),
    # a fee that was a ticket: from one gift account to another, in one voucher
    "fee_that_was_a_ticket": ((DAY, "730000", 45_00), (DAY, "743200", -45_00)),
    # tickets at the door by card, with VAT, before the processor pays
    "tickets_at_the_door_with_vat": ((DAY, "416100", 1_060_00), (DAY, "743200", -1_000_00), (DAY, "451000", -60_00)),
    # CBN/CNC 2020/10: what was paid for goods (duties) and what they are worth above it stand apart
    "legacy_of_a_car_in_two_parts": (
        (DAY, "260000", 1_500_00), (DAY, "260800", 23_000_00), (DAY, "489000", -1_500_00), (DAY, "732000", -23_000_00),
    ),
    # two heirs' shares of one estate in one voucher, one of a testator who is known
    "two_legacies_in_one_voucher": (
        (DAY, "416000", 9_000_00), (DAY, "732000", -4_000_00, "D0002"), (DAY, "732000", -5_000_00),
    ),
    # what the bank line had put on the account goes out and comes in again: nothing remains
    "in_and_out_of_one_account": ((DAY, "730000", 30_00), (DAY, "730000", -30_00)),
}  # fmt: skip
TIED = {
    "tickets_of_next_year": {"transfer": "-800.00"},
    "fees_put_off_come_back": {"membership": "1200.00"},
    "legacy_of_shares": {"legacy": "30000.00"},
    "legacy_receivable_measured_lower": {"transfer": "-5000.00"},
    "credit_note_of_sponsoring": {"transfer": "-500.00"},
    "duo_legacy_gross": {"legacy": "133625.00"},
    "fee_called_from_a_member": {"membership": "60.00"},
    "fee_that_was_a_ticket": {"ticket": "45.00", "transfer": "-45.00"},
    "tickets_at_the_door_with_vat": {"ticket": "1000.00"},
    "legacy_of_a_car_in_two_parts": {"legacy": "23000.00"},
    "two_legacies_in_one_voucher": {"legacy": "9000.00"},
    "in_and_out_of_one_account": {"membership": "30.00", "transfer": "-30.00"},
}


def sums(lines: Sequence[Sequence[object]]) -> Iterator[tuple[str, int]]:
    for account in {str(line[1]) for line in lines}:
        yield account, sum(int(str(line[2])) for line in lines if line[1] == account)


@pytest.mark.parametrize("name", OWN)
def test_books_own_case(books: Obole, tmp_path: Path, name: str) -> None:
    file = voucher(tmp_path, *OWN[name])
    books.takes_well(file)
    assert_balances(books, dict(sums(OWN[name])))
    assert_tied(books, 2024, TIED[name])
    before = books.state()
    books.takes_well(file)
    assert books.state() == before


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("alone", [True, False], ids=["voucher", "document"])
def test_a_voucher_on_gift_accounts_is_undone_and_comes_again(
    books: Obole, tmp_path: Path, name: str, alone: bool
) -> None:
    other = [(DAY, "400000", 7_00), (DAY, "743000", -7_00)]
    file = voucher(tmp_path, *OWN[name])
    with file.open("a", encoding="utf-8") as out:
        for day, account, cents in other:
            debit, credit = (f"{cents / 100:.2f}", "") if cents > 0 else ("", f"{-cents / 100:.2f}")
            out.write(f"{day};{account};{debit};{credit};Autre;V-2;\n")
    books.takes_well(file)
    document = books.documents()[-1]
    left = {"743000": -7_00} if alone else {}
    assert books("undo", document, *(["--voucher", "V-1"] if alone else [])).exit_code == 0
    others = {account: 0 for account, _cents in sums(OWN[name]) if account != "400000"}
    assert_balances(books, {**others, **left})
    assert_tied(books, 2024, {})
    books.takes_well(file)
    assert_balances(books, dict(sums([*OWN[name], *other])))
    assert_tied(books, 2024, TIED[name])
    assert books("undo", document if alone else books.documents()[-1]).exit_code == 0
    assert books("check").exit_code == 0


def test_a_fee_of_two_years_is_income_of_each(books: Obole, tmp_path: Path) -> None:
    books.takes_well(voucher(tmp_path, ("2024-11-02", "550000", 90_00), ("2024-11-02", "730000", -90_00)))
    books.takes_well(voucher(tmp_path, (DAY, "730000", 60_00), (DAY, "493000", -60_00), name="close.csv"))
    books.takes_well(voucher(tmp_path, (NEXT, "493000", 60_00), (NEXT, "730000", -60_00), name="open.csv"))
    assert_tied(books, 2024, {"membership": "90.00", "transfer": "-60.00"})
    assert_tied(books, 2025, {"membership": "60.00"})
    assert (books.balance("730000"), books.balance("493000")) == (-90_00, 0)


REFUSED = (
    ("money_gives_a_receipt_only_once_paid", "731100", "", "account 731100 is kept by the register of gifts"),
    ("money_of_nobody", "731300", "", "account 731300 is kept by the register of gifts"),
    ("in_kind_needs_proof", "731200", "", "enter a gift in kind in its register"),
    ("suspense", "499000", "", "account 499000 is kept by the list of open lines"),
    ("a_donor_of_a_receivable", "743000", "D0001", "account 743000 takes no gift; leave the donor out"),
    ("a_donor_nobody_knows", "732000", "D9999", "donor D9999 is not in the vault"),
)


@pytest.mark.parametrize(("account", "donor", "told"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_what_a_voucher_may_not_put_there(books: Obole, tmp_path: Path, account: str, donor: str, told: str) -> None:
    said = books.refuses(voucher(tmp_path, (DAY, "416000", 10_00), (DAY, account, -10_00, donor)))
    assert "line 3: " in said
    assert told in " ".join(said.split())


def test_what_is_taken_from_an_account_is_of_no_donor(books: Obole, tmp_path: Path) -> None:
    said = books.refuses(voucher(tmp_path, (DAY, "730000", 10_00, "D0001"), (DAY, "493000", -10_00)))
    assert "takes from account 730000 and from no donor" in said
