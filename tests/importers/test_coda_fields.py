"""CODA field by field, wrong in one place at a time: which fault is told, of which line, and that no other one is."""

import hashlib
from collections.abc import Sequence
from datetime import date
from itertools import zip_longest
from typing import Any

import coda_writer as write
import pytest
from coda_writer import Line
from test_coda import SEVERAL, parse_one_by_one

from importers.bank import coda
from importers.bank.records import Statement
from ledger.errors import Severity

DAY = date(2025, 3, 14)
# Line 1 header, 2 old balance, 3 and 4 movements, 5 new balance of 130.00, 6 trailer.
LINES = write.statement([Line(50_00), Line(-20_00)], 100_00, DAY)


def put(line: str, position: int, text: str) -> str:
    """The line with a text from a position on, counted from 1."""
    return line[: position - 1] + text + line[position - 1 + len(text) :]


def changed(number: int, position: int, text: str, lines: list[str] = LINES) -> list[str]:
    return [put(line, position, text) if place == number else line for place, line in enumerate(lines, 1)]


def read(lines: list[str], encoding: str = "ascii") -> Statement:
    (statement,) = coda.parse(write.encode(lines, encoding)).statements
    return statement


def told(statement: Statement) -> list[tuple[int | None, str]]:
    return [(fault.line, fault.message) for fault in statement.faults]


def holds(statement: Statement, *expected: tuple[int | None, str]) -> None:
    """Hold the faults of a statement against lines and beginnings of messages."""
    begins(told(statement), expected)


def begins(found: Sequence[tuple[int | None, str]], expected: Sequence[tuple[int | None, str]]) -> None:
    shown = [
        (line, text[: len(wanted)]) for (line, text), (_, wanted) in zip_longest(found, expected, fillvalue=(0, ""))
    ]
    assert shown == list(expected)


# Fields to their last position, with the fields beside them filled


def test_header_and_balances_to_their_last_positions():
    account = "FR" + "1" * 31 + "Z"
    lines = write.statement([], 0, DAY)
    lines[0] = put(put(put(lines[0], 16, "5D#"), 35, "N" * 26 + "KREDBEBBXXX" + "1" * 11), 83, "#     #")
    for place, first in ((1, 6), (2, 5)):
        lines[place] = put(lines[place], first, account + "EUR")
    lines[1] = put(put(lines[1], 2, "3###"), 65, "H" * 25 + "Z" + "#" * 35 + "042")
    lines[2] = put(put(lines[2], 2, "###"), 64, "#" * 64)
    lines[3] = put(put(lines[3], 2, "#" * 15), 53, "#" * 75)
    statement = read(lines)
    assert statement == Statement(
        account, "EUR", 0, DAY, 0, DAY, "042", (), "H" * 25 + "Z", "KREDBEBBXXX", duplicate=True,
        created=DAY,
            digest=statement.digest,
    )  # fmt: skip


def test_balances_to_their_last_digit():
    lines = changed(2, 43, "1987654321098770", changed(5, 42, "1987654321068770"))
    statement = read(lines)
    assert statement.faults == ()
    assert (statement.opening, statement.closing) == (-98_765_432_109_877, -98_765_432_106_877)


@pytest.mark.parametrize("application", ["00000", "     ", " 0  0"])
def test_no_separate_application_is_none(application: str):
    assert not read(changed(1, 84, application)).details_only


@pytest.mark.parametrize(("place", "only"), [(83, False), (84, True), (88, True), (89, False)])
def test_a_separate_application_stands_at_84_to_88(place: int, only: bool):
    assert read(changed(1, place, "1")).details_only is only


@pytest.mark.parametrize("number", ["   ", "000"])
def test_a_bank_that_does_not_number_writes_zeros(number: str):
    statement = read(changed(2, 126, number))
    assert (statement.sequence, statement.faults) == ("000", ())


