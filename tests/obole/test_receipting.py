"""The receipts of a year: preview, issue, print, report to Belcotax; numbers 1..N in register, PDFs and XML."""

import hashlib
import json
import re
from datetime import date
from pathlib import Path

import pytest
from lxml import etree
from pypdf import PdfReader
from small_books import DONORS, STATEMENT, Obole, Statement, given, returned, write_csv, write_donors

from obole.demo.run import files_of

FIRST = STATEMENT.document
SCHEMA = Path(__file__).parents[2].parent / "shared" / "facts" / "belcotax" / "Belcotax-2024.xsd"
YEAR = ("--year", "2025")
ISSUE = ("receipts", "issue", *YEAR, "--date", "2026-02-13")
LATER = Statement(74, 1_247_50, [given(120_00, 5)], date(2025, 6, 2))  # D0005 gives, and is due a receipt
BACK = Statement(74, 1_247_50, [returned(-60_00, "M-2", "E2E-0001")], date(2025, 6, 2))


def receipts(obole: Obole) -> list[tuple[int, str, int]]:
    return [(one.number, one.donor, one.cents) for one in obole.receipts()]


def pdfs(obole: Obole) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((obole.books / "receipts" / "2025").glob("*"))
    }


# Preview


def test_the_preview_says_who_is_due_and_writes_nothing(small: Obole):
    before = small.state()
    said = small("receipts", "preview", *YEAR).output
    assert said.startswith("3 receipts of 2025 are due, 190.00 EUR: numbers 1 to 3.")
    assert small.state() == before


def test_the_preview_of_a_year_without_recognition_says_why(small: Obole):
    settings = small.books / "obole.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("from_year = 2025", "from_year = 2026"))
    said = small("receipts", "preview", *YEAR).output
    assert said.startswith("0 receipts of 2025 are due, 0.00 EUR")
    assert "190.00" in said


# Issue


def test_every_receipt_due_gets_its_number_in_the_order_of_the_donors(small: Obole):
    told = small(*ISSUE)
    assert told.exit_code == 0
    assert "3 receipts of 2025 issued: numbers 1 to 3, 190.00 EUR." in told.output
    assert receipts(small) == [(1, "D0001", 85_00), (2, "D0002", 60_00), (3, "D0006", 45_00)]
    assert {one.issued_on for one in small.receipts()} == {date(2026, 2, 13)}


def test_a_second_issue_says_that_nothing_is_due(issued: Obole):
    before = issued.state()
    told = issued(*ISSUE)
    assert told.exit_code == 1
    assert "no receipt of 2025 is due that was not issued before" in told.stderr
    assert issued.state() == before


def test_a_gift_below_the_threshold_gives_no_receipt(empty: Obole, tmp_path: Path):
    empty.takes_well(Statement(1, 0, [given(39_99, 1), given(40_00, 2)]).write(tmp_path))
    empty(*ISSUE)
    assert receipts(empty) == [(1, "D0002", 40_00)]


def test_a_year_without_recognition_has_no_receipts(small: Obole):
    settings = small.books / "obole.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("from_year = 2025", "from_year = 2026"))
    told = small(*ISSUE)
    assert told.exit_code == 1
    assert "2025: obole.toml has no [[recognition]]" in told.stderr
    assert receipts(small) == []


def test_receipts_are_not_dated_before_their_year(small: Obole):
    told = small("receipts", "issue", *YEAR, "--date", "2024-12-31")
    assert told.exit_code == 1
    assert "lies before 2025" in told.stderr


def test_a_donor_who_is_due_later_gets_the_next_number(issued: Obole, tmp_path: Path):
    issued.takes_well(LATER.write(tmp_path))
    told = issued(*ISSUE)
    assert "1 receipt of 2025 issued: number 4, 120.00 EUR." in told.output
    assert receipts(issued)[3:] == [(4, "D0005", 120_00)]
    assert issued("receipts", "render", *YEAR).output.startswith("1 PDF made")
    assert issued.checks().exit_code == 0


def test_a_gift_that_comes_after_the_receipt_waits_for_a_person(issued: Obole, tmp_path: Path):
    issued.takes_well(Statement(74, 1_247_50, [given(15_00, 1)], date(2025, 6, 2)).write(tmp_path))
    said = issued("receipts", "preview", *YEAR).output
    assert "receipt 2025/000001 of D0001: issued for 85.00 EUR, its gifts are now 100.00 EUR" in said
    assert receipts(issued)[0] == (1, "D0001", 85_00)


