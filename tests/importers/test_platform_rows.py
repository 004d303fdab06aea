"""Each platform's rows field by field: what a written row becomes, worked out by hand from the platform's own words."""

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from importers import platforms
from importers.platforms import Declared
from importers.platforms.currency import in_books
from importers.platforms.declared import DeclaredSource
from importers.platforms.records import Payout, PlatformEvent, PlatformReport, PlatformRow, checked
from importers.platforms.table import LARGEST, Hints, decoded, first_record
from ledger.errors import Fault

BLANK = {field.name: field.default for field in dataclasses.fields(PlatformRow)}


def report_of(path: Path, rows: Sequence[Mapping[str, str]], said: Declared = platforms.NOTHING) -> PlatformReport:
    """A report whose headings are all that its rows name."""
    headings = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, headings, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return platforms.read(path, said)


def told(row: PlatformRow) -> dict[str, Any]:
    """The fields of a row that hold something."""
    return {name: value for name in BLANK if (value := getattr(row, name)) != BLANK[name]}


def faults(report: PlatformReport) -> str:
    return "\n".join(map(str, report.faults))


# Stripe

STRIPE = {
    "balance_transaction_id": "txn_1",
    "reporting_category": "charge",
    "currency": "eur",
    "gross": "50.00",
    "fee": "1.00",
    "net": "49.00",
    "created": "2025-03-10 10:00:00",
    "created_utc": "",
    "available_on": "2025-03-12 00:00:00",
    "automatic_payout_id": "",
    "automatic_payout_effective_at": "",
    "source_id": "",
    "charge_id": "",
    "payment_intent_id": "",
    "description": "",
    "livemode": "",
    "subscription_id": "",
}


def stripe(path: Path, **changes: str) -> PlatformReport:
    return report_of(path / "stripe.csv", [STRIPE | changes])


def test_a_charge_of_stripe_with_all_that_it_may_say(tmp_path: Path):
    more = {
        "customer_name": "Zoé Exemple",
        "customer_email": "zoe@example.org",
        "customer_address_line1": "Rue A 1",
        "customer_address_postal_code": "1000",
        "customer_address_city": "Bruxelles",
        "customer_address_country": "BE",
        "customer_facing_amount": "55.00",
        "customer_facing_currency": "usd",
        "payment_metadata[donor]": "D0001",
        "payment_metadata[communication]": "merci",
        "payment_metadata[campaign]": "spring",
    }
    report = report_of(
        tmp_path / "a.csv",
        [STRIPE | more | {"charge_id": "ch_1", "subscription_id": "sub_1", "automatic_payout_id": "po"}],
    )
    assert not report.faults
    assert told(report.rows[0]) == {
        "line": 2, "kind": PlatformEvent.GIFT, "reference": "txn_1", "currency": "EUR", "gross": 50_00, "fee": 1_00,
        "net": 49_00, "paid": date(2025, 3, 10), "payment": "ch_1", "payout": "po", "settled": date(2025, 3, 12),
        "original_currency": "USD", "original": 55_00, "name": "Zoé Exemple", "email": "zoe@example.org",
        "address": "Rue A 1, 1000, Bruxelles, BE", "communication": "merci", "donor": "D0001", "campaign": "spring",
        "recurring": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "payment"),
    [
        ({"charge_id": "ch", "source_id": "so", "payment_intent_id": "pi"}, "ch"),
        ({"source_id": "so", "payment_intent_id": "pi"}, "so"),
        ({"payment_intent_id": "pi"}, "pi"),
        ({}, "txn_1"),
    ],
)
def test_a_payment_of_stripe_is_named_by_the_first_id_there_is(changes: dict[str, str], payment: str, tmp_path: Path):
    assert stripe(tmp_path, **changes).rows[0].payment == payment


@pytest.mark.parametrize(
    ("mode", "kind"), [("true", "gift"), ("", "gift"), ("false", "test"), ("TEST", "test"), ("0", "test")]
)
def test_test_rows_of_stripe_are_no_money(mode: str, kind: str, tmp_path: Path):
    row = stripe(tmp_path, livemode=mode).rows[0]
    assert (row.kind.value, row.why) == (kind, "test mode" if kind == "test" else "")


def test_the_description_of_stripe_is_a_communication_of_gifts_only(tmp_path: Path):
    assert stripe(tmp_path, description="don").rows[0].communication == "don"
    back = {"reporting_category": "refund", "gross": "-50.00", "fee": "0", "net": "-50.00"}
    assert stripe(tmp_path, description="don", **back).rows[0].communication == ""


@pytest.mark.parametrize(
    ("gross", "fee", "net", "expected"),
    [("-0.25", "0.00", "-0.25", (0, 25, -25)), ("0.00", "0.25", "-0.25", (0, 25, -25))],
)
def test_a_fee_row_of_stripe_is_a_fee_whichever_column_tells_it(
    gross: str, fee: str, net: str, expected: tuple[int, int, int], tmp_path: Path
):
    row = stripe(tmp_path, reporting_category="fee", gross=gross, fee=fee, net=net).rows[0]
    assert (row.kind, row.gross, row.fee, row.net) == (PlatformEvent.FEE, *expected)


def test_stripes_moments_in_utc_are_days_in_belgium(tmp_path: Path):
    assert stripe(tmp_path, created_utc="2025-12-31 23:30:00").rows[0].paid == date(2026, 1, 1)
    assert stripe(tmp_path, created="2025-12-31 23:30:00").rows[0].paid == date(2025, 12, 31)
    only = {name: cell for name, cell in STRIPE.items() if name != "created"} | {"created_utc": "2025-06-30 22:30:00"}
    assert report_of(tmp_path / "b.csv", [only]).rows[0].paid == date(2025, 7, 1)


OUT = {"net": "-49.00", "gross": "-49.00"}


@pytest.mark.parametrize(
    ("changes", "name", "day"),
    [
        (OUT | {"automatic_payout_id": "po_1"}, "po_1", 10),
        (OUT | {"source_id": "po_2"}, "po_2", 10),
        ({"net": "49.00", "gross": "49.00", "source_id": "po_2"}, "po_2", 10),
        (OUT | {"source_id": "po_2", "automatic_payout_effective_at": "2025-03-14"}, "po_2", 14),
    ],
)
def test_a_payout_of_stripe_names_itself(changes: dict[str, str], name: str, day: int, tmp_path: Path):
    own = {"balance_transaction_id": "txn_2", "reporting_category": "payout", "fee": "0.00"}
    gift = STRIPE | {"automatic_payout_id": name}
    report = report_of(tmp_path / "a.csv", [gift, STRIPE | own | changes])
    assert not report.faults
    assert report.payouts == (Payout(3, name, "EUR", 49_00, date(2025, 3, day), name),)


def test_a_payout_of_nothing_is_none(tmp_path: Path):
    assert stripe(tmp_path, reporting_category="payout", gross="0", fee="0", net="0").payouts == ()


# Adyen

