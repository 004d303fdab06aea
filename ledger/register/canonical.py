"""The canonical text of a row, of which its CRC and the digest of its document's rows are made.

The text of a row never changes, whatever columns a later version adds: what an earlier version posted, and what the
seal of a closed year holds, stays provable. A column added since stands in the text only where it is filled.
"""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from ledger.records import LineOutcome
from ledger.register.tables import GIFT_COLUMNS, MOVEMENT_COLUMNS

# The columns of the first version; those added since, the last ones, print nothing by this pattern.
_GIFT = "|".join(["%s"] * (len(GIFT_COLUMNS) - 5)) + "%.0s%.0s%.0s"


_MOVEMENT = "|".join(["%s"] * (len(MOVEMENT_COLUMNS) - 3)) + "%.0s%.0s"


_REASON, _OUTCOME = MOVEMENT_COLUMNS.index("reason"), MOVEMENT_COLUMNS.index("outcome")


_ELSEWHERE = "|certificate-elsewhere"


_BETWEEN = b"\n\n"  # of the movements and the gifts of a document


def gift_text(row: tuple[Any, ...]) -> str:
    """Return the text of a gift's stored values, without its id and its CRC."""
    text = _GIFT % row
    elsewhere, project, department = row[-3:]
    if elsewhere:
        text += _ELSEWHERE
    return text if project is None and department is None else f"{text}|{project}|{department}"


def movement_text(row: tuple[Any, ...]) -> str:
    """Return the text of a movement's stored values, without its CRC.

    The donor that an export gave a payment stands where its reason stood: there the first version kept it.
    """
    if row[_OUTCOME] == LineOutcome.IDENTITY:
        other, donor = row[_REASON], row[-2]
        row = (*row[:_REASON], donor, *row[_REASON + 1 :])
    else:
        other = row[-2]
    text = _MOVEMENT % row
    if other is not None:
        text = f"{text}|{other}"
    return text + _ELSEWHERE if row[-1] else text


def crc_of(text: str) -> int:
    """Return the CRC-32 of a canonical text, as the register keeps it."""
    return zlib.crc32(text.encode())


class RowsDigest:
    """The SHA-256 over the canonical texts of a document's rows, movements first, and how many there were of each."""

    def __init__(self) -> None:
        self.movements = self.gifts = 0
        self._digest = hashlib.sha256()

    def add_movements(self, texts: Sequence[bytes]) -> None:
        """Add the next movements, before all gifts."""
        self._add(texts, again=self.movements > 0)
        self.movements += len(texts)

    def add_gifts(self, texts: Sequence[bytes]) -> None:
        """Add the next gifts, after all movements."""
        if texts and not self.gifts:
            self._digest.update(_BETWEEN)
        self._add(texts, again=self.gifts > 0)
        self.gifts += len(texts)

    def hexdigest(self) -> str:
        """Return the digest of all that was added."""
        digest = self._digest.copy()
        if not self.gifts:
            digest.update(_BETWEEN)
        return digest.hexdigest()

    def _add(self, texts: Sequence[bytes], *, again: bool) -> None:
        if again and texts:
            self._digest.update(b"\n")
        self._digest.update(b"\n".join(texts))


def rows_digest(movements: Iterable[str], gifts: Iterable[str]) -> str:
    """Return the SHA-256 over the canonical texts of a document's rows, movements first."""
    digest = RowsDigest()
    digest.add_movements([text.encode() for text in movements])
    digest.add_gifts([text.encode() for text in gifts])
    return digest.hexdigest()
