"""The commands that check and seal."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from ledger.locks import writing
from obole.audit.check import Result, check_books
from obole.audit.closing import close_year, verify_seals
from obole.books.opened import open_books, settle
from obole.command.frame import progress_bar, with_books
from obole.command.say import SHOWN_LINES


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_books
def check(books: Path, form: str) -> None:
    """Check every invariant of the books; exit status 1 and a list where one fails."""
    opened = open_books(books)
    with writing(opened.folder):
        recovered = settle(opened)
    with progress_bar("check") as progress:
        results = check_books(opened, progress)
    if form == "json":
        click.echo(results_as_json(results, recovered))
    else:
        click.echo(say_results(results, recovered))
    if not all(result.holds for result in results):
        sys.exit(1)


@click.command()
@click.argument("year", type=click.IntRange(2000, 2100))
@with_books
def close(books: Path, year: int) -> None:
    """Seal a year: from then on any change to it is an error that names the file or the row."""
    click.echo(close_year(open_books(books), year))


@click.command()
@with_books
def verify(books: Path) -> None:
    """Check the seals of the closed years."""
    faults, years = verify_seals(open_books(books))
    click.echo("\n".join(faults) if faults else f"{len(years)} sealed years are as they were sealed.")
    if faults:
        sys.exit(1)


def say_results(found: Sequence[Result], recovered: Sequence[str]) -> str:
    """After `obole check`: every invariant, with what breaks it."""
    lines = list(recovered)
    for result in found:
        lines.append(f"{'ok  ' if result.holds else 'FAIL'} {result.number:>2}  {result.rule}")
        lines += [f"         {fault}" for fault in result.faults[:SHOWN_LINES]]
        if len(result.faults) > SHOWN_LINES:
            lines.append(f"         and {len(result.faults) - SHOWN_LINES} more")
        lines += [f"         note: {note}" for note in result.notes[:SHOWN_LINES]]
    failed = sum(not result.holds for result in found)
    lines.append("All invariants hold." if not failed else f"{failed} of {len(found)} invariants do not hold.")
    return "\n".join(lines)


def results_as_json(found: Sequence[Result], recovered: Sequence[str]) -> str:
    """The same as JSON."""
    content = {
        "ok": all(result.holds for result in found),
        "recovered": list(recovered),
        "invariants": [{**asdict(result), "holds": result.holds} for result in found],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)
