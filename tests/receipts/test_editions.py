"""Editions of layout and wording: released ones stay as they are; what edition 2 prints right that went wrong before.

Receipts 12 is the given case; each case of our own stands beside its source. Places on the page are those that the PDF
says, in millimetres from the left and from the top.
"""

import hashlib
import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream
from sheets import BAKERY, EMMA, FULLEST, INSTITUTION, JAN, JURGEN, LINH, LONGEST, SAMPLES, SHEET, gifts

from ledger.records import Channel
from receipts.paper.images import LARGEST_FILE, digest_of_image, image_refusal, image_suffix
from receipts.paper.press import FIRST_PRESS
from receipts.paper.sheet import EDITION, EDITIONS, Look, SheetGift, from_json, to_json
from receipts.paper.texts import edition_folder
from receipts.paper.typeset import Typesetter, Unprintable

# Of every file of a released edition. A change to one is a new edition, never another digest here.
RELEASED = {
    "first/countries.csv": "02b408bd91f5abf31cdad8012fa831930f69141410edbaac30728809c14c6a2f",
    "first/de.toml": "bcc316a42e63c44fc7f7c33ccd5414868f7a7d383d7e5674d174c06417d8bbc2",
    "first/en.toml": "96e996e11eb40711067885c363d564f32f433cb737d807a2482a5d4618294d2e",
    "first/fr.toml": "cac9ee227d5a256bec8af4395cf7fc626d2cd0654d7f72f7d4bafc7da46b21b1",
    "first/nl.toml": "16ffa14b3ff294ce79385830607830b6001b851a9fc1faf18774d7168ceb51aa",
    "first/receipt.typ": "0595fddc95a2acbac6c28fbc03658c05d865ceb2c42118be73f8786aecd642fd",
    "first/receipt.typ.j2": "b021d856d96d7f847b92a471d77d5e846113a2a7bbb407a8f422ea9a9229872c",
    "second/countries.csv": "02b408bd91f5abf31cdad8012fa831930f69141410edbaac30728809c14c6a2f",
    "second/de.toml": "83b7879e52218cd4ea6c5217546cc79395309e93b59e18c32d082f23aa65bc56",
    "second/en.toml": "699f9e0712a536d845459bc1347754b61e8c42fc037a74823227534d36be906d",
    "second/fr.toml": "9a5b01819fdfc8454a47ee5d3036005f224a262acfd51c402a8c96fe79db2829",
    "second/nl.toml": "d2d6557bc2e7f49d917ca94c91656eafc0c2fa65904c8e3209b9e98dc4758b4f",
    "second/receipt.typ": "0e643be39ed43b5bcd6b36b579f383e2eb45a721a3b084e3cee9061dd100f1d6",
    "second/receipt.typ.j2": "85a78461a37fa2589201622fb43485d26633857c01663bdce65d0bd4312f6cfd",
}
# What edition 2 printed when it was released: code that all editions share may not change it either.
SECOND = {
    "fr": "bf81d9eeb2b4c69d796b3eb30f117ec7f552e666d2cb1675428b24e45d789986",
    "nl": "65f81224766d2040662f6fbc54ee7bd136d057b4bf3ad9b11751404d17b1de54",
    "de": "d5a3709243ed0af9344814b09d402e54ba5f2c8d6319d59f6cf1318420e600a4",
    "en": "c7aea23c7b811daaa79b8af697fc2b16eaf69fff0b717bc77c758d5800e26382",
    "legal": "72c5ddfe56a9c9fe24beefafa04cf35513d01a3a3ecf5d2462da6232a73edefe",
    "fullest": "20a37696df939435526470e1d22559138ac35c2504175026dcff4e6b0a935030",
    "own": "3f17e3686b0bc104f2c2c8b80077bbcf7cc37ec9421b8500b57fa93f13c8cd8e",
}
# Made by commit 37d00a4 itself: its sheets, as it froze them, and the SHA-256 of the PDFs that it typeset of them.
FIRST = json.loads(Path(__file__).with_name("edition_1.json").read_text(encoding="utf-8"))


