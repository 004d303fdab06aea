"""Which financial year a day belongs to, and what keeps a list of years from being one: worked out by hand.

CBN/CNC advice 2010/10: a year has twelve months; one may exceptionally be longer or shorter, a first one or where the
closing day changes. Asked for in public: ERPNext 26761 (a long first year over New Year), 23497 (a short year), 21553
(from October-September to the calendar year by a year of fifteen months).
"""

from datetime import date
from itertools import pairwise

import pytest

from ledger.periods import (
    CALENDAR,
    ClosedYears,
    FinancialYear,
    FinancialYears,
    PeriodFault,
    YearEnd,
    beside,
    faults_of,
    tax_years,
    year_end,
)


def period(label: int, first: str, last: str) -> FinancialYear:
    return FinancialYear(label, date.fromisoformat(first), date.fromisoformat(last))


def years(end: str, *listed: FinancialYear) -> FinancialYears:
    return FinancialYears(YearEnd(*map(int, end.split("-"))), listed)


LONG_FIRST = years("12-31", period(2025, "2024-09-16", "2025-12-31"))
JUNE = years("06-30")
TO_JUNE = years("06-30", period(2026, "2026-01-01", "2026-06-30"))  # calendar years, a short one, then July to June
TO_DECEMBER = years("12-31", period(2025, "2024-07-01", "2025-12-31"))  # July to June, a long one, then the calendar
FEBRUARY = years("02-29")
SHORT_FIRST = years("12-31", period(2025, "2025-06-01", "2025-12-31"))
SHORT_AFTER_JUNE = years("12-31", period(2026, "2026-07-01", "2026-12-31"))


@pytest.mark.parametrize(
    ("of", "day", "expected"),
    [
        (CALENDAR, "2025-12-31", period(2025, "2025-01-01", "2025-12-31")),
        (LONG_FIRST, "2024-09-16", period(2025, "2024-09-16", "2025-12-31")),
        (LONG_FIRST, "2025-01-01", period(2025, "2024-09-16", "2025-12-31")),
        (LONG_FIRST, "2024-09-15", period(2024, "2023-09-16", "2024-09-15")),
        (LONG_FIRST, "2026-01-01", period(2026, "2026-01-01", "2026-12-31")),
        (JUNE, "2025-06-30", period(2025, "2024-07-01", "2025-06-30")),
        (JUNE, "2025-07-01", period(2026, "2025-07-01", "2026-06-30")),
        (TO_JUNE, "2025-12-31", period(2025, "2025-01-01", "2025-12-31")),
        (TO_JUNE, "2026-06-30", period(2026, "2026-01-01", "2026-06-30")),
        (TO_JUNE, "2026-07-01", period(2027, "2026-07-01", "2027-06-30")),
        (TO_DECEMBER, "2024-06-30", period(2024, "2023-07-01", "2024-06-30")),
        (TO_DECEMBER, "2025-03-01", period(2025, "2024-07-01", "2025-12-31")),
        (TO_DECEMBER, "2026-03-01", period(2026, "2026-01-01", "2026-12-31")),
        (FEBRUARY, "2024-02-29", period(2024, "2023-03-01", "2024-02-29")),
        (FEBRUARY, "2024-03-01", period(2025, "2024-03-01", "2025-02-28")),
        (SHORT_FIRST, "2025-05-31", period(2024, "2024-06-01", "2025-05-31")),
        (SHORT_AFTER_JUNE, "2026-06-30", period(2025, "2025-07-01", "2026-06-30")),
    ],
)
def test_each_day_has_its_year_and_each_label_its_days(of: FinancialYears, day: str, expected: FinancialYear):
    assert of.of(date.fromisoformat(day)) == expected
    assert of.find(expected.label) == expected
    assert of.label(date.fromisoformat(day)) == expected.label


@pytest.mark.parametrize(
    "of", [CALENDAR, LONG_FIRST, JUNE, TO_JUNE, TO_DECEMBER, FEBRUARY, SHORT_FIRST, SHORT_AFTER_JUNE]
)
def test_years_follow_each_other_without_a_gap_and_labels_rise(of: FinancialYears):
    assert [*faults_of(of), *beside(of)] == []
    some = list(of.since(date(2020, 1, 1), date(2032, 1, 1)))
    for one, other in pairwise(some):
        assert (other.first - one.last).days == 1
        assert one.label < other.label
        assert of.before(other.label) == one.label
        assert of.ends_on(one.last)


def test_a_label_that_no_year_has_is_not_found():
    to_september = years("09-30", period(2027, "2026-01-01", "2027-09-30"))  # 21 months
    assert to_september.find(2026) is None
    assert to_september.before(2027) == 2025
    with pytest.raises(KeyError):
        to_september.get(2026)


@pytest.mark.parametrize(
    ("of", "faults"),
    [
        (years("12-31", period(2025, "2024-01-02", "2025-12-31")), []),  # 24 months less a day
        (years("12-31", period(2025, "2024-01-01", "2025-12-31")), [PeriodFault.LONG]),
        (years("02-29", period(2026, "2024-02-29", "2026-02-28")), [PeriodFault.LONG]),
        (years("12-31", period(2025, "2025-12-31", "2025-01-01")), [PeriodFault.ORDER]),
        (years("12-31", period(2026, "2024-09-16", "2025-12-31")), [PeriodFault.LABEL]),
        (years("06-30", period(2025, "2024-09-16", "2025-12-31")), [PeriodFault.END]),
        (
            years("12-31", period(2024, "2023-05-01", "2024-12-31"), period(2025, "2024-12-31", "2025-12-31")),
            [PeriodFault.OVERLAP],
        ),
        (
            years("12-31", period(2024, "2023-05-01", "2024-12-31"), period(2026, "2025-02-01", "2026-12-31")),
            [PeriodFault.GAP],
        ),
        (
            years("12-31", period(2026, "2025-07-01", "2026-06-30"), period(2026, "2026-07-01", "2026-12-31")),
            [PeriodFault.TWICE],
        ),
        (
            years("12-31", period(2026, "2025-09-01", "2026-06-30"), period(2027, "2027-07-01", "2027-12-31")),
            [PeriodFault.AFTER],  # the year between would be called 2026 too
        ),
    ],
)
def test_what_is_wrong_with_a_list_is_said(of: FinancialYears, faults: list[PeriodFault]):
    assert [one.what for one in list(faults_of(of)) or list(beside(of))] == faults


def test_closed_years_are_asked_of_days():
    closed = ClosedYears(JUNE, frozenset({2025}))
    assert [day in closed for day in (date(2024, 6, 30), date(2024, 7, 1), date(2025, 6, 30), date(2025, 7, 1))] == [
        *(False, True, True, False)
    ]
    assert closed.between(date(2024, 1, 1), date(2026, 1, 1)) == [2025]
    assert closed.between(date(2025, 7, 1), date(2026, 1, 1)) == []


def test_receipts_of_a_calendar_year_belong_to_the_financial_year_in_which_it_ends():
    assert list(tax_years(period(2025, "2024-09-16", "2025-12-31"))) == [2024, 2025]
    assert list(tax_years(period(2026, "2025-07-01", "2026-06-30"))) == [2025]
    assert list(tax_years(period(2026, "2026-01-01", "2026-06-30"))) == []
    assert list(tax_years(period(2025, "2025-01-01", "2025-12-31"))) == [2025]


def test_the_last_of_february_is_one_end():
    assert year_end(date(2025, 2, 28)) == year_end(date(2024, 2, 29)) == (2, 29)
    assert year_end(date(2024, 2, 28)) == (2, 28)
