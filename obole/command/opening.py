"""The command by which books begin where the old software ended."""

import json
import sys
from pathlib import Path

import click

from ledger.errors import Severity
from ledger.money import to_decimal
from obole.books.opened import open_books
from obole.command.frame import GivenFile, with_books
from obole.command.say import SHOWN_LINES, and_more, money, tell
from obole.keeping.opening import TakenBalance, TakenOpening, take_opening
from obole.words import N_, _

_FILE = GivenFile()


@click.command(
    help=N_(
        "Take over the trial balance of the old software at the eve of first_day, gift accounts too, and the year "
        "before it for comparison, so that the first statements have both columns."
    )
)
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--before", type=_FILE, help=N_("The trial balance of the end of the year before, for comparison."))
@click.option("--open", "open_accounts", is_flag=True, help=N_("Open the accounts that chart.beancount lacks."))
@click.option("--dry-run", is_flag=True, help=N_("Decide and tell everything, write nothing."))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_books
def opening(books: Path, file: Path, before: Path | None, *, open_accounts: bool, dry_run: bool, form: str) -> None:
    """Take over the trial balance of the old software at the eve of first_day, and the year before it."""
    outcome = take_opening(open_books(books), file, before, open_accounts=open_accounts, dry_run=dry_run)
    tell(opening_as_json(outcome) if form == "json" else say_opening(outcome))
    if outcome.refused:
        sys.exit(1)


def say_opening(outcome: TakenOpening) -> str:
    """Return what is told after `obole opening`."""
    lines = [*outcome.recovered]
    for one in outcome.taken:
        lines += _balance(one, dry_run=outcome.dry_run, refused=outcome.refused)
    if outcome.dry_run and outcome.charted:
        lines.append(_("chart.beancount would be changed:"))
    return "\n".join([*lines, *outcome.charted])


def _balance(one: TakenBalance, *, dry_run: bool, refused: bool) -> list[str]:
    told = one.told
    if refused:
        head = _("{file}: not taken")
    elif told.known:
        head = _("{file}: taken before as {name}")
    elif dry_run:
        head = _("{file}: would be taken as {name}")
    else:
        head = _("{file}: taken as {name}")
    lines = [head.format(file=told.file, name=", ".join(told.posted or told.known))]
    marks = {Severity.ERROR: _("refused: {fault}"), Severity.WARNING: _("remark: {fault}")}
    lines += ["  " + marks[fault.severity].format(fault=fault) for fault in told.faults[:SHOWN_LINES]]
    if len(told.faults) > SHOWN_LINES:
        lines.append("  " + and_more(len(told.faults) - SHOWN_LINES))
    of = one.balance
    if of is not None:
        message = _("balance of {day}: accounts {count}, debits = credits {debits} EUR, result {result} EUR")
        lines.append(
            "  " + message.format(day=of.day, count=len(of.balances), debits=money(of.debits), result=money(of.result))
        )
        if of.ends_year:
            lines.append("  " + _("result brought forward on 14: {carried} EUR").format(carried=money(of.carried)))
    return lines


def opening_as_json(outcome: TakenOpening) -> str:
    """Return what became of an opening as JSON, amounts as decimal strings."""
    files = []
    for one in outcome.taken:
        of = one.balance
        files.append(
            {
                "file": one.told.file,
                "posted": one.told.posted,
                "known": one.told.known,
                "refused": one.told.refused,
                "day": None if of is None else of.day.isoformat(),
                "accounts": None if of is None else len(of.balances),
                "debits": None if of is None else str(to_decimal(of.debits)),
                "result": None if of is None else str(to_decimal(of.result)),
                "carried": None if of is None else str(to_decimal(of.carried)),
                "faults": [
                    {"severity": fault.severity, "line": fault.line, "message": fault.message}
                    for fault in one.told.faults
                ],
            }
        )
    said = {"dry_run": outcome.dry_run, "refused": outcome.refused, "chart": outcome.charted, "files": files}
    return json.dumps(said, ensure_ascii=False, indent=1)
