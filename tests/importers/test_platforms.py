"""Platform reports: golden figures of the samples, what is refused, and that form changes nothing.

The expected figures were added up by hand (or by a few lines of csv arithmetic) from the files, never from our output.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers import platforms
from importers.platforms import Declared
from importers.platforms.currency import in_books
from importers.platforms.declared import DeclaredSource
from importers.platforms.records import PlatformEvent, PlatformReport
from importers.platforms.table import Hints
from importers.sheets.tabular import fold

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "platforms"
FILES = sorted(SAMPLES.glob("*.csv")) if SAMPLES.exists() else []
needs_samples = pytest.mark.skipif(not FILES, reason="the shared samples are not here")


def sample(name: str) -> PlatformReport:
    return platforms.read(SAMPLES / f"{name}.csv")


def sums(report: PlatformReport) -> dict[tuple[str, str], tuple[int, int]]:
    """Count and gross by kind and currency (of fees: what they take)."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for row in report.rows:
        count, cents = found.get((row.kind, row.currency), (0, 0))
        found[row.kind, row.currency] = (count + 1, cents + (-row.fee if row.kind is PlatformEvent.FEE else row.gross))
    return found


def net(report: PlatformReport, currency: str) -> int:
    return sum(row.net for row in report.money if row.currency == currency)


def paid_out(report: PlatformReport) -> list[tuple[str, str, int]]:
    return [(payout.reference, payout.currency, payout.cents) for payout in report.payouts]


def faults(report: PlatformReport) -> str:
    return "\n".join(map(str, report.faults))


# The samples, by hand