def test_the_digest_is_that_of_the_characters_with_one_line_end():
    lines = write.statement([Line(1) for _ in range(2500)], 0, DAY)
    expected = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    together = coda.parse(write.encode(lines))
    assert together == parse_one_by_one(write.encode(lines, newline="\n"))
    assert together.statements[0].digest == expected
    accented = write.statement([Line(1, communication="é")], 0, DAY)
    assert read(accented, "cp1252").digest == read(accented, "utf-8").digest
    short = [*LINES[:-1], LINES[-1][:-1]]
    assert read(short).digest == hashlib.sha256("".join(f"{line}\n" for line in short).encode()).hexdigest()


@pytest.mark.parametrize("newline", ["\r", "\n"])
def test_any_line_end_is_one(newline: str):
    assert coda.parse(write.encode(LINES, newline=newline)) == coda.parse(write.encode(LINES))


# One field wrong

OLD, NEW, VALUE, BOOKING = (
    "the date of the old balance at 59-64 is no day",
    "the date of the new balance at 58-63 is no day",
    "the value date at 48-53 is no day",
    "the booking date at 116-121 is no day",
)
UNEQUAL = "old balance {} + credits {} - debits {} is not the new balance {}: difference {};"


@pytest.mark.parametrize(
    ("number", "position", "text", "expected"),
    [
        (1, 128, "1", [(1, "version 1, the layout of before 2006, is not read")]),
        (1, 128, "3", [(1, "version '3' at position 128 is not read")]),
        (1, 15, "06", [(1, "application code '06' at 15-16 is not 05")]),
        (2, 2, "4", [(2, "account structure '4' at position 2 is not 0, 1, 2 or 3")]),
        (2, 6, " " * 34, [(2, "the account number is missing at 6-42"), (5, "the account of record 8 is not that")]),
        (2, 40, "eur", [(2, "the currency of the account at 6-42 is not"), (5, "the account of record 8 is not")]),
        (2, 40, "EU1", [(2, "the currency of the account at 6-42 is not"), (5, "the account of record 8 is not")]),
        (2, 43, "2", [(2, "the old balance at 43-58 is not a sign 0 or 1")]),
        (2, 50, "X", [(2, "the old balance at 43-58 is not a sign 0 or 1")]),
        (2, 58, "5", [
            (2, "the old balance 100.005 has a fraction of a cent"),
            (6, UNEQUAL.format("100.005", "50.00", "20.00", "130.00", "0.005")),
        ]),
        (2, 59, "320325", [(2, OLD)]),
        (2, 59, "14AB25", [(2, OLD)]),
        (2, 126, "07A", [(2, "the CODA sequence number at 126-128 is not three digits")]),
        (3, 3, "0001000X", [
            (3, "sequence and detail number at 3-10 are not eight digits"),
            (4, "sequence number 0002 where 0001 was expected"),
        ]),
        (3, 3, "0002", [
            (3, "sequence number 0002 where 0001 was expected"),
            (3, "the details of this total add up to -20.00, the total is 50.00: difference 70.00"),
            (4, "detail number 0000 where 0001 was expected"),
            (6, "record 9 announces 20.00 of debits, the statement holds 0.00"),
            (6, UNEQUAL.format("100.00", "50.00", "0.00", "130.00", "20.00")),
        ]),
        (3, 32, "2", [
            (3, "the amount at 32-47 is not a sign 0 or 1"),
            (6, "record 9 announces 50.00 of credits, the statement holds 0.00"),
            (6, UNEQUAL.format("100.00", "0.00", "20.00", "130.00", "-50.00")),
        ]),
        (3, 40, "X", [
            (3, "the amount at 32-47 is not a sign 0 or 1"),
            (6, "record 9 announces 50.00 of credits, the statement holds 0.00"),
            (6, UNEQUAL.format("100.00", "0.00", "20.00", "130.00", "-50.00")),
        ]),
        (3, 47, "5", [
            (3, "the amount 50.005 has a fraction of a cent"),
            (6, "record 9 announces 50.00 of credits, the statement holds 50.005"),
            (6, UNEQUAL.format("100.00", "50.005", "20.00", "130.00", "0.005")),
        ]),
        (3, 48, "310225", [(3, VALUE)]),
        (3, 116, "310225", [(3, BOOKING)]),
        (4, 116, "000000", [(4, "there is no booking date at 116-121")]),
        (5, 5, "XX", [(5, "the account of record 8 is not that of record 1")]),
        (5, 41, "S", [(5, "the account of record 8 is not that of record 1")]),
        (5, 42, "2", [(5, "the new balance at 42-57 is not a sign 0 or 1")]),
        (5, 57, "5", [
            (5, "the new balance 130.005 has a fraction of a cent"),
            (6, UNEQUAL.format("100.00", "50.00", "20.00", "130.005", "-0.005")),
        ]),
        (5, 42, "1", [(6, UNEQUAL.format("100.00", "50.00", "20.00", "-130.00", "260.00"))]),
        (5, 58, "310225", [(5, NEW)]),
        (6, 17, "00000X", [(6, "the total records in record 9 is not a number")]),
        (6, 17, "000005", [(6, "record 9 announces 5 records, the statement holds 4")]),
        (6, 23, " ", [(6, "the total of debits in record 9 is not a number")]),
        (6, 37, "5", [(6, "record 9 announces 20.005 of debits, the statement holds 20.00")]),
        (6, 38, " ", [(6, "the total of credits in record 9 is not a number")]),
        (6, 38, "1", [(6, "record 9 announces 100000000050.00 of credits, the statement holds 50.00")]),
    ],
)  # fmt: skip
def test_a_wrong_field_is_told_with_its_line(number: int, position: int, text: str, expected: list[tuple[int, str]]):
    lines = changed(number, position, text)
    holds(read(lines), *expected)
    assert coda.parse(write.encode(lines)) == parse_one_by_one(write.encode(lines))


