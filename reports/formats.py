"""Writers of a table: text for a terminal, CSV and JSON (XLSX: `reports.sheets`). Each reads the rows once, in order.

CSV is RFC 4180 (comma, CRLF, UTF-8) with ISO dates and decimal points; whose figures they are stands in columns of its
first row. The dialect of a Belgian Excel opens by a double click: semicolon, decimal comma, a mark of UTF-8, title and
headings as in the workbook. Text that a spreadsheet would take for a formula is given a leading apostrophe.
"""

import csv
import json
import textwrap
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import zip_longest
from typing import TextIO

from ledger.money import to_decimal, to_euros
from ledger.signs import cell_text
from reports.marks import Numbers, numbers
from reports.tables import Cell, Column, ColumnKind, Row, RowKind, Table
from reports.words import named, text_in

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
WHOSE = "organisation,enterprise_number,made,year_state,note"  # the last columns of a CSV, filled in its first row
ISO_KINDS = frozenset({ColumnKind.TEXT, ColumnKind.DATE})


def write_text(table: Table, stream: TextIO) -> None:
    """Write columns aligned for a terminal, figures with the marks of the table's language."""
    marks = numbers(table.language)
    columns = table.columns
    rows: Iterable[tuple[Row, list[str]]] = ((row, _shown_row(row, columns, marks)) for row in table.rows)
    widths = [max(column.width, len(column.title)) for column in columns]
    if isinstance(table.rows, Sequence):
        rows = held = list(rows)
        for index, column in enumerate(columns):
            longest = max((len(cells[index]) for _, cells in held), default=0)
            fitting = min(longest, column.width) if column.kind is ColumnKind.TEXT else longest
            widths[index] = max(fitting, len(column.title))
    stream.write("\n".join(head(table)) + "\n\n")
    stream.write(_aligned([column.title for column in columns], columns, widths))
    rule = "  ".join("-" * width for width in widths) + "\n"
    stream.write(rule)
    for row, cells in rows:
        if row.kind is RowKind.HEADING:
            stream.write("\n")
        stream.write(_aligned(cells, columns, widths))
        if row.kind is RowKind.TOTAL:
            stream.write(rule)


def write_csv(table: Table, stream: TextIO) -> None:
    """Write the rows of data, a header of column names; open the stream with `newline=""`."""
    writer = csv.writer(stream)
    about = _about(table)
    writer.writerow([*(column.name for column in table.columns), *about])
    told: Iterable[str] = (_formula_free(text or "") for text in about.values())
    for row in table.rows:
        if row.kind in table.data:
            writer.writerow([*(_plain(cell, column) for cell, column in _cells(row, table)), *told])
            told = [""] * len(about)


def write_excel_csv(table: Table, stream: TextIO) -> None:
    """Write the rows of data for a Belgian Excel, below title and headings; open the stream with `newline=""`."""
    stream.write("\ufeff")
    writer = csv.writer(stream, delimiter=";")
    writer.writerows([_formula_free(line)] for line in head(table))
    writer.writerow([])
    writer.writerow(_formula_free(column.title or column.name) for column in table.columns)
    for row in table.rows:
        if row.kind in table.data:
            writer.writerow(_comma(cell, column) for cell, column in _cells(row, table))


def write_json(table: Table, stream: TextIO) -> None:
    """Write the rows of data as a list of objects, the first with whose figures they are, as in CSV.

    Amounts are decimal strings, whole euros and counts numbers.
    """
    stream.write("[")
    separator = "\n"
    told = _about(table)
    for row in table.rows:
        if row.kind in table.data:
            record = {column.name: _json(cell, column) for cell, column in _cells(row, table)}
            stream.write(separator + json.dumps(record | told, ensure_ascii=False))
            separator, told = ",\n", {}
    stream.write("\n]\n")


def head(table: Table) -> list[str]:
    """Return what stands above a table: title, how to read it, whose figures they are."""
    about = table.about
    if about is None:
        return [table.title, table.subtitle]
    made = text_in(table.language, "made by Obole on {day}").format(day=numbers(table.language).date(about.made))
    whose = [f"{about.name} ({about.number})", made, *([named(about.state, table.language)] if about.state else [])]
    return [table.title, table.subtitle, ", ".join(whose)]


def _about(table: Table) -> dict[str, str | None]:
    """Return whose figures they are as data, with what a reader must know of them."""
    about = table.about
    if about is None:
        return {}
    values = (about.name, about.number, about.made.isoformat(), about.state, table.subtitle)
    return dict(zip(WHOSE.split(","), values, strict=True))


def _cells(row: Row, table: Table) -> Iterable[tuple[Cell, Column]]:
    return zip(row.cells, table.columns, strict=True)


def _shown(cell: Cell, column: Column, marks: Numbers) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return marks.date(cell)
    if isinstance(cell, int):
        write: dict[ColumnKind, Callable[[int], str]] = {ColumnKind.CENTS: marks.exact, ColumnKind.EUROS: marks.euros}
        return write.get(column.kind, marks.count)(cell)
    return "".join(letter if letter.isprintable() else " " for letter in cell)


def _shown_row(row: Row, columns: Sequence[Column], marks: Numbers) -> list[str]:
    return [
        "  " * row.level * column.indented + _shown(cell, column, marks)
        for cell, column in zip(row.cells, columns, strict=True)
    ]


def _aligned(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    """Return a row on one line, or on as many as its longest text wraps to."""
    lines = zip_longest(*map(_wrap, cells, widths), fillvalue="")
    return "".join("  ".join(map(_padded, texts, columns, widths)).rstrip() + "\n" for texts in lines)


def _padded(text: str, column: Column, width: int) -> str:
    return text.ljust(width) if column.kind in ISO_KINDS else text.rjust(width)


def _wrap(cell: str, width: int) -> list[str]:
    if len(cell) <= width:
        return [cell]
    indent = cell[: len(cell) - len(cell.lstrip())]
    return textwrap.wrap(cell.strip(), width, initial_indent=indent, subsequent_indent=indent + "  ")


def _plain(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    return _formula_free(cell) if isinstance(cell, str) else str(_json(cell, column))


def _comma(cell: Cell, column: Column) -> str:
    """Return a cell as a Belgian Excel reads it: an amount with a decimal comma."""
    text = _plain(cell, column)
    return text.replace(".", ",") if column.kind is ColumnKind.CENTS else text


def _formula_free(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    text = cell_text(text)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def _json(cell: Cell, column: Column) -> str | int | None:
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int) and column.kind is ColumnKind.CENTS:
        return str(to_decimal(cell))
    if isinstance(cell, int) and column.kind is ColumnKind.EUROS:
        return to_euros(cell)
    return cell
