"""Trustly: the funding report. Records without headings: H header, I item, F what was funded, L the sums at the end.

The fields were learnt on one genuine file. The last line says how the items and their fees make the payout, so that a
wrong reading does not pass.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from importers.platforms.records import Payout, PlatformEvent, PlatformReport, PlatformRow, checked, event_of
from importers.platforms.table import Hints, NotATable, Report, ReportLine, read_records
from importers.words import N_, _
from ledger.errors import Fault
from ledger.signs import one_line

NAME = "trustly"

# The places of the fields; `related` and `file` name the payment and the funding batch.
_HEADER = {"type": 0, "funding": 1, "file": 5}
_ITEM = {
    "id": 1,
    "paid": 2,
    "related": 3,
    "type": 10,
    "status": 11,
    "settled": 12,
    "currency": 14,
    "amount": 15,
    "fee": 22,
}
_SUMS = {"gross": 2, "net": 4}
_KINDS = {"capture": "gift", "refund": "refund", "reclaim": "chargeback", "reversal": "chargeback"}
_STATUSES = {
    **dict.fromkeys(("processed", "completed"), "done"),
    **dict.fromkeys(("new", "pending", "authorized"), "pending"),
    **dict.fromkeys(("failed", "expired", "denied", "canceled", "declined"), "void"),
}
_NO_MONEY = {"pending": PlatformEvent.PENDING, "void": PlatformEvent.VOID}
_FUNDING = "P11KFUN"


def identify_records(record: list[str]) -> bool:
    """Return whether a file's first record is the header of a funding report."""
    return len(record) > _HEADER["file"] and record[0] == "H" and record[_HEADER["funding"]] == _FUNDING


def read(path: Path, hints: Hints) -> PlatformReport:
    """Return the rows and the payout of a funding report, checked against its last line."""
    try:
        records, digest = read_records(path, hints)
    except NotATable as refusal:
        return PlatformReport(NAME, faults=(Fault(str(refusal)),))
    report = Report((), (), digest, hints, index=_ITEM)
    items = [ReportLine(report, number, record) for number, record in records if record[0] == "I"]
    batch = one_line(records[0][1][_HEADER["file"]]) if records else ""
    rows = [row for line in items if (row := _row(line, batch)) is not None and line.sound]
    strange = (number for number, record in records if record[0] not in ("H", "I", "F", "L"))
    report.faults += [Fault(_("its type of record is not H, I, F or L; export it again"), number) for number in strange]
    report.index = _SUMS
    payouts = list(_payouts([ReportLine(report, *one) for one in records if one[1][0] == "L"], rows, batch))
    if not payouts and not report.faults:
        report.faults.append(Fault(_("the items or the last line (L) with their sum are missing; export it again")))
    return checked(PlatformReport(NAME, tuple(rows), tuple(payouts), tuple(report.faults), digest))


def _payouts(lines: Iterable[ReportLine], rows: Sequence[PlatformRow], batch: str) -> Iterator[Payout]:
    """Yield the payout of each last line, which sums rows of one currency."""
    for line in lines:
        currencies = sorted({row.currency for row in rows})
        if len(currencies) == 1:
            day = max(row.settled or row.paid for row in rows)
            yield Payout(line.number, batch, currencies[0], line.cents("net"), day)
        elif currencies:
            line.error(_("it sums several currencies; export each by itself"))


def _row(line: ReportLine, batch: str) -> PlatformRow | None:
    meaning = line.type_of("type", _KINDS)
    means = line.status_of("status", _STATUSES)
    if meaning is None or not means:
        return None
    kind = event_of(meaning, line.cents("amount"))
    gross, fee = line.cents("amount"), -line.cents("fee")
    identity = line.text("id")
    return PlatformRow(
        line=line.number,
        kind=_NO_MONEY.get(means, kind),
        reference=identity,
        currency=line.text("currency").upper(),
        gross=gross,
        fee=fee,
        net=gross - fee,
        paid=line.day("paid"),
        payment=identity if kind is PlatformEvent.GIFT else line.text("related") or identity,
        payout=batch,
        settled=line.day_or_none("settled"),
        why=N_("not processed") if means in _NO_MONEY else "",
    )
