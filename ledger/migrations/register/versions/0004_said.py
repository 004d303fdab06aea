"""Keep what an export says of a payment: its donor, in a column of its own, and whether its certificate is elsewhere.

The donor key stood where the reason of a return stands. It moves, and no text of a row changes by it
(`ledger.register.canonical`): CRCs, digests and the seals of closed years stay those that were posted.
"""

import sqlalchemy as sa
from alembic import op

from ledger.guards import keep_rows, lift

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("movement", sa.Column("donor", sa.String(), nullable=True))
    op.add_column("movement", sa.Column("certificate_elsewhere", sa.Boolean(), nullable=True))
    op.add_column("gift", sa.Column("certificate_elsewhere", sa.Boolean(), nullable=True))
    lift("movement", "UPDATE")
    op.execute("UPDATE movement SET donor = reason, reason = NULL WHERE outcome = 'identity'")
    keep_rows(("movement",), actions=("UPDATE",))
