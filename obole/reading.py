"""Reading bank files ahead of the posting: a second process parses the next files while this one posts the last.

It stays ahead by as much as a batch needs and more, keeping its results as bytes, and ends with this process however
that ends. Where it is gone itself, the files are parsed here.
"""

import hashlib
import multiprocessing
import os
import pickle
import signal
from bisect import bisect
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Condition, Thread
from typing import NamedTuple

from importers import bank_files
from importers.records import BankFile

# Bytes of results waiting to be sent: about 100,000 movements, more than the posting takes at a time.
_AHEAD = 16_000_000
# Below this, starting a process costs more than it saves.
_WORTH_IT = 8_000_000
# Bytes of files that are read here in the second or so that the other process takes to start: as many as a batch holds.
_MEANWHILE = 16_000_000


class BankSource(NamedTuple):
    """A bank file: where it lies, its bytes and their SHA-256, and what it holds."""

    path: Path
    content: bytes
    digest: str
    bank: BankFile


@contextmanager
def reading(paths: Sequence[Path]) -> Iterator[Iterator[BankSource]]:
    """The files in their order; many are read ahead from now on until the block is left."""
    sizes = list(accumulate(path.stat().st_size for path in paths))
    if not sizes or sizes[-1] < _MEANWHILE + _WORTH_IT or (os.cpu_count() or 1) < 2:  # noqa: PLR2004
        yield (_read(path, None) for path in paths)
        return
    first = bisect(sizes, _MEANWHILE)
    context = multiprocessing.get_context("spawn")
    results, ours = context.Pipe(duplex=False)
    reader = context.Process(target=_read_all, args=(paths[first:], ours), daemon=True)
    reader.start()
    ours.close()  # else the end of the reader would not end the pipe
    try:
        yield (_read(path, results if place >= first else None) for place, path in enumerate(paths))
    finally:
        results.close()
        reader.kill()  # it has nothing to tidy up
        reader.join()


def _read(path: Path, results: "Connection[None, bytes] | None") -> BankSource:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if results is not None:
        try:
            there, bank = pickle.loads(results.recv_bytes())  # noqa: S301 - from our own process
        except (EOFError, OSError):  # it was killed, or had no memory left
            there = None
        if there == digest:  # else the file has changed since it was read there
            return BankSource(path, content, digest, bank)
    return BankSource(path, content, digest, bank_files.parse(content))


def _read_all(paths: Sequence[Path], results: "Connection[bytes, None]") -> None:
    """The second process: each file's digest and what it holds, pickled here and sent by a thread of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other process, and this one ends with it
    outbox = _Outbox(results)
    for path in paths:
        content = path.read_bytes()
        bank = bank_files.parse(content)
        outbox.put(pickle.dumps((hashlib.sha256(content).hexdigest(), bank), pickle.HIGHEST_PROTOCOL))
    outbox.finish()


class _Outbox:
    """Results on their way to the other process: as many wait as fit in `_AHEAD`, then `put` waits too."""

    def __init__(self, results: "Connection[bytes, None]") -> None:
        self._results = results
        self._waiting: deque[bytes] = deque()
        self._changed = Condition()
        self._thread = Thread(target=self._send_all, daemon=True)
        self._thread.start()

    def put(self, result: bytes) -> None:
        with self._changed:
            self._changed.wait_for(lambda: sum(map(len, self._waiting)) < _AHEAD)
            self._waiting.append(result)
            self._changed.notify_all()

    def finish(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting)

    def _send_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
            try:
                self._results.send_bytes(self._waiting[0])
            except OSError:  # the other process has ended, or does not want more
                os._exit(0)
            with self._changed:
                self._waiting.popleft()
                self._changed.notify_all()
