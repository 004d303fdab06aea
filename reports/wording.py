"""The words of the reports besides the labels of accounts and lines, in French, Dutch, German and English."""

import csv
from functools import cache
from importlib.resources import files


@cache
def _words() -> dict[str, dict[str, str]]:
    text = (files("reports") / "data" / "wording.csv").read_text(encoding="utf-8")
    return {row.pop("key"): row for row in csv.DictReader(text.splitlines())}


def word(key: str, language: str, **values: str | int) -> str:
    """Return the words `key` in fr, nl, de or en, with their values put in: `word("statements", "fr", year=2025)`."""
    return _words()[key][language].format_map(values)
