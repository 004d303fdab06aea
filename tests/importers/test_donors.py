"""The register of donors: golden cases, the numbers that identify, and what no message may tell."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registers import assert_case, cases, write_csv
from stdnum import iban
from stdnum.be import vat

from importers.registers import donors

# Official samples of the FPS Finance and of python-stdnum, recomputed.
NUMBERS = [
    ("85073003328", True),  # born 1985
    ("17073003384", True),  # born 2017: the check uses a leading 2
    ("99090999997", True),  # remainder 0 is written 97
    ("00000000128", True),  # neither month nor day known
    ("40000100133", True),  # month 00
    ("98472899765", True),  # BIS, sex known: month + 40
    ("01490700185", True),  # BIS, born 2001
    ("85073003329", False),
    ("12345678901", False),
]
ENTERPRISES = [
    ("0308357159", True),
    ("0886886638", True),
    ("0231907895", True),
    ("0428759497", True),
    ("0999999922", True),
    ("1000000021", True),
    ("0431150351", False),
    ("2403019261", False),
]


@pytest.mark.parametrize("folder", cases("donors"), ids=lambda folder: folder.name)
def test_the_case_reads_as_expected(folder: Path, tmp_path: Path) -> None:
    assert_case(donors, folder, tmp_path)


@pytest.mark.parametrize(("number", "valid"), NUMBERS)
def test_a_national_or_bis_number_is_known_by_its_check_digits(number: str, valid: bool, tmp_path: Path) -> None:
    text = f"donor;kind;last_name;national_number\nD0001;natural;Exemple;{number[:6]}-{number[6:9]}.{number[9:]}\n"
    file = donors.read(write_csv(tmp_path / "donors.csv", text))
    assert [row.national_number for row in file.rows] == ([number] if valid else [])


@pytest.mark.parametrize(("number", "valid"), ENTERPRISES)
def test_an_enterprise_number_is_known_by_its_check_digits(number: str, valid: bool, tmp_path: Path) -> None:
    assert vat.is_valid(number) is valid
    text = f"donor;kind;last_name;enterprise_number\nD0001;legal;Exemple;BE {number[:4]}.{number[4:7]}.{number[7:]}\n"
    file = donors.read(write_csv(tmp_path / "donors.csv", text))
    assert [row.enterprise_number for row in file.rows] == ([number] if valid else [])


@given(st.integers(0, 10**10 - 1), st.integers(0, 99))
def test_the_quick_check_of_a_belgian_iban_agrees_with_the_general_one(base: int, checked: int) -> None:
    number = f"{base:010d}{base % 97 or 97:02d}"
    right = f"BE{98 - int(number + '111400') % 97:02d}{number}"
    assert donors.valid_iban(right)
    assert iban.is_valid(right, check_country=False)
    other = f"BE{checked:02d}{number}"
    assert donors.valid_iban(other) is iban.is_valid(other, check_country=False)


@pytest.mark.parametrize("number", ["", "BE", "BE6853900754703", "BE685390075470341", "XX68539007547034"])
def test_what_has_not_the_form_of_an_iban_is_none(number: str) -> None:
    assert not donors.valid_iban(number)


def test_an_iban_of_a_bank_missing_from_the_list_of_bank_codes_is_valid() -> None:
    # The textbook example: right check digits, a bank code that is not given out.
    assert donors.valid_iban("BE68539007547034")


SECRETS = {
    "last_name": "Geheimnis",
    "first_name": "Verborgene",
    "street": "Rue Cachée 7",
    "email": "noe at example.org",
    "ibans": "BE68539007547035",
    "references": "010806817184",
    "national_number": "85073003329",
    "enterprise_number": "0431150351",
    "postcode": "99999999",
    "country": "Geheimland",
    "language": "Verborgen",
    "kind": "Geheimrat",
    "since": "Tag X geheim",
    "delivery": "Brieftaube",
    "donor": "Geheimnis",
    "mandates": "€",
}


def test_no_message_and_no_repr_tells_who_a_donor_is(tmp_path: Path) -> None:
    wrong = ";".join(SECRETS) + "\n" + ";".join(SECRETS.values()) + "\n"
    file = donors.read(write_csv(tmp_path / "donors.csv", wrong))
    assert len(file.faults) == 12
    # A file without headings: the first donor stands in their place.
    bare = donors.read(write_csv(tmp_path / "bare.csv", ";".join(SECRETS.values()) + "\n"))
    right = donors.read(write_csv(tmp_path / "right.csv", "donor;kind;last_name\nD0001;natural;Geheimnis\n"))
    assert right.rows[0].last_name == "Geheimnis"
    told = [str(fault) for fault in (*file.faults, *bare.faults)] + [repr(right), str(donors.describe(right))]
    assert len(told) >= 15
    assert not [text for text in told for secret in SECRETS.values() if secret in text]
