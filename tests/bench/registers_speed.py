"""How long a register of donors takes to read: `python tests/bench/registers_speed.py [DONORS]`.

Writes an invented register as CSV and as a workbook to a temporary folder and reads both.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import openpyxl

from importers.registers import donors


def invented(count: int) -> Iterator[list[str | date | None]]:
    """One row per donor, all identifying numbers valid and distinct."""
    yield [column.name for column in donors.COLUMNS]
    for number in range(count):
        born = date(1930, 1, 1) + timedelta(days=number // 4)
        base = f"{born:%y%m%d}{number % 4 + 1:03d}"
        national = f"{base}{97 - int(base) % 97:02d}"
        account = f"5390{number:06d}"
        account += f"{int(account) % 97 or 97:02d}"
        iban = f"BE{98 - int(account + '111400') % 97:02d}{account}"
        reference = f"1{number:09d}"
        reference += f"{int(reference) % 97 or 97:02d}"
        name, street, mail = f"Exemple{number}", f"Rue de l'Essai {number % 300}", f"donor{number}@example.org"
        yield [f"D{number:07d}", "natural", name, "Noé", street, "1000", "Bruxelles", "BE", "fr", mail, "post", iban,
               f"MNDT-{number}", reference, national, None, "mailing 2024", "site", date(2020, 1, 1)]  # fmt: skip


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    with tempfile.TemporaryDirectory() as folder:
        text, book = Path(folder, "donors.csv"), Path(folder, "donors.xlsx")
        with text.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter=";").writerows(invented(count))
        pages = openpyxl.Workbook(write_only=True)
        page = pages.create_sheet("donors")
        for row in invented(count):
            page.append(row)
        pages.save(book)
        for source in (text, book):
            began, used = time.perf_counter(), time.process_time()
            file = donors.read(source)
            spent = f"{time.perf_counter() - began:.1f} s ({time.process_time() - used:.1f} s of processor)"
            sys.stdout.write(f"{source.suffix}: {len(file.rows):,} donors, {len(file.faults)} faults, {spent}\n")


if __name__ == "__main__":
    main()
