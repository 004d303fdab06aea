"""The demonstration's third parties: the suppliers of `data/suppliers.csv` as the register `parties.xlsx`."""

from pathlib import Path

from obole.demo.operations import suppliers
from obole.demo.workbook import write_workbook

_COLUMNS = ("party", "kind", "name", "iban", "language", "payment_term")
_TERM = 30  # days


def write_parties(path: Path) -> int:
    """Write the register of third parties; the number of its rows."""
    every = sorted(one for some in suppliers().values() for one in some)
    rows = [(one.key, "supplier", one.name, one.iban, "fr", _TERM) for one in every]
    return write_workbook(path, [("parties", _COLUMNS, rows)])
