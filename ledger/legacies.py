"""Legacies: what each event of a file posts, and what of it is still to come or to be paid.

Facts: a right that is certain and measurable is a receivable, whenever it is paid (CBN/CNC 2010/16); goods count from
the day they are acquired, at cost or, where the board so values, at market value, the difference apart (KB/AR
29.4.2019 art. 3:160, CBN/CNC 2020/10); gross, charges apart (CBN/CNC 2018/24). What supports the activity durably is
permanent means (10), the rest income (732). Amounts are integer cents; no name of a person stands here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from ledger.dimensions import NO_KEYS, LineKeys
from ledger.errors import Fault, Severity
from ledger.money import to_decimal
from ledger.words import _


class LegacyStep(StrEnum):
    """The kinds of event of a legacy, in the order in which those of one day are taken."""

    OPENING = "opening"
    ASSET = "asset"
    ACCEPTANCE = "acceptance"
    MEASURED = "measured"
    DUTIES = "duties"
    CHARGE = "charge"
    SALE = "sale"
    RECEIVED = "received"
    PAID = "paid"
    CLOSING = "closing"


class LegacyAssetKind(StrEnum):
    """The kinds of asset: money is a claim until it comes, the others are goods of ours from the day of the right."""

    MONEY = "money"
    SECURITIES = "securities"
    REAL_ESTATE = "real-estate"
    GOODS = "goods"


class LegacyValue(StrEnum):
    """The value at which bequeathed goods stand: the market's, or what they cost (the duties)."""

    MARKET = "market"
    COST = "cost"


class LegacyRole(StrEnum):
    """The accounts that settings decide; a line whose account a row gives has that account."""

    INCOME = "income"
    PERMANENT = "permanent"
    RECEIVABLE = "receivable"
    DEBTS = "debts"
    CHARGES = "charges"
    GAIN = "gain"
    LOSS = "loss"
    SUSPENSE = "suspense"
    REAL_ESTATE = "real_estate"
    DURABLE_REAL_ESTATE = "durable_real_estate"
    SECURITIES = "securities"
    GOODS = "goods"


@dataclass(frozen=True, slots=True)
class LegacyEvent:
    """A row of the register: `cents` of an asset are all of it, of which `share` is ours (None: as at the opening).

    `line` is the bank line (document and position) of a sum received or paid; `row` 0 marks one that was set against
    the legacy elsewhere and posts nothing here.
    """

    legacy: str
    kind: LegacyStep
    day: date
    row: int
    cents: int = 0
    asset: str = ""
    asset_kind: LegacyAssetKind | None = None
    description: str = ""
    account: str = ""
    surplus_account: str = ""
    value: LegacyValue | None = None
    share: Fraction | None = None
    durable: bool = False
    authorised: date | None = None
    due: date | None = None
    line: tuple[str, int] | None = None
    deed: str = ""
    donor: str | None = None
    document: str = ""
    keys: LineKeys = NO_KEYS

    @property
    def reference(self) -> str:
        """Return by what it is known, with its day."""
        told = f"{self.line[0]}:{self.line[1]}" if self.line else self.document
        return ":".join(filter(None, (self.legacy, self.kind.value, self.asset, told)))

    @property
    def counts_from(self) -> date:
        """Return the day from which it counts: an acceptance that was authorised later, from that day."""
        return max(self.day, self.authorised) if self.authorised else self.day


class LegacyLine(NamedTuple):
    """A line of what an event posts, debit positive: `account` is a code, or a LegacyRole."""

    account: str
    cents: int
    party: str | None = None


class LegacyMove(NamedTuple):
    """The posting of an event, known by reference and day; `row` is its own, of goods that of the asset."""

    reference: str
    day: date
    row: int
    event: LegacyEvent
    lines: tuple[LegacyLine, ...]
    keys: LineKeys
    donor: str | None


@dataclass(slots=True)
class LegacyAsset:
    """An asset as it stands: `ours` the value of our share, `main` and `above` what the books carry of goods.

    `claim` is what the notary or a buyer owes us of it, `received` what came.
    """

    event: LegacyEvent
    ours: int
    value: LegacyValue
    share: Fraction
    recognised: bool = False
    main: int = 0
    above: int = 0
    claim: int = 0
    received: int = 0
    duties: int = 0
    sold: int | None = None

    @property
    def money(self) -> bool:
        """Return whether it is a sum of money."""
        return self.event.asset_kind is LegacyAssetKind.MONEY

    @property
    def in_books(self) -> bool:
        """Return whether its value comes into the books with the right: goods at cost come with the duties."""
        return self.money or self.value is LegacyValue.MARKET

    @property
    def brought(self) -> int:
        """Return what of its value the books have as ours."""
        return self.ours if self.recognised and self.in_books else 0

    @property
    def open(self) -> int:
        """Return what is still to come."""
        return self.claim - self.received


