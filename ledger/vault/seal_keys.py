"""The secrets of seals: the key of each closed year, and the salts of the digests of what receipts printed."""

import secrets
from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import Connection, select

from ledger.store import bulk_insert
from ledger.vault.key import Sealer
from ledger.vault.tables import sheet_salt, year_key

_KEY_BYTES = _SALT_BYTES = 32
Version = tuple[int, int]  # number and version of a receipt


def key_of_year(connection: Connection, sealer: Sealer, year: int) -> bytes | None:
    """Return the key of a closed year, None where it has none."""
    sealed = connection.execute(select(year_key.c.key).where(year_key.c.year == year)).scalar()
    return None if sealed is None else bytes.fromhex(sealer.open_sealed(sealed, _context(year)))


def make_key(connection: Connection, sealer: Sealer, year: int) -> bytes:
    """Return the key of a year, made where it has none; it stays the same whenever the year is closed again."""
    key = key_of_year(connection, sealer, year)
    if key is None:
        key = secrets.token_bytes(_KEY_BYTES)
        connection.execute(year_key.insert().values(year=year, key=sealer.seal(key.hex(), _context(year))))
    return key


def salts_of(connection: Connection, sealer: Sealer, year: int) -> dict[Version, bytes]:
    """Return the salts of the sheets of a year, by number and version."""
    rows = connection.execute(select(sheet_salt).where(sheet_salt.c.year == year))
    return {
        (row.number, row.version): bytes.fromhex(sealer.open_sealed(row.salt, _context(year, row.number, row.version)))
        for row in rows
    }


def make_salts(connection: Connection, sealer: Sealer, year: int, versions: Iterable[Version]) -> dict[Version, bytes]:
    """Make a salt for each of these sheets, which have none."""
    made = {version: secrets.token_bytes(_SALT_BYTES) for version in versions}
    rows = [(year, *of, sealer.seal(salt.hex(), _context(year, *of))) for of, salt in made.items()]
    bulk_insert(connection, sheet_salt, [column.name for column in sheet_salt.columns], rows)
    return made


def identity_digest(salt: bytes, sheet: str) -> str:
    """Return the digest by which a seal knows what a receipt printed; without the salt it tells nothing."""
    return sha256(salt + sheet.encode()).hexdigest()


def _context(*of: int) -> str:
    return f"seal {'/'.join(map(str, of))}"
