"""Bank statements in the register: what was posted before and after a day, which amounts, which balances."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from ledger.records import PART, DocumentKind, LineOutcome
from ledger.register.chain import by_days, in_chain
from ledger.register.tables import document, movement, stands

_BEFORE = (
    select(document.c.name, document.c.closing, document.c.closing_date)
    .where(
        document.c.bank == bindparam("bank"),
        document.c.closing.is_not(None),
        stands,
        or_(
            document.c.closing_date < bindparam("day"),
            and_(document.c.closing_date == bindparam("day"), document.c.sequence < bindparam("sequence")),
        ),
    )
    .order_by(document.c.closing_date.desc(), document.c.sequence.desc())
    .limit(1)
)


class Closing(NamedTuple):
    """On what a posted statement closes, and when."""

    statement: str
    cents: int
    day: date | None = None


class Ends(NamedTuple):
    """The balances that a statement begins and ends with, in cents."""

    opening: int
    closing: int


def previous_closing(
    connection: Connection, bank: str, day: date, sequence: str, ends: Ends | None = None
) -> Closing | None:
    """Return on what the statement of this account closes that comes before (day, sequence); None for the first.

    Where that does not lead on to the balances it `ends` with, another of the same day may be meant: numbers do not
    order the statements of a day that CODA and CAMT share, or that a bank does not number.
    """
    row = connection.execute(_BEFORE, {"bank": bank, "day": day, "sequence": sequence}).first()
    before = None if row is None else Closing(str(row.name), int(row.closing), row.closing_date)
    if ends is None or (before is not None and before.cents == ends.opening):
        return before
    of_day = _closing_on(connection, bank, day)
    for one in reversed(of_day):
        if one.closing == ends.opening:
            return Closing(one.name, one.closing, one.closing_date)
    earlier = _last_before(connection, bank, day)
    leads = earlier is not None and earlier.cents == ends.opening
    first_of_day = not of_day or leads or any(one.opening == ends.closing for one in of_day)
    return earlier if first_of_day else before


def _closing_on(connection: Connection, bank: str, day: date) -> list["StatementRow"]:
    """Return the statements that close on a day, in the order of their balances."""
    query = (
        select(*_STATEMENT)
        .where(document.c.bank == bank, document.c.closing.is_not(None), stands, document.c.closing_date == day)
        .order_by(document.c.sequence, document.c.id)
    )
    return in_chain([StatementRow(*row) for row in connection.execute(query)])


def _last_before(connection: Connection, bank: str, day: date) -> Closing | None:
    """Return on what the last statement closes that closes before a day."""
    query = select(func.max(document.c.closing_date)).where(
        document.c.bank == bank, document.c.closing.is_not(None), stands, document.c.closing_date < day
    )
    last = connection.execute(query).scalar_one()
    if last is None:
        return None
    row = _closing_on(connection, bank, last)[-1]
    return Closing(row.name, row.closing, row.closing_date)


class StatementRow(NamedTuple):
    """A posted statement of a bank account."""

    id: int
    name: str
    kind: str
    sequence: str
    opening: int
    closing: int
    closing_date: date


_STATEMENT = (
    document.c.id,
    document.c.name,
    document.c.kind,
    document.c.sequence,
    document.c.opening,
    document.c.closing,
    document.c.closing_date,
)


def statements_between(connection: Connection, bank: str, first: date, last: date) -> list[StatementRow]:
    """Return the statements of an account that share a day with this period, in their order."""
    query = (
        select(*_STATEMENT)
        .where(document.c.bank == bank, stands, document.c.closing_date >= first, document.c.first_day <= last)
        .order_by(document.c.closing_date, document.c.sequence, document.c.id)
    )
    return list(by_days(StatementRow(*row) for row in connection.execute(query)))


def row_of(connection: Connection, document_id: int) -> StatementRow | None:
    """Return a posted statement by its id; None where that document is none."""
    query = select(*_STATEMENT).where(document.c.id == document_id, document.c.closing.is_not(None))
    row = connection.execute(query).first()
    return None if row is None else StatementRow(*row)


def numbers_of(connection: Connection, bank: str, kind: str, first: date, last: date) -> list[str]:
    """Return the numbers of the statements of an account in one format that close in a period, in their order."""
    query = (
        select(document.c.sequence)
        .where(document.c.bank == bank, document.c.kind == kind, stands, document.c.closing_date.between(first, last))
        .order_by(document.c.closing_date, document.c.sequence)
    )
    return [str(one) for one in connection.execute(query).scalars()]


def statement_before(connection: Connection, bank: str, day: date, sequence: str) -> StatementRow | None:
    """Return the statement of an account that comes before (day, sequence): the last one of an earlier day."""
    query = (
        select(*_STATEMENT)
        .where(
            document.c.bank == bank,
            stands,
            or_(document.c.closing_date < day, and_(document.c.closing_date == day, document.c.sequence < sequence)),
        )
        .order_by(document.c.closing_date.desc(), document.c.sequence.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    found = StatementRow(*row)
    return found if found.closing_date == day else _closing_on(connection, bank, found.closing_date)[-1]


def booked_amounts(connection: Connection, document_id: int) -> dict[date, Counter[int]]:
    """Return how often each amount was booked on each day of a statement; details of totals left out."""
    query = (
        select(movement.c.booked, movement.c.cents, func.count())
        .where(movement.c.document_id == document_id, movement.c.parent.is_(None))
        .group_by(movement.c.booked, movement.c.cents)
    )
    found: dict[date, Counter[int]] = defaultdict(Counter)
    for day, cents, count in connection.execute(query):
        found[day][cents] = count
    return dict(found)


class BookedLine(NamedTuple):
    """A line of a posted statement that counts in its balance, as the register knows it."""

    position: int
    day: date
    cents: int
    reference: str | None
    mandate: str | None
    reason: str | None


class StatementFile(NamedTuple):
    """The archived file of a posted statement (below the books' folder), its SHA-256, and that of the statement."""

    archive: str | None
    file_digest: str
    digest: str


def booked_lines(connection: Connection, document_id: int) -> list[BookedLine]:
    """Return the lines of a statement that count in its balance, in the order of its file."""
    columns = (movement.c.position, movement.c.booked, movement.c.cents)
    query = (
        select(*columns, movement.c.reference, movement.c.mandate, movement.c.reason)
        .where(movement.c.document_id == document_id, movement.c.parent.is_(None))
        .order_by(movement.c.position)
    )
    return [BookedLine(*row) for row in connection.execute(query)]


def statement_file(connection: Connection, document_id: int) -> StatementFile:
    """Return where the file of a posted statement is kept."""
    query = select(document.c.archive, document.c.file_digest, document.c.digest).where(document.c.id == document_id)
    return StatementFile(*connection.execute(query).one())


class TotalKey(NamedTuple):
    """A total that was split by its details: the id of its document and its position there."""

    document_id: int
    position: int


def totals_split(connection: Connection, bank: str, day: date, cents: int) -> list[TotalKey]:
    """Return the totals of this amount that were split by their details on a day of an account."""
    query = (
        select(movement.c.document_id, movement.c.position)
        .join(document, document.c.id == movement.c.document_id)
        .where(
            document.c.bank == bank,
            stands,
            movement.c.booked == day,
            movement.c.cents == cents,
            movement.c.parent.is_(None),
            movement.c.outcome == LineOutcome.BATCH.value,
        )
        .order_by(movement.c.document_id, movement.c.position)
    )
    return [TotalKey(*row) for row in connection.execute(query)]


def lines_booked(connection: Connection, bank: str, day: date, cents: int) -> int:
    """Return how many lines of this amount the statements of an account have on a day; details left out."""
    query = (
        select(func.count())
        .select_from(movement)
        .join(document, document.c.id == movement.c.document_id)
        .where(
            document.c.bank == bank,
            document.c.first_day <= day,
            document.c.last_day >= day,
            stands,
            movement.c.booked == day,
            movement.c.cents == cents,
            movement.c.parent.is_(None),
        )
    )
    return int(connection.execute(query).scalar_one())


def banks_with(connection: Connection, kind: str) -> set[str]:
    """Return the bank accounts that have a standing document of this kind."""
    query = select(document.c.bank).where(document.c.kind == kind, document.c.bank.is_not(None), stands).distinct()
    return set(connection.execute(query).scalars())


def banks_unnumbered(connection: Connection) -> set[str]:
    """Return the bank accounts that have statements which only their balances put in order.

    CAMT, CODA unnumbered, and the part of a statement that was new beside others, whichever of these still stand.
    """
    query = select(document.c.bank).where(
        document.c.bank.is_not(None),
        or_(
            document.c.kind == DocumentKind.CAMT.value,
            document.c.sequence.like("000%"),
            document.c.sequence.like("%+"),
            document.c.summary.like('%"part": true%'),
        ),
        stands,
    )
    return set(connection.execute(query.distinct()).scalars())


class DayAmount(NamedTuple):
    """An amount and the day it is booked on."""

    day: date
    cents: int


def amounts_of(connection: Connection, document_id: int) -> list[DayAmount]:
    """Return day and amount of each movement of a document, in order: what tells two statements apart.

    The instalments that a total without details was split into were no lines of the bank.
    """
    query = (
        select(movement.c.booked, movement.c.cents)
        .where(movement.c.document_id == document_id, movement.c.outcome != LineOutcome.INSTALMENT.value)
        .order_by(movement.c.position)
    )
    return [DayAmount(row.booked, row.cents) for row in connection.execute(query)]


class StatementBalance(NamedTuple):
    """The word of the bank on a day: the name and closing of its last statement, the opening of its first."""

    day: date
    statement: str
    opening: int
    closing: int


def statement_balances(connection: Connection, bank: str) -> list[StatementBalance]:
    """Return each day that statements close on, in order."""
    days: dict[date, StatementBalance] = {}
    for one in _in_order(connection, bank):
        first = days.get(one.closing_date)
        opening = one.opening if first is None else first.opening
        days[one.closing_date] = StatementBalance(one.closing_date, one.name, opening, one.closing)
    return list(days.values())


def _in_order(connection: Connection, bank: str) -> Iterable[StatementRow]:
    """Return the statements of an account that stand, in the order of their days and within a day of their balances."""
    query = (
        select(*_STATEMENT)
        .where(document.c.bank == bank, document.c.closing.is_not(None), stands)
        .order_by(document.c.closing_date, document.c.sequence, document.c.id)
    )
    return by_days(StatementRow(*row) for row in connection.execute(query))


class BookedEarly(NamedTuple):
    """The lines that a statement has of a day before it closes, where an earlier one closes on that day or later.

    `closing` is the day that it closes on, `cents` their sum.
    """

    day: date
    closing: date
    cents: int


def booked_early(connection: Connection, bank: str) -> list[BookedEarly]:
    """Return what statements of an account have of days that another closes on before them.

    So is the rest of a day of which a part came first, where it comes with the days after it.
    """
    query = (
        select(document.c.id, document.c.first_day, document.c.closing_date)
        .where(document.c.bank == bank, document.c.closing.is_not(None), stands)
        .order_by(document.c.closing_date, document.c.id)
    )
    reaching, latest = [], None
    for number, first, closing in connection.execute(query):
        if latest is not None and first <= latest < closing:
            reaching.append(number)
        latest = closing
    if not reaching:
        return []
    lines = (
        select(movement.c.booked, document.c.closing_date, func.sum(movement.c.cents))
        .join(document, document.c.id == movement.c.document_id)
        .where(movement.c.document_id.in_(reaching), movement.c.parent.is_(None))
        .where(movement.c.booked < document.c.closing_date)
        .group_by(movement.c.booked, document.c.closing_date)
    )
    return [BookedEarly(day, closing, int(cents)) for day, closing, cents in connection.execute(lines)]


class Gap(NamedTuple):
    """A break between two statements of an account: the later one begins `cents` away from where the other closes.

    `undone` are the statements that filled it before they were undone. Where those are the first of the account,
    nothing is `before`, and the gap is what they brought.
    """

    day: date
    before: str | None
    statement: str
    cents: int
    undone: tuple[str, ...] = ()


def gaps(connection: Connection, bank: str) -> list[Gap]:
    """Return where the statements of an account do not lead on from each other, in order."""
    rows = list(_in_order(connection, bank))
    gone = _undone(connection, bank)
    found = []
    if rows and gone:
        led = _led_to(rows[0], None, gone)
        if led and led[0].opening != rows[0].opening:
            names = tuple(one.name for one in led)
            found.append(Gap(rows[0].closing_date, None, rows[0].name, rows[0].opening - led[0].opening, names))
    for one, other in pairwise(rows):
        if one.closing != other.opening:
            led = _led_to(other, one.closing, gone)
            names = tuple(row.name for row in led) if led and led[0].opening == one.closing else ()
            found.append(Gap(other.closing_date, one.name, other.name, other.opening - one.closing, names))
    return found


def _undone(connection: Connection, bank: str) -> list[StatementRow]:
    """Return the statements of an account that were undone, the last posted first."""
    query = (
        select(*_STATEMENT)
        .where(document.c.bank == bank, document.c.closing.is_not(None), ~stands)
        .order_by(document.c.id.desc())
    )
    return [StatementRow(*row) for row in connection.execute(query)]


def _comes_behind(one: StatementRow, other: StatementRow) -> bool:
    """Return whether one of two statements closing on a day was numbered as a part that comes after the other."""
    if one.closing_date != other.closing_date or one.sequence.rstrip(PART) != other.sequence.rstrip(PART):
        return False
    return len(one.sequence) > len(other.sequence)


def _led_to(row: StatementRow, start: int | None, gone: Iterable[StatementRow]) -> list[StatementRow]:
    """Return the statements undone whose balances led on to one that stands, from where they begin or from `start`."""
    by_closing: dict[int, list[StatementRow]] = defaultdict(list)
    for one in gone:
        by_closing[one.closing].append(one)
    led: list[StatementRow] = []
    last = row
    while last.opening != start:
        may = (one for one in by_closing[last.opening] if one.closing_date <= last.closing_date)
        before = next((one for one in may if not _comes_behind(one, last)), None)
        if before is None:
            break
        by_closing[last.opening].remove(before)
        led.insert(0, before)
        last = before
    return led
