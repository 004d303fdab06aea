"""The mirror image of a document: what posting it once more with every sign turned would put into register and books.

Nothing is taken away: gifts get their reversals, returns become gifts again, transactions their opposite on the same
days, so that the books of any day are as if the document had never come.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from beancount.core import data
from beancount.parser import parser

from ledger.chart import code_of
from ledger.errors import OboleError
from ledger.journal import Entry, Line
from ledger.kinds import kind_word
from ledger.money import to_cents
from ledger.numbering import NUMBER
from ledger.posting import Booking
from ledger.records import DocumentKind, Gift, LineOutcome
from ledger.register.documents import DocumentRecord, DocumentSummary, MovementRow, PostedDocument
from ledger.register.gifts import PostedGift
from ledger.register.openings import OPENING_TAG, opening_rows
from ledger.register.transfers import TakenLine, transfer_rows
from ledger.wording import word
from ledger.words import _

VOUCHER = "voucher"
PAYMENT = "payment"  # the voucher with which one was paid in one payment
_NAMES = (VOUCHER, PAYMENT, "legacy")

# What moves no money: nothing to turn round.
_NOT_UNDONE = (DocumentKind.DONORS, DocumentKind.PLEDGES, DocumentKind.PARTIES, DocumentKind.STATUS, DocumentKind.UNDO)


class CannotUndo(OboleError):
    """A document that cannot be undone, or not yet."""


def refuse_kind(name: str, kind: str) -> None:
    """Raise CannotUndo for a kind of document that has nothing to reverse."""
    if kind in _NOT_UNDONE:
        raise CannotUndo(
            _("{name}: a document of kind {kind} posts no money and is not undone; correct what it says.").format(
                name=name, kind=kind_word(kind)
            )
        )


class Part(NamedTuple):
    """A voucher or decision of a document, as its entries name it.

    `place` is the line, with its document, that the entry of a decision names; `grant` the grant whose entries it is.
    """

    reference: str
    day: date
    position: int | None = None
    place: tuple[str, int] | None = None
    grant: str | None = None

    def holds(self, entry: Any) -> bool:
        """Return whether an entry of the document's journal is of this part; gifts are known by their line."""
        if self.grant is not None:
            return bool(entry.meta.get("grant") == self.grant)
        if self.place is not None:
            position = entry.meta.get("position")
            return self.place[0] in entry.links and position is not None and int(position) == self.place[1]
        return bool(entry.meta.get(VOUCHER) == self.reference and entry.date == self.day)


def mirror(
    record: PostedDocument,
    gifts: Sequence[PostedGift],
    journal: str,
    control: Collection[str],
    language: str,
    *,
    name: str | None = None,
    only: Sequence[Part] | None = None,
    without: Sequence[Part] = (),
) -> Booking:
    """Return the booking that takes a document back: `journal` is the text of its file, `control` the gift accounts.

    A return that is taken back is a new gift of the same donor and year; the line it names keeps its reference, so that
    the return can be taken in again. `only` leaves the document to stand but for these parts, whose `gifts` are given
    and which `name` takes back; `without` are the parts that were taken back before.
    """
    name = name or f"undo-{record.name}"

    def wanted(entry: Any) -> bool:
        if any(part.holds(entry) for part in without):
            return False
        return only is None or any(part.holds(entry) for part in only)

    turned = _turn(journal, (record.name, name), control, word("undo", language), wanted)
    reversals = [_turned(one) for one in gifts]
    days = [entry.day for entry in turned.entries] + [gift.booked for gift in reversals]
    return Booking(
        record=DocumentRecord(
            name=name,
            kind=DocumentKind.UNDO,
            file_digest=_digest(record.digest, "file" if only is None else name),
            digest=_digest(record.digest, record.rows_digest if only is None else name),
            first_day=min(days, default=record.first_day),
            last_day=max(days, default=record.last_day),
            summary=DocumentSummary(
                counts={"gifts": len(reversals), "entries": len(turned.entries)},
                cents={"gifts": sum(gift.cents for gift in reversals)},
                undoes=record.name,
            ),
        ),
        movements=[
            *(_line(one) for one in gifts if one.gift.cents < 0 and one.reference),
            *opening_rows(turned.entries),
            *transfer_rows(_taken(turned, {gift.batch for gift in reversals})),
        ],
        gifts=reversals,
        gift_debits={gift.batch: turned.debits.get(gift.batch, "") for gift in reversals},
        batches=turned.labels,
        batch_lines={batch: lines for batch, lines in turned.extra.items() if only is None or batch in turned.vouchers},
        batch_meta=turned.vouchers,
        entries=turned.entries,
    )


class _Opposite(NamedTuple):
    """A journal turned round: entries, and for each batch of gifts its label and other accounts."""

    entries: list[Entry]
    labels: dict[int, str]
    debits: dict[int, str]
    extra: dict[int, tuple[Line, ...]]
    vouchers: dict[int, dict[str, str | int]]  # of batches that are one voucher, and are undone as one
    taken: list[TakenLine]


