"""The reason of a failed direct debit and its mandate's fate: collect again, suspend, end, or correct an own error.

Table: data/return-fates.csv (reason codes of EPC173-14 through secondary summaries; what follows is the house's policy,
which `[collection.fates]` of obole.toml may change code by code).
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ledger.instalments import Fate

# A return that gives no reason is as soft as MS03; a refund without one is the debtor's wish, as MD06.
_UNSAID_RETURN, _UNSAID_REFUND = "MS03", "MD06"


def fate(reason: str | None, *, refund: bool = False, changed: Mapping[str, Fate] | None = None) -> Fate:
    """Return what follows for the mandate; a code that the table does not have is for a person to look at: suspend."""
    code = reason or (_UNSAID_REFUND if refund else _UNSAID_RETURN)
    if changed and code in changed:
        return changed[code]
    return fates().get(code, Fate.SUSPEND)


@cache
def fates() -> dict[str, Fate]:
    """Return the table: reason code -> fate."""
    source = files("importers") / "data" / "return-fates.csv"
    return {row["code"]: Fate(row["fate"]) for row in csv.DictReader(source.read_text(encoding="utf-8").splitlines())}
