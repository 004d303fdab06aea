"""The few words that go into the books themselves, in the language of the foundation."""

import csv
from functools import cache
from importlib.resources import files


@cache
def _words() -> dict[str, dict[str, str]]:
    with (files("ledger") / "data" / "wording.csv").open(encoding="utf-8", newline="") as lines:
        return {row.pop("key"): row for row in csv.DictReader(lines)}


def word(key: str, language: str) -> str:
    """The narration `key` in fr, nl, de or en."""
    return _words()[key][language]
