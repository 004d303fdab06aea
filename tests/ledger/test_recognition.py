"""When a grant becomes income, by hand-worked contracts and by an independent reckoning month by month.

Source of the worked figures: CBN/CNC opinion 2010/16, example 4 among them.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import count, islice, takewhile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.periods import FinancialYears, YearEnd
from ledger.recognition import (
    Cost,
    FunderKind,
    Grant,
    GrantAccountCodes,
    GrantAsset,
    GrantEntry,
    GrantIncomplete,
    GrantInstalment,
    RecognitionMethod,
    earned,
    grant_entries,
    months_in,
)

CODES = GrantAccountCodes()
END = date(2099, 12, 31)
INCOME = {CODES.public, CODES.private}


def grant(recognition: RecognitionMethod, euros: int, **given_: Any) -> Grant:
    return Grant("G-1", "Fonds Exemple", FunderKind.PUBLIC, euros * 100, recognition, **given_)


def told(entries: tuple[GrantEntry, ...]) -> list[str]:
    """Entries as a bookkeeper writes them: `2025-12-31 D 493000 30000.00 C 733000 30000.00`."""
    return [
        " ".join(
            [str(entry.day)]
            + [f"{'D' if cents > 0 else 'C'} {code} {Decimal(abs(cents)) / 100:.2f}" for code, cents in entry.lines]
        )
        for entry in entries
    ]


def test_a_grant_on_receipt_is_income_on_the_day_each_instalment_is_due() -> None:
    contract = grant(
        RecognitionMethod.RECEIPT,
        500,
        instalments=(GrantInstalment(date(2025, 3, 1), 300_00), GrantInstalment(date(2026, 3, 1), 200_00)),
    )
    assert told(grant_entries(contract, CODES, END)) == [
        "2025-03-01 D 413000 300.00 C 733000 300.00",
        "2026-03-01 D 413000 200.00 C 733000 200.00",
    ]


def test_a_private_funder_has_its_own_income_account() -> None:
    contract = replace(
        grant(RecognitionMethod.RECEIPT, 500, instalments=(GrantInstalment(date(2025, 3, 1), 500_00),)),
        funder_kind=FunderKind.PRIVATE,
    )
    assert told(grant_entries(contract, CODES, END)) == ["2025-03-01 D 413000 500.00 C 733100 500.00"]


def test_a_grant_over_its_period_is_deferred_and_taken_by_the_months_of_each_year() -> None:
    contract = grant(
        RecognitionMethod.PERIOD,
        120_000,
        first=date(2025, 7, 1),
        last=date(2027, 6, 30),
        instalments=(GrantInstalment(date(2025, 9, 1), 60_000_00), GrantInstalment(date(2026, 9, 1), 60_000_00)),
    )
    assert told(grant_entries(contract, CODES, END)) == [
        "2025-09-01 D 413000 60000.00 C 493000 60000.00",
        "2025-12-31 D 493000 30000.00 C 733000 30000.00",
        "2026-09-01 D 413000 60000.00 C 493000 60000.00",
        "2026-12-31 D 493000 60000.00 C 733000 60000.00",
        "2027-12-31 D 493000 30000.00 C 733000 30000.00",
    ]


def test_income_beyond_what_is_due_is_accrued_and_the_next_instalment_settles_it_first() -> None:
    contract = grant(
        RecognitionMethod.PERIOD,
        100,
        first=date(2025, 1, 1),
        last=date(2026, 12, 31),
        instalments=(GrantInstalment(date(2025, 2, 1), 20_00), GrantInstalment(date(2026, 3, 1), 80_01)),
    )
    contract = replace(contract, cents=100_01)  # 50.005 a year: half up, the last year takes the rest
    assert told(grant_entries(contract, CODES, END)) == [
        "2025-02-01 D 413000 20.00 C 493000 20.00",
        "2025-12-31 D 493000 20.00 D 491000 30.01 C 733000 50.01",
        "2026-03-01 D 413000 80.01 C 491000 30.01 C 493000 50.00",
        "2026-12-31 D 493000 50.00 C 733000 50.00",
    ]


def test_a_grant_paid_after_its_period_is_earned_first_and_due_later() -> None:
    contract = grant(
        RecognitionMethod.PERIOD,
        1_000,
        first=date(2025, 1, 1),
        last=date(2025, 12, 31),
        instalments=(GrantInstalment(date(2026, 6, 1), 1_000_00),),
    )
    assert told(grant_entries(contract, CODES, END)) == [
        "2025-12-31 D 491000 1000.00 C 733000 1000.00",
        "2026-06-01 D 413000 1000.00 C 491000 1000.00",
    ]


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2025, 1, 1), date(2025, 12, 31), 12),
        (date(2025, 7, 1), date(2027, 6, 30), 24),
        (date(2025, 3, 15), date(2026, 3, 14), 12),
        (date(2025, 3, 15), date(2026, 3, 15), 13),
        (date(2025, 1, 31), date(2025, 2, 28), 2),
        (date(2025, 5, 5), date(2025, 5, 5), 1),
    ],
)
def test_the_months_of_a_period_count_once_they_have_begun(first: date, last: date, months: int) -> None:
    assert months_in(first, last) == months


def test_a_period_from_mid_month_counts_a_month_for_the_year_it_begins_in() -> None:
    contract = grant(
        RecognitionMethod.PERIOD,
        1_200,
        first=date(2025, 3, 15),
        last=date(2026, 3, 14),
        instalments=(GrantInstalment(date(2025, 3, 15), 1_200_00),),
    )
    assert told(grant_entries(contract, CODES, END))[1:] == [
        "2025-12-31 D 493000 1000.00 C 733000 1000.00",
        "2026-12-31 D 493000 200.00 C 733000 200.00",
    ]


def test_a_grant_as_spent_follows_the_costs_and_stops_at_its_amount() -> None:
    contract = grant(
        RecognitionMethod.SPENT,
        1_000,
        instalments=(GrantInstalment(date(2025, 1, 10), 600_00), GrantInstalment(date(2026, 1, 10), 400_00)),
        costs=(
            Cost(date(2025, 4, 1), 250_00),
            Cost(date(2025, 12, 31), 100_00),
            Cost(date(2026, 1, 1), 500_00),
            Cost(date(2027, 2, 1), 400_00),
        ),
    )
    assert told(grant_entries(contract, CODES, END)) == [
        "2025-01-10 D 413000 600.00 C 493000 600.00",
        "2025-12-31 D 493000 350.00 C 733000 350.00",
        "2026-01-10 D 413000 400.00 C 493000 400.00",
        "2026-12-31 D 493000 500.00 C 733000 500.00",
        "2027-12-31 D 493000 150.00 C 733000 150.00",
    ]


def test_a_capital_grant_confirmed_late_releases_at_once_what_was_already_depreciated() -> None:
    # CBN/CNC 2010/16, example 4: 90,000 over 30 years, confirmed in year 3: 6,000, then 3,000 a year.
    contract = grant(
        RecognitionMethod.CAPITAL,
        90_000,
        instalments=(GrantInstalment(date(2025, 5, 1), 90_000_00),),
        assets=(GrantAsset("221000", date(2023, 1, 10), 90_000_00, 30),),
    )
    entries = told(grant_entries(contract, CODES, END))
    assert entries[:4] == [
        "2025-05-01 D 413000 90000.00 C 150000 90000.00",
        "2025-05-01 D 150000 6000.00 C 753000 6000.00",
        "2025-12-31 D 150000 3000.00 C 753000 3000.00",
        "2026-12-31 D 150000 3000.00 C 753000 3000.00",
    ]
    assert entries[-1] == "2052-12-31 D 150000 3000.00 C 753000 3000.00"


def test_a_capital_grant_releases_by_months_from_the_month_the_asset_was_acquired() -> None:
    contract = grant(
        RecognitionMethod.CAPITAL,
        12_000,
        instalments=(GrantInstalment(date(2025, 1, 5), 12_000_00),),
        assets=(GrantAsset("240000", date(2025, 9, 30), 20_000_00, 5),),
    )
    assert told(grant_entries(contract, CODES, date(2026, 12, 31))) == [
        "2025-01-05 D 413000 12000.00 C 150000 12000.00",
        "2025-12-31 D 150000 800.00 C 753000 800.00",
        "2026-12-31 D 150000 2400.00 C 753000 2400.00",
    ]


def test_a_capital_grant_never_releases_more_than_has_fallen_due() -> None:
    contract = grant(
        RecognitionMethod.CAPITAL,
        900,
        instalments=(GrantInstalment(date(2025, 1, 5), 100_00), GrantInstalment(date(2027, 6, 1), 800_00)),
        assets=(GrantAsset("240000", date(2025, 1, 1), 900_00, 3),),
    )
    assert told(grant_entries(contract, CODES, END)) == [
        "2025-01-05 D 413000 100.00 C 150000 100.00",
        "2025-12-31 D 150000 100.00 C 753000 100.00",
        "2027-06-01 D 413000 800.00 C 150000 800.00",
        "2027-06-01 D 150000 500.00 C 753000 500.00",
        "2027-12-31 D 150000 300.00 C 753000 300.00",
    ]


def test_two_assets_share_a_grant_by_their_cost() -> None:
    contract = grant(
        RecognitionMethod.CAPITAL,
        3_000,
        instalments=(GrantInstalment(date(2025, 1, 1), 3_000_00),),
        assets=(
            GrantAsset("240000", date(2025, 1, 1), 4_000_00, 5),  # 2/3 of the cost: 400 a year of the grant
            GrantAsset("241000", date(2025, 7, 1), 2_000_00, 2),  # 1/3: 250, 500, 250
        ),
    )
    assert told(grant_entries(contract, CODES, END))[1:] == [
        "2025-12-31 D 150000 650.00 C 753000 650.00",
        "2026-12-31 D 150000 900.00 C 753000 900.00",
        "2027-12-31 D 150000 650.00 C 753000 650.00",
        "2028-12-31 D 150000 400.00 C 753000 400.00",
        "2029-12-31 D 150000 400.00 C 753000 400.00",
    ]


def test_nothing_is_booked_after_the_day_asked_for() -> None:
    contract = grant(
        RecognitionMethod.PERIOD,
        1_200,
        first=date(2025, 1, 1),
        last=date(2026, 12, 31),
        instalments=(GrantInstalment(date(2025, 12, 31), 1_200_00),),
    )
    assert told(grant_entries(contract, CODES, date(2025, 12, 30))) == []
    # An instalment due on the closing day is booked before the closing.
    assert told(grant_entries(contract, CODES, date(2025, 12, 31))) == [
        "2025-12-31 D 413000 1200.00 C 493000 1200.00",
        "2025-12-31 D 493000 600.00 C 733000 600.00",
    ]


def test_a_grant_over_the_period_without_its_dates_is_refused_by_its_reference() -> None:
    contract = grant(RecognitionMethod.PERIOD, 10, instalments=(GrantInstalment(date(2025, 1, 1), 10_00),))
    with pytest.raises(GrantIncomplete, match=r"grant G-1: .*`from` and `to`"):
        grant_entries(contract, CODES, END)


days = st.dates(date(2018, 1, 1), date(2034, 12, 31))
amounts = st.integers(1, 50_000_000)


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    parts = draw(st.lists(amounts, min_size=1, max_size=4))
    first, last = sorted((draw(days), draw(days)))
    return Grant(
        reference="G-1",
        funder="Fonds Exemple",
        funder_kind=draw(st.sampled_from(FunderKind)),
        cents=sum(parts) + draw(st.sampled_from((0, 0, 1, 10_000))),
        recognition=draw(st.sampled_from(RecognitionMethod)),
        first=first,
        last=last,
        instalments=tuple(GrantInstalment(draw(days), cents) for cents in parts),
        costs=tuple(Cost(draw(days), draw(amounts)) for _ in range(draw(st.integers(0, 4)))),
        assets=tuple(
            GrantAsset("240000", draw(days), draw(amounts), draw(st.integers(1, 40)))
            for _ in range(draw(st.integers(0, 2)))
        ),
    )


def half_up(amount: Fraction) -> int:
    return int((Decimal(amount.numerator) / amount.denominator).quantize(Decimal(1), ROUND_HALF_UP))


def months_from(first: date) -> Iterator[date]:
    """The days on which the months of a period begin: the day of the first, or the last there is in the month."""
    for months in count(first.month - 1):
        year, month = first.year + months // 12, months % 12 + 1
        yield date(year, month, min(first.day, monthrange(year, month)[1]))


def earned_by(contract: Grant, closing: date) -> int:
    """The oracle: income by a 31 December, counted month by month, asset by asset, without the module's formulas."""
    if contract.recognition is RecognitionMethod.RECEIPT:
        return sum(part.cents for part in contract.instalments if part.due <= closing)
    if contract.recognition is RecognitionMethod.PERIOD:
        begins = list(takewhile(lambda begin: begin <= contract.last, months_from(contract.first)))
        return half_up(Fraction(contract.cents * sum(begin <= closing for begin in begins), len(begins)))
    if contract.recognition is RecognitionMethod.SPENT:
        return min(contract.cents, sum(cost.cents for cost in contract.costs if cost.day <= closing))
    if not contract.assets:
        return 0
    written_off = Fraction(0)
    for asset in contract.assets:
        life = asset.years * 12
        used = takewhile(lambda begin: begin <= closing, islice(months_from(asset.acquired.replace(day=1)), life))
        gone = sum(1 for _ in used)
        written_off += Fraction(asset.cost * gone, life)
    whole = half_up(contract.cents * written_off / sum(asset.cost for asset in contract.assets))
    return min(whole, sum(part.cents for part in contract.instalments if part.due <= closing))


