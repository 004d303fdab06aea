"""CAMT decision by decision: sides, shares, pages, totals and days, each wrong or left out by itself."""

from datetime import date
from typing import Any

import camt_writer as write
import coda_writer
import pytest
from camt_writer import Ntry, Stmt, Tx
from test_camt_rows import (
    ACCOUNT,
    HEAD,
    HEADER,
    NET,
    OTHER,
    TWO,
    amount,
    balance,
    batch,
    details,
    entry,
    party,
    read,
    returned,
    row,
    structured,
    text,
    told,
    total,
)

from importers.bank import camt, coda
from importers.bank.records import BankFile, Statement
from ledger.errors import Severity

DAY = date(2025, 3, 14)
OPENS, CLOSES = balance("OPBD", 0), balance("CLBD", 50_00)
OWN = f"<Id>S1</Id><Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>"


def errors(statement: Statement) -> list[str]:
    return told(statement, Severity.ERROR)


def parsed(*bodies: str, group: str = "") -> BankFile:
    head = HEAD.format(kind="053", version="02", message="BkToCstmrStmt")
    return camt.parse(f"{head}{group}{''.join(bodies)}</BkToCstmrStmt></Document>".encode())


# Codes


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("<Cd>00150000</Cd><Issr>BBA</Issr>", "00150000"),
        ("<Cd> 0150000 </Cd><Issr> febelfin </Issr>", "00150000"),
        ("<Cd>0150000</Cd><Issr>OTHER</Issr>", "03089000"),
        ("<Cd>150000</Cd><Issr>BBA</Issr>", "03089000"),
        ("<Cd>000150000</Cd><Issr>BBA</Issr>", "03089000"),
        ("<Cd>015000X</Cd><Issr>BBA</Issr>", "03089000"),
        ("<Cd>015000٠</Cd><Issr>BBA</Issr>", "03089000"),
    ],
)
def test_a_belgian_code_has_seven_digits_or_eight(code: str, kept: str):
    inner = entry("50.00").replace("<Cd>0150000</Cd><Issr>BBA</Issr>", code)
    assert read(inner).movements[0].code == kept


@pytest.mark.parametrize(
    ("namespace", "version"),
    [("urn:iso:std:iso:20022:tech:xsd:camt.053.001.08", 8), ("{urn:camt.054.001.13}", 13), ("urn:camt.53.1.8", 0)],
)
def test_a_version_stands_in_the_namespace(namespace: str, version: int):
    assert camt.version_of(namespace) == version


def test_a_version_is_known_where_the_namespace_has_a_prefix():
    data = write.encode([Stmt([Ntry(1, details=(Tx(1),))])], "08").decode().replace("BICFI", "BIC")
    prefixed = data.replace("</", "</a:").replace("<", "<a:").replace("<a:/", "</").replace("<a:?", "<?")
    (statement,) = camt.parse(prefixed.replace(" xmlns=", " xmlns:a=").encode()).statements
    assert "1 bank named by BIC where this version has BICFI" in told(statement)


# The other side


def sides(debtor: tuple[str, str], creditor: tuple[str, str], inner: str = "") -> str:
    both = party("Dbtr", *debtor) + party("Cdtr", *creditor)
    return details(both.replace("</RltdPties><RltdPties>", "") + inner)


US, THEM, OUR = ("Nous", ACCOUNT), ("Eux", "BE99"), "BE68 5390 0754 7034"


@pytest.mark.parametrize(
    ("debtor", "creditor", "name", "account"),
    [
        (("Zoé", "BE11"), THEM, "Zoé", "BE11"),
        (("Zoé", "BE11"), US, "Zoé", "BE11"),
        (("Zoé", "BE11"), ("Nous", ""), "Zoé", "BE11"),
        (("Zoé", ""), US, "Zoé", ""),
        (("Zoé", ""), ("Nous", OUR), "Zoé", ""),
        (("Zoé", ""), THEM, "Eux", "BE99"),
        (US, THEM, "Eux", "BE99"),
        (("Nous", OUR), THEM, "Eux", "BE99"),
        (US, ("Eux", ""), "Nous", ACCOUNT),
        (("", ""), ("Eux", ""), "", ""),
        (("", "BE11"), ("Eux", ""), "", "BE11"),
    ],
)
def test_money_comes_from_the_debtor_unless_that_is_us(
    debtor: tuple[str, str], creditor: tuple[str, str], name: str, account: str
):
    (movement,) = read(entry("50.00", sides(debtor, creditor))).movements
    assert (movement.name, movement.account) == (name, account)
    (other,) = read(entry("50.00", sides(creditor, debtor), side="DBIT", code="0101000")).movements
    assert (other.name, other.account) == (name, account)


