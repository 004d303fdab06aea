"""Rows of platforms at the edges of what is decided of them: each field of what they post, and each doubt."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from test_platform_booking import DAY, DESK, GIVEN, OGM, WHOLE, booked, posted, row

from importers.deciding.found import Found
from importers.platforms import booking
from importers.platforms.booking import (
    BookedRows,
    PlacedRow,
    PlatformDesk,
    book_identities,
    book_rows,
    book_waiting,
    content_of,
    grouped,
    payment_of,
    payments_asked,
    voucher_reference,
)
from importers.platforms.currency import in_books
from importers.platforms.records import PlatformEvent, PlatformReport, PlatformRow
from ledger.errors import Severity
from ledger.records import Channel, Gift, LineOutcome
from ledger.register.documents import MovementRow
from ledger.register.gifts import Identified, Original
from ledger.register.suspense import OpenItem
from ledger.vault.counterparties import Counterparty

LATER = date(2025, 3, 12)


def document(*rows: PlatformRow, desk: PlatformDesk = DESK, **originals: Original) -> BookedRows:
    placed = [PlacedRow(number, one) for number, one in enumerate(rows, 1)]
    found = Found("doc", originals={f"stripe:{payment}": one for payment, one in originals.items()})
    return book_rows(placed, desk, found, WHOLE)


# Which rows stand together


def test_rows_are_grouped_by_wave_year_and_payout():
    rows = [
        row(PlatformEvent.REFUND, -10_00, payment="a", paid=date(2025, 3, 2), line=2),  # 1: of the gift below it
        row(payment="a", paid=date(2025, 3, 1), line=3),  # 2
        row(PlatformEvent.CHARGEBACK_REVERSED, payment="a", paid=date(2025, 3, 4), line=4),  # 3
        row(PlatformEvent.CHARGEBACK, -50_00, payment="a", paid=date(2025, 3, 3), line=5),  # 4
        row(PlatformEvent.REFUND, -1_00, payment="b", paid=date(2025, 3, 9), line=6),  # 5: of a gift before
        row(PlatformEvent.CHARGEBACK_REVERSED, 1_00, payment="b", paid=date(2025, 3, 9), line=7),  # 6
        row(payment="c", paid=date(2024, 12, 31), line=8),  # 7
        row(payment="d", payout="po", paid=date(2025, 3, 1), line=10),  # 8
        row(PlatformEvent.FEE, 0, 1_00, payment="a", paid=date(2025, 3, 1), line=9),  # 9: changes no gift
        row(payment="e", paid=date(2025, 2, 1), line=11),  # 10
    ]
    assert [(*group[:3], [one.position for one in group.rows]) for group in grouped(rows)] == [
        (0, 2024, "", [7]),
        (0, 2025, "", [10, 2, 9, 5]),
        (0, 2025, "po", [8]),
        (1, 2025, "", [1, 6]),
        (2, 2025, "", [4]),
        (3, 2025, "", [3]),
    ]


def test_two_gifts_of_one_payment_stand_together_and_what_follows_comes_after():
    rows = [
        row(line=2),
        row(line=3),
        row(PlatformEvent.REFUND, -1_00, line=4),
        row(PlatformEvent.REFUND, -1_00, line=5),
    ]
    assert [(group.wave, [one.position for one in group.rows]) for group in grouped(rows)] == [
        (0, [1, 2]), (1, [3]), (2, [4])
    ]  # fmt: skip


def test_a_payment_is_named_with_the_platform_on_which_its_money_is():
    there = PlatformReport("crm", already_in="stripe")
    rows = [row(kind, payment=kind.value) for kind in PlatformEvent]
    assert payment_of(there, row()) == "stripe:ch_1"
    assert payment_of(DESK.report, row()) == "stripe:ch_1"
    assert voucher_reference(there, row()) == "crm:r1"
    assert payments_asked(rows, DESK.report) == [
        "stripe:refund", "stripe:chargeback", "stripe:chargeback-reversed"
    ]  # fmt: skip


def test_a_row_that_comes_again_is_known_by_its_money_and_its_day():
    same = [row(donor="D0001"), row(name="Zoé", line=9, reference="r9", payout="po")]
    other = [
        row(PlatformEvent.REFUND), row(currency="USD"), row(gross=50_01), row(fee=1), row(net=49_99), row(paid=LATER)
    ]  # fmt: skip
    digests = [content_of(one) for one in (*same, *other)]
    assert len(digests[0]) == 64
    assert digests[0] == digests[1]
    assert len(set(digests)) == 1 + len(other)


# What one row posts


def test_a_gift_is_written_down_with_all_that_is_known():
    desk = replace(DESK, campaigns={"Printemps": "spring", "Zoé": None})
    made = document(row(donor="D0001", settled=LATER, campaign="Printemps", line=9), desk=desk)
    assert made.booking.gifts == [
        Gift(donor="D0001", cents=50_00, booked=DAY, counted=2025, account="731100", position=1,
             channel=Channel.PLATFORM, paid=DAY, value=LATER, campaign="spring")
    ]  # fmt: skip
    assert made.booking.movements == [
        MovementRow(
            1, None, "2025-03-10", "2025-03-12", 50_00, "gift", "stripe:ch_1", None, None, LineOutcome.GIFT, "731100"
        )
    ]
    assert (made.counterparties, made.faults, made.decisions) == ((), (), ())
    assert (made.booking.gift_debits, made.booking.batches) == ({0: "416100"}, {0: "Gifts through a platform"})
    assert [(one.reference, one.day) for one in made.booking.vouchers] == [("stripe:r1", DAY)]
    [nobody] = document(row(campaign="Zoé"), desk=desk).booking.gifts
    assert nobody.campaign is None
    [issued] = document(row(communication=OGM, campaign="Printemps"), desk=desk).booking.gifts
    assert issued.campaign == "spring"


def test_a_gift_counts_for_the_year_in_which_it_was_paid():
    one = row(donor="D0001", paid=date(2025, 12, 31), settled=date(2026, 1, 2))
    assert booked(one).booking.gifts[0].counted == 2025


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, None),
        ({"name": "Zoé"}, ("Zoé", "", "")),
        ({"email": "z@example.org"}, ("", "", "z@example.org")),
        ({"account": "BE09"}, ("", "BE09", "")),
        ({"communication": "merci"}, ("", "", "merci")),
        ({"name": "Zoé", "address": "Rue A 1", "communication": "merci"}, ("Zoé", "", "Rue A 1 | merci")),
        ({"name": "Zoé", "donor": "D0001"}, None),
        ({"address": "Rue A 1"}, None),
    ],
)  # fmt: skip
def test_who_stands_behind_a_gift_of_nobody_is_kept(fields: dict[str, str], told: tuple[str, str, str] | None):
    made = booked(row(**fields))
    assert made.counterparties == (() if told is None else (Counterparty("doc", 1, *told),))
    assert made.faults == ()


def test_what_another_export_said_yields_to_what_the_row_says():
    desk = replace(DESK, identified={"stripe:ch_1": Identified("D0004", certificate_elsewhere=False)})
    assert [one.donor for one in booked(row(donor="D0001"), desk).booking.gifts] == ["D0001"]
    [gift] = booked(row(name="Zoé"), desk).booking.gifts
    assert (gift.donor, gift.account, gift.certificate_elsewhere) == ("D0004", "731100", False)
    unknown = replace(DESK, identified={"stripe:ch_1": Identified(None, certificate_elsewhere=True)})
    [gift] = booked(row(), unknown).booking.gifts
    assert (gift.donor, gift.account, gift.certificate_elsewhere) == (None, "731300", True)


def test_no_address_is_nobodys():
    desk = replace(DESK, emails={"": "D0009", "an@example.org": "D0006"})
    assert booked(row(), desk).booking.gifts[0].donor is None
    assert booked(row(account="BE01", email="an@example.org"), desk).booking.gifts[0].donor == "D0003"


def test_a_payment_of_nothing_is_a_line_and_no_gift():
    made = booked(row(gross=0, fee=25))
    assert made.booking.gifts == []
    assert posted(made) == {"616100": 25, "416100": -25}
    [line] = made.booking.movements
    assert (line.cents, line.outcome, line.account, line.reference) == (0, LineOutcome.GIFT, "416100", "stripe:ch_1")


def test_fees_and_conversions_are_posted_by_day():
    made = document(
        row(fee=1_00, donor="D0001"),
        row(fee=50, donor="D0001", reference="r2"),
        row(PlatformEvent.FEE, 0, 25, reference="r3", paid=LATER),
        row(PlatformEvent.CONVERSION, 9_00, reference="r4"),
        row(PlatformEvent.CONVERSION, -8_90, reference="r5"),
        row(PlatformEvent.CONVERSION, 3_00, reference="r6", paid=LATER),
        row(PlatformEvent.CONVERSION, -3_00, reference="r7", paid=LATER),
    )
    entries = [
        (entry.day, entry.narration, [(line.account, line.cents) for line in entry.lines])
        for entry in made.booking.entries
    ]
    assert entries == [
        (DAY, "Fees of the platform", [("616100", 1_50), ("416100", -1_50)]),
        (LATER, "Fees of the platform", [("616100", 25), ("416100", -25)]),
        (DAY, "Conversion difference of the platform", [("616100", -10), ("416100", 10)]),
    ]
    assert [(line.cents, line.code, line.reference, line.account) for line in made.booking.movements] == [
        (50_00, "gift", "stripe:ch_1", "731100"),
        (50_00, "gift", "stripe:ch_1", "731100"),
        (-25, "fee", None, "416100"),
        (9_00, "conversion", None, "416100"),
        (-8_90, "conversion", None, "416100"),
        (3_00, "conversion", None, "416100"),
        (-3_00, "conversion", None, "416100"),
    ]
    assert made.booking.record.first_day == DAY
    assert made.booking.record.last_day == LATER


# What takes a gift back, and gives it again


@pytest.mark.parametrize(
    ("gross", "gifts"), [(-50_00, [-50_00]), (-49_99, [-50_00, 1]), (-1, [-50_00, 49_99]), (-50_01, None)]
)
@pytest.mark.parametrize("kind", [PlatformEvent.REFUND, PlatformEvent.CHARGEBACK])
def test_what_is_left_of_a_gift_is_a_gift_again(kind: PlatformEvent, gross: int, gifts: list[int] | None):
    made = booked(row(kind, gross), original=GIVEN)
    assert [one.cents for one in made.booking.gifts] == (gifts or [])
    [line] = made.booking.movements
    assert (line.outcome, line.account) == (
        (LineOutcome.RETURN, "731100") if gifts else (LineOutcome.SUSPENSE, "499000")
    )
    assert line.reference == "stripe:ch_1"


@pytest.mark.parametrize(
    ("gross", "reversed_", "again"),
    [(50_00, True, True), (20_00, True, True), (50_01, True, False), (50_00, False, False)],
)
def test_a_chargeback_reversed_gives_again_what_was_taken_back(gross: int, reversed_: bool, again: bool):
    made = booked(row(PlatformEvent.CHARGEBACK_REVERSED, gross), original=GIVEN._replace(reversed=reversed_))
    assert [(one.cents, one.counted, one.donor, one.reverses) for one in made.booking.gifts] == (
        [(gross, 2024, "D0002", None)] if again else []
    )
    assert len(made.faults) == (not again)


def test_what_waits_is_told_with_its_line_and_can_be_assigned():
    made = booked(row(PlatformEvent.REFUND, -20_00, fee=30, line=17, name="Zoé", account="BE09"))
    [entry, fee] = made.booking.entries
    assert (entry.day, entry.narration, entry.links, entry.meta) == (
        DAY, "Awaiting assignment: stripe refund", ("doc",), {"position": 1}
    )  # fmt: skip
    assert [(line.account, line.cents) for line in entry.lines] == [("416100", -20_00), ("499000", 20_00)]
    assert [(line.account, line.cents) for line in fee.lines] == [("616100", 30), ("416100", -30)]
    assert made.counterparties == (Counterparty("doc", 1, "Zoé", "BE09", ""),)
    [fault] = made.faults
    assert (fault.line, fault.severity) == (17, Severity.WARNING)
    assert "of -20.00 waits on account 499000" in fault.message


# Lines that waited


def open_item(position: int, cents: int, kind: str = "refund", reference: str | None = "stripe:ch_1") -> OpenItem:
    return OpenItem("old", 3, position, DAY, None, cents, kind, reference=reference)


def test_a_line_that_waited_leaves_suspense_as_it_was():
    made = book_waiting(
        [open_item(4, -1_00, reference=None), open_item(5, -20_00), open_item(6, -30_00)],
        DESK, Found("new", originals={"stripe:ch_1": GIVEN}), WHOLE,
    )  # fmt: skip
    assert made is not None
    assert made.booking.movements == [
        MovementRow(
            2, None, "2025-03-10", None, -20_00, "refund", "stripe:ch_1", None, None, LineOutcome.RETURN, "731100"
        )
    ]
    assert [(one.position, one.account, one.day) for one in made.decisions] == [(2, "731100", DAY)]
    assert [(one.cents, one.position, one.booked) for one in made.booking.gifts] == [(-50_00, 2, DAY), (30_00, 2, DAY)]
    assert made.booking.gift_debits == {0: "499000"}
    assert (made.counterparties, made.faults) == ((), ())


def test_lines_that_nothing_is_known_of_go_on_waiting():
    found = Found("new", originals={"stripe:ch_1": GIVEN})
    assert book_waiting([open_item(5, -50_01)], DESK, found, WHOLE) is None
    assert book_waiting([open_item(5, 50_00, "chargeback-reversed")], DESK, found, WHOLE) is None


# Exports of money that arrives elsewhere


def identities(*rows: PlatformRow, desk: PlatformDesk = DESK, **originals: Original) -> BookedRows:
    found = Found("doc", originals={f"stripe:{payment}": one for payment, one in originals.items()})
    return book_identities(rows, desk, found, {})


def test_an_export_enters_a_donor_on_its_last_day():
    of_nobody = GIVEN._replace(donor=None, account="731300", certificate_elsewhere=True)
    rows = [
        row(name="Zoé", reference="r0", payment="ch_0"),
        row(donor="D0009", paid=LATER),
        row(donor="D0009", reference="r2", payment="ch_2"),
    ]
    made = identities(*rows, ch_0=of_nobody, ch_1=of_nobody)
    gone, again = made.booking.gifts
    assert (gone.cents, gone.reverses, gone.donor, gone.account, gone.booked, gone.position) == (
        -50_00, 7, None, "731300", LATER, 2
    )  # fmt: skip
    assert (again.cents, again.donor, again.account, again.booked, again.paid, again.position, again.counted) == (
        50_00, "D0009", "731100", LATER, LATER, 2, 2024
    )  # fmt: skip
    assert again.certificate_elsewhere
    assert made.counterparties == (Counterparty("doc", 1, "Zoé", "", ""),)
    assert made.booking.record.summary.counts == {"identified": 3, "entered": 1}
    assert [(one.position, one.donor, one.reference) for one in made.booking.movements] == [
        (1, None, "stripe:ch_0"), (2, "D0009", "stripe:ch_1"), (3, "D0009", "stripe:ch_2")
    ]  # fmt: skip
    assert {(one.account, one.certificate_elsewhere) for one in made.booking.movements} == {(None, None)}
    assert [one.reference for one in made.booking.vouchers] == ["stripe:r0", "stripe:r1", "stripe:r2"]
    assert (made.booking.record.first_day, made.booking.record.last_day) == (DAY, LATER)
    assert made.faults == ()


def test_the_day_on_which_a_gift_was_paid_stays_what_the_books_say():
    of_nobody = GIVEN._replace(donor=None, account="731300", paid=date(2024, 12, 30), value=date(2025, 1, 2))
    _gone, again = identities(row(donor="D0009"), ch_1=of_nobody).booking.gifts
    assert (again.paid, again.value, again.booked) == (date(2024, 12, 30), date(2025, 1, 2), DAY)
    _gone, rest = booked(row(PlatformEvent.REFUND, -20_00), original=of_nobody).booking.gifts
    assert (rest.paid, rest.value, rest.booked) == (date(2024, 12, 30), date(2025, 1, 2), DAY)


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("elsewhere", [True, False])
@pytest.mark.parametrize("donor", [None, "D0009", "D0002"])
def test_an_export_says_more_of_a_gift_of_its_donor_only(donor: str | None, elsewhere: bool, marked: bool):
    original = GIVEN._replace(donor=donor, account="731200", certificate_elsewhere=marked)
    made = identities(row(donor="D0009"), desk=replace(DESK, certificate_elsewhere=elsewhere), ch_1=original)
    more = donor is None or (donor == "D0009" and elsewhere and not marked)
    assert made.booking.record.summary.counts["entered"] == int(more)
    assert [(one.donor, one.account, one.certificate_elsewhere) for one in made.booking.gifts[1:]] == (
        [("D0009", "731100" if donor is None else "731200", elsewhere or marked)] if more else []
    )
    assert ["stands with D0002 and not with D0009" in one.message for one in made.faults] == [True] * (donor == "D0002")
    assert made.booking.movements[0].certificate_elsewhere == (elsewhere or None)


def test_an_export_that_tells_another_amount_is_told():
    made = identities(row(donor="D0002", gross=50_01, line=8), ch_1=GIVEN)
    [fault] = made.faults
    assert (fault.line, fault.severity) == (8, Severity.WARNING)
    assert fault.message == "the gift in the books is 50.00, here it is 50.01"
    assert identities(row(donor="D0002"), ch_1=GIVEN).faults == ()
    assert (
        identities(row(donor="D0002", gross=50_01), ch_1=GIVEN._replace(donor="D0009"))
        .faults[0]
        .message.startswith("its gift stands with D0009")
    )


# Other currencies


def money(kind: PlatformEvent, currency: str, net: int, *, fee: int = 0, own: str = "T1", of: str = "") -> PlatformRow:
    return PlatformRow(2, kind, own, currency, net + fee, fee, net, DAY, payment=of or own)


def leg(currency: str, net: int, own: str, of: str = "T1") -> PlatformRow:
    return money(PlatformEvent.CONVERSION, currency, net, own=own, of=of)


@pytest.mark.parametrize(
    "rows",
    [
        [money(PlatformEvent.GIFT, "EUR", 96_00), leg("EUR", -96_00, "C1"), leg("USD", 104_00, "C2")],
        [money(PlatformEvent.GIFT, "USD", 96_00), leg("GBP", -96_00, "C1"), leg("EUR", 88_32, "C2")],
        [money(PlatformEvent.GIFT, "USD", 0, fee=4), leg("USD", 0, "C1"), leg("EUR", 0, "C2")],
        [leg("USD", 96_00, "T1", of="T0"), leg("USD", -96_00, "C1"), leg("EUR", 88_32, "C2")],
        [money(PlatformEvent.GIFT, "USD", 9), leg("USD", -9, "C1"), leg("EUR", 8, "C2"), leg("GBP", 1, "C3")],
    ],
    ids=["of euros", "of pounds", "of nothing", "of a conversion", "and another"],
)  # fmt: skip
def test_only_the_two_legs_of_a_payment_convert_it(rows: list[PlatformRow]):
    done, faults = in_books(rows, {"USD": Decimal(1), "GBP": Decimal(1)})
    assert [(one.reference, one.net) for one in done] == [(one.reference, one.net) for one in rows]
    assert not faults


def test_a_converted_payment_keeps_what_was_paid_and_loses_its_legs():
    """103.00 USD less 4.00 are 99.00, for 33.33 EUR: 103 x 33.33 / 99 = 34.677 EUR, of which 1.35 are the fee."""
    rows = [
        leg("EUR", 33_33, "C2"),
        money(PlatformEvent.GIFT, "USD", 99_00, fee=4_00),
        leg("USD", -99_00, "C1"),
        leg("USD", -5_00, "C3", of="other"),
    ]
    done, [fault] = in_books(rows, {})
    assert [(one.reference, one.currency, one.gross, one.fee, one.net) for one in done] == [
        ("T1", "EUR", 34_68, 1_35, 33_33)
    ]
    assert (done[0].original, done[0].original_currency) == (103_00, "USD")
    assert "amounts in USD" in fault.message


def test_half_a_cent_at_a_rate_is_rounded_away_from_nothing():
    rows = [money(PlatformEvent.GIFT, "USD", 1_01, own="a"), money(PlatformEvent.REFUND, "USD", -1_01, own="b")]
    done, _ = in_books(rows, {"USD": Decimal("0.5")})
    assert [(one.gross, one.fee, one.net) for one in done] == [(51, 0, 51), (-51, 0, -51)]


@pytest.mark.parametrize(
    ("kind", "gross", "original"),
    [
        (PlatformEvent.REFUND, -50_00, None),
        (PlatformEvent.REFUND, -50_01, GIVEN),
        (PlatformEvent.REFUND, -1, GIVEN._replace(reversed=True)),
        (PlatformEvent.CHARGEBACK_REVERSED, 1, GIVEN),
        (PlatformEvent.CHARGEBACK_REVERSED, 50_01, GIVEN._replace(reversed=True)),
    ],
)
def test_what_is_not_plain_changes_no_gift(kind: PlatformEvent, gross: int, original: Original | None):
    originals = {} if original is None else {"stripe:ch_1": original}
    before = dict(originals)
    assert booking._changed(PlacedRow(1, row(kind, gross)), "stripe:ch_1", originals) == []
    assert originals == before
