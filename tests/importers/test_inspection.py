"""What `inspect` tells: the shape of the design, the known figures of the samples, and nothing that identifies."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import coda_writer as write
import pytest
from coda_writer import Line

from importers.bank import coda
from importers.bank.summary import Inspection, StatementSummary, as_json, as_text, inspect_bank_file
from ledger.errors import Fault, Severity

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
FILES = sorted((SAMPLES / "coda").glob("*/*.cod")) if SAMPLES.is_dir() else []


COUNTS = ("movements", "details", "credits", "debits")


@pytest.fixture
def statement(tmp_path: Path) -> Path:
    path = tmp_path / "march.cod"
    lines = [
        Line(50_00),
        Line(-2_50),
        Line(10_00, "20150000", details=[Line(4_00, "60150000"), Line(6_00, "60150000")]),
    ]
    path.write_bytes(write.encode(write.statement(lines)))
    return path


def test_a_right_file_is_told_in_the_shape_of_the_design(statement: Path):
    assert as_json(inspect_bank_file(statement)) == {
        "file": "march.cod",
        "kind": "coda",
        "ok": True,
        "faults": [],
        "statements": [
            {
                "account": "BE47435000000080",
                "currency": "EUR",
                "opening": "100.00",
                "opening_date": "2025-03-14",
                "closing": "157.50",
                "closing_date": "2025-03-14",
                "movements": 3,
                "details": 2,
                "credits": "60.00",
                "debits": "2.50",
                "reference": "2025-073",
            }
        ],
    }


def test_a_right_file_is_told_as_a_table(statement: Path):
    head, columns, row = as_text(inspect_bank_file(statement)).splitlines()
    assert head == "march.cod: coda, good"
    assert columns.split() == [*("statement", "account", "cur", "from", "opening", "to", "closing"), *COUNTS]
    figures = "2025-073 BE47435000000080 EUR 2025-03-14 100.00 2025-03-14 157.50 3 2 60.00 2.50"
    assert row.split() == figures.split()
    assert row.index("157.50") + len("157.50") == columns.index("closing") + len("closing")


def test_a_refused_file_names_line_and_remedy(statement: Path):
    statement.write_bytes(statement.read_bytes().replace(b"\r\n9", b"\r\n8", 1))
    inspection = inspect_bank_file(statement)
    first = as_json(inspection)["faults"][0]  # type: ignore[index]
    assert not inspection.ok
    assert first == {
        "severity": "error",
        "line": 9,
        "statement": 1,
        "message": "record 8 (new balance) cannot follow record 8 (new balance): lines were lost, moved or doubled; "
        "ask the bank for the file again",
    }
    assert "  error: line 9: record 8" in as_text(inspection)
    assert as_text(inspection).startswith("march.cod: coda, refused, ")


@pytest.mark.parametrize("content", [b"", b"Date;Montant\n2025-03-14;50\n", bytes(range(256))])
def test_an_unknown_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes):
    path = tmp_path / "unknown.csv"
    path.write_bytes(content)
    inspection = inspect_bank_file(path)
    assert (inspection.kind, inspection.ok, len(inspection.faults)) == ("unknown", False, 1)
    assert "check that the right file was chosen" in inspection.faults[0].message


@pytest.mark.parametrize("name", ["", "nothing-here.cod"])
def test_what_cannot_be_opened_is_refused_too(tmp_path: Path, name: str):
    inspection = inspect_bank_file(tmp_path / name)
    assert not inspection.ok
    assert str(tmp_path) not in json.dumps(as_json(inspection))


def test_another_kind_tells_its_own_facts():
    warning = Fault("amount missing", line=4, severity=Severity.WARNING)
    inspection = Inspection("gifts.xlsx", "in-kind", (warning,), facts=(("gifts", "12"), ("value", "3400.00")))
    assert as_json(inspection)["facts"] == {"gifts": "12", "value": "3400.00"}
    assert as_text(inspection).splitlines() == [
        "gifts.xlsx: in-kind, good, 1 warning",
        "  gifts: 12",
        "  value: 3400.00",
        "  warning: line 4: amount missing",
    ]


def test_a_balance_that_the_file_does_not_give_is_none():
    summary = StatementSummary("", "EUR", None, None, None, None, 1, 0, 5, 0, "001")
    told = as_json(Inspection("x", "camt.054", statements=(summary,)))["statements"]
    assert [told[0][name] for name in ("account", "opening", "closing")] == [None] * 3  # type: ignore[index]
    [_, _, row] = as_text(Inspection("x", "camt.054", statements=(summary,))).splitlines()
    assert row.split() == ["001", "EUR", "1", "0", "0.05", "0.00"]  # credits and debits only


def test_a_coda_that_breaks_off_has_no_closing_balance():
    records = write.statement([Line(10_00)])
    [told] = coda.parse(write.encode(records[:-2])).statements
    assert (told.opened, told.closed) == (True, False)
    [empty] = coda.parse(write.encode([*records[:2], write.trailer(1, 0, 0)])).statements
    assert (empty.opened, empty.closed, empty.closing) == (True, True, 100_00)


def test_a_statement_without_dates_is_told_without_them():
    summary = StatementSummary("X", "EUR", 0, None, -5, date(2025, 1, 2), 0, 0, 0, 5, "001")
    told = as_json(Inspection("x", "coda", statements=(summary,)))["statements"]
    assert told[0]["opening_date"] is None  # type: ignore[index]
    assert told[0]["closing"] == "-0.05"  # type: ignore[index]


@pytest.mark.skipif(not FILES, reason="the shared samples are not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_sample_is_told_with_its_known_figures_or_refused(path: Path):
    expected = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))["coda"]
    told: Any = json.loads(json.dumps(as_json(inspect_bank_file(path))))
    assert told["file"] == path.name
    assert told["kind"] == "coda"
    assert told["ok"] is (path.parent.name != "invalid")
    assert bool(told["faults"]) is (path.parent.name != "valid")
    assert as_text(inspect_bank_file(path))
    if path.parent.name == "invalid":
        return
    known = expected[path.relative_to(SAMPLES).as_posix()]["statements"]
    for statement, entry in zip(told["statements"], known, strict=True):
        pairs = (("opening", "old"), ("closing", "new"), ("credits", "credits"), ("debits", "debits"))
        assert all(Decimal(statement[ours]) == Decimal(entry[theirs]) for ours, theirs in pairs)
        pairs = (("opening_date", "old_date"), ("closing_date", "new_date"), ("movements",) * 2, ("details",) * 2)
        assert all(statement[ours] == entry[theirs] for ours, theirs in pairs)
