"""The page of the statements."""

from obole.pages.frame import DEFAULT_SCHEME, Choices, Page, ShownBooks, extension
from obole.words import N_
from reports.page import StatementsPage, statements_page
from reports.scheme import load_scheme


def statements(books: ShownBooks, choices: Choices) -> StatementsPage | None:
    """Return the three statements of one year beside the year before; None while the books hold no entry."""
    years = books.totals.years
    if not years:
        return None
    year = next((year for year in (choices.year, choices.finished) if year in years), years[-1])
    scheme = load_scheme(choices.rest.get("scheme", DEFAULT_SCHEME))
    return statements_page(books.totals, books.accounts, scheme, year, choices.language)


Statements = extension(Page("Statements", N_("Annual accounts"), statements, script=True))
