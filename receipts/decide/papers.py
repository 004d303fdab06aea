"""Papers with numbers that were set aside: receipts that donors may hold and that the register does not know.

A number is set aside where something outside the register tells that it was given. Whose receipt it was nothing here
says, so that a person does: who keeps such a paper waits, as who is on another valid receipt does.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from receipts.decide.claims import Claimed
from receipts.decide.eligibility import DonorDecision


@dataclass(frozen=True, slots=True)
class Papers:
    """The numbers of a year set aside, those of them that nobody has spoken of, and the numbers that a donor keeps."""

    numbers: tuple[int, ...] = ()
    unanswered: tuple[int, ...] = ()
    holders: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


NO_PAPERS = Papers()


def waiting_for_papers(
    due: Iterable[DonorDecision], held: Collection[str], papers: Papers, merged: Mapping[str, str]
) -> Iterator[Claimed]:
    """Yield the receipts of donors who keep a paper with a number set aside, `merged` keys under the one that remains.

    `held` are the donors who have a valid receipt here, which says what they have.
    """
    keeps: dict[str, list[int]] = {}
    for donor, numbers in papers.holders.items():
        keeps.setdefault(merged.get(donor, donor), []).extend(numbers)
    for one in due:
        if one.donor in keeps and one.donor not in held:
            yield Claimed(one.donor, one.cents, tuple(sorted(keeps[one.donor])), one.gift_ids)


def in_ranges(numbers: Sequence[int]) -> str:
    """Return numbers in order as they are told: 1-3, 7."""
    told: list[list[int]] = []
    for number in sorted(numbers):
        if told and told[-1][-1] == number - 1:
            told[-1].append(number)
        else:
            told.append([number])
    return ", ".join(f"{some[0]}-{some[-1]}" if len(some) > 1 else str(some[0]) for some in told)
