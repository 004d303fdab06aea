"""Legacies: what each event of their register posts, the bank lines set against them, the names in the vault.

The names of testator and notary go to the vault alone; what is archived is the register without them.
"""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from importers.registers import legacies as legacy_file
from importers.registers.legacies import LegaciesFile, LegacyRow
from ledger.dimensions import with_keys
from ledger.errors import Fault, Severity, SourceRefused, refuses
from ledger.journal import Entry, Line
from ledger.legacies import LegacyEvent, LegacyMove, LegacyRole, LegacyStep, follow_legacies
from ledger.records import Channel, DocumentKind, Gift, Nature
from ledger.register.documents import documents_of
from ledger.register.standing import came_again
from ledger.register.suspense import Decided, Decision, OpenItem, assigned_items, open_items
from ledger.register.transfers import TakenLine, transfer_rows
from ledger.register.vouchers import VoucherKey, find_vouchers
from ledger.sources import digest_of
from ledger.vault.counterparties import Counterparty, counterparties_of, legacy_place, save_counterparties
from ledger.wording import word
from obole.books.identities import known_donors
from obole.books.legacies import sums_elsewhere
from obole.books.opened import Books
from obole.books.policies import legacy_accounts, legacy_policy
from obole.books.watch import Watch
from obole.intake.guards import (
    LineGuard,
    before_first_day,
    day_faults,
    named,
    still_to_come,
    unknown_account,
    unknown_donor,
)
from obole.intake.items import Item, take_items
from obole.outcome import Taken
from obole.words import _


@dataclass(frozen=True, slots=True)
class _Register:
    """The register of the books on a file: its vouchers that stand, lines open and decided, its documents.

    `deciding` is the row that takes the decision about a bank line: the first that names it.
    """

    known: Mapping[VoucherKey, str]
    waiting: Mapping[tuple[str, int], OpenItem]
    decided: Mapping[tuple[str, int], Decided]
    documents: Sequence[str]
    deciding: Mapping[tuple[str, int], int]


def take_legacies(books: Books, path: Path) -> Taken:
    """Take the events of legacies in: one that was posted before is known, a fault refuses the file whole."""
    file = legacy_file.read(path)
    sound = [row for row in file.rows if row.event.legacy not in file.unsound]
    archive = legacy_file.archived(file.rows)
    digest = hashlib.sha256(archive).hexdigest()
    policy = legacy_policy(books.config)
    with books.register.connect() as connection:
        events = _as_named_now(connection, [row.event for row in sound])
        elsewhere = sums_elsewhere(connection, {one.legacy for one in events})
        moves = follow_legacies(events, policy).moves
        keys = [VoucherKey(one.reference, one.day) for one in moves]
        known = find_vouchers(connection, DocumentKind.LEGACIES, keys)
        waiting = {(one.document, one.position): one for one in open_items(connection)}
        rows = {one.line: one.row for one in reversed(events) if one.line}
        seen = _Register(known, waiting, assigned_items(connection), documents_of(connection, digest), rows)
    if file.ok and seen.documents and _all_known(moves, seen):
        _save_names(books, file.rows)
        return Taken(known=[*seen.documents], faults=file.warnings, counts={"new": 0, "known": len(moves)})
    followed = follow_legacies([*events, *elsewhere], policy)
    moves = [one for one in followed.moves if one.day >= books.config.first_day]
    faults = [*file.faults, *followed.faults, *_faults(books, sound), *_before(books, followed.moves)]
    faults += _move_faults(books, moves, seen)
    if refuses(faults):
        raise SourceRefused(path.name, tuple(sorted(faults, key=lambda fault: fault.line or 0)))
    items = [_item(books, move, seen) for move in moves]
    kept = LegaciesFile(file.rows, tuple(faults), digest, file.columns)
    return take_items(
        *(books, path, DocumentKind.LEGACIES, items, kept),
        last=lambda _posting, _posted: _save_names(books, file.rows),
        archive=archive,
    )


def _as_named_now(connection: Connection, events: Sequence[LegacyEvent]) -> list[LegacyEvent]:
    """Return the events with the bank lines by the names they have now, where a statement was undone and came again."""
    again = came_again(connection, [one.line for one in events if one.line is not None])
    return [replace(one, line=again.get(one.line, one.line)) if one.line is not None else one for one in events]


def _all_known(moves: Sequence[LegacyMove], seen: _Register) -> bool:
    return all(seen.known.get(VoucherKey(one.reference, one.day)) == _digest(one) for one in moves)


