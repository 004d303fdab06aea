"""National, BIS and enterprise numbers: form and check digits (facts/receipts.md section 4; python-stdnum as oracle).

A valid number is not proof that it is this person's. Numbers are digits only, without separators.
"""

from datetime import UTC, datetime

_NATIONAL_DIGITS = 11
_MODULUS = 97
_LAST_MONTH = 12
_LAST_DAY = 31
# BIS numbers (Crossroads Bank): month + 20 where the sex is unknown, + 40 where it is known.
_BIS_MONTHS = (20, 40)


def valid_national_number(number: str) -> bool:
    """Whether 11 digits are a national or BIS number: month and day (00 for unknown) and check digits, either century."""
    if len(number) != _NATIONAL_DIGITS or not (number.isascii() and number.isdigit()):
        return False
    month, day = int(number[2:4]), int(number[4:6])
    for shift in _BIS_MONTHS:
        if shift <= month <= shift + _LAST_MONTH:
            month -= shift
    if month > _LAST_MONTH or day > _LAST_DAY:
        return False
    body, check = int(number[:9]), int(number[9:])
    if check == _MODULUS - body % _MODULUS:
        return True
    born_from_2000 = 2000 + int(number[:2]) <= datetime.now(UTC).year
    return born_from_2000 and check == _MODULUS - (2_000_000_000 + body) % _MODULUS


def valid_enterprise_number(number: str) -> bool:
    """Whether 10 digits, the first 0 or 1, are an enterprise number: the last two are 97 less the others modulo 97."""
    if len(number) != 10 or not (number.isascii() and number.isdigit()) or number[0] not in "01":  # noqa: PLR2004
        return False
    return int(number[8:]) == _MODULUS - int(number[:8]) % _MODULUS
