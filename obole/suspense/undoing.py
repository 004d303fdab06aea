"""`obole undo`, and the open lines looked at again: what followed from a decision may be known otherwise."""

from obole.books.opened import Books, settle
from obole.intake.undo import Undone, undo_document
from obole.suspense.again import reconsider


def undo(books: Books, name: str, *, dry_run: bool = False) -> Undone:
    """Reverse a document on its own days; CannotUndo where it cannot be, with what to do first."""
    if dry_run:
        with books.tried() as trial:
            return _undo(trial, name, dry_run=True)
    with books.writing():
        recovered = settle(books)
        return _undo(books, name, recovered=tuple(recovered))


def _undo(books: Books, name: str, *, dry_run: bool = False, recovered: tuple[str, ...] = ()) -> Undone:
    done = undo_document(books, name, dry_run=dry_run, recovered=recovered)
    if done.back.gifts:
        reconsider(books)  # of what was undone with it, some is known without what the decision taught
    return done
