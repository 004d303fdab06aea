"""Amounts in another currency, fractions of a cent, and the same voucher a day apart (cases books/F13, F22, F18).

Sources: Beancount's own rules of prices and costs (`@`, `@@`, `{}`, `{{}}`); KB/AR 21.10.2018, art. 4 (books in euro);
WER art. III.86 (each entry refers to its voucher) and III.88 (a mistyped day is corrected, not entered once more).
"""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from small_books import Journal, Obole

DOLLARS = "Assets:55-Etablissements-de-credit:552000-Banque-en-dollars"
BANK = "Assets:55-Etablissements-de-credit:550000-Banque-compte-courant"
FEES = "Expenses:61-Services-et-biens-divers:616000-Honoraires"
OPEN = f"""
2025-01-01 open {DOLLARS}
  code: "552000"
  label-fr: "Banque en dollars"
"""


def by_hand(obole: Obole, text: str) -> None:
    chart = obole.books / "chart.beancount"
    chart.write_text(chart.read_text(encoding="utf-8") + OPEN, encoding="utf-8")
    (obole.books / "manual" / "2025.beancount").write_text(text, encoding="utf-8")


def closing(obole: Obole, code: str) -> Decimal:
    told = obole("report", "trial-balance", "--year", "2025", "--format", "csv")
    assert told.exit_code == 0, told.output
    [row] = [row for row in csv.DictReader(io.StringIO(told.output)) if row["code"] == code]
    return Decimal(row["closing"])


# Given


def test_books_f13_an_exchange_at_a_total_price_balances(empty: Obole):
    by_hand(
        empty,
        f'2025-07-01 * "Achat de dollars"\n  voucher: "FX-1"\n  {DOLLARS}  3.00 USD @@ 1.00 EUR\n  {BANK}  -1.00 EUR\n',
    )
    assert empty.checks().exit_code == 0, empty.checks().output
    assert closing(empty, "552000") == Decimal("1.00")


def test_books_f22_half_a_cent_is_one_fault_among_others(empty: Obole):
    by_hand(empty, f'2025-07-01 * "Frais"\n  {FEES}  10.005 EUR\n  {BANK}  -10.005 EUR\n')
    faults = empty.faults()
    assert faults.count("manual/2025.beancount: line 2: the posting has no amount in whole cents of euro") == 1
    assert "1 of 13 invariants does not hold" in faults


def test_books_f18_the_same_voucher_the_next_day_is_warned_of(empty: Obole, tmp_path: Path):
    empty.takes_well(voucher(tmp_path, "2025-03-01"))
    said = empty.takes_well(voucher(tmp_path, "2025-03-02")).output
    assert "remark: line 2: voucher ACH-1 was already posted on 2025-03-01 with the same lines" in said
    assert empty.balance("610000") == 2 * 1200_50


# Own cases: foreign amounts (kind 12)

# Each: the postings of an exchange, and what 552000 counts in euro.
BALANCED = {
    "a seventh of a euro a unit": (f"{DOLLARS}  7.00 USD @@ 6.55 EUR", f"{BANK}  -6.55 EUR", "6.55"),
    "a sale": (f"{DOLLARS}  -3.00 USD @@ 2.00 EUR", f"{BANK}  2.00 EUR", "-2.00"),
    "a total cost": (f"{DOLLARS}  3.00 USD {{{{1.00 EUR}}}}", f"{BANK}  -1.00 EUR", "1.00"),
    "a unit price that is exact": (f"{DOLLARS}  100.00 USD @ 0.92 EUR", f"{BANK}  -92.00 EUR", "92.00"),
    "many units of little worth": (f"{DOLLARS}  1000003 JPY @@ 6123.45 EUR", f"{BANK}  -6123.45 EUR", "6123.45"),
    "a large sum": (f"{DOLLARS}  9999999.97 USD @@ 9876543.21 EUR", f"{BANK}  -9876543.21 EUR", "9876543.21"),
    "a third leg left out": (f"{DOLLARS}  3.00 USD @@ 1.00 EUR\n  {FEES}  0.25 EUR", f"{BANK}", "1.00"),
}


@pytest.mark.parametrize(("bought", "paid", "euros"), BALANCED.values(), ids=BALANCED.keys())
def test_an_exchange_balances_and_counts_in_euro(empty: Obole, bought: str, paid: str, euros: str):
    by_hand(empty, f'2025-07-01 * "Change"\n  {bought}\n  {paid}\n')
    assert empty.checks().exit_code == 0, empty.checks().output
    assert closing(empty, "552000") == Decimal(euros)


# Each: postings that are wrong, and what is said of them.
WRONG = {
    "a cent short": (f"{DOLLARS}  3.00 USD @@ 1.00 EUR", f"{BANK}  -0.99 EUR", "does not balance"),
    "half a cent short": (f"{DOLLARS}  3.00 USD @@ 1.00 EUR", f"{BANK}  -0.995 EUR", "does not balance"),
    "a total price in half a cent": (f"{DOLLARS}  3.00 USD @@ 1.005 EUR", f"{BANK}  -1.005 EUR", "in whole cents"),
    "a unit price that gives no cents": (f"{DOLLARS}  3.00 USD @ 0.3333 EUR", f"{BANK}  -0.9999 EUR", "in whole cents"),
    "no price": (f"{DOLLARS}  3.00 USD", f"{DOLLARS}  -3.00 USD", "in whole cents"),
    "a price in another currency": (f"{DOLLARS}  3.00 USD @@ 2.40 GBP", f"{DOLLARS}  -2.40 GBP", "in whole cents"),
}


