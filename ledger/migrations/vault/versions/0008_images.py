"""Keep the pictures that receipts bear, so that they are printed the same whatever becomes of the files."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "printed_image",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
