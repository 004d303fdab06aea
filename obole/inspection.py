"""`obole inspect`: what a source file holds, without any books, whatever kind it is."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from importers import assignments, donors, grants, in_kind, inspection, journal
from importers.inspection import Inspection
from ledger.errors import Fault
from ledger.records import DocumentKind
from obole.intake import expand, kind_of

_REGISTERS: dict[DocumentKind, tuple[Callable[[Path], Any], Callable[[Any], list[tuple[str, str]]]]] = {
    DocumentKind.DONORS: (donors.read, donors.describe),
    DocumentKind.GRANTS: (grants.read, grants.describe),
    DocumentKind.IN_KIND: (in_kind.read, in_kind.describe),
    DocumentKind.JOURNAL: (journal.read, journal.describe),
    DocumentKind.ASSIGNMENT: (assignments.read, assignments.describe),
}


def inspect_files(paths: Iterable[Path]) -> list[Inspection]:
    """Inspect files, and all files below folders."""
    return [inspect_file(path) for path in expand(paths)]


def inspect_file(path: Path) -> Inspection:
    """Inspect one file; a file that is none of ours has a fault that says so."""
    kind = kind_of(path)
    if kind is None:
        fault = Fault("no kind of file that Obole takes in: bank statements (CODA), registers and journals (xlsx, CSV)")
        return Inspection(path.name, "unknown", (fault,))
    if kind is DocumentKind.CODA:
        return inspection.inspect_bank_file(path)
    read, describe = _REGISTERS[kind]
    file = read(path)
    return Inspection(path.name, kind.value, tuple(file.faults), (), tuple(describe(file)))
