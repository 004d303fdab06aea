"""Sealing a year, and checking the seals."""

import hashlib

from ledger.clock import posting_time
from ledger.errors import OboleError
from ledger.money import to_decimal
from ledger.numbered import number_by_hand
from ledger.numbering import number_open_years
from ledger.register.suspense import open_items
from ledger.register.years import closed_years, enter_closing
from ledger.seals import make_seal, missing_seals, read_seals, register_faults, seal_faults, write_seal
from obole.books.loading import load_books
from obole.books.opened import Books, settle
from obole.words import _, many


class NotReady(OboleError):
    """A year that cannot be closed yet."""


def close_year(books: Books, year: int) -> str:
    """Seal a year whose books load without error, whose result is carried to 14 and whose suspense is empty."""
    if year < books.config.first_day.year:
        raise NotReady(
            _(
                "{year} lies before the first day of these books ({first}, first_day in obole.toml); what the opening "
                "brought of it is sealed with {begun}."
            ).format(year=year, first=books.config.first_day, begun=books.config.first_day.year)
        )
    with books.writing():
        settle(books)
        number_open_years(books.folder, books.register)  # books made before entries had numbers
        loaded = load_books(books.folder.main)
        problem = next(loaded.problems(), None)
        if problem is not None:
            raise NotReady(_("{year} cannot be closed: {problem}.").format(year=year, problem=problem))
        if year not in loaded.totals.years:
            raise NotReady(_("{year} cannot be closed: the books hold nothing of it.").format(year=year))
        left = loaded.totals.unappropriated_before(year + 1)
        if left:
            raise NotReady(
                _(
                    "{year} cannot be closed: a result of {amount} EUR is not carried to 14 yet; post the "
                    "appropriation (14/790, 692/14) with the general journal."
                ).format(year=year, amount=to_decimal(-left))
            )
        with books.register.connect() as connection:
            waiting = [item for item in open_items(connection) if item.booked.year <= year]
            if waiting:
                told = many(
                    "{year} cannot be closed: {count} line waits on suspense; see `obole match`.",
                    "{year} cannot be closed: {count} lines wait on suspense; see `obole match`.",
                    len(waiting),
                )
                raise NotReady(told.format(year=year, count=len(waiting)))
            seal = make_seal(books.folder.root, connection, year)
        path = write_seal(books.folder.seals, seal)
        with books.register.begin() as connection:
            number_by_hand(connection, books.folder.root, loaded.entries, year)
            enter_closing(connection, year, hashlib.sha256(path.read_bytes()).hexdigest(), posting_time())
    return _("{year} is closed and sealed in seals/{year}.json: files: {files}, documents: {documents}.").format(
        year=year, files=len(seal.files), documents=len(seal.documents)
    )


def verify_seals(books: Books) -> tuple[list[str], list[int]]:
    """Return what is not as it was sealed, and the years that have a seal."""
    seals = read_seals(books.folder.seals)
    with books.register.connect() as connection:
        faults = list(missing_seals(books.folder.seals, closed_years(connection)))
        for seal in seals.values():
            faults += [*seal_faults(books.folder.root, seal), *register_faults(connection, seal)]
    return faults, sorted(seals)
