"""Each fundraising event with its gifts, tickets, sponsoring, sales and costs, and what it leaves.

An event is the project of its lines; an entry that the register of events posted says its name and day. Sums are those
of the books: gifts and tickets that the bank or a platform brought count where their line carries the project.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from beancount.core import data

from ledger.chart import Account
from ledger.dimensions import keys_of
from ledger.periods import CALENDAR, FinancialYear, FinancialYears, calendar_year
from ledger.records import Channel
from reports.spans import over
from reports.tables import Column, ColumnKind, Row, RowKind, Table
from reports.totals import cents_of
from reports.words import text_in

EVENT = "event"


class EventPart(StrEnum):
    """The part of an event's result that an account holds; LATER waits on the balance sheet for the event's year."""

    GIFTS = "gifts"
    TICKETS = "tickets"
    SPONSORING = "sponsoring"
    SALES = "sales"
    COSTS = "costs"
    LATER = "later"


class EventResult(NamedTuple):
    """An event in cents: income and costs positive, `later` income less costs that wait for its year."""

    key: str
    name: str
    held: date | None
    gifts: int = 0
    tickets: int = 0
    sponsoring: int = 0
    sales: int = 0
    costs: int = 0
    later: int = 0

    @property
    def net(self) -> int:
        """Return what the event leaves, without what waits."""
        return self.gifts + self.tickets + self.sponsoring + self.sales - self.costs


def event_results(
    entries: Iterable[data.Directive],
    accounts: Mapping[str, Account],
    parts: Mapping[str, EventPart],
    year: int | None = None,
    years: FinancialYears = CALENDAR,
) -> tuple[EventResult, ...]:
    """Return the events by their day, over all years or for one; without those of which nothing is left.

    `parts` says what stands on an account; income and charges on other accounts are sales and costs. What waits is that
    of the end of the year.
    """
    codes = {account.path: account.code for account in accounts.values()}
    told: dict[str, tuple[str, date | None]] = {}
    sums: defaultdict[str, defaultdict[EventPart, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        if not isinstance(entry, data.Transaction):
            continue
        if EVENT in entry.meta:
            told[str(entry.meta[EVENT])] = _told(entry.meta)
        given = _given_in_kind(entry)
        for posting in entry.postings:
            key = keys_of(posting.meta, entry.meta).project or given
            part = _part(codes.get(posting.account, ""), parts) if key else None
            if key is None or part is None or not _counts(part, years.label(entry.date), year):
                continue
            sums[key][part] += cents_of(posting, entry) * (1 if part is EventPart.COSTS else -1)
    found = [EventResult(key, *said, *(sums[key][part] for part in EventPart)) for key, said in told.items()]
    found = [one for one in found if any(one[3:])]
    return tuple(sorted(found, key=lambda one: (one.held or date.min, one.key)))


def _given_in_kind(entry: data.Transaction) -> str | None:
    """Return the project of a gift in kind, whose charge stands in the same entry without it."""
    found = (keys_of(one.meta).project for one in entry.postings if (one.meta or {}).get("channel") == Channel.IN_KIND)
    return next(found, None)


def _told(meta: Mapping[str, object]) -> tuple[str, date | None]:
    """Return name and day of an event as an entry says them."""
    try:
        held = date.fromisoformat(str(meta.get("event-date", "")))
    except ValueError:
        held = None
    return str(meta.get("event-name", "")), held


def _part(code: str, parts: Mapping[str, EventPart]) -> EventPart | None:
    return parts.get(code) or {"6": EventPart.COSTS, "7": EventPart.SALES}.get(code[:1])


def _counts(part: EventPart, booked: int, year: int | None) -> bool:
    if year is None or booked == year:
        return True
    return part is EventPart.LATER and booked < year


def events_table(results: Sequence[EventResult], year: int | FinancialYear | None, language: str) -> Table:
    """Return the events as a table, their total last."""
    money = ColumnKind.CENTS
    columns = (
        Column("event", text_in(language, "Event"), width=16),
        Column("name", text_in(language, "Name"), width=32),
        Column("date", text_in(language, "Date"), ColumnKind.DATE, 10),
        Column("gifts", text_in(language, "Gifts"), money, summed=True),
        Column("tickets", text_in(language, "Tickets"), money, summed=True),
        Column("sponsoring", text_in(language, "Sponsoring"), money, summed=True),
        Column("sales", text_in(language, "Sales"), money, summed=True),
        Column("costs", text_in(language, "Costs"), money, summed=True),
        Column("net", text_in(language, "Net"), money, summed=True),
        Column("later", text_in(language, "Put off"), money, summed=True),
    )
    rows = [Row(RowKind.LINE, (one.key, one.name, one.held, *_sums(one))) for one in results]
    total = [sum(cells) for cells in zip(*(_sums(one) for one in results), strict=True)] or [0] * len(columns[3:])
    rows.append(Row(RowKind.TOTAL, (text_in(language, "TOTAL"), "", None, *total), first=0 if rows else None))
    title = text_in(language, "Events")
    lasts = calendar_year(year) if isinstance(year, int) else year
    subtitle = "" if lasts is None else over(lasts, language)
    return Table(title, subtitle, language, columns, tuple(rows))


def _sums(one: EventResult) -> tuple[int, ...]:
    return (one.gifts, one.tickets, one.sponsoring, one.sales, one.costs, one.net, one.later)
