"""Refuse a source file before anything of it is posted."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from importers.sheets.tabular import RegisterFile
from ledger.chart import UnknownAccount
from ledger.clock import today
from ledger.dimensions import LineKeys
from ledger.errors import Fault, Severity, SourceRefused, refuses
from ledger.identifiers import national_numbers_in
from ledger.parties import unknown_party
from ledger.posting import Posting
from ledger.vault.parties import known_parties
from obole.books.opened import Books
from obole.books.watch import Watch
from obole.words import _, many

_FEW = 5  # lines named


def refuse_file(path: Path, file: RegisterFile[Any], faults: Sequence[Fault] = ()) -> None:
    """Raise SourceRefused where the reader found an error or the books one, with all that both found."""
    if not file.ok or refuses(faults):
        raise SourceRefused(path.name, tuple(sorted((*file.faults, *faults), key=lambda fault: fault.line or 0)))


def refuse_where(path: Path, faults: Sequence[Fault]) -> None:
    """Raise SourceRefused where there is a fault."""
    if faults:
        raise SourceRefused(path.name, tuple(faults))


def unknown_account(code: str) -> str:
    """Say that the chart lacks an account."""
    return str(UnknownAccount(code)).removesuffix(".")


def unknown_donor(donor: str) -> str:
    """Say that the vault lacks a donor."""
    return _("donor {donor} is not in the vault; import the donor register first").format(donor=donor)


def no_bank(account: str) -> str:
    """Say that an account (its IBAN or BBAN) is none of the foundation's."""
    return _("the account ending in {ending} is no [[bank]] of obole.toml; add it there, or leave the file out").format(
        ending=account[-4:]
    )


def year_closed(document: str, year: int) -> str:
    """Say that a document cannot be posted because its year is closed."""
    return _("{document}: {year} is closed; nothing can be posted in it any more").format(document=document, year=year)


def month_locked(posting: Posting, document: str, days: Iterable[date]) -> list[Fault]:
    """Return the fault that a month of a document is locked; none where none of its days is."""
    locked = posting.lock_of(document, days)
    return [] if locked is None else [Fault(str(locked).removesuffix("."))]


def before_first_day(books: Books, day: date) -> str:
    """Say that a day lies before the books begin."""
    return _(
        "dated {day}, before the first day of these books ({first}, first_day in obole.toml); what was there on the "
        "eve of that day is taken over with `obole opening FILE`"
    ).format(day=day, first=books.config.first_day)


def before_the_chart(books: Books, day: date) -> str | None:
    """Say that a day lies before every account is open, because `first_day` was set back; None where it does not."""
    opened = min((account.opened for account in books.chart.values() if account.opened is not None), default=day)
    if day >= opened:
        return None
    return _(
        "dated {day}, but chart.beancount opens its accounts on {opened} only, since first_day in obole.toml was set "
        "back; run `obole upgrade`"
    ).format(day=day, opened=opened)


def named(watch: Watch, row: int, *texts: str) -> list[Fault]:
    """Find personal data in what would go into the books."""
    return [Fault(problem, row) for text in texts if (problem := watch.problem(text)) is not None]


def _first_of(rows: Sequence[int]) -> str:
    """Return the first few of some rows or lines as they are told."""
    return ", ".join(map(str, rows[:_FEW])) + (" ..." if len(rows) > _FEW else "")


def perhaps_named(books: Books, texts: Iterable[tuple[int, str]]) -> Iterator[Fault]:
    """Warn of texts, each with its row, that may name a donor by the surname alone."""
    watch = Watch(books)
    rows = sorted({row for row, text in texts if text and watch.may_name(text)})
    if rows:
        some = _first_of(rows)
        message = many(
            "a text has a title or an initial beside the surname of a donor (row {rows}): it is kept in the books; if "
            "it is that donor, write the donor key in its place",
            "{count} texts have a title or an initial beside the surname of a donor (rows {rows}): they are kept in "
            "the books; where it is that donor, write the donor key in its place",
            len(rows),
        )
        yield Fault(message.format(count=len(rows), rows=some), rows[0], Severity.WARNING)


def unlawful_numbers(communications: Iterable[tuple[int, str]]) -> Iterator[Fault]:
    """Warn of the communications, each with its line, in which a national number stands; it is never repeated."""
    lines = [line for line, text in communications if text and national_numbers_in(text)]
    if lines:
        some = _first_of(lines)
        message = many(
            "a communication holds 11 digits that pass as a national number (line {lines}): asking for it there is "
            "unlawful, and it is not kept; ask the donor for it by a form or letter of your own",
            "{count} communications hold 11 digits that pass as a national number (lines {lines}): asking for it "
            "there is unlawful, and it is not kept; ask the donors for it by a form or letter of your own",
            len(lines),
        ).format(count=len(lines), lines=some)
        yield Fault(message, severity=Severity.WARNING)


class LineGuard:
    """Refuses the keys of a line: a dimension that is not declared, a third party that the vault does not know."""

    def __init__(self, books: Books, watch: Watch, parties: Iterable[str | None]) -> None:
        self._declared = books.config.dimensions
        self._watch = watch
        asked = {key for key in parties if key}
        self._unknown: set[str] = set()
        if asked:
            with books.vault.connect() as connection:
                self._unknown = asked - known_parties(connection, asked)

    def faults(self, keys: LineKeys, day: date | None, row: int | None) -> list[Fault]:
        """Return the faults of a line's keys; `day` is None where they are for no day."""
        found = [Fault(problem, row) for problem in self._declared.problems(keys, day)]
        if keys.party in self._unknown and keys.party is not None:
            found.append(Fault(unknown_party(keys.party), row))
        problems = map(self._watch.problem, filter(None, keys[:3]))
        return found + [Fault(problem, row) for problem in problems if problem is not None]


def day_faults(books: Books, day: date, row: int | None, *, happened: bool = False) -> list[Fault]:
    """Return what stands against a date; of what can only have `happened` a day still to come does."""
    if day < books.config.first_day:
        return [Fault(before_first_day(books, day), row)]
    early = before_the_chart(books, day)
    if early is not None:
        return [Fault(early, row)]
    if day.year > today().year + 1:
        return [Fault(_("dated {day}, which is years away; correct the date").format(day=day), row)]
    return still_to_come(day, row) if happened else []


def still_to_come(day: date, row: int | None) -> list[Fault]:
    """Return what stands against a day on which something happened that has not come yet."""
    if day <= today():
        return []
    message = _("dated {day}, which is still to come; correct the date, or enter it once it has happened")
    return [Fault(message.format(day=day), row)]


def told_ahead(days: Iterable[tuple[date, int]]) -> Iterator[Fault]:
    """Warn of what is dated after today and may be meant so: an entry made ahead, an invoice; each with its row."""
    rows = sorted({row for day, row in days if day > today()})
    if rows:
        some = _first_of(rows)
        message = many(
            "{count} row is dated after today ({rows}): it is posted on that day; correct the date if it is mistyped",
            "{count} rows are dated after today ({rows}): they are posted on those days; correct the dates if they are "
            "mistyped",
            len(rows),
        )
        yield Fault(message.format(count=len(rows), rows=some), rows[0], Severity.WARNING)
