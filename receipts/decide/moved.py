"""Gifts on a valid receipt of a year that were undone and taken in again for the year before or after.

The day that decides may be another the second time: another policy, or a file of the bank with another value date. The
receipt of the first year claims the money until it is replaced or withdrawn.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from ledger.gift_days import GiftDays
from ledger.register.receipts import covered_gifts, gifts_taken_back
from receipts.decide.claims import Claimed
from receipts.decide.eligibility import DonorDecision
from receipts.decide.given import GivenYear, giving_of


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
    for found in lost:
        own_first = sorted(decisions.values(), key=lambda one: one.donor != found.donor)
        holder = next((d for d in own_first if any(found.may_be(giving, one) for one in d.gift_ids)), None)
        if holder is not None:
            claimed.setdefault(holder.donor, []).append(found)
    for donor, some in claimed.items():
        decision = decisions[donor]
        numbers = sorted({one.number for one in some if one.year == some[0].year})
        yield Claimed(donor, decision.cents, tuple(numbers), decision.gift_ids, some[0].year)


def _lost(connection: Connection, year: int, policy: str) -> Iterator[_Lost]:
    """Yield what was undone of the gifts on valid receipts of a year, and did not come again in that year."""
    taken = gifts_taken_back(connection, year)
    if not taken:
        return
    giving = giving_of(connection, year, policy)
    printed = {giving.money.first(one) for one in covered_gifts(connection, year)}
    again = {one for one, row in giving.rows.items() if row.cents > 0 and giving.money.first(one) not in printed}
    for one, number, donor in taken:
        if not giving.money.vanished(one):
            continue
        last = one
        while (after := giving.money.steps[last].after) is not None:
            last = after
        found = _Lost(year, number, donor, giving.rows[last].cents, giving.days(one), giving.money.steps[last].back)
        there = next((other for other in sorted(again) if found.may_be(giving, other)), None)
        if there is None:
            yield found
        again.discard(there or 0)


def _days(days: GiftDays) -> set[date | None]:
    return set(days) - {None}
