"""Open lines looked at again: what came in since may explain them.

A return may come before the gift it takes back, a statement before its donors, a total before the reject that it
lacks, a line before its rule. After each import the open lines are decided once more, by the same steps and the same
certainty; what is known now is reclassified on the day of the line. A line of a closed year or a locked month waits
for a person, and so does one whose assignment was undone, and one of which the bank's files do not tell whose it is.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from importers.deciding.booking import BookedAgain, Desk, book_open
from ledger.posting import Posting
from ledger.records import DOUBTFUL, DocumentKind
from ledger.register.suspense import Decision, OpenItem, ever_assigned, insert_assignments, open_items
from ledger.register.years import locked_until
from ledger.vault.counterparties import Counterparty, all_counterparties
from obole.books.opened import Books, changing
from obole.intake.desk import desk_of, load_known
from obole.intake.lookup import line_again, look_up_lines
from obole.suspense.nobody import known_since


@dataclass(frozen=True, slots=True)
class LookedAgain:
    """The outcome of a look at the open lines: what is known now, how many wait still.

    `taken_back` are those of them that a person took back from a decision, which were left alone; `closed` those of
    closed years.
    """

    decided: Sequence[BookedAgain]
    open: int
    taken_back: int
    closed: int
    dry_run: bool = False
    recovered: tuple[str, ...] = ()


def look_again(books: Books, *, taken_back: bool = False, dry_run: bool = False) -> LookedAgain:
    """Apply the rules and donors of today to what is open; with `taken_back` to what a person took back too."""
    with changing(books, dry_run=dry_run) as change:
        looked = _look(change.books, taken_back)
        return replace(looked, dry_run=dry_run, recovered=tuple(change.recovered))


def _look(books: Books, taken_back: bool) -> LookedAgain:
    decided = [*reconsider(books, taken_back=taken_back), *known_since(books)]
    with books.register.connect() as connection:
        once, items = ever_assigned(connection), open_items(connection)
        closed = books.closed_years(connection)
    alone = 0 if taken_back else sum(item.key in once for item in items)
    return LookedAgain(decided, len(items), alone, sum(item.booked in closed for item in items))


def reconsider(books: Books, *, taken_back: bool = False) -> list[BookedAgain]:
    """Post what of the open lines is known now, one document per account and year.

    Lines that a person took back are left alone, unless `taken_back`.
    """
    with books.register.connect() as connection:
        once = set() if taken_back else ever_assigned(connection)
        items = [item for item in open_items(connection) if item.key not in once and item.reason != DOUBTFUL]
        closed, locked = books.closed_years(connection), locked_until(connection)
    if locked is not None:
        items = [item for item in items if item.booked > locked]
    groups: dict[tuple[str, int], list[OpenItem]] = defaultdict(list)
    for item in items:
        if item.bank is not None and item.booked not in closed:
            groups[item.bank, books.years.label(item.booked)].append(item)
    if not groups:
        return []
    with books.vault.connect() as connection:
        behind = all_counterparties(connection)
    known = load_known(books)
    posted = []
    with books.posting() as posting:
        for (alias, year), some in sorted(groups.items()):
            iban = next(bank.iban for bank in books.config.bank if bank.alias == alias)
            desk = desk_of(books, iban, known)
            assert desk is not None
            booked = _post(posting, desk, year, some, behind)
            if booked is not None:
                posted.append(booked)
    return posted


def _post(
    posting: Posting,
    desk: Desk,
    year: int,
    items: Sequence[OpenItem],
    behind: Mapping[tuple[str, int], Counterparty],
) -> BookedAgain | None:
    movements = [
        line_again(number, item, behind.get((item.document, item.position)))
        for number, item in enumerate(items, start=1)
    ]
    places = "|".join(f"{item.document}:{item.position}" for item in items)
    digest = hashlib.sha256(f"open lines|{places}".encode()).hexdigest()
    base = f"{DocumentKind.ASSIGNMENT}-{year}-{digest[:8]}"
    found = look_up_lines(posting.connection, movements, desk, base, again=True)
    booked = book_open(movements, desk, found, digest)
    if booked is None:
        return None
    document_id = posting.post(booked.booking)
    given = {gift.position: gift.donor for gift in booked.booking.gifts}
    accounts = {row.position: row.account for row in booked.booking.movements}
    decisions = [
        Decision(number, item.key, given.get(number), accounts[number] or desk.money, item.booked)
        for number, item in enumerate(items, start=1)
        if number in booked.decided
    ]
    insert_assignments(posting.connection, document_id, decisions)
    return booked
