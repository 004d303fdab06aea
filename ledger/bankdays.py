"""Days on which banks settle in euro: the TARGET calendar."""

from datetime import date, timedelta
from functools import cache

_SATURDAY = 5


_CLOSED = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})


def is_bank_day(day: date) -> bool:
    """Return whether banks settle on a day: Monday to Friday but for the closing days of TARGET.

    These are 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December (European Central Bank, T2 calendar).
    """
    sunday = _easter(day.year)
    movable = (sunday - timedelta(2), sunday + timedelta(1))
    return day.weekday() < _SATURDAY and (day.month, day.day) not in _CLOSED and day not in movable


def bank_day_from(day: date) -> date:
    """Return the first bank day on or after a day."""
    while not is_bank_day(day):
        day += timedelta(1)
    return day


@cache
def _easter(year: int) -> date:
    """Return Easter Sunday, Gregorian (the anonymous algorithm as in Meeus, Astronomical Algorithms, ch. 8)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)
