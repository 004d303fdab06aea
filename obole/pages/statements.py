"""The page of the statements."""

from dataclasses import replace
from pathlib import Path

from obole.pages.frame import DEFAULT_SCHEME, Choices, Page, ShownBooks, extension
from obole.words import N_, text_in
from reports.page import StatementsPage, statements_page
from reports.scheme import load_scheme
from reports.totals import NotInEuro


def statements(books: ShownBooks, choices: Choices) -> StatementsPage | None:
    """Return the three statements of one year beside the year before; None while the books hold no entry."""
    years = books.totals.years
    if not years:
        if books.uncounted:
            raise books.uncounted[0]
        return None
    year = next((year for year in (choices.year, choices.finished) if year in years), years[-1])
    scheme = load_scheme(choices.rest.get("scheme", DEFAULT_SCHEME))
    page = statements_page(books.totals, books.accounts, scheme, year, choices.language)
    return replace(page, problems=tuple(_left_out(fault, choices.language) for fault in books.uncounted))


def _left_out(fault: NotInEuro, language: str) -> str:
    """Say which line is in no whole cents, and that its transaction is not among what is shown."""
    message = text_in(language, "{file}: line {line}: {message}. What is shown leaves its transaction out.")
    file, line = Path(str(fault.source.get("filename", ""))).name, fault.source.get("lineno", "?")
    return message.format(file=file, line=line, message=fault.message)


Statements = extension(Page("Statements", N_("Annual accounts"), statements, script=True))
