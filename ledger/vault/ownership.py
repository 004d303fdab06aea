"""Links that belong to another donor: refused, because a gift would get the wrong donor."""

from collections.abc import Iterable
from typing import NoReturn

from sqlalchemy import (
    Column,
    Connection,
    select,
)

from ledger.errors import OboleError
from ledger.store import slices
from ledger.words import _


class LinkTaken(OboleError):
    """A mandate or a structured communication that is another donor's already."""


def owners_of_links(connection: Connection, column: Column[str], links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Link -> donor key of new links; LinkTaken where one has another owner, among the new or in the vault."""
    owners: dict[str, str] = {}
    for value, key in links:
        if owners.setdefault(value, key) != key:
            refuse_taken(column, key, owners[value])
    for some in slices(list(owners)):
        for value, owner in connection.execute(select(column, column.table.c.donor).where(column.in_(some))):
            refuse_taken(column, owners[value], owner)
    return owners


def refuse_taken(column: Column[str], key: str, owner: str) -> NoReturn:
    """Raise LinkTaken: a link of donor `key` is kept with `owner`."""
    raise LinkTaken(
        _("donor {key}: a {name} of theirs is kept with donor {owner}; leave it with one of them.").format(
            key=key, name=column.table.name, owner=owner
        )
    )
