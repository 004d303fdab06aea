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
    parsing: nothing here depends on it, and without it reading is a quarter faster.
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
        parser = etree.XMLPullParser(
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
        try:
            yield from _fed(parser, self._head, self._stream)
        except etree.XMLSyntaxError as error:
            raise Unreadable(
                _("the XML breaks off or is broken here: the file was cut or changed; ask the bank for it again"),
                error.lineno or None,
            ) from None


def _fed(parser: etree.XMLPullParser, chunk: bytes, stream: BinaryIO) -> Iterator[Element]:
    events = cast("Iterator[tuple[str, Element]]", parser.read_events())
    quiet = 0
    while chunk:
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
        chunk = stream.read(_CHUNK)
    parser.close()
    for _event, element in events:
        yield element


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
    line = head.count(b"\n", 0, place) + 1
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
            found[name] = (element.text or "", element.get("Ccy") or "")

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