# platform, {(kind, currency): (rows, gross)}, [payouts], sums of net by currency
GOLDEN = {
    # 242.45 + 87.09 - 50.00 + 169.62 - 0.25 = 448.91, which the payout takes
    "stripe_api_single_payout": (
        "stripe",
        {
            ("gift", "USD"): (3, 250_00 + 89_99 + 175_00),
            ("refund", "USD"): (1, -50_00),
            ("fee", "USD"): (1, -25),
            ("payout", "USD"): (1, -448_91),
        },
        [("po_1N2xR3yT4zA", "USD", 448_91)],
        {"USD": 448_91},
    ),
    # 24.05 - 10 + 10 - 0.50 - 0.50 = 23.05 in the payout; the reversal of 3.35 names no payout yet
    "stripe_wmf_settlement_report": (
        "stripe",
        {
            ("gift", "USD"): (2, 25_00 + 10_00),
            ("refund", "USD"): (1, -10_00),
            ("fee", "USD"): (2, -1_00),
            ("chargeback-reversed", "USD"): (1, 3_35),
            ("payout", "USD"): (1, 24_00),
        },
        [("po_test123", "USD", 23_05)],
        {"USD": 23_05 + 3_35},
    ),
    "stripe_wmf_settlement_report_giving_basket": (
        "stripe",
        {("gift", "USD"): (2, 25_00 + 1780_11)},
        [],
        {"USD": 24_05 + 1780_11},
    ),
    # USD: 36.57 + 3.23 + 34.02 + 160.97 settled = 234.79; chargebacks 35.65 + 31.75 + 14.00 + 30.92 + 19.65 + 25.65
    # = 157.62; refund 3.35; fees 11 + 12 + 13; 234.79 - 157.62 - 3.35 - 36.00 = 37.82. EUR: 47.98 - 19.47 = 28.51.
    # Gross USD: 52 CAD at 0.7213 = 37.51, 500 JPY at 0.00676 = 3.38, 52 AUD at 0.6629 = 34.47, 162.00: 237.36;
    # chargebacks 25.00, 21.10, 3.35, 20.27, 9.00, 15.00 = 93.72.
    "adyen_wmf_batch_1129": (
        "adyen",
        {
            ("gift", "USD"): (4, 237_36),
            ("gift", "EUR"): (1, 50_00),
            ("chargeback", "USD"): (6, -93_72),
            ("chargeback", "EUR"): (1, -10_40),
            ("refund", "USD"): (1, -3_35),
            ("fee", "USD"): (3, -36_00),
            ("payout", "EUR"): (1, -28_51),
            ("payout", "USD"): (1, -37_82),
        },
        [("1129", "EUR", 28_51), ("1129", "USD", 37_82)],
        {"USD": 37_82, "EUR": 28_51},
    ),
    # 1.00 less 0.02 scheme fees and 0.22 interchange
    "adyen_wmf_settlement_detail_report_donation": (
        "adyen",
        {("gift", "USD"): (1, 1_00), ("payout", "USD"): (1, -76)},
        [("2", "USD", 76)],
        {"USD": 76},
    ),
    "adyen_wmf_settlement_detail_report_chargeback_reversed": (
        "adyen",
        {("chargeback-reversed", "USD"): (1, 52_00)},
        [],
        {"USD": 51_89},
    ),
    "adyen_wmf_settlement_detail_report_deposit_correction": (
        "adyen",
        {("correction", "USD"): (2, -500_00 + 300_00)},
        [],
        {"USD": -200_00},
    ),
    # Three lines of employees, of which two with what the employer adds: 9.97 + 4.99, 3.56 + 3.56, 7.62; less 0.62,
    # 0.20 and 0.15 of rounding: 28.73
    "chariot_20260602123036-Benevity-30497.00-deposit_01kt1vy6h4tez9jh2z51hvvpb0": (
        "chariot",
        {
            ("gift", "USD"): (5, 9_97 + 4_99 + 3_56 + 3_56 + 7_62),
            ("fee", "USD"): (1, -15),
            ("payout", "USD"): (1, 28_73),
        },
        [("01kt1vy6h4tez9jh2z51hvvpb0", "USD", 28_73)],
        {"USD": 28_73},
    ),
    # Two cheques of 24.00 with a fee of 0.50 each
    "giving_wmf_engage_individual": ("engage", {("gift", "USD"): (2, 48_00)}, [], {"USD": 47_00}),
    # 860.00 + 2.84, less 1.63
    "trustly_wmf_funding": (
        "trustly",
        {("gift", "USD"): (2, 862_84)},
        [("3618", "USD", 861_21)],
        {"USD": 861_21},
    ),
    # Month first: 9/30/2018. Conversions 1058.09 + 3105.58 + 3534.51 + 9648.13 = what is withdrawn.
    "paypal_oca_statement_en": (
        "paypal",
        {
            ("gift", "USD"): (7, 1309_80 + 3840_60 + 4447_40 + 5600_00 + 920_70 + 5600_00 + 292_30),
            ("conversion", "USD"): (4, -(1261_00 + 3699_00 + 4282_00 + 11672_00)),
            ("conversion", "EUR"): (4, 17346_31),
            ("payout", "EUR"): (4, -17346_31),
        },
        [("TID1", "EUR", 1058_09), ("TID3", "EUR", 3105_58), ("TID5", "EUR", 3534_51), ("TID7", "EUR", 9648_13)],
        {"EUR": 17346_31},
    ),
    "paypal_wmf_STL-20260106": (
        "paypal",
        {
            ("gift", "HKD"): (1, 104_00),
            ("gift", "USD"): (1, 15_60),
            ("gift", "BRL"): (1, 17_00),
            ("conversion", "BRL"): (1, -13_56),
            ("conversion", "USD"): (1, 2_41),
        },
        [],
        {"HKD": 98_44, "USD": 17_49, "BRL": 0},
    ),
    "paypal_wmf_TRR-20260125_recur": ("paypal", {("gift", "USD"): (1, 10_00)}, [], {"USD": 9_58}),
    # A chargeback that came back (26.00) and PayPal's fee for it (20.00)
    "paypal_wmf_stl_chargeback_reversal": (
        "paypal",
        {("chargeback-reversed", "USD"): (1, 26_00), ("fee", "USD"): (1, 20_00)},
        [],
        {"USD": 46_00},
    ),
    "paypal_wmf_stl_dr_payment": (
        "paypal",
        {("gift", "USD"): (1, 520_00), ("spent", "USD"): (1, -150_00)},
        [],
        {"USD": 520_00 - 2_01 - 150_00 - 4_99},
    ),
    "paypal_wmf_stl_payout_currency_convert": (
        "paypal",
        {("gift", "AUD"): (1, 200_00), ("conversion", "AUD"): (1, -100_00), ("conversion", "USD"): (1, 120_00)},
        [],
        {"AUD": 100_00, "USD": 120_00},
    ),
    "paypal_wmf_trr_express_checkout_recurring_donation": (
        "paypal",
        {("gift", "JPY"): (1, 150_00)},
        [],
        {"JPY": 107_00},
    ),
    # The fee comes back with the refund
    "paypal_wmf_trr_express_checkout_refund": ("paypal", {("refund", "JPY"): (1, -150_00)}, [], {"JPY": -107_00}),
    "paypal_wmf_trr_express_with_non_data_rows": ("paypal", {("gift", "JPY"): (1, 150_00)}, [], {"JPY": 107_00}),
    "paypal_wmf_trr_grant": ("paypal", {("gift", "USD"): (1, 500_00)}, [], {"USD": 500_00}),
    # An authorisation that was voided: nothing of it is money
    "paypal_wmf_trr_void": ("paypal", {("void", "CAD"): (2, 31_20)}, [], {}),
}


