"""The tie-out: the gift accounts of a year are the receipts issued plus each named reason for none, difference 0.00.

`receipts.eligibility` decides what is due; here it meets what was issued, so that a receipt still to be issued, and one
that is no longer right, have lines of their own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from receipts.decide.eligibility import RECEIPTED, Assessment, Reason
from receipts.decide.eligibility import label as reason_label
from receipts.words import N_, text_in

DUE: Final = "due"


REVIEW: Final = "review"


HELD: Final = "held"


TRANSFER: Final = "transfer"


_LABELS = {
    DUE: N_("receipt due, not issued yet"),
    REVIEW: N_("receipt issued, to be reviewed"),
    HELD: N_("receipt held, its gifts are on another"),
    TRANSFER: N_("taken out by vouchers: another year, credit note"),
}


@dataclass(frozen=True, slots=True)
class TieLine:
    """One reason: how many gifts and reversals, their cents; `booked` those booked in the year, `elsewhere` the others
    that count for it.
    """  # noqa: D205 - one sentence

    code: str
    gifts: int
    cents: int

    def label(self, language: str) -> str:
        """Return the words for it in fr, nl, de or en."""
        text = _LABELS.get(self.code)
        return text_in(language, text) if text else reason_label(self.code, language)


@dataclass(frozen=True, slots=True)
class Tie:
    """The gift accounts booked in a year against receipts and reasons, and the receipts of the year besides.

    `lines` are the gifts booked in the year; `elsewhere` those booked in another year that count for this one;
    `receipts_cents` is the sum of the receipts issued.
    """

    year: int
    accounts_cents: int
    lines: tuple[TieLine, ...]
    elsewhere: tuple[TieLine, ...]
    receipts_cents: int

    @property
    def difference(self) -> int:
        """Return zero, or what stands in the books and not in the register."""
        return self.accounts_cents - sum(line.cents for line in self.lines)


def tie(
    assessment: Assessment,
    covered: Mapping[int, int],
    accounts_cents: int,
    transferred: tuple[int, int] = (0, 0),
    *,
    settled: Collection[int] = (),
    held: Collection[int] = (),
) -> Tie:
    """Put every gift in one line; `covered` are the gifts on a valid receipt, `accounts_cents` the books' income.

    `settled` are the gifts of donors whose receipt is right, whatever corrected its rows since; `held` those of a
    receipt that waits for another. `transferred` are the lines, and their cents, by which vouchers took from the gift
    accounts in the year.
    """
    here: dict[str, tuple[int, int]] = {}
    elsewhere: dict[str, tuple[int, int]] = {}
    holders = {gift.donor for gift in assessment.gifts if gift.id in covered}
    for gift, outcome in zip(assessment.gifts, assessment.outcomes, strict=True):
        on_receipt = gift.id in covered
        if gift.counted == assessment.year:
            if gift.id in settled:
                code = RECEIPTED
            elif gift.id in held:
                code = HELD
            elif on_receipt:
                code = RECEIPTED if outcome is None else REVIEW
            else:
                code = (REVIEW if gift.donor in holders else DUE) if outcome is None else outcome.value
        else:
            code = Reason.OTHER_YEAR.value
        target = here if gift.booked == assessment.year else elsewhere
        count, cents = target.get(code, (0, 0))
        target[code] = (count + 1, cents + gift.cents)
    if transferred[0]:
        here[TRANSFER] = (transferred[0], -transferred[1])
    issued = sum(gift.cents for gift in assessment.gifts if gift.id in covered)
    return Tie(assessment.year, accounts_cents, _lines(here), _lines(elsewhere), issued)


def all_lines(found: Tie) -> list[TieLine]:
    """Return the lines of the gifts booked in the year and of those booked in another one together."""
    sums: dict[str, tuple[int, int]] = {}
    for line in (*found.lines, *found.elsewhere):
        count, cents = sums.get(line.code, (0, 0))
        sums[line.code] = (count + line.gifts, cents + line.cents)
    return list(_lines(sums))


def _lines(sums: Mapping[str, tuple[int, int]]) -> tuple[TieLine, ...]:
    order = [RECEIPTED, REVIEW, DUE, HELD, *(reason.value for reason in Reason), TRANSFER]
    return tuple(TieLine(code, *sums[code]) for code in order if code in sums)
