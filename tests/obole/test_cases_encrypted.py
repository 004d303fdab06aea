"""Kind 10, names outside the vault: archived sources are sealed, and every file of the books is looked at for names.

Sources: [8.10] archived files are encrypted with the vault's key, `obole document` gives one out and logs it, `check` 9
looks everywhere; [S] STREAM, eprint.iacr.org/2015/189: chunks cut off, moved or exchanged are noticed; [G] articles 5
and 32 GDPR; [K] KeePassDX 749 and KeePassXC 11837, attachments left in clear where they were opened; [W] globaleaks 672
and session-desktop 820, stored in clear first or for good; [E] estorides 8, the clear file left beside the encrypted
one; [P] paperless 714, a conversion of all files that stops half-way; [B] borg 4236 and 7959, a key lost.
"""

import hashlib
import io
import os
import secrets
import shutil
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from killing import killed_before_write
from small_books import STATEMENT, Journal, Obole, iban, write_csv, write_donors
from test_cases_gate import Served
from test_upgrade import books_of, content, in_clear

from ledger.archive import MAGIC, Archive, SourceChanged, SourceDamaged, is_sealed
from ledger.passing import left_behind
from ledger.register.sealed import archives
from ledger.vault.chunks import CHUNK
from ledger.vault.key import KEY_BYTES, Sealer
from ledger.vault.readings import readings_of
from obole.audit.check import check_books
from obole.books.opened import open_books
from obole.keeping.backup import back_up, vault_secret
from obole.keeping.restore import restore
from obole.keeping.upgrade import upgrade
from reports import sheets

NAMES = (b"Dupont", b"DUPONT", iban(7350000001).encode())
ZIPPED = Journal(
    (("2025-03-31", "610000", "5.00", "", "Copies", "A-1"), ("2025-03-31", "440000", "", "5.00", "", "A-1")),
    "purchases.csv",
)


def faults(obole: Obole, number: int) -> list[str]:
    return check_books(open_books(obole.books))[number - 1].faults


def sources(obole: Obole) -> list[str]:
    with open_books(obole.books).register.connect() as connection:
        return sorted(archives(connection))


def readings(obole: Obole, archive: str) -> list[str]:
    with open_books(obole.books).vault.connect() as connection:
        return [one.person for one in readings_of(connection, archive)]


def names_in_clear(obole: Obole) -> list[str]:
    """Files of the books in which a name or account of the donors stands, the vault and its papers left out."""
    return [
        path.name
        for path in obole.files()
        if "vault" not in path.name and path.suffix != ".pdf" and any(name in path.read_bytes() for name in NAMES)
    ]


# What is archived


def test_stores_13_and_the_sources_of_every_kind_are_sealed(small: Obole, tmp_path: Path):
    """[8.10] CODA, a journal in a zip, a decision as CSV: none is in clear, each is known by what was taken in."""
    package = tmp_path / "bank.zip"
    with zipfile.ZipFile(package, "w") as made:
        made.write(ZIPPED.write(tmp_path), "purchases.csv")
    decided = (("document", "position", "donor", "date"), [(STATEMENT.document, 7, "D0002", "2025-03-20")])
    small.takes_well(package, write_csv(tmp_path / "decided.csv", *decided))
    found = sources(small)
    assert {Path(name).suffix for name in found} == {".cod", ".csv"}
    assert all(is_sealed(small.books / name) for name in found)
    assert names_in_clear(small) == []
    digests = dict(small.rows("SELECT archive, file_digest FROM document WHERE archive IS NOT NULL"))
    assert {name: hashlib.sha256(small.source(name)).hexdigest() for name in found} == digests
    assert left_behind(small.books) == []
    assert small.checks().exit_code == 0, small.checks().output


def test_own_case_the_same_file_sealed_twice_gives_other_bytes(tmp_path: Path):
    """[S] a key of its own for each file: equal files are not seen to be equal."""
    archive = Archive(tmp_path, lambda: Sealer(bytes(KEY_BYTES)))
    made = []
    for _ in range(2):
        out = io.BytesIO()
        archive.sealing("a", b"same", hashlib.sha256(b"same").hexdigest())(out)
        made.append(out.getvalue())
    assert made[0] != made[1]
    with pytest.raises(SourceChanged, match="it changed while it was taken in"):
        archive.sealing("a", b"other", hashlib.sha256(b"same").hexdigest())(io.BytesIO())


