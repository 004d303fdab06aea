"""The receipt as a document: what it says, that it stays the same, and what it refuses to print."""

import hashlib
import json
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from sheets import BAKERY, EMMA, FULLEST, SAMPLES, SHEET, gifts

from ledger.errors import OboleError
from ledger.records import Channel
from receipts.paper import typeset
from receipts.paper.sheet import Sheet, SheetGift, from_json, to_json
from receipts.paper.typeset import Typesetter, Unprintable, literal, render_many

# Letter for letter from the FPS Finance, per language (finances.belgium.be); English donors get the French one.
MENTIONS = {
    "fr": "Attestation délivrée en application de l'article 145³³, § 1er, alinéa 2, du Code des impôts sur les "
    "revenus 1992",
    "nl": "Attest uitgereikt in toepassing van artikel 145³³, § 1, tweede lid, van het Wetboek van de "
    "inkomstenbelastingen 1992",
    "de": "Bescheinigung ausgestellt in Anwendung von Artikel 145³³ § 1 Absatz 2 des Einkommensteuergesetzbuches 1992",
}
MENTIONS["en"] = MENTIONS["fr"]


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter()


def read(pdf: bytes) -> str:
    """The text of a PDF, every space of any width as one."""
    return " ".join(page_text.extract_text() for page_text in PdfReader(BytesIO(pdf)).pages).replace("\u202f", " ")


def says(pdf: bytes, *texts: str) -> None:
    found = re.sub(r"\s+", "", read(pdf))
    for text in texts:
        assert re.sub(r"\s+", "", text) in found, text


@pytest.mark.parametrize("language", MENTIONS)
def test_every_language_carries_the_statutory_mention(typesetter: Typesetter, language: str) -> None:
    says(typesetter.render(SAMPLES[language]), MENTIONS[language])


def test_a_receipt_says_all_that_the_law_asks(typesetter: Typesetter) -> None:
    says(
        typesetter.render(SHEET),
        "Numéro de l’attestation 123",
        "Année civile 2025",
        "Fondation Exemple",
        "Rue de l’Exemple 1",
        "1000 Bruxelles",
        "Numéro d’entreprise 0123.456.749",
        "Lefèvre-Öztürk, Éléonore",
        "Avenue du Modèle 145 bte 12, 1050 Ixelles",
        "Numéro national 85.07.30-033.28",
        "***150,00*** EUR",
        "En toutes lettres : cent cinquante euros",
        "effectuées à titre définitif et irrévocable",
        "Fait à Bruxelles, le 1er février 2026",
        "Alix Exemple",
        "Attestation 2025/000123",
    )


def test_a_dutch_receipt_speaks_dutch(typesetter: Typesetter) -> None:
    says(
        typesetter.render(SAMPLES["nl"]),
        "Attestnummer 123",
        "Kalenderjaar 2025",
        "Ondernemingsnummer 0123.456.749",
        "Rijksregisternummer 85.07.30-033.28",
        "Voluit: honderdvijftig euro",
        "definitief en onherroepelijk verricht",
        "Opgemaakt te Bruxelles op 1 februari 2026",
    )


def test_a_german_receipt_speaks_german(typesetter: Typesetter) -> None:
    says(
        typesetter.render(SAMPLES["de"]),
        "Nummer der Bescheinigung 123",
        "Kalenderjahr 2025",
        "In Worten: einhundertfünfzig Euro",
        "endgültig und unwiderruflich",
        "1. Februar 2026",
    )


def test_a_donor_abroad_gets_the_country_in_capitals(typesetter: Typesetter) -> None:
    says(typesetter.render(SAMPLES["en"]), "NW1 6XE London UNITED KINGDOM", "Certificate number 123")


def test_a_legal_person_has_its_enterprise_number(typesetter: Typesetter) -> None:
    says(
        typesetter.render(replace(SHEET, addressee=BAKERY)), "Schenker (benaming) Bakkerij Voorbeeld bv", "0403.170.701"
    )


def test_a_bis_number_is_called_one(typesetter: Typesetter) -> None:
    says(
        typesetter.render(replace(SHEET, addressee=replace(EMMA, national_number="85473003306"))),
        "Numéro BIS 85.47.30-033.06",
    )


