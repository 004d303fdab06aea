"""Days that a person names: how far ahead of today they may lie."""

from datetime import date

from ledger.clock import today
from ledger.errors import OboleError
from obole.words import many

SOON = 31  # a letter is dated on the day it will be posted
_YEAR = 366


def refuse_far(option: str, day: date, ahead: int = SOON) -> None:
    """Raise OboleError for a day that lies more than so many days ahead: a slip of the pen, or done too early."""
    if (day - today()).days > ahead:
        message = many(
            "{option} {day} lies more than {count} day ahead of today, {today}; correct it, or do this later.",
            "{option} {day} lies more than {count} days ahead of today, {today}; correct it, or do this later.",
            ahead,
        )
        raise OboleError(message.format(option=option, day=day, count=ahead, today=today()))


def refuse_next_year(option: str, day: date) -> None:
    """Raise OboleError for a day that lies more than a year ahead."""
    refuse_far(option, day, _YEAR)
