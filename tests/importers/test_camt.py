"""The CAMT reader: known figures of the samples, each rule on a small invented file, and no bytes that hurt."""

import csv
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import camt_writer as write
import coda_writer
import pytest
from camt_writer import Ntry, Stmt, Tx
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.bank import camt, coda, codes
from importers.bank.records import BankFile, Movement, Statement
from importers.bank.summary import as_json, as_text, inspect_bank_file
from ledger.errors import Severity
from ledger.money import to_decimal

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
FILES = sorted((SAMPLES / "camt").glob("*.xml")) if SAMPLES.is_dir() else []
DAY = date(2025, 3, 14)
OGM = "090933755493"

needs_samples = pytest.mark.skipif(not FILES, reason="the shared samples are not here")
both_versions = pytest.mark.parametrize("version", ["02", "04", "08", "13"])


def one(entries: list[Ntry], version: str = "02", **fields: Any) -> Statement:
    bank_file = camt.parse(write.encode([Stmt(entries, **fields)], version))
    assert not bank_file.faults
    assert len(bank_file.statements) == 1
    return bank_file.statements[0]


def movement(entry: Ntry, version: str = "02") -> Movement:
    statement = one([entry], version)
    assert statement.ok
    assert len(statement.movements) == 1
    return statement.movements[0]


def errors(statement: Statement) -> list[str]:
    return [fault.message for fault in statement.faults if fault.severity is Severity.ERROR]


def warnings(statement: Statement) -> list[str]:
    return [fault.message for fault in statement.faults if fault.severity is Severity.WARNING]


# The samples


def expected(path: Path) -> list[dict[str, Any]]:
    known = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))["camt"]
    return known[f"camt/{path.name}"]["statements"]  # type: ignore[no-any-return]


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_gives_its_known_figures(path: Path):
    bank_file = camt.read(path)
    known = expected(path)
    assert camt.identify(path)
    assert not bank_file.faults
    assert len(bank_file.statements) == len(known)
    for statement, wanted in zip(bank_file.statements, known, strict=True):
        assert statement.tally is not None
        net = to_decimal(sum(each.cents for each in statement.booked))
        opening = to_decimal(statement.opening) if statement.opened else None
        closing = to_decimal(statement.closing) if statement.closed else None
        figures = {
            "account": statement.account or None,
            "opening": opening,
            "closing": closing,
            "entries": len(statement.booked),
            "net": net,
            "balanced": None if opening is None or closing is None else opening + net == closing,
            "txdtls": statement.tally.details,
            "batches": statement.tally.batches,
            "bba": statement.tally.ogm,
            "scor": statement.tally.references,
            "returns": list(statement.tally.returns),
        }
        amounts = {name: wanted[name] and Decimal(wanted[name]) for name in ("opening", "closing", "net")}
        assert figures == {**{name: wanted[name] for name in figures}, **amounts}
        assert wanted.keys() == {"id", *figures}  # who made a statement calls it by an id, which no figure depends on


