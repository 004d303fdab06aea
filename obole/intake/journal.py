"""Taking in what is no bank file: donors into the vault; gifts in kind, grants, journals, assignments into the books.

Each handler refuses its file whole where it has a fault, posts only what is new of a file that overlaps an earlier one,
and refuses a row that was posted before with another content. One file makes one document per calendar year.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from importers.registers import journal as journal_file
from importers.registers.journal import JournalLine
from ledger.dimensions import with_keys
from ledger.errors import Fault, Severity, SourceRefused
from ledger.journal import Entry, Line
from ledger.records import DocumentKind
from ledger.register.openings import balances_at, standing_openings
from ledger.register.vouchers import find_vouchers, vouchers_with
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
                    "account {account} is kept by the register of gifts; enter the gift there, not in the journal (the "
                    "totals of years before first_day come with `obole opening FILE`)"
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
    faults = _opened_already(books, items)
    refuse_where(path, faults)
    remarks = _posted_on_another_day(books, items)
    taken = take_items(books, path, DocumentKind.JOURNAL, items, file)
    taken.faults += remarks
    return taken


_WEEKS = timedelta(days=27)  # a month apart is an instalment
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def _posted_on_another_day(books: Books, items: Sequence[Item]) -> list[Fault]:
    """Warn of a voucher that stands under another day with the same lines, in the register or in this file."""
    with books.register.connect() as connection:
        known = find_vouchers(connection, DocumentKind.JOURNAL, [item.key for item in items])
        posted = vouchers_with(connection, DocumentKind.JOURNAL, [item.digest for item in items])
    seen: dict[tuple[str, str], list[date]] = {}
    for one in posted:
        seen.setdefault((one.digest, _as_typed(one.reference)), []).append(one.day)
    faults = []
    for item in items:
        if item.key in known:
            continue
        days = seen.setdefault((item.digest, _as_typed(item.reference)), [])
        near = [day for day in days if _may_be_the_same(day, item.day)]
        if near:
            message = _(
                "voucher {reference} was already posted on {day} with the same lines; if it is the same, undo the "
                "document of this file (`obole undo`) and take the row out of it"
            )
            told = message.format(reference=item.reference, day=near[-1])
            faults.append(Fault(told, item.row, Severity.WARNING))
        days.append(item.day)
    return faults


def _as_typed(reference: str) -> str:
    """Return a reference without what differs when it is typed twice: case, blanks, leading zeros."""
    return _ZEROS.sub("", "".join(reference.split()).casefold())


def _may_be_the_same(one: date, other: date) -> bool:
    """Tell whether two days may be one, mistyped: less than a month apart, day and month exchanged, another year."""
    exchanged = (one.day, one.month) == (other.month, other.day)
    return abs(one - other) <= _WEEKS or exchanged or (one.day, one.month) == (other.day, other.month)


def _opened_already(books: Books, items: Sequence[Item]) -> list[Fault]:
    """Refuse an entry of the first day of which at least two lines are balances that an opening brought already."""
    first = books.config.first_day
    candidates = [item for item in items if item.day == first]
    if not candidates:
        return []
    with books.register.connect() as connection:
        brought = balances_at(connection, first)
        names = [one.name for one in standing_openings(connection)]
        known = find_vouchers(connection, DocumentKind.JOURNAL, [item.key for item in candidates])
    message = _(
        "{reference} has balances that {opening} brought already and would count them twice; leave it out, or run "
        "`obole undo {opening}` first"
    )
    return [
        Fault(message.format(reference=item.reference, opening=names[-1]), item.row)
        for item in candidates
        if names and item.key not in known
        if sum(brought.get(line.account) == line.cents for entry in item.entries for line in entry.lines) > 1
    ]


def refuse_trial_balance(_books: Books, path: Path) -> Taken:
    """Refuse a trial balance, which begins books and is no journal; SourceRefused says by which command it is taken."""
    message = _("a trial balance: accounts and balances without dates; take it over with `obole opening {file}`")
    raise SourceRefused(path.name, (Fault(message.format(file=path.name)),))


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
