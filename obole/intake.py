"""Taking source files in: find out what each is, decide what it posts, post it, and tell what happened.

Files are taken in an order that makes sense whatever order they are given in: donors and grants before the statements
that need them, statements by account and date, assignments last. Statements are posted in batches of one transaction;
a refused statement posts nothing and stops nobody else.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from importers import assignments, camt, coda, donors, grants, in_kind, pain, platforms, pledges
from importers import journal as journal_file
from importers.bank_files import reading_key
from importers.booking import Booked, Desk, book, document_name
from importers.overlap import Contradicts, Known, new_parts
from importers.platforms import NOTHING, Declared
from importers.records import Outline, Statement
from ledger.collector import paused
from ledger.errors import Fault, OboleError, Severity, SourceRefused
from ledger.locks import writing
from ledger.money import to_decimal
from ledger.posting import Posting
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.documents import find_standing, free_name, known_files
from ledger.register.statements import (
    StatementRow,
    amounts_of,
    banks_with,
    booked_amounts,
    previous_closing,
    statement_before,
    statements_between,
)
from ledger.register.suspense import open_items
from ledger.register.vouchers import grant_contracts
from ledger.vault.counterparties import Counterparty, save_counterparties
from ledger.vault.pledges import PledgeChange, change_pledges
from obole import desk as desks
from obole.books import Books, scratch, settle, today
from obole.decisions import take_assignments
from obole.details import Details, Source, take_details
from obole.foreign import take_collection
from obole.platforms import declared, platform_day, take_platform
from obole.pledges import take_pledges
from obole.reading import BankSource, reading
from obole.reconsider import reconsider
from obole.registers import Taken, take_donors, take_grants, take_in_kind, take_journal
from obole.statuses import follow, of_returns, take_status

# A batch is one transaction: large enough that its fsyncs cost little, small enough that a kill loses seconds.
_BATCH_MOVEMENTS = 40_000
_BATCH_DOCUMENTS = 128

_NEVER_WHOLE = 1_000_000

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Told:
    """What became of one source file: documents posted, documents known before, faults; `file` is its name only."""

    file: str
    kind: str
    posted: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    cents: dict[str, int] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """True where something of the file was refused."""
        return any(fault.severity is Severity.ERROR for fault in self.faults)

    def add(self, counts: dict[str, int], cents: dict[str, int]) -> None:
        """Count what a document of the file held."""
        for key, value in counts.items():
            self.counts[key] = self.counts.get(key, 0) + value
        for key, value in cents.items():
            self.cents[key] = self.cents.get(key, 0) + value


@dataclass(slots=True)
class Intake:
    """The result of one `obole import`: `recovered` is what a killed run had left, `decided` lines no longer open."""

    told: list[Told] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    dry_run: bool = False
    open: int = 0
    decided: list[Told] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """True where a file was refused, whole or in part."""
        return any(told.refused for told in self.told)


SOURCE_KINDS = (
    (DocumentKind.DONORS, donors.identify),
    (DocumentKind.PLEDGES, pledges.identify),
    (DocumentKind.GRANTS, grants.identify),
    (DocumentKind.JOURNAL, journal_file.identify),
    (DocumentKind.IN_KIND, in_kind.identify),
    (DocumentKind.COLLECTION, pain.identify_collection),
    (DocumentKind.STATUS, pain.identify_status),
    (DocumentKind.CODA, coda.identify),
    (DocumentKind.CAMT, camt.identify),
    (DocumentKind.PLATFORM, platforms.is_report),
    (DocumentKind.ASSIGNMENT, assignments.identify),
)


_EMPTY = Fault("the file is empty; fetch it again where it came from")
_UNKNOWN = Fault(
    "no kind of file that Obole takes in; `obole inspect` says what it sees, docs/registers.md and docs/platforms.md "
    "what it takes"
)

# Taken again although the file was seen: a grant may have fallen due since, a donor may have been changed since.
_ALWAYS_READ = (DocumentKind.GRANTS, DocumentKind.DONORS, DocumentKind.PLEDGES)


def kind_of(path: Path, said: Declared = NOTHING) -> DocumentKind | None:
    """What a source file is, by its beginning or its headings; None where it is none of ours.

    What obole.toml declares comes before the registers, whose headings it may share.
    """
    if coda.identify(path):  # most files are, and their beginning says it
        return DocumentKind.CODA
    if said.sources and platforms.identify(path, said) in said.sources:
        return DocumentKind.PLATFORM
    return next((kind for kind, identify in SOURCE_KINDS if identify(path)), None)


def expand(paths: Iterable[Path]) -> list[Path]:
    """The files given, and all files below the folders given; hidden ones left out."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith((".", "~$")))
        elif path.exists():
            found.append(path)
        else:
            raise OboleError(f"{path.name}: there is no such file; check the name.")
    return found


