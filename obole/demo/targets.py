"""Tell where the books of the demonstration must end: every account's balance at the opening and at both year ends.

`data/targets.csv` holds the published figures (a foundation's printed statements of 2025 and 2024), split over house
accounts where the printed line leaves the choice open; the opening of 2024, which is not published, is invented to fit.
Debit is positive; the three accounts of gifts in money stand as one, 731000.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from ledger.money import to_cents
from obole.demo.records import table

YEARS = (2024, 2025)
MONEY_GIFTS = "731000"


@dataclass(frozen=True, slots=True)
class Target:
    """Cents of one account at the start (balance sheet only) and at the end of each year."""

    opening: int
    ends: dict[int, int]

    def start(self, year: int) -> int:
        """Return the balance on the first day of a year."""
        return self.opening if year == YEARS[0] else self.ends[year - 1]


@cache
def targets() -> dict[str, Target]:
    """By account code; the accounts of classes 6 and 7 start each year from nothing."""
    return {
        row["account"]: Target(_cents(row["opening"]), {year: _cents(row[f"y{year}"]) for year in YEARS})
        for row in table("targets")
    }


def end(account: str, year: int) -> int:
    """Return the balance of an account on 31 December, debit positive."""
    return targets()[account].ends[year]


def change(account: str, year: int) -> int:
    """Return what a balance-sheet account moves in a year."""
    target = targets()[account]
    return target.ends[year] - target.start(year)


def _cents(text: str) -> int:
    return to_cents(Decimal(text or "0"))
