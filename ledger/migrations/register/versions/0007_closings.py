"""Let a closed year be reopened and closed again, each time logged; lock months; keep what seals know of receipts."""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "closed_year_new",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seal_digest", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("year", "seal_digest"),
    )
    op.execute("INSERT INTO closed_year_new SELECT year, seal_digest, closed_at FROM closed_year")
    op.drop_table("closed_year")
    op.rename_table("closed_year_new", "closed_year")
    op.create_table(
        "reopened_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seal_digest", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("reopened_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("year", "seal_digest"),
    )
    op.create_table(
        "month_lock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("set_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "retired_entry",
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("journal", "year", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "receipt_identity",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["year", "number", "version"],
            ["receipt_version.year", "receipt_version.number", "receipt_version.version"],
        ),
        sa.PrimaryKeyConstraint("year", "number", "version"),
        sqlite_with_rowid=False,
    )
    keep_rows(("closed_year", "reopened_year", "month_lock", "retired_entry", "receipt_identity"))
