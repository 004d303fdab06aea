"""Gifts in the register: those a return takes back, those without a donor, identities that exports gave, totals."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    exists,
    extract,
    func,
    select,
)

from ledger.records import Channel, Counterpart, Gift, Nature
from ledger.register.tables import GIFT_COLUMNS, day_total, document, gift, movement, stands
from ledger.store import slices


class DayTotal(NamedTuple):
    """The gifts of one document on one day, of one account, fund, channel, project and department.

    `batch` is the total they are part of.
    """

    document: str
    batch: int
    day: date
    account: str
    fund: str
    channel: str
    gifts: int
    cents: int
    project: str = ""
    department: str = ""


class GiftGroup(NamedTuple):
    """What the gifts of a document that make one posting have in common; an empty text where they have none."""

    batch: int
    day: date
    account: str
    fund: str
    channel: str
    project: str
    department: str


class Original(NamedTuple):
    """The gift a return takes back."""

    id: int
    donor: str | None
    cents: int
    counted: int
    account: str
    channel: str
    campaign: str | None
    fund: str | None
    reversed: bool
    reference: str | None = None
    mandate: str | None = None
    project: str | None = None
    department: str | None = None


def totals_of(gifts: Iterable[Gift]) -> dict[GiftGroup, tuple[int, int]]:
    """Return count and cents of each group of gifts."""
    amounts: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in gifts:
        amounts[row.batch, row.booked, row.account, row.fund, row.channel, row.project, row.department].append(
            row.cents
        )
    totals: dict[GiftGroup, tuple[int, int]] = {}
    for (batch, day, account, fund, channel, *others), cents in amounts.items():
        group = GiftGroup(batch, day, account, fund or "", str(channel), *(key or "" for key in others))
        count, total = totals.get(group, (0, 0))  # an empty fund and none are one
        totals[group] = (count + len(cents), total + sum(cents))
    return totals


_BACK = gift.alias("back")


_COLLECTED = (
    select(
        gift.c.id,
        gift.c.donor,
        gift.c.cents,
        gift.c.counted,
        gift.c.account,
        gift.c.channel,
        gift.c.campaign,
        gift.c.fund,
        _BACK.c.id.is_not(None),
        movement.c.reference,
        movement.c.mandate,
        gift.c.project,
        gift.c.department,
    )
    .select_from(movement)
    .join(gift, (gift.c.document_id == movement.c.document_id) & (gift.c.position == movement.c.position))
    .outerjoin(_BACK, _BACK.c.reverses == gift.c.id)
    .where(gift.c.cents > 0)
    .order_by(gift.c.id)
)


_ORIGINALS = _COLLECTED.where(movement.c.reference.in_(bindparam("references", expanding=True)))


_BY_MANDATE = _COLLECTED.where(
    # The year and the donor lead to the gifts by their index; the line of each says of which mandate it is.
    gift.c.counted.in_(bindparam("years", expanding=True)),
    gift.c.donor == bindparam("donor"),
    gift.c.cents == bindparam("cents"),
    gift.c.booked >= bindparam("since"),
    movement.c.mandate == bindparam("mandate"),
    _BACK.c.id.is_(None),
)


def originals_of(connection: Connection, references: Iterable[str]) -> dict[str, Original]:
    """The collected gifts by EndToEndId; where one id was collected more than once, the last not yet reversed."""
    wanted = sorted(set(references))
    found: dict[str, Original] = {}
    for some in slices(wanted):
        for row in connection.execute(_ORIGINALS, {"references": some}):
            original = Original._make(row)._replace(reversed=bool(row[8]))
            known = found.get(row.reference)
            if known is None or known.reversed or not original.reversed:
                found[row.reference] = original
    return found


def originals_of_mandate(connection: Connection, mandate: str, donor: str, cents: int, since: date) -> list[Original]:
    """The gifts of this amount that a mandate of a donor brought since a day and that nothing took back."""
    years = list(range(since.year - 1, since.year + 4))
    values = {"mandate": mandate, "donor": donor, "cents": cents, "since": since, "years": years}
    return [Original._make(row)._replace(reversed=False) for row in connection.execute(_BY_MANDATE, values)]


class PostedGift(NamedTuple):
    """A gift of the register: its id, the gift, the reference of its bank line (for a return, of what it took back)."""

    id: int
    gift: Gift
    reference: str | None


def gifts_of(connection: Connection, document_id: int) -> list[PostedGift]:
    """The gifts and returns of a document, in order."""
    return [one for _, one in _posted_gifts(connection, gift.c.document_id == document_id)]


def standing_gift(connection: Connection, name: str, position: int) -> PostedGift | None:
    """The gift of a line of a document that nothing has taken back; None where there is none."""
    condition = (document.c.name == name) & (gift.c.position == position) & _given_still()
    return next((one for _, one in _posted_gifts(connection, condition)), None)


def donorless_gifts(connection: Connection) -> list[tuple[str, PostedGift]]:
    """The standing gifts of money without a donor, each with its document, oldest first."""
    return _posted_gifts(connection, gift.c.donor.is_(None) & (gift.c.channel != Channel.IN_KIND) & _given_still())


def _given_still() -> Any:
    """The condition that a gift was not taken back."""
    back = gift.alias("taken_back")
    return (gift.c.cents > 0) & ~exists().where(back.c.reverses == gift.c.id)


def _posted_gifts(connection: Connection, condition: Any) -> list[tuple[str, PostedGift]]:
    names = GIFT_COLUMNS[2:-1]
    own = movement.alias("own")
    first = gift.alias("first")
    of_first = movement.alias("of_first")
    query = (
        select(gift, document.c.name, func.coalesce(of_first.c.reference, own.c.reference))
        .join(document, document.c.id == gift.c.document_id)
        .outerjoin(own, (own.c.document_id == gift.c.document_id) & (own.c.position == gift.c.position))
        .outerjoin(first, first.c.id == gift.c.reverses)
        .outerjoin(
            of_first, (of_first.c.document_id == first.c.document_id) & (of_first.c.position == first.c.position)
        )
        .where(condition)
        .order_by(gift.c.id)
    )
    found = []
    for row in connection.execute(query):
        values = {name: getattr(row, name) for name in names}
        kinds = {
            "nature": Nature(row.nature),
            "channel": Channel(row.channel),
            "counterpart": Counterpart(row.counterpart),
        }
        found.append((str(row[-2]), PostedGift(row.id, Gift(**{**values, **kinds}), row[-1])))
    return found


def reversal_of(connection: Connection, gift_id: int) -> tuple[int, str, int] | None:
    """What took a gift back: document id, document, position; None where it stands."""
    query = (
        select(document.c.id, document.c.name, gift.c.position)
        .join(gift, gift.c.document_id == document.c.id)
        .where(gift.c.reverses == gift_id)
    )
    row = connection.execute(query).first()
    return None if row is None else (row[0], row[1], row[2])


def day_totals(connection: Connection) -> list[DayTotal]:
    """Every day total with the name of its document: hundreds of rows a year."""
    query = select(
        document.c.name,
        day_total.c.batch,
        day_total.c.day,
        day_total.c.account,
        day_total.c.fund,
        day_total.c.channel,
        day_total.c.count,
        day_total.c.cents,
        day_total.c.project,
        day_total.c.department,
    ).join(document, document.c.id == day_total.c.document_id)
    return [DayTotal._make(row) for row in connection.execute(query)]


def gifts_counted(connection: Connection, year: int) -> Iterator[Any]:
    """The gifts that count for, or were booked in, a year, in the order of the register.

    Columns: id, donor, cents, counted, year booked, nature, counterpart, channel, reverses.
    """
    query = (
        select(
            gift.c.id,
            gift.c.donor,
            gift.c.cents,
            gift.c.counted,
            extract("year", gift.c.booked),
            gift.c.nature,
            gift.c.counterpart,
            gift.c.channel,
            gift.c.reverses,
        )
        .where((gift.c.counted == year) | gift.c.booked.between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(gift.c.id)
    )
    yield from connection.execution_options(yield_per=20000).execute(query)


IDENTITY = "identity"


def identities(connection: Connection, references: Iterable[str]) -> dict[str, str]:
    """Payments that another source's export identified: reference -> donor key, kept as the reason of its line."""
    wanted = sorted(set(references))
    found: dict[str, str] = {}
    for some in slices(wanted):
        query = _identified(movement.c.reference, movement.c.reason).where(movement.c.reference.in_(some))
        found.update({row.reference: row.reason for row in connection.execute(query.order_by(movement.c.document_id))})
    return found


