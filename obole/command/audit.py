"""The commands that check and seal."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from ledger import leaves
from obole.audit.check import Result, check_books
from obole.audit.closing import LOCKED, Closed, close_year, lock_months, reopen_year, unlock_month
from obole.audit.verifying import verify_seals
from obole.books.opened import open_books
from obole.command.frame import GivenFile, progress_bar, with_books
from obole.command.say import SHOWN_LINES, and_more, tell
from obole.words import N_, _, many


@click.command(help=N_("Check every invariant of the books; exit status 1 and a list where one fails."))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--belcotax",
    "shipments",
    multiple=True,
    type=GivenFile(),
    help=N_("A file that was sent to Belcotax: the register must know its numbers. May be repeated."),
)
@with_books
def check(books: Path, form: str, shipments: tuple[Path, ...]) -> None:
    """Check every invariant of the books; exit status 1 and a list where one fails."""
    opened = open_books(books)
    opened.require_idle()
    with progress_bar(_("check")) as progress:
        results = check_books(opened, progress, shipments=shipments)
    if form == "json":
        tell(results_as_json(results))
    else:
        tell(say_results(results))
    if not all(result.holds for result in results):
        sys.exit(1)


@click.command(
    help=N_(
        "Close a year that is over: every invariant holds, nothing waits, and a seal keeps it. What is missing is told "
        "all at once."
    )
)
@click.argument("year", type=click.IntRange(2000, 2100))
@click.option(
    "--explain",
    "explained",
    multiple=True,
    type=(str, str),
    metavar="ACCOUNT TEXT",
    help=N_("Why this account, by its code or the beginning of it (499, 58), is not nil; kept in the seal."),
)
@click.option("--dry-run", is_flag=True, help=N_("Say what is missing; write nothing."))
@with_books
def close(books: Path, year: int, explained: tuple[tuple[str, str], ...], dry_run: bool) -> None:
    """Close a year, or say all that is missing."""
    tell(say_closed(close_year(open_books(books), year, dict(explained), dry_run=dry_run)))


@click.command(help=N_("Open the last closed year again; reason and person are kept for ever, and its seal is."))
@click.argument("year", type=click.IntRange(2000, 2100))
@click.option("--reason", required=True, help=N_("Why; no name of a donor."))
@click.option("--by", "person", required=True, help=N_("Who: initials or a login."))
@with_books
def reopen(books: Path, year: int, reason: str, person: str) -> None:
    """Open the last closed year again."""
    reopen_year(open_books(books), year, reason, person)
    told = _("{year} is open again; `obole close {year}` makes a new seal that names the one before.")
    tell(told.format(year=year))


_MONTH = click.DateTime(["%Y-%m"])


@click.command(help=N_("Lock every month until this one: what would post in them is refused, until they are unlocked."))
@click.argument("month", type=_MONTH, metavar="YYYY-MM")
@click.option("--by", "person", default="-", show_default=True, help=N_("Who: initials or a login."))
@with_books
def lock(books: Path, month: datetime, person: str) -> None:
    """Lock every month until this one."""
    until = lock_months(open_books(books), month.date(), LOCKED, person)
    said = _("Nothing is posted until {until} any more; `obole unlock {month} --reason ... --by ...` opens it again.")
    tell(said.format(until=until, month=f"{month:%Y-%m}"))


@click.command(help=N_("Open a locked month and those after it again; the reason is kept."))
@click.argument("month", type=_MONTH, metavar="YYYY-MM")
@click.option("--reason", required=True, help=N_("Why; no name of a donor."))
@click.option("--by", "person", required=True, help=N_("Who: initials or a login."))
@with_books
def unlock(books: Path, month: datetime, reason: str, person: str) -> None:
    """Open a locked month and those after it again."""
    until = unlock_month(open_books(books), month.date(), reason, person)
    still = _("The months until {until} stay locked.").format(until=until)
    tell(still if until is not None else _("No month is locked."))


@click.command(help=N_("Hold every fact of the closed years against their seals, and tell what came after."))
@with_books
def verify(books: Path) -> None:
    """Hold every fact of the closed years against their seals."""
    found = verify_seals(open_books(books))
    sealed = many(
        "{count} sealed year is as it was sealed.", "{count} sealed years are as they were sealed.", len(found.years)
    ).format(count=len(found.years))
    notes = [_("note: {note}").format(note=note) for note in found.notes]
    tell("\n".join([*(found.faults or [sealed]), *notes]))
    if found.faults:
        sys.exit(1)


def say_closed(closed: Closed) -> str:
    """Return what is told of a closing."""
    if closed.dry_run:
        lines = [_("{year} can be closed; nothing was written.").format(year=closed.year)]
    else:
        told = _("{year} is closed and sealed in seals/{year}.json: entries: {entries}, documents: {documents}.")
        counts = {kind: closed.counts.get(kind, 0) for kind in (leaves.ENTRY, leaves.DOCUMENT)}
        lines = [told.format(year=closed.year, entries=counts[leaves.ENTRY], documents=counts[leaves.DOCUMENT])]
        lines.append(_("Root of its tree: {root}").format(root=closed.root))
        if closed.number > 1:
            lines.append(_("This is closing number {number} of this year.").format(number=closed.number))
    bare = closed.without_voucher
    lines += [_("note: {place}: names no voucher; the seal says so").format(place=one) for one in bare[:SHOWN_LINES]]
    if len(bare) > SHOWN_LINES:
        lines.append(and_more(len(bare) - SHOWN_LINES))
    return "\n".join(lines)


def say_results(found: Sequence[Result]) -> str:
    """Return what is told after `obole check`: every invariant, with what breaks it."""
    lines = []
    for result in found:
        mark = _("ok") if result.holds else _("FAIL")
        lines.append(f"{mark:<4} {result.number:>2}  {result.rule}")
        lines += [f"         {fault}" for fault in result.faults[:SHOWN_LINES]]
        if len(result.faults) > SHOWN_LINES:
            lines.append("         " + and_more(len(result.faults) - SHOWN_LINES))
        lines += ["         " + _("note: {note}").format(note=note) for note in result.notes[:SHOWN_LINES]]
    failed = sum(not result.holds for result in found)
    if not failed:
        lines.append(_("All invariants hold."))
    else:
        told = many(
            "{failed} of {count} invariants does not hold.", "{failed} of {count} invariants do not hold.", failed
        )
        lines.append(told.format(failed=failed, count=len(found)))
    return "\n".join(lines)


def results_as_json(found: Sequence[Result]) -> str:
    """Return the same as JSON."""
    content = {
        "ok": all(result.holds for result in found),
        "invariants": [{**asdict(result), "holds": result.holds} for result in found],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)
