"""The instalments of the pledges that fall due in a month: sequence numbers, first and last, what stands against one.

Pure: pledges and what was collected before go in, a `Plan` comes out. Each attempt on an instalment is keyed by mandate
and sequence; an instalment that stands is never due again, one that failed is due again as far as the policy allows.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

_MODULUS = 97


_YEAR = 12


# How long a debit without a valid mandate can be claimed back: 13 months (EPC016-06, Core rulebook), and the days the
# banks take.
CLAIMABLE = timedelta(days=13 * 31 + 14)


class PledgeState(StrEnum):
    """The state of a mandate: it may be debited, may not for now, or no more."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class SequenceType(StrEnum):
    """The place of a collection in the life of its mandate (EPC016-06, SEPA Core Direct Debit Scheme Rulebook)."""

    FIRST = "FRST"
    RECURRENT = "RCUR"
    FINAL = "FNAL"
    ONE_OFF = "OOFF"


class Outcome(StrEnum):
    """The fate of a collected instalment. `undone`: its file was withdrawn and never went to the bank."""

    STANDS = "stands"
    REJECTED = "rejected"
    RETURNED = "returned"
    UNDONE = "undone"


class Fate(StrEnum):
    """The consequence of a failed collection for its mandate and instalment.

    `correct`: the error is the foundation's, the instalment is collected again; `keep`: nothing follows.
    """

    RETRY = "retry"
    SUSPEND = "suspend"
    END = "end"
    CORRECT = "correct"
    KEEP = "keep"

    @property
    def again(self) -> bool:
        """Return whether the instalment may be collected again."""
        return self in (Fate.RETRY, Fate.CORRECT)

    @property
    def state(self) -> PledgeState | None:
        """Return the state it puts the pledge in, None where it stays."""
        return {Fate.SUSPEND: PledgeState.SUSPENDED, Fate.END: PledgeState.ENDED}.get(self)


# Countries of the European Economic Area whose banks take part in SEPA: in payments with a bank elsewhere (Switzerland,
# the United Kingdom, Monaco, San Marino, Andorra, the Vatican ...) town and country of the debtor are compulsory, in
# fields of their own since 15 November 2026 (EPC, guidance on addresses in SEPA payments).
_EEA = frozenset(
    [
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS"),
        *("IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
    ]
)


class AddressRule(StrEnum):
    """The debits that say town and country of the debtor: banks do not agree, so it is a setting."""

    OUTSIDE_EEA = "outside-eea"
    ALWAYS = "always"
    NEVER = "never"

    def asks(self, iban: str) -> bool:
        """Return whether a debit of this account must say them."""
        if self is AddressRule.OUTSIDE_EEA:
            return bool(iban) and iban[:2] not in _EEA
        return bool(iban) and self is AddressRule.ALWAYS


# The account of another bank may be left unsaid: "same mandate, new debtor account" (EPC130-08).
_SAME_MANDATE = "SMNDA"

# Where the bank stands in a Belgian IBAN.
_BANK = slice(4, 7)


class FormerAccount(StrEnum):
    """The way the account that a mandate had before is told: banks do not agree, so it is a setting."""

    SAME_BANK = "same-bank"  # itself where it is surely of the same bank, else SMNDA
    ALWAYS = "always"  # itself
    NEVER = "never"  # SMNDA

    def told(self, before: str, now: str) -> tuple[str, str]:
        """Return the path below OrgnlDbtrAcct that tells it, and its text."""
        itself = self is FormerAccount.ALWAYS or (self is FormerAccount.SAME_BANK and _same_bank(before, now))
        return ("Id/IBAN", before) if itself else ("Id/Othr/Id", _SAME_MANDATE)


def _same_bank(one: str, other: str) -> bool:
    """Return whether two IBANs are surely of one bank: Belgian, with the same three digits."""
    return one.startswith("BE") and other.startswith("BE") and one[_BANK] == other[_BANK]


class Refusal(StrEnum):
    """Why an instalment that falls due is not collected."""

    NO_DONOR = "no-donor"
    NO_IBAN = "no-iban"
    NO_ADDRESS = "no-address"
    SUSPENDED = "suspended"
    ENDED = "ended"
    OUTSIDE = "outside"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True, repr=False)
