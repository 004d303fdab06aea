"""Parts of a register or journal that are posted once, known by their reference and day."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar

from sqlalchemy import Connection

from importers.registers import in_kind as in_kind_file
from importers.sheets.tabular import RegisterFile
from ledger.clock import today
from ledger.errors import Fault
from ledger.journal import Entry, Line
from ledger.periods import ClosedYears
from ledger.posting import Booking, Posting
from ledger.recognition import Grant
from ledger.records import DocumentKind, Gift
from ledger.register.documents import MovementRow, documents_of, first_document, free_name
from ledger.register.suspense import Decision, insert_assignments
from ledger.register.vouchers import (
    GrantContract,
    InKindDetail,
    Voucher,
    VoucherKey,
    all_vouchers,
    find_vouchers,
    insert_in_kind,
    save_grants,
    vouchers_named,
)
from ledger.sources import digest_of, source_document
from obole.books.opened import Books
from obole.intake.guards import refuse_where
from obole.outcome import Taken
from obole.words import _

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a file that is posted once, known by its reference and day.

    `finished` makes it whole once the other parts are posted: what it takes back may come with the same file.
    """

    reference: str
    day: date
    digest: str
    row: int | None
    entries: tuple[Entry, ...] = ()
    gifts: tuple[Gift, ...] = ()
    debits: Mapping[int, str] = field(default_factory=dict)
    batches: Mapping[int, str] = field(default_factory=dict)
    batch_lines: Mapping[int, tuple[Line, ...]] = field(default_factory=dict)
    batch_meta: Mapping[int, Mapping[str, str | int]] = field(default_factory=dict)
    in_kind: tuple[in_kind_file.InKindRow, ...] = ()
    decision: Decision | None = None
    movements: tuple[MovementRow, ...] = ()
    finished: "Callable[[Connection, Item], Item] | None" = None

    @property
    def lines(self) -> list[Line]:
        """Return the lines it posts beside its gifts."""
        entries = [line for entry in self.entries for line in entry.lines]
        return entries + [line for lines in self.batch_lines.values() for line in lines]

    @property
    def key(self) -> VoucherKey:
        """By what it is known."""
        return VoucherKey(self.reference, self.day)


def take_items(
    books: Books,
    path: Path,
    kind: DocumentKind,
    items: Sequence[Item],
    file: RegisterFile[Any],
    *,
    grants: tuple[Grant, ...] = (),
    last: Callable[[Posting, Mapping[int, Sequence[Item]]], None] = lambda _posting, _posted: None,
    archive: bytes | None = None,
) -> Taken:
    """Post what is new of a file, one document per financial year; what was posted otherwise refuses it whole.

    `archive` is a CSV to be kept in place of the file, though nothing of it posts; `file` has its digest.
    `last` is called in the same unit of work with the new parts by document, once nothing refuses them any more.
    """
    taken = Taken(faults=file.warnings)
    digest = file.digest
    content, suffix = (path.read_bytes(), path.suffix.lower()) if archive is None else (archive, ".csv")
    with books.posting() as posting:
        closed = books.closed_years(posting.connection)
        new = _new_items(posting.connection, kind, items, path, taken, closed)
        refuse_where(path, _shut(new, closed))
        posted: dict[int, Sequence[Item]] = {}
        for later, year in sorted({_turn(item, closed) for item in new}):
            name = free_name(posting.connection, f"{kind}-{year}-{digest[:8]}")
            of_year = [_finished(posting.connection, item) for item in new if _turn(item, closed) == (later, year)]
            place = books.archive_path(kind, date(year, 1, 1), name, suffix)
            document_id = posting.post(_booking(name, kind, of_year, digest), (place, content))
            _keep_details(posting.connection, document_id, of_year)
            taken.posted.append(name)
            taken.cents["gifts"] += sum(gift.cents for item in of_year if item.finished for gift in item.gifts)
            posted[document_id] = of_year
        if archive is not None and books.trial is not None:
            books.trial.archives[digest] = archive  # nothing is written
        if (grants or archive is not None) and not taken.posted and not documents_of(posting.connection, digest):
            taken.posted.append(_keep_file(books, posting, kind, digest, (content, suffix)))
        if grants:
            first = first_document(posting.connection, kind, digest)
            if first is not None:
                save_grants(posting.connection, first, [_contract(grant) for grant in grants])
        if not taken.posted:
            taken.known = [*documents_of(posting.connection, digest)]
        last(posting, posted)
    return taken


