"""Structured communications: the Belgian OGM/VCS (12 digits) and the RF creditor reference (ISO 11649).

A donor who types the number by hand leaves it in free text, in groups, with ornaments or none, or cut over two lines;
`find_ogm` brings it back and says how sure it is, `find_references` gives all of both kinds.
The check of an OGM is our own line of arithmetic (a year has half a million; python-stdnum is its oracle in the
tests), that of an RF reference is python-stdnum's. Source: Febelfin, Standard CODA 2.6; ISO 11649.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_LENGTH = 12


_ORNAMENTS = str.maketrans("", "", "+*/.- \u00a0")


# Digits as people type them, in groups of any length: blanks, slashes, points, dashes stand between, one or a few.
_BETWEEN = r"[ \u00a0/.,:_\u2010-\u2014-]{0,4}"


_TYPED = re.compile(rf"[0-9](?:{_BETWEEN}[0-9]){{11,}}")


# The documented order: what was printed as an OGM first, what only looks like one last.
_PRINTED = re.compile(rf"[+*]{{2,3}}\s*([0-9](?:{_BETWEEN}[0-9]){{11}})\s*[+*]{{2,3}}")


_SLASHED = re.compile(r"(?<![0-9])([0-9]{3}/[0-9]{4}/[0-9]{5})(?![0-9])")


# RF, two check digits, and the words behind them, as many as a reference may have letters and digits.
_RF = re.compile(rf"(?<![0-9A-Za-z])[Rr][Ff]{_BETWEEN}[0-9]{_BETWEEN}[0-9](?:{_BETWEEN}[0-9A-Za-z]+){{1,21}}")


_LONGEST_RF = 25  # RF, two check digits and 21 letters and digits (ISO 11649)


_WORDS = re.compile(r"[0-9A-Za-z]+")


_GROUP = re.compile(r"[0-9]+")


_NO_DIGITS = re.compile(r"[^0-9]+")


# What follows it are the digits of a Belgian account, fourteen: the last twelve always pass the check of an OGM.
_IBAN = re.compile(r"(?<![A-Za-z])[Bb][Ee] ?\Z")


_IBAN_DIGITS = 14


class FoundOgm(NamedTuple):
    """An OGM found in free text: its 12 digits, and whether the way it was written leaves no doubt.

    Not `certain`: 12 digits in a row pass the check by accident one time in 97, and a Belgian account number of the
    old form always does (same check digits); take such a one only if it was really issued.
    """

    ogm: str
    certain: bool


def valid_ogm(text: str) -> bool:
    """Return whether these are 12 digits of an OGM/VCS with right check digits, with or without `+++`, `***`, `/`."""
    digits = text if len(text) == _LENGTH else compact_ogm(text)
    if len(digits) != _LENGTH or not (digits.isdecimal() and digits.isascii()):
        return False
    base, check = divmod(int(digits), 100)
    return check == (base % 97 or 97)  # the remainder 0 is written 97, so that twelve zeros are none


def compact_ogm(text: str) -> str:
    """Return the number without its ornaments: `+++090/9337/55493+++` -> `090933755493`."""
    return text.translate(_ORNAMENTS)


def find_ogm(text: str) -> FoundOgm | None:
    """Return the first valid OGM of a free text, most explicit writing first; None where there is none."""
    return next(_found(text), None)


def find_ogms(text: str) -> tuple[FoundOgm, ...]:
    """Return every valid OGM of a free text, each once, most explicit writing first."""
    found: dict[str, FoundOgm] = {}
    for one in _found(text):
        found.setdefault(one.ogm, one)
    return tuple(found.values())


def find_references(text: str) -> tuple[str, ...]:
    """Return every OGM and RF reference of a free text whose check digits are right: whoever issued them decides."""
    return (*(one.ogm for one in find_ogms(text)), *find_rfs(text))


def find_rfs(text: str) -> tuple[str, ...]:
    """Return what may be RF references in a free text, compact, each once, the longest of those that begin together.

    People type them in small letters and groups of four; where one ends among the words behind it only its check digits
    say, and those of one that is too short or too long are right one time in 97.
    """
    if "rf" not in text.casefold():  # nearly all
        return ()
    found: dict[str, None] = {}
    for match in _RF.finditer(text):
        groups = _WORDS.findall(match[0])
        for count in range(len(groups), 0, -1):
            reference = "".join(groups[:count]).upper()
            if len(reference) <= _LONGEST_RF and valid_rf(reference):
                found[reference] = None
    return tuple(found)


def valid_rf(text: str) -> bool:
    """Return whether this is an RF creditor reference with right check digits (spaces and case do not matter)."""
    from stdnum import iso11649  # noqa: PLC0415 - few have one, and it brings a fifth of what a reading process loads

    return text.isascii() and bool(iso11649.is_valid(text))


def compact_rf(text: str) -> str:
    """Return the reference in capitals, without spaces: `RF18 5390 0754 7034` -> `RF18539007547034`."""
    return "".join(text.split()).upper()


def _found(text: str) -> Iterator[FoundOgm]:
    if _TYPED.search(text) is None:  # most texts are words
        return
    for pattern in (_PRINTED, _SLASHED):
        for match in pattern.finditer(text):
            number = _NO_DIGITS.sub("", match[1])
            if valid_ogm(number):
                yield FoundOgm(number, certain=True)
    for match in _TYPED.finditer(text):
        groups: Sequence[str] = _GROUP.findall(match[0])
        if _IBAN.search(text, 0, match.start()):
            groups = _after_account(groups)
        for number in _twelves(groups):
            if valid_ogm(number):
                yield FoundOgm(number, certain=False)


def _twelves(groups: Sequence[str]) -> Iterator[str]:
    """Yield the neighbouring groups that are twelve digits together: single ones first."""
    yield from (group for group in groups if len(group) == _LENGTH)
    for first, group in enumerate(groups):
        number = group
        for more in groups[first + 1 :]:
            if len(number) >= _LENGTH:
                break
            number += more
            if len(number) == _LENGTH:
                yield number


def _after_account(groups: Sequence[str]) -> Sequence[str]:
    """Return the groups that follow those of an account number, where it ends with one of them."""
    digits = 0
    for count, group in enumerate(groups, 1):
        digits += len(group)
        if digits == _IBAN_DIGITS:
            return groups[count:]
    return groups
