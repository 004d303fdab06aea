"""Opening a store (register or vault): its engine, its migrations, and the bulk insert the imports live on.

SQLite is embedded and the default; PostgreSQL (`postgresql+pg8000://`) works the same. SQLite keeps its rollback
journal (not WAL): one file per store that can be copied and compared, and readers never write beside it.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from functools import cache
from importlib.resources import as_file, files
from operator import itemgetter
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, Engine, Select, Table, event, inspect, text

from ledger.engines import UNREACHED, begin_deferred, copy_rows, create, on_server
from ledger.engines import sqlite_url as sqlite_url  # noqa: PLC0414 - part of opening a store
from ledger.errors import OboleError
from ledger.words import _

StoreName = Literal["register", "vault"]
STORES: tuple[StoreName, ...] = ("register", "vault")
_Value = TypeVar("_Value")
AT_A_TIME = 20_000  # rows that are in memory while millions are read
_FETCHED = 1000  # rows that are taken from the driver of SQLite together
_VARIABLES = 400  # of pairs: SQLite before 3.32 takes 999 variables in a statement

# The newest migration of each store; a test compares them with the migration scripts.
HEADS: dict[str, str] = {"register": "0009", "vault": "0009"}
# A table that each store has and the other has not: both count their versions in a table of the same name.
_OWN_TABLE = {"register": "gift", "vault": "donor"}


class StoreUnreadable(OboleError):
    """The file or server that should hold a store does not."""


def open_store(url: str, name: StoreName, *, migrate: bool = True) -> Engine:
    """Return an engine on a store, migrated to the newest version; StoreUnreadable where that cannot be done."""
    with readable(name, url):
        engine = create(url)
        if not on_server(engine):
            event.listen(engine, "begin", begin_deferred)
        prepare(engine, name, migrate=migrate)
    return engine


def store_version(url: str, name: StoreName) -> str | None:
    """Return the migration that a store is at, None where it is empty; StoreUnreadable where it is no store."""
    with readable(name, url):
        engine = create(url)
        try:
            return _version(engine, name)
        finally:
            engine.dispose()


def _not_current(name: StoreName, version: str | None) -> str:
    if version is None:
        return _("what stands where the {name} should be is empty; restore it from your backup.").format(name=name)
    remedy = "run `obole upgrade`" if version < HEADS[name] else _("install the newest Obole")
    return _("the {name} is at version {version}, this Obole needs {needed}; {remedy}.").format(
        name=name, version=version, needed=HEADS[name], remedy=remedy
    )


@contextmanager
def readable(name: StoreName, url: str) -> Iterator[None]:
    """Raise StoreUnreadable for whatever keeps a store from being opened; the sentence does not quote its address."""
    try:
        yield
    except UNREACHED as error:
        said = _(
            "the {name} cannot be opened ({type_name}); check that its file is there and may be read. Where it is "
            "damaged, or only a part of it arrived, restore it from your backup."
        )
        if not url.startswith("sqlite"):
            said = _(
                "the {name} cannot be opened ({type_name}); check its address in obole.toml, and that its server "
                "answers and has this database."
            )
        raise StoreUnreadable(said.format(name=name, type_name=type(error).__name__)) from None


def prepare(engine: Engine, name: StoreName, *, migrate: bool = True) -> None:
    """Bring a store to the newest version; StoreUnreadable where it is none or, without `migrate`, of another one."""
    version = _version(engine, name)
    if version == HEADS[name]:
        return
    if not migrate:
        raise StoreUnreadable(_not_current(name, version))
    _upgrade(engine, name, version)


def migrate_to(connection: Connection, name: StoreName, version: str) -> None:
    """Make the tables of a store in an empty database, or bring them there, as a version has them.

    StoreUnreadable where this Obole does not know the version.
    """
    _migrate(connection, name, version, version)


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
    with engine.begin() as connection:
        _migrate(connection, name, "head", version)


def _migrate(connection: Connection, name: StoreName, target: str, version: str | None) -> None:
    """Take the steps up to `target`; `version` is the one that is named where it is not known."""
    from alembic import command  # noqa: PLC0415 - costs 0.2 s, needed once in the life of a store
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    with as_file(files("ledger") / "migrations" / name) as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, target)
        except CommandError:
            raise StoreUnreadable(
                _(
                    "the {name} is at version {version}, which this Obole does not know; install the newest Obole."
                ).format(name=name, version=version)
            ) from None


def plain_rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield rows as the driver gives them, for where there are hundreds of thousands: a third of the work of the Core.

    SQLite gives days as ISO text and truth as 0 or 1; memory holds a part of them.
    """
    if on_server(connection.engine):
        for row in connection.execute(query, execution_options={"yield_per": AT_A_TIME}):
            yield tuple(row)
        return
    with closing(connection.execute(query)) as result:
        cursor = result.cursor
        assert cursor is not None
        while some := cursor.fetchmany(_FETCHED):
            yield from some


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
    names = [columns[index] for index in filled]
    values = list(rows) if len(filled) == len(columns) else list(map(itemgetter(*filled), rows))
    if on_server(connection.engine):
        copy_rows(connection, table.name, names, values)
        return
    marks = ", ".join("?" * len(filled))
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608 - names of our own columns
