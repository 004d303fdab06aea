"""Random mutations of decisions and arithmetic in the four lower rooms, each held against that room's own tests.

    python tests/bench/mutations.py --count 200 --seed 1

In a scratch copy of the tree: one measured run of each room's tests says which tests execute which line; then each
mutation is put into its file, and the tests that execute its line run until one fails. A mutation that every one of
them lets through is shown with its line, to be met by a test or named as one that changes nothing.
"""

import argparse
import ast
import functools
import gc
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import hypothesis
import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("ledger", "importers", "reports", "receipts")
LIMIT = 120  # seconds for the tests of one mutation: one that never ends is found


class Verdict(StrEnum):
    """What became of a mutation."""

    FOUND = "found"
    ENDLESS = "found (time)"
    UNSEEN = "NOT FOUND"
    UNREACHED = "NOT REACHED"


@dataclass(frozen=True)
class Mutation:
    """One change of one place: what stands at these bytes of a file, and what stands there instead."""

    path: str
    line: int
    lines: tuple[int, int]  # of the statement: tests that execute one of them are asked
    start: int
    end: int
    before: str
    after: str
    operator: str

    @property
    def room(self) -> str:
        """The room whose tests must find it."""
        return self.path.split("/", 1)[0]

    def __str__(self) -> str:
        short = [" ".join(text.split()) for text in (self.before, self.after)]
        return f"{self.path}:{self.line} {self.operator}: {short[0]}  ->  {short[1]}"


# Operators: a node of the syntax tree to the texts that may stand in its place

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}


def _comparisons(node: ast.Compare) -> Iterator[tuple[str, ast.AST]]:
    for index, operator in enumerate(node.ops):
        for other in _COMPARED[type(operator)]:
            ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield "comparison", ast.Compare(node.left, ops, node.comparators)


def _arithmetic(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    if type(node.op) in _COUNTED and not (_is_text(node.left) or _is_text(node.right)):
        yield "arithmetic", ast.BinOp(node.left, _COUNTED[type(node.op)](), node.right)


def _booleans(node: ast.BoolOp) -> Iterator[tuple[str, ast.AST]]:
    yield "boolean", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for index in range(len(node.values)):
        rest = [*node.values[:index], *node.values[index + 1 :]]
        yield "term dropped", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _signs(node: ast.UnaryOp) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield "not dropped" if isinstance(node.op, ast.Not) else "sign dropped", node.operand


def _branches(node: ast.IfExp) -> Iterator[tuple[str, ast.AST]]:
    yield "branches swapped", ast.IfExp(node.test, node.orelse, node.body)


def _constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.value, bool):
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield "off by one", ast.Constant(node.value + 1)
        yield "off by one", ast.Constant(node.value - 1)


def _twins(node: ast.Name) -> Iterator[tuple[str, ast.AST]]:
    if node.id in _TWINS:
        yield "twin", ast.Name(_TWINS[node.id])


_OPERATORS: dict[type[ast.AST], Callable[[Any], Iterable[tuple[str, ast.AST]]]] = {
    ast.Compare: _comparisons,
    ast.BinOp: _arithmetic,
    ast.BoolOp: _booleans,
    ast.UnaryOp: _signs,
    ast.IfExp: _branches,
    ast.Constant: _constants,
    ast.Name: _twins,
}


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


# Calls that say how a thing looks: their numbers are widths and sizes, no decision.
_LOOKS = frozenset({"Column", "SheetColumn", "Font", "Side", "PatternFill", "Alignment"})


