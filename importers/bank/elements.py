"""XML of banks, read safely: streamed, without document types, entities or network, and below a limit that says so.

`Elements` hands out wanted elements as they end, so that no tree of the file is ever held. A `Plan` says which paths
below an element are wanted and under which name, whatever the namespace or version; `compiled` puts the namespace in.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from lxml import etree

from importers.words import _
from ledger.errors import Fault
from ledger.signs import plain

LIMIT = 512 * 1024 * 1024


_CHUNK = 128 * 1024


_HEAD = 64 * 1024  # what stands before the first element of a bank's file is a few lines


_IDENTIFIED = 16 * 1024


# So much between two wanted elements is no bank's file, and would be held as a tree.
_BETWEEN = 16 * 1024 * 1024


Element = etree._Element  # noqa: SLF001 - lxml gives its elements no public name


Found = dict[str, Any]


_Step = Callable[[Element, Found], None]


class Unreadable(Exception):
    """XML that cannot be read, or not safely; `fault` says where and what to do."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.fault = Fault(message, line)
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Each:
    """A step of a plan: all elements of this name, each read by a plan of its own, or as text; a list under `name`."""

    name: str
    plan: "Plan | None" = None


@dataclass(frozen=True, slots=True)
class Amount:
    """A step of a plan: the text of an amount and its currency, as a pair under `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class TextOr:
    """A step of a plan: the text of the element under `name`, or of its child where a version has one below it."""

    name: str
    child: str


# Local name -> name of its text (the first one counts), a plan for what is below it, or one of the steps above.
Plan = Mapping[str, "str | Plan | Each | Amount | TextOr"]


def mentions(path: Path, *names: bytes) -> bool:
    """Return whether a file begins like XML and names one of these elements early; reads a few bytes only."""
    with path.open("rb") as stream:
        head = stream.read(_IDENTIFIED).replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return head.startswith(b"<") and any(name in head for name in names)


class Elements:
    """The elements of these local names, each when it ends; whoever takes one clears it. Iterating raises Unreadable.

    `namespace` is the default one of the file, known from the start. It is taken out of the first element before
    parsing: nothing here depends on it, and without it reading is a quarter faster. Messages put one behind the other
    in a file are read one after the other; `namespace` is that of the one being read.
    """

    def __init__(self, stream: BinaryIO, size: int, names: Iterable[str]) -> None:
        if size > LIMIT:
            raise Unreadable(
                _("the file has {size} MB, the limit is {limit} MB; ask the bank for files of shorter periods").format(
                    size=size // 1024**2, limit=LIMIT // 1024**2
                )
            )
        self._stream = stream
        self._tags = [f"{{*}}{name}" for name in names]
        self.namespace, self._head = _without_namespace(*_checked_head(stream.read(_HEAD)))

    def __iter__(self) -> Iterator[Element]:
        while True:
            document = _Message(self._head, self._stream)
            try:
                yield from _fed(self._parser(), document.chunks())
            except etree.XMLSyntaxError as error:
                raise Unreadable(_broken(error), error.lineno or None) from None
            if not document.rest:
                return
            head = _on_line(document.rest + self._stream.read(_HEAD), document.lines)
            self.namespace, self._head = _without_namespace(*_checked_head(head))

    def _parser(self) -> etree.XMLPullParser:
        return etree.XMLPullParser(
            events=("end",),
            tag=self._tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )


def _broken(error: etree.XMLSyntaxError) -> str:
    if "Extra content" in str(error):
        return _("something stands behind the end of the message; keep each message in a file of its own")
    return _("the XML breaks off or is broken here: the file was cut or changed; ask the bank for it again")


def _fed(parser: etree.XMLPullParser, chunks: Iterable[bytes]) -> Iterator[Element]:
    events = cast("Iterator[tuple[str, Element]]", parser.read_events())
    quiet = 0
    for chunk in chunks:
        parser.feed(chunk)
        quiet += len(chunk)
        for _event, element in events:
            quiet = 0
            yield element
        if quiet > _BETWEEN:
            raise Unreadable(
                _(
                    "no entry of a bank's message within {size} MB: this is another kind of file; check that the "
                    "right one was chosen"
                ).format(size=_BETWEEN // 1024**2)
            )
    parser.close()
    for _event, element in events:
        yield element


_BOM = b"\xef\xbb\xbf"


_DECLARATION = re.compile(rb"<\?xml\s")


_ROOT = b"Document"


_ROOT_TAG = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?Document(?=[\s>/])")


_TAG = 80  # so long is the beginning of a tag that may be cut between two reads


class _Message:
    """The bytes of one document of a stream: up to the next declaration or root element, with which `rest` begins.

    `lines` are the line ends of what was read.
    """

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream
        self._roots = 0
        self.rest = b""
        self.lines = 0

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes as they are read."""
        text, skipped = self._head, len(_BOM) + 1
        while text:
            more = self._stream.read(_CHUNK)
            end = _unfinished(text) if more else len(text)
            place = self._next(text, skipped, end)
            if place is not None:
                self.rest = text[place:] + more
                text, more, end = text[:place], b"", place
            self.lines += text.count(b"\n", 0, end)
            yield text[:end].removesuffix(_BOM) if self.rest else text[:end]
            text, skipped = text[end:] + more, 0

    def _next(self, text: bytes, start: int, end: int) -> int | None:
        """Return where the next document begins."""
        places = []
        place = text.find(b"<?xml", start, end)
        if place >= 0 and _DECLARATION.match(text, place):
            places.append(place)
        place = text.find(_ROOT, 0, end)
        while place >= 0:
            tag = _ROOT_TAG.match(text, max(0, text.rfind(b"<", 0, place)))
            if tag and tag.end() == place + len(_ROOT):
                self._roots += 1
                if self._roots > 1:
                    places.append(tag.start())
                    break
            place = text.find(_ROOT, place + 1, end)
        return min(places, default=None)


