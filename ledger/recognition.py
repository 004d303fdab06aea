"""The recognition of a grant as income: the entries of one grant, from its contract alone.

Pure arithmetic over integer cents. Sources: KB/AR 29.4.2019 art. 3:171 (15, 491, 493) and CBN/CNC 2010/16, 2016/4 and
2011/17. Amounts are spread cumulatively and rounded half up, so that nothing is lost and the last year takes the rest.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ledger.errors import OboleError
from ledger.periods import CALENDAR, FinancialYears
from ledger.words import _


class RecognitionMethod(StrEnum):
    """The way a grant becomes income: when due, over its period, as it is spent, or with its asset's depreciation."""

    RECEIPT = "receipt"
    PERIOD = "period"
    SPENT = "spent"
    CAPITAL = "capital"


class FunderKind(StrEnum):
    """The kind of funder; it decides the income account."""

    PUBLIC = "public"
    PRIVATE = "private"


class InstalmentKind(StrEnum):
    """The kind of an instalment in the contract; changes nothing in the entries."""

    ADVANCE = "advance"
    INTERIM = "interim"
    BALANCE = "balance"


class GrantEntryKind(StrEnum):
    """The effect of an entry of a grant."""

    INSTALMENT = "instalment"
    INCOME = "income"
    CATCH_UP = "catch-up"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class GrantInstalment:
    """A part of the grant that falls due."""

    due: date
    cents: int
    kind: InstalmentKind = InstalmentKind.INTERIM


@dataclass(frozen=True, slots=True)
class Cost:
    """An expense for the grant's purpose, and the reference of the document that proves it."""

    day: date
    cents: int
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class GrantAsset:
    """An asset bought with a capital grant, depreciated linearly by months from the month it was acquired."""

    account: str
    acquired: date
    cost: int
    years: int


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant contract with its instalments, costs and assets; `first` to `last` is the period it supports.

    `funder` is the name of an organisation or the key of a third party.
    """

    reference: str
    funder: str
    funder_kind: FunderKind
    cents: int
    recognition: RecognitionMethod
    first: date | None = None
    last: date | None = None
    contract: str = ""
    title: str = ""
    signed: date | None = None
    fund: str | None = None
    project: str | None = None
    conditions: str = ""
    instalments: tuple[GrantInstalment, ...] = ()
    costs: tuple[Cost, ...] = ()
    assets: tuple[GrantAsset, ...] = ()
    department: str | None = None


@dataclass(frozen=True, slots=True)
class GrantAccountCodes:
    """The accounts a grant is booked on; the same names as the section `[grants]` of obole.toml."""

    public: str = "733000"
    private: str = "733100"
    receivable: str = "413000"
    earned: str = "491000"
    deferred: str = "493000"
    capital: str = "150000"
    release: str = "753000"

    def income(self, kind: FunderKind) -> str:
        """Return the income account of a funder."""
        return self.public if kind is FunderKind.PUBLIC else self.private


@dataclass(frozen=True, slots=True)
class GrantEntry:
    """A balanced entry: (account code, cents) with debits positive. `narration` is a key for the text in a language."""

    day: date
    kind: GrantEntryKind
    lines: tuple[tuple[str, int], ...]
    narration: str
    grant: str


class GrantIncomplete(OboleError):
    """A grant whose way of recognition needs what its contract does not give."""

    def __init__(self, grant: Grant) -> None:
        super().__init__(
            _(
                "grant {reference}: recognition over the period needs the dates `from` and `to`, in this order; "
                "correct them in the register of grants."
            ).format(reference=grant.reference)
        )


def grant_entries(
    grant: Grant, accounts: GrantAccountCodes, until: date, years: FinancialYears = CALENDAR
) -> tuple[GrantEntry, ...]:
    """Return every entry of a grant up to and with a day, by day; GrantIncomplete where the period lacks.

    An instalment is booked on the day it is due, income and release on the last day of
    the financial year. On one day the instalment is first.
    """
    book = _Book(grant, accounts, years)
    for day, instalment in _calendar(grant, until, years):
        if instalment is None:
            book.close(day)
        else:
            book.fall_due(instalment)
    return tuple(book.entries)


def months_in(first: date, last: date) -> int:
    """Return the months of a period: each begins on the day of the month of `first`, and counts once it has begun.

    From the first of a month to the end of one, these are the calendar months.
    """
    begins = min(first.day, monthrange(last.year, last.month)[1])
    return (last.year - first.year) * 12 + last.month - first.month + (last.day >= begins)


def months_until(first: date, last: date, closing: date) -> int:
    """Return the months of a period that have begun by a closing day."""
    return max(0, min(months_in(first, last), months_in(first, closing)))


def earned(grant: Grant, closing: date) -> int:
    """Return cents of the grant that are income by a closing day, whatever has fallen due; 0 for `receipt`."""
    if grant.recognition is RecognitionMethod.PERIOD:
        if grant.first is None or grant.last is None or grant.first > grant.last:
            raise GrantIncomplete(grant)
        begun = months_until(grant.first, grant.last, closing)
        return _half_up(grant.cents * begun, months_in(grant.first, grant.last))
    if grant.recognition is RecognitionMethod.SPENT:
        return min(grant.cents, sum(cost.cents for cost in grant.costs if cost.day <= closing))
    if grant.recognition is RecognitionMethod.CAPITAL and grant.assets:
        return _depreciated(grant, closing)
    return 0


def _depreciated(grant: Grant, closing: date) -> int:
    """Return the grant times the part of its assets' cost that is depreciated by a closing day, in months begun."""
    # One common denominator, so that only the last division rounds.
    numerator, denominator = 0, 1
    for asset in grant.assets:
        life = asset.years * 12
        gone = max(0, min(life, (closing.year - asset.acquired.year) * 12 + closing.month + 1 - asset.acquired.month))
        numerator, denominator = numerator * life + asset.cost * gone * denominator, denominator * life
    return _half_up(grant.cents * numerator, sum(asset.cost for asset in grant.assets) * denominator)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _calendar(grant: Grant, until: date, years: FinancialYears) -> list[tuple[date, GrantInstalment | None]]:
    """Return instalments and closing days (None) up to a day; an instalment due on a closing day comes before it."""
    days = [instalment.due for instalment in grant.instalments]
    days += [cost.day for cost in grant.costs] + [asset.acquired for asset in grant.assets]
    days += [grant.first] if grant.first else []
    if not days:
        return []
    steps: list[tuple[date, GrantInstalment | None]] = [
        (instalment.due, instalment) for instalment in grant.instalments
    ]
    steps += [(year.last, None) for year in years.since(min(days), until)]
    return sorted((step for step in steps if step[0] <= until), key=lambda step: (step[0], step[1] is None))


