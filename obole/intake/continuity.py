"""Tell whether a statement is known, what of it is new, and whether it leads on from the one before."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import Connection

from importers.bank.identity import contradict, mark_of
from importers.bank.overlap import Contradicts, PostedLine, PostedStatement, continues, overlap
from importers.bank.records import Statement
from importers.deciding.booking import document_name
from importers.deciding.found import Found, leaves_out
from ledger.errors import Fault, Severity
from ledger.money import to_decimal
from ledger.register.documents import PostedDocument, find_standing
from ledger.register.openings import balances_at, standing_openings
from ledger.register.statements import (
    DayAmount,
    amounts_of,
    row_of,
    statement_before,
    statements_between,
)
from obole.intake.posted import PostedFiles, bare
from obole.words import _, many


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The surroundings of a statement in the register, for one of the account `alias`.

    `same` is the document that stands under its `name`, with its amounts and lines where only they can tell that it is
    another; `there` are the statements that share its days and `before` the one before them, where the account has
    such.
    """

    alias: str
    name: str
    same: PostedDocument | None
    amounts: tuple[DayAmount, ...] = ()
    lines: tuple[PostedLine, ...] = ()
    there: tuple[PostedStatement, ...] = ()
    before: PostedStatement | None = None


class NewParts(NamedTuple):
    """The parts of a statement to be posted, the documents that hold the rest, and what is to be told of it."""

    parts: tuple[Statement, ...]
    known: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def numbered(connection: Connection, files: PostedFiles, statement: Statement, alias: str, name: str) -> Neighbours:
    """Look up what stands under the name of a statement that shares its days with no other."""
    same = find_standing(connection, name)
    if same is None:
        return _numbered_before(connection, statement, alias, name)
    if same.digest == statement.digest:
        return Neighbours(alias, name, same)
    row = row_of(connection, same.id)
    lines = files.statement(connection, row).lines if row is not None else ()
    return Neighbours(alias, name, same, amounts=tuple(amounts_of(connection, same.id)), lines=lines)


def _numbered_before(connection: Connection, statement: Statement, alias: str, name: str) -> Neighbours:
    """Look up what stands under the name that an earlier Obole gave: by the year of the last day, not of the number."""
    older = document_name(alias, replace(statement, created=None))
    same = find_standing(connection, older) if older != name else None
    if same is not None:
        amounts = tuple(amounts_of(connection, same.id))
        if _same_content(statement, same, amounts):
            return Neighbours(alias, older, same, amounts)
    return Neighbours(alias, name, None)


def sharing_days(connection: Connection, files: PostedFiles, statement: Statement, alias: str, name: str) -> Neighbours:
    """Look up the neighbours of a statement that may share days with them."""
    same = find_standing(connection, name)
    assert statement.closing_date is not None
    if same is not None and _holds(same, statement):
        return Neighbours(alias, name, same)
    first = min((movement.booked for movement in statement.booked), default=statement.closing_date)
    rows = statements_between(connection, alias, first, statement.closing_date)
    there = tuple(bare(row) for row in rows)
    if there and not continues(statement, there):  # else there is nothing to compare
        there = tuple(files.statement(connection, row) for row in rows)
    row = statement_before(connection, alias, rows[0].closing_date if rows else first, "")
    before = None if row is None else bare(row)
    return Neighbours(alias, name, same, there=there, before=before)


def _holds(same: PostedDocument, statement: Statement) -> bool:
    """Tell whether a document is all of a statement: of a part, what stood beside it may have been undone."""
    return same.digest == statement.digest and not same.summary.part


def new_or_known(statement: Statement, near: Neighbours) -> NewParts:
    """Decide whether a numbered statement is new, there already as it is, or there otherwise, which refuses it."""
    if near.same is None:
        return NewParts((statement,))
    if _same_content(statement, near.same, near.amounts):
        odd = _other_lines(statement, near.lines)
        return NewParts((), known=(near.same.name,), faults=_odd(near.name, (near.same.name,), odd))
    message = _(
        "{name}: another statement with this number was taken in before ({alias}); ask the bank which is right"
    ).format(name=near.name, alias=near.alias)
    return NewParts((), faults=(Fault(message),))


def _same_content(statement: Statement, existing: PostedDocument, amounts: tuple[DayAmount, ...]) -> bool:
    """Tell whether a statement is the one posted: the same characters, or a second delivery with the same figures."""
    if existing.digest == statement.digest:
        return True
    balances = (existing.opening, existing.closing, existing.closing_date)
    if balances != (statement.opening, statement.closing, statement.closing_date):
        return False
    # What came without details is the same with them: they split what waits.
    return any(
        amounts == tuple((movement.booked, movement.cents) for movement in movements)
        for movements in (statement.movements, statement.booked)
    )


