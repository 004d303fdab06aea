"""The ordinary year of the foundation beside gifts and grants: purchases, payroll, sales, loans, closing entries.

Invented: every supplier, invoice and date, and the monthly rhythm. Not invented: the year's totals. Each amount is
worked backwards from `targets`, so that the journals and the payments together end on the published balances.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import NamedTuple

from ledger.money import to_cents
from obole.demo.bankdays import bank_days, on_or_after
from obole.demo.coda_writer import CodaLine
from obole.demo.identifiers import BIC, belgian_iban
from obole.demo.records import Assignment, Cash, JournalEntryRow, split, stream, table
from obole.demo.targets import YEARS, change, end, targets

_SUPPLIER_IBAN = 100  # the first account number of a supplier

# Invoices a year by charge or asset; everything not named here is given in kind, paid as salary or a closing entry.
_INVOICES = {
    "610000": 36, "611000": 40, "612000": 36, "613100": 40, "613200": 24, "614000": 8, "615000": 30, "616000": 60,
    "623000": 24, "640000": 2, "644000": 3, "664000": 1, "240000": 5, "260000": 1,
}  # fmt: skip

# Prepaid charges and invoices to be received belong to these charges, in these parts.
_PREPAID = {"610000": 3, "615000": 5, "616000": 2}
_TO_RECEIVE = "616000"

# Interest earned on term deposits, not yet received at the end of the year before the key; the rest of 491 is grants.
_ACCRUED_INTEREST = {2024: 6_000_00, 2025: 8_200_00, 2026: 14_300_00}

# Advances on orders of the next year: suppliers in debit, shown with trade receivables (annex 3, footnotes 14-24).
_ADVANCES = {2024: 0, 2025: 240_000_00}

# Parts of gross pay in ten-thousandths: payroll tax (plausible), personal social security (13,07 %).
_WITHHELD, _WITHHELD_ON_HOLIDAY_PAY, _PERSONAL = 2_200, 2_700, 1_307
_PAYING_DAYS = (10, 24)
_HOLIDAY_MONTH, _LAST_MONTH = 5, 12
_FORGETFUL_MONTH = 7  # a client forgets the reference: suspense, then assigned to the clients
_DECEMBER = 1.95  # December's weight: the year-end premium


# Printing and agencies work for fundraising, travel and consultants for the mission, the rest for all.
_DEPARTMENTS = {"615": "FUNDRAISING", "611": "MISSION", "616": "MISSION", "664": "MISSION"}


class Supplier(NamedTuple):
    """A supplier, who sends the invoices of one account; the books know them by `key`."""

    key: str
    account: str
    name: str
    iban: str


class _Open(NamedTuple):
    """An invoice not yet paid."""

    day: date
    document: str
    supplier: Supplier
    cents: int


def operations(seed: int) -> Iterator[tuple[int, list[JournalEntryRow], list[Cash]]]:
    """Year by year the journal entries and the bank lines; unpaid invoices go over into the next year."""
    random = stream(seed, "operations")
    unpaid = list(_opening_invoices(random))
    for year in YEARS:
        entries: list[JournalEntryRow] = list(_opening(year))
        cash: list[Cash] = []
        invoices = list(_purchases(year, random, entries))
        unpaid = _pay_suppliers(year, [*unpaid, *invoices], cash)
        _payroll(year, entries, cash)
        _sales(year, random, entries, cash)
        _sundry(year, entries, cash)
        _banking(year, random, cash)
        entries.extend(_closing(year))
        yield year, entries, cash


# Opening and closing


def _opening(year: int) -> Iterator[JournalEntryRow]:
    day = date(year, 1, 1)
    if year == YEARS[0]:
        lines = tuple((account, target.opening) for account, target in targets().items() if target.opening)
        yield JournalEntryRow("opening", day, f"AN-{year}-001", "À nouveau", lines)
    prepaid = targets()["490000"].start(year)
    lines = (*_prepaid(prepaid), ("490000", -prepaid))
    yield JournalEntryRow("opening", day, f"EX-{year}-001", "Extourne des charges à reporter", lines)
    due = -targets()["444000"].start(year)
    lines = (("444000", due), (_TO_RECEIVE, -due))
    yield JournalEntryRow("opening", day, f"EX-{year}-002", "Extourne des factures à recevoir", lines)
    interest = _ACCRUED_INTEREST[year]
    yield JournalEntryRow(
        "opening", day, f"EX-{year}-003", "Extourne des intérêts acquis", (("751000", interest), ("491000", -interest))
    )
    if _ADVANCES.get(year - 1):
        advance = _ADVANCES[year - 1]
        lines = (("440000", advance), ("400000", -advance))
        yield JournalEntryRow("opening", day, f"EX-{year}-004", "Extourne du reclassement", lines)


def _closing(year: int) -> Iterator[JournalEntryRow]:
    day = date(year, 12, 31)
    for number, (text, lines) in enumerate(_closing_lines(year), 1):
        yield JournalEntryRow("closing", day, f"CL-{year}-{number:03d}", text, tuple(line for line in lines if line[1]))


def _closing_lines(year: int) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    prepaid = end("490000", year)
    yield "Charges à reporter", [("490000", prepaid), *((account, -cents) for account, cents in _prepaid(prepaid))]
    due = -end("444000", year)
    yield "Factures à recevoir", [(_TO_RECEIVE, due), ("444000", -due)]
    interest = _ACCRUED_INTEREST[year + 1]
    yield "Intérêts acquis sur dépôts à terme", [("491000", interest), ("751000", -interest)]
    if _ADVANCES[year]:
        yield "Reclassement des fournisseurs débiteurs", [("400000", _ADVANCES[year]), ("440000", -_ADVANCES[year])]
    software = end("630100", year)
    yield "Amortissements des immobilisations incorporelles", [("630100", software), ("211900", -software)]
    tangible = {account: -change(account, year) for account in ("230900", "240900", "260900")}
    tangible["221900"] = _depreciation_of_buildings(year)
    lines = [("630200", end("630200", year)), *((account, -cents) for account, cents in sorted(tangible.items()))]
    yield "Amortissements des immobilisations corporelles", lines
    if added := end("639000", year):
        yield "Dotation aux provisions", [("639000", added), ("164000", -added)]
    if used := -end("639100", year):
        yield "Utilisation de provisions", [("164000", used), ("639100", -used)]
    holiday = -end("456000", year)
    yield "Provision pour pécules de vacances", [("620000", holiday), ("456000", -holiday)]
    tax = end("670000", year)
    yield "Impôts de l'exercice", [("670000", tax), ("452000", -tax)]
    before, after = -end("790000", year), end("692000", year)
    yield "Résultat reporté de l'exercice antérieur", [("140000", before), ("790000", -before)]
    yield "Résultat à reporter", [("692000", after), ("140000", -after)]


def _prepaid(cents: int) -> list[tuple[str, int]]:
    return list(zip(_PREPAID, split(cents, list(_PREPAID.values())), strict=True))


def _depreciation_of_buildings(year: int) -> int:
    others = sum(-change(account, year) for account in ("230900", "240900", "260900"))
    return end("630200", year) - others


# Purchases


@cache
def suppliers() -> dict[str, list[Supplier]]:
    """Return the suppliers by the account of what they deliver."""
    found: dict[str, list[Supplier]] = defaultdict(list)
    for number, row in enumerate(table("suppliers")):
        iban = belgian_iban(_SUPPLIER_IBAN + number)
        found[row["account"]].append(Supplier(f"S{number + 1:04d}", row["account"], row["name"], iban))
    return found


def _opening_invoices(random: Random) -> Iterator[_Open]:
    fees = suppliers()["616000"]
    amounts = split(-targets()["440000"].opening, [random.uniform(0.5, 1.5) for _ in range(14)])
    for number, cents in enumerate(amounts):
        day = date(2023, 11, 20) + timedelta(3 * number)
        yield _Open(day, f"ACH-2023-{321 + number:04d}", random.choice(fees), cents)


def _invoiced(account: str, year: int) -> int:
    """Return what suppliers invoice on an account in a year: its target less what closing and in-kind entries bring."""
    if account[0] == "2":
        given = sum(to_cents(Decimal(row[f"y{year}"])) for row in table("in_kind") if row["account"] == account)
        return change(account, year) - given
    adjusted = dict(_prepaid(targets()["490000"].start(year))).get(account, 0)
    adjusted -= dict(_prepaid(end("490000", year))).get(account, 0)
    if account == _TO_RECEIVE:
        adjusted += targets()["444000"].start(year) - end("444000", year)
    return end(account, year) - adjusted


def _department_of(account: str) -> str:
    """Return the department that orders what an account holds; `data/obole.toml` declares them."""
    return next((name for start, name in _DEPARTMENTS.items() if account.startswith(start)), "SUPPORT")


def _purchases(year: int, random: Random, entries: list[JournalEntryRow]) -> Iterator[_Open]:
    drawn: list[tuple[date, str, int]] = []
    for account, count in _INVOICES.items():
        total = _invoiced(account, year)
        if not total:
            continue
        for number, cents in enumerate(split(total, [random.uniform(0.4, 1.6) for _ in range(count)])):
            month = 1 + number * 12 // count
            drawn.append((date(year, month, random.randint(2, 27)), account, cents))
    drawn.sort()
    for number, (day, account, cents) in enumerate(drawn, 1):
        document = f"ACH-{year}-{number:04d}"
        supplier = random.choice(suppliers()[account])
        lines = ((account, cents), ("440000", -cents))
        entries.append(
            JournalEntryRow("purchases", day, document, "Facture d'achat", lines, supplier.key, _department_of(account))
        )
        yield _Open(day, document, supplier, cents)


def _pay_suppliers(year: int, invoices: list[_Open], cash: list[Cash]) -> list[_Open]:
    """Pay the oldest first, some 45 days after their date, until the target is owed; return what stays unpaid."""
    pays = sum(invoice.cents for invoice in invoices) + end("440000", year)
    invoices.sort()
    last = bank_days(year)[-2]
    for number, cents in enumerate(split(_ADVANCES[year], [4, 3, 5]) if _ADVANCES[year] else [], 1):
        supplier = suppliers()["615000"][number - 1]
        line = _order(-cents, f"ACOMPTE ACH-{year + 1}-COMMANDE-{number}", supplier.name, supplier.iban)
        cash.append(Cash(on_or_after(date(year, 12, 8 + number)), "current", line))
    for number, invoice in enumerate(invoices):
        cents = min(invoice.cents, pays)
        if cents == 0:
            return invoices[number:]
        pays -= cents
        word = "FACT" if cents == invoice.cents else "ACOMPTE"
        day = min(_paying_day(max(invoice.day + timedelta(45), date(year, 1, 1))), last)
        line = _order(-cents, f"{word} {invoice.document}", invoice.supplier.name, invoice.supplier.iban)
        cash.append(Cash(day, "current", line))
        if cents < invoice.cents:
            return [invoice._replace(cents=invoice.cents - cents), *invoices[number + 1 :]]
    return []


def _paying_day(day: date) -> date:
    """Return the first day from `day` on that suppliers are paid."""
    for paying in _PAYING_DAYS:
        if day.day <= paying:
            return on_or_after(day.replace(day=paying))
    following = (day.replace(day=1) + timedelta(32)).replace(day=_PAYING_DAYS[0])
    return on_or_after(following)


def _order(cents: int, communication: str, name: str, iban: str) -> CodaLine:
    return CodaLine(cents, "00101000", communication, name=name.upper()[:35], iban=iban, bic=BIC)


# Payroll


def _payroll(year: int, entries: list[JournalEntryRow], cash: list[Cash]) -> None:
    weights = [1.0] * 11 + [_DECEMBER]
    holiday = -end("456000", year)
    gross = split(end("620000", year) - holiday, weights)
    employer = split(end("621000", year), weights)
    owed = {account: -targets()[account].start(year) for account in ("453000", "454000")}
    for month in range(1, 13):
        december = month == _LAST_MONTH
        entered = date(year, month, 18 if december else 22)
        paid = on_or_after(date(year, month, 20 if december else 25))
        due = dict(owed)  # what the months before left
        pay, insurer = gross[month - 1], employer[month - 1]
        tax, personal = pay * _WITHHELD // 10_000, pay * _PERSONAL // 10_000
        net = pay - tax - personal
        lines = (
            ("620000", pay), ("621000", insurer), ("453000", -tax), ("454000", -personal - insurer), ("455000", -net),
        )  # fmt: skip
        entries.append(JournalEntryRow("payroll", entered, f"SAL-{year}-{month:02d}", "Rémunérations du mois", lines))
        cash.append(_salaries(paid, net, f"SALAIRES {month:02d}/{year}"))
        owed["453000"] += tax
        owed["454000"] += personal + insurer
        if month == _HOLIDAY_MONTH:
            entry, in_hand = _holiday_pay(year, entered, owed)
            entries.append(entry)
            cash.append(_salaries(paid, in_hand, f"PECULES DE VACANCES {year}"))
        if december:
            # What is left at the end of the year is the published debt, so December pays the rest.
            due = {account: cents + end(account, year) for account, cents in owed.items()}
        day = on_or_after(date(year, month, 22 if december else 15))
        words = {"453000": "PRECOMPTE PROFESSIONNEL", "454000": "COTISATIONS ONSS"}
        for account, cents in due.items():
            owed[account] -= cents
            receiver = "SPF FICTIF" if account == "453000" else "ONSS FICTIF"
            line = _order(-cents, f"{words[account]} {month:02d}/{year}", receiver, belgian_iban(int(account[:3])))
            cash.append(Cash(day, "current", line))


def _holiday_pay(year: int, day: date, owed: dict[str, int]) -> tuple[JournalEntryRow, int]:
    """Last year's provision paid out: its entry and what reaches the staff; adds to what is `owed`."""
    provision = -targets()["456000"].start(year)
    tax, personal = provision * _WITHHELD_ON_HOLIDAY_PAY // 10_000, provision * _PERSONAL // 10_000
    net = provision - tax - personal
    lines = (("456000", provision), ("453000", -tax), ("454000", -personal), ("455000", -net))
    owed["453000"] += tax
    owed["454000"] += personal
    return JournalEntryRow("payroll", day, f"PEC-{year}", "Pécules de vacances", lines), net


