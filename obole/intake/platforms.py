"""Reports of platforms into the books: gross gifts, fees, refunds, each once, against the platform's clearing account.

One document per payout (per file where the report names none) and year of booking. A row is booked on its own day: for
a gift that is the day the donor paid, so that what the platform owes us at the end of a year is an asset. The bank line
of the payout clears it. A row that takes back a gift of the same file goes into a further document, because the gift
must stand in the register before it is reversed. What is looked up here is decided by `importers.platforms.booking`.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from importers import platforms
from importers.deciding.found import Found
from importers.platforms import Declared
from importers.platforms.booking import (
    ABOUT_A_GIFT,
    BookedRows,
    PlatformDesk,
    book_identities,
    book_rows,
    book_waiting,
    content_of,
    grouped,
    payment_of,
    payments_asked,
    voucher_reference,
)
from importers.platforms.currency import in_books
from importers.platforms.records import PlatformEvent, PlatformReport, PlatformRow
from importers.platforms.states import (
    Posted,
    Settled,
    asked_payments,
    asked_references,
    given_back_in_silence,
    settle,
)
from importers.registers.donors import valid_iban
from ledger.errors import Fault, Severity, SourceRefused, remarks_among
from ledger.posting import Posting
from ledger.records import DocumentKind, Gift
from ledger.register.documents import DocumentSummary, documents_of, free_name
from ledger.register.gifts import identities, originals_of
from ledger.register.suspense import LineKey, OpenItem, insert_assignments, open_items
from ledger.register.vouchers import documents_of_vouchers, voucher_contents
from ledger.vault.counterparties import Counterparty, save_counterparties
from ledger.vault.links import load_emails, load_links
from obole.books.identities import known_donors
from obole.books.opened import Books
from obole.books.policies import declared
from obole.books.settings import Platform
from obole.books.watch import Watch
from obole.intake.desk import references_sold
from obole.intake.guards import day_faults, refuse_where, unlawful_numbers
from obole.outcome import Taken
from obole.words import _, many

_NOT_ASCII = re.compile(r"[^A-Za-z0-9]+")


_BELGIAN_IBAN = re.compile("BE[0-9]{14}")  # other countries' look like the ids of some platforms


_LONGEST = 40


def platform_day(path: Path, said: Declared) -> date:
    """Return the first day of a report, for the order in which several are taken."""
    return min((row.paid for row in platforms.read(path, said).money), default=date.max)


def take_platform(books: Books, path: Path) -> Taken:
    """Post what is new of a platform's report; refused whole where anything of it is wrong or was posted otherwise."""
    report = platforms.read(path, declared(books.config))
    if not report.ok:
        raise SourceRefused(path.name, report.faults)
    settings = books.config.platforms.get(report.platform, Platform())
    rows, faults = in_books(report.rows, settings.rates)
    faults += [fault for row in rows for fault in day_faults(books, row.paid, row.line)]
    faults += _id_faults(rows)
    refuse_where(path, faults)
    taken = Taken(faults=remarks_among(report.faults))
    with books.posting() as posting:
        settled = _settled(posting.connection, report, rows)
        refuse_where(path, settled.faults)
        taken.faults += settled.remarks
        taken.faults += unlawful_numbers((row.line, row.communication) for row in report.rows)
        rows = settled.rows
        new = _new_rows(books, posting.connection, path, report, rows)
        _count(taken, report, rows, new)
        campaigns = _campaigns(books, path, new, taken)
        desk = replace(_desk(books, posting.connection, report, settings, new), campaigns=campaigns)
        work = _Report(books, posting, desk, path, taken)
        if report.already_in:
            _identify(work, new)
        else:
            _book(work, new)
            taken.faults += _given_back(work)
            if report.unnamed and work.donorless:
                taken.faults.append(Fault(report.unnamed, severity=Severity.WARNING))
        # The vault first: rows without a document are harmless, a document without them would lose a name.
        with books.vault.begin() as connection:
            save_counterparties(connection, work.known_by)
        taken.faults.sort(key=lambda fault: fault.line or 0)
        if not taken.posted:
            taken.known = documents_of(posting.connection, report.digest) or documents_of_vouchers(
                posting.connection, DocumentKind.PLATFORM, (voucher_reference(report, row) for row in rows)
            )
    return taken