@pytest.mark.parametrize(
    ("number", "position", "digits", "message"),
    [
        (2, 59, "١٤٠٣٢٥", OLD),
        (2, 126, "٠٧٣", "the CODA sequence number at 126-128 is not three digits"),
        (2, 44, "٠", "the old balance at 43-58 is not a sign 0 or 1"),
        (3, 33, "٠", "the amount at 32-47 is not a sign 0 or 1"),
        (4, 48, "١٤٠٣٢٥", VALUE),
        (6, 17, "٠", "the total records in record 9 is not a number"),
    ],
)
def test_digits_of_another_script_are_none(number: int, position: int, digits: str, message: str):
    line, text = told(read(changed(number, position, digits), "utf-8"))[0]
    assert (line, text[: len(message)]) == (number, message)


def test_letters_of_another_script_are_no_currency():
    statement = read(changed(2, 40, "ÉUR", changed(5, 39, "ÉUR")), "utf-8")
    holds(statement, (2, "the currency of the account at 6-42 is not three letters"))


def test_both_days_of_a_movement_are_told():
    holds(read(changed(3, 48, "310225", changed(3, 116, "310225"))), (3, BOOKING), (3, VALUE))
    statement = read(changed(3, 116, "310225"))
    assert (statement.movements[0].booked, statement.movements[0].value) == (date.min, DAY)


def test_what_cannot_be_read_is_no_money():
    statement = read(changed(2, 43, "2", changed(3, 32, "2", changed(5, 42, "2"))))
    assert (statement.opening, statement.closing, statement.movements[0].cents) == (0, 0, 0)
    assert statement.closing_date == DAY


# Lengths


@pytest.mark.parametrize(
    ("number", "length", "expected"),
    [
        (1, 100, []),
        (2, 20, [(5, "the account of record 8 is not that of record 1")]),
        (2, 130, []),
        (3, 20, [
            (6, "record 9 announces 50.00 of credits, the statement holds 0.00"),
            (6, UNEQUAL.format("100.00", "0.00", "20.00", "130.00", "-50.00")),
        ]),
        (3, 5, [
            (4, "sequence number 0002 where 0001 was expected"),
            (6, "record 9 announces 50.00 of credits, the statement holds 0.00"),
            (6, UNEQUAL.format("100.00", "0.00", "20.00", "130.00", "-50.00")),
        ]),
        (5, 30, [(5, "the account of record 8 is not that of record 1")]),
        (6, 18, []),
        (6, 60, []),
    ],
)  # fmt: skip
def test_a_line_of_another_length_is_told_and_not_what_is_lost_of_it(
    number: int, length: int, expected: list[tuple[int, str]]
):
    lines = [line.ljust(length)[:length] if place == number else line for place, line in enumerate(LINES, 1)]
    wanted = [(number, f"the line has {length} characters instead of 128"), *expected]
    holds(read(lines), *sorted(wanted, key=lambda fault: fault[0]))


