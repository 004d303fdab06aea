"""The tree of a year at full size: time and memory of sealing its gifts, and of holding them against the seal.

    python tests/bench/seal_speed.py FOLDER [GIFTS]

Makes a register with that many gifts of 2025 (450 000) in FOLDER, in documents of a day each, and nothing else.
"""

import resource
import sys
import time
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from ledger.leaves import HandFiles
from ledger.records import DocumentKind, Gift
from ledger.register.documents import DocumentRecord, insert_document
from ledger.seals import TreeSeal, leaves_path
from ledger.store import open_store, sqlite_url
from ledger.tree import seal_root
from obole.audit.sealing import Facts, compare, make_trees

DAYS = 365


def fill(path: Path, gifts: int) -> None:
    engine = open_store(sqlite_url(path), "register")
    with engine.begin() as connection:
        for number in range(DAYS):
            day = date(2025, 1, 1) + timedelta(days=number)
            count = gifts // DAYS + (number < gifts % DAYS)
            rows = [Gift(f"D{place:07d}", 25_00, day, 2025, "731100", position=place + 1) for place in range(count)]
            record = DocumentRecord(f"coda-{number:03d}", DocumentKind.CODA, f"f{number}", f"d{number}", day, day)
            insert_document(connection, record, (), rows, journal=None, journal_digest=None, posted_at="")


def shown(name: str, start: float) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{name:<24} {time.process_time() - start:6.2f} s of CPU, peak {memory:.0f} MB\n")


def main() -> None:
    folder, gifts = Path(sys.argv[1]), int((sys.argv[2:] or ["450000"])[0])
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / "register.sqlite3"
    if not store.exists():
        fill(store, gifts)
        sys.stdout.write("filled; run again, so that filling counts for nothing\n")
        return
    with open_store(sqlite_url(store), "register").connect() as connection:
        facts = Facts(connection, folder, 2025, date(2025, 1, 1), bytes(32), {}, (), HandFiles(folder, frozenset()))
        start = time.process_time()
        made = make_trees(facts)
        shown("sealed", start)
        path = folder / "2025.json"
        leaves_path(path).write_bytes(made.marks)
        digest, root = sha256(made.marks).hexdigest(), seal_root(2025, made.trees)
        seal = TreeSeal(2025, 1, "", root, made.trees, {}, {}, (), "", digest)
        start = time.process_time()
        found = compare(facts, seal, path)
        shown("held against the seal", start)
        sys.stdout.write(f"{len(found.faults)} faults, leaves {len(made.marks) / 1e6:.1f} MB, root {root}\n")


if __name__ == "__main__":
    main()
