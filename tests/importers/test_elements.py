"""XML of banks in small pieces: what is refused and where, what a plan takes, and how much is ever held."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from importers.bank import elements
from importers.bank.elements import Amount, Each, Elements, Plan, TextOr, Unreadable, collect, compiled, mentions
from ledger.errors import Fault


def taken(data: bytes, *names: str) -> list[tuple[str, str | None, int]]:
    """Name, text and line of the wanted elements."""
    return [
        (elements.namespace_of(one.tag) + one.tag.rpartition("}")[2], one.text, elements.line_of(one))
        for one in Elements(BytesIO(data), len(data), names)
    ]


def refused(data: bytes, size: int | None = None) -> Fault:
    with pytest.raises(Unreadable) as trouble:
        list(Elements(BytesIO(data), len(data) if size is None else size, ["A"]))
    assert str(trouble.value) == trouble.value.fault.message
    return trouble.value.fault


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b" \r\n", None, "the file is empty"),
        (b"\xff\xfe<\0A\0", 1, "UTF-16"),
        (b"\xfe\xff\0<\0A", 1, "UTF-16"),
        (b"\0<\0A", 1, "UTF-16"),
        ("\ufeff中文".encode("utf-16-le"), 1, "UTF-16"),
        (b"<\0\0\0", 1, "UTF-16"),
        (b"<AB>\0", 1, "breaks off"),
        (b"<!DOCTYPE a>", 1, "DOCTYPE"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE a>", 2, "DOCTYPE"),  # the declaration ends on line 1
        (b"\n\n  <!-- one -->\n\n<!DOCTYPE a>", 5, "DOCTYPE"),
        (b"<?xml version='1.0'?>\n\nno element", 3, "no XML message"),
        (b"<?xml version='1.0'?><!-- two\nlines --><!doctype a>", 2, "DOCTYPE"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a -->\n<?b c?>x", 3, "no XML message"),
        (b"<1/>", 1, "no XML message"),
        (b"<B>\n\n</A>", 3, "breaks off"),
        (b"<B>\n<A>", 2, "breaks off"),
    ],
)
def test_what_is_no_message_is_refused_with_its_line(data: bytes, line: int | None, words: str):
    fault = refused(data)
    assert fault.line == line
    assert words in fault.message


def test_a_message_may_be_as_large_as_the_limit_and_no_larger():
    limit = 512 * 1024 * 1024
    assert len(list(Elements(BytesIO(b"<A/>"), limit, ["A"]))) == 1
    assert "the file has 512 MB, the limit is 512 MB" in refused(b"<A/>", limit + 1).message
    assert "the file has 600 MB, the limit is 512 MB" in refused(b"<A/>", 600 * 1024 * 1024).message


def test_so_much_may_stand_between_two_wanted_elements_and_no_more(monkeypatch: pytest.MonkeyPatch):
    """The first 64 kB bring an element; of the pieces of 128 kB that follow, eight are one MB."""
    monkeypatch.setattr(elements, "_BETWEEN", 1024**2)
    begin = b"<M><A/>".ljust(64 * 1024)
    assert len(taken(begin + b" " * (1024**2 - 4) + b"</M>", "A")) == 1
    fault = refused(begin + b" " * (1024**2 - 3) + b"</M>")
    assert "no entry of a bank's message within 1 MB" in fault.message
    monkeypatch.setattr(elements, "_BETWEEN", 64 * 1024)
    assert taken(b"<M>".ljust(64 * 1024 - 4) + b"</M>", "A") == []
    assert "no entry of a bank's message" in refused(b"<M>".ljust(64 * 1024 - 3) + b"</M>").message


def test_elements_nested_beyond_reason_are_refused():
    assert "breaks off" in refused(b"<B>" * 1000 + b"</B>" * 1000).message


def test_comments_and_instructions_are_no_part_of_a_text():
    assert taken(b"<M><A>one<!-- x --> two<?y z?> three</A></M>", "A") == [("A", "one two three", 1)]


def test_wanted_elements_come_as_they_end_whatever_their_namespace():
    data = b"<M xmlns:p='urn:p'>\n<p:A>1</p:A><B>2</B>\n<C>3</C><A>4</A></M>"
    assert taken(data, "A", "B") == [("{urn:p}A", "1", 2), ("B", "2", 2), ("A", "4", 3)]


@pytest.mark.parametrize(
    ("head", "namespace"),
    [
        (b'<M xmlns="urn:x">', "urn:x"),
        (b"<M a='1' xmlns = 'urn:y' b='2'>", "urn:y"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><!-- xmlns="urn:z" -->\n<M  xmlns="urn:x">', "urn:x"),
        (b'<M xmlns="">', ""),
        (b"<M>", ""),
        (b'<M xmlns:p="urn:p">', ""),
    ],
)
def test_the_namespace_of_a_message_is_known_from_its_first_element(head: bytes, namespace: str):
    data = head + b'<A xmlns="">1</A></M>'
    assert Elements(BytesIO(data), len(data), ["A"]).namespace == namespace
    assert [text for _, text, _ in taken(data, "A")] == ["1"]


def test_a_namespace_written_over_lines_leaves_the_lines_as_they_are():
    assert taken(b'<M\nxmlns\n=\r\n"urn:x"\n><A>1</A></M>', "A") == [("A", "1", 5)]


# Plans

PLAN: Plan = {
    "Id": "id",
    "Other": "id",
    "Sum": Amount("sum"),
    "Sts": TextOr("status", "Cd"),
    "Line": Each("lines"),
    "Below": {"Id": "deep"},
    "Part": Each("parts", {"Id": "id"}),
}


def found(inner: str, namespace: str = "") -> dict[str, Any]:
    element = etree.fromstring(f"<M{f' xmlns={namespace!r}' if namespace else ''}>{inner}</M>")
    result: dict[str, Any] = {}
    collect(element, compiled(PLAN, elements.namespace_of(element.tag)), result)
    return result


@pytest.mark.parametrize("namespace", ["", "urn:x"])
@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<What/>", {}),
        ("<Id>1</Id><Id>2</Id><Other>3</Other>", {"id": "1"}),
        ("<Id/>", {"id": ""}),
        ('<Sum Ccy="EUR">1</Sum><Sum Ccy="USD">2</Sum>', {"sum": ("1", "EUR")}),
        ("<Sum/>", {"sum": ("", "")}),
        ("<Sts> BOOK </Sts>", {"status": "BOOK"}),
        ("<Sts>\n<Prtry>X</Prtry><Cd> PDNG </Cd></Sts>", {"status": "PDNG"}),
        ("<Sts><Cd/></Sts>", {"status": ""}),
        ("<Sts>BOOK<Cd>PDNG</Cd></Sts>", {"status": "BOOK"}),
        ("<Line>a</Line><Line/>", {"lines": ["a", ""]}),
        ("<Below><Id>1</Id></Below>", {"deep": "1"}),
        ("<Part><Id>1</Id></Part><Part/>", {"parts": [{"id": "1"}, {}]}),
    ],
)
def test_a_plan_takes_what_it_names(inner: str, expected: dict[str, Any], namespace: str):
    assert found(inner, namespace) == expected


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"<M><One/></M>", True),
        (b"\xef\xbb\xbf \r\n\t<M><Two/></M>", True),
        ("<M><One/></M>".encode("utf-16"), True),
        ("<M><One/></M>".encode("utf-16-be"), True),
        (b"<M><Three/></M>", False),
        (b"One <M>", False),
        (b"<M>" + b" " * 16 * 1024 + b"<One/>", False),
    ],
)
def test_a_file_is_known_by_the_names_near_its_beginning(data: bytes, named: bool, tmp_path: Path):
    path = tmp_path / "x.xml"
    path.write_bytes(data)
    assert mentions(path, b"One", b"Two") is named
