"""The documents of a set of books: what each is, what it covers, how many gifts it brought, whether it still stands."""

from typing import Any

from ledger.errors import OboleError
from ledger.kinds import kind_word
from ledger.money import to_decimal
from ledger.periods import FinancialYear
from ledger.register.documents import all_documents, find_document, parts_undone, undone_by
from obole.books.opened import Books
from obole.words import _, text_in
from reports.tables import Column, ColumnKind, Row, RowKind, Table


class NoDocument(OboleError):
    """A name that no document has."""


def document_record(books: Books, name: str) -> dict[str, Any]:
    """Return what was told when a document was posted: figures, counts, sums by outcome; else NoDocument."""
    with books.register.connect() as connection:
        row = find_document(connection, name)
        if row is None:
            raise NoDocument(_("{name}: no such document; `obole documents` lists those posted.").format(name=name))
        by = undone_by(connection).get(row.id)
        names = {one.id: one.name for one in all_documents(connection)}
        undone = names.get(by) if by is not None else None
        parts = {one.reference: names[one.by_document_id] for one in parts_undone(connection, row.id)}
    told = row.summary
    return {
        "document": row.name,
        "kind": row.kind,
        "from": row.first_day.isoformat(),
        "to": row.last_day.isoformat(),
        "opening": _amount(row.opening),
        "closing": _amount(row.closing),
        "counts": told.counts,
        "sums": {outcome: _amount(cents) for outcome, cents in told.cents.items()},
        "gifts": row.gifts,
        "posted": row.posted_at,
        "archive": row.archive,
        "journal": row.journal,
        "sha256": row.file_digest,
        "undone_by": undone,
        "parts_undone": parts,
    }


def _amount(cents: int | None) -> str | None:
    return None if cents is None else str(to_decimal(cents))


def document_list(books: Books, lasts: FinancialYear | None, language: str) -> Table:
    """Return one row per document in the order of posting; of one year, those that post in it."""
    with books.register.connect() as connection:
        rows = all_documents(connection)
        undone = undone_by(connection)
    names = {row.id: row.name for row in rows}
    lines = [
        Row(
            RowKind.LINE,
            (
                row.name,
                kind_word(row.kind, language),
                row.first_day,
                row.last_day,
                row.opening,
                row.closing,
                row.gifts,
                row.posted_at,
                names.get(undone.get(row.id, 0), ""),
            ),
        )
        for row in rows
        if lasts is None or (row.first_day <= lasts.last and row.last_day >= lasts.first)
    ]
    columns = (
        Column("name", text_in(language, "Document"), width=40),
        Column("kind", text_in(language, "Kind"), width=12),
        Column("first", text_in(language, "From"), ColumnKind.DATE, width=10),
        Column("last", text_in(language, "To"), ColumnKind.DATE, width=10),
        Column("opening", text_in(language, "Opening balance"), ColumnKind.CENTS, width=16),
        Column("closing", text_in(language, "Closing balance"), ColumnKind.CENTS, width=16),
        Column("gifts", text_in(language, "Gifts"), ColumnKind.COUNT, width=8),
        Column("posted", text_in(language, "Posted at"), width=20),
        Column("undone", text_in(language, "Undone by"), width=44),
    )
    return Table(text_in(language, "Documents"), books.config.organisation.name, language, columns, lines)
