"""The CAMT reader: camt.053 statements and camt.054 notifications, from the bank's XML to statements and movements.

Versions 02 to 13 alike, by local names. Entry amounts count; details are kept as amounts only where they add up to
their entry. What money depends on is strict, form is lenient: a statement with an error is refused and no other one.
No bytes whatever raise an exception. Sources: ISO 20022 camt.053/054; Febelfin's codes (BBA) in `BkTxCd/Prtry`.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from importers.bank import iso_codes
from importers.bank.codes import FEES, GROSS, Language, reason_label
from importers.bank.communications import compact_ogm, compact_rf, valid_ogm, valid_rf
from importers.bank.elements import (
    Amount,
    Each,
    Element,
    Elements,
    Found,
    Plan,
    TextOr,
    Unreadable,
    collect,
    compiled,
    line_of,
    mentions,
    namespace_of,
)
from importers.bank.moments import belgian_day
from importers.bank.records import BankFile, Movement, Named, Statement, Tally
from importers.bank.references import given_reference
from importers.words import N_, N_many, _, many
from ledger.collector import paused
from ledger.errors import Fault, Severity
from ledger.languages import spoken
from ledger.money import to_decimal
from ledger.records import DocumentKind
from ledger.signs import one_line, plain

FAULTS_SHOWN = 100  # per severity and statement


_STATEMENT, _NOTIFICATION, _REPORT = "BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn", "BkToCstmrAcctRpt"


_USTRD = 140  # characters of one unstructured line, the schema's limit: a full one goes on in the next


_CREDIT = "CRDT"


_OPENINGS, _CLOSING = ("OPBD", "PRCD"), "CLBD"


_INTERIM = "ITBD"  # between the pages of a statement


_COLLECTION_RETURNS = frozenset({"0503", "0505"})


_REFUND = "0505"


_REFUND_REASONS = frozenset({"MD01", "MD06"})


_DIRECT_DEBIT = "05"


_COLLECTED = frozenset({"0550", "0552"})


# Where the name of a collection may stand in a batch or in its one detail, the surest first.
_NAMES = ("block", "message", "end_to_end", "instruction", "transaction_id", "bank_reference")


_BELGIAN = frozenset({"BBA", "FEBELFIN"})  # issuers of the CODA codes


_AMOUNT = re.compile(r"\s*([+-]?)([0-9]{1,16})(?:\.([0-9]*))?\s*")


_RETURN_KINDS = {"RJCT": "1", "REJT": "1", "RTRN": "2", "RFND": "3", "RVSL": "4", "CANC": "5"}


_RETURN_KIND = re.compile(r"/RTYP/([A-Z]{4})")


_FIRST_OF_BICFI = 3  # version since which banks are named by BICFI


# What is wanted of the XML: local name -> our name for it.
_DAY = {"Dt": "day", "DtTm": "day"}


_CODE: Plan = {
    "Domn": {"Cd": "domain", "Fmly": {"Cd": "family", "SubFmlyCd": "subfamily"}},
    "Prtry": {"Cd": "proprietary", "Issr": "issuer"},
}


def _party(name: str) -> dict[str, Any]:
    plain: dict[str, Any] = {"Nm": name, "Id": {"PrvtId": {"Othr": {"Id": f"{name}_id"}}}}
    return {**plain, "Pty": plain, "Agt": {"FinInstnId": {"Nm": name}}}  # v07 and later: a party or an agent


def _account(name: str) -> dict[str, Any]:
    return {"Id": {"IBAN": name, "Othr": {"Id": name}}}


def _agent(name: str) -> dict[str, Any]:
    return {"FinInstnId": {"BIC": f"{name}_v02", "BICFI": name}}


_CHARGE: Plan = {"Amt": Amount("amount"), "CdtDbtInd": "side", "ChrgInclInd": "included"}


# Until version 03 each charge stands for itself, with the sum beside it; since then they are records below one element.
_CHARGES = Each("charges", {**_CHARGE, "TtlChrgsAndTaxAmt": Amount("total"), "Rcrd": Each("records", _CHARGE)})


_AMOUNTS: Plan = {
    "InstdAmt": {"Amt": Amount("instructed")},
    "TxAmt": {"Amt": Amount("transaction")},
    "CntrValAmt": {"Amt": Amount("counter")},
}


# What a detail's amount is, the first in the currency of the entry: a foreign one is told by its counter value.
_SHARES = ("amount", "transaction", "counter", "instructed")


_DETAIL: Plan = {
    "Refs": {
        "MsgId": "message",
        "AcctSvcrRef": "bank_reference",
        "PmtInfId": "block",
        "InstrId": "instruction",
        "EndToEndId": "end_to_end",
        "TxId": "transaction_id",
        "MndtId": "mandate",
    },
    "Amt": Amount("amount"),
    "CdtDbtInd": "side",
    "AmtDtls": _AMOUNTS,
    "Chrgs": _CHARGES,
    "BkTxCd": _CODE,
    "RltdPties": {
        "Dbtr": _party("debtor"),
        "DbtrAcct": _account("debtor_account"),
        "UltmtDbtr": {"Nm": "ultimate", "Pty": {"Nm": "ultimate"}},
        "Cdtr": _party("creditor"),
        "CdtrAcct": _account("creditor_account"),
    },
    "RltdAgts": {"DbtrAgt": _agent("debtor_bic"), "CdtrAgt": _agent("creditor_bic")},
    "Purp": {"Cd": "purpose"},
    "RmtInf": {
        "Ustrd": Each("lines"),
        "Strd": Each(
            "structured",
            {
                "CdtrRefInf": {"Tp": {"CdOrPrtry": {"Cd": "type"}, "Issr": "issuer"}, "Ref": "reference"},
                "AddtlRmtInf": Each("more"),
            },
        ),
    },
    "RltdDts": {"IntrBkSttlmDt": "settled"},  # AccptncDtTm is when our bank took the order, not the debit
    "RtrInf": Each("returned", {"Rsn": {"Cd": "reason", "Prtry": "reason"}, "AddtlInf": Each("text")}),
    "AddtlTxInf": "more",
}


_ENTRY: Plan = {
    "Amt": Amount("amount"),
    "CdtDbtInd": "side",
    "RvslInd": "reversal",
    "Sts": TextOr("status", "Cd"),  # a text until version 06, a code below it since
    "BookgDt": {"Dt": "booked", "DtTm": "booked"},
    "ValDt": {"Dt": "value", "DtTm": "value"},
    "AcctSvcrRef": "bank_reference",
    "BkTxCd": _CODE,
    "AmtDtls": _AMOUNTS,
    "Chrgs": _CHARGES,
    "NtryDtls": {"Btch": Each("batches", {"MsgId": "message", "PmtInfId": "block", "NbOfTxs": "count"})},
    "AddtlNtryInf": "more",
}


_TOTAL = {"NbOfNtries": "count", "Sum": "sum"}


_PAGE = {"PgNb": "page", "LastPgInd": "last_page"}


_HEADER: Plan = {
    "Id": "id",
    "StmtPgntn": _PAGE,
    "NtfctnPgntn": _PAGE,
    "ElctrncSeqNb": "electronic",
    "LglSeqNb": "legal",
    "CreDtTm": "created",
    "FrToDt": {"FrDtTm": "from", "ToDtTm": "to"},
    "CpyDplctInd": "copy",
    "Acct": {
        "Id": {"IBAN": "iban", "Othr": {"Id": "other"}},
        "Ccy": "currency",
        "Ownr": {"Nm": "holder"},
        "Svcr": _agent("bic"),
    },
    "Bal": Each(
        "balances",
        {"Tp": {"CdOrPrtry": {"Cd": "type"}}, "Amt": Amount("amount"), "CdtDbtInd": "side", "Dt": _DAY},
    ),
    "TxsSummry": {
        "TtlNtries": Each(
            "totals",
            {**_TOTAL, "TtlNetNtryAmt": "net", "CdtDbtInd": "side", "TtlNetNtry": {"Amt": "net", "CdtDbtInd": "side"}},
        ),
        "TtlCdtNtries": Each("credits", _TOTAL),
        "TtlDbtNtries": Each("debits", _TOTAL),
    },
}


_MESSAGE: Plan = {"MsgPgntn": _PAGE}


def read(path: Path) -> BankFile:
    """Return the statements of a CAMT file on disk, streamed; OSError where it cannot be opened."""
    with path.open("rb") as stream:
        return _read(stream, path.stat().st_size)


def parse(data: bytes) -> BankFile:
    """Return the statements in the bytes of a CAMT file, in file order; what is wrong stands in their faults."""
    return _read(BytesIO(data), len(data))


def identify(path: Path) -> bool:
    """Return whether the file begins like a camt.052, .053 or .054, by a few bytes; a 052 is refused when read."""
    return mentions(path, *(name.encode() for name in (_STATEMENT, _NOTIFICATION, _REPORT)))


def message_of(path: Path) -> str:
    """Return `camt.053`, `camt.054` or `camt.052`, by the file's first bytes."""
    if mentions(path, _NOTIFICATION.encode()):
        return "camt.054"
    return "camt.052" if mentions(path, _REPORT.encode()) else "camt.053"


