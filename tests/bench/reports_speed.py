"""Five years of books: statements, trial balance and page from totals; the general ledger as a workbook.

`python tests/bench/reports_speed.py [postings of the general ledger, default 50000]`. Loading the books is not timed.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import TypeVar

from beancount.core import data
from beancount.core.amount import Amount

from ledger.chart import Account, house
from ledger.money import to_decimal
from reports.formats import write_csv, write_text
from reports.ledger_listing import general_ledger, ledger_table
from reports.page import statements_page
from reports.printing import statement_table
from reports.scheme import SCHEMES, What, load_scheme
from reports.sheets import write_xlsx
from reports.statements import statement
from reports.tables import Table
from reports.totals import Totals, totals_of
from reports.trial import trial_balance, trial_table

YEARS = range(2021, 2026)
ENTRIES_A_YEAR = 6_000  # five years of a foundation stay under thirty thousand transactions (design, section 2)
LIMIT = 2.0
Result = TypeVar("Result")


def books(entries_a_year: int, years: range) -> list[data.Transaction]:
    """Balanced entries that go round the house accounts."""
    accounts = [account for account in house() if account.code[:2] not in ("69", "79")]
    made = []
    for year in years:
        for number in range(entries_a_year):
            first, second = accounts[number % len(accounts)], accounts[(number * 7 + 3) % len(accounts)]
            amount = to_decimal(1 + number * 37 % 100_000)
            postings = [posting(first, Amount(amount, "EUR")), posting(second, Amount(-amount, "EUR"))]
            day = date(year, 1, 1) + timedelta(days=number * 365 // entries_a_year)
            links = frozenset({f"coda-current-{year}-{number % 250:03d}"})
            made.append(data.Transaction({}, day, "*", None, f"Entry {number}", frozenset(), links, postings))
    return made


def posting(account: Account, amount: Amount) -> data.Posting:
    """One posting."""
    return data.Posting(account.path, amount, None, None, None, None)


def timed(label: str, work: Callable[[], Result]) -> tuple[float, Result]:
    """Run and print the seconds."""
    start, busy = time.perf_counter(), time.process_time()
    result = work()
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{seconds:8.3f} s ({busy:7.3f} s of one core)  {peak:5d} MB peak  {label}\n")
    return seconds, result


def main() -> None:
    """Time everything; fail where statements and trial balance take more than the limit."""
    accounts = {account.code: account for account in house()}
    entries = books(ENTRIES_A_YEAR, YEARS)
    first, totals = timed(f"totals of {len(entries)} entries", lambda: totals_of(entries, accounts))
    schemes = [load_scheme(name) for name in SCHEMES]
    second, _ = timed(
        "three statements of five years in four schemes",
        lambda: [statement(what, scheme, year, totals) for what in What for scheme in schemes for year in YEARS],
    )
    third, _ = timed(
        "trial balances of five years", lambda: [trial_balance(totals, accounts, year, schemes[0]) for year in YEARS]
    )
    fourth, _ = timed("the web page", lambda: statements_page(totals, accounts, schemes[0], 2025, "fr"))
    fifth, _ = timed("a statement and a trial balance as text", lambda: printed(totals, accounts))
    total = first + second + third + fourth + fifth
    sys.stdout.write(f"{total:8.3f} s  in all, limit {LIMIT} s\n")

    postings = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    long_year = books(postings // 2, range(2025, 2026))
    held = totals_of(long_year, accounts)
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (("csv", to_csv), ("xlsx", write_xlsx)):
            table = ledger_table(general_ledger(long_year, accounts, 2025, held), 2025, "fr")
            path = Path(folder) / f"ledger.{name}"
            timed(f"general ledger of {postings} postings as {name}", lambda w=write, t=table, p=path: w(t, p))
    if total > LIMIT:
        raise SystemExit("statements and trial balance are slower than the limit")


def printed(totals: Totals, accounts: dict[str, Account]) -> None:
    """Both as text."""
    scheme = load_scheme("published")
    write_text(statement_table(statement("balance-sheet", scheme, 2025, totals), "fr"), StringIO())
    write_text(trial_table(trial_balance(totals, accounts, 2025, scheme), "fr"), StringIO())


def to_csv(table: Table, path: Path) -> None:
    """CSV into a file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_csv(table, stream)


if __name__ == "__main__":
    main()
