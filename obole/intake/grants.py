"""Grants: the contracts, and the entries that their recognition asks for."""

from datetime import date
from pathlib import Path

from importers.registers import grants as grant_file
from ledger.clock import today
from ledger.journal import Entry, Line
from ledger.recognition import Grant, GrantEntry, GrantEntryKind, grant_entries
from ledger.records import DocumentKind
from ledger.sources import digest_of
from ledger.wording import word
from obole.books.opened import Books
from obole.books.policies import grant_accounts
from obole.intake.guards import day_faults, refuse_file, refuse_where
from obole.intake.items import Item, take_items
from obole.outcome import Taken


def take_grants(books: Books, path: Path) -> Taken:
    """Grants: the contracts, and the entries that their recognition asks for up to today."""
    file = grant_file.read(path)
    refuse_file(path, file)
    accounts = grant_accounts(books.config)
    language = books.config.organisation.language
    now = today()
    items = []
    faults = []
    for grant in file.rows:
        counted: dict[tuple[str, date], int] = {}
        for entry in grant_entries(grant, accounts, now):
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
    refuse_where(path, faults)
    return take_items(books, path, DocumentKind.GRANTS, items, file, grants=tuple(file.rows))


_NARRATIONS = {
    GrantEntryKind.INSTALMENT: "grant-instalment",
    GrantEntryKind.INCOME: "grant-income",
    GrantEntryKind.CATCH_UP: "grant-release",
    GrantEntryKind.RELEASE: "grant-release",
}


def _grant_entry(entry: GrantEntry, grant: Grant, language: str) -> Entry:
    return Entry(
        entry.day,
        f"{word(_NARRATIONS[entry.kind], language)} {grant.reference}",
        tuple(Line(code, cents) for code, cents in entry.lines),
        meta={"grant": grant.reference, **({"fund": grant.fund} if grant.fund else {})},
    )
