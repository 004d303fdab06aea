"""The commands that list open lines."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import click

from importers.registers import assignments
from ledger.errors import OboleError
from ledger.given import digest_of_file
from ledger.languages import speaking
from ledger.register.documents import documents_of
from obole.books.opened import Books, open_books
from obole.command.frame import with_books
from obole.command.language import LANGUAGE_CHOICE, document_language
from obole.command.say import SHOWN_LINES, and_more, money, tell
from obole.command.sources import say_decided
from obole.suspense.again import LookedAgain, look_again
from obole.suspense.open_lines import OpenLine, open_lines
from obole.suspense.sheet import write_sheet
from obole.words import N_, _, many


@click.command(help=N_("What is open and who it may be; the sheet filled in is taken back by `obole import SHEET`."))
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
@click.option(
    "--again", is_flag=True, help=N_("Apply the rules and donors of today to what is open, before it is listed.")
)
@click.option("--taken-back", is_flag=True, help=N_("With --again: to lines too that were taken back by hand."))
@click.option("--dry-run", is_flag=True, help=N_("With --again: say what would be decided and change nothing."))
@with_books
def match(
    books: Path,
    *,
    output: Path | None,
    prefill: int | None,
    language: str | None,
    again: bool,
    taken_back: bool,
    dry_run: bool,
) -> None:
    """List what is open and who it may be; the sheet filled in is taken back by `obole import SHEET`."""
    if (taken_back or dry_run) and not again:
        raise click.UsageError(_("--taken-back and --dry-run go with --again"))
    if again:
        tell(say_looked_again(look_again(open_books(books), taken_back=taken_back, dry_run=dry_run)))
        if dry_run or output is None:
            return
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
    opened.require_place(output)
    _refuse_filled_in(opened, output)
    if output is None:
        tell(say_open_lines(open_lines(opened, gifts=gifts)))
        return
    language = document_language(language, opened.config.organisation.language)
    with speaking(language):  # the sheet's reasons are in the language of its headings
        lines = open_lines(opened, gifts=gifts)
    write_sheet(lines, output, language, prefill=None if prefill is None else prefill / 100)
    told = many(
        "{file}: {count} open line; fill in donor or account and date, then `obole import {typed}`.",
        "{file}: {count} open lines; fill in donor or account and date, then `obole import {typed}`.",
        len(lines),
    )
    tell(told.format(file=output.name, count=len(lines), typed=quote(str(output))))


def _refuse_filled_in(books: Books, output: Path | None) -> None:
    """OboleError for a file that holds decisions not yet taken in, or anything but such a sheet."""
    if output is None or not output.is_file():
        return
    if not assignments.identify(output):
        said = _("{file}: is there already and is no list of open lines; choose another name, or move it away.")
        raise OboleError(said.format(file=output.name))
    with books.register.connect() as connection:
        taken = documents_of(connection, digest_of_file(output))
    if not taken and assignments.read(output).rows:
        said = _(
            "{file}: is there already and has decisions filled in; import it and move it away, or choose another name."
        )
        raise OboleError(said.format(file=output.name))


def say_looked_again(outcome: LookedAgain) -> str:
    """Return what is told after `obole match --again`."""
    lines = [*outcome.recovered, *(say_decided(one.booking.record) for one in outcome.decided)]
    if outcome.dry_run and outcome.decided:
        lines.append(_("That is what would be decided; nothing was changed."))
    if not outcome.decided:
        lines.append(_("Nothing of what is open is known by the rules and donors of today."))
    if outcome.taken_back:
        told = many(
            "{count} line was taken back by hand and left alone; --taken-back looks at it too.",
            "{count} lines were taken back by hand and left alone; --taken-back looks at them too.",
            outcome.taken_back,
        )
        lines.append(told.format(count=outcome.taken_back))
    if outcome.closed:
        told = many(
            "{count} line is of a closed year and waits for a person.",
            "{count} lines are of closed years and wait for a person.",
            outcome.closed,
        )
        lines.append(told.format(count=outcome.closed))
    lines.append(
        many(
            "{count} line waits on the suspense account for a decision: `obole match`.",
            "{count} lines wait on the suspense account for a decision: `obole match`.",
            outcome.open,
        ).format(count=outcome.open)
    )
    return "\n".join(lines)


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
        guesses = [f"{one.donor} {round(100 * one.score)} %" for one in line.proposals]
        guesses += [f"{one.donor} {one.gift} {round(100 * one.score)} %" for one in line.gifts]
        guesses += [f"{one.account} {one.party} {round(100 * one.score)} %".replace("  ", " ") for one in line.accounts]
        guess = ", ".join(guesses) or "-"
        where = f"{line.document} {line.position}"
        shown.append(f"  {line.booked}  {where:<30} {money(line.cents):>14} EUR  {line.name[:30]:<30} {guess}")
        if line.proposals or line.gifts or line.accounts:
            reasons = (line.account or (line.proposals or line.gifts)[0]).reasons
            shown.append(f"{'':14}{', '.join(reasons)}")
    if len(lines) > SHOWN_LINES:
        shown.append("  " + and_more(len(lines) - SHOWN_LINES))
    return shown
