"""Cash and cheques: each euro once, in the cash book, at the bank and with its donor; what does not fit is told.

Sources: art. 145/33 § 1 CIR 92 (a gift counts for the year in which it is paid) and KB/AR 21.10.2018 annex 3 (accounts
54, 57, 58); law of 18.9.2017 art. 67 § 2 (3 000 EUR in cash, gifts too; economie.fgov.be, "Wettelijke beperkingen op
betalingen met cash geld"); Febelfin, Standard CODA 2.6, annex 2 (09/50 and 04/53 cash paid in, 09/01 drawn, 03/52
cheque under usual reserve, 03/09 unpaid); WER III.83 (a cash book is kept day by day, its proofs numbered through);
frappe/erpnext issues 2080 (cheques not deposited yet) and 8659 (a cheque returned); fondationdefrance.org, "Quand faire
son don" (a cheque counts when it is cashed). Every amount is worked out by hand.
"""

import csv
import json
import re
import shlex
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from small_books import OPENING, SETTINGS, Line, Obole, Statement, iban, new_books, ogm, write_csv, write_donors

CASH = (
    *("date", "book", "number", "nature", "means", "donor", "donor_kind", "amount", "currency", "account", "text"),
    *("fund", "drawer_bank", "presented", "credited", "unpaid", "reason", "charge"),
)
MARCH = date(2025, 3, 10)
PAID_IN, DRAWN, CREDITED, UNPAID = "00950000", "00901000", "00352000", "00309000"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cash")
    settings = SETTINGS + '\n[cash.books]\nSHOP = "571000"\n'
    obole = Obole(new_books(folder / "books", settings))
    obole.takes_well(write_donors(folder / "donors.csv"), OPENING.write(folder))
    return obole.books


@pytest.fixture
def books(made: Path, tmp_path: Path) -> Obole:
    """Books with donors and 1 000.00 EUR at the bank."""
    shutil.copytree(made, tmp_path / "books")
    return Obole(tmp_path / "books")


def row(day: str, number: str = "", nature: str = "gift", amount: str = "", **others: str) -> tuple[str, ...]:
    """One row of March 2025, or of the day that is given whole."""
    told = {"date": day if len(day) > 2 else f"2025-03-{day}", "number": number, "nature": nature, "amount": amount}
    return tuple((told | others).get(name, "") for name in CASH)


def cheque(day: str, number: str, amount: str, **others: str) -> tuple[str, ...]:
    return row(day, number, amount=amount, means="cheque", drawer_bank="KBC", **others)


def taken(obole: Obole, *rows: Sequence[str], dry_run: bool = False) -> tuple[bool, str]:
    """Whether a register of these rows is taken, and what is said of it in English."""
    path = write_csv(obole.books.parent / "cash.csv", CASH, rows)
    result = obole("--lang", "en", "import", path, *(["--dry-run"] if dry_run else []))
    return result.exit_code == 0, " ".join(result.output.split())


def takes(obole: Obole, *rows: Sequence[str]) -> str:
    well, said = taken(obole, *rows)
    assert well, said
    return said


def refuses(obole: Obole, *rows: Sequence[str]) -> str:
    before = obole.state()
    well, said = taken(obole, *rows)
    assert not well, said
    assert obole.state() == before
    return said


def bank(obole: Obole, *lines: Line, day: date = MARCH, sequence: int = 73, opening: int = 1_000_00) -> None:
    obole.takes_well(Statement(sequence, opening, lines, day).write(obole.books.parent))


def balances(obole: Obole, *codes: str) -> list[int]:
    return [obole.balance(code) for code in codes]


def tie(obole: Obole, year: int) -> dict[str, str]:
    told = obole("report", "tie-out", "--year", str(year), "--format", "json", "--lang", "en")
    assert told.exit_code == 0, told.output
    found = {one["code"]: one["amount"] for one in json.loads(told.output) if one["code"] and one["amount"] != "0.00"}
    return {code: amount for code, amount in found.items() if code not in ("accounts", "receipts")}