def describe(bank_file: BankFile) -> list[tuple[str, str]]:
    """Return what is worth telling beside the statements' figures: batches, references, what came back and why."""
    tallies = [statement.tally for statement in bank_file.statements if statement.tally is not None]
    facts = [
        (label, str(count))
        for label, count in (
            (_("batches"), sum(tally.batches for tally in tallies)),
            (_("structured references"), sum(tally.references for tally in tallies)),
            (_("of them OGM"), sum(tally.ogm for tally in tallies)),
        )
        if count
    ]
    returns = Counter(reason for tally in tallies for reason in tally.returns)
    language = cast("Language", spoken())
    facts += [
        (_("returned {reason}").format(reason=reason), f"{count} ({reason_label(reason, language)})")
        for reason, count in returns.items()
    ]
    return facts


@paused()
def _read(stream: BinaryIO, size: int) -> BankFile:
    reader = _CamtReader()
    faults: list[Fault] = []
    try:
        source = reader.source = Elements(stream, size, _HANDLERS)
        for element in source:
            reader.take(element)
    except Unreadable as trouble:
        faults.append(trouble.fault)
    if not reader.known and not faults:
        faults.append(Fault(_("no camt.053 or camt.054 message found; check that the right file was chosen"), 1))
    faults += reader.faults
    if not reader.sheets and not faults:
        faults.append(Fault(_("the message holds no statement"), None, Severity.WARNING))
    statements = tuple(_finished(sheet, index) for index, sheet in enumerate(_joined(reader.sheets), 1))
    return BankFile(statements, tuple(faults))


class _Page(NamedTuple):
    number: int
    last: bool


@dataclass(slots=True, eq=False)
class _CamtPages:
    """One statement as the file gives it, or one page of it: the header's fields, movements, sums and faults."""

    notification: bool
    version: int
    header: Found = field(default_factory=dict)
    page: _Page | None = None
    pages: list[_Page] = field(default_factory=list)
    line: int = 0
    movements: list[Movement] = field(default_factory=list)
    faults: list[tuple[Severity, str, int | None]] = field(default_factory=list)
    told: Counter[Severity] = field(default_factory=Counter)
    odd: "Counter[_Oddity]" = field(default_factory=Counter)
    odd_lines: "dict[_Oddity, int]" = field(default_factory=dict)
    currency: str = ""
    own: str = ""
    day: date | None = None  # of the closing balance
    # Entries and signed sums as TxsSummry counts them: what is booked, and what is not (it may count both).
    entries: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    waiting_sums: Counter[str] = field(default_factory=Counter)
    details: int = 0
    batches: int = 0
    ogm: int = 0
    references: int = 0
    returns: list[str] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)

    def error(self, message: str, line: int | None = None) -> None:
        """Add a fault that refuses the statement."""
        self._tell(Severity.ERROR, message, line)

    def warn(self, message: str, line: int | None = None) -> None:
        """Add a fault that does not refuse the statement."""
        self._tell(Severity.WARNING, message, line)

    def _tell(self, severity: Severity, message: str, line: int | None) -> None:
        self.told[severity] += 1
        if self.told[severity] <= FAULTS_SHOWN:
            self.faults.append((severity, message, line))

    def note(self, oddity: "_Oddity", line: int, count: int = 1) -> None:
        """Count something odd that changes nothing; it is told once, with how often."""
        self.odd[oddity] += count
        self.odd_lines.setdefault(oddity, line)


# What is odd, for one and for several.
_Oddity = tuple[str, str]


_NO_STATUS = N_many(
    "{count} entry without a status (Sts), taken as booked", "{count} entries without a status (Sts), taken as booked"
)


_NOT_BOOKED = N_many(
    "{count} entry that is not booked yet (status other than BOOK), left out",
    "{count} entries that are not booked yet (status other than BOOK), left out",
)


_LONG = N_many(
    "{count} communication longer than the 140 characters of the standard",
    "{count} communications longer than the 140 characters of the standard",
)


_OLD_BIC = N_many(
    "{count} bank named by BIC where this version has BICFI", "{count} banks named by BIC where this version has BICFI"
)


_NOT_SPLIT = N_many(
    "{count} total whose details have no amounts of their own, taken as one",
    "{count} totals whose details have no amounts of their own, taken as one",
)


_NO_DAY = N_many(
    "{count} entry without a booking date, taken as booked on its value date, else on the closing day",
    "{count} entries without a booking date, taken as booked on their value date, else on the closing day",
)


