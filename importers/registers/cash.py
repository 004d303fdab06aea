"""The register of cash and cheques: slips of a cash book, cheques received, and the counts that prove a cash book.

A row is a slip (its number within book and year), a cheque (its own number) or a count. Facts: law of 18.9.2017 art. 67
(cash), art. 145/33 CIR 92 (a gift is paid), annex 3 of KB/AR 21.10.2018 (54, 57, 58).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from importers.registers.columns import DIMENSIONS, DONOR, dimensions_in, said_days
from importers.registers.donors import KINDS
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
from ledger.dimensions import NO_KEYS, LineKeys
from ledger.money import to_decimal
from ledger.records import DonorKind


class CashNature(StrEnum):
    """The thing that a row tells: money in, money out, money to or from the bank, a count, a number without money."""

    GIFT = "gift"
    INCOME = "income"
    COST = "cost"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    COUNT = "count"
    SHORTAGE = "shortage"
    SURPLUS = "surplus"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class CashRow:
    """One row. `number` is that of the slip or cheque, without blanks and leading zeros; empty for a count only.

    `day` is the day of the cash, or on which the cheque came; `bank` the drawer's; `credited`, `unpaid` what our bank
    did with the cheque, `charge` what it took with an unpaid one in the same line.
    """

    day: date
    book: str
    number: str
    nature: CashNature
    cheque: bool
    donor: str | None
    donor_kind: DonorKind | None
    cents: int
    account: str
    text: str
    row: int
    keys: LineKeys = NO_KEYS
    bank: str = ""
    presented: date | None = None
    credited: date | None = None
    unpaid: date | None = None
    reason: str = ""
    charge: int = 0

    @property
    def series(self) -> tuple[str, int]:
        """Return the book and year whose slips are numbered through."""
        return self.book, self.day.year

    @property
    def reference(self) -> str:
        """Return by what the row is known: `CASH-2025-12`, `SHOP-2025-12`, `CHQ-1234567`."""
        return f"{CHEQUE}-{self.number}" if self.cheque else f"{slips_of(*self.series)}{self.number}"


CashFile = RegisterFile[CashRow]

# What references begin with: of a cheque, and of a slip of the cash book that has no name.
CHEQUE, _UNNAMED = "CHQ", "CASH"

# Natures that a cheque may have, those without money, and those whose money stands on an account that a row may name.
_OF_CHEQUE = (CashNature.GIFT, CashNature.INCOME, CashNature.VOID)
_WITH_ACCOUNT = (CashNature.INCOME, CashNature.COST, CashNature.SHORTAGE, CashNature.SURPLUS)
_OF_DONOR = (CashNature.GIFT, CashNature.INCOME)

COLUMNS = (
    SheetColumn("date", "date", "datum", "datum", required=True),
    SheetColumn("book", "caisse", "kasboek", "kassenbuch"),
    SheetColumn("number", "numéro", "nummer", "nummer", present=True),
    SheetColumn("nature", "nature", "aard", "vorgang", required=True),
    SheetColumn("means", "moyen", "betaalwijze", "zahlungsmittel"),
    DONOR,
    SheetColumn("donor_kind", "type_donateur", "soort_schenker", "art_des_spenders"),
    SheetColumn("amount", "montant", "bedrag", "betrag", present=True, amount=True),
    SheetColumn("currency", "devise", "munt", "währung"),
    SheetColumn("account", "compte", "rekening", "konto"),
    SheetColumn("text", "libellé", "omschrijving", "buchungstext"),
    *DIMENSIONS,
    SheetColumn("drawer_bank", "banque_du_tireur", "bank_van_de_trekker", "bank_des_ausstellers"),
    SheetColumn("presented", "présenté_le", "aangeboden_op", "vorgelegt_am"),
    SheetColumn("credited", "crédité_le", "gecrediteerd_op", "gutgeschrieben_am"),
    SheetColumn("unpaid", "impayé_le", "onbetaald_op", "unbezahlt_am"),
    SheetColumn("reason", "motif", "reden", "grund"),
    SheetColumn("charge", "frais", "kosten", "gebühr", amount=True),
)

_ONLY_CHEQUES = ("drawer_bank", "presented", "credited", "unpaid", "reason", "charge")

_OWN = tuple(tuple(column for column in COLUMNS if column.name == name) for name in ("number", "nature", "amount"))

NATURES = Vocabulary(
    {
        "gift": ("don", "gift", "spende"),
        "income": ("recette", "ontvangst", "einnahme"),
        "cost": ("dépense", "uitgave", "ausgabe"),
        "deposit": ("versement", "storting", "einzahlung"),
        "withdrawal": ("retrait", "opname", "abhebung"),
        "count": ("comptage", "telling", "zählung"),
        "shortage": ("manquant", "tekort", "fehlbetrag"),
        "surplus": ("excédent", "overschot", "überschuss"),
        "void": ("annulé", "geannuleerd", "storniert"),
    }
)

MEANS = Vocabulary(
    {
        "cash": ("espèces", "contant", "bar"),
        "cheque": ("chèque", "cheque", "scheck"),
    }
)

_SAID = {
    CashNature.GIFT: N_("gifts"),
    CashNature.INCOME: N_("other income"),
    CashNature.COST: N_("costs"),
    CashNature.DEPOSIT: N_("deposited at the bank"),
    CashNature.WITHDRAWAL: N_("drawn from the bank"),
    CashNature.SHORTAGE: N_("missing at a count"),
    CashNature.SURPLUS: N_("too much at a count"),
}

_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9./_-]{0,34}")  # as long as a reference of a bank may be (ISO 20022: Max35Text)
_BOOK = re.compile(r"[A-Z0-9][A-Z0-9._]{0,19}")
_LAST_DIGITS = re.compile(r"([0-9]+)(?=[^0-9]*$)")


def identify(path: Path) -> bool:
    """Return whether a file is a register of cash and cheques, by its headings."""
    return has_columns(path, *_OWN)


def read(path: Path) -> CashFile:
    """Return the slips, cheques and counts of a register in the order of the file, with its faults."""
    table = SheetTable(read_sheet(path, score=of_columns(COLUMNS)), COLUMNS)
    return table.file(_rows(table))


def describe(file: CashFile) -> list[tuple[str, str]]:
    """Return what the register holds: slips, cheques and counts, their days, the sum of each nature."""
    rows = file.rows
    counts = sum(row.nature is CashNature.COUNT for row in rows)
    cheques = sum(row.cheque for row in rows)
    told = [(_("slips"), str(len(rows) - counts - cheques)), (_("cheques"), str(cheques)), (_("counts"), str(counts))]
    if rows:
        told.append((_("dated"), said_days(row.day for row in rows)))
    for nature, label in _SAID.items():
        cents = sum(row.cents for row in rows if row.nature is nature)
        if cents:
            told.append((_(label), str(to_decimal(cents))))
    return told


def slips_of(book: str, year: int) -> str:
    """Return what the references of the slips of a book and year begin with."""
    return f"{book or _UNNAMED}-{year}-"


def number_in(text: str) -> int:
    """Return the number at the end of a slip's number, by which slips follow each other: `A-012` is 12."""
    found = _LAST_DIGITS.search(text)
    return int(found[1]) if found else 0


