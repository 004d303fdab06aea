"""Holding the closed years against their seals: what `check` asks each time, and all that `verify` asks and tells."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from ledger import leaves
from ledger.errors import OboleError
from ledger.posting import file_faults
from ledger.register.proof import alterations
from ledger.register.years import YearClosing, closings
from ledger.seals import AnySeal, TreeSeal, missing_seals, read_seals, register_faults, seal_faults
from obole.audit.sealing import compare, facts_of, identity_faults, issued_receipts, later_notes, year_keys
from obole.books.loading import LoadedBooks, load_books
from obole.books.opened import Books
from obole.words import _


@dataclass(slots=True)
class Verified:
    """The closed years, what is not as it was sealed, and what is to be known of them."""

    years: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify_seals(books: Books) -> Verified:
    """Hold every fact of the closed years against their seals; slower than `check`, which leaves single gifts out."""
    seals = read_seals(books.folder.seals)
    found = Verified(sorted(seals))
    with books.register.connect() as connection:
        all_of = closings(connection)
        found.faults += missing_seals(books.folder.seals, all_of)
        found.faults += _of_files(books, connection, seals.values())
        trees = [seal for seal in seals.values() if isinstance(seal, TreeSeal)]
        if trees:
            found.faults += [f"{one.table}: {one.place}: {one.problem}" for one in alterations(connection)]
            found.faults += file_faults(books.folder, connection, books.archive)
            loaded = load_books(books.folder.main, books.years)
            found.faults += _trees(books, connection, loaded, trees, leaves.KINDS, found.notes)
    for seal in trees:
        issued = issued_receipts(books, seal.period)
        found.faults += identity_faults(books, seal.year, issued)
    found.faults = list(dict.fromkeys(found.faults))
    found.notes += _limits(seals.values())
    found.notes += _reopenings(all_of)
    return found


def seals_faults(books: Books, connection: Connection, loaded: LoadedBooks) -> Iterator[str]:
    """Yield what of closed years is not as it was sealed; single gifts and receipts are proved by their own rules."""
    yield from missing_seals(books.folder.seals, closings(connection))
    seals = read_seals(books.folder.seals).values()
    yield from _of_files(books, connection, seals)
    trees = [seal for seal in seals if isinstance(seal, TreeSeal)]
    yield from _trees(books, connection, loaded, trees, leaves.FEW, [])


def out_of_order(books: Books, closed: Collection[int]) -> Iterator[str]:
    """Yield open years before a closed one: earlier versions let them be closed in any order."""
    if not closed:
        return
    last = max(closed)
    for year in _until(books, last):
        if year not in closed:
            message = _(
                "{year} is open and {last} is closed: nothing is posted in it any more; run `obole close {year}`"
            )
            yield message.format(year=year, last=last)


def _until(books: Books, last: int) -> list[int]:
    """Return the labels of the years of the books before that of a label."""
    period = books.years.find(last)
    years = books.years.since(books.config.first_day, period.first) if period is not None else ()
    return [one.label for one in years if one.label < last]


def _of_files(books: Books, connection: Connection, seals: Iterable[AnySeal]) -> Iterator[str]:
    for seal in seals:
        if not isinstance(seal, TreeSeal):
            yield from seal_faults(books.folder.root, seal)
            yield from register_faults(connection, seal)


def _trees(  # noqa: PLR0917 - the books twice, as files and as loaded, and what of them is asked
    books: Books,
    connection: Connection,
    loaded: LoadedBooks,
    seals: Sequence[TreeSeal],
    kinds: Sequence[str],
    notes: list[str],
) -> Iterator[str]:
    """Yield what differs from seals of trees; what came later is told in `notes`."""
    if not seals:
        return
    all_facts = facts_of(connection, loaded, year_keys(books, [seal.year for seal in seals]), books.first_year)
    for seal in seals:
        if seal.year < books.first_year:
            yield _before_first(books, seal.year)
            continue
        path = books.folder.seals / f"{seal.year}.json"
        try:
            compared = compare(all_facts[seal.year], seal, path, kinds)
        except OboleError as error:
            yield str(error)
            continue
        yield from compared.faults
        if leaves.RECEIPT in kinds:
            notes += later_notes(books, seal, compared.later, issued_receipts(books, seal.period))


def _before_first(books: Books, year: int) -> str:
    message = _(
        "{year} is closed, and first_day in obole.toml is {first} now: the setting was changed, the entries of {year} "
        "were not looked at; write there the first day of these books again, not after {last}"
    )
    return message.format(year=year, first=books.config.first_day, last=f"{year}-12-31")


def _limits(seals: Iterable[AnySeal]) -> Iterator[str]:
    for seal in seals:
        if not isinstance(seal, TreeSeal):
            message = _(
                "{year}: its seal has format 0. It proves the files of journal/{year}, manual/{year}.beancount and the "
                "rows of its documents; not entries that stand elsewhere, nor balances, receipts and archived files. "
                "`obole reopen {year} --reason ... --by ...`, then `obole close {year}`, makes a seal that does."
            )
            yield message.format(year=seal.year)


def _reopenings(all_of: Iterable[YearClosing]) -> Iterator[str]:
    for one in all_of:
        if one.reopened is not None:
            message = _("{year}: closed on {closed}, reopened on {day} by {person}: {reason}")
            yield message.format(
                year=one.year,
                closed=one.closed_at[:10],
                day=one.reopened.reopened_at[:10],
                person=one.reopened.person,
                reason=one.reopened.reason,
            )
