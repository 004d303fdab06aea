"""Keep the hash of a receipt that was made again by another typesetter, as a duplicate marked as one."""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "receipt_duplicate",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pdf_digest", sa.String(), nullable=False),
        sa.Column("pdf_bytes", sa.Integer(), nullable=False),
        sa.Column("typst", sa.String(), nullable=False),
        sa.Column("fonts", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["year", "number", "version"],
            ["receipt_version.year", "receipt_version.number", "receipt_version.version"],
        ),
        sa.PrimaryKeyConstraint("year", "number", "version", "pdf_digest"),
        sqlite_with_rowid=False,
    )
    keep_rows(("receipt_duplicate",))
