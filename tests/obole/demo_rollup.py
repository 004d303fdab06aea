"""An independent, naive roll-up of the demonstration's sources: what their books must be, without Obole's importers.

Bank files are read by febelfin-coda, workbooks by openpyxl; each line is booked by the rules of docs/registers.md and
obole.toml as plainly as they can be said. Cents, debit positive; classes 6 and 7 by year, the others cumulated.
"""

import csv
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from coda import CODA, Move, Statement
from openpyxl import load_workbook

MONEY, IN_KIND, SUSPENSE = "731100", "731200", "499000"
YEARS = (2024, 2025)


@dataclass
class Rollup:
    folder: Path
    moved: dict[int, Counter] = field(default_factory=lambda: defaultdict(Counter))
    gifts: Counter = field(default_factory=Counter)
    returns: Counter = field(default_factory=Counter)
    given: dict[int, Counter] = field(default_factory=lambda: defaultdict(Counter))
    statements: dict[str, list[Statement]] = field(default_factory=lambda: defaultdict(list))
    donors: list[dict] = field(default_factory=list)
    unassigned: dict[tuple[str, int], tuple[int, date]] = field(default_factory=dict)
    grants: dict[str, dict] = field(default_factory=dict)
    collected: dict[str, tuple[str, int, int]] = field(default_factory=dict)  # by EndToEndId, not come back

    def post(self, day: date, *lines: tuple[str, int]) -> None:
        assert sum(cents for _, cents in lines) == 0
        for account, cents in lines:
            self.moved[day.year][account] += cents

    def balance(self, account: str, year: int) -> int:
        years = (year,) if account[0] in "67" else [one for one in YEARS if one <= year]
        return sum(self.moved[one][account] for one in years)

    def balances(self, year: int) -> dict[str, int]:
        accounts = {account for moved in self.moved.values() for account in moved}
        return {account: cents for account in accounts if (cents := self.balance(account, year))}


def roll_up(folder: Path) -> Rollup:
    books = Rollup(folder)
    settings = tomllib.loads((folder / "obole.toml").read_text(encoding="utf-8"))
    sources = folder / "sources"
    books.donors = sheet(sources / "donors.xlsx", "donors")
    _grants(books, sources / "grants.xlsx")
    for year in YEARS:
        place = sources / str(year)
        for path in sorted(place.glob("journal-*")):
            for day, account, cents in journal_lines(path):
                books.moved[day.year][account] += cents
        for row in sheet(place / "in-kind.xlsx", "in-kind"):
            if row["quantity"]:
                assert cents_of(row["quantity"] * Decimal(str(row["unit_value"]))) == cents_of(row["value"])
            day = row["date"].date()
            books.post(day, (row["account"], cents_of(row["value"])), (IN_KIND, -cents_of(row["value"])))
        _bank(books, settings, place)
        for row in csv.DictReader((place / "assignments.csv").read_text(encoding="utf-8").splitlines()):
            cents, booked = books.unassigned.pop((row["document"], int(row["position"])))
            day = date.fromisoformat(row["date"])
            assert booked <= day <= date(booked.year, 12, 31)
            account = row["account"] or MONEY
            books.post(day, (SUSPENSE, cents), (account, -cents))
            if row["donor"]:
                books.given[day.year][row["donor"]] += cents
            books.gifts[day.year] += account.startswith("731")
    return books


def cents_of(amount: object) -> int:
    exact = Decimal(str(amount)).scaleb(2)
    assert exact == exact.to_integral_value()
    return int(exact)


def sheet(path: Path, name: str) -> list[dict]:
    rows = load_workbook(path, read_only=True)[name].iter_rows(values_only=True)
    headings = next(rows)
    return [dict(zip(headings, row, strict=True)) for row in rows]


def journal_lines(path: Path) -> Iterator[tuple[date, str, int]]:
    entries: Counter = Counter()
    if path.suffix == ".csv":
        for row in csv.DictReader(path.read_text(encoding="cp1252").splitlines(), delimiter=";"):
            debit, credit = (row[name].replace(".", "").replace(",", ".") or "0" for name in ("débit", "crédit"))
            day = datetime.strptime(row["date"], "%d/%m/%Y").date()  # noqa: DTZ007 - a date
            entries[row["pièce"], day] += cents_of(debit) - cents_of(credit)
            yield day, row["compte"], cents_of(debit) - cents_of(credit)
    else:
        for row in sheet(path, "journal"):
            cents = cents_of(row["debit"] or 0) - cents_of(row["credit"] or 0)
            entries[row["document"], row["date"]] += cents
            yield row["date"].date(), row["account"], cents
    assert not any(entries.values()), f"{path.name}: an entry does not balance"


# Grants


def _grants(books: Rollup, path: Path) -> None:
    parts = {name: sheet(path, name) for name in ("grants", "instalments", "costs")}
    for grant in parts["grants"]:
        books.grants[grant["contract"].replace(" ", "")] = grant
        income = "733000" if grant["funder_kind"] == "public" else "733100"
        due = [
            (row["due"].date(), cents_of(row["amount"]))
            for row in parts["instalments"]
            if row["reference"] == grant["reference"]
        ]
        assert sum(cents for _, cents in due) <= cents_of(grant["amount"])
        if grant["recognition"] == "receipt":
            for day, cents in due:
                books.post(day, ("413000", cents), (income, -cents))
            continue
        earned = recognised = 0
        for year in YEARS:
            for day, cents in due:
                if day.year == year:
                    cleared = min(earned, cents)
                    earned -= cleared
                    books.post(day, ("413000", cents), ("491000", -cleared), ("493000", cleared - cents))
            so_far = _recognised(grant, parts["costs"], year)
            share, recognised = so_far - recognised, so_far
            received = sum(cents for day, cents in due if day.year <= year)
            ahead = max(0, so_far - received) - earned
            earned += ahead
            books.post(date(year, 12, 31), ("493000", share - ahead), ("491000", ahead), (income, -share))