@dataclass(slots=True)
class LegacyState:
    """A legacy as it stands; `right` is the day on which it became certain, None before."""

    opening: LegacyEvent
    assets: dict[str, LegacyAsset] = field(default_factory=dict)
    accepted: date | None = None
    right: date | None = None
    closed: date | None = None
    duties: int = 0
    charged: int = 0
    burden: int = 0
    paid: int = 0
    due: date | None = None

    @property
    def estimate(self) -> int:
        """Return what our share of all assets is valued at."""
        return sum(one.ours for one in self.assets.values())

    @property
    def recognised(self) -> int:
        """Return what of it the books have as ours."""
        return sum(one.brought for one in self.assets.values())

    @property
    def received(self) -> int:
        """Return the sums that came."""
        return sum(one.received for one in self.assets.values())

    @property
    def open(self) -> int:
        """Return what is still to come."""
        return sum(one.open for one in self.assets.values())

    @property
    def owed(self) -> int:
        """Return what is still to be paid: duties and charges."""
        return self.duties + self.charged - self.paid


class LegacyPolicy(NamedTuple):
    """The choices of the board: how goods are valued, and above which estimate in cents an acceptance waits."""

    value: LegacyValue = LegacyValue.MARKET
    authorisation_above: int | None = None


class FollowedLegacies(NamedTuple):
    """The legacies by key as they stand after some events, what these post, and what stands against them."""

    states: dict[str, LegacyState]
    moves: list[LegacyMove]
    faults: list[Fault]


_ORDER = {step: number for number, step in enumerate(LegacyStep)}


def follow_legacies(events: Iterable[LegacyEvent], policy: LegacyPolicy) -> FollowedLegacies:
    """Go through the events of some legacies in the order of their days."""
    way = _Way(policy)
    for event in sorted(events, key=lambda one: (one.counts_from, _ORDER[one.kind], one.row)):
        way.go(event)
    return FollowedLegacies(way.states, way.moves, way.faults)


def part_of_whole(cents: int, share: Fraction) -> int:
    """Return our share of an amount, half a cent away from zero."""
    exact = Decimal(cents * share.numerator) / Decimal(share.denominator)
    return int(exact.to_integral_value(ROUND_HALF_UP))


def _is_there(asset: LegacyAsset) -> bool:
    """Return whether an asset is goods that were not sold."""
    return not asset.money and asset.sold is None


