"""The part of a document that a person means by a voucher or a line: what is to be undone, the rest stands."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from ledger.legacies import LegacyStep
from ledger.mirror import CannotUndo, Part, rows_of
from ledger.records import DocumentKind
from ledger.register.documents import PostedDocument, find_document
from ledger.register.gifts import gift_place
from ledger.register.suspense import DecidedLine, decided_in, line_now
from ledger.register.vouchers import PlacedVoucher, vouchers_standing
from obole.intake.reversing import part_of
from obole.words import _

_SHOWN = 5


class Chosen(NamedTuple):
    """The parts of a document that are meant, and the lines (`document:position`) that they decided about."""

    record: PostedDocument
    parts: Sequence[Part]
    lines: frozenset[str] = frozenset()


def known_document(connection: Connection, name: str) -> PostedDocument:
    """Return a document by its name; CannotUndo for none."""
    record = find_document(connection, name)
    if record is None:
        raise CannotUndo(_("{name}: no such document; `obole documents` lists those posted.").format(name=name))
    return record


def by_voucher(connection: Connection, record: PostedDocument, asked: str) -> Chosen:
    """Return the parts of a document that bear a reference; of a grant all its entries, of a payment all its rows."""
    vouchers = vouchers_standing(connection, record.id)
    if record.kind == DocumentKind.ASSIGNMENT:
        return _by_place(connection, record, asked)
    found = [one for one in vouchers if asked in (one.reference, _owner(one))]
    if not found:
        raise CannotUndo(_none(record, asked, (_owner(one) for one in vouchers)))
    if record.kind == DocumentKind.LEGACIES:
        found = _with_lines(connection, record, vouchers, found)
    return Chosen(record, [part_of(record, one.reference, one.day, one.position) for one in found])


def _with_lines(
    connection: Connection, record: PostedDocument, vouchers: Sequence[PlacedVoucher], found: Sequence[PlacedVoucher]
) -> list[PlacedVoucher]:
    """Return vouchers with those that share a bank line with one of them; the first such has the row that decided."""
    chosen = {(one.reference, one.day): one for one in found}
    for decided in decided_in(connection, record.id):
        name, position = decided.place
        of_line = [one for one in vouchers if one.reference.endswith(f":{name}:{position}")]
        if any((one.reference, one.day) in chosen for one in of_line):
            chosen |= {(one.reference, one.day): one for one in of_line}
            chosen[of_line[0].reference, of_line[0].day] = of_line[0]._replace(position=decided.position)
    return list(chosen.values())


def by_line(connection: Connection, record: PostedDocument, line: int, journal: str) -> Chosen | None:
    """Return the decision about a line of a document that stands, wherever it was taken; None where none was.

    The line of a sheet of decisions, of gifts in kind or of cash and cheques is its row; `journal` the journal's text.
    """
    if record.kind == DocumentKind.ASSIGNMENT:
        chosen = _by_row(connection, record, line)
        if chosen is None:
            raise CannotUndo(_no_line(record, line))
        return chosen
    vouchers = vouchers_standing(connection, record.id)
    if record.kind == DocumentKind.CASH:
        rows = rows_of(journal)
        vouchers = [one._replace(position=rows.get((one.reference, one.day))) for one in vouchers]
    if vouchers:
        found = [one for one in vouchers if one.position == line]
        if not found:
            raise CannotUndo(_none(record, str(line), (_owner(one) for one in vouchers)))
        return Chosen(record, [part_of(record, one.reference, one.day, one.position) for one in found])
    now = line_now(connection, record.name, line)
    if now is None:
        raise CannotUndo(_no_line(record, line))
    place = gift_place(connection, record.name, line)
    by = now.by or (place.by if place is not None else None)
    if by is None:
        return None
    decided = known_document(connection, by[0])
    if decided.kind == DocumentKind.LEGACIES:
        return _of_legacies(connection, decided, by[1])
    return _by_row(connection, decided, by[1])


def _of_legacies(connection: Connection, record: PostedDocument, row: int) -> Chosen:
    """Return the rows of a register of legacies that set a bank line against one."""
    place = next(one.place for one in decided_in(connection, record.id) if one.position == row)
    vouchers = vouchers_standing(connection, record.id)
    found = [one for one in vouchers if one.reference.endswith(f":{place[0]}:{place[1]}")]
    parts = _with_lines(connection, record, vouchers, found)
    return Chosen(record, [part_of(record, one.reference, one.day, one.position) for one in parts])


def _by_row(connection: Connection, record: PostedDocument, row: int) -> Chosen | None:
    """Return the decision at a row of a document, with the other rows about its line; None where there is none."""
    if record.kind != DocumentKind.ASSIGNMENT:
        message = _("{name}: what it did to line {line} is undone with the whole document.")
        raise CannotUndo(message.format(name=record.name, line=row))
    heads = sorted({_head(one) for one in vouchers_standing(connection, record.id)})
    for head in heads:
        chosen = _of_head(connection, record, head)
        if chosen is not None and any(part.position == row for part in chosen.parts):
            return chosen
    if heads:
        return None
    found = [one for one in decided_in(connection, record.id) if one.position == row]
    return _unvouched(record, found) if found else None


def _by_place(connection: Connection, record: PostedDocument, asked: str) -> Chosen:
    """Return the decisions of a document about a line, which is named `document:position`."""
    heads = sorted({_head(one) for one in vouchers_standing(connection, record.id)})
    decided = decided_in(connection, record.id)
    if not heads:
        found = [one for one in decided if asked == f"{one.place[0]}:{one.place[1]}"]
        if found:
            return _unvouched(record, found)
        heads = [f"{one.place[0]}:{one.place[1]}" for one in decided]
    elif asked in heads:
        chosen = _of_head(connection, record, asked)
        if chosen is None:
            message = _("{name}: {voucher} was decided again since; undo the later decision first.")
            raise CannotUndo(message.format(name=record.name, voucher=asked))
        return chosen
    raise CannotUndo(_none(record, asked, heads))


def _of_head(connection: Connection, record: PostedDocument, head: str) -> Chosen | None:
    """Return all that a document decided about a line; None where it was decided elsewhere since."""
    document, _colon, line = head.rpartition(":")
    now = line_now(connection, document, int(line))
    place = gift_place(connection, document, int(line))
    bys = [one for one in (now.by if now is not None else None, place.by if place is not None else None) if one]
    at = next((position for name, position in bys if name == record.name), None)
    if at is None:
        return None
    decided = decided_in(connection, record.id)
    key = next((one.line for one in decided if one.position == at), None)
    positions = [one.position for one in decided if one.line == key] if key is not None else [at]
    own = [one for one in vouchers_standing(connection, record.id) if _head(one) == head]
    parts = [part_of(record, one.reference, one.day, position) for one, position in zip(own, positions, strict=True)]
    return Chosen(record, parts, frozenset({head, *(one.reference for one in own)}))


def _unvouched(record: PostedDocument, found: Sequence[DecidedLine]) -> Chosen:
    parts = [part_of(record, f"{record.name}:{one.position}", one.day, one.position) for one in found]
    return Chosen(record, parts, frozenset(f"{one.place[0]}:{one.place[1]}" for one in found))


def _owner(one: PlacedVoucher) -> str:
    """Return the name by which a person knows a voucher: of an entry of a grant the grant, of goods the acceptance.

    A cheque unpaid has that of the cheque.
    """
    if one.kind == DocumentKind.CASH:
        return one.reference.partition(":")[0]
    if one.kind == DocumentKind.LEGACIES:
        legacy, step, *_rest = one.reference.split(":")
        return f"{legacy}:{step}" if step == LegacyStep.ACCEPTANCE else one.reference
    return one.reference.rsplit(":", 2)[0] if one.kind == DocumentKind.GRANTS else one.reference


def _head(one: PlacedVoucher) -> str:
    return one.reference.partition(">")[0]


def _none(record: PostedDocument, asked: str, there: Iterator[str] | Sequence[str]) -> str:
    names = list(dict.fromkeys(there))
    if not names:
        message = _("{name}: has no voucher that stands; `obole undo {name}` takes back a whole document.")
        return message.format(name=record.name)
    some = ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
    message = _("{name}: no voucher {voucher} stands in it; those that do: {some}.")
    return message.format(name=record.name, voucher=asked, some=some)


def _no_line(record: PostedDocument, line: int) -> str:
    message = _("{name}: no line {line} stands in it; `obole match` and `obole documents {name}` name lines.")
    return message.format(name=record.name, line=line)
