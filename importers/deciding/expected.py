"""References that a payment is expected to bear, such as that of a ticket: found in what the payer wrote."""

import re
from collections.abc import Iterable

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


def telling(references: Iterable[str]) -> tuple[str, ...]:
    """Return the references, plain, that are not found by accident: with a letter and a digit, and long enough."""
    wanted = {plain(reference) for reference in references}
    return tuple(sorted(one for one in wanted if len(one) >= _SHORTEST and not one.isdigit() and not one.isalpha()))


def bears_any(text: str, expected: Iterable[str]) -> bool:
    """Return whether a communication bears one of some references that `telling` returned."""
    said = plain(text)
    return any(one in said and bears(said, one) for one in expected)
