"""`obole inspect`: what a source file holds, without any books, whatever kind it is."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from importers import platforms
from importers.bank import summary as inspection
from importers.bank.summary import Inspection
from importers.platforms import NOTHING, Declared
from importers.registers import (
    assignments,
    balances,
    cash,
    donors,
    events,
    grants,
    in_kind,
    journal,
    legacies,
    parties,
    pledges,
)
from importers.sheets.tabular import why_unreadable
from ledger.archive import Archive
from ledger.errors import Fault
from ledger.records import DocumentKind
from obole.books.opened import found_books
from obole.books.policies import declared
from obole.books.settings import FILE_NAME, load
from obole.intake.kinds import expand, kind_of
from obole.intake.nearest import nearest_kind
from obole.intake.zips import unpacked
from obole.words import _

_BANK_FILES = (DocumentKind.CODA, DocumentKind.CAMT, DocumentKind.COLLECTION, DocumentKind.STATUS)


_REGISTERS: dict[DocumentKind, tuple[Callable[[Path], Any], Callable[[Any], list[tuple[str, str]]]]] = {
    DocumentKind.DONORS: (donors.read, donors.describe),
    DocumentKind.PLEDGES: (pledges.read, pledges.describe),
    DocumentKind.PARTIES: (parties.read, parties.describe),
    DocumentKind.GRANTS: (grants.read, grants.describe),
    DocumentKind.IN_KIND: (in_kind.read, in_kind.describe),
    DocumentKind.CASH: (cash.read, cash.describe),
    DocumentKind.EVENTS: (events.read, events.describe),
    DocumentKind.OPENING: (balances.read, balances.describe),
    DocumentKind.JOURNAL: (journal.read, journal.describe),
    DocumentKind.LEGACIES: (legacies.read, legacies.describe),
    DocumentKind.ASSIGNMENT: (assignments.read, assignments.describe),
}


def inspect_files(paths: Iterable[Path], said: Declared = NOTHING, books: Path | None = None) -> list[Inspection]:
    """Inspect files, and all files below folders; `said` is what an obole.toml declares of platforms and sources.

    A zip is opened in a folder of `books`, without any in the system's one; what they archived is opened by their key.
    """
    archive = None if books is None else Archive(books.resolve(), lambda: found_books(books).sealer)
    with unpacked(expand(paths), books, archive) as given:
        refused = [Inspection(name, "unknown", (fault,)) for name, fault in given.refused]
        return [*refused, *(replace(inspect_file(path, said), file=given.name(path)) for path in given.files)]


def declared_in(folder: Path | None) -> Declared:
    """Return the sources that the obole.toml of these books declares; none where there are no books."""
    return NOTHING if folder is None else declared(load(folder))


def books_in(folder: Path) -> Path | None:
    """Return a folder where it holds the settings of books, else None."""
    return folder if (folder / FILE_NAME).exists() else None


def inspect_file(path: Path, said: Declared = NOTHING) -> Inspection:
    """Inspect one file; a file that is none of ours has a fault that says so."""
    kind = kind_of(path, said)
    if kind is None:
        message = _(
            "no kind of file that Obole takes in: bank files (CODA, CAMT, pain), platform reports, registers, journals"
        )
        if nearest := nearest_kind(path, said):
            message = _("no kind of file that Obole takes in; {nearest}").format(nearest=nearest)
        return Inspection(path.name, "unknown", (why_unreadable(path) or Fault(message),))
    if kind in _BANK_FILES:
        return inspection.inspect_bank_file(path)
    if kind is DocumentKind.PLATFORM:
        report = platforms.read(path, said)
        return Inspection(path.name, report.platform, report.faults, (), tuple(platforms.describe(report)))
    read, describe = _REGISTERS[kind]
    file = read(path)
    return Inspection(path.name, kind.value, tuple(file.faults), (), tuple(describe(file)))
