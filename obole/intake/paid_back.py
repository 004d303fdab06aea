"""Gifts that a voucher of the journal pays back, from the till or by another's account: each is taken back there.

The line that takes from the gift's account names the gift; the other lines say from where it was paid.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from importers.deciding.paybacks import named, rest_of
from importers.registers.journal import JournalEntry, JournalLine
from ledger.errors import Fault
from ledger.money import to_decimal
from ledger.records import Channel, Gift
from ledger.register.gifts import GiftPlace, PostedGift, gift_place
from ledger.register.standing import came_again
from obole.words import _


@dataclass(slots=True)
class JournalRefunds:
    """The gifts that lines of a journal pay back, by the row of the line; `places` are where they stand now."""

    control: frozenset[str]
    places: dict[int, GiftPlace | None]
    _used: dict[int, int] = field(default_factory=dict)

    def faults(self, entry: JournalEntry) -> Iterator[Fault]:
        """Yield what stands against the lines of an entry that pay gifts back."""
        for line in entry.lines:
            if line.row in self.places:  # else the voucher stands, and took its gifts back already
                yield from (Fault(problem, line.row) for problem in self._problems(entry, line))

    def gift_of(self, line: JournalLine) -> PostedGift | None:
        """Return the gift that a line pays back; None where it pays none back, or is of a voucher that stands."""
        place = self.places.get(line.row)
        return place.gift if place is not None else None

    def taken_back(self, entry: JournalEntry) -> tuple[Gift, ...]:
        """Return what the lines of an entry take back, with what is left of gifts that are paid back in part."""
        found: list[Gift] = []
        for line in entry.lines:
            posted = self.gift_of(line)
            if posted is None:
                continue
            given = posted.gift._replace(booked=entry.day, position=line.row, batch=entry.lines[0].row)
            back = given._replace(
                cents=-given.cents, reverses=posted.id, ordered=None, executed=None, value=entry.day, paid=None
            )
            rest = rest_of(posted, line.cents)
            found += [back, given._replace(cents=rest)] if rest else [back]
        return tuple(found)

    def _problems(self, entry: JournalEntry, line: JournalLine) -> Iterator[str]:
        assert line.refund_of is not None
        place = self.places.get(line.row)
        if line.cents < 0 or line.account not in self.control:
            message = _("a line that pays a gift back takes from its account: write that account and a debit")
            yield message
        elif place is None or place.gift is None:
            yield no_gift(line.refund_of, place)
        else:
            yield from self._against(entry, line, place.gift)

    def _against(self, entry: JournalEntry, line: JournalLine, gift: PostedGift) -> Iterator[str]:
        there, values = gift.gift, {"gift": named(gift)}
        first = self._used.setdefault(gift.id, line.row)
        if first != line.row:
            yield _("row {row} pays {gift} back too; write its whole amount on one line").format(**values, row=first)
        if there.channel is Channel.IN_KIND:
            yield _("{gift} is a gift in kind; no payment pays it back").format(**values)
        if line.donor is not None and line.donor != there.donor:
            message = _("{gift} is of {owner}, not of {donor}; write the gift of {donor}, or leave the donor out")
            yield message.format(**values, owner=there.donor or _("donor unknown"), donor=line.donor)
        if line.account != there.account:
            message = _("{gift} is on account {account}; write the line that pays it back on that account")
            yield message.format(**values, account=there.account)
        if any(line.keys):
            message = _("what pays {gift} back follows it: leave fund, project, department and third party empty")
            yield message.format(**values)
        if entry.day < there.booked:
            message = _("{gift} is booked on {day}; what pays it back cannot be dated before")
            yield message.format(**values, day=there.booked)
        if line.cents > there.cents:
            message = _("{gift} is {given} EUR, less than the {amount} EUR of this line; write a line for each gift")
            yield message.format(**values, given=to_decimal(there.cents), amount=to_decimal(line.cents))


def refunds_of(connection: Connection, entries: Sequence[JournalEntry], control: Sequence[str]) -> JournalRefunds:
    """Look up the gifts that entries pay back."""
    lines = [line for entry in entries for line in entry.lines]
    asked = {line.row: line.refund_of for line in lines if line.refund_of is not None}
    again = came_again(connection, asked.values())
    places = {row: gift_place(connection, *again.get(place, place)) for row, place in asked.items()}
    return JournalRefunds(frozenset(control), places)


def no_gift(asked: tuple[str, int], found: GiftPlace | None) -> str:
    """Say why a place that a row names is no gift to pay back."""
    gift = f"{asked[0]}:{asked[1]}"
    if found is None or found.by is None:
        message = _("{gift} is no gift that stands; write document and position of the gift, as `obole match` proposes")
        return message.format(gift=gift)
    message = _("{gift} was taken back before, in {document} line {line}; undo {document} if that is wrong")
    return message.format(gift=gift, document=found.by[0], line=found.by[1])
