"""Grants: the contracts, and the entries that their recognition asks for."""

from datetime import date
from pathlib import Path

from importers.registers import grants as grant_file
from ledger.clock import today
from ledger.dimensions import LineKeys, with_keys
from ledger.errors import Fault
from ledger.journal import Entry, Line
from ledger.parties import keys_of_grant
from ledger.recognition import Grant, GrantEntry, GrantEntryKind, grant_entries
from ledger.records import DocumentKind
from ledger.sources import digest_of
from ledger.wording import word
from obole.books.opened import Books
from obole.books.policies import grant_accounts
from obole.books.watch import Watch
from obole.intake.guards import LineGuard, day_faults, refuse_file
from obole.intake.items import Item, take_items
from obole.outcome import Taken
from obole.words import _


def take_grants(books: Books, path: Path) -> Taken:
    """Take grants in: the contracts, and the entries that their recognition asks for up to today."""
    file = grant_file.read(path)
    accounts = grant_accounts(books.config)
    language = books.config.organisation.language
    now = today()
    items = []
    faults: list[Fault] = []
    guard = LineGuard(books, Watch(books), (_keys(grant).party for grant in file.rows))
    for grant in file.rows:
        faults += [
            Fault(_("grant {reference}: {problem}").format(reference=grant.reference, problem=fault.message))
            for fault in guard.faults(_keys(grant), None, None)
        ]
        counted: dict[tuple[str, date], int] = {}
        for entry in grant_entries(grant, accounts, now, books.years):
            faults += day_faults(books, entry.day, None)
            number = counted[entry.kind, entry.day] = counted.get((entry.kind, entry.day), 0) + 1
            items.append(
                Item(
                    f"{grant.reference}:{entry.kind}:{number}",
                    entry.day,
                    digest_of(list(entry.lines)),
                    None,
                    entries=(_grant_entry(entry, grant, language),),
                )
            )
    refuse_file(path, file, faults)
    return take_items(books, path, DocumentKind.GRANTS, items, file, grants=tuple(file.rows))


_NARRATIONS = {
    GrantEntryKind.INSTALMENT: "grant-instalment",
    GrantEntryKind.INCOME: "grant-income",
    GrantEntryKind.CATCH_UP: "grant-release",
    GrantEntryKind.RELEASE: "grant-release",
}


def _keys(grant: Grant) -> LineKeys:
    return keys_of_grant(grant.funder, grant.project, grant.department, grant.fund)


def _grant_entry(entry: GrantEntry, grant: Grant, language: str) -> Entry:
    return Entry(
        entry.day,
        f"{word(_NARRATIONS[entry.kind], language)} {grant.reference}",
        tuple(with_keys(Line(code, cents), _keys(grant)) for code, cents in entry.lines),
        meta={"grant": grant.reference},
    )
