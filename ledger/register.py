"""The register: documents, movements, gifts and their day totals, as keys and cents without a name.

It is the auxiliary journal of gifts (WER III.84): append-only, dated, numbered. Each row carries the CRC of its own
content and each document the SHA-256 of its rows, so that a change by hand is found and named. The books hold its
totals; `day_total`, kept in the same transaction as the gifts, lets the proof read hundreds of rows, not millions.
"""

import hashlib
import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    exists,
    extract,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
)

from ledger.money import to_decimal
from ledger.records import Channel, Counterpart, DocumentKind, Gift, Nature
from ledger.store import bulk_insert, iso, slices

metadata = MetaData()

document = Table(
    "document",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("file_digest", String, nullable=False, index=True),
    Column("digest", String, nullable=False, index=True),
    Column("bank", String),
    Column("sequence", String),
    Column("opening", Integer),
    Column("opening_date", Date),
    Column("closing", Integer),
    Column("closing_date", Date),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("archive", String),
    Column("journal", String),
    Column("journal_digest", String),
    Column("movements", Integer, nullable=False),
    Column("gifts", Integer, nullable=False),
    Column("rows_digest", String, nullable=False),
    Column("summary", Text, nullable=False),
    Column("posted_at", String, nullable=False),
    Column("crc", Integer, nullable=False),
)

