"""Tell what a source file is, by its beginning or its headings."""

from collections.abc import Iterable
from pathlib import Path

from importers import platforms
from importers.bank import camt, coda, pain
from importers.platforms import NOTHING, Declared
from importers.registers import assignments, balances, cash, donors, events, grants, in_kind, legacies, parties, pledges
from importers.registers import journal as journal_file
from importers.sheets.tabular import why_unreadable
from ledger.errors import Fault
from ledger.given import require_file
from ledger.records import DocumentKind
from obole.intake.nearest import nearest_kind
from obole.words import _

SOURCE_KINDS = (
    (DocumentKind.DONORS, donors.identify),
    (DocumentKind.PLEDGES, pledges.identify),
    (DocumentKind.PARTIES, parties.identify),
    (DocumentKind.GRANTS, grants.identify),
    (DocumentKind.OPENING, balances.identify),
    (DocumentKind.JOURNAL, journal_file.identify),
    (DocumentKind.IN_KIND, in_kind.identify),
    (DocumentKind.CASH, cash.identify),
    (DocumentKind.EVENTS, events.identify),
    (DocumentKind.COLLECTION, pain.identify_collection),
    (DocumentKind.STATUS, pain.identify_status),
    (DocumentKind.CODA, coda.identify),
    (DocumentKind.CAMT, camt.identify),
    (DocumentKind.PLATFORM, platforms.is_report),
    (DocumentKind.LEGACIES, legacies.identify),
    (DocumentKind.ASSIGNMENT, assignments.identify),
)


# Taken again although the file was seen: a grant or an event's year may have fallen due since, a donor may have been
# changed since.
ALWAYS_READ = (
    DocumentKind.GRANTS,
    DocumentKind.DONORS,
    DocumentKind.PLEDGES,
    DocumentKind.PARTIES,
    DocumentKind.EVENTS,
)


def kind_of(path: Path, said: Declared = NOTHING) -> DocumentKind | None:
    """Return what a source file is, by its beginning or its headings; None where it is none of ours.

    What obole.toml declares comes before the registers, whose headings it may share.
    """
    if coda.identify(path):  # most files are, and their beginning says it
        return DocumentKind.CODA
    if said.sources and platforms.identify(path, said) in said.sources:
        return DocumentKind.PLATFORM
    return next((kind for kind, identify in SOURCE_KINDS if identify(path)), None)


def not_taken(path: Path, said: Declared = NOTHING) -> Fault:
    """Say why a file that is none of ours is not taken in, and what it comes nearest to."""
    if path.stat().st_size == 0:
        return Fault(_("the file is empty; fetch it again where it came from"))
    if (unreadable := why_unreadable(path)) is not None:
        return unreadable
    if nearest := nearest_kind(path, said):
        return Fault(_("no kind of file that Obole takes in; {nearest}").format(nearest=nearest))
    return Fault(
        _(
            "no kind of file that Obole takes in; `obole inspect FILE` says what it sees, docs/registers.md and "
            "docs/platforms.md what it takes"
        )
    )


def expand(paths: Iterable[Path]) -> list[Path]:
    """Return the files given, and all files below the folders given; hidden ones left out."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.is_file() and not _hidden(one.relative_to(path)))
        else:
            require_file(path)
            found.append(path)
    return found


def _hidden(path: Path) -> bool:
    """Tell whether a file, or a folder that it lies in, is hidden or the lock of a spreadsheet."""
    return any(part.startswith((".", "~$")) for part in path.parts)
