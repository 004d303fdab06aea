"""CAMT entries field by field: what a written entry becomes, from elements written out by hand."""

from datetime import date
from typing import Any

import pytest

from importers.bank import camt
from importers.bank.iso_codes import operation
from importers.bank.records import Movement, Statement
from ledger.errors import Severity

ACCOUNT = "BE68539007547034"
HEAD = '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"><{message}>'
OTHER = "BE10 2030 4050"


def balance(kind: str, cents: int, day: str = "2025-03-14", side: str = "") -> str:
    side = side or ("DBIT" if cents < 0 else "CRDT")
    amount = f'<Amt Ccy="EUR">{abs(cents) // 100}.{abs(cents) % 100:02d}</Amt>'
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{amount}<CdtDbtInd>{side}</CdtDbtInd>"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def bba(code: str) -> str:
    return f"<BkTxCd><Prtry><Cd>{code}</Cd><Issr>BBA</Issr></Prtry></BkTxCd>"


def entry(euros: str, inner: str = "", *, side: str = "CRDT", code: str = "0150000", days: str | None = None) -> str:
    if days is None:
        days = "<BookgDt><Dt>2025-03-14</Dt></BookgDt><ValDt><Dt>2025-03-13</Dt></ValDt>"
    return (
        f'<Ntry><Amt Ccy="EUR">{euros}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>BOOK</Sts>{days}'
        f"<AcctSvcrRef>BANK1</AcctSvcrRef>{bba(code)}{inner}</Ntry>"
    )


def details(*each: str, batch: str = "") -> str:
    return f"<NtryDtls>{batch}{''.join(f'<TxDtls>{one}</TxDtls>' for one in each)}</NtryDtls>"


def batch(block: str = "", count: str = "") -> str:
    inner = (f"<PmtInfId>{block}</PmtInfId>" if block else "") + (f"<NbOfTxs>{count}</NbOfTxs>" if count else "")
    return f"<Btch>{inner}</Btch>"


def amount(euros: str, side: str = "CRDT", currency: str = "EUR") -> str:
    return f'<Amt Ccy="{currency}">{euros}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def party(role: str, name: str = "", account: str = "", bic: str = "", *, element: str = "BIC") -> str:
    """The name, account and bank of Dbtr or Cdtr, each in the part of TxDtls where it belongs."""
    who = f"<{role}><Nm>{name}</Nm></{role}>" if name else ""
    number = f"<{role}Acct><Id><IBAN>{account}</IBAN></Id></{role}Acct>" if account else ""
    bank = f"<RltdAgts><{role}Agt><FinInstnId><{element}>{bic}</{element}></FinInstnId></{role}Agt></RltdAgts>"
    return f"<RltdPties>{who}{number}</RltdPties>" + (bank if bic else "")


def text(*lines: str) -> str:
    return "<RmtInf>" + "".join(f"<Ustrd>{line}</Ustrd>" for line in lines) + "</RmtInf>"


