"""Gifts that a voucher of the journal pays back: from the till, or by another's account that is settled later.

Sources: [WER] III.83 and III.86 of the code of economic law (each operation at once, a cash book, a voucher for each
entry); [CBN] CBN/CNC 2010/16 (income taken back follows the income); [R] facts of receipts, a gift paid back is on no
receipt of its year; [I] issue 7, kind 8 (a gift paid back by any way can be set against its gift).
"""

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from small_books import DAY, OPENING, STATEMENT, Obole, new_books, write_csv, write_donors

HEADINGS = ("date", "account", "debit", "credit", "text", "document", "donor", "fund", "refund_of")
GIFT = f"{STATEMENT.document}:1"  # 50.00 of D0001
OTHER = f"{STATEMENT.document}:5"  # 35.00 of D0001, known by the account
COLLECTED = f"{STATEMENT.document}:3"  # 60.00 of D0002, by direct debit


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paid-back")
    obole = Obole(new_books(folder / "books"))
    obole.takes_well(write_donors(folder / "donors.csv"), OPENING.write(folder), STATEMENT.write(folder))
    return folder / "books"


@pytest.fixture
def books(given: Path, tmp_path: Path) -> Obole:
    shutil.copytree(given, tmp_path / "books")
    return Obole(tmp_path / "books")


def line(side: str, amount: str, gift: str = "", *, day: str = "2025-04-01", number: str = "CAI-1", **more: str):
    """A line of a voucher: `side` is D or C and the account."""
    debit, credit = (amount, "") if side[0] == "D" else ("", amount)
    return (day, side[1:], debit, credit, "Remboursement", number, more.get("donor", ""), more.get("fund", ""), gift)


def voucher(folder: Path, *lines: Sequence[str], name: str = "caisse.csv") -> Path:
    return write_csv(folder / name, HEADINGS, lines)


def well(obole: Obole) -> None:
    result = obole.checks()
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("lines", "left", "credit"),
    [
        # [WER] from the till, the whole gift.
        ([line("D731100", "50.00", GIFT), line("C570000", "50.00")], 35_00, {"570000": -50_00}),
        # A part of it: the rest is given still.
        ([line("D731100", "20.00", GIFT), line("C570000", "20.00")], 65_00, {"570000": -20_00}),
        # Paid by somebody else, who gets it back from us later: a debt.
        ([line("D731100", "50.00", GIFT), line("C489000", "50.00")], 35_00, {"489000": -50_00}),
        # Two gifts at once, with the charge of sending it.
        (
            [
                *(line("D731100", "50.00", GIFT), line("D731100", "35.00", OTHER), line("D657000", "1.00")),
                line("C570000", "86.00"),
            ],
            0,
            {"570000": -86_00, "657000": 13_50},
        ),
    ],
    ids=["whole", "part", "by another", "two"],
)
def test_a_voucher_pays_gifts_back(
    books: Obole, tmp_path: Path, lines: Sequence[Sequence[str]], left: int, credit: dict[str, int]
):
    path = voucher(tmp_path, *lines)
    books.takes_well(path)
    books.takes_well(
        voucher(tmp_path, *lines, line("D570000", "1.00", number="B"), line("C743000", "1.00", number="B"))
    )
    credit = credit | {"570000": credit.get("570000", 0) + 1_00}  # known by its voucher in another file too
    assert books.given_by().get("D0001", 0) == left
    assert {code: books.balance(code) for code in credit} == credit
    assert books.balance("731100") == -(left + 60_00 + 45_00)
    assert {(one.gift.booked, one.gift.counted) for one in books.returns()} == {(date(2025, 4, 1), 2025)}
    well(books)
    state = books.state()
    assert "1 already there" in books.takes_well(path).output
    assert books.state() == state


def test_what_a_voucher_paid_back_stands_again_once_it_is_undone(books: Obole, tmp_path: Path):
    """[WER] A correction is an entry of its own; the voucher can come again, changed."""
    books.takes_well(voucher(tmp_path, line("D731100", "20.00", GIFT), line("C570000", "20.00")))
    journal = books.documents()[-1]
    told = books.refuses(voucher(tmp_path, line("D731100", "50.00", GIFT), line("C570000", "50.00"), name="b.csv"))
    assert f"obole undo {journal} --voucher CAI-1" in told
    assert books("undo", journal, "--voucher", "CAI-1").exit_code == 0
    assert books.given_by()["D0001"] == 85_00
    well(books)
    books.takes_well(tmp_path / "b.csv")
    assert books.given_by()["D0001"] == 35_00
    well(books)


def test_the_gift_and_its_statement_wait_for_the_voucher(books: Obole, tmp_path: Path):
    """What others were built on is not undone before them; a gift is paid back once."""
    books.takes_well(voucher(tmp_path, line("D731100", "50.00", GIFT), line("C570000", "50.00")))
    refused = books("undo", STATEMENT.document)
    assert refused.exit_code == 1
    assert f"was taken back by {books.documents()[-1]}; undo that first" in refused.output
    again = [line("D731100", "50.00", GIFT, number="CAI-2"), line("C570000", "50.00", number="CAI-2")]
    assert f"{GIFT} was taken back before, in {books.documents()[-1]}" in books.refuses(voucher(tmp_path, *again))


def test_no_receipt_for_what_the_till_paid_back(books: Obole, tmp_path: Path):
    """[R] The receipt of the year has what was given less what was paid back."""
    books.takes_well(voucher(tmp_path, line("D731100", "60.00", COLLECTED), line("C570000", "60.00")))
    assert books("receipts", "issue", "--year", "2025", "--date", "2026-02-13").exit_code == 0
    assert {one.donor: one.cents for one in books.receipts()} == {"D0001": 85_00, "D0006": 45_00}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([line("C731100", "50.00", GIFT), line("D570000", "50.00")], "takes from its account: write that account"),
        ([line("D613100", "50.00", GIFT), line("C570000", "50.00")], "takes from its account: write that account"),
        ([line("D731300", "50.00", GIFT), line("C570000", "50.00")], f"{GIFT} is on account 731100"),
        ([line("D731100", "51.00", GIFT), line("C570000", "51.00")], f"{GIFT} is 50.00 EUR, less than the 51.00 EUR"),
        ([line("D731100", "5.00", f"{STATEMENT.document}:6"), line("C570000", "5.00")], "is no gift that stands"),
        ([line("D731100", "5.00", "nothing"), line("C570000", "5.00")], "column `refund_of` names no gift"),
        (
            [line("D731100", "5.00", GIFT, donor="D0002"), line("C570000", "5.00")],
            f"{GIFT} is of D0001, not of D0002",
        ),
        ([line("D731100", "5.00", GIFT), line("D731100", "6.00", GIFT), line("C570000", "11.00")], "pays"),
        (
            [line("D731100", "5.00", GIFT, day="2025-03-01"), line("C570000", "5.00", day="2025-03-01")],
            f"{GIFT} is booked on {DAY}; what pays it back cannot be dated before",
        ),
        ([line("D731100", "5.00"), line("C570000", "5.00")], "account 731100 is kept by the register of gifts"),
    ],
)
def test_what_pays_no_gift_back_is_refused_with_what_to_write(
    books: Obole, tmp_path: Path, lines: Sequence[Sequence[str]], told: str
):
    assert told in books.refuses(voucher(tmp_path, *lines))
