"""Keep what the debtor's bank knows of a mandate that changed since: its account and its reference then."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "amendment",
        sa.Column("mandate", sa.String(), nullable=False),
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mandate"),
        sqlite_with_rowid=False,
    )