def test_without_the_key_of_the_vault_nothing_is_issued(small: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OBOLE_KEYS", str(tmp_path))
    told = small(*ISSUE)
    assert told.exit_code == 1
    assert "is not in the key folder" in told.stderr
    assert receipts(small) == []


# A reversal after issue


def test_a_reversal_after_issue_shows_in_status_preview_and_check(issued: Obole, tmp_path: Path):
    issued.takes_well(BACK.write(tmp_path))
    expected = "receipt 2025/000002 of D0002: issued for 60.00 EUR, its gifts are now 0.00 EUR"
    assert expected in issued("receipts", "preview", *YEAR).output
    status = issued("receipts", "status", *YEAR)
    assert expected in status.output
    changed = json.loads(issued("receipts", "status", *YEAR, "--format", "json").stdout)["changed"]
    assert changed == [{"number": 2, "donor": "D0002", "issued": "60.00", "now": "0.00"}]
    check = issued.checks()
    assert check.exit_code == 0
    assert "receipt 2025/000002 of D0002: issued for 60.00 EUR, its gifts are now 0.00 EUR" in check.output


def test_a_reversal_after_issue_still_ties_out(issued: Obole, tmp_path: Path):
    issued.takes_well(BACK.write(tmp_path))
    status = json.loads(issued("receipts", "status", *YEAR, "--format", "json").stdout)
    assert status["difference"] == "0.00"
    assert status["gift_accounts"] == "130.00"
    assert status["reasons"]["receipted"] == {"count": 3, "amount": "130.00"}
    assert status["reasons"]["review"] == {"count": 1, "amount": "60.00"}
    assert status["reasons"]["fully-reversed"] == {"count": 1, "amount": "-60.00"}


# Status


def test_the_status_gives_counts_and_sums_by_state_and_reason(issued: Obole):
    assert json.loads(issued("receipts", "status", *YEAR, "--format", "json").stdout) == {
        "year": 2025,
        "states": {"issued": {"count": 3, "amount": "190.00"}},
        "rendered": 3,
        "due": {"count": 0, "amount": "0.00"},
        "changed": [],
        "without_number": 0,
        "reasons": {"receipted": {"count": 4, "amount": "190.00"}},
        "booked_in_another_year": {},
        "gift_accounts": "190.00",
        "difference": "0.00",
    }


def test_the_status_before_the_issue_says_what_is_due(small: Obole):
    status = json.loads(small("receipts", "status", *YEAR, "--format", "json").stdout)
    assert status["due"] == {"count": 3, "amount": "190.00"}
    assert status["states"] == {}
    assert status["reasons"] == {"due": {"count": 4, "amount": "190.00"}}


def test_the_status_ends_on_a_difference_of_nothing(issued: Obole):
    last = issued("receipts", "status", *YEAR, "--lang", "fr").output.strip().splitlines()[-1]
    assert re.fullmatch(r" *difference +0\.00", last)


# Printing


def test_each_receipt_is_printed_once(issued: Obole):
    before = pdfs(issued)
    assert list(before) == ["000001.pdf", "000002.pdf", "000003.pdf"]
    assert issued("receipts", "render", *YEAR).output.startswith("0 PDFs made (0.0 MB), 3 were there")
    assert pdfs(issued) == before


def test_hashes_are_written_down_while_the_next_sheets_are_read(small: Obole, monkeypatch: pytest.MonkeyPatch):
    """Each batch steps the register while the vault is read: what that leaves to settle waits."""
    monkeypatch.setattr("receipts.paper.render._BATCH", 1)
    monkeypatch.setattr("os.sync", lambda: None)  # of the whole machine
    small(*ISSUE)
    told = small("receipts", "render", *YEAR)
    assert told.exit_code == 0, told.output
    assert len(pdfs(small)) == 3
    assert [one.pdf_digest for one in small.receipts()] == list(pdfs(small).values())
    assert small.checks().exit_code == 0


def test_a_pdf_that_was_deleted_is_made_again_to_the_byte(issued: Obole):
    before = pdfs(issued)
    (issued.books / "receipts" / "2025" / "000002.pdf").unlink()
    assert issued("receipts", "render", *YEAR).output.startswith("1 PDF made")
    assert pdfs(issued) == before


def test_a_changed_donor_register_changes_no_receipt(issued: Obole, tmp_path: Path):
    before = pdfs(issued)
    moved = list(DONORS[0])
    moved[4] = "Avenue Neuve 9"
    issued.takes_well(write_donors(tmp_path / "moved.csv", [moved]))
    for name in before:
        (issued.books / "receipts" / "2025" / name).unlink()
    assert issued("receipts", "render", *YEAR).exit_code == 0
    assert pdfs(issued) == before


def test_a_pdf_that_would_come_out_otherwise_is_not_made_and_stops_no_other(issued: Obole):
    issued.change("UPDATE receipt_version SET pdf_digest = 'other' WHERE number = 2")
    for number in (1, 2):
        (issued.books / "receipts" / "2025" / f"{number:06d}.pdf").unlink()
    told = issued("receipts", "render", *YEAR)
    assert told.exit_code == 1
    assert "receipt 2025/000002: made again it is not the document issued" in told.output
    assert sorted(pdfs(issued)) == ["000001.pdf", "000003.pdf"]


def test_each_pdf_bears_its_number_its_donor_and_its_amount(issued: Obole):
    amounts = {
        "000001": ("2025/000001", "85,00"),
        "000002": ("2025/000002", "60,00"),
        "000003": ("2025/000003", "45,00"),
    }
    for name, (number, amount) in amounts.items():
        path = issued.books / "receipts" / "2025" / f"{name}.pdf"
        text = " ".join(page.extract_text() for page in PdfReader(path).pages)
        assert number in text
        assert f"***{amount}***" in text.replace(" ", "")


def test_what_was_never_issued_is_not_printed(small: Obole):
    told = small("receipts", "render", *YEAR)
    assert told.exit_code == 1
    assert "run `obole receipts issue --year 2025` first" in told.stderr


def test_file_names_tell_nobody_who_gave(issued: Obole):
    names = " ".join(path.relative_to(issued.books).as_posix() for path in issued.files()).casefold()
    assert not [
        word for row in DONORS for word in (row[2], row[3], row[8]) if len(word) > 2 and word.casefold() in names
    ]


# Belcotax


def slips(path: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The slips and the totals of a Belcotax file, read without Obole."""
    tree = etree.parse(path)
    found = [{child.tag: child.text or "" for child in slip} for slip in tree.iter("Fiche28171")]
    totals = {one.tag: one.text for one in tree.iter() if re.match(r"r[89]\d{3}_", str(one.tag))}
    return found, totals


def value(record: dict[str, str], prefix: str) -> str:
    return next(text for tag, text in record.items() if tag.startswith(prefix))


def assert_totals(path: Path, expected: list[tuple[int, str, int]]) -> None:
    """The slips are the receipts of the register, and the totals are their own (form 281.71, r8002 to r9014)."""
    found, totals = slips(path)
    numbers = [int(value(slip, "f2009")) for slip in found]
    cents = [int(value(slip, "f71_2060")) for slip in found]
    assert numbers == list(range(1, len(expected) + 1))
    assert cents == [one[2] for one in expected]
    assert [int(value(slip, "f71_2059")) for slip in found] == cents
    told = {tag[:5]: int(text) for tag, text in totals.items() if text}
    assert (told["r8010"], told["r8011"], told["r8012"]) == (len(expected) + 2, sum(numbers), sum(cents))
    assert (told["r9011"], told["r9012"], told["r9013"]) == (len(expected) + 4, sum(numbers), sum(cents))


def test_the_belcotax_file_has_the_receipts_of_the_register(issued: Obole):
    told = issued("receipts", "belcotax", *YEAR, "--date", "2026-02-20")
    assert told.exit_code == 0
    assert "3 slips, sum of numbers 6, 190.00 EUR, 0 without a national or enterprise number." in told.output
    assert_totals(issued.books.parent / "belcotax-28171-0123456749-2025-1.xml", receipts(issued))


def test_the_belcotax_file_is_written_where_it_is_asked(issued: Obole, tmp_path: Path):
    issued("receipts", "belcotax", *YEAR, "--date", "2026-02-20", "-o", tmp_path / "mine.xml")
    assert_totals(tmp_path / "mine.xml", receipts(issued))


def test_without_receipts_there_is_no_belcotax_file(small: Obole):
    told = small("receipts", "belcotax", *YEAR, "--date", "2026-02-20")
    assert told.exit_code == 1
    assert "run `obole receipts issue --year 2025` first" in told.stderr
    assert not list(small.books.parent.rglob("belcotax*.xml"))


@pytest.mark.skipif(not SCHEMA.exists(), reason="the schema is not here")
@pytest.mark.parametrize("year", [2024, 2025])
def test_the_files_of_the_demonstration_are_valid_and_add_up(demo: Path, year: int):
    [path] = files_of(demo).glob(f"belcotax-28171-*-{year}-1.xml")
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    assert schema.validate(etree.parse(path)), schema.error_log
    assert_totals(path, [(one.number, one.donor, one.cents) for one in Obole(demo).receipts(year)])


@pytest.mark.parametrize("year", [2024, 2025])
def test_the_numbers_of_a_year_are_1_to_n_in_register_pdfs_and_xml(demo: Path, year: int):
    [path] = files_of(demo).glob(f"belcotax-28171-*-{year}-1.xml")
    found, _ = slips(path)
    numbers = [one.number for one in Obole(demo).receipts(year)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [int(value(slip, "f2009")) for slip in found] == numbers
    if year == 2025:
        assert [int(pdf.stem) for pdf in sorted((demo / "receipts" / "2025").glob("*.pdf"))] == numbers


def test_the_list_says_donor_by_donor_who_has_which_number_and_what_is_missing(issued: Obole):
    rows = json.loads(issued("receipts", "list", *YEAR, "--lang", "en", "--format", "json").output)
    by_donor = {row["donor"]: row for row in rows}
    assert [by_donor[donor]["number"] for donor in ("D0001", "D0002", "D0006")] == [1, 2, 3]
    assert by_donor["D0001"]["file"] == "receipts/2025/000001.pdf"
    assert "Dupont" not in str(rows)


def test_a_belcotax_file_written_before_is_not_written_over_and_a_changed_receipt_is_told(
    issued: Obole, tmp_path: Path
):
    issued("receipts", "belcotax", *YEAR)
    [first] = issued.books.parent.glob("belcotax-*.xml")
    before = first.read_bytes()
    issued.takes_well(BACK.write(tmp_path))
    refused = issued("receipts", "belcotax", *YEAR)
    assert refused.exit_code == 1
    assert "an original of 2025 was written before with other receipts" in refused.stderr
    told = issued("receipts", "belcotax", *YEAR, "--never-sent", "A. Exemple: the upload failed")
    assert first.read_bytes() == before
    assert len(list(issued.books.parent.glob("belcotax-*.xml"))) == 2
    assert "receipt 2025/000002: issued for 60.00 EUR, its gifts are now 0.00 EUR; not reported" in told.output


def test_a_gift_taken_back_alone_and_given_to_another_reaches_no_second_receipt(issued: Obole, tmp_path: Path):
    """Line 1 is D0001's 50.00 EUR on receipt 1: whosever it is said to be later, on whatever day, it stays claimed."""
    numbers = {row.donor: row.number for row in issued.receipts()}
    assert issued("undo", STATEMENT.document, "--line", "1").exit_code == 0
    [waiting] = [one for one in issued.waiting() if one.cents == 50_00]
    decided = [(waiting.document, waiting.position, "D0003", "2025-06-02")]
    issued.takes_well(write_csv(tmp_path / "d.csv", ("document", "position", "donor", "date"), decided))
    again = issued("receipts", "issue", *YEAR, "--date", "2026-02-20")
    assert {row.donor: row.number for row in issued.receipts()} == numbers, again.output
    rows = json.loads(issued("receipts", "list", *YEAR, "--lang", "en", "--format", "json").output)
    assert next(row["number"] for row in rows if row["donor"] == "D0003") is None


def test_what_holds_identities_is_its_owners_alone(issued: Obole):
    issued("receipts", "render", *YEAR)
    for path in (issued.books / "receipts" / "2025").glob("*.pdf"):
        assert path.stat().st_mode & 0o077 == 0
