"""Workbooks of other programs and of before: OpenDocument (.ods) and Excel 97-2003 (.xls) as rows of plain values.

calamine reads both, in a process of its own as it reads xlsx. It gives an empty cell where a formula failed and, of an
.ods, merged cells as one that is filled: these are looked for here. Sources: OpenDocument 1.3, part 3, 9.1; [MS-CFB]
2.2 to 2.6; [MS-XLS] 2.4.20 (BoolErr), 2.4.127 (Formula), 2.4.117 (FilePass), 2.4.28 (BoundSheet8).
"""

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from xml.parsers import expat

from importers.sheets.cells import BrokenCell, Cell, UnreadableError, letters_of, text
from importers.sheets.package import DAMAGE
from importers.sheets.values import WIDEST, SheetValues, read_book, too_much
from importers.words import N_, _

_FAILED = N_("column `{column}` holds the spreadsheet error {error}; correct the formula or type the value")
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
# A row with values that is the same so many times is no table, and a cell that is has more columns than a sheet: what
# reads the values would write each of them out, for minutes and gigabytes.
_ALIKE, _COLUMNS = 10_000, 16_384
_END_OF_CHAIN = 0xFFFFFFFA  # and above: no sector
_BOUNDSHEET, _FILEPASS, _FORMULA, _BOOLERR, _BOF, _EOF = 0x85, 0x2F, 0x06, 0x205, 0x809, 0x0A


@dataclass(slots=True)
class Hidden:
    """The cells of a sheet of which calamine does not tell all: those that failed, and those that are merged."""

    broken: list[BrokenCell] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)


@lru_cache(maxsize=2)  # each register asks in turn whether a file is its own
def other_workbook(data: bytes) -> tuple[dict[str, SheetValues], dict[str, Hidden]]:
    """Return the visible sheets of an .ods or .xls, and what is hidden in each; UnreadableError where it is neither."""
    try:
        hidden = _of_ods(data) if data.startswith(b"PK") else _of_xls(data)
    except (*DAMAGE, struct.error):
        raise UnreadableError(
            _("the workbook is damaged; open it in the spreadsheet and save it as an Excel workbook (.xlsx)")
        ) from None
    return read_book(data), hidden


def top_texts(rows: list[tuple[int, list[Cell]]], count: int) -> list[tuple[int, list[str]]]:
    """Return the rows among the first `count` of a sheet, as texts."""
    return [(number, ["" if cell is None else text(cell) for cell in row]) for number, row in rows if number <= count]


def _of_ods(data: bytes) -> dict[str, Hidden]:
    from io import BytesIO  # noqa: PLC0415 - few files are such

    with zipfile.ZipFile(BytesIO(data)) as archive:
        if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.read(
            "META-INF/manifest.xml"
        ):
            raise UnreadableError(_("the workbook is protected by a password; save it without the password"))
        scan = _OdsScan()
        scan.run(archive.read("content.xml"))
    return scan.sheets


