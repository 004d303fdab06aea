"""No euro on two valid receipts, and nothing queued where nothing changed: situations of `correction-cases.csv`.

Each is told by its key there: the gifts, their steps, the receipts held with the gifts on them, and what follows.
"""

from dataclasses import dataclass
from datetime import date

import pytest

from ledger.gift_days import GiftDays
from ledger.records import Channel, DonorKind
from ledger.register.receipts import ReceiptRow
from ledger.register.restated import GivenRow, Restatement
from receipts.decide.claims import Changed, claims_of
from receipts.decide.eligibility import DonorFact, GiftFact, Identifier, Policy, assess
from receipts.decide.given import GivenYear, Money

DAY, OTHER = date(2025, 3, 1), date(2025, 5, 5)
KEYS = ("D1", "D2", "D3")


@dataclass(frozen=True)
class Gift:
    number: int
    donor: str
    cents: int
    reverses: int | None = None
    day: date = DAY


@dataclass(frozen=True)
class Case:
    """`on` has the receipts: number, donor, cents, gifts; `merged` keys are D1's; `changed` number to cents now."""

    gifts: tuple[Gift, ...]
    on: tuple[tuple[int, str, int, tuple[int, ...]], ...]
    steps: dict[int, Restatement]
    changed: dict[int, int]
    waiting: dict[str, tuple[int, ...]]
    merged: tuple[str, ...] = ()


FIRST = ((1, "D1", 100_00, (1,)),)
G = Gift(1, "D1", 100_00)
CASES = {
    "J01 undone and imported again": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D1", 100_00)), FIRST, {1: Restatement(2, None, True)}, {}, {}
    ),
    "J02 the campaign corrected": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D1", 100_00)), FIRST, {1: Restatement(2, 3, False)}, {}, {}
    ),
    "J04 undone, not imported again yet": Case(
        (G, Gift(2, "D1", -100_00, 1)), FIRST, {1: Restatement(2, None, True)}, {1: 0}, {}
    ),
    "J05 imported again for another": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D2", 100_00)),
        FIRST,
        {1: Restatement(2, None, True)},
        {1: 0},
        {"D2": (1,)},
    ),
    "J05 with an equal gift of a third, of another day": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D3", 100_00, None, OTHER)),
        FIRST,
        {1: Restatement(2, None, True)},
        {1: 0},
        {},
    ),
    "J06 a refund and a late gift of the same sum": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D1", 70_00), Gift(4, "D1", 30_00)),
        FIRST,
        {1: Restatement(2, 3, False)},
        {},
        {},
    ),
    "A11 paid back until too little is left": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D1", 39_99)), FIRST, {1: Restatement(2, 3, False)}, {1: 39_99}, {}
    ),
    "A17 a chargeback won back": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D1", 100_00)), FIRST, {1: Restatement(2, None, False)}, {}, {}
    ),
    "B03 the gift is another's": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D2", 100_00)),
        FIRST,
        {1: Restatement(2, 3, False)},
        {1: 0},
        {"D2": (1,)},
    ),
    "B03 where the other gave besides": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D2", 100_00), Gift(4, "D2", 60_00)),
        FIRST,
        {1: Restatement(2, 3, False)},
        {1: 0},
        {"D2": (1,)},
    ),
    "B03 after the first was withdrawn": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D2", 100_00)), (), {1: Restatement(2, 3, False)}, {}, {}
    ),
    "B10 moved and back": Case(
        (G, Gift(2, "D1", -100_00, 1), Gift(3, "D2", 100_00), Gift(4, "D2", -100_00, 3), Gift(5, "D1", 100_00)),
        FIRST,
        {1: Restatement(2, 3, False), 3: Restatement(4, 5, False)},
        {},
        {},
    ),
    "C01 a late gift": Case((G, Gift(2, "D1", 30_00)), FIRST, {}, {1: 130_00}, {}),
    "C06 a new donor": Case((G, Gift(2, "D2", 60_00)), FIRST, {}, {}, {}),
    "G02 merged, the other without a receipt": Case((G, Gift(2, "D2", 30_00)), FIRST, {}, {1: 130_00}, {}, ("D2",)),
    # Nobody knows yet whether they were sent, so both are for a person to look at.
    "G03 merged, both with a receipt": Case(
        (G, Gift(2, "D2", 50_00)), (*FIRST, (2, "D2", 50_00, (2,))), {}, {1: 150_00, 2: 0}, {}, ("D2",)
    ),
    "G06 merged, both with a receipt, one gift refunded in part": Case(
        (G, Gift(2, "D2", 50_00), Gift(3, "D2", -50_00, 2), Gift(4, "D2", 30_00)),
        (*FIRST, (2, "D2", 50_00, (2,))),
        {2: Restatement(3, 4, False)},
        {1: 130_00, 2: 0},
        {},
        ("D2",),
    ),
    "merged, and only the key that went has the receipt": Case(
        (Gift(1, "D2", 100_00),), ((1, "D2", 100_00, (1,)),), {}, {}, {}, ("D2",)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_changed_and_what_waits(name: str):
    case = CASES[name]
    facts = [GiftFact(one.number, one.donor, one.cents, 2025, 2025, reverses=one.reverses) for one in case.gifts]
    donors = [
        DonorFact(key, DonorKind.NATURAL, True, True, True, Identifier.VALID, "D1" if key in case.merged else None)
        for key in KEYS
    ]
    rows = {
        one.number: GivenRow(one.number, one.donor, one.cents, Channel.TRANSFER.value, GiftDays(one.day))
        for one in case.gifts
    }
    held: dict[str, list[ReceiptRow]] = {}
    printed = {}
    for number, donor, cents, gifts in case.on:
        row = ReceiptRow(2025, number, donor, cents, DAY, "issued", 1, "", None, None)
        held.setdefault("D1" if donor in case.merged else donor, []).append(row)
        printed |= dict.fromkeys(gifts, number)
    assessment = assess(2025, facts, donors, Policy(frozenset({2025})))
    found = claims_of(
        assessment, held, printed, Money(case.steps), lambda: GivenYear(2025, "executed", rows, case.steps)
    )
    assert {one.number: one.now_cents for one in found.changed} == case.changed
    assert {one.donor: one.numbers for one in found.waiting} == case.waiting
    free = [one.cents for one in assessment.due if one.donor not in held and one.donor not in case.waiting]
    on_receipts = sum(cents for number, _donor, cents, _gifts in case.on if number not in case.changed)
    on_receipts += sum(min(cents, case.changed[number]) for number, _d, cents, _g in case.on if number in case.changed)
    assert on_receipts + sum(free) <= sum(one.cents for one in case.gifts)


@pytest.mark.parametrize(("now", "joined", "too_much"), [(0, False, True), (0, True, False), (130_00, False, False)])
def test_belcotax_gets_no_receipt_that_certifies_more_than_was_given(now: int, joined: bool, too_much: bool):
    assert Changed(1, "D1", 100_00, now, joined).too_much is too_much
