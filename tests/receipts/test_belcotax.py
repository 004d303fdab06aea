"""Form 281.71: valid against the official schema, its totals recounted from the XML alone, nothing cut in silence."""

import csv
import io
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ledger.errors import Fault, OboleError, Severity
from ledger.records import DonorKind
from obole.books.settings import Belcotax
from receipts.filing.belcotax import (
    Action,
    BelcotaxRefused,
    BelcotaxSettings,
    Declarant,
    NoXmlChannel,
    Slip,
    _cut,
    check,
    file_name,
    write,
    write_csv,
    write_file,
)

FACTS = Path(__file__).parents[2].parent / "shared" / "facts" / "belcotax"
SCHEMA = FACTS / "Belcotax-2024.xsd"
EXAMPLE = FACTS / "example-28171-original.xml"
COMPANY_EXAMPLE = FACTS / "example-28171-company-UNSURE.xml"
CORRECTION_EXAMPLE = FACTS / "example-28171-correction-UNSURE.xml"
VECTORS = FACTS / "checksum-test-vectors.csv"
CREATED = date(2026, 2, 15)

INSTITUTION = Declarant(
    name="FONDATION EXEMPLE",
    street="Rue de Test 10",
    postcode="1000",
    municipality="Bruxelles",
    language="fr",
    enterprise_number="0999999922",
    telephone="025725757",
    email="dons@example.org",
    contact="Jeanne Exemple",
)
JEAN = Slip(
    year=2025,
    number=1,
    reference="2025-000001",
    kind=DonorKind.NATURAL,
    last_name="Exemple",
    first_name="Jean",
    street="Rue des Essais 1 bte 2",
    postcode="1000",
    municipality="Bruxelles",
    country="BE",
    language="fr",
    national_number="85073003328",
    enterprise_number=None,
    cents=150_00,
)
ANNA = replace(
    JEAN,
    number=2,
    reference="2025-000002",
    last_name="Voorbeeld",
    first_name="Anna",
    street="Teststraat 3",
    postcode="9000",
    municipality="Gent",
    language="nl",
    national_number="98472899765",
    cents=40_00,
)
KARL = replace(
    JEAN,
    number=3,
    reference="2025-000003",
    last_name="Müller",
    first_name="Karl",
    street="12 rue du Modèle",
    postcode="75001",
    municipality="Paris",
    country="FR",
    language="de",
    national_number=None,
    cents=1234_56,
)
COMPANY = replace(
    JEAN,
    number=4,
    reference="2025-000004",
    kind=DonorKind.LEGAL,
    last_name="EXEMPLE SRL",
    first_name="",
    street="Avenue du Test 5",
    postcode="5000",
    municipality="Namur",
    national_number=None,
    enterprise_number="0403019261",
    cents=500_00,
)
THREE = [JEAN, ANNA, KARL]


def here(path):
    if not path.exists():
        pytest.skip("the official files are not here")
    return path


def shipment(slips, *, institution=INSTITUTION, settings=None, created=CREATED, **others: object):
    """The XML of a shipment and its summary."""
    out = io.BytesIO()
    summary = write(slips, institution, settings or BelcotaxSettings(), created, out, **others)
    return out.getvalue(), summary


def leaves(xml):
    """Every element with text, in order: what a file says, whatever its spaces and remarks."""
    return [
        (each.tag, each.text) for each in etree.fromstring(xml).iter(tag=etree.Element) if not len(each) and each.text
    ]


def zones(xml, tag):
    return [each.text for each in etree.fromstring(xml).iter(tag)]


def refusal(slips, **others: object):
    with pytest.raises(BelcotaxRefused) as caught:
        shipment(slips, **others)
    return str(caught.value)


def notes(slips, **others: object):
    _, summary = shipment(slips, **others)
    assert all(note.severity is Severity.WARNING for note in summary.notes)
    return "\n".join(note.message for note in summary.notes if "national or enterprise" not in note.message)


