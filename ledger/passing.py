"""A folder for files that are needed only while a command works: nothing in it outlives the next one.

What is unpacked or put together there holds names and accounts. A killed process leaves its folder behind; each folder
is held by a lock that goes with its process, so that whoever comes next knows which are nobody's, and removes them.
Of a folder that stands elsewhere (beside a list that is written) the books keep a note, which leads their next writer
there.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

PASSING = ".obole-work-"  # how the name of such a folder begins
_NOTE = "elsewhere"  # in a folder of the books that stands for one elsewhere: where that is

_books: ContextVar[Path | None] = ContextVar("books", default=None)


def known_to(books: Path) -> None:
    """Let the books in a folder know of each passing folder that this process makes elsewhere from now on."""
    _books.set(books.resolve())


@contextmanager
def passing_folder(parent: Path) -> Iterator[Path]:
    """Yield a new folder that only its owner may read, gone at the end; what killed ones left beside it goes first."""
    sweep(parent)
    with ExitStack() as held:
        folder = held.enter_context(_own(parent))
        books = _books.get()
        if books is not None and not folder.resolve().is_relative_to(books) and os.access(books, os.W_OK):
            # Before there is anything in the other; it goes after it.
            note = held.enter_context(_own(books))
            (note / _NOTE).write_bytes(os.fsencode(folder.resolve()))
            held.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


def writable(folder: Path | None) -> Path:
    """Return a folder, or where there is none, or nothing can be written to it, the system's one for passing files."""
    return folder if folder is not None and os.access(folder, os.W_OK) else Path(tempfile.gettempdir())


def sweep(parent: Path) -> int:
    """Remove the folders that killed processes left in `parent`; how many there were."""
    removed = 0
    for folder in _all_in(parent):
        with _held(folder) as nobodys:
            if nobodys:
                sweep_folder(_elsewhere(folder))
                shutil.rmtree(folder, ignore_errors=True)
                removed += not folder.exists()
    return removed


def sweep_folder(folder: Path | None) -> bool:
    """Remove one folder that its process holds, unless it does; tell whether it was there and is gone."""
    if folder is None or not folder.is_dir() or folder.is_symlink():
        return False
    with _held(folder) as nobodys:
        if nobodys:
            shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def is_left(folder: Path) -> bool:
    """Tell whether a folder that its process holds is there, and nobody's."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    with _held(folder) as nobodys:
        return nobodys


def left_behind(parent: Path) -> list[Path]:
    """Return the folders that killed processes left in `parent`."""
    return [folder for folder in _all_in(parent) if is_left(folder)]


def _elsewhere(note: Path) -> Path | None:
    """Return the folder that a note leads to, None where it is none or leads to anything else."""
    try:
        folder = Path(os.fsdecode((note / _NOTE).read_bytes()))
    except OSError:
        return None
    return folder if folder.name.startswith(PASSING) else None


def _all_in(parent: Path) -> list[Path]:
    return sorted(path for path in parent.glob(f"{PASSING}*") if path.is_dir() and not path.is_symlink())


@contextmanager
def _own(parent: Path) -> Iterator[Path]:
    folder, descriptor = _made(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


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
