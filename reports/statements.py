"""The statements: a scheme's lines filled from the totals of the books, exact in cents, each printed on its own.

Totals add exact cents; a printed figure is rounded by itself, so that printed lines may differ from their printed
total by a euro. That is reported (`differences`), never plugged.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from ledger.languages import LANGUAGES
from ledger.money import to_euros
from ledger.periods import FinancialYear, calendar_year
from reports.scheme import LineKind, Scheme, SchemeLine, Sign, StatementScheme, Term, What, When
from reports.tables import About
from reports.totals import RESULT_CLASSES, Totals


class Contribution(NamedTuple):
    """The part of one account in a line, in cents, signed as the line is; `previous` is None where there is no year."""

    code: str
    cents: int
    previous: int | None


@dataclass(frozen=True, slots=True)
class AnnualLine:
    """A line with its amounts in cents, 0 on a heading. `accounts` stand behind a line, `parts` behind a sum."""

    section: str
    kind: LineKind
    level: int
    key: str
    code: str
    labels: tuple[str, str, str, str]
    memo: bool
    shown: bool
    sign: Sign
    cents: int
    previous: int | None
    accounts: tuple[Contribution, ...]
    parts: tuple[Term, ...]

    def label(self, language: str) -> str:
        """Return the label in one of fr, nl, de, en."""
        return self.labels[LANGUAGES.index(language)]

    @property
    def euros(self) -> int:
        """Return the printed amount."""
        return to_euros(self.cents)

    @property
    def previous_euros(self) -> int | None:
        """Return the printed amount of the year before."""
        return None if self.previous is None else to_euros(self.previous)


@dataclass(frozen=True, slots=True)
class AnnualStatement:
    """A statement of one year next to the year before. `every` holds also the lines that are not shown.

    `note` is what a reader must know of the books it was made from, `about` whose they are. `lasts` and
    `before` are the year and the one before it where they are not the calendar years.
    """

    what: What
    scheme: str
    year: int
    every: tuple[AnnualLine, ...]
    note: str = ""
    about: About | None = None
    lasts: FinancialYear | None = None
    before: FinancialYear | None = None

    @property
    def period(self) -> FinancialYear:
        """Return from when to when the year lasts."""
        return self.lasts or calendar_year(self.year)

    @property
    def period_before(self) -> FinancialYear:
        """Return from when to when the year before lasts."""
        return self.before or calendar_year(self.year - 1)

    @property
    def periods(self) -> tuple[FinancialYear, ...]:
        """Return the years that it shows, the newest first."""
        return (self.period, self.period_before) if self.has_previous else (self.period,)

    @property
    def previous_year(self) -> int:
        """Return the label of the year before."""
        return self.period_before.label

    @property
    def lines(self) -> tuple[AnnualLine, ...]:
        """Return the lines to show, in the order of the scheme."""
        return tuple(line for line in self.every if line.shown)

    @property
    def has_previous(self) -> bool:
        """Return whether the books hold the year before."""
        return any(line.previous is not None for line in self.every)

    def line(self, key: str) -> AnnualLine:
        """Return the line with this key, shown or not."""
        return next(line for line in self.every if line.key == key)


@dataclass(frozen=True, slots=True)
class Difference:
    """A printed total that its printed lines do not add up to: rounding of each figure on its own, in euro."""

    key: str
    labels: tuple[str, str, str, str]
    year: int
    printed: int
    added: int


def statement(what: What | str, scheme: Scheme, year: int, totals: Totals) -> AnnualStatement:
    """Fill a statement of `scheme` for `year` and the year before.

    The balance sheet stands at the end of the year, the others cover it. `previous` is None throughout where the books
    hold nothing of the year before: no posting until its end, none of classes 6 and 7 for the statements of a year.
    """
    of_scheme = scheme.statements[What(what)]
    current = _amounts(of_scheme, year, totals)
    period = totals.periods.find(year) or calendar_year(year)
    before = totals.periods.of(period.first - timedelta(days=1))
    previous = _amounts(of_scheme, before.label, totals) if _holds(of_scheme.what, before.label, totals) else None
    lines = tuple(_line(line, current, previous) for line in of_scheme.lines)
    return AnnualStatement(of_scheme.what, scheme.name, year, lines, lasts=period, before=before)


def differences(of: AnnualStatement) -> list[Difference]:
    """Return the printed totals that their printed lines do not add up to, of both years."""
    printed = {of.year: {line.key: line.euros for line in of.every}}
    before = {line.key: line.previous_euros for line in of.every if line.previous_euros is not None}
    if before:
        printed[of.previous_year] = before
    found = []
    for line in of.every:
        if line.parts and line.shown:
            for year, figures in printed.items():
                added = sum(part.sign * figures[part.key] for part in line.parts)
                if added != figures[line.key]:
                    found.append(Difference(line.key, line.labels, year, figures[line.key], added))
    return found


class Balance(NamedTuple):
    """Assets and liabilities of one balance sheet, in cents."""

    assets: int
    liabilities: int

    @property
    def difference(self) -> int:
        """Return nil in balanced books."""
        return self.assets - self.liabilities


def balance(of: AnnualStatement) -> tuple[Balance, Balance | None]:
    """Return total assets and liabilities of a balance sheet, for its year and the year before."""
    grand = {line.section: line for line in of.every if line.kind is LineKind.GRAND_TOTAL}
    assets, liabilities = grand["assets"], grand["liabilities"]
    before = None
    if assets.previous is not None and liabilities.previous is not None:
        before = Balance(assets.previous, liabilities.previous)
    return Balance(assets.cents, liabilities.cents), before


class _Amounts(NamedTuple):
    """The values of one year: per line its cents, and per line of accounts what each account adds."""

    lines: Mapping[str, int]
    accounts: Mapping[str, Mapping[str, int]]


def _holds(what: What, year: int, totals: Totals) -> bool:
    if what is What.BALANCE_SHEET:
        return any(held <= year for held in totals.years)
    return any(code[0] in RESULT_CLASSES for code in totals.until(year))


def _amounts(of: StatementScheme, year: int, totals: Totals) -> _Amounts:
    balances = totals.standing(year) if of.what is What.BALANCE_SHEET else totals.in_year(year)
    if of.what is What.APPROPRIATION:
        balances = balances | _carried_on(balances, totals.standing(year))
    accounts: dict[str, dict[str, int]] = defaultdict(dict)
    for code, cents in balances.items():
        if cents:
            for share in of.shares(code):
                added = share.of(cents)
                if added:
                    accounts[share.key][code] = added
    _add_funds(of, totals.to_funds(year), accounts)
    formulas = {line.key: line for line in of.lines}
    lines: dict[str, int] = {}

    def value(key: str) -> int:
        if key not in lines:
            parts = formulas[key].parts
            own = sum(accounts[key].values()) if key in accounts else 0
            lines[key] = own + sum(part.sign * value(part.key) for part in parts)
        return lines[key]

    for key in formulas:
        value(key)
    return _Amounts(lines, accounts)


def _carried_on(moved: Mapping[str, int], standing: Mapping[str, int]) -> dict[str, int]:
    """Return what a year of nil result took over and carries forward, where nobody posts it: account 14 as it was."""
    results = {code: cents for code, cents in moved.items() if cents and code[0] in RESULT_CLASSES}
    if sum(results.values()) or any(code.startswith(("14", "69", "79")) for code, cents in moved.items() if cents):
        return {}
    stands = sum(cents for code, cents in standing.items() if code.startswith("14"))
    taken, given = ("790000", "692000") if stands < 0 else ("690000", "792000")
    return {taken: stands, given: -stands} if stands else {}


def _add_funds(of: StatementScheme, to_funds: Mapping[str, int], accounts: dict[str, dict[str, int]]) -> None:
    for line in of.lines:
        if line.funds:
            for code, cents in to_funds.items():
                if cents and code.startswith(line.funds):
                    accounts[line.key][code] = cents


def _line(line: SchemeLine, current: _Amounts, previous: _Amounts | None) -> AnnualLine:
    cents = current.lines[line.key]
    before = None if previous is None else previous.lines[line.key]
    return AnnualLine(
        section=line.section,
        kind=line.kind,
        level=line.level,
        key=line.key,
        code=line.code,
        labels=line.labels,
        memo=line.shown is When.MEMO,
        sign=line.sign,
        shown=line.shown in (When.ALWAYS, When.MEMO) or (line.shown is When.NONZERO and bool(cents or before)),
        cents=cents,
        previous=before,
        accounts=_contributions(line.key, current, previous),
        parts=line.parts,
    )


def _contributions(key: str, current: _Amounts, previous: _Amounts | None) -> tuple[Contribution, ...]:
    now = current.accounts.get(key, {})
    before = {} if previous is None else previous.accounts.get(key, {})
    return tuple(
        Contribution(code, now.get(code, 0), None if previous is None else before.get(code, 0))
        for code in sorted({*now, *before})
    )
