"""The bank's status report of a collection (pain.002) into the register."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from importers.bank import pain
from importers.bank.pain import StatusReport
from ledger.clock import today
from ledger.errors import Fault, Severity, SourceRefused
from ledger.money import to_decimal
from ledger.posting import Booking
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.debits import FailureKind
from ledger.register.documents import documents_of, free_name
from ledger.sources import source_document
from ledger.vault.links import load_links
from ledger.vault.pledges import change_pledges
from obole.books.opened import Books
from obole.debits.failures import Failed, follow
from obole.outcome import Taken
from obole.words import _


def take_status(books: Books, path: Path) -> Taken:
    """Enter what a pain.002 rejects beside its instalments; no money moved, so the books get no entry."""
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
        name = free_name(connection, f"status-{day.year}-{digest[:8]}")
        record = source_document(DocumentKind.STATUS, name, digest, [day], counts=counts, cents=cents)
        archive = books.archive_path(DocumentKind.STATUS, day, name, ".xml")
        document_id = posting.post(Booking(record), (archive, content))
        debitbook.insert_failures(connection, document_id, followed.failures)
        with books.vault.begin() as identities:
            change_pledges(identities, followed.changes)
    faults = [*report.faults, *faults, *followed.faults]
    return Taken(posted=[record.name], faults=faults, counts=counts, cents=cents)


def _rejected(connection: Connection, books: Books, report: StatusReport) -> tuple[list[Failed], list[Fault]]:
    """Return the debits a report rejects: those it names, and all of a message or block that it rejects as a whole."""
    failed, faults, strange = _named(connection, books, report)
    whole = _whole(connection, report)
    known = debitbook.named_collections(connection, [reference for reference, _reason in whole])  # withdrawn ones too
    for reference, reason in whole:
        collected = known.get(reference)
        for debit in collected.debits if collected is not None else ():
            failed.setdefault(
                debit.end_to_end,
                Failed(
                    *(debit.end_to_end, debit.mandate, debit.donor, debit.cents),
                    *(FailureKind.REJECT, debit.due, reason or None),
                ),
            )
    faults += _not_ours(report, strange, found=bool(failed))
    asked = debitbook.debits(connection, [one for one in failed if one])
    credited = sum(one.credited for one in asked.values())
    if credited:
        message = _("{credited} of its rejects were credited by the bank before; their debit is still to come").format(
            credited=credited
        )
        faults.append(Fault(message, severity=Severity.WARNING))
    return [one for key, one in failed.items() if key not in asked or not asked[key].rejected], faults


class _Named(NamedTuple):
    """The debits that a report names, by EndToEndId or place in it; `strange` counts those of nobody's."""

    failed: dict[str, Failed]
    faults: list[Fault]
    strange: int


def _named(connection: Connection, books: Books, report: StatusReport) -> _Named:
    """Return the debits a report rejects by name, known by EndToEndId or mandate."""
    debits = debitbook.debits(connection, [one.end_to_end for one in report.rejected if one.end_to_end])
    with books.vault.connect() as identities:
        mandates = load_links(identities).mandates
    failed: dict[str, Failed] = {}
    faults: list[Fault] = []
    strange = 0
    for number, one in enumerate(report.rejected):
        debit = debits.get(one.end_to_end)
        if debit is None and one.mandate not in mandates:
            strange += 1
            continue
        if debit is not None and one.cents and one.cents != debit.cents:
            message = _("rejects {said} EUR of instalment {end_to_end}, which asks for {asked} EUR")
            said, asked = to_decimal(one.cents), to_decimal(debit.cents)
            faults.append(Fault(message.format(said=said, end_to_end=one.end_to_end, asked=asked), one.line))
        failed[one.end_to_end or str(number)] = Failed(
            one.end_to_end or None,
            one.mandate or None,
            mandates.get(one.mandate),
            debit.cents if debit is not None else one.cents,
            FailureKind.REJECT,
            debit.due if debit is not None else one.due or today(),
            one.reason or None,
        )
    return _Named(failed, faults, strange)


def _not_ours(report: StatusReport, strange: int, *, found: bool) -> Iterator[Fault]:
    """Say that all of a report, or some of its rejects, are not of these books."""
    if not found and _says_rejected(report):
        yield Fault(_("it rejects what is of no collection and no mandate of these books; check that it is yours"))
    elif strange:
        message = _(
            "{strange} of its rejects are of no collection and no mandate of these books; they are left out"
        ).format(strange=strange)
        yield Fault(message, severity=Severity.WARNING)


def _whole(connection: Connection, report: StatusReport) -> list[tuple[str, str]]:
    """Return the PmtInfIds that are rejected as a whole, with the reason."""
    blocks = [(block.reference, block.reason or report.group_reason) for block in report.blocks if block.whole]
    group = report.group_status == "RJCT" and not report.rejected and not blocks
    if report.whole or group:
        named = debitbook.named_collections(connection, [report.original_message]).values()
        return [(block.reference, report.group_reason) for one in named for block in one.blocks or (one,)]
    return blocks


def _says_rejected(report: StatusReport) -> bool:
    return bool(report.rejected) or report.whole or any(block.whole for block in report.blocks)
