"""The balance of each bank account in the books is the bank's own at every statement: no gap, nothing else posted.

`plugin "ledger.plugins.banks" "{'register': 'register.sqlite3', 'accounts': {'current': '550000'}}"`. For each day that
statements close on, the last one's new balance must be what the books have at the end of that day.
"""

import ast
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from beancount.core import data

from ledger.chart import code_of
from ledger.errors import OboleError
from ledger.money import to_cents, to_decimal
from ledger.register import StatementBalance, statement_balances
from ledger.store import open_store, sqlite_url

__plugins__ = ("check_banks",)


class BankError(NamedTuple):
    """A bank account whose books are not what the bank says."""

    source: data.Meta
    message: str
    entry: Any


def check_banks(
    entries: data.Entries, options: dict[str, Any], config: str = "{}"
) -> tuple[data.Entries, list[BankError]]:
    """Compare the running balance of each bank account with the closing balances of its statements."""
    source = data.new_metadata(options["filename"], 0)
    settings = ast.literal_eval(config)
    address = str(settings.get("register", "register.sqlite3"))
    url = address if "://" in address else sqlite_url(Path(options["filename"]).parent / address, read_only=True)
    try:
        engine = open_store(url, "register", migrate=False)
    except OboleError:
        return entries, []  # ledger.plugins.gifts says it
    errors = []
    with engine.connect() as connection:
        for alias, code in dict(settings.get("accounts", {})).items():
            problem = _first_difference(_daily(entries, code), statement_balances(connection, alias))
            if problem is not None:
                errors.append(BankError(source, f"bank account {alias} ({code}): {problem}", None))
    engine.dispose()
    return entries, errors


def _daily(entries: data.Entries, code: str) -> list[tuple[date, int]]:
    days: dict[date, int] = {}
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                if posting.units is not None and posting.units.number is not None and code_of(posting.account) == code:
                    days[entry.date] = days.get(entry.date, 0) + to_cents(posting.units.number)
    return sorted(days.items())


def _first_difference(daily: list[tuple[date, int]], balances: list[StatementBalance]) -> str | None:
    balance, position = 0, 0
    for number, (day, name, opening, closing) in enumerate(balances):
        while position < len(daily) and daily[position][0] <= day:
            balance += daily[position][1]
            position += 1
        if balance != closing:
            if number == 0 and closing - balance == opening:
                return (
                    f"its first statement {name} opens with {to_decimal(opening)} EUR that the books do not have: "
                    "post the opening balance with the general journal, dated before that statement"
                )
            return (
                f"the books have {to_decimal(balance)} EUR on {day}, statement {name} says {to_decimal(closing)} EUR "
                f"(difference {to_decimal(balance - closing)}); a statement is missing, or something was posted by hand"
            )
    return None
