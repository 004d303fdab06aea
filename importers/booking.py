"""From a bank statement to what it posts: each line is a gift, the return of one, a known booking, or suspense.

The order of certainty: a communication or mandate we issued, the EndToEndId of a collection that comes back, a grant's
contract number, a rule, the IBAN of exactly one donor; nothing less is accepted by itself. A total whose details add up
to it is decided detail by detail; a total without details is one amount, which an IBAN alone does not explain.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from importers.communications import find_ogm
from importers.records import Movement, Statement
from importers.rules import Rule, first
from ledger.errors import Fault, Severity
from ledger.journal import Entry, Line
from ledger.posting import Booking
from ledger.records import Channel, Counterpart, DocumentKind, Gift, Nature
from ledger.register import DocumentRecord, MovementRow, Original
from ledger.store import iso
from ledger.vault import Counterparty, Links
from ledger.wording import word

_COLLECTED = ("0550", "0552")
_RETURNED = ("0503", "0505")
_CHANNELS = {"04": Channel.CARD, "05": Channel.DIRECT_DEBIT, "09": Channel.CASH}
# Credits that give back our own money: an order that could not be executed, our other account, centralisation, costs
# refunded, a correction; 05/58 is the reversal of a debit we paid (Febelfin, Standard CODA 2.6, annex 2).
_OWN_MONEY = frozenset({"54", "64", "66", "87", "99"})
_REVERSED = "0558"
_TOTALS = "12"
# Looked up once: half a million gifts have them.
_MONEY, _NOTHING = Nature.MONEY, Counterpart.NONE


@dataclass(frozen=True, slots=True)
class Desk:
    """What the books know when a statement is booked.

    `alias` and `account` are the bank account's; `grants` maps contract numbers (upper case, no spaces) to grant
    references; `originals` finds collected gifts by EndToEndId; `year_of` decides the calendar year of a gift.
    """

    alias: str
    account: str
    money: str
    suspense: str
    receivable: str
    links: Links
    rules: tuple[Rule, ...]
    grants: Mapping[str, str]
    originals: Callable[[Iterable[str]], Mapping[str, Original]]
    language: str
    date_policy: str = "executed"


@dataclass(frozen=True, slots=True)
class Booked:
    """What a statement posts, who stands behind its open lines, and what is worth telling."""

    booking: Booking
    counterparties: tuple[Counterparty, ...]
    faults: tuple[Fault, ...] = ()


class _Verdict(NamedTuple):
    outcome: str
    account: str
    label: str = ""
    gift: Gift | None = None
    grant: str = ""


@dataclass(slots=True)
class _Sheet:
    """A statement being worked through: what is known, and the pile of results."""

    desk: Desk
    name: str
    children: Mapping[int, list[Movement]]
    originals: Mapping[str, Original]
    rows: list[MovementRow] = field(default_factory=list)
    gifts: list[Gift] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    batches: dict[int, str] = field(default_factory=dict)
    batch_lines: dict[int, tuple[Line, ...]] = field(default_factory=dict)
    open: list[Counterparty] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    cents: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))  # by outcome
    reversed: set[int] = field(default_factory=set)

    def below(self, movement: Movement) -> Iterator[Movement]:
        """The details of a line, and theirs, in the order of the file."""
        for detail in self.children.get(movement.position, ()):
            yield detail
            yield from self.below(detail)

    def splits(self, movement: Movement) -> bool:
        """Whether a line's details add up to it."""
        details = self.children.get(movement.position, ())
        return bool(details) and sum(detail.cents for detail in details) == movement.cents

    def keep(self, movement: Movement, verdict: _Verdict) -> None:
        """Put a decided line on the pile."""
        outcome = verdict.outcome
        self.rows.append(_row(movement, outcome, verdict.account))
        self.cents[outcome].append(movement.cents)
        if verdict.gift is not None:
            self.gifts.append(verdict.gift)
        if outcome == "suspense":
            text = movement.communication or movement.structured or ""
            self.open.append(Counterparty(self.name, movement.position, movement.name, movement.account, text))


