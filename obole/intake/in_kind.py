"""Gifts in kind: income with an equal charge or asset."""

from collections.abc import Sequence
from pathlib import Path

from importers.registers import in_kind as in_kind_file
from importers.registers.in_kind import InKindRow
from ledger.dimensions import LineKeys
from ledger.errors import Fault, Severity
from ledger.records import Channel, DocumentKind, Gift
from ledger.sources import digest_of
from ledger.wording import word
from obole.books.identities import known_donors
from obole.books.opened import Books
from obole.books.watch import Watch
from obole.intake.guards import (
    LineGuard,
    day_faults,
    named,
    perhaps_named,
    refuse_file,
    unknown_account,
    unknown_donor,
)
from obole.intake.items import Item, take_items
from obole.outcome import Taken
from obole.words import _

# Securities, stocks for the projects and fixed assets, or the charge they spare (annex 3; CBN/CNC opinion 2010/16).
_CHARGE_OR_ASSET = "2356"


def take_in_kind(books: Books, path: Path) -> Taken:
    """Take gifts in kind in: income with an equal charge or asset, each with what proves its value."""
    file = in_kind_file.read(path)
    refuse_file(path, file, _faults(books, file.rows) if books.config.in_kind.book else ())
    if not books.config.in_kind.book:
        message = _("obole.toml says [in_kind] book = false: nothing was posted")
        return Taken(faults=[Fault(message, severity=Severity.WARNING)])
    items = [_item(books, row) for row in file.rows]
    taken = take_items(books, path, DocumentKind.IN_KIND, items, file)
    taken.faults += perhaps_named(books, ((row.row, row.description) for row in file.rows))
    return taken


def _faults(books: Books, rows: Sequence[InKindRow]) -> list[Fault]:
    """Return what stands against the rows: keys, days, names, accounts, donors."""
    faults: list[Fault] = []
    known = known_donors(books, {row.donor for row in rows if row.donor})
    watch = Watch(books)
    guard = LineGuard(books, watch, ())
    for row in rows:
        faults += guard.faults(LineKeys(row.project, row.department, row.fund), row.day, row.row)
        faults += day_faults(books, row.day, row.row, happened=True)
        faults += named(watch, row.row, row.reference, row.description, row.evidence)
        if row.account not in books.chart:
            faults.append(Fault(unknown_account(row.account), row.row))
        elif row.account[0] not in _CHARGE_OR_ASSET:
            message = _("account {account} is no charge or asset; write one of class 2, 3 or 6")
            faults.append(Fault(message.format(account=row.account), row.row))
        if row.donor and row.donor not in known:
            faults.append(Fault(unknown_donor(row.donor), row.row))
    return faults


def _item(books: Books, row: InKindRow) -> Item:
    """Return what a row posts: the gift, with its charge or asset on the other side."""
    gift = Gift(
        donor=row.donor,
        cents=row.cents,
        booked=row.day,
        counted=row.day.year,
        account=books.config.gifts.in_kind,
        position=row.row,
        batch=row.row,
        nature=row.category,
        channel=Channel.IN_KIND,
        fund=row.fund,
        project=row.project,
        department=row.department,
    )
    return Item(
        row.reference,
        row.day,
        digest_of([row.donor, row.category, row.description, row.cents, row.valuation, row.evidence, row.account]),
        row.row,
        gifts=(gift,),
        debits={row.row: row.account},
        batches={row.row: f"{word('gift-in-kind', books.config.organisation.language)} {row.reference}"},
        in_kind=(row,),
    )
