"""From a bank statement to what it posts: each line is a gift, the return of one, a known booking, or suspense.

The order of certainty: a communication or mandate we issued, the EndToEndId of a collection that comes back, a grant's
contract number, a rule, the IBAN of exactly one donor; nothing less is accepted by itself. A total whose details add up
to it is decided detail by detail; a total without details goes to suspense as one amount.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from importers.communications import find_ogm
from importers.records import Movement, Statement
from importers.rules import Rule, first
from ledger.errors import Fault, Severity
from ledger.journal import Entry, Line
from ledger.posting import Booking
from ledger.records import Channel, Counterpart, DocumentKind, Gift, Nature
from ledger.register import DocumentRecord, MovementRow, Original
from ledger.vault import Counterparty, Links
from ledger.wording import word

_COLLECTED = ("0550", "0552")
_RETURNED = ("0503", "0505")
_CHANNELS = {"04": Channel.CARD, "05": Channel.DIRECT_DEBIT, "09": Channel.CASH}


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
    problem: str = ""
    grant: str = ""


@dataclass(slots=True)
class _Sheet:
    """The pile of a statement's results while it is worked through."""

    rows: list[MovementRow] = field(default_factory=list)
    gifts: list[Gift] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    batches: dict[int, str] = field(default_factory=dict)
    batch_lines: dict[int, tuple[Line, ...]] = field(default_factory=dict)
    open: list[Counterparty] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    reversed: set[int] = field(default_factory=set)


def document_name(alias: str, statement: Statement) -> str:
    """`coda-current-2025-073`: account, year of the new balance, the bank's number."""
    year = statement.closing_date.year if statement.closing_date else 0
    return f"coda-{alias}-{year}-{statement.sequence}"


def book(statement: Statement, desk: Desk, file_digest: str) -> Booked:
    """Decide every line of a statement that is `ok`; pure but for `desk.originals`, which reads the register."""
    name = document_name(desk.alias, statement)
    sheet = _Sheet()
    children: dict[int, list[Movement]] = {}
    returned: list[str] = []
    for movement in statement.movements:
        if movement.parent is not None:
            children.setdefault(movement.parent, []).append(movement)
        if movement.cents < 0 and movement.reference and _is_return(movement):
            returned.append(movement.reference)
    originals = desk.originals(returned) if returned else {}
    for movement in statement.movements:
        if movement.parent is None:
            _book_line(movement, children.get(movement.position, []), desk, name, originals, sheet)
    days = [movement.booked for movement in statement.movements if movement.parent is None]
    closing = statement.closing_date or statement.opening_date or max(days)
    record = DocumentRecord(
        name=name,
        kind=DocumentKind.CODA,
        file_digest=file_digest,
        digest=statement.digest,
        first_day=min([*days, closing]),
        last_day=max([*days, closing]),
        bank=desk.alias,
        sequence=statement.sequence,
        opening=statement.opening,
        opening_date=statement.opening_date,
        closing=statement.closing,
        closing_date=closing,
        summary={
            "counts": dict(sorted(sheet.counts.items())),
            "cents": dict(sorted(sheet.sums.items())),
        },
    )
    booking = Booking(
        record=record,
        movements=sheet.rows,
        gifts=sheet.gifts,
        gift_debits={batch: desk.account for batch in {row.batch for row in sheet.gifts}},
        batches=sheet.batches,
        batch_lines=sheet.batch_lines,
        entries=sheet.entries,
    )
    return Booked(booking, tuple(sheet.open), tuple(sheet.faults))


def _book_line(
    movement: Movement,
    details: list[Movement],
    desk: Desk,
    name: str,
    originals: Mapping[str, Original],
    sheet: _Sheet,
) -> None:
    splits = bool(details) and movement.code[0] in "12"
    rule = first(desk.rules, movement) if splits else None
    if splits and rule is None:
        if sum(detail.cents for detail in details) == movement.cents:
            _book_batch(movement, details, desk, name, originals, sheet)
            return
        sheet.faults.append(
            Fault(
                f"the details of movement {movement.position} do not add up to it: the total goes to suspense as one",
                movement.line,
                Severity.WARNING,
            )
        )
    verdict = _decide(movement, desk, originals, sheet, 0)
    _keep(movement, verdict, desk, name, sheet)
    sheet.rows.extend(_row(detail, "detail", None) for detail in details)
    if verdict.gift is None:
        sheet.entries.append(_entry(movement.booked, movement, verdict, desk, name))


def _book_batch(
    movement: Movement,
    details: list[Movement],
    desk: Desk,
    name: str,
    originals: Mapping[str, Original],
    sheet: _Sheet,
) -> None:
    sheet.rows.append(_row(movement, "batch", None))
    others: dict[tuple[str, str], list[int]] = {}
    before = len(sheet.gifts)
    for detail in details:
        verdict = _decide(detail, desk, originals, sheet, movement.position)
        _keep(detail, verdict, desk, name, sheet)
        if verdict.gift is None:
            others.setdefault((verdict.account, verdict.label), []).append(detail.cents)
    lines = [
        Line(account, -sum(cents), {"lines": len(cents), "text": label}) for (account, label), cents in others.items()
    ]
    if movement.family in _COLLECTED:
        label = word("collection", desk.language)
    elif movement.family in _RETURNED:
        label = word("return", desk.language)
    else:
        label = word("batch", desk.language)
    if len(sheet.gifts) == before:
        bank = Line(desk.account, movement.cents)
        meta = {"position": movement.position}
        sheet.entries.append(Entry(movement.booked, label, (bank, *lines), links=(name,), meta=meta))
        return
    sheet.batches[movement.position] = label
    sheet.batch_lines[movement.position] = tuple(lines)