def assert_sound(obole: Obole) -> None:
    checked = obole.checks()
    assert checked.exit_code == 0, checked.output


# Gifts, boxes and other money of a cash book.


def test_a_gift_in_cash_is_the_donors_on_the_day_it_was_handed_over(books: Obole) -> None:
    """Receipts.md: cash handed over by an identified donor gives a receipt."""
    takes(books, row("03", "1", amount="50.00", donor="D0001", fund="EAU"))
    (gift,) = [one.gift for one in books.posted()]
    assert (gift.donor, gift.cents, gift.booked, gift.counted) == ("D0001", 50_00, date(2025, 3, 3), 2025)
    assert (gift.channel, gift.account, gift.fund) == ("cash", "731100", "EAU")
    assert balances(books, "570000", "731100") == [50_00, -50_00]
    assert tie(books, 2025) == {"due": "50.00"}
    assert_sound(books)


def test_a_collection_box_is_a_gift_of_nobody_and_on_no_receipt(books: Obole) -> None:
    """Art. 323/3 § 3 CIR 92: a receipt needs the donor; the money is income all the same."""
    takes(books, row("03", "1", amount="137.20", text="Tronc de la boulangerie"))
    assert balances(books, "570000", "731300") == [137_20, -137_20]
    assert tie(books, 2025) == {"anonymous": "137.20"}


def test_fees_tickets_and_costs_stand_on_their_accounts(books: Obole) -> None:
    """A fee in cash is of its member and on no receipt (scwitch.be); a sale and a cost are no gifts."""
    takes(
        books,
        row("03", "1", "income", "25.00", account="730000", donor="D0002"),
        row("03", "2", "income", "18.50", account="743000", text="Vente de cartes"),
        row("04", "3", "cost", "12.40", account="612000", text="Timbres"),
    )
    assert balances(books, "570000", "730000", "743000", "612000") == [31_10, -25_00, -18_50, 12_40]
    assert tie(books, 2025) == {"membership": "25.00"}


# What meets the bank.


def test_a_deposit_meets_its_bank_line(books: Obole) -> None:
    """CODA 09/50: the money leaves the cash book by 58, which the line brings back to nil."""
    takes(books, row("03", "1", amount="80.00"), row("07", "2", "deposit", "80.00"))
    assert balances(books, "570000", "580000") == [0, 80_00]
    bank(books, Line(80_00, PAID_IN, "VERSEMENT"))
    assert balances(books, "570000", "580000", "550000") == [0, 0, 1_080_00]
    assert not books.waiting()
    assert_sound(books)


def test_deposits_of_two_days_may_come_as_one_line(books: Obole) -> None:
    """A night safe (CODA 09/52) is counted on Monday: Friday's bag and Saturday's in one amount."""
    takes(books, row("03", "1", amount="200"), row("07", "2", "deposit", "120"), row("08", "3", "deposit", "80"))
    bank(books, Line(200_00, "00952000", "COFFRE DE NUIT"))
    assert balances(books, "580000", "550000") == [0, 1_200_00]


def test_a_line_that_came_before_its_slip_is_decided_by_it(books: Obole) -> None:
    """A statement is taken in every day, the register once a month; the machine is CODA 04/53."""
    bank(books, Line(60_00, "00453000", "DEPOT BILLETS"))
    assert [one.cents for one in books.waiting()] == [60_00]
    takes(books, row("09", "1", amount="60"), row("09", "2", "deposit", "60"))
    assert not books.waiting()
    assert balances(books, "580000", "499000") == [0, 0]


def test_an_amount_that_no_slip_has_waits_and_58_is_proposed(books: Obole) -> None:
    """The bank counted 75.00 where the slip says 80.00: nobody but a person says which is right."""
    takes(books, row("03", "1", amount="80"), row("07", "2", "deposit", "80"))
    bank(books, Line(75_00, PAID_IN, "VERSEMENT"))
    assert [one.cents for one in books.waiting()] == [75_00]
    assert "580000" in books("match").output


