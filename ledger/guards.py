"""Triggers that the migrations put on tables of the register: rows that stay as they were, keys that stand once.

The same on SQLite and PostgreSQL, where each breach is an IntegrityError with the sentence given.
"""

from collections.abc import Iterable

from alembic import op

APPEND_ONLY = "the register is append-only: post a reversal"


def keep_rows(
    tables: Iterable[str], *, message: str = APPEND_ONLY, actions: Iterable[str] = ("UPDATE", "DELETE")
) -> None:
    """Refuse these actions on the rows of tables; where DELETE is refused, emptying the table is too."""
    for table in tables:
        for action in actions:
            _refuse(f"{table}_no_{action.lower()}", table, action, message)


def lift(table: str, action: str) -> None:
    """Let this action be done to the rows of a table again, until `keep_rows`."""
    place = "" if op.get_bind().dialect.name == "sqlite" else f" ON {table}"
    op.execute(f"DROP TRIGGER {table}_no_{action.lower()}{place}")


def stand_once(table: str, key: Iterable[str], message: str, *, part: Iterable[str] = ()) -> None:
    """Refuse a row whose key a document that was not undone has already; the table knows its `document_id`.

    By the columns of `part` a row is known that was undone without its document.
    """
    same = " AND ".join(f"other.{column} = NEW.{column}" for column in key)
    standing = "NOT EXISTS (SELECT 1 FROM undone WHERE undone.document_id = other.document_id)"
    own = " AND ".join(f"alone.{column} = other.{column}" for column in ("document_id", *part))
    if own.count("=") > 1:
        standing += f" AND NOT EXISTS (SELECT 1 FROM undone_part alone WHERE {own})"  # noqa: S608 - names of our own columns
    before = f"EXISTS (SELECT 1 FROM {table} other WHERE {same} AND {standing})"  # noqa: S608 - names of our own columns
    _refuse(f"{table}_once", table, "INSERT", message, before)


def _refuse(name: str, table: str, action: str, message: str, condition: str = "") -> None:
    if op.get_bind().dialect.name == "sqlite":
        when = f"WHEN {condition} " if condition else ""
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    refusal = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
    body = f"IF {condition} THEN {refusal} END IF; RETURN NEW;" if condition else refusal
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN {body} END $body$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    if action == "DELETE":
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {name}()")
