"""What the tests of the registers share: a workbook from lines of text, a case folder, a record as plain values."""

import json
import re
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl

CASES = Path(__file__).parent / "cases"


def write_workbook(path: Path, text: str) -> Path:
    """A workbook: `# name` begins a sheet, cells are separated by `;`; days and numbers become such cells, 'x text."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    sheet = None
    for line in text.splitlines():
        if line.startswith("# ") or sheet is None:
            sheet = book.create_sheet(line.removeprefix("# ") if line.startswith("# ") else "Sheet1")
        if not line.startswith("# "):
            sheet.append([_typed(cell) for cell in line.split(";")])
    book.save(path)
    return path


def _typed(cell: str) -> Any:
    if cell.startswith("'"):
        return cell[1:]
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell):
        return date.fromisoformat(cell)
    if re.fullmatch(r"-?\d+", cell):
        return int(cell)
    if re.fullmatch(r"-?\d+\.\d+", cell):
        return float(cell)
    return cell or None


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def plain(value: Any) -> Any:
    """A record as JSON has it: days in ISO form, quantities as text."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return str(value) if isinstance(value, date | Decimal) else value


def assert_contains(found: Any, expected: Any, place: str) -> None:
    """Every field that the expectation names has its value; what it does not name is free."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert_contains(found[name], value, f"{place}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), place
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_contains(one, other, f"{place}[{index}]")
    else:
        assert found == expected, place


def assert_case(module: ModuleType, folder: Path, tmp_path: Path) -> None:
    """The file of a case, read by its module, has the rows and faults of `expected.json`.

    The source is `source.csv`, or `source.txt` from which a workbook is made. A fault is its row, severity and words.
    """
    source = folder / "source.csv"
    if not source.exists():
        source = write_workbook(tmp_path / "source.xlsx", (folder / "source.txt").read_text(encoding="utf-8"))
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert module.identify(source)
    file = module.read(source)
    found = [(fault.line, str(fault.severity), fault.message) for fault in file.faults]
    assert [fault[:2] for fault in found] == [tuple(fault[:2]) for fault in expected["faults"]], found
    for (_, _, message), (_, _, *words) in zip(found, expected["faults"], strict=True):
        assert all(word in message for word in words), message
    assert file.ok is all(fault[1] == "warning" for fault in expected["faults"])
    if "rows" in expected:
        assert_contains([plain(row) for row in file.rows], expected["rows"], folder.name)
    if "told" in expected:
        assert dict(module.describe(file)) == expected["told"]


def cases(kind: str) -> list[Path]:
    return sorted(path for path in (CASES / kind).iterdir() if path.is_dir())
