"""The clock that everything of the books goes by; a reproducible run sets it by SOURCE_DATE_EPOCH."""

import os
from datetime import UTC, date, datetime, timedelta


def now() -> datetime:
    """Return the time in UTC: SOURCE_DATE_EPOCH (seconds since 1970) where it is set, else that of the system."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


def today() -> date:
    """Return the day it is here."""
    return now().astimezone().date()


_KEPT = "%Y-%m-%dT%H:%M:%SZ"


def posting_time() -> str:
    """Return the time as the register keeps it: UTC, to the second."""
    return now().strftime(_KEPT)


def posting_time_after(before: str) -> str:
    """Return the same, but a second after `before` where the clock stands still or was set back: an order is kept."""
    told = posting_time()
    if told > before:
        return told
    return (datetime.fromisoformat(before) + timedelta(seconds=1)).strftime(_KEPT)
