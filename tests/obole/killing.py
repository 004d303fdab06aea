"""Killing what works on books, and what of them must be the same afterwards."""

import gc
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine.default import DefaultDialect

from obole.books.opened import found_books
from obole.demo import Manifest

# Tables of which every row must come out the same; `document` without the time of posting.
TABLES = ("movement", "gift", "day_total", "voucher", "assignment", "entry_number", "receipt", "receipt_gift")


def some(manifest: Manifest) -> list[Path]:
    """The registers and two months of statements: enough for several transactions, small enough for fifty runs."""
    wanted = []
    for source in manifest.sources:
        name = source.path.name
        if source.kind == "coda" and name.rsplit("-", 3)[1:3] not in (["2024", "01"], ["2024", "02"]):
            continue
        if source.kind == "assignment" or source.path.parent.name == "2025":
            continue
        wanted.append(source.path)
    return wanted


def typeset_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the proof of what is printed out: a child by fork has no threads of the typesetter, and waits for them."""
    monkeypatch.setattr("receipts.paper.proof.unprintable", lambda *_: "")
    monkeypatch.setattr("obole.receipting.steps.unprintable", lambda *_: "")


def kill_after(delay: float, work: Callable[[], object]) -> bool:
    """Run `work` in a child and kill it after `delay` seconds; True where it was killed before it ended."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    deadline = time.monotonic() + delay
    while time.monotonic() < deadline:
        ended, _ = os.waitpid(child, os.WNOHANG)
        if ended:
            return False
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def state(books: Path) -> dict[str, object]:
    """All that must be the same at the end: journal and archive bytes, register rows."""
    found: dict[str, object] = {}
    archive = found_books(books).archive  # sealed anew each time, of what is the same
    for folder in ("journal", "documents", "receipts"):
        for path in sorted((books / folder).rglob("*")):
            if path.is_file():
                found[path.relative_to(books).as_posix()] = archive.read(path)
    connection = sqlite3.connect(books / "register.sqlite3")
    for table in TABLES:
        found[table] = connection.execute(f"SELECT * FROM {table}").fetchall()
    found["document"] = connection.execute("SELECT name, digest, rows_digest, journal_digest FROM document").fetchall()
    connection.close()
    return found


def killed_before_write(number: int, work: Callable[[], object]) -> bool:
    """Run `work` in a child that is killed just before its write of that number; False where it has fewer.

    A write is what the disk would show: a commit of a store that changed something, a file synced, renamed or removed.
    """
    child = os.fork()
    if child == 0:
        try:
            _count_writes(number, lambda: os.kill(os.getpid(), signal.SIGKILL))
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


class Stopped(BaseException):
    """The end of what works on the books, as a kill would be."""


def stopped_before_write(number: int, work: Callable[[], object]) -> bool:
    """Do the same in this process, for what typesets: neither that write nor one after it happens."""
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        raise Stopped

    undo = _count_writes(number, stop)
    try:
        work()
    except BaseException:
        if not stopped:  # after it, a store that is closed may be told in other words
            raise
    finally:
        for put_back in undo:
            put_back()
        gc.collect()  # a transaction that is open still holds its store
    return stopped


_WRITES = ("fsync", "sync", "replace", "rename", "link", "unlink")


def _count_writes(number: int, stop: Callable[[], None]) -> list[Callable[[], None]]:
    """Let `stop` be called before the write of that number, and before each after it; what takes this back."""
    left = [number]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 or (left[0] < 0 and "dir_fd" not in options):  # a folder for a while may go: it is no book
                stop()
            return function(*args, **options)

        return call

    undo: list[Callable[[], None]] = []
    for name in _WRITES:
        function = getattr(os, name)
        setattr(os, name, counted(function))
        undo.append(partial(setattr, os, name, function))
    commit = DefaultDialect.do_commit
    counted_commit = counted(commit)
    changes: dict[int, tuple[Any, int]] = {}  # with the connection itself, so that no other gets its id

    def do_commit(dialect: DefaultDialect, connection: Any) -> None:
        driver = connection.dbapi_connection
        _, before = changes.get(id(driver), (driver, 0))
        changes[id(driver)] = (driver, driver.total_changes)
        (commit if before == driver.total_changes else counted_commit)(dialect, connection)

    def close() -> None:
        for driver, _ in changes.values():
            driver.close()  # what was not committed is not, as where a process ends

    DefaultDialect.do_commit = do_commit  # type: ignore[assignment, method-assign]
    undo += [partial(setattr, DefaultDialect, "do_commit", commit), close]
    return undo
