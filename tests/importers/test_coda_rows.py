"""CODA movements field by field: every field filled to its last position, read at once and record by record."""

from datetime import date
from typing import Any

import coda_writer as write
import pytest
from coda_writer import Line

from importers.bank import coda
from importers.bank.records import Movement, Statement
from ledger.errors import Severity

DAY = date(2025, 3, 14)
BANK = "B" * 20 + "X"
BIC = "KREDBEBBXXX"
REFERENCE = "R" * 34 + "Z"
NAME = "N" * 34 + "Z"
FOREIGN = "FR7630006000011234567890189"


def read(*lines: Line, opening: int = 0, **changes: Any) -> Statement:
    (statement,) = coda.parse(write.encode(write.statement(lines, opening, DAY, **changes))).statements
    return statement


def both(line: Line) -> tuple[Movement, Movement]:
    """The movement as the reader takes it at once, and record by record (an empty record 3.1 makes it do so)."""
    at_once = read(line).movements[0]
    slowly = read(line._replace(information=("0",))).movements[0]
    return at_once, slowly


def row(line: Line, **fields: Any) -> None:
    plain = Movement(1, None, DAY, DAY, 50_00, "00150000", bank_reference="REFERENCE OF THE BANK", line=3)
    for movement in both(line):
        assert movement == plain._replace(**fields)


def told(statement: Statement, severity: Severity = Severity.WARNING) -> list[str]:
    return [fault.message for fault in statement.faults if fault.severity is severity]


def test_every_field_to_its_last_position():
    text = "a" * 53 + "b" * 53 + "c" * 42 + "Z"
    line = Line(
        50_00, communication=text, reference=REFERENCE, bic=BIC, account=FOREIGN, name=NAME, bank_reference=BANK,
        value=date(2025, 3, 13),
    )  # fmt: skip
    row(
        line, communication=text, reference=REFERENCE, bic=BIC, account=FOREIGN, name=NAME, bank_reference=BANK,
        value=date(2025, 3, 13),
    )  # fmt: skip


def test_a_debit_without_a_value_date():
    row(Line(-50_00, "00101000", value=None), cents=-50_00, code="00101000", value=None)


@pytest.mark.parametrize(
    ("given", "account"),
    [
        ("BE68539007547034", "BE68539007547034"),
        ("BE68 5390 0754 7034", "BE68539007547034"),
        ("BE68539007547034                  EUR", "BE68539007547034"),
        ("539007547034 EURBE", "539007547034"),
        (FOREIGN, FOREIGN),
        ("FR76 3000 6000 0112 3456 7890 189", FOREIGN),
        ("0000000000000000", ""),
        ("A" * 34, "A" * 34),
    ],
)
def test_an_account_stands_in_the_structure_of_its_payment(given: str, account: str):
    row(Line(50_00, account=given), account=account)


@pytest.mark.parametrize(("given", "kept"), [("NOTPROVIDED", ""), ("000000", ""), ("E2E 1", "E2E 1")])
def test_a_reference_that_says_nothing_is_none(given: str, kept: str):
    row(Line(50_00, reference=given), reference=kept)


@pytest.mark.parametrize(("given", "kept"), [("KREDBEBB", "KREDBEBB"), ("0000000", ""), ("KRE1BEBB", "")])
def test_a_bic_begins_with_four_letters(given: str, kept: str):
    row(Line(50_00, bic=given), bic=kept)


@pytest.mark.parametrize(
    ("text", "structured", "communication"),
    [
        ("101090933755493", "090933755493", ""),
        ("102090933755493 merci", "090933755493", "merci"),
        ("100RF18539007547034", "RF18539007547034", ""),
        ("100" + "RF18539007547034".ljust(25) + "merci", "RF18539007547034", "merci"),
        ("+++090/9337/55493+++", "090933755493", ""),
        ("***090/9337/55493***", "090933755493", ""),
        ("101" + " " * 12, None, ""),
    ],
)
def test_a_structured_communication_is_its_reference(text: str, structured: str | None, communication: str):
    row(Line(50_00, communication=text, structured=True), structured=structured, communication=communication)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("101090933755494", "the structured communication fails modulo 97"),
        ("102090933755494", "the structured communication fails modulo 97"),
        ("100RF19539007547034", "the RF reference fails modulo 97"),
        ("+++090/9337/55493+++", "written with its ornaments"),
    ],
)
def test_a_reference_in_doubt_is_told_with_its_line(text: str, warning: str):
    statement = read(Line(50_00, communication=text, structured=True))
    (fault,) = statement.faults
    assert warning in fault.message
    assert (fault.line, fault.severity) == (3, Severity.WARNING)
    assert told(read(Line(50_00, communication="101090933755493", structured=True))) == []


