"""The register of third parties: suppliers, customers and funders, and the keys by which the books name them.

What is read here goes into the vault and nowhere else; no message and no `repr` holds more than the key.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from importers.registers.columns import PARTY
from importers.registers.donors import LANGUAGES, valid_iban
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
from ledger.identifiers import valid_enterprise_number
from ledger.languages import spoken
from ledger.parties import PartyKind, is_party_key

_LONGEST_TERM = 366  # days


@dataclass(frozen=True, slots=True, repr=False)
class PartyRow:
    """One third party. `language` is empty where the register leaves it to the foundation."""

    key: str
    kinds: tuple[PartyKind, ...]
    name: str
    first_name: str
    street: str
    postcode: str
    municipality: str
    country: str
    language: str
    iban: str
    enterprise_number: str
    payment_term: int | None
    row: int

    def __repr__(self) -> str:
        return f"PartyRow({self.key}, row {self.row})"


PartiesFile = RegisterFile[PartyRow]


COLUMNS = (
    replace(PARTY, required=True),
    SheetColumn("kind", "type", "soort", "art", required=True),
    SheetColumn("name", "nom", "naam", "name", required=True),
    SheetColumn("first_name", "prénom", "voornaam", "vorname"),
    SheetColumn("street", "adresse", "adres", "anschrift"),
    SheetColumn("postcode", "code_postal", "postcode", "postleitzahl"),
    SheetColumn("municipality", "localité", "gemeente", "ort"),
    SheetColumn("country", "pays", "land", "land"),
    SheetColumn("language", "langue", "taal", "sprache"),
    SheetColumn("iban", "iban", "iban", "iban"),
    SheetColumn("enterprise_number", "numéro_entreprise", "ondernemingsnummer", "unternehmensnummer"),
    SheetColumn("payment_term", "délai_paiement", "betalingstermijn", "zahlungsfrist"),
)


KINDS = Vocabulary(
    {
        "supplier": ("fournisseur", "leverancier", "lieferant"),
        "customer": ("client", "klant", "kunde"),
        "funder": ("bailleur", "financier", "geldgeber"),
    }
)


_KINDS_TOLD = {
    PartyKind.SUPPLIER: N_("suppliers"),
    PartyKind.CUSTOMER: N_("customers"),
    PartyKind.FUNDER: N_("funders"),
}


def identify(path: Path) -> bool:
    """Return whether a file is a register of third parties, by its headings."""
    return has_columns(path, *([column] for column in COLUMNS if column.name in ("party", "kind", "name")))


def read(path: Path) -> PartiesFile:
    """Return the third parties of a register, with its faults."""
    table = SheetTable(read_sheet(path, score=of_columns(COLUMNS)), COLUMNS)
    return table.file(_rows(table))


def describe(file: PartiesFile) -> list[tuple[str, str]]:
    """Return what the register holds, as labels and counts without any identity."""
    rows = file.rows
    return [
        (_("third parties"), str(len(rows))),
        *((_(label), str(sum(kind in row.kinds for row in rows))) for kind, label in _KINDS_TOLD.items()),
        (_("natural persons"), str(sum(bool(row.first_name) for row in rows))),
        (_("with an IBAN"), str(sum(bool(row.iban) for row in rows))),
        (_("with an enterprise number"), str(sum(bool(row.enterprise_number) for row in rows))),
    ]


def _rows(table: SheetTable) -> Iterator[PartyRow]:
    keys: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for row in table:
        party = _party(row)
        if not row.sound:
            continue
        first = keys.setdefault(party.key, row.number)
        if first != row.number:
            row.error("party", _("column `{column}` has the key of row {row} again; keep one"), row=first)
            continue
        same = numbers.setdefault(party.enterprise_number, row.number) if party.enterprise_number else row.number
        if same != row.number:
            row.warn(
                "enterprise_number",
                _("column `{column}` has that of row {same} too; keep one third party where they are one"),
                same=same,
            )
        yield party


def _party(row: SheetRow) -> PartyRow:
    key = row.code("party").upper()
    if key and not is_party_key(key):
        row.error(
            "party",
            _(
                "column `{column}` is not the key of a third party; write one to three letters and two to nine "
                "digits, such as S0012"
            ),
        )
    number = row.digits("enterprise_number", 10, prefix="BE")
    if number and not valid_enterprise_number(number):
        row.error(
            "enterprise_number",
            _("column `{column}` is not an enterprise number (its check digits fail); correct or empty it"),
        )
    iban = row.text("iban").replace(" ", "").upper()
    if iban and not valid_iban(iban):
        row.error("iban", _("column `{column}` is not an IBAN (its form or check digits fail); correct or empty it"))
    country = (row.text("country") or "BE").upper()
    if len(country) != 2 or not country.isalpha():  # noqa: PLR2004 - ISO 3166-1 alpha-2
        row.error("country", _("column `{column}` is not an ISO code of two letters; write BE, FR, NL ..."))
    return PartyRow(
        key=key,
        kinds=_kinds(row),
        name=row.text("name"),
        first_name=row.text("first_name"),
        street=row.text("street"),
        postcode=row.code("postcode"),
        municipality=row.text("municipality"),
        country=country,
        language=row.choice("language", LANGUAGES, ""),
        iban=iban,
        enterprise_number=number,
        payment_term=_term(row),
        row=row.number,
    )


def _kinds(row: SheetRow) -> tuple[PartyKind, ...]:
    """Return the kinds in a cell, separated by blanks, commas or bars, each once and in a fixed order."""
    words = row.text("kind").casefold().replace(",", " ").replace("|", " ").replace(";", " ").split()
    if not all(word in KINDS for word in words):
        *others, last = KINDS.words(spoken())
        message = _("column `{column}` holds another word than {values}; correct it")
        row.error("kind", message, values=", ".join(others) + _(" or ") + last)
    found = {PartyKind(KINDS[word]) for word in words if word in KINDS}
    return tuple(kind for kind in PartyKind if kind in found)


def _term(row: SheetRow) -> int | None:
    days = row.code("payment_term")
    if not days:
        return None
    if not (days.isascii() and days.isdecimal() and len(days) < 4 and int(days) <= _LONGEST_TERM):  # noqa: PLR2004 - three digits
        row.error("payment_term", _("column `{column}` is not a number of days (0 to 366); correct or empty it"))
        return None
    return int(days)
