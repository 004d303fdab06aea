"""The parts of a workbook at their edges: the archive, the marks in its XML, the scan of a sheet, its headings."""

import io
import re
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from xml.parsers import expat

import pytest
from registers import write_workbook
from test_tabular import rewrite

from importers.sheets import package, workbook
from importers.sheets.cells import BrokenCell, UnreadableError
from importers.sheets.package import EnoughError, Marks, Package
from importers.sheets.scan import RawCell, SheetScan, StringScan, plain
from importers.sheets.values import SheetValues
from importers.sheets.workbook import Grid, Workbook

TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = f'<r><Relationship Id="a" Type="{TYPES}/worksheet" Target="worksheets/one.xml"/></r>'
BOOK = '<w><sheet name="one" r:id="a"/></w>'
SHEET = "xl/worksheets/one.xml"


def archive(parts: Mapping[str, str | bytes] | None = None, *, without: str = "") -> io.BytesIO:
    """A workbook of the two parts that must be there, and of others."""
    whole = {"xl/workbook.xml": BOOK, "xl/_rels/workbook.xml.rels": RELATIONS} | dict(parts or {})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, text in whole.items():
            if name != without:
                written.writestr(name, text)
    return buffer


def marks(xml: str | bytes) -> Marks:
    return Package(archive({SHEET: xml})).parse(SHEET)


# The archive


def test_a_workbook_is_one_with_its_list_of_sheets_and_their_places() -> None:
    assert Package(archive()).sheets == {"one": SHEET}
    assert Package(archive({"mimetype": "x"})).sheets == {"one": SHEET}, "the type is that of what it holds"
    for missing, words in (("xl/workbook.xml", "a zip file"), ("xl/_rels/workbook.xml.rels", "a zip file")):
        with pytest.raises(UnreadableError, match=words):
            Package(archive(without=missing))
    with pytest.raises(UnreadableError, match="a zip file"):
        Package(archive({"mimetype": "x"}, without="xl/workbook.xml"))


def test_only_visible_worksheets_that_are_there_are_sheets() -> None:
    book = (
        '<w><sheet name="chart" r:id="c"/><sheet name="none" r:id="z"/><sheet name="nameless"/>'
        '<sheet name="shown" state="visible" r:id="b"/><sheet name="hidden" state="hidden" r:id="a"/>'
        '<sheet name="well hidden" state="veryHidden" r:id="a"/><other name="no" r:id="a"/>'
        '<x:sheet id="a" name="2"/></w>'
    )
    relations = (
        f'<r><Relationship Id="a" Type="{TYPES}/worksheet" Target="worksheets/one.xml"/>'
        f'<Relationship Id="c" Type="{TYPES}/chartsheet" Target="chartsheets/c.xml"/>'
        f'<p:Relationship Id="b" Type="{TYPES}/worksheet" Target="/xl/worksheets/../b.xml"/></r>'
    )
    parts = {"xl/workbook.xml": book, "xl/_rels/workbook.xml.rels": relations}
    assert Package(archive(parts)).sheets == {"shown": "xl/b.xml", "2": SHEET}


def test_a_list_of_sheets_that_says_too_little_is_damage() -> None:
    for part, xml in (
        ("xl/workbook.xml", '<w><sheet r:id="a"/></w>'),
        ("xl/_rels/workbook.xml.rels", "<r><Relationship/></r>"),
    ):
        with pytest.raises(UnreadableError, match="its list of sheets or formats"):
            Package(archive({part: xml}))


@pytest.mark.parametrize("member", [b"xl/workbook.xml", b"xl/other.xml"])
def test_one_member_under_a_password_is_enough_to_refuse(member: bytes) -> None:
    data = bytearray(archive({"xl/other.xml": "<x/>"}).getvalue())
    directory = data.index(b"PK\x01\x02")
    place = data.index(member, directory) - 46  # the fixed part of an entry of the directory (APPNOTE 4.3.12)
    assert data[place : place + 4] == b"PK\x01\x02"
    data[place + 8] |= 1
    with pytest.raises(UnreadableError, match="protected by a password"):
        Package(io.BytesIO(data))