# What the administration published


def test_the_example_is_reproduced_element_by_element():
    xml, _ = shipment(THREE)
    assert leaves(xml) == leaves(here(EXAMPLE).read_bytes())


def test_the_example_with_a_company_is_reproduced():
    xml, _ = shipment([*THREE, COMPANY])
    assert leaves(xml) == leaves(here(COMPANY_EXAMPLE).read_bytes())


def test_the_example_of_a_correction_is_read_without_fault_but_the_missing_number():
    faults = check(here(CORRECTION_EXAMPLE))
    assert [fault for fault in faults if fault.severity is Severity.ERROR] == []


def test_the_example_is_read_without_fault():
    assert [fault.severity for fault in check(here(EXAMPLE))] == [Severity.WARNING]  # one of three has no number


@pytest.mark.parametrize("slips", [THREE, [*THREE, COMPANY], [replace(JEAN, last_name="<Exemple> Été")]])
@pytest.mark.parametrize("year", [2024, 2025])
def test_a_shipment_is_valid_against_the_official_schema(slips, year):
    settings = BelcotaxSettings(zone_2030_natural="1", zone_2030_legal="2", zone_2045="01", country_digits=5)
    long_name = replace(INSTITUTION, name="Fondation d'utilité publique pour les exemples de Belgique")
    xml, _ = shipment([replace(slip, year=year) for slip in slips], settings=settings, institution=long_name)
    schema = etree.XMLSchema(etree.parse(here(SCHEMA)))
    schema.assertValid(etree.fromstring(xml))


def test_a_correction_is_valid_against_the_official_schema():
    slips = [
        replace(JEAN, action=Action.MODIFY, cents=125_00),
        replace(ANNA, action=Action.CANCEL),
        replace(COMPANY, action=Action.ADD),
    ]
    xml, _ = shipment(slips, corrects="A1B2C3")
    etree.XMLSchema(etree.parse(here(SCHEMA))).assertValid(etree.fromstring(xml))
    assert zones(xml, "v0025_typeenvoi") == ["1"]
    assert zones(xml, "v0026_referte") == ["A1B2C3"]
    assert zones(xml, "f2028_typetraitement") == ["1", "3", "2"]