def test_the_rest_of_a_line_that_is_too_long_is_read():
    lines = [*LINES[:2], LINES[2] + " ", *LINES[3:]]
    holds(read(lines), (3, "the line has 129 characters instead of 128"))
    assert read(lines).movements == read(LINES).movements


# Order


def test_a_statement_that_breaks_off_is_told_at_its_last_line():
    ask = "the statement breaks off here, without record 9 (trailer)"
    for lines in (2, 3, 4, 5):
        holds(read(LINES[:lines]), (lines, ask))
    statement = read(LINES[:4])
    assert (statement.opening, statement.closing, statement.closing_date) == (100_00, 100_00, DAY)
    one, two = coda.parse(write.encode([*LINES[:4], *LINES])).statements
    holds(one, (4, ask))
    assert one.faults[0].statement == 1
    assert two.faults == ()


def test_a_statement_without_movements_may_have_no_new_balance():
    lines = [LINES[0], LINES[1], write.trailer(1, 0, 0)]
    statement = read(lines)
    assert statement.faults == ()
    assert (statement.opening, statement.closing, statement.closing_date) == (100_00, 100_00, DAY)
    money = [*lines[:2], write.trailer(1, 0, 5_00)]
    holds(read(money), (3, "record 9 announces 5.00 of credits, the statement holds 0.00"))


def test_a_new_balance_that_is_missing_is_no_balance_of_zero():
    holds(read([*LINES[:4], LINES[5]]), (5, "record 9 (trailer) cannot follow record 2.1"), (5, "record 9 announces 4"))


def test_a_record_where_it_cannot_stand_names_the_one_before_it():
    extra = "4" + LINES[4][1:]
    holds(
        read([LINES[0], extra, *LINES[1:]]),
        (2, "record 4 (free communication) cannot follow record 0 (header)"),
        (3, "record 1 (old balance) cannot follow record 4 (free communication)"),
    )
    holds(read([LINES[0], "7" + extra[1:], *LINES[1:]]), (2, "no CODA record begins as this line does"))


SEQUENCE = "sequence number {:04d} where {:04d} was expected"
DETAIL = "detail number {:04d} where {:04d} was expected"


def numbers(*marks: str) -> Statement:
    """One movement or information record each, by kind and number; information takes no amount."""
    lines = LINES[:2]
    total = 0
    for mark in marks:
        if mark[:2] == "21":
            lines.append(put(write.movement(1, 0, Line(1_00))[0], 1, mark))
            total += 1_00
        else:
            lines.append(write.record((1, mark), (40, "0"), (128, "0")))
    lines.append(write.new_balance(100_00 + total, DAY))
    lines.append(write.trailer(len(marks) + 2, 0, total))
    return read(lines)


def numbered(*marks: str) -> list[tuple[int | None, str]]:
    return [(line, text) for line, text in told(numbers(*marks)) if "number" in text]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (("2100010000", "2100020000"), []),
        (("2100010000", "2100030000"), [(4, SEQUENCE.format(3, 2))]),
        (("2100010000", "2100000000"), [(4, SEQUENCE.format(0, 2))]),
        (("2100010001",), [(3, DETAIL.format(1, 0))]),
        (("2100000000",), [(3, SEQUENCE.format(0, 1))]),
        (("2100000000", "2100000001"), [(3, SEQUENCE.format(0, 1))]),
        (("2100010000", "2100010001", "2100010002"), []),
        (("2100010000", "2100010002"), [(4, DETAIL.format(2, 1))]),
        (("2100010000", "2100010000"), [(4, DETAIL.format(0, 1))]),
        (("2100010000", "3100010001", "2100010002"), []),
        (("2100010000", "3100010001", "2100010001"), []),
        (("2100010000", "3100010001", "2100010003"), [(5, DETAIL.format(3, 2))]),
        (("2100010000", "3100010000", "3100010000", "2100010001"), []),
        (("2100010000", "3100010002"), [(4, DETAIL.format(2, 1))]),
        (("2100010000", "3100020001"), [(4, SEQUENCE.format(2, 1))]),
        (("2100010000", "3100010001", "2100020000", "3100020000"), []),
        (("2100010000", "310001000X"), [(4, "sequence and detail number at 3-10 are not eight digits")]),
    ],
)  # fmt: skip
def test_movements_details_and_information_are_numbered_in_one_row(
    marks: tuple[str, ...], expected: list[tuple[int, str]]
):
    begins(numbered(*marks), expected)


