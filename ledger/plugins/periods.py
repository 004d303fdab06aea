"""A sealed year does not change: each file of it is what it was, and no entry of it stands anywhere else.

`plugin "ledger.plugins.periods" "seals"`. The folder holds one `<year>.json` per closed year (ledger.seals).
"""

from pathlib import Path
from typing import Any, NamedTuple

from beancount.core import data

from ledger.seals import read_seals, seal_faults

__plugins__ = ("check_periods",)


class PeriodError(NamedTuple):
    """Something in a sealed year that is not what was sealed."""

    source: data.Meta
    message: str
    entry: Any


def check_periods(
    entries: data.Entries, options: dict[str, Any], config: str = "seals"
) -> tuple[data.Entries, list[PeriodError]]:
    """Compare files with their seals, and find entries dated in a sealed year that stand in an unsealed file."""
    root = Path(options["filename"]).parent
    seals = read_seals(root / config)
    source = data.new_metadata(options["filename"], 0)
    errors = [PeriodError(source, problem, None) for seal in seals.values() for problem in seal_faults(root, seal)]
    for entry in entries:
        seal = seals.get(entry.date.year) if isinstance(entry, data.Transaction) else None
        if seal is None:
            continue
        file = Path(entry.meta["filename"])
        relative = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
        if relative not in seal.files:
            message = (
                f"{seal.year} is closed: this entry of {entry.date} is not under its seal; date it in an open year"
            )
            errors.append(PeriodError(entry.meta, message, entry))
    return entries, errors
