"""Describe a backup beside its files: a manifest with the SHA-256 of each of them and of the whole."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from ledger.errors import OboleError
from ledger.register.inventory import Counted
from obole.words import _

MANIFEST = "manifest.json"
BOOKS, KEYS, STORED = "books/", "keys/", "stores/"  # files, the key, rows of a store on a server


class ManifestBroken(OboleError):
    """A backup does not hold what it says of itself."""


class Member(NamedTuple):
    """A file in a backup: its name there, its size in bytes, its SHA-256."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The manifest: all that a backup says of itself."""

    taken_at: str
    obole: str
    form: int
    versions: dict[str, str]
    key: str
    counts: Counted
    folders: tuple[str, ...]
    members: tuple[Member, ...]

    def encoded(self) -> bytes:
        """Return the manifest as it stands in a backup."""
        content = asdict(self) | {
            "counts": self.counts._asdict(),
            "members": [member._asdict() for member in self.members],
            "whole": digest_of_whole(self.members),
        }
        return (json.dumps(content, indent=1) + "\n").encode()  # in ASCII: a file's name may be no text at all


def digest_of_whole(members: Sequence[Member]) -> str:
    """Return the SHA-256 over the lines `sha256  name` of all members, ordered, as sha256sum writes them."""
    lines = "".join(f"{one.sha256}  {one.name}\n" for one in sorted(members))
    return hashlib.sha256(lines.encode(errors="surrogateescape")).hexdigest()


def read_contents(text: bytes) -> Contents:
    """Read a manifest; ManifestBroken where it does not say what it must."""
    try:
        content: dict[str, Any] = json.loads(text)
        whole = content.pop("whole")
        members = tuple(Member(**one) for one in content.pop("members"))
        counts = Counted(**content.pop("counts"))
        folders = tuple(content.pop("folders"))
        contents = Contents(counts=counts, members=members, folders=folders, **content)
    except (ValueError, KeyError, TypeError, AttributeError):
        contents = None
    if contents is None or whole != digest_of_whole(contents.members):
        raise ManifestBroken(_("the manifest of this backup cannot be read; take another copy of it."))
    return contents