# What must be refused, with the difference where there is one: opening + entries - closing, by hand.
REFUSED = {
    "genkgo_camt053.v2.all-balance-types": "difference 5.82",
    "genkgo_camt053.v2.minimal.ultimate": "difference 54.00",
    "genkgo_camt053.v3": "difference 54.00",
    "genkgo_camt053.v4": "difference 54.00",
    "newinno_error_053v02": "difference 50.00",
    "oca_nl_053v02": "difference 434.16",
    "oca_sdd_unpaid_053v02": "no opening balance",
    "oca_sftp_053v02": "no closing balance",
    "oca_wrong_amount_053v04": "no amount",
    "okane_cz_1": "announces debits of 1000.00, the statement holds 500.00",
    "rayslava_053v02": "negative",
    "viafin_053_valid_example_with_batch": "difference -12774.14",
}


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_is_refused_exactly_where_its_sums_are_wrong(path: Path):
    bank_file = camt.read(path)
    reason = REFUSED.get(path.stem)
    assert bank_file.ok is (reason is None)
    if reason is not None:
        assert any(reason in message for statement in bank_file.statements for message in errors(statement))


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_inspect_tells_of_a_sample_what_is_known(path: Path):
    told: Any = json.loads(json.dumps(as_json(inspect_bank_file(path))))
    known = expected(path)
    assert told["kind"] == ("camt.054" if "054" in path.stem else "camt.053")
    assert told["ok"] is (path.stem not in REFUSED)
    for summary, wanted in zip(told["statements"], known, strict=True):
        assert summary["movements"] == wanted["entries"]
        assert summary["details"] == wanted["txdtls"]
        assert Decimal(summary["credits"]) - Decimal(summary["debits"]) == Decimal(wanted["net"])
        for balance in ("opening", "closing"):  # null where the file gives none, never 0.00
            assert (summary[balance] and Decimal(summary[balance])) == (wanted[balance] and Decimal(wanted[balance]))
        assert summary["account"] == wanted["account"]
    assert as_text(inspect_bank_file(path))


@needs_samples
def test_the_belgian_file_gives_49_communications_and_its_batches_add_up():
    statements = camt.read(SAMPLES / "camt/lino_belfius_2015_be_bba_053v02.xml").statements
    movements = [each for statement in statements for each in statement.movements]
    assert sum(each.structured is not None for each in movements) == 49
    for statement in statements:
        shares: dict[int, int] = {}
        for each in statement.movements:
            if each.parent is not None:
                shares[each.parent] = shares.get(each.parent, 0) + each.cents
        for position, cents in shares.items():
            assert statement.movements[position - 1].cents == cents


# One entry


@both_versions
def test_a_transfer_is_read_as_coda_would_say_it(version: str):
    detail = Tx(2500, name="Jeanne Exemple", account="BE02000000000101", ogm=OGM, end_to_end="E2E-1", purpose="CHAR")
    assert movement(Ntry(2500, DAY, (detail,), reference="REF1"), version) == Movement(
        1, None, DAY, DAY, 2500, "00150000", OGM, "", "Jeanne Exemple", "BE02000000000101",
        "GEBABEBB", "E2E-1", "REF1", None, None, None, None, None, "CHAR", 8,
    )  # fmt: skip


def test_lines_of_free_text_are_joined_and_a_full_one_goes_on_in_the_next():
    full = "x" * 140
    assert movement(Ntry(1, details=(Tx(lines=("Don", "mars 2025")),))).communication == "Don mars 2025"
    assert movement(Ntry(1, details=(Tx(lines=(full, "y")),))).communication == full + "y"


def test_no_reference_is_none():
    assert movement(Ntry(1, details=(Tx(end_to_end="NOTPROVIDED"),))).reference == ""


def test_a_wrong_structured_communication_is_kept_and_told():
    statement = one([Ntry(1, details=(Tx(ogm="090933755494"),))])
    assert statement.ok
    assert statement.movements[0].structured == "090933755494"
    assert "modulo 97" in warnings(statement)[0]


def test_an_rf_reference_without_issuer_is_read():
    data = write.encode([Stmt([Ntry(1, details=(Tx(ogm="RF18 5390 0754 7034"),))])])
    statement = camt.parse(data.replace(b"<Issr>BBA</Issr></Tp>", b"</Tp>")).statements[0]
    assert statement.movements[0].structured == "RF18539007547034"


@both_versions
def test_a_collection_is_a_total_with_its_debits_below(version: str):
    debits = tuple(
        Tx(1000, f"Personne {n}", f"BE{n:014d}", f"E2E-{n}", f"MANDATE-{n}", lines=("Don",), settled=date(2025, 3, 13))
        for n in (1, 2)
    )
    entry = Ntry(2000, DAY, debits, "0550000", ("PMNT", "IDDT", "ESDD"), block="COLLECTION-2025-03")
    statement = one([entry], version)
    assert statement.ok
    total, first, second = statement.movements
    assert (total.code, total.reference, total.parent, total.account) == ("10550000", "COLLECTION-2025-03", None, "")
    assert (first.code, first.parent, first.reference) == ("50550000", 1, "E2E-1")
    assert (first.mandate, first.executed, first.cents) == ("MANDATE-1", date(2025, 3, 13), 1000)
    assert (second.position, second.name) == (3, "Personne 2")


