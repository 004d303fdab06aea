"""The command line: click commands, each a few lines over the module that does the work.

An OboleError is one sentence on stderr and exit status 1; wrong usage is exit status 2. Long work shows a progress bar
on a terminal.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from ledger.engines import cause_of
from ledger.errors import OboleError
from ledger.given import require_file, told_by_system
from ledger.kinds import kind_word
from obole.command.language import LANGUAGE_CHOICE, in_words, language_for, speaking_on_terminal
from obole.command.say import tell
from obole.words import N_, _

# Where each command stands: only the module of the command that runs is loaded.
_COMMANDS = {
    "init": "obole.command.creation:init",
    "inspect": "obole.command.inspection:inspect",
    "import": "obole.command.sources:import_",
    "documents": "obole.command.sources:documents",
    "document": "obole.command.sources:document",
    "undo": "obole.command.sources:undo",
    "match": "obole.command.suspense:match",
    "suspense": "obole.command.suspense:suspense",
    "donors": "obole.command.donors:donors",
    "collect": "obole.command.debits:collect",
    "opening": "obole.command.opening:opening",
    "check": "obole.command.audit:check",
    "report": "obole.command.reports:report",
    "events": "obole.command.reports:events",
    "receipts": "obole.command.receipts:receipts",
    "close": "obole.command.audit:close",
    "reopen": "obole.command.audit:reopen",
    "lock": "obole.command.audit:lock",
    "unlock": "obole.command.audit:unlock",
    "verify": "obole.command.audit:verify",
    "upgrade": "obole.command.keeping:upgrade_command",
    "mend": "obole.command.keeping:mend_command",
    "backup": "obole.command.keeping:backup_command",
    "restore": "obole.command.keeping:restore_command",
    "serve": "obole.command.serving:serve",
    "demo": "obole.demo.command:demo",
}
_WHOLE = 1000  # letters: no help is as long


class ToldWhole(click.Group):
    """A group whose help tells what each command does in a whole sentence, on as many lines as it takes."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; click by itself would cut each sentence to what a line holds."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(_WHOLE)) for name, command in commands if command is not None]
        with formatter.section(_("Commands")):
            formatter.write_dl(rows)


class _Group(ToldWhole):
    """The commands, each loaded when it is asked for, in the language of the person from the first word on."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **settings: Any) -> Any:
        _open_streams()
        words = list(sys.argv[1:] if args is None else args)
        with speaking_on_terminal(language_for(words, _COMMANDS)):
            return click.Group.main(in_words(self), words, *rest, **settings)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return in_words(command)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OboleError as error:
            tell(f"obole: {error}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(1)
        except OSError as error:
            tell(f"obole: {told_by_system(error)}", err=True)
            ctx.exit(1)
        except SQLAlchemyError as error:
            said = _("register or vault: {cause}; check the disk and its rights.").format(cause=cause_of(error))
            tell(f"obole: {said}", err=True)
            ctx.exit(1)


def _open_streams() -> None:
    """Open what the caller closed (`<&-`, `>&-`) on nothing, so that no file of the books gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process


class GivenFile(click.Path):
    """A file to be read: what is none (a folder, a device, a pipe) is refused before it is opened.

    With `piped` what the shell hands over by `<(command)` will do.
    """

    def __init__(self, *, piped: bool = False) -> None:
        super().__init__(path_type=Path)
        self._piped = piped

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; OboleError where it is no file that can be read."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        require_file(path, piped=self._piped)
        return path


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=N_(
        "Obole: fundraising and accounting of a Belgian foundation, from source files to statements and tax receipts."
    ),
)
@click.version_option(package_name="obole")
@click.option(
    "--books",
    envvar="OBOLE_BOOKS",
    default=".",
    type=click.Path(path_type=Path),
    help=N_("Which books; default: here."),
)
@click.option(
    "--lang",
    "language",
    type=LANGUAGE_CHOICE,
    is_eager=True,
    help=N_("Language of messages and help; default: that of the books, else of this machine."),
)
@click.pass_context
def main(ctx: click.Context, books: Path, language: str | None) -> None:  # noqa: ARG001 - see `document_language`
    """Begin a command on the chosen books."""
    ctx.obj = books
    os.umask(0o077)  # books, vault and receipts are their owner's alone


def _choose(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.obj = value


def with_books(function: Any) -> Any:
    """Add `--books` after the command too, and hand on the chosen folder as first argument."""
    option = click.option(
        "--books",
        "books_here",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_choose,
        help=N_("Which books."),
    )
    return option(click.pass_obj(function))


_Progress = Callable[[str, int, int], None]


@contextmanager
def progress_bar(title: str) -> Iterator[_Progress | None]:
    """Show a progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def step(what: str, done: int, of: int) -> None:
            shown = _("{title}: {step}").format(title=title, step=kind_word(what)) if what else title
            bar.update(task, description=shown, completed=done, total=of)

        yield step


def year_option(function: Any) -> Any:
    """Add the required option `--year` to a command."""
    return click.option("--year", type=click.IntRange(2000, 2100), required=True, help=N_("Calendar year."))(function)