class _Plans(NamedTuple):
    """The plans of what is wanted, in the namespace of a message."""

    detail: dict[str, Any]
    entry: dict[str, Any]
    header: dict[str, Any]
    message: dict[str, Any]


_Handler = Callable[["_CamtReader", Element], None]


class _CamtReader:
    """Takes the elements as they end: details, their entry, the statement, the message."""

    def __init__(self) -> None:
        self.sheets: list[_CamtPages] = []
        self.faults: list[Fault] = []
        self.known = False
        self.source: Elements | None = None
        self.version = 0
        self._names: dict[Any, tuple[_Handler, _Plans]] = {}
        self._sheet: _CamtPages | None = None
        self._details: list[Found] = []
        self._message: Found = {}
        self._plans: _Plans

    def take(self, element: Element) -> None:
        known = self._names.get(element.tag)
        if known is None:
            self._learn(element)
            known = self._names[element.tag]
        handler, self._plans = known
        handler(self, element)
        element.clear()

    def _learn(self, element: Element) -> None:
        """Learn names and plans in the namespace of this element; each message of a file may have its own."""
        namespace = namespace_of(str(element.tag))
        plans = _Plans(*(compiled(plan, namespace) for plan in (_DETAIL, _ENTRY, _HEADER, _MESSAGE)))
        self._names.update({namespace + name: (handler, plans) for name, handler in _HANDLERS.items()})
        self.version = self.version or version_of(namespace)

    def message(self, element: Element) -> None:
        """Take GrpHdr: the pages of what follows."""
        self._message = {}
        collect(element, self._plans.message, self._message)

    def detail(self, element: Element) -> None:
        """Take TxDtls, kept until its entry ends."""
        found: Found = {}
        collect(element, self._plans.detail, found)
        self._details.append(found)

    def entry(self, element: Element) -> None:
        """Take Ntry: a movement, or a total and its details."""
        details, self._details = self._details, []
        parent = element.getparent()
        if parent is None:
            return
        sheet = self._sheet
        if sheet is None:
            sheet = self._begin(parent)
        found: Found = {}
        collect(element, self._plans.entry, found)
        _enter(sheet, found, details, line_of(element))

    def statement(self, element: Element) -> None:
        """Take Stmt or Ntfctn, whose header is read when all of it is there."""
        sheet = self._sheet or self._begin(element)
        header: Found = {}
        collect(element, self._plans.header, header)
        sheet.header = header
        sheet.page = _page_of(header) or _page_of(self._message)
        self.sheets.append(sheet)
        self._sheet, self._details = None, []

    def other(self, element: Element) -> None:
        """Take the end of a message; a camt.052 is refused."""
        self.known = True
        self._sheet, self._details = None, []
        if str(element.tag).endswith(_REPORT):
            self.faults.append(
                Fault(
                    _("camt.052 is a report within the day, which the statement repeats; ask the bank for camt.053"),
                    line_of(element) or None,
                )
            )

    def _begin(self, element: Element) -> _CamtPages:
        head: Found = {}
        collect(element, self._plans.header, head)
        self.known = True
        if self.source is not None:  # several messages in a file may be of several versions
            self.version = version_of(self.source.namespace) or self.version
        sheet = self._sheet = _CamtPages(str(element.tag).endswith("Ntfctn"), self.version, line=line_of(element))
        sheet.currency = _currency(head)
        sheet.own = _compact(head.get("iban") or head.get("other") or "")
        closing = (each for each in head.get("balances", ()) if (each.get("type") or "").strip() == _CLOSING)
        sheet.day = next((belgian_day(each.get("day") or "") for each in closing), None)
        return sheet


_HANDLERS: dict[str, _Handler] = {
    "TxDtls": _CamtReader.detail,
    "Ntry": _CamtReader.entry,
    "Stmt": _CamtReader.statement,
    "Ntfctn": _CamtReader.statement,
    "GrpHdr": _CamtReader.message,
    _STATEMENT: _CamtReader.other,
    _NOTIFICATION: _CamtReader.other,
    _REPORT: _CamtReader.other,
}


def version_of(namespace: str) -> int:
    """Return the version of `urn:iso:std:iso:20022:tech:xsd:camt.053.001.08`, 8; 0 where it does not say."""
    match = re.search(r"camt\.05[0-9]\.[0-9]{3}\.([0-9]{2})", namespace)
    return int(match[1]) if match else 0


# Entries


class _CamtRow(NamedTuple):
    """The place of a movement, its days, signed cents and code of eight digits."""

    position: int
    parent: int | None
    booked: date
    value: date | None
    cents: int
    code: str


class _Parts(NamedTuple):
    """The details of an entry: movements, their shares where they add up, and the one that only announces them.

    `charges` are what the file says the bank kept of the entry, or added to it: the shares and they add up to it.
    """

    details: list[Found]
    shares: list[int] | None = None
    header: Found | None = None
    charges: int = 0


class _Entry(NamedTuple):
    found: Found
    cents: int
    credit: bool
    line: int
    block: str
    total: bool = False


def _enter(sheet: _CamtPages, entry: Found, details: list[Found], line: int) -> None:
    """Enter one entry into the sheet; only what is booked becomes movements."""
    credit = _is_credit(sheet, entry, line)
    cents = _entry_cents(sheet, entry, line)
    if not _counted(sheet, entry, cents, _CREDIT if credit else "DBIT", line):
        return
    sheet.details += len(details)
    sheet.returns += _reasons_of(details)
    if not credit:
        cents = -cents
    batches = entry.get("batches")
    block, count = _block(batches, details), _count(batches)
    parts = _parts(sheet, _Entry(entry, cents, credit, line, block), details)
    inside = len(parts.details)
    total = inside > 1 or count > max(1, inside) or (not inside and bool(block))
    sheet.batches += bool(batches)
    whole = _Entry(entry, cents, credit, line, block if total else "", total)
    if credit and (names := _names(entry, details, block)):
        sheet.named.append(Named(len(sheet.movements) + 1, names))
    if total and inside != 1:
        _add_total(sheet, whole, parts)
    else:  # a total with one detail says no more than a line
        _add_line(sheet, whole, parts)


def _counted(sheet: _CamtPages, entry: Found, cents: int, side: str, line: int) -> bool:
    """Return whether the entry is booked, and count it with those that are or with those that wait."""
    status = entry.get("status", "")
    if status not in ("", "BOOK"):
        sheet.waiting[side] += 1
        sheet.waiting_sums[side] += cents
        sheet.note(_NOT_BOOKED, line)
        return False
    if not status:
        sheet.note(_NO_STATUS, line)
    sheet.entries[side] += 1
    sheet.sums[side] += cents
    return True


def _reasons_of(details: Iterable[Found]) -> list[str]:
    return [
        reason
        for detail in details
        for each in detail.get("returned", ())
        if (reason := plain(each.get("reason") or ""))
    ]


