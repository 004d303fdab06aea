"""Readers of platforms at their edges: what they are known by, rows that say little or too much, faults told once."""

import csv
import dataclasses
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from test_platform_rows import (
    ACTIVITY,
    ADYEN,
    CHARIOT,
    COLUMNS,
    DONATION,
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
from importers.platforms import Declared, chariot, paypal
from importers.platforms import adyen as of_adyen
from importers.platforms import declared as of_declared
from importers.platforms import mollie as of_mollie
from importers.platforms import stripe as of_stripe
from importers.platforms import trustly as of_trustly
from importers.platforms.declared import DeclaredSource
from importers.platforms.records import Payout, PlatformEvent, PlatformReport, checked
from importers.platforms.table import NO_HINTS
from ledger.errors import Severity


def errors(report: PlatformReport) -> list[str]:
    return [str(fault) for fault in report.faults if fault.severity is Severity.ERROR]


def headed(path: Path, headings: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([headings, *rows])
    return path


# Whose a file is


@pytest.mark.parametrize(
    ("headings", "platform"),
    [
        (("balance_transaction_id", "reporting_category"), "stripe"),
        (("balance_transaction_id",), None),
        (("reporting_category",), None),
        (("payout_id", "transaction_id", "type", "net"), "stripe"),
        (("payout_id", "transaction_id", "type", "net", "more"), "stripe"),
        (("payout_id", "transaction_id", "type"), None),
        (("Psp Reference", "Merchant Account"), "adyen"),
        (("Psp Reference", "Merchant Account", "more"), "adyen"),
        (("Psp Reference",), None),
        (("gateway_txn_id", "settlement_batch_reference"), "chariot"),
        (("gateway_txn_id", "settlement_batch_reference", "more"), "chariot"),
        (("settlement_batch_reference",), None),
        (tuple(MOLLIE), "mollie"),
        (tuple(name for name in MOLLIE if name != "Settlement reference"), None),
        (tuple(ACTIVITY), "paypal"),
        (tuple(name for name in ACTIVITY if name != "Time"), None),
        (tuple(name for name in ACTIVITY if name != "Fee"), None),
        (("Datum", "Heure", "Omschrijving", "Devise", "Brutto", "Kosten", "Neto", "Transaktionscode"), "paypal"),
        (tuple(of_declared.ENGAGE.columns.values()), "engage"),
        (tuple(of_declared.ENGAGE.columns.values())[1:], None),
        (("", " "), None),
    ],
)  # fmt: skip
def test_a_report_is_known_by_the_headings_that_it_must_have(
    headings: tuple[str, ...], platform: str | None, tmp_path: Path
):
    source = headed(tmp_path / "a.csv", headings)
    assert platforms.identify(source) == platform
    assert platforms.is_report(source) is (platform is not None)


@pytest.mark.parametrize(
    ("record", "is_its"),
    [
        (["RH", "x"], True),
        (["\ufeffFH"], True),
        (["SH"], True),
        (["CH", "Transaction Event Code"], True),
        (["\ufeffCH", "x", "Transaction Event Code"], True),
        (["CH", "x"], False),
        (["SB", "Transaction Event Code"], False),
        ([], False),
        ([""], False),
    ],
)
def test_a_settlement_report_is_known_by_its_first_record(record: list[str], is_its: bool):
    assert paypal.identify_records(record) is is_its


def test_of_the_sources_that_fit_the_one_of_most_columns_is_taken(tmp_path: Path):
    more = COLUMNS | {"name": "Nom"}
    sources = {
        "a": DeclaredSource(COLUMNS), "c": DeclaredSource(more), "b": DeclaredSource(more),
        "d": DeclaredSource(more | {"email": "Courriel"}),
    }  # fmt: skip
    source = headed(tmp_path / "a.csv", ("Id", "Jour", "Montant", "Nom"))
    assert platforms.identify(source, Declared(sources)) == "b"
    assert platforms.identify(source, Declared({"a": sources["a"], "d": sources["d"]})) == "a"
    assert platforms.identify(source, Declared({"d": sources["d"]})) is None
    assert platforms.read(source, Declared({"d": sources["d"]})).faults[0].message.startswith("not recognised")


def test_what_is_declared_comes_before_what_is_known(tmp_path: Path):
    source = headed(tmp_path / "a.csv", tuple(STRIPE))
    said = Declared(
        {"ours": DeclaredSource({"reference": "balance_transaction_id", "paid": "created", "gross": "gross"})}
    )
    assert platforms.identify(source, said) == "ours"


def test_a_heading_without_letters_is_no_empty_heading(tmp_path: Path):
    said = Declared({"ours": DeclaredSource({"reference": "Id", "paid": "Jour", "gross": "€"})})
    assert platforms.identify(headed(tmp_path / "a.csv", ("Id", "Jour", "€")), said) == "ours"
    assert platforms.identify(headed(tmp_path / "b.csv", ("Id", "Jour", " ")), said) is None


READERS = {
    "stripe": of_stripe.read,
    "adyen": of_adyen.read,
    "chariot": chariot.read,
    "mollie": of_mollie.read,
    "paypal": paypal.read,
    "declared": lambda path, _hints: of_declared.read(path, "declared", DeclaredSource(COLUMNS)),
}


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_table_has_one_fault(name: str, tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"")
    report = READERS[name](tmp_path / "a.csv", NO_HINTS)
    assert (report.platform, report.rows, report.payouts) == (name, (), ())
    assert ["the file is empty" in fault for fault in errors(report)] == [True]


@pytest.mark.parametrize("read", [of_trustly.read, paypal.read_records_of])
def test_records_that_are_no_table_have_one_fault(read: object, tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"a\0b")
    report = read(tmp_path / "a.csv", NO_HINTS)  # type: ignore[operator]
    assert report.platform in ("trustly", "paypal")
    assert ["no table of text" in fault for fault in errors(report)] == [True]


# Stripe


def test_what_comes_in_from_our_bank_is_a_payout_the_other_way(tmp_path: Path):
    gift = STRIPE | {"automatic_payout_id": "po"}
    own = {"balance_transaction_id": "t2", "fee": "0", "automatic_payout_id": "po"}
    top = STRIPE | own | {"reporting_category": "topup", "gross": "10.00", "net": "10.00"}
    out = (
        STRIPE
        | own
        | {"balance_transaction_id": "t3", "reporting_category": "PAYOUT", "gross": "59.00", "net": "59.00"}
    )
    report = report_of(tmp_path / "a.csv", [gift, top, out])
    assert not errors(report)
    assert [(one.line, one.cents) for one in report.payouts] == [(3, -10_00), (4, 59_00)]


def test_stripes_payout_takes_the_day_it_took_effect_or_its_own(tmp_path: Path):
    row = stripe(tmp_path, reporting_category="payout", gross="-1", fee="0", net="-1", source_id="po").rows[0]
    assert (row.payout, row.communication, row.recurring) == ("po", "", False)
    gift = stripe(tmp_path, source_id="po").rows[0]
    assert gift.payout == ""


@pytest.mark.parametrize(
    ("gross", "fee", "net", "figures"),
    [
        ("-0.25", "0.25", "-0.50", (-25, 25, -50)),
        ("-0.25", "0", "-0.25", (0, 25, -25)),
        ("0.10", "0", "0.10", (0, -10, 10)),
    ],
)
def test_a_fee_row_of_stripe_keeps_a_fee_of_its_own(
    gross: str, fee: str, net: str, figures: tuple[int, int, int], tmp_path: Path
):
    report = stripe(tmp_path, reporting_category="stripe_fee", gross=gross, fee=fee, net=net)
    assert [(row.gross, row.fee, row.net) for row in report.rows] == [figures]
    assert not errors(report)


def test_a_row_of_stripe_that_is_no_fee_keeps_its_gross(tmp_path: Path):
    row = stripe(tmp_path, gross="5", fee="0", net="5").rows[0]
    assert (row.gross, row.fee, row.net) == (5_00, 0, 5_00)
    twice = stripe(tmp_path, reporting_category="fee", gross="-1", fee="0.50", net="-1")
    assert any("gross -1.00 less fee 0.50 is not net -1.00" in fault for fault in errors(twice))
    odd = stripe(tmp_path, reporting_category="fee", gross="-1", fee="0", net="-2")
    assert any("gross -1.00 less fee 0.00 is not net -2.00 (difference 1.00 EUR)" in fault for fault in errors(odd))


def test_the_address_of_stripe_leaves_out_what_is_empty(tmp_path: Path):
    more = {"customer_address_line1": "", "customer_address_city": "Namur", "customer_address_country": "BE"}
    assert report_of(tmp_path / "a.csv", [STRIPE | more]).rows[0].address == "Namur, BE"


# Adyen


def test_an_accounting_report_of_adyen_is_refused_with_its_name(tmp_path: Path):
    report = adyen(tmp_path, Record_Type="Settled")
    assert [fault.startswith("line 1: a payments accounting report") for fault in errors(report)] == [True]
    assert report.rows == ()


@pytest.mark.parametrize(
    ("rate", "gross"),
    [
        ("99999.99", 4_999_999_50),
        ("99999", 4_999_950_00),
        ("-1", None),
        ("Infinity", None),
        ("0.00001", 0),
        ("0.0001", 1),
    ],
)
def test_a_rate_of_adyen_lies_between_nothing_and_a_hundred_thousand(rate: str, gross: int | None, tmp_path: Path):
    """50.00 times the rate; half a cent is rounded up."""
    report = adyen(tmp_path, Gross_Currency="USD", **{"Exchange Rate": rate})
    assert [row.gross for row in report.rows] == ([] if gross is None else [gross])


def test_a_fee_of_adyen_in_another_currency_is_what_its_net_is(tmp_path: Path):
    own = {"Psp_Reference": "", "Type": "Fee", "Net Credit (NC)": "", "Net Debit (NC)": "3.00"}
    row = adyen(tmp_path, **own, **{"Gross Credit (GC)": "", "Gross Debit (GC)": ""}).rows[0]
    assert (row.gross, row.fee, row.net, row.original) == (0, 3_00, -3_00, 0)
    told = adyen(tmp_path, **own, **{"Gross Credit (GC)": "", "Gross Debit (GC)": "2.00"}).rows[0]
    assert (told.gross, told.fee, told.net, told.original) == (-2_00, 1_00, -3_00, -2_00)


def test_a_settled_payment_of_adyen_that_names_its_capture(tmp_path: Path):
    row = adyen(tmp_path, Modification_Reference="mod 1").rows[0]
    assert (row.reference, row.payment) == ("gift:mod 1", "psp1")


def test_what_is_wrong_in_a_row_of_adyen_takes_the_row_away_alone(tmp_path: Path):
    report = report_of(tmp_path / "a.csv", [ADYEN | {"Type": "Levitated"}, ADYEN | {"Psp Reference": "psp2"}])
    assert [row.payment for row in report.rows] == ["psp2"]
    assert any("line 2: the value of `Type` is not known" in fault for fault in errors(report))


# Chariot

NO_PARTS = {name: "" for name in CHARIOT if "_gift_" in name and name.endswith("amount")}


def test_chariots_rows_of_one_part_and_without_parts(tmp_path: Path):
    employer = {name: "" for name in NO_PARTS if "individual" in name} | {
        "settled_total_amount": "5.00", "settled_fee_amount": "-0.15", "settled_net_amount": "4.85",
        "street_address": "", "country": "",
    }  # fmt: skip
    (row,) = report_of(tmp_path / "a.csv", [CHARIOT | employer]).rows
    assert (row.reference, row.gross, row.fee, row.net, row.name, row.address) == (
        "g1:matching",
        5_00,
        15,
        4_85,
        "Exemple Inc",
        "",
    )
    (alone,) = report_of(tmp_path / "b.csv", [CHARIOT | NO_PARTS | {"street_address": "", "country": ""}]).rows
    assert alone.address == "10001, New York"


def test_what_is_wrong_in_a_row_of_chariot_takes_the_row_away_alone(tmp_path: Path):
    out = NO_PARTS | {
        "type": "Payout",
        "settled_total_amount": "15.00",
        "settled_fee_amount": "0",
        "settled_net_amount": "15.00",
    }
    rows = [
        CHARIOT | {"type": "levitation"},
        CHARIOT | {"settled_total_amount": "15.00", "settled_fee_amount": "-0.45"},
        CHARIOT | out | {"gateway_txn_id": "p1", "settled_date": ""},
        CHARIOT
        | out
        | {"gateway_txn_id": "p2", "type": "refund", "settled_total_amount": "-1", "settled_net_amount": "-1"},
    ]
    report = report_of(tmp_path / "a.csv", rows)
    assert [row.reference for row in report.rows] == ["g1:individual", "g1:matching", "p1", "p2"]
    assert report.payouts == (Payout(4, "b7", "USD", 15_00, date(2025, 3, 10)),)


def test_a_part_of_chariot_that_its_fee_took_whole_is_a_gift(tmp_path: Path):
    part = {"settled_individual_gift_total_amount": "10.00", "settled_individual_gift_fee_amount": "-10.00"}
    whole = {"settled_fee_amount": "-10.15", "settled_net_amount": "4.85"}
    report = report_of(tmp_path / "a.csv", [CHARIOT | part | whole | {"settled_individual_gift_net_amount": "0"}])
    assert not errors(report)
    assert [(row.gross, row.fee, row.net) for row in report.rows] == [(10_00, 10_00, 0), (5_00, 15, 4_85)]


@pytest.mark.parametrize(
    ("row", "days"),
    [
        (STRIPE, {"created": "03/04/2025", "available_on": ""}),
        (STRIPE, {"available_on": "03/04/2025"}),
        (ADYEN, {"Creation Date": "03/04/2025", "Booking Date": ""}),
        (ADYEN, {"Booking Date": "03/04/2025"}),
        (ACTIVITY, {"Date": "03/04/2025"}),
        (MOLLIE, {"Date": "03/04/2025"}),
    ],
    ids=["stripe", "stripe available", "adyen", "adyen booked", "paypal", "mollie"],
)
def test_days_in_doubt_refuse_a_report(row: dict[str, str], days: dict[str, str], tmp_path: Path):
    report = report_of(tmp_path / "a.csv", [row | days])
    assert ["may have the day or the month first" in fault for fault in errors(report)] == [True]
    assert report.rows == ()


# Mollie


@pytest.mark.parametrize(
    "changes", [{"Payment_method": "Fee"}, {"Description": "kosten"}, {"Description": "commission iDEAL"}]
)
def test_a_fee_of_mollie_is_known_by_its_method_too(changes: dict[str, str], tmp_path: Path):
    row = mollie(tmp_path, ID="", Amount="-0.35", Settlement_amount="-0.35", **({"Description": ""} | changes)).rows[0]
    assert (row.kind, row.gross, row.fee, row.net) == (PlatformEvent.FEE, 0, 35, -35)


def test_a_payment_of_mollie_that_speaks_of_a_fee_is_a_gift(tmp_path: Path):
    row = mollie(tmp_path, Description="entrance fee", Payment_ID="tr_0").rows[0]
    assert (row.kind, row.gross, row.payment) == (PlatformEvent.GIFT, 25_00, "tr_0")


def test_a_fee_of_mollie_whose_status_nobody_knows_is_refused(tmp_path: Path):
    report = mollie(tmp_path, ID="", Description="fee", Status="perhaps", Amount="-1", Settlement_amount="-1")
    assert any("the value of `Status` is not known" in fault for fault in errors(report))
    odd = mollie(tmp_path, ID="xx_1")
    assert [fault.startswith("line 2: the id begins with none") for fault in errors(odd)] == [True]


def test_the_name_that_a_fee_of_mollie_gets_has_forty_letters_of_its_text(tmp_path: Path):
    text = "Transaction fees " + "abcdefghij" * 4
    row = mollie(tmp_path, ID="", Description=text, Amount="-1", Settlement_amount="-1").rows[0]
    assert row.reference == "fee:1.2503.01:2025-03-10:Transaction fees abcdefghijabcdefghijabc:-100"


# PayPal


def test_what_paypal_holds_says_so_and_nothing_else_says_why(tmp_path: Path):
    rows = [activity(tmp_path, Type=kind).rows[0] for kind in ("Payment Hold", "General Currency Conversion")]
    assert [(row.kind.value, row.why) for row in rows] == [("hold", "held or released"), ("conversion", "")]


def test_a_payment_of_nothing_is_no_gift_and_names_nobody(tmp_path: Path):
    row = activity(tmp_path, Gross="0.00", Fee="0.00", Net="0.00").rows[0]
    assert (row.kind, row.email) == (PlatformEvent.SPENT, "")
    other = settlement(tmp_path, {"gross": "0", "side": "", "fee": "0", "fee_side": ""})
    assert not errors(other)
    assert [(one.kind, one.gross, one.fee, one.name, one.email) for one in other.rows] == [
        (PlatformEvent.GIFT, 0, 0, "", "")
    ]


@pytest.mark.parametrize(
    ("gross", "fee", "net", "figures"),
    [
        ("-2.00", "0", "-2.00", (0, 2_00, -2_00)),
        ("0", "-2.00", "-2.00", (0, 2_00, -2_00)),
        ("-1.00", "-2.00", "-3.00", (-1_00, 2_00, -3_00)),
    ],
)
def test_a_fee_row_of_paypal_is_a_fee_whichever_column_tells_it(
    gross: str, fee: str, net: str, figures: tuple[int, int, int], tmp_path: Path
):
    report = activity(tmp_path, Type="Chargeback Fee", Gross=gross, Fee=fee, Net=net)
    assert [(row.kind, row.gross, row.fee, row.net) for row in report.rows] == [(PlatformEvent.FEE, *figures)]


def test_a_fee_of_a_settlement_report_keeps_a_fee_of_its_own(tmp_path: Path):
    row = settlement(tmp_path, {"code": "T0106", "side": "DR", "gross": "100", "fee": "200"}).rows[0]
    assert (row.gross, row.fee, row.net) == (-1_00, 2_00, -3_00)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("T1300", "P", ("void", "authorisation")),
        ("T1300", "S", ("void", "authorisation")),
        ("T2101", "P", ("hold", "held or released")),
        ("T0006", "P", ("pending", "pending")),
        ("T0006", "S", ("gift", "")),
        ("T0400", "D", ("void", "denied")),
    ],
)
def test_what_never_is_money_says_why(code: str, status: str, expected: tuple[str, str], tmp_path: Path):
    row = settlement(tmp_path, {"code": code, "status": status, "side": "CR"}).rows[0]
    assert (row.kind.value, row.why) == expected