@pytest.mark.parametrize(
    ("debtor", "creditor", "name", "account"),
    [
        (("Zoé", "BE11"), US, "Zoé", "BE11"),
        (("", ""), ("Zoé", ""), "Zoé", ""),
        (("", "BE11"), ("Zoé", ""), "", "BE11"),
        (("Jan", ""), ("Zoé", ""), "Jan", ""),
    ],
)
def test_what_comes_back_is_told_as_it_first_went(
    debtor: tuple[str, str], creditor: tuple[str, str], name: str, account: str
):
    (movement,) = read(entry("50.00", sides(debtor, creditor), side="DBIT", code="0503000")).movements
    assert (movement.name, movement.account) == (name, account)


def test_an_amount_of_zero_is_a_credit_or_debit_as_it_says():
    (movement,) = read(entry("0.00", sides(("Zoé", "BE11"), ("Jan", "BE22")))).movements
    assert (movement.cents, movement.name) == (0, "Zoé")
    cent = entry("0.01", sides(("Zoé", "BE11"), ("Jan", "BE22")), side="DBIT", code="0101000")
    assert read(cent).movements[0].name == "Jan"


# Communications


@pytest.mark.parametrize(
    ("inner", "reference", "communication"),
    [
        (structured("FACTURE 7", issuer="") + "", None, "FACTURE 7"),
        (
            structured("FACTURE 7", issuer="").replace("</RmtInf>", structured("090933755493")[len("<RmtInf>") :]),
            "090933755493",
            "FACTURE 7",
        ),
        (structured("090933755493").replace("<Strd>", "<Ustrd>don</Ustrd><Strd>"), "090933755493", "don"),
        (
            structured("", more="<AddtlRmtInf>merci</AddtlRmtInf>").replace("<Strd>", "<Ustrd>don</Ustrd><Strd>", 1),
            None,
            "don merci",
        ),
        (structured("rf18 5390 0754 7034", issuer=""), "RF18539007547034", ""),
        (structured("090/9337/55493", "OTHR", "BBA"), "090933755493", ""),
        (structured("090/9337/55494", "OTHR", "BBA"), None, "090/9337/55494"),
        (structured("090933755493") + "<AddtlTxInf>more</AddtlTxInf>", "090933755493", ""),
        ("<AddtlTxInf> more  words </AddtlTxInf>", None, "more words"),
        ("<RltdPties><UltmtDbtr><Nm>  </Nm></UltmtDbtr></RltdPties>", None, ""),
        ("<RltdPties><UltmtDbtr><Nm>Jan</Nm></UltmtDbtr></RltdPties>", None, "ultimate debtor Jan"),
    ],
)
def test_a_communication_is_a_reference_and_what_else_is_said(inner: str, reference: str | None, communication: str):
    row(read(entry("50.00", details(inner))), structured=reference, communication=communication)


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (returned("AM04") + returned("MD06"), ("2", "AM04")),
        (returned("AM04", "/RTYP/</AddtlInf><AddtlInf>RTYP/RVSL"), ("2", "AM04")),
        (returned("AM04", "first</AddtlInf><AddtlInf>/RTYP/CANC"), ("5", "AM04")),
        ("<RtrInf/>", ("2", None)),
        (returned(" "), ("2", None)),
    ],
)
def test_the_first_reason_of_a_return_counts(inner: str, expected: tuple[str, str | None]):
    (movement,) = read(entry("50.00", details(inner), side="DBIT", code="0101000")).movements
    assert (movement.return_type, movement.reason) == expected


# Amounts and shares