def document_name(alias: str, statement: Statement) -> str:
    """`coda-current-2025-073`: account, year of the new balance, the bank's number.

    A bank that does not number its statements writes 000; the day stands for the number then: `coda-current-2025-0314`.
    """
    day = statement.closing_date
    if day is None:
        return f"coda-{alias}-{statement.sequence}"
    number = statement.sequence if statement.sequence.strip("0") else f"{day:%m%d}"
    return f"coda-{alias}-{day.year}-{number}"


@cache
def channel_of(code: str) -> Channel:
    """The way money of this transaction code came."""
    return _CHANNELS.get(code[1:3], Channel.TRANSFER)


def book(statement: Statement, desk: Desk, file_digest: str) -> Booked:
    """Decide every line of a statement that is `ok`; pure but for `desk.originals`, which reads the register."""
    children: dict[int, list[Movement]] = {}
    returned: list[str] = []
    for movement in statement.movements:
        if movement.parent is not None:
            children.setdefault(movement.parent, []).append(movement)
        if movement.cents < 0 and movement.reference and _is_return(movement):
            returned.append(movement.reference)
    originals = desk.originals(returned) if returned else {}
    sheet = _Sheet(desk, document_name(desk.alias, statement), children, originals)
    for movement in statement.movements:
        if movement.parent is None:
            _book_line(movement, sheet)
    return Booked(_booking(statement, sheet, file_digest), tuple(sheet.open), tuple(sheet.faults))


def _booking(statement: Statement, sheet: _Sheet, file_digest: str) -> Booking:
    days = [movement.booked for movement in statement.movements if movement.parent is None]
    closing = statement.closing_date or statement.opening_date or max(days)
    record = DocumentRecord(
        name=sheet.name,
        kind=DocumentKind.CODA,
        file_digest=file_digest,
        digest=statement.digest,
        first_day=min([*days, closing]),
        last_day=max([*days, closing]),
        bank=sheet.desk.alias,
        sequence=statement.sequence,
        opening=statement.opening,
        opening_date=statement.opening_date,
        closing=statement.closing,
        closing_date=closing,
        summary={
            "counts": {outcome: len(cents) for outcome, cents in sorted(sheet.cents.items())},
            "cents": {outcome: sum(cents) for outcome, cents in sorted(sheet.cents.items())},
        },
    )
    return Booking(
        record=record,
        movements=sheet.rows,
        gifts=sheet.gifts,
        gift_debits=dict.fromkeys({row.batch for row in sheet.gifts}, sheet.desk.account),
        batches=sheet.batches,
        batch_lines=sheet.batch_lines,
        entries=sheet.entries,
    )


def _book_line(movement: Movement, sheet: _Sheet) -> None:
    if not movement.cents:  # news of the bank without money
        sheet.rows.append(_row(movement, "nothing", None))
        sheet.rows.extend(_row(detail, "detail", None) for detail in sheet.below(movement))
        return
    total = movement.code[0] in _TOTALS and movement.position in sheet.children
    if total and first(sheet.desk.rules, movement) is None:
        if sheet.splits(movement):
            _book_batch(movement, sheet)
            return
        sheet.faults.append(
            Fault(
                f"the details of movement {movement.position} do not add up to it: the total goes to suspense as one",
                movement.line,
                Severity.WARNING,
            )
        )
        verdict = _suspense(sheet.desk)
    else:
        verdict = _decide(movement, sheet, 0)
    sheet.keep(movement, verdict)
    sheet.rows.extend(_row(detail, "detail", None) for detail in sheet.below(movement))
    if verdict.gift is None:
        sheet.entries.append(_entry(movement, verdict, sheet))


