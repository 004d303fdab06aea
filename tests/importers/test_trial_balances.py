"""Trial balances of other software: which columns count, which rows are totals, and what does not add up."""

from pathlib import Path

import pytest
from registers import write_csv

from importers.registers import balances
from importers.registers.balances import AccountBalance
from ledger.errors import Severity


def trial(path: Path, heading: str, *rows: str) -> balances.TrialFile:
    return balances.read_trial(write_csv(path / "balance.csv", "\n".join([heading, *rows])))


def found(path: Path, heading: str, *rows: str) -> tuple[list[tuple[str, int]], list[str], list[str]]:
    """Accounts with their cents, the errors and the warnings."""
    file = trial(path, heading, *rows).file
    told = {severity: [str(one) for one in file.faults if one.severity is severity] for severity in Severity}
    return [(row.account, row.cents) for row in file.rows], told[Severity.ERROR], told[Severity.WARNING]


BALANCE = "account;label;balance"


@pytest.mark.parametrize(
    ("headings", "is_one"),
    [
        ("account;balance", True),
        ("compte;libellé;solde", True),
        ("account;debit", True),
        ("account;credit", True),
        ("account;credit_balance", True),
        ("account;debit_balance", True),
        ("account;label", False),
        ("account;year", False),
        ("debit;credit", False),
        ("account;debit;credit;date", False),
        ("account;debit;credit;Document", False),
        ("rekening;debet;credit;Stuk", False),
    ],
)
def test_a_trial_balance_is_known_by_accounts_and_amounts_without_days(headings: str, is_one: bool, tmp_path: Path):
    assert balances.identify(write_csv(tmp_path / "a.csv", headings + "\n")) is is_one


def test_a_balance_is_read_with_its_label_and_row(tmp_path: Path):
    read = trial(tmp_path, f"{BALANCE};year", "550000;Bank;12,50;2024", "140000;Result;-12,50;2024")
    assert read.file.rows == (AccountBalance("550000", 12_50, "Bank", 2), AccountBalance("140000", -12_50, "Result", 3))
    assert (read.file.faults, read.year) == ((), 2024)
    assert balances.read(tmp_path / "balance.csv") == read.file
    assert trial(tmp_path, BALANCE, "550000;;0").year is None


def test_columns_of_the_other_software_are_told_and_not_read(tmp_path: Path):
    accounts, errors, warnings = found(tmp_path, f"{BALANCE};Remark;Cost centre", "550000;;5;x;y", "140000;;-5;z")
    assert (len(accounts), errors) == (2, [])
    assert warnings == ["columns that are not read: `Remark`, `Cost centre`"]


@pytest.mark.parametrize(
    ("heading", "rows"),
    [
        ("account;debit_balance;credit_balance;balance;debit;credit", ("550000;5;;9;8;7", "140000;;5;9;8;7")),
        ("account;balance;debit;credit", ("550000;5;8;7", "140000;-5;8;7")),
        ("account;debit;credit", ("550000;8;3", "140000;3;8")),
        ("compte;débit;crédit", ("550000;5;", "140000;;5")),
    ],
)
def test_the_surest_columns_give_the_balance(heading: str, rows: tuple[str, ...], tmp_path: Path):
    assert found(tmp_path, heading, *rows) == ([("550000", 5_00), ("140000", -5_00)], [], [])


@pytest.mark.parametrize(
    ("heading", "error"),
    [
        ("account;debit_balance;balance", "the column `credit_balance` is missing beside `debit_balance`; add it"),
        ("account;solde_créditeur", "the column `debit_balance` is missing beside `solde_créditeur`; add it"),
        ("account;débit", "the column `credit` is missing beside `débit`; add it"),
        ("account;credit", "the column `debit` is missing beside `credit`; add it"),
        ("account;label", "no column holds amounts; add `debit` and `credit`, or `balance` (debit positive)"),
        ("label;balance", "the column `account` or `compte` or `rekening` or `konto` is missing; add it"),
        ("label;year", "the column `account` or `compte` or `rekening` or `konto` is missing; add it"),
    ],
)
def test_columns_that_give_no_balance_are_told_once(heading: str, error: str, tmp_path: Path):
    assert found(tmp_path, heading, "550000;5") == ([], [error], [])


def test_rows_of_totals_are_left_out_and_told(tmp_path: Path):
    rows = ["550000;Total assets;5", "Total;x;5", ";Sous-total;5", ";;5", "140000;;-5", "Zwischensumme 1;;5"]
    accounts, errors, warnings = found(tmp_path, BALANCE, *rows)
    assert (accounts, errors) == ([("550000", 5_00), ("140000", -5_00)], [])
    assert warnings == ["the rows 3, 4, 5, 7 are totals and were left out"]
    assert found(tmp_path, BALANCE, "550000;;0", "total;;0")[2] == ["the row 3 is a total and was left out"]


def test_a_row_without_an_account_that_is_no_total_is_an_error(tmp_path: Path):
    accounts, errors, _ = found(tmp_path, BALANCE, ";Bank;5", "140000;;-5", "Bank;;1", "550000;;x")
    assert [error[:7] for error in errors] == ["line 2:", "line 4:", "line 5:"]
    assert accounts == [("140000", -5_00)]


