"""The register of legacies: a row for each event of a legacy, from its opening to its closing.

The names of testator and notary stand in two columns and go to the vault; `archived` writes the register without them.
What the events post is decided in ledger.legacies.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from importers.registers.columns import DEPARTMENT, DONOR, FUND, PARTY, PROJECT, dimensions_in, party_in, said_days
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
from importers.words import _
from ledger.legacies import LegacyAssetKind, LegacyEvent, LegacyStep, LegacyValue, part_of_whole
from ledger.money import to_decimal
from ledger.passing import passing_folder, writable


@dataclass(frozen=True, slots=True)
class LegacyRow:
    """A row: its event, and of an opening the names that only the vault may hold."""

    event: LegacyEvent
    testator: str = ""
    notary: str = ""

    def __repr__(self) -> str:
        return f"LegacyRow({self.event.reference})"


@dataclass(frozen=True)
class LegaciesFile(RegisterFile[LegacyRow]):
    """The register; `unsound` are the legacies of which a row has an error, "" for one that is not said."""

    unsound: frozenset[str] = frozenset()


COLUMNS = (
    SheetColumn("legacy", "legs", "legaat", "vermächtnis", required=True),
    SheetColumn("event", "événement", "gebeurtenis", "ereignis", required=True),
    SheetColumn("date", "date", "datum", "datum", required=True),
    SheetColumn("testator", "testateur", "erflater", "erblasser"),
    SheetColumn("notary", "notaire", "notaris", "notar"),
    PARTY,
    SheetColumn("deed", "acte", "akte", "urkunde"),
    SheetColumn("share", "quote-part", "aandeel", "anteil"),
    SheetColumn("use", "affectation", "bestemming", "verwendung"),
    SheetColumn("asset", "bien", "goed", "gut", present=True),
    SheetColumn("asset_kind", "type_de_bien", "soort_goed", "art_des_guts"),
    SheetColumn("description", "description", "omschrijving", "beschreibung"),
    SheetColumn("amount", "montant", "bedrag", "betrag", present=True, amount=True),
    SheetColumn("valued_at", "évalué_à", "gewaardeerd_tegen", "bewertet_zu"),
    SheetColumn("account", "compte", "rekening", "konto"),
    SheetColumn("surplus_account", "compte_plus-value", "rekening_meerwaarde", "konto_mehrwert"),
    SheetColumn("authorised", "autorisé_le", "gemachtigd_op", "genehmigt_am"),
    SheetColumn("due", "échéance", "vervaldag", "fällig_am"),
    SheetColumn("line", "ligne", "lijn", "zeile"),
    SheetColumn("document", "pièce", "stuk", "beleg"),
    DONOR,
    PROJECT,
    DEPARTMENT,
    FUND,
)


EVENTS = Vocabulary(
    {
        "opening": ("ouverture", "opening", "eröffnung"),
        "asset": ("bien", "goed", "gut"),
        "acceptance": ("acceptation", "aanvaarding", "annahme"),
        "measured": ("réévaluation", "herwaardering", "neubewertung"),
        "duties": ("droits", "successierechten", "erbschaftsteuer"),
        "charge": ("charge", "last", "auflage"),
        "sale": ("vente", "verkoop", "verkauf"),
        "received": ("reçu", "ontvangen", "erhalten"),
        "paid": ("payé", "betaald", "bezahlt"),
        "closing": ("clôture", "afsluiting", "abschluss"),
    }
)


ASSET_KINDS = Vocabulary(
    {
        "money": ("argent", "geld", "geld"),
        "securities": ("titres", "effecten", "wertpapiere"),
        "real-estate": ("immeuble", "onroerend goed", "immobilie"),
        "goods": ("meubles", "roerend goed", "bewegliches gut"),
    }
)


USES = Vocabulary(
    {
        "current": ("courant", "lopend", "laufend"),
        "durable": ("durable", "duurzaam", "dauerhaft"),
    }
)


VALUES = Vocabulary(
    {
        "market": ("marché", "markt", "markt"),
        "cost": ("coût", "kostprijs", "kosten"),
    }
)


# What a row of each event may say beside its legacy, event and date; what it must say stands in `_NEEDS`.
_ALWAYS = frozenset({"legacy", "event", "date", "document", "party", "project", "department", "fund", "description"})
_TAKES = {
    LegacyStep.OPENING: {"testator", "notary", "deed", "share", "use", "donor"},
    LegacyStep.ASSET: {"asset", "asset_kind", "amount", "share", "valued_at", "account", "surplus_account"},
    LegacyStep.ACCEPTANCE: {"authorised"},
    LegacyStep.MEASURED: {"asset", "amount"},
    LegacyStep.DUTIES: {"asset", "amount", "due"},
    LegacyStep.CHARGE: {"asset", "amount", "due"},
    LegacyStep.SALE: {"asset", "amount"},
    LegacyStep.RECEIVED: {"asset", "amount", "line", "account"},
    LegacyStep.PAID: {"amount", "line", "account"},
    LegacyStep.CLOSING: set[str](),
}
_NEEDS = {
    LegacyStep.ASSET: ("asset", "asset_kind", "amount"),
    LegacyStep.MEASURED: ("asset", "amount"),
    LegacyStep.DUTIES: ("amount",),
    LegacyStep.CHARGE: ("amount",),
    LegacyStep.SALE: ("asset", "amount"),
    LegacyStep.RECEIVED: ("amount",),
    LegacyStep.PAID: ("amount",),
}


_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")


_PLACE = re.compile(r"(.*\S)\s*:\s*([1-9][0-9]{0,8})")


_FRACTION = re.compile(r"([0-9]{1,9}) ?/ ?([1-9][0-9]{0,8})")


_PERCENT = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,6}))? ?%")


_DECIMAL = re.compile(r"([01])(?:[.,]([0-9]{1,9}))?")


def identify(path: Path) -> bool:
    """Return whether a file is a register of legacies, by its headings."""
    return has_columns(path, COLUMNS[:1], COLUMNS[1:2])


def read(path: Path) -> LegaciesFile:
    """Return the events of a register in the order of the file, with its faults."""
    table = SheetTable(read_sheet(path, score=of_columns(COLUMNS)), COLUMNS)
    unsound: set[str] = set()
    file = table.file(_rows(table, unsound))
    return LegaciesFile(file.rows, file.faults, file.digest, file.columns, frozenset(unsound))


def describe(file: LegaciesFile) -> list[tuple[str, str]]:
    """Return what the register holds: legacies, events, days, the sums of assets, duties and what came."""
    events = [row.event for row in file.rows]
    told = [(_("legacies"), str(len({one.legacy for one in events}))), (_("events"), str(len(events)))]
    if events:
        told.append((_("dated"), said_days(one.day for one in events)))
    shares = {one.legacy: one.share for one in events if one.kind is LegacyStep.OPENING}
    assets = [one for one in events if one.kind is LegacyStep.ASSET]
    ours = sum(part_of_whole(one.cents, one.share or shares.get(one.legacy) or Fraction(1)) for one in assets)
    told.append((_("estimated, our share"), str(to_decimal(ours))))
    for kind, label in ((LegacyStep.DUTIES, _("inheritance duties")), (LegacyStep.RECEIVED, _("sums received"))):
        cents = sum(one.cents for one in events if one.kind is kind)
        if cents:
            told.append((label, str(to_decimal(cents))))
    return told


def archived(rows: Iterable[LegacyRow]) -> bytes:
    """Return the register as a CSV without the two names, each event in the row it stood in."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    names = [column.name for column in COLUMNS if column.name not in ("testator", "notary")]
    writer.writerow(names)
    last = 1
    for row in rows:
        event = row.event
        out.write("\n" * (event.row - last - 1))
        last = event.row
        told = _written(event)
        writer.writerow([told.get(name, "") for name in names])
    return out.getvalue().encode()


