"""Keep what every line carries: the number of its entry; project and department of gifts, in the day totals too."""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "entry_number",
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.CheckConstraint("number >= 1", name="entry_number_from_one"),
        sa.CheckConstraint("(document_id IS NULL) = (place IS NULL)", name="entry_number_place"),
        sa.CheckConstraint("(document_id IS NULL) = (digest IS NOT NULL)", name="entry_number_by_hand"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.PrimaryKeyConstraint("journal", "year", "number"),
        sa.UniqueConstraint("document_id", "place", name="entry_number_once"),
        sqlite_with_rowid=False,
    )
    op.add_column("gift", sa.Column("project", sa.String(), nullable=True))
    op.add_column("gift", sa.Column("department", sa.String(), nullable=True))
    op.add_column("in_kind", sa.Column("department", sa.String(), nullable=True))
    _rebuild_day_totals()
    keep_rows(("entry_number", "day_total"))


def _rebuild_day_totals() -> None:
    """Project and department join the key, which no database adds a column to in place."""
    op.create_table(
        "day_total_new",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("fund", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.PrimaryKeyConstraint("document_id", "batch", "day", "account", "fund", "channel", "project", "department"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO day_total_new (document_id, batch, day, account, fund, channel, project, department, count, cents)"
        " SELECT document_id, batch, day, account, fund, channel, '', '', count, cents FROM day_total"
    )
    op.drop_table("day_total")
    op.rename_table("day_total_new", "day_total")