class _Places(ast.NodeVisitor):
    """Collects the mutations of one file: what stands in functions, but no assertion, annotation or decorator."""

    def __init__(self, path: str, source: str) -> None:
        self._path = path
        self._bytes = source.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._statements: list[ast.stmt] = []
        self._inside = 0
        self.found: list[Mutation] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name in ("__repr__", "__str__"):
            return
        self._inside += 1
        for statement in node.body:
            self.visit(statement)
        self._inside -= 1

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                self.visit(statement)

    def visit_Assert(self, node: ast.Assert) -> None:
        """Leave what only narrows a type."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._statements.append(node)
            self.visit(node.value)
            self._statements.pop()

    def visit_Call(self, node: ast.Call) -> None:
        if not (isinstance(node.func, ast.Name) and node.func.id in _LOOKS):
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave text: before Python 3.12 its parts have no places of their own."""

    def generic_visit(self, node: ast.AST) -> None:
        statement = isinstance(node, ast.stmt)
        if statement:
            self._statements.append(node)
        if self._inside and self._statements:
            self._mutate(node)
        super().generic_visit(node)
        if statement:
            self._statements.pop()

    def _mutate(self, node: ast.AST) -> None:
        if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
            self._put("return None", node.value, "None")
        elif isinstance(node, ast.Continue):
            self._put("loop left", node, "break")
        elif isinstance(node, ast.AugAssign) and type(node.op) in _COUNTED:
            other = ast.AugAssign(node.target, _COUNTED[type(node.op)](), node.value)
            self._put("arithmetic", node, ast.unparse(other))
        elif isinstance(node, ast.If | ast.While):
            self._put("condition turned", node.test, f"(not ({ast.unparse(node.test)}))")
        elif isinstance(node, ast.comprehension):
            for condition in node.ifs:
                self._put("condition dropped", condition, "True")
        else:
            for operator, other in _OPERATORS.get(type(node), lambda _: ())(node):
                self._put(operator, node, f"({ast.unparse(ast.fix_missing_locations(other))})")

    def _put(self, operator: str, node: ast.AST, after: str) -> None:
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[node.end_lineno - 1] + node.end_col_offset
        statement = self._statements[-1]
        body = getattr(statement, "body", None)
        last = body[0].lineno - 1 if isinstance(body, list) and body else statement.end_lineno
        within = (node.lineno, node.end_lineno) if node.lineno > last else (statement.lineno, max(last, node.lineno))
        before = self._bytes[start:end].decode()
        self.found.append(Mutation(self._path, node.lineno, within, start, end, before, after, operator))


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def places(root: Path, rooms: Sequence[str]) -> list[Mutation]:
    """List every mutation of the rooms, in the order of files and lines."""
    found: list[Mutation] = []
    for room in rooms:
        for path in sorted((root / room).rglob("*.py")):
            if "migrations" not in path.parts:
                source = path.read_text(encoding="utf-8")
                collector = _Places(path.relative_to(root).as_posix(), source)
                collector.visit(ast.parse(source))
                found += collector.found
    return found


# Running: in the scratch copy, by a process of its own that forks for each mutation (see `serve`)


def scratch(folder: Path) -> Path:
    """Copy what git knows of the tree into a folder, and put the reference files that tests ask for beside it.

    A folder that has a copy is taken as it is, with what was measured in it.
    """
    tree = folder / "tree"
    if tree.exists():
        return tree
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in names.split("\0"):
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    if (ROOT.parent / "shared").is_dir():
        (folder / "shared").symlink_to(ROOT.parent / "shared")
    return tree


def measure(tree: Path, room: str) -> dict[str, dict[int, set[str]]]:
    """Run the tests of a room once and return, by file and line, the tests that execute it."""
    data = tree / f".coverage-{room}"
    if not data.exists():
        _run_room(tree, room, data)
    stored = coverage.CoverageData(str(data))
    stored.read()
    lines: dict[str, dict[int, set[str]]] = {}
    for file in stored.measured_files():
        by_line = {line: {one for one in contexts if one} for line, contexts in stored.contexts_by_lineno(file).items()}
        within = file[max(file.rfind(f"/{room}/"), 0) + 1 :]
        lines[within] = by_line
    return lines


def _run_room(tree: Path, room: str, data: Path) -> None:
    code = f"import mutations; mutations.run_measured({room!r}, {str(data)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=tree, env=_environment(tree), check=True, stdout=sys.stderr)


def run_measured(room: str, data: str) -> None:
    """Run the tests of a room under coverage, with the test as context (called in a process of its own)."""
    measured = coverage.Coverage(data_file=data, source=[room], branch=False)
    measured.start()
    outcome = pytest.main(_arguments([f"tests/{room}"]), plugins=[_Contexts(measured)])
    measured.stop()
    measured.save()
    if outcome:
        sys.exit(f"the tests of {room} fail without any mutation")


def _arguments(paths: Sequence[str]) -> list[str]:
    return ["-q", "-x", "--no-header", "--tb=line", "-p", "no:cacheprovider", "-p", "no:cov", *paths]