def test_a_payment_of_a_cent_is_a_gift_of_somebody(tmp_path: Path):
    row = activity(tmp_path, Gross="0.01", Fee="0.00", Net="0.01").rows[0]
    assert (row.kind, row.email) == (PlatformEvent.GIFT, "zoe@example.org")
    other = settlement(tmp_path, {"gross": "1", "fee": "0"}).rows[0]
    assert (other.kind, other.name, other.email) == (PlatformEvent.GIFT, "Zoé Exemple", "zoe@example.org")


def test_only_an_authorisation_has_an_end(tmp_path: Path):
    ends = {"id": "A2", "code": "T9900", "side": "DR", "fee": "0"}
    report = settlement(tmp_path, {"id": "G1"}, ends | {"related": "G1"})
    assert ["line 6: the value of `Transaction Event Code`" in fault for fault in errors(report)] == [True]
    assert (
        settlement(tmp_path, {"id": "G1", "code": "T1301"}, ends | {"related": "G1"}).rows[1].kind is PlatformEvent.VOID
    )


def test_what_takes_back_and_names_no_payment_is_named_by_itself(tmp_path: Path):
    back = {"Type": "Payment Refund", "Gross": "-50.00", "Fee": "0", "Net": "-50.00"}
    assert activity(tmp_path, **back).rows[0].payment == "T1"
    assert activity(tmp_path, **back, Reference_Txn_ID="T0").rows[0].payment == "T0"
    assert settlement(tmp_path, {"code": "T1107", "side": "DR"}).rows[0].payment == "T1"


