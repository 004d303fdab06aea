"""The legacies at the end of a year: estimate, what is ours, what came and is to come, duties and charges.

By their keys alone: the names of testators and notaries stand in the vault. `by_asset` parts them by asset.
"""

from collections.abc import Iterable, Iterator

from ledger.legacies import LegacyAsset, LegacyAssetKind, LegacyState
from ledger.periods import FinancialYear, calendar_year
from reports.marks import numbers
from reports.spans import ends_december
from reports.tables import Cell, Column, ColumnKind, Row, RowKind, Table
from reports.words import N_, text_in

_KINDS = {
    LegacyAssetKind.MONEY: N_("money"),
    LegacyAssetKind.SECURITIES: N_("securities"),
    LegacyAssetKind.REAL_ESTATE: N_("real estate"),
    LegacyAssetKind.GOODS: N_("goods"),
}


def legacies_table(states: Iterable[LegacyState], year: int | FinancialYear, language: str) -> Table:
    """Return a line a legacy, and their sums."""
    columns = (
        Column("legacy", text_in(language, "Legacy"), width=14),
        Column("deed", text_in(language, "Deed"), width=18),
        Column("party", text_in(language, "Notary"), width=10),
        Column("opened", text_in(language, "Opened"), ColumnKind.DATE, 11),
        Column("accepted", text_in(language, "Ours since"), ColumnKind.DATE, 11),
        Column("state", text_in(language, "State"), width=14),
        *_cents_columns(language, "estimate", "recognised", "received", "open"),
        Column("duties", text_in(language, "Duties"), ColumnKind.CENTS, 14, summed=True),
        Column("charges", text_in(language, "Charges"), ColumnKind.CENTS, 14, summed=True),
        Column("paid", text_in(language, "Paid"), ColumnKind.CENTS, 14, summed=True),
        Column("owed", text_in(language, "To be paid"), ColumnKind.CENTS, 14, summed=True),
    )
    rows = [_of_state(one, language) for one in _in_order(states)]
    lasts = calendar_year(year) if isinstance(year, int) else year
    title = text_in(language, "Legacies at 31 December {year}").format(year=lasts.label)
    if not ends_december(lasts):
        title = text_in(language, "Legacies at {day}").format(day=numbers(language).date(lasts.last))
    return Table(title, "", language, columns, _with_total(rows, 6, language))


def legacies_by_asset(states: Iterable[LegacyState], year: int | FinancialYear, language: str) -> Table:
    """Return a line an asset of each legacy, and their sums."""
    columns = (
        Column("legacy", text_in(language, "Legacy"), width=14),
        Column("asset", text_in(language, "Asset"), width=14),
        Column("kind", text_in(language, "Kind"), width=12),
        Column("description", text_in(language, "Description"), width=30),
        Column("share", text_in(language, "Share"), width=8),
        *_cents_columns(language, "estimate", "recognised", "received", "open"),
    )
    rows = [_of_asset(state, one, language) for state in _in_order(states) for one in state.assets.values()]
    lasts = calendar_year(year) if isinstance(year, int) else year
    title = text_in(language, "Legacies by asset at 31 December {year}").format(year=lasts.label)
    if not ends_december(lasts):
        title = text_in(language, "Legacies by asset at {day}").format(day=numbers(language).date(lasts.last))
    return Table(title, "", language, columns, _with_total(rows, 5, language))


def _cents_columns(language: str, *names: str) -> Iterator[Column]:
    titles = {
        "estimate": text_in(language, "Estimate, our share"),
        "recognised": text_in(language, "In the books"),
        "received": text_in(language, "Received"),
        "open": text_in(language, "Still to come"),
    }
    for name in names:
        yield Column(name, titles[name], ColumnKind.CENTS, 16, summed=True)


def _in_order(states: Iterable[LegacyState]) -> list[LegacyState]:
    return sorted(states, key=lambda one: (one.opening.day, one.opening.legacy))


def _of_state(one: LegacyState, language: str) -> tuple[Cell, ...]:
    opening = one.opening
    return (
        *(opening.legacy, opening.deed, opening.keys.party or "", opening.day, one.right, _said(one, language)),
        *(one.estimate, one.recognised, one.received, one.open),
        *(one.duties, one.charged, one.paid, one.owed),
    )


def _said(one: LegacyState, language: str) -> str:
    """Return how far a legacy is, in words."""
    if one.closed is not None:
        return text_in(language, "closed")
    if one.right is not None:
        return text_in(language, "accepted")
    return text_in(language, "to be authorised") if one.accepted is not None else text_in(language, "to be accepted")


def _of_asset(state: LegacyState, one: LegacyAsset, language: str) -> tuple[Cell, ...]:
    event, share = one.event, one.share
    kind = text_in(language, _KINDS[event.asset_kind]) if event.asset_kind else ""
    told = f"{share.numerator}/{share.denominator}"
    return (
        *(state.opening.legacy, event.asset, kind, event.description, told),
        *(one.ours, one.brought, one.received, one.open),
    )


def _with_total(rows: list[tuple[Cell, ...]], texts: int, language: str) -> tuple[Row, ...]:
    """Return the rows with their sums below; the first `texts` cells are no amounts."""
    width = len(rows[0]) - texts if rows else 0
    sums = [sum(cents for row in rows if isinstance(cents := row[texts + place], int)) for place in range(width)]
    lines = [Row(RowKind.LINE, row) for row in rows]
    if not rows:
        return ()
    return (*lines, Row(RowKind.TOTAL, (text_in(language, "TOTAL"), *[None] * (texts - 1), *sums), first=0))
