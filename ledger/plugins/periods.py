"""A closed year does not change: every entry dated in it, wherever it stands, is one that it was closed with.

`plugin "ledger.plugins.periods" "seals"`. The folder holds one `<year>.json` per closed year (ledger.seals). The
register knows the journal files as posted and the entries by hand as closed; balances and every other fact are
proved by `obole check` and `obole verify`, which have the key of the vault.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from beancount.core import data
from sqlalchemy import Connection

from ledger.errors import OboleError
from ledger.given import digest_of_file
from ledger.numbered import by_hand_closed, digest_of_entry
from ledger.periods import FinancialYear
from ledger.plugins.opening import register_of
from ledger.register.documents import all_documents
from ledger.seals import NotASeal, Seal, TreeSeal, read_seal, remedy_of_entry, seal_faults, seal_files
from ledger.words import _

__plugins__ = ("check_periods",)


class PeriodError(NamedTuple):
    """Something in a closed year that is not what it was closed with."""

    source: data.Meta
    message: str
    entry: Any


def check_periods(
    entries: data.Entries, options: dict[str, Any], config: str = "seals"
) -> tuple[data.Entries, list[PeriodError]]:
    """Compare the entries of closed years with those that they were closed with, and files with seals of format 0."""
    root = Path(options["filename"]).parent
    source = data.new_metadata(options["filename"], 0)
    files: dict[int, Seal] = {}
    trees: dict[int, TreeSeal] = {}
    errors: list[PeriodError] = []
    for path in seal_files(root / config):
        try:
            seal = read_seal(path)
        except NotASeal as error:
            errors.append(PeriodError(data.new_metadata(str(path), 0), str(error), None))
            continue
        if isinstance(seal, TreeSeal):
            trees[seal.year] = seal
        else:
            files[seal.year] = seal
            errors += [PeriodError(source, problem, None) for problem in seal_faults(root, seal)]
    dated = _dated(entries, [*(one.period for one in files.values()), *(one.period for one in trees.values())])
    for year, seal in files.items():
        errors += _not_under(root, seal, dated[year])
    if trees:
        try:
            with register_of({"register": "register.sqlite3"}, options) as connection:
                errors += _not_as_closed(root, connection, {trees[year].period: dated[year] for year in trees}, source)
        except OboleError as error:
            errors.append(PeriodError(source, str(error), None))
    return entries, errors


def _dated(entries: data.Entries, sealed: Sequence[FinancialYear]) -> dict[int, list[Any]]:
    """Return the entries of each sealed year; a pad becomes a transaction after this plugin has run."""
    found: dict[int, list[Any]] = {one.label: [] for one in sealed}
    for entry in entries:
        if isinstance(entry, data.Transaction | data.Pad):
            for one in sealed:
                if one.holds(entry.date):
                    found[one.label].append(entry)
    return found


def _not_under(root: Path, seal: Seal, entries: Iterable[Any]) -> Iterator[PeriodError]:
    """Yield entries of a year sealed in format 0 that stand in a file which the seal does not have."""
    for entry in entries:
        if _relative(root, entry) not in seal.files:
            message = _("{year} is closed: this entry of {date} is not under its seal; {remedy}")
            told = message.format(year=seal.year, date=entry.date, remedy=remedy_of_entry(seal.year))
            yield PeriodError(entry.meta, told, entry)


def _not_as_closed(
    root: Path, connection: Connection, dated: Mapping[FinancialYear, Iterable[Any]], source: data.Meta
) -> Iterator[PeriodError]:
    """Yield entries that their year was not closed with, those that are gone, and journal files not as posted."""
    posted = {row.journal: row for row in all_documents(connection) if row.journal}
    for (year, _first, _last), entries in dated.items():
        by_hand = by_hand_closed(connection, year)
        for entry in entries:
            relative = _relative(root, entry)
            if relative in posted:
                continue
            found = by_hand[digest_of_entry(entry)] if isinstance(entry, data.Transaction) else None
            if found:
                found.pop(0)
            else:
                message = _("{year} is closed: it was closed without this entry of {date}; {remedy}")
                told = message.format(year=year, date=entry.date, remedy=remedy_of_entry(year))
                yield PeriodError(entry.meta, told, entry)
        for left in (of.text for numbers in by_hand.values() for of in numbers):
            message = _("{year} is closed: entry {number} is not in the books as it was closed; {remedy}")
            told = message.format(year=year, number=left, remedy=remedy_of_entry(year))
            yield PeriodError(source, told, None)
    for relative, row in posted.items():
        years = [one.label for one in dated if one.first <= row.last_day and row.first_day <= one.last]
        if years:
            path = root / str(relative)
            if not path.is_file():
                message = _(
                    "{year} is closed: {relative} is missing; `obole mend` makes it again, else restore it from your "
                    "backup"
                )
            elif digest_of_file(path) != row.journal_digest:
                message = _("{year} is closed: {relative} was changed; restore it from your backup")
            else:
                continue
            yield PeriodError(source, message.format(year=min(years), relative=relative), None)


def _relative(root: Path, entry: Any) -> str:
    file = Path(str(entry.meta.get("filename", "")))
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