def _parts(sheet: _CamtPages, entry: _Entry, details: list[Found]) -> _Parts:
    """Return the details with their shares, which are none where one has no amount or they do not add up."""
    charged = "charges" in entry.found or any("charges" in detail for detail in details)
    if not details:
        return _Parts(details, charges=entry.cents - _gross(entry.found, entry, entry.cents) if charged else 0)
    amounts = [_share(detail, entry) for detail in details]
    header = None
    if len(details) > 1 and amounts[0] is None and None not in amounts[1:]:
        header = details[0]  # Belfius begins a batch with one that only says what the batch is
        details, amounts = details[1:], amounts[1:]
        _references(sheet, header, entry.line)
    if charged and amounts == [None]:
        amounts = [entry.cents]  # the amounts stand with the entry
    shares = [amount for amount in amounts if amount is not None]
    whole = len(shares) == len(amounts) and sum(shares) == entry.cents
    if charged and len(shares) == len(amounts):
        return _with_charges(entry, _Parts(details, shares, header))
    return _Parts(details, shares if whole else None, header)


def _with_charges(entry: _Entry, parts: _Parts) -> _Parts:
    """Return details that have amounts with what the bank kept: they are gross, or the file says they are net of it."""
    details, shares = parts.details, parts.shares or []
    rest = entry.cents - sum(shares)
    if rest:
        return parts._replace(charges=rest) if rest in _charged(entry, details) else parts._replace(shares=None)
    # A charge of the entry is that of its only detail; of several, nobody could say whose.
    told = [{**entry.found, **details[0]}] if len(details) == 1 else details
    gross = [_gross(detail, entry, share) for detail, share in zip(told, shares, strict=True)]
    return parts._replace(shares=gross, charges=entry.cents - sum(gross))


def _charged(entry: _Entry, details: Iterable[Found]) -> set[int]:
    """Return what the charges of an entry and its details may come to, signed: a bank states them on either."""
    own = _charges(entry.found, entry)
    below = [sum(told) for told in zip(*(_charges(detail, entry) for detail in details), strict=True)]
    return {charge for told in zip(own, below, strict=True) for charge in (*told, sum(told))} - {0}


def _gross(told: Found, entry: _Entry, cents: int) -> int:
    """Return an amount before the charges stated with it, where the file says that it is net of them; else itself."""
    charges = set(_charges(told, entry)) - {0}
    stated = {_in_currency(told.get(name), _side(entry), entry) for name in _SHARES}
    for charge in sorted(charges):
        if cents - charge in stated:
            return cents - charge
    included = any((each.get("included") or "").strip() in ("true", "1") for each in _records(told))
    net_said = any(_in_currency(told.get(name), _side(entry), entry) == cents for name in _SHARES[1:])
    return cents - charges.pop() if included and len(charges) == 1 and not net_said else cents


def _records(found: Found) -> list[Found]:
    """Return the charges that an entry or a detail states, one by one."""
    return [each for block in found.get("charges", ()) for each in block.get("records", (block,))]


def _charges(found: Found, entry: _Entry) -> tuple[int, int]:
    """Return what charges come to, signed: one by one, and as the sums stated with them; what is only announced not."""
    told = [each for each in _records(found) if (each.get("included") or "").strip() not in ("false", "0")]
    single = (_in_currency(each.get("amount"), each.get("side") or "DBIT", entry) for each in told)
    sums = (_in_currency(each.get("total"), each.get("side") or "DBIT", entry) for each in found.get("charges", ()))
    return sum(one or 0 for one in single), sum(one or 0 for one in sums)


def _side(entry: _Entry) -> str:
    return _CREDIT if entry.credit else "DBIT"


def _in_currency(pair: tuple[str, str] | None, side: str, entry: _Entry) -> int | None:
    """Return signed cents of an amount; None where it is none, or in another currency than the entry."""
    if pair is None:
        return None
    currency = entry.found["amount"][1] if "amount" in entry.found else ""
    cents, trouble = _cents(pair[0])
    if trouble is not None or cents is None or (currency and pair[1] and pair[1] != currency):
        return None
    return cents if side.strip() == _CREDIT else -cents


def _add_line(sheet: _CamtPages, entry: _Entry, parts: _Parts) -> None:
    """Add the one movement of an entry that has no details, or one."""
    found, line = entry.found, entry.line
    code = _code_of(found, entry.credit)
    booked, value = _days(sheet, found, line)
    detail = parts.details[0] if parts.details else {}
    if parts.shares is None and "amount" in found:
        amount = _share(detail, entry)
        if amount is not None:
            sheet.warn(
                _("the detail of this entry is {detail}, the entry {entry}; the entry counts").format(
                    detail=_money(amount), entry=_money(entry.cents)
                ),
                line,
            )
    kind = "3" if parts.charges else "0" if not entry.total else "1" if entry.block else "2"
    row = _CamtRow(len(sheet.movements) + 1, None, booked, value, entry.cents, kind + code)
    sheet.movements.append(_movement(sheet, entry, detail, row))
    if parts.charges:  # as CODA has it: a line with details, the gross amount and what the bank kept of it
        gross = row._replace(position=row.position + 1, parent=row.position, cents=entry.cents - parts.charges)
        sheet.movements.append(Movement(*gross._replace(code=f"8{code[:4]}{GROSS}"), line=line))
        _add_charges(sheet, entry, row, "8", parts.charges)


def _add_charges(sheet: _CamtPages, entry: _Entry, total: _CamtRow, kind: str, cents: int) -> None:
    """Add what the bank kept of an entry as a detail of it; its category says what it is."""
    place = _CamtRow(len(sheet.movements) + 1, total.position, total.booked, total.value, cents, "")
    sheet.movements.append(Movement(*place._replace(code=f"{kind}{total.code[1:5]}{FEES}"), line=entry.line))


def _add_total(sheet: _CamtPages, entry: _Entry, parts: _Parts) -> None:
    """Add a total, and its details where they add up to it."""
    found, line = entry.found, entry.line
    movements = sheet.movements
    position = len(movements) + 1
    code = _code_of(found, entry.credit)
    booked, value = _days(sheet, found, line)
    kind, below = ("1", "5") if entry.block else ("2", "6")
    announced = " ".join(parts.header.get("lines", ())) if parts.header else ""
    movements.append(
        Movement(
            position,
            None,
            booked,
            value,
            entry.cents,
            kind + code,
            communication=_tidy(announced) or _tidy(found.get("more") or ""),
            reference=entry.block,
            bank_reference=plain(found.get("bank_reference") or ""),
            line=line,
        )
    )
    if parts.shares is None:
        _explain_unsplit(sheet, entry, parts.details)
        return
    for offset, (detail, share) in enumerate(zip(parts.details, parts.shares, strict=True), 1):
        own_code = _code_of(detail, share >= 0) if "proprietary" in detail or "domain" in detail else code
        row = _CamtRow(position + offset, position, booked, value, share, below + own_code)
        movements.append(_movement(sheet, entry, detail, row))
    if parts.charges:
        _add_charges(
            sheet, entry, _CamtRow(position, None, booked, value, entry.cents, kind + code), below, parts.charges
        )