def _save_names(books: Books, rows: Sequence[LegacyRow]) -> None:
    """Keep the names of testators and notaries in the vault, before the register keeps anything of their legacies."""
    said = [
        Counterparty(legacy_place(row.event.legacy), 0, row.testator, "", row.notary)
        for row in rows
        if row.testator or row.notary
    ]
    with books.vault.begin() as identities:
        there = counterparties_of(identities, [one.document for one in said])
        save_counterparties(identities, [one for one in said if there.get((one.document, 0)) != one])


def _faults(books: Books, rows: Sequence[LegacyRow]) -> Iterator[Fault]:
    """Yield what stands against rows: names in what is kept outside the vault, keys, donors."""
    watch = Watch(books)
    guard = LineGuard(books, watch, (row.event.keys.party for row in rows))
    donors = known_donors(books, {row.event.donor for row in rows if row.event.donor})
    people = [words for row in rows for name in (row.testator, row.notary) if (words := _words(name))]
    for row in rows:
        event = row.event
        texts = (event.legacy, event.asset, event.description, event.deed, event.document)
        yield from named(watch, event.row, *texts)
        if any(words <= _words(text) for text in texts for words in people):
            message = _(
                "the name of a testator or notary stands outside its column, and only the vault may hold it; write "
                "the key of the legacy in its place"
            )
            yield Fault(message, event.row)
        yield from guard.faults(event.keys, None, event.row)
        yield from still_to_come(event.day, event.row)
        if event.donor and event.donor not in donors:
            yield Fault(unknown_donor(event.donor), event.row)


