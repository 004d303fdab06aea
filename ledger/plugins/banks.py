"""The balance of each bank account in the books is the bank's own at every statement: no gap, nothing else posted.

`plugin "ledger.plugins.banks" "{'register': 'register.sqlite3', 'accounts': {'current': '550000'}}"`. For each day that
statements close on, the last one's new balance must be what the books have at the end of that day.
"""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from beancount.core import data

from ledger.chart import code_of
from ledger.money import to_decimal
from ledger.plugins.opening import BadSettings, banks_of, read_settings, register_of
from ledger.register.statements import StatementBalance, statement_balances
from ledger.store import StoreUnreadable
from ledger.weights import euros_of
from ledger.words import _

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
    try:
        settings = read_settings(__name__, config, dict)
        banks = banks_of(settings, options)
        with register_of(settings, options) as connection:
            balances = {alias: statement_balances(connection, alias) for alias in banks}
    except BadSettings as error:
        return entries, [BankError(source, str(error), None)]
    except StoreUnreadable:
        return entries, []  # ledger.plugins.gifts says it
    codes = frozenset(banks.values())
    errors = [
        BankError(
            entry.meta,
            _("pad on bank account {code}: import the statements that explain the difference").format(code=code),
            entry,
        )
        for entry in entries
        if isinstance(entry, data.Pad)  # its transaction is made after this plugin has run
        for code in (code_of(entry.account), code_of(entry.source_account))
        if code in codes
    ]
    for alias, code in banks.items():
        problem = _first_difference(_daily(entries, code), balances[alias])
        if problem is not None:
            errors.append(
                BankError(
                    source,
                    _("bank account {alias} ({code}): {problem}").format(alias=alias, code=code, problem=problem),
                    None,
                )
            )
    return entries, errors


def _daily(entries: data.Entries, code: str) -> list[tuple[date, Decimal]]:
    days: dict[date, Decimal] = {}
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                if code_of(posting.account) == code:
                    days[entry.date] = days.get(entry.date, Decimal(0)) + (euros_of(posting) or 0)
    return sorted(days.items())


def _first_difference(daily: list[tuple[date, Decimal]], balances: list[StatementBalance]) -> str | None:
    balance, position = to_decimal(0), 0
    for number, (day, name, opening, closing) in enumerate(balances):
        while position < len(daily) and daily[position][0] <= day:
            balance += daily[position][1]
            position += 1
        said = to_decimal(closing)
        if balance == said:
            continue
        if number == 0 and said - balance == to_decimal(opening):
            return _(
                "its first statement, of {day}, opens with {amount} EUR that the books do not have; take the balances "
                "of the eve of first_day over with `obole opening FILE`, or post the opening balance with the general "
                "journal, dated before that statement"
            ).format(day=day, amount=to_decimal(opening))
        return _(
            "the books have {balance} EUR on {day}, statement {name} says {said} EUR (difference "
            "{difference}); a statement is missing, or something was posted by hand"
        ).format(balance=balance, day=day, name=name, said=said, difference=balance - said)
    return None
