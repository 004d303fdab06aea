"""From sheets to PDF: PDF/A-2a and PDF/UA-1, the same bytes for the same sheet on any day and in any process.

Jinja2 writes a small data head in Typst, `receipt.typ` of the sheet's edition lays it out. The bytes depend on the
pinned typst, the fonts of font-source-sans-pro, the edition and the sheet's own pictures alone: no system font, no
clock, no network.
"""

import itertools
import multiprocessing
import os
import re
import shutil
import signal
import tempfile
import threading
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

import jinja2
import typst

from ledger.errors import OboleError
from ledger.languages import speak, spoken
from receipts.paper.images import image_suffix
from receipts.paper.press import font_files
from receipts.paper.sheet import Sheet
from receipts.paper.texts import Texts, compose, edition_folder, specimen
from receipts.paper.words import LARGEST
from receipts.words import N_, _

Key = TypeVar("Key")


CHUNK = 25  # sheets a process takes at a time


_LINE_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")


# Controls, invisible marks (a right-to-left override turns a name round), halves of letters, private and unassigned.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


_MISSING = re.compile('the text `"(.+?)"` could not be displayed')


_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}|\\.")


_DAMAGED = re.compile("failed to (decode|parse|load) ")  # what typst says of a picture


_REMEDIES = {
    "obole:address": N_("the address does not fit the window of the envelope; shorten the name or the street"),
    "obole:letterhead": N_(
        "name, legal form and address of the foundation do not fit above the title; shorten them in [organisation] or "
        "[receipts]"
    ),
    "obole:page": N_("it does not fit one page; shorten the texts of the institution"),
}


# The fields of a sheet that people write, as the register of donors and obole.toml name them.
_FIELDS = {
    "last_name": N_("last_name"),
    "first_name": N_("first_name"),
    "name": N_("name"),
    "street": N_("street"),
    "postcode": N_("postcode"),
    "municipality": N_("municipality"),
    "country": N_("country"),
    "legal_form": N_("legal_form"),
    "reference": N_("reference"),
    "place": N_("place"),
    "signatory": N_("signatory"),
    "signatory_role": N_("signatory_role"),
}


class Unprintable(OboleError):
    """A receipt that cannot be typeset as it is: named by its order number, never by its donor."""

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(reference, reason)  # as arguments, so that the error crosses processes
        self.reference = reference
        self.reason = reason

    def __str__(self) -> str:
        return _("receipt {reference} cannot be printed: {reason}.").format(
            reference=self.reference, reason=self.reason
        )


class Typesetter:
    """One typst compiler for each edition, kept for as many receipts as there are.

    One for each receipt is slow, and panics at the 65,536th. `images` are the pictures that sheets name, by digest.
    """

    def __init__(self, images: Mapping[str, bytes] | None = None) -> None:
        self._images = dict(images or {})
        self._folder = tempfile.TemporaryDirectory(prefix="obole-paper-")
        self._fonts = Path(self._folder.name) / "fonts"
        self._fonts.mkdir()
        for path in font_files():
            shutil.copy(path, self._fonts)
        self._heads: dict[int, jinja2.Template] = {}
        self._compilers: dict[int, typst.Compiler] = {}

    def render(self, sheet: Sheet, *, as_specimen: bool = False) -> bytes:
        """Return the PDF of one receipt; Unprintable where a letter has no glyph or the page no room.

        A specimen bears no number and says what it is.
        """
        if sheet.cents > LARGEST:
            raise Unprintable(sheet.reference, _("its amount is above 999,999,999.99 EUR"))
        if hidden := {letter for _field, text in _texts(sheet) for letter in _refused(text)}:
            raise Unprintable(sheet.reference, _name_letters(hidden, sheet))
        if not all(digest in self._images for digest in sheet.look.images):
            raise Unprintable(
                sheet.reference, _("its logo or signature is not in the vault; restore the vault from your backup")
            )
        texts = specimen(sheet) if as_specimen else compose(sheet)
        result = self._compile(sheet.edition, self._source(sheet, texts), sheet.issued_on)
        if isinstance(result, bytes):
            return result
        # Raised out here, away from typst's own error: that one quotes the donor's name.
        if missing := set("".join(map(_unescaped, _MISSING.findall(result)))):
            raise Unprintable(sheet.reference, _name_letters(missing, sheet))
        reason = next((_(remedy) for mark, remedy in _REMEDIES.items() if mark in result), None)
        if reason is None and _DAMAGED.search(result):
            reason = _(
                "its logo or signature cannot be read; open the picture in a program that draws and save it anew"
            )
        broken = _("the typesetter broke down on it; report this with the version of Obole")
        raise Unprintable(sheet.reference, reason or broken)

    def close(self) -> None:
        """Remove the copies of fonts and pictures; happens by itself when the process ends well."""
        self._folder.cleanup()

    def _source(self, sheet: Sheet, texts: Texts) -> str:
        """Return the data of a receipt in Typst."""
        if sheet.edition not in self._heads:
            environment = jinja2.Environment(
                loader=jinja2.FileSystemLoader(edition_folder(sheet.edition)),
                autoescape=False,  # noqa: S701  Typst is not HTML: finalize writes every value as a Typst literal
                finalize=literal,
                undefined=jinja2.StrictUndefined,
            )
            self._heads[sheet.edition] = environment.get_template("receipt.typ.j2")
        files = {name: self._file(digest) for name in ("logo", "signature") if (digest := getattr(sheet.look, name))}
        return self._heads[sheet.edition].render(texts=texts, look=sheet.look, files=files)

    def _file(self, digest: str) -> str:
        return f"/{digest}.{image_suffix(self._images[digest])}"

    def _compile(self, edition: int, source: str, day: date) -> bytes | str:
        """Return the document, or what typst said instead, each complaint on a line."""
        if edition not in self._compilers:
            self._compilers[edition] = self._new_compiler(edition)
        try:
            document = self._compilers[edition].compile(
                input=source.encode(),
                format="pdf",
                pdf_standards=["a-2a", "ua-1"],
                timestamp=datetime.combine(day, time(12), UTC),
            )
        except typst.TypstError as error:
            # The diagnostic has every complaint, and below each the source line with the donor's data: left out.
            return "\n".join(line for line in error.diagnostic.splitlines() if line.startswith("error: "))
        except BaseException as error:
            # A panic in Rust is no Exception, and the compiler it happened in is not to be trusted any more.
            if type(error).__name__ != "PanicException":
                raise
            del self._compilers[edition]
            return "panic"
        assert isinstance(document, bytes)
        # PDF/A 6.1.9 asks for an end of line after the last %%EOF once a signature is appended.
        return document if document.endswith(b"\n") else document + b"\n"

    def _new_compiler(self, edition: int) -> typst.Compiler:
        root = Path(self._folder.name) / str(edition)
        if not root.exists():
            root.mkdir()
            shutil.copy(edition_folder(edition) / "receipt.typ", root)
            for digest, content in self._images.items():
                (root / self._file(digest)[1:]).write_bytes(content)
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[self._fonts])
        return typst.Compiler(root=root, font_paths=fonts)