def _turn(
    journal: str, links: tuple[str, str], control: Collection[str], text: str, wanted: Callable[[Any], bool]
) -> _Opposite:
    """Return a journal with every sign turned; gifts are left to the register, which writes their transactions."""
    turned = _Opposite([], {}, {}, {}, {}, [])
    for entry in _transactions(journal):
        gifts = "gift" in entry.tags and not _takes_only(entry)
        if not gifts and not wanted(entry):
            continue
        lines = [
            Line(code_of(one.account) or "", -to_cents(one.units.number), _texts(one.meta)) for one in entry.postings
        ]
        narration = f"{text}: {entry.narration}"
        batch = int(entry.meta.get("batch", 0))
        turned.taken.extend(_taken_by(entry, batch, lines, control))
        if not gifts:
            turned.entries.append(_opposite(entry, narration, lines, links))
            continue
        turned.labels[batch] = narration
        if VOUCHER in entry.meta:
            turned.vouchers[batch] = {name: str(entry.meta[name]) for name in _NAMES if name in entry.meta}
            turned.extra[batch] = tuple(line for line in lines if "gifts" not in line.meta)  # each with its keys
            continue
        others = [line for line in lines if line.account not in control]
        if others:
            turned.debits[batch] = others[0].account
            turned.extra[batch] = tuple(others[1:])
    return turned


def _takes_only(entry: Any) -> bool:
    """Return whether an entry is a voucher that takes from gift accounts and gives nothing."""
    return VOUCHER in entry.meta and not entry.meta.get("gifts")


def _taken_by(entry: Any, batch: int, lines: Sequence[Line], control: Collection[str]) -> list[TakenLine]:
    """Return the lines of a voucher, turned, that took from gift accounts."""
    if "gift" not in entry.tags or VOUCHER not in entry.meta:
        return []
    taken = [line for line in lines if line.account in control and "gifts" not in line.meta]
    return [TakenLine(0, batch, entry.date, line.account, line.cents) for line in taken]


def _opposite(entry: Any, narration: str, lines: Sequence[Line], links: tuple[str, str]) -> Entry:
    """Return the opposite of an entry without gifts; one that takes from gift accounts is of the new document."""
    meta = {key: value for key, value in _texts(entry.meta).items() if key != NUMBER}  # it gets its own
    tags = tuple(tag for tag in (OPENING_TAG, "gift") if tag in entry.tags)
    return Entry(
        entry.date, narration, tuple(lines), tags=tags, links=links[1:] if "gift" in tags else links, meta=meta
    )


def _taken(turned: _Opposite, batches: Collection[int]) -> list[TakenLine]:
    """Return what is put back on gift accounts: of vouchers without gifts, and of those whose gifts are taken back."""
    alone = {entry.meta.get("batch") for entry in turned.entries if "gift" in entry.tags}
    lines = [one for one in turned.taken if one.batch in alone or one.batch in batches]
    return [one._replace(position=position) for position, one in enumerate(lines, start=1)]


def batches_of(journal: str) -> dict[tuple[str, date], int]:
    """Return the batch of gifts of each voucher in the text of a journal file that has gifts, by reference and day."""
    return {
        (str(entry.meta[VOUCHER]), entry.date): int(entry.meta["batch"])
        for entry in _transactions(journal)
        if "gift" in entry.tags and VOUCHER in entry.meta and entry.meta.get("gifts")
    }


def rows_of(journal: str) -> dict[tuple[str, date], int]:
    """Return the row in its file of each voucher in the text of a journal file that says it, by reference and day."""
    said = ((entry, entry.meta.get("row", entry.meta.get("batch"))) for entry in _transactions(journal))
    return {
        (str(entry.meta[VOUCHER]), entry.date): int(row)
        for entry, row in said
        if VOUCHER in entry.meta and row is not None
    }


def _turned(one: PostedGift) -> Gift:
    gift = one.gift
    return gift._replace(cents=-gift.cents, reverses=one.id if gift.cents > 0 else None)


def _line(one: PostedGift) -> MovementRow:
    """Return the line of a gift that a taken-back return restores."""
    day = one.gift.booked.isoformat()
    return MovementRow(
        position=one.gift.position,
        parent=None,
        booked=day,
        value=None,
        cents=-one.gift.cents,
        code="",
        reference=one.reference,
        mandate=None,
        reason=None,
        outcome=LineOutcome.RESTORED,
        account=one.gift.account,
    )


def _transactions(journal: str) -> list[Any]:
    entries, errors, _options = parser.parse_string(journal)
    if errors:
        raise CannotUndo(_("the journal file of the document cannot be read; restore it from your backup."))
    return [entry for entry in entries if isinstance(entry, data.Transaction)]


def _texts(meta: Mapping[str, Any]) -> dict[str, str | int]:
    """Return the metadata that was written, without where the parser read it."""
    kept = {key: value for key, value in meta.items() if key not in ("filename", "lineno") and not key.startswith("_")}
    return {key: value if isinstance(value, str) else int(value) for key, value in kept.items()}


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(("undo", *parts)).encode()).hexdigest()
