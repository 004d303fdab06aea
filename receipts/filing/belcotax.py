"""Form 281.71 for the tax administration: the slips of a year as Belcotax-on-web XML, checked and streamed.

`write` and `write_file` make the shipment of income years filed as XML, `write_csv` the same slips as a list; `check`
(of `receipts.readback`) counts a file again. Elements, lengths and order stand in `data/fields-28171.csv`.
"""

import csv
import io
import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from ledger.errors import Fault, OboleError, Severity
from ledger.identifiers import valid_enterprise_number, valid_national_number
from ledger.money import to_decimal
from ledger.passing import passing_folder
from ledger.postcodes import without_postcodes
from ledger.records import DonorKind
from receipts.decide.eligibility import MOST_CENTS
from receipts.decide.parameters import FilingChannel, parameters
from receipts.filing.readback import check
from receipts.filing.zones import FRAME, MISSING_PERCENT, UNPRINTABLE, Zone, countries, fields, limits
from receipts.words import _, many

__all__ = [
    "Action",
    "BelcotaxRefused",
    "BelcotaxSettings",
    "Declarant",
    "NoXmlChannel",
    "Slip",
    "Summary",
    "check",
    "file_name",
    "refusals",
    "write",
    "write_csv",
    "write_file",
]


# Codes of zones v0022, a1020 and f2027; there is none for English.
_LANGUAGE = {"nl": "1", "fr": "2", "de": "3"}


# The validation module may refuse an ampersand even when escaped, so the word is written (said by an implementer).
_AND = {"nl": "en", "fr": "et", "de": "und"}


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


_BELGIAN_POSTCODE = re.compile(r"[0-9]{4}")


_REFERENCE = re.compile(r"[0-9A-Za-z-]{1,6}")


_SHOWN_FAULTS: Final = 20


_SHORT: Final = 41  # characters that fit every zone of name and address, or are cut there


class Action(StrEnum):
    """The effect of a slip on an earlier shipment, zone f2028."""

    ORIGINAL = "original"
    MODIFY = "modify"
    ADD = "add"
    CANCEL = "cancel"


_TREATMENT = {Action.ORIGINAL: "0", Action.MODIFY: "1", Action.ADD: "2", Action.CANCEL: "3"}


@dataclass(frozen=True, slots=True)
class Slip:
    """One receipt as the administration gets it, whatever the channel.

    `number` is the receipt's own; `reference` ours, without personal data; `last_name` the name of a legal person;
    `country` ISO 3166 of two letters; `cents` the gifts of the year. An annulment repeats the amount (UNSURE).
    """

    year: int
    number: int
    reference: str
    kind: DonorKind
    last_name: str
    first_name: str
    street: str
    postcode: str
    municipality: str
    country: str
    language: str
    national_number: str | None
    enterprise_number: str | None
    cents: int
    action: Action = Action.ORIGINAL


@dataclass(frozen=True, slots=True)
class Declarant:
    """The issuer of the receipts, and who sends the file where that is another."""

    name: str
    street: str
    postcode: str
    municipality: str
    language: str
    enterprise_number: str
    telephone: str
    email: str
    contact: str


