"""Posting: documents go into the register and the books together, whole or not at all.

A `Posting` gathers documents in one database transaction. Journal files and archived sources are first written and
synced under temporary names; the commit of the register decides; then they get their names. Killed before the commit,
the next start removes the temporary files (the state before); killed after it, it gives them their names (the state
after): `recover`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from sqlalchemy import Connection, Engine

from ledger import journal
from ledger.archive import Archive, SourceDamaged
from ledger.chart import UnknownAccount
from ledger.clock import posting_time
from ledger.dimensions import LineKeys, with_tags
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.given import digest_of_file
from ledger.journal import Entry, Line
from ledger.numbering import EntrySource, Numbering, journals_of, source_of, undone_name, with_numbers
from ledger.periods import CALENDAR, FinancialYears
from ledger.records import DocumentKind, Gift
from ledger.register.documents import (
    DocumentRecord,
    MovementRow,
    PostedDocument,
    all_documents,
    find_document,
    insert_document,
    journals_posted,
)
from ledger.register.gifts import totals_of
from ledger.register.vouchers import Voucher, insert_vouchers
from ledger.register.years import locked_until
from ledger.vault.key import KeyMissing
from ledger.wording import word
from ledger.words import _, many


class FileInTheWay(OboleError):
    """A file that no document posted stands where a document's own file must go."""


@dataclass(frozen=True, slots=True)
class Booking:
    """All that one document posts.

    `gift_debits` says which account each batch of gifts debits (batch 0: those booked line by line; empty: none),
    `batches` how its transaction reads, `batch_lines` what else stands in it, `batch_meta` what is written on it;
    `entries` are the transactions without gifts; `vouchers` are the parts by which an overlapping file is known.
    """

    record: DocumentRecord
    movements: Sequence[MovementRow] = ()
    gifts: Sequence[Gift] = ()
    gift_debits: Mapping[int, str] = field(default_factory=dict)
    batches: Mapping[int, str] = field(default_factory=dict)
    batch_lines: Mapping[int, tuple[Line, ...]] = field(default_factory=dict)
    batch_meta: Mapping[int, Mapping[str, str | int]] = field(default_factory=dict)
    entries: Sequence[Entry] = ()
    vouchers: Sequence[Voucher] = ()


class MonthLocked(OboleError):
    """An entry dated in a month that is locked."""

    def __init__(self, name: str, day: date, until: date) -> None:
        super().__init__(
            _(
                "{name}: dated {day}, but the months until {month} are locked; open the month with `obole unlock {own} "
                "--reason ... --by ...` and do this again, or date it later where its day is yours to choose."
            ).format(name=name, day=day, month=f"{until:%Y-%m}", own=f"{day:%Y-%m}")
        )


def gift_entries(booking: Booking, language: str) -> list[Entry]:
    """Return the transactions of a document's gifts: one per batch and day, a posting per account, fund and channel.

    A posting per account, fund, channel, project and department. What of a batch's total went to suspense joins its
    transaction through `batch_lines`.
    """
    grouped: dict[tuple[int, date], list[Line]] = {}
    counts: dict[tuple[int, date], int] = {}
    for key, given in sorted(totals_of(booking.gifts).items()):
        batch, day = key.batch, key.day
        meta: dict[str, str | int] = {"gifts": given.gifts, "channel": key.channel}
        meta |= LineKeys(key.project, key.department, key.fund).meta()
        grouped.setdefault((batch, day), []).append(Line(key.account, -given.cents, meta))
        counts[batch, day] = counts.get((batch, day), 0) + given.gifts
    entries = []
    for (batch, day), lines in grouped.items():
        extra = booking.batch_lines.get(batch, ())
        total = -sum(line.cents for line in lines) - sum(line.cents for line in extra)
        debit = booking.gift_debits[batch]
        paid = (Line(debit, total),) if debit else ()  # none where gifts only change their account
        narration = booking.batches.get(batch) or word("gifts", language)
        of_entry: dict[str, str | int] = {"gifts": counts[batch, day]}
        if batch:
            of_entry["batch"] = batch
            of_entry |= booking.batch_meta.get(batch, {})
        entries.append(
            Entry(
                day,
                narration,
                (*paid, *lines, *extra),
                tags=("gift",),
                links=(booking.record.name,),
                meta=of_entry,
            )
        )
    return entries


