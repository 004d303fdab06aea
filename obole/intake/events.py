"""Rows of fundraising events as entries: income and costs of the event, which is their project.

A ticket, sponsoring or a gift is in the register of gifts too, each with its nature. What is sold or paid before the
financial year of the event waits on 493 or 490 until the first day of that year (KB/AR 29.4.2019 art. 3:171). Money
that comes by the bank is a receivable until the bank's line, which `obole match` puts against it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from importers.registers import events as events_file
from importers.registers.events import EventKind, EventRow, PaidBy
from importers.registers.journal import JournalEntry, JournalLine
from ledger.clock import today
from ledger.dimensions import LineKeys
from ledger.errors import Fault, Severity
from ledger.mirror import PAYMENT
from ledger.records import Channel, Counterpart, DocumentKind, Gift, Nature
from ledger.register.gifts import PostedGift, gifts_standing
from ledger.sources import digest_of
from ledger.wording import word
from obole.books.identities import known_donors
from obole.books.opened import Books
from obole.books.settings import Config
from obole.books.watch import Watch
from obole.intake.guards import (
    LineGuard,
    day_faults,
    named,
    perhaps_named,
    refuse_file,
    told_ahead,
    unknown_account,
    unknown_donor,
)
from obole.intake.items import Item, take_items
from obole.intake.journal import account_problems, voucher_item
from obole.outcome import Taken
from obole.words import _, many

_CLASSES = {EventKind.COST: "236"}  # all other kinds are income
_INCOME = "7"
_OF_A_YEAR = "67"  # an asset bought for an event waits for nothing
_NEAR = timedelta(days=31)
_FEW = 5
_YEARS_AHEAD = 3  # an event further away is a mistyped one


def take_events(books: Books, path: Path) -> Taken:
    """Take rows of events in, each a voucher of its own; a gift that the bank or a platform brings is told only."""
    file = events_file.read(path)
    refuse_file(path, file, _faults(books, file.rows))
    items = [item for row in file.rows if not _comes_later(row) for item in _items(books.config, row)]
    remarks = [*_told_only(file.rows), *_untaxed(file.rows), *_given_already(books, file.rows)]
    remarks += told_ahead((row.day, row.row) for row in file.rows)
    remarks += perhaps_named(books, ((row.row, row.description) for row in file.rows))
    taken = take_items(books, path, DocumentKind.EVENTS, items, file)
    taken.faults += remarks
    return taken


def _comes_later(row: EventRow) -> bool:
    """Return whether a row is a gift that its bank statement or report brings, by which it counts once it is paid."""
    return row.kind is EventKind.GIFT and not row.mixed and row.paid is not PaidBy.CASH


def _faults(books: Books, rows: Sequence[EventRow]) -> list[Fault]:
    """Return what stands against the rows: keys, days, names, accounts, donors, platforms."""
    watch = Watch(books)
    guard = LineGuard(books, watch, (row.party for row in rows))
    donors = known_donors(books, {row.donor for row in rows if row.donor})
    faults: list[Fault] = []
    for row in rows:
        faults += day_faults(books, row.day, row.row, happened=row.paid is PaidBy.CASH)
        if row.held.year > today().year + _YEARS_AHEAD:
            faults.append(Fault(_("dated {day}, which is years away; correct the date").format(day=row.held), row.row))
        faults += guard.faults(row.keys._replace(party=row.party), row.day, row.row)
        faults += named(watch, row.row, row.reference, row.name, row.description)
        faults += [Fault(problem, row.row) for problem in _problems(books, row, donors)]
    return faults


def _problems(books: Books, row: EventRow, donors: Collection[str]) -> Iterator[str]:
    """Yield what stands against the donor, the platform and the accounts of a row."""
    config = books.config
    if row.donor and row.donor not in donors:
        yield unknown_donor(row.donor)
    if row.paid is PaidBy.PLATFORM and _platform(config, row) is None:
        message = _("column `platform` is none of {known}; write which of them pays it out, or add it to obole.toml")
        yield message.format(known=", ".join(sorted(config.platforms)) or "[platforms]")
    if _comes_later(row):
        return
    account = _account(config, row)
    if row.kind is EventKind.GIFT:
        if account not in (config.gifts.money, config.gifts.undocumented):
            message = _("account {account} takes no gift of money; leave it out, or write {money} or {undocumented}")
            gifts = config.gifts
            yield message.format(account=account, money=gifts.money, undocumented=gifts.undocumented)
    else:
        yield from _of_kind(books, row, account)
    used = {line.account for entry in _entries(config, row) for line in entry.lines} - {account}
    for code in sorted(used):
        if code not in books.chart:
            yield unknown_account(code)
        elif code in config.gifts.control or code == config.gifts.suspense:
            message = _("account {account} is kept by the register of gifts; write another in [events] of obole.toml")
            yield message.format(account=code)


def _of_kind(books: Books, row: EventRow, account: str) -> Iterator[str]:
    """Yield what stands against the account of a row that is no gift."""
    found = list(account_problems(books, account))
    yield from found
    classes = _CLASSES.get(row.kind, _INCOME)
    if not found and account[0] not in classes:
        if row.kind is EventKind.COST:
            message = _("account {account} is no charge or asset; write one of class 2, 3 or 6")
        else:
            message = _("account {account} is no income; write one of class 7")
        yield message.format(account=account)
    elif not found and row.kind is EventKind.COST and row.donor:
        yield _("a cost is of no donor; leave the donor out, a supplier is a third party")


def _platform(config: Config, row: EventRow) -> str | None:
    """Return the clearing account of the platform of a row; None where it is not known which one it is."""
    platforms = config.platforms
    if row.platform:
        return platforms[row.platform].account if row.platform in platforms else None
    accounts = {one.account for one in platforms.values()} or {config.events.platform}
    return accounts.pop() if len(accounts) == 1 else None


def _account(config: Config, row: EventRow) -> str:
    """Return the income or charge account of a row: its own, or that of its kind."""
    gifts = config.gifts
    of_kind = {
        EventKind.TICKET: gifts.ticket,
        EventKind.GIFT: gifts.money if row.donor else gifts.undocumented,
        EventKind.SPONSORING: gifts.sponsoring,
        EventKind.SALE: config.events.sale,
        EventKind.COST: config.events.cost,
    }
    return row.account or of_kind[row.kind]


def _paid_on(config: Config, row: EventRow) -> str:
    """Return the account on which the money of a row stands, or is awaited."""
    events = config.events
    if row.paid is PaidBy.CASH:
        return events.cash
    if row.paid is PaidBy.PLATFORM:
        return _platform(config, row) or events.platform
    return events.payable if row.kind is EventKind.COST else events.receivable


def _entries(config: Config, row: EventRow) -> list[JournalEntry]:
    """Return the entries of a row: what was sold or paid, and what was put off coming back in the event's year."""
    events, language, account = config.events, config.organisation.language, _account(config, row)
    cost = row.kind is EventKind.COST
    held = config.years.of(row.held)
    later = row.day < held.first and row.kind is not EventKind.GIFT and account[0] in _OF_A_YEAR
    sign = 1 if cost else -1
    taxed = 0 if cost and not events.vat_deductible else row.vat
    text = " ".join(filter(None, (f"{row.event}: {word(f'event-{row.kind}', language)}", row.description)))
    waits = (events.prepaid if cost else events.deferred) if later else account
    net, keys = sign * (row.cents - taxed), row.keys

    def line(code: str, cents: int, keys: LineKeys = keys, donor: str | None = None) -> JournalLine:
        return JournalLine(code, cents, text, row.row, keys, donor)

    donor = None if cost or net > 0 else row.donor
    lines = [line(_paid_on(config, row), -sign * row.cents, keys._replace(party=row.party))]
    lines.append(line(waits, net, donor=None if later else donor))
    if taxed:
        lines.append(line(events.vat_paid if cost else events.vat, sign * taxed))
    entries = [JournalEntry(row.day, row.reference, tuple(lines))]
    if later and held.label <= config.years.of(today()).label + 1:  # a later one comes once its year is near
        back = (line(waits, -net), line(account, net, donor=donor))
        entries.append(JournalEntry(held.first, row.reference, back))
    return entries


