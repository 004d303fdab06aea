"""How fast a CAMT file becomes movements: our reader beside a bare lxml iterparse, on 100,000 made-up entries.

    python tests/bench/camt_speed.py [ENTRIES]

Each runs in a fresh process on the same file, versions 02 and 08: 95 in a hundred entries a gift with an OGM, a free
text or a card's reference, five a batch of ten details. The bare loop takes the end of every element and clears it,
nothing else. Time is that of one core, the best of three; memory is the peak above the started reader.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "importers"))

import camt_writer as write

A_DAY = 1000  # entries of one statement
EVERY = 20  # one entry in so many is a batch
DETAILS = 10
REPEATS = 3


def make(path: Path, entries: int, version: str) -> None:
    """Write a file of about so many entries, one statement a day."""
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(write.message(_days(entries), version))


def _days(entries: int) -> Iterator[write.Stmt]:
    opening = 0
    for index in range(max(1, entries // A_DAY)):
        day = date(2025, 1, 1) + timedelta(days=index)
        lines = [(_gift if number % EVERY else _batch)(index, number, day) for number in range(A_DAY)]
        yield write.Stmt(lines, opening, id=f"STMT-{index}", sequence=str(index % 365 + 1), day=day)
        opening += sum(line.cents for line in lines)


def _account(number: int) -> str:
    return f"BE{number % 97:02d}{number:012d}"


def _gift(index: int, number: int, day: date) -> write.Ntry:
    serial = index * A_DAY + number + 1
    base = f"{serial:010d}"
    detail = write.Tx(
        cents=2500 + 500 * (number % 7),
        name=f"Donateur Exemple {number}",
        account=_account(number),
        end_to_end="" if number % 2 else f"E2E-{serial}",
        ogm=f"{base}{serial % 97 or 97:02d}" if number % 3 else "",
        lines=() if number % 3 else ("Don pour vos actions, merci",),
    )
    return write.Ntry(2500 + 500 * (number % 7), day, (detail,), reference=f"REF{serial:012d}")


def _batch(index: int, number: int, day: date) -> write.Ntry:
    details = tuple(
        write.Tx(
            cents=1000,
            name=f"Donatrice Exemple {number} {place}",
            account=_account(number * DETAILS + place),
            end_to_end=f"E2E-{index:03d}-{number:04d}-{place}",
            mandate=f"MANDATE-{number * DETAILS + place:08d}",
            lines=("Don mensuel, merci",),
            settled=day,
        )
        for place in range(DETAILS)
    )
    iso = ("PMNT", "IDDT", "ESDD")
    return write.Ntry(1000 * DETAILS, day, details, "0550000", iso, block=f"COLLECTION-{index}-{number}")


def _measure(reader: str, path: Path) -> None:
    """In a process of its own: print entries, best seconds, peak megabytes above the start."""
    from lxml import etree  # noqa: PLC0415 - each process loads what it measures

    from importers.bank import camt  # noqa: PLC0415 - as above

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    best, count = float("inf"), 0
    for _ in range(REPEATS):
        start = time.process_time()
        if reader == "obole":
            bank_file = camt.read(path)
            assert bank_file.ok
            count = sum(len(statement.booked) for statement in bank_file.statements)
            del bank_file
        else:
            for _event, element in etree.iterparse(str(path), events=("end",)):
                element.clear()
        best = min(best, time.process_time() - start)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    sys.stdout.write(f"{count} {best} {peak}\n")


def main(entries: int) -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        print("version  reader         MB  entries  seconds  entries/s  ratio  memory MB")
        for version in ("02", "08"):
            path = Path(folder) / f"speed{version}.xml"
            make(path, entries, version)
            size = path.stat().st_size / 1e6
            rows = {}
            for reader in ("iterparse", "obole"):
                command = [sys.executable, __file__, "--measure", reader, str(path)]
                answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
                rows[reader] = (int(answer[0]), float(answer[1]), int(answer[2]))
            count = rows["obole"][0]
            for reader, (_, seconds, peak) in rows.items():
                ratio = rows["iterparse"][1] / seconds
                print(
                    f"{version:<9}{reader:<11}{size:>6.0f}{count:>9,}{seconds:>9.2f}{count / seconds:>11,.0f}"
                    f"{ratio:>7.2f}{peak:>11}"
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        _measure(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
