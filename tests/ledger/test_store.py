"""The stores: what the migrations make, what is refused with a sentence, and what the register does not let happen."""

import sqlite3
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from invented import DAY, gift, insert, movement, record, register_in
from invented import rows as rows_of
from sqlalchemy import Integer, MetaData, create_engine, inspect, select
from sqlalchemy.exc import IntegrityError
from stores import Databases, Stores, current

import ledger
from ledger.engines import create
from ledger.register import debits as debitbook
from ledger.register import receipts as receiptbook
from ledger.register import tables
from ledger.register.documents import all_documents
from ledger.register.entries import EntryNumber, insert_entry_numbers
from ledger.register.proof import alterations
from ledger.register.sealed import insert_identities, retire_entries
from ledger.register.suspense import Decision, LineKey, insert_assignments
from ledger.register.tables import day_total
from ledger.register.vouchers import Voucher, insert_vouchers
from ledger.register.years import MonthLock, Reopening, enter_closing, enter_lock, enter_reopening
from ledger.store import HEADS, StoreUnreadable, bulk_insert, migrate_to, open_store, slices, sqlite_url, store_version
from ledger.vault import tables as vault_tables
from ledger.vault.counterparties import Counterparty, all_counterparties, save_counterparties

STORES = ("register", "vault")
# The tables of debits and of receipts are the register's too.
assert debitbook.collection.metadata is receiptbook.receipt.metadata is tables.metadata
METADATA: dict[str, MetaData] = {"register": tables.metadata, "vault": vault_tables.metadata}
APPEND_ONLY = ("document", "movement", "gift", "day_total", "assignment", "voucher", "receipt_gift", "entry_number",
               "closed_year", "reopened_year", "month_lock", "retired_entry", "receipt_identity",
               "receipt_duplicate")  # fmt: skip


@pytest.mark.parametrize("name", STORES)
def test_the_migrations_make_exactly_the_tables_of_the_code(name, tmp_path: Path, stores: Stores):
    with create_engine(stores.url(tmp_path, name)).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _another_type})
        assert compare_metadata(context, METADATA[name]) == []


def _another_type(_context: Any, _inspected: Any, _column: Any, found: Any, meant: Any) -> bool | None:
    """A whole number has 64 bits on a server, which are two types of SQL and one of ours; other types are compared."""
    return False if isinstance(found, Integer) and isinstance(meant, Integer) else None


@pytest.mark.parametrize("name", STORES)
def test_the_head_is_that_of_the_scripts(name):
    config = Config()
    config.set_main_option("script_location", str(Path(ledger.__file__).parent / "migrations" / name))
    assert ScriptDirectory.from_config(config).get_heads() == [HEADS[name]]


@pytest.mark.parametrize("name", STORES)
def test_a_store_that_is_up_to_date_opens_at_once_and_unchanged(name, tmp_path: Path):
    path = tmp_path / "store"
    open_store(sqlite_url(path), name).dispose()
    before = path.read_bytes()
    start = time.perf_counter()
    for _ in range(20):
        open_store(sqlite_url(path), name).dispose()
    assert time.perf_counter() - start < 1  # measured: 2 ms each
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["a b", "100% é", "where?mode=memory", "h#sh", "p%20q", "a&b;c"])
def test_a_path_may_hold_any_sign(name: str, tmp_path: Path):
    folder = tmp_path / name
    folder.mkdir()
    with open_store(sqlite_url(folder / "register.sqlite3"), "register").begin() as connection:
        insert(connection, record())
    assert [path.name for path in folder.iterdir()] == ["register.sqlite3"]
    with open_store(
        sqlite_url(folder / "register.sqlite3", read_only=True), "register", migrate=False
    ).connect() as read:
        assert len(all_documents(read)) == 1


def missing(path: Path) -> None:
    assert not path.exists()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"This is a letter and not a database at all. " * 400)


def torn(path: Path) -> None:
    """Half of a store, as a copy that was broken off."""
    open_store(sqlite_url(path), "register").dispose()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def foreign(path: Path) -> None:
    sql(path, "CREATE TABLE address_book (name TEXT)")