def test_a_batch_of_the_bank_has_the_type_of_one():
    statement = one([Ntry(300, details=(Tx(100), Tx(200)), count=2)])
    assert [each.code for each in statement.movements] == ["20150000", "60150000", "60150000"]


def test_the_header_of_a_batch_without_amount_is_no_detail():
    statement = one([Ntry(300, details=(Tx(None, lines=("Regroupement",)), Tx(100), Tx(200)), count=2)])
    assert [each.cents for each in statement.movements] == [300, 100, 200]
    assert statement.movements[0].communication == "Regroupement"
    assert statement.tally is not None
    assert statement.tally.details == 3


def test_the_header_before_a_single_detail_leaves_one_line():
    only = movement(Ntry(300, details=(Tx(None, name="La banque"), Tx(300, name="Jeanne Exemple")), count=1))
    assert (only.code, only.name) == ("00150000", "Jeanne Exemple")


def test_details_that_do_not_add_up_leave_the_entry_one():
    statement = one([Ntry(300, details=(Tx(100, ogm=OGM), Tx(150)), count=2)])
    assert statement.ok
    assert [(each.cents, each.account, each.structured) for each in statement.movements] == [(300, "", None)]
    assert "difference 0.50" in warnings(statement)[0]


def test_a_total_without_details_keeps_the_name_of_its_collection():
    total = movement(Ntry(4000, code="0550000", block="COLLECTION-1", count=4))
    assert (total.code, total.reference) == ("10550000", "COLLECTION-1")


@both_versions
@pytest.mark.parametrize(
    ("code", "reason", "told", "kind"),
    [
        ("0503000", "AM04", "/RTYP/RTRN", "2"),
        ("0503000", "AC04", "", "2"),
        ("0505000", "MD06", "", "3"),
        ("0503000", "MD01", "", "3"),
        ("0503000", "MS02", "/RTYP/RJCT", "1"),
    ],
)
def test_what_comes_back_says_why(version: str, code: str, reason: str, told: str, kind: str):
    detail = Tx(-1000, "Jeanne Exemple", "BE02000000000101", "E2E-1", "MANDATE-1", reason=reason, returned=told)
    back = movement(Ntry(-1000, DAY, (detail,), code, ("PMNT", "IDDT", "UPDD")), version)
    assert (back.return_type, back.reason, back.mandate, back.reference) == (kind, reason, "MANDATE-1", "E2E-1")
    assert (back.account, back.family) == ("BE02000000000101", code[:4])


def test_a_reversal_without_reason_is_type_4():
    assert movement(Ntry(-1000, code="0503000", reversal=True)).return_type == "4"


@pytest.mark.parametrize(
    ("cents", "iso", "code"),
    [
        (1, ("PMNT", "RCDT", "ESCT"), "00150000"),
        (-1, ("PMNT", "ICDT", "STDO"), "00103000"),
        (1, ("PMNT", "IDDT", "ESDD"), "00550000"),
        (-1, ("PMNT", "IDDT", "UPDD"), "00503000"),
        (-1, ("PMNT", "IDDT", "PRDD"), "00505000"),
        (-1, ("PMNT", "RDDT", "ESDD"), "00501000"),
        (1, ("PMNT", "RRCT", "ESCT"), "00250000"),
        (-1, ("ACMT", "MDOP", "CHRG"), "08033000"),
        (1, ("PMNT", "MCRD", "POSP"), "00450000"),
        (1, ("XXXX", "YYYY", "ZZZZ"), "03089000"),
        (-1, ("", "", ""), "03039000"),
    ],
)
def test_without_a_belgian_code_the_one_of_iso_says_what_it_is(cents: int, iso: tuple[str, str, str], code: str):
    assert movement(Ntry(cents, code="", iso=iso)).code == code


