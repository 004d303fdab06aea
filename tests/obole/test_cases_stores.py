"""Stores that were put back, lost, mixed up or made twice: what the November review found, and cases of the same kinds.

Each case of ours names where such a thing happened to others, or what the maker of the database says of it.
"""

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from small_books import DAY, OPENING, SETTINGS, STATEMENT, Obole, Statement, given, new_books, write_csv, write_donors

from ledger.store import HEADS, open_store, sqlite_url
from obole.books.opened import open_books
from obole.keeping.backup import back_up
from obole.keeping.envelope import Lock, Secret
from obole.keeping.restore import restore

STORES = ("register.sqlite3", "vault.sqlite3")
MORE = Statement(74, 1_247_50, (given(25_00, 1),), DAY.replace(day=20))
SECRET = Secret(Lock.PASSPHRASE, b"a long passphrase of a test")


AGAIN = ("--again", "AB: the papers came back")


def issue(obole: Obole, day: str = "2026-02-13", *words: str):
    return obole("receipts", "issue", "--year", "2025", "--date", day, *words)


def put_back(older: Path, obole: Obole, *names: str) -> None:
    for name in names:
        shutil.copy(older / name, obole.books / name)


def pdfs(obole: Obole) -> dict[str, str]:
    """The PDFs in the folder with their digests."""
    folder = obole.books / "receipts"
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.pdf"))}


@contextmanager
def unchanged(obole: Obole) -> Iterator[None]:
    """Nothing of the books is written, made or removed."""
    before = obole.state()
    yield
    assert obole.state() == before


def refused(obole: Obole, *words: str | Path) -> str:
    """What a command says that writes nothing."""
    with unchanged(obole):
        result = obole(*words)
    assert result.exit_code == 1, result.output
    return result.output


@pytest.fixture
def night(_small: Path, tmp_path: Path) -> Obole:
    """The books of `issued` as they were the night before, when nothing was issued."""
    shutil.copytree(_small, tmp_path / "night")
    return Obole(tmp_path / "night")


# Given cases.


def test_stores_05_check_empties_the_vault(issued: Obole, tmp_path: Path):
    """The register is away for a moment: nothing is made in its place, and nothing goes from the vault."""
    (issued.books / "register.sqlite3").rename(tmp_path / "away")
    assert "the register of these books is missing" in refused(issued, "check")
    (tmp_path / "away").rename(issued.books / "register.sqlite3")
    assert issued.checks().exit_code == 0
    (issued.books / "receipts/2025/000001.pdf").unlink()
    result = issued("receipts", "render", "--year", "2025")
    assert result.exit_code == 0
    assert "1 PDF made" in result.output


def test_stores_05_nor_does_it_where_an_older_register_stands_there(issued: Obole, night: Obole):
    put_back(night.books, issued, "register.sqlite3")
    assert "register.sqlite3 is older than vault.sqlite3 by" in refused(issued, "check")


def test_stores_09_init_overwrites_nothing_that_a_person_wrote(small: Obole):
    manual, chart = small.books / "manual/2025.beancount", small.books / "chart.beancount"
    for path in (manual, chart):
        path.write_text(path.read_text(encoding="utf-8") + "; by hand\n", encoding="utf-8")
    kept = {name: digest for name, digest in small.state().items() if name != "main.beancount"}
    main = (small.books / "main.beancount").read_bytes()
    (small.books / "main.beancount").unlink()
    said = small("check").output
    assert "main.beancount is missing" in said
    assert "obole init" in said
    assert "stayed as it was" in small("init", small.books).output
    assert {name: small.state()[name] for name in kept} == kept
    assert (small.books / "main.beancount").read_bytes() == main
    assert small.checks().exit_code == 0


def test_stores_13_a_killed_dry_run_leaves_no_vault(small: Obole, tmp_path: Path):
    (tmp_path / "tmp").mkdir()
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-c", "from obole.cli import main; main()", "--books", small.books]
    environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    with unchanged(small):
        run = subprocess.Popen([*command, "import", "--dry-run", tmp_path / "pipe"], env=environment)
        lock, until = small.books / ".obole.lock", time.monotonic() + 60
        while not (lock.exists() and lock.read_text(encoding="utf-8")) and run.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.01)
        run.send_signal(signal.SIGTERM)
        run.wait()
    assert [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()] == []


