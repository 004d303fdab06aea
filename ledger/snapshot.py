"""Holding stores still for a moment, without stopping who writes for longer.

SQLite lets nobody commit while somebody reads, so two readers are enough: from when the second has begun, register and
vault stay as they would be found after a kill at that instant, which the next start settles. A server shows one reader
the same state for as long as it reads, while others write: there it is enough that nobody does when it begins.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from ledger.engines import create, on_server
from ledger.errors import OboleError
from ledger.store import StoreName, readable, sqlite_url
from ledger.words import _

# A commit takes moments, a large one seconds. The second is short: a writer that holds the vault may be waiting for
# the register that we hold, and then we must step back and not it.
_FIRST_SECONDS, _SECOND_SECONDS, _ATTEMPTS = 60, 2, 30


class NotStill(OboleError):
    """The stores are written to all the time."""


@contextmanager
def held_still(*stores: Path) -> Iterator[list[Connection]]:
    """Hold these files as they are while the block runs; a connection to each. NotStill where that cannot be.

    The register comes first: what goes into the vault is written before the register commits it.
    """
    for _attempt in range(_ATTEMPTS):
        with ExitStack() as held:
            connections: list[Connection] = []
            for path in stores:
                reading = held.enter_context(_reading(path, _SECOND_SECONDS if connections else _FIRST_SECONDS))
                if reading is None:
                    break
                connections.append(reading)
            else:
                yield connections
                return
    raise NotStill(_("the stores are being written to without a pause; try again when the other command is done."))


@contextmanager
def snapshot(url: str, name: StoreName) -> Iterator[Connection]:
    """Yield a connection that sees a store on a server as it is now, however long it reads, and cannot write.

    Who holds the books for writing when two of them begin has one state of both. StoreUnreadable where there is none.
    """
    with readable(name, url):
        engine = create(url, poolclass=NullPool)
        opened = engine.connect()
    with opened as connection:
        with readable(name, url):
            if on_server(engine):
                # The isolation is that of every transaction on a server: one state from its first statement on.
                connection = connection.execution_options(postgresql_readonly=True)  # noqa: PLW2901 - the same one
                quote = engine.dialect.identifier_preparer.quote
                # Else a migration could put another table in the place of one that is not read yet.
                names = ", ".join(map(quote, inspect(connection).get_table_names()))
                connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS SHARE MODE")
            else:
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        yield connection


@contextmanager
def _reading(path: Path, seconds: int) -> Iterator[Connection | None]:
    """Read from a file, so that nobody commits to it; None where somebody is committing for longer than that."""
    engine = create_engine(sqlite_url(path), poolclass=NullPool, connect_args={"timeout": seconds})
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()  # the lock is taken here
        except OperationalError as error:
            if "locked" not in str(error.orig):
                raise
            connection.invalidate()
            yield None
        else:
            yield connection
