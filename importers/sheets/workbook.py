"""An xlsx workbook as rows of plain values, streamed.

openpyxl says which formats are dates and what day a serial number is; the cells are read here in one pass over the
XML, because openpyxl needs 19 s for 40,000 donors where this needs 4, and because the same pass sees what would be
lost in silence: merged cells, formulas never calculated, error values.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite
from posixpath import join, normpath
from typing import IO, Any
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from importers.sheets.cells import OLE, Cell, UnreadableError, tidy

# A register of a foundation is some ten megabytes unpacked; a zip bomb is thousands.
LARGEST_MEGABYTES = 512


# The elements whose text is a cell's value.
_TEXT = frozenset(("v", "t"))


# The width of a sheet of xlsx is 16,384 columns; no register has more than this many.
_WIDEST = 256


_ENCRYPTED_MEMBER = 0x1


_SAVE = "open it in the spreadsheet and save it as an Excel workbook (.xlsx)"


# What a damaged zip, its XML or a cell can raise; RuntimeError and NotImplementedError are zipfile's.
# Bytes parsed at a time. A tag that does not end in what was given is looked at again from its beginning with the next
# piece, in time that grows with the square of its length; no spreadsheet writes one as long as this.
_AT_ONCE, _LONGEST_TAG = 65_536, 1_000_000


_DAMAGE = (
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    LookupError,
    ValueError,
    ArithmeticError,
    EOFError,
    OSError,
    RuntimeError,
)


class _EnoughError(Exception):
    """Raised in the middle of the XML when what was wanted has been seen."""


@dataclass(slots=True)
class Grid:
    """The cells of one sheet: rows with their number, and what is wrong at a row and column (from 0)."""

    rows: list[tuple[int, list[Cell]]] = field(default_factory=list)
    broken: list[tuple[int, int, str]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)


class Workbook:
    """The visible sheets of an xlsx file; UnreadableError where it is none that can be read safely."""

    def __init__(self, source: IO[bytes]) -> None:
        self._archive = _open(source)
        self._epoch = CALENDAR_WINDOWS_1900
        try:
            self._parts = self._sheets()
            self._dates = self._date_styles()
        except (KeyError, ValueError):
            raise UnreadableError(f"the workbook is damaged (its list of sheets or formats); {_SAVE}") from None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the visible worksheets, in order."""
        return tuple(self._parts)

    def headings(self, name: str) -> list[Cell]:
        """The cells of row 1 of a sheet, without reading the rest."""
        wanted: list[int] = []

        def note(index: int) -> str:
            wanted.append(index)
            return ""

        # Twice the first row, so that of a million shared strings only those up to its last are read.
        self._read(name, note, only_first=True)
        rows = self._read(name, self._strings(max(wanted, default=-1)).__getitem__, only_first=True).rows
        return rows[0][1] if rows and rows[0][0] == 1 else []

    def grid(self, name: str) -> Grid:
        """Every row of a sheet that holds something."""
        return self._read(name, self._strings().__getitem__, only_first=False)

    def _read(self, name: str, string: Callable[[int], str], *, only_first: bool) -> Grid:
        reader = _SheetReader(string, self._dates, self._epoch, only_first=only_first)
        self._parse(self._parts[name], reader.attach)
        return reader.grid

    def _strings(self, last: int | None = None) -> list[str]:
        """The shared strings, up to and with the one at `last`."""
        strings: list[str] = []
        if "xl/sharedStrings.xml" in self._archive.namelist() and last != -1:
            self._parse("xl/sharedStrings.xml", _StringReader(strings, last).attach)
        return strings

    def _sheets(self) -> dict[str, str]:
        """The part of each visible worksheet by its name; also sets the day from which the workbook counts."""
        targets: dict[str, str] = {}
        for _, attributes in self._elements("xl/_rels/workbook.xml.rels", {"Relationship"}):
            if attributes["Type"].endswith("/worksheet"):
                targets[attributes["Id"]] = normpath(join("/xl", attributes["Target"])).lstrip("/")
        parts: dict[str, str] = {}
        for name, attributes in self._elements("xl/workbook.xml", {"sheet", "workbookPr"}):
            if name == "workbookPr":
                if attributes.get("date1904") in ("1", "true"):
                    self._epoch = CALENDAR_MAC_1904
            elif attributes.get("state", "visible") == "visible":
                target = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
                if target in targets:
                    parts[attributes["name"]] = targets[target]
        return parts

    def _date_styles(self) -> set[str]:
        formats = dict(BUILTIN_FORMATS)
        dates: set[str] = set()
        in_cells = False
        count = 0
        if "xl/styles.xml" not in self._archive.namelist():
            return dates
        for name, attributes in self._elements("xl/styles.xml", {"numFmt", "cellXfs", "cellStyles", "xf"}):
            if name == "numFmt" and "numFmtId" in attributes:
                formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "General")
            elif name in ("cellXfs", "cellStyles"):
                in_cells = name == "cellXfs"
            elif name == "xf" and in_cells:
                code = formats.get(int(attributes.get("numFmtId", "0")), "General")
                if is_date_format(code) and not is_timedelta_format(code):
                    dates.add(str(count))
                count += 1
        return dates

    def _elements(self, part: str, wanted: set[str]) -> Iterator[tuple[str, dict[str, str]]]:
        found: list[tuple[str, dict[str, str]]] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            local = name.rpartition(":")[2]
            if local in wanted:
                found.append((local, attributes))

        def attach(parser: expat.XMLParserType) -> None:
            parser.StartElementHandler = start

        self._parse(part, attach)
        return iter(found)

    def _parse(self, part: str, attach: Callable[[expat.XMLParserType], None]) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        attach(parser)
        try:
            with self._archive.open(part) as stream:
                fed = 0
                while piece := stream.read(_AT_ONCE):
                    parser.Parse(piece, False)
                    fed += len(piece)
                    if fed - parser.CurrentByteIndex > _LONGEST_TAG:
                        raise UnreadableError(
                            f"the workbook is damaged (a tag of its part {part} does not end); {_SAVE}"
                        )
                parser.Parse(b"", True)
        except _EnoughError:
            return
        except _DAMAGE:
            raise UnreadableError(f"the workbook is damaged (its part {part} cannot be read); {_SAVE}") from None