def png(width: int, height: int) -> bytes:
    """A picture of one colour (ISO/IEC 15948)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes((31, 95, 139)) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 60">'
    b'<path d="M5 50C30 0 50 0 45 40S150 50 195 10"/></svg>'
)
PICTURES = {
    digest_of_image(one): one for one in (SVG, png(30, 20), png(800, 20), png(20, 800), png(9, 9)[:50], b"<svg>")
}
DIGESTS = list(PICTURES)
OWN = Look("#1f5f8b", "#eef4f8", DIGESTS[1], DIGESTS[0])
MONTHLY = tuple(SheetGift(date(2025, month, 5), 10_00, Channel.DIRECT_DEBIT) for month in range(1, 13))
REGULAR = replace(SHEET, cents=120_00, gifts=MONTHLY)
LONG_NAME = replace(
    INSTITUTION,
    name="Fondation pour la sauvegarde des vergers à hautes tiges et des haies vives de la Wallonie et de Bruxelles",
    legal_form="Fondation d’utilité publique reconnue par arrêté royal du 1er septembre 2003",
)


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter(PICTURES)


@dataclass(frozen=True)
class Piece:
    """A run of text with the place of its beginning."""

    text: str
    x: float
    y: float


class Page:
    """What stands on the one page of a PDF, and where."""

    def __init__(self, pdf: bytes) -> None:
        reader = PdfReader(BytesIO(pdf))
        [self.page] = reader.pages
        self.reader = reader
        self.pieces: list[Piece] = []
        self.page.extract_text(visitor_text=self._visit)

    def _visit(self, text: str, page: list[float], run: list[float], *_: Any) -> None:
        if text.strip():
            x = run[4] * page[0] + run[5] * page[2] + page[4]
            y = run[4] * page[1] + run[5] * page[3] + page[5]
            self.pieces.append(Piece(" ".join(text.split()), x * 25.4 / 72, 297 - y * 25.4 / 72))

    def lines(self) -> list[str]:
        """The text line by line: what stands at one height."""
        found: dict[int, list[Piece]] = {}
        for piece in self.pieces:
            found.setdefault(round(piece.y * 2), []).append(piece)
        return [" ".join(one.text for one in sorted(line, key=lambda one: one.x)) for _y, line in sorted(found.items())]

    def line(self, text: str) -> str:
        """The one line that holds a text."""
        [found] = [one for one in self.lines() if text in one]
        return found

    def operators(self) -> Iterator[tuple[bytes, list[Any]]]:
        for operands, operator in ContentStream(self.page.get_contents(), self.reader).operations:
            yield operator, operands

    def images(self) -> list[tuple[float, float, float, float]]:
        """Left, top, width and height of each picture of dots."""
        found, stack, matrix = [], [], (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        pictures = self.page["/Resources"].get("/XObject", {})
        for operator, operands in self.operators():
            if operator == b"q":
                stack.append(matrix)
            elif operator == b"Q":
                matrix = stack.pop()
            elif operator == b"cm":
                matrix = _product([float(one) for one in operands], matrix)
            elif operator == b"Do" and pictures[operands[0]]["/Subtype"] == "/Image":
                a, _b, _c, d, e, f = (one * 25.4 / 72 for one in matrix)
                found.append((e + min(a, 0), 297 - f - max(d, 0), abs(a), abs(d)))
        return found


def _product(m: list[float], n: Any) -> Any:
    return (
        m[0] * n[0] + m[1] * n[2], m[0] * n[1] + m[1] * n[3], m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3], m[4] * n[0] + m[5] * n[2] + n[4], m[4] * n[1] + m[5] * n[3] + n[5],
    )  # fmt: skip


def test_the_files_of_a_released_edition_are_never_edited():
    folder = edition_folder(1).parent
    there = {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
             for path in folder.rglob("*") if path.is_file()}  # fmt: skip
    assert there == RELEASED


@pytest.mark.parametrize("made", FIRST, ids=lambda made: made["name"])
def test_a_sheet_without_an_edition_is_printed_as_37d00a4_printed_it(made: dict[str, Any], typesetter: Typesetter):
    text = json.dumps(made["sheet"], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    sheet = from_json(text)
    assert (sheet.edition, sheet.press, sheet.look) == (1, FIRST_PRESS, Look())
    assert to_json(sheet) == text
    assert hashlib.sha256(typesetter.render(sheet)).hexdigest() == made["pdf"]


@pytest.mark.parametrize("name", SECOND)
def test_edition_2_prints_what_it_printed_when_it_was_released(name: str, typesetter: Typesetter):
    sheet = SAMPLES.get(name) or replace(REGULAR, look=OWN)
    assert hashlib.sha256(typesetter.render(sheet)).hexdigest() == SECOND[name]


def test_a_new_sheet_names_its_edition_press_and_look():
    record = json.loads(to_json(replace(SHEET, look=OWN)))
    assert (record["format"], record["edition"]) == (2, EDITION) == (2, EDITIONS[-1])
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", record["press"]["typst"])
    assert re.fullmatch(r"font-source-sans-pro [0-9.]+ [0-9a-f]{16}", record["press"]["fonts"])
    assert record["look"] == {"accent": "#1f5f8b", "tint": "#eef4f8", "logo": DIGESTS[1], "signature": DIGESTS[0]}


@pytest.mark.parametrize(
    ("donor", "period"),
    [
        (EMMA, "05/01/2025 – 05/12/2025"),
        (JAN, "05/01/2025 – 05/12/2025"),
        (JURGEN, "05.01.2025 – 05.12.2025"),
        (LINH, "05/01/2025 – 05/12/2025"),
    ],
    ids=["fr", "nl", "de", "en"],
)
def test_receipts_12_a_period_stands_on_the_line_of_its_row(donor: Any, period: str, typesetter: Typesetter):
    """The given case; edition 1 breaks it over the rule, but for the points of German."""
    sheet = replace(REGULAR, addressee=donor)
    line = Page(typesetter.render(sheet)).line(period)
    assert re.fullmatch(re.escape(period) + r" .+, 12 × 10,00 120,00", line)
    before = Page(typesetter.render(replace(sheet, edition=1))).lines()
    assert any(period in one for one in before) is (donor is JURGEN)


def test_the_widest_period_of_two_figures_a_part_keeps_free_of_the_next_column(typesetter: Typesetter):
    """Figures are tabular in the font, so every day is as wide as every other: the columns 44 mm apart hold it."""
    wide = tuple(SheetGift(date(2025, 10 + month, 28), 1234_56, Channel.DIRECT_DEBIT) for month in range(3))
    page = Page(typesetter.render(replace(SHEET, cents=3 * 1234_56, gifts=wide)))
    assert "28/10/2025 – 28/12/2025 Domiciliation, 3 × 1 234,56 3 703,68" in [
        one.replace("\u202f", " ") for one in page.lines()
    ]


def test_the_first_of_a_month_is_first_in_french_alone(typesetter: Typesetter):
    """The first day alone is an ordinal in French (Le bon usage, Grevisse, on dates); Babel would write "1 mars"."""
    said = {one.language: Page(typesetter.render(replace(SHEET, addressee=one, issued_on=date(2026, 3, 1)))).lines()
            for one in (EMMA, JAN, JURGEN, LINH)}  # fmt: skip
    for language, day in {"fr": "le 1er mars", "nl": "op 1 maart", "de": "am 1. März", "en": "on 1 March"}.items():
        assert any(line.endswith(f"{day} 2026") for line in said[language]), language


def test_a_dutch_date_of_the_longest_month_and_town_breaks_nowhere_within(typesetter: Typesetter):
    """September is the longest month of Dutch; a day parted from its month is read wrong."""
    sheet = replace(SHEET, addressee=JAN, place="Sint-Katelijne-Waver (Onze-Lieve-Vrouw)", issued_on=date(2026, 9, 28))
    assert any("28 september 2026" in line for line in Page(typesetter.render(sheet)).lines())


def test_one_gift_is_one_row_and_its_total(typesetter: Typesetter):
    """The 40 EUR that the law begins at (art. 145/33 § 1 CIR 92), in one payment."""
    one = replace(SHEET, cents=40_00, gifts=(SheetGift(date(2025, 12, 31), 40_00, Channel.CASH),))
    lines = Page(typesetter.render(one)).lines()
    at = lines.index("31/12/2025 Espèces 40,00")
    assert lines[at - 1 : at + 2] == ["Date Mode de paiement Montant (EUR)", lines[at], "Total 40,00"]


def test_forty_gifts_are_told_by_month_on_the_one_page(typesetter: Typesetter):
    """One sheet folds into the envelope (bpost, MassPost: one address a sheet); no gift is left out of the sum."""
    forty = replace(SHEET, addressee=JAN, cents=500_00, gifts=gifts(40))
    lines = Page(typesetter.render(forty)).lines()
    months = [line for line in lines if re.match(r"[a-z]+ 2025 [0-9]+ ", line)]
    assert len(months) == 12
    assert sum(int(line.split()[2]) for line in months) == 40
    assert "Totaal 40 500,00" in lines


def test_an_amount_of_six_digits_is_enclosed_ungrouped_and_on_one_line(typesetter: Typesetter):
    """FPS Finance, page on receipts: figures between asterisks; a space within would let a figure be added."""
    page = Page(typesetter.render(FULLEST))
    assert page.line("***789999,99*** EUR")
    assert page.line("Summe").replace("\u202f", " ") == "Summe 789 999,99"


@pytest.mark.parametrize("look", [Look(), OWN], ids=["type", "logo"])
def test_a_long_name_of_the_foundation_pushes_its_address_down_and_nothing_into_the_window(
    look: Look, typesetter: Typesetter
):
    """Names as the Crossroads Bank for Enterprises has them; what windows show stands in the layout (bpost)."""
    page = Page(typesetter.render(replace(SHEET, institution=LONG_NAME, look=look)))
    assert page.pieces
    lines = [one for one in page.pieces if one.x < 95 and one.y < 101]
    heights = sorted({round(one.y, 1) for one in lines})
    assert all(below - above > 3 for above, below in pairwise(heights)), "no line on another"
    assert heights[-1] < 96
    assert not [one for one in page.pieces if one.x > 95 and 24 < one.y < 94 and not 114 <= one.x <= 195]


def test_texts_of_the_foundation_that_have_no_room_are_refused_with_what_to_do(typesetter: Typesetter):
    """What nobody checked would print over the title (house: checked before a number is given)."""
    wordy = replace(LONG_NAME, recognition="Agréée pour les années 2023 à 2028 par décision du ministre " * 6)
    with pytest.raises(Unprintable, match="do not fit above the title; shorten them in"):
        typesetter.render(replace(SHEET, institution=wordy))


@pytest.mark.parametrize("donor", [EMMA, JAN, BAKERY, LONGEST])
def test_a_foundation_without_a_logo_has_its_name_in_type_and_nothing_of_ours(donor: Any, typesetter: Typesetter):
    """Edition 1 drew our coin, of circles and leaves, on everybody's receipts; now no curve is drawn."""
    page = Page(typesetter.render(replace(SHEET, addressee=donor)))
    assert not [operator for operator, _ in page.operators() if operator in {b"c", b"v", b"y", b"Do"}]
    first = min(page.pieces, key=lambda one: one.y)
    assert (first.text, first.x) == ("Fondation Exemple", pytest.approx(22, abs=0.5))
    ours = Page(typesetter.render(replace(SHEET, edition=1)))
    assert [operator for operator, _ in ours.operators() if operator == b"c"]


