"""What the register itself refuses: an instalment collected twice, whoever asks for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ledger.instalments import Fate, Instalment, Outcome, SequenceType, end_to_end
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.debits import Failure, FailureKind
from ledger.register.documents import DocumentRecord, insert_document, insert_undone
from ledger.store import open_store, sqlite_url

MARCH, APRIL, DUE = date(2025, 3, 1), date(2025, 4, 1), date(2025, 3, 5)
RECORD = DocumentRecord("collection-2025-03-1", DocumentKind.COLLECTION, "a", "a", DUE, DUE)


def instalment(mandate: str = "M-1", sequence: int = 1, period: date = MARCH, attempt: int = 1) -> Instalment:
    reference = end_to_end(mandate, sequence, period)
    return Instalment(mandate, sequence, period, attempt, "D0001", 15_00, DUE, SequenceType.FIRST, reference)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = open_store(sqlite_url(tmp_path / "register.sqlite3"), "register")
    with engine.begin() as opened:
        yield opened
    engine.dispose()


def document(connection: Connection, name: str = RECORD.name) -> int:
    return insert_document(
        connection, replace(RECORD, name=name), (), (), journal=None, journal_digest=None, posted_at=""
    )


def enter(connection: Connection, *instalments: Instalment, name: str = "collection-2025-03-1") -> int:
    number = document(connection, name)
    debitbook.insert_collection(connection, number, f"{name}-FRST", SequenceType.FIRST, instalments)
    return number


@pytest.mark.parametrize(
    "again",
    [
        instalment(period=APRIL),  # the same mandate and sequence
        instalment(sequence=2),  # the same attempt on the same month
    ],
)
def test_the_register_refuses_an_instalment_collected_before(connection: Connection, again: Instalment):
    enter(connection, instalment())
    with pytest.raises(IntegrityError):
        enter(connection, again, name="collection-2025-03-2")


def test_a_history_tells_what_stands_and_what_may_be_tried_again(connection: Connection):
    number = enter(connection, instalment(), instalment("M-2"), instalment("M-3"))
    failures = [
        Failure(instalment("M-2").end_to_end, FailureKind.REJECT, DUE, "AM04", Fate.RETRY),
        Failure(instalment("M-3").end_to_end, FailureKind.RETURN, DUE, "MD01", Fate.END),
    ]
    debitbook.insert_failures(connection, number, failures)
    found = debitbook.histories(connection, MARCH)
    assert [(one.begun, one.attempts[0].outcome, one.attempts[0].again) for one in found.values()] == [
        (True, Outcome.STANDS, False),
        (False, Outcome.REJECTED, True),
        (True, Outcome.RETURNED, False),
    ]
    collected = debitbook.collected(connection, "collection-2025-03-1-FRST")
    assert collected is not None
    assert collected.cents == 45_00
    assert [one.mandate for one in collected.debits if one.rejected] == ["M-2"]


def test_what_a_document_that_was_undone_says_does_not_count(connection: Connection):
    enter(connection, instalment())
    status = document(connection, "status-1")
    failure = Failure(instalment().end_to_end, FailureKind.REJECT, DUE, "AM04", Fate.RETRY)
    debitbook.insert_failures(connection, status, [failure])
    insert_undone(connection, status, document(connection, "undo-status-1"))
    assert debitbook.histories(connection, MARCH)["M-1"].attempts[0].outcome is Outcome.STANDS


def test_a_collection_that_was_undone_is_none_of_ours_and_its_months_are_open(connection: Connection):
    number = enter(connection, instalment())
    insert_undone(connection, number, document(connection, "undo-1"))
    assert debitbook.collected(connection, "collection-2025-03-1-FRST") is None
    assert debitbook.sent(connection, MARCH) == []
    history = debitbook.histories(connection, MARCH)["M-1"]
    assert (history.begun, history.attempts[0].outcome) == (False, Outcome.UNDONE)
