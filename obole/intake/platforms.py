"""Reports of platforms into the books: gross gifts, fees, refunds, each once, against the platform's clearing account.

One document per payout (per file where the report names none) and year of booking. A row is booked on its own day: for
a gift that is the day the donor paid, so that what the platform owes us at the end of a year is an asset. The bank line
of the payout clears it. A row that takes back a gift of the same file goes into a further document, because the gift
must stand in the register before it is reversed.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection

from importers import platforms
from importers.bank.communications import find_ogm
from importers.deciding.booking import counted_year
from importers.platforms import Declared
from importers.platforms.currency import in_books
from importers.platforms.records import TAKES_BACK, PlatformEvent, PlatformReport, PlatformRow
from importers.registers.donors import valid_iban
from ledger.errors import Fault, Severity, SourceRefused
from ledger.journal import Entry, Line
from ledger.money import to_decimal
from ledger.posting import Booking, Posting
from ledger.records import Channel, DocumentKind, Gift
from ledger.register.documents import DocumentRecord, MovementRow, documents_of, free_name
from ledger.register.gifts import IDENTITY, Original, identities, originals_of
from ledger.register.suspense import OpenItem, insert_assignments, open_items
from ledger.register.vouchers import documents_of_vouchers, voucher_contents
from ledger.vault.counterparties import Counterparty, save_counterparties
from ledger.vault.links import Links, load_emails, load_links
from ledger.wording import word
from obole.books.identities import known_donors
from obole.books.opened import Books
from obole.books.policies import declared
from obole.books.settings import Platform
from obole.books.watch import Watch
from obole.intake.guards import day_faults, digest_of, refuse_where
from obole.outcome import Taken

# Rows that name a payment whose gift they change.
_ABOUT_A_GIFT = TAKES_BACK | {PlatformEvent.CHARGEBACK_REVERSED}


_NOT_ASCII = re.compile(r"[^A-Za-z0-9]+")


_BELGIAN_IBAN = re.compile("BE[0-9]{14}")  # other countries' look like the ids of some platforms


_LONGEST = 40


def platform_day(path: Path, said: Declared) -> date:
    """The first day of a report, for the order in which several are taken."""
    return min((row.paid for row in platforms.read(path, said).money), default=date.max)


def take_platform(books: Books, path: Path) -> Taken:
    """Post what is new of a platform's report; refused whole where anything of it is wrong or was posted otherwise."""
    report = platforms.read(path, declared(books.config))
    if not report.ok:
        raise SourceRefused(path.name, report.faults)
    settings = books.config.platforms.get(report.platform, Platform())
    rates: Mapping[str, Decimal] = settings.rates
    rows, faults = in_books(report.rows, rates)
    faults += [fault for row in rows for fault in day_faults(books, row.paid, row.line)]
    faults += _id_faults(rows)
    refuse_where(path, faults)
    taken = Taken(faults=[fault for fault in report.faults if fault.severity is not Severity.ERROR])
    content = path.read_bytes()
    with books.posting() as posting:
        work = _ReportWork(books, report, settings, posting, _Donors.load(books), _contents(report), taken)
        new = work.new_rows(path, rows)
        work.check_donors(path, new)
        if report.already_in:
            work.identify(new, content, path.suffix)
        else:
            work.book(new, content, path.suffix)
        # The vault first: rows without a document are harmless, a document without them would lose a name.
        with books.vault.begin() as connection:
            save_counterparties(connection, work.known_by)
        taken.faults.sort(key=lambda fault: fault.line or 0)
        if not taken.posted:
            taken.known = documents_of(posting.connection, report.digest) or _documents_with(
                posting.connection, report, rows
            )
    return taken


@dataclass(frozen=True, slots=True)
class _Donors:
    """What leads from a row to exactly one donor."""

    links: Links
    emails: Mapping[str, str | None]

    @classmethod
    def load(cls, books: Books) -> "_Donors":
        with books.vault.connect() as connection:
            return cls(load_links(connection), load_emails(connection))

    def of(self, row: PlatformRow) -> tuple[str | None, str | None]:
        """Donor and campaign: by key, a communication we issued, the IBAN or the e-mail of exactly one donor."""
        if row.donor:
            return row.donor, None
        found = find_ogm(row.communication) if row.communication else None
        if found is not None and found.ogm in self.links.communications:
            return self.links.communications[found.ogm]
        donor = self.links.ibans.get(row.account) if row.account else None
        if donor is None and row.email:
            donor = self.emails.get(row.email.strip().casefold())
        return donor, None


