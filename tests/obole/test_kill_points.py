"""Killed before each write of an issue, an import, a closing, a reopening, PDFs, a shipment and new books: the next
start says that it was a killed run, never a copy put back, and ends where an undisturbed run ends. An older store
put back after it is never taken for one.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from killing import killed_before_write, state, stopped_before_write, typeset_nothing
from small_books import ISSUED, OPENING, SETTINGS, STATEMENT, Journal, Obole, new_books, write_donors
from stores import current

from ledger.pairing import Apart, Relation
from ledger.register.years import closed_years
from obole.audit.closing import close_year, reopen_year
from obole.audit.verifying import Verified, verify_seals
from obole.books.creation import initialise
from obole.books.opened import open_books, settle
from obole.importing import import_files
from obole.receipting.shipping import write_belcotax
from obole.receipting.steps import issue_receipts, render_receipts

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


Kill = Callable[[int, Callable[[], object]], bool]


def killed_each(
    work: Callable[[Path], object], start: Path, folder: Path, kill: Kill = killed_before_write
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Kill `work` before each of its writes: the books, settled; how they, and each with an older store, were found."""
    for number in range(1, MOST):
        books = folder / "killed"
        shutil.copytree(start, books)
        if not kill(number, lambda: work(books)):  # noqa: B023 - runs at once
            shutil.rmtree(books)
            return
        after = found(books)
        assert after != "APART", f"write {number}: a killed run is taken for a copy put back"
        older = tuple(put_back(books, start, store, folder / "older") for store in STORES)
        settle(open_books(books))
        assert found(books) == "SAME", f"write {number}"
        yield books, (after, *older)
        shutil.rmtree(books)
    raise AssertionError("more writes than there can be")


def killed_everywhere(
    work: Callable[[Path], None], start: Path, folder: Path, done: Callable[[Path], bool]
) -> Counter[tuple[str, ...]]:
    """Kill `work` before each of its writes, and go on to the end of an undisturbed run; how each state was found."""
    whole = folder / "whole"
    shutil.copytree(start, whole)
    work(whole)
    expected, seen = state(whole), Counter()
    for books, how in killed_each(work, start, folder):
        if not done(books):
            work(books)
        assert state(books) == expected, how
        seen[how] += 1
    seen["SAME", *(put_back(whole, start, store, folder / "older") for store in STORES)] += 1
    return seen


def has_receipts(books: Path) -> bool:
    return bool(Obole(books).receipts())


# How the killed run is found; how it is where the register of before is put into it, and where the vault is.
NOTHING_YET = ("SAME", "SAME", "SAME")
ANNOUNCED = ("CUT_OFF", "CUT_OFF", "SAME")  # the register still is that of before, and so is all that counts
COMMITTED = ("DONE", "CUT_OFF", "APART")  # nothing was printed or filed of it, for which a start notes it first
NOTED = ("SAME", "APART", "APART")
# A step of the register alone is in no vault until it is noted: an older register is what it was.
ALONE = ("DONE", "SAME", "DONE")
NOTED_ALONE = ("SAME", "APART", "DONE")


def test_an_issue_killed_before_each_of_its_writes(given: Path, tmp_path: Path):
    seen = killed_everywhere(issue, given, tmp_path, has_receipts)
    assert set(seen) == {NOTHING_YET, ANNOUNCED, COMMITTED, NOTED}


def test_an_import_killed_before_each_of_its_writes(taken: Path, tmp_path: Path):
    seen = killed_everywhere(take, taken, tmp_path, lambda _books: False)
    two_steps = {("CUT_OFF", "APART", "DONE"), ("DONE", "APART", "APART"), NOTED}
    assert set(seen) <= {NOTHING_YET, ALONE, NOTED_ALONE, *two_steps}
    assert {NOTHING_YET, NOTED} <= set(seen)


