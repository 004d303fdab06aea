"""A posted document reversed whole by its mirror image, where its year is open and nothing stands on it."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from ledger.mirror import CannotUndo, mirror, refuse_kind
from ledger.posting import Booking, Posting
from ledger.records import DocumentKind
from ledger.register import debits as debitbook
from ledger.register.documents import PostedDocument, insert_undone, undone_by
from ledger.register.gifts import PostedGift, gifts_of, reversal_of
from ledger.register.suspense import assignments_to
from obole.books.opened import Books
from obole.words import _


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
    closed = books.closed_years(connection) & record.years
    if closed:
        message = _("{name}: {year} is closed; enter a correction in an open year.")
        raise CannotUndo(message.format(name=name, year=min(closed)))
    _refuse_assigned(connection, record, undone)
    _refuse_sent(connection, record)
    gifts = [_standing(connection, one, name, undone) for one in gifts_of(connection, record.id)]
    journal = (books.folder.root / record.journal).read_text(encoding="utf-8") if record.journal else ""
    booking = mirror(record, gifts, journal, control, language)
    if follows is not None:
        told = replace(booking.record.summary, follows=follows)
        booking = replace(booking, record=replace(booking.record, summary=told))
    insert_undone(connection, record.id, posting.post(booking))
    return booking


def _refuse_assigned(connection: Connection, record: PostedDocument, undone: Mapping[int, int]) -> None:
    """Raise CannotUndo where another document decided about a suspense line of this one."""
    for one in assignments_to(connection, record.id):
        if one.by_id not in undone:
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
        if back.document_id not in undone:
            message = _("{name}: a gift of line {line} was taken back by {document}; undo that first.")
            raise CannotUndo(message.format(name=name, line=one.gift.position, document=back.document))
        restored = [
            other
            for other in gifts_of(connection, undone[back.document_id])
            if other.gift.position == back.position and other.gift.cents == one.gift.cents
        ]
        one = one._replace(id=restored[0].id)
    return one
