"""Suppliers, customers and funders: names in the vault and nowhere else, keys in the books."""

import csv
import io
from datetime import date
from pathlib import Path

import openpyxl
from small_books import OPENING, SETTINGS, Journal, Line, Obole, Statement, new_books, write_csv

from ledger.parties import Party, PartyKind
from ledger.vault.parties import find_parties
from obole.books.opened import open_books

HEADINGS = ("party", "kind", "name", "first_name", "street", "iban", "payment_term")
PRINTER = ("S0012", "supplier", "Imprimerie Exemple SA", "", "Quai 1", "BE68539007547034", "30")
TRANSLATOR = ("S0013", "supplier", "Marchal", "Odile", "Rue B 2", "", "")
TEACHER = ("C0001", "customer", "Willems", "Rik", "", "", "")


def register(folder: Path, *rows: tuple[str, ...], headings: tuple[str, ...] = HEADINGS, name: str = "t.csv") -> Path:
    return write_csv(folder / name, headings, rows or (PRINTER, TRANSLATOR))


def parties_of(obole: Obole) -> dict[str, Party]:
    with open_books(obole.books).vault.connect() as connection:
        return {party.key: party for party in find_parties(connection)}


def purchase(party: str = "S0012", text: str = "Impression", document: str = "ACH-1") -> Path | Journal:
    rows = (
        ("2025-02-03", "615000", "121.00", "", text, document, ""),
        ("2025-02-03", "440000", "", "121.00", text, document, party),
    )
    return PartyJournal(rows)


class PartyJournal(Journal):
    def write(self, folder: Path) -> Path:
        headings = ("date", "account", "debit", "credit", "text", "document", "party")
        return write_csv(folder / self.name, headings, self.rows)


# The register


def test_third_parties_go_into_the_vault_whole(empty: Obole, tmp_path: Path):
    told = empty.takes_well(register(tmp_path)).output
    assert "Imprimerie" not in told
    assert parties_of(empty)["S0012"] == Party(
        "S0012",
        (PartyKind.SUPPLIER,),
        "Imprimerie Exemple SA",
        street="Quai 1",
        iban="BE68539007547034",
        payment_term=30,
    )


def test_no_name_leaves_the_vault(empty: Obole, tmp_path: Path):
    empty.takes_well(register(tmp_path), purchase().write(tmp_path))
    for path in empty.files():
        if path.name != "vault.sqlite3":
            assert b"Imprimerie" not in path.read_bytes(), path
            assert b"BE68539007547034" not in path.read_bytes() or path.name == "obole.toml", path
    assert not list((empty.books / "documents").rglob("*parties*"))


def test_the_register_again_changes_nothing_and_a_shorter_one_only_what_it_names(empty: Obole, tmp_path: Path):
    empty.takes_well(register(tmp_path))
    before = empty.state()
    assert "1 already there" in empty.takes_well(register(tmp_path, name="again.csv")).output
    assert empty.state() == before
    empty.takes_well(
        register(tmp_path, ("S0012", "supplier", "Presses Exemple"), headings=HEADINGS[:3], name="changed.csv")
    )
    known = parties_of(empty)
    assert (known["S0012"].name, known["S0012"].payment_term) == ("Presses Exemple", 30)
    assert known["S0013"].name == "Marchal"


def test_a_register_of_third_parties_is_not_undone(empty: Obole, tmp_path: Path):
    empty.takes_well(register(tmp_path))
    name = next(name for name in empty.documents() if name.startswith("parties"))
    assert "posts no money" in empty("undo", name).output


def test_it_is_inspected_without_an_identity(tmp_path: Path, empty: Obole):
    told = empty("inspect", register(tmp_path)).output
    assert "third parties" in told
    assert "Marchal" not in told


# On lines


def test_a_party_stands_on_the_line_of_its_journal_row(empty: Obole, tmp_path: Path):
    empty.takes_well(register(tmp_path), purchase().write(tmp_path))
    text = next((empty.books / "journal" / "2025").glob("journal-*")).read_text(encoding="utf-8")
    block = text.split("\n\n")[1].splitlines()
    place = next(number for number, line in enumerate(block) if "440000" in line)
    assert block[place + 1 :] == ['    party: "S0012"']
    assert text.count("party") == 1
    assert empty.checks().exit_code == 0


def test_a_party_the_vault_does_not_know_refuses_the_journal(empty: Obole, tmp_path: Path):
    said = empty.refuses(purchase("S0099").write(tmp_path))
    assert "line 3: third party S0099 is not in the vault; import the register of third parties first" in said
    empty.takes_well(register(tmp_path, ("S0099", *PRINTER[1:])), purchase("S0099").write(tmp_path))


def test_the_register_and_its_journal_come_in_one_run_in_any_order(empty: Obole, tmp_path: Path):
    empty.takes_well(purchase().write(tmp_path), register(tmp_path))


def test_a_journal_taken_in_before_journals_had_parties_is_known_still(empty: Obole, tmp_path: Path):
    bare = Journal(
        (("2025-02-03", "615000", "5.00", "", "Y", "A-1"), ("2025-02-03", "440000", "", "5.00", "Y", "A-1")), "bare.csv"
    )
    empty.takes_well(bare.write(tmp_path))
    before = empty.state()
    same = PartyJournal(tuple((*row, "") for row in bare.rows), "same.csv")
    empty.takes_well(same.write(tmp_path))
    assert empty.state() == before
    empty.takes_well(register(tmp_path))
    named = PartyJournal(tuple((*row, "S0012") for row in bare.rows), "named.csv")
    assert "posted before with another content" in empty.refuses(named.write(tmp_path))


