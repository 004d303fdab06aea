"""Gifts of nobody that a platform's report brought, looked at again: a donor that came since may be known by them.

By the same signs as the report was decided by: a communication that we issued, the account or the e-mail address of
exactly one donor. What a person took back from a donor stands in another document and is left alone.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from importers.deciding.booking import BookedAgain
from importers.deciding.gifts import issued_to, owner_of
from ledger.posting import Booking
from ledger.records import Channel, DocumentKind
from ledger.register.documents import free_name
from ledger.register.gifts import PostedGift, donorless_gifts
from ledger.sources import digest_of, source_document
from ledger.vault.counterparties import Counterparty, counterparties_of
from ledger.vault.links import Links, load_emails, load_links
from ledger.wording import word
from obole.books.opened import Books

_EMAIL = re.compile(r"[^\s|@]{1,64}@[^\s|@]{1,255}")


def known_since(books: Books) -> list[BookedAgain]:
    """Give each gift of nobody to the donor it leads to now, one document a year; those of closed years stay."""
    with books.register.connect() as connection:
        closed = books.closed_years(connection)
        reports = f"{DocumentKind.PLATFORM}-"
        gifts = [
            one
            for one in donorless_gifts(connection)
            if one.gift.channel is Channel.PLATFORM and one.document.startswith(reports)
            if one.gift.booked not in closed
        ]
    if not gifts:
        return []
    with books.vault.connect() as identities:
        behind = counterparties_of(identities, {one.document for one in gifts})
        links, emails = load_links(identities), load_emails(identities)
    years: defaultdict[int, list[tuple[PostedGift, str]]] = defaultdict(list)
    for one in gifts:
        who = behind.get((one.document, one.gift.position))
        donor = _donor_of(who, links, emails) if who is not None else None
        if donor is not None:
            years[books.years.label(one.gift.booked)].append((one, donor))
    if not years:
        return []
    with books.posting() as posting:
        made = [_booked(books, posting.connection, some) for _year, some in sorted(years.items())]
        for done in made:
            posting.post(done.booking)
    return made


def _donor_of(who: Counterparty, links: Links, emails: Mapping[str, str | None]) -> str | None:
    """Return the donor that a gift leads to; None where nothing does, or two signs to two donors."""
    issued = issued_to(None, who.communication, links)
    if issued is not None:
        return issued[0]
    donor = owner_of(who.account, links)
    if donor is not None:
        return donor
    found = {emails.get(one.casefold()) for one in _EMAIL.findall(who.communication)} - {None}
    return found.pop() if len(found) == 1 else None


def _booked(books: Books, connection: Connection, some: Sequence[tuple[PostedGift, str]]) -> BookedAgain:
    """Return the gifts of a year taken from nobody and given to their donors, on their own days."""
    gifts, language = books.config.gifts, books.config.organisation.language
    digest = digest_of(["gifts-of-nobody", *(one.id for one, _donor in some), *(donor for _one, donor in some)])
    year = books.years.label(some[0][0].gift.booked)
    name = free_name(connection, f"{DocumentKind.ASSIGNMENT}-{year}-{digest[:8]}")
    rows = []
    for number, (one, donor) in enumerate(some, start=1):
        moved = one.gift._replace(position=number, batch=number)
        account = gifts.money if one.gift.account == gifts.undocumented else one.gift.account
        rows += [
            moved._replace(cents=-one.gift.cents, reverses=one.id),
            moved._replace(donor=donor, account=account),
        ]
    numbers = range(1, len(some) + 1)
    days = [one.gift.booked for one, _donor in some]
    cents = sum(one.gift.cents for one, _donor in some)
    record = source_document(
        DocumentKind.ASSIGNMENT, name, digest, days, counts={"gift": len(some)}, cents={"gift": cents}
    )
    booking = Booking(
        record=record,
        gifts=rows,
        gift_debits=dict.fromkeys(numbers, ""),
        batches=dict.fromkeys(numbers, word("reclassification", language)),
    )
    return BookedAgain(booking, tuple(numbers))
