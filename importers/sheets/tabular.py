"""Registers that people fill in: a sheet of xlsx or a CSV as rows of typed cells, columns found by their heading.

A reader names its columns, takes each row's cells through the accessors of `Row` and gives a `RegisterFile`. Everything
wrong is collected as a fault with the row as the user sees it (headings are row 1), the column and the remedy.
"""

import codecs
import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Generic, TypeVar

from importers.sheets import cells
from importers.sheets.cells import BrokenCell, Cell, CellError, UnreadableError, is_workbook, letters_of
from importers.words import _, many
from ledger.errors import Fault, Severity, refuses, remarks_among
from ledger.languages import LANGUAGES, spoken
from ledger.signs import one_line

if TYPE_CHECKING:
    from importers.sheets.workbook import OtherWorkbook, Workbook


# Says of the headings in a row, folded, how many are known: the row with most is that of the headings.
Score = Callable[[Sequence[str]], int]


# Of each sheet its name and its first rows, with their numbers.
_Tops = tuple[tuple[str, tuple[tuple[int, tuple[str, ...]], ...]], ...]


T = TypeVar("T")


# Enough of a CSV to hold its headings.
_PEEK = 65_536


_DELIMITERS = ";,\t"


# The headings are looked for in so many rows: above them stand a title, who made the list and when.
TOP = 20


# So many headings must be known in a row that is not the first, else row 1 is that of the headings.
_SURE = 2


_KEY = re.compile(r"D[0-9]{4,9}")


_ACCOUNT = re.compile(r"[0-9]{2,8}")


# Columns read beyond the headings, to see what has none.
_SPARE = 8


_WIDEST_CSV = 256  # as of a workbook


# A line set behind the last one of a CSV, of a character that no file holds (U+FFFE is none).
_END = "\ufffe"


# Unknown headings, of which a sheet of something else may have thousands, each of any length.
_UNKNOWN_SHOWN, _LONGEST_HEADING = 50, 200


# What a spreadsheet writes into a CSV for a formula that failed.
_ERROR_TEXTS = frozenset(
    {
        "#REF!",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#N/A",
        "#NULL!",
        "#NUM!",
        "#NOM?",
        "#NAAM?",
        "#VERW!",
        "#WAARDE!",
    }
)


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a register: its name, which is its English heading, and its French, Dutch and German ones.

    `required`: the column must be there and filled in every row; `present`: it must be there, a cell may be empty.
    `amount`: it holds amounts or quantities, which all have the same decimal mark.
    """

    name: str
    fr: str = ""
    nl: str = ""
    de: str = ""
    required: bool = False
    present: bool = False
    amount: bool = False

    def heading(self, language: str) -> str:
        """Return the heading in fr, nl, de or en."""
        return {"fr": self.fr, "nl": self.nl, "de": self.de}.get(language) or self.name

    @property
    def headings(self) -> tuple[str, ...]:
        """Return every heading the column is found by."""
        return tuple(dict.fromkeys(heading for heading in (self.name, self.fr, self.nl, self.de) if heading))


@dataclass(frozen=True, slots=True)
class RawSheet:
    """One table as it stands in the file: headings, filled rows with their number, what is wrong with it as such."""

    name: str
    headings: tuple[str, ...]
    rows: tuple[tuple[int, Sequence[Cell]], ...]
    faults: tuple[Fault, ...]
    digest: str


@dataclass(frozen=True)  # no slots: Python 3.11 cannot make `RegisterFile[X](...)` with both
class RegisterFile(Generic[T]):
    """The content of a register: its rows, its faults, the SHA-256 of the file, the columns it has.

    Rows with an error are left out.
    """

    rows: tuple[T, ...]
    faults: tuple[Fault, ...]
    digest: str
    columns: frozenset[str] = frozenset()

    @property
    def ok(self) -> bool:
        """Return True where nothing refuses the file; it is taken whole or not at all."""
        return not refuses(self.faults)

    @property
    def warnings(self) -> list[Fault]:
        """Return the faults that refuse nothing."""
        return remarks_among(self.faults)


def of_columns(columns: Sequence[SheetColumn]) -> Score:
    """Return what counts the columns of a register among headings."""
    known = {fold(heading): column.name for column in columns for heading in column.headings}
    return lambda headings: len({known[heading] for heading in headings if heading in known})


def headings_found(row: int) -> str:
    """Say that the headings do not stand in row 1."""
    return _("the headings were found in row {row}; what stands above them is left out").format(row=row)


def read_sheet(path: Path, sheet: str | None = None, score: Score | None = None) -> RawSheet:
    """Return the table in a CSV, or in one sheet of a workbook (the first that has headings, unless named).

    The headings stand in the row where `score` knows most, without it in row 1. A file that cannot be read gives a
    sheet without headings, whose fault says why.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _unread(
            sheet, _("the file cannot be opened: {reason}; check its name and rights").format(reason=reason), ""
        )
    digest = hashlib.sha256(data).hexdigest()
    try:
        if is_workbook(data):
            return _read_workbook(data, sheet, digest, score)
        return _read_csv(data, path, digest, score)
    except UnreadableError as error:
        return _unread(sheet, str(error), digest)


