"""The register: documents, movements, gifts and their day totals, as keys and cents without a name.

It is the auxiliary journal of gifts (WER III.84): append-only, dated, numbered. Each row carries the CRC of its own
content and each document the SHA-256 of its rows, so that a change by hand is found and named. The books hold its
totals; `day_total`, kept in the same transaction as the gifts, lets the proof read hundreds of rows, not millions.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple, Self

from sqlalchemy import (
    Connection,
    Row,
    RowMapping,
    bindparam,
    exists,
    func,
    select,
    text,
)

from ledger.records import DocumentKind, Gift, LineOutcome
from ledger.register.canonical import crc_of, gift_text, movement_text, rows_digest
from ledger.register.gifts import totals_of
from ledger.register.tables import (
    GIFT_COLUMNS,
    MOVEMENT_COLUMNS,
    day_total,
    document,
    gift,
    movement,
    stands,
    undone,
    undone_part,
)
from ledger.store import bulk_insert, iso, slices

# Queries that each statement asks are put together once: that takes longer than to answer them.
_LAST_ID = select(func.coalesce(func.max(document.c.id), 0))


_LAST_GIFT = select(func.coalesce(func.max(gift.c.id), 0))


_UNDONE = select(undone.c.document_id).where(undone.c.document_id == bindparam("id"))


_BY_NAME = select(document).where(document.c.name == bindparam("name"))


_TAKEN = select(document.c.id).where(document.c.name == bindparam("name"))


class MovementRow(NamedTuple):
    """A line of a document as the register keeps it; dates as ISO text, `outcome` what was made of it.

    `reason` is the code of a return. `donor` and `certificate_elsewhere` are what an export says of money that arrives
    elsewhere.
    """

    position: int
    parent: int | None
    booked: str
    value: str | None
    cents: int
    code: str
    reference: str | None
    mandate: str | None
    reason: str | None
    outcome: LineOutcome
    account: str | None
    donor: str | None = None
    certificate_elsewhere: bool | None = None


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """The telling of `import` about a document: how many lines, and how much, were made what.

    `statements` are those that its file holds at most; `part` marks a document that does not tell that the rest of its
    file is there; `undoes` names the document that it takes back, `follows` marks that it followed from one undone.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    cents: Mapping[str, int] = field(default_factory=dict)
    statements: int = 1
    part: bool = False
    undoes: str | None = None
    follows: str | None = None

    def text(self) -> str:
        """Return it as the register keeps it: JSON, what is empty left out."""
        told: dict[str, Any] = {}
        if self.counts:
            told["counts"] = dict(self.counts)
        if self.cents:
            told["cents"] = dict(self.cents)
        if self.statements > 1:
            told["statements"] = self.statements
        if self.part:
            told["part"] = True
        if self.undoes is not None:
            told["undoes"] = self.undoes
        if self.follows is not None:
            told["follows"] = self.follows
        return json.dumps(told, ensure_ascii=False, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what stands in the register; earlier versions marked a part by a number of statements none has."""
        told = json.loads(text)
        statements = told.get("statements", 1)
        part = bool(told.get("part")) or statements >= _PART_BEFORE
        one = 1 if part else statements
        return cls(told.get("counts", {}), told.get("cents", {}), one, part, told.get("undoes"), told.get("follows"))


_PART_BEFORE = 1_000_000


NOTHING_TOLD = DocumentSummary()


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """One document as it is put into the register."""

    name: str
    kind: DocumentKind
    file_digest: str
    digest: str
    first_day: date
    last_day: date
    bank: str | None = None
    sequence: str | None = None
    opening: int | None = None
    opening_date: date | None = None
    closing: int | None = None
    closing_date: date | None = None
    archive: str | None = None
    summary: DocumentSummary = NOTHING_TOLD


class PostedDocument(NamedTuple):
    """A document of the register, undone or not: its figures, its files, how many rows it has, what was told of it.

    `kind` and `told` are as they stand there, so that what was changed by hand can be named.
    """

    id: int
    name: str
    kind: str
    file_digest: str
    digest: str
    bank: str | None
    sequence: str | None
    opening: int | None
    opening_date: date | None
    closing: int | None
    closing_date: date | None
    first_day: date
    last_day: date
    archive: str | None
    journal: str | None
    journal_digest: str | None
    movements: int
    gifts: int
    rows_digest: str
    told: str
    posted_at: str

    @property
    def summary(self) -> DocumentSummary:
        """Return what `import` told of it."""
        return DocumentSummary.read(self.told)


def insert_document(
    connection: Connection,
    record: DocumentRecord,
    movements: Sequence[MovementRow],
    gifts: Sequence[Gift],
    *,
    journal: str | None,
    journal_digest: str | None,
    posted_at: str,
) -> int:
    """Put a document with its movements, gifts and day totals into the register; its new id.

    The caller holds the transaction; nothing is committed here.
    """
    document_id = int(connection.execute(_LAST_ID).scalar_one()) + 1
    in_order = sorted(movements, key=attrgetter("position"))
    movement_rows, movement_texts = _checked(movement_text, [_movement_values(document_id, row) for row in in_order])
    gift_rows, gift_texts = _checked(gift_text, [_gift_values(document_id, row) for row in gifts])
    values = {
        "id": document_id,
        "name": record.name,
        "kind": record.kind.value,
        "file_digest": record.file_digest,
        "digest": record.digest,
        "bank": record.bank,
        "sequence": record.sequence,
        "opening": record.opening,
        "opening_date": record.opening_date,
        "closing": record.closing,
        "closing_date": record.closing_date,
        "first_day": record.first_day,
        "last_day": record.last_day,
        "archive": record.archive,
        "journal": journal,
        "journal_digest": journal_digest,
        "movements": len(movement_rows),
        "gifts": len(gift_rows),
        "rows_digest": rows_digest(movement_texts, gift_texts),
        "summary": record.summary.text(),
        "posted_at": posted_at,
    }
    values["crc"] = crc_of_document(values)
    connection.execute(document.insert(), values)
    bulk_insert(connection, movement, MOVEMENT_COLUMNS, movement_rows)
    if gift_rows:
        # Numbered here: what a server counts up has gaps after work that was taken back.
        first = int(connection.execute(_LAST_GIFT).scalar_one()) + 1
        numbered = [(number, *row) for number, row in enumerate(gift_rows, start=first)]
        bulk_insert(connection, gift, GIFT_COLUMNS, numbered)
    _insert_totals(connection, document_id, gifts)
    return document_id


def _insert_totals(connection: Connection, document_id: int, gifts: Sequence[Gift]) -> None:
    """Enter what the books must say of a document's gifts."""
    bulk_insert(
        connection,
        day_total,
        [column.name for column in day_total.columns],
        [
            (document_id, key.batch, iso(key.day), *key[2:], total.gifts, total.cents)
            for key, total in sorted(totals_of(gifts).items())
        ],
    )


def _checked(
    canonical: Callable[[tuple[Any, ...]], str], rows: list[tuple[Any, ...]]
) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Return the rows with the CRC of their canonical texts as last value, and these texts."""
    texts = list(map(canonical, rows))
    return [(*row, crc_of(text)) for row, text in zip(rows, texts, strict=True)], texts


_TEXTS = {outcome: outcome.value for outcome in LineOutcome}  # an enum takes SQLite's driver ten times as long


def _movement_values(document_id: int, row: MovementRow) -> tuple[Any, ...]:
    return (document_id, *row[:9], _TEXTS[row.outcome], *row[10:])


def _gift_values(document_id: int, row: Gift) -> tuple[Any, ...]:
    return (
        document_id,
        row.position,
        row.batch,
        row.donor,
        row.cents,
        iso(row.booked),
        row.counted,
        row.account,
        str(row.nature),  # an enum takes SQLite's driver ten times as long as its text
        str(row.channel),
        str(row.counterpart),
        iso(row.ordered) if row.ordered else None,
        iso(row.executed) if row.executed else None,
        iso(row.value) if row.value else None,
        iso(row.paid) if row.paid else None,
        row.campaign,
        row.fund,
        row.reverses,
        row.certificate_elsewhere or None,
        row.project,
        row.department,
    )


def crc_of_document(values: Mapping[str, Any] | RowMapping) -> int:
    """Return the CRC-32 of a document's own columns, as the register keeps it."""
    content = "|".join(str(values[column.name]) for column in document.columns if column.name != "crc")
    return crc_of(content)


def find_document(connection: Connection, name: str) -> PostedDocument | None:
    """Return a document by its name, undone or not; None where there is none."""
    row = connection.execute(_BY_NAME, {"name": name}).first()
    return _posted(row) if row is not None else None


def names_unknown(connection: Connection, names: Iterable[str]) -> list[str]:
    """Return those of these names that no document has, sorted."""
    wanted = sorted(set(names))
    known: set[str] = set()
    for some in slices(wanted):
        known |= set(connection.execute(select(document.c.name).where(document.c.name.in_(some))).scalars())
    return [name for name in wanted if name not in known]


def journals_posted(connection: Connection) -> set[str]:
    """Return the journal files of all documents."""
    return set(connection.execute(select(document.c.journal).where(document.c.journal.is_not(None))).scalars())


def _posted(row: Row[Any]) -> PostedDocument:
    return PostedDocument._make(row[:-1])  # all but the CRC, in the order of the table


def find_standing(connection: Connection, name: str) -> PostedDocument | None:
    """Return the document of this name that stands: if it was undone, the one posted anew in its place, else None."""
    found = find_document(connection, name)
    number = 1
    while found is not None and connection.execute(_UNDONE, {"id": found.id}).first() is not None:
        number += 1
        found = find_document(connection, f"{name}-{number}")
    return found


def free_name(connection: Connection, name: str) -> str:
    """Return the name, or where a document has it, the name with the first number that is free."""
    number, free = 1, name
    while connection.execute(_TAKEN, {"name": free}).first() is not None:
        number += 1
        free = f"{name}-{number}"
    return free


def all_documents(connection: Connection) -> list[PostedDocument]:
    """Return all documents in the order they were posted."""
    return [_posted(row) for row in connection.execute(select(document).order_by(document.c.id))]


class KnownFile(NamedTuple):
    """A physical file seen before; `whole` where each of its statements was posted."""

    kind: str
    documents: tuple[str, ...]
    whole: bool


def known_files(connection: Connection, digests: Iterable[str]) -> dict[str, KnownFile]:
    """Return the files taken in before, by SHA-256."""
    wanted = sorted(set(digests))
    kinds: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    summaries: dict[str, list[DocumentSummary]] = {}
    for some in slices(wanted):
        query = (
            select(document.c.file_digest, document.c.kind, document.c.name, document.c.summary)
            .where(document.c.file_digest.in_(some), stands)
            .order_by(document.c.id)
        )
        for digest, kind, name, summary in connection.execute(query):
            kinds.setdefault(digest, kind)
            names.setdefault(digest, []).append(name)
            summaries.setdefault(digest, []).append(DocumentSummary.read(summary))
    partly = _partly_undone(connection, kinds)
    return {
        digest: KnownFile(kind, tuple(names[digest]), digest not in partly and _is_whole(summaries[digest]))
        for digest, kind in kinds.items()
    }


_GROWING = (DocumentKind.CASH, DocumentKind.JOURNAL, DocumentKind.IN_KIND)


def _partly_undone(connection: Connection, digests: Iterable[str]) -> set[str]:
    """Return those of these files, not of a bank, of which a document or part of one was undone: it may come again.

    A file that grows repeats rows that an earlier one posted: of its kinds each is read where anything was undone.
    """
    part = exists().where(undone_part.c.document_id == document.c.id)
    growing = select(document.c.kind).where(document.c.kind.in_(_GROWING), ~stands | part).distinct()
    again = list(connection.execute(growing).scalars())
    found: set[str] = set()
    for some in slices(sorted(digests)):
        query = select(document.c.file_digest).where(
            document.c.file_digest.in_(some),
            document.c.bank.is_(None),
            ~stands | part | document.c.kind.in_(again),
        )
        found.update(connection.execute(query).scalars())
    return found


def _is_whole(summaries: Sequence[DocumentSummary]) -> bool:
    """Return whether the documents of a file, by what was told of them, are all that it brings."""
    return len(summaries) >= max(one.statements for one in summaries) and not any(one.part for one in summaries)


def replace_journal_digests(connection: Connection, digests: Mapping[int, str]) -> None:
    """Enter the SHA-256 of journal files that an upgrade writes anew, by document: the only change of a document.

    What was posted stays: rows, amounts, days. The caller holds the transaction and writes the files with it.
    """
    if not digests:
        return
    with _changeable(connection, "document"):
        for row in connection.execute(select(document)).mappings().all():
            if row["id"] in digests:
                values = dict(row) | {"journal_digest": digests[row["id"]]}
                change = {"journal_digest": values["journal_digest"], "crc": crc_of_document(values)}
                connection.execute(document.update().where(document.c.id == row["id"]), change)


@contextmanager
def _changeable(connection: Connection, table: str) -> Iterator[None]:
    """Lift what keeps a table append-only, inside the transaction of the caller."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    name = f"{table}_no_update"
    query = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    trigger = str(connection.execute(query, {"name": name}).scalar_one())
    connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    connection.exec_driver_sql(trigger)


def undone_by(connection: Connection) -> dict[int, int]:
    """Return the documents undone, each with the document that undid it."""
    return {row.document_id: row.by_document_id for row in connection.execute(select(undone))}


def insert_undone(connection: Connection, document_id: int, by_document_id: int) -> None:
    """Remember that a document was undone: from now on it is history."""
    connection.execute(undone.insert().values(document_id=document_id, by_document_id=by_document_id))


class UndonePart(NamedTuple):
    """A voucher or decision of a document that was undone alone: by what it is known, its line, what undid it."""

    reference: str
    day: date
    position: int | None
    by_document_id: int


def parts_undone(connection: Connection, document_id: int) -> list[UndonePart]:
    """Return what of a document was undone without it, in the order of undoing."""
    query = select(
        undone_part.c.reference, undone_part.c.day, undone_part.c.position, undone_part.c.by_document_id
    ).where(undone_part.c.document_id == document_id)
    rows = connection.execute(query.order_by(undone_part.c.by_document_id, undone_part.c.reference, undone_part.c.day))
    return [UndonePart(*row) for row in rows]


def insert_undone_parts(connection: Connection, document_id: int, parts: Iterable[UndonePart]) -> None:
    """Remember that parts of a document were undone: they can be posted again, the rest stands."""
    values = [{"document_id": document_id, **one._asdict()} for one in parts]
    connection.execute(undone_part.insert(), values)


def first_document(connection: Connection, kind: str, file_digest: str) -> int | None:
    """Return the first document made from a file of this kind."""
    query = select(func.min(document.c.id)).where(document.c.kind == kind, document.c.file_digest == file_digest)
    found: int | None = connection.execute(query).scalar_one()
    return found


def documents_of(connection: Connection, file_digest: str) -> list[str]:
    """Return the documents made from a file, in order."""
    query = select(document.c.name).where(document.c.file_digest == file_digest, stands).order_by(document.c.id)
    return list(connection.execute(query).scalars())