def test_a_missing_number_is_said_to_be_missing(typesetter: Typesetter) -> None:
    says(typesetter.render(replace(SHEET, addressee=replace(EMMA, national_number=None))), "non communiqué")


@pytest.mark.parametrize(
    ("sample", "mark"),
    [("fr", "Annule et remplace"), ("nl", "Annuleert en vervangt"), ("de", "Annulliert und ersetzt")],
)
def test_a_new_version_says_that_it_replaces(typesetter: Typesetter, sample: str, mark: str) -> None:
    says(typesetter.render(replace(SAMPLES[sample], version=2, replaces=True)), mark)
    assert mark not in read(typesetter.render(replace(SAMPLES[sample], version=1, replaces=False)))


@pytest.mark.parametrize(("sample", "mark"), [("fr", "Duplicata"), ("nl", "Duplicaat"), ("de", "Duplikat")])
def test_a_duplicate_is_marked(typesetter: Typesetter, sample: str, mark: str) -> None:
    says(typesetter.render(replace(SAMPLES[sample], duplicate=True)), mark)
    assert mark not in read(typesetter.render(replace(SAMPLES[sample], duplicate=False)))


def test_words_and_signature_are_left_out_where_the_setting_says_so(typesetter: Typesetter) -> None:
    text = read(typesetter.render(replace(SHEET, amount_in_words=False, signatory="", signatory_role="")))
    assert "toutes lettres" not in text
    assert "Alix" not in text


@pytest.mark.parametrize(
    ("cents", "printed"), [(4000, "***40,00***"), (123_456, "***1234,56***"), (100_000_005, "***1000000,05***")]
)
def test_the_amount_is_enclosed_and_never_grouped(typesetter: Typesetter, cents: int, printed: str) -> None:
    says(typesetter.render(replace(SHEET, cents=cents, gifts=())), f"{printed} EUR")


def test_fourteen_gifts_are_listed_each_with_date_way_and_amount(typesetter: Typesetter) -> None:
    listed = (*gifts(13, 100_000), SheetGift(date(2025, 12, 24), -50_000, Channel.TRANSFER))
    pdf = typesetter.render(replace(SHEET, cents=1_250_000, gifts=listed))
    says(pdf, "05/12/2025 Virement 1 000,00", "24/12/2025 Virement −500,00", "Total 12 500,00")


def test_the_same_gift_month_after_month_is_one_row_with_its_count(typesetter: Typesetter) -> None:
    monthly = tuple(SheetGift(date(2025, month, 20), 10_00, Channel.DIRECT_DEBIT) for month in range(1, 13))
    listed = (*monthly, SheetGift(date(2025, 12, 24), 30_00, Channel.TRANSFER))
    pdf = typesetter.render(replace(SHEET, cents=150_00, gifts=listed))
    says(pdf, "20/01/2025 – 20/12/2025 Domiciliation, 12 × 10,00 120,00", "24/12/2025 Virement 30,00", "Total 150,00")


def test_more_gifts_are_shown_by_month_with_their_number(typesetter: Typesetter) -> None:
    pdf = typesetter.render(replace(SHEET, cents=50_000, gifts=gifts(40)))
    says(pdf, "avril 2025 4 50,00", "mai 2025 3 37,50", "Total 40 500,00")


def test_the_longest_receipt_stays_on_one_page(typesetter: Typesetter) -> None:
    for count in (0, 1, 9, 10, 12, 13):
        sheet = replace(
            FULLEST,
            gifts=(*gifts(count, 1000), SheetGift(date(2025, 12, 31), FULLEST.cents - 1000 * count, Channel.CASH)),
        )
        assert len(PdfReader(BytesIO(typesetter.render(sheet))).pages) == 1


