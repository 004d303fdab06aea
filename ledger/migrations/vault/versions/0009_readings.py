"""Keep who was given an archived source, and when."""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("archive", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    keep_rows(["reading"], message="the log of readings is append-only")
