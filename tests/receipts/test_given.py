"""What a donor gave, out of the rows of the books: each case with what happened and where the rule comes from."""

from datetime import date

import pytest

from ledger.gift_days import GiftDays, day_given, deciding_day
from ledger.records import Channel
from ledger.register.restated import GivenRow, Restatement
from receipts.decide.given import GivenYear

PAID, BACK, DECIDED, LATE = date(2025, 3, 1), date(2025, 4, 2), date(2026, 1, 20), date(2026, 2, 3)


def row(number: int, cents: int, booked: date = PAID, donor: str = "D1", **days: date) -> GivenRow:
    return GivenRow(number, donor, cents, Channel.TRANSFER.value, GiftDays(booked, **days))


def given(rows: list[GivenRow], steps: dict[int, Restatement], ids: set[int] | None = None) -> list[tuple[date, int]]:
    giving = GivenYear(2025, "executed", {one.id: one for one in rows}, steps)
    return [(one.date, one.cents) for one in giving.of(ids or {one.id for one in rows})]


# The day that decides: what happened, its days, the policy, the day. Source: art. 145/33 CIR 92 (paid during the
# period); for what no source settles, the facts on receipts, date of the gift.
DAYS = {
    "a transfer executed in the old year, credited in the new": (
        GiftDays(date(2026, 1, 2), executed=date(2025, 12, 30), value=date(2026, 1, 2)),
        "executed",
        date(2025, 12, 30),
    ),
    "the same where the foundation goes by the value date": (
        GiftDays(date(2026, 1, 3), executed=date(2025, 12, 30), value=date(2026, 1, 2)),
        "value",
        date(2026, 1, 2),
    ),
    "the same where it goes by the booking (case 11)": (
        GiftDays(date(2026, 1, 3), executed=date(2025, 12, 30), value=date(2026, 1, 2)),
        "booked",
        date(2026, 1, 3),
    ),
    "a card payment settled and paid out in the new year": (
        GiftDays(date(2026, 1, 5), value=date(2026, 1, 4), paid=date(2025, 12, 31)),
        "booked",
        date(2025, 12, 31),
    ),
    "cash, of which only the booking is known": (GiftDays(date(2025, 5, 6)), "executed", date(2025, 5, 6)),
}


@pytest.mark.parametrize("case", DAYS)
def test_one_day_decides_year_and_date(case: str):
    days, policy, day = DAYS[case]
    assert deciding_day(days, policy) == day_given(days, policy, day.year) == day


def test_a_policy_changed_after_the_gift_came_prints_no_day_outside_the_year_it_counts_for():
    """Rule G3 of the life of a receipt: the year follows the policy of then."""
    days = GiftDays(date(2026, 1, 3), executed=date(2025, 12, 30), value=date(2026, 1, 2))
    assert day_given(days, "booked", 2025) == date(2025, 12, 30)


# What happened; the rows and their steps; what is listed. Sources: correction-cases.csv by its key, else named.
HISTORIES = {
    "J02: the campaign corrected twice": (
        [
            row(1, 100_00),
            row(2, -100_00, DECIDED),
            row(3, 100_00, DECIDED),
            row(4, -100_00, LATE),
            row(5, 100_00, LATE),
        ],
        {1: Restatement(2, 3, False), 3: Restatement(4, 5, False)},
        [(PAID, 100_00)],
    ),
    "J01: undone and taken in a second time": (
        [row(1, 100_00), row(2, -100_00), row(3, 100_00)],
        {1: Restatement(2, None, True)},
        [(PAID, 100_00)],
    ),
    "art. 145/33: returned by the bank, wholly": (
        [row(1, 25_00), row(2, -25_00, BACK)],
        {1: Restatement(2, None, False)},
        [(PAID, 25_00), (BACK, -25_00)],
    ),
    "case 04: refunded in part, twice": (
        [row(1, 100_00), row(2, -100_00, BACK), row(3, 70_00, BACK), row(4, -70_00, DECIDED), row(5, 50_00, DECIDED)],
        {1: Restatement(2, 3, False), 3: Restatement(4, 5, False)},
        [(PAID, 100_00), (BACK, -30_00), (DECIDED, -20_00)],
    ),
    "J04: a refund in part undone": (
        [row(1, 100_00), row(2, -100_00, BACK), row(3, 70_00, BACK), row(4, -70_00, LATE), row(5, 100_00, LATE)],
        {1: Restatement(2, 3, True), 3: Restatement(4, 5, True)},
        [(PAID, 100_00)],
    ),
    "A11: refunded in part, and the rest later": (
        [row(1, 100_00), row(2, -100_00, BACK), row(3, 70_00, BACK), row(4, -70_00, LATE)],
        {1: Restatement(2, 3, False), 3: Restatement(4, None, False)},
        [(PAID, 100_00), (BACK, -30_00), (LATE, -70_00)],
    ),
    "A17: a chargeback won back": (
        [row(1, 60_00, paid=PAID), row(2, -60_00, BACK), row(3, 60_00, LATE, paid=PAID)],
        {1: Restatement(2, None, False)},
        [(PAID, 60_00)],
    ),
    "G2: collected again after a return": (
        [row(1, 10_00), row(2, -10_00, BACK), row(3, 10_00, LATE)],
        {1: Restatement(2, None, False)},
        [(PAID, 10_00), (BACK, -10_00), (LATE, 10_00)],
    ),
    "two equal gifts of a day, one returned": (
        [row(1, 25_00), row(2, 25_00), row(3, -25_00, BACK)],
        {1: Restatement(3, None, False)},
        [(PAID, 25_00), (PAID, 25_00), (BACK, -25_00)],
    ),
    "a return whose gift the books do not have": (
        [row(1, 50_00), row(2, -20_00, BACK)],
        {},
        [(PAID, 50_00), (BACK, -20_00)],
    ),
    "a refund by transfer, listed on the day it was paid": (
        [row(1, 100_00), row(2, -100_00, LATE, value=BACK)],
        {1: Restatement(2, None, False)},
        [(PAID, 100_00), (BACK, -100_00)],
    ),
}


@pytest.mark.parametrize("case", HISTORIES)
def test_a_receipt_lists_what_the_donor_gave(case: str):
    rows, steps, expected = HISTORIES[case]
    assert given(rows, steps) == expected
    assert sum(cents for _day, cents in expected) == sum(one.cents for one in rows)


def test_a_gift_that_was_anothers_first_is_listed_on_its_first_day_and_not_for_the_other():
    """Case 02, and B03: the decision is no gift."""
    rows = [row(1, 90_00, paid=PAID), row(2, -90_00, DECIDED), row(3, 90_00, DECIDED, "D2")]
    steps = {1: Restatement(2, 3, False)}
    assert given(rows, steps, {3}) == [(PAID, 90_00)]
    assert given(rows, steps, {1, 2}) == []


def test_what_does_not_add_up_is_listed_row_by_row():
    rows = [row(1, 90_00), row(2, -90_00, BACK), row(3, 80_00, LATE)]
    steps = {1: Restatement(2, 3, False), 3: Restatement(9, None, False)}
    assert sum(cents for _day, cents in given(rows, steps)) == 80_00


def test_the_days_and_the_policy_words_are_those_of_the_settings():
    assert [deciding_day(GiftDays(LATE, PAID, BACK), policy) for policy in ("executed", "value", "booked")] == [
        PAID,
        BACK,
        LATE,
    ]