def _refuse_doctype(*_: Any) -> None:
    raise UnreadableError(f"the workbook holds a document type definition, as no spreadsheet writes; {_SAVE}")


def _open(source: IO[bytes]) -> zipfile.ZipFile:
    start = source.read(8)
    source.seek(0)
    if start.startswith(OLE):
        # Either kind of file is an OLE container; the encrypted one names its stream so, in UTF-16.
        if "EncryptedPackage".encode("utf-16-le") in source.read():
            raise UnreadableError("the workbook is protected by a password; save it without the password")
        raise UnreadableError(f"this is a workbook of Excel 97-2003 (.xls), which is not read; {_SAVE}")
    try:
        archive = zipfile.ZipFile(source)
    except _DAMAGE:
        raise UnreadableError(f"this is not a whole xlsx workbook; {_SAVE}") from None
    names = set(archive.namelist())
    if "mimetype" in names and "xl/workbook.xml" not in names:
        raise UnreadableError(f"this is an OpenDocument file (.ods), which is not read; {_SAVE}")
    if "xl/vbaProject.bin" in names:
        raise UnreadableError(f"the workbook holds macros, which are not taken in; {_SAVE}, without macros")
    if "xl/workbook.bin" in names:
        raise UnreadableError(f"this is a binary workbook (.xlsb), which is not read; {_SAVE}")
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        raise UnreadableError(f"this is a zip file, not an xlsx workbook; {_SAVE}")
    if any(member.flag_bits & _ENCRYPTED_MEMBER for member in archive.infolist()):
        raise UnreadableError("the workbook is protected by a password; save it without the password")
    # zipfile reads no more of a member than is declared here, so the sum is a true limit.
    size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST_MEGABYTES * 1_000_000:
        raise UnreadableError(
            f"the workbook unpacks to {size // 1_000_000:,} MB and the limit is {LARGEST_MEGABYTES} MB; "
            "split it, or remove sheets and pictures that are not needed"
        )
    return archive


class _StringReader:
    """The shared strings: the text of each `si`, its runs joined, phonetic readings left out."""

    def __init__(self, strings: list[str], last: int | None) -> None:
        self._strings = strings
        self._last = last

    def attach(self, parser: expat.XMLParserType) -> None:
        strings, last = self._strings, self._last
        parts: list[str] = []
        taking = phonetic = False

        def start(name: str, _: dict[str, str]) -> None:
            nonlocal taking, phonetic
            local = name.rpartition(":")[2]
            if local == "si":
                parts.clear()
            elif local == "rPh":
                phonetic = True
            taking = local == "t" and not phonetic

        def characters(data: str) -> None:
            if taking:
                parts.append(data)

        def end(name: str) -> None:
            nonlocal taking, phonetic
            taking = False
            local = name.rpartition(":")[2]
            if local == "rPh":
                phonetic = False
            elif local == "si":
                strings.append(tidy(_unescape("".join(parts))))
                if last is not None and len(strings) > last:
                    raise _EnoughError

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = characters


