"""The register of receipts: numbers 1..N per calendar year, the gifts each covers, and the versions with their hash.

Only keys and cents stand here; what was printed (the frozen identity) lies encrypted in the vault under the same
(year, number, version). A number is never reused and a version never changes: a new one is added.
"""

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    cast,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from ledger.money import to_decimal
from ledger.register.stand import numbers_set_aside, set_aside
from ledger.register.tables import gift, metadata
from ledger.store import bulk_insert, plain_rows
from ledger.words import _, many

receipt = Table(
    "receipt",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("donor", String, nullable=False),
    Column("cents", Integer, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("state", String, nullable=False),
    Column("crc", Integer, nullable=False),
    CheckConstraint("number >= 1", name="receipt_from_one"),
    CheckConstraint("cents > 0", name="receipt_positive"),
    sqlite_with_rowid=False,
)


Index("receipt_donor", receipt.c.donor, receipt.c.year)


receipt_gift = Table(
    "receipt_gift",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("gift_id", Integer, primary_key=True),
    ForeignKeyConstraint(["year", "number"], ["receipt.year", "receipt.number"]),
    sqlite_with_rowid=False,
)


receipt_version = Table(
    "receipt_version",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("issued_on", Date, nullable=False),
    Column("sheet_digest", String, nullable=False),
    Column("pdf_digest", String),
    Column("pdf_bytes", Integer),
    ForeignKeyConstraint(["year", "number"], ["receipt.year", "receipt.number"]),
    sqlite_with_rowid=False,
)


# What was printed on a receipt, as a seal has it: a digest with a salt that lies in the vault, beside the frozen sheet.
receipt_identity = Table(
    "receipt_identity",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", String, nullable=False),
    ForeignKeyConstraint(
        ["year", "number", "version"], ["receipt_version.year", "receipt_version.number", "receipt_version.version"]
    ),
    sqlite_with_rowid=False,
)


# A receipt made again where typesetter or fonts are others now: a duplicate marked as one, with a hash of its own.
receipt_duplicate = Table(
    "receipt_duplicate",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("pdf_digest", String, primary_key=True),
    Column("pdf_bytes", Integer, nullable=False),
    Column("typst", String, nullable=False),
    Column("fonts", String, nullable=False),
    Column("made_at", String, nullable=False),
    ForeignKeyConstraint(
        ["year", "number", "version"], ["receipt_version.year", "receipt_version.number", "receipt_version.version"]
    ),
    sqlite_with_rowid=False,
)


class State(StrEnum):
    """The life of a receipt in the register; sending and reporting have records of their own."""

    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A receipt about to be issued: the donor's gifts of the year, reversals included, add up to `cents`."""

    donor: str
    cents: int
    gift_ids: tuple[int, ...]
    sheet_digest: str


class ReceiptRow(NamedTuple):
    """A receipt with its newest version."""

    year: int
    number: int
    donor: str
    cents: int
    issued_on: date
    state: str
    version: int
    sheet_digest: str
    pdf_digest: str | None
    pdf_bytes: int | None


def last_number(connection: Connection, year: int) -> int:
    """Return the highest number of the year that was given, 0 where none was."""
    elsewhere = select(func.max(set_aside.c.number)).where(set_aside.c.year == year)
    return max(last_issued(connection, year), int(connection.execute(elsewhere).scalar_one() or 0))


def last_issued(connection: Connection, year: int) -> int:
    """Return the highest number of the year that was issued here; asks tables only that every version has."""
    # Versions too: the number of a receipt that was deleted by hand is not given again.
    queries = (select(func.max(table.c.number)).where(table.c.year == year) for table in (receipt, receipt_version))
    return max(int(connection.execute(query).scalar_one() or 0) for query in queries)


def sheet_digests(connection: Connection, year: int, first: int, last: int) -> list[str]:
    """Return the digests of what the receipts of a range printed when they were issued, in the order of numbers."""
    query = select(receipt_version.c.sheet_digest).where(
        receipt_version.c.year == year, receipt_version.c.version == 1, receipt_version.c.number.between(first, last)
    )
    return list(connection.execute(query.order_by(receipt_version.c.number)).scalars())


def insert_receipts(connection: Connection, year: int, first: int, issued_on: date, rows: Sequence[NewReceipt]) -> None:
    """Give `rows` the numbers first, first + 1, ... in the caller's transaction."""
    day = issued_on.isoformat()
    receipts: list[tuple[Any, ...]] = []
    gifts: list[tuple[int, int, int]] = []
    versions: list[tuple[Any, ...]] = []
    for number, row in enumerate(rows, start=first):
        crc = _crc(year, number, row.donor, row.cents, day, State.ISSUED)
        receipts.append((year, number, row.donor, row.cents, day, State.ISSUED.value, crc))
        versions.append((year, number, 1, day, row.sheet_digest, None, None))
        gifts.extend((year, number, gift_id) for gift_id in sorted(row.gift_ids))
    bulk_insert(connection, receipt, [column.name for column in receipt.columns], receipts)
    bulk_insert(connection, receipt_gift, [column.name for column in receipt_gift.columns], gifts)
    bulk_insert(connection, receipt_version, [column.name for column in receipt_version.columns], versions)


def _crc(*row: object) -> int:
    """Return the checksum of year, number, donor, cents, day of issue and state."""
    return zlib.crc32("|".join(map(str, row)).encode())


def receipts_of(connection: Connection, year: int) -> list[ReceiptRow]:
    """Return the receipts of a year in the order of their numbers, each with its newest version."""
    newest = (
        select(receipt_version.c.number, func.max(receipt_version.c.version).label("version"))
        .where(receipt_version.c.year == year)
        .group_by(receipt_version.c.number)
        .subquery()
    )
    query = (
        select(
            receipt.c.year,
            receipt.c.number,
            receipt.c.donor,
            receipt.c.cents,
            receipt.c.issued_on,
            receipt.c.state,
            receipt_version.c.version,
            receipt_version.c.sheet_digest,
            receipt_version.c.pdf_digest,
            receipt_version.c.pdf_bytes,
        )
        .join(newest, newest.c.number == receipt.c.number)
        .join(
            receipt_version,
            (receipt_version.c.year == receipt.c.year)
            & (receipt_version.c.number == receipt.c.number)
            & (receipt_version.c.version == newest.c.version),
        )
        .where(receipt.c.year == year)
        .order_by(receipt.c.number)
    )
    return [ReceiptRow._make(row) for row in connection.execute(query)]


class NumberedReceipt(NamedTuple):
    """A receipt as it stands, with its newest version and without its digests: a year has tens of thousands."""

    number: int
    donor: str
    cents: int
    state: str
    version: int


def numbered_receipts(connection: Connection, year: int) -> Iterator[NumberedReceipt]:
    """Yield the receipts of a year in the order of their numbers."""
    same = (receipt_version.c.year == receipt.c.year) & (receipt_version.c.number == receipt.c.number)
    query = (
        select(*(receipt.c[name] for name in NumberedReceipt._fields[:-1]), func.max(receipt_version.c.version))
        .join(receipt_version, same)
        .where(receipt.c.year == year)
        .group_by(receipt.c.year, receipt.c.number)
        .order_by(receipt.c.number)
    )
    return map(NumberedReceipt._make, plain_rows(connection, query))


def numbers_issued(connection: Connection, year: int) -> set[int]:
    """Return the numbers of the receipts of a year, valid or not."""
    return set(connection.execute(select(receipt.c.number).where(receipt.c.year == year)).scalars())


def years_issued(connection: Connection) -> list[int]:
    """Return the calendar years that have receipts."""
    return list(connection.execute(select(receipt.c.year).distinct().order_by(receipt.c.year)).scalars())


class Held(NamedTuple):
    """A valid receipt of a donor."""

    year: int
    number: int


def receipts_held(connection: Connection, donor: str) -> list[Held]:
    """Return the valid receipts issued to a donor key, by year."""
    query = select(receipt.c.year, receipt.c.number).where(
        receipt.c.donor == donor, receipt.c.state == State.ISSUED.value
    )
    return [Held(*row) for row in connection.execute(query.order_by(receipt.c.year, receipt.c.number))]


def receipts_with_gifts_of(connection: Connection, holder: str, donor: str) -> list[Held]:
    """Return the valid receipts of a donor key on which gifts of another key stand."""
    query = (
        select(receipt.c.year, receipt.c.number)
        .join(receipt_gift, (receipt.c.year == receipt_gift.c.year) & (receipt.c.number == receipt_gift.c.number))
        .join(gift, gift.c.id == receipt_gift.c.gift_id)
        .where(receipt.c.donor == holder, receipt.c.state == State.ISSUED.value, gift.c.donor == donor)
        .distinct()
    )
    return [Held(*row) for row in connection.execute(query.order_by(receipt.c.year, receipt.c.number))]


def covered_gifts(connection: Connection, year: int) -> dict[int, int]:
    """Return the gifts that stand on a valid receipt of a year: gift id -> receipt number."""
    query = (
        select(receipt_gift.c.gift_id, receipt_gift.c.number)
        .join(receipt, (receipt.c.year == receipt_gift.c.year) & (receipt.c.number == receipt_gift.c.number))
        .where(receipt_gift.c.year == year, receipt.c.state == State.ISSUED.value)
    )
    return dict(plain_rows(connection, query))


def gifts_taken_back(connection: Connection, year: int) -> list[tuple[int, int, str]]:
    """Return the gifts on valid receipts of a year that something reversed, with the number and the donor of each."""
    back = gift.alias("back")
    query = (
        select(receipt_gift.c.gift_id, receipt.c.number, receipt.c.donor)
        .join(receipt, (receipt.c.year == receipt_gift.c.year) & (receipt.c.number == receipt_gift.c.number))
        .join(back, back.c.reverses == receipt_gift.c.gift_id)
        .where(receipt_gift.c.year == year, receipt.c.state == State.ISSUED.value)
        .order_by(receipt_gift.c.gift_id)
    )
    return [(int(row.gift_id), int(row.number), row.donor) for row in connection.execute(query)]


def record_documents(connection: Connection, year: int, rows: Iterable[tuple[int, int, str, int]]) -> None:
    """Write down the hash and size of rendered PDFs: (number, version, sha256, bytes); only where none stands yet."""
    values = [{"n": number, "v": version, "digest": digest, "bytes": size} for number, version, digest, size in rows]
    if values:
        connection.execute(
            update(receipt_version)
            .where(
                receipt_version.c.year == year,
                receipt_version.c.number == bindparam("n"),
                receipt_version.c.version == bindparam("v"),
                receipt_version.c.pdf_digest.is_(None),
            )
            .values(pdf_digest=bindparam("digest"), pdf_bytes=bindparam("bytes")),
            values,
        )


class Duplicate(NamedTuple):
    """A receipt made again by another typesetter: which, the hash and size of its PDF, by what and when."""

    year: int
    number: int
    version: int
    pdf_digest: str
    pdf_bytes: int
    typst: str
    fonts: str
    made_at: str


def record_duplicates(connection: Connection, rows: Iterable[Duplicate]) -> None:
    """Write down duplicates; one that is known already stays as it is."""
    for row in rows:
        known = select(receipt_duplicate.c.number).where(
            receipt_duplicate.c.year == row.year,
            receipt_duplicate.c.number == row.number,
            receipt_duplicate.c.version == row.version,
            receipt_duplicate.c.pdf_digest == row.pdf_digest,
        )
        if connection.execute(known).first() is None:
            connection.execute(insert(receipt_duplicate).values(**row._asdict()))


def duplicates_of(connection: Connection, year: int) -> dict[tuple[int, int], set[str]]:
    """Return the hashes of the duplicates of a year by number and version."""
    found: dict[tuple[int, int], set[str]] = {}
    columns = (receipt_duplicate.c.number, receipt_duplicate.c.version, receipt_duplicate.c.pdf_digest)
    for number, version, digest in connection.execute(select(*columns).where(receipt_duplicate.c.year == year)):
        found.setdefault((number, version), set()).add(digest)
    return found


class ReceiptFault(NamedTuple):
    """A receipt that is not what was issued, or a gap in the numbers."""

    year: int
    number: int
    problem: str


def faults(connection: Connection) -> list[ReceiptFault]:
    """Numbers that are not 1..N, rows changed by hand, receipts whose gifts do not add up, gifts on two receipts."""
    found: list[ReceiptFault] = []
    sums = _sums_of_gifts(connection)
    first_versions = select(receipt_version.c.year, receipt_version.c.number).where(receipt_version.c.version == 1)
    versions = set(plain_rows(connection, first_versions))
    last: dict[int, int] = {}
    elsewhere = {(one.year, one.number) for one in numbers_set_aside(connection)}
    stored = select(
        receipt.c.year,
        receipt.c.number,
        receipt.c.donor,
        receipt.c.cents,
        type_coerce(receipt.c.issued_on, String),  # as it stands there: what was changed by hand need not be a date
        receipt.c.state,
        receipt.c.crc,
    ).order_by(receipt.c.year, receipt.c.number)
    for year, number, donor, cents, day, state, crc in plain_rows(connection, stored):
        problems = [
            *_missing_before(year, number, last.get(year, 0), elsewhere),
            *([_("the row was changed after issue")] if crc != _crc(year, number, donor, cents, day, state) else []),
            *_unlike_its_gifts(cents, sums.pop((year, number), 0)),
            *([_("its first version was deleted")] if (year, number) not in versions else []),
        ]
        found += [ReceiptFault(year, number, problem) for problem in problems]
        last[year] = number
        versions.discard((year, number))
    # The last number of a year leaves no gap: what belonged to it is left over.
    found += [
        ReceiptFault(year, number, _("it was deleted"))
        for year, number in sorted(versions | sums.keys())
        if number > last.get(year, 0)
    ]
    return found + _on_two_receipts(connection)


def _sums_of_gifts(connection: Connection) -> dict[tuple[int, int], int]:
    """Return the cents of the gifts on each receipt, by year and number."""
    query = (
        select(receipt_gift.c.year, receipt_gift.c.number, cast(func.sum(gift.c.cents), Integer))
        .join(gift, gift.c.id == receipt_gift.c.gift_id)
        .group_by(receipt_gift.c.year, receipt_gift.c.number)
    )
    return {(year, number): cents for year, number, cents in plain_rows(connection, query)}


def _missing_before(year: int, number: int, last: int, elsewhere: Collection[tuple[int, int]]) -> Iterator[str]:
    """Say which numbers are missing between the last one and this; those set aside were given elsewhere."""
    missing = [one for one in range(last + 1, number) if (year, one) not in elsewhere]
    if missing:
        yield many(
            "number {first} is missing before it", "numbers {first} to {last} are missing before it", len(missing)
        ).format(first=missing[0], last=missing[-1])


def _unlike_its_gifts(cents: Any, total: int) -> Iterator[str]:
    """Say that a receipt is not for the sum of its gifts; what was changed by hand need not be a number."""
    if total != cents:
        said = to_decimal(cents) if isinstance(cents, int) else cents
        yield _("says {said} EUR, its gifts are {amount} EUR").format(said=said, amount=to_decimal(total))


def _on_two_receipts(connection: Connection) -> list[ReceiptFault]:
    valid = (
        (receipt.c.year == receipt_gift.c.year)
        & (receipt.c.number == receipt_gift.c.number)
        & (receipt.c.state == State.ISSUED.value)
    )
    shared = (
        select(receipt_gift.c.gift_id).join(receipt, valid).group_by(receipt_gift.c.gift_id).having(func.count() > 1)
    )
    query = (
        select(receipt_gift.c.gift_id, receipt_gift.c.year, receipt_gift.c.number)
        .join(receipt, valid)
        .where(receipt_gift.c.gift_id.in_(shared))
        .order_by(receipt_gift.c.gift_id, receipt_gift.c.year, receipt_gift.c.number)
    )
    found = []
    before: dict[int, str] = {}
    for gift_id, year, number in connection.execute(query):
        if gift_id in before:
            found.append(
                ReceiptFault(
                    year,
                    number,
                    _("gift {gift_id} stands on receipt {before} too").format(gift_id=gift_id, before=before[gift_id]),
                )
            )
        before[gift_id] = f"{year}/{number:06d}"
    return found