@given(grants())
def test_every_entry_balances_and_no_balance_is_ever_on_the_wrong_side(contract: Grant) -> None:
    balance: Counter[str] = Counter()
    for entry in grant_entries(contract, CODES, END):
        assert sum(cents for _, cents in entry.lines) == 0
        assert all(cents for _, cents in entry.lines)
        for code, cents in entry.lines:
            balance[code] += cents
        assert balance[CODES.receivable] >= 0
        assert balance[CODES.earned] >= 0
        assert balance[CODES.deferred] <= 0
        assert balance[CODES.capital] <= 0
        assert not (balance[CODES.earned] and balance[CODES.deferred])
    days_ = [entry.day for entry in grant_entries(contract, CODES, END)]
    assert days_ == sorted(days_)


@given(grants(), st.integers(2017, 2080))
def test_income_by_a_closing_day_is_what_an_independent_reckoning_says(contract: Grant, year: int) -> None:
    closing = date(year, 12, 31)
    entries = grant_entries(contract, CODES, closing)
    income = -sum(cents for entry in entries for code, cents in entry.lines if code in {*INCOME, CODES.release})
    assert income == earned_by(contract, closing)


@given(grants())
def test_over_its_whole_life_a_grant_becomes_income_once(contract: Grant) -> None:
    contract = replace(
        contract,
        cents=sum(part.cents for part in contract.instalments),
        costs=(*contract.costs, Cost(date(2035, 1, 1), 10**12)),
        assets=contract.assets or (GrantAsset("240000", date(2030, 1, 1), 1, 10),),
    )
    balance: Counter[str] = Counter()
    for entry in grant_entries(contract, CODES, END):
        for code, cents in entry.lines:
            balance[code] += cents
    left = {code: cents for code, cents in balance.items() if cents}
    income = CODES.release if contract.recognition is RecognitionMethod.CAPITAL else CODES.income(contract.funder_kind)
    assert left == {CODES.receivable: contract.cents, income: -contract.cents}


