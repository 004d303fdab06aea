"""Financial years: which one a day belongs to, and from when to when each lasts.

A financial year is known by its label, a calendar year in which it has a day: by default the one in which it ends. It
need not end on 31 December, the first may be long, and a change of the closing day gives one short or long year
(CBN/CNC advice 2010/10). Gift receipts, Belcotax and the numbers that banks give to
their statements follow the calendar year and ask nothing here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

_DAY = timedelta(days=1)
_FEBRUARY = 2
_LONGEST = 2  # years of twelve months, less a day


class FinancialYear(NamedTuple):
    """A financial year: its label, its first and its last day."""

    label: int
    first: date
    last: date

    @property
    def is_calendar(self) -> bool:
        """Return whether it is the calendar year of its label."""
        return self == calendar_year(self.label)

    def holds(self, day: date) -> bool:
        """Return whether a day lies in it."""
        return self.first <= day <= self.last

    @property
    def too_long(self) -> bool:
        """Return whether it is longer than 24 months less a day."""
        return self.last + _DAY >= _later(self.first, _LONGEST)


def calendar_year(label: int) -> FinancialYear:
    """Return a calendar year as a financial year."""
    return FinancialYear(label, date(label, 1, 1), date(label, 12, 31))


class YearEnd(NamedTuple):
    """The day on which years of twelve months end; 29 February stands for the last day of that month."""

    month: int
    day: int

    def of(self, year: int) -> date:
        """Return that day in a calendar year."""
        if self == (_FEBRUARY, 29):
            return date(year, 3, 1) - _DAY
        return date(year, *self)


DECEMBER_31 = YearEnd(12, 31)


def year_end(day: date) -> YearEnd:
    """Return the end that a year has which ends on a day."""
    if day.month == _FEBRUARY and (day + _DAY).month != _FEBRUARY:
        return YearEnd(_FEBRUARY, 29)
    return YearEnd(day.month, day.day)


@dataclass(frozen=True)
class FinancialYears:
    """The financial years of one set of books.

    `listed` are those that are not twelve months long, or whose label is not the year in which they end, in their
    order. A year that is not listed is twelve months long; it ends on the eve of the next listed one, and after the
    last of those on `end`. Where that eve lies in the calendar year after which the listed one is called, the years
    before it are called after the year in which they begin: labels rise.
    """

    end: YearEnd = DECEMBER_31
    listed: tuple[FinancialYear, ...] = ()

    @cached_property
    def are_calendar(self) -> bool:
        """Return whether every one is a calendar year."""
        return self.end == DECEMBER_31 and all(one.is_calendar for one in self.listed)

    def label(self, day: date) -> int:
        """Return the label of the year in which a day lies."""
        return day.year if self.are_calendar else self.of(day).label

    def of(self, day: date) -> FinancialYear:
        """Return the year in which a day lies."""
        if self.are_calendar:
            return calendar_year(day.year)
        for one in self.listed:
            if day <= one.last:
                return one if day >= one.first else _before(day, one)
        return _twelve_months(day, self.end)

    def find(self, label: int) -> FinancialYear | None:
        """Return the year of a label; None where no year has it."""
        if self.are_calendar:
            return calendar_year(label)
        for one in self.listed:
            if one.label == label:
                return one
        # A year that is not listed ends in the calendar year of its label, or in the one after.
        ends = {self.end, *(year_end(one.first - _DAY) for one in self.listed)}
        found = (self.of(end.of(year)) for end in ends for year in (label, label + 1))
        return next((one for one in found if one.label == label and one not in self.listed), None)

    def get(self, label: int) -> FinancialYear:
        """Return the year of a label that is known to be one; KeyError where no year has it."""
        found = self.find(label)
        if found is None:
            raise KeyError(label)
        return found

    def before(self, label: int) -> int:
        """Return the label of the year before; of a label that no year has, the number before."""
        found = None if self.are_calendar else self.find(label)
        return label - 1 if found is None else self.of(found.first - _DAY).label

    def since(self, first: date, last: date) -> Iterator[FinancialYear]:
        """Yield the years from that of one day to that of another, in their order."""
        one = self.of(first)
        while one.first <= last:
            yield one
            one = self.of(one.last + _DAY)

    def ends_on(self, day: date) -> bool:
        """Return whether a year ends on a day."""
        return self.of(day).last == day


CALENDAR = FinancialYears()


@dataclass(frozen=True, slots=True)
class ClosedYears:
    """The years in which nothing is posted any more: `day in closed` asks of a day."""

    years: FinancialYears
    labels: frozenset[int] = frozenset()

    def __contains__(self, day: date) -> bool:
        return self.years.label(day) in self.labels

    def __bool__(self) -> bool:
        return bool(self.labels)

    def label(self, day: date) -> int:
        """Return the label of the year in which a day lies."""
        return self.years.label(day)

    def between(self, first: date, last: date) -> list[int]:
        """Return the closed years that have a day from one to another, the oldest first."""
        if not self.labels:
            return []
        return [one.label for one in self.years.since(first, last) if one.label in self.labels]


def tax_years(of: FinancialYear) -> range:
    """Return the calendar years that end in a financial year: their receipts are among its facts."""
    return range(of.first.year, of.last.year + (year_end(of.last) == DECEMBER_31))


def _twelve_months(day: date, end: YearEnd) -> FinancialYear:
    """Return the year of twelve months, ending on `end`, in which a day lies."""
    last = end.of(day.year)
    if day > last:
        last = end.of(day.year + 1)
    return FinancialYear(last.year, end.of(last.year - 1) + _DAY, last)


def _before(day: date, listed: FinancialYear) -> FinancialYear:
    """Return the year of twelve months in which a day before a listed year lies."""
    eve = listed.first - _DAY
    found = _twelve_months(day, year_end(eve))
    return found._replace(label=found.label - (eve.year == listed.label))


def _later(day: date, years: int) -> date:
    """Return the same day some years later, 1 March for a 29 February that is not there."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


