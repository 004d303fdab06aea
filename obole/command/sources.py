"""The commands that take source files in, list what was posted and take it back."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ledger.errors import Severity
from obole.audit.documents import document_list, document_record
from obole.books.opened import open_books
from obole.command.frame import format_of, progress_bar, with_books
from obole.command.language import LANGUAGE_CHOICE
from obole.command.say import SHOWN_FAULTS, money
from obole.importing import import_files
from obole.intake.undo import Undone
from obole.intake.undo import undo as run
from obole.outcome import Intake, Told, describe
from obole.reporting import write_table


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Decide and tell everything, write nothing.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_books
def import_(books: Path, files: tuple[Path, ...], dry_run: bool, form: str) -> None:
    """Take source files in: bank statements, registers, journals, assignments; folders are searched."""
    with progress_bar("import") as progress:
        intake = import_files(open_books(books), files, dry_run=dry_run, progress=progress)
    click.echo(describe(intake) if form == "json" else say_intake(intake))
    if intake.refused:
        sys.exit(1)


@click.command()
@click.argument("document")
@click.option("--dry-run", is_flag=True, help="Say what would be reversed and change nothing.")
@with_books
def undo(books: Path, document: str, dry_run: bool) -> None:
    """Reverse a whole document on its own days, while its year is open; its file can then be imported anew."""
    click.echo(say_undone(run(open_books(books), document, dry_run=dry_run)))


@click.command()
@click.option("--year", type=click.IntRange(2000, 2100), help="Only those that post in this year.")
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help="Default: the foundation's language.")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json", "xlsx"]), default="text")
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write to this file.")
@click.argument("name", required=False)
@with_books
def documents(  # noqa: PLR0917 - click's options
    books: Path, year: int | None, language: str | None, form: str, output: Path | None, name: str | None
) -> None:
    """Every document posted: its kind, period, balances, gifts, whether it was undone; of one, all that was told."""
    opened = open_books(books)
    if name is not None:
        record = document_record(opened, name)
        click.echo(json.dumps(record, ensure_ascii=False, indent=1) if form == "json" else say_document(record))
        return
    table = document_list(opened, year, language or opened.config.organisation.language)
    write_table(table, format_of(form, output), output)
    if output is not None:
        click.echo(f"{output} written.")


def say_intake(result: Intake) -> str:
    """After `obole import`: what is new, known, open and refused, with sums by kind."""
    lines = list(result.recovered)
    totals: dict[str, tuple[int, int]] = {}
    for told in result.told:
        for key, count in told.counts.items():
            counted, cents = totals.get(key, (0, 0))
            totals[key] = (counted + count, cents + told.cents.get(key, 0))
        lines += _told(told)
    posted = sum(len(told.posted) for told in result.told)
    known = sum(len(told.known) for told in result.told)
    refused = sum(told.refused for told in result.told)
    verb = "would be posted" if result.dry_run else "posted"
    lines.append(
        f"{len(result.told)} files: {posted} documents {verb}, {known} already there, {refused} files refused."
    )
    for key, (count, cents) in sorted(totals.items()):
        lines.append(f"  {key:<10} {count:>9}" + (f" {money(cents):>18} EUR" if cents else ""))
    for told in result.decided:
        count, cents = sum(told.counts.values()), sum(told.cents.values())
        became = "1 line that was open is known now" if count == 1 else f"{count} lines that were open are known now"
        lines.append(f"{became}, {money(cents)} EUR: {told.posted[0]}.")
    if result.open:
        wait = "1 line waits" if result.open == 1 else f"{result.open} lines wait"
        lines.append(f"{wait} on the suspense account for a decision: `obole match`.")
    return "\n".join(lines)


def _told(told: Told) -> list[str]:
    if not told.faults:
        return []
    outcome = "taken, with remarks"
    if told.refused:
        outcome = "in part refused" if told.posted or told.known else "refused, nothing of it was posted"
    lines = [f"{told.file}: {outcome}"]
    for fault in told.faults[:SHOWN_FAULTS]:
        mark = "refused" if fault.severity is Severity.ERROR else "remark"
        lines.append(f"  {mark}: {fault}")
    if len(told.faults) > SHOWN_FAULTS:
        lines.append(f"  and {len(told.faults) - SHOWN_FAULTS} more; `obole inspect` lists them all")
    return lines


def say_document(record: Mapping[str, Any]) -> str:
    """One document: what it is and what was told when it was posted."""
    lines = [f"{record['document']} ({record['kind']}), {record['from']} to {record['to']}, posted {record['posted']}"]
    if record["opening"] is not None:
        lines.append(f"  opening {record['opening']} EUR, closing {record['closing']} EUR")
    for outcome, count in record["counts"].items():
        amount = record["sums"].get(outcome)
        lines.append(f"  {outcome:<12} {count:>9}" + (f" {amount:>16} EUR" if amount else ""))
    lines += [f"  {key}: {record[key]}" for key in ("archive", "journal", "sha256", "undone_by") if record[key]]
    return "\n".join(lines)


def say_undone(outcome: Undone) -> str:
    """After `obole undo`."""
    verb = "would be reversed" if outcome.dry_run else "is reversed"
    gifts = f"{outcome.gifts} gifts and returns, {money(outcome.cents)} EUR"
    told = f"{outcome.document} {verb} by {outcome.by}: {gifts}, and {outcome.entries} other transactions."
    if outcome.document.startswith("collection-"):
        told = f"{outcome.document} {verb.replace('reversed', 'withdrawn')}: do not send its file to the bank."
        return "\n".join([*outcome.recovered, told])
    return "\n".join([*outcome.recovered, told, *([] if outcome.dry_run else ["Its file can be imported anew."])])