def _identified(*columns: Any) -> Select[Any]:
    """Of the payments whose donor an export that stands gave."""
    return (
        select(*columns)
        .join(document, document.c.id == movement.c.document_id)
        .where(movement.c.outcome == IDENTITY, movement.c.reason.is_not(None), stands)
    )


class Noted(NamedTuple):
    """A gift that an export says arrived elsewhere: whose, how much, and the day it gives."""

    donor: str
    cents: int
    day: date
    document: str


def noted_gifts(connection: Connection, elsewhere: str) -> list[Noted]:
    """The gifts with a known donor that exports say arrived elsewhere (`bank`, or a platform), by day."""
    query = _identified(movement.c.reason, movement.c.cents, movement.c.booked, document.c.name)
    query = query.where(movement.c.reference.startswith(f"{elsewhere}:", autoescape=True))
    ordered = query.order_by(movement.c.booked, movement.c.document_id, movement.c.position)
    return [Noted(*row) for row in connection.execute(ordered)]


def standing_gifts(connection: Connection, donors: Iterable[str]) -> Iterator[tuple[str, int, date]]:
    """Donor, cents and day of the gifts of some donors that were not taken back."""
    for some in slices(sorted(set(donors))):
        query = select(gift.c.donor, gift.c.cents, gift.c.booked).where(gift.c.donor.in_(some), _given_still())
        for row in connection.execute(query):
            yield row.donor, row.cents, row.booked
