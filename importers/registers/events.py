"""The register of fundraising events: tickets, gifts, sponsoring, sales and costs of a gala, run, raffle or concert.

A ticket is consideration and gives no receipt, nor does what is paid above it in the same payment (art. 145/33 CIR 92;
"not even partly" for goods or services); sponsoring is a service, with VAT. `amount` is what is paid, VAT in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP
from enum import StrEnum
from pathlib import Path

from importers.registers.columns import DEPARTMENT, DONOR, FUND, PARTY, party_in, said_days
from importers.sheets.cells import Vocabulary
from importers.sheets.tabular import (
    RegisterFile,
    SheetColumn,
    SheetRow,
    SheetTable,
    has_columns,
    of_columns,
    read_sheet,
)
from importers.words import N_, _
from ledger.dimensions import LineKeys
from ledger.money import to_decimal

_HUNDRED = 100
_ROUNDED = 1  # a cent more or less: an invoice rounds its VAT line by line or at the end


class EventKind(StrEnum):
    """The kind of a row."""

    TICKET = "ticket"
    GIFT = "gift"
    SPONSORING = "sponsoring"
    SALE = "sale"
    COST = "cost"


class PaidBy(StrEnum):
    """The way a row is paid: by a later line of the bank, in cash, on an invoice to a third party, by a platform."""

    BANK = "bank"
    CASH = "cash"
    INVOICE = "invoice"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row: `cents` as paid, negative for a refund or credit note, `vat` the part of it that is VAT.

    `held` is the day of the event. `paid_with` is the reference of the row that was paid in one payment with it, and
    `mixed` says of a gift that something was bought with that payment.
    """

    reference: str
    event: str
    name: str
    held: date
    kind: EventKind
    day: date
    cents: int
    vat: int
    paid: PaidBy
    row: int
    donor: str | None = None
    party: str | None = None
    description: str = ""
    account: str = ""
    platform: str = ""
    paid_with: str = ""
    mixed: bool = False
    taxed: bool = False
    department: str | None = None
    fund: str | None = None

    @property
    def payment(self) -> str:
        """Return the reference by which its payment is known: its own, or that of the row it was paid with."""
        return self.paid_with or self.reference

    @property
    def keys(self) -> LineKeys:
        """Return what its lines carry: the event is their project."""
        return LineKeys(self.event, self.department, self.fund)


EventsFile = RegisterFile[EventRow]


COLUMNS = (
    SheetColumn("reference", "référence", "referentie", "referenz", required=True),
    SheetColumn("event", "événement", "evenement", "veranstaltung", required=True),
    SheetColumn("event_name", "nom_événement", "naam_evenement", "name_veranstaltung", present=True),
    SheetColumn("event_date", "date_événement", "datum_evenement", "datum_veranstaltung", present=True),
    SheetColumn("kind", "type", "soort", "art", required=True),
    SheetColumn("date", "date", "datum", "datum", required=True),
    DONOR,
    PARTY,
    SheetColumn("description", "description", "omschrijving", "beschreibung"),
    SheetColumn("quantity", "quantité", "hoeveelheid", "menge", amount=True),
    SheetColumn("unit_price", "prix_unitaire", "eenheidsprijs", "einzelpreis", amount=True),
    SheetColumn("amount", "montant", "bedrag", "betrag", required=True, amount=True),
    SheetColumn("vat_rate", "taux_tva", "btw_tarief", "mwst_satz", amount=True),
    SheetColumn("vat", "tva", "btw", "mwst", amount=True),
    SheetColumn("account", "compte", "rekening", "konto"),
    SheetColumn("paid", "paiement", "betaling", "zahlung", required=True),
    SheetColumn("platform", "plateforme", "platform", "plattform"),
    SheetColumn("paid_with", "payé_avec", "betaald_met", "bezahlt_mit"),
    FUND,
    DEPARTMENT,
)


_OWN = (("event",), ("kind",), ("paid",))


KINDS = Vocabulary(
    {
        "ticket": (
            "billet",
            "ticket",
            "eintritt",
            "tickets",
            "billets",
            "eintrittskarte",
            "raffle",
            "tombola",
            "lot",
            "los",
            "lose",
        ),
        "gift": ("don", "gift", "spende"),
        "sponsoring": ("parrainage", "sponsoring", "sponsoring"),
        "sale": ("vente", "verkoop", "verkauf", "auction", "enchère", "veiling", "auktion"),
        "cost": ("frais", "kosten", "kosten", "coût", "kost"),
    }
)


