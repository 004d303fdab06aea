"""Numbers that are valid in form and belong to nobody: OGM/VCS, IBAN, national, BIS and enterprise numbers.

Account numbers lie in the range that Belgian banks keep for circular cheques (bank codes 990 to 999), national
numbers in the last serial numbers of a day, enterprise numbers in a range never issued (0900 to 0999).
"""

from datetime import date
from random import Random

from stdnum.iso7064 import mod_97_10

_SECOND_SERIES = 2000  # who is born from this year on has a "2" before the number when it is checked


BIC = "DEMOBEBB"  # of the demonstration's bank, and of every counterparty: no real bank is named


def ogm(base: int) -> str:
    """Return the twelve digits of a structured communication: `base` (ten digits) and its check, 97 for remainder 0."""
    return f"{base:010d}{base % 97 or 97:02d}"


def printed_ogm(digits: str) -> str:
    """As printed: `+++123/4567/89012+++`."""
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


def iban(country: str, bban: str) -> str:
    """Return the IBAN over a BBAN."""
    return f"{country}{mod_97_10.calc_check_digits(bban + country)}{bban}"


def belgian_iban(serial: int) -> str:
    """Return the `serial`-th fictional Belgian account, 0 to 99,999,999."""
    account = 9_900_000_000 + serial
    return iban("BE", f"{account}{account % 97 or 97:02d}")


def foreign_iban(country: str, serial: int) -> str:
    """Return a fictional account in FR (with its RIB key), NL, DE or LU."""
    if country == "FR":
        bank, branch, account = 99999, 99999, serial
        key = 97 - (89 * bank + 15 * branch + 3 * account) % 97
        return iban(country, f"{bank}{branch}{account:011d}{key:02d}")
    if country == "NL":
        return iban(country, f"DEMO{serial:010d}")
    if country == "DE":
        return iban(country, f"99999999{serial:010d}")
    if country == "LU":
        return iban(country, f"999{serial:013d}")
    raise ValueError(f"no fictional accounts in {country}")


def enterprise_number(serial: int) -> str:
    """Return the `serial`-th fictional enterprise number, 0 to 999,999, ten digits."""
    base = 9_000_000 + serial
    return f"0{base:07d}{97 - base % 97:02d}"


def national_number(born: date, serial: int, *, bis: bool = False) -> str:
    """Return the national number of someone born on `born`; a BIS number has the month plus 40."""
    head = f"{born:%y}{born.month + 40 * bis:02d}{born:%d}{serial:03d}"
    checked = int(("2" if born.year >= _SECOND_SERIES else "") + head)
    return f"{head}{97 - checked % 97:02d}"


def birthday(random: Random) -> date:
    """Return a day between 1930 and 2004."""
    return date.fromordinal(random.randint(date(1930, 1, 1).toordinal(), date(2004, 12, 31).toordinal()))


def creditor_identifier(enterprise: str) -> str:
    """Return the SEPA creditor identifier of an enterprise (`BE68ZZZ0123456789`), checked without the business code."""
    return f"BE{mod_97_10.calc_check_digits(enterprise + 'BE')}ZZZ{enterprise}"