def _environment(tree: Path) -> dict[str, str]:
    path = os.pathsep.join((str(tree), str(tree / "tests" / "bench"), str(tree / "tests" / "importers")))
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


class _Contexts:
    """The plugin that tells coverage which test runs, with the caches emptied before each."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        for cached in _caches():
            cached.cache_clear()
        self._measured.switch_context(item.nodeid)
        result = yield
        self._measured.switch_context("")
        return result


def _caches() -> Iterator[Any]:
    """Yield the caches of the rooms' functions: emptied, they let each test execute what it uses."""
    for name, module in list(sys.modules.items()):
        if name.split(".", 1)[0] in ROOMS:
            for value in vars(module).values():
                within = vars(value).values() if isinstance(value, type) else ()
                yield from (one for one in (value, *within) if isinstance(one, functools._lru_cache_wrapper))


def serve(rooms: Sequence[str], requests: int, answers: int) -> None:
    """Collect the tests of the rooms once; then for each request fork, change the code, run its tests, say the outcome.

    Requests and answers go through two pipes, because pytest keeps the usual streams.
    """
    slow = (hypothesis.Phase.shrink, hypothesis.Phase.explain)
    quick = tuple(phase for phase in hypothesis.Phase if phase not in slow)
    hypothesis.settings.register_profile("mutations", database=None, derandomize=True, deadline=None, phases=quick)
    hypothesis.settings.load_profile("mutations")
    pytest.main(_arguments([f"tests/{room}" for room in rooms]), plugins=[_Forking(requests, answers)])


class _Forking:
    """The plugin that runs, instead of all tests, those of each request, in a process of their own."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests, self._answers = os.fdopen(requests), os.fdopen(answers, "w", buffering=1)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        functions = _functions()
        items = {item.nodeid: item for item in session.items}
        gc.freeze()
        self._answers.write("ready\n")  # all modules are imported: from now on files may change
        for request in self._requests:
            asked = json.loads(request)
            child = os.fork()
            if not child:
                os.setpgid(0, 0)
                code = UNCHANGED
                try:
                    if _change(functions, asked["path"]):
                        code = 1  # whatever ends the tests
                        code = _outcome(session, [items[name] for name in asked["tests"] if name in items])
                finally:
                    os._exit(code)
            self._answers.write(f"{_wait(child, asked['limit'])}\n")
        return True


UNCHANGED = 77  # the exit code where the change could not be put into a function that is there


def _functions() -> dict[str, dict[str, list[FunctionType]]]:
    """Return the functions of the rooms by file and qualified name, those of one name in their order."""
    found: defaultdict[str, defaultdict[str, list[FunctionType]]] = defaultdict(lambda: defaultdict(list))
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and (one.__module__ or "").split(".")[0] in ROOMS:
            found[one.__code__.co_filename][one.__code__.co_qualname].append(one)
    for names in found.values():
        for same in names.values():
            same.sort(key=lambda function: function.__code__.co_firstlineno)
    return {file: dict(names) for file, names in found.items()}


def _change(functions: Mapping[str, Mapping[str, list[FunctionType]]], path: str) -> bool:
    """Give the functions of a file the code that stands there now; whether any got another one."""
    codes: defaultdict[str, list[CodeType]] = defaultdict(list)
    waiting = [compile(Path(path).read_bytes(), path, "exec")]
    while waiting:
        inside = [one for one in waiting.pop().co_consts if isinstance(one, CodeType)]
        waiting += inside
        for one in inside:
            codes[one.co_qualname].append(one)
    changed = False
    for name, same in functions.get(path, {}).items():
        places = sorted({function.__code__.co_firstlineno for function in same})
        new = sorted(codes[name], key=lambda code: code.co_firstlineno)
        for function in same:
            code = new[places.index(function.__code__.co_firstlineno)] if len(new) == len(places) else None
            if code is not None and code != function.__code__ and code.co_freevars == function.__code__.co_freevars:
                function.__code__ = code
                changed = True
    for cached in _caches():
        cached.cache_clear()
    return changed


def _outcome(session: pytest.Session, items: Sequence[pytest.Item]) -> int:
    """Run tests until one fails; 1 where one did."""
    for item, following in zip_longest(items, items[1:]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0


def _wait(child: int, limit: float) -> int:
    """Return a child's exit code; -1 where it was ended because it did not end."""
    until = time.monotonic() + limit
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def _most_told_first(tests: set[str]) -> Callable[[str], tuple[int, str]]:
    """Return the order of the tests: first those of the file that has most of them, which finds most mutations."""
    files = Counter(name.split("::", 1)[0] for name in tests)
    return lambda name: (-files[name.split("::", 1)[0]], name)


