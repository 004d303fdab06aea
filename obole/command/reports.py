"""The command of the reports."""

from pathlib import Path

import click

from obole.books.opened import open_books
from obole.command.frame import with_books
from obole.command.language import LANGUAGE_CHOICE, document_language
from obole.command.output import output_options, refuse_over, target
from obole.command.say import tell, written
from obole.reporting import write_events, write_report
from obole.words import N_, _

_REPORTS = click.Choice(
    ["balance-sheet", "income-statement", "appropriation", "trial-balance", "general-ledger", "legacies", "tie-out"]
)


_SCHEMES = click.Choice(["published", "full", "abbreviated", "micro"])


@click.command(
    help=N_(
        "A report: balance-sheet, income-statement, appropriation, trial-balance, general-ledger, legacies, tie-out."
    )
)
@click.argument("what", metavar="WHAT", type=_REPORTS)
@click.option(
    "--year",
    type=click.IntRange(2000, 2100),
    required=True,
    help=N_("Financial year, by its label: that of its end; of the tie-out the calendar year."),
)
@click.option("--scheme", type=_SCHEMES, default="published", show_default=True)
@click.option(
    "--by",
    type=click.Choice(["project", "department", "fund", "party", "asset"]),
    help=N_("Part the trial balance by this key of its lines, the legacies by asset."),
)
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help=N_("Default: the foundation's language."))
@output_options
@with_books
def report(
    books: Path,
    *,
    what: str,
    year: int,
    scheme: str,
    by: str | None,
    language: str | None,
    form: str | None,
    dialect: str,
    output: Path | None,
) -> None:
    """Write a report of a year, in one format, to a file or to the terminal."""
    if by is not None and (what, by == "asset") not in (("trial-balance", False), ("legacies", True)):
        raise click.UsageError(_("--by goes with trial-balance only, --by asset with legacies"))
    to = target(form, dialect, output)
    opened = open_books(books)
    refuse_over(opened, output)
    language = document_language(language, opened.config.organisation.language)
    write_report(opened, what, year, scheme=scheme, language=language, form=to.form, output=output, by=by)
    if output is not None:
        tell(written(output))


@click.command(help=N_("What each fundraising event brought: gifts, tickets, sponsoring, sales, costs, net."))
@click.option("--year", type=click.IntRange(2000, 2100), help=N_("Only what stands in this financial year."))
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help=N_("Default: the foundation's language."))
@output_options
@with_books
def events(
    books: Path, *, year: int | None, language: str | None, form: str | None, dialect: str, output: Path | None
) -> None:
    """Write what each event brought."""
    to = target(form, dialect, output)
    opened = open_books(books)
    refuse_over(opened, output)
    language = document_language(language, opened.config.organisation.language)
    write_events(opened, year, language=language, form=to.form, output=output)
    if output is not None:
        tell(written(output))
