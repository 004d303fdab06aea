"""One file that holds all of a set of books: taken while others write, closed for everybody without its passphrase."""

import io
import os
import random
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from killing import kill_after, some, state
from small_books import DONORS, Obole, iban

from ledger.snapshot import NotStill, held_still
from ledger.vault.chunks import CHUNK
from obole.books.creation import initialise
from obole.books.opened import found_books, open_books
from obole.demo import generate
from obole.importing import import_files
from obole.keeping import envelope
from obole.keeping.backup import back_up, vault_secret
from obole.keeping.envelope import (
    EnvelopeReader,
    EnvelopeWriter,
    NoBackup,
    WrongPassphrase,
    passphrase,
    read_head,
)
from obole.keeping.restore import restore

WORDS = "une obole pour demain"
SECRET = passphrase(WORDS)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "LOG_N", 14)  # as few rounds as a file may have


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text(f"{WORDS}\n", encoding="utf-8")
    return path


def backed_up(books: Obole, path: Path) -> Path:
    back_up(found_books(books.books), path, SECRET)
    return path


# The envelope


def closed(content: bytes) -> bytes:
    out = io.BytesIO()
    with EnvelopeWriter(out, SECRET) as writer:
        for start in range(0, len(content), 100_000):
            writer.write(content[start : start + 100_000])
    return out.getvalue()


def opened(content: bytes, words: str = WORDS) -> bytes:
    file, path = io.BytesIO(content), Path("kept.obole")
    return EnvelopeReader(file, path, read_head(file, path), passphrase(words)).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7])
def test_what_is_put_in_comes_out(size: int):
    content = random.Random(size).randbytes(size)
    kept = closed(content)
    assert opened(kept) == content
    assert content[:64] not in kept or not size > 32
    assert closed(content) != kept, "two files of the same content have nothing in common"


@pytest.mark.parametrize("size", [0, 10, CHUNK, 2 * CHUNK + 7])
def test_an_end_cut_off_or_added_is_refused(size: int):
    kept = closed(bytes(size))
    head = len(closed(b"")) - 16
    for end in {head, head + 1, len(kept) - 1, len(kept) - 16, min(len(kept) - 1, head + CHUNK + 16)}:
        with pytest.raises(NoBackup, match=r"^kept\.obole: "):
            opened(kept[:end])
    for more in (b"\0", bytes(CHUNK + 16), kept):
        with pytest.raises(NoBackup):
            opened(kept + more)


def test_chunks_changed_in_place_or_lost_are_refused():
    kept = closed(random.Random(1).randbytes(3 * CHUNK))
    head, step = len(closed(b"")) - 16, CHUNK + 16
    chunks = [kept[head + number * step : head + (number + 1) * step] for number in range(3)]
    for wrong in ((1, 0, 2), (0, 2), (0, 1, 1, 2), (2,), (0, 0, 2)):
        with pytest.raises(NoBackup):
            opened(kept[:head] + b"".join(chunks[number] for number in wrong))


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1), st.text(min_size=1))
def test_another_passphrase_does_not_open_it(one: str, other: str):
    first, second = passphrase(one), passphrase(other)
    out = io.BytesIO()
    EnvelopeWriter(out, first).close()
    file, path = io.BytesIO(out.getvalue()), Path("kept.obole")
    head = read_head(file, path)
    if first == second:
        assert EnvelopeReader(file, path, head, second).read() == b""
    else:
        with pytest.raises(WrongPassphrase):
            EnvelopeReader(file, path, head, second)


def test_an_accent_typed_in_another_way_is_the_same_passphrase():
    assert passphrase("Zoe\u0301 et No\u0065\u0308l") == passphrase("Zoé et Noël")


def test_a_changed_head_never_asks_for_more_than_a_gibibyte():
    kept = bytearray(closed(b"x"))
    for log_n in set(range(256)) - set(range(14, 21)):
        kept[len(envelope.MAGIC) + 1] = log_n
        with pytest.raises(NoBackup):
            read_head(io.BytesIO(kept), Path("kept.obole"))


