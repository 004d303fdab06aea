"""Stores tried on, and held still: nothing is kept, nobody commits meanwhile, who waits too long is told."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from invented import insert, record, register_in
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

import ledger.snapshot
from ledger.dry_run import CannotTry, _begin_in_memory, tried
from ledger.register.documents import all_documents
from ledger.snapshot import NotStill, held_still, snapshot
from ledger.store import StoreUnreadable, open_store, sqlite_url


@pytest.fixture
def url(tmp_path: Path) -> str:
    register_in(tmp_path).dispose()
    return sqlite_url(tmp_path / "register.sqlite3")


def names(connection: Connection) -> list[str]:
    return [row.name for row in all_documents(connection)]


# Dry runs


def test_each_work_sees_those_before_it_and_nothing_is_kept(url: str, tmp_path: Path):
    before = (tmp_path / "register.sqlite3").read_bytes()
    with tried(url, "register") as engine:
        with engine.begin() as connection:
            insert(connection, record("a"))
        with suppress(ZeroDivisionError), engine.begin() as connection:
            insert(connection, record("lost"))
            raise ZeroDivisionError
        with engine.begin() as connection:
            insert(connection, record("b"))
            with engine.connect() as inner, inner.begin() as work:
                insert(inner, record("inner"))
                work.rollback()
            assert names(connection) == ["a", "b"]
        with engine.connect() as connection:
            assert names(connection) == ["a", "b"]
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "memory"
            assert connection.exec_driver_sql("PRAGMA cache_spill").scalar_one() == 0
    with open_store(url, "register").connect() as connection:
        assert names(connection) == []
    assert (tmp_path / "register.sqlite3").read_bytes() == before


def test_a_store_of_another_version_is_not_tried(url: str, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "register.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreUnreadable), tried(url, "register"):
        pass


def test_a_database_that_would_spill_to_its_file_is_not_tried():
    class Spilling:
        def execute(self, _statement: str) -> "Spilling":
            return self

        def fetchone(self) -> tuple[int]:
            return (1,)

    with pytest.raises(CannotTry, match="in memory"):
        _begin_in_memory(Spilling(), None)


# Snapshots


def test_a_snapshot_sees_the_store_as_it_was_when_it_began(url: str):
    with snapshot(url, "register") as connection:
        engine = open_store(url, "register")
        with engine.connect() as other:
            insert_refused(other)
        assert names(connection) == []


def insert_refused(connection: Connection) -> None:
    connection.rollback()
    connection.exec_driver_sql("PRAGMA busy_timeout=10")
    insert(connection, record("later"))
    with pytest.raises(OperationalError, match="locked"):
        connection.commit()


def test_what_is_no_store_gives_no_snapshot(tmp_path: Path):
    with pytest.raises(StoreUnreadable), snapshot(sqlite_url(tmp_path / "no" / "store"), "register"):
        pass


def test_stores_are_held_in_their_order_and_nobody_commits_to_them(tmp_path: Path):
    paths = [tmp_path / "a.sqlite3", tmp_path / "b.sqlite3"]
    for path in paths:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"CREATE TABLE {path.stem} (y)")
    with held_still(*paths) as held:
        tables = [one.exec_driver_sql("SELECT name FROM sqlite_master").scalar_one() for one in held]
        assert tables == ["a", "b"]
        for path in paths:
            with closing(sqlite3.connect(path, timeout=0)) as other, pytest.raises(sqlite3.OperationalError):
                other.execute("CREATE TABLE x (y)")
    for path in paths:
        with closing(sqlite3.connect(path, timeout=0)) as other:
            other.execute("CREATE TABLE x (y)")


@pytest.mark.parametrize("free_after", [1, 3])
def test_who_holds_the_second_makes_us_step_back_and_try_again(
    free_after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[tuple[str, int]] = []

    @contextmanager
    def reading(path: Path, seconds: int) -> Iterator[str | None]:
        asked.append((path.name, seconds))
        held = path.name == "vault" and sum(name == "vault" for name, _ in asked) <= free_after
        yield None if held else path.name

    monkeypatch.setattr(ledger.snapshot, "_reading", reading)
    with held_still(tmp_path / "register", tmp_path / "vault") as held:
        assert held == ["register", "vault"]
    assert asked == [("register", 60), ("vault", 2)] * (free_after + 1)
    asked.clear()
    monkeypatch.setattr(ledger.snapshot, "_ATTEMPTS", free_after)
    with pytest.raises(NotStill), held_still(tmp_path / "register", tmp_path / "vault"):
        pass
    assert len(asked) == 2 * free_after


def test_a_store_that_somebody_commits_to_cannot_be_read_and_another_fault_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "a.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with ledger.snapshot._reading(path, 0) as reading:
            assert reading is None
    with ledger.snapshot._reading(path, 0) as reading:
        assert reading is not None

    def failing(*_: Any) -> None:
        raise OperationalError("BEGIN", {}, Exception("disk I/O error"))

    monkeypatch.setattr(Connection, "exec_driver_sql", failing)
    with pytest.raises(OperationalError, match="disk"), ledger.snapshot._reading(path, 0):
        pass