# Files synced at a time, while the documents they belong to go into the register: a disk takes several at once.
_WRITERS = 4


class JournalText(NamedTuple):
    """A journal file that a dry run would have written."""

    path: Path
    text: str


class Posting:
    """A unit of work: `post` documents, then leave the `with` block to commit them all, or raise to post none.

    With `shown` it is a dry run: what journal files would say is added there, and no file is written.
    """

    def __init__(
        self,
        folder: Folder,
        engine: Engine,
        paths: Mapping[str, str],
        language: str,
        *,
        archive: Archive,
        shown: list[JournalText] | None = None,
        years: FinancialYears = CALENDAR,
    ) -> None:
        self.folder = folder
        self.archive = archive
        self.engine = engine
        self.paths = paths
        self.language = language
        self.connection: Connection
        self._shown = shown
        self._years = years
        self._digests: dict[Path, str] = {}
        self._written: list[Path] = []
        self._writers = ThreadPoolExecutor(_WRITERS)
        self._writing: list[Future[Path]] = []
        self._time = posting_time()

    def __enter__(self) -> Self:
        self.connection = self.engine.connect()
        self._transaction = self.connection.begin()
        self._numbering = Numbering(self.connection)
        self._locked = locked_until(self.connection)
        return self

    def locks(self, day: date) -> bool:
        """Return whether this day lies in a month that is locked."""
        return self._locked is not None and day <= self._locked

    def lock_of(self, name: str, days: Iterable[date]) -> MonthLocked | None:
        """Return the error that nothing named so is posted on the first of these days that is locked; None if none."""
        first = min(filter(self.locks, days), default=None)
        return None if first is None or self._locked is None else MonthLocked(name, first, self._locked)

    def post(self, booking: Booking, source: tuple[Path, bytes] | None = None) -> int:
        """Add a document; `source` is the archive's path inside the books and the bytes of the file. Its id.

        The archive is sealed; `file_digest` of the record is the SHA-256 of those bytes. UnknownAccount where the chart
        lacks an account, FileInTheWay where another file stands in its place, MonthLocked where an entry is of a
        locked month, KeyMissing where the key that seals is not there.
        """
        record = booking.record
        every = (*gift_entries(booking, self.language), *booking.entries)
        entries = sorted(map(with_tags, every), key=lambda entry: entry.day)
        locked = self.lock_of(record.name, (entry.day for entry in entries[:1]))
        if locked is not None:
            raise locked
        relative: str | None = None
        digest: str | None = None
        unknown = {line.account for entry in entries for line in entry.lines} - self.paths.keys()
        if unknown:
            raise UnknownAccount(min(unknown), record.name)
        numbers = self._numbering.next(journals_of(self._source(record), entries, self._years))
        written: tuple[Path, bytes, str] | None = None
        if entries:
            text = journal.render(
                with_numbers(entries, numbers), self.paths, f"{record.name} {record.kind.value} {record.digest[:16]}"
            )
            path = self.folder.journal / str(record.last_day.year) / f"{record.name}.beancount"
            relative, digest = path.relative_to(self.folder.root).as_posix(), journal.digest(text)
            written = path, text.encode(), digest
            if self._shown is not None:
                self._shown.append(JournalText(path, text))
        if source is not None:
            record = replace(record, archive=source[0].relative_to(self.folder.root).as_posix())
        document_id = insert_document(
            self.connection,
            record,
            booking.movements,
            booking.gifts,
            journal=relative,
            journal_digest=digest,
            posted_at=self._time,
        )
        self._numbering.keep(document_id, dict(enumerate(numbers, start=1)))
        if written is not None:
            self._write(*written)
        if source is not None:
            self._seal(*source, record.file_digest)
        insert_vouchers(self.connection, record.kind, document_id, booking.vouchers)
        return document_id

    def _source(self, record: DocumentRecord) -> EntrySource:
        """Return what a document's entries come from; those of an undoing stand in the journals of what it undoes."""
        undoes = None
        if record.kind is DocumentKind.UNDO:
            row = find_document(self.connection, undone_name(record.name, record.summary.undoes))
            undoes = None if row is None else source_of(row.kind, row.bank, row.name)
        return source_of(record.kind, record.bank, record.name, undoes)

    def _write(self, path: Path, content: bytes, digest: str) -> None:
        if self._is_new(path, digest, digest_of_file):
            self._writing.append(self._writers.submit(journal.write_temporary, path, content))

    def _seal(self, path: Path, content: bytes, digest: str) -> None:
        if self._is_new(path, digest, self.archive.digest):
            sealing = self.archive.sealing(path.name, content, digest)
            self._writing.append(self._writers.submit(journal.write_temporary, path, sealing))

    def _is_new(self, path: Path, digest: str, digest_of: Callable[[Path], str]) -> bool:
        """Tell whether a file is to be written; FileInTheWay where another stands there."""
        there = self._digests.get(path) or (digest_of(path) if path.exists() else None)
        if there is None:
            self._digests[path] = digest
            if self._shown is None:
                self._written.append(path)
            return self._shown is None
        if there != digest:
            relative = path.relative_to(self.folder.root).as_posix()
            raise FileInTheWay(
                _("{file}: a file that no document posted stands here; move it out of the books.").format(file=relative)
            )
        return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writers.shutdown()
        failures = [failure for file in self._writing if (failure := file.exception()) is not None]
        try:
            if kind is None and not failures:
                self._sync_folders()  # a power cut after the commit must find the temporary names
                self._transaction.commit()
                for path in self._written:
                    journal.settle(path)
                self._sync_folders()
            else:
                self._transaction.rollback()
                for path in self._written:
                    journal.temporary_name(path).unlink(missing_ok=True)
        finally:
            self.connection.close()
        if kind is None and failures:
            raise failures[0]

    def _sync_folders(self) -> None:
        written = {parent for path in self._written for parent in path.parents}
        for folder in sorted(parent for parent in written if parent.is_relative_to(self.folder.root)):
            journal.sync_folder(folder)


