"""The balances of another software as entries: what a trial balance posts on its day, and how its result is carried.

Statements stand after appropriation (KB/AR 29.4.2019, art. 3:3 section 1) and a year opens with what the one before
closed on (section 2). A balance that was drawn before its result was appropriated is carried to 14 as a whole
(14/790 and 692/14, or 690/14 and 14/792); whoever decided otherwise gives the balance with 691 or 791.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.journal import Entry, Line
from ledger.periods import CALENDAR, FinancialYears
from ledger.register.openings import OPENING_TAG
from ledger.wording import word

_CARRYING = ("690", "692", "790", "792")


@dataclass(frozen=True, slots=True)
class CarryAccounts:
    """The codes of the accounts that carry a result: 14, and those of the appropriation."""

    carried: str
    loss_before: str = "690000"
    profit_carried: str = "692000"
    profit_before: str = "790000"
    loss_carried: str = "792000"


@dataclass(frozen=True, slots=True)
class Takeover:
    """A trial balance by account of these books, in cents with debit positive, at the end of `day`."""

    day: date
    balances: Mapping[str, int]
    years: FinancialYears = CALENDAR

    @property
    def year(self) -> int:
        """Return the label of its financial year."""
        return self.years.label(self.day)

    def _sum(self, *prefixes: str) -> int:
        return sum(cents for code, cents in self.balances.items() if code.startswith(prefixes))

    @property
    def result(self) -> int:
        """Return the result of the year, profit positive."""
        return self._sum("69", "79") - self._sum("6", "7")

    @property
    def ends_year(self) -> bool:
        """Return whether it is that of a whole year, whose result is appropriated."""
        return self.years.ends_on(self.day)

    @property
    def has_result(self) -> bool:
        """Return whether it has the income and expenses of its year; a balance after closing has none."""
        return any(code[0] in "67" for code in self.balances)

    @property
    def appropriates(self) -> bool:
        """Return whether it holds the appropriation of its result."""
        return any(code.startswith(("69", "79")) for code in self.balances)

    @property
    def left(self) -> int:
        """Return what of the result its own appropriation does not take, profit positive."""
        return -self._sum("6", "7")

    @property
    def carried_before(self) -> int:
        """Return what 14 held at the start of the year, profit positive."""
        return -(self._sum("14") + self._sum(*_CARRYING))

    @property
    def carried(self) -> int:
        """Return what 14 holds after the appropriation, profit positive."""
        return -self._sum("14") + (self.left if self.ends_year else 0)

    @property
    def debits(self) -> int:
        """Return the total of the debit balances."""
        return sum(max(cents, 0) for cents in self.balances.values())


def takeover_entries(of: Takeover, accounts: CarryAccounts, language: str, until: date | None = None) -> list[Entry]:
    """Return the entries of a balance; with `until` it is the year before, taken out on that day."""
    entries = [_entry(of.day, "opening", of.balances, language)]
    appropriation = _appropriation(of, accounts)
    if appropriation:
        entries.append(_entry(of.day, "carried", appropriation, language))
    if until is not None:
        standing = {code: -cents for code, cents in of.balances.items() if code[0] not in "67"}
        standing[accounts.carried] = standing.get(accounts.carried, 0) - appropriation.get(accounts.carried, 0)
        entries.append(_entry(until, "carried-out", standing, language))
    return [entry for entry in entries if entry.lines]


def _appropriation(of: Takeover, accounts: CarryAccounts) -> dict[str, int]:
    """Return the lines that carry a result to 14, debit positive; none where nothing is left to carry."""
    if not of.ends_year or not of.has_result or of.appropriates:
        return {}
    before, after = -of.carried_before, -of.carried
    return {
        accounts.carried: after - before,
        accounts.profit_before if before < 0 else accounts.loss_before: before,
        accounts.profit_carried if after < 0 else accounts.loss_carried: -after,
    }


def _entry(day: date, narration: str, amounts: Mapping[str, int], language: str) -> Entry:
    lines = tuple(Line(code, cents) for code, cents in sorted(amounts.items()) if cents)
    return Entry(day, word(narration, language), lines, tags=(OPENING_TAG,))
