"""National, BIS and enterprise numbers, creditor identifiers: form and check digits, by python-stdnum.

Numbers are digits only, without separators: stdnum takes them out and puts lost zeros back, which whoever reads a file
has done already. A valid number is not proof that it is this person's. Sources: National Register, IT 000; Crossroads
Bank for Social Security; EPC262-08, creditor identifier overview.
"""

import re

from stdnum.be import bis, nn, vat
from stdnum.eu import at_02

_MODULUS = 97
_LAST = 998  # of the counter of a day, odd for men and even for women (royal decree of 3 April 1984)
_NATIONAL = re.compile(r"[0-9]{11}")
_NO_DIGIT = re.compile(r"[^0-9]")
_ELEVEN = re.compile(r"(?<![0-9])[0-9]{2}(?:[ ./-]?[0-9]{2}){2}[ ./-]?[0-9]{3}[ ./-]{0,3}[0-9]{2}(?![0-9])")
_ENTERPRISE = re.compile(r"[01][0-9]{9}")

# SEPA creditor identifier: country, two check digits, three characters the creditor chooses, national identifier; a
# Belgian one holds the enterprise number. stdnum looks at the check digits alone.
_CREDITOR = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")
_BELGIAN_CREDITOR = re.compile(r"BE[0-9]{2}[A-Z0-9]{3}[01][0-9]{9}")


def valid_national_number(number: str) -> bool:
    """Tell whether 11 digits are a national or a BIS number: a possible month, and the check digits of either century.

    The check of those born from 2000 is tried as long as that year is not in the future. Who is registered on a day is
    counted from 001, so that a filler of noughts (00000000097 passes modulo 97) is none.
    """
    if not _NATIONAL.fullmatch(number) or number[6:9] == "000":
        return False
    return bool(nn.is_valid(number) or bis.is_valid(number))


def unlikely_national_number(number: str) -> bool:
    """Tell whether the counter of a valid number is one that nobody gets: it ends at 998.

    Belcotax takes 999, which stands in a sample of the FPS Finance itself.
    """
    return int(number[6:9]) > _LAST


def national_numbers_in(text: str) -> list[str]:
    """Return what stands in a text as 11 digits, together or in groups as on a card, and is a national number."""
    return [found for found in _ELEVEN.findall(text) if valid_national_number(_NO_DIGIT.sub("", found))]


def without_national_numbers(text: str) -> str:
    """Return a text with `***` in place of each national number."""
    for found in national_numbers_in(text):
        text = text.replace(found, "***")
    return text


def valid_enterprise_number(number: str) -> bool:
    """Tell whether 10 digits, the first 0 or 1, are an enterprise number: the last two 97 less the others modulo 97.

    stdnum looks at the sum modulo 97 only and takes 00, 98 and 99 too, which 97 less a remainder never is.
    """
    return bool(_ENTERPRISE.fullmatch(number)) and 0 < int(number[8:]) <= _MODULUS and bool(vat.is_valid(number))


def valid_creditor_identifier(identifier: str) -> bool:
    """Tell whether a SEPA creditor identifier is right: ISO 7064 mod 97-10 without the three characters of choice."""
    pattern = _BELGIAN_CREDITOR if identifier.startswith("BE") else _CREDITOR
    return bool(pattern.fullmatch(identifier)) and bool(at_02.is_valid(identifier))
