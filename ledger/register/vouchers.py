"""Vouchers, gifts in kind and grant contracts: what is posted once by its reference and day."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    select,
    tuple_,
)

from ledger.dimensions import Dimension, LineKeys
from ledger.parties import keys_of_grant
from ledger.register.tables import assignment, document, grant, in_kind, stands, voucher, was_undone
from ledger.store import bulk_insert, slices
from ledger.words import _


class VoucherKey(NamedTuple):
    """By what a part of a file is known: its reference and day."""

    reference: str
    day: date


class Voucher(NamedTuple):
    """A part of a file that is posted once: `digest` is that of its content."""

    reference: str
    day: date
    digest: str

    @property
    def key(self) -> VoucherKey:
        """By what it is known."""
        return VoucherKey(self.reference, self.day)


class InKindDetail(NamedTuple):
    """The proof of the value of a gift in kind; `position` is its row, `quantity` a number as text."""

    reference: str
    position: int
    category: str
    description: str
    quantity: str | None
    unit_cents: int | None
    cents: int
    valuation: str
    valued_on: date | None
    evidence: str
    account: str
    project: str | None
    department: str | None = None


class GrantContract(NamedTuple):
    """The contract of a grant; `content` is all of it as JSON."""

    reference: str
    funder: str
    funder_kind: str
    contract: str
    content: str


def find_vouchers(connection: Connection, kind: str, keys: Iterable[VoucherKey]) -> dict[VoucherKey, str]:
    """Return the digests of those of these vouchers that are posted, by key."""
    wanted = list(keys)
    found: dict[VoucherKey, str] = {}
    for some in slices(wanted):
        query = select(voucher.c.reference, voucher.c.day, voucher.c.digest).where(
            voucher.c.kind == kind,
            tuple_(voucher.c.reference, voucher.c.day).in_(some),
            ~was_undone(voucher),
        )
        found.update({VoucherKey(row.reference, row.day): row.digest for row in connection.execute(query)})
    return found


def vouchers_with(connection: Connection, kind: str, digests: Iterable[str]) -> list[Voucher]:
    """Return the posted vouchers of a kind that have one of these contents, by day."""
    found: list[Voucher] = []
    for some in slices(sorted(set(digests))):
        query = select(voucher.c.reference, voucher.c.day, voucher.c.digest).where(
            voucher.c.kind == kind, voucher.c.digest.in_(some), ~was_undone(voucher)
        )
        found += [Voucher(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (one.day, one.reference))


def all_vouchers(connection: Connection, kind: str) -> dict[VoucherKey, str]:
    """Return the digest of every voucher of a kind that is posted, by key."""
    query = select(voucher.c.reference, voucher.c.day, voucher.c.digest).where(
        voucher.c.kind == kind, ~was_undone(voucher)
    )
    return {VoucherKey(row.reference, row.day): row.digest for row in connection.execute(query)}


def voucher_contents(connection: Connection, kind: str, references: Iterable[str]) -> dict[str, str]:
    """Return the digests of vouchers already posted by a document that stands, by reference, whatever their day."""
    wanted = sorted(set(references))
    found: dict[str, str] = {}
    for some in slices(wanted):
        query = (
            select(voucher.c.reference, voucher.c.digest)
            .join(document, document.c.id == voucher.c.document_id)
            .where(voucher.c.kind == kind, voucher.c.reference.in_(some), stands, ~was_undone(voucher))
        )
        found.update({row.reference: row.digest for row in connection.execute(query)})
    return found


def documents_of_vouchers(connection: Connection, kind: str, references: Iterable[str]) -> list[str]:
    """Return the documents that posted these vouchers and stand, in order."""
    wanted = sorted(set(references))
    found: dict[int, str] = {}
    for some in slices(wanted):
        query = (
            select(document.c.id, document.c.name)
            .join(voucher, voucher.c.document_id == document.c.id)
            .where(voucher.c.kind == kind, voucher.c.reference.in_(some), stands, ~was_undone(voucher))
            .distinct()
        )
        found.update({row.id: row.name for row in connection.execute(query)})
    return [found[number] for number in sorted(found)]


class PlacedVoucher(NamedTuple):
    """A voucher of a document that stands there, and its line where it has one; `kind` is that of the document."""

    kind: str
    reference: str
    day: date
    position: int | None


def vouchers_standing(connection: Connection, document_id: int) -> list[PlacedVoucher]:
    """Return the vouchers of a document that were not undone, in their order, each with its line where it has one."""
    own = in_kind.c.document_id == document_id
    rows = connection.execute(select(in_kind.c.reference, in_kind.c.position).where(own))
    places = {row.reference: int(row.position) for row in rows}
    query = select(voucher.c.kind, voucher.c.reference, voucher.c.day).where(
        voucher.c.document_id == document_id, ~was_undone(voucher)
    )
    found = connection.execute(query.order_by(voucher.c.reference, voucher.c.day))
    return [PlacedVoucher(*row, places.get(row.reference)) for row in found]


def vouchers_named(connection: Connection, kind: str, reference: str) -> list[tuple[str, date]]:
    """Return the documents that hold a voucher of this reference which stands, each with its day, in order."""
    query = (
        select(document.c.name, voucher.c.day)
        .join(document, document.c.id == voucher.c.document_id)
        .where(voucher.c.kind == kind, voucher.c.reference == reference, ~was_undone(voucher))
    )
    return [(row.name, row.day) for row in connection.execute(query.order_by(document.c.id))]


def has_vouchers(connection: Connection, document_id: int) -> bool:
    """Return whether a document posted parts of a file that a person keeps."""
    return (
        connection.execute(select(voucher.c.reference).where(voucher.c.document_id == document_id)).first() is not None
    )


def insert_vouchers(connection: Connection, kind: str, document_id: int, vouchers: Iterable[Voucher]) -> None:
    """Remember vouchers as posted by a document; the caller commits."""
    bulk_insert(
        connection,
        voucher,
        ["kind", "reference", "day", "digest", "document_id"],
        [(kind, one.reference, one.day.isoformat(), one.digest, document_id) for one in vouchers],
    )


def grant_contracts(connection: Connection) -> dict[str, str]:
    """Contract numbers and references of the grants (upper case, no spaces) -> grant reference."""
    contracts: dict[str, str] = {}
    for reference, contract in connection.execute(select(grant.c.reference, grant.c.contract)):
        for text in (contract, reference):
            compact = text.upper().replace(" ", "")
            if len(compact) >= 5:  # noqa: PLR2004 - a shorter one is found in communications by accident
                contracts[compact] = reference
    return contracts


def grant_keys(connection: Connection) -> dict[str, LineKeys]:
    """Return what the lines of each grant carry, by grant reference; grants whose lines carry nothing are left out."""
    found: dict[str, LineKeys] = {}
    for reference, funder, content in connection.execute(select(grant.c.reference, grant.c.funder, grant.c.content)):
        told = json.loads(content)
        keys = keys_of_grant(funder, *(told.get(dimension) for dimension in Dimension))
        if any(keys):
            found[reference] = keys
    return found


def insert_in_kind(connection: Connection, document_id: int, details: Sequence[InKindDetail]) -> None:
    """Keep what proves the value of the gifts in kind of a document; the caller commits."""
    if details:
        connection.execute(in_kind.insert(), [{"document_id": document_id, **one._asdict()} for one in details])


def save_grants(connection: Connection, document_id: int, contracts: Iterable[GrantContract]) -> None:
    """Write grant contracts, the newest content of each; unchanged ones are left alone."""
    known = {row.reference: row.content for row in connection.execute(select(grant.c.reference, grant.c.content))}
    for one in contracts:
        if known.get(one.reference) == one.content:
            continue
        connection.execute(grant.delete().where(grant.c.reference == one.reference))
        connection.execute(grant.insert().values(**one._asdict(), document_id=document_id))


def texts(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield each text that a person wrote into the register, with its place; funders of grants are named."""
    for row in connection.execute(select(in_kind.c.reference, in_kind.c.description, in_kind.c.evidence)):
        yield (
            _("gift in kind {reference}").format(reference=row.reference),
            f"{row.reference} {row.description} {row.evidence}",
        )
    decided = select(assignment.c.document_id, assignment.c.position, assignment.c.reason)
    for document_id, position, reason in connection.execute(decided):
        yield _("assignment {document_id}/{position}").format(document_id=document_id, position=position), reason or ""
    for reference, content in connection.execute(select(grant.c.reference, grant.c.content)):
        yield _("grant {reference}").format(reference=reference), content
