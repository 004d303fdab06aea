"""The rows of a store on a server inside a backup: members of some thousand lines, from which SQLite is made again.

    stores/register/gift-000001.jsonl    first what the lines are: {"version": ..., "table": ..., "columns": [...]}
                                         then a row a line, a JSON array (`ledger.rows`)

Each member says all that is needed to enter it, so that neither side has more than one of them in memory.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Self

from sqlalchemy import Connection, NullPool
from sqlalchemy.exc import SQLAlchemyError

from ledger.engines import begin_deferred, create, sqlite_url
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.rows import TableRows, decoded, encoded, enter_rows, rows_of, tables_of
from ledger.store import HEADS, STORES, StoreName, migrate_to
from obole.keeping.contents import STORED
from obole.words import _

_BLOCK = 1 << 20


class DumpBroken(OboleError):
    """Rows in a backup that are not those of a store that this Obole knows."""


def blocks_of(connection: Connection, store: StoreName, version: str) -> Iterator[tuple[str, bytes]]:
    """Read a store as members of a backup: the name of each and its bytes. A table without rows is one member too."""
    for one in tables_of(store, version):
        head = json.dumps({"version": version, "table": one.name, "columns": one.columns}).encode() + b"\n"
        block, number = bytearray(head), 1
        for row in rows_of(connection, one):
            block += encoded(row)
            if len(block) >= _BLOCK:
                yield _member(store, one, number), bytes(block)
                block, number = bytearray(head), number + 1
        if number == 1 or len(block) > len(head):
            yield _member(store, one, number), bytes(block)


def _member(store: StoreName, one: TableRows, number: int) -> str:
    return f"{STORED}{store}/{one.name}-{number:06d}.jsonl"


class Refilling:
    """SQLite stores in a folder that are made from the members of a dump, each in one transaction.

    Nothing is kept of them until `keep`; the block ends the transactions.
    """

    def __init__(self, root: Path, file: str) -> None:
        self._folder = Folder(root)
        self._file = file
        self._open = ExitStack()
        self._stores: dict[str, Connection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def take(self, name: str, content: BinaryIO) -> None:
        """Enter the rows of a member; DumpBroken where they are not rows of a store."""
        store = name.removeprefix(STORED).split("/")[0]
        if store not in STORES:
            raise self._broken()
        lines = iter(content)
        try:
            head: dict[str, Any] = json.loads(next(lines, b""))
            one = TableRows(str(head["table"]), tuple(map(str, head["columns"])), ())
            version = str(head["version"])
        except (ValueError, KeyError, TypeError):
            raise self._broken() from None
        if version > HEADS[store]:
            message = _(
                "{file}: its {store} is at version {version}, this Obole needs {needed}; install the newest Obole."
            )
            raise DumpBroken(message.format(file=self._file, store=store, version=version, needed=HEADS[store]))
        try:
            enter_rows(self._store(store, version), one, map(decoded, lines))
        except (SQLAlchemyError, ValueError, TypeError, IndexError):
            raise self._broken() from None

    def _store(self, name: StoreName, version: str) -> Connection:
        if name not in self._stores:
            path = self._folder.register if name == "register" else self._folder.vault
            if path.exists():  # copied as a file too
                raise self._broken()
            engine = create(sqlite_url(path), poolclass=NullPool)
            connection = self._open.enter_context(engine.connect())
            begin_deferred(connection)
            migrate_to(connection, name, version)
            path.chmod(0o600)
            self._stores[name] = connection
        return self._stores[name]

    def _broken(self) -> DumpBroken:
        return DumpBroken(
            _("{file}: the rows of a store in it cannot be read; take another copy of it.").format(file=self._file)
        )

    def keep(self) -> None:
        """Keep what was entered."""
        for connection in self._stores.values():
            connection.commit()