class _Book:
    """Sums of a grant that fell due and that became income so far: the difference stands on 493, 491 or 15."""

    def __init__(self, grant: Grant, accounts: GrantAccountCodes, years: FinancialYears) -> None:
        self._grant = grant
        self._accounts = accounts
        self._years = years
        self._due = 0
        self._income = 0
        self.entries: list[GrantEntry] = []

    def fall_due(self, instalment: GrantInstalment) -> None:
        """Book an instalment: receivable against income, deferred income (accrued income first), or capital."""
        accounts, cents = self._accounts, instalment.cents
        if self._grant.recognition is RecognitionMethod.RECEIPT:
            against = [(accounts.income(self._grant.funder_kind), cents)]
        elif self._grant.recognition is RecognitionMethod.CAPITAL:
            against = [(accounts.capital, cents)]
        else:
            accrued = min(cents, max(0, self._income - self._due))
            against = [(accounts.earned, accrued), (accounts.deferred, cents - accrued)]
        self._due += cents
        self._add(instalment.due, GrantEntryKind.INSTALMENT, [(accounts.receivable, cents)], against)
        if self._grant.recognition is RecognitionMethod.CAPITAL:
            # CBN/CNC 2010/16, example 4: what was depreciated before the grant came is released at once.
            before = self._years.of(instalment.due).first - timedelta(days=1)
            self._release(instalment.due, GrantEntryKind.CATCH_UP, earned(self._grant, before))

    def close(self, day: date) -> None:
        """Book what has become income in the year that ends on a day."""
        if self._grant.recognition is RecognitionMethod.CAPITAL:
            self._release(day, GrantEntryKind.RELEASE, earned(self._grant, day))
        elif self._grant.recognition is not RecognitionMethod.RECEIPT:
            cents = earned(self._grant, day) - self._income
            deferred = min(cents, max(0, self._due - self._income))
            self._income += cents
            accounts = self._accounts
            against = [(accounts.income(self._grant.funder_kind), cents)]
            debits = [(accounts.deferred, deferred), (accounts.earned, cents - deferred)]
            self._add(day, GrantEntryKind.INCOME, debits, against)

    def _release(self, day: date, kind: GrantEntryKind, target: int) -> None:
        # Never more than has fallen due: account 15 holds no more.
        cents = min(target, self._due) - self._income
        if cents > 0:
            self._income += cents
            self._add(day, kind, [(self._accounts.capital, cents)], [(self._accounts.release, cents)])

    def _add(
        self, day: date, kind: GrantEntryKind, debits: list[tuple[str, int]], credits_: list[tuple[str, int]]
    ) -> None:
        lines = (*debits, *((code, -cents) for code, cents in credits_))
        filled = tuple((code, cents) for code, cents in lines if cents)
        if filled:
            narration = f"grant-{self._grant.recognition}-{kind}"
            self.entries.append(GrantEntry(day, kind, filled, narration, self._grant.reference))