# The command


def test_it_holds_everything_and_says_how_much(issued: Obole, tmp_path: Path, words: Path):
    file = tmp_path / "kept.obole"
    told = issued("backup", file, "--passphrase-file", words)
    assert told.exit_code == 0, told.output
    receipts = len(list((issued.books / "receipts").rglob("*.pdf")))
    assert (
        f"kept.obole written: {len([one for one in issued.files() if one.name != '.obole.lock'])} files, "
        in told.output
    )
    assert (
        f"{len(issued.documents())} documents, {len(issued.gifts())} gifts, {receipts} receipts and the key"
        in told.output
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_nobody_is_named_in_it_and_the_key_is_not_in_it(issued: Obole, tmp_path: Path):
    content = backed_up(issued, tmp_path / "kept.obole").read_bytes()
    key = (Path(os.environ["OBOLE_KEYS"]) / f"{open_books(issued.books).config.key}.key").read_text().strip()
    for text in ("Dupont", "Zoé", key, iban(7350000001)):
        assert text.encode() not in content
    assert bytes.fromhex(key) not in content


def test_it_changes_nothing_in_the_books(issued: Obole, tmp_path: Path):
    before = issued.state()
    backed_up(issued, tmp_path / "kept.obole")
    assert issued.state() == before


def test_a_passphrase_is_typed_twice(small: Obole, tmp_path: Path):
    from obole.command.frame import main  # noqa: PLC0415

    arguments = ["--books", str(small.books), "backup", str(tmp_path / "kept.obole")]
    wrong = small.runner.invoke(main, arguments, input=f"{WORDS}\nautre chose\n")
    assert wrong.exit_code == 2
    assert "--passphrase-file" in wrong.output
    assert not (tmp_path / "kept.obole").exists()
    told = small.runner.invoke(main, arguments, input=f"{WORDS}\n{WORDS}\n")
    assert told.exit_code == 0, told.output
    assert WORDS not in told.output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("books/kept.obole", "lies inside the books"),
        ("there.obole", "is there already"),
        ("no/such/kept.obole", "there is no such folder"),
    ],
)
def test_where_it_cannot_stand_is_said(small: Obole, tmp_path: Path, words: Path, name: str, said: str):
    (tmp_path / "there.obole").write_bytes(b"precious")
    before = small.state()
    told = small("backup", tmp_path / name, "--passphrase-file", words)
    assert told.exit_code == 1
    assert said in told.output
    assert small.state() == before
    assert (tmp_path / "there.obole").read_bytes() == b"precious"


@pytest.mark.parametrize("text", ["", "short", "\nsecond line is long enough"])
def test_a_passphrase_of_a_few_letters_is_refused(small: Obole, tmp_path: Path, text: str):
    (tmp_path / "words").write_text(text)
    told = small("backup", tmp_path / "kept.obole", "--passphrase-file", tmp_path / "words")
    assert told.exit_code == 1
    assert "fewer than 8 characters" in told.output
    assert not (tmp_path / "kept.obole").exists()


@pytest.mark.parametrize("address", ["server/register", "nobody@127.0.0.1:1/register"])
def test_a_server_that_does_not_answer_is_said(small: Obole, tmp_path: Path, words: Path, address: str):
    path = small.books / "obole.toml"
    path.write_text(f'register_url = "postgresql+pg8000://{address}"\n' + path.read_text(encoding="utf-8"))
    told = small("backup", tmp_path / "kept.obole", "--passphrase-file", words)
    assert told.exit_code == 1
    assert told.output.startswith("obole: the server of a store cannot be reached")
    assert "check its address in obole.toml" in told.output
    assert list(tmp_path.glob("*.obole")) == []


