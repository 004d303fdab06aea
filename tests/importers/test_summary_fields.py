"""What is told of a file without books, figure by figure; and what a read file says of itself."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import camt_writer
import coda_writer
import pytest

from importers.bank import any_format
from importers.bank.records import BankFile, Movement, Outline, Statement, Tally
from importers.bank.summary import (
    Inspection,
    StatementSummary,
    as_json,
    as_text,
    inspect_bank_file,
    of_bank_file,
    summarise,
)
from ledger.errors import Fault, Severity

DAY = date(2025, 3, 14)
WARNING, ERROR = Severity.WARNING, Severity.ERROR


def line(cents: int, position: int = 1, parent: int | None = None) -> Movement:
    return Movement(position, parent, DAY, None, cents, "00150000")


def statement(*movements: Movement, **fields: object) -> Statement:
    return replace(Statement("BE1", "EUR", 1_00, date(2025, 3, 1), 2_00, DAY, "073", movements), **fields)


def test_a_statement_is_summed_by_what_is_booked():
    made = statement(line(1), line(-1, 2), line(0, 3), line(20, 4), line(-30, 5), line(7, 6, 4), line(13, 7, 4))
    assert summarise(made) == StatementSummary(
        "BE1", "EUR", 1_00, date(2025, 3, 1), 2_00, DAY, 5, 2, 21, 31, "2025-073"
    )
    counted = summarise(replace(made, tally=Tally(details=9)))
    assert (counted.movements, counted.details) == (5, 9)
    assert summarise(replace(made, closing_date=None)).reference == "073"


def test_faults_are_told_by_line_then_those_of_statements():
    faults = (Fault("c", None, ERROR, 2), Fault("b", 9, WARNING, 2), Fault("d", None, ERROR, 1))
    file = BankFile((statement(faults=faults), statement()), (Fault("f"), Fault("a", 3)))
    inspection = of_bank_file("x", "coda", file)
    assert [fault.message for fault in inspection.faults] == ["a", "b", "f", "d", "c"]
    assert (inspection.ok, len(inspection.statements)) == (False, 2)
    assert as_json(inspection)["faults"][:2] == [  # type: ignore[index]
        {"severity": "error", "line": 3, "statement": None, "message": "a"},
        {"severity": "warning", "line": 9, "statement": 2, "message": "b"},
    ]
    assert "facts" not in as_json(inspection)


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [
        ((), "good"),
        ((WARNING,), "good, 1 warning"),
        ((WARNING, WARNING), "good, 2 warnings"),
        ((ERROR,), "refused, 1 error"),
        ((ERROR, ERROR, WARNING), "refused, 2 errors, 1 warning"),
    ],
)
def test_the_verdict_counts_errors_and_warnings(severities: tuple[Severity, ...], verdict: str):
    told = as_text(Inspection("x", "coda", tuple(Fault("m", 1, one) for one in severities)))
    assert told.splitlines()[0] == f"x: coda, {verdict}"
    assert told.splitlines()[1:] == [f"  {one.value}: line 1: m" for one in severities]


def test_a_table_has_texts_on_the_left_and_figures_on_the_right():
    first = StatementSummary("BE6853900", "EUR", 1_00, date(2025, 3, 1), 1234_56, DAY, 3, 10, 5_00, 0, "2025-1")
    second = StatementSummary("X", "USD", -7, None, 0, None, 100, 0, 0, 123456_00, "2")
    table = [
        "  statement  account    cur  from        opening  to          closing  movements  details  credits     debits",
        "  2025-1     BE6853900  EUR  2025-03-01     1.00  2025-03-14  1234.56          3       10     5.00       0.00",
        "  2          X          USD                -0.07                 0.00        100        0     0.00  123456.00",
    ]
    assert as_text(Inspection("x", "coda", statements=(first, second))).splitlines()[1:] == table


@pytest.mark.parametrize(
    ("data", "kind", "statements", "facts"),
    [
        (coda_writer.encode(coda_writer.statement([])), "coda", 1, ()),
        (camt_writer.encode([camt_writer.Stmt([camt_writer.Ntry(1, count=2)])]), "camt.053", 1, (("batches", "1"),)),
        (camt_writer.encode([camt_writer.Stmt([])], "08", "054"), "camt.054", 1, ()),
        (
            b"<CstmrDrctDbtInitn><GrpHdr><MsgId>M</MsgId></GrpHdr></CstmrDrctDbtInitn>",
            "pain.008",
            0,
            (("message", "M"), ("blocks", "0"), ("transactions", "0"), ("sum", "0.00")),
        ),
    ],
)
def test_a_file_of_each_kind_is_told(
    data: bytes, kind: str, statements: int, facts: tuple[tuple[str, str], ...], tmp_path: Path
):
    path = tmp_path / "x"
    path.write_bytes(data)
    told = inspect_bank_file(path)
    assert (told.file, told.kind, len(told.statements), told.facts, told.ok) == ("x", kind, statements, facts, True)


def test_what_cannot_be_opened_says_why(tmp_path: Path):
    (fault,) = inspect_bank_file(tmp_path / "nowhere.cod").faults
    assert fault.message == "cannot be opened (No such file or directory); check its name and its rights"


def test_what_is_no_bank_file_is_refused_at_its_first_line(tmp_path: Path):
    path = tmp_path / "x"
    path.write_text("nothing", encoding="utf-8")
    (fault,) = inspect_bank_file(path).faults
    assert (fault.line, fault.severity) == (1, ERROR)


# What a read file says of itself


def test_a_file_is_as_good_as_itself_and_each_of_its_statements():
    bad, warned = Fault("no"), Fault("hm", severity=WARNING)
    assert BankFile((statement(), statement(faults=(warned,))), (warned,)).ok
    assert not BankFile((statement(), statement(faults=(bad,)))).ok
    assert not BankFile((statement(),), (bad,)).ok
    assert not statement(faults=(warned, bad)).ok


def test_an_outline_tells_the_last_day_of_what_can_be_taken():
    later, latest = date(2025, 3, 20), date(2025, 3, 30)
    days = [statement(), statement(closing_date=later), statement(closing_date=None)]
    refused = statement(closing_date=latest, faults=(Fault("no"),))
    assert BankFile((*days, refused)).outline == Outline(4, later, ordered=False)
    assert BankFile((refused,)).outline == Outline(1, None, ordered=False)


def test_booked_lines_and_families():
    total, detail = line(5), line(5, 2, 1)
    assert statement(total, detail).booked == (total,)
    assert total._replace(code="12345678").family == "2345"


# The order of reading


def test_the_key_of_a_coda_file_is_that_of_its_first_old_balance(tmp_path: Path):
    path = tmp_path / "x.cod"
    first = coda_writer.statement([], 0, date(2024, 12, 31), "260")
    first[1] = first[1][:5] + "A" + first[1][6:41] + "Z" + first[1][42:]
    path.write_bytes(coda_writer.encode(["", *first, *coda_writer.statement([], 0, DAY, "001")]))
    day, account, number = any_format.reading_key(path)
    assert (day, account[0], account[-1], len(account), number) == ("241231", "A", "Z", 37, "260")
