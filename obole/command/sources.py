"""The commands that take source files in, list what was posted and take it back."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from getpass import getuser
from pathlib import Path
from typing import Any

import click

from ledger.errors import Severity
from ledger.kinds import kind_word
from ledger.records import DocumentKind
from ledger.register.documents import DocumentRecord
from ledger.register.statements import Gap
from obole.audit.documents import document_list, document_record, give_out
from obole.books.opened import open_books
from obole.command.frame import progress_bar, with_books
from obole.command.language import LANGUAGE_CHOICE, document_language
from obole.command.output import output_options, refuse_over, target
from obole.command.say import SHOWN_FAULTS, money, tell, written
from obole.importing import import_files
from obole.intake.undo import Undone
from obole.outcome import Intake, Told
from obole.reporting import about, known_year, write_table
from obole.suspense.undoing import undo as run
from obole.words import N_, _, many


@click.command(
    "import", help=N_("Take source files in: bank statements, registers, journals, assignments; folders are searched.")
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help=N_("Decide and tell everything, write nothing."))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_books
def import_(books: Path, files: tuple[Path, ...], dry_run: bool, form: str) -> None:
    """Take source files in: bank statements, registers, journals, assignments; folders are searched."""
    with progress_bar(_("import")) as progress:
        intake = import_files(open_books(books), files, dry_run=dry_run, progress=progress)
    tell(intake_as_json(intake) if form == "json" else say_intake(intake))
    if intake.refused:
        sys.exit(1)


@click.command(
    help=N_(
        "Reverse a document, or one voucher or line of it, on its own days, while its year is open; its file can then "
        "be imported anew."
    )
)
@click.argument("document")
@click.option(
    "--voucher",
    help=N_("Only this one: the document number of an entry, the reference of a gift in kind or grant, or a line."),
)
@click.option(
    "--line",
    type=click.IntRange(1),
    help=N_("Only this one: what a person decided about it is taken back, else it goes back to what is open."),
)
@click.option("--dry-run", is_flag=True, help=N_("Say what would be reversed and change nothing."))
@with_books
def undo(books: Path, document: str, voucher: str | None, line: int | None, dry_run: bool) -> None:
    """Reverse a document, or a voucher or line of it, on its own days; its file can then be imported anew."""
    if voucher is not None and line is not None:
        raise click.UsageError(_("--voucher or --line, not both"))
    tell(say_undone(run(open_books(books), document, voucher=voucher, line=line, dry_run=dry_run)))


@click.command(
    help=N_(
        "Every document posted: its kind, period, balances, gifts, whether it was undone; of one, all that was told."
    )
)
@click.option("--year", type=click.IntRange(2000, 2100), help=N_("Only those that post in this year."))
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help=N_("Default: the foundation's language."))
@output_options
@click.argument("name", required=False)
@with_books
def documents(  # noqa: PLR0917 - click's options
    books: Path,
    year: int | None,
    language: str | None,
    form: str | None,
    dialect: str,
    output: Path | None,
    name: str | None,
) -> None:
    """List the documents posted: kind, period, balances, gifts, whether undone; of one, all that was told."""
    opened = open_books(books)
    if name is not None:
        record = document_record(opened, name)
        tell(json.dumps(record, ensure_ascii=False, indent=1) if form == "json" else say_document(record))
        return
    to = target(form, dialect, output)
    refuse_over(opened, output)
    lasts = None if year is None else known_year(opened, year)
    table = document_list(opened, lasts, document_language(language, opened.config.organisation.language))
    write_table(replace(table, about=about(opened, lasts)), to.form, output)
    if output is not None:
        tell(written(output))


@click.command(
    help=N_("Give out the archived source of a document in clear: NAME as `obole documents` lists it. It is logged.")
)
@click.argument("name")
@click.option(
    "-o", "output", required=True, type=click.Path(path_type=Path), help=N_("The new file, not in the books.")
)
@click.option("--by", "person", default=getuser, help=N_("Who asks for it; default: the login name."))
@with_books
def document(books: Path, name: str, output: Path, person: str) -> None:
    """Give out the archived source of a document in clear, and log it."""
    source = give_out(open_books(books), name, output, person)
    said = _("{file}: {archive} in clear, as it was taken in. It holds names: remove it when it has served.")
    tell(said.format(file=output.name, archive=source.archive))


# What else is counted of a file than its kinds of lines; a word that is missing is shown as it is.
_COUNTED = (
    N_("new"),
    N_("known"),
    N_("gifts"),
    N_("internal"),
    N_("instalments"),
    N_("items"),
    N_("entries"),
    N_("accounts"),
    N_("assigned"),
    N_("identified"),
    N_("entered"),
    N_("rejected"),
    N_("fees"),
    N_("no money"),
)


def intake_as_json(intake: Intake) -> str:
    """Return the result as JSON, for the record and for scripts."""
    return json.dumps(
        {
            "dry_run": intake.dry_run,
            "recovered": intake.recovered,
            "open": intake.open,
            "decided": [{"posted": told.posted, "counts": told.counts, "cents": told.cents} for told in intake.decided],
            "files": [
                {
                    "file": told.file,
                    "kind": told.kind,
                    "posted": told.posted,
                    "known": told.known,
                    "refused": told.refused,
                    "counts": told.counts,
                    "cents": told.cents,
                    "faults": [
                        {"severity": fault.severity, "line": fault.line, "message": fault.message}
                        for fault in told.faults
                    ],
                }
                for told in intake.told
            ],
        },
        ensure_ascii=False,
        indent=1,
        default=lambda value: value.isoformat() if isinstance(value, date) else str(value),
    )


def say_intake(result: Intake) -> str:
    """Return what is told after `obole import`: what is new, known, open and refused, with sums by kind."""
    lines = list(result.recovered)
    totals: dict[str, tuple[int, int]] = {}
    for told in result.told:
        for key, count in told.counts.items():
            counted, cents = totals.get(key, (0, 0))
            totals[key] = (counted + count, cents + told.cents.get(key, 0))
        lines += _told(told)
    lines.append(_summary(result))
    for key, (count, cents) in sorted(totals.items()):
        lines.append(f"  {outcome_word(key):<10} {count:>9}" + (f" {money(cents):>18} EUR" if cents else ""))
    lines += [_decided(told) for told in result.decided]
    if result.open:
        lines.append(
            many(
                "{count} line waits on the suspense account for a decision: `obole match`.",
                "{count} lines wait on the suspense account for a decision: `obole match`.",
                result.open,
            ).format(count=result.open)
        )
    return "\n".join(lines)


def _summary(result: Intake) -> str:
    """Return how many files were taken or refused, and how many documents were posted or known."""
    files, posted = len(result.told), sum(len(told.posted) for told in result.told)
    refused = sum(told.refused for told in result.told)
    if result.dry_run:
        documents = many("{count} document would be posted", "{count} documents would be posted", posted)
    else:
        documents = many("{count} document posted", "{count} documents posted", posted)
    return _("{files}: {posted}, {known} already there, {refused}.").format(
        files=many("{count} file", "{count} files", files).format(count=files),
        posted=documents.format(count=posted),
        known=sum(len(told.known) for told in result.told),
        refused=many("{count} file refused", "{count} files refused", refused).format(count=refused),
    )


def _decided(told: Told) -> str:
    count, cents = sum(told.counts.values()), sum(told.cents.values())
    return many(
        "{count} line that was open is known now, {amount} EUR: {document}.",
        "{count} lines that were open are known now, {amount} EUR: {document}.",
        count,
    ).format(count=count, amount=money(cents), document=told.posted[0])


def say_decided(record: DocumentRecord) -> str:
    """Return what is told of open lines that are known now."""
    told = Told("", record.kind, [record.name])
    told.add(record.summary.counts, record.summary.cents)
    return _decided(told)


def _told(told: Told) -> list[str]:
    if not told.faults:
        return []
    if not told.refused:
        outcome = _("{file}: taken, with remarks")
    elif told.posted or told.known:
        outcome = _("{file}: in part refused")
    else:
        outcome = _("{file}: refused, nothing of it was posted")
    lines = [outcome.format(file=told.file)]
    for fault in told.faults[:SHOWN_FAULTS]:
        mark = _("refused: {fault}") if fault.severity is Severity.ERROR else _("remark: {fault}")
        lines.append("  " + mark.format(fault=fault))
    more = len(told.faults) - SHOWN_FAULTS
    if more > 0:
        rest = many(
            "and {count} more; `obole inspect FILE` lists it",
            "and {count} more; `obole inspect FILE` lists them all",
            more,
        )
        lines.append("  " + rest.format(count=more))
    return lines


def outcome_word(key: str) -> str:
    """Return the word for what became of a movement, a row or a file."""
    return _(key) if key in _COUNTED else kind_word(key)


def say_document(record: Mapping[str, Any]) -> str:
    """Return one document: what it is and what was told when it was posted."""
    values = {**record, "kind": kind_word(record["kind"])}
    lines = [_("{document} ({kind}), {from} to {to}, posted {posted}").format(**values)]
    if record["opening"] is not None:
        lines.append("  " + _("opening {opening} EUR, closing {closing} EUR").format(**record))
    for outcome, count in record["counts"].items():
        amount = record["sums"].get(outcome)
        lines.append(f"  {outcome_word(outcome):<12} {count:>9}" + (f" {amount:>16} EUR" if amount else ""))
    shown = {
        "archive": _("archive: {value}"),
        "journal": _("journal: {value}"),
        "sha256": "sha256: {value}",
        "undone_by": _("undone_by: {value}"),
    }
    lines += ["  " + told.format(value=record[key]) for key, told in shown.items() if record[key]]
    lines += [
        "  " + _("given out in clear: {at}, to {person}").format(at=one["at"], person=one["to"])
        for one in record["given_out"]
    ]
    parted = _("undone alone: {part}, by {document}")
    lines += ["  " + parted.format(part=part, document=by) for part, by in record["parts_undone"].items()]
    return "\n".join(lines)


def say_undone(outcome: Undone) -> str:
    """Return what is told after `obole undo`."""
    if outcome.document.startswith("collection-"):
        if outcome.dry_run:
            told = _("{document} would be withdrawn: do not send its file to the bank.")
        else:
            told = _("{document} is withdrawn: do not send its file to the bank.")
        return "\n".join([*outcome.recovered, told.format(document=outcome.document)])
    told = _reversed(outcome)
    told = told.format(
        part=outcome.part,
        document=outcome.document,
        by=outcome.by,
        gifts=many("{count} gift or return", "{count} gifts and returns", outcome.gifts).format(count=outcome.gifts),
        amount=money(outcome.cents),
        entries=many("{count} other transaction", "{count} other transactions", outcome.entries).format(
            count=outcome.entries
        ),
    )
    lines = [*outcome.recovered, told, *outcome.back.told(), *map(_left_open, outcome.gaps)]
    if outcome.document.startswith(f"{DocumentKind.OPENING}-") and not outcome.dry_run:
        lines.append(_("Its balance can be taken anew with `obole opening FILE`."))
    elif outcome.comes_again and not outcome.dry_run:
        again = _("Its file can be imported anew, for that alone.") if outcome.part else None
        lines.append(again or _("Its file can be imported anew."))
    if outcome.waits and outcome.part and not outcome.dry_run:
        lines.append(_("It waits for a decision: `obole match`."))
    elif outcome.waits and not outcome.dry_run:
        lines.append(_("Its lines wait on suspense again: `obole match`."))
    return "\n".join(lines)


def _left_open(gap: Gap) -> str:
    return _(
        "{statement} of {day}, which comes after it, then begins {amount} EUR away: a gap in the account, which "
        "`obole check` names until its file, or another that covers its days, is imported."
    ).format(statement=gap.statement, day=gap.day, amount=money(gap.cents))


def _reversed(outcome: Undone) -> str:
    """Return the sentence about what is reversed: a document or a part of it, done or to be done."""
    if outcome.part and outcome.dry_run:
        return _("{part} of {document} would be reversed by {by}: {gifts}, {amount} EUR, and {entries}.")
    if outcome.part:
        return _("{part} of {document} is reversed by {by}: {gifts}, {amount} EUR, and {entries}.")
    if outcome.dry_run:
        return _("{document} would be reversed by {by}: {gifts}, {amount} EUR, and {entries}.")
    return _("{document} is reversed by {by}: {gifts}, {amount} EUR, and {entries}.")
