"""The CODA 2.x reader: from a bank's coded statement file to statements and movements, with every fault found in it.

Strict where money depends on it (lengths, order, continuity, totals, balances): a logical file with an error is
refused whole and the others of the same physical file are not touched. No bytes whatever raise an exception.
Positions in comments are those of the standard, 1-based. Source: Febelfin, Standard CODA 2.6 (2018).
"""

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from importers.bank.communications import compact_rf, find_ogms, valid_ogm, valid_rf
from importers.bank.records import BankFile, Movement, Outline, Statement
from importers.bank.references import given_reference
from importers.bank.structured import describe
from importers.words import N_, N_many, _, many
from ledger.collector import paused
from ledger.errors import Fault, Severity
from ledger.money import to_decimal
from ledger.signs import one_line, plain

LENGTH = 128


LINE = LENGTH + 1  # with its line end


DIGEST_LINES = 1000  # hashed at a time


BOM = b"\xef\xbb\xbf"


FAULTS_SHOWN = 100  # per severity and statement: a file of another kind does not make a million messages


_BLANK = " " * LENGTH


_BLANK_TAIL = " " * 16


_BLANK_TEXT = " " * 53


_NAMES = {
    "": N_("the beginning"),
    "0": N_("record 0 (header)"),
    "1": N_("record 1 (old balance)"),
    "21": N_("record 2.1 (movement)"),
    "22": N_("record 2.2"),
    "23": N_("record 2.3"),
    "31": N_("record 3.1 (information)"),
    "32": N_("record 3.2"),
    "33": N_("record 3.3"),
    "8": N_("record 8 (new balance)"),
    "4": N_("record 4 (free communication)"),
    "9": N_("record 9 (trailer)"),
}


_MORE = {
    Severity.ERROR: N_many("and {count} more error", "and {count} more errors"),
    Severity.WARNING: N_many("and {count} more warning", "and {count} more warnings"),
}


_FOLLOWERS = {
    "": frozenset({"0"}),
    "0": frozenset({"1"}),
    "1": frozenset({"21", "8", "9"}),
    "21": frozenset({"21", "22", "23", "31", "8"}),
    "22": frozenset({"21", "23", "31", "8"}),
    "23": frozenset({"21", "31", "8"}),
    "31": frozenset({"21", "31", "32", "33", "8"}),
    "32": frozenset({"21", "31", "33", "8"}),
    "33": frozenset({"21", "31", "8"}),
    "8": frozenset({"4", "9"}),
    "4": frozenset({"4", "9"}),
    "9": frozenset[str](),
}


# Records 2.1, 2.2 and 2.3 of one movement with nothing more to it (3.x).
_MOVEMENT = re.compile(
    # Numbers 3-10, reference of the bank 11-31, sign 32, amount 33-47, value date 48-53, code 54-61, type of
    # communication 62, communication 63-115, booking date 116-121.
    r"21([0-9]{8})(.{21})([01])([0-9]{15})(.{6})(.{8})(.)(.{53})(.{6}).{7}\n"
    # Communication 11-63, reference of the customer 64-98, BIC 99-109, R-type, reason and purpose 110-125.
    r"(?:22\1(.{53})(.{35})(.{11})(.{16}).{3}\n)?"
    # Account 11-47, name 48-82, communication 83-125.
    r"(?:23\1(.{37})(.{35})(.{43}).{3}\n)?"
    r"(?=21|8)"
)


_RETURNS = frozenset("12345")  # reject, return, refund, reversal, cancellation


# How the 37 characters of account and currency divide, by account structure (record 1, position 2).
_STRUCTURES = {
    "0": (slice(0, 12), slice(13, 16)),
    "1": (slice(0, 34), slice(34, 37)),
    "2": (slice(0, 31), slice(34, 37)),
    "3": (slice(0, 34), slice(34, 37)),
}


def read(path: Path) -> BankFile:
    """Return the statements of a CODA file on disk; OSError where it cannot be opened."""
    return parse(path.read_bytes())


def identify(path: Path) -> bool:
    """Return whether the first record looks like a CODA header; reads a few bytes only."""
    with path.open("rb") as stream:
        head = stream.read(len(BOM) + LENGTH).removeprefix(BOM).lstrip()
    return re.match(rb"0[0-9 ]{4}[0-9]{6}.{3}05", head) is not None


def parse(data: bytes) -> BankFile:
    """Return the statements in the bytes of a CODA file, in file order; what is wrong stands in their faults."""
    part, joint = Pieces(data).read(0, None), Joint()
    return BankFile(joint.add(part), joint.faults(), part.encoding)


@dataclass(frozen=True, slots=True)
class CodaPart:
    """Some statements of a file that follow each other, numbered from 1, and the lines that stand outside them."""

    statements: tuple[Statement, ...]
    strays: tuple[int, ...]
    encoding: str