@given(grants(), days)
def test_what_is_booked_by_a_day_does_not_depend_on_what_comes_after(contract: Grant, until: date) -> None:
    before = grant_entries(contract, CODES, until)
    after = grant_entries(contract, CODES, until + timedelta(days=900))
    assert after[: len(before)] == before


@pytest.mark.parametrize("method", [RecognitionMethod.RECEIPT, RecognitionMethod.CAPITAL, RecognitionMethod.SPENT])
def test_nothing_is_earned_without_what_earns_it(method: RecognitionMethod) -> None:
    contract = Grant("G", "F", FunderKind.PUBLIC, 100_00, method)
    assert earned(contract, date(2025, 12, 31)) == 0


@pytest.mark.parametrize(
    ("first", "last", "complete"),
    [
        (None, date(2025, 1, 1), False),
        (date(2025, 1, 1), None, False),
        (date(2025, 1, 2), date(2025, 1, 1), False),
        (date(2025, 1, 1), date(2025, 1, 1), True),
    ],
)
def test_a_period_has_a_beginning_and_an_end_in_this_order(
    first: date | None, last: date | None, complete: bool
) -> None:
    contract = Grant("G", "F", FunderKind.PUBLIC, 100_00, RecognitionMethod.PERIOD, first, last)
    if complete:
        assert [earned(contract, date(year, 12, 31)) for year in (2024, 2025, 2026)] == [0, 100_00, 100_00]
    else:
        with pytest.raises(GrantIncomplete):
            earned(contract, date(2025, 12, 31))


