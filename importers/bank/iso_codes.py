"""From the bank transaction codes of ISO 20022 (domain, family, sub-family) to the operations of CODA.

Only where a bank gives no Belgian code of its own; what no row knows is the undefined operation, which goes to review.
Table: data/iso-codes.csv (ISO external code list; `*` stands for any). Its most particular row holds.
"""

import csv
from functools import cache
from importlib.resources import files

_ANY = "*"


@cache
def operation(domain: str, family: str, subfamily: str, side: str) -> str:
    """Return family and transaction of CODA: `PMNT RCDT ESCT CRDT` -> `0150`; unknown: `3089` or `3039`."""
    table = _table()
    for key in (
        (domain, family, subfamily),
        (domain, _ANY, subfamily),  # charges and interest are told by their sub-family, wherever they stand
        (_ANY, _ANY, subfamily),
        (domain, family, _ANY),
        (domain, _ANY, _ANY),
    ):
        found = table.get((*key, side)) or table.get((*key, _ANY))
        if found:
            return found
    return table[_ANY, _ANY, _ANY, side]


@cache
def _table() -> dict[tuple[str, str, str, str], str]:
    source = files("importers") / "data" / "iso-codes.csv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return {(row["domain"], row["family"], row["subfamily"], row["side"]): row["operation"] for row in rows}
