"""Receipts on paper, in books: what obole.toml says of them is frozen; PDFs made again, or duplicates marked so."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from small_books import DONORS, SETTINGS, Obole, given, new_books, write_donors
from small_books import Statement as BankStatement
from test_upgrade import books_of

from ledger.vault.sheets import frozen_sheets
from obole.books.opened import open_books
from obole.books.settings import ConfigError, load
from receipts.paper import press
from receipts.paper.press import Press, present_press
from receipts.paper.sheet import Sheet, from_json

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10"><rect width="30" height="10" fill="#1f5f8b"/></svg>'
SIGNATURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><path d="M0 10L10 0L40 9"/></svg>'
LOOK = """
[receipts]
signatory = "Alix Exemple"
signatory_role = "Présidente"
logo = "logo.svg"
signature = "pictures/signature.svg"
accent = "#1F5F8B"
tint = "#eef4f8"

[receipts.nl]
name = "Stichting Voorbeeld"
legal_form = "stichting van openbaar nut"
street = "Voorbeeldstraat 1"
municipality = "Brussel"
signatory_role = "Voorzitter"
"""
RECOGNITION = 'reference = { fr = "Agréée jusqu’en 2030", nl = "Erkend tot 2030" }'


@dataclass
class Paper:
    """Books with receipts of 2025, printed."""

    obole: Obole

    @property
    def pdfs(self) -> dict[str, str]:
        """The SHA-256 of each PDF."""
        folder = self.obole.books / "receipts" / "2025"
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.pdf"))}

    def sheets(self) -> list[Sheet]:
        books = open_books(self.obole.books)
        with books.vault.connect() as identities:
            return [from_json(text) for _n, _v, text in frozen_sheets(identities, books.sealer, 2025)]

    def delete(self) -> None:
        for name in self.pdfs:
            (self.obole.books / "receipts" / "2025" / name).unlink()

    def render(self) -> str:
        made = self.obole("receipts", "render", "--year", "2025", "--workers", "1")
        return made.output + made.stderr


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """Two receipts of 2025, in French and in Dutch, with a logo, colours and a signature of the foundation's own."""
    folder = tmp_path_factory.mktemp("paper")
    obole = Obole(new_books(folder / "books", SETTINGS.replace('reference = "ESSAI-1"', RECOGNITION) + LOOK))
    (obole.books / "logo.svg").write_text(LOGO, encoding="utf-8")
    (obole.books / "pictures").mkdir()
    (obole.books / "pictures" / "signature.svg").write_text(SIGNATURE, encoding="utf-8")
    obole.takes_well(
        write_donors(folder / "donors.csv", DONORS),
        BankStatement(1, 0, (given(50_00, 1), given(60_00, 2))).write(folder),
    )
    done = obole("receipts", "issue", "--year", "2025", "--date", "2026-02-01")
    assert done.exit_code == 0, done.output + done.stderr
    paper = Paper(obole)
    assert "PDFs made" in paper.render()
    return paper


def words(pdf: Path) -> str:
    return " ".join(PdfReader(pdf).pages[0].extract_text().split())


@pytest.fixture
def settings(issued: Paper) -> Any:
    """The settings of the books, put back after the test with the pictures."""
    place = issued.obole.books
    kept = {name: (place / name).read_text(encoding="utf-8") for name in ("obole.toml", "logo.svg")}
    yield place / "obole.toml"
    for name, text in kept.items():
        (place / name).write_text(text, encoding="utf-8")


