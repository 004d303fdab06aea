"""The list for the person who decides: what is open, who stands behind it, and which donors it may be, with reasons.

Open is a bank line on suspense, and a gift without a donor of whom something is known (a platform's). A proposal is
never accepted by itself; the sheet filled in is taken back by `obole import`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from importers.bank.communications import find_references
from importers.deciding.expected import Expected, bears_any
from importers.deciding.proposals import Proposal, directory, propose
from ledger.identifiers import without_national_numbers
from ledger.records import DOUBTFUL
from ledger.register.gifts import Noted, PostedGift, donorless_gifts, noted_gifts, standing_gifts
from ledger.register.suspense import OpenItem, open_items
from ledger.vault.counterparties import Counterparty, all_counterparties
from ledger.vault.donors import find_donors
from ledger.vault.links import load_links, owners_of_ibans
from obole.books.opened import Books
from obole.intake.desk import references_sold
from obole.suspense.likely import LikelyGift, likely_gifts
from obole.suspense.obvious import SURE_CASH, LikelyAccount, likely_accounts
from obole.words import _

# How much a piece of evidence says by itself; a name that fits besides raises it (importers.proposals).
_OWN_ACCOUNT = 0.95


_SHARED_ACCOUNT = 0.6


_COMMUNICATION = 0.7


_NOTED = 0.6


_NOTED_BY_SEVERAL = 0.3


_BOUGHT = 0.5  # at most, so that no `--prefill` takes it


_ABOUT = timedelta(7)  # a CRM gives the day of the promise, or that on which somebody typed in the statement


@dataclass(frozen=True, slots=True)
class OpenLine:
    """An open line with what the vault knows of it; `waits` where it is on suspense, else it is a gift of nobody.

    `gifts` are those that a payment is likely to pay back, `accounts` where it may belong otherwise.
    """

    document: str
    position: int
    booked: date
    cents: int
    name: str
    communication: str
    proposals: tuple[Proposal, ...]
    waits: bool = True
    gifts: tuple[LikelyGift, ...] = ()
    accounts: tuple[LikelyAccount, ...] = ()

    @property
    def account(self) -> LikelyAccount | None:
        """Return the account it obviously goes to, where no gift or donor is likelier."""
        best = self.accounts[0] if self.accounts else None
        rivals = [one.score for one in self.proposals[:1]] + [one.score for one in self.gifts[:1]]
        return best if best is not None and all(best.score >= one for one in rivals) else None


def open_lines(books: Books, *, gifts: bool = True) -> list[OpenLine]:
    """Return what is open, oldest first, each line with at most three proposals; `gifts` with those of nobody too."""
    with books.register.connect() as connection:
        items = open_items(connection)
        donorless = donorless_gifts(connection) if gifts else []
        noted = _noted(connection) if items else {}
        sold = references_sold(connection) if items else {}
    if not items and not donorless:
        return []
    with books.vault.connect() as connection:
        behind = all_counterparties(connection)
        donors = directory(find_donors(connection, None))
        owners = owners_of_ibans(connection)
        issued = load_links(connection).communications
    paid_back = likely_gifts(books, [item for item in items if item.cents < 0], behind, donors)
    accounts = likely_accounts(books, items, behind)
    # Our own money that came back is nobody's gift.
    back = {(item.document, item.position) for item in items if item.reason not in (None, DOUBTFUL)}
    lines = []
    for document, position, booked, cents, waits in _places(items, donorless, behind):
        known = behind.get((document, position)) or Counterparty(document, position, "", "", "")
        proposals: tuple[Proposal, ...] = ()
        if cents > 0 and (document, position) not in back:
            evidence = [*_evidence(known, owners, issued), *_by_export(noted, cents, booked)]
            proposals = tuple(propose(known.name, known.communication, donors, evidence=evidence))
        likely_places = accounts.get((document, position), ())
        why = _no_gift(known, likely_places, sold)
        if why:
            proposals = tuple(_less(one, why) for one in proposals)
        likely = paid_back.get((document, position), ())
        told = without_national_numbers(known.communication)  # older books may hold some
        said = (known.name, told, proposals, waits, likely, likely_places)
        lines.append(OpenLine(document, position, booked, cents, *said))
    return sorted(lines, key=lambda line: (line.booked, line.document, line.position))


def _no_gift(known: Counterparty, likely: Sequence[LikelyAccount], sold: Expected) -> str:
    """Return what explains a line otherwise than as a gift of who paid; empty where nothing does."""
    if sold and bears_any(known.communication, sold):
        return _("bears a reference of an event")
    if any(one.score == SURE_CASH for one in likely):
        return _("a slip waits for this line")
    return ""


def _less(one: Proposal, why: str) -> Proposal:
    """Return a proposal for a line that something else explains: it is nobody's gift by itself."""
    return one._replace(score=min(one.score, _BOUGHT), reasons=(*one.reasons, why))


