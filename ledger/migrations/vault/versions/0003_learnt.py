"""Accounts learnt from decisions, apart from those of the donor register: each can be forgotten with its decision."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "learnt_iban",
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("donor", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("iban", "donor", "line"),
        sqlite_with_rowid=False,
    )
