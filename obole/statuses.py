"""What follows when a direct debit fails: pain.002 rejects before settlement, returns and refunds on bank statements.

A failure is entered beside its instalment, so that it may be collected again where its reason allows; the mandate's
fate goes into the vault, and both are told in words. A reject moved no money: it posts no entry and takes back no gift.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from importers import pain
from importers.booking import Return
from importers.codes import Language, reason_label
from importers.pain import StatusReport
from importers.returns import fate
from ledger.errors import Fault, Severity, SourceRefused
from ledger.instalments import Fate
from ledger.money import to_decimal
from ledger.posting import Booking
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.debits import Debit, Failure, FailureKind
from ledger.register.documents import DocumentRecord, documents_of, free_name
from ledger.vault.links import load_links
from ledger.vault.pledges import PledgeChange, change_pledges, pledged_mandates
from obole.books import Books, today
from obole.registers import Taken

_SHOWN = 5
_CAME = {
    FailureKind.REJECT: "rejected before settlement",
    FailureKind.RETURN: "returned",
    FailureKind.REFUND: "refunded to the debtor",
}
_FATES = {
    Fate.RETRY: "the mandate stays and the instalment may be collected again",
    Fate.SUSPEND: "the mandate is suspended: contact the donor",
    Fate.END: "the mandate is ended",
    Fate.CORRECT: "an error of our own: correct it, the instalment may be collected again",
    Fate.KEEP: "nothing follows for the mandate",
}


class Failed(NamedTuple):
    """A direct debit that failed, as a file of the bank says it; what it does not say is None."""

    end_to_end: str | None
    mandate: str | None
    donor: str | None
    cents: int
    kind: FailureKind
    day: date
    reason: str | None


@dataclass(frozen=True, slots=True)
class Followed:
    """What follows: rows beside the instalments, changes of pledges for the vault, remarks to tell."""

    failures: tuple[Failure, ...]
    changes: tuple[PledgeChange, ...]
    faults: tuple[Fault, ...]


def take_status(books: Books, path: Path) -> Taken:
    """A pain.002: what it rejects is entered beside its instalments; no money moved, so the books get no entry."""
    report = pain.read(path)
    if not report.ok or not isinstance(report, StatusReport):
        raise SourceRefused(path.name, report.faults)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with books.posting() as posting:
        connection = posting.connection
        there = documents_of(connection, digest)
        if there:
            return Taken(known=there)
        failed, faults = _rejected(connection, books, report)
        if any(fault.severity is Severity.ERROR for fault in faults):
            raise SourceRefused(path.name, (*report.faults, *faults))
        followed = follow(books, connection, failed)
        day = max((one.day for one in failed), default=today())
        counts, cents = {"rejected": len(failed)}, {"rejected": sum(one.cents for one in failed)}
        record = DocumentRecord(
            name=free_name(connection, f"status-{day.year}-{digest[:8]}"),
            kind=DocumentKind.STATUS,
            file_digest=digest,
            digest=digest,
            first_day=day,
            last_day=day,
            summary={"counts": counts, "cents": cents},
        )
        archive = books.folder.documents / "sources" / str(day.year) / f"{record.name}.xml"
        document_id = posting.post(Booking(record), (archive, content))
        debitbook.insert_failures(connection, document_id, followed.failures)
        with books.vault.begin() as identities:
            change_pledges(identities, followed.changes)
    faults = [*report.faults, *faults, *followed.faults]
    return Taken(posted=[record.name], faults=faults, counts=counts, cents=cents)


def _rejected(connection: Connection, books: Books, report: StatusReport) -> tuple[list[Failed], list[Fault]]:
    """The debits a report rejects: those it names, and all of a message or block that it rejects as a whole."""
    named = debitbook.debits(connection, [one.end_to_end for one in report.rejected if one.end_to_end])
    failed: dict[str, Failed] = {}
    faults: list[Fault] = []
    strange = 0
    with books.vault.connect() as identities:
        mandates = load_links(identities).mandates
    for number, one in enumerate(report.rejected):
        debit = named.get(one.end_to_end)
        if debit is None and one.mandate not in mandates:
            strange += 1
            continue
        if debit is not None and one.cents and one.cents != debit.cents:
            said, asked = to_decimal(one.cents), to_decimal(debit.cents)
            faults.append(
                Fault(f"rejects {said} EUR of instalment {one.end_to_end}, which asks for {asked} EUR", one.line)
            )
        failed[one.end_to_end or str(number)] = Failed(
            one.end_to_end or None,
            one.mandate or None,
            mandates.get(one.mandate),
            debit.cents if debit is not None else one.cents,
            FailureKind.REJECT,
            debit.due if debit is not None else one.due or today(),
            one.reason or None,
        )
    for reference, reason in _whole(connection, report):
        collected = debitbook.collected(connection, reference)
        for debit in collected.debits if collected is not None else ():
            failed.setdefault(
                debit.end_to_end,
                Failed(
                    *(debit.end_to_end, debit.mandate, debit.donor, debit.cents),
                    *(FailureKind.REJECT, debit.due, reason or None),
                ),
            )
    if not failed and _says_rejected(report):
        message = "it rejects what is of no collection and no mandate of these books; check that it is yours"
        faults.append(Fault(message))
    elif strange:
        message = f"{strange} of its rejects are of no collection and no mandate of these books; they are left out"
        faults.append(Fault(message, severity=Severity.WARNING))
    known = debitbook.debits(connection, [one for one in failed if one])
    credited = sum(one.credited for one in known.values())
    if credited:
        message = f"{credited} of its rejects were credited by the bank before; their debit is still to come"
        faults.append(Fault(message, severity=Severity.WARNING))
    return [one for key, one in failed.items() if key not in known or not known[key].rejected], faults


def _whole(connection: Connection, report: StatusReport) -> list[tuple[str, str]]:
    """The PmtInfIds that are rejected as a whole, with the reason."""
    blocks = [(block.reference, block.reason or report.group_reason) for block in report.blocks if block.whole]
    group = report.group_status == "RJCT" and not report.rejected and not blocks
    if report.whole or group:
        return [(one, report.group_reason) for one in debitbook.references_of(connection, report.original_message)]
    return blocks


def _says_rejected(report: StatusReport) -> bool:
    return bool(report.rejected) or report.whole or any(block.whole for block in report.blocks)


def of_returns(returns: Iterable[Return]) -> list[Failed]:
    """The returns of a statement as failures."""
    return [
        Failed(one.reference, one.mandate, one.donor, -one.cents, one.kind, one.booked, one.reason) for one in returns
    ]


def follow(books: Books, connection: Connection, failed: Sequence[Failed]) -> Followed:
    """What follows from failed debits, decided by reason; reads register and vault and writes nothing.

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
    told: defaultdict[tuple[FailureKind, str, Fate | None], list[Failed]] = defaultdict(list)
    for one in completed:
        follows = fate(one.reason, refund=one.kind is FailureKind.REFUND, changed=changed)
        reason = one.reason or ""
        debit = ours.get(one.end_to_end or "")
        if debit is not None and debit.cents == one.cents:  # of another amount it is not this instalment
            failures.append(Failure(debit.end_to_end, one.kind, one.day, reason, follows))
        if one.mandate in pledged:
            changes.append(PledgeChange(one.mandate, follows.state, reason, one.day))
        told[one.kind, reason, follows if one.mandate in pledged else None].append(one)
    return Followed(tuple(failures), tuple(changes), tuple(_told(told, config.organisation.language)))


def _completed(one: Failed, debit: Debit | None) -> Failed:
    return one if debit is None else one._replace(donor=one.donor or debit.donor, mandate=debit.mandate)


def _told(told: Mapping[tuple[FailureKind, str, Fate | None], Sequence[Failed]], language: Language) -> Iterable[Fault]:
    """One remark per way, reason and fate: how many, for how much, whose."""
    for (kind, reason, follows), failed in sorted(told.items(), key=str):
        count = "1 direct debit was" if len(failed) == 1 else f"{len(failed)} direct debits were"
        whose = ", ".join(sorted({one.donor or "donor unknown" for one in failed})[:_SHOWN])
        more = " ..." if len({one.donor for one in failed}) > _SHOWN else ""
        words = f"{reason} {reason_label(reason, language)}" if reason else "no reason given"
        cents = sum(one.cents for one in failed)
        yield Fault(
            f"{count} {_CAME[kind]}, {to_decimal(cents)} EUR, {words} ({whose}{more})"
            + (f": {_FATES[follows]}" if follows is not None else ""),
            severity=Severity.WARNING,
        )