def old(path: Path) -> None:
    open_store(sqlite_url(path), "register").dispose()
    sql(path, "UPDATE alembic_version SET version_num = '0000'")


def newer(path: Path) -> None:
    open_store(sqlite_url(path), "register").dispose()
    sql(path, "UPDATE alembic_version SET version_num = '9999'")


def the_vault(path: Path) -> None:
    open_store(sqlite_url(path), "vault").dispose()


def folder(path: Path) -> None:
    path.mkdir()


def sql(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("make", [missing, empty, garbage, torn, foreign, old, newer, the_vault, folder])
def test_what_is_no_register_of_this_version_is_refused_in_a_sentence(make, tmp_path: Path):
    path = tmp_path / "register.sqlite3"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for read_only in (True, False):
        if make is missing and not read_only:
            continue  # SQLite makes the file
        with pytest.raises(StoreUnreadable, match=r"register.*(;|:) ") as refusal:
            open_store(sqlite_url(path, read_only=read_only), "register", migrate=False)
        assert str(refusal.value).endswith(".")
        assert str(path) not in str(refusal.value)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize(
    ("make", "remedy"),
    [
        (old, "the register is at version 0000, this Obole needs {head}; run `obole upgrade`."),
        (newer, "the register is at version 9999, this Obole needs {head}; install the newest Obole."),
        (empty, "what stands where the register should be is empty; restore it from your backup."),
        (the_vault, "what stands where the register should be is no register; restore it from your backup."),
        (foreign, "the register holds tables of another program; check its address in obole.toml."),
    ],
)
def test_what_is_there_instead_is_said_with_its_remedy(make, remedy: str, tmp_path: Path):
    path = tmp_path / "register.sqlite3"
    make(path)
    with pytest.raises(StoreUnreadable) as refusal:
        open_store(sqlite_url(path), "register", migrate=False)
    assert str(refusal.value) == remedy.format(head=HEADS["register"])


def test_the_version_of_a_store_is_told_and_that_of_an_empty_one_is_none(tmp_path: Path):
    path = tmp_path / "register.sqlite3"
    assert store_version(sqlite_url(path), "register") is None
    open_store(sqlite_url(path), "register").dispose()
    assert store_version(sqlite_url(path), "register") == HEADS["register"]
    sql(path, "DELETE FROM alembic_version")
    assert store_version(sqlite_url(path), "register") is None
    sql(tmp_path / "bare.sqlite3", "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    assert store_version(sqlite_url(tmp_path / "bare.sqlite3"), "register") is None


def test_a_store_is_made_as_a_version_has_it_and_an_unknown_version_is_refused():
    with create("sqlite://").connect() as connection:
        migrate_to(connection, "register", "0001")
        assert "entry_number" not in inspect(connection).get_table_names()
        with pytest.raises(StoreUnreadable, match="the register is at version 9999, which this Obole does not know"):
            migrate_to(connection, "register", "9999")


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (400, [400]), (401, [400, 1]), (900, [400, 400, 100])])
def test_values_come_in_slices_that_a_statement_takes(count: int, sizes: list[int]):
    assert [len(some) for some in slices(range(count))] == sizes
    assert [one for some in slices(range(count)) for one in some] == list(range(count))


