"""Taking in what is no bank file: donors into the vault; gifts in kind, grants, journals, assignments into the books.

Each handler refuses its file whole where it has a fault, posts only what is new of a file that overlaps an earlier one,
and refuses a row that was posted before with another content. One file makes one document per calendar year.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from importers.registers import journal as journal_file
from importers.registers.journal import JournalLine
from ledger.dimensions import with_keys
from ledger.errors import Fault
from ledger.journal import Entry, Line
from ledger.records import DocumentKind
from ledger.sources import digest_of
from obole.books.opened import Books
from obole.books.watch import Watch
from obole.intake.guards import LineGuard, day_faults, named, refuse_file, refuse_where, unknown_account
from obole.intake.items import Item, take_items
from obole.outcome import Taken
from obole.words import _


def take_journal(books: Books, path: Path) -> Taken:
    """Take the entries of a general journal in; gift accounts are refused, because the register alone posts to them."""
    file = journal_file.read(path)
    refuse_file(path, file)
    control = set(books.config.gifts.control)
    watch = Watch(books)
    guard = LineGuard(books, watch, (line.keys.party for entry in file.rows for line in entry.lines))
    faults = []
    for entry in file.rows:
        faults += day_faults(books, entry.day, entry.lines[0].row)
        for line in entry.lines:
            faults += named(watch, line.row, line.text, entry.document)
            faults += guard.faults(line.keys, entry.day, line.row)
            if line.account not in books.chart:
                faults.append(Fault(unknown_account(line.account), line.row))
            elif line.account in control:
                message = _(
                    "account {account} is kept by the register of gifts; enter the gift there, not in the journal"
                )
                faults.append(Fault(message.format(account=line.account), line.row))
            elif line.account == books.config.gifts.suspense:
                message = _("account {account} is kept by the list of open lines; assign one (`obole match`)")
                faults.append(Fault(message.format(account=line.account), line.row))
    refuse_where(path, faults)
    items = [
        Item(
            entry.document,
            entry.day,
            digest_of([_content(line) for line in entry.lines]),
            entry.lines[0].row,
            entries=(_journal_entry(entry),),
        )
        for entry in file.rows
    ]
    return take_items(books, path, DocumentKind.JOURNAL, items, file)


def _content(line: JournalLine) -> tuple[Any, ...]:
    """Return what must be the same where a line comes again; what it carries counts only where it carries something."""
    return (line.account, line.cents, line.text, *(line.keys if any(line.keys) else ()))


def _journal_entry(entry: journal_file.JournalEntry) -> Entry:
    narration = next((line.text for line in entry.lines if line.text), entry.document)
    lines = tuple(
        with_keys(
            Line(line.account, line.cents, {"text": line.text} if line.text and line.text != narration else {}),
            line.keys,
        )
        for line in entry.lines
    )
    return Entry(entry.day, narration, lines, meta={"voucher": entry.document})


Handler = Callable[[Books, Path], Taken]