def _book_batch(movement: Movement, sheet: _Sheet) -> None:
    sheet.rows.append(_row(movement, "batch", None))
    others: dict[tuple[str, str], list[int]] = {}
    before = len(sheet.gifts)
    whole: set[int] = set()  # details decided as one: what is below them is kept and not booked
    for detail in sheet.below(movement):
        if detail.parent in whole or not detail.cents:
            whole.add(detail.position)
            sheet.rows.append(_row(detail, "detail" if detail.cents else "nothing", None))
        elif sheet.splits(detail):
            sheet.rows.append(_row(detail, "batch", None))
        else:
            whole.add(detail.position)
            verdict = _decide(detail, sheet, movement.position)
            sheet.keep(detail, verdict)
            if verdict.gift is None:
                others.setdefault((verdict.account, verdict.label), []).append(detail.cents)
    lines = [
        Line(account, -sum(cents), {"lines": len(cents), "text": label}) for (account, label), cents in others.items()
    ]
    language = sheet.desk.language
    if movement.family in _COLLECTED:
        label = word("collection", language)
    elif movement.family in _RETURNED:
        label = word("return", language)
    else:
        label = word("batch", language)
    if len(sheet.gifts) == before:
        bank = Line(sheet.desk.account, movement.cents)
        meta = {"position": movement.position}
        sheet.entries.append(Entry(movement.booked, label, (bank, *lines), links=(sheet.name,), meta=meta))
        return
    sheet.batches[movement.position] = label
    sheet.batch_lines[movement.position] = tuple(lines)


def _decide(movement: Movement, sheet: _Sheet, batch: int) -> _Verdict:
    """The first of the steps that knows the line decides it; what none knows waits on suspense."""
    for step in _DEBIT if movement.cents < 0 else _steps_of_credit(movement.code):
        verdict = step(movement, sheet, batch)
        if verdict is not None:
            return verdict
    return _suspense(sheet.desk)


def _by_communication(movement: Movement, sheet: _Sheet, batch: int) -> _Verdict | None:
    """An OGM that was issued: structured, or found in free text in any writing.

    Where the account it is paid from is another donor's, a person decides whose gift it is.
    """
    issued = sheet.desk.links.communications
    if movement.structured is not None:
        found = issued.get(movement.structured)
    elif movement.communication and movement.mandate is None:
        ogm = find_ogm(movement.communication)
        found = issued.get(ogm[0]) if ogm is not None else None
    else:
        return None
    if found is None:
        return None
    owner = sheet.desk.links.ibans.get(movement.account)
    if owner is not None and owner != found[0]:
        return _suspense(sheet.desk)
    return _gift(movement, sheet.desk, batch, found[0], campaign=found[1])


def _by_mandate(movement: Movement, sheet: _Sheet, batch: int) -> _Verdict | None:
    """A mandate of the vault. One that is not there is for a person to look at, whatever else the line says."""
    if movement.mandate is None:
        return None
    donor = sheet.desk.links.mandates.get(movement.mandate)
    return _gift(movement, sheet.desk, batch, donor) if donor is not None else _suspense(sheet.desk)


def _by_grant(movement: Movement, sheet: _Sheet, _batch: int) -> _Verdict | None:
    """The contract number of a grant, standing on its own in free text: `C-2025-1` is not in `C-2025-12`."""
    desk = sheet.desk
    if not desk.grants or movement.structured is not None or not movement.communication:
        return None
    text = movement.communication.upper()
    compact = text.replace(" ", "")
    for contract, reference in desk.grants.items():
        if contract in compact:
            spaced = r"\s*".join(map(re.escape, contract))
            if re.search(rf"(?<![A-Z0-9]){spaced}(?![A-Z0-9])", text):
                return _Verdict("grant", desk.receivable, word("grant-instalment", desk.language), grant=reference)
    return None


def _by_rule(movement: Movement, sheet: _Sheet, batch: int) -> _Verdict | None:
    """The first rule of obole.toml that holds."""
    rule = first(sheet.desk.rules, movement)
    if rule is None:
        return None
    if rule.account is not None:
        return _Verdict("rule", rule.account, rule.label)
    if movement.cents < 0:
        return None  # money that leaves is no gift
    return _gift(movement, sheet.desk, batch, sheet.desk.links.ibans.get(movement.account), rule=rule)


