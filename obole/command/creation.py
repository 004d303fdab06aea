"""The command that makes new books."""

from contextlib import suppress
from pathlib import Path
from shlex import quote

import click

from obole.books.creation import initialise
from obole.books.opened import Books
from obole.books.settings import FILE_NAME, read_settings, sample
from obole.command.frame import GivenFile
from obole.command.say import tell
from obole.words import N_, _, many


@click.command(help=N_("Create new books in DIR from an obole.toml (there already, or given with --config)."))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--config", "settings", type=GivenFile(piped=True), help=N_("An obole.toml."))
def init(folder: Path, settings: Path | None) -> None:
    """Create new books in DIR from an obole.toml (there already, or given with --config)."""
    if settings is None and not (folder / FILE_NAME).exists():
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), (folder / FILE_NAME).open("x", encoding="utf-8") as out:
            out.write(sample())
        tell(
            _("{file} written: fill it in, then run `obole init {typed}` again.").format(
                file=folder / FILE_NAME, typed=quote(str(folder))
            )
        )
        return
    text = read_settings(settings) if settings else ""
    charted = (folder / "chart.beancount").exists()
    made = initialise(folder, text)
    tell(say_completed() if charted else say_created(made))


def say_completed() -> str:
    """Return what is told after `obole init` of books that lacked their main file."""
    return _("main.beancount was missing and was written from obole.toml; everything that was there stayed as it was.")


def say_created(books: Books) -> str:
    """Return what is told after `obole init`."""
    return many(
        "Books of {name} created with {count} account.\n"
        "The key of the vault is {key}.key in the key folder: back it up apart from the books; "
        "without it no national number can be read again.",
        "Books of {name} created with {count} accounts.\n"
        "The key of the vault is {key}.key in the key folder: back it up apart from the books; "
        "without it no national number can be read again.",
        len(books.chart),
    ).format(name=books.config.organisation.name, count=len(books.chart), key=books.config.key)
