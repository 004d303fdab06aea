"""Cash books proved: what is counted is what the books have, no day ends below zero, no slip is missing.

And what a person should know of the rows: cash above what the law allows, cheques that are no gifts yet.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate, pairwise
from typing import Any

from beancount.core import data
from beancount.parser import parser

from importers.registers.cash import CashNature, CashRow, number_in, slips_of
from ledger.errors import Fault, Severity
from ledger.money import to_cents, to_decimal
from obole.books.loading import load_books
from obole.books.opened import Books
from obole.books.settings import CashSettings, Config
from obole.intake.items import Item
from obole.words import _, many

_Days = Mapping[date, int]  # what moved on each day, in cents

_LINKED = timedelta(days=30)  # gifts of one donor that may seem to belong together (law of 18.9.2017 art. 67 section 2)
_SHOWN = 5


def balance_faults(books: Books, rows: Sequence[CashRow], new: Sequence[Item]) -> list[Fault]:
    """Return where a count is not what the books have at the end of its day, or a cash book would be below zero."""
    settings = books.config.cash
    of_book: dict[str, list[CashRow]] = {}
    for row in rows:
        if not row.cheque and row.nature is not CashNature.VOID:
            of_book.setdefault(row.book, []).append(row)
    accounts = {book: settings.books[book] if book else settings.account for book in of_book}
    moved = _moved(books, {books.paths[code]: code for code in accounts.values() if code in books.paths})
    faults: list[Fault] = []
    for book, slips in of_book.items():
        days = defaultdict(int, moved.get(accounts[book], {}))
        coming = _coming(new, accounts[book])
        for day, cents in coming:
            days[day] += cents
        faults += _miscounted(book, slips, days)
        if coming:
            faults += _below_zero(book, slips, days, min(day for day, _cents in coming))
    return faults


def _moved(books: Books, paths: Mapping[str, str]) -> dict[str, dict[date, int]]:
    """Return what the books have on these accounts (path -> code), by code and day; in a trial with what it posted."""
    entries: list[Any] = list(load_books(books.folder.main, books.years).entries) if paths else []
    for one in books.trial.journal if books.trial and paths else ():
        entries += parser.parse_string(one.text)[0]
    found: dict[str, dict[date, int]] = {}
    for entry in entries:
        for line in entry.postings if isinstance(entry, data.Transaction) else ():
            code = paths.get(line.account)
            if code is not None and line.units is not None and line.units.number is not None:
                days = found.setdefault(code, defaultdict(int))
                days[entry.date] += to_cents(line.units.number)
    return found


def _coming(items: Iterable[Item], account: str) -> list[tuple[date, int]]:
    """Return what items will put on an account, by their days."""
    found = []
    for item in items:
        cents = sum(line.cents for line in item.lines if line.account == account)
        cents += sum(gift.cents for gift in item.gifts if item.debits.get(gift.batch) == account)
        if cents:
            found.append((item.day, cents))
    return found


def _named(book: str) -> str:
    return _("cash book {book}").format(book=book) if book else _("the cash book")


def _miscounted(book: str, slips: Iterable[CashRow], days: _Days) -> Iterator[Fault]:
    for row in slips:
        if row.nature is not CashNature.COUNT:
            continue
        there = sum(cents for day, cents in days.items() if day <= row.day)
        if there == row.cents:
            continue
        if row.cents < there:
            message = _(
                "{book}: {counted} EUR were counted on {day}, its slips leave {there} EUR: {difference} EUR are "
                "missing; correct the slip that is wrong, or enter the difference on purpose: a slip of nature "
                "`shortage`"
            )
        else:
            message = _(
                "{book}: {counted} EUR were counted on {day}, its slips leave {there} EUR: {difference} EUR are too "
                "much; correct the slip that is wrong, or enter the difference on purpose: a slip of nature `surplus`"
            )
        values = {"counted": row.cents, "there": there, "difference": abs(row.cents - there)}
        shown = {name: to_decimal(cents) for name, cents in values.items()}
        yield Fault(message.format(book=_named(book), day=row.day, **shown), row.row)


def _below_zero(book: str, slips: Sequence[CashRow], days: _Days, first: date) -> Iterator[Fault]:
    """Yield the first day, from that of the first new slip, on which a cash book would end below zero."""
    ordered = sorted(days)
    balances = zip(ordered, accumulate(days[day] for day in ordered), strict=True)
    low = next(((day, cents) for day, cents in balances if day >= first and cents < 0), None)
    if low is None:
        return
    day, cents = low
    row = max((one for one in slips if one.day <= day), key=lambda one: (one.day, one.row), default=slips[0])
    message = _(
        "{book} would be {amount} EUR below zero at the end of {day}, which no cash can be: a slip of money that came "
        "in is missing, or a day is wrong; correct it (what was there before these books began comes with `obole "
        "opening FILE`)"
    )
    yield Fault(message.format(book=_named(book), amount=to_decimal(-cents), day=day), row.row)


def remarks_on(config: Config, rows: Sequence[CashRow], known: Collection[str]) -> list[Fault]:
    """Return what is told and refuses nothing; `known` are the references posted before."""
    settings = config.cash
    told = [*_missing(rows, known, config.first_day), *_above_limit(rows, settings), *_not_credited(rows, settings)]
    return [Fault(message, row, Severity.WARNING) for message, row in told]


def _missing(rows: Sequence[CashRow], known: Collection[str], first_day: date) -> Iterator[tuple[str, int]]:
    """Yield the numbers that are missing in each book and year, and in each row of numbers with the same letters."""
    slips: dict[tuple[str, int, str], dict[int, int]] = {}
    for row in rows:
        if row.number and not row.cheque:
            number = number_in(row.number)
            slips.setdefault((*row.series, _letters(row.number, number)), {})[number] = row.row
    for (book, year, letters), numbered in slips.items():
        there = set(numbered)
        for reference in known:
            text = reference.removeprefix(slips_of(book, year))
            if text != reference and _letters(text, number_in(text)) == letters:
                there.add(number_in(text))
        start = 0 if first_day <= date(year, 1, 1) else min(there) - 1
        gaps = [(one + 1, other - 1) for one, other in pairwise(sorted({start, *there})) if other - one > 1]
        if gaps:
            shown = ", ".join(f"{one}" if one == last else f"{one}-{last}" for one, last in gaps[:_SHOWN])
            message = _(
                "{book}, {year}: no slip has the number {numbers}; enter it, or with nature `void` where it was spoilt"
            )
            after = next((numbered[n] for n in sorted(numbered) if n > gaps[0][1]), rows[0].row)
            more = " ..." if len(gaps) > _SHOWN else ""
            yield message.format(book=_named(book), year=year, numbers=shown + more), after


def _letters(text: str, number: int) -> str:
    """Return the rest of a slip's number, by which one row of numbers is told from another."""
    before, _digits, behind = text.rpartition(str(number))
    return f"{before}|{behind}"


