"""A decision taken back or changed, and all that followed from the account it taught.

Lines that an account decided which is no longer the donor's go back to where they waited: what was decided again is
undone, a gift of a statement returns to suspense, one of a platform to nobody's. What is known without that account
stays. What cannot be taken back (a closed year, a gift that something stands on) is told.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlalchemy import Connection

from importers.deciding.booking import book_open
from ledger.mirror import CannotUndo
from ledger.money import to_decimal
from ledger.posting import Booking, Posting
from ledger.records import DocumentKind, Gift, LineOutcome
from ledger.register.documents import MovementRow, PostedDocument, find_document, free_name
from ledger.register.gifts import PostedGift, gift_place
from ledger.register.suspense import LineNow, line_now
from ledger.register.vouchers import has_vouchers
from ledger.sources import digest_of, source_document
from ledger.store import iso
from ledger.vault.counterparties import Counterparty, all_counterparties
from ledger.vault.links import Learnt, load_links
from ledger.wording import word
from obole.books.opened import Books
from obole.intake.desk import Knowledge, desk_of, load_known
from obole.intake.lookup import line_again, look_up_lines
from obole.intake.reversing import reverse
from obole.words import _, many

_BANK, _PLATFORM = 1, 2  # the batches of a document that puts gifts back


@dataclass(slots=True)
class TakenBack:
    """The gifts that followed and are taken back, the documents that say so, who stands behind them; what is left."""

    gifts: int = 0
    cents: int = 0
    documents: list[str] = field(default_factory=list)
    counterparties: list[Counterparty] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """Return it in sentences."""
        if not self.gifts:
            return list(self.left)
        message = many(
            "{count} gift that followed from it by the account is taken back too, {amount} EUR: {documents}; what "
            "nobody knows now waits: `obole match`",
            "{count} gifts that followed from it by the account are taken back too, {amount} EUR: {documents}; what "
            "nobody knows now waits: `obole match`",
            self.gifts,
        )
        told = message.format(count=self.gifts, amount=to_decimal(self.cents), documents=", ".join(self.documents))
        return [told, *self.left]


class _Follower(NamedTuple):
    """A gift that an account decided: its line, who stands behind it, the document that made it the donor's."""

    line: LineNow
    behind: Counterparty
    gift: PostedGift
    document: PostedDocument


def take_back(books: Books, posting: Posting, taught: Collection[Learnt], but: Collection[int]) -> TakenBack:
    """Take back the gifts that these accounts decided; not those of the documents `but`, where a person decided.

    The vault is read as if it did not have what was taught; the caller lets it forget that.
    """
    back = TakenBack()
    known = load_known(books)
    with books.vault.connect() as identities:
        known = replace(known, links=load_links(identities, without=taught))
        behind = all_counterparties(identities)
    donors: defaultdict[str, set[str]] = defaultdict(set)
    for lesson in taught:
        donors[lesson.iban].add(lesson.donor)
    direct: defaultdict[int, list[_Follower]] = defaultdict(list)
    again: defaultdict[int, list[_Follower]] = defaultdict(list)
    for who in behind.values():
        one = _follower(posting.connection, who, donors[who.account]) if who.account in donors else None
        if one is None or one.document.id in but or _known_still(books, posting.connection, known, one):
            continue
        if one.line.by is not None:
            again[one.document.id].append(one)
        else:
            direct[books.years.label(one.gift.gift.booked)].append(one)
    for _id, some in sorted(again.items()):
        _undo_again(books, posting, some, back)
    for year, some in sorted(direct.items()):
        _put_back(books, posting, year, some, back)
    return back


def _follower(connection: Connection, who: Counterparty, donors: Collection[str]) -> _Follower | None:
    """Return the gift of a line that stands with one of these donors and that no person decided; None for none."""
    line = line_now(connection, who.document, who.position)
    if line is None:
        return None
    name, position = line.by or (who.document, who.position)
    place = gift_place(connection, name, position)
    if place is None or place.gift is None or place.by is not None or place.gift.document != name:
        return None
    document = find_document(connection, name)
    if document is None or place.gift.gift.donor not in donors:
        return None
    if document.kind == DocumentKind.ASSIGNMENT and has_vouchers(connection, document.id):
        return None
    return _Follower(line, who, place.gift, document)


