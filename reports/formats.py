"""Writers of a table: text for a terminal, CSV, JSON and XLSX. Each reads the rows once, in order.

CSV is RFC 4180 (comma, CRLF, UTF-8) with ISO dates and decimal points; text that a spreadsheet would take for a formula
is given a leading apostrophe. In XLSX amounts are numbers, totals are formulas, and text is never a formula.
"""

import csv
import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from ledger.money import to_decimal, to_euros
from reports.numbers import Numbers, numbers
from reports.tables import Cell, Column, ColumnKind, Row, RowKind, Table
from reports.wording import word

LAST_ROW = 1_048_576  # of a sheet, in Excel and LibreOffice
HEADER_ROW = 4  # title, subtitle, an empty row, the header
NUMBER_FORMATS = {
    ColumnKind.CENTS: "#,##0.00",
    ColumnKind.EUROS: "#,##0",
    ColumnKind.COUNT: "#,##0",
    ColumnKind.DATE: "yyyy-mm-dd",
}
BOLD = Font(name="Calibri", size=11, bold=True)
TITLE = Font(name="Calibri", size=14, bold=True)
SHADE = PatternFill("solid", fgColor="E8EDF2")
OVERLINE = Border(top=Side(style="thin"))
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_ISO_KINDS = frozenset({ColumnKind.TEXT, ColumnKind.DATE})


def write_text(table: Table, stream: TextIO) -> None:
    """Columns aligned for a terminal, figures with the marks of the table's language."""
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
    stream.write(f"{table.title}\n{table.subtitle}\n\n")
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
    """The rows of data, a header of column names; open the stream with `newline=""`."""
    writer = csv.writer(stream)
    writer.writerow(column.name for column in table.columns)
    for row in table.rows:
        if row.kind in table.data:
            writer.writerow(_plain(cell, column) for cell, column in _cells(row, table))


def write_json(table: Table, stream: TextIO) -> None:
    """The rows of data as a list of objects: amounts are decimal strings, whole euros and counts numbers."""
    stream.write("[")
    separator = "\n"
    for row in table.rows:
        if row.kind in table.data:
            record = {column.name: _json(cell, column) for cell, column in _cells(row, table)}
            stream.write(separator + json.dumps(record, ensure_ascii=False))
            separator = ",\n"
    stream.write("\n]\n")


def write_xlsx(table: Table, path: Path) -> None:
    """One sheet, or several where the rows are more than a sheet takes; memory doesn't grow with the rows."""
    workbook = Workbook(write_only=True)
    rows = iter(enumerate(table.rows))
    number = 0
    left: tuple[int, Row] | None = next(rows, None)
    while left is not None or number == 0:
        number += 1
        sheet = workbook.create_sheet(sheet_name(table.title, number))
        left = _fill(sheet, table, left, rows)
    workbook.calculation.fullCalcOnLoad = True
    workbook.save(path)


def sheet_name(title: str, number: int = 1) -> str:
    """A title as the name of a sheet: at most 31 characters, none that a spreadsheet forbids."""
    plain = "".join(" " if letter in "[]:*?/\\'" else letter for letter in title)
    return plain[:26] + (f" ({number})" if number > 1 else "")


def set_up_sheet(sheet: Any, language: str, *, landscape: bool) -> None:
    """A4, fitted to the width, the header repeated on each page, the pages numbered, the header frozen."""
    sheet.freeze_panes = f"A{HEADER_ROW + 1}"
    sheet.page_setup.paperSize = "9"
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    sheet.oddFooter.right.text = word("page-of", language)


