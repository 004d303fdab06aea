"""A scheme of statements: which lines are printed, in what order, and which accounts each one adds up.

Read from `data/schemes/*.csv`. A line's formula is either over accounts, `D[40] + cb[400]`, or over other lines of the
same statement, `21/28 + 29/58`. D is debit less credit of the accounts with these beginnings, C credit less debit; db
and cb take only the accounts with a debit or a credit balance (year-end reclassification); A is what the year's
entries on 691 and 791 put on the accounts. `rest` stands for the accounts that no other line of the statement takes.
An account on the wrong side of its rubric goes to that of its other side, wherever there is one (KB/AR 29.4.2019
art. 3:2 section 2: nothing is netted).
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import NamedTuple

from ledger.errors import OboleError
from ledger.languages import LANGUAGES
from reports.words import _

SCHEMES = ("published", "full", "abbreviated", "micro")
REST = "rest"

_TERM = re.compile(r"(?P<sign>[+-]?)\s*(?P<kind>D|C|db|cb|A)\[(?P<prefixes>[^\]]+)\]\s*")
# What one cent of a debit balance, and one of a credit balance (-1), adds to the line: kind -> (per debit, per credit).
_WEIGHTS = {"D": (1, 1), "C": (-1, -1), "db": (1, 0), "cb": (0, -1)}


class UnknownScheme(OboleError):
    """A scheme name that is none of SCHEMES."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _("there is no scheme {name!r}; take one of {schemes}.").format(name=name, schemes=", ".join(SCHEMES))
        )


class What(StrEnum):
    """The statements of a scheme."""

    BALANCE_SHEET = "balance-sheet"
    INCOME_STATEMENT = "income-statement"
    APPROPRIATION = "appropriation"


class LineKind(StrEnum):
    """The kinds of line, as `statements.csv` of the published accounts names them."""

    HEADING = "heading"
    LINE = "line"
    TOTAL = "total"
    GRAND_TOTAL = "grand-total"


class When(StrEnum):
    """The rule when a line is shown: memo lines are shown but not added up, `never` only feeds other lines."""

    ALWAYS = "always"
    NONZERO = "nonzero"
    MEMO = "memo"
    NEVER = "never"


