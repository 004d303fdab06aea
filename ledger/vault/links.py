"""The links that lead from a bank line to exactly one donor: accounts, communications, mandates, e-mail addresses."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    delete,
    select,
    union,
)

from ledger.store import bulk_insert, slices
from ledger.vault.tables import (
    amendment,
    communication,
    counterparty,
    donor,
    donor_iban,
    learnt_iban,
    mandate,
    party,
    pledge,
)


def owners_of_numbers(connection: Connection) -> dict[str, str]:
    """Return whose each national number is: its keyed fingerprint -> donor key, merged donors left out."""
    query = select(donor.c.national_mark, donor.c.key).where(
        donor.c.national_mark.is_not(None), donor.c.merged_into.is_(None)
    )
    return {row.national_mark: row.key for row in connection.execute(query)}


# Whose each account is, by the donor register or by a decision.
_ACCOUNTS = select(donor_iban.c.iban, donor_iban.c.donor).union(select(learnt_iban.c.iban, learnt_iban.c.donor))


def every_iban(connection: Connection) -> set[str]:
    """Return each account that stands in the vault, whosever it is."""
    columns = (donor_iban.c.iban, learnt_iban.c.iban, amendment.c.iban, pledge.c.iban, party.c.iban)
    every = union(*map(select, (*columns, counterparty.c.account)))
    return set(connection.execute(every).scalars())


class Learnt(NamedTuple):
    """The account that a decision on a line (`document:position`) taught to be a donor's."""

    iban: str
    donor: str
    line: str


@dataclass(frozen=True, slots=True)
class Links:
    """The links that lead to a donor: OGM, mandate, IBAN. An IBAN of several donors leads to None: a person decides.

    `learnt` are the accounts that a decision taught and no register says.
    """

    communications: Mapping[str, tuple[str, str | None]]
    mandates: Mapping[str, str]
    ibans: Mapping[str, str | None]
    learnt: frozenset[str] = frozenset()


def survivors(connection: Connection) -> dict[str, str]:
    """Return for each donor that was merged the key it lives on under."""
    query = select(donor.c.key, donor.c.merged_into).where(donor.c.merged_into.is_not(None))
    merged: dict[str, str] = {row.key: row.merged_into for row in connection.execute(query)}
    found = {}
    for first in merged:
        key, seen = first, {first}
        while key in merged:
            key = merged[key]
            if key in seen:
                key = min(seen)  # a circle: any of them, but always the same
                break
            seen.add(key)
        found[first] = key
    return found


def load_links(connection: Connection, *, without: Collection[Learnt] = ()) -> Links:
    """All links, with merged donors followed to the one that remains; `without` is left out of what was learnt."""
    merged = survivors(connection)
    said = {(row.iban, row.donor) for row in connection.execute(select(donor_iban.c.iban, donor_iban.c.donor))}
    taught = {(one.iban, one.donor) for one in learnt_accounts(connection) if one not in without}
    ibans: dict[str, str | None] = {}
    for iban, key in said | taught:
        known = merged.get(key, key)
        ibans[iban] = known if ibans.get(iban, known) == known else None
    return Links(
        communications={
            ogm: (merged.get(key, key), campaign)
            for ogm, key, campaign in connection.execute(select(communication)).all()
        },
        mandates={reference: merged.get(key, key) for reference, key in connection.execute(select(mandate)).all()},
        ibans=ibans,
        learnt=frozenset(iban for iban, _key in taught - said),
    )


def learnt_accounts(connection: Connection) -> list[Learnt]:
    """Return every account that a decision taught."""
    query = select(learnt_iban.c.iban, learnt_iban.c.donor, learnt_iban.c.line)
    return [Learnt(*row) for row in connection.execute(query.order_by(learnt_iban.c.line, learnt_iban.c.iban))]


def load_emails(connection: Connection) -> dict[str, str | None]:
    """Return whose each e-mail address is, in lower case; None where several donors have it: a person decides.

    That of a donor who was merged is of the one that remains.
    """
    merged = survivors(connection)
    owners: dict[str, str | None] = {}
    query = select(donor.c.email, donor.c.key).where(donor.c.email != "")
    for email, own in connection.execute(query).all():
        address, key = email.strip().casefold(), merged.get(own, own)
        owners[address] = key if owners.get(address, key) == key else None
    return owners


def owners_of_ibans(connection: Connection) -> dict[str, set[str]]:
    """Return the donors of each account that somebody is known to pay from, the one that remains of those merged."""
    merged = survivors(connection)
    owners: dict[str, set[str]] = {}
    for iban, key in connection.execute(_ACCOUNTS):
        owners.setdefault(iban, set()).add(merged.get(key, key))
    return owners


def signs_of_donors(connection: Connection) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what donors are known by besides their name (`iban`, `email`, `number`), each with the key."""
    for iban, key in connection.execute(_ACCOUNTS):
        yield ("iban", iban), key
    query = select(donor.c.key, donor.c.email, donor.c.enterprise_number)
    rows = connection.execute(query.where((donor.c.email != "") | donor.c.enterprise_number.is_not(None)))
    for key, email, number in rows:
        if email:
            yield ("email", email.strip().casefold()), key
        if number:
            yield ("number", number), key


def learn_ibans(connection: Connection, rows: Iterable[tuple[str, str, str]]) -> None:
    """Remember (account, donor, line it was decided on); what is there already stays."""
    there = {(row.iban, row.donor, row.line) for row in connection.execute(select(learnt_iban))}
    bulk_insert(connection, learnt_iban, ["iban", "donor", "line"], sorted({*rows} - there))


def forget_ibans(connection: Connection, lines: Iterable[str]) -> None:
    """Forget what was learnt from the decisions on these lines."""
    for some in slices(sorted(set(lines))):
        connection.execute(delete(learnt_iban).where(learnt_iban.c.line.in_(some)))
