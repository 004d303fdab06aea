"""Writes camt.053 and camt.054 messages of invented people, for tests and benchmarks; version 02 as banks have sent for
years, 08 as they send now. `message` streams text, so that a large file need not be held."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

ACCOUNT = "BE68539007547034"


@dataclass(frozen=True)
class Tx:
    """One TxDtls."""

    cents: int | None = None
    name: str = "Personne Exemple"
    account: str = "BE02000000000101"
    end_to_end: str = ""
    mandate: str = ""
    ogm: str = ""
    lines: tuple[str, ...] = ()
    reason: str = ""
    returned: str = ""
    settled: date | None = None
    purpose: str = ""
    creditor_id: str = ""


@dataclass(frozen=True)
class Ntry:
    """One Ntry; `code` are the seven digits of BBA, `iso` domain, family and sub-family."""

    cents: int
    day: date = date(2025, 3, 14)
    details: tuple[Tx, ...] = ()
    code: str = "0150000"
    iso: tuple[str, str, str] = ("PMNT", "RCDT", "ESCT")
    block: str = ""
    count: int = 0
    status: str = "BOOK"
    reference: str = ""
    reversal: bool = False
    amount: str | None = None
    text: str = ""


@dataclass(frozen=True)
class Stmt:
    """One statement; the closing balance follows from the entries, unless `closing` says otherwise."""

    entries: Iterable[Ntry]
    opening: int | None = 0
    closing: int | None = None
    id: str = "STMT-1"
    account: str = ACCOUNT
    sequence: str = "73"
    day: date = date(2025, 3, 14)
    currency: str = "EUR"
    copy: str = ""
    summary: str = ""
    net: int | None = None
    balances: bool = True


def amount(cents: int) -> str:
    return f"{abs(cents) // 100}.{abs(cents) % 100:02d}"


def side(cents: int) -> str:
    return "DBIT" if cents < 0 else "CRDT"


def message(
    statements: Iterable[Stmt], version: str = "02", kind: str = "053", page: tuple[int, bool] | None = None
) -> Iterator[str]:
    """The XML of one message, in pieces."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}">\n'
    yield from body(statements, version, kind, page)
    yield "</Document>\n"


def body(
    statements: Iterable[Stmt], version: str = "02", kind: str = "053", page: tuple[int, bool] | None = None
) -> Iterator[str]:
    """What stands in a document."""
    root = "BkToCstmrStmt" if kind == "053" else "BkToCstmrDbtCdtNtfctn"
    pages = f"<MsgPgntn><PgNb>{page[0]}</PgNb><LastPgInd>{str(page[1]).lower()}</LastPgInd></MsgPgntn>" if page else ""
    yield f"<{root}>\n<GrpHdr><MsgId>MSG-1</MsgId><CreDtTm>2025-03-15T01:00:00</CreDtTm>{pages}</GrpHdr>\n"
    for statement in statements:
        yield from _statement(statement, version, kind)
    yield f"</{root}>\n"


def encode(
    statements: Iterable[Stmt], version: str = "02", kind: str = "053", page: tuple[int, bool] | None = None
) -> bytes:
    return "".join(message(statements, version, kind, page)).encode()


def _statement(statement: Stmt, version: str, kind: str) -> Iterator[str]:
    tag = "Stmt" if kind == "053" else "Ntfctn"
    bic = "BIC" if version == "02" else "BICFI"
    copy = f"<CpyDplctInd>{statement.copy}</CpyDplctInd>" if statement.copy else ""
    yield (
        f"<{tag}><Id>{statement.id}</Id><ElctrncSeqNb>{statement.sequence}</ElctrncSeqNb>"
        f"<CreDtTm>2025-03-15T01:00:00</CreDtTm>{copy}<Acct><Id><IBAN>{statement.account}</IBAN></Id>"
        f"<Ccy>{statement.currency}</Ccy><Ownr><Nm>Fondation Exemple</Nm></Ownr>"
        f"<Svcr><FinInstnId><{bic}>KREDBEBB</{bic}></FinInstnId></Svcr></Acct>\n"
    )
    entries = statement.entries
    if kind == "053" and statement.balances:
        if statement.net is None:
            entries = list(entries)
        net = statement.net
        if net is None:
            net = sum(each.cents for each in entries if each.status == "BOOK")
        opening = statement.opening
        closing = statement.closing if statement.closing is not None else (opening or 0) + net
        if opening is not None:
            yield _balance("OPBD", opening, statement)
        yield _balance("CLBD", closing, statement)
    yield statement.summary
    for entry in entries:
        yield _entry(entry, version, statement.currency)
    yield f"</{tag}>\n"


def _balance(kind: str, cents: int, statement: Stmt) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{statement.currency}">{amount(cents)}</Amt>'
        f"<CdtDbtInd>{side(cents)}</CdtDbtInd><Dt><Dt>{statement.day}</Dt></Dt></Bal>\n"
    )


