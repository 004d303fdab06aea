"""The demonstration's donors: invented people, companies and estates, from common names combined at random.

`population` makes, for N donors, exactly N that will be owed a receipt for 2025: natural persons, and one company in a
hundred. Besides them stand donors who will not be: below 40 EUR, without a complete address, lapsed after 2024, those
who give in kind only, and the estates that leave legacies.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from functools import cache
from random import Random
from typing import NamedTuple

from obole.demo.identifiers import (
    belgian_iban,
    birthday,
    enterprise_number,
    foreign_iban,
    national_number,
    ogm,
    printed_ogm,
)
from obole.demo.records import stream, table
from obole.demo.workbook import Cell

_FIRST_OGM = 1_000_000_000
_FIRST_IBAN = 1_000
_FIRST_ENTERPRISE = 500_000
_FOREIGN = {"FR": "fr", "NL": "nl", "DE": "de", "LU": "fr"}
_IN_KIND_DONORS = 6
_COUPLE_EVERY, _COUPLE_AT = 120, 8  # in each 120 donors, the 8th is the partner of the 7th

# Shares of the population.
_MONTHLY, _ABROAD, _OTHER_NAMES, _ENGLISH, _FRENCH_IN_BRUSSELS = 0.46, 0.02, 0.012, 0.02, 0.75
_EMAIL, _BY_EMAIL, _BOX = 0.4, 0.6, 0.15
_NO_NUMBER, _NO_NUMBER_ABROAD, _BIS = 0.025, 0.6, 0.01
_REFERENCE, _REFERENCE_TYPED, _FROM_UNKNOWN = 0.8, 0.08, 0.004  # of transfers; the rest shows the account only


class Role(Enum):
    """The case that a donor is there to show; MONTHLY, ONE_OFF and COMPANY are owed a receipt for 2025."""

    MONTHLY = auto()
    ONE_OFF = auto()
    COMPANY = auto()
    BELOW = auto()
    INCOMPLETE = auto()
    LAPSED = auto()
    IN_KIND = auto()
    ESTATE = auto()


RECEIPTABLE = frozenset({Role.MONTHLY, Role.ONE_OFF, Role.COMPANY})
NEVER_OWED = frozenset({Role.INCOMPLETE, Role.IN_KIND, Role.ESTATE})
LEGAL = frozenset({Role.COMPANY, Role.IN_KIND, Role.ESTATE})


class Habit(Enum):
    """The way a donor's transfers can be recognised."""

    STRUCTURED = auto()
    TYPED = auto()  # the OGM typed into the free text
    IBAN = auto()  # by the account only
    UNKNOWN = auto()  # from an account that is not in the register


class Person(NamedTuple):
    """One row of the donor register, and what the bank shows of its donor (`bank_name`, `iban`)."""

    number: int
    role: Role
    habit: Habit
    last: str
    first: str
    street: str
    postcode: str
    municipality: str
    country: str
    language: str
    email: str
    delivery: str
    iban: str
    ogm: str
    national: str
    enterprise: str
    since: date
    bank_name: str

    @property
    def key(self) -> str:
        """Return the donor's key everywhere: `D0001234`."""
        return f"D{self.number:07d}"

    @property
    def mandate(self) -> str:
        """Return the reference of the SEPA mandate a monthly donor signed."""
        return f"SDD{self.number:07d}"

    @property
    def collected(self) -> bool:
        """Tell whether the donor pays by direct debit."""
        return self.role is Role.MONTHLY or (self.role is Role.LAPSED and self.number % 2 == 0)


def population(donors: int, seed: int) -> list[Person]:
    """Return all donors but the estates, index 1 first: N owed a receipt, then the others."""
    random = stream(seed, "people")
    maker = _Maker(random)
    made: list[Person] = []
    for index, role in enumerate(_roles(donors, random), 1):
        partner = made[-1] if _shares_account(index, role, made) else None
        made.append(maker.legal(index, role) if role in LEGAL else maker.natural(index, role, partner))
    return made


def estates(count: int, after: int, seed: int) -> list[Person]:
    """Return the estates that leave legacies, numbered after the donor `after`."""
    maker = _Maker(stream(seed, "estates"))
    return [maker.legal(index, Role.ESTATE) for index in range(after + 1, after + 1 + count)]


