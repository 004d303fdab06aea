"""Collections and reports field by field: every field filled, every figure announced held, what is told of a file."""

from datetime import date
from typing import Any

import pytest

from importers.bank import pain
from importers.bank.pain import BlockStatus, CollectionMessage, DebitOrder, PaymentBlock, Rejection, StatusReport
from ledger.errors import Severity

DAY = date(2025, 3, 14)


def amount(euros: str = "10.00", currency: str = ' Ccy="EUR"') -> str:
    return f"<InstdAmt{currency}>{euros}</InstdAmt>"


def mandate(name: str = "M-1", signed: str = "") -> str:
    signed = f"<DtOfSgntr>{signed}</DtOfSgntr>" if signed else ""
    return f"<DrctDbtTx><MndtRltdInf><MndtId>{name}</MndtId>{signed}</MndtRltdInf></DrctDbtTx>"


def debit(inner: str = "", *, sum_: str | None = None, mandate_: str | None = None, end: str = "") -> str:
    given = amount() if sum_ is None else sum_
    known = mandate() if mandate_ is None else mandate_
    end = f"<PmtId><EndToEndId>{end}</EndToEndId></PmtId>" if end else ""
    return f"<DrctDbtTxInf>{end}{given}{known}{inner}</DrctDbtTxInf>"


def announced(count: str = "", euros: str | None = None) -> str:
    told = "" if euros is None else f"<CtrlSum>{euros}</CtrlSum>"
    return (f"<NbOfTxs>{count}</NbOfTxs>" if count else "") + told


def block(*debits: str, head: str = "", reference: str = "BLOCK-1", due: str = "2025-03-14") -> str:
    name = f"<PmtInfId>{reference}</PmtInfId>" if reference else ""
    return f"<PmtInf>{name}{head}<ReqdColltnDt>{due}</ReqdColltnDt>{''.join(debits)}</PmtInf>"


def collection(*blocks: str, head: str = "") -> CollectionMessage:
    group = f"<GrpHdr><MsgId>MSG-1</MsgId>{head}</GrpHdr>"
    text = "\n".join(("<Document><CstmrDrctDbtInitn>", group, *blocks, "</CstmrDrctDbtInitn></Document>"))
    file = pain.parse(text.encode())
    assert isinstance(file, CollectionMessage)
    return file


def faults(file: CollectionMessage | StatusReport) -> list[tuple[int | None, str]]:
    return [(fault.line, fault.message) for fault in file.faults]


def test_a_debit_with_all_that_it_may_say():
    inner = (
        "<PmtTpInf><SeqTp> FRST </SeqTp></PmtTpInf><DbtrAgt><FinInstnId><BIC>GEBABEBB</BIC></FinInstnId></DbtrAgt>"
        "<Dbtr><Nm> Jeanne   Exemple </Nm></Dbtr><DbtrAcct><Id><Othr><Id>12 34</Id></Othr></Id></DbtrAcct>"
        "<Purp><Cd>CHAR</Cd></Purp><RmtInf><Ustrd>Don </Ustrd><Ustrd>mars  2025</Ustrd>"
        "<Strd><CdtrRefInf><Ref>090933755493</Ref></CdtrRefInf></Strd></RmtInf>"
    )
    debit_ = debit(inner, end="E-1", mandate_=mandate("M-1", "2024-02-01T00:00:00"))
    file = collection(
        block(
            debit_,
            debit(),
            head="<PmtTpInf><LclInstrm><Cd>B2B</Cd></LclInstrm></PmtTpInf><CdtrSchmeId><Id><PrvtId><Othr><Id>BE68ZZZ1"
            "</Id></Othr></PrvtId></Id></CdtrSchmeId>",
        )
    )
    first = DebitOrder(
        "E-1", "M-1", date(2024, 2, 1), 10_00, "1234", "Jeanne Exemple", "Don mars 2025", "090933755493", "GEBABEBB",
        "FRST", "CHAR", 3,
    )  # fmt: skip
    bare = DebitOrder("", "M-1", None, 10_00, "", "", line=3)
    assert file == CollectionMessage(
        "MSG-1", (PaymentBlock("BLOCK-1", DAY, "FRST", "B2B", "BE68ZZZ1", 2, 20_00, (first, bare), 3),)
    )
    assert (file.ok, file.count, file.cents) == (True, 2, 20_00)