def test_numbers_go_round_after_9999():
    around = [f"21{number:04d}0000" for number in range(1, 10_000)]
    assert numbered(*around, "2100000000", "2100010000") == []
    ((line, text),) = numbered(*around, "2100010000")
    assert (line, text[: len(SEQUENCE.format(1, 0))]) == (10_002, SEQUENCE.format(1, 0))
    details = [f"210001{number:04d}" for number in range(10_000)]
    assert numbered(*details, "3100010000", "2100010001") == []
    assert numbered(*details, "2100010000", "3100010001") == []
    assert [text[: len(DETAIL.format(1, 0))] for _, text in numbered(*details, "2100010001")] == [DETAIL.format(1, 0)]
    assert [text[: len(DETAIL.format(1, 0))] for _, text in numbered(*details, "3100010001")] == [DETAIL.format(1, 0)]


BELONGS = "sequence and detail number are not those of the record before ({})"


def with_more(*records: str, information: bool = False) -> Statement:
    """One movement, further records of it, and the rest of its statement."""
    (first,) = write.movement(1, 0, Line(50_00))
    third = [write.record((1, "3100010001"), (40, "0an "))] if information else []
    lines = [*LINES[:2], first, *third, *records, write.new_balance(150_00, DAY)]
    return read([*lines, write.trailer(len(lines) - 1, 0, 50_00)])


def test_further_records_belong_to_the_movement_before_them():
    second, third = (write.record((1, f"{kind}00010000"), (11, "more"), (83, "still")) for kind in ("22", "23"))
    holds(with_more(second, third))
    assert with_more(second, third).movements[0].communication == "more still"
    other = put(second, 3, "00010001")
    holds(with_more(other), (4, BELONGS.format("record 2.2")))
    assert with_more(other).movements[0].communication == ""
    holds(with_more(put(third, 3, "0002")), (4, BELONGS.format("record 2.3")))
    again = put(second, 11, "again")
    for first, name, kept in ((second, "2.2", "more"), (third, "2.3", "still")):
        holds(with_more(first, again), (5, f"record 2.2 cannot follow record {name}"))
        assert with_more(first, again).movements[0].communication == kept
    doubled = with_more(second, third, put(third, 83, "again"))
    holds(doubled, (6, "record 2.3 cannot follow record 2.3"))
    assert doubled.movements[0].communication == "more still"


def test_further_information_belongs_to_the_information_before_it():
    more = write.record((1, "3200010001"), (11, "example"))
    assert with_more(more, information=True).movements[0].communication == "an example"
    second = write.record((1, "3100010002"), (40, "1008Jean"), (126, "1 0"))
    both = with_more(second, write.record((1, "3200010002"), (11, "-Luc")), information=True)
    assert both.movements[0].communication.startswith("an ultimate creditor Jean")
    assert both.movements[0].communication.endswith("-Luc")
    other = with_more(put(more, 3, "00010000"), information=True)
    holds(other, (5, BELONGS.format("record 3.2")))
    assert other.movements[0].communication == "an"
    holds(with_more(put(more, 3, "00010000")), (4, "record 3.2 cannot follow record 2.1 (movement)"))


