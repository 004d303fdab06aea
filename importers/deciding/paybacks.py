"""The gift that a payment pays back, where a person or a sign says whose it is: chosen only where the choice is none.

Gifts of a donor that are alike in all that counts (amount, year, account, what they carry) are one choice: the last of
them is meant. Where two that differ may be meant, a person names the one.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from ledger.records import Gift
from ledger.register.gifts import PostedGift


def choices(gifts: Iterable[PostedGift], cents: int) -> list[PostedGift]:
    """Return the gifts that a payment of `cents` may pay back, of those alike the last; the likeliest first.

    Gifts of that amount; where there is none, those of which it is a part.
    """
    last: dict[tuple[Any, ...], PostedGift] = {}
    for one in sorted(gifts, key=_day):
        if one.gift.cents >= cents:
            last[_alike(one)] = one
    found = sorted(last.values(), key=_day, reverse=True)
    exact = [one for one in found if one.gift.cents == cents]
    return exact or found


def rest_of(gift: PostedGift, cents: int) -> int:
    """Return what is left of a gift of which a part is paid back."""
    return gift.gift.cents - cents


def named(gift: PostedGift) -> str:
    """Return how a sheet names a gift: `coda-current-2025-073:3`."""
    return f"{gift.document}:{gift.gift.position}"


def given_on(gift: Gift) -> date:
    """Return the day of a gift as its donor knows it, whenever a decision booked it anew."""
    return gift.executed or gift.paid or gift.value or gift.booked


def _day(one: PostedGift) -> tuple[date, int]:
    return given_on(one.gift), one.id


def _alike(one: PostedGift) -> tuple[Any, ...]:
    gift = one.gift
    return (
        *(gift.donor, gift.cents, gift.counted, gift.account, gift.nature, gift.counterpart),
        *(gift.campaign, gift.fund, gift.project, gift.department, gift.certificate_elsewhere),
    )