movement = Table(
    "movement",
    metadata,
    Column("document_id", Integer, ForeignKey("document.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("parent", Integer),
    Column("booked", Date, nullable=False),
    Column("value", Date),
    Column("cents", Integer, nullable=False),
    Column("code", String, nullable=False),
    Column("reference", String),
    Column("mandate", String),
    Column("reason", String),
    Column("outcome", String, nullable=False),
    Column("account", String),
    Column("crc", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Index("movement_reference", movement.c.reference, sqlite_where=movement.c.reference.is_not(None))
Index("movement_suspense", movement.c.outcome, sqlite_where=movement.c.outcome == "suspense")

gift = Table(
    "gift",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document_id", Integer, ForeignKey("document.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("donor", String),
    Column("cents", Integer, nullable=False),
    Column("booked", Date, nullable=False),
    Column("counted", Integer, nullable=False),
    Column("account", String, nullable=False),
    Column("nature", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("counterpart", String, nullable=False),
    Column("ordered", Date),
    Column("executed", Date),
    Column("value", Date),
    Column("paid", Date),
    Column("campaign", String),
    Column("fund", String),
    Column("reverses", Integer, ForeignKey("gift.id")),
    Column("crc", Integer, nullable=False),
    CheckConstraint("cents <> 0", name="gift_not_nothing"),
    CheckConstraint("(reverses IS NULL) = (cents > 0)", name="gift_negative_reverses"),
)
Index("gift_document", gift.c.document_id, gift.c.position)
Index("gift_counted", gift.c.counted, gift.c.donor)
Index("gift_reverses", gift.c.reverses, unique=True, sqlite_where=gift.c.reverses.is_not(None))

day_total = Table(
    "day_total",
    metadata,
    Column("document_id", Integer, ForeignKey("document.id"), primary_key=True),
    Column("batch", Integer, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("account", String, primary_key=True),
    Column("fund", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("cents", Integer, nullable=False),
    sqlite_with_rowid=False,
)

assignment = Table(
    "assignment",
    metadata,
    Column("document_id", Integer, ForeignKey("document.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("item_document_id", Integer, nullable=False),
    Column("item_position", Integer, nullable=False),
    Column("donor", String),
    Column("account", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("reason", Text),
    sqlite_with_rowid=False,
)
Index("assignment_item", assignment.c.item_document_id, assignment.c.item_position)

closed_year = Table(
    "closed_year",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("seal_digest", String, nullable=False),
    Column("closed_at", String, nullable=False),
)

voucher = Table(
    "voucher",
    metadata,
    Column("kind", String, primary_key=True),
    Column("reference", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("digest", String, nullable=False),
    Column("document_id", Integer, ForeignKey("document.id"), primary_key=True),
    sqlite_with_rowid=False,
)

undone = Table(
    "undone",
    metadata,
    Column("document_id", Integer, ForeignKey("document.id"), primary_key=True),
    Column("by_document_id", Integer, ForeignKey("document.id"), nullable=False),
    sqlite_with_rowid=False,
)

in_kind = Table(
    "in_kind",
    metadata,
    Column("reference", String, primary_key=True),
    Column("document_id", Integer, ForeignKey("document.id"), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("category", String, nullable=False),
    Column("description", Text, nullable=False),
    Column("quantity", String),
    Column("unit_cents", Integer),
    Column("cents", Integer, nullable=False),
    Column("valuation", String, nullable=False),
    Column("valued_on", Date),
    Column("evidence", Text, nullable=False),
    Column("account", String, nullable=False),
    Column("project", String),
)

grant = Table(
    "grant_contract",
    metadata,
    Column("reference", String, primary_key=True),
    Column("document_id", Integer, ForeignKey("document.id"), nullable=False),
    Column("funder", String, nullable=False),
    Column("funder_kind", String, nullable=False),
    Column("contract", String, nullable=False),
    Column("content", Text, nullable=False),
)

_GIFT_COLUMNS = tuple(column.name for column in gift.columns)
_MOVEMENT_COLUMNS = tuple(column.name for column in movement.columns)
_GIFT_FORMAT = "|".join(["%s"] * (len(_GIFT_COLUMNS) - 2))  # without id and crc
_MOVEMENT_FORMAT = "|".join(["%s"] * (len(_MOVEMENT_COLUMNS) - 1))  # without crc


def was_undone(table: Table) -> Any:
    """The condition that the document of a row was undone."""
    return exists().where(undone.c.document_id == table.c.document_id)


# A document that was undone is history: nothing that asks what is posted sees it.
stands = ~exists().where(undone.c.document_id == document.c.id)

# Queries that each statement asks are put together once: that takes longer than to answer them.
_LAST_ID = select(func.coalesce(func.max(document.c.id), 0))
_UNDONE = select(undone.c.document_id).where(undone.c.document_id == bindparam("id"))
_BY_NAME = select(document).where(document.c.name == bindparam("name"))


class MovementRow(NamedTuple):
    """A line of a document as the register keeps it; dates as ISO text, `outcome` what was made of it."""

    position: int
    parent: int | None
    booked: str
    value: str | None
    cents: int
    code: str
    reference: str | None
    mandate: str | None
    reason: str | None
    outcome: str
    account: str | None


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """One document as it is put into the register. `summary` is what `import` told about it."""

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
    summary: Mapping[str, Any] = field(default_factory=dict)


class DayTotal(NamedTuple):
    """The gifts of one document on one day, income account, fund and channel; `batch` the total they are part of."""

    document: str
    batch: int
    day: date
    account: str
    fund: str
    channel: str
    gifts: int
    cents: int


class Original(NamedTuple):
    """The gift a return takes back."""

    id: int
    donor: str | None
    cents: int
    counted: int
    account: str
    channel: str
    campaign: str | None
    fund: str | None
    reversed: bool
    reference: str | None = None
    mandate: str | None = None


class Alteration(NamedTuple):
    """A row whose content is not what was posted."""

    table: str
    place: str
    problem: str


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
    movement_rows, movement_texts = _checked(_MOVEMENT_FORMAT, [(document_id, *row) for row in in_order])
    gift_rows, gift_texts = _checked(_GIFT_FORMAT, [_gift_values(document_id, row) for row in gifts])
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
        "summary": json.dumps(dict(record.summary), ensure_ascii=False, sort_keys=True),
        "posted_at": posted_at,
    }
    values["crc"] = _crc_of_document(values)
    connection.execute(document.insert(), values)
    bulk_insert(connection, movement, _MOVEMENT_COLUMNS, movement_rows)
    bulk_insert(connection, gift, _GIFT_COLUMNS[1:], gift_rows)
    bulk_insert(
        connection,
        day_total,
        [column.name for column in day_total.columns],
        [
            (document_id, batch, iso(day), account, fund, channel, count, cents)
            for (batch, day, account, fund, channel), (count, cents) in sorted(totals_of(gifts).items())
        ],
    )
    return document_id


def totals_of(gifts: Iterable[Gift]) -> dict[tuple[int, date, str, str, str], tuple[int, int]]:
    """Count and cents by (batch, day, account, fund, channel)."""
    amounts: defaultdict[tuple[int, date, str, str, str], list[int]] = defaultdict(list)
    for row in gifts:
        amounts[row.batch, row.booked, row.account, row.fund or "", str(row.channel)].append(row.cents)
    return {key: (len(cents), sum(cents)) for key, cents in amounts.items()}


def rows_digest(movements: Iterable[str], gifts: Iterable[str]) -> str:
    """SHA-256 over the canonical texts of a document's rows, movements first."""
    digest = hashlib.sha256("\n".join(movements).encode())
    digest.update(b"\n\n")
    digest.update("\n".join(gifts).encode())
    return digest.hexdigest()


def _checked(pattern: str, rows: list[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], list[str]]:
    """The rows with the CRC of their canonical texts as last value, and these texts."""
    texts = [pattern % row for row in rows]
    return [(*row, zlib.crc32(text.encode())) for row, text in zip(rows, texts, strict=True)], texts


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
    )


def _crc_of_document(values: Mapping[str, Any] | RowMapping) -> int:
    text = "|".join(str(values[column.name]) for column in document.columns if column.name != "crc")
    return zlib.crc32(text.encode())


def find_document(connection: Connection, name: str) -> Mapping[str, Any] | None:
    """A document by its name, undone or not, as a mapping of its columns; None where there is none."""
    row = connection.execute(_BY_NAME, {"name": name}).mappings().first()
    return dict(row) if row else None


def find_standing(connection: Connection, name: str) -> Mapping[str, Any] | None:
    """The document of this name that stands: where it was undone, the one posted anew in its place, else None."""
    found = find_document(connection, name)
    number = 1
    while found is not None and connection.execute(_UNDONE, {"id": found["id"]}).first() is not None:
        number += 1
        found = find_document(connection, f"{name}-{number}")
    return found


def free_name(connection: Connection, name: str) -> str:
    """The name, or where a document has it, the name with the first number that is free."""
    number, free = 1, name
    while find_document(connection, free) is not None:
        number += 1
        free = f"{name}-{number}"
    return free


def documents(connection: Connection) -> list[Mapping[str, Any]]:
    """All documents in the order they were posted."""
    return [dict(row) for row in connection.execute(select(document).order_by(document.c.id)).mappings()]


_BEFORE = (
    select(document.c.name, document.c.closing)
    .where(
        document.c.bank == bindparam("bank"),
        document.c.closing.is_not(None),
        stands,
        or_(
            document.c.closing_date < bindparam("day"),
            and_(document.c.closing_date == bindparam("day"), document.c.sequence < bindparam("sequence")),
        ),
    )
    .order_by(document.c.closing_date.desc(), document.c.sequence.desc())
    .limit(1)
)


def previous_closing(connection: Connection, bank: str, day: date, sequence: str) -> tuple[str, int] | None:
    """Name and closing balance of the statement of this account that comes before (day, sequence)."""
    row = connection.execute(_BEFORE, {"bank": bank, "day": day, "sequence": sequence}).first()
    return None if row is None else (str(row.name), int(row.closing))


class StatementRow(NamedTuple):
    """A posted statement of a bank account."""

    id: int
    name: str
    kind: str
    sequence: str
    opening: int
    closing: int
    closing_date: date


_STATEMENT = (
    document.c.id,
    document.c.name,
    document.c.kind,
    document.c.sequence,
    document.c.opening,
    document.c.closing,
    document.c.closing_date,
)


def statements_between(connection: Connection, bank: str, first: date, last: date) -> list[StatementRow]:
    """The statements of an account that share a day with this period, in their order."""
    query = (
        select(*_STATEMENT)
        .where(document.c.bank == bank, stands, document.c.closing_date >= first, document.c.first_day <= last)
        .order_by(document.c.closing_date, document.c.sequence)
    )
    return [StatementRow(*row) for row in connection.execute(query)]


def statement_before(connection: Connection, bank: str, day: date, sequence: str) -> StatementRow | None:
    """The statement of an account that comes before (day, sequence)."""
    query = (
        select(*_STATEMENT)
        .where(
            document.c.bank == bank,
            stands,
            or_(document.c.closing_date < day, and_(document.c.closing_date == day, document.c.sequence < sequence)),
        )
        .order_by(document.c.closing_date.desc(), document.c.sequence.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else StatementRow(*row)


def booked_amounts(connection: Connection, document_id: int) -> dict[date, Counter[int]]:
    """How often each amount was booked on each day of a statement; details of totals left out."""
    query = (
        select(movement.c.booked, movement.c.cents, func.count())
        .where(movement.c.document_id == document_id, movement.c.parent.is_(None))
        .group_by(movement.c.booked, movement.c.cents)
    )
    found: dict[date, Counter[int]] = defaultdict(Counter)
    for day, cents, count in connection.execute(query):
        found[day][cents] = count
    return dict(found)


def totals_split(connection: Connection, bank: str, day: date, cents: int) -> int:
    """How many totals of this amount were split by their details on a day of an account."""
    query = (
        select(func.count())
        .select_from(movement)
        .join(document, document.c.id == movement.c.document_id)
        .where(
            document.c.bank == bank,
            stands,
            movement.c.booked == day,
            movement.c.cents == cents,
            movement.c.parent.is_(None),
            movement.c.outcome == "batch",
        )
    )
    return int(connection.execute(query).scalar_one())


def banks_with(connection: Connection, kind: str) -> set[str]:
    """The bank accounts that have a standing document of this kind."""
    query = select(document.c.bank).where(document.c.kind == kind, document.c.bank.is_not(None), stands).distinct()
    return set(connection.execute(query).scalars())


_BACK = gift.alias("back")
_COLLECTED = (
    select(
        gift.c.id,
        gift.c.donor,
        gift.c.cents,
        gift.c.counted,
        gift.c.account,
        gift.c.channel,
        gift.c.campaign,
        gift.c.fund,
        _BACK.c.id.is_not(None),
        movement.c.reference,
        movement.c.mandate,
    )
    .select_from(movement)
    .join(gift, (gift.c.document_id == movement.c.document_id) & (gift.c.position == movement.c.position))
    .outerjoin(_BACK, _BACK.c.reverses == gift.c.id)
    .where(gift.c.cents > 0)
    .order_by(gift.c.id)
)
_ORIGINALS = _COLLECTED.where(movement.c.reference.in_(bindparam("references", expanding=True)))
_BY_MANDATE = _COLLECTED.where(
    # The year and the donor lead to the gifts by their index; the line of each says of which mandate it is.
    gift.c.counted.in_(bindparam("years", expanding=True)),
    gift.c.donor == bindparam("donor"),
    gift.c.cents == bindparam("cents"),
    gift.c.booked >= bindparam("since"),
    movement.c.mandate == bindparam("mandate"),
    _BACK.c.id.is_(None),
)


def originals(connection: Connection, references: Iterable[str]) -> dict[str, Original]:
    """The collected gifts by EndToEndId; where one id was collected more than once, the last not yet reversed."""
    wanted = sorted(set(references))
    found: dict[str, Original] = {}
    for some in slices(wanted):
        for row in connection.execute(_ORIGINALS, {"references": some}):
            original = Original._make(row)._replace(reversed=bool(row[8]))
            known = found.get(row.reference)
            if known is None or known.reversed or not original.reversed:
                found[row.reference] = original
    return found


def originals_of_mandate(connection: Connection, mandate: str, donor: str, cents: int, since: date) -> list[Original]:
    """The gifts of this amount that a mandate of a donor brought since a day and that nothing took back."""
    years = list(range(since.year - 1, since.year + 4))
    values = {"mandate": mandate, "donor": donor, "cents": cents, "since": since, "years": years}
    return [Original._make(row)._replace(reversed=False) for row in connection.execute(_BY_MANDATE, values)]


class PostedGift(NamedTuple):
    """A gift of the register: its id, the gift, the reference of its bank line (for a return, of what it took back)."""

    id: int
    gift: Gift
    reference: str | None


def gifts_of(connection: Connection, document_id: int) -> list[PostedGift]:
    """The gifts and returns of a document, in order."""
    return [one for _, one in _posted_gifts(connection, gift.c.document_id == document_id)]


def standing_gift(connection: Connection, name: str, position: int) -> PostedGift | None:
    """The gift of a line of a document that nothing has taken back; None where there is none."""
    condition = (document.c.name == name) & (gift.c.position == position) & _given_still()
    return next((one for _, one in _posted_gifts(connection, condition)), None)


def donorless_gifts(connection: Connection) -> list[tuple[str, PostedGift]]:
    """The standing gifts of money without a donor, each with its document, oldest first."""
    return _posted_gifts(connection, gift.c.donor.is_(None) & (gift.c.channel != Channel.IN_KIND) & _given_still())


def _given_still() -> Any:
    """The condition that a gift was not taken back."""
    back = gift.alias("taken_back")
    return (gift.c.cents > 0) & ~exists().where(back.c.reverses == gift.c.id)


def _posted_gifts(connection: Connection, condition: Any) -> list[tuple[str, PostedGift]]:
    names = _GIFT_COLUMNS[2:-1]
    own = movement.alias("own")
    first = gift.alias("first")
    of_first = movement.alias("of_first")
    query = (
        select(gift, document.c.name, func.coalesce(of_first.c.reference, own.c.reference))
        .join(document, document.c.id == gift.c.document_id)
        .outerjoin(own, (own.c.document_id == gift.c.document_id) & (own.c.position == gift.c.position))
        .outerjoin(first, first.c.id == gift.c.reverses)
        .outerjoin(
            of_first, (of_first.c.document_id == first.c.document_id) & (of_first.c.position == first.c.position)
        )
        .where(condition)
        .order_by(gift.c.id)
    )
    found = []
    for row in connection.execute(query):
        values = {name: getattr(row, name) for name in names}
        kinds = {
            "nature": Nature(row.nature),
            "channel": Channel(row.channel),
            "counterpart": Counterpart(row.counterpart),
        }
        found.append((str(row[-2]), PostedGift(row.id, Gift(**{**values, **kinds}), row[-1])))
    return found


def reversal_of(connection: Connection, gift_id: int) -> tuple[int, str, int] | None:
    """What took a gift back: document id, document, position; None where it stands."""
    query = (
        select(document.c.id, document.c.name, gift.c.position)
        .join(gift, gift.c.document_id == document.c.id)
        .where(gift.c.reverses == gift_id)
    )
    row = connection.execute(query).first()
    return None if row is None else (row[0], row[1], row[2])


def ever_assigned(connection: Connection) -> set[tuple[int, int]]:
    """The lines (document id, position) that were assigned once, though it was undone since: a person decides them."""
    return {
        (row[0], row[1])
        for row in connection.execute(select(assignment.c.item_document_id, assignment.c.item_position))
    }


def lines_decided(connection: Connection, document_id: int) -> list[str]:
    """The lines (`document:position`) that a document decided about, on suspense or as gifts."""
    query = select(document.c.name, assignment.c.item_position).join(
        document, document.c.id == assignment.c.item_document_id
    )
    rows = connection.execute(query.where(assignment.c.document_id == document_id))
    vouchers = connection.execute(select(voucher.c.reference).where(voucher.c.document_id == document_id)).scalars()
    return [*(f"{name}:{position}" for name, position in rows), *vouchers]


def assignments_to(connection: Connection, document_id: int) -> list[tuple[int, str, int]]:
    """The decisions about lines of a document: id and name of the document that decided, position of the line."""
    query = (
        select(document.c.id, document.c.name, assignment.c.item_position)
        .join(document, document.c.id == assignment.c.document_id)
        .where(assignment.c.item_document_id == document_id)
        .order_by(document.c.id)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def amounts_of(connection: Connection, document_id: int) -> list[tuple[date, int]]:
    """Booking day and cents of each movement of a document, in order: what tells two statements apart.

    The instalments that a total without details was split into were no lines of the bank.
    """
    query = (
        select(movement.c.booked, movement.c.cents)
        .where(movement.c.document_id == document_id, movement.c.outcome != "instalment")
        .order_by(movement.c.position)
    )
    return [(row.booked, row.cents) for row in connection.execute(query)]


def day_totals(connection: Connection) -> list[DayTotal]:
    """Every day total with the name of its document: hundreds of rows a year."""
    query = select(
        document.c.name,
        day_total.c.batch,
        day_total.c.day,
        day_total.c.account,
        day_total.c.fund,
        day_total.c.channel,
        day_total.c.count,
        day_total.c.cents,
    ).join(document, document.c.id == day_total.c.document_id)
    return [DayTotal(*row) for row in connection.execute(query)]


def gifts_counted(connection: Connection, year: int) -> Iterator[Any]:
    """The gifts that count for, or were booked in, a year, in the order of the register.

    Columns: id, donor, cents, counted, year booked, nature, counterpart, channel, reverses.
    """
    query = (
        select(
            gift.c.id,
            gift.c.donor,
            gift.c.cents,
            gift.c.counted,
            extract("year", gift.c.booked),
            gift.c.nature,
            gift.c.counterpart,
            gift.c.channel,
            gift.c.reverses,
        )
        .where((gift.c.counted == year) | gift.c.booked.between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(gift.c.id)
    )
    yield from connection.execution_options(yield_per=20000).execute(query)


class OpenItem(NamedTuple):
    """A bank line on the suspense account that nobody has assigned yet."""

    document: str
    document_id: int
    position: int
    booked: date
    value: date | None
    cents: int
    code: str
    bank: str | None = None
    reference: str | None = None
    mandate: str | None = None
    reason: str | None = None


def open_items(connection: Connection) -> list[OpenItem]:
    """The suspense list, oldest first."""
    decided = select(assignment).where(~was_undone(assignment)).subquery()
    query = (
        select(
            document.c.name,
            document.c.id,
            movement.c.position,
            movement.c.booked,
            movement.c.value,
            movement.c.cents,
            movement.c.code,
            document.c.bank,
            movement.c.reference,
            movement.c.mandate,
            movement.c.reason,
        )
        .join(document, document.c.id == movement.c.document_id)
        .outerjoin(
            decided,
            (decided.c.item_document_id == movement.c.document_id) & (decided.c.item_position == movement.c.position),
        )
        .where(movement.c.outcome == "suspense", decided.c.document_id.is_(None), stands)
        .order_by(movement.c.booked, document.c.id, movement.c.position)
    )
    return [OpenItem(*row) for row in connection.execute(query)]


def find_vouchers(connection: Connection, kind: str, keys: Iterable[tuple[str, date]]) -> dict[tuple[str, date], str]:
    """The digests of vouchers already posted, by (reference, day)."""
    wanted = list(keys)
    found: dict[tuple[str, date], str] = {}
    for some in slices(wanted):
        query = select(voucher.c.reference, voucher.c.day, voucher.c.digest).where(
            voucher.c.kind == kind,
            tuple_(voucher.c.reference, voucher.c.day).in_(some),
            ~was_undone(voucher),
        )
        found.update({(row.reference, row.day): row.digest for row in connection.execute(query)})
    return found


def all_vouchers(connection: Connection, kind: str) -> dict[tuple[str, date], str]:
    """Every voucher of a kind already posted: (reference, day) -> digest."""
    query = select(voucher.c.reference, voucher.c.day, voucher.c.digest).where(
        voucher.c.kind == kind, ~was_undone(voucher)
    )
    return {(row.reference, row.day): row.digest for row in connection.execute(query)}


def voucher_contents(connection: Connection, kind: str, references: Iterable[str]) -> dict[str, str]:
    """The digests of vouchers already posted by a document that stands, by reference, whatever their day."""
    wanted = sorted(set(references))
    found: dict[str, str] = {}
    for some in slices(wanted):
        query = (
            select(voucher.c.reference, voucher.c.digest)
            .join(document, document.c.id == voucher.c.document_id)
            .where(voucher.c.kind == kind, voucher.c.reference.in_(some), stands)
        )
        found.update({row.reference: row.digest for row in connection.execute(query)})
    return found


def documents_of_vouchers(connection: Connection, kind: str, references: Iterable[str]) -> list[str]:
    """The documents that posted these vouchers and stand, in order."""
    wanted = sorted(set(references))
    found: dict[int, str] = {}
    for some in slices(wanted):
        query = (
            select(document.c.id, document.c.name)
            .join(voucher, voucher.c.document_id == document.c.id)
            .where(voucher.c.kind == kind, voucher.c.reference.in_(some), stands)
            .distinct()
        )
        found.update({row.id: row.name for row in connection.execute(query)})
    return [found[number] for number in sorted(found)]


IDENTITY = "identity"


def identities(connection: Connection, references: Iterable[str]) -> dict[str, str]:
    """Payments that another source's export identified: reference -> donor key, kept as the reason of its line."""
    wanted = sorted(set(references))
    found: dict[str, str] = {}
    for some in slices(wanted):
        query = _identified(movement.c.reference, movement.c.reason).where(movement.c.reference.in_(some))
        found.update({row.reference: row.reason for row in connection.execute(query.order_by(movement.c.document_id))})
    return found


def _identified(*columns: Any) -> Select[Any]:
    """Of the payments whose donor an export that stands gave."""
    return (
        select(*columns)
        .join(document, document.c.id == movement.c.document_id)
        .where(movement.c.outcome == IDENTITY, movement.c.reason.is_not(None), stands)
    )


class Noted(NamedTuple):
    """A gift that an export says arrived elsewhere: whose, how much, and the day it gives."""

    donor: str
    cents: int
    day: date
    document: str


def noted_gifts(connection: Connection, elsewhere: str) -> list[Noted]:
    """The gifts with a known donor that exports say arrived elsewhere (`bank`, or a platform), by day."""
    query = _identified(movement.c.reason, movement.c.cents, movement.c.booked, document.c.name)
    query = query.where(movement.c.reference.startswith(f"{elsewhere}:", autoescape=True))
    ordered = query.order_by(movement.c.booked, movement.c.document_id, movement.c.position)
    return [Noted(*row) for row in connection.execute(ordered)]


def standing_gifts(connection: Connection, donors: Iterable[str]) -> Iterator[tuple[str, int, date]]:
    """Donor, cents and day of the gifts of some donors that were not taken back."""
    for some in slices(sorted(set(donors))):
        query = select(gift.c.donor, gift.c.cents, gift.c.booked).where(gift.c.donor.in_(some), _given_still())
        for row in connection.execute(query):
            yield row.donor, row.cents, row.booked


def insert_vouchers(connection: Connection, kind: str, document_id: int, rows: Iterable[tuple[str, date, str]]) -> None:
    """Remember vouchers (reference, day, digest) as posted by a document."""
    bulk_insert(
        connection,
        voucher,
        ["kind", "reference", "day", "digest", "document_id"],
        [(kind, reference, day.isoformat(), digest, document_id) for reference, day, digest in rows],
    )


def alterations(connection: Connection) -> list[Alteration]:
    """Every document, movement, gift or day total that is not what was posted; reads the whole register.

    Found by the CRC of each row, the digest and the counts of each document, and the sums of the gifts.
    """
    found: list[Alteration] = []
    posted = {record["id"]: record for record in connection.execute(_as_stored(document)).mappings()}
    names = {document_id: str(record["name"]) for document_id, record in posted.items()}
    gifts: dict[int, list[str]] = {}
    movements: dict[int, list[str]] = {}
    sums: dict[_TotalKey, tuple[int, int]] = {}
    for document_id, text, row in _rows(connection, gift, names, found):
        gifts.setdefault(document_id, []).append(text)
        if isinstance(row.cents, int):
            key = (document_id, row.batch, row.booked, row.account, row.fund or "", row.channel)
            count, cents = sums.get(key, (0, 0))
            sums[key] = (count + 1, cents + row.cents)
    for document_id, text, _ in _rows(connection, movement, names, found):
        movements.setdefault(document_id, []).append(text)
    for document_id, record in posted.items():
        problems = _document_problems(record, movements.pop(document_id, []), gifts.pop(document_id, []))
        found += [Alteration("document", names[document_id], problem) for problem in problems]
    # Documents are numbered 1, 2, 3 ...; what is left over belongs to none.
    numbers = set(range(1, max(posted, default=0) + 1)) | gifts.keys() | movements.keys()
    found += [
        Alteration("document", f"number {document_id}", "it was deleted")
        for document_id in sorted(numbers - posted.keys())
    ]
    kept: dict[_TotalKey, tuple[Any, Any]] = {
        tuple(row[:-2]): tuple(row[-2:]) for row in connection.execute(_as_stored(day_total))
    }
    for key in sorted(sums.keys() | kept.keys(), key=str):
        if sums.get(key) != kept.get(key):
            place = f"{names.get(key[0], key[0])} {key[2]} account {key[3]}"
            found.append(Alteration("day_total", place, _total_problem(kept.get(key, (0, 0)), sums.get(key, (0, 0)))))
    return found


_TotalKey = tuple[Any, ...]  # document, batch, day, account, fund, channel as they are stored


def _as_stored(table: Table) -> Select[Any]:
    """All of a table with its dates as they stand there: what was changed by hand need not be a date any more."""
    return select(
        *(type_coerce(column, String) if isinstance(column.type, Date) else column for column in table.columns)
    )


def _rows(
    connection: Connection, table: Table, names: Mapping[int, str], found: list[Alteration]
) -> Iterator[tuple[int, str, Row[Any]]]:
    """Document, canonical text and row of each gift or movement in the order of posting; notes a wrong CRC."""
    if table is gift:
        key, pattern, first = gift.c.id, _GIFT_FORMAT, 1  # the id is not part of the text
    else:
        key, pattern, first = movement.c.position, _MOVEMENT_FORMAT, 0
    query = _as_stored(table).order_by(table.c.document_id, key)
    for row in connection.execution_options(yield_per=20000).execute(query):
        text = pattern % row[first:-1]
        document_id = row[first]
        if zlib.crc32(text.encode()) != row[-1]:
            place = f"{key.name} {getattr(row, key.name)} of {names.get(document_id, 'no document')}"
            found.append(Alteration(table.name, place, "the row was changed after posting"))
        yield document_id, text, row


def _document_problems(record: RowMapping, movements: Sequence[str], gifts: Sequence[str]) -> Iterator[str]:
    if _crc_of_document(record) != record["crc"]:
        yield "its record was changed after posting"
    if (len(movements), len(gifts)) != (record["movements"], record["gifts"]):
        yield (
            f"{record['movements']} movements and {record['gifts']} gifts were posted, "
            f"{len(movements)} and {len(gifts)} are there"
        )
    elif rows_digest(movements, gifts) != record["rows_digest"]:
        yield "the digest of its rows is not the one posted"


def _total_problem(kept: tuple[Any, Any], real: tuple[int, int]) -> str:
    said = to_decimal(kept[1]) if isinstance(kept[1], int) else kept[1]
    return f"says {kept[0]} gifts, {said} EUR; the gifts are {real[0]}, {to_decimal(real[1])} EUR"


class StatementBalance(NamedTuple):
    """What the bank says of a day: the name and closing of its last statement, the opening of its first."""

    day: date
    statement: str
    opening: int
    closing: int


def statement_balances(connection: Connection, bank: str) -> list[StatementBalance]:
    """Each day that statements close on, in order."""
    query = (
        select(document.c.closing_date, document.c.name, document.c.opening, document.c.closing)
        .where(document.c.bank == bank, document.c.closing.is_not(None), stands)
        .order_by(document.c.closing_date, document.c.sequence)
    )
    days: dict[date, StatementBalance] = {}
    for day, name, opening, closing in connection.execute(query):
        first = days.get(day)
        days[day] = StatementBalance(day, name, opening if first is None else first.opening, closing)
    return list(days.values())


class KnownFile(NamedTuple):
    """A physical file seen before; `whole` where each of its statements was posted."""

    kind: str
    documents: tuple[str, ...]
    whole: bool


def known_files(connection: Connection, digests: Iterable[str]) -> dict[str, KnownFile]:
    """The files taken in before, by SHA-256."""
    wanted = sorted(set(digests))
    found: dict[str, tuple[str, list[str], int]] = {}
    for some in slices(wanted):
        query = (
            select(document.c.file_digest, document.c.kind, document.c.name, document.c.summary)
            .where(document.c.file_digest.in_(some), stands)
            .order_by(document.c.id)
        )
        for digest, kind, name, summary in connection.execute(query):
            kind_, names, statements = found.get(digest, (kind, [], 0))
            statements = max(statements, int(json.loads(summary).get("statements", 1)))
            found[digest] = (kind_, [*names, name], statements)
    return {
        digest: KnownFile(kind, tuple(names), len(names) >= statements)
        for digest, (kind, names, statements) in found.items()
    }


def grant_contracts(connection: Connection) -> dict[str, str]:
    """Contract numbers and references of the grants (upper case, no spaces) -> grant reference."""
    contracts: dict[str, str] = {}
    for reference, contract in connection.execute(select(grant.c.reference, grant.c.contract)):
        for text in (contract, reference):
            compact = text.upper().replace(" ", "")
            if len(compact) >= 5:  # noqa: PLR2004 - a shorter one is found in communications by accident
                contracts[compact] = reference
    return contracts


class Decided(NamedTuple):
    """What was decided about a suspense line, and where: `by` is document and line of the decision."""

    donor: str | None
    account: str
    day: date
    by: str


def assigned_items(connection: Connection) -> dict[tuple[str, int], Decided]:
    """The suspense lines that were assigned, by document and position."""
    item, decision = document.alias("item"), document.alias("decision")
    query = (
        select(
            item.c.name,
            assignment.c.item_position,
            assignment.c.donor,
            assignment.c.account,
            assignment.c.day,
            decision.c.name,
            assignment.c.position,
        )
        .join(item, item.c.id == assignment.c.item_document_id)
        .join(decision, decision.c.id == assignment.c.document_id)
        .where(~was_undone(assignment))
    )
    return {
        (row[0], row[1]): Decided(row[2], row[3], row[4], f"{row[5]} line {row[6]}")
        for row in connection.execute(query)
    }


def undone_by(connection: Connection) -> dict[int, int]:
    """The documents undone, each with the document that undid it."""
    return {row.document_id: row.by_document_id for row in connection.execute(select(undone))}


def insert_undone(connection: Connection, document_id: int, by_document_id: int) -> None:
    """Remember that a document was undone: from now on it is history."""
    connection.execute(undone.insert().values(document_id=document_id, by_document_id=by_document_id))


def insert_assignments(connection: Connection, document_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Remember decisions: (row, item's document, item's position, donor, account, day, reason)."""
    bulk_insert(
        connection,
        assignment,
        [column.name for column in assignment.columns],
        [(document_id, *row[:5], row[5].isoformat(), row[6]) for row in rows],
    )


def insert_in_kind(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what proves the value of gifts in kind."""
    if rows:
        connection.execute(in_kind.insert(), [dict(row) for row in rows])


def save_grants(connection: Connection, document_id: int, rows: Sequence[Mapping[str, str]]) -> None:
    """Write grant contracts, the newest content of each; unchanged ones are left alone."""
    known = {row.reference: row.content for row in connection.execute(select(grant.c.reference, grant.c.content))}
    for row in rows:
        if known.get(row["reference"]) == row["content"]:
            continue
        connection.execute(grant.delete().where(grant.c.reference == row["reference"]))
        connection.execute(grant.insert().values(**row, document_id=document_id))


def first_document(connection: Connection, kind: str, file_digest: str) -> int | None:
    """The first document made from a file of this kind."""
    query = select(func.min(document.c.id)).where(document.c.kind == kind, document.c.file_digest == file_digest)
    found: int | None = connection.execute(query).scalar_one()
    return found


def documents_of(connection: Connection, file_digest: str) -> list[str]:
    """The documents made from a file, in order."""
    query = select(document.c.name).where(document.c.file_digest == file_digest, stands).order_by(document.c.id)
    return list(connection.execute(query).scalars())


def closed_years(connection: Connection) -> dict[int, str]:
    """The closed years, each with the SHA-256 of its seal."""
    return {row.year: row.seal_digest for row in connection.execute(select(closed_year).order_by(closed_year.c.year))}


def enter_closing(connection: Connection, year: int, seal_digest: str, closed_at: str) -> None:
    """Enter a year as closed; its seal can no longer go missing unseen."""
    connection.execute(closed_year.insert().values(year=year, seal_digest=seal_digest, closed_at=closed_at))


def texts(connection: Connection) -> Iterator[tuple[str, str]]:
    """Every text that a person wrote into the register, with its place; organisations that fund grants are named."""
    for row in connection.execute(select(in_kind.c.reference, in_kind.c.description, in_kind.c.evidence)):
        yield f"gift in kind {row.reference}", f"{row.reference} {row.description} {row.evidence}"
    decided = select(assignment.c.document_id, assignment.c.position, assignment.c.reason)
    for document_id, position, reason in connection.execute(decided):
        yield f"assignment {document_id}/{position}", reason or ""
    for reference, content in connection.execute(select(grant.c.reference, grant.c.content)):
        yield f"grant {reference}", content
