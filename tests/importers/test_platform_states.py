"""States of payments read as movements: from rows and what the books know of them, each decision by itself."""

from dataclasses import replace
from datetime import date

import pytest
from test_platform_booking import DAY, GIVEN

from importers.platforms.booking import content_of
from importers.platforms.records import Listed, PlatformEvent, PlatformReport, PlatformRow
from importers.platforms.states import (
    Posted,
    Settled,
    asked_payments,
    asked_references,
    given_back_in_silence,
    settle,
)
from ledger.errors import Severity

LATER, LAST = date(2025, 3, 12), date(2025, 3, 20)
GIFT = PlatformRow(
    2, PlatformEvent.GIFT, "r1", "EUR", 50_00, 1_00, 49_00, DAY, payment="p1", listed=Listed.EITHER, why="paid"
)
REFUND = replace(GIFT, kind=PlatformEvent.REFUND, gross=-50_00, fee=-1_00, net=-49_00, why="refunded")
VOID = replace(GIFT, kind=PlatformEvent.VOID, why="canceled")
# Another row of the file, of its last day.
OTHER = replace(GIFT, line=9, reference="r9", payment="p9", paid=LAST)
KNOWN = {"crm:r1": content_of(GIFT)}
STANDS = {"crm:p1": GIVEN}


def settled(
    *rows: PlatformRow, known: dict[str, str] | None = None, stands: bool = True, already_in: str = ""
) -> Settled:
    """What becomes of the rows of a file that has one more, on its last day."""
    report = PlatformReport("crm", (*rows, OTHER), already_in=already_in)
    posted = Posted(KNOWN if known is None else known, STANDS if stands else {})
    found = settle(report, report.money, posted)
    found.rows.remove(OTHER)
    assert {fault.severity for fault in found.faults} <= {Severity.ERROR}
    assert {fault.severity for fault in found.remarks} <= {Severity.WARNING}
    return found


def told(found: Settled) -> tuple[list[str], list[str]]:
    return [str(fault) for fault in found.faults], [str(fault) for fault in found.remarks]


@pytest.mark.parametrize("known", [{}, KNOWN, {"crm:r1": "other"}])
def test_a_gift_is_a_gift_whether_it_is_known_or_not(known: dict[str, str]):
    assert settled(GIFT, known=known) == ([GIFT], [], [])


# A gift that is now refunded


@pytest.mark.parametrize("kind", [PlatformEvent.REFUND, PlatformEvent.CHARGEBACK])
def test_a_gift_whose_state_is_refunded_is_taken_back_on_the_last_day_of_the_file(kind: PlatformEvent):
    now = replace(REFUND, kind=kind)
    [back], faults, [remark] = settled(now)
    assert back == replace(now, reference="r1:back", gross=-50_00, fee=0, net=-50_00, paid=LAST)
    assert faults == []
    assert remark.line == 2
    assert remark.message == (
        "its state is now `refunded`: the gift of 50.00 is taken back on 2025-03-20 (the last day in the file; a "
        "column `returned` may give its own)"
    )


def test_a_refund_with_its_own_day_is_of_that_day():
    [back], _faults, [remark] = settled(replace(REFUND, returned=LATER))
    assert back.paid == LATER
    assert remark.message == "its state is now `refunded`: the gift of 50.00 is taken back on 2025-03-12"


def test_what_was_taken_back_before_is_not_told_again():
    first = settled(REFUND).rows[0]
    found = settled(REFUND, known={**KNOWN, "crm:r1:back": content_of(first)})
    assert (found.rows, *told(found)) == ([first], [], [])


def test_a_refund_of_which_the_fee_is_told_as_it_was_is_the_same_gift():
    kept = replace(REFUND, fee=1_00, net=-51_00)
    [back] = settled(kept).rows
    assert (back.reference, back.gross, back.fee, back.net) == ("r1:back", -50_00, 0, -50_00)


def test_a_gift_in_another_currency_is_known_as_it_was_written_and_in_euro():
    written, gift = replace(REFUND, currency="USD"), replace(GIFT, currency="USD")
    for content in (content_of(gift), content_of(GIFT)):
        report = PlatformReport("crm", (written,))
        [back] = settle(report, [REFUND], Posted({"crm:r1": content}, STANDS)).rows
        assert (back.reference, back.currency) == ("r1:back", "EUR")
    assert settle(report, [REFUND], Posted({"crm:r1": "other"}, STANDS)).rows == [REFUND]


