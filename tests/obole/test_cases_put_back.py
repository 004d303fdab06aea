"""A copy put back, damaged or half arrived: further ways in which books come back other than they went.

More of the kind of `test_cases_stores.py`; each names where it happened to others, or what the makers of databases and
of tools that carry files say of it. What is right is the same for all: nothing is written, nothing goes, and the
sentence names the thing and the remedy.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_books import DAY, SETTINGS, Obole, Statement, given, new_books, write_donors

REGISTER, VAULT = "register.sqlite3", "vault.sqlite3"
ISSUE = ("receipts", "issue", "--year", "2025", "--date", "2026-02-13")
RENDER = ("receipts", "render", "--year", "2025")
MORE = Statement(74, 1_247_50, (given(25_00, 1),), DAY.replace(day=20))


def refused(obole: Obole, *words: str | Path) -> str:
    """What a command says that writes nothing."""
    before = obole.state()
    told = obole(*words)
    assert told.exit_code == 1, told.output
    assert obole.state() == before
    return told.output


@pytest.fixture(name="night")
def _night(_small: Path) -> Path:
    """Where the books lie as they were before anything was issued."""
    return _small


def cut(name: str, part: int) -> Callable[[Path], None]:
    def damage(books: Path) -> None:
        whole = (books / name).read_bytes()
        (books / name).write_bytes(whole[: len(whole) * part // 100])

    return damage


def swap(books: Path) -> None:
    first, second = (books / REGISTER).read_bytes(), (books / VAULT).read_bytes()
    (books / REGISTER).write_bytes(second)
    (books / VAULT).write_bytes(first)


def text_instead(books: Path) -> None:
    (books / REGISTER).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


# What happened to the folder, and what every command says then.
DAMAGED: dict[str, tuple[Callable[[Path], None], str]] = {
    # TriliumNext/Trilium 2534: a tool that carries files over takes the half of a database that is being written
    "a vault of which half arrived": (cut(VAULT, 50), "or only a part of it arrived, restore it from your backup"),
    # frappe/books 861: "database disk image is malformed"
    "a register of which a part arrived": (cut(REGISTER, 30), "or only a part of it arrived, restore it"),
    # moneymanagerex/android 1681: the name is there, the content is not
    "a vault whose content has not arrived yet": (cut(VAULT, 0), "where the vault should be is empty; restore it"),
    "a register whose content has not arrived yet": (cut(REGISTER, 0), "where the register should be is empty"),
    # "How To Corrupt An SQLite Database File", section 1.4: files renamed by hand
    "the two files under each other's name": (swap, "where the register should be is no register; restore it"),
    # git-lfs/git-lfs 5572: only the pointer to the large file was carried over
    "a pointer in the place of the file": (text_instead, "the register cannot be opened"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_own_case_a_store_that_did_not_arrive_whole(issued: Obole, tmp_path: Path, what: str):
    damage, said = DAMAGED[what]
    damage(issued.books)
    for words in (("check",), ("import", MORE.write(tmp_path)), ISSUE):
        assert said in refused(issued, *words)


def test_own_case_a_conflicted_copy_beside_is_left_alone(issued: Obole, tmp_path: Path):
    """pbek/QOwnNotes 1589: the carrier keeps both; the books are the file with the right name, the copy is nobody's."""
    other = issued.books / "register (conflicted copy 2026-02-14).sqlite3"
    shutil.copy(issued.books / REGISTER, other)
    before = other.read_bytes()
    issued.takes_well(MORE.write(tmp_path))
    assert issued.checks().exit_code == 0
    assert other.read_bytes() == before


def test_own_case_a_record_of_a_shipment_tells_where_no_pdf_does(night: Path, tmp_path: Path):
    """invoiceninja 11902, before anything was printed: the numbers were filed; both stores are of the night before."""
    shutil.copytree(night, tmp_path / "books")
    obole = Obole(tmp_path / "books")
    assert obole(*ISSUE).exit_code == 0
    shipment = tmp_path / "filed.xml"
    assert obole("receipts", "belcotax", "--year", "2025", "--date", "2026-02-20", "-o", shipment).exit_code == 0
    for name in (REGISTER, VAULT):
        shutil.copy(night / name, obole.books / name)
    told = "3 receipts from 2025/000001 on were given already, as receipts/2025/shipment-1.json tells"
    assert told in refused(obole, *ISSUE)
    assert told in refused(obole, "check")
    assert obole("receipts", "set-aside").exit_code == 0
    assert "numbers 4 to 6" in obole(*ISSUE, "--again", "AB: the papers came back").output


