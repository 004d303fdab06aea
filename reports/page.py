"""The statements as a web page shows them: everything already worded and formatted for one language, no HTML.

A page holds the three statements of one year next to the year before, the accounts behind each line, the check that
assets equal liabilities, and a note for every printed total that its printed lines do not add up to.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from ledger.chart import Account
from reports.identities import doubts_of
from reports.marks import Numbers, numbers
from reports.picture import income_picture
from reports.scheme import SCHEMES, LineKind, Scheme, What, unmapped
from reports.spans import columns_last, which_days
from reports.statements import AnnualLine, AnnualStatement, Contribution, balance, differences, statement
from reports.totals import Totals
from reports.words import named, text_in

NIL = "–"  # how the printed statements show nothing


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account below a line: `path` is its Beancount account, for the link; amounts to the cent, in words of a page.

    `previous` is None where there is no previous year. Amounts are signed as the line adds them up.
    """

    code: str
    label: str
    path: str
    amount: str
    previous: str | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A row of a statement. `kind` is heading, line, total or grand-total; `level` is the indentation from 0.

    `printed` are whole euros, `exact` the same amounts to the cent (for a tooltip); empty on a heading, None for the
    previous year where there is none. `key` is unique on the page (an HTML id). A memo line is not added up.
    """

    key: str
    kind: str
    level: int
    code: str
    label: str
    printed: str
    printed_previous: str | None
    exact: str
    exact_previous: str | None
    memo: bool
    accounts: tuple[AccountRow, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a statement with its own title: assets, liabilities, income, expenses, result, appropriation."""

    statement: str
    section: str
    title: str
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """Assets against liabilities of one year, to the cent; `sentence` says it in words."""

    year: int
    holds: bool
    assets: str
    liabilities: str
    difference: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose on the page: a scheme, by name and label."""

    name: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class StatementsPage:
    """The page: `years` are those the books hold, newest first; `previous_year` is None where there is none to show.

    `notes` are sentences: printed totals that differ from their printed lines, accounts without a rubric; `problems`
    say what of the books is not shown.
    `picture` is an SVG of the income by source, empty where there is no income.
    """

    title: str
    language: str
    schemes: tuple[Choice, ...]
    year: int
    previous_year: int | None
    years: tuple[int, ...]
    column_code: str
    column_label: str
    blocks: tuple[Block, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    picture: str
    problems: tuple[str, ...] = ()


def statements_page(
    totals: Totals, accounts: Mapping[str, Account], scheme: Scheme, year: int, language: str
) -> StatementsPage:
    """Return the three statements of `year` by `scheme`, in one of fr, nl, de, en, and the doubts about them."""
    statements = [statement(what, scheme, year, totals) for what in What]
    writer = _Writer(accounts, numbers(language), language)
    balance_sheet, income_statement, _ = statements
    before = balance_sheet.previous_year if balance_sheet.has_previous else None
    title = text_in(language, "Annual accounts {year}")
    lasting = columns_last(balance_sheet.periods, language)
    return StatementsPage(
        title=", ".join(filter(None, (title.format(year=year), which_days(balance_sheet.period, language)))),
        language=language,
        schemes=tuple(Choice(name, named(name, language), name == scheme.name) for name in SCHEMES),
        year=year,
        previous_year=before,
        years=tuple(reversed(totals.years)),
        column_code=text_in(language, "Code"),
        column_label=text_in(language, "Line"),
        blocks=tuple(block for of in statements for block in writer.blocks(of)),
        checks=tuple(writer.checks(balance_sheet)),
        notes=(
            *filter(None, (lasting,)),
            *writer.without_rubric(scheme, totals, year),
            *writer.roundings(statements),
            *doubts_of(statements, totals, accounts, language),
        ),
        picture=income_picture(income_statement, language),
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """The words and marks of one language over the accounts of one set of books."""

    accounts: Mapping[str, Account]
    marks: Numbers
    language: str

    def blocks(self, of: AnnualStatement) -> Iterator[Block]:
        for section, lines in groupby(of.lines, key=lambda line: line.section):
            title = named(section or of.what, self.language)
            yield Block(of.what, section, title, tuple(self._line(of.what, line) for line in lines))

    def checks(self, balance_sheet: AnnualStatement) -> Iterator[Check]:
        for index, held in enumerate(filter(None, balance(balance_sheet))):
            year = balance_sheet.previous_year if index else balance_sheet.year
            assets, liabilities = self.marks.exact(held.assets), self.marks.exact(held.liabilities)
            difference = self.marks.exact(held.difference)
            holds = held.difference == 0
            if holds:
                sentence = text_in(self.language, "{year}: assets equal liabilities, to the cent (€ {assets}).")
            else:
                sentence = text_in(
                    self.language,
                    "{year}: assets (€ {assets}) and liabilities (€ {liabilities}) differ by € {difference}.",
                )
            sentence = sentence.format(year=year, assets=assets, liabilities=liabilities, difference=difference)
            yield Check(year, holds, assets, liabilities, difference, sentence)

    def without_rubric(self, scheme: Scheme, totals: Totals, year: int) -> Iterator[str]:
        codes = [code for code, movement in totals.movements(year).items() if movement.closing]
        for code in unmapped(scheme, codes):
            yield text_in(
                self.language,
                "Account {code} has no rubric in this scheme; correct its code or clear it before closing.",
            ).format(code=code)

    def roundings(self, statements: Iterable[AnnualStatement]) -> Iterator[str]:
        for of in statements:
            for found in differences(of):
                line = of.line(found.key)
                yield text_in(
                    self.language,
                    "{year}, {label} ({where}): € {printed} printed, the printed lines add up to € {added}. Each "
                    "figure is rounded by itself from exact cents; nothing is forced.",
                ).format(
                    year=found.year,
                    label=line.label(self.language),
                    where=named(line.section or of.what, self.language),
                    printed=self.marks.count(found.printed),
                    added=self.marks.count(found.added),
                )

    def _line(self, what: What, line: AnnualLine) -> LineRow:
        heading = line.kind is LineKind.HEADING
        return LineRow(
            key=f"{what}-{re.sub('[^a-z0-9A-Z]+', '-', line.key).strip('-')}",
            kind=line.kind,
            level=line.level,
            code=line.code,
            label=line.label(self.language),
            printed="" if heading else self._printed(line.cents),
            printed_previous=None if heading or line.previous is None else self._printed(line.previous),
            exact="" if heading else self.marks.exact(line.cents),
            exact_previous=None if heading or line.previous is None else self.marks.exact(line.previous),
            memo=line.memo,
            accounts=tuple(self._account(contribution) for contribution in line.accounts),
        )

    def _printed(self, cents: int) -> str:
        return self.marks.euros(cents) if cents else NIL

    def _account(self, contribution: Contribution) -> AccountRow:
        code, cents, previous = contribution
        account = self.accounts.get(code)
        return AccountRow(
            code=code if account else "",
            label=account.label(self.language) if account else code,
            path=account.path if account else code,
            amount=self.marks.exact(cents),
            previous=None if previous is None else self.marks.exact(previous),
        )