class Pieces:
    """A large file that is read in pieces, in any order.

    Pieces between places that follow each other from 0 to None, the end, hold each statement once.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._encoding = _encoding(data)
        self._counted = 0, 1  # the number of the line at a place

    def read(self, place: int, after: int | None) -> CodaPart:
        """Return the statements from the first behind a place (at it where it is 0) to the first behind another."""
        start, end = (self._cut(one) for one in (place, after))
        counted, number = self._counted if self._counted[0] <= start else (0, 1)
        number += _count_lines(self._data, counted, start)
        self._counted = start, number
        return _part(self._data[start:end].removeprefix(b"" if start else BOM), self._encoding, number)

    def _cut(self, place: int | None) -> int:
        if place == 0:
            return 0
        return len(self._data) if place is None else divide(self._data, place) or len(self._data)


def divide(data: bytes, place: int) -> int | None:
    """Return the first byte after `place` where a statement certainly begins, to read a file in pieces; else None.

    A header of the right length ends whatever stands before it: nothing in a piece depends on another.
    """
    while (place := data.find(b"\n0", place)) >= 0:
        place += 1
        header = data[place : place + LINE + 1].partition(b"\n")[0].removesuffix(b"\r")
        if len(header) == LENGTH and header.isascii() and b"\r" not in header:
            return place
    return None


def outline(data: bytes) -> Outline:
    """Return what can be said of a large file at a glance: its statements are counted by their first records.

    Behind a return alone headers are counted and not looked at: then nothing is said of their order.
    """
    apart = data.count(b"\r0")
    count, ordered, latest = apart, not apart, dict[bytes, tuple[date, bytes]]()
    first = len(BOM) if data.startswith(BOM) else 0
    place = first if data.startswith(b"0", first) else data.find(b"\n0") + 1 or -1
    while place >= 0:
        count += 1
        record = data[place : place + 2 * LINE + 4].partition(b"\n")[2]  # the one after the header
        account, day, number = record[5:42], _day_of(record[58:64]), record[125:128]
        if day is None or latest.get(account, (date.min, b"")) > (day, number):
            ordered = False
        latest[account] = day or date.min, number
        place = data.find(b"\n0", place) + 1 or -1
    record = data[data.rfind(b"\n8") + 1 :]
    return Outline(count, _day_of(record[57:63]), ordered)


def _day_of(field: bytes) -> date | None:
    try:
        return _date(field.decode("latin-1"))
    except ValueError:
        return None


class Joint:
    """The parts of a file put together, in their order."""

    def __init__(self) -> None:
        self._count = 0
        self._strays: list[int] = []

    def add(self, part: CodaPart) -> tuple[Statement, ...]:
        """Return the statements of the next part, as they are numbered in the file."""
        statements = part.statements
        if self._count:
            statements = tuple(_renumbered(one, self._count) for one in statements)
        self._count += len(statements)
        self._strays += part.strays
        return statements

    def faults(self) -> tuple[Fault, ...]:
        """Return what is wrong with the file as a whole, when all is added."""
        return _file_faults(self._count, self._strays)


@paused()
def _part(data: bytes, encoding: str, number: int) -> CodaPart:
    """Return the statements in bytes that begin with line `number` of their file."""
    text = _unix(data).decode(encoding)
    statements: list[Statement] = []
    strays: list[int] = []
    current: _LogicalFile | None = None
    at, end = 0, len(text)
    while at < end:
        if current is not None and "21" in current.expected:
            number, at = current.take_movements(number, text, at)
        start, at = at, text.find("\n", at) + 1 or end
        line = text[start:at]
        if line[0] == "0" and (current is None or len(line) == LINE):
            if current is not None:
                statements.append(current.finish())
            current = _LogicalFile(len(statements) + 1)
        if current is None:
            if line.strip("\x1a\0 \n"):
                strays.append(number)
        else:
            current.take(number, line)
            if current.complete:
                statements.append(current.finish())
                current = None
        number += 1
    if current is not None:
        statements.append(current.finish())
    return CodaPart(tuple(statements), tuple(strays), encoding)


def _renumbered(statement: Statement, before: int) -> Statement:
    """Return a statement whose faults name its place in the file, not in its part."""
    if not statement.faults:
        return statement
    faults = tuple(replace(one, statement=(one.statement or 0) + before) for one in statement.faults)
    return replace(statement, faults=faults)


_LONE_RETURN = re.compile(rb"\r(?!\n)")


def _unix(data: bytes) -> bytes:
    """Return bytes with LF for line ends of any kind: faster than to replace CR LF, which nearly all files have."""
    if _LONE_RETURN.search(data):
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.translate(None, b"\r")


def _count_lines(data: bytes, start: int, end: int) -> int:
    """Return line ends of any kind, as reading text counts them."""
    return data.count(b"\n", start, end) + sum(1 for _ in _LONE_RETURN.finditer(data, start, end))


def _file_faults(statements: int, strays: list[int]) -> tuple[Fault, ...]:
    if not statements:
        return (
            Fault(_("no CODA header (record 0) found: this is no CODA file; check that the right file was chosen"), 1),
        )
    if not strays:
        return ()
    if len(strays) > 1:
        message = many(
            "this line and {count} more stand outside any statement (between a record 9 and a record 0); ask the bank "
            "for the file again, or remove what is no CODA",
            "this line and {count} more stand outside any statement (between a record 9 and a record 0); ask the bank "
            "for the file again, or remove what is no CODA",
            len(strays) - 1,
        )
    else:
        message = _(
            "this line stands outside any statement (between a record 9 and a record 0); ask the bank for the file "
            "again, or remove what is no CODA"
        )
    return (Fault(message.format(count=len(strays) - 1), strays[0]),)


# What a byte above 0x7F says about the code page, seen between letters: in cp1252 these are symbols, in cp850 letters.
# At the end of a word, only those that are no closing punctuation there.
# (The byte comes first in the patterns: a search for it is four times as fast as one for what stands before it.)
_CP850_LETTER = re.compile(
    rb"(?s)[\x80\x82\x84-\x89\x8b\x93-\x98\x9b](?<=[A-Za-z].)(?:(?=[A-Za-z])|(?<=[\x82\x87-\x89\x8b])(?= ))"
)


_CP1252_LETTER = re.compile(rb"(?s)[\xc0-\xff](?<=[A-Za-z].)")


_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


def _encoding(data: bytes) -> str:
    data = data.removeprefix(BOM)
    if data.isascii():
        return "ascii"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    foreign = b"".join(line for line in BytesIO(data) if not line.isascii())  # few lines, to search
    if _NOT_CP1252.search(foreign):
        return "cp850"
    older, newer = (sum(1 for _ in pattern.finditer(foreign)) for pattern in (_CP850_LETTER, _CP1252_LETTER))
    return "cp850" if older > newer else "cp1252"


@lru_cache(maxsize=4096)
def _date(text: str) -> date | None:
    """Return DDMMYY; 00-79 are years of 2000. None for 000000 (not known), ValueError where there is no such day."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    if text == "000000":
        return None
    year = int(text[4:])
    return date(year + (2000 if year < 80 else 1900), int(text[2:4]), int(text[:2]))  # noqa: PLR2004 - the pivot


