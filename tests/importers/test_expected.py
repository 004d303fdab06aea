"""Which communications bear the reference of something sold."""

import pytest

from importers.deciding.expected import bears_any, telling

SOLD = telling(["GA-17", "GALA-26", "12", "2025", "GALA", "A1", "run 5/12"])


@pytest.mark.parametrize("text", ["GA-17", "billet ga 17", "2 x GALA 26, merci", "GA17+GA18", "RUN5-12"])
def test_a_reference_is_found_in_any_writing(text: str) -> None:
    assert bears_any(text, SOLD)


@pytest.mark.parametrize("text", ["GA-171", "DON GALA", "MERCI 2025", "12", "A1", "", "G", "NGALA260"])
def test_what_is_longer_or_says_nothing_is_none(text: str) -> None:
    assert not bears_any(text, SOLD)
    assert not bears_any(text, {})