def _shut(items: Iterable[Item], closed: ClosedYears) -> list[Fault]:
    message = _("dated {day}, but {year} is closed; use an open year")
    shut = (item for item in items if item.day in closed)
    return [Fault(message.format(day=one.day, year=closed.label(one.day)), one.row) for one in shut]


def _keep_file(books: Books, posting: Posting, kind: DocumentKind, digest: str, kept: tuple[bytes, str]) -> str:
    """Record and archive a file (content and ending) of which nothing posts; return the name of its document."""
    content, suffix = kept
    name = free_name(posting.connection, f"{kind}-{today().year}-{digest[:8]}")
    record = source_document(kind, name, digest, [today()])
    posting.post(Booking(record), (books.archive_path(kind, today(), name, suffix), content))
    return name


def _turn(item: Item, closed: ClosedYears) -> tuple[bool, int]:
    """Return when an item is posted: what waits for the others comes last; a document holds one year."""
    return item.finished is not None, closed.label(item.day)


def _finished(connection: Connection, item: Item) -> Item:
    return item if item.finished is None else item.finished(connection, item)


def _new_items(  # noqa: PLR0917 - what is known, what comes, what is told
    connection: Connection,
    kind: DocumentKind,
    items: Sequence[Item],
    path: Path,
    taken: Taken,
    closed: ClosedYears,
) -> list[Item]:
    known = find_vouchers(connection, kind, [item.key for item in items])
    new: list[Item] = []
    changed = _moved(connection, kind, items, closed)
    for item in items:
        before = known.get(item.key)
        if before is None:
            new.append(item)
        elif before != item.digest:
            told = _("{reference} of {day} was posted before with another content").format(
                reference=item.reference, day=item.day
            )
            changed[item.key] = Fault(f"{told}; {_mended(connection, kind, item.key, closed)}", item.row)
    refuse_where(path, [fault for key, fault in changed.items() if not _with_its_cheque(kind, key, changed)])
    taken.counts["new"] = len(new)
    taken.counts["known"] = len(items) - len(new)
    taken.cents["gifts"] = sum(gift.cents for item in new for gift in item.gifts)
    taken.cents["debits"] = sum(line.cents for item in new for line in item.lines if line.cents > 0)
    return new


UNPAID = ":unpaid"  # of the reference of a cheque, where it came back

# Known by more than the part that a row belongs to.
_NAMED_WHOLE = (DocumentKind.ASSIGNMENT, DocumentKind.LEGACIES)


def _mended(connection: Connection, kind: DocumentKind, key: VoucherKey, closed: ClosedYears) -> str:
    """Say how to have a voucher that was posted otherwise the way the file has it now."""
    there = [name for name, day in vouchers_named(connection, kind, key.reference) if day == key.day]
    if key.day in closed or not there:
        message = _("{year} is closed, so that it stays; enter the difference as an entry of an open year")
        return message.format(year=closed.label(key.day))
    voucher = key.reference.partition(">")[0] if kind in _NAMED_WHOLE else None
    named = quote(voucher or _owner(kind, key.reference))
    later = [name for name, _day in vouchers_named(connection, kind, f"{key.reference}{UNPAID}") if name != there[0]]
    if kind is DocumentKind.CASH and later:
        message = _(
            "`obole undo {later} --voucher {voucher}` takes back first that it was unpaid, `obole undo {document} "
            "--voucher {voucher}` then the cheque; then import this file again"
        )
        return message.format(later=later[0], document=there[0], voucher=named)
    message = _("`obole undo {document} --voucher {voucher}` takes it back alone, then import this file again")
    return message.format(document=there[0], voucher=named)


