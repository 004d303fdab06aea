"""Pledges: the standing promises that the month's direct debits come from."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    delete,
    select,
)

from ledger.instalments import Pledge, PledgeState
from ledger.store import bulk_insert, slices
from ledger.vault.links import load_links
from ledger.vault.ownership import refuse_taken
from ledger.vault.tables import mandate, pledge


def all_pledges(connection: Connection) -> list[Pledge]:
    """Return what each mandate is for, with its donor where the mandate still has one; by mandate."""
    owners = load_links(connection).mandates
    return [
        Pledge(
            mandate=row.mandate,
            donor=owners.get(row.mandate),
            iban=row.iban,
            holder=row.holder,
            signed=row.signed,
            cents=row.cents,
            months=row.months,
            first_due=row.first_due,
            last_due=row.last_due,
            state=PledgeState(row.state),
            reason=row.reason,
            changed=row.changed,
        )
        for row in connection.execute(select(pledge).order_by(pledge.c.mandate))
    ]


def save_pledges(connection: Connection, rows: Sequence[Pledge]) -> None:
    """Write pledges whole, those there replaced, and link their mandates to their donors; LinkTaken as for donors."""
    owners = {row.mandate: row.donor for row in rows if row.donor is not None}
    for some in slices([row.mandate for row in rows]):
        for reference, owner in connection.execute(select(mandate).where(mandate.c.reference.in_(some))):
            key = owners.pop(reference, owner)
            if key != owner:
                refuse_taken(mandate.c.reference, key, owner)
        connection.execute(delete(pledge).where(pledge.c.mandate.in_(some)))
    bulk_insert(connection, mandate, ["reference", "donor"], list(owners.items()))
    bulk_insert(
        connection,
        pledge,
        [column.name for column in pledge.columns],
        [
            (
                row.mandate,
                row.iban,
                row.holder,
                row.signed.isoformat(),
                row.cents,
                row.months,
                row.first_due.isoformat(),
                row.last_due.isoformat() if row.last_due else None,
                row.state.value,
                row.reason,
                row.changed.isoformat() if row.changed else None,
            )
            for row in rows
        ],
    )


def pledged_mandates(connection: Connection, mandates: Iterable[str]) -> set[str]:
    """Return those of these mandates that have a pledge."""
    wanted = sorted(set(mandates))
    found: set[str] = set()
    for some in slices(wanted):
        found.update(connection.execute(select(pledge.c.mandate).where(pledge.c.mandate.in_(some))).scalars())
    return found


class PledgeChange(NamedTuple):
    """The effect of a failed collection on a pledge: the reason is kept, the state is None where it stays."""

    mandate: str
    state: PledgeState | None
    reason: str
    day: date


def change_pledges(connection: Connection, changes: Iterable[PledgeChange]) -> None:
    """Enter the fate of mandates. One that ended stays so; what a person decided on a later day stands."""
    for change in sorted(changes, key=lambda one: one.day):
        values: dict[str, Any] = {"reason": change.reason, "changed": change.day}
        if change.state is not None:
            values["state"] = change.state.value
        connection.execute(
            pledge.update()
            .where(
                pledge.c.mandate == change.mandate,
                pledge.c.changed.is_(None) | (pledge.c.changed <= change.day),
                pledge.c.state != PledgeState.ENDED.value,
            )
            .values(**values)
        )
