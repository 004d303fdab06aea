"""A pain.008 that another program made: what it asks for is entered beside our own collections.

From then on it is as if `obole collect` had made it: totals without details are split, rejects and returns find their
instalment, and the month of a mandate that it debits is not collected again.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection

from importers.bank import pain
from importers.bank.pain import StatusReport
from ledger.errors import Fault, SourceRefused
from ledger.instalments import Instalment, SequenceType
from ledger.posting import Booking
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.documents import documents_of, free_name
from ledger.register.vouchers import Voucher
from ledger.sources import source_document
from ledger.vault.links import load_links
from obole.books.opened import Books
from obole.outcome import Taken
from obole.words import _, many


def take_collection(books: Books, path: Path) -> Taken:
    """Take a pain.008 that another program made: its instalments are entered, so that the bank's total can be split.

    Each mandate must be that of a donor; a file that repeats a block or a debit of another one is refused.
    """
    file = pain.read(path)
    if not file.ok or isinstance(file, StatusReport):
        raise SourceRefused(path.name, file.faults)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with books.vault.connect() as identities:
        donors = load_links(identities).mandates
    with books.posting() as posting:
        connection = posting.connection
        there = documents_of(connection, digest)
        if there:
            return Taken(known=there)
        faults = list(_foreign_faults(connection, file, donors))
        if faults:
            raise SourceRefused(path.name, (*file.faults, *faults))
        days = [block.due for block in file.blocks if block.due is not None]
        counts, cents = {"instalments": file.count}, {"instalments": file.cents}
        name = free_name(connection, f"collection-{min(days):%Y}-{digest[:8]}")
        record = source_document(DocumentKind.COLLECTION, name, digest, days, counts=counts, cents=cents)
        archive = books.archive_path(DocumentKind.COLLECTION, min(days), name, ".xml")
        # The bank may name a total by the whole message.
        vouchers = [Voucher(file.message, min(days), digest)] if file.message else []
        document_id = posting.post(Booking(record, vouchers=vouchers), (archive, content))
        for block, instalments in _instalments(connection, file, donors):
            kind = instalments[0].kind
            debitbook.insert_collection(connection, document_id, block.reference, kind, instalments)
    return Taken(posted=[record.name], faults=list(file.faults), counts=counts, cents=cents)


def _foreign_faults(connection: Connection, file: pain.CollectionMessage, donors: Mapping[str, str]) -> Iterator[Fault]:
    debits = [debit for block in file.blocks for debit in block.transactions]
    named = [debit.end_to_end for debit in debits]
    if not debits:
        yield Fault(_("the file asks for no debit; check that the right file was chosen"))
    if len({block.reference for block in file.blocks}) < len(file.blocks):
        yield Fault(_("two of its blocks have the same PmtInfId, so that the bank's totals could not be told apart"))
    yield from _entered_before(connection, file)
    if len(set(named)) < len(named) or "" in named:
        yield Fault(_("its debits have no EndToEndId of their own, so that what comes back could not be told apart"))
    elif debitbook.debits(connection, named):
        yield Fault(_("some of its debits were entered before, in another file; they are not collected twice"))
    unknown = [debit for debit in debits if debit.mandate not in donors]
    if unknown:
        first = unknown[0]
        message = many(
            "{count} of its mandates is of no donor ({mandate}); import the register that has it",
            "{count} of its mandates are of no donor ({mandate}); import the register that has them",
            len(unknown),
        ).format(count=len(unknown), mandate=first.mandate)
        yield Fault(message, first.line)


def _entered_before(connection: Connection, file: pain.CollectionMessage) -> Iterator[Fault]:
    """Refuse blocks that are there, and say of one that was withdrawn what is to be done."""
    there = debitbook.named_collections(connection, [block.reference for block in file.blocks])
    for block in file.blocks:
        before = there.get(block.reference)
        if before is None:
            continue
        if before.withdrawn:
            message = _(
                "the block {reference} was withdrawn here before; where it was sent to the bank all the same, import "
                "the bank's statement alone: its total is still split"
            )
        else:
            message = _("the block {reference} was entered before, in another file; it is not sent twice")
        yield Fault(message.format(reference=block.reference), block.line)


def _instalments(
    connection: Connection, file: pain.CollectionMessage, donors: Mapping[str, str]
) -> Iterator[tuple[pain.PaymentBlock, list[Instalment]]]:
    """Yield the debits of each block as instalments of the month of its day, after what was debited before."""
    first = min(block.due for block in file.blocks if block.due is not None)
    histories = debitbook.histories(connection, first.replace(day=1))
    last = {mandate: history.sequence for mandate, history in histories.items()}
    tried = {
        (mandate, attempt.period): attempt.number
        for mandate, history in histories.items()
        for attempt in sorted(history.attempts, key=lambda one: one.number)
    }
    for block in file.blocks:
        if block.due is None or not block.transactions:
            continue
        period = block.due.replace(day=1)
        kind = (
            SequenceType(block.sequence_type) if block.sequence_type in list(SequenceType) else SequenceType.RECURRENT
        )
        made = []
        for debit in block.transactions:
            mandate = debit.mandate
            last[mandate] = last.get(mandate, 0) + 1
            tried[mandate, period] = tried.get((mandate, period), 0) + 1
            made.append(
                Instalment(
                    mandate=mandate,
                    sequence=last[mandate],
                    period=period,
                    attempt=tried[mandate, period],
                    donor=donors[mandate],
                    cents=debit.cents,
                    due=block.due,
                    kind=kind,
                    end_to_end=debit.end_to_end,
                )
            )
        yield block, made
