"""A folder for files that are needed only while a command works: nothing in it outlives the next one.

What is unpacked or put together there holds names and accounts. A killed process leaves its folder behind; each folder
is held by a lock that goes with its process, so that whoever comes next knows which are nobody's, and removes them.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PASSING = ".obole-work-"  # how the name of such a folder begins


@contextmanager
def passing_folder(parent: Path) -> Iterator[Path]:
    """Yield a new folder that only its owner may read, gone at the end; what killed ones left beside it goes first."""
    sweep(parent)
    folder, descriptor = _made(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def writable(folder: Path | None) -> Path:
    """Return a folder, or where there is none, or nothing can be written to it, the system's one for passing files."""
    return folder if folder is not None and os.access(folder, os.W_OK) else Path(tempfile.gettempdir())


def sweep(parent: Path) -> int:
    """Remove the folders that killed processes left in `parent`; how many there were."""
    removed = 0
    for folder in _all_in(parent):
        with _held(folder) as nobodys:
            if nobodys:
                shutil.rmtree(folder, ignore_errors=True)
                removed += not folder.exists()
    return removed


def left_behind(parent: Path) -> list[Path]:
    """Return the folders that killed processes left in `parent`."""
    found = []
    for folder in _all_in(parent):
        with _held(folder) as nobodys:
            if nobodys:
                found.append(folder)
    return found


def _all_in(parent: Path) -> list[Path]:
    return sorted(path for path in parent.glob(f"{PASSING}*") if path.is_dir() and not path.is_symlink())


def _made(parent: Path) -> tuple[Path, int]:
    """Make a folder and hold it; once more where somebody swept it away before it was held."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PASSING, dir=parent))
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.exists():
                return folder, descriptor
            os.close(descriptor)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a folder if no process does; yield whether it is held."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # gone meanwhile, or somebody else's
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
