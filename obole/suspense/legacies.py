"""Open lines and legacies: the sum that a notary pays over, or that we pay for one, proposed and set against it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from importers.deciding.expected import bears, plain
from importers.deciding.proposals import same_name
from importers.registers.assignments import AssignmentRow
from ledger.legacies import LegacyAsset, LegacyState
from ledger.money import to_decimal
from ledger.parties import Party
from ledger.records import LineOutcome
from ledger.register.documents import MovementRow
from ledger.register.suspense import Decided, OpenItem
from ledger.store import iso
from ledger.vault.counterparties import Counterparty, legacy_names
from ledger.vault.parties import find_parties
from obole.books.legacies import legacies_at
from obole.books.opened import Books
from obole.words import _

_REFERENCE, _IBAN, _TESTATOR, _NOTARY = 0.95, 0.9, 0.85, 0.7
_OTHER_AMOUNT = 0.7  # of the score where the sum is only a part of what is to come


class LegacyClaim(NamedTuple):
    """The legacy that an open line may be of: `asset` where one is meant; why in words."""

    legacy: str
    asset: str
    account: str
    score: float
    reasons: tuple[str, ...]


def with_accounts(
    books: Books,
    rows: Iterable[AssignmentRow],
    waiting: Mapping[tuple[str, int], OpenItem],
    decided: Mapping[tuple[str, int], Decided],
) -> list[AssignmentRow]:
    """Return rows of decisions, those about a legacy with the account that follows: of what comes, or is owed."""
    accounts = books.config.legacies

    def of(row: AssignmentRow) -> AssignmentRow:
        if row.legacy is None or row.account:
            return row
        item, before = waiting.get(row.place), decided.get(row.place)
        if item is not None:
            return replace(row, account=accounts.receivable if item.cents > 0 else accounts.debts)
        return replace(row, account=before.account) if before is not None else row

    return [of(row) for row in rows]


class LegacyDesk:
    """The legacies that the rows of a sheet set lines against, each row after those before it."""

    def __init__(self, books: Books, rows: Sequence[AssignmentRow]) -> None:
        self._accounts = books.config.legacies
        self._states = legacies_at(books) if any(row.legacy for row in rows) else {}

    def party(self, row: AssignmentRow) -> str | None:
        """Return the third party of the line: that of the row, else the notary of the legacy where a sum comes."""
        state = self._states.get(row.legacy[0]) if row.legacy else None
        notary = state.opening.keys.party if state is not None else None
        return row.party or (notary if row.account == self._accounts.receivable else None)

    def problems(self, row: AssignmentRow, item: OpenItem | None) -> Iterator[str]:
        """Yield what stands against setting a line against a legacy; where nothing does, it counts from now on."""
        if row.legacy is None:
            return
        legacy, name = row.legacy
        state = self._states.get(legacy)
        if state is None:
            message = _("legacy {legacy} stands in no register that was imported; those that do: {known}")
            yield message.format(legacy=legacy, known=", ".join(sorted(self._states)) or "-")
        elif item is None:
            yield _("only a line that waits on suspense is set against a legacy; undo what was decided about it first")
        elif row.donor or row.nature:
            yield _("a line of a legacy is of no donor and needs no nature; leave both out")
        elif row.account != (self._accounts.receivable if item.cents > 0 else self._accounts.debts):
            message = _(
                "what comes of a legacy goes to {receivable}, what is paid for it to {debts}; leave account out"
            )
            yield message.format(receivable=self._accounts.receivable, debts=self._accounts.debts)
        elif state.right is None or state.right > row.day or state.closed is not None:
            message = _("legacy {legacy} is not accepted on {day}, or closed; correct its register or the date")
            yield message.format(legacy=legacy, day=row.day)
        elif item.cents > 0:
            yield from self._receive(state, name, item.cents)
        elif -item.cents > state.owed:
            message = _("{amount} is above the {owed} still to be paid for legacy {legacy}; enter its duties first")
            yield message.format(amount=to_decimal(-item.cents), owed=to_decimal(state.owed), legacy=legacy)
        else:
            state.paid -= item.cents

    def _receive(self, state: LegacyState, name: str, cents: int) -> Iterator[str]:
        legacy, asset = state.opening.legacy, self._asset(state, name)
        if asset is None:
            message = _("write in `legacy` which asset of {legacy} it is, as {legacy}:ASSET; still to come: {known}")
            known = ", ".join(f"{key} {to_decimal(one.open)}" for key, one in state.assets.items() if one.open) or "-"
            yield message.format(legacy=legacy, known=known)
        elif cents > asset.open:
            message = _(
                "{amount} is above the {open} still to come of {asset} (legacy {legacy}); measure it anew in the "
                "register of legacies first (row `measured`)"
            )
            amount, there = to_decimal(cents), to_decimal(asset.open)
            yield message.format(amount=amount, open=there, asset=asset.event.asset, legacy=legacy)
        else:
            asset.received += cents

    def movement(self, row: AssignmentRow, item: OpenItem) -> tuple[MovementRow, ...]:
        """Return the row by which the register knows that a line was set against a legacy."""
        if row.legacy is None:
            return ()
        legacy, name = row.legacy
        asset = self._asset(self._states[legacy], name, opened=False)
        told = f"{legacy}:{asset.event.asset if asset is not None and item.cents > 0 else ''}"
        line = (row.row, None, iso(row.day), None, item.cents, "", told, None, None)
        return (MovementRow(*line, LineOutcome.LEGACY, row.account),)

    @staticmethod
    def _asset(state: LegacyState, name: str, *, opened: bool = True) -> LegacyAsset | None:
        """Return the asset of this name; without a name the only one of which something is (or was) to come."""
        if name:
            return state.assets.get(name)
        some = [one for one in state.assets.values() if (one.open if opened else one.claim)]
        return some[0] if len(some) == 1 else None


class LegacyClaims:
    """The legacies of which something is to come or to be paid, looked up once, held against lines that wait."""

    def __init__(self, books: Books) -> None:
        self._accounts = books.config.legacies
        self._states = [one for one in legacies_at(books).values() if one.right and (one.open or one.owed)]
        with books.vault.connect() as identities:
            self._names = legacy_names(identities) if self._states else {}
            self._parties: dict[str, Party] = {one.key: one for one in find_parties(identities)} if self._states else {}

    def of(self, item: OpenItem, known: Counterparty) -> Iterator[LegacyClaim]:
        """Yield the legacies that something beside the amount speaks for."""
        for state in self._states:
            whole = state.open if item.cents > 0 else state.owed
            if abs(item.cents) > whole or state.right is None or state.right > item.booked:
                continue
            signs = list(self._signs(state, known))
            if not signs:
                continue
            assets = [name for name, one in state.assets.items() if one.open == item.cents]
            exact = abs(item.cents) == whole or len(assets) == 1
            best = min(0.99, max(score for score, _why in signs) + 0.04 * (len(signs) - 1))
            legacy = state.opening.legacy
            if item.cents > 0:
                told = _("legacy {legacy}, of which {open} is still to come").format(
                    legacy=legacy, open=to_decimal(whole)
                )
            else:
                told = _("legacy {legacy}, for which {owed} is still to be paid").format(
                    legacy=legacy, owed=to_decimal(whole)
                )
            account = self._accounts.receivable if item.cents > 0 else self._accounts.debts
            score = round(best if exact else best * _OTHER_AMOUNT, 3)
            asset = assets[0] if len(assets) == 1 and item.cents > 0 else ""
            yield LegacyClaim(legacy, asset, account, score, (told, *(why for _score, why in signs)))

    def _signs(self, state: LegacyState, known: Counterparty) -> Iterator[tuple[float, str]]:
        """Yield what speaks for a legacy: its key or deed, the notary by account or name, the testator's name."""
        opening, said = state.opening, plain(known.communication)
        if bears(said, opening.legacy) or bears(said, opening.deed):
            yield _REFERENCE, _("its reference")
        behind = self._names.get(opening.legacy)
        notary = self._parties.get(opening.keys.party or "")
        if notary is not None and notary.iban and notary.iban == known.account:
            yield _IBAN, _("account of its notary")
        names = [f"{notary.first_name} {notary.name}"] if notary is not None else []
        if any(same_name(known.name, name) for name in (*names, behind.communication if behind else "") if name):
            yield _NOTARY, _("name of its notary")
        if behind is not None and behind.name and _holds(f"{known.communication} {known.name}", behind.name):
            yield _TESTATOR, _("name of its testator")


def _holds(text: str, name: str) -> bool:
    """Return whether all words of a name stand in a text."""
    there = text.split()
    return all(any(same_name(one, word) for one in there) for word in name.split())
