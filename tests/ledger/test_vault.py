"""The vault: what is sealed stays sealed, the key lies elsewhere, and every link leads to one donor or to none."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import stores
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from ledger.instalments import Pledge, PledgeState
from ledger.vault.counterparties import Counterparty, all_counterparties, save_counterparties
from ledger.vault.donors import Donor, find_donors, merged_keys, save_donors, whole_donors
from ledger.vault.key import (
    KeyInBooks,
    KeyMissing,
    KeyTaken,
    Sealer,
    create_key,
    keep_key,
    keys_folder,
    read_key,
    require_name_free,
)
from ledger.vault.links import (
    forget_ibans,
    learn_ibans,
    load_emails,
    load_links,
    owners_of_ibans,
    owners_of_numbers,
)
from ledger.vault.ownership import LinkTaken
from ledger.vault.pledges import PledgeChange, all_pledges, change_pledges, pledged_mandates, save_pledges
from ledger.vault.sheets import drop_sheets_after, freeze_sheets, frozen_sheets, sheet_years

pytestmark = pytest.mark.usefixtures("stores")

NUMBER = "85073003328"
EMMA = Donor(
    "D0001",
    "natural",
    "Exemple",
    "Emma",
    "Rue de l'Essai 1",
    "1000",
    "Bruxelles",
    email="emma@example.org",
    national_number=NUMBER,
    consent="form of 2024",
    origin="site",
    since=date(2020, 5, 1),
    ibans=("BE68539007547034",),
    mandates=("MNDT-1",),
    communications=("010806817183",),
)
SEALER = Sealer(bytes(range(32)))


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "keys"))
    return tmp_path / "keys"


def test_a_key_that_is_kept_is_the_one_there_or_another_name_is_asked_for(keys: Path):
    key, other = bytes(range(32)), bytes(32)
    require_name_free("books", key)
    path = keep_key("books", key)
    assert path == keys / "books.key"
    assert read_key("books") == key
    before = path.stat().st_mtime_ns
    assert keep_key("books", key) == path
    require_name_free("books", key)
    assert path.stat().st_mtime_ns == before
    for of in (keep_key, require_name_free):
        with pytest.raises(KeyTaken, match=r"is called books\.key in the key folder"):
            of("books", other)
    assert read_key("books") == key


def test_without_any_setting_the_key_lies_below_the_home_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OBOLE_KEYS")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keys_folder() == tmp_path / ".config" / "obole" / "keys"


def test_a_key_that_cannot_be_written_says_why(keys: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> int:
        raise OSError("the disk is full")

    monkeypatch.setattr("ledger.vault.key.os.open", full)
    with pytest.raises(OSError, match="the disk is full"):
        create_key("books")
    assert list(keys.iterdir()) == []


def test_the_folder_of_keys_is_made_with_those_it_lies_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "a" / "b"))
    assert create_key("books").is_file()
    assert len(SEALER.mark(NUMBER)) == 32


@pytest.mark.parametrize("count", [0, 31, 33, 64])
def test_a_key_has_32_bytes(count: int, keys: Path):
    keys.mkdir()
    (keys / "books.key").write_text(bytes(count).hex() + "\n", encoding="ascii")
    with pytest.raises(KeyMissing, match=r"books\.key is not a key of 32 bytes"):
        read_key("books")


def test_folder_and_key_are_for_this_user_alone_whatever_the_mask_says(keys: Path):
    mask = os.umask(0)
    try:
        path = create_key("books")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert create_key("other", Path("/elsewhere")) == keys / "other.key"


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    return stores.current().engine(tmp_path, "vault")


@pytest.fixture
def connection(store: Engine) -> Iterator[Connection]:
    with store.begin() as opened:
        yield opened


def donor(key: str, **more: Any) -> Donor:
    return Donor(key, "natural", "Exemple", **more)


# The seal


@given(st.text(), st.text())
def test_what_is_sealed_is_opened_with_the_same_key_and_context(plain: str, context: str):
    sealed = SEALER.seal(plain, context)
    assert SEALER.open_sealed(sealed, context) == plain
    assert SEALER.seal(plain, context) != sealed


@pytest.mark.parametrize(
    ("sealer", "context"), [(Sealer(bytes(32)), "donor D0001"), (SEALER, "donor D0002"), (SEALER, "receipt 2025/1/1")]
)
def test_another_key_or_another_row_opens_nothing(sealer: Sealer, context: str):
    with pytest.raises(KeyMissing, match=context) as refusal:
        sealer.open_sealed(SEALER.seal(NUMBER, "donor D0001"), context)
    assert NUMBER not in str(refusal.value)


@given(st.binary(max_size=60))
def test_what_was_never_sealed_opens_nothing(sealed: bytes):
    with pytest.raises(KeyMissing):
        SEALER.open_sealed(sealed, "donor D0001")


@given(st.integers(0), st.integers(0, 7))
def test_one_bit_changed_opens_nothing(place: int, bit: int):
    sealed = bytearray(SEALER.seal(NUMBER, "x"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(KeyMissing):
        SEALER.open_sealed(bytes(sealed), "x")


def test_the_mark_finds_the_same_number_and_only_with_the_key():
    assert SEALER.mark(NUMBER) == SEALER.mark(NUMBER)
    assert SEALER.mark(NUMBER) != SEALER.mark("17073003384")
    assert SEALER.mark(NUMBER) != Sealer(bytes(32)).mark(NUMBER)


# The key


def test_the_key_is_made_once_and_for_this_user_only(keys: Path):
    path = create_key("obole-1")
    first = path.read_text(encoding="ascii")
    assert path.parent == keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert create_key("obole-1").read_text(encoding="ascii") == first
    assert [file.name for file in keys.iterdir()] == ["obole-1.key"]
    assert create_key("obole-2").read_text(encoding="ascii") != first
    assert Sealer.open("obole-1").open_sealed(Sealer.open("obole-1").seal("x", "y"), "y") == "x"


def test_a_kill_while_the_key_is_written_leaves_no_half_key(keys: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ledger.vault.key.os.fsync", lambda _descriptor: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        create_key("obole-1")
    monkeypatch.undo()
    assert not (keys / "obole-1.key").exists()


def test_the_key_is_never_made_inside_the_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    books = tmp_path / "books"
    for inside in (books, books / "keys", tmp_path / "elsewhere" / ".." / "books" / "x"):
        monkeypatch.setenv("OBOLE_KEYS", str(inside))
        with pytest.raises(KeyInBooks, match="OBOLE_KEYS"):
            create_key("obole-1", books)
    assert not list(tmp_path.rglob("*.key"))
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path / "books-keys"))
    assert create_key("obole-1", books).exists()


def test_without_obole_keys_the_key_lies_in_the_users_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OBOLE_KEYS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert keys_folder() == tmp_path / "config" / "obole" / "keys"


@pytest.mark.parametrize("content", [None, "", "abcd", "not hexadecimal", "00" * 31, "00" * 33, "é" * 64])
def test_a_key_that_is_missing_or_broken_is_named_by_its_file(content: str | None, keys: Path):
    keys.mkdir()
    if content is not None:
        (keys / "obole-1.key").write_text(content, encoding="utf-8")
    with pytest.raises(KeyMissing, match=r"obole-1\.key.*restore it from your backup"):
        Sealer.open("obole-1")


# Donors


def test_donors_come_back_as_they_were_saved(connection: Connection):
    bakery = Donor(
        "D0002", "legal", "Boulangerie Exemple", enterprise_number="0403170701", language="nl", delivery="email"
    )
    save_donors(connection, SEALER, [EMMA, bakery])
    assert whole_donors(connection, SEALER, ["D0001", "D0002"]) == {"D0001": EMMA, "D0002": bakery}
    assert [row.key for row in find_donors(connection, SEALER, ["D0002", "D0002", "D9999"])] == ["D0002"]
    assert list(find_donors(connection, SEALER, [])) == []


def test_many_donors_are_found_by_their_keys(connection: Connection):
    keys = [f"D{number:05d}" for number in range(1300)]
    save_donors(connection, SEALER, [donor(key) for key in keys])
    for wanted in (keys[:3], keys[:501], keys):
        assert [row.key for row in find_donors(connection, None, wanted)] == wanted


def test_without_the_key_everything_but_the_national_number_is_read(connection: Connection):
    save_donors(connection, SEALER, [EMMA])
    (found,) = find_donors(connection, None)
    assert found == replace(EMMA, national_number=None, ibans=(), mandates=(), communications=())


def test_another_key_reads_no_national_number(connection: Connection):
    save_donors(connection, SEALER, [EMMA])
    with pytest.raises(KeyMissing, match="D0001"):
        list(find_donors(connection, Sealer(bytes(32))))


def test_saving_the_same_donors_again_changes_nothing(connection: Connection):
    save_donors(connection, SEALER, [EMMA, donor("D0002")])
    once = whole_donors(connection, SEALER, ["D0001", "D0002"])
    save_donors(connection, SEALER, [EMMA])
    save_donors(connection, SEALER, [donor("D0002"), EMMA])
    assert whole_donors(connection, SEALER, ["D0001", "D0002"]) == once


def test_a_donor_saved_again_loses_the_links_it_no_longer_has(connection: Connection):
    save_donors(connection, SEALER, [EMMA])
    save_donors(connection, SEALER, [replace(EMMA, mandates=("MNDT-2",), ibans=(), communications=())])
    links = load_links(connection)
    assert (links.mandates, links.ibans, links.communications) == ({"MNDT-2": "D0001"}, {}, {})


def test_a_merged_donor_stays_merged_when_the_register_is_taken_in_again(connection: Connection):
    save_donors(connection, SEALER, [EMMA, donor("D0002", merged_into="D0001")])
    save_donors(connection, SEALER, [EMMA, donor("D0002", email="new@example.org")])
    found = {row.key: row for row in find_donors(connection, SEALER)}
    assert found["D0002"] == donor("D0002", email="new@example.org", merged_into="D0001")
    assert found["D0001"].merged_into is None
    save_donors(connection, SEALER, [donor("D0002", merged_into="D0003")])
    assert next(find_donors(connection, None, ["D0002"])).merged_into == "D0003"


@pytest.mark.parametrize("link", [{"mandates": ("MNDT-1",)}, {"communications": ("010806817183",)}])
def test_a_link_of_another_donor_is_refused_with_both_keys_and_nothing_is_written(
    link: dict[str, tuple[str, ...]], store: Engine
):
    with store.begin() as connection:
        save_donors(connection, SEALER, [EMMA])
    for rows in ([donor("D0002", **link)], [donor("D0003", **link), donor("D0002", **link)]):
        with pytest.raises(LinkTaken, match=r"D0002.*D000[13]|D0003.*D0001") as refusal, store.begin() as connection:
            save_donors(connection, SEALER, rows)
        assert not any(value in str(refusal.value) for value in (*EMMA.mandates, *EMMA.communications))
    with store.begin() as connection:
        assert [row.key for row in find_donors(connection, None)] == ["D0001"]
        save_donors(connection, SEALER, [donor("D0002", **link), replace(EMMA, mandates=(), communications=())])


# What lies on the disk


@pytest.mark.sqlite
def test_no_national_number_stands_in_the_file_or_beside_it(tmp_path: Path, store: Engine):
    path = tmp_path / "vault.sqlite3"
    with store.begin() as connection:
        save_donors(connection, SEALER, [EMMA])
    sheet = f'{{"name": "Exemple", "national_number": "{NUMBER}"}}'
    with store.begin() as connection:
        connection.exec_driver_sql("PRAGMA cache_size=1")  # spill: the journal holds what is in the work
        save_donors(connection, SEALER, [EMMA, *(donor(f"E{row}", national_number=NUMBER) for row in range(3000))])
        freeze_sheets(connection, SEALER, [(2025, 1, 1, sheet)])
        journals = [file for file in tmp_path.iterdir() if file.name.startswith("vault.sqlite3-")]
        assert journals
        for file in (path, *journals):
            assert NUMBER.encode() not in file.read_bytes()
            assert int(NUMBER).to_bytes(6) not in file.read_bytes()
    assert NUMBER.encode() not in path.read_bytes()
    assert b"national_number" in path.read_bytes(), "the column's name is there, so the file was really read"


@pytest.mark.sqlite
def test_a_name_taken_out_is_gone_from_the_file(tmp_path: Path, store: Engine):
    path = tmp_path / "vault.sqlite3"
    with store.begin() as connection:
        save_donors(connection, SEALER, [replace(EMMA, last_name="Vergissmeinnicht")])
    assert b"Vergissmeinnicht" in path.read_bytes()
    with store.begin() as connection:
        save_donors(connection, SEALER, [EMMA])
    assert b"Vergissmeinnicht" not in path.read_bytes()


# Links


def test_an_iban_of_two_donors_leads_to_nobody(connection: Connection):
    shared, own = "BE68539007547034", "BE71096123456769"
    save_donors(
        connection,
        SEALER,
        [donor("D1", ibans=(shared, own)), donor("D2", ibans=(shared,)), donor("D3", ibans=(shared,))],
    )
    assert load_links(connection).ibans == {shared: None, own: "D1"}


def test_an_iban_of_merged_donors_leads_to_the_one_that_remains(connection: Connection):
    shared = "BE68539007547034"
    rows = [
        donor("D1", ibans=(shared,), merged_into="D2", mandates=("M1",), communications=("010806817183",)),
        donor("D2", ibans=(shared,), merged_into="D3"),
        donor("D3", ibans=(shared,)),
    ]
    save_donors(connection, SEALER, rows)
    links = load_links(connection)
    assert links.ibans == {shared: "D3"}
    assert links.mandates == {"M1": "D3"}
    assert links.communications == {"010806817183": ("D3", None)}
    assert merged_keys(connection) == {"D1", "D2", "D3"}


def test_donors_merged_in_a_circle_end_nowhere_but_end(connection: Connection):
    rows = [
        donor("D1", merged_into="D2", mandates=("M1",)),
        donor("D2", merged_into="D1", mandates=("M2",)),
        donor("D3", merged_into="D3", mandates=("M3",)),
    ]
    save_donors(connection, SEALER, rows)
    assert load_links(connection).mandates == {"M1": "D1", "M2": "D1", "M3": "D3"}


# What stands behind documents and receipts


def test_counterparties_of_a_document_are_replaced_whole(connection: Connection):
    first = [Counterparty("coda-1", 1, "Emma", "BE1", "hello"), Counterparty("coda-1", 2, "Jan", "BE2", "")]
    save_counterparties(connection, [*first, Counterparty("coda-2", 1, "Jo", "BE3", "")])
    save_counterparties(connection, first[1:])
    found = all_counterparties(connection)
    assert found.keys() == {("coda-1", 2), ("coda-2", 1)}
    assert found["coda-1", 2] == first[1]
    save_counterparties(connection, [])
    assert all_counterparties(connection) == found


def test_sheets_are_read_by_number_and_those_never_numbered_are_dropped(connection: Connection):
    rows = [(2025, number, version, f"sheet {number}/{version}") for number in (3, 1, 2) for version in (2, 1)]
    freeze_sheets(connection, SEALER, [*rows, (2024, 9, 1, "other year")])
    assert sheet_years(connection) == [2024, 2025]
    assert drop_sheets_after(connection, 2025, 2) == 2
    assert drop_sheets_after(connection, 2025, 2) == 0
    assert list(frozen_sheets(connection, SEALER, 2025)) == [
        (1, 1, "sheet 1/1"),
        (1, 2, "sheet 1/2"),
        (2, 1, "sheet 2/1"),
        (2, 2, "sheet 2/2"),
    ]
    assert list(frozen_sheets(connection, SEALER, 2024)) == [(9, 1, "other year")]


def test_a_sheet_put_in_another_place_is_not_read(connection: Connection):
    freeze_sheets(connection, SEALER, [(2025, 1, 1, "sheet")])
    connection.exec_driver_sql("UPDATE frozen_sheet SET number = 2")
    with pytest.raises(KeyMissing, match="receipt 2025/2/1"):
        list(frozen_sheets(connection, SEALER, 2025))


# Links and pledges


def test_donors_come_with_all_their_links_when_asked_by_key(connection: Connection):
    other = donor("D0002", ibans=("BE11", "BE10"), mandates=("MNDT-3", "MNDT-2"), communications=("000000000202",))
    save_donors(connection, SEALER, [EMMA, other, donor("D0003")])
    found = whole_donors(connection, SEALER, ["D0001", "D0002", "D0009"])
    assert found == {
        "D0001": EMMA,
        "D0002": replace(other, ibans=("BE10", "BE11"), mandates=("MNDT-2", "MNDT-3")),
    }


def test_more_keys_than_a_statement_takes_are_looked_up_at_once(connection: Connection):
    save_donors(connection, SEALER, [donor("D0001"), donor("X")])
    wanted = [f"D{number:04d}" for number in range(300_000)]
    assert [one.key for one in find_donors(connection, None, wanted)] == ["D0001"]


def test_many_donors_are_found_as_few_are(connection: Connection):
    save_donors(connection, SEALER, [donor(f"D{number:04d}") for number in range(600)])
    few, many = ([f"D{number:04d}" for number in range(count)] for count in (500, 501))
    assert [one.key for one in find_donors(connection, SEALER, few)] == few
    assert [one.key for one in find_donors(connection, SEALER, many)] == many


def test_an_address_or_account_of_two_donors_leads_to_neither(connection: Connection):
    shared = {"email": " Family@Example.org ", "ibans": ("BE10",)}
    save_donors(
        connection,
        SEALER,
        [
            donor("D0001", **shared),
            donor("D0002", email="family@example.ORG", ibans=("BE10",)),
            donor("D0003", email="solo@example.org", ibans=("BE11",), national_number=NUMBER),
            donor("D0004"),
            donor("D0005", email="solo@example.org", merged_into="D0003", national_number="17073003384"),
        ],
    )
    assert load_emails(connection) == {"family@example.org": None, "solo@example.org": "D0003"}
    assert load_links(connection).ibans == {"BE10": None, "BE11": "D0003"}
    assert owners_of_ibans(connection) == {"BE10": {"D0001", "D0002"}, "BE11": {"D0003"}}
    assert owners_of_numbers(connection) == {SEALER.mark(NUMBER): "D0003"}


def test_an_address_of_three_donors_leads_to_none_of_them(connection: Connection):
    save_donors(connection, SEALER, [donor(f"D{number}", email="a@example.org") for number in (1, 2, 3)])
    assert load_emails(connection) == {"a@example.org": None}


def test_what_a_decision_taught_is_forgotten_with_it(connection: Connection):
    save_donors(connection, SEALER, [donor("D0001"), donor("D0002")])
    learn_ibans(connection, [("BE10", "D0001", "a:1"), ("BE11", "D0002", "a:2")])
    learn_ibans(connection, [("BE10", "D0001", "a:1"), ("BE10", "D0001", "b:1")])
    assert load_links(connection).ibans == {"BE10": "D0001", "BE11": "D0002"}
    forget_ibans(connection, ["a:1", "a:2", "a:2"])
    assert load_links(connection).ibans == {"BE10": "D0001"}, "another decision says so too"
    forget_ibans(connection, ["b:1"])
    assert load_links(connection).ibans == {}


def pledge(mandate: str = "MNDT-1", donor_key: str | None = "D0001", **more: Any) -> Pledge:
    values: dict[str, Any] = {
        "iban": "BE68539007547034",
        "holder": "E. Exemple",
        "signed": date(2024, 1, 2),
        "cents": 15_00,
        "months": 1,
        "first_due": date(2024, 2, 1),
    }
    return Pledge(mandate, donor_key, **(values | more))


def test_a_pledge_is_kept_whole_and_links_its_mandate(connection: Connection):
    save_donors(connection, SEALER, [EMMA, donor("D0002")])
    whole = pledge(
        "MNDT-2",
        "D0002",
        last_due=date(2025, 1, 1),
        state=PledgeState.SUSPENDED,
        reason="AM04",
        changed=date(2024, 5, 5),
    )
    save_pledges(connection, [whole, pledge(), pledge("MNDT-9", None)])
    assert all_pledges(connection) == [pledge(), whole, pledge("MNDT-9", None)]
    assert load_links(connection).mandates == {"MNDT-1": "D0001", "MNDT-2": "D0002"}
    assert pledged_mandates(connection, ["MNDT-2", "MNDT-2", "MNDT-5"]) == {"MNDT-2"}
    save_pledges(connection, [pledge(cents=20_00)])
    assert [one.cents for one in all_pledges(connection)] == [20_00, 15_00, 15_00]


def test_a_pledge_on_a_mandate_of_another_donor_is_refused(connection: Connection):
    save_donors(connection, SEALER, [EMMA, donor("D0002")])
    with pytest.raises(LinkTaken):
        save_pledges(connection, [pledge(donor_key="D0002")])


def test_a_failed_collection_changes_its_pledge_unless_a_person_decided_since(connection: Connection):
    days = [date(2025, 1, day) for day in (1, 2, 3)]
    save_donors(connection, SEALER, [EMMA])
    save_pledges(
        connection,
        [
            pledge(),
            pledge("MNDT-2", changed=days[1]),
            pledge("MNDT-3", changed=days[2]),
            pledge("MNDT-4", state=PledgeState.ENDED, reason="over"),
        ],
    )
    change_pledges(
        connection, [PledgeChange(f"MNDT-{number}", PledgeState.SUSPENDED, "MS02", days[1]) for number in (1, 2, 3, 4)]
    )
    assert [(one.state.value, one.reason, one.changed) for one in all_pledges(connection)] == [
        ("suspended", "MS02", days[1]),
        ("suspended", "MS02", days[1]),
        ("active", "", days[2]),
        ("ended", "over", None),
    ]
    change_pledges(
        connection,
        [PledgeChange("MNDT-1", PledgeState.ENDED, "MD07", days[2]), PledgeChange("MNDT-1", None, "AM04", days[1])],
    )
    first = all_pledges(connection)[0]
    assert (first.state, first.reason, first.changed) == (PledgeState.ENDED, "MD07", days[2]), "by day, not as told"
