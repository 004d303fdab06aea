"""What refuses a source file before anything of it is posted."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from importers.sheets.tabular import RegisterFile
from ledger.chart import UnknownAccount
from ledger.clock import today
from ledger.errors import Fault, Severity, SourceRefused
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


def day_faults(books: Books, day: date, row: int | None) -> list[Fault]:
    """What stands against a date."""
    if day < books.config.first_day:
        first = books.config.first_day
        return [Fault(f"dated {day}, before the first day of these books ({first}, first_day in obole.toml)", row)]
    if day.year > today().year + 1:
        return [Fault(f"dated {day}, which is years away; correct the date", row)]
    return []