@dataclass(slots=True)
class _Pile:
    """What one document will hold, while its rows are worked through."""

    name: str
    gifts: list[Gift] = field(default_factory=list)
    movements: list[MovementRow] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    vouchers: list[tuple[str, date, str]] = field(default_factory=list)
    fees: dict[date, int] = field(default_factory=dict)
    conversions: dict[date, int] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)
    clearing: str = ""


@dataclass(slots=True)
class _ReportWork:
    """One report being booked."""

    books: Books
    report: PlatformReport
    settings: Platform
    posting: Posting
    donors: _Donors
    contents: Mapping[str, str]
    taken: Taken
    known_by: list[Counterparty] = field(default_factory=list)
    identified: Mapping[str, str] = field(default_factory=dict)
    campaigns: dict[str, str | None] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)

    @property
    def language(self) -> str:
        return self.books.config.organisation.language

    def new_rows(self, path: Path, rows: Sequence[PlatformRow]) -> list[PlatformRow]:
        """The rows not posted before; refused where one was, with another content, or where its year is closed."""
        report, taken = self.report, self.taken
        references = (_voucher(report, row.reference) for row in rows)
        known = voucher_contents(self.posting.connection, DocumentKind.PLATFORM, references)
        closed = self.books.closed_years(self.posting.connection)
        new, faults = [], []
        for row in rows:
            before = known.get(_voucher(report, row.reference))
            if before is None:
                new.append(row)
                if row.paid.year in closed:
                    faults.append(Fault(f"dated {row.paid}, but {row.paid.year} is closed", row.line))
            elif before != self.contents[row.reference]:
                message = "this row was posted before with another content; ask the platform which is right"
                faults.append(Fault(message, row.line))
        refuse_where(path, faults)
        taken.counts |= {"new": len(new), "known": len(rows) - len(new)}
        idle = len(report.rows) - len(report.money)
        if idle:
            taken.counts["no money"] = idle
        for kind, count in sorted(Counter(row.kind for row in new if row.kind is not PlatformEvent.FEE).items()):
            taken.counts[kind.value] = count
            taken.cents[kind.value] = sum(row.gross or row.net for row in new if row.kind is kind)
        taken.counts["fees"] = sum(row.fee != 0 for row in new)
        taken.cents["fees"] = sum(row.fee for row in new)
        return new

    def check_donors(self, path: Path, rows: Sequence[PlatformRow]) -> None:
        """Donor keys of the file that the vault does not have refuse it; campaigns that name a person are left out."""
        keys = {row.donor for row in rows if row.donor}
        keys -= known_donors(self.books, keys)
        refuse_where(
            path,
            [
                Fault("its donor is not in the vault; import the donor register first", row.line)
                for row in rows
                if row.donor in keys
            ],
        )
        named = {row.campaign for row in rows if row.campaign}
        if named:
            watch = Watch(self.books)
            self.campaigns = {one: None if watch.problem(one) else one[:80] for one in named}
            lost = sum(one is None for one in self.campaigns.values())
            if lost:
                message = f"{lost} campaigns hold personal data and are left out of the books"
                self.taken.faults.append(Fault(message, severity=Severity.WARNING))

    def payment(self, row: PlatformRow) -> str:
        """How the register knows a payment; an export of money that arrives elsewhere uses that platform's name."""
        return f"{self.report.already_in or self.report.platform}:{row.payment}"

    def book(self, rows: Sequence[PlatformRow], content: bytes, suffix: str) -> None:
        """Post the rows, document by document; those that take back what the file itself brings come after it."""
        positions = {id(row): number for number, row in enumerate(rows, start=1)}
        gifts = [self.payment(row) for row in rows if row.kind is PlatformEvent.GIFT]
        self.identified = identities(self.posting.connection, gifts)
        groups = _grouped(rows)
        for number, ((wave, year, payout), members) in enumerate(groups.items()):
            base = f"platform-{self.report.platform}-{year}-{self._slug(payout) or self.report.digest[:8]}"
            pile = _Pile(free_name(self.posting.connection, base))
            originals: dict[str, Original] = {}
            if wave or any(row.kind in _ABOUT_A_GIFT for row in members):
                about = [self.payment(row) for row in members if row.kind in _ABOUT_A_GIFT]
                originals = originals_of(self.posting.connection, about)
            for row in members:
                self._row(pile, row, positions[id(row)], originals)
            archive = self.books.folder.documents / "sources" / str(year) / f"{pile.name}{suffix.lower()}"
            self._post(pile, members, len(groups), (archive, content) if number == 0 else None)
        self._take_back_waiting(set(gifts))

    def _take_back_waiting(self, payments: set[str]) -> None:
        """Refunds that came before the report of their gift wait on suspense; now they find it.

        One per gift and document, because what it changes must stand in the register first.
        """
        connection = self.posting.connection
        closed = self.books.closed_years(connection)
        tried: set[tuple[int, int]] = set()
        while payments:
            waiting: dict[str, OpenItem] = {}
            for item in open_items(connection):
                about = item.reference in payments and item.code in _ABOUT_A_GIFT and item.booked.year not in closed
                if about and (item.document_id, item.position) not in tried:
                    waiting.setdefault(item.reference or "", item)
            if not waiting:
                return
            first = min(item.booked.year for item in waiting.values())
            items = [item for item in waiting.values() if item.booked.year == first]
            tried |= {(item.document_id, item.position) for item in items}
            self._assign(items, first)

    def _assign(self, items: Sequence[OpenItem], year: int) -> None:
        """Post what waiting lines of a year do to their gifts, out of suspense, as assignments of these lines."""
        connection = self.posting.connection
        originals = originals_of(connection, (item.reference or "" for item in items))
        base = f"platform-{self.report.platform}-{year}-{self.report.digest[:8]}-back"
        pile = _Pile(free_name(connection, base), clearing=self.books.config.gifts.suspense)
        decisions = []
        for position, item in enumerate(items, start=1):
            payment = (item.reference or "").partition(":")[2]
            row = PlatformRow(
                position, PlatformEvent(item.code), "", "", item.cents, 0, item.cents, item.booked, payment
            )
            original = originals.get(item.reference or "")
            changed = self._changed(row, position, originals)
            if original is None or not changed:
                continue
            pile.gifts += changed
            pile.movements.append(_movement(row, position, item.reference, "return", original.account))
            pile.days.append(item.booked)
            decisions.append(
                (position, item.document_id, item.position, original.donor, original.account, item.booked, None)
            )
        if decisions:
            document_id = self._post(pile, [], 1, None)
            insert_assignments(connection, document_id, decisions)
            self.taken.counts["assigned"] = self.taken.counts.get("assigned", 0) + len(decisions)

    def _slug(self, payout: str) -> str:
        """A payout's id as a part of a document's name, in which no person's name may stand."""
        if payout not in self.slugs:
            plain = _NOT_ASCII.sub("-", payout).strip("-")
            if len(plain) > _LONGEST or Watch(self.books).problem(plain.replace("-", " ")) is not None:
                plain = hashlib.sha256(payout.encode()).hexdigest()[:12]
            self.slugs[payout] = plain
        return self.slugs[payout]

    def _row(self, pile: _Pile, row: PlatformRow, position: int, originals: dict[str, Original]) -> None:
        outcome = str(row.kind)
        account = self.settings.account
        if row.gross == 0:
            pass  # a fee, or a payment of nothing: what it costs follows below
        elif row.kind is PlatformEvent.GIFT:
            gift = self._gift(pile, row, position)
            pile.gifts.append(gift)
            account = gift.account
        elif row.kind is PlatformEvent.CONVERSION:
            pile.conversions[row.paid] = pile.conversions.get(row.paid, 0) - row.gross
        elif row.kind in _ABOUT_A_GIFT and (changed := self._changed(row, position, originals)):
            pile.gifts += changed
            outcome, account = "return", changed[0].account
        else:
            outcome, account = "suspense", self.books.config.gifts.suspense
            self._suspend(pile, row, position)
        if row.fee:
            pile.fees[row.paid] = pile.fees.get(row.paid, 0) + row.fee
        reference = self.payment(row) if row.kind is PlatformEvent.GIFT or row.kind in _ABOUT_A_GIFT else None
        pile.movements.append(_movement(row, position, reference, outcome, account))
        pile.vouchers.append((_voucher(self.report, row.reference), row.paid, self.contents[row.reference]))

    def _gift(self, pile: _Pile, row: PlatformRow, position: int) -> Gift:
        donor, campaign = self.donors.of(row)
        donor = donor or self.identified.get(self.payment(row))
        if row.certificate_elsewhere or self.settings.certificate_elsewhere:
            donor = None  # who has a certificate from the platform gets no second one from us
        if donor is None and (row.name or row.email or row.account or row.communication):
            self.known_by.append(_counterparty(pile.name, position, row))
        gifts = self.books.config.gifts
        policy = self.books.config.receipts.gift_date_policy
        return Gift(
            donor=donor,
            cents=row.gross,
            booked=row.paid,
            counted=counted_year(policy, row.paid, row.settled, row.paid),
            account=gifts.money if donor else gifts.undocumented,
            position=position,
            channel=Channel.PLATFORM,
            paid=row.paid,
            value=row.settled,
            campaign=campaign or self.campaigns.get(row.campaign) or None,
        )

    def _changed(self, row: PlatformRow, position: int, originals: dict[str, Original]) -> list[Gift]:
        """What a refund, a chargeback or its reversal does to its gift; nothing where that is not plain."""
        key = self.payment(row)
        original = originals.get(key)
        if original is None:
            return []
        if row.kind is PlatformEvent.CHARGEBACK_REVERSED:
            if not original.reversed or row.gross > original.cents:
                return []
            return [_again(original, row, position, row.gross)]
        rest = original.cents + row.gross
        if original.reversed or rest < 0:
            return []
        taken_back = _again(original, row, position, -original.cents)._replace(reverses=original.id)
        # A gift is taken back once and whole: what the donor still gives is a gift again.
        del originals[key]
        return [taken_back, _again(original, row, position, rest)] if rest else [taken_back]

    def _suspend(self, pile: _Pile, row: PlatformRow, position: int) -> None:
        suspense = self.books.config.gifts.suspense
        lines = (Line(self.settings.account, row.gross), Line(suspense, -row.gross))
        label = f"{word('suspense', self.language)}: {self.report.platform} {row.kind}"
        pile.entries.append(Entry(row.paid, label, lines, links=(pile.name,), meta={"position": position}))
        self.known_by.append(_counterparty(pile.name, position, row))
        message = (
            f"this {row.kind} of {to_decimal(row.gross)} waits on account {suspense}: no gift in the books that it "
            "changes; assign it with `obole match`"
        )
        self.taken.faults.append(Fault(message, row.line, Severity.WARNING))

    def _post(self, pile: _Pile, rows: Sequence[PlatformRow], documents: int, source: tuple[Path, bytes] | None) -> int:
        for amounts, label in ((pile.fees, "platform-fees"), (pile.conversions, "platform-conversion")):
            for day, cents in sorted(amounts.items()):
                if cents:
                    lines = (Line(self.settings.fee_account, cents), Line(self.settings.account, -cents))
                    pile.entries.append(Entry(day, word(label, self.language), lines, links=(pile.name,)))
        days = pile.days + [row.paid for row in rows]
        record = DocumentRecord(
            name=pile.name,
            kind=DocumentKind.PLATFORM,
            file_digest=self.report.digest,
            digest=digest_of([pile.name, *([*one] for one in pile.vouchers)]),
            first_day=min(days),
            last_day=max(days),
            summary={"counts": self.taken.counts, "cents": self.taken.cents, "statements": documents},
        )
        booking = Booking(
            record=record,
            movements=pile.movements,
            gifts=pile.gifts,
            gift_debits={0: pile.clearing or self.settings.account},
            batches={0: word("platform-gifts", self.language)},
            entries=pile.entries,
            vouchers=pile.vouchers,
        )
        self.taken.posted.append(pile.name)
        return self.posting.post(booking, source)

    def identify(self, rows: Sequence[PlatformRow], content: bytes, suffix: str) -> None:
        """Rows whose money arrives elsewhere: no euro is booked; who gave is kept, or entered where the gift stands.

        A gift that stands without a donor goes over to the donor on the last day of the file.
        """
        rows = [row for row in rows if row.kind is PlatformEvent.GIFT]
        if not rows:
            return
        originals = originals_of(self.posting.connection, map(self.payment, rows))
        day = max(row.paid for row in rows)
        base = f"platform-{self.report.platform}-{day.year}-{self.report.digest[:8]}"
        pile = _Pile(free_name(self.posting.connection, base))
        entered = 0
        for position, row in enumerate(rows, start=1):
            donor = None if row.certificate_elsewhere else self.donors.of(row)[0]
            original = originals.get(self.payment(row))
            if donor is None:
                self.known_by.append(_counterparty(pile.name, position, row))
            elif original is not None and original.donor is None and not original.reversed:
                moved = _again(original, row, position, original.cents)
                pile.gifts += [
                    moved._replace(booked=day, cents=-original.cents, reverses=original.id),
                    moved._replace(booked=day, donor=donor, account=self.books.config.gifts.money, paid=row.paid),
                ]
                entered += 1
            elif original is not None and original.donor not in (None, donor):
                message = f"its gift stands with {original.donor} and not with {donor}; decide whose it is"
                self.taken.faults.append(Fault(message, row.line, Severity.WARNING))
            elif original is not None and original.cents != row.gross:
                message = f"the gift in the books is {to_decimal(original.cents)}, here it is {to_decimal(row.gross)}"
                self.taken.faults.append(Fault(message, row.line, Severity.WARNING))
            line = _movement(row, position, self.payment(row), IDENTITY, None)
            pile.movements.append(line._replace(reason=donor))
            pile.vouchers.append((_voucher(self.report, row.reference), row.paid, self.contents[row.reference]))
        told = {key: count for key, count in self.taken.counts.items() if key in ("new", "known", "no money")}
        self.taken.counts = told | {"identified": len(rows), "entered": entered}
        self.taken.cents = {}  # no euro of it is posted
        archive = self.books.folder.documents / "sources" / str(day.year) / f"{pile.name}{suffix.lower()}"
        self._post(pile, rows, 1, (archive, content))