def _with_its_cheque(kind: DocumentKind, key: VoucherKey, changed: Collection[VoucherKey]) -> bool:
    """Return whether what is said of a cheque is said of its being unpaid too: one remedy takes both back."""
    cheque = key.reference.removesuffix(UNPAID)
    return kind is DocumentKind.CASH and cheque != key.reference and any(one.reference == cheque for one in changed)


_WHATEVER_THE_DAY = (
    DocumentKind.IN_KIND,
    DocumentKind.GRANTS,
    DocumentKind.CASH,
    DocumentKind.EVENTS,
    DocumentKind.LEGACIES,
)


def _moved(
    connection: Connection, kind: DocumentKind, items: Sequence[Item], closed: ClosedYears
) -> dict[VoucherKey, Fault]:
    """Find by its key what was posted under another day or is not asked for any more.

    Registers come again with their old rows. A gift in kind, slip, cheque or row of an event is known by its reference
    whatever its day; entries of a grant or a legacy by that.
    """
    if kind not in _WHATEVER_THE_DAY:
        return {}
    asked = {item.key for item in items}
    rows = {_owner(kind, item.reference): item.row for item in items}
    message = _(
        "{reference} was posted on {day}, which this file does not have any more; put that row back as it was, or: "
        "{remedy}"
    )
    return {
        VoucherKey(reference, day): Fault(
            message.format(
                reference=reference,
                day=day,
                remedy=_mended(connection, kind, VoucherKey(reference, day), closed),
            ),
            rows[_owner(kind, reference)],
        )
        for reference, day in sorted(all_vouchers(connection, kind).keys() - asked)
        if _owner(kind, reference) in rows
    }


def _owner(kind: DocumentKind, reference: str) -> str:
    if kind in (DocumentKind.CASH, DocumentKind.LEGACIES):
        return reference.partition(":")[0]
    return reference.rsplit(":", 2)[0] if kind is DocumentKind.GRANTS else reference


def _booking(name: str, kind: DocumentKind, items: Sequence[Item], digest: str) -> Booking:
    days = [item.day for item in items]
    gifts = [gift for item in items for gift in item.gifts]
    content = digest_of([(item.reference, item.day.isoformat(), item.digest) for item in items])
    counts = {"items": len(items), "gifts": len(gifts)}
    record = source_document(kind, name, content, days, counts=counts, file_digest=digest)
    return Booking(
        record=record,
        movements=[movement for item in items for movement in item.movements],
        gifts=gifts,
        gift_debits=_joined(item.debits for item in items),
        batches=_joined(item.batches for item in items),
        batch_lines=_joined(item.batch_lines for item in items),
        batch_meta=_joined(item.batch_meta for item in items),
        entries=[_linked(entry, name) for item in items for entry in item.entries],
        vouchers=[Voucher(item.reference, item.day, item.digest) for item in items],
    )


def _joined(parts: Iterable[Mapping[int, T]]) -> dict[int, T]:
    return {key: value for part in parts for key, value in part.items()}


def _linked(entry: Entry, name: str) -> Entry:
    return Entry(entry.day, entry.narration, entry.lines, entry.payee, entry.tags, (*entry.links, name), entry.meta)


def _keep_details(connection: Connection, document_id: int, items: Sequence[Item]) -> None:
    insert_in_kind(
        connection,
        document_id,
        [
            InKindDetail(
                reference=row.reference,
                position=row.row,
                category=row.category.value,
                description=row.description,
                quantity=None if row.quantity is None else str(row.quantity),
                unit_cents=row.unit_cents,
                cents=row.cents,
                valuation=row.valuation.value,
                valued_on=row.valued_on,
                evidence=row.evidence,
                account=row.account,
                project=row.project,
                department=row.department,
            )
            for item in items
            for row in item.in_kind
        ],
    )
    insert_assignments(connection, document_id, [item.decision for item in items if item.decision is not None])


def _contract(grant: Grant) -> GrantContract:
    content = json.dumps(asdict(grant), default=str, ensure_ascii=False, sort_keys=True)
    return GrantContract(grant.reference, grant.funder, grant.funder_kind.value, grant.contract, content)