def test_a_refund_of_another_gift_than_is_known_is_a_movement():
    found = settled(replace(REFUND, gross=-49_00, net=-48_00))
    assert [row.reference for row in found.rows] == ["r1"]


@pytest.mark.parametrize(("known", "stands"), [(KNOWN, False), ({**KNOWN, "crm:r1:again": "x"}, True)])
def test_what_stands_of_a_gift_must_be_plain(known: dict[str, str], stands: bool):
    found = settled(REFUND, known=known, stands=stands)
    assert found.rows == []
    faults, remarks = told(found)
    assert [fault.startswith("line 2: its state is now `refunded`, but what stands") for fault in faults] == [True]
    assert remarks == []


def test_whether_money_went_back_is_told_where_it_is():
    for row in (REFUND, VOID, replace(VOID, kind=PlatformEvent.PENDING), replace(VOID, listed=Listed.MOVEMENT)):
        found = settled(row, already_in="stripe", known={"crm:r1": content_of(GIFT)})
        faults, remarks = told(found)
        assert (found.rows, faults) == ([], [])
        assert remarks == [f"line 2: its state is now `{row.why}`; whether its money went back, stripe tells"]


# Paid and given back before it was read


@pytest.mark.parametrize("listed", [Listed.STATE, Listed.EITHER])
def test_what_was_paid_and_given_back_leaves_its_fee(listed: Listed):
    [fee], faults, [remark] = settled(replace(REFUND, listed=listed), known={}, stands=False)
    assert (fee.kind, fee.reference, fee.gross, fee.fee, fee.net, fee.paid) == (
        PlatformEvent.FEE, "r1:fee", 0, 1_00, -1_00, DAY
    )  # fmt: skip
    assert faults == []
    assert remark.line == 2
    assert remark.message.startswith("paid and given back in one row: of 50.00 nothing is posted")
    assert "([sources.crm])" in remark.message
    without = settled(replace(REFUND, listed=listed, fee=0, net=-50_00), known={}, stands=False)
    assert (without.rows, len(without.remarks)) == ([], 1)
    assert settled(replace(REFUND, listed=listed), known={}, stands=False, already_in="stripe") == ([], [], [])


def test_a_refund_is_a_movement_where_its_gift_is_somewhere():
    movement = replace(REFUND, listed=Listed.MOVEMENT)
    assert settled(movement, known={}, stands=False) == ([movement], [], [])
    assert settled(REFUND, known={}).rows == [REFUND], "its gift is in the books"
    gift = replace(GIFT, reference="r0")
    assert settled(gift, REFUND, known={}, stands=False).rows == [gift, REFUND], "its gift is in the file"
    state = replace(REFUND, listed=Listed.STATE)
    assert [row.reference for row in settled(gift, state, known={}).rows] == ["r0", "r1:fee"]


# A gift that holds again


def test_a_gift_that_was_taken_back_and_is_paid_holds_again():
    known = {**KNOWN, "crm:r1:back": "x"}
    [again, gift], faults, [remark] = settled(GIFT, known=known)
    assert gift == GIFT
    assert again == replace(
        GIFT, kind=PlatformEvent.CHARGEBACK_REVERSED, reference="r1:again", fee=0, net=50_00, paid=LAST
    )
    assert faults == []
    assert remark.message.startswith(
        "it was taken back and holds again: the gift of 50.00 is entered on 2025-03-20 (the last day"
    )
    found = settled(GIFT, known={**known, "crm:r1:again": content_of(again)})
    assert (found.rows, found.remarks) == ([again, GIFT], [])
    assert settled(GIFT, known={"crm:r1:back": "x"}).rows == [GIFT], "it never was in the books"
    fee = replace(GIFT, kind=PlatformEvent.FEE, gross=0, net=-1_00)
    assert settled(fee, known=known).rows == [fee]


# Rows without money


