"""Control signs in texts from outside: what a terminal, a sheet or a bank would obey instead of show.

A donor writes into a web form, a bank file or a register; an escape sequence there would colour or clear a terminal, a
mark of direction would turn a line round, and XML cannot hold most of them. They are taken out where texts come in, and
once more where they go out, because older books may hold some. Sources: Unicode 16, UAX #9 (marks of direction) and
UTR #36 section 3.6; ECMA-48 (control functions); XML 1.0, 2.2 (characters allowed).
"""

import unicodedata

# Format characters, halves of pairs, and what is no character at all: nothing stands there, so nothing is put there.
_NOTHING = frozenset({"Cf", "Cs"})
# Control characters and ends of lines and paragraphs: words stood on both sides.
_SPACE = frozenset({"Cc", "Zl", "Zp", "Zs"})


def one_line(text: str) -> str:
    """Return a text without control signs and marks of direction, each run of blanks one space, none around it."""
    if text.isprintable() and "  " not in text:  # nearly always; the only blank that is printable is the space
        return text.strip()
    return " ".join(_cleaned(text, "").split())


def plain(text: str) -> str:
    """Return a text without blanks around it, its blanks inside kept; without control signs as `one_line` gives it."""
    text = text.strip()
    return text if text.isprintable() else one_line(text)


def shown_text(text: str) -> str:
    """Return what goes to a terminal, its line ends and indentation kept, without control signs."""
    return text if text.isprintable() else _cleaned(text, "\n\t")


def cell_text(text: str) -> str:
    """Return what goes into the cell of a sheet, its line ends kept, without control signs."""
    return text if text.isprintable() else _cleaned(text, "\n\t\r")


def _cleaned(text: str, kept: str) -> str:
    return "".join(letter if letter.isprintable() or letter in kept else _instead(letter) for letter in text)


def _instead(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind in _SPACE:
        return letter if letter in "\u00a0\u202f" else " "
    if kind in _NOTHING or ord(letter) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(letter) <= 0xFDEF:  # noqa: PLR2004 - no characters
        return ""
    return letter
