"""The figures of every report: per account and financial year the sums of debits and credits, in one pass.

Amounts are integer cents, debit positive. Class 6 and 7 accounts (69 and 79 too) begin each year at nil in a trial
balance, as Belgian books do, though Beancount never resets them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from beancount.core import data

from ledger.chart import Account
from ledger.errors import OboleError
from ledger.money import to_cents
from ledger.periods import CALENDAR, FinancialYears
from ledger.weights import euros_of
from reports.words import _

RESULT_CLASSES = "67"
# Appropriation to and from funds: the accounts whose entries say which fund (annex 3, 69 and 79).
_FUND_ACCOUNTS = ("691", "791")


class NotInEuro(OboleError):
    """A posting whose weight is no whole number of cents in euro, so that no statement can hold it."""

    def __init__(self, meta: Mapping[str, Any] | None) -> None:
        self.source: Mapping[str, Any] = meta or {}
        place = f"{self.source.get('filename', 'the books')}: line {self.source.get('lineno', '?')}"
        super().__init__(
            _("{place}: the posting has no amount in whole cents of euro; give it a cost or price in EUR.").format(
                place=place
            )
        )

    @property
    def message(self) -> str:
        """Return what is wrong, without its place."""
        return _("the posting has no amount in whole cents of euro; write whole cents, or a cost or price in EUR")


class Turnover(NamedTuple):
    """An account in one year, in cents: `opening` is signed (debit positive), `debit` and `credit` are positive."""

    opening: int
    debit: int
    credit: int
    postings: int

    @property
    def closing(self) -> int:
        """Return the balance at the end of the year, debit positive."""
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums per account code and financial year, by its label; `periods` says from when to when each lasts.

    An account that carries no code is kept under its Beancount path.
    """

    sums: Mapping[int, Mapping[str, tuple[int, int, int]]]
    funds: Mapping[int, Mapping[str, int]]
    periods: FinancialYears = CALENDAR

    @property
    def years(self) -> tuple[int, ...]:
        """Return the years with a posting, oldest first."""
        return tuple(sorted(self.sums))

    def in_year(self, year: int) -> dict[str, int]:
        """Return debit less credit of each account in the year, in cents."""
        return {code: debit - credit for code, (debit, credit, _count) in self.sums.get(year, {}).items()}

    def until(self, year: int) -> dict[str, int]:
        """Return the balance of each account at the end of a year, in cents; classes 6 and 7 since the books began."""
        balances: dict[str, int] = defaultdict(int)
        for held in self.years:
            if held <= year:
                for code, (debit, credit, _count) in self.sums[held].items():
                    balances[code] += debit - credit
        return dict(balances)

    def standing(self, year: int) -> dict[str, int]:
        """Return what a balance sheet at the end of a year holds: `until`, without results that were appropriated.

        The accounts of classes 6 and 7, 69 and 79 with them, add up to nil once a year's result is appropriated; they
        are left out up to the last year at whose end they did.
        """
        balances: dict[str, int] = defaultdict(int)
        results: dict[str, int] = {}
        for held in self.years:
            if held > year:
                break
            if sum(results.values()) == 0:
                results = {}
            for code, cents in self.in_year(held).items():
                if code[0] in RESULT_CLASSES:
                    results[code] = results.get(code, 0) + cents
                else:
                    balances[code] += cents
        return {**balances, **results}

    def to_funds(self, year: int) -> Mapping[str, int]:
        """Return what the year's entries on 691 and 791 put on their other accounts (13, 10), debit less credit."""
        return self.funds.get(year, {})

    def counts(self, year: int | None = None) -> dict[str, int]:
        """Return postings per account, in one year or in all."""
        counts: dict[str, int] = defaultdict(int)
        for held in self.years if year is None else (year,):
            for code, (_debit, _credit, count) in self.sums.get(held, {}).items():
                counts[code] += count
        return dict(counts)

    def movements(self, year: int) -> dict[str, Turnover]:
        """Return opening, debits and credits of each account that has any of them, in the order of the codes."""
        opening = {
            code: cents for code, cents in self.until(year - 1).items() if cents and code[0] not in RESULT_CLASSES
        }
        moved = self.sums.get(year, {})
        return {
            code: Turnover(opening.get(code, 0), *moved.get(code, (0, 0, 0))) for code in sorted({*opening, *moved})
        }

    def unappropriated_before(self, year: int) -> int:
        """Return results of earlier years that no appropriation took to 14 yet, debit positive; nil in closed books."""
        return sum(cents for code, cents in self.until(year - 1).items() if code[0] in RESULT_CLASSES)


def totals_of(
    entries: Iterable[data.Directive],
    accounts: Mapping[str, Account],
    faults: list[NotInEuro] | None = None,
    years: FinancialYears = CALENDAR,
) -> Totals:
    """Sum the transactions of loaded books; NotInEuro names the place of a posting that is not in whole cents.

    With `faults` each such posting is added there and its transaction left out whole, so that the rest can be proved.
    """
    codes = {account.path: account.code for account in accounts.values()}
    sums: dict[int, dict[str, list[int]]] = defaultdict(dict)
    funds: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        if not isinstance(entry, data.Transaction) or (faults is not None and _left_out(entry, faults)):
            continue
        label = years.label(entry.date)
        of_year = sums[label]
        touches_funds = False
        for posting in entry.postings:
            cents = cents_of(posting, entry)
            code = codes.get(posting.account, posting.account)
            touches_funds |= code.startswith(_FUND_ACCOUNTS)
            total = of_year.get(code)
            if total is None:
                total = of_year[code] = [0, 0, 0]
            total[0] += max(cents, 0)
            total[1] -= min(cents, 0)
            total[2] += 1
        if touches_funds:
            for posting in entry.postings:
                funds[label][codes.get(posting.account, posting.account)] += cents_of(posting, entry)
    return Totals(
        {year: {code: (debit, credit, count) for code, (debit, credit, count) in of_year.items()}
         for year, of_year in sums.items() if of_year},
        {year: dict(moved) for year, moved in funds.items()},
        years,
    )  # fmt: skip


def cents_of(posting: data.Posting, entry: data.Transaction) -> int:
    """Return a posting in cents of euro, debit positive; what is held in another unit counts at its cost or price."""
    try:
        weight = euros_of(posting)
        if weight is not None:
            return to_cents(weight)
    except ValueError:  # a fraction of a cent
        pass
    raise NotInEuro(posting.meta or entry.meta)


def _left_out(entry: data.Transaction, faults: list[NotInEuro]) -> bool:
    try:
        for posting in entry.postings:
            cents_of(posting, entry)
    except NotInEuro as fault:
        faults.append(fault)
        return True
    return False
