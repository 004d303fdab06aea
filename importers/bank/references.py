"""References of the bank's messages, in which a word stands where there is none.

SEPA asks for an EndToEndId in every message: NOTPROVIDED says that the payer gave none (EPC130-08), NONREF says it on
SWIFT's side. Banks write them in capitals or not, in one word or two; older files write zeros.
"""

from functools import lru_cache

from ledger.signs import one_line

_NOTHING = frozenset({"NOTPROVIDED", "NONREF", "NOREF", "NOTAVAILABLE", "NOTAPPLICABLE", "NOTSPECIFIED", "NA", "NONE"})


def given_reference(text: str | None) -> str:
    """Return an EndToEndId, PmtInfId or mandate without blanks around it; empty where it says that there is none."""
    reference = text.strip() if text else ""
    if not reference.isprintable():
        reference = one_line(reference)
    if not reference or (reference > "1" and reference[0] not in "Nn"):  # nearly all: a year has half a million
        return reference
    return _named(reference)


@lru_cache(maxsize=4096)
def _named(reference: str) -> str:
    plain = "".join(letter for letter in reference.upper() if letter.isalnum())
    return "" if plain in _NOTHING or not plain.strip("0") else reference