@pytest.fixture
def another_press(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same font in its other form, as a newer package might bring it: its bytes in the PDF are others."""
    files = press.font_files
    present_press.cache_clear()
    monkeypatch.setattr(press, "font_files", lambda: tuple(path.with_suffix(".ttf") for path in files()))
    monkeypatch.setattr("receipts.paper.typeset.font_files", press.font_files)
    yield
    present_press.cache_clear()


def test_each_donor_reads_the_foundation_in_their_language(issued: Paper):
    french, dutch = issued.sheets()
    assert (french.institution.name, french.institution.municipality) == ("Fondation Exemple", "Bruxelles")
    assert (french.place, french.signatory_role) == ("Bruxelles", "Présidente")
    assert french.institution.recognition == "Agréée jusqu’en 2030"
    assert dutch.institution.name == "Stichting Voorbeeld"
    assert dutch.institution.legal_form == "stichting van openbaar nut"
    assert (dutch.institution.street, dutch.institution.municipality) == ("Voorbeeldstraat 1", "Brussel")
    assert (dutch.place, dutch.signatory, dutch.signatory_role) == ("Brussel", "Alix Exemple", "Voorzitter")
    assert dutch.institution.recognition == "Erkend tot 2030"
    said = words(issued.obole.books / "receipts" / "2025" / "000002.pdf")
    for text in ("Stichting Voorbeeld", "Opgemaakt te Brussel op 1 februari 2026", "Alix Exemple Voorzitter"):
        assert text in said


def test_a_sheet_holds_its_look_and_the_vault_its_pictures(issued: Paper):
    for sheet in issued.sheets():
        assert (sheet.edition, sheet.press) == (2, present_press())
        assert (sheet.look.accent, sheet.look.tint) == ("#1f5f8b", "#eef4f8")
        assert sheet.look.logo == hashlib.sha256(LOGO.encode()).hexdigest()
        assert sheet.look.signature == hashlib.sha256(SIGNATURE.encode()).hexdigest()


def test_a_later_change_of_settings_and_logo_changes_nothing_that_was_issued(issued: Paper, settings: Path):
    before = issued.pdfs
    text = settings.read_text(encoding="utf-8")
    for old, new in (
        ("#1F5F8B", "#7a1f1f"),
        ("Alix", "Zoé"),
        ("Fondation Exemple", "Fondation Autre"),
        ("Rue", "Quai"),
    ):
        text = text.replace(old, new)
    settings.write_text(text.replace("jusqu’en 2030", "jusqu’en 2036"), encoding="utf-8")
    (issued.obole.books / "logo.svg").unlink()
    issued.delete()
    assert "2 PDFs made" in issued.render()
    assert issued.pdfs == before
    checked = issued.obole("check")
    assert checked.exit_code == 0, checked.output
    assert "receipts.logo: logo.svg: no such file; put it beside obole.toml, or correct the name" in checked.output


@pytest.mark.usefixtures("another_press")
def test_a_pdf_that_another_press_makes_otherwise_is_a_marked_duplicate_with_its_own_hash(issued: Paper):
    before, [first, second] = issued.pdfs, ["000001.pdf", "000002.pdf"]
    (issued.obole.books / "receipts" / "2025" / second).unlink()
    assert "1 of them is marked as a duplicate" in issued.render()
    folder = issued.obole.books / "receipts" / "2025"
    duplicate = folder / "000002-duplicate.pdf"
    assert list(issued.pdfs) == [first, duplicate.name]
    assert "Duplicaat" in words(duplicate)
    assert issued.pdfs[duplicate.name] not in before.values()
    rows = issued.obole.rows("SELECT number, version, pdf_digest, pdf_bytes, typst, fonts FROM receipt_duplicate")
    now = present_press()
    assert rows == [(2, 1, issued.pdfs[duplicate.name], duplicate.stat().st_size, now.typst, now.fonts)]
    assert now.fonts != issued.sheets()[0].press.fonts
    assert issued.obole("check").exit_code == 0
    assert "0 PDFs made" in issued.render()
    listed = issued.obole("receipts", "list", "--year", "2025", "--format", "csv").output
    assert "receipts/2025/000002-duplicate.pdf" in listed
    # Made again by the same press it is the same duplicate; changed by hand, it is told.
    duplicate.unlink()
    assert "000002: its PDF is missing" in issued.obole("check").output
    issued.render()
    assert issued.obole.rows("SELECT COUNT(*) FROM receipt_duplicate") == [(1,)]
    duplicate.write_bytes(duplicate.read_bytes() + b" ")
    assert "000002: its PDF was changed" in issued.obole("check").output
    duplicate.unlink()


def test_what_was_marked_a_duplicate_is_the_original_again_by_the_press_it_was_issued_with(issued: Paper):
    (issued.obole.books / "receipts" / "2025" / "000002.pdf").unlink(missing_ok=True)
    assert "1 PDF made" in issued.render()
    assert list(issued.pdfs) == ["000001.pdf", "000002.pdf"]
    assert issued.obole("check").exit_code == 0


def test_another_press_whose_pdf_comes_out_the_same_makes_no_duplicate(issued: Paper, monkeypatch: pytest.MonkeyPatch):
    before = issued.pdfs
    issued.delete()
    monkeypatch.setattr("receipts.paper.render.present_press", lambda: Press("0.99.0", "fonts"))
    assert "duplicate" not in issued.render()
    assert issued.pdfs == before


def test_a_picture_lost_from_the_vault_is_told_by_check_and_never_left_out_in_silence(issued: Paper):
    lost = issued.sheets()[0].look.logo
    issued.obole.change(f"UPDATE printed_image SET digest = 'x' WHERE digest = '{lost}'", store="vault")
    try:
        told = issued.obole("check")
        assert told.exit_code == 1
        assert "a picture that it prints (logo or signature) is not in the vault as it was" in told.output
        (issued.obole.books / "receipts" / "2025" / "000001.pdf").unlink()
        assert "its logo or signature is not in the vault; restore the vault from your backup" in issued.render()
    finally:
        issued.obole.change(f"UPDATE printed_image SET digest = '{lost}' WHERE digest = 'x'", store="vault")
        issued.render()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('accent = "blue"', 'receipts.accent: a colour is expected: # and six hexadecimal digits, such as "#1f5f8b"'),
        ('accent = "#f0e0a0"', "receipts.accent: too light to be read on white paper; a darker colour is expected"),
        ('tint = "#444444"', "receipts.tint: too dark for black letters on it; a light colour is expected"),
        ('logo = "logo.gif"', "receipts.logo: the name of a picture is expected, .svg, .png or .jpg, such as"),
        ('signature = "s.png"', "receipts: signature is given and signatory is not; name who signs in signatory"),
        ('nl = "Brussel"', "receipts.nl: a table of settings is expected"),
        ('[receipts.nl]\ntown = "Brussel"', "receipts.nl.town: no such setting"),
        ('[receipts.it]\nname = "x"', "receipts.it: no such setting"),
    ],
)
def test_a_setting_of_the_paper_is_refused_with_what_is_expected(written: str, told: str, tmp_path: Path):
    (tmp_path / "obole.toml").write_text(f"{SETTINGS}\n[receipts]\n{written}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(tmp_path)
    assert told in str(refused.value)


def test_a_reference_of_recognition_in_a_language_that_is_none_is_refused(tmp_path: Path):
    text = SETTINGS.replace('reference = "ESSAI-1"', 'reference = { it = "x" }')
    (tmp_path / "obole.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"recognition\[1\].reference: a text is expected, or one for each language"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "receipts.logo: logo.svg: it is no SVG, PNG or JPEG; save it as one of them"),
        (b"<svg>", "receipts cannot be printed: its logo or signature cannot be read"),
        (b"<svg>" + bytes(300_000), "receipts.logo: logo.svg: it has 301 kB and at most 200 kB are taken"),
        (None, "receipts.logo: logo.svg: no such file; put it beside obole.toml"),
    ],
)
def test_no_number_is_given_while_a_picture_cannot_be_printed(
    content: bytes | None, told: str, issued: Paper, settings: Path, tmp_path: Path
):
    logo = settings.with_name("logo.svg")
    logo.unlink()
    if content is not None:
        logo.write_bytes(content)
    for words_of in (
        ("issue", "--year", "2025", "--date", "2026-03-01"),
        ("specimen", "--year", "2025", "-o", tmp_path / "s.pdf"),
    ):
        done = issued.obole("receipts", *words_of)
        assert done.exit_code == 1
        if words_of[0] == "issue" or "cannot be printed" not in told:
            assert told in done.output + done.stderr
    assert not (tmp_path / "s.pdf").exists()
    assert len(issued.obole.receipts()) == 2


def test_receipts_frozen_by_37d00a4_are_printed_again_with_the_same_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    obole = books_of("37d00a4", tmp_path, monkeypatch)
    folder = obole.books / "receipts" / "2024"
    sent = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.pdf")}
    assert len(sent) == 2
    assert obole("upgrade").exit_code == 0
    for name in sent:
        (folder / name).unlink()
    made = obole("receipts", "render", "--year", "2024", "--workers", "1")
    assert "2 PDFs made" in made.output
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.pdf")} == sent
    books = open_books(obole.books)
    with books.vault.connect() as identities:
        sheets = [from_json(text) for _n, _v, text in frozen_sheets(identities, books.sealer, 2024)]
    assert {(sheet.edition, sheet.press) for sheet in sheets} == {(1, press.FIRST_PRESS)}
    assert replace(sheets[0], edition=2) != sheets[0]