@dataclass(frozen=True, slots=True)
class _Report:
    """A report being posted from the file at `path`; `known_by` are those who stand behind what nobody knows.

    `donorless` are the gifts of the report without a donor.
    """

    books: Books
    posting: Posting
    desk: PlatformDesk
    path: Path
    taken: Taken
    known_by: list[Counterparty] = field(default_factory=list)
    donorless: list[Gift] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """Return the register, in the transaction of the report."""
        return self.posting.connection

    def free_name(self, year: int, end: str) -> str:
        """Return a name for a document of the report that is free."""
        return free_name(self.connection, f"platform-{self.desk.report.platform}-{year}-{end}")

    def post(self, made: BookedRows, *, archived: bool) -> None:
        """Post what was decided, with the file where it is the first document of it."""
        record = made.booking.record
        source = None
        if archived:
            suffix = self.path.suffix.lower()
            place = self.books.archive_path(DocumentKind.PLATFORM, record.last_day, record.name, suffix)
            source = place, self.path.read_bytes()
        self.taken.posted.append(record.name)
        document_id = self.posting.post(made.booking, source)
        insert_assignments(self.connection, document_id, made.decisions)
        self.known_by.extend(made.counterparties)
        self.donorless.extend(gift for gift in made.booking.gifts if gift.donor is None and gift.cents > 0)
        self.taken.faults.extend(made.faults)


def _settled(connection: Connection, report: PlatformReport, rows: Sequence[PlatformRow]) -> Settled:
    """Return the rows as movements, with what the states of others change of what is in the books."""
    known = voucher_contents(connection, DocumentKind.PLATFORM, set(asked_references(report)))
    payments = asked_payments(report)
    return settle(report, rows, Posted(known, originals_of(connection, payments) if payments else {}))


def _given_back(work: _Report) -> list[Fault]:
    """Tell of gifts whose own row says that they were given back, and that stand all the same."""
    report = work.desk.report
    payments = {payment_of(report, row) for row in report.money if row.given_back}
    return list(given_back_in_silence(report, originals_of(work.connection, payments))) if payments else []


def _new_rows(
    books: Books, connection: Connection, path: Path, report: PlatformReport, rows: Sequence[PlatformRow]
) -> list[PlatformRow]:
    """Return the rows not posted before; refused where one was, with another content, or where its year is closed."""
    references = (voucher_reference(report, row) for row in rows)
    known = voucher_contents(connection, DocumentKind.PLATFORM, references)
    closed = books.closed_years(connection)
    # As the report has it, and in euro, as it is posted.
    contents = {row.reference: content_of(row) for row in report.money}
    new, faults = [], []
    for row in rows:
        before = known.get(voucher_reference(report, row))
        if before is None:
            new.append(row)
            if row.paid in closed:
                message = _("dated {day}, but {year} is closed").format(day=row.paid, year=closed.label(row.paid))
                faults.append(Fault(message, row.line))
        elif before not in (contents.get(row.reference, before), content_of(row)):
            message = _("this row was posted before with another content; ask the platform which is right")
            faults.append(Fault(message, row.line))
    refuse_where(path, faults)
    return new


def _count(taken: Taken, report: PlatformReport, rows: Sequence[PlatformRow], new: Sequence[PlatformRow]) -> None:
    """Tell how many rows are new, and what they are."""
    taken.counts |= {"new": len(new), "known": len(rows) - len(new)}
    idle = len(report.rows) - len(report.money)
    if idle:
        taken.counts["no money"] = idle
    for kind, count in sorted(Counter(row.kind for row in new if row.kind is not PlatformEvent.FEE).items()):
        taken.counts[kind.value] = count
        taken.cents[kind.value] = sum(row.gross or row.net for row in new if row.kind is kind)
    taken.counts["fees"] = sum(row.fee != 0 for row in new)
    taken.cents["fees"] = sum(row.fee for row in new)


def _campaigns(books: Books, path: Path, rows: Sequence[PlatformRow], taken: Taken) -> dict[str, str | None]:
    """Return the campaigns as the books may name them, one that names a person as None.

    Donor keys of the file that the vault does not have refuse it.
    """
    keys = {row.donor for row in rows if row.donor}
    keys -= known_donors(books, keys)
    message = _("its donor is not in the vault; import the donor register first")
    refuse_where(path, [Fault(message, row.line) for row in rows if row.donor in keys])
    named = {row.campaign for row in rows if row.campaign}
    if not named:
        return {}
    watch = Watch(books)
    campaigns = {one: None if watch.problem(one) else one[:80] for one in named}
    lost = sum(one is None for one in campaigns.values())
    if lost:
        message = many(
            "{count} campaign holds personal data and is left out of the books",
            "{count} campaigns hold personal data and are left out of the books",
            lost,
        ).format(count=lost)
        taken.faults.append(Fault(message, severity=Severity.WARNING))
    return campaigns


