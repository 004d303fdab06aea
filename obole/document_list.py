"""The documents of a set of books: what each is, what it covers, how many gifts it brought, whether it still stands."""

from ledger import register
from obole.books import Books
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


def document_list(books: Books, year: int | None, language: str) -> Table:
    """One row per document in the order of posting; of one year, those that post in it."""

    def word(key: str) -> str:
        return _WORDS[key][language]

    with books.register.connect() as connection:
        rows = register.documents(connection)
        undone = register.undone_by(connection)
    names = {row["id"]: row["name"] for row in rows}
    lines = [
        Row(
            RowKind.LINE,
            (
                row["name"],
                row["kind"],
                row["first_day"],
                row["last_day"],
                row["opening"],
                row["closing"],
                row["gifts"],
                row["posted_at"],
                names.get(undone.get(row["id"], 0), ""),
            ),
        )
        for row in rows
        if year is None or row["first_day"].year <= year <= row["last_day"].year
    ]
    columns = (
        Column("name", word("name"), width=32),
        Column("kind", word("kind"), width=12),
        Column("first", word("first"), ColumnKind.DATE, width=10),
        Column("last", word("last"), ColumnKind.DATE, width=10),
        Column("opening", word("opening"), ColumnKind.CENTS, width=16),
        Column("closing", word("closing"), ColumnKind.CENTS, width=16),
        Column("gifts", word("gifts"), ColumnKind.COUNT, width=8),
        Column("posted", word("posted"), width=20),
        Column("undone", word("undone"), width=32),
    )
    return Table(word("title"), books.config.organisation.name, language, columns, lines)
