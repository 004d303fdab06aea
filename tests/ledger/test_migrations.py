"""Registers of earlier versions: what was posted in them is proved by the same digests after each migration."""

import sqlite3
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from invented import gift, insert, movement, record, register_in, tamper
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from ledger.records import LineOutcome
from ledger.register.documents import find_document, known_files
from ledger.register.gifts import Identified, identities, noted_gifts
from ledger.register.proof import alterations
from ledger.store import HEADS, open_store, sqlite_url

# What version 0003 wrote for an export that names the donor of one of two payments (and a bank line with a reason), by
# its own code: text of a row, its CRC-32, and the SHA-256 of the document's rows.
ROWS = (
    (1, 1, None, "2025-03-10", "2025-03-12", 5000, "gift", "stripe:ch_1", None, "D0001", "identity", None, 448178352),
    (1, 2, None, "2025-03-11", None, 2000, "gift", "stripe:ch_2", None, None, "identity", None, 2384804487),
    (1, 3, None, "2025-03-12", None, -900, "00503000", "E2E-1", "M-1", "MS03", "suspense", "499000", 497988471),
)
ROWS_DIGEST = "fa19a8032065b403c150fd0914c79a91bb29979d35f35f0dbe0b2d34c8c65571"
DOCUMENT = {
    "id": 1,
    "name": "platform-crm-2025-00000000",
    "kind": "platform",
    "file_digest": "f",
    "digest": "d",
    "bank": None,
    "sequence": None,
    "opening": None,
    "opening_date": None,
    "closing": None,
    "closing_date": None,
    "first_day": "2025-03-10",
    "last_day": "2025-03-12",
    "archive": None,
    "journal": None,
    "journal_digest": None,
    "movements": 3,
    "gifts": 0,
    "rows_digest": ROWS_DIGEST,
    "summary": '{"counts": {"identified": 2}, "statements": 1000000}',
    "posted_at": "2026-01-05T10:00:00Z",
    "crc": 3241149696,
}


def register_of_0003(path: Path) -> None:
    """A register as version 0003 left it, with the rows above."""
    engine = create_engine(sqlite_url(path))
    with as_file(files("ledger") / "migrations" / "register") as scripts, engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    engine.dispose()
    with sqlite3.connect(path) as store:
        marks = ", ".join("?" * len(DOCUMENT))
        store.execute(f"INSERT INTO document ({', '.join(DOCUMENT)}) VALUES ({marks})", [*DOCUMENT.values()])
        names = (
            *("document_id", "position", "parent", "booked", "value", "cents", "code", "reference", "mandate"),
            *("reason", "outcome", "account", "crc"),
        )
        store.executemany(f"INSERT INTO movement ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", ROWS)
    store.close()


def test_the_donor_of_an_identity_moves_and_no_digest_changes(tmp_path: Path):
    path = tmp_path / "register.sqlite3"
    register_of_0003(path)
    engine = open_store(sqlite_url(path), "register")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT donor, reason, certificate_elsewhere, crc FROM movement").all()
        assert [tuple(row) for row in rows] == [
            ("D0001", None, None, ROWS[0][-1]),
            (None, None, None, ROWS[1][-1]),
            (None, "MS03", None, ROWS[2][-1]),
        ]
        kept = find_document(connection, DOCUMENT["name"])
        assert kept is not None
        assert kept.rows_digest == ROWS_DIGEST
        assert identities(connection, ["stripe:ch_1", "stripe:ch_2"]) == {
            "stripe:ch_1": Identified("D0001", certificate_elsewhere=False)
        }
        assert [one.donor for one in noted_gifts(connection, "stripe")] == ["D0001"]
        assert alterations(connection) == []


def test_rows_of_a_register_that_was_migrated_stay_as_they_are(tmp_path: Path):
    path = tmp_path / "register.sqlite3"
    register_of_0003(path)
    engine = open_store(sqlite_url(path), "register")
    with engine.begin() as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.exec_driver_sql("UPDATE movement SET donor = 'D0002' WHERE position = 1")


@pytest.mark.parametrize(
    "change",
    [
        "donor = 'D0002' WHERE position = 1",
        "donor = NULL, reason = donor WHERE position = 1",
        "donor = 'D0001' WHERE position = 2",
        "donor = reason, reason = NULL WHERE position = 3",
        "certificate_elsewhere = 1 WHERE position = 1",
    ],
)
def test_a_donor_changed_by_hand_after_the_migration_is_named(change: str, tmp_path: Path):
    path = tmp_path / "register.sqlite3"
    register_of_0003(path)
    open_store(sqlite_url(path), "register").dispose()
    tamper(tmp_path, f"UPDATE movement SET {change}")
    with register_in(tmp_path).connect() as connection:
        assert "the row was changed after posting" in {one.problem for one in alterations(connection)}


def test_a_part_posted_by_an_earlier_version_never_makes_its_file_whole(tmp_path: Path):
    path = tmp_path / "register.sqlite3"
    register_of_0003(path)
    with open_store(sqlite_url(path), "register").connect() as connection:
        assert not known_files(connection, ["f"])["f"].whole


def test_what_an_export_says_is_proved_like_all_else(tmp_path: Path):
    engine = register_in(tmp_path)
    line = movement(1, outcome=LineOutcome.IDENTITY, account=None, donor="D0001", certificate_elsewhere=True)
    with engine.begin() as connection:
        insert(connection, record(), [line], [gift(certificate_elsewhere=True)])
    with engine.connect() as connection:
        assert alterations(connection) == []
    tamper(
        tmp_path,
        "UPDATE movement SET certificate_elsewhere = NULL",
        "UPDATE gift SET certificate_elsewhere = NULL",
    )
    with register_in(tmp_path).connect() as connection:
        assert {one.table for one in alterations(connection)} == {"movement", "gift", "document"}


def test_the_newest_version_is_the_one_these_tests_reach():
    assert HEADS["register"] >= "0004"
