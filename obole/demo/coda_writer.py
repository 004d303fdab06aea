"""A strict writer of CODA 2.6 statements: counts, totals and balances come out right or nothing is written.

Positions of fields are those of Febelfin's standard (Standard CODA 2.6, 1-based in its tables). A statement is
one logical file of one account; a movement is a `Line`, a globalised one a total with its details. Text is
windows-1252. A field that is too long or holds a letter the bank could not send is a ValueError, never cut in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

RECORD = 128
ENCODING = "cp1252"
_COMMUNICATION = 53 + 53 + 43  # positions in records 2.1, 2.2 and 2.3
_WRAP = 10_000  # after sequence 9999 comes 0000


class CodaLine(NamedTuple):
    """One movement as the bank shows it.

    cents        credits positive
    code         transaction code of eight digits
    communication  free text up to 149 characters; or, with `structured` (a type such as "101" or "127"), its content
    reference    EndToEndId; the PmtInfId of a collection's total
    street, locality  where given, an information record 001 with the counterparty's address follows
    """

    cents: int
    code: str
    communication: str = ""
    structured: str = ""
    name: str = ""
    iban: str = ""
    bic: str = ""
    reference: str = ""
    value: date | None = None
    return_type: str = ""
    reason: str = ""
    purpose: str = ""
    street: str = ""
    locality: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """The account of the statements: Belgian IBAN, its description, and who holds it at which bank."""

    iban: str
    description: str
    name: str
    bic: str
    enterprise_number: str
    bank: str = "000"


def direct_debit(
    settled: date,
    creditor: str,
    mandate: str,
    *,
    sequence: str = "1",
    paid: str = "0",
    text: str = "",
    r: str = "0",
    reason: str = "",
) -> str:
    """Return the content of a structured communication 127 (type 1 recurrent, 3 first; paid 0, else why not)."""
    return f"{settled:%d%m%y}{sequence}1{paid}{creditor:<35}{mandate:<35}{text:<62}{r}{reason:<4}"


def header_record(
    day: date, file: str, holder: Holder, *, duplicate: bool = False, application: str = "00000", version: str = "2"
) -> str:
    """Return record 0. `file` is the bank's reference of it; an `application` other than 00000 brings details only."""
    copy = "D" if duplicate else " "
    return (
        f"00000{day:%d%m%y}{holder.bank}05{copy}{'':7}{file:<10}{holder.name:<26}{holder.bic:<11}"
        f"0{holder.enterprise_number} {application}{'':39}{version}"
    )


def old_balance_record(holder: Holder, paper: str, cents: int, day: date, *, currency: str = "EUR") -> str:
    """Return record 1: the balance before the statement of this number."""
    return (
        f"12{paper}{holder.iban:<34}{currency}{signed(cents)}{day:%d%m%y}{holder.name:<26}"
        f"{holder.description:<35}{paper}"
    )


def new_balance_record(holder: Holder, paper: str, cents: int, day: date, *, currency: str = "EUR") -> str:
    """Return record 8: the balance after the statement of this number."""
    return f"8{paper}{holder.iban:<34}{currency}{signed(cents)}{day:%d%m%y}{'':64}0"


def trailer_record(records: int, debits: int, credits_: int, *, last: bool = True) -> str:
    """Return record 9: how many records 1, 2, 3 and 8 there are, and the sums of the movements in cents."""
    return f"9{'':15}{records:06d}{_amount(debits)}{_amount(credits_)}{'':75}{'2' if last else '1'}"


