"""The days of a gift, and the one of them that decides: the year it counts for and the date a receipt prints.

Import, eligibility, receipt, preview and the list of gifts that straddle two years all ask here. Sources: art. 145/33
CIR 92 (paid during the taxable period); which day that is, no source settles, so `gift_date_policy` says it.
"""

from datetime import date
from typing import NamedTuple

EXECUTED = "executed"
BOOKED = "booked"


class GiftDays(NamedTuple):
    """The days of a gift: in the books, executed at the donor's bank, value date, paid at a platform."""

    booked: date
    executed: date | None = None
    value: date | None = None
    paid: date | None = None


def deciding_day(days: GiftDays, policy: str) -> date:
    """Return the day that decides: of a platform the day paid, else executed where evidenced, value date, booking.

    The policy `value` passes over the day executed, `booked` over the value date too; never a day of payout.
    """
    if days.paid is not None:
        return days.paid
    if policy == EXECUTED and days.executed is not None:
        return days.executed
    if policy != BOOKED and days.value is not None:
        return days.value
    return days.booked


def day_given(days: GiftDays, policy: str, counted: int) -> date:
    """Return the day to tell the donor of a gift that counts for a year.

    That is the day that decides; where the policy was another when the gift came, the first of its days in that year.
    """
    day = deciding_day(days, policy)
    if day.year == counted:
        return day
    others = (days.paid, days.executed, days.value, days.booked)
    return next((other for other in others if other is not None and other.year == counted), day)
