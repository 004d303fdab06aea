"""The log of readings: who was given an archived source in clear, and when. It is added to and never changed."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from ledger.clock import posting_time
from ledger.vault.tables import reading


class Reading(NamedTuple):
    """One archived source given out: when, to whom, and its path in the books."""

    at: str
    person: str
    archive: str


def log_reading(connection: Connection, person: str, archive: str) -> None:
    """Write down that somebody is given an archived source now."""
    connection.execute(insert(reading).values(at=posting_time(), person=person, archive=archive))


def readings_of(connection: Connection, archive: str) -> Sequence[Reading]:
    """Return who was given an archived source, in the order of the days."""
    columns = (reading.c.at, reading.c.person, reading.c.archive)
    query = select(*columns).where(reading.c.archive == archive).order_by(reading.c.id)
    return [Reading(*row) for row in connection.execute(query)]