def test_a_slip_explains_one_line_only(books: Obole) -> None:
    """Two equal lines and one slip: the second is somebody else's money."""
    takes(books, row("03", "1", amount="80"), row("07", "2", "deposit", "80"))
    bank(books, Line(80_00, PAID_IN, "VERSEMENT"), Line(80_00, PAID_IN, "VERSEMENT"))
    assert [one.cents for one in books.waiting()] == [80_00]
    assert balances(books, "580000") == [0]


def test_a_deposit_that_names_a_volunteers_account_is_not_given_twice(books: Obole) -> None:
    """The volunteer who pays the box in is a donor, and the bank names her account."""
    takes(books, row("03", "1", amount="90"), row("07", "2", "deposit", "90"))
    bank(books, Line(90_00, PAID_IN, "VERSEMENT", name="ZOE DUPONT", iban=iban(7350000001)))
    assert books.given_by() == {None: 90_00}
    assert balances(books, "580000") == [0]


def test_cash_drawn_meets_its_bank_line(books: Obole) -> None:
    """CODA 09/01: petty cash comes from the bank."""
    takes(books, row("10", "1", "withdrawal", "150"), row("11", "2", "cost", "30", account="613100"))
    bank(books, Line(-150_00, DRAWN, "RETRAIT"))
    assert balances(books, "570000", "580000", "550000") == [120_00, 0, 850_00]


def test_money_that_the_bank_line_gave_already_is_told(books: Obole) -> None:
    """A donor pays in at the counter with her communication (09/50): that is her gift, and no slip of ours."""
    bank(books, Line(80_00, PAID_IN, ogm(1), structured="101"))
    said = takes(books, row("03", "1", amount="80"), row("07", "2", "deposit", "80"))
    assert "CASH-2025-2 may be line 1 of coda-current-2025-073, which is a gift already" in said
    assert balances(books, "580000") == [80_00]
    assert "`obole undo coda-current-2025-073 --line 1`" in said
    assert books("undo", "coda-current-2025-073", "--line", "1").exit_code == 0
    (line,) = books.waiting()
    sheet = books.books.parent / "open.csv"
    assert books("match", "-o", sheet, "--prefill", "80", "--lang", "en").exit_code == 0
    (told,) = csv.DictReader(sheet.open(encoding="utf-8-sig", newline=""), delimiter=";")
    assert (told["donor"], told["account"]) == ("", "580000"), "her gift stands on the slip already"
    headings = ("document", "position", "account", "date")
    anew = ((line.document, line.position, "580000", "2025-03-12"),)
    books.takes_well(write_csv(books.books.parent / "anew.csv", headings, anew))
    assert balances(books, "580000", "731100") == [0, 0]


def test_a_slip_whose_year_was_mistyped_is_told_when_it_comes_right(books: Obole) -> None:
    takes(books, row("2026-03-03", "1", amount="25", donor="D0001"))
    said = takes(books, row("2025-03-03", "1", amount="25", donor="D0001"))
    assert "CASH-2025-1 was posted as CASH-2026-1 of 2026-03-03 with the same content" in said


# Cheques.


def test_a_cheque_stands_on_54_until_the_bank_line_brings_it(books: Obole) -> None:
    """CODA 03/52; erpnext 2080: what is not deposited yet has an account of its own."""
    takes(books, cheque("05", "7654321", "150", donor="D0002", presented="2025-03-07", credited="2025-03-10"))
    assert balances(books, "540000", "570000") == [150_00, 0]
    bank(books, Line(150_00, CREDITED, "CHEQUE"))
    assert balances(books, "540000", "550000", "731100") == [0, 1_150_00, -150_00]
    assert [(one.gift.donor, one.gift.channel) for one in books.posted()] == [("D0002", "cheque")]
    assert_sound(books)


def test_cheques_presented_together_may_come_as_one_line(books: Obole) -> None:
    days = {"presented": "2025-03-07", "credited": "2025-03-10"}
    takes(books, cheque("05", "11", "40", donor="D0001", **days), cheque("06", "12", "60", donor="D0002", **days))
    bank(books, Line(100_00, CREDITED, "REMISE DE CHEQUES"))
    assert balances(books, "540000") == [0]


