"""The register of third parties into the vault: it is never archived, because the vault alone may hold names."""

from dataclasses import fields, replace
from pathlib import Path

from importers.registers import parties as party_file
from importers.registers.parties import PartyRow
from ledger.clock import today
from ledger.parties import Party
from ledger.posting import Booking
from ledger.records import DocumentKind
from ledger.register.documents import documents_of, free_name
from ledger.sources import source_document
from ledger.vault.parties import find_parties, save_parties
from obole.books.opened import Books
from obole.intake.guards import refuse_file, warnings_of
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
    taken = Taken(faults=warnings_of(file), counts={"parties": len(rows)})
    day = today()
    with books.posting() as posting:
        known = documents_of(posting.connection, file.digest)
        if not changed and known:
            return Taken(known=known, counts=taken.counts, faults=taken.faults)
        name = free_name(posting.connection, f"parties-{day.year}-{file.digest[:8]}")
        record = source_document(DocumentKind.PARTIES, name, file.digest, [day], counts=taken.counts)
        # The vault first: after a kill between the two, taking the same rows again posts what is missing.
        with books.vault.begin() as identities:
            save_parties(identities, changed)
        posting.post(Booking(record))
    taken.posted.append(record.name)
    return taken


# Columns whose field of a Party has another name.
_FIELDS = {"party": "key", "kind": "kinds"}


def _party(row: PartyRow, before: Party | None, columns: frozenset[str], language: str) -> Party:
    """The third party as the row says, and for columns the file does not have as the vault has them."""
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
    if before is None:
        return said
    present = {_FIELDS.get(column, column) for column in columns}
    kept = {field.name: getattr(before, field.name) for field in fields(before) if field.name not in present}
    return replace(said, **kept)
