"""The files of a collection: pain.008, what we asked the bank to collect, and pain.002, what became of it.

A reject of pain.002 comes before settlement: no money moved. PmtInfId, EndToEndId and mandate are the keys that the
bank's statement repeats (EPC130-08). Any version, by local names, the German `pain.008.002.02` too. Sums and counts
that the file announces are checked; an error refuses the file. No bytes whatever raise an exception.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from importers.bank.codes import Language, reason_label
from importers.bank.elements import (
    Amount,
    Each,
    Element,
    Elements,
    Found,
    Plan,
    Unreadable,
    collect,
    compiled,
    line_of,
    mentions,
    namespace_of,
)
from importers.bank.moments import belgian_day
from importers.bank.references import given_reference
from importers.words import N_, _, many
from ledger.collector import paused
from ledger.errors import Fault, Severity, refuses
from ledger.languages import spoken
from ledger.money import to_decimal
from ledger.signs import one_line, plain

_COLLECTION, _STATUS = "CstmrDrctDbtInitn", "CstmrPmtStsRpt"


_REJECTED = "RJCT"


_FAULTS_SHOWN = 100


_AMOUNT = re.compile(r"\s*([0-9]{1,16})(?:\.([0-9]*))?\s*")


_TOTALS = {"NbOfTxs": "count", "CtrlSum": "sum"}


_PLANS: dict[str, Plan] = {
    "GrpHdr": {"MsgId": "message", **_TOTALS},
    "PmtInf": {
        "PmtInfId": "reference",
        "PmtMtd": "method",
        **_TOTALS,
        "PmtTpInf": {"LclInstrm": {"Cd": "scheme"}, "SeqTp": "sequence"},
        "ReqdColltnDt": "due",
        "CdtrSchmeId": {"Id": {"PrvtId": {"Othr": {"Id": "creditor"}}}},
    },
    "DrctDbtTxInf": {
        "PmtId": {"EndToEndId": "end_to_end"},
        "PmtTpInf": {"SeqTp": "sequence"},
        "InstdAmt": Amount("amount"),
        "DrctDbtTx": {"MndtRltdInf": {"MndtId": "mandate", "DtOfSgntr": "signed"}},
        "DbtrAgt": {"FinInstnId": {"BIC": "bic", "BICFI": "bic"}},
        "Dbtr": {"Nm": "name"},
        "DbtrAcct": {"Id": {"IBAN": "iban", "Othr": {"Id": "iban"}}},
        "Purp": {"Cd": "purpose"},
        "RmtInf": {"Ustrd": Each("lines"), "Strd": {"CdtrRefInf": {"Ref": "structured"}}},
    },
    "OrgnlGrpInfAndSts": {
        "OrgnlMsgId": "original",
        "OrgnlMsgNmId": "kind",
        "OrgnlNbOfTxs": "count",
        "OrgnlCtrlSum": "sum",
        "GrpSts": "status",
        "StsRsnInf": {"Rsn": {"Cd": "reason", "Prtry": "reason"}, "StsRsn": {"Cd": "reason"}, "AddtlInf": Each("text")},
    },
    "OrgnlPmtInfAndSts": {
        "OrgnlPmtInfId": "reference",
        "OrgnlNbOfTxs": "count",
        "OrgnlCtrlSum": "sum",
        "PmtInfSts": "status",
        "StsRsnInf": {"Rsn": {"Cd": "reason", "Prtry": "reason"}, "StsRsn": {"Cd": "reason"}, "AddtlInf": Each("text")},
    },
    "TxInfAndSts": {
        "OrgnlInstrId": "instruction",
        "OrgnlEndToEndId": "end_to_end",
        "TxSts": "status",
        "StsRsnInf": {"Rsn": {"Cd": "reason", "Prtry": "reason"}, "StsRsn": {"Cd": "reason"}, "AddtlInf": Each("text")},
        "OrgnlTxRef": {
            "Amt": {"InstdAmt": Amount("amount")},
            "ReqdColltnDt": "due",
            "MndtRltdInf": {"MndtId": "mandate"},
        },
    },
}


class DebitOrder(NamedTuple):
    """One direct debit of a pain.008; name and IBAN are the debtor's, `signed` the day of the mandate."""

    end_to_end: str
    mandate: str
    signed: date | None
    cents: int
    iban: str
    name: str
    communication: str = ""
    structured: str | None = None
    bic: str = ""
    sequence_type: str = ""
    purpose: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class PaymentBlock:
    """One PmtInf: what is collected on one day as one total, known by its PmtInfId.

    `sequence_type` is FRST, RCUR, OOFF or FNAL, `scheme` CORE or B2B, `creditor` our identifier.
    """

    reference: str
    due: date | None
    sequence_type: str
    scheme: str
    creditor: str
    count: int
    cents: int
    transactions: tuple[DebitOrder, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class CollectionMessage:
    """A pain.008 as read; `count` and `cents` are those of its transactions."""

    message: str
    blocks: tuple[PaymentBlock, ...]
    faults: tuple[Fault, ...] = ()
    kind: str = "pain.008"

    @property
    def ok(self) -> bool:
        """Return True where nothing refuses the file."""
        return _ok(self.faults)

    @property
    def count(self) -> int:
        """Return how many debits."""
        return sum(block.count for block in self.blocks)

    @property
    def cents(self) -> int:
        """Return what they come to."""
        return sum(block.cents for block in self.blocks)


class Rejection(NamedTuple):
    """One debit that the bank did not collect; cents 0 where the report does not say how much it was."""

    block: str
    end_to_end: str
    mandate: str
    cents: int
    reason: str
    text: str = ""
    due: date | None = None
    line: int = 0


class BlockStatus(NamedTuple):
    """The status of one PmtInf in a report; `whole` where all of it is rejected, debit by debit not told."""

    reference: str
    status: str
    reason: str
    whole: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A pain.002 as read. `statuses` counts every status given; `whole` where the entire message is rejected."""

    message: str
    original_message: str
    original_kind: str
    group_status: str
    group_reason: str
    blocks: tuple[BlockStatus, ...]
    rejected: tuple[Rejection, ...]
    whole: bool
    statuses: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, int], ...]
    transactions: int
    faults: tuple[Fault, ...] = ()
    kind: str = "pain.002"

    @property
    def ok(self) -> bool:
        """Return True where nothing refuses the file."""
        return _ok(self.faults)


def identify(path: Path) -> bool:
    """Return whether the file begins like a pain.008 or pain.002; reads a few bytes only."""
    return mentions(path, _COLLECTION.encode(), _STATUS.encode())


def identify_collection(path: Path) -> bool:
    """Return whether the file begins like a pain.008."""
    return mentions(path, _COLLECTION.encode())


def identify_status(path: Path) -> bool:
    """Return whether the file begins like a pain.002."""
    return mentions(path, _STATUS.encode())


def read(path: Path) -> CollectionMessage | StatusReport:
    """Return what a pain file on disk holds; OSError where it cannot be opened."""
    with path.open("rb") as stream:
        return _read(stream, path.stat().st_size)


def parse(data: bytes) -> CollectionMessage | StatusReport:
    """Return what the bytes of a pain file hold; what is wrong stands in its faults."""
    return _read(BytesIO(data), len(data))


def describe(file: CollectionMessage | StatusReport, language: Language | None = None) -> list[tuple[str, str]]:
    """Return what is worth telling, as label and value: blocks, transactions and sum, or statuses and reasons."""
    if isinstance(file, CollectionMessage):
        return _describe_collection(file)
    language = language or cast("Language", spoken())
    facts = [(_("original message"), file.original_message), (_("original kind"), file.original_kind)]
    if file.group_status:
        facts.append((_("group status"), _with_reason(file.group_status, file.group_reason, language)))
    facts += [
        (_("block {reference}").format(reference=block.reference), _with_reason(block.status, block.reason, language))
        for block in file.blocks
        if block.status
    ]
    facts += [(_("transactions"), str(file.transactions)), (_("rejected"), str(len(file.rejected)))]
    if known := sum(rejection.cents for rejection in file.rejected):
        facts.append((_("rejected sum"), _money(known)))
    facts += [(_("status {status}").format(status=status), str(count)) for status, count in file.statuses]
    facts += [
        (_("reason {code}").format(code=code), f"{count} ({reason_label(code, language)})")
        for code, count in file.reasons
    ]
    if file.whole:
        facts.append((_("all of it"), _("rejected")))
    facts += [
        (_("all of block {reference}").format(reference=block.reference), _("rejected"))
        for block in file.blocks
        if block.whole
    ]
    return facts


def _describe_collection(file: CollectionMessage) -> list[tuple[str, str]]:
    facts = [
        (_("message"), file.message),
        (_("blocks"), str(len(file.blocks))),
        (_("transactions"), str(file.count)),
        (_("sum"), _money(file.cents)),
    ]
    for block in file.blocks:
        parts = (block.sequence_type, block.scheme, block.due.isoformat() if block.due else _("no day"))
        words = " ".join(part for part in parts if part)
        told = _("{count} for {amount}, {words}").format(count=block.count, amount=_money(block.cents), words=words)
        facts.append((_("block {reference}").format(reference=block.reference), told))
    return facts


def _with_reason(status: str, reason: str, language: Language) -> str:
    return f"{status}, {reason} ({reason_label(reason, language)})" if reason else status


@paused()
def _read(stream: BinaryIO, size: int) -> CollectionMessage | StatusReport:
    reader = _PainReader()
    try:
        for element in Elements(stream, size, _HANDLERS):
            name = str(element.tag).rpartition("}")[2]
            reader.is_report |= name in _OF_REPORT
            _HANDLERS[name](reader, element)
            element.clear()
    except Unreadable as trouble:
        reader.faults.append(trouble.fault)
    else:
        if not reader.root:
            reader.fault(_("no pain.008 or pain.002 message found; check that the right file was chosen"), 1)
    return reader.report() if reader.is_report else reader.collection()


class _CheckWords(NamedTuple):
    """The faults of a part of a pain.008 that does not hold what it announces."""

    number: str
    no_number: str
    sum: str
    no_sum: str


_OF_BLOCK = _CheckWords(
    N_("the block (PmtInf) announces {announced} transactions (NbOfTxs), it holds {count}; make the file again"),
    N_("the block (PmtInf) announces no number of transactions (NbOfTxs), it holds {count}; make the file again"),
    N_(
        "the control sum (CtrlSum) of the block (PmtInf) is {announced}, its transactions are {total}: difference "
        "{difference}; make the file again"
    ),
    N_("the control sum (CtrlSum) of the block (PmtInf) is no amount; make the file again"),
)


_OF_MESSAGE = _CheckWords(
    N_("the message (GrpHdr) announces {announced} transactions (NbOfTxs), it holds {count}; make the file again"),
    N_("the message (GrpHdr) announces no number of transactions (NbOfTxs), it holds {count}; make the file again"),
    N_(
        "the control sum (CtrlSum) of the message (GrpHdr) is {announced}, its transactions are {total}: difference "
        "{difference}; make the file again"
    ),
    N_("the control sum (CtrlSum) of the message (GrpHdr) is no amount; make the file again"),
)


class _PainReader:
    """Takes the elements as they end."""

    def __init__(self) -> None:
        self.root = ""
        self.is_report = False
        self.faults: list[Fault] = []
        self._told = 0
        self._group: Found = {}
        self._blocks: list[PaymentBlock] = []
        self._debits: list[DebitOrder] = []
        self._original: Found = {}
        self._statuses: list[BlockStatus] = []
        self._pending: list[tuple[Found, int]] = []
        self._rejected: list[Rejection] = []
        self._reasons: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._transactions = 0

    def fault(self, message: str, line: int | None, severity: Severity = Severity.ERROR) -> None:
        self._told += 1
        if self._told <= _FAULTS_SHOWN:
            self.faults.append(Fault(message, line or None, severity))

    # Of both

    def group(self, element: Element) -> None:
        self._group = _collected(element)

    def end(self, element: Element) -> None:
        self.root = str(element.tag).rpartition("}")[2]

    # pain.008

    def debit(self, element: Element) -> None:
        found, line = _collected(element), line_of(element)
        text, currency = found.get("amount", ("", ""))
        cents = _cents(text)
        if cents is None:
            self.fault(_("the amount (InstdAmt) is not a positive number with two decimals; correct it"), line)
        if currency not in ("", "EUR"):
            self.fault(_("the amount (InstdAmt) is not in EUR, as SEPA asks; correct it"), line)
        mandate = given_reference(found.get("mandate"))
        if not mandate:
            self.fault(_("the debit names no mandate (MndtId); add it"), line)
        self._debits.append(
            DebitOrder(
                end_to_end=given_reference(found.get("end_to_end")),
                mandate=mandate,
                signed=belgian_day(_plain(found, "signed")),
                cents=cents or 0,
                iban="".join(_plain(found, "iban").split()),
                name=one_line(_plain(found, "name")),
                communication=one_line(" ".join(found.get("lines", ()))),
                structured=_plain(found, "structured") or None,
                bic=_plain(found, "bic"),
                sequence_type=_plain(found, "sequence"),
                purpose=_plain(found, "purpose"),
                line=line,
            )
        )

    def block(self, element: Element) -> None:
        found, line = _collected(element), line_of(element)
        debits, self._debits = self._debits, []
        reference = _plain(found, "reference")
        if _plain(found, "method") not in ("DD", ""):
            self.fault(
                _("the block (PmtInf) is no direct debit (PmtMtd DD); check that the right file was chosen"), line
            )
        if not reference:
            self.fault(_("the block (PmtInf) has no PmtInfId, by which the bank's statement names it"), line)
        cents = sum(debit.cents for debit in debits)
        self._check(found, len(debits), cents, _OF_BLOCK, line)
        due = belgian_day(_plain(found, "due"))
        if due is None:
            self.fault(_("the block (PmtInf) has no day of collection (ReqdColltnDt)"), line)
        given = {debit.sequence_type for debit in debits if debit.sequence_type}
        self._blocks.append(
            PaymentBlock(
                reference=reference,
                due=due,
                sequence_type=_plain(found, "sequence") or (given.pop() if len(given) == 1 else ""),
                scheme=_plain(found, "scheme"),
                creditor=_plain(found, "creditor"),
                count=len(debits),
                cents=cents,
                transactions=tuple(debits),
                line=line,
            )
        )

    def _check(self, found: Found, count: int, cents: int, words: "_CheckWords", line: int | None) -> None:
        told = _plain(found, "count")
        if told and not (_is_number(told) and int(told) == count):
            message = _(words.number) if _is_number(told) else _(words.no_number)
            self.fault(message.format(announced=told, count=count), line)
        if "sum" not in found:
            return
        announced = _cents(_plain(found, "sum"))
        if announced is None:
            self.fault(_(words.no_sum), line)
        elif announced != cents:
            self.fault(
                _(words.sum).format(
                    announced=_money(announced), total=_money(cents), difference=_money(announced - cents)
                ),
                line,
            )

    def collection(self) -> CollectionMessage:
        blocks = tuple(self._blocks)
        debits = [debit for block in blocks for debit in block.transactions]
        if self.root:
            self._check(self._group, len(debits), sum(debit.cents for debit in debits), _OF_MESSAGE, None)
        names = Counter(debit.end_to_end for debit in debits if debit.end_to_end)
        if twice := sum(count > 1 for count in names.values()):
            message = many(
                "{count} EndToEndId stands on more than one debit: what comes back cannot be told apart",
                "{count} EndToEndIds stand on more than one debit: what comes back cannot be told apart",
                twice,
            )
            self.fault(message.format(count=twice), None, Severity.WARNING)
        return CollectionMessage(_plain(self._group, "message"), blocks, tuple(self.faults))

    # pain.002

    def original(self, element: Element) -> None:
        self._original = _collected(element)
        self._count(self._original)

    def transaction(self, element: Element) -> None:
        self._pending.append((_collected(element), line_of(element)))

    def block_status(self, element: Element) -> None:
        found = _collected(element)
        self._count(found)
        status, reason = _plain(found, "status"), _plain(found, "reason")
        reference = _plain(found, "reference")
        whole = status == _REJECTED and not self._pending
        self._statuses.append(BlockStatus(reference, status, reason, whole, _text(found)))
        self._settle(reference, status, reason)

    def _settle(self, block: str, status: str, reason: str) -> None:
        """Settle the transactions told of one block; one without a status of its own has its block's."""
        for found, line in self._pending:
            self._transactions += 1
            self._count(found)
            own = _plain(found, "status") or status
            if own != _REJECTED:
                continue
            why = _plain(found, "reason") or reason
            if not why:
                self.fault(_("a rejected transaction has no reason (StsRsnInf)"), line, Severity.WARNING)
            self._rejected.append(
                Rejection(
                    block,
                    given_reference(found.get("end_to_end")) or given_reference(found.get("instruction")),
                    given_reference(found.get("mandate")),
                    _cents(found["amount"][0]) or 0 if "amount" in found else 0,
                    why,
                    _text(found),
                    belgian_day(_plain(found, "due")),
                    line,
                )
            )
        self._pending = []

    def _count(self, found: Found) -> None:
        if status := _plain(found, "status"):
            self._counts[status] += 1
        if reason := _plain(found, "reason"):
            self._reasons[reason] += 1

    def report(self) -> StatusReport:
        original = self._original
        status, reason = _plain(original, "status"), _plain(original, "reason")
        self._settle("", status, reason)
        if not _plain(original, "original"):
            self.fault(_("the report names no message that it is about (OrgnlMsgId); ask the bank for it again"), None)
        return StatusReport(
            message=_plain(self._group, "message"),
            original_message=_plain(original, "original"),
            original_kind=_plain(original, "kind"),
            group_status=status,
            group_reason=reason,
            blocks=tuple(self._statuses),
            rejected=tuple(self._rejected),
            whole=status == _REJECTED and not self._statuses and not self._rejected,
            statuses=tuple(sorted(self._counts.items())),
            reasons=tuple(sorted(self._reasons.items())),
            transactions=self._transactions,
            faults=tuple(self.faults),
        )


_HANDLERS = {
    "GrpHdr": _PainReader.group,
    "DrctDbtTxInf": _PainReader.debit,
    "PmtInf": _PainReader.block,
    "OrgnlGrpInfAndSts": _PainReader.original,
    "TxInfAndSts": _PainReader.transaction,
    "OrgnlPmtInfAndSts": _PainReader.block_status,
    _COLLECTION: _PainReader.end,
    _STATUS: _PainReader.end,
}


_OF_REPORT = frozenset({"OrgnlGrpInfAndSts", "TxInfAndSts", "OrgnlPmtInfAndSts", _STATUS})


def _collected(element: Element) -> Found:
    tag = str(element.tag)
    namespace = namespace_of(tag)
    found: Found = {}
    collect(element, _plan(tag[len(namespace) :], namespace), found)
    return found


@lru_cache(maxsize=64)
def _plan(name: str, namespace: str) -> dict[str, Any]:
    return compiled(_PLANS[name], namespace)


def _plain(found: Found, name: str) -> str:
    return plain(found.get(name) or "")


def _text(found: Found) -> str:
    return one_line(" ".join(found.get("text", ())))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16  # noqa: PLR2004 - more is no count


@lru_cache(maxsize=4096)
def _cents(text: str) -> int | None:
    """Return cents of an amount; None where it is none, or has a fraction of a cent."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    units, decimals = match.groups("")
    return None if decimals[2:].strip("0") else int(units) * 100 + int(decimals[:2].ljust(2, "0"))


def _money(cents: int) -> str:
    return str(to_decimal(cents))


def _ok(faults: Iterable[Fault]) -> bool:
    return not refuses(faults)