class Pledge:
    """A mandate and its purpose: `cents` every `months` from `first_due`, until `last_due` where there is one.

    `donor` is None where the vault links the mandate to nobody. Holder and IBAN never leave the vault but to the bank.
    """

    mandate: str
    donor: str | None
    iban: str
    holder: str
    signed: date
    cents: int
    months: int
    first_due: date
    last_due: date | None = None
    state: PledgeState = PledgeState.ACTIVE
    reason: str = ""
    changed: date | None = None

    def __repr__(self) -> str:
        return f"Pledge({self.mandate})"

    def falls_due(self, period: date) -> bool:
        """Return whether an instalment belongs to the month that begins on `period`."""
        since = _months(period) - _months(self.first_due)
        ended = self.last_due is not None and _months(period) > _months(self.last_due)
        return since >= 0 and since % self.months == 0 and not ended

    def is_last(self, period: date) -> bool:
        """Return whether no instalment falls due after this month."""
        return self.last_due is not None and _months(period) + self.months > _months(self.last_due)


class Amendment(NamedTuple):
    """A change of a mandate to tell its bank: account and reference before, empty where they stay.

    `sequence` is the number of the last debit before it: one after it that stood has told it.
    """

    mandate: str
    iban: str
    reference: str
    sequence: int

    def __repr__(self) -> str:
        return f"Amendment({self.mandate})"


class Attempt(NamedTuple):
    """An instalment that was collected, and what became of it.

    `again` says that its failure allows another attempt, `ours` that it does not count as one because the error was the
    foundation's.
    """

    period: date
    number: int
    outcome: Outcome
    again: bool = False
    ours: bool = False


class History(NamedTuple):
    """The past debits of a mandate.

    The last sequence number, whether one attempt was not rejected, the attempts of the months looked at, in order, and
    the last number that was not rejected.
    """

    sequence: int = 0
    begun: bool = False
    attempts: tuple[Attempt, ...] = ()
    stood: int = 0


class Instalment(NamedTuple):
    """One debit to ask for. `period` is the first of the month it is for, `attempt` counts from 1 within it."""

    mandate: str
    sequence: int
    period: date
    attempt: int
    donor: str
    cents: int
    due: date
    kind: SequenceType
    end_to_end: str


class Refused(NamedTuple):
    """An instalment that falls due and is not collected."""

    mandate: str
    donor: str | None
    cents: int
    why: Refusal


@dataclass(frozen=True, slots=True)
class Plan:
    """A month's collection: what it asks for, what it refuses, how many instalments are collected already."""

    period: date
    due: date
    instalments: tuple[Instalment, ...]
    refused: tuple[Refused, ...] = ()
    already: int = 0

    @property
    def cents(self) -> int:
        """Return the sum of the instalments."""
        return sum(one.cents for one in self.instalments)


def plan_month(
    pledges: Iterable[Pledge],
    histories: Mapping[str, History],
    period: date,
    due: date,
    attempts: int = 1,
    *,
    placeless: Collection[str] = (),
    amended: Collection[str] = (),
    addresses: AddressRule = AddressRule.OUTSIDE_EEA,
) -> Plan:
    """Return the instalments of the month `period` (its first day), and those of months before that may be tried again.

    `attempts` is how often one instalment may be tried; failures that were our own error do not count. `placeless` are
    the donors without town and country, which `addresses` may ask for; `amended` the mandates that take the place of
    others: those are not new.
    """
    instalments: list[Instalment] = []
    refused: list[Refused] = []
    already = 0
    for pledge in sorted(pledges, key=lambda one: one.mandate):
        history = histories.get(pledge.mandate, History())
        by_period = _by_period(history.attempts)
        already += _stands(by_period.get(period, ()))
        sequence, begun = history.sequence, history.begun or pledge.mandate in amended
        months = {*by_period, period} if pledge.falls_due(period) else set(by_period)
        for month in sorted(months):
            made = by_period.get(month, [])
            if not _is_asked_for(month, period, made):
                continue
            why = _against(pledge, due, made, attempts)
            if why is None and pledge.donor in placeless and addresses.asks(pledge.iban):
                why = Refusal.NO_ADDRESS
            if why is None:
                sequence += 1
                instalments.append(_instalment(pledge, sequence, month, made, due, begun=begun))
                begun = True
            elif month == period:
                refused.append(Refused(pledge.mandate, pledge.donor, pledge.cents, why))
    ordered = sorted(instalments, key=lambda one: (one.kind.value, one.mandate, one.sequence))
    return Plan(period, due, tuple(ordered), tuple(refused), already)