def _above_limit(rows: Iterable[CashRow], settings: CashSettings) -> Iterator[tuple[str, int]]:
    """Yield what was given or paid in cash above the limit: at once, or by a donor in gifts near each other.

    Money of nobody known is of many: a collection box.
    """
    limit = settings.limit * 100
    gifts: defaultdict[str, list[CashRow]] = defaultdict(list)
    for row in rows if limit else ():
        paid = row.nature in (CashNature.INCOME, CashNature.COST) or (row.nature is CashNature.GIFT and row.donor)
        if row.cheque or not paid:
            continue
        if row.cents > limit:
            message = _(
                "{amount} EUR in cash are above the {limit} EUR that may be given or paid so (law of 18.9.2017, art. "
                "67): it is posted as it happened; give back what is above, or ask for a transfer"
            )
            yield message.format(amount=to_decimal(row.cents), limit=settings.limit), row.row
        elif row.donor:
            gifts[row.donor].append(row)
    for donor, some in gifts.items():
        for row in sorted(some, key=lambda one: (one.day, one.row)):
            near = [one for one in some if row.day - _LINKED <= one.day <= row.day]
            total = sum(one.cents for one in near)
            if total > limit:
                message = _(
                    "donor {donor} gave {amount} EUR in cash from {first} to {last}, above the {limit} EUR of the law "
                    "of 18.9.2017 (art. 67) if these gifts belong together; ask for a transfer"
                )
                values = {"donor": donor, "amount": to_decimal(total), "limit": settings.limit}
                yield message.format(first=min(one.day for one in near), last=row.day, **values), row.row
                break


def _not_credited(rows: Iterable[CashRow], settings: CashSettings) -> Iterator[tuple[str, int]]:
    """Yield the cheques that the bank has not credited and that are no gifts until it has."""
    waiting = [
        row
        for row in rows
        if row.cheque and row.nature is not CashNature.VOID and row.credited is None and row.unpaid is None
    ]
    if waiting and settings.cheque_date == "credited":
        message = many(
            "{count} cheque of {amount} EUR (row {rows}) is not credited yet and not posted; fill in `credited` once "
            "the bank has done so, and import the file again",
            "{count} cheques of {amount} EUR (rows {rows}) are not credited yet and not posted; fill in `credited` "
            "once the bank has done so, and import the file again",
            len(waiting),
        )
        some = ", ".join(str(row.row) for row in waiting[:_SHOWN]) + (" ..." if len(waiting) > _SHOWN else "")
        amount = to_decimal(sum(row.cents for row in waiting))
        yield message.format(count=len(waiting), amount=amount, rows=some), waiting[0].row
