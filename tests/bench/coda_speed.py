"""How fast a CODA file becomes movements: our reader beside febelfin-coda, on 100,000 made-up movements.

    python tests/bench/coda_speed.py [MOVEMENTS]

Each reader runs in a fresh process on the same file: 600 gifts with an OGM and a collection of 400 direct debits a
day. Time is that of one core from bytes to records, the best of five; memory is the peak above the started reader.
"""

import resource
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "importers"))

import coda_writer as write

GIFTS, DEBITS = 600, 400  # of one day's statement
REPEATS = 5


def make(path: Path, movements: int) -> None:
    """Write a file of about so many movements, one statement a day."""
    opening = 0
    with path.open("wb") as stream:
        for index in range(max(1, movements // (GIFTS + DEBITS + 1))):
            day = date(2025, 1, 1) + timedelta(days=index)
            lines = _day(index, day)
            records = write.statement(lines, opening, day, f"{index % 365 + 1:03d}")
            opening += sum(line.cents for line in lines)
            stream.write(write.encode(records))


def _day(index: int, day: date) -> list[write.Line]:
    gifts = [
        write.Line(
            2500 + 500 * (number % 7),
            "00150000",
            "101" + write.ogm(index * 1000 + number + 1),
            structured=True,
            reference=f"NOTPROVIDED{number:05d}" if number % 2 else "",
            bic="KREDBEBB" if number % 2 else "",
            account=f"BE{number % 97:02d}{number:012d}".ljust(34) + "EUR",
            name=f"DONATEUR EXEMPLE {number}",
            day=day,
            value=day,
        )
        for number in range(GIFTS)
    ]
    debits = [
        write.Line(
            1000,
            "50550000",
            write.debit_text(f"MANDATE-{number:08d}", "DON MENSUEL MERCI", day),
            structured=True,
            reference=f"E2E-{index:03d}-{number:06d}",
            bic="GEBABEBB",
            account=f"BE{number % 97:02d}{number:012d}".ljust(34) + "EUR",
            name=f"DONATRICE EXEMPLE {number}",
            day=day,
            value=day,
        )
        for number in range(DEBITS)
    ]
    total = write.Line(1000 * DEBITS, "10550000", reference=f"COLLECTION-{index:03d}", day=day, details=debits)
    return [*gifts, total]


def _measure(reader: str, path: Path) -> None:
    """In a process of its own: print movements, best seconds, peak megabytes above the start."""
    from coda import CODA  # noqa: PLC0415 - an oracle of the test extra

    from importers import coda as ours  # noqa: PLC0415 - as above

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    best, count = float("inf"), 0
    for _ in range(REPEATS):
        start = time.process_time()
        if reader == "obole":
            count = sum(len(statement.movements) for statement in ours.read(path).statements)
        else:
            count = sum(len(list(statement.all_moves)) for statement in CODA(str(path)).statements)
        best = min(best, time.process_time() - start)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    sys.stdout.write(f"{count} {best} {peak}\n")


def main(movements: int) -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "speed.cod"
        make(path, movements)
        size = path.stat().st_size / 1e6
        rows = {}
        for reader in ("obole", "febelfin-coda"):
            command = [sys.executable, __file__, "--measure", reader, str(path)]
            answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            rows[reader] = (int(answer[0]), float(answer[1]), int(answer[2]))
    slowest = rows["febelfin-coda"][0] / rows["febelfin-coda"][1]
    sys.stdout.write(f"CODA file of {size:.0f} MB\n")
    sys.stdout.write(f"{'reader':<15}{'movements':>11}{'seconds':>9}{'mov/s':>10}{'ratio':>7}{'memory MB':>11}\n")
    for reader, (count, seconds, peak) in rows.items():
        speed = count / seconds
        sys.stdout.write(f"{reader:<15}{count:>11,}{seconds:>9.2f}{speed:>10,.0f}{speed / slowest:>7.1f}{peak:>11}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        _measure(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
