"""The closings of years and their reopenings, each a row for ever; and the day until which months are locked."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from ledger.register.tables import closed_year, month_lock, reopened_year


class Reopening(NamedTuple):
    """A closing taken back: why, by whom and when."""

    reason: str
    person: str
    reopened_at: str


class YearClosing(NamedTuple):
    """One closing of a year: the first, second ... of it, the SHA-256 of its seal, its reopening if there was one."""

    year: int
    number: int
    seal_digest: str
    closed_at: str
    reopened: Reopening | None


def closings(connection: Connection) -> list[YearClosing]:
    """Return every closing by year, in the order in which the year was closed."""
    query = select(reopened_year.c.year, reopened_year.c.seal_digest, *_REOPENED)
    reopened = {(year, digest): Reopening(*rest) for year, digest, *rest in connection.execute(query)}
    found: list[YearClosing] = []
    # Each closing but the last was reopened; one of the same second comes before the one that stands.
    rows = sorted(
        connection.execute(select(closed_year)),
        key=lambda row: (row.year, row.closed_at, (row.year, row.seal_digest) not in reopened, row.seal_digest),
    )
    for row in rows:
        number = found[-1].number + 1 if found and found[-1].year == row.year else 1
        found.append(YearClosing(row.year, number, row.seal_digest, row.closed_at, reopened.get((row.year, row[1]))))
    return found


_REOPENED = (reopened_year.c.reason, reopened_year.c.person, reopened_year.c.reopened_at)


def closed_years(connection: Connection) -> dict[int, str]:
    """Return the years that are closed now, each with the SHA-256 of its seal."""
    return {one.year: one.seal_digest for one in closings(connection) if one.reopened is None}


def enter_closing(connection: Connection, year: int, seal_digest: str, closed_at: str) -> None:
    """Enter a year as closed; its seal can no longer go missing unseen."""
    connection.execute(closed_year.insert().values(year=year, seal_digest=seal_digest, closed_at=closed_at))


def enter_reopening(connection: Connection, year: int, seal_digest: str, reopening: Reopening) -> None:
    """Enter that the closing of this seal was taken back."""
    values = {"year": year, "seal_digest": seal_digest, **reopening._asdict()}
    connection.execute(reopened_year.insert().values(values))


class MonthLock(NamedTuple):
    """The last day on which nothing is posted any more, None where there is none; why, by whom and when it was set."""

    until: date | None
    reason: str
    person: str
    set_at: str


_LOCKS = select(month_lock.c.until, month_lock.c.reason, month_lock.c.person, month_lock.c.set_at)
_NEWEST = _LOCKS.order_by(month_lock.c.id.desc()).limit(1)


def locked_until(connection: Connection) -> date | None:
    """Return the last day on which nothing is posted any more, None where no month is locked."""
    row = connection.execute(_NEWEST).first()
    return row.until if row is not None else None


def enter_lock(connection: Connection, lock: MonthLock) -> None:
    """Set the day until which nothing is posted."""
    last = connection.execute(select(func.coalesce(func.max(month_lock.c.id), 0))).scalar_one()
    connection.execute(month_lock.insert().values(id=last + 1, **lock._asdict()))
