"""Vouchers, gifts in kind and grant contracts: what is posted once by its reference and day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    Connection,
    select,
    tuple_,
)

from ledger.register.tables import assignment, document, grant, in_kind, stands, voucher, was_undone
from ledger.store import bulk_insert, slices


def find_vouchers(connection: Connection, kind: str, keys: Iterable[tuple[str, date]]) -> dict[tuple[str, date], str]:
    """The digests of vouchers already posted, by (reference, day)."""
    wanted = list(keys)
    found: dict[tuple[str, date], str] = {}
    for some in slices(wanted):
        query = select(voucher.c.reference, voucher.c.day, voucher.c.digest).where(
            voucher.c.kind == kind,
            tuple_(voucher.c.reference, voucher.c.day).in_(some),
            ~was_undone(voucher),
        )
        found.update({(row.reference, row.day): row.digest for row in connection.execute(query)})
    return found


def all_vouchers(connection: Connection, kind: str) -> dict[tuple[str, date], str]:
    """Every voucher of a kind already posted: (reference, day) -> digest."""
    query = select(voucher.c.reference, voucher.c.day, voucher.c.digest).where(
        voucher.c.kind == kind, ~was_undone(voucher)
    )
    return {(row.reference, row.day): row.digest for row in connection.execute(query)}


def voucher_contents(connection: Connection, kind: str, references: Iterable[str]) -> dict[str, str]:
    """The digests of vouchers already posted by a document that stands, by reference, whatever their day."""
    wanted = sorted(set(references))
    found: dict[str, str] = {}
    for some in slices(wanted):
        query = (
            select(voucher.c.reference, voucher.c.digest)
            .join(document, document.c.id == voucher.c.document_id)
            .where(voucher.c.kind == kind, voucher.c.reference.in_(some), stands)
        )
        found.update({row.reference: row.digest for row in connection.execute(query)})
    return found


def documents_of_vouchers(connection: Connection, kind: str, references: Iterable[str]) -> list[str]:
    """The documents that posted these vouchers and stand, in order."""
    wanted = sorted(set(references))
    found: dict[int, str] = {}
    for some in slices(wanted):
        query = (
            select(document.c.id, document.c.name)
            .join(voucher, voucher.c.document_id == document.c.id)
            .where(voucher.c.kind == kind, voucher.c.reference.in_(some), stands)
            .distinct()
        )
        found.update({row.id: row.name for row in connection.execute(query)})
    return [found[number] for number in sorted(found)]


def insert_vouchers(connection: Connection, kind: str, document_id: int, rows: Iterable[tuple[str, date, str]]) -> None:
    """Remember vouchers (reference, day, digest) as posted by a document."""
    bulk_insert(
        connection,
        voucher,
        ["kind", "reference", "day", "digest", "document_id"],
        [(kind, reference, day.isoformat(), digest, document_id) for reference, day, digest in rows],
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


def insert_in_kind(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what proves the value of gifts in kind."""
    if rows:
        connection.execute(in_kind.insert(), [dict(row) for row in rows])


def save_grants(connection: Connection, document_id: int, rows: Sequence[Mapping[str, str]]) -> None:
    """Write grant contracts, the newest content of each; unchanged ones are left alone."""
    known = {row.reference: row.content for row in connection.execute(select(grant.c.reference, grant.c.content))}
    for row in rows:
        if known.get(row["reference"]) == row["content"]:
            continue
        connection.execute(grant.delete().where(grant.c.reference == row["reference"]))
        connection.execute(grant.insert().values(**row, document_id=document_id))


def texts(connection: Connection) -> Iterator[tuple[str, str]]:
    """Every text that a person wrote into the register, with its place; organisations that fund grants are named."""
    for row in connection.execute(select(in_kind.c.reference, in_kind.c.description, in_kind.c.evidence)):
        yield f"gift in kind {row.reference}", f"{row.reference} {row.description} {row.evidence}"
    decided = select(assignment.c.document_id, assignment.c.position, assignment.c.reason)
    for document_id, position, reason in connection.execute(decided):
        yield f"assignment {document_id}/{position}", reason or ""
    for reference, content in connection.execute(select(grant.c.reference, grant.c.content)):
        yield f"grant {reference}", content
