"""The part of a bank statement that is new where others already cover some of its days.

It may be the same day as CODA and as CAMT, a longer period downloaded again, a part of a day, a gap that is filled.
Lines are compared by booking day and amount, as often as they occur: two equal gifts on one day stay two. Which of
equal lines is new is told by account, communication, references and name (`importers.bank.identity`); where these do
not tell it, the line is `doubtful`. The balances decide whether the comparison is right: what is left must lead from
the closing balance of the statement before it to the opening balance of the one after it. Where it does not, nothing
is guessed: the statement is refused.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate, pairwise
from typing import NamedTuple

from importers.bank.identity import UNMARKED, Mark, Pairer
from importers.bank.records import Movement, Statement
from importers.words import _
from ledger.errors import OboleError
from ledger.money import to_decimal
from ledger.records import DOUBTFUL, PART

_MOST_SUMS = 100_000  # of the lines of one day, that are tried to fill a gap


class Contradicts(OboleError):
    """A statement that does not agree with what was posted of the same days."""


class PostedLine(NamedTuple):
    """A line of a posted statement that counts in its balance; `mark` is empty where nothing more is known of it."""

    day: date
    cents: int
    mark: Mark = UNMARKED


@dataclass(frozen=True, slots=True)
class PostedStatement:
    """A posted statement of the account: what it closes on and its lines, in the order of its file."""

    name: str
    kind: str
    sequence: str
    opening: int
    closing: int
    closing_date: date
    lines: tuple[PostedLine, ...] = ()


class Overlap(NamedTuple):
    """The parts of a statement to be posted, and how many lines are taken for posted ones that say something else."""

    parts: tuple[Statement, ...]
    odd: int = 0


@dataclass(frozen=True, slots=True)
class _Surplus:
    """The lines of a statement that are not posted, with those that may be new in the place of each, and the others.

    `identified` is how many are known by more than day and amount, `odd` how many in spite of what else they say.
    """

    lines: tuple[Movement, ...]
    doubtful: dict[int, tuple[Movement, ...]]
    identified: int
    odd: int
    kept: frozenset[int]  # positions of the lines that are posted


def overlap(statement: Statement, known: Sequence[PostedStatement], before: PostedStatement | None) -> Overlap:
    """Return the parts of a statement that are not posted yet, none where all of it is.

    `known` are the posted statements that share days with it, in their order, `before` the one that comes before them.
    The whole statement comes back where it fits between them as it is. Contradicts, with the difference, where neither
    fits. First it is tried with lines that contradict each other left apart; then, where the balances say so, without.
    A later number of the bank's own none of whose lines is there is taken although a statement is missing before it.
    """
    if not known or continues(statement, known):
        return Overlap((statement,))
    strict = _surplus(statement, known, strict=True)
    parts = _placed(statement, strict, known, before)
    if parts is not None:
        return Overlap(parts)
    whole = _fitting(statement, known, before)
    if whole is not None and not strict.identified:
        return Overlap((whole,))
    loose = _surplus(statement, known, strict=False)
    parts = _placed(statement, loose, known, before)
    if parts is not None:
        return Overlap(parts, loose.odd)
    if whole is not None:
        return Overlap((whole,))
    if not strict.kept and _comes_later(statement, known):
        return Overlap((_numbered_apart(statement, known),))
    raise Contradicts(_difference(statement, loose.lines, known))


def new_parts(
    statement: Statement, known: Sequence[PostedStatement], before: PostedStatement | None
) -> tuple[Statement, ...]:
    """Return the parts of a statement that are not posted yet, as `overlap` finds them."""
    return overlap(statement, known, before).parts


def continues(statement: Statement, known: Sequence[PostedStatement]) -> bool:
    """Return whether the next statement of the bank's own numbering goes on where the last one closed, that day."""
    last = known[-1]
    numbered = last.kind == statement.kind and last.sequence.isdigit() and statement.sequence.isdigit()
    return (
        numbered
        and int(statement.sequence) == int(last.sequence) + 1
        and statement.opening == last.closing
        and all(movement.booked >= last.closing_date for movement in statement.booked)
    )


def _comes_later(statement: Statement, known: Sequence[PostedStatement]) -> bool:
    """Return whether the bank numbers a statement behind all those that it shares days with."""
    if not statement.sequence.strip("0").isdigit():
        return False
    return all(
        one.kind == statement.kind and one.sequence.isdigit() and int(one.sequence) < int(statement.sequence)
        for one in known
    )


