"""The columns that several registers share: what a line carries beside its account; and how they tell their days."""

from collections.abc import Iterable
from datetime import date

from importers.sheets.tabular import SheetColumn, SheetRow
from importers.words import _
from ledger.dimensions import LineKeys
from ledger.parties import is_party_key

PROJECT = SheetColumn("project", "projet", "project", "projekt")
DEPARTMENT = SheetColumn("department", "département", "afdeling", "abteilung")
FUND = SheetColumn("fund", "fonds", "fonds", "fonds")
DONOR = SheetColumn("donor", "donateur", "schenker", "spender")
PARTY = SheetColumn("party", "tiers", "derde", "partner")

DIMENSIONS = (PROJECT, DEPARTMENT, FUND)


def said_days(days: Iterable[date]) -> str:
    """Return the first and the last of some days, at least one, as a person reads them."""
    found = sorted(days)
    return _("{first} to {last}").format(first=found[0], last=found[-1])


def dimensions_in(row: SheetRow) -> LineKeys:
    """Return project, department and fund of a row."""
    return LineKeys(*(row.code(column.name) or None for column in DIMENSIONS))


def party_in(row: SheetRow) -> str | None:
    """Return the third party of a row; a fault of the row where it has not the form of a key."""
    key = row.code(PARTY.name).upper()
    if key and not is_party_key(key):
        row.error(
            PARTY.name,
            _("column `{column}` is not the key of a third party, such as S0012; write the key, never a name"),
        )
    return key or None
