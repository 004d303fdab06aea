"""National, BIS and enterprise numbers: form and check digits. Numbers are digits only, without separators.

A valid number is not proof that it is this person's. Sources: National Register, IT 000; Crossroads Bank for Social
Security; python-stdnum is the oracle in the tests.
"""

import re
from datetime import UTC, datetime

_MODULUS = 97
_CENTURY = 2_000_000_000
# The month: 00 where it is unknown or the counter of the day is used up; + 20 (sex unknown) or + 40 (sex known) for a
# BIS number. The day is not looked at: the National Register goes beyond 31 where a counter is used up.
_NATIONAL = re.compile(r"[0-9]{2}(?:0[0-9]|1[0-2]|2[0-9]|3[0-2]|4[0-9]|5[0-2])[0-9]{7}")
_ENTERPRISE = re.compile(r"[01][0-9]{9}")


def valid_national_number(number: str) -> bool:
    """Return whether 11 digits are a national or BIS number: a possible month, and the check digits of either century.

    The check of those born from 2000 is tried as long as that year is not in the future.
    """
    if not _NATIONAL.fullmatch(number):
        return False
    body, check = int(number[:9]), int(number[9:])
    if check == _MODULUS - body % _MODULUS:
        return True
    born_from_2000 = 2000 + int(number[:2]) <= datetime.now(UTC).year
    return born_from_2000 and check == _MODULUS - (_CENTURY + body) % _MODULUS


def valid_enterprise_number(number: str) -> bool:
    """Return whether 10 digits from 0 or 1 are an enterprise number: the last two are 97 less the others modulo 97."""
    return bool(_ENTERPRISE.fullmatch(number)) and int(number[8:]) == _MODULUS - int(number[:8]) % _MODULUS


# SEPA creditor identifier: country, two check digits, three characters the creditor chooses, national identifier.
_CREDITOR = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")


_BELGIAN_CREDITOR = re.compile(r"BE[0-9]{2}[A-Z0-9]{3}[01][0-9]{9}")


def valid_creditor_identifier(identifier: str) -> bool:
    """Return whether a SEPA creditor identifier is right: ISO 7064 mod 97-10, without its own three characters.

    A Belgian one holds the enterprise number. Source: EPC262-08, creditor identifier overview.
    """
    pattern = _BELGIAN_CREDITOR if identifier.startswith("BE") else _CREDITOR
    if not pattern.fullmatch(identifier):
        return False
    digits = "".join(str(int(letter, 36)) for letter in identifier[7:] + identifier[:4])
    return int(digits) % _MODULUS == 1
