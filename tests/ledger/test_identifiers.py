"""National, BIS and enterprise numbers, creditor identifiers: against the published samples and their arithmetic."""

import csv
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import SHARED
from stdnum.be import vat
from stdnum.eu import at_02

from ledger.identifiers import valid_creditor_identifier, valid_enterprise_number, valid_national_number

VECTORS = SHARED / "facts" / "belcotax" / "checksum-test-vectors.csv"

# From the samples of the FPS Finance and of python-stdnum.
NATIONAL = [
    ("85073003328", True),  # born 1985
    ("17073003384", True),  # born 2017: the check uses a leading 2
    ("99090999997", True),  # remainder 0 is written 97
    ("00000000128", True),  # neither month nor day known
    ("40000100133", True),  # month 00: unknown, or the counter is used up
    ("98472899765", True),  # BIS, month 7 + 40
    ("01490700185", True),  # BIS, born 2001
    ("85073003329", False),
    ("12345678901", False),
    ("00000000000", False),
]


@pytest.mark.parametrize(("number", "valid"), NATIONAL)
def test_a_national_number_is_known_by_month_and_check_digits(number: str, valid: bool):
    assert valid_national_number(number) is valid


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared facts are not here")
def test_every_sample_of_the_facts_is_judged_as_they_say():
    with VECTORS.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["kind"] for row in rows} == {"NN", "BIS", "KBO"}
    for row in rows:
        check = valid_enterprise_number if row["kind"] == "KBO" else valid_national_number
        assert check(row["value"]) is (row["valid"] == "yes"), row


@pytest.mark.parametrize(
    "text",
    [
        *("", "8507300332", "850730033280", "85.07.30-033.28", " 85073003328", "85073003328\n", "8507300332x"),
        *("\u0668\u0665073003328", "8507300332\u00b2", "-5073003328"),
    ],
)
def test_only_eleven_plain_digits_are_a_number(text: str):
    assert valid_national_number(text) is False
    assert valid_enterprise_number(text) is False


@pytest.mark.parametrize("month", [13, 19, 33, 39, 53, 60, 72, 99])
def test_a_month_that_no_register_gives_is_refused_though_the_check_digits_are_right(month: int):
    body = 850030033 + month * 100_000
    assert valid_national_number(f"{body}{97 - body % 97:02d}") is False


def test_nobody_is_born_in_the_future():
    later = datetime.now(UTC).year + 1 - 2000
    body = later * 10_000_000 + 101_001
    assert valid_national_number(f"{body:09d}{97 - (2_000_000_000 + body) % 97:02d}") is False


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 999), st.sampled_from("129?"))
def test_national_numbers_are_judged_by_the_arithmetic_of_the_register(
    year: int, month: int, day: int, serial: int, how: str
):
    """IT 000: 97 less the nine digits modulo 97, with a 2 before them for those born from 2000."""
    body = ((year * 100 + month) * 100 + day) * 1000 + serial
    check = {"1": 97 - body % 97, "2": 97 - (2_000_000_000 + body) % 97, "9": 97, "?": serial % 100}[how]
    possible = serial and month in (*range(13), *range(20, 33), *range(40, 53))  # nobody is the 0th of a day
    before = check == 97 - body % 97
    later = check == 97 - (2_000_000_000 + body) % 97 and 2000 + year <= datetime.now(UTC).year
    assert valid_national_number(f"{body:09d}{check:02d}") is bool(possible and (before or later))


@given(st.integers(0, 2 * 10**7 - 1), st.integers(-2, 99))
def test_enterprise_numbers_are_judged_by_97_less_the_remainder(base: int, check: int):
    right = 97 - base % 97
    digits = right if check < 0 else check
    assert valid_enterprise_number(f"{base:08d}{digits:02d}") is (digits == right)


@pytest.mark.parametrize(("base", "check"), [(97, 0), (1, 96), (96, 1), (96, 98), (95, 99), (97, 97)])
def test_check_digits_that_are_right_modulo_97_only_are_refused(base: int, check: int):
    """python-stdnum takes each of them."""
    assert vat.is_valid(f"{base:08d}{check:02d}")
    assert valid_enterprise_number(f"{base:08d}{check:02d}") is (1 <= check <= 97)


def test_a_zero_that_was_lost_is_not_put_back_here():
    assert vat.is_valid("428759497")
    assert valid_enterprise_number("428759497") is False
    assert valid_enterprise_number("0428759497") is True


@pytest.mark.parametrize(
    "identifier", ["be68ZZZ0123456789", "BE68 ZZZ 0123456789", "BE68ZZZ0123456789\n", "DE98zzz09999999999"]
)
def test_a_creditor_identifier_has_no_separators(identifier: str):
    """python-stdnum takes them out."""
    assert at_02.is_valid(identifier)
    assert valid_creditor_identifier(identifier) is False


def test_a_belgian_creditor_identifier_holds_an_enterprise_number():
    """python-stdnum looks at the check digits alone."""
    assert at_02.is_valid("BE06ZZZ9861425548")
    assert valid_creditor_identifier("BE06ZZZ9861425548") is False
