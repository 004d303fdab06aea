"""The list for the person who decides: what is open, who stands behind it, and which donors it may be, with reasons.

Open is a bank line on suspense, and a gift without a donor of whom something is known (a platform's). A proposal is
never accepted by itself; the sheet filled in is taken back by `obole import`.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from sqlalchemy import Connection

from importers.assignments import COLUMNS
from importers.communications import find_ogm
from importers.proposals import Proposal, directory, propose
from ledger.money import to_decimal
from ledger.register.gifts import Noted, donorless_gifts, noted_gifts, standing_gifts
from ledger.register.suspense import open_items
from ledger.vault.counterparties import Counterparty, all_counterparties
from ledger.vault.donors import find_donors
from ledger.vault.links import load_links, owners_of_ibans
from obole.books import Books
from reports.sheets import BOLD, NUMBER_FORMATS, SHADE, set_up_sheet
from reports.tables import ColumnKind

_TO_FILL_IN = ("document", "position", "donor", "account", "nature", "date", "learn", "reason")
# What is in brackets is not read back.
_TO_READ = {
    "en": ("booked", "amount", "from", "communication", "proposal", "score", "why", "other proposals"),
    "fr": ("comptabilisé", "montant", "de", "communication", "proposition", "score", "pourquoi", "autres propositions"),
    "nl": ("geboekt", "bedrag", "van", "mededeling", "voorstel", "score", "waarom", "andere voorstellen"),
    "de": ("gebucht", "betrag", "von", "mitteilung", "vorschlag", "punkte", "warum", "andere vorschläge"),
}
_WIDTHS = (24, 9, 12, 10, 12, 12, 9, 20, 14, 12, 30, 40, 13, 8, 36, 24)
_FORMATS = {9: NUMBER_FORMATS[ColumnKind.CENTS], 13: "0 %"}  # amount and score
# How much a piece of evidence says by itself; a name that fits besides raises it (importers.proposals).
_OWN_ACCOUNT = 0.95
_SHARED_ACCOUNT = 0.6
_COMMUNICATION = 0.7
_NOTED = 0.6
_NOTED_BY_SEVERAL = 0.3
_TIE = 0.05  # two donors this close are for a person to tell apart
_ABOUT = timedelta(7)  # a CRM gives the day of the promise, or that on which somebody typed in the statement


_Cell = str | int | float | Decimal


@dataclass(frozen=True, slots=True)
class OpenLine:
    """An open line with what the vault knows of it; `waits` where it is on suspense, else it is a gift of nobody."""

    document: str
    position: int
    booked: date
    cents: int
    name: str
    communication: str
    proposals: tuple[Proposal, ...]
    waits: bool = True


def open_lines(books: Books, *, gifts: bool = True) -> list[OpenLine]:
    """What is open, oldest first, each line with at most three proposals; `gifts` with those of nobody too."""
    with books.register.connect() as connection:
        items = open_items(connection)
        donorless = donorless_gifts(connection) if gifts else []
        noted = _noted(connection) if items else {}
    if not items and not donorless:
        return []
    with books.vault.connect() as connection:
        behind = all_counterparties(connection)
        donors = directory(find_donors(connection, None))
        owners = owners_of_ibans(connection)
        issued = load_links(connection).communications
    open_: list[tuple[str, int, date, int, bool]] = [
        (item.document, item.position, item.booked, item.cents, True) for item in items
    ]
    open_ += [
        (document, one.gift.position, one.gift.booked, one.gift.cents, False)
        for document, one in donorless
        if (document, one.gift.position) in behind
    ]
    lines = []
    for document, position, booked, cents, waits in open_:
        known = behind.get((document, position)) or Counterparty(document, position, "", "", "")
        proposals: tuple[Proposal, ...] = ()
        if cents > 0:
            evidence = [*_evidence(known, owners, issued), *_by_export(noted, cents, booked)]
            proposals = tuple(propose(known.name, known.communication, donors, evidence=evidence))
        lines.append(OpenLine(document, position, booked, cents, known.name, known.communication, proposals, waits))
    return sorted(lines, key=lambda line: (line.booked, line.document, line.position))


def _evidence(
    known: Counterparty,
    owners: Mapping[str, set[str]],
    issued: Mapping[str, tuple[str, str | None]],
) -> Iterable[Proposal]:
    """The donors that the account it came from, or the communication it bears, speak for."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    of_account = owners.get(known.account, set())
    ogm = find_ogm(known.communication)
    issued_to = issued.get(ogm.ogm) if ogm is not None else None
    agreed = issued_to is None or issued_to[0] in of_account
    for donor in of_account:
        if len(of_account) == 1 and agreed:
            found[donor].append((_OWN_ACCOUNT, "account of this donor"))
        else:
            whose = "account of this donor" if len(of_account) == 1 else f"account of {len(of_account)} donors"
            found[donor].append((_SHARED_ACCOUNT, whose))
    if issued_to is not None:
        found[issued_to[0]].append((_COMMUNICATION, "structured communication issued to this donor"))
    for donor, signs in sorted(found.items()):
        doubt = 1.0
        for share, _ in signs:
            doubt *= 1 - share
        yield Proposal(donor, round(1 - doubt, 3), tuple(reason for _, reason in signs))


