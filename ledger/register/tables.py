"""The tables of the register as SQLAlchemy knows them, and the condition that a document stands."""

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    exists,
)

from ledger.records import LineOutcome

metadata = MetaData()


document = Table(
    "document",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
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
    # Of a payment whose money arrives elsewhere: what an export says of it.
    Column("donor", String),
    Column("certificate_elsewhere", Boolean),
    Column("crc", Integer, nullable=False),
    sqlite_with_rowid=False,
)


Index(
    "movement_reference",
    movement.c.reference,
    sqlite_where=movement.c.reference.is_not(None),
    postgresql_where=movement.c.reference.is_not(None),
)


Index(
    "movement_suspense",
    movement.c.outcome,
    sqlite_where=movement.c.outcome == LineOutcome.SUSPENSE.value,
    postgresql_where=movement.c.outcome == LineOutcome.SUSPENSE.value,
)


gift = Table(
    "gift",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
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
    Column("certificate_elsewhere", Boolean),
    Column("project", String),
    Column("department", String),
    Column("crc", Integer, nullable=False),
    CheckConstraint("cents <> 0", name="gift_not_nothing"),
    CheckConstraint("(reverses IS NULL) = (cents > 0)", name="gift_negative_reverses"),
)


Index("gift_document", gift.c.document_id, gift.c.position)


Index("gift_counted", gift.c.counted, gift.c.donor)


Index(
    "gift_reverses",
    gift.c.reverses,
    unique=True,
    sqlite_where=gift.c.reverses.is_not(None),
    postgresql_where=gift.c.reverses.is_not(None),
)


day_total = Table(
    "day_total",
    metadata,
    Column("document_id", Integer, ForeignKey("document.id"), primary_key=True),
    Column("batch", Integer, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("account", String, primary_key=True),
    Column("fund", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("project", String, primary_key=True),
    Column("department", String, primary_key=True),
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
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("seal_digest", String, primary_key=True),
    Column("closed_at", String, nullable=False),
)


# A closing that was taken back: `seal_digest` is the one of it.
reopened_year = Table(
    "reopened_year",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("seal_digest", String, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("person", String, nullable=False),
    Column("reopened_at", String, nullable=False),
)


# Each setting of the day until which nothing is posted, the last one holds; `until` is empty where there is none.
month_lock = Table(
    "month_lock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("until", Date),
    Column("reason", Text, nullable=False),
    Column("person", String, nullable=False),
    Column("set_at", String, nullable=False),
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


# A voucher or a decision that was undone without its document; `position` is the line of the document where it has one.
undone_part = Table(
    "undone_part",
    metadata,
    Column("document_id", Integer, ForeignKey("document.id"), primary_key=True),
    Column("reference", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("position", Integer),
    Column("by_document_id", Integer, ForeignKey("document.id"), nullable=False),
    sqlite_with_rowid=False,
)


entry_number = Table(
    "entry_number",
    metadata,
    Column("journal", String, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("document_id", Integer, ForeignKey("document.id")),
    Column("place", Integer),
    Column("digest", String),
    CheckConstraint("number >= 1", name="entry_number_from_one"),
    CheckConstraint("(document_id IS NULL) = (place IS NULL)", name="entry_number_place"),
    CheckConstraint("(document_id IS NULL) = (digest IS NOT NULL)", name="entry_number_by_hand"),
    UniqueConstraint("document_id", "place", name="entry_number_once"),
    sqlite_with_rowid=False,
)


# The number of an entry by hand that was changed or taken away after its year was reopened.
retired_entry = Table(
    "retired_entry",
    metadata,
    Column("journal", String, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("retired_at", String, nullable=False),
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
    Column("department", String),
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


GIFT_COLUMNS = tuple(column.name for column in gift.columns)


MOVEMENT_COLUMNS = tuple(column.name for column in movement.columns)


def was_undone(table: Table) -> Any:
    """Return the condition that a row was undone, with its document or, of what is undone alone, by itself."""
    whole = exists().where(undone.c.document_id == table.c.document_id)
    if table.name not in _ALONE:
        return whole
    same = (undone_part.c[name] == table.c[name] for name in ("document_id", *_ALONE[table.name]))
    return whole | exists().where(*same)


# By what a row is known that was undone without its document.
_ALONE = {"voucher": ("reference", "day"), "assignment": ("position",), "in_kind": ("reference",)}


# A document that was undone is history: nothing that asks what is posted sees it.
stands = ~exists().where(undone.c.document_id == document.c.id)
