"""The demonstration's journal files: purchases and closing as workbooks, payroll and sales as CSV.

The payroll files have French headings, decimal commas and windows-1252, the others English headings: both are read.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ledger.money import to_decimal
from obole.demo.records import JournalEntryRow
from obole.demo.workbook import Cell, write_workbook

_COLUMNS = ("date", "account", "debit", "credit", "text", "document")
_COLONNES = ("date", "compte", "débit", "crédit", "libellé", "pièce")
_CARRIED = ("party", "department")  # of purchases
_SUPPLIERS = "440"
_MONTHLY = frozenset({"purchases", "payroll"})
_AS_CSV = frozenset({"payroll", "sales"})


def write_journals(folder: Path, year: int, entries: list[JournalEntryRow]) -> Iterator[tuple[Path, int]]:
    """Write one file per book (and month), each with the number of its rows."""
    files: dict[str, list[JournalEntryRow]] = defaultdict(list)
    for entry in entries:
        if sum(cents for _, cents in entry.lines):
            raise ValueError(f"{entry.document} does not balance")
        month = f"-{entry.day:%m}" if entry.book in _MONTHLY else ""
        ending = "csv" if entry.book in _AS_CSV else "xlsx"
        files[f"journal-{entry.book}-{year}{month}.{ending}"].append(entry)
    for name, some in sorted(files.items()):
        some.sort(key=lambda entry: (entry.day, entry.document))
        path = folder / name
        if path.suffix == ".csv":
            yield path, _write_csv(path, some)
        else:
            more = _CARRIED if name.startswith("journal-purchases") else ()
            rows = (row if more else row[: len(_COLUMNS)] for row in _rows(some))
            yield path, write_workbook(path, [("journal", (*_COLUMNS, *more), rows)])


def _rows(entries: list[JournalEntryRow]) -> Iterator[tuple[Cell, ...]]:
    for entry in entries:
        for account, cents in entry.lines:
            debit = to_decimal(cents) if cents > 0 else None
            credit = to_decimal(-cents) if cents < 0 else None
            carried = (entry.party, None) if account.startswith(_SUPPLIERS) else (None, entry.department)
            yield (entry.day, account, debit, credit, entry.text, entry.document, *(text or None for text in carried))


def _write_csv(path: Path, entries: list[JournalEntryRow]) -> int:
    count = 0
    with path.open("w", encoding="cp1252", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(_COLONNES)
        for entry in entries:
            for account, cents in entry.lines:
                debit, credit = (_comma(cents), "") if cents > 0 else ("", _comma(-cents))
                writer.writerow((f"{entry.day:%d/%m/%Y}", account, debit, credit, entry.text, entry.document))
                count += 1
    return count


def _comma(cents: int) -> str:
    return f"{to_decimal(cents):,}".replace(",", " ").replace(".", ",").replace(" ", ".")
