"""The commands that list open lines."""

from collections.abc import Sequence
from pathlib import Path

import click

from ledger.languages import speaking
from obole.books.opened import open_books
from obole.command.frame import with_books
from obole.command.language import LANGUAGE_CHOICE, document_language
from obole.command.say import SHOWN_LINES, and_more, money, tell
from obole.suspense.open_lines import OpenLine, open_lines
from obole.suspense.sheet import write_sheet
from obole.words import N_, _, many


@click.command(help=N_("What is open and who it may be; the sheet filled in is taken back by `obole import`."))
@click.option(
    "-o", "output", type=click.Path(path_type=Path), help=N_("Write the list as an xlsx or csv sheet to fill in.")
)
@click.option(
    "--prefill",
    type=click.IntRange(0, 100),
    help=N_(
        "Put the proposal into the donor's column from this score in per cent on; a row counts once it has a date."
    ),
)
@click.option(
    "--lang", "language", type=LANGUAGE_CHOICE, help=N_("Of the headings; default: the foundation's language.")
)
@with_books
def match(books: Path, output: Path | None, prefill: int | None, language: str | None) -> None:
    """List what is open and who it may be; the sheet filled in is taken back by `obole import`."""
    _open_lines(books, output, prefill, language, gifts=True)


@click.command(help=N_("What waits on the suspense account, with proposals: `match` without the gifts of nobody."))
@click.option(
    "-o", "output", type=click.Path(path_type=Path), help=N_("Write the list as an xlsx or csv sheet to fill in.")
)
@click.option(
    "--lang", "language", type=LANGUAGE_CHOICE, help=N_("Of the headings; default: the foundation's language.")
)
@with_books
def suspense(books: Path, output: Path | None, language: str | None) -> None:
    """List what waits on the suspense account, with proposals: `match` without the gifts of nobody."""
    _open_lines(books, output, None, language, gifts=False)


def _open_lines(books: Path, output: Path | None, prefill: int | None, language: str | None, *, gifts: bool) -> None:

    if output is not None and output.suffix.lower() not in (".xlsx", ".csv"):
        raise click.UsageError(_("-o takes a file that ends in .xlsx or .csv"))
    opened = open_books(books)
    opened.refuse_inside(output)
    if output is None:
        tell(say_open_lines(open_lines(opened, gifts=gifts)))
        return
    language = document_language(language, opened.config.organisation.language)
    with speaking(language):  # the sheet's reasons are in the language of its headings
        lines = open_lines(opened, gifts=gifts)
    write_sheet(lines, output, language, prefill=None if prefill is None else prefill / 100)
    told = many(
        "{file}: {count} open line; fill in donor or account and date, then `obole import` it.",
        "{file}: {count} open lines; fill in donor or account and date, then `obole import` it.",
        len(lines),
    )
    tell(told.format(file=output.name, count=len(lines)))


def say_open_lines(lines: Sequence[OpenLine]) -> str:
    """Return the list of what is open."""
    if not lines:
        return _("Nothing is open.")
    waiting = [line for line in lines if line.waits]
    donorless = [line for line in lines if not line.waits]
    shown = []
    if waiting:
        told = many(
            "{count} line waits on the suspense account, {amount} EUR in all:",
            "{count} lines wait on the suspense account, {amount} EUR in all:",
            len(waiting),
        )
        shown += _listed(told, waiting)
    if donorless:
        told = many(
            "{count} line is a gift without a donor, {amount} EUR in all:",
            "{count} lines are gifts without a donor, {amount} EUR in all:",
            len(donorless),
        )
        shown += _listed(told, donorless)
    shown.append(_("`obole match -o open.xlsx` writes the sheet to fill in; `obole import open.xlsx` takes it back."))
    return "\n".join(shown)


def _listed(told: str, lines: Sequence[OpenLine]) -> list[str]:
    shown = [told.format(count=len(lines), amount=money(sum(line.cents for line in lines)))]
    for line in lines[:SHOWN_LINES]:
        guess = ", ".join(f"{one.donor} {round(100 * one.score)} %" for one in line.proposals) or "-"
        where = f"{line.document} {line.position}"
        shown.append(f"  {line.booked}  {where:<30} {money(line.cents):>14} EUR  {line.name[:30]:<30} {guess}")
        if line.proposals:
            shown.append(f"{'':14}{', '.join(line.proposals[0].reasons)}")
    if len(lines) > SHOWN_LINES:
        shown.append("  " + and_more(len(lines) - SHOWN_LINES))
    return shown
