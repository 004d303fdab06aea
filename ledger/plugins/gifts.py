"""The register of gifts and the books are equal: each gift account, document, batch and day, to the cent.

`plugin "ledger.plugins.gifts" "{'register': 'register.sqlite3', 'accounts': ['731100', ...]}"`. A posting on a gift
account that no day total of the register, line of an opening or of a voucher that takes from it, explains is an error,
and so are a day total without its posting and a pad.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from beancount.core import data

from ledger.chart import code_of
from ledger.errors import OboleError
from ledger.money import to_decimal
from ledger.plugins.opening import gift_accounts_of, read_settings, register_of
from ledger.register.gifts import day_totals
from ledger.register.openings import OPENING_TAG, opening_lines
from ledger.register.transfers import transfer_lines
from ledger.weights import euros_of
from ledger.words import _

__plugins__ = ("check_gifts",)

_Key = tuple[str, int, date, str]


class GiftError(NamedTuple):
    """A difference between the register and the books."""

    source: data.Meta
    message: str
    entry: Any


def check_gifts(
    entries: data.Entries, options: dict[str, Any], config: str = "{}"
) -> tuple[data.Entries, list[GiftError]]:
    """Compare every posting on a gift account with the register's day totals."""
    source = data.new_metadata(options["filename"], 0)
    try:
        settings = read_settings(__name__, config, list)
        accounts = gift_accounts_of(settings, options)
        registered = _register_totals(settings, options, accounts)
    except OboleError as error:
        return entries, [GiftError(source, str(error), None)]
    errors = [
        GiftError(
            entry.meta,
            _("pad on gift account {code}: gifts are posted by `obole import FILE`, never by hand").format(code=code),
            entry,
        )
        for entry in entries
        if isinstance(entry, data.Pad)  # its transaction is made after this plugin has run
        for code in (code_of(entry.account), code_of(entry.source_account))
        if code in accounts
    ]
    booked: dict[_Key, Decimal] = defaultdict(Decimal)
    where: dict[_Key, data.Transaction] = {}
    for entry in entries:
        if not isinstance(entry, data.Transaction):
            continue
        for posting in entry.postings:
            code = code_of(posting.account)
            weight = euros_of(posting) if code in accounts else None
            if code is None or weight is None:
                continue
            link = _document(entry)
            key = (link, _batch(entry), entry.date, code)
            booked[key] -= weight
            where[key] = entry
    for key in sorted(booked.keys() | registered.keys()):
        if booked.get(key) == registered.get(key):
            continue
        found = where.get(key)
        errors.append(GiftError(found.meta if found else source, _explain(key, booked, registered), found))
    return entries, errors


def _document(entry: data.Transaction) -> str:
    """Return the document that posted an entry; what undoes an opening is linked to both."""
    if OPENING_TAG in entry.tags:
        return max(entry.links, default="")
    return min(entry.links, default="") if "gift" in entry.tags else ""


def _batch(entry: data.Transaction) -> int:
    written = entry.meta.get("batch", 0)
    return int(written) if isinstance(written, Decimal | int) else -1  # no batch has that number: it is found


def _register_totals(
    settings: dict[str, Any], options: dict[str, Any], accounts: Collection[str]
) -> dict[_Key, Decimal]:
    totals: dict[_Key, int] = defaultdict(int)
    with register_of(settings, options) as connection:
        for row in day_totals(connection):
            totals[row.document, row.batch, row.day, row.account] += row.cents
        for line in opening_lines(connection):
            if line.account in accounts:
                totals[line.document, 0, line.day, line.account] -= line.cents
        for taken in transfer_lines(connection):
            totals[taken.document, taken.batch, taken.day, taken.account] -= taken.cents
    return {key: to_decimal(cents) for key, cents in totals.items()}


def _explain(key: _Key, booked: Mapping[_Key, Decimal], registered: Mapping[_Key, Decimal]) -> str:
    link, batch, day, code = key
    place = f"{day} {code} {link or 'without a document'}{f', batch {batch}' if batch else ''}"
    if key not in registered:
        return _(
            "{place}: the books have {booked} EUR that is not in the register of gifts; gifts are posted by "
            "`obole import FILE`, never by hand"
        ).format(place=place, booked=booked[key])
    books = booked.get(key, to_decimal(0))
    return _("{place}: the books have {books} EUR, the register of gifts {registered} EUR").format(
        place=place, books=books, registered=registered[key]
    )