def test_the_address_stands_where_every_window_shows_it(typesetter: Typesetter) -> None:
    """Seen through every right-hand window: 114 to 195 mm from the left, 49 to 69 mm from the top."""
    millimetre = 72 / 25.4
    for sheet in SAMPLES.values():
        inside: list[str] = []
        stray: list[str] = []

        def visit(
            text: str, page: list[float], run: list[float], *_: Any, inside: Any = inside, stray: Any = stray
        ) -> None:
            x = (run[4] * page[0] + run[5] * page[2] + page[4]) / millimetre
            y = 297 - (run[4] * page[1] + run[5] * page[3] + page[5]) / millimetre
            if text.strip() and x > 95 and 24 < y < 94:
                (inside if 114 <= x <= 195 and 49 < y <= 69 else stray).append(text)

        PdfReader(BytesIO(typesetter.render(sheet))).pages[0].extract_text(visitor_text=visit)
        assert sheet.addressee.municipality in " ".join(inside)
        assert not stray


def test_the_document_knows_its_title_language_and_date_and_no_donor(typesetter: Typesetter) -> None:
    reader = PdfReader(BytesIO(typesetter.render(SHEET)))
    assert reader.metadata is not None
    assert reader.metadata.title == "Attestation fiscale 2025"
    assert reader.metadata.author == "Fondation Exemple"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date == datetime(2026, 2, 1, 12, tzinfo=UTC)
    assert str(reader.root_object["/Lang"]) == "fr-BE"
    assert "Lefèvre" not in str(reader.metadata) + str(reader.xmp_metadata)


def test_table_headings_and_title_are_tagged(typesetter: Typesetter) -> None:
    tags = list(_tags(PdfReader(BytesIO(typesetter.render(SHEET))).root_object["/StructTreeRoot"]))
    assert tags.count("/H1") == 1
    assert tags.count("/H2") == 1
    assert tags.count("/TH") == 3
    assert tags.count("/TD") == 3 * (12 + 1)


