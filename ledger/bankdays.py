"""Days on which banks settle in euro: the TARGET calendar of the European Central Bank, as `holidays` has it."""

from collections.abc import Container
from datetime import date, timedelta
from functools import cache

_SATURDAY = 5


def is_bank_day(day: date) -> bool:
    """Tell whether banks settle on a day: Monday to Friday but for the closing days of TARGET, which began in 1999.

    These are 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December, and the last days of 1999 and 2001.
    """
    return day.weekday() < _SATURDAY and day not in _closed()


def bank_day_from(day: date) -> date:
    """Return the first bank day on or after a day."""
    while not is_bank_day(day):
        day += timedelta(1)
    return day


@cache
def _closed() -> Container[date]:
    from holidays import financial_holidays  # noqa: PLC0415 - a fifth of a second that only what collects need pay

    return financial_holidays("XECB")
