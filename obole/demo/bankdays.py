"""The days on which the demonstration's bank books: Monday to Friday without the closing days of TARGET."""

from bisect import bisect_left
from datetime import date, timedelta
from functools import cache

_EASTER = {2024: date(2024, 3, 31), 2025: date(2025, 4, 20)}
_SATURDAY = 6


@cache
def bank_days(year: int) -> tuple[date, ...]:
    """Every bank day of 2024 or 2025. Closed: 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December."""
    sunday = _EASTER[year]
    closed = {date(year, 1, 1), sunday - timedelta(2), sunday + timedelta(1)}
    closed |= {date(year, 5, 1), date(year, 12, 25), date(year, 12, 26)}
    days = (date(year, 1, 1) + timedelta(number) for number in range(366))
    return tuple(day for day in days if day.year == year and day.isoweekday() < _SATURDAY and day not in closed)


def on_or_after(day: date) -> date:
    """The first bank day from `day` on; the last one of the year where none is left in it."""
    days = bank_days(day.year)
    return days[min(bisect_left(days, day), len(days) - 1)]
