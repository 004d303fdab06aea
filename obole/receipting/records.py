"""The records beside the receipts of a year: numbered JSON files without names, added to and never changed.

`receipts/2025/shipment-1.json` tells of a file for Belcotax, `again-1.json` of a word on papers with numbers set aside.
"""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from ledger.journal import write_whole
from obole.books.opened import Books


def record_paths(books: Books, year: int, kind: str) -> list[Path]:
    """Return the records of a kind, in the order in which they were written."""
    folder = books.folder.receipts / str(year)
    return sorted(folder.glob(f"{kind}-*.json"), key=lambda path: int(path.stem.partition("-")[2]))


def keep_record(books: Books, year: int, kind: str, record: Mapping[str, Any]) -> None:
    """Write a record under the first number that is free; after a crash it is there whole or not at all."""
    folder = books.folder.receipts / str(year)
    path = next(one for one in (folder / f"{kind}-{number}.json" for number in count(1)) if not one.exists())
    write_whole(path, (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode())