_PIECE = CHUNK + 16


@pytest.mark.parametrize(
    "harm",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[: 32 + _PIECE],
        lambda sealed: sealed[:32] + sealed[32 + _PIECE : 32 + 2 * _PIECE] + sealed[32 : 32 + _PIECE]
        + sealed[32 + 2 * _PIECE :],
        lambda sealed: sealed + b"\0",
        lambda sealed: sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:],
        lambda sealed: sealed[:24],
    ],
    ids=["end cut off", "last chunks gone", "chunks exchanged", "added to", "salt changed", "head alone"],
)  # fmt: skip
def test_own_case_a_large_source_that_was_tampered_with_is_noticed(harm: Callable[[bytes], bytes], tmp_path: Path):
    """[S] whatever is cut off, exchanged or added; a chunk is read at a time."""
    archive = Archive(tmp_path, lambda: Sealer(bytes(KEY_BYTES)))
    text, out, path = os.urandom(2 * CHUNK + 5), io.BytesIO(), tmp_path / "large.cod"
    archive.sealing("large.cod", text, hashlib.sha256(text).hexdigest())(out)
    path.write_bytes(out.getvalue())
    assert archive.read(path) == text
    path.write_bytes(harm(out.getvalue()))
    with pytest.raises(SourceDamaged, match=r"large\.cod"):
        archive.read(path)


def test_own_case_two_archived_files_that_changed_places_are_named(small: Obole, tmp_path: Path):
    """[S] each is whole by itself, and not what its document was."""
    small.takes_well(ZIPPED.write(tmp_path))
    one, other = (small.books / name for name in sources(small)[:2])
    between = tmp_path / "between"
    one.rename(between)
    other.rename(one)
    between.rename(other)
    assert [fault for fault in faults(small, 3) if "changed since it was taken in" in fault] == faults(small, 3)
    assert len(faults(small, 3)) == 2
    assert small("document", STATEMENT.document, "-o", tmp_path / "out.cod").exit_code == 1
    assert not (tmp_path / "out.cod").exists()


def test_own_case_with_another_key_or_none_nothing_is_read_nor_sealed(small: Obole, tmp_path: Path):
    """[B] borg 4236 and 7959: said which key, and books stay as they were."""
    key = Path(os.environ["OBOLE_KEYS"]) / f"{open_books(small.books).config.key}.key"
    right = key.read_text(encoding="ascii")
    before = small.state()
    try:
        for wrong, said in ((secrets.token_hex(32), "is not the key"), (None, "is not in the key folder")):
            key.unlink(missing_ok=True)
            if wrong is not None:
                key.write_text(wrong + "\n", encoding="ascii")
            told = small("document", STATEMENT.document, "-o", tmp_path / "out.cod")
            assert (told.exit_code, said in told.stderr) == (1, True), told.stderr
            refused = small.takes(ZIPPED.write(tmp_path))
            assert refused.exit_code == 1
            assert said in refused.output
            assert any(said in fault for fault in faults(small, 3))
    finally:
        key.write_text(right, encoding="ascii")
    assert small.state() == before
    assert small.checks().exit_code == 0


def test_own_case_what_was_archived_is_taken_in_and_looked_at_again(small: Obole, tmp_path: Path):
    """[8.10] after an undo a person gives the archived file itself; `inspect` shows it with the books, not without."""
    [archived] = [small.books / name for name in sources(small) if STATEMENT.document in name]
    assert small("undo", STATEMENT.document).exit_code == 0
    assert small("inspect", archived).exit_code == 0
    told = Obole(tmp_path)("inspect", archived)
    assert (told.exit_code, "encrypted with their key" in told.output) == (1, True)
    small.takes_well(archived)
    assert sum(cents for _, cents in small.gifts()) == 190_00
    assert small.checks().exit_code == 0, small.checks().output
    assert left_behind(small.books) == []


def test_own_case_a_lost_journal_is_made_again_from_the_sealed_source(small: Obole):
    """[8.1] `mend` reads the archive; nothing of it stays in clear."""
    journal = small.books / "journal" / "2025" / f"{STATEMENT.document}.beancount"
    before = journal.read_bytes()
    journal.unlink()
    assert small("mend").exit_code == 0
    assert journal.read_bytes() == before
    assert left_behind(small.books) == []
    assert names_in_clear(small) == []


# Given out