@pytest.fixture(scope="module")
def issued(given: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its receipts issued and its result carried to 14, so that the year can be closed."""
    books = tmp_path_factory.mktemp("issued") / "books"
    shutil.copytree(given, books)
    issue(books)
    carried = [("2025-12-31", code, *amounts, "Affectation", "AFF-1") for code, *amounts in CARRIED]
    Obole(books).takes_well(Journal(carried, "carried.csv").write(books.parent))
    return books


@pytest.fixture(scope="module")
def closed(issued: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    books = tmp_path_factory.mktemp("closed") / "books"
    shutil.copytree(issued, books)
    close(books)
    return books


CARRIED = (("692000", "177.50", ""), ("140000", "", "177.50"))  # gifts of 190.00 less 12.50 of charges


def close(books: Path) -> None:
    close_year(open_books(books), 2025, {"499000": "Donneur inconnu"})


def reopen(books: Path) -> None:
    reopen_year(open_books(books), 2025, "un don oublié", "AB")


def is_closed(books: Path) -> bool:
    with open_books(books).register.connect() as connection:
        return 2025 in closed_years(connection)


def seals(books: Path) -> list[str]:
    return sorted(path.relative_to(books / "seals").as_posix() for path in (books / "seals").rglob("*.*"))


SEALED = ["2025.json", "2025.leaves.gz"]
REOPENED = ["former/2025-1.json", "former/2025-1.leaves.gz"]


def test_a_closing_killed_before_each_of_its_writes(issued: Path, tmp_path: Path):
    """The key of the year and the salts go to the vault first: a step of both, as an issue is."""
    seen = set()
    for books, how in killed_each(close, issued, tmp_path):
        seen.add(how)
        assert seals(books) == (SEALED if is_closed(books) else [])
        if not is_closed(books):
            assert state(books) == state(issued)
            close(books)
        assert verify_seals(open_books(books)) == Verified([2025])
        assert Obole(books).checks().exit_code == 0
    assert seen == {NOTHING_YET, ANNOUNCED, COMMITTED, NOTED}


def test_a_reopening_killed_before_each_of_its_writes(closed: Path, tmp_path: Path):
    seen = set()
    for books, how in killed_each(reopen, closed, tmp_path):
        seen.add(how)
        if is_closed(books):
            assert seals(books) == SEALED
            assert verify_seals(open_books(books)) == Verified([2025])
            reopen(books)
        assert seals(books) == REOPENED
        assert not verify_seals(open_books(books)).faults
        assert state(books) == state(closed)
    assert seen == {NOTHING_YET, ALONE, NOTED_ALONE}


def test_pdfs_killed_before_each_of_their_writes_are_made_to_the_same_bytes(issued: Path, tmp_path: Path):
    """In this process: a child by fork has no threads of the typesetter."""
    shutil.copytree(issued, tmp_path / "whole")
    render(tmp_path / "whole")
    expected, seen = state(tmp_path / "whole"), set()
    for books, how in killed_each(render, issued, tmp_path, stopped_before_write):
        seen.add(how)
        render(books)
        pdfs = {name: content for name, content in state(books).items() if name.endswith(".pdf")}
        assert len(pdfs) == 3
        assert pdfs.items() <= expected.items()
        assert Obole(books).checks().exit_code == 0
    assert seen == {NOTHING_YET, ALONE}


def render(books: Path) -> None:
    assert not render_receipts(open_books(books), 2025, workers=1).failed


def test_a_shipment_killed_before_each_of_its_writes_is_no_second_original(
    issued: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nor is one outside of the books there that nothing wrote down."""
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    shutil.copytree(issued, tmp_path / "whole")
    file_them(tmp_path / "whole")
    [expected] = taken_away(desk)
    seen = []
    for books, how in killed_each(file_them, issued, tmp_path):
        seen.append(how)
        left = list(desk.glob("belcotax-*.xml"))
        records = list(books.glob("receipts/2025/shipment-*.json"))
        assert len(records) >= len(left)
        file_them(books)
        assert taken_away(desk) == [expected]
        assert [path.name for path in books.glob("receipts/2025/shipment-*.json")] == ["shipment-1.json"]
        assert Obole(books).checks().exit_code == 0
    assert len(seen) >= 4
    assert set(seen) == {NOTHING_YET}


def file_them(books: Path) -> None:
    write_belcotax(open_books(books), 2025, ISSUED, None)


def taken_away(desk: Path) -> list[bytes]:
    """The shipments that were written, which are gone then."""
    paths = sorted(desk.glob("belcotax-*.xml"))
    texts = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    return texts


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
