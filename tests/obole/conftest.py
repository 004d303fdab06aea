"""What the tests of the application share: keys apart, a demonstration of 40 donors, and small books known by hand."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_books import ISSUED, OPENING, STATEMENT, Obole, new_books, write_donors

from obole.books.opened import open_books
from obole.demo.run import run_demo
from obole.receipting.steps import issue_receipts, render_receipts


@pytest.fixture(scope="session", autouse=True)
def _keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("OBOLE_KEYS")
    os.environ["OBOLE_KEYS"] = str(tmp_path_factory.mktemp("keys"))
    yield
    if before is None:
        os.environ.pop("OBOLE_KEYS")
    else:
        os.environ["OBOLE_KEYS"] = before


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration with 40 donors, its receipts issued; no test may change it."""
    folder = tmp_path_factory.mktemp("demo") / "books"
    run_demo(folder, 40, 2025, lambda _text: None)
    return folder


@pytest.fixture(scope="session")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    books = new_books(tmp_path_factory.mktemp("small") / "books")
    told = Obole(books).takes(
        write_donors(books.parent / "donors.csv"),
        STATEMENT.write(books.parent),
        OPENING.write(books.parent),
    )
    assert told.exit_code == 0, told.output
    return books


@pytest.fixture(scope="session")
def _issued(_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    books = tmp_path_factory.mktemp("issued") / "books"
    shutil.copytree(_small, books)
    opened = open_books(books)
    issue_receipts(opened, 2025, ISSUED)
    render_receipts(opened, 2025)
    return books


def _copied(source: Path, target: Path) -> Obole:
    shutil.copytree(source, target)
    return Obole(target)


@pytest.fixture
def empty(tmp_path: Path) -> Obole:
    """Books with the donors of `small_books` and nothing posted."""
    obole = Obole(new_books(tmp_path / "books"))
    assert obole.takes(write_donors(tmp_path / "donors.csv")).exit_code == 0
    return obole


@pytest.fixture
def small(_small: Path, tmp_path: Path) -> Obole:
    """Books with donors, the opening journal and one statement, to be changed at will."""
    return _copied(_small, tmp_path / "books")


@pytest.fixture
def issued(_issued: Path, tmp_path: Path) -> Obole:
    """The same with the receipts of 2025 issued and printed."""
    return _copied(_issued, tmp_path / "books")
