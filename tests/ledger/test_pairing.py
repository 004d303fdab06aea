"""Register and vault as a pair: which states are a killed run, which a copy put back, and that each writer is seen."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert
from stores import Stores, current

from ledger.pairing import Apart, Pair, Relation, relation
from ledger.pairing import Stands as Both
from ledger.register.stand import SetAside, Stand, numbers_set_aside, put_aside, put_stand, stand_of
from ledger.vault.counterparties import Counterparty, save_counterparties
from ledger.vault.intent import VaultStand, announce, announced, put_vault_stand, vault_stand_of
from ledger.vault.tables import frozen_sheet

NAMES = {"register": "register.sqlite3", "vault": "vault.sqlite3"}


def ours(step: int, token: str, base: str | None = None, identity: str = "books") -> Stand:
    return Stand(identity, step, token, token if base is None else base, f"2026-03-{step + 1:02d}T10:00:00Z")


def theirs(step: int, token: str, before: str | None = None) -> VaultStand:
    """The vault done with a step, or under way from another."""
    return VaultStand("books", step, token, before or "", before is not None, f"2026-03-{step + 1:02d}T10:00:00Z", "")


FIT = [
    (None, None, Relation.NEW),
    (ours(4, "d"), theirs(4, "d"), Relation.SAME),
    (ours(4, "d"), theirs(4, "d", before="c"), Relation.DONE),
    (ours(6, "f", base="d"), theirs(4, "d"), Relation.DONE),
    (ours(6, "f", base="d"), theirs(4, "d", before="c"), Relation.DONE),
    (ours(3, "c"), theirs(4, "d", before="c"), Relation.CUT_OFF),
    (ours(3, "c", base="a"), theirs(4, "d", before="c"), Relation.CUT_OFF),
    (None, theirs(0, "a", before=""), Relation.CUT_OFF),
]


@pytest.mark.parametrize(("register", "vault", "expected"), FIT)
def test_of_one_moment(register: Stand | None, vault: VaultStand | None, expected: Relation):
    assert relation(Both(register, vault), NAMES) is expected


APART = [
    (ours(3, "c"), theirs(4, "d"), "register.sqlite3 is older than vault.sqlite3 by 1 step"),
    (ours(1, "a"), theirs(4, "d"), "register.sqlite3 is older than vault.sqlite3 by 3 steps"),
    (ours(2, "b"), theirs(4, "d", before="c"), "register.sqlite3 is older than vault.sqlite3 by 2 steps"),
    (ours(3, "x"), theirs(4, "d", before="c"), "register.sqlite3 is older than vault.sqlite3 by 1 step"),
    (ours(4, "d"), theirs(2, "b"), "vault.sqlite3 is older than register.sqlite3 by 2 steps"),
    (ours(6, "f", base="d"), theirs(3, "c"), "vault.sqlite3 is older than register.sqlite3 by 3 steps"),
    (ours(4, "x"), theirs(4, "d"), "went different ways"),
    (ours(4, "d", identity="others"), theirs(4, "d"), "two different sets of books"),
    (None, theirs(4, "d"), "register.sqlite3 is a copy from before the upgrade"),
    (ours(4, "d"), None, "vault.sqlite3 is a copy from before the upgrade"),
    (ours(0, "a"), None, "vault.sqlite3 is a copy from before the upgrade"),
]


@pytest.mark.parametrize(("register", "vault", "told"), APART)
def test_a_copy_put_back(register: Stand | None, vault: VaultStand | None, told: str):
    with pytest.raises(Apart, match=told):
        relation(Both(register, vault), NAMES)


def test_the_message_says_from_when_each_is():
    with pytest.raises(Apart, match="last written on 2026-03-02 10:00:00, the vault on 2026-03-05 10:00:00"):
        relation(Both(ours(1, "a"), theirs(4, "d")), NAMES)


class Two:
    """A register and a vault in a folder, as a process has them open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.register: Engine = current().engine(folder, "register")
        self.vault: Engine = current().engine(folder, "vault")
        self.pair = Pair(lambda: self.register, lambda: self.vault, NAMES)
        self.pair.watch_register(self.register)
        self.pair.watch_vault(self.vault)

    def stands(self) -> tuple[int, int, bool]:
        """The steps of both, and whether the vault has one under way."""
        with self.register.connect() as gifts, self.vault.connect() as identities:
            register, vault = stand_of(gifts), vault_stand_of(identities)
        assert register is not None
        assert vault is not None
        return register.step, vault.step, vault.under_way

    def in_register(self, number: int = 1) -> None:
        with self.register.begin() as connection:
            put_aside(connection, [SetAside(2025, number, "a test", "now")])

    def in_vault(self, number: int = 1) -> None:
        with self.vault.begin() as connection:
            known(connection, number)

    def sheet(self, number: int) -> None:
        with self.vault.begin() as connection:
            freeze(connection, number)


def known(connection: Connection, number: int) -> None:
    save_counterparties(connection, [Counterparty("coda-1", number, "L. INCONNU", "", "")])


def freeze(connection: Connection, number: int) -> None:
    connection.execute(insert(frozen_sheet).values(year=2025, number=number, version=1, sheet=b"-"))
    announce(connection, 2025, number, ["digest"])


@pytest.fixture
def two(tmp_path: Path, stores: Stores) -> Iterator[Two]:
    assert stores is current()
    both = Two(tmp_path / "stores")
    assert both.pair.settle() == []
    yield both
    both.register.dispose()
    both.vault.dispose()


