"""Details that come in a file of their own (camt.054, a CODA of a separate application): they split a total that waits.

They bring no money. A total of the account that stands on suspense as one amount is reclassified to the gifts its
details say; details of what was split already, or of what is not there yet, post nothing and say so.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from importers.bank.records import Movement, Statement
from importers.deciding.booking import Booked, Desk, book_details
from ledger.errors import Fault, Severity
from ledger.money import to_decimal
from ledger.posting import Booking, Posting
from ledger.records import DocumentKind
from ledger.register.documents import free_name
from ledger.register.gifts import originals_of
from ledger.register.statements import totals_split
from ledger.register.suspense import OpenItem, insert_assignments, open_items
from ledger.register.vouchers import find_vouchers
from obole.books.opened import Books

# The bank may notify a day or two before or after it books what has a reference of its own; equal amounts without one
# are the same payment on the same day only.
_APART = timedelta(days=5)


class DetailsFile(NamedTuple):
    """A statement of details, and the file it came in."""

    statement: Statement
    file_digest: str
    content: bytes


class Details(NamedTuple):
    """What became of the details of one account in a file."""

    booked: Booked | None
    faults: tuple[Fault, ...]
    document_id: int = 0


def take_details(books: Books, posting: Posting, desk: Desk | None, source: DetailsFile, closed: set[int]) -> Details:
    """Split the totals that wait by the details of a statement; nothing else is posted."""
    statement, file_digest = source.statement, source.file_digest
    if desk is None:
        ending = statement.account[-4:]
        message = f"the account ending in {ending} is no [[bank]] of obole.toml; add it there, or leave the file out"
        return Details(None, (Fault(message),))
    totals = _split_totals(statement)
    if not totals:
        message = "only details of another statement, and none that split a total: nothing of it is posted"
        return Details(None, (Fault(message, severity=Severity.WARNING),))
    keys = {movement: (_reference(desk, movement), movement.booked) for movement in totals}
    there = find_vouchers(posting.connection, DocumentKind.DETAILS, keys.values())
    waiting = [item for item in open_items(posting.connection) if item.bank == desk.alias]
    faults: list[Fault] = []
    chosen: dict[int, OpenItem] = {}
    taken: list[Movement] = []
    for movement in totals:
        if keys[movement] in there:
            continue
        found = None if _split_before(posting, desk, statement, movement) else _match(movement, waiting)
        if found is None:
            faults.append(
                Fault(
                    f"details of {to_decimal(movement.cents)} EUR of {movement.booked}: no such total waits on "
                    "suspense; nothing is posted (it was split already, or its statement is to be imported first)",
                    movement.line,
                    Severity.WARNING,
                )
            )
            continue
        if found.booked.year in closed:
            faults.append(
                Fault(f"{found.document}: {found.booked.year} is closed; nothing can be posted in it any more")
            )
            continue
        waiting.remove(found)
        chosen[movement.position] = found
        taken.append(movement._replace(booked=found.booked))
    if not taken:
        return Details(None, tuple(faults))
    day = max(movement.booked for movement in taken)
    name = free_name(posting.connection, f"details-{desk.alias}-{day.year}-{file_digest[:8]}")
    booked = book_details(statement, taken, desk, file_digest, name)
    archive = _archive(books, desk, statement, day, file_digest)
    vouchers = [(*keys[one], _digest(one)) for one in totals if one.position in chosen]
    document_id = posting.post(_with_vouchers(booked, vouchers), (archive, source.content))
    insert_assignments(
        posting.connection,
        document_id,
        [
            (position, item.document_id, item.position, None, desk.suspense, item.booked, None)
            for position, item in sorted(chosen.items())
        ],
    )
    return Details(booked, (*faults, *booked.faults), document_id)


def _split_totals(statement: Statement) -> list[Movement]:
    """The lines whose details add up to them."""
    sums: dict[int, int] = {}
    for movement in statement.movements:
        if movement.parent is not None:
            sums[movement.parent] = sums.get(movement.parent, 0) + movement.cents
    return [movement for movement in statement.booked if sums.get(movement.position) == movement.cents]


def _match(movement: Movement, waiting: Sequence[OpenItem]) -> OpenItem | None:
    """The total these details are of: by its reference, else the only one of its amount on that day without one."""
    equal = [item for item in waiting if item.cents == movement.cents]
    if movement.reference:
        named = [item for item in equal if item.reference == movement.reference]
        near = [item for item in named if abs(item.booked - movement.booked) <= _APART]
        if near:
            return near[0]
    nameless = [
        item for item in equal if item.booked == movement.booked and not (item.reference and movement.reference)
    ]
    return nameless[0] if len(nameless) == 1 else None


def _split_before(posting: Posting, desk: Desk, statement: Statement, movement: Movement) -> bool:
    """Whether these details are booked: one of their references is, or a total of that day and amount was split."""
    parts = [one for one in statement.movements if one.parent == movement.position]
    references = [one.reference for one in parts if one.reference and one.mandate is not None]
    if references:
        return any(not one.reversed for one in originals_of(posting.connection, references).values())
    return totals_split(posting.connection, desk.alias, movement.booked, movement.cents) > 0


def _reference(desk: Desk, movement: Movement) -> str:
    return f"{desk.alias}:{movement.reference or movement.bank_reference}:{movement.cents}"


def _digest(movement: Movement) -> str:
    return f"{movement.cents}"


def _with_vouchers(booked: Booked, vouchers: Sequence[tuple[str, date, str]]) -> Booking:
    return replace(booked.booking, vouchers=vouchers)


def _archive(books: Books, desk: Desk, statement: Statement, day: date, file_digest: str) -> Path:
    suffix = ".xml" if statement.kind is DocumentKind.CAMT else ".cod"
    return books.archive_of(desk.account) / f"{day}.details-{file_digest[:12]}{suffix}"
