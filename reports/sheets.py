"""Tables as XLSX: amounts are numbers, totals are formulas, and text is never a formula.

Apart from the other formats, because a command that writes no workbook need not load what makes one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from ledger.money import to_decimal, to_euros
from reports.formats import ISO_KINDS
from reports.tables import Column, ColumnKind, Row, RowKind, Table
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


def write_xlsx(table: Table, path: Path) -> None:
    """Write one sheet, or several where the rows are more than one takes; memory doesn't grow with the rows."""
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
    """Return a title as the name of a sheet: at most 31 characters, none that a spreadsheet forbids."""
    plain = "".join(" " if letter in "[]:*?/\\'" else letter for letter in title)
    return plain[:26] + (f" ({number})" if number > 1 else "")


def set_up_sheet(sheet: Any, language: str, *, landscape: bool, header: int = HEADER_ROW) -> None:
    """Set up A4, fitted to the width, the header repeated on each page, the pages numbered, the header frozen."""
    sheet.freeze_panes = f"A{header + 1}"
    sheet.page_setup.paperSize = "9"
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{header}:{header}"
    sheet.oddFooter.right.text = word("page-of", language)


def as_text(cell: SheetCell, text: str) -> None:
    """Put text in a cell as text, though it begin with `=`; characters that XML forbids are left out."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"


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
        style_header(cell, numeric=column.kind not in ISO_KINDS)
        header.append(cell)
    sheet.append(header)


def style_header(cell: SheetCell, *, numeric: bool) -> None:
    """Give a cell the look of a header's."""
    cell.font = BOLD
    cell.fill = SHADE
    cell.alignment = Alignment(horizontal="right" if numeric else "left", wrap_text=True)


def _pen(sheet: Any, column: Column, kind: RowKind) -> SheetCell:
    """Return a styled cell, used again in each row of its kind: a row is serialised as soon as it is appended."""
    cell = WriteOnlyCell(sheet)
    if column.kind in NUMBER_FORMATS:
        cell.number_format = NUMBER_FORMATS[column.kind]
    if kind is not RowKind.LINE:
        cell.font = BOLD
    if kind is RowKind.TOTAL:
        cell.border = OVERLINE
    return cell