def test_an_account_stands_on_one_row(tmp_path: Path):
    accounts, errors, _ = found(tmp_path, BALANCE, "550000;;5", "140000;;-6", "550000;;1")
    assert accounts == [("550000", 5_00), ("140000", -6_00)]
    assert errors == [
        "line 4: account 550000 stands on row 2 too; keep one row for each account, with its whole balance"
    ]


@pytest.mark.parametrize(
    ("rows", "accounts", "error", "warning"),
    [
        (("55;;5", "550;;3", "551;;2", "14;;-5"), ["550", "551", "14"], None, "the row 2 is a total and was left out"),
        (("550;;5", "55;;5", "14;;-5"), ["550", "14"], None, "the row 3 is a total and was left out"),
        (("55;;4", "550;;3", "551;;2", "14;;-9"), ["55", "550", "551", "14"],
         "line 2: 55 is a group and its accounts add up to 5.00, not 4.00", None),
        (("550;;5", "5500;;3", "5501;;2", "14;;-10"), ["550", "5500", "5501", "14"],
         "line 2: 550 holds what the accounts below it add up to", None),
        (("550;;5", "5500;;5", "14;;-10"), ["550", "5500", "14"], None, None),
        (("550;;4", "5500;;3", "5501;;2", "14;;-9"), ["550", "5500", "5501", "14"], None, None),
        (("550;;0", "5500;;3", "5501;;-3"), ["550", "5500", "5501"], None, None),
        (("55;;5", "56;;2", "14;;-7"), ["55", "56", "14"], None, None),
        (("550;;5", "155;;-5"), ["550", "155"], None, None),
    ],
)  # fmt: skip
def test_a_group_is_a_total_of_what_is_below_it(
    rows: tuple[str, ...], accounts: list[str], error: str | None, warning: str | None, tmp_path: Path
):
    read, errors, warnings = found(tmp_path, BALANCE, *rows)
    assert [account for account, _ in read] == accounts
    assert [error is not None and one.startswith(error) for one in errors] == [True] * (error is not None)
    assert warnings == ([] if warning is None else [warning])


def test_groups_and_totals_are_told_together_in_their_order(tmp_path: Path):
    rows = ["55;;5", "550;;5", "14;;-5", "total;;0"]
    assert found(tmp_path, BALANCE, *rows)[2] == ["the rows 2, 5 are totals and were left out"]


def test_rows_of_several_years_are_refused_at_the_first_of_the_other(tmp_path: Path):
    rows = ["550000;;5;2023", "551000;;1;2024", "140000;;-6;2024", "141000;;0;"]
    read = trial(tmp_path, f"{BALANCE};year", *rows)
    assert [str(fault) for fault in read.file.faults] == [
        "line 3: the rows are of several years (2023, 2024); give one file for each year"
    ]
    assert read.year == 2023
    assert trial(tmp_path, f"{BALANCE};year", "550000;;5;2024", "140000;;-5;2024").file.ok


@pytest.mark.parametrize(
    ("rows", "figures", "remedy"),
    [
        (("550000;;5", "140000;;-4,99"), "debits 5.00, credits 4.99, difference 0.01", "export every account"),
        (("550000;;4", "140000;;-5"), "debits 4.00, credits 5.00, difference -1.00", "export every account"),
        (("550000;;5", "140000;;-5", "700000;;-3", "610000;;1"), "debits 6.00, credits 8.00, difference -2.00",
         "the difference is the result of the year"),
        (("550000;;5", "140000;;-5", "610000;;1"), "debits 6.00, credits 5.00, difference 1.00",
         "the difference is the result of the year"),
        (("550000;;5", "140000;;-6", "700000;;-3"), "debits 5.00, credits 9.00, difference -4.00", "export every"),
        (("550000;;5", "140000;;-4", "total;;9"), "debits 5.00, credits 4.00, difference 1.00", "export every account"),
    ],
)  # fmt: skip
def test_sides_that_differ_are_refused_with_why(rows: tuple[str, ...], figures: str, remedy: str, tmp_path: Path):
    _, errors, _ = found(tmp_path, BALANCE, *rows)
    assert [f"its totals are not equal: {figures}; {remedy}" in error for error in errors] == [True]


def test_sides_are_not_compared_where_a_row_is_missing(tmp_path: Path):
    assert [error[:7] for error in found(tmp_path, BALANCE, "550000;;5", "140000;;x")[1]] == ["line 3:"]


def test_a_trial_balance_is_told_by_its_debits_and_its_result(tmp_path: Path):
    rows = ["550000;;100", "140000;;-100", "610000;;40", "700000;;-100", "690000;;70", "790000;;-10", "160000;;0"]
    file = trial(tmp_path, BALANCE, *rows).file
    assert file.ok
    assert balances.describe(file) == [("accounts", "7"), ("debits", "210.00"), ("result of the year", "60.00")]
    assert balances.describe(trial(tmp_path, BALANCE).file) == [
        ("accounts", "0"), ("debits", "0.00"), ("result of the year", "0.00")
    ]  # fmt: skip
