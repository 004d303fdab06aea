"""`obole mend`: a journal file that was lost alone is made again from the register and the archived source.

In a trial the register is set back to before the document, and its source is taken in once more; what that would write
is kept only where it is the file to the byte, by the SHA-256 that the register holds. Nothing else is ever written.
"""

from contextlib import suppress
from dataclasses import dataclass, field

from ledger.errors import OboleError
from ledger.journal import digest, write_whole
from ledger.register.documents import PostedDocument, all_documents
from ledger.register.rewinding import rewind
from ledger.vault.links import forget_ibans
from obole.books.opened import Books, settle
from obole.importing import import_into
from obole.words import _


@dataclass(slots=True)
class Mended:
    """The journal files that were made again, those that could not be, and what a killed run had left, in sentences."""

    made: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)


def mend(books: Books) -> Mended:
    """Make every journal file again that is missing; those that cannot be made to the byte are told."""
    with books.writing():
        mended = Mended(recovered=settle(books))
        with books.register.connect() as connection:
            documents = list(all_documents(connection))
        for row in documents:
            if row.journal and not (books.folder.root / row.journal).exists():
                text = _again(books, row)
                if text is None:
                    mended.left.append(_left(row))
                else:
                    write_whole(books.folder.root / row.journal, text.encode())
                    mended.made.append(row.journal)
    return mended


def _again(books: Books, row: PostedDocument) -> str | None:
    """Return the journal file of a document to the byte, None where it does not come out so."""
    if row.archive is None or not (books.folder.root / row.archive).exists():
        return None
    with books.trial_of_held() as trial:
        with trial.register.begin() as connection:
            taught = rewind(connection, row)
        with trial.vault.begin() as connection:
            forget_ibans(connection, taught)
        assert trial.trial is not None
        with suppress(OboleError):  # then it does not come out, which is told
            import_into(trial, [books.folder.root / row.archive])
        path = books.folder.root / str(row.journal)
        texts = [shown.text for shown in trial.trial.journal if shown.path == path]
    return next((text for text in texts if digest(text) == row.journal_digest), None)


def _left(row: PostedDocument) -> str:
    return _(
        "{file}: cannot be made again from the register and the source of {name}, because what it posted depends on "
        "what was known or set then; restore it from your backup"
    ).format(file=row.journal, name=row.name)
