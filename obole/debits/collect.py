"""`obole collect`: the month's direct debits from the pledges, the file for the bank and the list for donor services.

The archive of the file and the rows of its instalments are posted together or not at all; collecting a month again asks
only for what is not collected yet, which after a whole run is nothing.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection

from ledger.bankdays import bank_day_from, is_bank_day
from ledger.errors import OboleError
from ledger.instalments import Amendment, Plan, Pledge, plan_month
from ledger.journal import write_whole
from ledger.passing import passing_folder
from ledger.posting import Booking, Posting
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.debits import Sent
from ledger.register.documents import find_document
from ledger.sources import source_document
from ledger.vault.amendments import all_amendments
from ledger.vault.donors import find_donors
from ledger.vault.pledges import all_pledges
from obole.books.days import refuse_next_year
from obole.books.identities import donors_of
from obole.books.opened import Books, settle
from obole.books.policies import collection_settings
from obole.books.settings import CollectionSettings
from obole.debits.amendments import to_tell
from obole.debits.message import block_reference, message
from obole.debits.notice import notification
from obole.words import _
from reports.sheets import write_xlsx

# How many months back an instalment that failed is tried again.
_MONTHS_BACK = 3


@dataclass(slots=True)
class CollectionRun:
    """The result of one run: its plan, the document it posted, the collections of the month, the files it wrote."""

    plan: Plan
    notify_by: date
    document: str | None = None
    sent: list[Sent] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    dry_run: bool = False


def collect(
    books: Books, period: date, due: date | None = None, output: Path | None = None, *, dry_run: bool = False
) -> CollectionRun:
    """Collect the instalments of the month `period` (its first day) on `due`; with `dry_run` only tell.

    Without `due` it is the day of the month that obole.toml says, or the first bank day after it.
    """
    settings = collection_settings(books)
    due = _due(settings, period, due)
    books.refuse_inside(output)
    notify_by = due - timedelta(days=settings.notice)
    if dry_run:
        with books.register.connect() as connection:
            made = CollectionRun(_plan(books, settings, connection, period, due)[0], notify_by, dry_run=True)
            made.sent = debitbook.sent(connection, period)
        return made
    with books.writing():
        recovered = settle(books)
        with books.posting() as posting:
            plan, pledges, amendments = _plan(books, settings, posting.connection, period, due)
            made = CollectionRun(plan, notify_by, recovered=recovered)
            if plan.instalments:
                _refuse_day(books, posting.connection, due)
                made.document = _post(books, posting, plan, pledges, amendments)
            made.sent = debitbook.sent(posting.connection, period)
        if output is not None:
            made.files = _write(books, made.sent, output)
    return made


def _due(settings: CollectionSettings, period: date, due: date | None) -> date:
    refuse_next_year("--month", period)
    if due is None:
        return bank_day_from(period.replace(day=settings.day))
    refuse_next_year("--date", due)
    if not is_bank_day(due):
        near = bank_day_from(due)
        raise OboleError(
            _("{due} is no bank day; direct debits are settled on bank days, the next one is {near}.").format(
                due=due, near=near
            )
        )
    if due < period:
        raise OboleError(
            _("{due} lies before the month {period:%Y-%m} to be collected; correct one of the two.").format(
                due=due, period=period
            )
        )
    return due


def _refuse_day(books: Books, connection: Connection, due: date) -> None:
    closed = books.closed_years(connection)
    if due in closed:
        raise OboleError(_("{year} is closed; nothing can be collected in it any more.").format(year=closed.label(due)))
    if due < books.config.first_day:
        first = books.config.first_day
        raise OboleError(
            _("{due} lies before the first day of these books ({first}, first_day in obole.toml).").format(
                due=due, first=first
            )
        )


def _plan(
    books: Books, settings: CollectionSettings, connection: Connection, period: date, due: date
) -> tuple[Plan, dict[str, Pledge], dict[str, Amendment]]:
    """Return the plan, the pledges by mandate, and by EndToEndId the changes of mandates that are to be told."""
    with books.vault.connect() as identities:
        pledges = all_pledges(identities)
        amendments = all_amendments(identities)
        abroad = {pledge.donor for pledge in pledges if pledge.donor and settings.addresses.asks(pledge.iban)}
        placeless = {one.key for one in find_donors(identities, None, abroad) if not (one.municipality and one.country)}
    histories = debitbook.histories(connection, _months_before(period, _MONTHS_BACK))
    replacing = {mandate for mandate, one in amendments.items() if one.reference}
    planned = plan_month(
        pledges,
        histories,
        period,
        due,
        settings.attempts,
        placeless=placeless,
        amended=replacing,
        addresses=settings.addresses,
    )
    told = to_tell(planned.instalments, amendments, histories)
    return planned, {pledge.mandate: pledge for pledge in pledges}, told


def _months_before(period: date, months: int) -> date:
    year, month = divmod(period.year * 12 + period.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _post(
    books: Books,
    posting: Posting,
    plan: Plan,
    pledges: Mapping[str, Pledge],
    amendments: Mapping[str, Amendment],
) -> str:
    name = _name(posting.connection, plan.period)
    donors = donors_of(books, plan.instalments)
    content = message(books.config, name, plan.instalments, pledges, donors, amendments=amendments)
    digest = hashlib.sha256(content).hexdigest()
    counts, cents = {"instalments": len(plan.instalments)}, {"instalments": plan.cents}
    record = source_document(DocumentKind.COLLECTION, name, digest, [plan.due], counts=counts, cents=cents)
    archive = books.archive_path(DocumentKind.COLLECTION, plan.period, name, ".xml")
    document_id = posting.post(Booking(record), (archive, content))
    for kind, instalments in groupby(plan.instalments, key=lambda one: one.kind):
        debitbook.insert_collection(
            posting.connection, document_id, block_reference(name, kind), kind, list(instalments)
        )
    return name


def _name(connection: Connection, period: date) -> str:
    """`collection-2025-03-1`: the month, and which of its files it is."""
    number = 1
    while find_document(connection, f"{debitbook.collection_name(period)}-{number}") is not None:
        number += 1
    return f"{debitbook.collection_name(period)}-{number}"


def _write(books: Books, sent: Sequence[Sent], output: Path) -> list[Path]:
    """Write the files for the bank and the lists for donor services, each there whole or not."""
    written: list[Path] = []
    output.mkdir(parents=True, exist_ok=True)
    for document_id, name, archive in sorted({(one.document_id, one.document, one.archive) for one in sent}):
        file = output / f"{name}.xml"
        write_whole(file, books.archive.read(books.folder.root / archive))
        notice = output / f"{name}-notice.xlsx"
        with books.register.connect() as connection:
            instalments = debitbook.instalments_of(connection, document_id)
        with passing_folder(output) as scratch:
            made = scratch / notice.name
            write_xlsx(notification(books, name, instalments), made)
            write_whole(notice, made.read_bytes())
        written += [file, notice]
    return written
