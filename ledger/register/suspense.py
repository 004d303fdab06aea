"""Open lines of suspense and the decisions that take them out of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    RowMapping,
    bindparam,
    func,
    select,
)

from ledger.instalments import CLAIMABLE
from ledger.records import DocumentKind, LineOutcome
from ledger.register.documents import DocumentSummary
from ledger.register.gifts import MandateGift, gifts_of_mandates, originals_of
from ledger.register.tables import assignment, document, gift, movement, stands, undone, voucher, was_undone
from ledger.store import bulk_insert
from ledger.words import _


class LineKey(NamedTuple):
    """A line of the register: the id of its document and its position there."""

    document_id: int
    position: int


def ever_assigned(connection: Connection) -> set[LineKey]:
    """Return the lines that were assigned once, though it was undone since: a person decides them.

    So does one decide a line that was put back on suspense by hand, at the place where it waits.
    An assignment that was undone because the decision it followed from was undone is as if it had never been.
    """
    by = document.alias("by_document")
    undoings = (
        select(undone.c.document_id, by.c.summary)
        .join(by, by.c.id == undone.c.by_document_id)
        .where(by.c.summary.contains('"follows"'))
    )
    followed = {row.document_id for row in connection.execute(undoings) if DocumentSummary.read(row.summary).follows}
    rows = select(assignment.c.document_id, assignment.c.item_document_id, assignment.c.item_position)
    once = {LineKey(*row[1:]) for row in connection.execute(rows) if row.document_id not in followed}
    put_back = (
        select(assignment.c.document_id, assignment.c.position)
        .join(document, document.c.id == assignment.c.document_id)
        .where(document.c.kind == DocumentKind.RECLASSIFICATION.value)
    )
    return once | {LineKey(*row) for row in connection.execute(put_back)}


def places_before(connection: Connection, name: str, position: int) -> list[tuple[str, int]]:
    """Return the places of a gift from one it has, itself first, back to its line: decisions restated it there."""
    there = select(document.c.id).where(document.c.name == name)
    found = [(name, position)]
    place: tuple[int, int] | None = (int(connection.execute(there).scalar_one()), position)
    while place is not None:
        row = connection.execute(_BEFORE, {"document": place[0], "position": place[1]}).first()
        if row is None:
            row = connection.execute(_DECIDED_ABOUT, {"document": place[0], "position": place[1]}).first()
        place = None
        if row is not None and (row.name, row.position) not in found:
            found.append((row.name, row.position))
            place = (row.id, row.position)
    return found


_TAKEN_BACK = gift.alias("gift_taken_back")


_BEFORE = (
    select(document.c.id, document.c.name, _TAKEN_BACK.c.position)
    .select_from(gift)
    .join(_TAKEN_BACK, _TAKEN_BACK.c.id == gift.c.reverses)
    .join(document, document.c.id == _TAKEN_BACK.c.document_id)
    .where(gift.c.document_id == bindparam("document"), gift.c.position == bindparam("position"))
)


_DECIDED_ABOUT = (
    select(document.c.id, document.c.name, assignment.c.item_position.label("position"))
    .join(document, document.c.id == assignment.c.item_document_id)
    .where(assignment.c.document_id == bindparam("document"), assignment.c.position == bindparam("position"))
)


def _first_bank() -> Any:
    """Return the bank account of the gift whose reversal put a line on suspense, of a line that no bank brought."""
    back, first, origin = gift.alias("put_back"), gift.alias("first_gift"), document.alias("origin")
    return (
        select(origin.c.bank)
        .select_from(back)
        .join(first, first.c.id == back.c.reverses)
        .join(origin, origin.c.id == first.c.document_id)
        .where(back.c.document_id == movement.c.document_id, back.c.position == movement.c.position)
        .correlate(movement)
        .scalar_subquery()
    )


def _bank_of_line() -> Any:
    """Return the bank account of the line that was put back on suspense at a place."""
    origin, put_back = document.alias("origin_of_line"), assignment.alias("put_back_by_hand")
    return (
        select(origin.c.bank)
        .select_from(put_back)
        .join(origin, origin.c.id == put_back.c.item_document_id)
        .where(
            put_back.c.document_id == movement.c.document_id,
            put_back.c.position == movement.c.position,
            movement.c.outcome == LineOutcome.SUSPENSE.value,
        )
        .correlate(movement)
        .scalar_subquery()
    )


def lines_decided(connection: Connection, document_id: int) -> list[str]:
    """Return the lines (`document:position`) that a document decided about, on suspense or as gifts."""
    query = select(document.c.name, assignment.c.item_position).join(
        document, document.c.id == assignment.c.item_document_id
    )
    rows = connection.execute(query.where(assignment.c.document_id == document_id, ~was_undone(assignment)))
    own = select(voucher.c.reference).where(voucher.c.document_id == document_id, ~was_undone(voucher))
    vouchers = connection.execute(own).scalars()
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
        .where(assignment.c.item_document_id == document_id, ~was_undone(assignment))
        .order_by(document.c.id)
    )
    return [AssignedLine(*row) for row in connection.execute(query)]


class DecidedLine(NamedTuple):
    """The decision at a line of a document that stands there, and the line that it is about."""

    position: int
    day: date
    line: LineKey
    place: tuple[str, int]


def decided_in(connection: Connection, document_id: int) -> list[DecidedLine]:
    """Return the decisions of a document that were not undone, in order."""
    query = (
        select(
            assignment.c.position,
            assignment.c.day,
            assignment.c.item_document_id,
            assignment.c.item_position,
            document.c.name,
        )
        .join(document, document.c.id == assignment.c.item_document_id)
        .where(assignment.c.document_id == document_id, ~was_undone(assignment))
        .order_by(assignment.c.position)
    )
    return [
        DecidedLine(
            row.position, row.day, LineKey(row.item_document_id, row.item_position), (row.name, row.item_position)
        )
        for row in connection.execute(query)
    ]


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


def open_items(connection: Connection, days: tuple[date, date] = (date.min, date.max)) -> list[OpenItem]:
    """Return the suspense list, oldest first; of lines booked from the first to the last of two days."""
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
            func.coalesce(document.c.bank, _first_bank(), _bank_of_line()),
            movement.c.reference,
            movement.c.mandate,
            movement.c.reason,
        )
        .join(document, document.c.id == movement.c.document_id)
        .outerjoin(
            decided,
            (decided.c.item_document_id == movement.c.document_id) & (decided.c.item_position == movement.c.position),
        )
        .where(
            movement.c.outcome == LineOutcome.SUSPENSE.value,
            movement.c.booked.between(*days),
            decided.c.document_id.is_(None),
            stands,
        )
        .order_by(movement.c.booked, document.c.id, movement.c.position)
    )
    return [OpenItem(*row) for row in connection.execute(query)]


def donors_awaiting_return(connection: Connection, year: int) -> set[str]:
    """Return the donors of gifts of a year that a return waiting on suspense is likely to take back.

    It is that of the gift of its reference, where there is one; else those of the gifts that its mandate brought while
    they could still be claimed back.
    """
    waiting = [item for item in open_items(connection) if item.cents < 0]
    named = originals_of(connection, filter(None, (item.reference for item in waiting)))
    donors = {one.donor for one in named.values() if one.counted == year and not one.reversed}
    claims = [item for item in waiting if item.reference not in named]
    donors |= _donors_of_claims(connection, claims, year)
    return set(filter(None, donors))


def _donors_of_claims(connection: Connection, claims: Sequence[OpenItem], year: int) -> set[str | None]:
    """Return the donors of gifts of a year that the mandates of returns brought while they could be claimed back."""
    brought: defaultdict[str | None, list[MandateGift]] = defaultdict(list)
    for one in gifts_of_mandates(connection, filter(None, (item.mandate for item in claims))):
        if one.counted == year:
            brought[one.mandate].append(one)
    return {
        one.donor
        for item in claims
        for one in brought[item.mandate]
        if item.booked - CLAIMABLE <= one.booked <= item.booked
    }


class LineNow(NamedTuple):
    """A line of a document and the account that its amount stands on now: decisions may have moved it there.

    `key` is its place, or that of the decision that moved it last, which `by` names with its line; `donor` is whose
    gift that decision made or took back.
    """

    key: LineKey
    booked: date
    value: date | None
    cents: int
    code: str
    reference: str | None
    mandate: str | None
    reason: str | None
    bank: str | None
    outcome: LineOutcome
    account: str | None
    donor: str | None = None
    by: tuple[str, int] | None = None


_LINE = select(
    movement.c.booked,
    movement.c.value,
    movement.c.cents,
    movement.c.code,
    movement.c.reference,
    movement.c.mandate,
    movement.c.reason,
    func.coalesce(document.c.bank, _first_bank(), _bank_of_line()).label("bank"),
    movement.c.outcome,
    movement.c.account,
).join(document, document.c.id == movement.c.document_id)


_DECISION = select(
    assignment.c.document_id,
    assignment.c.position,
    assignment.c.item_document_id,
    assignment.c.item_position,
    assignment.c.donor,
    assignment.c.account,
    document.c.name,
).join(document, document.c.id == assignment.c.document_id)


def line_now(connection: Connection, name: str, position: int) -> LineNow | None:
    """Return a line of a document that stands, named by its own place or that of a decision about it; None for none."""
    document_id = connection.execute(select(document.c.id).where(document.c.name == name, stands)).scalar()
    if document_id is None:
        return None
    key = LineKey(document_id, position)
    row, decided = _line_at(connection, key), None
    if row is None:
        at = (assignment.c.document_id == key.document_id) & (assignment.c.position == key.position)
        decided = connection.execute(_DECISION.where(at)).mappings().first()
        if decided is None:
            return None
        row = _line_at(connection, LineKey(decided["item_document_id"], decided["item_position"]))
        if row is None:
            return None
    line = LineNow(key=key, **{**row, "outcome": LineOutcome(row["outcome"])})
    while decided is not None or (decided := _decision_about(connection, line.key)) is not None:
        line = line._replace(
            key=LineKey(decided["document_id"], decided["position"]),
            account=decided["account"],
            donor=decided["donor"],
            by=(decided["name"], decided["position"]),
        )
        decided = None
    return line


def _line_at(connection: Connection, key: LineKey) -> RowMapping | None:
    at = (movement.c.document_id == key.document_id) & (movement.c.position == key.position)
    return connection.execute(_LINE.where(at)).mappings().first()


def _decision_about(connection: Connection, key: LineKey) -> RowMapping | None:
    about = (assignment.c.item_document_id == key.document_id) & (assignment.c.item_position == key.position)
    query = _DECISION.where(about, ~was_undone(assignment)).order_by(assignment.c.document_id, assignment.c.position)
    return connection.execute(query).mappings().first()


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
        (row[0], row[1]): Decided(
            row[2], row[3], row[4], _("{document} line {line}").format(document=row[5], line=row[6])
        )
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