def _shares_account(index: int, role: Role, made: list[Person]) -> bool:
    """Tell whether this one is the partner of the donor before: same surname, address and account."""
    couple = index % _COUPLE_EVERY == _COUPLE_AT and bool(made)
    return couple and role in {Role.MONTHLY, Role.ONE_OFF} and made[-1].role in {Role.MONTHLY, Role.ONE_OFF}


def _roles(donors: int, random: Random) -> Iterator[Role]:
    companies = donors // 100
    # The first is always monthly, so that even one donor shows collections and a return.
    yield Role.MONTHLY
    for _ in range(donors - companies - 1):
        yield Role.MONTHLY if random.random() < _MONTHLY else Role.ONE_OFF
    yield from [Role.COMPANY] * companies
    yield from [Role.BELOW] * (donors // 12 + 2)
    yield from [Role.INCOMPLETE] * (donors // 50 + 1)
    yield from [Role.LAPSED] * (donors // 10 + 1)
    yield from [Role.IN_KIND] * _IN_KIND_DONORS


@dataclass(frozen=True, slots=True)
class _Place:
    postcode: str
    fr: str
    nl: str
    language: str
    country: str


class _Name(NamedTuple):
    name: str
    latin: str


class _Maker:
    """Draws the parts of donors; keeps national numbers unique."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._national: set[str] = set()

    def natural(self, index: int, role: Role, partner: Person | None) -> Person:
        random = self._random
        chance = random.random
        habit = self._habit(index, role, partner)
        country = random.choice(list(_FOREIGN)) if partner is None and chance() < _ABROAD else "BE"
        place = random.choice(_places()[country])
        language = self._language(place)
        origin = "other" if chance() < _OTHER_NAMES else "en" if language == "en" else place.language
        names = _first_names()
        first, sex = random.choice(names[origin if origin in names else language])
        last = random.choice(_surnames()[origin if origin in _surnames() else language])
        street, postcode, municipality = self._address(place, language)
        since = date.fromordinal(random.randint(date(2015, 1, 5).toordinal(), date(2023, 12, 20).toordinal()))
        iban = belgian_iban(_FIRST_IBAN + index) if country == "BE" else foreign_iban(country, _FIRST_IBAN + index)
        last_name, latin_last = last
        if partner is not None:
            last_name, latin_last = partner.last, partner.bank_name.rsplit(" ", 1)[0]
            street, postcode, municipality = partner.street, partner.postcode, partner.municipality
            country, language, iban = partner.country, partner.language, partner.iban
        if role is Role.INCOMPLETE:
            street, postcode, municipality = ("", postcode, municipality) if index % 2 else (street, "", "")
        email = f"{_ascii(first.latin)}.{_ascii(latin_last)}.{index}@example.org".lower() if chance() < _EMAIL else ""
        return Person(
            index,
            role,
            habit,
            last_name,
            first.name,
            street,
            postcode,
            municipality,
            country,
            language,
            email,
            "email" if email and chance() < _BY_EMAIL else "post",
            iban,
            ogm(_FIRST_OGM + index),
            self._national_number(country, sex),
            "",
            since,
            f"{latin_last} {first.latin}".upper()[:35],
        )

    def legal(self, index: int, role: Role) -> Person:
        random = self._random
        place = random.choice(_places()["BE"])
        language = self._language(place)
        street, postcode, municipality = self._address(place, language)
        surname = random.choice(_surnames()["nl" if language == "nl" else "fr"]).name
        if role is Role.ESTATE:
            name, form = f"Succession dossier {index}", ""
        else:
            name, form = f"{random.choice(_company_words())} {surname} {index}", random.choice(("SRL", "SA"))
            form = {"SRL": "BV", "SA": "NV"}[form] if language == "nl" else form
        name = f"{name} {form}".strip()
        return Person(
            index,
            role,
            Habit.IBAN if role is Role.ESTATE else Habit.STRUCTURED,
            name,
            "",
            street,
            postcode,
            municipality,
            "BE",
            "fr" if language == "en" else language,
            "" if role is Role.ESTATE else f"contact.{index}@example.org",
            "post",
            belgian_iban(_FIRST_IBAN + index),
            ogm(_FIRST_OGM + index),
            "",
            "" if role is Role.ESTATE else enterprise_number(_FIRST_ENTERPRISE + index),
            date(2023, 6, 1),
            name.upper()[:35],
        )

    def _habit(self, index: int, role: Role, partner: Person | None) -> Habit:
        drawn = self._random.random()
        # A shared account cannot tell who gave, so couples use their references.
        if partner is not None or (index + 1) % _COUPLE_EVERY == _COUPLE_AT or drawn < _REFERENCE:
            return Habit.STRUCTURED
        if drawn < _REFERENCE + _REFERENCE_TYPED:
            return Habit.TYPED
        return Habit.UNKNOWN if drawn > 1 - _FROM_UNKNOWN and role is Role.ONE_OFF else Habit.IBAN

    def _language(self, place: _Place) -> str:
        drawn = self._random.random()
        if drawn < _ENGLISH:
            return "en"
        if place.language == "both":
            return "fr" if drawn < _FRENCH_IN_BRUSSELS else "nl"
        return place.language

    def _address(self, place: _Place, language: str) -> tuple[str, str, str]:
        streets = _streets()
        local = (
            "nl" if language == "nl" else "de" if place.language == "de" else "fr" if place.language == "both" else ""
        )
        street = self._random.choice(
            streets[place.country] if place.country != "BE" else streets[local or place.language]
        )
        number = f"{street} {self._random.randint(1, 280)}"
        if self._random.random() < _BOX:
            number += (
                f" bte {self._random.randint(1, 40)}" if language != "nl" else f" bus {self._random.randint(1, 40)}"
            )
        return number, place.postcode, place.nl if language == "nl" else place.fr

    def _national_number(self, country: str, sex: str) -> str:
        drawn = self._random.random()
        if drawn < (_NO_NUMBER if country == "BE" else _NO_NUMBER_ABROAD):
            return ""
        while True:
            serial = self._random.randrange(901 if sex == "m" else 900, 998, 2)
            number = national_number(birthday(self._random), serial, bis=country != "BE" or drawn > 1 - _BIS)
            if number not in self._national:
                self._national.add(number)
                return number


COLUMNS = (
    "donor", "kind", "last_name", "first_name", "street", "postcode", "municipality", "country", "language", "email",
    "delivery", "ibans", "mandates", "references", "national_number", "enterprise_number", "consent", "origin", "since",
)  # fmt: skip


def register_rows(donors: list[Person]) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of donors.xlsx in the order of COLUMNS (docs/registers.md)."""
    for donor in donors:
        legal = donor.role in LEGAL
        yield (
            donor.key,
            "legal" if legal else "natural",
            donor.last,
            donor.first,
            donor.street,
            donor.postcode,
            donor.municipality,
            donor.country,
            donor.language,
            donor.email,
            donor.delivery,
            "" if donor.habit is Habit.UNKNOWN else donor.iban,
            donor.mandate if donor.collected else "",
            printed_ogm(donor.ogm),
            donor.national,
            donor.enterprise,
            "" if legal else f"lettres d'information, {donor.since:%Y}",
            "notaire" if donor.role is Role.ESTATE else "bulletin de don",
            donor.since,
        )


@cache
def _first_names() -> dict[str, list[tuple[_Name, str]]]:
    names: dict[str, list[tuple[_Name, str]]] = {}
    for row in table("first_names"):
        name = _Name(row["name"], row["latin"] or _latin(row["name"]))
        names.setdefault(row["language"], []).append((name, row["sex"]))
    return names


@cache
def _surnames() -> dict[str, list[_Name]]:
    names: dict[str, list[_Name]] = {}
    for row in table("surnames"):
        names.setdefault(row["language"], []).append(_Name(row["name"], row["latin"] or _latin(row["name"])))
    return names


@cache
def _streets() -> dict[str, list[str]]:
    streets: dict[str, list[str]] = {}
    for row in table("streets"):
        streets.setdefault(row["language"], []).append(row["name"])
    return streets


@cache
def _places() -> dict[str, list[_Place]]:
    places: dict[str, list[_Place]] = {}
    for row in table("municipalities"):
        places.setdefault(row["country"], []).append(_Place(**row))
    return places


@cache
def _company_words() -> list[str]:
    return [row["word"] for row in table("companies")]


def _latin(name: str) -> str:
    """Return the name as a bank's file can carry it: as it is where windows-1252 has it, else without its marks."""
    try:
        name.upper().encode("cp1252")
    except UnicodeEncodeError:
        return _plain(name)
    return name


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.replace("đ", "d").replace("Đ", "D").replace("ı", "i"))
    return "".join(letter for letter in folded if not unicodedata.combining(letter))


def _ascii(name: str) -> str:
    return "".join(letter for letter in _plain(name).replace("ß", "ss").replace("œ", "oe") if letter.isalnum())