class PeriodFault(StrEnum):
    """The reasons why a listed year is none of the years of a set of books."""

    ORDER = "order"
    LONG = "long"
    LABEL = "label"
    OVERLAP = "overlap"
    TWICE = "twice"
    GAP = "gap"
    END = "end"
    BEFORE = "before"
    AFTER = "after"


class FaultyYear(NamedTuple):
    """A fault of a listed year; `other` is the one it does not go together with."""

    what: PeriodFault
    of: FinancialYear
    other: FinancialYear | None = None


def faults_of(years: FinancialYears) -> Iterator[FaultyYear]:
    """Yield what keeps the listed years from being the years of one set of books, first each by itself."""
    alone = [FaultyYear(what, one) for one in years.listed if (what := _fault_alone(one)) is not None]
    yield from alone
    if alone:
        return
    for one, other in pairwise(years.listed):
        if other.label == one.label:
            yield FaultyYear(PeriodFault.TWICE, one, other)
        elif other.first <= one.last:
            yield FaultyYear(PeriodFault.OVERLAP, one, other)
        elif year_end(one.last) != year_end(other.first - _DAY):
            yield FaultyYear(PeriodFault.GAP, one, other)
    if years.listed and year_end(years.listed[-1].last) != years.end:
        yield FaultyYear(PeriodFault.END, years.listed[-1])


def _fault_alone(one: FinancialYear) -> PeriodFault | None:
    if one.last < one.first:
        return PeriodFault.ORDER
    if one.too_long:
        return PeriodFault.LONG
    return None if one.first.year <= one.label <= one.last.year else PeriodFault.LABEL


def beside(years: FinancialYears) -> Iterator[FaultyYear]:
    """Yield listed years whose label a year beside them has, or that stand in another order than their labels."""
    for one in years.listed:
        before, after = years.of(one.first - _DAY), years.of(one.last + _DAY)
        if before.label >= one.label:
            yield FaultyYear(PeriodFault.BEFORE, one, before)
        elif after.label <= one.label and after not in years.listed:
            yield FaultyYear(PeriodFault.AFTER, one, after)
