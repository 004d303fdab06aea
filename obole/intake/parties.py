"""The register of third parties into the vault: it is never archived, because the vault alone may hold names."""

from pathlib import Path

from importers.registers import parties as party_file
from importers.registers.parties import PartyRow
from ledger.parties import Party
from ledger.records import DocumentKind
from ledger.vault.parties import find_parties, save_parties
from obole.books.opened import Books
from obole.books.vault_rows import laid_over, take_rows
from obole.intake.guards import refuse_file
from obole.outcome import Taken


def take_parties(books: Books, path: Path) -> Taken:
    """Take third parties into the vault: what the file has a column for replaces what the vault had, the rest stays.

    None is forgotten; a file that was taken in before and changes nothing posts nothing.
    """
    file = party_file.read(path)
    refuse_file(path, file)
    with books.vault.connect() as connection:
        before = {row.key: row for row in find_parties(connection, (row.key for row in file.rows))}
    language = books.config.organisation.language
    rows = [_party(row, before.get(row.key), file.columns, language) for row in file.rows]
    changed = [row for row in rows if before.get(row.key) != row]
    return take_rows(books, DocumentKind.PARTIES, file, changed, save=save_parties)


# Columns whose field of a Party has another name.
_FIELDS = {"party": "key", "kind": "kinds"}


def _party(row: PartyRow, before: Party | None, columns: frozenset[str], language: str) -> Party:
    """Return the third party as the row says, and for columns the file does not have as the vault has them."""
    said = Party(
        key=row.key,
        kinds=row.kinds,
        name=row.name,
        first_name=row.first_name,
        street=row.street,
        postcode=row.postcode,
        municipality=row.municipality,
        country=row.country,
        language=row.language or (before.language if before else language),
        iban=row.iban,
        enterprise_number=row.enterprise_number,
        payment_term=row.payment_term,
    )
    return laid_over(said, before, columns, _FIELDS)