def test_without_the_key_it_is_no_backup(small: Obole, tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "nowhere"))
    told = small("backup", tmp_path / "kept.obole", "--passphrase-file", words)
    assert told.exit_code == 1
    assert "is not in the key folder" in told.output


def test_a_file_that_is_not_as_posted_is_told(small: Obole, tmp_path: Path, words: Path):
    journal = next((small.books / "journal" / "2025").glob("coda-*"))
    journal.write_text(journal.read_text(encoding="utf-8") + "; changed\n", encoding="utf-8")
    archived = next(path for path in (small.books / "documents").rglob("*") if path.is_file())
    archived.unlink()
    said = small("backup", tmp_path / "kept.obole", "--passphrase-file", words).output
    assert f"Not as it should be: journal/2025/{journal.name}: was changed since it was posted." in said
    assert f"Not as it should be: {archived.relative_to(small.books).as_posix()}: is missing." in said
    assert "--with-faults" in said


def test_what_a_killed_import_left_is_copied_under_its_name_or_not_at_all(small: Obole, tmp_path: Path):
    journal = next((small.books / "journal" / "2025").glob("coda-*"))
    journal.rename(journal.with_name(f".{journal.name}.new"))  # committed, not named yet
    (journal.parent / ".coda-current-2025-999.beancount.new").write_text("; never posted\n")
    restored = tmp_path / "restored"
    restore(backed_up(small, tmp_path / "kept.obole"), restored, SECRET)
    assert (restored / "journal" / "2025" / journal.name).exists()
    assert not list(restored.rglob("*.new"))
    assert Obole(restored).checks().exit_code == 0


def test_what_a_person_put_among_the_books_is_in_it(small: Obole, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "deed.pdf").write_bytes(b"deed")
    (small.books / "notes").symlink_to(elsewhere)
    (elsewhere / "round").symlink_to(small.books)  # a circle ends
    (small.books / "documents" / "large.bin").write_bytes(bytes(3 * CHUNK))
    odd = os.fsdecode(b"r\xe9vision.txt")  # from a disk of another time
    (elsewhere / odd).write_bytes(b"odd")
    restored = tmp_path / "restored"
    restore(backed_up(small, tmp_path / "kept.obole"), restored, SECRET)
    assert (restored / "notes" / "deed.pdf").read_bytes() == b"deed"
    assert (restored / "notes" / odd).read_bytes() == b"odd"
    assert (restored / "documents" / "large.bin").read_bytes() == bytes(3 * CHUNK)


def test_a_key_may_have_any_name(small: Obole, tmp_path: Path):
    path = small.books / "obole.toml"
    name = open_books(small.books).config.key
    keys = Path(os.environ["OBOLE_KEYS"])
    path.write_text(path.read_text(encoding="utf-8").replace(name, "clé de 2025"), encoding="utf-8")
    shutil.copy(keys / f"{name}.key", keys / "clé de 2025.key")
    books = found_books(small.books)
    for number, secret in enumerate((SECRET, vault_secret(books))):
        back_up(books, tmp_path / f"{number}.obole", secret)
        with (tmp_path / f"{number}.obole").open("rb") as file:
            assert read_head(file, tmp_path).name == ("", "clé de 2025")[number]
        restore(tmp_path / f"{number}.obole", tmp_path / f"restored-{number}", secret)
        assert Obole(tmp_path / f"restored-{number}").checks().exit_code == 0


# While others work


def test_nobody_commits_between_the_copies_of_the_two_stores(small: Obole):
    stores = small.books / "register.sqlite3", small.books / "vault.sqlite3"
    with held_still(*stores):
        for store in stores:
            with closing(sqlite3.connect(store, timeout=0.1)) as connection, pytest.raises(sqlite3.OperationalError):
                connection.execute("CREATE TABLE x (y)")
    for store in stores:
        with closing(sqlite3.connect(store, timeout=0.1)) as connection:
            connection.execute("CREATE TABLE x (y)")


