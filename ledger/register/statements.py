"""Bank statements in the register: what was posted before and after a day, which amounts, which balances."""

from collections import Counter, defaultdict
from datetime import date
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from ledger.records import LineOutcome
from ledger.register.tables import document, movement, stands

_BEFORE = (
    select(document.c.name, document.c.closing)
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
    """On what a posted statement closes."""

    statement: str
    cents: int


def previous_closing(connection: Connection, bank: str, day: date, sequence: str) -> Closing | None:
    """Return on what the statement of this account closes that comes before (day, sequence); None for the first."""
    row = connection.execute(_BEFORE, {"bank": bank, "day": day, "sequence": sequence}).first()
    return None if row is None else Closing(str(row.name), int(row.closing))


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
        .order_by(document.c.closing_date, document.c.sequence)
    )
    return [StatementRow(*row) for row in connection.execute(query)]


def statement_before(connection: Connection, bank: str, day: date, sequence: str) -> StatementRow | None:
    """Return the statement of an account that comes before (day, sequence)."""
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
    return None if row is None else StatementRow(*row)


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


def totals_split(connection: Connection, bank: str, day: date, cents: int) -> int:
    """Return how many totals of this amount were split by their details on a day of an account."""
    query = (
        select(func.count())
        .select_from(movement)
        .join(document, document.c.id == movement.c.document_id)
        .where(
            document.c.bank == bank,
            stands,
            movement.c.booked == day,
            movement.c.cents == cents,
            movement.c.parent.is_(None),
            movement.c.outcome == LineOutcome.BATCH.value,
        )
    )
    return int(connection.execute(query).scalar_one())


def banks_with(connection: Connection, kind: str) -> set[str]:
    """Return the bank accounts that have a standing document of this kind."""
    query = select(document.c.bank).where(document.c.kind == kind, document.c.bank.is_not(None), stands).distinct()
    return set(connection.execute(query).scalars())


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
    query = (
        select(document.c.closing_date, document.c.name, document.c.opening, document.c.closing)
        .where(document.c.bank == bank, document.c.closing.is_not(None), stands)
        .order_by(document.c.closing_date, document.c.sequence)
    )
    days: dict[date, StatementBalance] = {}
    for day, name, opening, closing in connection.execute(query):
        first = days.get(day)
        days[day] = StatementBalance(day, name, opening if first is None else first.opening, closing)
    return list(days.values())
