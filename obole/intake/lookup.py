"""Looking up: what the register holds about a statement or about lines, gathered into one value before it decides."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from importers.bank.records import Movement, Statement
from importers.bank.references import given_reference
from importers.deciding.booking import Desk, document_name
from importers.deciding.found import Found, Questions, is_cash, leaves_out, questions
from ledger.records import DOUBTFUL
from ledger.register.cash import awaited, fitting
from ledger.register.debits import MandateDebit, named_collections, withdrawn_among, withdrawn_of_mandates
from ledger.register.documents import free_name
from ledger.register.gifts import originals_of, originals_of_mandates
from ledger.register.statements import Closing, Ends, numbers_of, previous_closing
from ledger.register.suspense import LineNow, OpenItem
from ledger.vault.counterparties import Counterparty

_RETURNED = "2"  # a line that has a reason came back; whether returned, refunded or reversed decides nothing then


def look_up(connection: Connection, statement: Statement, desk: Desk) -> Found:
    """Return what a statement needs: its free name, the one before it, what its returns and its collections are of."""
    name = free_name(connection, document_name(desk.alias, statement))
    assert statement.closing_date is not None
    ends = Ends(statement.opening, statement.closing)
    before = previous_closing(connection, desk.alias, statement.closing_date, statement.sequence, ends)
    named = dict(statement.named)
    found = _found(connection, name, before, questions(statement.movements, desk.links, named))
    found = replace(found, named=named, withdrawn=_withdrawn(connection, statement.movements))
    sure = (one for one in statement.movements if one.position not in statement.doubtful)
    found = replace(found, cash=_cash(connection, sure))
    if before is None or before.cents != statement.opening or not leaves_out(statement, found):
        return found
    start = statement.closing_date.replace(month=1, day=1)
    numbers = numbers_of(connection, desk.alias, statement.kind, start, statement.closing_date)
    return replace(found, numbers=tuple(numbers))


def look_up_lines(
    connection: Connection, movements: Iterable[Movement], desk: Desk, base: str, *, again: bool = False
) -> Found:
    """Return what lines need that are booked by themselves, in a document called `base` or that and a number.

    They are details of a total; or, with `again`, lines that waited.
    """
    lines = tuple(movements)
    found = _found(connection, free_name(connection, base), None, questions(lines, desk.links, again=again))
    if again:
        return replace(found, withdrawn={}, cash=_cash(connection, lines))
    return replace(found, withdrawn=_withdrawn(connection, lines))


def _withdrawn(connection: Connection, movements: Iterable[Movement]) -> dict[int, str]:
    """Return the collections that were withdrawn, by the positions of lines that bring instalments of theirs."""
    brought = [(one, one.mandate) for one in movements if one.mandate is not None and one.cents > 0]
    named = withdrawn_among(connection, (one.reference for one, _mandate in brought if one.reference))
    found = {one.position: named[one.reference] for one, _mandate in brought if one.reference in named}
    masked = [(one, mandate) for one, mandate in brought if not given_reference(one.reference)]
    asked = [MandateDebit(mandate, one.cents, one.booked) for one, mandate in masked]
    for (one, _mandate), reference in zip(masked, withdrawn_of_mandates(connection, asked), strict=True):
        if reference is not None:
            found[one.position] = reference
    return found


def _cash(connection: Connection, movements: Iterable[Movement]) -> dict[int, str]:
    """Return the account of each line that a slip or cheque said would come, each slip or cheque for one line."""
    lines = sorted(filter(is_cash, movements), key=lambda one: (one.booked, one.position))
    waiting = awaited(connection) if lines else []
    found = {}
    for line in lines:
        for one in fitting(waiting, line.cents, line.booked):
            waiting.remove(one)
            found[line.position] = one.account
    return found


def line_again(number: int, item: OpenItem | LineNow, who: Counterparty | None) -> Movement:
    """Return a line as it came, as far as register and vault keep it, to be decided once more."""
    return Movement(
        position=number,
        parent=None,
        booked=item.booked,
        value=item.value,
        cents=item.cents,
        code=item.code,
        communication=who.communication if who else "",
        name=who.name if who else "",
        account=who.account if who else "",
        reference=item.reference or "",
        mandate=item.mandate,
        return_type=_RETURNED if item.reason not in (None, DOUBTFUL) else None,
        reason=item.reason,
    )


def _found(connection: Connection, name: str, before: Closing | None, asked: Questions) -> Found:
    """Answer with one query for each kind of question, and only where a line asks it."""
    return Found(
        name=name,
        before=before,
        originals=originals_of(connection, asked.references) if asked.references else {},
        claimed=originals_of_mandates(connection, asked.claims) if asked.claims else {},
        collections=named_collections(connection, asked.collections) if asked.collections else {},
    )
