"""A statement is looked up once: one query for each kind of question, and only where a line asks it."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import date

import pytest
from small_books import IBAN, Obole
from sqlalchemy import Connection, event

from importers.bank.records import Movement, Statement
from importers.deciding.booking import Desk, book
from importers.deciding.found import Found
from obole.books.opened import open_books
from obole.intake.desk import desk_of, load_known
from obole.intake.lookup import look_up

DAY = date(2025, 3, 17)


@pytest.fixture
def asked(small: Obole) -> Iterator[tuple[Connection, Desk, list[str]]]:
    """The register of the small books, the desk of their account, and the queries made on the register since."""
    books = open_books(small.books)
    desk = desk_of(books, IBAN, load_known(books))
    assert desk is not None
    queries: list[str] = []
    event.listen(books.register, "before_cursor_execute", lambda *told: queries.append(told[2]))
    with books.register.connect() as connection:
        connection.exec_driver_sql("SELECT 1")  # begins the transaction
        queries.clear()
        yield connection, desk, queries
    books.register.dispose()
    books.vault.dispose()


def line(position: int, cents: int, code: str, reference: str = "", mandate: str | None = None) -> Movement:
    return Movement(position, None, DAY, DAY, cents, code, reference=reference, mandate=mandate)


def of(*lines: Movement) -> Statement:
    closing = 1_247_50 + sum(one.cents for one in lines)
    return Statement(IBAN, "EUR", 1_247_50, DAY, closing, DAY, "074", lines)


def test_a_statement_of_gifts_asks_for_its_name_and_the_closing_before_it(asked: tuple[Connection, Desk, list[str]]):
    connection, desk, queries = asked
    found = look_up(connection, of(line(1, 50_00, "00150000"), line(2, 20_00, "00150000")), desk)
    assert len(queries) == 2
    assert (found.name, found.before) == (
        "coda-current-2025-074",
        ("coda-current-2025-073", 1_247_50, date(2025, 3, 14)),
    )


def test_many_returns_are_one_query_by_reference_and_one_by_mandate(asked: tuple[Connection, Desk, list[str]]):
    connection, desk, queries = asked
    named = [line(number, -60_00, "00503000", f"E2E-{number:04d}", "M-2") for number in range(1, 31)]
    masked = [line(30 + number, -45_00, "00503000", "NOTPROVIDED", "M-6") for number in range(1, 31)]
    found = look_up(connection, of(*named, *masked), desk)
    assert len(queries) == 4
    assert {one: original.donor for one, original in found.originals.items()} == {
        "E2E-0001": "D0002",
        "E2E-0002": "D0006",
    }
    [claimed] = found.claimed.values()
    assert [(one.donor, one.cents) for one in claimed] == [("D0006", 45_00)]


def test_deciding_reads_nothing_and_leaves_what_was_found(asked: tuple[Connection, Desk, list[str]]):
    connection, desk, queries = asked
    statement = of(line(1, -60_00, "00503000", "E2E-0001", "M-2"), line(2, -45_00, "00503000", "", "M-6"))
    found = look_up(connection, statement, desk)
    queries.clear()
    first = book(statement, desk, found, "file")
    assert book(statement, desk, found, "file") == first
    assert not queries
    assert sorted(gift.donor or "" for gift in first.booking.gifts) == ["D0002", "D0006"]


@pytest.mark.parametrize("record", [Desk, Found])
def test_what_a_decision_is_given_are_values(record: type, asked: tuple[Connection, Desk, list[str]]):
    connection, desk, _ = asked
    given = desk if record is Desk else look_up(connection, of(line(1, 1_00, "00150000")), desk)
    assert not [one.name for one in fields(given) if isinstance(getattr(given, one.name), Callable)]
