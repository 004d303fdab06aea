"""The lines of posted statements with what tells them apart: the register has no names, so their archived files say it.

A file is proved by its SHA-256 and its lines by day and amount, so that what is read there is what was posted. Where
the archive is missing or not readable, the register alone speaks: the lines have their references at most.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection

from importers.bank.any_format import parse
from importers.bank.identity import UNMARKED, Mark, mark_of
from importers.bank.overlap import PostedLine, PostedStatement
from importers.bank.records import Movement, Statement
from ledger.archive import SourceDamaged
from ledger.records import DOUBTFUL
from ledger.register.statements import BookedLine, StatementRow, TotalKey, booked_lines, statement_file
from obole.books.opened import Books

# So many bytes of files are kept as read, beside the last one.
_KEPT = 64_000_000


@dataclass(slots=True)
class PostedFiles:
    """The files of posted statements, read again where a statement shares days with them.

    `given` are the files of this import by SHA-256: what it posts is archived when it is done, in a dry run never.
    """

    books: Books
    given: dict[str, Path] = field(default_factory=dict)
    _read: dict[str, tuple[int, tuple[Statement, ...]]] = field(default_factory=dict)

    def statement(self, connection: Connection, row: StatementRow) -> PostedStatement:
        """Return a posted statement with its lines."""
        lines = booked_lines(connection, row.id)
        movements = self._movements(connection, row.id, lines) if lines else {}
        marked = tuple(PostedLine(line.day, line.cents, _mark(line, movements.get(line.position))) for line in lines)
        return replace(bare(row), lines=marked)

    def details(self, connection: Connection, total: TotalKey) -> list[Movement]:
        """Return the details of a posted total as its file has them; none where it cannot be read."""
        lines = booked_lines(connection, total.document_id)
        statement = self._of(connection, total.document_id, lines)
        return [one for one in statement.movements if one.parent == total.position] if statement is not None else []

    def _movements(self, connection: Connection, document_id: int, lines: Sequence[BookedLine]) -> dict[int, Movement]:
        """Return the lines by their position, as the file has them; none where it cannot be read."""
        statement = self._of(connection, document_id, lines)
        return {movement.position: movement for movement in statement.booked} if statement is not None else {}

    def _of(self, connection: Connection, document_id: int, lines: Sequence[BookedLine]) -> Statement | None:
        """Return the statement in the archived file whose lines are those that were posted."""
        file = statement_file(connection, document_id)
        found = sorted(self._statements(file.archive, file.file_digest), key=lambda one: one.digest != file.digest)
        for statement in found:
            there = {movement.position: movement for movement in statement.booked}
            if all(
                line.position in there
                and (there[line.position].booked, there[line.position].cents) == (line.day, line.cents)
                for line in lines
            ):
                return statement
        return None

    def _statements(self, archive: str | None, digest: str) -> tuple[Statement, ...]:
        if digest in self._read:
            return self._read[digest][1]
        content = self._content(archive, digest)
        statements = parse(content).statements if content is not None else ()
        size = len(content or b"")
        while self._read and size + sum(one for one, _ in self._read.values()) > _KEPT:
            del self._read[next(iter(self._read))]
        self._read[digest] = size, statements
        return statements

    def _content(self, archive: str | None, digest: str) -> bytes | None:
        """Return the bytes of a file that has this SHA-256: the archived one, or the one that is being imported."""
        places = [self.given.get(digest), self.books.folder.root / archive if archive else None]
        for place in places:
            if place is None:
                continue
            try:
                content = self.books.archive.read(place)
            except (OSError, SourceDamaged):
                continue
            if hashlib.sha256(content).hexdigest() == digest:
                return content
        return None


def bare(row: StatementRow) -> PostedStatement:
    """Return a posted statement without its lines."""
    return PostedStatement(row.name, row.kind, row.sequence, row.opening, row.closing, row.closing_date)


def _mark(line: BookedLine, movement: Movement | None) -> Mark:
    """Return what is known of a line: what its file says, else the register; of a doubtful one, not which it was."""
    if line.reason == DOUBTFUL:
        return UNMARKED
    if movement is not None:
        return mark_of(movement)
    return UNMARKED._replace(reference=(line.reference or "").upper(), mandate=line.mandate or "")
