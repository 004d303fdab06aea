"""Cases of sheets and of texts from outside: decimal marks, headings below a title, other workbooks, control signs.

Bank 06 and 21 and stores 10 as they were filed, and further cases of the same kinds; each names what happens and where
it is told of. What is right is worked out by hand.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from camt_writer import Ntry, Stmt, Tx, encode
from small_books import DONORS, OPENING, SETTINGS, Obole, iban, new_books, write_csv, write_donors

from importers.bank import camt
from importers.platforms import NOTHING, Declared, read
from importers.platforms.declared import DeclaredSource
from importers.registers import donors, grants, in_kind, journal, pledges
from importers.sheets.tabular import SheetColumn, SheetTable, read_sheet
from ledger.identifiers import national_numbers_in, without_national_numbers
from ledger.money import decimal_mark_in
from ledger.signs import cell_text, one_line, shown_text
from obole.command import say
from obole.intake.inspection import inspect_file
from obole.intake.kinds import kind_of, not_taken

CASES = Path(__file__).parent / "cases" / "sheets"
HEADINGS = "reference;date;donor;category;description;quantity;value;valuation;evidence;account"
DECLARED = Declared({"web": DeclaredSource({"reference": "id", "paid": "day", "gross": "amount"})})


class Marked(NamedTuple):
    event: str
    source: str
    written: tuple[str, ...]
    cents: tuple[int | None, ...]


MARKS = (
    Marked(
        "a column quotes a whole thousand without decimals beside others that have them",
        "https://github.com/firefly-iii/firefly-iii/issues/8404",
        ("236,48", "1.488,69", "1.000"),
        (23648, 148869, 100000),
    ),
    Marked(
        "an exact amount in a file of a bank that writes commas",
        "https://github.com/actualbudget/actual/issues/2143",
        ("1.111,11", "1.000"),
        (111111, 100000),
    ),
    Marked(
        "every amount is a whole number of thousands: nothing says which mark it is",
        "https://github.com/SheetJS/ssf/issues/22 (2,590 of a spreadsheet saved as CSV)",
        ("2,590", "7,770"),
        (None, None),
    ),
    Marked(
        "the currency stands behind the amount",
        "https://github.com/firefly-iii/firefly-iii/issues/4106",
        ("4.711,98 €", "10.000 €"),
        (471198, 1000000),
    ),
    Marked(
        "a mark that stands twice groups, so that the other one is before decimals",
        "https://github.com/firefly-iii/firefly-iii/issues/4106 (1.000.000,00)",
        ("1.000.000", "2.500"),
        (100000000, 250000),
    ),
    Marked(
        "a Swiss export groups with an apostrophe",
        "https://github.com/firefly-iii/firefly-iii/issues/4106 (1'000'000,00)",
        ("1'000.50", "2,500"),
        (100050, 250000),
    ),
    Marked(
        "a figure with blanks between the thousands says nothing, and is in no doubt",
        "ISO 80000-1, 7.3.1: groups of three are separated by a small space, never by a point or a comma",
        ("1 000", "2 500"),
        (100000, 250000),
    ),
    Marked(
        "two people filled in one list, each in their way: what leaves no doubt is taken, the rest is refused",
        "https://github.com/Aam-Digital/ndb-core/issues/3453 (both formats are in use)",
        ("12.50", "12,50", "1,000"),
        (1250, 1250, None),
    ),
    Marked(
        "an amount below ten with three figures is no thousand where it begins with a zero",
        "a quantity may have three decimals; ISO 80000-1 asks for a figure before the mark",
        ("0,500", "1.250"),
        (50, 125000),
    ),
    Marked(
        "four figures before a mark are no group",
        "https://github.com/deadlocker8/BudgetMaster/issues/731 (1.355,90 read as 1,35)",
        ("1355,90", "1.355"),
        (135590, 135500),
    ),
)


def in_kind_rows(written: tuple[str, ...]) -> str:
    rows = [
        f"K{number};2025-03-14;D0000001;goods;Chairs;;{amount};invoice;I{number};610900"
        for number, amount in enumerate(written)
    ]
    return "\n".join((HEADINGS, *rows)) + "\n"


@pytest.mark.parametrize("case", MARKS, ids=lambda case: case.event[:50])
def test_an_amount_of_a_register_has_the_mark_of_its_table_or_is_refused(case: Marked, tmp_path: Path):
    path = tmp_path / "in-kind.csv"
    path.write_text(in_kind_rows(case.written), encoding="utf-8")
    file = in_kind.read(path)
    taken = {row.reference: row.cents for row in file.rows}
    assert [taken.get(f"K{number}") for number in range(len(case.written))] == list(case.cents)
    refused = [fault for fault in file.faults if "may mean thousands or decimals" in fault.message]
    assert len(refused) == case.cents.count(None)
    assert file.ok == (None not in case.cents)


@pytest.mark.parametrize("case", MARKS, ids=lambda case: case.event[:50])
def test_an_amount_of_a_declared_source_has_the_mark_of_its_file_or_is_refused(case: Marked, tmp_path: Path):
    rows = [f"{number};2025-03-14;{amount}" for number, amount in enumerate(case.written, 1)]
    path = tmp_path / "web.csv"
    path.write_text("\n".join(("id;day;amount", *rows)) + "\n", encoding="utf-8")
    report = read(path, DECLARED)
    if None in case.cents or "€" in case.written[0]:  # of a source, the currency has a column of its own
        assert not report.ok
    else:
        assert [row.gross for row in report.rows] == list(case.cents)


def test_an_amount_of_a_journal_is_decided_by_both_of_its_columns(tmp_path: Path):
    path = tmp_path / "journal.csv"
    lines = ("date;account;debit;credit;document", "2025-01-31;620200;1.000;;P1", "2025-01-31;455000;;1.000,00;P1")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    [entry] = journal.read(path).rows
    assert [line.cents for line in entry.lines] == [100000, -100000]


def test_an_amount_of_a_pledge_that_stays_in_doubt_is_refused(tmp_path: Path):
    path = tmp_path / "pledges.csv"
    head = "mandate;donor;iban;signed;amount;months;first_due"
    path.write_text(f"{head}\nM-1;D0001;{iban(1)};2024-11-10;1,000;1;2025-01-05\n", encoding="utf-8")
    file = pledges.read(path)
    assert not file.ok
    assert any("thousands or decimals" in fault.message for fault in file.faults)


def test_a_number_cell_of_a_workbook_keeps_its_value_whatever_mark_the_texts_have(tmp_path: Path):
    # openpyxl writes 1.125 as a number; beside it a text with a comma before the decimals
    book = openpyxl.Workbook()
    for row in (("id", "day", "amount"), ("1", "2025-03-14", "1.234,56"), ("2", "2025-03-14", 12.5)):
        book.active.append(row)
    book.save(tmp_path / "web.xlsx")
    assert [row.gross for row in read(tmp_path / "web.xlsx", DECLARED).rows] == [123456, 1250]


def test_every_column_that_is_read_as_an_amount_counts_for_the_mark_of_its_table(tmp_path: Path):
    columns = (SheetColumn("a", amount=True), SheetColumn("b"))
    path = tmp_path / "x.csv"
    path.write_text("a;b\n12.50;\n;1,000\n", encoding="utf-8")
    rows = list(SheetTable(read_sheet(path), columns))
    assert [rows[0].cents("a"), rows[1].cents("b")] == [1250, 100000]


@pytest.mark.parametrize(
    ("written", "mark"),
    [("1,000", "?"), ("-1.000 EUR", "?"), ("12,345", "?"), ("1.234,56", ","), ("1 000", ""), ("5,", ","), ("", "")],
)
def test_the_mark_of_an_amount_is_told_where_it_leaves_no_doubt(written: str, mark: str):
    assert decimal_mark_in(written) == mark


def small(folder: Path, settings: str = SETTINGS) -> Obole:
    return Obole(new_books(folder / "books", settings))


def test_bank_06_us_amounts_in_kind():
    file = in_kind.read(CASES / "06-us-amounts-in-kind.csv")
    assert [row.cents for row in file.rows] == [123456, 100000, 250000]


def test_bank_21_title_above_headings():
    path = CASES / "21-title-above-headings.xlsx"
    told = inspect_file(path)
    assert told.kind == "in-kind"
    assert [fault.message for fault in told.faults] == [
        "the headings were found in row 2; what stands above them is left out"
    ]
    assert [row.cents for row in in_kind.read(path).rows] == [10000]


class Titled(NamedTuple):
    event: str
    source: str
    text: str
    kind: str
    row: int


JOURNAL = "date;account;debit;credit;document\n2025-01-31;620200;10,00;;P1\n2025-01-31;455000;;10,00;P1\n"
MOLLIE = "Date,Payment method,Currency,Amount,Status,ID,Settlement amount,Settlement reference\n"
TITLES = (
    Titled(
        "account, period and balance above the headings, with a blank line between",
        "https://github.com/firefly-iii/import-configurations/issues/17",
        '"Compte:";"550000";\n"Période:";"2025";\n\n' + JOURNAL,
        "journal",
        4,
    ),
    Titled(
        "a title with a comma above a table with semicolons",
        "https://github.com/aniav/ynab-csv/issues/5 (a title makes the table one column)",
        "Dons en nature, 2025\n" + in_kind_rows(("12,50",)),
        "in-kind",
        2,
    ),
    Titled(
        "a blank first line",
        "https://github.com/aniav/ynab-csv/issues/5 (banks add empty lines at the beginning)",
        "\n\n" + JOURNAL,
        "journal",
        3,
    ),
    Titled(
        "ten lines of remarks above the headings",
        "https://github.com/halloffame/ynab-csv/issues/23",
        "".join(f"note {number}\n" for number in range(10)) + JOURNAL,
        "journal",
        11,
    ),
    Titled(
        "who exported a settlement of a platform, and when",
        "https://github.com/quentinsf/icsv2ledger/pull/9",
        "Exported by,finance\n" + MOLLIE + "2025-03-14,card,EUR,10.00,paid,tr_1,10.00,1.2025.03\n",
        "mollie",
        2,
    ),
)


@pytest.mark.parametrize("case", TITLES, ids=lambda case: case.event)
def test_headings_below_a_title_are_found_and_said(case: Titled, tmp_path: Path):
    path = tmp_path / "sheet.csv"
    path.write_text(case.text, encoding="utf-8")
    told = inspect_file(path)
    assert told.kind == case.kind
    said = [fault.message for fault in told.faults if "headings were found" in fault.message]
    assert said == [f"the headings were found in row {case.row}; what stands above them is left out"]
    assert told.ok


@pytest.mark.parametrize("ending", ["ods", "xls"])
@pytest.mark.parametrize(
    ("name", "cents", "told"),
    [
        ("plain", [123456, 100000], ""),
        ("title", [100, 50025], "the headings were found in row 4"),
        ("error", [50025], "column `value` holds the spreadsheet error #DIV/0!"),
        ("merged", [], "the cells C2:C3 are merged"),
    ],
)
def test_workbooks_of_other_programs_are_read_and_hide_nothing(name: str, ending: str, cents: list[int], told: str):
    # Saved by LibreOffice 7; https://github.com/OCA/bank-statement-import/pull/394 (rows of an .xls are skipped too)
    path = CASES / f"{name}.{ending}"
    assert in_kind.identify(path)
    file = in_kind.read(path)
    assert [row.cents for row in file.rows] == cents
    assert [fault.message for fault in file.faults if told in fault.message] if told else file.faults == ()


def test_an_ods_is_taken_in_as_a_workbook_is(tmp_path: Path):
    obole = small(tmp_path)
    keys = [list(row) for row in DONORS]
    keys[0][0] = "D0000001"
    obole.takes_well(write_donors(tmp_path / "donors.csv", keys), CASES / "plain.ods")
    assert sorted(one.gift.cents for one in obole.posted()) == [100000, 123456]


@pytest.mark.parametrize("ending", ["ods", "xls"])
def test_a_damaged_workbook_of_another_program_is_refused_in_a_sentence(ending: str, tmp_path: Path):
    path = tmp_path / f"cut.{ending}"
    path.write_bytes((CASES / f"plain.{ending}").read_bytes()[:3000])
    [fault] = in_kind.read(path).faults
    assert "workbook" in fault.message


def _changed(name: str, change: Callable[[bytes], bytes], path: Path) -> Path:
    """An .ods whose content.xml was changed."""
    with zipfile.ZipFile(CASES / name) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if member == "content.xml" else content)
    return path


WIDE = b' table:number-columns-repeated="99999"'
REPEATED = b'<table:table-row table:number-%s-repeated="%s" '


@pytest.mark.parametrize(
    "change",
    [
        # OpenDocument 1.3, part 3, 19.676 and 19.682: a row or a cell stands for so many alike.
        lambda text: text.replace(b"<table:table-row ", REPEATED % (b"rows", b"999999999999"), 1),
        lambda text: text.replace(b"<table:table-row ", REPEATED % (b"rows", b"1048576"), 1),
        lambda text: text.replace(b" office:value-type", WIDE + b" office:value-type", 1),
    ],
)  # fmt: skip
def test_an_ods_that_repeats_what_it_holds_without_end_is_refused_before_it_is_read(
    change: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Found by the fuzz: each such file was read for half a minute, up to three gigabytes."""
    path = _changed("plain.ods", change, tmp_path / "x.ods")
    monkeypatch.setattr("importers.sheets.others.read_book", lambda _data: pytest.fail("it is read"))
    [fault] = in_kind.read(path).faults
    assert "takes too much memory" in fault.message


