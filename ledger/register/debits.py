"""The register of direct debits: collections sent to the bank, their instalments, and those that failed.

Each attempt on an instalment is a row of its own that never changes; what became of it is told by the rows of
`rejection` and by the bank's movements that carry its EndToEndId. Mandates and keys stand here, no name and no IBAN.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    case,
    exists,
    func,
    select,
)

from ledger.instalments import Attempt, Fate, History, Instalment, Outcome, SequenceType
from ledger.records import DocumentKind, LineOutcome
from ledger.register.tables import document, metadata, movement, stands, voucher, was_undone
from ledger.store import bulk_insert, slices

collection = Table(
    "collection",
    metadata,
    Column("reference", String, primary_key=True),
    Column("document_id", Integer, ForeignKey("document.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("due", Date, nullable=False),
    Column("count", Integer, nullable=False),
    Column("cents", Integer, nullable=False),
    sqlite_with_rowid=False,
)


instalment = Table(
    "instalment",
    metadata,
    Column("mandate", String, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("period", Date, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("collection", String, ForeignKey("collection.reference"), nullable=False),
    Column("end_to_end", String, nullable=False),
    Column("donor", String, nullable=False),
    Column("cents", Integer, nullable=False),
    Column("due", Date, nullable=False),
    CheckConstraint("cents > 0", name="instalment_positive"),
    UniqueConstraint("end_to_end", name="instalment_end_to_end"),
    # What makes collecting a month twice impossible: the second attempt needs the failure of the first.
    UniqueConstraint("mandate", "period", "attempt", name="instalment_once"),
    sqlite_with_rowid=False,
)


Index("instalment_collection", instalment.c.collection)


Index("instalment_period", instalment.c.period)


rejection = Table(
    "rejection",
    metadata,
    Column("end_to_end", String, primary_key=True),
    Column("document_id", Integer, ForeignKey("document.id"), primary_key=True),
    Column("kind", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("reason", String, nullable=False),
    Column("fate", String, nullable=False),
    sqlite_with_rowid=False,
)


class FailureKind(StrEnum):
    """The way a collection fails: before money moved, sent back by the debtor's bank, or claimed back by the debtor."""

    REJECT = "reject"
    RETURN = "return"
    REFUND = "refund"


class Failure(NamedTuple):
    """A collection that failed; `end_to_end` is that of its instalment."""

    end_to_end: str
    kind: FailureKind
    day: date
    reason: str
    fate: Fate


class Debit(NamedTuple):
    """An instalment and where it stands: `rejected` before settlement, `credited` by a movement of the bank."""

    end_to_end: str
    mandate: str
    donor: str
    cents: int
    due: date
    rejected: bool
    credited: bool


class Collected(NamedTuple):
    """A collection as the bank's total names it (PmtInfId), with its instalments by EndToEndId.

    Where the total names a whole message (MsgId), `blocks` are its collections. `withdrawn`: it was undone here.
    """

    reference: str
    cents: int
    debits: tuple[Debit, ...]
    withdrawn: bool = False
    blocks: "tuple[Collected, ...]" = ()


class Sent(NamedTuple):
    """A collection that was written: its document and archive, its reference, type, day, count and sum."""

    document: str
    document_id: int
    archive: str
    reference: str
    kind: str
    due: date
    instalments: int
    cents: int


# A line of the bank that brought an instalment: a detail, or what a total without details was split into.
_BROUGHT = (LineOutcome.GIFT.value, LineOutcome.INSTALMENT.value)


def _failed(*kinds: FailureKind) -> Any:
    """Return the condition that an instalment failed in one of these ways."""
    return exists().where(
        rejection.c.end_to_end == instalment.c.end_to_end, rejection.c.kind.in_(kinds), ~was_undone(rejection)
    )


def insert_collection(
    connection: Connection, document_id: int, reference: str, kind: SequenceType, instalments: Sequence[Instalment]
) -> None:
    """Enter a collection and its instalments, which must all be of this type and day; the caller commits."""
    connection.execute(
        collection.insert().values(
            reference=reference,
            document_id=document_id,
            kind=kind.value,
            due=instalments[0].due,
            count=len(instalments),
            cents=sum(one.cents for one in instalments),
        )
    )
    bulk_insert(
        connection,
        instalment,
        [column.name for column in instalment.columns],
        [
            (
                one.mandate,
                one.sequence,
                one.period.isoformat(),
                one.attempt,
                reference,
                one.end_to_end,
                one.donor,
                one.cents,
                one.due.isoformat(),
            )
            for one in instalments
        ],
    )