def _items(config: Config, row: EventRow) -> Iterator[Item]:
    """Yield the parts that a row posts, each known by its reference and day.

    The name of the event, and its day within the year, may change without a row being another.
    """
    gifts = config.gifts
    natures: Mapping[str, Nature] = gifts.vouchers
    if row.kind is EventKind.GIFT:
        natures = {gifts.money: Nature.MONEY, gifts.undocumented: Nature.MONEY}
    meta = {"event": row.event, "event-name": row.name, "event-date": row.held.isoformat()}
    if row.paid_with:
        meta[PAYMENT] = row.paid_with
    for entry in _entries(config, row):
        lines = [(one.account, one.cents, one.text, *one.keys, one.donor) for one in entry.lines]
        item = voucher_item(entry, natures, meta)
        digest = digest_of([row.kind, row.paid_with, row.mixed, *lines])
        yield replace(item, digest=digest, gifts=tuple(_of_money(row, one) for one in item.gifts))


def _of_money(row: EventRow, gift: Gift) -> Gift:
    """Return a gift with what one of money at an event is more: handed over in cash, or given with something bought."""
    if row.kind is not EventKind.GIFT:
        return gift
    if row.mixed:
        return gift._replace(counterpart=Counterpart.REAL)
    return gift._replace(channel=Channel.CASH) if row.donor else gift