def test_new_books_get_one_identity(two: Two):
    with two.register.connect() as gifts, two.vault.connect() as identities:
        register, vault = stand_of(gifts), vault_stand_of(identities)
    assert register is not None
    assert vault is not None
    assert register.identity == vault.identity
    assert two.stands() == (0, 0, False)


def test_a_step_of_the_register_alone_is_noted_by_the_vault(two: Two):
    two.in_register()
    assert two.stands() == (1, 1, False)


def test_a_step_of_both_is_under_way_until_the_register_has_it(two: Two):
    two.in_vault()
    assert two.stands() == (0, 1, True)
    two.in_vault(2)
    assert two.stands() == (0, 1, True)
    two.in_register()
    assert two.stands() == (1, 1, False)


def test_a_step_of_the_vault_alone_ends_with_the_process(two: Two):
    two.in_vault()
    two.pair.finish()
    assert two.stands() == (1, 1, False)
    assert Two(two.folder).pair.look() is Relation.SAME


def test_reading_and_writing_nothing_are_no_steps(two: Two):
    with two.register.begin() as connection:
        numbers_set_aside(connection)
    with two.vault.begin() as connection:
        save_counterparties(connection, [])
    with suppress(KeyError), two.register.begin() as connection:
        put_aside(connection, [SetAside(2025, 1, "a test", "now")])
        raise KeyError
    assert two.stands() == (0, 0, False)


def test_while_the_vault_is_read_the_register_goes_on_and_the_note_comes_later(two: Two):
    with two.vault.connect() as reading:
        assert vault_stand_of(reading) is not None
        two.in_register(1)
        two.in_register(2)
    assert Two(two.folder).pair.look() in {Relation.DONE, Relation.SAME}
    two.in_register(3)
    assert two.stands() == (3, 3, False)


def test_what_a_killed_run_began_is_taken_back_and_never_joined_by_another(two: Two):
    two.sheet(1)
    after = Two(two.folder)
    assert after.pair.look() is Relation.CUT_OFF
    with pytest.raises(Apart, match="run the command again"):
        after.in_register()
    assert [(one.year, one.sheets) for one in after.pair.settle()] == [(2025, 1)]
    assert after.stands() == (1, 1, False)
    with after.vault.connect() as connection:
        assert announced(connection) == []
    after.in_register()


def test_what_a_process_gives_up_itself_is_taken_back_at_its_end(two: Two):
    two.sheet(1)
    two.pair.finish()
    assert two.stands() == (1, 1, False)
    with two.vault.connect() as connection:
        assert connection.execute(frozen_sheet.select()).all() == []


def test_sheets_that_nobody_announced_are_not_deleted(two: Two):
    two.sheet(1)
    two.in_register()  # number 1 is known; the sheet was answered
    with two.vault.begin() as connection:
        connection.execute(insert(frozen_sheet).values(year=2025, number=2, version=1, sheet=b"-"))
    two.in_register(9)
    with two.vault.begin() as connection:
        connection.execute(insert(frozen_sheet).values(year=2026, number=1, version=1, sheet=b"-"))
    two.pair.finish()
    with pytest.raises(Apart, match="the receipts 2026/000001 to 000001 print"):
        Two(two.folder).pair.settle()
    with two.vault.connect() as connection:
        assert len(connection.execute(frozen_sheet.select()).all()) == 3


@pytest.mark.parametrize("older", ["register", "vault"])
def test_a_database_that_was_set_back_is_told(two: Two, older: str):
    """As a server does that is recovered to a point in time: its rows are of then, on the same address."""
    two.in_register(1)
    with two.register.connect() as gifts, two.vault.connect() as identities:
        register, vault = stand_of(gifts), vault_stand_of(identities)
    two.in_vault()
    two.in_register(2)
    two.in_register(3)
    assert register is not None
    assert vault is not None
    if older == "register":
        with current().engine(two.folder, "register").begin() as connection:
            put_stand(connection, register)
    else:
        with current().engine(two.folder, "vault").begin() as connection:
            put_vault_stand(connection, vault)
    with pytest.raises(Apart, match=f"^{older}.sqlite3 is older .* by 2 steps"):
        Two(two.folder).pair.settle()


@pytest.mark.sqlite
@pytest.mark.parametrize("older", ["register", "vault"])
def test_an_older_file_stops_the_first_write(two: Two, older: str):
    two.in_register(1)
    kept = two.folder / "kept"
    shutil.copy(two.folder / f"{older}.sqlite3", kept)
    two.in_vault()
    two.in_register(2)
    two.register.dispose()
    two.vault.dispose()
    shutil.copy(kept, two.folder / f"{older}.sqlite3")
    before = {path.name: path.read_bytes() for path in two.folder.iterdir()}
    after = Two(two.folder)
    for attempt in (after.pair.look, after.pair.settle, lambda: after.in_register(3), lambda: after.in_vault(3)):
        with pytest.raises(Apart, match=f"^{older}.sqlite3 is older"):
            attempt()
    assert {path.name: path.read_bytes() for path in two.folder.iterdir()} == before


@pytest.mark.sqlite
def test_an_older_register_is_no_killed_run_though_it_lacks_one_step_only(two: Two):
    two.in_register(1)
    kept = two.folder / "kept"
    shutil.copy(two.folder / "register.sqlite3", kept)
    two.sheet(2)
    two.in_register(2)
    two.register.dispose()
    shutil.copy(kept, two.folder / "register.sqlite3")
    with pytest.raises(Apart, match="by 1 step:"):
        Two(two.folder).pair.settle()
    with closing(sqlite3.connect(two.folder / "vault.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM frozen_sheet").fetchone() == (1,)
