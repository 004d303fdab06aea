"""The importers of one set of books, for beangulp and for Fava's import page (`import.py` in the books)."""

from functools import partial
from pathlib import Path

from beancount.core import data
from beancount.parser import parser

from importers.protocol import Place, SourceImporter
from ledger.register.documents import find_document
from obole.books.opened import Books, open_books
from obole.importing import import_into
from obole.intake.kinds import SOURCE_KINDS


def importers(root: Path) -> list[SourceImporter]:
    """Return one importer per kind of source, on the books in `root`."""
    books = open_books(root)
    return [
        SourceImporter(kind.value, identify, partial(_place, books), partial(_preview, books))
        for kind, identify in SOURCE_KINDS
    ]


def _preview(books: Books, path: Path) -> data.Entries:
    """Return what taking the file in would add to the books, by a dry run."""
    entries: data.Entries = []
    with books.tried() as trial:
        import_into(trial, [path])
        assert trial.trial is not None
        for file in sorted(trial.trial.journal):
            entries += parser.parse_string(file.text, report_filename=str(file.path))[0]
    return entries


def _place(books: Books, path: Path) -> Place:
    with books.tried() as trial:
        told = import_into(trial, [path]).told[0]
        with trial.register.connect() as connection:
            names = [*told.posted, *told.known]
            found = find_document(connection, names[0]) if names else None
    if found is None:
        return Place(books.paths[books.config.gifts.suspense], None, None)
    bank = next((bank.account for bank in books.config.bank if bank.alias == found.bank), books.config.gifts.suspense)
    return Place(books.paths[bank], found.last_day, f"{found.name}{path.suffix.lower()}")
