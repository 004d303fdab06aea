"""The archived source files: sealed with the key of the vault, known by the SHA-256 of what was taken in.

    magic 16 | salt 16 | chunks (`ledger.vault.chunks`), bound to both

They hold names, addresses and accounts, so none stands on the disk in clear; whatever reads one again reads it here.
Each has a key of its own (HKDF, RFC 5869, of the vault's key and the salt). One that stands in clear is read as it
is: books of an earlier Obole have such until `obole upgrade` seals them.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import BinaryIO

from ledger.errors import OboleError
from ledger.vault.chunks import CHUNK, ChunkReader, ChunkWriter
from ledger.vault.key import Sealer
from ledger.words import _

MAGIC = b"OBOLE SOURCE  1\n"
_SALT = 16


class SourceDamaged(OboleError):
    """An archived source that is not as it was sealed."""

    def __init__(self, file: str) -> None:
        super().__init__(
            _(
                "{file}: this archived source was changed or cut off, or was sealed with the key of other books; "
                "restore it from your backup."
            ).format(file=file)
        )


class SourceChanged(OboleError):
    """A source file that changed between being read and being archived."""


def is_sealed(path: Path) -> bool:
    """Tell whether a file is a sealed source, by its beginning; OSError where it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class Archive:
    """The archived sources in the folder `root`, read and written by the key that `sealer` gives when it is needed.

    KeyMissing, and the errors of `sealer`, where a sealed file is read or one is written without the right key.
    """

    def __init__(self, root: Path, sealer: Callable[[], Sealer]) -> None:
        self._root = root
        self._sealer = sealer

    @contextmanager
    def opened(self, path: Path) -> Iterator[BinaryIO]:
        """Yield the clear bytes of a file as a stream; SourceDamaged as soon as a part is not what was sealed."""
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                file.seek(0)
                yield file
                return
            salt = file.read(_SALT)
            name = path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else path.name
            if len(salt) != _SALT:
                raise SourceDamaged(name)
            key = self._sealer().file_key(salt)
            yield BufferedReader(ChunkReader(file, key, MAGIC + salt, lambda: SourceDamaged(name)), CHUNK)

    def read(self, path: Path) -> bytes:
        """Return the clear bytes of a file."""
        with self.opened(path) as file:
            return file.read()

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of the clear bytes of a file."""
        digest = hashlib.sha256()
        with self.opened(path) as file:
            while block := file.read(CHUNK):
                digest.update(block)
        return digest.hexdigest()

    def sealing(self, name: str, content: bytes | BinaryIO, digest: str) -> Callable[[BinaryIO], None]:
        """Return what writes a file sealed, hashed in the same pass; SourceChanged where its SHA-256 is not `digest`.

        The key is asked for now: what is returned may run in a thread of its own. `name` is how it is told.
        """
        salt = os.urandom(_SALT)
        key = self._sealer().file_key(salt)

        def write(out: BinaryIO) -> None:
            source = BytesIO(content) if isinstance(content, bytes) else content
            hashed = hashlib.sha256()
            with ChunkWriter(out, key, MAGIC + salt) as sealed:
                while block := source.read(CHUNK):
                    hashed.update(block)
                    sealed.write(block)
            if hashed.hexdigest() != digest:
                message = _("{file}: it changed while it was taken in; take it in again.")
                raise SourceChanged(message.format(file=name))

        return write