def _noted(connection: Connection) -> dict[int, list[Noted]]:
    """By amount, the gifts that a CRM's export says came to the bank and that stand with nobody's name yet."""
    noted = noted_gifts(connection, "bank")
    there = defaultdict(list)
    for donor, cents, day in standing_gifts(connection, (one.donor for one in noted)):
        there[donor, cents].append(day)
    found: dict[int, list[Noted]] = defaultdict(list)
    for one in noted:
        days = there[one.donor, one.cents]
        entered = next((day for day in days if abs(one.day - day) <= _ABOUT), None)
        if entered is None:
            found[one.cents].append(one)
        else:
            days.remove(entered)  # it is the gift of one row of the export, not of all that are like it
    return found


def _by_export(noted: Mapping[int, Sequence[Noted]], cents: int, booked: date) -> Iterable[Proposal]:
    """The donors of whom an export says that they gave this amount about this day."""
    donors = {one.donor: one for one in noted.get(cents, ()) if abs(one.day - booked) <= _ABOUT}
    score = _NOTED if len(donors) == 1 else _NOTED_BY_SEVERAL
    for donor, one in sorted(donors.items()):
        yield Proposal(donor, score, (f"the amount in {one.document}, of {one.day}",))


def _headings(language: str) -> list[str]:
    """The headings of the sheet, those to fill in as `importers.assignments` finds them."""
    own = {column.name: column.heading(language) for column in COLUMNS}
    return [*(own[name] for name in _TO_FILL_IN), *(f"({text})" for text in _TO_READ[language])]


def write_sheet(lines: Sequence[OpenLine], path: Path, language: str, *, prefill: float | None = None) -> None:
    """The list as a sheet to fill in: what is in brackets is to read, the rest is the person's.

    With `prefill` the best proposal stands in the donor's column where its score is at least that and no other comes
    near; a row counts as decided only once it has a date.
    """
    rows = [_row(line, prefill) for line in lines]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out, delimiter=";")
            writer.writerow(_headings(language))
            writer.writerows([_safe(cell) for cell in row] for row in rows)
        return
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("match")
    set_up_sheet(sheet, language, landscape=True, header=1)
    for letter, width in zip("ABCDEFGHIJKLMNOP", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([_styled(sheet, heading, fill=heading[0] != "(") for heading in _headings(language)])
    for row in rows:
        sheet.append([_shown(sheet, _safe(cell), place) for place, cell in enumerate(row)])
    workbook.save(path)


def _styled(sheet: Any, heading: str, *, fill: bool) -> Any:
    """A heading; the shaded ones stand above what the person fills in."""
    cell = WriteOnlyCell(sheet, heading)
    cell.font = BOLD
    if fill:
        cell.fill = SHADE
    return cell


def _shown(sheet: Any, value: Any, place: int) -> Any:
    """A cell, an amount or a score as such."""
    if value == "" or place not in _FORMATS:
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = _FORMATS[place]
    return cell


def _row(line: OpenLine, prefill: float | None) -> list[_Cell]:
    best = line.proposals[0] if line.proposals else None
    alone = len(line.proposals) < 2 or line.proposals[0].score - line.proposals[1].score > _TIE  # noqa: PLR2004 - a rival
    filled = best.donor if best is not None and prefill is not None and best.score >= prefill and alone else ""
    return [
        line.document,
        line.position,
        filled,
        "",
        "",
        "",
        "",
        "",
        line.booked.isoformat(),
        to_decimal(line.cents),
        line.name,
        line.communication,
        best.donor if best else "",
        best.score if best else "",
        ", ".join(best.reasons) if best else "",
        "; ".join(f"{one.donor} {round(100 * one.score)} % {', '.join(one.reasons)}" for one in line.proposals[1:]),
    ]


def _safe(cell: _Cell) -> _Cell:
    """A text that a spreadsheet would take for a formula gets an apostrophe: names come from outside."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t")) else cell
