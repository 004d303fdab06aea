"""House rules that no linter knows: how docstrings begin, what comments cite, which names may stand twice."""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("ledger", "importers", "reports", "receipts", "obole")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
RIDDLE = re.compile(r"(What|Whether|Whose|Who|Which|How|Where|When)\b")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Every docstring of a file, with the name of what it documents."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield getattr(node, "name", "the module"), text


def riddles(path: Path) -> list[str]:
    return [f"{name_of(path)}: {name}: {text.splitlines()[0]}" for name, text in docstrings(path) if RIDDLE.match(text)]


def classes(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield node.name


def modules() -> Iterator[Path]:
    """Every module and package of the rooms but migrations, which Alembic runs by path."""
    for path in SOURCES:
        if "migrations" not in path.parts and path.stem not in ("__init__", "__main__"):
            yield path


def test_docstrings_begin_with_what_a_thing_is_or_does():
    found = [one for path in SOURCES for one in riddles(path)]
    assert found == []


def test_what_is_cited_is_in_the_repository():
    cited = re.compile(r'(?<![\w./<>"-])(?:[\w-]+/)*[\w-]+\.md\b')
    texts = [
        path
        for folder in (*ROOMS, "tests", ".ci")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file()
        and (path.suffix in {".py", ".toml", ".csv", ".typ", ".html", ".css", ".js"} or path.name == "run")
    ]
    absent = [
        f"{name_of(path)}: {name}"
        for path in texts
        for name in cited.findall(path.read_text(encoding="utf-8", errors="replace"))
        if not (ROOT / name).is_file() and not (ROOT / "docs" / name).is_file()
    ]
    assert texts
    assert absent == []


def test_a_name_of_a_class_has_one_meaning():
    where = defaultdict(list)
    for path in SOURCES:
        for name in classes(path):
            where[name].append(name_of(path))
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


def test_no_module_is_named_as_one_of_the_standard_library():
    assert [name_of(path) for path in modules() if path.stem in sys.stdlib_module_names] == []
    folders = {path.parent for path in modules()}
    assert [name_of(path) for path in folders if path.name in sys.stdlib_module_names] == []


def test_a_module_has_its_name_alone_in_its_wing():
    """A wing is a folder of a room with all below it."""
    wings = defaultdict(list)
    for path in modules():
        parts = path.relative_to(ROOT).parts
        if len(parts) > 2:
            wings[parts[:2]].append(path.stem)
    twice = {wing: [name for name, count in Counter(names).items() if count > 1] for wing, names in wings.items()}
    assert {wing: names for wing, names in twice.items() if names} == {}