# Direct debits

COLLECTED = {"mandate": "M" * 34 + "Z", "creditor": "C" * 34 + "Z", "executed": date(2025, 3, 12)}


def debit(**changes: str) -> str:
    return write.debit_text(
        COLLECTED["mandate"], "w" * 61 + "Z", COLLECTED["executed"], creditor=COLLECTED["creditor"], **changes
    )


def test_a_collection_to_its_last_position():
    row(
        Line(50_00, "00550000", debit(), structured=True, reference="E1"),
        code="00550000", communication="w" * 61 + "Z", reference="E1", **COLLECTED,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "tail", "expected"),
    [
        ({}, "", (None, None, None)),
        ({"paid": "3"}, "", (None, "3", None)),
        ({"return_type": "2", "reason": "AM04"}, "", ("2", "AM04", None)),
        ({"return_type": "6", "reason": "AM04"}, "", (None, "AM04", None)),
        ({}, "   3MD06    CHAR", ("3", "MD06", "CHAR")),
        ({}, "   3MD06CHAR    ", ("3", "MD06", "CHAR")),
        ({"return_type": "2", "reason": "AM04"}, "   3MD06        ", ("3", "MD06", None)),
        ({"return_type": "2", "reason": "AM04"}, "   0            ", ("2", "AM04", None)),
        ({"return_type": "2", "reason": "AM04"}, "X  3MD06        ", ("2", "AM04", None)),
        ({"return_type": "2", "reason": "AM04"}, "   31234        ", ("2", "AM04", None)),
        ({"paid": "4", "return_type": "0"}, "   1            ", ("1", "4", None)),
        ({}, "   5        SALA", ("5", None, "SALA")),
    ],
)
def test_a_return_says_how_and_why_in_either_place(
    changes: dict[str, str], tail: str, expected: tuple[str | None, str | None, str | None]
):
    kind, reason, purpose = expected
    row(
        Line(-50_00, "00503000", debit(**changes), structured=True, tail=tail),
        cents=-50_00, code="00503000", communication="w" * 61 + "Z", return_type=kind, reason=reason, purpose=purpose,
        **COLLECTED,
    )  # fmt: skip


def test_a_day_that_is_none_is_no_settlement():
    text = debit().replace("127120325", "127320325")
    row(
        Line(50_00, "00550000", text, structured=True), code="00550000", communication="w" * 61 + "Z",
        **COLLECTED | {"executed": None},
    )  # fmt: skip


def test_codes_of_a_free_communication_stand_in_record_22():
    row(
        Line(50_00, communication="don", tail="   2AM04    CHAR"),
        communication="don",
        return_type="2",
        reason="AM04",
        purpose="CHAR",
    )


# Information records


def test_an_information_record_completes_name_and_text():
    line = Line(
        50_00,
        communication="don",
        information=("1001" + "Exemple SA".ljust(70), "1002de la banque", "0suite", "1004Banque", "1005Banque"),
    )
    (movement,) = read(line).movements
    assert (movement.name, movement.communication) == ("Exemple SA", "don de la banque suite")
    named = read(line._replace(name="ZOE")).movements[0]
    assert named.name == "ZOE"


def test_further_information_records_go_on_with_the_text():
    lines = write.statement([Line(50_00, information=("0" + "a" * 72 + "Z",))], 0, DAY)
    place = next(number for number, line in enumerate(lines) if line.startswith("31"))
    mark = lines[place][2:10]
    more = [
        write.record((1, "32" + mark), (11, "b" * 104 + "Y"), (126, "1 0")),
        write.record((1, "33" + mark), (11, "c" * 89 + "X"), (126, "0 0")),
    ]
    lines[place] = lines[place][:125] + "1 0"
    lines[place + 1 : place + 1] = more
    lines[-1] = write.trailer(6, 0, 50_00)
    (statement,) = coda.parse(write.encode(lines)).statements
    assert statement.movements[0].communication == "a" * 72 + "Z" + "b" * 104 + "Y" + "c" * 89 + "X"
    assert told(statement, Severity.ERROR) == []


# Totals