@pytest.mark.parametrize(("size", "told"), [(1_000_000, None), (1_000_001, 1), (1_999_999, 1), (2_000_000, 2)])
def test_a_workbook_may_unpack_to_the_limit(size: int, told: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "LARGEST_MEGABYTES", 1)
    others = len(BOOK) + len(RELATIONS)
    source = archive({"xl/big.xml": "x" * (size - others)})
    if told is None:
        assert Package(source).sheets
    else:
        with pytest.raises(UnreadableError, match=f"unpacks to {told} MB and the limit is 1 MB"):
            Package(source)


# The XML of a part


@pytest.mark.parametrize(
    ("xml", "found"),
    [
        ("<x/>", Marks.NONE),
        ('<x><c t="e"/></x>', Marks.ERRORS),
        ("<x><c t = 'e'/></x>", Marks.ERRORS),
        ('<x><c s="e"/></x>', Marks.NONE),
        ("<x><f>1</f></x>", Marks.FORMULAS),
        ("<x><a:f/></x>", Marks.FORMULAS),
        ("<x><font/></x>", Marks.NONE),
        ('<x><mergeCell ref="A1:A2"/></x>', Marks.MERGED),
        ('<x><mergeCells count="0"/></x>', Marks.NONE),
        ("<x><r><t>a </t></r></x>", Marks.SPACES),
        ("<x><r><t> a</t></r></x>", Marks.SPACES),
        ("<x><r><rPr><b/><i/></rPr><t>a </t></r></x>", Marks.SPACES),
        ("<x><a:r><a:rPr/><a:t>a </a:t></a:r></x>", Marks.SPACES),
        ('<x><r><t xml:space="preserve"> a</t></r></x>', Marks.NONE),
        ("<x><t> a</t></x>", Marks.NONE),
        ("<x><v>1&#50;</v></x>", Marks.ODD),
        ("<x><v>&#x31;</v></x>", Marks.ODD),
        ("<x><t>&#50;</t></x>", Marks.NONE),
        ("<x><c t='e'/><f/><mergeCell r='x'/><r><t>a </t></r><v>&#50;</v></x>", ~Marks.NONE),
    ],
)  # fmt: skip
def test_the_marks_of_what_a_reader_hides_are_seen_wherever_a_piece_ends(
    xml: str, found: Marks, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert marks(xml) == found
    for size in range(1, len(xml)):
        monkeypatch.setattr(package, "_AT_ONCE", size)
        assert marks(xml) == found, size


def test_what_a_piece_leaves_for_the_next_is_not_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark across more than the two last tags, or than the overlap, is none of a spreadsheet."""
    monkeypatch.setattr(package, "_AT_ONCE", 8)
    monkeypatch.setattr(package, "_OVERLAP", 14)
    assert marks("<x><r><t>aaaaaaaaaaaaaaaaaaaaaaaaa </t></r></x>") == Marks.NONE
    assert marks("<r><t>a </t></r>") == Marks.SPACES


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        ('<?xml version="1.0"?><x/>', None),
        ('<?xml version="1.0" encoding="US-ASCII"?><x/>', None),
        ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?><x/>', None),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><x/>', "not written in UTF-8"),
        ("<x/>".encode("utf-16"), "not written in UTF-8"),
        ("<x/>".encode("utf-16-le"), "not written in UTF-8"),
        ("<x/>".encode("utf-16-be"), "not written in UTF-8"),
        (b"<x> \0</x>", "is damaged \\(its part"),
        (b"<xyz\0/>", "is damaged \\(its part"),
        (b"<x>" + b" " * 65_533 + b"\0</x>", "is damaged \\(its part"),
        ("<x><y></x>", "is damaged \\(its part"),
        ("<x>", "is damaged \\(its part"),
        ("<!DOCTYPE x><x/>", "document type definition"),
        ("<x><!-- a --></x>", "comments or marked sections"),
        ("<x><?a b?></x>", "comments or marked sections"),
        ("<x><![CDATA[a]]></x>", "comments or marked sections"),
    ],
)
def test_a_part_is_well_formed_xml_in_utf_8(xml: str | bytes, words: str | None) -> None:
    if words is None:
        assert marks(xml) == Marks.NONE
    else:
        with pytest.raises(UnreadableError, match=words):
            marks(xml)


def test_a_part_of_which_enough_was_seen_has_no_marks() -> None:
    def enough(*_given: object) -> None:
        raise EnoughError

    def attach(parser: expat.XMLParserType) -> None:
        parser.StartElementHandler = enough

    opened = Package(archive({SHEET: "<w><f>1</f>"}))
    assert opened.parse(SHEET, attach) is Marks.NONE
    assert opened.parse("xl/workbook.xml", lambda _parser: None) is Marks.NONE


def test_a_part_that_is_not_there_is_damage_and_comments_of_the_lists_are_not_looked_at() -> None:
    opened = Package(archive({"xl/workbook.xml": BOOK.replace("<w>", "<w><!-- a -->")}))
    assert (opened.has("xl/workbook.xml"), opened.has(SHEET)) == (True, False)
    with pytest.raises(UnreadableError, match=r"its part xl/worksheets/one\.xml cannot be read"):
        opened.parse(SHEET)


@pytest.mark.parametrize(("limit", "whole"), [(65_533, True), (65_532, False)])
def test_a_tag_may_be_as_long_as_the_longest(limit: int, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a tag that begins at byte 3, the first piece of 65,536 bytes holds 65,533."""
    monkeypatch.setattr(package, "_LONGEST_TAG", limit)
    xml = f'<x><y z="{"a" * 69_000}"/></x>'
    if whole:
        assert marks(xml) == Marks.NONE
    else:
        with pytest.raises(UnreadableError, match=r"a tag of its part xl/worksheets/one\.xml does not end"):
            marks(xml)


def test_texts_of_many_pieces_are_no_long_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "_LONGEST_TAG", 65_600)
    assert marks("<x>" + "<y>abc</y>" * 60_000 + "</x>") == Marks.NONE


