"""Reading ahead in a second process gives what reading here gives, whatever happens to the one or the other process."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from importers.bank import coda
from importers.bank.records import BankFile
from ledger.languages import speaking
from obole.intake import reading
from obole.intake.reading import BankSource
from obole.intake.reading import reading as read

ROOT = Path(__file__).parents[2]


def statement(day: int) -> bytes:
    """A statement of one day without movements: enough to tell one file from another."""
    header = f"0000013032572505{'':111}2"
    old = f"12073BE47435000000080{'':18}EUR0{'100000':0>15}120325{'':61}073"
    new = f"8073BE47435000000080{'':18}EUR0{'100000':0>15}{day:02d}0325{'':64}0"
    trailer = f"9{'':15}000002{'':0>30}{'':75}2"
    return "".join(f"{record}\r\n" for record in (header, old, new, trailer)).encode()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{day}.cod" for day in range(13, 28)]
    for day, path in enumerate(paths, 13):
        path.write_bytes(statement(day))
    return paths


@pytest.fixture
def _ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_WORTH_IT", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """The processes that were started to read."""
    started = []
    start = subprocess.Popen

    def popen(*args: Any, **options: Any) -> "subprocess.Popen[bytes]":
        started.append(start(*args, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    return started


class Read(NamedTuple):
    """A source when all of it has been gone through."""

    path: Path
    content: bytes
    digest: str
    bank: BankFile


def gone_through(sources: Iterable[BankSource]) -> Iterator[Read]:
    for source in sources:
        encoding = coda.parse(source.content).encoding
        statements = tuple(source.statements)
        assert source.outline().statements >= len(statements)
        yield Read(source.path, source.content, source.digest, BankFile(statements, tuple(source.faults), encoding))


def expected(paths: list[Path]) -> list[Read]:
    contents = [path.read_bytes() for path in paths]
    return [
        Read(path, content, hashlib.sha256(content).hexdigest(), coda.parse(content))
        for path, content in zip(paths, contents, strict=True)
    ]


def test_a_few_files_are_read_here(files: list[Path], processes: list["subprocess.Popen[bytes]"]):
    with read(files) as sources:
        assert list(gone_through(sources)) == expected(files)
    assert not processes


@pytest.mark.usefixtures("_ahead")
@pytest.mark.parametrize("size", [1, 1_000, 1_000_000])
def test_many_files_are_read_ahead_in_their_order(
    files: list[Path], processes: list["subprocess.Popen[bytes]"], size: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "_PIECE", size)
    with read(files) as sources:
        time.sleep(0.5)  # so that the other takes some
        assert list(gone_through(sources)) == expected(files)
    [other] = processes
    assert other.returncode is not None


@pytest.mark.usefixtures("_ahead")
def test_what_the_other_has_read_is_not_read_here(
    files: list[Path], processes: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
):
    with read(files) as sources:
        processes[0].wait(timeout=60)  # its results are few enough for the pipe to hold them
        monkeypatch.setattr(coda, "parse", lambda _content: pytest.fail("read here"))
        assert [source.path for source in sources] == files


@pytest.mark.usefixtures("_ahead")
def test_the_other_says_faults_in_the_language_of_the_person(
    files: list[Path], processes: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
):
    for path in files:
        path.write_bytes(path.read_bytes()[:300])
    with speaking("fr"):
        known = [list(one.bank.statements) for one in expected(files)]
        with read(files) as sources:
            processes[0].wait(timeout=60)
            monkeypatch.setattr(coda, "parse", lambda _content: pytest.fail("read here"))
            assert [list(source.statements) for source in sources] == known
    assert all(one.faults for statements in known for one in statements)
    assert ",fr" in str(processes[0].args)


@pytest.mark.usefixtures("_ahead")
def test_the_reader_ends_where_its_results_are_wanted_no_more(
    files: list[Path], processes: list["subprocess.Popen[bytes]"]
):
    with read(files * 100) as sources:
        next(sources)
    [other] = processes
    assert other.returncode is not None


@pytest.mark.usefixtures("_ahead")
@pytest.mark.parametrize("after", [0, 1, 700])
def test_without_its_reader_it_reads_the_rest_here(
    files: list[Path], processes: list["subprocess.Popen[bytes]"], after: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "_PIECE", 2_000)
    with read(files * 100) as sources:
        time.sleep(0.3)
        found = [*gone_through(islice(sources, after))]
        processes[0].kill()
        found += gone_through(sources)
    assert found == expected(files * 100)


@pytest.mark.usefixtures("_ahead")
def test_a_file_that_changed_after_it_was_read_ahead_is_read_again(files: list[Path]):
    with read(files) as sources:
        time.sleep(1)  # it has read them all
        for path in files:
            path.write_bytes(statement(12))
        assert list(gone_through(sources)) == expected(files)


@pytest.mark.usefixtures("_ahead")
def test_where_the_pipe_holds_few_tokens_the_rest_is_read_here(files: list[Path], monkeypatch: pytest.MonkeyPatch):
    whole = os.write
    monkeypatch.setattr(reading, "_PIECE", 1)
    monkeypatch.setattr(os, "write", lambda pipe, data: whole(pipe, data[:80] if len(data) == 1200 else data))
    with read(files * 10) as sources:
        assert list(gone_through(sources)) == expected(files * 10)


@pytest.mark.usefixtures("_ahead")
def test_a_file_that_went_away_is_named(files: list[Path]):
    with read(files) as sources:
        files[-1].unlink()
        with pytest.raises(FileNotFoundError, match=files[-1].name):
            list(sources)


# A large file is read by both processes


def many(statements: int = 200) -> bytes:
    return b"".join(statement(13 + index % 15) for index in range(statements))


@pytest.fixture
def _shared(monkeypatch: pytest.MonkeyPatch, _ahead: None) -> None:
    monkeypatch.setattr(reading, "_LARGE", 10_000)
    monkeypatch.setattr(reading, "_PIECE", 5_000)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.cod"
    path.write_bytes(many())
    return path


@pytest.mark.usefixtures("_shared")
@pytest.mark.parametrize("pause", [0, 0.5])
def test_a_large_file_is_read_by_both_and_is_the_same(large: Path, files: list[Path], pause: float):
    for paths in ([large], [large, *files], [files[0], large, large]):
        with read(paths) as sources:
            time.sleep(pause)
            assert list(gone_through(sources)) == expected(paths)


@pytest.mark.usefixtures("_shared")
def test_of_a_large_file_a_statement_is_there_before_all_is_read(large: Path, monkeypatch: pytest.MonkeyPatch):
    here = []
    whole = coda.Pieces.read
    monkeypatch.setattr(coda.Pieces, "read", lambda self, *places: here.append(places) or whole(self, *places))
    with read([large]) as sources:
        source = next(sources)
        assert source.outline().statements == 200
        assert next(source.statements) == coda.parse(many()).statements[0]
    assert len(here) < large.stat().st_size / 5_000


@pytest.mark.usefixtures("_shared")
@pytest.mark.parametrize("after", [0, 50])
def test_a_large_file_whose_reader_was_killed_is_read_here(
    large: Path, processes: list["subprocess.Popen[bytes]"], after: int
):
    with read([large]) as sources:
        time.sleep(0.3)
        source = next(sources)
        found = [*islice(source.statements, after)]
        processes[0].kill()
        found += source.statements
    assert tuple(found) == coda.parse(many()).statements


@pytest.mark.usefixtures("_shared")
def test_a_large_file_that_changed_while_it_was_read_is_read_again(large: Path):
    with read([large]) as sources:
        time.sleep(1)  # the other has read it
        large.write_bytes(many(100))
        [found] = gone_through(sources)
    assert found == expected([large])[0]


@pytest.mark.parametrize("ahead", [1, 16_000_000])  # it waits for the other to take more, or has nothing left to do
def test_the_reader_ends_with_a_killed_import(ahead: int, files: list[Path]):
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom obole.intake import reading\n"
        f"reading._WORTH_IT = 0\nreading._PIECE = 1\nreading.os.cpu_count = lambda: 2\nreading._AHEAD = {ahead}\n"
        "with reading.reading([Path(sys.argv[1])] * 2000) as sources:\n"
        "    next(sources)\n    print('reading', flush=True)\n    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(files[0])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as importing:
        assert importing.stdout is not None
        assert importing.stdout.readline() == "reading\n"
        importing.kill()
        # The output ends when the last process that holds it has ended.
        assert importing.communicate(timeout=20)[0] == ""


# Where the program stands

PACKAGES = ("ledger", "importers", "reports", "receipts", "obole")
LOOK = """
import subprocess, sys
from importlib.machinery import PathFinder
from pathlib import Path

tree, how, *files = sys.argv[1:]


class Editable:
    # As an editable install finds its packages: they lie on no path.
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [tree]) if path is None else None


if how == "installed":
    sys.path.insert(0, tree)
else:
    sys.meta_path.insert(0, Editable)

from importers.bank import any_format
from obole.intake import reading

assert Path(reading.__file__).is_relative_to(tree), reading.__file__
reading._WORTH_IT = 0
reading.os.cpu_count = lambda: 2
start = subprocess.Popen
others = []


def popen(*words, **options):
    others.append(start(*words, stderr=subprocess.PIPE, **options))
    return others[-1]


subprocess.Popen = popen
with reading.reading(list(map(Path, files))) as sources:
    said = others[0].stderr.read()  # until it has ended
    others[0].wait()
    any_format.parse = None  # nothing is left to be read here
    print(others[0].returncode, said.decode(), len([source.path for source in sources]))
"""


@pytest.mark.parametrize("how", ["installed", "checked out"])
def test_the_second_process_finds_the_program_wherever_it_stands(files: list[Path], tmp_path: Path, how: str):
    tree = tmp_path / "tree"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    words = [sys.executable, "-I", "-c", LOOK, str(tree), how, *map(str, files)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["0", str(len(files))], done.stderr
