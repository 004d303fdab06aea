"""Amounts: integer cents in the registers, Decimal in the books, whole euros on printed statements.

Rounding happens in one place and one way: half away from zero, each printed figure on its own (never a sum of
rounded figures), as the published statements do.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")


def to_cents(amount: Decimal) -> int:
    """Cents of an amount in euro; ValueError where it has a fraction of a cent."""
    scaled = amount.scaleb(2)
    cents = int(scaled)
    if cents != scaled:
        raise ValueError(f"{amount} has a fraction of a cent")
    return cents


def to_decimal(cents: int) -> Decimal:
    """The amount in euro, always with two decimals: 12345 -> Decimal('123.45')."""
    return Decimal(cents).scaleb(-2).quantize(CENT)


def to_euros(cents: int) -> int:
    """Whole euros as printed: 50 cents rounds away from zero, 2874250_25 -> 2874250, -8512550 -> -85126."""
    return int((Decimal(cents) / 100).to_integral_value(rounding=ROUND_HALF_UP))


def parse_amount(text: str, decimal_mark: str = ",") -> Decimal:
    """Read an amount as people and exports write it: `1.234,56`, `1 234,56`, `1234.56`; ValueError if it is none.

    With one kind of mark only, `decimal_mark` decides what it means when three digits follow it.
    """
    compact = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("'", "").removesuffix("EUR")
    compact = compact.removeprefix("EUR").removesuffix("€").removeprefix("€")
    other = "." if decimal_mark == "," else ","
    if decimal_mark in compact and other in compact:
        last = max(compact.rfind(decimal_mark), compact.rfind(other))
        mark = compact[last]
        grouping = other if mark == decimal_mark else decimal_mark
        compact = compact.replace(grouping, "").replace(mark, ".")
    elif decimal_mark in compact:
        if compact.count(decimal_mark) > 1:
            raise ValueError(f"not an amount: {text!r}")
        compact = compact.replace(decimal_mark, ".")
    elif compact.count(other) > 1 or (other in compact and len(compact.rsplit(other, 1)[1]) == 3):
        compact = compact.replace(other, "")
    else:
        compact = compact.replace(other, ".")
    try:
        amount = Decimal(compact)
    except InvalidOperation:
        raise ValueError(f"not an amount: {text!r}") from None
    if not amount.is_finite():
        raise ValueError(f"not an amount: {text!r}")
    return amount
