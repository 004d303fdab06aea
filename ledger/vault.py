"""The vault: the only place with names, addresses, IBANs, mandates and national numbers.

Everything else knows a donor by key. National numbers, and the identities frozen on receipts, are encrypted (AES-GCM)
with a key that lies outside the books; the rest of a donor's record is plain, in a file of its own that can be guarded,
moved to a server, or emptied when retention ends, without touching the books.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    Connection,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    select,
)

from ledger.collections import Pledge, PledgeState
from ledger.errors import OboleError
from ledger.journal import sync_folder
from ledger.store import bulk_insert, slices

metadata = MetaData()

donor = Table(
    "donor",
    metadata,
    Column("key", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("last_name", String, nullable=False),
    Column("first_name", String, nullable=False),
    Column("street", String, nullable=False),
    Column("postcode", String, nullable=False),
    Column("municipality", String, nullable=False),
    Column("country", String, nullable=False),
    Column("language", String, nullable=False),
    Column("email", String, nullable=False),
    Column("delivery", String, nullable=False),
    Column("national_number", LargeBinary),
    Column("national_mark", String),
    Column("enterprise_number", String),
    Column("consent", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("since", Date),
    Column("merged_into", String),
)
Index("donor_national_mark", donor.c.national_mark)

donor_iban = Table(
    "donor_iban",
    metadata,
    Column("iban", String, primary_key=True),
    Column("donor", String, primary_key=True),
    sqlite_with_rowid=False,
)

# What decisions at the desk taught, each with the line it was decided on (`coda-current-2025-073:7`): a donor register
# read again does not know of it, and a decision undone takes it away.
learnt_iban = Table(
    "learnt_iban",
    metadata,
    Column("iban", String, primary_key=True),
    Column("donor", String, primary_key=True),
    Column("line", String, primary_key=True),
    sqlite_with_rowid=False,
)

mandate = Table(
    "mandate",
    metadata,
    Column("reference", String, primary_key=True),
    Column("donor", String, nullable=False),
    sqlite_with_rowid=False,
)
Index("mandate_donor", mandate.c.donor)

communication = Table(
    "communication",
    metadata,
    Column("ogm", String, primary_key=True),
    Column("donor", String, nullable=False),
    Column("campaign", String),
    sqlite_with_rowid=False,
)
Index("communication_donor", communication.c.donor)

counterparty = Table(
    "counterparty",
    metadata,
    Column("document", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("account", String, nullable=False),
    Column("communication", Text, nullable=False),
    sqlite_with_rowid=False,
)

pledge = Table(
    "pledge",
    metadata,
    Column("mandate", String, primary_key=True),
    Column("iban", String, nullable=False),
    Column("holder", String, nullable=False),
    Column("signed", Date, nullable=False),
    Column("cents", Integer, nullable=False),
    Column("months", Integer, nullable=False),
    Column("first_due", Date, nullable=False),
    Column("last_due", Date),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("changed", Date),
    sqlite_with_rowid=False,
)

frozen_sheet = Table(
    "frozen_sheet",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sheet", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

_NONCE_BYTES = 12  # AES-GCM, NIST SP 800-38D section 8.2
KEY_BYTES = 32


class KeyMissing(OboleError):
    """The key of the vault is not where it should be, or is not the right one."""


class KeyInBooks(OboleError):
    """A key folder inside the books: whoever copies the books would have the key."""


class LinkTaken(OboleError):
    """A mandate or a structured communication that is another donor's already."""


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


class Counterparty(NamedTuple):
    """Who a bank line on the suspense account came from, for the person who assigns it."""

    document: str
    position: int
    name: str
    account: str
    communication: str


def keys_folder() -> Path:
    """Where key files lie: OBOLE_KEYS, else the user's configuration folder. Never inside the books."""
    given = os.environ.get("OBOLE_KEYS")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "obole" / "keys"


def create_key(name: str, books: Path | None = None) -> Path:
    """Make a key file that only this user can read, or keep the one there is; KeyInBooks where it would lie in them."""
    folder = keys_folder()
    if books is not None and folder.resolve().is_relative_to(books.resolve()):
        raise KeyInBooks(
            f"the key folder lies inside the books {books.name}; point OBOLE_KEYS at a folder outside them."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}.key"
    if path.exists():
        return path
    # Whole or not at all: half a key would be kept for ever.
    temporary = folder / f".{name}.{secrets.token_hex(4)}.new"
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write(secrets.token_hex(KEY_BYTES) + "\n")
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(temporary)  # unlike a rename, never replaces a key
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)
    return path


