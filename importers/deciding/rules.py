"""Rules of obole.toml: what a known bank line is. The first rule whose every condition holds decides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from importers.bank.records import Movement
from ledger.dimensions import NO_KEYS, LineKeys
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
    """A compiled rule; empty conditions hold for every line. `codes` are beginnings of family + transaction.

    `keys` are what its line carries in the books, of a gift its project, department and fund.
    """

    label: str
    account: str | None = None
    gift: GiftRule | None = None
    credit: bool | None = None
    codes: tuple[str, ...] = ()
    name: re.Pattern[str] | None = None
    communication: re.Pattern[str] | None = None
    iban: str | None = None
    keys: LineKeys = NO_KEYS

    def concerns(self, family: str, *, credit: bool) -> bool:
        """Return whether the rule may hold for lines of a family and direction, which thousands of them share."""
        return self.credit in (None, credit) and (not self.codes or family.startswith(self.codes))

    def fits(self, movement: Movement) -> bool:
        """Return whether account, name and communication of a line that the rule concerns are those it asks for."""
        if self.iban is not None and self.iban != movement.account:
            return False
        if self.name is not None and not _found(self.name, movement.name):
            return False
        return self.communication is None or _found(self.communication, movement.communication)


@lru_cache(maxsize=20_000)
def _found(pattern: re.Pattern[str], text: str) -> bool:
    """Return whether a text matches; standing orders bring the same names and texts month after month."""
    return pattern.search(text) is not None


class Rulebook:
    """Rules in their order; which of them concern a code is worked out once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._concerning: dict[tuple[str, bool], tuple[Rule, ...]] = {}

    def first(self, movement: Movement) -> Rule | None:
        """Return the first rule that holds for a line, None where none does."""
        key = movement.code, movement.cents > 0
        rules = self._concerning.get(key)
        if rules is None:
            rules = tuple(one for one in self._rules if one.concerns(movement.family, credit=key[1]))
            self._concerning[key] = rules
        for rule in rules:
            if rule.fits(movement):
                return rule
        return None
