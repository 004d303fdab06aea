"""The register of gifts in kind: goods, services, premises and equipment, with what proves their value.

Facts: KB/AR 29.4.2019 art. 3:160 and CBN/CNC 2010/17; a gift in kind gives no tax receipt, so a donor may be absent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path

from importers.registers.columns import DEPARTMENT, FUND, PROJECT, said_days
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
from ledger.money import to_decimal
from ledger.records import Nature


class Valuation(StrEnum):
    """The source of the value."""

    INVOICE = "invoice"
    MARKET = "market"
    CATALOGUE = "catalogue"
    APPRAISAL = "appraisal"
    BOOK_VALUE = "book-value"
    USE_VALUE = "use-value"


@dataclass(frozen=True, slots=True)
class InKindRow:
    """One gift in kind. Where `quantity` and `unit_cents` are both given, their product is `cents`."""

    reference: str
    day: date
    donor: str | None
    category: Nature
    description: str
    quantity: Decimal | None
    unit_cents: int | None
    cents: int
    valuation: Valuation
    valued_on: date | None
    evidence: str
    account: str
    fund: str | None
    project: str | None
    row: int
    department: str | None = None


InKindFile = RegisterFile[InKindRow]


COLUMNS = (
    SheetColumn("reference", "référence", "referentie", "referenz", required=True),
    SheetColumn("date", "date", "datum", "datum", required=True),
    SheetColumn("donor", "donateur", "schenker", "spender"),
    SheetColumn("category", "catégorie", "categorie", "kategorie", required=True),
    SheetColumn("description", "description", "omschrijving", "beschreibung", required=True),
    SheetColumn("quantity", "quantité", "hoeveelheid", "menge", amount=True),
    SheetColumn("unit_value", "valeur_unitaire", "eenheidswaarde", "einzelwert", amount=True),
    SheetColumn("value", "valeur", "waarde", "wert", required=True, amount=True),
    SheetColumn("valuation", "valorisation", "waardering", "bewertung", required=True),
    SheetColumn("valued_on", "valorisé_le", "gewaardeerd_op", "bewertet_am"),
    SheetColumn("evidence", "preuve", "bewijs", "nachweis", required=True),
    SheetColumn("account", "compte", "rekening", "konto", required=True),
    FUND,
    PROJECT,
    DEPARTMENT,
)


_OWN = tuple(column for column in COLUMNS if column.name in ("category", "valuation", "unit_value"))


CATEGORIES = Vocabulary(
    {
        "goods": ("biens", "goederen", "güter"),
        "services": ("services", "diensten", "dienstleistungen"),
        "premises": ("locaux", "lokalen", "räume"),
        "equipment": ("équipement", "uitrusting", "ausstattung"),
    }
)


_SAID = {
    "goods": N_("goods"),
    "services": N_("services"),
    "premises": N_("premises"),
    "equipment": N_("equipment"),
}


VALUATIONS = Vocabulary(
    {
        "invoice": ("facture", "factuur", "rechnung"),
        "market": ("marché", "markt", "marktwert"),
        "catalogue": ("catalogue", "catalogus", "katalog"),
        "appraisal": ("expertise", "schatting", "gutachten"),
        "book-value": ("valeur comptable", "boekwaarde", "buchwert"),
        "use-value": ("valeur d'usage", "gebruikswaarde", "nutzungswert", "valeur d’usage"),
    }
)


def identify(path: Path) -> bool:
    """Return whether a file is a register of gifts in kind, by its headings."""
    return has_columns(path, COLUMNS[:1], _OWN)


def read(path: Path) -> InKindFile:
    """Return the gifts in kind of a register, with its faults."""
    table = SheetTable(read_sheet(path, score=of_columns(COLUMNS)), COLUMNS)
    return table.file(_rows(table))


def describe(file: InKindFile) -> list[tuple[str, str]]:
    """Return what the register holds: the gifts, the days they came, the value of each category."""
    rows = file.rows
    told = [(_("gifts in kind"), str(len(rows)))]
    if rows:
        told.append((_("received"), said_days(row.day for row in rows)))
    for category in dict.fromkeys(CATEGORIES.values()):
        cents = sum(row.cents for row in rows if row.category == category)
        if cents:
            told.append((_(_SAID[category]), str(to_decimal(cents))))
    return [*told, (_("value"), str(to_decimal(sum(row.cents for row in rows))))]


def _rows(table: SheetTable) -> Iterator[InKindRow]:
    seen: dict[str, int] = {}
    for row in table:
        gift = _gift(row)
        first = seen.setdefault(gift.reference, row.number) if gift.reference else row.number
        if first != row.number:
            row.error("reference", _("column `{column}` is that of row {row} again; give each gift its own"), row=first)
        if row.sound:
            yield gift


def _gift(row: SheetRow) -> InKindRow:
    cents = row.positive("value")
    quantity = row.number_or_none("quantity")
    unit_cents = row.positive("unit_value") if row.filled("unit_value") else None
    if row.sound and quantity is not None and unit_cents is not None:
        _check_product(row, quantity, unit_cents, cents)
    elif row.sound and unit_cents is not None:
        row.error("quantity", _("column `{column}` is empty while there is a unit value; give both or neither"))
    return InKindRow(
        reference=row.code("reference"),
        day=row.day("date"),
        donor=row.key("donor"),
        category=Nature(row.choice("category", CATEGORIES, "goods")),
        description=row.text("description"),
        quantity=quantity,
        unit_cents=unit_cents,
        cents=cents,
        valuation=Valuation(row.choice("valuation", VALUATIONS, "market")),
        valued_on=row.day_or_none("valued_on"),
        evidence=row.text("evidence"),
        account=row.account("account"),
        fund=row.code("fund") or None,
        project=row.code("project") or None,
        row=row.number,
        department=row.code("department") or None,
    )


def _check_product(row: SheetRow, quantity: Decimal, unit_cents: int, cents: int) -> None:
    product = int((quantity * unit_cents).to_integral_value(ROUND_HALF_UP))
    if quantity <= 0:
        row.error("quantity", _("column `{column}` must be above zero; correct it"))
    elif product != cents:
        row.error(
            "value",
            _("column `{column}` is {amount} but quantity times unit value is {product}; correct one of the three"),
            amount=to_decimal(cents),
            product=to_decimal(product),
        )
