"""The words that go into the books: each in the four languages, and none that would break a line."""

import pytest

from ledger.kinds import kind_word
from ledger.languages import LANGUAGES, speaking
from ledger.wording import NARRATIONS, word


@pytest.mark.parametrize("key", NARRATIONS)
def test_each_word_is_there_in_each_language(key: str):
    words = [word(key, language) for language in LANGUAGES]
    assert all(text and text.isprintable() and text == text.strip() for text in words)
    assert len(set(words)) == len(words)


def test_a_kind_is_named_in_the_language_asked_for_else_in_the_persons():
    with speaking("nl"):
        assert (kind_word("department"), kind_word("department", "fr")) == ("afdeling", "département")
        assert kind_word("something else", "fr") == "something else"
