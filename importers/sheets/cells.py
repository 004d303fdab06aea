"""One cell of a register as a value: text, code, digits, day, cents, number, choice.

Each function takes a filled cell and gives the value, or raises CellError with a sentence in which the name of the
column is still to come (`column `{column}` is not a date; write ...`). No message repeats a cell that could hold a name
or an identifying number.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from importers.words import N_, _
from ledger.languages import LANGUAGES, SOURCE, spoken
from ledger.money import decimal_mark_in, parse_amount, to_cents
from ledger.signs import one_line

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


_ZIP = b"PK\x03\x04"


Cell = str | int | float | bool | date | time | None


# A spreadsheet keeps 15 digits of a number: beyond, the end of an identifying number is lost.
_EXACT = 10**15


# Nothing in the books of a foundation lies outside these years; a typing error does.
_YEARS = range(1900, 2101)


_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")


_BELGIAN_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


_AMOUNT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:[.,' ]\d{3})+)(?:[.,]\d+)?")


_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)


# At most ten characters: too short for a national number, an OGM/VCS or an IBAN.
_HARMLESS = re.compile(r"[0-9.,/+ -]{1,10}")


class Vocabulary(dict[str, str]):
    """The words that people write in a column, in lower case, and the value that each means.

    Made of the values with their words in the order of LANGUAGES (fr, nl, de), then other words; in English the value
    is the word.
    """

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        super().__init__({word: value for value, some in words.items() for word in (value, *some)})
        self._words = words

    def words(self, language: str) -> list[str]:
        """Return the values as they are written in a language."""
        place = LANGUAGES.index(language)
        return [value if language == SOURCE else some[place] for value, some in self._words.items()]


@dataclass(frozen=True, slots=True)
class BrokenCell:
    """A cell without a value to take: its row from 1, its column from 0, and why.

    `message` names the column as `{column}`, and what the spreadsheet put into the cell as `{error}`.
    """

    row: int
    column: int
    message: str
    error: str = ""


class UnreadableError(Exception):
    """A file that cannot be read as a table at all; its text is the whole sentence."""


class CellError(Exception):
    """A cell that is not what its column holds; `message` names the column as `{column}`, and `values` by name."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


def is_workbook(start: bytes) -> bool:
    """Return whether a file that begins so is a workbook: a zip, or the container of old and encrypted ones."""
    return start.startswith((_ZIP, OLE))


def letters_of(column: int) -> str:
    """Return the letters of a column from 0, as the spreadsheet shows them: 0 -> A, 26 -> AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def tidy(raw: str) -> str:
    """Return text without blanks around it, each run of blanks one space (no-break ones and line ends too), NFC.

    Control signs, marks of direction, soft hyphens and zero-width blanks, pasted or sent with it, are left out.
    """
    return one_line(raw if raw.isascii() else unicodedata.normalize("NFC", raw))


def shown(cell: Cell) -> str:
    """Return the cell between quotes and a space where repeating it harms nobody (short figures), else nothing."""
    text = str(cell)
    return f"`{text}` " if _HARMLESS.fullmatch(text) else ""


def text(cell: Cell) -> str:
    """Return any cell as text; a whole number loses its `.0`."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time.min:
        return cell.date().isoformat()
    return str(cell)


def code(cell: Cell) -> str:
    """Return a code or reference: text, or a number that a spreadsheet made of it, as far as no digit is lost."""
    if isinstance(cell, str):
        if _SCIENTIFIC.fullmatch(cell):
            raise CellError(
                _(
                    "column `{column}` is a number in scientific notation that has lost digits; format the column as "
                    "text and type it again"
                )
            )
        return cell
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise CellError(
            _(
                "column `{column}` became a date or a true/false in the spreadsheet; format the column as text "
                "and type it again"
            )
        )
    if abs(cell) >= _EXACT:
        raise CellError(
            _(
                "column `{column}` is a number so long that the spreadsheet has lost its last digits; format the "
                "column as text and type it again"
            )
        )
    if cell != int(cell):
        raise CellError(
            _(
                "column `{column}` {cell}is a number with decimals, not a code; format the column as text and "
                "type it again"
            ),
            cell=shown(cell),
        )
    return str(int(cell))


def digits(cell: Cell, length: int, prefix: str = "") -> str:
    """Return `length` digits, without separators and an optional prefix, lost leading zeros put back."""
    plain = re.sub(r"[ ./+*-]", "", code(cell)).upper().removeprefix(prefix)
    if not (plain.isascii() and plain.isdigit()):
        raise CellError(
            _("column `{column}` holds something else than digits; write its {length} digits"), length=length
        )
    if len(plain) > length:
        raise CellError(
            _("column `{column}` has {found} digits where {length} are expected; correct it"),
            found=len(plain),
            length=length,
        )
    return plain.rjust(length, "0")