def _grouped(rows: Sequence[PlatformRow]) -> dict[tuple[int, int, str], list[PlatformRow]]:
    """The rows by wave, year of booking and payout; a wave takes back what an earlier one of the file brought."""
    last: dict[str, int] = {}
    groups: dict[tuple[int, int, str], list[PlatformRow]] = {}
    for row in sorted(rows, key=lambda row: (row.kind in _ABOUT_A_GIFT, row.paid, row.line)):
        wave = 0
        if row.kind in _ABOUT_A_GIFT:
            wave = last.get(row.payment, -1) + 1
        if row.kind is PlatformEvent.GIFT or row.kind in _ABOUT_A_GIFT:
            last[row.payment] = max(wave, last.get(row.payment, 0))
        groups.setdefault((wave, row.paid.year, row.payout), []).append(row)
    return dict(sorted(groups.items()))


def _again(original: Original, row: PlatformRow, position: int, cents: int) -> Gift:
    """A gift as the original, with another amount, on the day of the row; it counts for the year of the original."""
    return Gift(
        donor=original.donor,
        cents=cents,
        booked=row.paid,
        counted=original.counted,
        account=original.account,
        position=position,
        channel=Channel.PLATFORM,
        campaign=original.campaign,
        fund=original.fund,
        project=original.project,
        department=original.department,
    )


