"""The record of every platform's report: rows that are money or explicitly not, and payouts that they add up to.

Amounts are integer hundredths of their currency, signed for us: a gift is positive, a refund negative, a fee that we
pay positive, and `gross - fee = net` on each row. A row of a kind nobody knows refuses its file.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from importers.words import _
from ledger.errors import Fault, Severity, refuses
from ledger.kinds import kind_word
from ledger.money import to_decimal


class PlatformEvent(StrEnum):
    """The kind of a row. Those of `MONEY` change our balance at the platform; the others never are income."""

    GIFT = "gift"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSED = "chargeback-reversed"
    FEE = "fee"
    CORRECTION = "correction"
    SPENT = "spent"
    CONVERSION = "conversion"
    PAYOUT = "payout"
    HOLD = "hold"
    PENDING = "pending"
    VOID = "void"
    TEST = "test"


class Listed(StrEnum):
    """The meaning of a row: a movement of its own, the state of a payment now, or either, as far as the file says."""

    MOVEMENT = "movement"
    STATE = "state"
    EITHER = "either"


MONEY = frozenset(
    {
        PlatformEvent.GIFT,
        PlatformEvent.REFUND,
        PlatformEvent.CHARGEBACK,
        PlatformEvent.CHARGEBACK_REVERSED,
        PlatformEvent.FEE,
        PlatformEvent.CORRECTION,
        PlatformEvent.SPENT,
        PlatformEvent.CONVERSION,
    }
)
TAKES_BACK = frozenset({PlatformEvent.REFUND, PlatformEvent.CHARGEBACK})


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """One row. `reference` is its own id, `payment` the id that a gift shares with what takes it back.

    `paid` is the day of the row in Belgium, for a gift the day the donor paid; `settled` the day the platform made the
    money available; `payout` the payout that holds it, empty where the report does not say. `original` is what the
    donor paid in `original_currency`. `why` says in a word why a row is no money. `given_back` is set where a gift's
    own row says that it was given back; `listed` says whether the row may be the state of its payment (`states`), and
    `returned` is then the day the money went back, where the table has it. `refunded` is how much of the gift was given
    back so far, where the table says it beside the gift.
    """

    line: int
    kind: PlatformEvent
    reference: str
    currency: str
    gross: int
    fee: int
    net: int
    paid: date
    payment: str = ""
    payout: str = ""
    settled: date | None = None
    original_currency: str = ""
    original: int = 0
    name: str = ""
    email: str = ""
    account: str = ""
    address: str = ""
    communication: str = ""
    donor: str = ""
    campaign: str = ""
    recurring: bool = False
    certificate_elsewhere: bool = False
    why: str = ""
    given_back: bool = False
    listed: Listed = Listed.MOVEMENT
    returned: date | None = None
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Payout:
    """Money sent to our bank, negative where the platform took it from there.

    `itemised` where the rows of the file that name it must add up to it. Without `signed` the file may write a payout
    as what leaves the balance or as what comes to us; what its rows add up to says which.
    """

    line: int
    reference: str
    currency: str
    cents: int
    day: date
    bank_reference: str = ""
    itemised: bool = True
    signed: bool = True


@dataclass(frozen=True, slots=True)
class PlatformReport:
    """One report. `already_in` names the platform or bank where the same money arrives: the rows identify it only.

    `unnamed` is what to tell of gifts without a donor, where no column says who gave.
    """

    platform: str
    rows: tuple[PlatformRow, ...] = ()
    payouts: tuple[Payout, ...] = ()
    faults: tuple[Fault, ...] = field(default=())
    digest: str = ""
    already_in: str = ""
    unnamed: str = ""

    @property
    def ok(self) -> bool:
        """Return True where nothing refuses the report; it is taken whole or not at all."""
        return not refuses(self.faults)

    @property
    def money(self) -> tuple[PlatformRow, ...]:
        """Return the rows that change our balance at the platform."""
        return tuple(row for row in self.rows if row.kind in MONEY)


def event_of(meaning: str | None, gross: int) -> PlatformEvent:
    """Return the kind of a row by what its type means: a `payment` is a gift, or money spent; void for no meaning."""
    if meaning == "payment":
        return PlatformEvent.GIFT if gross > 0 else PlatformEvent.SPENT
    return PlatformEvent(meaning) if meaning else PlatformEvent.VOID


def checked(report: PlatformReport) -> PlatformReport:
    """Return the report with what its own sums say against it: rows, ids given twice, payouts."""
    faults = [*report.faults]
    faults += (fault for row in report.money if (fault := _row_fault(row)) is not None)
    rows = _once(report.rows, faults)
    payouts = _with_their_sign(rows, report.payouts)
    faults += _payout_faults(rows, payouts)
    return replace(report, rows=rows, payouts=payouts, faults=tuple(sorted(faults, key=lambda fault: fault.line or 0)))


def _row_fault(row: PlatformRow) -> Fault | None:
    if row.gross - row.fee != row.net:
        message = _(
            "gross {gross} less fee {fee} is not net {net} (difference {difference} {currency}); "
            "export the report again"
        ).format(
            gross=to_decimal(row.gross),
            fee=to_decimal(row.fee),
            net=to_decimal(row.net),
            difference=to_decimal(row.gross - row.fee - row.net),
            currency=row.currency,
        )
        return Fault(message, row.line)
    wrong = (row.kind in TAKES_BACK and row.gross > 0) or (
        row.kind in (PlatformEvent.GIFT, PlatformEvent.CHARGEBACK_REVERSED) and row.gross < 0
    )
    if wrong:
        message = _("a {kind} of {amount} has the wrong sign; export the report again")
        return Fault(message.format(kind=kind_word(row.kind), amount=to_decimal(row.gross)), row.line)
    return None


def _once(rows: Iterable[PlatformRow], faults: list[Fault]) -> tuple[PlatformRow, ...]:
    """Return the rows without those given twice with the same content; another content under one id is an error."""
    first: dict[str, PlatformRow] = {}
    for row in rows:
        key = f"{row.reference}" if row.kind in MONEY else f"{row.kind}:{row.line}"
        known = first.setdefault(key, row)
        if known is row:
            continue
        if replace(known, line=row.line) == row:
            message = _("the same row stands on line {first} already; it is taken once").format(first=known.line)
            faults.append(Fault(message, row.line, Severity.WARNING))
        else:
            message = _("its id stands on line {first} with another content; export the report again").format(
                first=known.line
            )
            faults.append(Fault(message, row.line))
    return tuple(first.values())


def _shown(reference: str) -> str:
    """Return an id as it is; a text that could be something else in a shifted row is not repeated."""
    return reference if re.fullmatch(r"[A-Za-z0-9_.-]*[0-9][A-Za-z0-9_.-]*", reference) else _("(without an id)")


def _sums(rows: Iterable[PlatformRow]) -> dict[tuple[str, str], int]:
    """Return what the rows of each payout add up to, by its id and currency."""
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.kind in MONEY:
            key = (row.payout, row.currency)
            sums[key] = sums.get(key, 0) + row.net
    return sums


def _with_their_sign(rows: Iterable[PlatformRow], payouts: Sequence[Payout]) -> tuple[Payout, ...]:
    """Return the payouts as what comes to us: a file writes them in one way, which most of its sums bear out.

    Where none does, a payout is money that comes to us.
    """
    doubtful = [one for one in payouts if not one.signed]
    if not doubtful:
        return tuple(payouts)
    sums = _sums(rows)
    found = [(sums.get((one.reference, one.currency), 0), one.cents) for one in doubtful]
    as_written, turned = sum(a == b for a, b in found), sum(a == -b for a, b in found)
    turn = turned > as_written if as_written or turned else sum(cents for _sum, cents in found) < 0
    return tuple(
        one if one.signed else replace(one, cents=-one.cents if turn else one.cents, signed=True) for one in payouts
    )


def _payout_faults(rows: Iterable[PlatformRow], payouts: Iterable[Payout]) -> list[Fault]:
    sums = _sums(rows)
    paid: dict[tuple[str, str], list[Payout]] = {}
    for payout in payouts:
        if payout.itemised:
            paid.setdefault((payout.reference, payout.currency), []).append(payout)
    faults = []
    for key, parts in paid.items():
        found, total = sums.get(key, 0), sum(part.cents for part in parts)
        if found != total:
            message = _(
                "payout {payout}: its rows add up to {found} {currency}, it paid out {total}: "
                "difference {difference}; export the whole payout again"
            ).format(
                payout=_shown(key[0]),
                found=to_decimal(found),
                currency=key[1],
                total=to_decimal(total),
                difference=to_decimal(found - total),
            )
            faults.append(Fault(message, parts[-1].line))
    return faults