ADYEN = {
    "Psp Reference": "psp1",
    "Merchant Account": "Fondation",
    "Modification Reference": "",
    "Merchant Reference": "don 7",
    "Creation Date": "2025-03-10 23:30:00",
    "TimeZone": "UTC",
    "Booking Date": "2025-03-12 10:00:00",
    "Booking Date TimeZone": "CET",
    "Type": "Settled",
    "Gross Currency": "EUR",
    "Gross Debit (GC)": "",
    "Gross Credit (GC)": "50.00",
    "Exchange Rate": "1",
    "Net Currency": "EUR",
    "Net Debit (NC)": "",
    "Net Credit (NC)": "49.20",
    "Batch Number": "7",
    "Shopper Name": "Zoé Exemple",
    "Shopper Email": "zoe@example.org",
    "IBAN": "BE10",
}


def adyen(path: Path, **changes: str) -> PlatformReport:
    return report_of(path / "adyen.csv", [ADYEN | {name.replace("_", " "): cell for name, cell in changes.items()}])


def test_a_settled_payment_of_adyen(tmp_path: Path):
    report = adyen(tmp_path)
    assert not report.faults
    assert told(report.rows[0]) == {
        "line": 2, "kind": PlatformEvent.GIFT, "reference": "gift:psp1", "currency": "EUR", "gross": 50_00, "fee": 80,
        "net": 49_20, "paid": date(2025, 3, 11), "payment": "psp1", "payout": "7", "settled": date(2025, 3, 12),
        "original_currency": "EUR", "original": 50_00, "name": "Zoé Exemple", "email": "zoe@example.org",
        "account": "BE10", "communication": "don 7",
    }  # fmt: skip


def test_what_adyen_takes_back_is_of_the_day_it_was_booked(tmp_path: Path):
    back = {"Gross Debit (GC)": "50.00", "Gross Credit (GC)": "", "Net Debit (NC)": "50.00", "Net Credit (NC)": ""}
    report = report_of(tmp_path / "a.csv", [ADYEN | back | {"Type": "Refunded", "Modification Reference": "mod1"}])
    row = report.rows[0]
    assert (row.kind, row.gross, row.fee, row.net, row.paid) == (
        PlatformEvent.REFUND, -50_00, 0, -50_00, date(2025, 3, 12)
    )  # fmt: skip
    assert (row.reference, row.payment) == ("refund:mod1", "psp1")
    undated = report_of(tmp_path / "b.csv", [ADYEN | back | {"Type": "Refunded", "Booking Date": ""}]).rows[0]
    assert (undated.paid, undated.settled) == (date(2025, 3, 11), None)


def test_a_fee_of_adyen_has_no_gross_and_a_correction_no_fee(tmp_path: Path):
    own = {"Psp Reference": "", "Gross Credit (GC)": "", "Net Credit (NC)": "", "Net Debit (NC)": "3.00"}
    fee = report_of(tmp_path / "a.csv", [ADYEN | own | {"Type": "Fee", "Modification Reference": "monthly"}]).rows[0]
    assert (fee.kind, fee.gross, fee.fee, fee.net) == (PlatformEvent.FEE, 0, 3_00, -3_00)
    assert fee.reference == "7:monthly:2025-03-10 23:30:00:-300"
    correction = report_of(tmp_path / "b.csv", [ADYEN | own | {"Type": "DepositCorrection"}]).rows[0]
    assert (correction.kind, correction.gross, correction.fee) == (PlatformEvent.CORRECTION, -3_00, 0)


def test_a_payout_of_adyen_is_named_by_the_first_word_of_its_reference(tmp_path: Path):
    out = {"Type": "MerchantPayout", "Psp Reference": "", "Gross Credit (GC)": "", "Net Credit (NC)": ""}
    out |= {"Net Debit (NC)": "49.20", "Modification Reference": "TX123XT batch 7"}
    report = report_of(tmp_path / "a.csv", [ADYEN, ADYEN | out])
    assert not report.faults
    assert report.payouts == (Payout(3, "7", "EUR", 49_20, date(2025, 3, 12), "TX123XT"),)


@pytest.mark.parametrize(
    ("rate", "gross"),
    [("0.92", 46_00), ("1.00001", 50_00), ("0", None), ("", None), ("many", None), ("100000", None), ("NaN", None)],
)
def test_another_currency_of_adyen_needs_its_rate(rate: str, gross: int | None, tmp_path: Path):
    report = report_of(tmp_path / "a.csv", [ADYEN | {"Gross Currency": "USD", "Exchange Rate": rate}])
    assert [row.gross for row in report.rows] == ([] if gross is None else [gross])
    assert ("`Exchange Rate` is missing" in faults(report)) is (gross is None)


# Mollie

MOLLIE = {
    "Date": "2025-03-10",
    "Payment method": "ideal",
    "Currency": "EUR",
    "Amount": "25.00",
    "Status": "paidout",
    "ID": "tr_1",
    "Payment ID": "",
    "Description": "+++000/0000/00101+++",
    "Consumer name": "Zoé Exemple",
    "Consumer bank account": "be10 2030",
    "Settlement currency": "EUR",
    "Settlement amount": "24.65",
    "Settlement reference": "1.2503.01",
}


def mollie(path: Path, **changes: str) -> PlatformReport:
    return report_of(path / "mollie.csv", [MOLLIE | {name.replace("_", " "): cell for name, cell in changes.items()}])


def test_a_payment_of_mollie(tmp_path: Path):
    report = mollie(tmp_path)
    assert not report.faults
    assert told(report.rows[0]) == {
        "line": 2, "kind": PlatformEvent.GIFT, "reference": "tr_1", "currency": "EUR", "gross": 25_00, "fee": 35,
        "net": 24_65, "paid": date(2025, 3, 10), "payment": "tr_1", "payout": "1.2503.01", "original_currency": "EUR",
        "original": 25_00, "name": "Zoé Exemple", "account": "BE102030", "communication": "+++000/0000/00101+++",
    }  # fmt: skip


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(("own", "kind"), [("re_1", "refund"), ("chb_1", "chargeback")])
def test_what_mollie_takes_back_is_negative_with_or_without_its_sign(sign: str, own: str, kind: str, tmp_path: Path):
    row = mollie(
        tmp_path, ID=own, Status="refunded", Amount=f"{sign}25.00", Settlement_amount=f"{sign}25.00", Payment_ID="tr_1"
    ).rows[0]
    assert (row.kind.value, row.gross, row.fee, row.net, row.original, row.payment) == (
        kind, -25_00, 0, -25_00, -25_00, "tr_1"
    )  # fmt: skip


def test_another_currency_of_mollie_counts_what_was_settled(tmp_path: Path):
    row = mollie(tmp_path, Currency="USD", Amount="30.00").rows[0]
    assert (row.currency, row.gross, row.fee, row.original_currency, row.original) == ("EUR", 24_65, 0, "USD", 30_00)
    assert mollie(tmp_path, Settlement_currency="").rows[0].currency == "EUR"


