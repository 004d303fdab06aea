"""Whose language is spoken: the person's while it is asked for, a document's whoever reads it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.languages import LANGUAGES, N_, Catalogue, N_many, language_of, speaking, spoken


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("fr_BE.UTF-8", "fr"),
        ("nl-BE", "nl"),
        ("de", "de"),
        ("en_US.UTF-8", "en"),
        ("C", None),
        ("C.UTF-8", None),
        ("POSIX", None),
        ("sv_SE", None),
        ("", None),
        ("french", None),
    ],
)
def test_a_locale_is_one_of_four_languages_or_none(locale: str, language: str | None):
    assert language_of(locale) == language


def test_english_is_spoken_until_another_language_is_asked_for_and_after():
    assert spoken() == "en"
    with speaking("nl"):
        with speaking("de"):
            assert spoken() == "de"
        assert spoken() == "nl"
    assert spoken() == "en"


def test_one_thread_speaks_to_one_person():
    def asked(language: str) -> str:
        with speaking(language):
            return spoken()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(asked, LANGUAGES * 20)) == list(LANGUAGES * 20)


def test_no_other_language_is_spoken():
    with pytest.raises(ValueError, match="it is none of fr, nl, de, en"), speaking("it"):
        pass
    with pytest.raises(ValueError, match="it is none of fr, nl, de, en"):
        Catalogue("ledger").text_in("it", "Gifts")


def test_a_sentence_without_a_translation_is_said_in_english():
    with speaking("fr"):
        assert Catalogue("ledger").text("no such sentence") == "no such sentence"
        assert Catalogue("ledger").many("one dog", "{count} dogs", 2) == "{count} dogs"


def test_a_text_that_is_marked_stays_as_it_is():
    assert N_("a text") == "a text"
    assert N_many("one", "several") == ("one", "several")
