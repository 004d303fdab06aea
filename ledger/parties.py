"""Third parties: suppliers, customers and funders, known in the books by a key; who they are stands in the vault only.

A key is one to three letters and two to nine digits (`S0012`), so that it holds no name, and is no donor key.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from ledger.dimensions import LineKeys
from ledger.words import _

_KEY = re.compile(r"(?!D[0-9]{4,9}$)[A-Z]{1,3}[0-9]{2,9}")
PARTY = "party"


class PartyKind(StrEnum):
    """The kind of a third party to the foundation; it may be several."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    FUNDER = "funder"


@dataclass(frozen=True, slots=True, repr=False)
class Party:
    """A third party; with a first name a natural person. `payment_term` is in days, None where none is agreed."""

    key: str
    kinds: tuple[PartyKind, ...]
    name: str
    first_name: str = ""
    street: str = ""
    postcode: str = ""
    municipality: str = ""
    country: str = "BE"
    language: str = "fr"
    iban: str = ""
    enterprise_number: str = ""
    payment_term: int | None = None

    def __repr__(self) -> str:
        return f"Party({self.key})"


def is_party_key(text: str) -> bool:
    """Return whether a text has the form of a third party's key."""
    return _KEY.fullmatch(text) is not None


def keys_of_grant(funder: str, project: str | None, department: str | None, fund: str | None) -> LineKeys:
    """Return what the lines of a grant carry; its funder is a third party where a key stands in place of a name."""
    return LineKeys(project, department, fund, funder if is_party_key(funder) else None)


def unknown_party(key: str) -> str:
    """Return what is said of a key that the vault does not know."""
    return _("third party {party} is not in the vault; import the register of third parties first").format(party=key)
