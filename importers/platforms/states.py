"""A list of states read as movements: what the state of each payment now changes of what is in the books.

A donation platform's or a CRM's table has one row a payment, with its state. A row that was a gift and is now refunded
or canceled takes its gift back; one that was paid and given back before it was ever read moves nothing. A row of any
report that is in the books as money and now says that it is none is never passed over.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from importers.platforms.booking import content_of, payment_of, voucher_reference
from importers.platforms.records import TAKES_BACK, Listed, PlatformEvent, PlatformReport, PlatformRow
from importers.words import _
from ledger.errors import Fault, Severity
from ledger.kinds import kind_word
from ledger.money import to_decimal
from ledger.register.gifts import Original

# What a state does is posted once, under the row's own id and one of these.
_BACK, _AGAIN, _FEE = ":back", ":again", ":fee"
_EURO = "EUR"
_IDLE = frozenset({PlatformEvent.VOID, PlatformEvent.PENDING, PlatformEvent.HOLD, PlatformEvent.TEST})


@dataclass(frozen=True, slots=True)
class Posted:
    """The books' knowledge of a report's rows: contents by reference, and the gift that stands for each payment."""

    contents: Mapping[str, str]
    originals: Mapping[str, Original] = field(default_factory=dict)


class Settled(NamedTuple):
    """The rows as movements, the faults that refuse the report, and what is to be told of those that moved nothing."""

    rows: list[PlatformRow]
    faults: list[Fault]
    remarks: list[Fault]


def asked_references(report: PlatformReport) -> Iterator[str]:
    """Yield the references by which rows of a report, and what their states did, may be in the books."""
    for row in report.rows:
        if row.reference:
            own = voucher_reference(report, row)
            yield own
            if row.listed is not Listed.MOVEMENT:
                yield from (own + end for end in (_BACK, _AGAIN, _FEE))
            if row.refunded:
                yield own + _part(row)


def asked_payments(report: PlatformReport) -> set[str]:
    """Return the payments whose gifts the states of a report may change."""
    return {payment_of(report, row) for row in report.rows if _changes(row)}


def _changes(row: PlatformRow) -> bool:
    return row.kind in TAKES_BACK | _IDLE or row.given_back or row.refunded > 0


def _part(row: PlatformRow) -> str:
    """Return by what a part of a gift that was given back is known: how much it is in all until now."""
    return f"{_BACK}-{row.refunded}"


def settle(report: PlatformReport, rows: Iterable[PlatformRow], posted: Posted) -> Settled:
    """Return the rows of money as movements, with what the states of others do to gifts that are in the books."""
    work = _States(report, posted)
    for row in rows:
        work.money(row)
    for row in report.rows:
        if row.kind in _IDLE and row.reference:
            work.idle(row)
    return Settled(work.rows, work.faults, work.remarks)


def given_back_in_silence(report: PlatformReport, originals: Mapping[str, Original]) -> Iterator[Fault]:
    """Yield what is to be told of gifts whose row says that they were given back, while nothing takes them back.

    `originals` are the gifts as they stand after the report was posted.
    """
    for row in report.money:
        gift = originals.get(payment_of(report, row)) if row.given_back else None
        if gift is not None and not gift.reversed and gift.cents == row.gross:
            message = _(
                "its status says that it was given back, but no row takes it back: the gift of {amount} stands until "
                "the report that holds the refund is imported"
            ).format(amount=to_decimal(gift.cents))
            yield Fault(message, row.line, Severity.WARNING)


class _States:
    """The rows of a report while their states are worked through."""

    def __init__(self, report: PlatformReport, posted: Posted) -> None:
        self._report = report
        self._posted = posted
        self._written = {row.reference: row for row in report.money}
        self._gifts = {row.reference: row for row in report.money if row.kind is PlatformEvent.GIFT}
        self._payments = {row.payment for row in self._gifts.values()}
        self._last = max((row.paid for row in report.rows), default=date.min)
        self.rows: list[PlatformRow] = []
        self.faults: list[Fault] = []
        self.remarks: list[Fault] = []

    def money(self, row: PlatformRow) -> None:
        """Work through a row of money."""
        before = self._known(row)
        written = self._written.get(row.reference, row)
        if row.kind in TAKES_BACK and before is not None and before in _contents_as_gift(written, row):
            self._taken_back(row)
        elif row.kind in TAKES_BACK and before is None and self._is_state(row):
            self._paid_and_given_back(row)
        else:
            if before is not None and self._known(row, _BACK) and row.kind is PlatformEvent.GIFT:
                self._given_again(row)
            self.rows.append(row)
            if row.kind is PlatformEvent.GIFT and row.refunded and self._known(row, _part(row)) is None:
                self._partly_back(row, written, new=before is None)

    def _partly_back(self, row: PlatformRow, written: PlatformRow, *, new: bool) -> None:
        """Add what was given back of a gift since the file that was read before, so that the rest of it stands."""
        if self._report.already_in:
            self._told_elsewhere(row)
            return
        original = self._posted.originals.get(payment_of(self._report, row))
        stands = row.gross if new else original.cents if original is not None and not original.reversed else 0
        back = stands - (row.gross - row.refunded)
        if back <= 0 or back > stands or written.currency != _EURO:
            message = _(
                "{amount} of its gift is given back, but what stands of the gift is not plain in the books; set the "
                "refund against its gift by hand (`obole match`), or undo its documents and import this file again"
            )
            self.faults.append(Fault(message.format(amount=to_decimal(row.refunded)), row.line))
            return
        day, reference = row.returned or max(self._last, row.paid), row.reference + _part(row)
        done = replace(row, kind=PlatformEvent.REFUND, reference=reference, gross=-back, fee=0, net=-back, paid=day)
        self.rows.append(done)
        self._tell(done, row, _("its state is now `{state}`: {amount} of the gift is taken back on {day}"))

    def idle(self, row: PlatformRow) -> None:
        """Work through a row that is no money: what it did before is in the books, or stands in the same file."""
        here = self._gifts.get(row.reference)
        if here is not None and row.listed is not Listed.MOVEMENT and row.kind is PlatformEvent.VOID:
            if here.paid <= row.paid:
                message = _(
                    "its id stands on line {first} as a gift, here it is `{state}`; keep the row that holds now"
                )
                self.faults.append(Fault(message.format(first=here.line, state=_state(row)), row.line))
        elif here is None and self._known(row) is not None:
            if self._report.already_in:
                self._told_elsewhere(row)
            elif row.listed is Listed.MOVEMENT:
                message = _(
                    "this row is in the books as money, and its status is now `{state}`; ask the platform, undo its "
                    "document with `obole undo DOCUMENT` and import the report again"
                )
                self.faults.append(Fault(message.format(state=_state(row)), row.line))
            elif row.kind is PlatformEvent.VOID:
                self._taken_back(row)
            else:
                message = _(
                    "its gift is in the books, and its state is now `{state}`; say in `kinds` of obole.toml that this "
                    "takes the gift back (void), or wait until it is decided"
                )
                self.faults.append(Fault(message.format(state=_state(row)), row.line))

    def _known(self, row: PlatformRow, end: str = "") -> str | None:
        return self._posted.contents.get(voucher_reference(self._report, row) + end)

    def _is_state(self, row: PlatformRow) -> bool:
        """Return whether a refund is the state of its own payment: the table says it, or nothing else is its gift."""
        if row.listed is not Listed.EITHER:
            return row.listed is Listed.STATE
        return row.payment not in self._payments and payment_of(self._report, row) not in self._posted.originals

    def _paid_and_given_back(self, row: PlatformRow) -> None:
        if self._report.already_in:
            return
        if row.fee:
            fee = -row.fee
            kind = PlatformEvent.FEE
            self.rows.append(replace(row, kind=kind, reference=row.reference + _FEE, gross=0, fee=fee, net=-fee))
        message = _(
            "paid and given back in one row: of {amount} nothing is posted; where a refund is a row of its own in this "
            'export, write rows = "movements" in obole.toml ([sources.{name}])'
        ).format(amount=to_decimal(-row.gross), name=self._report.platform)
        self.remarks.append(Fault(message, row.line, Severity.WARNING))

    def _told_elsewhere(self, row: PlatformRow) -> None:
        message = _("its state is now `{state}`; whether its money went back, {platform} tells").format(
            state=_state(row), platform=self._report.already_in
        )
        self.remarks.append(Fault(message, row.line, Severity.WARNING))

    def _taken_back(self, row: PlatformRow) -> None:
        """Add what takes a gift back whose state says so."""
        if self._report.already_in:
            self._told_elsewhere(row)
            return
        original = self._posted.originals.get(payment_of(self._report, row))
        if original is None or self._known(row, _AGAIN) is not None:
            message = _(
                "its state is now `{state}`, but what stands of its gift is not plain in the books; undo its documents "
                "with `obole undo DOCUMENT` and import this file again"
            )
            self.faults.append(Fault(message.format(state=_state(row)), row.line))
            return
        void = row.kind is PlatformEvent.VOID
        # What was void took no fee either; of what is refunded the platform keeps its own.
        fee = -row.fee if void and self._known(row) in _contents_as_gift(row) else 0
        gross = -original.cents if void else row.gross
        kind = PlatformEvent.REFUND if void else row.kind
        day = row.returned or max(self._last, row.paid)
        back = replace(row, kind=kind, reference=row.reference + _BACK, gross=gross, fee=fee, net=gross - fee, paid=day)
        self.rows.append(back)
        if self._known(back) is None:
            self._tell(back, row, _("its state is now `{state}`: the gift of {amount} is taken back on {day}"))

    def _given_again(self, row: PlatformRow) -> None:
        """Add the gift again of a row that was taken back, and whose state says that it holds after all."""
        day = max(self._last, row.paid)
        kind, reference = PlatformEvent.CHARGEBACK_REVERSED, row.reference + _AGAIN
        again = replace(row, kind=kind, reference=reference, fee=0, net=row.gross, paid=day)
        self.rows.append(again)
        if self._known(again) is None:
            self._tell(again, row, _("it was taken back and holds again: the gift of {amount} is entered on {day}"))

    def _tell(self, done: PlatformRow, row: PlatformRow, message: str) -> None:
        told = message.format(state=_state(row), amount=to_decimal(abs(done.gross)), day=done.paid)
        if row.returned is None:
            told = " ".join((told, _("(the last day in the file; a column `returned` may give its own)")))
        self.remarks.append(Fault(told, row.line, Severity.WARNING))


def _state(row: PlatformRow) -> str:
    return row.why or kind_word(row.kind)


def _contents_as_gift(*rows: PlatformRow) -> set[str]:
    """Return the contents that a row (as written, and in euro) may have had when it was a gift."""
    return {content for row in rows for content in _content_as_gift(row)}


def _content_as_gift(row: PlatformRow) -> tuple[str, str]:
    """Return the contents of the gift that a row was: its amounts are then written the other way."""
    sign = -1 if row.kind in TAKES_BACK else 1
    gift = replace(row, kind=PlatformEvent.GIFT, gross=sign * row.gross, fee=sign * row.fee, net=sign * row.net)
    # A table that writes refunds as negatives has the fee as it was.
    kept = replace(gift, fee=row.fee, net=gift.gross - row.fee)
    return content_of(gift), content_of(kept)
