"""A mapping declared in obole.toml (`[sources.NAME]`): any platform's, employer's scheme's or CRM's table of gifts.

It says which heading holds which field, how amounts, dates and states are written, what is the same in every row, and
where the same money also arrives. What a state means is said value by value: one that is not listed refuses the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from importers.platforms.records import TAKES_BACK, Listed, Payout, PlatformEvent, PlatformReport, PlatformRow, checked
from importers.platforms.table import LARGEST, NO_HINTS, Hints, ReportLine, open_report
from importers.sheets.tabular import fold
from importers.words import N_, _

_DAYS = ("paid", "settled", "returned")
# What a column can hold. `kind` is the state or the type of a row, read with `kinds`.
FIELDS = (
    "reference",
    "payment",
    "paid",
    "settled",
    "gross",
    "fee",
    "net",
    "currency",
    "kind",
    "test",
    "payout",
    "name",
    "first_name",
    "email",
    "account",
    "street",
    "postcode",
    "city",
    "country",
    "communication",
    "donor",
    "campaign",
    "recurring",
    "returned",
    "refunded",
)
REQUIRED = ("reference", "paid", "gross")
_FALSE = frozenset({"", "0", "no", "non", "nee", "false", "faux", "onwaar", "n", "f"})


@dataclass(frozen=True, slots=True)
class DeclaredSource:
    """One declared source. `columns` maps a field to its heading, `kinds` a state (folded) to what it is.

    `cents`: amounts are whole hundredths. `negative_fees`: a fee is told as what it does to the balance.
    `positive_refunds`: what a refund takes back is told without a sign.
    """

    columns: Mapping[str, str]
    hints: Hints = NO_HINTS
    kinds: Mapping[str, PlatformEvent] = field(default_factory=dict)
    cents: bool = False
    negative_fees: bool = False
    positive_refunds: bool = False
    rows: Listed = Listed.EITHER
    currency: str = "EUR"
    campaign: str = ""
    certificate_elsewhere: bool = False
    already_in: str = ""

    def fits(self, headings: frozenset[str]) -> bool:
        """Return whether every declared heading is among these (folded)."""
        return all(fold(heading) in headings for heading in self.columns.values())


# The individual gifts of Engage, a lockbox, whose genuine headings are known.
ENGAGE = DeclaredSource(
    columns={
        "reference": "Money Order Number",
        "paid": "Received Date",
        "gross": "Total Amount",
        "fee": "Fee Amount",
        "payout": "Batch",
        "first_name": "First Name",
        "name": "Last Name",
        "email": "Email",
        "street": "Street Address",
        "postcode": "Postal Code",
        "city": "City",
        "country": "Country",
        "campaign": "Campaign",
    },
    hints=Hints(date="mdy"),
    currency="USD",
)
BUILT_IN: Mapping[str, DeclaredSource] = {"engage": ENGAGE}


def read(path: Path, name: str, mapping: DeclaredSource) -> PlatformReport:
    """Return the rows of a declared source, checked."""
    report = open_report(path, mapping.hints, mapping.fits)
    rows: list[PlatformRow] = []
    columns = {field: (heading,) for field, heading in mapping.columns.items()}
    amounts = () if mapping.cents else ("gross", "fee", "net")
    if report.headings and report.find(columns, tuple(mapping.columns)) and report.decide(amounts, _DAYS):
        for line in report:
            row = _row(line, mapping)
            if line.sound:
                rows.append(row)
    payouts = tuple(
        Payout(row.line, row.payout, row.currency, row.net, row.settled or row.paid, row.payout, signed=False)
        for row in rows
        if row.kind is PlatformEvent.PAYOUT
    )
    found = PlatformReport(name, tuple(rows), payouts, tuple(report.faults), report.digest, mapping.already_in)
    return checked(found)


def _amounts(line: ReportLine, kind: PlatformEvent, mapping: DeclaredSource) -> tuple[int, int, int]:
    """Return gross, fee and net in cents, signed as in `PlatformRow`; what the table lacks follows from the rest."""
    gross, fee, net = (_amount(line, name, mapping) for name in ("gross", "fee", "net"))
    if mapping.negative_fees:
        fee = -fee
    if kind in TAKES_BACK and _without_sign(gross, mapping):
        gross, fee, net = -gross, -fee, -net
    if kind is PlatformEvent.FEE and "fee" not in mapping.columns:
        gross, fee = 0, -gross
    if "net" not in mapping.columns:
        net = gross - fee
    elif "fee" not in mapping.columns:
        fee = gross - net
    return gross, fee, net


def _without_sign(gross: int, mapping: DeclaredSource) -> bool:
    """Return whether what takes a gift back is written as what the donor paid: the settings say it, or the amount."""
    if mapping.positive_refunds:
        return True
    return gross > 0 and "kind" in mapping.columns and mapping.rows is not Listed.MOVEMENT


def _listed(line: ReportLine, kind: PlatformEvent, mapping: DeclaredSource) -> Listed:
    """Return whether a row is a movement or the state of its payment, as the settings or its sign say."""
    if mapping.rows is not Listed.EITHER or "kind" not in mapping.columns:
        return mapping.rows if "kind" in mapping.columns else Listed.MOVEMENT
    if kind not in TAKES_BACK or mapping.positive_refunds:
        return Listed.EITHER
    # Where a refund is told with its sign, one without it is no movement: it is what was paid, and its state now.
    return Listed.STATE if _amount(line, "gross", mapping) > 0 else Listed.MOVEMENT


def _row(line: ReportLine, mapping: DeclaredSource) -> PlatformRow:
    kind, why = _kind(line, mapping)
    reference = line.text("reference")
    if not reference:
        line.error(
            _("`{column}` is empty; it must name the gift, so that it is taken once").format(
                column=line.heading("reference")
            )
        )
    gross, fee, net = _amounts(line, kind, mapping)
    name = f"{line.text('first_name')} {line.text('name')}".strip()
    return PlatformRow(
        line=line.number,
        kind=kind,
        reference=reference,
        currency=line.text("currency").upper() or mapping.currency,
        gross=gross,
        fee=fee,
        net=net,
        paid=line.day("paid"),
        payment=line.text("payment") or reference,
        payout=line.text("payout"),
        settled=line.day_or_none("settled"),
        name=name,
        email=line.text("email"),
        account=line.text("account").replace(" ", "").upper(),
        address=", ".join(part for part in map(line.text, ("street", "postcode", "city", "country")) if part),
        communication=line.text("communication"),
        donor=line.text("donor"),
        campaign=line.text("campaign") or mapping.campaign,
        recurring=line.text("recurring").casefold() not in _FALSE,
        certificate_elsewhere=mapping.certificate_elsewhere,
        why=why,
        listed=_listed(line, kind, mapping),
        returned=line.day_or_none("returned"),
        refunded=abs(_amount(line, "refunded", mapping)),
    )


def _kind(line: ReportLine, mapping: DeclaredSource) -> tuple[PlatformEvent, str]:
    if line.text("test").casefold() not in _FALSE:
        return PlatformEvent.TEST, N_("test")
    if "kind" not in mapping.columns:
        return PlatformEvent.GIFT, ""
    written = line.text("kind")
    kind = mapping.kinds.get(fold(written))
    if kind is None:
        line.error(
            _(
                "`{column}` holds a value that `kinds` of this source does not list; add to obole.toml what it "
                "means (gift, refund, pending, void ...)"
            ).format(column=line.heading("kind"))
        )
        return PlatformEvent.VOID, ""
    return kind, written[:40].casefold()


def _amount(line: ReportLine, name: str, mapping: DeclaredSource) -> int:
    if not mapping.cents:
        return line.cents(name)
    written = line.text(name)
    if not written:
        return 0
    digits = written.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < len(str(LARGEST))):
        line.error(
            _("`{column}` is not a whole number of cents; correct the export or `unit` in obole.toml").format(
                column=line.heading(name)
            )
        )
        return 0
    return int(written)
