"""Transactions as text: the journal file of one document; and writing files so that they are there whole or not."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from ledger.errors import OboleError
from ledger.money import to_decimal
from ledger.words import _


@dataclass(frozen=True, slots=True)
class Line:
    """One posting: account code, cents with debit positive, and metadata printed below it."""

    account: str
    cents: int
    meta: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction; its lines add up to zero. `payee` and `narration` never hold a person's name."""

    day: date
    narration: str
    lines: tuple[Line, ...]
    payee: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    meta: Mapping[str, str | int] = field(default_factory=dict)


class Unbalanced(ValueError):
    """An entry whose lines do not add up to zero: a fault of ours, never of the data."""


def render(entries: Iterable[Entry], paths: Mapping[str, str], heading: str) -> str:
    """Return the text of a journal file; `paths` gives the Beancount account of each code."""
    blocks = [f"; {_printable(heading)}\n"]
    for entry in entries:
        if sum(line.cents for line in entry.lines) != 0:
            raise Unbalanced(
                _("{heading}: the entry of {day} does not add up to zero").format(heading=heading, day=entry.day)
            )
        head = [entry.day.isoformat(), "*"]
        if entry.payee:
            head.append(quote(entry.payee))
        head.append(quote(entry.narration))
        head += [f"#{tag}" for tag in entry.tags] + [f"^{link}" for link in entry.links]
        lines = [" ".join(head)]
        lines += [f"  {key}: {_value(value)}" for key, value in entry.meta.items()]
        for line in entry.lines:
            lines.append(f"  {paths[line.account]}  {to_decimal(line.cents)} EUR")
            lines += [f"    {key}: {_value(value)}" for key, value in line.meta.items()]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def quote(text: str) -> str:
    """Return a text as a Beancount string: quotes and backslashes escaped, control characters made spaces."""
    return '"' + _printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


def _value(value: str | int) -> str:
    return str(value) if isinstance(value, int) else quote(value)


def digest(text: str) -> str:
    """Return SHA-256 of a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def write_temporary(path: Path, content: bytes | Callable[[BinaryIO], None]) -> Path:
    """Write beside `path` under a temporary name, synced to disk; `settle` renames it.

    `content` is the bytes, or what writes them; where that raises an error, nothing is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(path)
    try:
        with temporary.open("wb") as out:
            if isinstance(content, bytes):
                out.write(content)
            else:
                content(out)
            out.flush()
            os.fsync(out.fileno())
    except (OSError, OboleError):
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def temporary_name(path: Path) -> Path:
    """Return where a file waits until it is settled."""
    return path.with_name(f".{path.name}.new")


def settle(path: Path) -> None:
    """Give a temporary file its name; the folder is synced by `sync_folder`."""
    temporary_name(path).replace(path)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, content: bytes | Callable[[BinaryIO], None]) -> None:
    """Replace a file in one step: after a crash it has the old content or the new."""
    write_temporary(path, content)
    settle(path)
    sync_folder(path.parent)
