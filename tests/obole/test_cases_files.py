"""What is written where: a name decides a format, nothing of others is written over, each file says whose it is."""

import csv
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
from small_books import STATEMENT, Obole, write_csv, write_donors

BALANCE = ("report", "balance-sheet", "--year", "2025", "--lang", "fr")
LISTS = (
    BALANCE,
    ("report", "tie-out", "--year", "2025", "--lang", "fr"),
    ("documents", "--lang", "fr"),
    ("receipts", "list", "--year", "2025", "--lang", "fr"),
)
ENDINGS = {".csv": "csv", ".json": "json", ".xlsx": "xlsx", ".txt": "text"}


@pytest.mark.parametrize("words", LISTS, ids=[" ".join(words[:2]) for words in LISTS])
def test_books_f15_and_stores_15_nothing_is_written_into_the_books(small: Obole, words: tuple[str, ...]):
    before = small.state()
    for name in (
        "main.beancount",
        "register.sqlite3",
        "vault.sqlite3",
        "new.csv",
        "journal/2025/x.csv",
        "../books/b.xlsx",
    ):
        told = small(*words, "-o", small.books / name)
        assert (told.exit_code, "inside the books" in told.stderr) == (1, True) or "ending" in told.stderr
    assert small.state() == before


def test_books_f15_a_way_in_by_a_link_is_no_way_around(small: Obole, tmp_path: Path):
    """Microsoft's and Python's documentation agree that a link names what it points to."""
    (tmp_path / "out").symlink_to(small.books)
    (tmp_path / "list.csv").symlink_to(small.books / "obole.csv")
    for path in (tmp_path / "out" / "b.csv", tmp_path / "list.csv"):
        assert "inside the books" in small(*BALANCE, "-o", path).stderr


@pytest.mark.parametrize("ending", ENDINGS)
def test_books_f16_the_ending_decides_the_format(small: Obole, tmp_path: Path, ending: str):
    path = tmp_path / f"B{ending.upper() if ending == '.csv' else ending}"
    assert small(*BALANCE, "-o", path).exit_code == 0
    if ending == ".xlsx":
        assert zipfile.is_zipfile(path)
    elif ending == ".json":
        assert json.loads(path.read_text())[0]["section"] == "assets"
    elif ending == ".csv":
        assert next(csv.reader(path.open(newline="")))[0] == "section"
    else:
        assert path.read_text().startswith("Bilan")


@pytest.mark.parametrize("name", ["b.pdf", "b.xls", "b.ods", "b.docx", "b", "b.csv.gz"])
def test_books_f16_an_ending_that_is_no_format_is_refused(small: Obole, tmp_path: Path, name: str):
    told = small(*BALANCE, "-o", tmp_path / name)
    assert (told.exit_code, ".xlsx" in told.stderr) == (2, True)
    assert not (tmp_path / name).exists()


def test_books_f16_an_ending_and_a_format_that_differ_are_refused(small: Obole, tmp_path: Path):
    told = small(*BALANCE, "--format", "csv", "-o", tmp_path / "b.xlsx")
    assert (told.exit_code, "different formats" in told.stderr) == (2, True)
    assert small(*BALANCE, "--format", "csv", "-o", tmp_path / "b").exit_code == 0
    assert (tmp_path / "b").read_text().startswith("section,")


def test_books_f14_every_formula_has_its_value(small: Obole, tmp_path: Path):
    assert small(*BALANCE, "-o", tmp_path / "b.xlsx").exit_code == 0
    formulas, values = (openpyxl.load_workbook(tmp_path / "b.xlsx", data_only=only) for only in (False, True))
    cells = [
        (sheet.title, cell) for sheet in formulas for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ]
    assert len(cells) > 20
    assert all(values[title][cell.coordinate].value is not None for title, cell in cells)


@pytest.mark.parametrize("content", ["date;montant\n2025-01-01;3\n", "PK\x03\x04", "{}", "L'Obole est une monnaie.\n"])
def test_a_file_of_somebody_else_is_not_written_over(small: Obole, tmp_path: Path, content: str):
    """`-o` names by a slip of the hand the sheet of donors (style of `cp -n`, POSIX `set -C`)."""
    for ending in ENDINGS:
        path = tmp_path / f"mine{ending}"
        path.write_text(content)
        told = small(*BALANCE, "-o", path)
        assert (told.exit_code, "not written by Obole" in told.stderr) == (1, True)
        assert path.read_text() == content


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_report_is_written_again_over_the_one_before(small: Obole, tmp_path: Path, ending: str):
    path = tmp_path / f"b{ending}"
    for words in (BALANCE, LISTS[1]):
        assert small(*words, "-o", path).exit_code == 0
    path.write_bytes(b"")
    assert small(*BALANCE, "-o", path).exit_code == 0


def test_a_workbook_that_a_person_saved_is_theirs(small: Obole, tmp_path: Path):
    path = tmp_path / "b.xlsx"
    assert small(*BALANCE, "-o", path).exit_code == 0
    book = openpyxl.load_workbook(path)
    book.active["H1"] = "remarque de l'auditeur"
    book.save(path)
    assert "not written by Obole" in small(*BALANCE, "-o", path).stderr


