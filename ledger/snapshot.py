"""Holding both embedded stores still for a moment, without stopping who writes for longer.

SQLite lets nobody commit while somebody reads, so two readers are enough: from when the second has begun, register and
vault stay as they would be found after a kill at that instant, which the next start settles.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from ledger.errors import OboleError
from ledger.store import sqlite_url
from ledger.words import _

# A commit takes moments, a large one seconds. The second is short: a writer that holds the vault may be waiting for
# the register that we hold, and then we must step back and not it.
_FIRST_SECONDS, _SECOND_SECONDS, _ATTEMPTS = 60, 2, 30


class NotStill(OboleError):
    """The stores are written to all the time."""


@contextmanager
def held_still(register: Path, vault: Path) -> Iterator[Connection]:
    """Hold both files as they are while the block runs; a connection to the register. NotStill where that cannot be.

    The register comes first: what goes into the vault is written before the register commits it.
    """
    for _attempt in range(_ATTEMPTS):
        with _reading(register, _FIRST_SECONDS) as first, _reading(vault, _SECOND_SECONDS) as second:
            if first is not None and second is not None:
                yield first
                return
    raise NotStill(_("the stores are being written to without a pause; try again when the other command is done."))


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
