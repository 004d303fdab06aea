"""The values of one sheet of a workbook, read by calamine in a process of its own with a limit on its memory.

calamine makes a grid as wide and as long as the outermost cells: one cell far away, and the process that reads it is
ended by the system (two kilobytes that ask for 78 GB); hence not in this one. What comes back is bytes of our own.
"""

import io
import pickle
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from importers.sheets.cells import Cell, UnreadableError, letters_of, tidy
from importers.words import _
from ledger.signs import one_line

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

# The width of a sheet of xlsx is 16,384 columns; no register has more than this many.
WIDEST = 256


# Bytes that the reading process may have: a workbook of the largest size that is opened needs two thirds.
_MEMORY = 3_000_000_000


_NO_MEMORY = 3  # the status with which that process ends then, where it still can


# Seconds; a workbook of the largest size takes twenty.
_PATIENCE = 300


# Started without `site`, which takes longer than all that is needed of it.
_COMMAND = (
    "import sys; sys.path[:] = sys.argv[1:]; from importers.sheets.values import read_for_other; read_for_other()"
)


# From here on a float does not hold every whole number.
_EXACT = 2.0**53


class _Asked(NamedTuple):
    """A sheet by its name, or with an empty one every visible sheet."""

    sheet: str
    spaced: bool
    data: bytes


class SheetValues(NamedTuple):
    """The rows of a sheet that hold something, each with its number, and its merged cells (`A2:A3`); no row if wide."""

    rows: list[tuple[int, list[Cell]]]
    merged: list[str]
    wide: bool = False


def read_values(data: bytes, sheet: str, *, spaced: bool) -> SheetValues:
    """Read a sheet of the workbook that the bytes are; `spaced` keeps blanks at the ends of runs of text.

    UnreadableError where calamine cannot read it, however it says so: by an error, by ending, by not ending.
    """
    values = _ask(_Asked(sheet, spaced, data))
    assert isinstance(values, SheetValues)
    return values


def read_book(data: bytes) -> dict[str, SheetValues]:
    """Read every visible sheet of the workbook that the bytes are, as `read_values` does one."""
    values = _ask(_Asked("", False, data))
    assert isinstance(values, dict)
    return values


def too_much(sheet: str) -> str:
    """Return what is said of a sheet that would take too much memory."""
    return _(
        "the sheet `{sheet}` takes too much memory, as where a cell far below or beside the others holds a value; "
        "delete the rows and columns outside the table and save it"
    ).format(sheet=one_line(sheet))


def _ask(asked: _Asked) -> object:
    """Have the other process read: what it gives."""
    sheet = one_line(asked.sheet)
    command = [sys.executable, "-S", "-c", _COMMAND, str(Path(__file__).parents[2]), *sys.path]
    try:
        done = subprocess.run(command, input=pickle.dumps(asked), capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603 - our own code
    except subprocess.TimeoutExpired:
        raise UnreadableError(
            _("the workbook takes more than {seconds} seconds to read; split it").format(seconds=_PATIENCE)
        ) from None
    if done.returncode < 0 or done.returncode == _NO_MEMORY:
        raise UnreadableError(too_much(sheet))
    if done.returncode:
        raise UnreadableError(
            _(
                "the workbook is damaged (its sheet `{sheet}` cannot be read); open it in the spreadsheet and "
                "save it as an Excel workbook (.xlsx)"
            ).format(sheet=sheet)
        )
    return pickle.loads(done.stdout)  # noqa: S301 - written by our own process


def read_for_other() -> None:
    """Read what stands on the standard input and write its values to the standard output: the other process."""
    with suppress(OSError, ValueError):  # a lower limit that is set already holds
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        values = _read(pickle.load(sys.stdin.buffer))  # noqa: S301 - written by our own process
        pickle.dump(values, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        sys.exit(_NO_MEMORY)


def _read(asked: _Asked) -> SheetValues | dict[str, SheetValues]:
    from python_calamine import (  # noqa: PLC0415 - loaded in the other process only
        CalamineWorkbook,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    book = CalamineWorkbook.from_filelike(io.BytesIO(_spaced(asked.data) if asked.spaced else asked.data))
    if asked.sheet:
        return _values_of(book, asked.sheet)
    shown = (one for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible)
    return {one.name: _values_of(book, one.name) for one in shown if one.typ == SheetTypeEnum.WorkSheet}


def _values_of(book: "CalamineWorkbook", sheet: str) -> SheetValues:
    page = book.get_sheet_by_name(sheet)
    if page.total_width >= WIDEST:  # calamine counts the last column from 0
        return SheetValues([], [], wide=True)
    merged = [
        f"{letters_of(left)}{top + 1}:{letters_of(right)}{bottom + 1}"
        for (top, left), (bottom, right) in page.merged_cell_ranges or ()
    ]
    return SheetValues(list(_rows(page.to_python(skip_empty_area=False))), merged)


def _rows(grid: Sequence[Sequence[object]]) -> Iterator[tuple[int, list[Cell]]]:
    """Give each row that holds something, its cells up to the last that does; equal texts are one object."""
    texts: dict[str, str | None] = {}
    for number, values in enumerate(grid, 1):
        cells: list[Cell] = []
        filled = 0
        for place, value in enumerate(values, 1):
            cell: Cell
            if isinstance(value, str):
                cell = texts.get(value) or texts.setdefault(value, tidy(value) or None)
            else:
                cell = _cell(value)
            cells.append(cell)
            if cell is not None:
                filled = place
        if filled:
            yield number, cells[:filled]


def _cell(value: object) -> Cell:
    """Return a value of calamine as a cell: whole numbers are int, days have a time.

    A time of day stays one: calamine makes one also of a negative number in a cell that is formatted as a date.
    """
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError("no finite number")
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, timedelta):
        return value / timedelta(days=1)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    if isinstance(value, bool | int | time | datetime):
        return value
    raise ValueError(f"a cell of a kind that is not known: {type(value).__name__}")


def _spaced(data: bytes) -> bytes:
    """Return the workbook with every text marked as one whose blanks are kept, where its writer forgot the mark.

    calamine, as Excel does, drops blanks at the ends of an unmarked run, and two words of a name become one.
    """
    import re  # noqa: PLC0415 - few workbooks need it

    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(".xml"):
                content = re.sub(rb"<((?:\w+:)?t)>", rb'<\1 xml:space="preserve">', content)
            new.writestr(name, content)
    return buffer.getvalue()
