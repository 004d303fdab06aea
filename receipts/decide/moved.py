"""Gifts on a valid receipt of a year that were undone and taken in again for the year before or after.

The day that decides may be another the second time: another policy, or a file of the bank with another value date. The
receipt of the first year claims the money until it is replaced or withdrawn.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from ledger.gift_days import GiftDays
from ledger.register.receipts import covered_gifts, gifts_taken_back
from ledger.register.restated import steps_of
from receipts.decide.claims import Claimed
from receipts.decide.eligibility import DonorDecision
from receipts.decide.given import GivenYear, Money, giving_of


class _Lost(NamedTuple):
    """The money of a valid receipt that is nowhere in the year of that receipt any more."""

    year: int
    number: int
    donor: str
    cents: int
    days: GiftDays
    back: int

    def may_be(self, giving: GivenYear, one: int) -> bool:
        """Tell whether a gift that came later may be this money: the same amount, and a day in common."""
        standing = giving.rows[one].cents == self.cents and one not in giving.money.steps
        return standing and giving.money.first(one) > self.back and bool(_days(self.days) & _days(giving.days(one)))


def waiting_for_other_years(
    connection: Connection, year: int, free: Iterable[DonorDecision], policy: str
) -> Iterator[Claimed]:
    """Yield the receipts due of which a gift may be money on a valid receipt of the year before or after."""
    lost = [found for other in (year - 1, year + 1) for found in _lost(connection, other, policy)]
    if not lost:
        return
    giving = giving_of(connection, year, policy)
    claimed: dict[str, list[_Lost]] = {}
    decisions = {decision.donor: decision for decision in free}
    offered: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for decision in decisions.values():
        for one in decision.gift_ids:
            offered[giving.rows[one].cents].append((decision.donor, one))
    for found in lost:
        there = [donor for donor, one in offered[found.cents] if found.may_be(giving, one)]
        if there:
            claimed.setdefault(found.donor if found.donor in there else there[0], []).append(found)
    for donor, some in claimed.items():
        decision = decisions[donor]
        numbers = sorted({one.number for one in some if one.year == some[0].year})
        yield Claimed(donor, decision.cents, tuple(numbers), decision.gift_ids, some[0].year)


def _lost(connection: Connection, year: int, policy: str) -> Iterator[_Lost]:
    """Yield what was undone of the gifts on valid receipts of a year, and did not come again in that year."""
    taken = gifts_taken_back(connection, year)
    money = Money(steps_of(connection, year) if taken else {})
    taken = [row for row in taken if money.vanished(row[0])]
    if not taken:  # nearly always: the year's rows are not read for it
        return
    giving = giving_of(connection, year, policy)
    printed = {giving.money.first(one) for one in covered_gifts(connection, year)}
    again: defaultdict[int, list[int]] = defaultdict(list)
    for one, row in sorted(giving.rows.items()):
        if giving.money.first(one) not in printed:
            again[row.cents].append(one)
    for one, number, donor in taken:
        last = one
        while (after := giving.money.steps[last].after) is not None:
            last = after
        found = _Lost(year, number, donor, giving.rows[last].cents, giving.days(one), giving.money.steps[last].back)
        there = next((other for other in again[found.cents] if found.may_be(giving, other)), None)
        if there is None:
            yield found
        else:
            again[found.cents].remove(there)


def _days(days: GiftDays) -> set[date | None]:
    return set(days) - {None}
