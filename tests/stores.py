"""Stores for tests that run on both engines: files of SQLite, or databases of the PostgreSQL of OBOLE_TEST_POSTGRES.

`OBOLE_TEST_POSTGRES` is the address of a superuser's database (`postgresql+pg8000://postgres@127.0.0.1:5433/postgres`).
Databases are migrated once, lent to a test and emptied after it: making one anew takes a tenth of a second.
"""

import os
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, make_url

from ledger.store import StoreName, open_store, sqlite_url

SERVER = os.environ.get("OBOLE_TEST_POSTGRES", "")
WHY_NOT = "no PostgreSQL; OBOLE_TEST_POSTGRES must hold the address of one"


class Files:
    """Stores as files in the folder of a test."""

    name = "sqlite"

    def url(self, folder: Path, store: StoreName) -> str:
        """The address of the store of a folder, made where it is not there yet."""
        path = folder / f"{store}.sqlite3"
        if not path.exists():
            path.write_bytes(_migrated(store))
        return sqlite_url(path)

    def engine(self, folder: Path, store: StoreName) -> Engine:
        return open_store(self.url(folder, store), store)

    @contextmanager
    def unguarded(self, folder: Path, store: StoreName) -> Iterator[Any]:
        """A cursor of the driver, as somebody has who knows how to drop triggers and foreign keys."""
        with closing(sqlite3.connect(folder / f"{store}.sqlite3")) as connection, connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            yield connection.cursor()

    def give_back(self) -> None:
        """Nothing: the folder goes with the test."""


@cache
def _migrated(store: StoreName) -> bytes:
    """Migrated once for all tests: each migration takes a twentieth of a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        open_store(sqlite_url(path), store).dispose()
        return path.read_bytes()


class Databases:
    """Stores as databases of a server, one for each folder and store that a test names."""

    name = "postgresql"

    def __init__(self) -> None:
        self._numbers = count(1)
        self._free: defaultdict[StoreName, list[str]] = defaultdict(list)
        self._lent: dict[tuple[Path, StoreName], str] = {}
        self._made: list[str] = []
        self._watches: dict[str, Connection] = {}
        self._tables: dict[StoreName, list[str]] = {}
        self._server = create_engine(SERVER, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def empty(self) -> str:
        """The address of a database with nothing in it."""
        name = f"obole_test_{os.getpid()}_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name}")
        self._made.append(name)
        return make_url(SERVER).set(database=name).render_as_string(hide_password=False)

    def url(self, folder: Path, store: StoreName) -> str:
        key = (folder.resolve(), store)
        if key not in self._lent:
            if not self._free[store]:
                address = self.empty()
                open_store(address, store).dispose()
                self._free[store].append(address)
            self._lent[key] = self._free[store].pop()
        return self._lent[key]

    def engine(self, folder: Path, store: StoreName) -> Engine:
        return open_store(self.url(folder, store), store)

    @contextmanager
    def unguarded(self, folder: Path, store: StoreName) -> Iterator[Any]:
        engine = create_engine(self.url(folder, store), poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("SET session_replication_role = replica")
            yield connection.connection.cursor()

    def give_back(self) -> None:
        """Empty what the test had, for the next."""
        for (_, store), address in self._lent.items():
            watch = self._watch(address, store)
            watch.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            deletions = " ".join(f"DELETE FROM {table};" for table in self._tables[store])
            watch.exec_driver_sql(f"DO $$ BEGIN {deletions} END $$")
            self._free[store].append(address)
        self._lent.clear()

    def rows(self, folder: Path, store: StoreName, query: str) -> list[tuple[Any, ...]]:
        """What SQL finds, past all that Obole knows of the store."""
        return [tuple(row) for row in self._watch(self.url(folder, store), store).exec_driver_sql(query)]

    def _watch(self, address: str, store: StoreName) -> Connection:
        """A connection of our own to a database, kept for the session: without triggers and foreign keys."""
        if address not in self._watches:
            engine = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
            self._watches[address] = connection = engine.connect()
            connection.exec_driver_sql("SET session_replication_role = replica")
            self._tables[store] = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
        return self._watches[address]

    def drop(self) -> None:
        for watch in self._watches.values():
            watch.close()
        for name in self._made:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with self._server.connect() as connection:
            connection.exec_driver_sql(statement)


Stores = Files | Databases
_current: list[Stores] = [Files()]


def current() -> Stores:
    """The stores of the test that runs: what the fixture `stores` chose, else files."""
    return _current[-1]


@contextmanager
def chosen(stores: Stores) -> Iterator[Stores]:
    """Let `current` be these stores."""
    _current.append(stores)
    try:
        yield stores
    finally:
        _current.pop()
        stores.give_back()
