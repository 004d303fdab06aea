"""Books whose stores lie on a server are backed up and put back as others are: into files or into empty databases.

Whatever engine the rows come from and go to, they are the same rows, `obole check` is clean and work goes on.
"""

import shutil
import tomllib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest
import stores
from small_books import OPENING, STATEMENT, Obole, Statement, given, new_books, write_donors
from sqlalchemy import Connection, NullPool, create_engine, inspect, text
from test_engines import well
from test_upgrade import OLD, books_of

import ledger.rows
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.locks import Busy, writing
from ledger.register import tables as register_tables
from ledger.rows import digest_of_rows, rows_of, tables_of
from ledger.snapshot import snapshot
from ledger.store import HEADS, STORES, StoreName, open_store, store_version
from ledger.vault import tables as vault_tables
from obole.books.opened import found_books, open_books
from obole.keeping import backup, dump, envelope, moving
from obole.keeping.backup import back_up
from obole.keeping.envelope import passphrase
from obole.keeping.merging import with_own_register
from obole.keeping.moving import Servers
from obole.keeping.restore import restore

pytestmark = pytest.mark.postgresql

WORDS = "une obole pour demain"
SECRET = passphrase(WORDS)
METADATA = {"register": register_tables.metadata, "vault": vault_tables.metadata}
NEXT = Statement(74, 1_247_50, (given(12_34, 5),), date(2025, 3, 17))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "LOG_N", 14)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text(f"{WORDS}\n", encoding="utf-8")
    return path


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> Iterator[stores.Databases]:
    """The server, also for tests whose own books are files."""
    where = request.getfixturevalue("_databases")
    yield where
    where.give_back()


def filled(folder: Path) -> Obole:
    """Books with receipts and a document undone and taken in again, where the stores of the test lie."""
    obole = Obole(new_books(folder / "books"))
    obole.takes_well(write_donors(folder / "donors.csv"), OPENING.write(folder), STATEMENT.write(folder))
    well(obole("undo", STATEMENT.document))
    obole.takes_well(STATEMENT.write(folder))
    well(obole("receipts", "issue", "--year", "2025", "--date", "2026-02-13"))
    well(obole("receipts", "render", "--year", "2025"))
    return obole


@pytest.fixture(scope="session")
def _on_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("on_files")).books


@pytest.fixture
def on_files(_on_files: Path, tmp_path: Path) -> Obole:
    shutil.copytree(_on_files, tmp_path / "books")
    return Obole(tmp_path / "books")


@pytest.fixture
def on_server(tmp_path: Path, databases: stores.Databases) -> Iterator[Obole]:
    with stores.chosen(databases):
        yield filled(tmp_path)


