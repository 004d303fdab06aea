"""The meaning of a row of a platform: types and statuses, known or said in obole.toml; zones, signs, states."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from test_platform_edges import errors
from test_platform_rows import (
    ACTIVITY,
    ADYEN,
    COLUMNS,
    DONATION,
    HEAD,
    MOLLIE,
    STRIPE,
    activity,
    adyen,
    declared,
    mollie,
    money,
    report_of,
    settlement,
    stripe,
    trustly,
)

from importers import platforms
from importers.platforms import Declared, table
from importers.platforms.declared import DeclaredSource
from importers.platforms.records import Listed, Payout, PlatformEvent, PlatformReport, checked, event_of
from importers.platforms.table import Hints, Report, ReportLine

DAY = date(2025, 3, 10)


@pytest.mark.parametrize(
    ("meaning", "gross", "kind"),
    [
        ("payment", 1, PlatformEvent.GIFT),
        ("payment", 0, PlatformEvent.SPENT),
        ("payment", -1, PlatformEvent.SPENT),
        ("gift", -1, PlatformEvent.GIFT),
        ("hold", 1, PlatformEvent.HOLD),
        (None, 1, PlatformEvent.VOID),
        ("", 1, PlatformEvent.VOID),
    ],
)
def test_a_payment_is_a_gift_or_money_spent_by_its_sign(meaning: str | None, gross: int, kind: PlatformEvent):
    assert event_of(meaning, gross) is kind


# Payouts without their sign


def paid(*cents: int, signed: bool = False) -> tuple[Payout, ...]:
    return tuple(Payout(9, f"p{one}", "EUR", amount, DAY, signed=signed) for one, amount in enumerate(cents))


def held(*nets: int) -> list[object]:
    """A gift, or where it is negative a refund, in each of the payouts."""
    kinds = [PlatformEvent.GIFT if net > 0 else PlatformEvent.REFUND for net in nets]
    return [
        replace(money(kind, "EUR", (net, 0, net), f"T{one}"), payout=f"p{one}")
        for one, (kind, net) in enumerate(zip(kinds, nets, strict=True))
    ]


@pytest.mark.parametrize(
    ("nets", "written", "right", "ok"),
    [
        ((10, 5), (10, 5), (10, 5), True),
        ((10, 5), (-10, -5), (10, 5), True),
        ((-10,), (-10,), (-10,), True),
        ((-10,), (10,), (-10,), True),
        ((10, -5), (-10, 5), (10, -5), True),
        ((10, -5), (10, -5), (10, -5), True),
        ((10, 5, 3), (-10, -5, 3), (10, 5, -3), False),
        ((10, 5, 3), (10, 5, -3), (10, 5, -3), False),
        ((10, 5), (10, -5), (10, -5), False),
        ((10, 5), (11, 6), (11, 6), False),
        ((10, 5), (-11, -6), (11, 6), False),
        ((10, 5), (-11, 12), (-11, 12), False),
        ((10, 5), (-13, 12), (13, -12), False),
    ],
)
def test_payouts_are_written_in_one_way_which_their_sums_bear_out(
    nets: tuple[int, ...], written: tuple[int, ...], right: tuple[int, ...], ok: bool
):
    found = checked(PlatformReport("x", tuple(held(*nets)), paid(*written)))  # type: ignore[arg-type]
    assert tuple(one.cents for one in found.payouts) == right
    assert all(one.signed for one in found.payouts)
    assert found.ok is ok


def test_a_payout_with_its_sign_keeps_it():
    both = (*paid(-10), *(replace(one, reference="p1") for one in paid(5, signed=True)))
    found = checked(PlatformReport("x", tuple(held(10, 5)), both))  # type: ignore[arg-type]
    assert [one.cents for one in found.payouts] == [10, 5]
    assert found.ok
    alone = checked(PlatformReport("x", tuple(held(10)), paid(-10, signed=True)))  # type: ignore[arg-type]
    assert [one.cents for one in alone.payouts] == [-10]


# Words that are known, and that obole.toml adds


def line(cell: str, hints: Hints) -> ReportLine:
    return ReportLine(Report(("Un",), [], "", hints, index={"v": 0}), 2, [cell])


def test_a_word_means_what_the_settings_or_else_the_reader_say():
    hints = Hints(
        types={"vente": "payment", "don": "fee"}, statuses={"ok": "done", "fini": "void"}, section="platforms.x"
    )
    known = {"don": "gift", "fini": "done", "rendu": "back"}
    assert [line(cell, hints).type_of("v", known) for cell in ("Vente", "DON", "rendu")] == ["payment", "fee", "back"]
    assert [line(cell, hints).status_of("v", known) for cell in ("Ok", "fini", "Rendu")] == ["done", "void", "back"]
    assert line("x", hints).type_of("v", known, key="vente") == "payment"
    for ask, nothing, setting in (
        (ReportLine.type_of, None, 'types = { "..." = "payment" }'),
        (ReportLine.status_of, "", 'statuses = { "..." = "done" }'),
    ):
        one = line("secret", hints)
        assert ask(one, "v", known) == nothing
        assert not one.sound
        assert [str(fault) for fault in one.report.faults] == [
            f"line 2: the value of `Un` is not known; write what it means in obole.toml: [platforms.x] {setting}"
        ]


def test_a_heading_of_the_settings_is_preferred_and_adds_fields():
    hints = Hints(columns={"gross": "Somme", "email": "Courriel", "donor": "Nulle part"})
    report = Report(("Montant", "Somme", "Courriel"), [], "", hints)
    assert report.find({"gross": ("Montant",)}, ("gross",))
    assert report.index == {"gross": 1, "email": 2}
    without = Report(("Montant",), [], "", hints)
    assert without.find({"gross": ("Montant",)}, ("gross",))
    assert without.index == {"gross": 0}


def test_a_report_in_which_no_column_says_who_gave_says_so():
    report = Report(("a",), [], "", Hints(section="platforms.x"), index={"email": 0})
    assert report.unnamed(("donor", "email")) == ""
    assert "[platforms.x] columns" in report.unnamed(("donor", "account"))


def test_what_is_to_be_written_in_the_settings_names_their_section(tmp_path: Path):
    assert "[platforms.stripe] types" in errors(stripe(tmp_path, reporting_category="levitation"))[0]
    said = Declared(hints={"stripe": Hints(types={"levitation": "payment"}, section="platforms.stripe")})
    row = report_of(tmp_path / "a.csv", [STRIPE | {"reporting_category": "Levitation"}], said).rows[0]
    assert row.kind is PlatformEvent.GIFT


@pytest.mark.parametrize(
    ("row", "identifying"),
    [(STRIPE, {"customer_email": "z@example.org"}), (ACTIVITY, {}), (MOLLIE, {}), (ADYEN, {})],
    ids=["stripe", "paypal", "mollie", "adyen"],
)
def test_who_gave_is_missed_where_no_column_says_it(row: dict[str, str], identifying: dict[str, str], tmp_path: Path):
    who = ("From Email Address", "Consumer bank account", "Shopper Email", "IBAN")
    bare = {name: cell for name, cell in row.items() if name not in who}
    assert "no column says who gave" in report_of(tmp_path / "a.csv", [bare]).unnamed
    assert report_of(tmp_path / "b.csv", [row | identifying]).unnamed == ""


# Zones


@pytest.mark.parametrize(
    ("zone", "known"),
    [
        ("UTC", True), ("utc", True), ("cet", True), ("MESZ", True), ("+2", True), ("-05", True), ("+0530", True),
        ("UTC+01:00", True), ("gmt-5", True), ("+23:59", True), ("+24", False), ("-24:00", False),
        ("Europe/Paris", True), ("Europe/Nowhere", False), ("../etc", False), ("Japan", False), ("IST", False),
        ("", False),
    ],
)  # fmt: skip
def test_a_zone_is_an_offset_an_abbreviation_or_a_place(zone: str, known: bool):
    assert (table._zone(zone) is not None) is known


@pytest.mark.parametrize(
    ("zone", "clock", "day"),
    [
        ("UTC", "22:59", 10), ("UTC", "23:00", 11), ("WEST", "23:59", 10), ("WEST", "00:00", 10), ("CET", "23:59", 10),
        ("CEST", "23:59", 10), ("EET", "00:59", 9), ("EET", "01:00", 10), ("EDT", "18:59", 10), ("EDT", "19:00", 11),
        ("EST", "17:59", 10), ("EST", "18:00", 11), ("CDT", "17:59", 10), ("CDT", "18:00", 11), ("MDT", "16:59", 10),
        ("MDT", "17:00", 11), ("MST", "15:59", 10), ("MST", "16:00", 11), ("PDT", "15:59", 10), ("PST", "15:00", 11),
        ("PST", "14:59", 10), ("+05:30", "04:29", 9), ("+05:30", "04:30", 10), ("-0530", "17:29", 10),
        ("-0530", "17:30", 11),
        ("+2", "00:59", 9), ("+2", "01:00", 10), ("UTC", "11:30 PM", 11), ("UTC", "11:30 am", 10),
        ("UTC", "12:30 a.m.", 10),
        ("CET", "12:30 PM", 10), ("+14", "12:30 PM", 9), ("+14", "01:30 PM", 10),
    ],
)  # fmt: skip
def test_a_moment_of_winter_is_of_its_day_in_belgium(zone: str, clock: str, day: int):
    assert table._day("2025-03-10", "dmy", zone, clock) == date(2025, 3, day)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("10/03/2025 11:30 PM UTC", 11),
        ("10/03/2025 11:30 AM UTC", 10),
        ("10/03/2025 12:30 AM UTC", 10),
        ("10/03/2025 12:30 PM UTC", 10),
        ("10/03/2025 12:30 AM +02:00", 9),
        ("10/03/2025 23:30 IST", None),
        ("10/03/2025 13:30 PM UTC", 10),
        ("10/03/25 23:30 UTC", 11),
    ],
)
def test_a_moment_may_name_the_half_of_its_day_and_its_zone(written: str, day: int | None):
    assert table._day(written, "dmy", "", "") == (None if day is None else date(2025, 3, day))


def moment(cell: str, zone: str, hints: Hints = table.NO_HINTS, heading: str = "Date") -> ReportLine:
    report = Report((heading, "Zone"), [], "", hints)
    report.find({"paid": (heading,), "zone": ("Zone",)}, ())
    return ReportLine(report, 2, [cell, zone])


@pytest.mark.parametrize(
    ("zone", "hint", "heading", "within", "day"),
    [
        ("", "", "Date", "", 10),
        ("", "", "Date", "UTC", 11),
        ("", "", "Date (UTC)", "", 11),
        ("", "", "date_gmt", "", 11),
        ("", "", "Outcome", "", 10),
        ("", "UTC", "Date", "", 11),
        ("CET", "UTC", "Date", "", 10),
        ("CET", "", "Date (UTC)", "", 10),
        ("", "CET", "Date (UTC)", "", 11),
        ("Japan", "UTC", "Date", "", 11),
        ("Japan", "UTC", "Date", "CET", 11),
    ],
)
def test_the_zone_is_that_of_the_row_the_heading_or_the_settings(
    zone: str, hint: str, heading: str, within: str, day: int
):
    one = moment("2025-03-10 23:30:00", zone, Hints(zone=hint), heading)
    assert one.day("paid", "zone", within=within) == date(2025, 3, day)
    assert one.sound


def test_a_zone_that_nobody_knows_is_told_once():
    one = moment("2025-03-10 23:30:00", "Japan", Hints(section="platforms.x"))
    for _ in range(2):
        one.day("paid", "zone")
    [fault] = one.report.faults
    assert str(fault).startswith("line 2: the time zone in `Zone` is not known; write which one it is in obole.toml")
    assert '[platforms.x] timezone = "Europe/Paris"' in str(fault)


# Stripe


def test_a_payout_that_no_row_names_is_not_itemised(tmp_path: Path):
    own = {"fee": "0", "reporting_category": "payout", "automatic_payout_id": ""}
    rows = [
        STRIPE | {"automatic_payout_id": "po_1"},
        STRIPE | own | {"balance_transaction_id": "t2", "gross": "-49", "net": "-49", "source_id": "po_1"},
        STRIPE | own | {"balance_transaction_id": "t3", "gross": "-7", "net": "-7", "source_id": "po_7"},
    ]
    report = report_of(tmp_path / "a.csv", rows)
    assert not errors(report)
    assert [(one.reference, one.cents, one.itemised) for one in report.payouts] == [
        ("po_1", 49_00, True),
        ("po_7", 7_00, False),
    ]


@pytest.mark.parametrize(
    ("category", "payout", "source", "itemised"),
    [
        ("payout_reversal", "po_1", "po_1", False),
        ("payout_reversal", "", "po_1", False),
        ("payout_reversal", "po_2", "po_1", True),
        ("topup", "po_2", "tu_1", True),
    ],
)
def test_what_comes_in_adds_to_the_payout_that_lists_it(
    category: str, payout: str, source: str, itemised: bool, tmp_path: Path
):
    row = {"reporting_category": category, "gross": "10", "fee": "0", "net": "10"}
    report = stripe(tmp_path, **row, automatic_payout_id=payout, source_id=source)
    [one] = report.payouts
    assert (one.reference, one.cents, one.itemised, one.signed) == (payout or source, -10_00, itemised, True)


# Adyen, Trustly


def test_a_payout_of_adyen_that_came_back_is_not_itemised(tmp_path: Path):
    back = {"Type": "BankInstructionReturned", "Gross Credit (GC)": "", "Net Credit (NC)": "5"}
    [one] = adyen(tmp_path, **back).payouts
    assert (one.cents, one.itemised) == (-5_00, False)
    [out] = adyen(tmp_path, **back | {"Type": "MerchantPayout"}).payouts
    assert (out.cents, out.itemised) == (-5_00, True)


@pytest.mark.parametrize("cells", [{10: "levitated"}, {11: "levitated"}])
def test_a_row_of_trustly_that_nobody_knows_is_left_out(cells: dict[int, str], tmp_path: Path):
    report = trustly(tmp_path, cells, {1: "I2"})
    assert [row.reference for row in report.rows] == ["I2"]
    assert [error.startswith("line 2: the value of `") for error in errors(report)] == [True]


# PayPal


@pytest.mark.parametrize(
    ("changes", "kind", "why", "back"),
    [
        ({"Status": "Refunded"}, "gift", "", True),
        ({"Status": ""}, "gift", "", False),
        ({"Balance_Impact": "Memo"}, "void", "no effect on the balance", False),
        ({"Balance_Impact": "Credit"}, "gift", "", False),
        ({"Status": "Denied", "Balance_Impact": "Memo"}, "void", "denied", False),
        ({"Status": "Refunded", "Type": "Payment Hold"}, "hold", "held or released", False),
        ({"Type": "Payment Refund"}, "correction", "", False),
        ({"Type": "Payment Reversal"}, "correction", "", False),
        ({"Type": "Chargeback Reversal"}, "chargeback-reversed", "", False),
        ({"Type": "Chargeback Reversal", "Gross": "-50", "Fee": "0", "Net": "-50"}, "correction", "", False),
        ({"Type": "Chargeback Reversal", "Gross": "0", "Fee": "0", "Net": "0"}, "chargeback-reversed", "", False),
        ({"Type": "Payment Refund", "Gross": "0", "Fee": "0", "Net": "0"}, "refund", "", False),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_row_of_an_activity_download_means(changes: dict[str, str], kind: str, why: str, back: bool, tmp_path: Path):
    report = activity(tmp_path, **changes)
    assert not errors(report)
    [row] = report.rows
    assert (row.kind.value, row.why, row.given_back) == (kind, why, back)


@pytest.mark.parametrize(
    ("changes", "kind", "why", "back"),
    [
        ({"status": "V"}, "gift", "", True),
        ({"status": "f"}, "gift", "", True),
        ({"status": ""}, "gift", "", False),
        ({"status": "V", "side": "DR", "fee": "0"}, "spent", "", False),
        ({"status": "P"}, "pending", "pending", False),
        ({"status": "D"}, "void", "denied", False),
    ],
)
def test_a_letter_of_a_settlement_report_means(
    changes: dict[str, str], kind: str, why: str, back: bool, tmp_path: Path
):
    [row] = settlement(tmp_path, changes).rows
    assert (row.kind.value, row.why, row.given_back) == (kind, why, back)


def test_a_code_that_the_settings_say_goes_before_what_is_known(tmp_path: Path):
    settlement(tmp_path, {"code": "T0013"}, {"id": "T2", "code": "Z0001"}, {"id": "T3", "code": "T0014"})
    said = Declared(hints={"paypal": Hints(types={"t0013": "fee", "z0001": "payment"})})
    report = platforms.read(tmp_path / "stl.csv", said)
    assert not errors(report)
    assert [row.kind.value for row in report.rows] == ["fee", "gift", "gift"]
    assert [row.why for row in report.rows] == ["", "", ""]


@pytest.mark.parametrize(
    ("currency", "fee", "ok"), [("", "150", True), ("eur", "150", True), ("usd", "150", False), ("usd", "0", True)]
)
def test_a_fee_is_in_the_currency_of_its_amount(currency: str, fee: str, ok: bool, tmp_path: Path):
    head = HEAD.replace('"Fee Amount"', '"Fee Amount","Fee Currency"')
    row = ["SB", "T1", "", "", "T0013", "2025/03/10", "", "CR", "5000", "eur", "DR", fee, currency, "S", *[""] * 6]
    (tmp_path / "stl.csv").write_text(head + ",".join(row) + "\n", encoding="utf-8")
    report = platforms.read(tmp_path / "stl.csv")
    assert report.ok is ok
    assert ["its fee is in another currency" in error for error in errors(report)] == [True] * (not ok)


# Mollie


def returned(path: Path, *rows: dict[str, str]) -> list[tuple[str, int, int]]:
    report = report_of(path / "a.csv", [MOLLIE | row for row in rows])
    assert not errors(report)
    return [(row.kind.value, row.gross, row.net) for row in report.rows]


def test_a_positive_refund_is_one_that_came_back_where_the_file_tells_signs(tmp_path: Path):
    out = {"ID": "re_1", "Amount": "-5.00", "Settlement amount": "-5.00"}
    back = {"ID": "chb_1", "Amount": "7.00", "Settlement amount": "7.00"}
    assert returned(tmp_path, out, back) == [("refund", -5_00, -5_00), ("chargeback-reversed", 7_00, 7_00)]
    assert returned(tmp_path, back) == [("chargeback", -7_00, -7_00)]
    minus = {"ID": "re_1", "Amount": "\u22125.00", "Settlement amount": "\u22125.00"}
    assert returned(tmp_path, back, minus) == [("chargeback-reversed", 7_00, 7_00), ("refund", -5_00, -5_00)]
    fee = {"ID": "", "Description": "fee", "Amount": "-1", "Settlement amount": "-1"}
    assert returned(tmp_path, fee, back)[1] == ("chargeback", -7_00, -7_00)
    nothing = {"ID": "re_2", "Amount": "0", "Settlement amount": "0"}
    assert returned(tmp_path, out, nothing)[1] == ("refund", 0, 0)
    assert returned(tmp_path, out, {})[1] == ("gift", 25_00, 24_65)


@pytest.mark.parametrize(
    ("changes", "kind", "why", "back"),
    [
        ({"Status": "refunded"}, "gift", "", True),
        ({"Amount refunded": "5.00"}, "gift", "", True),
        ({"Amount refunded": "0"}, "gift", "", False),
        ({"Amount refunded": ""}, "gift", "", False),
        ({"ID": "re_1", "Status": "refunded", "Amount refunded": "5.00"}, "refund", "", False),
        ({"Status": "expired", "Amount refunded": "5.00"}, "void", "expired", False),
        ({"Status": "open"}, "pending", "open", False),
        ({"ID": "", "Description": "fee", "Status": "open"}, "pending", "open", False),
        ({"ID": "cap_1"}, "gift", "", False),
    ],
)
def test_a_status_of_mollie_means(changes: dict[str, str], kind: str, why: str, back: bool, tmp_path: Path):
    [row] = report_of(tmp_path / "a.csv", [MOLLIE | changes]).rows
    assert (row.kind.value, row.why, row.given_back) == (kind, why, back)


def test_the_beginning_of_an_id_of_mollie_may_be_said_in_the_settings(tmp_path: Path):
    said = Declared(hints={"mollie": Hints(types={"bal": "payment", "tr": "correction"})})
    rows = [MOLLIE | {"ID": "bal_1"}, MOLLIE | {"ID": "tr_2"}, MOLLIE | {"ID": "re_3_4"}]
    report = report_of(tmp_path / "a.csv", rows, said)
    assert [row.kind.value for row in report.rows] == ["gift", "correction", "refund"]
    for own in ("bal1", "_1", "tr"):
        assert "the id begins with none of tr_" in errors(mollie(tmp_path, ID=own))[0]


# Declared sources: states or movements

KINDS = {
    "paye": PlatformEvent.GIFT, "rendu": PlatformEvent.REFUND, "conteste": PlatformEvent.CHARGEBACK,
    "annule": PlatformEvent.VOID, "virement": PlatformEvent.PAYOUT,
}  # fmt: skip


def state(path: Path, kind: str, amount: str, **said: object) -> tuple[Listed, int]:
    report = declared(path, DONATION | {"K": kind, "Montant": amount}, COLUMNS | {"kind": "K"}, kinds=KINDS, **said)
    assert not errors(report)
    return report.rows[0].listed, report.rows[0].gross


@pytest.mark.parametrize(
    ("kind", "amount", "said", "expected"),
    [
        ("Payé", "12,50", {}, (Listed.EITHER, 12_50)),
        ("annulé", "12,50", {}, (Listed.EITHER, 12_50)),
        ("rendu", "12,50", {}, (Listed.STATE, -12_50)),
        ("rendu", "-12,50", {}, (Listed.MOVEMENT, -12_50)),
        ("rendu", "0,01", {}, (Listed.STATE, -1)),
        ("rendu", "0", {}, (Listed.MOVEMENT, 0)),
        ("contesté", "12,50", {}, (Listed.STATE, -12_50)),
        ("rendu", "12,50", {"positive_refunds": True}, (Listed.EITHER, -12_50)),
        ("Payé", "12,50", {"rows": Listed.MOVEMENT}, (Listed.MOVEMENT, 12_50)),
        ("rendu", "-12,50", {"rows": Listed.MOVEMENT}, (Listed.MOVEMENT, -12_50)),
        ("rendu", "12,50", {"rows": Listed.STATE}, (Listed.STATE, -12_50)),
        ("rendu", "-12,50", {"rows": Listed.STATE}, (Listed.STATE, -12_50)),
    ],
)
def test_a_row_is_a_state_or_a_movement_by_its_sign_or_the_settings(
    kind: str, amount: str, said: dict[str, object], expected: tuple[Listed, int], tmp_path: Path
):
    assert state(tmp_path, kind, amount, **said) == expected


def test_a_positive_refund_among_movements_has_the_wrong_sign(tmp_path: Path):
    row = DONATION | {"K": "rendu"}
    report = declared(tmp_path, row, COLUMNS | {"kind": "K"}, kinds=KINDS, rows=Listed.MOVEMENT)
    assert ["has the wrong sign" in error for error in errors(report)] == [True]


def test_a_table_without_states_has_movements_only(tmp_path: Path):
    for rows in Listed:
        [row] = declared(tmp_path, DONATION, COLUMNS, rows=rows).rows
        assert (row.listed, row.returned) == (Listed.MOVEMENT, None)
    columns = COLUMNS | {"returned": "Rendu"}
    [row] = declared(tmp_path, DONATION | {"Rendu": "15/03/2025"}, columns).rows
    assert row.returned == date(2025, 3, 15)


@pytest.mark.parametrize("amount", ["12,50", "-12,50"])
def test_a_declared_payout_may_be_written_either_way(amount: str, tmp_path: Path):
    columns = COLUMNS | {"kind": "K", "payout": "P"}
    source = Declared({"kermesse": DeclaredSource(columns, kinds=KINDS)})
    rows = [DONATION | {"K": "payé", "P": "v1"}, DONATION | {"Id": "2", "K": "virement", "P": "v1", "Montant": amount}]
    report = report_of(tmp_path / "a.csv", rows, source)
    assert not errors(report)
    assert [(one.cents, one.reference, one.bank_reference) for one in report.payouts] == [(12_50, "v1", "v1")]
