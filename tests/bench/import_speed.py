"""Import rate at full size, beside a raw `sqlite3.executemany` of the same rows into the same tables, in the same run.

    python tests/bench/import_speed.py [--donors 36525] [--folder DIR]

Takes the demonstration's source files in through the real importers, then writes the rows that came out once more with
nothing but sqlite3: same tables, same indexes and triggers, one transaction per as many rows. Prints gifts per second
of both and their ratio, CPU and wall, and the memory of the import. The folder is kept for the other benches.
"""

import argparse
import os
import resource
import shutil
import sqlite3
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from ledger.store import open_store, sqlite_url
from obole.books.creation import initialise
from obole.demo import generate
from obole.importing import import_files

TABLES = ("document", "movement", "gift", "day_total")
ROWS_PER_TRANSACTION = 80_000


@dataclass(frozen=True, slots=True)
class Timing:
    """What a part took."""

    name: str
    gifts: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.gifts / self.wall


def timed(name: str, gifts: int, start: tuple[float, float]) -> Timing:
    return Timing(name, gifts, time.perf_counter() - start[0], cpu() - start[1])


def cpu() -> float:
    """CPU seconds of this process and of its children that ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def now() -> tuple[float, float]:
    return time.perf_counter(), cpu()


def raw_copy(source: Path, target: Path) -> None:
    """The rows of a register, written by executemany alone."""
    open_store(sqlite_url(target), "register").dispose()
    rows = {}
    with sqlite3.connect(source) as connection:
        for table in TABLES:
            rows[table] = connection.execute(f"SELECT * FROM {table}").fetchall()
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-65536")
    global RAW_START  # noqa: PLW0603 - reading the rows is not part of the baseline
    RAW_START = now()
    for table in TABLES:
        some = rows[table]
        marks = ", ".join("?" * len(some[0]))
        for start in range(0, len(some), ROWS_PER_TRANSACTION):
            connection.execute("BEGIN")
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", some[start : start + ROWS_PER_TRANSACTION])
            connection.execute("COMMIT")
    connection.close()


RAW_START = (0.0, 0.0)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--donors", type=int, default=36_525)
    options.add_argument("--folder", type=Path)
    arguments = options.parse_args()
    folder = arguments.folder or Path(mkdtemp(prefix="obole-bench-"))
    os.environ.setdefault("OBOLE_KEYS", str(folder / "keys"))
    if not (folder / "sources").exists():
        generate(folder, arguments.donors)
    books_folder = folder / "books"
    shutil.rmtree(books_folder, ignore_errors=True)
    books = initialise(books_folder, (folder / "obole.toml").read_text(encoding="utf-8"))
    everything = sorted(path for path in (folder / "sources").rglob("*") if path.is_file())
    statements = [path for path in everything if path.suffix == ".cod"]
    registers = [path for path in everything if path.suffix != ".cod" and not path.name.startswith("assignments")]
    start = now()
    import_files(books, registers)
    before = timed("registers and journals", 0, start)
    start = now()
    import_files(books, statements)
    with sqlite3.connect(books_folder / "register.sqlite3") as connection:
        gifts = connection.execute("SELECT count(*) FROM gift WHERE channel <> 'in-kind'").fetchone()[0]
    ours = timed("obole import, statements", gifts, start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    raw_copy(books_folder / "register.sqlite3", folder / "raw.sqlite3")
    raw = timed("raw executemany, same rows", gifts, RAW_START)
    (folder / "raw.sqlite3").unlink()
    print(f"{len(statements)} statements, {gifts} gifts; registers and journals {before.wall:.1f} s")
    print(f"{'':<30} {'wall s':>8} {'CPU s':>8} {'gifts/s':>10}")
    for part in (ours, raw):
        print(f"{part.name:<30} {part.wall:>8.1f} {part.cpu:>8.1f} {part.rate:>10,.0f}")
    print(f"ratio ours / raw: {ours.rate / raw.rate:.2f} (aim: at least 0.33); peak memory {memory:.0f} MB")
    print(f"kept: {folder}", file=sys.stderr)


if __name__ == "__main__":
    main()
