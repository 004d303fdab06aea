"""Bank files of any format: which reader reads the bytes, and in which order files are worth reading."""

import re
from pathlib import Path

from importers.bank import coda
from importers.bank.records import BankFile

_HEAD = 4000


# The first day a CAMT file names: of its period, else of its making. Only for the order of reading.
_CAMT_DAY = re.compile(rb"<(?:[\w.-]+:)?(?:FrDtTm|CreDtTm|Dt|DtTm)>\s*(\d\d)(\d\d-\d\d-\d\d)")


def parse(data: bytes) -> BankFile:
    """Return the statements in the bytes of a bank file; what is wrong stands in their faults."""
    if is_xml(data):
        from importers.bank import camt  # noqa: PLC0415 - the process that reads CODA ahead starts in two thirds of the time

        return camt.parse(data)
    return coda.parse(data)


def is_xml(data: bytes) -> bool:
    """Return whether the bytes of a bank file are those of CAMT, not of CODA."""
    text = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith(b"<") or data.startswith((b"\xff\xfe", b"\xfe\xff"))


def can_be_divided(path: Path) -> bool:
    """Return whether the file is one of lines, which can be read in pieces: CODA with the usual ends of line."""
    with path.open("rb") as source:
        head = source.read(_HEAD)
    return not is_xml(head) and b"\n" in head


def reading_key(path: Path) -> tuple[str, str, str]:
    """Return date, account and number of a file's first statement as its first bytes give them: only for the order."""
    with path.open("rb") as source:
        head = source.read(_HEAD)
    if is_xml(head):
        found = _CAMT_DAY.search(head)
        return (found[2].decode().replace("-", "") if found else "", "", path.name)
    record = next((line for line in head[:400].decode("latin-1").splitlines() if line.startswith("1")), "")
    day = record[58:64]
    return (day[4:] + day[2:4] + day[:2], record[5:42], record[125:128])