@pytest.mark.parametrize(
    ("euros", "cents", "error"),
    [
        ("1.5", 1_50, None),
        ("1.05", 1_05, None),
        (" +1.00 ", 1_00, None),
        ("1234567890123456.78", 1234567890123456_78, None),
        ("12345678901234567", 0, "the amount of the entry is no number"),
        ("1.001", 0, "the amount of the entry has a fraction"),
        ("-1.00", -1_00, "the amount of the entry is negative"),
        ("", 0, "the amount of the entry is no number"),
    ],
)
def test_an_entry_of_an_amount_that_is_none_is_no_money(euros: str, cents: int, error: str | None):
    statement = read(entry(euros), header=HEADER + OPENS + balance("CLBD", cents))
    assert [one.cents for one in statement.movements] == [cents]
    assert [message[: len(error or "")] for message in errors(statement)] == ([error] if error else [])


def test_an_entry_without_an_amount_says_only_that():
    bare = entry("50.00", details(amount("49.00"))).replace('<Ntry><Amt Ccy="EUR">50.00</Amt>', "<Ntry>")
    statement = read(bare, header=HEADER + OPENS + balance("CLBD", 0))
    assert errors(statement) == ["the entry has no amount (Amt); ask the bank for the file again"]
    assert not any("the detail of this entry" in warning for warning in told(statement))
    assert [one.cents for one in statement.movements] == [0]


@pytest.mark.parametrize(
    ("parts", "shares"),
    [
        ((amount("20.00"), amount("30.00")), [20_00, 30_00]),
        ((amount("20.00", currency=""), amount("30.00")), [20_00, 30_00]),
        (('<Amt Ccy="EUR">20.00</Amt>', '<Amt Ccy="EUR">30.00</Amt>'), [20_00, 30_00]),
        ((amount("70.00"), amount("20.00", "DBIT")), [70_00, -20_00]),
        ((amount("20.00"), amount("20.00"), amount("10.00")), [20_00, 20_00, 10_00]),
        ((amount("20.00") + "<AmtDtls><TxAmt><Amt>9.00</Amt></TxAmt></AmtDtls>", amount("30.00")), [20_00, 30_00]),
        (("<AmtDtls><TxAmt><Amt>20.00</Amt></TxAmt></AmtDtls>", amount("30.00")), [20_00, 30_00]),
        ((amount("20.00"), amount("30.00", currency="USD")), []),
        ((amount("20.00"), amount("30.001")), []),
        ((amount("20.00"), amount("30.01")), []),
        (("", "", amount("50.00")), []),
        (("", amount("50.00")), None),
        (("", amount("20.00"), amount("30.00")), [20_00, 30_00]),
        ((amount("20.00"), "", amount("30.00")), []),
    ],
)
def test_details_are_shares_where_each_has_one_and_they_add_up(parts: tuple[str, ...], shares: list[int] | None):
    credit = read(entry("50.00", details(*parts)))
    assert [one.cents for one in credit.movements] == [50_00, *(shares or [])]
    assert credit.movements[0].code == ("00150000" if shares is None else "20150000")
    assert [one.parent for one in credit.movements] == [None, *[1] * len(shares or [])]


def test_details_of_a_debit_without_a_side_are_debits():
    parts = ('<Amt Ccy="EUR">20.00</Amt>', '<Amt Ccy="EUR">30.00</Amt>')
    statement = read(entry("50.00", details(*parts), side="DBIT"))
    assert [one.cents for one in statement.movements] == [-50_00, -20_00, -30_00]


def test_an_entry_without_a_currency_takes_details_of_any():
    inner = details(amount("20.00", currency="USD"), amount("30.00", currency="USD"))
    statement = read(entry("50.00", inner).replace('<Ntry><Amt Ccy="EUR">', "<Ntry><Amt>"))
    assert [one.cents for one in statement.movements] == [50_00, 20_00, 30_00]


def test_details_that_cannot_be_split_are_counted_and_told_with_their_line():
    ogm = structured("090933755493")
    amounts = details(amount("20.00") + ogm, amount("29.00") + ogm)
    statement = read("\n\n" + entry("50.00", amounts), header=HEADER + OPENS + CLOSES)
    assert [(fault.line, fault.message[:82]) for fault in statement.faults] == [
        (3, "the details of this total add up to 49.00, the total is 50.00: difference 1.00; the total"[:82])
    ]  # fmt: skip
    assert statement.tally == (2, 0, 2, 2, ())
    announced = read(entry("50.00", details(ogm, amount("20.00"), amount("30.00") + ogm)))
    assert announced.tally == (3, 0, 2, 2, ())
    nameless = read("\n" + entry("50.00", details("", "")), "\n" + entry("20.00", details("", "")))
    (fault,) = [one for one in nameless.faults if one.severity is Severity.WARNING]
    assert (fault.line, fault.message[:8]) == (2, "2 totals")
    none = read(entry("50.00", details(batch=batch("", "2"))))
    assert not any("of this total" in message or "taken as one" in message for message in told(none))


