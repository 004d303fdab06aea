"""One report of a set of books, in one format, to a file or to the terminal.

What only some reports need is imported where they are made: half of a short command is what it loads.
"""

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from ledger.clock import today
from ledger.dimensions import Dimension
from ledger.errors import OboleError
from ledger.given import write_out
from ledger.numbered import with_entry_numbers
from ledger.periods import FinancialYear
from ledger.register.documents import all_documents
from ledger.register.years import closed_years
from obole.books.loading import LoadedBooks, load_books
from obole.books.opened import Books
from obole.words import _, many, many_in
from receipts.decide.tie_table import tie_table
from reports.by_key import by_key, by_key_table
from reports.events import EventPart, event_results, events_table
from reports.formats import write_csv, write_excel_csv, write_json, write_text
from reports.identities import doubts
from reports.ledger_listing import general_ledger, ledger_table
from reports.printing import statement_data, statement_table
from reports.scheme import load_scheme
from reports.statements import AnnualStatement, statement
from reports.tables import About, Finality, Table
from reports.totals import Totals
from reports.trial import trial_balance, trial_table

STATEMENTS = ("balance-sheet", "income-statement", "appropriation")


_WRITERS: dict[str, Callable[[Table, TextIO], None]] = {
    "text": write_text,
    "csv": write_csv,
    "excel-csv": write_excel_csv,
    "json": write_json,
}


class NoYear(OboleError):
    """A year that the books hold nothing of."""


def write_report(
    books: Books,
    what: str,
    year: int,
    *,
    scheme: str,
    language: str,
    form: str,
    output: Path | None,
    by: str | None = None,
) -> None:
    """Write a report; OboleError where the books do not load or hold nothing of the year.

    `by` parts the trial balance by a key of its lines (`reports.by_key.KEYS`), the legacies by `asset`. Statements that
    are missing refuse no report: each is told, and the report says so itself.
    """
    loaded = _sound(books)
    # Receipts go by the calendar year.
    counted = loaded.calendar_totals if what == "tie-out" else loaded.totals
    lasts = _lasting(counted, year)
    missing = [gap for gap in loaded.gaps if gap.day <= lasts.last]
    for problem in loaded.problems(missing):
        sys.stderr.write(f"{problem}\n")
    note = _note(len(missing), language)
    if what in STATEMENTS:
        made = statement(what, load_scheme(scheme), year, loaded.totals)
        said = doubts(made, loaded.totals, loaded.accounts, language)
        made = replace(made, note=f"{note} {said}".strip(), about=about(books, lasts))
        _write_statement(loaded, made, language, form, output)
        return
    if what == "trial-balance" and by is not None:
        turnover = by_key(loaded.entries, loaded.accounts, year, by, books.years)
        table = by_key_table(turnover, loaded.accounts, _labels(books, by, language), lasts, by, language)
    elif what == "trial-balance":
        table = trial_table(trial_balance(loaded.totals, loaded.accounts, year, load_scheme(scheme)), language)
    elif what == "legacies":
        table = _legacies(books, lasts, language, by)
    elif what == "general-ledger":
        with books.register.connect() as connection:
            entries = with_entry_numbers(connection, books.folder.root, loaded.entries, year, books.years)
        table = ledger_table(general_ledger(entries, loaded.accounts, year, loaded.totals), lasts, language)
    else:
        from obole.receipting.steps import tie_out  # noqa: PLC0415 - the statements need nothing of the receipts

        table = tie_table(tie_out(books, year, counted), language)
    subtitle = f"{table.subtitle} {note}".strip()
    write_table(replace(table, subtitle=subtitle, about=about(books, lasts)), form, output)


def _lasting(totals: Totals, year: int) -> FinancialYear:
    """Return from when to when a year lasts; NoYear where the books have none of that label, or nothing of it."""
    years = totals.years
    lasts = totals.periods.find(year)
    # A year without postings has its figures.
    if lasts is None or not years or not years[0] <= year <= max(years[-1], totals.periods.label(today())):
        known = ", ".join(str(one) for one in years) or "none"
        raise NoYear(_("the books hold nothing of {year}; they have {known}.").format(year=year, known=known))
    return lasts