@needs_samples
@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_a_sample_holds_what_was_counted_by_hand(name: str):
    platform, kinds, payouts, nets = GOLDEN[name]
    report = sample(name)
    assert report.platform == platform
    assert not faults(report)
    assert sums(report) == kinds
    assert paid_out(report) == payouts
    assert {currency: net(report, currency) for currency in nets} == nets


@needs_samples
def test_every_sample_is_read_or_refused_with_a_reason():
    refused = {
        # -1.00 refunded, -1.80 of fees: -2.80, and the payout says 4.03
        "adyen_wmf_settlement_detail_report_refund": "difference -6.83",
        "adyen_wmf_payments_accounting_report_chargeback": "download the settlement detail report",
    }
    others = {"adyen_wmf_batch_1129_duplicate", "paypal_oca_activity_en"}
    assert {path.stem for path in FILES} == {*GOLDEN, *refused, *others}
    for name, reason in refused.items():
        assert not sample(name).ok
        assert reason in faults(sample(name))


@needs_samples
def test_the_paypal_activity_of_a_year_is_what_a_plain_sum_of_its_rows_says():
    """An oracle: the file's own columns added up per currency, pending rows and holds left out."""
    with (SAMPLES / "paypal_oca_activity_en.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [one for one in csv.DictReader(stream) if one["Status"] == "Completed" and " Hold" not in one["Type"]]
    rows = [one for one in rows if "Release" not in one["Type"]]
    plain: dict[str, int] = {}
    for one in rows:
        plain[one["Currency"]] = plain.get(one["Currency"], 0) + round(float(one["Net"].replace(",", "")) * 100)
    report = sample("paypal_oca_activity_en")
    assert not faults(report)
    assert {currency: net(report, currency) for currency in plain} == plain
    idle = [row.kind for row in report.rows if row.kind in (PlatformEvent.PENDING, PlatformEvent.HOLD)]
    assert (idle.count(PlatformEvent.PENDING), idle.count(PlatformEvent.HOLD)) == (14, 2)
    assert report.rows[0].paid == date(2015, 12, 29)  # day first, decided by 29


@needs_samples
def test_a_batch_delivered_twice_is_the_same_report():
    first, second = sample("adyen_wmf_batch_1129"), sample("adyen_wmf_batch_1129_duplicate")
    assert first == second


# Stripe, in forms


HEADINGS = ("balance_transaction_id", "reporting_category", "currency", "gross", "fee", "net", "created", "charge_id")
HEADINGS += ("automatic_payout_id",)
ROWS = (
    ("txn_1", "charge", "eur", "50.00", "1.00", "49.00", "2025-03-10 10:00:00", "ch_1", "po_1"),
    ("txn_2", "charge", "eur", "1250.50", "20.25", "1230.25", "2025-03-11 10:00:00", "ch_2", "po_1"),
    ("txn_3", "refund", "eur", "-50.00", "0.00", "-50.00", "2025-03-12 10:00:00", "ch_1", "po_1"),
    ("txn_4", "payout", "eur", "-1229.25", "0.00", "-1229.25", "2025-03-13 10:00:00", "", "po_1"),
)


def written(rows: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS, delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([headings, *rows])
    return out.getvalue()


def report_of(path: Path, text: str, encoding: str = "utf-8", said: Declared = platforms.NOTHING) -> PlatformReport:
    path.write_bytes(text.encode(encoding))
    return platforms.read(path, said)


def without_lines(report: PlatformReport) -> list[tuple[object, ...]]:
    return sorted((row.reference, row.kind, row.gross, row.fee, row.net, row.paid, row.payment) for row in report.rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=st.permutations(range(len(HEADINGS))),
    rows=st.permutations(ROWS),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    comma=st.booleans(),
    american=st.booleans(),
    extra=st.booleans(),
)
def test_the_form_of_a_report_changes_nothing(
    tmp_path: Path,
    *,
    columns: Sequence[int],
    rows: Sequence[tuple[str, ...]],
    delimiter: str,
    encoding: str,
    comma: bool,
    american: bool,
    extra: bool,
):
    plain = report_of(tmp_path / "plain.csv", written(ROWS))

    def localised(row: tuple[str, ...]) -> list[str]:
        amounts = [cell.replace(".", ",") if comma else cell for cell in row[3:6]]
        day = f"03/{row[6][8:10]}/2025" if american else row[6]
        return [*row[:3], *amounts, day, *row[7:]]

    rows = [*rows, ("txn_0", "charge", "eur", "0.10", "0.10", "0.00", "2025-03-31 10:00:00", "ch_0", "po_0")]
    formed = [[localised(row)[place] for place in columns] for row in rows]
    headings = [HEADINGS[place] for place in columns]
    if extra:
        headings, formed = [*headings, "Remarque été"], [[*row, "à voir"] for row in formed]
    report = report_of(tmp_path / "formed.csv", written(formed, headings, delimiter), encoding)
    assert not faults(report)
    assert [one for one in without_lines(report) if one[0] != "txn_0"] == without_lines(plain)


def test_a_workbook_reads_as_its_csv(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADINGS)
    for row in ROWS:
        sheet.append([*row[:3], *(float(cell) for cell in row[3:6]), *row[6:]])
    book.save(tmp_path / "report.xlsx")
    read = platforms.read(tmp_path / "report.xlsx")
    assert not faults(read)
    assert without_lines(read) == without_lines(report_of(tmp_path / "report.csv", written(ROWS)))


def changed(row: int, column: str, cell: str) -> list[list[str]]:
    rows = [list(one) for one in ROWS]
    rows[row][HEADINGS.index(column)] = cell
    return rows


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (changed(0, "reporting_category", "levitation"), "line 2: the value of `reporting_category` is not known"),
        (changed(0, "net", "49.01"), "line 2: gross 50.00 less fee 1.00 is not net 49.01 (difference -0.01 EUR)"),
        (
            changed(3, "net", "-1229.24"),
            "line 5: payout po_1: its rows add up to 1229.25 EUR, it paid out 1229.24: difference 0.01",
        ),
        (changed(0, "gross", "fifty"), "line 2: `gross` is not an amount"),
        (changed(0, "gross", "50.001"), "line 2: `gross` is not an amount"),
        (changed(0, "created", ""), "line 2: `created` is empty"),
        (changed(0, "created", "2025-02-30"), "line 2: `created` is not a date"),
        (changed(1, "balance_transaction_id", "txn_1"), "line 3: its id stands on line 2 with another content"),
        (changed(2, "gross", "50.00"), "line 4: gross 50.00 less fee 0.00 is not net -50.00"),
        (changed(0, "balance_transaction_id", ""), "line 2: the row has no balance transaction id"),
    ],
    ids=["type", "net", "payout", "amount", "third decimal", "no day", "no such day", "id twice", "sign", "no id"],
)
def test_what_is_wrong_refuses_the_file_with_its_line(tmp_path: Path, rows: list[list[str]], told: str):
    report = report_of(tmp_path / "report.csv", written(rows))
    assert not report.ok
    assert told in faults(report)


