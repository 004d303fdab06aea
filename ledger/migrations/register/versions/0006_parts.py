"""Let one part of a document be undone: a voucher or a decision, which can then be posted again."""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows, stand_once

revision = "0006"
down_revision = "0005"

_KEYS = {
    "voucher": (("kind", "reference", "day"), ("reference", "day")),
    "assignment": (("item_document_id", "item_position"), ("position",)),
    "in_kind": (("reference",), ("reference",)),
}


def upgrade() -> None:
    op.create_table(
        "undone_part",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("by_document_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.ForeignKeyConstraint(["by_document_id"], ["document.id"]),
        sa.PrimaryKeyConstraint("document_id", "reference", "day"),
        sqlite_with_rowid=False,
    )
    keep_rows(("undone_part",))
    place = op.get_bind().dialect.name != "sqlite"
    for table, (key, part) in _KEYS.items():
        op.execute(f"DROP TRIGGER {table}_once" + (f" ON {table}" if place else ""))
        stand_once(table, key, "posted before: undo the document that holds it", part=part)
