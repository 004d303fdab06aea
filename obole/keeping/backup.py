"""`obole backup`: one file that holds a whole set of books and the key of its vault, taken while others work.

The stores are held still for the moments in which they and the small files are copied, and those on a server for the
moment in which a snapshot of each begins; what is written once and never changed (journal, documents, receipts) is
copied afterwards, as the register that was copied names it. Nothing that holds a name ever stands on the disk in
clear: the copies have no name in any folder and are gone with the process, and the rows of a server pass as a stream.
"""

import fcntl
import gzip
import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple, cast

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ledger.archive import SourceDamaged, is_sealed
from ledger.clock import posting_time
from ledger.engines import cause_of
from ledger.errors import OboleError
from ledger.given import real_place, require_target
from ledger.journal import sync_folder, temporary_name
from ledger.pairing import Apart, Stands, relation
from ledger.register.inventory import Counted, PostedFile, count_all, posted_files
from ledger.register.stand import stand_of
from ledger.snapshot import held_still, snapshot
from ledger.store import HEADS, STORES, StoreName, store_version
from ledger.vault.intent import vault_stand_of
from ledger.vault.key import read_key
from obole.books.form import form_of
from obole.books.opened import Books
from obole.keeping.contents import BOOKS, KEYS, MANIFEST, Contents, Member
from obole.keeping.dump import blocks_of
from obole.keeping.envelope import EnvelopeWriter, Lock, Secret
from obole.words import _

Progress = Callable[[str, int, int], None]

_PART = ".obole-part"  # how a backup that is being written is called
_BLOCK = 1 << 20
# What a command has not finished, and what is nobody's: never a part of the books.
_PASSING = re.compile(r"^\..*\.new$|^[0-9].*\.new$|^\.obole\.lock$|^\.obole-work-|-journal$|^__pycache__$")
_ONCE = ("journal", "documents", "receipts")  # written once under their names and never changed
_SMALL = 1 << 20
_PATIENCE = 600.0  # seconds that a backup of stores on a server waits for who is writing


class NotBackedUp(OboleError):
    """A backup that cannot be made so."""


@dataclass(slots=True)
class BackedUp:
    """A backup that was made: its file and size, what it holds, and what of the books was not as posted."""

    path: Path
    bytes: int
    counts: Counted
    files: int
    faults: list[str] = field(default_factory=list)


def vault_secret(books: Books) -> Secret:
    """Return the key of the vault as what closes a backup beside the books; KeyMissing where it is not there."""
    return Secret(Lock.VAULT_KEY, _right_key(books), books.config.key)


def _right_key(books: Books) -> bytes:
    """Return the key of the vault; WrongKey where the vault knows that it is another, KeyMissing where it is none."""
    key = read_key(books.config.key)
    if store_version(books.address("vault"), "vault") == HEADS["vault"]:
        books.sealer.mark(books.config.key)  # opened, and so held against the vault
    return key


def back_up(
    books: Books, path: Path, secret: Secret, progress: Progress | None = None, *, held: bool = False
) -> BackedUp:
    """Write a backup of the books into a new file; NotBackedUp where it cannot stand there or a store cannot be read.

    Others go on working: nobody waits for longer than the stores and the settings take to be copied. Where a store
    lies on a server, the books are held for writing until its snapshot has begun, unless the caller has them `held`;
    Busy where another writes for longer than a backup waits.
    """
    path = path.absolute()
    _refuse(books, path)
    key = _right_key(books)
    with _new_file(path) as out, TemporaryFile(dir=path.parent) as spool, ExitStack() as snapshots:
        still = _stand_still(books, cast("BinaryIO", spool), snapshots, held=held)
        writer = _Archive(out, secret, progress, len(still.files))
        _dump(writer, still)
        snapshots.close()  # a server keeps what others delete for as long as a snapshot lasts
        faults = _fill(writer, books, still, key if secret.lock is Lock.PASSPHRASE else b"")
        writer.close(still)
        size = out.tell()
    return BackedUp(path, size, still.counts, len(still.files), faults)


def _refuse(books: Books, path: Path) -> None:
    """Raise NotBackedUp where the stores are missing or the file cannot stand."""
    for name in STORES:
        file = books.embedded(name)
        if file is not None and not file.exists():
            message = _("{file}: the {store} of these books is missing; restore it from an earlier backup.")
            raise NotBackedUp(message.format(file=file.name, store=name))
    if real_place(path).is_relative_to(books.folder.root):
        message = _("{file}: lies inside the books, which it would copy; choose a folder outside them.")
        raise NotBackedUp(message.format(file=path.name))
    require_target(path)
    if path.exists():
        message = _("{file}: is there already, and a backup replaces no other; choose another name.")
        raise NotBackedUp(message.format(file=path.name))
    if not path.parent.is_dir():
        message = _("{folder}: there is no such folder; make it, or choose another.")
        raise NotBackedUp(message.format(folder=path.parent))