def _entry(entry: Ntry, version: str, currency: str) -> str:
    status = entry.status
    if status and version >= "07":
        status = f"<Cd>{status}</Cd>"
    domain, family, subfamily = entry.iso
    proprietary = f"<Prtry><Cd>{entry.code}</Cd><Issr>BBA</Issr></Prtry>" if entry.code else ""
    parts = [
        "<Ntry>\n",
        f' <Amt Ccy="{currency}">{amount(entry.cents) if entry.amount is None else entry.amount}</Amt>\n'
        if entry.amount != ""
        else "",
        f" <CdtDbtInd>{side(entry.cents)}</CdtDbtInd>\n",
        f" <RvslInd>{str(entry.reversal).lower()}</RvslInd>\n",
        f" <Sts>{status}</Sts>\n" if status else "",
        f" <BookgDt><Dt>{entry.day}</Dt></BookgDt>\n <ValDt><Dt>{entry.day}</Dt></ValDt>\n",
        f" <AcctSvcrRef>{entry.reference}</AcctSvcrRef>\n" if entry.reference else "",
        f" <BkTxCd>\n  <Domn><Cd>{domain}</Cd>",
        f"<Fmly><Cd>{family}</Cd><SubFmlyCd>{subfamily}</SubFmlyCd></Fmly></Domn>\n",
        f"  {proprietary}\n </BkTxCd>\n",
    ]
    if entry.details or entry.block or entry.count:
        parts.append(" <NtryDtls>\n")
        if entry.block or entry.count:
            block = f"<PmtInfId>{entry.block}</PmtInfId>" if entry.block else ""
            parts.append(f"  <Btch>{block}<NbOfTxs>{entry.count or len(entry.details)}</NbOfTxs></Btch>\n")
        parts += [_detail(detail, entry, version, currency) for detail in entry.details]
        parts.append(" </NtryDtls>\n")
    if entry.text:
        parts.append(f" <AddtlNtryInf>{escape(entry.text)}</AddtlNtryInf>\n")
    parts.append("</Ntry>\n")
    return "".join(parts)


def _detail(detail: Tx, entry: Ntry, version: str, currency: str) -> str:
    bic = "BIC" if version == "02" else "BICFI"
    cents = detail.cents
    parts = ["  <TxDtls>\n   <Refs>\n"]
    parts.append(f"    <EndToEndId>{escape(detail.end_to_end or 'NOTPROVIDED')}</EndToEndId>\n")
    if detail.mandate:
        parts.append(f"    <MndtId>{escape(detail.mandate)}</MndtId>\n")
    parts.append("   </Refs>\n")
    if cents is not None:
        if version == "02":
            parts.append(f'   <AmtDtls><TxAmt><Amt Ccy="{currency}">{amount(cents)}</Amt></TxAmt></AmtDtls>\n')
        else:
            parts.append(f'   <Amt Ccy="{currency}">{amount(cents)}</Amt>\n   <CdtDbtInd>{side(cents)}</CdtDbtInd>\n')
    # Who pays and who is paid, as the payment first went.
    came_back = bool(detail.reason) or entry.code[:4] in ("0503", "0505")
    role = "Dbtr" if (entry.cents >= 0) != came_back else "Cdtr"
    name = f"<Nm>{escape(detail.name)}</Nm><PstlAdr><Ctry>BE</Ctry><AdrLine>Rue Exemple 1</AdrLine></PstlAdr>"
    party = name if version < "07" else f"<Pty>{name}</Pty>"
    creditor = ""
    if detail.creditor_id and role == "Dbtr":
        who = f"<Nm>Fondation Exemple</Nm><Id><PrvtId><Othr><Id>{detail.creditor_id}</Id></Othr></PrvtId></Id>"
        creditor = f"    <Cdtr>{who if version < '07' else f'<Pty>{who}</Pty>'}</Cdtr>\n"
    parts.append(
        f"   <RltdPties>\n    <{role}>{party}</{role}>\n"
        f"    <{role}Acct><Id><IBAN>{detail.account}</IBAN></Id></{role}Acct>\n{creditor}   </RltdPties>\n"
        f"   <RltdAgts><{role}Agt><FinInstnId><{bic}>GEBABEBB</{bic}></FinInstnId></{role}Agt></RltdAgts>\n"
    )
    if detail.purpose:
        parts.append(f"   <Purp><Cd>{detail.purpose}</Cd></Purp>\n")
    remittance = "".join(f"<Ustrd>{escape(line)}</Ustrd>" for line in detail.lines)
    if detail.ogm:
        remittance += (
            "<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry><Issr>BBA</Issr></Tp>"
            f"<Ref>{detail.ogm}</Ref></CdtrRefInf></Strd>"
        )
    if remittance:
        parts.append(f"   <RmtInf>{remittance}</RmtInf>\n")
    if detail.settled:
        parts.append(f"   <RltdDts><IntrBkSttlmDt>{detail.settled}</IntrBkSttlmDt></RltdDts>\n")
    if detail.reason:
        told = f"<AddtlInf>{detail.returned}</AddtlInf>" if detail.returned else ""
        parts.append(f"   <RtrInf><Rsn><Cd>{detail.reason}</Cd></Rsn>{told}</RtrInf>\n")
    parts.append("  </TxDtls>\n")
    return "".join(parts)
