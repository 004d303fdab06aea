"""The page of the statements."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ledger.beancount_words import in_own_words
from ledger.plugins.banks import BankGap
from obole.books.loading import first_line
from obole.pages.frame import DEFAULT_SCHEME, Choices, Page, ShownBooks, extension
from obole.words import N_, many_in, text_in
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
    left_out = tuple(_left_out(fault, choices.language) for fault in books.uncounted)
    return replace(page, problems=(*_errors(books, choices.language), *left_out))


def _errors(books: ShownBooks, language: str) -> Iterator[str]:
    """Yield that the books have errors, with which a report would be refused, and that statements are missing."""
    missing = sum(isinstance(error, BankGap) for error in books.errors)
    wrong = [error for error in books.errors if not isinstance(error, BankGap)]
    if wrong:
        message = many_in(
            language,
            "The books have {count} error: {first} Nothing here is final until it is mended (`obole check`).",
            "The books have {count} errors, the first: {first} Nothing is final until they are mended (`obole check`).",
            len(wrong),
        )
        yield message.format(count=len(wrong), first=in_own_words(first_line(wrong[0].message)))
    if missing:
        yield many_in(
            language,
            "Not final: {count} bank statement is missing (`obole check`).",
            "Not final: {count} bank statements are missing (`obole check`).",
            missing,
        ).format(count=missing)


def _left_out(fault: NotInEuro, language: str) -> str:
    """Say which line is in no whole cents, and that its transaction is not among what is shown."""
    message = text_in(language, "{file}: line {line}: {message}. What is shown leaves its transaction out.")
    file, line = Path(str(fault.source.get("filename", ""))).name, fault.source.get("lineno", "?")
    return message.format(file=file, line=line, message=fault.message)


Statements = extension(Page("Statements", N_("Annual accounts"), statements, script=True))
