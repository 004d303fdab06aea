"""A report as rows of named texts: CSV of any usual encoding and delimiter, or a sheet of xlsx, columns by heading.

Amounts and dates of exports are written as the account's language wants. What the decimal mark and the order of day and
month are is decided once for the whole file, from the cells that leave no doubt; where none does, the file is refused
unless the settings say it.
"""

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from importers.sheets.cells import Cell, is_workbook, text
from importers.sheets.tabular import TOP, fold, headings_found, read_sheet
from importers.words import _
from ledger.errors import Fault, Severity
from ledger.money import decimal_mark_in
from ledger.signs import one_line

# A year of the largest platform is a tenth of it.
LIMIT = 128 * 1024 * 1024
# Hundredths: what is larger is no amount, but an id in the wrong column.
LARGEST = 10**12
_DELIMITERS = ",;\t|"
_BELGIUM = ZoneInfo("Europe/Brussels")
# What exports write for a time zone, in hours from UTC; names such as Europe/Paris are known. What means two zones
# (CST, IST) is not here.
_ZONES = {
    **dict.fromkeys(("UTC", "GMT", "Z", "WET"), 0),
    **dict.fromkeys(("WEST", "BST", "CET", "MEZ"), 1),
    **dict.fromkeys(("CEST", "MESZ", "EET"), 2),
    **dict.fromkeys(("EDT",), -4),
    **dict.fromkeys(("EST", "CDT"), -5),
    **dict.fromkeys(("MDT",), -6),
    **dict.fromkeys(("MST", "PDT"), -7),
    **dict.fromkeys(("PST",), -8),
}
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?")
_ZONE = r"(?: ?([A-Z]{3,4}|Z|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?|[A-Z][A-Za-z]+/[A-Za-z_]+))?"
_MOMENT = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?()" + _ZONE)
_NUMBERED = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])\.?[Mm]\.?)?)?"
    + _ZONE
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])\.?[Mm]\.?)?")
_NOON = 12
# A heading that says it: `Created (UTC)`, `available_on_utc`.
_OF_HEADING = re.compile(r"(?:^|[\s_(\[])(UTC|GMT)(?:[\s_)\]]|$)", re.IGNORECASE)
_AMOUNT = re.compile(r"[+-]?\d[\d.,' ]*|[+-]?[.,]\d+")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\u2212": "-"})
_MONTHS = 12
_YEARS = range(1990, 2101)


class _NumberCell(str):
    """A number of a workbook, written with a point whatever mark the texts beside it have."""

    __slots__ = ()


class NotATable(Exception):
    """A file that is no table; its text is the sentence for the fault."""


@dataclass(frozen=True, slots=True)
class Hints:
    """The settings of a platform's exports, where a file leaves it in doubt or says it in words that nobody knows.

    `date` is `dmy` or `mdy`, `decimal` is `.` or `,`; empty: found out from the file. `zone` is that of moments which
    name none, or one that is not known. `types`, `statuses` and `columns` add to what a reader knows: values, folded,
    to what they mean, and a field to a further heading. `section` is where obole.toml says it.
    """

    date: str = ""
    decimal: str = ""
    encoding: str = ""
    delimiter: str = ""
    zone: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    section: str = ""


NO_HINTS = Hints()


