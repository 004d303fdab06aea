"""Details that come in a file of their own (camt.054, a CODA of a separate application): they split a total that waits.

They bring no money. A total of the account that stands on suspense as one amount is reclassified to the gifts its
details say; details of what was split already, or of what is not there yet, post nothing and say so.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from importers.bank.identity import features
from importers.bank.records import Movement, Statement
from importers.deciding.booking import Booked, Desk, book_details
from ledger.errors import Fault, Severity
from ledger.money import to_decimal
from ledger.posting import Posting
from ledger.records import DocumentKind
from ledger.register.gifts import originals_of
from ledger.register.statements import totals_split
from ledger.register.suspense import Decision, OpenItem, insert_assignments, open_items
from ledger.register.vouchers import Voucher, VoucherKey, find_vouchers
from obole.books.opened import Books
from obole.intake.guards import no_bank, year_closed
from obole.intake.lookup import look_up_lines
from obole.intake.posted import PostedFiles
from obole.words import _

# The bank may notify a day or two before or after it books what has a reference of its own; equal amounts without one
# are the same payment on the same day only.
_APART = timedelta(days=5)


_TOTALS = ("1", "2")  # how the code of a total begins


class DetailsFile(NamedTuple):
    """A statement of details, and the file it came in."""

    statement: Statement
    file_digest: str
    content: bytes


class _Split(NamedTuple):
    """A total to be split and its details; `mark` is a keyed fingerprint of what tells them from others."""

    total: Movement
    parts: tuple[Movement, ...]
    mark: str


class Details(NamedTuple):
    """The fate of the details of one account in a file."""

    booked: Booked | None
    faults: tuple[Fault, ...]
    document_id: int = 0


def take_details(
    books: Books, posting: Posting, desk: Desk | None, source: DetailsFile, *, closed: set[int], files: PostedFiles
) -> Details:
    """Split the totals that wait by the details of a statement; nothing else is posted."""
    statement, file_digest = source.statement, source.file_digest
    if desk is None:
        return Details(None, (Fault(no_bank(statement.account)),))
    totals = [_split(books, statement, movement) for movement in _split_totals(statement)]
    if not totals:
        message = _("only details of another statement, and none that split a total: nothing of it is posted")
        return Details(None, (Fault(message, severity=Severity.WARNING),))
    connection = posting.connection
    chosen, faults = _choose(connection, desk, totals, closed, files)
    if not chosen:
        return Details(None, tuple(faults))
    taken = [one.split.total._replace(booked=one.item.booked) for one in chosen]
    day = max(movement.booked for movement in taken)
    found = look_up_lines(connection, statement.movements, desk, f"details-{desk.alias}-{day.year}-{file_digest[:8]}")
    booked = book_details(statement, taken, desk, found, file_digest)
    vouchers = list(dict.fromkeys(Voucher(*_key(desk, one.split), _digest(one.split.total)) for one in chosen))
    suffix = ".xml" if statement.kind is DocumentKind.CAMT else ".cod"
    archive = books.archive_path(DocumentKind.DETAILS, day, f"details-{file_digest[:12]}", suffix, account=desk.account)
    document_id = posting.post(replace(booked.booking, vouchers=vouchers), (archive, source.content))
    decisions = [
        Decision(one.split.total.position, one.item.key, None, desk.suspense, one.item.booked)
        for one in sorted(chosen, key=lambda one: one.split.total.position)
    ]
    insert_assignments(connection, document_id, decisions)
    return Details(booked, (*faults, *booked.faults), document_id)


class _Chosen(NamedTuple):
    """A total of the details, and the line of suspense that it splits."""

    split: _Split
    item: OpenItem


def _choose(
    connection: Connection, desk: Desk, totals: Sequence[_Split], closed: set[int], files: PostedFiles
) -> tuple[list[_Chosen], list[Fault]]:
    """Choose the totals that wait, each with its line, and what is to be told of the others."""
    keys = [key for one in totals for key in (_key(desk, one), _key(desk, one._replace(mark="")))]
    there = find_vouchers(connection, DocumentKind.DETAILS, keys)
    waiting = [item for item in open_items(connection) if item.bank == desk.alias]
    faults: list[Fault] = []
    chosen: list[_Chosen] = []
    for one in totals:
        movement = one.total
        if _key(desk, one) in there or _key(desk, one._replace(mark="")) in there:  # as earlier versions knew it
            continue
        found = None if _split_before(connection, desk, one, files) else _match(movement, waiting)
        if found is None:
            message = _(
                "details of {amount} EUR of {day}: no such total waits on suspense; nothing is posted (it was split "
                "already, or its statement is to be imported first)"
            ).format(amount=to_decimal(movement.cents), day=movement.booked)
            faults.append(Fault(message, movement.line, Severity.WARNING))
        elif found.booked.year in closed:
            faults.append(Fault(year_closed(found.document, found.booked.year)))
        else:
            waiting.remove(found)
            chosen.append(_Chosen(one, found))
    return chosen, faults


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
        near = [item for item in named if abs(item.booked - movement.booked) <= _APART]
        if near:
            return near[0]
    nameless = [
        item for item in equal if item.booked == movement.booked and not (item.reference and movement.reference)
    ]
    alike = {(item.code, item.reason) for item in nameless}
    totals = len(alike) == 1 and nameless[0].code[:1] in _TOTALS
    return nameless[0] if len(nameless) == 1 or totals else None


def _split_before(connection: Connection, desk: Desk, split: _Split, files: PostedFiles) -> bool:
    """Tell whether these details are booked: a reference of theirs is, or a total of that day was split by the same."""
    references = [one.reference for one in split.parts if one.reference and one.mandate is not None]
    if references:
        return any(not one.reversed for one in originals_of(connection, references).values())
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


def _digest(movement: Movement) -> str:
    return f"{movement.cents}"
