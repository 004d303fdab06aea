"""Records that an importer reads out of a source file: statements and their movements, before anything is decided.

Here names and account numbers still stand, because matching needs them; nothing of this reaches the books.
Amounts are integer cents, credits positive. Nothing here knows books, a register or a terminal.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from ledger.errors import Fault, refuses
from ledger.records import DocumentKind

_LATE = timedelta(days=31)  # a statement made later than that after its last day is a copy


class Movement(NamedTuple):
    """One line of a bank statement (a NamedTuple: a year has half a million, and they are made five times as fast).

    position         1..n in file order, totals and their details alike
    parent           position of the total this is a detail of, None for a booked line; only booked lines
                     (parent None) count in the balance
    code             transaction code: type, family, transaction, category (8 digits in CODA)
    structured       the structured communication: 12 digits of an OGM/VCS, or an RF reference
    communication    free text, joined over the records
    name, account    counterparty as the bank gives them; `account` without spaces (IBAN or BBAN)
    reference        EndToEndId of a simple line or a detail, PmtInfId of a collection's total
    mandate          SEPA mandate of a direct debit
    executed         settlement date of a direct debit (communication 127)
    return_type, reason  R-transaction: reject 1, return 2, refund 3, reversal 4, cancellation 5; ISO reason code
    """

    position: int
    parent: int | None
    booked: date
    value: date | None
    cents: int
    code: str
    structured: str | None = None
    communication: str = ""
    name: str = ""
    account: str = ""
    bic: str = ""
    reference: str = ""
    bank_reference: str = ""
    mandate: str | None = None
    creditor: str | None = None
    executed: date | None = None
    return_type: str | None = None
    reason: str | None = None
    purpose: str | None = None
    line: int = 0

    @property
    def family(self) -> str:
        """Return family and transaction, four digits: `0150` is a transfer in our favour."""
        return self.code[1:5]


class Tally(NamedTuple):
    """The counts of a CAMT statement that its movements do not show one by one.

    details           TxDtls of all entries, merged ones included; `batches` entries that are announced as such
    ogm, references   structured references: of the Belgian issuer BBA, and in all
    returns           reason codes of what came back, in file order
    """

    details: int = 0
    batches: int = 0
    ogm: int = 0
    references: int = 0
    returns: tuple[str, ...] = ()


class Named(NamedTuple):
    """Further references of a total at a position: a collection may be named by any of them."""

    position: int
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One logical statement: account, balances, movements, and what is wrong with it.

    `sequence` is the bank's own number of the statement within the year, as printed (`073`), `created` the day the bank
    made it; `digest` the SHA-256 of the logical file's characters, which tells a second delivery from a different
    statement; `doubtful` the positions of lines of which it cannot be told which of several equal ones they are.
    `opened` and `closed` say whether the file gives the balances: where it does not, they are 0 here.
    """

    account: str
    currency: str
    opening: int
    opening_date: date | None
    closing: int
    closing_date: date | None
    sequence: str
    movements: tuple[Movement, ...]
    holder: str = ""
    bic: str = ""
    duplicate: bool = False
    details_only: bool = False
    opened: bool = True
    closed: bool = True
    created: date | None = None
    digest: str = ""
    kind: DocumentKind = DocumentKind.CODA
    tally: Tally | None = None
    named: tuple[Named, ...] = ()
    faults: tuple[Fault, ...] = field(default=())
    doubtful: frozenset[int] = frozenset()

    @property
    def ok(self) -> bool:
        """Return True where nothing refuses the statement."""
        return not refuses(self.faults)

    @property
    def number_year(self) -> int | None:
        """Return the year whose statements `sequence` counts: that of the creation where a new one has begun.

        Numbers begin anew each year (CODA 2.6, record 1), so that 001 made in January is of the new year whatever day
        it closes on. A number above the days the new year has had by then is of the old year, and so is that of a copy
        made long after.
        """
        closing, made = self.closing_date, self.created
        if closing is None:
            return None
        if made is None or made.year != closing.year + 1 or made - closing > _LATE or not self.sequence.strip("0+"):
            return closing.year
        number = int(self.sequence) if self.sequence.isdecimal() else 0
        return made.year if number <= made.timetuple().tm_yday else closing.year

    @property
    def booked(self) -> tuple[Movement, ...]:
        """Return the lines that count in the balance."""
        return tuple(movement for movement in self.movements if movement.parent is None)


class Outline(NamedTuple):
    """Of a bank file: statements at most, their last day, and whether those of each account stand in order of days."""

    statements: int
    last: date | None
    ordered: bool


@dataclass(frozen=True, slots=True)
class BankFile:
    """A physical bank file: its statements, and faults that concern the file as a whole."""

    statements: tuple[Statement, ...]
    faults: tuple[Fault, ...] = ()
    encoding: str = "ascii"

    @property
    def ok(self) -> bool:
        """Return True where the whole file and each statement can be taken."""
        return not refuses(self.faults) and all(statement.ok for statement in self.statements)

    @property
    def outline(self) -> Outline:
        """Return the number of statements, and the last day of those that can be taken."""
        days = [one.closing_date for one in self.statements if one.ok and one.closing_date]
        return Outline(len(self.statements), max(days, default=None), ordered=False)
