"""PayPal: activity download and monthly statement (CSV in the account's language), settlement and transaction reports.

Settlement (STL) and transaction (TRR) reports tell each record's type in its first field and give unsigned hundredths
with CR or DR. PayPal's withdrawals have no list of what they hold: rows are posted by file, payouts clear the balance.
Source: PayPal, settlement report and transaction event codes.
"""

import csv
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from importers.platforms.records import Payout, PlatformEvent, PlatformReport, PlatformRow, checked, event_of
from importers.platforms.table import LARGEST, Hints, NotATable, Report, ReportLine, open_report, read_records
from importers.sheets.tabular import fold
from importers.words import N_, _
from ledger.errors import Fault

NAME = "paypal"

REQUIRED = ("date", "type", "currency", "gross", "fee", "net", "id")
_RECORDS = ("RH", "FH", "SH", "CH", "SB", "SF", "SC", "RF", "RC", "FF")
_SB_COLUMNS = {
    "id": ("Transaction ID",),
    "related": ("PayPal Reference ID",),
    "related_type": ("PayPal Reference ID Type",),
    "code": ("Transaction Event Code",),
    "date": ("Transaction Initiation Date",),
    "completed": ("Transaction Completion Date",),
    "side": ("Transaction Debit or Credit",),
    "gross": ("Gross Transaction Amount",),
    "currency": ("Gross Transaction Currency",),
    "fee_side": ("Fee Debit or Credit",),
    "fee": ("Fee Amount",),
    "status": ("Transactional Status",),
    "fee_currency": ("Fee Currency",),
    "email": ("Payer's Account ID",),
    "first": ("First Name",),
    "last": ("Last Name",),
    "business": ("Consumer Business Name",),
    "custom": ("Custom Field",),
    "note": ("Transaction Note",),
}
_SB_REQUIRED = ("id", "code", "date", "side", "gross", "currency", "fee_side", "fee")
_SUBSCRIPTION = "T0002"
_NO_MONEY = {"pending": PlatformEvent.PENDING, "void": PlatformEvent.VOID}
# The letters of a settlement or transaction report. V is said of an authorisation that ended, and of a payment that was
# reversed, whose reversal is a record of its own.
_LETTERS = {"s": "done", "": "done", "p": "pending", "d": "void", "v": "back", "f": "back"}
# Money that comes back to us from what we paid, or goes out again: no gift of ours is changed by it.
_OTHER_SIDE = {
    (PlatformEvent.REFUND, True),
    (PlatformEvent.CHARGEBACK, True),
    (PlatformEvent.CHARGEBACK_REVERSED, False),
}


def identify(headings: frozenset[str]) -> bool:
    """Return whether the folded headings are those of an activity download or a statement, in a language we know."""
    found = [any(fold(heading) in headings for heading in columns()[name]) for name in (*REQUIRED, "time")]
    return all(found)


def identify_records(record: list[str]) -> bool:
    """Return whether a file's first record is one of a settlement or transaction report."""
    if not record or record[0].lstrip("\ufeff") not in ("RH", "FH", "SH", "CH"):
        return False
    return record[0].lstrip("\ufeff") != "CH" or "Transaction Event Code" in record


def read(path: Path, hints: Hints) -> PlatformReport:
    """Return the rows of an activity download or a monthly statement, checked."""
    report = open_report(path, hints, identify)
    rows: list[PlatformRow] = []
    if report.headings and report.find(columns(), REQUIRED) and report.decide(("gross", "fee", "net"), ("date",)):
        for line in report:
            row = _row(line)
            if line.sound:
                rows.append(row)
    return _finished(report, rows)


def read_records_of(path: Path, hints: Hints) -> PlatformReport:
    """Return the rows of a settlement (STL) or transaction (TRR) report, checked."""
    try:
        records, digest = read_records(path, hints)
    except NotATable as refusal:
        return PlatformReport(NAME, faults=(Fault(str(refusal)),))
    report = Report((), (), digest, hints)
    lines = list(_bodies(records, report))
    voided = {line.text("id") for line in lines if line.text("code").startswith("T13")}
    rows = []
    for line in lines:
        row = _record(line, voided)
        if line.sound:
            rows.append(row)
    return _finished(report, rows)


