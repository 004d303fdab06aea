"""From the rows of a platform's report to what they post: a gift, the return of one, a conversion, or suspense.

Rows are decided as bank lines are: the same functions say whose a gift is, for which year it counts, how it is taken
back and how what nobody knows waits. What the books and the register say is looked up before.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from importers.deciding.expected import Expected, bears_any
from importers.deciding.found import Found
from importers.deciding.gifts import given_again, issued_to, owner_of, taken_back, two_lines
from importers.platforms.records import TAKES_BACK, PlatformEvent, PlatformReport, PlatformRow
from importers.words import _
from ledger.errors import Fault, Severity
from ledger.journal import Entry
from ledger.kinds import kind_word
from ledger.money import to_decimal
from ledger.periods import CALENDAR, FinancialYears
from ledger.posting import Booking
from ledger.records import Channel, DocumentKind, Gift, LineOutcome
from ledger.register.documents import DocumentSummary, MovementRow
from ledger.register.gifts import Identified, Original
from ledger.register.suspense import Decision, OpenItem
from ledger.register.vouchers import Voucher
from ledger.sources import digest_of, source_document
from ledger.vault.counterparties import Counterparty
from ledger.vault.links import Links
from ledger.wording import word

# Rows that name a payment whose gift they change.
ABOUT_A_GIFT = TAKES_BACK | {PlatformEvent.CHARGEBACK_REVERSED}


@dataclass(frozen=True, slots=True)
class PlatformDesk:
    """The knowledge of the books when a report is booked.

    `account` is the platform's clearing account; `emails` leads from an address in lower case to its only donor;
    `identified` from a payment to what another source's export said of it; `campaigns` holds those of the report as the
    books may name them; `certificate_elsewhere` is what the settings say of every row; `expected` are references of
    what events sold, by which a row is not its payer's gift.
    """

    report: PlatformReport
    account: str
    fees: str
    money: str
    undocumented: str
    suspense: str
    language: str
    links: Links
    emails: Mapping[str, str | None]
    certificate_elsewhere: bool = False
    identified: Mapping[str, Identified] = field(default_factory=dict)
    campaigns: Mapping[str, str | None] = field(default_factory=dict)
    expected: Expected = field(default_factory=dict)


class PlacedRow(NamedTuple):
    """A row and its number among those of the report that are new."""

    position: int
    row: PlatformRow


class RowGroup(NamedTuple):
    """The rows of one document; a wave takes back what an earlier one of the report brought."""

    wave: int
    year: int
    payout: str
    rows: tuple[PlacedRow, ...]


@dataclass(frozen=True, slots=True)
class BookedRows:
    """The outcome of rows: what they post and decide of suspense, who stands behind open ones, what is to be told."""

    booking: Booking
    counterparties: tuple[Counterparty, ...]
    faults: tuple[Fault, ...]
    decisions: tuple[Decision, ...] = ()


def payment_of(report: PlatformReport, row: PlatformRow) -> str:
    """Return how the register knows a payment; an export of money that arrives elsewhere uses that platform's name."""
    return f"{report.already_in or report.platform}:{row.payment}"


def voucher_reference(report: PlatformReport, row: PlatformRow) -> str:
    """Return by what a row is known where it comes again."""
    return f"{report.platform}:{row.reference}"


def content_of(row: PlatformRow) -> str:
    """Return the digest of what must be the same where a row comes again: the money and its day."""
    told = f"{row.kind.value}|{row.currency}|{row.gross}|{row.fee}|{row.net}|{row.paid}"
    return hashlib.sha256(told.encode()).hexdigest()


def grouped(rows: Sequence[PlatformRow], years: FinancialYears = CALENDAR) -> list[RowGroup]:
    """Return the new rows of a report by wave, financial year of booking and payout."""
    last: dict[str, int] = {}
    groups: dict[tuple[int, int, str], list[PlacedRow]] = {}
    placed = (PlacedRow(position, row) for position, row in enumerate(rows, start=1))
    for one in sorted(placed, key=lambda one: (one.row.kind in ABOUT_A_GIFT, one.row.paid, one.row.line)):
        row, wave = one.row, 0
        if row.kind in ABOUT_A_GIFT:
            wave = last.get(row.payment, -1) + 1
        if row.kind is PlatformEvent.GIFT or row.kind in ABOUT_A_GIFT:
            last[row.payment] = wave
        groups.setdefault((wave, years.label(row.paid), row.payout), []).append(one)
    return [RowGroup(*key, tuple(members)) for key, members in sorted(groups.items())]


