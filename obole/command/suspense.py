"""The commands that list open lines."""

from collections.abc import Sequence
from pathlib import Path

import click

from obole.books.opened import open_books
from obole.command.frame import with_books
from obole.command.language import LANGUAGE_CHOICE
from obole.command.say import SHOWN_LINES, money
from obole.suspense.open_lines import OpenLine, open_lines
from obole.suspense.sheet import write_sheet


@click.command()
@click.option(
    "-o", "output", type=click.Path(path_type=Path), help="Write the list as an xlsx or csv sheet to fill in."
)
@click.option(
    "--prefill",
    type=click.IntRange(0, 100),
    help="Put the proposal into the donor's column from this score in per cent on; a row counts once it has a date.",
)
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help="Of the headings; default: the foundation's language.")
@with_books
def match(books: Path, output: Path | None, prefill: int | None, language: str | None) -> None:
    """What is open and who it may be; the sheet filled in is taken back by `obole import`."""
    _open_lines(books, output, prefill, language, gifts=True)


@click.command()
@click.option(
    "-o", "output", type=click.Path(path_type=Path), help="Write the list as an xlsx or csv sheet to fill in."
)
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help="Of the headings; default: the foundation's language.")
@with_books
def suspense(books: Path, output: Path | None, language: str | None) -> None:
    """What waits on the suspense account, with proposals: `match` without the gifts of nobody."""
    _open_lines(books, output, None, language, gifts=False)


def _open_lines(books: Path, output: Path | None, prefill: int | None, language: str | None, *, gifts: bool) -> None:

    if output is not None and output.suffix.lower() not in (".xlsx", ".csv"):
        raise click.UsageError("-o takes a file that ends in .xlsx or .csv")
    opened = open_books(books)
    opened.refuse_inside(output)
    lines = open_lines(opened, gifts=gifts)
    if output is None:
        click.echo(say_open_lines(lines))
        return
    language = language or opened.config.organisation.language
    write_sheet(lines, output, language, prefill=None if prefill is None else prefill / 100)
    click.echo(f"{output.name}: {len(lines)} open lines; fill in donor or account and date, then `obole import` it.")


def say_open_lines(lines: Sequence[OpenLine]) -> str:
    """The list of what is open."""
    if not lines:
        return "Nothing is open."
    shown = []
    for waits, place in ((True, "wait on the suspense account"), (False, "are gifts without a donor")):
        some = [line for line in lines if line.waits is waits]
        if not some:
            continue
        total = sum(line.cents for line in some)
        shown.append(f"{len(some)} lines {place}, {money(total)} EUR in all:")
        for line in some[:SHOWN_LINES]:
            guess = ", ".join(f"{one.donor} {round(100 * one.score)} %" for one in line.proposals) or "-"
            where = f"{line.document} {line.position}"
            shown.append(f"  {line.booked}  {where:<30} {money(line.cents):>14} EUR  {line.name[:30]:<30} {guess}")
            if line.proposals:
                shown.append(f"{'':14}{', '.join(line.proposals[0].reasons)}")
        if len(some) > SHOWN_LINES:
            shown.append(f"  and {len(some) - SHOWN_LINES} more")
    shown.append("`obole match -o open.xlsx` writes the sheet to fill in; `obole import open.xlsx` takes it back.")
    return "\n".join(shown)
