"""How fast the 281.71 shipment of a year is written and read back, and that memory stays the same.

    python tests/bench/belcotax_speed.py [RECEIPTS]

36,525 invented receipts by default, the size of a real foundation; then twice as many, whose memory must not grow.
Each run is a fresh process; time is wall clock on one core, memory the peak above the started process.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from ledger.records import DonorKind
from receipts.filing.belcotax import BelcotaxSettings, Declarant, Slip, check, write

RECEIPTS = 36_525
INSTITUTION = Declarant(
    name="Fondation Exemple",
    street="Rue de Test 10",
    postcode="1000",
    municipality="Bruxelles",
    language="fr",
    enterprise_number="0999999922",
    telephone="025725757",
    email="dons@example.org",
    contact="Jeanne Exemple",
)


def slips(count: int) -> Iterator[Slip]:
    """Invented receipts: one in thirty without national number, one in fifty abroad."""
    for number in range(1, count + 1):
        abroad = number % 50 == 0
        yield Slip(
            year=2025,
            number=number,
            reference=f"2025-{number:06d}",
            kind=DonorKind.NATURAL,
            last_name="Exemplaire" if number % 2 else "Müllér-Voorbeeld",
            first_name="Anne-Marie",
            street=f"Rue des Essais {number}",
            postcode="75001" if abroad else "1000",
            municipality="Paris" if abroad else "Bruxelles",
            country="FR" if abroad else "BE",
            language="fr" if number % 2 else "nl",
            national_number=None if number % 30 == 0 else "85073003328",
            enterprise_number=None,
            cents=40_00 + number % 100_000,
        )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(count: int) -> None:
    """Write and read back once; print seconds and megabytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shipment.xml"
        before = _peak()
        start = time.perf_counter()
        with path.open("wb") as out:
            summary = write(slips(count), INSTITUTION, BelcotaxSettings(), date(2026, 2, 15), out)
        done = time.perf_counter()
        faults = check(path)
        checked = time.perf_counter()
        size = path.stat().st_size / 1e6
    if faults or summary.count != count:
        sys.exit(f"{len(faults)} faults in {summary.count} receipts")
    print(
        f"{count:>7} receipts, {size:5.1f} MB: written in {done - start:.2f} s, "
        f"read back in {checked - done:.2f} s, {_peak() - before:.1f} MB more memory"
    )


def main() -> None:
    """Measure the year and twice the year, each in its own process."""
    if "--one" in sys.argv:
        measure(int(sys.argv[-1]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RECEIPTS
    for each in (count, 2 * count):
        subprocess.run([sys.executable, __file__, "--one", str(each)], check=True)


if __name__ == "__main__":
    main()
