"""What the command line says: results as text for a terminal, and as JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.errors import Severity
from ledger.instalments import Refusal
from ledger.money import to_decimal
from receipts.eligibility import RECEIPTED, label, partition

if TYPE_CHECKING:  # a command loads only the part of Obole that it uses
    from obole.books import Books
    from obole.check import Result
    from obole.collecting import Collected
    from obole.intake import Intake, Told
    from obole.matching import OpenLine
    from obole.receipting import Status
    from obole.undoing import Undone
    from receipts.belcotax import Summary
    from receipts.eligibility import Assessment
    from receipts.issue import Changed, Preview
    from receipts.render import Rendered
    from receipts.tie import TieLine

_SHOWN_FAULTS = 12
_SHOWN_LINES = 40


def money(cents: int) -> str:
    """An amount with thousands apart: 1 234 567.89."""
    return f"{to_decimal(cents):,.2f}".replace(",", " ")


def created(books: Books) -> str:
    """After `obole init`."""
    return (
        f"Books of {books.config.organisation.name} created with {len(books.chart)} accounts.\n"
        f"The key of the vault is {books.config.key}.key in the key folder: back it up apart from the books; "
        "without it no national number can be read again."
    )


def intake(result: Intake) -> str:
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
    for fault in told.faults[:_SHOWN_FAULTS]:
        mark = "refused" if fault.severity is Severity.ERROR else "remark"
        lines.append(f"  {mark}: {fault}")
    if len(told.faults) > _SHOWN_FAULTS:
        lines.append(f"  and {len(told.faults) - _SHOWN_FAULTS} more; `obole inspect` lists them all")
    return lines


_REFUSALS = {
    Refusal.NO_DONOR: "the mandate has no donor in the vault; import the donor register",
    Refusal.NO_IBAN: "no IBAN; add it in the register of pledges",
    Refusal.SUSPENDED: "the mandate is suspended",
    Refusal.ENDED: "the mandate is ended",
    Refusal.OUTSIDE: "the day lies outside the first and last due date",
    Refusal.EXHAUSTED: "failed as often as obole.toml lets it be tried",
}


def collected(result: Collected, today: date) -> str:
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
        for one in plan.refused[:_SHOWN_FAULTS]
    ]
    if len(plan.refused) > _SHOWN_FAULTS:
        lines.append(f"  and {len(plan.refused) - _SHOWN_FAULTS} more refused")
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


def open_lines(lines: Sequence[OpenLine]) -> str:
    """The list of what is open."""
    if not lines:
        return "Nothing is open."
    shown = []
    for waits, place in ((True, "wait on the suspense account"), (False, "are gifts without a donor")):
        some = [line for line in lines if line.waits is waits]
        if not some:
            continue
        total = sum(line.cents for line in some)
        shown.append(f"{len(some)} lines {place}, {money(total)} EUR in all:")
        for line in some[:_SHOWN_LINES]:
            guess = ", ".join(f"{one.donor} {round(100 * one.score)} %" for one in line.proposals) or "-"
            where = f"{line.document} {line.position}"
            shown.append(f"  {line.booked}  {where:<30} {money(line.cents):>14} EUR  {line.name[:30]:<30} {guess}")
            if line.proposals:
                shown.append(f"{'':14}{', '.join(line.proposals[0].reasons)}")
        if len(some) > _SHOWN_LINES:
            shown.append(f"  and {len(some) - _SHOWN_LINES} more")
    shown.append("`obole match -o open.xlsx` writes the sheet to fill in; `obole import open.xlsx` takes it back.")
    return "\n".join(shown)


def document(record: Mapping[str, Any]) -> str:
    """One document: what it is and what was told when it was posted."""
    lines = [f"{record['document']} ({record['kind']}), {record['from']} to {record['to']}, posted {record['posted']}"]
    if record["opening"] is not None:
        lines.append(f"  opening {record['opening']} EUR, closing {record['closing']} EUR")
    for outcome, count in record["counts"].items():
        amount = record["sums"].get(outcome)
        lines.append(f"  {outcome:<12} {count:>9}" + (f" {amount:>16} EUR" if amount else ""))
    lines += [f"  {key}: {record[key]}" for key in ("archive", "journal", "sha256", "undone_by") if record[key]]
    return "\n".join(lines)


def undone(outcome: Undone) -> str:
    """After `obole undo`."""
    verb = "would be reversed" if outcome.dry_run else "is reversed"
    gifts = f"{outcome.gifts} gifts and returns, {money(outcome.cents)} EUR"
    told = f"{outcome.document} {verb} by {outcome.by}: {gifts}, and {outcome.entries} other transactions."
    if outcome.document.startswith("collection-"):
        told = f"{outcome.document} {verb.replace('reversed', 'withdrawn')}: do not send its file to the bank."
        return "\n".join([*outcome.recovered, told])
    return "\n".join([*outcome.recovered, told, *([] if outcome.dry_run else ["Its file can be imported anew."])])


def results(found: Sequence[Result], recovered: Sequence[str]) -> str:
    """After `obole check`: every invariant, with what breaks it."""
    lines = list(recovered)
    for result in found:
        lines.append(f"{'ok  ' if result.holds else 'FAIL'} {result.number:>2}  {result.rule}")
        lines += [f"         {fault}" for fault in result.faults[:_SHOWN_LINES]]
        if len(result.faults) > _SHOWN_LINES:
            lines.append(f"         and {len(result.faults) - _SHOWN_LINES} more")
        lines += [f"         note: {note}" for note in result.notes[:_SHOWN_LINES]]
    failed = sum(not result.holds for result in found)
    lines.append("All invariants hold." if not failed else f"{failed} of {len(found)} invariants do not hold.")
    return "\n".join(lines)


def results_json(found: Sequence[Result], recovered: Sequence[str]) -> str:
    """The same as JSON."""
    content = {
        "ok": all(result.holds for result in found),
        "recovered": list(recovered),
        "invariants": [{**asdict(result), "holds": result.holds} for result in found],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def preview(plan: Preview, language: str) -> str:
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
        for one in changed[:_SHOWN_LINES]
    ]


def issued(plan: Preview, recovered: Sequence[str]) -> str:
    """After `obole receipts issue`."""
    numbers = f"{plan.first_number} to {plan.first_number + len(plan.due) - 1}"
    year = plan.assessment.year
    told = f"{len(plan.due)} receipts of {year} issued: numbers {numbers}, {money(plan.cents)} EUR."
    return "\n".join([*recovered, told, *_changed(plan.changed, year)])


def rendered(outcome: Rendered, year: int) -> str:
    """After `obole receipts render`."""
    lines = [
        f"{outcome.made} PDFs made ({outcome.bytes / 1e6:.1f} MB), {outcome.there} were there, in receipts/{year}/."
    ]
    lines += [reason for _number, reason in outcome.failed[:_SHOWN_LINES]]
    if outcome.failed:
        lines.append(
            f"{len(outcome.failed)} receipts could not be made, for the reasons above; the others are not touched."
        )
    return "\n".join(lines)


def belcotax(path: Path, summary: Summary) -> str:
    """After `obole receipts belcotax`."""
    totals = f"{summary.count} slips, sum of numbers {summary.sum_numbers}, {money(summary.sum_cents)} EUR"
    lines = [f"{path.name}: {totals}, {summary.without_number} without a national or enterprise number."]
    lines += [f"  {note}" for note in summary.notes[:_SHOWN_FAULTS]]
    if len(summary.notes) > _SHOWN_FAULTS:
        lines.append(f"  and {len(summary.notes) - _SHOWN_FAULTS} more notes")
    return "\n".join(lines)


def status(found: Status, language: str) -> str:
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


def status_json(found: Status) -> str:
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