def _explain_unsplit(sheet: _CamtPages, entry: _Entry, details: Sequence[Found]) -> None:
    """Say why the details of a total are no movements, and count their references."""
    if not details:
        return
    amounts = [_share(detail, entry) for detail in details]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        sheet.note(_NOT_SPLIT, entry.line)
    else:
        sheet.warn(
            _(
                "the details of this total add up to {details}, the total is {entry}: difference {difference}; "
                "the total counts, as one"
            ).format(
                details=_money(sum(known)), entry=_money(entry.cents), difference=_money(entry.cents - sum(known))
            ),
            entry.line,
        )
    for detail in details:
        _references(sheet, detail, entry.line)


def _movement(sheet: _CamtPages, entry: _Entry, detail: Found, row: _CamtRow) -> Movement:
    get = detail.get
    operation = row.code[1:5]
    back = "returned" in detail or (entry.found.get("reversal") or "").strip() in ("true", "1")
    returned = back or operation in _COLLECTION_RETURNS
    other = _other_side(sheet, detail, row.cents, returned)
    structured, communication = _communication(sheet, entry, detail, row.parent is None, other.name)
    executed = creditor = return_type = reason = None
    if operation[:2] == _DIRECT_DEBIT:
        executed = belgian_day(get("settled") or "")
        creditor = plain(get("creditor_id") or "") or None
    if returned:
        return_type, reason = _returned(get("returned"), operation, back)
    return Movement(
        *row,
        structured,
        communication,
        _tidy(other.name),
        _compact(other.account),
        _bic_of(sheet, detail, other.role, entry.line),
        entry.block if row.parent is None and entry.block else given_reference(get("end_to_end")),
        plain(get("bank_reference") or entry.found.get("bank_reference") or ""),
        given_reference(one_line(get("mandate") or "")) or None,
        creditor,
        executed,
        return_type,
        reason,
        plain(get("purpose") or "") or None,
        entry.line,
    )


class _OtherSide(NamedTuple):
    """The other side of a movement: as debtor or creditor, by name and account as written."""

    role: str
    name: str
    account: str


def _other_side(sheet: _CamtPages, detail: Found, cents: int, returned: bool) -> _OtherSide:
    """Return the party that is not the holder of the account.

    Money comes from a debtor and goes to a creditor; what comes back is told as it first went.
    """
    get = detail.get
    first, second = ("debtor", "creditor") if (cents >= 0) != returned else ("creditor", "debtor")
    account, other = get(first + "_account") or "", get(second + "_account") or ""
    if other and (_compact(account) == sheet.own if account else _compact(other) != sheet.own):
        return _OtherSide(second, get(second) or "", other)
    name = get(first) or ""
    if returned and not name and not account:
        name = get(second) or ""
    return _OtherSide(first, name, account)


def _communication(sheet: _CamtPages, entry: _Entry, detail: Found, alone: bool, name: str) -> tuple[str | None, str]:
    """Return the structured reference of a movement and its text; `alone`: it is the whole entry, `name` its party."""
    structured, text = None, ""
    if "structured" in detail or "lines" in detail:
        structured, text = _references(sheet, detail, entry.line)
    if not text and structured is None:
        text = _tidy(detail.get("more") or (entry.found.get("more") if alone else "") or "")
    if "ultimate" in detail and (ultimate := _tidy(detail["ultimate"])) and ultimate != name:
        text = ", ".join(part for part in (text, f"ultimate debtor {ultimate}") if part)
    return structured, text


def _bic_of(sheet: _CamtPages, detail: Found, role: str, line: int) -> str:
    """Return the BIC of a party's bank, under the name it has in this version or in the older ones."""
    bic = detail.get(role + "_bic")
    if bic is None:
        bic = detail.get(role + "_bic_v02") or ""
        if bic and sheet.version >= _FIRST_OF_BICFI:
            sheet.note(_OLD_BIC, line)
    return plain(str(bic))


def _returned(blocks: Iterable[Found] | None, operation: str, back: bool) -> tuple[str | None, str | None]:
    """Return R-type (2 return, 3 refund, 4 reversal) and reason as CODA writes them in communication 127."""
    block = next(iter(blocks), None) if blocks else None
    if block is None:
        if back:
            return "4", None
        return ("3" if operation == _REFUND else "2"), None
    reason = plain(block.get("reason") or "") or None
    told = _RETURN_KIND.search(" ".join(block.get("text", ())))
    kind = _RETURN_KINDS.get(told[1]) if told else None
    if kind is None:
        kind = "3" if operation == _REFUND or reason in _REFUND_REASONS else "2"
    return kind, reason


def _references(sheet: _CamtPages, detail: Found, line: int) -> tuple[str | None, str]:
    """Return the structured reference of a detail, and its text: what is no reference of ours to know stays text."""
    structured, texts = _structured(sheet, detail.get("structured", ()), line)
    lines = detail.get("lines")
    if not lines:
        return structured, _tidy(" ".join(texts)) if texts else ""
    text = _unstructured(sheet, lines, line)
    return structured, _tidy(" ".join((text, *texts)) if texts else text)


def _structured(sheet: _CamtPages, blocks: Iterable[Found], line: int) -> tuple[str | None, list[str]]:
    """Return the first reference we know among structured blocks, and the texts of all else."""
    structured = None
    texts: list[str] = []
    for block in blocks:
        reference = plain(block.get("reference") or "")
        if reference:
            kind, issuer = (block.get("type") or "").strip(), (block.get("issuer") or "").strip().upper()
            belgian = kind == "SCOR" and issuer in _BELGIAN
            sheet.references += 1
            sheet.ogm += belgian
            known = _creditor_reference(sheet, reference, belgian, line)
            if known is not None and structured is None:
                structured = known
            else:
                texts.append(reference)
        texts += block.get("more", ())
    return structured, texts


def _unstructured(sheet: _CamtPages, lines: Sequence[str], line: int) -> str:
    """Return the lines of a text as one: a full one goes on in the next."""
    for each in lines:
        if len(each) > _USTRD:
            sheet.note(_LONG, line)
    if len(lines) == 1:
        return lines[0]
    return "".join(each if len(each) == _USTRD else f"{each} " for each in lines)


def _creditor_reference(sheet: _CamtPages, reference: str, belgian: bool, line: int) -> str | None:
    digits = compact_ogm(reference)
    if belgian:
        if not valid_ogm(digits):
            sheet.warn(_("the structured communication fails modulo 97; match this line by hand"), line)
        return digits
    if reference[:2].upper() == "RF":
        compact = compact_rf(reference)
        if not valid_rf(compact):
            sheet.warn(_("the RF reference fails modulo 97; match this line by hand"), line)
        return compact
    return digits if valid_ogm(digits) else None


