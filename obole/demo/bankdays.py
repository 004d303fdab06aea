"""The days on which the demonstration's bank books: Monday to Friday without the closing days of TARGET."""

from bisect import bisect_left
from datetime import date, timedelta
from functools import cache

from dateutil.easter import easter


@cache
def bank_days(year: int) -> tuple[date, ...]:
    """Every bank day of a year. Closed: 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December (TARGET)."""
    sunday = easter(year)
    closed = {date(year, 1, 1), sunday - timedelta(2), sunday + timedelta(1)}
    closed |= {date(year, 5, 1), date(year, 12, 25), date(year, 12, 26)}
    days = (date(year, 1, 1) + timedelta(number) for number in range(366))
    return tuple(day for day in days if day.year == year and day.isoweekday() < 6 and day not in closed)  # noqa: PLR2004 - Saturday


def on_or_after(day: date) -> date:
    """The first bank day from `day` on; the last one of the year where none is left in it."""
    days = bank_days(day.year)
    return days[min(bisect_left(days, day), len(days) - 1)]
