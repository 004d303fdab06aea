"""Our sources as beangulp importers, so that `bean-extract`-like tools and Fava's import page know them.

What a source posts depends on the books (donors, rules, what was posted before), so an importer is given functions that
know them; it decides nothing itself. Nothing extracted is meant to be saved by hand: `obole import` posts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import beangulp
from beancount.core import data


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a file: the Beancount account it is archived under, its date, and its name as a document."""

    account: str
    date: date | None
    name: str | None


class SourceImporter(beangulp.Importer):  # type: ignore[misc]  # beangulp is not typed
    """One kind of source file. `place` and `preview` may raise what `obole import` would say of the file."""

    def __init__(
        self,
        kind: str,
        identify: Callable[[Path], bool],
        place: Callable[[Path], Place],
        preview: Callable[[Path], data.Entries],
    ) -> None:
        self._kind = kind
        self._identify = identify
        self._place = place
        self._preview = preview

    @property
    def name(self) -> str:
        """Return the kind, unique among the importers of a set of books."""
        return f"obole.{self._kind}"

    def identify(self, filepath: str) -> bool:
        """Return whether the file is of this kind."""
        return self._identify(Path(filepath))

    def account(self, filepath: str) -> str:
        """Return the account the file is archived under."""
        return self._place(Path(filepath)).account

    def date(self, filepath: str) -> date | None:
        """Return the day of the document."""
        return self._place(Path(filepath)).date

    def filename(self, filepath: str) -> str | None:
        """Return the name the document is archived under, without any person's name."""
        return self._place(Path(filepath)).name

    def extract(self, filepath: str, existing: data.Entries) -> data.Entries:  # noqa: ARG002 - the register knows what is there
        """Return the transactions `obole import` would post; none for a document that was posted before."""
        return self._preview(Path(filepath))

    def deduplicate(self, entries: data.Entries, existing: data.Entries) -> None:
        """Leave all entries: what is posted already is not extracted (a register of keys, no comparison of amounts)."""
