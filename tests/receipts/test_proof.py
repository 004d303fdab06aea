"""What is refused before a number is given: each with the key of the validation module or the rule it comes from.

Keys: validator-2021-error-keys.tsv of the facts; lengths: `data/fields-28171.csv`; the window: `layout/receipt.typ`.
"""

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader
from sheets import SHEET

from ledger.errors import OboleError
from ledger.identifiers import unlikely_national_number, valid_national_number
from ledger.postcodes import Locality, read_place, whole_postcode
from ledger.records import DonorKind
from receipts.decide.eligibility import MOST_CENTS
from receipts.filing.belcotax import BelcotaxSettings, Declarant, Slip, refusals
from receipts.issue import Printing, example_sheet
from receipts.paper import proof
from receipts.paper.typeset import Typesetter, Unprintable

INSTITUTION = Declarant("Exemple", "Rue 1", "1000", "Bruxelles", "fr", "0123456749", "02 000 00 00", "a@b.example", "C")
SLIP = Slip(2025, 1, "2025-1", DonorKind.NATURAL, "Exemple", "Ada", "Rue 2", "1000", "Bruxelles", "BE", "fr",
            "85073003328", None, 40_00)  # fmt: skip
ABROAD = replace(SLIP, country="FR", postcode="75002")

REFUSED = {
    "BelgianPostcode: a French one with the country Belgium": (replace(SLIP, postcode="75001"), "four digits"),
    "MaxLength50: the municipality": (replace(SLIP, municipality="x" * 51), "50 fit"),
    "MaxLength150: the street": (replace(SLIP, street="x" * 151), "150 fit"),
    "MaxLength12: a foreign postcode": (replace(ABROAD, postcode="1234567890123"), "12 fit"),
    "IncorrectLandCode: no code for the country": (replace(ABROAD, country="XK"), "country_codes in [belcotax]"),
    "ForeignPostcodeRequired: none in a country that has them": (
        replace(ABROAD, postcode=""),
        "postcode or municipality",
    ),
    "BeneficiaireDataRequired: no municipality": (replace(SLIP, municipality=" "), "postcode or municipality"),
    "NumeroNationalValid: a counter of 000": (replace(SLIP, national_number="85073000061"), "national number is wrong"),
    "AmountOfLiberaliteInsufficient: 39.99": (replace(SLIP, cents=39_99), "is below 40.00 EUR"),
    "MaxLength11: the amount": (replace(SLIP, cents=MOST_CENTS + 1), "11 fit"),
    "XML 1.0: a control character in the name": (replace(SLIP, last_name="Ex\x07emple"), "control character"),
}
TAKEN = {
    "a name that is cut": replace(SLIP, last_name="Exemple " * 8),
    "an ampersand": replace(SLIP, last_name="Exemple & Fils"),
    "Kinshasa, without a postcode": replace(ABROAD, country="CD", postcode="", municipality="Kinshasa"),
    "the largest amount": replace(SLIP, cents=MOST_CENTS),
    "2026, filed as JSON: what that channel refuses is not known": replace(SLIP, year=2026, municipality="x" * 51),
    "without a number": replace(SLIP, national_number=None),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_belcotax_refuses_of_a_slip_is_known_before(case: str):
    slip, told = REFUSED[case]
    assert told in " ".join(str(fault) for fault in refusals(slip, INSTITUTION, BelcotaxSettings(), "D0001"))


@pytest.mark.parametrize("case", TAKEN)
def test_what_belcotax_takes_is_not_refused(case: str):
    assert refusals(TAKEN[case], INSTITUTION, BelcotaxSettings(), "D0001") == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (("", "1000", "Bruxelles"), Locality("BE", "1000", "Bruxelles")),
        (("", "B-1000", "Bruxelles"), Locality("BE", "1000", "Bruxelles")),
        (("BE", "B 1000", "Bruxelles"), Locality("BE", "1000", "Bruxelles")),
        (("", "be1000", ""), Locality("BE", "1000", "")),
        (("", "1000 BXL", ""), Locality("BE", "1000", "BXL")),
        (("BE", "1000 Bruxelles", "Bruxelles"), Locality("BE", "1000", "Bruxelles")),
        (("", "F-75001", "Paris"), Locality("FR", "75001", "Paris")),
        (("FR", "F-75001", "Paris"), Locality("FR", "75001", "Paris")),
        (("", "L-1234", "Luxembourg"), Locality("LU", "1234", "Luxembourg")),
        (("", "NL-1011 AB", "Amsterdam"), Locality("NL", "1011 AB", "Amsterdam")),
        (("", "75001", "Paris"), Locality("", "75001", "Paris")),
        (("", "1011 AB", "Amsterdam"), Locality("", "1011 AB", "Amsterdam")),
        (("", "E1 6AN", "London"), Locality("", "E1 6AN", "London")),
        (("GB", "SW1A 1AA", "London"), Locality("GB", "SW1A 1AA", "London")),
        (("", "", "Bruxelles"), Locality("BE", "", "Bruxelles")),
        (("CD", "", "Kinshasa"), Locality("CD", "", "Kinshasa")),
    ],
)
def test_a_postcode_is_read_as_people_write_it_and_what_it_leaves_open_stays_open(
    written: tuple[str, str, str], read: Locality
):
    """UPU addressing sheets by country; four digits alone are Belgian, five without a country are nobody's yet."""
    assert read_place(*written) == read