def test_information_before_any_movement_is_nobody_s():
    lines = [*LINES[:2], write.record((1, "3100000001"), (40, "0alone")), *LINES[2:5], write.trailer(5, 20_00, 50_00)]
    statement = read(lines)
    holds(statement, (3, "record 3.1 (information) cannot follow record 1 (old balance)"))
    assert [one.communication for one in statement.movements] == ["", ""]


# Totals


def test_a_subtotal_ends_with_its_total():
    first = Line(30_00, "20150000", details=[Line(30_00, "70150000"), Line(30_00, "90150000")])
    second = Line(20_00, "20150000", details=[Line(20_00, "90150000")])
    statement = read(write.statement([first, second], 0, DAY))
    assert [(one.parent, one.cents) for one in statement.movements] == [
        (None, 30_00), (1, 30_00), (2, 30_00), (None, 20_00), (4, 20_00)
    ]  # fmt: skip
    assert statement.faults == ()


def test_each_total_that_its_details_miss_is_told_with_its_line():
    add = "the details of this total add up to {}, the total is {}: difference {};"
    lines = [
        Line(30_00, "20150000", details=[Line(10_00, "60150000"), Line(15_00, "60150000")]),
        Line(-7_00, "20150000", details=[Line(-8_00, "60150000")]),
        Line(5_00),
        Line(9_00, "20150000", details=[Line(9_00, "70150000"), Line(8_50, "90150000")]),
    ]
    statement = read(write.statement(lines, 0, DAY))
    holds(
        statement,
        (3, add.format("25.00", "30.00", "5.00")),
        (6, add.format("-8.00", "-7.00", "1.00")),
        (10, add.format("8.50", "9.00", "0.50")),
    )
    assert statement.ok


@pytest.mark.parametrize(
    ("application", "opening", "closing", "ok"),
    [("00001", 0, 0, True), ("00001", 1_00, 0, False), ("00001", 0, 1_00, False), ("00000", 0, 0, False)],
)
def test_only_details_of_another_application_need_no_balances(application: str, opening: int, closing: int, ok: bool):
    lines = write.statement([Line(50_00)], opening, DAY)
    lines[0] = write.header(DAY, application=application)
    lines[-2] = write.new_balance(closing, DAY)
    assert read(lines).ok is ok


# How many faults


def test_a_hundred_faults_of_a_kind_are_told_and_the_rest_is_counted():
    def of(count: int, text: str = "0" * 20) -> list[tuple[int | None, str]]:
        wrong = [Line(1, communication=f"101{text}", structured=True)] * count
        return told(read(write.statement(wrong, 0, DAY)))

    assert (len(of(100)), len(of(101)), len(of(103))) == (100, 101, 101)
    assert (of(101)[-1], of(103)[-1]) == ((None, "and 1 more warning"), (None, "and 3 more warnings"))
    rubbish = read([*LINES[:2], *["7" + " " * 127] * 102, *LINES[2:]])
    assert told(rubbish)[-1] == (None, "and 2 more errors")
    assert rubbish.faults[-1].severity is Severity.ERROR
    assert rubbish.faults[-1].statement == 1


@pytest.mark.parametrize(
    ("strays", "told_of"),
    [
        (["x"], (1, "this line stands outside any statement")),
        (["x", " ", "y"], (1, "this line and 1 more stand outside")),
        (["", "x", "y", "z"], (2, "this line and 2 more stand outside")),
        (["\x1a\0 "], None),
    ],
)
def test_lines_outside_any_statement_are_counted(strays: list[str], told_of: tuple[int, str] | None):
    bank_file = coda.parse(write.encode([*strays, *LINES]))
    assert [(one.line, one.message[: len(told_of[1])]) for one in bank_file.faults if told_of] == (
        [told_of] if told_of else []
    )
    assert bool(bank_file.faults) is bool(told_of)
    assert bank_file.statements[0].faults == ()


def test_a_header_ends_what_came_before_and_another_line_that_begins_with_0_does_not():
    broken = coda.parse(write.encode([*LINES[:3], "0 and more", *LINES[3:]]))
    (statement,) = broken.statements
    holds(
        statement,
        (4, "the line has 10 characters instead of 128"),
        (4, "record 0 (header) cannot follow record 2.1 (movement)"),
        (4, "application code '  ' at 15-16 is not 05"),
    )


