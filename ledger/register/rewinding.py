"""A register set back to before a document was posted: in a trial only, to see once more what that document posts."""

from sqlalchemy import Connection, delete, select

from ledger.engines import on_server
from ledger.records import DocumentKind
from ledger.register.debits import collection, instalment
from ledger.register.documents import PostedDocument
from ledger.register.tables import closed_year, document, metadata, voucher


def rewind(trial: Connection, before: PostedDocument) -> set[str]:
    """Take a document and all that was posted after it out of a register of which nothing is kept.

    Return the lines on which decisions were taken since, by what the vault knows them.
    """
    taught = select(voucher.c.reference).where(
        voucher.c.kind == DocumentKind.ASSIGNMENT.value, voucher.c.document_id >= before.id
    )
    lines = set(trial.execute(taught).scalars())
    _lift_guards(trial)
    collected = select(collection.c.reference).where(collection.c.document_id >= before.id)
    for table in reversed(metadata.sorted_tables):
        if table is instalment:
            trial.execute(delete(instalment).where(instalment.c.collection.in_(collected)))
        for name in ("document_id", "by_document_id"):
            if name in table.c:
                trial.execute(delete(table).where(table.c[name] >= before.id))
    trial.execute(delete(document).where(document.c.id >= before.id))
    trial.execute(delete(closed_year))
    return lines


def _lift_guards(trial: Connection) -> None:
    """Let rows be deleted, for as long as the trial lasts."""
    if on_server(trial.engine):
        for name in metadata.tables:
            trial.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        return
    for name in trial.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
        trial.exec_driver_sql(f"DROP TRIGGER {name}")
