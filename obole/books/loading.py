"""The books as Beancount loads them: entries, accounts, totals, and what is wrong with them in plain sentences."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from beancount import loader
from beancount.core import data

from ledger.beancount_words import in_own_words
from ledger.chart import Account, accounts_of, code_of
from ledger.collector import paused
from ledger.periods import CALENDAR, FinancialYears
from ledger.plugins.banks import BankGap
from obole.words import _
from reports.totals import NotInEuro, Totals, totals_of


class LoadError(NamedTuple):
    """A line of the books that loads and cannot be counted."""

    source: Mapping[str, Any]
    message: str


@dataclass(frozen=True, slots=True)
class LoadedBooks:
    """Loaded books; `errors` are Beancount's own, those of the plugins, and the lines that cannot be counted.

    `totals` leave a transaction out of which a posting is in no whole cents.
    """

    root: Path
    entries: list[Any]
    errors: list[Any]
    accounts: dict[str, Account]
    totals: Totals

    @property
    def opened(self) -> list[str]:
        """Return the Beancount accounts opened."""
        return [entry.account for entry in self.entries if isinstance(entry, data.Open)]

    @property
    def calendar_totals(self) -> Totals:
        """Return the totals by calendar year, which receipts go by."""
        if self.totals.periods.are_calendar:
            return self.totals
        return totals_of(self.entries, self.accounts, [], CALENDAR)

    @property
    def gaps(self) -> list[BankGap]:
        """The statements that are missing: errors with which a report can still be read."""
        return [error for error in self.errors if isinstance(error, BankGap)]

    @property
    def faults(self) -> list[Any]:
        """All other errors."""
        return [error for error in self.errors if not isinstance(error, BankGap)]

    def problems(self, errors: Iterable[Any] | None = None) -> Iterator[str]:
        """Each error (or each of some) as `file: line n: what`, with the file relative to the books."""
        return (text for _error, text in self.told(errors))

    def told(self, errors: Iterable[Any] | None = None) -> Iterator[tuple[Any, str]]:
        """Each error (or each of some) with what is told of it."""
        for error in self.errors if errors is None else errors:
            meta = error.source or {}
            file = Path(str(meta.get("filename", "")))
            shown = file.relative_to(self.root).as_posix() if file.is_relative_to(self.root) else file.name
            line = meta.get("lineno")
            message = in_own_words(first_line(str(error.message)))
            if line:
                yield error, _("{file}: line {line}: {message}").format(file=shown, line=line, message=message)
            else:
                yield error, f"{shown}: {message}"


def first_line(message: str) -> str:
    """Return one line of a message: of a traceback, which plugin it was and how it ended."""
    first, *others = message.strip().splitlines() or [""]
    place, traceback, _rest = first.partition(" Traceback")
    return f"{place} {others[-1].strip()}" if traceback and others else first


def load_books(main: Path, years: FinancialYears) -> LoadedBooks:
    """Load the main file with its plugins, past the pickle cache (which Fava does not use either).

    The totals are those of financial years.
    """
    with paused():  # a fifth of the time
        entries, errors, _options = loader._load([(str(main), True)], None, None, None)  # noqa: SLF001 - as Fava does: load_file would cache
    opened = [entry for entry in entries if isinstance(entry, data.Open)]
    twice = _sharing_a_code(opened)
    accounts = accounts_of(entry for entry in opened if id(entry) not in twice)
    faults: list[NotInEuro] = []
    totals = totals_of(entries, accounts, faults, years)
    uncounted = [*twice.values(), *(LoadError(fault.source, fault.message) for fault in faults)]
    return LoadedBooks(main.parent.resolve(), entries, [*errors, *uncounted], accounts, totals)


def _sharing_a_code(opened: Iterable[data.Open]) -> dict[int, LoadError]:
    """Return the accounts whose code another account has, by `id`: one fault each among the others."""
    first: dict[str, str] = {}
    found = {}
    for entry in sorted(opened, key=lambda one: "code" not in one.meta):  # the chart's own first
        code = str(entry.meta.get("code") or code_of(entry.account) or "")
        if code and first.setdefault(code, entry.account) != entry.account:
            message = _("account {code} is open already as {path}; keep one of the two")
            found[id(entry)] = LoadError(entry.meta, message.format(code=code, path=first[code]))
    return found