def _share(detail: Found, entry: _Entry) -> int | None:
    """Return the signed amount of a detail; None where it has none in the currency of the entry."""
    side = detail.get("side") or _side(entry)
    for name in _SHARES:
        cents = _in_currency(detail.get(name), side, entry)
        if cents is not None:
            return cents
    return None


def _block(batches: Sequence[Found] | None, details: Sequence[Found]) -> str:
    """Return PmtInfId of a collection: of the batch, or the one all its details name."""
    for batch in batches or ():
        if block := given_reference(batch.get("block")):
            return block
    named = {given_reference(detail.get("block")) for detail in details} if len(details) > 1 else set()
    return named.pop() if len(named) == 1 else ""


def _names(entry: Found, details: Sequence[Found], block: str) -> tuple[str, ...]:
    """Return the references by which the total of a collection may be named; none of what tells its debits itself."""
    if len(details) > 1 or any(detail.get("mandate") for detail in details):
        return ()
    if _code_of(entry, credit=True)[:4] not in _COLLECTED:
        return ()
    given = [block]
    for one in (*entry.get("batches", ()), *details):
        given += [given_reference(one.get(name)) for name in _NAMES]
    given.append(given_reference(entry.get("bank_reference")))
    return tuple(dict.fromkeys(name for name in given if name))


def _count(batches: Sequence[Found] | None) -> int:
    told = [batch.get("count", "").strip() for batch in batches or ()]
    return sum(int(count) for count in told if _is_number(count))


def _is_credit(sheet: _CamtPages, entry: Found, line: int) -> bool:
    side = (entry.get("side") or "").strip()
    if side not in (_CREDIT, "DBIT"):
        sheet.error(_("the entry does not say credit or debit (CdtDbtInd); ask the bank for the file again"), line)
    return side == _CREDIT


def _entry_cents(sheet: _CamtPages, entry: Found, line: int) -> int:
    pair = entry.get("amount")
    if pair is None:
        sheet.error(_("the entry has no amount (Amt); ask the bank for the file again"), line)
        return 0
    cents, trouble = _cents(pair[0])
    if trouble is not None:
        sheet.error(_(_OF_ENTRY[trouble]), line)
    if not sheet.currency:
        sheet.currency = pair[1]
    elif pair[1] != sheet.currency and pair[1]:
        sheet.error(
            _(
                "the entry is in {entry} and the account in {account}; ask the bank for the statement in one currency"
            ).format(entry=_shown(pair[1]), account=_shown(sheet.currency)),
            line,
        )
    return cents or 0


def _days(sheet: _CamtPages, entry: Found, line: int) -> tuple[date, date | None]:
    booked, value = belgian_day(entry.get("booked") or ""), belgian_day(entry.get("value") or "")
    if booked is not None:
        return booked, value
    instead = value or sheet.day
    if "booked" in entry or instead is None:
        sheet.error(_("the entry has no booking date that is a day (BookgDt); ask the bank for the file again"), line)
        return instead or date.min, value
    sheet.note(_NO_DAY, line)
    return instead, value


def _code_of(found: Found, credit: bool) -> str:
    get = found.get
    return _code(
        get("domain", ""),
        get("family", ""),
        get("subfamily", ""),
        get("proprietary", ""),
        get("issuer", ""),
        credit=credit,
    )


# What is the same on thousands of entries is worked out once.


@lru_cache(maxsize=4096)
def _code(domain: str, family: str, subfamily: str, proprietary: str, issuer: str, *, credit: bool) -> str:
    """Return family, transaction and category of CODA: the bank's own Belgian code, else by the ISO code."""
    digits = proprietary.strip()
    if issuer.strip().upper() in _BELGIAN and len(digits) in (7, 8) and digits.isascii() and digits.isdecimal():
        return digits[-7:]
    side = _CREDIT if credit else "DBIT"
    return iso_codes.operation(domain.strip(), family.strip(), subfamily.strip(), side) + "000"


class _Trouble(Enum):
    """A reason why an amount cannot be taken."""

    NO_NUMBER = auto()
    FRACTION = auto()
    NEGATIVE = auto()
    MISSING = auto()


_OF_ENTRY = {
    _Trouble.NO_NUMBER: N_(
        "the amount of the entry is no number with a decimal point; ask the bank for the file again"
    ),
    _Trouble.FRACTION: N_("the amount of the entry has a fraction of a cent; ask the bank for the file again"),
    _Trouble.NEGATIVE: N_(
        "the amount of the entry is negative, which the standard forbids; ask the bank for the file again"
    ),
}


_OF_BALANCE = {
    _Trouble.NO_NUMBER: N_("the balance {kind} is no number with a decimal point; ask the bank for the file again"),
    _Trouble.FRACTION: N_("the balance {kind} has a fraction of a cent; ask the bank for the file again"),
    _Trouble.NEGATIVE: N_(
        "the balance {kind} is negative, which the standard forbids; ask the bank for the file again"
    ),
    _Trouble.MISSING: N_("the balance {kind} is missing; ask the bank for the file again"),
}


