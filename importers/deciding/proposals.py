"""The donors an open bank line may come from: donors scored by name and address, for a person to decide.

A score is never accepted by itself. Names are compared by their words, without case, accents or order; a word that
almost fits counts for part.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from importers.bank.communications import find_references
from importers.words import _, many
from ledger.vault.counterparties import Counterparty
from ledger.vault.donors import Donor

_ALMOST = 0.8  # two words with this much in common are taken for one misspelt


_LEAST = 0.55


_TITLES = frozenset(
    {"m", "mr", "mme", "mevr", "mevrouw", "dhr", "mlle", "monsieur", "madame", "de", "heer", "en", "et"}
)


class Proposal(NamedTuple):
    """A donor who may be meant: `score` from 0 to 1, and why in words."""

    donor: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """The donors by the words of their names, those words by first letter and length; name and address by donor."""

    words: Mapping[str, tuple[str, ...]]
    alike: Mapping[tuple[str, int], tuple[str, ...]]
    donors: Mapping[str, tuple[frozenset[str], frozenset[str]]]


def directory(donors: Iterable[Donor]) -> Directory:
    """Return index donors for `propose`."""
    by_word: dict[str, list[str]] = defaultdict(list)
    known: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for donor in donors:
        if donor.merged_into is not None:
            continue
        name = _words(f"{donor.first_name} {donor.last_name}")
        known[donor.key] = (name, _words(f"{donor.street} {donor.postcode} {donor.municipality}"))
        for word in name:
            by_word[word].append(donor.key)
    alike: dict[tuple[str, int], list[str]] = defaultdict(list)
    for word in by_word:
        alike[word[0], len(word)].append(word)
    return Directory(
        {word: tuple(keys) for word, keys in by_word.items()},
        {shape: tuple(words) for shape, words in alike.items()},
        known,
    )


def propose(
    name: str, text: str, donors: Directory, limit: int = 3, evidence: Iterable[Proposal] = ()
) -> list[Proposal]:
    """Return the donors most like a counterparty's name, the address sought in `text`; best first, none below a bar.

    `evidence` are donors that something else speaks for (an account, a structured communication): the likeness of the
    name is added to it.
    """
    alike = {one.donor: one for one in _alike(name, text, donors)}
    for one in evidence:
        other = alike.get(one.donor)
        if other is not None:
            score = round(1 - (1 - one.score) * (1 - other.score), 3)
            alike[one.donor] = Proposal(one.donor, score, (*one.reasons, *other.reasons))
        else:
            alike[one.donor] = one
    return sorted(alike.values(), key=lambda proposal: (-proposal.score, proposal.donor))[:limit]


def donors_behind(
    known: Counterparty, owners: Mapping[str, set[str]], issued: Mapping[str, tuple[str, str | None]]
) -> set[str]:
    """Return the donors whose account a line names, or to whom its communication was issued."""
    found = {issued[one][0] for one in find_references(known.communication) if one in issued}
    return found | owners.get(known.account, set())


def _alike(name: str, text: str, donors: Directory) -> list[Proposal]:
    asked = _words(name)
    if not asked:
        return []
    near = {word: _near(word, donors) for word in asked}
    candidates = {key for words in near.values() for word in words for key in donors.words[word]}
    place = _words(text)
    found = []
    for key in candidates:
        names, address = donors.donors[key]
        fit = sum(max((share for word, share in near[one].items() if word in names), default=0.0) for one in asked)
        score = fit / max(len(asked), len(names))
        reasons = [_("name {percent} %").format(percent=round(100 * score))]
        shared = len(address & place)
        if shared:
            score = min(1.0, score + 0.05 * shared)
            reasons.append(
                many("{count} word of the address", "{count} words of the address", shared).format(count=shared)
            )
        if score >= _LEAST:
            found.append(Proposal(key, round(score, 3), tuple(reasons)))
    return found


def _near(word: str, donors: Directory) -> dict[str, float]:
    """Return the words of the directory that are this one, or one with the same first letter and little difference."""
    found = {word: 1.0} if word in donors.words else {}
    matcher = SequenceMatcher(None, b=word, autojunk=False)
    for length in range(len(word) - 2, len(word) + 3):  # a longer difference is another word
        for other in donors.alike.get((word[0], length), ()):
            matcher.set_seq1(other)
            if other != word and matcher.real_quick_ratio() >= _ALMOST and matcher.quick_ratio() >= _ALMOST:
                ratio = matcher.ratio()
                if ratio >= _ALMOST:
                    found[other] = ratio * 0.9
    return found


def same_name(one: str, other: str) -> bool:
    """Return whether two names have the same words, in whatever order and writing."""
    return bool(_words(one)) and _words(one) == _words(other)


def alike_names(one: str, other: str) -> bool:
    """Return whether two names have a word in common."""
    return not _words(one).isdisjoint(_words(other))


def _words(text: str) -> frozenset[str]:
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter if letter.isalnum() else " " for letter in folded if not unicodedata.combining(letter))
    return frozenset(word for word in plain.split() if word not in _TITLES)
