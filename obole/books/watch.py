"""Find in a text what must stand nowhere but in the vault: names, IBANs, e-mail addresses, national numbers."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from importers.registers.donors import valid_iban
from ledger.identifiers import national_numbers_in
from ledger.vault.counterparties import legacy_names
from ledger.vault.donors import find_donors
from ledger.vault.parties import find_parties
from obole.books.opened import Books
from obole.words import _

# The part before @ has at most 64 characters (RFC 5321), without which a long text would be searched from each letter.
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+")


_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")


# What we name ourselves: a document by kind, year and the beginning of its SHA-256, that of a journal file at its head.
# Year and digits of such a name may be eleven that pass as a national number.
_OURS = re.compile(r"\b[a-z]{2,20}(?:-\w{1,40}){0,4}-[0-9]{4}-[0-9a-f]{8}(?![0-9A-Za-z])|(?<= )[0-9a-f]{16}$")


_WORD = re.compile(r"\w+")


# What stands before a surname: a letter alone is an initial, which its point tells from an elided word (L'Olivier).
_TITLES = frozenset(
    {
        *("monsieur", "madame", "mademoiselle", "mme", "mlle", "veuve", "famille", "consorts", "docteur"),
        *("meneer", "mevrouw", "mijnheer", "dhr", "mevr", "mw", "weduwe", "familie", "echtpaar", "dokter"),
        *("herr", "frau", "herrn", "witwe", "mr", "mrs", "ms", "dr", "mister", "family"),
    }
)
_INITIAL = re.compile(r"(?<![\w.'’])([^\W\d_])\.(?!\w)")
_MONSIEUR = "m"


_SHORTEST_IBAN = 15  # Norway; ISO 13616 registry


_Names = dict[str, set[tuple[str, ...]]]


# By the first word of a surname: its words, and the initials of who bears it.
_Surnames = dict[str, dict[tuple[str, ...], set[str]]]


class _VaultNames(NamedTuple):
    """The names of natural persons in the vault; of legacies those of testators and notaries."""

    donors: _Names
    parties: _Names
    legacies: _Names


# The names of the vault last looked at, with what its file was then: an import looks at fifty journals in a row.
_kept: dict[tuple[str, int, int], _VaultNames] = {}
_kept_surnames: dict[tuple[str, int, int], _Surnames] = {}


def _stamp(books: Books) -> tuple[str, int, int]:
    path = books.folder.vault
    return (str(path), path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else ("", 0, 0)


def _surnames_in_vault(books: Books) -> _Surnames:
    stamp = _stamp(books)
    if stamp not in _kept_surnames or not stamp[0]:
        found: _Surnames = {}
        with books.vault.connect() as connection:
            for one in find_donors(connection, None):
                first, last = _words(one.first_name), _words(one.last_name)
                if first and last:
                    found.setdefault(last[0], {}).setdefault(last, set()).add(first[0][0])
        _kept_surnames.clear()
        _kept_surnames[stamp] = found
    return _kept_surnames[stamp]


def _names_in_vault(books: Books) -> _VaultNames:
    stamp = _stamp(books)
    if stamp not in _kept or not stamp[0]:
        with books.vault.connect() as connection:
            names = _VaultNames(
                _names((donor.first_name, donor.last_name) for donor in find_donors(connection, None)),
                _names((party.first_name, party.name) for party in find_parties(connection)),
                _names(
                    _halves(name) for one in legacy_names(connection).values() for name in (one.name, one.communication)
                ),
            )
        _kept.clear()
        _kept[stamp] = names
    return _kept[stamp]


class Watch:
    """Looks for personal data in texts that go into the books; what is the foundation's own is none."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._names = _names_in_vault(books)
        self._own = {books.config.organisation.email} | {bank.iban for bank in books.config.bank}

    def problem(self, text: str) -> str | None:
        """Return what is wrong with a text, and what to do; never what it says. None where nothing is."""
        text = _OURS.sub(" ", text)
        if (named := self.named(text)) is not None:
            return named
        if any(found not in self._own for found in _EMAIL.findall(text)):
            return _("an e-mail address stands here; remove it")
        if any(found not in self._own for found in ibans_in(text)):
            return _("an IBAN stands here; remove it")
        if national_numbers_in(text):
            return _("a national number stands here; remove it")
        return None

    def may_name(self, text: str) -> bool:
        """Return whether a text has the surname of a donor behind a title, or beside the initial of who bears it.

        A surname alone is none: it is a common word, or the name of a shop, too often.
        """
        words = _words(text)
        initials = {one for found in _INITIAL.finditer(text) for one in _words(found[1])}
        titles = _TITLES | (initials & {_MONSIEUR})
        if not initials and titles.isdisjoint(words):
            return False
        surnames = _surnames_in_vault(self._books)
        for place, word in enumerate(words):
            before = words[place - 1] if place else ""
            for name, borne in surnames.get(word, {}).items():
                there = words[place : place + len(name)] == name
                if there and (before in titles or borne & initials & {before, *words[place + len(name) :][:1]}):
                    return True
        return False

    def named(self, text: str) -> str | None:
        """Return that a text names somebody of the vault, and what to do; None where it does not."""
        if _names_in(text, self._names.donors):
            return _("the name of a donor stands here; replace it by the donor key")
        if _names_in(text, self._names.parties):
            return _("the name of a third party stands here; replace it by their key")
        if _names_in(text, self._names.legacies):
            return _("the name of a testator or notary stands here; replace it by the key of the legacy")
        return None


def _words(text: str) -> tuple[str, ...]:
    """Return the words of a text without case and accents."""
    plain = unicodedata.normalize("NFKD", text)
    return tuple(_WORD.findall("".join(one for one in plain if not unicodedata.combining(one)).casefold()))


def _halves(name: str) -> tuple[str, str]:
    """Return the first word of a whole name, and the others."""
    first, _blank, others = name.strip().partition(" ")
    return first, others


def _names(people: Iterable[tuple[str, str]]) -> dict[str, set[tuple[str, ...]]]:
    """Return the names of natural persons in both orders, as words, by their first word."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for person in people:
        first, last = map(_words, person)
        if first and last:
            for name in (first + last, last + first):
                found.setdefault(name[0], set()).add(name)
    return found


def _names_in(line: str, names: Mapping[str, set[tuple[str, ...]]]) -> bool:
    words = _words(line)
    return any(
        words[place : place + len(name)] == name for place, word in enumerate(words) for name in names.get(word, ())
    )


def ibans_in(line: str) -> Iterator[str]:
    """Yield what is an IBAN, alone or with other words behind it."""
    for found in _IBAN.findall(line.upper()):
        compact = re.sub(r"\s", "", found)
        for length in range(_SHORTEST_IBAN, len(compact) + 1):
            if valid_iban(compact[:length]):
                yield compact[:length]
