"""The circle of direct debits: pledges in, a file for the bank out, its credit split, rejects and returns followed."""

import os
import random
import re
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from lxml import etree
from sepaxml.validation import try_valid_xml
from small_books import (
    IBAN,
    OPENING,
    SETTINGS,
    Line,
    Obole,
    Statement,
    collected,
    collection,
    direct_debit,
    given,
    iban,
    new_books,
    write_csv,
    write_donors,
)

from ledger.register.debits import collections_of, sent
from ledger.vault.pledges import all_pledges
from obole.books.opened import open_books
from obole.books.settings import ConfigError
from obole.debits.message import bic_of

CREDITOR = "BE81ZZZ0123456749"  # 98 - 012345674911140000 mod 97 = 81, without the business code
COLLECTION = f"""
[collection]
creditor = "{CREDITOR}"
bank = "current"
bic = "KREDBEBB"
"""
DUE = date(2025, 3, 5)
TYPED = {"FRST": "collection-2025-03-1-FRST", "OOFF": "collection-2025-03-1-OOFF"}

HEADINGS = ("mandate", "donor", "iban", "holder", "signed", "amount", "months", "first_due", "last_due", "state")
# Due in March 2025: M-2 15.00 and M-6 25.00 every month, M-9 60.00 a year, M-1 10.00 once. Not: M-5, from April.
PLEDGES = (
    ("M-2", "D0002", iban(7350000002), "", "2025-01-10", "15.00", "1", "2025-03-01", "", "active"),
    ("M-6", "D0006", iban(7350000006), "P. Echtgenoot", "2025-02-01", "25,00", "1", "2025-03-05", "", ""),
    ("M-9", "D0001", iban(7350000001), "", "2025-02-01", "60.00", "12", "2025-03-01", "", ""),
    ("M-1", "D0001", iban(7350000001), "", "2025-02-01", "10.00", "1", "2025-03-01", "2025-03-31", ""),
    ("M-5", "D0005", iban(7350000005), "", "2025-02-01", "500.00", "3", "2025-04-01", "", ""),
)  # fmt: skip


def write_pledges(folder: Path, rows: Sequence[Sequence[str]] = PLEDGES, headings: Sequence[str] = HEADINGS) -> Path:
    return write_csv(folder / "pledges.csv", headings, rows)


@pytest.fixture
def obole(tmp_path: Path) -> Obole:
    """Books with the donors of `small_books` and the pledges above."""
    made = Obole(new_books(tmp_path / "books", SETTINGS + COLLECTION))
    made.takes_well(write_donors(tmp_path / "donors.csv"), write_pledges(tmp_path), OPENING.write(tmp_path))
    return made


def collect(obole: Obole, month: str = "2025-03", *more: str | Path) -> str:
    result = obole("collect", "--month", month, *more)
    assert result.exit_code == 0, result.output
    return result.output


def instalments(obole: Obole, month: str = "2025-03") -> list[tuple[str, int, int, str]]:
    """What standing collections ask for a month: mandate, number, cents and collection, by mandate and number."""
    collections = {debit.end_to_end: reference for reference, debit in obole.debits()}
    return [
        (one.mandate, one.sequence, one.cents, collections[one.end_to_end])
        for one in obole.instalments()
        if f"{one.period:%Y-%m}" == month and one.end_to_end in collections
    ]


def end_to_end(obole: Obole, mandate: str, sequence: int = 1) -> str:
    [found] = [one for one in obole.instalments() if (one.mandate, one.sequence) == (mandate, sequence)]
    return found.end_to_end


def pledge(obole: Obole, mandate: str) -> tuple[str, str]:
    with open_books(obole.books).vault.connect() as connection:
        [found] = [one for one in all_pledges(connection) if one.mandate == mandate]
    return found.state, found.reason


def total(cents: int, reference: str = TYPED["FRST"]) -> Line:
    """The bank's credit of a whole collection, without details."""
    return Line(cents, "10550000", reference=reference)


def back(cents: int, mandate: str, reference: str, reason: str, *, code: str = "00503000", r: str = "2") -> Line:
    """One of our debits comes back."""
    text = direct_debit(DUE, CREDITOR, mandate, paid="2", r=r, reason=reason)
    return Line(-cents, code, text, structured="127", reference=reference, return_type=r, reason=reason)


