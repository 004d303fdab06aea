"""The documents of a set of books: what each is, what it covers, how many gifts it brought, whether it still stands."""

from typing import Any

from ledger.errors import OboleError
from ledger.money import to_decimal
from ledger.register.documents import all_documents, find_document, undone_by
from obole.books.opened import Books
from reports.tables import Column, ColumnKind, Row, RowKind, Table

_WORDS = {
    "title": {"fr": "Pièces", "nl": "Stukken", "de": "Belege", "en": "Documents"},
    "name": {"fr": "Pièce", "nl": "Stuk", "de": "Beleg", "en": "Document"},
    "kind": {"fr": "Sorte", "nl": "Soort", "de": "Art", "en": "Kind"},
    "first": {"fr": "Du", "nl": "Van", "de": "Von", "en": "From"},
    "last": {"fr": "Au", "nl": "Tot", "de": "Bis", "en": "To"},
    "opening": {"fr": "Solde initial", "nl": "Beginsaldo", "de": "Anfangssaldo", "en": "Opening balance"},
    "closing": {"fr": "Solde final", "nl": "Eindsaldo", "de": "Endsaldo", "en": "Closing balance"},
    "gifts": {"fr": "Dons", "nl": "Giften", "de": "Spenden", "en": "Gifts"},
    "posted": {"fr": "Comptabilisé le", "nl": "Geboekt op", "de": "Gebucht am", "en": "Posted at"},
    "undone": {"fr": "Annulé par", "nl": "Tegengeboekt door", "de": "Storniert durch", "en": "Undone by"},
}


class NoDocument(OboleError):
    """A name that no document has."""


def document_record(books: Books, name: str) -> dict[str, Any]:
    """What was told when a document was posted: figures, counts and sums by outcome; NoDocument for another name."""
    with books.register.connect() as connection:
        row = find_document(connection, name)
        if row is None:
            raise NoDocument(f"{name}: no such document; `obole documents` lists those posted.")
        by = undone_by(connection).get(row.id)
        undone = next((one.name for one in all_documents(connection) if one.id == by), None)
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
    }


def _amount(cents: int | None) -> str | None:
    return None if cents is None else str(to_decimal(cents))


def document_list(books: Books, year: int | None, language: str) -> Table:
    """One row per document in the order of posting; of one year, those that post in it."""

    def word(key: str) -> str:
        return _WORDS[key][language]

    with books.register.connect() as connection:
        rows = all_documents(connection)
        undone = undone_by(connection)
    names = {row.id: row.name for row in rows}
    lines = [
        Row(
            RowKind.LINE,
            (
                row.name,
                row.kind,
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
        if year is None or row.first_day.year <= year <= row.last_day.year
    ]
    columns = (
        Column("name", word("name"), width=40),
        Column("kind", word("kind"), width=12),
        Column("first", word("first"), ColumnKind.DATE, width=10),
        Column("last", word("last"), ColumnKind.DATE, width=10),
        Column("opening", word("opening"), ColumnKind.CENTS, width=16),
        Column("closing", word("closing"), ColumnKind.CENTS, width=16),
        Column("gifts", word("gifts"), ColumnKind.COUNT, width=8),
        Column("posted", word("posted"), width=20),
        Column("undone", word("undone"), width=44),
    )
    return Table(word("title"), books.config.organisation.name, language, columns, lines)
