"""Reports of payment and donation platforms: Stripe, PayPal, Mollie, Adyen, and any table declared in obole.toml.

`identify` tells whose report a file is by its headings, `read` gives it as one neutral `PlatformReport`, `describe`
what `obole inspect` shows of it. Each platform is a module of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from importers.platforms import adyen, chariot, declared, mollie, paypal, stripe, trustly
from importers.platforms.declared import DeclaredSource
from importers.platforms.records import MONEY, PlatformEvent, PlatformReport, PlatformRow
from importers.platforms.table import NO_HINTS, Hints, first_record, first_records
from importers.sheets.tabular import fold
from importers.words import N_, _
from ledger.errors import Fault
from ledger.kinds import kind_word
from ledger.money import to_decimal


@dataclass(frozen=True, slots=True)
class Declared:
    """The settings of obole.toml: sources by name, and how a known platform's exports are written."""

    sources: Mapping[str, DeclaredSource] = field(default_factory=dict)
    hints: Mapping[str, Hints] = field(default_factory=dict)


NOTHING = Declared()

_BY_HEADINGS: tuple[tuple[str, Callable[[frozenset[str]], bool]], ...] = (
    (stripe.NAME, stripe.identify),
    (adyen.NAME, adyen.identify),
    (chariot.NAME, chariot.identify),
    (mollie.NAME, mollie.identify),
    (paypal.NAME, paypal.identify),
)
_READERS: dict[str, Callable[[Path, Hints], PlatformReport]] = {
    stripe.NAME: stripe.read,
    adyen.NAME: adyen.read,
    chariot.NAME: chariot.read,
    mollie.NAME: mollie.read,
    paypal.NAME: paypal.read,
    trustly.NAME: trustly.read,
}
NAMES = frozenset(_READERS)


def identify(path: Path, said: Declared = NOTHING) -> str | None:
    """Return whose report a file is: a platform's name or that of a declared source; None where it is none."""
    records = first_records(path)
    record = next(iter(records), [])
    # What is declared comes first, and of two that fit the one that names more columns.
    fitting = [
        (-len(source.columns), name)
        for name, source in said.sources.items()
        if any(map(source.fits, _headings(first_records(path, source.hints))))
    ]
    if fitting:
        return min(fitting)[1]
    if paypal.identify_records(record):
        return paypal.NAME
    if trustly.identify_records(record):
        return trustly.NAME
    for headings in _headings(records):  # the first row, or one below a title
        for name, is_its in _BY_HEADINGS:
            if is_its(headings):
                return name
        for name, source in declared.BUILT_IN.items():
            if source.fits(headings):
                return name
    return None


def is_report(path: Path) -> bool:
    """Return whether a file is the report of a platform we know without any settings."""
    return identify(path) is not None


def expected(said: Declared) -> Iterator[tuple[str, Mapping[str, Sequence[str]], Sequence[str]]]:
    """Yield for each platform and declared source its name, the headings of each field, and the fields it must have."""
    yield stripe.NAME, stripe.COLUMNS, stripe.REQUIRED
    yield mollie.NAME, mollie.COLUMNS, mollie.REQUIRED
    yield adyen.NAME, adyen.COLUMNS, adyen.REQUIRED
    yield chariot.NAME, chariot.COLUMNS, chariot.REQUIRED
    yield paypal.NAME, paypal.columns(), paypal.REQUIRED
    for name, source in {**declared.BUILT_IN, **said.sources}.items():
        yield name, {field: (heading,) for field, heading in source.columns.items()}, tuple(source.columns)


def _headings(records: Sequence[Sequence[str]]) -> list[frozenset[str]]:
    return [frozenset(fold(heading) for heading in record if heading.strip()) for record in records]


def read(path: Path, said: Declared = NOTHING) -> PlatformReport:
    """Return the report in a file; with a fault that says so where it is nobody's."""
    name = identify(path, said)
    if name is None:
        return PlatformReport("", faults=(Fault(_("not recognised as the report of a platform; check its headings")),))
    if name in said.sources:
        return declared.read(path, name, said.sources[name])
    hints = said.hints.get(name) or replace(NO_HINTS, section=f"platforms.{name}")
    if name == paypal.NAME and paypal.identify_records(first_record(path)):
        return paypal.read_records_of(path, hints)
    if name in _READERS:
        return _READERS[name](path, hints)
    return declared.read(path, name, declared.BUILT_IN[name])


_PLURAL = {
    PlatformEvent.GIFT: N_("gifts"),
    PlatformEvent.REFUND: N_("refunds"),
    PlatformEvent.CHARGEBACK: N_("chargebacks"),
    PlatformEvent.CHARGEBACK_REVERSED: N_("chargebacks reversed"),
    PlatformEvent.FEE: N_("fee rows"),
    PlatformEvent.CORRECTION: N_("corrections"),
    PlatformEvent.SPENT: N_("spent"),
    PlatformEvent.CONVERSION: N_("conversions"),
}


def describe(report: PlatformReport) -> list[tuple[str, str]]:
    """Return rows; per currency each kind of money with count and gross, fees and net, payouts, what is no money."""
    told = [(_("platform"), report.platform), (_("rows"), str(len(report.rows)))]
    money = report.money
    if money:
        told.append(
            (
                _("dated"),
                _("{first} to {last}").format(
                    first=min(row.paid for row in money), last=max(row.paid for row in money)
                ),
            )
        )
    for currency in sorted({row.currency for row in money}):
        told += _of_currency(currency, [row for row in money if row.currency == currency])
    for number, payout in enumerate(report.payouts, start=1):
        amount = f"{to_decimal(payout.cents)} {payout.currency}"
        told.append((_("payout {number}").format(number=number), f"{payout.reference}, {amount}, {payout.day}"))
    return told + _without_money(report)


def _of_currency(currency: str, rows: Sequence[PlatformRow]) -> Iterator[tuple[str, str]]:
    """Yield count and gross of each kind of money in a currency, then its fees and net."""
    for kind, label in _PLURAL.items():
        found = [row for row in rows if row.kind is kind]
        if found:
            gross = sum(row.gross if kind is not PlatformEvent.FEE else row.net for row in found)
            yield " ".join((_(label), currency)), f"{len(found)}, {to_decimal(gross)}"
    yield _("fees {currency}").format(currency=currency), str(to_decimal(sum(row.fee for row in rows)))
    yield _("net {currency}").format(currency=currency), str(to_decimal(sum(row.net for row in rows)))


def _without_money(report: PlatformReport) -> list[tuple[str, str]]:
    """Return count and reasons of the rows that move no money, by kind."""
    told = []
    for kind in PlatformEvent:
        idle = [
            row for row in report.rows if row.kind is kind and kind not in MONEY and kind is not PlatformEvent.PAYOUT
        ]
        if idle:
            why = sorted({_(row.why) for row in idle if row.why})
            told.append(
                (
                    _("no money: {kind}").format(kind=kind_word(kind)),
                    f"{len(idle)}" + (f" ({', '.join(why)})" if why else ""),
                )
            )
    return told