def test_a_missing_column_is_named(tmp_path: Path):
    rows = [row[:5] + row[6:] for row in ROWS]
    report = report_of(tmp_path / "report.csv", written(rows, HEADINGS[:5] + HEADINGS[6:]))
    assert "balance_transaction_id" in HEADINGS
    assert "the column `net` is missing" in faults(report)


def test_a_row_given_twice_is_taken_once(tmp_path: Path):
    report = report_of(tmp_path / "report.csv", written([*ROWS, ROWS[0]]))
    assert report.ok
    assert "taken once" in faults(report)
    assert without_lines(report) == without_lines(report_of(tmp_path / "plain.csv", written(ROWS)))


def test_no_message_repeats_who_gave(tmp_path: Path):
    headings = (*HEADINGS, "customer_name", "customer_email")
    rows = [[*row, "Zoé Dupont", "zoe@example.org"] for row in changed(0, "net", "Zoé Dupont zoe@example.org")]
    report = report_of(tmp_path / "report.csv", written(rows, headings))
    assert not report.ok
    assert "zo" not in faults(report).casefold()


# What the file leaves in doubt

PAYPAL = ("Date", "Time", "TimeZone", "Name", "Type", "Status", "Currency", "Gross", "Fee", "Net", "Transaction ID")


def paypal(day: str, gross: str = "10,00", *, kind: str = "Donation Payment", status: str = "Completed") -> list[str]:
    return [day, "12:00:00", "CET", "", kind, status, "EUR", gross, "0,00", gross, f"T{day}{gross}"]