class Sealer:
    """Encrypts and decrypts small texts with the key of the vault; `context` binds a text to the row it stands in."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._mark_key = hashlib.sha256(b"mark" + key).digest()

    @classmethod
    def open(cls, name: str) -> "Sealer":
        """The sealer of the key file `name`; KeyMissing where there is none."""
        path = keys_folder() / f"{name}.key"
        try:
            key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except (FileNotFoundError, PermissionError):
            raise KeyMissing(
                f"the key {name}.key of this vault is not in the key folder; restore it from your backup, "
                "or point OBOLE_KEYS at the folder that holds it."
            ) from None
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyMissing(f"{name}.key is not a key of {KEY_BYTES} bytes; restore it from your backup.")
        return cls(key)

    def seal(self, plain: str, context: str) -> bytes:
        """Encrypt; the same text gives another result each time."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain.encode(), context.encode())

    def open_sealed(self, sealed: bytes, context: str) -> str:
        """Decrypt; KeyMissing where key or context are not those it was sealed with."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode()).decode()
        except (InvalidTag, ValueError):  # ValueError: too short to have been sealed
            raise KeyMissing(
                f"{context}: cannot be decrypted with this key; restore the key the vault was made with."
            ) from None

    def mark(self, text: str) -> str:
        """A keyed fingerprint, to find the same number twice without decrypting."""
        return hmac.new(self._mark_key, text.encode(), hashlib.sha256).hexdigest()[:32]


_FEW = 500  # so many keys are looked up one by one, more are picked out of all
_DONOR_COLUMNS = [column.name for column in donor.columns]


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
    mandates = _owners(connection, mandate.c.reference, ((one, row.key) for row in donors for one in row.mandates))
    communications = _owners(
        connection, communication.c.ogm, ((one, row.key) for row in donors for one in row.communications)
    )
    rows = [
        replace(row, merged_into=row.merged_into or merged.get(row.key)) if row.key in merged else row for row in donors
    ]
    bulk_insert(connection, donor, _DONOR_COLUMNS, [_donor_values(sealer, row) for row in rows])
    bulk_insert(connection, donor_iban, ["iban", "donor"], [(iban, row.key) for row in donors for iban in row.ibans])
    bulk_insert(connection, mandate, ["reference", "donor"], list(mandates.items()))
    bulk_insert(connection, communication, ["ogm", "donor"], list(communications.items()))


def _owners(connection: Connection, column: Column[str], links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Link -> donor key of new links; LinkTaken where one has another owner, among the new or in the vault."""
    owners: dict[str, str] = {}
    for value, key in links:
        if owners.setdefault(value, key) != key:
            _taken(column, key, owners[value])
    for some in slices(list(owners)):
        for value, owner in connection.execute(select(column, column.table.c.donor).where(column.in_(some))):
            _taken(column, owners[value], owner)
    return owners


def _taken(column: Column[str], key: str, owner: str) -> NoReturn:
    raise LinkTaken(
        f"donor {key}: a {column.table.name} of theirs is kept with donor {owner}; leave it with one of them."
    )


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
    query = select(donor).order_by(donor.c.key)
    wanted = None if keys is None else set(keys)
    if wanted is not None and len(wanted) <= _FEW:
        query = query.where(donor.c.key.in_(wanted))
    for row in connection.execution_options(yield_per=5000).execute(query):
        if wanted is not None and row.key not in wanted:
            continue
        number = None
        if row.national_number is not None and sealer is not None:
            number = sealer.open_sealed(row.national_number, f"donor {row.key}")
        yield Donor(
            key=row.key,
            kind=row.kind,
            last_name=row.last_name,
            first_name=row.first_name,
            street=row.street,
            postcode=row.postcode,
            municipality=row.municipality,
            country=row.country,
            language=row.language,
            email=row.email,
            delivery=row.delivery,
            national_number=number,
            enterprise_number=row.enterprise_number,
            consent=row.consent,
            origin=row.origin,
            since=row.since,
            merged_into=row.merged_into,
        )


def merged_keys(connection: Connection) -> set[str]:
    """The keys that merging involves: those merged and those they went into."""
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


def owners_of_numbers(connection: Connection) -> dict[str, str]:
    """Whose each national number is: its keyed fingerprint -> donor key, merged donors left out."""
    query = select(donor.c.national_mark, donor.c.key).where(
        donor.c.national_mark.is_not(None), donor.c.merged_into.is_(None)
    )
    return {row.national_mark: row.key for row in connection.execute(query)}


