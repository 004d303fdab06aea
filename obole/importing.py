"""Taking source files in: find out what each is, decide what it posts, post it, and tell what happened.

Files are taken in an order that makes sense whatever order they are given in: donors and grants before the statements
that need them, statements by account and date, assignments last. Statements are posted in batches of one transaction;
a refused statement posts nothing and stops nobody else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from importers.platforms import Declared
from ledger.errors import Fault, OboleError, SourceRefused
from ledger.given import digest_of_file
from ledger.records import DocumentKind
from ledger.register.documents import known_files
from ledger.register.suspense import open_items
from obole.books.opened import Books, changing
from obole.books.policies import declared
from obole.debits.outside import take_collection
from obole.debits.pledges import take_pledges
from obole.debits.status_file import take_status
from obole.intake.cash import take_cash
from obole.intake.donors import take_donors
from obole.intake.events import take_events
from obole.intake.grants import take_grants
from obole.intake.in_kind import take_in_kind
from obole.intake.journal import refuse_trial_balance, take_journal
from obole.intake.kinds import ALWAYS_READ, SOURCE_KINDS, expand, kind_of, not_taken
from obole.intake.legacies import take_legacies
from obole.intake.parties import take_parties
from obole.intake.platforms import platform_day, take_platform
from obole.intake.statements import take_statements
from obole.intake.zips import Unpacked, unpacked
from obole.outcome import Intake, Progress, Taken, Told, ToldFile
from obole.suspense.again import reconsider
from obole.suspense.decisions import take_assignments
from obole.words import _

_HANDLERS: Mapping[DocumentKind, Callable[[Books, Path], Taken]] = {
    DocumentKind.DONORS: take_donors,
    DocumentKind.PLEDGES: take_pledges,
    DocumentKind.PARTIES: take_parties,
    DocumentKind.GRANTS: take_grants,
    DocumentKind.OPENING: refuse_trial_balance,
    DocumentKind.JOURNAL: take_journal,
    DocumentKind.IN_KIND: take_in_kind,
    DocumentKind.CASH: take_cash,
    DocumentKind.EVENTS: take_events,
    DocumentKind.COLLECTION: take_collection,
    DocumentKind.STATUS: take_status,
    DocumentKind.PLATFORM: take_platform,
    DocumentKind.LEGACIES: take_legacies,
    DocumentKind.ASSIGNMENT: take_assignments,
}


def import_files(
    books: Books, paths: Iterable[Path], *, dry_run: bool = False, progress: Progress | None = None
) -> Intake:
    """Take source files in; with `dry_run` all of it is done in one transaction that is taken back."""
    files = expand(paths)
    with changing(books, dry_run=dry_run) as change:
        intake = import_into(change.books, files, progress)
    intake.dry_run, intake.recovered = dry_run, change.recovered
    return intake


def import_into(books: Books, files: Sequence[Path], progress: Progress | None = None) -> Intake:
    """Take files into books that the caller holds for writing; a zip is opened."""
    intake = Intake()
    with unpacked(files, books.folder.root, books.archive) as given:
        _take_all(books, given, intake, progress or (lambda _what, _done, _of: None))
    with books.register.connect() as connection:
        intake.open = len(open_items(connection))
    return intake


def _take_all(books: Books, given: Unpacked, intake: Intake, progress: Progress) -> None:
    said = declared(books.config)
    by_kind = _by_kind(books, given, intake, said)
    # A refund finds its gift where the report that brings the gift comes first.
    if len(by_kind[DocumentKind.PLATFORM]) > 1:
        by_kind[DocumentKind.PLATFORM].sort(key=lambda one: platform_day(one.path, said))
    done, total = 0, sum(len(group) for group in by_kind.values())
    by_kind[DocumentKind.CODA] += by_kind.pop(DocumentKind.CAMT)  # taken together, in the order of their days
    for kind, group in by_kind.items():
        if kind is DocumentKind.CODA:
            take_statements(books, group, partial(_counted, progress, done, total))
        else:
            for path, told in group:
                _take_register(books, path, told, _HANDLERS[kind])
        done += len(group)
        progress(kind, done, total)
    _look_again(books, intake)  # though nothing was posted: a killed import may not have come to it


def _by_kind(books: Books, given: Unpacked, intake: Intake, said: Declared) -> dict[DocumentKind, list[ToldFile]]:
    """Return the files to take, by kind in the order of taking; of the others it is told why they are not taken."""
    by_kind: dict[DocumentKind, list[ToldFile]] = {kind: [] for kind, _reads in SOURCE_KINDS}
    intake.told += [Told(name, "", faults=[fault]) for name, fault in given.refused]
    digests = {path: _digest(path) for path in given.files}
    with books.register.connect() as connection:
        known = known_files(connection, [digest for digest in digests.values() if digest is not None])
    for path in given.files:
        told = Told(given.name(path), "")
        intake.told.append(told)
        digest = digests[path]
        if digest is None:
            told.faults.append(Fault(_("the file cannot be read; check its rights")))
            continue
        names = known.get(digest)
        if names is not None and names.whole and names.kind not in ALWAYS_READ:
            told.kind, told.known = names.kind, list(names.documents)
            continue
        kind = kind_of(path, said)
        if kind is None:
            told.faults.append(not_taken(path, said))
            continue
        told.kind = kind
        by_kind[kind].append(ToldFile(path, told))
    return by_kind


def _look_again(books: Books, intake: Intake) -> None:
    """Decide the open lines once more with what came in."""
    for booked in reconsider(books):
        record = booked.booking.record
        told = Told("", record.kind, [record.name])
        told.add(record.summary.counts, record.summary.cents)
        intake.decided.append(told)


def _digest(path: Path) -> str | None:
    """Return the SHA-256 of a file, None where it cannot be read: that refuses this file and stops no other."""
    try:
        return digest_of_file(path)
    except OSError:
        return None


def _counted(progress: Progress, before: int, total: int, count: int) -> None:
    progress("coda", before + count, total)


def _take_register(books: Books, path: Path, told: Told, handler: Callable[[Books, Path], Taken]) -> None:
    try:
        taken = handler(books, path)
    except SourceRefused as refusal:
        told.faults.extend(refusal.faults)
        return
    except OboleError as error:
        told.faults.append(Fault(str(error).removesuffix(".")))
        return
    told.posted, told.known = list(taken.posted), list(taken.known)
    told.faults.extend(taken.faults)
    told.add(taken.counts, taken.cents)
