"""What the command line says: results as text for a terminal, and as JSON for scripts."""

from ledger.money import to_decimal

SHOWN_FAULTS = 12


SHOWN_LINES = 40


def money(cents: int) -> str:
    """An amount with thousands apart: 1 234 567.89."""
    return f"{to_decimal(cents):,.2f}".replace(",", " ")
