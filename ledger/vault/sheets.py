"""Frozen sheets: what a receipt printed, kept as it was issued."""

from collections.abc import Iterable, Iterator

from sqlalchemy import (
    Connection,
    delete,
    select,
)

from ledger.store import bulk_insert
from ledger.vault.key import Sealer
from ledger.vault.tables import frozen_sheet, sheet_salt

_AT_A_TIME = 2000  # sheets that are in memory


def freeze_sheets(connection: Connection, sealer: Sealer, rows: Iterable[tuple[int, int, int, str]]) -> None:
    """Keep what is printed on receipts: (year, number, version, canonical JSON), encrypted."""
    values = [
        (year, number, version, sealer.seal(sheet, f"receipt {year}/{number}/{version}"))
        for year, number, version, sheet in rows
    ]
    bulk_insert(connection, frozen_sheet, [column.name for column in frozen_sheet.columns], values)


def frozen_sheets(connection: Connection, sealer: Sealer, year: int) -> Iterator[tuple[int, int, str]]:
    """Return what is printed on the receipts of a year: (number, version, canonical JSON), by number."""
    query = (
        select(frozen_sheet).where(frozen_sheet.c.year == year).order_by(frozen_sheet.c.number, frozen_sheet.c.version)
    )
    for row in connection.execute(query, execution_options={"yield_per": _AT_A_TIME}):
        yield row.number, row.version, sealer.open_sealed(row.sheet, f"receipt {row.year}/{row.number}/{row.version}")


def drop_sheets_after(connection: Connection, year: int, number: int) -> int:
    """Forget sheets of receipts that were never issued (their numbering did not commit); how many."""
    connection.execute(delete(sheet_salt).where(sheet_salt.c.year == year, sheet_salt.c.number > number))
    result = connection.execute(delete(frozen_sheet).where(frozen_sheet.c.year == year, frozen_sheet.c.number > number))
    return int(result.rowcount)


def sheet_years(connection: Connection) -> list[int]:
    """Return the years that have frozen sheets."""
    return list(connection.execute(select(frozen_sheet.c.year).distinct().order_by(frozen_sheet.c.year)).scalars())
