"""The decision who gets a receipt for a year and why not: every cent of the gifts falls in exactly one line.

`assess` decides from plain facts, without a store or a clock; `partition` sums its lines. What the law says stands in
`data/reasons.csv`.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Final, NamedTuple

from ledger.errors import OboleError
from ledger.gift_days import EXECUTED
from ledger.records import Channel, Counterpart, DonorKind, Nature
from ledger.vault.donors import Donor
from receipts.decide.parameters import NationalNumber, parameters
from receipts.words import _, many

RECEIPTED: Final = "receipted"


# Eleven digits in zone f71_2060 of form 281.71; amounts in words end there too.
MOST_CENTS: Final = 99_999_999_999


class Reason(StrEnum):
    """Why an amount is not on a receipt, in the order of `data/reasons.csv`: of the gift, then of the donor."""

    OTHER_YEAR = "other-year"
    IN_KIND = "in-kind"
    SECURITIES = "securities"
    LEGACY = "legacy"
    MEMBERSHIP = "membership"
    TICKET = "ticket"
    SPONSORING = "sponsoring"
    COUNTERPART = "counterpart"
    COUNTERPART_UNDECIDED = "counterpart-undecided"
    CERTIFICATE_ELSEWHERE = "certificate-elsewhere"
    ANONYMOUS = "anonymous"
    NOT_RECOGNISED = "not-recognised"
    DONOR_MISSING = "donor-missing"
    FULLY_REVERSED = "fully-reversed"
    OVER_REVERSED = "over-reversed"
    BELOW_THRESHOLD = "below-threshold"
    NAME_INCOMPLETE = "name-incomplete"
    ADDRESS_INCOMPLETE = "address-incomplete"
    IDENTIFIER_INVALID = "identifier-invalid"
    NATIONAL_NUMBER_MISSING = "national-number-missing"
    ENTERPRISE_NUMBER_MISSING = "enterprise-number-missing"
    UNPRINTABLE = "unprintable"
    UNFILEABLE = "unfileable"
    REVERSAL_OPEN = "reversal-open"


# Of an amount that gives no receipt whatever is known of the donor, and of a donor of whom nothing is.
_SETTLED = (Reason.FULLY_REVERSED, Reason.OVER_REVERSED, Reason.BELOW_THRESHOLD, Reason.DONOR_MISSING)


class Warn(StrEnum):
    """A point that a person should look at although it decides nothing."""

    NUMBER_MISSING = "number-missing"
    STRADDLES_YEARS = "straddles-years"
    THANK_YOU_ACCEPTED = "thank-you-accepted"
    REVERSAL_UNMATCHED = "reversal-unmatched"


class Identifier(StrEnum):
    """The state of the national, BIS or enterprise number; the number itself never comes here."""

    VALID = "valid"
    MISSING = "missing"
    INVALID = "invalid"


class GiftFact(NamedTuple):
    """The facts of a gift that decide: `counted` and `booked` are calendar years, `cents` negative for a reversal."""

    id: int
    donor: str | None
    cents: int
    counted: int
    booked: int
    nature: Nature = Nature.MONEY
    counterpart: Counterpart = Counterpart.NONE
    channel: Channel = Channel.TRANSFER
    reverses: int | None = None
    certificate_elsewhere: bool = False
    straddles: bool | None = None  # one of its days lies in another year; None: where the year booked is another


class DonorFact(NamedTuple):
    """The facts of a donor that decide, without any of it being shown: what is there and what is not.

    `has_name` is the surname, or the name of a legal person; `has_address` street, postcode, municipality and country;
    `reversal_open` is true while a reversal of this donor awaits a decision; `abroad` lives in another country;
    `unprintable` and `unfileable` have what the paper, or Belcotax, cannot hold.
    """

    key: str
    kind: DonorKind
    has_name: bool
    has_first_name: bool
    has_address: bool
    identifier: Identifier
    merged_into: str | None = None
    reversal_open: bool = False
    abroad: bool = False
    unprintable: bool = False
    unfileable: bool = False


class Objection(NamedTuple):
    """An objection of the paper or of Belcotax to a donor's data, with the sentence that says what to correct."""

    reason: Reason
    told: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The foundation's own decisions: its recognised years, and what the sources leave open.

    `national_number_required` None follows the year's parameters; `gift_date` says which day of a gift decides.
    `proof` says what paper and Belcotax will refuse of a donor, before a number is given.
    """

    recognised: frozenset[int]
    token_eligible: bool = False
    national_number_required: bool | None = None
    gift_date: str = EXECUTED
    proof: Callable[[Donor], tuple[Objection, ...]] | None = field(default=None, compare=False)


class DonorDecision(NamedTuple):
    """One donor's year: the net sum of the eligible gifts, and why there is no receipt; `reason` None: receipt due.

    `against` is all that stands against a receipt, `reason` the first of it.
    """

    donor: str
    cents: int
    gift_ids: tuple[int, ...]
    reason: Reason | None
    warnings: tuple[Warn, ...] = ()
    against: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """A year assessed: decisions by donor key in order; `outcomes` stands beside `gifts`, None for receipted.

    `refused` says of donors what paper or Belcotax would refuse.
    """

    year: int
    decisions: tuple[DonorDecision, ...]
    gifts: tuple[GiftFact, ...]
    outcomes: tuple[Reason | None, ...]
    refused: Mapping[str, tuple[Objection, ...]] = field(default_factory=dict)

    @property
    def asked(self) -> tuple[DonorDecision, ...]:
        """Return the donors whose amount gives a receipt, whatever else stands against it."""
        return tuple(decision for decision in self.decisions if decision.reason not in _SETTLED)

    @property
    def due(self) -> tuple[DonorDecision, ...]:
        """Return the receipts to issue."""
        return tuple(decision for decision in self.decisions if decision.reason is None)

    def set_aside(self) -> Iterator[tuple[GiftFact, Reason]]:
        """Yield the gifts that give no receipt whoever the donor is, each with its reason."""
        for gift, outcome in zip(self.gifts, self.outcomes, strict=True):
            if outcome is not None and outcome in _of_gifts():
                yield gift, outcome


class Share(NamedTuple):
    """One line of a partition: a `Reason` or RECEIPTED, how many gifts and reversals, their cents."""

    code: str
    gifts: int
    cents: int


class FactsRefused(OboleError):
    """Gifts or donors that contradict each other, so that an euro could count twice or nowhere."""


def assess(year: int, gifts: Iterable[GiftFact], donors: Iterable[DonorFact], policy: Policy) -> Assessment:
    """Decide the year: each gift in one line, each donor with eligible gifts in one decision.

    `gifts` are those counted for the year and, for the tie-out, those booked in it. A reversal follows what it reverses
    in everything but its amount. UnknownYear, or FactsRefused where ids repeat or point in a circle.
    """
    facts = tuple(gifts)
    place: dict[int | None, int] = {gift.id: position for position, gift in enumerate(facts)}
    if len(place) != len(facts):
        raise FactsRefused(
            many(
                "{count} gift has the id of another; take each gift once.",
                "{count} gifts have the id of another; take each gift once.",
                len(facts) - len(place),
            ).format(count=len(facts) - len(place))
        )
    known = {donor.key: donor for donor in donors}
    survivor = {donor.key: _survivor(donor, known) for donor in known.values() if donor.merged_into is not None}
    rules = _Rules.of(year, policy)
    by_kind = _reason_by_kind(policy.token_eligible)
    recognised = None if year in policy.recognised else Reason.NOT_RECOGNISED

    outcomes: list[Reason | None] = [None] * len(facts)
    of_donor: defaultdict[str, list[int]] = defaultdict(list)
    for position, gift in enumerate(facts):
        origin = gift if gift.reverses is None else _origin(gift, facts, place)
        if origin.counted != year:
            outcomes[position] = Reason.OTHER_YEAR
            continue
        donor = origin.donor
        reason = _of_gift(origin, by_kind) or recognised
        if reason is None and donor is not None:
            of_donor[survivor.get(donor, donor)].append(position)
        else:
            outcomes[position] = reason

    decisions = []
    for key, positions in sorted(of_donor.items()):
        decision = _decide(key, [facts[position] for position in positions], known.get(key), rules, place)
        decisions.append(decision)
        if decision.reason is not None:
            for position in positions:
                outcomes[position] = decision.reason
    return Assessment(year, tuple(decisions), facts, tuple(outcomes))


def obstacles(year: int, cents: int, donor: DonorFact | None, policy: Policy) -> tuple[Reason, ...]:
    """Return all that stands against a receipt of `cents` for this donor, first reason first; empty: it may be issued.

    The validation before issue, for one receipt at a time.
    """
    unrecognised = () if year in policy.recognised else (Reason.NOT_RECOGNISED,)
    return unrecognised + _Rules.of(year, policy).obstacles(cents, donor)


def kinds_receipted(policy: Policy) -> frozenset[tuple[Nature, Counterpart, Channel]]:
    """Return the kinds of gift that may stand on a receipt."""
    return frozenset(kind for kind, reason in _reason_by_kind(policy.token_eligible).items() if reason is None)


def partition(assessment: Assessment) -> list[Share]:
    """Return the lines that add up to all the gifts given, receipted first, then the reasons in order."""
    return _shares(assessment.outcomes, assessment.gifts)


def label(code: str, language: str) -> str:
    """Return the words for a `Reason` or RECEIPTED in fr, nl, de or en."""
    return _reasons()[code][language]


def source(code: str) -> str:
    """Return where a `Reason` stands in law or practice, or that it is a choice of ours."""
    return _reasons()[code]["source"]


class _Rules(NamedTuple):
    threshold_cents: int
    number_required: bool

    @classmethod
    def of(cls, year: int, policy: Policy) -> "_Rules":
        fixed = parameters(year)
        required = policy.national_number_required
        if required is None:
            required = fixed.national_number is NationalNumber.REQUIRED
        return cls(fixed.threshold_cents, required)

    def obstacles(self, cents: int, donor: DonorFact | None) -> tuple[Reason, ...]:
        if cents < self.threshold_cents:
            # The amount settles it: nobody is asked for an address because of a gift that gives no receipt.
            if cents > 0:
                return (Reason.BELOW_THRESHOLD,)
            return (Reason.FULLY_REVERSED if cents == 0 else Reason.OVER_REVERSED,)
        if donor is None:
            return (Reason.DONOR_MISSING,)
        natural = donor.kind == DonorKind.NATURAL
        missing = donor.identifier == Identifier.MISSING
        # Who lives abroad need not have a Belgian number, and the law asks it "where applicable".
        required = self.number_required and not donor.abroad
        found = (
            (Reason.NAME_INCOMPLETE, not donor.has_name or (natural and not donor.has_first_name)),
            (Reason.ADDRESS_INCOMPLETE, not donor.has_address),
            (Reason.IDENTIFIER_INVALID, donor.identifier == Identifier.INVALID),
            (Reason.NATIONAL_NUMBER_MISSING, missing and natural and required),
            # The tolerance is for national numbers; a legal person's number belongs on the receipt itself.
            (Reason.ENTERPRISE_NUMBER_MISSING, missing and not natural),
            (Reason.UNPRINTABLE, donor.unprintable),
            (Reason.UNFILEABLE, donor.unfileable or cents > MOST_CENTS),
            (Reason.REVERSAL_OPEN, donor.reversal_open),
        )
        return tuple(reason for reason, holds in found if holds)


def _decide(
    key: str, gifts: list[GiftFact], donor: DonorFact | None, rules: _Rules, place: dict[int | None, int]
) -> DonorDecision:
    cents = 0
    straddles = thanked = unmatched = False
    for gift in gifts:
        cents += gift.cents
        if gift.reverses is None:
            straddles |= gift.booked != gift.counted if gift.straddles is None else gift.straddles
            thanked |= gift.counterpart == Counterpart.TOKEN
        else:
            unmatched |= gift.reverses not in place
    against = rules.obstacles(cents, donor)
    settled = bool(against) and against[0] in _SETTLED
    unnumbered = not settled and donor is not None and donor.identifier == Identifier.MISSING
    warnings = (
        (Warn.NUMBER_MISSING, unnumbered),
        (Warn.STRADDLES_YEARS, straddles),
        (Warn.THANK_YOU_ACCEPTED, thanked),
        (Warn.REVERSAL_UNMATCHED, unmatched),
    )
    return DonorDecision(
        key,
        cents,
        tuple(gift.id for gift in gifts),
        against[0] if against else None,
        tuple(warning for warning, holds in warnings if holds),
        against,
    )


def _of_gift(gift: GiftFact, by_kind: Mapping[tuple[Nature, Counterpart, Channel], Reason | None]) -> Reason | None:
    """Return why a gift gives no receipt whoever its donor is; None where it may."""
    reason = by_kind[gift.nature, gift.counterpart, gift.channel]
    if reason is None and gift.certificate_elsewhere:
        return Reason.CERTIFICATE_ELSEWHERE
    if reason is None and gift.donor is None:
        return Reason.ANONYMOUS
    return reason


def _origin(reversal: GiftFact, facts: tuple[GiftFact, ...], place: dict[int | None, int]) -> GiftFact:
    """Return what a reversal, or the reversal of a reversal, goes back to; itself where that is not among the gifts."""
    gift, seen = reversal, {reversal.id}
    while (at := place.get(gift.reverses)) is not None:
        gift = facts[at]
        if gift.id in seen:
            raise FactsRefused(
                _("gift {id}: its reversals go round in a circle; correct what each reverses.").format(id=reversal.id)
            )
        seen.add(gift.id)
    return gift


def _survivor(donor: DonorFact, known: dict[str, DonorFact]) -> str:
    """Return the key a merged donor lives on under."""
    key, seen = donor.key, {donor.key}
    while (at := known.get(key)) is not None and at.merged_into is not None:
        key = at.merged_into
        if key in seen:
            raise FactsRefused(
                _("donor {key}: merged in a circle; say which of the keys remains.").format(key=donor.key)
            )
        seen.add(key)
    return key


def _shares(outcomes: Iterable[Reason | None], gifts: Iterable[GiftFact]) -> list[Share]:
    counts: defaultdict[Reason | None, int] = defaultdict(int)
    sums: defaultdict[Reason | None, int] = defaultdict(int)
    for outcome, gift in zip(outcomes, gifts, strict=True):
        counts[outcome] += 1
        sums[outcome] += gift.cents
    return [
        Share(reason or RECEIPTED, counts[reason], sums[reason]) for reason in (None, *Reason) if counts.get(reason)
    ]


@cache
def _reasons() -> dict[str, dict[str, str]]:
    text = (files("receipts") / "data" / "reasons.csv").read_text(encoding="utf-8")
    return {row["code"]: row for row in csv.DictReader(text.splitlines())}


@cache
def _of_gifts() -> frozenset[Reason]:
    return frozenset(Reason(code) for code, row in _reasons().items() if row["scope"] == "gift")


@cache
def _reason_by_kind(token_eligible: bool) -> dict[tuple[Nature, Counterpart, Channel], Reason | None]:
    """Return the decision table unfolded: for every nature, counterpart and channel the first row that names one."""
    rows = [
        (Reason(code), {*row["natures"].split()}, {*row["counterparts"].split()}, {*row["channels"].split()})
        for code, row in _reasons().items()
        if row["scope"] == "gift" and not (token_eligible and code == Reason.COUNTERPART_UNDECIDED)
    ]
    return {
        (nature, counterpart, channel): next(
            (
                reason
                for reason, natures, counterparts, channels in rows
                if nature in natures or counterpart in counterparts or channel in channels
            ),
            None,
        )
        for nature, counterpart, channel in product(Nature, Counterpart, Channel)
    }
