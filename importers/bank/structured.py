"""Readable text of the structured communications and information records of CODA, after a table of their fields.

The types that carry a reference or a mandate (100, 101, 102, 127, 001) are read by `importers.coda` itself; what
remains (cards, cheques, closings, amounts in another currency) is kept as text for people.
"""

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class StructuredField(NamedTuple):
    """One field of a structured communication; `kind` is text, amount (12 + 3), rate (4 + 8), sign or date (DDMMYY)."""

    label: str
    start: int
    end: int
    kind: str


def describe(kind: str, content: str) -> str:
    """Return the filled fields of a communication as `label value, label value`; its raw words for an unknown type.

    `kind` is the three-digit type, `content` what follows it.
    """
    fields = _layouts().get(kind)
    if fields is None:
        return " ".join(f"{kind}{content}".split())
    shown = [(field.label, _value(content[field.start : field.end], field.kind)) for field in fields]
    words = [f"{label} {value}".strip() for label, value in shown if value]
    rest = " ".join(content[fields[-1].end :].split())
    return ", ".join([*words, rest] if rest.strip("0 ") else words)


@cache
def _layouts() -> dict[str, tuple[StructuredField, ...]]:
    table: dict[str, tuple[StructuredField, ...]] = {}
    source = files("importers") / "data" / "coda-structured.csv"
    for row in csv.DictReader(source.read_text(encoding="utf-8").splitlines()):
        before = table.get(row["type"], ())
        start = before[-1].end if before else 0
        field = StructuredField(row["label"], start, start + int(row["length"]), row["kind"])
        table[row["type"]] = (*before, field)
    return table


def _value(raw: str, kind: str) -> str:
    text = " ".join(raw.split())
    if not text.strip("0 ,."):
        return ""
    read = _READERS.get(kind)
    return read(text) if read and text.isascii() and text.isdecimal() else text


def _iso(text: str) -> str:
    day, month, year = text[:2], text[2:4], text[4:]
    try:
        return date(2000 + int(year), int(month), int(day)).isoformat()
    except ValueError:
        return text


_READERS: dict[str, Callable[[str], str]] = {
    "amount": lambda text: f"{Decimal(text).scaleb(-3):f}".removesuffix("0"),
    "rate": lambda text: f"{Decimal(text).scaleb(-8):f}".rstrip("0").removesuffix("."),
    "date": _iso,
    "sign": lambda _: "debit",
}
