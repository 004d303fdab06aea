"""Rows of another currency in euro, by the platform's own rate where its report has it, else by one the settings give.

PayPal converts a payment at once: two conversion rows that name it, one that takes its net out, one that brings the
euros. These become the payment's own amounts. A report settled in another currency needs a declared rate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from importers.platforms.records import MONEY, PlatformEvent, PlatformRow
from importers.words import _
from ledger.errors import Fault

BOOKS = "EUR"


def in_books(rows: Iterable[PlatformRow], rates: Mapping[str, Decimal]) -> tuple[list[PlatformRow], list[Fault]]:
    """Return the rows that are money, in the currency of the books; a fault for each currency that has no rate."""
    money = [row for row in rows if row.kind in MONEY]
    converted = _by_conversions(money)
    done: list[PlatformRow] = []
    missing: dict[str, int] = {}
    for row in converted:
        if row.currency == BOOKS:
            done.append(row)
        elif row.currency in rates:
            done.append(_at(row, rates[row.currency]))
        else:
            missing.setdefault(row.currency, row.line)
    faults = [
        Fault(
            _(
                "amounts in {currency} that the report does not settle in {books}; give the rate in obole.toml "
                "([platforms.NAME] rates, {books} for one {currency}), or export the report in {books}"
            ).format(currency=currency, books=BOOKS),
            line,
        )
        for currency, line in missing.items()
    ]
    return done, faults


def _by_conversions(rows: list[PlatformRow]) -> list[PlatformRow]:
    """Return payments with the euros that the conversions naming them brought; these conversions are then told."""
    legs: dict[str, list[PlatformRow]] = {}
    for row in rows:
        if row.kind is PlatformEvent.CONVERSION:
            legs.setdefault(row.payment, []).append(row)
    settled: dict[int, PlatformRow] = {}
    told: set[int] = set()
    for row in rows:
        pair = legs.get(row.reference, []) if row.currency != BOOKS and row.kind is not PlatformEvent.CONVERSION else []
        out = [leg for leg in pair if leg.currency == row.currency and leg.net == -row.net]
        brought = [leg for leg in pair if leg.currency == BOOKS]
        if len(pair) == len(out) + len(brought) == 2 and len(out) == 1 and row.net:  # noqa: PLR2004 - the two legs
            net = brought[0].net
            gross = int((Decimal(row.gross) * net / row.net).to_integral_value(ROUND_HALF_UP))
            settled[id(row)] = replace(
                row,
                currency=BOOKS,
                gross=gross,
                fee=gross - net,
                net=net,
                original_currency=row.currency,
                original=row.gross,
            )
            told |= {id(leg) for leg in pair}
    return [settled.get(id(row), row) for row in rows if id(row) not in told]


def _at(row: PlatformRow, rate: Decimal) -> PlatformRow:
    gross = int((row.gross * rate).to_integral_value(ROUND_HALF_UP))
    net = int((row.net * rate).to_integral_value(ROUND_HALF_UP))
    return replace(
        row,
        currency=BOOKS,
        gross=gross,
        fee=gross - net,
        net=net,
        original_currency=row.original_currency or row.currency,
        original=row.original or row.gross,
    )