def _known_still(books: Books, connection: Connection, known: Knowledge, one: _Follower) -> bool:
    """Return whether a line is its donor's by something else than what was taught."""
    iban = next((bank.iban for bank in books.config.bank if bank.alias == one.line.bank), None)
    desk = desk_of(books, iban, known) if iban is not None else None
    if desk is None:
        return False
    movement = line_again(1, one.line, one.behind)
    booked = book_open([movement], desk, look_up_lines(connection, [movement], desk, "again", again=True), "again")
    return booked is not None and [gift.donor for gift in booked.booking.gifts] == [one.gift.gift.donor]


def _undo_again(books: Books, posting: Posting, some: Sequence[_Follower], back: TakenBack) -> None:
    """Undo a document of lines that were decided again: all of them wait, and what is known is decided once more."""
    document = some[0].document
    try:
        booking = reverse(books, posting, document, follows=document.name)
    except CannotUndo as problem:
        back.left.append(_left(some, str(problem).removesuffix(".")))
        return
    back.documents.append(booking.record.name)
    back.gifts += len(some)
    back.cents += sum(one.gift.gift.cents for one in some)


def _put_back(books: Books, posting: Posting, year: int, some: Sequence[_Follower], back: TakenBack) -> None:
    """Put gifts of statements back on suspense and those of platforms to nobody, on their own days."""
    if year in books.closed_years(posting.connection).labels:
        back.left.append(_left(some, _("{year} is closed").format(year=year)))
        return
    language, gifts = books.config.organisation.language, books.config.gifts
    digest = digest_of(["put back", *(one.gift.id for one in some)])
    kind = DocumentKind.RECLASSIFICATION
    name = free_name(posting.connection, f"{kind}-{year}-{digest[:8]}")
    cents = sum(one.gift.gift.cents for one in some)
    days = [one.gift.gift.booked for one in some]
    counts = {"gifts": len(some)}
    label = word("suspense", language)
    placed = list(enumerate(some, start=1))
    booking = Booking(
        record=source_document(kind, name, digest, days, counts=counts, cents={"gifts": -cents}),
        movements=[_waiting(number, one, gifts.suspense) for number, one in placed if not _of_platform(one)],
        gifts=[gift for number, one in placed for gift in _gone(number, one, gifts.undocumented)],
        gift_debits={_BANK: gifts.suspense, _PLATFORM: ""},
        batches={_BANK: label, _PLATFORM: word("reclassification", language)},
    )
    posting.post(booking)
    back.documents.append(name)
    back.gifts += len(some)
    back.cents += cents
    back.counterparties += [one.behind._replace(document=name, position=number) for number, one in placed]


def _of_platform(one: _Follower) -> bool:
    return one.document.kind == DocumentKind.PLATFORM


def _waiting(number: int, one: _Follower, suspense: str) -> MovementRow:
    """Return the line that waits again."""
    line = one.line
    value = iso(line.value) if line.value else None
    told = (number, None, iso(line.booked), value, line.cents, line.code, line.reference, line.mandate, line.reason)
    return MovementRow(*told, LineOutcome.SUSPENSE, suspense)


def _gone(number: int, one: _Follower, undocumented: str) -> Iterator[Gift]:
    """Yield the reversal of a gift, and of one of a platform the gift of nobody."""
    given, batch = one.gift.gift, _PLATFORM if _of_platform(one) else _BANK
    moved = given._replace(position=number, batch=batch)
    yield moved._replace(cents=-given.cents, reverses=one.gift.id)
    if batch == _PLATFORM:
        yield moved._replace(donor=None, account=undocumented)


def _left(some: Sequence[_Follower], problem: str) -> str:
    places: Mapping[str, None] = {f"{one.gift.document}:{one.gift.gift.position}": None for one in some}
    message = _("these gifts followed from it and stay with {donor} ({problem}): {gifts}; set them right in a sheet")
    donors = ", ".join(sorted({one.gift.gift.donor or "" for one in some}))
    return message.format(donor=donors, problem=problem, gifts=", ".join(places))
