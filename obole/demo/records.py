"""Share among the parts of the demonstration: journal entries, bank lines, data files, exact splits of amounts."""

import csv
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import NamedTuple

from obole.demo.coda_writer import CodaLine


class JournalEntryRow(NamedTuple):
    """A journal entry of the book `book` (one file each); lines are (account, cents), debit positive, and sum to 0.

    `party` is the third party on its line of suppliers, `department` that of its charge or asset.
    """

    book: str
    day: date
    document: str
    text: str
    lines: tuple[tuple[str, int], ...]
    party: str = ""
    department: str = ""


class Assignment(NamedTuple):
    """The owner of an unknown payment, as it turns out: a donor, or an account."""

    donor: str = ""
    account: str = ""


class Cash(NamedTuple):
    """A line of one of the two bank accounts; `assigned` where it will wait in suspense."""

    day: date
    bank: str
    line: CodaLine
    assigned: Assignment | None = None


def split(total: int, weights: Sequence[float]) -> list[int]:
    """Whole cents in proportion to the weights that sum to the total exactly."""
    whole = sum(weights)
    bounds = [round(total * part / whole) for part in accumulate(weights)]
    bounds[-1] = total
    return [upper - lower for lower, upper in zip([0, *bounds], bounds, strict=False)]


def stream(seed: int, part: str) -> Random:
    """Return the random numbers of one part: what another part draws does not shift them."""
    return Random(f"{seed}/{part}")  # noqa: S311 - reproducible is the point, nothing here is secret


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of `data/<name>.csv` by heading."""
    text = (files("obole.demo") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
