"""The key of the vault, kept outside the books, and what is sealed with it."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.errors import OboleError
from ledger.journal import sync_folder
from ledger.words import _

_NONCE_BYTES = 12  # AES-GCM, NIST SP 800-38D section 8.2

KEY_BYTES = 32
_MARK = 8  # letters of a fingerprint that a person compares


class KeyMissing(OboleError):
    """The key of the vault is not where it should be, or is not the right one."""


class WrongKey(KeyMissing):
    """A key under the right name that is not the one by which the vault was sealed."""

    def __init__(self, name: str, found: str, expected: str) -> None:
        super().__init__(
            _(
                "{name}.key in the key folder is not the key that this vault was sealed with (its mark is {found}, "
                "the vault expects {expected}); nothing was sealed with it. Put the right {name}.key back from your "
                "backup, or point OBOLE_KEYS at the folder that holds it."
            ).format(name=name, found=found[:_MARK], expected=expected[:_MARK])
        )


class KeyInBooks(OboleError):
    """A key folder inside the books: whoever copies the books would have the key."""


def keys_folder() -> Path:
    """Return where key files lie: OBOLE_KEYS, else the user's configuration folder. Never inside the books."""
    given = os.environ.get("OBOLE_KEYS")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "obole" / "keys"


def create_key(name: str, books: Path | None = None) -> Path:
    """Make a key file that only this user can read, or keep the one there is; KeyInBooks where it would lie in them."""
    folder = keys_folder()
    if books is not None and folder.resolve().is_relative_to(books.resolve()):
        raise KeyInBooks(
            _("the key folder lies inside the books {name}; point OBOLE_KEYS at a folder outside them.").format(
                name=books.name
            )
        )
    path = folder / f"{name}.key"
    if not path.exists():
        _write_key(path, secrets.token_bytes(KEY_BYTES))
    return path


class KeyTaken(OboleError):
    """Another key has the name that a key must have."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _(
                "another key than that of the backup is called {name}.key in the key folder; move it away, or "
                "point OBOLE_KEYS at another folder."
            ).format(name=name)
        )


def read_key(name: str) -> bytes:
    """Return the key of the key file `name`; KeyMissing where there is none or it is no key."""
    path = keys_folder() / f"{name}.key"
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (FileNotFoundError, PermissionError):
        raise KeyMissing(
            _(
                "the key {name}.key of this vault is not in the key folder; restore it from your backup, or "
                "point OBOLE_KEYS at the folder that holds it."
            ).format(name=name)
        ) from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyMissing(
            _("{name}.key is not a key of {count} bytes; restore it from your backup.").format(
                name=name, count=KEY_BYTES
            )
        )
    return key


def require_name_free(name: str, key: bytes) -> None:
    """KeyTaken where the key folder has another key under this name."""
    path = keys_folder() / f"{name}.key"
    if path.exists() and path.read_bytes().strip() != key.hex().encode():
        raise KeyTaken(name)


def keep_key(name: str, key: bytes) -> Path:
    """Put a key into the key folder, where it may be already; KeyTaken where another has its name."""
    path = keys_folder() / f"{name}.key"
    if not path.exists():
        _write_key(path, key)
    require_name_free(name, key)
    return path


def _write_key(path: Path, key: bytes) -> None:
    """Write a key file whole or not at all (half a key would be kept for ever), never over another."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex()}.new")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write(key.hex() + "\n")
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(temporary)  # unlike a rename, never replaces a key
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


class Sealer:
    """Encrypts and decrypts small texts with the key of the vault; `context` binds a text to the row it stands in."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(key)
        self._mark_key = hashlib.sha256(b"mark" + key).digest()

    @classmethod
    def open(cls, name: str) -> "Sealer":
        """Return the sealer of the key file `name`; KeyMissing where there is none."""
        return cls(read_key(name))

    def seal(self, plain: str, context: str) -> bytes:
        """Encrypt; the same text gives another result each time."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain.encode(), context.encode())

    def open_sealed(self, sealed: bytes, context: str) -> str:
        """Decrypt; KeyMissing where key or context are not those it was sealed with."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError):  # ValueError: too short to have been sealed
            raise KeyMissing(
                _("{context}: cannot be decrypted with this key; restore the key the vault was made with.").format(
                    context=context
                )
            ) from None

    def file_key(self, salt: bytes) -> bytes:
        """Return the key of one archived file, another for each salt."""
        return HKDF(SHA256(), KEY_BYTES, salt, b"obole source").derive(self._key)

    @property
    def check_value(self) -> str:
        """Return the fingerprint by which a vault knows its key; nothing of the key can be learnt from it."""
        return self.mark("key-check")

    def mark(self, text: str) -> str:
        """Return a keyed fingerprint, to find the same number twice without decrypting."""
        return hmac.new(self._mark_key, text.encode(), hashlib.sha256).hexdigest()[:32]
