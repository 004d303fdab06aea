"""Postcodes as people write them: `B-1000`, `1000 BXL`, `F-75001`; and the countries that have none.

What a postcode does not settle (five digits without a country) is left open, so that it is asked and never guessed.
Sources: Universal Postal Union, addressing sheets by country; UPU list of countries without postcodes.
"""

import re
from functools import lru_cache
from typing import NamedTuple


class Locality(NamedTuple):
    """Country (empty where nothing says which), postcode and municipality of an address."""

    country: str
    postcode: str
    municipality: str


# Digits of a postcode where all of a country's have the same number (Universal Postal Union, addressing sheets).
DIGITS = {
    "AT": 4, "BE": 4, "CH": 4, "DE": 5, "DK": 4, "ES": 5, "FI": 5, "FR": 5, "HU": 4, "IT": 5, "LU": 4, "NO": 4,
}  # fmt: skip


# Countries and territories whose addresses have no postcode.
_WITHOUT = frozenset({
    "AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CK", "CM", "CW",
    "DJ", "DM", "ER", "FJ", "GA", "GD", "GM", "GQ", "GY", "HK", "KI", "KM", "KN", "KP", "ML", "MO", "MR", "MW",
    "NR", "NU", "PA", "QA", "RW", "SB", "SC", "SL", "SR", "SS", "ST", "SX", "SY", "TD", "TG", "TK", "TL", "TO",
    "TV", "UG", "VU", "YE", "ZW",
})  # fmt: skip


# Signs of countries before a postcode: those of motor cars, which the post no longer asks for, and ISO codes.
_CODES = ("AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "NO", "PT", "SE")
_CARS = {"A": "AT", "B": "BE", "D": "DE", "E": "ES", "F": "FR", "I": "IT", "L": "LU", "P": "PT"}
_SIGNS = _CARS | dict(zip(_CODES, _CODES, strict=True))


_SIGNED = re.compile(r"([A-Z]{1,2})[-. ]{0,3}([0-9]{4,5}(?: ?[A-Z]{2}|-[0-9]{3}| +[^\W\d_].*)?)")
_WITH_TOWN = re.compile(r"([0-9]{4})[ ,-]+([^\W\d_].*)")
_DUTCH = re.compile(r"[0-9]{4} ?[A-Z]{2}")
_BELGIAN = re.compile(r"[1-9][0-9]{3}")


_PLACES = 10_000  # that are kept in memory: tens of thousands of donors live in a few thousand places


def without_postcodes(country: str) -> bool:
    """Tell whether the addresses of a country have no postcode."""
    return country in _WITHOUT


@lru_cache(maxsize=_PLACES)
def read_place(country: str, postcode: str, municipality: str) -> Locality:
    """Return an address as it is meant; country and postcode stay as they are where they do not settle it.

    A sign before the postcode names the country; four digits alone are Belgian, and may have the town behind them.
    """
    said = country.upper()
    written = " ".join(postcode.upper().split()).removeprefix(f"{said}-" if said else "")
    signed = _SIGNED.fullmatch(written)
    sign = _SIGNS.get(signed[1]) if signed else None
    if signed and sign and said in ("", sign):
        said, written = sign, signed[2]
    town = _WITH_TOWN.fullmatch(written)
    if town and (said == "BE" or (not said and not _DUTCH.fullmatch(written))):
        said, written, municipality = "BE", town[1], municipality or town[2]
    if not said and (not written or _BELGIAN.fullmatch(written)):
        said = "BE"
    return Locality(said, written, municipality)


def whole_postcode(country: str, postcode: str) -> bool:
    """Tell whether a postcode can be one of the country: in Belgium four digits, elsewhere any where there are some."""
    if country == "BE":
        return bool(_BELGIAN.fullmatch(postcode))
    return any(map(str.isalnum, postcode)) or without_postcodes(country)
