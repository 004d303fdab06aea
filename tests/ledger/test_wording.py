"""The words that go into the books: each in the four languages, and none that would break a line."""

import csv
from importlib.resources import files

import pytest

from ledger.chart import LANGUAGES
from ledger.wording import word

KEYS = [
    row["key"] for row in csv.DictReader((files("ledger") / "data" / "wording.csv").read_text("utf-8").splitlines())
]


@pytest.mark.parametrize("key", KEYS)
def test_each_word_is_there_in_each_language(key: str):
    words = [word(key, language) for language in LANGUAGES]
    assert all(text and text.isprintable() and text == text.strip() for text in words)
    assert len(set(words)) == len(words)


def test_no_word_is_there_twice():
    assert len(set(KEYS)) == len(KEYS)