@pytest.mark.parametrize("text", ["Transaction fees", "Transactiekosten", "Commission"])
def test_a_fee_of_mollie_is_known_by_its_words_and_needs_no_status(text: str, tmp_path: Path):
    (row,) = mollie(tmp_path, ID="", Status="", Description=text, Amount="-0.35", Settlement_amount="-0.35").rows
    assert (row.kind, row.gross, row.fee, row.net) == (PlatformEvent.FEE, 0, 35, -35)
    assert row.reference == f"fee:1.2503.01:2025-03-10:{text}:-35"


@pytest.mark.parametrize(("status", "kind"), [("open", "pending"), ("expired", "void"), ("paid", "gift")])
def test_a_status_of_mollie_says_whether_it_is_money(status: str, kind: str, tmp_path: Path):
    row = mollie(tmp_path, Status=status).rows[0]
    assert (row.kind.value, row.why) == (kind, "" if kind == "gift" else status)


@pytest.mark.parametrize("changes", [{"Status": "perhaps"}, {"Status": ""}])
def test_a_status_of_mollie_that_nobody_knows_is_refused(changes: dict[str, str], tmp_path: Path):
    report = mollie(tmp_path, **changes)
    assert "the value of `Status` is not known" in faults(report)
    assert report.rows == ()


# PayPal's settlement report

HEAD = (
    '"RH","2025/03/15","A","X"\n"FH",1\n"SH","2025/03/14"\n'
    '"CH","Transaction ID","PayPal Reference ID","PayPal Reference ID Type","Transaction Event Code",'
    '"Transaction Initiation Date","Transaction Completion Date","Transaction Debit or Credit",'
    '"Gross Transaction Amount","Gross Transaction Currency","Fee Debit or Credit","Fee Amount","Transactional Status",'
    '"Payer\'s Account ID","First Name","Last Name","Consumer Business Name","Custom Field","Transaction Note"\n'
)
SB = {
    "id": "T1",
    "related": "",
    "related_type": "",
    "code": "T0013",
    "date": "2025/03/10 10:00:00 +0100",
    "completed": "2025/03/11 10:00:00 +0100",
    "side": "CR",
    "gross": "5000",
    "currency": "eur",
    "fee_side": "DR",
    "fee": "150",
    "status": "S",
    "payer": "zoe@example.org",
    "first": "Zoé",
    "last": "Exemple",
    "business": "",
    "custom": "c 1",
    "note": "merci",
}


def settlement(path: Path, *rows: Mapping[str, str], head: str = HEAD) -> PlatformReport:
    lines = "".join('"SB",' + ",".join(f'"{cell}"' for cell in (SB | row).values()) + "\n" for row in rows)
    (path / "stl.csv").write_text(head + lines, encoding="utf-8")
    return platforms.read(path / "stl.csv")


def test_a_donation_in_a_settlement_report_of_paypal(tmp_path: Path):
    report = settlement(tmp_path, {})
    assert not report.faults
    assert told(report.rows[0]) == {
        "line": 5, "kind": PlatformEvent.GIFT, "reference": "T1", "currency": "EUR", "gross": 50_00, "fee": 1_50,
        "net": 48_50, "paid": date(2025, 3, 10), "payment": "T1", "settled": date(2025, 3, 11), "name": "Zoé Exemple",
        "email": "zoe@example.org", "communication": "c 1 merci",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"side": "DR", "fee": "0"}, ("spent", -50_00, 0, "", "")),
        ({"code": "T0106", "side": "DR", "gross": "2000", "fee": "0"}, ("fee", 0, 20_00, "", "")),
        ({"code": "T0106", "side": "DR", "gross": "0", "fee": "2000"}, ("fee", 0, 20_00, "", "")),
        ({"code": "T0400", "side": "DR", "fee": "0"}, ("payout", -50_00, 0, "", "")),
        ({"status": "P"}, ("pending", 50_00, 1_50, "pending", "Zoé Exemple")),
        ({"status": "D"}, ("void", 50_00, 1_50, "denied", "Zoé Exemple")),
        ({"status": "V"}, ("gift", 50_00, 1_50, "", "Zoé Exemple")),
        ({"business": "Exemple SA"}, ("gift", 50_00, 1_50, "", "Exemple SA")),
        ({"code": "T0002"}, ("gift", 50_00, 1_50, "", "Zoé Exemple")),
        ({"gross": "", "side": "", "fee": "0"}, ("gift", 0, 0, "", "")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_row_of_a_settlement_report_is_what_its_code_and_status_say(
    changes: dict[str, str], expected: tuple[str, int, int, str, str], tmp_path: Path
):
    report = settlement(tmp_path, changes)
    row = report.rows[0]
    assert (row.kind.value, row.gross, row.fee, row.why, row.name) == expected
    assert row.net == row.gross - row.fee
    assert row.recurring is (changes.get("code") == "T0002")
    assert bool(row.email) is bool(row.name)


def test_a_payout_of_paypal_is_not_made_of_the_rows_of_its_file(tmp_path: Path):
    report = settlement(tmp_path, {}, {"id": "T2", "code": "T0400", "side": "DR", "gross": "4850", "fee": "0"})
    assert report.payouts == (Payout(6, "T2", "EUR", 48_50, date(2025, 3, 10), "T2", itemised=False),)


def test_what_takes_back_names_the_payment_and_not_the_preapproval(tmp_path: Path):
    back = {"id": "T2", "code": "T1107", "side": "DR", "fee_side": "CR", "related": "T1"}
    first, second = (settlement(tmp_path, back | {"related_type": kind}).rows[0] for kind in ("TXN", "RP"))
    assert (first.kind, first.gross, first.fee, first.payment) == (PlatformEvent.REFUND, -50_00, -1_50, "T1")
    assert second.payment == "T2"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"id": ""}, "the row has no transaction id"),
        ({"gross": "50.00"}, "`Gross Transaction Amount` is not a whole number of hundredths"),
        ({"fee": str(LARGEST)}, "`Fee Amount` is not a whole number of hundredths"),
        ({"side": "XX"}, "`Transaction Debit or Credit` is neither CR nor DR"),
        ({"code": "Z9999"}, "the value of `Transaction Event Code` is not known"),
    ],
)
def test_a_row_of_a_settlement_report_that_cannot_be_is_refused(changes: dict[str, str], fault: str, tmp_path: Path):
    report = settlement(tmp_path, changes)
    assert fault in faults(report)
    assert report.rows == ()


SECOND = (
    "Gross Transaction Amount", "Transaction ID", "Transaction Event Code", "Transaction Debit or Credit",
    "Fee Debit or Credit", "Fee Amount", "Transaction Initiation Date", "Transactional Status",
    "Gross Transaction Currency", "Custom Field",
)  # fmt: skip


def section(columns: Sequence[str], cells: Sequence[str]) -> str:
    return "".join(
        f'"{kind}",' + ",".join(f'"{cell}"' for cell in row) + "\n" for kind, row in (("CH", columns), ("SB", cells))
    )


