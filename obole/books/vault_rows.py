"""A register whose rows go into the vault: laid over what the vault has, taken whole, the vault before the register."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from sqlalchemy import Connection

from importers.sheets.tabular import RegisterFile
from ledger.clock import today
from ledger.errors import Fault
from ledger.posting import Booking
from ledger.records import DocumentKind
from ledger.register.documents import documents_of, free_name
from ledger.sources import source_document
from obole.books.opened import Books
from obole.outcome import Taken

_Row = TypeVar("_Row", bound=Any)


def laid_over(said: _Row, before: _Row | None, columns: frozenset[str], named: Mapping[str, str]) -> _Row:
    """Return a row as the file says it, and where the file has no column as the vault has it.

    `named` gives the field of a column that is called otherwise.
    """
    if before is None:
        return said
    present = {named.get(column, column) for column in columns}
    kept = {field.name: getattr(before, field.name) for field in fields(before) if field.name not in present}
    row: _Row = replace(said, **kept)
    return row


def take_rows(
    books: Books,
    kind: DocumentKind,
    file: RegisterFile[Any],
    changed: Sequence[_Row],
    *,
    remarks: Sequence[Fault] = (),
    save: Callable[[Connection, Sequence[_Row]], None],
) -> Taken:
    """Save the changed rows of a file and post its document; a known file that changes nothing posts nothing."""
    taken = Taken(faults=[*file.warnings, *remarks], counts={kind.value: len(file.rows)})
    day = today()
    with books.posting() as posting:
        known = documents_of(posting.connection, file.digest)
        if not changed and known:
            return Taken(known=known, counts=taken.counts, faults=taken.faults)
        name = free_name(posting.connection, f"{kind}-{day.year}-{file.digest[:8]}")
        record = source_document(kind, name, file.digest, [day], counts=taken.counts)
        # The vault first: after a kill between the two, taking the same rows again posts what is missing.
        with books.vault.begin() as identities:
            save(identities, changed)
        posting.post(Booking(record))
    taken.posted.append(record.name)
    return taken