def insert_failures(connection: Connection, document_id: int, failures: Iterable[Failure]) -> None:
    """Enter what a document says of failed collections, once for each instalment."""
    rows = {
        one.end_to_end: (one.end_to_end, document_id, one.kind.value, one.day.isoformat(), one.reason, one.fate.value)
        for one in failures
    }
    bulk_insert(connection, rejection, [column.name for column in rejection.columns], list(rows.values()))


def histories(connection: Connection, since: date) -> dict[str, History]:
    """Return what each mandate was debited for; attempts are those for the months from `since` on."""
    dead = _failed(FailureKind.REJECT) | (was_undone(collection) & ~_credited())
    tallies = (
        select(
            instalment.c.mandate,
            func.max(instalment.c.sequence),
            func.sum(case((dead, 0), else_=1)),
            func.max(case((dead, 0), else_=instalment.c.sequence)),
        )
        .join(collection, collection.c.reference == instalment.c.collection)
        .group_by(instalment.c.mandate)
    )
    attempts = _attempts(connection, since)
    return {
        mandate: History(last, bool(stood), tuple(attempts.get(mandate, ())), last_stood)
        for mandate, last, stood, last_stood in connection.execute(tallies)
    }


def _attempts(connection: Connection, since: date) -> dict[str, list[Attempt]]:
    """Return the attempts of each mandate for the months from `since` on, in their order."""
    rows = (
        select(
            instalment.c.mandate,
            instalment.c.end_to_end,
            instalment.c.period,
            instalment.c.attempt,
            was_undone(collection) & ~_credited(),  # one that the bank collected all the same is not asked for again
        )
        .join(collection, collection.c.reference == instalment.c.collection)
        .where(instalment.c.period >= since)
        .order_by(instalment.c.mandate, instalment.c.sequence)
    )
    failures = {
        row.end_to_end: (row.kind, Fate(row.fate))
        for row in connection.execute(
            select(rejection.c.end_to_end, rejection.c.kind, rejection.c.fate)
            .join(instalment, instalment.c.end_to_end == rejection.c.end_to_end)
            .where(instalment.c.period >= since, ~was_undone(rejection))
            .order_by(rejection.c.day, rejection.c.document_id)
        )
    }
    attempts: dict[str, list[Attempt]] = {}
    for mandate, reference, period, number, withdrawn in connection.execute(rows):
        failure = failures.get(reference)
        if withdrawn:
            attempt = Attempt(period, number, Outcome.UNDONE)
        elif failure is None:
            attempt = Attempt(period, number, Outcome.STANDS)
        else:
            kind, fate = failure
            outcome = Outcome.REJECTED if kind == FailureKind.REJECT else Outcome.RETURNED
            attempt = Attempt(period, number, outcome, fate.again, fate is Fate.CORRECT)
        attempts.setdefault(mandate, []).append(attempt)
    return attempts


def collected(connection: Connection, reference: str) -> Collected | None:
    """Return the collection of this PmtInfId with where its instalments stand; None where it is none of ours."""
    return collections_of(connection, [reference]).get(reference)


def collections_of(connection: Connection, references: Iterable[str]) -> dict[str, Collected]:
    """Return those of these PmtInfIds that are collections of ours, each with where its instalments stand."""
    found: dict[str, Collected] = {}
    for some in slices(sorted(set(references))):
        ours = select(collection.c.reference, collection.c.cents).where(
            collection.c.reference.in_(some), ~was_undone(collection)
        )
        for row in connection.execute(ours).all():
            debits_ = sorted(_debits(connection, instalment.c.collection == row.reference))
            found[row.reference] = Collected(row.reference, row.cents, tuple(debits_))
    return found


# A PmtInfId of 35 characters may come cut, to 21 for instance, as old fields have them; a shorter one says nothing.
_CUT = 20