@pytest.mark.parametrize("first", [True, False])
def test_each_section_of_a_settlement_report_is_read_under_its_own_headings(tmp_path: Path, first: bool):
    """PayPal, settlement report: a section (SH to SF) for each account, with the columns that its owner chose (CH)."""
    second = section(SECOND, ("2500", "T2", "T0013", "CR", "DR", "75", "2025/03/10", "S", "usd", "c 2"))
    settlement(tmp_path, {"id": "T1"})
    path = tmp_path / "stl.csv"
    head, mark, body = path.read_text(encoding="utf-8").partition('"CH"')
    path.write_text(head + mark + body + second if first else head + second + mark + body, encoding="utf-8")
    report = platforms.read(path)
    assert not report.faults
    assert sorted((row.reference, row.currency, row.gross, row.fee, row.communication) for row in report.rows) == [
        ("T1", "EUR", 50_00, 1_50, "c 1 merci"),
        ("T2", "USD", 25_00, 75, "c 2"),
    ]
    assert {row.reference: row.email for row in report.rows} == {"T1": "zoe@example.org", "T2": ""}
    assert not report.unnamed, "a section says who gave"


def test_a_section_without_a_column_is_named_by_the_line_of_its_headings(tmp_path: Path):
    settlement(tmp_path, {"id": "T1"})
    broken = section(["Other" if name == "Transaction Event Code" else name for name in SECOND], ["1"] * len(SECOND))
    with (tmp_path / "stl.csv").open("a", encoding="utf-8") as out:
        out.write(broken)
    told = faults(platforms.read(tmp_path / "stl.csv"))
    assert "line 6: the column `Transaction Event Code` is missing" in told
    assert "line 7: a row stands before its headings (CH)" in told


def test_records_of_a_settlement_report_that_stand_wrongly_are_named(tmp_path: Path):
    early = settlement(tmp_path, {}, head='"RH","2025/03/15"\n')
    assert "line 2: a row stands before its headings (CH)" in faults(early)
    strange = settlement(tmp_path, {}, head='"RH","2025/03/15"\n"XX",1\n' + HEAD)
    assert "line 2: its record type is none of RH, FH, SH" in faults(strange)


def test_an_authorisation_and_its_end_are_no_money(tmp_path: Path):
    rows = (
        {"id": "A1", "code": "T1300"},
        {"id": "A2", "code": "T9900", "related": "A1", "side": "DR"},
        {"id": "A3", "code": "T9900", "related": "B9", "side": "CR"},
    )
    report = settlement(tmp_path, *rows)
    found = report.rows
    assert "line 7: the value of `Transaction Event Code` is not known" in faults(report), "it ends nothing"
    assert [(row.kind.value, row.why) for row in found[:2]] == [
        ("void", "authorisation"),
        ("void", "end of an authorisation"),
    ]


# PayPal's activity download

ACTIVITY = {
    "Date": "13/03/2025",
    "Time": "23:30:00",
    "TimeZone": "PST",
    "Name": "Zoé Exemple",
    "Type": "Donation Payment",
    "Status": "Completed",
    "Currency": "EUR",
    "Gross": "50.00",
    "Fee": "-1.50",
    "Net": "48.50",
    "From Email Address": "zoe@example.org",
    "Transaction ID": "T1",
    "Reference Txn ID": "",
    "Custom Number": "c 1",
    "Subject": "sujet",
    "Note": "merci",
}


def activity(path: Path, **changes: str) -> PlatformReport:
    return report_of(path / "a.csv", [ACTIVITY | {name.replace("_", " "): cell for name, cell in changes.items()}])


def test_a_donation_in_an_activity_download(tmp_path: Path):
    report = activity(tmp_path)
    assert not report.faults
    assert told(report.rows[0]) == {
        "line": 2, "kind": PlatformEvent.GIFT, "reference": "T1", "currency": "EUR", "gross": 50_00, "fee": 1_50,
        "net": 48_50, "paid": date(2025, 3, 14), "payment": "T1", "name": "Zoé Exemple", "email": "zoe@example.org",
        "communication": "c 1 sujet merci",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Gross": "-50.00", "Fee": "0", "Net": "-50.00"}, ("spent", -50_00, 0, "T1", "")),
        ({"Type": "Payment Refund", "Gross": "-50.00", "Fee": "1.50", "Net": "-48.50", "Reference_Txn_ID": "T0"},
         ("refund", -50_00, -1_50, "T0", "")),
        ({"Reference_Txn_ID": "T0"}, ("gift", 50_00, 1_50, "T1", "zoe@example.org")),
    ],
)  # fmt: skip
def test_a_row_of_an_activity_download_is_what_its_type_and_sign_say(
    changes: dict[str, str], expected: tuple[str, int, int, str, str], tmp_path: Path
):
    report = activity(tmp_path, **changes)
    assert not report.faults
    row = report.rows[0]
    assert (row.kind.value, row.gross, row.fee, row.payment, row.email) == expected


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"Transaction_ID": ""}, "the row has no transaction id"),
        ({"Type": "Levitation"}, "the value of `Type` is not known"),
    ],
)
def test_a_row_of_an_activity_download_that_cannot_be_is_refused(changes: dict[str, str], fault: str, tmp_path: Path):
    report = activity(tmp_path, **changes)
    assert fault in faults(report)
    assert report.rows == ()


# Trustly


def trustly(path: Path, *items: Mapping[int, str], last: str = "48.50", kinds: str = "HIL") -> PlatformReport:
    def record(kind: str, cells: Mapping[int, str], width: int = 23) -> str:
        return ",".join(kind if place == 0 else cells.get(place, "") for place in range(width)) + "\n"

    item = {
        1: "I1",
        2: "2025-03-10",
        10: "Capture",
        11: "Processed",
        12: "2025-03-12",
        14: "eur",
        15: "50.00",
        22: "-1.50",
    }
    lines = record(kinds[0], {1: "P11KFUN", 5: "batch-7"}) + "".join(record(kinds[1], item | more) for more in items)
    (path / "t.csv").write_text(lines + record(kinds[2], {2: "50.00", 4: last}), encoding="utf-8")
    return platforms.read(path / "t.csv")


def test_a_funding_report_of_trustly(tmp_path: Path):
    report = trustly(tmp_path, {})
    assert not report.faults
    assert told(report.rows[0]) == {
        "line": 2, "kind": PlatformEvent.GIFT, "reference": "I1", "currency": "EUR", "gross": 50_00, "fee": 1_50,
        "net": 48_50, "paid": date(2025, 3, 10), "payment": "I1", "payout": "batch-7", "settled": date(2025, 3, 12),
    }  # fmt: skip
    assert report.payouts == (Payout(3, "batch-7", "EUR", 48_50, date(2025, 3, 12)),)


def test_what_trustly_takes_back_names_its_payment(tmp_path: Path):
    back = {1: "I2", 3: "I1", 10: "Reclaim", 15: "-50.00", 22: "0"}
    report = trustly(
        tmp_path, {}, back, {1: "I3", 3: "I9"}, {1: "I4", 10: "Refund", 15: "-1.00", 22: "0"}, last="46.00"
    )
    assert not report.faults
    assert [(row.kind.value, row.payment) for row in report.rows] == [
        ("gift", "I1"), ("chargeback", "I1"), ("gift", "I3"), ("refund", "I4")
    ]  # fmt: skip


