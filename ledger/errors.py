"""The errors of Obole: one base, one class per condition, and faults collected from data.

A message is one sentence that names the file, line or field, says what was expected and what to do. It never
carries a name, an address, an IBAN, an e-mail or a national number.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ledger.words import _


class OboleError(Exception):
    """A condition a user can mend; its text is the sentence shown to them. Exit status 1."""


class Severity(StrEnum):
    """The gravity of a fault: an error refuses the document, a warning is told and kept."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place in a source file.

    `line` counts from 1 (the row of a sheet, the line of a text file), None where the whole file is meant;
    `statement` counts from 1 where a file holds several.
    """

    message: str
    line: int | None = None
    severity: Severity = Severity.ERROR
    statement: int | None = None

    def __str__(self) -> str:
        if self.line is None:
            return self.message
        return _("line {line}: {message}").format(line=self.line, message=self.message)


def refuses(faults: Iterable[Fault]) -> bool:
    """Return True where one of the faults refuses what it was found in."""
    return any(fault.severity is Severity.ERROR for fault in faults)


def remarks_among(faults: Iterable[Fault]) -> list[Fault]:
    """Return the faults that refuse nothing."""
    return [fault for fault in faults if fault.severity is not Severity.ERROR]


class SourceRefused(OboleError):
    """A source file that is taken not at all; carries every fault found in it."""

    def __init__(self, file: str, faults: tuple[Fault, ...]) -> None:
        self.file = file
        self.faults = faults
        shown = "; ".join(str(fault) for fault in faults if fault.severity is Severity.ERROR)
        super().__init__(_("{file}: refused, nothing was posted: {shown}.").format(file=file, shown=shown))