def _numeric(text: str) -> bool:
    return text.isdecimal() and text.isascii()


def _tidy(text: str) -> str:
    text = text.strip()
    if "  " not in text and text.isprintable():  # nearly always, and then there is nothing to do
        return text
    return one_line(text)


def _money(cents: int) -> str:
    return str(to_decimal(cents))


def _account_of(raw: str) -> str:
    """Return counterparty account of record 2.3: in the structure of the payment, which nothing announces."""
    account = raw[:16]
    if account.startswith("BE") and account.isalnum():
        return account
    account = raw[:34].rstrip()
    if " " in account:
        # BBAN, then currency and country; else an IBAN in groups, or one with what follows it.
        account = account[:12] if raw[12] == " " and account[:12].isdecimal() else account.replace(" ", "")
    if not account.isprintable():
        account = one_line(account).replace(" ", "")
    if account.startswith("BE"):
        return account[:16]
    return account if account.strip("0") else ""


_DETAIL_JUMP = N_(
    "detail number {found:04d} where {expected:04d} was expected: lines were lost, moved or doubled; ask the bank for "
    "the file again"
)


_SEQUENCE_JUMP = N_(
    "sequence number {found:04d} where {expected:04d} was expected: lines were lost, moved or doubled; ask the bank "
    "for the file again"
)


_OLD_FRACTION = N_("the old balance {amount} has a fraction of a cent; ask the bank for the file again")


_NEW_FRACTION = N_("the new balance {amount} has a fraction of a cent; ask the bank for the file again")


_FRACTION = N_("the amount {amount} has a fraction of a cent; ask the bank for the file again")


_OLD_DAY = N_("the date of the old balance at 59-64 is no day (DDMMYY); ask the bank for the file again")


_NEW_DAY = N_("the date of the new balance at 58-63 is no day (DDMMYY); ask the bank for the file again")


_BOOKING_DAY = N_("the booking date at 116-121 is no day (DDMMYY); ask the bank for the file again")


_VALUE_DAY = N_("the value date at 48-53 is no day (DDMMYY); ask the bank for the file again")


class _Total(NamedTuple):
    """The faults of a total of record 9: it is no number, or not what the statement holds."""

    no_number: str
    other: str


_RECORDS_TOTAL = _Total(
    N_("the total records in record 9 is not a number; ask the bank for the file again"),
    N_("record 9 announces {announced} records, the statement holds {counted}; ask the bank for the file again"),
)


_DEBITS_TOTAL = _Total(
    N_("the total of debits in record 9 is not a number; ask the bank for the file again"),
    N_("record 9 announces {announced} of debits, the statement holds {counted}; ask the bank for the file again"),
)


_CREDITS_TOTAL = _Total(
    N_("the total of credits in record 9 is not a number; ask the bank for the file again"),
    N_("record 9 announces {announced} of credits, the statement holds {counted}; ask the bank for the file again"),
)