def why_unreadable(path: Path) -> Fault | None:
    """Return why a file that is called a workbook cannot be read; None where it can, or is called otherwise."""
    if not path.suffix.casefold().startswith((".xls", ".ods")):
        return None
    sheet = read_sheet(path)
    return None if sheet.headings else next(iter(sheet.faults), None)


def headings_of(path: Path) -> dict[str, tuple[str, ...]]:
    """Return row 1 of each sheet (of a CSV: one, named as the file), folded by `fold`; none in no table."""
    found: dict[str, tuple[str, ...]] = {}
    for name, rows in tops_of(path):
        found.setdefault(name, next((row for number, row in rows if number == 1), ()))
    return found


def tops_of(path: Path) -> _Tops:
    """Return the first rows of each sheet that hold something, with their numbers, folded by `fold`; none in no table.

    A CSV is one sheet named as the file, once for each delimiter that it may have. Only the beginning is read, and
    once, so that asking each register whether a file is its own stays cheap.
    """
    return tuple((name, tuple((number, _folded(row)) for number, row in rows)) for name, rows in raw_tops_of(path))


def raw_tops_of(path: Path) -> _Tops:
    """Return the first rows of each sheet as `tops_of`, as they are written."""
    try:
        status = path.stat()
        return _tops(path, (status.st_ino, status.st_size, status.st_mtime_ns))
    except OSError:
        return ()


@lru_cache(maxsize=4)
def _tops(path: Path, _stamp: tuple[int, int, int]) -> _Tops:
    try:
        with path.open("rb") as stream:
            start = stream.read(_PEEK)
            if is_workbook(start):
                book = _workbook(stream)
                return tuple(
                    (name, tuple((number, tuple(row)) for number, row in book.top(name, TOP))) for name in book.names
                )
        text, delimiters = _dialects(_decode(start, cut=len(start) == _PEEK))
        return tuple(
            (path.stem, tuple((number, tuple(row)) for number, row in _top_records(text, delimiter)))
            for delimiter in delimiters
        )
    except (OSError, csv.Error, UnreadableError):
        return ()


def is_text(path: Path) -> bool:
    """Return whether a file that can be opened is no workbook, hence a CSV or nothing."""
    try:
        with path.open("rb") as stream:
            return not is_workbook(stream.read(8))
    except OSError:
        return False


def has_columns(path: Path, *groups: Sequence[SheetColumn]) -> bool:
    """Return whether some sheet of the file has at least one column of each group: so a register is known."""
    return any(
        all(any(fold(heading) in found for column in group for heading in column.headings) for group in groups)
        for _name, rows in tops_of(path)
        for number, found in rows
        if number == 1 or sum(map(bool, found)) >= _SURE
    )


def fold(heading: str) -> str:
    """Return a heading without case, accents, blanks, underscores, hyphens: `Numéro national` -> `numeronational`."""
    plain = unicodedata.normalize("NFKD", heading).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