def payments_asked(rows: Iterable[PlatformRow], report: PlatformReport) -> list[str]:
    """Return the payments whose gifts rows change."""
    return [payment_of(report, row) for row in rows if row.kind in ABOUT_A_GIFT]


@dataclass(slots=True)
class _Rows:
    """The content of one document, while its rows are worked through; `originals` are those not yet taken back."""

    desk: PlatformDesk
    name: str
    originals: dict[str, Original]
    gifts: list[Gift] = field(default_factory=list)
    movements: list[MovementRow] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    vouchers: list[Voucher] = field(default_factory=list)
    fees: dict[date, int] = field(default_factory=dict)
    conversions: dict[date, int] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)
    counterparties: list[Counterparty] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def booking(self, clearing: str, summary: DocumentSummary) -> Booking:
        """Return the whole document; `clearing` is the account that its gifts came on."""
        desk = self.desk
        for amounts, label in ((self.fees, "platform-fees"), (self.conversions, "platform-conversion")):
            text = word(label, desk.language)
            for day, cents in sorted(amounts.items()):
                if cents:
                    self.entries.append(
                        two_lines(day, text, cents, desk.fees, desk.account, document=self.name, meta={})
                    )
        digest = digest_of([self.name, *([*one] for one in self.vouchers)])
        record = source_document(DocumentKind.PLATFORM, self.name, digest, self.days, file_digest=desk.report.digest)
        return Booking(
            record=replace(record, summary=summary),
            movements=self.movements,
            gifts=self.gifts,
            gift_debits={0: clearing},
            batches={0: word("platform-gifts", desk.language)},
            entries=self.entries,
            vouchers=self.vouchers,
        )


def book_rows(rows: Iterable[PlacedRow], desk: PlatformDesk, found: Found, summary: DocumentSummary) -> BookedRows:
    """Decide the rows of one document, in their order; `summary` is what is told of the report."""
    pile = _Rows(desk, found.name, dict(found.originals))
    for one in rows:
        _book_row(one, pile)
    return BookedRows(pile.booking(desk.account, summary), tuple(pile.counterparties), tuple(pile.faults))


def _book_row(one: PlacedRow, pile: _Rows) -> None:
    row, desk = one.row, pile.desk
    outcome, account = LineOutcome(row.kind.value), desk.account
    about = row.kind is PlatformEvent.GIFT or row.kind in ABOUT_A_GIFT
    payment = payment_of(desk.report, row)
    if row.gross == 0:
        pass  # a fee, or a payment of nothing: what it costs follows below
    elif row.kind is PlatformEvent.GIFT:
        gift = _gift(one, pile)
        pile.gifts.append(gift)
        account = gift.account
    elif row.kind is PlatformEvent.CONVERSION:
        pile.conversions[row.paid] = pile.conversions.get(row.paid, 0) - row.gross
    elif row.kind in ABOUT_A_GIFT and (changed := _changed(one, payment, pile.originals)):
        pile.gifts += changed
        outcome, account = LineOutcome.RETURN, changed[0].account
    else:
        outcome, account = LineOutcome.SUSPENSE, desk.suspense
        _suspend(one, pile)
    if row.fee:
        pile.fees[row.paid] = pile.fees.get(row.paid, 0) + row.fee
    pile.movements.append(_line(one, payment if about else None, outcome, account))
    pile.vouchers.append(Voucher(voucher_reference(desk.report, row), row.paid, content_of(row)))
    pile.days.append(row.paid)


def _gift(one: PlacedRow, pile: _Rows) -> Gift:
    position, row = one
    desk = pile.desk
    donor, campaign = _donor_of(row, desk)
    identified = desk.identified.get(payment_of(desk.report, row))
    if donor is None and identified is not None and not _is_bought(row, desk):
        donor = identified.donor
    unlearnt = donor is None or (row.account in desk.links.learnt and owner_of(row.account, desk.links) == donor)
    if unlearnt and (row.name or row.email or row.account or row.communication):
        pile.counterparties.append(_counterparty(pile.name, one))
    return Gift(
        donor=donor,
        cents=row.gross,
        booked=row.paid,
        # The day the donor paid, whatever the policy says of bank lines: never the day of settlement or payout.
        counted=row.paid.year,
        account=desk.money if donor else desk.undocumented,
        position=position,
        channel=Channel.PLATFORM,
        paid=row.paid,
        value=row.settled,
        campaign=campaign or desk.campaigns.get(row.campaign),
        certificate_elsewhere=_elsewhere(row, desk) or (identified is not None and identified.certificate_elsewhere),
    )


