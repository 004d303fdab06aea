"""The trial balance of a year: opening, debits, credits and closing of every account, led by its line of a scheme.

Classes 6 and 7 open at nil; results of earlier years that were never appropriated make a row of their own, so that
the openings add up to nil.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chart import Account
from ledger.periods import FinancialYear, calendar_year
from reports.marks import numbers
from reports.scheme import Scheme, SchemeLine, What
from reports.spans import ends_december, which_days
from reports.tables import Column, ColumnKind, Row, RowKind, Table
from reports.totals import Totals, Turnover
from reports.words import text_in


@dataclass(frozen=True, slots=True)
class TrialRow:
    """An account's year in cents; `code` is empty on the row of earlier results. `rubric` is its line of the scheme."""

    code: str
    account: Account | None
    movement: Turnover
    rubric: SchemeLine | None


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The rows in the order of the codes, and their sums: the debits equal the credits, the balances add up to nil."""

    year: int
    rows: tuple[TrialRow, ...]
    lasts: FinancialYear | None = None

    @property
    def period(self) -> FinancialYear:
        """Return from when to when the year lasts."""
        return self.lasts or calendar_year(self.year)

    @property
    def total(self) -> Turnover:
        """Return the sums of all rows, in cents."""
        movements = [row.movement for row in self.rows]
        return Turnover(
            sum(movement.opening for movement in movements),
            sum(movement.debit for movement in movements),
            sum(movement.credit for movement in movements),
            sum(movement.postings for movement in movements),
        )


def trial_balance(totals: Totals, accounts: Mapping[str, Account], year: int, scheme: Scheme) -> TrialBalance:
    """Return the accounts that open the year with a balance or move in it."""
    rows = [
        TrialRow(code, accounts.get(code), movement, _rubric(scheme, code, movement.closing))
        for code, movement in totals.movements(year).items()
    ]
    earlier = totals.unappropriated_before(year)
    if earlier:
        rows.append(TrialRow("", None, Turnover(earlier, 0, 0, 0), None))
    return TrialBalance(year, tuple(rows), totals.periods.find(year))


def trial_table(of: TrialBalance, language: str) -> Table:
    """Return the trial balance as a table, its total last."""
    columns = (
        Column("rubric", text_in(language, "Rubric"), width=36),
        Column("code", text_in(language, "Code"), width=10),
        Column("label", text_in(language, "Account"), width=46),
        Column("opening", text_in(language, "Opening"), ColumnKind.CENTS, 16, summed=True),
        Column("debit", text_in(language, "Debit"), ColumnKind.CENTS, 16, summed=True),
        Column("credit", text_in(language, "Credit"), ColumnKind.CENTS, 16, summed=True),
        Column("closing", text_in(language, "Closing"), ColumnKind.CENTS, 16, summed=True),
        Column("postings", text_in(language, "Postings"), ColumnKind.COUNT, 10, summed=True),
    )
    rows = [Row(RowKind.LINE, _cells(row, language)) for row in of.rows]
    total = of.total
    sums = (total.opening, total.debit, total.credit, total.closing, total.postings)
    rows.append(Row(RowKind.TOTAL, ("", "", text_in(language, "TOTAL"), *sums), first=0 if rows else None))
    if ends_december(of.period):
        title = text_in(language, "Trial balance at 31 December {year}").format(year=of.year)
    else:
        title = text_in(language, "Trial balance at {day}").format(day=numbers(language).date(of.period.last))
    return Table(title, which_days(of.period, language), language, columns, tuple(rows))


def _cells(row: TrialRow, language: str) -> tuple[str | int, ...]:
    earlier = text_in(language, "Earlier results not appropriated")
    label = row.account.label(language) if row.account else row.code or earlier
    rubric = " ".join(filter(None, (row.rubric.code, row.rubric.label(language)))) if row.rubric else ""
    moved = row.movement
    return (rubric, row.code, label, moved.opening, moved.debit, moved.credit, moved.closing, moved.postings)


def _rubric(scheme: Scheme, code: str, cents: int) -> SchemeLine | None:
    if code[0] not in "67":
        what = What.BALANCE_SHEET
    elif code[1:2] == "9":
        what = What.APPROPRIATION
    else:
        what = What.INCOME_STATEMENT
    return scheme.statements[what].line_of(code, cents)
