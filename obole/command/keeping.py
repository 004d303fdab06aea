"""The commands by which books live on: brought up to date, copied away and put back."""

import sys
import warnings
from datetime import UTC, datetime
from getpass import GetPassWarning
from itertools import count
from pathlib import Path

import click

from ledger.register.inventory import Counted
from obole.books.opened import Books, found_books, open_books
from obole.command.frame import GivenFile, progress_bar, with_books
from obole.command.questions import confirm
from obole.command.say import tell
from obole.keeping.backup import BackedUp, NotBackedUp, back_up, vault_secret
from obole.keeping.envelope import Lock, Secret, passphrase
from obole.keeping.mending import Mended, mend
from obole.keeping.moving import Servers
from obole.keeping.restore import Restored, head_of, restore, vault_secret_of
from obole.keeping.upgrade import Upgraded, upgrade
from obole.words import N_, _, many

_SHORTEST = 8
_FILE = click.Path(path_type=Path, dir_okay=False)
_passphrase_option = click.option(
    "--passphrase-file",
    "passphrase_file",
    type=GivenFile(piped=True),
    help=N_("Take the passphrase from the first line of this file instead of asking."),
)


@click.command(
    "upgrade", help=N_("Bring books made by an earlier Obole up to date, after a backup, and tell what was done.")
)
@click.option(
    "--backup", "backup_file", type=_FILE, help=N_("Where the backup before it goes; default: beside the books.")
)
@click.option("--no-backup", is_flag=True, help=N_("Make no backup before; asked once more."))
@click.option("--yes", is_flag=True, help=N_("Answer that question with yes."))
@with_books
def upgrade_command(books: Path, backup_file: Path | None, *, no_backup: bool, yes: bool) -> None:
    """Bring books made by an earlier Obole up to date, after a backup, and tell what was done."""
    if no_backup and not yes:
        confirm(_("Without a backup nothing brings the books of before back. Go on?"))

    def keep(opened: Books) -> Path:
        return back_up(opened, backup_file or _beside(opened), vault_secret(opened), held=True).path

    tell(say_upgraded(upgrade(books, None if no_backup else keep)))


def _beside(books: Books) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    root = books.folder.root
    names = (f"{root.name}-before-upgrade-{stamp}{f'-{number}' if number else ''}.obole" for number in count())
    return next(path for path in map(root.with_name, names) if not path.exists())


@click.command(
    "mend", help=N_("Make journal files that are missing again, from the register and the archived sources.")
)
@with_books
def mend_command(books: Path) -> None:
    """Make journal files that are missing again, from the register and the archived sources."""
    mended = mend(open_books(books))
    tell(say_mended(mended))
    if mended.left:
        sys.exit(1)


def say_mended(mended: Mended) -> str:
    """Return what is told after `obole mend`."""
    made = [_("{file} was made again, to the byte as it was posted").format(file=name) for name in mended.made]
    return "\n".join([*mended.recovered, *made, *mended.left]) or _("no journal file is missing.")


@click.command(
    "backup",
    help=N_("Copy books, stores, documents, receipts and key into FILE, closed with a passphrase, while others work."),
)
@click.argument("file", type=_FILE)
@_passphrase_option
@with_books
def backup_command(books: Path, file: Path, passphrase_file: Path | None) -> None:
    """Copy books, stores, documents, receipts and key into FILE, closed with a passphrase, while others work."""
    opened = found_books(books)
    secret = _secret(passphrase_file, confirm=True)
    with progress_bar(_("backup")) as progress:
        made = back_up(opened, file, secret, progress)
    tell(say_backed_up(made))
    if made.faults:
        sys.exit(1)


