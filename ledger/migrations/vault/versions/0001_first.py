"""The first vault."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "communication",
        sa.Column("ogm", sa.String(), nullable=False),
        sa.Column("donor", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("ogm"),
        sqlite_with_rowid=False,
    )
    op.create_index("communication_donor", "communication", ["donor"], unique=False)
    op.create_table(
        "counterparty",
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("communication", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "donor",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("street", sa.String(), nullable=False),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("municipality", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("national_number", sa.LargeBinary(), nullable=True),
        sa.Column("national_mark", sa.String(), nullable=True),
        sa.Column("enterprise_number", sa.String(), nullable=True),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("donor_national_mark", "donor", ["national_mark"], unique=False)
    op.create_table(
        "donor_iban",
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("donor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("iban", "donor"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "frozen_sheet",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("year", "number", "version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mandate",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("donor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("reference"),
        sqlite_with_rowid=False,
    )
    op.create_index("mandate_donor", "mandate", ["donor"], unique=False)
