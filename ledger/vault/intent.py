"""The stand of the vault, what it has begun that the register has not answered yet, and the mark of its key.

One row, as in the register (`ledger.pairing` says how the two move), and one a year for receipts that are frozen.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from ledger.vault.tables import donor, freezing, frozen_sheet, vault_stand


class VaultStand(NamedTuple):
    """The vault's side of a step; `under_way` until the register has made it too, which then was at `before`."""

    identity: str
    step: int
    token: str
    before: str
    under_way: bool
    at: str
    key_check: str


def vault_stand_of(connection: Connection) -> VaultStand | None:
    """Return how far the vault is, None where it has no identity yet."""
    row = connection.execute(select(vault_stand)).first()
    return None if row is None else VaultStand(*row)


def put_vault_stand(connection: Connection, now: VaultStand) -> None:
    """Write down how far the vault is."""
    connection.execute(delete(vault_stand))
    connection.execute(insert(vault_stand).values(**now._asdict()))


class Freezing(NamedTuple):
    """The receipts that are about to be numbered: their first and last number, and the SHA-256 over their sheets."""

    year: int
    first: int
    last: int
    digest: str


def announce(connection: Connection, year: int, first: int, digests: Iterable[str]) -> None:
    """Say which numbers are about to be given, in the transaction that freezes their sheets."""
    every = list(digests)
    connection.execute(delete(freezing).where(freezing.c.year == year))
    values = Freezing(year, first, first + len(every) - 1, digest_of_sheets(every))
    connection.execute(insert(freezing).values(**values._asdict()))


def digest_of_sheets(digests: Iterable[str]) -> str:
    """Return the SHA-256 over the digests of sheets, in the order of their numbers."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def announced(connection: Connection) -> list[Freezing]:
    """Return the receipts that were about to be numbered."""
    return [Freezing(*row) for row in connection.execute(select(freezing).order_by(freezing.c.year))]


def answered(connection: Connection) -> None:
    """Forget what was announced: the register has it, or it was taken back."""
    connection.execute(delete(freezing))


def last_sheets(connection: Connection) -> dict[int, int]:
    """Return the highest number of each year that has frozen sheets."""
    # Year by year along the key: grouped, every sheet would be read.
    found: dict[int, int] = {}
    year = -1
    while True:
        next_year = connection.execute(select(func.min(frozen_sheet.c.year)).where(frozen_sheet.c.year > year)).scalar()
        if next_year is None:
            return found
        year = int(next_year)
        last = select(func.max(frozen_sheet.c.number)).where(frozen_sheet.c.year == year)
        found[year] = int(connection.execute(last).scalar_one())


class Sealed(NamedTuple):
    """A value that was sealed by the key of the vault, and what it is bound to."""

    value: bytes
    context: str


def any_sealed(connection: Connection) -> Sealed | None:
    """Return something that the key must open, None where nothing was sealed yet."""
    sheet = connection.execute(select(frozen_sheet).limit(1)).first()
    if sheet is not None:
        return Sealed(sheet.sheet, f"receipt {sheet.year}/{sheet.number}/{sheet.version}")
    query = select(donor.c.key, donor.c.national_number).where(donor.c.national_number.is_not(None)).limit(1)
    found = connection.execute(query).first()
    return None if found is None else Sealed(found.national_number, f"donor {found.key}")