def test_the_order_of_day_and_month_is_decided_for_the_whole_file(tmp_path: Path):
    first = report_of(tmp_path / "a.csv", written([paypal("05/04/2025"), paypal("13/04/2025")], PAYPAL))
    assert [row.paid for row in first.rows] == [date(2025, 4, 5), date(2025, 4, 13)]
    second = report_of(tmp_path / "b.csv", written([paypal("05/04/2025"), paypal("04/13/2025")], PAYPAL))
    assert [row.paid for row in second.rows] == [date(2025, 5, 4), date(2025, 4, 13)]


def test_dates_that_stay_in_doubt_refuse_the_file_unless_the_settings_say(tmp_path: Path):
    text = written([paypal("05/04/2025")], PAYPAL)
    assert 'date = "dmy"' in faults(report_of(tmp_path / "a.csv", text))
    said = Declared(hints={"paypal": Hints(date="mdy")})
    assert report_of(tmp_path / "a.csv", text, said=said).rows[0].paid == date(2025, 5, 4)


def test_dates_of_both_orders_refuse_the_file(tmp_path: Path):
    report = report_of(tmp_path / "a.csv", written([paypal("13/04/2025"), paypal("04/13/2025")], PAYPAL))
    assert "day first in some rows" in faults(report)


@pytest.mark.parametrize(
    ("amounts", "cents"),
    [
        (["1.234,50", "1.234"], [1234_50, 1234_00]),
        (["1,234.50", "1,234"], [1234_50, 1234_00]),
        (["1 234,50", "12"], [1234_50, 12_00]),
        (["1'234.50", "-3.5"], [1234_50, -3_50]),
        (["1.234.567", "1"], [1234567_00, 1_00]),
    ],
)
def test_the_decimal_mark_is_decided_for_the_whole_file(tmp_path: Path, amounts: list[str], cents: list[int]):
    rows = [[*paypal("13/04/2025", one)[:8], "", one, f"T{number}"] for number, one in enumerate(amounts)]
    report = report_of(tmp_path / "a.csv", written(rows, PAYPAL))
    assert [row.gross for row in report.rows] == cents