@dataclass(slots=True)
class Report:
    """A table being read: faults are collected; `columns` gives each canonical name the headings it may have."""

    headings: tuple[str, ...]
    lines: Sequence[tuple[int, Sequence[str]]]
    digest: str
    hints: Hints = NO_HINTS
    faults: list[Fault] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    _decimal: str = ""
    _order: str = ""

    def find(self, columns: Mapping[str, Sequence[str]], required: Sequence[str], line: int = 1) -> bool:
        """Find the columns by the headings in a line; False, with a fault for each, where a required one is missing."""
        places = {fold(heading): place for place, heading in reversed(list(enumerate(self.headings)))}
        added = self.hints.columns
        for name in dict.fromkeys((*columns, *added)):
            for heading in (*((added[name],) if name in added else ()), *columns.get(name, ())):
                place = places.get(fold(heading))
                if place is not None:
                    self.index[name] = place
                    if said := _OF_HEADING.search(self.headings[place]):
                        self.zones[name] = said[1].upper()
                    break
        missing = [columns[name][0] for name in required if name not in self.index]
        self.faults += [
            Fault(_("the column `{name}` is missing; export the report with it").format(name=name), line)
            for name in missing
        ]
        return not missing

    def decide(self, amounts: Sequence[str] = (), days: Sequence[str] = ()) -> bool:
        """Decide decimal mark and order of dates for the whole file; False, with a fault, where they stay in doubt."""
        before = len(self.faults)
        cells = [self._cell(row, name) for _number, row in self.lines for name in amounts]
        self._decimal = self.hints.decimal or _decimal_mark(cells, self.faults)
        cells = [self._cell(row, name) for _number, row in self.lines for name in days]
        self._order = self.hints.date or _order(cells, self.faults)
        return len(self.faults) == before

    def __iter__(self) -> Iterator["ReportLine"]:
        """Yield the rows below the headings."""
        for number, cells in self.lines:
            yield ReportLine(self, number, cells)

    def unnamed(self, identifying: Sequence[str]) -> str:
        """Return what to tell where no column of the export has a field that leads to a donor; empty where one has."""
        if any(name in self.index for name in identifying):
            return ""
        return _(
            "no column says who gave, so that gifts come without a donor; export the report with it, or name its "
            'heading in obole.toml: [{section}] columns = {{ email = "..." }} (or donor, account)'
        ).format(section=self.hints.section)

    def _cell(self, row: Sequence[str], name: str) -> str:
        place = self.index.get(name, -1)
        return row[place] if 0 <= place < len(row) else ""

    def cents(self, written: str) -> int | None:
        """Return hundredths of a written amount, None where it is none."""
        return _cents(written, self._decimal or ".")

    def day(self, written: str, zone: str = "", clock: str = "") -> date | None:
        """Return the day in Belgium of a written date or moment, None where it is none."""
        return _day(written, self._order or "dmy", zone, clock)


@dataclass(slots=True)
class ReportLine:
    """One row; each accessor gives a cell, or adds a fault and a harmless placeholder. `sound` until one did."""

    report: Report
    number: int
    cells: Sequence[str]
    sound: bool = True

    def text(self, name: str) -> str:
        """Return a text without blanks around it; empty where there is none."""
        place = self.report.index.get(name, -1)
        return one_line(self.cells[place]) if 0 <= place < len(self.cells) else ""

    def _is_number(self, name: str) -> bool:
        place = self.report.index.get(name, -1)
        return 0 <= place < len(self.cells) and isinstance(self.cells[place], _NumberCell)

    def cents(self, name: str) -> int:
        """Return an amount, 0 where the cell is empty."""
        written = self.text(name)
        if not written:
            return 0
        found = _cents(written, ".") if self._is_number(name) else self.report.cents(written)
        if found is None:
            self.error(
                _("`{column}` is not an amount with at most two decimals; correct the export").format(
                    column=self.heading(name)
                )
            )
        return found or 0

    def day(self, name: str, zone: str = "", clock: str = "", within: str = "") -> date:
        """Return a day that must be there; `zone` and `clock` name the columns that say when in the day.

        `within` is the zone of a column that is always written in one.
        """
        found = self.day_or_none(name, zone, clock, within)
        if found is None and self.sound:
            self.error(_("`{column}` is empty; export the report with it").format(column=self.heading(name)))
        return found or date.min

    def day_or_none(self, name: str, zone: str = "", clock: str = "", within: str = "") -> date | None:
        """Return a day that may be left empty."""
        written = self.text(name)
        if not written:
            return None
        named, hints = self.text(zone) or within, self.report.hints
        if named and _zone(named) is None:
            named = hints.zone
            if not named and self.sound:
                self.error(
                    _(
                        "the time zone in `{column}` is not known; write which one it is in obole.toml: "
                        '[{section}] timezone = "Europe/Paris"'
                    ).format(column=self.heading(zone), section=hints.section)
                )
        named = named or self.report.zones.get(name, "") or hints.zone
        found = self.report.day(written, named, self.text(clock))
        if found is None:
            self.error(_("`{column}` is not a date; correct the export").format(column=self.heading(name)))
        return found

    def type_of(self, name: str, known: Mapping[str, str], *, key: str = "") -> str | None:
        """Return what a type means, by obole.toml or by what is known (folded); None, with a fault, for neither."""
        written = fold(key or self.text(name))
        found = self.report.hints.types.get(written) or known.get(written)
        if found is None:
            self.unknown(name)
        return found

    def status_of(self, name: str, known: Mapping[str, str]) -> str:
        """Return what a status means, by obole.toml or by what is known (folded); empty, with a fault, for neither."""
        written = fold(self.text(name))
        found = self.report.hints.statuses.get(written) or known.get(written)
        if found is None:
            self.unknown(name, status=True)
        return found or ""

    def unknown(self, name: str, *, status: bool = False) -> None:
        """Add the fault of a value that nobody knows: it is not repeated, in a shifted row it may be a name."""
        setting = 'statuses = { "..." = "done" }' if status else 'types = { "..." = "payment" }'
        self.error(
            _("the value of `{column}` is not known; write what it means in obole.toml: [{section}] {setting}").format(
                column=self.heading(name), section=self.report.hints.section, setting=setting
            )
        )

    def heading(self, name: str) -> str:
        """Return the heading of a column as the file has it."""
        place = self.report.index.get(name, -1)
        return self.report.headings[place] if 0 <= place < len(self.report.headings) else name

    def error(self, message: str) -> None:
        """Add a fault of this row, which refuses the file."""
        self.sound = False
        self.report.faults.append(Fault(message, self.number))


