"""A Belcotax shipment read back: everything counted again from the file alone, before it leaves the house.

Knows nothing of how the file was written; a file of another maker is read the same way.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from lxml import etree

from ledger.errors import Fault, Severity
from ledger.identifiers import valid_enterprise_number, valid_national_number
from ledger.money import to_decimal
from receipts.decide.parameters import UnknownYear, parameters
from receipts.filing.zones import FRAME, MISSING_PERCENT, UNPRINTABLE, limits
from receipts.words import _, many

_INTEGER = re.compile(r"[0-9]+")


def check(path: Path, *, schema: Path | None = None, withdrawn: Collection[int] = frozenset()) -> list[Fault]:
    """Read a shipment back and count everything again: what differs or would be refused; empty where all is right.

    `schema` is the administration's own XSD where the reader has it. Memory does not grow with the file.
    """
    reading = _Reading(frozenset(withdrawn))
    try:
        compiled = etree.XMLSchema(etree.parse(schema)) if schema else None
        with path.open("rb") as source:
            for _event, element in etree.iterparse(
                source, events=("end",), schema=compiled, resolve_entities=False, no_network=True, load_dtd=False
            ):
                reading.ended(element)
    except (etree.XMLSyntaxError, etree.XMLSchemaError) as error:
        # The parser's own message may quote a value, so only the place is told.
        line = getattr(error, "lineno", None)
        reading.fault(_("not well-formed, or not valid against the schema; write the file again"), line)
        return reading.faults
    reading.closed()
    return reading.faults


class _Reading:
    """An independent count of a shipment as its elements end; knows nothing of how it was written."""

    def __init__(self, withdrawn: frozenset[int]) -> None:
        self.withdrawn = withdrawn
        self.faults: list[Fault] = []
        self.limits = limits()
        self.values: dict[str, str] = {}
        self.slips = self.sum_numbers = self.sum_cents = self.without_number = self.last = 0
        self.declarations = self.all_records = self.all_numbers = self.all_cents = 0
        self.threshold = 0
        self.finished = False

    def fault(self, message: str, line: int | None = None, severity: Severity = Severity.ERROR) -> None:
        self.faults.append(Fault(message, line, severity))

    def ended(self, element: etree._Element) -> None:
        tag = str(element.tag)
        if tag in self.limits:
            self._leaf(tag, element)
            if not tag.startswith("f"):
                self.values[tag] = element.text or ""
            if tag == "v0002_inkomstenjaar":
                self._year()
        elif tag == "Fiche28171":
            self._slip({str(child.tag): child.text or "" for child in element})
            _forget(element)
        elif tag == "Aangifte":
            self._declaration()
            _forget(element)
        elif tag == "Verzending":
            self._shipment()
        elif tag not in ("Opgave32571", "Opgaven", "Aangiften", "Verzendingen"):
            self.fault(_("{tag}: not an element of form 281.71").format(tag=tag), _line(element))

    def closed(self) -> None:
        if not self.finished:
            self.fault(_("no Verzending in it: not a Belcotax shipment"))
        elif self.without_number * 100 > self.slips_in_all * MISSING_PERCENT:
            self.fault(
                many(
                    "{missing} of {count} slips has no number in f2011_nationaalnr, more than {percent} %",
                    "{missing} of {count} slips have no number in f2011_nationaalnr, more than {percent} %",
                    self.without_number,
                ).format(missing=self.without_number, count=self.slips_in_all, percent=MISSING_PERCENT),
                severity=Severity.WARNING,
            )

    @property
    def slips_in_all(self) -> int:
        return self.all_records - FRAME * self.declarations

    def _leaf(self, tag: str, element: etree._Element) -> None:
        text = element.text or ""
        if len(text) > self.limits[tag]:
            self.fault(f"{tag}: {len(text)} characters, {self.limits[tag]} fit", _line(element))
        if "&" in text or UNPRINTABLE.search(text):
            self.fault(_("{tag}: holds an ampersand or a control character").format(tag=tag), _line(element))

    def _year(self) -> None:
        try:
            self.threshold = parameters(
                self._integer(self.values, "v0002_inkomstenjaar", "the shipment")
            ).threshold_cents
        except UnknownYear as error:
            self.fault(str(error))

    def _slip(self, slip: dict[str, str]) -> None:
        place = f"receipt {slip.get('f2009_volgnummer', '')}"
        number = self._integer(slip, "f2009_volgnummer", place)
        cents = self._integer(slip, "f71_2060_bedragliberaliteiten", place)
        control = self._integer(slip, "f71_2059_totaalcontrole", place)
        if control != cents:
            self.fault(f"{place}: f71_2059_totaalcontrole is not f71_2060_bedragliberaliteiten")
        self._same(slip, "f2002_inkomstenjaar", "v0002_inkomstenjaar", place)
        self._same(slip, "f2005_registratienummer", "a1005_registratienummer", place)
        if cents < self.threshold:
            self.fault(_("{place}: {amount} EUR is below the threshold").format(place=place, amount=to_decimal(cents)))
        if slip.get("f2008_typefiche") != "28171":
            self.fault(f"{place}: f2008_typefiche is not 28171")
        if bool(slip.get("f2016_postcodebelgisch")) == bool(slip.get("f2112_buitenlandspostnummer")):
            self.fault(f"{place}: write either f2016_postcodebelgisch or f2112_buitenlandspostnummer")
        identifier = slip.get("f2011_nationaalnr", "")
        if identifier and not (valid_national_number(identifier) or valid_enterprise_number(identifier)):
            self.fault(_("{place}: f2011_nationaalnr has wrong check digits").format(place=place))
        original = self.values.get("v0025_typeenvoi") == "0"
        if (slip.get("f2028_typetraitement") == "0") != original:
            self.fault(_("{place}: f2028_typetraitement does not fit v0025_typeenvoi").format(place=place))
        between = range(self.last + 1, number) if original else ()
        if number <= self.last or any(each not in self.withdrawn for each in between):
            self.fault(f"{place}: follows {self.last}; numbers are 1 to n without a gap")
        self.last = number
        self.slips += 1
        self.sum_numbers += number
        self.sum_cents += control
        self.without_number += not identifier

    def _declaration(self) -> None:
        self._same(self.values, "r8005_registratienummer", "a1005_registratienummer", "the totals")
        for element in ("a1002_inkomstenjaar", "r8002_inkomstenjaar"):
            self._same(self.values, element, "v0002_inkomstenjaar", "the declaration")
        records = self.slips + FRAME
        self._total("r8010_aantalrecords", records)
        self._total("r8011_controletotaal", self.sum_numbers)
        self._total("r8012_controletotaal", self.sum_cents)
        self._total("r8013_totaalvoorheffingen", 0)
        self.declarations += 1
        self.all_records += records
        self.all_numbers += self.sum_numbers
        self.all_cents += self.sum_cents
        self.slips = self.sum_numbers = self.sum_cents = self.last = 0

    def _shipment(self) -> None:
        self._same(self.values, "r9002_inkomstenjaar", "v0002_inkomstenjaar", "the totals")
        self._total("r9010_aantallogbestanden", self.declarations + FRAME)
        self._total("r9011_totaalaantalrecords", self.all_records + FRAME)
        self._total("r9012_controletotaal", self.all_numbers)
        self._total("r9013_controletotaal", self.all_cents)
        self._total("r9014_controletotaal", 0)
        if (self.values.get("v0025_typeenvoi") == "1") != bool(self.values.get("v0026_referte")):
            self.fault(_("v0026_referte: required in a correction, forbidden in a first shipment"))
        self.finished = True

    def _total(self, element: str, counted: int) -> None:
        if self.values.get(element) != str(counted):
            self.fault(
                _("{element}: the file says {said}, counted {counted}").format(
                    element=element, said=self.values.get(element), counted=counted
                )
            )

    def _same(self, values: Mapping[str, str], element: str, other: str, place: str) -> None:
        if values.get(element) != self.values.get(other):
            self.fault(f"{place}: {element} is not {other}")

    def _integer(self, values: Mapping[str, str], element: str, place: str) -> int:
        text = values.get(element, "")
        if not _INTEGER.fullmatch(text):
            self.fault(f"{place}: {element} is not a whole number")
            return 0
        return int(text)


def _line(element: etree._Element) -> int | None:
    line: object = element.sourceline
    return line if isinstance(line, int) else None


def _forget(element: etree._Element) -> None:
    """Free an element and those before it, so that memory stays the same however long the file."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (previous := element.getprevious()) is not None:
        parent.remove(previous)
