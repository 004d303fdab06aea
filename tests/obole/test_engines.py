"""A small year from the first file to the seal, on files of SQLite and on databases of a server: the same books.

And what holds on both: a dry run leaves nothing, however it ends; one process writes at a time, from any machine.
"""

import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import stores
from click.testing import Result
from small_books import (
    ISSUED,
    OPENING,
    SETTINGS,
    STATEMENT,
    Journal,
    Line,
    Obole,
    Statement,
    given,
    iban,
    new_books,
    write_csv,
    write_donors,
)
from sqlalchemy import Engine, text

from ledger.archive import is_sealed
from ledger.dry_run import tried
from ledger.folder import Folder
from ledger.locks import Busy, writing
from ledger.posting import Posting
from ledger.register import receipts as receiptbook
from obole.books.opened import open_books
from obole.extraction import importers
from obole.importing import import_files
from obole.receipting.steps import issue_receipts, render_receipts
from receipts.paper import render as rendering

pytestmark = pytest.mark.usefixtures("stores")

COLLECTION = """
[collection]
creditor = "BE81ZZZ0123456749"
bank = "current"
bic = "KREDBEBB"
"""
PLEDGE = ("M-2", "D0002", iban(7350000002), "2025-01-10", "15.00", "1", "2025-03-01")
STRANGER = Line(-25_00, "00150000", "QUI", name="L. INCONNU", iban=iban(7358888888))


