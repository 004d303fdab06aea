"""The general ledger of a year: every posting of every account, by date, with its running balance.

Postings are grouped by reference to the loaded entries; the rows of the listing are made one at a time as they are
written, so that a year of half a million postings stays small in memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from beancount.core import data

from ledger.chart import Account
from ledger.dimensions import NO_KEYS, LineKeys, keys_of
from ledger.periods import FinancialYear, calendar_year
from reports.spans import over
from reports.tables import Column, ColumnKind, Row, RowKind, Table
from reports.totals import Totals, cents_of
from reports.words import named, text_in


class LedgerLine(NamedTuple):
    """A posting: `cents` with debit positive, `balance` of the account after it, `number` of its entry.

    `keys` are its third party, project, department and fund.
    """

    date: date
    document: str
    narration: str
    cents: int
    balance: int
    number: str = ""
    keys: LineKeys = NO_KEYS


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account's year: its opening balance in cents (debit positive) and its postings by date."""

    code: str
    account: Account | None
    opening: int
    postings: tuple[tuple[data.Transaction, data.Posting], ...]

    def lines(self) -> Iterator[LedgerLine]:
        """Yield each posting with the balance after it."""
        balance = self.opening
        for entry, posting in self.postings:
            cents = cents_of(posting, entry)
            balance += cents
            number = str(entry.meta.get("number", ""))
            keys = keys_of(posting.meta, entry.meta)
            yield LedgerLine(entry.date, document_of(entry), narration_of(entry), cents, balance, number, keys)


def general_ledger(
    entries: Iterable[data.Directive], accounts: Mapping[str, Account], year: int, totals: Totals
) -> Iterator[LedgerAccount]:
    """Yield the accounts that open the year with a balance or move in it, in the order of the codes.

    `entries` are loaded books, which Beancount sorts by date.
    """
    codes = {account.path: account.code for account in accounts.values()}
    postings: dict[str, list[tuple[data.Transaction, data.Posting]]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry, data.Transaction) and totals.periods.label(entry.date) == year:
            for posting in entry.postings:
                postings[codes.get(posting.account, posting.account)].append((entry, posting))
    for code, movement in totals.movements(year).items():
        yield LedgerAccount(code, accounts.get(code), movement.opening, tuple(postings.pop(code, ())))


def ledger_table(ledger: Iterable[LedgerAccount], year: int | FinancialYear, language: str) -> Table:
    """Return the general ledger as a table whose rows are made as they are read, once; csv and json have lines only."""
    columns = (
        Column("account", text_in(language, "Account"), width=10),
        Column("date", text_in(language, "Date"), ColumnKind.DATE, 10),
        Column("document", text_in(language, "Document"), width=26),
        Column("narration", text_in(language, "Narration"), width=48),
        Column("debit", text_in(language, "Debit"), ColumnKind.CENTS, 16, summed=True),
        Column("credit", text_in(language, "Credit"), ColumnKind.CENTS, 16, summed=True),
        Column("balance", text_in(language, "Balance"), ColumnKind.CENTS, 16),
        Column("number", text_in(language, "Number"), width=26),
        *(Column(name, named(name, language), width=14) for name in LineKeys._fields),
    )
    lasts = calendar_year(year) if isinstance(year, int) else year
    title = text_in(language, "General ledger {year}").format(year=lasts.label)
    return Table(title, over(lasts, language), language, columns, _rows(ledger, lasts.first, language))


def document_of(entry: data.Transaction) -> str:
    """Return the voucher of an entry: its `voucher` or `document` metadata, else its links."""
    named = entry.meta.get("voucher") or entry.meta.get("document")
    return str(named) if named else " ".join(sorted(entry.links or ()))


def narration_of(entry: data.Transaction) -> str:
    """Return payee and narration on one line."""
    return " | ".join(filter(None, (entry.payee, entry.narration)))


_BLANK = ("",) * (1 + len(LineKeys._fields))  # number and keys of a row that is no posting


def _rows(ledger: Iterable[LedgerAccount], opened: date, language: str) -> Iterator[Row]:
    index = 0
    for of in ledger:
        label = of.account.label(language) if of.account else ""
        yield Row(RowKind.HEADING, (of.code, None, "", label, None, None, None, *_BLANK))
        first = index + 1
        debit = credit = 0
        balance = of.opening
        index += 2
        opening = text_in(language, "Opening balance")
        yield Row(RowKind.LINE, (of.code, opened, "", opening, None, None, balance, *_BLANK))
        for line in of.lines():
            index += 1
            balance = line.balance
            if line.cents >= 0:
                debit += line.cents
                amounts: tuple[int | None, int | None] = (line.cents, None)
            else:
                credit -= line.cents
                amounts = (None, -line.cents)
            yield Row(
                RowKind.LINE,
                (of.code, line.date, line.document, line.narration, *amounts, balance, line.number, *line.keys),
            )
        total = text_in(language, "Total {code}").format(code=of.code)
        yield Row(RowKind.TOTAL, (of.code, None, "", total, debit, credit, balance, *_BLANK), first=first)
        index += 1
