"""One process writes at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.words import _


class Busy(OboleError):
    """Another process is writing to these books."""


@contextmanager
def writing(folder: Folder) -> Iterator[None]:
    """Hold the books for writing; Busy where another process does."""
    with (folder.root / ".obole.lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                _("{name}: another Obole is writing to these books; wait until it is done.").format(
                    name=folder.root.name
                )
            ) from None
        yield
