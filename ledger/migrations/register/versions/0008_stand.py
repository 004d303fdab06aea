"""Let the register know whose it is and how far it is, and which numbers of receipts are known from elsewhere."""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "stand",
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("identity"),
    )
    op.create_table(
        "set_aside",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("year", "number"),
        sqlite_with_rowid=False,
    )
    keep_rows(("set_aside",), message="a number that was given is never given again")
