"""From the stores to the plain facts that eligibility decides on: the gifts of a year, and what is known of donors.

Identities are read from the vault, looked at, and not kept: a `DonorFact` says only what is there.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from ledger.collector import paused
from ledger.identifiers import valid_enterprise_number, valid_national_number
from ledger.records import Channel, Counterpart, DonorKind, Nature
from ledger.register.gifts import gifts_counted
from ledger.vault.donors import Donor, find_donors, merged_keys
from ledger.vault.key import Sealer
from receipts.decide.awaiting import donors_awaiting
from receipts.decide.eligibility import Assessment, DonorFact, GiftFact, Identifier, Policy, assess


def assess_year(gifts: Connection, identities: Connection, sealer: Sealer, year: int, policy: Policy) -> Assessment:
    """Decide the receipts of a year from register and vault."""
    with paused():
        facts = list(gift_facts(gifts, year))
        keys = set(filter(None, (fact.donor for fact in facts)))
        found = find_donors(identities, sealer, keys | merged_keys(identities))
        donors = _awaiting(list(donor_facts(found)), donors_awaiting(gifts, identities, year))
        return assess(year, facts, donors, policy)


def _awaiting(donors: list[DonorFact], keys: set[str]) -> list[DonorFact]:
    """Return the donors, marked where a return of their gifts waits; of one merged, on whom it went into."""
    if not keys:
        return donors
    into: dict[str | None, str | None] = {donor.key: donor.merged_into for donor in donors}
    marked: set[str | None] = {None, *keys}
    for key in keys:
        # A circle is refused by `assess`.
        after = into.get(key)
        while after not in marked:
            marked.add(after)
            after = into.get(after)
    return [donor._replace(reversal_open=True) if donor.key in marked else donor for donor in donors]


def gift_facts(connection: Connection, year: int) -> Iterator[GiftFact]:
    """Yield the gifts that count for, or were booked in, a year."""
    natures = {nature.value: nature for nature in Nature}
    counterparts = {counterpart.value: counterpart for counterpart in Counterpart}
    channels = {channel.value: channel for channel in Channel}
    for row in gifts_counted(connection, year):
        yield GiftFact(
            row.id,
            row.donor,
            row.cents,
            row.counted,
            row.booked,
            natures[row.nature],
            counterparts[row.counterpart],
            channels[row.channel],
            row.reverses,
            bool(row.certificate_elsewhere),
        )


def donor_facts(donors: Iterable[Donor]) -> Iterator[DonorFact]:
    """Yield what is there and what is not, of each donor."""
    for donor in donors:
        natural = donor.kind == DonorKind.NATURAL
        number = donor.national_number if natural else donor.enterprise_number
        if not number:
            state = Identifier.MISSING
        elif valid_national_number(number) if natural else valid_enterprise_number(number):
            state = Identifier.VALID
        else:
            state = Identifier.INVALID
        yield DonorFact(
            key=donor.key,
            kind=DonorKind(donor.kind),
            has_name=bool(donor.last_name),
            has_first_name=bool(donor.first_name),
            has_address=bool(donor.street and donor.postcode and donor.municipality and donor.country),
            identifier=state,
            merged_into=donor.merged_into,
        )
