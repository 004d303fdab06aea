"""Collections (pain.008) and what became of them (pain.002): the samples, each rule on a small file, hurtful bytes."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.bank import camt, pain
from importers.bank.pain import BlockStatus, CollectionMessage, DebitOrder, Rejection, StatusReport
from importers.bank.summary import as_json, inspect_bank_file
from ledger.errors import Severity

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "pain"
FILES = sorted(SAMPLES.glob("*.xml")) if SAMPLES.is_dir() else []

needs_samples = pytest.mark.skipif(not FILES, reason="the shared samples are not here")

DEBIT = """<DrctDbtTxInf>
<PmtId><EndToEndId>{e2e}</EndToEndId></PmtId><InstdAmt Ccy="EUR">{amount}</InstdAmt>
<DrctDbtTx><MndtRltdInf><MndtId>{mandate}</MndtId><DtOfSgntr>2024-02-01</DtOfSgntr></MndtRltdInf></DrctDbtTx>
<DbtrAgt><FinInstnId><BICFI>GEBABEBB</BICFI></FinInstnId></DbtrAgt><Dbtr><Nm>Jeanne Exemple</Nm></Dbtr>
<DbtrAcct><Id><IBAN>BE02000000000101</IBAN></Id></DbtrAcct><RmtInf><Ustrd>Don mensuel</Ustrd></RmtInf>
</DrctDbtTxInf>"""
COLLECTION = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"><CstmrDrctDbtInitn>
<GrpHdr><MsgId>MSG-2025-03</MsgId><NbOfTxs>2</NbOfTxs><CtrlSum>35.00</CtrlSum></GrpHdr>
<PmtInf><PmtInfId>BLOCK-1</PmtInfId><PmtMtd>DD</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>35.00</CtrlSum>
<PmtTpInf><LclInstrm><Cd>CORE</Cd></LclInstrm><SeqTp>RCUR</SeqTp></PmtTpInf><ReqdColltnDt>2025-03-14</ReqdColltnDt>
<CdtrSchmeId><Id><PrvtId><Othr><Id>BE68ZZZ0123456789</Id></Othr></PrvtId></Id></CdtrSchmeId>
{DEBIT.format(e2e="E2E-1", amount="10.00", mandate="M-1")}
{DEBIT.format(e2e="E2E-2", amount="25.00", mandate="M-2")}
</PmtInf></CstmrDrctDbtInitn></Document>
"""
REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>
<GrpHdr><MsgId>REPORT-1</MsgId></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>MSG-2025-03</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>
{blocks}
</CstmrPmtStsRpt></Document>
"""
REJECTED = """<OrgnlPmtInfAndSts><OrgnlPmtInfId>BLOCK-1</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts>
<TxInfAndSts><OrgnlEndToEndId>E2E-2</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf>
<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">25.00</InstdAmt></Amt><ReqdColltnDt>2025-03-14</ReqdColltnDt>
<MndtRltdInf><MndtId>M-2</MndtId></MndtRltdInf></OrgnlTxRef></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>E2E-1</OrgnlEndToEndId><TxSts>ACSP</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>"""


def collection(text: str) -> CollectionMessage:
    file = pain.parse(text.encode())
    assert isinstance(file, CollectionMessage)
    return file


def report(blocks: str = "", group: str = "") -> StatusReport:
    file = pain.parse(REPORT.format(blocks=blocks, group=group).encode())
    assert isinstance(file, StatusReport)
    return file


# The samples: figures of the table that goes with them

SUMS = {
    "civisepa_pain008v02_example": (2, 2, 20_30),
    "digitick_pain008v02": (1, 2, 6655_86),
    "sepaking_pain008_002v02": (1, 2, 6655_86),
}
REPORTS: dict[str, tuple[dict[str, int], dict[str, int], int]] = {
    "iso20022js_nordea_pain_002_v3_payment_reject": ({"RJCT": 1}, {"NARR": 1}, 0),
    "oca_pain002v03_unpaid_1": ({"RJCT": 4}, {"AC01": 1, "MS02": 1, "MD06": 1, "AM04": 1}, 4),
    "viafin_pain002_valid_example_001.03": ({"ACTC": 1}, {}, 0),
}


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_gives_its_known_figures(path: Path):
    file = pain.read(path)
    assert pain.identify(path)
    assert not camt.identify(path)
    assert file.ok
    if isinstance(file, CollectionMessage):
        assert pain.identify_collection(path)
        assert (len(file.blocks), file.count, file.cents) == SUMS[path.stem]
    else:
        assert pain.identify_status(path)
        assert (dict(file.statuses), dict(file.reasons), len(file.rejected)) == REPORTS[path.stem]


@needs_samples
def test_inspect_tells_a_report_in_words():
    told: Any = json.loads(json.dumps(as_json(inspect_bank_file(SAMPLES / "oca_pain002v03_unpaid_1.xml"))))
    assert (told["kind"], told["ok"], told["statements"]) == ("pain.002", True, [])
    assert told["facts"]["rejected"] == "4"
    assert told["facts"]["rejected sum"] == "400.00"
    assert told["facts"]["reason AM04"] == "1 (Insufficient funds)"


# pain.008


@pytest.mark.parametrize("version", ["001.02", "001.08", "001.10", "002.02", "003.02"])
def test_a_collection_is_read_in_every_version(version: str):
    file = collection(COLLECTION.replace("001.08", version).replace("BICFI", "BIC" if "02" in version else "BICFI"))
    assert file.ok
    assert (file.message, file.count, file.cents) == ("MSG-2025-03", 2, 3500)
    (block,) = file.blocks
    assert (block.reference, block.due, block.sequence_type) == ("BLOCK-1", date(2025, 3, 14), "RCUR")
    assert (block.scheme, block.creditor, block.count, block.cents) == ("CORE", "BE68ZZZ0123456789", 2, 3500)
    assert block.transactions[0] == DebitOrder(
        "E2E-1", "M-1", date(2024, 2, 1), 1000, "BE02000000000101", "Jeanne Exemple", "Don mensuel", None, "GEBABEBB",
        line=7,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<GrpHdr><MsgId>MSG-2025-03</MsgId><NbOfTxs>2", "<GrpHdr><NbOfTxs>3", "announces 3 transactions"),
        ("<CtrlSum>35.00</CtrlSum></GrpHdr>", "<CtrlSum>36.50</CtrlSum></GrpHdr>", "difference 1.50"),
        ("<CtrlSum>35.00</CtrlSum>\n", "<CtrlSum>30.00</CtrlSum>\n", "difference -5.00"),
        (">10.00<", ">10.005<", "InstdAmt"),
        (">10.00<", ">-10.00<", "InstdAmt"),
        ("<MndtId>M-1</MndtId>", "", "no mandate"),
        ("<PmtInfId>BLOCK-1</PmtInfId>", "", "no PmtInfId"),
        ('Ccy="EUR">10', 'Ccy="USD">10', "not in EUR"),
        ("2025-03-14", "2025-02-30", "no day of collection"),
    ],
)
def test_what_is_wrong_in_a_collection_refuses_it(old: str, new: str, says: str):
    assert old in COLLECTION
    file = collection(COLLECTION.replace(old, new, 1))
    assert not file.ok
    assert any(says in fault.message for fault in file.faults)


def test_two_debits_of_one_end_to_end_id_are_a_warning():
    file = collection(COLLECTION.replace("E2E-2", "E2E-1"))
    assert file.ok
    assert [fault.severity for fault in file.faults] == [Severity.WARNING]


# pain.002


def test_a_rejected_debit_says_which_and_why():
    file = report(REJECTED)
    assert file.ok
    assert file.original_message == "MSG-2025-03"
    assert file.rejected == (Rejection("BLOCK-1", "E2E-2", "M-2", 2500, "AM04", "", date(2025, 3, 14), 6),)
    assert file.blocks == (BlockStatus("BLOCK-1", "PART", "", whole=False),)
    assert not file.whole
    assert file.transactions == 2


def test_a_block_rejected_without_transactions_is_all_of_it():
    block = (
        "<OrgnlPmtInfAndSts><OrgnlPmtInfId>BLOCK-1</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts>"
        "<StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf></OrgnlPmtInfAndSts>"
    )
    assert report(block).blocks == (BlockStatus("BLOCK-1", "RJCT", "FF01", whole=True),)


def test_a_message_rejected_without_blocks_is_all_of_it():
    file = report(group="<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf>")
    assert file.whole
    assert (file.group_status, file.group_reason) == ("RJCT", "FF01")
    assert ("all of it", "rejected") in pain.describe(file)


def test_a_transaction_without_status_has_that_of_its_block():
    blocks = REJECTED.replace("PART", "RJCT").replace("<TxSts>RJCT</TxSts>", "")
    assert [rejection.end_to_end for rejection in report(blocks).rejected] == ["E2E-2"]


def test_a_report_about_nothing_is_refused():
    file = pain.parse(REPORT.replace("<OrgnlMsgId>MSG-2025-03</OrgnlMsgId>", "").format(blocks="", group="").encode())
    assert not file.ok


# Hurtful bytes


@pytest.mark.parametrize(
    "data",
    [
        b"",
        COLLECTION[:700].encode(),
        COLLECTION.encode("utf-16"),
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><CstmrDrctDbtInitn/>",
        b"<Document><Other/></Document>",
        REPORT.format(blocks=REJECTED, group="")[:600].encode(),
    ],
)
def test_what_cannot_be_read_is_an_error(data: bytes):
    file = pain.parse(data)
    assert not file.ok


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([COLLECTION, REPORT.format(blocks=REJECTED, group="")]), st.data())
def test_no_change_of_bytes_raises_an_exception(text: str, data: st.DataObject):
    mutated = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(mutated) - 1))
        length = data.draw(st.integers(1, 100))
        mutated[place : place + length] = data.draw(st.binary(max_size=8)) or mutated[place : place + length] * 2
    file = pain.parse(bytes(mutated))
    assert pain.describe(file)


def test_a_count_that_is_no_number_is_told_and_raises_nothing():
    file = collection(COLLECTION.replace("<NbOfTxs>2", "<NbOfTxs>two", 1))
    assert not file.ok
    assert any("announces no number of transactions (NbOfTxs), it holds 2" in fault.message for fault in file.faults)


def test_only_blocks_rejected_whole_are_told_as_such():
    part = report(REJECTED)
    assert not any(label.startswith("all of block") for label, _ in pain.describe(part))