@dataclass(slots=True, eq=False)
class _LogicalFile:
    """One statement under way: takes the lines from record 0 to record 9 and collects movements and faults."""

    index: int

    # Where we are
    line: int = 0
    before: str = ""
    last: str = ""
    expected: "dict[str, _Handler]" = field(default_factory=dict)
    complete: bool = False
    empty: bool = False  # without movements and without record 8: it closes as it opens
    unreadable: bool = False  # another layout: one fault says so and the rest is not looked at
    damaged: int = 0  # a line of another length: what cannot be read in it needs no further fault

    # What is wrong, and how much was found wrong beyond what is shown
    faults: list[Fault] = field(default_factory=list)
    told: Counter[Severity] = field(default_factory=Counter)
    unhashed: list[str] = field(default_factory=list)
    hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    # Header and balances
    created: date | None = None
    bic: str = ""
    duplicate: bool = False
    details_only: bool = False
    account_field: str = ""
    account: str = ""
    currency: str = ""
    holder: str = ""
    sequence: str = ""
    opening: int | None = None
    opening_mills: int = 0
    opening_date: date | None = None
    closing: int | None = None
    closing_mills: int = 0
    closing_date: date | None = None

    # Sums as the file counts them: records, and thousandths
    records: int = 0
    debits: int = 0
    credits: int = 0

    # Movements. Banks number records 3 in one row with the details; that they repeat the number of theirs is taken too.
    movements: list[Movement] = field(default_factory=list)
    number: int = 0
    detail: int = 0
    movement_detail: int = 0
    place: str = ""
    is_detail: bool = False
    total: int = 0
    subtotal: int = 0
    shares: dict[int, int] = field(default_factory=dict)
    first: str | None = None
    second: str = _BLANK
    third: str = _BLANK
    information: list[str] = field(default_factory=list)
    first_line: int = 0

    def take(self, number: int, line: str) -> None:
        """Take one line: its length, its place in the order, then its fields."""
        self.line = number
        self.unhashed.append(line)
        if len(line) != LINE:
            line = self._mend(line)
        key = line[:2]
        handler = self.expected.get(key)
        if handler is None:
            self._take_other(line)
            return
        self.before, self.last = self.last, key
        self.expected = _STEPS[key]
        handler(self, line)

    def take_movements(self, number: int, text: str, at: int) -> tuple[int, int]:
        """Take the movements of a text from a place on as long as each is records 2.1 to 2.3 in good order, no more.

        What `take` would do with each of their lines, for nearly all lines of a file at once. The number and the place
        of the first line that is left.
        """
        start, place = at, ""
        while found := _MOVEMENT.match(text, at):
            if not place:
                self._close_movement()
                self._hash()
            fields = found.groups("")
            place = fields[0]
            self.line = self.first_line = number
            self._count(place)
            self._add(fields)
            number += (found.end() - at) // LINE
            at = found.end()
        if place:
            self.line = number - 1
            self.records += (at - start) // LINE
            self.place = place
            self.last = text[at - LINE : at - LINE + 2]
            self.expected = _STEPS[self.last]
            for begin in range(start, at, DIGEST_LINES * LINE):
                self.hash.update(text[begin : min(begin + DIGEST_LINES * LINE, at)].encode())
        return number, at

    def _take_other(self, line: str) -> None:
        """Take a line that is no movement or stands where it should not."""
        key = line[:2] if line[:2] in _HANDLERS else line[0]
        handler = _HANDLERS.get(key)
        if handler is None:
            self._fault(_("no CODA record begins as this line does; ask the bank for the file again"))
            return
        if self.unreadable:
            self.complete = key == "9"
            return
        if key not in _FOLLOWERS[self.last]:
            self._fault(
                _(
                    "{record} cannot follow {before}: lines were lost, moved or doubled; ask the bank for the file "
                    "again"
                ).format(record=_(_NAMES[key]), before=_(_NAMES[self.last]))
            )
        self.before, self.last = self.last, key
        self.expected = _STEPS[key]
        handler(self, line)

    def _hash(self) -> None:
        """Take the lines into the digest, as characters: whatever the code page and the line ends were."""
        self.hash.update("".join(self.unhashed).encode())
        self.unhashed.clear()

    def finish(self) -> Statement:
        """Return the statement, after the checks that need all of it."""
        self._hash()
        self._close_movement()
        self._close_total()
        if not self.complete:
            self._fault(_("the statement breaks off here, without record 9 (trailer); ask the bank for the whole file"))
        for severity, count in self.told.items():
            if count > FAULTS_SHOWN:
                more = count - FAULTS_SHOWN
                message = many(*_MORE[severity], more).format(count=more)
                self.faults.append(Fault(message, None, severity, self.index))
        opening = self.opening or 0
        return Statement(
            account=self.account,
            currency=self.currency,
            opening=opening,
            opening_date=self.opening_date,
            closing=opening if self.closing is None else self.closing,
            closing_date=self.opening_date if self.closing is None else self.closing_date,
            sequence=self.sequence,
            movements=tuple(self.movements),
            holder=self.holder,
            bic=self.bic,
            duplicate=self.duplicate,
            details_only=self.details_only,
            opened=self.opening is not None,
            closed=self.closing is not None or self.empty,
            created=self.created,
            digest=self.hash.hexdigest(),
            faults=tuple(sorted(self.faults, key=_place)),
        )

    # Records

    def header_record(self, line: str) -> None:
        version = line[127]  # 128
        if version != "2" and self.line != self.damaged:
            self.unreadable = True
            if version == "1":
                message = _(
                    "version 1, the layout of before 2006, is not read, only CODA 2.x is; ask the bank for the "
                    "statement as CODA 2"
                )
            else:
                message = _(
                    "version {version!r} at position 128 is not read, only CODA 2.x is; ask the bank for the statement "
                    "as CODA 2"
                )
            self._fault(message.format(version=version))
        elif line[14:16] != "05":  # 15-16 application code
            self.unreadable = True
            self._fault(
                _("application code {code!r} at 15-16 is not 05: this is no statement of account").format(
                    code=line[14:16]
                )
            )
        with suppress(ValueError):  # it only says of which year the number is
            self.created = _date(line[5:11])  # 6-11
        self.duplicate = line[16] == "D"  # 17
        self.bic = plain(line[60:71])  # 61-71
        self.details_only = line[83:88].strip("0 ") != ""  # 84-88 separate application

    def old_balance_record(self, line: str) -> None:
        self.records += 1
        structure = _STRUCTURES.get(line[1])
        if structure is None:
            self._illegible(
                _(
                    "account structure {structure!r} at position 2 is not 0, 1, 2 or 3; ask the bank for the file again"
                ).format(structure=line[1])
            )
        else:
            account, of_currency = structure
            self.account_field = line[5:42]  # 6-42
            self.account = plain(self.account_field[account]).replace(" ", "")
            currency = self.account_field[of_currency]
            self.currency = plain(currency)
            if not self.account:
                self._illegible(_("the account number is missing at 6-42; ask the bank for the file again"))
            if not (currency.isalpha() and currency.isascii() and currency.isupper()):
                self._illegible(
                    _("the currency of the account at 6-42 is not three letters; ask the bank for the file again")
                )
        balance = self._amount(
            line[42:58],
            N_("the old balance at 43-58 is not a sign 0 or 1 and fifteen digits; ask the bank for the file again"),
        )
        if balance is not None:
            self.opening_mills = balance
            self.opening = self._cents(balance, _OLD_FRACTION)
        self.opening_date = self._day(line[58:64], _OLD_DAY)
        self.holder = plain(line[64:90])
        self.sequence = line[125:].strip() or "000"  # 126-128; 000 where the bank does not number
        if not _numeric(self.sequence):  # it becomes part of a file name
            self._illegible(
                _("the CODA sequence number at 126-128 is not three digits; ask the bank for the file again")
            )
            self.sequence = "000"

    def movement_record(self, line: str) -> None:
        if self.first is not None:
            self._close_movement()
        self.records += 1
        self.first = line
        self.first_line = self.line
        self.second = self.third = _BLANK
        self.place = place = line[2:10]
        if not _numeric(place):
            self._illegible(
                _("sequence and detail number at 3-10 are not eight digits; ask the bank for the file again")
            )
            self.is_detail = False
            return
        self._count(place)

    def _count(self, place: str) -> None:
        """Decide by its numbers whether a record 2.1 is a movement or a detail of one; say what is wrong with them."""
        number, detail = divmod(int(place), 10_000)
        # A detail number wraps from 9999 to 0000 within one movement: a new movement is known by its sequence number.
        if number == self.number and self.total:
            self.is_detail = True
            if detail != (self.detail + 1) % 10_000 and detail != (self.movement_detail + 1) % 10_000:
                self._jump(_DETAIL_JUMP, detail, (self.detail + 1) % 10_000)
        else:
            self.is_detail = False
            if number != (self.number + 1) % 10_000:
                self._jump(_SEQUENCE_JUMP, number, (self.number + 1) % 10_000)
            if detail:
                self._jump(_DETAIL_JUMP, detail, 0)
        self.number = number
        self.detail = self.movement_detail = detail

    def second_record(self, line: str) -> None:
        self.records += 1
        if self.before == "21" and self._belongs(line):
            self.second = line

    def third_record(self, line: str) -> None:
        self.records += 1
        if self.before in ("21", "22") and self._belongs(line):
            self.third = line

    def information_record(self, line: str) -> None:
        self.records += 1
        place = line[2:10]
        self.place = place
        if not _numeric(place):
            self._illegible(
                _("sequence and detail number at 3-10 are not eight digits; ask the bank for the file again")
            )
            return
        number, detail = divmod(int(place), 10_000)
        if number != self.number:
            self._jump(_SEQUENCE_JUMP, number, self.number)
        elif detail not in (self.detail, (self.detail + 1) % 10_000):
            self._jump(_DETAIL_JUMP, detail, (self.detail + 1) % 10_000)
        self.detail = detail
        if self.first is not None:
            self.information.append(line)

    def more_information_record(self, line: str) -> None:
        self.records += 1
        if self._belongs(line) and self.information:
            self.information.append(line)

    def new_balance_record(self, line: str) -> None:
        self._close_movement()
        self.records += 1
        balance = self._amount(
            line[41:57],
            N_("the new balance at 42-57 is not a sign 0 or 1 and fifteen digits; ask the bank for the file again"),
        )
        if balance is not None:
            self.closing_mills = balance
            self.closing = self._cents(balance, _NEW_FRACTION)
        self.closing_date = self._day(line[57:63], _NEW_DAY)
        if self.account_field and line[4:41] != self.account_field:  # 5-41
            self._warn(
                _("the account of record 8 is not that of record 1; the statement is taken for that of record 1")
            )

    def message_record(self, line: str) -> None:
        """Leave record 4, which carries the bank's news and no money."""

    def trailer_record(self, line: str) -> None:
        self._close_movement()
        self._close_total()
        self.complete = True
        if line[LENGTH:].strip("\n\x1a"):  # only the last line of a file can be of the right length with no line end
            self._fault(_("there is more text after record 9, on its line; ask the bank for the file again"))
        self.empty = empty = self.before == "1"
        for text, counted, words, shown in (
            (line[16:22], self.records, _RECORDS_TOTAL, str),  # 17-22
            (line[22:37], self.debits, _DEBITS_TOTAL, _mills),  # 23-37
            (line[37:52], self.credits, _CREDITS_TOTAL, _mills),  # 38-52
        ):
            if not _numeric(text):
                self._illegible(_(words.no_number))
            elif int(text) != counted:
                self._fault(_(words.other).format(announced=shown(int(text)), counted=shown(counted)))
        if self.opening is None or (self.closing is None and not empty):
            return
        closing = self.opening_mills if empty else self.closing_mills
        difference = self.opening_mills + self.credits - self.debits - closing
        # A separate application details totals of another statement: its balances are zero and not those of money.
        if difference and not (self.details_only and not self.opening_mills and not closing):
            self._fault(
                _(
                    "old balance {opening} + credits {credits} - debits {debits} is not the new balance {closing}: "
                    "difference {difference}; ask the bank for the file again"
                ).format(
                    opening=_mills(self.opening_mills),
                    credits=_mills(self.credits),
                    debits=_mills(self.debits),
                    closing=_mills(closing),
                    difference=_mills(difference),
                )
            )

    # Movements

    def _close_movement(self) -> None:
        """Make the movement of the records collected since the last record 2.1."""
        first = self.first
        if first is None:
            return
        self.first = None
        if len(self.unhashed) > DIGEST_LINES:
            self._hash()
        second, third = self.second, self.third
        # fmt: off
        self._add((
            "", first[10:31], first[31], first[32:47], first[47:53], first[53:61], first[61], first[62:115],
            first[115:121], second[10:63], second[63:98], second[98:109], second[109:125], third[10:47], third[47:82],
            third[82:125],
        ))
        # fmt: on

    def _add(self, fields: tuple[str, ...]) -> None:
        """Make a movement of the fields of `_MOVEMENT`; those of a record that is not there are blank or empty."""
        # fmt: off
        (
            _, bank_reference, sign, amount, value_date, code, kind, communication,
            booking_date, second, reference, bic, tail, account, name,
            third,
        ) = fields
        # fmt: on
        code = _operation(code)
        position = len(self.movements) + 1
        cents, parent = self._entered(sign, amount, code[0], position)
        booked, value = self._dates(booking_date, value_date)
        text = communication + (second or _BLANK_TEXT) + third
        structured = mandate = creditor = executed = return_type = reason = purpose = None
        if kind == "1" and text[:3] == "127":
            # Annex 2; offsets count from position 63 of record 2.1, over 2.2 and 2.3.
            executed, creditor, refusal = _collection(text[3:47])
            mandate = plain(text[47:82]) or None
            if mandate is not None and mandate[0] in "Nn0":
                mandate = given_reference(mandate) or None
            communication = _tidy(text[82:144])
            return_type, reason, purpose = _codes(tail or _BLANK_TAIL, text[144:149], refusal)
        else:
            if kind != "1":
                communication = _tidy(text)
            else:
                structured, communication = self._reference(text)
            if tail and tail != _BLANK_TAIL:
                return_type, reason, purpose = _codes(tail)
        name = _tidy(name)
        if self.information:
            name, communication = _with_information(self.information, name, communication)
            self.information = []
        # fmt: off
        self.movements.append(tuple.__new__(Movement, (  # half a million a year: faster than `_make`
            position, parent, booked, value, cents, code, structured, communication, name,
            _account_of(account), _bic(bic), given_reference(reference), plain(bank_reference),
            mandate, creditor, executed, return_type, reason, purpose, self.first_line,
        )))
        # fmt: on

    def _entered(self, sign: str, amount: str, kind: str, position: int) -> tuple[int, int | None]:
        """Return cents and parent of a movement, entered in the sums; `kind` is the first digit of its code."""
        if sign in "01" and amount.isdecimal() and amount.isascii():
            mills = int(amount)
        else:
            self._illegible(
                _("the amount at 32-47 is not a sign 0 or 1 and fifteen digits; ask the bank for the file again"),
                self.first_line,
            )
            mills = 0
        cents, fraction = divmod(mills, 10)
        if fraction:
            self._fraction(mills, _FRACTION, self.first_line)
        if sign == "1":
            cents = -cents
        if self.is_detail:
            # A 9 details a 7, which itself details the total.
            parent = self.subtotal if kind == "9" and self.subtotal else self.total
            if kind == "7":
                self.subtotal = position
            self.shares[parent] = self.shares.get(parent, 0) + cents
            return cents, parent
        if self.shares:
            self._close_total()
        self.total = position
        self.subtotal = 0
        if sign == "1":
            self.debits += mills
        else:
            self.credits += mills
        return cents, None

    def _dates(self, booking_date: str, value_date: str) -> tuple[date, date | None]:
        """Return booking and value date; only the second may be unknown."""
        try:
            booked, value = _date(booking_date), _date(value_date)
        except ValueError:
            booked = self._day(booking_date, _BOOKING_DAY, self.first_line) or date.min
            value = self._day(value_date, _VALUE_DAY, self.first_line)
        if booked is None:
            self._illegible(_("there is no booking date at 116-121; ask the bank for the file again"), self.first_line)
        return booked or date.min, value

    def _reference(self, text: str) -> tuple[str | None, str]:
        """Return structured reference and remaining text of a structured communication other than 127."""
        kind = text[:3]
        if kind in ("101", "102"):
            digits = text[3:15]
            if not valid_ogm(digits):
                self._warn(_("the structured communication fails modulo 97; match this line by hand"), self.first_line)
            rest = text[15:]
            return plain(digits) or None, "" if rest.isspace() else _tidy(rest)
        if kind == "100":
            reference = compact_rf(one_line(text[3:28]))
            if not valid_rf(reference):
                self._warn(_("the RF reference fails modulo 97; match this line by hand"), self.first_line)
            return reference or None, _tidy(text[28:])
        if kind in ("+++", "***"):
            self._warn(
                _(
                    "the structured communication is written with its ornaments instead of type 101; taken as the "
                    "reference if its check digits are right"
                ),
                self.first_line,
            )
            found = find_ogms(text)  # of several, the one that was issued counts: that is for who knows them
            return (found[0].ogm, "") if len(found) == 1 else (None, _tidy(text))
        return None, _tidy(describe(kind, text[3:]))

    def _close_total(self) -> None:
        """Compare each total with the sum of its details; banks may send a part of them, so this only warns."""
        for position, shares in self.shares.items():
            total = self.movements[position - 1]
            if shares != total.cents:
                self._warn(
                    _(
                        "the details of this total add up to {details}, the total is {total}: difference {difference}; "
                        "the total counts, check the split"
                    ).format(
                        details=_money(shares), total=_money(total.cents), difference=_money(total.cents - shares)
                    ),
                    total.line,
                )
        self.shares = {}

    # Fields

    def _amount(self, raw: str, message: str) -> int | None:
        """Return signed thousandths of a sign and fifteen digits; None, with this fault, where it is none."""
        if raw[0] not in "01" or not _numeric(raw[1:]):
            self._illegible(_(message))
            return None
        return -int(raw[1:]) if raw[0] == "1" else int(raw[1:])

    def _cents(self, mills: int, message: str) -> int:
        if mills % 10:
            self._fraction(mills, message, self.line)
        return mills // 10

    def _fraction(self, mills: int, message: str, line: int) -> None:
        self._fault(_(message).format(amount=_mills(mills)), line)

    def _day(self, raw: str, message: str, line: int | None = None) -> date | None:
        try:
            return _date(raw)
        except ValueError:
            self._illegible(_(message), line)
            return None

    def _belongs(self, line: str) -> bool:
        if line[2:10] == self.place:
            return True
        self._fault(
            _(
                "sequence and detail number are not those of the record before ({record}): lines were lost, moved or "
                "doubled; ask the bank for the file again"
            ).format(record=_(_NAMES[self.last]))
        )
        return False

    # Faults

    def _mend(self, line: str) -> str:
        """Return a line of another length, made 128 characters so that the rest of it can be looked at."""
        content = line.removesuffix("\n")
        if len(content) != LENGTH:  # else it is the last line, without its line end
            # Position 128 of record 9 is never blank, so that a short last line has always lost something.
            self._fault(
                many(
                    "the line has {found} character instead of {length}: the file was cut or changed; ask the bank for "
                    "it again",
                    "the line has {found} characters instead of {length}: the file was cut or changed; ask the bank "
                    "for it again",
                    len(content),
                ).format(found=len(content), length=LENGTH)
            )
            self.damaged = self.line
        self.unhashed[-1] = content + "\n"
        return content.ljust(LENGTH)[:LENGTH]

    def _jump(self, message: str, found: int, expected: int) -> None:
        self._fault(_(message).format(found=found, expected=expected))

    def _fault(self, message: str, line: int | None = None, severity: Severity = Severity.ERROR) -> None:
        place = self.line if line is None else line
        self.told[severity] += 1
        if self.told[severity] <= FAULTS_SHOWN:
            self.faults.append(Fault(message, place, severity, self.index))

    def _illegible(self, message: str, line: int | None = None) -> None:
        """Refuse a field that cannot be read; a line whose length is wrong has been named already."""
        if (self.line if line is None else line) != self.damaged:
            self._fault(message, line)

    def _warn(self, message: str, line: int | None = None) -> None:
        self._fault(message, line, Severity.WARNING)