def _salaries(day: date, cents: int, communication: str) -> Cash:
    """Return a collective transfer: the bank shows its total only, so no pay of a person is in these files."""
    return Cash(day, "current", CodaLine(-cents, "10107000", communication, reference=f"PAIE-{day:%Y%m%d}"))


# Sales, and everything else that passes through the bank


def _sales(year: int, random: Random, entries: list[JournalEntryRow], cash: list[Cash]) -> None:
    count = 24
    for number, cents in enumerate(split(-end("743000", year), [random.uniform(0.5, 1.5) for _ in range(count)]), 1):
        day = date(year, 1 + (number - 1) * 12 // count, random.randint(3, 26))
        lines = (("400000", cents), ("743000", -cents))
        entries.append(JournalEntryRow("sales", day, f"VEN-{year}-{number:03d}", "Facture de vente", lines))
    paid = -change("400000", year) - end("743000", year) + _ADVANCES[year] - _ADVANCES.get(year - 1, 0)
    amounts = split(paid, [random.uniform(0.5, 1.5) for _ in range(11)])
    for month, cents in enumerate(amounts, 1):
        day = on_or_after(date(year, month, random.randint(4, 26)))
        line = CodaLine(cents, "00150000", f"FACTURE VEN-{year}-{2 * month - 1:03d}", name="CLIENT EXEMPLE SA", bic=BIC)
        line = line._replace(iban=belgian_iban(90))
        if month == _FORGETFUL_MONTH:
            line = line._replace(communication="PAIEMENT", name="CLIENT DISTRAIT SRL", iban=belgian_iban(91))
            cash.append(Cash(day, "current", line, Assignment(account="400000")))
        else:
            cash.append(Cash(day, "current", line))


def _sundry(year: int, entries: list[JournalEntryRow], cash: list[Cash]) -> None:
    receivable = -change("416000", year)
    if sold := -change("221000", year):
        depreciated = change("221900", year) + _depreciation_of_buildings(year)
        value = sold - depreciated
        lines = (("416000", value), ("221900", depreciated), ("221000", -sold))
        entries.append(JournalEntryRow("closing", date(year, 6, 30), f"OD-{year}-001", "Vente d'un immeuble", lines))
        cash.append(_receipt(date(year, 7, 10), value, f"ACTE DE VENTE {year}-06", "ETUDE NOTARIALE EXEMPLE", 92))
    for month, cents in zip((3, 6, 10), split(receivable, [1, 1, 1]), strict=True):
        text = f"AVANCE RECUPERABLE {year}/{month:02d}"
        cash.append(_receipt(date(year, month, 12), cents, text, "PARTENAIRE MODELE ASBL", 93))
    for month, cents in zip((2, 5, 8, 11), split(change("489000", year), [1, 1, 1, 1]), strict=True):
        line = _order(-cents, f"REMBOURSEMENT AVANCE {year}/{month:02d}", "PARTENAIRE EXEMPLE ASBL", belgian_iban(94))
        cash.append(Cash(on_or_after(date(year, month, 19)), "current", line))
    taxes = end("670000", year) + change("452000", year)
    for month, cents in zip((6, 10), split(taxes, [2, 1]), strict=True):
        line = _order(-cents, f"IMPOT {year}/{month:02d}", "SPF FICTIF", belgian_iban(95))
        cash.append(Cash(on_or_after(date(year, month, 20)), "current", line))


def _receipt(day: date, cents: int, communication: str, name: str, serial: int) -> Cash:
    line = CodaLine(cents, "00150000", communication, name=name, iban=belgian_iban(serial), bic=BIC)
    return Cash(on_or_after(day), "current", line)


def _banking(year: int, random: Random, cash: list[Cash]) -> None:
    """Interest by quarter, bank costs by month on both accounts, the interest of the loan once a year."""
    interest = -end("751000", year) - _ACCRUED_INTEREST[year + 1] + _ACCRUED_INTEREST[year]
    quarters = [("current", month) for month in (3, 6, 9, 12)] + [("gifts", month) for month in (3, 6, 9, 12)]
    for (bank, month), cents in zip(quarters, split(interest, [20, 22, 24, 26, 1, 1, 1, 1]), strict=True):
        day = on_or_after(date(year, month, 28))
        cash.append(Cash(day, bank, CodaLine(cents, "03550000", f"INTERETS CREDITEURS T{month // 3}/{year}")))
    months = [("current", month, 1.0) for month in range(1, 13)]
    months += [("gifts", month, random.uniform(2, 3)) for month in range(1, 13)]
    costs = split(end("657000", year), [weight for _, _, weight in months])
    for (bank, month, _), cents in zip(months, costs, strict=True):
        day = on_or_after(date(year, month, 27))
        cash.append(Cash(day, bank, CodaLine(-cents, "08047000", f"FRAIS DE TRANSACTIONS {month:02d}/{year}")))
    loan = CodaLine(-end("650000", year), "01301000", f"INTERETS EMPRUNT {year}")
    cash.append(Cash(bank_days(year)[-2], "current", loan))
