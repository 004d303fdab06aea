"""The commands of the receipts."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click

from ledger.clock import today
from ledger.money import to_decimal
from obole.books.opened import open_books
from obole.command.frame import format_of, progress_bar, with_books, year_option
from obole.command.language import LANGUAGE_CHOICE
from obole.command.say import SHOWN_FAULTS, SHOWN_LINES, money
from obole.receipting.donor_list import receipt_list
from obole.receipting.steps import Status, issue_receipts, preview_receipts, render_receipts, status_of, write_belcotax
from obole.reporting import write_table
from receipts.decide.eligibility import RECEIPTED, Assessment, label, partition
from receipts.decide.tie import TieLine
from receipts.filing.belcotax import Summary
from receipts.issue import Changed, Preview
from receipts.paper.render import Rendered


@click.group()
def receipts() -> None:
    """Tax receipts: preview, issue, render, belcotax, list, status."""


@receipts.command()
@year_option
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help="Default: the foundation's language.")
@with_books
def preview(books: Path, year: int, language: str | None) -> None:
    """Who would get a receipt and who not, with the reasons and sums; nothing is written."""
    opened = open_books(books)
    click.echo(say_preview(preview_receipts(opened, year), language or opened.config.organisation.language))


@receipts.command("list")
@year_option
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help="Default: the foundation's language.")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json", "xlsx"]), default="text", show_default=True)
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write to this file.")
@with_books
def list_(books: Path, year: int, language: str | None, form: str, output: Path | None) -> None:
    """Donor by donor: number, amount, why not, what is missing, how it travels, the PDF."""
    opened = open_books(books)
    table = receipt_list(opened, year, language or opened.config.organisation.language)
    write_table(table, format_of(form, output), output)
    if output is not None:
        click.echo(f"{output} written.")


@receipts.command()
@year_option
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Date printed as date of issue; default today.")
@with_books
def issue(books: Path, year: int, day: datetime | None) -> None:
    """Give every receipt due its number, 1..N, in one transaction, and freeze what it prints."""
    plan, recovered = issue_receipts(open_books(books), year, day.date() if day else today())
    click.echo(say_issued(plan, recovered))


@receipts.command()
@year_option
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes.")
@with_books
def render(books: Path, year: int, workers: int) -> None:
    """Make the PDFs that are not there yet; a re-print is byte-identical."""
    with progress_bar(f"receipts {year}") as progress:
        rendered = render_receipts(open_books(books), year, workers=workers, progress=progress)
    click.echo(say_rendered(rendered, year))
    if rendered.failed:
        sys.exit(1)


@receipts.command()
@year_option
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Creation date in the file; default today.")
@click.option(
    "-o", "output", type=click.Path(path_type=Path), help="Default: belcotax-28171-KBO-YEAR-1.xml in the books."
)
@with_books
def belcotax(books: Path, year: int, day: datetime | None, output: Path | None) -> None:
    """Write the 281.71 file of the receipts issued."""
    path, summary = write_belcotax(open_books(books), year, day.date() if day else today(), output)
    click.echo(say_belcotax(path, summary))


@receipts.command()
@year_option
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help="Default: the foundation's language.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_books
def status(books: Path, year: int, language: str | None, form: str) -> None:
    """Counts and sums by state and by reason."""
    opened = open_books(books)
    found = status_of(opened, year)
    words = language or opened.config.organisation.language
    click.echo(status_as_json(found) if form == "json" else say_status(found, words))


def say_preview(plan: Preview, language: str) -> str:
    """Who would get a receipt and who not."""
    year = plan.assessment.year
    last = plan.first_number + len(plan.due) - 1
    lines = [f"{len(plan.due)} receipts of {year} are due, {money(plan.cents)} EUR"]
    if plan.due:
        lines[0] += f": numbers {plan.first_number} to {last}."
    lines += _parts(plan.assessment, language)
    lines += _changed(plan.changed, year)
    warned: dict[str, int] = {}
    for decision in plan.due:
        for warning in decision.warnings:
            warned[warning] = warned.get(warning, 0) + 1
    lines += [f"  to look at: {count} receipts with {warning}" for warning, count in sorted(warned.items())]
    return "\n".join(lines)


def _parts(assessment: Assessment, language: str) -> list[str]:
    rows = [(share.code, label(share.code, language), share.gifts, share.cents) for share in partition(assessment)]
    lines = [f"  {words:<52} {gifts:>9} {money(cents):>18}" for code, words, gifts, cents in rows if code == RECEIPTED]
    lines += [f"  {words:<52} {gifts:>9} {money(cents):>18}" for code, words, gifts, cents in rows if code != RECEIPTED]
    gifts, cents = sum(row[2] for row in rows), sum(row[3] for row in rows)
    return [*lines, f"  {'':<52} {gifts:>9} {money(cents):>18}"]


def _changed(changed: Sequence[Changed], year: int) -> list[str]:
    return [
        f"  receipt {year}/{one.number:06d} of {one.donor}: issued for {money(one.issued_cents)} EUR, "
        f"its gifts are now {money(one.now_cents)} EUR: to be withdrawn or replaced"
        for one in changed[:SHOWN_LINES]
    ]


def say_issued(plan: Preview, recovered: Sequence[str]) -> str:
    """After `obole receipts issue`."""
    numbers = f"{plan.first_number} to {plan.first_number + len(plan.due) - 1}"
    year = plan.assessment.year
    told = f"{len(plan.due)} receipts of {year} issued: numbers {numbers}, {money(plan.cents)} EUR."
    return "\n".join([*recovered, told, *_changed(plan.changed, year)])


def say_rendered(outcome: Rendered, year: int) -> str:
    """After `obole receipts render`."""
    lines = [
        f"{outcome.made} PDFs made ({outcome.bytes / 1e6:.1f} MB), {outcome.there} were there, in receipts/{year}/."
    ]
    lines += [reason for _number, reason in outcome.failed[:SHOWN_LINES]]
    if outcome.failed:
        lines.append(
            f"{len(outcome.failed)} receipts could not be made, for the reasons above; the others are not touched."
        )
    return "\n".join(lines)


def say_belcotax(path: Path, summary: Summary) -> str:
    """After `obole receipts belcotax`."""
    totals = f"{summary.count} slips, sum of numbers {summary.sum_numbers}, {money(summary.sum_cents)} EUR"
    lines = [f"{path.name}: {totals}, {summary.without_number} without a national or enterprise number."]
    lines += [f"  {note}" for note in summary.notes[:SHOWN_FAULTS]]
    if len(summary.notes) > SHOWN_FAULTS:
        lines.append(f"  and {len(summary.notes) - SHOWN_FAULTS} more notes")
    return "\n".join(lines)


def say_status(found: Status, language: str) -> str:
    """Counts and sums by state and by reason."""
    lines = [f"Receipts of {found.year}"]
    for state, (count, cents) in sorted(found.states.items()):
        lines.append(f"  {state:<52} {count:>9} {money(cents):>18}")
    lines.append(f"  PDFs made {found.rendered}; without a national or enterprise number {found.without_number}")
    if found.due[0]:
        lines.append(f"  due and not issued yet: {found.due[0]}, {money(found.due[1])} EUR")
    lines += _changed(found.changed, found.year)
    lines.append(f"Gift accounts of {found.year}, booked")
    lines += _ties(found.tie.lines, language)
    lines.append(f"  {'in the books':<62} {money(found.tie.accounts_cents):>18}")
    lines.append(f"  {'difference':<62} {money(found.tie.difference):>18}")
    return "\n".join(lines)


def _ties(rows: Iterable[TieLine], language: str) -> list[str]:
    return [f"  {row.label(language):<52} {row.gifts:>9} {money(row.cents):>18}" for row in rows]


def status_as_json(found: Status) -> str:
    """Counts and sums by state and by reason, amounts as decimal strings."""

    def amounts(rows: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, str | int]]:
        return {key: {"count": count, "amount": str(to_decimal(cents))} for key, (count, cents) in rows.items()}

    content = {
        "year": found.year,
        "states": amounts(found.states),
        "rendered": found.rendered,
        "due": {"count": found.due[0], "amount": str(to_decimal(found.due[1]))},
        "changed": [
            {
                "number": one.number,
                "donor": one.donor,
                "issued": str(to_decimal(one.issued_cents)),
                "now": str(to_decimal(one.now_cents)),
            }
            for one in found.changed
        ],
        "without_number": found.without_number,
        "reasons": amounts({row.code: (row.gifts, row.cents) for row in found.tie.lines}),
        "booked_in_another_year": amounts({row.code: (row.gifts, row.cents) for row in found.tie.elsewhere}),
        "gift_accounts": str(to_decimal(found.tie.accounts_cents)),
        "difference": str(to_decimal(found.tie.difference)),
    }
    return json.dumps(content, ensure_ascii=False, indent=1)
