"""The receipt commands on one set of books: they hold the books for writing and settle what a kill left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from ledger.errors import OboleError
from ledger.given import write_out
from ledger.languages import LANGUAGES
from ledger.register import receipts as receiptbook
from ledger.register.openings import opened_in
from ledger.register.transfers import transferred_in
from obole.books.days import refuse_far
from obole.books.loading import load_books
from obole.books.opened import Books, changing, settle
from obole.books.policies import policy_for, whole_printing
from obole.receipting.elsewhere import refuse_given
from obole.receipting.papers import Word, papers_answered, papers_of
from obole.words import _
from receipts.decide.claims import Changed
from receipts.decide.eligibility import Warn
from receipts.decide.tie import Tie, tie
from receipts.issue import Preview, Printing, example_sheet, issue, preview
from receipts.paper.proof import unprintable
from receipts.paper.render import Rendered, render
from receipts.paper.typeset import Typesetter
from reports.totals import Totals

# Seconds to wait for who else writes: before the work as long as hashes take; after it as long as an import takes.
_A_MOMENT = 5
_A_WHILE = 3600

_NOTHING_SAID = Word()

_MANY = 14  # rows of gifts of the fullest receipt


class NotRecognised(OboleError):
    """A year for which the foundation may not issue receipts."""


@dataclass(frozen=True, slots=True)
class Status:
    """The receipts of a year: by state (count, cents), what waits for a decision, and the tie-out."""

    year: int
    states: dict[str, tuple[int, int]]
    rendered: int
    due: tuple[int, int]
    changed: tuple[Changed, ...]
    without_number: int
    tie: Tie
    plan: Preview


def preview_receipts(books: Books, year: int) -> Preview:
    """Tell who would get a receipt and who not."""
    with books.register.connect() as gifts, books.vault.connect() as identities:
        papers = papers_of(books, gifts, year)
        return preview(gifts, identities, books.sealer, year, policy_for(books.config, year), papers)


def issue_receipts(
    books: Books, year: int, day: date, *, word: Word = _NOTHING_SAID, dry_run: bool = False
) -> tuple[Preview, list[str]]:
    """Issue what is due; what was issued, and what a killed run before had left. With `dry_run` nothing is kept."""
    refuse_date(year, day)
    policy = policy_for(books.config, year)
    if year not in policy.recognised:
        raise NotRecognised(
            _(
                "{year}: obole.toml has no [[recognition]] that holds for this year; add it, or issue no "
                "receipts for it."
            ).format(year=year)
        )
    printing = whole_printing(books, year)
    _refuse_unprintable(printing, year)
    with changing(books, dry_run=dry_run) as (held, recovered):
        refuse_given(books, year)
        stores = (held.register, held.vault, held.sealer)
        with held.register.connect() as gifts:
            papers = papers_answered(books, gifts, year, word, dry_run=dry_run)
        plan = issue(*stores, year, policy=policy, printing=printing, issued_on=day, papers=papers)
    return plan, recovered


def refuse_date(year: int, day: date) -> None:
    """Raise OboleError where a receipt would be dated before its year, or on a day that is not near."""
    if day.year < year:
        raise OboleError(
            _("--date {day} lies before {year}; receipts are issued after their gifts.").format(day=day, year=year)
        )
    refuse_far("--date", day)


def _refuse_unprintable(printing: Printing, year: int) -> None:
    """Raise OboleError where what the foundation prints on every receipt cannot be printed, in one of the languages."""
    for language in LANGUAGES:
        reason = unprintable(example_sheet(printing, year, language, _MANY), printing.images)
        if reason:
            raise OboleError(
                _("obole.toml: receipts cannot be printed: {reason}; nothing is issued.").format(reason=reason)
            )


def write_specimen(books: Books, year: int, language: str, output: Path) -> None:
    """Write a receipt of nobody, marked as a specimen and without a number: what is printed, to be looked at."""
    books.require_new(output)
    printing = whole_printing(books, year)
    pdf = Typesetter(printing.images).render(example_sheet(printing, year, language), as_specimen=True)
    write_out(output, pdf)


def render_receipts(
    books: Books, year: int, *, workers: int = 2, progress: Callable[[str, int, int], None] | None = None
) -> Rendered:
    """Make the PDFs that are not there yet; others write to the books meanwhile, and may make the same PDFs."""
    step = (lambda done, of: progress("", done, of)) if progress else None
    with books.writing(_A_MOMENT):
        settle(books)
    stores = (books.register, books.vault, books.sealer)
    recording = partial(_recording, books)
    return render(*stores, books.folder.receipts, year, workers=workers, progress=step, recording=recording)


@contextmanager
def _recording(books: Books) -> Iterator[None]:
    """Hold the books while hashes are written down; nothing is settled: the vault is still read for the next sheets."""
    with books.writing(_A_WHILE):
        yield


def status_of(books: Books, year: int) -> Status:
    """Counts and sums of a year, tied out with the books."""
    loaded = load_books(books.folder.main, books.years)
    income = gift_income(books, loaded.calendar_totals.in_year(year), year)
    with books.register.connect() as gifts, books.vault.connect() as identities:
        policy = policy_for(books.config, year)
        plan = preview(gifts, identities, books.sealer, year, policy, papers_of(books, gifts, year))
        rows = receiptbook.receipts_of(gifts, year)
        transferred = transferred_in(gifts, year, books.config.gifts.control)
    states: dict[str, tuple[int, int]] = {}
    for row in rows:
        count, cents = states.get(row.state, (0, 0))
        states[row.state] = (count + 1, cents + row.cents)
    missing = sum(
        Warn.NUMBER_MISSING in decision.warnings for decision in plan.assessment.decisions if decision.reason is None
    )
    return Status(
        year=year,
        states=states,
        rendered=sum(row.pdf_digest is not None for row in rows),
        due=(len(plan.due), plan.cents),
        changed=plan.changed,
        without_number=missing,
        tie=tied(plan, income, transferred),
        plan=plan,
    )


def tie_out(books: Books, year: int, totals: Totals) -> Tie:
    """Return the gift accounts of a year against receipts and reasons; `totals` are those by calendar year."""
    income = gift_income(books, totals.in_year(year), year)
    with books.register.connect() as gifts, books.vault.connect() as identities:
        policy = policy_for(books.config, year)
        plan = preview(gifts, identities, books.sealer, year, policy, papers_of(books, gifts, year))
        transferred = transferred_in(gifts, year, books.config.gifts.control)
        return tied(plan, income, transferred)


def tied(plan: Preview, income: int = 0, transferred: tuple[int, int] = (0, 0)) -> Tie:
    """Return the tie-out of a year whose receipts and assessment `plan` has; only its difference wants `income`."""
    held = {one for waiting in plan.waiting for one in waiting.gift_ids}
    return tie(plan.assessment, plan.covered, income, transferred, settled=plan.settled, held=held)


def gift_income(books: Books, in_year: dict[str, int], year: int) -> int:
    """Return what the books have on the gift accounts in a year, income positive.

    What an opening put there is left out: those gifts, and their receipts, are the old software's.
    """
    control = set(books.config.gifts.control)
    with books.register.connect() as connection:
        opened = opened_in(connection, year)
    return -sum(cents - opened.get(code, 0) for code, cents in in_year.items() if code in control)
