"""The general journal: payroll, purchases, opening balances, depreciation, closing entries, as balanced entries.

Rows with the same document and date are one entry; an entry that does not balance to the cent refuses the file.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from importers.registers.columns import (
    DIMENSIONS,
    DONOR,
    PARTY,
    REFUND_OF,
    dimensions_in,
    gift_in,
    party_in,
    said_days,
)
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
from ledger.dimensions import NO_KEYS, LineKeys
from ledger.money import to_decimal


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line of an entry: `cents` positive on the debit side, negative on the credit side; `row` in the file.

    `keys` are its project, department, fund and third party; `donor` whose it is on a gift account, None for nobody.
    `refund_of` is the gift, by document and line, that it pays back.
    """

    account: str
    cents: int
    text: str
    row: int
    keys: LineKeys = NO_KEYS
    donor: str | None = None
    refund_of: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One balanced entry, its lines in the order of the file."""

    day: date
    document: str
    lines: tuple[JournalLine, ...]


JournalFile = RegisterFile[JournalEntry]


COLUMNS = (
    SheetColumn("date", "date", "datum", "datum", required=True),
    SheetColumn("account", "compte", "rekening", "konto", required=True),
    SheetColumn("debit", "débit", "debet", "soll", present=True, amount=True),
    SheetColumn("credit", "crédit", "credit", "haben", present=True, amount=True),
    SheetColumn("text", "libellé", "omschrijving", "buchungstext"),
    SheetColumn("document", "pièce", "stuk", "beleg", required=True),
    PARTY,
    DONOR,
    *DIMENSIONS,
    REFUND_OF,
)


def identify(path: Path) -> bool:
    """Return whether a file is a general journal, by its headings."""
    return has_columns(path, COLUMNS[2:4], COLUMNS[1:2])


def read(path: Path) -> JournalFile:
    """Return the entries of a journal in the order of the file, with its faults."""
    table = SheetTable(read_sheet(path, score=of_columns(COLUMNS)), COLUMNS)
    entries: dict[tuple[str, date], list[JournalLine]] = {}
    unsound: set[str] = set()
    for row in table:
        document, day, line = row.code("document"), row.day("date"), _line(row)
        if row.sound:
            entries.setdefault((document, day), []).append(line)
        else:
            unsound.add(document)
    for (document, day), lines in entries.items():
        # The rest of an entry with a faulty row would not balance, which says nothing new.
        if document not in unsound:
            _check_balance(table, document, day, lines)
    return table.file(JournalEntry(day, document, tuple(lines)) for (document, day), lines in entries.items())


def describe(file: JournalFile) -> list[tuple[str, str]]:
    """Return what the journal holds: entries, lines, days, total of the debits, accounts."""
    lines = [line for entry in file.rows for line in entry.lines]
    told = [(_("entries"), str(len(file.rows))), (_("lines"), str(len(lines)))]
    if lines:
        told.append((_("dated"), said_days(entry.day for entry in file.rows)))
    debits = sum(line.cents for line in lines if line.cents > 0)
    return [*told, (_("accounts"), str(len({line.account for line in lines}))), (_("debits"), str(to_decimal(debits)))]


def _line(row: SheetRow) -> JournalLine:
    sides = {side: row.cents(side) for side in ("debit", "credit")}
    if sides["debit"] < 0:
        row.error("debit", _("column `{column}` is negative; write the amount without its sign as credit"))
    if sides["credit"] < 0:
        row.error("credit", _("column `{column}` is negative; write the amount without its sign as debit"))
    if row.sound and sides["debit"] and sides["credit"]:
        row.error("credit", _("column `{column}` is filled and so is the debit; write the two sides on two rows"))
    if row.sound and not (sides["debit"] or sides["credit"]):
        row.error("debit", _("column `{column}` and the credit are both empty or zero; write the amount on one side"))
    keys = dimensions_in(row)._replace(party=party_in(row))
    cents, donor = sides["debit"] - sides["credit"], row.key(DONOR.name)
    return JournalLine(row.account("account"), cents, row.text("text"), row.number, keys, donor, gift_in(row))


def _check_balance(table: SheetTable, document: str, day: date, lines: list[JournalLine]) -> None:
    difference = sum(line.cents for line in lines)
    if difference > 0:
        message = _(
            "document {document} of {day} (rows {rows}) does not balance: its debits are {difference} higher; "
            "correct an amount, or the document or date of a row"
        )
    elif difference < 0:
        message = _(
            "document {document} of {day} (rows {rows}) does not balance: its credits are {difference} higher; "
            "correct an amount, or the document or date of a row"
        )
    else:
        return
    rows = _ranges([line.row for line in lines])
    table.error(
        message.format(document=document, day=day, rows=rows, difference=to_decimal(abs(difference))), lines[0].row
    )


def _ranges(numbers: list[int]) -> str:
    """Return row numbers as people write them: 2, 3, 4, 7 -> 2-4, 7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