def test_collecting_a_month_writes_one_file_with_its_blocks_and_a_list_that_adds_up(obole: Obole, tmp_path: Path):
    said = collect(obole, "2025-03", "-o", tmp_path / "out")
    assert "4 instalments of 2025-03 collected on 2025-03-05, 110.00 EUR" in said
    assert instalments(obole) == [
        ("M-1", 1, 10_00, TYPED["OOFF"]),
        ("M-2", 1, 15_00, TYPED["FRST"]),
        ("M-6", 1, 25_00, TYPED["FRST"]),
        ("M-9", 1, 60_00, TYPED["FRST"]),
    ]
    content = (tmp_path / "out" / "collection-2025-03-1.xml").read_bytes()
    try_valid_xml(content, "pain.008.001.02")
    root = etree.fromstring(content)
    found = {tag: [one.text for one in root.iter(f"{{*}}{tag}")] for tag in ("MsgId", "CreDtTm", "PmtInfId", "SeqTp")}
    assert found["MsgId"] == ["collection-2025-03-1"]
    assert found["CreDtTm"] == ["2025-02-19T00:00:00"]
    assert sorted(found["PmtInfId"]) == sorted(TYPED.values())
    assert sorted(found["SeqTp"]) == ["FRST", "OOFF"]
    assert root.findtext(".//{*}GrpHdr/{*}CtrlSum") == "110.00"
    assert [one.text for one in root.iter("{*}ReqdColltnDt")] == ["2025-03-05"] * 2
    holder = "P. Echtgenoot"
    names = {one.findtext(".//{*}MndtId"): one.findtext("{*}Dbtr/{*}Nm") for one in root.iter("{*}DrctDbtTxInf")}
    assert names == {"M-1": "Zoe Dupont", "M-9": "Zoe Dupont", "M-2": "Jan Van den Berg", "M-6": holder}
    texts = sorted(one.text or "" for one in root.iter("{*}Ustrd"))
    assert texts[0] == "Uw gift maart 2025, M-2"
    sheet = openpyxl.load_workbook(tmp_path / "out" / "collection-2025-03-1-notice.xlsx").active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]
    assert [row[0] for row in rows[:-1]] == ["D0001", "D0001", "D0002", "D0006"]
    assert sum(row[4] for row in rows[:-1]) == 110
    assert rows[-1][4] == "=SUBTOTAL(9,E5:E8)"


def test_the_other_schema_is_valid_too(tmp_path: Path):
    settings = SETTINGS + COLLECTION + 'message = "pain.008.001.08"\n'
    obole = Obole(new_books(tmp_path / "books", settings))
    obole.takes_well(write_donors(tmp_path / "donors.csv"), write_pledges(tmp_path))
    collect(obole)
    try_valid_xml(obole.source("documents/collections/2025/collection-2025-03-1.xml"), "pain.008.001.08")


def test_a_second_run_changes_nothing_and_says_what_is_there(obole: Obole):
    collect(obole)
    before = obole.state()
    said = collect(obole)
    assert "0 instalments of 2025-03 collected" in said
    assert "4 collected before" in said
    assert "collection-2025-03-1-FRST" in said
    assert obole.state() == before


def test_the_same_instalments_make_the_same_bytes(obole: Obole, tmp_path: Path):
    other = Obole(new_books(tmp_path / "other", SETTINGS + COLLECTION))
    other.takes_well(write_donors(tmp_path / "donors.csv"), write_pledges(tmp_path, PLEDGES[::-1]))
    archive = "documents/collections/2025/collection-2025-03-1.xml"
    for one in (obole, other):
        collect(one)
    assert obole.source(archive) == other.source(archive)


def test_a_dry_run_counts_and_writes_nothing(obole: Obole):
    before = obole.state()
    said = collect(obole, "2025-03", "--dry-run")
    assert "4 instalments of 2025-03 would be collected on 2025-03-05, 110.00 EUR" in said
    assert obole.state() == before


def test_what_stands_against_a_debit_is_told_without_a_name(obole: Obole, tmp_path: Path):
    rows = [
        ("M-2", "D0002", "", "", "2025-01-10", "15.00", "1", "2025-03-01", "", ""),
        ("M-6", "D0006", iban(7350000006), "", "2025-02-01", "25,00", "1", "2025-03-05", "", "ended"),
    ]
    obole.takes_well(write_pledges(tmp_path, rows))
    said = collect(obole, "2025-03", "--dry-run")
    assert "2 refused" in said
    assert "M-2 of D0002, 15.00 EUR: no IBAN" in said
    assert "M-6 of D0006, 25.00 EUR: the mandate is ended" in said
    assert "Berg" not in said