def _other_lines(statement: Statement, posted: tuple[PostedLine, ...]) -> int:
    """Return how many lines of a second delivery say another payer or communication than the posted ones."""
    if len(statement.booked) != len(posted):
        return 0
    pairs = zip(statement.booked, posted, strict=True)
    return sum(contradict(line.mark, mark_of(movement), same_form=True) for movement, line in pairs)


def _odd(name: str, there: tuple[str, ...], odd: int) -> tuple[Fault, ...]:
    """Return what is told of lines that are there by day, amount and balance, and say something else."""
    if not odd:
        return ()
    told = many(
        "{name}: {count} line is there by day, amount and balance, but with another account, communication or "
        "reference than in {there}; nothing was changed: ask the bank which is right",
        "{name}: {count} lines are there by day, amount and balance, but with another account, communication or "
        "reference than in {there}; nothing was changed: ask the bank which is right",
        odd,
    )
    return (Fault(told.format(name=name, count=odd, there=", ".join(there)), severity=Severity.WARNING),)


def parts_not_posted(statement: Statement, near: Neighbours) -> NewParts:
    """Decide what is new of a statement that may share days with others; one that contradicts them is refused."""
    if near.same is not None and _holds(near.same, statement):
        return NewParts((), known=(near.same.name,))
    try:
        found = overlap(statement, near.there, near.before)
    except Contradicts as refusal:
        return NewParts((), faults=(Fault(f"{near.name}: {refusal}"),))
    parts = found.parts
    lines = sum(len(part.booked) for part in parts)
    names = tuple(one.name for one in near.there)
    odd = _odd(near.name, names, found.odd)
    if not parts:
        return NewParts((), known=names, faults=odd)
    if lines == len(statement.booked):
        return NewParts(parts)
    message = _overlap(near, lines, len(statement.booked))
    return NewParts(parts, faults=(Fault(message, severity=Severity.WARNING), *odd))


def _overlap(near: Neighbours, new: int, lines: int) -> str:
    """Return what is told of a statement of which so many lines are new."""
    first, last = near.there[0].name, near.there[-1].name
    if len(near.there) > 1:
        told = many(
            "{name}: overlaps {first} to {last}; {new} of its {lines} lines is new, the rest is there",
            "{name}: overlaps {first} to {last}; {new} of its {lines} lines are new, the rest is there",
            new,
        )
    else:
        told = many(
            "{name}: overlaps {first}; {new} of its {lines} lines is new, the rest is there",
            "{name}: overlaps {first}; {new} of its {lines} lines are new, the rest is there",
            new,
        )
    return told.format(name=near.name, first=first, last=last, new=new, lines=lines)


def first_of_account(connection: Connection, statement: Statement, found: Found, account: str) -> Iterator[Fault]:
    """Say where the first statement of an account opens with another balance than the opening of the books has."""
    if found.before is not None or not (openings := standing_openings(connection)):
        return
    brought = balances_at(connection, openings[-1].day).get(account, 0)
    if brought != statement.opening:
        message = _(
            "{name}: opens with {said} EUR, but {opening} has {brought} EUR on {account}; import what lies between, or "
            "run `obole undo {opening}` and take it again corrected"
        )
        told = message.format(
            name=found.name,
            said=to_decimal(statement.opening),
            opening=openings[-1].name,
            brought=to_decimal(brought),
            account=account,
        )
        yield Fault(told, severity=Severity.WARNING)


def continuity(statement: Statement, found: Found) -> Iterator[Fault]:
    """Say where a statement does not lead on from the one before, or leaves a number out."""
    before = found.before
    if before is None:
        return
    if before.cents != statement.opening:
        difference = to_decimal(statement.opening - before.cents)
        message = _(
            "{name}: a gap before it: its opening balance is {difference:+} EUR away from the closing balance of "
            "{before}; import the statement that is missing between them"
        )
        told = message.format(name=found.name, difference=difference, before=before.statement)
        yield Fault(told, severity=Severity.WARNING)
    elif leaves_out(statement, found):
        message = _("{name}: a number is missing after {before}, though the balances fit; import the one between them")
        yield Fault(message.format(name=found.name, before=before.statement), severity=Severity.WARNING)
