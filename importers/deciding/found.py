"""Questions of a statement's lines to the register, and what was found: looked up once, before they are decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from importers.bank.codes import CHARGES, GROSS
from importers.bank.records import Movement, Statement
from importers.bank.references import given_reference
from importers.deciding.named import names_of
from ledger.instalments import CLAIMABLE
from ledger.records import DocumentKind
from ledger.register.debits import Collected
from ledger.register.gifts import MandateClaim, Original
from ledger.register.statements import Closing
from ledger.vault.links import Links

COLLECTED = ("0550", "0552")


RETURNED = ("0503", "0505")


_REFUNDED = "0505"


_PAID = "0501"


# A line that the bank gives with its charges, and one of a batch: their details split the amount, not the payers.
PRICED = "37"


# Our own cash at the counter, in the night safe or at a machine, and cheques, in and out (Febelfin, Standard CODA 2.6,
# annex 2): credited under usual reserve or after collection, unpaid or provisionally unpaid.
_CASH_IN = frozenset({"0950", "0952", "0958", "0453", "0352", "0358"})


_CASH_OUT = frozenset({"0901", "0404", "0309", "0338"})


_NONE: Mapping[int, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True)
class Questions:
    """The things to look up: gifts by EndToEndId and by mandate, collections of ours by PmtInfId or MsgId."""

    references: frozenset[str]
    claims: frozenset[MandateClaim]
    collections: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """The answers of the register about a statement.

    `name` is that of its document, free there; `before` on what the statement before it closes; `originals` the
    collected gifts by EndToEndId, `claimed` those that a return of which only the mandate is known may be about;
    `collections` those of ours by PmtInfId or MsgId, `named` further references of totals by position; `withdrawn` the
    collections that were undone, by the positions of the lines that bring instalments of theirs; `numbers` those that
    the account's statements of the year have, in their order, where this one seems to leave one out; `cash` the account
    of each line that a slip or cheque of the register said would come, by position.
    """

    name: str
    before: Closing | None = None
    originals: Mapping[str, Original] = field(default_factory=dict)
    claimed: Mapping[MandateClaim, tuple[Original, ...]] = field(default_factory=dict)
    collections: Mapping[str, Collected] = field(default_factory=dict)
    named: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    withdrawn: Mapping[int, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    cash: Mapping[int, str] = field(default_factory=dict)


def leaves_out(statement: Statement, found: Found) -> bool:
    """Tell whether a statement that leads on from the one before it leaves a number of the bank out.

    Numbers of one format and year count by one; CODA and CAMT are numbered apart, a new year begins at 001. Numbers
    that are days, or that this bank never counted by one, leave none out: only the balances speak then.
    """
    before = found.before
    if before is None or before.day is None or statement.closing_date is None:
        return False
    first, second = before.statement.rsplit("-", 2)[1:], found.name.rsplit("-", 2)[1:]
    # The day stands as four digits where the bank does not number.
    with_number = all(len(number) == 3 and number.isdigit() for _year, number in (first, second))  # noqa: PLR2004
    same_form = before.statement.partition("-")[0] == found.name.partition("-")[0]
    if not (same_form and with_number and first[0] == second[0]):
        return False
    step = int(second[1]) - int(first[1])
    if step in (1, -999) or days_shared((first[1], before.day), (second[1], statement.closing_date)):
        return False
    if not found.numbers:
        return True
    steps = [int(other) - int(one) for one, other in pairwise(filter(str.isdigit, found.numbers))]
    if not steps:  # the standard of CODA has them count by one; a CAMT bank is believed when it did before
        return statement.kind is DocumentKind.CODA
    return 2 * steps.count(1) > len(steps)


# How a day is written as a number of which three digits are kept.
_DAY_FORMS = ("%m%d", "%d%m", "%j")


def days_shared(*numbered: tuple[str, date]) -> bool:
    """Return whether all these numbers are the days that the statements close on, or were made on, in one writing."""
    return any(
        all(
            any(f"{day + timedelta(days=later):{form}}"[-3:] == number for later in range(4))
            for number, day in numbered
        )
        for form in _DAY_FORMS
    )


def questions(
    movements: Iterable[Movement], links: Links, named: Mapping[int, tuple[str, ...]] = _NONE, *, again: bool = False
) -> Questions:
    """Return what lines and their details ask; with `again`, of lines that waited, which debits were booked since."""
    movements = tuple(movements)
    back = [movement for movement in movements if movement.cents < 0 and may_return(movement, links)]
    references = {movement.reference for movement in back}
    totals: list[Movement] = []
    parents: set[int] = set()
    for movement in movements:
        if movement.parent is not None:
            parents.add(movement.parent)
            continue
        if movement.code[1:5] in COLLECTED:
            totals.append(movement)
        if again and movement.cents > 0 and movement.reference and movement.mandate is not None:
            references.add(movement.reference)
    collections = {
        name
        for one in totals
        if one.mandate is None or one.position in parents
        for name in names_of(one, named.get(one.position, ()))
    }
    return Questions(frozenset(references - {""}), _claims(back, movements, links), frozenset(collections))


def _claims(back: Sequence[Movement], movements: Sequence[Movement], links: Links) -> frozenset[MandateClaim]:
    """Return what lines that come back claim by their mandates; of one with its charges, the gross amount does."""
    asking = list(back)
    for line in back:
        if line.code[0] in PRICED:
            asking += priced(line, [one for one in movements if one.parent == line.position]) or ()
    return frozenset(claim for one in asking if (claim := claim_of(one, links)) is not None)


def is_return(movement: Movement) -> bool:
    """Return whether a line says of itself that it comes back: by its code, or by a mark on any code."""
    return movement.family in RETURNED or movement.return_type is not None


def is_cash(movement: Movement) -> bool:
    """Return whether a line may be cash or a cheque of ours by its code, and names nobody who gave it."""
    if not is_cash_code(movement.code, movement.cents):
        return False
    return movement.structured is None and movement.mandate is None and movement.parent is None


def is_cash_code(code: str, cents: int) -> bool:
    """Return whether a transaction code is that of our own cash, or of a cheque, in this direction."""
    return code[1:5] in (_CASH_IN if cents > 0 else _CASH_OUT)


def is_return_code(code: str) -> bool:
    """Return whether a transaction code is that of a direct debit that came back."""
    return code[1:5] in RETURNED


def is_refund(code: str) -> bool:
    """Return whether a transaction code is that of a direct debit that the debtor claimed back."""
    return code[1:5] == _REFUNDED


def may_return(movement: Movement, links: Links) -> bool:
    """Return whether a debit may take back a direct debit: it says so, or it names a mandate of ours.

    05/01 is a direct debit that we pay ourselves.
    """
    return is_return(movement) or (movement.mandate in links.mandates and movement.family != _PAID)


def priced(movement: Movement, details: Sequence[Movement]) -> list[Movement] | None:
    """Return the details of a line that are its gross amount and the bank's charges; None where they are otherwise.

    The gross amount has all that the line says: who paid, for what, under which mandate. CODA types 3 and 7.
    """
    if movement.code[0] not in PRICED or sum(one.cents for one in details) != movement.cents:
        return None
    gross = [one for one in details if one.code[5:] not in CHARGES]
    lone = movement.code[0] == "7" and len(details) == 1
    if len(gross) != 1 or gross[0].code[5:] not in (GROSS, "000") or not (lone or len(details) > 1):
        return None
    return [_whole(one, movement) if one is gross[0] else one for one in details]


def _whole(gross: Movement, line: Movement) -> Movement:
    """Return the gross amount of a line with what the line says, and what it says itself besides."""
    texts = dict.fromkeys(one for one in (line.communication, gross.communication) if one)
    told = {name: getattr(line, name) or getattr(gross, name) for name in _TOLD}
    code = gross.code[0] + line.code[1:5] + gross.code[5:]
    return gross._replace(code=code, communication=" ".join(texts), **told)


_TOLD = (
    *("value", "structured", "name", "account", "bic", "reference", "mandate", "creditor", "executed"),
    *("return_type", "reason", "purpose"),
)


def claim_of(movement: Movement, links: Links) -> MandateClaim | None:
    """Return what a return claims whose EndToEndId the bank masks; None where its mandate is nobody's."""
    if movement.mandate is None or given_reference(movement.reference):
        return None
    donor = links.mandates.get(movement.mandate)
    if donor is None:
        return None
    return MandateClaim(movement.mandate, donor, -movement.cents, movement.booked - CLAIMABLE)
