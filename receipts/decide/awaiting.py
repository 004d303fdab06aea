"""The donors whose gift a payment on suspense is likely to pay back: until a person decides, their receipts wait.

A return names its gift or its mandate. A refund by transfer goes to the account of a donor, bears a communication that
was issued, or names somebody who gave that amount. What is likely is no decision: it only holds back.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Connection

from importers.deciding.paybacks import given_on
from importers.deciding.proposals import directory, donors_behind, propose
from ledger.instalments import CLAIMABLE
from ledger.records import Gift
from ledger.register.gifts import gifts_standing
from ledger.register.suspense import OpenItem, donors_awaiting_return, open_items
from ledger.vault.counterparties import Counterparty, all_counterparties
from ledger.vault.donors import find_donors
from ledger.vault.links import load_links, owners_of_ibans, survivors

SAME_NAME = 0.95  # a name with fewer words in common may be another's


def donors_awaiting(gifts: Connection, identities: Connection, year: int) -> set[str]:
    """Return the donors of gifts of a year that a payment waiting on suspense is likely to pay back."""
    donors = donors_awaiting_return(gifts, year)
    payments = [item for item in open_items(gifts) if item.cents < 0]
    if not payments:
        return donors
    merged = survivors(identities)
    suspected = {item: keys for item, keys in _suspected(identities, payments) if keys}
    groups = _groups(merged, (key for keys, _exact in suspected.values() for key in keys))
    stand: defaultdict[str, list[Gift]] = defaultdict(list)
    for one in gifts_standing(gifts, {key for group in groups.values() for key in group}):
        stand[merged.get(one.gift.donor or "", one.gift.donor or "")].append(one.gift)
    for item, (keys, exact) in suspected.items():
        for key in {merged.get(key, key) for key in keys}:
            if any(gift.counted == year for gift in _meant(stand[key], item, exact=exact)):
                donors |= groups[key]
    return donors


def _suspected(
    identities: Connection, payments: Iterable[OpenItem]
) -> Iterator[tuple[OpenItem, tuple[frozenset[str], bool]]]:
    """Yield the donors to whom each payment may go; with True where nothing but a name says so."""
    behind: Mapping[tuple[str, int], Counterparty] = all_counterparties(identities)
    owners, issued = owners_of_ibans(identities), load_links(identities).communications
    names = None
    for item in payments:
        known = behind.get((item.document, item.position))
        if known is None:
            continue
        donors = donors_behind(known, owners, issued)
        if donors:
            yield item, (frozenset(donors), False)
        elif known.name:
            names = names or directory(find_donors(identities, None))
            alike = propose(known.name, "", names)
            yield item, (frozenset(one.donor for one in alike if one.score >= SAME_NAME), True)


def _groups(merged: Mapping[str, str], keys: Iterable[str]) -> dict[str, set[str]]:
    """Return all the keys of each donor by the one that remains."""
    groups = {merged.get(key, key): {key, merged.get(key, key)} for key in keys}
    for key, after in merged.items():
        if after in groups:
            groups[after].add(key)
    return groups


def _meant(gifts: Iterable[Gift], item: OpenItem, *, exact: bool) -> list[Gift]:
    """Return the gifts of a donor that a payment may pay back: of that amount, or of late and together enough."""
    before = [gift for gift in gifts if given_on(gift) <= item.booked]
    same = [gift for gift in before if gift.cents == -item.cents]
    late = [gift for gift in before if given_on(gift) >= item.booked - CLAIMABLE]
    if exact or sum(gift.cents for gift in late) < -item.cents:
        return same
    return [*same, *late]