@pytest.mark.parametrize(("status", "kind"), [("Pending", "pending"), ("Failed", "void")])
def test_what_trustly_has_not_processed_is_no_money(status: str, kind: str, tmp_path: Path):
    report = trustly(tmp_path, {}, {1: "I2", 11: status})
    assert not report.faults
    assert [(row.kind.value, row.why) for row in report.rows] == [("gift", ""), (kind, "not processed")]


@pytest.mark.parametrize(
    ("items", "kinds", "fault"),
    [
        ([{10: "Gift"}], "HIL", "line 2: the value of `type` is not known"),
        ([{}], "HXL", "line 2: its type of record is not H, I, F or L"),
        ([{}, {1: "I2", 14: "usd"}], "HIL", "line 4: it sums several currencies"),
        ([{}], "HIF", "the items or the last line (L) with their sum are missing"),
        ([], "HIL", "the items or the last line (L) with their sum are missing"),
    ],
)
def test_a_funding_report_of_trustly_that_cannot_be_is_refused(
    items: list[Mapping[int, str]], kinds: str, fault: str, tmp_path: Path
):
    report = trustly(tmp_path, *items, kinds=kinds)
    assert fault in faults(report)
    assert not report.ok


@pytest.mark.parametrize(
    ("record", "is_trustlys"),
    [("H,P11KFUN,,,,b", True), ("H,P11KFUN,,,", False), ("X,P11KFUN,,,,b", False), ("H,OTHER,,,,b", False)],
)
def test_a_funding_report_is_known_by_its_header(record: str, is_trustlys: bool, tmp_path: Path):
    (tmp_path / "a.csv").write_text(record + "\n", encoding="utf-8")
    assert (platforms.identify(tmp_path / "a.csv") == "trustly") is is_trustlys
    assert platforms.is_report(tmp_path / "a.csv") is is_trustlys


# Chariot

CHARIOT = {
    "gateway_txn_id": "g1",
    "type": "donation",
    "settled_total_amount": "15.00",
    "settled_fee_amount": "-0.45",
    "settled_net_amount": "14.55",
    "settled_individual_gift_total_amount": "10.00",
    "settled_individual_gift_fee_amount": "-0.30",
    "settled_individual_gift_net_amount": "9.70",
    "settled_matching_gift_total_amount": "5.00",
    "settled_matching_gift_fee_amount": "-0.15",
    "settled_matching_gift_net_amount": "4.85",
    "settlement_batch_reference": "b7",
    "settled_currency": "usd",
    "settled_date": "2025-03-12",
    "original_currency": "gbp",
    "original_total_amount": "12.00",
    "date": "2025-03-10",
    "full_name": "Zoe Exemple",
    "email": "zoe@example.org",
    "street_address": "1 A Street",
    "postal_code": "10001",
    "city": "New York",
    "country": "US",
    "matching_gift_organization": "Exemple Inc",
}


def test_a_donation_of_chariot_is_what_employee_and_employer_gave(tmp_path: Path):
    report = report_of(tmp_path / "a.csv", [CHARIOT])
    assert not report.faults
    both = {
        "line": 2, "kind": PlatformEvent.GIFT, "currency": "USD", "paid": date(2025, 3, 10), "payout": "b7",
        "settled": date(2025, 3, 12), "original_currency": "GBP", "original": 12_00, "certificate_elsewhere": True,
    }  # fmt: skip
    employee, employer = map(told, report.rows)
    assert employee == both | {
        "reference": "g1:individual", "payment": "g1:individual", "gross": 10_00, "fee": 30, "net": 9_70,
        "name": "Zoe Exemple", "email": "zoe@example.org", "address": "1 A Street, 10001, New York, US",
    }  # fmt: skip
    assert employer == both | {
        "reference": "g1:matching", "payment": "g1:matching", "gross": 5_00, "fee": 15, "net": 4_85,
        "name": "Exemple Inc",
    }  # fmt: skip


def test_a_donation_of_chariot_without_parts_is_one(tmp_path: Path):
    none = {name: "" for name in CHARIOT if "_gift_" in name and name.endswith("amount")}
    (row,) = report_of(tmp_path / "a.csv", [CHARIOT | none]).rows
    assert (row.reference, row.gross, row.fee, row.net, row.name) == ("g1", 15_00, 45, 14_55, "Zoe Exemple")


@pytest.mark.parametrize("name", ["settled_matching_gift_total_amount", "settled_matching_gift_net_amount"])
def test_parts_of_chariot_that_do_not_add_up_refuse_the_file(name: str, tmp_path: Path):
    report = report_of(tmp_path / "a.csv", [CHARIOT | {name: "4.99"}])
    assert "line 2: what employee and employer gave is not the settled total" in faults(report)


def test_a_payout_and_a_type_of_chariot_that_nobody_knows(tmp_path: Path):
    none = {name: "" for name in CHARIOT if "_gift_" in name and name.endswith("amount")}
    out = (
        CHARIOT
        | none
        | {"gateway_txn_id": "p1", "type": "payout", "settled_total_amount": "14.55", "settled_fee_amount": "0"}
    )
    report = report_of(tmp_path / "a.csv", [CHARIOT, out])
    assert not report.faults
    assert report.payouts == (Payout(3, "b7", "USD", 14_55, date(2025, 3, 12)),)
    strange = report_of(tmp_path / "b.csv", [CHARIOT | {"type": "levitation"}])
    assert "the value of `type` is not known" in faults(strange)


# Declared sources

COLUMNS = {"reference": "Id", "paid": "Jour", "gross": "Montant"}
DONATION = {"Id": "1", "Jour": "14/03/2025", "Montant": "12,50"}


def declared(path: Path, row: Mapping[str, str], columns: Mapping[str, str], **said: Any) -> PlatformReport:
    source = DeclaredSource(columns, **said)
    return report_of(path / "k.csv", [row], Declared({"kermesse": source}))


def test_a_declared_source_with_all_that_it_may_say(tmp_path: Path):
    columns = {name: name.upper() for name in (
        "reference", "payment", "paid", "settled", "gross", "fee", "net", "currency", "test", "payout", "name",
        "first_name", "email", "account", "street", "postcode", "city", "country", "communication", "donor", "campaign",
        "recurring",
    )}  # fmt: skip
    row = {
        "REFERENCE": "r1", "PAYMENT": "p1", "PAID": "2025-03-10", "SETTLED": "2025-03-12", "GROSS": "50.00",
        "FEE": "1.00", "NET": "49.00", "CURRENCY": "chf", "TEST": "non", "PAYOUT": "po", "NAME": "Exemple",
        "FIRST_NAME": "Zoé",
        "EMAIL": "z@example.org", "ACCOUNT": "be10 20", "STREET": "Rue A 1", "POSTCODE": "1000", "CITY": "Bruxelles",
        "COUNTRY": "BE", "COMMUNICATION": "merci", "DONOR": "D0001", "CAMPAIGN": "spring", "RECURRING": "Oui",
    }  # fmt: skip
    report = declared(tmp_path, row, columns, campaign="other", already_in="bank")
    assert not report.faults
    assert report.already_in == "bank"
    assert told(report.rows[0]) == {
        "line": 2, "kind": PlatformEvent.GIFT, "reference": "r1", "currency": "CHF", "gross": 50_00, "fee": 1_00,
        "net": 49_00, "paid": date(2025, 3, 10), "payment": "p1", "payout": "po", "settled": date(2025, 3, 12),
        "name": "Zoé Exemple", "email": "z@example.org", "account": "BE1020", "address": "Rue A 1, 1000, Bruxelles, BE",
        "communication": "merci", "donor": "D0001", "campaign": "spring", "recurring": True,
    }  # fmt: skip


