"""The words of the web pages in French, Dutch, German and English, read from the tables beside this module."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ledger.languages import LANGUAGES

LANGUAGE_NAMES = {"fr": "Français", "nl": "Nederlands", "de": "Deutsch", "en": "English"}


@cache
def words(table: str, language: str) -> Mapping[str, str]:
    """Every word of a table in one of LANGUAGES, by key; KeyError where one is not translated."""
    if language not in LANGUAGES:
        raise ValueError(f"{language} is none of {', '.join(LANGUAGES)}")
    text = (files("obole.pages") / f"{table}.toml").read_text(encoding="utf-8")
    return {key: translations[language] for key, translations in tomllib.loads(text).items()}
