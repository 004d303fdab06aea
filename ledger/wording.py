"""The few words that go into the books themselves, in the language of the foundation."""

import csv
from functools import cache
from importlib.resources import files


@cache
def _words() -> dict[str, dict[str, str]]:
    text = (files("ledger") / "data" / "wording.csv").read_text(encoding="utf-8")
    return {row.pop("key"): row for row in csv.DictReader(text.splitlines())}


def word(key: str, language: str) -> str:
    """Return the narration `key` in fr, nl, de or en."""
    return _words()[key][language]