# The scan of a sheet


def scanned(xml: str, scan: SheetScan | StringScan) -> SheetScan | StringScan:
    parser = expat.ParserCreate()
    scan.attach(parser)
    with suppress(EnoughError):
        parser.Parse(f"<w>{xml}</w>", True)
    return scan


def broken(xml: str) -> list[tuple[int, int, str]]:
    """Row, column and error of each broken cell; `?` for a formula that was never calculated."""
    scan = scanned(xml, SheetScan())
    assert isinstance(scan, SheetScan)
    assert not scan.cells
    assert all(("never calculated" in cell.message) is (not cell.error) for cell in scan.broken)
    return [(cell.row, cell.column, cell.error or "?") for cell in scan.broken]


ERROR = '<c t="e"><v>#N/A</v></c>'


@pytest.mark.parametrize(
    ("xml", "found"),
    [
        (f"<row>{ERROR}<c><v>1</v></c>{ERROR}</row><row>{ERROR}</row>", [(1, 0), (1, 2), (2, 0)]),
        (f'<row r="4"><c r="C4"><v>1</v></c>{ERROR}</row><row>{ERROR}</row>', [(4, 3), (5, 0)]),
        (f'<row r="7"><c r="AA7" t="e"><v>#N/A</v></c>{ERROR}</row>', [(7, 26), (7, 27)]),
        (f'<x:row r="2"><x:c r="b2" t="e"><x:v>#N/A</x:v></x:c></x:row>{ERROR}', [(2, 1), (2, 2)]),
        (ERROR, [(0, 0)]),
    ],
)
def test_a_cell_stands_where_it_says_or_behind_the_one_before(xml: str, found: list[tuple[int, int]]) -> None:
    assert broken(xml) == [(*place, "#N/A") for place in found]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ("<c><f>1</f></c>", [0]),
        ("<c><f>1</f><v/></c><c/><c/>", [0]),
        ('<c t="b"><f>1</f></c>', [0]),
        ('<c t="str"><f>1</f><v></v></c>', []),
        ('<c t="inlineStr"><f>1</f></c>', []),
        ("<c><f>1</f><v>2</v></c>", []),
        ("<c><v>2</v><f>1</f></c><c><f>2</f></c>", [1]),
        ("<c/><c><v></v></c>", []),
        ("<c><v>2</v></c><c><f>2</f></c><c><v>3</v></c>", [1]),
    ],
)
def test_a_formula_without_a_value_was_never_calculated(cells: str, found: list[int]) -> None:
    assert broken(f"<row>{cells}</row>") == [(1, place, "?") for place in found]


