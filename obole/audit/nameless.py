"""The names and accounts that stand in the books in clear, though they belong in the vault alone (invariant 9).

Every file of the books' folder is looked at but the stores, PDFs (the receipts), what commands have under work and the
history that `git` keeps. Of an archived source its beginning tells that it is sealed; names are looked for in what is
text, and in the parts of workbooks that are.
"""

import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection

from ledger.archive import is_sealed
from ledger.folder import SETTINGS
from ledger.passing import PASSING
from ledger.register.sealed import archives
from ledger.register.vouchers import texts
from ledger.vault.links import every_iban
from obole.books.opened import Books
from obole.books.watch import Watch, ibans_in
from obole.words import _

_ROOTS = ("Assets:", "Liabilities:", "Equity:", "Income:", "Expenses:")
_HEAD = 4096
_PART = 8 << 20  # bytes of a part of a workbook that are looked at
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # no text in an encoding of one byte, or in UTF-8
_TAG = re.compile(r"<[^>]*>")
_NO_FOLDER = {".git", "__pycache__"}
_OFFICE = (".xlsx", ".xlsm", ".ods", ".docx", ".odt", ".zip")


def named_in_clear(books: Books, gifts: Connection, identities: Connection) -> Iterator[str]:
    """Yield each place where a name, IBAN, e-mail address or national number stands in clear, and what to do."""
    look = _Look(books, identities)
    for place, text in (*_lines(books.folder.root), *texts(gifts)):
        problem = look.watch.problem(text)
        if problem is not None:
            yield f"{place}: {problem}"
    archived = archives(gifts)
    for path in _files(books):
        name = path.relative_to(books.folder.root).as_posix()
        try:
            problem = look.archived(path) if name in archived else look.other(path)
        except OSError as error:
            problem = _("cannot be read ({cause}); check its rights").format(cause=error.strerror or error)
        if problem is not None:
            yield f"{name}: {problem}"


def _lines(root: Path) -> Iterator[tuple[str, str]]:
    """Yield every line of the books that is no posting, with its place."""
    patterns = ("*.beancount", "journal/**/*.beancount", "manual/**/*.beancount")
    for path in sorted(path for pattern in patterns for path in root.glob(pattern)):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith(_ROOTS):
                yield (
                    _("{file}: line {line}").format(file=path.relative_to(root).as_posix(), line=number),
                    line,
                )


def _files(books: Books) -> Iterator[Path]:
    """Yield the files that are neither entries, nor stores, nor PDFs, nor under work."""
    folder = books.folder
    stores = tuple(path.name for path in (folder.register, folder.vault))
    entries = (folder.journal, folder.root / "manual")
    for place, names, files in os.walk(folder.root):
        names[:] = sorted(name for name in names if name not in _NO_FOLDER and not name.startswith(PASSING))
        here = Path(place)
        at_root, of_entries = here == folder.root, any(map(here.is_relative_to, entries))
        pdfs = here.is_relative_to(folder.documents)  # an archived source may be one
        for name in sorted(files):
            if name.endswith(".beancount") and (at_root or of_entries):
                continue
            if (at_root and name.startswith(stores)) or (name.endswith(".pdf") and not pdfs):
                continue
            if (path := here / name).is_file():
                yield path


class _Look:
    """The books as one looks through their files."""

    def __init__(self, books: Books, identities: Connection) -> None:
        self.watch = Watch(books)
        self._identities = identities
        config = books.config
        self._settings = books.folder.root / SETTINGS
        self._own = {bank.iban for bank in config.bank} | {rule.iban for rule in config.rules if rule.iban}

    @cached_property
    def _ibans(self) -> set[str]:
        return every_iban(self._identities) - self._own

    def archived(self, path: Path) -> str | None:
        """Return that an archived source is not sealed, and what to do."""
        return None if is_sealed(path) else _("this archived source stands in clear; run `obole upgrade`")

    def other(self, path: Path) -> str | None:
        """Return what is wrong with the first line of a file that holds what it must not; None where none does."""
        if path.suffix.lower() == ".pdf" or is_sealed(path):
            return None
        if path.suffix.lower() in _OFFICE:
            return next(filter(None, map(self._problem, _parts(path))), None)
        with path.open("rb") as file:
            head = file.read(_HEAD)
        encoding = _encoding(head)
        if encoding is None:
            return None
        with path.open(encoding=encoding, errors="replace") as text:
            return next(filter(None, map(self._of_settings if path == self._settings else self._problem, text)), None)

    def _problem(self, text: str) -> str | None:
        if self.watch.named(text) is not None:
            return _("a name of the vault stands here in clear; move the file out of the books")
        return self._of_settings(text)

    def _of_settings(self, text: str) -> str | None:
        """Return that an account of the vault stands in a text; settings say names of their own, as who signs."""
        if any(found in self._ibans for found in ibans_in(text)):
            return _("an IBAN of the vault stands here in clear; move it out of the books")
        return None


def _encoding(head: bytes) -> str | None:
    """Return how a text is written, None of what is no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if _BINARY.search(head):
        return None
    try:
        head[:-4].decode()
    except UnicodeDecodeError as error:
        return "utf-8" if error.end >= len(head) - 4 else "cp1252"
    return "utf-8"


def _parts(path: Path) -> Iterable[str]:
    """Yield the texts inside a workbook or a zip; none of one that is damaged."""
    try:
        with zipfile.ZipFile(path) as package:
            for one in package.infolist():
                if not one.is_dir() and not one.flag_bits & 1:
                    with package.open(one) as part:
                        content = part.read(_PART)
                    encoding = _encoding(content[:_HEAD])
                    if encoding is not None:
                        yield _TAG.sub(" ", content.decode(encoding, errors="replace"))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, zipfile.LargeZipFile):
        return
