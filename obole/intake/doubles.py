"""Slips and cheques that may be in the books already: under another year, or as the bank's line that became a gift."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from shlex import quote

from importers.deciding.found import is_cash_code
from ledger.errors import Fault, Severity
from ledger.records import DocumentKind, LineOutcome
from ledger.register.cash import given_lines
from ledger.register.vouchers import VoucherKey, vouchers_named
from obole.books.opened import Books
from obole.intake.items import Item
from obole.words import _

_ABOUT = timedelta(days=10)


def doubles(books: Books, items: Sequence[Item], known: Mapping[VoucherKey, str]) -> Iterator[Fault]:
    """Warn of what is new and may have been posted otherwise; `known` are the vouchers posted before."""
    new = [item for item in items if item.key not in known]
    for item in new:
        for key, digest in known.items():
            if digest == item.digest and _year_apart(item.key, key):
                yield _of_another_year(books, item, key)
    expected = {
        item.key: (date.fromisoformat(row.booked), row.cents)
        for item in new
        for row in item.movements
        if row.outcome is LineOutcome.EXPECTED and row.cents > 0
    }
    if not expected:
        return
    with books.register.connect() as connection:
        given = given_lines(connection, [cents for _day, cents in expected.values()], is_cash_code)
    for item in new:
        day, cents = expected.get(item.key, (item.day, 0))
        line = next((one for one in given if one.cents == cents and abs(one.day - day) <= _ABOUT), None)
        if line is not None:
            message = _(
                "{reference} may be line {position} of {document}, which is a gift already; if it is, `obole undo "
                "{document} --line {position}` lets that line wait, and `obole match` takes it to {account}"
            )
            account = next(row.account for row in item.movements)
            values = {"position": line.position, "document": line.document, "account": account}
            text = message.format(reference=item.reference, **values)
            yield Fault(text, item.row, Severity.WARNING)


def _of_another_year(books: Books, item: Item, key: VoucherKey) -> Fault:
    message = _(
        "{reference} was posted as {other} of {day} with the same content; if it is the same slip, take that back with "
        "`obole undo {document} --voucher {typed}`"
    )
    with books.register.connect() as connection:
        there = vouchers_named(connection, DocumentKind.CASH, key.reference)
    document = next((name for name, day in there if day == key.day), "DOCUMENT")
    values = {"reference": item.reference, "other": key.reference, "day": key.day, "document": document}
    return Fault(message.format(**values, typed=quote(key.reference)), item.row, Severity.WARNING)


def _year_apart(one: VoucherKey, other: VoucherKey) -> bool:
    """Return whether two slips have one number, and days that differ in the year only."""
    same_number = one.reference.rpartition("-")[2] == other.reference.rpartition("-")[2]
    same_day = (one.day.month, one.day.day) == (other.day.month, other.day.day)
    return same_number and same_day and one.day.year != other.day.year
