"""Files that a person names: refused in a sentence where they are none, before anything waits for what never comes.

To open a pipe that nobody writes to takes for ever, to read `/dev/zero` too, and what is written over a device is lost.
"""

import errno
import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from ledger.errors import OboleError
from ledger.words import N_, _

_SHOWN = 60  # letters of a name that are shown
_NULL = "/dev/null"

# What a person can do about what the system says; the sentence names the file and the cause before it.
_REMEDIES = {
    errno.ENOSPC: N_("make room on that disk, then do it again"),
    errno.EDQUOT: N_("make room on that disk, then do it again"),
    errno.EFBIG: N_("files here may not grow so large; raise the limit, or choose another disk"),
    errno.EROFS: N_("the disk can only be read; choose a folder on another, or mount it for writing"),
    errno.EACCES: N_("give yourself the right to it, or do it as its owner"),
    errno.EPERM: N_("give yourself the right to it, or do it as its owner"),
    errno.ENOENT: N_("check the name, and that its folder is there"),
    errno.ENOTDIR: N_("a part of the name is a file where a folder should be; check the name"),
    errno.EISDIR: N_("name a file in it"),
    errno.ENAMETOOLONG: N_("choose a shorter name"),
    errno.ELOOP: N_("links that lead to each other; name the file itself"),
    errno.ENXIO: N_("it is a pipe or a socket; copy what comes from it into a file and name that"),
    errno.EMFILE: N_("close other programs, or raise the limit of open files"),
    errno.ENFILE: N_("close other programs, or raise the limit of open files"),
    errno.EIO: N_("the disk answers with an error; look after it, and take your last backup"),
}


class NoFile(OboleError):
    """A name that leads to no file that can be read or written."""


def shown_name(path: object) -> str:
    """Return the name of a file as a message shows it, the end of a long one left out."""
    name = Path(str(path)).name or str(path)
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."


def told_by_system(error: OSError) -> str:
    """Return the sentence for an error of the system: which file, what it is, what to do."""
    remedy = _(_REMEDIES[error.errno]) if error.errno in _REMEDIES else _("nothing more was done")
    cause = error.strerror or str(error)
    if not error.filename:
        return _("{cause}; {remedy}.").format(cause=cause, remedy=remedy)
    return _("{file}: {cause}; {remedy}.").format(file=shown_name(error.filename), cause=cause, remedy=remedy)


def require_file(path: Path, *, piped: bool = False) -> None:
    """Raise NoFile for what is no file to be read; nothing is opened.

    With `piped` what the shell hands over as a descriptor (`<(command)`) will do: it is read once.
    """
    found = _mode(path)
    if found is None and path.is_symlink():
        raise NoFile(
            _("{file}: is a link to what is not there; put its file back, or name the file itself.").format(
                file=shown_name(path)
            )
        )
    if found is None:
        raise NoFile(_("{file}: there is no such file; check the name.").format(file=shown_name(path)))
    if stat.S_ISDIR(found):
        raise NoFile(_("{file}: is a folder; name a file in it.").format(file=shown_name(path)))
    if piped and _own(path):
        return
    _refuse_special(path, found)
    if not os.access(path, os.R_OK):
        raise NoFile(
            _("{file}: may not be read by you; give yourself the right to it, or do it as its owner.").format(
                file=shown_name(path)
            )
        )


def require_target(path: Path) -> None:
    """Raise NoFile for a place where no file can be written: a folder, a device, a pipe, a socket; nothing is opened.

    Where this command writes anyway (`/dev/stdout`), and what loses everything, will do.
    """
    found = _mode(path)
    if found is None or _streams(path):
        return
    if stat.S_ISDIR(found):
        raise NoFile(_("{file}: is a folder; name a file in it.").format(file=shown_name(path)))
    _refuse_special(path, found)


def real_place(path: Path) -> Path:
    """Return where a name leads, links followed; where they lead to each other, what opening it will refuse."""
    return Path(os.path.realpath(path))


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, whatever its size in little memory; OSError where it cannot be read."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write_out(path: Path, content: bytes) -> None:
    """Write a file that a person asked for, whole or not at all; to what is no file as it comes."""
    target = real_place(path)
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    temporary = target.with_name(f".{target.name[:_SHOWN]}.{os.getpid()}.new")
    try:
        with temporary.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(target)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def _mode(path: Path) -> int | None:
    """Return the kind and rights of what a name leads to, None where it leads nowhere; NoFile where it cannot."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NoFile(told_by_system(error)) from None


def _refuse_special(path: Path, found: int) -> None:
    if not stat.S_ISREG(found):
        raise NoFile(
            _("{file}: is a device, a pipe or a socket, and no file; name a file.").format(file=shown_name(path))
        )


def _own(path: Path) -> bool:
    """Tell whether a name stands for a descriptor that this process was given."""
    return str(path).startswith(("/dev/fd/", "/proc/self/fd/")) or str(path) == "/dev/stdin"


def _streams(path: Path) -> bool:
    """Tell whether a name stands for the output of this command, or for the device that keeps nothing."""
    if str(path) == _NULL:
        return True
    found = path.stat()
    for descriptor in (1, 2):
        with suppress(OSError):
            if not stat.S_ISREG(found.st_mode) and os.path.samestat(found, os.fstat(descriptor)):
                return True
    return False
