"""Changed mandates: what the debtor's bank knows of them, until a debit has told it otherwise."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from ledger.instalments import Amendment
from ledger.store import bulk_insert, slices
from ledger.vault.tables import amendment


def all_amendments(connection: Connection) -> dict[str, Amendment]:
    """Return the changes of mandates, by mandate."""
    return {row.mandate: Amendment(*row) for row in connection.execute(select(amendment))}


def save_amendments(connection: Connection, mandates: Iterable[str], amendments: Iterable[Amendment]) -> None:
    """Enter what is changed of these mandates now; those of them without a change have none any more."""
    for some in slices(sorted(set(mandates))):
        connection.execute(delete(amendment).where(amendment.c.mandate.in_(some)))
    rows = [tuple(one) for one in amendments]
    bulk_insert(connection, amendment, [column.name for column in amendment.columns], rows)
