"""Taking in what is no bank file: donors into the vault; gifts in kind, grants, journals, assignments into the books.

Each handler refuses its file whole where it has a fault, posts only what is new of a file that overlaps an earlier one,
and refuses a row that was posted before with another content. One file makes one document per calendar year.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from importers import donors as donor_file
from importers import grants as grant_file
from importers import in_kind as in_kind_file
from importers import journal as journal_file
from importers.donors import DonorRow
from importers.tabular import RegisterFile
from ledger.chart import UnknownAccount
from ledger.errors import Fault, Severity, SourceRefused
from ledger.journal import Entry, Line
from ledger.posting import Booking
from ledger.recognition import Grant, GrantEntry, GrantEntryKind, grant_entries
from ledger.records import Channel, DocumentKind, Gift
from ledger.register.documents import DocumentRecord, documents_of, first_document, free_name
from ledger.register.suspense import insert_assignments
from ledger.register.vouchers import all_vouchers, find_vouchers, insert_in_kind, save_grants
from ledger.vault.donors import Donor, find_donors, save_donors, whole_donors
from ledger.vault.links import load_links, owners_of_numbers
from ledger.wording import word
from obole.books import Books, today
from obole.policy import grant_accounts
from obole.privacy import Watch


@dataclass(slots=True)
class Taken:
    """What a register or journal posted: document names, those known before, faults that refuse nothing, counts."""

    posted: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    cents: dict[str, int] = field(default_factory=dict)


def take_donors(books: Books, path: Path) -> Taken:
    """Donors into the vault: what the file has a column for replaces what the vault had, the rest stays.

    None is forgotten; a file that was taken in before and changes nothing posts nothing.
    """
    file = donor_file.read(path)
    refuse_file(path, file)
    with books.vault.connect() as connection:
        before = whole_donors(connection, books.sealer, (row.key for row in file.rows))
    refuse_where(path, [*_taken_links(books, file.rows), *_taken_numbers(books, file.rows)])
    rows = [_donor(row, before.get(row.key), file.columns, books.config.organisation.language) for row in file.rows]
    changed = [row for row in rows if before.get(row.key) != row]
    taken = Taken(faults=[*_warnings(file), *_emptied(rows, before)], counts={"donors": len(rows)})
    day = today()
    with books.posting() as posting:
        known = documents_of(posting.connection, file.digest)
        if not changed and known:
            return Taken(known=known, counts=taken.counts)
        record = DocumentRecord(
            name=free_name(posting.connection, f"donors-{day.year}-{file.digest[:8]}"),
            kind=DocumentKind.DONORS,
            file_digest=file.digest,
            digest=file.digest,
            first_day=day,
            last_day=day,
            summary={"counts": taken.counts},
        )
        # The vault first: after a kill between the two, taking the same rows again posts what is missing.
        with books.vault.begin() as identities:
            save_donors(identities, books.sealer, changed)
        posting.post(Booking(record))
    taken.posted.append(record.name)
    return taken


def _taken_links(books: Books, rows: Sequence[DonorRow]) -> list[Fault]:
    """Mandates and references of these rows that a donor outside this file has: each belongs to one donor."""
    named = {row.key for row in rows}
    with books.vault.connect() as connection:
        links = load_links(connection)
    faults = []
    for row in rows:
        for one in row.mandates:
            owner = links.mandates.get(one, row.key)
            if owner not in named:
                faults.append(Fault(f"column `mandates` holds a mandate of {owner}; keep it with one donor", row.row))
        for one in row.communications:
            owner = links.communications.get(one, (row.key, None))[0]
            if owner not in named:
                message = f"column `references` holds an OGM/VCS of {owner}; keep it with one donor"
                faults.append(Fault(message, row.row))
    return faults


def _taken_numbers(books: Books, rows: Sequence[DonorRow]) -> list[Fault]:
    """National numbers of these rows that a donor outside this file has."""
    named = {row.key for row in rows}
    with books.vault.connect() as connection:
        owners = owners_of_numbers(connection)
    faults = []
    for row in rows:
        owner = owners.get(books.sealer.mark(row.national_number)) if row.national_number else None
        if owner is not None and owner not in named:
            message = f"column `national_number` is that of {owner} too; correct it, or keep one of the two donors"
            faults.append(Fault(message, row.row))
    return faults


# Columns of the donor register whose field of a Donor has another name.
_FIELDS = {"donor": "key", "references": "communications"}
_TOLD_EMPTY = ("street", "postcode", "municipality", "email", "national_number", "ibans", "mandates", "communications")


def _donor(row: DonorRow, before: Donor | None, columns: frozenset[str], language: str) -> Donor:
    """The donor as the row says, and for columns the file does not have as the vault has them."""
    said = Donor(
        key=row.key,
        kind=row.kind.value,
        last_name=row.last_name,
        first_name=row.first_name,
        street=row.street,
        postcode=row.postcode,
        municipality=row.municipality,
        country=row.country,
        language=row.language or (before.language if before else language),
        email=row.email,
        delivery=row.delivery.value,
        national_number=row.national_number,
        enterprise_number=row.enterprise_number,
        consent=row.consent,
        origin=row.origin,
        since=row.since,
        ibans=tuple(sorted(row.ibans)),
        mandates=tuple(sorted(row.mandates)),
        communications=tuple(sorted(row.communications)),
    )
    if before is None:
        return said
    present = {_FIELDS.get(column, column) for column in columns}
    kept = {field.name: getattr(before, field.name) for field in fields(before) if field.name not in present}
    return replace(said, **kept)


def _emptied(rows: Sequence[Donor], before: Mapping[str, Donor]) -> list[Fault]:
    """One remark per field that an empty cell takes from donors who had it."""
    faults = []
    for name in _TOLD_EMPTY:
        lost = [
            row.key for row in rows if row.key in before and getattr(before[row.key], name) and not getattr(row, name)
        ]
        if lost:
            some = ", ".join(lost[:3]) + (" ..." if len(lost) > 3 else "")  # noqa: PLR2004 - a few to look at
            message = f"empty cells take the {name} from {len(lost)} donors that had it ({some})"
            faults.append(Fault(message, severity=Severity.WARNING))
    return faults


def take_journal(books: Books, path: Path) -> Taken:
    """The entries of a general journal; gift accounts are refused, because the register alone posts to them."""
    file = journal_file.read(path)
    refuse_file(path, file)
    control = set(books.config.gifts.control)
    watch = Watch(books)
    faults = []
    for entry in file.rows:
        faults += day_faults(books, entry.day, entry.lines[0].row)
        for line in entry.lines:
            faults += named(watch, line.row, line.text, entry.document)
            if line.account not in books.chart:
                faults.append(Fault(unknown_account(line.account), line.row))
            elif line.account in control:
                message = (
                    f"account {line.account} is kept by the register of gifts; enter the gift there, not in the journal"
                )
                faults.append(Fault(message, line.row))
            elif line.account == books.config.gifts.suspense:
                message = f"account {line.account} is kept by the list of open lines; assign one (`obole match`)"
                faults.append(Fault(message, line.row))
    refuse_where(path, faults)
    items = [
        Item(
            entry.document,
            entry.day,
            digest_of([(line.account, line.cents, line.text) for line in entry.lines]),
            entry.lines[0].row,
            entries=(_journal_entry(entry),),
        )
        for entry in file.rows
    ]
    return take_items(books, path, DocumentKind.JOURNAL, items, file)


def _journal_entry(entry: journal_file.JournalEntry) -> Entry:
    narration = next((line.text for line in entry.lines if line.text), entry.document)
    lines = tuple(
        Line(line.account, line.cents, {"text": line.text} if line.text and line.text != narration else {})
        for line in entry.lines
    )
    return Entry(entry.day, narration, lines, meta={"voucher": entry.document})


# Securities, stocks for the projects and fixed assets, or the charge they spare (annex 3; accounting-rules.md e).
_CHARGE_OR_ASSET = "2356"


def take_in_kind(books: Books, path: Path) -> Taken:
    """Gifts in kind: income with an equal charge or asset, each with what proves its value."""
    file = in_kind_file.read(path)
    refuse_file(path, file)
    if not books.config.in_kind.book:
        return Taken(
            faults=[Fault("obole.toml says [in_kind] book = false: nothing was posted", severity=Severity.WARNING)]
        )
    faults = []
    known = known_donors(books, {row.donor for row in file.rows if row.donor})
    watch = Watch(books)
    for row in file.rows:
        faults += day_faults(books, row.day, row.row)
        faults += named(watch, row.row, row.reference, row.description, row.evidence)
        if row.account not in books.chart:
            faults.append(Fault(unknown_account(row.account), row.row))
        elif row.account[0] not in _CHARGE_OR_ASSET:
            faults.append(Fault(f"account {row.account} is no charge or asset; write one of class 2, 3 or 6", row.row))
        if row.donor and row.donor not in known:
            faults.append(Fault(f"donor {row.donor} is not in the vault; import the donor register first", row.row))
    refuse_where(path, faults)
    language = books.config.organisation.language
    items = []
    for row in file.rows:
        gift = Gift(
            donor=row.donor,
            cents=row.cents,
            booked=row.day,
            counted=row.day.year,
            account=books.config.gifts.in_kind,
            position=row.row,
            batch=row.row,
            nature=row.category,
            channel=Channel.IN_KIND,
            fund=row.fund,
        )
        items.append(
            Item(
                row.reference,
                row.day,
                digest_of(
                    [row.donor, row.category, row.description, row.cents, row.valuation, row.evidence, row.account]
                ),
                row.row,
                gifts=(gift,),
                debits={row.row: row.account},
                batches={row.row: f"{word('gift-in-kind', language)} {row.reference}"},
                in_kind=(row,),
            )
        )
    return take_items(books, path, DocumentKind.IN_KIND, items, file)


def take_grants(books: Books, path: Path) -> Taken:
    """Grants: the contracts, and the entries that their recognition asks for up to today."""
    file = grant_file.read(path)
    refuse_file(path, file)
    accounts = grant_accounts(books.config)
    language = books.config.organisation.language
    now = today()
    items = []
    faults = []
    for grant in file.rows:
        counted: dict[tuple[str, date], int] = {}
        for entry in grant_entries(grant, accounts, now):
            faults += day_faults(books, entry.day, None)
            number = counted[entry.kind, entry.day] = counted.get((entry.kind, entry.day), 0) + 1
            items.append(
                Item(
                    f"{grant.reference}:{entry.kind}:{number}",
                    entry.day,
                    digest_of(list(entry.lines)),
                    None,
                    entries=(_grant_entry(entry, grant, language),),
                )
            )
    refuse_where(path, faults)
    return take_items(books, path, DocumentKind.GRANTS, items, file, grants=tuple(file.rows))


_NARRATIONS = {
    GrantEntryKind.INSTALMENT: "grant-instalment",
    GrantEntryKind.INCOME: "grant-income",
    GrantEntryKind.CATCH_UP: "grant-release",
    GrantEntryKind.RELEASE: "grant-release",
}


def _grant_entry(entry: GrantEntry, grant: Grant, language: str) -> Entry:
    return Entry(
        entry.day,
        f"{word(_NARRATIONS[entry.kind], language)} {grant.reference}",
        tuple(Line(code, cents) for code, cents in entry.lines),
        meta={"grant": grant.reference, **({"fund": grant.fund} if grant.fund else {})},
    )


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a file that is posted once, known by its reference and day."""

    reference: str
    day: date
    digest: str
    row: int | None
    entries: tuple[Entry, ...] = ()
    gifts: tuple[Gift, ...] = ()
    debits: Mapping[int, str] = field(default_factory=dict)
    batches: Mapping[int, str] = field(default_factory=dict)
    in_kind: tuple[in_kind_file.InKindRow, ...] = ()
    assignment: tuple[Any, ...] | None = None


