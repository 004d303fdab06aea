"""The command line: click commands, each a few lines over the module that does the work.

An OboleError is one sentence on stderr and exit status 1; wrong usage is exit status 2. Long work shows a progress bar
on a terminal.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import OboleError
from obole import say

_LANGUAGES = click.Choice(["fr", "nl", "de", "en"])
_REPORTS = click.Choice(
    ["balance-sheet", "income-statement", "appropriation", "trial-balance", "general-ledger", "tie-out"]
)
_SCHEMES = click.Choice(["published", "full", "abbreviated", "micro"])


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OboleError as error:
            click.echo(f"obole: {error}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(1)
        except OSError as error:
            place = f"{Path(str(error.filename)).name}: " if error.filename else ""
            click.echo(f"obole: {place}{error.strerror or error}; nothing more was done.", err=True)
            ctx.exit(1)
        except SQLAlchemyError as error:
            # The first line only: what follows it may quote values.
            cause = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
            click.echo(f"obole: register or vault: {cause}; check the disk and its rights.", err=True)
            ctx.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="obole")
@click.option(
    "--books", envvar="OBOLE_BOOKS", default=".", type=click.Path(path_type=Path), help="Which books; default: here."
)
@click.pass_context
def main(ctx: click.Context, books: Path) -> None:
    """Obole: fundraising and accounting of a Belgian foundation, from source files to statements and tax receipts."""
    ctx.obj = books
    os.umask(0o077)  # books, vault and receipts are their owner's alone


def _choose(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.obj = value


def _with_books(function: Any) -> Any:
    """`--books` after the command too, and the chosen folder as first argument."""
    option = click.option(
        "--books",
        "books_here",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_choose,
        help="Which books.",
    )
    return option(click.pass_obj(function))


_Progress = Callable[[str, int, int], None]


@contextmanager
def _progress(title: str) -> Iterator[_Progress | None]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def step(what: str, done: int, of: int) -> None:
            bar.update(task, description=f"{title}: {what}" if what else title, completed=done, total=of)

        yield step


def _format(form: str, output: Path | None) -> str:
    """The format of a report: what was asked, or what the name of the file says."""
    if output is not None and output.suffix == ".xlsx" and form == "text":
        return "xlsx"
    if form == "xlsx" and output is None:
        raise click.UsageError("an xlsx report needs -o FILE")
    return form


def _today() -> date:
    return datetime.now(UTC).astimezone().date()


def _year_option(function: Any) -> Any:
    return click.option("--year", type=click.IntRange(2000, 2100), required=True, help="Calendar year.")(function)


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--config", "settings", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An obole.toml."
)
def init(folder: Path, settings: Path | None) -> None:
    """Create new books in DIR from an obole.toml (there already, or given with --config)."""
    from obole.books import initialise  # noqa: PLC0415
    from obole.config import FILE_NAME, read_settings, sample  # noqa: PLC0415

    if settings is None and not (folder / FILE_NAME).exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE_NAME).write_text(sample(), encoding="utf-8")
        click.echo(f"{folder / FILE_NAME} written: fill it in, then run `obole init {folder}` again.")
        return
    try:
        text = read_settings(settings) if settings else ""
    except UnicodeDecodeError:
        raise OboleError(f"{settings.name if settings else ''}: not readable as text; save it as UTF-8.") from None
    click.echo(say.created(initialise(folder, text)))


@main.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def inspect(files: tuple[Path, ...], form: str) -> None:
    """What a source file holds, without any books: statements, balances, movements, faults."""
    from importers.inspection import as_json, as_text  # noqa: PLC0415
    from obole.inspection import declared_in, inspect_files  # noqa: PLC0415

    inspections = inspect_files(files, declared_in(click.get_current_context().obj))
    if form == "json":
        shown = [as_json(inspection) for inspection in inspections]
        click.echo(json.dumps(shown[0] if len(shown) == 1 else shown, ensure_ascii=False, indent=1))
    else:
        click.echo("\n\n".join(as_text(inspection) for inspection in inspections))
    if not all(inspection.ok for inspection in inspections):
        sys.exit(1)


@main.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Decide and tell everything, write nothing.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@_with_books
def import_(books: Path, files: tuple[Path, ...], dry_run: bool, form: str) -> None:
    """Take source files in: bank statements, registers, journals, assignments; folders are searched."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.intake import describe, import_files  # noqa: PLC0415

    with _progress("import") as progress:
        intake = import_files(open_books(books), files, dry_run=dry_run, progress=progress)
    click.echo(describe(intake) if form == "json" else say.intake(intake))
    if intake.refused:
        sys.exit(1)


