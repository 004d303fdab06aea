"""The balance of each bank account in the books is the bank's own at every statement: no gap, nothing else posted.

A gap between two statements is an error of its own (`BankGap`), one for each: what is posted is right as far as it
goes, and reports of it may be read with that in mind. Whatever else differs is a `BankError`.

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
from ledger.register.statements import (
    BookedEarly,
    Gap,
    StatementBalance,
    booked_early,
    gaps,
    statement_balances,
)
from ledger.store import StoreUnreadable
from ledger.weights import euros_of
from ledger.words import _

__plugins__ = ("check_banks",)


class BankError(NamedTuple):
    """A bank account whose books are not what the bank says."""

    source: data.Meta
    message: str
    entry: Any


class BankGap(NamedTuple):
    """A statement that is missing before another: what the books lack is `cents`."""

    source: data.Meta
    message: str
    entry: Any
    statement: str
    day: date


def check_banks(
    entries: data.Entries, options: dict[str, Any], config: str = "{}"
) -> tuple[data.Entries, list[BankError | BankGap]]:
    """Compare the running balance of each bank account with the closing balances of its statements."""
    source = data.new_metadata(options["filename"], 0)
    try:
        settings = read_settings(__name__, config, dict)
        banks = banks_of(settings, options)
        with register_of(settings, options) as connection:
            balances = {alias: statement_balances(connection, alias) for alias in banks}
            missing = {alias: gaps(connection, alias) for alias in banks}
            early = {alias: booked_early(connection, alias) for alias in banks}
    except BadSettings as error:
        return entries, [BankError(source, str(error), None)]
    except StoreUnreadable:
        return entries, []  # ledger.plugins.gifts says it
    codes = frozenset(banks.values())
    errors: list[BankError | BankGap] = [
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
        found = _compare(_daily(entries, code), balances[alias], missing[alias], early[alias])
        errors += [BankGap(source, _said(alias, code, _gap(gap)), None, gap.statement, gap.day) for gap in found.gaps]
        if found.problem is not None:
            errors.append(BankError(source, _said(alias, code, found.problem), None))
    return entries, errors


def _said(alias: str, code: str, problem: str) -> str:
    return _("bank account {alias} ({code}): {problem}").format(alias=alias, code=code, problem=problem)


def _gap(gap: Gap) -> str:
    if gap.undone:
        return _(
            "a statement is missing before {statement} of {day}, which begins {amount} EUR away; undone, and to be "
            "imported again: {undone}"
        ).format(statement=gap.statement, day=gap.day, amount=to_decimal(gap.cents), undone=", ".join(gap.undone))
    return _(
        "a statement is missing between {before} and {statement} of {day}, which begins {amount} EUR away; import it"
    ).format(before=gap.before, statement=gap.statement, day=gap.day, amount=to_decimal(gap.cents))


def _daily(entries: data.Entries, code: str) -> list[tuple[date, Decimal]]:
    days: dict[date, Decimal] = {}
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                if code_of(posting.account) == code:
                    days[entry.date] = days.get(entry.date, Decimal(0)) + (euros_of(posting) or 0)
    return sorted(days.items())


class _Compared(NamedTuple):
    """The gaps that the books have too, and the first difference that is none."""

    gaps: list[Gap]
    problem: str | None


def _compare(
    daily: list[tuple[date, Decimal]],
    balances: list[StatementBalance],
    missing: list[Gap],
    early: list[BookedEarly],
) -> _Compared:
    """Hold the books against the bank at each day that statements close on.

    What is missing in a gap stays missing on the days after it, unless something else in the books made up for it. What
    a later statement has of that day is in its own balance only.
    """
    booked = lacking = to_decimal(0)
    position, problem = 0, None
    found: list[Gap] = []
    for number, (day, name, opening, closing) in enumerate(balances):
        while position < len(daily) and daily[position][0] <= day:
            booked += daily[position][1]
            position += 1
        balance = booked - to_decimal(sum(one.cents for one in early if one.day <= day < one.closing))
        said = to_decimal(closing)
        new = [gap for gap in missing if gap.day == day]
        lacking += to_decimal(sum(gap.cents for gap in new))
        if balance == said:
            lacking = to_decimal(0)
        elif said - balance == lacking:
            found += new
        else:
            if number == 0 and said - balance == to_decimal(opening):
                told = _unopened(day, opening)
            else:
                told = _(
                    "the books have {balance} EUR on {day}, statement {name} says {said} EUR (difference "
                    "{difference}); a statement is missing, or something was posted by hand"
                ).format(balance=balance, day=day, name=name, said=said, difference=balance - said)
            problem = problem or told
            lacking = said - balance  # so that each gap after it is told too
    return _Compared(found, problem)


def _unopened(day: date, opening: int) -> str:
    return _(
        "its first statement, of {day}, opens with {amount} EUR that the books do not have; take the balances "
        "of the eve of first_day over with `obole opening FILE`, or post the opening balance with the general "
        "journal, dated before that statement"
    ).format(day=day, amount=to_decimal(opening))
