"""Suppliers, customers and funders in the vault, apart from donors: reading them is a right of its own."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, delete, select

from ledger.parties import Party, PartyKind
from ledger.store import bulk_insert, slices
from ledger.vault.tables import party


def save_parties(connection: Connection, parties: Sequence[Party]) -> None:
    """Write third parties whole; a known key is replaced. The caller commits."""
    for some in slices([row.key for row in parties]):
        connection.execute(delete(party).where(party.c.key.in_(some)))
    bulk_insert(
        connection,
        party,
        [column.name for column in party.columns],
        [
            (
                row.key,
                " ".join(row.kinds),
                row.name,
                row.first_name,
                row.street,
                row.postcode,
                row.municipality,
                row.country,
                row.language,
                row.iban,
                row.enterprise_number,
                row.payment_term,
            )
            for row in parties
        ],
    )


def find_parties(connection: Connection, keys: Iterable[str] | None = None) -> Iterator[Party]:
    """Yield third parties by key, all of them without `keys`."""
    wanted = None if keys is None else sorted(set(keys))
    for some in [None] if wanted is None else slices(wanted):
        query = select(party).order_by(party.c.key)
        if some is not None:
            query = query.where(party.c.key.in_(some))
        for row in connection.execute(query).mappings():
            kinds = tuple(PartyKind(kind) for kind in row["kinds"].split())
            yield Party(**{**row, "kinds": kinds})


def known_parties(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Return those of some keys that the vault knows."""
    found: set[str] = set()
    for some in slices(sorted(set(keys))):
        found.update(connection.execute(select(party.c.key).where(party.c.key.in_(some))).scalars())
    return found
