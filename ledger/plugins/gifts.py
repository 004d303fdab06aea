"""The register of gifts and the books are equal: each gift account, document, batch and day, to the cent.

`plugin "ledger.plugins.gifts" "{'register': 'register.sqlite3', 'accounts': ['731100', ...]}"`. A posting on a gift
account that no day total of the register explains is an error, and so is a day total without its posting.
"""

import ast
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from beancount.core import data

from ledger.chart import code_of
from ledger.errors import OboleError
from ledger.money import to_cents, to_decimal
from ledger.register import day_totals
from ledger.store import open_store, sqlite_url

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
    settings = ast.literal_eval(config)
    accounts = frozenset(settings.get("accounts", ()))
    try:
        registered = _register_totals(str(settings.get("register", "register.sqlite3")), options)
    except OboleError as error:
        return entries, [GiftError(source, str(error), None)]
    booked: dict[_Key, int] = defaultdict(int)
    where: dict[_Key, data.Transaction] = {}
    for entry in entries:
        if not isinstance(entry, data.Transaction):
            continue
        for posting in entry.postings:
            code = code_of(posting.account)
            if code not in accounts or posting.units is None or posting.units.number is None:
                continue
            link = next(iter(sorted(entry.links)), "") if "gift" in entry.tags else ""
            key = (link, int(entry.meta.get("batch", 0)), entry.date, code)
            booked[key] -= to_cents(posting.units.number)
            where[key] = entry
    errors = []
    for key in sorted(booked.keys() | registered.keys()):
        if booked.get(key, 0) == registered.get(key, 0) and (key in registered) == (key in booked):
            continue
        entry = where.get(key)
        errors.append(GiftError(entry.meta if entry else source, _explain(key, booked, registered), entry))
    return entries, errors


def _register_totals(address: str, options: dict[str, Any]) -> dict[_Key, int]:
    url = address if "://" in address else sqlite_url(Path(options["filename"]).parent / address, read_only=True)
    engine = open_store(url, "register", migrate=False)
    totals: dict[_Key, int] = defaultdict(int)
    with engine.connect() as connection:
        for row in day_totals(connection):
            totals[row.document, row.batch, row.day, row.account] += row.cents
    engine.dispose()
    return dict(totals)


def _explain(key: _Key, booked: dict[_Key, int], registered: dict[_Key, int]) -> str:
    link, batch, day, code = key
    place = f"{day} {code} {link or 'without a document'}{f', batch {batch}' if batch else ''}"
    if key not in registered:
        return (
            f"{place}: the books have {to_decimal(booked[key])} EUR that is not in the register of gifts; "
            "gifts are posted by `obole import`, never by hand"
        )
    books = to_decimal(booked.get(key, 0))
    return f"{place}: the books have {books} EUR, the register of gifts {to_decimal(registered[key])} EUR"
