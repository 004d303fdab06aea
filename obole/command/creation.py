"""The command that makes new books."""

from pathlib import Path

import click

from ledger.errors import OboleError
from obole.books.creation import initialise
from obole.books.opened import Books
from obole.books.settings import FILE_NAME, read_settings, sample


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--config", "settings", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An obole.toml."
)
def init(folder: Path, settings: Path | None) -> None:
    """Create new books in DIR from an obole.toml (there already, or given with --config)."""
    if settings is None and not (folder / FILE_NAME).exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE_NAME).write_text(sample(), encoding="utf-8")
        click.echo(f"{folder / FILE_NAME} written: fill it in, then run `obole init {folder}` again.")
        return
    try:
        text = read_settings(settings) if settings else ""
    except UnicodeDecodeError:
        raise OboleError(f"{settings.name if settings else ''}: not readable as text; save it as UTF-8.") from None
    click.echo(say_created(initialise(folder, text)))


def say_created(books: Books) -> str:
    """After `obole init`."""
    return (
        f"Books of {books.config.organisation.name} created with {len(books.chart)} accounts.\n"
        f"The key of the vault is {books.config.key}.key in the key folder: back it up apart from the books; "
        "without it no national number can be read again."
    )
