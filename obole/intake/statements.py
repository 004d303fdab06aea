"""Bank statements into the books: known or new, decided line by line, posted in batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from importers.bank.any_format import reading_key
from importers.bank.overlap import Contradicts
from importers.bank.records import Outline, Statement
from importers.deciding.booking import Booked, Desk, book, document_name
from ledger.collector import paused
from ledger.errors import Fault
from ledger.posting import Posting
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.documents import free_name
from ledger.register.statements import (
    banks_with,
)
from ledger.vault.counterparties import Counterparty, save_counterparties
from ledger.vault.pledges import PledgeChange, change_pledges
from obole.books.opened import Books, today
from obole.debits.failures import follow, of_returns
from obole.intake import desk as desks
from obole.intake.continuity import continuity, is_known, parts_not_posted
from obole.intake.desk import load_known
from obole.intake.details import Details, DetailsFile, take_details
from obole.intake.reading import BankSource, ReadStatement, reading
from obole.outcome import Told

# A batch is one transaction: large enough that its fsyncs cost little, small enough that a kill loses seconds.
_BATCH_MOVEMENTS = 40_000


_BATCH_DOCUMENTS = 128


_NEVER_WHOLE = 1_000_000


def take_statements(books: Books, group: Sequence[tuple[Path, Told]], progress: Callable[[int], None]) -> None:
    """Post what is new of bank files, in batches, by day; `progress` gets the number of files done."""
    ordered = sorted(group, key=lambda item: reading_key(item[0]))
    told_of = dict(ordered)
    batch: list[ReadStatement] = []
    details: list[ReadStatement] = []
    weight = 0
    with paused(), reading([path for path, _ in ordered]) as sources:
        known = load_known(books)
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


def _enough(batch: Sequence[ReadStatement], weight: int) -> bool:
    return weight >= _BATCH_MOVEMENTS or len(batch) >= _BATCH_DOCUMENTS


def _statements(told: Told, source: BankSource, outline: Outline) -> Iterator[ReadStatement]:
    for statement in source.statements:
        told.faults.extend(statement.faults)
        if statement.ok:
            yield ReadStatement(told, statement, outline.statements, outline.last, source.digest, source.content)
    told.faults.extend(source.faults)


def _post_batch(books: Books, batch: Sequence[ReadStatement], known: desks.Knowledge) -> None:
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
    known: desks.Knowledge
    closed: set[int]
    mixed: set[str] = field(default_factory=set)
    changes: list[PledgeChange] = field(default_factory=list)


def _book(work: _Work, read: ReadStatement) -> Iterator[Booked]:
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
            parts = parts_not_posted(posting, desk, read, name)
        except Contradicts as refusal:
            told.faults.append(Fault(f"{name}: {refusal}"))
            return
        work.mixed.add(desk.alias)
    elif is_known(posting, desk, read, name):
        parts = ()
    for part in parts:
        booked = _book_part(work, desk, read, part)
        if booked is not None:
            yield booked
    if parts != (statement,):
        yield from _split_known(work, desk, read, parts)


def _split_known(work: _Work, desk: Desk, read: ReadStatement, parts: Sequence[Statement]) -> Iterator[Booked]:
    """Lines that are posted already may bring what their first file did not have: the details of a total that waits."""
    new = {movement.position for part in parts for movement in part.movements}
    rest = tuple(movement for movement in read.statement.movements if movement.position not in new)
    if read.told.refused or all(movement.parent is None for movement in rest):
        return
    done = _split_total(work, desk, read, replace(read.statement, movements=rest))
    if done.booked is not None:
        yield done.booked


def _split_total(work: _Work, desk: Desk | None, read: ReadStatement, statement: Statement) -> Details:
    """Split the totals that wait by the details of a statement; what was posted is told, and what follows entered."""
    source = DetailsFile(statement, read.file_digest, read.content)
    done = take_details(work.books, work.posting, desk, source, work.closed)
    if done.booked is not None:
        record = done.booked.booking.record
        read.told.posted.append(record.name)
        read.told.add(record.summary["counts"], record.summary["cents"])
        work.changes.extend(_follow(work.books, work.posting.connection, done.document_id, done.booked, read.told))
    return done


def _post_details(books: Books, reads: Sequence[ReadStatement], known: desks.Knowledge) -> None:
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


def _book_part(work: _Work, desk: Desk, read: ReadStatement, statement: Statement) -> Booked | None:
    posting, told, closed = work.posting, read.told, work.closed
    name = free_name(posting.connection, document_name(desk.alias, statement))
    shut = closed and closed & {day.year for day in _days(statement)}
    if shut:
        told.faults.append(Fault(f"{name}: {min(shut)} is closed; nothing can be posted in it any more"))
        return None
    booked = book(statement, desk, read.file_digest, name)
    told.faults.extend(booked.faults)
    told.faults.extend(continuity(posting, desk, statement, name))
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


_SUFFIXES = {DocumentKind.CODA: ".cod", DocumentKind.CAMT: ".xml"}


def _archive(books: Books, desk: Desk, statement: Statement, name: str, read: ReadStatement) -> Path:
    folder = books.archive_of(desk.account)
    kind = statement.kind
    if read.of > 1 or kind is DocumentKind.CAMT:  # the file is one, its statements and their parts are several
        return folder / f"{read.last}.{kind}-{read.file_digest[:12]}{_SUFFIXES[kind]}"
    return folder / f"{statement.closing_date}.{name}{_SUFFIXES[kind]}"
