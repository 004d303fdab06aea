"""House rules that no linter knows: how docstrings begin, what comments cite, which names may stand twice."""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
ROOMS = ("ledger", "importers", "reports", "receipts", "obole")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
RIDDLE = re.compile(r"(What|Whether|Whose|Who|Which|How|Where|When)\b")


# Longer than these a function does more than one thing. Branches are counted as below, comprehensions among them.
MOST_LINES, MOST_BRANCHES = 42, 15
BRANCHES = (
    ast.If,
    ast.For,
    ast.While,
    ast.IfExp,
    ast.ExceptHandler,
    ast.BoolOp,
    ast.comprehension,
    ast.match_case,
)
LONG_FOR_A_REASON = {
    # Runs for each line of a statement, half a million a year: its comment says what one more call a line costs.
    "importers/deciding/booking.py: _book_known",
}


class Size(NamedTuple):
    """Lines and branches of a function's body, without its docstring; functions in it count for themselves."""

    lines: int
    branches: int


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
    """Every module of the rooms but migrations, which Alembic runs by path; not what stands in a package itself."""
    yield from (path for path in sources() if path.stem not in ("__init__", "__main__"))


def sources() -> Iterator[Path]:
    """Every file of the rooms but migrations."""
    yield from (path for path in SOURCES if "migrations" not in path.parts)


def is_scope(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def own(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """What stands in these nodes; of functions and classes in them their outside only."""
    for node in nodes:
        yield node
        if not is_scope(node):
            yield from own(ast.iter_child_nodes(node))


def size_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Size:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return Size(0, 0)
    found = list(own(body))
    inside = sum(node.end_lineno - first_line(node) + 1 for node in found if is_scope(node))
    lines = function.end_lineno - first_line(body[0]) + 1 - inside
    return Size(lines, sum(isinstance(node, BRANCHES) for node in found))


def first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])


def sizes(path: Path) -> Iterator[tuple[str, Size]]:
    """Every function of a file with its size."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name_of(path)}: {node.name}", size_of(node)


def long_functions() -> dict[str, Size]:
    return {
        name: size
        for path in sources()
        for name, size in sizes(path)
        if size.lines > MOST_LINES or size.branches > MOST_BRANCHES
    }


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


def test_a_function_does_one_thing():
    assert {name: size for name, size in long_functions().items() if name not in LONG_FOR_A_REASON} == {}


def test_what_may_be_long_for_a_reason_is_long():
    assert long_functions().keys() >= LONG_FOR_A_REASON


def test_the_size_of_a_function_is_that_of_its_own_body():
    [outer, inner] = [node for node in ast.walk(ast.parse(SAMPLE)) if isinstance(node, ast.FunctionDef)]
    assert size_of(outer) == Size(lines=4, branches=2)
    assert size_of(inner) == Size(lines=2, branches=3)


SAMPLE = '''
def outer(rows):
    """Two lines
    of docstring."""

    @cache
    def inner(row):
        if row and row.ok:
            return [one for one in row if one]

    for row in rows:
        inner(row) if row else None
    return None
'''