@pytest.mark.parametrize(
    ("digest", "width", "height"),
    [(DIGESTS[1], 22.5, 15), (DIGESTS[2], 70, 1.75), (DIGESTS[3], 0.375, 15)],
    ids=["3:2", "40:1", "1:40"],
)
def test_a_logo_of_any_proportions_stays_whole_in_its_place(
    digest: str, width: float, height: float, typesetter: Typesetter
):
    """70 x 15 mm is the place; a banner and a mast keep their proportions (worked out by hand)."""
    page = Page(typesetter.render(replace(SHEET, look=Look(logo=digest))))
    assert page.images() == [pytest.approx((22, 14, width, height), abs=0.05)]
    assert page.lines()[0] == "Fondation Exemple"


def test_a_picture_of_a_signature_says_whose_it_is_to_who_cannot_see_it(typesetter: Typesetter):
    """PDF/UA-1 7.3: a figure has a text that stands for it; a logo is an artifact, since the name is beside it."""
    for donor, said in ((EMMA, "Signature de Alix Exemple"), (JAN, "Handtekening van Alix Exemple")):
        page = Page(typesetter.render(replace(REGULAR, addressee=donor, look=OWN)))
        assert list(_alternatives(page.reader.root_object["/StructTreeRoot"])) == [said]


