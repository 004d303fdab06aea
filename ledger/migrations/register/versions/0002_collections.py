"""Direct-debit collections and their instalments; documents undone."""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows

revision = "0002"
down_revision = "0001"

APPEND_ONLY = ("collection", "instalment", "rejection", "undone")


def upgrade() -> None:
    op.create_table(
        "collection",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.PrimaryKeyConstraint("reference"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "instalment",
        sa.Column("mandate", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("end_to_end", sa.String(), nullable=False),
        sa.Column("donor", sa.String(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.CheckConstraint("cents > 0", name="instalment_positive"),
        sa.ForeignKeyConstraint(["collection"], ["collection.reference"]),
        sa.PrimaryKeyConstraint("mandate", "sequence"),
        sa.UniqueConstraint("end_to_end", name="instalment_end_to_end"),
        sa.UniqueConstraint("mandate", "period", "attempt", name="instalment_once"),
        sqlite_with_rowid=False,
    )
    op.create_index("instalment_collection", "instalment", ["collection"], unique=False)
    op.create_index("instalment_period", "instalment", ["period"], unique=False)
    op.create_table(
        "rejection",
        sa.Column("end_to_end", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("fate", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.PrimaryKeyConstraint("end_to_end", "document_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "undone",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("by_document_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.ForeignKeyConstraint(["by_document_id"], ["document.id"]),
        sa.PrimaryKeyConstraint("document_id"),
        sqlite_with_rowid=False,
    )
    keep_rows(APPEND_ONLY)