def test_a_cheque_is_a_gift_of_the_year_in_which_it_is_credited(books: Obole) -> None:
    """Art. 145/33 § 1 CIR 92: paid during the year; handed over on 29 December, credited on 5 January."""
    takes(books, cheque("2025-12-29", "77", "120", donor="D0001", credited="2026-01-05"))
    (gift,) = [one.gift for one in books.posted()]
    assert (gift.booked, gift.counted, gift.executed) == (date(2025, 12, 29), 2026, date(2026, 1, 5))
    assert tie(books, 2025) == {"other-year": "120.00"}


def test_a_setting_says_that_a_cheque_counts_when_it_is_received(books: Obole) -> None:
    """Receipts.md: which date decides is UNSURE, so that a foundation may choose."""
    text = (books.books / "obole.toml").read_text(encoding="utf-8")
    changed = text.replace("[cash.books]", '[cash]\ncheque_date = "received"\n\n[cash.books]')
    (books.books / "obole.toml").write_text(changed, encoding="utf-8")
    said = takes(books, cheque("2025-12-29", "77", "120", donor="D0001"))
    assert "not credited" not in said
    (gift,) = [one.gift for one in books.posted()]
    assert (gift.booked, gift.counted) == (date(2025, 12, 29), 2025)


def test_a_cheque_is_no_gift_before_it_is_credited(books: Obole) -> None:
    """A longer file of the same register says it later, and brings the gift then."""
    waiting = cheque("05", "7654321", "150", donor="D0002")
    assert "1 cheque of 150.00 EUR (row 2) is not credited yet" in takes(books, waiting)
    assert not books.posted()
    takes(books, cheque("05", "7654321", "150", donor="D0002", credited="2025-03-10"))
    assert books.given_by() == {"D0002": 150_00}
    assert "was posted before with another content" in refuses(books, waiting)


def test_an_unpaid_cheque_takes_its_gift_back_and_the_charge_stands_apart(books: Obole) -> None:
    """erpnext 8659; CODA 03/09: the bank takes cheque and charge in one line."""
    slip = {"donor": "D0002", "credited": "2025-03-10"}
    takes(books, cheque("05", "7654321", "150", **slip))
    bank(books, Line(150_00, CREDITED, "CHEQUE"))
    takes(books, cheque("05", "7654321", "150", **slip, unpaid="2025-03-17", reason="Sans provision", charge="5.50"))
    bank(books, Line(-155_50, UNPAID, "CHEQUE IMPAYE"), day=date(2025, 3, 18), sequence=74, opening=1_150_00)
    assert balances(books, "540000", "550000", "731100", "657000") == [0, 994_50, 0, 5_50]
    (back,) = [one.gift for one in books.returns()]
    assert (back.donor, back.cents, back.booked, back.counted) == ("D0002", -150_00, date(2025, 3, 17), 2025)
    assert_sound(books)


def test_a_cheque_unpaid_in_the_file_that_brings_it_comes_and_goes(books: Obole) -> None:
    """Credited in December, unpaid in January: each year has its own, the gift counts for nothing."""
    bounced = {"credited": "2025-12-30", "unpaid": "2026-01-08"}
    takes(books, cheque("2025-12-29", "78", "90", donor="D0001", **bounced))
    assert books.gifts() == [("D0001", 90_00), ("D0001", -90_00)]
    assert {one.gift.counted for one in books.posted()} == {2025}
    assert balances(books, "540000", "731100") == [0, 0]
    assert_sound(books)


def test_a_cheque_refused_before_it_was_credited_was_never_a_gift(books: Obole) -> None:
    """Credit after collection (CODA 03/58) never came: only what the bank took stays."""
    takes(books, cheque("05", "9", "75", donor="D0001", unpaid="2025-03-12", charge="4"))
    assert not books.posted()
    bank(books, Line(-4_00, UNPAID, "FRAIS CHEQUE IMPAYE"), day=date(2025, 3, 12))
    assert balances(books, "540000", "657000") == [0, 4_00]