def test_a_gift_reads_the_same_from_coda_and_from_camt():
    ours = movement(Ntry(2500, DAY, (Tx(2500, "JEANNE EXEMPLE", "BE02000000000101", "E2E-1", ogm=OGM),)))
    line = coda_writer.Line(
        2500, "00150000", f"101{OGM}", structured=True, reference="E2E-1", bic="GEBABEBB", name="JEANNE EXEMPLE",
        account="BE02000000000101".ljust(34) + "EUR", day=DAY, value=DAY,
    )  # fmt: skip
    theirs = coda.parse(coda_writer.encode(coda_writer.statement([line]))).statements[0].movements[0]
    assert ours._replace(bank_reference="", line=0) == theirs._replace(bank_reference="", line=0)


def test_a_collected_gift_reads_the_same_from_coda_and_from_camt():
    creditor, settled = "BE68ZZZ0123456789", date(2025, 3, 13)
    detail = Tx(
        1000, "JEANNE EXEMPLE", "BE02000000000101", "E2E-1", "MANDATE-1", lines=("DON MENSUEL",), settled=settled,
        creditor_id=creditor,
    )  # fmt: skip
    entry = Ntry(2000, DAY, (detail, replace(detail, end_to_end="E2E-2")), "0550000", block="COLLECTION-1")
    text = coda_writer.debit_text("MANDATE-1", "DON MENSUEL", settled)
    line = coda_writer.Line(
        1000, "50550000", text, structured=True, reference="E2E-1", bic="GEBABEBB", name="JEANNE EXEMPLE",
        account="BE02000000000101".ljust(34) + "EUR", day=DAY, value=DAY,
    )  # fmt: skip
    total = coda_writer.Line(
        2000, "10550000", reference="COLLECTION-1", day=DAY, value=DAY,
        details=[line, line._replace(reference="E2E-2")],
    )  # fmt: skip
    theirs = coda.parse(coda_writer.encode(coda_writer.statement([total]))).statements[0].movements
    plain = {"bank_reference": "", "line": 0, "creditor": None}
    assert [each._replace(**plain) for each in one([entry]).movements] == [each._replace(**plain) for each in theirs]
    assert one([entry]).movements[1].creditor == creditor


def test_without_a_payer_nobody_is_named_rather_than_ourselves():
    data = write.encode([Stmt([Ntry(100, details=(Tx(100, name="Fondation Exemple", account=write.ACCOUNT),))])])
    ours = camt.parse(data.replace(b"Dbtr", b"Cdtr")).statements[0].movements[0]
    assert (ours.name, ours.account) == ("", "")


# A statement


def test_header_and_balances_are_read():
    statement = one([Ntry(100)], opening=-5000, sequence="2025073", copy="DUPL")
    assert (statement.account, statement.currency, statement.holder) == (write.ACCOUNT, "EUR", "Fondation Exemple")
    assert (statement.opening, statement.closing, statement.closing_date) == (-5000, -4900, DAY)
    assert (statement.sequence, statement.bic, statement.duplicate) == ("073", "KREDBEBB", True)


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
@both_versions
def test_only_what_is_booked_counts(version: str, status: str):
    statement = one([Ntry(100), Ntry(700, status=status), Ntry(800, status=status)], version)
    assert statement.ok
    assert [each.cents for each in statement.movements] == [100]
    assert warnings(statement)[0].startswith("2 entries that are not booked yet")


def test_a_missing_status_is_taken_as_booked_and_told():
    data = write.encode([Stmt([Ntry(100)])]).replace(b" <Sts>BOOK</Sts>\n", b"")
    statement = camt.parse(data).statements[0]
    assert statement.ok
    assert "without a status" in warnings(statement)[0]


