"""OGM/VCS and RF: the check digits against python-stdnum, and what donors type."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649
from stdnum.be import ogm_vcs

from importers.bank import coda
from importers.bank.communications import compact_rf, find_ogm, find_references, find_rfs, valid_ogm, valid_rf

SAMPLE = Path(__file__).parents[2].parent / "shared/samples/coda/valid/ms_ing_2023_375_ogm_globalised.cod"

BASES = st.integers(0, 10**10 - 1)


def ogm(base: int) -> str:
    return f"{base:010d}{base % 97 or 97:02d}"


@pytest.mark.parametrize(
    "text", ["090933755493", "+++090/9337/55493+++", "***090/9337/55493***", "090/9337/55493", "0909 3375 5493"]
)
def test_the_same_number_is_valid_however_it_is_written(text: str):
    assert valid_ogm(text)


@pytest.mark.parametrize(
    "text",
    ["090933755492", "000000000000", "", "09093375549", "0909337554930", "09093375549x", "٠٩٠٩٣٣٧٥٥٤٩٣"],
    ids=["wrong digits", "zeros", "empty", "eleven", "thirteen", "a letter", "digits of another script"],
)
def test_what_is_no_ogm(text: str):
    assert valid_ogm(text) is False


def test_the_remainder_zero_is_written_97():
    assert valid_ogm("000000009797")  # 97 is 0 modulo 97
    assert not valid_ogm("000000009700")


@given(BASES, st.integers(0, 99))
def test_the_check_is_that_of_stdnum(base: int, check: int):
    digits = f"{base:010d}{check:02d}"
    assert valid_ogm(digits) == ogm_vcs.is_valid(digits)


@given(BASES)
def test_a_printed_number_is_found_again(base: int):
    number = ogm(base)
    assert find_ogm(f"don +++{ogm_vcs.format(number)}+++ merci") == (number, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DON +++090/9337/55493+++", ("090933755493", True)),
        ("DON ***090/9337/55493***", ("090933755493", True)),
        ("DON +++ 090/9337/55493 +++", ("090933755493", True)),
        ("DON 090/9337/55493", ("090933755493", True)),
        ("DON 090933755493 MERCI", ("090933755493", False)),
        ("DON 090 9337 55493", ("090933755493", False)),
        ("DON 090.9337.55493", ("090933755493", False)),
        ("010806817183 PUIS 090/9337/55493", ("090933755493", True)),  # explicit writing first, wherever it stands
        ("090/9337/55492 ET 010806817183", ("010806817183", False)),  # a wrong one does not hide a right one
    ],
)
def test_a_number_in_free_text_is_found(text: str, found: tuple[str, bool]):
    assert find_ogm(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DON DE MARS",
        "090/9337/55492",
        "1234567890123456",
        "BE47435000000080",
        "BE47 4350 0000 0080",  # an old account number has the same check digits as an OGM
        "0470 12 34 56 78 90 12",
    ],
)
def test_nothing_is_found_where_there_is_none(text: str):
    assert find_ogm(text) is None


@given(st.text())
def test_any_text_can_be_searched(text: str):
    found = find_ogm(text)
    assert found is None or ogm_vcs.is_valid(found.ogm)
    assert valid_rf(text) in (True, False)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the shared samples are not here")
def test_35_of_63_donors_typed_a_valid_number_as_free_text():
    movements = coda.read(SAMPLE).statements[0].movements
    typed = [movement for movement in movements if movement.parent and movement.structured is None]
    assert len(typed) == 63
    assert sum(find_ogm(movement.communication) is not None for movement in typed) == 35


# The example of ISO 11649 as python-stdnum documents it.
@pytest.mark.parametrize("text", ["RF18539007547034", "RF18 5390 0754 7034", "rf18 5390 0754 7034"])
def test_an_rf_reference_is_valid_with_or_without_spaces(text: str):
    assert valid_rf(text)
    assert compact_rf(text) == "RF18539007547034"


def test_what_may_be_rf_references_is_found_longest_first_and_each_once():
    assert find_rfs("RF18 5390 0754 7034 et rf18539007547034") == ("RF18539007547034",)
    assert find_rfs("RF18 5390 0754 7034" + " abcd" * 40) == ("RF18539007547034",)
    # The digits of this one pass the check of an OGM too, by accident: whoever issued it decides.
    assert find_references("+++090/9337/55493+++ RF18 5390 0754 7034") == (
        "090933755493", "539007547034", "RF18539007547034",
    )  # fmt: skip
    assert find_rfs("") == find_rfs("turf 18") == ()


@pytest.mark.parametrize("text", ["RF17539007547034", "RF18", "18539007547034", "RF18é", "RF18" + "1" * 22])
def test_what_is_no_rf_reference(text: str):
    assert not valid_rf(text)


@given(st.text("ABC0123456789", min_size=1, max_size=21), st.integers(0, 99))
def test_the_rf_check_is_that_of_stdnum(reference: str, check: int):
    text = f"RF{check:02d}{reference}"
    assert valid_rf(text) == iso11649.is_valid(text)
