"""One pass over the XML of a sheet for what calamine hides: spreadsheet errors, formulas never calculated.

The same pass gives the texts of the first rows and then stops, so that asking what a workbook is stays cheap.
"""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from importers.sheets.cells import BrokenCell, tidy
from importers.sheets.package import EnoughError
from importers.words import _

# The elements whose text is a cell's value.
_TEXT = frozenset(("v", "t"))


@dataclass(frozen=True, slots=True)
class RawCell:
    """A cell as the XML has it: its row from 1, its column from 0, its kind (`s`: a shared string), its text."""

    row: int
    column: int
    kind: str | None
    raw: str


@dataclass(slots=True)
class SheetScan:
    """Finds the broken cells of a sheet, or with `first` the cells of so many first rows."""

    first: int = 0
    broken: list[BrokenCell] = field(default_factory=list)
    cells: list[RawCell] = field(default_factory=list)

    def attach(self, parser: expat.XMLParserType) -> None:  # noqa: C901 - one state machine over the XML
        """Set the handlers of a parser; closures, because they run once per cell, some million times."""
        parts: list[str] = []
        attributes: dict[str, str] = {}
        row, column = 0, -1
        taking = phonetic = formula = False

        def start(name: str, given: dict[str, str]) -> None:
            nonlocal attributes, row, column, taking, phonetic, formula
            local = name.rpartition(":")[2]
            if local == "c":
                attributes = given
                column = column + 1 if "r" not in given else _column(given["r"])
            elif local in _TEXT:
                taking = not phonetic
            elif local == "f":
                formula = True
            elif local == "row":
                row, column = int(given["r"]) if "r" in given else row + 1, -1
            elif local == "rPh":
                phonetic = True

        def characters(data: str) -> None:
            if taking:
                parts.append(data)

        def end(name: str) -> None:
            nonlocal taking, phonetic, formula
            local = name.rpartition(":")[2]
            if local in _TEXT:
                taking = False
            elif local == "c":
                if parts or formula:
                    self._take(row, column, attributes.get("t"), "".join(parts))
                    parts.clear()
                    formula = False
            elif local == "row" and 0 < self.first <= row:
                raise EnoughError
            elif local == "rPh":
                phonetic = False

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = characters

    def _take(self, row: int, column: int, kind: str | None, raw: str) -> None:
        if self.first:
            self.cells.append(RawCell(row, column, kind, raw))
        elif kind == "e":
            message = _("column `{column}` holds the spreadsheet error {error}; correct the formula or type the value")
            self.broken.append(BrokenCell(row, column, message, raw))
        elif not raw and kind not in ("inlineStr", "str"):
            message = _(
                "column `{column}` holds a formula that was never calculated; open the workbook, let it calculate and "
                "save it"
            )
            self.broken.append(BrokenCell(row, column, message))


@dataclass(slots=True)
class StringScan:
    """Collects the shared strings up to the one at `last`, their runs joined, phonetic readings left out."""

    last: int
    strings: list[str] = field(default_factory=list)

    def attach(self, parser: expat.XMLParserType) -> None:
        """Set the handlers of a parser."""
        parts: list[str] = []
        taking = phonetic = False

        def start(name: str, _given: dict[str, str]) -> None:
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
                self.strings.append(plain("".join(parts)))
                if len(self.strings) > self.last:
                    raise EnoughError

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = characters


def plain(raw: str) -> str:
    """Return a text tidied, with the characters that XML cannot hold, which xlsx writes as _x000D_."""
    if "_x" in raw:
        raw = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), raw)
    return tidy(raw)


def _column(place: str) -> int:
    """Return the column from 0 of a cell: `A1` -> 0, `AA1` -> 26; ValueError where it names none."""
    letters = place.rstrip("0123456789").upper()
    if not (letters.isascii() and letters.isalpha()):
        raise ValueError(place)
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1
