"""The things a copy of the books must bring along by the word of the register, in whatever version the register is."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from ledger.register.receipts import receipt
from ledger.register.tables import document, gift


class PostedFile(NamedTuple):
    """A file of a document, relative to the books, and its SHA-256 as posted."""

    path: str
    digest: str


class Counted(NamedTuple):
    """The counts of what a register holds."""

    documents: int
    gifts: int
    receipts: int


def posted_files(connection: Connection) -> list[PostedFile]:
    """Return the journal and the archived source of every document; asks columns only that every version has."""
    columns = (document.c.journal, document.c.journal_digest, document.c.archive, document.c.file_digest)
    found: dict[str, str] = {}
    for journal, journal_digest, archive, file_digest in connection.execute(select(*columns).order_by(document.c.id)):
        if journal:
            found[journal] = journal_digest
        if archive:
            found[archive] = file_digest
    return [PostedFile(path, digest) for path, digest in found.items()]


def count_all(connection: Connection) -> Counted:
    """Count the documents, gifts and receipts of a register."""
    tables = (document, gift, receipt)
    return Counted(*(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables))
