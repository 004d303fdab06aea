"""The documents of a set of books: what each is, what it covers, how many gifts it brought, whether it still stands.

The archived source of one is given out in clear on demand, and that is logged in the vault.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ledger.archive import SourceDamaged
from ledger.errors import OboleError
from ledger.kinds import kind_word
from ledger.money import to_decimal
from ledger.passing import passing_folder
from ledger.periods import FinancialYear
from ledger.register.documents import all_documents, find_document, parts_undone, undone_by
from ledger.vault.readings import log_reading, readings_of
from obole.books.opened import Books, settle
from obole.books.watch import Watch
from obole.words import _, text_in
from reports.tables import Column, ColumnKind, Row, RowKind, Table

_BLOCK = 1 << 20
_PATIENCE = 30.0  # seconds that whoever wants a file waits for who is writing


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
    with books.vault.connect() as identities:
        given = readings_of(identities, row.archive) if row.archive else ()
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
        "given_out": [{"at": one.at, "to": one.person} for one in given],
    }


class Source(NamedTuple):
    """An archived source: its path in the books, and the SHA-256 of what was taken in."""

    archive: str
    digest: str


def source_named(books: Books, name: str) -> Source:
    """Return the source of a document, or the one that is archived under a name or path; else NoDocument."""
    with books.register.connect() as connection:
        row = find_document(connection, name)
        rows = [row] if row is not None else all_documents(connection)
    found = {one.archive: one.file_digest for one in rows if one.archive and (row or _called(one.archive, name))}
    if len(found) == 1:
        return Source(*found.popitem())
    if row is not None:
        raise NoDocument(_("{name}: nothing was archived of this document.").format(name=name))
    if found:
        several = _("{name}: several archived files have this name; give its path in the books: {paths}.")
        raise NoDocument(several.format(name=name, paths=", ".join(sorted(found))))
    raise NoDocument(_("{name}: no such document; `obole documents` lists those posted.").format(name=name))


def _called(archive: str, name: str) -> bool:
    return name in {archive, archive.rpartition("/")[2]}


def give_out(books: Books, name: str, output: Path, person: str) -> Source:
    """Write the archived source of a document in clear to a new file, and log it first; the source.

    NoDocument where there is none, SourceDamaged where it is not what was taken in.
    """
    books.require_new(output)
    problem = Watch(books).problem(person)
    if problem is not None or not person.strip():
        said = problem or _("is empty; say who asks for the file")
        raise OboleError(_("{option}: {problem}.").format(option="--by", problem=said))
    with books.writing(_PATIENCE):
        settle(books)
        source = source_named(books, name)
        path = books.folder.root / source.archive
        if not path.is_file():
            message = _("{file}: the archived source is missing; restore it from your backup.")
            raise OboleError(message.format(file=source.archive))
        if books.archive.digest(path) != source.digest:
            raise SourceDamaged(source.archive)
        with books.vault.begin() as identities:
            log_reading(identities, person.strip(), source.archive)
    with passing_folder(output.parent) as folder:
        made = folder / output.name
        with books.archive.opened(path) as clear, made.open("xb") as out:
            made.chmod(0o600)
            _copy(clear, out, source)
        made.replace(output)
    return source


def _copy(clear: BinaryIO, out: BinaryIO, source: Source) -> None:
    """Copy a source; SourceDamaged where it is not what was taken in."""
    digest = sha256()
    while block := clear.read(_BLOCK):
        digest.update(block)
        out.write(block)
    if digest.hexdigest() != source.digest:
        raise SourceDamaged(source.archive)
    out.flush()
    os.fsync(out.fileno())


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