def test_own_case_a_source_is_given_out_and_logged_also_of_what_was_undone(small: Obole, tmp_path: Path):
    """[G] article 5(2): who was given what, when; the file is for its owner alone and lies outside the books."""
    assert small("undo", STATEMENT.document).exit_code == 0
    out = tmp_path / "out.cod"
    told = small("document", STATEMENT.document, "-o", out, "--by", "AB")
    assert told.exit_code == 0, told.output
    assert out.read_bytes() == STATEMENT.encoded()
    assert out.stat().st_mode & 0o077 == 0
    [archived] = [name for name in sources(small) if STATEMENT.document in name]
    assert readings(small, archived) == ["AB"]
    assert "to AB" in small("documents", STATEMENT.document).output
    for words, said in (
        ((STATEMENT.document, "-o", out), "is there already"),
        ((STATEMENT.document, "-o", small.books / "out.cod"), "inside the books"),
        (("no-such-1", "-o", tmp_path / "b"), "no such document"),
        ((STATEMENT.document, "-o", tmp_path / "b", "--by", "Zoé Dupont"), "the name of a donor"),
        ((STATEMENT.document, "-o", tmp_path / "b", "--by", " "), "say who asks"),
    ):
        refused = small("document", *words)
        assert (refused.exit_code, said in refused.stderr) == (1, True), refused.stderr
    assert small("document", Path(archived).name, "-o", tmp_path / "again.cod").exit_code == 0
    assert len(readings(small, archived)) == 2