@main.command()
@click.option("--month", type=click.DateTime(["%Y-%m"]), required=True, help="The month of the instalments: 2025-03.")
@click.option(
    "--date", "due", type=click.DateTime(["%Y-%m-%d"]), help="When the bank debits; default: the day of obole.toml."
)
@click.option(
    "-o",
    "output",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder outside the books: the pain.008 for the bank, the pre-notification list for donor services.",
)
@click.option("--dry-run", is_flag=True, help="Count and add up, write nothing.")
@_with_books
def collect(books: Path, *, month: datetime, due: datetime | None, output: Path | None, dry_run: bool) -> None:
    """The month's SEPA direct debits from the pledges; an instalment is collected once, however often this runs."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.collecting import collect as run  # noqa: PLC0415

    day = due.date() if due else None
    click.echo(say.collected(run(open_books(books), month.date(), day, output, dry_run=dry_run), _today()))


@main.command()
@click.argument("document")
@click.option("--dry-run", is_flag=True, help="Say what would be reversed and change nothing.")
@_with_books
def undo(books: Path, document: str, dry_run: bool) -> None:
    """Reverse a whole document on its own days, while its year is open; its file can then be imported anew."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.undoing import undo as run  # noqa: PLC0415

    click.echo(say.undone(run(open_books(books), document, dry_run=dry_run)))


@main.command()
@click.option("--year", type=click.IntRange(2000, 2100), help="Only those that post in this year.")
@click.option("--lang", "language", type=_LANGUAGES, help="Default: the foundation's language.")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json", "xlsx"]), default="text")
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write to this file.")
@click.argument("name", required=False)
@_with_books
def documents(  # noqa: PLR0917 - click's options
    books: Path, year: int | None, language: str | None, form: str, output: Path | None, name: str | None
) -> None:
    """Every document posted: its kind, period, balances, gifts, whether it was undone; of one, all that was told."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.document_list import document_list, document_record  # noqa: PLC0415
    from obole.reporting import write_table  # noqa: PLC0415

    opened = open_books(books)
    if name is not None:
        record = document_record(opened, name)
        click.echo(json.dumps(record, ensure_ascii=False, indent=1) if form == "json" else say.document(record))
        return
    table = document_list(opened, year, language or opened.config.organisation.language)
    write_table(table, _format(form, output), output)
    if output is not None:
        click.echo(f"{output} written.")


@main.command()
@click.option(
    "-o", "output", type=click.Path(path_type=Path), help="Write the list as an xlsx or csv sheet to fill in."
)
@click.option(
    "--prefill",
    type=click.IntRange(0, 100),
    help="Put the proposal into the donor's column from this score in per cent on; a row counts once it has a date.",
)
@click.option("--lang", "language", type=_LANGUAGES, help="Of the headings; default: the foundation's language.")
@_with_books
def match(books: Path, output: Path | None, prefill: int | None, language: str | None) -> None:
    """What is open and who it may be; the sheet filled in is taken back by `obole import`."""
    _open_lines(books, output, prefill, language, gifts=True)


@main.command()
@click.option(
    "-o", "output", type=click.Path(path_type=Path), help="Write the list as an xlsx or csv sheet to fill in."
)
@click.option("--lang", "language", type=_LANGUAGES, help="Of the headings; default: the foundation's language.")
@_with_books
def suspense(books: Path, output: Path | None, language: str | None) -> None:
    """What waits on the suspense account, with proposals: `match` without the gifts of nobody."""
    _open_lines(books, output, None, language, gifts=False)


def _open_lines(books: Path, output: Path | None, prefill: int | None, language: str | None, *, gifts: bool) -> None:
    from obole.books import open_books  # noqa: PLC0415
    from obole.matching import open_lines, write_sheet  # noqa: PLC0415

    if output is not None and output.suffix.lower() not in (".xlsx", ".csv"):
        raise click.UsageError("-o takes a file that ends in .xlsx or .csv")
    opened = open_books(books)
    opened.refuse_inside(output)
    lines = open_lines(opened, gifts=gifts)
    if output is None:
        click.echo(say.open_lines(lines))
        return
    language = language or opened.config.organisation.language
    write_sheet(lines, output, language, prefill=None if prefill is None else prefill / 100)
    click.echo(f"{output.name}: {len(lines)} open lines; fill in donor or account and date, then `obole import` it.")


@main.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@_with_books
def check(books: Path, form: str) -> None:
    """Check every invariant of the books; exit status 1 and a list where one fails."""
    from ledger.locks import writing  # noqa: PLC0415
    from obole.books import open_books, settle  # noqa: PLC0415
    from obole.check import check_books  # noqa: PLC0415

    opened = open_books(books)
    with writing(opened.folder):
        recovered = settle(opened)
    with _progress("check") as progress:
        results = check_books(opened, progress)
    if form == "json":
        click.echo(say.results_json(results, recovered))
    else:
        click.echo(say.results(results, recovered))
    if not all(result.holds for result in results):
        sys.exit(1)


@main.command()
@click.argument("what", metavar="WHAT", type=_REPORTS)
@_year_option
@click.option("--scheme", type=_SCHEMES, default="published", show_default=True)
@click.option("--lang", "language", type=_LANGUAGES, help="Default: the foundation's language.")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json", "xlsx"]), default="text", show_default=True)
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write to this file.")
@_with_books
def report(
    books: Path, *, what: str, year: int, scheme: str, language: str | None, form: str, output: Path | None
) -> None:
    """A report: balance-sheet, income-statement, appropriation, trial-balance, general-ledger, tie-out."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.reporting import write_report  # noqa: PLC0415

    form = _format(form, output)
    opened = open_books(books)
    language = language or opened.config.organisation.language
    write_report(opened, what, year, scheme=scheme, language=language, form=form, output=output)
    if output is not None:
        click.echo(f"{output} written.")


