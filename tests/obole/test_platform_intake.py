"""Platform reports into the books: gross gifts, fees, refunds, payouts that clear, each euro once."""

import csv
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_books import DONORS, OPENING, SETTINGS, Obole, Statement, iban, new_books, ogm

from importers.platforms.declared import FIELDS
from importers.platforms.records import PlatformEvent
from ledger.vault.counterparties import all_counterparties
from obole.books.opened import open_books
from obole.books.settings import ConfigError, SourceField, SourceKind, SourceSettings
from obole.demo.coda_writer import CodaLine

HEADINGS = (
    *("balance_transaction_id", "source_id", "charge_id", "created_utc", "available_on", "currency", "gross", "fee"),
    *("net", "reporting_category", "automatic_payout_id", "automatic_payout_effective_at", "customer_name"),
    *("customer_email", "payment_metadata[ogm]", "payment_metadata[donor]", "payment_metadata[campaign]"),
)
PLATFORM = """
[platforms.stripe]
payer = "^STRIPE"

[platforms.crm]
"""


def row(
    number: int,
    category: str,
    gross: str,
    fee: str,
    net: str,
    *,
    day: str = "2025-03-10 12:00:00",
    payout: str = "po_1",
    charge: str = "",
    **more: str,
) -> list[str]:
    cells = dict.fromkeys(HEADINGS, "")
    cells |= {
        "balance_transaction_id": f"txn_{number}",
        "source_id": f"ch_{number}" if category == "charge" else f"x_{number}",
        "charge_id": charge or (f"ch_{number}" if category == "charge" else ""),
        "created_utc": day,
        "available_on": "2025-03-12 00:00:00",
        "currency": "eur",
        "gross": gross,
        "fee": fee,
        "net": net,
        "reporting_category": category,
        "automatic_payout_id": payout,
        "automatic_payout_effective_at": "2025-03-13 00:00:00",
    }
    names = {
        "name": "customer_name",
        "email": "customer_email",
        "ogm": "payment_metadata[ogm]",
        "donor": "payment_metadata[donor]",
        "campaign": "payment_metadata[campaign]",
        "currency": "currency",
    }
    return list((cells | {names[key]: value for key, value in more.items()}).values())