def unarchived(content: bytes) -> tuple[LegacyRow, ...]:
    """Return the rows of a register that `archived` wrote, where it stands in no file."""
    with passing_folder(writable(None)) as folder:
        path = folder / "legacies.csv"
        path.write_bytes(content)
        return read(path).rows


def _written(event: LegacyEvent) -> dict[str, str]:
    """Return the cells of an event by column."""
    return {
        "legacy": event.legacy,
        "event": event.kind.value,
        "date": event.day.isoformat(),
        "party": event.keys.party or "",
        "deed": event.deed,
        "share": f"{event.share.numerator}/{event.share.denominator}" if event.share else "",
        "use": "durable" if event.durable else "",
        "asset": event.asset,
        "asset_kind": event.asset_kind.value if event.asset_kind else "",
        "description": event.description,
        "amount": f"{to_decimal(event.cents)}" if "amount" in _TAKES[event.kind] else "",
        "valued_at": event.value.value if event.value else "",
        "account": event.account,
        "surplus_account": event.surplus_account,
        "authorised": event.authorised.isoformat() if event.authorised else "",
        "due": event.due.isoformat() if event.due else "",
        "line": f"{event.line[0]}:{event.line[1]}" if event.line else "",
        "document": event.document,
        "donor": event.donor or "",
        "project": event.keys.project or "",
        "department": event.keys.department or "",
        "fund": event.keys.fund or "",
    }


