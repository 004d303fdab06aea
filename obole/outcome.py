"""Tell what became of source files: told for each file, and for the whole import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ledger.errors import Fault, refuses

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Told:
    """The fate of one source file: documents posted, documents known before, faults; `file` is its name only."""

    file: str
    kind: str
    posted: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    cents: dict[str, int] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """True where something of the file was refused."""
        return refuses(self.faults)

    def add(self, counts: Mapping[str, int], cents: Mapping[str, int]) -> None:
        """Count what a document of the file held."""
        for key, value in counts.items():
            self.counts[key] = self.counts.get(key, 0) + value
        for key, value in cents.items():
            self.cents[key] = self.cents.get(key, 0) + value


class ToldFile(NamedTuple):
    """A source file and what is told of it."""

    path: Path
    told: Told


@dataclass(slots=True)
class Intake:
    """The result of one `obole import`: `recovered` is what a killed run had left, `decided` lines no longer open."""

    told: list[Told] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    dry_run: bool = False
    open: int = 0
    decided: list[Told] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """True where a file was refused, whole or in part."""
        return any(told.refused for told in self.told)


@dataclass(slots=True)
class Taken:
    """The fate of a register or journal: documents posted and known before, faults that refuse nothing, counts."""

    posted: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    cents: dict[str, int] = field(default_factory=dict)