def render_many(
    jobs: Iterable[tuple[Key, Sheet]], workers: int, images: Mapping[str, bytes] | None = None
) -> Iterator[tuple[Key, bytes | OboleError]]:
    """Typeset many sheets in `workers` processes; each comes back with its key, as PDF or as the error it gave.

    The order is that of the jobs. Jobs are read as they are needed, so that memory holds a few chunks whatever their
    number; stopping early (an interrupt, a closed iterator) ends the processes. A process that dies is an OboleError.
    """
    if workers <= 1:
        typesetter = Typesetter(images)
        for key, sheet in jobs:
            yield key, _attempt(typesetter, sheet)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(spoken(), images))
    try:
        yield from _in_order(pool, jobs, ahead=3 * workers)
    except BrokenProcessPool:
        raise OboleError(
            _(
                "A typesetting process ended by itself (out of memory?); what was typeset is kept: render again, "
                "with fewer processes."
            )
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def literal(value: Any) -> str:
    """Return a value as Typst source that means just that value: text can end no string and start no code."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            text = unicodedata.normalize("NFC", _LINE_BREAKS.sub(" ", value))
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case tuple() | list():
            return "(" + "".join(f"{literal(item)}, " for item in value) + ")"
        case _:
            raise TypeError(f"no Typst literal for {type(value).__name__}")


def _texts(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Yield the texts people wrote, each with the name of its field."""
    for record in (sheet.addressee, sheet.institution, sheet):
        for field in fields(record):
            value = getattr(record, field.name)
            if isinstance(value, str):
                yield field.name, value


def _refused(text: str) -> Iterator[str]:
    return (letter for letter in _LINE_BREAKS.sub("", text) if unicodedata.category(letter) in _HIDDEN)


def _unescaped(text: str) -> str:
    """Return a text that typst quotes: some letters (marks that combine) stand there as their code point."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0][1:], text)


def _name_letters(letters: set[str], sheet: Sheet) -> str:
    """Return which letters stand in the way, by code point, and in which field."""
    points = ", ".join(f"U+{ord(letter):04X}" for letter in sorted(letters))
    places = [
        _(_FIELDS.get(name, name)) for name, text in _texts(sheet) if letters & set(unicodedata.normalize("NFC", text))
    ]
    if not places:
        return _("the font has no letter for {points}; write it in Latin, Greek or Cyrillic letters").format(
            points=points
        )
    told = _("the font has no letter for {points} in {places}; write it in Latin, Greek or Cyrillic letters")
    return told.format(points=points, places=", ".join(places))


def _in_order(
    pool: ProcessPoolExecutor, jobs: Iterable[tuple[Key, Sheet]], ahead: int
) -> Iterator[tuple[Key, bytes | OboleError]]:
    remaining = iter(jobs)
    waiting: deque[tuple[list[Key], Future[list[bytes | OboleError]]]] = deque()
    while True:
        while len(waiting) < ahead and (chunk := list(itertools.islice(remaining, CHUNK))):
            waiting.append(([key for key, _sheet in chunk], pool.submit(_chunk, [sheet for _key, sheet in chunk])))
        if not waiting:
            return
        keys, future = waiting.popleft()
        yield from zip(keys, future.result(), strict=True)


_typesetter: Typesetter | None = None  # of this worker process


def _start(language: str, images: Mapping[str, bytes] | None) -> None:
    """Make a worker's typesetter, and let the process that started the worker decide when it ends.

    An interrupt from the keyboard reaches every process, so the workers leave it alone; and a worker whose parent was
    killed would wait for work for ever.
    """
    global _typesetter  # noqa: PLW0603  one per process
    speak(language)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _typesetter = Typesetter(images)
    threading.Thread(target=_end_with_parent, args=(_typesetter,), daemon=True).start()


def _end_with_parent(typesetter: Typesetter) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    typesetter.close()
    os._exit(1)


def _chunk(sheets: list[Sheet]) -> list[bytes | OboleError]:
    assert _typesetter is not None
    return [_attempt(_typesetter, sheet) for sheet in sheets]


def _attempt(typesetter: Typesetter, sheet: Sheet) -> bytes | OboleError:
    try:
        return typesetter.render(sheet)
    except OboleError as error:
        return error