WAYS = Vocabulary(
    {
        "bank": ("banque", "bank", "bank", "virement", "overschrijving", "überweisung"),
        "cash": ("espèces", "contant", "bar", "caisse", "kas", "kasse"),
        "invoice": ("facture", "factuur", "rechnung"),
        "platform": ("plateforme", "platform", "plattform"),
    }
)


_SAID = {
    EventKind.GIFT: N_("gifts"),
    EventKind.TICKET: N_("tickets"),
    EventKind.SPONSORING: N_("sponsoring"),
    EventKind.SALE: N_("sales"),
    EventKind.COST: N_("costs"),
}


def identify(path: Path) -> bool:
    """Return whether a file is a register of events, by its headings."""
    return has_columns(path, *([column for column in COLUMNS if column.name in names] for names in _OWN))


def read(path: Path) -> EventsFile:
    """Return the rows of a register of events, with its faults."""
    table = SheetTable(read_sheet(path, score=of_columns(COLUMNS)), COLUMNS)
    rows = [(row, _event_row(row)) for row in table]
    _once(rows)
    _paid_together(rows)
    known = _events(rows)
    sound = [
        replace(one, name=known[one.event][0], held=known[one.event][1])
        for row, one in rows
        if row.sound and one.event in known
    ]
    bought = {one.payment for one in sound if one.kind not in (EventKind.GIFT, EventKind.COST)}
    return table.file(replace(one, mixed=one.payment in bought) if one.kind is EventKind.GIFT else one for one in sound)


def describe(file: EventsFile) -> list[tuple[str, str]]:
    """Return what the register holds: events, rows, their days, the sum of each kind."""
    rows = file.rows
    told = [(_("events"), str(len({row.event for row in rows}))), (_("rows"), str(len(rows)))]
    if rows:
        told.append((_("dated"), said_days(row.day for row in rows)))
    for kind, said in _SAID.items():
        if any(row.kind is kind for row in rows):
            told.append((_(said), str(to_decimal(sum(row.cents for row in rows if row.kind is kind)))))
    return told


def _event_row(row: SheetRow) -> EventRow:
    """Return a row as it stands, not sound where a cell is wrong; name and day of its event may be empty still."""
    kind = EventKind(row.choice("kind", KINDS, EventKind.TICKET))
    cents = row.cents("amount")
    if row.sound and not cents:
        row.error("amount", _("column `{column}` is nil; leave the row out"))
    if row.sound and kind is EventKind.GIFT:
        _check_gift(row, cents)
    elif row.sound:
        _check_product(row, kind, cents)
    vat = _vat(row, kind, cents)
    paid = PaidBy(row.choice("paid", WAYS, PaidBy.BANK))
    found = EventRow(
        reference=row.code("reference"),
        event=row.code("event"),
        name=row.text("event_name"),
        held=row.day_or_none("event_date") or date.min,
        kind=kind,
        day=row.day("date"),
        cents=cents,
        vat=vat,
        paid=paid,
        row=row.number,
        donor=row.key(DONOR.name),
        party=party_in(row),
        description=row.text("description"),
        account=row.account("account"),
        platform=row.code("platform"),
        paid_with=row.code("paid_with"),
        taxed=row.filled("vat") or row.filled("vat_rate"),
        department=row.code("department") or None,
        fund=row.code("fund") or None,
    )
    if row.sound and found.platform and paid is not PaidBy.PLATFORM:
        row.error(
            "platform", _("column `{column}` is filled but the row is not paid by a platform; correct one of both")
        )
    if row.sound and paid is PaidBy.INVOICE and not found.party:
        row.error("party", _("column `{column}` is empty; an invoice needs the key of its third party, such as S0012"))
    return found


def _check_gift(row: SheetRow, cents: int) -> None:
    if cents < 0:
        row.error(
            "amount",
            _(
                "column `{column}` is negative; a gift is paid back by undoing its row (cash) or by `refund_of` in the "
                "sheet of `obole match` (bank)"
            ),
        )
    for name in ("vat", "vat_rate"):
        if row.filled(name) and row.number_or_none(name):
            row.error(name, _("column `{column}` is filled; a gift has no VAT, what has VAT is a sale or sponsoring"))