class _Spooled(NamedTuple):
    """A file that was copied while everything stood still: where its bytes lie in the spool."""

    start: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Still:
    """The books at one instant: what the register names, what there was, and copies of all that may change."""

    taken_at: str
    form: int
    versions: dict[str, str]
    key: str
    counts: Counted
    posted: dict[str, str]
    files: tuple[str, ...]
    folders: tuple[str, ...]
    copies: dict[str, _Spooled]
    faults: list[str]
    spool: BinaryIO
    snapshots: dict[StoreName, Connection]  # of stores on a server, open until they are copied


def _stand_still(books: Books, spool: BinaryIO, snapshots: ExitStack, *, held: bool) -> _Still:
    """Copy what may change and begin the snapshots of what lies on a server, which `snapshots` ends."""
    root = books.folder.root
    with ExitStack() as moment:
        if not held and None in map(books.embedded, STORES):
            moment.enter_context(books.writing(_PATIENCE))
        versions: dict[str, str] = {name: store_version(books.address(name), name) or "" for name in STORES}
        copies: dict[str, _Spooled] = {}
        seen = {
            name: snapshots.enter_context(snapshot(books.address(name), name))
            for name in STORES
            if books.embedded(name) is None
        }
        stores = {**seen, **_copy_embedded(books, copies, spool, moment)}
        faults = _apart(books, versions, stores)
        posted, counts = posted_files(stores["register"]), count_all(stores["register"])
        files, folders = _walk(root)
        # A file of the name that lies there has nothing of a store on a server.
        files = [one for one in files if one not in {_file_of(books, name).name for name in seen}]
        for one in files:
            if one not in copies and one.split("/")[0] not in _ONCE and (root / one).stat().st_size <= _SMALL:
                with (root / one).open("rb") as file:
                    copies[one] = _copied(file, spool)
    return _Still(
        posting_time(),
        form_of(root),
        versions,
        books.config.key,
        counts,
        dict(map(_pair, posted)),
        tuple(sorted({*files, *copies, *(one.path for one in posted)})),
        tuple(sorted(folders)),
        copies,
        faults,
        spool,
        seen,
    )


def _apart(books: Books, versions: Mapping[str, str], stores: Mapping[StoreName, Connection]) -> list[str]:
    """Return in a sentence that register and vault are not of the same moment, where one of them was put back."""
    if any(versions[name] != HEADS[name] for name in STORES):
        return []  # stores of before have no word of it; `obole upgrade` looks
    try:
        relation(Stands(stand_of(stores["register"]), vault_stand_of(stores["vault"])), books.store_names)
    except Apart as error:
        return [str(error).removesuffix(".")]
    return []


def _copy_embedded(
    books: Books, copies: dict[str, _Spooled], spool: BinaryIO, moment: ExitStack
) -> dict[StoreName, Connection]:
    """Copy the stores that lie in the books, still for the `moment`; a connection to each of them."""
    found = {name: _file_of(books, name) for name in STORES if books.embedded(name) is not None}
    stores = list(found.values())
    # Opened before and closed after: to close a file makes SQLite's locks on it void for the whole process.
    opened = [moment.enter_context(path.open("rb")) for path in stores]
    connections = moment.enter_context(held_still(*stores))
    for path, file in zip(stores, opened, strict=True):
        copies[path.name] = _copied(file, spool)
    return dict(zip(found, connections, strict=True))


def _file_of(books: Books, name: StoreName) -> Path:
    """Return where a store lies that is embedded."""
    return books.folder.register if name == "register" else books.folder.vault


def _dump(writer: "_Archive", still: _Still) -> None:
    """Put the rows of the stores on a server into the archive as they come."""
    for name, connection in still.snapshots.items():
        try:
            for member, block in blocks_of(connection, name, still.versions[name]):
                writer.add(member, io.BytesIO(block), len(block))
        except SQLAlchemyError as error:
            message = _("{store}: its server stopped answering while it was copied ({cause}); try again when it does.")
            raise NotBackedUp(message.format(store=name, cause=cause_of(error))) from None


def _pair(file: PostedFile) -> tuple[str, str]:
    return file.path, file.digest


