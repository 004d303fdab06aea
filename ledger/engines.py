"""Engines for the stores: SQLite, which is embedded, and PostgreSQL on a server, made to behave alike.

On both a whole number has 64 bits, texts are compared by their bytes, a transaction sees one state of the store from
its first statement on, and a broken constraint or an append-only row is an IntegrityError. What differs stands here.
"""

import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Column, Connection, Engine, ExceptionContext, String, create_engine, event, make_url
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.types import Integer, Text

from ledger.words import _

# What keeps a store from being reached: its driver is not installed, or its address lacks what the driver asks for.
UNREACHED = (SQLAlchemyError, ImportError, TypeError, ValueError)  # ValueError: a port that is no number

_BUSY_TIMEOUT = 30_000  # milliseconds that SQLite waits for who has the file
_STREAM = "obole_stream"  # the execution option that carries the rows of a COPY
_BROKEN = "23"  # SQLSTATE class 23: integrity constraint violation (PostgreSQL manual, appendix A)


def sqlite_url(path: Path, *, read_only: bool = False) -> str:
    """Return the SQLAlchemy address of a SQLite file, whatever signs its path holds."""
    # Quoted twice: once for SQLAlchemy's address, once for the URI that SQLite gets from it.
    return f"sqlite:///file:{quote(quote(str(path)))}?{'mode=ro&' if read_only else ''}uri=true"


def on_server(engine: Engine) -> bool:
    """Return whether a store lies on a server, where other machines may write to it too."""
    return engine.dialect.name != "sqlite"


def create(url: str, **options: Any) -> Engine:
    """Return an engine whose transactions begin where SQLAlchemy says; SQLAlchemyError, ImportError for a bad address.

    `options` are those of `sqlalchemy.create_engine`.
    """
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, **options)
        event.listen(engine, "connect", _set_pragmas)
        return engine
    # What SQLite gives: a transaction that reads twice reads the same. Writers take turns through ledger.locks.
    engine = create_engine(url, isolation_level="REPEATABLE READ", **options)
    if engine.dialect.name == "postgresql":
        engine.dialect.type_compiler_instance = _Types(engine.dialect)
        event.listen(engine, "connect", _send_at_once)
        event.listen(engine, "do_execute", _send_stream)
        event.listen(engine, "handle_error", _as_integrity_error, retval=True)
    return engine


_CHANGES = "obole_changes"  # of a connection to SQLite: the rows it had changed when its transaction began


def begin_deferred(connection: Connection) -> None:
    """Begin a transaction of SQLite: deferred, so that readers do not wait for each other."""
    connection.exec_driver_sql("BEGIN")
    connection.info[_CHANGES] = _changes_of(connection)


def has_written(connection: Connection) -> bool:
    """Return whether the transaction that a connection is in has changed any row."""
    if on_server(connection.engine):
        return connection.exec_driver_sql("SELECT txid_current_if_assigned()").scalar() is not None
    return _changes_of(connection) != connection.info.get(_CHANGES)


def _changes_of(connection: Connection) -> int:
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.total_changes


@contextmanager
def wait_at_most(connection: Connection, milliseconds: int) -> Iterator[None]:
    """Let a connection to SQLite wait no longer than that for who has the file, while the block runs."""
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT}")


@contextmanager
def few_pages(engine: Engine) -> Iterator[None]:
    """Let connections to SQLite that are taken in the block keep few pages: what is read once need not stay."""
    if on_server(engine):
        yield
        return
    event.listen(engine, "checkout", _keep_few)
    try:
        yield
    finally:
        event.remove(engine, "checkout", _keep_few)
        engine.dispose()  # the next connection keeps as many as it is made with


def _keep_few(connection: sqlite3.Connection, _record: Any, _proxy: Any) -> None:
    connection.execute("PRAGMA cache_size=-4096")


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Send rows of driver values to a table of PostgreSQL by COPY: its driver sends INSERTs one by one."""
    lines = ("\t".join(map(_field, row)) for row in rows)
    stream = BytesIO("".join(f"{line}\n" for line in lines).encode())
    names = ", ".join(map(connection.dialect.identifier_preparer.quote, columns))
    connection.exec_driver_sql(f"COPY {table} ({names}) FROM STDIN", execution_options={_STREAM: stream})


def cause_of(error: Exception) -> str:
    """Return what a database says of an error in one line, without the values of the row it is about."""
    cause = getattr(error, "orig", None) or type(error).__name__
    fields = cause.args[0] if isinstance(cause, Exception) and cause.args else None
    if isinstance(fields, dict):  # pg8000 gives the fields of the server's answer, some of which quote the row
        code = str(fields.get("C", ""))
        if code.startswith((_BROKEN, "53", "57")):  # a broken constraint; too few resources; an operator stepped in
            return str(fields.get("M"))
        return _("the server answers {code}").format(code=code)
    return str(cause).partition("\n")[0]


class _Types(PGTypeCompiler):
    """Whole numbers as wide, and texts in the order, that SQLite has them: a sum in cents and a CRC do not fit 32 bits.

    Of columns the migrations make; what a cast asks for has no order.
    """

    def visit_INTEGER(self, type_: Integer, **options: Any) -> str:  # noqa: ARG002, N802 - the name that SQLAlchemy calls
        return "BIGINT"

    def visit_VARCHAR(self, type_: String, **options: Any) -> str:  # noqa: N802
        return _by_bytes(super().visit_VARCHAR(type_, **options), options)

    def visit_TEXT(self, type_: Text, **options: Any) -> str:  # noqa: N802
        return _by_bytes(super().visit_TEXT(type_, **options), options)


def _by_bytes(text: str, options: dict[str, Any]) -> str:
    return f'{text} COLLATE "C"' if isinstance(options.get("type_expression"), Column) else text


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy says where a transaction starts: a driver's own leaves reads out
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-65536")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute("PRAGMA secure_delete=ON")  # a name taken out of the vault is gone from its file


def _send_at_once(connection: Any, _record: Any) -> None:
    """Let the driver's socket send what is written without waiting.

    pg8000 writes the parts of a COPY apart: else the last waits until the first is acknowledged, 40 ms later.
    """
    connected = connection._usock  # noqa: SLF001 - pg8000 1.31 hands its socket out nowhere else
    if connected.family != socket.AF_UNIX:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _send_stream(cursor: DBAPICursor, statement: str, _parameters: Any, context: ExecutionContext) -> bool:
    stream = context.execution_options.get(_STREAM)
    if stream is None:
        return False
    cursor.execute(statement, (), stream=stream)  # type: ignore[call-arg] # an argument of pg8000's own
    return True


def _as_integrity_error(context: ExceptionContext) -> BaseException | None:
    """pg8000 knows only keys given twice as what they are."""
    error, raised = context.original_exception, context.sqlalchemy_exception
    fields = error.args[0] if error.args else None
    if not isinstance(raised, DBAPIError) or not isinstance(fields, dict):
        return None
    if not str(fields.get("C", "")).startswith(_BROKEN) or isinstance(raised, IntegrityError):
        return None
    return IntegrityError(raised.statement, raised.params, error)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _field(value: Any) -> str:
    """Return a value in the text format of COPY (PostgreSQL manual, section COPY, "Text Format")."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value).translate(_ESCAPES)