def test_a_detail_of_nothing_takes_the_code_of_a_credit():
    iso = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
    statement = read(entry("50.00", details(amount("50.00"), amount("0.00") + iso)))
    assert [one.code for one in statement.movements] == ["20150000", "60150000", "60150000"]


# Totals


@pytest.mark.parametrize(
    ("inner", "code", "reference", "batches"),
    [
        (details(amount("50.00"), batch=batch("B", "1")), "00150000", "", 1),
        (details(amount("50.00"), batch=batch("B", "2")), "10150000", "B", 1),
        (details(amount("50.00"), batch=batch("", "2")), "20150000", "", 1),
        (details(batch=batch("", "1") + batch("B", "1")), "10150000", "B", 1),
        (details(batch=batch("", "1") + batch("", "1")), "20150000", "", 1),
        (details(batch=batch("", "x")), "00150000", "", 1),
        (details(), "00150000", "", 0),
        (details("<Refs><PmtInfId>B</PmtInfId></Refs>"), "00150000", "", 0),
        (details("<Refs><PmtInfId>B</PmtInfId></Refs>", batch=batch("", "2")), "20150000", "", 1),
    ],
)
def test_what_a_batch_says_makes_a_total(inner: str, code: str, reference: str, batches: int):
    statement = read(entry("50.00", inner))
    row(statement, code=code, reference=reference)
    assert statement.tally is not None
    assert statement.tally.batches == batches


def test_a_total_says_what_it_is_and_its_details_say_it_not():
    more = "<AddtlNtryInf>mars</AddtlNtryInf>"
    statement = read(entry("1.00"), entry("50.00", details(*TWO) + more))
    row(statement, 1, position=2, code="20150000", communication="mars")
    row(statement, 2, position=3, parent=2, cents=20_00, code="60150000", reference="E1")
    own = read(entry("50.00", details(text("annonce"), *TWO) + more))
    row(own, code="20150000", communication="annonce")


# Days


def test_an_entry_without_any_day_is_refused_where_the_statement_names_none():
    statement = read(entry("50.00", days=""), header=OWN, kind="054")
    assert errors(statement) == [
        "the entry has no booking date that is a day (BookgDt); ask the bank for the file again"
    ]
    assert (statement.movements[0].booked, statement.movements[0].value) == (date.min, None)
    broken = entry("50.00", days="<BookgDt><Dt>x</Dt></BookgDt><ValDt><Dt>2025-03-10</Dt></ValDt>")
    (movement,) = read(broken).movements
    assert (movement.booked, movement.value) == (date(2025, 3, 10), date(2025, 3, 10))


def test_the_day_of_the_closing_balance_stands_for_one_that_is_not_given():
    balances = balance("OPBD", 0, "2025-03-01") + balance("CLBD", 50_00, "2025-03-31")
    (movement,) = read(entry("50.00", days=""), header=HEADER + balances).movements
    assert movement.booked == date(2025, 3, 31)


@pytest.mark.parametrize(
    ("header", "days"),
    [
        (OWN, (date(2025, 3, 1), date(2025, 3, 20))),
        (HEADER, (date(2025, 3, 1), date(2025, 3, 31))),
        (HEADER.replace("<FrDtTm>2025-03-01T00:00:00</FrDtTm>", ""), (date(2025, 3, 1), date(2025, 3, 31))),
        (HEADER.replace("<ToDtTm>2025-03-31T00:00:00</ToDtTm>", ""), (date(2025, 3, 1), date(2025, 3, 20))),
    ],
)
def test_a_notification_takes_its_days_from_its_period_else_its_entries(header: str, days: tuple[date, date]):
    entries = [entry("1.00", days=f"<BookgDt><Dt>2025-03-{day}</Dt></BookgDt>") for day in ("05", "20", "01")]
    statement = read(*entries, header=header, kind="054")
    assert (statement.opening_date, statement.closing_date) == days
    assert statement.faults == ()
    assert read(header=OWN, kind="054").closing_date is None


