"""Let what was undone be posted again: vouchers, decisions and gifts in kind are known by document too.

Their keys were unique over all documents; now they are unique over the documents that stand, which a trigger guards.
"""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows, stand_once

revision = "0003"
down_revision = "0002"

_KEYS = {
    "voucher": ("kind", "reference", "day"),
    "assignment": ("item_document_id", "item_position"),
    "in_kind": ("reference",),
}


def upgrade() -> None:
    _replace(
        "voucher",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        key=("kind", "reference", "day", "document_id"),
    )
    _replace(
        "assignment",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_document_id", sa.Integer(), nullable=False),
        sa.Column("item_position", sa.Integer(), nullable=False),
        sa.Column("donor", sa.String(), nullable=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        key=("document_id", "position"),
    )
    op.create_index("assignment_item", "assignment", ["item_document_id", "item_position"], unique=False)
    _replace(
        "in_kind",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=True),
        sa.Column("unit_cents", sa.Integer(), nullable=True),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("valuation", sa.String(), nullable=False),
        sa.Column("valued_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=True),
        key=("reference", "document_id"),
    )
    for table, key in _KEYS.items():
        stand_once(table, key, "posted before: undo the document that holds it")
    keep_rows(("voucher", "assignment"))


def _replace(name: str, *columns: "sa.Column[object]", key: tuple[str, ...]) -> None:
    names = ", ".join(column.name for column in columns)
    op.create_table(
        f"{name}_new",
        *columns,
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.PrimaryKeyConstraint(*key),
        sqlite_with_rowid=name == "in_kind",
    )
    op.execute(f"INSERT INTO {name}_new ({names}) SELECT {names} FROM {name}")  # noqa: S608 - names of our own columns
    op.drop_table(name)
    op.rename_table(f"{name}_new", name)