def test_a_postcode_is_whole_where_the_country_has_any():
    assert [whole_postcode(*one) for one in (("BE", "1000"), ("BE", "0100"), ("BE", "75001"), ("FR", "75001"))] == [
        True,
        False,
        False,
        True,
    ]
    assert [whole_postcode(country, "") for country in ("BE", "FR", "CD", "HK", "AE", "RW")] == [False] * 2 + [True] * 4


@pytest.mark.parametrize(
    ("base", "valid"), [("850730001", True), ("850730998", True), ("850730000", False), ("850730999", True)]
)
def test_the_counter_of_a_day_begins_with_1(base: str, valid: bool):
    """Royal decree of 3 April 1984; socrates #82. It ends with 998: 999, in a sample of the FPS, is only warned of."""
    number = f"{base}{97 - int(base) % 97:02d}"
    assert valid_national_number(number) is valid
    assert unlikely_national_number(number) is base.endswith("999")


# The paper


PLAIN = {
    "short": {},
    "two given names and a long street": {
        "first_name": "Marie-Thérèse Ghislaine",
        "last_name": "Vandenbroucke-Delacroix",
        "street": "Chaussée de Saint-Josse-ten-Noode 1234 bte 12",
    },
    "Czech": {"last_name": "Dvořáková", "street": "Žižkovská 12/34", "municipality": "Příbram"},
    "wide capitals": {"last_name": "WWWWWWWWWW WWWWWWWWWW WWWWWWWWWW", "first_name": "MMMMMMMMM"},
    "abroad": {"country": "FR", "postcode": "75002", "municipality": "Paris", "street": "1 rue de l’Exemple"},
}
UNPRINTABLE = {
    "Chinese": ({"last_name": "李"}, "U+674E in last_name"),
    "Thai, with marks that typst quotes as code": ({"first_name": "ใจดี"}, "in first_name;"),
    "a right-to-left override": ({"last_name": "Exem\u202eple"}, "U+202E in last_name"),
    "a name as long as the window": ({"last_name": "W" * 60}, "does not fit the window"),
    "an address of eleven lines": ({"street": "Rue de l'Exemple " * 25}, "does not fit the window"),
}


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter()


def addressed(changes: dict[str, str]):
    return replace(SHEET.addressee, **changes)


@pytest.mark.parametrize("case", PLAIN)
def test_what_passes_at_a_glance_is_printed(case: str, typesetter: Typesetter):
    donor = addressed(PLAIN[case])
    assert proof.refusal(donor, SHEET.institution) == ""
    assert typesetter.render(replace(SHEET, addressee=donor)).startswith(b"%PDF")


def test_every_letter_that_passes_at_a_glance_is_in_the_font(typesetter: Typesetter):
    letters = [chr(code) for code in range(0x20, 0x17F) if proof._in_font(chr(code))]
    words = ["".join(letters[at : at + 12]) for at in range(0, len(letters), 12)]
    for at in range(0, len(words), 10):
        typesetter.render(replace(SHEET, addressee=addressed({"street": " ".join(words[at : at + 10])})))


@pytest.mark.parametrize("case", UNPRINTABLE)
def test_what_cannot_be_printed_is_known_before(case: str):
    changes, told = UNPRINTABLE[case]
    assert told in proof.refusal(addressed(changes), SHEET.institution)


def test_an_amount_that_words_cannot_say_stops_that_receipt_alone(typesetter: Typesetter):
    with pytest.raises(Unprintable, match="its amount is above"):
        typesetter.render(replace(SHEET, cents=MOST_CENTS + 1, gifts=()))


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
def test_a_specimen_says_what_it_is_and_has_no_number(language: str, typesetter: Typesetter):
    made = example_sheet(Printing(SHEET.institution, "Bruxelles"), 2025, language)
    pdf = typesetter.render(made, as_specimen=True)
    said = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert {"fr": "SPÉCIMEN", "nl": "SPECIMEN", "de": "MUSTER", "en": "SPECIMEN"}[language] in said
    assert "2025/000001" not in said
    assert made.issued_on == date(2026, 1, 31)
    assert issubclass(Unprintable, OboleError)