def test_a_canceled_gift_is_taken_back_with_its_fee():
    [back], faults, [remark] = settled(VOID)
    assert back == replace(
        VOID, kind=PlatformEvent.REFUND, reference="r1:back", gross=-50_00, fee=-1_00, net=-49_00, paid=LAST
    )
    assert faults == []
    assert remark.message.startswith("its state is now `canceled`: the gift of 50.00 is taken back")
    [other] = settled(VOID, known={"crm:r1": "with another amount"}).rows
    assert (other.gross, other.fee, other.net) == (-50_00, 0, -50_00)


def test_a_canceled_row_that_is_not_in_the_books_is_nothing():
    for row in (VOID, replace(VOID, reference=""), replace(VOID, kind=PlatformEvent.TEST)):
        assert settled(row, known={} if row.reference else {"crm:": "x"}) == ([], [], [])


@pytest.mark.parametrize("kind", [PlatformEvent.PENDING, PlatformEvent.HOLD, PlatformEvent.TEST])
def test_a_gift_in_the_books_that_waits_now_is_refused(kind: PlatformEvent):
    found = settled(replace(VOID, kind=kind, why="later"))
    faults, remarks = told(found)
    assert (found.rows, remarks) == ([], [])
    assert [fault.startswith("line 2: its gift is in the books, and its state is now `later`") for fault in faults] == [
        True
    ]


@pytest.mark.parametrize("kind", [PlatformEvent.VOID, PlatformEvent.PENDING])
def test_a_movement_in_the_books_that_is_none_now_is_refused(kind: PlatformEvent):
    found = settled(replace(VOID, kind=kind, listed=Listed.MOVEMENT, why=""))
    faults, remarks = told(found)
    assert (found.rows, remarks) == ([], [])
    assert [
        fault.startswith("line 2: this row is in the books as money, and its status is now `") for fault in faults
    ] == [True]
    assert "``" not in faults[0]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, True),
        ({"paid": LATER}, True),
        ({"paid": date(2025, 3, 9)}, False),
        ({"listed": Listed.MOVEMENT}, False),
        ({"kind": PlatformEvent.PENDING}, False),
    ],
)
def test_a_gift_and_its_end_in_one_file(changes: dict[str, object], refused: bool):
    end = replace(VOID, line=5, **changes)
    for rows in ((GIFT, end), (end, GIFT)):
        found = settled(*rows)
        faults, remarks = told(found)
        assert (found.rows, remarks) == ([GIFT], [])
        expected = "line 5: its id stands on line 2 as a gift, here it is `canceled`"
        assert [fault.startswith(expected) for fault in faults] == [True] * refused


# What is asked of the books


def test_what_states_did_is_asked_for():
    movement = replace(GIFT, reference="r2", listed=Listed.MOVEMENT)
    nameless = replace(VOID, reference="")
    report = PlatformReport("crm", (GIFT, movement, nameless), already_in="stripe")
    assert list(asked_references(report)) == ["crm:r1", "crm:r1:back", "crm:r1:again", "crm:r1:fee", "crm:r2"]


def test_payments_that_a_state_may_change_are_asked_for():
    rows = [replace(GIFT, kind=kind, payment=kind.value) for kind in PlatformEvent]
    rows.append(replace(GIFT, payment="given back", given_back=True))
    assert asked_payments(PlatformReport("crm", tuple(rows))) == {
        f"crm:{name}" for name in ("refund", "chargeback", "void", "pending", "hold", "test", "given back")
    }


def test_a_gift_that_was_given_back_in_silence_is_told():
    back = replace(GIFT, given_back=True)
    report = PlatformReport("crm", (back,))
    [fault] = given_back_in_silence(report, STANDS)
    assert (fault.line, fault.severity) == (2, Severity.WARNING)
    assert "the gift of 50.00 stands until" in fault.message
    for originals in ({}, {"crm:p1": GIVEN._replace(reversed=True)}, {"crm:p1": GIVEN._replace(cents=49_99)}):
        assert list(given_back_in_silence(report, originals)) == []
    assert list(given_back_in_silence(PlatformReport("crm", (GIFT,)), STANDS)) == []


def test_a_report_without_rows_settles_nothing():
    assert settle(PlatformReport("crm"), [], Posted({})) == ([], [], [])
