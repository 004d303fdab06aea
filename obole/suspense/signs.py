"""Signs in the communication of a line: whether it bears a reference."""

import re

_SHORTEST = 3  # letters and digits of a reference: a shorter one is found by accident


def bears(said: str, reference: str) -> bool:
    """Return whether a compact communication bears a reference, not as a part of a longer number."""
    wanted = compact(reference)
    if len(wanted) < _SHORTEST or not any(letter.isdigit() for letter in wanted):
        return False
    return re.search(rf"(?<!\d){re.escape(wanted)}(?!\d)", said) is not None


def compact(text: str) -> str:
    """Return the letters and digits of a text, in capitals."""
    return "".join(letter for letter in text.upper() if letter.isalnum())