@main.group()
def receipts() -> None:
    """Tax receipts: preview, issue, render, belcotax, list, status."""


@receipts.command()
@_year_option
@click.option("--lang", "language", type=_LANGUAGES, help="Default: the foundation's language.")
@_with_books
def preview(books: Path, year: int, language: str | None) -> None:
    """Who would get a receipt and who not, with the reasons and sums; nothing is written."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.receipting import preview_receipts  # noqa: PLC0415

    opened = open_books(books)
    click.echo(say.preview(preview_receipts(opened, year), language or opened.config.organisation.language))


@receipts.command("list")
@_year_option
@click.option("--lang", "language", type=_LANGUAGES, help="Default: the foundation's language.")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json", "xlsx"]), default="text", show_default=True)
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write to this file.")
@_with_books
def list_(books: Path, year: int, language: str | None, form: str, output: Path | None) -> None:
    """Donor by donor: number, amount, why not, what is missing, how it travels, the PDF."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.lists import receipt_list  # noqa: PLC0415
    from obole.reporting import write_table  # noqa: PLC0415

    opened = open_books(books)
    table = receipt_list(opened, year, language or opened.config.organisation.language)
    write_table(table, _format(form, output), output)
    if output is not None:
        click.echo(f"{output} written.")


@receipts.command()
@_year_option
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Date printed as date of issue; default today.")
@_with_books
def issue(books: Path, year: int, day: datetime | None) -> None:
    """Give every receipt due its number, 1..N, in one transaction, and freeze what it prints."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.receipting import issue_receipts  # noqa: PLC0415

    plan, recovered = issue_receipts(open_books(books), year, day.date() if day else _today())
    click.echo(say.issued(plan, recovered))


@receipts.command()
@_year_option
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes.")
@_with_books
def render(books: Path, year: int, workers: int) -> None:
    """Make the PDFs that are not there yet; a re-print is byte-identical."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.receipting import render_receipts  # noqa: PLC0415

    with _progress(f"receipts {year}") as progress:
        rendered = render_receipts(open_books(books), year, workers=workers, progress=progress)
    click.echo(say.rendered(rendered, year))
    if rendered.failed:
        sys.exit(1)


@receipts.command()
@_year_option
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Creation date in the file; default today.")
@click.option(
    "-o", "output", type=click.Path(path_type=Path), help="Default: belcotax-28171-KBO-YEAR-1.xml in the books."
)
@_with_books
def belcotax(books: Path, year: int, day: datetime | None, output: Path | None) -> None:
    """Write the 281.71 file of the receipts issued."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.receipting import write_belcotax  # noqa: PLC0415

    path, summary = write_belcotax(open_books(books), year, day.date() if day else _today(), output)
    click.echo(say.belcotax(path, summary))


@receipts.command()
@_year_option
@click.option("--lang", "language", type=_LANGUAGES, help="Default: the foundation's language.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@_with_books
def status(books: Path, year: int, language: str | None, form: str) -> None:
    """Counts and sums by state and by reason."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.receipting import status_of  # noqa: PLC0415

    opened = open_books(books)
    found = status_of(opened, year)
    words = language or opened.config.organisation.language
    click.echo(say.status_json(found) if form == "json" else say.status(found, words))


@main.command()
@click.argument("year", type=click.IntRange(2000, 2100))
@_with_books
def close(books: Path, year: int) -> None:
    """Seal a year: from then on any change to it is an error that names the file or the row."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.closing import close_year  # noqa: PLC0415

    click.echo(close_year(open_books(books), year))


@main.command()
@_with_books
def verify(books: Path) -> None:
    """Check the seals of the closed years."""
    from obole.books import open_books  # noqa: PLC0415
    from obole.closing import verify_seals  # noqa: PLC0415

    faults, years = verify_seals(open_books(books))
    click.echo("\n".join(faults) if faults else f"{len(years)} sealed years are as they were sealed.")
    if faults:
        sys.exit(1)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True)
@_with_books
def serve(books: Path, host: str, port: int) -> None:
    """Fava with Obole's pages, read-only."""
    from obole.serve import serve as run  # noqa: PLC0415

    run(books, host, port, say=click.echo)


@main.command()
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path))
@click.option("--donors", type=click.IntRange(1, 1_000_000), default=2000, show_default=True)
@click.option("--seed", type=int, default=2025, show_default=True)
def demo(folder: Path, donors: int, seed: int) -> None:
    """Make a fictional foundation's source files, take them in, print its statements, receipts and Belcotax file."""
    from obole.showcase import run_demo  # noqa: PLC0415

    with _progress("demo") as progress:
        run_demo(folder, donors, seed, click.echo, progress)


if __name__ == "__main__":
    main()
