"""What is unpacked while a command works holds names: it lies in the books, and a kill leaves nothing for good.

Sources: [8.10] what a killed run left in clear is removed at the next start of a writing command, and `check` 10 sees
it; [D] design, names stand in the vault only.
"""

import os
import signal
import stat
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from small_books import OPENING, Obole, iban, write_donors
from test_statement_files import ALL, pages, zipped

from ledger import passing
from ledger.passing import PASSING, left_behind, passing_folder, sweep
from obole.audit.check import check_books
from obole.books.opened import open_books
from obole.importing import import_files
from obole.intake.kinds import expand
from obole.keeping.backup import back_up, vault_secret
from obole.keeping.restore import restore
from receipts.filing import belcotax
from reports import sheets

NAME = iban(7359999999).encode()  # of who pays in the pages


@pytest.fixture
def ready(empty: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Obole:
    """Books with their donors, and a folder of the system for temporary files that can be looked into."""
    empty.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path))
    (tmp_path / "system").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "system"))
    return empty


def killed(work: Callable[[], object], monkeypatch: pytest.MonkeyPatch, instant: str) -> None:
    """Run `work` in a child that ends by SIGKILL where the function named is called."""
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(instant, lambda *_args, **_named: os.kill(os.getpid(), signal.SIGKILL))
        try:
            work()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def lying_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for one in left_behind(folder) for path in one.rglob("*") if path.is_file()]


def bank_zip(folder: Path) -> Path:
    """A zip of the pages of a statement."""
    return zipped(folder / "bank.zip", **{path.name: path.read_bytes() for path in pages(folder, interim=False)})


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    "case",
    [
        (True, "obole.importing._take_all", 1),  # the zip is opened
        (False, "obole.intake.statements._take_files", 1),  # the pages are put together
        (True, "obole.intake.statements._take_files", 2),
    ],
)
def test_what_a_killed_import_unpacked_lies_in_the_books_and_goes_at_the_next_start(
    ready: Obole,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[bool, str, int],
    dry_run: bool,
):
    """[8.10]"""
    packed, instant, folders = case
    files = pages(tmp_path, interim=False)
    given = [bank_zip(tmp_path)] if packed else files
    killed(lambda: import_files(open_books(ready.books), given, dry_run=dry_run), monkeypatch, instant)
    assert not list((tmp_path / "system").iterdir())
    left = left_behind(ready.books)
    assert len(left) == folders
    assert all(stat.S_IMODE(one.stat().st_mode) == 0o700 for one in left)
    assert any(NAME in content for content in lying_in(ready.books)), "there is something to remove"
    said = [str(fault) for result in check_books(open_books(ready.books)) for fault in result.faults]
    assert [one for one in said if one.startswith(f"{left[0].name}: left by a killed run")]
    assert not any(PASSING in part for path in expand([ready.books]) for part in path.parts)
    told = ready.takes_well(*given).output
    assert f"{folders} folder" in told
    assert not list(ready.books.glob(f"{PASSING}*"))
    assert ready.given_by() == ALL
    assert ready.checks().exit_code == 0


def test_a_backup_holds_nothing_of_what_was_unpacked(ready: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    killed(
        lambda: import_files(open_books(ready.books), [bank_zip(tmp_path)]), monkeypatch, "obole.importing._take_all"
    )
    opened = open_books(ready.books)
    back_up(opened, tmp_path / "b.obole", vault_secret(opened))
    assert len(left_behind(ready.books)) == 1, "a backup changes nothing in the books"
    restore(tmp_path / "b.obole", tmp_path / "restored", vault_secret(opened))
    assert (tmp_path / "restored" / "main.beancount").exists()
    assert not list((tmp_path / "restored").glob(f"{PASSING}*"))


def test_a_run_that_ends_leaves_nothing_and_those_that_work_are_left_alone(ready: Obole, tmp_path: Path):
    with passing_folder(ready.books) as held:
        ready.takes_well(bank_zip(tmp_path))
        assert list(ready.books.glob(f"{PASSING}*")) == [held]
        assert sweep(ready.books) == 0
        assert ready.checks().exit_code == 0, "one that is in use was left by nobody"
    assert not list(ready.books.glob(f"{PASSING}*"))
    assert not list((tmp_path / "system").iterdir())


def test_inspect_unpacks_in_the_books_where_there_are_some(
    ready: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = bank_zip(tmp_path)
    killed(lambda: ready("inspect", path), monkeypatch, "obole.intake.inspection.inspect_file")
    assert len(left_behind(ready.books)) == 1
    assert "removed" in ready.takes_well(path).output
    assert not list((tmp_path / "system").iterdir())


def test_inspect_without_books_leaves_what_its_next_run_removes(
    ready: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Without books, or where nothing can be written to them: a folder of its owner alone, in the system's one."""
    path, nowhere = bank_zip(tmp_path), Obole(tmp_path)
    killed(lambda: nowhere("inspect", path), monkeypatch, "obole.intake.inspection.inspect_file")
    assert len(left_behind(tmp_path / "system")) == 1
    assert nowhere("inspect", path).exit_code == 1, "pages apart are not whole"
    assert not list((tmp_path / "system").iterdir())
    monkeypatch.setattr("ledger.passing.os.access", lambda *_: False)
    assert passing.writable(ready.books) == tmp_path / "system"
    assert passing.writable(None) == tmp_path / "system"


def a_workbook(folder: Path) -> None:
    with sheets.new_workbook(folder / "list.xlsx") as book:
        book.add_worksheet("A").write(0, 0, NAME.decode())
        os.kill(os.getpid(), signal.SIGKILL)


def a_filing(folder: Path) -> None:
    slips = (os.kill(os.getpid(), signal.SIGKILL) for _ in range(1))
    belcotax.write_file(slips, None, None, date(2026, 2, 1), folder / "out.xml")


@pytest.mark.parametrize("write", [a_workbook, a_filing])
def test_what_a_killed_writer_of_a_list_or_a_filing_left_beside_it_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
):
    """A workbook with names, a Belcotax file with national numbers: written outside the books, whole or not at all."""
    killed(lambda: write(tmp_path), monkeypatch, "os.fsync")
    assert len(left_behind(tmp_path)) == 1
    with sheets.new_workbook(tmp_path / "other.xlsx"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["other.xlsx"]


def test_a_folder_that_is_swept_away_before_it_is_held_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made, lock, swept = tempfile.mkdtemp, passing.fcntl.flock, []

    def first_swept(descriptor: int, how: int) -> None:
        lock(descriptor, how)
        if not swept:
            swept.append(next(tmp_path.glob(f"{PASSING}*")))
            swept[0].rmdir()

    monkeypatch.setattr(passing.fcntl, "flock", first_swept)
    with passing_folder(tmp_path) as folder:
        assert folder.is_dir()
        assert folder not in swept
    assert tempfile.mkdtemp is made
