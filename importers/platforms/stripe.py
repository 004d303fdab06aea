"""Stripe: itemised payout reconciliation and balance change reports, and a payout's transactions as the API gives them.

A report has the columns its user chose: each is found by heading. Only automatic payouts can be itemised.
`gross - fee = net` is Stripe's own rule. Source: Stripe docs, reporting categories.
"""

import csv
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from importers.platforms.records import MONEY, Payout, PlatformEvent, PlatformReport, PlatformRow, checked, event_of
from importers.platforms.table import Hints, ReportLine, open_report
from importers.sheets.tabular import fold
from importers.words import N_, _

NAME = "stripe"
# Fields that lead to a donor.
_IDENTIFYING = ("donor", "email", "account", "communication")

COLUMNS = {
    "id": ("balance_transaction_id", "transaction_id"),
    "category": ("reporting_category", "type"),
    "currency": ("currency",),
    "gross": ("gross", "amount"),
    "fee": ("fee",),
    "net": ("net",),
    "created_utc": ("created_utc",),
    "created": ("created",),
    "available": ("available_on", "available_on_utc"),
    "payout": ("automatic_payout_id", "payout_id"),
    "payout_day": ("automatic_payout_effective_at", "automatic_payout_effective_at_utc"),
    "source": ("source_id",),
    "charge": ("charge_id",),
    "intent": ("payment_intent_id",),
    "description": ("description",),
    "name": ("customer_name",),
    "email": ("customer_email", "receipt_email"),
    "street": ("customer_address_line1",),
    "postcode": ("customer_address_postal_code",),
    "city": ("customer_address_city",),
    "country": ("customer_address_country",),
    "original": ("customer_facing_amount",),
    "original_currency": ("customer_facing_currency",),
    "donor": ("payment_metadata[donor]", "payment_metadata[donor_key]"),
    "communication": ("payment_metadata[communication]", "payment_metadata[ogm]"),
    "campaign": ("payment_metadata[campaign]", "payment_metadata[utm_campaign]"),
    "recurring": ("subscription_id", "invoice_id"),
    "live": ("livemode",),
}
REQUIRED = ("id", "category", "currency", "gross", "fee", "net", "created")
_AMOUNTS = ("gross", "fee", "net", "original")
_DAYS = ("created", "created_utc", "available", "payout_day")


def identify(headings: frozenset[str]) -> bool:
    """Return whether the folded headings are those of a Stripe report."""
    fits = fold("balance_transaction_id") in headings and fold("reporting_category") in headings
    return fits or {fold(name) for name in ("payout_id", "transaction_id", "type", "net")} <= headings


@cache
def _kinds() -> dict[str, str]:
    text = (files("importers.platforms") / "data" / "stripe_categories.csv").read_text(encoding="utf-8")
    return {fold(row["category"]): row["kind"] for row in csv.DictReader(text.splitlines())}


def read(path: Path, hints: Hints) -> PlatformReport:
    """Return the rows and payouts of a report, checked."""
    report = open_report(path, hints, identify)
    rows: list[PlatformRow] = []
    payouts: list[Payout] = []
    unlisted: set[str] = set()
    if report.headings and report.find(_columns(report.headings), REQUIRED) and report.decide(_AMOUNTS, _DAYS):
        for line in report:
            row = _row(line)
            if not line.sound:
                continue
            rows.append(row)
            if row.kind is PlatformEvent.PAYOUT and row.net:
                payouts.append(_payout(line, row))
                if not line.text("payout"):
                    unlisted.add(row.payout)
    # Only an automatic payout has a list of what it holds; one by hand, which no row names, stands for itself.
    unlisted -= {row.payout for row in rows if row.kind in MONEY}
    found = tuple(replace(one, itemised=False) if one.reference in unlisted else one for one in payouts)
    unnamed = report.unnamed(_IDENTIFYING)
    return checked(PlatformReport(NAME, tuple(rows), found, tuple(report.faults), report.digest, unnamed=unnamed))


def _payout(line: ReportLine, row: PlatformRow) -> Payout:
    """Return a payout; one that came back, or a top-up, adds to what is owed by the payout that it is listed in."""
    day = line.day_or_none("payout_day") or row.paid
    # What leaves the balance is negative, but some exports write it as what comes to us.
    own = line.text("category").casefold() == "payout"
    back = not own and line.text("payout") in ("", line.text("source"))
    return Payout(row.line, row.payout, row.currency, -row.net, day, row.payout, itemised=not back, signed=not own)


def _columns(headings: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the columns; `created_utc` alone does for `created`."""
    if any(fold(heading) == "created" for heading in headings):
        return dict(COLUMNS)
    return {**COLUMNS, "created": ("created_utc",)}


def _row(line: ReportLine) -> PlatformRow:
    gross, fee, net = line.cents("gross"), line.cents("fee"), line.cents("net")
    kind = event_of(line.type_of("category", _kinds()), gross)
    if kind is PlatformEvent.FEE and not fee and gross == net:
        gross, fee = 0, -gross
    why = ""
    if line.text("live").casefold() in ("false", "0", "test"):
        kind, why = PlatformEvent.TEST, N_("test mode")
    if not line.text("id"):
        line.error(_("the row has no balance transaction id; export the report with it"))
    # In the report's own zone, which is UTC unless the user chose another; a chosen zone is taken as it is.
    paid = line.day("created_utc", within="UTC") if line.text("created_utc") else line.day("created")
    return PlatformRow(
        line=line.number,
        kind=kind,
        reference=line.text("id"),
        currency=line.text("currency").upper(),
        gross=gross,
        fee=fee,
        net=net,
        paid=paid,
        payment=line.text("charge") or line.text("source") or line.text("intent") or line.text("id"),
        payout=line.text("payout") or (line.text("source") if kind is PlatformEvent.PAYOUT else ""),
        settled=line.day_or_none("available"),
        account=line.text("account").replace(" ", "").upper(),
        original_currency=line.text("original_currency").upper(),
        original=line.cents("original"),
        name=line.text("name"),
        email=line.text("email"),
        address=", ".join(part for part in map(line.text, ("street", "postcode", "city", "country")) if part),
        communication=line.text("communication") or (line.text("description") if kind is PlatformEvent.GIFT else ""),
        donor=line.text("donor"),
        campaign=line.text("campaign"),
        recurring=bool(line.text("recurring")),
        why=why,
    )
