"""A report as a neutral table: columns of a kind, rows of a kind, ready for every format (`reports.formats`).

Rows may be an iterator, so that a general ledger of half a million lines is never held as a whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

Cell = str | int | date | None


class ColumnKind(StrEnum):
    """The kind of a column. Both cents and euros hold integer cents; euros are written rounded to whole euros."""

    TEXT = "text"
    CENTS = "cents"
    EUROS = "euros"
    COUNT = "count"
    DATE = "date"


class Finality(StrEnum):
    """The state of a year: one that is open may still change, a closed one is sealed."""

    DRAFT = "draft"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class About:
    """The foundation whose figures a report has: its name and number, the day it was made, the state of the year.

    `state` is None where a report is of no year.
    """

    name: str
    number: str
    made: date
    state: Finality | None = None


class RowKind(StrEnum):
    """Headings open a part and have no amounts; lines are the data; totals add lines."""

    HEADING = "heading"
    LINE = "line"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `name` for machines (csv, json), `title` for readers.

    `width` in characters is where longer text wraps; `summed` columns are formulas in a workbook's total rows; the
    text of an `indented` one shows the level of its row.
    """

    name: str
    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int = 14
    summed: bool = False
    indented: bool = False


class Row(NamedTuple):
    """A row: a cell per column. A total's `first` is the index, in the table, of the first row that it adds up."""

    kind: RowKind
    cells: tuple[Cell, ...]
    level: int = 0
    first: int | None = None


LINES = frozenset({RowKind.LINE})
LINES_AND_TOTALS = frozenset({RowKind.LINE, RowKind.TOTAL})


@dataclass(frozen=True, slots=True)
class Table:
    """A report in one language. `data` are the kinds of row that csv and json carry (totals would be counted twice).

    `rows` can be read once only where it is an iterator.
    """

    title: str
    subtitle: str
    language: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    data: frozenset[RowKind] = LINES
    about: About | None = None