def read(
    *entries: str, header: str | None = None, version: str = "02", kind: str = "053", summary: str = "", group: str = ""
) -> Statement:
    message, tag = ("BkToCstmrStmt", "Stmt") if kind == "053" else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    if header is None:
        header = (
            f"<Id>S1</Id><ElctrncSeqNb>1073</ElctrncSeqNb><Acct><Id><IBAN>{ACCOUNT}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        )
        header += balance("OPBD", 0) + balance("CLBD", 0) if kind == "053" else ""
    whole = HEAD.format(kind=kind, version=version, message=message)
    whole += f"{group}<{tag}>{header}{summary}{''.join(entries)}</{tag}></{message}></Document>"
    file = camt.parse(whole.encode())
    assert not file.faults
    (statement,) = file.statements
    return statement


def told(statement: Statement, severity: Severity = Severity.WARNING) -> list[str]:
    return [fault.message for fault in statement.faults if fault.severity is severity]


def row(statement: Statement, place: int = 0, **fields: Any) -> None:
    """Hold a movement against the fields that are named; the others are as in one that says nothing."""
    plain = Movement(1, None, date(2025, 3, 14), date(2025, 3, 13), 50_00, "00150000", bank_reference="BANK1", line=1)
    expected = plain._replace(**fields)
    assert statement.movements[place]._replace(line=1) == expected._replace(line=1)


# One line


def test_an_entry_without_details_is_its_own_movement():
    statement = read(entry("50.00", "<AddtlNtryInf> frais  de  garde </AddtlNtryInf>"))
    row(statement, communication="frais de garde")


def test_a_credit_tells_of_its_debtor():
    detail = (
        "<Refs><EndToEndId>E1</EndToEndId><MndtId> M1 </MndtId></Refs>"
        + party("Dbtr", "Zoé  Exemple", OTHER, " GEBABEBB ")
        + "<Purp><Cd>CHAR</Cd></Purp>"
        + text("un don")
    )
    row(
        read(entry("50.00", details(detail))),
        communication="un don", name="Zoé Exemple", account="BE1020304050", bic="GEBABEBB", reference="E1",
        mandate="M1", purpose="CHAR",
    )  # fmt: skip


def test_a_debit_tells_of_its_creditor():
    parties = (
        f"<RltdPties><Dbtr><Nm>Nous</Nm></Dbtr><DbtrAcct><Id><IBAN>{ACCOUNT}</IBAN></Id></DbtrAcct>"
        f"<Cdtr><Nm>Fournisseur</Nm></Cdtr><CdtrAcct><Id><Othr><Id>{OTHER}</Id></Othr></Id></CdtrAcct></RltdPties>"
    )
    statement = read(entry("50.00", details(parties), side="DBIT", code="0101000"))
    row(statement, cents=-50_00, code="00101000", name="Fournisseur", account="BE1020304050")


@pytest.mark.parametrize(
    ("parties", "name", "account"),
    [
        (("Dbtr", "Nous", ACCOUNT), "Fournisseur", "BE1020304050"),
        (("Dbtr", "Nous", ""), "Fournisseur", "BE1020304050"),
        (("Dbtr", "Zoé", "BE99"), "Zoé", "BE99"),
    ],
)
def test_where_a_bank_names_our_side_the_other_one_is_taken(parties: tuple[str, str, str], name: str, account: str):
    role, own, number = parties
    inner = party(role, own, number)[len("<RltdPties>") :]
    both = f"<RltdPties>{party('Cdtr', 'Fournisseur', OTHER)[len('<RltdPties>') : -len('</RltdPties>')]}{inner}"
    row(read(entry("50.00", details(both))), name=name, account=account)


def test_our_own_account_alone_is_not_the_other_side():
    row(read(entry("50.00", details(party("Cdtr", "Nous", ACCOUNT)))))


def test_the_first_version_names_banks_by_bic_and_later_ones_are_told_of_it():
    old = details(party("Dbtr", "Zoé", OTHER, "GEBABEBB"))
    assert told(read(entry("50.00", old))) == told(read(entry("50.00")))
    statement = read(entry("50.00", old), version="08")
    row(statement, name="Zoé", account="BE1020304050", bic="GEBABEBB")
    assert "1 bank named by BIC where this version has BICFI" in told(statement)
    assert "1 bank named by BIC where this version has BICFI" in told(read(entry("50.00", old), version="03"))
    new = read(entry("50.00", details(party("Dbtr", "Zoé", OTHER, "GEBABEBB", element="BICFI"))), version="08")
    row(new, name="Zoé", account="BE1020304050", bic="GEBABEBB")


def test_an_ultimate_debtor_is_told_unless_it_is_the_debtor():
    def of(ultimate: str, inner: str = "") -> Statement:
        who = f"<RltdPties><Dbtr><Nm>Zoé</Nm></Dbtr><UltmtDbtr><Nm>{ultimate}</Nm></UltmtDbtr></RltdPties>"
        return read(entry("50.00", details(who + inner)))

    row(of("Jan"), name="Zoé", communication="ultimate debtor Jan")
    row(of("Jan", text("don")), name="Zoé", communication="don, ultimate debtor Jan")
    row(of("Zoé"), name="Zoé")


@pytest.mark.parametrize(("given", "kept"), [("NOTPROVIDED", ""), ("NONREF", ""), ("000", ""), (" E1 ", "E1")])
def test_a_reference_that_says_nothing_is_none(given: str, kept: str):
    row(read(entry("50.00", details(f"<Refs><EndToEndId>{given}</EndToEndId></Refs>"))), reference=kept)


def test_a_reference_of_the_detail_comes_before_that_of_the_entry():
    row(read(entry("50.00", details("<Refs><AcctSvcrRef> OWN </AcctSvcrRef></Refs>"))), bank_reference="OWN")


def test_the_text_of_a_detail_comes_before_that_of_the_entry():
    more = "<AddtlNtryInf>entry</AddtlNtryInf>"
    row(read(entry("50.00", details("<AddtlTxInf>detail</AddtlTxInf>") + more)), communication="detail")
    row(read(entry("50.00", details(party("Dbtr", "Zoé")) + more)), name="Zoé", communication="entry")


# Communications


def structured(reference: str, kind: str = "SCOR", issuer: str = "BBA", more: str = "") -> str:
    return (
        f"<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry><Issr>{issuer}</Issr></Tp>"
        f"<Ref>{reference}</Ref></CdtrRefInf>{more}</Strd></RmtInf>"
    )


@pytest.mark.parametrize(
    ("remittance", "reference", "communication", "counted"),
    [
        (structured("+++090/9337/55493+++"), "090933755493", "", (1, 1)),
        (structured("090933755494"), "090933755494", "", (1, 1)),
        (structured("090933755493", "XXXX", ""), "090933755493", "", (0, 1)),
        (structured("RF18 5390 0754 7034", issuer=""), "RF18539007547034", "", (0, 1)),
        (structured("FACTURE 7", issuer=""), None, "FACTURE 7", (0, 1)),
        (structured("", more="<AddtlRmtInf>merci</AddtlRmtInf>"), None, "merci", (0, 0)),
        (structured("090933755493", more="<AddtlRmtInf>merci</AddtlRmtInf>"), "090933755493", "merci", (1, 1)),
    ],
)
def test_a_structured_communication_is_a_reference_we_know_or_text(
    remittance: str, reference: str | None, communication: str, counted: tuple[int, int]
):
    statement = read(entry("50.00", details(remittance)))
    row(statement, structured=reference, communication=communication)
    assert statement.tally is not None
    assert (statement.tally.ogm, statement.tally.references) == counted


def test_a_second_reference_is_text():
    two = structured("090933755493").replace("</Strd>", "</Strd>" + structured("000000000101")[8:-9])
    row(read(entry("50.00", details(two))), structured="090933755493", communication="000000000101")


@pytest.mark.parametrize(
    ("reference", "word"), [("090933755494", "structured communication"), ("RF00 1", "RF reference")]
)
def test_check_digits_that_fail_are_told(reference: str, word: str):
    issuer = "BBA" if reference.isdecimal() else ""
    statement = read(entry("50.00", details(structured(reference, issuer=issuer))))
    assert any(f"the {word} fails modulo 97" in message for message in told(statement))


@pytest.mark.parametrize(
    ("lines", "communication"),
    [
        (("a" * 140, "b"), "a" * 140 + "b"),
        (("a" * 139, "b"), "a" * 139 + " b"),
        (("a" * 141, "b"), "a" * 141 + " b"),
        (("a", "b", "c"), "a b c"),
    ],
)
def test_a_full_line_of_text_goes_on_in_the_next(lines: tuple[str, ...], communication: str):
    statement = read(entry("50.00", details(text(*lines))))
    row(statement, communication=communication)
    long = [message for message in told(statement) if "longer than the 140" in message]
    assert len(long) == any(len(line) > 140 for line in lines)


def test_one_long_line_is_told_and_one_full_line_is_not():
    assert any("1 communication longer" in message for message in told(read(entry("50.00", details(text("a" * 141))))))
    assert not any("longer" in message for message in told(read(entry("50.00", details(text("a" * 140))))))


# What comes back


def returned(reason: str = "", said: str = "", code: str = "Cd") -> str:
    told_of = f"<AddtlInf>{said}</AddtlInf>" if said else ""
    return (
        f"<RtrInf><Rsn><{code}>{reason}</{code}></Rsn>{told_of}</RtrInf>" if reason else f"<RtrInf>{told_of}</RtrInf>"
    )


@pytest.mark.parametrize(
    ("code", "inner", "expected"),
    [
        ("0503000", "", ("2", None)),
        ("0505000", "", ("3", None)),
        ("0503000", returned("AM04"), ("2", "AM04")),
        ("0505000", returned("AM04"), ("3", "AM04")),
        ("0503000", returned("MD06"), ("3", "MD06")),
        ("0503000", returned("MD01"), ("3", "MD01")),
        ("0101000", returned("AC04", code="Prtry"), ("2", "AC04")),
        ("0503000", returned("AM04", "/RTYP/RVSL"), ("4", "AM04")),
        ("0503000", returned("MD06", "/RTYP/RJCT"), ("1", "MD06")),
        ("0503000", returned("MD06", "/RTYP/WHAT"), ("3", "MD06")),
        ("0503000", returned("", "x"), ("2", None)),
    ],
)
def test_a_debit_that_comes_back_says_how_and_why(code: str, inner: str, expected: tuple[str, str | None]):
    statement = read(entry("50.00", details(party("Dbtr", "Zoé", OTHER) + inner), side="DBIT", code=code))
    row(
        statement, cents=-50_00, code=f"0{code}", name="Zoé", account="BE1020304050", return_type=expected[0],
        reason=expected[1],
    )  # fmt: skip
    assert statement.tally is not None
    assert statement.tally.returns == ((expected[1],) if expected[1] else ())


def test_a_reversal_is_one_by_its_mark_alone():
    marked = entry("50.00", "<RvslInd>true</RvslInd>" + details(party("Cdtr", "Zoé", OTHER)))
    row(read(marked), name="Zoé", account="BE1020304050", return_type="4")
    row(read(marked.replace(">true<", ">1<")), name="Zoé", account="BE1020304050", return_type="4")
    row(read(marked.replace(">true<", ">false<")), name="Zoé", account="BE1020304050")


def test_what_came_back_may_name_only_the_other_side():
    inner = details("<RltdPties><Cdtr><Nm>Zoé</Nm></Cdtr></RltdPties>")
    row(
        read(entry("50.00", inner, side="DBIT", code="0503000")),
        cents=-50_00,
        code="00503000",
        name="Zoé",
        return_type="2",
    )


def test_a_direct_debit_tells_its_settlement_and_by_whom_it_was_asked():
    # AccptncDtTm is when our bank took our order (ISO 20022, TransactionDates): no day on which a donor was debited.
    who = "<Nm>Nous</Nm><Id><PrvtId><Othr><Id> BE68ZZZ0123456749 </Id></Othr></PrvtId></Id>"
    who = f"<RltdPties><Cdtr>{who}</Cdtr></RltdPties>"
    days = "<RltdDts><AccptncDtTm>2025-03-11T10:00:00</AccptncDtTm></RltdDts>"
    later = days.replace("<RltdDts>", "<RltdDts><IntrBkSttlmDt>2025-03-12</IntrBkSttlmDt>")
    asked = {"creditor": "BE68ZZZ0123456749", "code": "00550000"}
    row(read(entry("50.00", details(who + days), code="0550000")), **asked)
    row(read(entry("50.00", details(who + later), code="0550000")), executed=date(2025, 3, 12), **asked)
    row(read(entry("50.00", details(who + later))))
    row(read(entry("50.00", details(), code="0550000")), code="00550000")


# Totals

TWO = tuple(
    amount(euros) + f"<Refs><EndToEndId>{own}</EndToEndId></Refs>" for euros, own in (("20.00", "E1"), ("30.00", "E2"))
)


def test_a_total_is_followed_by_its_details():
    statement = read(entry("50.00", details(*TWO)), entry("1.00"))
    row(statement, code="20150000")
    row(statement, 1, position=2, parent=1, cents=20_00, code="60150000", reference="E1")
    row(statement, 2, position=3, parent=1, cents=30_00, code="60150000", reference="E2")
    row(statement, 3, position=4, cents=1_00)
    assert statement.tally is not None
    assert (statement.tally.details, statement.tally.batches) == (2, 0)


def test_a_collection_is_told_by_its_batch():
    statement = read(entry("50.00", details(*TWO, batch=batch("BLOCK", "2")) + "<AddtlNtryInf>mars</AddtlNtryInf>"))
    row(statement, code="10150000", reference="BLOCK", communication="mars")
    row(statement, 1, position=2, parent=1, cents=20_00, code="50150000", reference="E1")
    assert statement.tally is not None
    assert statement.tally.batches == 1


def test_a_detail_may_have_a_code_of_its_own():
    own = amount("20.00") + bba("0550000")
    row(read(entry("50.00", details(own, TWO[1]))), 1, position=2, parent=1, cents=20_00, code="60550000")


def test_a_detail_of_the_other_side_is_taken_off():
    statement = read(entry("50.00", details(amount("60.00"), amount("10.00", "DBIT"))))
    assert [one.cents for one in statement.movements] == [50_00, 60_00, -10_00]
    debit = read(entry("50.00", details(amount("60.00", "DBIT"), amount("10.00")), side="DBIT"))
    assert [one.cents for one in debit.movements] == [-50_00, -60_00, 10_00]


def test_a_detail_that_only_announces_the_others_gives_its_text():
    statement = read(entry("50.00", details(text("encaissement  mars"), *TWO)))
    row(statement, code="20150000", communication="encaissement mars")
    assert [one.cents for one in statement.movements] == [50_00, 20_00, 30_00]
    assert statement.tally is not None
    assert statement.tally.details == 3


@pytest.mark.parametrize(
    ("inner", "code", "reference"),
    [
        (batch("BLOCK"), "10150000", "BLOCK"),
        (batch("", "2"), "20150000", ""),
        (batch("", "1"), "00150000", ""),
        (batch("BLOCK", "1"), "10150000", "BLOCK"),
        (batch("000", "0"), "00150000", ""),
    ],
)
def test_a_batch_without_details_is_a_total_where_it_says_so(inner: str, code: str, reference: str):
    row(read(entry("50.00", details(batch=inner))), code=code, reference=reference)


@pytest.mark.parametrize(("count", "code"), [("1", "00150000"), ("2", "20150000")])
def test_a_batch_with_one_detail_is_a_line_of_the_kind_it_says(count: str, code: str):
    statement = read(entry("50.00", details(amount("50.00") + text("don"), batch=batch("", count))))
    row(statement, code=code, communication="don")


def test_the_block_of_a_collection_is_the_one_that_all_details_name():
    def of(*blocks: str) -> str:
        parts = [amount("25.00") + f"<Refs><PmtInfId>{block}</PmtInfId></Refs>" for block in blocks]
        return read(entry("50.00", details(*parts))).movements[0].code

    assert (of("B", "B"), of("B", "C"), of("B", "")) == ("10150000", "20150000", "20150000")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((amount("20.00"), amount("20.00")), "add up to 40.00, the total is 50.00: difference 10.00"),
        ((amount("20.00"), amount("20.00"), ""), "1 total whose details have no amounts of their own, taken as one"),
        ((amount("20.00"), amount("30.00", currency="USD")), "1 total whose details have no amounts of their own"),
        ((amount("20.00"), amount("-30.00")), "1 total whose details have no amounts of their own"),
    ],
)
def test_details_that_do_not_add_up_are_left_out_and_told(parts: tuple[str, ...], message: str):
    statement = read(entry("50.00", details(*parts)))
    assert [one.cents for one in statement.movements] == [50_00]
    assert any(message in warning for warning in told(statement))