# Balances


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (">0.00<", ">x<", "the balance OPBD is no number with a decimal point"),
        (">0.00<", ">0.001<", "the balance OPBD has a fraction of a cent"),
        (">0.00<", ">-1.00<", "the balance OPBD is negative"),
        ('<Amt Ccy="EUR">0.00</Amt>', "", "the balance OPBD is missing"),
    ],
)
def test_a_balance_that_is_none_is_told_and_taken_as_missing(old: str, new: str, error: str):
    statement = read(entry("50.00"), header=HEADER + OPENS.replace(old, new) + CLOSES)
    assert [message[:24] for message in errors(statement)] == [error[:24], "there is no opening bala"]
    assert errors(statement)[0].startswith(error)
    assert (statement.opening, statement.closing, statement.opening_date) == (0, 50_00, date(2025, 3, 1))


def test_a_balance_that_is_missing_is_told_with_the_line_of_its_statement():
    statement = read(entry("50.00"), header="\n\n" + HEADER + OPENS)
    assert [(fault.line, fault.message[:27]) for fault in statement.faults] == [(1, "there is no closing balance")]
    assert (statement.closing, statement.closing_date) == (0, date(2025, 3, 31))
    neither = read(entry("50.00"), header=HEADER)
    assert [message[:20] for message in errors(neither)] == ["there is no opening ", "there is no closing "]


def test_elements_that_say_nothing_are_as_none():
    bare = "<Bal/><Bal><Tp/><Amt/></Bal>" + OPENS.replace("<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2025-03-14</Dt></Dt>", "")
    statement = read("<Ntry/>", entry("50.00", days=""), header=OWN + bare + CLOSES, summary="<TxsSummry/>")
    assert (statement.opening, statement.closing, statement.sequence, statement.holder) == (0, 50_00, "", "")
    assert (statement.bic, statement.duplicate, statement.opening_date, statement.currency) == ("", False, None, "EUR")
    empty, said = statement.movements
    assert (empty.cents, empty.code, empty.communication, said.booked) == (0, "03039000", "", DAY)
    assert [message[:24] for message in errors(statement)] == ["the entry does not say c", "the entry has no amount "]


def test_a_notification_shows_no_balances_though_it_may_have_some():
    statement = read(entry("1.00"), header=HEADER + balance("OPBD", 5_00) + balance("CLBD", 9_00), kind="054")
    assert (statement.opening, statement.closing, statement.faults) == (0, 0, ())


@pytest.mark.parametrize(
    ("header", "currency", "error"),
    [
        (HEADER, "EUR", None),
        (OWN + "<Bal><Tp><CdOrPrtry><Cd>INFO</Cd></CdOrPrtry></Tp></Bal>", "EUR", None),
        (HEADER.replace("<Ccy>EUR", "<Ccy>USD"), "USD", "the entry is in EUR and the account in USD"),
        (HEADER.replace("<Ccy>EUR", "<Ccy>euro"), "euro", "the entry is in EUR and the account in something else"),
        (OWN + OPENS.replace("EUR", "USD"), "USD", "the entry is in EUR and the account in USD"),
    ],
)
def test_an_account_is_in_the_currency_it_says_else_of_its_balances_else_of_its_entries(
    header: str, currency: str, error: str | None
):
    statement = read(entry("50.00"), entry("1.00"), header=header, kind="054")
    assert statement.currency == currency
    assert [message[: len(error or "")] for message in errors(statement)] == ([error] * 2 if error else [])


@pytest.mark.parametrize(
    ("number", "kept"),
    [("7", "007"), (" 12345 ", "345"), ("0" * 12 + "073", "073"), ("0" * 13 + "073", ""), ("٧", ""), ("7a", "")],
)
def test_a_number_of_a_statement_is_three_digits(number: str, kept: str):
    header = HEADER.replace("<ElctrncSeqNb>1073", f"<ElctrncSeqNb>{number}")
    assert read(header=header + OPENS + balance("CLBD", 0)).sequence == kept


