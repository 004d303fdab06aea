"""Statements as banks and portals hand them out: in pages, one behind the other, zipped, with numbers of all kinds.

Sources: [ISO] ISO 20022 camt.053 (MsgPgntn, StmtPgntn, ITBD, ElctrncSeqNb); [F] facts of the formats (CODA: number 000
where a bank does not number, paper number or Julian day); [O865] OCA/bank-statement-import 865 (BNP: messages merged
into one file); [O113], [O880] the same 113 and 880, openpetra 563 (zips of several accounts); [Z] what zips are known
to do (nested, encrypted, blown up, names that lead out, links); [D] design, what must always be true, 2.
"""

import json
import stat
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from camt_writer import Ntry, Stmt, Tx, body, encode, message
from small_books import DAY, IBAN, OPENING, OTHER_IBAN, Obole, Statement, given, iban, ogm, write_donors

NEXT = DAY + timedelta(days=1)


@pytest.fixture
def ready(empty: Obole, tmp_path: Path) -> Obole:
    empty.takes_well(write_donors(tmp_path / "donors.csv"), OPENING.write(tmp_path))
    return empty


def entry(cents: int, donor: int, day: date = DAY) -> Ntry:
    return Ntry(cents, day, (Tx(cents, "X", iban(7359999999), ogm=ogm(donor)),))


def stmt(opening: int, *entries: Ntry, day: date = DAY, sequence: str = "", **changes: object) -> Stmt:
    return Stmt(list(entries), opening, account=IBAN, sequence=sequence, day=day, **changes)  # type: ignore[arg-type]


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# Pages


def pages(folder: Path, *, interim: bool, kind: str = "Msg") -> list[Path]:
    """Three pages of one statement, 1000.00 to 1060.00; with interim balances, or with the two ends alone."""
    amounts = ((10_00, 1), (20_00, 2), (30_00, 5))
    files, opening = [], 1_000_00
    for number, (cents, donor) in enumerate(amounts, 1):
        closing = opening + cents
        text = encode(
            [stmt(opening, entry(cents, donor), sequence="73", id="S-73")], page=(number, number == 3)
        ).decode()
        for code, end in (("OPBD", number == 1), ("CLBD", number == 3)):
            if not end:
                text = _without(text, code) if not interim else text.replace(f"<Cd>{code}</Cd>", "<Cd>ITBD</Cd>")
        if kind == "Stmt":
            told = text[text.index("<MsgPgntn>") : text.index("</GrpHdr>")]
            text = text.replace(told, "").replace(
                "<Id>S-73</Id>", "<Id>S-73</Id>" + told.replace("MsgPgntn", "StmtPgntn")
            )
        files.append(put(folder / f"page{number}.xml", text.encode()))
        opening = closing
    return files


def _without(text: str, code: str) -> str:
    start = text.index(f"<Bal><Tp><CdOrPrtry><Cd>{code}<")
    return text[:start] + text[text.index("</Bal>", start) + len("</Bal>") :]


ALL = {"D0001": 10_00, "D0002": 20_00, "D0005": 30_00}