def take_items(
    books: Books,
    path: Path,
    kind: DocumentKind,
    items: Sequence[Item],
    file: RegisterFile[Any],
    *,
    grants: tuple[Grant, ...] = (),
) -> Taken:
    """Post what is new of a file, one document per calendar year; what was posted otherwise refuses it whole."""
    taken = Taken(faults=_warnings(file))
    digest = file.digest
    content = path.read_bytes()
    with books.posting() as posting:
        new = _new_items(posting.connection, kind, items, path, taken)
        closed = books.closed_years(posting.connection)
        shut = (item for item in new if item.day.year in closed)
        faults = [Fault(f"dated {one.day}, but {one.day.year} is closed; use an open year", one.row) for one in shut]
        refuse_where(path, faults)
        for year in sorted({item.day.year for item in new}):
            name = free_name(posting.connection, f"{kind}-{year}-{digest[:8]}")
            of_year = [item for item in new if item.day.year == year]
            archive = books.folder.documents / "sources" / str(year) / f"{name}{path.suffix.lower()}"
            document_id = posting.post(_booking(name, kind, of_year, digest), (archive, content))
            _keep_details(posting.connection, document_id, of_year)
            taken.posted.append(name)
        if grants and not taken.posted and not documents_of(posting.connection, digest):
            name = f"{kind}-{today().year}-{digest[:8]}"
            record = DocumentRecord(name, kind, digest, digest, today(), today())
            posting.post(
                Booking(record), (books.folder.documents / "sources" / f"{name}{path.suffix.lower()}", content)
            )
            taken.posted.append(name)
        if grants:
            first = first_document(posting.connection, kind, digest)
            if first is not None:
                save_grants(posting.connection, first, [_contract(grant) for grant in grants])
        if not taken.posted:
            taken.known = [*documents_of(posting.connection, digest)]
    return taken