class _SheetReader:
    """The rows of a sheet. Closures instead of methods: these functions run once per cell, some million times."""

    def __init__(
        self,
        string: Callable[[int], str],
        dates: set[str],
        epoch: datetime,
        *,
        only_first: bool,
    ) -> None:
        self.grid = Grid()
        self._string = string
        self._dates = dates
        self._epoch = epoch
        self._only_first = only_first

    def attach(self, parser: expat.XMLParserType) -> None:  # noqa: C901, PLR0915 - one state machine over the XML
        grid, string, only_first = self.grid, self._string, self._only_first
        columns: dict[str, int] = {}
        locals_of: dict[str, str] = {}
        cells: list[Cell] = []
        parts: list[str] = []
        attributes: dict[str, str] = {}
        row = column = 0
        taking = phonetic = formula = False

        def start(name: str, given: dict[str, str]) -> None:
            nonlocal attributes, row, column, taking, phonetic, formula
            local = locals_of.get(name)
            if local is None:
                local = locals_of[name] = name.rpartition(":")[2]
            if local == "c":
                attributes = given
                place = given.get("r")
                known = None if place is None else columns.get(place.rstrip("0123456789"))
                column = _column(place, column, columns) if known is None else known
            elif local in _TEXT:
                taking = not phonetic
            elif local == "f":
                formula = True
            elif local == "row":
                row = int(given["r"]) if "r" in given else row + 1
                column = -1
                cells.clear()
            elif local == "rPh":
                phonetic = True
            elif local == "mergeCell":
                grid.merged.append(given.get("ref", ""))

        def characters(data: str) -> None:
            if taking:
                parts.append(data)

        def end(name: str) -> None:
            nonlocal taking, phonetic, formula
            local = locals_of[name]
            if local in _TEXT:
                taking = False
            elif local == "c":
                if parts or formula:
                    keep()
                    parts.clear()
                    formula = False
            elif local == "row":
                if cells:
                    grid.rows.append((row, cells.copy()))
                if only_first:
                    raise _EnoughError
            elif local == "rPh":
                phonetic = False

        def keep() -> None:
            kind = attributes.get("t")
            raw = parts[0] if len(parts) == 1 else "".join(parts)
            cell: Cell
            if kind in ("inlineStr", "str"):
                cell = tidy(_unescape(raw)) or None
            elif not raw:
                broken("holds a formula that was never calculated; open the workbook, let it calculate and save it")
                return
            elif kind == "s":
                cell = string(int(raw)) or None
            elif kind == "e":
                broken(f"holds the spreadsheet error {raw}; correct the formula or type the value")
                return
            else:
                cell = self._value(kind, raw, attributes.get("s", "0"))
            if cell is None:
                return
            if column >= _WIDEST:
                raise UnreadableError(f"the sheet has more than {_WIDEST} columns; remove those not needed")
            while len(cells) <= column:
                cells.append(None)
            cells[column] = cell

        def broken(what: str) -> None:
            grid.broken.append((row, column, what))

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = characters

    def _value(self, kind: str | None, raw: str, style: str) -> Cell:
        if kind == "b":
            return raw == "1"
        if kind == "d":
            return datetime.fromisoformat(raw.removesuffix("Z"))
        number: int | float = int(raw) if raw.lstrip("-").isdigit() else float(raw)
        if not isfinite(number):
            raise ValueError("no finite number")
        if style not in self._dates:
            return number
        try:
            day = from_excel(number, self._epoch)
        except (OverflowError, ValueError):
            return number
        return day if isinstance(day, date) else number


def _column(place: str | None, before: int, columns: dict[str, int]) -> int:
    """The column from 0 of a cell (`A1` -> 0, `AA1` -> 26), the next one where the cell names none."""
    if place is None:
        return before + 1
    index = 0
    letters = place.rstrip("0123456789")
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    columns[letters] = index - 1
    return index - 1


def _unescape(raw: str) -> str:
    # xlsx writes characters that XML cannot hold as _x000D_.
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), raw) if "_x" in raw else raw