def test_a_workbook_that_cannot_be_read_is_told_why_and_not_that_it_is_no_kind_of_file(tmp_path: Path):
    """Damaged inside its zip (zlib, found by the fuzz); an .xls that is none; a password is said as such."""

    def broken(text: bytes) -> bytes:
        return text[: len(text) // 2]

    for path in (
        _changed("plain.ods", broken, tmp_path / "cut.ods"),
        _flipped(tmp_path / "flipped.ods"),
        _written(tmp_path / "cut.xls", (CASES / "plain.xls").read_bytes()[:3000]),
        _written(tmp_path / "cut.xlsx", (CASES / "21-title-above-headings.xlsx").read_bytes()[:2000]),
    ):
        [fault] = inspect_file(path).faults
        assert "workbook" in fault.message, path
        assert "no kind of file" not in fault.message, path
        assert not_taken(path).message == fault.message


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _flipped(path: Path) -> Path:
    """An .ods of which the packed bytes of content.xml are not what was packed."""
    data = bytearray((CASES / "plain.ods").read_bytes())
    with zipfile.ZipFile(CASES / "plain.ods") as archive:
        start = archive.getinfo("content.xml").header_offset + 60
    data[start : start + 40] = b"\xff" * 40
    return _written(path, bytes(data))


class Near(NamedTuple):
    event: str
    source: str
    text: str
    told: tuple[str, ...]


NEAR = (
    Near(
        "a list of mandates whose amount is called total",
        "bank 21: no kind of file, and nothing more, was said",
        "mandate;donor;iban;signed;total\nM-1;D0001;BE00;2025-01-01;3\n",
        ("comes nearest to pledges", "missing: `amount`, `first_due`", "not known: `total`"),
    ),
    Near(
        "a settlement of Mollie without its reference",
        "https://github.com/buckets/application/issues/772 (why a line is invalid is not said)",
        "Date,Currency,Amount,Status,ID,Settlement amount\n2025-03-14,EUR,1,paid,tr_1,1\n",
        ("the report of mollie", "missing: `Settlement reference`"),
    ),
    Near(
        "a trial balance whose balances are called otherwise",
        "written from experience: no public source found",
        "compte;libellé;Solde D;Solde C\n100000;Fonds;;1\n",
        (
            "comes nearest to a trial balance",
            "missing: `balance`",
            "not known: `Solde D`, `Solde C`",
            "`obole opening FILE`",
        ),
    ),
    Near(
        "a trial balance with names and no amounts that are known",
        "the headings of docs/registers.md",
        "rekening;omschrijving;eindsaldo\n100000;Fondsen;1\n",
        ("comes nearest to a trial balance", "missing: `balance`", "not known: `eindsaldo`"),
    ),
    Near(
        "a journal in French with one side only",
        "the headings of docs/registers.md",
        "date;compte;libellé;montant;pièce\n2025-01-31;610000;x;1;P1\n",
        ("comes nearest to journal", "not known: `montant`"),
    ),
)


@pytest.mark.parametrize("case", NEAR, ids=lambda case: case.event)
def test_a_file_with_wrong_headings_is_told_what_it_comes_nearest_to(case: Near, tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text(case.text, encoding="utf-8")
    assert kind_of(path) is None
    [fault] = inspect_file(path).faults
    for words in case.told:
        assert words in fault.message


def test_a_declared_source_without_one_of_its_headings_is_told_which(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("id;day;total\n1;2025-03-14;5\n", encoding="utf-8")
    [fault] = inspect_file(path, DECLARED).faults
    assert (
        "the report of web: row 1 has its columns `id`, `day`; missing: `amount`; not known: `total`" in fault.message
    )


def test_what_may_be_somebody_is_not_repeated_as_a_heading(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("mandate;donor;jan@example.org;85.07.30-033.28\n", encoding="utf-8")
    [fault] = inspect_file(path, NOTHING).faults
    assert "example.org" not in fault.message
    assert "033" not in fault.message


SIGNS = (
    ("an escape sequence that clears the screen", "https://github.com/EONRaider/RootWire/issues/53", "Zed\x1b[2J"),
    ("a link of the terminal", "https://github.com/woojubb/robota/issues/2022", "Zed\x1b]8;;http://x.example\x07"),
    ("an eight-bit control", "https://github.com/billybox1926-jpg/snipcontext/issues/196", "Ann\x9b31m\x90"),
    ("a right-to-left override", "https://github.com/marmot-protocol/mdk/issues/586", "An\u202enoj\u202c"),
    ("an isolate", "https://github.com/gdamore/tcell/pull/1072", "\u2066Ann\u2069"),
    ("a zero-width blank", "https://github.com/go-to-k/cdk-real-drift/issues/1058", "An\u200bn\ufeff"),
    ("a backspace that hides what stood before", "https://github.com/resend/resend-cli/pull/228", "Ann\x08\x08"),
    ("an end of line of Unicode", "UAX #14, class BK", "Ann\u2028Zed\u2029"),
    ("no character at all, which XML cannot hold", "XML 1.0, 2.2", "Ann\uffff"),
    ("a carriage return that writes over the line", "ECMA-48, CR", "Ann\rZed"),
    ("a null", "https://github.com/resend/resend-cli/pull/228 (null)", "Ann\x00"),
)


@pytest.mark.parametrize(("event", "source", "name"), SIGNS, ids=[case[0] for case in SIGNS])
def test_no_control_sign_passes_the_ways_in_and_out(event: str, source: str, name: str, tmp_path: Path):
    assert event
    assert source
    assert one_line(name).isprintable()
    assert set(shown_text(name)) - {"\n"} == {letter for letter in shown_text(name) if letter.isprintable()}
    assert all(letter.isprintable() or letter in "\r\n\t" for letter in cell_text(name))
    if "\r" in name or "\x00" in name:
        return
    path = write_donors(tmp_path / "donors.csv", [["D0001", "natural", name, *DONORS[0][3:]]])
    assert all(row.last_name.isprintable() for row in donors.read(path).rows)
    web = tmp_path / "web.csv"
    web.write_text(f"id;day;amount;who\n1;2025-03-14;5.00;{name}\n", encoding="utf-8", errors="surrogatepass")
    source_of = DeclaredSource({"reference": "id", "paid": "day", "gross": "amount", "name": "who"})
    [row] = read(web, Declared({"web": source_of})).rows
    assert row.name.isprintable()


def test_a_mark_of_direction_in_a_bank_file_is_left_out():
    detail = Tx(cents=1000, name="\u202eAnn\u202c\u200b Zed", end_to_end="E\u200b-1", lines=("merci\u2066 txt",))
    [statement] = camt.parse(encode([Stmt([Ntry(1000, details=(detail,))])])).statements
    [movement] = statement.movements
    assert (movement.name, movement.communication, movement.reference) == ("Ann Zed", "merci txt", "E-1")


COLLECTION = '\n[collection]\ncreditor = "BE81ZZZ0123456749"\nbank = "current"\nbic = "KREDBEBB"\n'
WEB = """[sources.web]
columns = { reference = "id", paid = "date", gross = "amount", name = "name", communication = "text" }
"""


def test_stores_10_control_signs_from_donors(tmp_path: Path):
    obole = small(tmp_path, SETTINGS + COLLECTION + WEB)
    rows = [list(row) for row in DONORS]
    rows[1][2] = "Van\x1b[31m den Berg"
    obole.takes_well(write_donors(tmp_path / "donors.csv", rows), OPENING.write(tmp_path))
    head = ("mandate", "donor", "iban", "signed", "amount", "months", "first_due")
    pledge = ("M-2", "D0002", iban(7350000002), "2024-11-10", "15.00", "1", "2025-01-05")
    obole.takes_well(write_csv(tmp_path / "pledges.csv", head, [pledge]))
    given = [("1", "2025-02-01", "25.00", "Zed\x1b[2J\x1b]8;;http://evil.example\x07", "85.07.30-033.28")]
    told = obole.takes_well(write_csv(tmp_path / "web.csv", ("id", "date", "amount", "name", "text"), given))
    assert "a communication holds 11 digits that pass as a national number" in told.output
    assert "033" not in told.output
    shown = obole("match")
    assert "\x1b" not in shown.output
    sheet = tmp_path / "m.xlsx"
    assert obole("match", "-o", str(sheet)).exit_code == 0
    cells = [str(cell) for row in openpyxl.load_workbook(sheet).active.values for cell in row]
    assert any("Zed" in cell for cell in cells)
    assert not any("\x1b" in cell or "_x001B_" in cell or "30-033" in cell for cell in cells)
    assert obole("collect", "--month", "2025-01").exit_code == 0


NUMBERS = (
    ("together", "rekening 85073003328 dank", True),
    ("as on a card", "85.07.30-033.28", True),
    ("in groups", "85 07 30 033 28", True),
    ("with a slash", "85/07/30-033/28", True),
    ("a phone and a date", "0475 12 34 56 2025", False),
    ("another check number", "85073003329", False),
    ("within an OGM", "+++085/0730/03328+++", False),
    ("within a longer number", "185073003328", False),
    ("within an IBAN", "BE68 5390 0754 7034", False),
)


@pytest.mark.parametrize(("how", "text", "found"), NUMBERS, ids=[case[0] for case in NUMBERS])
def test_eleven_digits_of_a_communication_that_are_a_national_number_are_found_and_not_shown(
    how: str, text: str, found: bool
):
    # National Register, IT 000: CC = 97 - N mod 97; the example of the National Register, 85.07.30-033.28
    assert how
    assert bool(national_numbers_in(text)) == found
    assert (without_national_numbers(text) != text) == found


def test_a_register_of_grants_has_its_title_above_each_sheet(tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.title = "grants"
    head = ("reference", "funder", "funder_kind", "amount", "recognition", "from", "to", "contract")
    for row in (("Subsides 2025",), head, ("G1", "Ministry", "public", 1000, "receipt", None, None, "C1")):
        book.active.append(row)
    book.create_sheet("instalments").append(("reference", "due", "amount"))
    book["instalments"].append(("G1", "2025-03-14", 1000))
    book.save(tmp_path / "grants.xlsx")
    assert grants.identify(tmp_path / "grants.xlsx")
    file = grants.read(tmp_path / "grants.xlsx")
    assert any("headings were found in row 2" in fault.message for fault in file.faults)


def test_every_command_says_what_it_says_without_control_signs():
    commands = Path(say.__file__).parent.glob("*.py")
    texts = {path.name: path.read_text(encoding="utf-8") for path in commands if path.name != "say.py"}
    assert texts
    assert [name for name, text in texts.items() if "click.echo(" in text] == []