def test_the_declaration_says_utf8_and_standalone():
    xml, _ = shipment(THREE)
    assert xml.startswith(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n')
    assert "Müller".encode() in xml


# Totals


def recount(xml):
    """The totals r8002 to r9014 of the FPS brochure, from the slips in the XML alone."""
    root = etree.fromstring(xml)
    slips = root.findall(".//Fiche28171")
    numbers = sum(int(slip.findtext("f2009_volgnummer")) for slip in slips)
    cents = sum(int(slip.findtext("f71_2060_bedragliberaliteiten")) for slip in slips)
    return {
        "r8010_aantalrecords": len(slips) + 2,
        "r8011_controletotaal": numbers,
        "r8012_controletotaal": cents,
        "r8013_totaalvoorheffingen": 0,
        "r9010_aantallogbestanden": 3,
        "r9011_totaalaantalrecords": len(slips) + 4,
        "r9012_controletotaal": numbers,
        "r9013_controletotaal": cents,
        "r9014_controletotaal": 0,
    }


def test_three_slips_make_the_totals_of_the_official_sample():
    # Its control totals are 220000, 20000 and 10000: r8010 5, r8011 6, r8012 250000, r9011 7.
    slips = [replace(slip, cents=cents) for slip, cents in zip(THREE, (2200_00, 200_00, 100_00), strict=True)]
    xml, summary = shipment(slips)
    said = {tag: text for tag, text in leaves(xml) if tag.startswith("r")}
    assert said == {
        "r8002_inkomstenjaar": "2025",
        "r8005_registratienummer": "0999999922",
        "r8010_aantalrecords": "5",
        "r8011_controletotaal": "6",
        "r8012_controletotaal": "250000",
        "r8013_totaalvoorheffingen": "0",
        "r9002_inkomstenjaar": "2025",
        "r9010_aantallogbestanden": "3",
        "r9011_totaalaantalrecords": "7",
        "r9012_controletotaal": "6",
        "r9013_controletotaal": "250000",
        "r9014_controletotaal": "0",
    }
    assert (summary.count, summary.sum_numbers, summary.sum_cents) == (3, 6, 250_000)


@given(st.lists(st.integers(40_00, 500_000_00), min_size=1, max_size=30))
def test_the_totals_are_those_of_the_slips(amounts):
    xml, summary = shipment([replace(JEAN, number=n, cents=cents) for n, cents in enumerate(amounts, 1)])
    root = etree.fromstring(xml)
    assert {tag: int(root.findtext(f".//{tag}")) for tag in recount(xml)} == recount(xml)
    assert summary.sum_cents == sum(amounts)


# What is refused, with the receipt and the field, and without a name


@pytest.mark.parametrize(
    ("slips", "told"),
    [
        ([JEAN, replace(ANNA, number=3)], "receipt 3: follows 1"),
        ([replace(JEAN, number=2)], "receipt 2: follows 0"),
        ([JEAN, JEAN], "receipt 1: follows 1"),
        ([replace(JEAN, cents=39_99)], "receipt 1: 39.99 EUR is below 40.00 EUR"),
        ([replace(JEAN, national_number="85073003329")], "receipt 1: the national number is wrong"),
        ([replace(JEAN, national_number="85.07.30-033.28")], "receipt 1: the national number is wrong"),
        ([replace(COMPANY, number=1, enterprise_number="0431150351")], "receipt 1: the enterprise number is wrong"),
        ([replace(JEAN, country="QQ")], "receipt 1: f2018_landwoonplaats: no code for country 'QQ'"),
        ([replace(JEAN, country="QQX")], "receipt 1: f2018_landwoonplaats: no code for country 'QQ' here"),
        ([replace(JEAN, postcode="75001")], "receipt 1: f2016_postcodebelgisch"),
        ([replace(KARL, number=1, postcode="1" * 13)], "receipt 1: f2112_buitenlandspostnummer"),
        ([replace(JEAN, postcode="")], "receipt 1: postcode or municipality missing"),
        ([replace(JEAN, last_name=" ")], "receipt 1: f2013_naam (surname or name) is missing"),
        ([replace(JEAN, street="")], "receipt 1: f2015_adres (street and number) is missing"),
        ([replace(JEAN, street="x" * 151)], "receipt 1: f2015_adres (street and number) has 151 characters, 150 fit"),
        ([replace(JEAN, municipality="x" * 51)], "receipt 1: f2017_gemeente (municipality) has 51 characters, 50 fit"),
        ([replace(JEAN, reference="x" * 21)], "receipt 1: f2010_referentie"),
        ([replace(JEAN, last_name="Exem\x07ple")], "receipt 1: f2013_naam (surname or name) holds a control character"),
        ([replace(JEAN, last_name="Exem\u202eple")], "receipt 1: f2013_naam (surname or name) holds a control"),
        ([replace(JEAN, street="Rue des Essais\n1")], "receipt 1: f2015_adres (street and number) holds a control"),
        ([JEAN, replace(ANNA, year=2024)], "receipt 2: of income year 2024 among those of 2025"),
        ([replace(JEAN, action=Action.MODIFY)], "receipt 1: modify does not go into a first shipment"),
    ],
)
def test_a_slip_that_would_be_refused_is_named_by_its_number_and_field(slips, told):
    message = refusal(slips)
    assert told in message
    for secret in ("Exemple", "Essais", "8507300332", "85.07"):
        assert secret not in message


def test_every_fault_is_told_not_only_the_first():
    message = refusal([replace(JEAN, cents=1, postcode="x"), replace(ANNA, country="QQ")])
    assert "3 to correct" in message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"language": "en"}, "no code for language 'en'"),
        ({"enterprise_number": "0999999923"}, "enterprise number is wrong"),
        ({"email": "dons"}, "e-mail"),
        ({"postcode": "10000"}, "postcode"),
        ({"street": "x" * 33}, "a1013_adresnl"),
        ({"contact": ""}, "v0021_contactpersoon (contact person) is missing"),
    ],
)
def test_an_institution_that_would_be_refused_is_told_by_field(change, told):
    assert told in refusal(THREE, institution=replace(INSTITUTION, **change))


