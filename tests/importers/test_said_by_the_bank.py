"""What a bank's file says of days, marks, charges, references and communications, and what is decided from it.

One row is one event, each from another source: a standard, a bank's guide, or what somebody reported in public. The
donors D1 to D3 have an account, a mandate and a communication each.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pytest
from coda_writer import Line, debit_text, encode, header, statement

from importers.bank import camt, coda, pain
from importers.bank.communications import find_ogm
from importers.bank.moments import belgian_day
from importers.bank.records import Statement
from importers.bank.references import given_reference
from importers.deciding import booking
from importers.deciding.booking import Booked, Desk, document_name
from importers.deciding.found import Found, questions
from importers.deciding.rules import GiftRule, Rule
from ledger.posting import gift_entries
from ledger.records import Channel, Counterpart, Nature
from ledger.register.gifts import Original
from ledger.vault.links import Links

IBANS = {"BE35123000000137": "D1", "BE24123000000238": "D2", "BE13123000000339": "D3"}
D1, D2, D3 = IBANS
STRANGER = "BE80000000007777"
OGMS = {"404000000153": ("D1", None), "404000000254": ("D2", None), "404000000759": ("D3", None),
        "404000000860": ("D3", "spring")}  # fmt: skip
LINKS = Links(communications=OGMS, mandates={"M-1": "D1", "M-2": "D2"}, ibans=IBANS)
DESK = Desk("current", "550000", "731100", "499000", "413000", LINKS, (), {}, "fr")
DEBITED = Original(7, "D1", 25_00, 2025, "731100", "direct-debit", None, None, False, "E2E-1", "M-1")
BBA = "<BkTxCd><Prtry><Cd>{}</Cd><Issr>BBA</Issr></Prtry></BkTxCd>"
TRANSFER = BBA.format("0150000")


class Said(NamedTuple):
    """Gifts by donor and cents, what waits on suspense, what the bank kept; transactions of the books add up to 0."""

    gifts: list[tuple[str, int]]
    suspense: Sequence[int] = ()
    charges: int = 0


def decided(made: Statement, desk: Desk = DESK, known: tuple[Original, ...] = ()) -> Booked:
    assert made.ok, made.faults
    asked = questions(made.movements, desk.links)
    found = Found(
        document_name("current", made),
        originals={one.reference: one for one in known if one.reference in asked.references},
        claimed={claim: tuple(one for one in known if one.mandate == claim.mandate) for claim in asked.claims},
    )
    booked = booking.book(made, desk, found, "file")
    for each in (*gift_entries(booked.booking, "fr"), *booked.booking.entries):
        assert sum(line.cents for line in each.lines) == 0
    return booked


def said(made: Statement, desk: Desk = DESK, known: tuple[Original, ...] = ()) -> Said:
    posts = decided(made, desk, known).booking
    return Said(
        [(gift.donor or "", gift.cents) for gift in posts.gifts],
        tuple(row.cents for row in posts.movements if row.outcome == "suspense"),
        sum(row.cents for row in posts.movements if row.outcome == "fee"),
    )


# Files


def xml(
    *entries: str, version: str = "02", net: int = 0, created: str = "2025-03-15T01:00:00", closing: str = ""
) -> bytes:
    side = "CRDT" if net >= 0 else "DBIT"
    day = closing or "<Dt>2025-03-14</Dt>"
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><GrpHdr><MsgId>M'
        f"</MsgId></GrpHdr><Stmt><Id>S</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>{created}</CreDtTm>"
        "<Acct><Id><IBAN>BE68539007547034</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        '<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Dt><Dt>2025-03-13</Dt></Dt></Bal><Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{abs(net) / 100:.2f}</Amt><CdtDbtInd>{side}</CdtDbtInd><Dt>{day}</Dt></Bal>'
        f"{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def entry(
    euros: str, *parts: str, side: str = "CRDT", booked: str = "<Dt>2025-03-14</Dt>", status: str = "BOOK"
) -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{euros}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts><BookgDt>{booked}</BookgDt>'
        f"{''.join(parts)}</Ntry>"
    )


def details(*each: str) -> str:
    return "<NtryDtls>" + "".join(f"<TxDtls>{one}</TxDtls>" for one in each) + "</NtryDtls>"


def refs(end_to_end: str = "NOTPROVIDED", mandate: str = "") -> str:
    told = f"<MndtId>{mandate}</MndtId>" if mandate else ""
    return f"<Refs><EndToEndId>{end_to_end}</EndToEndId>{told}</Refs>"


def payer(account: str, role: str = "Dbtr") -> str:
    return f"<RltdPties><{role}><Nm>X</Nm></{role}><{role}Acct><Id><IBAN>{account}</IBAN></Id></{role}Acct></RltdPties>"


def money(name: str, euros: str, currency: str = "EUR") -> str:
    amount = f'<Amt Ccy="{currency}">{euros}</Amt>'
    return amount if name == "Amt" else f"<{name}>{amount}</{name}>"


def amounts(*parts: str) -> str:
    return f"<AmtDtls>{''.join(parts)}</AmtDtls>"


def charge(euros: str, side: str = "DBIT", included: str = "", currency: str = "EUR") -> str:
    told = f"<ChrgInclInd>{included}</ChrgInclInd>" if included else ""
    return f'<Amt Ccy="{currency}">{euros}</Amt><CdtDbtInd>{side}</CdtDbtInd>{told}'


def text(*lines: str) -> str:
    return "<RmtInf>" + "".join(f"<Ustrd>{line}</Ustrd>" for line in lines) + "</RmtInf>"


def of_xml(*entries: str, **fields: object) -> Statement:
    [made] = camt.parse(xml(*entries, **fields)).statements  # type: ignore[arg-type]
    return made


def of_coda(*lines: Line) -> Statement:
    [made] = coda.parse(encode(statement(lines, opening=0))).statements
    return made


# Kind 2: one date is not another


MOMENTS = [
    # ISO 8601 and Directive 2000/84/EC: Belgium is an hour before UTC in winter, two in summer
    ("2025-12-31T22:59:59Z", date(2025, 12, 31)),
    ("2025-12-31T23:00:00Z", date(2026, 1, 1)),
    ("2025-06-30T22:30:00Z", date(2025, 7, 1)),
    ("2025-06-30T21:59:59.999Z", date(2025, 6, 30)),
    # OCA/bank-statement-import issue 885: Wise writes DtTm with an offset and microseconds
    ("2025-12-01T13:47:43.673741+01:00", date(2025, 12, 1)),
    # OCA/bank-statement-import pull 318: 23:00 in UTC is the next day in Brussels
    ("2014-01-04T23:00:00.000Z", date(2014, 1, 5)),
    # firefly-iii issue 8408: a period that ends a millisecond before midnight
    ("2023-12-31T23:59:59.999+01:00", date(2023, 12, 31)),
    # ISO 20022 ISODateTime: without a zone it is local time
    ("2025-12-31T23:30:00", date(2025, 12, 31)),
    # XML Schema part 2, 3.2.9: a date may have a zone and stays that date
    ("2025-12-31Z", date(2025, 12, 31)),
    ("2025-12-31+01:00", date(2025, 12, 31)),
    # XML Schema part 2, 3.2.7: 24:00:00 is the end of the day that is named
    ("2025-12-31T24:00:00+01:00", date(2025, 12, 31)),
    ("2025-12-31T24:00:00Z", date(2026, 1, 1)),
    # a correspondent in New York: evening there, night here
    ("2025-12-31T20:00:00-05:00", date(2026, 1, 1)),
    ("2026-01-01T03:00:00+09:00", date(2025, 12, 31)),
    ("2025-12-31T23:30:00 or so", date(2025, 12, 31)),
    ("31/12/2025", None),
]  # fmt: skip


@pytest.mark.parametrize(("written", "day"), MOMENTS)
def test_a_moment_is_the_day_it_is_in_belgium(written: str, day: date | None):
    assert belgian_day(f" {written} ") == day


GIVEN_DAYS = [
    # ISO 20022 camt.053, ValueDate: the day the money is ours decides, whatever day the bank books it
    ("value", entry("10.00", "<ValDt><DtTm>2025-12-31T23:30:00Z</DtTm></ValDt>", TRANSFER, details(payer(D1)),
                    booked="<Dt>2025-12-30</Dt>"), (date(2025, 12, 30), 2026)),
    ("booked", entry("10.00", TRANSFER, details(payer(D1)), booked="<DtTm>2025-12-31T22:30:00Z</DtTm>"),
     (date(2025, 12, 31), 2025)),
    # EPC130-08: IntrBkSttlmDt is the day the debtor's bank pays; AccptncDtTm is when ours took the order
    ("settled", entry("10.00", BBA.format("0550000"), details(refs("E", "M-1") + payer(D1) + "<RltdDts>"
                      "<AccptncDtTm>2025-12-28T10:00:00</AccptncDtTm><IntrBkSttlmDt>2025-12-31</IntrBkSttlmDt></RltdDts>"),
                      booked="<Dt>2026-01-02</Dt>"), (date(2026, 1, 2), 2025)),
    # ISO 20022, TransactionDates: acceptance of a transfer is no execution either
    ("accepted", entry("10.00", TRANSFER, details(payer(D1) + "<RltdDts><AccptncDtTm>2025-12-31T10:00:00</AccptncDtTm>"
                       "</RltdDts>"), booked="<Dt>2026-01-02</Dt>"), (date(2026, 1, 2), 2026)),
    ("accepted with the value", entry("10.00", "<ValDt><Dt>2026-01-05</Dt></ValDt>", BBA.format("0550000"), details(
        refs("E", "M-1") + payer(D1) + "<RltdDts><AccptncDtTm>2025-12-29T10:00:00Z</AccptncDtTm></RltdDts>"),
        booked="<Dt>2026-01-05</Dt>"), (date(2026, 1, 5), 2026)),
]  # fmt: skip


@pytest.mark.parametrize(("written", "days"), [one[1:] for one in GIVEN_DAYS], ids=[one[0] for one in GIVEN_DAYS])
def test_the_day_that_counts_is_the_one_the_rule_names(written: str, days: tuple[date, int]):
    [gift] = decided(of_xml(written, net=10_00)).booking.gifts
    assert (gift.booked, gift.counted) == days


def test_a_balance_at_a_moment_closes_on_the_belgian_day():
    # ISO 20022, DateAndDateTimeChoice: balances may have a moment too
    made = of_xml(closing="<DtTm>2025-12-31T23:00:00Z</DtTm>")
    assert made.closing_date == date(2026, 1, 1)


def numbered(number: str, created: date, closing: date, *, copy: bool = False) -> Statement:
    lines = statement([Line(10_00, day=closing)], opening=0, day=closing, sequence=number)
    lines[0] = header(created, duplicate=copy)
    [made] = coda.parse(encode(lines)).statements
    return made


NUMBERS = [
    # Febelfin, Standard CODA 2.6, record 1, 126-128: the number begins anew each year and goes up by one a file
    ("the first of January", "001", date(2026, 1, 2), date(2025, 12, 31), 2026),
    ("the second, of a long weekend", "002", date(2026, 1, 5), date(2025, 12, 31), 2026),
    ("the last of the old year, made in the night", "251", date(2026, 1, 1), date(2025, 12, 31), 2025),
    ("a monthly one, made in January", "012", date(2026, 1, 2), date(2025, 12, 31), 2025),
    ("one of the year, made the day after", "073", date(2025, 3, 15), date(2025, 3, 14), 2025),
    # Febelfin, Standard CODA 2.6, record 0, 17: D marks a copy, made whenever it was asked for
    ("a copy asked for a year later", "050", date(2026, 3, 15), date(2025, 3, 10), 2025),
    ("made in the new year, closing in it", "001", date(2026, 1, 3), date(2026, 1, 2), 2026),
    ("a bank that does not number", "000", date(2026, 1, 2), date(2025, 12, 31), 2025),
    ("made before it closes", "001", date(2025, 12, 31), date(2026, 1, 2), 2026),
]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "created", "closing", "year"), [row[1:] for row in NUMBERS], ids=[row[0] for row in NUMBERS]
)
def test_the_year_of_a_number_is_that_of_its_series(number: str, created: date, closing: date, year: int):
    made = numbered(number, created, closing, copy=number == "050")
    assert made.number_year == year
    assert document_name("current", made).startswith(f"coda-current-{year}-")


def test_the_number_of_a_camt_statement_counts_in_the_year_it_was_made_too():
    made = of_xml(created="2025-12-31T23:30:00Z", closing="<Dt>2025-12-31</Dt>")
    assert document_name("current", made) == "camt-current-2026-001"


def test_a_header_without_a_day_of_creation_leaves_the_closing_day():
    made = numbered("001", date(2026, 1, 2), date(2025, 12, 31))
    assert replace(made, created=None).number_year == 2025
    assert replace(made, closing_date=None).number_year is None


# Kind 3: a mark that is read counts


REVERSAL = "<RvslInd>true</RvslInd>"
RETURN = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"

MARKS = [
    # OCA/bank-statement-import issue 375: RvslInd tells what the entry undoes, whatever its code
    ("RvslInd written 1", of_xml(entry("20.00", "<RvslInd>1</RvslInd>", TRANSFER, details(payer(D1))), net=20_00),
     Said([], (20_00,))),
    ("RvslInd false is none", of_xml(entry("20.00", "<RvslInd>false</RvslInd>", TRANSFER, details(payer(D1))),
                                     net=20_00), Said([("D1", 20_00)])),
    ("RvslInd goes before a communication", of_xml(entry("20.00", REVERSAL, TRANSFER, details(
        payer(STRANGER) + text("404/0000/00153"))), net=20_00), Said([], (20_00,))),
    # ISO 20022 external code list: RDDT is a debit we pay, and RvslInd its reversal
    ("a debit of ours reversed", of_xml(entry("20.00", REVERSAL, BBA.format("0501000"), details(payer(D1))), net=20_00),
     Said([], (20_00,))),
    ("an unpaid debit given back", of_xml(entry("25.00", REVERSAL, BBA.format("0503000"), details(
        refs("E2E-1", "M-1") + payer(D1))), net=25_00), Said([], (25_00,))),
    # ISO 20022, RtrInf stands on a detail: one of a batch may come back, the other not
    ("one of two came back", of_xml(entry("30.00", TRANSFER, details(
        amounts(money("TxAmt", "10.00")) + payer(D1),
        amounts(money("TxAmt", "20.00")) + payer(D2) + RETURN)), net=30_00),
     Said([("D1", 10_00)], (20_00,))),
    ("a return without a reason", of_xml(entry("20.00", TRANSFER, details(payer(D1) + "<RtrInf/>")), net=20_00),
     Said([], (20_00,))),
    # Febelfin, Standard CODA 2.6, record 2.2, 113-117: R-type and reason on a credit
    ("R-type on a credit of CODA", of_coda(Line(20_00, tail="   2AC04", account=D1, name="NOM1")), Said([], (20_00,))),
    ("a purpose is no R-type", of_coda(Line(20_00, tail="       " + " CHAR", account=D1, name="NOM1")),
     Said([("D1", 20_00)])),
    # Febelfin, Standard CODA 2.6, annex 2
    ("05/56 a refund that could not be executed", of_coda(Line(20_00, "00556000", account=D1)), Said([], (20_00,))),
    ("01/60 a circular cheque not presented", of_coda(Line(20_00, "00160000", account=D1)), Said([], (20_00,))),
    ("03/62 a cheque reversed", of_coda(Line(20_00, "00362000", account=D1)), Said([], (20_00,))),
    ("03/58 a cheque cashed is a gift", of_coda(Line(20_00, "00358000", account=D1)), Said([("D1", 20_00)])),
]  # fmt: skip


@pytest.mark.parametrize(("made", "right"), [row[1:] for row in MARKS], ids=[row[0] for row in MARKS])
def test_what_comes_back_is_no_gift(made: Statement, right: Said):
    assert said(made) == right


def test_a_rule_that_makes_gifts_makes_none_of_what_comes_back():
    made = of_xml(entry("20.00", TRANSFER, details(payer(STRANGER) + text("TOMBOLA") + RETURN)), net=20_00)
    gift = GiftRule("731300", Nature.MONEY, Channel.TRANSFER, Counterpart.NONE, None, None)
    tombola = Rule("Tombola", gift=gift, codes=("0150",))
    assert said(made, replace(DESK, rules=(tombola,))) == Said([], (20_00,))
    back = Rule("Virement revenu", account="499100", codes=("0150",))
    assert said(made, replace(DESK, rules=(back,))) == Said([])


MS03 = debit_text("M-1", return_type="2", reason="MS03")

RETURNS = [
    # EPC173-14: a refund of an authorised collection, whatever code the bank books it under
    ("RtrInf on another code", of_xml(entry("25.00", BBA.format("0149000"), details(
        refs("E2E-1") + payer(D1) + "<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf>"), side="DBIT"), net=-25_00)),
    ("our mandate on another code", of_xml(entry("25.00", BBA.format("3039000"), details(
        refs("NOT PROVIDED", "M-1") + payer(D1)), side="DBIT"), net=-25_00)),
    ("a CODA return by mandate", of_coda(Line(-25_00, "00503000", MS03, True,
                                              "NOTPROVIDED", account=D1))),
    ("a CODA return by its reference", of_coda(Line(-25_00, "00503000", debit_text("M-1", reason="AM04"),
                                                               True, "E2E-1", account=D1))),
]  # fmt: skip


@pytest.mark.parametrize("made", [row[1] for row in RETURNS], ids=[row[0] for row in RETURNS])
def test_a_debit_that_comes_back_takes_its_gift_back(made: Statement):
    assert said(made, known=(DEBITED,)) == Said([("D1", -25_00)])


def test_a_debit_of_our_mandate_that_takes_nothing_back_tells_nothing():
    # Febelfin annex 2, 05/37: the cost of a return bears its mandate and is no second return
    made = of_coda(Line(-2_50, "00537000", debit_text("M-1"), structured=True))
    booked = decided(made, known=(DEBITED,))
    assert (booked.returns, booked.booking.gifts) == ((), [])


# ISO 20022 and EPC130-08 want an EndToEndId; banks and programs write that there is none in many ways.
@pytest.mark.parametrize(
    "written",
    ["NOTPROVIDED", "NOT PROVIDED", "notprovided", "Not-Provided", "NOT_PROVIDED", " NOTPROVIDED ", "NONREF", "NON REF",
     "N/A", ".", "-", "", "000000000000", None],
)  # fmt: skip
def test_no_reference_is_none_in_any_spelling(written: str | None):
    assert given_reference(written) == ""


@pytest.mark.parametrize("written", ["NOTPROVIDED-2025-01", "NL-0001", "0012", "E2E-1", "243690000141", "É-1"])
def test_a_reference_stays_as_it_is(written: str):
    assert given_reference(written) == written


def test_a_mandate_that_is_not_given_is_none():
    made = of_xml(
        entry("10.00", BBA.format("0550000"), details(refs("Not provided", "NOT PROVIDED") + payer(D2))), net=10_00
    )
    assert (made.movements[0].mandate, made.movements[0].reference) == (None, "")
    made = of_coda(Line(10_00, "00550000", debit_text("NOTPROVIDED"), structured=True, account=D2))
    assert made.movements[0].mandate is None


def test_a_pain_file_without_references_names_none():
    one = (
        "<DrctDbtTxInf><PmtId><EndToEndId>Not Provided</EndToEndId></PmtId><InstdAmt Ccy='EUR'>10.00</InstdAmt>"
        "<DrctDbtTx><MndtRltdInf><MndtId>NOT PROVIDED</MndtId></MndtRltdInf></DrctDbtTx></DrctDbtTxInf>"
    )
    block = f"<PmtInf><PmtInfId>P</PmtInfId><ReqdColltnDt>2025-12-31+01:00</ReqdColltnDt>{one}{one}</PmtInf>"
    file = pain.parse(f"<Document><CstmrDrctDbtInitn>{block}</CstmrDrctDbtInitn></Document>".encode())
    assert isinstance(file, pain.CollectionMessage)
    assert [(debit.end_to_end, debit.mandate) for debit in file.blocks[0].transactions] == [("", "")] * 2
    assert file.blocks[0].due == date(2025, 12, 31)
    assert sum("names no mandate" in fault.message for fault in file.faults) == 2
    assert not any("more than one debit" in fault.message for fault in file.faults)


def test_rejects_without_references_are_told_apart():
    one = (
        "<TxInfAndSts><OrgnlEndToEndId>NOT PROVIDED</OrgnlEndToEndId><OrgnlInstrId>I-{0}</OrgnlInstrId>"
        "<TxSts>RJCT</TxSts>"
        "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts>"
    )
    told = "<OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId></OrgnlGrpInfAndSts>" + one.format(1) + one.format(2)
    file = pain.parse(f"<Document><CstmrPmtStsRpt>{told}</CstmrPmtStsRpt></Document>".encode())
    assert isinstance(file, pain.StatusReport)
    assert [one.end_to_end for one in file.rejected] == ["I-1", "I-2"]


THREE = f"<Chrgs>{charge('3.00')}</Chrgs>"
INCLUDED = f"<Chrgs><Rcrd>{charge('3.00', included='true')}</Rcrd></Chrgs>"

CHARGED = [
    # OCA/bank-statement-import pull 976: the entry is the amount and the charge, here of a debit
    ("a debit with its charge", of_xml(entry("1526.00", BBA.format("4101000"), details(
        money("Amt", "1500.00") + "<CdtDbtInd>DBIT</CdtDbtInd><Chrgs><Rcrd>" + charge("26.00") + "</Rcrd></Chrgs>"
        + payer(STRANGER, "Cdtr")), side="DBIT"), net=-1526_00, version="08"), Said([], (-1500_00,), -26_00)),
    # OCA/bank-statement-import pull 943: charges included stand beside the details
    ("two details, each with its charge", of_xml(entry("94.00", TRANSFER, details(
        money("Amt", "60.00") + "<CdtDbtInd>CRDT</CdtDbtInd>" + INCLUDED + payer(D1),
        money("Amt", "40.00") + "<CdtDbtInd>CRDT</CdtDbtInd>" + INCLUDED + payer(D2))), net=94_00, version="08"),
     Said([("D1", 60_00), ("D2", 40_00)], (), -6_00)),
    ("the details are net, their charges included", of_xml(entry("94.00", TRANSFER, details(
        money("Amt", "57.00") + "<CdtDbtInd>CRDT</CdtDbtInd>" + INCLUDED + payer(D1),
        money("Amt", "37.00") + "<CdtDbtInd>CRDT</CdtDbtInd>" + INCLUDED + payer(D2))), net=94_00, version="08"),
     Said([("D1", 60_00), ("D2", 40_00)], (), -6_00)),
    # xkikeg/okane pull 28: a charge that is not included in the amount is booked by an entry of its own
    ("a charge announced and not taken", of_xml(entry("97.00", TRANSFER, details(
        money("Amt", "97.00") + "<CdtDbtInd>CRDT</CdtDbtInd><Chrgs><Rcrd>" + charge("3.00", included="false")
        + "</Rcrd></Chrgs>" + payer(D1))), net=97_00, version="08"), Said([("D1", 97_00)])),
    ("a charge of which nothing says that it was taken", of_xml(entry("97.00", THREE, TRANSFER, details(payer(D1))),
                                                                net=97_00), Said([("D1", 97_00)])),
    # ISO 20022 camt.053.001.02: InstdAmt is what the payer ordered, Chrgs what the banks kept
    ("ordered 100, arrived 97", of_xml(entry("97.00", TRANSFER, details(
        amounts(money("InstdAmt", "100.00"), money("TxAmt", "97.00")) + THREE + payer(D1))), net=97_00),
     Said([("D1", 100_00)], (), -3_00)),
    ("the amounts stand with the entry", of_xml(entry("97.00", TRANSFER, amounts(money("InstdAmt", "100.00")), THREE,
                                                      details(payer(D1))), net=97_00),
     Said([("D1", 100_00)], (), -3_00)),
    # ISO 20022, Charges: TtlChrgsAndTaxAmt is with the tax
    ("a commission and the VAT on it", of_xml(entry("96.37", TRANSFER, details(
        amounts(money("TxAmt", "100.00")) + '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">3.63</TtlChrgsAndTaxAmt>'
        + charge("3.00") + "</Chrgs>" + payer(D1))), net=96_37), Said([("D1", 100_00)], (), -3_63)),
    ("two charges of one entry", of_xml(entry("95.50", THREE, f"<Chrgs>{charge('1.50')}</Chrgs>", TRANSFER, details(
        amounts(money("TxAmt", "100.00")) + payer(D1))), net=95_50), Said([("D1", 100_00)], (), -4_50)),
    ("a charge given back", of_xml(entry("101.00", f"<Chrgs>{charge('1.00', 'CRDT')}</Chrgs>", TRANSFER, details(
        amounts(money("TxAmt", "100.00")) + payer(D1))), net=101_00), Said([("D1", 100_00)], (), 1_00)),
    ("a charge in another currency explains nothing", of_xml(entry("97.00",
     f"<Chrgs>{charge('3.00', currency='USD')}</Chrgs>", TRANSFER,
     details(amounts(money("TxAmt", "97.00")) + payer(D1))), net=97_00), Said([("D1", 97_00)])),
    # ISO 20022, AmountAndCurrencyExchange
    ("dollars in version 08", of_xml(entry("184.62", BBA.format("4150000"), details(*(
        money("Amt", "100.00", "USD") + "<CdtDbtInd>CRDT</CdtDbtInd>" + amounts(money("TxAmt", "92.31")) + payer(one)
        for one in (D1, D2)))), net=184_62, version="08"), Said([("D1", 92_31), ("D2", 92_31)])),
    ("dollars whose counter value bears a charge", of_xml(entry("87.31", BBA.format("4150000"),
     f"<Chrgs>{charge('5.00')}</Chrgs>", details(amounts(
         money("TxAmt", "100.00", "USD"), money("CntrValAmt", "92.31")) + payer(D1))), net=87_31),
     Said([("D1", 92_31)], (), -5_00)),
    # EPC130-08: the creditor's bank may take its fee with the return
    ("a return with its fee", of_xml(entry("28.00", BBA.format("0503000"), THREE, details(
        refs("E2E-1", "M-1") + amounts(money("TxAmt", "25.00")) + payer(D1) + RETURN), side="DBIT"), net=-28_00),
     Said([("D1", -25_00)], (), -3_00)),
    ("a return with its fee, by mandate", of_coda(Line(-28_00, "30503000", MS03, True,
        "NOT PROVIDED", details=(Line(-25_00, "80503100"), Line(-3_00, "80503006")))),
     Said([("D1", -25_00)], (), -3_00)),
    # Febelfin, Standard CODA 2.6, types and categories
    ("commission and VAT on it", of_coda(Line(96_37, "34150000", account=D1, details=(
        Line(100_00, "84150100"), Line(-3_00, "84150013"), Line(-63, "84150011")))), Said([("D1", 100_00)], (), -3_63)),
    ("the cost of a correspondent", of_coda(Line(85_00, "34150000", account=D1, details=(
        Line(100_00, "84150100"), Line(-15_00, "84150015")))), Said([("D1", 100_00)], (), -15_00)),
    ("a stranger's gift waits gross", of_coda(Line(97_00, "34150000", account=STRANGER, details=(
        Line(100_00, "84150100"), Line(-3_00, "84150013")))), Said([], (100_00,), -3_00)),
    ("the communication stands with the gross amount", of_coda(Line(97_00, "34150000", account=STRANGER, details=(
        Line(100_00, "84150100", "404/0000/00153"), Line(-3_00, "84150013")))), Said([("D1", 100_00)], (), -3_00)),
    ("a batch of lines with charges (types 7 and 9)", of_coda(Line(145_00, "24150000", details=(
        Line(97_00, "74150000", account=D1), Line(100_00, "94150100"), Line(-3_00, "94150013"),
        Line(48_00, "74150000", account=D2), Line(50_00, "94150100"), Line(-2_00, "94150013")))),
     Said([("D1", 100_00), ("D2", 50_00)], (), -5_00)),
    ("interest and fee of a closing are no gift", of_coda(Line(-4_00, "33501000", details=(
        Line(-1_00, "83501002"), Line(-3_00, "83501006")))), Said([], (-4_00,))),
]  # fmt: skip


@pytest.mark.parametrize(("made", "right"), [row[1:] for row in CHARGED], ids=[row[0] for row in CHARGED])
def test_charges_and_counter_values_that_the_file_states_are_apart(made: Statement, right: Said):
    assert said(made, known=(DEBITED,)) == right


def test_details_that_no_charge_explains_stay_one_amount_and_say_so():
    made = of_xml(
        entry("57.00", THREE, TRANSFER, details(*(amounts(money("TxAmt", "20.00")) + payer(one) for one in IBANS))),
        net=57_00,
    )
    assert said(made) == Said([("D1", 20_00), ("D2", 20_00), ("D3", 20_00)], (), -3_00)
    made = of_xml(
        entry("58.00", THREE, TRANSFER, details(*(amounts(money("TxAmt", "20.00")) + payer(one) for one in IBANS))),
        net=58_00,
    )
    assert any("difference -2.00" in fault.message for fault in made.faults)
    assert said(made) == Said([], (58_00,))


# Kind 5: communications as people type them


# Febelfin, Standard CODA 2.6, annex 2, 101: printed as +++NNN/NNNN/NNNNN+++. What people make of it: the free texts of
# a bank's file (375 payments to one payee), and the notes of those who match them.
TYPED = [
    "+++404/0000/00759+++",
    "+++ 404 / 0000 / 00759 +++",
    "*** 404/0000/00759 ***",
    "++404/0000/00759++",
    "404-0000-00759",
    "404 - 0000 - 00759",
    "404.0000.00759",
    "404 0000 00759",
    "404000000759",
    "404/000000759",
    "4040000/00759",
    "4040 0000 0759",
    "404 000 000 759",
    "40 40 00 00 07 59",
    "404_0000_00759",
    "404–0000–00759",
    "404\u00a00000\u00a000759",
    "OGM404/0000/00759",
    "VCS: 404/0000/00759.",
    "(404/0000/00759)",
    "don 14/03/2025 404/0000/00759",
    "12,50 EUR 404 0000 00759",
    "tel 0470/12.34.56 404/0000/00759",
    "BE80 0000 0000 7777 404/0000/00759",
    "404/0000/00759 2025",
    "000/0000/99929 404/0000/00759",
    "404/0000/00758 ou 404/0000/00759",
    "+++404/00 00/00759+++",
    "404/0000/0 0759 merci",
]


@pytest.mark.parametrize("written", TYPED)
def test_a_communication_is_known_as_people_type_it(written: str):
    if written.isascii():
        assert said(of_coda(Line(10_00, communication=written, account=STRANGER))) == Said([("D3", 10_00)])
    made = of_xml(entry("10.00", TRANSFER, details(payer(STRANGER) + text(written))), net=10_00)
    assert said(made) == Said([("D3", 10_00)])


NOT_KNOWN = [
    "404/0000/00758",  # its check digits are wrong
    "000/0000/99929",  # right, and never issued
    "404/0000/0075",
    "404/0000/007590",
    "1404000000759",
    "don de mars 2025",
    "404/0000/00153 et 404/0000/00254",  # two donors' numbers: a person decides
    "BE404000000759",
    "404 abc 0000 00759",
]


@pytest.mark.parametrize("written", NOT_KNOWN)
def test_a_text_that_names_nobody_or_several_waits(written: str):
    made = of_coda(Line(10_00, communication=written, account=STRANGER))
    if written.startswith("BE"):  # twelve digits behind two letters are no account, which has fourteen
        assert said(made) == Said([("D3", 10_00)])
    else:
        assert said(made) == Said([], (10_00,))


# RF creditor references (ISO 11649): RF18 5390 0754 7034 is the standard's own example. Each: what is written and where
# it is told of that people write it so.
TYPED_RF = (
    ("RF18539007547034", "ISO 11649, 4: electronic form, without blanks"),
    ("RF18 5390 0754 7034", "ISO 11649, 4: on paper in groups of four"),
    ("rf18 5390 0754 7034", "https://github.com/orbiting/backends/pull/564 (references searched whatever their case)"),
    ("Rf185390 07547034", "https://github.com/sprain/php-swiss-qr-bill/issues/95 (RF71 1122, a blank in its place)"),
    ("RF 18 5390 0754 7034", "https://github.com/emfcamp/Website/pull/1292 (punctuation allowed behind RF)"),
    ("RF18-5390-0754-7034", "https://github.com/emfcamp/Website/pull/1292 (safe characters and punctuation)"),
    (
        "don RF18 5390 0754 7034 merci beaucoup",
        "https://github.com/OCA/bank-statement-import/pull/206 (among free text)",
    ),
    ("RF18 5390 0754 7034.", "written from experience: no public source found"),
    ("(RF18539007547034)", "written from experience: no public source found"),
    ("RF18\u00a05390\u00a00754\u00a07034", "written from experience: no public source found"),
    ("404/0000/00758 ou RF18 5390 0754 7034", "written from experience: no public source found"),
    ("REF RF18 5390 0754 7034 2025", "written from experience: no public source found"),
)
WITH_RF = replace(DESK, links=replace(LINKS, communications={**OGMS, "RF18539007547034": ("D2", None)}))


@pytest.mark.parametrize(("written", "source"), TYPED_RF)
def test_an_rf_reference_is_known_as_people_type_it(written: str, source: str):
    assert source
    if written.isascii():
        line = of_coda(Line(10_00, communication=written, account=STRANGER))
        assert said(line, WITH_RF) == Said([("D2", 10_00)])
    made = of_xml(entry("10.00", TRANSFER, details(payer(STRANGER) + text(written))), net=10_00)
    assert said(made, WITH_RF) == Said([("D2", 10_00)])


@pytest.mark.parametrize(
    "written",
    [
        "RF17 5390 0754 7034",  # its check digits are wrong
        "RF45 G72U UR",  # right (the example of the standard's second annex), and never issued
        "RF18 5390 0754",
        "ARF18539007547034",  # in the middle of a word
        "RF18 5390 0754 7034 404/0000/00759",  # two donors' numbers: a person decides
        "surf18 de mars",
    ],
)
def test_a_text_with_no_rf_reference_of_ours_waits(written: str):
    line = of_coda(Line(10_00, communication=written, account=STRANGER))
    assert said(line, WITH_RF) == Said([], (10_00,))


def test_two_numbers_of_one_donor_are_of_that_donor():
    made = of_coda(Line(10_00, communication="404/0000/00759 404/0000/00860", account=STRANGER))
    assert said(made) == Said([("D3", 10_00)])


def test_two_donors_numbers_wait_even_where_one_of_them_pays():
    made = of_coda(Line(20_00, communication="404/0000/00153 404/0000/00254", account=D1))
    assert said(made) == Said([], (20_00,))


def test_a_number_goes_on_in_the_next_record_and_in_the_next_lines():
    before = "X" * 45
    assert said(of_coda(Line(10_00, communication=f"{before}404/0000/00759 MERCI", account=STRANGER))).gifts == [
        ("D3", 10_00)
    ]
    cut = details(payer(STRANGER) + text("don 404/", "0000", "/00759"))
    assert said(of_xml(entry("10.00", TRANSFER, cut), net=10_00)) == Said([("D3", 10_00)])


def test_an_issued_number_in_the_text_counts_beside_a_reference_of_others():
    reference = (
        "<RmtInf><Ustrd>votre ref 404/0000/00759</Ustrd><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry>"
        "<Issr>BBA</Issr></Tp><Ref>000000099929</Ref></CdtrRefInf></Strd></RmtInf>"
    )
    made = of_xml(entry("10.00", TRANSFER, details(payer(STRANGER) + reference)), net=10_00)
    assert said(made) == Said([("D3", 10_00)])


def test_the_second_of_two_structured_references_counts_where_it_was_issued():
    kind = "<Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry><Issr>BBA</Issr></Tp>"
    one = f"<Strd><CdtrRefInf>{kind}<Ref>{{}}</Ref></CdtrRefInf></Strd>"
    told = f"<RmtInf>{one.format('000000099929')}{one.format('404000000759')}</RmtInf>"
    assert said(of_xml(entry("10.00", TRANSFER, details(payer(STRANGER) + told)), net=10_00)) == Said([("D3", 10_00)])


def test_ornaments_in_a_structured_communication_hide_no_second_number():
    made = of_coda(
        Line(10_00, communication="+++000/0000/99929+++ +++404/0000/00759+++", structured=True, account=STRANGER)
    )
    assert said(made) == Said([("D3", 10_00)])


def test_the_digits_of_an_account_are_no_communication():
    assert find_ogm("BE47 4350 0000 0080") is None
    assert find_ogm("be 47 4350 0000 0080 merci") is None
    assert find_ogm("BE47 4350 0000 0080 404/0000/00759") == ("404000000759", True)
    assert find_ogm("BE47 4350 0000 0080 404 0000 00759") == ("404000000759", False)
