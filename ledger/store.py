"""Opening a store (register or vault): engine, pragmas, migrations, and the bulk insert the imports live on.

SQLite is embedded and the default; any other SQLAlchemy address works the same. SQLite keeps its rollback journal
(not WAL): one file per store that can be copied and compared, and readers never write beside it.
"""

import sqlite3
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text

from ledger.errors import OboleError

StoreName = Literal["register", "vault"]

# The newest migration of each store; a test compares them with the migration scripts.
HEADS: dict[str, str] = {"register": "0001", "vault": "0001"}


class StoreUnreadable(OboleError):
    """The file or server that should hold a store does not."""


def sqlite_url(path: Path, *, read_only: bool = False) -> str:
    """The SQLAlchemy address of a SQLite file."""
    return f"sqlite:///file:{path}?{'mode=ro&' if read_only else ''}uri=true"


def open_store(url: str, name: StoreName, *, migrate: bool = True) -> Engine:
    """An engine on a store, migrated to the newest version; StoreUnreadable where that cannot be done."""
    engine = create_engine(url, future=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_immediate if migrate else _begin_deferred)
    try:
        version = _version(engine)
    except Exception as error:
        raise StoreUnreadable(
            f"the {name} cannot be opened: {type(error).__name__}; check that its file exists and is an Obole store."
        ) from None
    if version == HEADS[name]:
        return engine
    if not migrate:
        raise StoreUnreadable(f"the {name} is at version {version or 'none'}, this Obole needs {HEADS[name]}: run `obole check`.")
    _upgrade(engine, name)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's BEGIN below decides, so that a transaction locks at its start
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-65536")
    connection.execute("PRAGMA temp_store=MEMORY")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED")


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
        return str(row[0]) if row else None


def _upgrade(engine: Engine, name: StoreName) -> None:
    from alembic import command  # noqa: PLC0415 - costs 0.2 s, needed once in the life of a store
    from alembic.config import Config  # noqa: PLC0415

    with as_file(files("ledger") / "migrations" / name) as scripts, engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def bulk_insert(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of driver values (dates as ISO text) in one call, past the per-value processing of the Core."""
    if not rows:
        return
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})", list(rows))  # noqa: S608 - names of our own columns
