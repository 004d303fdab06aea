"""A file that only its passphrase opens: AES-256-GCM over numbered chunks, so that it is written and read as a stream.

    magic 16 | lock 1 | log2 of scrypt's n 1 | salt 16 | length of name 1 | name of the key | proof of the key 16
    then chunks (`ledger.vault.chunks`), each bound to all that stands above

The key comes from a passphrase (scrypt, RFC 7914) or from the key of a vault (HKDF, RFC 5869); the salt makes it
another one for each file.
"""

import hmac
import os
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ledger.errors import OboleError
from ledger.vault.chunks import ChunkReader, ChunkWriter
from obole.words import _

MAGIC = b"OBOLE BACKUP  1\n"
_SALT, _PROOF, _KEY = 16, 16, 32
LOG_N = 17  # 128 MiB and a third of a second for each guess
_LOG_N_KNOWN = range(14, 21)  # a changed byte must not ask for all the memory there is


class NoBackup(OboleError):
    """A file that is no backup, or none that can be trusted any more."""


class WrongPassphrase(OboleError):
    """A passphrase or key that is not the one of the file."""


class Lock(IntEnum):
    """The kind of secret that opens a file."""

    PASSPHRASE = 1
    VAULT_KEY = 2


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that closes a file: a passphrase, or the key of a vault under its name."""

    lock: Lock
    value: bytes
    name: str = ""


def changed_or_cut_off(file: str) -> str:
    """Say that a backup is not as it was written."""
    return _("{file}: this backup was changed or cut off; take another copy of it.").format(file=file)


def passphrase(text: str) -> Secret:
    """Return a passphrase as a secret, the same whatever keyboard wrote its accents."""
    return Secret(Lock.PASSPHRASE, unicodedata.normalize("NFC", text).encode())


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file, in clear: what opens it."""

    lock: Lock
    log_n: int
    salt: bytes
    name: str

    def encoded(self) -> bytes:
        """Return the bytes that stand in the file, without the proof of the key."""
        name = self.name.encode()
        return MAGIC + bytes([self.lock, self.log_n]) + self.salt + bytes([len(name)]) + name

    def key(self, secret: Secret) -> bytes:
        """Return the key of the file."""
        if self.lock is Lock.PASSPHRASE:
            return Scrypt(salt=self.salt, length=_KEY, n=1 << self.log_n, r=8, p=1).derive(secret.value)
        return HKDF(SHA256(), _KEY, self.salt, b"obole backup").derive(secret.value)


def _proof(key: bytes, head: bytes) -> bytes:
    """Return what tells a wrong passphrase from a changed file, and binds the file to one key."""
    return HKDF(SHA256(), _PROOF, None, b"obole backup proof" + head).derive(key)


class EnvelopeWriter(ChunkWriter):
    """Writes what it is given into `out`, encrypted; `close` writes the last chunk, without which nothing opens."""

    def __init__(self, out: BinaryIO, secret: Secret) -> None:
        head = Head(secret.lock, LOG_N, os.urandom(_SALT), secret.name)
        key = head.key(secret)
        super().__init__(out, key, head.encoded() + _proof(key, head.encoded()))


def read_head(file: BinaryIO, path: Path) -> Head:
    """Read the beginning of a file up to the proof; NoBackup where it is none."""
    found = file.read(len(MAGIC))
    if found != MAGIC:
        message = _("{file}: not a backup of Obole, or its beginning was changed; take another copy of it.")
        raise NoBackup(message.format(file=path.name))
    fixed = file.read(2 + _SALT + 1)
    name = file.read(fixed[-1]) if len(fixed) == 2 + _SALT + 1 else b""
    try:
        head = Head(Lock(fixed[0]), fixed[1], fixed[2:-1], name.decode())
    except (IndexError, ValueError):
        head = None
    if head is None or head.log_n not in _LOG_N_KNOWN or len(name) != fixed[-1] or len(head.salt) != _SALT:
        message = _("{file}: the beginning of this backup was changed or cut off; take another copy of it.")
        raise NoBackup(message.format(file=path.name))
    return head


class EnvelopeReader(ChunkReader):
    """Reads what an EnvelopeWriter wrote; NoBackup as soon as a chunk is not what was written."""

    def __init__(self, file: BinaryIO, path: Path, head: Head, secret: Secret) -> None:
        key = head.key(secret)
        proof = file.read(_PROOF)
        if not hmac.compare_digest(proof, _proof(key, head.encoded())):
            if head.lock is Lock.PASSPHRASE:
                message = _("{file}: the passphrase is not the one of this backup, or its beginning was changed.")
            else:
                message = _("{file}: the key {key}.key is not the one of this backup, or its beginning was changed.")
            raise WrongPassphrase(message.format(file=path.name, key=head.name))
        super().__init__(file, key, head.encoded() + proof, lambda: NoBackup(changed_or_cut_off(path.name)))
