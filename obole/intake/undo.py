"""`obole undo`: a document, or a part of it, taken back by its reversal, with what it taught and what that decided."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from ledger.mirror import CannotUndo, Part, refuse_kind
from ledger.posting import Booking, Posting
from ledger.records import DocumentKind
from ledger.register.documents import PostedDocument, undone_by
from ledger.register.gifts import donors_named, originals_of
from ledger.register.statements import Gap, gaps
from ledger.register.suspense import lines_decided
from ledger.register.vouchers import documents_of_vouchers, vouchers_standing
from ledger.vault.counterparties import save_counterparties
from ledger.vault.links import forget_ibans, learnt_accounts
from obole.books.opened import Books
from obole.intake.parts import Chosen, by_line, by_voucher, known_document
from obole.intake.putting_back import put_back
from obole.intake.reversing import journal_of, reverse, reverse_parts
from obole.intake.untaught import TakenBack, take_back
from obole.words import _, many

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Undone:
    """A document that was reversed: its name, the one that reverses it, gifts with their sum, other transactions.

    `back` is what followed from a decision that taught. `comes_again` where it has a file that can be imported anew,
    `waits` where its lines are on suspense again; `part` is the voucher or line, where only that was undone. `gaps` are
    those that a statement leaves in its account.
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
    part: str = ""
    gaps: tuple[Gap, ...] = ()


def undo_document(
    books: Books,
    name: str,
    *,
    voucher: str | None = None,
    line: int | None = None,
    dry_run: bool = False,
    recovered: tuple[str, ...] = (),
) -> Undone:
    """Reverse a document, or a voucher or line of it, on its own days; CannotUndo where it cannot be, with what to do.

    The caller holds the books. The vault comes last: what a kill leaves of it is forgotten at the next start.
    """
    with books.posting() as posting:
        record = known_document(posting.connection, name)
        if voucher is not None or line is not None:
            refuse_kind(name, record.kind)
            if record.id in undone_by(posting.connection):
                raise CannotUndo(_("{name}: undone already; import its file to post it again.").format(name=name))
        if voucher is not None:
            done = _undo_part(books, posting, by_voucher(posting.connection, record, voucher))
        elif line is not None:
            chosen = by_line(posting.connection, record, line, journal_of(books, record))
            done = _undo_part(books, posting, chosen) if chosen else _put_back(books, posting, record, line)
        else:
            done = _undo_whole(books, posting, record)
    return replace(done, dry_run=dry_run, recovered=recovered)


def _undo_whole(books: Books, posting: Posting, record: PostedDocument) -> Undone:
    decides = record.kind == DocumentKind.ASSIGNMENT
    lines = set(lines_decided(posting.connection, record.id)) if decides else set()
    vouchers = {one.reference for one in vouchers_standing(posting.connection, record.id)}
    booking = reverse(books, posting, record)
    back = _untaught(books, posting, record, lines) if decides else TakenBack()
    if record.kind == DocumentKind.PLATFORM:
        back.left += _named_since(posting.connection, record.id)
    back.left += _in_other_years(posting.connection, record, vouchers)
    comes_again = record.archive is not None
    left = _gaps_left(posting.connection, record)
    return replace(_told(record, booking, back), comes_again=comes_again, waits=decides and not comes_again, gaps=left)


def _gaps_left(connection: Connection, record: PostedDocument) -> tuple[Gap, ...]:
    """Return where an account does not lead on any more without a statement."""
    if record.bank is None or record.closing is None:
        return ()
    return tuple(gap for gap in gaps(connection, record.bank) if record.name in gap.undone)


def _undo_part(books: Books, posting: Posting, chosen: Chosen) -> Undone:
    """Reverse a voucher or a decision; the rest of its document stands."""
    record = chosen.record
    decides = record.kind == DocumentKind.ASSIGNMENT
    booking = reverse_parts(books, posting, record, chosen.parts)
    back = _untaught(books, posting, record, chosen.lines) if decides else TakenBack()
    back.left += _in_other_years(posting.connection, record, {part.reference for part in chosen.parts})
    comes_again = record.archive is not None
    done = replace(_told(record, booking, back), comes_again=comes_again, waits=decides and not comes_again)
    return replace(done, part=", ".join(dict.fromkeys(_named(record, part) for part in chosen.parts)))


def _named(record: PostedDocument, part: Part) -> str:
    if record.kind != DocumentKind.ASSIGNMENT:
        return part.grant or part.reference
    return _("line {line}").format(line=part.position)


def _put_back(books: Books, posting: Posting, record: PostedDocument, line: int) -> Undone:
    """Put a line that the import decided where a person decides it."""
    gone = put_back(books, posting, record, line)
    with books.vault.begin() as identities:
        save_counterparties(identities, [gone.behind])
    done = Undone(record.name, gone.name, gone.gifts, gone.cents, gone.entries, dry_run=False)
    return replace(done, part=_("line {line}").format(line=line), comes_again=False, waits=True)


def _untaught(books: Books, posting: Posting, record: PostedDocument, lines: Collection[str]) -> TakenBack:
    """Let the vault forget what decisions on these lines taught, and take back what followed from it."""
    back = TakenBack()
    with books.vault.connect() as identities:
        taught = [one for one in learnt_accounts(identities) if one.line in lines]
    if taught:
        back = take_back(books, posting, taught, {record.id})
    with books.vault.begin() as identities:
        forget_ibans(identities, lines)
        save_counterparties(identities, back.counterparties)
    return back


def _told(record: PostedDocument, booking: Booking, back: TakenBack) -> Undone:
    told = booking.record.summary
    gone, cents, entries = told.counts["gifts"], told.cents["gifts"], told.counts["entries"]
    return Undone(record.name, booking.record.name, gone, cents, entries, dry_run=False, back=back)


def _in_other_years(connection: Connection, record: PostedDocument, references: Collection[str]) -> Iterator[str]:
    """Yield where the same rows of an event stand in another year: what was put off there, or came back."""
    if record.kind != DocumentKind.EVENTS:
        return
    for name in documents_of_vouchers(connection, record.kind, references):
        if name != record.name:
            message = _(
                "{document} has the other year of the same rows (put off, or come back): undo it there too, or import "
                "the file again, so that nothing is left half"
            )
            yield message.format(document=name)


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
