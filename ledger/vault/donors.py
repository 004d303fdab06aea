"""The vault: the only place with names, addresses, IBANs, mandates and national numbers.

Everything else knows a donor by key. National numbers, and the identities frozen on receipts, are encrypted (AES-GCM)
with a key that lies outside the books; the rest of a donor's record is plain, in a file of its own that can be guarded,
moved to a server, or emptied when retention ends, without touching the books.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    Connection,
    delete,
    select,
    update,
)

from ledger.store import bulk_insert, plain_rows, slices
from ledger.vault.key import Sealer
from ledger.vault.ownership import owners_of_links
from ledger.vault.tables import communication, donor, donor_iban, mandate


@dataclass(frozen=True, slots=True)
class Donor:
    """An identity. `kind` is natural or legal; a legal person's name stands in `last_name`."""

    key: str
    kind: str
    last_name: str
    first_name: str = ""
    street: str = ""
    postcode: str = ""
    municipality: str = ""
    country: str = "BE"
    language: str = "fr"
    email: str = ""
    delivery: str = "post"
    national_number: str | None = None
    enterprise_number: str | None = None
    consent: str = ""
    origin: str = ""
    since: date | None = None
    merged_into: str | None = None
    ibans: tuple[str, ...] = ()
    mandates: tuple[str, ...] = ()
    communications: tuple[str, ...] = ()


_FEW = 500  # so many keys are looked up one by one, more are picked out of all


_DONOR_COLUMNS = [column.name for column in donor.columns]


_KEPT = [column for column in donor.columns if column.name in Donor.__slots__]  # in the order of the record


def save_donors(connection: Connection, sealer: Sealer, donors: Sequence[Donor]) -> None:
    """Write donors whole: identity, IBANs, mandates, communications; a known key is replaced. The caller commits.

    A donor that was merged stays so. LinkTaken where a mandate or a communication belongs to a donor not among these.
    """
    keys = [row.key for row in donors]
    merged: dict[str, str | None] = {}
    for some in slices(keys):
        query = select(donor.c.key, donor.c.merged_into).where(donor.c.key.in_(some), donor.c.merged_into.is_not(None))
        merged.update({row.key: row.merged_into for row in connection.execute(query)})
        connection.execute(delete(donor).where(donor.c.key.in_(some)))
        connection.execute(delete(donor_iban).where(donor_iban.c.donor.in_(some)))
        connection.execute(delete(mandate).where(mandate.c.donor.in_(some)))
        connection.execute(delete(communication).where(communication.c.donor.in_(some)))
    mandates = owners_of_links(
        connection, mandate.c.reference, ((one, row.key) for row in donors for one in row.mandates)
    )
    communications = owners_of_links(
        connection, communication.c.ogm, ((one, row.key) for row in donors for one in row.communications)
    )
    rows = [
        replace(row, merged_into=row.merged_into or merged.get(row.key)) if row.key in merged else row for row in donors
    ]
    bulk_insert(connection, donor, _DONOR_COLUMNS, [_donor_values(sealer, row) for row in rows])
    bulk_insert(connection, donor_iban, ["iban", "donor"], [(iban, row.key) for row in donors for iban in row.ibans])
    bulk_insert(connection, mandate, ["reference", "donor"], list(mandates.items()))
    bulk_insert(connection, communication, ["ogm", "donor"], list(communications.items()))


def _donor_values(sealer: Sealer, row: Donor) -> tuple[Any, ...]:
    number = row.national_number
    return (
        row.key,
        row.kind,
        row.last_name,
        row.first_name,
        row.street,
        row.postcode,
        row.municipality,
        row.country,
        row.language,
        row.email,
        row.delivery,
        sealer.seal(number, f"donor {row.key}") if number else None,
        sealer.mark(number) if number else None,
        row.enterprise_number,
        row.consent,
        row.origin,
        row.since.isoformat() if row.since else None,
        row.merged_into,
    )


def find_donors(connection: Connection, sealer: Sealer | None, keys: Iterable[str] | None = None) -> Iterator[Donor]:
    """Donors by key, all of them without `keys`; national numbers only with a sealer. Keys of IBANs etc. left out."""
    query = select(*_KEPT).order_by(donor.c.key)
    wanted = None if keys is None else set(keys)
    if wanted is not None and len(wanted) <= _FEW:
        query = query.where(donor.c.key.in_(wanted))
    for key, *plain, sealed, enterprise_number, consent, origin, since, merged_into in plain_rows(connection, query):
        if wanted is not None and key not in wanted:
            continue
        number = None
        if sealed is not None and sealer is not None:
            number = sealer.open_sealed(sealed, f"donor {key}")
        day = date.fromisoformat(since) if isinstance(since, str) else since
        values = (key, *plain, number, enterprise_number, consent, origin, day, merged_into)
        yield Donor(*values)


def merge_into(connection: Connection, gone: str, keep: str | None) -> None:
    """Let a donor live on under another key, None under its own again: both stay, and what leads to it follows."""
    connection.execute(update(donor).where(donor.c.key == gone).values(merged_into=keep))


def merged_keys(connection: Connection) -> set[str]:
    """Return the keys that merging involves: those merged and those they went into."""
    query = select(donor.c.key, donor.c.merged_into).where(donor.c.merged_into.is_not(None))
    return {key for row in connection.execute(query) for key in row}


def whole_donors(connection: Connection, sealer: Sealer, keys: Iterable[str]) -> dict[str, Donor]:
    """Donors by key with their IBANs, mandates and communications."""
    wanted = set(keys)
    links: dict[str, tuple[list[str], list[str], list[str]]] = {key: ([], [], []) for key in wanted}
    for place, (owner, value) in enumerate(
        (
            (donor_iban.c.donor, donor_iban.c.iban),
            (mandate.c.donor, mandate.c.reference),
            (communication.c.donor, communication.c.ogm),
        )
    ):
        for key, link in connection.execute(select(owner, value).order_by(value)):
            if key in wanted:
                links[key][place].append(link)
    return {
        row.key: replace(
            row,
            ibans=tuple(links[row.key][0]),
            mandates=tuple(links[row.key][1]),
            communications=tuple(links[row.key][2]),
        )
        for row in find_donors(connection, sealer, wanted)
    }
