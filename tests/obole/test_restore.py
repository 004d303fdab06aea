"""What a backup holds is proved before anything is replaced; what is wrong is one sentence, and nothing was changed."""

import os
import random
import shutil
import time
from pathlib import Path

import pytest
from killing import kill_after
from small_books import OPENING, Obole

from ledger.errors import OboleError
from obole.books.opened import found_books, open_books
from obole.keeping import envelope
from obole.keeping.backup import back_up, vault_secret
from obole.keeping.contents import Member, digest_of_whole
from obole.keeping.envelope import passphrase
from obole.keeping.restore import restore

WORDS = "une obole pour demain"
SECRET = passphrase(WORDS)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "LOG_N", 14)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text(f"{WORDS}\n", encoding="utf-8")
    return path


@pytest.fixture
def kept(issued: Obole, tmp_path: Path) -> Path:
    """A backup of the issued books."""
    return backed_up(issued, tmp_path / "kept.obole")


def backed_up(books: Obole, path: Path) -> Path:
    back_up(found_books(books.books), path, SECRET)
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".obole.lock"
    }


def key_name(books: Obole) -> str:
    return open_books(books.books).config.key


def test_what_was_backed_up_is_put_elsewhere_byte_for_byte_with_its_key(
    issued: Obole, kept: Path, words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    expected, name = content(issued.books), key_name(issued)
    key = (Path(os.environ["OBOLE_KEYS"]) / f"{name}.key").read_bytes()
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "other" / "keys"))
    elsewhere = tmp_path / "elsewhere"
    told = issued("restore", kept, elsewhere, "--passphrase-file", words)
    assert told.exit_code == 0, told.output
    assert "`obole check` finds no fault in them." in told.output
    assert content(elsewhere) == expected
    assert (tmp_path / "other" / "keys" / f"{name}.key").read_bytes() == key
    assert elsewhere.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in elsewhere.rglob("*") if path.is_file()} == {0o600}
    assert Obole(elsewhere)("receipts", "render", "--year", "2025").exit_code == 0


