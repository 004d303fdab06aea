"""The lines by which vouchers take from gift accounts: fees and tickets put off to another year, credit notes.

It takes back no gift, so that it is none: each such line is a row among the movements, debit positive, by which the
books are proved against the register and the gift accounts of a year are explained.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from ledger.records import LineOutcome
from ledger.register.documents import MovementRow
from ledger.register.tables import document, movement


class TransferLine(NamedTuple):
    """A line of a voucher on a gift account, or of what undid it: cents, debit positive; `batch` its first line."""

    document: str
    batch: int
    day: date
    account: str
    cents: int


class TakenLine(NamedTuple):
    """A line that takes from a gift account: its row, the first row of its voucher, its day; cents, debit positive."""

    position: int
    batch: int
    day: date
    account: str
    cents: int


def transfer_rows(lines: Iterable[TakenLine]) -> list[MovementRow]:
    """Return the rows that the register keeps of these lines."""
    return [
        MovementRow(
            position=one.position,
            parent=one.batch,
            booked=one.day.isoformat(),
            value=None,
            cents=one.cents,
            code="",
            reference=None,
            mandate=None,
            reason=None,
            outcome=LineOutcome.TRANSFER,
            account=one.account,
        )
        for one in lines
    ]


_LINES = (
    select(document.c.name, movement.c.parent, movement.c.booked, movement.c.account, movement.c.cents)
    .join(document, document.c.id == movement.c.document_id)
    .where(movement.c.outcome == LineOutcome.TRANSFER.value)
    .order_by(document.c.id, movement.c.position)
)


def transfer_lines(connection: Connection) -> list[TransferLine]:
    """Return every line that takes from a gift account, and those of what undid them."""
    return [TransferLine(*row) for row in connection.execute(_LINES)]


def transferred_in(connection: Connection, year: int, accounts: Collection[str]) -> tuple[int, int]:
    """Return how many lines took how much from these accounts in a year, in cents, debit positive."""
    found = [one.cents for one in transfer_lines(connection) if one.day.year == year and one.account in accounts]
    return len(found), sum(found)
