"""One line of a posted file put back where a person decides it: a bank line on suspense, a platform's gift to nobody.

What the import decided is reversed on the day of the line, the rest of its document stands. The line is not decided
again by itself: the same rule or account would do the same.
"""

from typing import Any, NamedTuple

from beancount.core import data
from beancount.parser import parser
from sqlalchemy import Connection

from importers.bank import any_format as bank_files
from ledger.chart import code_of
from ledger.journal import Entry, Line
from ledger.mirror import CannotUndo
from ledger.money import to_cents
from ledger.posting import Booking, Posting
from ledger.records import DocumentKind, Gift, LineOutcome
from ledger.register.documents import MovementRow, PostedDocument, free_name
from ledger.register.gifts import PostedGift, gift_place
from ledger.register.suspense import Decision, LineNow, insert_assignments, line_now
from ledger.sources import digest_of, source_document
from ledger.store import iso
from ledger.vault.counterparties import Counterparty
from ledger.wording import word
from obole.books.opened import Books
from obole.intake.reversing import journal_of
from obole.words import _

_LINE = 1  # the only one of the document that puts a line back


class PutBack(NamedTuple):
    """A line put back: the document that says so, the gift that is gone, who stands behind it."""

    name: str
    gifts: int
    cents: int
    entries: int
    behind: Counterparty


def put_back(books: Books, posting: Posting, record: PostedDocument, position: int) -> PutBack:
    """Put a line of a statement or a platform's report back; CannotUndo where it cannot be, with what to do."""
    connection = posting.connection
    line = line_now(connection, record.name, position)
    if line is None:
        raise CannotUndo(_("{name}: no line {line} stands in it.").format(name=record.name, line=position))
    _refuse(books, connection, record, position, line)
    place = gift_place(connection, record.name, position)
    gift = place.gift if place is not None else None
    name, booking = _booking(books, connection, record, position, line, gift)
    number = posting.post(booking)
    if booking.movements:
        suspense = books.config.gifts.suspense
        insert_assignments(connection, number, [Decision(_LINE, line.key, None, suspense, line.booked)])
    behind = _behind(books, record, position)._replace(document=name, position=_LINE)
    cents = -gift.gift.cents if gift is not None else 0
    return PutBack(name, int(gift is not None), cents, len(booking.entries), behind)


def _refuse(books: Books, connection: Connection, record: PostedDocument, position: int, line: LineNow) -> None:
    """Raise CannotUndo for a line that is none to put back."""
    values = {"name": record.name, "line": position}
    if line.booked in books.closed_years(connection):
        message = _("{name}: {year} is closed; enter a correction in an open year.")
        raise CannotUndo(message.format(name=record.name, year=books.years.label(line.booked)))
    if line.outcome is LineOutcome.SUSPENSE:
        raise CannotUndo(_("{name}: line {line} waits on suspense already: `obole match`.").format(**values))
    known = (LineOutcome.GIFT, LineOutcome.INSTALMENT, LineOutcome.RULE, LineOutcome.GRANT)
    if line.outcome not in known:
        message = _("{name}: line {line} is not undone alone; undo the whole document, or decide about its gift anew.")
        raise CannotUndo(message.format(**values))


def _booking(  # noqa: PLR0917 - the line, its document and its gift
    books: Books,
    connection: Connection,
    record: PostedDocument,
    position: int,
    line: LineNow,
    gift: PostedGift | None,
) -> tuple[str, Booking]:
    """Return what puts a line back, and the name of its document."""
    language, accounts = books.config.organisation.language, books.config.gifts
    digest = digest_of(["line-put-back", record.name, position, gift.id if gift is not None else None, line.key])
    kind = DocumentKind.RECLASSIFICATION
    name = free_name(connection, f"{kind}-{line.booked.year}-{digest[:8]}")
    counts = {"gifts": int(gift is not None), "entries": int(gift is None)}
    cents = {"gifts": -gift.gift.cents} if gift is not None else {}
    told = source_document(kind, name, digest, [line.booked], counts=counts, cents=cents)
    of_bank = record.kind != DocumentKind.PLATFORM
    moved = _moved(gift, line) if gift is not None else None
    gone = [] if moved is None or gift is None else [moved._replace(cents=-gift.gift.cents, reverses=gift.id)]
    if moved is not None and not of_bank:
        gone.append(moved._replace(donor=None, account=accounts.undocumented))
    return name, Booking(
        record=told,
        movements=[_waiting(line, accounts.suspense)] if of_bank else (),
        gifts=gone,
        gift_debits={_LINE: accounts.suspense if of_bank else ""},
        batches={_LINE: word("suspense" if of_bank else "reclassification", language)},
        entries=[] if gift is not None else [_entry(books, record, position, accounts.suspense, name)],
    )


def _moved(gift: PostedGift, line: LineNow) -> Gift:
    return gift.gift._replace(booked=line.booked, position=_LINE, batch=_LINE)


def _waiting(line: LineNow, suspense: str) -> MovementRow:
    value = iso(line.value) if line.value else None
    told = (_LINE, None, iso(line.booked), value, line.cents, line.code, line.reference, line.mandate, line.reason)
    return MovementRow(*told, LineOutcome.SUSPENSE, suspense)


def _entry(books: Books, record: PostedDocument, position: int, suspense: str, name: str) -> Entry:
    """Return the opposite of what a line posted besides the bank, against suspense; as it stands in the journal."""
    found = _posted(journal_of(books, record), record.name, position)
    if found is None or len(found.postings) != 2:  # noqa: PLR2004 - the bank and where it went
        message = _("{name}: line {line} is part of a total, and no gift; undo the whole document.")
        raise CannotUndo(message.format(name=record.name, line=position))
    _bank, other = found.postings
    cents = to_cents(other.units.number)
    kept = {key: str(value) for key, value in (other.meta or {}).items() if key not in ("filename", "lineno")}
    lines = (Line(suspense, cents), Line(code_of(other.account) or "", -cents, kept))
    label = word("suspense", books.config.organisation.language)
    return Entry(found.date, label, lines, links=(record.name, name), meta={"position": position})


def _posted(journal: str, name: str, position: int) -> Any:
    """Return the transaction of a line in the journal of its document, None where it has none of its own."""
    entries, errors, _options = parser.parse_string(journal)
    if errors:
        raise CannotUndo(_("the journal file of the document cannot be read; restore it from your backup."))
    return next(
        (
            one
            for one in entries
            if isinstance(one, data.Transaction) and "gift" not in one.tags and name in one.links
            if one.meta.get("position") is not None and int(one.meta["position"]) == position
        ),
        None,
    )


def _behind(books: Books, record: PostedDocument, position: int) -> Counterparty:
    """Return who stands behind a line, from the archived file; nobody where that does not say it any more."""
    nobody = Counterparty(record.name, position, "", "", "")
    archive = books.folder.root / record.archive if record.archive else None
    if archive is None or not archive.exists() or record.kind not in (DocumentKind.CODA, DocumentKind.CAMT):
        return nobody
    for statement in bank_files.parse(books.archive.read(archive)).statements:
        if record.bank is None or statement.digest != record.digest:
            continue
        for one in statement.movements:
            if one.position == position:
                text = one.communication or one.structured or ""
                return Counterparty(record.name, position, one.name, one.account, text)
    return nobody
