"""A store to try things on: all that is done to it is one transaction, which is taken back at the end.

Each unit of work is a savepoint of that transaction, so that a later one sees what an earlier one did. Nothing is
copied and nothing is written to disk: however the process ends, the store is as it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import StaticPool, event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import PoolProxiedConnection

from ledger.engines import create, on_server
from ledger.errors import OboleError
from ledger.store import StoreName, prepare, readable
from ledger.words import _


class CannotTry(OboleError):
    """A store whose database cannot keep a long transaction to itself."""


@contextmanager
def tried(url: str, name: StoreName) -> Iterator[Engine]:
    """Yield an engine on a store of which nothing is kept; the caller holds the books for writing.

    StoreUnreadable as for `open_store`. All connections of the engine are one: what is begun last must end first.
    """
    with readable(name, url):
        engine = create(url, poolclass=StaticPool, pool_reset_on_return=None)
        _make_savepoints(engine)
        if not on_server(engine):
            event.listen(engine, "connect", _begin_in_memory)
        prepare(engine, name, migrate=False)
    try:
        yield engine
    finally:
        whole = engine.raw_connection()
        whole.rollback()
        whole.close()
        engine.dispose()


def _begin_in_memory(connection: Any, _record: Any) -> None:
    """Begin the transaction on SQLite, with all that it changes in memory: readers go on, a kill leaves no journal."""
    connection.execute("PRAGMA cache_spill=OFF")
    if connection.execute("PRAGMA cache_spill").fetchone() != (0,):  # without it, this journal would be a danger
        raise CannotTry(_("this SQLite cannot keep a dry run in memory; install a newer Python."))
    connection.execute("PRAGMA journal_mode=MEMORY")
    connection.execute("BEGIN")


def _make_savepoints(engine: Engine) -> None:
    """Let each transaction of an engine be a savepoint of the one that its connection is in."""
    begun: list[str] = []

    def run(connection: PoolProxiedConnection, *statements: str) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()

    def begin(dbapi_connection: PoolProxiedConnection) -> None:
        begun.append(f"work_{len(begun) + 1}")
        run(dbapi_connection, f"SAVEPOINT {begun[-1]}")

    def commit(dbapi_connection: PoolProxiedConnection) -> None:
        run(dbapi_connection, f"RELEASE SAVEPOINT {begun.pop()}")

    def rollback(dbapi_connection: PoolProxiedConnection) -> None:
        if begun:  # none where SQLAlchemy has looked at the server before the first transaction
            name = begun.pop()
            run(dbapi_connection, f"ROLLBACK TO SAVEPOINT {name}", f"RELEASE SAVEPOINT {name}")

    engine.dialect.do_begin = begin  # type: ignore[method-assign]
    engine.dialect.do_commit = commit  # type: ignore[method-assign]
    engine.dialect.do_rollback = rollback  # type: ignore[method-assign]
