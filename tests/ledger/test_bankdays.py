"""The TARGET calendar of the library, against the arithmetic of Easter and what the European Central Bank published."""

import subprocess
import sys
from datetime import date, timedelta

import pytest

from ledger.bankdays import bank_day_from, is_bank_day

# Each year, and once before the euro came as notes.
FIXED = ((1, 1), (5, 1), (12, 25), (12, 26))
ONCE = date(2001, 12, 31)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm as in Meeus, Astronomical Algorithms, ch. 8)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def test_the_days_of_a_century_are_those_of_the_table():
    for year in range(2000, 2101):
        sunday = easter(year)
        closed = {date(year, *day) for day in FIXED} | {sunday - timedelta(2), sunday + timedelta(1), ONCE}
        days = [date(year, 1, 1) + timedelta(number) for number in range(365)] + [date(year, 12, 31)]
        for day in days:
            assert is_bank_day(day) is (day.weekday() < 5 and day not in closed), day


def test_easter_is_where_it_was():
    known = {2000: (4, 23), 2008: (3, 23), 2011: (4, 24), 2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2038: (4, 25)}
    assert {year: (easter(year).month, easter(year).day) for year in known} == known


def test_the_calendar_is_loaded_only_where_it_is_asked():
    program = "import sys, ledger.bankdays, obole.command.debits; print('holidays' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(("day", "first"), [
    (date(2025, 3, 14), date(2025, 3, 14)), (date(2025, 3, 15), date(2025, 3, 17)),
    (date(2025, 3, 16), date(2025, 3, 17)),
    (date(2025, 4, 18), date(2025, 4, 22)), (date(2025, 12, 25), date(2025, 12, 29)),
])  # fmt: skip
def test_the_first_bank_day_is_the_next_one_that_is_open(day: date, first: date):
    """Saturday and Sunday lead to Monday, Good Friday to the Tuesday after Easter, Christmas to the Monday after."""
    assert bank_day_from(day) == first
