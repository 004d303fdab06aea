"""Pages of one statement that a bank hands out as files of their own: put together before they are read.

A file is a page where its message says so (MsgPgntn, StmtPgntn) and is not the only one. Files that share the
identification of a statement are read as one, each message behind the other; what that holds is told of the first.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from importers.bank.any_format import is_xml
from ledger.errors import Fault, Severity, refuses
from ledger.passing import passing_folder, writable
from obole.outcome import ToldFile
from obole.words import _

_HEAD = 64 * 1024


_PAGE = re.compile(rb"<(?:[\w.-]+:)?PgNb>\s*([0-9]+)\s*<")


_LAST = re.compile(rb"<(?:[\w.-]+:)?LastPgInd>\s*(true|1)\s*<")


_STATEMENT = re.compile(rb"<(?:[\w.-]+:)?Stmt>\s*<(?:[\w.-]+:)?Id>\s*([^<]*?)\s*<")


@contextmanager
def joined(group: Sequence[ToldFile], books: Path) -> Iterator[list[ToldFile]]:
    """Yield the files with the pages of a statement put together, in a folder of the books that is gone afterwards.

    Of each page but the first it is told afterwards what became of it.
    """
    together = _together(group)
    if not together:
        yield list(group)
        return
    inside = {id(one) for pages in together for one in pages}
    with passing_folder(writable(books)) as folder:
        files = [one for one in group if id(one) not in inside]
        for pages in together:
            content = b"\n".join(dict.fromkeys(one.path.read_bytes() for one in pages))  # a page given twice is one
            path = folder / f"{hashlib.sha256(content).hexdigest()[:16]}.xml"
            path.write_bytes(content)
            files.append(ToldFile(path, pages[0].told))
        yield files
        for first, *others in together:
            for other in others:
                _tell(first, other)


def _tell(first: ToldFile, other: ToldFile) -> None:
    """Tell of a page that it was taken with the first one, or refused with it."""
    if refuses(first.told.faults):
        other.told.faults.extend(fault for fault in first.told.faults if fault.severity is Severity.ERROR)
        return
    other.told.known.extend(one for one in first.told.known if one not in other.told.known)
    message = _("a page of the statement that {file} has another page of: they were taken together").format(
        file=first.told.file
    )
    other.told.faults.append(Fault(message, severity=Severity.WARNING))


def _together(group: Sequence[ToldFile]) -> list[list[ToldFile]]:
    """Return the files that are pages of the same statements, in the order of their pages."""
    by_statement: dict[bytes, list[int]] = defaultdict(list)
    numbers: dict[int, int] = {}
    for index, one in enumerate(group):
        number = _page_of(one.path)
        if number is None:
            continue
        numbers[index] = number
        for statement in set(_STATEMENT.findall(one.path.read_bytes())):
            by_statement[statement].append(index)
    leader = {index: index for index in numbers}
    for first, *others in by_statement.values():
        for other in others:
            _unite(leader, first, other)
    sets: dict[int, list[int]] = defaultdict(list)
    for index in numbers:
        sets[_leader_of(leader, index)].append(index)
    return [
        [group[index] for index in sorted(some, key=lambda index: (numbers[index], index))]
        for some in sets.values()
        if len(some) > 1
    ]


def _leader_of(leader: dict[int, int], index: int) -> int:
    while leader[index] != index:
        index = leader[index]
    return index


def _unite(leader: dict[int, int], one: int, other: int) -> None:
    first, second = sorted((_leader_of(leader, one), _leader_of(leader, other)))
    leader[second] = first


def _page_of(path: Path) -> int | None:
    """Return the number of the page that a file says it is; None where it is no page, or the only one."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    page = _PAGE.search(head)
    if page is None or not is_xml(head):
        return None
    number = int(page[1])
    return None if number == 1 and _LAST.search(head) else number
