"""Proof before a number is given: whether name and address of a donor can be printed and fit the envelope's window.

Most are told at a glance, by their letters and a generous measure of their width; the others are typeset once.
"""

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
    if _plain(donor):
        return ""
    return unprintable(Sheet(_YEAR, 1, 1, date(_YEAR + 1, 1, 31), issued_by, donor, 40_00, ""))


def unprintable(sheet: Sheet, images: Mapping[str, bytes] | None = None) -> str:
    """Return why a sheet cannot be printed, empty where it can; `images` are the pictures it names."""
    try:
        (Typesetter(images) if images else _typesetter()).render(sheet)
    except Unprintable as error:
        return error.reason
    return ""


def _plain(donor: Addressee) -> bool:
    """Tell at a glance that every letter is in the font and the lines fit the window."""
    lines = address_lines(donor)
    if not all(_in_font(unicodedata.normalize("NFC", text)) for text in (*lines, donor.last_name)):
        return False
    return sum(map(_rows, lines)) <= _LINES


def _in_font(text: str) -> bool:
    """Tell of Latin letters, as Western and Central Europe write them, that the font has them all."""
    return all(" " <= letter <= "~" or ("¡" <= letter <= "ž" and letter != "\u00ad") for letter in text)


def _rows(line: str) -> int:
    """Return at most how many rows a line takes in the window, at the smallest size."""
    words = [_ems(word) for word in line.split()]
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