@pytest.mark.parametrize(("bought", "paid", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_exchange_in_whole_cents_is_one_fault(empty: Obole, bought: str, paid: str, said: str):
    by_hand(empty, f'2025-07-01 * "Change"\n  {bought}\n  {paid}\n')
    faults = empty.faults()
    assert said in faults
    assert "ok   12" in faults


def test_two_accounts_of_one_code_are_one_fault_among_others(empty: Obole):
    (empty.books / "manual" / "2025.beancount").write_text(
        "2025-01-01 open Expenses:61-Services-et-biens-divers:616000-Autre\n", encoding="utf-8"
    )
    faults = empty.faults()
    assert "account 616000 is open already as Expenses:61-Services-et-biens-divers:616000-Honoraires" in faults
    assert "ok   12" in faults


def test_a_report_names_the_line_in_half_a_cent(empty: Obole):
    by_hand(empty, f'2025-07-01 * "Frais"\n  {FEES}  10.005 EUR\n  {BANK}  -10.005 EUR\n')
    told = empty("report", "trial-balance", "--year", "2025")
    assert told.exit_code == 1
    assert "manual/2025.beancount: line 2" in told.output


# Own cases: the same voucher a day apart


def voucher(folder: Path, day: str, reference: str = "ACH-1", amount: str = "1200.50", name: str | None = None) -> Path:
    rows = ((day, "610000", amount, "", "Loyer", reference), (day, "440000", "", amount, "Loyer", reference))
    return Journal(rows, name or f"{day}-{reference}.csv").write(folder)


# Each: day and reference of a second voucher beside ACH-1 of 1 March 2025, and whether it is warned of.
SECOND: dict[str, tuple[Sequence[str], bool]] = {
    "the day before": (("2025-02-28", "ACH-1"), True),
    "a week later": (("2025-03-08", "ACH-1"), True),
    "day and month exchanged": (("2025-01-03", "ACH-1"), True),
    "the wrong year in January": (("2026-03-01", "ACH-1"), True),
    "typed in small letters": (("2025-03-02", "ach-1"), True),
    "with zeros before its number": (("2025-03-02", "ACH-001"), True),
    "the instalment of the next month": (("2025-04-01", "ACH-1"), False),
    "the next number": (("2025-03-02", "ACH-2"), False),
    "ten in place of one": (("2025-03-02", "ACH-10"), False),
}


@pytest.mark.parametrize(("second", "warned"), SECOND.values(), ids=SECOND.keys())
def test_a_voucher_that_may_be_another_is_warned_of(empty: Obole, tmp_path: Path, second: Sequence[str], warned: bool):
    empty.takes_well(voucher(tmp_path, "2025-03-01"))
    assert ("was already posted on 2025-03-01" in empty.takes_well(voucher(tmp_path, *second)).output) is warned


def test_other_lines_under_the_same_number_are_not_warned_of(empty: Obole, tmp_path: Path):
    empty.takes_well(voucher(tmp_path, "2025-03-01"))
    assert "already posted" not in empty.takes_well(voucher(tmp_path, "2025-03-02", amount="1200.51")).output


def test_a_voucher_twice_in_one_file_is_warned_of(empty: Obole, tmp_path: Path):
    rows = [
        (day, account, debit, credit, "Loyer", "ACH-1")
        for day in ("2025-03-01", "2025-03-02")
        for account, debit, credit in (("610000", "9.00", ""), ("440000", "", "9.00"))
    ]
    said = empty.takes_well(Journal(rows).write(tmp_path)).output
    assert "line 4: voucher ACH-1 was already posted on 2025-03-01" in said


def test_a_voucher_that_was_undone_is_not_warned_of(empty: Obole, tmp_path: Path):
    empty.takes_well(voucher(tmp_path, "2025-03-01"))
    assert empty("undo", empty.documents()[-1]).exit_code == 0
    assert "already posted" not in empty.takes_well(voucher(tmp_path, "2025-03-02")).output


def test_a_file_that_comes_again_is_not_warned_of(empty: Obole, tmp_path: Path):
    empty.takes_well(voucher(tmp_path, "2025-03-01"))
    empty.takes_well(voucher(tmp_path, "2025-03-02"))
    assert "already posted" not in empty.takes(voucher(tmp_path, "2025-03-02", name="again.csv")).output


def test_a_dry_run_warns_too(empty: Obole, tmp_path: Path):
    empty.takes_well(voucher(tmp_path, "2025-03-01"))
    assert "was already posted on 2025-03-01" in empty.takes(voucher(tmp_path, "2025-03-02"), dry_run=True).output