# Communications


@pytest.mark.parametrize(
    ("text", "structured", "communication"),
    [
        ("101090933755493X", "090933755493", "X"),
        ("100" + "RF18539007547034".ljust(25) + "X", "RF18539007547034", "X"),
        ("100" + " " * 25 + "X", None, "X"),
        ("103" + "123456789012X", None, "number 123456789012, X"),
        ("+++" + "no number", None, "+++no number"),
    ],
)
def test_a_structured_communication_ends_where_its_reference_does(
    text: str, structured: str | None, communication: str
):
    (movement,) = read(write.statement([Line(1, communication=text, structured=True)], 0, DAY)).movements
    assert (movement.structured, movement.communication) == (structured, communication)


@pytest.mark.parametrize(("text", "kept"), [("a\tb", "a b"), ("  a   b ", "a b"), ("a\x1fb", "a b"), ("don", "don")])
def test_a_text_has_single_blanks(text: str, kept: str):
    assert read(write.statement([Line(1, communication=text)], 0, DAY)).movements[0].communication == kept


def test_a_name_of_70_characters_is_followed_by_its_address():
    first = write.record((1, "3100010001"), (40, "1001" + "N" * 69 + "Z"))
    statement = with_more(first, write.record((1, "3200010001"), (11, "Rue Exemple 1")))
    assert statement.movements[0].name == "N" * 69 + "Z"


def test_information_that_is_structured_is_told_after_what_is_free():
    lines = [Line(1, communication="don", information=("1103123456789012", "0merci", "1002 bien", "1008Jean"))]
    (movement,) = read(write.statement(lines, 0, DAY)).movements
    assert movement.communication == "don merci bien number 123456789012 ultimate creditor Jean"


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("   3M306        ", (None, None)),
        ("   3MDX6        ", ("3", "MDX6")),
        ("   0    CH      ", (None, None)),
        ("   1            ", ("1", None)),
        ("  X3MD06        ", (None, None)),
        ("   6MD06        ", (None, "MD06")),
    ],
)
def test_codes_of_record_22_begin_with_two_letters_behind_three_blanks(tail: str, expected: tuple[Any, Any]):
    (movement,) = read(write.statement([Line(1, tail=tail)], 0, DAY)).movements
    assert (movement.return_type, movement.reason) == expected


@pytest.mark.parametrize(("given", "kept"), [("KRED2EBB", "KRED2EBB"), ("KRE", "KRE"), ("12", "")])
def test_a_bic_is_known_by_four_letters(given: str, kept: str):
    assert read(write.statement([Line(1, bic=given)], 0, DAY)).movements[0].bic == kept


@pytest.mark.parametrize(
    ("given", "account"),
    [
        ("539007547034 EURBE", "539007547034"),
        ("FR7630006000 11234567890189", "FR763000600011234567890189"),
        ("BE68539007547034X", "BE68539007547034"),
        ("NL91ABNA0417164300                 EUR", "NL91ABNA0417164300"),
        ("0 0", ""),
        ("53900754703X EUR", "53900754703XEUR"),
        ("B" * 34 + "EUR", "B" * 34),
    ],
)
def test_an_account_ends_where_its_structure_does(given: str, account: str):
    assert read(write.statement([Line(1, account=given[:37])], 0, DAY)).movements[0].account == account


# A large file at a glance


HEADER = write.header(DAY)


@pytest.mark.parametrize(
    ("data", "place", "found"),
    [
        (f"\n{HEADER}\n", 0, 1),
        (f"\n{HEADER}\r\n", 0, 1),
        (f"\n{HEADER}", 0, 1),
        (f"x\n{HEADER}\n", 1, 2),
        (f"x\n{HEADER}\n", 2, None),
        (f"\n{HEADER} \n", 0, None),
        (f"\n{HEADER[:-1]}\n", 0, None),
        (f"\n{HEADER[:-1]}é\n", 0, None),
        (f"\n{HEADER}\rX\n", 0, None),
        (f"\n{HEADER[:-2]}\r2\n", 0, None),
        (f"\n0\n{HEADER}\n", 0, 3),
    ],
)
def test_a_file_is_divided_where_a_header_of_the_right_length_begins(data: str, place: int, found: int | None):
    assert coda.divide(data.encode("latin-1"), place) == found