def test_amounts_that_stay_in_doubt_refuse_the_file(tmp_path: Path):
    rows = [[*paypal("13/04/2025", "1.234")[:8], "", "1.234", "T1"]]
    assert "write `decimal`" in faults(report_of(tmp_path / "a.csv", written(rows, PAYPAL)))


# PayPal in other words; what is no money


def test_a_french_activity_download_is_paypals(tmp_path: Path):
    headings = ("Date", "Heure", "Fuseau horaire", "Nom", "Type", "État", "Devise", "Avant commission", "Commission")
    headings += ("Net", "De l'adresse email", "Numéro de transaction")
    row = ["31/12/2025", "23:59:00", "CET", "Zoé", "Paiement de don", "Terminé", "EUR", "1.050,00", "-3,40", "1.046,60"]
    report = report_of(tmp_path / "a.csv", written([[*row, "z@example.org", "T1"]], headings))
    assert not faults(report)
    assert [(one.kind, one.gross, one.fee, one.net) for one in report.rows] == [
        (PlatformEvent.GIFT, 1050_00, 3_40, 1046_60)
    ]


def test_pending_denied_and_held_rows_are_no_money(tmp_path: Path):
    rows = [
        paypal("13/04/2025", "10,00", status="Pending"),
        paypal("14/04/2025", "11,00", status="Denied"),
        paypal("15/04/2025", "12,00", kind="Payment Hold"),
        paypal("16/04/2025", "13,00"),
    ]
    report = report_of(tmp_path / "a.csv", written(rows, PAYPAL))
    assert [row.kind for row in report.rows] == [
        PlatformEvent.PENDING,
        PlatformEvent.VOID,
        PlatformEvent.HOLD,
        PlatformEvent.GIFT,
    ]
    assert net(report, "EUR") == 13_00


def test_a_status_nobody_knows_refuses_the_file(tmp_path: Path):
    report = report_of(tmp_path / "a.csv", written([paypal("13/04/2025", status="Perhaps")], PAYPAL))
    assert "the value of `Status` is not known" in faults(report)


def test_a_payment_that_paypal_converts_becomes_euros_at_its_own_rate(tmp_path: Path):
    # 100.00 USD less 4.00 are 96.00 USD, for which PayPal gives 88.32 EUR (0.92): 92.00 gross, 3.68 fee.
    headings = (*PAYPAL, "Reference Txn ID")

    def leg(kind: str, money: tuple[str, str, str], own: str, of: str = "") -> list[str]:
        currency, gross, fee = money
        total = f"{float(gross) + float(fee):.2f}"
        return ["13/04/2025", "12:00:00", "CET", "", kind, "Completed", currency, gross, fee, total, own, of]

    rows = [
        leg("Donation Payment", ("USD", "100.00", "-4.00"), "T1"),
        leg("General Currency Conversion", ("USD", "-96.00", "0.00"), "T2", "T1"),
        leg("General Currency Conversion", ("EUR", "88.32", "0.00"), "T3", "T1"),
    ]
    report = report_of(tmp_path / "a.csv", written(rows, headings))
    booked, problems = in_books(report.rows, {})
    assert not problems
    assert [(one.currency, one.gross, one.fee, one.net) for one in booked] == [("EUR", 92_00, 3_68, 88_32)]
    assert (booked[0].original, booked[0].original_currency) == (100_00, "USD")


# Mollie, as its help pages describe it

