"""Invented documents, movements and gifts; a register in a folder; and changing it by hand past its triggers."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import stores
from sqlalchemy import Connection, Engine

from ledger.archive import Archive
from ledger.records import DocumentKind, Gift
from ledger.register.documents import DocumentRecord, MovementRow, all_documents, insert_document
from ledger.vault.key import KEY_BYTES, Sealer

DAY = date(2025, 3, 14)
SHARED = Path(__file__).parents[2].parent / "shared"


def register_in(folder: Path) -> Engine:
    """The register of a folder on the engine that the test runs on."""
    return stores.current().engine(folder, "register")


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What SQL finds in the register, past all that Obole knows of it."""
    with register_in(folder).connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def archive_in(folder: Path) -> Archive:
    """The archived sources of a folder, sealed with a key of noughts."""
    return Archive(folder, lambda: Sealer(bytes(KEY_BYTES)))


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
    with stores.current().unguarded(folder, "register") as cursor:
        for statement_ in statements:
            cursor.execute(statement_)
            assert cursor.rowcount, f"nothing was changed by {statement_}"


def seal_of_files(root: Path, connection: Connection, year: int) -> Path:
    """Write a seal of format 0, as commit 37d00a4 made it: digests of the year's files and of its documents' rows."""
    files = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in (root / "journal" / str(year), root / "manual")
        for path in sorted(folder.glob("*.beancount"))
        if folder.name == str(year) or path.stem == str(year)
    }
    documents = {
        row.name: hashlib.sha256(f"{row.digest}|{row.rows_digest}".encode()).hexdigest()
        for row in all_documents(connection)
        if row.last_day.year == year
    }
    content = {"year": year, "files": files, "documents": documents}
    path = root / "seals" / f"{year}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path
