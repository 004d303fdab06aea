"""The command that shows the books in a browser."""

from pathlib import Path

import click

from obole.books.form import require_form
from obole.books.settings import FILE_NAME
from obole.command.frame import with_books
from obole.command.say import tell
from obole.web.serve import serve as run
from obole.words import N_


@click.command(help=N_("Fava with Obole's pages, read-only."))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True)
@click.option(
    "--name", "names", multiple=True, help=N_("A further name by which browsers reach it, as behind a proxy.")
)
@with_books
def serve(books: Path, host: str, port: int, names: tuple[str, ...]) -> None:
    """Fava with Obole's pages, read-only."""
    if (books / FILE_NAME).exists():  # other books than ours are shown too
        require_form(books)
    run(books, host, port, names=names, say=tell)
