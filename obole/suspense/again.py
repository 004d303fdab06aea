"""Open lines looked at again: what came in since may explain them.

A return may come before the gift it takes back, a statement before its donors, a total before the reject that it
lacks, a line before its rule. After each import the open lines are decided once more, by the same steps and the same
certainty; what is known now is reclassified on the day of the line. A line of a closed year waits for a person, and so
does one whose assignment was undone.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from importers.bank.records import Movement
from importers.deciding.booking import Booked, Desk, book_open
from ledger.posting import Posting
from ledger.records import DocumentKind
from ledger.register.documents import free_name
from ledger.register.suspense import OpenItem, ever_assigned, insert_assignments, open_items
from ledger.vault.counterparties import Counterparty, all_counterparties
from obole.books.opened import Books
from obole.intake import desk as desks


def reconsider(books: Books, load: Callable[[Books], desks.Knowledge]) -> list[Booked]:
    """Post what of the open lines is known now, one document per account and year; `load` is asked where some are."""
    with books.register.connect() as connection:
        once = ever_assigned(connection)
        items = [item for item in open_items(connection) if (item.document_id, item.position) not in once]
        closed = books.closed_years(connection)
    groups: dict[tuple[str, int], list[OpenItem]] = defaultdict(list)
    for item in items:
        if item.bank is not None and item.booked.year not in closed:
            groups[item.bank, item.booked.year].append(item)
    if not groups:
        return []
    with books.vault.connect() as connection:
        behind = all_counterparties(connection)
    known = load(books)
    posted = []
    with books.posting() as posting:
        for (alias, year), some in sorted(groups.items()):
            iban = next(bank.iban for bank in books.config.bank if bank.alias == alias)
            desk = desks.for_account(books, iban, posting.connection, known)
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
) -> Booked | None:
    movements = [_movement(number, item, behind) for number, item in enumerate(items, start=1)]
    places = "|".join(f"{item.document}:{item.position}" for item in items)
    digest = hashlib.sha256(f"open lines|{places}".encode()).hexdigest()
    name = free_name(posting.connection, f"{DocumentKind.ASSIGNMENT}-{year}-{digest[:8]}")
    result = book_open(movements, desk, name, digest)
    if result is None:
        return None
    booked, decided = result
    document_id = posting.post(booked.booking)
    rows = []
    given = {gift.position: gift.donor for gift in booked.booking.gifts}
    for number in decided:
        item = items[number - 1]
        account = next(row.account for row in booked.booking.movements if row.position == number)
        rows.append(
            (
                number,
                item.document_id,
                item.position,
                given.get(number),
                account or desk.money,
                item.booked,
                None,
            )
        )
    insert_assignments(posting.connection, document_id, rows)
    return booked


def _movement(number: int, item: OpenItem, behind: Mapping[tuple[str, int], Counterparty]) -> Movement:
    """The line as it came, as far as register and vault keep it."""
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
