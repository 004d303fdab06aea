"""The demonstration's grants: the register `grants.xlsx` and the instalments on the bank, from `data/grants.toml`."""

import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ledger.money import to_cents
from obole.demo.coda_writer import CodaLine
from obole.demo.identifiers import BIC, belgian_iban
from obole.demo.records import Cash
from obole.demo.workbook import write_workbook

_GRANT = (
    "reference", "funder", "funder_kind", "contract", "title", "signed", "from", "to", "amount", "recognition", "fund",
    "project", "conditions",
)  # fmt: skip
_INSTALMENT = ("reference", "due", "amount", "kind")
_COST = ("reference", "date", "amount", "evidence")
_FUNDER_IBAN = 60  # the first account number of a funder


def write_grants(path: Path) -> int:
    """Write the register of both years; the number of its rows."""
    grants = _grants()
    return write_workbook(
        path,
        [
            ("grants", _GRANT, [_row(grant, _GRANT) for grant in grants]),
            (
                "instalments",
                _INSTALMENT,
                [_row(grant | part, _INSTALMENT) for grant in grants for part in grant["instalments"]],
            ),
            ("costs", _COST, [_row(grant | cost, _COST) for grant in grants for cost in grant.get("costs", ())]),
        ],
    )


def grant_receipts(year: int) -> Iterator[Cash]:
    """Yield the bank lines of the instalments paid in a year; the contract stands in the communication."""
    funders = sorted({grant["funder"] for grant in _grants()})
    for grant in _grants():
        for number, part in enumerate(grant["instalments"], 1):
            paid: date | None = part.get("paid")
            if paid is not None and paid.year == year:
                line = CodaLine(
                    to_cents(Decimal(part["amount"])),
                    "00150000",
                    f"{grant['communication']} TRANCHE {number}",
                    name=grant["funder"].upper()[:35],
                    iban=belgian_iban(_FUNDER_IBAN + funders.index(grant["funder"])),
                    bic=BIC,
                )
                yield Cash(paid, "current", line)


@cache
def _grants() -> list[dict[str, Any]]:
    text = (files("obole.demo") / "data" / "grants.toml").read_text(encoding="utf-8")
    grants: list[dict[str, Any]] = tomllib.loads(text)["grant"]
    return grants


def _row(values: dict[str, Any], columns: tuple[str, ...]) -> list[str | Decimal | date | None]:
    return [Decimal(values[name]) if name == "amount" else values.get(name) for name in columns]
