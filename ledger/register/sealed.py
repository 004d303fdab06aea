"""The rows of the register that a seal holds: documents and gifts of a year by their days, receipts as issued."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, String, select, type_coerce

from ledger.register.receipts import receipt, receipt_identity, receipt_version
from ledger.register.tables import document, gift, retired_entry
from ledger.store import AT_A_TIME, bulk_insert


class SealedGift(NamedTuple):
    """A gift as the tree has it; its day is that of its booking, as it stands in the register."""

    id: int
    day: str
    cents: int
    account: str


class SealedDocument(NamedTuple):
    """A document as the tree has it: the digest of its rows stands for each of them."""

    name: str
    kind: str
    first_day: str
    last_day: str
    digest: str
    file_digest: str
    rows_digest: str
    archive: str | None
    journal: str | None


class IssuedReceipt(NamedTuple):
    """A version of a receipt as it was issued; `identity` is None where no seal holds it yet."""

    year: int
    number: int
    version: int
    donor: str
    cents: int
    issued_on: str
    identity: str | None
    state: str


def gifts_in(connection: Connection, first: date, last: date) -> Iterator[SealedGift]:
    """Yield the gifts booked from one day to another, by their numbers."""
    query = (
        select(gift.c.id, type_coerce(gift.c.booked, String), gift.c.cents, gift.c.account)
        .where(gift.c.booked >= first, gift.c.booked <= last)
        .order_by(gift.c.id)
    )
    for row in connection.execute(query, execution_options={"yield_per": AT_A_TIME}):
        yield SealedGift._make(row)


def documents_in(connection: Connection, since: date, last: date) -> list[SealedDocument]:
    """Return the documents with a day from one to another, those that go on after it too, by name."""
    columns = (
        document.c.name,
        document.c.kind,
        type_coerce(document.c.first_day, String),
        type_coerce(document.c.last_day, String),
        document.c.digest,
        document.c.file_digest,
        document.c.rows_digest,
        document.c.archive,
        document.c.journal,
    )
    query = select(*columns).where(document.c.first_day <= last, document.c.last_day >= since)
    return sorted((SealedDocument._make(row) for row in connection.execute(query)), key=lambda one: one.name.encode())


def archives(connection: Connection) -> set[str]:
    """Return where the archived sources of all documents lie, relative to the books."""
    return set(connection.execute(select(document.c.archive).where(document.c.archive.is_not(None))).scalars())


def issued_in(connection: Connection, year: int) -> list[IssuedReceipt]:
    """Return the versions of the receipts of a year, by number and version."""
    same = (receipt.c.year == receipt_version.c.year) & (receipt.c.number == receipt_version.c.number)
    known = (
        (receipt_identity.c.year == receipt_version.c.year)
        & (receipt_identity.c.number == receipt_version.c.number)
        & (receipt_identity.c.version == receipt_version.c.version)
    )
    query = (
        select(
            receipt_version.c.year,
            receipt_version.c.number,
            receipt_version.c.version,
            receipt.c.donor,
            receipt.c.cents,
            type_coerce(receipt_version.c.issued_on, String),
            receipt_identity.c.digest,
            receipt.c.state,
        )
        .join(receipt, same)
        .outerjoin(receipt_identity, known)
        .where(receipt_version.c.year == year)
        .order_by(receipt_version.c.number, receipt_version.c.version)
    )
    return [IssuedReceipt._make(row) for row in connection.execute(query)]


def insert_identities(connection: Connection, rows: Iterable[tuple[int, int, int, str]]) -> None:
    """Keep the digests of what receipts printed: (year, number, version, digest)."""
    bulk_insert(connection, receipt_identity, [column.name for column in receipt_identity.columns], list(rows))


def retired_entries(connection: Connection) -> set[tuple[str, int, int]]:
    """Return the numbers of entries by hand that were changed or taken away in a reopened year."""
    query = select(retired_entry.c.journal, retired_entry.c.year, retired_entry.c.number)
    return {(journal, year, number) for journal, year, number in connection.execute(query)}


def retire_entries(connection: Connection, numbers: Iterable[tuple[str, int, int]], retired_at: str) -> None:
    """Keep that the entries of these numbers are not in the books any more."""
    rows = [(*one, retired_at) for one in numbers]
    bulk_insert(connection, retired_entry, [column.name for column in retired_entry.columns], rows)