@click.command(
    "restore",
    help=N_(
        "Put the books of a backup into DIR and their key into the key folder, after `obole check` has proved them."
    ),
)
@click.argument("file", type=GivenFile())
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@_passphrase_option
@click.option(
    "--register-url", default="", metavar="URL", help=N_("An empty database for the register; default: a file in DIR.")
)
@click.option(
    "--vault-url", default="", metavar="URL", help=N_("An empty database for the vault; default: a file in DIR.")
)
@click.option("--replace", is_flag=True, help=N_("Put them in the place of the books there, which are kept beside."))
@click.option("--with-faults", is_flag=True, help=N_("Also where `obole check` finds faults in them."))
def restore_command(
    file: Path,
    folder: Path,
    passphrase_file: Path | None,
    register_url: str,
    vault_url: str,
    *,
    replace: bool,
    with_faults: bool,
) -> None:
    """Put the books of a backup into DIR and their key into the key folder, after `obole check` has proved them."""
    head = head_of(file)
    by_key = head.lock is Lock.VAULT_KEY
    secret = vault_secret_of(head) if by_key else _secret(passphrase_file, confirm=False)
    servers = Servers(register_url, vault_url)
    tell(say_restored(restore(file, folder, secret, servers=servers, replace=replace, faults_allowed=with_faults)))


def _secret(file: Path | None, *, confirm: bool) -> Secret:
    """Return the passphrase of a file's first line, or the one that a person types, twice where it is new."""
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8-sig").split("\n", 1)[0].rstrip("\r")
        except UnicodeDecodeError:
            raise NotBackedUp(
                _("{name}: not written in UTF-8; save the passphrase as UTF-8.").format(name=file.name)
            ) from None
    else:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", GetPassWarning)  # it would show what is typed
                text = click.prompt(_("Passphrase"), hide_input=True, confirmation_prompt=confirm)
        except (click.Abort, GetPassWarning):
            raise click.UsageError(
                _("no passphrase was typed; without a terminal give --passphrase-file FILE")
            ) from None
    if confirm and len(text) < _SHORTEST:
        raise NotBackedUp(
            _("the passphrase has fewer than {count} characters; choose a longer one.").format(count=_SHORTEST)
        )
    return passphrase(text)


def say_upgraded(outcome: Upgraded) -> str:
    """Tell what an upgrade did and what is left to a person."""
    lines = []
    if outcome.backup is not None:
        lines.append(
            _("The books as they were are in {name}, which the key of the vault opens.").format(
                name=outcome.backup.name
            )
        )
    lines += outcome.done or [_("These books are up to date; nothing was done.")]
    lines += [_("To be done by you: {sentence}").format(sentence=sentence) for sentence in outcome.left]
    if outcome.done:
        lines.append(_("Next: `obole check`."))
    return "\n".join(lines)


def _held(counts: Counted) -> str:
    """Return how many documents, gifts and receipts there are."""
    parts = (
        (many("{count} document", "{count} documents", counts.documents), counts.documents),
        (many("{count} gift", "{count} gifts", counts.gifts), counts.gifts),
        (many("{count} receipt", "{count} receipts", counts.receipts), counts.receipts),
    )
    return ", ".join(words.format(count=count) for words, count in parts)


def say_backed_up(made: BackedUp) -> str:
    """Tell what a backup holds."""
    counts = made.counts
    files = many("{count} file", "{count} files", made.files).format(count=made.files)
    first = _("{name} written: {files}, {held} and the key, {size:.1f} MB.").format(
        name=made.path.name, files=files, held=_held(counts), size=made.bytes / 1_000_000
    )
    lines = [first]
    lines += [_("Not as it should be: {fault}.").format(fault=fault) for fault in made.faults]
    if made.faults:
        lines.append(_("Run `obole check`; such a backup is put back by `obole restore FILE DIR --with-faults` only."))
    else:
        lines.append(_("Without the passphrase nobody can open it: keep it apart from the file."))
    return "\n".join(lines)


def say_restored(restored: Restored) -> str:
    """Tell what was put where."""
    counts = restored.counts
    first = _("The books of {taken_at} are in {root}: {held}; their key is in the key folder.").format(
        taken_at=restored.taken_at, root=restored.root, held=_held(counts)
    )
    lines = [first]
    if restored.replaced is not None:
        lines.append(_("The books that stood there are in {name} now.").format(name=restored.replaced.name))
    lines += restored.moves
    if restored.faults:
        found = len(restored.faults)
        told = many("`obole check` finds {count} fault in them.", "`obole check` finds {count} faults in them.", found)
        lines.append(told.format(count=found))
    else:
        lines.append(_("`obole check` finds no fault in them."))
    if restored.old:
        lines.append(_("An earlier Obole made them: run `obole upgrade`."))
    return "\n".join(lines)
