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
from ledger.wording import word
from ledger.words import _

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
        return bool(entry.meta.get("voucher") == self.reference and entry.date == self.day)


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
        ],
        gifts=reversals,
        gift_debits={gift.batch: turned.debits.get(gift.batch, "") for gift in reversals},
        batches=turned.labels,
        batch_lines=turned.extra if only is None else {},
        entries=turned.entries,
    )


class _Opposite(NamedTuple):
    """A journal turned round: entries, and for each batch of gifts its label and other accounts."""

    entries: list[Entry]
    labels: dict[int, str]
    debits: dict[int, str]
    extra: dict[int, tuple[Line, ...]]


def _turn(
    journal: str, links: tuple[str, str], control: Collection[str], text: str, wanted: Callable[[Any], bool]
) -> _Opposite:
    """Return a journal with every sign turned; gifts are left to the register, which writes their transactions."""
    turned = _Opposite([], {}, {}, {})
    for entry in _transactions(journal):
        if "gift" not in entry.tags and not wanted(entry):
            continue
        lines = [
            Line(code_of(one.account) or "", -to_cents(one.units.number), _texts(one.meta)) for one in entry.postings
        ]
        narration = f"{text}: {entry.narration}"
        if "gift" not in entry.tags:
            meta = {key: value for key, value in _texts(entry.meta).items() if key != NUMBER}  # it gets its own
            tags = (OPENING_TAG,) if OPENING_TAG in entry.tags else ()
            turned.entries.append(Entry(entry.date, narration, tuple(lines), tags=tags, links=links, meta=meta))
            continue
        batch = int(entry.meta.get("batch", 0))
        others = [line for line in lines if line.account not in control]
        turned.labels[batch] = narration
        if others:
            turned.debits[batch] = others[0].account
            turned.extra[batch] = tuple(others[1:])
    return turned


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