def _movement(row: PlatformRow, position: int, reference: str | None, outcome: str, account: str | None) -> MovementRow:
    cents = -row.fee if row.kind is PlatformEvent.FEE else row.gross
    settled = row.settled.isoformat() if row.settled else None
    return MovementRow(
        position, None, row.paid.isoformat(), settled, cents, str(row.kind), reference, None, None, outcome, account
    )


def _counterparty(document: str, position: int, row: PlatformRow) -> Counterparty:
    told = " | ".join(part for part in (row.email, row.address, row.communication) if part)
    return Counterparty(document, position, row.name, row.account, told)


def _voucher(report: PlatformReport, reference: str) -> str:
    return f"{report.platform}:{reference}"


def _contents(report: PlatformReport) -> dict[str, str]:
    """What must be the same where a row comes again: the money and its day, not what later exports add."""
    return {
        row.reference: hashlib.sha256(
            f"{row.kind.value}|{row.currency}|{row.gross}|{row.fee}|{row.net}|{row.paid}".encode()
        ).hexdigest()
        for row in report.money
    }


def _documents_with(connection: Connection, report: PlatformReport, rows: Sequence[PlatformRow]) -> list[str]:
    """The documents that hold the rows of a file whose every row is known."""
    return documents_of_vouchers(connection, DocumentKind.PLATFORM, (_voucher(report, row.reference) for row in rows))


def _id_faults(rows: Sequence[PlatformRow]) -> Iterator[Fault]:
    for row in rows:
        ids = (row.reference, row.payment)
        if any("@" in one or (_BELGIAN_IBAN.fullmatch(one) and valid_iban(one)) for one in ids):
            yield Fault("the column of ids holds an e-mail address or an IBAN; map the transaction id", row.line)
