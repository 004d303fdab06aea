"""`obole restore`: the books of a backup, proved before anything is replaced, and moved into place in one step.

They are unpacked beside the place where they shall stand, with their stores in files, held against the manifest, opened
and checked there; books of an earlier form are upgraded in a second copy for that, and stay as they are in the first.
Only then do the stores go to a server, where that is asked. Whatever is wrong is one sentence, and nothing was changed.
"""

import ctypes
import errno
import fcntl
import gzip
import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.given import real_place
from ledger.journal import sync_folder
from ledger.locks import Busy, writing
from ledger.register.inventory import Counted
from ledger.vault.key import KEY_BYTES, KeyInBooks, keep_key, keys_folder, read_key, require_name_free
from obole.audit.check import check_books
from obole.books.form import FORM, NewerBooks
from obole.books.opened import Books, found_books, open_books, settle
from obole.books.settings import FILE_NAME, load
from obole.keeping.contents import BOOKS, KEYS, MANIFEST, STORED, Contents, ManifestBroken, Member, read_contents
from obole.keeping.dump import Refilling
from obole.keeping.envelope import EnvelopeReader, Head, Lock, NoBackup, Secret, changed_or_cut_off, read_head
from obole.keeping.moving import NOWHERE, Servers, brought_home, move_stores, refuse_unfit, told
from obole.keeping.upgrade import upgrade, upgrade_needed
from obole.receipting.elsewhere import keep_numbers_of
from obole.words import _, many

_BLOCK = 1 << 20


class NotRestored(OboleError):
    """A backup that cannot be put where it shall stand, or does not hold what `obole check` asks."""


@dataclass(slots=True)
class Restored:
    """Books that were put in place: when their backup was taken, what they hold, where those before are now."""

    root: Path
    taken_at: str
    counts: Counted
    replaced: Path | None = None
    old: bool = False
    faults: list[str] = field(default_factory=list)
    moves: list[str] = field(default_factory=list)


def head_of(file: Path) -> Head:
    """Read what opens a backup; NoBackup where the file is none."""
    with file.open("rb") as opened:
        return read_head(opened, file)


def vault_secret_of(head: Head) -> Secret:
    """Return the key of the key folder that a backup was closed with; KeyMissing where it is not there."""
    return Secret(Lock.VAULT_KEY, read_key(head.name), head.name)


def restore(
    file: Path,
    root: Path,
    secret: Secret,
    *,
    servers: Servers = NOWHERE,
    replace: bool = False,
    faults_allowed: bool = False,
) -> Restored:
    """Put the books of a backup into the folder `root`, with their key in the key folder.

    Their stores go into the empty databases of `servers`, and into the folder where it names none. NotRestored where
    books stand there and `replace` is not given, or where `obole check` finds faults in the copy and they are not
    allowed; NotMoved where a database is not empty; NoBackup, WrongPassphrase, ManifestBroken, DumpBroken, KeyTaken
    where the backup or its key will not do; Busy where another process is writing to the books that stand there.
    """
    root = real_place(root)
    present = _present(root, replace=replace)
    refuse_unfit(servers)
    if keys_folder().resolve().is_relative_to(root):
        message = _("the key folder lies inside {folder}; point OBOLE_KEYS at a folder outside it.")
        raise KeyInBooks(message.format(folder=root.name))
    with _beside(root) as place:
        contents, key = _unpack(file, secret, place)
        if contents.key:
            require_name_free(contents.key, key)
        unpacked = place / "books"
        if contents.form > FORM:
            raise NewerBooks(Path(file.name))
        home = brought_home(unpacked)
        faults, old = _prove(unpacked, place, key)
        if faults and not faults_allowed:
            fault = many(
                "{file}: `obole check` finds {count} fault in what it holds, the first: {first}; nothing was changed. "
                "Take another backup, or put it back with its faults by --with-faults.",
                "{file}: `obole check` finds {count} faults in what it holds, the first: {first}; nothing was changed. "
                "Take another backup, or put it back with its faults by --with-faults.",
                len(faults),
            )
            raise NotRestored(fault.format(file=file.name, count=len(faults), first=faults[0]))
        with _unwritten(root, present=present):  # before a database keeps anything
            kept = _numbers_kept(unpacked, root, key) if present and not old else []
            move_stores(unpacked, servers, contents.key)
            os.sync()
            keep_key(contents.key, key)
            replaced = _move(unpacked, root, present=present)
    return Restored(root, contents.taken_at, contents.counts, replaced, old, faults, [*told(home, servers), *kept])


