"""The numbers in a shipment of Belcotax, whoever wrote it: which receipts of which year were filed, for how much."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from ledger.errors import OboleError
from receipts.words import _

_FILER = "a1005_registratienummer"


class NoShipment(OboleError):
    """A file that is no shipment of form 281.71."""


class Filed(NamedTuple):
    """A receipt as it was filed: its calendar year, its number, its cents where they can be read, and the file."""

    year: int
    number: int
    cents: int | None
    file: str


def numbers_filed(path: Path, filer: str) -> Iterator[Filed]:
    """Yield the receipts in a shipment, in its order; NoShipment where the file is none, or not that of the `filer`.

    The filer is an enterprise number. Memory stays small.
    """
    found = False
    try:
        with path.open("rb") as source:
            slips = etree.iterparse(
                source, tag=("Fiche28171", _FILER), resolve_entities=False, no_network=True, load_dtd=False
            )
            for _event, slip in slips:
                if slip.tag == _FILER:
                    _refuse_other(path, filer, (slip.text or "").strip())
                    continue
                year, number = _whole(slip, "f2002_inkomstenjaar"), _whole(slip, "f2009_volgnummer")
                if year is not None and number is not None:
                    found = True
                    yield Filed(year, number, _whole(slip, "f71_2060_bedragliberaliteiten"), path.name)
                slip.clear()
    except etree.XMLSyntaxError:
        found = False
    except OSError:
        message = _("{file}: cannot be read; name the file that was sent to Belcotax.")
        raise NoShipment(message.format(file=path.name)) from None
    if not found:
        message = _("{file}: holds no slip of form 281.71; name the XML file that was sent to Belcotax.")
        raise NoShipment(message.format(file=path.name))


def _refuse_other(path: Path, filer: str, found: str) -> None:
    """Raise NoShipment for what another organisation filed: its numbers are not ours."""
    if found != filer:
        message = _("{file}: was filed for {found}, not for {filer}; name the file that was sent for these books.")
        raise NoShipment(message.format(file=path.name, found=found, filer=filer))


def _whole(slip: etree._Element, name: str) -> int | None:
    text = (slip.findtext(name) or "").strip()
    return int(text) if text.isdecimal() else None