def import_files(
    books: Books, paths: Iterable[Path], *, dry_run: bool = False, progress: Progress | None = None
) -> Intake:
    """Take source files in; with `dry_run` all of it is done on a copy of the stores that is thrown away."""
    files = expand(paths)
    if dry_run:
        with scratch(books) as copy:
            intake = import_into(copy, files, progress)
        intake.dry_run = True
        return intake
    with writing(books.folder):
        recovered = settle(books)
        intake = import_into(books, files, progress)
    intake.recovered = recovered
    return intake


def import_into(books: Books, files: Sequence[Path], progress: Progress | None = None) -> Intake:
    """Take files into books that the caller holds for writing."""
    intake = Intake()
    _take_all(books, files, intake, progress or (lambda _what, _done, _of: None))
    with books.register.connect() as connection:
        intake.open = len(open_items(connection))
    return intake


def _take_all(books: Books, files: Sequence[Path], intake: Intake, progress: Progress) -> None:
    by_kind: dict[DocumentKind, list[tuple[Path, Told]]] = {kind: [] for kind, _ in SOURCE_KINDS}
    digests = {path: _digest(path) for path in files}
    said = declared(books.config)
    with books.register.connect() as connection:
        known = known_files(connection, [digest for digest in digests.values() if digest is not None])
    for path in files:
        told = Told(path.name, "")
        intake.told.append(told)
        digest = digests[path]
        if digest is None:
            told.faults.append(Fault("the file cannot be read; check its rights"))
            continue
        names = known.get(digest)
        if names is not None and names.whole and names.kind not in _ALWAYS_READ:
            told.kind, told.known = names.kind, list(names.documents)
            continue
        kind = kind_of(path, said)
        if kind is None:
            told.faults.append(_EMPTY if path.stat().st_size == 0 else _UNKNOWN)
            continue
        told.kind = kind
        by_kind[kind].append((path, told))
    handlers = {
        DocumentKind.DONORS: take_donors,
        DocumentKind.PLEDGES: take_pledges,
        DocumentKind.GRANTS: take_grants,
        DocumentKind.JOURNAL: take_journal,
        DocumentKind.IN_KIND: take_in_kind,
        DocumentKind.COLLECTION: take_collection,
        DocumentKind.STATUS: take_status,
        DocumentKind.PLATFORM: take_platform,
        DocumentKind.ASSIGNMENT: take_assignments,
    }
    # A refund finds its gift where the report that brings the gift comes first.
    if len(by_kind[DocumentKind.PLATFORM]) > 1:
        by_kind[DocumentKind.PLATFORM].sort(key=lambda item: platform_day(item[0], said))
    done, total = 0, sum(len(group) for group in by_kind.values())
    by_kind[DocumentKind.CODA] += by_kind.pop(DocumentKind.CAMT)  # taken together, in the order of their days
    for kind, group in by_kind.items():
        if kind is DocumentKind.CODA:
            _take_statements(books, group, partial(_counted, progress, done, total))
        else:
            for path, told in group:
                _take_register(books, path, told, handlers[kind])
        done += len(group)
        progress(kind, done, total)
    _look_again(books, intake)  # though nothing was posted: a killed import may not have come to it


def _look_again(books: Books, intake: Intake) -> None:
    """Decide the open lines once more with what came in."""
    for booked in reconsider(books, _known):
        record = booked.booking.record
        told = Told("", record.kind, [record.name])
        told.add(record.summary["counts"], record.summary["cents"])
        intake.decided.append(told)