def _present(root: Path, *, replace: bool) -> bool:
    """Tell whether books stand in a folder; NotRestored where what stands there cannot be replaced."""
    if not root.parent.is_dir():
        message = _("{folder}: there is no such folder; make it, or choose another.")
        raise NotRestored(message.format(folder=root.parent))
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    if not (root / FILE_NAME).is_file():
        message = _("{folder}: holds other things than books; choose a new or an empty folder.")
        raise NotRestored(message.format(folder=root.name))
    if not replace:
        message = _(
            "{folder}: there are books here already; choose another folder, or add --replace, which keeps them beside."
        )
        raise NotRestored(message.format(folder=root.name))
    return True


@contextmanager
def _beside(root: Path) -> Iterator[Path]:
    """Make an empty folder beside the books that is gone afterwards; what a killed restore left there is removed."""
    place = root.parent / f".{root.name}.restoring"
    place.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = _("{folder}: another restore is at work here; wait until it is done.")
            raise NotRestored(message.format(folder=root.name)) from None
        for left in ("books", "rehearsal"):
            shutil.rmtree(place / left, ignore_errors=True)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class _Unpacked:
    """The members found in a backup so far; files of the books lie in `place` already."""

    name: str
    place: Path
    stores: Refilling
    members: dict[str, Member] = field(default_factory=dict)
    key: bytes = b""
    manifest: bytes = b""

    def take(self, name: str, content: BinaryIO | None) -> None:
        """Take one member; ManifestBroken for one that no backup holds."""
        if content is None or name in self.members or self.manifest:
            message = _("{file}: holds more than its manifest says; take another copy of it.")
            raise ManifestBroken(message.format(file=self.name))
        if name == MANIFEST:
            self.manifest = content.read()
        elif name.startswith(KEYS):
            self.key = content.read()
            self.members[name] = Member(name, len(self.key), hashlib.sha256(self.key).hexdigest())
        elif name.startswith(STORED):
            rows = content.read()
            self.stores.take(name, io.BytesIO(rows))
            self.members[name] = Member(name, len(rows), hashlib.sha256(rows).hexdigest())
        else:
            self.members[name] = _write(name, content, self.inside(name))

    def inside(self, name: str) -> Path:
        """Return where a member goes; ManifestBroken for a name that leads out of the books."""
        if not name.startswith(BOOKS) or ".." in name.split("/") or name.endswith("/"):
            message = _("{file}: holds a file that is no part of books; take another copy of it.")
            raise ManifestBroken(message.format(file=self.name))
        return self.place / name


def _unpack(file: Path, secret: Secret, place: Path) -> tuple[Contents, bytes]:
    """Unpack a backup into `place`/books and hold it against its manifest; the manifest and the key of the vault."""
    (place / "books").mkdir(mode=0o700)
    with Refilling(place / "books", file.name) as stores:
        found = _Unpacked(file.name, place, stores)
        _read_all(file, secret, found)
        contents = read_contents(found.manifest)
        if sorted(contents.members) != sorted(found.members.values()):
            message = _("{file}: holds other files than its manifest says; take another copy of it.")
            raise ManifestBroken(message.format(file=file.name))
        stores.keep()
    for name in contents.folders:
        found.inside(BOOKS + name).mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secret.value if secret.lock is Lock.VAULT_KEY else found.key
    if len(key) != KEY_BYTES or contents.key != Path(contents.key).name:
        message = _("{file}: holds no key of a vault; take another copy of it.")
        raise ManifestBroken(message.format(file=file.name))
    return contents, key


