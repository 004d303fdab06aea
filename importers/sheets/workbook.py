"""An xlsx workbook as rows of plain values: calamine reads them, after our own look at what it would hide.

The archive is opened and its XML proved well-formed first (`package`); a sheet whose bytes show formulas or errors is
scanned for the cells that hold no value (`scan`); then the values are read in a process of their own (`values`).
"""

from dataclasses import dataclass
from typing import IO

from importers.sheets.cells import BrokenCell, Cell, UnreadableError
from importers.sheets.others import Hidden, other_workbook, refuse_wide, top_texts
from importers.sheets.package import STRINGS, Marks, Package
from importers.sheets.scan import SheetScan, StringScan, plain
from importers.sheets.values import WIDEST, read_values
from importers.words import _
from ledger.signs import one_line

_STYLES = "xl/styles.xml"


def too_wide(columns: int) -> str:
    """Return what is said of a sheet with more columns than are read."""
    return _("the sheet has more than {count} columns; remove those not needed").format(count=columns)


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet: rows with their number, the cells without a value, the ranges of merged cells."""

    rows: list[tuple[int, list[Cell]]]
    broken: list[BrokenCell]
    merged: list[str]


class OtherWorkbook:
    """The visible sheets of an .ods or .xls, read as those of `Workbook` are."""

    def __init__(self, data: bytes) -> None:
        self._sheets, self._hidden = other_workbook(data)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the visible worksheets, in order."""
        return tuple(self._sheets)

    def top(self, name: str, count: int) -> list[tuple[int, list[str]]]:
        """Return the texts of those of the first rows of a sheet that hold some."""
        refuse_wide(self._sheets[name])
        return top_texts(self._sheets[name].rows, count)

    def grid(self, name: str) -> Grid:
        """Return every row of a sheet that holds something."""
        refuse_wide(self._sheets[name])
        hidden = self._hidden.get(name, Hidden())
        merged = dict.fromkeys((*self._sheets[name].merged, *hidden.merged))
        return Grid(self._sheets[name].rows, hidden.broken, list(merged))


class Workbook:
    """The visible sheets of an xlsx file; UnreadableError where it is none that can be read safely."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._package = Package(source)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the visible worksheets, in order."""
        return tuple(self._package.sheets)

    def top(self, name: str, count: int) -> list[tuple[int, list[str]]]:
        """Read the texts of those of the first rows of a sheet that hold some, without reading the rest."""
        scan = SheetScan(first=count)
        self._parse(self._package.sheets[name], scan)
        wanted = [int(cell.raw) for cell in scan.cells if cell.kind == "s" and cell.raw.isdecimal()]
        strings: list[str] = []
        if wanted and self._package.has(STRINGS):
            shared = StringScan(max(wanted))
            self._parse(STRINGS, shared)
            strings = shared.strings
        found: dict[int, list[str]] = {}
        for cell in scan.cells:
            if cell.row > count:
                break
            if cell.column >= WIDEST:
                raise UnreadableError(too_wide(WIDEST))
            texts = found.setdefault(cell.row, [])
            texts += [""] * (cell.column + 1 - len(texts))
            if cell.kind != "s":
                texts[cell.column] = plain(cell.raw)
            elif cell.raw.isdecimal() and int(cell.raw) < len(strings):
                texts[cell.column] = strings[int(cell.raw)]
        return [(number, texts) for number, texts in sorted(found.items()) if any(texts)]

    def grid(self, name: str) -> Grid:
        """Read every row of a sheet that holds something."""
        part = self._package.sheets[name]
        marks = self._package.parse(part)
        spaced = Marks.SPACES in marks
        for other in (STRINGS, _STYLES):
            if self._package.has(other):
                spaced |= Marks.SPACES in self._package.parse(other)
        if Marks.ODD in marks:
            raise UnreadableError(
                _(
                    "the sheet `{name}` has numbers written as no spreadsheet writes them; open it in the "
                    "spreadsheet and save it as an Excel workbook (.xlsx)"
                ).format(name=one_line(name))
            )
        scan = SheetScan()
        if marks & (Marks.ERRORS | Marks.FORMULAS):
            self._parse(part, scan)
        self._source.seek(0)
        values = read_values(self._source.read(), name, spaced=spaced)
        if values.wide:
            raise UnreadableError(too_wide(WIDEST))
        return Grid(values.rows, scan.broken, values.merged if Marks.MERGED in marks else [])

    def _parse(self, part: str, scan: SheetScan | StringScan) -> None:
        self._package.parse(part, scan.attach)
