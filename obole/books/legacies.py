"""The legacies of these books as they stand: the newest archived register of each, without what was undone of it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection

from importers.registers import legacies as legacy_file
from ledger.errors import OboleError
from ledger.given import digest_of_file
from ledger.legacies import FollowedLegacies, LegacyEvent, LegacyState, LegacyStep, follow_legacies
from ledger.records import DocumentKind
from ledger.register.documents import PostedDocument, all_documents, undone_by
from ledger.register.legacies import legacy_sums
from ledger.register.vouchers import all_vouchers
from obole.books.opened import Books
from obole.books.policies import legacy_policy
from obole.words import _


def legacies_at(books: Books, day: date = date.max) -> dict[str, LegacyState]:
    """Return the legacies by key at the end of a day; OboleError where an archived register is missing."""
    with books.register.connect() as connection:
        events = [*_registered(books, connection), *sums_elsewhere(connection)]
    return _followed(books, [one for one in events if one.counts_from <= day]).states


def sums_elsewhere(connection: Connection, legacies: Iterable[str] | None = None) -> list[LegacyEvent]:
    """Return the sums that decisions about bank lines set against legacies (or some of them), as events of no row."""
    wanted = None if legacies is None else set(legacies)
    return [
        LegacyEvent(
            one.legacy,
            LegacyStep.RECEIVED if one.cents > 0 else LegacyStep.PAID,
            one.day,
            0,
            cents=abs(one.cents),
            asset=one.asset,
        )
        for one in legacy_sums(connection)
        if wanted is None or one.legacy in wanted
    ]


def _registered(books: Books, connection: Connection) -> list[LegacyEvent]:
    """Return the events of each legacy as the newest register has them; those that posted and were undone left out."""
    undone = undone_by(connection)
    by_legacy: dict[str, list[LegacyEvent]] = {}
    seen: set[str] = set()
    for record in reversed(all_documents(connection)):
        if record.kind != DocumentKind.LEGACIES or record.id in undone or record.file_digest in seen:
            continue
        seen.add(record.file_digest)
        found: defaultdict[str, list[LegacyEvent]] = defaultdict(list)
        for row in _read(books, record):
            found[row.event.legacy].append(row.event)
        by_legacy = {**found, **by_legacy}
    posted = {tuple(key) for key in all_vouchers(connection, DocumentKind.LEGACIES)}
    events = [event for some in by_legacy.values() for event in some]
    moves = _followed(books, events).moves
    first = books.config.first_day
    gone = {id(one.event) for one in moves if one.day >= first and (one.reference, one.day) not in posted}
    return [event for event in events if id(event) not in gone]


def _followed(books: Books, events: Iterable[LegacyEvent]) -> FollowedLegacies:
    return follow_legacies(events, legacy_policy(books.config))


def _read(books: Books, record: PostedDocument) -> tuple[legacy_file.LegacyRow, ...]:
    if books.trial is not None and record.file_digest in books.trial.archives:
        return legacy_file.unarchived(books.trial.archives[record.file_digest])
    path = books.folder.root / (record.archive or "")
    if not path.is_file() or digest_of_file(path) != record.file_digest:
        message = _("{name}: its archived register is missing or was changed; restore it from your backup.")
        raise OboleError(message.format(name=record.name))
    return legacy_file.read(path).rows
