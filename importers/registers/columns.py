"""The columns that several registers share: what a line carries beside its account; and how they tell their days."""

import re
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
REFUND_OF = SheetColumn("refund_of", "rembourse", "terugbetaald", "erstattet")

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


_GIFT = re.compile(r"(.*\S)\s*:\s*([1-9][0-9]{0,8})")


def gift_in(row: SheetRow) -> tuple[str, int] | None:
    """Return the gift that a row pays back, by document and line; None where it names none."""
    text = row.code(REFUND_OF.name)
    if not text:
        return None
    found = _GIFT.fullmatch(text)
    if found is None:
        message = _("column `{column}` names no gift; write its document and position, such as coda-current-2025-073:3")
        row.error(REFUND_OF.name, message)
        return None
    return found[1], int(found[2])