def _new_items(
    connection: Connection, kind: DocumentKind, items: Sequence[Item], path: Path, taken: Taken
) -> list[Item]:
    known = find_vouchers(connection, kind, [(item.reference, item.day) for item in items])
    new: list[Item] = []
    faults = _moved(connection, kind, items)
    for item in items:
        before = known.get((item.reference, item.day))
        if before is None:
            new.append(item)
        elif before != item.digest:
            message = (
                f"{item.reference} of {item.day} was posted before with another content; reverse it with a new entry"
            )
            faults.append(Fault(message, item.row))
    refuse_where(path, faults)
    taken.counts["new"] = len(new)
    taken.counts["known"] = len(items) - len(new)
    taken.cents["gifts"] = sum(gift.cents for item in new for gift in item.gifts)
    taken.cents["debits"] = sum(
        line.cents for item in new for entry in item.entries for line in entry.lines if line.cents > 0
    )
    return new


def _moved(connection: Connection, kind: DocumentKind, items: Sequence[Item]) -> list[Fault]:
    """What was posted under another day, or is not asked for any more: registers are read again with their old rows.

    A gift in kind is known by its reference whatever its day; the entries of a grant are known by the grant.
    """
    if kind not in (DocumentKind.IN_KIND, DocumentKind.GRANTS):
        return []
    asked = {(item.reference, item.day) for item in items}
    rows = {_owner(kind, item.reference): item.row for item in items}
    return [
        Fault(
            f"{reference} was posted on {day}, which this file does not have any more; "
            "put that row back as it was, and enter the change as a row of its own",
            rows[_owner(kind, reference)],
        )
        for reference, day in sorted(all_vouchers(connection, kind).keys() - asked)
        if _owner(kind, reference) in rows
    ]