def test_the_cells_of_the_first_row_are_given_and_no_more() -> None:
    xml = (
        '<dim>junk</dim><row r="3">junk<c t="s"><v>4</v>junk</c><c/><c r="D3" t="inlineStr"><is>junk<r><t>N</t>junk</r>'
        "<r><t>oé</t></r><rPh><t>phonetic</t></rPh><r><t>l</t></r></is></c><c><f>1+1</f><v>2</v></c><c><f>3</f></c></row>"
        "<row><c><v>5</v></c></row>"
    )
    scan = scanned(xml, SheetScan(first=True))
    assert isinstance(scan, SheetScan)
    assert scan.cells == [
        RawCell(3, 0, "s", "4"), RawCell(3, 3, "inlineStr", "Noél"), RawCell(3, 4, None, "2"), RawCell(3, 5, None, "")
    ]  # fmt: skip
    assert scan.broken == []


STRINGS = (
    "junk<si>junk<t>a</t>junk</si>junk<x:si><r><t>b </t>junk</r><r><t>c</t></r><rPh><t>phonetic</t></rPh>"
    "<t>d</t></x:si><si/><si><t>_x0041_ e</t></si>"
)


@pytest.mark.parametrize(("last", "count"), [(0, 1), (1, 2), (2, 3), (3, 4), (9, 4)])
def test_shared_strings_are_read_up_to_the_last_that_is_asked_for(last: int, count: int) -> None:
    scan = scanned(STRINGS, StringScan(last))
    assert isinstance(scan, StringScan)
    assert scan.strings == ["a", "b cd", "", "A e"][:count]


def test_a_character_that_xml_cannot_hold_is_written_by_its_number() -> None:
    assert plain("a_x00E9_b_x000D_c") == "aéb c"
    assert plain(" _x0041_ _x004_ ") == "A _x004_"


@pytest.mark.parametrize(("place", "column"), [("A1", 0), ("Z1", 25), ("AA1", 26), ("az9", 51), ("XFD1048576", 16_383)])
def test_a_column_is_named_by_letters(place: str, column: int) -> None:
    assert broken(f'<row r="1"><c r="{place}" t="e"><v>#N/A</v></c></row>') == [(1, column, "#N/A")]


# The headings of a sheet


def headings(row: str, strings: str | None = None) -> list[str]:
    parts = {SHEET: f"<w>{row}</w>"} | ({} if strings is None else {"xl/sharedStrings.xml": f"<w>{strings}</w>"})
    rows = dict(Workbook(archive(parts)).top("one", 1))
    return rows.get(1, [])


SHARED = "<si><t>nul</t></si><si><t>un</t></si>"


@pytest.mark.parametrize(
    ("row", "strings", "found"),
    [
        ('<row r="1"><c t="str"><v>a_x0041_</v></c><c r="D1" t="str"><v> b </v></c></row>', None, ["aA", "", "", "b"]),
        ('<row r="1"><c t="s"><v>1</v></c><c t="s"><v>0</v></c></row>', SHARED, ["un", "nul"]),
        ('<row r="1"><c t="s"><v>1</v></c><c t="s"><v>2</v></c><c t="s"><v>9</v></c></row>', SHARED, ["un", "", ""]),
        ('<row r="1"><c t="s"><v>x</v></c><c t="s"><v>0</v></c></row>', SHARED, ["", "nul"]),
        ('<row r="1"><c t="s"><v>x</v></c><c><v>7</v></c></row>', SHARED, ["", "7"]),
        ('<row r="1"><c><v>7</v></c></row>', SHARED, ["7"]),
        ('<row r="1"><c t="s"><v>0</v></c></row>', None, []),
        ('<row r="1"><c t="str"><v> </v></c></row>', None, []),
        ('<row r="2"><c t="str"><v>a</v></c></row>', None, []),
        ('<row><c t="str"><v>a</v></c></row><row><c t="str"><v>b</v></c></row>', None, ["a"]),
        ("", None, []),
    ],
)
def test_the_headings_are_the_texts_of_row_one(row: str, strings: str | None, found: list[str]) -> None:
    assert headings(row, strings) == found


