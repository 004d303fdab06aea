"""The command that says what source files hold, without any books."""

import json
import sys
from pathlib import Path

import click

from importers.bank.summary import as_json, as_text
from obole.command.say import tell
from obole.intake.inspection import books_in, declared_in, inspect_files
from obole.words import N_


@click.command(help=N_("What a source file holds, without any books: statements, balances, movements, faults."))
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def inspect(files: tuple[Path, ...], form: str) -> None:
    """Show what a source file holds, without any books: statements, balances, movements, faults."""
    books = books_in(click.get_current_context().obj)
    inspections = inspect_files(files, declared_in(books), books)
    if form == "json":
        shown = [as_json(inspection) for inspection in inspections]
        tell(json.dumps(shown[0] if len(shown) == 1 else shown, ensure_ascii=False, indent=1))
    else:
        tell("\n\n".join(as_text(inspection) for inspection in inspections))
    if not all(inspection.ok for inspection in inspections):
        sys.exit(1)
