"""No control sign comes out of a reader, whatever text of whatever format it stands in.

Sources: [14] control signs from donors reach no terminal, sheet, books or bank file; ECMA-48 (C0 and C1 control
functions); UAX #9, 2 (U+202A to U+202E, U+2066 to U+2069); UTR #36, 3.6 (zero-width signs).
"""

import csv
import importlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import registers
import test_pain
import test_platform_rows as rows
from camt_writer import Ntry, Stmt, Tx
from camt_writer import encode as camt_of
from coda_writer import Line, debit_text, encode, ogm, statement

from importers import platforms
from importers.bank import camt, coda, pain
from importers.platforms.declared import DeclaredSource
from ledger.errors import refuses

SIGNS = (
    *("\x00", "\x07", "\x08", "\x0b", "\x1b", "\x7f"),
    *("\x80", "\x85", "\x90", "\x9b", "\x9d"),
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "\u2060", "\ufeff", "\u00ad"),
)
# A workbook and XML hold no others.
WRITABLE = tuple(sign for sign in SIGNS if sign >= "\x7f")


def texts(value: Any) -> Iterator[str]:
    """Every text in a record, however deep it lies."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from texts(list(value.items()))
    elif isinstance(value, tuple | list | set | frozenset):
        for one in value:
            yield from texts(one)


def assert_clean(found: Any, place: str) -> None:
    for text in texts(found):
        assert text.isprintable(), (place, text)


# Banks


def in_nodes(text: str) -> Iterator[tuple[str, str]]:
    """The XML with a sign in the middle of each of its texts in turn, and what stood there."""
    signs = cycle(SIGNS)
    for node in re.finditer(r">([^<>]*[^<>\s][^<>]*)<", text):
        for _ in range(4):
            middle = (node.start(1) + node.end(1)) // 2
            yield text[:middle] + next(signs) + text[middle:], node[1]


CODA = statement(
    [
        Line(10_00, communication="+++090/9337/55493+++ MERCI", name="ANNE EXEMPLE", account="BE02000000000101 EUR"),
        Line(20_00, communication=f"101{ogm(1)} ENCORE", structured=True, reference="E2E-1", bic="GEBABEBB"),
        Line(30_00, communication="100RF18539007547034   MERCI", structured=True),
        Line(-1_00, "00402000", "113CARTE 1234 MAGASIN EXEMPLE", structured=True, tail="   2AC04    GDDS"),
        Line(
            3_00,
            "10550000",
            reference="COLL-1",
            details=[Line(3_00, "50550000", debit_text("M-1", "BE68ZZZ0123456749"), structured=True, reference="E2E")],
        ),
        Line(
            5_00, information=["1001NOM DE LA CONTREPARTIE", "1002UN TEXTE DE LA BANQUE", "1009AUTRE CHOSE", "0LIBRE"]
        ),
    ]
)


def test_no_sign_of_a_coda_file_comes_out():
    """Each character of each record is replaced in turn."""
    assert coda.parse(encode(CODA)).ok
    signs = cycle(SIGNS)
    for number, line in enumerate(CODA):
        for place in range(len(line)):
            changed = line[:place] + next(signs) + line[place + 1 :]
            found = coda.parse(encode([*CODA[:number], changed, *CODA[number + 1 :]], "utf-8"))
            assert_clean(found, f"record {number + 1}, position {place + 1}")


@pytest.mark.parametrize(("version", "kind"), [("02", "053"), ("08", "053"), ("08", "054")])
def test_no_sign_of_a_camt_file_comes_out(version: str, kind: str):
    details = (
        Tx(60_00, end_to_end="E-1", mandate="M-1", creditor_id="BE68ZZZ0123456749", purpose="CHAR", lines=("a b",)),
        Tx(45_00, end_to_end="E-2", reason="MS03", returned="/RTYP/RTRN", ogm="090933755493"),
    )
    entries = (
        Ntry(105_00, details=details, code="0550000", block="COLL-1", count=2, reference="R-1"),
        Ntry(10_00, details=(Tx(10_00, lines=("RF18 5390 0754 7034",)),), text="text of the bank"),
    )
    text = camt_of([Stmt(entries, 1_000_00)], version, kind).decode()
    assert camt.parse(text.encode()).ok
    for changed, stood in in_nodes(text):
        found = camt.parse(changed.encode("utf-8", "surrogatepass"))
        assert_clean((found, camt.describe(found)), stood)


PAIN = (
    test_pain.COLLECTION.replace("</DrctDbtTxInf>", "<RmtInf><Ustrd>merci</Ustrd></RmtInf></DrctDbtTxInf>"),
    test_pain.REPORT.format(
        blocks=test_pain.REJECTED.replace("</StsRsnInf>", "<AddtlInf>closed account</AddtlInf></StsRsnInf>"),
        group="<GrpSts>PART</GrpSts><StsRsnInf><Rsn><Prtry>OWN</Prtry></Rsn><AddtlInf>why</AddtlInf></StsRsnInf>",
    ),
)


@pytest.mark.parametrize("text", PAIN, ids=["pain.008", "pain.002"])
def test_no_sign_of_a_pain_file_comes_out(text: str):
    assert pain.parse(text.encode()).ok
    for changed, stood in in_nodes(text):
        found = pain.parse(changed.encode("utf-8", "surrogatepass"))
        assert_clean((found, pain.describe(found)), stood)


# Platforms


def in_cells(text: str, delimiter: str) -> Iterator[tuple[str, str]]:
    """The table with a sign in the middle of each of its cells in turn, headings too, and what stood there."""
    table = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    signs = cycle(sign for sign in SIGNS if sign != "\x00")  # which says that it is no text
    for number, row in enumerate(table):
        for place, cell in enumerate(row):
            for _ in range(2):
                changed = cell[: len(cell) // 2] + next(signs) + cell[len(cell) // 2 :]
                out = io.StringIO()
                one = [*row[:place], changed, *row[place + 1 :]]
                csv.writer(out, delimiter=delimiter).writerows([*table[:number], one, *table[number + 1 :]])
                yield out.getvalue(), cell


MADE: dict[str, Callable[[Path], object]] = {
    "stripe": rows.stripe,
    "adyen": rows.adyen,
    "mollie": rows.mollie,
    "paypal": rows.activity,
    "paypal settlement": lambda path: rows.settlement(path, {}),
    "trustly": lambda path: rows.trustly(path, {}),
    "chariot": lambda path: rows.report_of(path / "c.csv", [rows.CHARIOT]),
}


@pytest.mark.parametrize("name", MADE)
def test_no_sign_of_a_report_of_a_platform_comes_out(name: str, tmp_path: Path):
    MADE[name](tmp_path)
    [path] = tmp_path.iterdir()
    text = path.read_text(encoding="utf-8")
    assert not refuses(platforms.read(path).faults)
    for changed, stood in in_cells(text, ","):
        path.write_text(changed, encoding="utf-8")
        if platforms.is_report(path):
            report = platforms.read(path)
            assert_clean((report, list(platforms.describe(report))), stood)


def test_no_sign_of_a_declared_source_comes_out(tmp_path: Path):
    row = {"Id": "1", "Jour": "2025-03-14", "Montant": "12.50", "Nom": "Anne", "Texte": "merci", "Etat": "ok"}
    columns = {"reference": "Id", "paid": "Jour", "gross": "Montant", "name": "Nom", "communication": "Texte"}
    said = platforms.Declared({"web": DeclaredSource(columns | {"campaign": "Etat"})})
    path = tmp_path / "web.csv"
    rows.report_of(path, [row], said)
    for changed, stood in in_cells(path.read_text(encoding="utf-8"), ","):
        path.write_text(changed, encoding="utf-8")
        if platforms.identify(path, said):
            assert_clean(platforms.read(path, said), stood)


# Registers


KINDS = sorted(path.name for path in registers.CASES.iterdir() if path.name != "coda")


@pytest.mark.parametrize("kind", KINDS)
def test_no_sign_of_a_register_comes_out(kind: str, tmp_path: Path):
    """Each cell of a table of text in turn; of a workbook all texts, headings and names of sheets at once."""
    module = importlib.import_module(f"importers.registers.{kind}")
    for case in registers.cases(kind)[:2]:
        source = case / "source.csv"
        if source.exists():
            data = source.read_bytes()
            text = data.decode("utf-8-sig" if data.startswith(b"\xef\xbb\xbf") or _is_utf8(data) else "cp1252")
            for changed, stood in in_cells(text, ";"):
                path = tmp_path / "case.csv"
                path.write_text(changed, encoding="utf-8")
                assert_clean(module.read(path), stood)
        else:
            book = registers.write_workbook(tmp_path / "case.xlsx", (case / "source.txt").read_text(encoding="utf-8"))
            for path in _signed(book):
                assert_clean(module.read(path), case.name)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _signed(path: Path) -> Iterator[Path]:
    """The workbook with signs in the middle of its texts; with and without headings and names of sheets."""
    for whole in (True, False):
        book = openpyxl.load_workbook(path)
        signs = cycle(WRITABLE)
        for sheet in book.worksheets:
            for cells in sheet.iter_rows(min_row=1 if whole else 2):
                for cell in cells:
                    if isinstance(cell.value, str):
                        cell.value = cell.value[:1] + next(signs) + cell.value[1:]
            if whole:
                sheet.title = f"{sheet.title[:1]}\u202e{sheet.title[1:]}"
        out = path.with_name(f"signed-{whole}.xlsx")
        book.save(out)
        yield out


def test_a_day_is_still_a_day_with_a_mark_of_direction_in_it(tmp_path: Path):
    """What is left out is no reason to refuse a row."""
    report = rows.activity(tmp_path, Date="13/03\u200e/2025", Name="Zoé\u202e Exemple")
    assert not refuses(report.faults)
    assert (report.rows[0].paid, report.rows[0].name) == (date(2025, 3, 14), "Zoé Exemple")