def as_text(cell: SheetCell, text: str) -> None:
    """Put text in a cell as text, though it begin with `=`; characters that XML forbids are left out."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"


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
    """A row on one line, or on as many as its longest text wraps to."""
    wrapped = [_wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped), default=0)
    lines = []
    for line in range(height):
        padded = (
            (lines_of[line] if line < len(lines_of) else "").ljust(width)
            if column.kind in _ISO_KINDS
            else (lines_of[line] if line < len(lines_of) else "").rjust(width)
            for lines_of, column, width in zip(wrapped, columns, widths, strict=True)
        )
        lines.append("  ".join(padded).rstrip() + "\n")
    return "".join(lines)


def _wrap(cell: str, width: int) -> list[str]:
    if len(cell) <= width:
        return [cell]
    indent = cell[: len(cell) - len(cell.lstrip())]
    return textwrap.wrap(cell.strip(), width, initial_indent=indent, subsequent_indent=indent + "  ")


def _plain(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return "'" + cell if cell.startswith(_FORMULA_STARTS) else cell
    return str(_json(cell, column))


def _json(cell: Cell, column: Column) -> str | int | None:
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int) and column.kind is ColumnKind.CENTS:
        return str(to_decimal(cell))
    if isinstance(cell, int) and column.kind is ColumnKind.EUROS:
        return to_euros(cell)
    return cell


def _fill(
    sheet: Any, table: Table, left: tuple[int, Row] | None, rows: Iterator[tuple[int, Row]]
) -> tuple[int, Row] | None:
    """Write rows until they or the sheet end; the row that found no place."""
    for index, column in enumerate(table.columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width + 2
    set_up_sheet(sheet, table.language, landscape=len(table.columns) > 5)  # noqa: PLR2004 - what A4 upright holds
    _head(sheet, table)
    pens = {kind: [_pen(sheet, column, kind) for column in table.columns] for kind in RowKind}
    place = HEADER_ROW
    first_index = left[0] if left else 0
    while left is not None and place < LAST_ROW:
        place += 1
        index, row = left
        line: list[Any] = []
        for position, (cell, pen, column) in enumerate(zip(row.cells, pens[row.kind], table.columns, strict=True), 1):
            if cell is None:
                line.append(None)
                continue
            if column.summed and row.first is not None and row.first >= first_index:
                top = HEADER_ROW + 1 + row.first - first_index
                letter = get_column_letter(position)
                pen.value = f"=SUBTOTAL(9,{letter}{top}:{letter}{HEADER_ROW + index - first_index})"
            elif isinstance(cell, str):
                text = ILLEGAL_CHARACTERS_RE.sub("", cell)
                if row.kind is RowKind.LINE and not text.startswith(("=", "#")):
                    line.append(text)  # a bare value is written in half the time of a styled cell
                    continue
                as_text(pen, text)
            elif column.kind is ColumnKind.CENTS and isinstance(cell, int):
                pen.value = to_decimal(cell)
            elif column.kind is ColumnKind.EUROS and isinstance(cell, int):
                pen.value = to_euros(cell)
            else:
                pen.value = cell
            line.append(pen)
        sheet.append(line)
        left = next(rows, None)
    return left


def _head(sheet: Any, table: Table) -> None:
    title = WriteOnlyCell(sheet)
    as_text(title, table.title)
    title.font = TITLE
    subtitle = WriteOnlyCell(sheet)
    as_text(subtitle, table.subtitle)
    sheet.append([title])
    sheet.append([subtitle])
    sheet.append([])
    header = []
    for column in table.columns:
        cell = WriteOnlyCell(sheet)
        as_text(cell, column.title)
        style_header(cell, numeric=column.kind not in _ISO_KINDS)
        header.append(cell)
    sheet.append(header)


def style_header(cell: SheetCell, *, numeric: bool) -> None:
    """The look of a header's cell."""
    cell.font = BOLD
    cell.fill = SHADE
    cell.alignment = Alignment(horizontal="right" if numeric else "left", wrap_text=True)


def _pen(sheet: Any, column: Column, kind: RowKind) -> SheetCell:
    """A styled cell that is written again in each row of its kind: a row is serialised as soon as it is appended."""
    cell = WriteOnlyCell(sheet)
    if column.kind in NUMBER_FORMATS:
        cell.number_format = NUMBER_FORMATS[column.kind]
    if kind is not RowKind.LINE:
        cell.font = BOLD
    if kind is RowKind.TOTAL:
        cell.border = OVERLINE
    return cell