def write(path: Path, rows: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([headings, *rows])
    return path


# 50.00 + 20.00 + 30.00 gross, 1.00 + 0.50 + 0.75 fees: 97.75 paid out.
GIFTS = (
    row(1, "charge", "50.00", "1.00", "49.00", ogm=ogm(1)),
    row(2, "charge", "20.00", "0.50", "19.50", email="An.Peeters@example.org"),
    row(3, "charge", "30.00", "0.75", "29.25", name="L. Inconnu", email="inconnu@example.org"),
)
PAYOUT = row(4, "payout", "-97.75", "0.00", "-97.75", day="2025-03-13 00:00:00")


@pytest.fixture
def books(tmp_path: Path) -> Obole:
    """Books with Stripe's payer in the settings, and the e-mail address of D0006 in the vault."""
    obole = Obole(new_books(tmp_path / "books", SETTINGS + PLATFORM))
    headings = ("donor", "kind", "last_name", "first_name", "email", "references", "ibans")
    donors = [
        (one[0], one[1], one[2], one[3], "an.peeters@example.org" if one[0] == "D0006" else "", one[10], one[8])
        for one in DONORS
    ]
    path = tmp_path / "donors.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=";").writerows([headings, *donors])
    obole.takes_well(path)
    return obole


@pytest.fixture
def stripe(books: Obole, tmp_path: Path) -> Obole:
    """With the three gifts of a payout taken in."""
    books.takes_well(write(tmp_path / "stripe.csv", [*GIFTS, PAYOUT]))
    return books


def gifts_of(obole: Obole) -> list[tuple[Any, ...]]:
    """Donor, cents, account, year, day paid and whether it takes a gift back."""
    return [
        (gift.donor, gift.cents, gift.account, gift.counted, gift.paid and str(gift.paid), gift.reverses is not None)
        for gift in (one.gift for one in obole.posted())
    ]


# From the report to the bank line


def test_gifts_are_booked_gross_and_fees_apart(stripe: Obole):
    assert stripe.documents()[1:] == ["platform-stripe-2025-po-1"]
    assert gifts_of(stripe) == [
        ("D0001", 50_00, "731100", 2025, "2025-03-10", 0),
        ("D0006", 20_00, "731100", 2025, "2025-03-10", 0),
        (None, 30_00, "731300", 2025, "2025-03-10", 0),
    ]
    assert stripe.balance("731100") == -70_00
    assert stripe.balance("731300") == -30_00
    assert stripe.balance("616100") == 2_25
    assert stripe.balance("416100") == 97_75
    assert stripe.checks().exit_code == 0, stripe.checks().output


def test_the_bank_line_of_the_payout_clears_what_the_platform_owes(stripe: Obole, tmp_path: Path):
    payout = CodaLine(97_75, "00150000", "PO 1", name="STRIPE PAYMENTS EUROPE", iban=iban(7357777777))
    stripe.takes_well(Statement(parts=(payout,)).write(tmp_path), OPENING.write(tmp_path))
    assert stripe.balance("416100") == 0
    assert stripe.checks().exit_code == 0, stripe.checks().output


def test_a_payout_that_leaves_a_cent_unexplained_is_refused_with_the_difference(books: Obole, tmp_path: Path):
    short = row(4, "payout", "-97.74", "0.00", "-97.74")
    said = books.refuses(write(tmp_path / "stripe.csv", [*GIFTS, short]))
    assert "payout po_1" in said
    assert "difference 0.01" in said


def test_the_year_of_a_gift_is_that_of_the_payment_in_belgium_not_of_the_payout(books: Obole, tmp_path: Path):
    # 23:30 UTC on 31 December is the first of January in Brussels.
    rows = [
        row(1, "charge", "50.00", "1.00", "49.00", day="2025-12-31 22:30:00", ogm=ogm(1)),
        row(2, "charge", "20.00", "0.50", "19.50", day="2025-12-31 23:30:00", ogm=ogm(2)),
        row(3, "payout", "-68.50", "0.00", "-68.50", day="2026-01-03 00:00:00"),
    ]
    books.takes_well(write(tmp_path / "stripe.csv", rows))
    assert [(one[0], one[3], one[4]) for one in gifts_of(books)] == [
        ("D0001", 2025, "2025-12-31"),
        ("D0002", 2026, "2026-01-01"),
    ]
    assert books.documents()[1:] == ["platform-stripe-2025-po-1", "platform-stripe-2026-po-1"]
    # What the platform owed at the end of 2025 is an asset of 2025.
    journal = next((books.books / "journal" / "2025").glob("platform-*")).read_text(encoding="utf-8")
    assert "49.00 EUR" not in journal  # gross and fee apart
    assert "416100" in journal


def test_no_name_of_a_report_leaves_the_vault(stripe: Obole):
    for path in stripe.files():
        if path.name != "vault.sqlite3" and "documents" not in path.parts:
            content = path.read_bytes()
            assert b"Inconnu" not in content
            assert b"inconnu@" not in content
    opened = open_books(stripe.books)
    with opened.vault.connect() as connection:
        kept = all_counterparties(connection)
    assert kept["platform-stripe-2025-po-1", 3].name == "L. Inconnu"


# Once


def test_the_same_rows_again_add_nothing(stripe: Obole, tmp_path: Path):
    before = stripe.state()
    told = stripe.takes_well(write(tmp_path / "again.csv", [PAYOUT, *reversed(GIFTS)]))
    assert "already there" in told.output
    assert stripe.state() == before


def test_an_overlapping_export_adds_its_new_rows_only(stripe: Obole, tmp_path: Path):
    later = row(9, "charge", "10.00", "0.30", "9.70", payout="po_2", ogm=ogm(2))
    stripe.takes_well(write(tmp_path / "longer.csv", [GIFTS[1], GIFTS[2], later]))
    assert stripe.gifts()[3:] == [("D0002", 10_00)]


def test_two_equal_gifts_on_one_day_stay_two(books: Obole, tmp_path: Path):
    twins = [row(number, "charge", "25.00", "0.50", "24.50", ogm=ogm(1)) for number in (1, 2)]
    books.takes_well(write(tmp_path / "twins.csv", twins))
    assert books.gifts() == [("D0001", 25_00), ("D0001", 25_00)]


def test_a_known_id_with_another_amount_is_refused(stripe: Obole, tmp_path: Path):
    changed = row(1, "charge", "55.00", "1.00", "54.00", ogm=ogm(1))
    said = stripe.refuses(write(tmp_path / "changed.csv", [changed]))
    assert "line 2" in said
    assert "another content" in said


def test_a_dry_run_says_what_a_report_would_post_and_posts_nothing(books: Obole, tmp_path: Path):
    before = books.state()
    told = books.takes(write(tmp_path / "stripe.csv", [*GIFTS, PAYOUT]), dry_run=True)
    assert told.exit_code == 0
    assert "gift" in told.output
    assert books.state() == before


# What is taken back


def test_a_refund_reverses_its_gift_for_the_year_of_the_gift(stripe: Obole, tmp_path: Path):
    refund = row(10, "refund", "-50.00", "0.00", "-50.00", day="2026-01-10 12:00:00", charge="ch_1", payout="po_9")
    stripe.takes_well(write(tmp_path / "refund.csv", [refund]))
    assert gifts_of(stripe)[3:] == [("D0001", -50_00, "731100", 2025, None, 1)]
    assert stripe.balance("416100") == 47_75
    assert stripe.checks().exit_code == 0, stripe.checks().output


def test_a_refund_in_the_file_of_its_gift_comes_after_it(books: Obole, tmp_path: Path):
    rows = [
        row(1, "refund", "-50.00", "0.00", "-50.00", charge="ch_2"),
        row(2, "charge", "50.00", "1.00", "49.00", ogm=ogm(1)),
        row(3, "topup", "1.00", "0.00", "1.00"),  # Stripe takes its fee back from our bank
    ]
    books.takes_well(write(tmp_path / "both.csv", rows))
    assert books.gifts() == [("D0001", 50_00), ("D0001", -50_00)]
    assert books.documents()[1:] == ["platform-stripe-2025-po-1", "platform-stripe-2025-po-1-2"]
    assert books.balance("416100") == -1_00  # the fee is not given back
    before = books.state()
    books.takes_well(tmp_path / "both.csv")
    assert books.state() == before


def test_of_a_refund_in_part_the_rest_stays_a_gift(stripe: Obole, tmp_path: Path):
    refund = row(10, "refund", "-20.00", "0.00", "-20.00", charge="ch_1", payout="po_9")
    stripe.takes_well(write(tmp_path / "refund.csv", [refund]))
    assert stripe.gifts()[3:] == [("D0001", -50_00), ("D0001", 30_00)]
    rest = row(11, "refund", "-30.00", "0.00", "-30.00", charge="ch_1", payout="po_10")
    stripe.takes_well(write(tmp_path / "rest.csv", [rest]))
    assert stripe.gifts()[5:] == [("D0001", -30_00)]
    assert stripe.balance("731100") == -20_00
    assert stripe.checks().exit_code == 0, stripe.checks().output


def test_a_chargeback_and_its_reversal_leave_the_gift_in_its_year(stripe: Obole, tmp_path: Path):
    rows = [
        row(10, "dispute", "-50.00", "15.00", "-65.00", day="2026-01-10 12:00:00", charge="ch_1", payout="po_9"),
        row(
            11, "dispute_reversal", "50.00", "-15.00", "65.00", day="2026-02-10 12:00:00", charge="ch_1", payout="po_9"
        ),
    ]
    stripe.takes_well(write(tmp_path / "dispute.csv", rows))
    assert gifts_of(stripe)[3:] == [
        ("D0001", -50_00, "731100", 2025, None, 1),
        ("D0001", 50_00, "731100", 2025, "2025-03-10", 0),
    ]
    assert stripe.balance("416100") == 97_75
    assert stripe.checks().exit_code == 0, stripe.checks().output


def test_a_refund_of_an_unknown_gift_waits_for_a_person(books: Obole, tmp_path: Path):
    refund = row(10, "refund", "-40.00", "0.00", "-40.00", charge="ch_before_our_books")
    told = books.takes_well(write(tmp_path / "refund.csv", [refund]))
    assert "waits" in told.output
    assert books.balance("499000") == 40_00
    assert books.balance("416100") == -40_00
    assert "platform-stripe-2025-po-1" in books("suspense").output


def test_a_refund_that_came_before_its_gift_leaves_suspense_when_the_gift_comes(books: Obole, tmp_path: Path):
    rows = [
        row(10, "refund", "-20.00", "0.00", "-20.00", day="2025-04-02 12:00:00", charge="ch_1", payout="po_9"),
        row(11, "dispute", "-30.00", "0.00", "-30.00", day="2025-05-02 12:00:00", charge="ch_1", payout="po_9"),
    ]
    books.takes_well(write(tmp_path / "refund.csv", rows))
    assert books.balance("499000") == 50_00
    books.takes_well(write(tmp_path / "stripe.csv", [*GIFTS, PAYOUT]))
    assert books.balance("499000") == 0
    assert books.gifts()[3:] == [("D0001", -50_00), ("D0001", 30_00), ("D0001", -30_00)]
    assert books.balance("731100") == -20_00
    assert books.balance("416100") == 47_75
    assert books.checks().exit_code == 0, books.checks().output
    before = books.state()
    books.takes_well(tmp_path / "refund.csv", tmp_path / "stripe.csv")
    assert books.state() == before


def test_a_refunded_report_can_be_taken_before_the_report_of_its_gift(books: Obole, tmp_path: Path):
    refund = row(10, "refund", "-50.00", "0.00", "-50.00", day="2025-04-02 12:00:00", charge="ch_1", payout="po_9")
    later = write(tmp_path / "a-april.csv", [refund])
    earlier = write(tmp_path / "b-march.csv", [*GIFTS, PAYOUT])
    books.takes_well(later, earlier)
    assert books.gifts()[3:] == [("D0001", -50_00)]


# Currencies, closed sets, donors


def test_another_currency_needs_the_reports_rate_or_a_declared_one(books: Obole, tmp_path: Path):
    report = write(tmp_path / "usd.csv", [row(1, "charge", "50.00", "1.00", "49.00", currency="usd", ogm=ogm(1))])
    assert "amounts in USD" in books.refuses(report)
    settings = books.books / "obole.toml"
    written = settings.read_text(encoding="utf-8")
    settings.write_text(written.replace("[platforms.stripe]", '[platforms.stripe]\nrates = { USD = "0.9" }'), "utf-8")
    books.takes_well(report)
    assert books.gifts() == [("D0001", 45_00)]
    assert books.balance("416100") == 44_10


def test_a_donor_key_that_the_vault_does_not_have_is_refused(books: Obole, tmp_path: Path):
    said = books.refuses(write(tmp_path / "key.csv", [row(1, "charge", "50.00", "1.00", "49.00", donor="D9999")]))
    assert "import the donor register first" in said


def test_a_campaign_with_a_donors_name_stays_out_of_the_books(books: Obole, tmp_path: Path):
    told = books.takes_well(
        write(
            tmp_path / "campaign.csv",
            [
                row(1, "charge", "50.00", "1.00", "49.00", ogm=ogm(1), campaign="Les 20 km de Zoé Dupont"),
                row(2, "charge", "50.00", "1.00", "49.00", ogm=ogm(1), campaign="Printemps"),
            ],
        )
    )
    assert "left out" in told.output
    assert [one.gift.campaign for one in books.posted()] == [None, "Printemps"]


# PayPal: no payout names its rows

PAYPAL = ("Date", "Time", "TimeZone", "Name", "Type", "Status", "Currency", "Gross", "Fee", "Net")
PAYPAL += ("From Email Address", "Transaction ID", "Reference Txn ID")


def paypal(kind: str, money: tuple[str, str, str], own: str, of: str = "", *, currency: str = "EUR") -> list[str]:
    day = "31/03/2025"
    return [day, "12:00:00", "CEST", "L. Inconnu", kind, "Completed", currency, *money, "l@example.org", own, of]


def test_a_year_at_paypal_leaves_its_balance_on_the_clearing_account(books: Obole, tmp_path: Path):
    rows = [
        paypal("Donation Payment", ("100,00", "-3,40", "96,60"), "T1"),
        paypal("Donation Payment", ("50,00", "-1,90", "48,10"), "T2"),
        paypal("Payment Refund", ("-50,00", "1,55", "-48,45"), "T3", "T2"),
        paypal("General Withdrawal", ("-90,00", "0,00", "-90,00"), "T4"),
        # 20.00 USD less 1.00 are 19.00 USD, for which PayPal gives 17.10 EUR (0.90): 18.00 gross, 0.90 fee.
        paypal("Donation Payment", ("20,00", "-1,00", "19,00"), "T5", currency="USD"),
        paypal("General Currency Conversion", ("-19,00", "0,00", "-19,00"), "T6", "T5", currency="USD"),
        paypal("General Currency Conversion", ("17,10", "0,00", "17,10"), "T7", "T5"),
    ]
    books.takes_well(write(tmp_path / "paypal.csv", rows, PAYPAL))
    assert books.gifts() == [(None, 100_00), (None, 50_00), (None, 18_00), (None, -50_00)]
    assert books.balance("616100") == 3_40 + 1_90 - 1_55 + 90
    # 96.60 + 48.10 - 48.45 + 17.10; the withdrawal clears with its bank line
    assert books.balance("416100") == 113_35
    assert books.checks().exit_code == 0, books.checks().output
    before = books.state()
    books.takes_well(write(tmp_path / "later.csv", [rows[3], *rows[:3]], PAYPAL))
    assert books.state() == before


def test_what_a_conversion_costs_is_a_cost_of_the_platform(books: Obole, tmp_path: Path):
    declare(books, '\n[platforms.paypal]\nrates = { USD = "0.9" }\n')
    rows = [
        paypal("Donation Payment", ("100,00", "0,00", "100,00"), "T1", currency="USD"),
        paypal("User Initiated Currency Conversion", ("-100,00", "0,00", "-100,00"), "T2", "T3", currency="USD"),
        paypal("User Initiated Currency Conversion", ("88,00", "0,00", "88,00"), "T3", "T2"),
    ]
    books.takes_well(write(tmp_path / "paypal.csv", rows, PAYPAL))
    assert books.gifts() == [(None, 90_00)]
    assert books.balance("616100") == 2_00
    assert books.balance("416100") == 88_00


# Declared sources

CRM = """
[sources.crm]
already_in = "stripe"
kinds = { Completed = "gift", Pending = "pending", Refunded = "refund" }
columns = { reference = "Contribution ID", payment = "trxn_id", paid = "receive_date", gross = "total_amount", \
kind = "contribution_status", test = "is_test", donor = "external_id" }
"""
CRM_HEADINGS = (
    "Contribution ID",
    "trxn_id",
    "receive_date",
    "total_amount",
    "contribution_status",
    "is_test",
    "external_id",
)
CRM_ROWS = (
    ("1", "ch_3", "2025-03-10", "30.00", "Completed", "0", "D0002"),
    ("2", "ch_8", "2025-03-10", "11.00", "Pending", "0", "D0002"),
    ("3", "ch_9", "2025-03-10", "12.00", "Completed", "1", "D0002"),
)


def declare(obole: Obole, text: str) -> None:
    settings = obole.books / "obole.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.parametrize("crm_first", [True, False], ids=["CRM first", "platform first"])
def test_a_gift_in_the_crm_and_at_the_platform_is_one_gift(books: Obole, tmp_path: Path, crm_first: bool):
    declare(books, CRM)
    files = [
        write(tmp_path / "crm.csv", CRM_ROWS, CRM_HEADINGS),
        write(tmp_path / "stripe.csv", [*GIFTS, PAYOUT]),
    ]
    for path in files if crm_first else reversed(files):
        books.takes_well(path)
    assert books.given_by() == {"D0001": 50_00, "D0002": 30_00, "D0006": 20_00}
    assert books.balance("731100") == -100_00
    assert books.balance("731300") == 0
    assert books.balance("416100") == 97_75
    assert books.checks().exit_code == 0, books.checks().output
    before = books.state()
    books.takes_well(*files)
    assert books.state() == before


def test_a_declared_source_books_by_itself_with_its_own_marks(books: Obole, tmp_path: Path):
    declare(
        books,
        """
[sources.koalect]
unit = "euro"
campaign = "20 km"
[sources.koalect.columns]
reference = "Id"
paid = "Datum"
gross = "Bedrag"
fee = "Kosten"
email = "E-mail"
payout = "Uitbetaling"
""",
    )
    path = tmp_path / "koalect.csv"
    path.write_bytes(
        "Id;Datum;Bedrag;Kosten;E-mail;Uitbetaling;Opmerking\n"
        "K1;14/03/2025;1.250,00;12,50;an.peeters@example.org;U7;été\n".encode("cp1252")
    )
    books.takes_well(path)
    assert gifts_of(books) == [("D0006", 1250_00, "731100", 2025, "2025-03-14", 0)]
    assert books.documents()[1:] == ["platform-koalect-2025-U7"]
    assert books.balance("416100") == 1237_50


def test_a_gift_with_a_certificate_from_elsewhere_keeps_its_donor(books: Obole, tmp_path: Path):
    declare(
        books,
        """
[sources.scheme]
certificate_elsewhere = true
columns = { reference = "Id", paid = "Date", gross = "Amount", donor = "Donor" }
""",
    )
    books.takes_well(
        write(tmp_path / "s.csv", [("1", "2025-03-10", "40.00", "D0001")], ("Id", "Date", "Amount", "Donor"))
    )
    assert gifts_of(books) == [("D0001", 40_00, "731100", 2025, "2025-03-10", 0)]
    assert [one.gift.certificate_elsewhere for one in books.posted()] == [True]


def test_the_settings_know_the_same_fields_and_kinds_as_the_readers():
    assert get_args(SourceField) == FIELDS
    assert set(get_args(SourceKind)) == {str(kind) for kind in PlatformEvent} - {"conversion"}


def test_a_platform_cannot_have_an_account_that_the_register_keeps(tmp_path: Path):
    with pytest.raises(ConfigError, match="give the platform an account of its own"):
        new_books(tmp_path / "books", SETTINGS + '\n[platforms.stripe]\naccount = "731100"\n')


def test_the_sources_to_copy_are_settings_that_obole_understands():
    text = (Path(__file__).parents[2] / "docs" / "platforms.md").read_text(encoding="utf-8")
    block = text.split("## Sources to copy")[1]
    lines = [line[4:] for line in block.splitlines() if line.startswith("    ")]
    sources = tomllib.loads("\n".join(lines))["sources"]
    assert len(sources) == 7
    for source in sources.values():
        SourceSettings.model_validate(source)


def test_inspect_knows_the_sources_that_the_books_declare(books: Obole, tmp_path: Path):
    declare(books, CRM)
    path = write(tmp_path / "crm.csv", CRM_ROWS, CRM_HEADINGS)
    told = books("inspect", path)
    assert told.exit_code == 0
    assert "crm.csv: crm, good" in told.output
    assert "no money: test: 1" in told.output


def test_a_report_that_was_undone_can_be_taken_again(stripe: Obole, tmp_path: Path):
    assert stripe("undo", "platform-stripe-2025-po-1").exit_code == 0
    assert stripe.balance("416100") == 0
    stripe.takes_well(tmp_path / "stripe.csv")
    assert stripe.balance("416100") == 97_75
    assert sum(cents for _, cents in stripe.gifts()) == 100_00
    assert stripe.checks().exit_code == 0, stripe.checks().output


SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "platforms"


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared samples are not here")
def test_a_batch_delivered_twice_adds_nothing(tmp_path: Path):
    settings = '\n[platforms.adyen]\nrates = { USD = "0.5" }\n'
    obole = Obole(new_books(tmp_path / "books", SETTINGS + settings))
    obole.takes_well(SAMPLES / "adyen_wmf_batch_1129.csv")
    # EUR 50.00 and half of USD 37.51, 3.38, 34.47 and 162.00, each rounded half up
    assert sorted(cents for _, cents in obole.gifts()) == [1_69, 17_24, 18_76, 50_00, 81_00]
    before = obole.state()
    told = obole.takes_well(SAMPLES / "adyen_wmf_batch_1129_duplicate.csv")
    assert "already there" in told.output
    assert obole.state() == before
    # The chargebacks and the refund are of gifts from before these books: they wait for a person.
    waiting = sorted(-one.cents for one in obole.waiting())
    assert waiting == [1_68, 1_68, 4_50, 7_50, 10_14, 10_40, 10_55, 12_50]
    assert obole.checks().exit_code == 0, obole.checks().output


def test_an_e_mail_of_two_donors_decides_nothing(books: Obole, tmp_path: Path):
    headings = ("donor", "kind", "last_name", "first_name", "email")
    shared = [
        ("D0003", "natural", "Lambert", "Anne", "l@example.org"),
        ("D0004", "natural", "Lambert", "Luc", "l@example.org"),
    ]
    books.takes_well(write(tmp_path / "two.csv", shared, headings))
    books.takes_well(write(tmp_path / "s.csv", [row(1, "charge", "5.00", "0.10", "4.90", email="L@example.org")]))
    assert books.gifts() == [(None, 5_00)]


def test_a_payment_of_nothing_is_no_gift(books: Obole, tmp_path: Path):
    books.takes_well(write(tmp_path / "s.csv", [row(1, "charge", "0.00", "0.10", "-0.10")]))
    assert books.gifts() == []
    assert books.balance("616100") == 10


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_however_a_year_is_cut_into_exports_each_euro_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    """Gifts and later refunds of some, in overlapping exports taken one by one in any order: the same books."""
    folder = tmp_path_factory.mktemp("year")
    amounts = data.draw(st.lists(st.integers(1_00, 500_00), min_size=3, max_size=12))
    refunded = data.draw(st.sets(st.integers(0, len(amounts) - 1), max_size=4))

    def one(number: int, money: tuple[int, int], day: str, charge: str) -> list[str]:
        gross, fee, net = (f"{value / 100:.2f}" for value in (*money, money[0] - money[1]))
        category = "charge" if money[0] > 0 else "refund"
        return row(number, category, gross, fee, net, day=day, charge=charge, payout="", ogm=ogm(1))

    rows = [
        one(number, (cents, 25), f"2025-{1 + number % 6:02d}-10 12:00:00", f"ch_{number}")
        for number, cents in enumerate(amounts)
    ]
    rows += [
        one(100 + number, (-amounts[number], 0), f"2025-{7 + number % 6:02d}-10 12:00:00", f"ch_{number}")
        for number in sorted(refunded)
    ]
    pieces = data.draw(
        st.lists(
            st.permutations(rows).flatmap(lambda some: st.integers(0, len(some)).map(lambda end: some[:end])),
            max_size=3,
        )
    )
    files = [write(folder / f"{number}.csv", piece) for number, piece in enumerate([*pieces, rows]) if piece]
    obole = Obole(new_books(folder / "books", SETTINGS + PLATFORM))
    for path in data.draw(st.permutations(files)):
        obole.takes_well(path)
    kept = sum(amounts) - sum(amounts[number] for number in refunded)
    assert -obole.balance("731300") == kept
    assert sum(cents for _, cents in obole.gifts()) == kept
    assert obole.balance("499000") == 0
    assert obole.balance("416100") == kept - 25 * len(amounts)
    before = obole.state()
    obole.takes_well(*files)
    assert obole.state() == before


# Gifts of nobody, looked at again


def test_gifts_of_nobody_go_to_donors_that_came_since_when_it_is_asked(stripe: Obole, tmp_path: Path):
    """A donor is entered after the report: found by the e-mail address, as the report would have."""
    headings = ("donor", "kind", "last_name", "first_name", "email")
    path = tmp_path / "more.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=";").writerows(
            [headings, ("D0009", "natural", "Inconnu", "L.", "Inconnu@example.org")]
        )
    stripe.takes_well(path)
    before = stripe.state()
    assert "nothing was changed" in stripe("match", "--again", "--dry-run").output
    assert stripe.state() == before
    told = stripe("match", "--again").output
    assert "1 line that was open is known now, 30.00 EUR" in told
    assert stripe.given_by() == {"D0001": 50_00, "D0006": 20_00, "D0009": 30_00}
    assert (stripe.balance("731100"), stripe.balance("731300")) == (-100_00, 0)
    assert [(one.gift.booked.isoformat(), one.gift.counted) for one in stripe.posted()][-1] == ("2025-03-10", 2025)
    assert stripe.checks().exit_code == 0, stripe.checks().output
    assert "Nothing of what is open is known" in stripe("match", "--again").output
    by = stripe.documents()[-1]
    refused = stripe("undo", "platform-stripe-2025-po-1")
    assert f"was taken back by {by}; undo that first" in refused.output
    assert stripe("undo", by).exit_code == 0
    assert stripe.given_by()[None] == 30_00
    assert "Nothing of what is open is known" in stripe("match", "--again").output  # a person took it back