@dataclass(frozen=True, slots=True)
class BelcotaxSettings:
    """Choices that the FPS brochure leaves open, with our defaults; `obole.toml` [belcotax].

    `country_codes` adds codes of annex 3 of the brochure by ISO code, for countries the table here lacks; `no_postcode`
    stands for the postcode of an address in a country that has none.
    """

    company_number_in_2011: bool = True
    zone_2030_natural: str = ""
    zone_2030_legal: str = ""
    zone_2045: str = ""
    country_belgium: str = "150"
    country_digits: int = 0
    file_type: str = "BELCOTAX"
    no_postcode: str = "00000"
    country_codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of what was written, to compare with the register of receipts; `notes` are for a person to read."""

    count: int
    sum_numbers: int
    sum_cents: int
    without_number: int
    notes: tuple[Fault, ...] = ()


class BelcotaxRefused(OboleError):
    """Slips or settings that the administration would refuse; carries every fault."""

    def __init__(self, faults: Collection[Fault]) -> None:
        self.faults = tuple(faults)
        errors = [str(fault) for fault in self.faults if fault.severity is Severity.ERROR]
        count = len(errors)
        told = many(
            "Belcotax file not written, {count} to correct:", "Belcotax file not written, {count} to correct:", count
        )
        lines = [told.format(count=count)]
        lines += errors[:_SHOWN_FAULTS]
        more = count - _SHOWN_FAULTS
        if more > 0:
            lines.append(many("and {count} more", "and {count} more", more).format(count=more))
        super().__init__("\n  ".join(lines))


class NoXmlChannel(OboleError):
    """An income year that is not filed as XML."""

    def __init__(self, year: int) -> None:
        super().__init__(
            _(
                "income year {year} is filed as JSON (Belcotax-on-web 2.0), its schema of form 281.71 is not "
                "known here; write the list with `obole receipts belcotax --year {year} --format csv -o FILE.csv` and "
                "enter it on the Belcotax website, or update Obole."
            ).format(year=year)
        )


def file_name(institution: Declarant, year: int, sequence: int = 1) -> str:
    """Return a file name without personal data; the administration prescribes none."""
    return f"belcotax-28171-{institution.enterprise_number}-{year}-{sequence}.xml"


def write(
    slips: Iterable[Slip],
    institution: Declarant,
    settings: BelcotaxSettings,
    created_on: date,
    out: BinaryIO,
    *,
    sender: Declarant | None = None,
    corrects: str | None = None,
    withdrawn: Collection[int] = frozenset(),
) -> Summary:
    """Stream the shipment to `out`, slips in order of number, and return its totals with what should be read.

    All slips are of one income year. `corrects` is the reference of the accepted shipment where this one corrects it:
    its slips then modify, add or cancel. `withdrawn` are numbers issued and withdrawn before filing or held back, the
    only gaps allowed; it may grow while slips are read. NoXmlChannel, or BelcotaxRefused with all faults, after which
    `out` holds a torso to throw away.
    """
    feed = iter(slips)
    first = next(feed, None)
    if first is None:
        raise BelcotaxRefused([Fault(_("there is no receipt to report; issue the receipts of the year first"))])
    if parameters(first.year).channel is not FilingChannel.XML:
        raise NoXmlChannel(first.year)
    shipment = _Shipment(first.year, institution, settings, corrects, withdrawn)
    out.write(shipment.head(sender or institution, created_on).encode())
    out.writelines(shipment.slip(slip).encode() for slip in chain([first], feed))
    _refuse(shipment.faults)
    out.write(shipment.tail().encode())
    return shipment.summary()


def refusals(slip: Slip, institution: Declarant, settings: BelcotaxSettings, place: str) -> tuple[Fault, ...]:
    """Return what the administration would refuse of one slip by itself, wherever it stands; `place` names it.

    None of a year that is not filed as XML: what that channel holds is not known here.
    """
    if parameters(slip.year).channel is not FilingChannel.XML:
        return ()
    if slip.country == "BE" and slip.kind == DonorKind.NATURAL and _plain(slip):
        return ()
    shipment = _Shipment(slip.year, institution, settings, None, range(1, slip.number))
    shipment.slip(slip, place)
    return tuple(fault for fault in shipment.faults if fault.severity is Severity.ERROR)


def write_file(
    slips: Iterable[Slip],
    institution: Declarant,
    settings: BelcotaxSettings,
    created_on: date,
    path: Path,
    *,
    sender: Declarant | None = None,
    corrects: str | None = None,
    withdrawn: Collection[int] = frozenset(),
    before: Callable[[Path], object] = lambda _made: None,
) -> Summary:
    """Write a file readable by its owner alone, read it back with `check`, and put it in place only when right.

    `before` is called with the file that is right, before it has its name.
    """
    with passing_folder(path.parent) as folder:  # a killed run leaves national numbers there, which the next removes
        made = folder / path.name
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
            summary = write(
                slips, institution, settings, created_on, out, sender=sender, corrects=corrects, withdrawn=withdrawn
            )
            out.flush()
            os.fsync(out.fileno())
        _refuse(check(made, withdrawn=withdrawn))
        before(made)
        made.replace(path)
    return summary


_COLUMNS = (
    *("number", "reference", "action", "kind", "last_name", "first_name", "street", "postcode", "municipality"),
    *("country", "language", "national_number", "enterprise_number"),
)


def write_csv(slips: Iterable[Slip], out: BinaryIO) -> Summary:
    """Return the slips as a list for entry by hand on the Belcotax website: UTF-8 with mark, semicolons, `150,00`."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
    rows = csv.writer(text, delimiter=";")
    rows.writerow((*_COLUMNS, "amount"))
    count = sum_numbers = sum_cents = without_number = 0
    for slip in slips:
        values = [str(getattr(slip, column) or "") for column in _COLUMNS]
        # A name that a spreadsheet would run as a formula is shown as text.
        shown = [f"'{value}" if value.startswith(("=", "+", "-", "@")) else value for value in values]
        rows.writerow((*shown, str(to_decimal(slip.cents)).replace(".", ",")))
        count += 1
        sum_numbers += slip.number
        sum_cents += slip.cents
        without_number += not (slip.national_number or slip.enterprise_number)
    text.detach()
    return Summary(count, sum_numbers, sum_cents, without_number)