def test_a_header_may_name_bank_and_copy_in_other_words():
    header = HEADER.replace("<BIC>KREDBEBB</BIC>", "<BICFI> GEBABEBB </BICFI>").replace("DUPL", " CODU ")
    statement = read(header=header + OPENS + balance("CLBD", 0))
    assert (statement.bic, statement.duplicate) == ("GEBABEBB", True)
    assert not read(header=HEADER.replace("DUPL", "COPY") + OPENS + balance("CLBD", 0)).duplicate


def test_an_account_without_a_number_is_told():
    statement = read(entry("50.00"), header="<Id>S1</Id>" + OPENS + CLOSES)
    assert [(fault.line, fault.message) for fault in statement.faults] == [
        (1, "the account has no IBAN or other number")
    ]


# The summary


@pytest.mark.parametrize(
    ("summary", "error"),
    [
        ("<TtlNtries><NbOfNtries>1</NbOfNtries><CdtDbtInd>DBIT</CdtDbtInd></TtlNtries>", None),
        ("<TtlNtries><TtlNetNtry><Amt>50.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></TtlNetNtry></TtlNtries>", None),
        (
            "<TtlNtries><TtlNetNtry><Amt>50.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></TtlNetNtry></TtlNtries>",
            "the summary (TxsSummry) announces a net of -50.00, the statement holds 50.00: difference -100.00;",
        ),
        ("<TtlNtries><NbOfNtries>x</NbOfNtries><Sum>x</Sum></TtlNtries>", None),
        ("<TtlNtries><NbOfNtries>0</NbOfNtries></TtlNtries>", "the summary (TxsSummry) announces 0 entries"),
        ("<TtlCdtNtries><Sum>0.00</Sum></TtlCdtNtries>", "the summary (TxsSummry) announces credits of 0.00"),
        ("<TtlDbtNtries><Sum>0.00</Sum><NbOfNtries>0</NbOfNtries></TtlDbtNtries>", None),
    ],
)
def test_a_summary_is_held_where_it_says_something(summary: str, error: str | None):
    statement = read(
        entry("50.00"), header=HEADER + OPENS + CLOSES, summary=f"<TxsSummry>{summary}</TxsSummry>"
    )  # fmt: skip
    assert [message[: len(error or "")] for message in errors(statement)] == ([error] if error else [])


def test_a_net_of_debits_is_negative():
    header = HEADER + OPENS + balance("CLBD", -20_00)
    entries = (entry("20.00", side="DBIT"), entry("5.00", side="DBIT").replace("BOOK", "PDNG"))
    for net, ok in (("20.00", True), ("25.00", True), ("15.00", False)):
        assert read(*entries, header=header, summary=NET.format(net=net, side="DBIT")).ok is ok


# Pages


def page(
    number: str, inner: str = "", *, last: str = "false", name: str = "S1", account: str = ACCOUNT, head: str = ""
) -> str:
    name = f"<Id>{name}</Id>" if name else ""
    pages = f"<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn>" if number else ""
    header = f"{name}{pages}<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    return f"\n<Stmt>{header}{head}{inner}</Stmt>"


MISSING = "page {} of this statement is not here"
BEYOND = "what follows page {} of this statement is not here"


@pytest.mark.parametrize(
    ("numbers", "last", "missing"),
    [
        ((1, 2, 3), (3,), None),
        ((3, 1, 2), (3,), None),
        ((1, 2), (), BEYOND.format(2)),
        ((1, 2), (1,), BEYOND.format(2)),
        ((2, 3), (3,), MISSING.format(1)),
        ((1, 3), (3,), MISSING.format(2)),
        ((1, 2, 4), (4,), MISSING.format(3)),
        ((1, 9), (9,), MISSING.format(2)),
        ((2, 1), (2,), None),
    ],
)
def test_a_page_that_is_missing_is_named(numbers: tuple[int, ...], last: tuple[int, ...], missing: str | None):
    balances = OPENS + balance("CLBD", len(numbers) * 100)
    pages = [
        page(str(one), entry("1.00"), last=str(one in last).lower(), head="" if place else balances)
        for place, one in enumerate(numbers)
    ]
    (statement,) = parsed(*pages).statements
    assert [(fault.line, fault.message[: len(missing or "")]) for fault in statement.faults] == (
        [(2, missing)] if missing else []
    )
    assert len(statement.movements) == len(numbers)


