"""The commands that check and seal."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from obole.audit.check import Result, check_books
from obole.audit.closing import close_year, verify_seals
from obole.books.opened import open_books
from obole.command.frame import progress_bar, with_books
from obole.command.say import SHOWN_LINES, and_more, tell
from obole.words import N_, _, many


@click.command(help=N_("Check every invariant of the books; exit status 1 and a list where one fails."))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--belcotax",
    "shipments",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=N_("A file that was sent to Belcotax: the register must know its numbers. May be repeated."),
)
@with_books
def check(books: Path, form: str, shipments: tuple[Path, ...]) -> None:
    """Check every invariant of the books; exit status 1 and a list where one fails."""
    opened = open_books(books)
    opened.require_idle()
    with progress_bar(_("check")) as progress:
        results = check_books(opened, progress, shipments)
    if form == "json":
        tell(results_as_json(results))
    else:
        tell(say_results(results))
    if not all(result.holds for result in results):
        sys.exit(1)


@click.command(help=N_("Seal a year: from then on any change to it is an error that names the file or the row."))
@click.argument("year", type=click.IntRange(2000, 2100))
@with_books
def close(books: Path, year: int) -> None:
    """Seal a year: from then on any change to it is an error that names the file or the row."""
    tell(close_year(open_books(books), year))


@click.command(help=N_("Check the seals of the closed years."))
@with_books
def verify(books: Path) -> None:
    """Check the seals of the closed years."""
    faults, years = verify_seals(open_books(books))
    sealed = many(
        "{count} sealed year is as it was sealed.", "{count} sealed years are as they were sealed.", len(years)
    ).format(count=len(years))
    tell("\n".join(faults) if faults else sealed)
    if faults:
        sys.exit(1)


def say_results(found: Sequence[Result]) -> str:
    """Return what is told after `obole check`: every invariant, with what breaks it."""
    lines = []
    for result in found:
        mark = _("ok") if result.holds else _("FAIL")
        lines.append(f"{mark:<4} {result.number:>2}  {result.rule}")
        lines += [f"         {fault}" for fault in result.faults[:SHOWN_LINES]]
        if len(result.faults) > SHOWN_LINES:
            lines.append("         " + and_more(len(result.faults) - SHOWN_LINES))
        lines += ["         " + _("note: {note}").format(note=note) for note in result.notes[:SHOWN_LINES]]
    failed = sum(not result.holds for result in found)
    if not failed:
        lines.append(_("All invariants hold."))
    else:
        told = many(
            "{failed} of {count} invariants does not hold.", "{failed} of {count} invariants do not hold.", failed
        )
        lines.append(told.format(failed=failed, count=len(found)))
    return "\n".join(lines)


def results_as_json(found: Sequence[Result]) -> str:
    """Return the same as JSON."""
    content = {
        "ok": all(result.holds for result in found),
        "invariants": [{**asdict(result), "holds": result.holds} for result in found],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)
