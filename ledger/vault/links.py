"""The links that lead from a bank line to exactly one donor: accounts, communications, mandates, e-mail addresses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    delete,
    select,
)

from ledger.store import bulk_insert, slices
from ledger.vault.tables import communication, donor, donor_iban, learnt_iban, mandate


def owners_of_numbers(connection: Connection) -> dict[str, str]:
    """Return whose each national number is: its keyed fingerprint -> donor key, merged donors left out."""
    query = select(donor.c.national_mark, donor.c.key).where(
        donor.c.national_mark.is_not(None), donor.c.merged_into.is_(None)
    )
    return {row.national_mark: row.key for row in connection.execute(query)}


# Whose each account is, by the donor register or by a decision.
_ACCOUNTS = select(donor_iban.c.iban, donor_iban.c.donor).union(select(learnt_iban.c.iban, learnt_iban.c.donor))


@dataclass(frozen=True, slots=True)
class Links:
    """The links that lead to a donor: OGM, mandate, IBAN. An IBAN of several donors leads to None: a person decides."""

    communications: Mapping[str, tuple[str, str | None]]
    mandates: Mapping[str, str]
    ibans: Mapping[str, str | None]


def load_links(connection: Connection) -> Links:
    """Return all links, with merged donors followed to the one that remains."""
    query = select(donor.c.key, donor.c.merged_into).where(donor.c.merged_into.is_not(None))
    merged: dict[str, str] = {row.key: row.merged_into for row in connection.execute(query)}

    def remaining(key: str) -> str:
        seen = {key}
        while key in merged:
            key = merged[key]
            if key in seen:
                return min(seen)  # a circle: any of them, but always the same
            seen.add(key)
        return key

    ibans: dict[str, str | None] = {}
    for iban, key in connection.execute(_ACCOUNTS).all():
        known = remaining(key)
        ibans[iban] = known if ibans.get(iban, known) == known else None
    return Links(
        communications={
            ogm: (remaining(key), campaign) for ogm, key, campaign in connection.execute(select(communication)).all()
        },
        mandates={reference: remaining(key) for reference, key in connection.execute(select(mandate)).all()},
        ibans=ibans,
    )


def load_emails(connection: Connection) -> dict[str, str | None]:
    """Return whose each e-mail address is, in lower case; None where several donors have it: a person decides."""
    owners: dict[str, str | None] = {}
    query = select(donor.c.email, donor.c.key).where(donor.c.email != "", donor.c.merged_into.is_(None))
    for email, key in connection.execute(query).all():
        address = email.strip().casefold()
        owners[address] = key if owners.get(address, key) == key else None
    return owners


def owners_of_ibans(connection: Connection) -> dict[str, set[str]]:
    """Return the donors of each account that somebody is known to pay from."""
    owners: dict[str, set[str]] = {}
    for iban, key in connection.execute(_ACCOUNTS):
        owners.setdefault(iban, set()).add(key)
    return owners


def learn_ibans(connection: Connection, rows: Iterable[tuple[str, str, str]]) -> None:
    """Remember (account, donor, line it was decided on); what is there already stays."""
    there = {(row.iban, row.donor, row.line) for row in connection.execute(select(learnt_iban))}
    bulk_insert(connection, learnt_iban, ["iban", "donor", "line"], sorted({*rows} - there))


def forget_ibans(connection: Connection, lines: Iterable[str]) -> None:
    """Forget what was learnt from the decisions on these lines."""
    for some in slices(sorted(set(lines))):
        connection.execute(delete(learnt_iban).where(learnt_iban.c.line.in_(some)))
