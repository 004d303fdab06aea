"""The bank lines that decisions set against a legacy: each is a row among the movements of the decision's document."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, exists, select

from ledger.records import LineOutcome
from ledger.register.tables import document, movement, stands, undone_part


class LegacySum(NamedTuple):
    """A sum set against an asset of a legacy (empty: against what it owes); cents, what came positive."""

    legacy: str
    asset: str
    day: date
    cents: int


_SINGLY_UNDONE = exists().where(
    undone_part.c.document_id == movement.c.document_id, undone_part.c.position == movement.c.position
)
_SUMS = (
    select(movement.c.reference, movement.c.booked, movement.c.cents)
    .join(document, document.c.id == movement.c.document_id)
    .where(movement.c.outcome == LineOutcome.LEGACY.value, stands, ~_SINGLY_UNDONE)
    .order_by(movement.c.booked, movement.c.document_id, movement.c.position)
)


def legacy_sums(connection: Connection) -> list[LegacySum]:
    """Return the sums that standing decisions set against legacies, by day."""
    found = []
    for reference, day, cents in connection.execute(_SUMS):
        legacy, _colon, asset = reference.partition(":")
        found.append(LegacySum(legacy, asset, day, cents))
    return found