class Sign(StrEnum):
    """The amounts that a rubric may have, as the National Bank's types have them (am1 >= 0, am2 either, am3 <= 0)."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    FREE = "free"

    def allows(self, cents: int) -> bool:
        """Return whether an amount may stand in a rubric of this sign."""
        if self is Sign.FREE:
            return True
        return cents >= 0 if self is Sign.POSITIVE else cents <= 0


class AccountShare(NamedTuple):
    """A line's part in an account: its amount grows by `debit` per cent of a debit balance, `credit` of a credit one.

    A credit balance is negative, so a share of (-1, -1) is credit less debit.
    """

    key: str
    debit: int
    credit: int

    def of(self, cents: int) -> int:
        """Return what a balance (debit positive) adds to the line."""
        return max(cents, 0) * self.debit + min(cents, 0) * self.credit


class Term(NamedTuple):
    """A line that a sum adds (+1) or takes off (-1)."""

    sign: int
    key: str


@dataclass(frozen=True, slots=True)
class SchemeLine:
    """A line of a scheme. `key` is unique in the statement, `code` is printed; a line of accounts has no `parts`."""

    section: str
    kind: LineKind
    level: int
    key: str
    code: str
    labels: tuple[str, str, str, str]
    shown: When
    sign: Sign
    parts: tuple[Term, ...]
    funds: tuple[str, ...]

    def label(self, language: str) -> str:
        """Return the label in one of fr, nl, de, en."""
        return self.labels[LANGUAGES.index(language)]


@dataclass(frozen=True, slots=True)
class StatementScheme:
    """The lines of one statement, in the order of print, with the accounts they take."""

    what: What
    lines: tuple[SchemeLine, ...]
    terms: dict[str, tuple[AccountShare, ...]]
    cached: dict[str, tuple[AccountShare, ...]] = field(default_factory=dict, compare=False, repr=False)

    def covers(self, code: str) -> bool:
        """Return whether an account belongs to this statement at all; class 0 belongs to none.

        The income statement takes classes 6 and 7 without 69 and 79, the appropriation all of them, the balance sheet
        every account: those of classes 6 and 7 as the result that no appropriation has taken to 14.
        """
        if self.what is What.BALANCE_SHEET:
            return code[0] != "0"
        if code[0] not in "67":
            return False
        return self.what is What.APPROPRIATION or code[1:2] != "9"

    def shares(self, code: str) -> tuple[AccountShare, ...]:
        """Return the lines that take an account and how; memo lines too. Empty where the statement doesn't cover it."""
        found = self.cached.get(code)
        if found is None:
            found = self.cached[code] = self._shares(code)
        return found

    def _shares(self, code: str) -> tuple[AccountShare, ...]:
        if not self.covers(code):
            return ()
        found = self._sum_of(accumulate(code))
        if self._taken_by(found):
            return found
        return self._sum_of((REST,))

    def _sum_of(self, prefixes: Iterable[str]) -> tuple[AccountShare, ...]:
        weights: dict[str, tuple[int, int]] = {}
        for prefix in prefixes:
            for share in self.terms.get(prefix, ()):
                debit, credit = weights.get(share.key, (0, 0))
                weights[share.key] = (debit + share.debit, credit + share.credit)
        return tuple(AccountShare(key, *weight) for key, weight in weights.items() if weight != (0, 0))

    def _taken_by(self, shares: Iterable[AccountShare]) -> tuple[AccountShare, ...]:
        memo = {line.key for line in self.lines if line.shown is When.MEMO}
        return tuple(share for share in shares if share.key not in memo)

    def line(self, key: str) -> SchemeLine:
        """Return the line with this key."""
        return next(line for line in self.lines if line.key == key)

    def line_of(self, code: str, cents: int) -> SchemeLine | None:
        """Return the one line that shows an account with this balance (debit positive), None where none does."""
        for share in self._taken_by(self.shares(code)):
            if share.credit if cents < 0 else share.debit:
                return self.line(share.key)
        return None

    def rubrics(self, code: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the keys of the lines that take an account's debit and its credit balance: one each if all is well.

        An account that only falls in the rest has none.
        """
        shares = self._taken_by(self._sum_of(accumulate(code)))
        return (
            tuple(share.key for share in shares if share.debit),
            tuple(share.key for share in shares if share.credit),
        )


@dataclass(frozen=True, slots=True)
class Scheme:
    """The three statements of one scheme."""

    name: str
    statements: dict[What, StatementScheme]


@cache
def load_scheme(name: str) -> Scheme:
    """Read a scheme by name; UnknownScheme where there is none of it."""
    if name not in SCHEMES:
        raise UnknownScheme(name)
    rows: dict[What, list[dict[str, str]]] = {what: [] for what in What}
    text = (files("reports") / "data" / "schemes" / f"{name}.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        rows[What(row["statement"])].append(row)
    return Scheme(name, {what: _statement(what, of_statement) for what, of_statement in rows.items()})


def unmapped(scheme: Scheme, codes: Iterable[str]) -> list[str]:
    """Return the accounts that a statement covers but no line takes; their amounts fall in its line for the rest."""
    return [code for code in codes if any(not all(lines) for lines in _rubrics(scheme, code))]


def doubly_mapped(scheme: Scheme, codes: Iterable[str]) -> list[str]:
    """Return the accounts that two lines of one statement take: a fault of the scheme's file."""
    return [code for code in codes if any(len(side) > 1 for lines in _rubrics(scheme, code) for side in lines)]


def _rubrics(scheme: Scheme, code: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [statement.rubrics(code) for statement in scheme.statements.values() if statement.covers(code)]


def _statement(what: What, rows: list[dict[str, str]]) -> StatementScheme:
    terms: dict[str, list[AccountShare]] = defaultdict(list)
    lines = []
    for row in rows:
        parts: tuple[Term, ...] = ()
        funds: tuple[str, ...] = ()
        if "[" in row["formula"]:
            for prefix, share in _account_terms(row):
                terms[prefix].append(share)
            funds = tuple(_fund_prefixes(row["formula"]))
        elif row["formula"]:
            parts = _sum_parts(row["formula"])
        lines.append(
            SchemeLine(
                section=row["section"],
                kind=LineKind(row["kind"]),
                level=int(row["level"]),
                key=row["key"],
                code=row["code"],
                labels=(row["label_fr"], row["label_nl"], row["label_de"], row["label_en"]),
                shown=When(row["shown"]),
                sign=Sign(row["sign"]),
                parts=parts,
                funds=funds,
            )
        )
    keys = [line.key for line in lines]
    missing = {part.key for line in lines for part in line.parts} - set(keys)
    if missing or len(keys) != len(set(keys)):
        raise ValueError(f"{what}: keys must be unique and sums must name lines of the statement: {sorted(missing)}")
    return StatementScheme(what, tuple(lines), {prefix: tuple(shares) for prefix, shares in terms.items()})


def _terms(formula: str) -> Iterable[tuple[int, str, list[str]]]:
    position = 0
    while position < len(formula):
        match = _TERM.match(formula, position)
        if match is None:
            raise ValueError(f"not a formula over accounts: {formula!r}")
        position = match.end()
        yield -1 if match["sign"] == "-" else 1, match["kind"], match["prefixes"].split(",")


def _account_terms(row: dict[str, str]) -> Iterable[tuple[str, AccountShare]]:
    for sign, kind, prefixes in _terms(row["formula"]):
        if kind != "A":
            debit, credit = _WEIGHTS[kind]
            for prefix in prefixes:
                yield prefix, AccountShare(row["key"], sign * debit, sign * credit)


def _fund_prefixes(formula: str) -> Iterable[str]:
    for _sign, kind, prefixes in _terms(formula):
        if kind == "A":
            yield from prefixes


def _sum_parts(formula: str) -> tuple[Term, ...]:
    parts = []
    sign = 1
    for word in formula.split():
        if word in "+-":
            sign = -1 if word == "-" else 1
        else:
            parts.append(Term(sign, word))
    return tuple(parts)