def test_the_name_of_a_natural_person_is_found_where_it_must_not_stand(empty: Obole, tmp_path: Path):
    empty.takes_well(register(tmp_path))
    said = empty.refuses(purchase(text="Traduction odile MARCHAL").write(tmp_path))
    assert "the name of a third party stands here; replace it by their key" in said
    empty.takes_well(purchase(text="Imprimerie Exemple SA").write(tmp_path))  # an organisation has no privacy


def test_a_rule_names_the_party_of_its_lines(tmp_path: Path):
    settings = SETTINGS.replace('account = "657000"', 'account = "440000"\nparty = "S0012"')
    books = Obole(new_books(tmp_path / "books", settings))
    statement = Statement(parts=(Line(-12_50, "08037000", "FRAIS"),)).write(tmp_path)
    assert "S0012: third party S0012 is not in the vault" in books.takes(statement).output
    books.takes_well(register(tmp_path), statement, OPENING.write(tmp_path))
    text = (books.books / "journal" / "2025" / "coda-current-2025-073.beancount").read_text(encoding="utf-8")
    assert text.count('party: "S0012"') == 1
    assert books.checks().exit_code == 0


def grants(folder: Path, funder: str = "F0007", contract: str = "") -> Path:
    """A register of one grant, of 1000 in one instalment, for project ECOLES."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "grants"
    sheet.append(("reference", "funder", "funder_kind", "amount", "recognition", "project", "contract"))
    sheet.append(("G-1", funder, "public", 1000, "receipt", "ECOLES", contract))
    instalments = book.create_sheet("instalments")
    instalments.append(("reference", "due", "amount"))
    instalments.append(("G-1", date(2025, 3, 1), 1000))
    book.save(folder / "grants.xlsx")
    return folder / "grants.xlsx"


def funder(folder: Path) -> Path:
    return register(folder, ("F0007", "funder", "Région Exemple", "", "", "", ""))


def test_a_grant_s_funder_who_is_no_known_party_refuses_the_grants(empty: Obole, tmp_path: Path):
    assert "grant G-1: third party F0007 is not in the vault" in empty.refuses(grants(tmp_path))


def test_a_grant_s_funder_may_be_a_party(empty: Obole, tmp_path: Path):
    empty.takes_well(funder(tmp_path), grants(tmp_path))
    text = next((empty.books / "journal" / "2025").glob("grants-*")).read_text(encoding="utf-8")
    assert text.count('    party: "F0007"') == 2
    assert text.count('    project: "ECOLES"') == 2
    assert "#project-ECOLES" in text
    assert empty.checks().exit_code == 0


def received(obole: Obole, account: str) -> tuple[list[dict[str, str]], str]:
    """The lines that the ledger has on an account from the bank's statement, and the statement's journal."""
    told = obole("report", "general-ledger", "--year", "2025", "--format", "csv").stdout
    rows = [row for row in csv.DictReader(io.StringIO(told)) if row["account"] == account and row["credit"]]
    text = (obole.books / "journal" / "2025" / "coda-current-2025-073.beancount").read_text(encoding="utf-8")
    return rows, text


def test_the_bank_line_that_pays_a_grant_carries_its_funder_and_project(empty: Obole, tmp_path: Path):
    empty.takes_well(funder(tmp_path), grants(tmp_path, contract="CONV-2025-7"), OPENING.write(tmp_path))
    empty.takes_well(Statement(parts=(Line(1000_00, "00150000", "TRANCHE CONV-2025-7"),)).write(tmp_path))
    [row], text = received(empty, "413000")
    assert (row["credit"], row["party"], row["project"]) == ("1000.00", "F0007", "ECOLES")
    assert text.count('    party: "F0007"') == text.count('    project: "ECOLES"') == 1
    assert empty.checks().exit_code == 0


def test_so_does_the_line_that_came_before_its_grant(empty: Obole, tmp_path: Path):
    parts = (Line(1000_00, "00150000", "TRANCHE CONV-2025-7"),)
    empty.takes_well(Statement(parts=parts).write(tmp_path), OPENING.write(tmp_path))
    empty.takes_well(funder(tmp_path), grants(tmp_path, contract="CONV-2025-7"))
    [row], _text = received(empty, "413000")
    assert (row["credit"], row["party"], row["project"]) == ("1000.00", "F0007", "ECOLES")
    assert empty.checks().exit_code == 0


def test_a_funder_named_in_words_stands_on_no_line(empty: Obole, tmp_path: Path):
    empty.takes_well(grants(tmp_path, "Région Exemple", "CONV-2025-7"), OPENING.write(tmp_path))
    empty.takes_well(Statement(parts=(Line(1000_00, "00150000", "TRANCHE CONV-2025-7"),)).write(tmp_path))
    [row], text = received(empty, "413000")
    assert (row["credit"], row["party"], row["project"]) == ("1000.00", "", "ECOLES")
    assert "party" not in text
