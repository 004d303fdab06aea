"""Each entry has a number in its journal and financial year."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"


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
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER entry_number_no_{action.lower()} BEFORE {action} ON entry_number "
                f"BEGIN SELECT RAISE(ABORT, 'the register is append-only: post a reversal'); END"
            )