def _finished(report: Report, rows: list[PlatformRow]) -> PlatformReport:
    payouts = tuple(
        Payout(row.line, row.reference, row.currency, -row.net, row.paid, row.reference, itemised=False)
        for row in rows
        if row.kind is PlatformEvent.PAYOUT
    )
    unnamed = report.unnamed(("donor", "email", "account"))
    return checked(PlatformReport(NAME, tuple(rows), payouts, tuple(report.faults), report.digest, unnamed=unnamed))


@cache
def columns() -> dict[str, tuple[str, ...]]:
    """Return the headings of each field in English, French, Dutch, German and Spanish, the preferred one first."""
    text = (files("importers.platforms") / "data" / "paypal_headings.csv").read_text(encoding="utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for row in csv.DictReader(text.splitlines()):
        found[row["field"]] = (*found.get(row["field"], ()), row["heading"])
    return found


@cache
def _types() -> dict[str, str]:
    text = (files("importers.platforms") / "data" / "paypal_types.csv").read_text(encoding="utf-8")
    return {fold(row["type"]): row["kind"] for row in csv.DictReader(text.splitlines())}


@cache
def _statuses() -> dict[str, str]:
    text = (files("importers.platforms") / "data" / "paypal_statuses.csv").read_text(encoding="utf-8")
    return {fold(row["status"]): row["means"] for row in csv.DictReader(text.splitlines())}


@cache
def _codes() -> dict[str, tuple[PlatformEvent, PlatformEvent]]:
    text = (files("importers.platforms") / "data" / "paypal_codes.csv").read_text(encoding="utf-8")
    return {
        row["code"]: (PlatformEvent(row["debit"]), PlatformEvent(row["credit"]))
        for row in csv.DictReader(text.splitlines())
    }


def _row(line: ReportLine) -> PlatformRow:
    gross, net = line.cents("gross"), line.cents("net")
    fee = -line.cents("fee")  # told as what it does to our balance
    kind, why, back = _kind(line, gross)
    identity, related = line.text("id"), line.text("related")
    if not identity:
        line.error(_("the row has no transaction id; export the report with it"))
    if kind is PlatformEvent.FEE and not fee:
        gross, fee = 0, -gross
    return PlatformRow(
        line=line.number,
        kind=kind,
        reference=identity,
        currency=line.text("currency").upper(),
        gross=gross,
        fee=fee,
        net=net,
        paid=line.day("date", "zone", "time"),
        payment=identity if kind in (PlatformEvent.GIFT, PlatformEvent.SPENT) else related or identity,
        name=line.text("name"),
        email=line.text("email") if gross > 0 else "",
        account=line.text("account").replace(" ", "").upper(),
        communication=" ".join(filter(None, map(line.text, ("communication", "custom", "subject", "note")))),
        donor=line.text("donor"),
        campaign=line.text("campaign"),
        why=why,
        given_back=back,
    )


def _kind(line: ReportLine, gross: int) -> tuple[PlatformEvent, str, bool]:
    """Return the kind of a row, why it is no money, and whether its status says that a gift was given back."""
    status = line.text("status").casefold()
    means = line.status_of("status", _statuses()) if status else "done"
    if means in _NO_MONEY:
        return _NO_MONEY[means], status, False
    if fold(line.text("impact")) == "memo":
        return PlatformEvent.VOID, N_("no effect on the balance"), False
    kind = event_of(line.type_of("type", _types()), gross)
    if (kind, gross > 0) in _OTHER_SIDE and gross:
        kind = PlatformEvent.CORRECTION
    back = means == "back" and kind is PlatformEvent.GIFT
    return kind, (N_("held or released") if kind is PlatformEvent.HOLD else ""), back


def _bodies(records: list[tuple[int, list[str]]], report: Report) -> Iterator[ReportLine]:
    """Yield the SB records, each under the headings of its own CH; every other record type is known, or a fault.

    A file has a CH for each section, whose columns may stand in another order. `report` knows what any of them has.
    """
    section, ready = report, False
    for number, record in records:
        kind = record[0].lstrip("\ufeff").strip()
        if kind not in _RECORDS:
            message = _("its record type is none of {known}; export the report again").format(known=", ".join(_RECORDS))
            report.faults.append(Fault(message, number))
        elif kind == "CH":
            headings = tuple(cell.strip() for cell in record)
            section = replace(report, headings=headings, index={}, zones={})  # its faults are those of the report
            ready = section.find(_SB_COLUMNS, _SB_REQUIRED, number)
            report.index.update(section.index)
        elif kind == "SB" and not ready:
            report.faults.append(Fault(_("a row stands before its headings (CH); export the report again"), number))
        elif kind == "SB":
            yield ReportLine(section, number, record)


def _record(line: ReportLine, voided: set[str]) -> PlatformRow:
    gross = _sided(line, "gross", "side")
    fee = -_sided(line, "fee", "fee_side")
    code = line.text("code")
    kind, why = _kind_of_code(line, gross, voided)
    means = line.status_of("status", _LETTERS)
    identity, related = line.text("id"), line.text("related") if line.text("related_type") != "RP" else ""
    if not identity:
        line.error(_("the row has no transaction id; export the report again"))
    if fee and line.text("fee_currency") not in ("", line.text("currency")):
        line.error(_("its fee is in another currency than its amount; export the report again, or enter it by hand"))
    if means in _NO_MONEY and kind not in (PlatformEvent.HOLD, PlatformEvent.VOID):
        kind, why = _NO_MONEY[means], N_("pending") if means == "pending" else N_("denied")
    if kind is PlatformEvent.FEE and not fee:
        gross, fee = 0, -gross
    name = line.text("business") or f"{line.text('first')} {line.text('last')}".strip()
    return PlatformRow(
        line=line.number,
        kind=kind,
        reference=identity,
        currency=line.text("currency").upper(),
        gross=gross,
        fee=fee,
        net=gross - fee,
        paid=line.day("date"),
        payment=identity if kind in (PlatformEvent.GIFT, PlatformEvent.SPENT) else related or identity,
        settled=line.day_or_none("completed"),
        name=name if gross > 0 else "",
        email=line.text("email") if gross > 0 else "",
        account=line.text("account").replace(" ", "").upper(),
        communication=" ".join(filter(None, map(line.text, ("communication", "custom", "note")))),
        donor=line.text("donor"),
        campaign=line.text("campaign"),
        recurring=code == _SUBSCRIPTION,
        why=why,
        given_back=means == "back" and kind is PlatformEvent.GIFT,
    )


def _kind_of_code(line: ReportLine, gross: int, voided: set[str]) -> tuple[PlatformEvent, str]:
    code = line.text("code")
    if code == "T9900" and line.text("related") in voided:
        return PlatformEvent.VOID, N_("end of an authorisation")
    found = _codes().get(code) or _codes().get(code[:3])
    if found is None or fold(code) in line.report.hints.types:
        return event_of(line.type_of("code", {}), gross), ""
    kind = found[gross >= 0]
    return kind, {PlatformEvent.VOID: N_("authorisation"), PlatformEvent.HOLD: N_("held or released")}.get(kind, "")


def _sided(line: ReportLine, amount: str, side: str) -> int:
    """Return unsigned hundredths with CR or DR beside them."""
    written, sign = line.text(amount), line.text(side)
    if not written:
        return 0
    if not (written.isascii() and written.isdecimal() and len(written) < len(str(LARGEST))):
        line.error(
            _("`{column}` is not a whole number of hundredths; export the report again").format(
                column=line.heading(amount)
            )
        )
        return 0
    if sign not in ("CR", "DR") and int(written):
        line.error(_("`{column}` is neither CR nor DR; export the report again").format(column=line.heading(side)))
    return -int(written) if sign == "DR" else int(written)