def _copied(file: BinaryIO, spool: BinaryIO) -> _Spooled:
    start = spool.tell()
    shutil.copyfileobj(file, spool, _BLOCK)
    return _Spooled(start, spool.tell() - start)


def _walk(root: Path) -> tuple[list[str], list[str]]:
    """Return the files and folders below the books, relative, without what is passing; links are followed once."""
    files: list[str] = []
    folders: list[str] = []
    seen: set[Path] = set()
    for place, names, others in os.walk(root, followlinks=True):
        here = Path(place)
        real = here.resolve()
        if real in seen:
            names.clear()
            continue
        seen.add(real)
        names[:] = sorted(name for name in names if not _PASSING.search(name))
        relative = here.relative_to(root)
        folders += [(relative / name).as_posix() for name in names]
        files += [
            (relative / name).as_posix() for name in others if not _PASSING.search(name) and (here / name).is_file()
        ]
    return files, folders


def _fill(writer: "_Archive", books: Books, still: _Still, key: bytes) -> list[str]:
    """Put every file into the archive; what is not as the register says, in sentences."""
    faults = list(still.faults)
    if key:
        writer.add(f"{KEYS}{still.key}.key", io.BytesIO(key), len(key))
    for name in still.files:
        copy = still.copies.get(name)
        if copy is not None:
            still.spool.seek(copy.start)
            writer.add(BOOKS + name, still.spool, copy.bytes)
            continue
        file = _open(books.folder.root / name)
        if file is None:
            told = _("{file}: is missing") if name in still.posted else _("{file}: was removed meanwhile")
            faults.append(told.format(file=name))
            continue
        with file:
            digest = writer.add(BOOKS + name, file, os.fstat(file.fileno()).st_size)
        posted = still.posted.get(name, digest)
        if posted != digest and posted != _clear_digest(books, name):
            faults.append(_("{file}: was changed since it was posted").format(file=name))
    return faults


def _clear_digest(books: Books, name: str) -> str | None:
    """Return the SHA-256 of what a sealed source holds; None of any other file, and of one that cannot be opened."""
    path = books.folder.root / name
    path = path if path.exists() else temporary_name(path)
    with suppress(OSError, SourceDamaged):
        return books.archive.digest(path) if is_sealed(path) else None
    return None


def _open(path: Path) -> BinaryIO | None:
    """Open a file, that has its name already or not yet; None where there is none."""
    for one in (path, temporary_name(path), path):  # it may get its name between the first look and the second
        with suppress(FileNotFoundError):
            return one.open("rb")
    return None


class _Digesting:
    """Reads a file and remembers the SHA-256 of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        return data


class _Archive:
    """A compressed archive inside an envelope, written as a stream, with its manifest at the end."""

    def __init__(self, out: BinaryIO, secret: Secret, progress: Progress | None, total: int) -> None:
        self._envelope = EnvelopeWriter(out, secret)
        # Level 1: receipts are compressed already, and the stores get no smaller than a tenth more.
        self._packed = gzip.GzipFile(fileobj=self._envelope, mode="wb", compresslevel=1, mtime=0)
        self._tar = tarfile.open(fileobj=cast("Any", self._packed), mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._members: list[Member] = []
        self._progress = progress
        self._total = total

    def add(self, name: str, file: BinaryIO, size: int) -> str:
        """Add so many bytes of a file under a name; their SHA-256."""
        reading = _Digesting(file)
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, cast("Any", reading))
        digest = reading.sha256.hexdigest()
        self._members.append(Member(name, size, digest))
        if self._progress is not None:
            self._progress("", len(self._members), self._total)
        return digest

    def close(self, still: _Still) -> None:
        """Add the manifest and end the file."""
        contents = Contents(
            still.taken_at,
            version("obole"),
            still.form,
            still.versions,
            still.key,
            still.counts,
            still.folders,
            tuple(self._members),
        ).encoded()
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(contents), 0o600
        self._tar.addfile(member, io.BytesIO(contents))
        self._tar.close()
        self._packed.close()
        self._envelope.close()


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file that has its name only when all of it is on the disk; only its owner may read it."""
    _sweep(path.parent)
    part = path.with_name(f".{path.name}{_PART}")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = _("{file}: is being written already; wait until that is done.")
            raise NotBackedUp(message.format(file=path.name)) from None
        try:
            out.truncate(0)
            yield out
            out.flush()
            os.fsync(out.fileno())
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def _sweep(folder: Path) -> None:
    """Remove what a killed backup left in a folder; one that is being written is left alone."""
    for part in folder.glob(f".*{_PART}"):
        with suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
