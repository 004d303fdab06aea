"""The proof of what was changed by hand: rows and documents whose content is not what was posted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Date,
    Row,
    RowMapping,
    Select,
    String,
    Table,
    select,
    type_coerce,
)

from ledger.money import to_decimal
from ledger.register.canonical import crc_of, gift_text, movement_text, rows_digest
from ledger.register.documents import crc_of_document
from ledger.register.tables import day_total, document, gift, movement
from ledger.store import AT_A_TIME
from ledger.words import _


class Alteration(NamedTuple):
    """A row whose content is not what was posted."""

    table: str
    place: str
    problem: str


def alterations(connection: Connection) -> list[Alteration]:
    """Return every document, movement, gift or day total that is not what was posted; reads the whole register.

    Found by the CRC of each row, the digest and the counts of each document, and the sums of the gifts.
    """
    found: list[Alteration] = []
    posted = {record["id"]: record for record in connection.execute(_as_stored(document)).mappings()}
    names = {document_id: str(record["name"]) for document_id, record in posted.items()}
    gifts: dict[int, list[str]] = {}
    movements: dict[int, list[str]] = {}
    sums: dict[_TotalKey, tuple[int, int]] = {}
    for document_id, text, row in _rows(connection, gift, names, found):
        gifts.setdefault(document_id, []).append(text)
        if isinstance(row.cents, int):
            of = (row.fund or "", row.channel, row.project or "", row.department or "")
            key = (document_id, row.batch, row.booked, row.account, *of)
            count, cents = sums.get(key, (0, 0))
            sums[key] = (count + 1, cents + row.cents)
    for document_id, text, _cents in _rows(connection, movement, names, found):
        movements.setdefault(document_id, []).append(text)
    for document_id, record in posted.items():
        problems = _document_problems(record, movements.pop(document_id, []), gifts.pop(document_id, []))
        found += [Alteration("document", names[document_id], problem) for problem in problems]
    # Documents are numbered 1, 2, 3 ...; what is left over belongs to none.
    numbers = set(range(1, max(posted, default=0) + 1)) | gifts.keys() | movements.keys()
    found += [
        Alteration("document", f"number {document_id}", _("it was deleted"))
        for document_id in sorted(numbers - posted.keys())
    ]
    kept: dict[_TotalKey, tuple[Any, Any]] = {
        tuple(row[:-2]): tuple(row[-2:]) for row in connection.execute(_as_stored(day_total))
    }
    for key in sorted(sums.keys() | kept.keys(), key=str):
        if sums.get(key) != kept.get(key):
            place = f"{names.get(key[0], key[0])} {key[2]} account {key[3]}"
            found.append(Alteration("day_total", place, _total_problem(kept.get(key, (0, 0)), sums.get(key, (0, 0)))))
    return found


_TotalKey = tuple[Any, ...]  # the key of a day total as it is stored


def _as_stored(table: Table) -> Select[Any]:
    """Return all of a table, dates as they stand there: what was changed by hand need not be a date any more."""
    return select(
        *(type_coerce(column, String) if isinstance(column.type, Date) else column for column in table.columns)
    )


def _rows(
    connection: Connection, table: Table, names: Mapping[int, str], found: list[Alteration]
) -> Iterator[tuple[int, str, Row[Any]]]:
    """Document, canonical text and row of each gift or movement in the order of posting; notes a wrong CRC."""
    if table is gift:
        key, canonical, first = gift.c.id, gift_text, 1  # the id is not part of the text
    else:
        key, canonical, first = movement.c.position, movement_text, 0
    query = _as_stored(table).order_by(table.c.document_id, key)
    for row in connection.execute(query, execution_options={"yield_per": AT_A_TIME}):
        text = canonical(tuple(row[first:-1]))
        document_id = row[first]
        if crc_of(text) != row[-1]:
            place = f"{key.name} {getattr(row, key.name)} of {names.get(document_id, 'no document')}"
            found.append(Alteration(table.name, place, _("the row was changed after posting")))
        yield document_id, text, row


def _document_problems(record: RowMapping, movements: Sequence[str], gifts: Sequence[str]) -> Iterator[str]:
    if crc_of_document(record) != record["crc"]:
        yield _("its record was changed after posting")
    if (len(movements), len(gifts)) != (record["movements"], record["gifts"]):
        yield (
            _(
                "movements as posted: {movements}, gifts: {gifts}; there are: {movements_there} and {gifts_there}"
            ).format(
                movements=record["movements"],
                gifts=record["gifts"],
                movements_there=len(movements),
                gifts_there=len(gifts),
            )
        )
    elif rows_digest(movements, gifts) != record["rows_digest"]:
        yield _("the digest of its rows is not the one posted")


def _total_problem(kept: tuple[Any, Any], real: tuple[int, int]) -> str:
    said = to_decimal(kept[1]) if isinstance(kept[1], int) else kept[1]
    return _("gifts as posted: {kept}, {said} EUR; as they are: {real}, {amount} EUR").format(
        kept=kept[0], said=said, real=real[0], amount=to_decimal(real[1])
    )
