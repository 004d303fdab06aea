"""From the stores to the plain facts that eligibility decides on: the gifts of a year, and what is known of donors.

Identities are read from the vault, looked at, and not kept: a `DonorFact` says only what is there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from ledger.collector import paused
from ledger.identifiers import valid_enterprise_number, valid_national_number
from ledger.postcodes import Locality, read_place, whole_postcode
from ledger.records import Channel, Counterpart, DonorKind, Nature
from ledger.register.gifts import gifts_counted
from ledger.register.restated import steps_of, straddling
from ledger.vault.donors import Donor, find_donors, merged_keys
from ledger.vault.key import Sealer
from receipts.decide.awaiting import donors_awaiting
from receipts.decide.eligibility import (
    Assessment,
    DonorFact,
    GiftFact,
    Identifier,
    Objection,
    Policy,
    Reason,
    assess,
)
from receipts.decide.given import Money, giving_of


def assess_year(
    gifts: Connection,
    identities: Connection,
    sealer: Sealer,
    year: int,
    policy: Policy,
    *,
    issued: Collection[str] = (),
) -> Assessment:
    """Decide the receipts of a year from register and vault; donors `issued` have theirs and are not proved again."""
    with paused():
        facts = list(_over_new_year(list(gift_facts(gifts, year)), gifts, year, policy.gift_date))
        keys = set(filter(None, (fact.donor for fact in facts)))
        found = list(find_donors(identities, sealer, keys | merged_keys(identities)))
        donors = _awaiting(list(donor_facts(found)), donors_awaiting(gifts, identities, year))
        assessment = assess(year, facts, donors, policy)
        refused = _refused(assessment, found, policy, issued)
        if not refused:
            return assessment
        return replace(assess(year, facts, _marked(donors, refused), policy), refused=refused)


def _refused(
    assessment: Assessment, donors: Iterable[Donor], policy: Policy, issued: Collection[str]
) -> dict[str, tuple[Objection, ...]]:
    """Return what paper or Belcotax would refuse of the donors who are due a receipt, or lack other things for one."""
    if policy.proof is None:
        return {}
    asked = {one.donor for one in assessment.asked if one.donor not in issued}
    found = ((donor.key, policy.proof(donor)) for donor in donors if donor.key in asked)
    return {key: refusals for key, refusals in found if refusals}


def _marked(donors: Iterable[DonorFact], refused: Mapping[str, tuple[Objection, ...]]) -> list[DonorFact]:
    marked = []
    for donor in donors:
        reasons = {one.reason for one in refused.get(donor.key, ())}
        unprintable, unfileable = (reason in reasons for reason in (Reason.UNPRINTABLE, Reason.UNFILEABLE))
        marked.append(donor._replace(unprintable=unprintable, unfileable=unfileable) if reasons else donor)
    return marked


def _over_new_year(facts: Sequence[GiftFact], gifts: Connection, year: int, policy: str) -> Iterator[GiftFact]:
    """Yield the gifts, told of each whether a day of the gift that brought its money lies in another year."""
    over = straddling(gifts, year)
    money = Money(steps_of(gifts, year))
    if _given_again(facts, over, money):
        money = giving_of(gifts, year, policy).money
    first = {one: money.first(one) for one in money.before}  # of few: most rows brought their money themselves
    for fact in facts:
        crosses = first.get(fact.id, fact.id) in over
        yield fact if crosses == (fact.booked != fact.counted) else fact._replace(straddles=crosses)


def _given_again(facts: Iterable[GiftFact], over: Collection[int], money: Money) -> bool:
    """Tell whether a gift over New Year may be one that a platform took back and gave again: its donor and amount."""
    ended = {one for one, step in money.steps.items() if step.after is None}
    if not (ended and over):
        return False
    taken = {(fact.donor, fact.cents) for fact in facts if fact.id in ended}
    return any((fact.donor, fact.cents) in taken for fact in facts if fact.id in over and fact.id not in ended)


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


def gift_facts(connection: Connection, year: int, donors: Collection[str] | None = None) -> Iterator[GiftFact]:
    """Yield the gifts that count for, or were booked in, a year; with `donors` only theirs and those of nobody."""
    natures = {nature.value: nature for nature in Nature}
    counterparts = {counterpart.value: counterpart for counterpart in Counterpart}
    channels = {channel.value: channel for channel in Channel}
    for one, donor, cents, counted, booked, nature, counterpart, channel, reverses, elsewhere in gifts_counted(
        connection, year, donors
    ):
        yield GiftFact(
            one,
            donor,
            cents,
            counted,
            booked,
            natures[nature],
            counterparts[counterpart],
            channels[channel],
            reverses,
            bool(elsewhere),
        )


def donor_facts(donors: Iterable[Donor]) -> Iterator[DonorFact]:
    """Yield what is there and what is not, of each donor."""
    for donor in donors:
        natural = donor.kind == DonorKind.NATURAL
        place = read_place(donor.country, donor.postcode, donor.municipality)
        number = donor.national_number if natural else donor.enterprise_number
        if not number:
            state = Identifier.MISSING
        elif valid_national_number(number) if natural else valid_enterprise_number(number):
            state = Identifier.VALID
        else:
            state = Identifier.INVALID
        gaps = name_gaps(donor)
        yield DonorFact(
            key=donor.key,
            kind=DonorKind(donor.kind),
            has_name="last_name" not in gaps,
            has_first_name="first_name" not in gaps,
            has_address=not _gaps(donor, place),
            identifier=state,
            merged_into=donor.merged_into,
            abroad=place.country not in ("", "BE"),
        )


def name_gaps(donor: Donor) -> tuple[str, ...]:
    """Return the fields of a name that are empty, or hold a sign where somebody knew none: `-`, `?`, `.`."""
    if donor.kind != DonorKind.NATURAL:
        return () if _filled(donor.last_name) else ("last_name",)
    return tuple(field for field in ("last_name", "first_name") if not _said(getattr(donor, field)))


def address_gaps(donor: Donor) -> tuple[str, ...]:
    """Return the fields that an address lacks or that cannot be what they say: a postcode as people write it is one."""
    return _gaps(donor, read_place(donor.country, donor.postcode, donor.municipality))


def _gaps(donor: Donor, place: Locality) -> tuple[str, ...]:
    found = {
        "street": _filled(donor.street),
        "postcode": whole_postcode(place.country, place.postcode),
        "municipality": _said(place.municipality),
        "country": donor.country,
    }
    return tuple(field for field, there in found.items() if not there)


def _said(text: str) -> bool:
    """Tell whether a text has a letter."""
    return any(map(str.isalpha, text))


def _filled(text: str) -> bool:
    """Tell whether a text has a letter or a digit."""
    return any(map(str.isalnum, text))
