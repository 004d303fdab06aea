"""`obole demo`: a fictional foundation's two years go through, from its source files to statements and receipts."""

import os
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from shlex import quote
from time import perf_counter

from ledger.errors import OboleError
from obole.books.creation import BooksExist, initialise
from obole.books.loading import load_books
from obole.books.opened import Books
from obole.books.policies import belcotax_institution
from obole.books.settings import FILE_NAME
from obole.command.receipts import say_belcotax, say_issued, say_rendered
from obole.command.say import money
from obole.command.sources import say_intake
from obole.demo import YEARS, generate
from obole.importing import import_files
from obole.receipting.shipping import write_belcotax
from obole.receipting.steps import issue_receipts, render_receipts, tie_out
from obole.reporting import STATEMENTS, write_report
from obole.words import _
from receipts.filing.belcotax import file_name

# Receipts of a year are issued in mid February, before the first of March (art. 323/3 CIR 92).
_ISSUED = {year: date(year + 1, 2, 13) for year in YEARS}


Progress = Callable[[str, int, int], None]


def run_demo(
    folder: Path, donors: int, seed: int, tell: Callable[[str], None], progress: Progress | None = None
) -> None:
    """Make the books of the demonstration in `folder`; BooksExist where there are some."""
    if (folder / "main.beancount").exists():
        raise BooksExist(
            _("{folder}: there are books here already; choose another folder, or remove this one first.").format(
                folder=folder
            )
        )
    clock = _Clock(tell)
    files = files_of(folder)
    files.mkdir(parents=True, exist_ok=True)
    manifest = generate(files, donors, seed, progress)
    clock.tell(
        _("{count} source files of a fictional foundation written to {name}/sources").format(
            count=len(manifest.sources), name=files.name
        )
    )
    settings = files / FILE_NAME
    books = initialise(folder, settings.read_text(encoding="utf-8"))
    settings.unlink()
    intake = import_files(books, [source.path for source in manifest.sources], progress=progress)
    tell(say_intake(intake))
    if intake.refused:
        raise OboleError(
            _("a source file of the demonstration was refused; this is a fault of Obole, please report it.")
        )
    clock.tell(_("taken in"))
    for what in STATEMENTS:
        write_report(books, what, YEARS[-1], scheme="published", language="fr", form="text", output=None)
    clock.tell(_("statements printed"))
    _issue(books, files, tell)
    clock.tell(_("receipts issued"))
    rendered = render_receipts(books, YEARS[-1], workers=os.cpu_count() or 1, progress=progress)
    tell(say_rendered(rendered, YEARS[-1]))
    clock.tell(_("receipts typeset"))
    tell(say_ready(folder))


def say_ready(folder: Path) -> str:
    """Return what is told in the end: how the books are opened, by commands that can be typed as they stand."""
    main = quote(str(folder / "main.beancount"))
    return _("The books are ready: `{serve}`, or `{fava}`.").format(
        serve=f"{_called('obole')} serve --books {quote(str(folder))}", fava=f"{_called('fava')} {main}"
    )


def _called(program: str) -> str:
    """Return what is typed to run a program that was installed with this one: its path, where its name is not found."""
    beside = Path(sys.argv[0]).with_name(program)
    return program if shutil.which(program) or not beside.exists() else quote(str(beside))


def files_of(folder: Path) -> Path:
    """Return where the files with names lie, which go into the books of the demonstration and come out of them."""
    books = folder.resolve()
    return books.with_name(f"{books.name}-files")


def _issue(books: Books, files: Path, tell: Callable[[str], None]) -> None:
    """Issue the receipts of each year, write its Belcotax file and tie both to the books."""
    totals = load_books(books.folder.main, books.years).calendar_totals  # receipts change nothing of them
    institution = belcotax_institution(books.config)
    for year in YEARS:
        plan, _recovered = issue_receipts(books, year, _ISSUED[year])
        tell(say_issued(plan, ()))
        tell(say_belcotax(write_belcotax(books, year, _ISSUED[year], files / file_name(institution, year))))
        difference = tie_out(books, year, totals).difference
        tell(
            _("Gift accounts of {year} = receipts + each named reason: difference {amount} EUR.").format(
                year=year, amount=money(difference)
            )
        )


class _Clock:
    """Tells how long each part took."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._last = perf_counter()

    def tell(self, what: str) -> None:
        """Say what was done since the last call."""
        now = perf_counter()
        self._tell(f"-- {what} ({now - self._last:.1f} s)")
        self._last = now
