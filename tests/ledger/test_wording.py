"""The words that go into the books: each in the four languages, and none that would break a line."""

import pytest

from ledger.languages import LANGUAGES
from ledger.wording import NARRATIONS, word


@pytest.mark.parametrize("key", NARRATIONS)
def test_each_word_is_there_in_each_language(key: str):
    words = [word(key, language) for language in LANGUAGES]
    assert all(text and text.isprintable() and text == text.strip() for text in words)
    assert len(set(words)) == len(words)