@pytest.mark.parametrize("interim", [True, False])
@pytest.mark.parametrize("kind", ["Msg", "Stmt"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_pages_given_together_are_one_statement(
    ready: Obole, tmp_path: Path, order: Sequence[int], kind: str, interim: bool
):
    """[ISO] MsgPgntn in the header of the message, StmtPgntn in the statement, with and without ITBD."""
    files = pages(tmp_path, interim=interim, kind=kind)
    ready.takes_well(*(files[index] for index in order))
    assert ready.rows("SELECT opening, closing FROM document WHERE bank IS NOT NULL") == [(1_000_00, 1_060_00)]
    assert ready.given_by() == ALL
    before = ready.state()
    ready.takes_well(*files)
    assert ready.state() == before
    assert ready.checks().exit_code == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_pages_with_interim_balances_are_joined_one_after_the_other(ready: Obole, tmp_path: Path, order: Sequence[int]):
    """[ISO] ITBD."""
    files = pages(tmp_path, interim=True)
    for index in order:
        ready.takes_well(files[index])
    assert ready.given_by() == ALL
    assert ready.checks().exit_code == 0


def test_a_page_without_balances_of_its_own_waits_for_the_others_in_one_command(ready: Obole, tmp_path: Path):
    files = pages(tmp_path, interim=False)
    told = ready.refuses(files[0])
    assert "what follows page 1 of this statement is not here; import all its pages with one command" in told
    assert "page 2 of this statement is not here" in ready.refuses(files[0], files[2])
    ready.takes_well(*files)
    assert ready.given_by() == ALL


def test_a_page_twice_and_pages_of_two_statements_in_one_command(ready: Obole, tmp_path: Path):
    files = pages(tmp_path, interim=False)
    twice = put(tmp_path / "copy.xml", files[1].read_bytes())
    second = [
        encode([stmt(1_060_00, entry(5_00, 6, NEXT), day=NEXT, sequence="74", id="S-74")], page=(1, False)),
        encode([stmt(1_065_00, entry(5_00, 6, NEXT), day=NEXT, sequence="74", id="S-74")], page=(2, True)),
    ]
    second = [_without(one.decode(), code).encode() for one, code in zip(second, ("CLBD", "OPBD"), strict=True)]
    others = [put(tmp_path / f"other{number}.xml", one) for number, one in enumerate(second)]
    ready.takes_well(others[1], files[2], twice, *files[:2], others[0])
    assert ready.given_by() == ALL | {"D0006": 10_00}
    assert ready.checks().exit_code == 0


# Messages one behind the other


@pytest.mark.parametrize("between", ["", "\n\n", "\ufeff"])
@pytest.mark.parametrize("declared", [True, False])
def test_messages_one_behind_the_other_are_read(ready: Obole, tmp_path: Path, between: str, declared: bool):
    """[O865]; version 02 and 08, with and without a declaration of each."""
    first = encode([stmt(1_000_00, entry(10_00, 1), sequence="73")]).decode()
    second = "".join(message([stmt(1_010_00, entry(20_00, 2, NEXT), day=NEXT, sequence="74")], "08"))
    second = second if declared else second.partition("\n")[2]
    put(tmp_path / "merged.xml", (first + between + second).encode())
    if between == "\ufeff" and not declared:
        pytest.skip("a mark of the encoding stands before a declaration")
    ready.takes_well(tmp_path / "merged.xml")
    assert ready.given_by() == {"D0001": 10_00, "D0002": 20_00}
    assert ready.checks().exit_code == 0


def test_what_stands_behind_a_message_and_is_none_is_told_with_its_line(ready: Obole, tmp_path: Path):
    text = encode([stmt(1_000_00, entry(10_00, 1))]) + b"<Other/>"
    told = ready.refuses(put(tmp_path / "behind.xml", text))
    assert f"line {text.count(10) + 1}: something stands behind the end of the message" in told


def test_a_fault_in_a_later_message_names_its_line_in_the_file(ready: Obole, tmp_path: Path):
    first = encode([stmt(1_000_00, entry(10_00, 1), sequence="73")])
    second = "".join(body([stmt(1_010_00, Ntry(20_00, NEXT, amount="1.005"), day=NEXT, sequence="74")]))
    second = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">\n{second}</Document>\n'
    told = ready.takes(put(tmp_path / "merged.xml", first + second.encode())).output
    line = (first + second.encode()).decode().split("<Ntry>")[:-1]
    number = "<Ntry>".join(line).count("\n") + 1
    assert f"line {number}: the amount of the entry has a fraction of a cent" in told
    assert ready.given_by() == {"D0001": 10_00}


# Numbers


def numbered(folder: Path, *numbers: tuple[str, date], kind: str = "camt") -> list[Path]:
    """Statements that lead on, under these numbers."""
    files, opening = [], 1_000_00
    for index, (number, day) in enumerate(numbers):
        if kind == "camt":
            files.append(
                put(folder / f"{index}.xml", encode([stmt(opening, entry(1_00, 1, day), day=day, sequence=number)]))
            )
        else:
            files.append(Statement(int(number), opening, [given(1_00, 1)], day, name=f"{index}.cod").write(folder))
        opening += 1_00
    return files


JANUARY, FEBRUARY = date(2025, 1, 31), date(2025, 2, 3)


@pytest.mark.parametrize(
    ("kind", "numbers", "told"),
    [
        ("camt", (("20250131", JANUARY), ("20250203", FEBRUARY)), False),  # the case given
        ("camt", (("250131", JANUARY), ("250203", FEBRUARY)), False),
        ("camt", (("31012025", JANUARY), ("03022025", FEBRUARY)), False),
        ("camt", (("31", JANUARY), ("34", FEBRUARY)), False),  # day of the year
        ("coda", (("31", JANUARY), ("34", FEBRUARY)), False),  # [F] Julian day
        ("coda", (("32", JANUARY), ("35", FEBRUARY)), False),  # of the day after, when it was made
        ("camt", (("1", JANUARY), ("4", FEBRUARY), ("9", NEXT)), False),  # numbered over all accounts of a contract
        ("camt", (("1", JANUARY), ("2", FEBRUARY), ("4", NEXT)), True),  # this bank does count by one
        ("coda", (("1", JANUARY), ("3", FEBRUARY)), True),  # [F] the standard of CODA
        ("coda", (("1", JANUARY), ("2", FEBRUARY), ("3", DAY), ("5", NEXT)), True),
        ("camt", (("A-1", JANUARY), ("A-7", FEBRUARY)), False),  # no number at all
        ("camt", (("2025/12", JANUARY), ("2025/40", FEBRUARY)), False),
        ("camt", (("1000", JANUARY), ("1001", FEBRUARY)), False),  # three digits are kept
    ],
)
def test_a_number_is_missing_only_where_numbers_count_by_one(
    ready: Obole, tmp_path: Path, kind: str, numbers: Sequence[tuple[str, date]], told: bool
):
    files = numbered(tmp_path, *numbers, kind=kind)
    said = "".join(ready.takes_well(one).output for one in files)
    assert ("a number is missing" in said) is told
    assert "a gap before it" not in said
    assert ready.checks().exit_code == 0


def test_where_numbers_were_told_once_not_to_count_by_one_they_are_not_told_again(ready: Obole, tmp_path: Path):
    numbers = [("1", JANUARY), ("4", FEBRUARY), ("8", DAY), ("13", NEXT)]
    said = [ready.takes_well(one).output for one in numbered(tmp_path, *numbers, kind="coda")]
    assert ["a number is missing" in one for one in said] == [False, True, False, False]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("kind", ["coda", "camt"])
def test_three_statements_of_a_day_without_numbers_in_any_order(
    ready: Obole, tmp_path: Path, order: Sequence[int], kind: str
):
    """[F] number 000; an intraday download three times a day."""
    files = numbered(tmp_path, *[("0" if kind == "coda" else "", DAY)] * 3, kind=kind)
    ready.takes_well(*(files[index] for index in order))
    assert ready.given_by() == {"D0001": 3_00}
    before = ready.state()
    ready.takes_well(*files)
    assert ready.state() == before
    assert ready.checks().exit_code == 0


def test_one_after_the_other_too_the_last_first(ready: Obole, tmp_path: Path):
    files = numbered(tmp_path, ("0", DAY), ("0", DAY), kind="coda")
    for one in reversed(files):
        assert "remark" not in ready.takes_well(one).output
    assert ready.checks().exit_code == 0


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("first", "last"), [(0, 2), (1, 3), (2, 4), (1, 2)])
def test_any_part_of_a_day_that_is_there_is_known(ready: Obole, tmp_path: Path, first: int, last: int, turned: bool):
    """The day newest first or oldest first; its beginning, middle and end."""
    lines = [entry(10_00, 1), entry(20_00, 2), entry(40_00, 5), entry(80_00, 6)]
    opening = 1_000_00 + sum(one.cents for one in lines[:first])
    part = lines[first:last]
    ready.takes_well(put(tmp_path / "day.xml", encode([stmt(1_000_00, *lines[:: -1 if turned else 1])])))
    before = ready.state()
    ready.takes_well(put(tmp_path / "part.xml", encode([stmt(opening, *part)])))
    assert ready.state() == before


def test_a_part_of_a_day_that_begins_at_no_balance_of_it_is_refused(ready: Obole, tmp_path: Path):
    ready.takes_well(put(tmp_path / "day.xml", encode([stmt(1_000_00, entry(10_00, 1), entry(20_00, 2))])))
    assert "does not agree with it" in ready.refuses(
        put(tmp_path / "part.xml", encode([stmt(1_005_00, entry(20_00, 2))]))
    )


# Zips


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


FIRST = encode([stmt(1_000_00, entry(10_00, 1), sequence="73")])
SECOND = encode([stmt(1_010_00, entry(20_00, 2, NEXT), day=NEXT, sequence="74")])


def test_a_zip_holds_files_of_several_kinds_accounts_and_folders(empty: Obole, tmp_path: Path):
    """[O880] statements of two accounts, with what finders of folders leave beside them."""
    other = Statement(1, 0, [given(5_00, 5)], bank="gifts").encoded()
    donors = write_donors(tmp_path / "donors.csv").read_bytes()
    opening = OPENING.write(tmp_path).read_bytes()
    path = zipped(
        tmp_path / "all.zip",
        **{"mars/a.xml": SECOND, "avril/a.xml": FIRST, "b.cod": other, "donors.csv": donors, "opening.csv": opening,
           "__MACOSX/._a.xml": b"x", ".DS_Store": b"x"},
    )  # fmt: skip
    told = empty.takes_well(path).output
    assert "5 files: 4 documents posted" in told
    assert empty.given_by() == {"D0001": 10_00, "D0002": 20_00, "D0005": 5_00}
    assert {row[0] for row in empty.rows("SELECT bank FROM document WHERE bank IS NOT NULL")} == {"current", "gifts"}
    assert OTHER_IBAN not in told
    before = empty.state()
    empty.takes_well(path)
    assert empty.state() == before
    assert empty.checks().exit_code == 0


def test_pages_and_a_folder_of_zips(ready: Obole, tmp_path: Path):
    folder = tmp_path / "portal"
    folder.mkdir()
    for number, page in enumerate(pages(tmp_path, interim=False)):
        zipped(folder / f"{number}.ZIP", **{"page.xml": page.read_bytes()})
    ready.takes_well(folder)
    assert ready.given_by() == ALL


def test_a_fault_in_a_zip_names_the_zip_and_the_file_and_the_others_are_taken(ready: Obole, tmp_path: Path):
    path = zipped(tmp_path / "mixed.zip", **{"a.xml": FIRST, "sub/note.txt": b"nothing", "b.xml": SECOND[:-40]})
    result = ready.takes(path)
    assert result.exit_code == 1
    assert "mixed.zip/sub/note.txt: refused" in result.output
    assert "mixed.zip/b.xml: refused" in result.output
    assert ready.given_by() == {"D0001": 10_00}
    assert "mixed.zip/sub/note.txt" in ready("inspect", path).output


def _encrypted(path: Path) -> Path:
    zipped(path, **{"a.xml": FIRST})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return put(path, bytes(data))


def _damaged(path: Path) -> Path:
    zipped(path, **{"a.xml": FIRST})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    return put(path, bytes(data))


def _link(path: Path) -> Path:
    entry = zipfile.ZipInfo("a.xml")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    return path


def _many(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}.txt", b"")
    return path


REFUSED = {
    "nested": (
        lambda path: zipped(path, **{"in.zip": zipped(path.with_name("in"), **{"a.xml": FIRST}).read_bytes()}),
        "a zip inside a zip is not opened",
    ),
    "encrypted": (_encrypted, "encrypted"),
    "damaged": (_damaged, "damaged"),
    "cut": (
        lambda path: put(path, zipped(path, **{"a.xml": FIRST}).read_bytes()[:-30]),
        "damaged and cannot be opened",
    ),
    "blown up": (lambda path: zipped(path, **{"a.xml": b"<a>" + b" " * 40_000_000}), "blown up out of nothing"),
    "too many": (_many, "more than 10000 files"),
    "leads up": (lambda path: zipped(path, **{"../a.xml": FIRST}), "leads outside it"),
    "absolute": (lambda path: zipped(path, **{"/tmp/a.xml": FIRST}), "leads outside it"),
    "of Windows": (lambda path: zipped(path, **{"C:\\a.xml": FIRST}), "leads outside it"),
    "control signs": (lambda path: zipped(path, **{"a\x1b[2J.xml": FIRST}), "leads outside it"),
    "a link": (_link, "leads outside it"),
    "empty": (zipped, "holds no file"),
    "hidden files only": (lambda path: zipped(path, **{"__MACOSX/a.xml": FIRST}), "holds no file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_zip_that_is_not_trusted_is_told_and_leaves_nothing(ready: Obole, tmp_path: Path, name: str):
    """[Z]"""
    make, said = REFUSED[name]
    path = make(tmp_path / "bank.zip")
    good = put(tmp_path / "good.xml", SECOND.replace(b"1010.00", b"1000.00").replace(b"1030.00", b"1020.00"))
    assert said in ready.refuses(path)
    inspected = ready("inspect", path)
    assert (inspected.exit_code, said in inspected.output) == (1, True)
    assert "\x1b" not in inspected.output
    result = ready.takes(path, good)
    assert said in result.output
    assert ready.given_by() == {"D0002": 20_00}, "what stands beside it is taken"


def test_a_workbook_is_no_zip_of_files(ready: Obole, tmp_path: Path):
    path = zipped(tmp_path / "book.xlsx", **{"[Content_Types].xml": b"<Types/>"})
    assert "book.xlsx: refused" in ready.refuses(path)


# Gaps


def test_each_gap_is_told_at_import_by_check_and_beside_a_report_that_is_made_all_the_same(
    ready: Obole, tmp_path: Path
):
    """[D] a gap is named; a report of what is there says that it is not final."""
    days = [DAY + timedelta(days=number) for number in range(4)]
    whole = [
        Statement(10 + number, 1_000_00 + number * 10_00, [given(10_00, 1)], day) for number, day in enumerate(days)
    ]
    files = [one.write(tmp_path) for one in whole]
    assert "a gap before it" in ready.takes_well(files[0], files[2]).output
    late = Statement(16, 1_100_00, [given(1_00, 2)], DAY + timedelta(days=9)).write(tmp_path)
    assert "a gap before it" in ready.takes_well(late).output
    faults = ready.faults()
    assert faults.count("a statement is missing between") == 2
    assert "which begins 10.00 EUR away" in faults
    assert "which begins 70.00 EUR away" in faults
    report = ready("report", "trial-balance", "--year", "2025", "--lang", "en")
    assert report.exit_code == 0
    assert report.output.count("a statement is missing between") == 2
    assert "Not final: 2 bank statements are missing" in report.output
    for words in (("trial-balance",), ("income-statement",)):
        told = ready("report", *words, "--year", "2025", "--lang", "en", "--format", "json")
        made = json.loads(told.stdout)
        assert "Not final: 2 bank statements are missing (`obole check`)." in made[0]["note"]
    assert "a statement is missing" in ready("close", "2025").output
    ready.takes_well(files[1])
    assert ready.faults().count("a statement is missing between") == 1


def test_what_is_posted_by_hand_refuses_a_report_with_or_without_a_gap(ready: Obole, tmp_path: Path):
    ready.takes_well(Statement(10, 1_000_00, [given(10_00, 1)]).write(tmp_path))
    ready.takes_well(Statement(12, 1_020_00, [given(10_00, 1)], NEXT).write(tmp_path))
    manual = ready.books / "manual" / "2025.beancount"
    bank = next(
        line.split()[2] for line in (ready.books / "chart.beancount").read_text().splitlines() if ":550000-" in line
    )
    fees = next(
        line.split()[2] for line in (ready.books / "chart.beancount").read_text().splitlines() if ":657000-" in line
    )
    manual.write_text(f'2025-03-14 * "Frais"\n  {bank}  -1.00 EUR\n  {fees}  1.00 EUR\n', encoding="utf-8")
    report = ready("report", "balance-sheet", "--year", "2025")
    assert report.exit_code == 1
    assert "something was posted by hand" in report.output
    faults = ready.faults()
    assert "a statement is missing between" in faults
    assert "difference -1.00" in faults