class StatementWriter:
    """Collects the movements of one account and one day; `encoded` gives the file."""

    def __init__(self, holder: Holder, sequence: int, opening: int, opened: date, booked: date) -> None:
        self.holder = holder
        self.sequence = sequence
        self.opening = opening
        self.closing = opening
        self.booked = booked
        self.position = 0
        self._opened = opened
        self._movement = 0
        self._credits = 0
        self._debits = 0
        self._day = f"{booked:%d%m%y}"
        self._tag = f"{holder.iban[-4:]}{booked:%y%m%d}"
        self._paper = f"{sequence:03d}"
        self._records: list[str] = []

    def add(self, line: CodaLine) -> int:
        """Write a simple movement (or a total that comes without details); its position, from 1."""
        self._book(line.cents)
        detail = 0
        self._write(line, detail, "1" if line.code[0] in "12" else "0")
        if line.street or line.locality:
            self._address(line, detail + 1)
        return self.position

    def add_total(self, total: CodaLine, details: Sequence[CodaLine]) -> int:
        """Write a globalised total followed by its details, whose cents must sum to it; the total's position."""
        if sum(detail.cents for detail in details) != total.cents:
            raise ValueError(f"statement {self.sequence}: the details do not sum to the total of {total.cents} cents")
        if len(details) >= _WRAP:
            raise ValueError(
                f"statement {self.sequence}: {len(details)} details; four digits count them, split the total"
            )
        self._book(total.cents)
        self._write(total, 0, "1")
        position = self.position
        last = len(details)
        for number, detail in enumerate(details, 1):
            self._write(detail, number, "1" if number == last else "0")
        return position

    def encoded(self) -> bytes:
        """Return the logical file: records of 128 characters, CR LF."""
        head = header_record(self.booked, self._tag, self.holder)
        old = old_balance_record(self.holder, self._paper, self.opening, self._opened)
        new = new_balance_record(self.holder, self._paper, self.closing, self.booked)
        trailer = trailer_record(len(self._records) + 2, self._debits, self._credits)
        records = [head, old, *self._records, new, trailer]
        for record in records:
            if len(record) != RECORD:
                raise ValueError(
                    f"statement {self.sequence}: a record of {len(record)} characters, a field is too long"
                )
        return ("\r\n".join(records) + "\r\n").encode(ENCODING)

    def _book(self, cents: int) -> None:
        self._movement += 1
        self.closing += cents
        if cents < 0:
            self._debits -= cents
        else:
            self._credits += cents

    def _write(self, line: CodaLine, detail: int, globalised: str) -> None:
        self.position += 1
        mark = f"{self._movement % _WRAP:04d}{detail:04d}"
        linked = "1" if line.street or line.locality else "0"
        text = f"{line.structured}{line.communication}".ljust(_COMMUNICATION)
        if len(text) > _COMMUNICATION:
            raise ValueError(f"statement {self.sequence}: a communication of more than {_COMMUNICATION} characters")
        kind = "1" if line.structured else "0"
        value = f"{line.value:%d%m%y}" if line.value else self._day
        bank_reference = f"{self._tag}{self._movement:06d}{detail:05d}"
        amount, booked = signed(line.cents), f"{self._day}{self._paper}{globalised}"
        returned = f"{line.return_type:1}{line.reason:<4}"
        self._records += (
            f"21{mark}{bank_reference}{amount}{value}{line.code}{kind}{text[:53]}{booked}1 0",
            f"22{mark}{text[53:106]}{line.reference:<35}{line.bic:<11}   {returned}    {line.purpose:<4}1 0",
            f"23{mark}{line.iban:<37}{line.name:<35}{text[106:]}0 {linked}",
        )

    def _address(self, line: CodaLine, detail: int) -> None:
        mark = f"{self._movement % _WRAP:04d}{detail:04d}"
        bank_reference = f"{self._tag}{self._movement:06d}{0:05d}"
        self._records += (
            f"31{mark}{bank_reference}{line.code}1001{line.name:<70}{'':12}1 0",
            f"32{mark}{line.street:<35}{line.locality:<35}{'':35}{'':10}0 0",
        )


def _amount(cents: int) -> str:
    return f"{cents:014d}0"  # twelve digits of euros, three decimals


def signed(cents: int) -> str:
    """Return an amount as the records have it: 0 for a credit and 1 for a debit, twelve digits, three decimals."""
    return f"{'1' if cents < 0 else '0'}{abs(cents):014d}0"