def test_stores_14_a_wrong_key_is_noticed_before_it_seals(empty: Obole, tmp_path: Path):
    empty.takes_well(OPENING.write(tmp_path), STATEMENT.write(tmp_path))
    key = Path(os.environ["OBOLE_KEYS"]) / f"{open_books(empty.books).config.key}.key"
    right = key.read_text(encoding="ascii")
    key.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    try:
        said = refused(empty, "receipts", "issue", "--year", "2025", "--date", "2026-02-13")
        assert f"{key.name} in the key folder is not the key that this vault was sealed with" in said
        assert "is not the key that this vault was sealed with" in refused(empty, "check")
        assert "is not the key" in refused(empty, "backup", tmp_path / "b", "--passphrase-file", key)
    finally:
        key.write_text(right, encoding="ascii")
    assert issue(empty).exit_code == 0
    assert empty.checks().exit_code == 0


def test_stores_16_two_inits_at_once_make_one_set_of_books(tmp_path: Path):
    (tmp_path / "set.toml").write_text(SETTINGS, encoding="utf-8")
    command = [sys.executable, "-c", "from obole.cli import main; main()", "init", tmp_path / "books"]
    runs = [
        subprocess.Popen(
            [*command, "--config", tmp_path / "set.toml"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [run.communicate()[1].decode() for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 1], said
    name = open_books(tmp_path / "books").config.key
    assert (Path(os.environ["OBOLE_KEYS"]) / f"{name}.key").exists()
    assert Obole(tmp_path / "books").checks().exit_code == 0


# Our own.


def test_last_nights_register_gives_no_number_again(issued: Obole, night: Obole):
    """Numbering that began anew and wrote over what was sent: github.com/emaijala/MLInvoice issue 217."""
    printed = pdfs(issued)
    put_back(night.books, issued, "register.sqlite3")
    said = refused(issued, "receipts", "issue", "--year", "2025")
    assert "register.sqlite3 is older than vault.sqlite3 by" in said
    assert "put back the newest register.sqlite3" in said
    more = MORE.write(issued.books.parent)
    for words in (("receipts", "render", "--year", "2025"), ("close", "2025"), ("import", more)):
        assert "is older than vault.sqlite3" in refused(issued, *words)
    assert pdfs(issued) == printed


def test_last_nights_vault_is_not_filled_from_the_register(issued: Obole, night: Obole):
    """An older local database put back, on whose word a repair deleted a month: github.com/duplicati/duplicati
    issue 4579."""
    put_back(night.books, issued, "vault.sqlite3")
    assert "vault.sqlite3 is older than register.sqlite3 by" in refused(issued, "check")
    assert "put back the newest vault.sqlite3" in refused(issued, "import", MORE.write(issued.books.parent))
    assert "vault.sqlite3 is older" in refused(issued, "import", "--dry-run", MORE.write(issued.books.parent))


def test_both_stores_of_last_night_beside_the_pdfs_of_today(issued: Obole, night: Obole):
    """Counters that a recovery sets back: github.com/invoiceninja/invoiceninja issue 11902."""
    printed = pdfs(issued)
    put_back(night.books, issued, *STORES)
    said = refused(issued, "receipts", "issue", "--year", "2025")
    assert "3 receipts from 2025/000001 on were given already, as receipts/2025/000001.pdf tells" in said
    assert "3 receipts from 2025/000001 on were given already" in refused(issued, "check")
    told = issued("receipts", "set-aside").output
    assert "receipt 2025/000003 is set aside: receipts/2025/000003.pdf tells of it" in told
    assert "nothing was set aside" in issued("receipts", "set-aside").output
    assert "numbers 1-3 of 2025 were set aside" in refused(issued, "receipts", "issue", "--year", "2025")
    assert "numbers 4 to 6" in issue(issued, "2026-02-20", *AGAIN).output
    assert issued("receipts", "render", "--year", "2025").exit_code == 0
    assert {name: pdfs(issued)[name] for name in printed} == printed
    assert issued.checks().exit_code == 0


def test_both_stores_of_last_night_beside_the_journal_of_today(small: Obole, tmp_path: Path):
    """Found by the sequences of `test_kept_in_any_order`: `check` took what was posted since for an entry by hand, and
    receipts were issued without it. A log that is newer than what it belongs to: PostgreSQL manual, "Timelines"."""
    shutil.copytree(small.books, tmp_path / "night")
    more = MORE.write(tmp_path)
    small.takes_well(more)
    there = {path.name for path in tmp_path.glob("night/journal/2025/*")}
    [posted] = [path for path in small.books.glob("journal/2025/*") if path.name not in there]
    put_back(tmp_path / "night", small, *STORES)
    for words in (("check",), ("import", more), ("import", "--dry-run", more), ("receipts", "issue", "--year", "2025")):
        said = refused(small, *words)
        assert f"{posted.name} was posted, and the register does not know it" in said
        assert "Put the newest of both back" in said
    posted.rename(tmp_path / posted.name)
    small.takes_well(more)
    assert small.checks().exit_code == 0


def filed(obole: Obole, path: Path) -> Path:
    result = obole("receipts", "belcotax", "--year", "2025", "--date", "2026-02-20", "-o", path)
    assert result.exit_code == 0, result.output
    return path


def test_a_filed_number_is_known_though_all_of_the_folder_is_of_last_night(issued: Obole, night: Obole, tmp_path: Path):
    """After a restore the next value is set behind the highest one that is known: github.com/EnterpriseDB/docs
    pull 6151."""
    shipment = filed(issued, tmp_path / "filed.xml")
    assert night.checks().exit_code == 0  # what nothing in the folder tells of cannot be told
    said = refused(night, "check", "--belcotax", shipment)
    assert "3 receipts from 2025/000001 on were given already, as filed.xml tells" in said
    assert night("receipts", "set-aside", "--belcotax", shipment).exit_code == 0
    assert "numbers 4 to 6" in issue(night, "2026-02-13", *AGAIN).output
    assert night("check", "--belcotax", shipment).exit_code == 0
    assert "holds no slip of form 281.71" in refused(night, "check", "--belcotax", night.books / "obole.toml")


def test_a_number_that_was_given_twice_is_told_by_what_was_filed(issued: Obole, night: Obole, tmp_path: Path):
    """Conflicts of numbers after a restore that nobody noticed for years: github.com/datalust/seq-tickets issue 812."""
    shipment = filed(issued, tmp_path / "filed.xml")
    night.takes_well(MORE.write(tmp_path))
    assert issue(night).exit_code == 0
    said = refused(night, "check", "--belcotax", shipment)
    assert "receipt 2025/000001 was filed with 85.00 EUR, the register issued that number for 110.00 EUR" in said


def test_a_copy_of_the_books_that_went_its_own_way(small: Obole, tmp_path: Path):
    """Histories that part after a restore: PostgreSQL manual, continuous archiving, section "Timelines"."""
    copy = Obole(tmp_path / "copy")
    shutil.copytree(small.books, copy.books)
    copy.takes_well(MORE.write(tmp_path))
    small.takes_well(replace(MORE, parts=(given(30_00, 2),), name="other.cod").write(tmp_path))
    assert copy.checks().exit_code == small.checks().exit_code == 0  # each by itself is whole
    put_back(copy.books, small, "register.sqlite3")
    assert "from two copies of these books that went different ways" in refused(small, "check")
    assert "went different ways" in refused(small, "receipts", "issue", "--year", "2025")


def test_a_store_of_other_books(small: Obole, tmp_path: Path):
    """A file beside one that is not its own: "How To Corrupt An SQLite Database File", section 1.4."""
    other = Obole(new_books(tmp_path / "other"))
    other.takes_well(write_donors(tmp_path / "donors.csv"))
    put_back(other.books, small, "vault.sqlite3")
    said = refused(small, "import", MORE.write(tmp_path))
    assert "register.sqlite3 and vault.sqlite3 are of two different sets of books" in said


def test_a_missing_vault_is_never_made_empty(issued: Obole, tmp_path: Path):
    """Stores that were deleted and made anew at the start, which the primary data must not be: github.com/perber/
    leafwiki pull 1077."""
    (issued.books / "vault.sqlite3").rename(tmp_path / "away")
    (issued.books / "main.beancount").rename(tmp_path / "main")
    assert "the vault of these books is missing" in refused(issued, "init", issued.books)
    (tmp_path / "main").rename(issued.books / "main.beancount")
    for words in (("check",), ("import", MORE.write(tmp_path)), ("receipts", "render", "--year", "2025"), ("upgrade",)):
        assert "the vault of these books is missing" in refused(issued, *words)


def test_a_seal_tells_that_both_stores_are_of_before_the_closing(night: Obole, issued: Obole, tmp_path: Path):
    """All bookkeeping inside the database goes back with it, what lies outside does not: github.com/submersion-app/
    submersion pull 309."""
    night.takes_well(MORE.write(tmp_path))
    seal = {"year": 2025, "files": {}, "documents": dict.fromkeys(night.documents(), "0" * 64)}
    (issued.books / "seals/2025.json").write_text(json.dumps(seal), encoding="utf-8")
    said = refused(issued, "import", MORE.write(tmp_path))
    assert f"seals/2025.json names {MORE.document}, which the register does not have" in said


def test_a_register_of_before_the_upgrade_is_not_migrated_beside_a_newer_vault(small: Obole, tmp_path: Path):
    """A backup of an earlier schema restored into newer data: github.com/ebarti/JobCtrl pull 206."""
    small.takes_well(MORE.write(tmp_path))
    small.change(
        "UPDATE alembic_version SET version_num = '0006'",
        "DELETE FROM stand",
    )
    assert HEADS["register"] > "0006"
    said = refused(small, "upgrade")
    assert "register.sqlite3 is a copy from before the upgrade of these books" in said


def test_books_moved_and_restored_keep_their_identity_and_go_on(issued: Obole, tmp_path: Path):
    """A backup is good when it goes on elsewhere: PostgreSQL manual, "Backup and Restore"."""
    back_up(open_books(issued.books), tmp_path / "backup", SECRET)
    restore(tmp_path / "backup", tmp_path / "elsewhere", SECRET)
    issued.books.rename(tmp_path / "moved")
    for obole in (Obole(tmp_path / "elsewhere"), Obole(tmp_path / "moved")):
        obole.takes_well(MORE.write(tmp_path))
        assert obole.checks().exit_code == 0


def test_a_backup_put_in_the_place_of_newer_books_gives_no_number_of_theirs(
    issued: Obole, night: Obole, tmp_path: Path
):
    """Counters behind what was given since the backup: github.com/vectorize-io/hindsight issue 3841."""
    back_up(open_books(night.books), tmp_path / "backup", SECRET)
    restored = restore(tmp_path / "backup", issued.books, SECRET, replace=True)
    assert len(restored.moves) == 1
    assert "had given 3 numbers of receipts since, from 2025/000001 on: they are set aside" in restored.moves[0]
    assert pdfs(issued) == {}
    assert "numbers 4 to 6" in issue(issued, "2026-02-13", *AGAIN).output
    assert issued.checks().exit_code == 0


def test_new_books_are_not_made_over_settings_or_a_database_of_others(small: Obole, tmp_path: Path):
    """The third of the remedies that destroy: what stands there is somebody's (cases stores 09, another event)."""
    (tmp_path / "set.toml").write_text(SETTINGS.replace("Fondation Exemple", "Autre Fondation"), encoding="utf-8")
    (tmp_path / "half").mkdir()
    shutil.copy(small.books / "obole.toml", tmp_path / "half")
    said = Obole(tmp_path / "half")("init", tmp_path / "half", "--config", tmp_path / "set.toml").output
    assert "obole.toml: stands in" in said
    assert "says other things" in said
    (small.books / "main.beancount").unlink()
    (small.books / "chart.beancount").unlink()
    assert "no chart.beancount of it here" in refused(small, "init", small.books)


def test_an_upgrade_that_was_killed_between_the_two_identities_is_finished(small: Obole):
    """A state that only a kill leaves: the vault has its identity, the register not yet (docs/reliability.md)."""
    engine = open_store(sqlite_url(small.books / "vault.sqlite3"), "vault")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE stand SET step = 0, under_way = 1, before = ''")
    engine.dispose()
    small.change("DELETE FROM stand")
    assert "was not finished" in small.faults()
    assert small("upgrade").exit_code == 0
    assert small.checks().exit_code == 0


@pytest.fixture
def decided(small: Obole, tmp_path: Path) -> Obole:
    """Books in which a line was decided, so that its account is known now, and more came after."""
    headings = ("document", "position", "donor", "account", "nature", "date", "learn")
    row = (STATEMENT.document, "7", "D0005", "", "", "2025-03-20", "")
    small.takes_well(write_csv(tmp_path / "decided.csv", headings, [row]))
    small.takes_well(MORE.write(tmp_path))
    return small


@pytest.mark.parametrize("posted", [STATEMENT.document, MORE.document])
def test_a_journal_file_lost_alone_is_made_again_to_the_byte(decided: Obole, posted: str):
    """A file that is lost while what it is derived from stands: "How To Corrupt An SQLite Database File", section 1.5,
    whose remedy is to make derived data anew from what is primary."""
    journal = decided.books / "journal/2025" / f"{posted}.beancount"
    before = decided.state()
    journal.unlink()
    assert "`obole mend` makes it again" in decided.faults()
    result = decided("mend")
    assert f"journal/2025/{posted}.beancount was made again" in result.output
    assert decided.state() == before
    assert "no journal file is missing" in decided("mend").output


def test_a_journal_file_whose_source_is_lost_too_is_told(small: Obole):
    (small.books / "journal/2025" / f"{STATEMENT.document}.beancount").unlink()
    next((small.books / "documents").rglob("*.cod")).unlink()
    assert "restore it from your backup" in refused(small, "mend")