def test_a_total_without_details_is_split_into_the_gifts_of_its_donors(obole: Obole, tmp_path: Path):
    collect(obole)
    told = obole.takes_well(
        Statement(parts=(given(50_00, 1), total(100_00), total(10_00, TYPED["OOFF"]))).write(tmp_path)
    )
    assert "suspense" not in told.output
    split = [("D0001", 10_00), ("D0001", 50_00), ("D0001", 60_00), ("D0002", 15_00), ("D0006", 25_00)]
    assert sorted(obole.gifts()) == split
    assert obole.balance("731100") == -160_00
    assert obole.balance("550000") == 1_160_00
    assert obole.checks().exit_code == 0, obole.checks().output


def test_the_same_statement_again_adds_nothing(obole: Obole, tmp_path: Path):
    collect(obole)
    statement = Statement(parts=(total(100_00),))
    obole.takes_well(statement.write(tmp_path))
    before = obole.state()
    content = statement.encoded().replace(b"FONDATION EXEMPLE", b"FONDATION exemple")  # another file, the same lines
    again = tmp_path / "again.cod"
    again.write_bytes(content)
    assert "1 already there" in obole.takes_well(again).output
    assert obole.state() == before


def test_a_total_with_details_gives_the_same_gifts(obole: Obole, tmp_path: Path):
    collect(obole)
    details = [
        collected(cents, mandate, end_to_end(obole, mandate), settled=DUE)
        for mandate, cents in (("M-2", 15_00), ("M-6", 25_00), ("M-9", 60_00))
    ]
    obole.takes_well(Statement(parts=(collection(*details, reference=TYPED["FRST"]),)).write(tmp_path))
    assert sorted(obole.gifts()) == [("D0001", 60_00), ("D0002", 15_00), ("D0006", 25_00)]
    assert obole.checks().exit_code == 0


def test_an_instalment_is_credited_once_though_the_bank_names_it_twice(obole: Obole, tmp_path: Path):
    collect(obole)
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    detail = collected(15_00, "M-2", end_to_end(obole, "M-2"), settled=DUE)
    second = Statement(74, 1_100_00, (total(100_00), collection(detail, reference=TYPED["FRST"])), date(2025, 3, 15))
    told = obole.takes_well(second.write(tmp_path)).output
    assert "comes a second time" in told
    assert "brings an instalment that is booked already" in told
    assert sum(cents for _, cents in obole.gifts()) == 100_00
    assert obole.balance("499000") == -115_00
    assert obole.checks().exit_code == 0


def test_a_total_of_another_sum_waits_and_the_difference_is_named(obole: Obole, tmp_path: Path):
    collect(obole)
    told = obole.takes_well(Statement(parts=(total(85_00),)).write(tmp_path)).output
    assert "is 85.00 EUR, -15.00 EUR away from the 100.00 EUR of 3 of its 3 instalments" in told
    assert obole.gifts() == []
    assert obole.balance("499000") == -85_00


def test_a_return_in_the_next_year_takes_back_the_gift_of_its_year(obole: Obole, tmp_path: Path):
    collect(obole)
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    line = back(60_00, "M-9", end_to_end(obole, "M-9"), "MD01", code="00505000", r="3")
    told = obole.takes_well(Statement(5, 1_100_00, (line,), date(2026, 1, 12)).write(tmp_path)).output
    assert (
        "1 direct debit was refunded to the debtor, 60.00 EUR, MD01 Pas de mandat (D0001): the mandate is ended" in told
    )
    [gift] = [one.gift for one in obole.returns()]
    assert (gift.donor, gift.cents, gift.counted, gift.booked) == ("D0001", -60_00, 2025, date(2026, 1, 12))
    assert obole.rows("SELECT reason FROM movement WHERE cents < 0") == [("MD01",)]
    assert pledge(obole, "M-9") == ("ended", "MD01")
    assert obole.checks().exit_code == 0, obole.checks().output


