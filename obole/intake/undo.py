"""`obole undo`: a whole document taken back by its reversal, with all that it taught and what that decided."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection

from ledger.mirror import CannotUndo
from ledger.records import DocumentKind
from ledger.register.documents import find_document
from ledger.register.gifts import donors_named, originals_of
from ledger.register.suspense import lines_decided
from ledger.vault.counterparties import save_counterparties
from ledger.vault.links import forget_ibans, learnt_accounts
from obole.books.opened import Books
from obole.intake.reversing import reverse
from obole.intake.untaught import TakenBack, take_back
from obole.words import _, many

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Undone:
    """A document that was reversed: its name, the one that reverses it, gifts with their sum, other transactions.

    `back` is what followed from a decision that taught. `comes_again` where it has a file that can be imported anew,
    `waits` where its lines are on suspense again.
    """

    document: str
    by: str
    gifts: int
    cents: int
    entries: int
    dry_run: bool
    recovered: tuple[str, ...] = ()
    back: TakenBack = field(default_factory=TakenBack)
    comes_again: bool = True
    waits: bool = False


def undo_document(books: Books, name: str, *, dry_run: bool = False, recovered: tuple[str, ...] = ()) -> Undone:
    """Reverse a document on its own days; CannotUndo where it cannot be, with what to do first.

    The caller holds the books. The vault comes last: what a kill leaves of it is forgotten at the next start.
    """
    with books.posting() as posting:
        connection = posting.connection
        record = find_document(connection, name)
        if record is None:
            raise CannotUndo(_("{name}: no such document; `obole documents` lists those posted.").format(name=name))
        booking = reverse(books, posting, record)
        back = TakenBack()
        if record.kind == DocumentKind.ASSIGNMENT:
            lines = set(lines_decided(connection, record.id))
            with books.vault.connect() as identities:
                taught = [one for one in learnt_accounts(identities) if one.line in lines]
            if taught:
                back = take_back(books, posting, taught, {record.id})
            with books.vault.begin() as identities:
                forget_ibans(identities, lines)
                save_counterparties(identities, back.counterparties)
        elif record.kind == DocumentKind.PLATFORM:
            back.left += _named_since(connection, record.id)
    told = booking.record.summary
    gone, cents, entries = told.counts["gifts"], told.cents["gifts"], told.counts["entries"]
    comes_again = record.archive is not None
    waits = record.kind == DocumentKind.ASSIGNMENT and not comes_again
    return Undone(name, booking.record.name, gone, cents, entries, dry_run, recovered, back, comes_again, waits)


def _named_since(connection: Connection, document_id: int) -> Iterator[str]:
    """Yield that gifts which came after an export stand with the donors that it named: others may say so too."""
    named = donors_named(connection, document_id)
    later = [
        one
        for reference, one in originals_of(connection, named).items()
        if one.donor == named[reference] and not one.reversed
    ]
    if later:
        message = many(
            "{count} gift that came since stands with the donor that this file named ({donors}); where that is wrong, "
            "decide it in a sheet of `obole match`",
            "{count} gifts that came since stand with the donors that this file named ({donors}); where that is wrong, "
            "decide them in a sheet of `obole match`",
            len(later),
        )
        donors = sorted({one.donor for one in later if one.donor})
        shown = ", ".join(donors[:_SHOWN]) + (" ..." if len(donors) > _SHOWN else "")
        yield message.format(count=len(later), donors=shown)