class SheetTable:
    """The rows of a sheet under known columns; `faults` grows while the rows are read.

    With `others` columns that are not known are told and not read: an export of another software has such.
    """

    def __init__(
        self, sheet: RawSheet, columns: Sequence[SheetColumn], *, place: str = "", others: bool = False
    ) -> None:
        self._others = others
        self.digest = sheet.digest
        self.place = one_line(place)
        self._faults = [self._placed(fault) for fault in sheet.faults]
        self._sheet = sheet
        self.columns = {column.name: column for column in columns}
        self.index = {column.name: -1 for column in columns}
        self._amounts = {column.name for column in columns if column.amount}
        self._mark: str | None = None
        if sheet.headings:
            self._find(columns)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return the faults so far, in the order of the rows."""
        return tuple(sorted(self._faults, key=lambda fault: fault.line or 0))

    def __iter__(self) -> Iterator["SheetRow"]:
        """Yield the rows; none where a column is missing or twice, because every row would repeat it."""
        if not self.readable:
            return
        broken = {fault.line for fault in self._sheet.faults if fault.severity is Severity.ERROR}
        # Every row gets one empty cell more than there are headings: that of the columns the file has not.
        width = len(self._sheet.headings) + 1
        for number, values in self._sheet.rows:
            padded = [*values, *(None,) * (width - len(values))]
            yield SheetRow(self, number, padded, sound=number not in broken)

    @property
    def readable(self) -> bool:
        """Return whether nothing is wrong with the sheet as such: headings, merged cells, the file itself."""
        return all(fault.line is not None or fault.severity is not Severity.ERROR for fault in self._faults)

    def heading(self, name: str) -> str:
        """Return the heading of a column as the file has it; of one that it has not, in the language of the others."""
        index = self.index[name]
        return self.columns[name].heading(self._language) if index < 0 else self._sheet.headings[index]

    @cached_property
    def _language(self) -> str:
        """Return the language of most headings of the file; where several have as many, that of the person."""
        folded = {fold(heading) for heading in self._sheet.headings if heading}
        counts = {
            language: sum(fold(column.heading(language)) in folded for column in self.columns.values())
            for language in (spoken(), *LANGUAGES)
        }
        return max(counts, key=lambda language: counts[language])

    def mark_of(self, name: str) -> str:
        """Return the decimal mark of the table, in which `name` is a column of amounts; DOUBTFUL where none is shown.

        It is decided once, from all amounts; where those that leave no doubt do not agree, it is told and stays open.
        """
        if self._mark is None or name not in self._amounts:
            self._amounts.add(name)
            self._mark = self._decide_mark()
        return self._mark

    def marks(self) -> dict[str, int]:
        """Return the decimal marks that amounts of the table show, each with the first row where it does."""
        places = [self.index[name] for name in self._amounts if self.index[name] >= 0]
        first: dict[str, int] = {}
        for number, values in self._sheet.rows:
            for place in places:
                if place < len(values) and isinstance(values[place], str):
                    first.setdefault(cells.decimal_mark(values[place]), number)
        return first

    def take_mark(self, mark: str) -> None:
        """Take the decimal mark that was decided for several tables together."""
        self._mark = mark

    def _decide_mark(self) -> str:
        first = self.marks()
        if "." in first and "," in first:
            self.warn(
                _(
                    "the amounts have `.` before the decimals in row {point} and `,` in row {comma}; write all amounts "
                    "of the table in one way"
                ).format(point=first["."], comma=first[","]),
                max(first["."], first[","]),
            )
            return cells.DOUBTFUL
        return next((mark for mark in (".", ",") if mark in first), cells.DOUBTFUL)

    def error(self, message: str, line: int | None = None) -> None:
        """Add a fault that refuses the file."""
        self._faults.append(self._placed(Fault(message, line)))

    def warn(self, message: str, line: int | None = None) -> None:
        """Add a fault that is told and kept."""
        self._faults.append(self._placed(Fault(message, line, Severity.WARNING)))

    def file(self, rows: Iterable[T]) -> RegisterFile[T]:
        """Return the register read from this one table."""
        taken = tuple(rows)
        if not taken and not self._faults:
            self.error(_("there is no row below the headings; fill in the register"))
        present = frozenset(name for name, index in self.index.items() if index >= 0)
        return RegisterFile(taken, self.faults, self.digest, present)

    def _placed(self, fault: Fault) -> Fault:
        if not self.place:
            return fault
        message = _("sheet `{sheet}`: {message}").format(sheet=self.place, message=fault.message)
        return Fault(message, fault.line, fault.severity)

    def _find(self, columns: Sequence[SheetColumn]) -> None:
        known = {fold(heading): column for column in columns for heading in column.headings}
        unknown: list[str] = []
        for index, heading in enumerate(self._sheet.headings):
            column = known.get(fold(heading))
            if column is None:
                if heading:
                    unknown.append(heading)
            elif self.index[column.name] >= 0:
                self.error(
                    _("the columns `{first}` and `{heading}` both hold {name}; keep one").format(
                        first=self.heading(column.name), heading=heading, name=column.heading(self._language)
                    )
                )
            else:
                self.index[column.name] = index
        if max(self.index.values()) < 0:
            # Row 1 may be data: nothing of it is repeated.
            names = ", ".join(column.heading(self._language) for column in columns)
            self.error(
                _("row 1 holds no heading of this register; write its headings there ({names})").format(names=names)
            )
            return
        self._tell_unknown(unknown, known)
        for column in columns:
            if (column.required or column.present) and self.index[column.name] < 0:
                others = _(" or ").join(f"`{heading}`" for heading in column.headings)
                self.error(_("the column {others} is missing; add it").format(others=others))

    def _tell_unknown(self, unknown: Sequence[str], known: Mapping[str, SheetColumn]) -> None:
        if self._others:
            if unknown:
                names = ", ".join(f"`{heading[:_LONGEST_HEADING]}`" for heading in unknown[:_UNKNOWN_SHOWN])
                self.warn(_("columns that are not read: {names}").format(names=names))
            return
        for heading in unknown[:_UNKNOWN_SHOWN]:
            if len(heading) > _LONGEST_HEADING:
                self.error(
                    _("a heading of {count:,} characters is not known; rename or remove its column").format(
                        count=len(heading)
                    )
                )
                continue
            near = get_close_matches(fold(heading), known, n=1, cutoff=0.6)
            if near:
                self.error(
                    _("the column `{heading}` is not known; did you mean `{near}`? Rename or remove it").format(
                        heading=heading, near=known[near[0]].heading(self._language)
                    )
                )
            else:
                self.error(_("the column `{heading}` is not known; rename or remove it").format(heading=heading))
        if unknown[_UNKNOWN_SHOWN:]:
            more = len(unknown) - _UNKNOWN_SHOWN
            self.error(
                many(
                    "{count:,} more column is not known; rename or remove it",
                    "{count:,} more columns are not known; rename or remove them",
                    more,
                ).format(count=more)
            )


def share_mark(tables: Sequence[SheetTable]) -> None:
    """Decide the decimal mark of the tables of one file together: what one of them shows holds for the others.

    Where they show both, none is decided: a table that shows one alone is in doubt too, and it is told.
    """
    shown = [(table, table.marks()) for table in tables]
    by_mark = {mark: next((table for table, first in shown if mark in first), None) for mark in (".", ",")}
    point, comma = by_mark["."], by_mark[","]
    if point is None or comma is None:
        for table in tables:
            table.take_mark("." if point is not None else "," if comma is not None else cells.DOUBTFUL)
        return
    if point is comma:  # it says so itself; the others are in doubt with it
        for table in tables:
            if table is not point:
                table.take_mark(cells.DOUBTFUL)
        return
    for table in tables:
        table.take_mark(cells.DOUBTFUL)
    message = _(
        "the amounts have `.` before the decimals in sheet `{point}` and `,` in sheet `{comma}`; write all amounts of "
        "the file in one way"
    )
    point.warn(message.format(point=point.place, comma=comma.place))


class SheetRow:
    """One row: each accessor gives the typed value of a cell, or adds a fault and gives a harmless placeholder.

    A row with an error is not `sound`; its values are placeholders and must not be used.
    """

    __slots__ = ("_cells", "_index", "_table", "_whole", "number", "sound")

    def __init__(self, table: SheetTable, number: int, values: Sequence[Cell], *, sound: bool) -> None:
        self._table = table
        self._index = table.index
        self._cells = values
        self._whole = sound
        self.number = number
        self.sound = sound

    def text(self, name: str) -> str:
        """Return a text; empty where the cell is."""
        cell = self._cell(name)
        return "" if cell is None else cell if isinstance(cell, str) else cells.text(cell)

    def code(self, name: str) -> str:
        """Return a code or reference without the decimals or date a spreadsheet makes of it; empty if the cell is."""
        return self._read(name, cells.code) or ""

    def digits(self, name: str, length: int, prefix: str = "") -> str:
        """Return a number of fixed length, lost leading zeros put back, a prefix left out; empty where the cell is."""
        cell = self._cell(name)
        if cell is None:
            return ""
        try:
            return cells.digits(cell, length, prefix)
        except CellError as error:
            self.error(name, error.message, **error.values)
            return ""

    def key(self, name: str) -> str | None:
        """Return a donor key such as D0001234, None where the cell is empty."""
        key = self.code(name).upper()
        if key and not _KEY.fullmatch(key):
            self.error(
                name, _("column `{column}` is not a donor key; write D and four to nine digits, such as D0001234")
            )
        return key or None

    def account(self, name: str) -> str:
        """Return an account code of two to eight digits; empty where the cell is."""
        code = self.code(name)
        if code and not _ACCOUNT.fullmatch(code):
            self.error(
                name, _("column `{column}` is not an account code; write its two to eight digits, such as 610900")
            )
        return code

    def day(self, name: str) -> date:
        """Return a date that must be there."""
        return self._read(name, cells.day) or date.min

    def day_or_none(self, name: str) -> date | None:
        """Return a date that may be left empty."""
        return self._read(name, cells.day)

    def cents(self, name: str) -> int:
        """Return an amount, 0 where the cell is empty."""
        return self._measured(name, cells.cents) or 0

    def positive(self, name: str) -> int:
        """Return an amount above zero."""
        found = self._measured(name, cells.cents)
        if found is not None and found <= 0:
            self.error(name, _("column `{column}` must be above zero; correct the amount"))
        return found or 0

    def number_or_none(self, name: str) -> Decimal | None:
        """Return a quantity that may be left empty."""
        return self._measured(name, cells.number)

    def whole(self, name: str) -> int:
        """Return a whole number from 1."""
        return self._read(name, cells.whole) or 1

    def choice(self, name: str, known: Mapping[str, str], default: str) -> str:
        """Return one of the values of `known`, `default` where the cell is empty."""
        cell = self._cell(name)
        if cell is None:
            return default
        if isinstance(cell, str) and (found := known.get(cell)):
            return found
        try:
            return cells.choice(cell, known)
        except CellError as error:
            self.error(name, error.message, **error.values)
            return default

    def filled(self, name: str) -> bool:
        """Return whether the cell holds something."""
        return self._cells[self._index[name]] is not None

    def error(self, name: str, message: str, **values: object) -> None:
        """Add a fault of this row, which is no longer sound; `message` names the column as `{column}`."""
        self.sound = False
        self._table.error(message.format(column=self._table.heading(name), **values), self.number)

    def warn(self, name: str, message: str, **values: object) -> None:
        """Add a warning of this row, which stays sound; `message` names the column as `{column}`."""
        self._table.warn(message.format(column=self._table.heading(name), **values), self.number)

    def _cell(self, name: str) -> Cell:
        cell = self._cells[self._index[name]]
        if cell is None and self._table.columns[name].required and self._whole:
            self.error(name, _("column `{column}` is empty; fill it in"))
        return cell

    def _measured(self, name: str, convert: Callable[[Cell, str], T]) -> T | None:
        """Read an amount or a quantity: one that is text has the decimal mark of its table."""
        if not isinstance(self._cells[self._index[name]], str):
            return self._read(name, lambda cell: convert(cell, ""))
        mark = self._table.mark_of(name)
        return self._read(name, lambda cell: convert(cell, mark))

    def _read(self, name: str, convert: Callable[[Cell], T]) -> T | None:
        cell = self._cell(name)
        if cell is None:
            return None
        try:
            return convert(cell)
        except CellError as error:
            self.error(name, error.message, **error.values)
            return None


def _folded(headings: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(fold(cells.text(heading)) if heading is not None else "" for heading in headings)


def _unread(name: str | None, message: str, digest: str) -> RawSheet:
    return RawSheet(name or "", (), (), (Fault(message),), digest)


def _workbook(source: IO[bytes]) -> "Workbook | OtherWorkbook":
    from importers.sheets.package import is_other_workbook  # noqa: PLC0415 - most files are none
    from importers.sheets.workbook import OtherWorkbook, Workbook  # noqa: PLC0415

    return OtherWorkbook(source.read()) if is_other_workbook(source) else Workbook(source)


def _read_workbook(data: bytes, wanted: str | None, digest: str, score: Score | None) -> RawSheet:
    book = _workbook(io.BytesIO(data))
    heads = {name: _head_of([(n, _folded(row)) for n, row in book.top(name, TOP)], score) for name in book.names}
    filled = [name for name, head in heads.items() if head]
    if wanted is None:
        name = next(iter(filled), "")
        notes = [
            Fault(
                _("the sheet `{other}` is left out: this register is one sheet, the first").format(
                    other=one_line(other)
                ),
                None,
                Severity.WARNING,
            )
            for other in filled
            if other != name
        ]
    else:
        name = next((name for name in book.names if fold(name) == fold(wanted)), "")
        notes = []
    if not name:
        if wanted:
            message = _("there is no visible sheet `{sheet}`; write the headings in row 1 of the sheet")
        else:
            message = _("row 1 of every visible sheet is empty; write the headings in row 1 of the sheet")
        return _unread(wanted, message.format(sheet=one_line(wanted or "")), digest)
    grid = book.grid(name)
    sheet = _sheet(name, grid.rows, grid.broken, digest, notes=notes, head=heads[name] or 1)
    merged = tuple(
        Fault(
            _("the cells {ref} are merged, so that rows share a value; unmerge them and fill in each row").format(
                ref=ref
            )
        )
        for ref in grid.merged
    )
    return replace(sheet, faults=sheet.faults + merged)


def _head_of(rows: Iterable[tuple[int, Sequence[str]]], score: Score | None) -> int:
    """Return the number of the row of the headings: row 1 unless `score` knows more of a later one; 0 for neither."""
    best, known = 0, 0
    for number, headings in rows:
        found = score(headings) if score is not None else 0
        if number == 1 or (found >= _SURE and found > known):
            best, known = number, found
    return best


def _read_csv(data: bytes, path: Path, digest: str, score: Score | None) -> RawSheet:
    if path.suffix.casefold().startswith((".xls", ".ods")):
        raise UnreadableError(
            _("the name says workbook but the content is none; open it in the spreadsheet and save it as .xlsx")
        )
    text, delimiters = _dialects(_decode(data))
    delimiter, head, width = _best_of(text, delimiters, score)
    if width > _WIDEST_CSV:
        raise UnreadableError(
            _("the sheet has more than {count} columns; remove those not needed").format(count=_WIDEST_CSV)
        )
    broken: list[BrokenCell] = []
    rows: list[tuple[int, list[Cell]]] = []
    for number, record in enumerate(_records(text, delimiter), 1):
        if number >= head and len(record) > width + _SPARE:
            raise UnreadableError(
                _(
                    "row {number} has {fields} fields, more than there are headings; put quotation marks around a "
                    "text that holds `{delimiter}`"
                ).format(number=number, fields=len(record), delimiter=delimiter)
            )
        values: list[Cell] = [cells.tidy(value) or None for value in record]
        while values and values[-1] is None:
            values.pop()
        if values:
            rows.append((number, values))
        if number >= head and not _ERROR_TEXTS.isdisjoint(record):
            message = _("column `{column}` holds a spreadsheet error; correct the formula")
            broken += [BrokenCell(number, column, message) for column, raw in enumerate(record) if raw in _ERROR_TEXTS]
    return _sheet(path.stem, rows, broken, digest, head=head)


def _best_of(text: str, delimiters: Sequence[str], score: Score | None) -> tuple[str, int, int]:
    """Return the delimiter with which most headings are known, their row and how many there are."""
    first = delimiters[0]
    best, known = (first, 1, len(_first_record(text, first))), 0
    for delimiter in delimiters if score is not None else ():
        tops = dict(_top_records(text, delimiter))
        head = _head_of([(number, _folded(row)) for number, row in tops.items()], score)
        found = score(_folded(tops[head])) if score is not None and head else 0
        if found > known and (delimiter == first or found >= _SURE):
            best, known = (delimiter, head, len(tops[head])), found
    return best


def _top_records(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the first records of a CSV that hold something, with their numbers."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found: list[tuple[int, list[str]]] = []
    with suppress(csv.Error):  # what reads the file whole says where
        found.extend(one for one in zip(range(1, TOP + 1), reader, strict=False) if any(one[1]))
    return found


def _records(text: str, delimiter: str) -> list[list[str]]:
    """Return the records of a CSV, an empty one for a blank line."""
    if not text:
        raise UnreadableError(_("the file is empty; export it again"))
    # A quotation mark that is never closed takes the end with it, which the csv module does not say.
    lines = chain(io.StringIO(text, newline=""), [_END])
    limit = csv.field_size_limit(len(text) + len(_END))
    try:
        *records, last = csv.reader(lines, delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableError(
            _("the file is no table of text ({error}); export it again").format(error=error)
        ) from None
    finally:
        csv.field_size_limit(limit)
    if last != [_END]:
        raise UnreadableError(
            _("a quotation mark opened in row {row} is never closed; close it or remove it").format(
                row=len(records) + 1
            )
        )
    return records


def _sheet(
    name: str,
    rows: list[tuple[int, list[Cell]]],
    broken: list[BrokenCell],
    digest: str,
    *,
    notes: Sequence[Fault] = (),
    head: int = 1,
) -> RawSheet:
    above = [row for row in rows if row[0] < head]
    rows, broken = rows[len(above) :], [cell for cell in broken if cell.row >= head]
    if head > 1:
        notes = [*notes, Fault(headings_found(head), None, Severity.WARNING)]
    if not rows or rows[0][0] != head:
        return _unread(name, _("row 1 is empty; write the headings there"), digest)
    headings = tuple("" if value is None else cells.text(value) for value in rows[0][1])
    faults = list(notes)
    for cell in broken:
        named = headings[cell.column] if cell.column < len(headings) else ""
        message = cell.message.format(column=named or letters_of(cell.column), error=cell.error)
        faults.append(Fault(message, cell.row))
    faults += _without_heading(headings, rows[1:])
    return RawSheet(name, headings, tuple(rows[1:]), tuple(faults), digest)


def _without_heading(headings: Sequence[str], rows: Iterable[tuple[int, list[Cell]]]) -> Iterator[Fault]:
    """Yield a fault for each column without a heading that holds values."""
    stray: dict[int, list[int]] = {}
    width = len(headings)
    blanks = [index for index, heading in enumerate(headings) if not heading]
    for number, values in rows:
        if blanks or len(values) > width:
            for index in (*blanks, *range(width, len(values))):
                if index < len(values) and values[index] is not None:
                    stray.setdefault(index, []).append(number)
    for index, numbers in sorted(stray.items()):
        if len(numbers) > 1:
            message = many(
                "column {letters} has no heading but holds a value in row {row} and {count} more; give it its heading "
                "or empty it (in a CSV: a text that holds the delimiter needs quotation marks)",
                "column {letters} has no heading but holds a value in row {row} and {count} more; give it its heading "
                "or empty it (in a CSV: a text that holds the delimiter needs quotation marks)",
                len(numbers) - 1,
            )
        else:
            message = _(
                "column {letters} has no heading but holds a value in row {row}; give it its heading or empty it (in "
                "a CSV: a text that holds the delimiter needs quotation marks)"
            )
        yield Fault(message.format(letters=letters_of(index), row=numbers[0], count=len(numbers) - 1))


def _decode(data: bytes, *, cut: bool = False) -> str:
    """Return the text of a CSV: UTF-8 with or without its mark, UTF-16 with its mark, else Windows-1252."""
    if b"\0" in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableError(_("this is neither a table of text (CSV) nor an xlsx workbook; export it again"))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")(errors="replace").decode(data, final=not cut)
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=not cut)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    # A letter of UTF-8 in a file that is not UTF-8: Ã followed by a sign, as no language writes.
    if re.search(rb"\xc3[\x80-\xbf]", data):
        raise UnreadableError(
            _("the file mixes UTF-8 and another encoding (line {line}); save it as CSV UTF-8").format(line=line)
        )
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            _("line {line} holds a character in neither UTF-8 nor Windows-1252; save the file as CSV UTF-8").format(
                line=line
            )
        ) from None


def _dialects(text: str) -> tuple[str, list[str]]:
    """Return the text without Excel's `sep=` line, and its delimiters: first the one most frequent in row 1."""
    if match := re.match(r"sep=(.)\r?\n", text):
        return text[match.end() :], [match[1]]
    end = re.search(r"[\r\n]|$", text)
    headings = re.sub(r'"[^"]*"', "", text[: end.start() if end else None])
    return text, sorted(_DELIMITERS, key=headings.count, reverse=True)


def _first_record(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        raise UnreadableError(
            _(
                "a heading in line 1 is longer than {count:,} characters, or a quotation mark there is not "
                "closed; correct it and export the file again"
            ).format(count=csv.field_size_limit())
        ) from None
