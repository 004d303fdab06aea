"""Proof before a number is given: whether name and address of a donor can be printed and fit the envelope's window.

Most are told at a glance, by their letters and a generous measure of their width; the others are typeset once.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import cache

from receipts.paper.sheet import Addressee, Institution, Sheet
from receipts.paper.texts import address_lines
from receipts.paper.typeset import Typesetter, Unprintable

# The window takes six lines of the smallest letters, 76 mm wide: 26.9 em of 8 pt (receipt.typ of edition 2).
_LINES = 6
_EMS = 26.0
_YEAR = 2025  # of a sheet that is never kept
_WIDE = frozenset("WMmw@%&ŒÆœæ—–…‰")


def refusal(donor: Addressee, issued_by: Institution) -> str:
    """Return why a receipt to this donor could not be printed; empty where it can."""
    lines = address_lines(donor)
    fits = sum(map(_rows, lines)) <= _LINES
    if fits and _in_font(donor.last_name, *lines):
        return ""
    reason = unprintable(Sheet(_YEAR, 1, 1, date(_YEAR + 1, 1, 31), issued_by, donor, 40_00, ""))
    if not reason:
        # Printed once in these places, a letter is in the fonts of these places.
        _seen_in_names.update(filter(str.isalpha, _normal(donor.last_name)))
        _seen_in_lines.update(letter for line in lines for letter in _normal(line) if letter.isalpha())
    return reason


def unprintable(sheet: Sheet, images: Mapping[str, bytes] | None = None) -> str:
    """Return why a sheet cannot be printed, empty where it can; `images` are the pictures it names."""
    try:
        (Typesetter(images) if images else _typesetter()).render(sheet)
    except Unprintable as error:
        return error.reason
    return ""


# Latin letters, as Western and Central Europe write them, without the soft hyphen: the font has them all.
_LATIN = re.compile("[ -~¡-¬®-ž]*")
_seen_in_names: set[str] = set()
_seen_in_lines: set[str] = set()


def _in_font(name: str, *lines: str) -> bool:
    """Tell at a glance that every letter of a name and of the lines of an address is in the font."""
    return all(
        _LATIN.fullmatch(text) or all(_LATIN.fullmatch(letter) or letter in seen for letter in text)
        for text, seen in ((_normal(name), _seen_in_names), *((_normal(line), _seen_in_lines) for line in lines))
    )


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)


_SHORT, _SHORT_WORD = 27, 13  # letters that fit one row however wide they are


def _rows(line: str) -> int:
    """Return at most how many rows a line takes in the window, at the smallest size."""
    parts = line.split()
    if len(line) <= _SHORT and max(map(len, parts), default=0) <= _SHORT_WORD:
        return 1
    words = [_ems(word) for word in parts]
    longest = max(words, default=0.0)
    if longest > _EMS / 2:
        return _LINES + 1
    width = sum(words) + 0.3 * len(words)
    return 1 if width <= _EMS else 1 + int(width / (_EMS - longest))


def _ems(word: str) -> float:
    return sum(0.95 if letter in _WIDE else 0.7 if letter.isupper() else 0.6 for letter in word)


@cache
def _typesetter() -> Typesetter:
    return Typesetter()
