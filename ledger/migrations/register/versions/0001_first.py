"""The first register."""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows

revision = "0001"
down_revision = None

APPEND_ONLY = ("document", "movement", "gift", "day_total", "assignment", "voucher", "receipt_gift", "closed_year")


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_digest", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("bank", sa.String(), nullable=True),
        sa.Column("sequence", sa.String(), nullable=True),
        sa.Column("opening", sa.Integer(), nullable=True),
        sa.Column("opening_date", sa.Date(), nullable=True),
        sa.Column("closing", sa.Integer(), nullable=True),
        sa.Column("closing_date", sa.Date(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("archive", sa.String(), nullable=True),
        sa.Column("journal", sa.String(), nullable=True),
        sa.Column("journal_digest", sa.String(), nullable=True),
        sa.Column("movements", sa.Integer(), nullable=False),
        sa.Column("gifts", sa.Integer(), nullable=False),
        sa.Column("rows_digest", sa.String(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.String(), nullable=False),
        sa.Column("crc", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index(op.f("ix_document_digest"), "document", ["digest"], unique=False)
    op.create_index(op.f("ix_document_file_digest"), "document", ["file_digest"], unique=False)
    op.create_table(
        "closed_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seal_digest", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("year"),
    )
    op.create_table(
        "receipt",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("donor", sa.String(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("crc", sa.Integer(), nullable=False),
        sa.CheckConstraint("cents > 0", name="receipt_positive"),
        sa.CheckConstraint("number >= 1", name="receipt_from_one"),
        sa.PrimaryKeyConstraint("year", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("receipt_donor", "receipt", ["donor", "year"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_document_id", sa.Integer(), nullable=False),
        sa.Column("item_position", sa.Integer(), nullable=False),
        sa.Column("donor", sa.String(), nullable=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("document_id", "position"),
        sa.UniqueConstraint("item_document_id", "item_position", name="assignment_once"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "day_total",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("fund", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("document_id", "batch", "day", "account", "fund", "channel"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gift",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("donor", sa.String(), nullable=True),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Date(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("counterpart", sa.String(), nullable=False),
        sa.Column("ordered", sa.Date(), nullable=True),
        sa.Column("executed", sa.Date(), nullable=True),
        sa.Column("value", sa.Date(), nullable=True),
        sa.Column("paid", sa.Date(), nullable=True),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("fund", sa.String(), nullable=True),
        sa.Column("reverses", sa.Integer(), nullable=True),
        sa.Column("crc", sa.Integer(), nullable=False),
        sa.CheckConstraint("(reverses IS NULL) = (cents > 0)", name="gift_negative_reverses"),
        sa.CheckConstraint("cents <> 0", name="gift_not_nothing"),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reverses"],
            ["gift.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("gift_counted", "gift", ["counted", "donor"], unique=False)
    op.create_index("gift_document", "gift", ["document_id", "position"], unique=False)
    op.create_index(
        "gift_reverses",
        "gift",
        ["reverses"],
        unique=True,
        sqlite_where=sa.text("reverses IS NOT NULL"),
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )
    op.create_table(
        "grant_contract",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("funder", sa.String(), nullable=False),
        sa.Column("funder_kind", sa.String(), nullable=False),
        sa.Column("contract", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_table(
        "in_kind",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=True),
        sa.Column("unit_cents", sa.Integer(), nullable=True),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("valuation", sa.String(), nullable=False),
        sa.Column("valued_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_table(
        "movement",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("booked", sa.Date(), nullable=False),
        sa.Column("value", sa.Date(), nullable=True),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("mandate", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("crc", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("document_id", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "movement_reference",
        "movement",
        ["reference"],
        unique=False,
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index(
        "movement_suspense",
        "movement",
        ["outcome"],
        unique=False,
        sqlite_where=sa.text("outcome = 'suspense'"),
        postgresql_where=sa.text("outcome = 'suspense'"),
    )
    op.create_table(
        "receipt_gift",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("gift_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["year", "number"],
            ["receipt.year", "receipt.number"],
        ),
        sa.PrimaryKeyConstraint("year", "number", "gift_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "receipt_version",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("sheet_digest", sa.String(), nullable=False),
        sa.Column("pdf_digest", sa.String(), nullable=True),
        sa.Column("pdf_bytes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["year", "number"],
            ["receipt.year", "receipt.number"],
        ),
        sa.PrimaryKeyConstraint("year", "number", "version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "voucher",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("kind", "reference", "day"),
        sqlite_with_rowid=False,
    )

    keep_rows(APPEND_ONLY)
    # Their rows get a state or the hash of a PDF later, but no number and no version ever goes.
    keep_rows(("receipt", "receipt_version"), message="a receipt is withdrawn, never deleted", actions=("DELETE",))
