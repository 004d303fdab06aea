"""The command that makes two keys of one donor one."""

from pathlib import Path

import click

from obole.books.opened import open_books
from obole.command.frame import ToldWhole, with_books
from obole.command.say import money, tell
from obole.command.sources import say_decided
from obole.suspense.one_donor import KeyOf, OneDonor, merge_donors, part_donors
from obole.words import N_, _, many


@click.group(cls=ToldWhole, help=N_("Donors of the vault: merge two keys of one donor."))
def donors() -> None:
    """Donors of the vault: merge two keys of one donor."""


@donors.command(help=N_("Two keys of one donor: KEEP is printed and asked from now on, GONE stays and leads to it."))
@click.argument("keep")
@click.argument("gone")
@click.option(
    "--although-issued",
    is_flag=True,
    help=N_("Though both have receipts, which then stand as issued for the keys of before."),
)
@click.option("--undo", "part", is_flag=True, help=N_("Make them two again."))
@click.option("--dry-run", is_flag=True, help=N_("Say what would follow and change nothing."))
@with_books
def merge(books: Path, *, keep: str, gone: str, although_issued: bool, part: bool, dry_run: bool) -> None:
    """Make two keys of one donor one, or two again."""
    opened = open_books(books)
    if part:
        tell(say_one_donor(part_donors(opened, keep, gone, dry_run=dry_run)))
        return
    tell(say_one_donor(merge_donors(opened, keep, gone, although_issued=although_issued, dry_run=dry_run)))


def say_one_donor(outcome: OneDonor) -> str:
    """Return what is told after `obole donors merge`."""
    if outcome.parted and outcome.dry_run:
        told = _("{gone} would be a donor of its own again, apart from {keep}.")
    elif outcome.parted:
        told = _("{gone} is a donor of its own again, apart from {keep}.")
    elif outcome.dry_run:
        told = _("{gone} would live on as {keep}:")
    else:
        told = _("{gone} lives on as {keep}:")
    lines = [*outcome.recovered, told.format(keep=outcome.keep.key, gone=outcome.gone.key)]
    lines += [_key(outcome.keep), _key(outcome.gone)]
    lines += [_("remark: {fault}").format(fault=remark) for remark in outcome.remarks]
    lines += [say_decided(one.booking.record) for one in outcome.decided]
    return "\n".join(lines)


def _key(one: KeyOf) -> str:
    told = _("  {key} {name}, {place}: {gifts}, {amount} EUR; {accounts}, {mandates}, {references}")
    gifts = many("{count} gift that stands", "{count} gifts that stand", one.gifts)
    accounts = many("{count} account", "{count} accounts", one.accounts)
    mandates = many("{count} mandate", "{count} mandates", one.mandates)
    references = many("{count} reference", "{count} references", one.references)
    return told.format(
        key=one.key,
        name=one.name,
        place=one.place,
        amount=money(one.cents),
        gifts=gifts.format(count=one.gifts),
        accounts=accounts.format(count=one.accounts),
        mandates=mandates.format(count=one.mandates),
        references=references.format(count=one.references),
    )
