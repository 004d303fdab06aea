"""The fate of the gifts of a year: those restated, taken back or undone, and the days of each.

One gift of money may stand in several rows: a correction is its reversal and the gift again at the same line, what is
undone stands again in the document that undid it. A step leads from a row to the next one of the same money.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, or_, select

from ledger.gift_days import GiftDays
from ledger.records import DocumentKind
from ledger.register.tables import assignment, document, gift, movement, undone, undone_part
from ledger.store import slices


class Restatement(NamedTuple):
    """The reversal `back` of a gift, and the gift `after` that the same money is then, None where it is none.

    `undone` says that the reversal only corrects the books: nobody gave anything back.
    """

    back: int
    after: int | None
    undone: bool


class GivenRow(NamedTuple):
    """A row of the register as a receipt needs it."""

    id: int
    donor: str | None
    cents: int
    channel: str
    days: GiftDays


def steps_of(connection: Connection, year: int) -> dict[int, Restatement]:
    """Return what became of the gifts that count for a year and that something took back, by their id."""
    by = func.coalesce(undone.c.by_document_id, undone_part.c.by_document_id).label("by")
    query = (
        select(gift.c.id, gift.c.reverses, gift.c.document_id, gift.c.position, document.c.kind, by)
        .select_from(
            gift.join(document, document.c.id == gift.c.document_id)
            .outerjoin(undone, undone.c.document_id == gift.c.document_id)
            .outerjoin(
                undone_part,
                (undone_part.c.document_id == gift.c.document_id) & (undone_part.c.position == gift.c.position),
            )
        )
        .where(gift.c.counted == year, gift.c.reverses.is_not(None))
    )
    backs = connection.execute(query).all()
    after = _at_lines(connection, year, {one for row in backs for one in (row.document_id, row.by) if one is not None})
    decided = _decided_again(connection, year, (int(row.id) for row in backs))
    steps = {}
    for row in backs:
        there = after.get((row.document_id, row.position))
        if there is None and row.by is not None:
            there = after.get((row.by, row.position))
        if there is None:
            there = decided.get(int(row.id))
        corrects = row.by is not None or row.kind == DocumentKind.UNDO
        steps[int(row.reverses)] = Restatement(int(row.id), there, corrects)
    return steps


def _at_lines(connection: Connection, year: int, documents: Iterable[int]) -> dict[tuple[int, int], int]:
    """Return the gifts of a year that stand in some documents, by document and line."""
    found: dict[tuple[int, int], int] = {}
    for some in slices(sorted(documents)):
        query = select(gift.c.id, gift.c.document_id, gift.c.position).where(
            gift.c.document_id.in_(some), gift.c.counted == year, gift.c.reverses.is_(None)
        )
        found |= {(row.document_id, row.position): int(row.id) for row in connection.execute(query)}
    return found


def _decided_again(connection: Connection, year: int, backs: Iterable[int]) -> dict[int, int]:
    """Return the gifts that lines became by a decision after their gift was taken back, by the id of its reversal."""
    after = gift.alias("after")
    found: dict[int, int] = {}
    for some in slices(sorted(backs)):
        query = (
            select(gift.c.id, after.c.id.label("then"))
            .join(
                assignment,
                (assignment.c.item_document_id == gift.c.document_id) & (assignment.c.item_position == gift.c.position),
            )
            .join(
                after,
                (after.c.document_id == assignment.c.document_id) & (after.c.position == assignment.c.position),
            )
            .where(gift.c.id.in_(some), after.c.counted == year, after.c.reverses.is_(None))
            .order_by(after.c.id)
        )
        found |= {int(row.id): int(row.then) for row in connection.execute(query)}
    return found


_ROW = (
    *(gift.c.id, gift.c.donor, gift.c.cents, gift.c.channel),
    *(gift.c.booked, gift.c.executed, gift.c.value, gift.c.paid),
)


def rows_given(connection: Connection, year: int) -> dict[int, GivenRow]:
    """Return the rows that count for a year, by id; what was decided from an open line has the days of that line."""
    return _rows(connection, year, gift.c.counted == year)


def straddling(connection: Connection, year: int) -> dict[int, GivenRow]:
    """Return the gifts that count for a year and have a day in another one, by id."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    outside = or_(*(~day.between(first, last) for day in (gift.c.booked, gift.c.executed, gift.c.value, gift.c.paid)))
    found = _rows(connection, year, (gift.c.counted == year) & gift.c.reverses.is_(None) & outside)
    return {one: row for one, row in found.items() if any(day and day.year != year for day in row.days)}


def _rows(connection: Connection, year: int, condition: Any) -> dict[int, GivenRow]:
    lines = _lines_decided(connection, year)
    found = {}
    for row in connection.execute(select(*_ROW).where(condition)):
        days = GiftDays(lines.get(row.id, row.booked), row.executed, row.value, row.paid)
        found[int(row.id)] = GivenRow(int(row.id), row.donor, int(row.cents), row.channel, days)
    return found


def _lines_decided(connection: Connection, year: int) -> Mapping[int, date]:
    """Return the day on which the money came of gifts that somebody decided later, by the id of the gift."""
    query = (
        select(gift.c.id, movement.c.booked)
        .join(assignment, (assignment.c.document_id == gift.c.document_id) & (assignment.c.position == gift.c.position))
        .join(
            movement,
            (movement.c.document_id == assignment.c.item_document_id)
            & (movement.c.position == assignment.c.item_position),
        )
        .where(gift.c.counted == year, gift.c.reverses.is_(None), gift.c.booked != movement.c.booked)
    )
    return {int(row.id): row.booked for row in connection.execute(query)}
