"""Writes CODA 2.x records for the tests: one function per record, and `statement` that adds up what it is given."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

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


def ddmmyy(day: date | None) -> str:
    return day.strftime("%d%m%y") if day else "000000"


def record(*fields: tuple[int, str]) -> str:
    """A record of 128 characters from (position of the first character, text)."""
    line = [" "] * 128
    for position, text in fields:
        line[position - 1 : position - 1 + len(text)] = text
    assert len(line) == 128, "a field runs over the end of the record"
    return "".join(line)


def signed(cents: int) -> str:
    return f"{'1' if cents < 0 else '0'}{abs(cents) * 10:015d}"


def header(day: date = date(2025, 3, 14), *, duplicate: bool = False, application: str = "00000", version: str = "2"):
    return record(
        (1, "00000"),
        (6, ddmmyy(day)),
        (12, "725"),
        (15, "05"),
        (17, "D" if duplicate else " "),
        (25, "FILE000001"),
        (35, "FONDATION DE L'EXEMPLE"),
        (61, "KREDBEBB"),
        (72, "00123456749"),
        (84, application),
        (128, version),
    )


def account_field(account: str = IBAN, currency: str = "EUR") -> str:
    return f"{account:<34}{currency}"


def old_balance(cents: int, day: date = date(2025, 3, 13), sequence: str = "073", account: str = IBAN, currency="EUR"):
    return record(
        (1, "12"),
        (3, sequence),
        (6, account_field(account, currency)),
        (43, signed(cents)),
        (59, ddmmyy(day)),
        (65, "FONDATION DE L'EXEMPLE"),
        (126, sequence),
    )


def new_balance(cents: int, day: date = date(2025, 3, 14), sequence: str = "073", account: str = IBAN, currency="EUR"):
    return record(
        (1, "8"),
        (2, sequence),
        (5, account_field(account, currency)),
        (42, signed(cents)),
        (58, ddmmyy(day)),
        (128, "0"),
    )


def trailer(records: int, debits: int, credits_: int, *, last: bool = True) -> str:
    return record(
        (1, "9"), (17, f"{records:06d}"), (23, f"{debits * 10:015d}"), (38, f"{credits_ * 10:015d}"), (128, "12"[last])
    )


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
    return f"127{ddmmyy(settled)}11{paid}{creditor:<35}{mandate:<35}{communication:<62}{return_type}{reason:<4}"


def ogm(serial: int) -> str:
    base = f"{serial:010d}"
    return f"{base}{int(base) % 97 or 97:02d}"


def encode(lines: Iterable[str], encoding: str = "ascii", newline: str = "\r\n") -> bytes:
    return "".join(line + newline for line in lines).encode(encoding)