def _rows(table: SheetTable, unsound: set[str]) -> Iterator[LegacyRow]:
    seen: dict[tuple[str, object], int] = {}
    for row in table:
        found = _row(row)
        event = found.event
        if row.sound:
            first = seen.setdefault((event.reference, event.day), row.number)
            if first != row.number:
                message = _(
                    "column `{column}` says what row {row} says of that day; if both are right, tell them apart by "
                    "`document`, else leave one out"
                )
                row.error("event", message, row=first)
        if row.sound:
            yield found
        else:
            unsound.add(event.legacy)


def _row(row: SheetRow) -> LegacyRow:
    kind = LegacyStep(row.choice("event", EVENTS, "opening"))
    _check_filled(row, kind)
    asset_kind = row.choice("asset_kind", ASSET_KINDS, "")
    value = row.choice("valued_at", VALUES, "")
    measured = kind is LegacyStep.MEASURED
    event = LegacyEvent(
        legacy=_key(row, "legacy"),
        kind=kind,
        day=row.day("date"),
        row=row.number,
        cents=_amount(row, may_be_nil=measured) if "amount" in _TAKES[kind] else 0,
        asset=_key(row, "asset"),
        asset_kind=LegacyAssetKind(asset_kind) if asset_kind else None,
        description=row.text("description"),
        account=row.account("account"),
        surplus_account=row.account("surplus_account"),
        value=LegacyValue(value) if value else None,
        share=_share(row),
        durable=row.choice("use", USES, "current") == "durable",
        authorised=row.day_or_none("authorised"),
        due=row.day_or_none("due"),
        line=_line(row),
        deed=row.text("deed"),
        donor=row.key("donor"),
        document=row.code("document"),
        keys=dimensions_in(row)._replace(party=party_in(row)),
    )
    if row.sound and kind in (LegacyStep.RECEIVED, LegacyStep.PAID) and bool(event.line) == bool(event.account):
        message = _(
            "column `{column}` and the account are both empty or both filled; write the bank line on suspense (as "
            "`obole match` names it: coda-current-2025-073:3), or the account the sum is on where it is no bank's"
        )
        row.error("line", message)
    for name in ("surplus_account", "valued_at", "account") if asset_kind == LegacyAssetKind.MONEY else ():
        if row.filled(name):
            row.error(name, _("column `{column}` is for goods; a sum of money has none, empty it"))
    return LegacyRow(event, row.text("testator"), row.text("notary"))


def _check_filled(row: SheetRow, kind: LegacyStep) -> None:
    """Refuse what a row of this event cannot say, and say what it lacks."""
    for column in COLUMNS:
        if column.name in _ALWAYS:
            continue
        if column.name in _TAKES[kind]:
            if column.name in _NEEDS.get(kind, ()) and not row.filled(column.name):
                row.error(column.name, _("column `{column}` is empty; a row `{event}` needs it"), event=kind.value)
        elif row.filled(column.name):
            row.error(column.name, _("column `{column}` says nothing in a row `{event}`; empty it"), event=kind.value)


def _amount(row: SheetRow, *, may_be_nil: bool) -> int:
    if not row.filled("amount"):
        return 0  # told
    if not may_be_nil:
        return row.positive("amount")
    cents = row.cents("amount")
    if cents < 0:
        row.error("amount", _("column `{column}` is below zero; write the whole value that is left, 0 for none"))
    return cents


def _key(row: SheetRow, name: str) -> str:
    key = row.code(name)
    if key and not _KEY.fullmatch(key):
        row.error(
            name,
            _(
                "column `{column}` is not a key: letters, digits and . - _ / without blanks, such as L-2025-01; never "
                "the name of a person"
            ),
        )
    return key


def _share(row: SheetRow) -> Fraction | None:
    """Return a share as a fraction, None where the cell is empty."""
    text = row.text("share")
    if not text:
        return None
    found: Fraction | None = None
    if match := _FRACTION.fullmatch(text):
        found = Fraction(int(match[1]), int(match[2]))
    elif match := _PERCENT.fullmatch(text) or _DECIMAL.fullmatch(text):
        digits = match[2] or ""
        found = Fraction(int(match[1] + digits), 10 ** len(digits)) / (100 if text.endswith("%") else 1)
    if found is None or not 0 < found <= 1:
        row.error(
            "share",
            _("column `{column}` is no share of one; write 1/4 (the cell formatted as text), 25 % or 0.25"),
        )
        return None
    return found


def _line(row: SheetRow) -> tuple[str, int] | None:
    text = row.code("line")
    if not text:
        return None
    found = _PLACE.fullmatch(text)
    if found is None:
        row.error(
            "line",
            _("column `{column}` names no bank line; write its document and position, such as coda-current-2025-073:3"),
        )
        return None
    return found[1], int(found[2])
