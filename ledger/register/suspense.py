"""Open lines of suspense and the decisions that take them out of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    select,
)

from ledger.instalments import CLAIMABLE
from ledger.records import LineOutcome
from ledger.register.gifts import MandateGift, gifts_of_mandates, originals_of
from ledger.register.tables import assignment, document, movement, stands, voucher, was_undone
from ledger.store import bulk_insert


class LineKey(NamedTuple):
    """A line of the register: the id of its document and its position there."""

    document_id: int
    position: int


def ever_assigned(connection: Connection) -> set[LineKey]:
    """Return the lines that were assigned once, though it was undone since: a person decides them."""
    return {
        LineKey(*row) for row in connection.execute(select(assignment.c.item_document_id, assignment.c.item_position))
    }


def lines_decided(connection: Connection, document_id: int) -> list[str]:
    """Return the lines (`document:position`) that a document decided about, on suspense or as gifts."""
    query = select(document.c.name, assignment.c.item_position).join(
        document, document.c.id == assignment.c.item_document_id
    )
    rows = connection.execute(query.where(assignment.c.document_id == document_id))
    vouchers = connection.execute(select(voucher.c.reference).where(voucher.c.document_id == document_id)).scalars()
    return [*(f"{name}:{position}" for name, position in rows), *vouchers]


class AssignedLine(NamedTuple):
    """A line of a document and the document that decided about it."""

    by_id: int
    by: str
    position: int


def assignments_to(connection: Connection, document_id: int) -> list[AssignedLine]:
    """Return the decisions about lines of a document, in the order of posting."""
    query = (
        select(document.c.id, document.c.name, assignment.c.item_position)
        .join(document, document.c.id == assignment.c.document_id)
        .where(assignment.c.item_document_id == document_id)
        .order_by(document.c.id)
    )
    return [AssignedLine(*row) for row in connection.execute(query)]


class OpenItem(NamedTuple):
    """A bank line on the suspense account that nobody has assigned yet."""

    document: str
    document_id: int
    position: int
    booked: date
    value: date | None
    cents: int
    code: str
    bank: str | None = None
    reference: str | None = None
    mandate: str | None = None
    reason: str | None = None

    @property
    def key(self) -> LineKey:
        """Return where it stands in the register."""
        return LineKey(self.document_id, self.position)


def open_items(connection: Connection) -> list[OpenItem]:
    """Return the suspense list, oldest first."""
    decided = select(assignment).where(~was_undone(assignment)).subquery()
    query = (
        select(
            document.c.name,
            document.c.id,
            movement.c.position,
            movement.c.booked,
            movement.c.value,
            movement.c.cents,
            movement.c.code,
            document.c.bank,
            movement.c.reference,
            movement.c.mandate,
            movement.c.reason,
        )
        .join(document, document.c.id == movement.c.document_id)
        .outerjoin(
            decided,
            (decided.c.item_document_id == movement.c.document_id) & (decided.c.item_position == movement.c.position),
        )
        .where(movement.c.outcome == LineOutcome.SUSPENSE.value, decided.c.document_id.is_(None), stands)
        .order_by(movement.c.booked, document.c.id, movement.c.position)
    )
    return [OpenItem(*row) for row in connection.execute(query)]


def donors_awaiting_return(connection: Connection, year: int) -> set[str]:
    """Return the donors of gifts of a year that a return waiting on suspense is likely to take back.

    It is that of the gift of its reference, where there is one; else those of the gifts that its mandate brought while
    they could still be claimed back.
    """
    waiting = [item for item in open_items(connection) if item.cents < 0 and (item.reference or item.mandate)]
    if not waiting:
        return set()
    named = originals_of(connection, (item.reference for item in waiting if item.reference))
    donors = {one.donor for one in named.values() if one.counted == year and not one.reversed}
    claims = [item for item in waiting if item.mandate is not None and (item.reference or "") not in named]
    donors |= _donors_of_claims(connection, claims, year)
    return {donor for donor in donors if donor is not None}


def _donors_of_claims(connection: Connection, claims: Sequence[OpenItem], year: int) -> set[str | None]:
    """Return the donors of gifts of a year that the mandates of returns brought while they could be claimed back."""
    brought: defaultdict[str, list[MandateGift]] = defaultdict(list)
    for gift in gifts_of_mandates(connection, (item.mandate for item in claims if item.mandate)):
        if gift.counted == year:
            brought[gift.mandate].append(gift)
    return {
        gift.donor
        for item in claims
        for gift in brought[item.mandate or ""]
        if item.booked - CLAIMABLE <= gift.booked <= item.booked
    }


class Decided(NamedTuple):
    """The outcome for a suspense line, and where it was decided: `by` is document and line of the decision."""

    donor: str | None
    account: str
    day: date
    by: str


def assigned_items(connection: Connection) -> dict[tuple[str, int], Decided]:
    """Return the suspense lines that were assigned, by document and position."""
    item, decision = document.alias("item"), document.alias("decision")
    query = (
        select(
            item.c.name,
            assignment.c.item_position,
            assignment.c.donor,
            assignment.c.account,
            assignment.c.day,
            decision.c.name,
            assignment.c.position,
        )
        .join(item, item.c.id == assignment.c.item_document_id)
        .join(decision, decision.c.id == assignment.c.document_id)
        .where(~was_undone(assignment))
    )
    return {
        (row[0], row[1]): Decided(row[2], row[3], row[4], f"{row[5]} line {row[6]}")
        for row in connection.execute(query)
    }


class Decision(NamedTuple):
    """The decision of a document about a line of suspense: `position` is its own line, `line` the one that waits."""

    position: int
    line: LineKey
    donor: str | None
    account: str
    day: date
    reason: str | None = None


def insert_assignments(connection: Connection, document_id: int, decisions: Iterable[Decision]) -> None:
    """Remember the decisions of a document; the caller commits."""
    bulk_insert(
        connection,
        assignment,
        [column.name for column in assignment.columns],
        [
            (document_id, one.position, *one.line, one.donor, one.account, one.day.isoformat(), one.reason)
            for one in decisions
        ],
    )