def _by_period(attempts: Iterable[Attempt]) -> dict[date, list[Attempt]]:
    """Return the attempts of a mandate by the month they were for, in their order."""
    by_period: dict[date, list[Attempt]] = {}
    for attempt in attempts:
        by_period.setdefault(attempt.period, []).append(attempt)
    return by_period


def _stands(made: Sequence[Attempt]) -> bool:
    return bool(made) and made[-1].outcome is Outcome.STANDS


def _is_asked_for(month: date, period: date, made: Sequence[Attempt]) -> bool:
    """Return whether the collection of `period` asks for a month that falls due, after the attempts made on it."""
    if month > period or _stands(made):
        return False
    if not made or made[-1].outcome is Outcome.UNDONE:
        return month == period  # a month that was withdrawn is collected by asking for it
    return made[-1].again


def _instalment(
    pledge: Pledge, sequence: int, month: date, made: Sequence[Attempt], due: date, *, begun: bool
) -> Instalment:
    """Return the next debit of a pledge for a month; `made` are the attempts on it, `begun`: it was debited before."""
    assert pledge.donor is not None
    return Instalment(
        mandate=pledge.mandate,
        sequence=sequence,
        period=month,
        attempt=max((one.number for one in made), default=0) + 1,
        donor=pledge.donor,
        cents=pledge.cents,
        due=due,
        kind=_kind(pledge, month, begun=begun),
        end_to_end=end_to_end(pledge.mandate, sequence, month),
    )


def end_to_end(mandate: str, sequence: int, period: date) -> str:
    """Return the EndToEndId of an instalment: month, sequence, and a mark of the mandate; 35 characters are allowed."""
    mark = hashlib.sha256(mandate.encode()).hexdigest()[:16]
    return f"{period:%Y%m}-{sequence:04d}-{mark}"


def _against(pledge: Pledge, due: date, made: Sequence[Attempt], attempts: int) -> Refusal | None:
    """Return what stands against debiting a pledge, the gravest first."""
    tried = sum(one.outcome is not Outcome.UNDONE and not one.ours for one in made)
    # What was promised for a time is not debited before or, for the first time, after it.
    late = not made and pledge.last_due is not None and due > pledge.last_due
    obstacles = (
        (Refusal.ENDED, pledge.state is PledgeState.ENDED),
        (Refusal.SUSPENDED, pledge.state is PledgeState.SUSPENDED),
        (Refusal.NO_DONOR, pledge.donor is None),
        (Refusal.NO_IBAN, not pledge.iban),
        (Refusal.EXHAUSTED, tried >= attempts),
        (Refusal.OUTSIDE, late or due < pledge.first_due),
    )
    return next((refusal for refusal, stands_against in obstacles if stands_against), None)


def _kind(pledge: Pledge, period: date, *, begun: bool) -> SequenceType:
    """Return the place in the mandate's life: a rejected first one comes again, one that came back was collected."""
    if pledge.is_last(period):
        only = _months(period) - _months(pledge.first_due) < pledge.months
        return SequenceType.ONE_OFF if only else SequenceType.FINAL
    return SequenceType.RECURRENT if begun else SequenceType.FIRST


def _months(day: date) -> int:
    return day.year * _YEAR + day.month
