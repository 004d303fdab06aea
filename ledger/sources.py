"""What a source file becomes: the record of its document in the register, and the place of its archive in the books."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ledger.folder import Folder
from ledger.records import DocumentKind
from ledger.register.documents import DocumentRecord, DocumentSummary

_NONE: Mapping[str, int] = {}


def source_document(
    kind: DocumentKind,
    name: str,
    digest: str,
    days: Iterable[date],
    *,
    counts: Mapping[str, int] = _NONE,
    cents: Mapping[str, int] = _NONE,
    file_digest: str | None = None,
    statements: int = 1,
) -> DocumentRecord:
    """Return the record of a document that covers these days.

    `digest` is that of what it says, `file_digest` that of its file where it is another; `counts` and `cents` say what
    was made of its lines, `statements` how many its file holds at most.
    """
    covered = list(days)
    return DocumentRecord(
        name=name,
        kind=kind,
        file_digest=digest if file_digest is None else file_digest,
        digest=digest,
        first_day=min(covered),
        last_day=max(covered),
        summary=DocumentSummary(counts=counts, cents=cents, statements=statements),
    )


def digest_of(content: Iterable[Any]) -> str:
    """Return the SHA-256 of plain values: what tells two contents apart."""
    return hashlib.sha256(json.dumps(list(content), default=str, ensure_ascii=False).encode()).hexdigest()


def archive_path(
    folder: Folder, kind: DocumentKind, day: date, name: str, suffix: str, *, account: str | None = None
) -> Path:
    """Return where the file of a document is kept.

    A file of the bank lies under its Beancount account with its day, where Fava shows it; a collection with those of
    its year; any other with the sources of its year.
    """
    if account is not None:
        return folder.documents.joinpath(*account.split(":")) / f"{day}.{name}{suffix}"
    room = "collections" if kind is DocumentKind.COLLECTION else "sources"
    return folder.documents / room / str(day.year) / f"{name}{suffix}"
