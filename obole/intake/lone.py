"""A group of one: a line that came bare, without a name or a text, is explained later by its one detail.

A notification (camt.054), a CODA of a separate application or the same statement once more says who paid and for
what. The line is then split as a total is, into one. Nothing is guessed: where lines of the same day and amount were
explained before, nothing tells which of them the detail is of, unless it names the reference of the line.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from importers.bank.records import Movement, Statement
from ledger.records import DOUBTFUL
from ledger.register.suspense import OpenItem
from ledger.vault.counterparties import Counterparty
from ledger.vault.key import Sealer

# The bank may notify a day or two before or after it books what has a reference of its own; equal amounts without one
# are the same payment on the same day only.
APART = timedelta(days=5)


_TOTALS = "12"


class LoneLine(NamedTuple):
    """A line that says who paid or for what, and by what it is known again: `mark` keeps nothing that can be read."""

    line: Movement
    mark: str


class DayAndCents(NamedTuple):
    """By what lines are compared that have no reference in common."""

    day: date
    cents: int


class Explained(NamedTuple):
    """Lines with the bare line of suspense that each explains, and those of which nothing tells which line they are."""

    chosen: tuple[tuple[LoneLine, OpenItem], ...]
    doubtful: tuple[Movement, ...]


def lone_lines(statement: Statement, sealer: Sealer) -> list[LoneLine]:
    """Return the lines without details that say who paid, for what or under which mandate."""
    parents = {movement.parent for movement in statement.movements}
    found: list[LoneLine] = []
    times: dict[str, int] = defaultdict(int)
    for line in statement.booked:
        if line.position in parents or line.code[0] in _TOTALS or not line.cents or not _says(line):
            continue
        told = (line.bank_reference, line.reference, line.mandate, line.name, line.account, *_texts(line))
        mark = sealer.mark("\x1f".join(each or "" for each in told))[:16]
        times[mark] += 1  # two that say the same are two
        found.append(LoneLine(line, mark if times[mark] == 1 else f"{mark}:{times[mark]}"))
    return found


def bare_items(items: Iterable[OpenItem], behind: Mapping[tuple[str, int], Counterparty]) -> list[OpenItem]:
    """Return the lines of suspense of which nothing is known but day, amount and code."""
    return [
        item
        for item in items
        if item.mandate is None and item.reason != DOUBTFUL and not _known(behind.get((item.document, item.position)))
    ]


def explained(
    lines: Sequence[LoneLine], bare: Iterable[OpenItem], booked: Mapping[DayAndCents, int], *, notified: bool
) -> Explained:
    """Choose for each bare line its explanation; `booked` says how many lines of an amount the account has on a day.

    `notified`: the lines come in a file of details, which need not hold those of the day that were explained before.
    """
    left = list(bare)
    chosen: list[tuple[LoneLine, OpenItem]] = []
    others: dict[DayAndCents, list[LoneLine]] = defaultdict(list)
    for one in lines:
        item = next((item for item in left if _named(one.line, item)), None)
        if item is None:
            others[DayAndCents(one.line.booked, one.line.cents)].append(one)
        else:
            left.remove(item)
            chosen.append((one, item))
    doubtful: list[Movement] = []
    for key, some in others.items():
        waiting = [item for item in left if (item.booked, item.cents) == key and not _named_otherwise(item)]
        known = max(0, booked.get(key, 0) - len(waiting))
        if not waiting or (known and not notified and len(some) <= known):
            continue
        if known or (len(some) > len(waiting)):
            doubtful += [one.line for one in some]
            continue
        chosen += zip(some, _in_order(some, waiting), strict=False)
    return Explained(tuple(chosen), tuple(doubtful))


def with_details(statement: Statement, days: Mapping[int, date], alone: Collection[int]) -> Statement:
    """Return a statement whose chosen lines have their details on the day they are booked.

    `days` are these days by the positions of the lines; each of those `alone` gets itself as its one detail.
    """
    movements: list[Movement] = []
    last = max((movement.position for movement in statement.movements), default=0)
    parents = dict(days)  # of details of details too, which come after theirs
    for movement in statement.movements:
        day = parents.get(movement.parent or 0)
        if day is not None:
            parents[movement.position] = day
        movements.append(movement if day is None else movement._replace(booked=day))
        if movement.position in alone:
            last += 1
            day = days[movement.position]
            movements.append(movement._replace(position=last, parent=movement.position, booked=day))
    return replace(statement, movements=tuple(movements))


def _says(line: Movement) -> bool:
    return any((line.name, line.account, line.mandate, *_texts(line)))


def _texts(line: Movement) -> tuple[str, str]:
    return line.structured or "", line.communication


def _known(who: Counterparty | None) -> bool:
    return who is not None and any((who.name, who.account, who.communication))


def _named(line: Movement, item: OpenItem) -> bool:
    same = item.cents == line.cents and bool(line.reference) and item.reference == line.reference
    return same and abs(item.booked - line.booked) <= APART


def _named_otherwise(item: OpenItem) -> bool:
    """Return whether a line has a reference of its own; that of a total is not the one of its detail."""
    return bool(item.reference) and item.code[0] not in _TOTALS


def _in_order(lines: Sequence[LoneLine], waiting: Sequence[OpenItem]) -> list[OpenItem]:
    """Return the waiting lines in the order of their explanations, of the same operation first."""
    left = list(waiting)
    found = []
    for one in lines:
        same = (item for item in left if item.code[1:5] == one.line.family)
        item = next(same, left[0])
        left.remove(item)
        found.append(item)
    return found