def test_an_unpaid_cheque_of_other_income_takes_that_back(books: Obole) -> None:
    """The buyer of cards paid by cheque; no gift comes or goes."""
    takes(books, cheque("05", "9", "75", nature="income", account="743000", credited="2025-03-06", unpaid="2025-03-12"))
    assert balances(books, "540000", "743000") == [0, 0]
    assert not books.posted()


# What proves a cash book.


def test_a_count_that_is_right_says_nothing(books: Obole) -> None:
    said = takes(books, row("03", "1", amount="45.20"), row("31", nature="count", amount="45.20"))
    assert "counted" not in said


@pytest.mark.parametrize(("counted", "told"), [("40.20", "5.00 EUR are missing"), ("47.20", "2.00 EUR are too much")])
def test_a_count_that_is_wrong_refuses_and_names_the_difference(books: Obole, counted: str, told: str) -> None:
    said = refuses(books, row("03", "1", amount="45.20"), row("31", nature="count", amount=counted))
    assert "line 3" in said
    assert told in said


def test_a_difference_is_entered_on_purpose(books: Obole) -> None:
    """What is missing is a cost, what is too much income; the accounts are settings."""
    takes(
        books,
        row("03", "1", amount="45.20"),
        row("10", "2", "shortage", "5.00"),
        row("10", nature="count", amount="40.20"),
        row("31", "3", "surplus", "2.00"),
        row("31", nature="count", amount="42.20"),
    )
    assert balances(books, "570000", "657000", "743000") == [42_20, 5_00, -2_00]
    assert_sound(books)


def test_a_count_proves_what_was_posted_before_too(books: Obole) -> None:
    """An entry of the general journal on 57, and slips of a file before."""
    takes(books, row("03", "1", amount="45.20"))
    headings = ("date", "account", "debit", "credit", "text", "document")
    lines = (("2025-03-04", "570000", "10", "", "Fonds", "J-1"), ("2025-03-04", "743000", "", "10", "Fonds", "J-1"))
    books.takes_well(write_csv(books.books.parent / "journal.csv", headings, lines))
    takes(books, row("31", nature="count", amount="55.20"))


def test_a_cash_book_never_ends_a_day_below_zero(books: Obole) -> None:
    """The gift came on the 6th, so that the stamps of the 4th cannot have been paid of it."""
    said = refuses(books, row("06", "1", amount="20"), row("04", "2", "cost", "7.20", account="612000"))
    assert "line 3" in said
    assert "7.20 EUR below zero at the end of 2025-03-04" in said


def test_each_book_has_its_account_its_numbers_and_its_counts(books: Obole) -> None:
    takes(
        books,
        row("03", "1", amount="10"),
        row("03", "1", amount="30", book="SHOP"),
        row("04", nature="count", amount="30", book="shop"),
    )
    assert balances(books, "570000", "571000") == [10_00, 30_00]


# Numbers.


def test_a_missing_number_is_told(books: Obole) -> None:
    said = takes(books, row("03", "2", amount="10"), row("04", "5", amount="10"))
    assert "2025: no slip has the number 1, 3-4" in said


def test_numbers_go_on_where_an_earlier_file_ended_and_a_spoilt_slip_counts(books: Obole) -> None:
    takes(books, row("03", "1", amount="10"))
    said = takes(books, row("04", "2", "void"), row("05", "003", amount="10"), row("2026-01-02", "1", amount="5"))
    assert "no slip has the number" not in said


def test_a_number_twice_is_refused_however_it_is_written(books: Obole) -> None:
    said = refuses(books, row("03", "12", amount="10"), row("04", "0012", amount="20"))
    assert "line 3" in said
    assert "that of row 2 again" in said


# The same register again.


def test_the_same_file_brings_nothing_and_a_longer_one_what_is_new(books: Obole) -> None:
    first = row("03", "1", amount="10", donor="D0001")
    takes(books, first)
    before = books.state()
    takes(books, first)
    assert books.state() == before
    said = takes(books, first, row("04", "2", amount="15", donor="D0002"))
    assert "known 1" in said
    assert books.given_by() == {"D0001": 10_00, "D0002": 15_00}