def with_links(connection: Connection, row: Donor) -> Donor:
    """The donor with its IBANs, mandates and communications."""
    return replace(
        row,
        ibans=tuple(connection.execute(select(donor_iban.c.iban).where(donor_iban.c.donor == row.key)).scalars()),
        mandates=tuple(connection.execute(select(mandate.c.reference).where(mandate.c.donor == row.key)).scalars()),
        communications=tuple(
            connection.execute(select(communication.c.ogm).where(communication.c.donor == row.key)).scalars()
        ),
    )


# Whose each account is, by the donor register or by a decision.
_ACCOUNTS = select(donor_iban.c.iban, donor_iban.c.donor).union(select(learnt_iban.c.iban, learnt_iban.c.donor))


@dataclass(frozen=True, slots=True)
class Links:
    """What leads to a donor: OGM, mandate, IBAN. An IBAN of several donors leads to None: a person decides."""

    communications: Mapping[str, tuple[str, str | None]]
    mandates: Mapping[str, str]
    ibans: Mapping[str, str | None]


def load_links(connection: Connection) -> Links:
    """All links, with merged donors followed to the one that remains."""
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


def pledges(connection: Connection) -> list[Pledge]:
    """What each mandate is for, with its donor where the mandate still has one; by mandate."""
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
                _taken(mandate.c.reference, key, owner)
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


def pledged(connection: Connection, mandates: Iterable[str]) -> set[str]:
    """Those of these mandates that have a pledge."""
    wanted = sorted(set(mandates))
    found: set[str] = set()
    for some in slices(wanted):
        found.update(connection.execute(select(pledge.c.mandate).where(pledge.c.mandate.in_(some))).scalars())
    return found


class PledgeChange(NamedTuple):
    """What a failed collection does to a pledge: the reason is kept, the state is None where it stays."""

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


def load_emails(connection: Connection) -> dict[str, str | None]:
    """Whose each e-mail address is, in lower case; None where several donors have it: a person decides."""
    owners: dict[str, str | None] = {}
    query = select(donor.c.email, donor.c.key).where(donor.c.email != "", donor.c.merged_into.is_(None))
    for email, key in connection.execute(query).all():
        address = email.strip().casefold()
        owners[address] = key if owners.get(address, key) == key else None
    return owners


def save_counterparties(connection: Connection, rows: Iterable[Counterparty]) -> None:
    """Keep who stands behind open bank lines; replaces what an undone import left for the same document."""
    kept = list(rows)
    for name in sorted({row.document for row in kept}):
        connection.execute(delete(counterparty).where(counterparty.c.document == name))
    bulk_insert(
        connection, counterparty, [column.name for column in counterparty.columns], [tuple(row) for row in kept]
    )


def owners_of_ibans(connection: Connection) -> dict[str, set[str]]:
    """The donors of each account that somebody is known to pay from."""
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


def counterparties(connection: Connection) -> dict[tuple[str, int], Counterparty]:
    """The counterparties of bank lines by (document, position)."""
    return {(row.document, row.position): Counterparty(*row) for row in connection.execute(select(counterparty))}


def freeze_sheets(connection: Connection, sealer: Sealer, rows: Iterable[tuple[int, int, int, str]]) -> None:
    """Keep what is printed on receipts: (year, number, version, canonical JSON), encrypted."""
    values = [
        (year, number, version, sealer.seal(sheet, f"receipt {year}/{number}/{version}"))
        for year, number, version, sheet in rows
    ]
    bulk_insert(connection, frozen_sheet, [column.name for column in frozen_sheet.columns], values)


def frozen_sheets(connection: Connection, sealer: Sealer, year: int) -> Iterator[tuple[int, int, str]]:
    """What is printed on the receipts of a year: (number, version, canonical JSON), by number."""
    query = (
        select(frozen_sheet).where(frozen_sheet.c.year == year).order_by(frozen_sheet.c.number, frozen_sheet.c.version)
    )
    for row in connection.execution_options(yield_per=2000).execute(query):
        yield row.number, row.version, sealer.open_sealed(row.sheet, f"receipt {row.year}/{row.number}/{row.version}")


def drop_sheets_after(connection: Connection, year: int, number: int) -> int:
    """Forget sheets of receipts that were never issued (their numbering did not commit); how many."""
    result = connection.execute(delete(frozen_sheet).where(frozen_sheet.c.year == year, frozen_sheet.c.number > number))
    return int(result.rowcount)


def sheet_years(connection: Connection) -> list[int]:
    """The years that have frozen sheets."""
    return list(connection.execute(select(frozen_sheet.c.year).distinct()).scalars())
