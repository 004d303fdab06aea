"""The rows of a store as values that are the same on either engine: read as a stream, put into another store, compared.

Days are ISO text, truth values 0 or 1, bytes stay bytes. Tables come in an order in which their rows can be entered
one after the other, and rows in the order of their keys, so that equal stores give equal streams.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, MetaData, Table, column, select, table

from ledger.engines import begin_deferred, create
from ledger.errors import OboleError
from ledger.store import StoreName, bulk_insert, migrate_to
from ledger.words import _

Row = tuple[Any, ...]
_BATCH = 2000  # rows that are in memory at a time
_VERSIONS = "alembic_version"
# What was undone comes before what may stand once only: a voucher that was taken in again is refused otherwise.
_FIRST = ("document", "undone")


class RowsDiffer(OboleError):
    """A store does not hold the rows that were put into it."""


class TableRows(NamedTuple):
    """A table whose rows are read or entered: its name, its columns, and those of its key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


@cache
def tables_of(name: StoreName, version: str) -> list[TableRows]:
    """Return the tables of a store of a version, in the order in which their rows are entered.

    They are read from a store in memory that the migrations make; StoreUnreadable where there is no such version.
    """
    metadata = MetaData()
    with create("sqlite://").connect() as connection:
        begin_deferred(connection)
        migrate_to(connection, name, version)
        metadata.reflect(connection)
    ordered = [one for one in metadata.sorted_tables if one.name != _VERSIONS]
    ordered.sort(key=lambda one: _FIRST.index(one.name) if one.name in _FIRST else len(_FIRST))
    return [_described(one) for one in ordered]


def _described(one: Table) -> TableRows:
    columns = tuple(each.name for each in one.columns)
    return TableRows(one.name, columns, tuple(each.name for each in one.primary_key.columns) or columns)


def rows_of(connection: Connection, one: TableRows) -> Iterator[Row]:
    """Read the rows of a table in the order of its key, a few at a time."""
    names: list[Any] = [column(name) for name in one.columns]
    query = select(*names).select_from(table(one.name)).order_by(*map(column, one.key))
    # Named without their types: what the driver hands over needs no more than `_plain`.
    for row in connection.execute(query, execution_options={"yield_per": _BATCH}):
        yield tuple(map(_plain, row))


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return value.isoformat() if isinstance(value, date) else value


def enter_rows(connection: Connection, one: TableRows, rows: Iterable[Row]) -> None:
    """Enter rows into a table of a store of the same version, in batches."""
    rows = iter(rows)
    while batch := list(islice(rows, _BATCH)):
        bulk_insert(connection, Table(one.name, MetaData()), one.columns, batch)


def pour(source: Connection, target: Connection, tables: Sequence[TableRows]) -> None:
    """Enter all rows of a store into an empty one of the same version; RowsDiffer where it does not hold them then."""
    for one in tables:
        enter_rows(target, one, rows_of(source, one))
    for one in tables:
        if digest_of_rows(target, one) != digest_of_rows(source, one):
            raise RowsDiffer(
                _(
                    "table {table}: the database does not give back the rows that it was given, and keeps none of "
                    "them; look into the server's log, or name a database of another server."
                ).format(table=one.name)
            )


def digest_of_rows(connection: Connection, one: TableRows) -> str:
    """Return the SHA-256 over the rows of a table, the same for equal rows on either engine."""
    found = hashlib.sha256()
    for row in rows_of(connection, one):
        found.update(encoded(row))
    return found.hexdigest()


def encoded(row: Sequence[Any]) -> bytes:
    """Return a row as a line of JSON; bytes stand in it as an array with one text, in base64."""
    values = [[base64.b64encode(value).decode()] if isinstance(value, bytes) else value for value in row]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decoded(line: bytes) -> Row:
    """Return the row of a line; ValueError, TypeError where it is none."""
    values = json.loads(line)
    return tuple(base64.b64decode(value[0], validate=True) if isinstance(value, list) else value for value in values)
