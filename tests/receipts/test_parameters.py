"""The year parameters as the CIR 92 (art. 145/33) and the FPS Finance's brochures give them, typed again by hand."""

from dataclasses import fields
from datetime import date

import pytest

from ledger.errors import OboleError
from receipts.decide.parameters import FilingChannel, NationalNumber, YearParameters, known_years, parameters

# year, rate, national number, channel, to be filed before
TABLE = [
    (2024, 45, NationalNumber.TOLERATED, FilingChannel.XML, date(2025, 3, 1)),
    (2025, 30, NationalNumber.TOLERATED, FilingChannel.XML, date(2026, 3, 1)),
    (2026, 30, NationalNumber.REQUIRED, FilingChannel.JSON, date(2027, 3, 1)),
]


@pytest.mark.parametrize(("year", "rate", "number", "channel", "before"), TABLE)
def test_each_year_says_what_the_law_says(year, rate, number, channel, before):
    fixed = parameters(year)
    assert (fixed.year, fixed.assessment_year) == (year, year + 1)
    assert fixed.threshold_cents == 40_00
    assert (fixed.rate_percent, fixed.cap_percent, fixed.cap_cents) == (rate, 10, 408_130_00)
    assert (fixed.company_cap_percent, fixed.company_cap_cents) == (5, 500_000_00)
    assert (fixed.national_number, fixed.channel, fixed.file_before) == (number, channel, before)


def test_every_year_names_its_sources():
    assert all(len(parameters(year).sources) >= 4 for year in known_years())


def test_what_is_unsure_is_marked_with_its_field():
    names = {each.name for each in fields(YearParameters)}
    assert all(set(parameters(year).unsure) <= names for year in known_years())
    assert {"national_number", "channel"} <= set(parameters(2026).unsure)
    assert parameters(2024).unsure == {}


@pytest.mark.parametrize("year", [2023, 2027])
def test_an_unknown_year_is_an_error_that_tells_the_known_ones(year):
    with pytest.raises(OboleError, match=r"2024, 2025, 2026"):
        parameters(year)