def test_sums_that_do_not_lead_to_the_closing_balance_refuse_with_the_difference():
    statement = one([Ntry(100)], opening=0, closing=250)
    assert not statement.ok
    assert "difference -1.50" in errors(statement)[0]


def test_another_statement_of_the_file_is_not_touched():
    data = write.encode([Stmt([Ntry(100)], closing=1, id="A"), Stmt([Ntry(100)], id="B")])
    bank_file = camt.parse(data)
    assert [statement.ok for statement in bank_file.statements] == [False, True]
    assert {fault.statement for fault in bank_file.statements[0].faults} == {1}


@pytest.mark.parametrize("amount", ["", "-1.00", "1.005", "1,00", "abc", "1e3", "9" * 30])
def test_an_amount_that_is_none_refuses_its_statement(amount: str):
    bad, good = Stmt([Ntry(100, amount=amount)], closing=100, id="A"), Stmt([Ntry(100)], id="B")
    bank_file = camt.parse(write.encode([bad, good]))
    assert [statement.ok for statement in bank_file.statements] == [False, True]


def test_a_third_decimal_of_zero_is_no_fraction():
    assert one([Ntry(150, amount="1.500")]).ok


@pytest.mark.parametrize(
    ("summary", "says"),
    [
        ("<TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries>", "announces 3 entries, the statement holds 2"),
        ("<TtlCdtNtries><Sum>9.00</Sum></TtlCdtNtries>", "credits of 9.00, the statement holds 5.00: difference 4.00"),
        ("<TtlDbtNtries><Sum>1.00</Sum></TtlDbtNtries>", "debits of 1.00, the statement holds 2.00: difference -1.00"),
        (
            "<TtlNtries><TtlNetNtryAmt>3.00</TtlNetNtryAmt><CdtDbtInd>DBIT</CdtDbtInd></TtlNtries>",
            "a net of -3.00, the statement holds 3.00",
        ),
    ],
)
def test_a_summary_that_says_otherwise_refuses_with_the_difference(summary: str, says: str):
    statement = one([Ntry(500), Ntry(-200)], summary=f"<TxsSummry>{summary}</TxsSummry>")
    assert says in errors(statement)[0]


def test_a_summary_may_count_what_is_not_booked_yet():
    summary = "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>3.00</Sum></TtlNtries></TxsSummry>"
    assert one([Ntry(100), Ntry(200, status="PDNG")], summary=summary).ok


def test_a_notification_has_details_only_and_no_balances():
    bank_file = camt.parse(write.encode([Stmt([Ntry(300, details=(Tx(100), Tx(200)))])], "08", "054"))
    statement = bank_file.statements[0]
    assert statement.ok
    assert statement.details_only
    assert (statement.opening, statement.closing, len(statement.movements)) == (0, 0, 3)


def test_an_account_that_is_no_iban_is_kept():
    data = write.encode([Stmt([Ntry(1)])])
    data = data.replace(b"<IBAN>BE68539007547034</IBAN>", b"<Othr><Id>50000000054910000003</Id></Othr>", 1)
    assert camt.parse(data).statements[0].account == "50000000054910000003"


def test_the_same_statement_in_another_file_has_the_same_digest():
    entries = [Ntry(100, details=(Tx(100, ogm=OGM),)), Ntry(-50)]
    first = one(entries)
    again = camt.parse(
        write.encode([Stmt([Ntry(1)], account="BE71096123456769"), Stmt(entries, id="X", copy="DUPL")], "08")
    )
    other = one([replace(entries[0], cents=101), replace(entries[1], cents=-51)])
    assert again.statements[1].digest == first.digest
    assert other.digest != first.digest


def test_a_report_within_the_day_is_refused_by_its_name():
    data = write.encode([Stmt([Ntry(1)])]).replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt").replace(b"Stmt>", b"Rpt>")
    bank_file = camt.parse(data)
    assert bank_file.statements == ()
    assert "camt.052" in bank_file.faults[0].message


