"""The register of donors: who they are, and the accounts, mandates and references their gifts are known by.

What is read here goes into the vault and nowhere else; no message and no `repr` holds more than the donor's key.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from stdnum import iban

from importers.bank.communications import compact_ogm, compact_rf, valid_ogm, valid_rf
from importers.sheets.cells import Vocabulary
from importers.sheets.tabular import (
    RegisterFile,
    SheetColumn,
    SheetRow,
    SheetTable,
    has_columns,
    of_columns,
    read_sheet,
)
from importers.words import N_, _
from ledger.identifiers import unlikely_national_number, valid_enterprise_number, valid_national_number
from ledger.postcodes import DIGITS, Locality, read_place
from ledger.records import DonorKind


class Delivery(StrEnum):
    """The way the receipt travels."""

    POST = "post"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, repr=False)
class DonorRow:
    """One donor. `language` is empty where the register leaves it to the foundation; a legal person has one name."""

    key: str
    kind: DonorKind
    last_name: str
    first_name: str
    street: str
    postcode: str
    municipality: str
    country: str
    language: str
    email: str
    delivery: Delivery
    ibans: tuple[str, ...]
    mandates: tuple[str, ...]
    communications: tuple[str, ...]
    national_number: str | None
    enterprise_number: str | None
    consent: str
    origin: str
    since: date | None
    row: int

    def __repr__(self) -> str:
        return f"DonorRow({self.key}, row {self.row})"


DonorsFile = RegisterFile[DonorRow]


COLUMNS = (
    SheetColumn("donor", "donateur", "schenker", "spender", required=True),
    SheetColumn("kind", "type", "soort", "art", required=True),
    SheetColumn("last_name", "nom", "naam", "nachname", required=True),
    SheetColumn("first_name", "prénom", "voornaam", "vorname"),
    SheetColumn("street", "adresse", "adres", "anschrift"),
    SheetColumn("postcode", "code_postal", "postcode", "postleitzahl"),
    SheetColumn("municipality", "localité", "gemeente", "ort"),
    SheetColumn("country", "pays", "land", "land"),
    SheetColumn("language", "langue", "taal", "sprache"),
    SheetColumn("email", "courriel", "e-mail", "e-mail"),
    SheetColumn("delivery", "envoi", "verzending", "versand"),
    SheetColumn("ibans", "ibans", "ibans", "ibans"),
    SheetColumn("mandates", "mandats", "mandaten", "mandate"),
    SheetColumn("references", "communications", "mededelingen", "mitteilungen"),
    SheetColumn("national_number", "numéro_national", "rijksregisternummer", "nationalregisternummer"),
    SheetColumn("enterprise_number", "numéro_entreprise", "ondernemingsnummer", "unternehmensnummer"),
    SheetColumn("consent", "consentement", "toestemming", "einwilligung"),
    SheetColumn("origin", "origine", "herkomst", "herkunft"),
    SheetColumn("since", "depuis", "sinds", "seit"),
)


# Columns that no other register has.
_OWN = tuple(column for column in COLUMNS if column.name in ("last_name", "municipality", "ibans", "national_number"))


KINDS = Vocabulary(
    {
        "natural": ("physique", "natuurlijk", "natürlich"),
        "legal": ("morale", "rechtspersoon", "juristisch"),
    }
)


LANGUAGES = {"fr": "fr", "nl": "nl", "de": "de", "en": "en"}


DELIVERIES = Vocabulary(
    {
        "post": ("poste", "post", "post"),
        "email": ("courriel", "e-mail", "e-mail"),
    }
)


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


_COUNTRY = re.compile(r"[A-Z]{2}")


# SEPA: up to 35 characters of the basic Latin set (EPC217-08), without the blank that separates two.
_MANDATE = re.compile(r"[A-Za-z0-9/?:().,'+-]{1,35}")


_BELGIAN_IBAN = re.compile(r"BE[0-9]{14}")


def identify(path: Path) -> bool:
    """Return whether a file is a register of donors, by its headings."""
    return has_columns(path, COLUMNS[:1], _OWN)


def read(path: Path) -> DonorsFile:
    """Return the donors of a register, with its faults."""
    table = SheetTable(read_sheet(path, score=of_columns(COLUMNS)), COLUMNS)
    return table.file(_rows(table))


def describe(file: DonorsFile) -> list[tuple[str, str]]:
    """Return what the register holds, as labels and counts without any identity."""
    rows = file.rows
    return [
        (_("donors"), str(len(rows))),
        (_("natural persons"), str(sum(row.kind is DonorKind.NATURAL for row in rows))),
        (_("legal persons"), str(sum(row.kind is DonorKind.LEGAL for row in rows))),
        (_("with a national number"), str(sum(row.national_number is not None for row in rows))),
        (_("with an enterprise number"), str(sum(row.enterprise_number is not None for row in rows))),
        (_("with a whole address"), str(sum(bool(row.street and row.postcode and row.municipality) for row in rows))),
        (_("receipt by e-mail"), str(sum(row.delivery is Delivery.EMAIL for row in rows))),
        (_("accounts (IBAN)"), str(sum(len(row.ibans) for row in rows))),
        (_("mandates"), str(sum(len(row.mandates) for row in rows))),
        (_("structured communications"), str(sum(len(row.communications) for row in rows))),
    ]


def is_mandate(reference: str) -> bool:
    """Return whether a text can be the reference of a SEPA mandate."""
    return _MANDATE.fullmatch(reference) is not None


def valid_iban(number: str) -> bool:
    """Return whether an IBAN without blanks has the right form and check digits.

    The list of Belgian bank codes is not asked (a bank may be newer than the list). Belgian numbers, nearly all of
    them, are checked here because the general check takes forty times as long.
    """
    if _BELGIAN_IBAN.fullmatch(number):
        return int(number[4:] + "1114" + number[2:4]) % 97 == 1  # B = 11, E = 14: ISO 13616
    return bool(iban.is_valid(number, check_country=False))


def _rows(table: SheetTable) -> Iterator[DonorRow]:
    unique = {
        name: _Owners(name, message)
        for name, message in (
            ("donor", N_("column `{column}` has the key of row {row} again; keep it with one donor")),
            (
                "national_number",
                N_("column `{column}` has the national number of row {row} again; keep it with one donor"),
            ),
            ("mandates", N_("column `{column}` has a mandate of row {row} again; keep it with one donor")),
            (
                "references",
                N_("column `{column}` has a structured communication of row {row} again; keep it with one donor"),
            ),
        )
    }
    accounts = _Owners(
        "ibans",
        N_("column `{column}` has an IBAN of row {row} too; gifts from it need another sign to match"),
        shareable=True,
    )
    for row in table:
        donor = _donor(row)
        if row.sound:
            unique["donor"].claim(row, donor.key)
            unique["national_number"].claim(row, donor.national_number or "")
            for mandate in donor.mandates:
                unique["mandates"].claim(row, mandate)
            for communication in donor.communications:
                unique["references"].claim(row, communication)
            for account in donor.ibans:
                accounts.claim(row, account)
        if row.sound:
            yield donor


class _Owners:
    """The row that has a value: a second one is a fault that names the first and never the value."""

    def __init__(self, column: str, message: str, *, shareable: bool = False) -> None:
        self._rows: dict[str, int] = {}
        self._column = column
        self._message = message
        self._shareable = shareable

    def claim(self, row: SheetRow, value: str) -> None:
        if not value:
            return
        first = self._rows.setdefault(value, row.number)
        if first == row.number:
            return
        if self._shareable:
            row.warn(self._column, _(self._message), row=first)
        else:
            row.error(self._column, _(self._message), row=first)


def _donor(row: SheetRow) -> DonorRow:
    kind = DonorKind(row.choice("kind", KINDS, "natural"))
    place = _place(row)
    email = row.text("email")
    if email and not _EMAIL.fullmatch(email):
        row.error("email", _("column `{column}` is not an e-mail address; correct or empty it"))
    delivery = Delivery(row.choice("delivery", DELIVERIES, "post"))
    if delivery is Delivery.EMAIL and not row.filled("email"):
        row.error(
            "delivery", _("column `{column}` says e-mail but there is no address; add the address or choose post")
        )
    national, enterprise = _national_number(row, kind), _enterprise_number(row)
    return DonorRow(
        key=row.key("donor") or "",
        kind=kind,
        last_name=row.text("last_name"),
        first_name=row.text("first_name"),
        street=row.text("street"),
        postcode=place.postcode,
        municipality=place.municipality,
        country=place.country,
        language=row.choice("language", LANGUAGES, ""),
        email=email,
        delivery=delivery,
        ibans=_ibans(row),
        mandates=_several(
            row,
            "mandates",
            is_mandate,
            _("column `{column}` holds something that is not a mandate reference (35 characters at most); correct it"),
        ),
        communications=_communications(row),
        national_number=national,
        enterprise_number=enterprise,
        consent=row.text("consent"),
        origin=row.text("origin"),
        since=row.day_or_none("since"),
        row=row.number,
    )


def _national_number(row: SheetRow, kind: DonorKind) -> str | None:
    number = row.digits("national_number", 11)
    if number and not valid_national_number(number):
        row.error(
            "national_number",
            _("column `{column}` is not a national or BIS number (its check digits fail); correct or empty it"),
        )
    elif number and unlikely_national_number(number):
        row.warn(
            "national_number",
            _("column `{column}` has 999 as counter of the day, which ends at 998; ask for the number"),
        )
    if number and kind is DonorKind.LEGAL:
        row.error(
            "national_number",
            _("column `{column}` belongs to a natural person, but the kind is legal; correct one of the two"),
        )
    return number or None


def _enterprise_number(row: SheetRow) -> str | None:
    number = row.digits("enterprise_number", 10, prefix="BE")
    if number and not valid_enterprise_number(number):
        row.error(
            "enterprise_number",
            _("column `{column}` is not an enterprise number (its check digits fail); correct or empty it"),
        )
    return number or None


def _place(row: SheetRow) -> Locality:
    """Return country, postcode and municipality as they are meant; what they leave open is told and stops a receipt."""
    said = row.text("country").upper()
    if said and not _COUNTRY.fullmatch(said):
        row.error("country", _("column `{column}` is not an ISO code of two letters; write BE, FR, NL ..."))
    place = read_place(said, row.code("postcode"), row.text("municipality"))
    length = DIGITS.get(place.country)
    digits = place.postcode.isdigit()
    if length and digits and len(place.postcode) < length and place.country != "BE":
        return place._replace(postcode=place.postcode.rjust(length, "0"))
    if not place.country:
        row.warn(
            "postcode",
            _(
                "column `{column}` has not the 4 digits of a Belgian postcode, and no country is said; write the "
                "country: till then there is no receipt"
            ),
        )
    # An address may be mended later: it stops a receipt, not the register.
    elif length and place.postcode and not (digits and len(place.postcode) == length):
        row.warn(
            "postcode",
            _("column `{column}` has not the {length} digits of a postcode in {country}; correct it or the country"),
            length=length,
            country=place.country,
        )
    return place


def _several(row: SheetRow, name: str, valid: Callable[[str], object], message: str) -> tuple[str, ...]:
    """Return the values of a cell, separated by blanks or bars, each once."""
    found = tuple(dict.fromkeys(_separate(row.code(name))))
    if not all(valid(value) for value in found):
        row.error(name, message)
    return found


def _separate(text: str) -> list[str]:
    return text.replace("|", " ").replace(";", " ").split()


def _communications(row: SheetRow) -> tuple[str, ...]:
    values = (value for part in re.split("[|;]", row.code("references")) for value in _references(part))
    found = tuple(dict.fromkeys(values))
    if not all(valid_rf(one) if one.startswith("RF") else valid_ogm(one) for one in found):
        row.error(
            "references",
            _(
                "column `{column}` holds something that is neither an OGM/VCS of 12 digits nor an RF reference (its "
                "check digits fail); correct it"
            ),
        )
    return found


def _references(part: str) -> list[str]:
    """Return the references between two bars: an RF reference may stand in groups, several are then apart by bars."""
    if valid_rf(whole := compact_rf(part)):
        return [whole]
    return [compact_rf(one) if one[:2].upper() == "RF" else compact_ogm(one).rjust(12, "0") for one in _separate(part)]


def _ibans(row: SheetRow) -> tuple[str, ...]:
    """Return the IBANs of a cell. Blanks separate two, and also stand within one: a number ends where it is whole."""
    found: list[str] = []
    number = ""
    for part in _separate(row.text("ibans").upper()):
        number += part
        if valid_iban(number):
            found.append(number)
            number = ""
    if number:
        row.error(
            "ibans",
            _("column `{column}` holds something that is not an IBAN (its form or check digits fail); correct it"),
        )
    return tuple(dict.fromkeys(found))
