"""Gifts in the register: those a return takes back, those without a donor, identities that exports gave, totals."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    Select,
    bindparam,
    case,
    cast,
    exists,
    extract,
    false,
    func,
    select,
    tuple_,
)

from ledger.records import Channel, Counterpart, Gift, LineOutcome, Nature
from ledger.register.standing import standing_places, stated_at
from ledger.register.tables import GIFT_COLUMNS, day_total, document, gift, movement, stands
from ledger.store import plain_rows, slices


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
    certificate_elsewhere: bool = False
    project: str | None = None
    department: str | None = None
    paid: date | None = None
    value: date | None = None
    nature: str = Nature.MONEY.value
    counterpart: str = Counterpart.NONE.value


class GiftGroup(NamedTuple):
    """The things that the gifts of one day total of a document have in common."""

    batch: int
    day: date
    account: str
    fund: str
    channel: str
    project: str
    department: str


class GiftSum(NamedTuple):
    """The number of gifts there are, and their cents."""

    gifts: int
    cents: int


def totals_of(gifts: Iterable[Gift]) -> dict[GiftGroup, GiftSum]:
    """Return count and cents of gifts by what makes a day total."""
    amounts: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in gifts:  # bare keys: half a million gifts have few of them
        keys = row.fund, row.channel, row.project, row.department
        amounts[row.batch, row.booked, row.account, *keys].append(row.cents)
    totals: dict[GiftGroup, GiftSum] = {}
    for (batch, day, account, fund, channel, *others), cents in amounts.items():
        group = GiftGroup(batch, day, account, fund or "", str(channel), *(key or "" for key in others))
        same = totals.get(group, GiftSum(0, 0))  # an empty fund and none are one
        totals[group] = GiftSum(same.gifts + len(cents), same.cents + sum(cents))
    return totals


_BACK = gift.alias("back")


# What is asked of a gift, before and after what its line says, in the order of `Original`.
_ITSELF = (
    *(gift.c.id, gift.c.donor, gift.c.cents, gift.c.counted, gift.c.account, gift.c.channel, gift.c.campaign),
    gift.c.fund,
)
_BESIDES = (
    func.coalesce(gift.c.certificate_elsewhere, false()).label("certificate_elsewhere"),
    *(gift.c.project, gift.c.department, gift.c.paid, gift.c.value, gift.c.nature, gift.c.counterpart),
)


_COLLECTED = (
    select(*_ITSELF, _BACK.c.id.is_not(None), movement.c.reference, movement.c.mandate, *_BESIDES, gift.c.booked)
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
    gift.c.donor.in_(bindparam("donors", expanding=True)),
    gift.c.booked >= bindparam("since"),
    movement.c.mandate.in_(bindparam("mandates", expanding=True)),
)


# A gift where it stands now, without the line that brought it.
_NOW = select(*_ITSELF, *_BESIDES).where(gift.c.id.in_(bindparam("ids", expanding=True))).order_by(gift.c.id)


def originals_of(connection: Connection, references: Iterable[str]) -> dict[str, Original]:
    """Return the collected gifts by EndToEndId; if one id was collected more than once, the last not yet reversed.

    A gift that was restated since is the one that stands in its place.
    """
    wanted = sorted(set(references))
    found: dict[str, Original] = {}
    for some in slices(wanted):
        for row in connection.execute(_ORIGINALS, {"references": some}):
            original = _original(row)
            known = found.get(row.reference)
            if known is None or known.reversed or not original.reversed:
                found[row.reference] = original
    return dict(zip(found, _as_they_stand(connection, found.values()), strict=True))


def _as_they_stand(connection: Connection, originals: Collection[Original]) -> list[Original]:
    """Return these gifts, each that was restated as what stands in its place now; what is gone stays reversed."""
    moved = {one.id for one in originals if one.reversed}
    if not moved:
        return list(originals)
    places = standing_places(connection, moved)
    ids = sorted({place.id for place in places.values() if not place.gone})
    now = {row["id"]: row for some in slices(ids) for row in connection.execute(_NOW, {"ids": some}).mappings()}
    found = []
    for one in originals:
        place = places.get(one.id)
        row = now.get(place.id) if place is not None and not place.gone else None
        found.append(one if row is None else one._replace(reversed=False, **row))
    return found


def _original(row: Row[Any]) -> Original:
    values: tuple[Any, ...] = tuple(row)
    return Original._make(values[:-1])._replace(reversed=bool(values[8]), certificate_elsewhere=bool(values[11]))


class MandateClaim(NamedTuple):
    """The gift that a return takes back of which only the mandate is known: whose, and a gift booked from a day on.

    `cents` is the amount of that gift; None where any will do.
    """

    mandate: str
    donor: str
    cents: int | None
    since: date


def originals_of_mandates(
    connection: Connection, claims: Iterable[MandateClaim]
) -> dict[MandateClaim, tuple[Original, ...]]:
    """Return for each claim the gifts that it may be about and that nothing took back, in the order of posting."""
    found: dict[MandateClaim, tuple[Original, ...]] = {}
    for some in slices(list(dict.fromkeys(claims))):
        first, last = min(one.since for one in some), max(one.since for one in some)
        values = {
            "mandates": sorted({one.mandate for one in some}),
            "donors": sorted({one.donor for one in some}),
            "since": first,
            "years": list(range(first.year - 1, last.year + 4)),
        }
        # Whose it was when it was collected, and its day then, lead to it; what stands of it now is claimed.
        rows = [(_original(row), row.booked) for row in connection.execute(_BY_MANDATE, values)]
        stand = _as_they_stand(connection, [one for one, _booked in rows])
        for claim in some:
            found[claim] = tuple(
                now
                for (one, booked), now in zip(rows, stand, strict=True)
                if (one.mandate, one.donor) == (claim.mandate, claim.donor)
                and not now.reversed
                and claim.cents in (None, now.cents)
                and booked >= claim.since
            )
    return found


class MandateGift(NamedTuple):
    """A gift that stands and that a mandate brought: whose, the year it counts for, the day it is booked on."""

    mandate: str
    donor: str | None
    counted: int
    booked: date


# No year stands here: its index would lead past every gift of it, where few lines are of these mandates.
_OF_MANDATES = (
    select(movement.c.mandate, gift.c.donor, gift.c.counted, gift.c.booked, gift.c.id, _BACK.c.id.label("back"))
    .select_from(movement)
    .join(gift, (gift.c.document_id == movement.c.document_id) & (gift.c.position == movement.c.position))
    .outerjoin(_BACK, _BACK.c.reverses == gift.c.id)
    .where(
        movement.c.mandate.in_(bindparam("mandates", expanding=True)),
        gift.c.cents > 0,
    )
)


def gifts_of_mandates(connection: Connection, mandates: Iterable[str]) -> Iterator[MandateGift]:
    """Yield the gifts that these mandates brought and that stand, each with whose it is now and its day at the bank."""
    for some in slices(sorted(set(mandates))):
        rows = connection.execute(_OF_MANDATES, {"mandates": some}).all()
        places = standing_places(connection, (row.id for row in rows if row.back is not None))
        ids = sorted({place.id for place in places.values() if not place.gone})
        donors = {row.id: row.donor for part in slices(ids) for row in connection.execute(_NOW, {"ids": part})}
        for row in rows:
            place = places.get(row.id)
            if place is None or not place.gone:
                donor = row.donor if place is None else donors[place.id]
                yield MandateGift(row.mandate, donor, row.counted, row.booked)


class PostedGift(NamedTuple):
    """A gift of the register: its id, the gift, the reference of its bank line (for a return, of what it took back).

    `document` is the name of the document that it stands in.
    """

    id: int
    gift: Gift
    reference: str | None
    document: str


def gifts_of(connection: Connection, document_id: int) -> list[PostedGift]:
    """Return the gifts and returns of a document, in order."""
    return _posted_gifts(connection, gift.c.document_id == document_id)


class GiftPlace(NamedTuple):
    """The gift that a line brought: as it stands now (None where nothing of it does), and what moved it there.

    `by` is the document that stands and decided or took it back last, with its line there.
    """

    gift: PostedGift | None
    by: tuple[str, int] | None


def gift_place(connection: Connection, name: str, position: int) -> GiftPlace | None:
    """Return the gift of a line of a document where it stands now; None where the line brought none."""
    stated = stated_at(connection, name, position)
    if stated is None:
        return None
    place = standing_places(connection, [stated])[stated]
    if place.gone:
        return GiftPlace(None, place.by)
    return GiftPlace(_posted_gifts(connection, gift.c.id == place.id)[0], place.by)


def projects_of(connection: Connection, kind: str) -> list[str]:
    """Return the projects that gifts of documents of a kind carry."""
    query = (
        select(gift.c.project)
        .join(document, document.c.id == gift.c.document_id)
        .where(document.c.kind == kind, gift.c.project.is_not(None))
        .distinct()
    )
    return [str(row.project) for row in connection.execute(query)]


# No line of a bank or platform brought these: a refund pays none of them back, and nobody is asked who gave them.
_NOT_PAID = (Channel.IN_KIND.value, Channel.JOURNAL.value)


def gifts_standing(connection: Connection, donors: Collection[str]) -> list[PostedGift]:
    """Return the gifts of money of some donors that stand, in the order of the register."""
    return [
        one
        for some in slices(sorted(donors))
        for one in _posted_gifts(connection, gift.c.donor.in_(some) & gift.c.channel.not_in(_NOT_PAID) & _given_still())
    ]


def donorless_gifts(connection: Connection) -> list[PostedGift]:
    """Return the standing gifts of money without a donor, oldest first."""
    return _posted_gifts(connection, gift.c.donor.is_(None) & gift.c.channel.not_in(_NOT_PAID) & _given_still())


def _given_still() -> Any:
    """Return the condition that a gift was not taken back."""
    back = gift.alias("taken_back")
    return (gift.c.cents > 0) & ~exists().where(back.c.reverses == gift.c.id)


def _posted_gifts(connection: Connection, condition: Any) -> list[PostedGift]:
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
            "certificate_elsewhere": bool(row.certificate_elsewhere),
        }
        found.append(PostedGift(row.id, Gift(**{**values, **kinds}), row[-1], str(row[-2])))
    return found


class Reversal(NamedTuple):
    """The line that took a gift back."""

    document_id: int
    document: str
    position: int


def reversal_of(connection: Connection, gift_id: int) -> Reversal | None:
    """Return what took a gift back; None where it stands."""
    query = (
        select(document.c.id, document.c.name, gift.c.position)
        .join(gift, gift.c.document_id == document.c.id)
        .where(gift.c.reverses == gift_id)
    )
    row = connection.execute(query).first()
    return None if row is None else Reversal(*row)


def day_totals(connection: Connection) -> list[DayTotal]:
    """Return every day total with the name of its document: hundreds of rows a year."""
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


class CountedGift(NamedTuple):
    """A gift as the receipts of a year need it: `counted` and `booked` are years, the kinds stand as text."""

    id: int
    donor: str | None
    cents: int
    counted: int
    booked: int
    nature: str
    counterpart: str
    channel: str
    reverses: int | None
    certificate_elsewhere: bool | int | None


def gifts_counted(connection: Connection, year: int, donors: Collection[str] | None = None) -> Iterator[CountedGift]:
    """Yield the gifts that count for, or were booked in, a year, in the order of the register.

    With `donors` only theirs and those of nobody, in no order.
    """
    in_year = gift.c.booked.between(date(year, 1, 1), date(year, 12, 31))
    query = select(
        gift.c.id,
        gift.c.donor,
        gift.c.cents,
        gift.c.counted,
        case((in_year, year), else_=cast(extract("year", gift.c.booked), Integer)),  # to take a day apart is slow
        gift.c.nature,
        gift.c.counterpart,
        gift.c.channel,
        gift.c.reverses,
        gift.c.certificate_elsewhere,
    ).where((gift.c.counted == year) | in_year)
    if donors is None:
        yield from map(CountedGift._make, plain_rows(connection, query.order_by(gift.c.id)))
        return
    yield from map(CountedGift._make, plain_rows(connection, query.where(gift.c.donor.is_(None))))
    # Apart, because the index of the first leads to them by year and donor, and of the others there are few.
    for some in slices(sorted(donors)):
        of_year = query.where(gift.c.counted == year, gift.c.donor.in_(some))
        yield from map(CountedGift._make, plain_rows(connection, of_year))
    for row in map(CountedGift._make, plain_rows(connection, query.where(gift.c.counted != year))):
        if row.donor in donors:
            yield row


def cents_booked(connection: Connection, year: int) -> int:
    """Return the sum of all gifts and reversals that were booked in a year."""
    query = select(func.sum(gift.c.cents)).where(gift.c.booked.between(date(year, 1, 1), date(year, 12, 31)))
    return int(connection.execute(query).scalar() or 0)


def sums_given(
    connection: Connection, year: int, kinds: Collection[tuple[Nature, Counterpart, Channel]]
) -> dict[str, int]:
    """Return by donor key the cents of the gifts of some kinds that count for a year, and of their reversals.

    Without those of which another institution gives the certificate.
    """
    wanted = [tuple(map(str, kind)) for kind in sorted(kinds)]
    query = (
        select(gift.c.donor, cast(func.sum(gift.c.cents), Integer))
        .where(
            gift.c.counted == year,
            gift.c.donor.is_not(None),
            ~func.coalesce(gift.c.certificate_elsewhere, false()),
            tuple_(gift.c.nature, gift.c.counterpart, gift.c.channel).in_(wanted),
        )
        .group_by(gift.c.donor)
    )
    return dict(plain_rows(connection, query))


class Identified(NamedTuple):
    """The word of another source's export on a payment: whose it is, and whether that source gives the certificate."""

    donor: str
    certificate_elsewhere: bool