def test_hundredths_of_a_settlement_report_have_at_most_twelve_digits(tmp_path: Path):
    assert settlement(tmp_path, {"gross": "999999999999"}).rows[0].gross == 999_999_999_999
    for cells in ({"gross": "1000000000000"}, {"gross": "٣"}, {"gross": "-1"}, {"fee": "x"}, {"fee_side": "DB"}):
        report = settlement(tmp_path, cells)
        assert (report.rows, len(errors(report))) == ((), 1)


def test_a_settlement_report_of_two_sections_has_headings_in_each(tmp_path: Path):
    names = [
        "Transaction ID", "Transaction Event Code", "Transaction Initiation Date", "Transaction Debit or Credit",
        "Gross Transaction Amount", "Gross Transaction Currency", "Fee Debit or Credit", "Fee Amount", "Last Name",
    ]  # fmt: skip
    head = '"CH","' + '","'.join(names) + '"\n'
    rows = [f'"SB","T{one}","T0013","2025/03/10","CR","5000","EUR","DR","0","Exemple"\n' for one in (1, 2)]
    text = f'\ufeff"RH"\n{head}{rows[0]}"SC",1\n"SF",1\n{head}{rows[1]}"RC",1\n"RF",1\n"FF",1\n'
    (tmp_path / "stl.csv").write_text(text, encoding="utf-8")
    report = platforms.read(tmp_path / "stl.csv")
    assert not errors(report)
    assert [(row.line, row.reference, row.gross, row.name) for row in report.rows] == [
        (3, "T1", 50_00, "Exemple"), (7, "T2", 50_00, "Exemple")
    ]  # fmt: skip
    (tmp_path / "b.csv").write_text(head.replace('"Fee Amount",', "") + rows[0], encoding="utf-8")
    lost = platforms.read(tmp_path / "b.csv")
    assert any("the column `Fee Amount` is missing" in fault for fault in errors(lost))
    assert any("line 2: a row stands before its headings" in fault for fault in errors(lost))