def day(cell: Cell) -> date:
    """Return a date cell, `2025-03-14` (a time after it is left out) or `14/03/2025`."""
    if isinstance(cell, datetime):
        found = cell.date()
    elif isinstance(cell, date):
        found = cell
    elif not isinstance(cell, str):
        raise CellError(
            _(
                "column `{column}` {cell}is a number or a time, not a date; write it as 2025-03-14 or "
                "14/03/2025, or format the cell as a date"
            ),
            cell=shown(cell),
        )
    else:
        if match := _ISO_DAY.fullmatch(cell):
            year, month, number = match.groups()
        elif match := _BELGIAN_DAY.fullmatch(cell):
            number, month, year = match.groups()
        else:
            raise CellError(
                _(
                    "column `{column}` {cell}is not a date; write it as 2025-03-14 or 14/03/2025, or format the cell "
                    "as a date"
                ),
                cell=shown(cell),
            )
        try:
            found = date(int(year), int(month), int(number))
        except ValueError:
            raise CellError(
                _(
                    "column `{column}` {cell}is not a day of the calendar; write it as 2025-03-14 or 14/03/2025, or "
                    "format the cell as a date"
                ),
                cell=shown(cell),
            ) from None
    if found.year not in _YEARS:
        raise CellError(
            _("column `{column}` {cell}is in the year {year}; correct it"), cell=shown(cell), year=found.year
        )
    return found


# Beyond a thousand billion it is a number of something else in the wrong column, and the register counts in 64 bits.
_LARGEST = 1_000_000_000_000


_TOO_LARGE = N_("column `{column}` is larger than any amount; correct it")


# A table whose amounts never show which mark stands before their decimals, or show both.
DOUBTFUL = "?"


def decimal_mark(cell: Cell) -> str:
    """Return the decimal mark that a cell shows, as `decimal_mark_in`; empty where it is a number or no amount."""
    if not isinstance(cell, str):
        return ""
    plain = _without_currency(cell)
    return decimal_mark_in(plain) if plain.isascii() and _AMOUNT.fullmatch(plain) else ""


def cents(cell: Cell, mark: str = "") -> int:
    """Return cents of an amount in euro: a number cell, or text with either decimal mark and either grouping.

    `mark` is the decimal mark of the table the cell stands in, DOUBTFUL where that shows none. A float is taken where
    it is the nearest to a whole number of cents or at most 1e-9 euro beside it (a sum that the spreadsheet computed);
    any other fraction of a cent is an error.
    """
    found = _cents(cell, mark)
    if abs(found) > _LARGEST * 100:
        raise CellError(_(_TOO_LARGE))
    return found


def _cents(cell: Cell, mark: str) -> int:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell * 100
    if isinstance(cell, float):
        nearest = round(cell * 100)
        if abs(cell - nearest / 100) <= 1e-9:  # noqa: PLR2004 - the width said above
            return nearest
        raise CellError(
            _("column `{column}` has a fraction of a cent ({amount:.6g}...); round the amount to the cent"),
            amount=cell,
        )
    amount = _decimal(cell, mark)
    try:
        return to_cents(amount)
    except ValueError:
        raise CellError(
            _("column `{column}` {cell}has a fraction of a cent; write it as 1234.56 or 1.234,56"), cell=shown(cell)
        ) from None


def number(cell: Cell, mark: str = "") -> Decimal:
    """Return a quantity or a price with as many decimals as are written; `mark` as of `cents`."""
    plain = isinstance(cell, int | float) and not isinstance(cell, bool)
    found = Decimal(repr(cell)) if plain else _decimal(cell, mark)
    if abs(found) > _LARGEST:
        raise CellError(_(_TOO_LARGE))
    return found


def whole(cell: Cell) -> int:
    """Return a whole number above zero: a position, a number of years."""
    amount = number(cell, DOUBTFUL)
    if amount != int(amount) or amount < 1:
        raise CellError(_("column `{column}` {cell}is not a whole number from 1; correct it"), cell=shown(cell))
    return int(amount)


def choice(cell: Cell, known: Mapping[str, str]) -> str:
    """Return one of the values of `known` (what people write, in lower case -> the value)."""
    found = known.get(text(cell).casefold())
    if found is None:
        named = ", ".join(filter(None, dict.fromkeys(known.values())))
        values = ", ".join(known.words(spoken())) if isinstance(known, Vocabulary) else named
        raise CellError(_("column `{column}` is none of {values}; write one of these"), values=values)
    return found


def _without_currency(written: str) -> str:
    return written.replace("€", "").replace("EUR", "").strip()


def _decimal(cell: Cell, mark: str) -> Decimal:
    if not isinstance(cell, str):
        raise CellError(
            _("column `{column}` is a date or a true/false, not an amount; write it as 1234.56 or 1.234,56")
        )
    plain = _without_currency(cell)
    if not (plain.isascii() and _AMOUNT.fullmatch(plain)):
        raise CellError(
            _("column `{column}` {cell}is not an amount; write it as 1234.56 or 1.234,56"), cell=shown(cell)
        )
    if mark == DOUBTFUL and decimal_mark_in(plain) == "?":
        raise CellError(
            _(
                "column `{column}` {cell}may mean thousands or decimals, and the other amounts of the table do "
                "not say which; write it with two decimals, or without a mark between the thousands"
            ),
            cell=shown(cell),
        )
    try:
        return parse_amount(plain, mark if mark in (".", ",") else ",")
    except ValueError:
        raise CellError(
            _("column `{column}` {cell}is not an amount; write it as 1234.56 or 1.234,56"), cell=shown(cell)
        ) from None
