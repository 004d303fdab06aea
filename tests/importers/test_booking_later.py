"""What comes later: details of totals, open lines decided again, totals of our own collections, masked returns."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from test_booking import (
    ANNE,
    BANK,
    COLLECTED,
    DAY,
    FEES,
    ISSUED,
    MONEY,
    SUSPENSE,
    back,
    credit,
    desk,
    numbered,
    of,
    posted,
)

from importers.bank.records import Movement
from importers.deciding import booking
from importers.deciding.booking import Return
from importers.deciding.found import Found, claim_of, is_return, questions
from importers.deciding.gifts import counted_year, given_again, issued_to, owner_of, taken_back, two_lines
from ledger.instalments import CLAIMABLE
from ledger.records import Channel, DocumentKind, LineOutcome
from ledger.register.debits import Collected, Debit, FailureKind
from ledger.register.gifts import MandateClaim

LINKS = desk().links
DUE = date(2025, 3, 12)


def debit(number: int, cents: int = 20_00, *, rejected: bool = False, credited: bool = False) -> Debit:
    return Debit(f"E{number}", "M-2", "D0002", cents, DUE, rejected, credited)


def collection(*debits: Debit) -> Found:
    return Found("coda-1", collections={"B": Collected("B", sum(one.cents for one in debits), debits)})


def total(cents: int, **fields: object) -> Movement:
    return credit(cents, "10550000", reference="B", **fields)


# Totals of our collections


def test_the_total_of_a_collection_is_a_gift_an_instalment():
    found = collection(debit(1), debit(2, 30_00), debit(3, rejected=True), debit(4, credited=True))
    booked = booking.book(of(total(50_00)), desk(), found, "file")
    rows = booked.booking.movements
    assert [(row.position, row.parent, row.cents, row.outcome, row.reference, row.code) for row in rows] == [
        (1, None, 50_00, "batch", "B", "10550000"),
        (2, 1, 20_00, "instalment", "E1", "50550000"),
        (3, 1, 30_00, "instalment", "E2", "50550000"),
    ]
    gifts = booked.booking.gifts
    assert [(one.donor, one.cents, one.position, one.batch, one.executed, one.channel) for one in gifts] == [
        ("D0002", 20_00, 2, 1, DUE, Channel.DIRECT_DEBIT),
        ("D0002", 30_00, 3, 1, DUE, Channel.DIRECT_DEBIT),
    ]
    assert posted(booked) == {BANK: 50_00, MONEY: -50_00}
    assert booked.faults == ()


def test_what_was_rejected_counts_where_the_bank_credited_it_all_the_same():
    booked = booking.book(of(total(40_00)), desk(), collection(debit(1), debit(2, rejected=True)), "file")
    assert [one.cents for one in booked.booking.gifts] == [20_00, 20_00]


@pytest.mark.parametrize(
    ("cents", "debits", "told"),
    [
        (
            45_00,
            (debit(1), debit(2), debit(3, rejected=True)),
            "is 45.00 EUR, 5.00 EUR away from the 40.00 EUR of 2 of its 3",
        ),
        (20_00, (debit(1, credited=True),), "comes a second time"),
        (7_00, (debit(1, rejected=True),), "comes a second time"),
    ],
)
def test_a_total_that_is_not_what_was_collected_waits(cents: int, debits: tuple[Debit, ...], told: str):
    booked = booking.book(of(total(cents)), desk(), collection(*debits), "file")
    assert [row.outcome for row in booked.booking.movements] == ["suspense"]
    assert posted(booked) == {BANK: cents, SUSPENSE: -cents}
    assert told in booked.faults[0].message


def test_a_total_comes_once_within_a_statement_too():
    found = collection(debit(1))
    booked = booking.book(of(total(20_00), total(20_00)), desk(), found, "file")
    assert [row.outcome for row in booked.booking.movements] == ["batch", "instalment", "suspense"]


@pytest.mark.parametrize("line", [credit(20_00, "10550000", reference="C"), credit(20_00, "10550000")])
def test_a_total_of_nobody_is_no_collection(line: Movement):
    assert booking.book(of(line), desk(), collection(debit(1)), "file").booking.gifts == []


def test_an_instalment_that_is_booked_already_waits():
    lines = (total(20_00), credit(20_00, "00550000", reference="E1", mandate="M-2"))
    booked = booking.book(of(*lines), desk(), collection(debit(1)), "file")
    assert [row.outcome for row in booked.booking.movements] == ["batch", "instalment", "suspense"]
    assert "movement 2 brings an instalment that is booked already" in booked.faults[0].message


# Details of totals


def test_details_leave_suspense_for_what_they_are():
    lines = numbered(
        credit(60_00, "20150000"),
        credit(50_00, "60150000", structured=ISSUED)._replace(parent=1),
        credit(10_00, "60150000")._replace(parent=1),
    )
    made = of(*lines, digest="content")
    booked = booking.book_details(made, [lines[0]], desk(), Found("details-1"), "file")
    assert posted(booked) == {MONEY: -50_00, SUSPENSE: 50_00}
    assert [(row.position, row.outcome) for row in booked.booking.movements] == [
        (1, "batch"),
        (2, "gift"),
        (3, "suspense"),
    ]
    record = booked.booking.record
    assert (record.kind, record.name, record.digest, record.file_digest) == (
        DocumentKind.DETAILS, "details-1", "content", "file"
    )  # fmt: skip
    assert (record.first_day, record.last_day, record.bank) == (DAY, DAY, None)
    assert [one.position for one in booked.counterparties] == [3]


# Open lines again


def test_open_lines_that_are_known_now_leave_suspense_on_their_days():
    later = DAY + timedelta(days=2)
    lines = numbered(
        credit(structured=ISSUED),
        credit(1_00),
        credit(30_00, account=ANNE)._replace(booked=later),
        credit(-5_00, "08037000"),
    )
    again = booking.book_open(lines, desk(), Found("again-1"), "digest")
    assert again is not None
    assert again.decided == (1, 3, 4)
    assert [(gift.donor, gift.cents, gift.booked) for gift in again.booking.gifts] == [
        ("D0001", 50_00, DAY), ("D0003", 30_00, later)
    ]  # fmt: skip
    assert set(again.booking.gift_debits.values()) == {SUSPENSE}
    assert [row.position for row in again.booking.movements] == [1, 3, 4]
    (entry,) = again.booking.entries
    assert {line.account: line.cents for line in entry.lines} == {SUSPENSE: -5_00, FEES: 5_00}
    record = again.booking.record
    assert (record.kind, record.first_day, record.last_day, record.digest) == (
        DocumentKind.ASSIGNMENT, DAY, later, "digest"
    )  # fmt: skip
    assert record.summary.counts == {"gift": 2, "rule": 1}
    assert record.summary.cents == {"gift": 80_00, "rule": -5_00}


def test_open_lines_that_stay_unknown_make_no_document():
    assert booking.book_open(numbered(credit(1_00), credit(2_00)), desk(), Found("again-1"), "digest") is None


def test_an_instalment_named_a_second_time_stays_open():
    lines = numbered(credit(60_00, "00550000", reference="E1", mandate="M-2"), credit(structured=ISSUED))
    again = booking.book_open(lines, desk(), Found("again-1", originals={"E1": COLLECTED}), "digest")
    assert again is not None
    assert again.decided == (2,)
    fresh = booking.book_open(lines, desk(), Found("again-1"), "digest")
    assert fresh is not None
    assert fresh.decided == (1, 2)


def test_a_gift_is_taken_back_once_among_open_lines():
    again = booking.book_open(numbered(back(), back()), desk(), Found("again-1", originals={"E1": COLLECTED}), "digest")
    assert again is not None
    assert again.decided == (1,)
    assert [gift.reverses for gift in again.booking.gifts] == [7]


# Returns


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        ("00503000", "2", FailureKind.RETURN),
        ("00505000", None, FailureKind.REFUND),
        ("00503000", None, FailureKind.RETURN),
        ("00503000", "3", FailureKind.REFUND),
    ],
)
def test_a_return_is_told_with_whose_it_was(code: str, kind: str | None, expected: FailureKind):
    line = back()._replace(code=code, return_type=kind, mandate=None)
    known = COLLECTED._replace(reference="E1", mandate="M-7")
    (told,) = booking.book(of(line), desk(), Found("c", originals={"E1": known}), "file").returns
    assert told == Return(1, DAY, -60_00, expected, "MS03", "D0002", "M-7", "E1")


def test_a_return_of_nothing_known_is_told_by_what_it_says():
    (told,) = booking.book(of(back()), desk(), Found("c"), "file").returns
    assert told == Return(1, DAY, -60_00, FailureKind.RETURN, "MS03", None, "M-2", "E1")
    (bare,) = booking.book(of(back(reference="")), desk(), Found("c"), "file").returns
    assert bare.reference is None


MASK = back(reference="NOTPROVIDED")
CLAIM = MandateClaim("M-2", "D0002", 60_00, DAY - CLAIMABLE)


def test_a_masked_return_takes_back_the_only_gift_of_its_mandate():
    alone = Found("c", claimed={CLAIM: (COLLECTED,)})
    assert [gift.reverses for gift in booking.book(of(MASK), desk(), alone, "file").booking.gifts] == [7]
    several = Found("c", claimed={CLAIM: (COLLECTED, COLLECTED._replace(id=8))})
    assert booking.book(of(MASK), desk(), several, "file").booking.gifts == []
    both = booking.book(of(MASK, MASK), desk(), alone, "file").booking
    assert [row.outcome for row in both.movements] == ["return", "suspense"]


# What is asked


def test_lines_ask_for_what_they_may_be_about():
    lines = numbered(
        back(),
        MASK,
        credit(10_00, "00503000", reference="E8"),
        credit(20_00, "10550000", reference="B1"),
        credit(20_00, "00550000", reference="E9", mandate="M-2"),
        credit(20_00, "00150000", reference="T1"),
        credit(20_00, "10550000", reference="B2", mandate="M-2"),
        credit(20_00, "50550000", reference="E7")._replace(parent=7),
    )
    asked = questions(lines, LINKS)
    assert asked.references == {"E1", "NOTPROVIDED"}
    assert asked.claims == {CLAIM}
    assert asked.collections == {"B1", "B2"}
    assert questions(lines, LINKS, again=True).references == {"E1", "NOTPROVIDED", "E9", "B2"}


@pytest.mark.parametrize(
    ("line", "comes_back"),
    [
        (credit(-1, "00503000"), True),
        (credit(-1, "00505000"), True),
        (credit(-1, "00150000"), False),
        (credit(-1, "00150000", return_type="2"), True),
    ],
)
def test_a_line_comes_back_by_its_code_or_its_mark(line: Movement, comes_back: bool):
    assert is_return(line) is comes_back


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        (MASK, CLAIM),
        (back(reference=""), CLAIM),
        (back(reference="E1"), None),
        (MASK._replace(mandate=None), None),
        (MASK._replace(mandate="M-9"), None),
    ],
)
def test_only_a_masked_return_of_a_known_mandate_claims_by_it(line: Movement, claim: MandateClaim | None):
    assert claim_of(line, LINKS) == claim


# What lines and rows share


def test_a_gift_given_again_is_as_it_was_but_for_amount_and_day():
    later = DAY + timedelta(days=9)
    again = given_again(COLLECTED, 5_00, later, 4, Channel.CARD)
    assert (again.donor, again.cents, again.booked, again.counted, again.account, again.position) == (
        "D0002", 5_00, later, 2024, MONEY, 4
    )  # fmt: skip
    assert (again.channel, again.campaign, again.fund, again.reverses) == (Channel.CARD, "winter", "F2", None)
    gone = taken_back(COLLECTED, later, 4, Channel.CARD)
    assert (gone.cents, gone.reverses, gone.counted) == (-60_00, 7, 2024)


def test_an_owner_is_known_by_an_account_and_a_communication_by_its_number():
    assert owner_of(ANNE, LINKS) == "D0003"
    assert owner_of("", replace(LINKS, ibans={"": "D1"})) is None
    assert issued_to(ISSUED, "", LINKS) == ("D0001", "spring")
    assert issued_to("other", "merci", LINKS) is None
    assert issued_to("other", f"merci {ISSUED}", LINKS) == ("D0001", "spring")  # of two, the one that was issued
    assert issued_to(None, f"+++{ISSUED[:3]}/{ISSUED[3:7]}/{ISSUED[7:]}+++", LINKS) == ("D0001", "spring")
    assert issued_to(None, "", LINKS) is None


def test_an_amount_that_is_no_gift_has_two_lines():
    entry = two_lines(DAY, "label", 5_00, "here", "there", document="coda-1", meta={"position": 3})
    assert [(line.account, line.cents) for line in entry.lines] == [("here", 5_00), ("there", -5_00)]
    assert (entry.day, entry.narration, entry.links, entry.meta) == (DAY, "label", ("coda-1",), {"position": 3})


@pytest.mark.parametrize(
    ("policy", "executed", "value", "year"),
    [
        ("executed", 2023, 2024, 2023), ("executed", None, 2024, 2024), ("value", 2023, 2024, 2024),
        ("booked", 2023, 2024, 2025), ("executed", None, None, 2025), ("value", 2023, None, 2025),
    ],
)  # fmt: skip
def test_the_policy_decides_the_year(policy: str, executed: int | None, value: int | None, year: int):
    days = [None if one is None else date(one, 12, 31) for one in (executed, value)]
    assert counted_year(policy, *days, DAY) == year


def test_news_without_money_posts_nothing():
    lines = numbered(credit(0, "20150000"), credit(0, "60150000")._replace(parent=1))
    rows = booking.book(of(*lines), desk(), Found("c"), "file").booking.movements
    assert [row.outcome for row in rows] == [LineOutcome.NOTHING, LineOutcome.DETAIL]


def test_a_return_of_nothing_asks_nothing():
    assert questions([back(0)], LINKS) == questions([], LINKS)
