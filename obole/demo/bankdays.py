"""The days on which the demonstration's bank books: those on which banks settle."""

from bisect import bisect_left
from datetime import date, timedelta
from functools import cache

from ledger.bankdays import is_bank_day


@cache
def bank_days(year: int) -> tuple[date, ...]:
    """Return every bank day of a year."""
    days = (date(year, 1, 1) + timedelta(number) for number in range(366))
    return tuple(day for day in days if day.year == year and is_bank_day(day))


def on_or_after(day: date) -> date:
    """Return the first bank day from `day` on; the last one of the year where none is left in it."""
    days = bank_days(day.year)
    return days[min(bisect_left(days, day), len(days) - 1)]
