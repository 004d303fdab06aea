"""The closed sets and the records that cross from importers to the registers: natures, channels, gifts.

Amounts are integer cents, dates are dates; donors appear by key only (`D0001234`), never by name.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Nature(StrEnum):
    """The kind of thing given. Only money can give a receipt (art. 145/33 CIR 92)."""

    MONEY = "money"
    GOODS = "goods"
    SERVICES = "services"
    PREMISES = "premises"
    EQUIPMENT = "equipment"
    SECURITIES = "securities"
    LEGACY = "legacy"
    MEMBERSHIP = "membership"
    TICKET = "ticket"
    SPONSORING = "sponsoring"


class Counterpart(StrEnum):
    """The thing the donor got in return; a token one needs a human decision, a real one excludes a receipt."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105 - a small thing in return, no password
    REAL = "real"


class Channel(StrEnum):
    """The way the gift came."""

    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct-debit"
    CARD = "card"
    PLATFORM = "platform"
    CASH = "cash"
    CHEQUE = "cheque"
    IN_KIND = "in-kind"
    JOURNAL = "journal"


class DonorKind(StrEnum):
    """A natural person has a first name and a national number, a legal person an enterprise number."""

    NATURAL = "natural"
    LEGAL = "legal"


class DocumentKind(StrEnum):
    """The kinds of source a document can be."""

    CODA = "coda"
    CAMT = "camt"
    DETAILS = "details"
    COLLECTION = "collection"
    STATUS = "status"
    PLATFORM = "platform"
    DONORS = "donors"
    PLEDGES = "pledges"
    PARTIES = "parties"
    IN_KIND = "in-kind"
    GRANTS = "grants"
    LEGACIES = "legacies"
    JOURNAL = "journal"
    CASH = "cash"
    ASSIGNMENT = "assignment"
    RECLASSIFICATION = "reclassification"
    UNDO = "undo"
    OPENING = "opening"
    EVENTS = "events"


class LineOutcome(StrEnum):
    """The outcome of a line of a document; of a platform's row that moved no gift, what the row is."""

    GIFT = "gift"
    RETURN = "return"
    RULE = "rule"
    GRANT = "grant"
    SUSPENSE = "suspense"
    BATCH = "batch"  # a total, decided by its details
    INSTALMENT = "instalment"  # of a collection that the bank gave as one total
    DETAIL = "detail"  # of a line that was decided as one
    NOTHING = "nothing"  # news of the bank without money
    IDENTITY = "identity"  # of money that arrives elsewhere: who gave
    OPENING = "opening"  # what an entry of the opening puts on an account
    TRANSFER = "transfer"  # what a voucher takes from a gift account, to another year or back
    EXPECTED = "expected"  # what a slip or cheque says that the bank will bring or take
    LEGACY = "legacy"  # what a decision sets against a legacy
    RESTORED = "restored"  # the line of a gift whose return was undone
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSED = "chargeback-reversed"
    FEE = "fee"
    CORRECTION = "correction"
    SPENT = "spent"
    CONVERSION = "conversion"


# In the place of the reason of a return: a line of which the bank's files do not tell who it is of. A person decides.
DOUBTFUL = "doubtful"
PART = "+"  # behind the number of the statement that a part of the same day comes after


class Gift(NamedTuple):
    """One gift, or its reversal, as the register keeps it (a NamedTuple: a year has half a million).

    `cents` is positive for a gift and negative for a reversal. `booked` is the day it stands in the books,
    `counted` the calendar year it counts for on a receipt (a reversal counts for the year of what it reverses).
    `position` is the line of the document it came from, `batch` the line of the total it is part of, 0 for none.
    `account` is the income account's code; `reverses` the register's id of the gift taken back;
    `certificate_elsewhere` says that another institution gives the donor the certificate.
    """

    donor: str | None
    cents: int
    booked: date
    counted: int
    account: str
    position: int
    batch: int = 0
    nature: Nature = Nature.MONEY
    channel: Channel = Channel.TRANSFER
    counterpart: Counterpart = Counterpart.NONE
    ordered: date | None = None
    executed: date | None = None
    value: date | None = None
    paid: date | None = None
    campaign: str | None = None
    fund: str | None = None
    reverses: int | None = None
    certificate_elsewhere: bool = False
    project: str | None = None
    department: str | None = None