@pytest.mark.parametrize(
    ("of_block", "of_debits", "kind"),
    [
        ("OOFF", ("FRST", "FRST"), "OOFF"),
        ("", ("RCUR", "RCUR"), "RCUR"),
        ("", ("RCUR", ""), "RCUR"),
        ("", ("FRST", "RCUR"), ""),
        ("", ("", ""), ""),
    ],
)
def test_a_block_has_the_sequence_type_it_says_or_that_of_all_its_debits(
    of_block: str, of_debits: tuple[str, str], kind: str
):
    def of(name: str) -> str:
        return f"<PmtTpInf><SeqTp>{name}</SeqTp></PmtTpInf>" if name else ""

    (read,) = collection(block(*(debit(of(one)) for one in of_debits), head=of(of_block))).blocks
    assert read.sequence_type == kind


@pytest.mark.parametrize(
    ("given", "cents", "words"),
    [
        (amount("10"), 10_00, None),
        (amount(" 10.5 "), 10_50, None),
        (amount("10.500"), 10_50, None),
        (amount("10.05", ""), 10_05, None),
        (amount("1234567890123456.78"), 1234567890123456_78, None),
        (amount("12345678901234567.00"), 0, "the amount (InstdAmt) is not a positive number"),
        (amount("10.501"), 0, "the amount (InstdAmt) is not a positive number"),
        (amount("+1"), 0, "the amount (InstdAmt) is not a positive number"),
        ("", 0, "the amount (InstdAmt) is not a positive number"),
        (amount("10.00", ' Ccy="USD"'), 10_00, "the amount (InstdAmt) is not in EUR"),
    ],
)
def test_an_amount_is_a_number_of_cents_in_euro(given: str, cents: int, words: str | None):
    file = collection(block(debit(sum_=given)))
    assert file.cents == cents
    assert [(line, words in message) for line, message in faults(file)] == ([] if words is None else [(3, True)])


@pytest.mark.parametrize(
    ("made", "line", "words"),
    [
        (block(debit(mandate_="")), 3, "the debit names no mandate (MndtId)"),
        (block(debit(), reference=""), 3, "the block (PmtInf) has no PmtInfId"),
        (block(debit(), due="2025-02-30"), 3, "has no day of collection"),
        (block(debit(), head="<PmtMtd>TRF</PmtMtd>"), 3, "is no direct debit"),
        (block(debit(), head=announced("2")), 3, "the block (PmtInf) announces 2 transactions (NbOfTxs), it holds 1"),
        (block(debit(), head=announced("x")), 3, "announces no number of transactions (NbOfTxs), it holds 1"),
        (block(debit(), head=announced("0" * 15 + "1")), 3, "announces no number of transactions"),
        (block(debit(), head=announced("", "12.00")), 3, "is 12.00, its transactions are 10.00: difference 2.00"),
        (block(debit(), head=announced("", "")), 3, "the control sum (CtrlSum) of the block (PmtInf) is no amount"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_block_is_told_once_with_its_line(made: str, line: int, words: str):
    ((told, message),) = faults(collection(made))
    assert told == line
    assert words in message


@pytest.mark.parametrize(
    "head", [announced(), announced("1", "10.00"), announced("0" * 14 + "1", "10"), "<PmtMtd>DD</PmtMtd>"]
)
def test_what_a_block_announces_and_holds_is_no_fault(head: str):
    assert faults(collection(block(debit(), head=head))) == []


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (announced("2", "20.00"), None),
        (announced("3"), "the message (GrpHdr) announces 3 transactions (NbOfTxs), it holds 2"),
        (announced("-"), "the message (GrpHdr) announces no number of transactions"),
        (announced("", "19.00"), "(GrpHdr) is 19.00, its transactions are 20.00: difference -1.00"),
        (announced("", "1,00"), "of the message (GrpHdr) is no amount"),
    ],
)
def test_what_the_message_announces_is_held_against_all_its_blocks(head: str, words: str | None):
    file = collection(block(debit()), block(debit(), reference="BLOCK-2"), head=head)
    assert [(line, words in message) for line, message in faults(file)] == ([] if words is None else [(None, True)])


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (("E1", "E2", "", "", "NOTPROVIDED", "NOTPROVIDED"), None),
        (("E1", "E1", "E1"), "1 EndToEndId stands on more than one debit"),
        (("E1", "E2", "E2", "E1"), "2 EndToEndIds stand on more than one debit"),
    ],
)
def test_the_same_endtoendid_on_several_debits_is_told(ends: tuple[str, ...], told: str | None):
    file = collection(block(*(debit(end=one) for one in ends)))
    assert file.ok
    assert [fault.message.partition(":")[0] for fault in file.faults] == ([told] if told else [])
    assert all(fault.line is None and fault.severity is Severity.WARNING for fault in file.faults)


