"""The zip archive of a workbook, opened only where it is one that can be read safely, and its XML parsed strictly.

Everything that a later reader would take in silence is refused or noted here: archives that unpack beyond all measure,
document types, encodings, text that is not well-formed.
"""

import re
import zipfile
import zlib
from collections.abc import Callable
from enum import Flag, auto
from posixpath import join, normpath
from typing import IO, Any
from xml.parsers import expat

from importers.sheets.cells import OLE, UnreadableError
from importers.words import _
from ledger.signs import one_line

# A register of a foundation is some ten megabytes unpacked; a zip bomb is thousands.
LARGEST_MEGABYTES = 512


STRINGS = "xl/sharedStrings.xml"


_ENCRYPTED_MEMBER = 0x1


# Bytes parsed at a time. A tag that does not end in what was given is looked at again from its beginning with the next
# piece, in time that grows with the square of its length; no spreadsheet writes one as long as this.
_AT_ONCE, _LONGEST_TAG = 65_536, 1_000_000


# What a damaged zip, its XML or a cell can raise; RuntimeError and NotImplementedError are zipfile's.
DAMAGE = (
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    LookupError,
    ValueError,
    ArithmeticError,
    EOFError,
    OSError,
    RuntimeError,
)


# The parts of a workbook that are read are UTF-8 in every program's files, of which ASCII is a part.
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


# The last three tags and the texts between them stay in the piece that is looked at next, so that nothing is seen half:
# `<t>`, `</t>`, `</r>`. A cell of a spreadsheet holds 32,767 characters.
_OVERLAP = 200_000


class Marks(Flag):
    """The marks in the bytes of a part that calamine hides or reads otherwise than it is written."""

    NONE = 0
    ERRORS = auto()  # a cell of the kind `e`
    FORMULAS = auto()  # a formula, perhaps never calculated
    MERGED = auto()
    SPACES = auto()  # texts in several runs, one of which begins or ends with a blank that is not marked as to be kept
    ODD = auto()  # a number written with a reference to a character


# A reference to a digit, a sign, a point or an E.
_OF_A_NUMBER = rb"0*(?:4[3-9]|5[0-7]|69|101|[xX]0*(?:2[bBdDeE]|3[0-9]|[46]5));"


# Each mark with bytes of which one must be there, because they are found in a tenth of the time, and what then decides.
_MARKS = (
    (Marks.ERRORS, (b'"e"', b"'e'"), re.compile(rb"""\st\s*=\s*["']e["']""")),
    (Marks.FORMULAS, (b"<f", b":f"), re.compile(rb"<(?:\w+:)?f[\s/>]")),
    (Marks.MERGED, (b"mergeCell",), re.compile(rb"<(?:\w+:)?mergeCell\s")),
    (Marks.SPACES, (b"</r>", b":r>"), re.compile(rb"<(?:\w+:)?t>(?:\s|[^<]*\s</)")),
    (Marks.ODD, (b"&#",), re.compile(rb"<(?:\w+:)?v\b[^>]*>[-+0-9.eE]*&#" + _OF_A_NUMBER)),
)


class EnoughError(Exception):
    """Raised in the middle of the XML when what was wanted has been seen."""


