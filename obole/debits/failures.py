"""Decide what follows when a direct debit fails: rejected before settlement (pain.002), returned or refunded after it.

A failure is entered beside its instalment, so that it may be collected again where its reason allows; the mandate's
fate goes into the vault, and both are told in words. A reject moved no money: it posts no entry and takes back no gift.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from importers.bank.codes import Language, reason_label
from importers.deciding.booking import Return
from importers.deciding.returns import fate
from ledger.errors import Fault, Severity
from ledger.instalments import Fate
from ledger.money import to_decimal
from ledger.register import debits as debitbook
from ledger.register.debits import Debit, Failure, FailureKind
from ledger.vault.pledges import PledgeChange, pledged_mandates
from obole.books.opened import Books
from obole.words import N_, N_many, _, many

_SHOWN = 5


# How many came back in which way, for how much, why and whose.
_CAME = {
    FailureKind.REJECT: N_many(
        "{count} direct debit was rejected before settlement, {amount} EUR, {reason} ({donors})",
        "{count} direct debits were rejected before settlement, {amount} EUR, {reason} ({donors})",
    ),
    FailureKind.RETURN: N_many(
        "{count} direct debit was returned, {amount} EUR, {reason} ({donors})",
        "{count} direct debits were returned, {amount} EUR, {reason} ({donors})",
    ),
    FailureKind.REFUND: N_many(
        "{count} direct debit was refunded to the debtor, {amount} EUR, {reason} ({donors})",
        "{count} direct debits were refunded to the debtor, {amount} EUR, {reason} ({donors})",
    ),
}


_UNNAMED = N_many(
    "{count} line of direct debits that came back names none of them, {amount} EUR, {reason}: it waits on suspense; "
    "import the details (camt.054, or the statement with its details)",
    "{count} lines of direct debits that came back name none of them, {amount} EUR, {reason}: they wait on suspense; "
    "import the details (camt.054, or the statement with its details)",
)


_FATES = {
    Fate.RETRY: N_("the mandate stays and the instalment may be collected again"),
    Fate.SUSPEND: N_("the mandate is suspended: contact the donor"),
    Fate.END: N_("the mandate is ended"),
    Fate.CORRECT: N_("an error of our own: correct it, the instalment may be collected again"),
    Fate.KEEP: N_("nothing follows for the mandate"),
}


class Failed(NamedTuple):
    """A direct debit that failed, as a file of the bank says it; what it does not say is None.

    `unnamed` is a line of a statement that names no debit, perhaps the total of several.
    """

    end_to_end: str | None
    mandate: str | None
    donor: str | None
    cents: int
    kind: FailureKind
    day: date
    reason: str | None
    unnamed: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """The consequences: rows beside the instalments, changes of pledges for the vault, remarks to tell."""

    failures: tuple[Failure, ...]
    changes: tuple[PledgeChange, ...]
    faults: tuple[Fault, ...]


def of_returns(returns: Iterable[Return]) -> list[Failed]:
    """Return the returns of a statement as failures."""
    return [
        Failed(one.reference, one.mandate, one.donor, -one.cents, one.kind, one.booked, one.reason, one.unnamed)
        for one in returns
    ]


def follow(books: Books, connection: Connection, failed: Sequence[Failed]) -> Followed:
    """Return what follows from failed debits, decided by reason; reads register and vault and writes nothing.

    A mandate without a pledge is not collected from here: its failure is told and has no other consequence.
    """
    if not failed:
        return Followed((), (), ())
    ours = debitbook.debits(connection, [one.end_to_end for one in failed if one.end_to_end])
    completed = [_completed(one, ours.get(one.end_to_end or "")) for one in failed]
    with books.vault.connect() as identities:
        pledged = pledged_mandates(identities, [one.mandate for one in completed if one.mandate])
    config = books.config
    changed = config.collection.fates if config.collection is not None else {}
    failures: list[Failure] = []
    changes: list[PledgeChange] = []
    told: defaultdict[_Event, list[Failed]] = defaultdict(list)
    for one in completed:
        follows = fate(one.reason, refund=one.kind is FailureKind.REFUND, changed=changed)
        reason = one.reason or ""
        debit = ours.get(one.end_to_end or "")
        if debit is not None and debit.cents == one.cents:  # of another amount it is not this instalment
            failures.append(Failure(debit.end_to_end, one.kind, one.day, reason, follows))
        if one.mandate in pledged:
            changes.append(PledgeChange(one.mandate, follows.state, reason, one.day))
        told[_Event(one.kind, reason, follows if one.mandate in pledged else None, one.unnamed)].append(one)
    return Followed(tuple(failures), tuple(changes), tuple(_told(told, config.organisation.language)))


def _completed(one: Failed, debit: Debit | None) -> Failed:
    return one if debit is None else one._replace(donor=one.donor or debit.donor, mandate=debit.mandate)


class _Event(NamedTuple):
    """Debits that failed in one way, for one reason, with the same consequence: they are told together."""

    kind: FailureKind
    reason: str
    fate: Fate | None
    unnamed: bool


def _told(told: Mapping[_Event, Sequence[Failed]], language: Language) -> Iterable[Fault]:
    """Return one remark per way, reason and fate: how many, for how much, whose."""
    for (kind, reason, follows, unnamed), failed in sorted(told.items(), key=str):
        whose = sorted({one.donor or _("donor unknown") for one in failed})
        told_of = ", ".join(whose[:_SHOWN]) + (" ..." if len(whose) > _SHOWN else "")
        words = f"{reason} {reason_label(reason, language)}" if reason else _("no reason given")
        came = many(*(_UNNAMED if unnamed else _CAME[kind]), len(failed)).format(
            count=len(failed), amount=to_decimal(sum(one.cents for one in failed)), reason=words, donors=told_of
        )
        if follows is not None:
            came = _("{event}: {consequence}").format(event=came, consequence=_(_FATES[follows]))
        yield Fault(came, severity=Severity.WARNING)
