"""The register of third parties, by golden cases; and that no key holds a name."""

from pathlib import Path

import pytest
from registers import assert_case, cases

from importers.registers import parties
from ledger.parties import is_party_key


@pytest.mark.parametrize("folder", cases("parties"), ids=lambda folder: folder.name)
def test_the_case_reads_as_expected(folder: Path, tmp_path: Path) -> None:
    assert_case(parties, folder, tmp_path)


@pytest.mark.parametrize("key", ["S0012", "S12", "FUN123456789", "D12", "DA0001"])
def test_a_key_is_letters_and_digits(key: str) -> None:
    assert is_party_key(key)


@pytest.mark.parametrize(
    "key", ["D0001", "D123456789", "S1", "SUPP0001", "0012", "s0012", "S0012 ", "S0012\n", "DUPONT"]
)
def test_a_donor_key_and_a_word_are_none(key: str) -> None:
    assert not is_party_key(key)


def test_no_message_and_no_repr_holds_more_than_the_key() -> None:
    file = parties.read(Path(__file__).parent / "cases" / "parties" / "dutch-headings" / "source.csv")
    assert [repr(row) for row in file.rows] == [
        "PartyRow(S0012, row 2)",
        "PartyRow(C07, row 3)",
        "PartyRow(S13, row 4)",
    ]