@lru_cache(maxsize=4096)
def _cents(text: str) -> tuple[int | None, _Trouble | None]:
    """Return cents of an amount, and what is wrong with it; a third decimal is none where it is zero."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None, _Trouble.NO_NUMBER
    sign, units, decimals = match.groups("")
    if decimals[2:].strip("0"):
        return None, _Trouble.FRACTION
    cents = int(units) * 100 + int(decimals[:2].ljust(2, "0"))
    if sign == "-":
        return -cents, _Trouble.NEGATIVE
    return cents, None


def _compact(account: str) -> str:
    return "".join((account if account.isprintable() else one_line(account)).split())


def _tidy(text: str) -> str:
    return one_line(text)


def _money(cents: int) -> str:
    return str(to_decimal(cents))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16  # noqa: PLR2004 - more is no count


def _shown(currency: str) -> str:
    """Return a currency for a message, if it looks like one."""
    return currency if re.fullmatch("[A-Z]{3}", currency) else _("something else")


def _currency(header: Found) -> str:
    if currency := plain(header.get("currency") or ""):
        return currency
    return next((balance["amount"][1] for balance in header.get("balances", ()) if "amount" in balance), "")


# Statements


def _page_of(found: Found) -> _Page | None:
    number = (found.get("page") or "").strip()
    if not _is_number(number):
        return None
    return _Page(int(number), (found.get("last_page") or "").strip() in ("true", "1"))


def _joined(sheets: Iterable[_CamtPages]) -> list[_CamtPages]:
    """Return pages of one statement put together: same account, same identification, another page; in their order."""
    joined: list[list[_CamtPages]] = []
    paged: dict[tuple[str, str], list[list[_CamtPages]]] = {}
    for sheet in sheets:
        identification = (sheet.header.get("id") or "").strip()
        if sheet.page is None or not identification:
            joined.append([sheet])
            continue
        begun = paged.setdefault((sheet.own, identification), [])
        one = _begun_statement(sheet, begun)
        if one is None:
            one = []
            begun.append(one)
            joined.append(one)
        one.append(sheet)
    return [_put_together(one) for one in joined]


def _begun_statement(sheet: _CamtPages, begun: Iterable[list[_CamtPages]]) -> list[_CamtPages] | None:
    """Return the pages that a page belongs to: of those that lack it, the ones with its number; else the first."""
    assert sheet.page is not None
    lacking = [one for one in begun if sheet.page.number not in {each.page.number for each in one if each.page}]
    number = _sequence_of(sheet.header)
    return next((one for one in lacking if _sequence_of(one[0].header) == number), next(iter(lacking), None))


def _put_together(sheets: list[_CamtPages]) -> _CamtPages:
    """Return the first page of a statement, with all that the others hold."""
    first, *others = sorted(sheets, key=lambda sheet: sheet.page.number if sheet.page else 0)
    if first.page is not None:
        first.pages = [first.page]
    for sheet in others:
        _append(first, sheet)
    return first


def _append(first: _CamtPages, more: _CamtPages) -> None:
    assert more.page is not None
    first.pages.append(more.page)
    before = len(first.movements)
    first.named += [Named(one.position + before, one.references) for one in more.named]
    first.movements += [
        movement._replace(
            position=movement.position + before,
            parent=None if movement.parent is None else movement.parent + before,
        )
        for movement in more.movements
    ]
    first.faults += more.faults
    for oddity, count in more.odd.items():
        first.note(oddity, more.odd_lines[oddity], count)
    for name in ("entries", "sums", "waiting", "waiting_sums"):
        getattr(first, name).update(getattr(more, name))
    first.details += more.details
    first.batches += more.batches
    first.ogm += more.ogm
    first.references += more.references
    first.returns += more.returns
    balances = first.header.setdefault("balances", [])
    balances += more.header.get("balances", [])
    for name in ("totals", "credits", "debits"):  # each page repeats them for the whole, or the last one gives them
        first.header.setdefault(name, more.header.get(name, []))


def _finished(sheet: _CamtPages, index: int) -> Statement:
    """Return the statement of a sheet, after the checks that need all of it."""
    header = sheet.header
    opening, closing = _balances(sheet)
    _check(sheet, opening, closing)
    start, end = _ends(sheet, opening, closing)
    sequence = _sequence_of(header)
    statement = Statement(
        account=sheet.own,
        currency=sheet.currency,
        opening=0 if sheet.notification else start[0],
        opening_date=start[1],
        closing=0 if sheet.notification else end[0],
        closing_date=end[1],
        sequence=sequence[-3:].zfill(3) if _is_number(sequence) else "",
        movements=tuple(sheet.movements),
        holder=_tidy(header.get("holder") or ""),
        bic=plain(header.get("bic") or header.get("bic_v02") or ""),
        duplicate=(header.get("copy") or "").strip() in ("DUPL", "CODU"),
        details_only=sheet.notification,
        opened=opening is not None and not sheet.notification,
        closed=closing is not None and not sheet.notification,
        created=belgian_day(header.get("created") or ""),
        digest=_digest(sheet, opening, closing),
        kind=DocumentKind.CAMT,
        named=tuple(sheet.named),
        tally=Tally(sheet.details, sheet.batches, sheet.ogm, sheet.references, tuple(sheet.returns)),
        faults=_faults(sheet, index),
    )
    sheet.movements = []
    return statement


def _sequence_of(header: Found) -> str:
    """Return the bank's own number of a statement, as it stands there."""
    return (header.get("electronic") or header.get("legal") or "").strip()


_Balance = tuple[int, date | None]


def _check(sheet: _CamtPages, opening: _Balance | None, closing: _Balance | None) -> None:
    """Check balances, sums and account of a sheet, and tell what was odd in it."""
    if not sheet.notification:
        _check_balance(sheet, opening, closing)
    _check_totals(sheet)
    if not sheet.own:
        sheet.warn(_("the account has no IBAN or other number"), sheet.line)
    for oddity, count in sheet.odd.items():
        sheet.warn(many(*oddity, count).format(count=count), sheet.odd_lines[oddity])


def _ends(sheet: _CamtPages, opening: _Balance | None, closing: _Balance | None) -> tuple[_Balance, _Balance]:
    """Return where a statement begins and ends: its balances, else zero on the days it names or books on."""
    booked = [movement.booked for movement in sheet.movements]  # details on the day of their total
    from_day, to_day = (belgian_day(sheet.header.get(name) or "") for name in ("from", "to"))
    return (
        opening or (0, from_day or min(booked, default=None)),
        closing or (0, to_day or max(booked, default=None)),
    )


def _balances(sheet: _CamtPages) -> tuple[_Balance | None, _Balance | None]:
    """Return opening (OPBD, else PRCD) and closing (CLBD) balance: the first and the last that the statement gives.

    A page whose statement is not whole here begins and ends with interim balances (ITBD).
    """
    found: dict[str, list[_Balance]] = {}
    apart = _missing_pages(sheet) is not None
    wanted = (*_OPENINGS, _CLOSING, _INTERIM) if apart else (*_OPENINGS, _CLOSING)
    for balance in sheet.header.get("balances", ()):
        kind = (balance.get("type") or "").strip()
        if kind not in wanted:
            continue
        cents, trouble = _cents(balance["amount"][0]) if "amount" in balance else (None, _Trouble.MISSING)
        if trouble is not None or cents is None:
            sheet.error(_(_OF_BALANCE[trouble or _Trouble.MISSING]).format(kind=kind), sheet.line)
            continue
        signed = -cents if (balance.get("side") or "").strip() == "DBIT" else cents
        found.setdefault(kind, []).append((signed, belgian_day(balance.get("day") or "")))
    opening = next((found[kind][0] for kind in (*_OPENINGS, _INTERIM) if kind in found), None)
    return opening, next((found[kind][-1] for kind in (_CLOSING, _INTERIM) if kind in found), None)


def _check_balance(sheet: _CamtPages, opening: _Balance | None, closing: _Balance | None) -> None:
    net = sheet.sums[_CREDIT] - sheet.sums["DBIT"]
    difference = None if opening is None or closing is None else opening[0] + net - closing[0]
    _check_pages(sheet, whole=difference == 0)
    if opening is None:
        sheet.error(
            _("there is no opening balance (OPBD or PRCD); ask the bank for a statement with balances"), sheet.line
        )
    if closing is None:
        sheet.error(_("there is no closing balance (CLBD); ask the bank for a statement with balances"), sheet.line)
    if opening is not None and closing is not None and difference:
        sheet.error(
            _(
                "opening balance {opening} + entries {entries} is not the closing balance {closing}: difference "
                "{difference}; ask the bank for the file again"
            ).format(
                opening=_money(opening[0]),
                entries=_money(net),
                closing=_money(closing[0]),
                difference=_money(difference),
            ),
            sheet.line,
        )


