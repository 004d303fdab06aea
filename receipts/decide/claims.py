"""The receipts issued against what their donors gave: which are no longer right, and which gifts another one claims.

A receipt is right as long as its donor, year and sum are: that a row of the books was corrected, or undone and taken in
again, changes nothing. No gift reaches a second receipt while the one that claims its money stands.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.register.receipts import NumberedReceipt
from receipts.decide.eligibility import Assessment, DonorDecision
from receipts.decide.given import GivenYear, Money


@dataclass(frozen=True, slots=True)
class Changed:
    """A receipt whose gifts are no longer those it was issued for: a reversal or a late gift. A person decides.

    Of two keys that were merged the receipt of the one that remains is for all of it now, the other for nothing; they
    are `joined` as long as both together are for no more than was given.
    """

    number: int
    donor: str
    issued_cents: int
    now_cents: int
    joined: bool = False

    @property
    def too_much(self) -> bool:
        """Return whether more is certified than was given."""
        return self.now_cents < self.issued_cents and not self.joined


class Claimed(NamedTuple):
    """A receipt that waits, because gifts of it stand on the valid receipts `numbers` of somebody else.

    `year` is that of the numbers, where it is not the year of the receipt that waits.
    """

    donor: str
    cents: int
    numbers: tuple[int, ...]
    gift_ids: tuple[int, ...]
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """The receipts no longer right, those that wait for them, and the gifts on receipts that are right."""

    changed: tuple[Changed, ...]
    waiting: tuple[Claimed, ...]
    settled: frozenset[int]


def claims_of(
    assessment: Assessment,
    held: Mapping[str, Sequence[NumberedReceipt]],
    printed: Mapping[int, int],
    money: Money,
    giving: Callable[[], GivenYear],
) -> Claims:
    """Compare a year's valid receipts with what was given.

    `held` has the receipts of each donor under the key that remains, `printed` the gifts on them with their number;
    `giving` reads the year's rows, which is needed only where gifts of a receipt were undone.
    """
    decisions = {decision.donor: decision for decision in assessment.decisions}
    settled: set[int] = set()
    claimed: dict[int, int] = {}
    wrong: list[_Holder] = []
    on_number: defaultdict[int, list[int]] = defaultdict(list)
    for one, number in printed.items():
        on_number[number].append(one)
    for donor, rows in held.items():
        cents, mine = _now(decisions.get(donor))
        if _right(rows, cents):
            settled.update(mine)
            claimed |= {money.first(one): rows[0].number for one in mine if one not in money.steps}
        else:
            wrong.append(_Holder(donor, rows, cents, mine, _money_on(rows, on_number, money)))
            claimed |= wrong[-1].money
    free = [one for one in assessment.due if one.donor not in held]
    undone = {one: number for one, number in printed.items() if one not in settled and money.vanished(one)}
    again = _again(free, wrong, undone, giving()) if undone and free else {}
    waiting = (_claimed(one, claimed, again, money) for one in free)
    changed = tuple(one for holder in wrong for one in _changed(holder.donor, holder.rows, holder.cents))
    return Claims(changed, tuple(filter(None, waiting)), frozenset(settled))


def changed_of(assessment: Assessment, held: Mapping[str, Sequence[NumberedReceipt]]) -> tuple[Changed, ...]:
    """Return the receipts that are no longer right; `held` and the gifts assessed may be those of some donors alone."""
    cents = {decision.donor: decision.cents for decision in assessment.decisions}
    now = ((donor, rows, cents.get(donor, 0)) for donor, rows in held.items())
    return tuple(one for donor, rows, given in now if not _right(rows, given) for one in _changed(donor, rows, given))


def _right(rows: Sequence[NumberedReceipt], cents: int) -> bool:
    """Tell whether a donor's receipts are one, for what is given now."""
    return len(rows) == 1 and cents == rows[0].cents


def _money_on(rows: Iterable[NumberedReceipt], on_number: Mapping[int, Sequence[int]], money: Money) -> dict[int, int]:
    """Return the money on some receipts, as the rows that brought it, with the number it is on."""
    return {money.first(one): row.number for row in rows for one in on_number[row.number]}


def _now(decision: DonorDecision | None) -> tuple[int, tuple[int, ...]]:
    """Return the cents that a donor gives now, and the rows of them."""
    return (0, ()) if decision is None else (decision.cents, decision.gift_ids)


class _Holder(NamedTuple):
    """The receipts of a donor that are not for what is given now, the gifts of now, and what money is on which."""

    donor: str
    rows: Sequence[NumberedReceipt]
    cents: int
    gift_ids: Sequence[int]
    money: Mapping[int, int]


def _changed(donor: str, rows: Sequence[NumberedReceipt], cents: int) -> Iterator[Changed]:
    """Yield the receipts of a donor who gives other `cents` now.

    Of several, the one under the key that remains is for all that is given now.
    """
    main = next((row for row in rows if row.donor == donor), rows[0])
    joined = len(rows) > 1 and sum(row.cents for row in rows) <= cents
    for row in rows:
        yield Changed(row.number, row.donor, row.cents, cents if row is main else 0, joined)


def _again(
    free: Iterable[DonorDecision], wrong: Iterable[_Holder], undone: Mapping[int, int], giving: GivenYear
) -> dict[int, int]:
    """Return the gifts that may be the money of undone ones come in again, with the receipt that claims it.

    By day and amount, as often as they were undone; what came back to the holder of the receipt is none of them.
    """
    lost: defaultdict[tuple[date, int], list[int]] = defaultdict(list)
    for one, number in undone.items():
        lost[giving.day(one), giving.rows[one].cents].append(number)

    def numbers(one: int) -> list[int]:
        standing = one not in giving.money.steps and giving.money.first(one) not in undone
        return lost.get((giving.day(one), giving.rows[one].cents), []) if standing else []

    for holder in wrong:
        for one in holder.gift_ids:
            own = next((number for number in numbers(one) if number in holder.money.values()), None)
            if own is not None and giving.money.first(one) not in holder.money:
                numbers(one).remove(own)
    return {one: again.pop(0) for decision in free for one in decision.gift_ids if (again := numbers(one))}


def _claimed(
    decision: DonorDecision, claimed: Mapping[int, int], again: Mapping[int, int], money: Money
) -> Claimed | None:
    """Return the receipt as one that waits, where another claims a gift of it that stands."""
    standing = [one for one in decision.gift_ids if one not in money.steps]
    numbers = {claimed.get(money.first(one), again.get(one)) for one in standing} - {None}
    if not numbers:
        return None
    return Claimed(decision.donor, decision.cents, tuple(sorted(filter(None, numbers))), decision.gift_ids)
