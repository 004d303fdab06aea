"""An xlsx workbook as rows of plain values: calamine reads them, after our own look at what it would hide.

The archive is opened and its XML proved well-formed first (`package`); a sheet whose bytes show formulas or errors is
scanned for the cells that hold no value (`scan`); then the values are read in a process of their own (`values`).
"""

from dataclasses import dataclass
from typing import IO

from importers.sheets.cells import BrokenCell, Cell, UnreadableError
from importers.sheets.package import STRINGS, Marks, Package
from importers.sheets.scan import SheetScan, StringScan, plain
from importers.sheets.values import WIDEST, read_values
from importers.words import _

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


class Workbook:
    """The visible sheets of an xlsx file; UnreadableError where it is none that can be read safely."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._package = Package(source)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the visible worksheets, in order."""
        return tuple(self._package.sheets)

    def headings(self, name: str) -> list[str]:
        """Read the texts of row 1 of a sheet, without reading the rest; empty where it holds none."""
        scan = SheetScan(first=True)
        self._parse(self._package.sheets[name], scan)
        wanted = [int(cell.raw) for cell in scan.cells if cell.kind == "s" and cell.raw.isdecimal()]
        strings: list[str] = []
        if wanted and self._package.has(STRINGS):
            shared = StringScan(max(wanted))
            self._parse(STRINGS, shared)
            strings = shared.strings
        texts: list[str] = []
        for cell in scan.cells:
            if cell.row != 1:
                break
            if cell.column >= WIDEST:
                raise UnreadableError(too_wide(WIDEST))
            texts += [""] * (cell.column + 1 - len(texts))
            if cell.kind != "s":
                texts[cell.column] = plain(cell.raw)
            elif cell.raw.isdecimal() and int(cell.raw) < len(strings):
                texts[cell.column] = strings[int(cell.raw)]
        return texts if any(texts) else []

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
                ).format(name=name)
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