def _desk(
    books: Books,
    connection: Connection,
    report: PlatformReport,
    settings: Platform,
    rows: Sequence[PlatformRow],
) -> PlatformDesk:
    """Return what the books know when the new rows of a report are decided, but for its campaigns."""
    config = books.config
    gifts = [payment_of(report, row) for row in rows if row.kind is PlatformEvent.GIFT]
    with books.vault.connect() as vault:
        links, emails = load_links(vault), load_emails(vault)
    return PlatformDesk(
        report=report,
        account=settings.account,
        fees=settings.fee_account,
        money=config.gifts.money,
        undocumented=config.gifts.undocumented,
        suspense=config.gifts.suspense,
        language=config.organisation.language,
        links=links,
        emails=emails,
        certificate_elsewhere=settings.certificate_elsewhere,
        identified={} if report.already_in else identities(connection, gifts),
        expected=references_sold(connection),
    )


def _book(work: _Report, rows: Sequence[PlatformRow]) -> None:
    """Post the rows, document by document; those that take back what the file itself brings come after it."""
    report, taken = work.desk.report, work.taken
    groups = grouped(rows, work.books.years)
    ends = _name_ends(work.books, {one.payout for one in groups})
    for number, group in enumerate(groups):
        name = work.free_name(group.year, ends[group.payout] or report.digest[:8])
        asked = payments_asked((one.row for one in group.rows), report)
        found = Found(name, originals=originals_of(work.connection, asked) if asked else {})
        summary = DocumentSummary(dict(taken.counts), dict(taken.cents), statements=len(groups))
        work.post(book_rows(group.rows, work.desk, found, summary), archived=number == 0)
    _take_back_waiting(work, {payment_of(report, row) for row in rows if row.kind is PlatformEvent.GIFT})


def _name_ends(books: Books, payouts: set[str]) -> dict[str, str]:
    """Return the id of each payout as a part of a document's name, in which no person's name may stand."""
    watch = Watch(books) if any(payouts) else None
    ends = {}
    for payout in payouts:
        plain = _NOT_ASCII.sub("-", payout).strip("-")
        named = watch is not None and watch.problem(plain.replace("-", " ")) is not None
        if len(plain) > _LONGEST or named:
            plain = hashlib.sha256(payout.encode()).hexdigest()[:12]
        ends[payout] = plain
    return ends


def _take_back_waiting(work: _Report, payments: set[str]) -> None:
    """Refunds that came before the report of their gift wait on suspense; now they find it.

    One per gift and document, because what it changes must stand in the register first.
    """
    connection, taken = work.connection, work.taken
    closed = work.books.closed_years(connection)
    tried: set[LineKey] = set()
    while payments:
        waiting: dict[str, OpenItem] = {}
        for item in open_items(connection):
            about = item.reference in payments and item.code in ABOUT_A_GIFT and item.booked not in closed
            about = about and not work.posting.locks(item.booked)
            if about and item.key not in tried:
                waiting.setdefault(item.reference or "", item)
        if not waiting:
            return
        year = min(closed.label(item.booked) for item in waiting.values())
        items = [item for item in waiting.values() if closed.label(item.booked) == year]
        tried |= {item.key for item in items}
        name = work.free_name(year, f"{work.desk.report.digest[:8]}-back")
        found = Found(name, originals=originals_of(connection, (item.reference or "" for item in items)))
        made = book_waiting(items, work.desk, found, DocumentSummary(dict(taken.counts), dict(taken.cents)))
        if made is not None:
            work.post(made, archived=False)
            taken.counts["assigned"] = taken.counts.get("assigned", 0) + len(made.decisions)


def _identify(work: _Report, rows: Sequence[PlatformRow]) -> None:
    """Post what an export says of gifts whose money arrives elsewhere."""
    report, taken = work.desk.report, work.taken
    gifts = [row for row in rows if row.kind is PlatformEvent.GIFT]
    if not gifts:
        return
    name = work.free_name(max(row.paid for row in gifts).year, report.digest[:8])
    found = Found(name, originals=originals_of(work.connection, (payment_of(report, row) for row in gifts)))
    counts = {key: count for key, count in taken.counts.items() if key in ("new", "known", "no money")}
    made = book_identities(gifts, work.desk, found, counts)
    taken.counts = dict(made.booking.record.summary.counts)
    taken.cents = {}  # no euro of it is posted
    work.post(made, archived=True)


def _id_faults(rows: Sequence[PlatformRow]) -> Iterator[Fault]:
    for row in rows:
        ids = (row.reference, row.payment)
        if any("@" in one or (_BELGIAN_IBAN.fullmatch(one) and valid_iban(one)) for one in ids):
            yield Fault(_("the column of ids holds an e-mail address or an IBAN; map the transaction id"), row.line)
