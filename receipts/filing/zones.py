"""The zones of form 281.71 as data: element, length and order; and the country codes.

What writes a shipment and what reads it back both stand on this and on nothing else in common.
"""

import csv
import re
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

# r8010 and r9010 count the frame of head and totals too (official sample: 3 slips make 5 records).
FRAME: Final = 2


# "to be filled in at least 95 % of cases": XSD text of f2011, key MoreThan5PercentMissingNationalNumber.
MISSING_PERCENT: Final = 5


# Control characters, line and direction marks, and what XML cannot hold.
UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


class Zone(NamedTuple):
    """One element: how many characters fit, whether it must be there, whether it may be cut (and told), what it is."""

    element: str
    max_length: int
    required: bool
    cut: bool
    content: str


@cache
def fields(block: str) -> tuple[Zone, ...]:
    """Return the elements of a block (sender, institution, slip, totals, shipment) in the order of the schema."""
    return tuple(
        Zone(row["element"], int(row["max_length"]), row["required"] == "yes", row["overflow"] == "cut", row["content"])
        for row in _table("fields-28171.csv")
        if row["block"] == block
    )


@cache
def limits() -> dict[str, int]:
    """Return the greatest length of each element; the schema has them as remarks only (Belcotax-2024.xsd)."""
    return {row["element"]: int(row["max_length"]) for row in _table("fields-28171.csv")}


@cache
def countries() -> dict[str, str]:
    """Return codes by ISO country, annex 3 of the FPS brochure: the frequent ones, to be compared; not Belgium's."""
    return {row["iso2"]: row["code"] for row in _table("countries.csv")}


def _table(name: str) -> list[dict[str, str]]:
    text = (files("receipts") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
