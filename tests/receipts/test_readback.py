"""Reading a shipment back: each thing that is wrong in one is named, and nothing else."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from test_belcotax import ANNA, COMPANY, INSTITUTION, JEAN, KARL

from ledger.errors import Severity
from receipts.filing.belcotax import BelcotaxSettings, check, write

FOUR = [JEAN, ANNA, KARL, COMPANY]


def text_of(slips=FOUR) -> str:
    out = io.BytesIO()
    write(slips, INSTITUTION, BelcotaxSettings(), date(2026, 2, 15), out)
    return out.getvalue().decode()


def faults(path: Path, xml: str, **others: object) -> list[str]:
    (path / "a.xml").write_text(xml, encoding="utf-8")
    return [fault.message for fault in check(path / "a.xml", **others) if fault.severity is Severity.ERROR]


def leaf(name: str, value: object) -> str:
    return f"<{name}>{value}</{name}>"


def changed(name: str, old: object, new: object) -> str:
    xml = text_of()
    assert xml.count(leaf(name, old)) >= 1, name
    return xml.replace(leaf(name, old), leaf(name, new), 1)


def test_what_was_written_is_right(tmp_path: Path):
    assert faults(tmp_path, text_of()) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("r8010_aantalrecords", 6, 7, ["r8010_aantalrecords: the file says 7, counted 6"]),
        ("r8011_controletotaal", 10, 11, ["r8011_controletotaal: the file says 11, counted 10"]),
        ("r8012_controletotaal", 192456, 1, ["r8012_controletotaal: the file says 1, counted 192456"]),
        ("r8013_totaalvoorheffingen", 0, 1, ["r8013_totaalvoorheffingen: the file says 1, counted 0"]),
        ("r9010_aantallogbestanden", 3, 2, ["r9010_aantallogbestanden: the file says 2, counted 3"]),
        ("r9011_totaalaantalrecords", 8, 7, ["r9011_totaalaantalrecords: the file says 7, counted 8"]),
        ("r9012_controletotaal", 10, 0, ["r9012_controletotaal: the file says 0, counted 10"]),
        ("r9013_controletotaal", 192456, 0, ["r9013_controletotaal: the file says 0, counted 192456"]),
        ("r9014_controletotaal", 0, 5, ["r9014_controletotaal: the file says 5, counted 0"]),
        ("r9002_inkomstenjaar", 2025, 2024, ["the totals: r9002_inkomstenjaar is not v0002_inkomstenjaar"]),
        ("r8002_inkomstenjaar", 2025, 2024, ["the declaration: r8002_inkomstenjaar is not v0002_inkomstenjaar"]),
        ("a1002_inkomstenjaar", 2025, 2024, ["the declaration: a1002_inkomstenjaar is not v0002_inkomstenjaar"]),
        ("r8005_registratienummer", "0999999922", "0", ["the totals: r8005_registratienummer is not a1005_"]),
        ("f2005_registratienummer", "0999999922", "0", ["receipt 1: f2005_registratienummer is not a1005_"]),
        ("f2002_inkomstenjaar", 2025, 2024, ["receipt 1: f2002_inkomstenjaar is not v0002_inkomstenjaar"]),
        ("f2008_typefiche", 28171, 28150, ["receipt 1: f2008_typefiche is not 28171"]),
        ("f2011_nationaalnr", "85073003328", "85073003329", ["receipt 1: f2011_nationaalnr has wrong check digits"]),
        ("f2028_typetraitement", 0, 1, ["receipt 1: f2028_typetraitement does not fit v0025_typeenvoi"]),
        (
            "f71_2060_bedragliberaliteiten", 15000, 14999,
            ["receipt 1: f71_2059_totaalcontrole is not f71_2060_bedragliberaliteiten"],
        ),
        ("f2016_postcodebelgisch", 1000, "", ["receipt 1: write either f2016_postcodebelgisch or"]),
        ("f2009_volgnummer", 2, "x", ["receipt x: f2009_volgnummer is not a whole number"]),
        ("v0025_typeenvoi", 0, 1, ["v0026_referte: required in a correction, forbidden in a first shipment"]),
    ],
)  # fmt: skip
def test_what_is_changed_is_named(name: str, old: object, new: object, told: list[str], tmp_path: Path):
    found = faults(tmp_path, changed(name, old, new))
    assert all(any(one.startswith(words) for one in found) for words in told)
    follows = ("follows", "counted", "f2028", "is not v0002")  # what a wrong number or kind brings with it
    others = [one for one in found if not one.startswith(tuple(told))]
    assert [one for one in others if not any(word in one for word in follows)] == []


@pytest.mark.parametrize(("cents", "below"), [(4000, False), (3999, True)])
def test_the_threshold_is_the_years(cents: int, below: bool, tmp_path: Path):
    xml = text_of().replace(">4000<", f">{cents}<").replace(">192456<", f">{192456 - 4000 + cents}<")
    assert faults(tmp_path, xml) == (["receipt 2: 39.99 EUR is below the threshold"] if below else [])


def test_a_year_nobody_knows_is_named(tmp_path: Path):
    found = faults(tmp_path, text_of().replace(">2025<", ">1970<"))
    assert len(found) == 1
    assert "1970" in found[0]


@pytest.mark.parametrize(
    ("numbers", "withdrawn", "told"),
    [
        ((1, 2, 3), frozenset(), []),
        ((1, 3, 4), frozenset({2}), []),
        ((1, 3, 4), frozenset(), ["receipt 3: follows 1; numbers are 1 to n without a gap"]),
        ((2, 3, 4), frozenset({1}), []),
        ((1, 4, 5), frozenset({2}), ["receipt 4: follows 1; numbers are 1 to n without a gap"]),
        ((1, 2, 2), frozenset(), ["receipt 2: follows 2; numbers are 1 to n without a gap"]),
    ],
)
def test_numbers_go_up_without_a_gap_but_for_those_withdrawn(
    numbers: tuple[int, ...], withdrawn: frozenset[int], told: list[str], tmp_path: Path
):
    xml = text_of(FOUR[:3])
    for before, after in zip((3, 2, 1), reversed(numbers), strict=True):
        xml = xml.replace(leaf("f2009_volgnummer", before), leaf("f2009_volgnummer", f"n{after}"))
    xml = xml.replace(">n", ">")
    for name in ("r8011_controletotaal", "r9012_controletotaal"):
        xml = xml.replace(leaf(name, 6), leaf(name, sum(numbers)))
    assert faults(tmp_path, xml, withdrawn=withdrawn) == told


@pytest.mark.parametrize(("missing", "told"), [(1, False), (2, True)])
def test_many_slips_without_a_number_are_a_warning(missing: int, told: bool, tmp_path: Path):
    """The administration warns above a share of all slips (5 %): 1 of 20 is not above it, 2 are."""
    slips = [replace(JEAN, number=number, reference=f"2025-{number:06d}") for number in range(1, 21)]
    slips = [replace(one, national_number=None) if one.number <= missing else one for one in slips]
    (tmp_path / "a.xml").write_text(text_of(slips), encoding="utf-8")
    found = check(tmp_path / "a.xml")
    assert [fault.severity for fault in found] == ([Severity.WARNING] if told else [])
    if told:
        assert found[0].message.startswith(f"{missing} of 20 slips have no number")


def test_several_declarations_are_counted_each_for_itself_and_together(tmp_path: Path):
    slips = [replace(JEAN, number=number, national_number=None if number == 1 else JEAN.national_number)
             for number in range(1, 11)]  # fmt: skip
    xml = text_of(slips)
    start, end = xml.index("<Aangifte>"), xml.index("</Aangifte>") + len("</Aangifte>\n")
    twice = xml[:end] + xml[start:end] + xml[end:]
    for name, one, both in (
        ("r9010_aantallogbestanden", 3, 4),
        ("r9011_totaalaantalrecords", 14, 26),  # 10 slips and 2 of the frame, twice, and 2
        ("r9012_controletotaal", 55, 110),
        ("r9013_controletotaal", 1500_00, 3000_00),
    ):
        assert leaf(name, one) in twice
        twice = twice.replace(leaf(name, one), leaf(name, both))
    assert faults(tmp_path, twice) == []
    (told,) = check(tmp_path / "a.xml")
    assert told.message.startswith("2 of 20 slips have no number in f2011_nationaalnr, more than 5 %")


def test_a_shipment_without_a_year_is_told(tmp_path: Path):
    told = faults(tmp_path, changed("v0002_inkomstenjaar", 2025, ""))
    assert "the shipment: v0002_inkomstenjaar is not a whole number" in told


def test_an_amount_that_is_no_number_counts_as_nothing(tmp_path: Path):
    assert faults(tmp_path, changed("f71_2060_bedragliberaliteiten", 15000, "x")) == [
        "receipt 1: f71_2060_bedragliberaliteiten is not a whole number",
        "receipt 1: f71_2059_totaalcontrole is not f71_2060_bedragliberaliteiten",
        "receipt 1: 0.00 EUR is below the threshold",
    ]


def test_nothing_but_the_file_is_read(tmp_path: Path):
    """No document type from elsewhere, and no text that is declared in one."""
    head, rest = text_of().split("\n", 1)
    (tmp_path / "own.dtd").write_text('<!ENTITY gent "Gent">', encoding="utf-8")
    assert faults(tmp_path, f'{head}\n<!DOCTYPE Verzendingen SYSTEM "missing.dtd">\n{rest}') == []
    inside = f'{head}\n<!DOCTYPE Verzendingen [<!ENTITY name "{"F" * 99}">]>\n{rest}'
    assert faults(tmp_path, inside.replace(">FONDATION EXEMPLE<", ">&name;<", 1)) == []
    outside = f'{head}\n<!DOCTYPE Verzendingen SYSTEM "own.dtd">\n{rest}'
    assert faults(tmp_path, outside.replace(">Gent<", ">&gent;<")) == [
        "not well-formed, or not valid against the schema; write the file again"
    ]


@pytest.mark.parametrize(
    ("xml", "told"),
    [
        ("<Verzendingen></Verzendingen>", "no Verzending in it: not a Belcotax shipment"),
        ("<Verzendingen><x/></Verzendingen>", "x: not an element of form 281.71"),
        ("<Verzendingen>", "not well-formed, or not valid against the schema; write the file again"),
    ],
)
def test_what_is_no_shipment_is_refused(xml: str, told: str, tmp_path: Path):
    assert told in faults(tmp_path, xml)


def test_a_text_that_is_too_long_or_holds_an_ampersand_is_named_with_its_line(tmp_path: Path):
    xml = text_of()
    long = xml.replace(">FONDATION EXEMPLE<", f">{'F' * 200}<", 1)
    assert any("200 characters" in one for one in faults(tmp_path, long))
    assert any("ampersand" in one for one in faults(tmp_path, xml.replace(">Gent<", ">G&amp;t<")))
    (tmp_path / "a.xml").write_text(xml.replace(">Gent<", ">G&amp;t<"), encoding="utf-8")
    fault = next(one for one in check(tmp_path / "a.xml") if "ampersand" in one.message)
    assert fault.line == xml[: xml.index(">Gent<")].count("\n") + 1