def _rows(table: SheetTable) -> Iterator[CashRow]:
    seen: dict[str, int] = {}
    for row in table:
        slip = _slip(row)
        if row.sound and slip.number:
            first = seen.setdefault(slip.reference, row.number)
            if first != row.number:
                _twice(row, slip, first)
        if row.sound:
            yield slip


def _twice(row: SheetRow, slip: CashRow, first: int) -> None:
    if slip.cheque:
        message = _(
            "column `{column}` is the cheque of row {row} again; if it is another one, or the same presented anew, "
            "write something behind its number, such as {number}-2"
        )
        row.error("number", message, row=first, number=slip.number)
        return
    row.error("number", _("column `{column}` is that of row {row} again; give each slip its own"), row=first)


def _slip(row: SheetRow) -> CashRow:
    nature = CashNature(row.choice("nature", NATURES, "gift"))
    cheque = row.choice("means", MEANS, "cash") == "cheque"
    counted = nature is CashNature.COUNT
    kind = row.choice("donor_kind", KINDS, "")
    if nature is CashNature.VOID or (counted and row.filled("amount")):
        cents = row.cents("amount")
    else:
        cents = row.positive("amount")
        if row.sound and not row.filled("amount"):
            row.error("amount", _("column `{column}` is empty; fill it in"))
    slip = CashRow(
        day=row.day("date"),
        book=_book(row),
        number=_number(row, needed=not counted),
        nature=nature,
        cheque=cheque,
        donor=row.key(DONOR.name),
        donor_kind=DonorKind(kind) if kind else None,
        cents=cents,
        account=row.account("account"),
        text=row.text("text"),
        row=row.number,
        keys=dimensions_in(row),
        bank=row.text("drawer_bank"),
        presented=row.day_or_none("presented"),
        credited=row.day_or_none("credited"),
        unpaid=row.day_or_none("unpaid"),
        reason=row.text("reason"),
        charge=row.positive("charge") if row.filled("charge") else 0,
    )
    if row.sound:
        _check_money(row, slip)
    if row.sound:
        (_check_cheque if cheque else _check_cash)(row, slip)
    return slip


