"""The stand of the register: the identity of its books and its last step, in one row, which `ledger.pairing` moves.

Beside it the numbers of receipts that are known from elsewhere (a PDF, a shipment) and are never given again.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Column, Connection, Integer, String, Table, delete, insert, select

from ledger.register.tables import metadata

# One row. `base` is the token of the last step in which the vault took part; equal to `token` where that is the last.
stand = Table(
    "stand",
    metadata,
    Column("identity", String, primary_key=True),
    Column("step", Integer, nullable=False),
    Column("token", String, nullable=False),
    Column("base", String, nullable=False),
    Column("at", String, nullable=False),
)


class Stand(NamedTuple):
    """The identity of a set of books, the number and token of the last step, and when it was made."""

    identity: str
    step: int
    token: str
    base: str
    at: str


def stand_of(connection: Connection) -> Stand | None:
    """Return how far the register is, None where it has no identity yet."""
    row = connection.execute(select(stand)).first()
    return None if row is None else Stand(*row)


def put_stand(connection: Connection, now: Stand) -> None:
    """Write down how far the register is."""
    connection.execute(delete(stand))
    connection.execute(insert(stand).values(**now._asdict()))


# Numbers of receipts of which something outside the register tells that they were given.
set_aside = Table(
    "set_aside",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("evidence", String, nullable=False),
    Column("at", String, nullable=False),
    sqlite_with_rowid=False,
)


class SetAside(NamedTuple):
    """A number that is not given again, and what told of it."""

    year: int
    number: int
    evidence: str
    at: str


def numbers_set_aside(connection: Connection, year: int | None = None) -> list[SetAside]:
    """Return the numbers that are known from elsewhere, of a year or of all, in order."""
    query = select(set_aside).order_by(set_aside.c.year, set_aside.c.number)
    if year is not None:
        query = query.where(set_aside.c.year == year)
    return [SetAside(*row) for row in connection.execute(query)]


def put_aside(connection: Connection, numbers: Iterable[SetAside]) -> None:
    """Write down numbers that are never given again."""
    rows = [one._asdict() for one in numbers]
    if rows:
        connection.execute(insert(set_aside), rows)