def test_an_empty_folder_takes_them_too(kept: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    restore(kept, tmp_path / "empty", SECRET)
    assert Obole(tmp_path / "empty").checks().exit_code == 0


def test_books_are_replaced_only_when_asked_and_kept_beside(issued: Obole, kept: Path, words: Path, tmp_path: Path):
    expected = content(issued.books)
    issued.takes_well(
        OPENING.__class__(
            (
                ("2025-02-01", "616000", "9.00", "", "Essai", "E-1"),
                ("2025-02-01", "440000", "", "9.00", "Essai", "E-1"),
            ),
            "more.csv",
        ).write(tmp_path)
    )
    changed = content(issued.books)
    told = issued("restore", kept, issued.books, "--passphrase-file", words)
    assert told.exit_code == 1
    assert "there are books here already; choose another folder, or add --replace" in told.output
    assert content(issued.books) == changed
    told = issued("restore", kept, issued.books, "--passphrase-file", words, "--replace")
    assert told.exit_code == 0, told.output
    assert content(issued.books) == expected
    (beside,) = tmp_path.glob("books-2*")
    assert f"The books that stood there are in {beside.name} now." in told.output
    assert content(beside) == changed
    assert Obole(beside).checks().exit_code == 0
    assert not (tmp_path / ".books.restoring").exists()


def test_a_folder_with_other_things_is_never_replaced(kept: Path, tmp_path: Path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("precious")
    for replace in (False, True):
        with pytest.raises(OboleError, match="letters: holds other things than books"):
            restore(kept, tmp_path / "letters", SECRET, replace=replace)
    with pytest.raises(OboleError, match="there is no such folder"):
        restore(kept, tmp_path / "no" / "such", SECRET)
    assert (tmp_path / "letters" / "letter.txt").read_text() == "precious"


def test_books_that_are_being_written_to_are_not_replaced(issued: Obole, kept: Path):
    from ledger.locks import writing  # noqa: PLC0415

    before = content(issued.books)
    with writing(found_books(issued.books).folder), pytest.raises(OboleError, match="another Obole is writing"):
        restore(kept, issued.books, SECRET, replace=True)
    assert content(issued.books) == before
    assert [path.name for path in issued.books.parent.iterdir() if path.name.startswith(("books-", "."))] == []


def test_a_key_of_the_same_name_and_other_bytes_is_never_written_over(
    issued: Obole, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    name = key_name(issued)
    keys = tmp_path / "other-keys"
    keys.mkdir()
    (keys / f"{name}.key").write_text("00" * 32 + "\n")
    monkeypatch.setenv("OBOLE_KEYS", str(keys))
    with pytest.raises(OboleError, match=f"is called {name}.key in the key folder"):
        restore(kept, tmp_path / "elsewhere", SECRET)
    assert (keys / f"{name}.key").read_text() == "00" * 32 + "\n"
    assert not (tmp_path / "elsewhere").exists()


def test_the_key_never_goes_into_the_books(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "elsewhere" / "keys"))
    with pytest.raises(OboleError, match="the key folder lies inside elsewhere"):
        restore(kept, tmp_path / "elsewhere", SECRET)
    assert not (tmp_path / "elsewhere").exists()


def test_a_wrong_passphrase_changes_nothing(issued: Obole, kept: Path, tmp_path: Path):
    (tmp_path / "wrong.txt").write_text("une obole pour hier\n")
    before = content(tmp_path)
    told = issued("restore", kept, tmp_path / "elsewhere", "--passphrase-file", tmp_path / "wrong.txt")
    assert told.exit_code == 1
    assert told.output == (
        "obole: kept.obole: the passphrase is not the one of this backup, or its beginning was changed.\n"
    )
    assert content(tmp_path) == before


@pytest.mark.parametrize("text", [b"", b"PK\x03\x04 a workbook", b"OBOLE BACKUP  1\n", b"OBOLE BACKUP  1\n\x01\x0e"])
def test_what_is_no_backup_is_said(issued: Obole, words: Path, tmp_path: Path, text: bytes):
    (tmp_path / "other.obole").write_bytes(text)
    told = issued("restore", tmp_path / "other.obole", tmp_path / "elsewhere", "--passphrase-file", words)
    assert told.exit_code == 1
    assert told.output.startswith("obole: other.obole: ")
    assert told.output.count("\n") == 1
    assert not (tmp_path / "elsewhere").exists()


def test_one_byte_changed_anywhere_is_refused(kept: Path, tmp_path: Path):
    """At 200 places: those of the head, the last ones, and others by chance."""
    whole = kept.read_bytes()
    chance = random.Random(200)
    head = len(envelope.MAGIC) + 2 + 16 + 1 + 16
    places = [*range(head + 20), *range(len(whole) - 20, len(whole))]
    places += [chance.randrange(len(whole)) for _ in range(200 - len(places))]
    before = set(tmp_path.rglob("*"))
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        kept.write_bytes(changed)
        with pytest.raises(OboleError) as refusal:
            restore(kept, tmp_path / "elsewhere", SECRET)
        assert str(refusal.value).startswith("kept.obole: "), place
        assert "\n" not in str(refusal.value)
        assert set(tmp_path.rglob("*")) == before, place
    kept.write_bytes(whole)
    restore(kept, tmp_path / "elsewhere", SECRET)


def test_a_backup_cut_off_anywhere_is_refused(kept: Path, tmp_path: Path):
    whole = kept.read_bytes()
    chance = random.Random(7)
    for end in [*range(0, 60, 7), *(chance.randrange(len(whole)) for _ in range(20)), len(whole) - 1]:
        kept.write_bytes(whole[:end])
        with pytest.raises(OboleError, match=r"^kept\.obole: "):
            restore(kept, tmp_path / "elsewhere", SECRET)
        assert not (tmp_path / "elsewhere").exists()


def test_books_in_which_check_finds_faults_are_put_back_only_when_asked(issued: Obole, words: Path, tmp_path: Path):
    next((issued.books / "receipts").rglob("*.pdf")).write_bytes(b"changed")
    file = backed_up(issued, tmp_path / "kept.obole")
    elsewhere = tmp_path / "elsewhere"
    told = issued("restore", file, elsewhere, "--passphrase-file", words)
    assert told.exit_code == 1
    assert "`obole check` finds 1 fault in what it holds, the first: receipt 2025/" in told.output
    assert not elsewhere.exists()
    told = issued("restore", file, elsewhere, "--passphrase-file", words, "--with-faults")
    assert told.exit_code == 0, told.output
    assert "`obole check` finds 1 fault in them." in told.output
    assert content(elsewhere) == content(issued.books)


def test_books_that_cannot_be_opened_are_not_put_back(issued: Obole, tmp_path: Path):
    path = issued.books / "chart.beancount"
    path.write_text("2025-01-01 open nonsense\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    file = backed_up(issued, tmp_path / "kept.obole")
    with pytest.raises(OboleError, match=r"the first: chart\.beancount: line 1"):
        restore(file, tmp_path / "elsewhere", SECRET)
    assert not (tmp_path / "elsewhere").exists()


def test_a_backup_closed_with_the_key_of_the_vault_needs_no_passphrase_and_holds_no_key(issued: Obole, tmp_path: Path):
    books = found_books(issued.books)
    back_up(books, tmp_path / "kept.obole", vault_secret(books))
    told = issued("restore", tmp_path / "kept.obole", tmp_path / "elsewhere")
    assert told.exit_code == 0, told.output
    assert content(tmp_path / "elsewhere") == content(issued.books)


def test_that_one_cannot_be_opened_without_the_key(issued: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    books = found_books(issued.books)
    back_up(books, tmp_path / "kept.obole", vault_secret(books))
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "nowhere"))
    told = issued("restore", tmp_path / "kept.obole", tmp_path / "elsewhere")
    assert told.exit_code == 1
    assert "is not in the key folder" in told.output


def test_the_whole_has_one_digest_whatever_the_order():
    one, other = Member("books/a", 1, "11"), Member("books/b", 2, "22")
    assert digest_of_whole([one, other]) == digest_of_whole([other, one])
    assert digest_of_whole([one]) != digest_of_whole([one, other])


def test_killed_at_ten_instants_the_books_before_or_those_of_the_backup_stand_there(
    issued: Obole, kept: Path, tmp_path: Path
):
    backup = content(issued.books)
    (issued.books / "manual" / "2025.beancount").write_text("; other\n")
    other = content(issued.books)
    assert other != backup
    start = time.monotonic()
    restore(kept, tmp_path / "warm", SECRET)
    duration = time.monotonic() - start
    chance = random.Random(3)
    killed = after = 0
    for attempt in range(60):
        place = tmp_path / f"place-{attempt}"
        place.mkdir()
        books = place / "books"
        shutil.copytree(issued.books, books)
        gone = kill_after(chance.uniform(0.0, duration), lambda books=books: restore(kept, books, SECRET, replace=True))
        killed += gone
        now = content(books)
        assert now in (backup, other)
        after += now == backup
        restore(kept, books, SECRET, replace=True)
        assert content(books) == backup
        assert not (place / ".books.restoring").exists()
        assert any(content(beside) == other for beside in place.glob("books-2*")), "the books before are still there"
        shutil.rmtree(place)
        if killed == 10:
            break
    assert killed == 10, "too few restores were killed before they ended"


def test_killed_around_the_exchange_nothing_is_lost(issued: Obole, kept: Path, monkeypatch: pytest.MonkeyPatch):
    """The instants that the ten above seldom meet: before and after the names are exchanged."""
    from obole.keeping import restore as module  # noqa: PLC0415

    backup = content(issued.books)
    (issued.books / "manual" / "2025.beancount").write_text("; other\n")
    other = content(issued.books)
    exchange = module._exchange
    for ends, stands in ((lambda *_: os._exit(9), other), (lambda *names: (exchange(*names), os._exit(9)), backup)):
        with monkeypatch.context() as patch:
            patch.setattr(module, "_exchange", ends)
            assert not kill_after(60, lambda: restore(kept, issued.books, SECRET, replace=True))
        assert content(issued.books) == stands
        found = [content(path) for path in issued.books.parent.glob("books-2*")]
        assert other in [*found, content(issued.books)]
    restore(kept, issued.books, SECRET, replace=True)
    assert content(issued.books) == backup


def test_without_an_exchange_the_names_change_in_two_steps(issued: Obole, kept: Path, monkeypatch: pytest.MonkeyPatch):
    before = content(issued.books)
    monkeypatch.setattr("obole.keeping.restore.ctypes.CDLL", lambda *_, **__: object())
    replaced = restore(kept, issued.books, SECRET, replace=True).replaced
    assert replaced is not None
    assert content(replaced) == content(issued.books) == before
    assert not replaced.with_name(f"{replaced.name}-before").exists()
