"""A trial balance of another software: the balance of each account at the end of a year, before these books begin.

Exports differ: balances on two sides, or signed, or the turnovers of both sides; rows of totals stand among them. What
a row is follows from what the file says, and what is doubtful is refused.
"""

from dataclasses import dataclass
from pathlib import Path

from importers.sheets.tabular import (
    RegisterFile,
    SheetColumn,
    SheetRow,
    SheetTable,
    fold,
    has_columns,
    of_columns,
    read_sheet,
    tops_of,
)
from importers.words import _, many
from ledger.money import to_decimal


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """An account and its balance in cents, debit positive; `label` is the other software's, `row` that of the file."""

    account: str
    cents: int
    label: str
    row: int


BalanceFile = RegisterFile[AccountBalance]


@dataclass(frozen=True, slots=True)
class TrialFile:
    """A trial balance with the year it says it is of, None where it says none."""

    file: BalanceFile
    year: int | None


ACCOUNT = SheetColumn("account", "compte", "rekening", "konto", required=True)
COLUMNS = (
    ACCOUNT,
    SheetColumn("label", "libellé", "omschrijving", "bezeichnung"),
    SheetColumn("debit", "débit", "debet", "soll", amount=True),
    SheetColumn("credit", "crédit", "credit", "haben", amount=True),
    SheetColumn("debit_balance", "solde_débiteur", "debetsaldo", "soll_saldo", amount=True),
    SheetColumn("credit_balance", "solde_créditeur", "creditsaldo", "haben_saldo", amount=True),
    SheetColumn("balance", "solde", "saldo", "saldo", amount=True),
    SheetColumn("year", "année", "jaar", "jahr"),
)
# Which columns give the balance, the surest first: turnovers may leave out what the year began with.
SIDES = (("debit_balance", "credit_balance"), ("balance",), ("debit", "credit"))
_DATED = frozenset({"date", "datum", "document", "piece", "stuk", "beleg"})
# Words that rows of totals begin with, folded.
_TOTALS = ("total", "totaux", "totaal", "gesamt", "summe", "soustotal", "subtotal", "subtotaal", "zwischensumme")
_GROUP = 2  # digits: a group of the chart, on which nothing is posted


def identify(path: Path) -> bool:
    """Return whether a file is a trial balance, by its headings: accounts and amounts, and no day of an entry."""
    amounts = [column for column in COLUMNS if column.name in {name for side in SIDES for name in side}]
    if not has_columns(path, (ACCOUNT,), amounts):
        return False
    account = {fold(heading) for heading in ACCOUNT.headings}
    rows = (found for _name, tops in tops_of(path) for _number, found in tops)
    return not any(account.intersection(found) and _DATED.intersection(found) for found in rows)


def read(path: Path) -> BalanceFile:
    """Return the balances of a file in its order, those that are nil too, with its faults."""
    return read_trial(path).file


def read_trial(path: Path) -> TrialFile:
    """Return the balances of a file and the year that it says it is of."""
    table = SheetTable(read_sheet(path, score=of_columns(COLUMNS)), COLUMNS, others=True)
    sides = _sides(table)
    rows: list[AccountBalance] = []
    left_out: list[int] = []
    years: dict[int, int] = {}
    for row in table:
        if _is_total(row):
            left_out.append(row.number)
            continue
        account = row.account("account")
        cents = _balance(row, sides)
        if row.filled("year"):
            years.setdefault(row.whole("year"), row.number)
        if row.sound:
            rows.append(AccountBalance(account, cents, row.text("label"), row.number))
    rows = _without_groups(table, _once(table, rows), left_out)
    if left_out:
        told = many(
            "the row {rows} is a total and was left out", "the rows {rows} are totals and were left out", len(left_out)
        )
        table.warn(told.format(rows=", ".join(map(str, sorted(left_out)))))
    _check_years(table, years)
    if table.readable:
        _check_sums(table, rows)
    return TrialFile(table.file(rows), min(years, default=None))


