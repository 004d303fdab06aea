"""Say the results of commands as text for a terminal, and as JSON for scripts."""

import click

from ledger.money import to_decimal
from ledger.signs import shown_text
from obole.words import _, many

SHOWN_FAULTS = 12


SHOWN_LINES = 40


def tell(text: str, *, err: bool = False) -> None:
    """Write a text to the terminal or into a pipe, without the control signs that a donor or a file name brought."""
    click.echo(shown_text(text), err=err)


def money(cents: int) -> str:
    """Write an amount with thousands apart: 1 234 567.89."""
    return f"{to_decimal(cents):,.2f}".replace(",", " ")


def and_more(count: int) -> str:
    """Say how many lines of a list are not shown."""
    return many("and {count} more", "and {count} more", count).format(count=count)


def written(output: object) -> str:
    """Say that a file was written."""
    return _("{file} written.").format(file=output)
