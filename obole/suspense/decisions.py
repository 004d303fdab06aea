"""Decisions about single lines, taken back from the sheet of `obole match`: each posts on its own date.

A line that waits on suspense goes to its donor or account. A gift that stands is reversed and entered anew as what it
really was: another donor, nature, counterpart, campaign or fund; the calendar year it counts for stays. The account
that the money came from is remembered for the donor, never for a second one without being asked to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from importers.deciding.booking import channel_of
from importers.deciding.gifts import counted_year, two_lines
from importers.registers import assignments as assignment_file
from importers.registers.assignments import AssignmentRow
from importers.registers.donors import valid_iban
from ledger.errors import Fault, Severity
from ledger.records import Channel, Counterpart, DocumentKind, Gift, Nature
from ledger.register.gifts import PostedGift, standing_gift
from ledger.register.suspense import Decided, Decision, OpenItem, assigned_items, open_items
from ledger.register.vouchers import VoucherKey, find_vouchers
from ledger.sources import digest_of
from ledger.vault.counterparties import all_counterparties
from ledger.vault.links import learn_ibans, owners_of_ibans
from ledger.wording import word
from obole.books.identities import known_donors
from obole.books.opened import Books
from obole.books.watch import Watch
from obole.intake.guards import (
    LineGuard,
    day_faults,
    named,
    refuse_file,
    refuse_where,
    unknown_account,
    unknown_donor,
)
from obole.intake.items import Item, take_items
from obole.outcome import Taken
from obole.words import _

_TOTALS = "12"


@dataclass(frozen=True, slots=True)
class _Case:
    """A decision with the line it is about: one that waits (`item`), or a gift that stands (`gift`)."""

    row: AssignmentRow
    item: OpenItem | None
    gift: PostedGift | None
    account: str

    @property
    def place(self) -> str:
        return _("movement {position} of {document}").format(position=self.row.position, document=self.row.document)

    @property
    def nature(self) -> Nature | None:
        return self.row.nature


@dataclass(frozen=True, slots=True)
class _Seen:
    """The register on the lines of a sheet, by document and position: open, decided, gifts; and its vouchers."""

    waiting: Mapping[tuple[str, int], OpenItem]
    decided: Mapping[tuple[str, int], Decided]
    known: Mapping[VoucherKey, str]
    standing: Mapping[tuple[str, int], PostedGift | None]


def take_assignments(books: Books, path: Path) -> Taken:
    """Take the decisions of a sheet: one taken before in the same way is known, a fault refuses the sheet whole."""
    file = assignment_file.read(path)
    refuse_file(path, file)
    seen = _look_up(books, file.rows)
    donors = known_donors(books, {row.donor for row in file.rows if row.donor})
    watch = Watch(books)
    guard = LineGuard(books, watch, (row.party for row in file.rows))
    cases: list[_Case] = []
    faults: list[Fault] = []
    already = 0
    for row in file.rows:
        place = row.document, row.position
        gift = seen.standing.get(place)
        case = _Case(row, seen.waiting.get(place), gift, _account(books, row, gift))
        if seen.known.get(_voucher(row)) == _digest(row, case.account):
            already += 1
            continue
        problem = _nothing_to_decide(case, seen.decided.get(place))
        if problem is not None:
            faults.append(Fault(problem, row.row))
            continue
        faults += day_faults(books, row.day, row.row)
        faults += named(watch, row.row, row.reason, row.campaign or "")
        faults += guard.faults(row.keys, row.day, row.row)
        faults += [Fault(problem, row.row) for problem in _problems(books, case, donors)]
        cases.append(case)
    refuse_where(path, faults)
    remarks = _learn(books, cases)
    taken = take_items(books, path, DocumentKind.ASSIGNMENT, [_item(books, case) for case in cases], file)
    taken.faults.extend(remarks)
    if already:
        taken.counts["known"] = taken.counts.get("known", 0) + already
    return taken


def _look_up(books: Books, rows: Sequence[AssignmentRow]) -> _Seen:
    with books.register.connect() as connection:
        waiting = {(item.document, item.position): item for item in open_items(connection)}
        return _Seen(
            waiting,
            assigned_items(connection),
            find_vouchers(connection, DocumentKind.ASSIGNMENT, map(_voucher, rows)),
            {
                (row.document, row.position): standing_gift(connection, row.document, row.position)
                for row in rows
                if (row.document, row.position) not in waiting
            },
        )


def _nothing_to_decide(case: _Case, before: Decided | None) -> str | None:
    """Say why a line is none to decide: decided before, in another sheet, or neither open nor a gift."""
    if before is not None and case.item is None:
        message = _("{place} was decided before, in {document}; change it there, or undo that document")
        return message.format(place=case.place, document=before.by)
    if case.item is None and case.gift is None:
        message = _("{place} neither waits on suspense nor is a gift that stands; `obole match` lists what does")
        return message.format(place=case.place)
    return None


def _voucher(row: AssignmentRow) -> VoucherKey:
    return VoucherKey(_reference(row), row.day)


def _reference(row: AssignmentRow) -> str:
    return f"{row.document}:{row.position}"


def _digest(row: AssignmentRow, account: str) -> str:
    more = [row.nature, row.counterpart, row.campaign, row.fund]
    more += [row.project, row.department, row.party] if row.project or row.department or row.party else []
    return digest_of([row.donor, account, *more] if any(more) else [row.donor, account])


def _account(books: Books, row: AssignmentRow, gift: PostedGift | None) -> str:
    """Return where the line goes: to the account written, of its nature, of gifts with a donor, or where it stands."""
    accounts = books.config.gifts
    if row.account:
        return row.account
    if row.nature is not None:
        return accounts.of(row.nature)
    if gift is not None and not (row.donor and gift.gift.account == accounts.undocumented):
        return gift.gift.account
    return accounts.money if row.donor else ""


def _nature(books: Books, case: _Case) -> Nature:
    """Return the nature of a line on a gift account: a legacy, a fee, a ticket and sponsoring give no receipt."""
    if case.nature is not None:
        return case.nature
    accounts = books.config.gifts
    of_account = {
        accounts.legacy: Nature.LEGACY,
        accounts.membership: Nature.MEMBERSHIP,
        accounts.sponsoring: Nature.SPONSORING,
        accounts.ticket: Nature.TICKET,
    }
    if case.gift is not None and case.account == case.gift.gift.account:
        return case.gift.gift.nature
    return of_account.get(case.account, Nature.MONEY)


def _problems(books: Books, case: _Case, donors: set[str]) -> Iterator[str]:
    """Yield what stands against a decision, the gravest first."""
    row, account, gifts = case.row, case.account, books.config.gifts
    values = {"place": case.place}
    booked = case.item.booked if case.item is not None else case.gift.gift.booked if case.gift is not None else row.day
    if row.party and account in gifts.control:
        yield _("{place} goes to a gift account, which is of donors; leave the third party out").format(**values)
    if row.donor and row.donor not in donors:
        yield unknown_donor(row.donor)
    yield from _account_problems(books, case)
    if case.item is not None and case.item.cents < 0 and account in gifts.control:
        yield _("{place} is a payment; only an incoming amount can be a gift").format(**values)
    if row.day < booked:
        message = _("{place} was booked on {day}; the reclassification cannot be dated before")
        yield message.format(**values, day=booked)


def _account_problems(books: Books, case: _Case) -> Iterator[str]:
    """Yield what stands against the account of a decision."""
    row, account, gifts = case.row, case.account, books.config.gifts
    values = {"place": case.place, "account": account}
    if not account:
        yield _("{place} waits on suspense: write the donor, the account or the nature").format(**values)
    elif account not in books.chart:
        yield unknown_account(account)
    elif case.gift is not None and account not in gifts.control:
        message = _("account {account} takes no gift; {place} is one, undo its document or write a gift account")
        yield message.format(**values)
    elif row.donor and account not in gifts.control:
        message = _(
            "account {account} takes no gift; give the donor without an account, or the account without a donor"
        )
        yield message.format(**values)
    if account == gifts.in_kind:
        yield _("account {account} is for gifts in kind; enter them in their register").format(**values)
    if account == gifts.suspense:
        yield _("{place} is on account {account} already; write where it belongs").format(**values)


def _item(books: Books, case: _Case) -> Item:
    row, item = case.row, case.item
    config = books.config
    language, suspense = config.organisation.language, config.gifts.suspense
    reference, digest = _reference(row), _digest(row, case.account)
    if item is None:
        assert case.gift is not None
        return Item(
            reference,
            row.day,
            digest,
            row.row,
            gifts=_restated(books, case, case.gift),
            debits={row.row: ""},
            batches={row.row: word("reclassification", language)},
        )
    decision = Decision(row.row, item.key, row.donor, case.account, row.day, row.reason)
    if case.account not in config.gifts.control:
        label, meta = word("assignment", language), {"position": row.position}
        accounts = suspense, case.account
        entry = two_lines(row.day, label, item.cents, *accounts, document=row.document, meta=meta, keys=row.keys)
        return Item(reference, row.day, digest, row.row, entries=(entry,), decision=decision)
    return Item(
        reference,
        row.day,
        digest,
        row.row,
        gifts=(_gift(books, case, item),),
        debits={row.row: suspense},
        batches={row.row: word("assignment", language)},
        decision=decision,
    )


def _gift(books: Books, case: _Case, item: OpenItem) -> Gift:
    """Return the gift that an open line is decided to be."""
    row = case.row
    return Gift(
        donor=row.donor,
        cents=item.cents,
        booked=row.day,
        counted=_counted(books, item),
        account=case.account,
        position=row.row,
        batch=row.row,
        nature=_nature(books, case),
        channel=Channel.PLATFORM if _of_platform(item) else channel_of(item.code),
        counterpart=row.counterpart or Counterpart.NONE,
        paid=item.booked if _of_platform(item) else None,
        value=item.value,
        campaign=row.campaign,
        fund=row.fund,
        project=row.project,
        department=row.department,
    )


def _of_platform(item: OpenItem) -> bool:
    """Return whether a line is a row of a platform's report: its code is a word, that of a bank line a number."""
    return item.bank is None and not item.code[:1].isdigit()


