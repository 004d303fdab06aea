"""The command that makes the demonstration."""

from pathlib import Path

import click

from obole.command.frame import progress_bar
from obole.command.say import tell
from obole.demo.run import run_demo
from obole.words import N_, _


@click.command(
    help=N_(
        "Make a fictional foundation's source files, take them in, print its statements, receipts and Belcotax file."
    )
)
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path))
@click.option("--donors", type=click.IntRange(1, 1_000_000), default=2000, show_default=True)
@click.option("--seed", type=int, default=2025, show_default=True)
def demo(folder: Path, donors: int, seed: int) -> None:
    """Make a fictional foundation's source files, take them in, print its statements, receipts and Belcotax file."""
    with progress_bar(_("demo")) as progress:
        run_demo(folder, donors, seed, tell, progress)
