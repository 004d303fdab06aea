"""The demonstration's gifts in kind: free premises, advertising space, services, goods and a set of computers.

`data/in_kind.csv` says how much each charge or asset receives in each year; the rows divide it. The givers are the
companies of the donor register that give in kind only.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from ledger.money import to_cents, to_decimal
from obole.demo.people import Person, Role
from obole.demo.records import split, stream, table
from obole.demo.workbook import Cell, write_workbook

_COLUMNS = (
    "reference", "date", "donor", "category", "description", "quantity", "unit_value", "value", "valuation",
    "valued_on", "evidence", "account", "project",
)  # fmt: skip


def write_in_kind(path: Path, year: int, donors: list[Person], seed: int) -> int:
    """Write the register of one year; the number of its rows."""
    givers = [donor.key for donor in donors if donor.role is Role.IN_KIND]
    return write_workbook(path, [("in-kind", _COLUMNS, list(_rows(year, givers, stream(seed, f"in-kind/{year}"))))])


def _rows(year: int, givers: list[str], random: Random) -> Iterator[tuple[Cell, ...]]:
    drawn: list[tuple[date, dict[str, str], int, int]] = []
    for kind, row in enumerate(table("in_kind")):
        count = int(row["rows"])
        total = to_cents(Decimal(row[f"y{year}"]))
        if not total:
            continue
        even = row["category"] == "premises"  # the same rent each month
        weights = [1.0 if even else random.uniform(0.4, 1.6) for _ in range(count)]
        for number, cents in enumerate(split(total, weights)):
            month = 1 + number * 12 // count
            day = date(year, month, 28 if even else random.randint(3, 27))
            drawn.append((day, row, cents, kind))
    drawn.sort(key=lambda one: (one[0], one[3]))
    for number, (day, row, cents, kind) in enumerate(drawn, 1):
        quantity = next(
            (size for size in (24, 12, 10, 6, 5) if row["category"] in {"goods", "equipment"} and cents % size == 0),
            None,
        )
        yield (
            f"NAT-{year}-{number:03d}",
            day,
            # Goods are left at the door now and then: no donor is known.
            "" if row["category"] == "goods" and number % 9 == 0 else givers[kind % len(givers)],
            row["category"],
            row["description"],
            quantity,
            to_decimal(cents // quantity) if quantity else None,
            to_decimal(cents),
            row["valuation"],
            day - timedelta(2),
            f"EV-{year}-{number:03d}",
            row["account"],
            None,
        )
