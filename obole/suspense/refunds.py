"""Payments that pay gifts back, as a person says it in the sheet: a return or a refund is set against its gift.

The payment waits on suspense, or a rule or a decision put it on another account. It takes its gift back, or a part of
it: then the gift is taken back whole and what is left of it is given again, for the same year. A payment of several
gifts is several rows, each with its gift and where it is only a part, how much; together they are the payment.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection

from importers.deciding.found import is_return_code
from importers.deciding.gifts import two_lines
from importers.deciding.paybacks import choices, given_on, named, rest_of
from importers.registers.assignments import AssignmentRow
from ledger.errors import Fault, Severity
from ledger.money import to_decimal
from ledger.records import Channel, Gift, LineOutcome
from ledger.register.gifts import PostedGift, gift_place, gifts_standing, originals_of
from ledger.register.suspense import Decision, LineNow, line_now
from ledger.vault.links import survivors
from ledger.wording import word
from obole.books.opened import Books
from obole.intake.guards import unknown_account
from obole.intake.items import Item
from obole.intake.paid_back import no_gift
from obole.words import _

_TAKEN = (LineOutcome.SUSPENSE, LineOutcome.RULE)
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Refund:
    """A row about `cents` of a payment: the gift that they pay back, else their account; `alone` on its line.

    `first` of its rows with a gift: by it the payment is decided, and decided once.
    """

    row: AssignmentRow
    line: LineNow
    cents: int
    gift: PostedGift | None
    alone: bool
    first: bool = False


@dataclass(slots=True)
class Refunds:
    """The payments of a sheet, looked up: `used` are the gifts that a row takes, by the row."""

    books: Books
    connection: Connection
    lines: Mapping[tuple[str, int], LineNow | None]
    used: dict[int, int] = field(default_factory=dict)
    remarks: list[Fault] = field(default_factory=list)
    _survivors: dict[str, str] | None = None
    _gifts: dict[str, list[PostedGift]] = field(default_factory=dict)

    def about(self, row: AssignmentRow) -> bool:
        """Return whether a row is about a payment that pays a gift back, or claims to be."""
        if row.refund_of is not None or row.part is not None:
            return True
        line = self.lines.get(row.place)
        gifts = self.books.config.gifts.control
        return line is not None and line.cents < 0 and (row.donor is not None or row.account in gifts)

    def decide(self, rows: Sequence[AssignmentRow]) -> tuple[list[Refund], list[Fault]]:
        """Return what the rows of one payment say, or what stands against them."""
        first = rows[0]
        line = self.lines.get(first.place)
        problem = self._no_payment(first, line)
        if problem is not None or line is None:
            return [], [Fault(problem or "", row.row) for row in rows]
        faults = [Fault(one, row.row) for row in rows for one in self._problems(row, line, first.day, len(rows))]
        if faults:
            return [], faults
        found: list[Refund] = []
        for row in rows:
            refund, against = self._refund(row, line, len(rows))
            if against is not None:
                faults.append(Fault(against, row.row))
            found.append(refund)
        faults = faults or [Fault(one, first.row) for one in _sums(found, line, _place(first))]
        if faults:
            return [], faults
        leading = next(number for number, one in enumerate(found) if one.gift is not None)
        return [replace(one, first=number == leading) for number, one in enumerate(found)], []

    def _refund(self, row: AssignmentRow, line: LineNow, count: int) -> tuple[Refund, str | None]:
        """Return what a row says, and what stands against it."""
        gift, against = None, None
        if row.part is None or row.refund_of is not None:
            gift, against = self._gift(row, line, count)
        whole = gift.gift.cents if gift is not None and count > 1 else -line.cents
        return Refund(row, line, row.part or whole, gift, alone=count == 1), against

    def _no_payment(self, row: AssignmentRow, line: LineNow | None) -> str | None:
        """Say why a line is no payment to decide about: none there, one that came in, one decided before."""
        place = _place(row)
        if line is not None and line.by is None and line.outcome is LineOutcome.RETURN:
            message = _("{place} took its gift back as it came; undo {document} to set it otherwise")
            return message.format(place=place, document=row.document)
        if line is None or (line.by is None and line.outcome not in _TAKEN):
            message = _(
                "{place} is no payment that waits on suspense or that a rule put on an account; only such a one can "
                "pay a gift back"
            )
            return message.format(place=place)
        if line.cents > 0:
            return _("{place} is money that came in; only a payment can pay a gift back").format(place=place)
        if line.by is not None and (line.donor is not None or line.account in self.books.config.gifts.control):
            message = _("{place} was decided before, in {document} line {line}; undo {document} to decide it otherwise")
            return message.format(place=place, document=line.by[0], line=line.by[1])
        return None

    def _problems(self, row: AssignmentRow, line: LineNow, day: date, count: int) -> Iterator[str]:
        """Yield what stands against a row, whatever its gift."""
        values = {"place": _place(row)}
        gifts = self.books.config.gifts
        if row.day < line.booked:
            message = _("{place} was booked on {day}; the reclassification cannot be dated before")
            yield message.format(**values, day=line.booked)
        if row.day != day:
            yield _("the rows of {place} have different dates; a payment is decided on one day").format(**values)
        if any((row.counterpart, row.campaign, *row.keys)):
            message = _("{place} pays a gift back and follows it: leave counterpart, campaign, fund and keys empty")
            yield message.format(**values)
        if row.refund_of is None and row.donor is None and row.account in gifts.control:
            message = _("{place} is a payment: write the gift that it pays back in column `refund_of`, or its donor")
            yield message.format(**values)
        elif row.refund_of is None and row.part is not None:
            yield from self._of_account(row, count)
        elif row.refund_of is None and count > 1:
            message = _("{place} is split over {count} rows: each needs its gift in column `refund_of`")
            yield message.format(**values, count=count)
        elif row.account and row.account not in gifts.control:
            message = _("{place} pays a gift back: leave the account empty, or the gift and the donor")
            yield message.format(**values)

    def _of_account(self, row: AssignmentRow, count: int) -> Iterator[str]:
        """Yield what stands against a part that pays no gift back, a charge for instance."""
        account = row.account or ""
        if count == 1 or not account or row.donor is not None or row.account in self.books.config.gifts.control:
            yield _part_of_nothing(_place(row))
        elif account not in self.books.chart:
            yield unknown_account(account)
        elif account == self.books.config.gifts.suspense:
            message = _("{place} is on account {account} already; write where it belongs")
            yield message.format(place=_place(row), account=account)

    def _gift(self, row: AssignmentRow, line: LineNow, count: int) -> tuple[PostedGift | None, str | None]:
        """Return the gift that a row pays back, else what stands against it."""
        if row.refund_of is not None:
            found = gift_place(self.connection, *row.refund_of)
            gift, problem = (
                (None, no_gift(row.refund_of, found)) if found is None or found.gift is None else (found.gift, None)
            )
        else:
            gift, problem = self._only_gift(row, line)
        if gift is None:
            return None, problem
        problem = next(self._against(row, line, gift, count), None)
        if problem is None:
            self.used[gift.id] = row.row
        return gift, problem

    def _against(self, row: AssignmentRow, line: LineNow, gift: PostedGift, count: int) -> Iterator[str]:
        """Yield what stands against taking this gift back by this row."""
        values = {"place": _place(row), "gift": named(gift)}
        there = gift.gift
        cents = row.part or (-line.cents if count == 1 else there.cents)
        if gift.id in self.used:
            message = _("row {row} of this sheet changes {gift} too; leave one of them for another sheet")
            yield message.format(**values, row=self.used[gift.id])
        if there.channel is Channel.IN_KIND:
            yield _("{gift} is a gift in kind; no payment pays it back").format(**values)
        if row.donor is not None and self._now(row.donor) != self._now(there.donor or ""):
            message = _("{gift} is of {owner}, not of {donor}; write the gift of {donor}, or leave the donor out")
            yield message.format(**values, owner=there.donor or _("donor unknown"), donor=row.donor)
        if (row.account or there.account) != there.account or (row.nature or there.nature) != there.nature:
            message = _("{gift} is on account {account}; leave account and nature empty: what pays it back follows it")
            yield message.format(**values, account=there.account)
        if row.day < there.booked:
            message = _("{gift} is booked on {day}; what pays it back cannot be dated before")
            yield message.format(**values, day=there.booked)
        if cents > there.cents:
            message = _(
                "{place} is {amount} EUR, {gift} is {given} EUR: write one row for each gift that it pays back, and in "
                "column `part` how much where that is not the whole gift or where the rest goes to an account"
            )
            yield message.format(**values, amount=to_decimal(cents), given=to_decimal(there.cents))

    def _only_gift(self, row: AssignmentRow, line: LineNow) -> tuple[PostedGift | None, str | None]:
        """Return the gift of a donor that alone can be meant; of several that are alike, the last."""
        donor, cents = self._now(row.donor or ""), row.part or -line.cents
        gifts = [
            one
            for one in self._of_donor(donor)
            if one.id not in self.used
            and one.gift.booked <= row.day
            and (row.nature or one.gift.nature) == one.gift.nature
            and (row.account or one.gift.account) == one.gift.account
        ]
        originals = originals_of(self.connection, [line.reference]).values() if line.reference else ()
        said = [one for one in gifts if one.id in {original.id for original in originals} and one.gift.cents >= cents]
        found = said or choices(gifts, cents)
        values = {"place": _place(row), "donor": row.donor, "amount": to_decimal(cents)}
        if not found:
            message = _(
                "{place}: {donor} has no gift of {amount} EUR or more that stands; where it pays several back, write "
                "one row for each with the gift in column `refund_of`"
            )
            return None, message.format(**values)
        if len(found) > 1:
            some = ", ".join(_told(one) for one in found[:_SHOWN]) + (" ..." if len(found) > _SHOWN else "")
            message = _("{place} may pay back {gifts}: write the one that is meant in column `refund_of`")
            return None, message.format(**values, gifts=some)
        message = _("{place} is set against {gift}").format(**values, gift=_told(found[0]))
        self.remarks.append(Fault(message, row.row, Severity.WARNING))
        return found[0], None

    def _of_donor(self, donor: str) -> list[PostedGift]:
        """Return the gifts of a donor that stand, with those of the keys that were merged into it."""
        if donor not in self._gifts:
            keys = [donor, *(key for key, after in self._merged().items() if after == donor)]
            self._gifts[donor] = gifts_standing(self.connection, keys)
        return self._gifts[donor]

    def _now(self, donor: str) -> str:
        return self._merged().get(donor, donor)

    def _merged(self) -> dict[str, str]:
        if self._survivors is None:
            with self.books.vault.connect() as identities:
                self._survivors = survivors(identities)
        return self._survivors


def look_up_lines_of(
    connection: Connection, rows: Sequence[AssignmentRow], asked: Callable[[AssignmentRow], bool]
) -> dict[tuple[str, int], LineNow | None]:
    """Return the lines that rows may pay gifts back with, by document and position."""
    places = {row.place for row in rows if asked(row)}
    return {place: line_now(connection, *place) for place in places}


def by_payment(rows: Sequence[AssignmentRow]) -> list[list[AssignmentRow]]:
    """Return the rows of each payment together, in the order of their first."""
    found: defaultdict[tuple[str, int], list[AssignmentRow]] = defaultdict(list)
    for row in rows:
        found[row.place].append(row)
    return list(found.values())


def refund_item(books: Books, refund: Refund, reference: str, digest: str) -> Item:
    """Return what a row of a payment posts: the gift or a part of it taken back, or the part on its account."""
    row, line, gift = refund.row, refund.line, refund.gift
    language, account = books.config.organisation.language, line.account or books.config.gifts.suspense
    if gift is None:
        label, meta = word("assignment", language), {"position": row.position}
        accounts = account, row.account or ""
        entry = two_lines(row.day, label, -refund.cents, *accounts, document=row.document, meta=meta)
        return Item(reference, row.day, digest, row.row, entries=(entry,))
    label = word("return" if is_return_code(line.code) else "refund", language)
    decision = Decision(row.row, line.key, gift.gift.donor, gift.gift.account, row.day, row.reason)
    return Item(
        reference,
        row.day,
        digest,
        row.row,
        gifts=_paid_back(refund, gift),
        debits={row.row: account},
        batches={row.row: label},
        decision=decision if refund.first else None,
    )


def _paid_back(refund: Refund, posted: PostedGift) -> tuple[Gift, ...]:
    """Return the reversal of a gift and, where only a part of it is paid back, what is left of it."""
    row, given = refund.row, posted.gift
    moved = given._replace(booked=row.day, position=row.row, batch=row.row)
    back = moved._replace(
        cents=-given.cents, reverses=posted.id, ordered=None, executed=None, value=refund.line.booked, paid=None
    )
    rest = rest_of(posted, refund.cents)
    return (back, moved._replace(cents=rest)) if rest else (back,)


def _sums(found: Sequence[Refund], line: LineNow, place: str) -> Iterator[str]:
    """Yield that the rows of a payment are not the payment."""
    total = sum(one.cents for one in found)
    if all(one.gift is None for one in found):
        yield _part_of_nothing(place)
    if total == -line.cents:
        return
    message = _(
        "{place} is {amount} EUR, its rows are {total} EUR: write in column `part` how much each is, and a row with "
        "the account where some of it pays no gift back"
    )
    yield message.format(place=place, amount=to_decimal(-line.cents), total=to_decimal(total))


def _part_of_nothing(place: str) -> str:
    message = _(
        "{place}: a part needs the gift that it pays back in column `refund_of`, or the account of the rest beside "
        "rows with gifts"
    )
    return message.format(place=place)


def _place(row: AssignmentRow) -> str:
    return _("movement {position} of {document}").format(position=row.position, document=row.document)


def _told(one: PostedGift) -> str:
    message = _("{gift} ({amount} EUR of {day})")
    return message.format(gift=named(one), amount=to_decimal(one.gift.cents), day=given_on(one.gift))