def _check_product(row: SheetRow, kind: EventKind, cents: int) -> None:
    """Hold quantity times unit price against the amount: what a ticket's payment has above it is no ticket."""
    quantity, unit = row.number_or_none("quantity"), row.number_or_none("unit_price")
    if unit is None or not row.sound:
        return
    if quantity is None:
        row.error("quantity", _("column `{column}` is empty while there is a unit price; give both or neither"))
        return
    product = int((quantity * unit * _HUNDRED).to_integral_value(ROUND_HALF_UP))
    if product == cents:
        return
    if kind is EventKind.TICKET and cents > product > 0:
        row.error(
            "amount",
            _(
                "column `{column}` is {amount} but quantity times unit price is {product}; write what was given above "
                "the price as a row of its own, kind gift, paid_with this row (it is on no receipt either)"
            ),
            amount=to_decimal(cents),
            product=to_decimal(product),
        )
        return
    row.error(
        "amount",
        _("column `{column}` is {amount} but quantity times unit price is {product}; correct one of the three"),
        amount=to_decimal(cents),
        product=to_decimal(product),
    )


def _vat(row: SheetRow, kind: EventKind, cents: int) -> int:
    """Return the VAT in an amount, from the amount of VAT, from its rate, or from both where they agree."""
    if kind is EventKind.GIFT or not row.sound:
        return 0
    rate = row.number_or_none("vat_rate")
    if rate is not None and rate != 0 and not 1 <= rate < _HUNDRED:
        row.error("vat_rate", _("column `{column}` is no rate in percent, 0 or from 1 to 99; write 21 for 21 %"))
    if not row.sound:
        return 0
    computed = 0 if rate is None else int((cents * rate / (_HUNDRED + rate)).to_integral_value(ROUND_HALF_UP))
    if not row.filled("vat"):
        return computed
    vat = row.cents("vat")
    if row.sound and vat and ((vat > 0) != (cents > 0) or abs(vat) >= abs(cents)):
        row.error("vat", _("column `{column}` is not a part of the amount, which is written with its VAT; correct one"))
    elif row.sound and rate is not None and abs(vat - computed) > _ROUNDED:
        row.error(
            "vat",
            _("column `{column}` is {vat} but the rate makes {computed} of the amount; correct one of the three"),
            vat=to_decimal(vat),
            computed=to_decimal(computed),
        )
    return vat


def _once(rows: Sequence[tuple[SheetRow, EventRow]]) -> None:
    """Refuse a reference that another row has."""
    seen: dict[str, int] = {}
    for row, one in rows:
        first = seen.setdefault(one.reference, row.number) if one.reference else row.number
        if first != row.number:
            row.error("reference", _("column `{column}` is that of row {row} again; give each row its own"), row=first)


def _paid_together(rows: Sequence[tuple[SheetRow, EventRow]]) -> None:
    """Refuse a payment in common that leads to no row, or to one that was paid with a third or in another way."""
    heads = {one.reference: one for _row, one in rows}
    unsound = {one.reference for row, one in rows if not row.sound}
    for row, one in rows:
        head = heads.get(one.paid_with)
        if not one.paid_with or not row.sound or one.paid_with in unsound:
            continue
        if head is None or head.paid_with or head.reference == one.reference:
            row.error(
                "paid_with",
                _(
                    "column `{column}` is not the reference of another row of this file that has none itself; write "
                    "that of the first row of the payment"
                ),
            )
        elif (head.paid, head.platform, head.party) != (one.paid, one.platform, one.party):
            row.error(
                "paid_with",
                _("column `{column}` names row {row}, which is paid in another way or by another; correct one of both"),
                row=head.row,
            )


def _events(rows: Sequence[tuple[SheetRow, EventRow]]) -> dict[str, tuple[str, date]]:
    """Return name and day of each event; a row where they differ from an earlier one, or are nowhere, has a fault."""
    names: dict[str, EventRow] = {}
    days: dict[str, EventRow] = {}
    unsound = {one.event for row, one in rows if not row.sound}
    for row, one in rows:
        if one.name and names.setdefault(one.event, one).name != one.name:
            _differs(row, "event_name", names[one.event])
        if one.held != date.min and days.setdefault(one.event, one).held != one.held:
            _differs(row, "event_date", days[one.event])
    for row, one in rows:
        for column, found in (("event_name", names), ("event_date", days)):
            if one.event not in found and one.event not in unsound:
                row.error(
                    column,
                    _("column `{column}` is empty in every row of event {event}; fill it in once"),
                    event=one.event,
                )
    return {event: (names[event].name, days[event].held) for event in names.keys() & days.keys()}


def _differs(row: SheetRow, column: str, first: EventRow) -> None:
    row.error(
        column,
        _("column `{column}` is not that of row {row} for event {event}; an event has one"),
        row=first.row,
        event=first.event,
    )