def _owner(kind: DocumentKind, reference: str) -> str:
    return reference.rsplit(":", 2)[0] if kind is DocumentKind.GRANTS else reference


def _booking(name: str, kind: DocumentKind, items: Sequence[Item], digest: str) -> Booking:
    days = [item.day for item in items]
    gifts = [gift for item in items for gift in item.gifts]
    record = DocumentRecord(
        name=name,
        kind=kind,
        file_digest=digest,
        digest=digest_of([(item.reference, item.day.isoformat(), item.digest) for item in items]),
        first_day=min(days),
        last_day=max(days),
        summary={"counts": {"items": len(items), "gifts": len(gifts)}},
    )
    return Booking(
        record=record,
        gifts=gifts,
        gift_debits={key: value for item in items for key, value in item.debits.items()},
        batches={key: value for item in items for key, value in item.batches.items()},
        entries=[_linked(entry, name) for item in items for entry in item.entries],
        vouchers=[(item.reference, item.day, item.digest) for item in items],
    )


def _linked(entry: Entry, name: str) -> Entry:
    return Entry(entry.day, entry.narration, entry.lines, entry.payee, entry.tags, (*entry.links, name), entry.meta)


def _keep_details(connection: Connection, document_id: int, items: Sequence[Item]) -> None:
    insert_in_kind(
        connection,
        [
            {
                "reference": row.reference,
                "document_id": document_id,
                "position": row.row,
                "category": row.category.value,
                "description": row.description,
                "quantity": None if row.quantity is None else str(row.quantity),
                "unit_cents": row.unit_cents,
                "cents": row.cents,
                "valuation": row.valuation.value,
                "valued_on": row.valued_on,
                "evidence": row.evidence,
                "account": row.account,
                "project": row.project,
            }
            for item in items
            for row in item.in_kind
        ],
    )
    insert_assignments(connection, document_id, [item.assignment for item in items if item.assignment is not None])