def identities(connection: Connection, references: Iterable[str]) -> dict[str, Identified]:
    """Return the payments of these references that another source's export identified, by reference."""
    wanted = sorted(set(references))
    found: dict[str, Identified] = {}
    for some in slices(wanted):
        query = _identified(movement.c.reference, movement.c.donor, movement.c.certificate_elsewhere)
        named = query.where(movement.c.reference.in_(some)).order_by(movement.c.document_id)
        found.update(
            {row.reference: Identified(row.donor, bool(row.certificate_elsewhere)) for row in connection.execute(named)}
        )
    return found


def _identified(*columns: Any) -> Select[Any]:
    """Of the payments whose donor an export that stands gave."""
    return (
        select(*columns)
        .join(document, document.c.id == movement.c.document_id)
        .where(movement.c.outcome == LineOutcome.IDENTITY.value, movement.c.donor.is_not(None), stands)
    )


def donors_named(connection: Connection, document_id: int) -> dict[str, str]:
    """Return the donors that an export gave payments of another source, by reference."""
    query = select(movement.c.reference, movement.c.donor).where(
        movement.c.document_id == document_id,
        movement.c.outcome == LineOutcome.IDENTITY.value,
        movement.c.donor.is_not(None),
        movement.c.reference.is_not(None),
    )
    return {row.reference: row.donor for row in connection.execute(query)}


class Noted(NamedTuple):
    """A gift that an export says arrived elsewhere: whose, how much, and the day it gives."""

    donor: str
    cents: int
    day: date
    document: str


def noted_gifts(connection: Connection, elsewhere: str) -> list[Noted]:
    """Return the gifts with a known donor that exports say arrived elsewhere (`bank`, or a platform), by day."""
    query = _identified(movement.c.donor, movement.c.cents, movement.c.booked, document.c.name)
    query = query.where(movement.c.reference.startswith(f"{elsewhere}:", autoescape=True))
    ordered = query.order_by(movement.c.booked, movement.c.document_id, movement.c.position)
    return [Noted(*row) for row in connection.execute(ordered)]


class Given(NamedTuple):
    """The donor of a gift that stands, how much it is, and the day it is booked on."""

    donor: str
    cents: int
    day: date


def standing_gifts(connection: Connection, donors: Iterable[str]) -> Iterator[Given]:
    """Yield the gifts of some donors that were not taken back."""
    for some in slices(sorted(set(donors))):
        query = select(gift.c.donor, gift.c.cents, gift.c.booked).where(gift.c.donor.in_(some), _given_still())
        for row in connection.execute(query):
            yield Given(row.donor, row.cents, row.booked)
