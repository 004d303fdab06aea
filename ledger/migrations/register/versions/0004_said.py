"""What an export says of a payment: its donor in a column of its own, and that its certificate comes from elsewhere.

The donor key stood where the reason of a return stands. It moves, and no text of a row changes by it
(`ledger.register.canonical`): CRCs, digests and the seals of closed years stay those that were posted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("movement", sa.Column("donor", sa.String(), nullable=True))
    op.add_column("movement", sa.Column("certificate_elsewhere", sa.Boolean(), nullable=True))
    op.add_column("gift", sa.Column("certificate_elsewhere", sa.Boolean(), nullable=True))
    guarded = op.get_bind().dialect.name == "sqlite"
    if guarded:
        op.execute("DROP TRIGGER movement_no_update")
    op.execute("UPDATE movement SET donor = reason, reason = NULL WHERE outcome = 'identity'")
    if guarded:
        op.execute(
            "CREATE TRIGGER movement_no_update BEFORE UPDATE ON movement "
            "BEGIN SELECT RAISE(ABORT, 'the register is append-only: post a reversal'); END"
        )
