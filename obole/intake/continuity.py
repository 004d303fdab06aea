"""Whether a statement is known, what of it is new, and whether it leads on from the one before."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from importers.bank.overlap import PostedStatement, new_parts
from importers.bank.records import Statement
from importers.deciding.booking import Desk
from ledger.errors import Fault, Severity
from ledger.money import to_decimal
from ledger.posting import Posting
from ledger.register.documents import find_standing
from ledger.register.statements import (
    StatementRow,
    amounts_of,
    booked_amounts,
    previous_closing,
    statement_before,
    statements_between,
)
from obole.intake.reading import ReadStatement


def is_known(posting: Posting, desk: Desk, read: ReadStatement, name: str) -> bool:
    """Whether a numbered statement is there already, as it is (told) or otherwise (refused)."""
    existing = find_standing(posting.connection, name)
    if existing is None:
        return False
    if same_content(posting, existing, read.statement):
        read.told.known.append(str(existing["name"]))
    else:
        read.told.faults.append(
            Fault(
                f"{name}: another statement with this number was taken in before ({desk.alias}); "
                "ask the bank which is right"
            )
        )
    return True


def parts_not_posted(posting: Posting, desk: Desk, read: ReadStatement, name: str) -> tuple[Statement, ...]:
    """What is new of a statement that may share days with others; Contradicts where it does not agree with them."""
    statement, told, connection = read.statement, read.told, posting.connection
    assert statement.closing_date is not None
    existing = find_standing(connection, name)
    if existing is not None and existing["digest"] == statement.digest:
        told.known.append(str(existing["name"]))
        return ()
    first = min((movement.booked for movement in statement.booked), default=statement.closing_date)
    rows = statements_between(connection, desk.alias, first, statement.closing_date)
    there = [_known_statement(connection, row) for row in rows]
    start = (rows[0].closing_date, rows[0].sequence) if rows else (first, "")
    row = statement_before(connection, desk.alias, *start)
    before = None if row is None else PostedStatement(row.name, row.kind, row.sequence, *row[4:], {})
    parts = new_parts(statement, there, before)
    lines = sum(len(part.booked) for part in parts)
    if not parts:
        told.known.extend(one.name for one in there if one.name not in told.known)
    elif lines < len(statement.booked):
        others = f"{there[0].name} to {there[-1].name}" if len(there) > 1 else there[0].name
        told.faults.append(
            Fault(
                f"{name}: overlaps {others}; {lines} of its {len(statement.booked)} lines are new, the rest is there",
                severity=Severity.WARNING,
            )
        )
    return parts


def _known_statement(connection: Connection, row: StatementRow) -> PostedStatement:
    return PostedStatement(row.name, row.kind, row.sequence, *row[4:], booked_amounts(connection, row.id))


def same_content(posting: Posting, existing: Mapping[str, Any], statement: Statement) -> bool:
    """Whether a statement is the one posted: the same characters, or a second delivery with the same figures."""
    if existing["digest"] == statement.digest:
        return True
    balances = (existing["opening"], existing["closing"], existing["closing_date"])
    if balances != (statement.opening, statement.closing, statement.closing_date):
        return False
    amounts = [(movement.booked, movement.cents) for movement in statement.movements]
    return amounts_of(posting.connection, existing["id"]) == amounts


def continuity(posting: Posting, desk: Desk, statement: Statement, name: str) -> Iterator[Fault]:
    """Say where a statement does not lead on from the one before, or leaves a number out."""
    day = statement.closing_date
    assert day is not None
    before = previous_closing(posting.connection, desk.alias, day, statement.sequence)
    if before is None:
        return
    if before[1] != statement.opening:
        difference = to_decimal(statement.opening - before[1])
        yield Fault(
            f"{name}: a gap before it: its opening balance is {difference:+} EUR away from the closing balance of "
            f"{before[0]}; import the statement that is missing between them",
            severity=Severity.WARNING,
        )
    elif _skips(before[0], name):
        yield Fault(
            f"{name}: a number is missing after {before[0]}, though the balances fit; import the one between them",
            severity=Severity.WARNING,
        )


def _skips(before: str, name: str) -> bool:
    """Whether two statements of one year, numbered by the bank, are not neighbours (a new year begins again at 001)."""
    first, second = before.rsplit("-", 2)[1:], name.rsplit("-", 2)[1:]
    # The day stands as four digits where the bank does not number.
    numbered = all(len(number) == 3 and number.isdigit() for _, number in (first, second))  # noqa: PLR2004
    if before.partition("-")[0] != name.partition("-")[0]:
        return False  # CODA and CAMT are numbered apart
    return numbered and first[0] == second[0] and int(second[1]) != int(first[1]) + 1
