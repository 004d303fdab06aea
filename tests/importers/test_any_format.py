"""Bank files of any format: which reader takes the bytes, and where they stand among others."""

from datetime import date
from pathlib import Path

import camt_writer
import coda_writer
import pytest

from importers.bank import any_format, camt
from ledger.records import DocumentKind

CODA = coda_writer.encode(coda_writer.statement([coda_writer.Line(5_00)], 100_00, date(2025, 3, 14), "073"))
CAMT = camt_writer.encode([camt_writer.Stmt([camt_writer.Ntry(5_00, date(2025, 3, 14))], 100_00)])
MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("data", "xml"),
    [
        (CODA, False),
        (CAMT, True),
        (MARK + CAMT, True),
        (b" \r\n" + CAMT, True),
        (CAMT.decode().encode("utf-16"), True),
        (b"\xfe\xff\x00<", True),
        (b"", False),
        (b"0 <", False),
    ],
)
def test_xml_is_known_by_its_first_bytes(data: bytes, xml: bool):
    assert any_format.is_xml(data) is xml


@pytest.mark.parametrize(("data", "kind"), [(CODA, DocumentKind.CODA), (CAMT, DocumentKind.CAMT)])
def test_the_bytes_go_to_their_reader(data: bytes, kind: DocumentKind):
    (statement,) = any_format.parse(data).statements
    assert statement.kind is kind
    assert [movement.cents for movement in statement.movements] == [5_00]


@pytest.mark.parametrize(
    ("data", "divided"), [(CODA, True), (CODA.replace(b"\r\n", b"\r"), False), (CAMT, False), (b"", False)]
)
def test_only_lines_are_read_in_pieces(data: bytes, divided: bool, tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(data)
    assert any_format.can_be_divided(path) is divided


def test_files_are_read_by_day_account_and_number(tmp_path: Path):
    path = tmp_path / "x.cod"
    path.write_bytes(CODA)
    day, account, number = any_format.reading_key(path)
    assert (day, account, number) == ("250314", f"{coda_writer.IBAN:<34}EUR", "073")
    path.write_bytes(coda_writer.encode(coda_writer.statement([], 0, date(2024, 12, 31), "260")))
    assert any_format.reading_key(path) == ("241231", f"{coda_writer.IBAN:<34}EUR", "260")


def test_a_camt_file_is_read_by_the_first_day_it_names(tmp_path: Path):
    path = tmp_path / "x.xml"
    path.write_bytes(b"<Document><a:FrDtTm> 2025-03-09T00:00:00</a:FrDtTm><ToDtTm>2025-04-01T00:00</ToDtTm></Document>")
    assert any_format.reading_key(path) == ("250309", "", "x.xml")
    path.write_bytes(b"<Document>no day</Document>")
    assert any_format.reading_key(path) == ("", "", "x.xml")


@pytest.mark.parametrize("data", [b"", b"nothing", b"1"])
def test_what_says_nothing_is_read_all_the_same(data: bytes, tmp_path: Path):
    path = tmp_path / "x"
    path.write_bytes(data)
    assert any_format.reading_key(path) == ("", "", "")


@pytest.mark.parametrize(("start", "is_camt"), [("<Document>", True), ("  <Document>", True), ("see ", False)])
def test_a_text_about_camt_is_none(start: str, is_camt: bool, tmp_path: Path):
    path = tmp_path / "x.xml"
    path.write_text(f"{start}<BkToCstmrStmt>", encoding="utf-8")
    assert camt.identify(path) is is_camt
