"""The receipt commands on one set of books: they hold the books for writing and settle what a kill left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path

from ledger.errors import Fault, OboleError, Severity
from ledger.register import receipts as receiptbook
from ledger.register.openings import opened_in
from ledger.register.transfers import transferred_in
from obole.books.loading import load_books
from obole.books.opened import Books, settle
from obole.books.policies import belcotax_institution, belcotax_settings, policy_for, printing_of
from obole.receipting.elsewhere import refuse_given
from obole.words import _
from receipts.decide.eligibility import Warn
from receipts.decide.facts import assess_year
from receipts.decide.tie import Tie, tie
from receipts.filing import belcotax
from receipts.filing.shipment import slips_of, withdrawn_numbers
from receipts.issue import Changed, Preview, issue, preview
from receipts.paper.render import Rendered, render
from reports.totals import Totals

# Seconds to wait for who else writes: before the work as long as hashes take; after it as long as an import takes.
_A_MOMENT = 5
_A_WHILE = 3600


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


def preview_receipts(books: Books, year: int) -> Preview:
    """Tell who would get a receipt and who not."""
    with books.register.connect() as gifts, books.vault.connect() as identities:
        return preview(gifts, identities, books.sealer, year, policy_for(books.config, year))


def issue_receipts(books: Books, year: int, day: date) -> tuple[Preview, list[str]]:
    """Issue what is due; what was issued, and what a killed run before had left."""
    policy = policy_for(books.config, year)
    if year not in policy.recognised:
        raise NotRecognised(
            _(
                "{year}: obole.toml has no [[recognition]] that holds for this year; add it, or issue no "
                "receipts for it."
            ).format(year=year)
        )
    if day.year < year:
        raise OboleError(
            _("--date {day} lies before {year}; receipts are issued after their gifts.").format(day=day, year=year)
        )
    with books.writing():
        recovered = settle(books)
        refuse_given(books, year)
        printing = printing_of(books.config, year)
        stores = (books.register, books.vault, books.sealer)
        plan = issue(*stores, year, policy=policy, printing=printing, issued_on=day)
    return plan, recovered


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
    """Hold the books while hashes are written down; what another run left meanwhile is settled before."""
    with books.writing(_A_WHILE):
        settle(books)
        yield


def write_belcotax(books: Books, year: int, day: date, output: Path | None) -> tuple[Path, belcotax.Summary]:
    """Write the 281.71 file; its path and totals."""
    institution = belcotax_institution(books.config)
    with books.writing(_A_MOMENT):
        settle(books)  # nothing leaves the house of an issue that a killed run may still take back
    path = output or _next_file(books, institution, year)
    summary = belcotax.write_file(
        slips_of(books.register, books.vault, books.sealer, year),
        institution,
        belcotax_settings(books.config),
        day,
        path,
        withdrawn=withdrawn_numbers(books.register, year),
    )
    changed = preview_receipts(books, year).changed
    notes = tuple(
        Fault(
            _(
                "receipt {year}/{number:06d}: its gifts are not those it was issued for any more; reported as issued"
            ).format(year=year, number=one.number),
            severity=Severity.WARNING,
        )
        for one in changed
    )
    return path, replace(summary, notes=(*notes, *summary.notes))


def _next_file(books: Books, institution: belcotax.Declarant, year: int) -> Path:
    """Return the first name that no file written before has: what was sent is not written over."""
    names = (books.folder.root / belcotax.file_name(institution, year, number) for number in count(1))
    return next(path for path in names if not path.exists())


def status_of(books: Books, year: int) -> Status:
    """Counts and sums of a year, tied out with the books."""
    loaded = load_books(books.folder.main)
    income = gift_income(books, loaded.totals.in_year(year), year)
    with books.register.connect() as gifts, books.vault.connect() as identities:
        policy = policy_for(books.config, year)
        plan = preview(gifts, identities, books.sealer, year, policy)
        rows = receiptbook.receipts_of(gifts, year)
        covered = receiptbook.covered_gifts(gifts, year)
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
        tie=tie(plan.assessment, covered, income, transferred),
    )


def tie_out(books: Books, year: int, totals: Totals) -> Tie:
    """Return the gift accounts of a year against receipts and reasons; `totals` are those of the loaded books."""
    income = gift_income(books, totals.in_year(year), year)
    with books.register.connect() as gifts, books.vault.connect() as identities:
        assessment = assess_year(gifts, identities, books.sealer, year, policy_for(books.config, year))
        transferred = transferred_in(gifts, year, books.config.gifts.control)
        return tie(assessment, receiptbook.covered_gifts(gifts, year), income, transferred)


def gift_income(books: Books, in_year: dict[str, int], year: int) -> int:
    """Return what the books have on the gift accounts in a year, income positive.

    What an opening put there is left out: those gifts, and their receipts, are the old software's.
    """
    control = set(books.config.gifts.control)
    with books.register.connect() as connection:
        opened = opened_in(connection, year)
    return -sum(cents - opened.get(code, 0) for code, cents in in_year.items() if code in control)
