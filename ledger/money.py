"""Amounts: integer cents in the registers, Decimal in the books, whole euros on printed statements.

Rounding happens in one place and one way: half away from zero, each printed figure on its own (never a sum of
rounded figures), as the published statements do.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")

# Sign, currency, sign; digits whole or in groups of three; a decimal mark and what follows; currency.
_AMOUNT = re.compile(
    r"([+-]?) ?(?:EUR|€)? ?([+-]?) ?"
    r"([0-9]{1,3}(?:([ .,'])[0-9]{3})(?:\4[0-9]{3})*|[0-9]*)"
    r"(?:([.,])([0-9]*))? ?(?:EUR|€)?"
)
# What stands before the last mark, that mark, and the digits after it.
_MARKED = re.compile(r"([0-9][0-9.,' ]*|)([.,])([0-9]*)(?![.,' ]?[0-9])")
_GROUP = 3
_SAME = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ", "\u2019": "'", "\u2212": "-"})


def to_cents(amount: Decimal) -> int:
    """Return cents of an amount in euro; ValueError where it has a fraction of a cent or is no number."""
    if not amount.is_finite():
        raise ValueError(f"{amount} is not an amount")
    scaled = amount.scaleb(2)
    cents = int(scaled)
    if cents != scaled:
        raise ValueError(f"{amount} has a fraction of a cent")
    return cents


def to_decimal(cents: int) -> Decimal:
    """Return the amount in euro, always with two decimals: 12345 -> Decimal('123.45')."""
    return Decimal(cents).scaleb(-2).quantize(CENT)


def to_euros(cents: int) -> int:
    """Return whole euros as printed: 50 cents rounds away from zero, 2874250_25 -> 2874250, -8512550 -> -85126."""
    return int((Decimal(cents) / 100).to_integral_value(rounding=ROUND_HALF_UP))


def parse_amount(text: str, decimal_mark: str = ",") -> Decimal:
    """Read an amount as people and exports write it: `1.234,56`, `1 234,56`, `1234.56`; ValueError if it is none.

    A mark stands before groups of three digits or before the decimals, whichever is possible; where both are (`1.234`),
    it is the decimal mark if it is `decimal_mark`. What is neither is refused and not guessed: `12.34,56`, `(5)`, `5-`.
    The message does not repeat the text, which may be something else in the wrong column.
    """
    match = _AMOUNT.fullmatch(text.translate(_SAME).strip())
    if match is None:
        raise ValueError("not an amount")
    before, after, whole, group, mark, decimals = match.groups()
    if (before and after) or not (whole or decimals):
        raise ValueError("not an amount")
    digits = whole if group is None else _joined(whole, group, mark, decimal_mark)
    return Decimal(f"{before or after}{digits}.{decimals}" if mark else f"{before or after}{digits}")


def decimal_mark_in(text: str) -> str:
    """Return the decimal mark that a written amount shows (`.` or `,`), `?` where it may group, empty if it has none.

    A mark before other than three digits, or after the other mark, or after a zero or four digits, is before decimals;
    one that stands twice groups, so that the decimal mark is the other one.
    """
    found = _MARKED.search(text.translate(_SAME))
    if found is None:
        return ""
    before, mark, after = found.groups()
    other = "," if mark == "." else "."
    if other in before or " " in before or "'" in before:
        return mark
    if before.count(mark):
        return other
    grouped = len(after) == _GROUP and 0 < len(before) <= _GROUP and before[0] != "0"
    return "?" if grouped else mark


def _joined(whole: str, group: str, mark: str | None, decimal_mark: str) -> str:
    """Return grouped digits as one number; ValueError where the groups are none. `mark` stands before the decimals."""
    leading = whole.startswith("0")
    if mark is None and group in ".," and whole.count(group) == 1 and (group == decimal_mark or leading):
        return whole.replace(group, ".")
    if group == mark or leading:
        raise ValueError("not an amount")
    return whole.replace(group, "")
