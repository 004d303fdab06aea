"""The commands of the receipts."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from ledger.clock import today
from ledger.errors import Fault, OboleError
from ledger.languages import spoken
from ledger.money import to_decimal
from ledger.periods import calendar_year
from ledger.register.receipts import State
from obole.books.opened import open_books
from obole.command.frame import GivenFile, ToldWhole, progress_bar, with_books, year_option
from obole.command.language import LANGUAGE_CHOICE, document_language
from obole.command.output import output_options, refuse_over, target
from obole.command.questions import confirm
from obole.command.say import SHOWN_FAULTS, SHOWN_LINES, money, tell, written
from obole.receipting.changed import told_changed
from obole.receipting.donor_list import receipt_list
from obole.receipting.elsewhere import GivenNumber, set_numbers_aside
from obole.receipting.papers import Word, told_papers
from obole.receipting.shipping import Shipped, write_belcotax
from obole.receipting.steps import (
    Status,
    issue_receipts,
    preview_receipts,
    refuse_date,
    render_receipts,
    status_of,
    tied,
    write_specimen,
)
from obole.reporting import about, write_table
from obole.words import N_, _, many
from receipts.decide.claims import Changed
from receipts.decide.eligibility import MOST_CENTS, Assessment, Reason, Warn
from receipts.decide.tie import TieLine, all_lines
from receipts.issue import Preview
from receipts.paper.render import Rendered


@click.group(cls=ToldWhole, help=N_("Tax receipts: preview, issue, render, belcotax, list, status."))
def receipts() -> None:
    """Tax receipts: preview, issue, render, belcotax, list, status."""


@receipts.command(help=N_("Who would get a receipt and who not, with the reasons and sums; nothing is written."))
@year_option
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help=N_("Of the reasons; default: that of the messages."))
@with_books
def preview(books: Path, year: int, language: str | None) -> None:
    """Show who would get a receipt and who not, with the reasons and sums; nothing is written."""
    opened = open_books(books)
    tell(say_preview(preview_receipts(opened, year), language or spoken()))


@receipts.command("list", help=N_("Donor by donor: number, amount, why not, what is missing, how it travels, the PDF."))
@year_option
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help=N_("Default: the foundation's language."))
@output_options
@with_books
def list_(  # noqa: PLR0917 - click's options
    books: Path, year: int, language: str | None, form: str | None, dialect: str, output: Path | None
) -> None:
    """Donor by donor: number, amount, why not, what is missing, how it travels, the PDF."""
    to = target(form, dialect, output)
    opened = open_books(books)
    refuse_over(opened, output)
    table = receipt_list(opened, year, document_language(language, opened.config.organisation.language))
    write_table(replace(table, about=about(opened, calendar_year(year))), to.form, output)
    if output is not None:
        tell(written(output))


@receipts.command(help=N_("Give every receipt due its number, 1..N, in one transaction, and freeze what it prints."))
@year_option
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), help=N_("Date printed as date of issue; default today.")
)
@click.option("--dry-run", is_flag=True, help=N_("Tell what would be issued; nothing is kept."))
@click.option("--yes", is_flag=True, help=N_("Issue for a year that is not over without asking."))
@click.option(
    "--again",
    default="",
    metavar="TEXT",
    help=N_("Who says that new receipts may be given beside papers with numbers set aside, and why."),
)
@click.option(
    "--holds",
    multiple=True,
    type=(click.IntRange(1), str),
    metavar="NUMBER DONOR",
    help=N_("This donor keeps the paper with this number and gets no other; - for nobody. May be repeated."),
)
@with_books
def issue(
    books: Path,
    *,
    year: int,
    day: datetime | None,
    dry_run: bool,
    yes: bool,
    again: str,
    holds: tuple[tuple[int, str], ...],
) -> None:
    """Give every receipt due its number, 1..N, in one transaction, and freeze what it prints."""
    dated = day.date() if day else today()
    refuse_date(year, dated)
    over = min(dated, today())
    if over.year <= year and not yes and not dry_run:
        confirm(
            _(
                "{year} is not over on {day}: what is given later is on no receipt of this donor. Issue all the same?"
            ).format(year=year, day=over)
        )
    plan, recovered = issue_receipts(open_books(books), year, dated, word=_word(again, holds), dry_run=dry_run)
    tell(say_would_issue(plan) if dry_run else say_issued(plan, recovered))


def _word(again: str, holds: Sequence[tuple[int, str]]) -> Word:
    """Return what is said of papers with numbers set aside; OboleError where two donors keep one."""
    holders: dict[int, str] = {}
    for number, donor in holds:
        if holders.setdefault(number, donor) != donor:
            message = _("--holds {number}: two donors cannot keep the paper with one number; name one.")
            raise OboleError(message.format(number=number))
    return Word(again.strip(), holders)


@receipts.command(help=N_("Write a receipt of nobody, marked as a specimen, to see what is printed."))
@year_option
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help=N_("Default: the foundation's language."))
@click.option("-o", "output", type=click.Path(path_type=Path), required=True, help=N_("Write to this file."))
@with_books
def specimen(books: Path, year: int, language: str | None, output: Path) -> None:
    """Write a receipt of nobody, marked as a specimen, to see what is printed."""
    opened = open_books(books)
    write_specimen(opened, year, document_language(language, opened.config.organisation.language), output)
    tell(written(output))


@receipts.command(help=N_("Make the PDFs that are not there yet; a re-print is byte-identical."))
@year_option
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help=N_("Processes."))
@with_books
def render(books: Path, year: int, workers: int) -> None:
    """Make the PDFs that are not there yet; a re-print is byte-identical."""
    with progress_bar(_("receipts {year}").format(year=year)) as progress:
        rendered = render_receipts(open_books(books), year, workers=workers, progress=progress)
    tell(say_rendered(rendered, year))
    if rendered.failed:
        sys.exit(1)


@receipts.command(help=N_("Write the 281.71 file of the receipts issued."))
@year_option
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help=N_("Creation date in the file; default today."))
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path),
    help=N_("Default: belcotax-28171-KBO-YEAR-1.xml in the current folder, which may not lie in the books."),
)
@click.option(
    "--format", "form", type=click.Choice(["xml", "csv"]), default="xml", help=N_("csv: the list to enter by hand.")
)
@click.option("--never-sent", default="", help=N_("Who says that the file of before was never sent, and why."))
@with_books
def belcotax(books: Path, year: int, day: datetime | None, output: Path | None, **said: str) -> None:
    """Write the 281.71 file of the receipts issued."""
    dated = day.date() if day else today()
    shipped = write_belcotax(
        open_books(books), year, dated, output, never_sent=said["never_sent"].strip(), listed=said["form"] == "csv"
    )
    tell(say_belcotax(shipped))
    if shipped.held:
        sys.exit(1)


@receipts.command(
    "set-aside",
    help=N_("Keep numbers that PDFs here or files of Belcotax tell of, and the register not, from being given again."),
)
@click.option(
    "--belcotax",
    "shipments",
    multiple=True,
    type=GivenFile(),
    help=N_("A file that was sent to Belcotax. May be repeated."),
)
@with_books
def set_aside(books: Path, shipments: tuple[Path, ...]) -> None:
    """Keep numbers that PDFs here or files of Belcotax tell of, and the register not, from being given again."""
    tell(say_set_aside(set_numbers_aside(open_books(books), shipments)))


@receipts.command(help=N_("Counts and sums by state and by reason."))
@year_option
@click.option("--lang", "language", type=LANGUAGE_CHOICE, help=N_("Of the reasons; default: that of the messages."))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_books
def status(books: Path, year: int, language: str | None, form: str) -> None:
    """Counts and sums by state and by reason."""
    opened = open_books(books)
    found = status_of(opened, year)
    tell(status_as_json(found) if form == "json" else say_status(found, language or spoken()))


# What a person should look at before an issue.
_WARNINGS = {
    Warn.NUMBER_MISSING: N_("number-missing"),
    Warn.STRADDLES_YEARS: N_("straddles-years"),
    Warn.THANK_YOU_ACCEPTED: N_("thank-you-accepted"),
    Warn.REVERSAL_UNMATCHED: N_("reversal-unmatched"),
}


_STATES = {State.ISSUED: N_("issued"), State.WITHDRAWN: N_("withdrawn")}


def say_preview(plan: Preview, language: str) -> str:
    """Return who would get a receipt and who not."""
    year = plan.assessment.year
    lines = [_due(plan), *_aside(plan), *_parts(plan, language), *_held(plan.assessment), *_refused(plan)]
    lines += [*_changed(plan.changed, year), *_waiting(plan)]
    warned: dict[Warn, int] = {}
    for decision in plan.due:
        for warning in decision.warnings:
            warned[warning] = warned.get(warning, 0) + 1
    for warning, count in sorted(warned.items()):
        told = many("to look at: {count} receipt with {warning}", "to look at: {count} receipts with {warning}", count)
        lines.append("  " + told.format(count=count, warning=_(_WARNINGS[warning])))
    return "\n".join([*lines, *_straddling(plan)])


def _refused(plan: Preview) -> list[str]:
    """Say what paper or Belcotax would refuse of donors who get no receipt because of it."""
    told = [f"  {key}: {one.told}" for key, refusals in sorted(plan.assessment.refused.items()) for one in refusals]
    too_much = _("{donor}: {amount} EUR is more than Belcotax can hold, or a receipt can say in words")
    told += [
        "  " + too_much.format(donor=one.donor, amount=money(one.cents))
        for one in plan.assessment.decisions
        if one.cents > MOST_CENTS
    ]
    return told[:SHOWN_LINES]


def _waiting(plan: Preview) -> list[str]:
    """Say which receipts wait because another one that stands, or a paper with a number set aside, has the gifts."""
    other = _(
        "{donor}: a receipt of {amount} EUR waits, because its gifts are on receipt {numbers}; ask whoever has "
        "that one to send it back, and tell this donor that no receipt can be given yet"
    )
    kept = _(
        "{donor}: gets no receipt of {amount} EUR, because the donor keeps the paper {numbers}, whose number was set "
        "aside"
    )
    aside = set(plan.papers.numbers)
    return [
        "  "
        + (kept if aside.issuperset(one.numbers) else other).format(
            donor=one.donor,
            amount=money(one.cents),
            numbers=", ".join(f"{one.year or plan.assessment.year}/{number:06d}" for number in one.numbers),
        )
        for one in plan.waiting[:SHOWN_LINES]
    ]


def _straddling(plan: Preview) -> list[str]:
    """Say of each gift whose days lie in two years which of them decides."""
    told = _("{donor}: {amount} EUR counts for {year} by {day}; other days of it: {others}")
    return [
        "  "
        + told.format(
            donor=one.donor,
            amount=money(one.cents),
            year=plan.assessment.year,
            day=one.day,
            others=", ".join(map(str, one.others)),
        )
        for one in plan.straddling[:SHOWN_LINES]
    ]


def _due(plan: Preview) -> str:
    count, year = len(plan.due), plan.assessment.year
    if not count:
        return _("0 receipts of {year} are due, {amount} EUR").format(year=year, amount=money(0))
    return many(
        "{count} receipt of {year} is due, {amount} EUR: number {first}.",
        "{count} receipts of {year} are due, {amount} EUR: numbers {first} to {last}.",
        count,
    ).format(
        count=count, year=year, amount=money(plan.cents), first=plan.first_number, last=plan.first_number + count - 1
    )


def _parts(plan: Preview, language: str) -> list[str]:
    """Return the lines of the tie-out, as `receipts status` has them, of all gifts that may count for the year."""
    rows = all_lines(tied(plan))
    gifts, cents = sum(row.gifts for row in rows), sum(row.cents for row in rows)
    return [*_ties(rows, language), f"  {'':<52} {gifts:>9} {money(cents):>18}"]


def _aside(plan: Preview) -> list[str]:
    """Say which numbers of the year were set aside: papers with them may be with donors."""
    return ["  " + one for one in told_papers(plan.assessment.year, plan.papers)]


def _held(assessment: Assessment) -> list[str]:
    """Say whose receipt waits for a decision about a payment."""
    held = [decision.donor for decision in assessment.decisions if decision.reason is Reason.REVERSAL_OPEN]
    if not held:
        return []
    told = many(
        "{count} donor waits ({donors}): a payment on suspense may pay a gift back; decide it with `obole match`",
        "{count} donors wait ({donors}): payments on suspense may pay gifts back; decide them with `obole match`",
        len(held),
    )
    shown = ", ".join(held[:SHOWN_LINES]) + (" ..." if len(held) > SHOWN_LINES else "")
    return ["  " + told.format(count=len(held), donors=shown)]


def _changed(changed: Sequence[Changed], year: int) -> list[str]:
    """Say which receipts are no longer for what their donors gave."""
    return ["  " + told_changed(year, one) for one in changed[:SHOWN_LINES]]


def say_issued(plan: Preview, recovered: Sequence[str]) -> str:
    """Return what is told after `obole receipts issue`."""
    count, year = len(plan.due), plan.assessment.year
    told = many(
        "{count} receipt of {year} issued: number {first}, {amount} EUR.",
        "{count} receipts of {year} issued: numbers {first} to {last}, {amount} EUR.",
        count,
    ).format(
        count=count, year=year, first=plan.first_number, last=plan.first_number + count - 1, amount=money(plan.cents)
    )
    return "\n".join([*recovered, told, *_aside(plan), *_refused(plan), *_changed(plan.changed, year), *_waiting(plan)])


def say_would_issue(plan: Preview) -> str:
    """Return what is told after `obole receipts issue --dry-run`."""
    year = plan.assessment.year
    told = [_due(plan), *_aside(plan), *_refused(plan), *_changed(plan.changed, year), *_waiting(plan)]
    return "\n".join([*told, _("Nothing was kept.")])


def say_set_aside(found: Sequence[GivenNumber]) -> str:
    """Return what is told after `obole receipts set-aside`."""
    told = _("receipt {year}/{number:06d} is set aside: {file} tells of it")
    lines = [told.format(year=one.year, number=one.number, file=one.evidence) for one in found]
    return "\n".join(lines) or _("the register knows every number that was told of; nothing was set aside.")


def say_rendered(outcome: Rendered, year: int) -> str:
    """Return what is told after `obole receipts render`."""
    lines = [
        many(
            "{count} PDF made ({size:.1f} MB), {there} were there, in receipts/{year}/.",
            "{count} PDFs made ({size:.1f} MB), {there} were there, in receipts/{year}/.",
            outcome.made,
        ).format(count=outcome.made, size=outcome.bytes / 1e6, there=outcome.there, year=year)
    ]
    if outcome.duplicates:
        lines.append(
            many(
                "{count} of them is marked as a duplicate (NUMBER-duplicate.pdf): typesetter or fonts are not those it "
                "was issued with, and it comes out otherwise; its own hash is written down.",
                "{count} of them are marked as duplicates (NUMBER-duplicate.pdf): typesetter or fonts are not those "
                "they were issued with, and they come out otherwise; their own hashes are written down.",
                outcome.duplicates,
            ).format(count=outcome.duplicates)
        )
    lines += [reason for _number, reason in outcome.failed[:SHOWN_LINES]]
    if outcome.failed:
        failed = len(outcome.failed)
        lines.append(
            many(
                "{count} receipt could not be made, for the reason above; the others are not touched.",
                "{count} receipts could not be made, for the reasons above; the others are not touched.",
                failed,
            ).format(count=failed)
        )
    return "\n".join(lines)


def say_belcotax(shipped: Shipped) -> str:
    """Return what is told after `obole receipts belcotax`."""
    summary = shipped.summary
    lines = [
        many(
            "{file}: {count} slip, sum of numbers {numbers}, {amount} EUR, "
            "{missing} without a national or enterprise number.",
            "{file}: {count} slips, sum of numbers {numbers}, {amount} EUR, "
            "{missing} without a national or enterprise number.",
            summary.count,
        ).format(
            file=shipped.path.name,
            count=summary.count,
            numbers=summary.sum_numbers,
            amount=money(summary.sum_cents),
            missing=summary.without_number,
        )
    ]
    if shipped.again:
        lines.append("  " + _("it holds these very receipts already; nothing was written"))
    lines += _some(summary.notes)
    if shipped.held:
        told = many(
            "{count} receipt is held back, for what follows; the others are in the file:",
            "{count} receipts are held back, for what follows; the others are in the file:",
            shipped.left_out,
        )
        lines += ["  " + told.format(count=shipped.left_out), *_some(shipped.held)]
    return "\n".join(lines)


def _some(notes: Sequence[Fault]) -> list[str]:
    lines = [f"  {note}" for note in notes[:SHOWN_FAULTS]]
    more = len(notes) - SHOWN_FAULTS
    if more > 0:
        lines.append("  " + many("and {count} more note", "and {count} more notes", more).format(count=more))
    return lines


def say_status(found: Status, language: str) -> str:
    """Return counts and sums by state and by reason."""
    lines = [_("Receipts of {year}").format(year=found.year)]
    for state, (count, cents) in sorted(found.states.items()):
        lines.append(f"  {_(_STATES[State(state)]):<52} {count:>9} {money(cents):>18}")
    made = _("PDFs made {made}; without a national or enterprise number {missing}")
    lines.append("  " + made.format(made=found.rendered, missing=found.without_number))
    if found.due[0]:
        told = _("due and not issued yet: {count}, {amount} EUR")
        lines.append("  " + told.format(count=found.due[0], amount=money(found.due[1])))
    lines += [*_aside(found.plan), *_changed(found.changed, found.year), *_waiting(found.plan)]
    lines.append(_("Gift accounts of {year}, booked").format(year=found.year))
    lines += _ties(found.tie.lines, language)
    for words, cents in ((_("in the books"), found.tie.accounts_cents), (_("difference"), found.tie.difference)):
        lines.append(f"  {words:<62} {money(cents):>18}")
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
