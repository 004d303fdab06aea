"""Details that come in a file of their own (camt.054, a CODA of a separate application): they split a total that waits.

They bring no money. A total of the account that stands on suspense as one amount is reclassified to the gifts its
details say, or to the gifts that its returns take back; so is a bare line that one detail explains. Details of what was
split already, or of what is not there yet, post nothing and say so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection

from importers.bank.identity import features
from importers.bank.records import Movement, Statement
from importers.deciding.booking import Booked, Desk, book_details
from ledger.errors import Fault, Severity
from ledger.money import to_decimal
from ledger.periods import ClosedYears
from ledger.posting import Posting
from ledger.records import DocumentKind
from ledger.register.gifts import originals_of
from ledger.register.statements import lines_booked, totals_split
from ledger.register.suspense import Decision, OpenItem, insert_assignments, open_items
from ledger.register.vouchers import Voucher, VoucherKey, find_vouchers
from ledger.vault.counterparties import Counterparty, counterparties_of
from obole.books.opened import Books
from obole.intake.guards import month_locked, no_bank, year_closed
from obole.intake.lone import APART, DayAndCents, LoneLine, bare_items, explained, lone_lines, with_details
from obole.intake.lookup import look_up_lines
from obole.intake.posted import PostedFiles
from obole.words import _

_TOTALS = ("1", "2")  # how the code of a total begins


class DetailsFile(NamedTuple):
    """A statement of details, and the file it came in; `pending` are persons behind lines, not in the vault yet."""

    statement: Statement
    file_digest: str
    content: bytes
    pending: Sequence[Counterparty] = ()


class _Split(NamedTuple):
    """A total to be split and its details; `mark` is a keyed fingerprint of what tells them from others."""

    total: Movement
    parts: tuple[Movement, ...]
    mark: str


class Details(NamedTuple):
    """The fate of the details of one account in a file; `doubts` are those faults that a person must decide."""

    booked: Booked | None
    faults: tuple[Fault, ...]
    document_id: int = 0
    doubts: tuple[Fault, ...] = ()


def take_details(
    books: Books, posting: Posting, desk: Desk | None, source: DetailsFile, *, closed: ClosedYears, files: PostedFiles
) -> Details:
    """Split the totals that wait by the details of a statement; nothing else is posted."""
    statement, file_digest = source.statement, source.file_digest
    if desk is None:
        return Details(None, (Fault(no_bank(statement.account)),))
    connection = posting.connection
    totals = [_split(books, statement, movement) for movement in _split_totals(statement)]
    waiting, locked = _unlocked(posting, _waiting(connection, desk, statement))
    chosen, faults = _choose(connection, desk, totals, waiting, closed=closed, files=files)
    taken = {one.item.key for one in chosen}
    left = [item for item in waiting if item.key not in taken]
    alone, doubts = _choose_alone(books, connection, desk, source, [item for item in left if _is_open(item, closed)])
    chosen += alone
    if not chosen:
        faults += locked
        if not faults and not doubts:
            message = _(
                "only details of another statement, and none of what waits on suspense: nothing of it is posted (it is "
                "booked with its details already, or its statement is to be imported first, and this file again)"
            )
            faults.append(Fault(message, severity=Severity.WARNING))
        return Details(None, (*faults, *doubts), doubts=doubts)
    days = {one.total.position: one.item.booked for one in chosen}
    statement = with_details(statement, days, {one.total.position for one in alone})
    lines = [one.total._replace(booked=one.item.booked) for one in chosen]
    day = max(movement.booked for movement in lines)
    found = look_up_lines(connection, statement.movements, desk, f"details-{desk.alias}-{day.year}-{file_digest[:8]}")
    booked = book_details(statement, lines, desk, found, file_digest)
    suffix = ".xml" if statement.kind is DocumentKind.CAMT else ".cod"
    archive = books.archive_path(DocumentKind.DETAILS, day, f"details-{file_digest[:12]}", suffix, account=desk.account)
    vouchers = list(dict.fromkeys(Voucher(*one.key, _digest(one.total)) for one in chosen))
    document_id = posting.post(replace(booked.booking, vouchers=vouchers), (archive, source.content))
    decisions = [
        Decision(one.total.position, one.item.key, None, desk.suspense, one.item.booked)
        for one in sorted(chosen, key=lambda one: one.total.position)
    ]
    insert_assignments(connection, document_id, decisions)
    return Details(booked, (*faults, *doubts, *booked.faults), document_id, doubts)


class _Chosen(NamedTuple):
    """A total of the details, or a line that is one by itself, and the line of suspense that it splits."""

    total: Movement
    item: OpenItem
    key: VoucherKey


def _waiting(connection: Connection, desk: Desk, statement: Statement) -> list[OpenItem]:
    """Return the lines of suspense of an account on the days of these lines and around them."""
    booked = [movement.booked for movement in statement.movements]
    if not booked:
        return []
    days = min(booked) - APART, max(booked) + APART
    return [item for item in open_items(connection, days) if item.bank == desk.alias]


def _unlocked(posting: Posting, waiting: Sequence[OpenItem]) -> tuple[list[OpenItem], list[Fault]]:
    """Return the lines in months that are not locked and, where none is left of some, the fault that says so."""
    left = [item for item in waiting if not posting.locks(item.booked)]
    if left or not waiting:
        return left, []
    return left, month_locked(posting, waiting[0].document, [waiting[0].booked])


def _is_open(item: OpenItem, closed: ClosedYears) -> bool:
    return item.booked not in closed


def _choose(
    connection: Connection,
    desk: Desk,
    totals: Sequence[_Split],
    waiting: Iterable[OpenItem],
    *,
    closed: ClosedYears,
    files: PostedFiles,
) -> tuple[list[_Chosen], list[Fault]]:
    """Choose the totals that wait, each with its line, and what is to be told of the others."""
    keys = [key for one in totals for key in (_key(desk, one), _key(desk, one._replace(mark="")))]
    there = find_vouchers(connection, DocumentKind.DETAILS, keys)
    left = list(waiting)
    faults: list[Fault] = []
    chosen: list[_Chosen] = []
    for one in totals:
        movement = one.total
        if _key(desk, one) in there or _key(desk, one._replace(mark="")) in there:  # as earlier versions knew it
            continue
        found = None if _split_before(connection, desk, one, files) else _match(movement, left)
        if found is None:
            message = _(
                "details of {amount} EUR of {day}: no such total waits on suspense; nothing is posted (it was split "
                "already, or its statement is to be imported first)"
            ).format(amount=to_decimal(movement.cents), day=movement.booked)
            faults.append(Fault(message, movement.line, Severity.WARNING))
        elif not _is_open(found, closed):
            faults.append(Fault(year_closed(found.document, closed.label(found.booked))))
        else:
            left.remove(found)
            chosen.append(_Chosen(movement, found, _key(desk, one)))
    return chosen, faults


def _choose_alone(
    books: Books, connection: Connection, desk: Desk, source: DetailsFile, waiting: Sequence[OpenItem]
) -> tuple[list[_Chosen], tuple[Fault, ...]]:
    """Choose the lines that explain a bare line of suspense, and say of which nothing tells whether they do."""
    statement = source.statement
    amounts = {item.cents for item in waiting}
    lines = [one for one in lone_lines(statement, books.sealer) if one.line.cents in amounts] if amounts else []
    if not lines:
        return [], ()
    there = find_vouchers(connection, DocumentKind.DETAILS, [_key_alone(desk, one) for one in lines])
    lines = [one for one in lines if _key_alone(desk, one) not in there and not _is_booked(connection, one.line)]
    with books.vault.connect() as identities:
        behind = counterparties_of(identities, {item.document for item in waiting})
    behind |= {(one.document, one.position): one for one in source.pending}
    keys = {DayAndCents(one.line.booked, one.line.cents) for one in lines}
    booked = {key: lines_booked(connection, desk.alias, *key) for key in keys}
    found = explained(lines, bare_items(waiting, behind), booked, notified=statement.details_only)
    message = _(
        "{amount} EUR of {day}: lines of that amount were explained before, and nothing tells of which line this is "
        "the detail; decide the one on suspense by hand with `obole match`"
    )
    doubts = [
        Fault(message.format(amount=to_decimal(one.cents), day=one.booked), one.line, Severity.WARNING)
        for one in found.doubtful
    ]
    return [_Chosen(one.line, item, _key_alone(desk, one)) for one, item in found.chosen], tuple(doubts)


def _is_booked(connection: Connection, line: Movement) -> bool:
    """Tell whether what a line brings or takes back is booked: its collection is a gift, its return reversed it."""
    return line.mandate is not None and _all_booked(connection, [line.reference], line.cents)


def _all_booked(connection: Connection, references: Sequence[str], cents: int) -> bool:
    """Tell whether details of these EndToEndIds are booked: one is a gift, or each was taken back."""
    found = originals_of(connection, [one for one in references if one]).values()
    if cents > 0:
        return any(not one.reversed for one in found)
    return bool(found) and all(one.reversed for one in found)


def _split_totals(statement: Statement) -> list[Movement]:
    """Return the lines whose details add up to them."""
    sums: dict[int, int] = {}
    for movement in statement.movements:
        if movement.parent is not None:
            sums[movement.parent] = sums.get(movement.parent, 0) + movement.cents
    return [movement for movement in statement.booked if sums.get(movement.position) == movement.cents]


def _match(movement: Movement, waiting: Sequence[OpenItem]) -> OpenItem | None:
    """Find the total these details are of: by its reference, else the only one of that day and amount without one.

    Of several without one that the bank calls totals alike, the first: nothing tells them apart.
    """
    equal = [item for item in waiting if item.cents == movement.cents]
    if movement.reference:
        named = [item for item in equal if item.reference == movement.reference]
        near = [item for item in named if abs(item.booked - movement.booked) <= APART]
        if near:
            return near[0]
    nameless = [
        item for item in equal if item.booked == movement.booked and not (item.reference and movement.reference)
    ]
    alike = {(item.code, item.reason) for item in nameless}
    totals = len(alike) == 1 and nameless[0].code[:1] in _TOTALS
    return nameless[0] if len(nameless) == 1 or totals else None


def _split_before(connection: Connection, desk: Desk, split: _Split, files: PostedFiles) -> bool:
    """Tell whether these details are booked: their references are, or a total of that day was split by the same."""
    references = [one.reference for one in split.parts if one.reference and (one.mandate is not None or one.cents < 0)]
    if references:
        return _all_booked(connection, references, split.total.cents)
    for total in totals_split(connection, desk.alias, split.total.booked, split.total.cents):
        parts = files.details(connection, total)
        if not parts or features(parts) == features(split.parts):
            return True
    return False


def _split(books: Books, statement: Statement, total: Movement) -> _Split:
    parts = tuple(one for one in statement.movements if one.parent == total.position)
    return _Split(total, parts, books.sealer.mark(features(parts))[:16])


def _key(desk: Desk, split: _Split) -> VoucherKey:
    """Return by what the details of a total are known: its reference and amount; without one, by what they say too."""
    reference = split.total.reference or split.total.bank_reference
    told = f"{desk.alias}:{reference}:{split.total.cents}"
    return VoucherKey(told if reference or not split.mark else f"{told}:{split.mark}", split.total.booked)


def _key_alone(desk: Desk, one: LoneLine) -> VoucherKey:
    return VoucherKey(f"{desk.alias}:{one.mark}:{one.line.cents}", one.line.booked)


def _digest(movement: Movement) -> str:
    return f"{movement.cents}"
