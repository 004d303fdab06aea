"""What `match` proposes for a line that is no gift: our own other account, an open invoice, a platform's payout."""

import csv
from pathlib import Path

import pytest
from small_books import OTHER_IBAN, SETTINGS, Line, Obole, Statement, iban, new_books, write_csv, write_donors

SUPPLIER = iban(7351234567)
PLATFORM = '\n[platforms.stripe]\naccount = "416100"\n'
PARTIES = (
    ("party", "kind", "name", "street", "postcode", "municipality", "iban"),
    [("P0001", "supplier", "Papeterie Modele", "Rue 1", "1000", "Bruxelles", SUPPLIER)],
)
INVOICES = (
    ("2025-02-03", "613190", "121.00", "", "Papier 2025-118", "ACH-1", ""),
    ("2025-02-03", "440000", "", "121.00", "Papier 2025-118", "ACH-1", "P0001"),
    ("2025-02-04", "612000", "60.50", "", "Timbres", "ACH-12", ""),
    ("2025-02-04", "440000", "", "60.50", "Timbres", "ACH-12", "P0001"),
    ("2025-02-05", "400000", "300.00", "", "Location salle", "VEN-7", ""),
    ("2025-02-05", "743000", "", "300.00", "Location salle", "VEN-7", ""),
)


@pytest.fixture
def books(tmp_path: Path) -> Obole:
    obole = Obole(new_books(tmp_path / "books", SETTINGS + PLATFORM))
    obole.takes_well(write_donors(tmp_path / "donors.csv"), write_csv(tmp_path / "parties.csv", *PARTIES))
    headings = ("date", "account", "debit", "credit", "text", "document", "party")
    obole.takes_well(write_csv(tmp_path / "achats.csv", headings, INVOICES))
    return obole


def proposed(obole: Obole, tmp_path: Path, line: Line) -> dict[str, str]:
    """The row of the only line of a statement in the sheet of `match`."""
    obole.takes_well(Statement(74, 0, (line,)).write(tmp_path))
    obole("match", "-o", tmp_path / "open.csv", "--prefill", "90", "--lang", "en")
    with (tmp_path / "open.csv").open(encoding="utf-8-sig") as file:
        [row] = csv.DictReader(file, delimiter=";")
    return row


# Each line is an event of its own: amount, code, communication, name, account; then what is proposed and whether the
# account is filled in at 90 %.
CASES = {
    # docs of the chart: 58 takes transfers between own accounts until both statements are there (annex 3, class 58)
    "own_account_out": (Line(-500_00, "00101000", "PROVISION", name="X", iban=OTHER_IBAN), "580000", True),
    "own_account_in": (Line(500_00, "00150000", "RETOUR", name="FONDATION", iban=OTHER_IBAN), "580000", True),
    # SEPA rulebooks: the payer may leave the creditor's account out of what the bank shows
    "own_name_only": (Line(20_00, "00150000", "DIVERS", name="Fondation Exemple"), "580000", False),
    # Peppol BIS Billing 3: payment reference BT-83 or the invoice number BT-1 is what the buyer quotes
    "supplier_by_reference": (Line(-121_00, "00101000", "VOTRE REF ACH-1", name="PM"), "440000", True),
    "supplier_by_their_number": (Line(-121_00, "00101000", "FACT. 2025-118", name="PM"), "440000", True),
    "supplier_by_account": (Line(-60_50, "00101000", "", name="PM", iban=SUPPLIER), "440000", True),
    "supplier_by_name": (Line(-60_50, "00101000", "", name="PAPETERIE MODELE"), "440000", False),
    "customer_by_reference": (Line(300_00, "00150000", "VEN 7", name="CLUB"), "400000", True),
    # a number within a longer one is another document
    "part_of_a_number": (Line(-121_00, "00101000", "REF ACH-119", name="PM"), "", False),
    "amount_alone": (Line(-121_00, "00101000", "MERCI", name="PM"), "", False),
    "other_amount": (Line(-122_00, "00101000", "ACH-1", name="PM"), "", False),
    # Stripe docs, payouts: the statement descriptor on the bank line names the platform
    "payout_by_text": (Line(48_50, "00150000", "STRIPE PO-1", name="STRIPE PAYMENTS EUROPE"), "416100", False),
    "payment_to_a_platform": (Line(-48_50, "00101000", "STRIPE", name="STRIPE"), "", False),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_obvious_is_proposed(books: Obole, tmp_path: Path, name: str):
    line, account, filled = CASES[name]
    row = proposed(books, tmp_path, line)
    assert (row["(proposal)"], row["account"]) == (account, account if filled else "")
    assert (account == "") == (row["(why)"] == "")


def test_an_invoice_that_was_paid_is_not_proposed_again(books: Obole, tmp_path: Path):
    paid = Line(-121_00, "00101000", "ACH-1", name="PM")
    row = proposed(books, tmp_path, paid)
    assert (row["account"], row["party"]) == ("440000", "P0001")  # filled in together
    assert "column" not in row["(why)"]
    books("match", "-o", tmp_path / "open.csv", "--lang", "en")
    assert ";;" in (unfilled := (tmp_path / "open.csv").read_text(encoding="utf-8-sig")).splitlines()[1]
    assert "write P0001 in a column `party`" in unfilled
    decided = (row["document"], row["position"], row["account"], row["party"], "2025-03-14")
    books.takes_well(write_csv(tmp_path / "d.csv", ("document", "position", "account", "party", "date"), [decided]))
    assert books.checks().exit_code == 0
    again = Statement(75, -121_00, (paid,)).write(tmp_path)
    books.takes_well(again)
    told = books("match").output
    assert "440000" not in told


def test_an_invoice_that_was_undone_is_not_proposed(books: Obole, tmp_path: Path):
    purchases = next(name for name in books.documents() if name.startswith("journal"))
    books("undo", purchases, "--voucher", "ACH-1")
    assert proposed(books, tmp_path, Line(-121_00, "00101000", "ACH-1", name="PM"))["(proposal)"] == ""


def test_the_list_on_the_terminal_says_why(books: Obole, tmp_path: Path):
    books.takes_well(Statement(74, 0, (Line(-121_00, "00101000", "ACH-1", name="PM"),)).write(tmp_path))
    told = books("match").output
    assert "440000 P0001 95 %" in told
    assert "open invoice ACH-1 of that amount, third party P0001, its reference ACH-1" in told