def _surplus(statement: Statement, known: Iterable[PostedStatement], *, strict: bool) -> _Surplus:
    """Return the lines that no posted line is the same as, in the order of their days."""
    there: dict[tuple[date, int], list[tuple[bool, Mark]]] = defaultdict(list)
    for one in known:
        same_form = one.kind == statement.kind
        for line in one.lines:
            there[line.day, line.cents].append((same_form, line.mark))
    groups: dict[tuple[date, int], list[Movement]] = defaultdict(list)
    for movement in statement.booked:
        groups[movement.booked, movement.cents].append(movement)
    left: list[Movement] = []
    identified = odd = 0
    doubtful: dict[int, tuple[Movement, ...]] = {}
    for key, movements in groups.items():
        posted = there.get(key)
        if not posted:
            left += movements
            continue
        pairer = Pairer(same_form=all(same for same, _mark in posted), strict=strict)
        left += pairer.left_over(movements, [mark for _same, mark in posted])
        identified += pairer.identified
        odd += len(pairer.odd)
        doubtful |= pairer.doubtful
    left.sort(key=lambda movement: (movement.booked, movement.position))
    kept = frozenset(movement.position for movement in statement.booked) - {movement.position for movement in left}
    return _Surplus(tuple(left), doubtful, identified, odd, kept)


def _placed(
    statement: Statement, surplus: _Surplus, known: Sequence[PostedStatement], before: PostedStatement | None
) -> tuple[Statement, ...] | None:
    """Return the new lines as parts, where the balances let them stand somewhere among the posted statements."""
    if not surplus.lines and _within(statement, known):
        return ()
    ways: tuple[Callable[[], list[list[Movement]]], ...] = (
        lambda: _by_gap(surplus.lines, known, late=True),  # those of a day come after the statement closing on that day
        lambda: _by_gap(surplus.lines, known, late=False),
        lambda: _by_balance(statement, surplus.lines, known),
        lambda: _by_sums(surplus.lines, known),
    )
    for way in ways:
        parts = _parts(statement, surplus, way(), known, before)
        if parts is not None:
            return parts
    return None


def _parts(
    statement: Statement,
    surplus: _Surplus,
    gaps: Sequence[Sequence[Movement]],
    known: Sequence[PostedStatement],
    before: PostedStatement | None,
) -> tuple[Statement, ...] | None:
    """Return the new lines by the gap they fall in; None where the balances say that they do not belong there."""
    parts = []
    for place, lines in enumerate(gaps):
        # Before the first statement it shares days with, it begins itself; what is missing before that is a gap.
        opening = known[place - 1].closing if place else statement.opening
        closing = opening + sum(movement.cents for movement in lines)
        if not _leads_on(statement, known, place, closing, new=bool(lines)):
            return None
        if lines:
            previous = known[place - 1] if place else before
            part = _part(statement, lines, opening, closing, previous, final=place == len(known))
            parts.append(_with_doubts(part, surplus.doubtful))
    return tuple(_numbered_apart(part, known) for part in parts)


def _by_gap(surplus: Iterable[Movement], known: Sequence[PostedStatement], *, late: bool) -> list[list[Movement]]:
    """Return the new lines before, between and after the posted statements: one list more than there are of these."""
    gaps: list[list[Movement]] = [[] for _ in range(len(known) + 1)]
    for movement in surplus:
        place = sum(
            one.closing_date < movement.booked or (late and one.closing_date == movement.booked) for one in known
        )
        gaps[place].append(movement)
    return gaps


def _by_balance(
    statement: Statement, surplus: Iterable[Movement], known: Sequence[PostedStatement]
) -> list[list[Movement]]:
    """Return the new lines by gap, those of a day where the balances of the statements closing on it leave a hole."""
    gaps: list[list[Movement]] = [[] for _ in range(len(known) + 1)]
    ends = [statement.opening, *(one.closing for one in known)]
    begins = [*(one.opening for one in known), statement.closing]
    missing = [begin - end for end, begin in zip(ends, begins, strict=True)]
    for movement in surplus:
        first = sum(one.closing_date < movement.booked for one in known)
        last = sum(one.closing_date <= movement.booked for one in known)
        place = next((place for place in range(first, last + 1) if missing[place]), last)
        gaps[place].append(movement)
        missing[place] -= movement.cents
    return gaps