Fits = Callable[[frozenset[str]], bool]


def open_report(path: Path, hints: Hints = NO_HINTS, fits: Fits | None = None) -> Report:
    """Return the table of a report; without headings, and with the fault, where it is none.

    Its headings are the first row, or the first further down that `fits` takes for them, and then it is told.
    """
    try:
        if _starts_as_workbook(path):
            sheet = read_sheet(path, score=None if fits is None else lambda row: 2 * fits(frozenset(row)))
            lines = [(number, [_written(cell) for cell in row]) for number, row in sheet.rows]
            return Report(sheet.headings, lines, sheet.digest, hints, list(sheet.faults))
        records, digest = read_records(path, hints)
    except NotATable as refusal:
        return Report((), (), "", hints, [Fault(str(refusal))])
    except OSError as error:
        return Report(
            (),
            (),
            "",
            hints,
            [Fault(_("the file cannot be opened: {reason}; check its rights").format(reason=error.strerror))],
        )
    if not records:
        return Report((), (), digest, hints, [Fault(_("the file is empty; export it again"))])
    head = _head_of([record for _line, record in records[:TOP]], fits)
    faults = [] if not head else [Fault(headings_found(records[head][0]), None, Severity.WARNING)]
    headings = tuple(heading.strip() for heading in records[head][1])
    return Report(headings, records[head + 1 :], digest, hints, faults)


def _head_of(records: Sequence[Sequence[str]], fits: Fits | None) -> int:
    """Return the place of the record that `fits` takes for the headings; 0 where it takes none."""
    if fits is None:
        return 0
    return next((place for place, record in enumerate(records) if fits(_folded_set(record))), 0)


def _folded_set(record: Sequence[str]) -> frozenset[str]:
    return frozenset(fold(heading) for heading in record if heading.strip())


