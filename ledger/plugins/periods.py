"""A sealed year does not change: each file of it is what it was, and no entry of it stands anywhere else.

`plugin "ledger.plugins.periods" "seals"`. The folder holds one `<year>.json` per closed year (ledger.seals).
"""

from pathlib import Path
from typing import Any, NamedTuple

from beancount.core import data

from ledger.seals import NotASeal, Seal, read_seal, seal_faults, seal_files
from ledger.words import _

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
    source = data.new_metadata(options["filename"], 0)
    seals: dict[int, Seal] = {}
    errors: list[PeriodError] = []
    for path in seal_files(root / config):
        try:
            seal = read_seal(path)
        except NotASeal as error:
            errors.append(PeriodError(data.new_metadata(str(path), 0), str(error), None))
            continue
        seals[seal.year] = seal
        errors += [PeriodError(source, problem, None) for problem in seal_faults(root, seal)]
    for entry in entries:
        # A pad becomes a transaction after this plugin has run.
        closed = seals.get(entry.date.year) if isinstance(entry, data.Transaction | data.Pad) else None
        if closed is None:
            continue
        file = Path(str(entry.meta.get("filename", "")))
        relative = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
        if relative not in closed.files:
            message = _("{year} is closed: this entry of {date} is not under its seal; date it in an open year").format(
                year=closed.year, date=entry.date
            )
            errors.append(PeriodError(entry.meta, message, entry))
    return entries, errors