def of(day: date, position: int, text: str, number: str = "001") -> bytes:
    lines = write.statement([], 1_00, day, number)
    return write.encode(changed(2, position, text, lines))


@pytest.mark.parametrize(
    ("first", "second", "ordered"),
    [
        (of(DAY, 6, "A"), of(date(2025, 3, 13), 6, "B"), True),
        (of(DAY, 42, "A"), of(date(2025, 3, 13), 42, "B"), True),
        (of(DAY, 5, "1"), of(date(2025, 3, 13), 5, "2"), False),
        (of(DAY, 43, "0"), of(date(2025, 3, 13), 43, "1"), False),
        (of(date(2025, 1, 1), 65, "X"), of(date(2024, 12, 31), 65, "X"), False),
        (of(DAY, 65, "X", "002"), of(DAY, 65, "X", "001"), False),
        (of(DAY, 65, "X", "201"), of(DAY, 65, "X", "101"), False),
        (of(DAY, 125, "A", "002"), of(DAY, 125, "Z", "001"), False),
        (of(DAY, 65, "X", "001"), of(DAY, 65, "X", "002"), True),
        (of(DAY, 65, "X"), of(DAY, 65, "X"), True),
        (of(DAY, 59, "320325"), of(DAY, 65, "X"), False),
        (of(DAY, 65, "X"), of(DAY, 59, "000000"), False),
    ],
)
def test_an_outline_tells_the_order_by_account_day_and_number(first: bytes, second: bytes, ordered: bool):
    outline = coda.outline(b"\n" + first + second)
    assert (outline.statements, outline.ordered) == (2, ordered)


def test_pieces_in_any_order_know_their_lines():
    """Three statements of six lines; the movements of each stand on its third and fourth."""
    third = len(SEVERAL) // 3
    places = [(0, third - 1), (third - 1, 2 * third - 1), (2 * third - 1, None)]
    old = SEVERAL.replace(b"\r\n", b"\r\r", 5)  # a return alone ends a line too: five more of them, empty
    (behind,) = coda.Pieces(old).read(third - 1, 2 * third - 1).statements
    assert [move.line for move in behind.movements] == [14, 15]
    for order in ([2, 1, 0], [1, 2, 0], [2, 0, 1], [0, 1, 2]):
        pieces = coda.Pieces(SEVERAL)
        parts = {one: pieces.read(*places[one]) for one in order}
        lines = [[move.line for made in parts[one].statements for move in made.movements] for one in (0, 1, 2)]
        assert lines == [[3, 4], [9, 10], [15, 16]]


def test_faults_of_a_piece_name_the_statement_of_the_file():
    data = write.encode([*changed(3, 48, "310225"), *LINES, *changed(3, 116, "310225")])
    third = len(data) // 3
    pieces, joint = coda.Pieces(data), coda.Joint()
    told_of = [
        (fault.statement, fault.line)
        for places in ((0, third - 1), (third - 1, None))
        for made in joint.add(pieces.read(*places))
        for fault in made.faults
    ]
    assert told_of == [(1, 3), (3, 15)]
    assert joint.faults() == ()


def test_an_outline_counts_headers_whatever_the_line_ends():
    for data in (SEVERAL, b"\n" + SEVERAL, b"\r" + SEVERAL, SEVERAL.replace(b"\r\n", b"\r")):
        assert coda.outline(data).statements == 3
    assert coda.outline(b"").statements == 0
    assert coda.outline(SEVERAL.replace(b"\r\n0", b"\r\n#", 1)).statements == 2
    assert coda.outline(b"no balance").last is None


def test_a_header_is_known_within_its_first_bytes(tmp_path: Any):
    path = tmp_path / "x.cod"
    for blanks, known in ((0, True), (111, True), (114, False)):
        path.write_bytes(coda.BOM + b" " * blanks + write.encode([HEADER]))
        assert coda.identify(path) is known
