"""The lines of an opening: the balances of another software, from before these books begin.

Each line of its entries is a row among the movements, debit positive, so that the books are proved against the register
for the gift accounts too, of which the register has no gifts of those years.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from ledger.journal import Entry
from ledger.records import DocumentKind, LineOutcome
from ledger.register.documents import MovementRow
from ledger.register.tables import document, movement, stands

OPENING_TAG = "opening"


class OpeningLine(NamedTuple):
    """A line of an opening, or of what undid one: cents, debit positive."""

    document: str
    day: date
    account: str
    cents: int


class StandingOpening(NamedTuple):
    """An opening that was not undone: the day of its balance, and the SHA-256 of its file."""

    name: str
    day: date
    file_digest: str


def opening_rows(entries: Iterable[Entry]) -> list[MovementRow]:
    """Return the rows that the register keeps of an opening: one for each line, in order."""
    lines = [(entry.day, line) for entry in entries if OPENING_TAG in entry.tags for line in entry.lines]
    return [
        MovementRow(
            position=position,
            parent=None,
            booked=day.isoformat(),
            value=None,
            cents=line.cents,
            code="",
            reference=None,
            mandate=None,
            reason=None,
            outcome=LineOutcome.OPENING,
            account=line.account,
        )
        for position, (day, line) in enumerate(lines, start=1)
    ]


_LINES = (
    select(document.c.name, movement.c.booked, movement.c.account, movement.c.cents)
    .join(document, document.c.id == movement.c.document_id)
    .where(
        document.c.kind.in_((DocumentKind.OPENING.value, DocumentKind.UNDO.value)),
        movement.c.outcome == LineOutcome.OPENING.value,
    )
    .order_by(document.c.id, movement.c.position)
)


def opening_lines(connection: Connection) -> list[OpeningLine]:
    """Return every line of openings and of what undid them."""
    return [OpeningLine(*row) for row in connection.execute(_LINES)]


def opened_in(connection: Connection, year: int) -> Mapping[str, int]:
    """Return what openings put on each account in a year, in cents, debit positive."""
    sums: dict[str, int] = {}
    for line in opening_lines(connection):
        if line.day.year == year:
            sums[line.account] = sums.get(line.account, 0) + line.cents
    return sums


def balances_at(connection: Connection, day: date) -> Mapping[str, int]:
    """Return what openings put on each account until a day, in cents, debit positive; what is nil left out."""
    balances: dict[str, int] = {}
    for line in opening_lines(connection):
        if line.day <= day:
            balances[line.account] = balances.get(line.account, 0) + line.cents
    return {account: cents for account, cents in balances.items() if cents}


def standing_openings(connection: Connection) -> list[StandingOpening]:
    """Return the openings that stand, the oldest balance first."""
    query = (
        select(document.c.name, document.c.first_day, document.c.file_digest)
        .where(document.c.kind == DocumentKind.OPENING.value, stands)
        .order_by(document.c.first_day)
    )
    return [StandingOpening(*row) for row in connection.execute(query)]
