"""Figures and dates as readers of each language write them, with the marks of CLDR (U+202F in French).

Babel gives the marks once; a general ledger formats a million figures, which its own formatter is too slow for.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

from babel import Locale

from ledger.money import to_euros

# English as British readers write it: en_BE of CLDR takes the marks of Dutch.
_LOCALES = {"fr": "fr_BE", "nl": "nl_BE", "de": "de_BE", "en": "en_GB"}


_DAYS = {"fr": "%d/%m/%Y", "nl": "%d/%m/%Y", "de": "%d.%m.%Y", "en": "%d/%m/%Y"}


@dataclass(frozen=True, slots=True)
class Numbers:
    """The marks of one language, and amounts in cents written with them."""

    group: str
    decimal: str
    minus: str
    day: str

    def euros(self, cents: int) -> str:
        """Return whole euros, each amount rounded by itself: 959511100 -> `9 595 111`."""
        return self.count(to_euros(cents))

    def exact(self, cents: int) -> str:
        """Return to the cent: 959511100 -> `9 595 111,00`."""
        whole, fraction = divmod(abs(cents), 100)
        sign = self.minus if cents < 0 else ""
        return f"{sign}{self._grouped(whole)}{self.decimal}{fraction:02d}"

    def count(self, number: int) -> str:
        """Return a whole number with its groups."""
        return f"{self.minus if number < 0 else ''}{self._grouped(abs(number))}"

    def date(self, day: date) -> str:
        """Return a date, the day first: `31/12/2025`."""
        return day.strftime(self.day)

    def _grouped(self, number: int) -> str:
        return f"{number:,}".replace(",", self.group)


@cache
def numbers(language: str) -> Numbers:
    """Return the marks of fr, nl, de or en."""
    symbols = Locale.parse(_LOCALES[language]).number_symbols["latn"]
    return Numbers(symbols["group"], symbols["decimal"], symbols["minusSign"], _DAYS[language])