def _plain(slip: Slip) -> bool:
    """Tell of most slips at a glance that nothing in them is refused."""
    texts = (slip.last_name, slip.street, slip.municipality, slip.first_name)
    return (
        all(text.strip() and text.isprintable() and len(text) <= _SHORT for text in texts)
        and _BELGIAN_POSTCODE.fullmatch(slip.postcode) is not None
        and parameters(slip.year).threshold_cents <= slip.cents <= MOST_CENTS
        and (not slip.national_number or valid_national_number(slip.national_number))
    )


def _refuse(faults: Collection[Fault]) -> None:
    if any(fault.severity is Severity.ERROR for fault in faults):
        raise BelcotaxRefused(faults)


class _Shipment:
    """A shipment under way: its totals, the number expected next, and all that was found wrong."""

    def __init__(
        self,
        year: int,
        institution: Declarant,
        settings: BelcotaxSettings,
        corrects: str | None,
        withdrawn: Collection[int],
    ) -> None:
        self.year = year
        self.rules = parameters(year)
        self.institution = institution
        self.settings = settings
        self.corrects = corrects
        self.withdrawn = withdrawn
        self.faults: list[Fault] = []
        self.count = self.sum_numbers = self.sum_cents = self.without_number = self.last = 0
        self.kind_of_donor = {
            DonorKind.NATURAL: settings.zone_2030_natural,
            DonorKind.LEGAL: settings.zone_2030_legal,
        }

    def head(self, sender: Declarant, created_on: date) -> str:
        self._check_frame(created_on)
        for party in dict.fromkeys((sender, self.institution)):
            self._check_party(party)
        first, rest = _split_name(_spoken(self.institution.name, self.institution.language))
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Verzendingen>\n<Verzending>\n'
            + self._elements("sender", self._sender(sender, created_on), "the sender", sender.language)
            + "<Aangiften>\n<Aangifte>\n"
            + self._elements("institution", self._debtor(first, rest), "the institution", self.institution.language)
            + "<Opgaven>\n<Opgave32571>\n"
        )

    def slip(self, slip: Slip, place: str = "") -> str:
        place = place or f"receipt {slip.number}"
        self._check_slip(slip, place)
        values = self._slip(slip, place)
        self.count += 1
        self.sum_numbers += slip.number
        self.sum_cents += slip.cents
        self.without_number += not values["f2011_nationaalnr"]
        return "<Fiche28171>\n" + self._elements("slip", values, place, slip.language) + "</Fiche28171>\n"

    def tail(self) -> str:
        year, records = str(self.year), self.count + FRAME
        numbers, cents = str(self.sum_numbers), str(self.sum_cents)
        totals = {
            "r8002_inkomstenjaar": year,
            "r8005_registratienummer": self.institution.enterprise_number,
            "r8010_aantalrecords": str(records),
            "r8011_controletotaal": numbers,
            "r8012_controletotaal": cents,
            "r8013_totaalvoorheffingen": "0",
        }
        shipment = {
            "r9002_inkomstenjaar": year,
            "r9010_aantallogbestanden": str(1 + FRAME),
            "r9011_totaalaantalrecords": str(records + FRAME),
            "r9012_controletotaal": numbers,
            "r9013_controletotaal": cents,
            "r9014_controletotaal": "0",
        }
        return (
            "</Opgave32571>\n</Opgaven>\n"
            + self._elements("totals", totals, "the totals", "")
            + "</Aangifte>\n</Aangiften>\n"
            + self._elements("shipment", shipment, "the totals", "")
            + "</Verzending>\n</Verzendingen>\n"
        )

    def summary(self) -> Summary:
        if self.without_number * 100 > self.count * MISSING_PERCENT:
            self._warn(
                many(
                    "{missing} of {count} receipts has no national or enterprise number, more than {percent} %: the "
                    "validation module asks to confirm; ask this donor for it",
                    "{missing} of {count} receipts have no national or enterprise number, more than "
                    "{percent} %: the validation module asks to confirm; ask these donors for it",
                    self.without_number,
                ).format(missing=self.without_number, count=self.count, percent=MISSING_PERCENT)
            )
        return Summary(self.count, self.sum_numbers, self.sum_cents, self.without_number, tuple(self.faults))

    def _sender(self, sender: Declarant, created_on: date) -> dict[str, str]:
        return {
            "v0002_inkomstenjaar": str(self.year),
            "v0010_bestandtype": self.settings.file_type,
            "v0011_aanmaakdatum": f"{created_on:%d-%m-%Y}",
            "v0014_naam": sender.name,
            "v0015_adres": sender.street,
            "v0016_postcode": sender.postcode,
            "v0017_gemeente": sender.municipality,
            "v0018_telefoonnummer": _telephone(sender.telephone),
            "v0021_contactpersoon": sender.contact,
            "v0022_taalcode": _LANGUAGE.get(sender.language, ""),
            "v0023_emailadres": sender.email,
            "v0024_nationaalnr": sender.enterprise_number,
            "v0025_typeenvoi": "0" if self.corrects is None else "1",
            "v0026_referte": self.corrects or "",
            "v0028_landwoonplaats": self.settings.country_belgium,
        }

    def _debtor(self, name: str, name_continued: str) -> dict[str, str]:
        institution = self.institution
        return {
            "a1002_inkomstenjaar": str(self.year),
            "a1005_registratienummer": institution.enterprise_number,
            "a1011_naamnl1": name,
            "a1012_naamnl2": name_continued,
            "a1013_adresnl": institution.street,
            "a1014_postcodebelgisch": institution.postcode,
            "a1015_gemeente": institution.municipality,
            "a1016_landwoonplaats": self.settings.country_belgium,
            "a1020_taalcode": _LANGUAGE.get(institution.language, ""),
            "a1038_emailadres": institution.email,
        }

    def _slip(self, slip: Slip, place: str) -> dict[str, str]:
        belgian = slip.country == "BE"
        natural = slip.kind == DonorKind.NATURAL
        cents = str(slip.cents)
        return {
            "f2002_inkomstenjaar": str(slip.year),
            "f2005_registratienummer": self.institution.enterprise_number,
            "f2008_typefiche": "28171",
            "f2009_volgnummer": str(slip.number),
            "f2010_referentie": slip.reference,
            "f2011_nationaalnr": self._identifier(slip, place),
            "f2013_naam": slip.last_name,
            "f2015_adres": slip.street,
            "f2016_postcodebelgisch": slip.postcode if belgian else "",
            "f2017_gemeente": slip.municipality,
            "f2018_landwoonplaats": self._country(slip.country, place),
            "f2027_taalcode": _LANGUAGE.get(slip.language, ""),
            "f2028_typetraitement": _TREATMENT[slip.action],
            "f2029_enkelopgave325": "0",
            "f2112_buitenlandspostnummer": "" if belgian else slip.postcode or self._filler(slip.country),
            "f2114_voornamen": slip.first_name if natural else "",
            "f71_2030_aardschenker": self.kind_of_donor[slip.kind],
            "f71_2045_uitreikingopbasisvan": self.settings.zone_2045,
            "f71_2059_totaalcontrole": cents,
            "f71_2060_bedragliberaliteiten": cents,
        }

    def _identifier(self, slip: Slip, place: str) -> str:
        if slip.kind == DonorKind.LEGAL:
            number = slip.enterprise_number or ""
            if number and not valid_enterprise_number(number):
                self._error(
                    _("{place}: the enterprise number is wrong (ten digits, modulo 97); correct the donor").format(
                        place=place
                    )
                )
            return number if self.settings.company_number_in_2011 else ""
        number = slip.national_number or ""
        if number and not valid_national_number(number):
            self._error(
                _("{place}: the national number is wrong (eleven digits, modulo 97); correct the donor").format(
                    place=place
                )
            )
        return number

    def _filler(self, country: str) -> str:
        """Return what stands for the postcode of a country that has none; the module may require one."""
        return self.settings.no_postcode if without_postcodes(country) else ""

    def _country(self, country: str, place: str) -> str:
        if country == "BE":
            return self.settings.country_belgium
        code = self.settings.country_codes.get(country) or countries().get(country)
        if code is None:
            self._error(
                _(
                    "{place}: f2018_landwoonplaats: no code for country {country!r} here; find it in annex 3 of the "
                    "Belcotax brochure and add it to country_codes in [belcotax] of obole.toml"
                ).format(place=place, country=country[:2])
            )
            return ""
        return code.zfill(self.settings.country_digits)

    def _check_frame(self, created_on: date) -> None:
        if self.corrects is not None and not _REFERENCE.fullmatch(self.corrects):
            self._error(_("v0026_referte: the reference of the accepted shipment has one to six letters or digits"))
        if created_on.year <= self.year:
            self._warn(
                _("created before income year {year} has ended; the validation module asks to confirm").format(
                    year=self.year
                )
            )
        elif created_on >= self.rules.file_before and self.corrects is None:
            self._warn(
                _("due before {file_before:%d-%m-%Y}; the validation module tells that it is late").format(
                    file_before=self.rules.file_before
                )
            )

    def _check_party(self, party: Declarant) -> None:
        if party.language not in _LANGUAGE:
            self._error(
                _("the institution: Belcotax has no code for language {language!r}; choose fr, nl or de").format(
                    language=party.language
                )
            )
        if not valid_enterprise_number(party.enterprise_number):
            self._error(_("the institution: its enterprise number is wrong (ten digits, modulo 97)"))
        if not _EMAIL.fullmatch(party.email):
            self._error(_("the institution: its e-mail address is not one"))
        if not _BELGIAN_POSTCODE.fullmatch(party.postcode):
            self._error(_("the institution: its postcode must have four digits"))

    def _check_slip(self, slip: Slip, place: str) -> None:
        if slip.year != self.year:
            self._error(
                _("{place}: of income year {year} among those of {self_year}; one file holds one year").format(
                    place=place, year=slip.year, self_year=self.year
                )
            )
        if (slip.action == Action.ORIGINAL) != (self.corrects is None):
            if self.corrects is None:
                told = _("{place}: {action} does not go into a first shipment")
            else:
                told = _("{place}: {action} does not go into a correction")
            self._error(told.format(place=place, action=slip.action))
        if slip.cents < self.rules.threshold_cents:
            self._error(
                _("{place}: {amount} EUR is below {threshold} EUR; withdraw the receipt").format(
                    place=place, amount=to_decimal(slip.cents), threshold=to_decimal(self.rules.threshold_cents)
                )
            )
        if slip.country == "BE" and not _BELGIAN_POSTCODE.fullmatch(slip.postcode):
            self._error(
                _("{place}: f2016_postcodebelgisch: a Belgian postcode has four digits; correct the donor").format(
                    place=place
                )
            )
        if not slip.municipality.strip() or not (slip.postcode.strip() or without_postcodes(slip.country)):
            self._error(_("{place}: postcode or municipality missing; complete the donor").format(place=place))
        if slip.kind == DonorKind.NATURAL and not slip.first_name.strip():
            self._warn(_("{place}: f2114_voornamen missing; the validation module asks to confirm").format(place=place))
        self._check_number(slip.number)

    def _check_number(self, number: int) -> None:
        if self.corrects is not None:
            if number <= self.last:
                self._error(
                    _("receipt {number}: comes after {last}; each receipt once, in order of number").format(
                        number=number, last=self.last
                    )
                )
        else:
            missing = range(self.last + 1, number)
            unknown = [each for each in missing if each not in self.withdrawn]
            if unknown or number <= self.last:
                self._error(
                    _(
                        "receipt {number}: follows {last}, but receipt numbers are 1 to n without a gap; report every "
                        "receipt of the year, in order of number"
                    ).format(number=number, last=self.last)
                )
            elif missing:
                self._warn(
                    _(
                        "receipt {number}: follows {last}, because what lies between is not reported; the "
                        "validation module checks the sequence, whether it takes this is not known"
                    ).format(number=number, last=self.last)
                )
        self.last = number

    def _elements(self, block: str, values: Mapping[str, str], place: str, language: str) -> str:
        lines = []
        for zone in fields(block):
            value = values[zone.element]
            if not (value.isascii() and value.isprintable() and len(value) <= zone.max_length):
                value = self._fitted(value, zone, place)
            if "&" in value:
                value = self._without_ampersand(value, zone, place, language)
            value = value.strip()
            if value:
                text = value.replace("<", "&lt;").replace(">", "&gt;")
                lines.append(f"<{zone.element}>{text}</{zone.element}>\n")
            elif zone.required:
                self._error(
                    _("{place}: {element} ({content}) is missing; complete it").format(
                        place=place, element=zone.element, content=zone.content
                    )
                )
        return "".join(lines)

    def _fitted(self, value: str, zone: Zone, place: str) -> str:
        if UNPRINTABLE.search(value):
            self._error(
                _("{place}: {element} ({content}) holds a control character; type it again").format(
                    place=place, element=zone.element, content=zone.content
                )
            )
            return ""
        value = unicodedata.normalize("NFC", value).strip()
        if len(value) <= zone.max_length:
            return value
        if zone.cut:
            told = _(
                "{place}: {element} ({content}) has {count} characters, {most} fit; "
                "cut in the file, whole on the receipt"
            )
        else:
            told = _("{place}: {element} ({content}) has {count} characters, {most} fit; shorten it")
        told = told.format(
            place=place, element=zone.element, content=zone.content, count=len(value), most=zone.max_length
        )
        if not zone.cut:
            self._error(told)
            return value
        self._warn(told)
        return _cut(value, zone.max_length)

    def _without_ampersand(self, value: str, zone: Zone, place: str, language: str) -> str:
        spoken = _spoken(value, language)
        if len(spoken) > zone.max_length:
            spoken = value.replace("&", "+")
        self._warn(
            _("{place}: {element} ({content}): the ampersand is written as a word or +").format(
                place=place, element=zone.element, content=zone.content
            )
        )
        return spoken

    def _error(self, message: str) -> None:
        self.faults.append(Fault(message))

    def _warn(self, message: str) -> None:
        self.faults.append(Fault(message, severity=Severity.WARNING))


def _spoken(text: str, language: str) -> str:
    """Return the text without ampersand: a free-standing one as the word for `and`, any other as +."""
    word = _AND.get(language, "+")
    return text.replace(" & ", f" {word} ").replace("&", "+")


def _cut(text: str, length: int) -> str:
    """Return the beginning of the text that fits, ending at a word where there is one."""
    if len(text) <= length:
        return text
    whole_words = text[: length + 1].rpartition(" ")[0].rstrip()
    return whole_words or text[:length]


def _split_name(name: str) -> tuple[str, str]:
    """Return a statutory name over a1011 and what goes on in a1012, parted at a word."""
    head = _cut(name.strip(), limits()["a1011_naamnl1"])
    return head, name.strip()[len(head) :].strip()


def _telephone(number: str) -> str:
    """Return as given where it fits in twelve characters, else the digits of the national form."""
    if len(number) <= limits()["v0018_telefoonnummer"]:
        return number
    return re.sub(r"^(\+|00)32", "0", re.sub(r"[ ./()-]", "", number))
