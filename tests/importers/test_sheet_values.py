"""Values of a workbook as the process of their own reads them, called here; and what is said where it ends badly."""

import io
import pickle
import resource
import subprocess
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from registers import write_workbook
from test_tabular import rewrite

from importers.sheets import values
from importers.sheets.cells import Cell, UnreadableError


def asked(source: Path, *, sheet: str = "one", spaced: bool = False) -> values._Asked:
    return values._Asked(sheet, spaced, source.read_bytes())


def test_rows_keep_their_numbers_and_cells_their_places_though_the_table_begins_late(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.title = "one"
    page["C3"], page["D3"], page["B5"] = "x", 2, True
    page["B7"], page["E7"] = 1.5, "  "
    page.merge_cells("B9:C10")
    page.merge_cells("AA2:AB2")
    book.save(tmp_path / "a.xlsx")
    found = values._read(asked(tmp_path / "a.xlsx"))
    assert found.rows == [(3, [None, None, "x", 2]), (5, [None, True]), (7, [None, 1.5])]
    assert sorted(found.merged) == ["AA2:AB2", "B9:C10"]
    assert not found.wide


def test_of_equal_texts_one_is_kept_and_a_text_of_blanks_is_no_cell() -> None:
    texts = [str(b"same text", "ascii") for _ in range(2)]
    grid: list[list[object]] = [["", " "], [texts[0], "", 1.0, "\n"], [], [texts[1] + " ", texts[1]], ["", "x"]]
    rows = list(values._rows(grid))
    assert rows == [(2, ["same text", None, 1]), (4, ["same text", "same text"]), (5, [None, "x"])]
    assert rows[0][1][0] is rows[1][1][1]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (2.0, 2),
        (-2.0, -2),
        (2.5, 2.5),
        (2.0**53 - 1, 9_007_199_254_740_991),
        (-(2.0**53) + 1, -9_007_199_254_740_991),
        (2.0**53, 2.0**53),
        (-(2.0**53), -(2.0**53)),
        (timedelta(hours=36), 1.5),
        (date(2025, 3, 14), datetime.fromisoformat("2025-03-14T00:00")),
        (datetime.fromisoformat("2025-03-14T10:30"), datetime.fromisoformat("2025-03-14T10:30")),
        (time(18, 0), time(18, 0)),
        (True, True),
        (7, 7),
    ],
)
def test_a_value_becomes_a_cell_of_one_kind(value: object, cell: Cell) -> None:
    found = values._cell(value)
    assert (found, type(found)) == (cell, type(cell))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), b"x", None])
def test_a_value_of_no_kind_is_damage(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        values._cell(value)


def test_blanks_at_the_ends_of_runs_are_kept_where_that_is_asked(tmp_path: Path) -> None:
    cell = '<c r="B2" t="inlineStr"><is><r><t>Noé</t></r><r><t> de </t></r><r><t>Exemple</t></r></is></c>'
    source = rewrite(
        write_workbook(tmp_path / "a.xlsx", "# one\nname;other\nx;y\n"),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace('<c r="B2" t="inlineStr"><is><t>y</t></is></c>', cell),
        add={"docProps/note.txt": "<t>as it is</t>", "xl/other.xml": '<a:t> b </a:t><t x="1"> c </t><tt>d</tt>'},
    )
    assert values._read(asked(source, spaced=True)).rows[1] == (2, ["x", "Noé de Exemple"])
    assert values._read(asked(source)).rows[1] == (2, ["x", "NoédeExemple"])
    with zipfile.ZipFile(io.BytesIO(values._spaced(source.read_bytes()))) as marked:
        assert marked.read("docProps/note.txt") == b"<t>as it is</t>"
        assert marked.read("xl/other.xml") == b'<a:t xml:space="preserve"> b </a:t><t x="1"> c </t><tt>d</tt>'


# The other process


def run(monkeypatch: pytest.MonkeyPatch, given: object) -> tuple[bytes, list[Any]]:
    """Call what the other process calls, with this on its input; its output, and the limits it sets."""
    limits: list[Any] = []
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(pickle.dumps(given))))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (kind, 77))
    monkeypatch.setattr(resource, "setrlimit", lambda *limit: limits.append(limit))
    values.read_for_other()
    return out.getvalue(), limits


def test_the_other_process_limits_its_memory_and_writes_what_it_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n")
    written, limits = run(monkeypatch, asked(source))
    assert pickle.loads(written) == values.SheetValues([(1, ["name", "amount"]), (2, ["x", 1])], [])
    assert limits == [(resource.RLIMIT_AS, (3_000_000_000, 77))]


def test_the_other_process_without_memory_says_so_by_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def starve(_asked: values._Asked) -> values.SheetValues:
        raise MemoryError

    monkeypatch.setattr(values, "_read", starve)
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, None)
    assert ended.value.code == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (-9, "takes too much memory"),
        (-1, "takes too much memory"),
        (3, "takes too much memory"),
        (1, "is damaged"),
        (2, "is damaged"),
        (4, "is damaged"),
    ],
)
def test_how_the_other_process_ended_says_what_is_wrong(
    status: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=status, stdout=b""))
    with pytest.raises(UnreadableError, match=words):
        values.read_values(b"", "one", spaced=False)


def test_a_workbook_that_takes_too_long_is_told_to_be_split(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(*_given: object, timeout: float, **_more: object) -> None:
        raise subprocess.TimeoutExpired("read", timeout)

    monkeypatch.setattr(subprocess, "run", wait)
    with pytest.raises(UnreadableError, match="takes more than 300 seconds"):
        values.read_values(b"", "one", spaced=False)
