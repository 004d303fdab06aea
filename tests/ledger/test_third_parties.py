"""Third parties in the vault: whole, by key, replaced by what is saved later."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import stores
from sqlalchemy import Connection

from ledger.parties import Party, PartyKind, is_party_key, keys_of_grant, unknown_party
from ledger.vault.parties import find_parties, known_parties, save_parties

PRINTER = Party(
    "S0012",
    (PartyKind.SUPPLIER, PartyKind.CUSTOMER),
    "Imprimerie Exemple",
    "Jeanne",
    "Rue de l'Essai 1",
    "1000",
    "Bruxelles",
    "FR",
    "nl",
    "BE68539007547034",
    "0403019261",
    30,
)
FUNDER = Party("F0001", (PartyKind.FUNDER,), "Fonds Exemple")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with stores.current().engine(tmp_path, "vault").begin() as opened:
        yield opened


@pytest.mark.usefixtures("stores")
def test_they_come_back_as_they_were_saved_by_key(connection: Connection):
    save_parties(connection, [PRINTER, FUNDER])
    assert list(find_parties(connection)) == [FUNDER, PRINTER]
    assert list(find_parties(connection, ["S0012", "S0012", "X99"])) == [PRINTER]
    assert list(find_parties(connection, [])) == []
    assert known_parties(connection, ["F0001", "X99"]) == {"F0001"}
    assert known_parties(connection, []) == set()


@pytest.mark.usefixtures("stores")
def test_one_saved_again_is_replaced_and_the_others_stay(connection: Connection):
    save_parties(connection, [PRINTER, FUNDER])
    moved = replace(PRINTER, municipality="Namur", payment_term=None)
    save_parties(connection, [moved])
    assert list(find_parties(connection)) == [FUNDER, moved]


@pytest.mark.parametrize("key", ["S0012", "ABC123456789", "F01", "D001"])
def test_a_key_is_letters_and_digits(key: str):
    assert is_party_key(key)


@pytest.mark.parametrize("key", ["", "S1", "ABCD12", "s0012", "D0001", "D123456789", "S0012x", "Fonds Exemple", "12"])
def test_a_name_or_the_key_of_a_donor_is_none(key: str):
    assert not is_party_key(key)


def test_the_funder_of_a_grant_is_a_party_where_a_key_stands_for_it():
    assert keys_of_grant("F0001", "P", "D", "wells") == ("P", "D", "wells", "F0001")
    assert keys_of_grant("Fonds Exemple", None, None, None) == (None, None, None, None)
    assert unknown_party("F0009").startswith("third party F0009 is not in the vault; ")