def _digest(path: Path) -> str | None:
    """SHA-256 of a file, None where it cannot be read: that refuses this file and stops no other."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _counted(progress: Progress, before: int, total: int, count: int) -> None:
    progress("coda", before + count, total)


def _take_register(books: Books, path: Path, told: Told, handler: Callable[[Books, Path], Taken]) -> None:
    try:
        taken = handler(books, path)
    except SourceRefused as refusal:
        told.faults.extend(refusal.faults)
        return
    except OboleError as error:
        told.faults.append(Fault(str(error).removesuffix(".")))
        return
    told.posted, told.known = list(taken.posted), list(taken.known)
    told.faults.extend(taken.faults)
    told.add(taken.counts, taken.cents)


@dataclass(frozen=True, slots=True)
class _Read:
    """A statement read and waiting for its turn; `of` is how many its file holds at most, `last` their last day."""

    told: Told
    statement: Statement
    of: int
    last: date | None
    file_digest: str
    content: bytes

    @property
    def turn(self) -> tuple[date, str, str]:
        """Statements are posted by day, account and number, whatever their order in the files (formats.md 1.6)."""
        return (self.statement.closing_date or date.max, self.statement.account, self.statement.sequence)


def _take_statements(books: Books, group: Sequence[tuple[Path, Told]], progress: Callable[[int], None]) -> None:
    ordered = sorted(group, key=lambda item: reading_key(item[0]))
    told_of = dict(ordered)
    batch: list[_Read] = []
    details: list[_Read] = []
    weight = 0
    with paused(), reading([path for path, _ in ordered]) as sources:
        known = _known(books)
        for number, source in enumerate(sources, start=1):
            outline = source.outline()
            for read in _statements(told_of[source.path], source, outline):
                if read.statement.details_only:
                    details.append(read)
                    continue
                batch.append(read)
                weight += len(read.statement.movements)
                if outline.ordered and _enough(batch, weight):  # what follows in the file is of later days
                    _post_batch(books, batch, known)
                    batch, weight = [], 0
            if _enough(batch, weight):
                _post_batch(books, batch, known)
                batch, weight = [], 0
                progress(number)
        _post_batch(books, batch, known)
        _post_details(books, details, known)
    progress(len(ordered))


def _enough(batch: Sequence[_Read], weight: int) -> bool:
    return weight >= _BATCH_MOVEMENTS or len(batch) >= _BATCH_DOCUMENTS


def _known(books: Books) -> desks.Known:
    with books.register.connect() as connection:
        contracts = grant_contracts(connection)
    return desks.Known(desks.load_links(books), contracts)


def _statements(told: Told, source: BankSource, outline: Outline) -> Iterator[_Read]:
    for statement in source.statements:
        told.faults.extend(statement.faults)
        if statement.ok:
            yield _Read(told, statement, outline.statements, outline.last, source.digest, source.content)
    told.faults.extend(source.faults)


def _post_batch(books: Books, batch: Sequence[_Read], known: desks.Known) -> None:
    if not batch:
        return
    counterparties: list[Counterparty] = []
    with books.posting() as posting:
        work = _Work(books, posting, known, books.closed_years(posting.connection))
        work.mixed.update(banks_with(posting.connection, DocumentKind.CAMT))
        for read in sorted(batch, key=lambda read: read.turn):
            for booked in _book(work, read):
                counterparties.extend(booked.counterparties)
        # The vault first: rows without a document are harmless, a document without them would lose a name.
        with books.vault.begin() as connection:
            save_counterparties(connection, counterparties)
            change_pledges(connection, work.changes)


@dataclass(frozen=True, slots=True)
class _Work:
    """A batch of statements being posted; `mixed` are the accounts that have statements which may share days."""

    books: Books
    posting: Posting
    known: desks.Known
    closed: set[int]
    mixed: set[str] = field(default_factory=set)
    changes: list[PledgeChange] = field(default_factory=list)


def _book(work: _Work, read: _Read) -> Iterator[Booked]:
    """Post what is new of a statement."""
    posting, statement, told = work.posting, read.statement, read.told
    desk = desks.for_account(work.books, statement.account, posting.connection, work.known)
    problem = _refusal(work.books, desk, statement)
    if problem is not None or desk is None:
        told.faults.append(Fault(f"statement {statement.sequence} of {statement.closing_date}: {problem}"))
        return
    name = document_name(desk.alias, statement)
    parts: tuple[Statement, ...] = (statement,)
    if statement.kind is DocumentKind.CAMT or desk.alias in work.mixed:
        try:
            parts = _new_parts(posting, desk, read, name)
        except Contradicts as refusal:
            told.faults.append(Fault(f"{name}: {refusal}"))
            return
        work.mixed.add(desk.alias)
    elif _is_known(posting, desk, read, name):
        parts = ()
    for part in parts:
        booked = _book_part(work, desk, read, part)
        if booked is not None:
            yield booked
    if parts != (statement,):
        yield from _split_known(work, desk, read, parts)


def _split_known(work: _Work, desk: Desk, read: _Read, parts: Sequence[Statement]) -> Iterator[Booked]:
    """Lines that are posted already may bring what their first file did not have: the details of a total that waits."""
    new = {movement.position for part in parts for movement in part.movements}
    rest = tuple(movement for movement in read.statement.movements if movement.position not in new)
    if read.told.refused or all(movement.parent is None for movement in rest):
        return
    done = _split_total(work, desk, read, replace(read.statement, movements=rest))
    if done.booked is not None:
        yield done.booked


def _split_total(work: _Work, desk: Desk | None, read: _Read, statement: Statement) -> Details:
    """Split the totals that wait by the details of a statement; what was posted is told, and what follows entered."""
    source = Source(statement, read.file_digest, read.content)
    done = take_details(work.books, work.posting, desk, source, work.closed)
    if done.booked is not None:
        record = done.booked.booking.record
        read.told.posted.append(record.name)
        read.told.add(record.summary["counts"], record.summary["cents"])
        work.changes.extend(_follow(work.books, work.posting.connection, done.document_id, done.booked, read.told))
    return done


def _post_details(books: Books, reads: Sequence[_Read], known: desks.Known) -> None:
    """Split the totals that wait on suspense by the details that came in files of their own."""
    if not reads:
        return
    counterparties: list[Counterparty] = []
    with books.posting() as posting:
        work = _Work(books, posting, known, books.closed_years(posting.connection))
        for read in reads:
            desk = desks.for_account(books, read.statement.account, posting.connection, known)
            done = _split_total(work, desk, read, read.statement)
            read.told.faults.extend(done.faults)
            if done.booked is not None:
                counterparties.extend(done.booked.counterparties)
        with books.vault.begin() as connection:
            save_counterparties(connection, counterparties)
            change_pledges(connection, work.changes)


def _is_known(posting: Posting, desk: Desk, read: _Read, name: str) -> bool:
    """Whether a numbered statement is there already, as it is (told) or otherwise (refused)."""
    existing = find_standing(posting.connection, name)
    if existing is None:
        return False
    if _same(posting, existing, read.statement):
        read.told.known.append(str(existing["name"]))
    else:
        read.told.faults.append(
            Fault(
                f"{name}: another statement with this number was taken in before ({desk.alias}); "
                "ask the bank which is right"
            )
        )
    return True


def _new_parts(posting: Posting, desk: Desk, read: _Read, name: str) -> tuple[Statement, ...]:
    """What is new of a statement that may share days with others; Contradicts where it does not agree with them."""
    statement, told, connection = read.statement, read.told, posting.connection
    assert statement.closing_date is not None
    existing = find_standing(connection, name)
    if existing is not None and existing["digest"] == statement.digest:
        told.known.append(str(existing["name"]))
        return ()
    first = min((movement.booked for movement in statement.booked), default=statement.closing_date)
    rows = statements_between(connection, desk.alias, first, statement.closing_date)
    there = [_known_statement(connection, row) for row in rows]
    start = (rows[0].closing_date, rows[0].sequence) if rows else (first, "")
    row = statement_before(connection, desk.alias, *start)
    before = None if row is None else Known(row.name, row.kind, row.sequence, *row[4:], {})
    parts = new_parts(statement, there, before)
    lines = sum(len(part.booked) for part in parts)
    if not parts:
        told.known.extend(one.name for one in there if one.name not in told.known)
    elif lines < len(statement.booked):
        others = f"{there[0].name} to {there[-1].name}" if len(there) > 1 else there[0].name
        told.faults.append(
            Fault(
                f"{name}: overlaps {others}; {lines} of its {len(statement.booked)} lines are new, the rest is there",
                severity=Severity.WARNING,
            )
        )
    return parts


def _known_statement(connection: Connection, row: StatementRow) -> Known:
    return Known(row.name, row.kind, row.sequence, *row[4:], booked_amounts(connection, row.id))


def _book_part(work: _Work, desk: Desk, read: _Read, statement: Statement) -> Booked | None:
    posting, told, closed = work.posting, read.told, work.closed
    name = free_name(posting.connection, document_name(desk.alias, statement))
    shut = closed and closed & {day.year for day in _days(statement)}
    if shut:
        told.faults.append(Fault(f"{name}: {min(shut)} is closed; nothing can be posted in it any more"))
        return None
    booked = book(statement, desk, read.file_digest, name)
    told.faults.extend(booked.faults)
    told.faults.extend(_continuity(posting, desk, statement, name))
    summary = dict(booked.booking.record.summary)
    # A part does not tell that the rest of its file is there: such a file is read again.
    summary["statements"] = read.of if statement is read.statement else _NEVER_WHOLE
    record = desks.with_summary(booked.booking, summary)
    archive = _archive(work.books, desk, statement, name, read)
    document_id = posting.post(record, (archive, read.content))
    work.changes.extend(_follow(work.books, posting.connection, document_id, booked, told))
    told.posted.append(name)
    told.add(summary["counts"], summary["cents"])
    return booked


def _follow(
    books: Books, connection: Connection, document_id: int, booked: Booked, told: Told
) -> Sequence[PledgeChange]:
    """Enter and tell what follows from the direct debits that came back; what is to change in the vault."""
    followed = follow(books, connection, of_returns(booked.returns))
    debitbook.insert_failures(connection, document_id, followed.failures)
    told.faults.extend(followed.faults)
    return followed.changes


def _refusal(books: Books, desk: Desk | None, statement: Statement) -> str | None:
    if desk is None:
        ending = statement.account[-4:]
        return f"the account ending in {ending} is no [[bank]] of obole.toml; add it there, or leave the file out"
    if statement.currency != "EUR":
        return f"the statement is in {statement.currency}; these books are kept in EUR only"
    if statement.closing_date is None:
        return "the statement has no closing date"
    first = min((movement.booked for movement in statement.booked), default=statement.closing_date)
    if statement.closing_date.year > today().year + 1:
        return f"it closes on {statement.closing_date}, which is years away; ask the bank for the file again"
    if first < books.config.first_day:
        return f"dated {first}, before the first day of these books ({books.config.first_day}, first_day in obole.toml)"
    return None


def _days(statement: Statement) -> Iterator[date]:
    if statement.closing_date is not None:
        yield statement.closing_date
    yield from (movement.booked for movement in statement.booked)


def _same(posting: Posting, existing: Mapping[str, Any], statement: Statement) -> bool:
    """Whether a statement is the one posted: the same characters, or a second delivery with the same figures."""
    if existing["digest"] == statement.digest:
        return True
    balances = (existing["opening"], existing["closing"], existing["closing_date"])
    if balances != (statement.opening, statement.closing, statement.closing_date):
        return False
    amounts = [(movement.booked, movement.cents) for movement in statement.movements]
    return amounts_of(posting.connection, existing["id"]) == amounts


def _continuity(posting: Posting, desk: Desk, statement: Statement, name: str) -> Iterator[Fault]:
    day = statement.closing_date
    assert day is not None
    before = previous_closing(posting.connection, desk.alias, day, statement.sequence)
    if before is None:
        return
    if before[1] != statement.opening:
        difference = to_decimal(statement.opening - before[1])
        yield Fault(
            f"{name}: a gap before it: its opening balance is {difference:+} EUR away from the closing balance of "
            f"{before[0]}; import the statement that is missing between them",
            severity=Severity.WARNING,
        )
    elif _skips(before[0], name):
        yield Fault(
            f"{name}: a number is missing after {before[0]}, though the balances fit; import the one between them",
            severity=Severity.WARNING,
        )


def _skips(before: str, name: str) -> bool:
    """Whether two statements of one year, numbered by the bank, are not neighbours (a new year begins again at 001)."""
    first, second = before.rsplit("-", 2)[1:], name.rsplit("-", 2)[1:]
    # The day stands as four digits where the bank does not number.
    numbered = all(len(number) == 3 and number.isdigit() for _, number in (first, second))  # noqa: PLR2004
    if before.partition("-")[0] != name.partition("-")[0]:
        return False  # CODA and CAMT are numbered apart
    return numbered and first[0] == second[0] and int(second[1]) != int(first[1]) + 1


_SUFFIXES = {DocumentKind.CODA: ".cod", DocumentKind.CAMT: ".xml"}


def _archive(books: Books, desk: Desk, statement: Statement, name: str, read: _Read) -> Path:
    folder = books.archive_of(desk.account)
    kind = statement.kind
    if read.of > 1 or kind is DocumentKind.CAMT:  # the file is one, its statements and their parts are several
        return folder / f"{read.last}.{kind}-{read.file_digest[:12]}{_SUFFIXES[kind]}"
    return folder / f"{statement.closing_date}.{name}{_SUFFIXES[kind]}"


def describe(intake: Intake) -> str:
    """The result as JSON, for the record and for scripts."""
    return json.dumps(
        {
            "dry_run": intake.dry_run,
            "recovered": intake.recovered,
            "open": intake.open,
            "decided": [{"posted": told.posted, "counts": told.counts, "cents": told.cents} for told in intake.decided],
            "files": [
                {
                    "file": told.file,
                    "kind": told.kind,
                    "posted": told.posted,
                    "known": told.known,
                    "refused": told.refused,
                    "counts": told.counts,
                    "cents": told.cents,
                    "faults": [
                        {"severity": fault.severity, "line": fault.line, "message": fault.message}
                        for fault in told.faults
                    ],
                }
                for told in intake.told
            ],
        },
        ensure_ascii=False,
        indent=1,
        default=lambda value: value.isoformat() if isinstance(value, date) else str(value),
    )