def test_own_case_what_a_killed_command_left_beside_its_list_goes_at_the_next_start(small: Obole, tmp_path: Path):
    """[K, E] the half-written file lies wherever the person said; the books know, `check` 10 sees it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    child = os.fork()
    if child == 0:
        open_books(small.books)
        with sheets.new_workbook(elsewhere / "list.xlsx") as book:
            book.add_worksheet("A").write(0, 0, "Dupont")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(left_behind(elsewhere)) == 1
    assert any("left by a killed run" in fault for fault in faults(small, 10))
    small.takes_well(ZIPPED.write(tmp_path))
    assert list(elsewhere.iterdir()) == []
    assert faults(small, 10) == []


def test_own_case_what_a_killed_restore_unpacked_goes_at_the_next_start(small: Obole, tmp_path: Path):
    """[K] vault and archive of a copy, unpacked beside the books."""
    place = small.books.with_name(f".{small.books.name}.restoring")
    (place / "books").mkdir(parents=True)
    (place / "books" / "vault.sqlite3").write_bytes(b"Dupont")
    (small.books / ".obole.toml.new").write_text("half", encoding="utf-8")
    assert [fault.split(":")[0] for fault in faults(small, 10)] == [".obole.toml.new", place.name]
    small.takes_well(ZIPPED.write(tmp_path))
    assert not place.exists()
    assert faults(small, 10) == []


def test_own_case_a_browser_gets_no_name_from_an_archived_source(small: Obole, tmp_path: Path):
    """[8.10] plain Fava would hand out what nobody can read; the gate says how to get it. A photo by hand is shown."""
    [archived] = [small.books / name for name in sources(small) if STATEMENT.document in name]
    photo = archived.with_name("2025-03-20.photo.jpg")
    photo.write_bytes(b"\xff\xd8\xff\xe0" + bytes(300))
    served = Served(small)
    told = served.get(f"/document/?filename={archived}")
    assert told.status_code == 200
    assert told.content_type.startswith("text/plain")
    assert f"obole document {archived.name} -o FILE" in told.text
    assert all(name.decode() not in told.text for name in NAMES)
    assert served.get(f"/document/?filename={photo}").data == photo.read_bytes()
    served.server.stop()
    assert small.checks().exit_code == 0, "a picture has no text"
    out = tmp_path / "out.cod"
    assert small("document", archived.name, "-o", out).exit_code == 0
    assert out.read_bytes() == STATEMENT.encoded()


# Names everywhere


def test_own_case_every_file_that_names_somebody_is_found(small: Obole):
    """[8.10] `check` 9: text in three encodings, a workbook, an archived source put back in clear."""
    assert faults(small, 9) == []
    with sheets.new_workbook(small.books / "donors.xlsx") as book:
        sheet = book.add_worksheet("A")
        sheet.write(0, 0, "Zoé")
        sheet.write(0, 1, "Dupont")
    for name, text in {
        "manual/note.txt": "reçu de Dupont Zoé".encode("cp1252"),
        "list.csv": b"a;b\n" + iban(7350000001).encode(),
        "documents/vermerk.txt": "Zoé Dupont".encode("utf-16"),
    }.items():
        (small.books / name).write_bytes(text)
    [archived] = [name for name in sources(small) if STATEMENT.document in name]
    (small.books / archived).write_bytes(STATEMENT.encoded())
    found = {fault.partition(": ")[0]: fault.partition(": ")[2] for fault in faults(small, 9)}
    assert found.keys() == {"donors.xlsx", "manual/note.txt", "list.csv", "documents/vermerk.txt", archived}
    assert "run `obole upgrade`" in found[archived]
    assert "an IBAN of the vault" in found["list.csv"]
    assert small("upgrade").exit_code == 0
    assert is_sealed(small.books / archived)
    assert archived not in "".join(faults(small, 9))
    assert faults(small, 3) == []


def test_own_case_belcotax_is_written_outside_the_books(issued: Obole, monkeypatch: pytest.MonkeyPatch):
    """[8.10] no default leads into the books, wherever the person stands."""
    with monkeypatch.context() as patch:
        patch.setattr("obole.receipting.shipping.Path.cwd", lambda: issued.books / "manual")
        refused = issued("receipts", "belcotax", "--year", "2025", "--date", "2026-02-20")
    assert (refused.exit_code, "say with -o" in refused.stderr) == (1, True)
    assert issued("receipts", "belcotax", "--year", "2025", "--date", "2026-02-20").exit_code == 0
    assert len(list(issued.books.parent.glob("belcotax-*.xml"))) == 1
    assert list(issued.books.rglob("*.xml")) == []
    assert faults(issued, 9) == []


# Books of before, and copies


def test_own_case_sealing_killed_before_each_write_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """[P] a conversion that stops half-way: each file is there in clear or sealed, and the next run ends it."""
    old = books_of("form-2", tmp_path, monkeypatch)
    found = content(old.books)
    killed, at = 0, 1
    while True:
        books = tmp_path / f"killed-{at}"
        shutil.copytree(old.books, books)
        if not killed_before_write(at, lambda books=books: upgrade(books)):
            break
        left = {name: (books / name).read_bytes() for name in found if name.startswith("documents/")}
        assert all(text.startswith(MAGIC) or text == found[name] for name, text in left.items())
        upgrade(books)
        after = in_clear(books)
        assert {name: after[name] for name in left} == {name: found[name] for name in left}
        assert not list(books.rglob("*.new"))
        shutil.rmtree(books)
        killed, at = killed + 1, at + 17  # a file is several writes: each kind of instant comes up
    assert killed > 2, "the upgrade writes a file at a time"


def test_own_case_books_whose_key_is_lost_are_upgraded_and_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """[B] borg 7959: the sources stay as they are, and it is said; with the key put back they are sealed."""
    old = books_of("form-2", tmp_path, monkeypatch)
    before = content(old.books)
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "nothing"))
    assert "stand in clear" in upgrade(old.books).left[0]
    assert all(content(old.books)[name] == text for name, text in before.items() if name.startswith("documents/"))
    assert old("report", "trial-balance", "--year", "2025").exit_code == 0
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "keys"))
    assert upgrade(old.books).left == []
    assert all(is_sealed(old.books / name) for name in sources(old))


def test_own_case_a_backup_put_back_elsewhere_opens_with_its_own_key(
    small: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """[W] what leaves the house leaves it sealed; the digests of the register are those of the clear bytes."""
    books = open_books(small.books)
    made = back_up(books, tmp_path / "backup.obole", secret := vault_secret(books))
    assert made.faults == []
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "other-keys"))
    restored = restore(made.path, tmp_path / "elsewhere", secret)
    assert restored.faults == []
    again = Obole(tmp_path / "elsewhere")
    assert next(again.source(name) for name in sources(again) if "coda" in name) == STATEMENT.encoded()
    damaged = small.books / sources(small)[0]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert back_up(books, tmp_path / "second.obole", secret).faults == [
        f"{sources(small)[0]}: was changed since it was posted"
    ]


def test_own_case_a_donor_register_leaves_no_archive_and_no_clear_copy(empty: Obole, tmp_path: Path):
    """[W] what goes to the vault alone is not kept beside it."""
    empty.takes_well(write_donors(tmp_path / "donors.csv"))
    assert sources(empty) == []
    assert names_in_clear(empty) == []
