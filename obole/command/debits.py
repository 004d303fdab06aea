"""The command of the month's collection."""

from datetime import date, datetime
from pathlib import Path

import click

from ledger.clock import today
from ledger.instalments import Refusal
from obole.books.opened import open_books
from obole.command.frame import with_books
from obole.command.say import SHOWN_FAULTS, money
from obole.debits.collect import CollectionRun
from obole.debits.collect import collect as run


@click.command()
@click.option("--month", type=click.DateTime(["%Y-%m"]), required=True, help="The month of the instalments: 2025-03.")
@click.option(
    "--date", "due", type=click.DateTime(["%Y-%m-%d"]), help="When the bank debits; default: the day of obole.toml."
)
@click.option(
    "-o",
    "output",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder outside the books: the pain.008 for the bank, the pre-notification list for donor services.",
)
@click.option("--dry-run", is_flag=True, help="Count and add up, write nothing.")
@with_books
def collect(books: Path, *, month: datetime, due: datetime | None, output: Path | None, dry_run: bool) -> None:
    """The month's SEPA direct debits from the pledges; an instalment is collected once, however often this runs."""
    day = due.date() if due else None
    click.echo(say_collected(run(open_books(books), month.date(), day, output, dry_run=dry_run), today()))


_REFUSALS = {
    Refusal.NO_DONOR: "the mandate has no donor in the vault; import the donor register",
    Refusal.NO_IBAN: "no IBAN; add it in the register of pledges",
    Refusal.SUSPENDED: "the mandate is suspended",
    Refusal.ENDED: "the mandate is ended",
    Refusal.OUTSIDE: "the day lies outside the first and last due date",
    Refusal.EXHAUSTED: "failed as often as obole.toml lets it be tried",
}


def say_collected(result: CollectionRun, today: date) -> str:
    """After `obole collect`: what is asked for, what is refused and why, what was collected before."""
    plan = result.plan
    lines = list(result.recovered)
    verb = "would be collected" if result.dry_run else "collected"
    lines.append(
        f"{_instalments(len(plan.instalments))} of {plan.period:%Y-%m} {verb} on {plan.due}, {money(plan.cents)} EUR; "
        f"{plan.already} collected before, {len(plan.refused)} refused."
    )
    kinds = sorted({one.kind for one in plan.instalments})
    for kind in kinds:
        of_kind = [one.cents for one in plan.instalments if one.kind is kind]
        lines.append(f"  {kind.value:<6} {len(of_kind):>9} {money(sum(of_kind)):>18} EUR")
    again = sum(one.attempt > 1 for one in plan.instalments)
    if again:
        lines.append(f"  {again} of them once more, after an attempt that failed or was withdrawn")
    lines += [
        f"  refused: {one.mandate} of {one.donor or 'nobody'}, {money(one.cents)} EUR: {_REFUSALS[one.why]}"
        for one in plan.refused[:SHOWN_FAULTS]
    ]
    if len(plan.refused) > SHOWN_FAULTS:
        lines.append(f"  and {len(plan.refused) - SHOWN_FAULTS} more refused")
    if plan.instalments and not result.dry_run:
        late = " - that day has passed" if result.notify_by < today else ""
        lines.append(f"Donors are to be told by {result.notify_by}{late}.")
    lines += [
        f"  {one.reference:<32} {one.instalments:>9} {money(one.cents):>18} EUR on {one.due}" for one in result.sent
    ]
    lines += [f"{path} written." for path in result.files]
    if result.sent and not result.files and not result.dry_run:
        lines.append("The files for the bank and for donor services: run it again with -o FOLDER.")
    return "\n".join(lines)


def _instalments(count: int) -> str:
    return "1 instalment" if count == 1 else f"{count} instalments"