def test_a_hundred_faults_are_told_and_no_more():
    assert len(collection(block(*[debit(mandate_="")] * 100)).faults) == 100
    assert len(collection(block(*[debit(mandate_="")] * 102)).faults) == 100


def test_a_message_that_ends_early_is_not_held_against_what_it_announces():
    file = pain.parse(b"<CstmrDrctDbtInitn><GrpHdr><NbOfTxs>9</NbOfTxs></GrpHdr>")
    assert [message.startswith("the XML breaks off") for _, message in faults(file)] == [True]
    other = pain.parse(b"<Document><Other/></Document>")
    ((line, message),) = faults(other)
    assert (line, message.startswith("no pain.008 or pain.002")) == (1, True)
    assert isinstance(other, CollectionMessage)


def test_a_collection_is_told_by_its_figures():
    head = "<PmtTpInf><LclInstrm><Cd>CORE</Cd></LclInstrm><SeqTp>RCUR</SeqTp></PmtTpInf>"
    file = collection(block(debit(), debit(sum_=amount("2.50")), head=head), block(reference="BLOCK-2", due="x"))
    assert pain.describe(file) == [
        ("message", "MSG-1"),
        ("blocks", "2"),
        ("transactions", "2"),
        ("sum", "12.50"),
        ("block BLOCK-1", "2 for 12.50, RCUR CORE 2025-03-14"),
        ("block BLOCK-2", "0 for 0.00, no day"),
    ]


# Reports


def report(*parts: str, group: str = "", about: str = "MSG-1") -> StatusReport:
    about = f"<OrgnlMsgId>{about}</OrgnlMsgId>" if about else ""
    original = f"<OrgnlGrpInfAndSts>{about}<OrgnlMsgNmId>pain.008</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>"
    head = "<Document><CstmrPmtStsRpt>\n<GrpHdr><MsgId>R-1</MsgId></GrpHdr>"
    file = pain.parse("\n".join((head, original, *parts, "</CstmrPmtStsRpt></Document>")).encode())
    assert isinstance(file, StatusReport)
    return file


def why(reason: str = "", text: str = "", element: str = "Cd") -> str:
    code = f"<Rsn><{element}>{reason}</{element}></Rsn>" if reason else ""
    return f"<StsRsnInf>{code}<AddtlInf>{text}</AddtlInf></StsRsnInf>" if reason or text else ""


def transaction(status: str = "RJCT", inner: str = "", end: str = "<OrgnlEndToEndId>E1</OrgnlEndToEndId>") -> str:
    said = f"<TxSts>{status}</TxSts>" if status else ""
    return f"<TxInfAndSts>{end}{said}{inner}</TxInfAndSts>"


def status_of(status: str, inner: str = "", *transactions: str, name: str = "BLOCK-1") -> str:
    reference = f"<OrgnlPmtInfId>{name}</OrgnlPmtInfId>"
    said = f"<PmtInfSts>{status}</PmtInfSts>" if status else ""
    return f"<OrgnlPmtInfAndSts>{reference}{said}{inner}{''.join(transactions)}</OrgnlPmtInfAndSts>"


REFERENCE = (
    "<OrgnlTxRef><Amt>{amount}</Amt><ReqdColltnDt>2025-03-14</ReqdColltnDt><MndtRltdInf><MndtId>M-1</MndtId>"
    "</MndtRltdInf></OrgnlTxRef>"
)


def test_a_report_with_all_that_it_may_say():
    file = report(
        status_of(
            "PART", why("", "part  of it"),
            transaction(inner=why("AM04", " solde  trop bas ") + REFERENCE.format(amount=amount("25.00"))),
            transaction(inner=why("MD07", element="Prtry"), end="<OrgnlInstrId>I2</OrgnlInstrId>"),
            transaction("ACSP"),
        ),
        status_of("RJCT", why("FF01"), name="BLOCK-2"),
        group="<GrpSts>PART</GrpSts>" + why("NARR"),
    )  # fmt: skip
    assert file == StatusReport(
        message="R-1",
        original_message="MSG-1",
        original_kind="pain.008",
        group_status="PART",
        group_reason="NARR",
        blocks=(
            BlockStatus("BLOCK-1", "PART", "", whole=False, text="part of it"),
            BlockStatus("BLOCK-2", "RJCT", "FF01", whole=True),
        ),
        rejected=(
            Rejection("BLOCK-1", "E1", "M-1", 25_00, "AM04", "solde trop bas", DAY, 4),
            Rejection("BLOCK-1", "I2", "", 0, "MD07", "", None, 4),
        ),
        whole=False,
        statuses=(("ACSP", 1), ("PART", 2), ("RJCT", 3)),
        reasons=(("AM04", 1), ("FF01", 1), ("MD07", 1), ("NARR", 1)),
        transactions=3,
    )
    assert file.ok
    assert pain.describe(file, "en") == [
        ("original message", "MSG-1"),
        ("original kind", "pain.008"),
        ("group status", "PART, NARR (NARR)"),
        ("block BLOCK-1", "PART"),
        ("block BLOCK-2", f"RJCT, FF01 ({pain.reason_label('FF01', 'en')})"),
        ("transactions", "3"),
        ("rejected", "2"),
        ("rejected sum", "25.00"),
        ("status ACSP", "1"),
        ("status PART", "2"),
        ("status RJCT", "3"),
        ("reason AM04", "1 (Insufficient funds)"),
        ("reason FF01", f"1 ({pain.reason_label('FF01', 'en')})"),
        ("reason MD07", f"1 ({pain.reason_label('MD07', 'en')})"),
        ("reason NARR", "1 (NARR)"),
        ("all of block BLOCK-2", "rejected"),
    ]


