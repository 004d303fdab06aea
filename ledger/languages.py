"""The language that is spoken: the person's, which messages and help are in, and the catalogues of the rooms.

English sentences are the keys of the catalogues (gettext): each room has its own below `locale/` and hands its words on
in a module `words.py`. Text of a document (a report, a narration) names its language; it need not be the person's.
"""

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.resources import files
from pathlib import Path

LANGUAGES = ("fr", "nl", "de", "en")
SOURCE = "en"  # what the sentences are written in, and what is spoken while nobody said otherwise

_spoken: ContextVar[str] = ContextVar("spoken", default=SOURCE)


def spoken() -> str:
    """Return the language of the person: one of LANGUAGES."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak one of LANGUAGES to the person within the block; ValueError for any other."""
    token = _spoken.set(_known(language))
    try:
        yield
    finally:
        _spoken.reset(token)


def speak(language: str) -> None:
    """Speak one of LANGUAGES from now on: for a process of its own that works for a person."""
    _spoken.set(_known(language))


def language_of(locale: str) -> str | None:
    """Return the language of a locale's name (`nl_BE.UTF-8` -> nl), or None where it is none of LANGUAGES."""
    language = locale.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return language if language in LANGUAGES else None


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text that is translated where it is shown; return it as it is."""
    return message


def N_many(one: str, several: str) -> tuple[str, str]:  # noqa: N802
    """Mark the two forms of a text that is translated where it is shown; return them as they are."""
    return one, several


class Catalogue:
    """The words of one room, read once per language when first asked for."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._read: dict[str, gettext.NullTranslations] = {}

    def text(self, message: str) -> str:
        """Return a message in the language of the person."""
        return self._in(_spoken.get()).gettext(message)

    def many(self, one: str, several: str, count: int) -> str:
        """Return the form of a message that fits a count, in the language of the person."""
        return self._in(_spoken.get()).ngettext(one, several, count)

    def text_in(self, language: str, message: str) -> str:
        """Return the text of a document in one of LANGUAGES, whoever reads it; ValueError for any other."""
        return self._in(language).gettext(message)

    def many_in(self, language: str, one: str, several: str, count: int) -> str:
        """Return the form of a document's text that fits a count."""
        return self._in(language).ngettext(one, several, count)

    def _in(self, language: str) -> gettext.NullTranslations:
        read = self._read.get(language)
        if read is None:
            read = self._read[language] = _read(self._package, _known(language))
        return read


def catalogue_folder(package: str) -> Path:
    """Return where the catalogues of a room lie: `<language>/LC_MESSAGES/<package>.po`, and `.mo` beside it."""
    return Path(str(files(package))) / "locale"


def _read(package: str, language: str) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    path = catalogue_folder(package) / language / "LC_MESSAGES" / f"{package}.mo"
    with path.open("rb") as source:
        return gettext.GNUTranslations(source)


def _known(language: str) -> str:
    if language not in LANGUAGES:
        raise ValueError(f"{language} is none of {', '.join(LANGUAGES)}")
    return language
