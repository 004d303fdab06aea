"""Gifts posted before they had a project and a department stay provable, and what is added is provable too."""

import sqlite3
import zlib
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from invented import gift, insert, movement, record, register_in, tamper
from sqlalchemy import create_engine, event

from ledger.register.gifts import day_totals
from ledger.register.proof import alterations
from ledger.store import open_store, sqlite_url

# A gift as the version before joined it: document, position, batch, donor, cents ... campaign, fund, reverses.
OLD = b"1|1|0|D0001|5000|2025-03-14|2025|731100|money|transfer|none|None|None|None|None|spring|water|None"


def old_register(path: Path) -> None:
    """A register of the version before with one gift, written by SQL as that version wrote it."""
    engine = create_engine(sqlite_url(path))
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with as_file(files("ledger") / "migrations" / "register") as scripts, engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    engine.dispose()


@pytest.fixture
def upgraded(tmp_path: Path) -> Path:
    old = tmp_path / "register.sqlite3"
    old_register(old)
    new = tmp_path / "new"
    new.mkdir()
    with register_in(new).begin() as connection:
        insert(connection, record(), [movement()], [gift(fund="water", campaign="spring"), gift(700, position=2)])
    with sqlite3.connect(old) as plain:
        plain.execute("ATTACH ? AS new", (str(new / "register.sqlite3"),))
        for table in ("document", "movement", "gift", "day_total"):
            columns = ", ".join(row[1] for row in plain.execute(f"PRAGMA main.table_info({table})"))
            plain.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
    plain.close()
    return old


def test_rows_of_the_version_before_are_as_posted_after_the_migration(upgraded: Path):
    with open_store(sqlite_url(upgraded), "register").connect() as connection:
        assert alterations(connection) == []
        totals = day_totals(connection)
    assert [(one.fund, one.project, one.department, one.gifts, one.cents) for one in totals] == [
        ("", "", "", 1, 700),
        ("water", "", "", 1, 5000),
    ]


def test_the_crc_of_a_gift_without_dimensions_is_that_of_the_version_before(tmp_path: Path):
    with register_in(tmp_path).begin() as connection:
        insert(connection, record(), [], [gift(fund="water", campaign="spring")])
        crc = connection.exec_driver_sql("SELECT crc FROM gift").scalar_one()
    assert crc == zlib.crc32(OLD)


@pytest.mark.parametrize(
    "change",
    ["project = 'x'", "department = 'x'", "project = NULL", "project = department, department = project"],
)
def test_a_dimension_changed_by_hand_is_found(change: str, tmp_path: Path):
    with register_in(tmp_path).begin() as connection:
        insert(connection, record(), [], [gift(project="schools", department="comm")])
    tamper(tmp_path, f"UPDATE gift SET {change}")
    with register_in(tmp_path).connect() as connection:
        assert [one.table for one in alterations(connection)] == ["gift", "document", "day_total", "day_total"]
