"""The keys of a line beside its account: project, department and fund, declared in obole.toml, and a third party.

In the books they are metadata of the posting, and tags of its transaction (`#project-schools`), by which Fava filters.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from ledger.journal import Entry, Line
from ledger.kinds import kind_word
from ledger.words import _


class Dimension(StrEnum):
    """The dimensions of an entry's line."""

    PROJECT = "project"
    DEPARTMENT = "department"
    FUND = "fund"


# Registers had free text for these before they could be declared: until one is declared, any key is taken.
_FREE_UNTIL_DECLARED = frozenset({Dimension.PROJECT, Dimension.FUND})

_TAG = re.compile(r"[A-Za-z0-9_/.-]+")


class LineKeys(NamedTuple):
    """The keys of a line, None where it has none."""

    project: str | None = None
    department: str | None = None
    fund: str | None = None
    party: str | None = None

    def meta(self) -> dict[str, str | int]:
        """Return those given as metadata of a posting."""
        return {name: key for name, key in self._asdict().items() if key}

    def or_else(self, other: "LineKeys") -> "LineKeys":
        """Return these keys, and where one is missing that of another line."""
        return LineKeys(*(mine or theirs for mine, theirs in zip(self, other, strict=True)))


NO_KEYS = LineKeys()


def keys_of(posting: Mapping[str, Any] | None, entry: Mapping[str, Any] | None = None) -> LineKeys:
    """Return the keys in the metadata of a posting; where it has none, that of its transaction counts."""
    found = (((posting or {}).get(name) or (entry or {}).get(name)) for name in LineKeys._fields)
    return LineKeys(*(str(key) if key else None for key in found))


def with_keys(line: Line, keys: LineKeys) -> Line:
    """Return a line with its keys as metadata."""
    return replace(line, meta={**line.meta, **keys.meta()}) if any(keys) else line


def with_tags(entry: Entry) -> Entry:
    """Return an entry tagged with the dimensions of its lines; a key that no tag can hold stays metadata only."""
    found = {
        f"{dimension}-{line.meta[dimension]}"
        for line in entry.lines
        for dimension in Dimension
        if dimension in line.meta
    }
    tags = sorted(tag for tag in found if _TAG.fullmatch(tag) and tag not in entry.tags)
    return replace(entry, tags=(*entry.tags, *tags)) if tags else entry


@dataclass(frozen=True, slots=True)
class DimensionKey:
    """A declared key: its label in each language, and the days from which and until which lines may carry it."""

    key: str
    labels: Mapping[str, str]
    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Return whether a line of that day may carry it."""
        return (self.first or date.min) <= day <= (self.last or date.max)

    def label(self, language: str) -> str:
        """Return the label in a language; where it has none in it, the first it has."""
        return self.labels.get(language) or next(iter(self.labels.values()), self.key)


class OutsidePeriod(NamedTuple):
    """A key that a line of some day may not carry; `period` is in words."""

    dimension: Dimension
    key: str
    period: str


@dataclass(frozen=True, slots=True)
class DimensionKeys:
    """The keys that obole.toml declares, by dimension."""

    keys: Mapping[Dimension, Mapping[str, DimensionKey]] = field(default_factory=dict)

    def problems(self, line: LineKeys, day: date | None) -> Iterator[str]:
        """Yield what stands against the keys of a line: one not declared, or not for its day (None: any day)."""
        for dimension, key in zip(Dimension, line, strict=False):
            declared = self.keys.get(dimension, {})
            if not key or (not declared and dimension in _FREE_UNTIL_DECLARED):
                continue
            found = declared.get(key)
            if found is None:
                yield _(
                    '{word} `{key}` is not declared; correct it, or add [[{dimension}]] with key = "{key}" to '
                    "obole.toml"
                ).format(word=kind_word(dimension), dimension=dimension, key=key)
            elif day is not None and not found.holds(day):
                yield _(
                    "{word} `{key}` is not for {day} ({period}); correct the key or the date, or the "
                    "period of [[{dimension}]] in obole.toml"
                ).format(word=kind_word(dimension), dimension=dimension, key=key, day=day, period=_period(found))

    def outside(self, line: LineKeys, day: date) -> OutsidePeriod | None:
        """Return the first key of a line whose period leaves its day out, None where there is none."""
        for dimension, key in zip(Dimension, line, strict=False):
            found = self.keys.get(dimension, {}).get(key) if key else None
            if found is not None and not found.holds(day):
                return OutsidePeriod(dimension, found.key, _period(found))
        return None


def _period(of: DimensionKey) -> str:
    if of.first is None:
        return _("until {last}").format(last=of.last)
    if of.last is None:
        return _("from {first}").format(first=of.first)
    return _("{first} to {last}").format(first=of.first, last=of.last)
