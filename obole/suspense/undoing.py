"""`obole undo`, and the open lines looked at again: what followed from a decision may be known otherwise."""

from obole.books.opened import Books, changing
from obole.intake.undo import Undone, undo_document
from obole.suspense.again import reconsider


def undo(
    books: Books, name: str, *, voucher: str | None = None, line: int | None = None, dry_run: bool = False
) -> Undone:
    """Reverse a document, or a voucher or line of it, on its own days; CannotUndo where it cannot be."""
    with changing(books, dry_run=dry_run) as change:
        recovered = tuple(change.recovered)
        done = undo_document(change.books, name, voucher=voucher, line=line, dry_run=dry_run, recovered=recovered)
        if done.back.gifts:
            reconsider(change.books)  # of what was undone with it, some is known without what the decision taught
        return done