def test_no_more_of_the_texts_is_read_than_the_headings_ask_for() -> None:
    assert headings('<row r="1"><c t="s"><v>0</v></c><c><v>7</v></c></row>', SHARED + "<damage>") == ["nul", "7"]
    with pytest.raises(UnreadableError):
        headings('<row r="1"><c t="s"><v>2</v></c></row>', SHARED + "<damage>")


def test_there_are_as_many_headings_as_columns_are_read() -> None:
    assert headings('<row r="1"><c r="IV1" t="str"><v>a</v></c></row>') == [""] * 255 + ["a"]
    with pytest.raises(UnreadableError, match="more than 256 columns"):
        headings('<row r="1"><c r="IW1" t="str"><v>a</v></c></row>')


# The whole sheet: what the reader is asked for


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, str, bool]]:
    """What the values of sheets are asked for; the one there is says that cells are merged."""
    calls: list[tuple[bytes, str, bool]] = []

    def values(data: bytes, name: str, *, spaced: bool) -> SheetValues:
        calls.append((data, name, spaced))
        return SheetValues([(1, ["a"])], ["A1:A2"])

    monkeypatch.setattr(workbook, "read_values", values)
    return calls


RUN = "<w><r><t>a </t></r></w>"


@pytest.mark.parametrize(
    ("parts", "spaced"),
    [
        ({SHEET: "<w/>"}, False),
        ({SHEET: RUN}, True),
        ({SHEET: "<w/>", "xl/sharedStrings.xml": RUN, "xl/styles.xml": "<w/>"}, True),
        ({SHEET: RUN, "xl/sharedStrings.xml": "<w/>", "xl/styles.xml": "<w/>"}, True),
        ({SHEET: "<w/>", "xl/sharedStrings.xml": "<w/>", "xl/styles.xml": "<w/>"}, False),
        ({SHEET: "<w/>", "xl/other.xml": RUN}, False),
    ],
)
def test_blanks_are_kept_where_a_part_has_runs_of_text(
    parts: dict[str, str], spaced: bool, read: list[tuple[bytes, str, bool]]
) -> None:
    source = archive(parts)
    assert Workbook(source).grid("one") == Grid([(1, ["a"])], [], [])
    assert read == [(source.getvalue(), "one", spaced)]


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/styles.xml"])
def test_each_part_that_is_read_is_well_formed(part: str, read: list[tuple[bytes, str, bool]]) -> None:
    with pytest.raises(UnreadableError, match=f"its part {part} cannot be read"):
        Workbook(archive({SHEET: "<w/>", part: "<w>"})).grid("one")
    assert read == []


def test_a_sheet_tells_its_broken_and_its_merged_cells(read: list[tuple[bytes, str, bool]]) -> None:
    xml = f'<w><row>{ERROR}<c><f>1</f></c></row><mergeCell ref="A1:A2"/></w>'
    for text, count, merged in (
        (xml, 2, ["A1:A2"]),
        (xml.replace(ERROR, "<c/>"), 1, ["A1:A2"]),
        (xml.replace("<f>1</f>", "<v>1</v>"), 1, ["A1:A2"]),
        (xml.replace("mergeCell", "other"), 2, []),
    ):
        grid = Workbook(archive({SHEET: text})).grid("one")
        assert (len(grid.broken), grid.merged) == (count, merged)
        assert all(isinstance(cell, BrokenCell) for cell in grid.broken)
    assert len(read) == 4


def test_a_wide_sheet_and_one_with_odd_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableError, match="sheet `one` has numbers written as no spreadsheet"):
        Workbook(archive({SHEET: "<w><v>1&#50;</v></w>"})).grid("one")
    monkeypatch.setattr(workbook, "read_values", lambda *_, **__: SheetValues([], [], wide=True))
    with pytest.raises(UnreadableError, match="more than 256 columns"):
        Workbook(archive({SHEET: "<w/>"})).grid("one")


def test_a_sheet_that_is_cut_off_is_told_by_its_part(tmp_path: Path) -> None:
    source = rewrite(
        write_workbook(tmp_path / "a.xlsx", "# one\nname;amount\nx;1\n"),
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(r"</worksheet>\s*$", "", xml),
    )
    with source.open("rb") as stream, pytest.raises(UnreadableError, match=r"its part xl/worksheets/sheet1.xml"):
        Workbook(stream).grid("one")
