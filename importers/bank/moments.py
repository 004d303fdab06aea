"""The day of a moment that a bank's XML gives: a day is as written, a moment with a zone is the day it is in Belgium.

Half past eleven in the evening of 31 December in UTC is the first hour of January here, and of the next year.
"""

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_BELGIUM = ZoneInfo("Europe/Brussels")


_MIDNIGHT = re.compile(r"T24:00(?::00(?:\.0+)?)?", re.IGNORECASE)  # the end of a day, as xs:dateTime may write it


_DAY = 10  # characters of a day


@lru_cache(maxsize=4096)
def belgian_day(text: str) -> date | None:
    """Return the day of an ISO date or moment (`2025-12-31T23:30:00Z` -> 2026-01-01); None where it is none.

    Without a zone the hour is taken for Belgian; what follows the day and is no hour does not change it.
    """
    text = text.strip()
    try:
        day = date.fromisoformat(text[:_DAY])
    except ValueError:
        return None
    if len(text) == _DAY or text[_DAY] not in "Tt ":  # `2025-12-31Z` is that day, as written
        return day
    text = _MIDNIGHT.sub("T23:59:59", text, count=1)
    try:
        moment = datetime.fromisoformat(text)
        return day if moment.tzinfo is None else moment.astimezone(_BELGIUM).date()
    except (ValueError, OverflowError):
        return day