def _by_iban(movement: Movement, sheet: _Sheet, batch: int) -> _Verdict | None:
    """The account of exactly one donor; whose account a total came from does not say who gave."""
    if not movement.account or movement.code[0] in _TOTALS:
        return None
    donor = sheet.desk.links.ibans.get(movement.account)
    return _gift(movement, sheet.desk, batch, donor) if donor is not None else None


def _by_return(movement: Movement, sheet: _Sheet, batch: int) -> _Verdict | None:
    """The EndToEndId of a collection not yet reversed, of the same amount."""
    if not _is_return(movement):
        return None
    original = sheet.originals.get(movement.reference)
    if original is None:
        return None
    if original.reversed or original.id in sheet.reversed or original.cents != -movement.cents:
        return None
    sheet.reversed.add(original.id)
    gift = Gift(
        donor=original.donor,
        cents=movement.cents,
        booked=movement.booked,
        counted=original.counted,
        account=original.account,
        position=movement.position,
        batch=batch,
        channel=Channel(original.channel),
        executed=movement.executed,
        value=movement.value,
        campaign=original.campaign,
        fund=original.fund,
        reverses=original.id,
    )
    return _Verdict("return", original.account, gift=gift)


@cache
def _steps_of_credit(code: str) -> "tuple[_Step, ...]":
    return _GIVEN_BACK if code[3:5] in _OWN_MONEY or code[1:5] == _REVERSED else _CREDIT


_Step = Callable[[Movement, _Sheet, int], _Verdict | None]
_CREDIT: tuple[_Step, ...] = (_by_communication, _by_mandate, _by_grant, _by_rule, _by_iban)
_GIVEN_BACK: tuple[_Step, ...] = (_by_rule,)
_DEBIT: tuple[_Step, ...] = (_by_return, _by_rule)


def _gift(
    movement: Movement,
    desk: Desk,
    batch: int,
    donor: str | None,
    *,
    campaign: str | None = None,
    rule: Rule | None = None,
) -> _Verdict:
    account = desk.money
    nature, counterpart, fund = _MONEY, _NOTHING, None
    channel = channel_of(movement.code)
    if rule is not None and rule.gift is not None:
        made = rule.gift
        account, nature, channel, counterpart = made.account, made.nature, made.channel, made.counterpart
        campaign, fund = made.campaign, made.fund
    gift = Gift(
        donor,
        movement.cents,
        movement.booked,
        counted_year(desk.date_policy, movement.executed, movement.value, movement.booked),
        account,
        movement.position,
        batch,
        nature,
        channel,
        counterpart,
        None,
        movement.executed,
        movement.value,
        None,
        campaign,
        fund,
        None,
    )
    return _Verdict("gift", account, rule.label if rule else "", gift)


def counted_year(policy: str, executed: date | None, value: date | None, booked: date) -> int:
    """The calendar year a gift counts for: by the date executed where evidenced, else value date, else booking."""
    if policy == "executed" and executed is not None:
        return executed.year
    if policy != "booked" and value is not None:
        return value.year
    return booked.year


def _suspense(desk: Desk) -> _Verdict:
    return _Verdict("suspense", desk.suspense, word("suspense", desk.language))


def _is_return(movement: Movement) -> bool:
    return movement.family in _RETURNED or movement.return_type is not None


def _row(movement: Movement, outcome: str, account: str | None) -> MovementRow:
    ours = movement.code[1:3] == "05"  # an EndToEndId of a transfer is the payer's text and may name them
    return MovementRow(
        movement.position,
        movement.parent,
        iso(movement.booked),
        iso(movement.value) if movement.value else None,
        movement.cents,
        movement.code,
        (movement.reference or None) if ours else None,
        movement.mandate if ours else None,
        movement.reason,
        outcome,
        account,
    )


def _entry(movement: Movement, verdict: _Verdict, sheet: _Sheet) -> Entry:
    meta: dict[str, Any] = {"position": movement.position, "code": movement.code}
    if verdict.grant:
        meta["grant"] = verdict.grant
    lines = (Line(sheet.desk.account, movement.cents), Line(verdict.account, -movement.cents))
    return Entry(movement.booked, verdict.label, lines, links=(sheet.name,), meta=meta)
