"""Opening a store (register or vault): engine, pragmas, migrations, and the bulk insert the imports live on.

SQLite is embedded and the default; any other SQLAlchemy address works the same. SQLite keeps its rollback journal
(not WAL): one file per store that can be copied and compared, and readers never write beside it.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from importlib.resources import as_file, files
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import OboleError
from ledger.words import _

StoreName = Literal["register", "vault"]
STORES: tuple[StoreName, ...] = ("register", "vault")
_Value = TypeVar("_Value")
_VARIABLES = 400  # of pairs: SQLite before 3.32 takes 999 variables in a statement

# The newest migration of each store; a test compares them with the migration scripts.
HEADS: dict[str, str] = {"register": "0005", "vault": "0004"}
# A table that each store has and the other has not: both count their versions in a table of the same name.
_OWN_TABLE = {"register": "gift", "vault": "donor"}


class StoreUnreadable(OboleError):
    """The file or server that should hold a store does not."""


def sqlite_url(path: Path, *, read_only: bool = False) -> str:
    """Return the SQLAlchemy address of a SQLite file, whatever signs its path holds."""
    # Quoted twice: once for SQLAlchemy's address, once for the URI that SQLite gets from it.
    return f"sqlite:///file:{quote(quote(str(path)))}?{'mode=ro&' if read_only else ''}uri=true"


def open_store(url: str, name: StoreName, *, migrate: bool = True) -> Engine:
    """Return an engine on a store, migrated to the newest version; StoreUnreadable where that cannot be done."""
    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_pragmas)
            event.listen(engine, "begin", _begin)
        version = _version(engine, name)
        if version != HEADS[name] and migrate:
            _upgrade(engine, name, version)
    except (SQLAlchemyError, ImportError) as error:  # ImportError: the driver of a server's address is not installed
        raise _cannot_be_opened(name, error) from None
    if version != HEADS[name] and not migrate:
        raise StoreUnreadable(_not_current(name, version))
    return engine


def _not_current(name: StoreName, version: str | None) -> str:
    if version is None:
        return _("what stands where the {name} should be is empty; restore it from your backup.").format(name=name)
    remedy = "run `obole upgrade`" if version < HEADS[name] else _("install the newest Obole")
    return _("the {name} is at version {version}, this Obole needs {needed}; {remedy}.").format(
        name=name, version=version, needed=HEADS[name], remedy=remedy
    )


def store_version(url: str, name: StoreName) -> str | None:
    """Return the migration that a store is at, None where it is empty; StoreUnreadable where it is no store."""
    try:
        engine = create_engine(url)
        try:
            return _version(engine, name)
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise _cannot_be_opened(name, error) from None


def _cannot_be_opened(name: StoreName, error: Exception) -> StoreUnreadable:
    return StoreUnreadable(
        _("the {name} cannot be opened ({type_name}); check that its file exists and is an Obole store.").format(
            name=name, type_name=type(error).__name__
        )
    )


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # `_begin` says where a transaction starts: a driver's own leaves reads out of it
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-65536")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute("PRAGMA secure_delete=ON")  # a name taken out of the vault is gone from its file


def _begin(connection: Connection) -> None:
    # Deferred: readers must not wait for each other. Writers take turns through ledger.posting.writing.
    connection.exec_driver_sql("BEGIN")


def _version(engine: Engine, name: StoreName) -> str | None:
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        if "alembic_version" not in tables:
            if tables:
                raise StoreUnreadable(
                    _("the {name} holds tables of another program; check its address in obole.toml.").format(name=name)
                )
            return None
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
        if row is not None and _OWN_TABLE[name] not in tables:
            raise StoreUnreadable(
                _("what stands where the {name} should be is no {name}; restore it from your backup.").format(name=name)
            )
        return str(row[0]) if row else None


def _upgrade(engine: Engine, name: StoreName, version: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - costs 0.2 s, needed once in the life of a store
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    with as_file(files("ledger") / "migrations" / name) as scripts, engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError:
            raise StoreUnreadable(
                _(
                    "the {name} is at version {version}, which this Obole does not know; install the newest Obole."
                ).format(name=name, version=version)
            ) from None


@cache
def iso(day: date) -> str:
    """Return a day as `bulk_insert` takes it; the same few thousand days come millions of times."""
    return day.isoformat()


def slices(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """As many values at a time as a statement may hold variables in every database."""
    for start in range(0, len(values), _VARIABLES):
        yield values[start : start + _VARIABLES]


def bulk_insert(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of driver values (dates as ISO text) in one call, past the per-value processing of the Core.

    Columns that are empty in every row are left out (every table has two that never are): to SQLite's driver a None is
    more work than any text.
    """
    if not rows:
        return
    filled = [index for index in range(len(columns)) if any(row[index] is not None for row in rows)]
    names = ", ".join(columns[index] for index in filled)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(filled))
    values = list(rows) if len(filled) == len(columns) else list(map(itemgetter(*filled), rows))
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", values)  # noqa: S608 - names of our own columns