def test_details_name_their_total_and_a_subtotal_its_own():
    details = (
        Line(30_00, "70150000"), Line(10_00, "90150000"), Line(20_00, "90150000"), Line(20_00, "60150000"),
    )  # fmt: skip
    statement = read(Line(50_00, "20150000", details=details), Line(1_00))
    assert [(one.position, one.parent, one.cents) for one in statement.movements] == [
        (1, None, 50_00), (2, 1, 30_00), (3, 2, 10_00), (4, 2, 20_00), (5, 1, 20_00), (6, None, 1_00)
    ]  # fmt: skip
    assert told(statement) == []


@pytest.mark.parametrize(
    ("shares", "warning"),
    [((20_00, 30_00), None), ((20_00, 29_00), "add up to 49.00, the total is 50.00: difference 1.00")],
)
def test_a_total_is_held_against_its_details(shares: tuple[int, ...], warning: str | None):
    statement = read(Line(50_00, "20150000", details=[Line(cents, "60150000") for cents in shares]))
    assert statement.ok
    assert [warning in message for message in told(statement)] == ([True] if warning else [])


# The statement


def test_a_statement_says_whose_it_is_and_what_stands_on_it():
    lines = write.statement([Line(50_00), Line(-20_00)], 100_00, DAY, "073")
    lines[0] = write.header(DAY, duplicate=True)
    (statement,) = coda.parse(write.encode(lines)).statements
    assert (statement.account, statement.currency, statement.holder, statement.bic) == (
        write.IBAN, "EUR", "FONDATION DE L'EXEMPLE", "KREDBEBB"
    )  # fmt: skip
    assert (statement.opening, statement.closing, statement.sequence) == (100_00, 130_00, "073")
    assert (statement.opening_date, statement.closing_date) == (DAY, DAY)
    assert (statement.duplicate, statement.details_only) == (True, False)
    assert not read(Line(1)).duplicate


@pytest.mark.parametrize(
    ("application", "only"), [("00000", False), ("00001", True), ("10000", True), ("     ", False)]
)
def test_a_separate_application_brings_details_only(application: str, only: bool):
    lines = write.statement([], 0, DAY)
    lines[0] = write.header(DAY, application=application)
    assert coda.parse(write.encode(lines)).statements[0].details_only is only


@pytest.mark.parametrize(
    ("trailer", "error"),
    [
        ((4, 20_00, 50_00), None),
        ((5, 20_00, 50_00), "record 9 announces 5 records, the statement holds 4"),
        ((4, 21_00, 50_00), "record 9 announces 21.00 of debits, the statement holds 20.00"),
        ((4, 20_00, 51_00), "record 9 announces 51.00 of credits, the statement holds 50.00"),
    ],
)
def test_the_trailer_counts_records_and_sums(trailer: tuple[int, int, int], error: str | None):
    lines = write.statement([Line(50_00), Line(-20_00)], 0, DAY)
    lines[-1] = write.trailer(*trailer)
    errors = told(coda.parse(write.encode(lines)).statements[0], Severity.ERROR)
    assert [error in message for message in errors] == ([True] if error else [])


@pytest.mark.parametrize(
    ("closing", "difference"), [(30_00, None), (29_00, "difference 1.00"), (31_00, "difference -1.00")]
)
def test_the_balances_prove_the_movements(closing: int, difference: str | None):
    lines = write.statement([Line(50_00), Line(-20_00)], 0, DAY)
    lines[-2] = write.new_balance(closing, DAY)
    errors = told(coda.parse(write.encode(lines)).statements[0], Severity.ERROR)
    assert [difference in message for message in errors] == ([True] if difference else [])


@pytest.mark.parametrize(
    ("year", "day"), [("79", date(2079, 3, 14)), ("80", date(1980, 3, 14)), ("00", date(2000, 3, 14))]
)
def test_two_digits_of_a_year_turn_at_80(year: str, day: date):
    lines = write.statement([Line(50_00)], 0, DAY)
    lines[2] = lines[2][:47] + f"1403{year}" + lines[2][53:115] + f"1403{year}" + lines[2][121:]
    (statement,) = coda.parse(write.encode(lines)).statements
    assert (statement.movements[0].value, statement.movements[0].booked) == (day, day)


def test_a_first_detail_number_is_zero():
    lines = write.statement([Line(50_00)], 0, DAY)
    lines[2] = lines[2][:6] + "0003" + lines[2][10:]
    (error,) = told(coda.parse(write.encode(lines)).statements[0], Severity.ERROR)
    assert error.startswith("detail number 0003 where 0000 was expected")


def test_a_detail_of_a_detail_without_one_before_it_is_of_the_total():
    statement = read(Line(50_00, "20150000", details=[Line(20_00, "90150000"), Line(30_00, "60150000")]))
    assert [one.parent for one in statement.movements] == [None, 1, 1]