def test_one_detail_of_another_amount_is_told_and_the_entry_counts():
    statement = read(entry("50.00", details(amount("49.00"))))
    row(statement)
    assert any("the detail of this entry is 49.00, the entry 50.00" in warning for warning in told(statement))
    quiet = read(entry("50.00", details(amount("50.00"))))
    assert not any("the detail of this entry" in warning for warning in told(quiet))


# Days and status


def test_an_entry_without_a_booking_date_takes_its_value_date_else_the_closing_day():
    value = "<ValDt><Dt>2025-03-10</Dt></ValDt>"
    row(read(entry("50.00", days=value)), booked=date(2025, 3, 10), value=date(2025, 3, 10))
    row(read(entry("50.00", days="")), booked=date(2025, 3, 14), value=None)
    broken = read(entry("50.00", days="<BookgDt><Dt>soon</Dt></BookgDt>" + value))
    assert any("no booking date that is a day" in message for message in told(broken, Severity.ERROR))
    assert any("1 entry without a booking date" in message for message in told(read(entry("50.00", days=value))))


def test_a_moment_is_the_day_it_is_written_with():
    days = "<BookgDt><DtTm>2025-03-14T23:59:00+01:00</DtTm></BookgDt><ValDt><DtTm>2025-03-13T00:00:00</DtTm></ValDt>"
    row(read(entry("50.00", days=days)))


