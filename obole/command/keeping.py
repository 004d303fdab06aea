"""The commands by which books live on: brought up to date, copied away and put back."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import click

from obole.books.opened import Books, found_books
from obole.command.frame import progress_bar, with_books
from obole.keeping.backup import BackedUp, NotBackedUp, back_up, vault_secret
from obole.keeping.envelope import Lock, Secret, passphrase
from obole.keeping.restore import Restored, head_of, restore, vault_secret_of
from obole.keeping.upgrade import Upgraded, upgrade

_SHORTEST = 8
_FILE = click.Path(path_type=Path, dir_okay=False)
_passphrase_option = click.option(
    "--passphrase-file",
    "passphrase_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the passphrase from the first line of this file instead of asking.",
)


@click.command("upgrade")
@click.option("--backup", "backup_file", type=_FILE, help="Where the backup before it goes; default: beside the books.")
@click.option("--no-backup", is_flag=True, help="Make no backup before; asked once more.")
@click.option("--yes", is_flag=True, help="Answer that question with yes.")
@with_books
def upgrade_command(books: Path, backup_file: Path | None, *, no_backup: bool, yes: bool) -> None:
    """Bring books made by an earlier Obole up to date, after a backup, and tell what was done."""
    if no_backup and not yes:
        click.confirm("Without a backup nothing brings the books of before back. Go on?", abort=True)

    def keep(opened: Books) -> Path:
        return back_up(opened, backup_file or _beside(opened), vault_secret(opened)).path

    click.echo(say_upgraded(upgrade(books, None if no_backup else keep)))


def _beside(books: Books) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    root = books.folder.root
    names = (f"{root.name}-before-upgrade-{stamp}{f'-{number}' if number else ''}.obole" for number in count())
    return next(path for path in map(root.with_name, names) if not path.exists())


@click.command("backup")
@click.argument("file", type=_FILE)
@_passphrase_option
@with_books
def backup_command(books: Path, file: Path, passphrase_file: Path | None) -> None:
    """Copy books, stores, documents, receipts and key into FILE, closed with a passphrase, while others work."""
    opened = found_books(books)
    secret = _secret(passphrase_file, confirm=True)
    with progress_bar("backup") as progress:
        made = back_up(opened, file, secret, progress)
    click.echo(say_backed_up(made))


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@_passphrase_option
@click.option("--replace", is_flag=True, help="Put them in the place of the books there, which are kept beside.")
@click.option("--with-faults", is_flag=True, help="Also where `obole check` finds faults in them.")
def restore_command(
    file: Path, folder: Path, passphrase_file: Path | None, *, replace: bool, with_faults: bool
) -> None:
    """Put the books of a backup into DIR and their key into the key folder, after `obole check` has proved them."""
    head = head_of(file)
    by_key = head.lock is Lock.VAULT_KEY
    secret = vault_secret_of(head) if by_key else _secret(passphrase_file, confirm=False)
    click.echo(say_restored(restore(file, folder, secret, replace=replace, faults_allowed=with_faults)))


def _secret(file: Path | None, *, confirm: bool) -> Secret:
    """Return the passphrase of a file's first line, or the one that a person types, twice where it is new."""
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8-sig").split("\n", 1)[0].rstrip("\r")
        except UnicodeDecodeError:
            raise NotBackedUp(f"{file.name}: not written in UTF-8; save the passphrase as UTF-8.") from None
    else:
        try:
            text = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)
        except click.Abort:
            raise click.UsageError("no passphrase was typed; without a terminal give --passphrase-file FILE") from None
    if confirm and len(text) < _SHORTEST:
        raise NotBackedUp(f"the passphrase has fewer than {_SHORTEST} characters; choose a longer one.")
    return passphrase(text)


def say_upgraded(outcome: Upgraded) -> str:
    """Tell what an upgrade did and what is left to a person."""
    lines = []
    if outcome.backup is not None:
        lines.append(f"The books as they were are in {outcome.backup.name}, which the key of the vault opens.")
    lines += outcome.done or ["These books are up to date; nothing was done."]
    lines += [f"To be done by you: {sentence}" for sentence in outcome.left]
    if outcome.done:
        lines.append("Next: `obole check`.")
    return "\n".join(lines)


def say_backed_up(made: BackedUp) -> str:
    """Tell what a backup holds."""
    counts = made.counts
    first = (
        f"{made.path.name} written: {made.files} files, {counts.documents} documents, {counts.gifts} gifts, "
        f"{counts.receipts} receipts and the key, {made.bytes / 1_000_000:.1f} MB."
    )
    lines = [first]
    lines += [f"Not as it should be: {fault}." for fault in made.faults]
    if made.faults:
        lines.append("Run `obole check`; such a backup is put back by `obole restore --with-faults` only.")
    else:
        lines.append("Without the passphrase nobody can open it: keep it apart from the file.")
    return "\n".join(lines)


def say_restored(restored: Restored) -> str:
    """Tell what was put where."""
    counts = restored.counts
    first = (
        f"The books of {restored.taken_at} are in {restored.root}: {counts.documents} documents, {counts.gifts} gifts, "
        f"{counts.receipts} receipts; their key is in the key folder."
    )
    lines = [first]
    if restored.replaced is not None:
        lines.append(f"The books that stood there are in {restored.replaced.name} now.")
    if restored.faults:
        lines.append(f"`obole check` finds {len(restored.faults)} faults in them.")
    else:
        lines.append("`obole check` finds no fault in them.")
    if restored.old:
        lines.append("An earlier Obole made them: run `obole upgrade`.")
    return "\n".join(lines)
