"""Tables as XLSX: amounts are numbers, totals are formulas with their value beside them, and text is never a formula.

Written by XlsxWriter row by row, so that memory doesn't grow with the rows. Apart from the other formats, because a
command that writes no workbook need not load what makes one.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from ledger.money import to_decimal, to_euros
from ledger.passing import passing_folder
from ledger.signs import cell_text
from reports.formats import ISO_KINDS, head
from reports.tables import Column, ColumnKind, Row, RowKind, Table
from reports.words import text_in

LAST_ROW = 1_048_576  # of a sheet, in Excel and LibreOffice
HEADER_ROW = 4  # title, subtitle, whose figures, the header
NUMBER_FORMATS = {
    ColumnKind.CENTS: "#,##0.00",
    ColumnKind.EUROS: "#,##0",
    ColumnKind.COUNT: "#,##0",
    ColumnKind.DATE: "yyyy-mm-dd",
}
BOLD: Final = {"bold": True}
SHADED: Final = {"bg_color": "#E8EDF2"}
OVERLINE: Final = {"top": 1}

# The same table makes the same bytes: a workbook says when it was made, so each says the same.
_MADE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST = 32_767  # characters of a cell
_MARGINS = {"left": 0.75, "right": 0.75, "top": 1, "bottom": 1}  # inches
_PADDING = 5 / 7  # of a column, in characters: XlsxWriter adds it to the width that is asked


class Styles:
    """The formats of a workbook, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[str, Format] = {}

    def of(self, properties: dict[str, Any]) -> Format | None:
        """Return the format of some properties, in XlsxWriter's names; None for the plain one."""
        if not properties:
            return None
        key = repr(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(properties)
        return self._made[key]


@contextmanager
def new_workbook(path: Path) -> Iterator[Workbook]:
    """Give a workbook that is a file at the end, whole or not at all; what waits stands beside it and goes."""
    with passing_folder(path.parent) as folder:
        made = folder / path.name
        with made.open("wb") as out, Workbook(out, {"constant_memory": True, "tmpdir": str(folder)}) as workbook:
            workbook.set_properties({"created": _MADE})
            yield workbook
        made.replace(path)


def write_xlsx(table: Table, path: Path) -> None:
    """Write one sheet, or several where the rows are more than a sheet takes."""
    with new_workbook(path) as workbook:
        styles = Styles(workbook)
        rows = iter(enumerate(table.rows))
        number = 0
        left: tuple[int, Row] | None = next(rows, None)
        while left is not None or number == 0:
            number += 1
            sheet = workbook.add_worksheet(sheet_name(table.title, number))
            left = _fill(sheet, styles, table, left, rows)


def sheet_name(title: str, number: int = 1) -> str:
    """Return a title as the name of a sheet: at most 31 characters, none that a spreadsheet forbids."""
    plain = "".join(" " if letter in "[]:*?/\\'" else letter for letter in title)
    return plain[:26] + (f" ({number})" if number > 1 else "")


def set_up_sheet(sheet: Worksheet, language: str, *, landscape: bool) -> None:
    """Set up A4, fitted to the width, the header repeated on each page, the pages numbered, the header frozen."""
    sheet.freeze_panes(HEADER_ROW, 0)
    sheet.set_paper(9)  # A4
    if landscape:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW - 1)
    sheet.set_margins(**_MARGINS)
    sheet.set_header("", {"margin": 0.5})
    sheet.set_footer("&R" + text_in(language, "Page &P of &N"), {"margin": 0.5})


def set_width(sheet: Worksheet, index: int, width: float) -> None:
    """Give a column, counted from 0, a width in characters."""
    sheet.set_column(index, index, width - _PADDING)


def write_text(sheet: Worksheet, row: int, column: int, text: str, style: Format | None = None) -> None:
    """Put text in a cell as text, though it begin with `=`; control signs and what XML forbids are left out."""
    sheet.write_string(row, column, cell_text(_ILLEGAL.sub("", text))[:_LONGEST], style)


def write_head(sheet: Worksheet, styles: Styles, above: Sequence[str], headings: list[tuple[str, bool]]) -> None:
    """Write the first four rows: what stands above, and the headings, each with whether figures follow."""
    for place, text in enumerate(above):
        write_text(sheet, place, 0, text, styles.of({} if place else {"bold": True, "font_size": 14}))
    for place, (heading, numeric) in enumerate(headings):
        style = styles.of(BOLD | SHADED | {"align": "right" if numeric else "left", "text_wrap": True})
        write_text(sheet, HEADER_ROW - 1, place, heading, style)


def _fill(
    sheet: Worksheet, styles: Styles, table: Table, left: tuple[int, Row] | None, rows: Iterator[tuple[int, Row]]
) -> tuple[int, Row] | None:
    """Write rows until they or the sheet end; the row that found no place."""
    for place, column in enumerate(table.columns):
        set_width(sheet, place, column.width + 2)
    set_up_sheet(sheet, table.language, landscape=len(table.columns) > 5)  # noqa: PLR2004 - what A4 upright holds
    headings = [(column.title, column.kind not in ISO_KINDS) for column in table.columns]
    write_head(sheet, styles, head(table), headings)
    looks = {
        kind: [
            (column, xl_col_to_name(place), _look(styles, column, kind)) for place, column in enumerate(table.columns)
        ]
        for kind in RowKind
    }
    if left is None:
        return None
    above = HEADER_ROW - left[0]  # of a sheet: the rows above the one that the table counts as 0
    while left is not None and above + left[0] < LAST_ROW:
        index, row = left
        line = above + index
        first = None if row.first is None or above + row.first < HEADER_ROW else above + row.first
        _write_row(sheet, line, row, looks[row.kind], first)
        left = next(rows, None)
    return left


def _write_row(
    sheet: Worksheet,
    line: int,
    row: Row,
    columns: Sequence[tuple[Column, str, Format | None]],
    first: int | None,
) -> None:
    """Write the cells of a row, each with its column's letters and look; sums begin in row `first` of the sheet."""
    for place, (cell, (column, letters, look)) in enumerate(zip(row.cells, columns, strict=True)):
        if cell is None:
            continue
        if isinstance(cell, str):
            write_text(sheet, line, place, cell, look)
        elif isinstance(cell, date):
            sheet.write_datetime(line, place, cell, look)
        elif column.summed and first is not None:
            formula = f"=SUBTOTAL(9,{letters}{first + 1}:{letters}{line})"
            sheet.write_formula(line, place, formula, look, _number(cell, column))
        else:
            sheet.write_number(line, place, _number(cell, column), look)


def _number(cell: int, column: Column) -> Any:
    """Return the amount of integer cents, or a count, as it is written."""
    if column.kind is ColumnKind.CENTS:
        return to_decimal(cell)
    return to_euros(cell) if column.kind is ColumnKind.EUROS else cell


def _look(styles: Styles, column: Column, kind: RowKind) -> Format | None:
    properties: dict[str, Any] = {}
    if column.kind in NUMBER_FORMATS:
        properties["num_format"] = NUMBER_FORMATS[column.kind]
    if kind is not RowKind.LINE:
        properties |= BOLD
    if kind is RowKind.TOTAL:
        properties |= OVERLINE
    return styles.of(properties)