def _unfinished(text: bytes) -> int:
    """Return where a tag begins that the end of the text cuts off, else the end."""
    place = text.rfind(b"<", max(0, len(text) - _TAG))
    return len(text) if place <= 0 or b">" in text[place:] else place


def _on_line(head: bytes, lines: int) -> bytes:
    """Return the head of a document with so many line ends before its first element, so that its lines are told."""
    declared = re.match(rb"<\?xml.*?\?>", head, re.DOTALL)
    place = declared.end() if declared else 0
    return head[:place] + b"\n" * lines + head[place:]


_PROLOG = re.compile(rb"\s*(?:<\?.*?\?>|<!--.*?-->)", re.DOTALL)


_ELEMENT = re.compile(rb"\s*<[A-Za-z_][^<>]*")


_DEFAULT_NAMESPACE = re.compile(rb"""\sxmlns\s*=\s*(?:"([^"]*)"|'([^']*)')""")


_DOCTYPE = re.compile(rb"\s*<!DOCTYPE", re.IGNORECASE)


def _checked_head(head: bytes) -> tuple[bytes, int]:
    """Return the head and where its first element begins: a declaration, comments, instructions stand before it."""
    if not head.strip():
        raise Unreadable(_("the file is empty; export or download it again"))
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:4]:
        raise Unreadable(_("the file is in UTF-16 or UTF-32, banks write UTF-8; ask for it again, or save it so"), 1)
    place = len(b"\xef\xbb\xbf") if head.startswith(b"\xef\xbb\xbf") else 0
    while match := _PROLOG.match(head, place):
        place = match.end()
    line = head.count(b"\n", 0, len(head) - len(head[place:].lstrip())) + 1
    if _DOCTYPE.match(head, place):
        raise Unreadable(
            _(
                "the file declares a document type (DOCTYPE), which no bank's message has and which may hide "
                "entities; do not open it elsewhere, ask the bank for the file again"
            ),
            line,
        )
    if not _ELEMENT.match(head, place):
        raise Unreadable(_("this is no XML message of a bank; check that the right file was chosen"), line)
    return head, place


def _without_namespace(head: bytes, place: int) -> tuple[str, bytes]:
    """Return the default namespace of the first element, and the head with blanks in its place."""
    first = _ELEMENT.match(head, place)
    declared = _DEFAULT_NAMESPACE.search(head, place, first.end()) if first else None
    if declared is None:
        return "", head
    blanks = re.sub(rb"[^\r\n]", b" ", declared[0])
    name = declared[1] or declared[2] or b""
    return name.decode("utf-8", "replace"), head[: declared.start()] + blanks + head[declared.end() :]


def line_of(element: Element) -> int:
    """Return the line where an element begins; 0 where it is not known."""
    return cast("int | None", element.sourceline) or 0


@lru_cache(maxsize=64)
def namespace_of(tag: str) -> str:
    """Return the namespace in a tag as lxml writes it, with its braces; empty where there is none."""
    return tag[: tag.rfind("}") + 1]


def compiled(plan: Plan, namespace: str) -> dict[str, Any]:
    """Return a plan as `collect` wants it: its local names in this namespace (with its braces)."""
    return {namespace + name: _step(step, namespace) for name, step in plan.items()}


def _step(step: "str | Plan | Each | Amount | TextOr", namespace: str) -> Any:
    if isinstance(step, str):
        return step
    if isinstance(step, TextOr):
        return _text_or(step.name, namespace + step.child)
    if isinstance(step, Amount):
        return _amount(step.name)
    if isinstance(step, Each):
        return _texts(step.name) if step.plan is None else _blocks(step.name, compiled(step.plan, namespace))
    return compiled(step, namespace)


def _amount(name: str) -> _Step:
    def step(element: Element, found: Found) -> None:
        if name not in found:
            found[name] = (element.text or "", plain(element.get("Ccy") or ""))

    return step


def _text_or(name: str, child: str) -> _Step:
    def step(element: Element, found: Found) -> None:
        text = (element.text or "").strip()
        if not text:
            for below in element:
                if below.tag == child:
                    text = (below.text or "").strip()
        found[name] = text

    return step


def _texts(name: str) -> _Step:
    def step(element: Element, found: Found) -> None:
        found.setdefault(name, []).append(element.text or "")

    return step


def _blocks(name: str, plan: dict[str, Any]) -> _Step:
    def step(element: Element, found: Found) -> None:
        block: Found = {}
        collect(element, plan, block)
        found.setdefault(name, []).append(block)

    return step


def collect(element: Element, plan: dict[str, Any], found: Found) -> None:
    """Put what a compiled plan wants of the children of an element into `found`."""
    for child in element[:]:  # type: ignore[index]  # the stubs know no slices, which are faster here
        step = plan.get(child.tag)
        if step is None:
            continue
        if step.__class__ is str:
            if step not in found:
                found[step] = child.text or ""
        elif step.__class__ is dict:
            collect(child, step, found)
        else:
            step(child, found)
