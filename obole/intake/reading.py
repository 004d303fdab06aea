"""Reading bank files in two processes: a second one reads what comes next while this one books and posts.

The files, a large one in pieces and small ones several at a time, are read by whichever process has time for the next
of them; what they hold is given in the order of the files, statement by statement. The second process keeps its results
as bytes and stays ahead by as much as a batch needs and more; it ends with this one however that ends. Where it is gone
itself, all is read here.
"""

import hashlib
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Condition, Thread
from typing import Any, NamedTuple

import obole
from importers.bank import any_format as bank_files
from importers.bank import coda
from importers.bank.records import BankFile, Movement, Outline, Statement
from ledger.collector import paused
from ledger.errors import Fault
from ledger.languages import speak, spoken
from obole.outcome import Told

# Bytes of results waiting to be sent: about 100,000 movements, more than the posting takes at a time. As many bytes of
# files are read here while the other process is busy with the next.
_AHEAD = 16_000_000


# Below this, starting a process costs more than it saves.
_WORTH_IT = 8_000_000


# Bytes of a file from which on it is read in pieces, and of a piece, or of small files that are read together.
_LARGE = 4_000_000


_PIECE = 500_000


# What is read together, first and last but one, as a token that one process takes out of a pipe; so many fit in.
_TOKEN = struct.Struct("<II")


_TOKENS = 4096


# Started without `site`, which takes longer than all that is needed of it.
_COMMAND = "import sys; sys.path[:] = sys.argv[2:]; from obole.intake.reading import read_for_other; read_for_other()"


_Result = BankFile | coda.CodaPart


_Columns = tuple[tuple[Any, ...], ...]


_Stamp = tuple[int, int, int]


@dataclass(slots=True)
class BankSource:
    """A bank file: where it lies, its bytes and their SHA-256, and what it holds.

    `statements` can be gone through once; `faults`, those of the file as a whole, are complete when that is done.
    `bank` is what a file holds that is not read in pieces.
    """

    path: Path
    content: bytes
    digest: str
    statements: Iterator[Statement]
    faults: list[Fault]
    bank: BankFile | None

    def outline(self) -> Outline:
        """Return how many statements there are at most, their last day and order, before they are gone through."""
        return coda.outline(self.content) if self.bank is None else self.bank.outline


class _Piece(NamedTuple):
    """A part that is read at once: a file, or one of several parts of a large one."""

    path: Path
    size: int
    number: int
    of: int