_Handler = Callable[[_LogicalFile, str], None]


_HANDLERS: dict[str, _Handler] = {
    "0": _LogicalFile.header_record,
    "1": _LogicalFile.old_balance_record,
    "21": _LogicalFile.movement_record,
    "22": _LogicalFile.second_record,
    "23": _LogicalFile.third_record,
    "31": _LogicalFile.information_record,
    "32": _LogicalFile.more_information_record,
    "33": _LogicalFile.more_information_record,
    "8": _LogicalFile.new_balance_record,
    "4": _LogicalFile.message_record,
    "9": _LogicalFile.trailer_record,
}


# After each record: the handlers of the records of two digits that may follow, which are nearly all lines of a file.
_STEPS = {
    last: {key: _HANDLERS[key] for key in followers if key[1:] and last != "9"}
    for last, followers in _FOLLOWERS.items()
}


def _place(fault: Fault) -> int:
    return sys.maxsize if fault.line is None else fault.line


def _mills(mills: int) -> str:
    """Return thousandths as an amount: two decimals, three where the third is not zero."""
    sign = "-" if mills < 0 else ""
    units, rest = divmod(abs(mills), 1000)
    return f"{sign}{units}.{rest:03d}".removesuffix("0")


# What is the same on thousands of lines is worked out once.


