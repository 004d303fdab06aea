"""What the register itself refuses: an instalment collected twice, whoever asks for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from invented import register_in
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ledger.instalments import Fate, Instalment, Outcome, SequenceType, end_to_end
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.debits import Failure, FailureKind
from ledger.register.documents import DocumentRecord, MovementRow, insert_document, insert_undone

pytestmark = pytest.mark.usefixtures("stores")

MARCH, APRIL, DUE = date(2025, 3, 1), date(2025, 4, 1), date(2025, 3, 5)
RECORD = DocumentRecord("collection-2025-03-1", DocumentKind.COLLECTION, "a", "a", DUE, DUE)


def instalment(mandate: str = "M-1", sequence: int = 1, period: date = MARCH, attempt: int = 1) -> Instalment:
    reference = end_to_end(mandate, sequence, period)
    return Instalment(mandate, sequence, period, attempt, "D0001", 15_00, DUE, SequenceType.FIRST, reference)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = register_in(tmp_path)
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
    with pytest.raises(IntegrityError), connection.begin_nested():
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


def bank_line(position: int, reference: str, cents: int, outcome: str = "gift") -> MovementRow:
    return MovementRow(position, None, "2025-03-06", None, cents, "00550000", reference, None, None, outcome, "731100")


def test_a_debit_is_credited_by_a_line_of_the_bank_that_brought_it(connection: Connection):
    many = [instalment(f"M-{number}") for number in range(1, 7)]
    enter(connection, *many)
    brought = [
        bank_line(1, many[0].end_to_end, 15_00),
        bank_line(2, many[1].end_to_end, 1, "instalment"),
        bank_line(3, many[2].end_to_end, -15_00),
        bank_line(4, many[3].end_to_end, 15_00, "suspense"),
        bank_line(5, "another", 15_00),
        bank_line(6, many[5].end_to_end, 0),
    ]
    statement = replace(RECORD, name="coda-1", kind=DocumentKind.CODA)
    number = insert_document(connection, statement, brought, (), journal=None, journal_digest=None, posted_at="")
    names = {one.end_to_end: one.mandate for one in many}
    found = debitbook.debits(connection, [*names, "another"])
    assert {names[name]: debit.credited for name, debit in found.items()} == {
        "M-1": True, "M-2": True, "M-3": False, "M-4": False, "M-5": False, "M-6": False
    }  # fmt: skip
    one = found[many[0].end_to_end]
    assert (one.mandate, one.donor, one.cents, one.due, one.rejected) == ("M-1", "D0001", 15_00, DUE, False)
    insert_undone(connection, number, document(connection, "undo-coda-1"))
    assert not any(debit.credited for debit in debitbook.debits(connection, names).values())


def test_a_month_lists_its_own_collections_as_they_were_sent(connection: Connection):
    first = enter(connection, instalment(), instalment("M-2"))
    second = enter(connection, instalment("M-3"), name="collection-2025-03-2")
    enter(connection, instalment("M-4", period=APRIL), name="collection-2025-04-1")
    document(connection, "collection-2025-030-1")
    assert debitbook.collection_name(MARCH) == "collection-2025-03"
    assert [tuple(one) for one in debitbook.sent(connection, MARCH)] == [
        ("collection-2025-03-1", first, None, "collection-2025-03-1-FRST", "FRST", DUE, 2, 30_00),
        ("collection-2025-03-2", second, None, "collection-2025-03-2-FRST", "FRST", DUE, 1, 15_00),
    ]
    assert debitbook.references_of(connection, "collection-2025-03-2") == ["collection-2025-03-2-FRST"]
    assert debitbook.references_of(connection, "other") == []


def test_the_instalments_of_a_collection_come_as_its_file_has_them(connection: Connection):
    number = document(connection)
    recurrent = [
        instalment("M-2", 2)._replace(kind=SequenceType.RECURRENT),
        instalment("M-1", 3, APRIL)._replace(kind=SequenceType.RECURRENT),
    ]
    debitbook.insert_collection(connection, number, "b", SequenceType.RECURRENT, recurrent)
    debitbook.insert_collection(connection, number, "a", SequenceType.FIRST, [instalment("M-9")])
    assert debitbook.instalments_of(connection, number) == [instalment("M-9"), recurrent[1], recurrent[0]]
    assert debitbook.instalments_of(connection, number + 1) == []


def test_a_history_knows_its_last_number_and_only_the_months_asked_for(connection: Connection):
    enter(connection, instalment())
    enter(connection, instalment(sequence=2, period=APRIL, attempt=1), name="collection-2025-04-1")
    history = debitbook.histories(connection, APRIL)["M-1"]
    assert (history.sequence, history.begun) == (2, True)
    assert [(one.period, one.number) for one in history.attempts] == [(APRIL, 1)]
    assert len(debitbook.histories(connection, MARCH)["M-1"].attempts) == 2


def test_an_error_of_ours_may_be_tried_again_and_does_not_count(connection: Connection):
    number = enter(connection, instalment())
    failure = Failure(instalment().end_to_end, FailureKind.REFUND, DUE, "AC01", Fate.CORRECT)
    debitbook.insert_failures(connection, number, [failure, failure])
    (attempt,) = debitbook.histories(connection, MARCH)["M-1"].attempts
    assert (attempt.outcome, attempt.again, attempt.ours) == (Outcome.RETURNED, True, True)
