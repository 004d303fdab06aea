"""Numbers of receipts that something outside the register tells of: PDFs and records of shipments in the folder, files.

Where register and vault were put back together, all of one old moment, nothing in them says so; what was printed and
filed since still does. Such a number is never given again: no receipt is issued until a newer register is put back or,
where there is none, a person has set the number aside.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ledger.clock import posting_time
from ledger.errors import OboleError
from ledger.money import to_decimal
from ledger.register import receipts as receiptbook
from ledger.register.stand import SetAside, numbers_set_aside, put_aside
from obole.books.opened import Books, settle
from obole.words import _, many
from receipts.filing.filed import Filed, numbers_filed

_PDF = re.compile(r"([0-9]{6,})(?:-v[0-9]+)?(?:-duplicate)?\.pdf")
_YEAR = re.compile(r"[0-9]{4}")


class NumbersGiven(OboleError):
    """Numbers that were given already, of which the register does not know."""


class GivenNumber(NamedTuple):
    """A number that was given by the word of `evidence`, a file."""

    year: int
    number: int
    evidence: str


def unknown_numbers(books: Books, gifts: Connection, shipments: Sequence[Path] = ()) -> Iterator[str]:
    """Yield in sentences the numbers that files tell of and the register does not know, or knows of another amount."""
    filed = [one for path in shipments for one in numbers_filed(path, books.config.organisation.enterprise_number)]
    for year, some in _by_year(_unknown(books, gifts, filed)).items():
        yield _sentence(year, some)
    yield from _other_amounts(gifts, filed)


def refuse_given(books: Books, year: int) -> None:
    """Raise NumbersGiven where a PDF or shipment of the year has a number that the register does not know."""
    with books.register.connect() as gifts:
        some = [one for one in _unknown(books, gifts, ()) if one.year == year]
    if some:
        message = _("{told}; no receipt is issued until then.")
        raise NumbersGiven(message.format(told=_sentence(year, some)))


def set_numbers_aside(books: Books, shipments: Sequence[Path]) -> list[GivenNumber]:
    """Write down as given what PDFs and shipments tell of and the register does not know; these numbers."""
    with books.writing():
        settle(books)
        filed = [one for path in shipments for one in numbers_filed(path, books.config.organisation.enterprise_number)]
        with books.register.begin() as gifts:
            found = list(_unknown(books, gifts, filed))
            put_aside(gifts, (SetAside(one.year, one.number, one.evidence, posting_time()) for one in found))
    return found


def keep_numbers_of(replaced: Books, books: Books) -> list[GivenNumber]:
    """Set aside in `books`, which a backup brings, the numbers that the books they replace have given since.

    None where those are other books. By their PDFs, and by their register where it can be read; the caller holds both.
    """
    if replaced.config.key != books.config.key:
        return []
    told = [*_printed(replaced.folder.receipts), *_shipped(replaced.folder.receipts)]
    with suppress(OboleError, SQLAlchemyError), replaced.register.connect() as gifts:
        for year in receiptbook.years_issued(gifts):
            issued = sorted(receiptbook.numbers_issued(gifts, year))
            told += [GivenNumber(year, number, replaced.store_names["register"]) for number in issued]
    with books.register.begin() as gifts:
        known = {one[:2] for one in numbers_set_aside(gifts)}
        for year in {one.year for one in told}:
            known |= {(year, number) for number in receiptbook.numbers_issued(gifts, year)}
        found = sorted({one[:2]: one for one in reversed(told) if one[:2] not in known}.values())
        put_aside(gifts, (SetAside(one.year, one.number, one.evidence, posting_time()) for one in found))
    return found


def _unknown(books: Books, gifts: Connection, filed: Sequence[Filed]) -> Iterator[GivenNumber]:
    """Yield each number once that the register neither issued nor has set aside, in order."""
    told = [GivenNumber(one.year, one.number, one.file) for one in filed]
    every = sorted([*_printed(books.folder.receipts), *_shipped(books.folder.receipts), *told])
    known = {(one.year, one.number) for one in numbers_set_aside(gifts)}
    for year in {one.year for one in every}:
        known |= {(year, number) for number in receiptbook.numbers_issued(gifts, year)}
    for one in every:
        if one[:2] not in known:
            known.add(one[:2])
            yield one


def _printed(folder: Path) -> Iterator[GivenNumber]:
    """Yield the number of each PDF of a receipt in the folder."""
    for path in folder.glob("*/*.pdf"):
        found = _PDF.fullmatch(path.name)
        if found and _YEAR.fullmatch(path.parent.name):
            yield GivenNumber(int(path.parent.name), int(found[1]), path.relative_to(folder.parent).as_posix())


def _shipped(folder: Path) -> Iterator[GivenNumber]:
    """Yield the numbers of which the records of shipments tell: they run on, so all until the last one filed."""
    for path in folder.glob("*/shipment-*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = json.loads(path.read_text(encoding="utf-8"))
            year, last = int(record["year"]), int(record.get("last", record["slips"]))
            for number in range(1, last + 1):
                yield GivenNumber(year, number, path.relative_to(folder.parent).as_posix())


def _other_amounts(gifts: Connection, filed: Sequence[Filed]) -> Iterator[str]:
    for year in sorted({one.year for one in filed}):
        issued = {row.number: row.cents for row in receiptbook.receipts_of(gifts, year)}
        for one in filed:
            if one.year == year and one.cents is not None and issued.get(one.number, one.cents) != one.cents:
                yield _(
                    "{file}: receipt {year}/{number:06d} was filed with {filed} EUR, the register issued that number "
                    "for {issued} EUR: the number was given twice; look at both receipts, and ask the donors for the "
                    "wrong one"
                ).format(
                    file=one.file,
                    year=year,
                    number=one.number,
                    filed=to_decimal(one.cents),
                    issued=to_decimal(issued[one.number]),
                )


def _by_year(some: Iterator[GivenNumber]) -> dict[int, list[GivenNumber]]:
    found: dict[int, list[GivenNumber]] = {}
    for one in some:
        found.setdefault(one.year, []).append(one)
    return found


def _sentence(year: int, some: Sequence[GivenNumber]) -> str:
    message = many(
        "receipt {year}/{first:06d} was given already, as {file} tells, and the register does not know it: register "
        "and vault are from before. Put the newest of both back from your backup; where there is none, `obole receipts "
        "set-aside` keeps the number from being given again",
        "{count} receipts from {year}/{first:06d} on were given already, as {file} tells, and the register does not "
        "know them: register and vault are from before. Put the newest of both back from your backup; where there is "
        "none, `obole receipts set-aside` keeps the numbers from being given again",
        len(some),
    )
    return message.format(year=year, first=some[0].number, file=some[0].evidence, count=len(some))
