"""Taking in what is no bank file: donors into the vault; gifts in kind, grants, journals, assignments into the books.

Each handler refuses its file whole where it has a fault, posts only what is new of a file that overlaps an earlier one,
and refuses a row that was posted before with another content. One file makes one document per calendar year.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from shlex import quote
from typing import Any

from importers.registers import journal as journal_file
from importers.registers.journal import JournalEntry, JournalLine
from ledger.dimensions import with_keys
from ledger.errors import Fault, Severity, SourceRefused
from ledger.journal import Entry, Line
from ledger.records import Channel, DocumentKind, Gift, Nature
from ledger.register.openings import balances_at, standing_openings
from ledger.register.transfers import TakenLine, transfer_rows
from ledger.register.vouchers import VoucherKey, find_vouchers, vouchers_with
from ledger.sources import digest_of
from obole.books.identities import known_donors
from obole.books.opened import Books
from obole.books.watch import Watch
from obole.intake.guards import (
    LineGuard,
    day_faults,
    named,
    perhaps_named,
    refuse_file,
    refuse_where,
    told_ahead,
    unknown_account,
    unknown_donor,
)
from obole.intake.items import Item, take_items
from obole.intake.paid_back import JournalRefunds, refunds_of
from obole.outcome import Taken
from obole.words import _


def take_journal(books: Books, path: Path) -> Taken:
    """Take the entries of a general journal in; what they put on gift accounts becomes gifts of the register.

    A legacy in kind or receivable, a fee or ticket of another year, a sponsoring invoice: each is a gift of the nature
    of its account, of nobody unless a donor is named. Money and gifts in kind are refused, but for money that a line
    pays back: it names its gift.
    """
    file = journal_file.read(path)
    refunds = _refunds(books, file.rows)
    refuse_file(path, file, _faults(books, file.rows, refunds))
    natures = books.config.gifts.vouchers
    items = [voucher_item(entry, natures, refunds=refunds) for entry in file.rows]
    faults = _opened_already(books, items)
    refuse_where(path, faults)
    ahead = told_ahead((entry.day, entry.lines[0].row) for entry in file.rows)
    texts = ((line.row, line.text) for entry in file.rows for line in entry.lines)
    remarks = [*_posted_on_another_day(books, items), *ahead, *perhaps_named(books, texts)]
    taken = take_items(books, path, DocumentKind.JOURNAL, items, file)
    taken.faults += remarks
    return taken


def _refunds(books: Books, entries: Sequence[JournalEntry]) -> JournalRefunds:
    """Look up the gifts that entries pay back; those of vouchers that stand took theirs back already."""
    paying = [entry for entry in entries if any(line.refund_of is not None for line in entry.lines)]
    with books.register.connect() as connection:
        keys = [VoucherKey(entry.document, entry.day) for entry in paying]
        known = find_vouchers(connection, DocumentKind.JOURNAL, keys) if keys else {}
        new = [entry for entry, key in zip(paying, keys, strict=True) if key not in known]
        return refunds_of(connection, new, books.config.gifts.control)


def _faults(books: Books, entries: Sequence[JournalEntry], refunds: JournalRefunds) -> list[Fault]:
    """Return what stands against the entries: days, names, keys, accounts, donors, gifts paid back."""
    watch = Watch(books)
    lines = [line for entry in entries for line in entry.lines]
    guard = LineGuard(books, watch, (line.keys.party for line in lines))
    donors = known_donors(books, {line.donor for line in lines if line.donor})
    faults = []
    for entry in entries:
        faults += day_faults(books, entry.day, entry.lines[0].row)
        faults += refunds.faults(entry)
        for line in entry.lines:
            faults += named(watch, line.row, line.text, entry.document)
            faults += guard.faults(line.keys, entry.day, line.row)
            if line.refund_of is None:
                faults += [Fault(problem, line.row) for problem in account_problems(books, line.account)]
                faults += [Fault(problem, line.row) for problem in _gift_problems(books, entry, line, donors)]
    return faults


def account_problems(books: Books, account: str) -> Iterator[str]:
    """Yield what stands against an account of a line."""
    gifts = books.config.gifts
    if account not in books.chart:
        yield unknown_account(account)
    elif account == gifts.suspense:
        message = _("account {account} is kept by the list of open lines; assign one (`obole match`)")
        yield message.format(account=account)
    elif account == gifts.in_kind:
        message = _(
            "account {account} is kept by the register of gifts; enter a gift in kind in its register, with what "
            "proves its value (the totals of years before first_day come with `obole opening FILE`)"
        )
        yield message.format(account=account)
    elif account in gifts.control and account not in gifts.vouchers:
        message = _(
            "account {account} is kept by the register of gifts; money given comes with the bank's statement or a "
            "platform's report, and `obole match` assigns it (the totals of years before first_day come with `obole "
            "opening FILE`)"
        )
        yield message.format(account=account)


def _gift_problems(books: Books, entry: JournalEntry, line: JournalLine, donors: Collection[str]) -> Iterator[str]:
    """Yield what stands against a donor, or against what a gift cannot carry."""
    if line.account not in books.config.gifts.vouchers:
        if line.donor:
            message = _("account {account} takes no gift; leave the donor out")
            yield message.format(account=line.account)
        return
    if line.donor and line.cents > 0:
        message = _("this line takes from account {account} and from no donor; leave the donor out")
        yield message.format(account=line.account)
    elif line.donor and line.donor not in donors:
        yield unknown_donor(line.donor)
    others = {one.keys.party for one in entry.lines if one.account not in books.config.gifts.vouchers}
    if line.keys.party and line.keys.party not in others:
        message = _("account {account} is a gift account; write the third party on the line of the receivable too")
        yield message.format(account=line.account)


def voucher_item(
    entry: JournalEntry,
    natures: Mapping[str, Nature],
    meta: Mapping[str, str] | None = None,
    refunds: JournalRefunds | None = None,
) -> Item:
    """Return what an entry posts: a transaction, with gifts where it credits gift accounts or pays gifts back.

    `natures` are those of the gift accounts. What else it debits there, such as fees put off to the next year, takes
    back no gift: the register keeps it as a line. `meta` is written on it beside its voucher.
    """
    digest = digest_of([_content(line) for line in entry.lines])
    first, written = entry.lines[0].row, _journal_entry(entry, meta or {})
    given = [line for line in entry.lines if line.account in natures and line.cents < 0]
    taken = [
        TakenLine(line.row, first, entry.day, line.account, line.cents)
        for line in entry.lines
        if line.account in natures and line.cents > 0 and line.refund_of is None
    ]
    back = refunds.taken_back(entry) if refunds is not None else ()
    if not given and not back:
        if taken:
            written = replace(written, tags=("gift",), meta={"gifts": 0, "batch": first, **written.meta})
        moved = tuple(transfer_rows(taken))
        return Item(entry.document, entry.day, digest, first, entries=(written,), movements=moved)
    others = (line for line, read in zip(written.lines, entry.lines, strict=True) if _stays(read, given))
    return Item(
        entry.document,
        entry.day,
        digest,
        first,
        gifts=(*(_gift(entry.day, line, first, natures[line.account]) for line in given), *back),
        debits={first: ""},
        batches={first: written.narration},
        batch_lines={first: tuple(others)},
        batch_meta={first: dict(written.meta)},
        movements=tuple(transfer_rows(taken)),
    )


def _stays(line: JournalLine, given: Sequence[JournalLine]) -> bool:
    """Tell whether a line is written as it is: what gives or pays back is written from the gifts."""
    return line.refund_of is None and line not in given


def _gift(day: date, line: JournalLine, batch: int, nature: Nature) -> Gift:
    """Return the gift that a credit of a gift account is."""
    return Gift(
        donor=line.donor,
        cents=-line.cents,
        booked=day,
        counted=day.year,
        account=line.account,
        position=line.row,
        batch=batch,
        nature=nature,
        channel=Channel.JOURNAL,
        fund=line.keys.fund,
        project=line.keys.project,
        department=line.keys.department,
    )


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
                "document of this file (`obole undo DOCUMENT`) and take the row out of it"
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
        if sum(brought.get(line.account) == line.cents for line in item.lines) > 1
    ]


def refuse_trial_balance(_books: Books, path: Path) -> Taken:
    """Refuse a trial balance, which begins books and is no journal; SourceRefused says by which command it is taken."""
    message = _("a trial balance: accounts and balances without dates; take it over with `obole opening {typed}`")
    raise SourceRefused(path.name, (Fault(message.format(typed=quote(path.name))),))


def _content(line: JournalLine) -> tuple[Any, ...]:
    """Return what must be the same where a line comes again; what it carries counts only where it carries something."""
    keys = line.keys if any(line.keys) else ()
    more = [*(["donor", line.donor] if line.donor else ()), *(["refund_of", *line.refund_of] if line.refund_of else ())]
    return (line.account, line.cents, line.text, *keys, *more)


def _journal_entry(entry: journal_file.JournalEntry, meta: Mapping[str, str]) -> Entry:
    narration = next((line.text for line in entry.lines if line.text), entry.document)
    lines = tuple(
        with_keys(
            Line(line.account, line.cents, {"text": line.text} if line.text and line.text != narration else {}),
            line.keys,
        )
        for line in entry.lines
    )
    return Entry(entry.day, narration, lines, meta={"voucher": entry.document, **meta})


Handler = Callable[[Books, Path], Taken]