def test_one_page_of_several_is_whole_by_its_balances_or_refused():
    whole = page("1", entry("50.00"), head=OPENS + CLOSES)
    (statement,) = parsed(whole).statements
    assert statement.ok
    assert [fault.message for fault in statement.faults] == [
        "what follows page 1 of this message is not in the file; this statement is whole in itself"
    ]
    (second,) = parsed(page("2", entry("50.00"), last="true", head=OPENS + CLOSES)).statements
    assert [fault.message for fault in second.faults] == [
        "page 1 of this message is not in the file; this statement is whole in itself"
    ]
    for head in (OPENS + balance("CLBD", 49_00), OPENS, CLOSES):
        (broken,) = parsed(page("1", entry("50.00"), head=head)).statements
        assert errors(broken)[0].startswith(BEYOND.format(1))


@pytest.mark.parametrize(
    ("second", "statements"),
    [
        (page("2", entry("2.00"), last="1", head=CLOSES), 1),
        (page("2", entry("2.00"), last="1", name="S2"), 2),
        (page("2", entry("2.00"), last="1", account="BE71096123456769"), 2),
        (page("1", entry("2.00")), 2),
        (page("x", entry("2.00")), 2),
        (page("", entry("2.00")), 2),
        (page("2", entry("2.00"), name=""), 2),
    ],
)
def test_pages_are_of_one_statement_by_account_name_and_number(second: str, statements: int):
    first = page("1", entry("1.00"), head=OPENS)
    assert len(parsed(first, second).statements) == statements


def test_nameless_pages_are_statements_each():
    assert len(parsed(page("1", name=""), page("2", name="")).statements) == 2


def test_what_was_counted_on_each_page_is_counted_together():
    ogm = structured("090933755493")
    odd = entry("1.00", details(ogm + text("a" * 141), batch=batch("", "1"))).replace("<Sts>BOOK</Sts>", "")
    back = entry("2.00", details(returned("AM04")), side="DBIT", code="0503000")
    waiting = entry("9.00").replace("BOOK", "PDNG")
    bad = entry("1.00").replace("CRDT", "LEFT", 1)
    first = page("1", odd + waiting, head=OPENS)
    summary = total("TtlNtries", "6", "23.00")
    second = page("2", odd + back + waiting + bad, last="true", head=balance("CLBD", -1_00) + summary)
    (statement,) = parsed(first, "\n", second).statements
    assert statement.tally == (3, 2, 2, 2, ("AM04",))
    assert [fault.line for fault in statement.faults if fault.severity is Severity.ERROR] == [4]
    assert [(fault.line, fault.message[:30]) for fault in statement.faults if fault.severity is Severity.WARNING] == [
        (2, "2 entries without a status (Sts), taken"[:30]),
        (2, "2 communications longer than the"[:30]),
        (2, "2 entries that are not booked yet"[:30]),
    ]
    assert len(statement.movements) == 4


def test_the_pages_of_a_message_are_those_of_its_statements_until_the_next_message():
    pages = "<GrpHdr><MsgPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></MsgPgntn></GrpHdr>"
    inner = page("", entry("50.00"), head=OPENS + CLOSES)
    assert len(parsed(inner, group=pages).statements[0].faults) == 1
    own = page("1", entry("50.00"), last="true", head=OPENS + CLOSES)
    assert parsed(own, group=pages).statements[0].faults == ()
    assert parsed(inner, group=pages + "<GrpHdr/>").statements[0].faults == ()


# The file


def test_a_message_without_a_statement_is_told_and_refuses_nothing():
    file = parsed()
    assert file.ok
    assert [(fault.line, fault.message, fault.severity) for fault in file.faults] == [
        (None, "the message holds no statement", Severity.WARNING)
    ]
    assert len(camt.parse(b"").faults) == 1
    (fault,) = camt.parse(b"<Document>\n<BkToCstmrAcctRpt/></Document>").faults
    assert (fault.line, fault.message[:8]) == (2, "camt.052")
    alone = camt.parse(f"<Document>{page('', entry('50.00'), head=OPENS + CLOSES)}</Document>".encode())
    assert (len(alone.statements), alone.faults) == (1, ())
    for other in (b"<Ntry/>", b"<Other/>", b"<TxDtls/>"):
        (fault,) = camt.parse(other).faults
        assert (fault.line, fault.message[:26]) == (1, "no camt.053 or camt.054 me")