MOLLIE = ("Date", "Payment method", "Currency", "Amount", "Status", "ID", "Description", "Consumer name")
MOLLIE += ("Consumer bank account", "Settlement currency", "Settlement amount", "Settlement reference")


def test_mollies_ids_say_what_a_row_is(tmp_path: Path):
    def one(amount: str, status: str, identity: str, text: str = "") -> list[str]:
        return ["2025-03-10", "ideal", "EUR", amount, status, identity, text, "", "", "EUR", amount, "08123471.2503.01"]

    rows = [
        one("25.00", "paidout", "tr_1", "+++000/0000/00101+++"),
        one("-10.00", "refunded", "re_1"),
        one("-5.00", "charged_back", "chb_1"),
        one("40.00", "failed", "tr_2"),
        one("-0.35", "", "", "Withheld transaction fees"),
    ]
    report = report_of(tmp_path / "a.csv", written(rows, MOLLIE))
    assert not faults(report)
    assert [row.kind for row in report.rows] == [
        PlatformEvent.GIFT,
        PlatformEvent.REFUND,
        PlatformEvent.CHARGEBACK,
        PlatformEvent.VOID,
        PlatformEvent.FEE,
    ]
    assert net(report, "EUR") == 9_65
    strange = report_of(tmp_path / "b.csv", written([one("1.00", "paidout", "xx_1")], MOLLIE))
    assert "begins with none of" in faults(strange)


# Declared sources


def source(**settings_: object) -> Declared:
    columns = {"reference": "Id", "paid": "Jour", "gross": "Montant", "kind": "État"}
    kinds = {
        fold("payé"): PlatformEvent.GIFT,
        fold("remboursé"): PlatformEvent.REFUND,
        fold("attente"): PlatformEvent.PENDING,
    }
    return Declared({"kermesse": DeclaredSource(columns, kinds=kinds, **settings_)})  # type: ignore[arg-type]


KERMESSE = ("Id", "Jour", "Montant", "État", "Remarque")


@pytest.mark.parametrize(
    ("said", "rows", "cents"),
    [
        (
            {},
            [["1", "14/03/2025", "12,50", "Payé", ""], ["2", "15/03/2025", "-12,50", "remboursé", ""]],
            [12_50, -12_50],
        ),
        ({"cents": True}, [["1", "14/03/2025", "1250", "payé", ""]], [12_50]),
        ({"positive_refunds": True}, [["1", "14/03/2025", "12,50", "remboursé", ""]], [-12_50]),
    ],
)
def test_a_declared_source_is_read_as_declared(
    tmp_path: Path, said: Mapping[str, object], rows: list[list[str]], cents: list[int]
):
    report = report_of(tmp_path / "k.csv", written(rows, KERMESSE, ";"), "cp1252", source(**said))
    assert report.platform == "kermesse"
    assert not faults(report)
    assert [row.gross for row in report.rows] == cents


def test_a_state_that_was_not_declared_refuses_the_file(tmp_path: Path):
    text = written([["1", "14/03/2025", "12,50", "promis", ""]], KERMESSE, ";")
    report = report_of(tmp_path / "k.csv", text, said=source())
    assert "holds a value that `kinds` of this source does not list" in faults(report)


# Whatever the bytes


@needs_samples
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_whatever_raise_an_exception(tmp_path: Path, data: st.DataObject):
    content = bytearray(data.draw(st.sampled_from(FILES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        what = data.draw(st.sampled_from(["flip", "cut", "double", "insert"]))
        if what == "flip":
            content[place] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del content[place : place + data.draw(st.integers(1, 200))]
            content = content or bytearray(b"x")
        elif what == "double":
            content[place:place] = content[place : place + 100]
        else:
            content[place:place] = data.draw(
                st.sampled_from([b'"', b"\0", b"\xff", b"\r", b"\n", b"9" * 400, b"-", b","])
            )
    path = tmp_path / "mutated.csv"
    path.write_bytes(bytes(content))
    report = platforms.read(path)
    platforms.describe(report)
    assert report.ok or report.faults