@lru_cache(maxsize=4096)
def _operation(code: str) -> str:
    """Return a transaction code, as long as it was: a control sign in it becomes a blank."""
    return sys.intern(code if code.isprintable() else "".join(sign if sign.isprintable() else " " for sign in code))


@lru_cache(maxsize=4096)
def _collection(text: str) -> tuple[date | None, str | None, str]:
    """Return settlement date, creditor and reason of refusal in positions 4-47 of a structured communication 127."""
    try:
        executed = _date(text[:6])
    except ValueError:
        executed = None
    return executed, plain(text[9:]) or None, plain(text[8]).strip("0")


@lru_cache(maxsize=4096)
def _codes(tail: str, returned: str = "", refusal: str = "") -> tuple[str | None, str | None, str | None]:
    """Return R-type, reason and purpose in positions 110-125 of record 2.2; what is not there, of communication 127.

    `returned` is R-type and reason of the communication (since version 2.5), `refusal` the digit that said why before
    (1 technical, 2 not specified, 3 debtor, 4 account).
    """
    kind, reason, purpose = tail[3], plain(tail[4:8]).strip("0 "), plain(tail[12:]) or plain(tail[8:12])
    # Files of before 2.5 write other things here; since then 110-112 are blank and codes begin with letters.
    if not tail.startswith("   ") or not (reason or purpose or "AA")[:2].isalpha():
        kind, reason, purpose = "", "", ""
    if kind not in _RETURNS:
        kind = returned[:1]
    return (
        kind if kind in _RETURNS else None,
        reason or plain(returned[1:]).strip("0 ") or refusal or None,
        purpose or None,
    )


