"""Chariot: deposits of workplace giving and donor-advised funds (Benevity and others), one line per gift.

A line may hold what the employee gave and what the employer added: two gifts of two donors. The scheme gives the
donor's certificate itself, so that none of these gets a second one. Source: a genuine export.
"""

from pathlib import Path

from importers.platforms.records import Payout, PlatformEvent, PlatformReport, PlatformRow, checked, event_of
from importers.platforms.table import Hints, ReportLine, open_report
from importers.sheets.tabular import fold
from importers.words import _
from ledger.errors import Fault

NAME = "chariot"
# Fields that lead to a donor.
_IDENTIFYING = ("donor", "email", "account")

COLUMNS: dict[str, tuple[str, ...]] = {"name": ("full_name",), "account": ()} | {
    name: (name,)
    for name in (
        "gateway_txn_id",
        "type",
        "settled_total_amount",
        "settled_fee_amount",
        "settled_net_amount",
        "settled_individual_gift_total_amount",
        "settled_individual_gift_fee_amount",
        "settled_individual_gift_net_amount",
        "settled_matching_gift_total_amount",
        "settled_matching_gift_fee_amount",
        "settled_matching_gift_net_amount",
        "settlement_batch_reference",
        "settled_currency",
        "settled_date",
        "original_currency",
        "original_total_amount",
        "date",
        "email",
        "street_address",
        "postal_code",
        "city",
        "country",
        "matching_gift_organization",
    )
}
REQUIRED = (
    "gateway_txn_id",
    "type",
    "settled_total_amount",
    "settled_fee_amount",
    "settled_net_amount",
    "settlement_batch_reference",
    "settled_currency",
    "date",
)
_AMOUNTS = tuple(name for name in COLUMNS if name.endswith("_amount"))
_KINDS = {"donation": "gift", "refund": "refund", "fee": "fee", "payout": "payout"}
_PARTS = ("individual", "matching")


def identify(headings: frozenset[str]) -> bool:
    """Return whether the folded headings are those of a Chariot deposit."""
    return {fold("gateway_txn_id"), fold("settlement_batch_reference")} <= headings


def read(path: Path, hints: Hints) -> PlatformReport:
    """Return the rows and the payout of a deposit, checked."""
    report = open_report(path, hints, identify)
    rows: list[PlatformRow] = []
    payouts: list[Payout] = []
    if report.headings and report.find(COLUMNS, REQUIRED) and report.decide(_AMOUNTS, ("date", "settled_date")):
        for line in report:
            found = _rows(line)
            if not line.sound:
                continue
            rows += found
            if found[0].kind is PlatformEvent.PAYOUT:
                one = found[0]
                payouts.append(Payout(one.line, one.payout, one.currency, one.net, one.settled or one.paid))
    unnamed = report.unnamed(_IDENTIFYING)
    return checked(
        PlatformReport(NAME, tuple(rows), tuple(payouts), tuple(report.faults), report.digest, unnamed=unnamed)
    )


def _rows(line: ReportLine) -> list[PlatformRow]:
    total, net = line.cents("settled_total_amount"), line.cents("settled_net_amount")
    fee = -line.cents("settled_fee_amount")
    kind = event_of(line.type_of("type", _KINDS), total)
    whole = _row(line, kind, line.text("gateway_txn_id"), (total, fee, net))
    if kind is not PlatformEvent.GIFT:
        return [whole]
    parts = []
    for part in _PARTS:
        figures = [line.cents(f"settled_{part}_gift_{what}_amount") for what in ("total", "fee", "net")]
        if figures[0]:
            own = f"{whole.reference}:{part}"
            parts.append(_row(line, kind, own, (figures[0], -figures[1], figures[2]), employer=part == "matching"))
    if not parts:
        return [whole]
    if (sum(one.gross for one in parts), sum(one.net for one in parts)) != (total, net):
        line.report.faults.append(Fault(_("what employee and employer gave is not the settled total"), line.number))
    return parts


def _row(
    line: ReportLine, kind: PlatformEvent, own: str, figures: tuple[int, int, int], *, employer: bool = False
) -> PlatformRow:
    gross, fee, net = figures
    address = ", ".join(part for part in map(line.text, ("street_address", "postal_code", "city", "country")) if part)
    return PlatformRow(
        line=line.number,
        kind=kind,
        reference=own,
        currency=line.text("settled_currency").upper(),
        gross=gross,
        fee=fee,
        net=net,
        paid=line.day("date"),
        payment=own,
        payout=line.text("settlement_batch_reference"),
        settled=line.day_or_none("settled_date"),
        original_currency=line.text("original_currency").upper(),
        original=line.cents("original_total_amount"),
        name=line.text("matching_gift_organization") if employer else line.text("name"),
        email="" if employer else line.text("email"),
        account="" if employer else line.text("account").replace(" ", "").upper(),
        address="" if employer else address,
        donor="" if employer else line.text("donor"),
        certificate_elsewhere=True,
    )
