"""Mollie: the settlement export. The kind of a row stands in the first letters of its id, its fate in its status.

No genuine export was at hand: the headings are those of Mollie's help pages, and what a row leaves in doubt is refused.
Fees come as rows of their own, or as what is between amount and settlement amount.
Source: Mollie, Help Center, export of settlements.
"""

from pathlib import Path

from importers.platforms.records import PlatformEvent, PlatformReport, PlatformRow, checked
from importers.platforms.table import Hints, ReportLine, open_report
from importers.sheets.tabular import fold
from importers.words import _

NAME = "mollie"

_COLUMNS = {
    "date": ("Date", "Datum"),
    "method": ("Payment method", "Betaalmethode", "Méthode de paiement"),
    "currency": ("Currency", "Valuta", "Devise"),
    "amount": ("Amount", "Bedrag", "Montant"),
    "status": ("Status", "Statut"),
    "id": ("ID",),
    "related": ("Payment ID", "Original ID"),
    "description": ("Description", "Omschrijving"),
    "name": ("Consumer name", "Naam consument"),
    "account": ("Consumer bank account", "Bankrekening consument"),
    "settlement_currency": ("Settlement currency", "Uitbetalingsvaluta"),
    "settlement_amount": ("Settlement amount", "Uitbetalingsbedrag"),
    "settlement": ("Settlement reference", "Uitbetalingsreferentie"),
}
_REQUIRED = ("date", "currency", "amount", "status", "id", "settlement_amount", "settlement")
_PREFIXES = {
    "tr_": PlatformEvent.GIFT,
    "re_": PlatformEvent.REFUND,
    "chb_": PlatformEvent.CHARGEBACK,
    "cap_": PlatformEvent.GIFT,
}
_NO_MONEY = {
    "open": PlatformEvent.PENDING,
    "pending": PlatformEvent.PENDING,
    "authorized": PlatformEvent.PENDING,
    "queued": PlatformEvent.PENDING,
    "processing": PlatformEvent.PENDING,
    "canceled": PlatformEvent.VOID,
    "cancelled": PlatformEvent.VOID,
    "expired": PlatformEvent.VOID,
    "failed": PlatformEvent.VOID,
}
_MONEY = frozenset({"paid", "paidout", "refunded", "chargedback", "chargeback", "settled", "completed"})


def identify(headings: frozenset[str]) -> bool:
    """Return whether the folded headings are those of a settlement export."""
    return all(any(fold(one) in headings for one in _COLUMNS[name]) for name in _REQUIRED)


def read(path: Path, hints: Hints) -> PlatformReport:
    """Return the rows of a settlement export, checked; what was paid out is on the bank line only."""
    report = open_report(path, hints)
    rows: list[PlatformRow] = []
    if (
        report.headings
        and report.find(_COLUMNS, _REQUIRED)
        and report.decide(("amount", "settlement_amount"), ("date",))
    ):
        for line in report:
            row = _row(line)
            if line.sound:
                rows.append(row)
    return checked(PlatformReport(NAME, tuple(rows), (), tuple(report.faults), report.digest))


def _kind_of(line: ReportLine, identity: str) -> tuple[PlatformEvent, str]:
    """Return what a row is, by its id and status, and why it moves no money where it does not."""
    status = fold(line.text("status"))
    kind = next((kind for prefix, kind in _PREFIXES.items() if identity.startswith(prefix)), None)
    fee_words = fold(line.text("description") + line.text("method"))
    if kind is None and ("fee" in fee_words or "kosten" in fee_words or "commission" in fee_words):
        kind = PlatformEvent.FEE
    if kind is None:
        line.error(_("the id begins with none of tr_, re_, chb_ and the row is no fee; nothing is taken"))
        kind = PlatformEvent.VOID
    if status in _NO_MONEY:
        return _NO_MONEY[status], status
    if status not in _MONEY and not (kind is PlatformEvent.FEE and not status):
        line.unknown("status")
    return kind, ""


def _row(line: ReportLine) -> PlatformRow:
    identity = line.text("id")
    kind, why = _kind_of(line, identity)
    amount, net = line.cents("amount"), line.cents("settlement_amount")
    currency = line.text("settlement_currency").upper() or line.text("currency").upper()
    original_currency = line.text("currency").upper()
    # Amounts of refunds are told with or without their sign; what comes back from us is always negative here.
    sign = -1 if kind in (PlatformEvent.REFUND, PlatformEvent.CHARGEBACK) else 1
    amount, net = (sign * abs(amount), sign * abs(net)) if sign < 0 else (amount, net)
    gross = amount if original_currency == currency else net
    fee = gross - net
    if kind is PlatformEvent.FEE:
        gross, fee = 0, -net
    settlement, day = line.text("settlement"), line.day("date")
    own = identity or f"fee:{settlement}:{day}:{line.text('description')[:40]}:{net}"
    return PlatformRow(
        line=line.number,
        kind=kind,
        reference=own,
        currency=currency,
        gross=gross,
        fee=fee,
        net=net,
        paid=day,
        payment=line.text("related") or identity,
        payout=settlement,
        original_currency=original_currency,
        original=amount,
        name=line.text("name"),
        account=line.text("account").replace(" ", "").upper(),
        communication=line.text("description"),
        why=why,
    )
