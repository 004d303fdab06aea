"""Reading ahead in a second process gives what reading here gives, whatever happens to the one or the other process."""

import hashlib
import multiprocessing
import pickle
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from importers import coda
from obole import reading
from obole.reading import BankSource
from obole.reading import reading as read

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
    monkeypatch.setattr(reading, "_MEANWHILE", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)


def here(paths: list[Path]) -> list[BankSource]:
    with read(paths) as sources:
        assert not multiprocessing.active_children()
        return list(sources)


def test_a_few_files_are_read_here(files: list[Path]):
    found = here(files)
    assert [source.path for source in found] == files
    assert [source.bank.statements[0].closing_date for source in found] == [date(2025, 3, day) for day in range(13, 28)]
    assert all(source.bank.ok and source.content == source.path.read_bytes() for source in found)


@pytest.mark.usefixtures("_ahead")
def test_many_files_are_read_ahead_in_their_order(files: list[Path], monkeypatch: pytest.MonkeyPatch):
    with read(files) as sources:
        assert len(multiprocessing.active_children()) == 1
        monkeypatch.setattr(coda, "parse", lambda _content: pytest.fail("parsed here"))
        found = list(sources)
    monkeypatch.undo()
    assert found == here(files)
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("_ahead")
def test_while_the_reader_starts_the_first_are_read_here(files: list[Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "_MEANWHILE", 2 * files[0].stat().st_size)
    parsed = []
    parse = coda.parse
    with read(files) as sources:
        monkeypatch.setattr(coda, "parse", lambda content: parsed.append(content) or parse(content))
        found = list(sources)
    assert parsed == [path.read_bytes() for path in files[:2]]
    monkeypatch.undo()
    assert found == here(files)


@pytest.mark.usefixtures("_ahead")
def test_the_reader_ends_where_its_results_are_wanted_no_more(files: list[Path]):
    with read(files * 100) as sources:
        next(sources)
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("_ahead")
def test_without_its_reader_it_reads_the_rest_here(files: list[Path], monkeypatch: pytest.MonkeyPatch):
    with read(files * 100) as sources:
        found = [next(sources)]
        (reader,) = multiprocessing.active_children()
        reader.kill()
        found += sources
    monkeypatch.undo()
    assert found == here(files * 100)


def test_a_file_that_changed_after_it_was_read_ahead_is_read_again(files: list[Path]):
    results, ours = multiprocessing.Pipe(duplex=False)
    ours.send_bytes(pickle.dumps(("the digest of what it was before", True, reading._packed(coda.parse(b"")))))
    found = reading._read(files[0], results, 0)
    assert [found] == here(files[:1])


# A large file is read by both processes


def many(statements: int = 200) -> bytes:
    return b"".join(statement(13 + index % 15) for index in range(statements))


@pytest.fixture
def _shared(monkeypatch: pytest.MonkeyPatch, _ahead: None) -> None:
    monkeypatch.setattr(reading, "_LARGE", 10_000)
    monkeypatch.setattr(reading, "_PART", 5_000)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.cod"
    path.write_bytes(many())
    return path


@pytest.mark.usefixtures("_shared")
def test_a_large_file_is_read_by_both_and_is_the_same(large: Path, files: list[Path]):
    for paths in ([large], [large, *files], [large, large]):
        with read(paths) as sources:
            assert len(multiprocessing.active_children()) == 1
            found = list(sources)
        assert [source.bank for source in found] == [coda.parse(path.read_bytes()) for path in paths]
        assert [source.content for source in found] == [path.read_bytes() for path in paths]


@pytest.mark.usefixtures("_shared")
def test_of_a_large_file_only_the_first_part_is_read_here(large: Path, monkeypatch: pytest.MonkeyPatch):
    parts, here = coda.parts, []
    with read([large]) as sources:
        monkeypatch.setattr(coda, "parts", lambda data, *places: here.append(places[:2]) or parts(data, *places))
        found = list(sources)
    monkeypatch.undo()
    [(start, end)] = here
    assert start == 0
    assert 0.5 < end / large.stat().st_size < 0.7
    assert found[0].bank == coda.parse(many())


@pytest.mark.usefixtures("_shared")
def test_a_large_file_whose_reader_was_killed_is_read_here(large: Path):
    with read([large]) as sources:
        [reader] = multiprocessing.active_children()
        reader.kill()
        [found] = sources
    assert found.bank == coda.parse(many())


def test_a_large_file_that_changed_while_it_was_read_is_read_again_from_where_the_other_began(
    large: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "_LARGE", 10_000)
    monkeypatch.setattr(reading, "_PART", 5_000)
    results, ours = multiprocessing.Pipe(duplex=False)
    for last in (False, True):
        ours.send_bytes(pickle.dumps(("the digest of what it was before", last, reading._packed(coda.parse(many(3))))))
    assert reading._read(large, results, 20_000).bank == coda.parse(many())
    assert not results.poll()  # what follows is of the next file


def test_a_large_file_whose_reader_ends_in_the_middle_is_read_again_from_where_the_other_began(
    large: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "_LARGE", 10_000)
    results, ours = multiprocessing.Pipe(duplex=False)
    content = large.read_bytes()
    [part] = coda.parts(content, reading._cut(content, 20_000), len(content), len(content))
    ours.send_bytes(pickle.dumps((hashlib.sha256(content).hexdigest(), False, reading._packed(part))))
    ours.close()
    assert reading._read(large, results, 20_000).bank == coda.parse(many())


@pytest.mark.parametrize("ahead", [1, 16_000_000])  # it waits for the other to take more, or has nothing left to do
def test_the_reader_ends_with_a_killed_import(ahead: int, files: list[Path]):
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom obole import reading\n"
        f"reading._WORTH_IT = reading._MEANWHILE = 0\nreading.os.cpu_count = lambda: 2\nreading._AHEAD = {ahead}\n"
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