def recover(folder: Folder, connection: Connection, archive: Archive) -> list[str]:
    """Bring the files to what the register says after a kill; a sentence for each thing done, none if all was well.

    KeyMissing where an archived source waits and the key that opens it is not there.
    """
    leftovers = sorted((*folder.journal.rglob(".*.new"), *folder.documents.rglob(".*.new")))
    if not leftovers:
        return []
    expected = _expected_files(connection)
    kept: list[str] = []
    dropped: list[str] = []
    for temporary in leftovers:
        path = temporary.with_name(temporary.name.removeprefix(".").removesuffix(".new"))
        relative = path.relative_to(folder.root).as_posix()
        if relative in expected and expected[relative] == _digest_of(temporary, archive, folder):
            temporary.replace(path)
            kept.append(relative)
        else:
            temporary.unlink()
            dropped.append(relative)
    for parent in sorted({path.parent for path in leftovers}):
        journal.sync_folder(parent)
    said = []
    if kept:
        told = many(
            "an interrupted import had been posted: {count} file got its name (the state after).",
            "an interrupted import had been posted: {count} files got their names (the state after).",
            len(kept),
        )
        said.append(told.format(count=len(kept)))
    if dropped:
        told = many(
            "an interrupted import had not been posted: {count} file was removed (the state before).",
            "an interrupted import had not been posted: {count} files were removed (the state before).",
            len(dropped),
        )
        said.append(told.format(count=len(dropped)))
    return said