def rows(books: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of both stores with the types that the tables give them, by SQLAlchemy and past all of ours."""
    opened, found = found_books(books), {}
    for store in STORES:
        engine = create_engine(opened.address(store), poolclass=NullPool)
        with engine.connect() as connection:
            for name, table in METADATA[store].tables.items():
                found[f"{store}/{name}"] = sorted(map(tuple, connection.execute(table.select())), key=repr)
    return found


def files(books: Path) -> dict[str, bytes]:
    """All files but the stores, the lock and the settings that say where the stores lie."""
    apart = ("register.sqlite3", "vault.sqlite3", ".obole.lock", "obole.toml")
    return {
        path.relative_to(books).as_posix(): path.read_bytes()
        for path in sorted(books.rglob("*"))
        if path.is_file() and path.name not in apart
    }


def backed_up(books: Obole, path: Path) -> Path:
    back_up(found_books(books.books), path, SECRET)
    return path


def goes_on(books: Path, folder: Path) -> None:
    """Whole, and the next statement comes in."""
    obole = Obole(books)
    well(obole("check"))
    before = len(found_rows(books, "SELECT id FROM gift"))
    obole.takes_well(NEXT.write(folder))
    assert len(found_rows(books, "SELECT id FROM gift")) == before + 1
    well(obole("check"))
    well(obole("receipts", "render", "--year", "2025"))


def found_rows(books: Path, query: str) -> list[tuple[object, ...]]:
    with create_engine(found_books(books).address("register"), poolclass=NullPool).connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def put_back(obole: Obole, file: Path, words: Path, folder: Path, *options: str) -> str:
    return well(obole("restore", file, folder, "--passphrase-file", words, *options))


def names_of(url: str) -> list[str]:
    return inspect(create_engine(url, poolclass=NullPool)).get_table_names()


# From one engine to the other


def test_from_a_server_into_files(on_server: Obole, tmp_path: Path, words: Path):
    expected, kept = rows(on_server.books), files(on_server.books)
    settings = (on_server.books / "obole.toml").read_text(encoding="utf-8")
    told = well(on_server("backup", tmp_path / "kept.obole", "--passphrase-file", words))
    assert f"{len(on_server.documents())} documents, {len(on_server.gifts())} gifts, 3 receipts and the key" in told
    there = tmp_path / "restored"
    said = put_back(on_server, tmp_path / "kept.obole", words, there)
    assert "Their register lay on a server and is a file in the folder now; obole.toml names no server for it." in said
    assert "Their vault lay on a server and is a file in the folder now;" in said
    assert "`obole check` finds no fault in them." in said
    config = found_books(there).config
    assert (config.register_url, config.vault_url) == ("", "")
    assert (there / "obole.toml").read_text(encoding="utf-8") == "".join(
        line for line in settings.splitlines(keepends=True) if "_url" not in line
    )
    assert rows(there) == expected
    assert len(expected["register/undone"]) == 1
    assert files(there) == kept
    assert {path.stat().st_mode & 0o777 for path in there.glob("*.sqlite3")} == {0o600}
    goes_on(there, tmp_path)
    assert rows(on_server.books) == expected, "the server is as it was"


def test_from_files_into_a_server(on_files: Obole, databases: stores.Databases, tmp_path: Path, words: Path):
    expected, kept = rows(on_files.books), files(on_files.books)
    file = backed_up(on_files, tmp_path / "kept.obole")
    there, urls = tmp_path / "restored", (databases.empty(), databases.empty())
    said = put_back(on_files, file, words, there, "--register-url", urls[0], "--vault-url", urls[1])
    assert "Their register lies in the database that --register-url named; obole.toml says so." in said
    config = found_books(there).config
    assert (config.register_url, config.vault_url) == urls
    assert not list(there.glob("*.sqlite3"))
    assert rows(there) == expected
    assert files(there) == kept
    goes_on(there, tmp_path)


def test_from_a_server_into_another(on_server: Obole, databases: stores.Databases, tmp_path: Path, words: Path):
    expected, kept = rows(on_server.books), files(on_server.books)
    file = backed_up(on_server, tmp_path / "kept.obole")
    there, urls = tmp_path / "restored", (databases.empty(), databases.empty())
    put_back(on_server, file, words, there, "--register-url", urls[0], "--vault-url", urls[1])
    assert rows(there) == expected
    assert files(there) == kept
    for store, url in zip(STORES, urls, strict=True):  # what keeps the rows as they are came along
        assert store_version(url, store) == HEADS[store]
    with create_engine(urls[0], poolclass=NullPool).connect() as connection, pytest.raises(Exception, match="append"):
        connection.execute(text("DELETE FROM gift"))
    goes_on(there, tmp_path)
    # And round again, from the second server into files.
    put_back(on_server, backed_up(Obole(there), tmp_path / "again.obole"), words, tmp_path / "again")
    assert rows(tmp_path / "again") == rows(there)


def test_one_store_on_a_server_and_one_in_the_folder(
    on_files: Obole, databases: stores.Databases, tmp_path: Path, words: Path
):
    expected, url = rows(on_files.books), databases.empty()
    file = backed_up(on_files, tmp_path / "kept.obole")
    said = put_back(on_files, file, words, tmp_path / "mixed", "--vault-url", url)
    assert "Their register" not in said
    assert [path.name for path in (tmp_path / "mixed").glob("*.sqlite3")] == ["register.sqlite3"]
    assert rows(tmp_path / "mixed") == expected
    (tmp_path / "mixed" / "vault.sqlite3").write_bytes(b"of another time")  # nothing of these books
    put_back(on_files, backed_up(Obole(tmp_path / "mixed"), tmp_path / "again.obole"), words, tmp_path / "again")
    assert rows(tmp_path / "again") == expected
    goes_on(tmp_path / "again", tmp_path)


def test_equal_rows_are_one_stream_on_either_engine(on_server: Obole, tmp_path: Path):
    there = tmp_path / "restored"
    restore(backed_up(on_server, tmp_path / "kept.obole"), there, SECRET)
    for store in STORES:
        streams = []
        for books in (on_server.books, there):
            with snapshot(found_books(books).address(store), store) as connection:
                described = tables_of(store, HEADS[store])
                streams.append([(one.name, digest_of_rows(connection, one)) for one in described])
                assert [one.name for one in described if "donor" in one.columns], store
        assert streams[0] == streams[1]


def test_a_store_of_many_blocks_comes_out_whole(on_server: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dump, "_BLOCK", 200)
    monkeypatch.setattr("ledger.rows._BATCH", 2)
    expected = rows(on_server.books)
    with snapshot(found_books(on_server.books).address("register"), "register") as connection:
        blocks = [name for name, _ in dump.blocks_of(connection, "register", HEADS["register"]) if "/gift-" in name]
    assert len(blocks) == len(set(blocks)) > 2
    restore(backed_up(on_server, tmp_path / "kept.obole"), tmp_path / "restored", SECRET)
    assert rows(tmp_path / "restored") == expected


def test_texts_of_every_kind_come_through(on_server: Obole, databases: stores.Databases, tmp_path: Path, words: Path):
    hard = 'tab\t new\nline\r back\\slash \\N "quotes" ’ é 💶 \u2028 end'
    with open_store(found_books(on_server.books).address("vault"), "vault").begin() as connection:
        connection.execute(text("UPDATE donor SET street = :hard WHERE key = 'D0001'"), {"hard": hard})
    expected = rows(on_server.books)
    file = backed_up(on_server, tmp_path / "kept.obole")
    put_back(on_server, file, words, tmp_path / "one")
    urls = (databases.empty(), databases.empty())
    put_back(on_server, file, words, tmp_path / "two", "--register-url", urls[0], "--vault-url", urls[1])
    assert rows(tmp_path / "one") == rows(tmp_path / "two") == expected
    assert any(hard in row for row in expected["vault/donor"])


# While others work


def test_what_is_posted_after_both_snapshots_began_is_not_in_it(
    on_server: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before, kept = rows(on_server.books), files(on_server.books)
    blocks_of = backup.blocks_of

    def meanwhile(connection: Connection, store: StoreName, version: str) -> Iterator[tuple[str, bytes]]:
        if store == "register":  # the lock is free: an import takes it and ends
            on_server.takes_well(NEXT.write(tmp_path), write_donors(tmp_path / "more.csv", [DONOR]))
        yield from blocks_of(connection, store, version)

    monkeypatch.setattr(backup, "blocks_of", meanwhile)
    file = backed_up(on_server, tmp_path / "kept.obole")
    assert rows(on_server.books)["vault/donor"] != before["vault/donor"]
    assert restore(file, tmp_path / "restored", SECRET).faults == []
    assert rows(tmp_path / "restored") == before
    assert files(tmp_path / "restored") == kept
    goes_on(tmp_path / "restored", tmp_path)


DONOR = ("D0007", "natural", "Vergissmeinnicht", "Emma", "Weg 7", "4700", "Eupen", "de", "", "", "", "", "")


def test_the_snapshots_begin_while_nobody_writes(on_server: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    held: list[str] = []

    def looked(url: str, name: StoreName) -> AbstractContextManager[Connection]:
        with pytest.raises(Busy):
            open_books(on_server.books).writing().__enter__()
        held.append(name)
        return snapshot(url, name)

    monkeypatch.setattr(backup, "snapshot", looked)
    backed_up(on_server, tmp_path / "kept.obole")
    assert held == [*STORES]
    monkeypatch.setattr(backup, "_PATIENCE", 0.1)
    with open_books(on_server.books).writing(), pytest.raises(Busy):
        backed_up(on_server, tmp_path / "other.obole")
    assert not (tmp_path / "other.obole").exists()


def test_a_snapshot_reads_one_state_and_cannot_write(on_server: Obole):
    url = found_books(on_server.books).address("vault")
    with snapshot(url, "vault") as connection:
        with open_store(url, "vault").begin() as other:
            other.execute(text("INSERT INTO mandate VALUES ('M-9', 'D0001')"))
        mandate = next(one for one in tables_of("vault", HEADS["vault"]) if one.name == "mandate")
        assert ("M-9", "D0001") not in list(rows_of(connection, mandate))
        with pytest.raises(Exception, match="read-only"):
            connection.execute(text("INSERT INTO mandate VALUES ('M-8', 'D0001')"))
    with snapshot(url, "vault") as connection:
        assert ("M-9", "D0001") in list(rows_of(connection, mandate))


def test_a_migration_waits_until_the_snapshot_was_read(on_server: Obole):
    """Else a table that it replaces would be gone, or empty, before it was copied."""
    url = found_books(on_server.books).address("vault")
    with snapshot(url, "vault"), create_engine(url, poolclass=NullPool).connect() as other:
        other.execute(text("SET lock_timeout = '100ms'"))
        with pytest.raises(Exception, match="lock timeout"):
            other.execute(text("DROP TABLE mandate"))


# Where it is refused


def test_a_database_that_holds_anything_is_never_written_to(
    on_server: Obole, databases: stores.Databases, tmp_path: Path, words: Path
):
    before = rows(on_server.books)
    file = backed_up(on_server, tmp_path / "kept.obole")
    config, free, other = found_books(on_server.books).config, databases.empty(), databases.empty()
    with create_engine(other, poolclass=NullPool).begin() as connection:
        connection.execute(text("CREATE TABLE precious (x int)"))
    for option, register, vault in (
        ("--register-url", config.register_url, free),
        ("--vault-url", free, config.vault_url),
        ("--vault-url", free, other),
    ):
        told = on_server("restore", file, tmp_path / "there", "--passphrase-file", words, "--register-url", register,
                         "--vault-url", vault)  # fmt: skip
        assert told.exit_code == 1
        assert told.output == (
            f"obole: {option}: the database holds tables already, and a restore writes over none; make an empty one "
            "(createdb) and name that.\n"
        )
        assert not (tmp_path / "there").exists()
    assert rows(on_server.books) == before
    assert names_of(free) == []
    assert names_of(other) == ["precious"]
    # The remedy works.
    put_back(on_server, file, words, tmp_path / "there", "--register-url", free, "--vault-url", databases.empty())
    assert rows(tmp_path / "there") == before


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "is no address of a PostgreSQL database; write postgresql+pg8000://"),
        ("sqlite:///x.sqlite3", "is no address of a PostgreSQL database"),
        ("postgresql+nothing://x/y", "is no address of a PostgreSQL database"),
        ("postgresql+pg8000://nobody@127.0.0.1:1/none", "the database cannot be reached"),
    ],
)
def test_an_address_that_will_not_do_is_said_before_anything(
    on_files: Obole, tmp_path: Path, words: Path, address: str, said: str
):
    file = backed_up(on_files, tmp_path / "kept.obole")
    told = on_files("restore", file, tmp_path / "there", "--passphrase-file", words, "--vault-url", address)
    assert told.exit_code == 1
    assert told.output.startswith(f"obole: --vault-url: {said}")
    assert told.output.count("\n") == 1
    assert not (tmp_path / "there").exists()


def test_both_stores_in_one_database_are_refused(
    on_files: Obole, databases: stores.Databases, tmp_path: Path, words: Path
):
    url = databases.empty()
    told = on_files("restore", backed_up(on_files, tmp_path / "kept.obole"), tmp_path / "there", "--passphrase-file",
                    words, "--register-url", url, "--vault-url", url)  # fmt: skip
    assert told.exit_code == 1
    assert "name the same database; make one for each of the two" in told.output
    assert names_of(url) == []


def test_rows_that_a_database_does_not_give_back_are_not_kept(
    on_files: Obole, databases: stores.Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = backed_up(on_files, tmp_path / "kept.obole")
    urls = (databases.empty(), databases.empty())
    enter = ledger.rows.enter_rows
    monkeypatch.setattr(
        "ledger.rows.enter_rows",
        lambda connection, one, rows: enter(connection, one, list(rows)[: 3 if one.name == "donor" else None]),
    )
    with pytest.raises(OboleError, match="table donor: the database does not give back"):
        restore(file, tmp_path / "there", SECRET, servers=Servers(*urls))
    assert [names_of(url) for url in urls] == [[], []]
    assert not (tmp_path / "there").exists()


def test_a_text_that_a_server_cannot_hold_is_said(
    on_files: Obole, databases: stores.Databases, tmp_path: Path, words: Path
):
    on_files.change("UPDATE donor SET street = 'a' || char(0) || 'b' WHERE key = 'D0001'", store="vault")
    file, url = backed_up(on_files, tmp_path / "kept.obole"), databases.empty()
    told = on_files("restore", file, tmp_path / "there", "--passphrase-file", words, "--vault-url", url)
    assert told.exit_code == 1
    assert told.output.startswith("obole: --vault-url: the database did not take the vault (the server answers 22")
    assert names_of(url) == []
    assert not (tmp_path / "there").exists()


def test_faults_keep_them_from_a_server_too(on_files: Obole, databases: stores.Databases, tmp_path: Path, words: Path):
    next((on_files.books / "receipts").rglob("*.pdf")).write_bytes(b"changed")
    file, url = backed_up(on_files, tmp_path / "kept.obole"), databases.empty()
    told = on_files("restore", file, tmp_path / "there", "--passphrase-file", words, "--register-url", url)
    assert told.exit_code == 1
    assert "`obole check` finds 1 fault in what it holds" in told.output
    assert names_of(url) == []
    put_back(on_files, file, words, tmp_path / "there", "--register-url", url, "--with-faults")
    assert rows(tmp_path / "there") == rows(on_files.books)


# Over books that stand there


def test_the_books_on_a_server_are_replaced_and_their_databases_kept(
    on_server: Obole, databases: stores.Databases, tmp_path: Path, words: Path
):
    before = rows(on_server.books)
    file = backed_up(on_server, tmp_path / "kept.obole")
    on_server.takes_well(NEXT.write(tmp_path))
    later = rows(on_server.books)
    urls = (databases.empty(), databases.empty())
    put_back(on_server, file, words, on_server.books, "--replace", "--register-url", urls[0], "--vault-url", urls[1])
    assert rows(on_server.books) == before
    (beside,) = tmp_path.glob("books-2*")
    assert rows(beside) == later


def test_another_machine_that_writes_to_them_is_waited_for_by_nobody(
    on_server: Obole, databases: stores.Databases, tmp_path: Path
):
    """It has another copy of the folder, so that the file in ours says nothing of it."""
    file = backed_up(on_server, tmp_path / "kept.obole")
    config, before = found_books(on_server.books).config, rows(on_server.books)
    elsewhere = Folder(tmp_path / "elsewhere")
    elsewhere.root.mkdir()
    url = databases.empty()
    with writing(elsewhere, config.register_url, key=config.key), pytest.raises(Busy):
        restore(file, on_server.books, SECRET, replace=True, servers=Servers(register=url))
    assert rows(on_server.books) == before
    assert names_of(url) == []


@pytest.mark.parametrize(
    "wrong", ['register_url = "postgresql+pg8000://nobody@127.0.0.1:1/gone"\n', "not toml at all\n"]
)
def test_broken_books_and_those_whose_server_is_gone_can_be_replaced(
    on_server: Obole, tmp_path: Path, words: Path, wrong: str
):
    expected = rows(on_server.books)
    file = backed_up(on_server, tmp_path / "kept.obole")
    path = on_server.books / "obole.toml"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if "register_url" not in line]
    path.write_text(wrong + "".join(lines), encoding="utf-8")
    put_back(on_server, file, words, on_server.books, "--replace")
    assert rows(on_server.books) == expected


# Of an earlier Obole


@pytest.mark.parametrize("version", OLD)
def test_old_books_on_a_server_are_backed_up_before_their_upgrade(
    version: str, databases: stores.Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    old = books_of(version, tmp_path, monkeypatch)
    before = store_version(found_books(old.books).address("register"), "register")
    assert "An earlier Obole" in well_restored(old, databases, tmp_path)
    there = Obole(tmp_path / "server")
    assert store_version(found_books(there.books).address("register"), "register") == before < HEADS["register"]
    gifts = found_rows(there.books, "SELECT id, donor, cents FROM gift ORDER BY id")
    assert gifts == old.rows("SELECT id, donor, cents FROM gift ORDER BY id")
    documents = found_rows(there.books, "SELECT * FROM document ORDER BY id")
    said = well(there("upgrade"))
    assert f"The register was brought from version {before} to {HEADS['register']}." in said
    well(there("check"))
    (made,) = tmp_path.glob("server-before-upgrade-*.obole")
    # The server's books of before, in files, and upgraded once more there.
    well(there("restore", made, tmp_path / "back"))
    back = Obole(tmp_path / "back")
    assert store_version(found_books(back.books).address("register"), "register") == before
    assert len(found_rows(back.books, "SELECT * FROM document ORDER BY id")) == len(documents) > 0
    assert back.rows("SELECT id, donor, cents FROM gift ORDER BY id") == gifts
    well(back("upgrade"))
    well(back("check"))
    assert rows(back.books)["vault/donor"] == rows(there.books)["vault/donor"]
    assert rows(back.books)["register/entry_number"] == rows(there.books)["register/entry_number"]


def well_restored(old: Obole, databases: stores.Databases, folder: Path) -> str:
    file = backed_up(old, folder / "old.obole")
    (folder / "words.txt").write_text(WORDS)
    options = ("--register-url", databases.empty(), "--vault-url", databases.empty())
    return put_back(old, file, folder / "words.txt", folder / "server", *options)


# The settings


def test_a_setting_is_changed_and_all_else_stays_to_the_byte(tmp_path: Path):
    path = tmp_path / "obole.toml"
    rest = "\ufeff# Ours\r\nfirst_day = 2025-01-01 # register_url\r\n[organisation]\r\nname = 'é'\r\n".encode()
    for line in (b'register_url = "x://y"  # old\r\n', b'"register_url" = """\r\nx://y"""\r\n'):
        head, tail = rest.split(b"first_day")
        path.write_bytes(head + line + b"first_day" + tail)
        assert moving._set_address(path, "register_url", "")
        assert path.read_bytes() == rest
    assert not moving._set_address(path, "register_url", "")
    address = 'postgresql+pg8000://u:p"a\\ss@h/d'
    assert moving._set_address(path, "register_url", address)
    assert tomllib.loads(path.read_bytes().decode("utf-8-sig"))["register_url"] == address
    assert path.read_bytes().endswith(rest.removeprefix("\ufeff".encode()))
    path.write_bytes(b'"register_\\u0075rl" = "x://y"\n')
    with pytest.raises(OboleError, match="write register_url on a line of its own"):
        moving._set_address(path, "register_url", "")


def test_a_plugin_that_names_a_server_reads_the_file_again():
    settings = "{'register': 'postgresql+pg8000://u@h/d', 'accounts': ['731100']}"
    other = "plugin \"ledger.plugins.banks\" \"{'register': 'register.sqlite3', 'accounts': {}}\"\r\n"
    text = f'; ours\r\nplugin "ledger.plugins.gifts" "{settings}"\r\n{other}'
    assert with_own_register(text) == text.replace("'register': 'postgresql+pg8000://u@h/d', ", "")
