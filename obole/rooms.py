"""The four packages below `obole` are those installed beside it, whatever folder Python is started in.

Their names are plain words, and Python looks in the folder of a script before it looks among the installed packages. So
a folder `importers/` beside the books, or the books' own `receipts/`, would be taken for ours. Here is what answers
first when one of the four names is looked for. It says what it finds in English: the languages are in those packages.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

ROOMS = ("ledger", "importers", "reports", "receipts")

HOME = Path(__file__).resolve().parent.parent


class ForeignRoom(ImportError):
    """A package that bears the name of one of ours and is not ours, or one of ours that is gone."""


class _OursFirst:
    """Finds each of the four rooms at home and nothing else: every other name goes on to the finders behind it."""

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        room, _, inside = fullname.partition(".")
        if room not in ROOMS:
            return None
        if inside:
            _refuse_foreign(room)
            return None
        return _at_home(room, target)


def answer_first() -> None:
    """Look at home first for the four rooms from now on; calling it twice changes nothing."""
    if not any(isinstance(finder, _OursFirst) for finder in sys.meta_path):
        sys.meta_path.insert(0, _OursFirst())


def check_rooms() -> None:
    """Raise ForeignRoom for the first of the four that is loaded from elsewhere or is not at home."""
    for room in ROOMS:
        if room in sys.modules:
            _refuse_foreign(room)
        else:
            _at_home(room)


def _at_home(room: str, target: ModuleType | None = None) -> ModuleSpec:
    spec = PathFinder.find_spec(room, [str(HOME)], target)
    if spec is None or spec.origin is None:  # without an origin it is a bare folder of that name
        raise ForeignRoom(
            f"{HOME}: Obole's package `{room}` is not there, another program may have taken its place; install Obole "
            "anew in an environment of its own.",
            name=room,
        )
    return spec


def _refuse_foreign(room: str) -> None:
    loaded = sys.modules.get(room)
    folders = list(getattr(loaded, "__path__", ()))
    ours = HOME / room
    if loaded is None or folders == [str(ours)] or [Path(folder).resolve() for folder in folders] == [ours.resolve()]:
        return
    place = folders[0] if folders else getattr(loaded, "__file__", None) or room
    raise ForeignRoom(
        f"{place}: Python took this for Obole's package `{room}`; rename it, or start Obole from another folder.",
        name=room,
        path=place,
    )