def describe(file: BalanceFile) -> list[tuple[str, str]]:
    """Return what the trial balance holds: accounts, the total of a side, the result."""
    debits = sum(max(row.cents, 0) for row in file.rows)
    result = -sum(row.cents for row in file.rows if row.account[0] in "67" and row.account[1] != "9")
    told = [(_("accounts"), str(len(file.rows))), (_("debits"), str(to_decimal(debits)))]
    return [*told, (_("result of the year"), str(to_decimal(result)))]


def _sides(table: SheetTable) -> tuple[str, ...]:
    """Return the columns that give the balance; a fault where the file has none, or one side only."""
    for sides in SIDES:
        there = [name for name in sides if table.index[name] >= 0]
        if len(there) == len(sides):
            return sides
        if there:
            missing = next(name for name in sides if name not in there)
            table.error(
                _("the column `{missing}` is missing beside `{there}`; add it").format(
                    missing=missing, there=table.heading(there[0])
                )
            )
            return ()
    if table.readable:
        table.error(_("no column holds amounts; add `debit` and `credit`, or `balance` (debit positive)"))
    return ()


def _balance(row: SheetRow, sides: tuple[str, ...]) -> int:
    amounts = [row.cents(name) for name in sides]
    return amounts[0] - sum(amounts[1:])


def _is_total(row: SheetRow) -> bool:
    """Tell whether a row is one of totals: words of its account, or of its label where it has no account."""
    words = fold(row.text("account") if row.filled("account") else row.text("label"))
    return words.startswith(_TOTALS) or not words


def _once(table: SheetTable, rows: list[AccountBalance]) -> list[AccountBalance]:
    first: dict[str, AccountBalance] = {}
    for row in rows:
        before = first.setdefault(row.account, row)
        if before is not row:
            message = _(
                "account {account} stands on row {row} too; keep one row for each account, with its whole balance"
            )
            table.error(message.format(account=row.account, row=before.row), row.row)
    return list(first.values())


def _without_groups(table: SheetTable, rows: list[AccountBalance], left_out: list[int]) -> list[AccountBalance]:
    """Leave out the rows of groups that add up the accounts below them; what may be one or the other is a fault."""
    kept = []
    for row in rows:
        below = [one.cents for one in rows if one.account != row.account and one.account.startswith(row.account)]
        if len(row.account) == _GROUP and below:
            if sum(below) == row.cents:
                left_out.append(row.row)
                continue
            message = _(
                "{account} is a group and its accounts add up to {sum}, not {amount}; leave its row out, or give its "
                "own account"
            )
            table.error(
                message.format(account=row.account, sum=to_decimal(sum(below)), amount=to_decimal(row.cents)), row.row
            )
        elif len(below) > 1 and row.cents and sum(below) == row.cents:
            message = _(
                "{account} holds what the accounts below it add up to: a total would count twice; leave the totals out "
                "of the export"
            )
            table.error(message.format(account=row.account), row.row)
        kept.append(row)
    return kept


def _check_years(table: SheetTable, years: dict[int, int]) -> None:
    if len(years) > 1:
        message = _("the rows are of several years ({years}); give one file for each year")
        table.error(message.format(years=", ".join(map(str, sorted(years)))), max(years.values()))


def _check_sums(table: SheetTable, rows: list[AccountBalance]) -> None:
    """Find a trial balance whose sides differ, and say why where its result explains it."""
    debits = sum(max(row.cents, 0) for row in rows)
    credits_ = sum(max(-row.cents, 0) for row in rows)
    difference = debits - credits_
    if not difference or any(not fault.severity.value.startswith("w") for fault in table.faults):
        return
    message = _("its totals are not equal: debits {debits}, credits {credits}, difference {difference}")
    told = message.format(debits=to_decimal(debits), credits=to_decimal(credits_), difference=to_decimal(difference))
    moved = sum(row.cents for row in rows if row.account[0] in "67")
    if difference == moved:
        remedy = _(
            "the difference is the result of the year: 14 holds it already and the accounts of classes 6 and 7 stand "
            "beside it; export the balance before closing, or with the appropriation (690 to 692, 790 to 792)"
        )
    else:
        remedy = _("export every account of the old software that has a balance, or correct an amount")
    table.error(f"{told}; {remedy}")
