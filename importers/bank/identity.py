"""Telling lines of a bank apart by more than day and amount: account, communication, references and name.

Two files may say the same line differently (CODA cuts names, CAMT has accents), so marks are compared folded, and what
one of them leaves out says nothing against it. Equal lines of a day are paired by the marks that they share, so that
what is left over is new; where another choice would be as good, that is told, never guessed.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from importers.bank.communications import find_ogm
from importers.bank.records import Movement

_PAIRS = 40_000  # so many comparisons of equal lines are made; beyond it only identifiers are compared


_BELGIAN_IBAN = re.compile(r"BE[0-9]{14}")


# What each mark weighs where both lines have it: a reference is of one payment, an account of one payer.
_REFERENCE, _STRUCTURED, _BANK, _MANDATE, _ACCOUNT, _TEXT, _NAME = 32, 16, 16, 8, 8, 4, 4


class Mark(NamedTuple):
    """The features of a line that a second file of the same line has too, folded; empty where it has none."""

    structured: str = ""
    account: str = ""
    reference: str = ""
    mandate: str = ""
    bank_reference: str = ""
    text: str = ""
    name: str = ""

    @property
    def decides(self) -> tuple[str, ...]:
        """Return what a decision about the line looks at: all but the bank's own reference."""
        return (*self[:4], *self[5:])


UNMARKED = Mark()


def mark_of(movement: Movement) -> Mark:
    """Return the features by which a line is told from others of its day and amount."""
    structured = movement.structured or ""
    if not structured and movement.communication:
        found = find_ogm(movement.communication)
        structured = found.ogm if found is not None else ""
    return Mark(
        structured,
        _account(movement.account),
        movement.reference.upper(),
        movement.mandate or "",
        movement.bank_reference,
        folded(movement.communication),
        folded(movement.name),
    )