def test_a_recurring_payment_and_one_of_another_code(tmp_path: Path):
    rows = settlement(tmp_path, {"code": "T0002"}, {"id": "T2", "code": "T0003"}).rows
    assert [(row.kind.value, row.recurring) for row in rows] == [("gift", True), ("gift", False)]


# Trustly


def test_a_funding_report_with_a_fault_is_not_told_to_lack_its_sum(tmp_path: Path):
    report = trustly(tmp_path, {15: "x"})
    assert {fault[:7] for fault in errors(report)} == {"line 2:"}
    (tmp_path / "a.csv").write_text("", encoding="utf-8")
    empty = of_trustly.read(tmp_path / "a.csv", NO_HINTS)
    assert ["the items or the last line (L)" in fault for fault in errors(empty)] == [True]


def test_a_payout_of_trustly_is_of_the_day_of_its_last_item(tmp_path: Path):
    report = trustly(tmp_path, {12: "2025-03-13"}, {1: "I2", 2: "2025-03-14", 12: ""}, {1: "I3"}, last="145.50")
    assert not errors(report)
    assert [(one.line, one.day, one.cents) for one in report.payouts] == [(5, date(2025, 3, 14), 145_50)]


# Declared sources


@pytest.mark.parametrize(
    ("digits", "cents"), [("9" * 12, 999_999_999_999), ("-" + "9" * 12, -999_999_999_999), ("1" + "0" * 12, None)]
)
def test_whole_hundredths_have_at_most_twelve_digits(digits: str, cents: int | None, tmp_path: Path):
    kinds = {"x": PlatformEvent.CORRECTION}
    report = declared(
        tmp_path, DONATION | {"Montant": digits, "K": "x"}, COLUMNS | {"kind": "K"}, cents=True, kinds=kinds
    )
    assert [row.gross for row in report.rows] == ([] if cents is None else [cents])


