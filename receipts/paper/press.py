"""The press: which typesetter and fonts print here, as a frozen sheet names them; told without loading either.

The bytes of a PDF depend on both. A sheet names those of its issue, so that a PDF made again and come out otherwise is
told from one that was tampered with.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

_PACKAGE = "font-source-sans-pro"

# The package holds every weight as TTF and as OTF, and typst takes whichever the disk lists first: so only these two
# are shown to it. OTF makes the smaller file.
_FILES = ("SourceSansPro-Regular.otf", "SourceSansPro-Semibold.otf")


@dataclass(frozen=True, slots=True)
class Press:
    """The version of typst, and the package of the fonts with the beginning of the SHA-256 over their files."""

    typst: str
    fonts: str


# What edition 1 was printed with: its sheets do not say.
FIRST_PRESS = Press("0.15.2", "font-source-sans-pro 0.0.1 85a823fd0e38b941")


@cache
def present_press() -> Press:
    """Return the typesetter and fonts that are installed here."""
    together = hashlib.sha256(b"".join(path.read_bytes() for path in font_files()))
    return Press(version("typst"), f"{_PACKAGE} {version(_PACKAGE)} {together.hexdigest()[:16]}")


def font_files() -> tuple[Path, ...]:
    """Return the files of the fonts that receipts are printed in."""
    found = importlib.util.find_spec("font_source_sans_pro")
    assert found is not None
    assert found.origin is not None
    return tuple(Path(found.origin).parent / "files" / name for name in _FILES)
