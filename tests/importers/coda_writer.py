"""CODA files for the tests: what frames a statement as the demonstration's writer has it, and movements as banks vary.

`statement` adds up what it is given; a test changes the records, so that they are wrong in one place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from obole.demo.coda_writer import (
    Holder,
    direct_debit,
    header_record,
    new_balance_record,
    old_balance_record,
    signed,
    trailer_record,
)

IBAN = "BE47435000000080"  # the example account of the standard


class Line(NamedTuple):
    """One amount to write, with what its records 2.2 and 2.3 say and the details it is split into."""

    cents: int
    code: str = "00150000"
    communication: str = ""
    structured: bool = False
    reference: str = ""
    bic: str = ""
    tail: str = ""  # positions 110-125 of record 2.2
    account: str = ""
    name: str = ""
    day: date = date(2025, 3, 14)
    value: date | None = date(2025, 3, 14)
    bank_reference: str = "REFERENCE OF THE BANK"
    information: Sequence[str] = ()  # text of records 3.1, from position 40 on
    details: Sequence["Line"] = ()


HOLDER = Holder(IBAN, "", "FONDATION DE L'EXEMPLE", "KREDBEBB", "0123456749", "725")


def ddmmyy(day: date | None) -> str:
    return day.strftime("%d%m%y") if day else "000000"


def record(*fields: tuple[int, str]) -> str:
    """A record of 128 characters from (position of the first character, text)."""
    line = [" "] * 128
    for position, text in fields:
        line[position - 1 : position - 1 + len(text)] = text
    assert len(line) == 128, "a field runs over the end of the record"
    return "".join(line)


def header(day: date = date(2025, 3, 14), **changes: Any) -> str:
    return header_record(day, "FILE000001", HOLDER, **changes)


def old_balance(cents: int, day: date = date(2025, 3, 13), sequence: str = "073", account: str = IBAN, currency="EUR"):
    return old_balance_record(replace(HOLDER, iban=account), sequence, cents, day, currency=currency)


def new_balance(cents: int, day: date = date(2025, 3, 14), sequence: str = "073", account: str = IBAN, currency="EUR"):
    return new_balance_record(replace(HOLDER, iban=account), sequence, cents, day, currency=currency)


trailer = trailer_record


def movement(number: int, detail: int, line: Line) -> list[str]:
    """Records 2.1 to 2.3 and 3.1 of one line; records 3.1 take the next detail numbers."""
    place = f"{number % 10000:04d}{detail % 10000:04d}"
    text = f"{line.communication:<149}"
    assert len(text) == 149, "the communication is longer than the three records hold"
    second = bool(text[53:106].strip() or line.reference or line.bic or line.tail)
    third = bool(text[106:].strip() or line.account or line.name)
    lines = [
        record(
            (1, "21" + place),
            (11, f"{line.bank_reference[:21]:<21}"),
            (32, signed(line.cents)),
            (48, ddmmyy(line.value)),
            (54, line.code),
            (62, "1" if line.structured else "0"),
            (63, text[:53]),
            (116, ddmmyy(line.day)),
            (122, "0730"),
            (126, "1 " if second or third else "0 "),
            (128, "1" if line.information else "0"),
        )
    ]
    if second:
        lines.append(
            record(
                (1, "22" + place),
                (11, text[53:106]),
                (64, line.reference),
                (99, line.bic),
                (110, line.tail),
                (126, "1 " if third else "0 "),
                (128, "1" if line.information else "0"),
            )
        )
    if third:
        lines.append(
            record(
                (1, "23" + place),
                (11, line.account),
                (48, line.name[:35]),
                (83, text[106:]),
                (126, "0 "),
                (128, "1" if line.information else "0"),
            )
        )
    for offset, information in enumerate(line.information, 1):
        number_of = f"{number % 10000:04d}{(detail + offset) % 10000:04d}"
        lines.append(
            record(
                (1, "31" + number_of),
                (11, f"{line.bank_reference[:21]:<21}"),
                (32, line.code),
                (40, information),
                (126, "0 "),
                (128, "1" if offset < len(line.information) else "0"),
            )
        )
    return lines


def body(lines: Iterable[Line]) -> list[str]:
    """The records of these lines and their details, numbered as a bank does."""
    records: list[str] = []
    for number, line in enumerate(lines, 1):
        detail = 0
        for part in (line, *line.details):
            records += movement(number, detail, part)
            detail += 1 + len(part.information)
    return records


def statement(
    lines: Sequence[Line],
    opening: int = 100_00,
    day: date = date(2025, 3, 14),
    sequence: str = "073",
    *,
    account: str = IBAN,
    last: bool = True,
) -> list[str]:
    """A whole logical file whose balances and totals are right."""
    debits = -sum(line.cents for line in lines if line.cents < 0)
    credits_ = sum(line.cents for line in lines if line.cents > 0)
    records = body(lines)
    return [
        header(day),
        old_balance(opening, day, sequence, account),
        *records,
        new_balance(opening + credits_ - debits, day, sequence, account),
        trailer(len(records) + 2, debits, credits_, last=last),
    ]


def debit_text(
    mandate: str,
    communication: str = "",
    settled: date = date(2025, 3, 14),
    *,
    paid: str = "0",
    return_type: str = "0",
    reason: str = "",
    creditor: str = "BE68ZZZ0123456749",
) -> str:
    """The 149 characters of a structured communication 127."""
    return "127" + direct_debit(
        settled, creditor, mandate, sequence="1", paid=paid, text=communication, r=return_type, reason=reason
    )


def ogm(serial: int) -> str:
    base = f"{serial:010d}"
    return f"{base}{int(base) % 97 or 97:02d}"


def encode(lines: Iterable[str], encoding: str = "ascii", newline: str = "\r\n") -> bytes:
    return "".join(line + newline for line in lines).encode(encoding)
