"""Open lines looked at again: what came in since may explain them.

A return may come before the gift it takes back, a statement before its donors, a total before the reject that it
lacks, a line before its rule. After each import the open lines are decided once more, by the same steps and the same
certainty; what is known now is reclassified on the day of the line. A line of a closed year waits for a person, and so
does one whose assignment was undone, and one of which the bank's files do not tell whose it is.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from importers.bank.records import Movement
from importers.deciding.booking import BookedAgain, Desk, book_open
from ledger.posting import Posting
from ledger.records import DOUBTFUL, DocumentKind
from ledger.register.suspense import Decision, OpenItem, ever_assigned, insert_assignments, open_items
from ledger.vault.counterparties import Counterparty, all_counterparties
from obole.books.opened import Books
from obole.intake.desk import desk_of, load_known
from obole.intake.lookup import look_up_lines


def reconsider(books: Books) -> list[BookedAgain]:
    """Post what of the open lines is known now, one document per account and year."""
    with books.register.connect() as connection:
        once = ever_assigned(connection)
        items = [item for item in open_items(connection) if item.key not in once and item.reason != DOUBTFUL]
        closed = books.closed_years(connection)
    groups: dict[tuple[str, int], list[OpenItem]] = defaultdict(list)
    for item in items:
        if item.bank is not None and item.booked.year not in closed:
            groups[item.bank, item.booked.year].append(item)
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
    movements = [_movement(number, item, behind) for number, item in enumerate(items, start=1)]
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


def _movement(number: int, item: OpenItem, behind: Mapping[tuple[str, int], Counterparty]) -> Movement:
    """Return the line as it came, as far as register and vault keep it."""
    who = behind.get((item.document, item.position))
    return Movement(
        position=number,
        parent=None,
        booked=item.booked,
        value=item.value,
        cents=item.cents,
        code=item.code,
        communication=who.communication if who else "",
        name=who.name if who else "",
        account=who.account if who else "",
        reference=item.reference or "",
        mandate=item.mandate,
        reason=item.reason,
    )