def test_a_declared_source_that_says_little_takes_what_the_settings_say(tmp_path: Path):
    row = declared(tmp_path, DONATION, COLUMNS, campaign="fair", currency="CHF", certificate_elsewhere=True).rows[0]
    assert told(row) == {
        "line": 2, "kind": PlatformEvent.GIFT, "reference": "1", "currency": "CHF", "gross": 12_50, "fee": 0,
        "net": 12_50, "paid": date(2025, 3, 14), "payment": "1", "campaign": "fair", "certificate_elsewhere": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "cells", "said", "figures"),
    [
        ({"fee": "F"}, {"F": "0,50"}, {}, (12_50, 50, 12_00)),
        ({"fee": "F"}, {"F": "-0,50"}, {"negative_fees": True}, (12_50, 50, 12_00)),
        ({"net": "N"}, {"N": "12,00"}, {}, (12_50, 50, 12_00)),
        ({"net": "N", "fee": "F"}, {"N": "12,00", "F": "0,50"}, {}, (12_50, 50, 12_00)),
        ({"kind": "K"}, {"K": "Frais", "Montant": "-0,50"}, {"kinds": {"frais": PlatformEvent.FEE}}, (0, 50, -50)),
        (
            {"kind": "K", "fee": "F"},
            {"K": "retour", "F": "-0,50"},
            {"kinds": {"retour": PlatformEvent.REFUND}, "positive_refunds": True},
            (-12_50, 50, -13_00),
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_gross_fee_and_net_of_a_declared_source_follow_from_what_it_tells(
    columns: dict[str, str], cells: dict[str, str], said: dict[str, Any], figures: tuple[int, int, int], tmp_path: Path
):
    report = declared(tmp_path, DONATION | cells, COLUMNS | columns, **said)
    assert not report.faults
    assert (report.rows[0].gross, report.rows[0].fee, report.rows[0].net) == figures


@pytest.mark.parametrize(
    ("cell", "cents"), [("1250", 12_50), ("-1250", -12_50), ("", 0), ("12.50", None), ("٣", None), ("9" * 13, None)]
)
def test_whole_hundredths_are_nothing_but_digits(cell: str, cents: int | None, tmp_path: Path):
    kinds = {"kinds": {"x": PlatformEvent.CORRECTION}}
    report = declared(tmp_path, DONATION | {"Montant": cell, "K": "X"}, COLUMNS | {"kind": "K"}, cents=True, **kinds)
    assert [row.gross for row in report.rows] == ([] if cents is None else [cents])
    assert ("`Montant` is not a whole number of cents" in faults(report)) is (cents is None)


def test_a_declared_row_without_an_id_is_refused_and_a_test_is_no_money(tmp_path: Path):
    assert "`Id` is empty" in faults(declared(tmp_path, DONATION | {"Id": ""}, COLUMNS))
    row = declared(tmp_path, DONATION | {"T": "yes"}, COLUMNS | {"test": "T"}).rows[0]
    assert (row.kind, row.why) == (PlatformEvent.TEST, "test")


def test_a_declared_payout_is_itemised_by_its_rows(tmp_path: Path):
    kinds = {"don": PlatformEvent.GIFT, "virement": PlatformEvent.PAYOUT}
    columns = COLUMNS | {"kind": "K", "payout": "P", "settled": "S"}
    source = Declared({"kermesse": DeclaredSource(columns, kinds=kinds)})
    out = {"Id": "2", "Jour": "20/03/2025", "Montant": "-12,50", "K": "virement", "P": "v1", "S": ""}
    rows = [DONATION | {"K": "don", "P": "v1"}, out]
    report = report_of(tmp_path / "a.csv", rows, source)
    assert not report.faults
    assert report.payouts == (Payout(3, "v1", "EUR", 12_50, date(2025, 3, 20), "v1"),)
    later = report_of(tmp_path / "b.csv", [rows[0], out | {"S": "21/03/2025"}], source)
    assert later.payouts[0].day == date(2025, 3, 21)


# Currencies


def money(
    kind: PlatformEvent, currency: str, figures: tuple[int, int, int], own: str = "T1", of: str = ""
) -> PlatformRow:
    return PlatformRow(2, kind, own, currency, *figures, date(2025, 3, 10), payment=of or own)


def test_another_currency_takes_the_rate_of_the_settings():
    rows = [
        money(PlatformEvent.GIFT, "USD", (100_00, 4_05, 95_95)),
        money(PlatformEvent.GIFT, "EUR", (1_00, 0, 1_00), "T2"),
        money(PlatformEvent.GIFT, "GBP", (1_00, 0, 1_00), "T3"),
        money(PlatformEvent.PENDING, "CHF", (1_00, 0, 1_00), "T4"),
    ]
    done, (fault,) = in_books(rows, {"USD": Decimal("0.9")})
    assert [(row.currency, row.gross, row.fee, row.net) for row in done] == [
        ("EUR", 90_00, 3_64, 86_36),  # 86.355 rounds away from zero
        ("EUR", 1_00, 0, 1_00),
    ]
    assert (done[0].original_currency, done[0].original) == ("USD", 100_00)
    assert fault.line == 2
    assert "amounts in GBP" in fault.message


def test_what_the_donor_paid_stays_the_original():
    row = dataclasses.replace(money(PlatformEvent.GIFT, "USD", (100, 0, 100)), original_currency="JPY", original=15_000)
    (done,), _ = in_books([row], {"USD": Decimal(2)})
    assert (done.original_currency, done.original, done.gross) == ("JPY", 15_000, 200)


@pytest.mark.parametrize(
    "legs",
    [
        [("USD", -96_00)],
        [("EUR", 88_32)],
        [("USD", -95_00), ("EUR", 88_32)],
        [("USD", -96_00), ("EUR", 88_32), ("EUR", 1)],
        [("USD", -96_00), ("USD", -96_00)],
        [("EUR", 44_00), ("EUR", 44_32)],
    ],
)
def test_legs_that_are_no_pair_convert_nothing(legs: list[tuple[str, int]]):
    rows = [money(PlatformEvent.GIFT, "USD", (100_00, 4_00, 96_00))]
    rows += [money(PlatformEvent.CONVERSION, name, (net, 0, net), f"C{n}", "T1") for n, (name, net) in enumerate(legs)]
    done, _ = in_books(rows, {"USD": Decimal(1)})
    assert [row.reference for row in done] == ["T1", *(f"C{n}" for n in range(len(legs)))]


# The table


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        ("é".encode(), "", "é"),
        ("é".encode("utf-8-sig"), "", "é"),
        ("é".encode("utf-16"), "", "é"),
        ("é".encode("cp1252"), "", "é"),
        ("é".encode("cp850"), "cp850", "é"),
    ],
)
def test_the_text_of_a_table_is_found_in_its_bytes(data: bytes, encoding: str, text: str):
    assert decoded(data, encoding) == text


