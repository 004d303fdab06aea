"""A posted document, or a part of it, reversed by its mirror image, where its year is open and nothing stands on it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from ledger.mirror import CannotUndo, Part, batches_of, mirror, refuse_kind
from ledger.posting import Booking, Posting
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.documents import (
    PostedDocument,
    UndonePart,
    free_name,
    insert_undone,
    insert_undone_parts,
    parts_undone,
    undone_by,
)
from ledger.register.gifts import PostedGift, Reversal, gifts_of, reversal_of
from ledger.register.suspense import assignments_to
from obole.books.opened import Books
from obole.words import _

# Documents of which a voucher is one transaction, with all that it gives and the rest; it bears the voucher's name.
_VOUCHERS = (DocumentKind.JOURNAL, DocumentKind.CASH, DocumentKind.EVENTS, DocumentKind.LEGACIES)


def reverse(books: Books, posting: Posting, record: PostedDocument, *, follows: str | None = None) -> Booking:
    """Post the mirror image of a document and mark it undone; CannotUndo where it cannot be, with what to do first.

    `follows` names the decision that was taken back and that this document followed from.
    """
    connection, name = posting.connection, record.name
    language, control = books.config.organisation.language, books.config.gifts.control
    undone = undone_by(connection)
    if record.id in undone:
        raise CannotUndo(_("{name}: undone already; import its file to post it again.").format(name=name))
    refuse_kind(name, record.kind)
    closed = books.closed_years(connection).between(record.first_day, record.last_day)
    if closed:
        message = _("{name}: {year} is closed; enter a correction in an open year.")
        raise CannotUndo(message.format(name=name, year=min(closed)))
    _refuse_assigned(connection, record, undone)
    _refuse_sent(connection, record)
    gone = parts_undone(connection, record.id)
    before = {one.position for one in gone}
    gifts = [
        _standing(connection, one, name, undone)
        for one in gifts_of(connection, record.id)
        if _line_of(record, one) not in before
    ]
    without = [part_of(record, *one[:3]) for one in gone]
    booking = mirror(record, gifts, journal_of(books, record), control, language, without=without)
    if follows is not None:
        told = replace(booking.record.summary, follows=follows)
        booking = replace(booking, record=replace(booking.record, summary=told))
    insert_undone(connection, record.id, posting.post(booking))
    return booking


def reverse_parts(books: Books, posting: Posting, record: PostedDocument, parts: Sequence[Part]) -> Booking:
    """Post the mirror image of parts of a document that stands and mark them undone; CannotUndo where it cannot be."""
    connection, name = posting.connection, record.name
    language, control = books.config.organisation.language, books.config.gifts.control
    shut = books.closed_years(connection)
    closed = {shut.label(part.day) for part in parts if part.day in shut}
    if closed:
        message = _("{name}: {year} is closed; enter a correction in an open year.")
        raise CannotUndo(message.format(name=name, year=min(closed)))
    text = journal_of(books, record)
    if record.kind in _VOUCHERS:
        parts = list(_in_batches(parts, record, text))
    positions = {part.position for part in parts if part.position is not None}
    undone = undone_by(connection)
    if record.id in undone:
        raise CannotUndo(_("{name}: undone already; import its file to post it again.").format(name=name))
    if debitbook.has_failures(connection, record.id):
        message = _("{name}: debits that failed were entered with it; undo the whole document.")
        raise CannotUndo(message.format(name=name))
    _refuse_assigned(connection, record, undone, positions)
    all_of = gifts_of(connection, record.id)
    if any(one.gift.batch in positions and _line_of(record, one) not in positions for one in all_of):
        message = _("{name}: line {line} is a total that was split; undo the whole document.")
        raise CannotUndo(message.format(name=name, line=min(positions)))
    gifts = [_standing(connection, one, name, undone) for one in all_of if _line_of(record, one) in positions]
    by = free_name(connection, f"undo-{name}-part")
    booking = mirror(record, gifts, text, control, language, name=by, only=parts)
    if not booking.gifts and not booking.entries and record.kind != DocumentKind.CASH:  # a void slip has none
        message = _("{name}: the journal has no entry of {part}; undo the whole document.")
        raise CannotUndo(message.format(name=name, part=parts[0].reference))
    number = posting.post(booking)
    insert_undone_parts(connection, record.id, [UndonePart(*part[:3], number) for part in parts])
    return booking


def _in_batches(parts: Iterable[Part], record: PostedDocument, journal: str) -> Iterator[Part]:
    """Yield parts at the lines of their gifts; a row of legacies without gifts may decide a line, and keeps its own."""
    batches = batches_of(journal)
    for part in parts:
        own = part.position if record.kind == DocumentKind.LEGACIES else None
        yield part._replace(position=batches.get((part.reference, part.day), own))


def _line_of(record: PostedDocument, one: PostedGift) -> int:
    """Return the line by which a gift is undone alone: of a voucher the first, with all that the voucher gave."""
    return one.gift.batch if record.kind in _VOUCHERS else one.gift.position


def part_of(record: PostedDocument, reference: str, day: date, position: int | None) -> Part:
    """Return a part of a document as its entries name it."""
    if record.kind == DocumentKind.GRANTS:
        return Part(reference, day, position, grant=reference.rsplit(":", 2)[0])
    if record.kind != DocumentKind.ASSIGNMENT:
        return Part(reference, day, position)
    document, _colon, line = reference.partition(">")[0].rpartition(":")
    return Part(reference, day, position, place=(document, int(line)))


def journal_of(books: Books, record: PostedDocument) -> str:
    """Return the text of a document's journal file, empty where it has none."""
    return (books.folder.root / record.journal).read_text(encoding="utf-8") if record.journal else ""


