"""Rules of obole.toml: what a known bank line is. The first rule whose every condition holds decides."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from importers.records import Movement
from ledger.records import Channel, Counterpart, Nature


@dataclass(frozen=True, slots=True)
class GiftRule:
    """A gift without a known donor: a pooled payout, a collecting box, an estate."""

    account: str
    nature: Nature
    channel: Channel
    counterpart: Counterpart
    campaign: str | None
    fund: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule; empty conditions hold for every line. `codes` are beginnings of family + transaction."""

    label: str
    account: str | None = None
    gift: GiftRule | None = None
    credit: bool | None = None
    codes: tuple[str, ...] = ()
    name: re.Pattern[str] | None = None
    communication: re.Pattern[str] | None = None
    iban: str | None = None

    def concerns(self, family: str, *, credit: bool) -> bool:
        """Whether the rule may hold for lines of a family and direction: what thousands of them have in common."""
        return self.credit in (None, credit) and (not self.codes or family.startswith(self.codes))

    def holds(self, movement: Movement) -> bool:
        """True where every condition of the rule holds for the line."""
        if not self.concerns(movement.family, credit=movement.cents > 0):
            return False
        if self.iban is not None and self.iban != movement.account:
            return False
        if self.name is not None and not self.name.search(movement.name):
            return False
        return self.communication is None or self.communication.search(movement.communication) is not None


def first(rules: Iterable[Rule], movement: Movement) -> Rule | None:
    """The rule that decides a line, None where none holds."""
    for rule in rules:
        if rule.holds(movement):
            return rule
    return None