def _elsewhere(row: PlatformRow, desk: PlatformDesk) -> bool:
    """Return whether the report or the settings say that another institution gives the donor the certificate."""
    return row.certificate_elsewhere or desk.certificate_elsewhere


def _is_bought(row: PlatformRow, desk: PlatformDesk) -> bool:
    return bool(desk.expected) and any(bears_any(text, desk.expected) for text in (row.communication, row.campaign))


def _donor_of(row: PlatformRow, desk: PlatformDesk) -> tuple[str | None, str | None]:
    """Return donor and campaign: by key, a communication we issued, the IBAN or the e-mail of exactly one donor.

    Nobody where the row bears the reference of something sold: a person decides what of it is a gift.
    """
    if _is_bought(row, desk):
        return None, None
    if row.donor:
        return row.donor, None
    issued = issued_to(None, row.communication, desk.links)
    if issued is not None:
        return issued
    donor = owner_of(row.account, desk.links)
    if donor is None and row.email:
        donor = desk.emails.get(row.email.strip().casefold())
    return donor, None


def _changed(one: PlacedRow, payment: str, originals: dict[str, Original]) -> list[Gift]:
    """Return what a refund, a chargeback or its reversal does to its gift; nothing where that is not plain."""
    position, row = one
    original = originals.get(payment)
    if original is None:
        return []
    if row.kind is PlatformEvent.CHARGEBACK_REVERSED:
        if not original.reversed or row.gross > original.cents:
            return []
        return [_again(original, row.gross, row.paid, position)]
    rest = original.cents + row.gross
    if original.reversed or rest < 0:
        return []
    # A gift is taken back once and whole: what the donor still gives is a gift again.
    del originals[payment]
    gone = taken_back(original, row.paid, position, Channel.PLATFORM)
    return [gone, _again(original, rest, row.paid, position)] if rest else [gone]


def _again(original: Original, cents: int, day: date, position: int) -> Gift:
    """Return a gift again on a day: the day on which the donor paid it stays what it was."""
    again = given_again(original, cents, day, position, Channel.PLATFORM)
    return again._replace(paid=original.paid, value=original.value)


def _suspend(one: PlacedRow, pile: _Rows) -> None:
    position, row = one
    desk = pile.desk
    label = f"{word('suspense', desk.language)}: {desk.report.platform} {row.kind}"
    accounts, meta = (desk.account, desk.suspense), {"position": position}
    pile.entries.append(two_lines(row.paid, label, row.gross, *accounts, document=pile.name, meta=meta))
    pile.counterparties.append(_counterparty(pile.name, one))
    message = _(
        "this {kind} of {amount} waits on account {account}: no gift in the books that it changes; assign it with "
        "`obole match`"
    ).format(kind=kind_word(row.kind), amount=to_decimal(row.gross), account=desk.suspense)
    pile.faults.append(Fault(message, row.line, Severity.WARNING))


def book_waiting(
    items: Sequence[OpenItem], desk: PlatformDesk, found: Found, summary: DocumentSummary
) -> BookedRows | None:
    """Decide lines that waited for the report of their gift: what they do to it, out of suspense; None for nothing."""
    pile = _Rows(desk, found.name, dict(found.originals))
    decisions = []
    for position, item in enumerate(items, start=1):
        payment = item.reference or ""
        original = pile.originals.get(payment)
        one = PlacedRow(position, _row_of(item))
        changed = _changed(one, payment, pile.originals)
        if original is None or not changed:
            continue
        pile.gifts += changed
        pile.movements.append(_line(one, item.reference, LineOutcome.RETURN, original.account))
        pile.days.append(item.booked)
        decisions.append(Decision(position, item.key, original.donor, original.account, item.booked))
    if not decisions:
        return None
    return BookedRows(pile.booking(desk.suspense, summary), (), (), tuple(decisions))