def named_collections(connection: Connection, names: Iterable[str]) -> dict[str, Collected]:
    """Return those of these names (PmtInfId or MsgId) that are of collections of ours, those withdrawn too.

    Of a name that was cut, the collections whose PmtInfId begins so are its blocks: the amount tells which it is.
    """
    found: dict[str, Collected] = {}
    for some in slices(sorted(set(names))):
        blocks = _blocks(connection, collection.c.reference.in_(some))
        found |= {block.reference: block for _document, block in blocks}
        messages = _messages(connection, [name for name in some if name not in found])
        wanted = {document_id for documents in messages.values() for document_id in documents}
        of_messages = _blocks(connection, collection.c.document_id.in_(sorted(wanted))) if wanted else []
        for name, documents in messages.items():
            inside = tuple(block for document_id, block in of_messages if document_id in documents)
            found[name] = _whole(name, inside)
        for name in some:
            if name not in found and len(name) >= _CUT:
                cut = _blocks(connection, collection.c.reference.startswith(name, autoescape=True))
                if cut:
                    found[name] = _whole(name, tuple(block for _document, block in cut))
    return found


def _whole(name: str, inside: tuple[Collected, ...]) -> Collected:
    """Return collections as one that a name means."""
    debits_ = tuple(debit for block in inside for debit in block.debits)
    cents, withdrawn = sum(block.cents for block in inside), all(block.withdrawn for block in inside)
    return Collected(name, cents, debits_, withdrawn, inside)


def _blocks(connection: Connection, condition: Any) -> list[tuple[int, Collected]]:
    """Return collections with the id of their document."""
    query = select(collection.c.document_id, collection.c.reference, collection.c.cents, was_undone(collection)).where(
        condition
    )
    rows = connection.execute(query.order_by(collection.c.reference)).all()
    return [
        (document_id, Collected(name, cents, tuple(sorted(_debits(connection, _of(name)))), bool(undone)))
        for document_id, name, cents, undone in rows
    ]


def _of(reference: str) -> Any:
    return instalment.c.collection == reference


def _messages(connection: Connection, names: Sequence[str]) -> dict[str, set[int]]:
    """Return the documents of collections by their MsgId: our own is the name, that of another program a voucher."""
    found: dict[str, set[int]] = {}
    ours = select(document.c.name, document.c.id).where(document.c.name.in_(names))
    others = select(voucher.c.reference, voucher.c.document_id).where(
        voucher.c.kind == DocumentKind.COLLECTION.value, voucher.c.reference.in_(names)
    )
    known = exists().where(collection.c.document_id == document.c.id)
    for query in (ours.where(known), others):
        for name, document_id in connection.execute(query):
            found.setdefault(name, set()).add(document_id)
    return found


def withdrawn_among(connection: Connection, references: Iterable[str]) -> dict[str, str]:
    """Return the collections, by EndToEndId, of those of these instalments whose collection was withdrawn."""
    asked = sorted(set(references))
    withdrawn = select(collection.c.reference).where(was_undone(collection))
    if not asked or connection.execute(withdrawn.limit(1)).first() is None:
        return {}
    query = select(instalment.c.end_to_end, instalment.c.collection).where(instalment.c.collection.in_(withdrawn))
    return {
        end_to_end: reference
        for some in slices(asked)
        for end_to_end, reference in connection.execute(query.where(instalment.c.end_to_end.in_(some)))
    }


class MandateDebit(NamedTuple):
    """A debit of which the bank says the mandate, the amount and the day, and masks the EndToEndId."""

    mandate: str
    cents: int
    day: date


_NEAR = timedelta(days=14)  # between the day asked for and that of the credit


def withdrawn_of_mandates(connection: Connection, asked: Sequence[MandateDebit]) -> list[str | None]:
    """Return for each masked debit the withdrawn collection that it must be of, None where it may be of another.

    It must be where no instalment that stands is left for it, once those that came before have theirs.
    """
    withdrawn = select(collection.c.reference).where(was_undone(collection))
    if not asked or connection.execute(withdrawn.limit(1)).first() is None:
        return [None] * len(asked)
    seen: Counter[tuple[str, int]] = Counter()
    found = []
    for one in asked:
        near = instalment.c.due.between(one.day - _NEAR, one.day + _NEAR)
        query = (
            select(instalment.c.collection, was_undone(collection))
            .join(collection, collection.c.reference == instalment.c.collection)
            .where(instalment.c.mandate == one.mandate, instalment.c.cents == one.cents, near)
            .order_by(instalment.c.sequence)
        )
        rows = connection.execute(query).all()
        gone = [reference for reference, undone in rows if undone]
        came = _came(connection, one) + seen[one.mandate, one.cents]
        seen[one.mandate, one.cents] += 1
        found.append(gone[-1] if gone and came >= len(rows) - len(gone) else None)
    return found