@pytest.mark.parametrize(
    ("data", "encoding", "fault"),
    [
        (b"\xff", "utf-8", "not written in utf-8"),
        (b"x", "klingon", "not written in klingon"),
        (b"a\0b", "", "no table of text"),
        (b"\x81\xe9", "", "neither UTF-8 nor Windows-1252"),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes, encoding: str, fault: str, tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(data)
    source = DeclaredSource(COLUMNS, Hints(encoding=encoding))
    report = platforms.declared.read(tmp_path / "a.csv", "kermesse", source)
    assert fault in faults(report)


def test_a_cut_in_the_middle_of_a_letter_is_no_fault():
    assert decoded("aé".encode()[:2], cut=True) == "a"
    assert decoded("aé".encode()[:2], "utf-8", cut=True) == "a\ufffd"


def test_what_cannot_be_opened_or_is_empty_is_no_table(tmp_path: Path):
    assert first_record(tmp_path / "none.csv") == []
    source = DeclaredSource(COLUMNS)
    assert "cannot be opened" in faults(platforms.declared.read(tmp_path / "none.csv", "k", source))
    (tmp_path / "a.csv").write_text("\n \n", encoding="utf-8")
    assert "the file is empty" in faults(platforms.declared.read(tmp_path / "a.csv", "k", source))
    (tmp_path / "b.csv").write_text('Id,Jour\n"1,2\n', encoding="utf-8")
    assert "a quotation mark is not closed" in faults(platforms.declared.read(tmp_path / "b.csv", "k", source))


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025-03-10", date(2025, 3, 10)),
        ("2025/3/9", date(2025, 3, 9)),
        ("13.3.25", date(2025, 3, 13)),
        ("13/03/2025 23:59", date(2025, 3, 13)),
        ("2025-12-31T23:30:00Z", date(2026, 1, 1)),
        ("2025-12-31 23:30:00 +0100", date(2025, 12, 31)),
        ("2026-01-01 00:30:00 +02:00", date(2025, 12, 31)),
        ("2025-12-31 20:30:00-05:00", date(2026, 1, 1)),
        ("2025-06-30 21:59:59 UTC", date(2025, 6, 30)),
        ("2025-06-30 22:00:00 UTC", date(2025, 7, 1)),
        ("1990-01-01", date(1990, 1, 1)),
        ("2100-12-31", date(2100, 12, 31)),
        ("1989-12-31", None),
        ("2101-01-01", None),
        ("2025-02-30", None),
        ("10 mars", None),
        ("2025-03-10 10:00:00 +9900", None),
        ("2025-03-10 10:00:00 +2400", None),
        ("2025-12-31 23:30:00 GMT", date(2026, 1, 1)),
        ("2025-12-31 18:30:00 EST", date(2026, 1, 1)),
        ("2025-12-31 18:30:00 XYZ", None),
        ("2025-12-31 15:30:00 America/Los_Angeles", date(2026, 1, 1)),
        ("31/12/2025 11:30 PM UTC", date(2026, 1, 1)),
        ("31/12/2025 12:30 AM UTC", date(2025, 12, 31)),
        ("31/12/2025 23:30:00 +00:00", date(2026, 1, 1)),
        ("2025-03-10 00:30:00 +2359", date(2025, 3, 9)),
    ],
)
def test_a_day_is_the_one_in_belgium(cell: str, day: date | None, tmp_path: Path):
    rows = declared(tmp_path, DONATION | {"Jour": cell}, COLUMNS).rows
    assert [row.paid for row in rows] == ([] if day is None else [day])


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("CET", 14),
        ("PST", 14),
        ("EST", 14),
        ("Asia/Tokyo", 13),
        ("Europe/Paris", 13),
        ("UTC+01:00", 13),
        ("GMT-5", 14),
        ("GMT", 14),
    ],
)
def test_an_hour_counts_in_the_zone_beside_it(zone: str, day: int, tmp_path: Path):
    clock = {"CET": "00:00:00", "PST": "20:00:00", "EST": "19:00:00", "GMT": "23:00:00"}.get(zone, "23:00:00")
    written = {"Date": "14/03/2025"} if zone == "CET" else {}
    assert activity(tmp_path, Time=clock, TimeZone=zone, **written).rows[0].paid == date(2025, 3, day)


@pytest.mark.parametrize(
    ("cell", "decimal", "cents"),
    [
        ("12", ".", 12_00),
        ("-12.5", ".", -12_50),
        ("+12.50", ".", 12_50),
        (".5", ".", 50),
        ("1,234.50", ".", 1_234_50),
        ("1.234,50", ",", 1_234_50),
        ("1 234,5", ",", 1_234_50),
        ("12.500", ".", 12_50),
        ("12.505", ".", None),
        ("12,34.50", ".", None),
        ("1,2345.00", ".", None),
        ("1.2.3", ".", None),
        ("1.2,3", ".", None),
        ("9999999999.99", ".", 9_999_999_999_99),
        ("10000000000.00", ".", None),
        ("12.5x", ".", None),
        ("1e3", ".", None),
        ("−5,00", ",", -5_00),
        ("1\u202f234,50", ",", 1_234_50),
    ],
)
def test_an_amount_has_two_decimals_and_groups_of_three(cell: str, decimal: str, cents: int | None, tmp_path: Path):
    kinds = {"kinds": {"x": PlatformEvent.CORRECTION}}
    report = declared(
        tmp_path, DONATION | {"Montant": cell, "K": "X"}, COLUMNS | {"kind": "K"}, hints=Hints(decimal=decimal), **kinds
    )
    assert [row.gross for row in report.rows] == ([] if cents is None else [cents])


# The report as told


