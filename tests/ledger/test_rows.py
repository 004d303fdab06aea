"""The rows of a store as values: read in order, written as lines, put into another store and compared."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from invented import DAY, gift, insert, movement, record, register_in
from sqlalchemy import Column, Connection, Integer, MetaData, Table

import ledger.rows
from ledger.register.documents import insert_undone
from ledger.rows import RowsDiffer, TableRows, decoded, digest_of_rows, encoded, enter_rows, pour, rows_of, tables_of
from ledger.store import HEADS

MOVEMENT = ("movement", ("document_id", "position"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with register_in(tmp_path).begin() as opened:
        yield opened


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Connection]:
    (tmp_path / "empty").mkdir()
    with register_in(tmp_path / "empty").begin() as opened:
        yield opened


def tables() -> list[TableRows]:
    return tables_of("register", HEADS["register"])


def test_documents_and_what_was_undone_come_before_the_other_tables():
    names = [one.name for one in tables()]
    assert names[:2] == ["document", "undone"]
    assert {"gift", "movement", "receipt", "entry_number"} < set(names)
    assert "alembic_version" not in names
    assert names.index("receipt") < names.index("receipt_gift")
    assert MOVEMENT in [(one.name, one.key) for one in tables()]


def test_a_table_without_a_key_is_read_in_the_order_of_all_its_columns():
    bare = Table("bare", MetaData(), Column("b", Integer), Column("a", Integer))
    assert ledger.rows._described(bare) == TableRows("bare", ("b", "a"), ("b", "a"))


def test_rows_are_plain_values_in_the_order_of_their_key(connection: Connection):
    insert(connection, record(), [movement(2, certificate_elsewhere=True, value=None), movement(1)])
    (one,) = [one for one in tables() if one.name == "movement"]
    rows = list(rows_of(connection, one))
    place = {name: number for number, name in enumerate(one.columns)}
    assert [row[place["position"]] for row in rows] == [1, 2]
    assert [row[place["booked"]] for row in rows] == [DAY.isoformat()] * 2
    assert [row[place["value"]] for row in rows] == [DAY.isoformat(), None]
    assert [ledger.rows._plain(value) for value in (True, False, date(2025, 1, 2), "x", 7, None, b"y")] == [
        1, 0, "2025-01-02", "x", 7, None, b"y",
    ]  # fmt: skip
    assert ledger.rows._plain(True) is not True


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_store_poured_into_an_empty_one_is_the_same(
    batch: int, connection: Connection, empty: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ledger.rows, "_BATCH", batch)
    first = insert(connection, record("a"), [movement(1), movement(2), movement(3)], [gift(), gift(position=2)])
    insert_undone(connection, first, insert(connection, record("b"), [], [gift(-5000, reverses=1)]))
    pour(connection, empty, tables())
    for one in tables():
        assert list(rows_of(empty, one)) == list(rows_of(connection, one))
        assert digest_of_rows(empty, one) == digest_of_rows(connection, one)


def test_a_store_that_gives_other_rows_back_is_refused(
    connection: Connection, empty: Connection, monkeypatch: pytest.MonkeyPatch
):
    insert(connection, record())
    monkeypatch.setattr(ledger.rows, "enter_rows", lambda *_: None)
    with pytest.raises(RowsDiffer, match=r"^table document: "):
        pour(connection, empty, tables())


def test_the_digest_of_a_table_is_that_of_its_lines(connection: Connection):
    (one,) = [one for one in tables() if one.name == "undone"]
    assert digest_of_rows(connection, one) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    insert(connection, record("a"))
    insert_undone(connection, 1, insert(connection, record("b")))
    # printf '[1,2]\n' | sha256sum
    assert digest_of_rows(connection, one) == "f109b002d2f351fa534341fcb7d18145d187efd8a47fc21539f8395a7a85d0d6"


def test_a_row_is_a_line_of_json_with_bytes_as_an_array():
    row = (1, None, "é\n", b"\xff\x00", 2.5)
    assert encoded(row) == '[1,null,"é\\n",["/wA="],2.5]\n'.encode()
    assert decoded(encoded(row)) == row


@pytest.mark.parametrize("line", [b'[["/wA*="]]', b'[["/wA"]]', b"[", b"7"])
def test_a_line_that_is_no_row_is_refused(line: bytes):
    with pytest.raises((ValueError, TypeError)):
        decoded(line)


def test_nothing_is_entered_where_there_are_no_rows(connection: Connection):
    (one,) = [one for one in tables() if one.name == "undone"]
    enter_rows(connection, one, [])
    assert list(rows_of(connection, one)) == []