def test_only_what_is_booked_becomes_a_movement():
    waiting = entry("50.00").replace("BOOK", "PDNG")
    statement = read(waiting, entry("20.00"), waiting)
    assert [one.cents for one in statement.movements] == [20_00]
    assert any(message.startswith("2 entries that are not booked yet") for message in told(statement))
    bare = read(entry("50.00").replace("<Sts>BOOK</Sts>", ""))
    assert [one.cents for one in bare.movements] == [50_00]
    assert any(message.startswith("1 entry without a status") for message in told(bare))


# The statement

HEADER = (
    "<Id>S1</Id><ElctrncSeqNb>1073</ElctrncSeqNb><FrToDt><FrDtTm>2025-03-01T00:00:00</FrDtTm>"
    "<ToDtTm>2025-03-31T00:00:00</ToDtTm></FrToDt><CpyDplctInd>DUPL</CpyDplctInd>"
    "<Acct><Id><IBAN>BE68 5390 0754 7034</IBAN>"
    "</Id><Ccy>EUR</Ccy><Ownr><Nm>Fondation  Exemple</Nm></Ownr>"
    "<Svcr><FinInstnId><BIC>KREDBEBB</BIC></FinInstnId></Svcr>"
    "</Acct>"
)


def test_a_statement_with_all_that_its_header_may_say():
    statement = read(
        entry("50.00"), header=HEADER + balance("PRCD", 10_00, "2025-02-28") + balance("CLBD", 60_00, "2025-03-14")
    )
    assert statement.ok
    assert (statement.account, statement.currency, statement.holder, statement.bic) == (
        ACCOUNT, "EUR", "Fondation Exemple", "KREDBEBB"
    )  # fmt: skip
    assert (statement.opening, statement.opening_date, statement.closing, statement.closing_date) == (
        10_00, date(2025, 2, 28), 60_00, date(2025, 3, 14)
    )  # fmt: skip
    assert (statement.sequence, statement.duplicate, statement.details_only) == ("073", True, False)