def test_a_report_is_told_by_currency_and_kind(tmp_path: Path):
    rows = [
        STRIPE | {"automatic_payout_id": "po"},
        STRIPE | {"balance_transaction_id": "t2", "gross": "10.00", "fee": "0", "net": "10.00", "created": "2025-03-01",
                  "automatic_payout_id": "po"},
        STRIPE | {"balance_transaction_id": "t3", "reporting_category": "fee", "gross": "0", "fee": "0.25",
                  "net": "-0.25",
                  "automatic_payout_id": "po"},
        STRIPE | {"balance_transaction_id": "t4", "currency": "usd"},
        STRIPE | {"balance_transaction_id": "t5", "livemode": "false"},
        STRIPE | {"balance_transaction_id": "t6", "reporting_category": "payout", "gross": "-58.75", "fee": "0",
                  "net": "-58.75", "automatic_payout_id": "po", "created": "2025-03-14"},
    ]  # fmt: skip
    report = report_of(tmp_path / "a.csv", rows)
    assert not report.faults
    assert platforms.describe(report) == [
        ("platform", "stripe"),
        ("rows", "6"),
        ("dated", "2025-03-01 to 2025-03-10"),
        ("gifts EUR", "2, 60.00"),
        ("fee rows EUR", "1, -0.25"),
        ("fees EUR", "1.25"),
        ("net EUR", "58.75"),
        ("gifts USD", "1, 50.00"),
        ("fees USD", "1.00"),
        ("net USD", "49.00"),
        ("payout 1", "po, 58.75 EUR, 2025-03-14"),
        ("no money: test", "1 (test mode)"),
    ]
    assert platforms.describe(PlatformReport("x")) == [("platform", "x"), ("rows", "0")]


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        (MOLLIE, {"Amount": "1.234", "Settlement amount": "1.234"}),
        (MOLLIE, {"Date": "03/04/2025"}),
        (ADYEN, {"Gross Credit (GC)": "1.234", "Net Credit (NC)": "1.234"}),
        (STRIPE, {"gross": "1.234", "fee": "", "net": "1.234"}),
        (CHARIOT, {"date": "03/04/2025", "settled_date": ""}),
        (ACTIVITY, {"Gross": "1.234", "Fee": "", "Net": "1.234"}),
    ],
    ids=["mollie amounts", "mollie days", "adyen", "stripe", "chariot", "paypal"],
)
def test_nothing_is_read_of_a_report_in_doubt(row: dict[str, str], changes: dict[str, str], tmp_path: Path):
    told_twice = {name: "" for name in row if "gift" in name and name.endswith("amount")}
    report = report_of(tmp_path / "a.csv", [row | told_twice | changes])
    assert not report.ok
    assert report.rows == ()


@pytest.mark.parametrize(
    ("kind", "gross", "wrong"),
    [
        (PlatformEvent.GIFT, -1, True),
        (PlatformEvent.GIFT, 0, False),
        (PlatformEvent.CHARGEBACK_REVERSED, -1, True),
        (PlatformEvent.REFUND, 1, True),
        (PlatformEvent.REFUND, 0, False),
        (PlatformEvent.CHARGEBACK, 1, True),
        (PlatformEvent.CORRECTION, 1, False),
        (PlatformEvent.CORRECTION, -1, False),
    ],
)
def test_what_is_given_has_no_minus_and_what_is_taken_back_no_plus(kind: PlatformEvent, gross: int, wrong: bool):
    found = checked(PlatformReport("x", (money(kind, "EUR", (gross, 0, gross)),)))
    assert found.ok is not wrong
    assert wrong is ("has the wrong sign" in faults(found))


def test_a_payout_is_held_against_the_rows_of_its_own_currency():
    gift = dataclasses.replace(money(PlatformEvent.GIFT, "EUR", (10, 0, 10)), payout="p1")
    other = dataclasses.replace(money(PlatformEvent.GIFT, "USD", (5, 0, 5), "T2"), payout="p1")
    paid = [
        Payout(9, "p1", currency, cents, date(2025, 3, 10)) for currency, cents in (("EUR", 6), ("EUR", 4), ("USD", 5))
    ]
    assert checked(PlatformReport("x", (gift, other), tuple(paid))).ok
    short = checked(PlatformReport("x", (gift, other), (*paid[1:], Payout(9, "Zoé", "EUR", 1, date(2025, 3, 10)))))
    assert "payout p1: its rows add up to 0.10 EUR, it paid out 0.04: difference 0.06" in faults(short)
    assert "payout (without an id): its rows add up to 0.00 EUR, it paid out 0.01: difference -0.01" in faults(short)
    loose = Payout(9, "p1", "EUR", 1, date(2025, 3, 10), itemised=False)
    assert checked(PlatformReport("x", (gift,), (loose,))).ok


def test_dates_with_dots_have_the_day_first(tmp_path: Path):
    assert [row.paid for row in declared(tmp_path, DONATION | {"Jour": "05.04.2025"}, COLUMNS).rows] == [
        date(2025, 4, 5)
    ]


def test_a_zone_is_known_by_its_city(tmp_path: Path):
    """Half past midnight in Tokyo is the day before in Belgium; of what is no zone, the day is not guessed."""
    assert activity(tmp_path, Date="14/03/2025", Time="00:30:00", TimeZone="Asia/Tokyo").rows[0].paid == date(
        2025, 3, 13
    )
    for zone in ("Japan", "../etc", "Nowhere/Else"):
        report = activity(tmp_path, Date="14/03/2025", Time="00:30:00", TimeZone=zone)
        assert "the time zone in `TimeZone` is not known" in faults(report)
        assert "[platforms.paypal] timezone" in faults(report)


def test_an_offset_counts_in_whole_hours_and_minutes(tmp_path: Path):
    for cell, day in (
        ("2025-12-31 18:00:00 -05:00", 1),
        ("2025-12-31 18:00:00 -04:59", 31),
        ("2026-01-01 05:30:00 +05:30", 1),
    ):
        (row,) = declared(tmp_path, DONATION | {"Jour": cell}, COLUMNS).rows
        assert row.paid.day == day


def test_another_row_about_an_authorisation_keeps_what_it_is(tmp_path: Path):
    report = settlement(tmp_path, {"id": "A1", "code": "T1300"}, {"id": "G1", "related": "A1"})
    assert [row.kind.value for row in report.rows] == ["void", "gift"]


def test_every_row_that_is_wrong_is_named(tmp_path: Path):
    for name, good, bad in (("s", STRIPE, {"gross": "many"}), ("c", CHARIOT, {"type": "levitation"})):
        report = report_of(tmp_path / f"{name}.csv", [good | bad, good | bad])
        assert {fault.line for fault in report.faults} >= {2, 3}


def test_faults_of_a_whole_report_come_before_those_of_its_lines():
    faults_ = (Fault("line", 1), Fault("whole"), Fault("later", 2))
    assert [fault.message for fault in checked(PlatformReport("x", faults=faults_)).faults] == [
        "whole",
        "line",
        "later",
    ]


def test_only_what_takes_back_is_turned_where_refunds_are_told_without_a_sign(tmp_path: Path):
    kinds = {"don": PlatformEvent.GIFT, "retour": PlatformEvent.REFUND}
    for kind, cents in (("don", 12_50), ("retour", -12_50)):
        columns = COLUMNS | {"kind": "K"}
        (row,) = declared(tmp_path, DONATION | {"K": kind}, columns, kinds=kinds, positive_refunds=True).rows
        assert row.gross == cents


@pytest.mark.parametrize(
    ("cells", "day"), [(["05/12/2025"], None), (["05/13/2025", "05/12/2025"], 12), (["13/05/2025", "05/12/2025"], 5)]
)
def test_a_twelfth_may_be_a_day_or_a_month(cells: list[str], day: int | None, tmp_path: Path):
    rows = [DONATION | {"Id": str(number), "Jour": cell} for number, cell in enumerate(cells)]
    report = report_of(tmp_path / "a.csv", rows, Declared({"kermesse": DeclaredSource(COLUMNS)}))
    assert report.ok is (day is not None)
    if day is not None:
        assert report.rows[-1].paid.day == day
