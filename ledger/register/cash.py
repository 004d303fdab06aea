"""The lines that a cash book or a cheque says the bank will bring, and those that met them.

Cash paid in, drawn, a cheque credited or unpaid: each is a row among the movements (`EXPECTED`) with the account that
it waits on and the sign of the bank's line.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import NamedTuple

from sqlalchemy import Connection, exists, select

from ledger.records import LineOutcome
from ledger.register.documents import MovementRow
from ledger.register.tables import assignment, document, movement, stands, undone_part, was_undone
from ledger.store import slices

# The bank may know of it the day before (a night safe), and takes its time with a coin bag or a cheque.
_BEFORE, _AFTER = timedelta(days=1), timedelta(days=10)


class ExpectedLine(NamedTuple):
    """A line that the bank will bring: cents as the bank signs them, the account it waits on, the slip or cheque."""

    day: date
    cents: int
    account: str
    reference: str


def fitting(waiting: Sequence[ExpectedLine], cents: int, day: date, account: str | None = None) -> list[ExpectedLine]:
    """Return those of the lines to come that a line of the bank is: the first of its amount, else some in a row.

    The bank may count what was paid in on two days, or two cheques, as one. None where several rows of them add up.
    """
    near = [
        one
        for one in waiting
        if one.day - _BEFORE <= day <= one.day + _AFTER and account in (None, one.account) and one.cents * cents > 0
    ]
    same = next((one for one in near if one.cents == cents), None)
    if same is not None:
        return [same]
    runs = []
    for of in sorted({one.account for one in near}):
        some = [one for one in near if one.account == of]
        runs += [some[first:last] for first, last in combinations(range(len(some) + 1), 2) if last - first > 1]
    fits = [run for run in runs if sum(one.cents for one in run) == cents]
    return fits[0] if len(fits) == 1 else []


def expected_row(position: int, line: ExpectedLine) -> MovementRow:
    """Return the row that the register keeps of a line to come."""
    return MovementRow(
        position=position,
        parent=None,
        booked=line.day.isoformat(),
        value=None,
        cents=line.cents,
        code="",
        reference=line.reference,
        mandate=None,
        reason=None,
        outcome=LineOutcome.EXPECTED,
        account=line.account,
    )


_DECIDED = exists().where(
    assignment.c.item_document_id == movement.c.document_id,
    assignment.c.item_position == movement.c.position,
    ~was_undone(assignment),
)


class GivenLine(NamedTuple):
    """A line of the bank that is a gift, though its code says cash or a cheque."""

    document: str
    position: int
    day: date
    cents: int


def given_lines(
    connection: Connection, amounts: Collection[int], is_cash: Callable[[str, int], bool]
) -> list[GivenLine]:
    """Return the lines of these amounts that became gifts, at the bank or by a decision, of codes that are cash."""
    found = []
    for some in slices(sorted(set(amounts))):
        query = (
            select(document.c.name, movement.c.position, movement.c.booked, movement.c.cents, movement.c.code)
            .join(document, document.c.id == movement.c.document_id)
            .outerjoin(
                assignment,
                (assignment.c.item_document_id == movement.c.document_id)
                & (assignment.c.item_position == movement.c.position)
                & ~was_undone(assignment),
            )
            .where(document.c.bank.is_not(None), movement.c.cents.in_(some), stands)
            .where((movement.c.outcome == LineOutcome.GIFT.value) | assignment.c.donor.is_not(None))
        )
        found += [GivenLine(*row[:4]) for row in connection.execute(query) if is_cash(row.code, row.cents)]
    return found


def awaited(connection: Connection) -> list[ExpectedLine]:
    """Return the lines that no line of the bank met yet, by day."""
    waiting = sorted(_expected(connection))
    for account, cents, day in sorted(_met(connection, {one.account for one in waiting}), key=lambda one: one[2]):
        for one in fitting(waiting, cents, day, account):
            waiting.remove(one)
    return waiting


def _expected(connection: Connection) -> Iterator[ExpectedLine]:
    """Yield the lines to come of slips and cheques that stand."""
    alone = exists().where(
        undone_part.c.document_id == movement.c.document_id, undone_part.c.reference == movement.c.reference
    )
    query = (
        select(movement.c.booked, movement.c.cents, movement.c.account, movement.c.reference)
        .join(document, document.c.id == movement.c.document_id)
        .where(movement.c.outcome == LineOutcome.EXPECTED.value, stands, ~alone)
    )
    for row in connection.execute(query):
        yield ExpectedLine(row.booked, row.cents, row.account, row.reference)


def _met(connection: Connection, accounts: Collection[str]) -> Iterable[tuple[str, int, date]]:
    """Return the lines of the bank on these accounts: put there when they came, or decided from suspense."""
    if not accounts:
        return []
    line = select(movement.c.account, movement.c.cents, movement.c.booked)
    came = line.join(document, document.c.id == movement.c.document_id).where(
        document.c.bank.is_not(None), movement.c.account.in_(sorted(accounts)), stands, ~_DECIDED
    )
    decided = (
        select(assignment.c.account, movement.c.cents, movement.c.booked)
        .join(
            movement,
            (movement.c.document_id == assignment.c.item_document_id)
            & (movement.c.position == assignment.c.item_position),
        )
        .where(assignment.c.account.in_(sorted(accounts)), ~was_undone(assignment))
    )
    return [tuple(row) for query in (came, decided) for row in connection.execute(query)]
