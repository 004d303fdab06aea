"""The command of the month's collection."""

from datetime import date, datetime
from pathlib import Path

import click

from ledger.clock import today
from ledger.instalments import Refusal, Refused
from obole.books.opened import open_books
from obole.command.frame import with_books
from obole.command.say import SHOWN_FAULTS, money, tell, written
from obole.debits.collect import CollectionRun
from obole.debits.collect import collect as run
from obole.words import N_, _, many


@click.command(
    help=N_(
        "The month's SEPA direct debits from the pledges; an instalment is collected once, however often this runs."
    )
)
@click.option(
    "--month", type=click.DateTime(["%Y-%m"]), required=True, help=N_("The month of the instalments: 2025-03.")
)
@click.option(
    "--date", "due", type=click.DateTime(["%Y-%m-%d"]), help=N_("When the bank debits; default: the day of obole.toml.")
)
@click.option(
    "-o",
    "output",
    type=click.Path(file_okay=False, path_type=Path),
    help=N_("A folder outside the books: the pain.008 for the bank, the pre-notification list for donor services."),
)
@click.option("--dry-run", is_flag=True, help=N_("Count and add up, write nothing."))
@with_books
def collect(books: Path, *, month: datetime, due: datetime | None, output: Path | None, dry_run: bool) -> None:
    """Write the SEPA direct debits of a month from the pledges; an instalment is collected once only."""
    day = due.date() if due else None
    tell(say_collected(run(open_books(books), month.date(), day, output, dry_run=dry_run), today()))


_REFUSALS = {
    Refusal.NO_DONOR: N_("the mandate has no donor in the vault; import the donor register"),
    Refusal.NO_IBAN: N_("no IBAN; add it in the register of pledges"),
    Refusal.NO_ADDRESS: N_(
        "the account lies outside the EEA (or `addresses` in obole.toml asks for all), where banks ask for town and "
        "country of the debtor; add `municipality` and `country` in the donor register"
    ),
    Refusal.SUSPENDED: N_("the mandate is suspended"),
    Refusal.ENDED: N_("the mandate is ended"),
    Refusal.OUTSIDE: N_("the day lies outside the first and last due date"),
    Refusal.EXHAUSTED: N_("failed as often as obole.toml lets it be tried"),
}


def say_collected(result: CollectionRun, today: date) -> str:
    """Return what is told after `obole collect`: what is asked for, what is refused and why, what came before."""
    plan = result.plan
    lines = [*result.recovered, _collected(result)]
    kinds = sorted({one.kind for one in plan.instalments})
    for kind in kinds:
        of_kind = [one.cents for one in plan.instalments if one.kind is kind]
        lines.append(f"  {kind.value:<6} {len(of_kind):>9} {money(sum(of_kind)):>18} EUR")
    again = sum(one.attempt > 1 for one in plan.instalments)
    if again:
        told = many(
            "{count} of them once more, after an attempt that failed or was withdrawn",
            "{count} of them once more, after an attempt that failed or was withdrawn",
            again,
        )
        lines.append(f"  {told.format(count=again)}")
    lines += [f"  {_refused(one)}" for one in plan.refused[:SHOWN_FAULTS]]
    if len(plan.refused) > SHOWN_FAULTS:
        more = len(plan.refused) - SHOWN_FAULTS
        lines.append("  " + many("and {count} more refused", "and {count} more refused", more).format(count=more))
    if plan.instalments and not result.dry_run:
        if result.notify_by < today:
            told = _("Donors are to be told by {day} - that day has passed.")
        else:
            told = _("Donors are to be told by {day}.")
        lines.append(told.format(day=result.notify_by))
    for one in result.sent:
        on = _("on {day}").format(day=one.due)
        lines.append(f"  {one.reference:<32} {one.instalments:>9} {money(one.cents):>18} EUR {on}")
    lines += [written(path) for path in result.files]
    if result.sent and not result.files and not result.dry_run:
        lines.append(_("The files for the bank and for donor services: run it again with -o FOLDER."))
    return "\n".join(lines)


def _collected(result: CollectionRun) -> str:
    plan = result.plan
    count = len(plan.instalments)
    if result.dry_run:
        told = many(
            "{count} instalment of {month} would be collected on {day}, {amount} EUR; "
            "{before} collected before, {refused} refused.",
            "{count} instalments of {month} would be collected on {day}, {amount} EUR; "
            "{before} collected before, {refused} refused.",
            count,
        )
    else:
        told = many(
            "{count} instalment of {month} collected on {day}, {amount} EUR; "
            "{before} collected before, {refused} refused.",
            "{count} instalments of {month} collected on {day}, {amount} EUR; "
            "{before} collected before, {refused} refused.",
            count,
        )
    return told.format(
        count=count,
        month=f"{plan.period:%Y-%m}",
        day=plan.due,
        amount=money(plan.cents),
        before=plan.already,
        refused=len(plan.refused),
    )


def _refused(one: Refused) -> str:
    return _("refused: {mandate} of {donor}, {amount} EUR: {reason}").format(
        mandate=one.mandate, donor=one.donor or _("nobody"), amount=money(one.cents), reason=_(_REFUSALS[one.why])
    )