def _contract(grant: Grant) -> dict[str, str]:
    content = json.dumps(asdict(grant), default=str, ensure_ascii=False, sort_keys=True)
    return {
        "reference": grant.reference,
        "funder": grant.funder,
        "funder_kind": grant.funder_kind.value,
        "contract": grant.contract,
        "content": content,
    }


def digest_of(content: Iterable[Any]) -> str:
    """SHA-256 of plain values: what tells two contents apart."""
    return hashlib.sha256(json.dumps(list(content), default=str, ensure_ascii=False).encode()).hexdigest()


def refuse_file(path: Path, file: RegisterFile[Any]) -> None:
    """SourceRefused where the reader found an error."""
    if any(fault.severity is Severity.ERROR for fault in file.faults):
        raise SourceRefused(path.name, file.faults)


def _warnings(file: RegisterFile[Any]) -> list[Fault]:
    return [fault for fault in file.faults if fault.severity is not Severity.ERROR]


def refuse_where(path: Path, faults: Sequence[Fault]) -> None:
    """SourceRefused where there is a fault."""
    if faults:
        raise SourceRefused(path.name, tuple(faults))


def unknown_account(code: str) -> str:
    """What is said of an account that the chart lacks."""
    return str(UnknownAccount(code)).removesuffix(".")


def named(watch: Watch, row: int, *texts: str) -> list[Fault]:
    """Personal data in what would go into the books."""
    return [Fault(problem, row) for text in texts if (problem := watch.problem(text)) is not None]


def day_faults(books: Books, day: date, row: int | None) -> list[Fault]:
    """What stands against a date."""
    if day < books.config.first_day:
        first = books.config.first_day
        return [Fault(f"dated {day}, before the first day of these books ({first}, first_day in obole.toml)", row)]
    if day.year > today().year + 1:
        return [Fault(f"dated {day}, which is years away; correct the date", row)]
    return []


def known_donors(books: Books, keys: set[str]) -> set[str]:
    """Those of these keys that the vault has."""
    if not keys:
        return set()
    with books.vault.connect() as connection:
        return {donor.key for donor in find_donors(connection, None, keys)}


Handler = Callable[[Books, Path], Taken]
