"""References that a payment is expected to bear, such as that of a ticket: found in what the payer wrote."""

import re
from collections.abc import Iterable, Mapping, Sequence

_SHORTEST = 3  # letters and digits of a reference: a shorter one is found by accident


def plain(text: str) -> str:
    """Return the letters and digits of a text, in upper case."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


def bears(said: str, reference: str) -> bool:
    """Return whether a text, plain, bears a reference, not as a part of a longer number."""
    wanted = plain(reference)
    if len(wanted) < _SHORTEST or not any(letter.isdigit() for letter in wanted):
        return False
    return re.search(rf"(?<!\d){re.escape(wanted)}(?!\d)", said) is not None


Expected = Mapping[str, Sequence[str]]  # references, plain, by their first letters


def telling(references: Iterable[str]) -> Expected:
    """Return the references, plain, that are not found by accident: with a letter and a digit, and long enough."""
    found: dict[str, list[str]] = {}
    for one in sorted({plain(reference) for reference in references}):
        if len(one) >= _SHORTEST and not one.isdigit() and not one.isalpha():
            found.setdefault(one[:_SHORTEST], []).append(one)
    return found


def bears_any(text: str, expected: Expected) -> bool:
    """Return whether a communication bears one of some references; thousands take no longer than one."""
    said = plain(text)
    begun = (expected.get(said[place : place + _SHORTEST], ()) for place in range(len(said)))
    return any(bears(said, one) for some in begun for one in some)