class Runner:
    """Puts mutations into the scratch copy one by one and asks the tests."""

    def __init__(self, tree: Path, rooms: Sequence[str]) -> None:
        self._tree = tree
        self._lines: dict[str, dict[int, set[str]]] = {}
        self._rooms: set[str] = set()
        theirs, self._requests = os.pipe()
        answers, back = os.pipe()
        code = f"import mutations; mutations.serve({list(rooms)!r}, {theirs}, {back})"
        self._server = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=tree,
            env=_environment(tree),
            pass_fds=(theirs, back),
            stdout=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(back)
        self._answers = os.fdopen(answers)
        if not self._answers.readline():
            sys.exit("the tests could not be collected")

    def tests_of(self, mutation: Mutation) -> set[str]:
        """Return the tests that execute the statement a mutation changes."""
        if mutation.room not in self._rooms:
            self._rooms.add(mutation.room)
            self._lines.update(measure(self._tree, mutation.room))
        first, last = mutation.lines
        by_line = self._lines.get(mutation.path, {})
        return set().union(*(by_line.get(line, set()) for line in range(first, last + 1)))

    def verdict(self, mutation: Mutation) -> Verdict:
        """Return what its tests say of a mutation."""
        tests = self.tests_of(mutation)
        if not tests:
            return Verdict.UNREACHED
        path = self._tree / mutation.path
        original = path.read_bytes()
        changed = original[: mutation.start] + mutation.after.encode() + original[mutation.end :]
        path.write_bytes(changed)
        try:
            code = self._ask(path, sorted(tests, key=_most_told_first(tests)))
        finally:
            path.write_bytes(original)
        if code == -1:
            return Verdict.ENDLESS
        return Verdict.UNSEEN if code in (0, UNCHANGED) else Verdict.FOUND

    def _ask(self, path: Path, tests: list[str]) -> int:
        request = {"path": str(path), "tests": tests, "limit": LIMIT}
        os.write(self._requests, (json.dumps(request) + "\n").encode())
        return int(self._answers.readline())

    def close(self) -> None:
        """End the process that forks."""
        os.close(self._requests)
        self._server.wait()


def summary(verdicts: Mapping[Mutation, Verdict]) -> str:
    """Return the counts by room and altogether."""
    rooms: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for mutation, verdict in verdicts.items():
        rooms[mutation.room][verdict in (Verdict.FOUND, Verdict.ENDLESS)] += 1
    rooms["total"] = sum(rooms.values(), Counter())
    return "\n".join(
        f"{room:10} {count[True]:4} of {count.total():4}: {count[True] / max(count.total(), 1):6.1%} found"
        for room, count in rooms.items()
    )


def main() -> None:
    """Draw, run, print the table; exit code 1 under 95 per cent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rooms", nargs="+", default=ROOMS, choices=ROOMS)
    parser.add_argument("--match", default="", help="only mutations whose line in the table matches this expression")
    parser.add_argument("--scratch", type=Path, help="where the copy of the tree is made, or is from an earlier run")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        tree = scratch(chosen.scratch or Path(folder))
        every = [one for one in places(tree, chosen.rooms) if re.search(chosen.match, str(one))]
        drawn = random.Random(chosen.seed).sample(every, min(chosen.count, len(every)))
        print(f"{len(drawn)} of {len(every)} mutations, seed {chosen.seed}", flush=True)
        runner = Runner(tree, chosen.rooms)
        verdicts: dict[Mutation, Verdict] = {}
        try:
            for mutation in drawn:
                started = time.monotonic()
                verdicts[mutation] = runner.verdict(mutation)
                print(f"{verdicts[mutation]:12} {time.monotonic() - started:5.1f}s  {mutation}", flush=True)
        finally:
            runner.close()
    print(summary(verdicts))
    found = sum(verdict in (Verdict.FOUND, Verdict.ENDLESS) for verdict in verdicts.values())
    sys.exit(found < len(verdicts) * 0.95)


if __name__ == "__main__":
    main()