@pytest.mark.parametrize("make", [garbage, torn, foreign, newer, the_vault, folder])
def test_what_is_no_store_of_ours_is_not_migrated_either(make, tmp_path: Path):
    path = tmp_path / "register.sqlite3"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreUnreadable):
        open_store(sqlite_url(path), "register")
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize(
    "url",
    [
        *("postgresql+nosuchdriver://server/register", "postgresql+pg8000://nobody@127.0.0.1:1/register"),
        *("no address at all", "sqlite:////no/such/folder/x"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_in_a_sentence(url: str):
    with pytest.raises(StoreUnreadable, match="register cannot be opened"):
        open_store(url, "register")


def test_a_migration_that_fails_leaves_no_half_store(tmp_path: Path, stores: Stores, monkeypatch: pytest.MonkeyPatch):
    from alembic.operations import Operations  # noqa: PLC0415

    made = Operations.create_table
    monkeypatch.setattr(
        Operations,
        "create_table",
        lambda self, name, *rest, **more: made(self, name, *rest, **more) if name != "gift" else 1 / 0,
    )
    url = stores.empty() if isinstance(stores, Databases) else sqlite_url(tmp_path / "register.sqlite3")
    with pytest.raises(ZeroDivisionError):
        open_store(url, "register")
    monkeypatch.undo()
    assert inspect(create_engine(url)).get_table_names() == []
    open_store(url, "register").dispose()


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_register_refuses_to_change_or_delete_a_row(table: str, tmp_path: Path):
    engine = register_in(tmp_path)
    columns = [column.name for column in tables.metadata.tables[table].columns]
    with engine.begin() as connection:
        number = insert(connection, record(), [movement()], [gift()])
        insert_vouchers(connection, "journal", number, [Voucher("J1", record().last_day, "x")])
        insert_assignments(connection, number, [Decision(1, LineKey(number, 1), "D0001", "731100", record().last_day)])
        insert_entry_numbers(connection, [EntryNumber("GEN", 2025, 1, number, 1)])
        receiptbook.insert_receipts(
            connection, 2025, 1, record().last_day, [receiptbook.NewReceipt("D0001", 5000, (1,), "")]
        )
        enter_closing(connection, 2025, "x", "2026-06-30T10:00:00Z")
        enter_reopening(connection, 2025, "x", Reopening("erreur", "AB", "2026-07-01T10:00:00Z"))
        enter_lock(connection, MonthLock(record().last_day, "-", "AB", "2026-07-01T10:00:00Z"))
        retire_entries(connection, [("MAN", 2025, 1)], "2026-07-01T10:00:00Z")
        insert_identities(connection, [(2025, 1, 1, "x")])
        receiptbook.record_duplicates(connection, [receiptbook.Duplicate(2025, 1, 1, "x", 1, "0", "0", "2026")])
    for statement in (f"UPDATE {table} SET {columns[-1]} = {columns[-1]}", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize("table", ["receipt", "receipt_version"])
def test_a_receipt_is_never_deleted(table: str, tmp_path: Path):
    engine = register_in(tmp_path)
    with engine.begin() as connection:
        receiptbook.insert_receipts(connection, 2025, 1, DAY, [receiptbook.NewReceipt("D0001", 5000, (), "")])
    with pytest.raises(IntegrityError, match="never deleted"), engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")


@pytest.mark.usefixtures("stores")
def test_a_gift_of_a_document_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(IntegrityError), register_in(tmp_path).begin() as connection:
        bulk_insert(
            connection,
            day_total,
            list(day_total.columns.keys()),
            [(7, 0, "2025-01-01", "731100", "", "card", "", "", 1, 1)],
        )


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize("cents", [0, -100])
def test_a_gift_of_nothing_or_less_that_takes_nothing_back_is_refused(cents: int, tmp_path: Path):
    with pytest.raises(IntegrityError), register_in(tmp_path).begin() as connection:
        insert(connection, record(), [], [gift(cents)])


@pytest.mark.usefixtures("stores")
def test_a_gift_is_taken_back_once(tmp_path: Path):
    engine = register_in(tmp_path)
    with engine.begin() as connection:
        insert(connection, record("first"), [], [gift()])
        insert(connection, record("second"), [], [gift(-5000, reverses=1)])
    with pytest.raises(IntegrityError), engine.begin() as connection:
        insert(connection, record("third"), [], [gift(-5000, reverses=1)])


@pytest.mark.usefixtures("stores")
def test_a_column_that_only_some_rows_fill_keeps_what_they_say(tmp_path: Path):
    engine = register_in(tmp_path)
    rows = [
        (1, 1, None, "2025-03-14", None, 100, "00150000", None, None, None, "gift", "731100", None, None, 0),
        (1, 2, None, "2025-03-14", "2025-03-13", 100, "00150000", None, None, "MS03", "identity", None, "D0001", 1, 0),
    ]
    with engine.begin() as connection:
        insert(connection, record(), [], [])
        bulk_insert(connection, tables.movement, list(tables.movement.columns.keys()), rows)
        names = ", ".join(column.name for column in tables.movement.columns)
        kept = connection.exec_driver_sql(f"SELECT {names} FROM movement ORDER BY position").all()
    assert [tuple(value.isoformat() if isinstance(value, date) else value for value in row) for row in kept] == rows


@pytest.mark.usefixtures("stores")
def test_nothing_to_insert_is_no_statement(tmp_path: Path):
    with register_in(tmp_path).connect() as connection:
        bulk_insert(connection, tables.gift, ["id"], [])


TEXTS = ["", "\\N", "a\tb", "line\nbreak\r", "back\\slash", "\"quoted\", 'too'", "é€𝄞", "%s %(x)s ?", "NULL", " "]


@pytest.mark.usefixtures("stores")
def test_every_text_and_byte_is_kept_as_it_was(tmp_path: Path):
    engine = current().engine(tmp_path, "vault")
    lines = [Counterparty("coda-1", number, text, f"<{text}>", text * 2) for number, text in enumerate(TEXTS)]
    sealed = [(2025, 1, 1, bytes(range(256))), (2025, 2, 1, b"")]
    with engine.begin() as connection:
        save_counterparties(connection, lines)
        bulk_insert(connection, vault_tables.frozen_sheet, ["year", "number", "version", "sheet"], sealed)
    with engine.connect() as connection:
        assert list(all_counterparties(connection).values()) == lines
        kept = connection.execute(select(vault_tables.frozen_sheet).order_by(vault_tables.frozen_sheet.c.number))
        assert [tuple(row) for row in kept] == sealed


@pytest.mark.usefixtures("stores")
def test_texts_are_in_the_order_of_their_bytes(tmp_path: Path):
    keys = ["D0001", "D-2", "a", "B", "É", "d1"]
    engine = current().engine(tmp_path, "vault")
    with engine.begin() as connection:
        bulk_insert(connection, vault_tables.mandate, ["reference", "donor"], [(key, "D1") for key in keys])
        query = select(vault_tables.mandate.c.reference).order_by(vault_tables.mandate.c.reference)
        assert list(connection.execute(query).scalars()) == sorted(keys)


@pytest.mark.usefixtures("stores")
def test_numbers_of_more_than_32_bits_are_kept(tmp_path: Path):
    engine = register_in(tmp_path)
    with engine.begin() as connection:
        insert(connection, record(opening=0, closing=90_000_000_000_00), [movement(cents=90_000_000_000_00)], [])
    with engine.connect() as connection:
        assert [row.closing for row in all_documents(connection)] == [90_000_000_000_00]
        assert alterations(connection) == []


@pytest.mark.usefixtures("stores")
def test_the_rows_of_work_taken_back_give_their_numbers_to_the_next(tmp_path: Path):
    engine = register_in(tmp_path)
    with suppress(ZeroDivisionError), engine.begin() as connection:
        insert(connection, record("lost"), [], [gift(), gift(position=2)])
        raise ZeroDivisionError
    with engine.begin() as connection:
        insert(connection, record("kept"), [], [gift()])
    assert [tuple(row) for row in rows_of(tmp_path, "SELECT id, document_id FROM gift")] == [(1, 1)]


@pytest.mark.usefixtures("stores")
def test_small_inserts_do_not_wait_for_each_other(tmp_path: Path):
    """Sixty of them; on a socket that waits for acknowledgements each takes 44 ms, else less than one."""
    engine = current().engine(tmp_path, "vault")
    spent = []
    with engine.begin() as connection:
        for number in range(60):
            start = time.perf_counter()
            bulk_insert(connection, vault_tables.mandate, ["reference", "donor"], [(f"M-{number}", "D1")])
            spent.append(time.perf_counter() - start)
    assert sorted(spent)[30] < 0.03