def read_records(path: Path, hints: Hints = NO_HINTS) -> tuple[list[tuple[int, list[str]]], str]:
    """Return the filled records of a CSV with the line each ends on, and the SHA-256; NotATable where it is none."""
    if path.stat().st_size > LIMIT:
        raise NotATable(_("the file is larger than {limit} MB; export a shorter period").format(limit=LIMIT // 2**20))
    data = path.read_bytes()
    written = decoded(data, hints.encoding)
    delimiter = hints.delimiter or _delimiter(written)
    reader = csv.reader(io.StringIO(written, newline=""), delimiter=delimiter, strict=True)
    try:
        records = [(reader.line_num, record) for record in reader if any(cell.strip() for cell in record)]
    except csv.Error:
        raise NotATable(
            _("line {line}: a quotation mark is not closed or stands inside a text; export it again").format(
                line=reader.line_num
            )
        ) from None
    return records, hashlib.sha256(data).hexdigest()


def first_record(path: Path, hints: Hints = NO_HINTS) -> list[str]:
    """Return the first record of a CSV or the headings of a sheet, to tell a file's kind; empty if it is no table."""
    return next(iter(first_records(path, hints)), [])


def first_records(path: Path, hints: Hints = NO_HINTS) -> list[list[str]]:
    """Return the first records of a CSV or rows of a sheet, among which the headings stand; none in no table."""
    try:
        if _starts_as_workbook(path):
            from importers.sheets.tabular import tops_of  # noqa: PLC0415 - only for workbooks

            return [list(row) for _name, rows in tops_of(path)[:1] for _number, row in rows]
        with path.open("rb") as stream:
            start = stream.read(65_536)
        written = decoded(start, hints.encoding, cut=True)
        reader = csv.reader(io.StringIO(written, newline=""), delimiter=hints.delimiter or _delimiter(written))
        found: list[list[str]] = []
        with suppress(csv.Error):  # what reads the file whole says where
            found.extend(islice(reader, TOP))
    except (OSError, NotATable):
        return []
    return found[:1] + [record for record in found[1:] if any(cell.strip() for cell in record)]


def decoded(data: bytes, encoding: str = "", *, cut: bool = False) -> str:
    """Return the text of a file: as declared, else UTF-8 with or without mark, UTF-16 with it, else Windows-1252."""
    if encoding:
        try:
            return data.decode(encoding, errors="replace" if cut else "strict")
        except (LookupError, UnicodeDecodeError):
            raise NotATable(
                _("the file is not written in {encoding}, as obole.toml says; correct one of the two").format(
                    encoding=encoding
                )
            ) from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        raise NotATable(_("this is no table of text (CSV); export it again"))
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=not cut)
    except UnicodeDecodeError:
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:
            raise NotATable(_("it holds a character in neither UTF-8 nor Windows-1252; export it as UTF-8")) from None


def _starts_as_workbook(path: Path) -> bool:
    with path.open("rb") as stream:
        return is_workbook(stream.read(8))


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and abs(cell - round(cell, 2)) < 1e-9:  # noqa: PLR2004 - a sum the spreadsheet computed
        return _NumberCell(f"{cell:.2f}")
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _NumberCell(text(cell))
    return text(cell)


def _delimiter(written: str) -> str:
    first, *rest = (re.sub(r'"[^"]*"', "", line) for line in written.split("\n", TOP)[:TOP])
    likely = max(_DELIMITERS, key=first.count)
    if first.count(likely) > 1:
        return likely
    # A title, which has none, or perhaps a comma: the delimiter is what the lines below have equally often.
    lines = [line for line in (first, *rest) if line.strip()]
    found: str = max((likely, *_DELIMITERS), key=lambda one: _equally_often(one, lines))
    return found


def _equally_often(delimiter: str, lines: Sequence[str]) -> int:
    counts = Counter(count for line in lines if (count := line.count(delimiter)))
    return max(counts.values(), default=0)


def _decimal_mark(cells: Sequence[str], faults: list[Fault]) -> str:
    """Return the mark before the decimals, that every amount which shows it agrees on; number cells say nothing."""
    marks = {decimal_mark_in(cell) for cell in cells if not isinstance(cell, _NumberCell)}
    found = marks & {".", ","}
    if len(found) > 1:
        faults.append(Fault(_("its amounts use both `.` and `,` before the decimals; export it again in one style")))
    elif not found and "?" in marks:
        message = _("its amounts may mean thousands or decimals (`1.234`); write `decimal` in obole.toml")
        faults.append(Fault(message))
    return next(iter(found), ".")


def _order(cells: Sequence[str], faults: list[Fault]) -> str:
    """Return whether day or month comes first, from the dates that leave no doubt."""
    orders: set[str] = set()
    doubtful = False
    for cell in dict.fromkeys(cells):
        match = _NUMBERED.match(cell.strip())
        if match is None:
            continue
        one, mark, two = int(match[1]), match[2], int(match[3])
        if mark == "." or one > _MONTHS:
            orders.add("dmy")
        elif two > _MONTHS:
            orders.add("mdy")
        else:
            doubtful = doubtful or one != two
    if len(orders) > 1:
        faults.append(
            Fault(_("its dates have the day first in some rows and the month first in others; export it again"))
        )
    elif not orders and doubtful:
        message = _('its dates may have the day or the month first; write date = "dmy" or "mdy" in obole.toml')
        faults.append(Fault(message))
    return next(iter(orders), "dmy")


def _cents(written: str, decimal: str) -> int | None:
    before, mark, after = written.partition(decimal)
    if before.removeprefix("-").isdecimal() and written.isascii() and len(after) == 2 * len(mark) and len(before) < 11:  # noqa: PLR2004 - 12.34, as nearly all are
        if not mark:
            return int(before) * 100
        if after.isdecimal():
            return int(before + after)
    plain = written.translate(_SPACES).strip()
    if not (plain.isascii() and _AMOUNT.fullmatch(plain)):
        return None
    group = "," if decimal == "." else "."
    whole, _, rest = plain.partition(decimal)
    if not re.fullmatch(rf"[+-]?(\d*|\d{{1,3}}([{group}' ]\d{{3}})+)", whole):
        return None
    try:
        scaled = Decimal(re.sub(r"[.,' ]", "", whole) + "." + rest) * 100
    except InvalidOperation:  # a mark or a blank behind the decimal mark
        return None
    return int(scaled) if scaled == int(scaled) and abs(scaled) < LARGEST else None


@lru_cache(maxsize=4096)
def _day(written: str, order: str, zone: str, clock: str) -> date | None:
    parts = _parts(written.strip(), order)
    if parts is None:
        return None
    year, month, number, hour, minute, second, half, offset = parts
    if not hour and clock and (time := _CLOCK.match(clock)):
        hour, minute, second, half = time.groups("")
    of_day = int(hour or 0)
    if half:
        of_day = of_day % _NOON + (_NOON if half in "Pp" else 0)
    try:
        found = datetime(int(year), int(month), int(number), of_day, int(minute or 0), int(second or 0))  # noqa: DTZ001 - its zone follows
    except ValueError:
        return None
    of = _zone(offset or zone)
    if found.year not in _YEARS or (offset and of is None):
        return None
    # Without an hour or a zone there is nothing to convert: the day is as written.
    if not hour or of is None:
        return found.date()
    return found.replace(tzinfo=of).astimezone(_BELGIUM).date()


def _parts(written: str, order: str) -> tuple[str, ...] | None:
    """Return year, month, day, hour, minute, second, half of the day and zone of a moment; None where it is none."""
    if match := _MOMENT.fullmatch(written):
        return match.groups("")
    match = _NUMBERED.fullmatch(written)
    if match is None:
        return None
    one, _mark, two, year, *rest = match.groups("")
    number, month = (one, two) if order == "dmy" else (two, one)
    return (f"20{year}" if len(year) == 2 else year, month, number, *rest)  # noqa: PLR2004 - a year of two digits


@lru_cache(maxsize=256)
def _zone(named: str) -> tzinfo | None:
    if match := _OFFSET.fullmatch(named.upper()):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes)) if minutes < 24 * 60 else None
    if named.upper() in _ZONES:
        hours = _ZONES[named.upper()]
        return UTC if not hours else timezone(timedelta(hours=hours))
    try:
        return ZoneInfo(named) if "/" in named and ".." not in named else None
    except (KeyError, ValueError, OSError):
        return None
