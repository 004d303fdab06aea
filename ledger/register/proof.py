"""The proof of what was changed by hand: rows and documents whose content is not what was posted."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import (
    Connection,
    Date,
    RowMapping,
    Select,
    String,
    Table,
    select,
    type_coerce,
)

from ledger.money import to_decimal
from ledger.register.canonical import RowsDigest, gift_text, movement_text
from ledger.register.documents import crc_of_document
from ledger.register.tables import GIFT_COLUMNS, day_total, document, gift, movement
from ledger.store import plain_rows
from ledger.words import _


class Alteration(NamedTuple):
    """A row whose content is not what was posted."""

    table: str
    place: str
    problem: str


def alterations(connection: Connection) -> list[Alteration]:
    """Return every document, movement, gift or day total that is not what was posted; reads the whole register.

    Found by the CRC of each row, the digest and the counts of each document, and the sums of the gifts. Memory holds a
    digest of each document and the rows of one.
    """
    posted = {record["id"]: record for record in connection.execute(_as_stored(document)).mappings()}
    names = {document_id: str(record["name"]) for document_id, record in posted.items()}
    digests: defaultdict[int, RowsDigest] = defaultdict(RowsDigest)
    found: list[Alteration] = []
    of_movements: list[Alteration] = []
    for run in _runs(connection, movement, names, of_movements):
        digests[run.document_id].add_movements(run.texts)
    sums: dict[_TotalKey, tuple[int, int]] = {}
    for run in _runs(connection, gift, names, found):
        digests[run.document_id].add_gifts(run.texts)
        _add_up(run, sums)
    found += of_movements
    for document_id, record in posted.items():
        problems = _document_problems(record, digests.pop(document_id, RowsDigest()))
        found += [Alteration("document", names[document_id], problem) for problem in problems]
    # Documents are numbered 1, 2, 3 ...; what is left over belongs to none.
    numbers = set(range(1, max(posted, default=0) + 1)) | digests.keys()
    found += [
        Alteration("document", f"number {document_id}", _("it was deleted"))
        for document_id in sorted(numbers - posted.keys())
    ]
    return found + _totals(connection, names, sums)


_TotalKey = tuple[Any, ...]  # the key of a day total as it is stored


def _totals(
    connection: Connection, names: Mapping[int, str], sums: Mapping[_TotalKey, tuple[int, int]]
) -> list[Alteration]:
    """Return the day totals that are not the sums of the gifts."""
    kept: dict[_TotalKey, tuple[Any, Any]] = {
        tuple(row[:-2]): tuple(row[-2:]) for row in connection.execute(_as_stored(day_total))
    }
    found = []
    for key in sorted(sums.keys() | kept.keys(), key=str):
        if sums.get(key) != kept.get(key):
            place = f"{names.get(key[0], key[0])} {key[2]} account {key[3]}"
            found.append(Alteration("day_total", place, _total_problem(kept.get(key, (0, 0)), sums.get(key, (0, 0)))))
    return found


def _as_stored(table: Table) -> Select[Any]:
    """Return all of a table, dates as they stand there: what was changed by hand need not be a date any more."""
    return select(
        *(type_coerce(column, String) if isinstance(column.type, Date) else column for column in table.columns)
    )


class _Run(NamedTuple):
    """Rows of one document, as they are stored, with their canonical texts."""

    document_id: int
    rows: Sequence[tuple[Any, ...]]
    texts: Sequence[bytes]


def _runs(connection: Connection, table: Table, names: Mapping[int, str], found: list[Alteration]) -> Iterator[_Run]:
    """Yield the gifts or movements in the order of posting; notes a wrong CRC."""
    if table is gift:
        order, canonical, first = [gift.c.id], gift_text, 1  # the id is not part of the text
    else:
        order, canonical, first = [movement.c.document_id, movement.c.position], movement_text, 0
    for document_id, run in groupby(plain_rows(connection, _as_stored(table).order_by(*order)), itemgetter(first)):
        rows = list(run)
        texts = [canonical(row[first:-1]).encode() for row in rows]
        if list(map(crc32, texts)) != [row[-1] for row in rows]:
            place = table.columns.keys().index(order[-1].name)
            found += [
                Alteration(
                    table.name,
                    f"{order[-1].name} {row[place]} of {names.get(document_id, 'no document')}",
                    _("the row was changed after posting"),
                )
                for row, text in zip(rows, texts, strict=True)
                if crc32(text) != row[-1]
            ]
        yield _Run(document_id, rows, texts)


_CENTS = GIFT_COLUMNS.index("cents")
_OF_TOTAL = itemgetter(*map(GIFT_COLUMNS.index, ("document_id", "batch", "booked", "account")))
_PARTS = itemgetter(*map(GIFT_COLUMNS.index, ("fund", "channel", "project", "department")))


def _add_up(run: _Run, sums: dict[_TotalKey, tuple[int, int]]) -> None:
    """Add gifts to the sums by which day totals are kept."""
    for row in run.rows:
        cents = row[_CENTS]
        if isinstance(cents, int):
            fund, channel, project, department = _PARTS(row)
            key = (*_OF_TOTAL(row), fund or "", channel, project or "", department or "")
            count, total = sums.get(key, (0, 0))
            sums[key] = (count + 1, total + cents)


def _document_problems(record: RowMapping, rows: RowsDigest) -> Iterator[str]:
    if crc_of_document(record) != record["crc"]:
        yield _("its record was changed after posting")
    if (rows.movements, rows.gifts) != (record["movements"], record["gifts"]):
        yield (
            _(
                "movements as posted: {movements}, gifts: {gifts}; there are: {movements_there} and {gifts_there}"
            ).format(
                movements=record["movements"],
                gifts=record["gifts"],
                movements_there=rows.movements,
                gifts_there=rows.gifts,
            )
        )
    elif rows.hexdigest() != record["rows_digest"]:
        yield _("the digest of its rows is not the one posted")


def _total_problem(kept: tuple[Any, Any], real: tuple[int, int]) -> str:
    said = to_decimal(kept[1]) if isinstance(kept[1], int) else kept[1]
    return _("gifts as posted: {kept}, {said} EUR; as they are: {real}, {amount} EUR").format(
        kept=kept[0], said=said, real=real[0], amount=to_decimal(real[1])
    )
