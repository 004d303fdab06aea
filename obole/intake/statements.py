"""Bank statements into the books: known or new, decided line by line, posted in batches.

A statement's way is straight: it is read, what it needs is looked up, it is decided, it is posted.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from importers.bank.any_format import reading_key
from importers.bank.records import Outline, Statement
from importers.deciding.booking import Booked, Desk, Return, book, document_name
from importers.deciding.found import Found
from ledger.clock import today
from ledger.collector import paused
from ledger.errors import Fault, refuses
from ledger.periods import ClosedYears
from ledger.posting import Posting
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.chain import in_chain
from ledger.register.statements import Ends, banks_unnumbered, previous_closing
from ledger.vault.counterparties import Counterparty, save_counterparties
from ledger.vault.pledges import PledgeChange, change_pledges
from obole.books.opened import Books
from obole.debits.failures import follow, of_returns
from obole.intake.continuity import (
    NewParts,
    continuity,
    first_of_account,
    new_or_known,
    numbered,
    parts_not_posted,
    sharing_days,
)
from obole.intake.desk import Knowledge, desk_of, load_known
from obole.intake.details import Details, DetailsFile, take_details
from obole.intake.guards import (
    before_first_day,
    before_the_chart,
    month_locked,
    no_bank,
    unlawful_numbers,
    year_closed,
)
from obole.intake.lookup import look_up
from obole.intake.pages import joined
from obole.intake.posted import PostedFiles
from obole.intake.reading import BankSource, ReadStatement, reading
from obole.outcome import Told, ToldFile
from obole.words import _

# A batch is one transaction: large enough that its fsyncs cost little, small enough that a kill loses seconds.
_BATCH_MOVEMENTS = 40_000


_BATCH_DOCUMENTS = 128


def take_statements(books: Books, group: Sequence[ToldFile], progress: Callable[[int], None]) -> None:
    """Post what is new of bank files, in batches, by day; `progress` gets the number of files done."""
    with joined(group, books.folder.root) as files:
        _take_files(books, files, progress)
    progress(len(group))


def _take_files(books: Books, group: Sequence[ToldFile], progress: Callable[[int], None]) -> None:
    ordered = sorted(group, key=lambda one: reading_key(one.path))
    details: list[ReadStatement] = []
    with paused(), reading([one.path for one in ordered]) as sources:
        known, files = load_known(books), PostedFiles(books)
        for batch in _batches(sources, dict(ordered), details, progress):
            with _together(books, known, files) as work:
                for part in _new_parts(work, batch):
                    found = look_up(work.connection, part.statement, part.desk)
                    booked = book(part.statement, part.desk, found, part.read.file_digest)
                    _post(work, part, found, booked)
        _post_details(books, details, known, files)


def _batches(
    sources: Iterator[BankSource],
    told_of: dict[Path, Told],
    details: list[ReadStatement],
    progress: Callable[[int], None],
) -> Iterator[list[ReadStatement]]:
    """Yield statements to be posted together, by day; those that hold only details are kept for later."""
    batch: list[ReadStatement] = []
    weight = 0
    for number, source in enumerate(sources, start=1):
        outline = source.outline()
        for read in _statements(told_of[source.path], source, outline):
            if read.statement.details_only:
                details.append(read)
                continue
            batch.append(read)
            weight += len(read.statement.movements)
            if outline.ordered and _enough(batch, weight):  # what follows in the file is of later days
                yield _by_day(batch)
                batch, weight = [], 0
        if _enough(batch, weight):
            yield _by_day(batch)
            batch, weight = [], 0
            progress(number)
    if batch:
        yield _by_day(batch)


def _by_day(batch: Sequence[ReadStatement]) -> list[ReadStatement]:
    """Return statements by day, account and number; those of one day in the order in which their balances lead on."""
    ordered = sorted(batch, key=lambda read: read.turn)
    of_day = groupby(ordered, key=lambda read: read.turn[:2])
    return [read for _day, some in of_day for read in in_chain(list(some))]


def _enough(batch: Sequence[ReadStatement], weight: int) -> bool:
    return weight >= _BATCH_MOVEMENTS or len(batch) >= _BATCH_DOCUMENTS


def _statements(told: Told, source: BankSource, outline: Outline) -> Iterator[ReadStatement]:
    for statement in source.statements:
        told.faults.extend(statement.faults)
        if statement.ok:
            yield ReadStatement(
                told, statement, outline.statements, outline.last, source.digest, source.content, source.path
            )
    told.faults.extend(source.faults)


@dataclass(frozen=True, slots=True)
class _Work:
    """A batch of statements being posted; `mixed` are the accounts that have statements which may share days."""

    books: Books
    posting: Posting
    known: Knowledge
    files: PostedFiles
    closed: ClosedYears
    mixed: set[str]
    counterparties: list[Counterparty] = field(default_factory=list)
    changes: list[PledgeChange] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """Return the register, in the transaction of the batch: it shows what the batch posted before."""
        return self.posting.connection


@contextmanager
def _together(books: Books, known: Knowledge, files: PostedFiles) -> Iterator[_Work]:
    """Open one transaction of the register for what is posted inside the block."""
    with books.posting() as posting:
        connection = posting.connection
        mixed = banks_unnumbered(connection)
        work = _Work(books, posting, known, files, books.closed_years(connection), mixed)
        yield work
        # The vault first: rows without a document are harmless, a document without them would lose a name.
        with books.vault.begin() as identities:
            save_counterparties(identities, work.counterparties)
            change_pledges(identities, work.changes)


class _NewPart(NamedTuple):
    """A statement, or a part of one, that is to be posted."""

    read: ReadStatement
    statement: Statement
    desk: Desk

    @property
    def whole(self) -> bool:
        """Tell whether it is all of the statement that was read."""
        return len(self.statement.movements) == len(self.read.statement.movements)


def _new_parts(work: _Work, batch: Sequence[ReadStatement]) -> Iterator[_NewPart]:
    """Yield what is to be posted of a batch, part by part: each is posted before the next is looked at."""
    for read in batch:
        statement, told = read.statement, read.told
        desk = desk_of(work.books, statement.account, work.known)
        problem = _refusal(work.books, desk, statement)
        if problem is not None or desk is None:
            message = _("statement {number} of {day}: {problem}")
            place = message.format(number=statement.sequence, day=statement.closing_date, problem=problem)
            told.faults.append(Fault(place))
            continue
        new = _new_of(work, statement, desk)
        work.files.given[read.file_digest] = read.path
        told.known.extend(one for one in new.known if one not in told.known)
        told.faults.extend(new.faults)
        for part in new.parts:
            yield _NewPart(read, part, desk)
        if new.parts != (statement,):
            _split_known(work, desk, read, new.parts)


def _new_of(work: _Work, statement: Statement, desk: Desk) -> NewParts:
    """Decide what is new of a statement: by its number, or by its lines and balances where it may share days."""
    connection, alias, name = work.connection, desk.alias, document_name(desk.alias, statement)
    unnumbered = not statement.sequence.strip("0")
    if statement.kind is DocumentKind.CAMT or unnumbered or alias in work.mixed:
        work.mixed.add(alias)
        return parts_not_posted(statement, sharing_days(connection, work.files, statement, alias, name))
    near = numbered(connection, work.files, statement, alias, name)
    new = new_or_known(statement, near)
    if near.same is None and _leads_away(connection, statement, alias):
        # A longer period under a number of its own. Where the balances do not prove that, it is the bank's next one.
        shared = parts_not_posted(statement, sharing_days(connection, work.files, statement, alias, name))
        return new if refuses(shared.faults) else shared
    return new


def _leads_away(connection: Connection, statement: Statement, alias: str) -> bool:
    """Return whether a numbered statement does not begin where the one before it closes."""
    assert statement.closing_date is not None
    ends = Ends(statement.opening, statement.closing)
    before = previous_closing(connection, alias, statement.closing_date, statement.sequence, ends)
    return before is not None and before.cents != statement.opening


def _split_known(work: _Work, desk: Desk, read: ReadStatement, parts: Sequence[Statement]) -> None:
    """Lines posted already may bring what their first file did not have: the details of a total or line that waits."""
    new = {movement.position for part in parts for movement in part.movements}
    rest = tuple(movement for movement in read.statement.movements if movement.position not in new)
    if read.told.refused or not rest:
        return
    done = _split_total(work, desk, read, replace(read.statement, movements=rest))
    read.told.faults.extend(done.doubts)


def _split_total(work: _Work, desk: Desk | None, read: ReadStatement, statement: Statement) -> Details:
    """Split the totals that wait by the details of a statement; what was posted is told, and what follows entered."""
    source = DetailsFile(statement, read.file_digest, read.content, work.counterparties)
    done = take_details(work.books, work.posting, desk, source, closed=work.closed, files=work.files)
    if done.booked is not None:
        record = done.booked.booking.record
        read.told.posted.append(record.name)
        read.told.add(record.summary.counts, record.summary.cents)
        work.counterparties.extend(done.booked.counterparties)
        _follow(work, done.document_id, done.booked.returns, read.told)
    return done


def _post_details(books: Books, reads: Sequence[ReadStatement], known: Knowledge, files: PostedFiles) -> None:
    """Split the totals that wait on suspense by the details that came in files of their own."""
    if not reads:
        return
    with _together(books, known, files) as work:
        for read in reads:
            desk = desk_of(books, read.statement.account, known)
            done = _split_total(work, desk, read, read.statement)
            read.told.faults.extend(done.faults)
            lines = ((one.line, one.communication) for one in read.statement.movements)
            read.told.faults.extend(unlawful_numbers(lines))


def _post(work: _Work, part: _NewPart, found: Found, booked: Booked) -> None:
    """Post a decided statement with its file, tell it, and enter what follows from the direct debits that came back."""
    read, statement, told = part.read, part.statement, part.read.told
    shut = {work.closed.label(day) for day in _days(statement) if day in work.closed}
    if shut:
        told.faults.append(Fault(year_closed(found.name, min(shut))))
        return
    locked = month_locked(work.posting, found.name, _days(statement))
    if locked:
        told.faults.extend(locked)
        return
    told.faults.extend(booked.faults)
    told.faults.extend(continuity(statement, found))
    told.faults.extend(first_of_account(work.connection, statement, found, part.desk.account))
    told.faults.extend(unlawful_numbers((one.line, one.communication) for one in statement.movements))
    record = booked.booking.record
    # A part does not tell that the rest of its file is there: such a file is read again.
    summary = replace(record.summary, statements=read.of if part.whole else 1, part=not part.whole)
    booking = replace(booked.booking, record=replace(record, summary=summary))
    document_id = work.posting.post(booking, (_archive(work.books, part, found.name), read.content))
    work.counterparties.extend(booked.counterparties)
    _follow(work, document_id, booked.returns, told)
    told.posted.append(found.name)
    told.add(summary.counts, summary.cents)


def _follow(work: _Work, document_id: int, returns: Sequence[Return], told: Told) -> None:
    """Enter and tell what follows from the direct debits that came back; what is to change in the vault is kept."""
    followed = follow(work.books, work.connection, of_returns(returns))
    debitbook.insert_failures(work.connection, document_id, followed.failures)
    told.faults.extend(followed.faults)
    work.changes.extend(followed.changes)


def _refusal(books: Books, desk: Desk | None, statement: Statement) -> str | None:
    if desk is None:
        return no_bank(statement.account)
    if statement.currency != "EUR":
        message = _("the statement is in {currency}; these books are kept in EUR only")
        return message.format(currency=statement.currency)
    if statement.closing_date is None:
        return _("the statement has no closing date")
    first = min((movement.booked for movement in statement.booked), default=statement.closing_date)
    if statement.closing_date.year > today().year + 1:
        message = _("it closes on {day}, which is years away; ask the bank for the file again")
        return message.format(day=statement.closing_date)
    if first < books.config.first_day:
        return before_first_day(books, first)
    return before_the_chart(books, first)


def _days(statement: Statement) -> Iterator[date]:
    if statement.closing_date is not None:
        yield statement.closing_date
    yield from (movement.booked for movement in statement.booked)


_SUFFIXES = {DocumentKind.CODA: ".cod", DocumentKind.CAMT: ".xml"}


def _archive(books: Books, part: _NewPart, name: str) -> Path:
    read, statement, account = part.read, part.statement, part.desk.account
    kind, closing = statement.kind, statement.closing_date
    assert closing is not None
    if read.of > 1 or kind is DocumentKind.CAMT:  # the file is one, its statements and their parts are several
        day, name = read.last or closing, f"{kind}-{read.file_digest[:12]}"
    else:
        day = closing
    return books.archive_path(kind, day, name, _SUFFIXES[kind], account=account)
