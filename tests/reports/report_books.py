"""Books for the tests of reports: ledgers written as `{code: cents}`, and the published years with their closing."""

import csv
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from beancount.core import data
from beancount.core.amount import Amount

from ledger.chart import Account, house, statutory
from ledger.money import to_cents, to_decimal
from reports.totals import Totals, totals_of

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[2].parent / "shared"
YEARS = (2024, 2025)
# The decisions of the board as the published statements print them, in cents, debit positive.
CLOSINGS = {
    2024: {"14": 393_764_00 - 427_606_00, "790": -393_764_00, "692": 427_606_00},
    2025: {"14": 427_606_00 - 609_595_00, "790": -427_606_00, "692": 609_595_00},
}


@cache
def leaves() -> list[str]:
    """The statutory accounts that take postings: the lowest codes, without class 0 and the blank code 11."""
    codes = [code for code in statutory() if not code.startswith(("0", "11"))]
    return [code for code in codes if not any(other != code and other.startswith(code) for other in codes)]


def account(code: str) -> Account:
    """An account for a code, its path made of the code alone (tests use codes that no path could be made for)."""
    root = {"6": "Expenses", "7": "Income", "1": "Equity"}.get(code[0], "Assets")
    return Account(code, f"{root}:{code}", (f"{code} fr", f"{code} nl", f"{code} de", f"{code} en"))


@cache
def accounts() -> dict[str, Account]:
    """Every statutory leaf, every house account and every account of the published years, by code."""
    published = [code for year in YEARS for code in published_year(year)]
    return {code: account(code) for code in [*leaves(), *published, *(of.code for of in house())]}


def entry(day: date, amounts: Mapping[str, int], narration: str = "entry", links: frozenset[str] = frozenset()):
    """A transaction of cents by code."""
    postings = [
        data.Posting(account(code).path, Amount(to_decimal(cents), "EUR"), None, None, None, None)
        for code, cents in amounts.items()
    ]
    assert sum(amounts.values()) == 0, amounts
    meta = {"filename": "books.beancount", "lineno": 1}
    return data.Transaction(meta, day, "*", None, narration, frozenset(), links, postings)


def totals(*years: tuple[int, Mapping[str, int]]) -> Totals:
    """The totals of entries given as (year, amounts)."""
    return totals_of([entry(date(year, 12, 31), amounts) for year, amounts in years], accounts())


def published_year(year: int) -> dict[str, int]:
    """The trial balance of a published year, before appropriation, in cents."""
    with (DATA / f"trial-balance-{year}.csv").open(encoding="utf-8", newline="") as stream:
        return {
            row["account"]: to_cents(Decimal(row["debit"] or 0)) - to_cents(Decimal(row["credit"] or 0))
            for row in csv.DictReader(stream)
        }


def published_entries() -> list[data.Transaction]:
    """Both published years as movements, each with its closing entry."""
    first, second = (published_year(year) for year in YEARS)
    standing = {code: cents for code, cents in first.items() if code[0] not in "67"}
    for code, cents in CLOSINGS[2024].items():
        if code == "14":
            standing[code] += cents
    moved = {code: cents - standing.get(code, 0) for code, cents in second.items() if cents != standing.get(code, 0)}
    return [
        entry(date(2024, 12, 30), first, "year 2024"),
        entry(date(2024, 12, 31), CLOSINGS[2024], "appropriation 2024"),
        entry(date(2025, 12, 30), moved, "year 2025", frozenset({"journal-2025"})),
        entry(date(2025, 12, 31), CLOSINGS[2025], "appropriation 2025"),
    ]


def published_totals() -> Totals:
    """The totals of both published years, closed."""
    return totals_of(published_entries(), accounts())
