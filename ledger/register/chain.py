"""The order of statements within a day: each begins where another ends, whatever their numbers say.

Banks that do not number, numbers of two formats, a statement that comes late: the balances say which comes after
which. Where they do not make one chain (a statement is missing), the numbers do.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, pairwise
from typing import Protocol, TypeVar


class Balanced(Protocol):
    """A statement with its two balances in cents."""

    @property
    def opening(self) -> int:
        """Return where it begins."""

    @property
    def closing(self) -> int:
        """Return where it ends."""


class Dated(Balanced, Protocol):
    """A statement with the day it closes on."""

    @property
    def closing_date(self) -> date:
        """Return the day of the closing balance."""


_Row = TypeVar("_Row", bound=Balanced)
_DatedRow = TypeVar("_DatedRow", bound=Dated)


def in_chain(rows: Sequence[_Row], start: int | None = None) -> list[_Row]:
    """Return statements of one day, given by their numbers, in the order in which their balances lead on.

    `start` is the balance before them, where it is known. As they were given where no order leads through all.
    """
    if len(rows) < 2 or _lead_on(rows):  # noqa: PLR2004 - one is in order
        return list(rows)
    after: dict[int, list[_Row]] = defaultdict(list)
    for row in reversed(rows):
        after[row.opening].append(row)  # taken from the end: by their numbers where balances leave a choice
    path: list[_Row] = []
    waiting: list[tuple[int, _Row | None]] = [(_first(rows, start), None)]
    while waiting:
        balance, came_by = waiting[-1]
        if after[balance]:
            following = after[balance].pop()
            waiting.append((following.closing, following))
        else:
            waiting.pop()
            if came_by is not None:
                path.append(came_by)
    path.reverse()
    return path if len(path) == len(rows) and _lead_on(path) else list(rows)


def _lead_on(rows: Sequence[Balanced]) -> bool:
    return all(one.closing == other.opening for one, other in pairwise(rows))


def _first(rows: Sequence[Balanced], start: int | None) -> int:
    """Return the balance a chain through all rows begins with."""
    ends = Counter(row.closing for row in rows)
    begins = Counter(row.opening for row in rows)
    more = [balance for balance in begins if begins[balance] > ends[balance]]
    if more:
        return more[0]
    return start if start is not None and begins[start] else rows[0].opening


def by_days(rows: Iterable[_DatedRow]) -> Iterator[_DatedRow]:
    """Yield statements of one account, given by day and number, each day in the order of its balances."""
    last: int | None = None
    for _day, some in groupby(rows, key=lambda row: row.closing_date):
        for row in in_chain(list(some), last):
            last = row.closing
            yield row