class Package:
    """The parts of an xlsx file; UnreadableError where it is none that can be read safely."""

    def __init__(self, source: IO[bytes]) -> None:
        self._archive = _open(source)
        try:
            self.sheets = self._sheets()
        except (KeyError, ValueError):
            raise UnreadableError(
                _(
                    "the workbook is damaged (its list of sheets or formats); open it in the spreadsheet and save it "
                    "as an Excel workbook (.xlsx)"
                )
            ) from None

    def has(self, part: str) -> bool:
        """Tell whether a part is there."""
        return part in self._archive.namelist()

    def parse(self, part: str, attach: Callable[[expat.XMLParserType], None] | None = None) -> Marks:
        """Return parse a part, its handlers set by `attach`; without, look for the marks of what calamine hides."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.XmlDeclHandler = _refuse_encoding
        if attach is None:
            parser.CommentHandler = parser.ProcessingInstructionHandler = _refuse_odd
            parser.StartCdataSectionHandler = _refuse_odd
        else:
            attach(parser)
        try:
            return self._feed(part, parser, look=attach is None)
        except EnoughError:
            return Marks.NONE
        except DAMAGE:
            raise UnreadableError(
                _(
                    "the workbook is damaged (its part {part} cannot be read); open it in the spreadsheet and save "
                    "it as an Excel workbook (.xlsx)"
                ).format(part=one_line(part))
            ) from None

    def _feed(self, part: str, parser: expat.XMLParserType, *, look: bool) -> Marks:
        marks, wanted, kept = Marks.NONE, _MARKS if look else (), b""
        with self._archive.open(part) as stream:
            fed = 0
            while piece := stream.read(_AT_ONCE):
                if not fed and b"\0" in piece[:4]:
                    _refuse_encoding("", "utf-16")
                parser.Parse(piece, False)
                fed += len(piece)
                if fed - parser.CurrentByteIndex > _LONGEST_TAG:
                    raise UnreadableError(
                        _(
                            "the workbook is damaged (a tag of its part {part} does not end); open it in the "
                            "spreadsheet and save it as an Excel workbook (.xlsx)"
                        ).format(part=one_line(part))
                    )
                seen = kept + piece
                for mark, hints, pattern in wanted:
                    if mark not in marks and any(map(seen.__contains__, hints)) and pattern.search(seen):
                        marks |= mark
                kept = seen[len(seen.rsplit(b"<", 3)[0]) :][-_OVERLAP:] if wanted else b""
            parser.Parse(b"", True)
        return marks

    def _sheets(self) -> dict[str, str]:
        """Return the part of each visible worksheet by its name."""
        targets: dict[str, str] = {}
        for attributes in self._elements("xl/_rels/workbook.xml.rels", "Relationship"):
            if attributes["Type"].endswith("/worksheet"):
                targets[attributes["Id"]] = normpath(join("/xl", attributes["Target"])).lstrip("/")
        parts: dict[str, str] = {}
        for attributes in self._elements("xl/workbook.xml", "sheet"):
            if attributes.get("state", "visible") == "visible":
                target = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
                if target in targets:
                    parts[attributes["name"]] = targets[target]
        return parts

    def _elements(self, part: str, wanted: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            if name.rpartition(":")[2] == wanted:
                found.append(attributes)

        def attach(parser: expat.XMLParserType) -> None:
            parser.StartElementHandler = start

        self.parse(part, attach)
        return found


def _refuse_doctype(*_given: Any) -> None:
    raise UnreadableError(
        _(
            "the workbook holds a document type definition, as no spreadsheet writes; open it in the "
            "spreadsheet and save it as an Excel workbook (.xlsx)"
        )
    )


def _refuse_odd(*_given: Any) -> None:
    raise UnreadableError(
        _(
            "the workbook holds comments or marked sections that no spreadsheet writes; open it in the "
            "spreadsheet and save it as an Excel workbook (.xlsx)"
        )
    )


def _refuse_encoding(_version: str, encoding: str | None, _standalone: int = -1) -> None:
    if encoding is not None and encoding.casefold() not in _ENCODINGS:
        raise UnreadableError(
            _(
                "the workbook is not written in UTF-8, as every spreadsheet does; open it in the spreadsheet and "
                "save it as an Excel workbook (.xlsx)"
            )
        )


def _open(source: IO[bytes]) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(source)
    except DAMAGE:
        raise UnreadableError(
            _("this is not a whole xlsx workbook; open it in the spreadsheet and save it as an Excel workbook (.xlsx)")
        ) from None
    _refuse_other_kinds(set(archive.namelist()))
    _refuse_members(archive)
    return archive


def is_other_workbook(source: IO[bytes]) -> bool:
    """Tell whether this is an .xls or an .ods that can be opened; UnreadableError where it is, but not safely."""
    source.seek(0)
    if source.read(8).startswith(OLE):
        # Either kind of file is an OLE container; the encrypted one names its stream so, in UTF-16.
        encrypted = "EncryptedPackage".encode("utf-16-le") in source.read()
        source.seek(0)
        if encrypted:
            raise UnreadableError(_("the workbook is protected by a password; save it without the password"))
        return True
    try:
        archive = zipfile.ZipFile(source)
        names = set(archive.namelist())
        kind = archive.read("mimetype")[:60] if "mimetype" in names and "xl/workbook.xml" not in names else b""
    except DAMAGE:
        return False  # what opens it says why
    finally:
        source.seek(0)
    if not kind:
        return False
    if not kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet") or "content.xml" not in names:
        raise UnreadableError(
            _(
                "this is an OpenDocument file, but no spreadsheet (.ods); open the table in the spreadsheet and save "
                "it as an Excel workbook (.xlsx)"
            )
        )
    _refuse_members(archive)
    return True


def _refuse_other_kinds(names: set[str]) -> None:
    """Refuse a zip file that, by the names in it, is no xlsx workbook or one with macros."""
    if "xl/vbaProject.bin" in names:
        raise UnreadableError(
            _(
                "the workbook holds macros, which are not taken in; open it in the spreadsheet and save it as an "
                "Excel workbook (.xlsx), without macros"
            )
        )
    if "xl/workbook.bin" in names:
        raise UnreadableError(
            _(
                "this is a binary workbook (.xlsb), which is not read; open it in the spreadsheet and save it as "
                "an Excel workbook (.xlsx)"
            )
        )
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        raise UnreadableError(
            _(
                "this is a zip file, not an xlsx workbook; open it in the spreadsheet and save it as an Excel "
                "workbook (.xlsx)"
            )
        )


def _refuse_members(archive: zipfile.ZipFile) -> None:
    """Refuse encrypted members, and more than fits."""
    if any(member.flag_bits & _ENCRYPTED_MEMBER for member in archive.infolist()):
        raise UnreadableError(_("the workbook is protected by a password; save it without the password"))
    # zipfile reads no more of a member than is declared here, so the sum is a true limit.
    size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST_MEGABYTES * 1_000_000:
        raise UnreadableError(
            _(
                "the workbook unpacks to {size:,} MB and the limit is {limit} MB; split it, or remove "
                "sheets and pictures that are not needed"
            ).format(size=size // 1_000_000, limit=LARGEST_MEGABYTES)
        )
