"""One process writes to a set of books at a time: a lock on a file in them, and one in each store on a server.

It is held while documents are numbered, posted and recorded, never while receipts are typeset or sent.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname

from sqlalchemy import Connection, NullPool, text
from sqlalchemy.exc import SQLAlchemyError

from ledger.engines import UNREACHED, create
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.words import _

_PAUSE = 0.05  # seconds between two looks at a lock that another process holds


class Busy(OboleError):
    """Another process is writing to these books."""


class Unreachable(OboleError):
    """The server that holds a store does not answer."""


@contextmanager
def writing(folder: Folder, *servers: str, wait: float = 0, key: str = "") -> Iterator[None]:
    """Hold the books for writing; Busy where another process does and is not done within `wait` seconds.

    `servers` are the addresses of stores that do not lie in the folder: those on a server are held too, so that another
    machine waits, under a number derived from `key`, the name that these books have on every machine.
    """
    until = time.monotonic() + wait
    with ExitStack() as held:
        held.enter_context(_file_held(folder, until))
        for server in servers:
            held.enter_context(_server_held(server, folder.root.name, key, until))
        yield


def require_idle(folder: Folder, *servers: str, key: str = "") -> None:
    """Raise Busy where another process holds the books for writing; nothing is written, and no lock file is made."""
    path = folder.root / ".obole.lock"
    with suppress(FileNotFoundError), path.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(folder.root.name, _written(path)) from None
    for server in servers:
        with _server_held(server, folder.root.name, key, time.monotonic()):
            pass


@contextmanager
def _file_held(folder: Folder, until: float) -> Iterator[None]:
    path = folder.root / ".obole.lock"
    # Opened without emptying it: what stands there is said by the one who holds it.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+", encoding="utf-8", errors="replace") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise _busy(folder.root.name, _written(path)) from None
                time.sleep(_PAUSE)
        lock.truncate()
        lock.write(_holder())
        lock.flush()
        try:
            yield
        finally:
            lock.seek(0)
            lock.truncate()


@contextmanager
def _server_held(url: str, books: str, key: str, until: float) -> Iterator[None]:
    """Hold a lock of a session of its own: it goes with its connection, however the process ends."""
    if url.startswith("sqlite"):
        yield  # the file in the books is enough: nobody shares a SQLite file from another machine
        return
    number = int.from_bytes(hashlib.sha256(f"obole {key}".encode()).digest()[:8], signed=True)
    with _session(url) as connection:
        while not connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}).scalar_one():
            if time.monotonic() >= until:
                raise _busy(books, _told_by_server(connection, number))
            time.sleep(_PAUSE)
        connection.execute(text("SELECT set_config('application_name', :holder, false)"), {"holder": _holder()})
        try:
            yield
        finally:
            # Where the connection broke the lock is gone already, and what was raised says more.
            with suppress(SQLAlchemyError):
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})


@contextmanager
def _session(url: str) -> Iterator[Connection]:
    """Yield a connection without transactions, closed at the end; Unreachable where the server does not answer."""
    try:
        connection = create(url, poolclass=NullPool).connect().execution_options(isolation_level="AUTOCOMMIT")
    except UNREACHED as error:
        raise Unreachable(
            _("the server of a store cannot be reached ({type_name}); check its address in obole.toml.").format(
                type_name=type(error).__name__
            )
        ) from None
    try:
        yield connection
    finally:
        with suppress(SQLAlchemyError):
            connection.close()


def _told_by_server(connection: Connection, number: int) -> str:
    """Return the name of the session that holds the lock, as far as the server shows it to us."""
    query = text(
        "SELECT activity.application_name FROM pg_locks held JOIN pg_stat_activity activity ON activity.pid = held.pid "
        "WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1 AND held.database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND (held.classid::bigint << 32) | held.objid::bigint = :number"
    )
    return str(connection.execute(query, {"number": number}).scalar() or "")


def _written(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _holder() -> str:
    """This process, machine and time, apart by `|`: in the 63 bytes that a server keeps of a name."""
    since = datetime.now(UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    return f"{os.getpid()}|{gethostname()[:30]}|{since}"


def _busy(books: str, holder: str) -> Busy:
    process, host, since = (*holder.split("|"), "", "")[:3]
    if not process.isdecimal():
        return Busy(_("{name}: another Obole is writing to these books; wait until it is done.").format(name=books))
    said = _(
        "{name}: another Obole is writing to these books (process {process} on {host}, since {since}); "
        "wait until it is done."
    )
    return Busy(said.format(name=books, process=process, host=host, since=since))
