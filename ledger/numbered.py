"""The numbers of loaded entries: proved against the register, given to entries by hand at closing, and for exports.

An entry by hand stands in a file of a person's, which is never rewritten: its number stands in the register alone, with
a digest of the entry.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from beancount.core import data
from sqlalchemy import Connection

from ledger.chart import code_of
from ledger.clock import posting_time
from ledger.numbering import BY_HAND, NUMBER, EntrySource, Numbering, journal_key, sources_of
from ledger.periods import CALENDAR, FinancialYears
from ledger.register.documents import all_documents
from ledger.register.entries import EntryNumber, entry_numbers, insert_entry_numbers, last_entry_number
from ledger.register.sealed import retire_entries, retired_entries
from ledger.register.years import closed_years
from ledger.seals import remedy_of_entry
from ledger.words import _, many

# The label of a year is a calendar year in which it has a day; none is as long as 24 months.
_MOST_APART = 2
# Ends a number that stands in no register: the year was sealed before entries had numbers.
ON_EXPORT_ONLY = "*"


@dataclass(frozen=True, slots=True)
class _Posted:
    """An entry of the journal file of a document, with its place there, from 1."""

    entry: data.Transaction
    document_id: int
    place: int


@dataclass(frozen=True, slots=True)
class _Books:
    """Loaded entries, parted into those of documents and those made by hand, each in its order."""

    posted: Sequence[_Posted]
    by_hand: Sequence[data.Transaction]
    names: Mapping[int, str]
    sources: Mapping[int, EntrySource]


def number_by_hand(
    connection: Connection, root: Path, entries: Iterable[Any], year: int, years: FinancialYears = CALENDAR
) -> int:
    """Give the entries of a year that were made by hand their numbers, by day and place; how many got one.

    Where the year was closed before, an entry that is as it was keeps its number, and the number of one that was
    changed or taken away is retired. Called in the transaction that closes the year.
    """
    mine = [one for one in _parted(connection, root, entries).by_hand if years.label(one.date) == year]
    kept = by_hand_closed(connection, year)
    new = []
    for one in mine:
        digest = digest_of_entry(one)
        if kept[digest]:
            kept[digest].pop(0)
        else:
            new.append(digest)
    numbers = Numbering(connection).next([(BY_HAND, year)] * len(new))
    insert_entry_numbers(
        connection, [number._replace(digest=digest) for number, digest in zip(numbers, new, strict=True)]
    )
    retire_entries(
        connection, [(of.journal, of.year, of.number) for left in kept.values() for of in left], posting_time()
    )
    return len(new)


def by_hand_closed(connection: Connection, year: int) -> dict[str, list[EntryNumber]]:
    """Return the numbers of a year's entries by hand that were not retired, by the digest of the entry."""
    retired = retired_entries(connection)
    given: dict[str, list[EntryNumber]] = defaultdict(list)
    for of in entry_numbers(connection, [year]):
        if of.digest is not None and (of.journal, of.year, of.number) not in retired:
            given[of.digest].append(of)
    return given


class NumberedEntry(NamedTuple):
    """An entry of a year with its number, empty where it has none; `document` is empty for one made by hand."""

    number: str
    document: str
    entry: data.Transaction


def numbered_in(  # noqa: PLR0917 - the books as loaded, which years of which, and the first of them
    connection: Connection,
    root: Path,
    entries: Iterable[Any],
    wanted: Collection[int],
    first: int,
    years: FinancialYears = CALENDAR,
) -> dict[int, list[NumberedEntry]]:
    """Return the entries of years, wherever they stand, with the numbers that they were posted and closed with.

    What documents posted before the first year of the books, their opening, is of that year.
    """
    books = _parted(connection, root, entries)
    found: dict[int, list[NumberedEntry]] = {year: [] for year in wanted}
    for one in books.posted:
        year = max(years.label(one.entry.date), first)
        if year in found:
            number = str(one.entry.meta.get(NUMBER, ""))
            found[year].append(NumberedEntry(number, books.names[one.document_id], one.entry))
    for year, mine in found.items():
        numbers = _given_by_hand(connection, books, year, years)
        mine += [NumberedEntry(numbers[id(one)], "", one) for one in books.by_hand if years.label(one.date) == year]
    return found