def test_a_correction_names_the_shipment_it_corrects_and_holds_no_original():
    assert "receipt 1: original does not go into a correction" in refusal([JEAN], corrects="A1B2C3")
    assert "v0026_referte" in refusal([replace(JEAN, action=Action.ADD)], corrects="TOOLONG")
    same = [replace(ANNA, action=Action.MODIFY), replace(ANNA, action=Action.CANCEL)]
    assert "receipt 2: comes after 2" in refusal(same, corrects="A1B2C3")
    twice = [replace(ANNA, action=Action.MODIFY), replace(JEAN, action=Action.MODIFY)]
    assert "receipt 1: comes after 2" in refusal(twice, corrects="A1B2C3")


def test_the_income_year_2026_has_no_xml_and_says_what_to_do():
    with pytest.raises(NoXmlChannel, match="--format csv"):
        shipment([replace(JEAN, year=2026)])
    with pytest.raises(OboleError, match="2024, 2025, 2026"):
        shipment([replace(JEAN, year=2023)])


def test_no_receipt_makes_no_shipment():
    assert "no receipt to report" in refusal([])


# What is changed, and told


def test_a_long_surname_is_cut_at_a_word_and_told():
    name = "Exemple de la Longue Tradition des Noms Composés"  # 48 characters
    slips = [replace(JEAN, last_name=name)]
    assert "receipt 1: f2013_naam (surname or name) has 48 characters, 41 fit" in notes(slips)
    assert zones(shipment(slips)[0], "f2013_naam") == ["Exemple de la Longue Tradition des Noms"]


def test_first_names_are_cut_to_fifteen_and_told():
    slips = [
        replace(JEAN, first_name="Jean-Christophe"),
        replace(ANNA, first_name="Anne Marie Louise"),
        replace(KARL, first_name="Maximiliansebastian"),
    ]
    xml, summary = shipment(slips)
    assert zones(xml, "f2114_voornamen") == ["Jean-Christophe", "Anne Marie", "Maximiliansebas"]
    assert [note.message[:10] for note in summary.notes if "f2114" in note.message] == ["receipt 2:", "receipt 3:"]


def test_what_may_be_cut_is_cut_and_what_may_not_is_to_be_shortened():
    assert notes([replace(JEAN, last_name="É" * 42)]) == (
        "receipt 1: f2013_naam (surname or name) has 42 characters, 41 fit; cut in the file, whole on the receipt"
    )
    assert zones(shipment([replace(JEAN, last_name="É" * 42)])[0], "f2013_naam") == ["É" * 41]
    assert "receipt 1: f2015_adres (street and number) has 151 characters, 150 fit; shorten it" in refusal(
        [replace(JEAN, street="é" * 151)]
    )
    assert zones(shipment([replace(JEAN, street="é" * 150)])[0], "f2015_adres") == ["é" * 150]


@pytest.mark.parametrize(("text", "length", "cut"), [
    ("abc", 3, "abc"), ("abcd", 3, "abc"), ("ab cd", 3, "ab"), ("abc d", 3, "abc"), ("ab  cd", 4, "ab"),
    ("a b c", 4, "a b"), ("abcd e", 3, "abc"), (" abcd", 3, " ab"),
])  # fmt: skip
def test_a_text_is_cut_at_a_word_where_there_is_one(text: str, length: int, cut: str):
    assert _cut(text, length) == cut