def test_a_state_says_why_in_forty_letters(tmp_path: Path):
    state = "A" + "b" * 60
    kinds = {state.casefold(): PlatformEvent.PENDING}
    (row,) = declared(tmp_path, DONATION | {"K": state}, COLUMNS | {"kind": "K"}, kinds=kinds).rows
    assert row.why == "a" + "b" * 39


def test_whole_hundredths_in_doubt_as_decimals_are_none(tmp_path: Path):
    report = declared(tmp_path, DONATION | {"Montant": "1234", "F": "1"}, COLUMNS | {"fee": "F"}, cents=True)
    assert [(row.gross, row.fee, row.net) for row in report.rows] == [(12_34, 1, 12_33)]
    doubt = declared(tmp_path, DONATION | {"Montant": "1.234"}, COLUMNS, cents=True)
    assert ["not a whole number of cents" in fault for fault in errors(doubt)] == [True]


def test_each_wrong_row_of_a_declared_source_is_told_and_the_others_read(tmp_path: Path):
    rows = [DONATION | {"Id": ""}, DONATION, DONATION | {"Id": "3", "Montant": "x"}]
    report = report_of(tmp_path / "a.csv", rows, Declared({"k": DeclaredSource(COLUMNS)}))
    assert [row.reference for row in report.rows] == ["1"]
    assert [fault[:7] for fault in errors(report)] == ["line 2:", "line 4:"]


