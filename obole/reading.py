"""Reading bank files ahead of the posting: a second process parses the next files while this one posts the last.

A large file that this process would have to wait for is read by both, each a part of its statements. The other stays
ahead by as much as a batch needs and more, keeping its results as bytes, and ends with this process however
that ends. Where it is gone itself, the files are parsed here.
"""

import hashlib
import multiprocessing
import os
import pickle
import signal
from bisect import bisect
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Condition, Thread
from typing import Any, NamedTuple

from importers import bank_files, coda
from importers.records import BankFile, Movement

# Bytes of results waiting to be sent: about 100,000 movements, more than the posting takes at a time.
_AHEAD = 16_000_000
# Below this, starting a process costs more than it saves.
_WORTH_IT = 8_000_000
# Bytes of files that are read here in the second or so that the other process takes to start: as many as a batch holds.
_MEANWHILE = 16_000_000
# Bytes of a file from which on two read it faster than one, and the share of it that is read here: the other process
# has to start and to send what it read.
_LARGE = 8_000_000
_HERE = 0.6
# Bytes of such a file that are sent at a time.
_PART = 2_000_000

_Part = BankFile | coda.Part
_Columns = tuple[tuple[Any, ...], ...]


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
    shared = bisect(sizes, _MEANWHILE)  # the first file that is not read here while the reader starts
    size = paths[shared].stat().st_size if shared < len(sizes) else 0
    place = int(size * _HERE) if size >= _LARGE else 0  # where the other process begins to read it
    worth_it = place or (bool(sizes) and sizes[-1] >= _MEANWHILE + _WORTH_IT)
    if not worth_it or (os.cpu_count() or 1) < 2:  # noqa: PLR2004
        yield (_read(path, None, 0) for path in paths)
        return
    context = multiprocessing.get_context("spawn")
    results, ours = context.Pipe(duplex=False)
    reader = context.Process(target=_read_all, args=(paths[shared:], place, ours), daemon=True)
    reader.start()
    ours.close()  # else the end of the reader would not end the pipe
    try:
        yield (
            _read(path, results if index >= shared else None, place if index == shared else 0)
            for index, path in enumerate(paths)
        )
    finally:
        results.close()
        reader.kill()  # it has nothing to tidy up
        reader.join()


def _read(path: Path, results: "Connection[None, bytes] | None", place: int) -> BankSource:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    cut = _cut(content, place)
    found = [*_parts(content, 0, cut)] if cut else []  # while the other process reads the rest
    rest = None if results is None else _received(results, digest)
    found += _parts(content, cut, len(content)) if rest is None else rest
    return BankSource(path, content, digest, _joined(found))


def _parts(content: bytes, start: int, end: int) -> Iterator[_Part]:
    """What stands between two places of a file: of a large CODA file in parts, of any other at once."""
    whole = end - start == len(content)
    if whole and (len(content) < _LARGE or bank_files.is_xml(content)):
        return iter([bank_files.parse(content)])
    return coda.parts(content, start, end, _PART)


def _joined(found: Sequence[_Part]) -> BankFile:
    if isinstance(found[0], BankFile):
        return found[0]
    return coda.join(part for part in found if isinstance(part, coda.Part))


def _cut(content: bytes, place: int) -> int:
    """The statement of a file, at or after a place, with which the other process begins; 0 where it reads all of it."""
    return coda.divide(content, place) or 0 if place and not bank_files.is_xml(content) else 0


def _received(results: "Connection[None, bytes]", digest: str) -> list[_Part] | None:
    """What the other process has read of a file, None where it was killed or the file has changed since."""
    found: list[_Part] = []
    there, last = digest, False
    while not last:
        try:
            there, last, part = pickle.loads(results.recv_bytes())  # noqa: S301 - from our own process
        except (EOFError, OSError):  # it was killed, or had no memory left
            return None
        if there == digest:
            found.append(_unpacked(*part))
    return found if there == digest else None


def _read_all(paths: Sequence[Path], place: int, results: "Connection[bytes, None]") -> None:
    """The second process: each file's digest and what it holds, pickled here and sent by a thread of its own.

    Of the first file it reads what is behind `place`, the other process what is before.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other process, and this one ends with it
    outbox = _Outbox(results)
    for path in paths:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        parts, place = _parts(content, _cut(content, place), len(content)), 0
        part = next(parts)
        for following in parts:
            outbox.put(pickle.dumps((digest, False, _packed(part)), pickle.HIGHEST_PROTOCOL))
            part = following
        outbox.put(pickle.dumps((digest, True, _packed(part)), pickle.HIGHEST_PROTOCOL))
    outbox.finish()


def _packed(part: _Part) -> tuple[_Part, list[_Columns]]:
    """What was read, with the movements of its statements as columns: pickled in half the time."""
    columns = [tuple(zip(*one.movements, strict=True)) for one in part.statements]
    return replace(part, statements=tuple(replace(one, movements=()) for one in part.statements)), columns


def _unpacked(part: _Part, columns: Iterable[_Columns]) -> _Part:
    movements = (tuple(map(Movement._make, zip(*one, strict=True))) for one in columns)
    statements = (replace(one, movements=lines) for one, lines in zip(part.statements, movements, strict=True))
    return replace(part, statements=tuple(statements))


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
