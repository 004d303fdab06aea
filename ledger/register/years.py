"""The closed years."""

from sqlalchemy import (
    Connection,
    select,
)

from ledger.register.tables import closed_year


def closed_years(connection: Connection) -> dict[int, str]:
    """Return the closed years, each with the SHA-256 of its seal."""
    return {row.year: row.seal_digest for row in connection.execute(select(closed_year).order_by(closed_year.c.year))}


def enter_closing(connection: Connection, year: int, seal_digest: str, closed_at: str) -> None:
    """Enter a year as closed; its seal can no longer go missing unseen."""
    connection.execute(closed_year.insert().values(year=year, seal_digest=seal_digest, closed_at=closed_at))
