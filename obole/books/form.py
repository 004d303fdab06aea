"""The form of a set of books: how far Obole's own files in it were brought, in `made.toml` beside the settings.

Books without the file are older than forms. Whoever changes what `init` makes counts FORM up and adds the step that
brings older books there to `obole/keeping/upgrade.py`.
"""

import shlex
import tomllib
from importlib.metadata import version
from pathlib import Path

from ledger.errors import OboleError
from ledger.journal import write_whole
from obole.words import _

FORM = 3
FORM_FILE = "made.toml"


class OldBooks(OboleError):
    """Books that an earlier Obole made and that were not brought up to date yet."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            _("{root}: these books were made by an earlier Obole; run `{upgrade}`.").format(
                root=root, upgrade=_upgrade(root)
            )
        )


class NewerBooks(OboleError):
    """Books that a newer Obole made or upgraded."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            _("{root}: these books were made by a newer Obole than this one; install the newest Obole.").format(
                root=root
            )
        )


def form_of(root: Path) -> int:
    """Return the form of the books in a folder, 0 where they are older than forms; OboleError if unreadable."""
    path = root / FORM_FILE
    try:
        form = tomllib.loads(path.read_text(encoding="utf-8"))["form"]
    except FileNotFoundError:
        return 0
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError):
        form = None
    if not isinstance(form, int) or isinstance(form, bool) or form < 1:
        raise OboleError(
            _("{file}: does not say the form of these books; remove the file and run `{upgrade}`.").format(
                file=FORM_FILE, upgrade=_upgrade(root)
            )
        )
    return form


def write_form(root: Path) -> None:
    """Write down that the books in a folder have the form of this Obole."""
    lines = (
        ("# Obole writes this file; it says how far its own files in these books were brought. Do not edit."),
        f"form = {FORM}",
        f'by = "{version("obole")}"',
    )
    write_whole(root / FORM_FILE, "\n".join((*lines, "")).encode())


def require_form(root: Path) -> None:
    """Raise OldBooks or NewerBooks where the books in a folder are not of the form of this Obole."""
    form = form_of(root)
    if form < FORM:
        raise OldBooks(root)
    if form > FORM:
        raise NewerBooks(root)


def _upgrade(root: Path) -> str:
    return f"obole --books {shlex.quote(str(root))} upgrade"
