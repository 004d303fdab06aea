"""Adyen: the settlement detail report. Debit and credit columns, gross in the donor's currency, net in ours.

The gross in our currency is gross times the report's own rate, the fee what is between it and the net: the fee columns
of a chargeback do not always add up (interchange comes back there). A batch has one payout per currency, which its rows
add up to. Source: Adyen docs, settlement detail report.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from importers.platforms.records import Payout, PlatformEvent, PlatformReport, PlatformRow, checked
from importers.platforms.table import Hints, ReportLine, open_report
from importers.sheets.tabular import fold
from importers.words import _
from ledger.errors import Fault

NAME = "adyen"

_COLUMNS = {
    "payment": ("Psp Reference",),
    "modification": ("Modification Reference",),
    "merchant": ("Merchant Reference",),
    "created": ("Creation Date",),
    "zone": ("TimeZone",),
    "booked": ("Booking Date",),
    "booked_zone": ("Booking Date TimeZone",),
    "type": ("Type",),
    "gross_currency": ("Gross Currency",),
    "gross_debit": ("Gross Debit (GC)",),
    "gross_credit": ("Gross Credit (GC)",),
    "rate": ("Exchange Rate",),
    "currency": ("Net Currency",),
    "net_debit": ("Net Debit (NC)",),
    "net_credit": ("Net Credit (NC)",),
    "batch": ("Batch Number",),
    "shopper_name": ("Shopper Name",),
    "shopper_email": ("Shopper Email",),
    "iban": ("IBAN", "Shopper IBAN"),
}
_REQUIRED = ("payment", "created", "type", "currency", "net_debit", "net_credit", "batch")
_AMOUNTS = ("gross_debit", "gross_credit", "net_debit", "net_credit")
_KINDS = {
    "settled": PlatformEvent.GIFT,
    "settledbulk": PlatformEvent.GIFT,
    "settledexternally": PlatformEvent.VOID,
    "refunded": PlatformEvent.REFUND,
    "refundedbulk": PlatformEvent.REFUND,
    "refundedreversed": PlatformEvent.CHARGEBACK_REVERSED,
    "chargeback": PlatformEvent.CHARGEBACK,
    "secondchargeback": PlatformEvent.CHARGEBACK,
    "chargebackreversed": PlatformEvent.CHARGEBACK_REVERSED,
    "fee": PlatformEvent.FEE,
    "misccosts": PlatformEvent.FEE,
    "invoicededuction": PlatformEvent.FEE,
    "depositcorrection": PlatformEvent.CORRECTION,
    "matchedstatement": PlatformEvent.CORRECTION,
    "manualcorrected": PlatformEvent.CORRECTION,
    "balancetransfer": PlatformEvent.CORRECTION,
    "reserveadjustment": PlatformEvent.HOLD,
    "merchantpayout": PlatformEvent.PAYOUT,
    "merchantpayin": PlatformEvent.PAYOUT,
}


def identify(headings: frozenset[str]) -> bool:
    """Return whether the folded headings are those of an Adyen report of either kind."""
    return {fold("Psp Reference"), fold("Merchant Account")} <= headings


def read(path: Path, hints: Hints) -> PlatformReport:
    """Return the rows and payouts of a settlement detail report, checked."""
    report = open_report(path, hints)
    rows: list[PlatformRow] = []
    payouts: list[Payout] = []
    if any(fold(heading) == "recordtype" for heading in report.headings):
        message = _(
            "a payments accounting report tells what happens to payments, not what is settled; download the "
            "settlement detail report of the batch"
        )
        report.faults.append(Fault(message, 1))
    elif report.headings and report.find(_COLUMNS, _REQUIRED) and report.decide(_AMOUNTS, ("created", "booked")):
        for line in report:
            row = _row(line)
            if line.sound:
                rows.append(row)
                if row.kind is PlatformEvent.PAYOUT:
                    bank = line.text("modification").split(" ", 1)[0]
                    payouts.append(Payout(row.line, row.payout, row.currency, -row.net, row.settled or row.paid, bank))
    return checked(PlatformReport(NAME, tuple(rows), tuple(payouts), tuple(report.faults), report.digest))


def _row(line: ReportLine) -> PlatformRow:
    kind = _KINDS.get(fold(line.text("type")))
    if kind is None:
        line.unknown("type")
        kind = PlatformEvent.VOID
    net = line.cents("net_credit") - line.cents("net_debit")
    original = line.cents("gross_credit") - line.cents("gross_debit")
    gross = _in_net_currency(line, original) if original else (0 if kind is PlatformEvent.FEE else net)
    payment, modification, batch = line.text("payment"), line.text("modification"), line.text("batch")
    created = line.day("created", "zone")
    # A fee or correction has no id of its own: batch, label and amount name it, and its line where these are equal.
    own = f"{kind}:{modification or payment}" if payment else f"{batch}:{modification}:{line.text('created')}:{net}"
    return PlatformRow(
        line=line.number,
        kind=kind,
        reference=own,
        currency=line.text("currency").upper(),
        gross=gross,
        fee=gross - net,
        net=net,
        paid=created if kind is PlatformEvent.GIFT else line.day_or_none("booked", "booked_zone") or created,
        payment=payment,
        payout=batch,
        settled=line.day_or_none("booked", "booked_zone"),
        original_currency=line.text("gross_currency").upper(),
        original=original,
        name=line.text("shopper_name"),
        email=line.text("shopper_email"),
        account=line.text("iban"),
        communication=line.text("merchant"),
    )


def _in_net_currency(line: ReportLine, original: int) -> int:
    if line.text("gross_currency") == line.text("currency"):
        return original
    try:
        rate = Decimal(line.text("rate"))
    except InvalidOperation:
        rate = Decimal(0)
    if not (rate.is_finite() and 0 < rate < 10**5):
        line.error(_("`Exchange Rate` is missing between two currencies; export the report with it"))
        return original
    return int((original * rate).quantize(Decimal(1), ROUND_HALF_UP))
