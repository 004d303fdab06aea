"""The gifts that payments on suspense are likely to pay back, with reasons, for a person to decide."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from importers.bank.communications import find_references
from importers.deciding.paybacks import choices, given_on, named
from importers.deciding.proposals import Directory, propose
from ledger.money import to_decimal
from ledger.register.gifts import PostedGift, gifts_standing, originals_of
from ledger.register.suspense import OpenItem
from ledger.vault.counterparties import Counterparty
from ledger.vault.links import load_links, owners_of_ibans, survivors
from obole.books.opened import Books
from obole.words import _

_REFERENCE, _MANDATE, _ACCOUNT, _SHARED, _COMMUNICATION = 0.98, 0.93, 0.95, 0.6, 0.9
_OF_NAME = 0.8  # of the score of a name: it does not say which gift
_PART = 0.7  # of a payment that is only a part of the gift
_MOST = 3


class LikelyGift(NamedTuple):
    """A gift that a payment may pay back, named as a sheet names it: `score` from 0 to 1, and why in words."""

    gift: str
    donor: str
    score: float
    reasons: tuple[str, ...]


class _Sign(NamedTuple):
    donor: str
    score: float
    reason: str


def likely_gifts(
    books: Books, payments: Sequence[OpenItem], behind: Mapping[tuple[str, int], Counterparty], names: Directory
) -> dict[tuple[str, int], tuple[LikelyGift, ...]]:
    """Return for each payment the gifts that it may pay back, the likeliest first."""
    if not payments:
        return {}
    with books.vault.connect() as identities:
        merged, links, owners = survivors(identities), load_links(identities), owners_of_ibans(identities)
    found: dict[tuple[str, int], tuple[LikelyGift, ...]] = {}
    with books.register.connect() as connection:
        originals = originals_of(connection, (item.reference for item in payments if item.reference))
        for item in payments:
            known = behind.get((item.document, item.position)) or Counterparty("", 0, "", "", "")
            signs = list(_donors(known, links.communications, owners, names))
            donor = links.mandates.get(item.mandate) if item.mandate else None
            if donor is not None:
                signs.append(_Sign(donor, _MANDATE, _("mandate of this donor")))
            original = originals.get(item.reference or "")
            said = original.id if original is not None and not original.reversed else None
            if original is not None and original.donor is not None and said is not None:
                signs.append(_Sign(original.donor, _REFERENCE, _("the direct debit that it names")))
            likely = _likely(connection, item, signs, merged, said)
            if likely:
                found[item.document, item.position] = tuple(likely[:_MOST])
    return found


def _donors(
    known: Counterparty,
    issued: Mapping[str, tuple[str, str | None]],
    owners: Mapping[str, set[str]],
    names: Directory,
) -> Iterator[_Sign]:
    """Yield the donors to whom a payment may go, by its account, its communication or its name."""
    of_account = owners.get(known.account, set())
    for donor in of_account:
        own = len(of_account) == 1
        whose = _("account of this donor") if own else _("account of {count} donors").format(count=len(of_account))
        yield _Sign(donor, _ACCOUNT if own else _SHARED, whose)
    for donor in dict.fromkeys(issued[one][0] for one in find_references(known.communication) if one in issued):
        yield _Sign(donor, _COMMUNICATION, _("structured communication issued to this donor"))
    for one in propose(known.name, known.communication, names):
        yield _Sign(one.donor, round(_OF_NAME * one.score, 3), ", ".join(one.reasons))


def _likely(
    connection: Connection, item: OpenItem, signs: Sequence[_Sign], merged: Mapping[str, str], said: int | None
) -> list[LikelyGift]:
    """Return the gifts of these donors that a payment may pay back; `said` is the one that it names."""
    by_donor: defaultdict[str, list[_Sign]] = defaultdict(list)
    for sign in signs:
        by_donor[merged.get(sign.donor, sign.donor)].append(sign)
    found = []
    for donor, some in by_donor.items():
        keys = {donor, *(key for key, after in merged.items() if after == donor)}
        gifts = [one for one in gifts_standing(connection, keys) if given_on(one.gift) <= item.booked]
        meant = [one for one in gifts if one.id == said and one.gift.cents >= -item.cents] or choices(
            gifts, -item.cents
        )
        best = max(sign.score for sign in some)
        reasons = tuple(sign.reason for sign in sorted(some, key=lambda sign: -sign.score))
        whole = [one for one in meant if one.gift.cents == -item.cents]
        if not whole and best < _COMMUNICATION:
            continue  # a name and an amount that none of its gifts has say nothing
        for one in meant:
            score = best if one in whole else round(_PART * best, 3)
            found.append(LikelyGift(named(one), donor, score, (*reasons, _gift_told(one))))
    return sorted(found, key=lambda one: -one.score)


def _gift_told(one: PostedGift) -> str:
    return _("gift of {amount} EUR of {day}").format(amount=to_decimal(one.gift.cents), day=given_on(one.gift))
