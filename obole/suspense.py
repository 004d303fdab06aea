"""The suspense list for the person who decides: each open line, who stands behind it, and which donors it may be."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook

from importers.proposals import Proposal, directory, propose
from ledger import register, vault
from ledger.money import to_decimal
from obole.books import Books

_HEADINGS = (
    *("document", "position", "donor", "account", "date", "reason"),
    *("(booked)", "(amount)", "(from)", "(communication)", "(proposal)", "(score)", "(why)"),
)


_Cell = str | int | float | Decimal


@dataclass(frozen=True, slots=True)
class OpenLine:
    """An open line with what the vault knows of it."""

    item: register.OpenItem
    name: str
    communication: str
    proposals: tuple[Proposal, ...]


def open_lines(books: Books) -> list[OpenLine]:
    """The lines that wait, oldest first, each with at most three proposals."""
    with books.register.connect() as connection:
        items = register.open_items(connection)
    if not items:
        return []
    with books.vault.connect() as connection:
        behind = vault.counterparties(connection)
        donors = directory(vault.find_donors(connection, None))
    lines = []
    for item in items:
        known = behind.get((item.document, item.position))
        name, text = (known.name, known.communication) if known else ("", "")
        lines.append(OpenLine(item, name, text, tuple(propose(name, text, donors)) if item.cents > 0 else ()))
    return lines


def write_sheet(lines: Sequence[OpenLine], path: Path) -> None:
    """The list as a sheet to fill in: donor, account, date, reason are the person's; what is in brackets is to read."""
    rows = [_row(line) for line in lines]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out, delimiter=";")
            writer.writerow(_HEADINGS)
            writer.writerows([_safe(cell) for cell in row] for row in rows)
        return
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("suspense")
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGHIJKLM", (24, 9, 12, 10, 12, 20, 12, 12, 30, 40, 12, 8, 30), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append(_HEADINGS)
    for row in rows:
        sheet.append([_safe(cell) for cell in row])
    workbook.save(path)


def _row(line: OpenLine) -> list[_Cell]:
    best = line.proposals[0] if line.proposals else None
    return [
        line.item.document,
        line.item.position,
        "",
        "",
        "",
        "",
        line.item.booked.isoformat(),
        to_decimal(line.item.cents),
        line.name,
        line.communication,
        best.donor if best else "",
        best.score if best else "",
        ", ".join(best.reasons) if best else "",
    ]


def _safe(cell: _Cell) -> _Cell:
    """A text that a spreadsheet would take for a formula gets an apostrophe: names come from outside."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t")) else cell