@pytest.mark.parametrize(("number", "written"), [
    ("025725757", "025725757"), ("02 572 57 57", "02 572 57 57"), ("+32 2 572 57 57", "025725757"),
    ("0032 2/572.57.57", "025725757"), ("(+32) 477-12 34 56", "0477123456"), ("+33 1 23 45 67 89", "+33123456789"),
])  # fmt: skip
def test_a_telephone_number_is_left_as_it_is_where_it_fits(number: str, written: str):
    assert zones(shipment([JEAN], institution=replace(INSTITUTION, telephone=number))[0], "v0018_telefoonnummer") == [
        written
    ]


def test_an_ampersand_is_a_plus_where_its_word_does_not_fit():
    name = "x" * 37 + " & y"  # 41 characters; ` et ` makes one more
    assert zones(shipment([replace(JEAN, last_name=name)])[0], "f2013_naam") == ["x" * 37 + " + y"]
    assert zones(shipment([replace(JEAN, last_name=name[1:])])[0], "f2013_naam") == ["x" * 36 + " et y"]


def test_signs_of_xml_are_written_as_text():
    xml, _ = shipment([replace(JEAN, last_name="<a> b")])
    assert zones(xml, "f2013_naam") == ["<a> b"]
    assert b"&lt;a&gt; b" in xml


def test_a_sender_of_its_own_is_checked_and_named_as_the_sender():
    sender = replace(INSTITUTION, name="BUREAU EXEMPLE", enterprise_number="0403019261", language="nl")
    xml, _ = shipment(THREE, sender=sender)
    assert zones(xml, "v0014_naam") == ["BUREAU EXEMPLE"]
    assert zones(xml, "v0022_taalcode") == ["1"]
    assert zones(xml, "a1020_taalcode") == ["2"]
    assert zones(xml, "a1011_naamnl1") == ["FONDATION EXEMPLE"]
    assert "2 to correct" in refusal(THREE, sender=replace(sender, email="x", postcode="1"))
    assert "1 to correct" in refusal(THREE, institution=replace(INSTITUTION, email="x"))


def test_twenty_faults_are_told_and_the_rest_counted():
    def told(count: int) -> list[str]:
        return refusal([replace(JEAN, number=n, cents=1) for n in range(1, count + 1)]).splitlines()

    assert len(told(20)) == 21
    assert told(21)[-1].strip() == "and 1 more"
    assert told(23)[-1].strip() == "and 3 more"
    assert len(told(23)) == 22


@pytest.mark.parametrize(
    "slip", [replace(JEAN, national_number=None), replace(COMPANY, number=1, enterprise_number=None)]
)
def test_who_has_no_number_is_reported_without_and_counted(slip):
    xml, summary = shipment([slip])
    assert zones(xml, "f2011_nationaalnr") == []
    assert summary.without_number == 1


def test_a_first_name_that_is_missing_is_told_of_natural_persons_alone():
    assert "receipt 1: f2114_voornamen missing" in notes([replace(JEAN, first_name=" ")])
    assert notes([replace(COMPANY, number=1)]) == ""


@pytest.mark.parametrize("change", [{"postcode": " ", "country": "FR"}, {"municipality": " "}])
def test_postcode_and_municipality_are_both_needed(change: dict[str, str]):
    assert "receipt 1: postcode or municipality missing; complete the donor" in refusal([replace(JEAN, **change)])


def test_a_correction_is_never_late():
    late = date(2026, 5, 1)
    assert "late" in notes([JEAN], created=late)
    assert notes([replace(JEAN, action=Action.MODIFY)], created=late, corrects="A1B2C3") == ""