def _counted(books: Books, item: OpenItem) -> int:
    """Return the year that a line counts for: of a platform's row it is that of the day it was paid, never settled."""
    if _of_platform(item):
        return item.booked.year
    return counted_year(books.config.receipts.gift_date_policy, None, item.value, item.booked)


def _restated(books: Books, case: _Case, posted: PostedGift) -> tuple[Gift, Gift]:
    """Return the reversal of a gift on the day of the decision, and what it really was."""
    row, gift = case.row, posted.gift
    moved = gift._replace(booked=row.day, position=row.row, batch=row.row)
    return (
        moved._replace(cents=-gift.cents, reverses=posted.id),
        moved._replace(
            donor=row.donor or gift.donor,
            account=case.account,
            nature=_nature(books, case),
            counterpart=row.counterpart or gift.counterpart,
            campaign=row.campaign or gift.campaign,
            fund=row.fund or gift.fund,
            project=row.project or gift.project,
            department=row.department or gift.department,
        ),
    )


def _learn(books: Books, cases: Sequence[_Case]) -> list[Fault]:
    """Remember for each donor the account their line came from; say where another donor has it.

    Before the decisions are posted: after a kill between the two, taking the sheet again changes nothing here.
    """
    wanted = [case for case in cases if case.row.donor and not _is_total(case)]
    if not wanted:
        return []
    with books.vault.connect() as connection:
        behind = all_counterparties(connection)
        owners = owners_of_ibans(connection)
    claims: dict[str, dict[str, AssignmentRow]] = {}
    for case in wanted:
        known = behind.get((case.row.document, case.row.position))
        iban = known.account if known is not None else ""
        if iban and valid_iban(iban) and case.row.donor is not None:
            claims.setdefault(iban, {})[case.row.donor] = case.row
    links: list[tuple[str, str, str]] = []
    remarks: list[Fault] = []
    for iban, rows in sorted(claims.items()):
        there = owners.get(iban, set())
        shared = len(there | set(rows)) > 1
        for donor, row in rows.items():
            if donor in there:
                continue
            if not shared or row.learn:
                links.append((iban, donor, _reference(row)))
                continue
            others = ", ".join(sorted((there | set(rows)) - {donor})[:3])
            remarks.append(Fault(_shared(donor, others), row.row, Severity.WARNING))
    with books.vault.begin() as connection:
        learn_ibans(connection, links)
    return remarks


def _shared(donor: str, others: str) -> str:
    return _(
        "the account of this line is used for {others} too and is not remembered for {donor}; write yes in column "
        "`learn` if it is theirs: lines from it will then wait for a decision each time"
    ).format(others=others, donor=donor)


def _is_total(case: _Case) -> bool:
    return case.item is not None and case.item.code[:1] in _TOTALS
