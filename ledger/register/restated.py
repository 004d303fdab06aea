"""The fate of the gifts of a year: those restated, taken back or undone, and the days of each.

One gift of money may stand in several rows: a correction is its reversal and the gift again at the same line, what is
undone stands again in the document that undid it. A step leads from a row to the next one of the same money.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, or_, select

from ledger.gift_days import GiftDays
from ledger.records import DocumentKind
from ledger.register.tables import assignment, document, gift, movement, undone, undone_part


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
    by = func.coalesce(undone.c.by_document_id, undone_part.c.by_document_id)
    query = (
        select(
            gift.c.id,
            gift.c.reverses,
            document.c.kind,
            by.label("by"),
            # At its own line, at that line in what undid it, or where a decision about the line put it.
            func.coalesce(_at_line(gift.c.document_id, year), _at_line(by, year), _decided_again(year)).label("there"),
        )
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
    steps = {}
    for row in connection.execute(query):
        corrects = row.by is not None or row.kind == DocumentKind.UNDO
        there = None if row.there is None else int(row.there)
        steps[int(row.reverses)] = Restatement(int(row.id), there, corrects)
    return steps


def donors_taken_back(connection: Connection, year: int) -> set[str]:
    """Return the donors of reversals that count for a year, and of what they take back."""
    back = gift.alias("back")
    query = (
        select(back.c.donor, gift.c.donor)
        .select_from(back.join(gift, gift.c.id == back.c.reverses))
        .where(back.c.counted == year, back.c.reverses.is_not(None))
    )
    return {donor for row in connection.execute(query) for donor in row if donor is not None}


_AFTER = gift.alias("after")


def _at_line(document_id: ColumnElement[Any], year: int) -> ScalarSelect[Any]:
    """Return the gift of a year that stands at the line of a reversal in a document."""
    return (
        select(func.max(_AFTER.c.id))
        .where(
            _AFTER.c.document_id == document_id,
            _AFTER.c.position == gift.c.position,
            _AFTER.c.counted == year,
            _AFTER.c.reverses.is_(None),
        )
        .correlate(gift, undone, undone_part)
        .scalar_subquery()
    )


def _decided_again(year: int) -> ScalarSelect[Any]:
    """Return the gift that the line of a reversal became by a decision after its gift was taken back."""
    return (
        select(func.max(_AFTER.c.id))
        .select_from(assignment)
        .join(
            _AFTER,
            (_AFTER.c.document_id == assignment.c.document_id) & (_AFTER.c.position == assignment.c.position),
        )
        .where(
            assignment.c.item_document_id == gift.c.document_id,
            assignment.c.item_position == gift.c.position,
            _AFTER.c.counted + 0 == year,  # by the index of this column SQLite would read the whole year each time
            _AFTER.c.reverses.is_(None),
        )
        .correlate(gift)
        .scalar_subquery()
    )


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