def _read_all(file: Path, secret: Secret, found: _Unpacked) -> None:
    """Take every member of a backup, and read on to its end, where a change is found too."""
    with file.open("rb") as opened:
        reader = EnvelopeReader(opened, file, read_head(opened, file), secret)
        packed = gzip.GzipFile(fileobj=cast("Any", reader), mode="rb")
        try:
            with tarfile.open(fileobj=cast("Any", packed), mode="r|") as archive:
                for member in archive:
                    found.take(member.name, cast("BinaryIO | None", archive.extractfile(member)))
            while packed.read(_BLOCK):
                pass
        except (tarfile.TarError, EOFError, gzip.BadGzipFile):
            raise NoBackup(changed_or_cut_off(file.name)) from None


def _write(name: str, content: BinaryIO, path: Path) -> Member:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while block := content.read(_BLOCK):
            out.write(block)
            digest.update(block)
            size += len(block)
    return Member(name, size, digest.hexdigest())


def _prove(unpacked: Path, place: Path, key: bytes) -> tuple[list[str], bool]:
    """Open the books of a backup and check them; what is wrong in sentences, and whether an earlier Obole made them."""
    old = False
    try:
        old = upgrade_needed(unpacked)
        proved = unpacked
        if old:
            proved = place / "rehearsal"
            shutil.copytree(unpacked, proved)
            upgrade(proved, key=key)
        found = open_books(proved)
        books = Books(found.folder, found.config, key)
        with books.writing():
            settle(books)
        faults = [fault for result in check_books(books) for fault in result.faults]
        books.register.dispose()
        books.vault.dispose()
    except OboleError as error:
        faults = [str(error).removesuffix(".")]
    return faults, old


@contextmanager
def _unwritten(root: Path, *, present: bool) -> Iterator[None]:
    """Hold the books that stand in a folder, where there are any; Busy where another process is writing to them."""
    with ExitStack() as held:
        if present:
            try:
                held.enter_context(found_books(root).writing())
            except Busy:
                raise
            except (
                OboleError
            ):  # broken, or without their server: often why a backup is put back; nobody works with them
                held.enter_context(writing(Folder(root)))
        yield


def _numbers_kept(unpacked: Path, root: Path, key: bytes) -> list[str]:
    """Let the books of a backup never give a number that the books in their place gave since; what is told of it."""
    with suppress(OboleError):  # broken settings, or a copy that its faults keep from being written
        found = open_books(unpacked)
        books = Books(found.folder, found.config, key)
        with books.writing():
            settle(books)
            numbers = keep_numbers_of(Books(Folder(root), load(root)), books)
        books.register.dispose()
        books.vault.dispose()
        if numbers:
            message = many(
                "The books that stood there had given {count} number of a receipt since, {year}/{number:06d}: it is "
                "set aside and never given again.",
                "The books that stood there had given {count} numbers of receipts since, from {year}/{number:06d} "
                "on: they are set aside and never given again.",
                len(numbers),
            )
            return [message.format(count=len(numbers), year=numbers[0].year, number=numbers[0].number)]
    return []


def _move(unpacked: Path, root: Path, *, present: bool) -> Path | None:
    """Give the books their place; where the books that stood there are now, None where there were none."""
    if not present:
        unpacked.rename(root)  # over an empty folder too
        sync_folder(root.parent)
        return None
    kept = _free_name(root)
    # First beside under the name that the old ones will have: killed before the exchange, nothing has changed.
    unpacked.rename(kept)
    sync_folder(root.parent)
    _exchange(kept, root)
    sync_folder(root.parent)
    return kept


def _free_name(root: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    names = (
        root.with_name(f"{root.name}-{stamp}{more}") for more in ("", *(f"-{number}" for number in range(2, 1000)))
    )
    return next(path for path in names if not path.exists())


_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # renameat2(2), Linux 3.15


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change names in one step; in two where the system knows no exchange."""
    call: Callable[..., int] | None = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is not None:
        if call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
            return
        if ctypes.get_errno() not in (errno.ENOSYS, errno.EINVAL):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(other))
    between = one.with_name(f"{one.name}-before")
    other.rename(between)
    one.rename(other)
    between.rename(one)