@lru_cache(maxsize=4096)
def _bic(raw: str) -> str:
    bic = plain(raw)
    return bic if bic[:4].isalpha() else ""


def _with_information(records: list[str], name: str, communication: str) -> tuple[str, str]:
    """Return name and communication completed by the information records (3.x) of a movement."""
    texts: list[str] = []
    free = ""
    for flag, content in _joined(records):
        if flag != "1":
            free += content  # the bank cuts words at the end of the record
            continue
        kind, rest = content[:3], content[3:]
        if kind == "001":  # counterparty: name 70, then address
            name = name or _tidy(rest[:70])
        elif kind == "002":  # communication of the bank
            free += rest
        elif kind not in ("004", "005"):  # the banks in between
            texts.append(_tidy(describe(kind, rest)))
    return name, " ".join(part for part in (communication, _tidy(free), *texts) if part)


def _joined(records: list[str]) -> list[tuple[str, str]]:
    """Return each record 3.1 with its 3.2 and 3.3: whether it is structured (position 40), and its text."""
    joined: list[tuple[str, str]] = []
    for record in records:
        if record[1] == "1":
            joined.append((record[39], record[40:113]))  # 41-113
        else:
            flag, text = joined[-1]
            joined[-1] = (flag, text + (record[10:115] if record[1] == "2" else record[10:100]))
    return joined