def _came(connection: Connection, one: MandateDebit) -> int:
    """Return how many debits of a mandate and amount came about that day."""
    query = (
        select(func.count())
        .select_from(movement)
        .join(document, document.c.id == movement.c.document_id)
        .where(
            movement.c.mandate == one.mandate,
            movement.c.cents == one.cents,
            movement.c.outcome.in_(_BROUGHT),
            movement.c.booked.between(one.day - _NEAR, one.day + _NEAR),
            stands,
        )
    )
    return int(connection.execute(query).scalar_one())


def debits(connection: Connection, references: Iterable[str]) -> dict[str, Debit]:
    """Return the instalments of these EndToEndIds that are ours."""
    wanted = sorted(set(references))
    return {
        one.end_to_end: one for some in slices(wanted) for one in _debits(connection, instalment.c.end_to_end.in_(some))
    }


def _debits(connection: Connection, condition: Any) -> list[Debit]:
    query = select(
        instalment.c.end_to_end,
        instalment.c.mandate,
        instalment.c.donor,
        instalment.c.cents,
        instalment.c.due,
        _failed(FailureKind.REJECT),
        _credited(),
    ).where(condition)
    return [Debit(*row[:5], bool(row[5]), bool(row[6])) for row in connection.execute(query)]


def _credited() -> Any:
    return (
        exists()
        .where(
            movement.c.reference == instalment.c.end_to_end,
            movement.c.cents > 0,
            movement.c.outcome.in_(_BROUGHT),
            movement.c.document_id == document.c.id,
            stands,
        )
        .correlate(instalment)
    )


def collection_name(period: date) -> str:
    """Return how the names of the documents of a month's collections begin: `collection-2025-03`; a number follows."""
    return f"collection-{period:%Y-%m}"


def sent(connection: Connection, period: date) -> list[Sent]:
    """Return the collections made for a month, by document and type; those withdrawn left out."""
    query = (
        select(
            document.c.name,
            document.c.id,
            document.c.archive,
            collection.c.reference,
            collection.c.kind,
            collection.c.due,
            collection.c.count,
            collection.c.cents,
        )
        .join(collection, collection.c.document_id == document.c.id)
        .where(document.c.name.startswith(f"{collection_name(period)}-"), stands)
        .order_by(document.c.id, collection.c.reference)
    )
    return [Sent(*row) for row in connection.execute(query)]


def references_of(connection: Connection, name: str) -> list[str]:
    """Return the PmtInfIds of a collection's document (its MsgId is the document's name)."""
    query = (
        select(collection.c.reference)
        .join(document, document.c.id == collection.c.document_id)
        .where(document.c.name == name)
        .order_by(collection.c.reference)
    )
    return list(connection.execute(query).scalars())


def instalments_of(connection: Connection, document_id: int) -> list[Instalment]:
    """Return the instalments that a collection's document asks for, in the order of its file."""
    query = (
        select(instalment, collection.c.kind)
        .join(collection, collection.c.reference == instalment.c.collection)
        .where(collection.c.document_id == document_id)
        .order_by(collection.c.kind, instalment.c.mandate, instalment.c.sequence)
    )
    return [
        Instalment(
            row.mandate,
            row.sequence,
            row.period,
            row.attempt,
            row.donor,
            row.cents,
            row.due,
            SequenceType(row.kind),
            row.end_to_end,
        )
        for row in connection.execute(query)
    ]


def has_failures(connection: Connection, document_id: int) -> bool:
    """Return whether a document entered that collections failed."""
    query = select(rejection.c.end_to_end).where(rejection.c.document_id == document_id).limit(1)
    return connection.execute(query).first() is not None