def test_several_returns_in_one_debit_are_taken_one_by_one(obole: Obole, tmp_path: Path):
    collect(obole)
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    lines = [
        back(15_00, "M-2", end_to_end(obole, "M-2"), "MS03", code="50503000"),
        back(25_00, "M-6", end_to_end(obole, "M-6"), "AC04", code="50503000"),
    ]
    debit = (Line(-40_00, "10503000"), lines)
    obole.takes_well(Statement(74, 1_100_00, (debit,), date(2025, 3, 20)).write(tmp_path))
    assert sorted(cents for _, cents in obole.gifts()) == [-25_00, -15_00, 15_00, 25_00, 60_00]
    assert pledge(obole, "M-2") == ("active", "MS03")
    assert pledge(obole, "M-6") == ("ended", "AC04")
    assert obole.checks().exit_code == 0
    # MS03 is soft: in April both the instalment of March, once more, and that of April are due; M-6 is ended.
    said = collect(obole, "2025-04")
    assert "3 instalments of 2025-04 collected on 2025-04-07" in said  # 5 April 2025 is a Saturday
    assert "1 of them once more" in said
    march, april = date(2025, 3, 1), date(2025, 4, 1)
    assert [
        (one.mandate, one.sequence, one.period, one.attempt)
        for one in obole.instalments()
        if one.due == date(2025, 4, 7)
    ] == [("M-2", 2, march, 2), ("M-2", 3, april, 1), ("M-5", 1, april, 1)]


@pytest.mark.parametrize("masked", ["", "NOTPROVIDED"])
def test_a_return_without_its_reference_is_found_by_mandate_and_amount(obole: Obole, tmp_path: Path, masked: str):
    collect(obole)
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    line = back(15_00, "M-2", masked, "AM04")
    obole.takes_well(Statement(74, 1_100_00, (line,), date(2025, 3, 20)).write(tmp_path))
    assert ("D0002", -15_00) in obole.gifts()
    assert obole.rows("SELECT kind, reason, fate FROM rejection") == [("return", "AM04", "retry")]


def test_a_return_that_two_gifts_may_be_waits_for_a_person(obole: Obole, tmp_path: Path):
    collect(obole)
    collect(obole, "2025-04")
    with obole.register() as connection:
        [april] = [one.cents for one in sent(connection, date(2025, 4, 1)) if one.kind == "RCUR"]
    obole.takes_well(Statement(parts=(total(100_00), total(april, "collection-2025-04-1-RCUR"))).write(tmp_path))
    opening = 1_100_00 + april
    obole.takes_well(Statement(74, opening, (back(15_00, "M-2", "", "AM04"),), date(2025, 4, 20)).write(tmp_path))
    assert all(cents > 0 for _, cents in obole.gifts())
    assert obole.outcomes("coda-current-2025-074") == [(1, -15_00, "suspense")]


def test_a_register_read_again_does_not_resume_what_a_return_stopped(obole: Obole, tmp_path: Path):
    collect(obole)
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    line = back(15_00, "M-2", end_to_end(obole, "M-2"), "MD06", code="00505000", r="3")
    obole.takes_well(Statement(74, 1_100_00, (line,), date(2025, 3, 20)).write(tmp_path))
    assert pledge(obole, "M-2") == ("suspended", "MD06")
    told = obole.takes_well(write_pledges(tmp_path)).output
    assert "1 mandate is active in this file and stopped in the vault" in told
    assert pledge(obole, "M-2")[0] == "suspended"
    rows = [(*PLEDGES[0], "2025-03-25")]
    obole.takes_well(write_pledges(tmp_path, rows, (*HEADINGS, "resumed")))
    assert pledge(obole, "M-2")[0] == "active"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (0, "M 2", "is not a mandate reference"),
        (1, "D0099", "donor D0099 is not in the vault"),
        (1, "D0006", "holds a mandate of D0002"),
        (2, "BE00123", "is not an IBAN"),
        (5, "-5", "must be above zero"),
        (6, "2", "is not 1, 3, 6 or 12"),
        (7, "2024-01-01", "lies before the mandate was signed"),
        (8, "2025-02-01", "lies before the first due date"),
    ],
)
def test_a_pledge_that_cannot_be_is_refused_with_its_row(
    empty: Obole, tmp_path: Path, column: int, value: str, words: str
):
    row = list(PLEDGES[0])
    row[column] = value
    said = empty.refuses(write_pledges(tmp_path, [row]))
    assert words in said
    assert re.search(r"line 2|row 2", said)


def test_books_without_the_setting_say_what_to_add(empty: Obole):
    result = empty("collect", "--month", "2025-03")
    assert result.exit_code == 1
    assert "no [collection]" in result.output


def test_the_list_with_names_is_not_written_into_the_books(obole: Obole):
    result = obole("collect", "--month", "2025-03", "-o", obole.books / "out")
    assert result.exit_code == 1
    assert "lies inside the books" in result.output


def test_a_wrong_creditor_identifier_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"collection\.creditor: not a creditor identifier"):
        new_books(tmp_path / "books", SETTINGS + COLLECTION.replace("BE81", "BE18"))


