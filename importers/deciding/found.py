"""Questions of a statement's lines to the register, and what was found: looked up once, before they are decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from importers.bank.records import Movement
from ledger.instalments import CLAIMABLE
from ledger.register.debits import Collected
from ledger.register.gifts import MandateClaim, Original
from ledger.register.statements import Closing
from ledger.vault.links import Links

COLLECTED = ("0550", "0552")


RETURNED = ("0503", "0505")


_REFUNDED = "0505"


# What stands in the place of an EndToEndId that the bank does not give; any other reference names a collection.
MASKED = frozenset({"", "NOTPROVIDED"})


@dataclass(frozen=True, slots=True)
class Questions:
    """The things to look up: gifts by EndToEndId and by mandate, collections of ours by PmtInfId."""

    references: frozenset[str]
    claims: frozenset[MandateClaim]
    collections: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """The answers of the register about a statement.

    `name` is that of its document, free there; `before` on what the statement before it closes; `originals` the
    collected gifts by EndToEndId, `claimed` those that a return of which only the mandate is known may be about;
    `collections` those of ours by PmtInfId.
    """

    name: str
    before: Closing | None = None
    originals: Mapping[str, Original] = field(default_factory=dict)
    claimed: Mapping[MandateClaim, tuple[Original, ...]] = field(default_factory=dict)
    collections: Mapping[str, Collected] = field(default_factory=dict)


def questions(movements: Iterable[Movement], links: Links, *, again: bool = False) -> Questions:
    """Return what lines and their details ask; with `again`, of lines that waited, which debits were booked since."""
    references: set[str] = set()
    claims: set[MandateClaim] = set()
    totals: list[Movement] = []
    parents: set[int] = set()
    for movement in movements:
        if movement.parent is not None:
            parents.add(movement.parent)
        if movement.cents < 0 and is_return(movement):
            references.add(movement.reference)
            claim = claim_of(movement, links)
            if claim is not None:
                claims.add(claim)
        if movement.reference and movement.parent is None:
            totals.append(movement)
            if again and movement.cents > 0 and movement.mandate is not None:
                references.add(movement.reference)
    collections = {
        one.reference
        for one in totals
        if one.code[1:5] in COLLECTED and (one.mandate is None or one.position in parents)
    }
    return Questions(frozenset(references - {""}), frozenset(claims), frozenset(collections))


def is_return(movement: Movement) -> bool:
    """Return whether a line says that a direct debit came back."""
    return movement.family in RETURNED or movement.return_type is not None


def is_return_code(code: str) -> bool:
    """Return whether a transaction code is that of a direct debit that came back."""
    return code[1:5] in RETURNED


def is_refund(code: str) -> bool:
    """Return whether a transaction code is that of a direct debit that the debtor claimed back."""
    return code[1:5] == _REFUNDED


def claim_of(movement: Movement, links: Links) -> MandateClaim | None:
    """Return what a return claims whose EndToEndId the bank masks; None where its mandate is nobody's."""
    if movement.mandate is None or movement.reference not in MASKED:
        return None
    donor = links.mandates.get(movement.mandate)
    if donor is None:
        return None
    return MandateClaim(movement.mandate, donor, -movement.cents, movement.booked - CLAIMABLE)