def _words(text: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (one if one.isalnum() else " " for one in plain if not unicodedata.combining(one))
    return frozenset("".join(letters).split())


def _before(books: Books, moves: Sequence[LegacyMove]) -> Iterator[Fault]:
    """Warn of what counts from before the books begin, which is part of their opening balances."""
    told: set[str] = set()
    for one in moves:
        if one.day < books.config.first_day and one.event.legacy not in told:
            told.add(one.event.legacy)
            message = _("legacy {legacy}, not posted: {reason}").format(
                legacy=one.event.legacy, reason=before_first_day(books, one.day)
            )
            yield Fault(message, one.row, Severity.WARNING)


def _move_faults(books: Books, moves: Sequence[LegacyMove], seen: _Register) -> Iterator[Fault]:
    """Yield what stands against what is to be posted: days, accounts, bank lines."""
    by_line: defaultdict[tuple[str, int], list[LegacyMove]] = defaultdict(list)
    accounts = legacy_accounts(books.config)
    for one in moves:
        yield from day_faults(books, one.day, one.row)
        for line in one.lines:
            code = accounts.get(line.account, line.account)
            if code not in books.chart:
                yield Fault(unknown_account(code), one.row)
            elif line.account not in accounts and (problem := _wrong_account(books, one.event, code)):
                yield Fault(problem, one.row)
        if one.event.line is not None:
            by_line[one.event.line].append(one)
    for place, some in by_line.items():
        new = [one for one in some if VoucherKey(one.reference, one.day) not in seen.known]
        if new:
            yield from (Fault(problem, new[0].row) for problem in _line_problems(place, some, seen))


def _wrong_account(books: Books, event: LegacyEvent, code: str) -> str | None:
    """Say why an account that a row gives cannot be that of goods, or of money that came."""
    config = books.config
    if event.kind in (LegacyStep.RECEIVED, LegacyStep.PAID):
        if any(bank.account == code for bank in config.bank):
            message = _("account {account} is that of a bank, whose statements bring the sum; name its line in `line`")
            return message.format(account=code)
        if code in config.gifts.control or code == config.gifts.suspense:
            message = _("account {account} is kept by the register of gifts or by open lines; name the line in `line`")
            return message.format(account=code)
        return None
    if code[0] not in "235" or any(bank.account == code for bank in config.bank):
        message = _("account {account} is no asset (class 2, 3 or 5 and no bank); write that of the goods")
        return message.format(account=code)
    return None


def _line_problems(place: tuple[str, int], moves: Sequence[LegacyMove], seen: _Register) -> Iterator[str]:
    """Yield what stands against a bank line that rows name: it must wait, and be the sum of these rows."""
    document, position = place
    item = seen.waiting.get(place)
    if item is None:
        before = seen.decided.get(place)
        if before is not None:
            message = _("line {line} was decided before, in {by}; leave this row out, or undo that first")
            yield message.format(line=f"{document}:{position}", by=before.by)
        else:
            message = _("line {line} does not wait on suspense; `obole match` lists what does")
            yield message.format(line=f"{document}:{position}")
        return
    cents = sum(one.event.cents * (1 if one.event.kind is LegacyStep.RECEIVED else -1) for one in moves)
    if cents != item.cents:
        message = _("line {line} is {amount} and the rows that name it are {sum}; write all of what it brought or paid")
        yield message.format(line=f"{document}:{position}", amount=_money(item.cents), sum=_money(cents))
    if len({one.day for one in moves}) > 1 or min(one.day for one in moves) < item.booked:
        message = _("line {line} was booked on {day}; date every row that names it alike, on that day or after")
        yield message.format(line=f"{document}:{position}", day=item.booked)


def _money(cents: int) -> str:
    return f"{cents / 100:.2f}"


def _digest(move: LegacyMove) -> str:
    """Return the digest of what a move posts, whatever the accounts that settings give to its lines."""
    content: list[object] = [move.event.kind, *([*line] for line in move.lines), [*move.keys[:3]]]
    return digest_of([*content, move.donor, move.event.line])


def _item(books: Books, move: LegacyMove, seen: _Register) -> Item:
    """Return what a move posts: a transaction; what it credits to the account of legacies is a gift of the register."""
    accounts = legacy_accounts(books.config)
    event, row = move.event, move.row
    goods = move.reference.split(":")[2] if event.kind is LegacyStep.ACCEPTANCE else event.asset
    told = f"{event.legacy}:{goods}" if goods else event.legacy
    kind = LegacyStep.ACCEPTANCE if event.kind is LegacyStep.ASSET else event.kind
    narration = f"{word(f'legacy-{kind}', books.config.organisation.language)} {told}"
    meta: dict[str, str | int] = {"voucher": move.reference, "legacy": event.legacy}
    lines = {line: _line(accounts, move, line.account, line.cents, line.party) for line in move.lines}
    item = Item(move.reference, move.day, _digest(move), row)
    if event.line is not None:
        return _deciding(item, narration, meta, tuple(lines.values()), event, seen)
    given = [line for line in move.lines if line.account == LegacyRole.INCOME and line.cents < 0]
    taken = [
        TakenLine(row, row, move.day, accounts[line.account], line.cents)
        for line in move.lines
        if line.account == LegacyRole.INCOME and line.cents > 0
    ]
    item = replace(item, movements=tuple(transfer_rows(taken)))
    if given:
        return replace(
            item,
            gifts=tuple(_gift(accounts[line.account], -line.cents, move) for line in given),
            debits={row: ""},
            batches={row: narration},
            batch_lines={row: tuple(written for line, written in lines.items() if line not in given)},
            batch_meta={row: meta},
        )
    if taken:
        meta = {"gifts": 0, "batch": row, **meta}
    tags = ("gift",) if taken else ()
    return replace(item, entries=(Entry(move.day, narration, tuple(lines.values()), tags=tags, meta=meta),))


def _line(accounts: Mapping[str, str], move: LegacyMove, account: str, cents: int, party: str | None) -> Line:
    return with_keys(Line(accounts.get(account, account), cents), move.keys._replace(party=party))


def _deciding(  # noqa: PLR0917 - what an entry is made of
    item: Item,
    narration: str,
    meta: Mapping[str, str | int],
    lines: tuple[Line, ...],
    event: LegacyEvent,
    seen: _Register,
) -> Item:
    """Return the decision that a row takes about the bank line it names."""
    assert event.line is not None
    there = lines[1].account if event.kind is LegacyStep.RECEIVED else lines[0].account
    document, position = event.line
    entry = Entry(item.day, narration, lines, links=(document,), meta={**meta, "position": position})
    waiting = seen.waiting.get(event.line)
    if waiting is None or seen.deciding[event.line] != event.row:  # known, or decided by the first row that names it
        return replace(item, entries=(entry,))
    return replace(item, entries=(entry,), decision=Decision(event.row, waiting.key, None, there, item.day))


def _gift(account: str, cents: int, move: LegacyMove) -> Gift:
    """Return the gift that a credit of the account of legacies is: it gives no receipt."""
    return Gift(
        donor=move.donor,
        cents=cents,
        booked=move.day,
        counted=move.day.year,
        account=account,
        position=move.row,
        batch=move.row,
        nature=Nature.LEGACY,
        channel=Channel.JOURNAL,
        fund=move.keys.fund,
        project=move.keys.project,
        department=move.keys.department,
    )