def _places(
    items: Iterable[OpenItem], donorless: Iterable[PostedGift], behind: Mapping[tuple[str, int], Counterparty]
) -> Iterator[tuple[str, int, date, int, bool]]:
    """Yield what waits, and the gifts of nobody of whom something is known: place, day, cents, whether it waits."""
    for item in items:
        yield item.document, item.position, item.booked, item.cents, True
    for one in donorless:
        if (one.document, one.gift.position) in behind:
            yield one.document, one.gift.position, one.gift.booked, one.gift.cents, False


def _evidence(
    known: Counterparty,
    owners: Mapping[str, set[str]],
    issued: Mapping[str, tuple[str, str | None]],
) -> Iterable[Proposal]:
    """Yield the donors that the account it came from, or the communication it bears, speak for."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    of_account = owners.get(known.account, set())
    named = {issued[one][0] for one in find_references(known.communication) if one in issued}
    agreed = not named or bool(named & of_account)
    for donor in of_account:
        if len(of_account) == 1 and agreed:
            found[donor].append((_OWN_ACCOUNT, _("account of this donor")))
        elif len(of_account) == 1:
            found[donor].append((_SHARED_ACCOUNT, _("account of this donor")))
        else:
            whose = _("account of {count} donors").format(count=len(of_account))
            found[donor].append((_SHARED_ACCOUNT, whose))
    for donor in named:
        found[donor].append((_COMMUNICATION, _("structured communication issued to this donor")))
    for donor, signs in sorted(found.items()):
        doubt = 1.0
        for share, _reason in signs:
            doubt *= 1 - share
        yield Proposal(donor, round(1 - doubt, 3), tuple(reason for _share, reason in signs))


def _noted(connection: Connection) -> dict[int, list[Noted]]:
    """Return, by amount, the gifts that a CRM's export says came to the bank and that stand with nobody's name yet."""
    noted = noted_gifts(connection, "bank")
    there = defaultdict(list)
    for given in standing_gifts(connection, (one.donor for one in noted)):
        there[given.donor, given.cents].append(given.day)
    found: dict[int, list[Noted]] = defaultdict(list)
    for one in noted:
        days = there[one.donor, one.cents]
        entered = next((day for day in days if abs(one.day - day) <= _ABOUT), None)
        if entered is None:
            found[one.cents].append(one)
        else:
            days.remove(entered)  # it is the gift of one row of the export, not of all that are like it
    return found


def _by_export(noted: Mapping[int, Sequence[Noted]], cents: int, booked: date) -> Iterable[Proposal]:
    """Yield the donors of whom an export says that they gave this amount about this day."""
    donors = {one.donor: one for one in noted.get(cents, ()) if abs(one.day - booked) <= _ABOUT}
    score = _NOTED if len(donors) == 1 else _NOTED_BY_SEVERAL
    for donor, one in sorted(donors.items()):
        why = _("the amount in {document}, of {day}").format(document=one.document, day=one.day)
        yield Proposal(donor, score, (why,))
