"""Amounts in words: a table checked by hand, and num2words where it is right."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from num2words import num2words

from receipts.paper.words import LARGEST, in_words

EUROS = {
    "fr": {
        0: "zéro euro",
        1: "un euro",
        21: "vingt et un euros",
        70: "septante euros",
        71: "septante et un euros",
        72: "septante-deux euros",
        80: "quatre-vingts euros",
        81: "quatre-vingt-un euros",
        90: "nonante euros",
        91: "nonante et un euros",
        99: "nonante-neuf euros",
        150: "cent cinquante euros",
        200: "deux cents euros",
        201: "deux cent un euros",
        280: "deux cent quatre-vingts euros",
        1_000: "mille euros",
        1_100: "mille cent euros",
        80_000: "quatre-vingt mille euros",
        200_000: "deux cent mille euros",
        280_080: "deux cent quatre-vingt mille quatre-vingts euros",
        1_000_000: "un million d'euros",
        1_000_001: "un million un euros",
        80_000_000: "quatre-vingts millions d'euros",
        200_000_000: "deux cents millions d'euros",
        200_200_200: "deux cents millions deux cent mille deux cents euros",
    },
    "nl": {
        0: "nul euro",
        1: "één euro",
        21: "eenentwintig euro",
        22: "tweeëntwintig euro",
        70: "zeventig euro",
        71: "eenenzeventig euro",
        80: "tachtig euro",
        81: "eenentachtig euro",
        90: "negentig euro",
        93: "drieënnegentig euro",
        101: "honderdeen euro",
        150: "honderdvijftig euro",
        200: "tweehonderd euro",
        201: "tweehonderdeen euro",
        280: "tweehonderdtachtig euro",
        1_000: "duizend euro",
        1_001: "duizend één euro",
        1_100: "duizend honderd euro",
        21_500: "eenentwintigduizend vijfhonderd euro",
        200_000: "tweehonderdduizend euro",
        1_000_000: "één miljoen euro",
        2_300_400: "twee miljoen driehonderdduizend vierhonderd euro",
    },
    "de": {
        0: "null Euro",
        1: "ein Euro",
        16: "sechzehn Euro",
        17: "siebzehn Euro",
        30: "dreißig Euro",
        71: "einundsiebzig Euro",
        80: "achtzig Euro",
        101: "einhundertein Euro",
        150: "einhundertfünfzig Euro",
        200: "zweihundert Euro",
        280: "zweihundertachtzig Euro",
        1_000: "eintausend Euro",
        1_100: "eintausendeinhundert Euro",
        200_000: "zweihunderttausend Euro",
        501_698: "fünfhunderteintausendsechshundertachtundneunzig Euro",
        1_000_000: "eine Million Euro",
        2_000_001: "zwei Millionen ein Euro",
    },
    "en": {
        0: "zero euros",
        1: "one euro",
        21: "twenty-one euros",
        150: "one hundred and fifty euros",
        201: "two hundred and one euros",
        1_000: "one thousand euros",
        1_001: "one thousand and one euros",
        1_100: "one thousand one hundred euros",
        200_000: "two hundred thousand euros",
        1_000_000: "one million euros",
    },
}
CENTS = {
    ("fr", 15_050): "cent cinquante euros et cinquante cents",
    ("fr", 4_001): "quarante euros et un cent",
    ("fr", 100_000_080): "un million d'euros et quatre-vingts cents",
    ("fr", 50): "cinquante cents",
    ("nl", 15_050): "honderdvijftig euro en vijftig cent",
    ("nl", 101): "één euro en één cent",
    ("de", 15_050): "einhundertfünfzig Euro und fünfzig Cent",
    ("de", 101): "ein Euro und ein Cent",
    ("en", 15_050): "one hundred and fifty euros and fifty cents",
    ("en", 101): "one euro and one cent",
    ("fr", LARGEST): "neuf cent nonante-neuf millions neuf cent nonante-neuf mille neuf cent nonante-neuf euros "
    "et nonante-neuf cents",
}
FRENCH_TEENS = ("onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf")
FRENCH_UNITS = ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")


@pytest.mark.parametrize(
    ("language", "euros", "words"),
    [(lang, euros, words) for lang, rows in EUROS.items() for euros, words in rows.items()],
)
def test_euros_are_spelt_as_a_clerk_would(language: str, euros: int, words: str) -> None:
    assert in_words(100 * euros, language) == words


@pytest.mark.parametrize(("language", "cents"), CENTS)
def test_cents_follow_the_euros(language: str, cents: int) -> None:
    assert in_words(cents, language) == CENTS[language, cents]


numbers = st.one_of(st.integers(0, 2_000), st.integers(0, 999_999), st.integers(0, LARGEST // 100))


def french(euros: int) -> None:
    assert in_words(100 * euros, "fr").replace(" d'", " ").removesuffix("s") == f"{_belgian(euros)} euro"


def dutch(euros: int) -> None:
    oracle = str(num2words(euros, lang="nl"))
    spaced = re.sub(r"duizend(?=\S)", "duizend ", oracle).replace("éé", "ee")
    words = " ".join("één" if word == "een" else word for word in spaced.split())
    assert in_words(100 * euros, "nl") == f"{words} euro"


def german(euros: int) -> None:
    oracle = re.sub("eins($|tausend| Mill)", r"ein\1", str(num2words(euros, lang="de")))
    assert in_words(100 * euros, "de") == f"{oracle} Euro"


def english(euros: int) -> None:
    oracle = str(num2words(euros, lang="en")).replace(",", "")
    assert in_words(100 * euros, "en").removesuffix("s") == f"{oracle} euro"


WORDS = {"french": french, "dutch": dutch, "german": german, "english": english}


@given(numbers, st.sampled_from(sorted(WORDS)))
@settings(max_examples=400)
def test_words_are_those_of_num2words_where_it_is_right(euros: int, of: str) -> None:
    """French with Belgian seventies and nineties, Dutch with its missing space, German with its `eins` mended."""
    WORDS[of](euros)


# Each word for itself, and each place where hundreds, thousands and millions meet.
_BELOW = (0, 1, 2, 11, 21, 71, 80, 81, 91, 99, 100, 101, 180, 199, 200, 201, 280, 999)
EVERY = (
    *range(1, 1_001),
    *(thousands * 1_000 + units for thousands in _BELOW[1:] for units in _BELOW),
    *(
        millions * 1_000_000 + rest
        for millions in (1, 2, 21, 80, 101, 200, 999)
        for rest in (0, 1, 99, 1_000, 80_080, 200_000)
    ),
)


@pytest.mark.parametrize("of", ["french", "dutch", "german", "english"])
def test_every_place_of_a_number_is_as_num2words_has_it(of: str) -> None:
    for euros in EVERY:
        WORDS[of](euros)


@pytest.mark.parametrize(("cents", "fr", "nl", "de", "en"), [
    (1, "un cent", "één cent", "ein Cent", "one cent"),
    (2, "deux cents", "twee cent", "zwei Cent", "two cents"),
    (101, "un euro et un cent", "één euro en één cent", "ein Euro und ein Cent", "one euro and one cent"),
    (202, "deux euros et deux cents", "twee euro en twee cent", "zwei Euro und zwei Cent", "two euros and two cents"),
    (0, "zéro euro", "nul euro", "null Euro", "zero euros"),
])  # fmt: skip
def test_one_is_one_and_two_are_several(cents: int, fr: str, nl: str, de: str, en: str) -> None:
    assert [in_words(cents, language) for language in ("fr", "nl", "de", "en")] == [fr, nl, de, en]


@pytest.mark.parametrize("language", EUROS)
def test_no_two_amounts_read_alike(language: str) -> None:
    seen = {in_words(cents, language) for cents in range(0, 3_000_000, 37)}
    assert len(seen) == len(range(0, 3_000_000, 37))


@pytest.mark.parametrize(("cents", "language"), [(-1, "fr"), (LARGEST + 1, "nl"), (100, "it")])
def test_what_cannot_be_spelt_is_refused(cents: int, language: str) -> None:
    with pytest.raises(ValueError, match="in words"):
        in_words(cents, language)


def _belgian(euros: int) -> str:
    """num2words' French, whose seventies and nineties count on from sixty and eighty."""
    teens = list(zip(FRENCH_TEENS, FRENCH_UNITS, strict=True))
    seventies = {f"soixante-{teen}": f"septante-{unit}" for teen, unit in teens}
    nineties = {f"quatre-vingt-{teen}": f"nonante-{unit}" for teen, unit in teens}
    tens = {"soixante-dix": "septante", "quatre-vingt-dix": "nonante"}
    ones = {"soixante et onze": "septante et un", "quatre-vingt-onze": "nonante et un"}
    words = str(num2words(euros, lang="fr"))
    for french, belgian in (seventies | nineties | tens | ones).items():
        words = re.sub(rf"\b{french}(?![-\w])", belgian, words)
    return words