@pytest.mark.parametrize(
    ("balances", "opening", "closing"),
    [
        (balance("OPBD", 1) + balance("PRCD", 2) + balance("CLBD", 50_01), 1, 50_01),
        (balance("OPBD", -1) + balance("CLBD", 49_99), -1, 49_99),
        (balance("OPBD", 1) + balance("CLBD", 7) + balance("CLBD", 50_01), 1, 50_01),
        (balance("OPBD", 1) + balance("OPBD", 9) + balance("ITBD", 3) + balance("CLBD", 50_01), 1, 50_01),
    ],
)
def test_the_first_opening_and_the_last_closing_balance_count(balances: str, opening: int, closing: int):
    statement = read(entry("50.00"), header=HEADER + balances)
    assert statement.ok
    assert (statement.opening, statement.closing) == (opening, closing)


@pytest.mark.parametrize(
    ("sequence", "kept"), [("<LglSeqNb>7</LglSeqNb>", "007"), ("<ElctrncSeqNb>x</ElctrncSeqNb>", ""), ("", "")]
)
def test_a_number_that_is_none_is_left_out(sequence: str, kept: str):
    header = HEADER.replace("<ElctrncSeqNb>1073</ElctrncSeqNb>", sequence) + balance("OPBD", 0) + balance("CLBD", 0)
    assert read(header=header).sequence == kept


