"""The gifts of a donor in a year, as the donor would recognise it: one row a gift, and what was paid back of it.

Rows of the books that correct other rows (another campaign, a decision, an export, an import undone and done again)
are no gifts. The money of a gift keeps its first day and way through all of them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Connection

from ledger.gift_days import GiftDays, day_given, deciding_day
from ledger.records import Channel
from ledger.register.restated import GivenRow, Restatement, rows_given, steps_of
from receipts.decide.eligibility import DonorDecision


class ShownGift(NamedTuple):
    """A gift on its day; or, with cents below zero, what was paid back of one on that day."""

    date: date
    cents: int
    channel: Channel


class Straddling(NamedTuple):
    """A gift whose days lie in two years: whose, how much, the day that decides and the others."""

    donor: str
    cents: int
    day: date
    others: tuple[date, ...]


class Money:
    """The rows of a year as steps of the same money: from where a gift came to where it stands."""

    def __init__(self, steps: Mapping[int, Restatement]) -> None:
        self.steps = steps
        self.before = {step.after: one for one, step in steps.items() if step.after is not None}

    def first(self, one: int) -> int:
        """Return the row that brought the money of a row."""
        seen = {one}
        while (earlier := self.before.get(one)) is not None and earlier not in seen:
            one = earlier
            seen.add(one)
        return one

    def vanished(self, one: int) -> bool:
        """Return whether a row was undone and nothing stands in its place: its money may come in again."""
        while (step := self.steps.get(one)) is not None:
            if step.after is None:
                return step.undone
            one = step.after
        return False


@dataclass(frozen=True)
class GivenYear:
    """The rows of a year with what became of them; `policy` says which day of a gift decides."""

    year: int
    policy: str
    rows: Mapping[int, GivenRow]
    steps: Mapping[int, Restatement]

    @cached_property
    def money(self) -> Money:
        """Return the rows as steps of the same money; what a platform took back and gave again is the same too."""
        restored = _restored(self.rows, self.steps)
        return Money({one: restored.get(one, step) for one, step in self.steps.items()})

    def of(self, ids: Collection[int]) -> tuple[ShownGift, ...]:
        """Return what the rows `ids` of one donor come to, by day; the sum is that of the rows."""
        mine = set(ids)
        later = {step.after for one in mine if (step := self.money.steps.get(one)) is not None}
        found: list[ShownGift] = []
        seen: set[int] = set()
        for one in sorted(mine):
            if self.rows[one].cents > 0 and one not in later:
                found += self._gift(one, mine, seen)
        found += [self._row(one, self.rows[one].cents) for one in sorted(mine - seen)]
        if sum(given.cents for given in found) != sum(self.rows[one].cents for one in mine):
            found = [self._row(one, self.rows[one].cents) for one in sorted(mine)]
        return tuple(sorted(found, key=lambda given: (given.date, -given.cents)))

    def day(self, one: int) -> date:
        """Return the day on which the money of a row was given."""
        return day_given(self.days(one), self.policy, self.year)

    def days(self, one: int) -> GiftDays:
        """Return the days of the gift that brought the money of a row."""
        return self.rows[self.money.first(one)].days

    def _gift(self, begin: int, mine: Collection[int], seen: set[int]) -> Iterator[ShownGift]:
        """Yield one gift and what was paid back of it, from the row where it came to its donor; mark what it took."""
        one, cents = begin, self.rows[begin].cents
        backs: list[ShownGift] = []
        seen.add(one)
        while (step := self.money.steps.get(one)) is not None and step.back in mine:
            seen.add(step.back)
            if step.after is None and not step.undone:
                backs.append(self._row(step.back, -self.rows[one].cents))
                break
            if step.after is None or step.after not in mine:
                return  # it never came, or is another's now
            seen.add(step.after)
            cents += _corrected(self.rows[step.after].cents - self.rows[one].cents, self._row(step.back, 0), backs)
            one = step.after
        yield ShownGift(self.day(begin), cents, Channel(self.rows[self.money.first(begin)].channel))
        yield from backs

    def _row(self, one: int, cents: int) -> ShownGift:
        row = self.rows[one]
        return ShownGift(deciding_day(row.days, self.policy), cents, Channel(row.channel))


def straddling_of(giving: GivenYear, decisions: Iterable[DonorDecision]) -> Iterator[Straddling]:
    """Yield the gifts of some donors that stand and whose days lie in two years."""
    for decision in decisions:
        for one in decision.gift_ids:
            row = giving.rows[one]
            if row.cents < 0 or one in giving.steps:
                continue
            days = sorted({day for day in giving.days(one) if day is not None})
            if any(day.year != giving.year for day in days):
                day = giving.day(one)
                yield Straddling(decision.donor, row.cents, day, tuple(other for other in days if other != day))


def giving_of(connection: Connection, year: int, policy: str) -> GivenYear:
    """Return the rows of a year, with what became of each."""
    return GivenYear(year, policy, rows_given(connection, year), steps_of(connection, year))


def _corrected(cents: int, back: ShownGift, backs: list[ShownGift]) -> int:
    """Note what a restatement pays back; what it gives again is taken off that, and the rest returned."""
    if cents < 0:
        backs.append(back._replace(cents=cents))
    while cents > 0 and backs:
        last = backs.pop()
        cents += last.cents
        if cents < 0:
            backs.append(last._replace(cents=cents))
    return max(cents, 0)


def _restored(rows: Mapping[int, GivenRow], steps: Mapping[int, Restatement]) -> dict[int, Restatement]:
    """Return the steps of gifts that a platform took back and, as it lost or gave up the dispute, gave again later.

    Such a gift bears the day on which the donor paid, as the first one does, and the same donor and amount.
    """
    ended = {one: step for one, step in steps.items() if step.after is None and not step.undone and one in rows}
    wanted: dict[tuple[object, ...], list[int]] = {}
    for one in ended:
        if rows[one].days.paid is not None:
            wanted.setdefault((rows[one].donor, rows[one].cents, rows[one].days.paid), []).append(one)
    if not wanted:
        return {}
    placed = {step.after for step in steps.values()}
    found: dict[int, Restatement] = {}
    for one, row in sorted(rows.items()):
        same = wanted.get((row.donor, row.cents, row.days.paid), ()) if one not in placed else ()
        earlier = next((lost for lost in same if lost not in found and ended[lost].back < one), None)
        if earlier is not None:
            found[earlier] = ended[earlier]._replace(after=one)
    return found