def _told_only(rows: Sequence[EventRow]) -> Iterator[Fault]:
    """Yield that gifts of an event which the bank or a platform brings are not posted from here."""
    for event in dict.fromkeys(row.event for row in rows):
        later = [row for row in rows if row.event == event and _comes_later(row)]
        if later:
            lines = ", ".join(str(row.row) for row in later[:_FEW]) + (" ..." if len(later) > _FEW else "")
            message = many(
                "{count} gift of {event} (row {rows}) is not posted from here: a gift counts once it is paid, and its "
                "bank statement or report brings it; give its line project {event} in the sheet of `obole match`, or "
                "by a rule, and `obole events` has it",
                "{count} gifts of {event} (rows {rows}) are not posted from here: a gift counts once it is paid, and "
                "its bank statement or report brings it; give their lines project {event} in the sheet of `obole "
                "match`, or by a rule, and `obole events` has them",
                len(later),
            )
            yield Fault(message.format(count=len(later), event=event, rows=lines), severity=Severity.WARNING)


def _untaxed(rows: Sequence[EventRow]) -> Iterator[Fault]:
    """Yield the sponsoring of which nobody said whether there is VAT on it."""
    message = _(
        "sponsoring without VAT: it is a service, at 21 per cent unless you are exempt; write vat_rate, 0 where there "
        "is none"
    )
    for row in rows:
        if row.kind is EventKind.SPONSORING and not row.taxed:
            yield Fault(message, row.row, Severity.WARNING)


def _given_already(books: Books, rows: Sequence[EventRow]) -> Iterator[Fault]:
    """Yield what a donor bought of which a gift of that amount stands near that day: perhaps the same money."""
    bought = [row for row in rows if row.donor and row.kind is not EventKind.GIFT and row.paid is not PaidBy.CASH]
    if not bought:
        return
    with books.register.connect() as connection:
        given = gifts_standing(connection, {row.donor for row in bought if row.donor})
    by_bank = _(
        "a gift of {donor} of the same amount stands at line {position} of {document}: if it is this payment, it would "
        "be on a receipt; `obole undo {document} --line {position}`, then put it on account {account} (`obole match`)"
    )
    by_platform = _(
        "a gift of {donor} of the same amount stands at line {position} of {document}: if it is this payment, it would "
        "be on a receipt; give that line its nature in a sheet of `obole match`, with project {event}, and take this "
        "row out"
    )
    for row in bought:
        one = next((one for one in given if _may_be(one, row)), None)
        if one is not None:
            values = {"donor": row.donor, "position": one.gift.position, "document": one.document, "event": row.event}
            told = by_platform if row.paid is PaidBy.PLATFORM else by_bank
            yield Fault(told.format(**values, account=_paid_on(books.config, row)), row.row, Severity.WARNING)


def _may_be(one: PostedGift, row: EventRow) -> bool:
    gift = one.gift
    same = gift.donor == row.donor and gift.cents == row.cents and gift.nature is Nature.MONEY
    return same and gift.counterpart is not Counterpart.REAL and abs(gift.booked - row.day) <= _NEAR