def _by_sums(surplus: Iterable[Movement], known: Sequence[PostedStatement]) -> list[list[Movement]]:
    """Return the new lines by gap, where only some lines of a day together come to what is missing in it.

    Which of several such choices it is, says nothing of money: the account and the day are the same.
    """
    gaps: list[list[Movement]] = [[] for _ in range(len(known) + 1)]
    rest = list(surplus)
    for place in range(1, len(known)):
        missing = known[place].opening - known[place - 1].closing
        may = [one for one in rest if known[place - 1].closing_date <= one.booked <= known[place].closing_date]
        gaps[place] = _coming_to(missing, may)
        taken = {one.position for one in gaps[place]}
        rest = [one for one in rest if one.position not in taken]
    for movement in rest:
        gaps[0 if movement.booked < known[0].closing_date else len(known)].append(movement)
    return gaps


def _coming_to(cents: int, lines: Sequence[Movement]) -> list[Movement]:
    """Return the first lines that come to a sum, in their order; none where none do or the sum is nil."""
    reached: dict[int, tuple[int, ...]] = {0: ()}
    for number, line in enumerate(lines):
        for total, chosen in list(reached.items()):
            reached.setdefault(total + line.cents, (*chosen, number))
        if cents in reached or len(reached) > _MOST_SUMS:
            break
    return [lines[number] for number in reached.get(cents, ())]


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


def _within(statement: Statement, known: Sequence[PostedStatement]) -> bool:
    """Return whether a statement of known lines only is a part of what is posted: its balances are among those there.

    A day has no order that both files must share, so that its posted lines are tried from the first and from the last.
    """
    lines = sorted(statement.booked, key=lambda movement: (movement.booked, movement.position))
    if not lines or statement.opening + sum(movement.cents for movement in lines) != statement.closing:
        return False
    first, last = lines[0].booked, lines[-1].booked
    posted = [line for one in known for line in one.lines]
    begins = known[0].opening + sum(line.cents for line in posted if line.day < first)
    ours: dict[tuple[date, int], int] = defaultdict(int)
    for movement in lines:
        ours[movement.booked, movement.cents] += 1
    others: list[PostedLine] = []
    for line in posted:
        if not first <= line.day <= last:
            continue
        if ours[line.day, line.cents]:
            ours[line.day, line.cents] -= 1
        else:
            others.append(line)
    if any(first < line.day < last for line in others):
        return False
    earlier = [line.cents for line in others if line.day == first]
    if first != last:
        return statement.opening == begins + sum(earlier)
    reached = {0, *accumulate(earlier), *accumulate(reversed(earlier))}
    return statement.opening - begins in reached


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
        sequence = previous.sequence + PART
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


def _with_doubts(part: Statement, doubtful: dict[int, tuple[Movement, ...]]) -> Statement:
    """Return a part whose doubtful lines say no more than that it may be one or the other: nobody's gift by itself."""
    here = {movement.position for movement in part.booked} & doubtful.keys()
    if not here:
        return part
    movements = tuple(
        _either(doubtful[movement.position]) if movement.position in here else movement for movement in part.movements
    )
    return replace(part, movements=movements, doubtful=frozenset(here))


def _either(lines: Sequence[Movement]) -> Movement:
    """Return the first of lines without what tells them apart; who it may be stands beside each other, for a person."""
    return lines[0]._replace(
        structured=None,
        communication=_beside(line.communication or line.structured or "" for line in lines),
        name=_beside(line.name for line in lines),
        account=lines[0].account if len({line.account for line in lines}) == 1 else "",
        reference="",
        mandate=None,
        return_type=None,
        reason=DOUBTFUL,
    )


def _beside(texts: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(filter(None, texts)))


def _numbered_apart(part: Statement, known: Iterable[PostedStatement]) -> Statement:
    """Return a part under a number that no posted statement has which closes on its day."""
    taken = {one.sequence for one in known if one.closing_date == part.closing_date}
    sequence = part.sequence
    while sequence in taken:
        sequence += PART
    return part if sequence == part.sequence else replace(part, sequence=sequence)


def _fitting(
    statement: Statement, known: Sequence[PostedStatement], before: PostedStatement | None
) -> Statement | None:
    """Return the whole statement, under a number that is free that day, where it fits as it is; else None."""
    return _numbered_apart(statement, known) if _fits(statement, known, before) else None


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