def test_a_bank_that_is_none_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match="`savings` is the alias of no"):
        new_books(tmp_path / "books", SETTINGS + COLLECTION.replace('"current"', '"savings"'))


def test_no_identity_leaves_the_vault_but_to_the_bank(obole: Obole, tmp_path: Path):
    collect(obole)
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    for path in obole.files():
        if path.suffix in (".beancount", ".sqlite3", ".json") and path.name != "vault.sqlite3":
            content = path.read_bytes()
            assert b"Echtgenoot" not in content
            assert iban(7350000002).encode() not in content


def test_a_split_statement_undone_and_imported_again_gives_the_gifts_once(obole: Obole, tmp_path: Path):
    collect(obole)
    path = Statement(parts=(total(100_00),)).write(tmp_path)
    obole.takes_well(path)
    assert obole("undo", "coda-current-2025-073").exit_code == 0
    assert sum(cents for _, cents in obole.gifts()) == 0
    obole.takes_well(path)
    assert sum(cents for _, cents in obole.gifts()) == 100_00
    assert obole.checks().exit_code == 0, obole.checks().output


def test_a_collection_killed_before_its_commit_is_as_if_it_had_not_begun(
    obole: Obole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Killed where the file stands under its temporary name and the rows are not committed, then after the commit."""
    other = tmp_path / "undisturbed"
    shutil.copytree(obole.books, other)
    undisturbed = Obole(other)
    collect(undisturbed)
    expected = rows_and_archive(undisturbed)
    for function in ("ledger.posting.Posting._sync_folders", "ledger.journal.settle"):
        killed = Obole(tmp_path / function.rsplit(".", 1)[1])
        shutil.copytree(obole.books, killed.books)
        with monkeypatch.context() as patch:
            patch.setattr(function, lambda *_: os._exit(9))
            child = os.fork()
            if child == 0:
                collect(killed)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 9
        assert list(killed.books.rglob(".*.new")), "the kill came too late or too early"
        collect(killed)
        assert not list(killed.books.rglob(".*.new"))
        assert rows_and_archive(killed) == expected, function
        assert killed.checks().exit_code == 0


def rows_and_archive(obole: Obole) -> tuple[object, ...]:
    return (
        obole.rows("SELECT * FROM collection"),
        obole.rows("SELECT * FROM instalment"),
        obole.rows("SELECT name, digest, rows_digest FROM document WHERE kind = 'collection'"),
        obole.source("documents/collections/2025/collection-2025-03-1.xml"),
    )


def test_details_that_come_later_add_nothing_to_a_total_already_split(obole: Obole, tmp_path: Path):
    collect(obole)
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    before = obole.gifts()
    details = [
        collected(cents, mandate, end_to_end(obole, mandate), settled=DUE)
        for mandate, cents in (("M-2", 15_00), ("M-6", 25_00), ("M-9", 60_00))
    ]
    content = Statement(74, 0, (collection(*details, reference=TYPED["FRST"]),)).encoded()
    # A separate application (00001 in positions 84-88 of the header) has balances of zero.
    records = content.split(b"\r\n")
    records[0] = records[0][:83] + b"00001" + records[0][88:]
    records[-3] = records[-3][:42] + b"0" * 15 + records[-3][57:]
    late = tmp_path / "details.cod"
    late.write_bytes(b"\r\n".join(records))
    told = obole.takes(late)
    assert obole.gifts() == before, told.output
    assert obole.checks().exit_code == 0


def status(folder: Path, *rejects: tuple[str, str], group: str = "PART", message: str = "collection-2025-03-1") -> Path:
    """A pain.002: EndToEndId and reason of each reject; with group RJCT and none all of the message."""
    rows = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
        f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf></TxInfAndSts>"
        for reference, reason in rejects
    )
    block = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>X</OrgnlPmtInfId>{rows}</OrgnlPmtInfAndSts>" if rows else ""
    why = "<StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf>" if group == "RJCT" else ""
    path = folder / f"status-{len(rejects)}-{group}.xml"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03">'
        "<CstmrPmtStsRpt><GrpHdr><MsgId>S1</MsgId></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>pain.008</OrgnlMsgNmId>"
        f"<GrpSts>{group}</GrpSts>{why}</OrgnlGrpInfAndSts>{block}</CstmrPmtStsRpt></Document>",
        encoding="utf-8",
    )
    return path


def test_a_reject_moves_no_money_and_the_total_without_it_is_split(obole: Obole, tmp_path: Path):
    collect(obole)
    told = obole.takes_well(status(tmp_path, (end_to_end(obole, "M-2"), "AM04"), (end_to_end(obole, "M-9"), "MD01")))
    assert "AM04 Provision insuffisante (D0002): the mandate stays" in told.output
    assert obole.gifts() == []
    assert pledge(obole, "M-2") == ("active", "AM04")
    assert pledge(obole, "M-9") == ("ended", "MD01")
    obole.takes_well(Statement(parts=(total(25_00),)).write(tmp_path))
    assert obole.gifts() == [("D0006", 25_00)]
    assert obole.checks().exit_code == 0
    # The same month again: M-2 a first one once more, M-9 nothing.
    said = collect(obole, "2025-03", "--date", "2025-03-20")
    assert "1 instalment of 2025-03 collected on 2025-03-20, 15.00 EUR" in said
    assert instalments(obole)[2] == ("M-2", 2, 15_00, "collection-2025-03-2-FRST")


def test_rejects_and_the_credit_given_together_in_any_order_meet(obole: Obole, tmp_path: Path):
    collect(obole)
    reject = status(tmp_path, (end_to_end(obole, "M-2"), "AM04"))
    obole.takes_well(Statement(parts=(total(85_00),)).write(tmp_path), reject)
    assert sorted(obole.gifts()) == [("D0001", 60_00), ("D0006", 25_00)]


def test_a_total_that_came_before_its_rejects_is_split_when_they_come(obole: Obole, tmp_path: Path):
    collect(obole)
    path = Statement(parts=(total(85_00),)).write(tmp_path)
    assert "Import the bank's pain.002" in obole.takes_well(path).output
    obole.takes_well(status(tmp_path, (end_to_end(obole, "M-2"), "AM04")))
    assert sorted(obole.gifts()) == [("D0001", 60_00), ("D0006", 25_00)]
    assert obole.balance("499000") == 0
    assert obole.checks().exit_code == 0


def test_a_total_credited_in_full_in_spite_of_a_reject_is_split_in_full(obole: Obole, tmp_path: Path):
    """The bank credits first and debits what was rejected: the debit takes the gift back."""
    collect(obole)
    obole.takes_well(status(tmp_path, (end_to_end(obole, "M-2"), "AM04")))
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    line = back(15_00, "M-2", end_to_end(obole, "M-2"), "AM04", r="1")
    obole.takes_well(Statement(74, 1_100_00, (line,), date(2025, 3, 17)).write(tmp_path))
    assert sorted(cents for _, cents in obole.gifts()) == [-15_00, 15_00, 25_00, 60_00]
    assert obole.balance("731100") == -85_00
    assert obole.checks().exit_code == 0


def test_a_message_rejected_as_a_whole_is_collected_again(obole: Obole, tmp_path: Path):
    collect(obole)
    told = obole.takes_well(status(tmp_path, group="RJCT"))
    assert (
        "4 direct debits were rejected before settlement, 110.00 EUR, FF01 Format de fichier incorrect" in told.output
    )
    assert "an error of our own" in told.output
    said = collect(obole)
    assert "4 instalments of 2025-03 collected on 2025-03-05, 110.00 EUR" in said
    assert [(row[0], row[1], row[3][:20]) for row in instalments(obole) if row[1] == 2] == [
        (mandate, 2, "collection-2025-03-2") for mandate in ("M-1", "M-2", "M-6", "M-9")
    ]


def test_a_status_taken_twice_changes_nothing(obole: Obole, tmp_path: Path):
    collect(obole)
    path = status(tmp_path, (end_to_end(obole, "M-2"), "AM04"))
    obole.takes_well(path)
    before = obole.state()
    assert "1 already there" in obole.takes_well(path).output
    assert obole.state() == before


def test_a_status_of_somebody_else_is_refused(obole: Obole, tmp_path: Path):
    collect(obole)
    said = obole.refuses(status(tmp_path, ("SOMETHING-ELSE", "AM04")))
    assert "of no collection and no mandate of these books" in said


def test_a_file_that_another_program_made_is_entered_and_its_total_split(obole: Obole, tmp_path: Path):
    """The file of other books with the same mandates: its block and EndToEndIds are new to these."""
    other = Obole(new_books(tmp_path / "other", SETTINGS + COLLECTION))
    other.takes_well(write_donors(tmp_path / "donors.csv"), write_pledges(tmp_path))
    collect(other)
    content = other.source("documents/collections/2025/collection-2025-03-1.xml")
    foreign = tmp_path / "march.xml"
    foreign.write_bytes(content.replace(b"collection-2025-03-1-", b"MARCH-"))
    obole.takes_well(foreign)
    assert "4 collected before" in collect(obole)
    obole.takes_well(Statement(parts=(total(100_00, "MARCH-FRST"),)).write(tmp_path))
    assert sorted(obole.gifts()) == [("D0001", 60_00), ("D0002", 15_00), ("D0006", 25_00)]
    again = tmp_path / "again.xml"
    again.write_bytes(foreign.read_bytes() + b"\n")
    assert "was entered before" in obole.refuses(again)


def camt(folder: Path, number: int, opening: int, day: date, *entries: str) -> Path:
    """A camt.053 of one day; each entry is its cents, a blank, and what stands in it."""
    split = [(int(entry.partition(" ")[0]), entry.partition(" ")[2]) for entry in entries]
    closing = opening + sum(cents for cents, _ in split)

    def euros(cents: int) -> str:
        side = "DBIT" if cents < 0 else "CRDT"
        return f'<Amt Ccy="EUR">{abs(cents) // 100}.{abs(cents) % 100:02d}</Amt><CdtDbtInd>{side}</CdtDbtInd>'

    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{euros(cents)}<Dt><Dt>{day}</Dt></Dt></Bal>"
        for kind, cents in (("OPBD", opening), ("CLBD", closing))
    )
    lines = "".join(
        f"<Ntry>{euros(cents)}<Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>{rest}</Ntry>"
        for cents, rest in split
    )
    path = folder / f"camt-{number}.xml"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M{number}</MsgId><CreDtTm>{day}T20:00:00</CreDtTm></GrpHdr><Stmt><Id>S{number}</Id>"
        f"<ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{day}T20:00:00</CreDtTm><Acct><Id><IBAN>{IBAN}</IBAN></Id>"
        f"<Ccy>EUR</Ccy></Acct>{balances}{lines}</Stmt></BkToCstmrStmt></Document>",
        encoding="utf-8",
    )
    return path


def coded(code: str) -> str:
    return f"<BkTxCd><Prtry><Cd>{code}</Cd><Issr>BBA</Issr></Prtry></BkTxCd>"


def camt_total(cents: int) -> str:
    batch = f"<NtryDtls><Btch><PmtInfId>{TYPED['FRST']}</PmtInfId><NbOfTxs>3</NbOfTxs></Btch></NtryDtls>"
    return f"{cents} {coded('0550000')}{batch}"


def camt_return(cents: int, reference: str, reason: str) -> str:
    refs = f"<Refs><EndToEndId>{reference}</EndToEndId></Refs>"
    why = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>"
    return f"{-cents} {coded('0503000')}<NtryDtls><TxDtls>{refs}{why}</TxDtls></NtryDtls>"


def test_camt_brings_the_total_and_takes_back_a_gift_in_the_next_year(obole: Obole, tmp_path: Path):
    collect(obole)
    obole.takes_well(camt(tmp_path, 73, 1_000_00, date(2025, 3, 14), camt_total(100_00)))
    assert sorted(obole.gifts()) == [("D0001", 60_00), ("D0002", 15_00), ("D0006", 25_00)]
    entry = camt_return(25_00, end_to_end(obole, "M-6"), "MD07")
    told = obole.takes_well(camt(tmp_path, 2, 1_100_00, date(2026, 1, 13), entry)).output
    assert "1 direct debit was returned, 25.00 EUR, MD07 Débiteur décédé (D0006): the mandate is ended" in told
    assert [(one.gift.donor, one.gift.cents, one.gift.counted) for one in obole.returns()] == [("D0006", -25_00, 2025)]
    assert obole.rows("SELECT end_to_end, kind FROM rejection") == [(end_to_end(obole, "M-6"), "return")]
    assert obole.checks().exit_code == 0, obole.checks().output


def test_the_day_as_coda_and_as_camt_splits_the_total_once(obole: Obole, tmp_path: Path):
    collect(obole)
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    before = obole.gifts()
    obole.takes_well(camt(tmp_path, 73, 1_000_00, date(2025, 3, 14), camt_total(100_00)))
    assert obole.gifts() == before
    assert obole.checks().exit_code == 0, obole.checks().output


def asked_for(obole: Obole, month: date) -> list[tuple[str, str, str, str, int]]:
    """PmtInfId, EndToEndId, mandate, donor and cents of each debit of a month's collections."""
    with obole.register() as connection:
        found = collections_of(connection, [one.reference for one in sent(connection, month)])
    debits = ((one.reference, debit) for one in found.values() for debit in one.debits)
    return sorted((reference, one.end_to_end, one.mandate, one.donor, one.cents) for reference, one in debits)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_half_a_year_of_collections_brings_each_euro_once(obole: Obole, tmp_path: Path, seed: int):
    """Each month some debits are rejected, the others credited with or without details, some come back later."""
    chance = random.Random(seed)
    balance, number = 1_000_00, 73
    expected: dict[str, int] = {}
    standing: list[tuple[str, str, str, int]] = []
    for month in range(3, 9):
        day = date(2025, month, 12)
        collect(obole, f"2025-{month:02d}")
        asked = asked_for(obole, day.replace(day=1))
        rejected = [one for one in asked if chance.random() < 0.2]
        if rejected:
            path = status(tmp_path, *((one[1], chance.choice(["AM04", "MS03", "MS02"])) for one in rejected))
            obole.takes_well(path.rename(tmp_path / f"status-{month}.xml"))
        parts: list[Line | tuple[Line, Sequence[Line]]] = []
        # What comes back was credited by an earlier statement.
        for one in [one for one in standing if chance.random() < 0.15]:
            standing.remove(one)
            expected[one[2]] -= one[3]
            parts.append(back(one[3], one[1], one[0], chance.choice(["AM04", "MS03", "MD06", "AC04"])))
        for reference in sorted({one[0] for one in asked}):
            accepted = [one for one in asked if one[0] == reference and one not in rejected]
            details = [collected(one[4], one[2], one[1], settled=day) for one in accepted]
            whole = total(sum(one.cents for one in details), reference)
            if details:
                parts.append(collection(*details, reference=reference) if chance.random() < 0.5 else whole)
            for one in accepted:
                standing.append((one[1], one[2], one[3], one[4]))
                expected[one[3]] = expected.get(one[3], 0) + one[4]
        if parts:
            statement = Statement(number, balance, parts, day)
            obole.takes_well(statement.write(tmp_path))
            obole.takes_well(statement.write(tmp_path))
            balance += sum(part.cents if isinstance(part, Line) else part[0].cents for part in parts)
            number += 1
    assert obole.given_by() == {donor: cents for donor, cents in expected.items() if cents}
    assert obole.balance("499000") == 0
    assert obole.balance("550000") == balance
    twice = (
        "SELECT mandate, period FROM instalment i WHERE NOT EXISTS "
        "(SELECT 1 FROM rejection r WHERE r.end_to_end = i.end_to_end) GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert obole.rows(twice) == []
    assert obole.checks().exit_code == 0, obole.checks().output


def test_a_collection_not_sent_is_withdrawn_and_collected_anew(obole: Obole, tmp_path: Path):
    collect(obole)
    assert "is withdrawn: do not send its file to the bank" in obole("undo", "collection-2025-03-1").output
    said = collect(obole, "2025-03")
    assert "4 instalments of 2025-03" in said
    assert instalments(obole)[-1][1] == 2  # the next number of the mandate: no EndToEndId is used twice
    [reference] = [of for of, debit in obole.debits() if debit.end_to_end == end_to_end(obole, "M-2", 2)]
    obole.takes_well(Statement(parts=(total(100_00, reference),)).write(tmp_path))
    assert sum(cents for _, cents in obole.gifts()) == 100_00
    assert obole.checks().exit_code == 0


def test_a_collection_that_the_bank_answered_is_not_withdrawn(obole: Obole, tmp_path: Path):
    collect(obole)
    obole.takes_well(Statement(parts=(total(100_00),)).write(tmp_path))
    refused = obole("undo", "collection-2025-03-1")
    assert refused.exit_code == 1
    assert "the bank has credited or rejected some of it" in refused.output


# Of the list of the National Bank; the last two tell nothing: a code given to nobody, a bank abroad.
BICS = {
    "BE03001234567890": "GEBABEBB",
    "BE03063123456789": "GKCCBEBB",
    "BE03363123456789": "BBRUBEBB",
    "BE03734123456789": "KREDBEBB",
    "BE03523123456789": "TRIOBEBB",
    "BE03973123456789": "ARSPBE22",
    "BE03967123456789": "TRWIBEB1",
    "BE03138123456789": "",
    "NL91ABNA0417164300": "",
}


@pytest.mark.parametrize("iban", BICS)
def test_the_iban_tells_the_bic_of_the_foundations_bank(iban: str):
    assert bic_of(iban) == BICS[iban]
