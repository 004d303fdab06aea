"""The person's language on the command line: known before the first word is parsed, and spoken by click too.

`--lang` before the command decides, else OBOLE_LANG, else the language of the books, else that of the machine.
"""

import gettext
import os
import tomllib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import click

from ledger.folder import SETTINGS
from ledger.languages import LANGUAGES, SOURCE, catalogue_folder, language_of, speaking
from obole.words import _

LANGUAGE_CHOICE = click.Choice(LANGUAGES)

_Command = TypeVar("_Command", bound=click.Command)

_ROOM = "obole"


def language_for(words: Sequence[str], commands: Collection[str]) -> str:
    """Return the language to speak to who wrote `words` after `obole`; a wrong `--lang` is left for click to refuse."""
    before = next((index for index, word in enumerate(words) if word in commands), len(words))
    asked = [os.environ.get("OBOLE_LANG"), *_values(words[:before], "--lang")]
    for language in reversed(asked):
        if language in LANGUAGES:
            return str(language)
    books = next(reversed(_values(words, "--books")), None) or os.environ.get("OBOLE_BOOKS") or "."
    return _of_books(Path(books)) or _of_machine() or SOURCE


@contextmanager
def speaking_on_terminal(language: str) -> Iterator[None]:
    """Speak a language within the block, in our sentences and in click's own, which gettext looks up by LANGUAGE."""
    before = os.environ.get("LANGUAGE")
    gettext.bindtextdomain(_ROOM, str(catalogue_folder(_ROOM)))
    domain = gettext.textdomain()
    gettext.textdomain(_ROOM)
    os.environ["LANGUAGE"] = language
    try:
        with speaking(language):
            yield
    finally:
        gettext.textdomain(domain)
        if before is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = before


def document_language(asked: str | None, of_books: str) -> str:
    """Return the language of a document: as asked for it, else `obole --lang` where it was given, else the books'."""
    return asked or click.get_current_context().find_root().params["language"] or of_books


def in_words(command: _Command) -> _Command:
    """Return a copy of a command with its help and that of its options in the person's language."""
    told = copy(command)
    told._help_option = None  # noqa: SLF001 - click keeps the option, with its words, from the first time it was shown
    told.help = _(command.help) if command.help else command.help
    told.params = [_option(param) for param in command.params]
    if isinstance(told, click.Group):
        told.commands = {name: in_words(one) for name, one in told.commands.items()}
    return told


def _option(param: click.Parameter) -> click.Parameter:
    if not isinstance(param, click.Option) or not param.help:
        return param
    told = copy(param)
    told.help = _(param.help)
    return told


def _values(words: Sequence[str], option: str) -> list[str]:
    """Return the values given to an option, in their order."""
    found = []
    for word, following in pairwise([*words, ""]):
        if word == option:
            found.append(following)
        elif word.startswith(f"{option}="):
            found.append(word.removeprefix(f"{option}="))
    return found


def _of_books(folder: Path) -> str | None:
    try:
        settings = tomllib.loads((folder / SETTINGS).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):  # what is wrong with the settings is said where they are needed
        return None
    organisation = settings.get("organisation")
    if not isinstance(organisation, dict):
        return None
    return language_of(str(organisation.get("language", "fr")))


def _of_machine() -> str | None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return language_of(value)
    return None
