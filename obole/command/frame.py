"""The command line: click commands, each a few lines over the module that does the work.

An OboleError is one sentence on stderr and exit status 1; wrong usage is exit status 2. Long work shows a progress bar
on a terminal.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import OboleError

LANGUAGES = click.Choice(["fr", "nl", "de", "en"])


# Where each command stands: only the module of the command that runs is loaded.
_COMMANDS = {
    "init": "obole.command.creation:init",
    "inspect": "obole.command.inspection:inspect",
    "import": "obole.command.sources:import_",
    "documents": "obole.command.sources:documents",
    "undo": "obole.command.sources:undo",
    "match": "obole.command.suspense:match",
    "suspense": "obole.command.suspense:suspense",
    "collect": "obole.command.debits:collect",
    "check": "obole.command.audit:check",
    "report": "obole.command.reports:report",
    "receipts": "obole.command.receipts:receipts",
    "close": "obole.command.audit:close",
    "verify": "obole.command.audit:verify",
    "serve": "obole.command.serving:serve",
    "demo": "obole.demo.command:demo",
}


class _Group(click.Group):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

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


def with_books(function: Any) -> Any:
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
def progress_bar(title: str) -> Iterator[_Progress | None]:
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


def format_of(form: str, output: Path | None) -> str:
    """The format of a report: what was asked, or what the name of the file says."""
    if output is not None and output.suffix == ".xlsx" and form == "text":
        return "xlsx"
    if form == "xlsx" and output is None:
        raise click.UsageError("an xlsx report needs -o FILE")
    return form


def today() -> date:
    """Return the day it is here."""
    return datetime.now(UTC).astimezone().date()


def year_option(function: Any) -> Any:
    """Add the required option `--year` to a command."""
    return click.option("--year", type=click.IntRange(2000, 2100), required=True, help="Calendar year.")(function)