def test_a_notification_brings_no_balances_and_takes_its_days_from_period_or_entries():
    later = entry("1.00", days="<BookgDt><Dt>2025-03-20</Dt></BookgDt>")
    statement = read(entry("50.00"), later, header=HEADER, kind="054")
    assert statement.ok
    assert statement.details_only
    assert (statement.opening, statement.closing) == (0, 0)
    assert (statement.opening_date, statement.closing_date) == (date(2025, 3, 1), date(2025, 3, 31))
    short = HEADER[: HEADER.index("<FrToDt>")] + HEADER[HEADER.index("<CpyDplctInd>") :]
    plain = read(later, entry("50.00"), header=short, kind="054")
    assert (plain.opening_date, plain.closing_date) == (date(2025, 3, 14), date(2025, 3, 20))


def total(name: str, count: str = "", euros: str = "") -> str:
    inner = (f"<NbOfNtries>{count}</NbOfNtries>" if count else "") + (f"<Sum>{euros}</Sum>" if euros else "")
    return f"<TxsSummry><{name}>{inner}</{name}></TxsSummry>"


NET = "<TxsSummry><TtlNtries><TtlNetNtryAmt>{net}</TtlNetNtryAmt><CdtDbtInd>{side}</CdtDbtInd></TtlNtries></TxsSummry>"


