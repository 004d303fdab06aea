"""Everything after the import at full size, each as the command a user types: wall, CPU and memory of the process.

    python tests/bench/full_size.py FOLDER [--renders]

FOLDER is what `import_speed.py --folder FOLDER` left: sources and books. Measures loading, reports, the tie-out, issue,
Belcotax, check, with `--renders` the PDFs; then the load of five years, made by copying 2025 three times into the years
after it, gifts and all, beside the load of the same journal files without the plugins.
"""

import argparse
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

COPIES = (2026, 2027, 2028)
LOAD = """
import sys
from ledger.periods import CALENDAR
from obole.books.loading import load_books
from pathlib import Path
loaded = load_books(Path(sys.argv[1]), CALENDAR)
print(len(loaded.entries), "entries,", len(loaded.errors), "errors", file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took; `memory` is the peak of its largest process in MB."""

    wall: float
    cpu: float
    memory: float
    said: str


def run(*command: str) -> Cost:
    """Run a command in a process of its own."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{said[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def show(name: str, cost: Cost, note: str = "") -> None:
    print(f"{name:<44} {cost.wall:>8.2f} {cost.cpu:>8.2f} {cost.memory:>8.0f}  {note}", flush=True)


def five_years(books: Path, target: Path) -> None:
    """Books of 2024, 2025 and three copies of 2025: journal files, documents, movements, gifts and day totals."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in ("obole.toml", "main.beancount", "chart.beancount", "register.sqlite3", "vault.sqlite3"):
        shutil.copy2(books / name, target / name)
    for name in ("journal", "manual"):
        shutil.copytree(books / name, target / name)
    for name in ("documents", "receipts", "seals"):
        (target / name).mkdir()
    shutil.rmtree(target / "journal" / "2026", ignore_errors=True)
    connection = sqlite3.connect(target / "register.sqlite3")
    for table in ("document", "movement", "gift", "day_total", "voucher", "assignment"):
        for action in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS {table}_no_{action}")
    late = [
        row[0]
        for row in connection.execute("SELECT id FROM document WHERE last_day >= '2026-01-01' AND kind <> 'donors'")
    ]
    for number in late:
        for table in ("voucher", "day_total", "gift", "movement"):
            connection.execute(f"DELETE FROM {table} WHERE document_id = ?", (number,))
        connection.execute("DELETE FROM document WHERE id = ?", (number,))
    for copy, year in enumerate(COPIES, start=1):
        copy_year(connection, target, copy, year)
    connection.commit()
    connection.close()


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def copy_year(connection: sqlite3.Connection, target: Path, copy: int, year: int) -> None:
    """One more year like 2025; closing balances go on from where the year before ended."""
    drift = {
        bank: copy * (closing - opening)
        for bank, opening, closing in connection.execute(
            "SELECT bank, (SELECT opening FROM document f WHERE f.bank = d.bank AND f.closing_date LIKE '2025%'"
            " ORDER BY closing_date, sequence LIMIT 1), (SELECT closing FROM document l WHERE l.bank = d.bank"
            " AND l.closing_date LIKE '2025%' ORDER BY closing_date DESC, sequence DESC LIMIT 1)"
            " FROM document d WHERE bank IS NOT NULL GROUP BY bank"
        )
    }
    offset = 10_000 * copy
    gift_offset = 10_000_000 * copy
    days = ("opening_date", "closing_date", "first_day", "last_day", "booked", "value", "executed", "day")
    expressions = {
        "document.id": f"id + {offset}",
        "document_id": f"document_id + {offset}",
        "gift.id": f"id + {gift_offset}",
        "reverses": f"reverses + {gift_offset}",
        "name": f"replace(name, '2025', '{year}')",
        "journal": f"replace(journal, '2025', '{year}')",
        "counted": f"counted + {year - 2025}",
        **{day: f"CASE WHEN {day} LIKE '2025%' THEN '{year}' || substr({day}, 5) ELSE {day} END" for day in days},
    }
    cases = " ".join(f"WHEN '{bank}' THEN {cents}" for bank, cents in drift.items())
    expressions |= {balance: f"{balance} + CASE bank {cases} ELSE 0 END" for balance in ("opening", "closing")}
    connection.execute("PRAGMA foreign_keys=OFF")  # a return of a gift of the year before has no copy to point at
    for table in ("document", "movement", "gift", "day_total"):
        names = columns(connection, table)
        values = [expressions.get(f"{table}.{name}", expressions.get(name, name)) for name in names]
        where = "id" if table == "document" else "document_id"
        connection.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} WHERE {where} IN "
            "(SELECT id FROM document WHERE last_day LIKE '2025%' AND id < 10000 AND kind <> 'donors')"
        )
    (target / "journal" / str(year)).mkdir()
    for path in (target / "journal" / "2025").glob("*.beancount"):
        text = re.sub(r"2025(?=-\d\d-\d\d|-)", str(year), path.read_text(encoding="utf-8"))
        (target / "journal" / str(year) / path.name.replace("2025", str(year))).write_text(text, encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--renders", action="store_true")
    arguments = options.parse_args()
    folder = arguments.folder
    os.environ.setdefault("OBOLE_KEYS", str(folder / "keys"))
    os.environ["OBOLE_BOOKS"] = str(folder / "books")
    obole = str(Path(sys.executable).with_name("obole"))
    print(f"{'':<44} {'wall s':>8} {'CPU s':>8} {'MB':>8}")
    assignments = sorted(str(path) for path in (folder / "sources").rglob("assignments*"))
    show("obole import, assignments", run(obole, "import", *assignments))
    files = sorted(str(path) for path in (folder / "sources").iterdir())
    show("obole import, everything again", run(obole, "import", *files))
    load = run(sys.executable, "-c", LOAD, str(folder / "books" / "main.beancount"))
    show("load, two years", load, load.said.strip())
    for what in ("balance-sheet", "income-statement", "trial-balance", "tie-out"):
        show(f"obole report {what}", run(obole, "report", what, "--year", "2025", "--format", "json"))
    show(
        "obole report general-ledger (xlsx)",
        run(obole, "report", "general-ledger", "--year", "2025", "-o", str(folder / "gl.xlsx")),
    )
    for year in (2024, 2025):
        cost = run(obole, "receipts", "issue", "--year", str(year), "--date", date(year + 1, 2, 13).isoformat())
        show(f"obole receipts issue {year}", cost, cost.said.strip().splitlines()[-1])
    cost = run(obole, "receipts", "belcotax", "--year", "2025", "--date", "2026-02-13", "-o", str(folder / "b.xml"))
    show("obole receipts belcotax 2025", cost, cost.said.strip().splitlines()[0][:80])
    if arguments.renders:
        cost = run(obole, "receipts", "render", "--year", "2025", "--workers", "2")
        show("obole receipts render 2025, two processes", cost, cost.said.strip())
    show("obole check", run(obole, "check"))
    five_years(folder / "books", folder / "five")
    with sqlite3.connect(folder / "five" / "register.sqlite3") as connection:
        gifts = connection.execute("SELECT count(*) FROM gift").fetchone()[0]
    for _ in range(3):
        load = run(sys.executable, "-c", LOAD, str(folder / "five" / "main.beancount"))
        show(f"load, five years, {gifts:,} gifts", load, load.said.strip())
    plain = folder / "five" / "plain.beancount"
    text = (folder / "five" / "main.beancount").read_text(encoding="utf-8")
    plain.write_text("\n".join(line for line in text.splitlines() if not line.startswith("plugin")), encoding="utf-8")
    show("the same without the plugins", run(sys.executable, "-c", LOAD, str(plain)))


if __name__ == "__main__":
    main()