@contextmanager
def reading(paths: Sequence[Path]) -> Iterator[Iterator[BankSource]]:
    """Yield the files in their order, each to be gone through before the next; read ahead until the block is left."""
    sizes = [path.stat().st_size for path in paths]
    pieces = [piece for path, size in zip(paths, sizes, strict=True) for piece in _pieces(path, size)]
    if sum(sizes) < _WORTH_IT or (os.cpu_count() or 1) < 2:  # noqa: PLR2004
        yield _sources(_Reader(pieces))
        return
    other = _start(pieces, max(_PIECE // 2, sum(sizes) // _TOKENS))
    try:
        yield _sources(_Reader(pieces, other))
    finally:
        other.end()


def _pieces(path: Path, size: int) -> list[_Piece]:
    of = 1 if size < _LARGE or not bank_files.can_be_divided(path) else -(-size // _PIECE)
    return [_Piece(path, size // of, number, of) for number in range(of)]


def _sources(reader: "_Reader") -> Iterator[BankSource]:
    index = 0
    while index < len(reader.pieces):
        piece = reader.pieces[index]
        file = reader.file(index)
        faults: list[Fault] = []
        bank: BankFile | None = None
        if piece.of > 1:
            statements = _joined(reader, index, piece.of, faults)
        else:
            result = reader.result(index)
            assert isinstance(result, BankFile)
            bank, statements = result, iter(result.statements)
            faults += result.faults
        digest = hashlib.sha256(file.content).hexdigest()
        yield BankSource(piece.path, file.content, digest, statements, faults, bank)
        index += piece.of


def _joined(reader: "_Reader", index: int, of: int, faults: list[Fault]) -> Iterator[Statement]:
    """Yield the statements of a file as its pieces come; in the end `faults` has those of the file."""
    joint = coda.Joint()
    for place in range(index, index + of):
        part = reader.result(place)
        assert isinstance(part, coda.CodaPart)
        yield from joint.add(part)
    faults += joint.faults()


class _File:
    """A file being read, whole or in pieces; `stamp` is another when it has changed since."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as source:
            status = os.fstat(source.fileno())
            self.content = source.read()
        self.stamp: _Stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
        self._pieces: coda.Pieces | None = None

    def read(self, piece: _Piece) -> _Result:
        if piece.of == 1:
            return bank_files.parse(self.content)
        if self._pieces is None:
            self._pieces = coda.Pieces(self.content)
        last = piece.number + 1 == piece.of
        # By what the piece says, not by `_PIECE`: both processes must cut a file at the same places.
        return self._pieces.read(piece.number * piece.size, None if last else (piece.number + 1) * piece.size)


class _Other(NamedTuple):
    """The other process: its results, and the tokens of which it and this one take the next."""

    process: "subprocess.Popen[bytes]"
    results: "Connection[None, bytes]"
    tokens: int

    def end(self) -> None:
        """End the other process, which has nothing to tidy up, if it has not ended."""
        self.results.close()
        os.close(self.tokens)
        self.process.kill()
        self.process.wait()


def _start(pieces: Sequence[_Piece], size: int) -> _Other:
    tokens, fill = os.pipe()
    theirs, ours = os.pipe()
    os.set_blocking(fill, False)  # a pipe kept short by the system: what has no token is read here
    os.write(fill, b"".join(_TOKEN.pack(*one) for one in _together(pieces, size)))
    os.close(fill)
    root = str(Path(obole.__file__).parents[1])  # wherever this module stands; an editable install is on no path
    command = [sys.executable, "-S", "-c", _COMMAND, f"{tokens},{ours},{spoken()}", root, *sys.path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(tokens, ours))  # noqa: S603 - our own code
    os.close(ours)  # else the end of the process would not end the pipe
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as stdin:
        pickle.dump(pieces, stdin)
    return _Other(process, Connection(theirs, writable=False), tokens)


def _together(pieces: Sequence[_Piece], size: int) -> Iterator[tuple[int, int]]:
    """Yield first and last but one of the pieces that are read together: of so many bytes or more."""
    start = weight = 0
    for index, piece in enumerate(pieces):
        weight += piece.size
        if weight >= size or index + 1 == len(pieces):
            yield start, index + 1
            start, weight = index + 1, 0


@dataclass(slots=True)
class _Reader:
    """This process: gives the pieces in order, and reads the next where it would have to wait."""

    pieces: Sequence[_Piece]
    other: _Other | None = None
    _files: dict[Path, _File] = field(default_factory=dict)
    _done: dict[int, tuple[_Stamp, _Result]] = field(default_factory=dict)

    def file(self, index: int) -> _File:
        """Return the file that a piece is of."""
        path = self.pieces[index].path
        if path not in self._files:
            self._files[path] = _File(path)
        return self._files[path]

    def result(self, index: int) -> _Result:
        """Return what a piece holds; they are asked for in order."""
        while index not in self._done and self.other is not None:
            self._go_on(self.other, index)
        stamp, result = self._done.pop(index, (None, None))
        file, piece = self.file(index), self.pieces[index]
        if result is None or stamp != file.stamp:  # the other ended, or the file has changed since
            result = file.read(piece)
        if piece.number + 1 == piece.of:
            del self._files[piece.path]
        return result

    def _go_on(self, other: _Other, index: int) -> None:
        """Take what the other has read, else read what nobody has taken, else wait."""
        ahead = sum(len(file.content) for file in self._files.values())
        if not other.results.poll() and ahead <= _AHEAD + len(self.file(index).content):
            token = os.read(other.tokens, _TOKEN.size)
            if token:
                for number in range(*_TOKEN.unpack(token)):
                    file = self.file(number)
                    self._done[number] = (file.stamp, file.read(self.pieces[number]))
                return
        try:
            start, found = pickle.loads(other.results.recv_bytes())  # noqa: S301 - from our own process
        except (EOFError, OSError):  # it was killed, or had no memory left
            self.other = None
        else:
            for number, (stamp, result) in enumerate(found, start):
                self._done[number] = (stamp, _unpacked(*result))


@paused()
def read_for_other() -> None:
    """Read as the second process: what it reads is pickled here and sent by a thread of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other process, and this one ends with it
    *numbers, language = sys.argv[1].split(",")
    speak(language)  # faults are said where they are found
    tokens, results = map(int, numbers)
    outbox = _Outbox(Connection(results, readable=False))
    pieces: list[_Piece] = []
    with suppress(EOFError, pickle.UnpicklingError):  # it was killed
        pieces = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own process
    file: _File | None = None
    while token := os.read(tokens, _TOKEN.size):
        found = []
        start, end = _TOKEN.unpack(token)
        for piece in pieces[start:end]:
            if file is None or file.path != piece.path:
                try:
                    file = _File(piece.path)
                except OSError:  # it went away: the other process will say so
                    return
            found.append((file.stamp, _packed(file.read(piece))))
        outbox.put(pickle.dumps((start, found), pickle.HIGHEST_PROTOCOL))
    outbox.finish()


def _packed(result: _Result) -> tuple[_Result, list[_Columns]]:
    """Return what was read, with the movements of its statements as columns: pickled in half the time."""
    columns = [tuple(zip(*one.movements, strict=True)) for one in result.statements]
    return replace(result, statements=tuple(replace(one, movements=()) for one in result.statements)), columns


def _unpacked(result: _Result, columns: Iterable[_Columns]) -> _Result:
    movements = (tuple(map(Movement._make, zip(*one, strict=True))) for one in columns)
    statements = (replace(one, movements=lines) for one, lines in zip(result.statements, movements, strict=True))
    return replace(result, statements=tuple(statements))


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


@dataclass(frozen=True, slots=True)
class ReadStatement:
    """A statement read and waiting for its turn; `of` is how many its file holds at most, `last` their last day."""

    told: Told
    statement: Statement
    of: int
    last: date | None
    file_digest: str
    content: bytes
    path: Path

    @property
    def opening(self) -> int:
        """Return the balance it begins with."""
        return self.statement.opening

    @property
    def closing(self) -> int:
        """Return the balance it ends with."""
        return self.statement.closing

    @property
    def turn(self) -> tuple[date, str, int, str]:
        """Statements are posted by day, account and number, whatever their order in the files."""
        one = self.statement
        return (one.closing_date or date.max, one.account, one.number_year or 0, one.sequence)
