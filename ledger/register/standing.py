"""The place where a gift stands now: decisions, exports and undoing restate it, and each leaves it at a new place.

A restatement is the reversal of a gift and a gift at the same line of the same document; what is undone stands again in
the document that undid it. Whoever looks for a gift by what its first line bore (a reference, a mandate, the place that
a sheet names) follows that chain to its end.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select

from ledger.records import DocumentKind
from ledger.register.tables import document, gift, movement, stands, undone, undone_part
from ledger.store import slices


class Standing(NamedTuple):
    """The last place of a gift: its id, document and line there; `gone` where nothing of it stands any more.

    `by` is the last document that stands and that moved the gift or took it back, with its line; None where none did.
    """

    id: int
    document: str
    position: int
    gone: bool = False
    by: tuple[str, int] | None = None


_STATED = (
    select(gift.c.id, document.c.name, gift.c.position)
    .join(document, document.c.id == gift.c.document_id)
    .order_by(gift.c.id)
)


_BACKS = select(
    gift.c.reverses,
    gift.c.document_id,
    gift.c.position,
    document.c.name,
    document.c.kind,
    func.coalesce(undone.c.by_document_id, undone_part.c.by_document_id).label("by_document_id"),
).select_from(
    gift.join(document, document.c.id == gift.c.document_id)
    .outerjoin(undone, undone.c.document_id == gift.c.document_id)
    .outerjoin(
        undone_part,
        (undone_part.c.document_id == gift.c.document_id) & (undone_part.c.position == gift.c.position),
    )
)


def standing_places(connection: Connection, ids: Iterable[int]) -> dict[int, Standing]:
    """Return where each of these gifts stands now, by the id it was asked for."""
    found: dict[int, Standing] = {}
    for some in slices(sorted(set(ids))):
        for row in connection.execute(_STATED.where(gift.c.id.in_(some))):
            found[row.id] = Standing(row.id, row.name, row.position)
    moving = found
    while moving:
        backs = _reversals(connection, {here.id for here in moving.values()})
        moving = {asked: here for asked, here in moving.items() if here.id in backs}
        after = _restated(connection, backs.values())
        found |= {asked: _moved(here, backs[here.id], after) for asked, here in moving.items()}
        moving = {asked: found[asked] for asked in moving if not found[asked].gone}
    return found


def _moved(here: Standing, back: Row[Any], after: Mapping[tuple[int, int], Standing]) -> Standing:
    """Return where a gift stands after what took it back at `here`."""
    settled = back.by_document_id is None and back.kind != DocumentKind.UNDO
    by = (back.name, back.position) if settled else here.by
    there = after.get((back.document_id, back.position))
    if there is None and back.by_document_id is not None:
        there = after.get((back.by_document_id, back.position))
    return here._replace(gone=True, by=by) if there is None else there._replace(by=by)


def _reversals(connection: Connection, ids: set[int]) -> Mapping[int, Row[Any]]:
    found: dict[int, Row[Any]] = {}
    for some in slices(sorted(ids)):
        found |= {row.reverses: row for row in connection.execute(_BACKS.where(gift.c.reverses.in_(some)))}
    return found


def _restated(connection: Connection, backs: Iterable[Row[Any]]) -> dict[tuple[int, int], Standing]:
    """Return the gifts at the lines that took others back, or that undid these, by document and line."""
    documents = {one for back in backs for one in (back.document_id, back.by_document_id) if one is not None}
    positions = {back.position for back in backs}
    found: dict[tuple[int, int], Standing] = {}
    for some in slices(sorted(documents)):
        query = select(gift.c.id, gift.c.document_id, document.c.name, gift.c.position)
        query = query.join(document, document.c.id == gift.c.document_id)
        for places in slices(sorted(positions)):
            here = gift.c.document_id.in_(some) & gift.c.position.in_(places) & (gift.c.cents > 0)
            for row in connection.execute(query.where(here)):
                found[row.document_id, row.position] = Standing(row.id, row.name, row.position)
    return found


def came_again(connection: Connection, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], tuple[str, int]]:
    """Return the lines among these whose document was undone and came again under another name, with their new places.

    It says the same, to the byte of its content, and has that line with the same day and amount.
    """
    wanted = set(places)
    was, gone, there = document.alias("was"), undone.alias("gone"), movement.alias("there")
    query = (
        select(was.c.name, movement.c.position, document.c.name.label("again"))
        .join(movement, movement.c.document_id == was.c.id)
        .join(gone, gone.c.document_id == was.c.id)
        .join(document, (document.c.digest == was.c.digest) & (document.c.kind == was.c.kind) & stands)
        .join(there, (there.c.document_id == document.c.id) & (there.c.position == movement.c.position))
        .where(there.c.booked == movement.c.booked, there.c.cents == movement.c.cents)
        .order_by(document.c.id)
    )
    found: dict[tuple[str, int], tuple[str, int]] = {}
    for some in slices(sorted({name for name, _position in wanted})):
        for row in connection.execute(query.where(was.c.name.in_(some))):
            if (row.name, row.position) in wanted:
                found[row.name, row.position] = (row.again, row.position)
    return found


def stated_at(connection: Connection, name: str, position: int) -> int | None:
    """Return the id of the gift that a line of a document brought, whatever became of it; None where it is none."""
    query = (
        select(gift.c.id)
        .join(document, document.c.id == gift.c.document_id)
        .where(document.c.name == name, gift.c.position == position, gift.c.cents > 0)
        .order_by(gift.c.id)
    )
    found: int | None = connection.execute(query).scalars().first()
    return found