def known_year(books: Books, year: int) -> FinancialYear:
    """Return from when to when a financial year lasts; NoYear, which names those there are, where none is called so.

    Nor is one of before the books, of which nothing is in them; of calendar years nobody need be told that.
    """
    lasts = books.years.find(year)
    if lasts is not None and not books.years.are_calendar:
        with books.register.connect() as connection:
            earliest = min([books.config.first_day, *(row.first_day for row in all_documents(connection))])
        lasts = lasts if lasts.last >= earliest else None
    if lasts is None:
        message = _("{year} is no financial year of these books; they are {known}.")
        raise NoYear(message.format(year=year, known=", ".join(map(str, books.labels))))
    return lasts


def about(books: Books, year: FinancialYear | None = None) -> About:
    """Return whose figures a report has; of a year, whether it is a draft or closed and sealed."""
    organisation = books.config.organisation
    number = organisation.enterprise_number
    state = None
    if year is not None:
        with books.register.connect() as connection:
            closed = closed_years(connection)
        all_closed = all(one.label in closed for one in books.years.since(year.first, year.last))
        state = Finality.SEALED if all_closed else Finality.DRAFT
    return About(organisation.name, f"{number[:4]}.{number[4:7]}.{number[7:]}", today(), state)


def _legacies(books: Books, year: FinancialYear, language: str, by: str | None) -> Table:
    from obole.books.legacies import legacies_at  # noqa: PLC0415 - reads the archived registers
    from reports.legacies import legacies_by_asset, legacies_table  # noqa: PLC0415

    states = legacies_at(books, year.last).values()
    return (legacies_by_asset if by else legacies_table)(states, year, language)


def write_events(books: Books, year: int | None, *, language: str, form: str, output: Path | None) -> None:
    """Write what each event brought, over all years or in one; OboleError where the books do not load."""
    loaded = _sound(books)
    gifts, accounts = books.config.gifts, books.config.events
    parts = {
        gifts.money: EventPart.GIFTS,
        gifts.in_kind: EventPart.GIFTS,
        gifts.undocumented: EventPart.GIFTS,
        gifts.sponsoring: EventPart.SPONSORING,
        gifts.ticket: EventPart.TICKETS,
        accounts.deferred: EventPart.LATER,
        accounts.prepaid: EventPart.LATER,
    }
    lasts = None if year is None else known_year(books, year)
    results = event_results(loaded.entries, loaded.accounts, parts, year, books.years)
    table = replace(events_table(results, lasts, language), about=about(books, lasts))
    write_table(table, form, output)


def _sound(books: Books) -> LoadedBooks:
    """Return the books loaded; OboleError where they have errors, missing statements apart."""
    loaded = load_books(books.folder.main, books.years)
    faults = loaded.faults
    if faults:
        first = next(loaded.problems(faults))
        raise OboleError(
            many(
                "the books have {count} error: {first}; `obole check` tells more.",
                "the books have {count} errors, the first: {first}; `obole check` lists them.",
                len(faults),
            ).format(count=len(faults), first=first)
        )
    return loaded


def _note(missing: int, language: str) -> str:
    """Return what a report says of statements that are missing, in its language."""
    if not missing:
        return ""
    return many_in(
        language,
        "Not final: {count} bank statement is missing (`obole check`).",
        "Not final: {count} bank statements are missing (`obole check`).",
        missing,
    ).format(count=missing)


def _labels(books: Books, by: str, language: str) -> dict[str, str]:
    """Return the labels of the declared keys of a dimension; those of third parties are names and stay in the vault."""
    declared = books.config.dimensions.keys.get(Dimension(by), {}) if by in set(Dimension) else {}
    return {key: one.label(language) for key, one in declared.items()}


def _write_statement(loaded: LoadedBooks, made: AnnualStatement, language: str, form: str, output: Path | None) -> None:
    if form == "xlsx" and output is not None:
        from reports.workbook import write_statement  # noqa: PLC0415 - loaded where a workbook is written

        write_statement(made, loaded.accounts, language, output)
    else:
        write_table((statement_table if form == "text" else statement_data)(made, language), form, output)


def write_table(table: Table, form: str, output: Path | None) -> None:
    """Write a table in one format, to a file or to the terminal."""
    if form == "xlsx" and output is not None:
        from reports.sheets import write_xlsx  # noqa: PLC0415 - loaded where a workbook is written

        write_xlsx(table, output)
        return
    text = io.StringIO(newline="")
    _WRITERS[form](table, text)
    _out(text.getvalue(), output)


def _out(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        write_out(output, text.encode())