def test_a_hundred_faults_of_a_kind_are_told_and_no_more():
    bad = entry("1.00").replace("CRDT", "LEFT", 1)
    for count, shown in ((100, 100), (101, 100), (103, 100)):
        statement = read(*[bad] * count, header=HEADER + OPENS + balance("CLBD", -100 * count))
        assert len(errors(statement)) == shown
    wrong = entry("1.00", details(structured("090933755494")))
    assert len(told(read(*[wrong] * 102, header=HEADER + OPENS + balance("CLBD", 102_00)))) == 100


def test_faults_name_line_and_statement():
    bad = page("", "\n" + entry("1.00").replace("CRDT", "LEFT", 1), head=OPENS + balance("CLBD", -1_00))
    _, second = parsed(page("", entry("50.00"), head=OPENS + CLOSES), bad).statements
    assert [(fault.line, fault.statement) for fault in second.faults] == [(4, 2)]


@pytest.mark.parametrize(
    ("name", "kind"), [("BkToCstmrStmt", "053"), ("BkToCstmrDbtCdtNtfctn", "054"), ("BkToCstmrAcctRpt", "052")]
)
def test_a_message_is_known_by_its_name(name: str, kind: str, tmp_path: Any):
    path = tmp_path / "x.xml"
    path.write_text(f"<Document><{name}/></Document>", encoding="utf-8")
    assert camt.identify(path)
    assert camt.message_of(path) == f"camt.{kind}"


def test_a_file_is_told_by_what_it_counts():
    ogm = structured("090933755493")
    back = entry("2.00", details(returned("AM04")), side="DBIT", code="0503000")
    one = page("", entry("1.00", details(ogm, batch=batch("", "1"))) + back)
    two = page("", entry("1.00", details(structured("RF18539007547034", issuer=""))) + back, name="S2")
    assert camt.describe(parsed(one, two)) == [
        ("batches", "1"),
        ("structured references", "2"),
        ("of them OGM", "1"),
        ("returned AM04", "2 (Insufficient funds)"),
    ]
    assert camt.describe(parsed(page("", entry("1.00")))) == []
    assert camt.describe(coda.parse(coda_writer.encode(coda_writer.statement([])))) == []


# The digest

SAID = "<Refs><EndToEndId>E1</EndToEndId><MndtId>M1</MndtId></Refs>" + amount("50.00") + structured("090933755493")
SAID += party("Dbtr", "Zoé", OTHER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("E1<", "E2<"), ("M1<", "M2<"), ("090933755493", "RF18539007547034"), ("Zoé", "Jan"), (OTHER, "BE99"),
        ("BANK1", "BANK2"), ("0150000", "0550000"), ("2025-03-14</Dt></BookgDt>", "2025-03-13</Dt></BookgDt>"),
        ("</AddtlTxInf>", " bien</AddtlTxInf>"), (f"<IBAN>{ACCOUNT}", "<IBAN>BE71096123456769"),
        ("<Ccy>EUR", "<Ccy>USD"), ("<Dt>2025-03-12", "<Dt>2025-03-11"),
    ],
)  # fmt: skip
def test_a_digest_is_of_all_that_a_statement_says(old: str, new: str):
    header = HEADER.replace("BE68 5390 0754 7034", ACCOUNT) + balance("OPBD", 0, "2025-03-12") + CLOSES
    inner = entry("50.00", details(SAID.replace("090933755493", "")) + "<AddtlTxInf>x</AddtlTxInf>")
    inner += entry("50.00", details(SAID)) + entry("1.00", details("<AddtlTxInf>merci</AddtlTxInf>"))
    assert old in header + inner
    first = read(inner, header=header).digest
    assert read(inner.replace(old, new), header=header.replace(old, new)).digest != first
    assert read(inner, header=header.replace("S1", "S2")).digest == first


def test_a_digest_tells_a_statement_from_a_notification():
    header = HEADER.replace(OPENS, "")
    assert read(entry("50.00"), header=header).digest != read(entry("50.00"), header=header, kind="054").digest
