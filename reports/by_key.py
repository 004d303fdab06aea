"""Sum what moved in a year by project, department, fund or third party: every account of each key, and of no key.

The sums over all keys are those of the trial balance.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from beancount.core import data

from ledger.chart import Account
from ledger.dimensions import LineKeys, keys_of
from ledger.periods import CALENDAR, FinancialYear, FinancialYears, calendar_year
from reports.spans import which_days
from reports.tables import Column, ColumnKind, Row, RowKind, Table
from reports.totals import cents_of
from reports.words import named, text_in

if TYPE_CHECKING:
    import pandas as pd

KEYS = LineKeys._fields


class KeyTurnover(NamedTuple):
    """An account's year under one key, "" for none: debits and credits in cents, both positive, and the postings."""

    key: str
    code: str
    debit: int
    credit: int
    postings: int


def by_key(
    entries: Iterable[data.Directive],
    accounts: Mapping[str, Account],
    year: int,
    of: str,
    years: FinancialYears = CALENDAR,
) -> tuple[KeyTurnover, ...]:
    """Return the turnover of a year by one of KEYS and account, in the order of the keys, what has none last."""
    of_year = (one for one in entries if isinstance(one, data.Transaction) and years.label(one.date) == year)
    frame = _postings(of_year, accounts, of)
    sums = frame.groupby(["none", "key", "code"], sort=True).agg(
        debit=("debit", "sum"), credit=("credit", "sum"), postings=("debit", "size")
    )
    return tuple(
        KeyTurnover(str(key), str(code), *map(int, cells)) for (_none, key, code), *cells in sums.itertuples(name=None)
    )


def _postings(entries: Iterable[data.Transaction], accounts: Mapping[str, Account], of: str) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - half a second, which only this report pays

    codes = {account.path: account.code for account in accounts.values()}
    place = KEYS.index(of)
    rows = []
    for entry in entries:
        for posting in entry.postings:
            key = keys_of(posting.meta, entry.meta)[place] or ""
            cents = cents_of(posting, entry)
            code = codes.get(posting.account, posting.account)
            rows.append((key == "", key, code, max(cents, 0), max(-cents, 0)))
    return pd.DataFrame.from_records(rows, columns=["none", "key", "code", "debit", "credit"])


def by_key_table(  # noqa: PLR0917 - a report takes what it is of, its labels and its language
    turnover: Iterable[KeyTurnover],
    accounts: Mapping[str, Account],
    labels: Mapping[str, str],
    year: int | FinancialYear,
    of: str,
    language: str,
) -> Table:
    """Return the turnover as a table, each key under its label and with its total; csv and json have lines only."""
    columns = (
        Column(of, named(of, language), width=16),
        Column("code", text_in(language, "Code"), width=10),
        Column("label", text_in(language, "Account"), width=46),
        Column("debit", text_in(language, "Debit"), ColumnKind.CENTS, 16, summed=True),
        Column("credit", text_in(language, "Credit"), ColumnKind.CENTS, 16, summed=True),
        Column("balance", text_in(language, "Balance"), ColumnKind.CENTS, 16, summed=True),
        Column("postings", text_in(language, "Postings"), ColumnKind.COUNT, 10, summed=True),
    )
    lasts = calendar_year(year) if isinstance(year, int) else year
    title = text_in(language, "Turnover {year} by key: {key}").format(year=lasts.label, key=named(of, language))
    return Table(
        title, which_days(lasts, language), language, columns, tuple(_rows(tuple(turnover), accounts, labels, language))
    )


def _rows(
    turnover: tuple[KeyTurnover, ...], accounts: Mapping[str, Account], labels: Mapping[str, str], language: str
) -> Iterator[Row]:
    keys = dict.fromkeys(one.key for one in turnover)
    index = 0
    for key in keys:
        some = [one for one in turnover if one.key == key]
        label = labels.get(key, "") if key else text_in(language, "without")
        yield Row(RowKind.HEADING, (key, "", label, None, None, None, None))
        for one in some:
            account = accounts.get(one.code)
            name = account.label(language) if account else one.code
            yield Row(RowKind.LINE, (key, one.code, name, one.debit, one.credit, one.debit - one.credit, one.postings))
        total = text_in(language, "Total {code}").format(code=key or label)
        yield Row(RowKind.TOTAL, (key, "", total, *_sums(some)), first=index + 1)
        index += len(some) + 2
    if len(keys) > 1:
        yield Row(RowKind.TOTAL, ("", "", text_in(language, "TOTAL"), *_sums(turnover)), first=0)


def _sums(some: Iterable[KeyTurnover]) -> tuple[int, int, int, int]:
    debit = credit = postings = 0
    for one in some:
        debit, credit, postings = debit + one.debit, credit + one.credit, postings + one.postings
    return debit, credit, debit - credit, postings