def well(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Obole:
    """Books with donors, a pledge, the opening journal and one statement, all posted at one time."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1770000000")
    obole = Obole(new_books(tmp_path / "books", SETTINGS + COLLECTION))
    headings = ("mandate", "donor", "iban", "signed", "amount", "months", "first_due")
    obole.takes_well(
        write_donors(tmp_path / "donors.csv"),
        write_csv(tmp_path / "pledges.csv", headings, [PLEDGE]),
        OPENING.write(tmp_path),
        STATEMENT.write(tmp_path),
    )
    return obole


# A year


@dataclass(frozen=True)
class Kept:
    """What a year left: the journal files and the PDFs by name, the gifts, what was said."""

    files: dict[str, bytes]
    gifts: list[tuple[object, ...]]
    said: list[str]


_YEARS: dict[str, Kept] = {}


def small_year(obole: Obole, folder: Path) -> list[str]:
    """Take in, decide, undo, collect, issue, render, close and check; what was said."""
    decided = write_csv(
        folder / "decided.csv",
        ("document", "position", "donor", "account", "nature", "date", "learn"),
        [(STATEMENT.document, "7", "D0005", "", "", "2025-03-20", "")],
    )
    credit = Line(15_00, "10550000", reference="collection-2025-03-1-FRST")
    second = Statement(74, 1_247_50, (credit, given(12_34, 5)), date(2025, 3, 17))
    carried = Journal((("2025-12-31", "692000", "274.84", "", "Affectation", "AFF-1"),
                       ("2025-12-31", "140000", "", "274.84", "Affectation", "AFF-1")), "carried.csv")  # fmt: skip
    sheet = folder / "open.xlsx"
    return [
        well(obole("match", "-o", sheet)),
        well(obole.takes(decided)),
        well(obole("undo", obole.documents()[-1])),
        well(obole.takes(decided)),
        well(obole("collect", "--month", "2025-03", "-o", folder / "out")),
        well(obole.takes(second.write(folder))),
        well(obole("receipts", "preview", "--year", "2025")),
        well(obole("receipts", "issue", "--year", "2025", "--date", ISSUED.isoformat())),
        well(obole("receipts", "render", "--year", "2025")),
        well(obole("receipts", "status", "--year", "2025")),
        well(obole("documents")),
        well(obole.takes(carried.write(folder))),
        well(obole("close", "2025")),
        well(obole("verify")),
        well(obole("check")),
    ]


def test_a_small_year_gives_the_same_books_on_each_engine(small: Obole, tmp_path: Path):
    # A seal is salted by a key of its year, drawn at random: its root is its own each time.
    said = [re.sub(r"\b[0-9a-f]{64}\b", "", told.replace(str(tmp_path), "")) for told in small_year(small, tmp_path)]
    sealed = open_books(small.books).archive  # each book has a key of its own
    files = {
        path.relative_to(small.books).as_posix(): sealed.read(path) if is_sealed(path) else path.read_bytes()
        for folder in ("journal", "documents", "receipts")
        for path in (small.books / folder).rglob("*")
        if path.is_file()
    }
    assert sum(path.endswith(".pdf") for path in files) == 4, "receipts of at least 40.00 EUR"
    rows = small.rows("SELECT id, document_id, position, donor, cents, booked, reverses, crc FROM gift ORDER BY id")
    kept = Kept(files, rows, said)
    assert not small.takes(STATEMENT.write(tmp_path)).exit_code
    assert len(small.posted()) == len(rows), "known, and nothing added"
    for other in _YEARS.values():
        for ours, theirs in zip(kept.said, other.said, strict=True):
            assert ours == theirs
        assert kept == other
    _YEARS[stores.current().name] = kept


# A dry run


def test_a_dry_run_leaves_every_file_and_row_as_it_was(small: Obole, tmp_path: Path):
    before = small.state()
    next_one = Statement(74, 1_247_50, [given(12_34, 5), STRANGER], date(2025, 3, 17)).write(tmp_path)
    tried_out = small.takes(next_one, write_donors(tmp_path / "more.csv", [DONOR]), dry_run=True)
    assert "would be posted" in well(tried_out)
    assert "would be reversed" in well(small("undo", STATEMENT.document, "--dry-run"))
    assert "would be collected" in well(small("collect", "--month", "2025-03", "--dry-run"))
    assert small.state() == before
    said = well(small.takes(next_one))
    assert "12.34" in said, "the real run does what the dry run told"


DONOR = ("D0007", "natural", "Vergissmeinnicht", "Emma", "Weg 7", "4700", "Eupen", "de", "", "", "", "", "")


def test_a_dry_run_that_fails_leaves_nothing_either(small: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    before = small.state()
    monkeypatch.setattr("obole.importing._look_again", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        import_files(open_books(small.books), [write_donors(tmp_path / "more.csv", [DONOR])], dry_run=True)
    assert small.state() == before


def killed_where(work: Callable[[], object]) -> None:
    """Run work in a process of its own, which ends as by kill -9."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it ended before it was killed"


def test_a_dry_run_killed_leaves_nothing_in_the_books_nor_elsewhere(
    small: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    before, folders = small.state(), small.folders()
    donors = write_donors(tmp_path / "more.csv", [DONOR])
    statement = Statement(74, 1_247_50, [given(12_34, 5), STRANGER], date(2025, 3, 17)).write(tmp_path)
    monkeypatch.setattr("obole.importing._look_again", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    killed_where(lambda: import_files(open_books(small.books), [donors, statement], dry_run=True))
    monkeypatch.undo()
    assert not list(temporary.iterdir())
    assert small.folders() == folders
    assert small.state() == before, "no journal of a database either"
    eventually(lambda: small.takes(donors, statement).exit_code == 0)


def eventually(holds: Callable[[], bool]) -> None:
    """A server takes an instant to notice that a process is gone."""
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_what_fava_previews_is_what_the_import_posts_and_leaves_nothing(small: Obole, tmp_path: Path):
    before = small.state()
    path = Statement(74, 1_247_50, [given(12_34, 5)], date(2025, 3, 17)).write(tmp_path)
    importer = next(one for one in importers(small.books) if one.identify(str(path)))
    entries = importer.extract(str(path), [])
    assert [str(posting.units) for posting in entries[0].postings] == ["12.34 EUR", "-12.34 EUR"]
    assert importer.date(str(path)) == date(2025, 3, 17)
    assert small.state() == before


def test_units_of_work_of_a_trial_see_each_other_and_a_failed_one_is_gone(tmp_path: Path):
    url = stores.current().url(tmp_path, "vault")
    with tried(url, "vault") as engine:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO mandate VALUES ('M-1', 'D1')"))
        with suppress(ZeroDivisionError), engine.begin() as connection:
            connection.execute(text("INSERT INTO mandate VALUES ('M-2', 'D1')"))
            raise ZeroDivisionError
        with engine.connect() as connection:
            connection.execute(text("INSERT INTO mandate VALUES ('M-3', 'D1')"))  # never committed
        with engine.connect() as connection:
            assert connection.execute(text("SELECT reference FROM mandate")).scalars().all() == ["M-1"]
    left: Engine = stores.current().engine(tmp_path, "vault")
    with left.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM mandate")).scalar_one() == 0


# One writer


def test_who_holds_the_books_is_said(small: Obole, tmp_path: Path):
    with open_books(small.books).writing():
        result = small.takes(Statement(74, 1_247_50, [given(1_00, 1)], date(2025, 3, 17)).write(tmp_path))
    assert result.exit_code == 1
    assert f"is writing to these books (process {os.getpid()} on " in " ".join(result.stderr.split())


def test_another_machine_waits_where_the_stores_lie_on_a_server(small: Obole, tmp_path: Path):
    """Another machine has another copy of the folder, and the same server."""
    books = open_books(small.books)
    elsewhere = Folder(tmp_path / "elsewhere")
    elsewhere.root.mkdir()
    servers = [books.config.register_url, books.config.vault_url] if stores.current().name != "sqlite" else []
    with books.writing():
        if servers:
            with pytest.raises(Busy, match=rf"process {os.getpid()} on .* since"):
                writing(elsewhere, *servers, key=books.config.key).__enter__()
        with writing(elsewhere, *servers, key="other books"):
            pass
    with writing(elsewhere, *servers, key=books.config.key):
        pass


def test_a_lock_is_waited_for_and_goes_with_its_process(small: Obole):
    books = open_books(small.books)
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        with books.writing():
            os.write(told, b"x")
            time.sleep(60)
        os._exit(0)
    assert os.read(ready, 1) == b"x"
    with pytest.raises(Busy, match=f"process {child} "):
        books.writing().__enter__()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with books.writing(wait=20):
        pass


def test_the_books_are_not_held_while_receipts_are_typeset(small: Obole, monkeypatch: pytest.MonkeyPatch):
    books = open_books(small.books)
    issue_receipts(books, 2025, ISSUED)
    made = rendering.render_many
    held: list[bool] = []

    def looked(*arguments: object) -> object:
        for one in made(*arguments):  # type: ignore[arg-type]
            with books.writing():  # another could post now
                held.append(False)
            yield one

    monkeypatch.setattr(rendering, "render_many", looked)
    assert render_receipts(books, 2025).made == len(held) == 3


def test_two_renders_at_a_time_make_the_same_documents(small: Obole, monkeypatch: pytest.MonkeyPatch):
    """The second starts, and ends, while the first has typeset and not recorded yet."""
    books = open_books(small.books)
    issue_receipts(books, 2025, ISSUED)
    settle = rendering._settle
    inner: list[int] = []

    def settled(*arguments: object) -> None:
        if not inner:
            inner.append(0)
            inner[0] = render_receipts(open_books(small.books), 2025).made
        settle(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rendering, "_settle", settled)
    assert render_receipts(books, 2025).made == inner[0] == 3
    with books.register.connect() as connection:
        rows = receiptbook.receipts_of(connection, 2025)
    assert all(row.pdf_digest for row in rows)
    assert sorted(path.suffix for path in (small.books / "receipts" / "2025").iterdir()) == [".pdf"] * 3
    assert small.checks().exit_code == 0


def test_an_import_killed_at_its_commit_ends_as_an_undisturbed_one(
    small: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    statement = Statement(74, 1_247_50, [given(12_34, 5)], date(2025, 3, 17))
    path = statement.write(tmp_path)
    monkeypatch.setattr(Posting, "__exit__", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    killed_where(lambda: import_files(open_books(small.books), [path]))
    monkeypatch.undo()
    assert statement.document not in small.documents()
    eventually(lambda: small.takes(path).exit_code == 0)
    assert small.gifts()[-1] == ("D0005", 12_34)
    assert len(small.gifts()) == 5
    assert small.checks().exit_code == 0