@pytest.mark.parametrize(
    "changed", [row("03", "1", amount="12", donor="D0001"), row("05", "1", amount="10", donor="D0001")]
)
def test_a_changed_row_names_the_command_that_mends_it(books: Obole, changed: tuple[str, ...]) -> None:
    other = row("04", "2", amount="15", donor="D0002")
    takes(books, row("03", "1", amount="10", donor="D0001"), other)
    said = refuses(books, changed, other)
    command = re.search(r"`obole (undo \S+ --voucher \S+)`", said)
    assert command is not None, said
    assert books(*command[1].split()).exit_code == 0
    takes(books, changed, other)
    assert books.given_by() == {"D0001": int(changed[CASH.index("amount")]) * 100, "D0002": 15_00}
    assert_sound(books)


@pytest.mark.parametrize("asked", [("--voucher", "CASH-2025-2"), ("--line", "3")])
def test_one_row_is_undone_alone(books: Obole, asked: tuple[str, str]) -> None:
    takes(books, row("03", "1", amount="10", donor="D0001"), row("04", "2", "cost", "4", account="612000"))
    (name,) = {one.document for one in books.posted()}
    assert books("undo", name, *asked).exit_code == 0
    assert balances(books, "570000", "612000") == [10_00, 0]
    assert books.given_by() == {"D0001": 10_00}
    assert_sound(books)


def test_a_deposit_undone_is_awaited_no_more(books: Obole) -> None:
    takes(books, row("03", "1", amount="80", donor="D0001"), row("07", "2", "deposit", "80"))
    (name,) = {one.document for one in books.posted()}
    assert books("undo", name, "--voucher", "CASH-2025-2").exit_code == 0
    bank(books, Line(80_00, PAID_IN, "VERSEMENT"))
    assert [one.cents for one in books.waiting()] == [80_00]


def test_an_unpaid_cheque_that_was_paid_after_all_is_undone_alone(books: Obole) -> None:
    """The bank's notice was of another cheque: the gift is there again."""
    bounced = cheque("05", "9", "75", donor="D0001", credited="2025-03-06", unpaid="2025-03-12", charge="4")
    takes(books, bounced)
    (back,) = books.returns()
    assert books("undo", back.document, "--voucher", "CHQ-9").exit_code == 0
    assert books.given_by() == {"D0001": 75_00}
    assert balances(books, "540000", "657000") == [75_00, 0]
    assert_sound(books)
    takes(books, bounced)
    assert books.given_by() == {}


def test_a_trial_says_what_the_import_does_and_changes_nothing(books: Obole) -> None:
    before = books.state()
    rows = (
        row("03", "1", amount="10"),
        cheque("05", "9", "75", donor="D0001", credited="2025-03-06", unpaid="2025-03-12"),
    )
    well, said = taken(books, *rows, dry_run=True)
    assert well, said
    assert books.state() == before


# The law's limit on cash, and what is refused.


def test_cash_above_the_limit_is_told_and_posted_as_it_happened(books: Obole) -> None:
    """Law of 18.9.2017 art. 67 § 2: no gift above 3 000 EUR in cash, not in parts that seem linked either."""
    said = takes(books, row("03", "1", amount="3000.00", donor="D0001"))
    assert "art. 67" not in said
    said = takes(books, row("04", "2", amount="3000.01", donor="D0002"))
    assert "3000.01 EUR in cash are above the 3000 EUR" in said
    said = takes(books, row("05", "3", amount="2000", donor="D0006"), row("25", "4", amount="1500", donor="D0006"))
    assert "donor D0006 gave 3500.00 EUR in cash from 2025-03-05 to 2025-03-25" in said
    said = takes(books, row("26", "5", amount="4100"))
    assert "art. 67" not in said  # a box holds the gifts of many


