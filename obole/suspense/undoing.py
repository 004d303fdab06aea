"""`obole undo`, and the open lines looked at again: what followed from a decision may be known otherwise."""

from obole.books.opened import Books, settle
from obole.intake.undo import Undone, undo_document
from obole.suspense.again import reconsider


def undo(
    books: Books, name: str, *, voucher: str | None = None, line: int | None = None, dry_run: bool = False
) -> Undone:
    """Reverse a document, or a voucher or line of it, on its own days; CannotUndo where it cannot be."""
    if dry_run:
        with books.tried() as trial:
            return _undo(trial, name, voucher, line, dry_run=True)
    with books.writing():
        recovered = settle(books)
        return _undo(books, name, voucher, line, recovered=tuple(recovered))


def _undo(
    books: Books,
    name: str,
    voucher: str | None,
    line: int | None,
    *,
    dry_run: bool = False,
    recovered: tuple[str, ...] = (),
) -> Undone:
    done = undo_document(books, name, voucher=voucher, line=line, dry_run=dry_run, recovered=recovered)
    if done.back.gifts:
        reconsider(books)  # of what was undone with it, some is known without what the decision taught
    return done