def test_a_sheet_with_decisions_is_not_written_over(small: Obole, tmp_path: Path):
    sheet = tmp_path / "open.csv"
    for _ in range(2):
        assert small("match", "-o", sheet).exit_code == 0
    write_csv(sheet, ("document", "position", "donor", "date"), [(STATEMENT.document, 7, "D0003", "2025-03-20")])
    assert "has decisions" in small("match", "-o", sheet).stderr
    other = write_donors(tmp_path / "donors.csv")
    assert "no list of open lines" in small("match", "-o", other).stderr
    assert "D0001" in other.read_text()


def test_csv_for_a_belgian_excel_opens_by_a_double_click(small: Obole, tmp_path: Path):
    """Excel takes separator and decimal mark of the region (Belgium: semicolon, comma), and UTF-8 by its mark."""
    path = tmp_path / "b.csv"
    assert small(*BALANCE, "--dialect", "excel-be", "-o", path).exit_code == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(path.open(encoding="utf-8-sig", newline=""), delimiter=";"))
    assert rows[0] == ["Bilan au 31 décembre 2025"]
    assert "(0123.456.749)" in rows[2][0]
    amounts = [row[3] for row in rows if len(row) > 3][1:]
    assert len(amounts) > 5
    assert all(amount.count(",") == 1 and "." not in amount for amount in amounts)
    assert small(*BALANCE, "--dialect", "excel-be").exit_code == 2


@pytest.mark.parametrize("words", LISTS, ids=[" ".join(words[:2]) for words in LISTS])
@pytest.mark.parametrize("ending", ENDINGS)
def test_each_file_says_whose_figures_it_has(small: Obole, tmp_path: Path, words: tuple[str, ...], ending: str):
    path = tmp_path / f"b{ending}"
    assert small(*words, "-o", path).exit_code == 0
    if ending == ".xlsx":
        text = " ".join(str(cell.value) for row in openpyxl.load_workbook(path).active["A1:A3"] for cell in row)
    else:
        text = path.read_text()
    assert "Fondation Exemple" in text
    assert "0123.456.749" in text
    assert words[0] == "documents" or ("projet" in text or "draft" in text)
    assert words != BALANCE or "arrondi" in text


def test_a_closed_year_says_that_it_is_sealed(small: Obole):
    from ledger.register.years import enter_closing  # noqa: PLC0415
    from obole.books.opened import open_books  # noqa: PLC0415 - for this test

    with open_books(small.books).register.begin() as connection:
        enter_closing(connection, 2025, "0" * 64, "2026-03-01T00:00:00Z")
    told = list(csv.DictReader(io.StringIO(small("documents", "--year", "2025", "--format", "csv").stdout)))
    assert told[0]["year_state"] == "sealed"
    assert told[1]["year_state"] == ""


ISSUED = ("specimen", "belcotax", "list of belcotax")


@pytest.mark.parametrize("what", ISSUED)
def test_what_goes_out_of_receipts_is_written_over_nothing(issued: Obole, tmp_path: Path, what: str):
    words = {
        "specimen": ("receipts", "specimen", "--year", "2025"),
        "belcotax": ("receipts", "belcotax", "--year", "2025"),
        "list of belcotax": ("receipts", "belcotax", "--year", "2025", "--format", "csv"),
    }[what]
    before = issued.state()
    for name in ("register.sqlite3", "obole.toml", "receipts/2025/000001.pdf", "receipts/2025/000009.pdf"):
        assert "inside the books" in issued(*words, "-o", issued.books / name).stderr
    mine = tmp_path / "mine.xml"
    mine.write_text("theirs")
    assert "is there already" in issued(*words, "-o", mine).stderr
    assert "make it first" in issued(*words, "-o", tmp_path / "nowhere" / "a.xml").stderr
    assert issued.state() == before
    assert mine.read_text() == "theirs"


def test_a_shipment_of_another_foundation_says_nothing_of_ours(issued: Obole, tmp_path: Path):
    path = tmp_path / "b.xml"
    assert issued("receipts", "belcotax", "--year", "2025", "-o", path).exit_code == 0
    assert "filed for" not in issued("check", "--belcotax", path).output
    path.write_text(path.read_text().replace("0123456749", "0942424284"))
    for words in (("check",), ("receipts", "set-aside")):
        told = issued(*words, "--belcotax", path)
        assert told.exit_code == 1
        assert "was filed for 0942424284, not for 0123456749" in told.output


def test_the_word_of_a_person_names_no_donor(issued: Obole):
    issued("receipts", "belcotax", "--year", "2025")
    told = issued("receipts", "belcotax", "--year", "2025", "--never-sent", "Zoé Dupont l'a oublié")
    assert (told.exit_code, "the name of a donor" in told.stderr) == (1, True)


def test_months_are_opened_with_a_reason_only(small: Obole):
    assert small("lock", "2025-03", "--by", "AB").exit_code == 0
    back = small("lock", "2025-01", "--by", "AB")
    assert (back.exit_code, "`obole unlock 2025-02 --reason ... --by ...`" in back.stderr) == (1, True)
    assert small("unlock", "2025-02", "--reason", "facture retrouvée", "--by", "AB").exit_code == 0
    assert small("lock", "2025-04", "--by", "AB").exit_code == 0
