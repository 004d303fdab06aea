"""Killed before each write of an issue, of an import and of new books: the next start says that it was a killed run,
never a copy put back, and ends where an undisturbed run ends. An older store put back after it is never taken for one.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from killing import killed_before_write, state, typeset_nothing
from small_books import ISSUED, OPENING, SETTINGS, STATEMENT, Obole, new_books, write_donors
from stores import current

from ledger.pairing import Apart, Relation
from obole.books.creation import initialise
from obole.books.opened import open_books, settle
from obole.importing import import_files
from obole.receipting.steps import issue_receipts

STORES = ("register.sqlite3", "vault.sqlite3")
MOST = 80  # writes of the longest of them; measured: 21


@pytest.fixture(autouse=True)
def _nothing_typeset(monkeypatch: pytest.MonkeyPatch) -> None:
    typeset_nothing(monkeypatch)


@pytest.fixture(scope="module", autouse=True)
def _clock() -> Iterator[None]:
    os.environ["SOURCE_DATE_EPOCH"] = "1770000000"
    yield
    os.environ.pop("SOURCE_DATE_EPOCH")


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books with donors, and the files of a journal and a statement beside them."""
    folder = tmp_path_factory.mktemp("points")
    books = new_books(folder / "books")
    Obole(books).takes_well(write_donors(folder / "donors.csv"))
    return books


@pytest.fixture(scope="module")
def given(taken: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the gifts of the statement."""
    books = tmp_path_factory.mktemp("given") / "books"
    shutil.copytree(taken, books)
    take(books)
    return books


def take(books: Path) -> None:
    files = [OPENING.write(books.parent), STATEMENT.write(books.parent)]
    assert not import_files(open_books(books), files).refused


def issue(books: Path) -> None:
    issue_receipts(open_books(books), 2025, ISSUED)


def found(books: Path) -> str:
    """How the next start finds the stores; it writes nothing for that."""
    before = {name: (books / name).read_bytes() for name in STORES}
    try:
        relation = open_books(books).pair.look().name
    except Apart:
        relation = "APART"
    assert {name: (books / name).read_bytes() for name in STORES} == before
    return relation


def put_back(books: Path, older: Path, store: str, place: Path) -> str:
    """How books are found whose store was replaced by an older one."""
    shutil.copytree(books, place)
    shutil.copy(older / store, place / store)
    relation = found(place)
    shutil.rmtree(place)
    return relation


def killed_everywhere(
    work: Callable[[Path], None], start: Path, folder: Path, done: Callable[[Path], bool]
) -> Counter[tuple[str, ...]]:
    """Kill `work` before each of its writes; how each state, and each with an older store in it, is found."""
    whole = folder / "whole"
    shutil.copytree(start, whole)
    work(whole)
    expected, seen = state(whole), Counter()
    for number in range(1, MOST):
        books = folder / "killed"
        shutil.copytree(start, books)
        if not killed_before_write(number, lambda: work(books)):  # noqa: B023 - runs at once
            shutil.rmtree(books)
            break
        after = found(books)
        assert after != "APART", f"write {number}: a killed run is taken for a copy put back"
        older = tuple(put_back(books, start, store, folder / "older") for store in STORES)
        settle(open_books(books))
        assert found(books) == "SAME", f"write {number}"
        if not done(books):
            work(books)
        assert state(books) == expected, f"write {number}"
        seen[after, *older] += 1
        shutil.rmtree(books)
    seen["SAME", *(put_back(whole, start, store, folder / "older") for store in STORES)] += 1
    return seen


def has_receipts(books: Path) -> bool:
    return bool(Obole(books).receipts())


# How the killed run is found; how it is where the register of before is put into it, and where the vault is.
NOTHING_YET = ("SAME", "SAME", "SAME")
ANNOUNCED = ("CUT_OFF", "CUT_OFF", "SAME")  # the register still is that of before, and so is all that counts
COMMITTED = ("DONE", "CUT_OFF", "APART")  # nothing was printed or filed of it, for which a start notes it first
NOTED = ("SAME", "APART", "APART")


def test_an_issue_killed_before_each_of_its_writes(given: Path, tmp_path: Path):
    seen = killed_everywhere(issue, given, tmp_path, has_receipts)
    assert set(seen) == {NOTHING_YET, ANNOUNCED, COMMITTED, NOTED}


def test_an_import_killed_before_each_of_its_writes(taken: Path, tmp_path: Path):
    seen = killed_everywhere(take, taken, tmp_path, lambda _books: False)
    # A step of the register alone is in no vault until it is noted: an older register is what it was.
    alone = ("DONE", "SAME", "DONE")
    noted_alone = ("SAME", "APART", "DONE")
    two_steps = {("CUT_OFF", "APART", "DONE"), ("DONE", "APART", "APART"), NOTED}
    assert set(seen) <= {NOTHING_YET, alone, noted_alone, *two_steps}
    assert {NOTHING_YET, NOTED} <= set(seen)


def test_new_books_killed_before_each_of_their_writes_are_made_by_init_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    books, number = tmp_path / "books", 0
    monkeypatch.setattr("obole.books.creation.open_store", lambda _url, name, **_: current().engine(books, name))
    for number in range(1, MOST):
        if not killed_before_write(number, lambda: initialise(books, SETTINGS)):
            break
        if not (books / "main.beancount").exists():
            initialise(books, SETTINGS)
        made = open_books(books)
        with made.writing():
            settle(made)
        assert made.pair.look() is Relation.SAME
        assert (Path(os.environ["OBOLE_KEYS"]) / f"{made.config.key}.key").exists()
        shutil.rmtree(books)
    assert number > 20
    assert Obole(books).checks().exit_code == 0