def _row_of(item: OpenItem) -> PlatformRow:
    """Return the row that a waiting line was, as far as the register keeps it."""
    return PlatformRow(
        line=item.position,
        kind=PlatformEvent(item.code),
        reference="",
        currency="",
        gross=item.cents,
        fee=0,
        net=item.cents,
        paid=item.booked,
    )


def book_identities(
    rows: Sequence[PlatformRow], desk: PlatformDesk, found: Found, counts: Mapping[str, int]
) -> BookedRows:
    """Decide rows whose money arrives elsewhere: no euro is booked; who gave is kept, or entered where the gift stands.

    A gift that stands without a donor goes over to the donor on the last day of the file. `counts` is told of the file.
    """
    pile = _Rows(desk, found.name, {})
    day = max(row.paid for row in rows)
    entered = 0
    for position, row in enumerate(rows, start=1):
        one = PlacedRow(position, row)
        donor, elsewhere = _donor_of(row, desk)[0], _elsewhere(row, desk)
        payment = payment_of(desk.report, row)
        original = found.originals.get(payment)
        if donor is None:
            pile.counterparties.append(_counterparty(pile.name, one))
        elif original is not None and _says_more(original, donor, elsewhere=elsewhere):
            pile.gifts += _entered(original, one, donor, day, desk, elsewhere=elsewhere)
            entered += 1
        elif original is not None:
            pile.faults += _contradictions(original, donor, row)
        line = _line(one, payment, LineOutcome.IDENTITY, None)
        pile.movements.append(line._replace(donor=donor, certificate_elsewhere=elsewhere or None))
        pile.vouchers.append(Voucher(voucher_reference(desk.report, row), row.paid, content_of(row)))
        pile.days.append(row.paid)
    summary = DocumentSummary(counts={**counts, "identified": len(rows), "entered": entered})
    return BookedRows(pile.booking(desk.account, summary), tuple(pile.counterparties), tuple(pile.faults))


def _says_more(original: Original, donor: str, *, elsewhere: bool) -> bool:
    """Return whether an export knows whose a standing gift is, or that its certificate comes from elsewhere."""
    if original.donor is None:
        return not original.reversed
    own = original.donor == donor and not original.reversed
    return own and elsewhere and not original.certificate_elsewhere


def _entered(
    original: Original, one: PlacedRow, donor: str, day: date, desk: PlatformDesk, *, elsewhere: bool
) -> tuple[Gift, Gift]:
    """Return the reversal of a gift that stands, and the gift as the export says it is."""
    again = _again(original, original.cents, day, one.position)
    return (
        taken_back(original, day, one.position, Channel.PLATFORM),
        again._replace(
            donor=donor,
            account=desk.money if original.donor is None else original.account,
            paid=original.paid or one.row.paid,
            certificate_elsewhere=original.certificate_elsewhere or elsewhere,
        ),
    )


def _contradictions(original: Original, donor: str, row: PlatformRow) -> Iterator[Fault]:
    """Yield what an export says otherwise than the books."""
    if original.donor not in (None, donor):
        message = _("its gift stands with {other} and not with {donor}; decide whose it is").format(
            other=original.donor, donor=donor
        )
        yield Fault(message, row.line, Severity.WARNING)
    elif original.cents != row.gross:
        message = _("the gift in the books is {booked}, here it is {amount}").format(
            booked=to_decimal(original.cents), amount=to_decimal(row.gross)
        )
        yield Fault(message, row.line, Severity.WARNING)


def _line(one: PlacedRow, reference: str | None, outcome: LineOutcome, account: str | None) -> MovementRow:
    position, row = one
    return MovementRow(
        position=position,
        parent=None,
        booked=row.paid.isoformat(),
        value=row.settled.isoformat() if row.settled else None,
        cents=-row.fee if row.kind is PlatformEvent.FEE else row.gross,
        code=str(row.kind),
        reference=reference,
        mandate=None,
        reason=None,
        outcome=outcome,
        account=account,
    )


def _counterparty(document: str, one: PlacedRow) -> Counterparty:
    row = one.row
    told = " | ".join(part for part in (row.email, row.address, row.communication) if part)
    return Counterparty(document, one.position, row.name, row.account, told)