def test_a_declared_row_without_a_day_or_with_an_unknown_state_has_one_fault(tmp_path: Path):
    assert len(errors(declared(tmp_path, DONATION | {"Jour": ""}, COLUMNS))) == 1
    report = declared(tmp_path, DONATION | {"K": "x"}, COLUMNS | {"kind": "K"}, kinds={"y": PlatformEvent.GIFT})
    assert ["does not list" in fault for fault in errors(report)] == [True]


def test_a_fee_of_a_declared_source_that_tells_its_fees_apart(tmp_path: Path):
    kinds = {"frais": PlatformEvent.FEE}
    cells = {"K": "frais", "Montant": "0", "F": "0,50"}
    (row,) = declared(tmp_path, DONATION | cells, COLUMNS | {"kind": "K", "fee": "F"}, kinds=kinds).rows
    assert (row.gross, row.fee, row.net) == (0, 50, -50)


def test_refunds_told_without_a_sign_turn_all_that_they_tell(tmp_path: Path):
    kinds = {"retour": PlatformEvent.CHARGEBACK}
    cells = {"K": "retour", "F": "0,50", "N": "12,00"}
    columns = COLUMNS | {"kind": "K", "fee": "F", "net": "N"}
    (row,) = declared(tmp_path, DONATION | cells, columns, kinds=kinds, positive_refunds=True).rows
    assert (row.gross, row.fee, row.net) == (-12_50, -50, -12_00)