def test_a_late_or_gapped_shipment_is_written_and_read_back_as_it_must_be(tmp_path):
    slips = [JEAN, replace(ANNA, number=3)]
    path = tmp_path / "a.xml"
    summary = write_file(slips, INSTITUTION, BelcotaxSettings(), CREATED, path, withdrawn={2})
    assert (summary.count, summary.sum_numbers, summary.sum_cents, summary.without_number) == (2, 4, 190_00, 0)
    assert path.stat().st_mode & 0o777 == 0o600
    assert check(path, withdrawn={2}) == []


def test_a_shipment_that_is_not_read_back_as_written_is_not_put_in_place(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("receipts.filing.belcotax.check", lambda *_, **__: [Fault("counted otherwise")])
    with pytest.raises(BelcotaxRefused, match="counted otherwise"):
        write_file([JEAN], INSTITUTION, BelcotaxSettings(), CREATED, tmp_path / "a.xml")
    assert list(tmp_path.iterdir()) == []


def test_lengths_are_counted_in_characters_as_people_see_them():
    decomposed = "E\u0301" * 41  # 82 code points, 41 letters
    xml, summary = shipment([replace(JEAN, last_name=decomposed)])
    assert zones(xml, "f2013_naam") == ["É" * 41]
    assert summary.notes == ()


@pytest.mark.parametrize(
    ("language", "name", "written"),
    [
        ("fr", "Exemple & Fils", "Exemple et Fils"),
        ("nl", "Voorbeeld & Zonen", "Voorbeeld en Zonen"),
        ("de", "Beispiel & Söhne", "Beispiel und Söhne"),
        ("en", "Example & Sons", "Example + Sons"),
        ("fr", "E&E", "E+E"),
    ],
)
def test_an_ampersand_becomes_a_word_and_is_told(language, name, written):
    slips = [replace(COMPANY, number=1, last_name=name, language=language)]
    assert "receipt 1: f2013_naam" in notes(slips)
    assert zones(shipment(slips)[0], "f2013_naam") == [written]


def test_the_name_of_the_institution_is_parted_at_a_word():
    name = "Fondation d'utilité publique pour les exemples"
    xml, _ = shipment(THREE, institution=replace(INSTITUTION, name=name))
    assert zones(xml, "a1011_naamnl1") == ["Fondation d'utilité publique"]  # 28
    assert zones(xml, "a1012_naamnl2") == ["pour les exemples"]
    assert "v0014_naam" in notes(THREE, institution=replace(INSTITUTION, name=name))


def test_a_long_telephone_number_is_written_in_national_digits():
    xml, _ = shipment(THREE, institution=replace(INSTITUTION, telephone="+32 2 572 57 57"))
    assert zones(xml, "v0018_telefoonnummer") == ["025725757"]


def test_more_than_five_percent_without_number_is_told():
    def told(missing: int) -> list[str]:
        slips = [replace(JEAN, number=n, national_number=None if n <= missing else "85073003328") for n in range(1, 21)]
        return [note.message for note in shipment(slips)[1].notes]

    assert told(1) == []
    assert told(2)[0].startswith("2 of 20 receipts have no national or enterprise number")


def test_a_number_withdrawn_before_filing_is_the_only_gap_allowed():
    slips = [JEAN, replace(ANNA, number=4)]
    assert "receipt 4: follows 1" in notes(slips, withdrawn={2, 3})
    assert "receipt 4: follows 1" in refusal(slips, withdrawn={2})


def test_a_late_or_early_file_is_told():
    assert "late" in notes([JEAN], created=date(2026, 3, 1))
    assert notes([JEAN], created=date(2026, 2, 28)) == ""
    assert "before income year 2025 has ended" in notes([JEAN], created=date(2025, 12, 31))


# Settings whose rule is unsure


def test_settings_decide_what_the_sources_leave_open():
    slips = [JEAN, replace(KARL, number=2), replace(COMPANY, number=3)]
    settings = BelcotaxSettings(
        company_number_in_2011=False,
        zone_2030_natural="1",
        zone_2030_legal="2",
        zone_2045="07",
        country_belgium="0",
        country_digits=5,
        file_type="BCTEST",
    )
    xml, _ = shipment(slips, settings=settings)
    assert zones(xml, "f2011_nationaalnr") == ["85073003328"]
    assert zones(xml, "f71_2030_aardschenker") == ["1", "1", "2"]
    assert zones(xml, "f71_2045_uitreikingopbasisvan") == ["07"] * 3
    assert zones(xml, "f2018_landwoonplaats") == ["0", "00111", "0"]
    assert zones(xml, "v0010_bestandtype") == ["BCTEST"]


def test_the_settings_are_those_of_obole_toml():
    assert Belcotax().model_dump() == asdict(BelcotaxSettings())


def test_a_country_the_table_lacks_can_be_added():
    settings = BelcotaxSettings(country_codes={"QQ": "999"})
    xml, _ = shipment([replace(JEAN, country="QQ")], settings=settings)
    assert zones(xml, "f2018_landwoonplaats") == ["999"]


def test_the_country_codes_are_those_of_the_facts():
    with here(FACTS / "country-codes-frequent.csv").open(encoding="utf-8") as lines:
        expected = {row["iso2"]: row["belcotax_code"] for row in csv.DictReader(lines) if row["iso2"] != "BE"}
    slips = [replace(KARL, number=n, country=iso) for n, iso in enumerate(expected, 1)]
    assert zones(shipment(slips)[0], "f2018_landwoonplaats") == list(expected.values())


def test_the_checksum_vectors_of_the_facts_hold():
    with here(VECTORS).open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        legal = row["kind"] == "KBO"
        slip = (
            replace(COMPANY, number=1, enterprise_number=row["value"])
            if legal
            else replace(JEAN, national_number=row["value"])
        )
        if row["valid"] == "yes":
            assert zones(shipment([slip])[0], "f2011_nationaalnr") == [row["value"]]
        else:
            assert "number is wrong" in refusal([slip])


# Reading back


def written(tmp_path, slips=THREE, change=None):
    xml, _ = shipment(slips)
    path = tmp_path / "shipment.xml"
    path.write_bytes(change(xml) if change else xml)
    return [fault.message for fault in check(path) if fault.severity is Severity.ERROR]


def test_a_shipment_just_written_is_read_without_fault(tmp_path):
    assert written(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"<r8010_aantalrecords>5", b"<r8010_aantalrecords>3", "r8010_aantalrecords: the file says 3, counted 5"),
        (b"<r8011_controletotaal>6", b"<r8011_controletotaal>7", "r8011_controletotaal: the file says 7, counted 6"),
        (b"<r8012_controletotaal>142456", b"<r8012_controletotaal>1", "r8012_controletotaal"),
        (b"<r9010_aantallogbestanden>3", b"<r9010_aantallogbestanden>1", "r9010_aantallogbestanden"),
        (b"<r9011_totaalaantalrecords>7", b"<r9011_totaalaantalrecords>5", "r9011_totaalaantalrecords"),
        (b"<r9012_controletotaal>6", b"<r9012_controletotaal>7", "r9012_controletotaal"),
        (b"<r9013_controletotaal>142456", b"<r9013_controletotaal>0", "r9013_controletotaal"),
        (b"<f71_2060_bedragliberaliteiten>4000", b"<f71_2060_bedragliberaliteiten>4100", "f71_2059_totaalcontrole"),
        (b"<f2009_volgnummer>2<", b"<f2009_volgnummer>5<", "receipt 5: follows 1"),
        (b"<f2011_nationaalnr>85073003328", b"<f2011_nationaalnr>85073003329", "receipt 1: f2011_nationaalnr"),
        (b"<r9002_inkomstenjaar>2025", b"<r9002_inkomstenjaar>2024", "r9002_inkomstenjaar is not v0002"),
        (b"<r8005_registratienummer>0999999922", b"<r8005_registratienummer>0", "r8005_registratienummer"),
        (b"<f2028_typetraitement>0", b"<f2028_typetraitement>1", "receipt 1: f2028_typetraitement"),
        (b"<f2112_buitenlandspostnummer>75001", b"<f2112_buitenlandspostnummer>", "receipt 3: write either"),
        (b"<f2013_naam>Exemple", b"<f2013_naam>Exemple &amp; Fils", "f2013_naam: holds an ampersand"),
        (b"<f2114_voornamen>Jean", b"<f2114_voornamen>Jean-Christophe-Marie", "f2114_voornamen: 21 characters, 15 fit"),
        (b"</Verzendingen>", b"", "not well-formed"),
        (b"<Aangiften>", b"<Vreemd>x</Vreemd><Aangiften>", "Vreemd: not an element"),
    ],
)
def test_a_file_that_was_changed_is_found_out(tmp_path, old, new, told):
    faults = written(tmp_path, change=lambda xml: xml.replace(old, new, 1))
    assert any(told in fault for fault in faults), faults
    assert not any("Exemple" in fault or "8507300332" in fault for fault in faults)