def _expected_files(connection: Connection) -> dict[str, str | None]:
    expected: dict[str, str | None] = {}
    for row in all_documents(connection):
        if row.journal:
            expected[row.journal] = row.journal_digest
        if row.archive:
            expected[row.archive] = row.file_digest
    return expected


def _digest_of(path: Path, archive: Archive, folder: Folder) -> str | None:
    """Return the SHA-256 of a file, of an archived source that of its clear bytes; None of half a one."""
    try:
        return archive.digest(path) if path.is_relative_to(folder.documents) else digest_of_file(path)
    except SourceDamaged:
        return None


def file_faults(folder: Folder, connection: Connection, archive: Archive) -> Iterable[str]:
    """Yield journal files that are missing, changed or were never posted, and archived sources missing or changed."""
    rows = all_documents(connection)
    known: set[str] = set()
    for row in rows:
        if row.journal:
            known.add(row.journal)
            path = folder.root / row.journal
            if not path.exists():
                yield _missing_journal(path, row)
            elif digest_of_file(path) != row.journal_digest:
                yield _("{file}: changed since it was posted; restore it from your backup").format(file=row.journal)
    try:
        yield from _source_faults(folder, rows, archive)
    except KeyMissing as error:  # of all of them
        yield str(error).removesuffix(".")
    yield from _unknown_journals(folder, known)


def _unknown_journals(folder: Folder, known: Collection[str]) -> Iterable[str]:
    for relative, path in _journal_files(folder).items():
        if relative not in known:
            yield _not_posted(path, relative)


def _missing_journal(path: Path, row: PostedDocument) -> str:
    """Say what helps where a journal file is missing: a killed run may have left it without its name."""
    waiting = journal.temporary_name(path)
    if waiting.exists() and digest_of_file(waiting) == row.journal_digest:
        message = _("{file}: a killed run did not give it its name; any command that writes settles it")
    else:
        message = _(
            "{file}: the journal of {name} is missing; `obole mend` makes it again, else restore it from your backup"
        )
    return message.format(file=row.journal, name=row.name)


def _not_posted(path: Path, relative: str) -> str:
    """Say what helps where a file of the journal is none of the register's: an older register may be in its place."""
    if _was_posted(path):
        message = _(
            "{file}: was posted by Obole, and the register does not know it: the register is from before. Put back the "
            "newest one; where there is none, move this file out of the books and import its source again"
        )
    else:
        message = _("{file}: no posted document; move what you enter by hand to manual/")
    return message.format(file=relative)


def _source_faults(folder: Folder, rows: Iterable[PostedDocument], archive: Archive) -> Iterable[str]:
    """Yield the archived sources that are missing or changed."""
    found: dict[str, str | None] = {}  # one file is the source of several statements
    for row in rows:
        if not row.archive:
            continue
        path = folder.root / row.archive
        if not path.exists():
            yield _("{file}: the archived source of {name} is missing; restore it from your backup").format(
                file=row.archive, name=row.name
            )
            continue
        if row.archive not in found:
            found[row.archive] = _digest_of(path, archive, folder)
        if found[row.archive] != row.file_digest:
            yield _("{file}: changed since it was taken in; restore it from your backup").format(file=row.archive)


def posted_since(folder: Folder, connection: Connection) -> list[str]:
    """Return the journal files that were posted and that the register does not know: it is a copy from before."""
    files = _journal_files(folder)
    unknown = files.keys() - journals_posted(connection) if files else ()
    return sorted(one for one in unknown if _was_posted(files[one]))


def _journal_files(folder: Folder) -> dict[str, Path]:
    """Return the files of the journal by the name that the register gives them, in order."""
    found = (path for path in sorted(folder.journal.rglob("*.beancount")) if path.stem != "00-year")
    return {path.relative_to(folder.root).as_posix(): path for path in found}


def _was_posted(path: Path) -> bool:
    """Tell whether a journal file was written by Obole: its first line names its document."""
    with path.open("rb") as file:
        return file.readline().startswith(f"; {path.stem} ".encode())