def _recognised(grant: dict, costs: list[dict], year: int) -> int:
    amount = cents_of(grant["amount"])
    if grant["recognition"] == "spent":
        own = [row for row in costs if row["reference"] == grant["reference"] and row["date"].year <= year]
        return min(amount, sum(cents_of(row["amount"]) for row in own))
    start, end = grant["from"], grant["to"]
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    until = min(months, max(0, (year - start.year) * 12 + 12 - start.month + 1))
    return int((Decimal(amount * until) / months).to_integral_value(ROUND_HALF_UP))


# The bank


def _bank(books: Rollup, settings: dict, place: Path) -> None:
    banks = {bank["iban"]: (bank["alias"], bank["account"]) for bank in settings["bank"]}
    keys = {"references": {}, "mandates": {}, "ibans": defaultdict(list)}
    for donor in books.donors:
        keys["references"][re.sub(r"\D", "", donor["references"])] = donor["donor"]
        if donor["mandates"]:
            keys["mandates"][donor["mandates"]] = donor["donor"]
        if donor["ibans"]:
            keys["ibans"][donor["ibans"]].append(donor["donor"])
    paths = sorted((place / "coda").glob("*.cod"), key=lambda path: path.stem[-10:])
    for path in paths:
        (statement,) = CODA(str(path)).statements
        alias, account = banks[statement.account]
        assert path.name == f"{alias}-{statement.new_balance_date}.cod"
        books.statements[alias].append(statement)
        name = f"coda-{alias}-{statement.new_balance_date.year}-{statement.coda_sequence}"
        position = 0
        for move in statement.moves:
            position += 1
            cents = cents_of(move.amount)
            books.moved[move.entry_date.year][account] += cents
            if not move.moves:
                _line(books, settings, keys, move, (name, position))
            else:
                assert sum(cents_of(detail.amount) for detail in move.moves) == cents
            for detail in move.moves:
                position += 1
                _line(books, settings, keys, detail, (name, position))


def _line(books: Rollup, settings: dict, keys: dict, move: Move, place: tuple[str, int]) -> None:
    cents, year = cents_of(move.amount), move.entry_date.year
    kind, raw = move.communication_type, move._communication[1:]
    text = "" if kind else raw.strip()
    family = move.transaction_code[1:5]
    if kind == "127":
        mandate, end_to_end = raw[47:82].strip(), move.customer_reference
        donor = keys["mandates"][mandate]
        if cents > 0:
            assert end_to_end not in books.collected
            books.collected[end_to_end] = (donor, cents, year)
            books.given[year][donor] += cents
            books.gifts[year] += 1
        else:
            assert family in {"0503", "0505"}
            assert move.r_transaction == raw[144] in {"2", "3"}
            assert move.r_reason == raw[145:149] != ""
            giver, amount, collected = books.collected.pop(end_to_end)
            assert (giver, amount) == (donor, -cents)
            books.given[collected][donor] += cents  # it takes back a gift of that year
            books.returns[year] += 1
        books.moved[year][MONEY] -= cents
        return
    ogm = raw[3:15] if kind in {"101", "102"} else re.sub(r"\D", "", text) if cents > 0 else ""
    if ogm in keys["references"]:
        _gift(books, move, keys["references"][ogm], MONEY)
        return
    if cents > 0 and any(contract in text.replace(" ", "") for contract in books.grants):
        books.moved[year]["413000"] -= cents
        return
    rule = next((rule for rule in settings["rules"] if _holds(rule, family, cents, text)), None)
    if rule and "account" in rule:
        books.moved[year][rule["account"]] -= cents
    elif rule:
        _gift(books, move, None, rule["gift"]["account"])
    elif cents > 0 and len(keys["ibans"].get(move.counterparty_account, ())) == 1:
        _gift(books, move, keys["ibans"][move.counterparty_account][0], MONEY)
    else:
        books.moved[year][SUSPENSE] -= cents
        books.unassigned[place] = (cents, move.entry_date)


def _holds(rule: dict, family: str, cents: int, text: str) -> bool:
    if "direction" in rule and (rule["direction"] == "credit") != (cents > 0):
        return False
    if "code" in rule and not family.startswith(tuple(rule["code"])):
        return False
    return "communication" not in rule or re.search(rule["communication"], text, re.IGNORECASE) is not None


def _gift(books: Rollup, move: Move, donor: str | None, account: str) -> None:
    cents = cents_of(move.amount)
    books.moved[move.entry_date.year][account] -= cents
    books.gifts[move.entry_date.year] += 1
    if donor is not None and account == MONEY:
        # A gift counts for the year in which it left the donor's account.
        assert move.value_date in {move.entry_date, date(2024, 12, 31)}
        books.given[move.value_date.year][donor] += cents


def late(books: Rollup) -> int:
    """Gifts of 31 December 2024 that are booked on the first bank day of 2025."""
    moves = (move for statement in books.statements["gifts"] for move in statement.moves)
    return sum(move.value_date == date(2024, 12, 31) < move.entry_date - timedelta(1) for move in moves)
