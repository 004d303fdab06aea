"""Invented documents, movements and gifts; a register in a folder; and changing it by hand past its triggers."""

import sqlite3
import tempfile
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from ledger.records import DocumentKind, Gift
from ledger.register.documents import DocumentRecord, MovementRow, insert_document
from ledger.store import open_store, sqlite_url

DAY = date(2025, 3, 14)
SHARED = Path(__file__).parents[2].parent / "shared"


def register_in(folder: Path) -> Engine:
    path = folder / "register.sqlite3"
    if not path.exists():
        path.write_bytes(_empty_register())
    return open_store(sqlite_url(path), "register")


@cache
def _empty_register() -> bytes:
    """Migrated once for all tests: each migration takes a twentieth of a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.sqlite3"
        open_store(sqlite_url(path), "register").dispose()
        return path.read_bytes()


def record(name: str = "coda-current-2025-073", day: date = DAY, **changes: Any) -> DocumentRecord:
    values: dict[str, Any] = {
        "kind": DocumentKind.CODA,
        "file_digest": f"file-{name}",
        "digest": f"content-{name}",
        "first_day": day,
        "last_day": day,
    }
    return DocumentRecord(name, **(values | changes))


def statement(number: int, day: date, opening: int, closing: int, bank: str = "current") -> DocumentRecord:
    return record(
        f"coda-{bank}-{day.year}-{number:03d}",
        day,
        bank=bank,
        sequence=f"{number:03d}",
        opening=opening,
        opening_date=day,
        closing=closing,
        closing_date=day,
    )


def gift(cents: int = 5000, donor: str | None = "D0001", day: date = DAY, position: int = 1, **changes: Any) -> Gift:
    values: dict[str, Any] = {"counted": day.year, "account": "731100"}
    return Gift(donor=donor, cents=cents, booked=day, position=position, **(values | changes))


def movement(position: int = 1, cents: int = 5000, day: date = DAY, **changes: Any) -> MovementRow:
    values: dict[str, Any] = {
        "parent": None,
        "booked": day.isoformat(),
        "value": day.isoformat(),
        "cents": cents,
        "code": "00150000",
        "reference": None,
        "mandate": None,
        "reason": None,
        "outcome": "gift",
        "account": "731100",
    }
    return MovementRow(position=position, **(values | changes))


def insert(connection: Connection, of: DocumentRecord, movements: Any = (), gifts: Any = ()) -> int:
    return insert_document(
        connection, of, movements, gifts, journal=None, journal_digest=None, posted_at="2026-01-05T10:00:00Z"
    )


def tamper(folder: Path, *statements: str) -> None:
    """Run SQL on the register as someone does who knows how to drop its triggers and its foreign keys."""
    connection = sqlite3.connect(folder / "register.sqlite3")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement_ in statements:
        changed = connection.execute(statement_).rowcount
        assert changed, f"nothing was changed by {statement_}"
    connection.commit()
    connection.close()
