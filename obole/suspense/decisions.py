"""Decisions about single lines, taken back from the sheet of `obole match`: each posts on its own date.

A line that waits on suspense goes to its donor or account. A gift that stands is reversed and entered anew as what it
really was: another donor, nature, counterpart, campaign or fund; the calendar year it counts for stays. The account
that the money came from is remembered for the donor, never for a second one without being asked to.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from importers.deciding.booking import channel_of
from importers.deciding.found import is_refund, is_return_code
from importers.deciding.gifts import counted_year, two_lines
from importers.registers import assignments as assignment_file
from importers.registers.assignments import AssignmentRow
from importers.registers.donors import valid_iban
from ledger.errors import Fault, Severity
from ledger.posting import Posting
from ledger.records import Channel, Counterpart, DocumentKind, Gift, LineOutcome, Nature
from ledger.register.debits import FailureKind, insert_failures
from ledger.register.documents import MovementRow
from ledger.register.gifts import GiftPlace, PostedGift, gift_place
from ledger.register.standing import came_again
from ledger.register.suspense import Decided, Decision, OpenItem, assigned_items, open_items, places_before
from ledger.register.vouchers import VoucherKey, find_vouchers
from ledger.sources import digest_of
from ledger.store import iso
from ledger.vault.counterparties import Counterparty, all_counterparties, save_counterparties
from ledger.vault.links import Learnt, forget_ibans, learn_ibans, learnt_accounts, owners_of_ibans, survivors
from ledger.wording import word
from obole.books.identities import known_donors
from obole.books.opened import Books
from obole.books.watch import Watch
from obole.debits.failures import Failed, follow
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
from obole.intake.untaught import TakenBack, take_back
from obole.outcome import Taken
from obole.suspense.legacies import LegacyDesk, with_accounts
from obole.suspense.refunds import Refund, Refunds, by_payment, look_up_lines_of, refund_item
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
    places: Mapping[tuple[str, int], GiftPlace | None]

    def gift(self, row: AssignmentRow) -> PostedGift | None:
        """Return the gift that a row is about, where it stands and no decision moved it there."""
        place = self.places.get(row.place)
        return place.gift if place is not None and place.by is None else None


@dataclass(slots=True)
class _Sheet:
    """A sheet being gone through: what its rows decide, and what stands against them."""

    books: Books
    rows: Sequence[AssignmentRow]
    seen: _Seen
    refunds: Refunds
    cases: list[_Case] = field(default_factory=list)
    paid_back: list[Refund] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    legacies: LegacyDesk = field(init=False)
    already: int = 0

    def __post_init__(self) -> None:
        self.legacies = LegacyDesk(self.books, self.rows)


def take_assignments(books: Books, path: Path) -> Taken:
    """Take the decisions of a sheet: one taken before in the same way is known, a fault refuses the sheet whole."""
    file = assignment_file.read(path)
    with books.register.connect() as connection:
        sheet = _look_up(books, connection, _as_named_now(connection, file.rows))
        _go_through(sheet, whole=file.ok)
    refuse_file(path, file, sheet.faults)
    remarks = [*sheet.refunds.remarks, *told_ahead((row.day, row.row) for row in file.rows)]
    remarks += perhaps_named(books, ((row.row, row.reason) for row in file.rows))
    items = [_item(books, case, sheet.legacies) for case in sheet.cases]
    items += [
        refund_item(books, one, _reference(one.row, one.alone), _digest(books, one.row)) for one in sheet.paid_back
    ]
    last = partial(_settled, books, sheet, remarks)
    items.sort(key=lambda item: item.row or 0)
    taken = take_items(books, path, DocumentKind.ASSIGNMENT, items, file, last=last)
    taken.faults.extend(remarks)
    if sheet.already:
        taken.counts["known"] = taken.counts.get("known", 0) + sheet.already
    return taken


def _as_named_now(connection: Connection, rows: Sequence[AssignmentRow]) -> list[AssignmentRow]:
    """Return the rows with lines by their names of now: a sheet may be older than a document that came again."""
    named_by = [place for row in rows for place in (row.place, row.refund_of) if place is not None]
    again = came_again(connection, named_by)
    found = []
    for row in rows:
        document, position = again.get(row.place, row.place)
        refund_of = again.get(row.refund_of, row.refund_of) if row.refund_of is not None else None
        found.append(replace(row, document=document, position=position, refund_of=refund_of))
    return found


def _look_up(books: Books, connection: Connection, rows: Sequence[AssignmentRow]) -> _Sheet:
    waiting = {(item.document, item.position): item for item in open_items(connection)}
    places = {row.place: gift_place(connection, *row.place) for row in rows if row.place not in waiting}
    vouchers = (_voucher(row, alone) for row in rows for alone in (True, False))
    known = find_vouchers(connection, DocumentKind.ASSIGNMENT, vouchers)
    seen = _Seen(waiting, assigned_items(connection), known, places)
    rows = with_accounts(books, rows, waiting, seen.decided)

    def pays(row: AssignmentRow) -> bool:
        item = waiting.get(row.place)
        return item.cents < 0 if item is not None else places.get(row.place) is None

    lines = look_up_lines_of(connection, rows, lambda row: pays(row) or row.refund_of is not None or bool(row.part))
    return _Sheet(books, rows, seen, Refunds(books, connection, lines))


def _go_through(sheet: _Sheet, *, whole: bool) -> None:
    """Decide each row, or add what stands against it to the faults; the parts of a payment only of a `whole` sheet."""
    books, rows = sheet.books, sheet.rows
    donors = known_donors(books, {row.donor for row in rows if row.donor})
    watch = Watch(books)
    guard = LineGuard(books, watch, (row.party for row in rows))
    payments: list[AssignmentRow] = []
    alone = Counter(row.place for row in rows)
    for row in rows:
        pays = sheet.refunds.about(row)
        if _is_known(sheet, row, alone=alone[row.place] == 1):
            sheet.already += 1
            continue
        gift = sheet.seen.gift(row)
        case = _Case(row, sheet.seen.waiting.get(row.place), gift, _account(sheet, row, gift))
        problem = None if pays else _nothing_to_decide(case, sheet.seen)
        if problem is not None:
            sheet.faults.append(Fault(problem, row.row))
            continue
        sheet.faults += day_faults(books, row.day, row.row)
        sheet.faults += named(watch, row.row, row.reason, row.campaign or "")
        sheet.faults += guard.faults(row.keys, row.day, row.row)
        if row.donor and row.donor not in donors:
            sheet.faults.append(Fault(unknown_donor(row.donor), row.row))
        if pays:
            payments.append(row)
            continue
        sheet.faults += [Fault(problem, row.row) for problem in _problems(books, case)]
        sheet.faults += [Fault(problem, row.row) for problem in sheet.legacies.problems(row, case.item)]
        sheet.faults += _used_twice(sheet, case)
        sheet.cases.append(case)
    for of_one in by_payment(payments) if whole else ():
        found, faults = sheet.refunds.decide(of_one)
        sheet.paid_back += found
        sheet.faults += faults


def _is_known(sheet: _Sheet, row: AssignmentRow, *, alone: bool) -> bool:
    """Return whether a decision that stands says the same."""
    before = sheet.seen.known.get(_voucher(row, alone))
    if before is None:
        return False
    place = sheet.seen.places.get(row.place)
    account = _account(sheet, row, place.gift if place is not None else None)
    return before == _digest(sheet.books, row, account)


def _used_twice(sheet: _Sheet, case: _Case) -> Iterator[Fault]:
    """Yield that another row of the sheet changes the same gift, named by another of its places."""
    if case.gift is None:
        return
    first = sheet.refunds.used.setdefault(case.gift.id, case.row.row)
    if first != case.row.row:
        message = _("row {row} of this sheet changes {gift} too; leave one of them for another sheet")
        yield Fault(message.format(row=first, gift=case.place), case.row.row)


def _nothing_to_decide(case: _Case, seen: _Seen) -> str | None:
    """Say why a line is none to decide: decided before, in another sheet, or neither open nor a gift."""
    if case.item is not None or case.gift is not None:
        return None
    before, place = seen.decided.get(case.row.place), seen.places.get(case.row.place)
    moved = place.by if place is not None else None
    if before is None and moved is None:
        message = _("{place} neither waits on suspense nor is a gift that stands; `obole match` lists what does")
        return message.format(place=case.place)
    if before is None and place is not None and place.gift is None and moved is not None:
        message = _("{place} was taken back, in {document} line {line}; undo {document} if that is wrong")
        return message.format(place=case.place, document=moved[0], line=moved[1])
    by = before.by if before is not None else ""
    if before is None and moved is not None:
        by = _("{document} line {line}").format(document=moved[0], line=moved[1])
    message = _("{place} was decided before, in {document}; change it there, or undo that document")
    return message.format(place=case.place, document=by)


def _voucher(row: AssignmentRow, alone: bool) -> VoucherKey:
    return VoucherKey(_reference(row, alone), row.day)


def _reference(row: AssignmentRow, alone: bool = True) -> str:
    """Return by what a decision is known: its line, and where it is not `alone` about it, what the part is."""
    place = f"{row.document}:{row.position}"
    if alone:
        return place
    return f"{place}>{row.refund_of[0]}:{row.refund_of[1]}" if row.refund_of else f"{place}>{row.account}"


def _digest(books: Books, row: AssignmentRow, account: str | None = None) -> str:
    """Return the digest of what a row says; `account` is where its line goes."""
    if account is None:
        account = row.account or (books.config.gifts.money if row.donor else "")
    more: list[object] = [row.nature, row.counterpart, row.campaign, row.fund]
    more += [row.project, row.department, row.party] if row.project or row.department or row.party else []
    more += [row.refund_of, row.part] if row.refund_of or row.part else []
    more += ["legacy", *row.legacy] if row.legacy else []
    return digest_of([row.donor, account, *more] if any(more) else [row.donor, account])


def _account(sheet: _Sheet, row: AssignmentRow, gift: PostedGift | None) -> str:
    """Return where the line goes: to the account written, of its nature, of gifts with a donor, or where it stands."""
    accounts = sheet.books.config.gifts
    if row.account:
        return row.account
    if row.nature is not None and not sheet.refunds.about(row):
        return accounts.of(row.nature)
    if gift is not None and not (row.donor and gift.gift.account == accounts.undocumented):
        return gift.gift.account
    return accounts.money if row.donor else ""


def _nature(books: Books, case: _Case) -> Nature:
    """Return the nature of a line on a gift account: a legacy, a fee, a ticket and sponsoring give no receipt."""
    if case.nature is not None:
        return case.nature
    if case.gift is not None and case.account == case.gift.gift.account:
        return case.gift.gift.nature
    return books.config.gifts.vouchers.get(case.account, Nature.MONEY)


def _problems(books: Books, case: _Case) -> Iterator[str]:
    """Yield what stands against a decision, the gravest first."""
    row, account, gifts = case.row, case.account, books.config.gifts
    values = {"place": case.place}
    booked = case.item.booked if case.item is not None else case.gift.gift.booked if case.gift is not None else row.day
    if row.party and account in gifts.control:
        yield _("{place} goes to a gift account, which is of donors; leave the third party out").format(**values)
    yield from _account_problems(books, case)
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


def _item(books: Books, case: _Case, legacies: LegacyDesk) -> Item:
    row, item = case.row, case.item
    config = books.config
    language, suspense = config.organisation.language, config.gifts.suspense
    reference, digest = _reference(row), _digest(books, row, case.account)
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
        label = word("assignment", language)
        meta: dict[str, str | int] = {"position": row.position}
        keys = row.keys._replace(party=legacies.party(row))
        if row.legacy:
            meta |= {"legacy": row.legacy[0]}
        accounts = suspense, case.account
        entry = two_lines(row.day, label, item.cents, *accounts, document=row.document, meta=meta, keys=keys)
        lines = legacies.movement(row, item)
        return Item(reference, row.day, digest, row.row, entries=(entry,), decision=decision, movements=lines)
    return Item(
        reference,
        row.day,
        digest,
        row.row,
        gifts=(_gift(books, case, item),),
        debits={row.row: suspense},
        batches={row.row: word("assignment", language)},
        decision=decision,
        movements=_brought(row, item, case.account),
    )


def _brought(row: AssignmentRow, item: OpenItem, account: str) -> tuple[MovementRow, ...]:
    """Return the line of a collected gift, by which a return finds it."""
    if item.reference is None and item.mandate is None:
        return ()
    value = iso(item.value) if item.value else None
    line = (row.row, None, iso(item.booked), value, item.cents, item.code, item.reference, item.mandate, item.reason)
    return (MovementRow(*line, LineOutcome.GIFT, account),)


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


def _settled(
    books: Books, sheet: _Sheet, told: list[Fault], posting: Posting, posted: Mapping[int, Sequence[Item]]
) -> None:
    """Enter what follows from decisions, once nothing refuses them: failed debits, what they teach and take back.

    The vault comes last, in the unit of work that decides; what a kill leaves of it is forgotten at the next start.
    """
    if not posted:
        return
    _enter_failures(books, sheet, posting, posted)
    with books.vault.connect() as identities:
        behind = all_counterparties(identities)
        owners, merged = owners_of_ibans(identities), survivors(identities)
        wrong = _superseded(posting.connection, sheet.cases, learnt_accounts(identities))
    back = take_back(books, posting, wrong, {*posted}) if wrong else TakenBack()
    told += [Fault(one, severity=Severity.WARNING) for one in back.told()]
    for one in wrong:
        owners.get(one.iban, set()).discard(one.donor)
    roots = {case.row.place: _root(posting.connection, case) for case in sheet.cases if case.row.donor}
    links, remarks = _lessons(sheet.cases, roots, behind, owners, merged)
    told += remarks
    with books.vault.begin() as identities:
        forget_ibans(identities, (one.line for one in wrong))
        learn_ibans(identities, links)
        save_counterparties(identities, back.counterparties)


def _superseded(connection: Connection, cases: Sequence[_Case], learnt: Sequence[Learnt]) -> list[Learnt]:
    """Return what earlier decisions taught of gifts that now go to another donor."""
    by_line = {(one.line, one.donor): one for one in learnt}
    found = []
    for case in cases:
        if case.gift is None or case.row.donor in (None, case.gift.gift.donor) or case.gift.gift.donor is None:
            continue
        places = places_before(connection, case.gift.document, case.gift.gift.position)
        lines = {f"{document}:{position}" for document, position in (case.row.place, *places)}
        found += [by_line[line, case.gift.gift.donor] for line in lines if (line, case.gift.gift.donor) in by_line]
    return found


def _root(connection: Connection, case: _Case) -> tuple[str, int]:
    """Return the line that a decision goes back to, though others decided about it before."""
    if case.gift is None:
        return case.row.place
    return places_before(connection, case.gift.document, case.gift.gift.position)[-1]


def _lessons(
    cases: Sequence[_Case],
    roots: Mapping[tuple[str, int], tuple[str, int]],
    behind: Mapping[tuple[str, int], Counterparty],
    owners: Mapping[str, set[str]],
    merged: Mapping[str, str],
) -> tuple[list[Learnt], list[Fault]]:
    """Return the accounts to remember for each donor whose line came from them; say where another donor has one."""
    claims: dict[str, dict[str, AssignmentRow]] = {}
    for case in cases:
        if case.row.donor is None or _is_total(case):
            continue
        known = behind.get(roots[case.row.place])
        iban = known.account if known is not None else ""
        if iban and valid_iban(iban):
            claims.setdefault(iban, {})[merged.get(case.row.donor, case.row.donor)] = case.row
    links: list[Learnt] = []
    remarks: list[Fault] = []
    for iban, rows in sorted(claims.items()):
        there = owners.get(iban, set())
        shared = len(there | set(rows)) > 1
        for donor, row in rows.items():
            if donor in there:
                continue
            if not shared or row.learn:
                links.append(Learnt(iban, donor, _reference(row)))
                continue
            others = ", ".join(sorted((there | set(rows)) - {donor})[:3])
            remarks.append(Fault(_shared(donor, others), row.row, Severity.WARNING))
    return links, remarks


def _enter_failures(books: Books, sheet: _Sheet, posting: Posting, posted: Mapping[int, Sequence[Item]]) -> None:
    """Enter that an instalment came back whose return named none, now that a person says which gift it takes back."""
    for document_id, items in posted.items():
        rows = {item.row for item in items}
        failed = [
            Failed(
                *(one.gift.reference, one.line.mandate, one.gift.gift.donor, one.cents),
                *(FailureKind.REFUND if is_refund(one.line.code) else FailureKind.RETURN, one.line.booked),
                one.line.reason,
            )
            for one in sheet.paid_back
            if one.row.row in rows and one.gift is not None and one.gift.reference != one.line.reference
            if is_return_code(one.line.code)
        ]
        insert_failures(posting.connection, document_id, follow(books, posting.connection, failed).failures)


def _shared(donor: str, others: str) -> str:
    return _(
        "the account of this line is used for {others} too and is not remembered for {donor}; write yes in column "
        "`learn` if it is theirs: lines from it will then wait for a decision each time"
    ).format(others=others, donor=donor)


def _is_total(case: _Case) -> bool:
    return case.item is not None and case.item.code[:1] in _TOTALS