def _refuse_assigned(
    connection: Connection, record: PostedDocument, undone: Mapping[int, int], positions: Collection[int] | None = None
) -> None:
    """Raise CannotUndo where another document decided about a suspense line of this one, or of these lines of it."""
    for one in assignments_to(connection, record.id):
        if one.by_id not in undone and (positions is None or one.position in positions):
            message = _("{name}: line {line} was assigned by {document}; undo that first.")
            raise CannotUndo(message.format(name=record.name, line=one.position, document=one.by))


def _refuse_sent(connection: Connection, record: PostedDocument) -> None:
    """Raise CannotUndo for a collection that the bank has answered: one is withdrawn only while nothing came of it."""
    if record.kind != DocumentKind.COLLECTION:
        return
    for reference in debitbook.references_of(connection, record.name):
        collected = debitbook.collected(connection, reference)
        if collected is not None and any(one.credited or one.rejected for one in collected.debits):
            message = _("{name}: the bank has credited or rejected some of it; it cannot be withdrawn.")
            raise CannotUndo(message.format(name=record.name))


def _standing(connection: Connection, one: PostedGift, name: str, undone: Mapping[int, int]) -> PostedGift:
    """Return the gift, or what took its place where its reversal was itself taken back."""
    while (back := reversal_of(connection, one.id)) is not None:
        by = undone.get(back.document_id) or _by_part(connection, back)
        if by is None:
            message = _("{name}: a gift of line {line} was taken back by {document}; undo that first.")
            raise CannotUndo(message.format(name=name, line=one.gift.position, document=back.document))
        restored = [
            other
            for other in gifts_of(connection, by)
            if other.gift.position == back.position and other.gift.cents == one.gift.cents
        ]
        one = one._replace(id=restored[0].id)
    return one


def _by_part(connection: Connection, back: Reversal) -> int | None:
    """Return the document that undid the line which took a gift back, where its document stands."""
    found = parts_undone(connection, back.document_id)
    return next((one.by_document_id for one in found if one.position == back.position), None)