class _Way:
    """The way through the events: each changes its legacy, and posts or is refused."""

    def __init__(self, policy: LegacyPolicy) -> None:
        self.policy = policy
        self.states: dict[str, LegacyState] = {}
        self.moves: list[LegacyMove] = []
        self.faults: list[Fault] = []
        self._steps = {
            LegacyStep.ASSET: self._asset,
            LegacyStep.ACCEPTANCE: self._accept,
            LegacyStep.MEASURED: self._measure,
            LegacyStep.DUTIES: self._duties,
            LegacyStep.CHARGE: self._charge,
            LegacyStep.SALE: self._sell,
            LegacyStep.RECEIVED: self._receive,
            LegacyStep.PAID: self._pay,
            LegacyStep.CLOSING: self._close,
        }

    def go(self, event: LegacyEvent) -> None:
        """Take one event."""
        state = self.states.get(event.legacy)
        if event.kind is LegacyStep.OPENING:
            if state is not None:
                message = _("legacy {legacy} is opened in row {row} already; keep one row `opening`")
                self._refuse(event, message, legacy=event.legacy, row=state.opening.row)
            else:
                self.states[event.legacy] = LegacyState(event)
        elif state is None:
            message = _("legacy {legacy} has no row `opening` of {day} or before; write one")
            self._refuse(event, message, legacy=event.legacy, day=event.day)
        elif state.closed is not None:
            message = _("legacy {legacy} was closed on {day}; date the closing later, or leave this row out")
            self._refuse(event, message, legacy=event.legacy, day=state.closed)
        else:
            self._steps[event.kind](event, state)

    def _refuse(self, event: LegacyEvent, message: str, **values: object) -> None:
        self.faults.append(Fault(message.format(**values), event.row or None))

    def _post(
        self,
        event: LegacyEvent,
        state: LegacyState,
        *lines: LegacyLine,
        asset: LegacyAsset | None = None,
        day: date | None = None,
    ) -> None:
        """Post lines that add up to nil; those of nothing are left out, and an event without any posts nothing."""
        kept = tuple(line for line in lines if line.cents)
        if not kept or not event.row:
            return
        reference, row = event.reference, event.row
        if asset is not None:
            reference = f"{event.legacy}:{LegacyStep.ACCEPTANCE}:{asset.event.asset}"
            row = asset.event.row
        own = asset.event.keys if asset is not None else event.keys
        keys = own._replace(party=None).or_else(state.opening.keys._replace(party=None))
        self.moves.append(LegacyMove(reference, day or event.day, row, event, kept, keys, state.opening.donor))

    def _asset(self, event: LegacyEvent, state: LegacyState) -> None:
        there = state.assets.get(event.asset)
        if there is not None:
            message = _("asset {asset} of legacy {legacy} stands in row {row} already; give each its own key")
            self._refuse(event, message, asset=event.asset, legacy=event.legacy, row=there.event.row)
            return
        share = event.share or state.opening.share or Fraction(1)
        ours = part_of_whole(event.cents, share)
        asset = LegacyAsset(event, ours, event.value or self.policy.value, share)
        state.assets[event.asset] = asset
        if state.right is not None:
            self._recognise(event, state, asset, event.day)

    def _accept(self, event: LegacyEvent, state: LegacyState) -> None:
        if state.accepted is not None:
            message = _("legacy {legacy} was accepted on {day} already; keep one row `acceptance`")
            self._refuse(event, message, legacy=event.legacy, day=state.accepted)
            return
        if not state.assets:
            message = _(
                "legacy {legacy} has no row `asset` of {day} or before, so nothing is accepted; write its assets"
            )
            self._refuse(event, message, legacy=event.legacy, day=event.counts_from)
            return
        state.accepted = event.day
        above = self.policy.authorisation_above
        if event.authorised is None and above is not None and state.estimate > above:
            message = _(
                "legacy {legacy} is estimated at {estimate}, above the {above} from which [legacies] wants an "
                "authorisation: nothing is posted before its date stands in the row of the acceptance"
            ).format(legacy=event.legacy, estimate=to_decimal(state.estimate), above=to_decimal(above))
            self.faults.append(Fault(message, event.row or None, Severity.WARNING))
            return
        state.right = event.counts_from
        for asset in state.assets.values():
            self._recognise(event, state, asset, state.right)

    def _recognise(self, event: LegacyEvent, state: LegacyState, asset: LegacyAsset, day: date) -> None:
        """Enter an asset as ours on the day of the right."""
        asset.recognised = True
        if not asset.in_books:
            return  # at cost: what it costs, the duties, is entered when they are
        if asset.money:
            asset.claim = asset.ours
            debit = LegacyLine(LegacyRole.RECEIVABLE, asset.ours, _party(event, state))
        elif asset.event.surplus_account:
            asset.above = asset.ours
            debit = LegacyLine(asset.event.surplus_account, asset.ours)
        else:
            asset.main = asset.ours
            debit = LegacyLine(_account(asset, state), asset.ours)
        self._post(event, state, debit, LegacyLine(_brought(state), -asset.ours), asset=asset, day=day)

    def _known(self, event: LegacyEvent, state: LegacyState, *, certain: bool = True) -> LegacyAsset | None:
        """Return the asset that a row names, None where it names none; a fault where there is none of that key."""
        asset = state.assets.get(event.asset)
        if asset is None:
            message = _("legacy {legacy} has no asset {asset} on {day}; its assets are {known}")
            known = ", ".join(state.assets) or "-"
            self._refuse(event, message, legacy=event.legacy, asset=event.asset, day=event.day, known=known)
        elif certain and not self._certain(event, state):
            return None
        return asset

    def _certain(self, event: LegacyEvent, state: LegacyState) -> bool:
        if state.right is None:
            message = _(
                "legacy {legacy} is not ours yet on {day}: its acceptance (or the authorisation it waits for) is "
                "missing or later; write it, or correct the date"
            )
            self._refuse(event, message, legacy=event.legacy, day=event.day)
        return state.right is not None

    def _measure(self, event: LegacyEvent, state: LegacyState) -> None:
        asset = self._known(event, state, certain=False)
        if asset is None:
            return
        ours = part_of_whole(event.cents, asset.share)
        least = asset.received if asset.money else asset.duties
        if asset.sold is not None:
            message = _("asset {asset} was sold; what its price was is the row `sale`")
            self._refuse(event, message, asset=event.asset)
        elif asset.recognised and ours < least:
            message = _("asset {asset} cannot be measured at {ours} (our share): {least} of it came or went as duties")
            self._refuse(event, message, asset=event.asset, ours=to_decimal(ours), least=to_decimal(least))
        else:
            change, asset.ours = ours - asset.ours, ours
            if asset.recognised and asset.in_books:
                self._change(event, state, asset, change)

    def _change(self, event: LegacyEvent, state: LegacyState, asset: LegacyAsset, change: int) -> None:
        """Enter that an asset which is ours is worth more or less."""
        if asset.money:
            asset.claim += change
            debit = LegacyLine(LegacyRole.RECEIVABLE, change, _party(event, state))
        elif asset.event.surplus_account:
            asset.above += change
            debit = LegacyLine(asset.event.surplus_account, change)
        else:
            asset.main += change
            debit = LegacyLine(_account(asset, state), change)
        self._post(event, state, debit, LegacyLine(_brought(state), -change))

    def _duties(self, event: LegacyEvent, state: LegacyState) -> None:
        if not self._certain(event, state):
            return
        goods = [one for one in state.assets.values() if _is_there(one)]
        if event.asset:
            asset = self._known(event, state)
            if asset is None:
                return
        elif goods and len(state.assets) > 1:
            message = _(
                "legacy {legacy} has goods and other assets: name in `asset` the one these duties are on, and split "
                "them over rows where they are on several"
            )
            self._refuse(event, message, legacy=event.legacy)
            return
        else:
            asset = goods[0] if goods else None
        if asset is not None and _is_there(asset):
            self._cost(event, state, asset)
        else:
            self._burden(event, state)

    def _cost(self, event: LegacyEvent, state: LegacyState, asset: LegacyAsset) -> None:
        """Enter duties on goods, which are what these cost."""
        if asset.value is LegacyValue.MARKET and asset.duties + event.cents > asset.ours:
            message = _("the duties on {asset} ({duties}) are above what it brought ({ours}); correct one of the two")
            duties, ours = to_decimal(asset.duties + event.cents), to_decimal(asset.ours)
            self._refuse(event, message, asset=asset.event.asset, duties=duties, ours=ours)
            return
        asset.duties += event.cents
        state.duties += event.cents
        state.due = event.due or state.due
        owed = LegacyLine(LegacyRole.DEBTS, -event.cents, event.keys.party)
        cost = LegacyLine(_account(asset, state), event.cents)
        if asset.value is LegacyValue.COST:
            asset.main += event.cents
            self._post(event, state, cost, owed)
        elif asset.event.surplus_account:
            asset.main += event.cents
            asset.above -= event.cents
            apart = LegacyLine(asset.event.surplus_account, -event.cents)
            self._post(event, state, cost, apart, LegacyLine(_brought(state), event.cents), owed)
        else:  # all of its value came in at once: what it costs did not come from the testator
            self._post(event, state, LegacyLine(_brought(state), event.cents), owed)

    def _charge(self, event: LegacyEvent, state: LegacyState) -> None:
        if self._certain(event, state) and (not event.asset or self._known(event, state) is not None):
            self._burden(event, state)

    def _burden(self, event: LegacyEvent, state: LegacyState) -> None:
        """Enter what is passed on, or duties on money: gross, as income and charge, whatever the rest is for."""
        if state.burden + event.cents > state.recognised:
            message = _(
                "duties and charges of legacy {legacy} would be {charged}, above the {brought} that it brought; "
                "correct the amount, or measure its assets anew first (row `measured`)"
            )
            charged, brought = to_decimal(state.burden + event.cents), to_decimal(state.recognised)
            self._refuse(event, message, legacy=event.legacy, charged=charged, brought=brought)
            return
        state.burden += event.cents
        if event.kind is LegacyStep.DUTIES:
            state.duties += event.cents
        else:
            state.charged += event.cents
        state.due = event.due or state.due
        lines = [
            LegacyLine(LegacyRole.CHARGES, event.cents),
            LegacyLine(LegacyRole.DEBTS, -event.cents, event.keys.party),
        ]
        if state.opening.durable:  # what is passed on was never permanent means (CBN/CNC 2018/24)
            lines += [LegacyLine(LegacyRole.PERMANENT, event.cents), LegacyLine(LegacyRole.INCOME, -event.cents)]
        self._post(event, state, *lines)

    def _sell(self, event: LegacyEvent, state: LegacyState) -> None:
        asset = self._known(event, state)
        if asset is None:
            return
        if asset.money or asset.sold is not None:
            message = _("asset {asset} is money, or was sold before; a sale is of goods that are still there")
            self._refuse(event, message, asset=event.asset)
            return
        carried = asset.main + asset.above
        asset.sold, asset.claim = event.cents, event.cents
        result = event.cents - carried
        self._post(
            event,
            state,
            LegacyLine(LegacyRole.RECEIVABLE, event.cents, _party(event, state)),
            LegacyLine(_account(asset, state), -asset.main),
            LegacyLine(asset.event.surplus_account, -asset.above),
            LegacyLine(LegacyRole.GAIN if result > 0 else LegacyRole.LOSS, -result),
        )
        asset.main = asset.above = 0

    def _receive(self, event: LegacyEvent, state: LegacyState) -> None:
        asset = self._expected(event, state)
        if asset is None:
            return
        if event.cents > asset.open:
            message = _(
                "{amount} is above the {open} still to come of {asset} (legacy {legacy}); correct it, or measure the "
                "asset anew first (row `measured` with its whole value)"
            )
            amount, there = to_decimal(event.cents), to_decimal(asset.open)
            self._refuse(event, message, amount=amount, open=there, asset=asset.event.asset, legacy=event.legacy)
            return
        asset.received += event.cents
        came = LegacyLine(event.account or LegacyRole.SUSPENSE, event.cents)
        self._post(event, state, came, LegacyLine(LegacyRole.RECEIVABLE, -event.cents, _party(event, state)))

    def _expected(self, event: LegacyEvent, state: LegacyState) -> LegacyAsset | None:
        """Return the asset that a sum received is of: the one named, or the only one that something is to come of."""
        if event.asset:
            asset = self._known(event, state)
            if asset is not None and _is_there(asset):
                message = _(
                    "asset {asset} is no money and was not sold, so that nothing is to come of it; write its sale"
                )
                self._refuse(event, message, asset=event.asset)
                return None
            return asset
        if not self._certain(event, state):
            return None
        claims = [one for one in state.assets.values() if one.claim]
        if len(claims) == 1:
            return claims[0]
        message = _("of legacy {legacy} nothing, or more than one asset, is to come; name the asset ({known})")
        known = ", ".join(one.event.asset for one in claims) or "-"
        self._refuse(event, message, legacy=event.legacy, known=known)
        return None

    def _pay(self, event: LegacyEvent, state: LegacyState) -> None:
        if event.cents > state.owed:
            message = _(
                "{amount} is above the {owed} still to be paid for legacy {legacy}; correct it, or write the duties or "
                "the charge first"
            )
            amount, owed = to_decimal(event.cents), to_decimal(state.owed)
            self._refuse(event, message, amount=amount, owed=owed, legacy=event.legacy)
            return
        state.paid += event.cents
        gone = LegacyLine(event.account or LegacyRole.SUSPENSE, -event.cents)
        self._post(event, state, LegacyLine(LegacyRole.DEBTS, event.cents, event.keys.party), gone)

    def _close(self, event: LegacyEvent, state: LegacyState) -> None:
        if state.open or state.owed:
            message = _(
                "legacy {legacy} cannot be closed: {open} is still to come and {owed} to be paid; enter what came and "
                "was paid, or measure its assets at what they turned out to be (row `measured`)"
            )
            there, owed = to_decimal(state.open), to_decimal(state.owed)
            self._refuse(event, message, legacy=event.legacy, open=there, owed=owed)
            return
        state.closed = event.day


def _brought(state: LegacyState) -> LegacyRole:
    """Return where what a legacy brings goes: permanent means or income of the year."""
    return LegacyRole.PERMANENT if state.opening.durable else LegacyRole.INCOME


def _party(event: LegacyEvent, state: LegacyState) -> str | None:
    """Return who owes a sum: the third party of the row, else the notary of the legacy."""
    return event.keys.party or state.opening.keys.party


def _account(asset: LegacyAsset, state: LegacyState) -> str:
    """Return the account of goods: that of their row, else that of their kind."""
    if asset.event.account:
        return asset.event.account
    kind = asset.event.asset_kind
    if kind is LegacyAssetKind.REAL_ESTATE:
        return LegacyRole.DURABLE_REAL_ESTATE if state.opening.durable else LegacyRole.REAL_ESTATE
    return LegacyRole.SECURITIES if kind is LegacyAssetKind.SECURITIES else LegacyRole.GOODS