def digest_of_entry(entry: data.Transaction) -> str:
    """Return the SHA-256 of what an entry says, wherever it stands."""
    postings = [[one.account, str(one.units), str(one.cost), str(one.price), _said(one.meta)] for one in entry.postings]
    head = [entry.date.isoformat(), entry.flag, entry.payee, entry.narration]
    words = [sorted(entry.tags or ()), sorted(entry.links or ()), _said(entry.meta)]
    return hashlib.sha256(json.dumps([*head, *words, postings], ensure_ascii=False).encode()).hexdigest()


def _said(meta: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the metadata that a person wrote, in the order of the keys."""
    kept = (meta or {}).items()
    return sorted((key, str(value)) for key, value in kept if key not in ("filename", "lineno") and key[0] != "_")


def number_faults(
    connection: Connection, root: Path, entries: Iterable[Any], years: FinancialYears = CALENDAR
) -> Iterator[str]:
    """Yield what is wrong with the numbers: gaps, entries without one, and where books and register differ.

    A number keeps the year that it was given in, also where obole.toml has said since that a year is another.
    """
    numbers = list(entry_numbers(connection))
    yield from _gaps(numbers)
    books = _parted(connection, root, entries)
    closed = set(closed_years(connection))
    given = {(id_, of.place): of for of in numbers if (id_ := of.document_id) is not None}
    without: dict[int, int] = {}
    for one in books.posted:
        of = given.pop((one.document_id, one.place), None)
        written = one.entry.meta.get(NUMBER)
        if of is None and written is None:
            if years.label(one.entry.date) not in closed:
                without[one.document_id] = without.get(one.document_id, 0) + 1
        elif of is None or written != of.text or abs(of.year - one.entry.date.year) > _MOST_APART:
            yield _(
                "{document}: the entry of {day} has {written}, the register says {registered}; restore the books or "
                "the register from your backup"
            ).format(
                document=books.names[one.document_id],
                day=one.entry.date,
                written=written or _("no number"),
                registered=_("no number") if of is None else of.text,
            )
    for document_id, count in without.items():
        yield many(
            "{document}: {count} entry has no number; run `obole upgrade`",
            "{document}: {count} entries have no number; run `obole upgrade`",
            count,
        ).format(document=books.names[document_id], count=count)
    for (document_id, _place_there), of in given.items():
        yield _(
            "entry {number} of {document} is not in the books; `obole mend` makes a missing journal file again, else "
            "restore it from your backup"
        ).format(number=of.text, document=books.names.get(document_id) or _("no document"))
    retired = retired_entries(connection)
    standing = [of for of in numbers if (of.journal, of.year, of.number) not in retired]
    yield from _by_hand_faults(books, standing, closed, years)


def _gaps(numbers: Iterable[EntryNumber]) -> Iterator[str]:
    series: dict[tuple[str, int], list[int]] = defaultdict(list)
    for of in numbers:
        series[of.journal, of.year].append(of.number)
    for (journal, year), given in series.items():
        missing = sorted(set(range(1, max(given) + 1)) - set(given))
        for number in missing:
            yield _("entry {number} is missing from the register; restore your backup").format(
                number=EntryNumber(journal, year, number).text
            )


def _by_hand_faults(
    books: _Books, numbers: Iterable[EntryNumber], closed: Collection[int], years: FinancialYears
) -> Iterator[str]:
    """Yield the faults of entries by hand of closed years whose entries have numbers.

    Each has a number, and each number its entry. A closed year without any number was sealed before there were numbers;
    in one that was reopened they change as they like.
    """
    kept: dict[int, dict[str, list[EntryNumber]]] = defaultdict(lambda: defaultdict(list))
    for of in numbers:
        of_year = kept[of.year]
        if of.digest is not None and of.year in closed:
            of_year[of.digest].append(of)
    for entry in books.by_hand:
        year = years.label(entry.date)
        if year not in closed or year not in kept:
            continue
        found = kept[year].get(digest_of_entry(entry))
        if found:
            found.pop(0)
        else:
            yield _("the entry of {day} made by hand is not one that {year} was closed with; {remedy}").format(
                day=entry.date, year=year, remedy=remedy_of_entry(year)
            )
    for by_digest in kept.values():
        for left in by_digest.values():
            for of in left:
                yield _("entry {number}, made by hand, is not in the books as it was closed; {remedy}").format(
                    number=of.text, remedy=remedy_of_entry(of.year)
                )


def with_entry_numbers(
    connection: Connection, root: Path, entries: Sequence[Any], year: int, years: FinancialYears = CALENDAR
) -> list[Any]:
    """Return the entries, those of a year with their numbers as metadata, for exports.

    An entry by hand has the number of its closing, none while its year is open. In a sealed year whose entries were
    never numbered the numbers go by day and place, and end in `*`.
    """
    books = _parted(connection, root, entries)
    found = _given_by_hand(connection, books, year, years)
    if year in closed_years(connection):
        found |= _given_on_export(connection, books, year, found, years)
    return [
        entry._replace(meta={**entry.meta, NUMBER: found[id(entry)]}) if id(entry) in found else entry
        for entry in entries
    ]


def _given_by_hand(connection: Connection, books: _Books, year: int, years: FinancialYears) -> dict[int, str]:
    """Return the numbers of a year's entries by hand, by `id` of the entry; an empty text where it was given none."""
    given = by_hand_closed(connection, year)
    found: dict[int, str] = {}
    for entry in books.by_hand:
        if years.label(entry.date) == year:
            of_entry = given[digest_of_entry(entry)]
            found[id(entry)] = of_entry.pop(0).text if of_entry else ""
    return found


def _given_on_export(
    connection: Connection, books: _Books, year: int, by_hand: Mapping[int, str], years: FinancialYears
) -> dict[int, str]:
    """Return numbers for a sealed year's entries without one, by `id` of the entry: by day and place."""
    bare: list[tuple[data.Transaction, str]] = []
    for one in books.posted:
        if years.label(one.entry.date) == year and NUMBER not in one.entry.meta:
            accounts = (code_of(line.account) or "" for line in one.entry.postings)
            bare.append((one.entry, journal_key(books.sources[one.document_id], accounts)))
    bare += [(entry, BY_HAND) for entry in books.by_hand if by_hand.get(id(entry)) == ""]
    last = {journal: last_entry_number(connection, journal, year) for _entry, journal in bare}
    found: dict[int, str] = {}
    for entry, journal in sorted(bare, key=lambda one: _place(one[0])):
        last[journal] += 1
        found[id(entry)] = EntryNumber(journal, year, last[journal]).text + ON_EXPORT_ONLY
    return found


def _parted(connection: Connection, root: Path, entries: Iterable[Any]) -> _Books:
    documents = all_documents(connection)
    ids = {str(root / row.journal): row.id for row in documents if row.journal}
    files: dict[int, list[data.Transaction]] = defaultdict(list)
    by_hand: list[data.Transaction] = []
    for entry in entries:
        if isinstance(entry, data.Transaction):
            document_id = ids.get(str(entry.meta.get("filename")))
            if document_id is None:
                by_hand.append(entry)
            else:
                files[document_id].append(entry)
    posted = [
        _Posted(entry, document_id, place)
        for document_id in sorted(files)
        for place, entry in enumerate(sorted(files[document_id], key=_line), start=1)
    ]
    by_name = sources_of(documents)
    names = {row.id: row.name for row in documents}
    sources = {document_id: by_name[name] for document_id, name in names.items()}
    return _Books(posted, sorted(by_hand, key=_place), names, sources)


def _line(entry: data.Transaction) -> int:
    return int(entry.meta["lineno"])


def _place(entry: data.Transaction) -> tuple[str, str, int]:
    return entry.date.isoformat(), str(entry.meta.get("filename", "")), int(entry.meta.get("lineno", 0))
