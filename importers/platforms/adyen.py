"""Adyen: the settlement detail report. Debit and credit columns, gross in the donor's currency, net in ours.

The gross in our currency is gross times the report's own rate, the fee what is between it and the net: the fee columns
of a chargeback do not always add up (interchange comes back there). A batch has one payout per currency, which its rows
add up to. Source: Adyen docs, settlement detail report.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from importers.platforms.records import Payout, PlatformEvent, PlatformReport, PlatformRow, checked, event_of
from importers.platforms.table import Hints, ReportLine, open_report
from importers.sheets.tabular import fold
from importers.words import _
from ledger.errors import Fault

NAME = "adyen"
# Fields that lead to a donor.
_IDENTIFYING = ("donor", "email", "account")

COLUMNS = {
    "payment": ("Psp Reference",),
    "modification": ("Modification Reference",),
    "communication": ("Merchant Reference",),
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
    "name": ("Shopper Name",),
    "email": ("Shopper Email",),
    "account": ("IBAN", "Shopper IBAN"),
}
REQUIRED = ("payment", "created", "type", "currency", "net_debit", "net_credit", "batch")
_AMOUNTS = ("gross_debit", "gross_credit", "net_debit", "net_credit")
_KINDS = {
    **dict.fromkeys(("settled", "settledbulk"), "gift"),
    **dict.fromkeys(("refunded", "refundedbulk", "settledreversed"), "refund"),
    **dict.fromkeys(("chargeback", "secondchargeback"), "chargeback"),
    **dict.fromkeys(("refundedreversed", "chargebackreversed"), "chargeback-reversed"),
    **dict.fromkeys(("fee", "misccosts", "invoicededuction", "paymentcost", "refundcost", "chargebackcost"), "fee"),
    **dict.fromkeys(("depositcorrection", "matchedstatement", "manualcorrected", "balancetransfer"), "correction"),
    **dict.fromkeys(("reserveadjustment",), "hold"),
    **dict.fromkeys(("merchantpayout", "merchantpayin", "internalcompanypayout", "bankinstructionreturned"), "payout"),
    # Settled by another than Adyen: told, but no money of its batch.
    **dict.fromkeys(("settledexternally", "settledexternallywithinfo", "refundedexternallywithinfo"), "void"),
    **dict.fromkeys(("chargebackexternallywithinfo", "chargebackreversedexternallywithinfo"), "void"),
}
# A payout that our bank sent back: the rows of the batch add up to the payout, not to what is left.
_RETURNED = "bankinstructionreturned"


def identify(headings: frozenset[str]) -> bool:
    """Return whether the folded headings are those of an Adyen report of either kind."""
    return {fold("Psp Reference"), fold("Merchant Account")} <= headings


def read(path: Path, hints: Hints) -> PlatformReport:
    """Return the rows and payouts of a settlement detail report, checked."""
    report = open_report(path, hints, identify)
    rows: list[PlatformRow] = []
    payouts: list[Payout] = []
    if any(fold(heading) == "recordtype" for heading in report.headings):
        message = _(
            "a payments accounting report tells what happens to payments, not what is settled; download the "
            "settlement detail report of the batch"
        )
        report.faults.append(Fault(message, 1))
    elif report.headings and report.find(COLUMNS, REQUIRED) and report.decide(_AMOUNTS, ("created", "booked")):
        for line in report:
            row = _row(line)
            if line.sound:
                rows.append(row)
                if row.kind is PlatformEvent.PAYOUT:
                    bank = line.text("modification").split(" ", 1)[0]
                    whole = fold(line.text("type")) != _RETURNED
                    day = row.settled or row.paid
                    payouts.append(Payout(row.line, row.payout, row.currency, -row.net, day, bank, itemised=whole))
    unnamed = report.unnamed(_IDENTIFYING)
    return checked(
        PlatformReport(NAME, tuple(rows), tuple(payouts), tuple(report.faults), report.digest, unnamed=unnamed)
    )


def _row(line: ReportLine) -> PlatformRow:
    net = line.cents("net_credit") - line.cents("net_debit")
    kind = event_of(line.type_of("type", _KINDS), net)
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
        name=line.text("name"),
        email=line.text("email"),
        account=line.text("account"),
        communication=line.text("communication"),
        donor=line.text("donor"),
        campaign=line.text("campaign"),
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