# The sums of a report


def test_a_row_given_twice_is_one_of_money_only():
    gift = money(PlatformEvent.GIFT, "EUR", (10, 0, 10))
    waiting = dataclasses.replace(gift, kind=PlatformEvent.PENDING, line=4)
    same = [gift, dataclasses.replace(gift, line=3), waiting, dataclasses.replace(waiting, line=5)]
    found = checked(PlatformReport("x", tuple(same)))
    assert [row.line for row in found.rows] == [2, 4, 5]
    assert [(fault.line, fault.severity) for fault in found.faults] == [(3, Severity.WARNING)]
    other = checked(PlatformReport("x", (gift, dataclasses.replace(gift, line=3, email="z@example.org"))))
    assert ["line 3: its id stands on line 2 with another content" in fault for fault in errors(other)] == [True]


def test_what_no_row_of_the_file_names_is_not_in_its_payout():
    gift = dataclasses.replace(money(PlatformEvent.GIFT, "EUR", (10, 1, 9)), payout="p1")
    more = dataclasses.replace(money(PlatformEvent.GIFT, "EUR", (5, 0, 5), "T2"), payout="p1")
    idle = dataclasses.replace(money(PlatformEvent.PENDING, "EUR", (7, 0, 7), "T3"), payout="p1")
    paid = [Payout(line, "p1", "EUR", 5, date(2025, 3, 10)) for line in (7, 8, 9)]
    short = checked(PlatformReport("x", (gift, more, idle), tuple(paid)))
    assert [
        fault.startswith("line 9: payout p1: its rows add up to 0.14 EUR, it paid out 0.15") for fault in errors(short)
    ] == [True]
    assert "difference -0.01" in errors(short)[0]
    assert not checked(PlatformReport("x", (gift,), (dataclasses.replace(paid[0], cents=9),))).faults


def test_rows_without_money_are_told_with_why():
    waiting = money(PlatformEvent.PENDING, "EUR", (10, 0, 10))
    rows = (
        waiting,
        dataclasses.replace(waiting, why="pending"),
        dataclasses.replace(waiting, why="open"),
        dataclasses.replace(waiting, why="open"),
        dataclasses.replace(waiting, kind=PlatformEvent.HOLD),
        dataclasses.replace(waiting, kind=PlatformEvent.PAYOUT),
    )
    assert platforms.describe(PlatformReport("x", rows)) == [
        ("platform", "x"), ("rows", "6"), ("no money: hold", "1"), ("no money: pending", "4 (open, pending)")
    ]  # fmt: skip
