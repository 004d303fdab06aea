"""The words for the financial year of a report: its label where it is the calendar year, else its days."""

from ledger.periods import DECEMBER_31, FinancialYear, year_end
from reports.marks import numbers
from reports.words import named, text_in


def at_end(of: FinancialYear, language: str) -> str:
    """Return the end of a year in words: `at 31 December 2025`, `at 30.06.2026`."""
    if ends_december(of):
        return named("at", language).format(year=of.label)
    return text_in(language, "at {day}").format(day=numbers(language).date(of.last))


def ends_december(of: FinancialYear) -> bool:
    """Return whether a year ends on 31 December of its label."""
    return year_end(of.last) == DECEMBER_31 and of.last.year == of.label


def over(of: FinancialYear, language: str) -> str:
    """Return a year in words: `year 2025`, `financial year from 16.09.2024 to 31.12.2025`."""
    if of.is_calendar:
        return named("of-year", language).format(year=of.label)
    return text_in(language, "financial year from {first} to {last}").format(**_days(of, language))


def which_days(of: FinancialYear, language: str) -> str:
    """Return the words of `over` for a year that is not the calendar year; empty where it is."""
    return "" if of.is_calendar else over(of, language)


def columns_last(years: tuple[FinancialYear, ...], language: str) -> str:
    """Return from when to when each year of a report lasts, by its label; empty where all are calendar years."""
    if all(one.is_calendar for one in years):
        return ""
    told = text_in(language, "{year}: from {first} to {last}")
    return "; ".join(told.format(year=one.label, **_days(one, language)) for one in years)


def _days(of: FinancialYear, language: str) -> dict[str, str]:
    marks = numbers(language)
    return {"first": marks.date(of.first), "last": marks.date(of.last)}