def test_it_steps_back_from_who_holds_the_vault_and_waits_for_the_register(small: Obole, monkeypatch):
    """Else each would wait for the other, and the import would be the one that fails."""
    monkeypatch.setattr("ledger.snapshot._SECOND_SECONDS", 0.05)
    stores = small.books / "register.sqlite3", small.books / "vault.sqlite3"
    ready, failures = threading.Event(), []

    def work() -> None:
        with closing(sqlite3.connect(stores[1], timeout=10, isolation_level=None)) as vault:
            vault.execute("BEGIN EXCLUSIVE")
            ready.set()
            time.sleep(0.3)
            try:
                with closing(sqlite3.connect(stores[0], timeout=10)) as register, register:
                    register.execute("CREATE TABLE x (y)")
            except sqlite3.OperationalError as error:
                failures.append(error)
            vault.execute("COMMIT")

    writer = threading.Thread(target=work)
    writer.start()
    ready.wait()
    with held_still(*stores) as (connection, _):
        assert connection.exec_driver_sql("SELECT count(*) FROM x").scalar_one() == 0
    writer.join()
    assert failures == []


def test_it_does_not_wait_for_ever(small: Obole, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ledger.snapshot._SECOND_SECONDS", 0.01)
    stores = small.books / "register.sqlite3", small.books / "vault.sqlite3"
    with closing(sqlite3.connect(stores[1], isolation_level=None)) as vault:
        vault.execute("BEGIN EXCLUSIVE")
        with pytest.raises(NotStill), held_still(*stores):
            pass


@pytest.fixture
def _at_one_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1770000000")
    return


@pytest.mark.usefixtures("_at_one_time")
def test_taken_while_an_import_runs_it_goes_on_to_what_the_import_ends_with(tmp_path: Path):
    sources = generate(tmp_path / "demo" / "books", 20)
    files = some(sources)
    books = tmp_path / "books"
    initialise(books, (sources.folder / "obole.toml").read_text(encoding="utf-8"))
    child = os.fork()
    if child == 0:
        try:
            import_files(open_books(books), files)
        finally:
            os._exit(0)
    taken: list[Path] = []
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        taken.append(tmp_path / f"{len(taken)}.obole")
        made = back_up(found_books(books), taken[-1], SECRET)
        assert made.faults == []
    expected = state(books)
    assert expected["gift"]
    counts = []
    for file in taken[:: max(1, len(taken) // 5)]:
        elsewhere = tmp_path / "elsewhere"
        restored = restore(file, elsewhere, SECRET)
        assert restored.faults == []
        counts.append(restored.counts.documents)
        assert not import_files(open_books(elsewhere), files).refused
        assert state(elsewhere) == expected
        shutil.rmtree(elsewhere)
    assert any(0 < count < len(expected["document"]) for count in counts), "no backup fell into the import"


def test_killed_at_ten_instants_it_leaves_no_file_or_a_whole_one(issued: Obole, tmp_path: Path):
    folder = tmp_path / "backups"
    folder.mkdir()
    before = issued.state()
    start = time.monotonic()
    backed_up(issued, folder / "whole.obole")
    duration = time.monotonic() - start
    chance = random.Random(10)
    killed = 0
    for attempt in range(80):
        file = folder / f"{attempt}.obole"
        killed += kill_after(chance.uniform(0.0, 2 * duration), lambda file=file: backed_up(issued, file))
        if file.exists():
            restore(file, tmp_path / "restored", SECRET)
            shutil.rmtree(tmp_path / "restored")
            file.unlink()
        for left in folder.iterdir():
            assert DONORS[0][2].encode() not in left.read_bytes()
        if killed == 10:
            break
    assert killed == 10, "too few backups were killed before they ended"
    backed_up(issued, folder / "after.obole")
    assert {path.name for path in folder.iterdir()} == {"whole.obole", "after.obole"}
    assert issued.state() == before
