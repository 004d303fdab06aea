"""The books as Beancount loads them: entries, accounts, totals, and what is wrong with them in plain sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beancount import loader
from beancount.core import data

from ledger.chart import Account, accounts_of
from ledger.collector import paused
from obole.words import _
from reports.totals import Totals, totals_of


@dataclass(frozen=True, slots=True)
class LoadedBooks:
    """Loaded books; `errors` are Beancount's own and those of the plugins."""

    root: Path
    entries: list[Any]
    errors: list[Any]
    accounts: dict[str, Account]
    totals: Totals

    @property
    def opened(self) -> list[str]:
        """Return the Beancount accounts opened."""
        return [entry.account for entry in self.entries if isinstance(entry, data.Open)]

    def problems(self) -> Iterator[str]:
        """Yield each error as `file: line n: what`, with the file relative to the books."""
        for error in self.errors:
            meta = error.source or {}
            file = Path(str(meta.get("filename", "")))
            shown = file.relative_to(self.root).as_posix() if file.is_relative_to(self.root) else file.name
            line = meta.get("lineno")
            message = _sentence(str(error.message))
            if line:
                yield _("{file}: line {line}: {message}").format(file=shown, line=line, message=message)
            else:
                yield f"{shown}: {message}"


def _sentence(message: str) -> str:
    """Return one line of a message: of a traceback, which plugin it was and how it ended."""
    first, *others = message.strip().splitlines() or [""]
    place, traceback, _rest = first.partition(" Traceback")
    return f"{place} {others[-1].strip()}" if traceback and others else first


def load_books(main: Path) -> LoadedBooks:
    """Load the main file with its plugins, past the pickle cache (which Fava does not use either)."""
    with paused():  # a fifth of the time
        entries, errors, _options = loader._load([(str(main), True)], None, None, None)  # noqa: SLF001 - as Fava does: load_file would cache
    accounts = accounts_of(entry for entry in entries if isinstance(entry, data.Open))
    return LoadedBooks(main.parent.resolve(), entries, errors, accounts, totals_of(entries, accounts))
