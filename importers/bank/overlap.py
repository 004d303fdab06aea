"""The part of a bank statement that is new where others already cover some of its days.

It may be the same day as CODA and as CAMT, a longer period downloaded again, a gap that is filled. Lines are compared
by booking day and amount, as often as they occur: two equal gifts on one day stay two. The balances decide whether the
comparison is right: what is left must lead from the closing balance of the statement before it to the opening balance
of the one after it. Where it does not, nothing is guessed: the statement is refused.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from importers.bank.records import Movement, Statement
from importers.words import _
from ledger.errors import OboleError
from ledger.money import to_decimal

_MARK = "+"  # behind the number of the statement that a part of the same day comes after


class Contradicts(OboleError):
    """A statement that does not agree with what was posted of the same days."""


@dataclass(frozen=True, slots=True)
class PostedStatement:
    """A posted statement of the account: what it closes on and the amounts of each day."""

    name: str
    kind: str
    sequence: str
    opening: int
    closing: int
    closing_date: date
    amounts: Mapping[date, Counter[int]]


def new_parts(
    statement: Statement, known: Sequence[PostedStatement], before: PostedStatement | None
) -> tuple[Statement, ...]:
    """Return the parts of a statement that are not posted yet, none where all of it is.

    `known` are the posted statements that share days with it, in their order, `before` the one that comes before them.
    The whole statement comes back unchanged where it fits between them as it is. Contradicts, with the difference,
    where neither fits.
    """
    if not known or _continues(statement, known):
        return (statement,)
    surplus = _surplus(statement, known)
    for late in (True, False):  # whether the new lines of a day come after the statement that closes on that day
        parts = _parts(statement, surplus, known, before, late=late)
        if parts is not None:
            return parts
    if _fits(statement, known, before):
        return (statement,)
    raise Contradicts(_difference(statement, surplus, known))


def _continues(statement: Statement, known: Sequence[PostedStatement]) -> bool:
    """Return whether the next statement of the bank's own numbering goes on where the last one closed, that day."""
    last = known[-1]
    numbered = last.kind == statement.kind and last.sequence.isdigit() and statement.sequence.isdigit()
    return (
        numbered
        and int(statement.sequence) == int(last.sequence) + 1
        and statement.opening == last.closing
        and all(movement.booked >= last.closing_date for movement in statement.booked)
    )


def _surplus(statement: Statement, known: Iterable[PostedStatement]) -> list[Movement]:
    """Return the lines that occur more often than they are posted, the last of equal ones."""
    there: Counter[tuple[date, int]] = Counter()
    for one in known:
        for day, amounts in one.amounts.items():
            for cents, count in amounts.items():
                there[day, cents] += count
    surplus = []
    for movement in sorted(statement.booked, key=lambda movement: (movement.booked, movement.position)):
        key = (movement.booked, movement.cents)
        if there[key] > 0:
            there[key] -= 1
        else:
            surplus.append(movement)
    return surplus


def _parts(
    statement: Statement,
    surplus: Sequence[Movement],
    known: Sequence[PostedStatement],
    before: PostedStatement | None,
    *,
    late: bool,
) -> tuple[Statement, ...] | None:
    """Return the new lines by the gap they fall in; None where the balances say that they do not belong there."""
    parts = []
    for place, lines in enumerate(_by_gap(surplus, known, late=late)):
        # Before the first statement it shares days with, it begins itself; what is missing before that is a gap.
        opening = known[place - 1].closing if place else statement.opening
        closing = opening + sum(movement.cents for movement in lines)
        if not _leads_on(statement, known, place, closing, new=bool(lines)):
            return None
        if lines:
            previous = known[place - 1] if place else before
            parts.append(_part(statement, lines, opening, closing, previous, final=place == len(known)))
    return tuple(parts)


def _by_gap(surplus: Iterable[Movement], known: Sequence[PostedStatement], *, late: bool) -> list[list[Movement]]:
    """Return the new lines before, between and after the posted statements: one list more than there are of these."""
    gaps: list[list[Movement]] = [[] for _ in range(len(known) + 1)]
    for movement in surplus:
        place = sum(
            one.closing_date < movement.booked or (late and one.closing_date == movement.booked) for one in known
        )
        gaps[place].append(movement)
    return gaps


def _leads_on(statement: Statement, known: Sequence[PostedStatement], place: int, closing: int, *, new: bool) -> bool:
    """Return whether a gap that closes on `closing` cents leads to what follows it; `new`: it has lines."""
    last = statement.closing_date or date.max
    if place < len(known):
        # Before its first line a statement says nothing; a gap there is not its own.
        silent = not new and not (place and known[place].closing_date <= last)
        return silent or closing == known[place].opening
    if known[-1].closing_date > last:
        return not new
    return closing == statement.closing


def _part(
    statement: Statement,
    lines: Sequence[Movement],
    opening: int,
    closing: int,
    previous: PostedStatement | None,
    *,
    final: bool,
) -> Statement:
    if len(lines) == len(statement.booked):
        kept = statement.movements
    else:
        wanted = {movement.position for movement in lines}
        chosen = []
        for movement in statement.movements:  # a total comes before its details
            if movement.position in wanted or movement.parent in wanted:
                wanted.add(movement.position)
                chosen.append(movement)
        kept = tuple(chosen)
    closes = statement.closing_date if final else lines[-1].booked
    sequence = statement.sequence
    if previous is not None and (not final or previous.closing_date == closes):
        sequence = previous.sequence + _MARK
    opens = statement.opening_date if previous is None else previous.closing_date
    return replace(
        statement,
        opening=opening,
        opening_date=opens,
        closing=closing,
        closing_date=closes,
        sequence=sequence,
        movements=kept,
    )


def _fits(statement: Statement, known: Sequence[PostedStatement], before: PostedStatement | None) -> bool:
    """Return whether the whole statement fits between two neighbours by its balances."""
    line: list[PostedStatement | None] = [before, *known, None]
    for previous, following in pairwise(line):
        opens = (
            previous is not None
            and previous.closing == statement.opening
            and previous.closing_date <= _first(statement)
        )
        closes = following is None or following.opening == statement.closing
        if closes and (opens or (previous is None and following is not None)):
            return True
    return False


def _first(statement: Statement) -> date:
    days = [movement.booked for movement in statement.booked]
    return min(days) if days else statement.closing_date or date.min


def _difference(statement: Statement, surplus: Sequence[Movement], known: Sequence[PostedStatement]) -> str:
    last = known[-1]
    expected = last.closing + sum(movement.cents for movement in surplus)
    missing = to_decimal(statement.closing - expected)
    if len(known) > 1:
        message = _(
            "shares days with {first} to {last} and does not agree with it: new lines: {count} of {lines}, and after "
            "them its closing balance is {difference} EUR away; import the statements between them first, or ask "
            "the bank which is right"
        )
    else:
        message = _(
            "shares days with {first} and does not agree with it: new lines: {count} of {lines}, and after them "
            "its closing balance is {difference} EUR away; import the statements between them first, or ask the bank "
            "which is right"
        )
    return message.format(
        first=known[0].name, last=last.name, count=len(surplus), lines=len(statement.booked), difference=missing
    )