def test_a_duplicate_is_marked_beside_the_title_in_every_language(typesetter: Typesetter):
    """Receipt-life N7: a duplicate is the stored document plus the mark, no other number."""
    for donor, mark in ((EMMA, "Duplicata"), (JAN, "Duplicaat"), (JURGEN, "Duplikat"), (LINH, "Duplicate")):
        page = Page(typesetter.render(replace(SHEET, addressee=donor, duplicate=True)))
        [title] = [one for one in page.pieces if one.text.endswith("2025") and 95 < one.y < 110]
        [found] = [one for one in page.pieces if one.text == mark]
        assert found.x > title.x + 80
        assert abs(found.y - title.y) < 4


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"GIF89a....", "no SVG, PNG or JPEG; save it as one of them"),
        (b"%PDF-1.7", "no SVG, PNG or JPEG"),
        (b"", "no SVG, PNG or JPEG"),
        (b"<svg><text>Ours</text></svg>", "<text>, which is not printed; turn texts into paths"),
        (b'<?xml version="1.0"?><!-- a --><svg><image href="http://x.example/y.png"/></svg>', "<image>, which is not"),
        (b'<svg><!ENTITY a "b"></svg>', "<!ENTITY>, which is not printed"),
        (b"\xff\xd8\xff" + bytes(LARGEST_FILE), "it has 201 kB and at most 200 kB are taken"),
        (png(7, 90), "it has 7 x 90 pixels"),
    ],
)
def test_a_picture_that_cannot_be_printed_is_refused_with_what_to_do(content: bytes, told: str):
    assert told in image_refusal(content)