def test_a_report_that_says_little_is_told_in_few_words():
    file = report(status_of(""), transaction("ACTC"))
    assert pain.describe(file, "en") == [
        ("original message", "MSG-1"),
        ("original kind", "pain.008"),
        ("transactions", "1"),
        ("rejected", "0"),
        ("status ACTC", "1"),
    ]


@pytest.mark.parametrize(
    ("parts", "group", "rejected", "whole"),
    [
        ((status_of("RJCT", why("AC01"), transaction("")),), "", [("BLOCK-1", "AC01")], False),
        ((status_of("RJCT", why("AC01"), transaction("", why("AM04"))),), "", [("BLOCK-1", "AM04")], False),
        ((status_of("RJCT", why("AC01"), transaction("ACSP")),), "", [], False),
        ((status_of("RJCT", why("AC01"), transaction("ACSP"), transaction("")),), "", [("BLOCK-1", "AC01")], False),
        ((transaction(""),), "<GrpSts>RJCT</GrpSts>" + why("FF01"), [("", "FF01")], False),
        ((status_of("ACSP"),), "<GrpSts>RJCT</GrpSts>" + why("FF01"), [], False),
        ((), "<GrpSts>RJCT</GrpSts>" + why("FF01"), [], True),
        ((), "<GrpSts>ACCP</GrpSts>", [], False),
        ((transaction(""),), "", [], False),
    ],
)
def test_a_transaction_without_a_status_or_reason_has_that_above_it(
    parts: tuple[str, ...], group: str, rejected: list[tuple[str, str]], whole: bool
):
    file = report(*parts, group=group)
    assert [(one.block, one.reason) for one in file.rejected] == rejected
    assert file.whole is whole
    assert [one.whole for one in file.blocks] == [False] * len(file.blocks)
    assert file.faults == ()


def test_a_rejected_transaction_without_a_reason_is_told_and_kept():
    file = report(status_of("PART", "", transaction(inner=REFERENCE.format(amount=amount("1.005")))))
    assert file.rejected == (Rejection("BLOCK-1", "E1", "M-1", 0, "", "", DAY, 4),)
    ((line, message),) = faults(file)
    assert (line, message) == (4, "a rejected transaction has no reason (StsRsnInf)")
    assert file.ok


def test_transactions_are_of_the_block_that_ends_after_them():
    file = report(status_of("RJCT", why("AC01"), transaction("")), status_of("RJCT", why("AC04"), name="B2"))
    assert [(one.reference, one.whole) for one in file.blocks] == [("BLOCK-1", False), ("B2", True)]
    assert [one.block for one in file.rejected] == ["BLOCK-1"]


def test_a_report_about_no_message_is_refused():
    file: Any = report(about="")
    assert faults(file) == [
        (None, "the report names no message that it is about (OrgnlMsgId); ask the bank for it again")
    ]
    assert not file.ok


@pytest.mark.parametrize(
    ("name", "collection_", "status"),
    [("CstmrDrctDbtInitn", True, False), ("CstmrPmtStsRpt", False, True), ("BkToCstmrStmt", False, False)],
)
def test_a_file_is_known_by_its_message(name: str, collection_: bool, status: bool, tmp_path: Any):
    path = tmp_path / "x.xml"
    path.write_text(f"<Document><{name}/></Document>", encoding="utf-8")
    assert pain.identify_collection(path) is collection_
    assert pain.identify_status(path) is status
    assert pain.identify(path) is (collection_ or status)
