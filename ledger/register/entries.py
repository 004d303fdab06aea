"""The numbers of entries: which entry has which number of its journal and financial year (WER III.87).

An entry posted by a document is known by the document and its place there, an entry made by hand by its digest.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from ledger.register.tables import entry_number
from ledger.store import bulk_insert

_LAST = select(func.coalesce(func.max(entry_number.c.number), 0)).where(
    entry_number.c.journal == bindparam("journal"), entry_number.c.year == bindparam("year")
)


class EntryNumber(NamedTuple):
    """A number of a journal and year.

    `place` is the entry's place in the journal file of its document, from 1; an entry by hand has a `digest` instead.
    """

    journal: str
    year: int
    number: int
    document_id: int | None = None
    place: int | None = None
    digest: str | None = None

    @property
    def text(self) -> str:
        """Return the number as it is written: `BNK-CURRENT-2025-000123`."""
        return f"{self.journal}-{self.year}-{self.number:06d}"


def last_entry_number(connection: Connection, journal: str, year: int) -> int:
    """Return the last number given in a journal and year, 0 where there is none."""
    return int(connection.execute(_LAST, {"journal": journal, "year": year}).scalar_one())


def insert_entry_numbers(connection: Connection, numbers: Sequence[EntryNumber]) -> None:
    """Write numbers into the register; the caller holds the transaction in which their entries post."""
    bulk_insert(connection, entry_number, [column.name for column in entry_number.columns], numbers)


def entry_numbers(connection: Connection, years: Collection[int] | None = None) -> Iterable[EntryNumber]:
    """Return every number, or those of some years, by journal, year and number."""
    query = select(entry_number).order_by(entry_number.c.journal, entry_number.c.year, entry_number.c.number)
    if years is not None:
        query = query.where(entry_number.c.year.in_(sorted(years)))
    for row in connection.execute(query):
        yield EntryNumber._make(row)


def documents_numbered(connection: Connection) -> set[int]:
    """Return the documents of which an entry has a number."""
    query = select(entry_number.c.document_id).where(entry_number.c.document_id.is_not(None)).distinct()
    return set(connection.execute(query).scalars())