# Pages


def pages(*parts: tuple[Stmt, tuple[int, bool]]) -> BankFile:
    bodies = "".join(piece for statement, page in parts for piece in write.body([statement], page=page))
    return camt.parse(f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">{bodies}</Document>'.encode())


def page(entries: list[Ntry], *, opening: bool = False, closing: int | None = None) -> Stmt:
    balance = "<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{}</Amt></Bal>"
    summary = balance.format("OPBD", "0.00") if opening else ""
    if closing is not None:
        summary += balance.format("CLBD", write.amount(closing))
    return Stmt(entries, balances=False, summary=summary)


def test_the_pages_of_a_statement_are_joined():
    bank_file = pages(
        (page([Ntry(300, details=(Tx(100), Tx(200)))], opening=True), (1, False)),
        (page([Ntry(500, details=(Tx(100), Tx(400)))], closing=800), (2, True)),
    )
    assert len(bank_file.statements) == 1
    statement = bank_file.statements[0]
    assert statement.ok
    assert [(each.position, each.parent) for each in statement.movements] == [
        (1, None), (2, 1), (3, 1), (4, None), (5, 4), (6, 4),
    ]  # fmt: skip


def test_a_page_that_is_missing_refuses_and_is_named():
    first, third = page([Ntry(300)], opening=True), page([Ntry(500)], closing=800)
    assert "page 2 of this statement" in errors(pages((first, (1, False)), (third, (3, True))).statements[0])[0]
    assert "what follows page 1" in errors(pages((first, (1, False))).statements[0])[0]
    assert "page 1 of this statement" in errors(pages((third, (2, True))).statements[0])[0]


def test_a_statement_whole_in_itself_is_taken_though_its_message_goes_on():
    statement = pages((page([Ntry(300)], opening=True, closing=300), (1, False))).statements[0]
    assert statement.ok
    assert "what follows page 1" in warnings(statement)[0]


# What is no good file

GOOD = write.encode([Stmt([Ntry(300, details=(Tx(100, ogm=OGM), Tx(200))), Ntry(-50)])])
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><Document><BkToCstmrStmt>&c;</BkToCstmrStmt></Document>'
)
HURTFUL = {
    "empty": (b"", "empty"),
    "blank": (b"  \n ", "empty"),
    "text": (b"Date;Amount\n", "no XML message"),
    "truncated": (GOOD[: len(GOOD) // 2], "breaks off"),
    "bomb": (BOMB, "DOCTYPE"),
    "doctype after a comment": (b"<!-- x -->\n<!doctype html><html></html>", "DOCTYPE"),
    "utf-16": (GOOD.decode().encode("utf-16"), "UTF-16"),
    "wrong bytes": (GOOD.replace(b"Fondation", b"Fond\xe9tion"), "breaks off"),
    "entity": (GOOD.replace(b"Fondation", b"&who;"), "breaks off"),
    "another message": (b"<Document><Other/></Document>", "no camt.053"),
    "deep": (b"<a>" * 100_000, "breaks off"),
    "nul": (GOOD.replace(b"Fondation", b"\0"), "breaks off"),
}


@pytest.mark.parametrize("case", HURTFUL)
def test_what_cannot_be_read_is_one_error_with_a_remedy(case: str):
    data, says = HURTFUL[case]
    bank_file = camt.parse(data)
    assert not bank_file.ok
    assert says in bank_file.faults[0].message
    assert any(remedy in bank_file.faults[0].message for remedy in ("ask", "check", "export"))


def test_declared_latin_1_is_read():
    data = GOOD.decode().replace("UTF-8", "ISO-8859-1").replace("Fondation", "Fondé").encode("latin-1")
    assert camt.parse(data).statements[0].holder == "Fondé Exemple"


def test_statements_before_the_break_are_kept():
    data = write.encode([Stmt([Ntry(100)], id="A"), Stmt([Ntry(100)], id="B")])
    bank_file = camt.parse(data[: data.rindex(b"<Ntry>")])
    assert len(bank_file.statements) == 1
    assert bank_file.statements[0].ok
    assert not bank_file.ok


def test_a_file_over_the_limit_is_refused_by_its_size(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importers.bank.elements.LIMIT", 100)
    assert "the limit is" in camt.parse(GOOD).faults[0].message


def test_much_of_something_else_is_not_held(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importers.bank.elements._BETWEEN", 1_000_000)
    data = b"<Document><BkToCstmrStmt>" + b"<X>1</X>" * 500_000 + b"</BkToCstmrStmt></Document>"
    assert "another kind of file" in camt.parse(data).faults[0].message


def test_a_prefix_makes_no_difference():
    plain = GOOD.decode()
    prefixed = plain.replace("</", "</ns2:").replace("<", "<ns2:").replace("<ns2:/", "</").replace("<ns2:?", "<?")
    prefixed = prefixed.replace(" xmlns=", " xmlns:ns2=")
    assert camt.parse(prefixed.encode()).statements[0].digest == camt.parse(GOOD).statements[0].digest


def test_the_line_is_right_beyond_what_sixteen_bits_count():
    entries = [Ntry(100)] * 9_000 + [Ntry(1, amount="x")]
    data = write.encode([Stmt(entries)])
    found = next(fault for fault in camt.parse(data).statements[0].faults if "no number" in fault.message)
    begins = data[: data.index(b">x<")].count(b"\n")
    assert found.line in (begins, begins + 1)  # so far on, libxml2 counts from the text within


def test_messages_of_several_namespaces_in_one_file_are_each_read_by_their_own():
    """OCA/bank-statement-import 865: messages merged into one file; here of two versions, with and without a prefix."""
    texts = []
    for number, version in enumerate(("02", "08", "02")):
        plain = write.encode([Stmt([Ntry(10_00 + number)], sequence=str(number))], version).decode()
        prefixed = plain.replace("</", "</n:").replace("<", "<n:").replace("<n:/", "</").replace("<n:?", "<?")
        texts.append(prefixed.replace(" xmlns=", " xmlns:n="))
    statements = camt.parse("".join(texts).encode()).statements
    assert [statement.ok for statement in statements] == [True] * 3
    assert [[movement.cents for movement in statement.movements] for statement in statements] == [
        [10_00], [10_01], [10_02],
    ]  # fmt: skip


def test_messages_tell_no_name_and_no_account():
    statement = one([Ntry(300, details=(Tx(100, name="Jeanne Exemple"), Tx(150))), Ntry(1, amount="-1")], closing=7)
    told = " ".join(fault.message for fault in statement.faults)
    assert "Jeanne" not in told
    assert "BE" not in told


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_change_of_bytes_raises_an_exception(data: st.DataObject):
    mutated = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(mutated) - 1))
        what = data.draw(st.sampled_from(["flip", "cut", "double", "insert"]))
        if what == "flip":
            mutated[place] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del mutated[place : place + data.draw(st.integers(1, 200))]
        elif what == "double":
            mutated[place:place] = mutated[place : place + data.draw(st.integers(1, 400))]
        else:
            mutated[place:place] = data.draw(st.binary(min_size=1, max_size=8))
        if not mutated:
            break
    bank_file = camt.parse(bytes(mutated))
    for statement in bank_file.statements:
        if statement.ok:
            assert statement.opening + sum(each.cents for each in statement.booked) == statement.closing


def test_every_operation_of_the_iso_table_is_one_of_coda():
    table = (Path(camt.__file__).parent.parent / "data" / "iso-codes.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        assert len(row["operation"]) == 4
        assert row["source"]
        assert codes.label(f"{row['operation']}000", "en") != f"{row['operation']}000"
        assert "(" not in codes.label(f"{row['operation']}000", "en").replace("(debit)", "").replace("(credit)", "")