def test_the_same_sheet_gives_the_same_bytes_here_and_in_another_process(typesetter: Typesetter) -> None:
    typesetter.render(FULLEST)
    first = typesetter.render(SHEET)
    assert typesetter.render(SHEET) == first == Typesetter().render(from_json(to_json(SHEET)))
    program = (
        "import sys, hashlib; from receipts.paper.sheet import from_json; "
        "from receipts.paper.typeset import Typesetter;"
        "print(hashlib.sha256(Typesetter().render(from_json(sys.stdin.read()))).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], input=to_json(SHEET), capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == hashlib.sha256(first).hexdigest()


def test_the_file_ends_with_an_end_of_line(typesetter: Typesetter) -> None:
    assert typesetter.render(SHEET).endswith(b"%%EOF\n")


@pytest.mark.parametrize(
    "name",
    [
        'O"Neil',
        "#panic()",
        "$x$ _a_ *b* `c`",
        r"back\slash\u{41}\n",
        "[square] {curly} (round)",
        "</script> & <b>",
        "a // comment /* b */",
        "{{ texts.title }} {% raw %}",
        "@label = heading - list + enum / term: x",
        "D’Hondt ‘t Ünïcödé",
        'tail\\"',
        "~",
    ],
)
def test_a_hostile_name_is_printed_as_it_is(typesetter: Typesetter, name: str) -> None:
    says(typesetter.render(replace(SHEET, addressee=replace(EMMA, last_name=name))), name)


def test_a_line_break_in_a_name_becomes_a_space(typesetter: Typesetter) -> None:
    says(typesetter.render(replace(SHEET, addressee=replace(EMMA, last_name="De\r\nVos"))), "De Vos, Éléonore")


def test_letters_and_marks_apart_print_as_one(typesetter: Typesetter) -> None:
    apart = replace(SHEET, addressee=replace(EMMA, first_name="E\u0301le\u0301onore"))
    assert typesetter.render(apart) == typesetter.render(SHEET)


@pytest.mark.parametrize(
    ("letter", "point"),
    [
        ("😀", "U+1F600"),
        ("漢", "U+6F22"),
        ("ש", "U+05E9"),
        ("\0", "U+0000"),
        ("\u202e", "U+202E"),
        ("\u200b", "U+200B"),
        ("\ud800", "U+D800"),
        ("\ue000", "U+E000"),
    ],
)
def test_a_letter_without_glyph_is_refused_by_number_and_code_point(
    typesetter: Typesetter, letter: str, point: str
) -> None:
    with pytest.raises(Unprintable) as caught:
        typesetter.render(replace(SHEET, addressee=replace(EMMA, last_name=f"Geheim{letter}naam")))
    message = str(caught.value)
    assert message.startswith("receipt 2025/000123 cannot be printed: ")
    assert point in message
    assert "last_name" in message
    assert "Geheim" not in message
    assert caught.value.__context__ is None


def test_all_letters_without_glyph_are_told_at_once(typesetter: Typesetter) -> None:
    with pytest.raises(Unprintable, match=r"U\+5B57, U\+6F22 in last_name, municipality;"):
        typesetter.render(replace(SHEET, addressee=replace(EMMA, last_name="漢", municipality="字")))


@pytest.mark.parametrize("street", ["Rue " * 150, "W" * 60])
def test_an_address_too_long_for_the_window_is_refused(typesetter: Typesetter, street: str) -> None:
    with pytest.raises(Unprintable, match="2025/000123 cannot be printed: the address does not fit the window"):
        typesetter.render(replace(SHEET, addressee=replace(EMMA, street=street)))


def test_a_second_page_is_refused(typesetter: Typesetter) -> None:
    with pytest.raises(Unprintable, match="does not fit one page"):
        typesetter.render(replace(SHEET, signatory_role="et cetera " * 200))


def test_a_refused_receipt_leaves_the_typesetter_fit_for_the_next(typesetter: Typesetter) -> None:
    before = typesetter.render(SHEET)
    with pytest.raises(Unprintable):
        typesetter.render(replace(SHEET, place="漢"))
    assert typesetter.render(SHEET) == before


def test_a_panic_of_the_compiler_reaches_no_caller(typesetter: Typesetter) -> None:
    class PanicException(BaseException):  # the name pyo3 gives it
        pass

    class Broken:
        def compile(self, **_: object) -> bytes:
            raise PanicException

    own = Typesetter()
    own._compilers[SHEET.edition] = Broken()
    with pytest.raises(Unprintable, match="broke down"):
        own.render(SHEET)
    assert own.render(SHEET) == typesetter.render(SHEET)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@example('"')
@example("\\")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_out_of_its_place(typesetter: Typesetter, text: str) -> None:
    sheet = replace(SHEET, addressee=replace(EMMA, last_name=f"A{text}B"))
    refusal = None
    try:
        pdf = typesetter.render(sheet)
    except Unprintable as error:
        refusal = str(error)
    if refusal is None:
        says(pdf, MENTIONS["fr"], "***150,00*** EUR")
    else:
        assert re.search(r"U\+[0-9A-F]{4}|address", refusal)


def test_a_value_of_another_kind_has_no_literal() -> None:
    assert literal((None, True, 7, "a\nb")) == '(none, true, 7, "a b", )'
    with pytest.raises(TypeError):
        literal(1.5)


def _jobs(count: int) -> Iterator[tuple[str, Sheet]]:
    for number in range(1, count + 1):
        donor = replace(EMMA, last_name="漢") if number == 3 else EMMA
        yield f"job-{number}", replace(SHEET, number=number, addressee=donor)


@pytest.mark.parametrize("workers", [1, 2])
def test_many_receipts_come_back_with_their_keys(
    typesetter: Typesetter, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("receipts.paper.typeset.CHUNK", 2)
    results = list(render_many(_jobs(17), workers))
    assert [key for key, _ in results] == [f"job-{number}" for number in range(1, 18)]
    for (_, result), (_, sheet) in zip(results, _jobs(17), strict=True):
        if sheet.number == 3:
            assert isinstance(result, Unprintable)
            assert "U+6F22" in str(result)
        else:
            assert result == typesetter.render(sheet)


def test_many_receipts_are_read_only_as_far_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receipts.paper.typeset.CHUNK", 2)
    taken = 0

    def endless() -> Iterator[tuple[int, Sheet]]:
        nonlocal taken
        while True:
            taken += 1
            yield taken, replace(SHEET, number=taken)

    results = render_many(endless(), 2)
    assert next(results)[0] == 1
    results.close()  # type: ignore[attr-defined]
    assert taken == 12, "three chunks of two for each process"


def test_several_processes_typeset_and_not_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def here(_images: object) -> None:
        raise AssertionError

    monkeypatch.setattr("receipts.paper.typeset.Typesetter", here)
    ((key, result),) = render_many([(7, SHEET)], 2)
    assert key == 7
    assert isinstance(result, bytes)
    for workers in (0, 1):
        with pytest.raises(AssertionError):
            list(render_many([(7, SHEET)], workers))


def test_a_worker_leaves_interrupts_to_the_process_that_started_it_and_ends_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[Any] = []
    monkeypatch.setattr(typeset, "_typesetter", None)
    monkeypatch.setattr(typeset, "speak", done.append)
    monkeypatch.setattr(typeset, "signal", SimpleNamespace(SIGINT=2, SIG_IGN=1, signal=lambda *of: done.append(of)))
    monkeypatch.setattr(typeset, "Typesetter", lambda _images: SimpleNamespace(close=lambda: done.append("closed")))
    monkeypatch.setattr(
        typeset.multiprocessing, "parent_process", lambda: SimpleNamespace(join=lambda: done.append("joined"))
    )
    monkeypatch.setattr(typeset.os, "_exit", done.append)
    started: list[threading.Thread] = []
    monkeypatch.setattr(threading.Thread, "start", lambda thread: started.append(thread))  # noqa: PLW0108 - a method
    typeset._start("nl", {})
    (thread,) = started
    assert thread.daemon
    thread.run()
    assert done == ["nl", (2, 1), "joined", "closed", 1]


def test_a_chunk_is_typeset_sheet_by_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Unprintable("2025/000001", "x")

    def rendered(sheet: Sheet) -> bytes:
        if sheet.number == 1:
            raise refused
        return b"%PDF-"

    monkeypatch.setattr(typeset, "_typesetter", SimpleNamespace(render=rendered))
    assert typeset._chunk([SHEET, replace(SHEET, number=1)]) == [b"%PDF-", refused]


def test_a_process_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, ahead: int) -> Iterator[Any]:
        assert ahead == 6
        raise BrokenProcessPool
        yield

    monkeypatch.setattr(typeset, "_in_order", broken)
    with pytest.raises(OboleError, match="ended by itself"):
        list(render_many([(1, SHEET)], 2))


@pytest.mark.parametrize("change", [{"number": 0}, {"version": 0}, {"cents": 0, "gifts": ()}])
def test_number_version_and_amount_of_a_sheet_are_at_least_one(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="number, version and amount are at least 1"):
        replace(SHEET, **change)
    least = {name: 1 if name != "gifts" else () for name in change}
    assert replace(SHEET, **least).place == SHEET.place


def test_an_error_crosses_processes_whole() -> None:
    error: OboleError = pickle.loads(pickle.dumps(Unprintable("2025/000001", "a reason")))
    assert str(error) == "receipt 2025/000001 cannot be printed: a reason."


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sheet_is_the_same_after_its_json(sample: str) -> None:
    text = to_json(SAMPLES[sample])
    assert from_json(text) == SAMPLES[sample]
    assert to_json(from_json(text)) == text


def test_the_json_of_a_sheet_is_canonical() -> None:
    text = to_json(replace(SHEET, gifts=(SheetGift(date(2025, 3, 14), 15000, Channel.CARD),)))
    assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert text.startswith('{"addressee":{"country":"BE",')
    assert '"gifts":[{"cents":15000,"channel":"card","date":"2025-03-14"}]' in text
    assert '"format":2' in text


@pytest.mark.parametrize(
    "change",
    [
        {"format": 3},
        {"format": 1},
        {"edition": 3},
        {"look": {"logo": ""}},
        {"year": None, "extra": 1},
        {"issued_on": "yesterday"},
        {"addressee": {"last_name": "Geheim"}},
        {"gifts": [{"cents": 1}]},
        {"cents": 1},
    ],
)
def test_a_json_that_is_no_sheet_is_refused_without_its_content(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a receipt sheet of format 1 to 2") as caught:
        from_json(json.dumps(json.loads(to_json(SHEET)) | change))
    assert caught.value.__context__ is None


def test_gifts_that_do_not_add_up_make_no_sheet() -> None:
    with pytest.raises(ValueError, match="2025/000123: the gifts listed do not add up"):
        replace(SHEET, cents=15_001)


def _tags(node: Any) -> Iterator[str]:
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from _tags(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node["/S"]
        if "/K" in node:
            yield from _tags(node["/K"])
