"""Obole's pages inside Fava: the one module that knows Fava's extension interface.

A page is its name in the address, a key of its title, a pure view from the loaded books and the reader's choices to a
value, and the template `templates/<name>.html` that shows the value. Fava finds one extension class a page here: the
classes at the foot of the module, made by `extension`. A script `<name>.js` beside this module belongs to its page.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import cast

from beancount.core import data
from fava.application import url_for
from fava.ext import FavaExtensionBase
from fava.helpers import BeancountError
from flask import request
from flask_babel import get_locale

from ledger.chart import Account, accounts_of
from ledger.clock import today
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.languages import LANGUAGES, speaking
from ledger.periods import CALENDAR, FinancialYears, calendar_year
from obole.books.financial_years import refuse_moved
from obole.books.settings import FILE_NAME, load
from obole.words import text_in
from reports.totals import NotInEuro, Totals, totals_of
from reports.words import named

DEFAULT_LANGUAGE = "fr"


LANGUAGE_NAMES = {"fr": "Français", "nl": "Nederlands", "de": "Deutsch", "en": "English"}


DEFAULT_SCHEME = "published"


class ShownBooks:
    """The books as Fava has loaded them; what pages share is worked out once, when the first page asks."""

    def __init__(
        self,
        entries: Sequence[data.Directive],
        errors: Sequence[BeancountError] = (),
        years: FinancialYears = CALENDAR,
    ) -> None:
        self.entries = entries
        self.errors = errors
        self.years = years

    @cached_property
    def accounts(self) -> Mapping[str, Account]:
        """Return the accounts by code; OboleError where two share one."""
        return accounts_of(entry for entry in self.entries if isinstance(entry, data.Open))

    @property
    def totals(self) -> Totals:
        """Return the sums per account and year, without the transactions of which a posting has none in cents."""
        return self._counted[0]

    @property
    def uncounted(self) -> Sequence[NotInEuro]:
        """Return the postings in no whole cents, whose transactions the totals leave out."""
        return self._counted[1]

    @cached_property
    def _counted(self) -> tuple[Totals, list[NotInEuro]]:
        faults: list[NotInEuro] = []
        return totals_of(self.entries, self.accounts, faults, self.years), faults


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of the reader in the address: a language, a year (None: none, or no year), and the rest as it stands.

    `finished` is the last financial year that is over: what annual accounts show when no year is chosen.
    """

    language: str
    year: int | None
    finished: int
    rest: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: `name` in the address, `title` a text marked for translation, `view` a function from values to a value.

    `view` may raise OboleError: its sentence is shown in place of the page.
    """

    name: str
    title: str
    view: Callable[[ShownBooks, Choices], object]
    script: bool = False


@dataclass(frozen=True, slots=True)
class ShownPage:
    """The values a template gets: that of the view, or the problem that hindered it; languages; the choices."""

    value: object
    problem: str | None
    choices: Choices
    languages: Mapping[str, str]

    def text(self, message: str) -> str:
        """Return a text of the page in the reader's language."""
        return text_in(self.choices.language, message)

    def statement(self, key: str) -> str:
        """Return what a statement is called in the reader's language."""
        return named(key, self.choices.language)


def extension(page: Page) -> type[FavaExtensionBase]:
    """Return the extension class that Fava is to find for a page."""

    class PageExtension(FavaExtensionBase):
        has_js_module = page.script
        _loaded = ShownBooks(())

        @property
        def report_title(self) -> str:  # type: ignore[override]
            """Return the title in the sidebar and above the page, in the reader's language."""
            return text_in(_language(), page.title)

        def shown(self) -> ShownPage:
            """Return the value of the page for this request."""
            choices, value, problem = Choices(_language(), None, 0, request.args), None, None
            try:
                with speaking(choices.language):
                    books = self._books()
                    choices = replace(choices, year=_year(books.years), finished=_finished(books.years))
                    value = page.view(books, choices)
            except OboleError as error:
                problem = str(error)
            return ShownPage(value, problem, choices, LANGUAGE_NAMES)

        def address(self, **chosen: str | int) -> str:
            """Return the address of this page with some choices changed and the others kept."""
            kept = {name: request.args[name] for name in ("lang", "year", "scheme") if name in request.args}
            values = {**kept, **{name: str(value) for name, value in chosen.items()}}
            return url_for("extension_report", extension_name=page.name, **values)

        def account_address(self, path: str, year: int) -> str:
            """Return the address of Fava's own page of an account, held to one financial year."""
            lasts = self._loaded.years.find(year) or calendar_year(year)
            time = str(year) if lasts.is_calendar else f"{lasts.first} to {lasts.last}"
            return url_for("account", name=path, time=time)

        def _books(self) -> ShownBooks:
            # Fava puts a new list in place each time it loads: what was worked out from the list before is dropped.
            entries = cast("Sequence[data.Directive]", self.ledger.all_entries)
            years = _years(Path(self.ledger.beancount_file_path).parent)
            if self._loaded.entries is not entries or self._loaded.years != years:
                self._loaded = ShownBooks(entries, self.ledger.load_errors, years)
            return self._loaded

    PageExtension.__name__ = PageExtension.__qualname__ = page.name
    return PageExtension


def _language() -> str:
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    # What Fava itself speaks: its option "language", or what the browser asks for.
    locale = get_locale()
    return locale.language if locale is not None and locale.language in LANGUAGES else DEFAULT_LANGUAGE


def _years(folder: Path) -> FinancialYears:
    """Return the financial years of the books in a folder; calendar years where no obole.toml stands beside them."""
    if not (folder / FILE_NAME).is_file():
        return CALENDAR
    years = load(folder).years
    refuse_moved(years, Folder(folder).seals)
    return years


def _year(years: FinancialYears) -> int | None:
    # Without a year of its own the page follows Fava's time filter: the year in which that period begins.
    if match := re.match(r"[0-9]{4}(?![0-9])", request.args.get("year", "")):
        return int(match.group())
    if match := re.match(
        r"([0-9]{4})(?![0-9])(?:-([0-9]{2})(?![0-9])(?:-([0-9]{2})(?![0-9]))?)?", request.args.get("time", "")
    ):
        year, *rest = (int(part) for part in match.groups("1"))
        with suppress(ValueError):
            return years.label(date(year, *rest))
        return year
    return None


def _finished(years: FinancialYears) -> int:
    return years.before(years.label(today()))