def test_own_case_journals_newer_than_both_stores_are_not_written_over(small: Obole, tmp_path: Path):
    """SQLite, "How To Corrupt", 1.2: a copy in which one part is of later than another, with the stores the older."""
    newer = Obole(tmp_path / "newer")
    shutil.copytree(small.books, newer.books)
    newer.takes_well(MORE.write(tmp_path))
    shutil.rmtree(small.books / "journal")
    shutil.copytree(newer.books / "journal", small.books / "journal")
    name = f"journal/2025/{MORE.document}.beancount was posted, and the register does not know it"
    other = replace(MORE, parts=(given(30_00, 2),), name="other.cod").write(tmp_path)
    assert name in refused(small, "import", other)
    assert MORE.document in small.faults()


def test_own_case_journals_older_than_both_stores_are_made_again(small: Obole, tmp_path: Path):
    """The same section, the other way round: the text files are the older part."""
    shutil.copytree(small.books / "journal", tmp_path / "journal")
    small.takes_well(MORE.write(tmp_path))
    before = small.state()
    shutil.rmtree(small.books / "journal")
    shutil.copytree(tmp_path / "journal", small.books / "journal")
    assert "`obole mend` makes it again" in small.faults()
    assert small("mend").exit_code == 0
    assert small.state() == before


def test_own_case_receipts_that_were_lost_are_printed_again_to_the_byte(issued: Obole):
    """openpetra 646: by law a receipt is printed once; what is lost from the folder comes again as it was."""
    printed = {path.name: hashlib.sha256(path.read_bytes()).digest() for path in issued.books.rglob("0*.pdf")}
    shutil.rmtree(issued.books / "receipts")
    assert "receipt 2025/000001: its PDF is missing; `obole receipts render --year 2025` makes it" in issued.faults()
    assert "no receipt of 2025 is due" in refused(issued, *ISSUE)
    assert issued(*RENDER).exit_code == 0
    assert {path.name: hashlib.sha256(path.read_bytes()).digest() for path in issued.books.rglob("0*.pdf")} == printed
    assert issued.checks().exit_code == 0


def test_own_case_books_carried_to_a_machine_without_the_key(
    small: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """OctopusDeploy/Issues 173: the new server has another key than the one that the backup was made under."""
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "no keys here"))
    assert "of this vault is not in the key folder; restore it from your backup" in refused(small, *ISSUE)
    assert "is not in the key folder" in refused(small, "check")


def test_own_case_a_clock_set_back_makes_no_older_copy_the_newer(
    issued: Obole, night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """syncthing/syncthing 61 and meganz/MEGAsync 822: the later time won; here steps tell which store is older."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1741996800")  # 15 March 2025, before all of it
    issued.takes_well(Statement(74, 1_247_50, (given(25_00, 1),), DAY).write(tmp_path))
    shutil.copy(night / REGISTER, issued.books / REGISTER)
    assert "register.sqlite3 is older than vault.sqlite3 by" in refused(issued, "check")
    assert "put back the newest register.sqlite3" in refused(issued, "import", MORE.write(tmp_path))


def test_own_case_a_backup_of_another_foundation_needs_a_word_and_loses_nothing(issued: Obole, tmp_path: Path):
    """mathisdt/trackworktime 229 and owncloud/core 16074: restored by mistake; what stood there stays beside."""
    text = SETTINGS.replace("0123456749", "0403019261").replace("Fondation Exemple", "Autre Fondation")
    other = Obole(new_books(tmp_path / "other", text))
    other.takes_well(write_donors(tmp_path / "donors.csv"))
    (tmp_path / "phrase").write_text("a long passphrase of a test\n", encoding="utf-8")
    phrase = ("--passphrase-file", tmp_path / "phrase")
    assert other("backup", tmp_path / "backup", *phrase).exit_code == 0
    assert "there are books here already" in refused(issued, "restore", tmp_path / "backup", issued.books, *phrase)
    before = issued.state()
    assert issued("restore", tmp_path / "backup", issued.books, *phrase, "--replace").exit_code == 0
    [beside] = tmp_path.glob("books-*")
    assert Obole(beside).state() == before
