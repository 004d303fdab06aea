"""Structured communications: the Belgian OGM/VCS (12 digits) and the RF creditor reference (ISO 11649).

A donor who types the number by hand leaves it in free text; `find_ogm` brings it back and says how sure it is.
The check of an OGM is our own line of arithmetic (a year has half a million; python-stdnum is its oracle in the
tests), that of an RF reference is python-stdnum's. Source: Febelfin, Standard CODA 2.6; ISO 11649.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LENGTH = 12


_ORNAMENTS = str.maketrans("", "", "+*/. \u00a0")


# The documented order: what was printed as an OGM first, what only looks like one last.
_PRINTED = re.compile(r"[+*]{3}\s*([0-9]{3})[/ .]?([0-9]{4})[/ .]?([0-9]{5})\s*[+*]{3}")


_SLASHED = re.compile(r"(?<![0-9])([0-9]{3})/([0-9]{4})/([0-9]{5})(?![0-9])")


_BARE = re.compile(r"(?<![0-9])([0-9]{12})(?![0-9])")


# A longer run, such as the digits of an IBAN in groups of four, is none.
_SPACED = re.compile(r"(?<![0-9])(?<![0-9][ .])([0-9](?:[ .]?[0-9]){11})(?![ .]?[0-9])")


# What each of them needs, looked for once.
_POSSIBLE = re.compile(r"[0-9][0-9/ .]{11}")


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


def format_ogm(ogm: str) -> str:
    """Return as printed: `090933755493` -> `+++090/9337/55493+++`; ValueError where the check digits are wrong."""
    if not valid_ogm(ogm):
        raise ValueError("not a structured communication: 12 digits with check digits modulo 97 are needed")
    digits = compact_ogm(ogm)
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


def find_ogm(text: str) -> FoundOgm | None:
    """Return the first valid OGM of a free text, most explicit writing first; None where there is none."""
    if _POSSIBLE.search(text) is None:  # most texts are words
        return None
    for candidate, certain in _candidates(text):
        if valid_ogm(candidate):
            return FoundOgm(candidate, certain)
    return None


def valid_rf(text: str) -> bool:
    """Return whether this is an RF creditor reference with right check digits (spaces and case do not matter)."""
    from stdnum import iso11649  # noqa: PLC0415 - few have one, and it brings a fifth of what a reading process loads

    return text.isascii() and bool(iso11649.is_valid(text))


def compact_rf(text: str) -> str:
    """Return the reference in capitals, without spaces: `RF18 5390 0754 7034` -> `RF18539007547034`."""
    return "".join(text.split()).upper()


def _candidates(text: str) -> Iterator[tuple[str, bool]]:
    for pattern in (_PRINTED, _SLASHED):
        for match in pattern.finditer(text):
            yield "".join(match.groups()), True
    for pattern in (_BARE, _SPACED):
        for match in pattern.finditer(text):
            yield match[1].translate(_ORNAMENTS), False