class _OdsScan:
    """One pass over content.xml: where each cell stands, counting what is repeated; errors and merged cells."""

    def __init__(self) -> None:
        self.sheets: dict[str, Hidden] = {}
        self._sheet = Hidden()
        self._row = self._rows = self._column = 0
        self._error: BrokenCell | None = None
        self._text: list[str] = []
        self._name = ""
        self._filled = False  # the row holds a value

    def run(self, content: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.Parse(content, True)

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "table:table":
            self._name = given.get("table:name", "")
            self._sheet = self.sheets.setdefault(self._name, Hidden())
            self._row = self._rows = 0
        elif name == "table:table-row":
            self._row += self._rows
            self._rows, self._column = int(given.get("table:number-rows-repeated", "1")), 0
            self._filled = False
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._cell(given)

    def _cell(self, given: dict[str, str]) -> None:
        if given.get("calcext:value-type") == "error":
            self._error = BrokenCell(self._row + 1, self._column, _(_FAILED), "")
            self._text = []
        down = int(given.get("table:number-rows-spanned", "1"))
        across = int(given.get("table:number-columns-spanned", "1"))
        if down > 1 or across > 1:
            first = f"{letters_of(self._column)}{self._row + 1}"
            self._sheet.merged.append(f"{first}:{letters_of(self._column + across - 1)}{self._row + down}")
        repeated = int(given.get("table:number-columns-repeated", "1"))
        self._column += repeated
        if "office:value-type" in given or "calcext:value-type" in given:
            self._filled = True
            if self._column > _COLUMNS:
                raise UnreadableError(too_much(self._name))

    def _characters(self, data: str) -> None:
        if self._error is not None:
            self._text.append(data)

    def _end(self, name: str) -> None:
        if name == "table:table-row" and self._filled and self._rows > _ALIKE:
            raise UnreadableError(too_much(self._name))
        if self._error is not None and name == "table:table-cell":
            said = "".join(self._text).strip()[:20]
            self._sheet.broken.append(BrokenCell(self._error.row, self._error.column, self._error.message, said))
            self._error = None


def _refuse_doctype(*_given: object) -> None:
    raise UnreadableError(
        _(
            "the workbook holds a document type definition, as no spreadsheet writes; open it in the "
            "spreadsheet and save it as an Excel workbook (.xlsx)"
        )
    )


def _of_xls(data: bytes) -> dict[str, Hidden]:
    """Go through the records of the stream `Workbook`: the names of the sheets, then each sheet's cells that failed."""
    stream = _stream_of(data)
    names: dict[int, str] = {}
    for _place, kind, body in _records_from(stream, 0):
        if kind == _FILEPASS:
            raise UnreadableError(_("the workbook is protected by a password; save it without the password"))
        if kind == _BOUNDSHEET:
            (offset,) = struct.unpack_from("<I", body)
            names[offset] = _name_of_sheet(body)
    return {name: Hidden(list(_failed(stream, offset))) for offset, name in names.items()}


def _name_of_sheet(body: bytes) -> str:
    length, wide = body[6], body[7] & 1
    return body[8 : 8 + length * (1 + wide)].decode("utf-16-le" if wide else "latin-1")


def _failed(stream: bytes, offset: int) -> Iterator[BrokenCell]:
    for _place, kind, body in _records_from(stream, offset):
        code = None
        if kind == _BOOLERR and body[7]:
            code = body[6]
        elif kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:  # noqa: PLR2004 - the result is an error
            code = body[8]
        if code is not None:
            row, column = struct.unpack_from("<HH", body)
            yield BrokenCell(row + 1, column, _(_FAILED), _ERRORS.get(code, "#?"))


def _records_from(stream: bytes, offset: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield the records of a substream, those of one within it (a chart) left out."""
    depth = 0
    while offset + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, offset)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 1:
            yield offset, kind, stream[offset + 4 : offset + 4 + length]
        if depth <= 0:
            return
        offset += 4 + length


def _stream_of(data: bytes) -> bytes:
    """Return the stream of the workbook in its container: sectors in a chain, those of a short one within another."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    first_directory, cutoff, first_mini = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 60))
    fat = _table_of(data, size)
    directory = _chained(data, fat, first_directory, size, size)
    entries = [directory[at : at + 128] for at in range(0, len(directory), 128)]
    named = {
        entry[: max(0, struct.unpack_from("<H", entry, 64)[0] - 2)].decode("utf-16-le"): entry for entry in entries
    }
    entry = named.get("Workbook") or named["Book"]
    start, length = struct.unpack_from("<II", entry, 116)
    if length >= cutoff:
        return _chained(data, fat, start, size, size)[:length]
    small = 1 << struct.unpack_from("<H", data, 32)[0]
    table = _chained(data, fat, first_mini, size, size)
    mini = struct.unpack(f"<{len(table) // 4}I", table)
    root = _chained(data, fat, struct.unpack_from("<I", entries[0], 116)[0], size, size)
    return _chained(root, mini, start, small, 0)[:length]


def _table_of(data: bytes, size: int) -> tuple[int, ...]:
    """Return the table that says of each sector which one follows."""
    sectors = [one for one in struct.unpack_from("<109I", data, 76) if one < _END_OF_CHAIN]
    following = struct.unpack_from("<I", data, 68)[0]
    while following < _END_OF_CHAIN and len(sectors) * size <= len(data):
        *more, following = struct.unpack_from(f"<{size // 4}I", data, (following + 1) * size)
        sectors += [one for one in more if one < _END_OF_CHAIN]
    table = b"".join(data[(one + 1) * size : (one + 2) * size] for one in sectors)
    return struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])


def _chained(data: bytes, table: tuple[int, ...], first: int, size: int, header: int) -> bytes:
    parts, number = [], first
    while number < _END_OF_CHAIN:
        parts.append(data[header + number * size : header + (number + 1) * size])
        if len(parts) > len(table):
            raise ValueError("a chain without an end")
        number = table[number]
    return b"".join(parts)


def refuse_wide(values: SheetValues) -> None:
    """Raise where a sheet has more columns than are read."""
    if values.wide:
        raise UnreadableError(
            _("the sheet has more than {count} columns; remove those not needed").format(count=WIDEST)
        )
