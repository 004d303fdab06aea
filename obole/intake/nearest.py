"""The kind that a file with wrong headings comes nearest to: its columns known, those that miss, those not known."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from importers import platforms
from importers.platforms import Declared
from importers.registers import (
    assignments,
    balances,
    cash,
    donors,
    events,
    grants,
    in_kind,
    journal,
    legacies,
    parties,
    pledges,
)
from importers.sheets.tabular import SheetColumn, fold, raw_tops_of
from ledger.kinds import kind_word
from ledger.records import DocumentKind
from obole.words import _

REGISTERS: Mapping[DocumentKind, Sequence[SheetColumn]] = {
    DocumentKind.DONORS: donors.COLUMNS,
    DocumentKind.PLEDGES: pledges.COLUMNS,
    DocumentKind.PARTIES: parties.COLUMNS,
    DocumentKind.GRANTS: grants.GRANTS.columns,
    DocumentKind.JOURNAL: journal.COLUMNS,
    DocumentKind.IN_KIND: in_kind.COLUMNS,
    DocumentKind.CASH: cash.COLUMNS,
    DocumentKind.LEGACIES: legacies.COLUMNS,
    DocumentKind.EVENTS: events.COLUMNS,
    DocumentKind.ASSIGNMENT: assignments.COLUMNS,
    DocumentKind.OPENING: balances.COLUMNS,
}

_FEWEST = 2  # columns that must be known: one word is in many tables
_SHOWN, _LONGEST = 12, 40


class _Kind(NamedTuple):
    """A kind of file by its columns, each with its headings, and those it cannot be without: all, and one of groups."""

    label: str
    columns: Mapping[str, Sequence[str]]
    required: Sequence[str]
    either: Sequence[Sequence[str]] = ()
    remedy: str = ""


class _Nearest(NamedTuple):
    kind: _Kind
    row: int
    known: Sequence[str]
    missing: list[str]
    unknown: Sequence[str]


def nearest_kind(path: Path, said: Declared) -> str:
    """Say what kind of table a file comes nearest to, and what keeps it from being one; empty where it is near none."""
    candidates = [
        found
        for _name, rows in raw_tops_of(path)
        for number, headings in rows
        for kind in _kinds(said)
        if len((found := _compared(kind, number, headings)).known) >= _FEWEST
    ]
    if not candidates:
        return ""
    best = max(candidates, key=lambda one: (2 * len(one.known) - len(one.missing), -one.row))
    parts = [_("its columns {known}").format(known=", ".join(best.known[:_SHOWN]))]
    if best.missing:
        parts.append(_("missing: {missing}").format(missing=", ".join(best.missing[:_SHOWN])))
    if best.unknown:
        parts.append(_("not known: {unknown}").format(unknown=", ".join(best.unknown[:_SHOWN])))
    remedy = best.kind.remedy or _("correct the headings and import it again")
    return _("it comes nearest to {kind}: row {row} has {parts}; {remedy}").format(
        kind=best.kind.label, row=best.row, parts="; ".join(parts), remedy=remedy
    )


def _kinds(said: Declared) -> Iterator[_Kind]:
    for register, columns in REGISTERS.items():
        required = [column.name for column in columns if column.required or column.present]
        headings: Mapping[str, Sequence[str]] = {column.name: column.headings for column in columns}
        if register is DocumentKind.OPENING:
            remedy = _("correct the headings and give it to `obole opening FILE`")
            yield _Kind(_("a trial balance"), headings, required, balances.SIDES, remedy)
        else:
            yield _Kind(kind_word(register.value), headings, required)
    for name, headings, needed in platforms.expected(said):
        yield _Kind(_("the report of {platform}").format(platform=name), headings, needed)


def _compared(kind: _Kind, row: int, headings: Sequence[str]) -> _Nearest:
    of_heading = {fold(heading): name for name, ways in kind.columns.items() for heading in ways}
    found: dict[str, str] = {}
    unknown = []
    for heading in headings:
        name = of_heading.get(fold(heading))
        if name is not None:
            found.setdefault(name, heading)
        elif _is_heading(heading):
            unknown.append(f"`{heading.strip()}`")
    needed = [*kind.required, *_lacking(kind.either, found)]
    missing = [f"`{kind.columns[name][0]}`" for name in needed if name not in found]
    return _Nearest(kind, row, [f"`{heading.strip()}`" for heading in found.values()], missing, unknown)


def _lacking(either: Sequence[Sequence[str]], found: Mapping[str, str]) -> Sequence[str]:
    """Return the columns of the group that lacks least, the first of those that lack as much."""
    return min(either, key=lambda group: sum(name not in found for name in group), default=())


def _is_heading(text: str) -> bool:
    """Tell whether a text may be repeated: a short one without digits or an address, which could be somebody's."""
    return 0 < len(text.strip()) <= _LONGEST and "@" not in text and not any(letter.isdigit() for letter in text)
