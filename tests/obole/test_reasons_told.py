"""Why a known donor gets no receipt for a gift: a certificate from elsewhere, a return that waits on suspense."""

import re
from datetime import date
from pathlib import Path

import pytest
from small_books import SETTINGS, Obole, Statement, collected, collection, new_books, returned, write_csv, write_donors

YEAR = ("--year", "2025", "--lang", "en")
LATER = date(2025, 3, 17)
WAITS, ELSEWHERE, RECEIPT = "reversal awaiting a decision", "certificate issued by another institution", "tax receipt"


def told(obole: Obole) -> dict[str, tuple[int, str]]:
    """What the preview says: gifts and amount by reason."""
    said = obole("receipts", "preview", *YEAR).output
    found = re.findall(r"^  (\S.*?) {2,}(\d+) +(-?[\d ]+\.\d\d)$", said, re.MULTILINE)
    return {words: (int(gifts), amount.strip()) for words, gifts, amount in found}


def sends_back(obole: Obole, folder: Path, *lines: object, opening: int = 1_247_50, number: int = 74) -> str:
    statement = Statement(number, opening, lines, LATER)  # type: ignore[arg-type]
    obole.takes_well(statement.write(folder))
    return statement.document


# A return that waits


def test_a_return_of_another_amount_keeps_its_donor_from_a_receipt_until_it_is_decided(small: Obole, tmp_path: Path):
    assert WAITS not in told(small)
    document = sends_back(small, tmp_path, returned(-61_50, "M-2", "E2E-0001"))
    assert small.outcomes(document) == [(1, -61_50, "suspense")]
    assert told(small)[WAITS] == (1, "60.00")
    assert "D0002" not in [one.donor for one in small.receipts()]
    sheet = write_csv(
        tmp_path / "decided.csv",
        ("document", "position", "date", "donor", "account", "reason"),
        [(document, "1", "2025-03-17", "", "657000", "frais du retour")],
    )
    small.takes_well(sheet)
    assert WAITS not in told(small)


def test_a_return_without_its_reference_is_likely_that_of_a_gift_of_its_mandate(small: Obole, tmp_path: Path):
    document = sends_back(small, tmp_path, returned(-44_00, "M-6", "NOTPROVIDED"))
    assert small.outcomes(document) == [(1, -44_00, "suspense")]
    assert told(small)[WAITS] == (1, "45.00")
    assert small("undo", document).exit_code == 0
    assert WAITS not in told(small)


def test_a_second_return_of_a_gift_taken_back_says_nothing_of_the_others(small: Obole, tmp_path: Path):
    more = collection(collected(50_00, "M-2", "E2E-0003", settled=LATER), reference="COLL-2")
    lines = (more, returned(-60_00, "M-2", "E2E-0001"), returned(-60_00, "M-2", "E2E-0001"))
    document = sends_back(small, tmp_path, *lines)
    assert [outcome for _, _, outcome in small.outcomes(document)] == ["batch", "gift", "return", "suspense"]
    assert WAITS not in told(small)


def test_a_receipt_that_was_issued_is_not_called_changed_while_a_return_waits(issued: Obole, tmp_path: Path):
    sends_back(issued, tmp_path, returned(-61_50, "M-2", "E2E-0001"))
    told = issued("receipts", "preview", *YEAR).output
    assert "1 donor waits (D0002): a payment on suspense may pay a gift back" in told
    assert "issued for 60.00 EUR" not in told


def test_a_payment_of_ours_that_waits_is_nobodys_return(small: Obole, tmp_path: Path):
    before = told(small)
    sends_back(small, tmp_path, returned(-44_00, "OF-THE-BANK", "NOTPROVIDED"))
    assert told(small) == before


# A certificate from elsewhere

SCHEME = """
[sources.scheme]
certificate_elsewhere = true
columns = { reference = "Id", paid = "Date", gross = "Amount", donor = "Donor", kind = "Kind" }
kinds = { Gift = "gift", Refund = "refund" }
refunds = "negative"

[sources.plain]
columns = { reference = "No", payment = "No", paid = "Day", gross = "Sum" }

[sources.says]
already_in = "plain"
certificate_elsewhere = true
columns = { reference = "Key", payment = "Paid as", paid = "When", gross = "How much", donor = "Who" }
"""


@pytest.fixture
def books(tmp_path: Path) -> Obole:
    obole = Obole(new_books(tmp_path / "books", SETTINGS + SCHEME))
    obole.takes_well(write_donors(tmp_path / "donors.csv"))
    return obole


def given(obole: Obole) -> list[tuple[object, ...]]:
    gifts = (one.gift for one in obole.posted())
    return [(one.donor, one.cents, one.account, one.certificate_elsewhere) for one in gifts]


def test_a_gift_with_a_certificate_from_elsewhere_keeps_its_donor_and_gives_no_receipt(books: Obole, tmp_path: Path):
    rows = [("1", "2025-03-10", "40.00", "D0001", "Gift")]
    books.takes_well(write_csv(tmp_path / "s.csv", ("Id", "Date", "Amount", "Donor", "Kind"), rows))
    assert given(books) == [("D0001", 40_00, "731100", 1)]
    assert told(books) == {ELSEWHERE: (1, "40.00")}
    assert books.checks().exit_code == 0, books.checks().output


def test_a_donor_corrected_by_a_person_leaves_the_mark(books: Obole, tmp_path: Path):
    rows = [("1", "2025-03-10", "40.00", "D0001", "Gift")]
    books.takes_well(write_csv(tmp_path / "s.csv", ("Id", "Date", "Amount", "Donor", "Kind"), rows))
    document = books.documents()[-1]
    headings = ("document", "position", "date", "donor", "account", "reason")
    books.takes_well(write_csv(tmp_path / "d.csv", headings, [(document, "1", "2025-03-20", "D0002", "", "c'est lui")]))
    assert given(books)[1:] == [("D0001", -40_00, "731100", 1), ("D0002", 40_00, "731100", 1)]
    assert told(books)[ELSEWHERE] == (3, "40.00")


@pytest.mark.parametrize("export_first", [True, False], ids=["export first", "platform first"])
def test_an_export_that_says_it_of_money_from_elsewhere_is_heard(books: Obole, tmp_path: Path, *, export_first: bool):
    files = [
        write_csv(
            tmp_path / "says.csv",
            ("Key", "Paid as", "When", "How much", "Who"),
            [("1", "P1", "2025-03-10", "40.00", "D0001")],
        ),
        write_csv(tmp_path / "plain.csv", ("No", "Day", "Sum"), [("P1", "2025-03-10", "40.00")]),
    ]
    for path in files if export_first else reversed(files):
        books.takes_well(path)
    assert sum(row[1] for row in given(books)) == 40_00
    assert given(books)[-1] == ("D0001", 40_00, "731100", 1)
    said = told(books)
    assert RECEIPT not in said
    assert said[ELSEWHERE][1] == "40.00"
    assert books.checks().exit_code == 0, books.checks().output