def features(movements: Iterable[Movement]) -> str:
    """Return what tells the details of a total from those of an equal one, the same in every form they come in.

    It names people: it is compared, and kept only as a keyed fingerprint.
    """
    parts = []
    for movement in movements:
        mark = mark_of(movement)
        parts.append(f"{movement.cents}|{mark.structured or mark.account or mark.reference or mark.name + mark.text}")
    return "\n".join(sorted(parts))


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return letters and digits of a text, without accents and case."""
    if not text:
        return ""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def _account(account: str) -> str:
    """Return an account as both forms give it: of a Belgian IBAN, the number that older files have."""
    compact = "".join(account.split()).upper()
    return compact[4:] if _BELGIAN_IBAN.fullmatch(compact) else compact


def _alike(one: str, other: str) -> bool:
    """Return whether two folded texts are the same, or one is the other cut off."""
    return bool(one and other) and (one.startswith(other) or other.startswith(one))


def likeness(one: Mark, other: Mark) -> int:
    """Return how much two marks have in common; 0 where nothing speaks for one line."""
    score = 0
    for weight, mine, theirs in (
        (_STRUCTURED, one.structured, other.structured),
        (_ACCOUNT, one.account, other.account),
        (_REFERENCE, one.reference, other.reference),
        (_MANDATE, one.mandate, other.mandate),
        (_BANK, one.bank_reference, other.bank_reference),
    ):
        if mine and mine == theirs:
            score += weight
    for weight, mine, theirs in ((_TEXT, one.text, other.text), (_NAME, one.name, other.name)):
        if mine and mine == theirs:
            score += weight
        elif _alike(mine, theirs):
            score += weight // 2
    return score


def contradict(one: Mark, other: Mark, *, same_form: bool) -> bool:
    """Return whether two marks cannot be those of one line.

    In one format an identifier that differs is enough; two formats may take it from another place, so that the names
    must speak against it too and nothing for it. A reference of the bank is no such sign: files of other periods may
    number their lines anew.
    """
    identifiers = tuple(zip(one[:4], other[:4], strict=True))
    differs = any(mine and theirs and mine != theirs for mine, theirs in identifiers)
    if same_form:
        if differs or any(mine and mine == theirs for mine, theirs in identifiers):
            return differs
        texts = ((one.text, other.text), (one.name, other.name))
        return all(mine and theirs and not _alike(mine, theirs) for mine, theirs in texts)
    agrees = any(mine and mine == theirs for mine, theirs in identifiers)
    named = bool(one.name and other.name) and not _alike(one.name, other.name)
    return differs and named and not agrees


class _MarkedLine(NamedTuple):
    """A line of the statement with its mark."""

    movement: Movement
    mark: Mark


class _Pair(NamedTuple):
    """A posted mark and the line taken for it; how well they fit, below 0 where they contradict each other."""

    mark: Mark
    line: _MarkedLine
    score: int


_Score = Callable[[Mark, Mark], int]


@dataclass(slots=True)
class Pairer:
    """Pairs equal lines of a day; `strict` leaves apart those whose marks contradict each other.

    `identified` counts the pairs that share more than day and amount. `doubtful` has for the position of a line left
    over the lines that may be new in its place; `odd` are the lines paired with a posted one that says something else.
    """

    same_form: bool
    strict: bool
    identified: int = 0
    doubtful: dict[int, tuple[Movement, ...]] = field(default_factory=dict)
    odd: list[Movement] = field(default_factory=list)

    def left_over(self, movements: Sequence[Movement], posted: Sequence[Mark]) -> list[Movement]:
        """Return the lines, all of one day and amount, that none of the posted ones is."""
        lines = [_MarkedLine(movement, mark_of(movement)) for movement in movements]
        lines, marks = self._by(lines, list(posted), lambda mark: mark if any(mark) else None)
        if lines and marks and len(lines) * len(marks) > _PAIRS:
            lines, marks = self._by(lines, marks, lambda mark: mark[:4] if any(mark[:4]) else None)
        if not lines or not marks:
            return [line.movement for line in lines]
        if len(lines) * len(marks) > _PAIRS:
            return self._many(lines, marks)
        return self._closest(lines, marks)

    def _by(
        self, lines: list[_MarkedLine], marks: list[Mark], key: Callable[[Mark], object]
    ) -> tuple[list[_MarkedLine], list[Mark]]:
        """Pair what has the same key, as often as it occurs; what is left of both, in order."""
        there: dict[object, list[int]] = defaultdict(list)
        for index, mark in enumerate(marks):
            if (found := key(mark)) is not None:
                there[found].append(index)
        used: set[int] = set()
        left = []
        for line in lines:
            places = there.get(key(line.mark))
            if places:
                used.add(places.pop(0))
                self.identified += 1
            else:
                left.append(line)
        return left, [mark for index, mark in enumerate(marks) if index not in used]

    def _many(self, lines: list[_MarkedLine], marks: list[Mark]) -> list[Movement]:
        """Return what is left of very many lines that no identifier tells apart: how many is known, which is not."""
        left = lines[len(marks) :]
        if len({line.mark.decides for line in lines}) > 1:
            self.doubtful.update((line.movement.position, (line.movement,)) for line in left)
        return [line.movement for line in left]

    def _closest(self, lines: list[_MarkedLine], marks: list[Mark]) -> list[Movement]:
        """Pair the lines with the posted ones most like them."""
        pairs = []
        scores = {
            (index, number): self._score(mark, line.mark)
            for index, mark in enumerate(marks)
            for number, line in enumerate(lines)
        }
        free_marks, free_lines = set(range(len(marks))), set(range(len(lines)))
        for (index, number), score in sorted(scores.items(), key=lambda one: (-one[1], one[0][1], one[0][0])):
            if index in free_marks and number in free_lines and (score >= 0 or not self.strict):
                free_marks.discard(index)
                free_lines.discard(number)
                pairs.append(_Pair(marks[index], lines[number], score))
        self.identified += sum(pair.score > 0 for pair in pairs)
        self.odd += [pair.line.movement for pair in pairs if pair.score < 0]
        left = [lines[number] for number in sorted(free_lines)]
        for line in left:
            others = self._as_good(line, pairs)
            if others:
                self.doubtful[line.movement.position] = (line.movement, *others)
        return [line.movement for line in left]

    def _as_good(self, line: _MarkedLine, pairs: Iterable[_Pair]) -> list[Movement]:
        """Return the paired lines that this one might have been taken for, and that would be decided differently."""
        return [
            pair.line.movement
            for pair in pairs
            if line.mark.decides != pair.line.mark.decides and self._score(pair.mark, line.mark) >= pair.score
        ]

    def _score(self, posted: Mark, mark: Mark) -> int:
        return -1 if contradict(posted, mark, same_form=self.same_form) else likeness(posted, mark)