@pytest.mark.parametrize("digest", DIGESTS[4:])
def test_a_picture_that_is_damaged_is_told_when_it_is_typeset(digest: str, typesetter: Typesetter):
    assert image_refusal(PICTURES[digest]) == ""
    with pytest.raises(Unprintable, match="its logo or signature cannot be read; open the picture"):
        typesetter.render(replace(SHEET, look=Look(logo=digest)))
    assert typesetter.render(SHEET)


def test_a_picture_is_known_by_its_content():
    assert [image_suffix(one) for one in (png(9, 9), b"\xff\xd8\xff\xe0", SVG, b"\xef\xbb\xbf" + SVG)] == [
        "png",
        "jpg",
        "svg",
        "svg",
    ]


def test_a_picture_that_the_vault_lost_is_told(typesetter: Typesetter):
    with pytest.raises(Unprintable, match="not in the vault; restore the vault from your backup"):
        typesetter.render(replace(SHEET, look=Look(logo="0" * 64)))


def test_an_edition_that_is_not_known_makes_no_sheet():
    with pytest.raises(ValueError, match="edition 3 is not known here"):
        replace(SHEET, edition=3)


def _alternatives(node: Any) -> Iterator[str]:
    node = node.get_object()
    for child in node if isinstance(node, list) else [node.get("/K")] if isinstance(node, dict) else []:
        if child is not None:
            yield from _alternatives(child)
    if isinstance(node, dict) and "/Alt" in node:
        yield str(node["/Alt"])