BY_ITSELF = (
    (row("03", "1", amount="10", currency="USD"), "a cash book is in euro"),
    (row("03", "2", amount="10", donor_kind="natural"), "write the key of the donor"),
    (row("03", "3", "cost", "10"), "`account` is empty"),
    (row("03", "", amount="10"), "write the number of the slip or cheque"),
    (row("03", "5"), "`amount` is empty"),
    (row("03", "6", amount="-10"), "above zero"),
    (row("03", "7", "donation", "10"), "gift, income, cost"),
    (row("03", "8", amount="10", credited="2025-03-04"), "is for cheques"),
    (cheque("03", "9", "10", nature="cost", account="612000"), "does not suit a cheque"),
    (cheque("03", "10", "10", credited="2025-03-01"), "lies before `date`"),
    (cheque("03", "11", "10", charge="4"), "a reason or charge is given"),
    (row("03", "12", amount="10", account="743000"), "the settings say where this row belongs"),
    (row("03", "13", "deposit", amount="10", donor="D0001"), "the row is no gift"),
    (row("03", nature="count", amount="-1"), "write what was counted"),
    (row("03", "fifteen", amount="1"), "is no number of a slip or cheque"),
    (row("03", "16", amount="1", book="CHQ"), "by which cheques are known"),
)
BY_THE_BOOKS = (
    (row("03", "1", amount="10", donor="D0999"), "D0999 is not in the vault"),
    (row("03", "2", amount="10", donor="D0005", donor_kind="natural"), "D0005 is of another kind"),
    (row("03", "3", amount="10", book="BAR"), "[cash.books]"),
    (row("03", "4", "income", "10", account="550000"), "is money itself"),
    (row("03", "5", "income", "10", account="731100"), "write `gift` as the nature"),
    (row("03", "6", "cost", "10", account="743200"), "a cost or a difference cannot stand there"),
    (row("03", "7", "income", "10", account="743000", donor="D0001"), "takes no gift"),
    (row("03", "8", "cost", "10", account="499000"), "kept by the list of open lines"),
    (row("03", "9", "cost", "10", account="999999"), "account 999999 is not in the chart"),
    (row("03", "10", amount="10", text="Don de Zoé Dupont"), "the name of a donor stands here"),
    (row("2024-12-31", "11", amount="10"), "before the first day of these books"),
)


@pytest.mark.parametrize("wrong", [BY_ITSELF[:8], BY_ITSELF[8:], BY_THE_BOOKS], ids=["slips", "cheques", "books"])
def test_what_cannot_be_is_refused_all_at_once_each_with_its_row(
    books: Obole, wrong: Sequence[tuple[tuple[str, ...], str]]
) -> None:
    said = refuses(books, *(one for one, _told in wrong))
    told = re.split(r"refused: line (\d+):", said)[1:]
    lines = dict(zip(map(int, told[::2]), told[1::2], strict=True))
    assert sorted(lines) == list(range(2, len(wrong) + 2))
    for line, (_one, expected) in enumerate(wrong, start=2):
        assert expected in lines[line]


def test_books_without_the_account_of_cheques_are_told_how_to_open_it(books: Obole) -> None:
    """Books made before the house chart had 540000."""
    chart = books.books / "chart.beancount"
    text = re.sub(r"\n\d{4}-\d\d-\d\d open \S*540000\S* +EUR\n(?:  .*\n)*", "\n", chart.read_text(encoding="utf-8"))
    assert "540000" not in text
    chart.write_text(text, encoding="utf-8")
    takes(books, row("03", "1", amount="10"))
    said = refuses(books, cheque("05", "9", "75", donor="D0001", credited="2025-03-06"))
    assert "account 540000 is not in the chart of these books: open it in chart.beancount below 54" in said


# What the file is.

HEADINGS = {
    "fr": ("date", "caisse", "numéro", "nature", "moyen", "donateur", "montant", "compte", "libellé"),
    "nl": ("datum", "kasboek", "nummer", "aard", "betaalwijze", "schenker", "bedrag", "rekening", "omschrijving"),
    "de": ("Datum", "Kassenbuch", "Nummer", "Vorgang", "Zahlungsmittel", "Spender", "Betrag", "Konto", "Buchungstext"),
}
WORDS = {"fr": ("don", "espèces"), "nl": ("gift", "contant"), "de": ("Spende", "bar")}