@pytest.mark.parametrize(
    ("summary", "told_of"),
    [
        (total("TtlNtries", "3", "71.00"), None),
        (total("TtlNtries", "4", "79.00"), None),
        (total("TtlNtries", "2"), "announces 2 entries, the statement holds 3"),
        (total("TtlNtries", "5"), "announces 5 entries, the statement holds 3"),
        (total("TtlNtries", "", "72.00"), "announces entries of 72.00, the statement holds 71.00: difference 1.00"),
        (total("TtlCdtNtries", "2", "51.00"), None),
        (total("TtlCdtNtries", "3", "59.00"), None),
        (total("TtlCdtNtries", "1"), "announces 1 credits, the statement holds 2"),
        (total("TtlDbtNtries", "1", "20.00"), None),
        (total("TtlDbtNtries", "2"), "announces 2 debits, the statement holds 1"),
        (total("TtlDbtNtries", "", "21.00"), "announces debits of 21.00, the statement holds 20.00: difference 1.00"),
        (NET.format(net="31.00", side="CRDT"), None),
        (NET.format(net="39.00", side="CRDT"), None),
        (
            NET.format(net="31.00", side="DBIT"),
            "announces a net of -31.00, the statement holds 31.00: difference -62.00",
        ),
        (NET.format(net="32.00", side="CRDT"), "announces a net of 32.00, the statement holds 31.00"),
    ],
)
def test_the_summary_counts_what_is_booked_or_all_that_is_there(summary: str, told_of: str | None):
    entries = (entry("50.00"), entry("1.00"), entry("20.00", side="DBIT"), entry("8.00").replace("BOOK", "PDNG"))
    header = HEADER + balance("OPBD", 0) + balance("CLBD", 31_00)
    errors = told(read(*entries, header=header, summary=summary), Severity.ERROR)
    assert [message for message in errors if told_of is None or told_of not in message] == []
    assert len(errors) == (told_of is not None)


