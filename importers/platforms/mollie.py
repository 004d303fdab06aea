"""Mollie: the settlement export. The kind of a row stands in the first letters of its id, its fate in its status.

No genuine export was at hand: the headings are those of Mollie's help pages, and what a row leaves in doubt is refused.
Fees come as rows of their own, or as what is between amount and settlement amount.
Source: Mollie, Help Center, export of settlements.
"""

from pathlib import Path

from importers.platforms.records import TAKES_BACK, PlatformEvent, PlatformReport, PlatformRow, checked, event_of
from importers.platforms.table import Hints, Report, ReportLine, open_report
from importers.sheets.tabular import fold
from importers.words import _

NAME = "mollie"
# Fields that lead to a donor.
_IDENTIFYING = ("donor", "email", "account")

COLUMNS = {
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
    "refunded": ("Amount refunded", "Terugbetaald bedrag", "Montant remboursé"),
    "email": ("Consumer e-mail",),
}
REQUIRED = ("date", "currency", "amount", "status", "id", "settlement_amount", "settlement")
_PREFIXES = {"tr": "gift", "re": "refund", "chb": "chargeback", "cap": "gift"}
_STATUSES = {
    **dict.fromkeys(("open", "pending", "authorized", "queued", "processing"), "pending"),
    **dict.fromkeys(("canceled", "cancelled", "expired", "failed"), "void"),
    **dict.fromkeys(("paid", "paidout", "settled", "completed"), "done"),
    **dict.fromkeys(("refunded", "chargedback", "chargeback"), "back"),
}
_NO_MONEY = {"pending": PlatformEvent.PENDING, "void": PlatformEvent.VOID}


def identify(headings: frozenset[str]) -> bool:
    """Return whether the folded headings are those of a settlement export."""
    return all(any(fold(one) in headings for one in COLUMNS[name]) for name in REQUIRED)


def read(path: Path, hints: Hints) -> PlatformReport:
    """Return the rows of a settlement export, checked; what was paid out is on the bank line only."""
    report = open_report(path, hints, identify)
    rows: list[PlatformRow] = []
    if (
        report.headings
        and report.find(COLUMNS, REQUIRED)
        and report.decide(("amount", "settlement_amount", "refunded"), ("date",))
    ):
        signed = _tells_signs(report)
        for line in report:
            row = _row(line, signed=signed)
            if line.sound:
                rows.append(row)
    unnamed = report.unnamed(_IDENTIFYING)
    return checked(PlatformReport(NAME, tuple(rows), (), tuple(report.faults), report.digest, unnamed=unnamed))


def _tells_signs(report: Report) -> bool:
    """Return whether the file writes what comes back from us as a negative amount: one row that does says it of all."""
    return any(
        line.text("id").startswith(("re_", "chb_"))
        and line.text("settlement_amount").lstrip().startswith(("-", "\u2212"))
        for line in report
    )


def _kind_of(line: ReportLine, identity: str) -> tuple[PlatformEvent, str, bool]:
    """Return what a row is, by its id and status, why it moves no money, and whether it says it was given back."""
    status = fold(line.text("status"))
    prefix = identity.partition("_")[0] if "_" in identity else ""
    fee_words = fold(line.text("description") + line.text("method"))
    meaning = line.report.hints.types.get(fold(prefix)) or _PREFIXES.get(prefix)
    if meaning is None and ("fee" in fee_words or "kosten" in fee_words or "commission" in fee_words):
        meaning = "fee"
    if meaning is None:
        line.error(
            _(
                "the id begins with none of tr_, re_, chb_ and the row is no fee; nothing is taken; write what its "
                'beginning means in obole.toml: [{section}] types = {{ "..." = "correction" }}'
            ).format(section=line.report.hints.section)
        )
    kind = event_of(meaning, line.cents("settlement_amount"))
    if kind is PlatformEvent.FEE and not status:
        return kind, "", False
    means = line.status_of("status", _STATUSES)
    if means in _NO_MONEY:
        return _NO_MONEY[means], status, False
    return kind, "", kind is PlatformEvent.GIFT and (means == "back" or line.cents("refunded") != 0)


def _row(line: ReportLine, *, signed: bool) -> PlatformRow:
    identity = line.text("id")
    kind, why, back = _kind_of(line, identity)
    amount, net = line.cents("amount"), line.cents("settlement_amount")
    currency = line.text("settlement_currency").upper() or line.text("currency").upper()
    original_currency = line.text("currency").upper()
    # A file tells what comes back from us with its sign, or all of it without. With it, a positive one is money that
    # came to us again: a chargeback reversed, a refund that was returned (Mollie, settlement report).
    if kind in TAKES_BACK and signed and net > 0:
        kind = PlatformEvent.CHARGEBACK_REVERSED
    if kind in TAKES_BACK:
        amount, net = -abs(amount), -abs(net)
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
        email=line.text("email"),
        account=line.text("account").replace(" ", "").upper(),
        communication=line.text("communication") or line.text("description"),
        donor=line.text("donor"),
        campaign=line.text("campaign"),
        why=why,
        given_back=back,
    )