def test_half_a_cent_is_rounded_up() -> None:
    contract = Grant("G", "F", FunderKind.PUBLIC, 3, RecognitionMethod.PERIOD, date(2025, 7, 1), date(2026, 6, 30))
    assert [earned(contract, date(year, 12, 31)) for year in (2024, 2025, 2026)] == [0, 2, 3]  # 1.5, half up
    third = replace(contract, cents=1, last=date(2026, 12, 31))
    assert [earned(third, date(year, 12, 31)) for year in (2025, 2026)] == [0, 1]  # 0.33


def test_income_and_release_come_at_the_end_of_the_financial_year() -> None:
    """CBN/CNC 2011/17 and 2010/16 on years from July to June: 12 months from October, 9 of them by 30 June."""
    june = FinancialYears(YearEnd(6, 30))
    first, last = date(2024, 10, 1), date(2025, 9, 30)
    contract = grant(RecognitionMethod.PERIOD, 1200, first=first, last=last)
    entries = grant_entries(contract, CODES, date(2026, 6, 30), june)
    assert [(one.day, one.lines[0][1]) for one in entries] == [(date(2025, 6, 30), 900_00), (date(2026, 6, 30), 300_00)]
    due = (GrantInstalment(date(2024, 10, 1), 600_00),)
    asset = (GrantAsset("230000", date(2024, 10, 1), 600_00, 5),)  # 10.00 a month
    contract = grant(RecognitionMethod.CAPITAL, 600, instalments=due, assets=asset)
    released = grant_entries(contract, CODES, date(2026, 6, 30), june)[1:]
    assert [(one.day, one.lines[0][1]) for one in released] == [(date(2025, 6, 30), 90_00), (date(2026, 6, 30), 120_00)]
