"""Let the vault know whose it is, how far it is, what it has begun, and by which key it was sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "stand",
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("under_way", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("key_check", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("identity"),
    )
    op.create_table(
        "freezing",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("year"),
    )