def test_a_file_is_checked_against_the_schema_the_reader_has(tmp_path):
    path = tmp_path / "shipment.xml"
    path.write_bytes(shipment([JEAN])[0])
    assert check(path, schema=here(SCHEMA)) == []
    path.write_bytes(path.read_bytes().replace(b"<v0016_postcode>1000</v0016_postcode>\n", b""))
    assert "schema" in check(path, schema=SCHEMA)[0].message


def test_something_else_is_not_a_shipment(tmp_path):
    path = tmp_path / "other.xml"
    path.write_text("<Verzendingen/>", encoding="utf-8")
    assert [fault.message for fault in check(path)] == ["no Verzending in it: not a Belcotax shipment"]


@given(name=st.text(max_size=60), first=st.text(max_size=30), street=st.text(max_size=170))
def test_whatever_a_donor_is_called_the_file_is_right_or_refused(tmp_path_factory, name, first, street):
    try:
        xml, _ = shipment([replace(JEAN, last_name=name, first_name=first, street=street)])
    except BelcotaxRefused:
        return
    path = tmp_path_factory.getbasetemp() / "any-name.xml"
    path.write_bytes(xml)
    assert check(path) == []


# The file and the list


def test_a_file_appears_whole_and_private_or_not_at_all(tmp_path):
    path = tmp_path / file_name(INSTITUTION, 2025)
    assert path.name == "belcotax-28171-0999999922-2025-1.xml"
    with pytest.raises(BelcotaxRefused):
        write_file([JEAN, JEAN], INSTITUTION, BelcotaxSettings(), CREATED, path)
    assert list(tmp_path.iterdir()) == []
    summary = write_file(THREE, INSTITUTION, BelcotaxSettings(), CREATED, path)
    assert summary.count == 3
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.stat().st_mode & 0o077 == 0


def test_the_list_for_entry_by_hand_says_the_same():
    out = io.BytesIO()
    slips = [replace(slip, year=2026) for slip in (*THREE, COMPANY)]
    summary = write_csv([*slips, replace(JEAN, number=5, last_name="=Exemple", year=2026)], out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig")), delimiter=";"))
    assert [row["amount"] for row in rows] == ["150,00", "40,00", "1234,56", "500,00", "150,00"]
    assert rows[3]["enterprise_number"] == "0403019261"
    assert rows[4]["last_name"] == "'=Exemple"
    assert (summary.count, summary.sum_numbers, summary.sum_cents, summary.without_number) == (5, 15, 2074_56, 1)
    assert out.getvalue().startswith(b"\xef\xbb\xbfnumber;reference;action;kind;")
    assert rows[0]["national_number"] == "85073003328"
    assert (rows[2]["national_number"], rows[2]["enterprise_number"], rows[2]["country"]) == ("", "", "FR")