@pytest.mark.parametrize("language", HEADINGS)
def test_headings_and_words_of_each_language_are_known(books: Obole, tmp_path: Path, language: str) -> None:
    nature, means = WORDS[language]
    slip = ("03/03/2025", "", "1", nature, means, "D0001", "10,00", "", "")
    path = write_csv(tmp_path / "register.csv", HEADINGS[language], [slip])
    told = books("inspect", path, "--format", "json")
    assert json.loads(told.output)["kind"] == "cash", told.output
    books.takes_well(path)
    assert books.given_by() == {"D0001": 10_00}


def test_wrong_headings_are_told_the_nearest_kind(books: Obole, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "register.csv", ("date", "number", "nature", "sum", "drawer_bank"), [("",) * 5])
    said = " ".join(books("--lang", "en", "import", path).output.split())
    assert "nearest to cash: row 1 has its columns `date`, `number`, `nature`, `drawer_bank`" in said
    assert "missing: `amount`" in said


# What a refusal says is done as it says it: each command in its order, then the file again.

BOUNCED = {"donor": "D0001", "credited": "2025-03-06", "unpaid": "2025-03-12", "charge": "4"}
CHANGED_CHEQUES = {
    "an_unpaid_cheque_of_one_file": ([BOUNCED], {**BOUNCED, "donor": "D0002"}, "75"),
    "an_unpaid_cheque_of_two_files": ([{**BOUNCED, "unpaid": "", "charge": ""}, BOUNCED], BOUNCED, "80"),
    "a_cheque_unpaid_in_another_year": (
        [{**BOUNCED, "credited": "2025-12-30", "unpaid": "", "charge": ""},
         {**BOUNCED, "credited": "2025-12-30", "unpaid": "2026-01-08"}],
        {**BOUNCED, "credited": "2025-12-29", "unpaid": "2026-01-09"}, "75",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGED_CHEQUES)
def test_the_commands_of_a_refusal_are_followed_in_their_order(books: Obole, case: str) -> None:
    before, after, amount = CHANGED_CHEQUES[case]
    for one in before:
        takes(books, cheque("05", "9", "75", **one))
    changed = cheque("05", "9", amount, **after)
    said = refuses(books, changed)
    commands = list(dict.fromkeys(re.findall(r"`obole ([^`]+)`", said)))
    assert commands
    for command in commands:
        told = books(*shlex.split(command))
        assert told.exit_code == 0, f"{command}: {told.output}"
    takes(books, changed)
    assert sum(one.gift.cents for one in books.posted()) == 0  # given and taken back
    assert balances(books, "540000", "731100") == [-4_00, 0]
    assert_sound(books)


@pytest.mark.parametrize("used", ["", "572000"])
def test_the_account_proposed_for_another_cash_book_is_free(books: Obole, used: str) -> None:
    """571000 is the shop's, 572000 perhaps a bank's: what is proposed is done, and the slip is taken."""
    settings, chart = books.books / "obole.toml", books.books / "chart.beancount"
    text = settings.read_text(encoding="utf-8")
    if used:
        append(chart, f"2025-01-01 open Assets:57-Caisses:{used}-Coffre EUR")
        text += f'\n[[bank]]\nalias = "safe"\niban = "BE71096123456769"\naccount = "{used}"\n'
    slip = row("03", "1", book="FAIR", amount="50.00", donor="D0001")
    settings.write_text(text, encoding="utf-8")
    [(line, code, opening)] = re.findall(
        r'(FAIR = "(\d+)"), and open that in chart.beancount: (.+ EUR)', refuses(books, slip)
    )
    assert code == ("573000" if used else "572000")
    settings.write_text(text.replace("[cash.books]\n", f"[cash.books]\n{line}\n"), encoding="utf-8")
    append(chart, opening)
    takes(books, slip)
    assert balances(books, code) == [50_00]
    assert_sound(books)


def append(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