def _book(row: SheetRow) -> str:
    book = row.code("book").upper()
    if book and not _BOOK.fullmatch(book):
        message = _("column `{column}` is not the name of a cash book: letters, digits, points, at most 20; correct it")
        row.error("book", message)
    elif book == CHEQUE:
        row.error(
            "book",
            _("column `{column}` may not be {book}, by which cheques are known; choose another name"),
            book=CHEQUE,
        )
    return "" if book == _UNNAMED else book


def _number(row: SheetRow, *, needed: bool) -> str:
    """Return the number of a slip or cheque as it is compared: capitals, no blanks, no zeros before the last digits."""
    number = "".join(row.code("number").upper().split())
    if not number:
        if needed and row.sound:
            row.error("number", _("column `{column}` is empty; write the number of the slip or cheque"))
        return ""
    if not _NUMBER.fullmatch(number) or not _LAST_DIGITS.search(number):
        message = _("column `{column}` is no number of a slip or cheque: digits, with letters, points or hyphens")
        row.error("number", message)
        return ""
    return _LAST_DIGITS.sub(lambda found: str(int(found[1])), number)


def _check_money(row: SheetRow, slip: CashRow) -> None:
    """Check currency, account and donor against the nature of a row."""
    currency = row.text("currency").upper()
    nature = slip.nature
    if currency not in ("", "EUR", "€"):
        message = _(
            "column `{column}` is {currency}: a cash book is in euro; enter what the bank paid for it, in euro, on the "
            "day it was changed"
        )
        row.error("currency", message, currency=currency)
    if nature in (CashNature.INCOME, CashNature.COST) and not slip.account:
        row.error("account", _("column `{column}` is empty; write the account of the income or cost"))
    elif slip.account and nature not in _WITH_ACCOUNT:
        message = _("column `{column}` is filled, but the settings say where this row belongs; empty it")
        row.error("account", message)
    if slip.donor and nature not in _OF_DONOR:
        row.error("donor", _("column `{column}` is filled, but the row is no gift; empty it"))
    elif slip.donor_kind is not None and not slip.donor:
        message = _("column `{column}` is empty, but the row says what kind of donor it is; write the key of the donor")
        row.error("donor", message)


def _check_cash(row: SheetRow, slip: CashRow) -> None:
    for name in _ONLY_CHEQUES:
        if row.filled(name):
            row.error(name, _("column `{column}` is for cheques; empty it, or write `cheque` as the means"))
    if slip.nature is CashNature.COUNT and slip.cents < 0:
        row.error("amount", _("column `{column}` is negative; write what was counted"))


def _check_cheque(row: SheetRow, slip: CashRow) -> None:
    if slip.nature not in _OF_CHEQUE:
        message = _("column `{column}` does not suit a cheque, which is a gift, income or void; correct it")
        row.error("nature", message)
    elif not slip.bank and slip.nature is not CashNature.VOID:
        row.error("drawer_bank", _("column `{column}` is empty; write the bank of the one who drew the cheque"))
    days = {"presented": slip.presented, "credited": slip.credited, "unpaid": slip.unpaid}
    last, before = slip.day, "date"
    for name, day in days.items():
        if day is not None and day < last:
            row.error(name, _("column `{column}` lies before `{other}`; correct one of the two"), other=before)
        elif day is not None:
            last, before = day, name
    if slip.unpaid is None and (slip.charge or slip.reason):
        row.error(
            "unpaid", _("column `{column}` is empty, but a reason or charge is given; write the day, or empty them")
        )