def test_a_difference_of_balances_is_told_with_its_sign():
    errors = told(read(entry("50.00"), header=HEADER + balance("OPBD", 1_00) + balance("CLBD", 52_00)), Severity.ERROR)
    (error,) = errors
    assert error.startswith("opening balance 1.00 + entries 50.00 is not the closing balance 52.00: difference -1.00;")


@pytest.mark.parametrize(
    ("euros", "told_of"),
    [
        ("50.000", None),
        ("50.001", "the amount of the entry has a fraction of a cent"),
        ("50,00", "the amount of the entry is no number with a decimal point"),
        ("-50.00", "the amount of the entry is negative"),
        ("50.", None),
        ("50", None),
    ],
)
def test_an_amount_is_a_number_of_cents(euros: str, told_of: str | None):
    errors = told(read(entry(euros), header=HEADER + balance("OPBD", 0) + balance("CLBD", 50_00)), Severity.ERROR)
    assert any(told_of in message for message in errors) if told_of else not errors


def test_an_entry_of_another_currency_or_without_a_side_is_refused():
    foreign = told(read(entry("50.00").replace('Ccy="EUR"', 'Ccy="USD"')), Severity.ERROR)
    assert any("the entry is in USD and the account in EUR" in message for message in foreign)
    sideless = told(read(entry("50.00").replace("CRDT", "LEFT", 1)), Severity.ERROR)
    assert any("does not say credit or debit" in message for message in sideless)


def paged(number: int, euros: str, opening: int, closing: int, *, last: bool = True) -> str:
    header = f"<Id>S1</Id><StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{str(last).lower()}</LastPgInd></StmtPgntn>"
    header += f"<Acct><Id><IBAN>{ACCOUNT}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    return f"<Stmt>{header}{balance('OPBD', opening)}{balance('CLBD', closing)}{entry(euros)}</Stmt>"


def pages(*each: str) -> tuple[Statement, ...]:
    head = HEAD.format(kind="053", version="02", message="BkToCstmrStmt")
    return camt.parse(f"{head}{''.join(each)}</BkToCstmrStmt></Document>".encode()).statements


def test_pages_of_one_statement_are_one_and_the_same_page_twice_are_two():
    (one,) = pages(paged(1, "1.00", 0, 100, last=False), paged(2, "2.00", 100, 300))
    assert [(each.position, each.cents) for each in one.movements] == [(1, 1_00), (2, 2_00)]
    assert (one.opening, one.closing, one.ok) == (0, 300, True)
    assert [each.closing for each in pages(paged(1, "1.00", 0, 100), paged(1, "2.00", 100, 300))] == [100, 300]


def test_an_amount_without_a_currency_is_in_that_of_the_account():
    statement = read(entry("50.00").replace(' Ccy="EUR"', ""))
    assert not any("the account in" in message for message in told(statement, Severity.ERROR))


def test_a_net_of_what_waits_has_its_signs():
    entries = (
        entry("50.00"),
        entry("8.00").replace("BOOK", "PDNG"),
        entry("3.00", side="DBIT").replace("BOOK", "PDNG"),
    )
    header = HEADER + balance("OPBD", 0) + balance("CLBD", 50_00)
    assert read(*entries, header=header, summary=NET.format(net="55.00", side="CRDT")).ok
    assert not read(*entries, header=header, summary=NET.format(net="61.00", side="CRDT")).ok


def test_a_detail_takes_the_iso_code_of_its_own_side():
    iso = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
    statement = read(entry("50.00", details(amount("60.00") + iso, amount("10.00", "DBIT") + iso)))
    _, given, taken = statement.movements
    assert given.code[1:5] == operation("PMNT", "RCDT", "ESCT", "CRDT")
    assert taken.code[1:5] == operation("PMNT", "RCDT", "ESCT", "DBIT")
    assert given.code[1:5] != taken.code[1:5]
