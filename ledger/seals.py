"""The seal of a closed year: the SHA-256 of every journal file of it and of its rows in the register.

Kept as `seals/<year>.json`, readable without Obole: an auditor checks it with `sha256sum` and one SQL query.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from ledger import journal
from ledger.errors import OboleError
from ledger.register.documents import all_documents
from ledger.words import _


class AlreadySealed(OboleError):
    """A year that has its seal."""


class NotASeal(OboleError):
    """A file among the seals that is none."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A closed year: its files and the digests of its documents' rows, by path and by name."""

    year: int
    files: Mapping[str, str]
    documents: Mapping[str, str]


def make_seal(root: Path, connection: Connection, year: int) -> Seal:
    """Return what the seal of a year would be now."""
    files = {
        path.relative_to(root).as_posix(): _sha256(path)
        for folder in (root / "journal" / str(year), root / "manual")
        for path in sorted(folder.glob("*.beancount"))
        if folder.name == str(year) or path.stem == str(year)
    }
    rows = {
        row.name: hashlib.sha256(f"{row.digest}|{row.rows_digest}".encode()).hexdigest()
        for row in all_documents(connection)
        if row.last_day.year == year
    }
    return Seal(year, files, rows)


def missing_seals(folder: Path, closed: Mapping[int, str]) -> Iterator[str]:
    """Yield seals that are gone or are not those of the closing; `closed` is what the register has of closed years."""
    for year, digest in closed.items():
        path = folder / f"{year}.json"
        if not path.exists():
            yield _("{year} is closed: its seal {name} is missing; restore it from your backup").format(
                year=year, name=path.name
            )
        elif _sha256(path) != digest:
            yield _("{year} is closed: its seal {name} is not that of the closing; restore it from your backup").format(
                year=year, name=path.name
            )


def write_seal(folder: Path, seal: Seal) -> Path:
    """Put a seal on disk; AlreadySealed where the year has one."""
    path = folder / f"{seal.year}.json"
    if path.exists():
        raise AlreadySealed(_("{year} is closed already; verify it with `obole verify`.").format(year=seal.year))
    content = {"year": seal.year, "files": dict(seal.files), "documents": dict(seal.documents)}
    journal.write_whole(path, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())
    return path


def read_seals(folder: Path) -> dict[int, Seal]:
    """Return the seals in a folder by year; NotASeal where one is not readable."""
    seals = [read_seal(path) for path in seal_files(folder)]
    return {seal.year: seal for seal in seals}


def seal_files(folder: Path) -> list[Path]:
    """Return the files that should be seals, by year."""
    return sorted(folder.glob("*.json"))


def read_seal(path: Path) -> Seal:
    """Return one seal; NotASeal where the file is none, or is that of another year."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        seal = Seal(content["year"], content["files"], content["documents"])
        digests = {**seal.files, **seal.documents}.values()
        if isinstance(seal.year, int) and path.stem == str(seal.year) and all(isinstance(one, str) for one in digests):
            return seal
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise NotASeal(_("{name}: not the seal of a year; restore it from your backup.").format(name=path.name))


def seal_faults(root: Path, seal: Seal) -> Iterator[str]:
    """Yield files of a sealed year that changed, went missing or were added."""
    for relative, digest in seal.files.items():
        path = root / relative
        if not path.is_file():
            yield _("{year} is closed: {relative} is missing; restore it from your backup").format(
                year=seal.year, relative=relative
            )
        elif _sha256(path) != digest:
            yield _("{year} is closed: {relative} was changed; restore it from your backup").format(
                year=seal.year, relative=relative
            )
    for path in sorted((root / "journal" / str(seal.year)).glob("*.beancount")):
        relative = path.relative_to(root).as_posix()
        if relative not in seal.files:
            yield _("{year} is closed: {relative} was added; post it in an open year").format(
                year=seal.year, relative=relative
            )


def register_faults(connection: Connection, seal: Seal) -> Iterator[str]:
    """Yield documents of a sealed year that changed, went missing or were added in the register."""
    now = {
        row.name: hashlib.sha256(f"{row.digest}|{row.rows_digest}".encode()).hexdigest()
        for row in all_documents(connection)
        if row.last_day.year == seal.year
    }
    for name in sorted(now.keys() | seal.documents.keys()):
        if now.get(name) != seal.documents.get(name):
            yield _("{year} is closed: document {name} is not what was sealed").format(year=seal.year, name=name)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
