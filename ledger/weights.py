"""The weight of a posting in euro: what it counts in the books, whatever unit it is held in.

A total price (`3.00 USD @@ 1.00 EUR`) reaches us as a price of one unit with 28 digits, so that a weight may be away
from its cents by far less than anything a person writes: that is no fraction of a cent, and no imbalance.
"""

from decimal import Decimal
from typing import Any

from beancount.core import data

CURRENCY = "EUR"
# Far below half a cent, far above what 28 digits lose.
DUST = Decimal("0.0000001")


def euros_of(posting: data.Posting) -> Decimal | None:
    """Return what a posting counts in euro, debit positive: units, or units at their cost or price; None without."""
    units: Any = posting.units
    try:
        if units.currency == CURRENCY and posting.cost is None:
            weight: Decimal = units.number
        else:
            rate: Any = posting.cost or posting.price
            if rate.currency != CURRENCY:
                return None
            weight = _without_dust(units.number * rate.number)
        return weight if weight.is_finite() else None
    except (AttributeError, TypeError):  # no amount, or no rate
        return None


def _without_dust(weight: Decimal) -> Decimal:
    cents = round(weight, 2)
    return cents if abs(weight - cents) < DUST else weight