def _decide(
    movement: Movement, desk: Desk, originals: Mapping[str, Original], sheet: _Sheet, batch: int
) -> _Verdict:
    if movement.cents > 0:
        return _decide_credit(movement, desk, batch)
    if _is_return(movement):
        verdict = _decide_return(movement, originals, sheet, batch)
        if verdict is not None:
            return verdict
    rule = first(desk.rules, movement)
    if rule is not None and rule.account is not None:
        return _Verdict("rule", rule.account, rule.label)
    return _suspense(desk)


def _decide_credit(movement: Movement, desk: Desk, batch: int) -> _Verdict:
    links = desk.links
    if movement.structured is not None:
        found = links.communications.get(movement.structured)
        if found is not None:
            return _gift(movement, desk, batch, found[0], campaign=found[1])
    if movement.mandate is not None:
        donor = links.mandates.get(movement.mandate)
        if donor is not None:
            return _gift(movement, desk, batch, donor)
        return _suspense(desk, "the mandate is not in the vault")
    if movement.structured is None and movement.communication:
        ogm = find_ogm(movement.communication)
        if ogm is not None and ogm[0] in links.communications:
            donor, campaign = links.communications[ogm[0]]
            return _gift(movement, desk, batch, donor, campaign=campaign)
        if desk.grants:
            text = movement.communication.upper().replace(" ", "")
            for contract, reference in desk.grants.items():
                if contract in text:
                    return _Verdict("grant", desk.receivable, word("grant-instalment", desk.language), grant=reference)
    rule = first(desk.rules, movement)
    if rule is not None:
        if rule.account is not None:
            return _Verdict("rule", rule.account, rule.label)
        return _gift(movement, desk, batch, links.ibans.get(movement.account), rule=rule)
    if movement.account and not (movement.code[0] == "1" and movement.family in _COLLECTED):
        donor = links.ibans.get(movement.account)
        if donor is not None:
            return _gift(movement, desk, batch, donor)
    return _suspense(desk)


def _decide_return(
    movement: Movement, originals: Mapping[str, Original], sheet: _Sheet, batch: int
) -> _Verdict | None:
    original = originals.get(movement.reference)
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


def _gift(
    movement: Movement, desk: Desk, batch: int, donor: str | None, *, campaign: str | None = None, rule: Rule | None = None
) -> _Verdict:
    account = desk.money
    nature, counterpart, fund = Nature.MONEY, Counterpart.NONE, None
    channel = _CHANNELS.get(movement.code[1:3], Channel.TRANSFER)
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


def _suspense(desk: Desk, problem: str = "") -> _Verdict:
    return _Verdict("suspense", desk.suspense, word("suspense", desk.language), problem=problem)


def _is_return(movement: Movement) -> bool:
    return movement.family in _RETURNED or movement.return_type is not None


def _keep(movement: Movement, verdict: _Verdict, desk: Desk, name: str, sheet: _Sheet) -> None:
    sheet.rows.append(_row(movement, verdict.outcome, verdict.account))
    sheet.counts[verdict.outcome] += 1
    sheet.sums[verdict.outcome] += movement.cents
    if verdict.gift is not None:
        sheet.gifts.append(verdict.gift)
    if verdict.outcome == "suspense":
        text = movement.communication or movement.structured or ""
        sheet.open.append(Counterparty(name, movement.position, movement.name, movement.account, text))


def _row(movement: Movement, outcome: str, account: str | None) -> MovementRow:
    ours = movement.code[1:3] == "05"  # an EndToEndId of a transfer is the payer's text and may name them
    return MovementRow(
        movement.position,
        movement.parent,
        _iso(movement.booked),
        _iso(movement.value) if movement.value is not None else None,
        movement.cents,
        movement.code,
        (movement.reference or None) if ours else None,
        movement.mandate if ours else None,
        movement.reason,
        outcome,
        account,
    )


_ISO: dict[date, str] = {}


def _iso(day: date) -> str:
    text = _ISO.get(day)
    if text is None:
        text = _ISO[day] = day.isoformat()
    return text


def _entry(day: date, movement: Movement, verdict: _Verdict, desk: Desk, name: str) -> Entry:
    meta: dict[str, Any] = {"position": movement.position, "code": movement.code}
    if verdict.grant:
        meta["grant"] = verdict.grant
    lines = (Line(desk.account, movement.cents), Line(verdict.account, -movement.cents))
    return Entry(day, verdict.label, lines, links=(name,), meta=meta)
