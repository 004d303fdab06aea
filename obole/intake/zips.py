"""Files given as a zip, as banks and portals hand them out: each file inside is taken as one of its own.

They are unpacked into a passing folder (of the books, where there are some), and told as `ZIP/NAME`. A zip
from outside is not trusted: sizes are counted while it is unpacked, names lead nowhere but into that folder, what is
encrypted, damaged or a zip again is told and left out. A file that the books archived, which is sealed there
(`ledger.archive`), is opened in such a folder too.
"""

import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from importers.bank.elements import LIMIT
from ledger.archive import Archive, is_sealed
from ledger.errors import Fault, OboleError
from ledger.passing import passing_folder, writable
from ledger.signs import one_line
from obole.words import _

_FILES = 10_000  # more than a year of files of several accounts


_WHOLE = 2 * LIMIT  # of all files together


_RATIO = 250  # XML of a bank is a tenth of its size when packed, very even ones a hundredth


_FREE = 16 * 1024 * 1024  # below it the ratio says nothing


_BLOCK = 1024 * 1024


_ENCRYPTED = 0x1


_UNSAFE = re.compile(r"^/|^[A-Za-z]:|\\|[\x00-\x1f\x7f]|(?:^|/)\.\.(?:/|$)")


# Files of these kinds are zips themselves: what their first entries are called.
_OFFICE = frozenset({"[Content_Types].xml", "mimetype"})


@dataclass(slots=True)
class Unpacked:
    """The files given, those of a zip in its place; `names` is how these are told, `refused` what was not unpacked."""

    files: list[Path] = field(default_factory=list)
    names: dict[Path, str] = field(default_factory=dict)
    refused: list[tuple[str, Fault]] = field(default_factory=list)

    def name(self, path: Path) -> str:
        """Return how a file is told: by its name, never its folder."""
        return self.names.get(path, path.name)


class _Refused(Exception):
    """Why a zip, or a file in it, is not unpacked."""


@contextmanager
def unpacked(paths: Iterable[Path], books: Path | None, archive: Archive | None) -> Iterator[Unpacked]:
    """Yield the files with each zip opened in a folder of the books; what was unpacked is gone afterwards.

    Without books, or where nothing can be written to them, the system's folder for passing files takes it. What the
    books sealed is opened by their `archive`.
    """
    given = Unpacked()
    with ExitStack() as unpacking:
        for path in paths:
            sealed = _is_sealed(path)
            if not sealed and not is_zip(path):
                given.files.append(path)
                continue
            folder = unpacking.enter_context(passing_folder(writable(books)))
            if sealed:
                _unseal(path, folder, archive, given)
            else:
                _open(path, folder, given)
        yield given


def _is_sealed(path: Path) -> bool:
    try:
        return path.is_file() and is_sealed(path)
    except OSError:
        return False


def _unseal(path: Path, folder: Path, archive: Archive | None, given: Unpacked) -> None:
    """Open an archived source, or say why it is not opened."""
    if archive is None:
        message = _(
            "a source that books archived, encrypted with their key: take it out with `obole document NAME -o FILE` of "
            "those books, or say which they are with --books"
        )
        given.refused.append((path.name, Fault(message)))
        return
    target = folder / path.name
    try:
        with archive.opened(path) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out, _BLOCK)
    except OboleError as problem:
        given.refused.append((path.name, Fault(str(problem).removesuffix("."))))
    else:
        given.files.append(target)
        given.names[target] = path.name


def is_zip(path: Path) -> bool:
    """Return whether a file is a zip of files: no workbook, which is one too."""
    try:
        with path.open("rb") as stream:
            if stream.read(4)[:2] != b"PK":
                return False
        with zipfile.ZipFile(path) as archive:
            return _OFFICE.isdisjoint(archive.namelist())
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        return path.suffix.lower() == ".zip" and path.is_file()


def _open(path: Path, folder: Path, given: Unpacked) -> None:
    """Unpack a zip, or say why it is not."""
    before = len(given.files), len(given.refused)
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = _wanted(archive)
            left = _WHOLE
            for number, one in enumerate(wanted):
                name = one_line(f"{path.name}/{one.filename}")
                target = folder / str(number) / PurePosixPath(one.filename).name
                try:
                    left -= _unpack(archive, one, target, left)
                except _Damaged as problem:
                    given.refused.append((name, Fault(str(problem))))
                else:
                    given.files.append(target)
                    given.names[target] = name
    except _Refused as problem:
        del given.files[before[0] :], given.refused[before[1] :]
        given.refused.append((path.name, Fault(str(problem))))
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        del given.files[before[0] :], given.refused[before[1] :]
        message = _("the zip is damaged and cannot be opened; fetch it again where it came from")
        given.refused.append((path.name, Fault(message)))


class _Damaged(_Refused):
    """Why one file of a zip is left out."""


def _wanted(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of a zip that are to be taken, hidden ones left out; _Refused for a zip that is not trusted."""
    entries = [one for one in archive.infolist() if not one.is_dir()]
    if any(_UNSAFE.search(one.filename) or stat.S_ISLNK(one.external_attr >> 16) for one in entries):
        raise _Refused(
            _("the zip has a file whose name leads outside it; nothing of it is taken: ask where it came from")
        )
    if len(entries) > _FILES or sum(one.file_size for one in entries) > _WHOLE:
        raise _Refused(_too_large())
    wanted = [
        one for one in entries if not any(part.startswith((".", "~$", "__MACOSX")) for part in one.filename.split("/"))
    ]
    if not wanted:
        raise _Refused(_("the zip holds no file; fetch it again where it came from"))
    return wanted


def _too_large() -> str:
    return _(
        "the zip holds more than {files} files or {size} MB, or what it holds is blown up out of nothing; nothing of "
        "it is taken: unpack it yourself and look"
    ).format(files=_FILES, size=_WHOLE // 1024**2)


def _unpack(archive: zipfile.ZipFile, one: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Write a file of a zip, counting what really comes out of it; its size."""
    if one.flag_bits & _ENCRYPTED:
        raise _Damaged(_("this file of the zip is encrypted; unpack it with its password and import what is inside"))
    target.parent.mkdir(parents=True)
    size = 0
    allowed = min(left, max(_FREE, one.compress_size * _RATIO))
    try:
        with archive.open(one) as source, target.open("wb") as out:
            while block := source.read(_BLOCK):
                size += len(block)
                if size > allowed:
                    raise _Refused(_too_large())
                out.write(block)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, zlib.error):
        raise _Damaged(
            _("this file of the zip is damaged or packed in a way that is not known; fetch the zip again")
        ) from None
    if is_zip(target):
        raise _Damaged(_("a zip inside a zip is not opened; unpack it and import what is inside"))
    return size
