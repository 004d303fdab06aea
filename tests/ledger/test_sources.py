"""The record of a source's document, where its file is kept, and the clock of the books."""

import json
from datetime import date
from pathlib import Path

import pytest

from ledger.clock import posting_time, today
from ledger.folder import Folder
from ledger.records import DocumentKind
from ledger.register.documents import DocumentSummary
from ledger.sources import archive_path, source_document

FIRST, LAST = date(2025, 3, 10), date(2026, 1, 2)


def test_a_document_covers_the_days_of_what_it_says():
    record = source_document(DocumentKind.JOURNAL, "journal-2025-x", "d", iter([LAST, FIRST]), counts={"items": 2})
    assert (record.first_day, record.last_day) == (FIRST, LAST)
    assert (record.digest, record.file_digest) == ("d", "d")
    assert record.summary == DocumentSummary(counts={"items": 2})
    assert source_document(DocumentKind.JOURNAL, "x", "d", [FIRST], file_digest="f").file_digest == "f"


@pytest.mark.parametrize(
    ("kind", "account", "path"),
    [
        (DocumentKind.CODA, "Assets:5:550000-Current", "Assets/5/550000-Current/2025-03-10.name.cod"),
        (DocumentKind.COLLECTION, None, "collections/2025/name.cod"),
        (DocumentKind.JOURNAL, None, "sources/2025/name.cod"),
    ],
)
def test_a_file_is_kept_where_it_is_looked_for(kind: DocumentKind, account: str | None, path: str):
    found = archive_path(Folder(Path("/books")), kind, FIRST, "name", ".cod", account=account)
    assert found == Path("/books/documents") / path


@pytest.mark.parametrize(
    "summary",
    [
        DocumentSummary(),
        DocumentSummary({"gift": 2}, {"gift": 50_00}, statements=3),
        DocumentSummary({"gift": 1}, {"gift": -1}, part=True),
        DocumentSummary(undoes="coda-current-2025-001"),
    ],
)
def test_what_was_told_is_read_back(summary: DocumentSummary):
    assert DocumentSummary.read(summary.text()) == summary
    assert "null" not in summary.text()


def test_a_part_is_no_number_of_statements():
    assert json.loads(DocumentSummary(part=True).text()) == {"part": True}
    assert DocumentSummary.read('{"statements": 1000000}') == DocumentSummary(part=True)  # as version 0003 wrote it


def test_a_reproducible_run_sets_the_clock(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1770000000")  # 2 February 2026, 02:40 UTC
    assert posting_time() == "2026-02-02T02:40:00Z"
    assert abs((today() - date(2026, 2, 2)).days) <= 1
