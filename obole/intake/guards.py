"""What refuses a source file before anything of it is posted."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from importers.sheets.tabular import RegisterFile
from ledger.chart import UnknownAccount
from ledger.clock import today
from ledger.dimensions import LineKeys
from ledger.errors import Fault, Severity, SourceRefused
from ledger.parties import unknown_party
from ledger.vault.parties import known_parties
from obole.books.opened import Books
from obole.books.watch import Watch


def refuse_file(path: Path, file: RegisterFile[Any]) -> None:
    """SourceRefused where the reader found an error."""
    if any(fault.severity is Severity.ERROR for fault in file.faults):
        raise SourceRefused(path.name, file.faults)


def warnings_of(file: RegisterFile[Any]) -> list[Fault]:
    """Pick the faults of a file that refuse nothing."""
    return [fault for fault in file.faults if fault.severity is not Severity.ERROR]


def refuse_where(path: Path, faults: Sequence[Fault]) -> None:
    """SourceRefused where there is a fault."""
    if faults:
        raise SourceRefused(path.name, tuple(faults))


def unknown_account(code: str) -> str:
    """What is said of an account that the chart lacks."""
    return str(UnknownAccount(code)).removesuffix(".")


def named(watch: Watch, row: int, *texts: str) -> list[Fault]:
    """Personal data in what would go into the books."""
    return [Fault(problem, row) for text in texts if (problem := watch.problem(text)) is not None]


class LineGuard:
    """What refuses the keys of a line: a dimension that is not declared, a third party that the vault does not know."""

    def __init__(self, books: Books, watch: Watch, parties: Iterable[str | None]) -> None:
        self._declared = books.config.dimensions
        self._watch = watch
        asked = {key for key in parties if key}
        self._unknown: set[str] = set()
        if asked:
            with books.vault.connect() as connection:
                self._unknown = asked - known_parties(connection, asked)

    def faults(self, keys: LineKeys, day: date | None, row: int | None) -> list[Fault]:
        """Return the faults of a line's keys; `day` is None where they are for no day."""
        found = [Fault(problem, row) for problem in self._declared.problems(keys, day)]
        if keys.party in self._unknown and keys.party is not None:
            found.append(Fault(unknown_party(keys.party), row))
        problems = map(self._watch.problem, filter(None, keys[:3]))
        return found + [Fault(problem, row) for problem in problems if problem is not None]


def day_faults(books: Books, day: date, row: int | None) -> list[Fault]:
    """What stands against a date."""
    if day < books.config.first_day:
        first = books.config.first_day
        return [Fault(f"dated {day}, before the first day of these books ({first}, first_day in obole.toml)", row)]
    if day.year > today().year + 1:
        return [Fault(f"dated {day}, which is years away; correct the date", row)]
    return []
