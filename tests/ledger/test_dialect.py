"""What is said to PostgreSQL, without one: values in its text format, its answers in one line, its errors as ours."""

import socket
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, cast, column
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.schema import CreateTable

from ledger import engines
from ledger.engines import cause_of, copy_rows, create, on_server

BROKEN = {"C": "23514", "M": "the register is append-only", "D": "the row of somebody"}


class ServerError(Exception):
    """An error of the driver with the fields of the server's answer."""


@pytest.mark.parametrize(("value", "field"), [
    (None, "\\N"), (b"\x00\xff", "\\\\x00ff"),
    ("a\tb\nc\rd\\e", "a\\tb\\nc\\rd\\\\e"), (7, "7"), ("", ""), ("\\N", "\\\\N"),
])  # fmt: skip
def test_a_value_is_written_as_copy_reads_it(value: Any, field: str):
    assert engines._field(value) == field


def test_rows_go_to_a_table_as_lines_of_one_stream():
    said: list[tuple[str, dict[str, BytesIO]]] = []
    connection = SimpleNamespace(
        dialect=postgresql.dialect(),
        exec_driver_sql=lambda statement, execution_options: said.append((statement, execution_options)),
    )
    copy_rows(connection, "donor", ["key", "user"], [("D1", None), ("é", 2)])
    ((statement, options),) = said
    assert statement == 'COPY donor (key, "user") FROM STDIN'
    assert {name: stream.read() for name, stream in options.items()} == {"obole_stream": "D1\t\\N\né\t2\n".encode()}


def test_a_stream_is_handed_to_the_driver_and_other_statements_are_left_alone():
    said: list[tuple[Any, ...]] = []
    cursor = SimpleNamespace(execute=lambda *values, **named: said.append((*values, named)))
    assert engines._send_stream(cursor, "SELECT 1", (), SimpleNamespace(execution_options={})) is False
    assert said == []
    stream = BytesIO(b"x")
    context = SimpleNamespace(execution_options={"obole_stream": stream})
    assert engines._send_stream(cursor, "COPY", (), context) is True
    assert said == [("COPY", (), {"stream": stream})]


@pytest.mark.parametrize(("family", "calls"), [
    (socket.AF_INET, [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]), (socket.AF_UNIX, []),
])  # fmt: skip
def test_the_socket_of_a_network_does_not_wait(family: int, calls: list[tuple[int, int, int]]):
    made: list[tuple[int, ...]] = []
    connected = SimpleNamespace(family=family, setsockopt=lambda *values: made.append(values))
    engines._send_at_once(SimpleNamespace(_usock=connected), None)
    assert made == calls


@pytest.mark.parametrize(("error", "cause"), [
    (ServerError(BROKEN), "the register is append-only"),
    (ServerError(BROKEN, "more"), "the register is append-only"),
    (ServerError({"C": "53100", "M": "disk full"}), "disk full"),
    (ServerError({"C": "57014", "M": "canceled"}), "canceled"),
    (ServerError({"C": "42P01", "M": 'relation "x" of somebody'}), "the server answers 42P01"),
    (ServerError({}), "the server answers "),
    (ServerError("first\nsecond"), "first"),
    (ServerError(), ""),
])  # fmt: skip
def test_the_cause_of_an_error_is_told_without_the_row(error: Exception, cause: str):
    assert cause_of(OperationalError("INSERT", {}, error)) == cause


def test_an_error_without_a_cause_is_named_by_its_kind():
    assert cause_of(ImportError("no module of that name")) == "ImportError"
    assert cause_of(OperationalError("INSERT", {}, None)) == "OperationalError"


def raised(error: Exception, kind: type[DBAPIError] = DBAPIError) -> Any:
    return SimpleNamespace(original_exception=error, sqlalchemy_exception=kind("INSERT", {"a": 1}, error))


def test_a_broken_constraint_is_an_integrity_error():
    error = ServerError(BROKEN)
    found = engines._as_integrity_error(raised(error))
    assert isinstance(found, IntegrityError)
    assert (found.statement, found.params, found.orig) == ("INSERT", {"a": 1}, error)
    assert isinstance(engines._as_integrity_error(raised(ServerError(BROKEN, "more"))), IntegrityError)


@pytest.mark.parametrize("context", [
    raised(ServerError(BROKEN), IntegrityError),
    raised(ServerError({"C": "42P01"})),
    raised(ServerError({})),
    raised(ServerError("23514")),
    raised(ServerError()),
    SimpleNamespace(original_exception=ServerError(BROKEN), sqlalchemy_exception=None),
])  # fmt: skip
def test_every_other_error_stays_what_it_is(context: Any):
    assert engines._as_integrity_error(context) is None


def test_columns_are_as_wide_and_in_the_order_that_sqlite_has_them():
    engine = create("postgresql+pg8000://nobody@127.0.0.1:1/x")
    assert on_server(engine)
    assert not on_server(create("sqlite://"))
    table = Table("t", MetaData(), Column("a", Integer), Column("b", String), Column("c", Text))
    made = str(CreateTable(table).compile(dialect=engine.dialect))
    assert [line.strip().rstrip(",") for line in made.splitlines() if line.startswith("\t")] == [
        "a BIGINT", 'b VARCHAR COLLATE "C"', 'c TEXT COLLATE "C"',
    ]  # fmt: skip
    assert str(cast(column("x"), String).compile(dialect=engine.dialect)) == "CAST(x AS VARCHAR)"
    assert engine.dialect._on_connect_isolation_level == "REPEATABLE READ"
