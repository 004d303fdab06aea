"""What the rows of a report post: decided from rows and from what was looked up, without books."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.deciding.found import Found
from importers.platforms.booking import (
    BookedRows,
    PlacedRow,
    PlatformDesk,
    book_identities,
    book_rows,
    book_waiting,
    grouped,
)
from importers.platforms.records import PlatformEvent, PlatformReport, PlatformRow
from ledger.posting import gift_entries
from ledger.records import LineOutcome
from ledger.register.documents import DocumentSummary
from ledger.register.gifts import Identified, Original
from ledger.register.suspense import LineKey, OpenItem
from ledger.vault.links import Links

DAY = date(2025, 3, 10)
OGM = "000000000101"
LINKS = Links(communications={OGM: ("D0001", "spring")}, mandates={}, ibans={"BE01": "D0003", "BE02": None})
DESK = PlatformDesk(
    report=PlatformReport("stripe", digest="d" * 64),
    account="416100",
    fees="616100",
    money="731100",
    undocumented="731300",
    suspense="499000",
    language="en",
    links=LINKS,
    emails={"an@example.org": "D0006", "both@example.org": None},
)
GIVEN = Original(7, "D0002", 50_00, 2024, "731100", "platform", "winter", "F2", reversed=False)
WHOLE = DocumentSummary()


def row(kind: PlatformEvent = PlatformEvent.GIFT, gross: int = 50_00, fee: int = 0, **fields: object) -> PlatformRow:
    made = PlatformRow(2, kind, "r1", "EUR", gross, fee, gross - fee, DAY, payment="ch_1")
    return replace(made, **fields)


def booked(one: PlatformRow, desk: PlatformDesk = DESK, original: Original | None = None) -> BookedRows:
    found = Found("doc", originals={} if original is None else {"stripe:ch_1": original})
    return book_rows([PlacedRow(1, one)], desk, found, WHOLE)


def posted(made: BookedRows) -> dict[str, int]:
    """Cents by account, debit positive; each transaction balances."""
    totals: dict[str, int] = {}
    for entry in (*gift_entries(made.booking, "en"), *made.booking.entries):
        assert sum(line.cents for line in entry.lines) == 0
        for line in entry.lines:
            totals[line.account] = totals.get(line.account, 0) + line.cents
    return {account: cents for account, cents in totals.items() if cents}


@pytest.mark.parametrize(
    ("fields", "donor", "campaign"),
    [
        ({"donor": "D0009"}, "D0009", None),
        ({"communication": f"DON {OGM}"}, "D0001", "spring"),
        ({"account": "BE01"}, "D0003", None),
        ({"account": "BE02", "email": " An@Example.org "}, "D0006", None),
        ({"email": "both@example.org"}, None, None),
        ({}, None, None),
    ],
)
def test_whose_a_gift_is(fields: dict[str, str], donor: str | None, campaign: str | None):
    [gift] = booked(row(**fields)).booking.gifts
    assert (gift.donor, gift.campaign) == (donor, campaign)
    assert gift.account == ("731100" if donor else "731300")


def test_a_gift_is_gross_and_its_fee_apart():
    assert posted(booked(row(fee=1_20, donor="D0001"))) == {"416100": 48_80, "731100": -50_00, "616100": 1_20}


def test_what_another_export_said_of_a_payment_is_heard():
    desk = replace(DESK, identified={"stripe:ch_1": Identified("D0004", certificate_elsewhere=True)})
    [gift] = booked(row(), desk).booking.gifts
    assert (gift.donor, gift.certificate_elsewhere) == ("D0004", True)


@pytest.mark.parametrize(("of_row", "of_desk"), [(True, False), (False, True)])
def test_a_certificate_from_elsewhere_is_marked_and_takes_nobody_away(*, of_row: bool, of_desk: bool):
    desk = replace(DESK, certificate_elsewhere=of_desk)
    [gift] = booked(row(donor="D0001", certificate_elsewhere=of_row), desk).booking.gifts
    assert (gift.donor, gift.account, gift.certificate_elsewhere) == ("D0001", "731100", True)


def test_a_refund_takes_its_gift_back_for_the_year_it_counted_for():
    made = booked(row(PlatformEvent.REFUND, -50_00), original=GIVEN)
    [back] = made.booking.gifts
    assert (back.reverses, back.cents, back.counted, back.booked) == (7, -50_00, 2024, DAY)
    assert [one.outcome for one in made.booking.movements] == [LineOutcome.RETURN]
    assert posted(made) == {"731100": 50_00, "416100": -50_00}


def test_of_a_refund_in_part_the_rest_is_a_gift_again_with_its_mark():
    marked = GIVEN._replace(certificate_elsewhere=True)
    back, rest = booked(row(PlatformEvent.REFUND, -20_00), original=marked).booking.gifts
    assert (back.cents, back.reverses, rest.cents, rest.reverses) == (-50_00, 7, 30_00, None)
    assert rest.certificate_elsewhere


@pytest.mark.parametrize(
    ("kind", "gross", "original"),
    [
        (PlatformEvent.REFUND, -50_00, None),
        (PlatformEvent.REFUND, -50_01, GIVEN),
        (PlatformEvent.CHARGEBACK, -50_00, GIVEN._replace(reversed=True)),
        (PlatformEvent.CHARGEBACK_REVERSED, 50_00, GIVEN),
        (PlatformEvent.CORRECTION, 50_00, GIVEN),
    ],
)
def test_what_changes_no_gift_that_stands_waits_and_says_so(kind: PlatformEvent, gross: int, original: Original | None):
    made = booked(row(kind, gross, name="L. INCONNU"), original=original)
    assert posted(made) == {"416100": gross, "499000": -gross}
    assert [one.outcome for one in made.booking.movements] == [LineOutcome.SUSPENSE]
    assert [one.name for one in made.counterparties] == ["L. INCONNU"]
    assert "waits on account 499000" in made.faults[0].message


def test_a_gift_is_taken_back_once_in_a_document():
    found = Found("doc", originals={"stripe:ch_1": GIVEN})
    twice = [PlacedRow(number, row(PlatformEvent.REFUND, -50_00, reference=f"r{number}")) for number in (1, 2)]
    made = book_rows(twice, DESK, found, WHOLE)
    assert [one.outcome for one in made.booking.movements] == [LineOutcome.RETURN, LineOutcome.SUSPENSE]
    assert found.originals == {"stripe:ch_1": GIVEN}  # what was found is not written to


def test_a_line_that_waited_takes_its_gift_back_out_of_suspense():
    item = OpenItem("doc", 3, 5, DAY, None, -50_00, "refund", reference="stripe:ch_1")
    made = book_waiting([item], DESK, Found("back", originals={"stripe:ch_1": GIVEN}), WHOLE)
    assert made is not None
    assert posted(made) == {"731100": 50_00, "499000": -50_00}
    assert [(one.line, one.donor) for one in made.decisions] == [(LineKey(3, 5), "D0002")]
    assert book_waiting([item], DESK, Found("back"), WHOLE) is None


@pytest.mark.parametrize(
    ("original", "entered"),
    [
        (GIVEN._replace(donor=None, account="731300"), 1),
        (GIVEN._replace(donor="D0009"), 1),
        (GIVEN._replace(donor="D0009", certificate_elsewhere=True), 0),
        (GIVEN._replace(donor="D0009", reversed=True), 0),
        (GIVEN, 0),
    ],
    ids=["of nobody", "not marked", "marked", "taken back", "another's"],
)
def test_an_export_of_money_from_elsewhere_enters_what_the_books_do_not_say(original: Original, entered: int):
    found = Found("doc", originals={"stripe:ch_1": original})
    made = book_identities([row(donor="D0009", certificate_elsewhere=True)], DESK, found, {"new": 1})
    assert made.booking.record.summary.counts == {"new": 1, "identified": 1, "entered": entered}
    [line] = made.booking.movements
    assert (line.outcome, line.donor, line.reason, line.certificate_elsewhere) == ("identity", "D0009", None, True)
    assert sum(gift.cents for gift in made.booking.gifts) == 0
    assert [(one.donor, one.certificate_elsewhere) for one in made.booking.gifts[1:]] == [("D0009", True)] * entered
    assert len(made.faults) == (original.donor == "D0002")


events = st.sampled_from([PlatformEvent.GIFT, PlatformEvent.REFUND, PlatformEvent.CHARGEBACK_REVERSED])


@given(st.lists(st.tuples(events, st.sampled_from(["a", "b"]), st.integers(0, 400)), max_size=12))
def test_every_row_stands_in_one_group_and_what_changes_a_gift_comes_after_it(
    drawn: list[tuple[PlatformEvent, str, int]],
):
    rows = [
        row(kind, payment=payment, paid=date.fromordinal(DAY.toordinal() + later), reference=str(number), line=number)
        for number, (kind, payment, later) in enumerate(drawn)
    ]
    groups = grouped(rows)
    placed = [one for group in groups for one in group.rows]
    assert sorted(one.position for one in placed) == list(range(1, len(rows) + 1))
    for group in groups:
        assert {one.row.paid.year for one in group.rows} <= {group.year}
        changed = [one.row.payment for one in group.rows if one.row.kind is not PlatformEvent.GIFT]
        assert len(set(changed)) == len(changed)  # one change of a gift a document


def test_lines_that_waited_are_numbered_as_they_come():
    items = [
        OpenItem("doc", 3, 5, DAY, None, -1_00, "refund", reference="stripe:ch_9"),
        OpenItem("doc", 3, 6, DAY, None, -50_00, "refund", reference="stripe:ch_1"),
    ]
    made = book_waiting(items, DESK, Found("back", originals={"stripe:ch_1": GIVEN}), WHOLE)
    assert made is not None
    assert [one.position for one in made.booking.gifts] == [2]
    assert [one.line for one in made.decisions] == [LineKey(3, 6)]
