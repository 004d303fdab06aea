"""Killed at any instant, the next start finds the state before or the state after, and going on ends where an
undisturbed run ends: the same journal files, the same rows of the register, the same receipt numbers.
"""

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from killing import kill_after, some, state, typeset_nothing

from obole.books.creation import initialise
from obole.books.opened import open_books, settle
from obole.demo import Manifest, generate
from obole.importing import import_files
from obole.receipting.steps import issue_receipts, render_receipts

# At random instants; before each single write: test_kill_points. OBOLE_KILLS=50 for more.
KILLS = int(os.environ.get("OBOLE_KILLS", "12"))


@pytest.fixture(autouse=True)
def _nothing_typeset(monkeypatch: pytest.MonkeyPatch) -> None:
    typeset_nothing(monkeypatch)


@pytest.fixture(scope="module", autouse=True)
def _keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in ("OBOLE_KEYS", "SOURCE_DATE_EPOCH")}
    os.environ["OBOLE_KEYS"] = str(tmp_path_factory.mktemp("keys"))
    os.environ["SOURCE_DATE_EPOCH"] = "1770000000"
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name)
        else:
            os.environ[name] = value


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return generate(tmp_path_factory.mktemp("demo") / "books", 30)


def take_in(books: Path, files: list[Path]) -> None:
    import_files(open_books(books), files)


def number(books: Path, day: date) -> None:
    issue_receipts(open_books(books), 2024, day)


def timed(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def test_an_import_killed_at_random_instants_ends_as_an_undisturbed_one(
    sources: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("obole.intake.statements._BATCH_DOCUMENTS", 16)
    empty = tmp_path / "empty"
    initialise(empty, (sources.folder / "obole.toml").read_text(encoding="utf-8"))
    files = some(sources)
    whole = tmp_path / "whole"
    shutil.copytree(empty, whole)
    import_files(open_books(whole), files)
    expected = state(whole)
    warm = tmp_path / "warm"
    shutil.copytree(empty, warm)
    duration = timed(lambda: kill_after(60, lambda: import_files(open_books(warm), files)))
    chance = random.Random(20250213)
    killed = before = after = 0
    for number in range(4 * KILLS):
        if killed == KILLS:
            break
        books = tmp_path / f"killed-{number}"
        shutil.copytree(empty, books)
        killed += kill_after(chance.uniform(0.02, duration), partial(take_in, books, files))
        said = " ".join(settle(open_books(books)))
        before += "state before" in said
        after += "state after" in said
        assert not list(books.rglob(".*.new"))
        again = import_files(open_books(books), files)
        assert not again.refused
        assert state(books) == expected, f"kill {number}"
        shutil.rmtree(books)
    assert killed == KILLS, "too few runs were killed before they ended"
    assert before or KILLS < 50, "of many kills at least one must have left something to take back"


def test_donors_killed_between_vault_and_register_are_still_recorded(
    sources: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The instant that the runs above seldom meet: the vault has the donors, the register not their document."""
    empty = tmp_path / "empty"
    initialise(empty, (sources.folder / "obole.toml").read_text(encoding="utf-8"))
    files = some(sources)
    whole = tmp_path / "whole"
    shutil.copytree(empty, whole)
    import_files(open_books(whole), files)
    books = tmp_path / "killed"
    shutil.copytree(empty, books)
    with monkeypatch.context() as patch:
        patch.setattr("ledger.posting.Posting.post", lambda *_: os._exit(9))
        child = os.fork()
        if child == 0:
            take_in(books, files)
        os.waitpid(child, 0)
    with sqlite3.connect(books / "vault.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM donor").fetchone()[0]
    with sqlite3.connect(books / "register.sqlite3") as connection:
        assert not connection.execute("SELECT count(*) FROM document").fetchone()[0]
    take_in(books, files)
    assert state(books) == state(whole)


def test_an_issue_killed_at_random_instants_gives_the_same_numbers(sources: Manifest, tmp_path: Path):
    ready = tmp_path / "ready"
    initialise(ready, (sources.folder / "obole.toml").read_text(encoding="utf-8"))
    import_files(open_books(ready), some(sources))
    whole = tmp_path / "whole"
    shutil.copytree(ready, whole)
    day = date(2025, 2, 13)
    issue_receipts(open_books(whole), 2024, day)
    expected = state(whole)
    warm = tmp_path / "warm"
    shutil.copytree(ready, warm)
    duration = timed(lambda: kill_after(60, lambda: issue_receipts(open_books(warm), 2024, day)))
    assert expected["receipt"]
    chance = random.Random(281)
    killed = 0
    for attempt in range(4 * KILLS):
        if killed == KILLS:
            break
        books = tmp_path / f"killed-{attempt}"
        shutil.copytree(ready, books)
        killed += kill_after(chance.uniform(0.0, duration), partial(number, books, day))
        settle(open_books(books))
        with sqlite3.connect(books / "register.sqlite3") as connection:
            done = connection.execute("SELECT count(*) FROM receipt").fetchone()[0]
        assert done in (0, len(expected["receipt"])), "all numbers or none"
        if not done:
            issue_receipts(open_books(books), 2024, day)
        assert state(books) == expected, f"kill {attempt}"
        shutil.rmtree(books)
    assert killed == KILLS, "too few runs were killed before they ended"


def test_rendering_killed_goes_on_to_the_same_documents(sources: Manifest, tmp_path: Path):
    books = tmp_path / "books"
    initialise(books, (sources.folder / "obole.toml").read_text(encoding="utf-8"))
    import_files(open_books(books), some(sources))
    issue_receipts(open_books(books), 2024, date(2025, 2, 13))
    whole = tmp_path / "whole"
    shutil.copytree(books, whole)
    duration = timed(lambda: render_receipts(open_books(whole), 2024, workers=1))
    expected = state(whole)
    for number in range(5):
        kill_after(duration * (number + 1) / 6, lambda: render_receipts(open_books(books), 2024, workers=1))
    render_receipts(open_books(books), 2024, workers=1)
    assert state(books) == expected