def _check_pages(sheet: _CamtPages, *, whole: bool) -> None:
    """Say which page is missing: an error, unless the message alone lacks it and the statement is `whole`."""
    missing = _missing_pages(sheet)
    if missing is None:
        return
    numbers = {page.number for page in sheet.pages}
    together = max(numbers) - min(numbers) + 1 == len(numbers)
    interim = any((each.get("type") or "").strip() == _INTERIM for each in sheet.header.get("balances", ()))
    if not (whole and together and (interim or len(sheet.pages) == 1)):
        if missing.beyond:
            message = _(
                "what follows page {page} of this statement is not here; import all its pages with one command, or "
                "ask the bank for it whole"
            )
        else:
            message = _(
                "page {page} of this statement is not here; import all its pages with one command, or ask the bank for "
                "it whole"
            )
        sheet.error(message.format(page=missing.page), sheet.line)
        return
    if interim and missing.beyond:
        message = _(
            "what follows page {page} of this statement is not here; the interim balances prove what is; import the "
            "other pages too"
        )
    elif interim:
        message = _(
            "page {page} of this statement is not here; the interim balances prove what is; import the other pages too"
        )
    elif missing.beyond:
        message = _("what follows page {page} of this message is not in the file; this statement is whole in itself")
    else:
        message = _("page {page} of this message is not in the file; this statement is whole in itself")
    sheet.warn(message.format(page=missing.page), sheet.line)


class _Missing(NamedTuple):
    """A page that is not there; with `beyond` what follows it."""

    page: int
    beyond: bool


def _missing_pages(sheet: _CamtPages) -> _Missing | None:
    """Return which page is not there; None where all are."""
    if not sheet.pages:
        return None
    numbers = {page.number for page in sheet.pages}
    highest = max(numbers)
    for number in range(1, min(highest, len(numbers) + 1)):
        if number not in numbers:
            return _Missing(number, beyond=False)
    if not any(page.last for page in sheet.pages if page.number == highest):
        return _Missing(highest, beyond=True)
    return None


class _Announced(NamedTuple):
    """The faults of a part of TxsSummry that is not what the statement holds: its number and its sum."""

    number: str
    sum: str


_ANNOUNCED = {
    "totals": _Announced(
        N_(
            "the summary (TxsSummry) announces {announced} entries, the statement holds {count}; ask the bank for the "
            "file again"
        ),
        N_(
            "the summary (TxsSummry) announces entries of {announced}, the statement holds {total}: difference "
            "{difference}; ask the bank for the file again"
        ),
    ),
    "credits": _Announced(
        N_(
            "the summary (TxsSummry) announces {announced} credits, the statement holds {count}; ask the bank for the "
            "file again"
        ),
        N_(
            "the summary (TxsSummry) announces credits of {announced}, the statement holds {total}: difference "
            "{difference}; ask the bank for the file again"
        ),
    ),
    "debits": _Announced(
        N_(
            "the summary (TxsSummry) announces {announced} debits, the statement holds {count}; ask the bank for the "
            "file again"
        ),
        N_(
            "the summary (TxsSummry) announces debits of {announced}, the statement holds {total}: difference "
            "{difference}; ask the bank for the file again"
        ),
    ),
}


_NET_ANNOUNCED = N_(
    "the summary (TxsSummry) announces a net of {announced}, the statement holds {total}: difference {difference}; ask "
    "the bank for the file again"
)


def _check_totals(sheet: _CamtPages) -> None:
    """Hold TxsSummry against the entries; a bank may count those that are not booked yet, or not."""
    if _missing_pages(sheet):
        return
    sides: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("totals", (_CREDIT, "DBIT")),
        ("credits", (_CREDIT,)),
        ("debits", ("DBIT",)),
    )
    for name, of in sides:
        words = _ANNOUNCED[name]
        for block in _totals_of(sheet, name):
            counts = _both(sheet.entries, sheet.waiting, of)
            told = (block.get("count") or "").strip()
            if _is_number(told) and int(told) not in counts:
                sheet.error(_(words.number).format(announced=int(told), count=counts[0]), sheet.line)
            _check_sum(sheet, block.get("sum"), _both(sheet.sums, sheet.waiting_sums, of), words.sum)
    for block in _totals_of(sheet, "totals"):
        net = block.get("net")
        if isinstance(net, str) and (block.get("side") or "").strip() == "DBIT":
            net = f"-{net.strip()}"
        booked = sheet.sums[_CREDIT] - sheet.sums["DBIT"]
        waiting = sheet.waiting_sums[_CREDIT] - sheet.waiting_sums["DBIT"]
        _check_sum(sheet, net, (booked, booked + waiting), _NET_ANNOUNCED)


def _totals_of(sheet: _CamtPages, name: str) -> list[Found]:
    """Return the blocks of that name in the header of a statement."""
    return list(sheet.header.get(name, ()))


def _both(booked: Counter[str], waiting: Counter[str], sides: Iterable[str]) -> tuple[int, int]:
    alone = sum(booked[side] for side in sides)
    return alone, alone + sum(waiting[side] for side in sides)


def _check_sum(sheet: _CamtPages, told: str | None, found: tuple[int, int], message: str) -> None:
    if told is None:
        return
    cents, _trouble = _cents(told)
    if cents is None or cents in found:
        return
    figures = {"announced": _money(cents), "total": _money(found[0]), "difference": _money(cents - found[0])}
    sheet.error(_(message).format(**figures), sheet.line)


def _digest(sheet: _CamtPages, opening: _Balance | None, closing: _Balance | None) -> str:
    """Return the SHA-256 of what a statement says, not of how: the same one sent again has the same."""
    hashed = hashlib.sha256()
    hashed.update(repr((sheet.notification, sheet.own, sheet.currency, opening, closing)).encode())
    for each in sheet.movements:
        hashed.update(
            "\x1f".join(
                (
                    f"{each.parent}|{each.booked.toordinal()}|{each.cents}|{each.code}",
                    each.structured or "",
                    each.communication,
                    each.name,
                    each.account,
                    each.reference,
                    each.bank_reference,
                    each.mandate or "",
                )
            ).encode("utf-8", "surrogatepass")
        )
    return hashed.hexdigest()


def _faults(sheet: _CamtPages, index: int) -> tuple[Fault, ...]:
    return tuple(Fault(message, line or None, severity, index) for severity, message, line in sheet.faults)
