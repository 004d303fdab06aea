"""The persons behind the open lines of the register."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    delete,
    select,
)

from ledger.identifiers import without_national_numbers
from ledger.store import bulk_insert, slices
from ledger.vault.tables import counterparty


class Counterparty(NamedTuple):
    """The one a bank line on the suspense account came from, for the person who assigns it."""

    document: str
    position: int
    name: str
    account: str
    communication: str


def save_counterparties(connection: Connection, rows: Iterable[Counterparty]) -> None:
    """Keep who stands behind open bank lines; replaces what an undone import left for the same document.

    A national number in a communication, which nobody may ask for there, is not kept.
    """
    kept = [row._replace(communication=without_national_numbers(row.communication)) for row in rows]
    for name in sorted({row.document for row in kept}):
        connection.execute(delete(counterparty).where(counterparty.c.document == name))
    bulk_insert(
        connection, counterparty, [column.name for column in counterparty.columns], [tuple(row) for row in kept]
    )


def all_counterparties(connection: Connection) -> dict[tuple[str, int], Counterparty]:
    """Return the counterparties of bank lines by (document, position)."""
    return {(row.document, row.position): Counterparty(*row) for row in connection.execute(select(counterparty))}


_LEGACY = "legacy "


def legacy_place(legacy: str) -> str:
    """Return in place of which document the vault keeps testator (name) and notary (communication) of a legacy."""
    return f"{_LEGACY}{legacy}"


def legacy_names(connection: Connection) -> dict[str, Counterparty]:
    """Return who stands behind each legacy, by its key: the testator as name, the notary as communication."""
    query = select(counterparty).where(counterparty.c.document.startswith(_LEGACY))
    return {row.document.removeprefix(_LEGACY): Counterparty(*row) for row in connection.execute(query)}


def counterparties_of(connection: Connection, documents: Iterable[str]) -> dict[tuple[str, int], Counterparty]:
    """Return the counterparties of the lines of these documents by (document, position)."""
    return {
        (row.document, row.position): Counterparty(*row)
        for some in slices(sorted(set(documents)))
        for row in connection.execute(select(counterparty).where(counterparty.c.document.in_(some)))
    }
