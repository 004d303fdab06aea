"""Decisions about bank lines that waited on the suspense account: the donor of a line, its account, or both.

`obole suspense -o open.xlsx` writes the list to fill in. Its columns in brackets are for reading, and a row of it whose
donor, account and date are all empty is not decided yet: both are passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from importers.tabular import Column, RegisterFile, Row, Sheet, Table, fold, has_columns, read_sheet


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One decision: line `position` of `document` goes to a donor, an account, or both. `day` is when it was taken."""

    document: str
    position: int
    donor: str | None
    account: str | None
    day: date
    reason: str
    row: int


AssignmentsFile = RegisterFile[AssignmentRow]

COLUMNS = (
    Column("document", "pièce", "stuk", required=True),
    Column("position", "position", "positie", required=True),
    Column("donor", "donateur", "schenker"),
    Column("account", "compte", "rekening"),
    Column("date", "date", "datum", required=True),
    Column("reason", "motif", "reden"),
)
_DECISIVE = ("donor", "account", "date")


def identify(path: Path) -> bool:
    """Whether a file is a list of decisions, by its headings."""
    return has_columns(path, COLUMNS[:1], COLUMNS[1:2])


def read(path: Path) -> AssignmentsFile:
    """The decisions of a list, with its faults."""
    table = Table(_decided(read_sheet(path)), COLUMNS)
    return table.file(_rows(table))


def describe(file: AssignmentsFile) -> list[tuple[str, str]]:
    """What the list holds: decisions, the documents they are about, how many name a donor or an account."""
    rows = file.rows
    return [
        ("decisions", str(len(rows))),
        ("documents", str(len({row.document for row in rows}))),
        ("to a donor", str(sum(row.donor is not None for row in rows))),
        ("to an account", str(sum(row.account is not None for row in rows))),
    ]


def _decided(sheet: Sheet) -> Sheet:
    """The sheet without the columns in brackets and the rows that are not decided yet."""
    kept = [number for number, heading in enumerate(sheet.headings) if not _in_brackets(heading)]
    decisive = {fold(heading) for column in COLUMNS if column.name in _DECISIVE for heading in column.headings}
    marks = [number for number in kept if fold(sheet.headings[number]) in decisive]
    rows = tuple(
        (number, [cells[one] if one < len(cells) else None for one in kept])
        for number, cells in sheet.rows
        if not marks or any(one < len(cells) and cells[one] is not None for one in marks)
    )
    return replace(sheet, headings=tuple(sheet.headings[number] for number in kept), rows=rows)


def _in_brackets(heading: str) -> bool:
    return heading.startswith("(") and heading.endswith(")")


def _rows(table: Table) -> Iterator[AssignmentRow]:
    seen: dict[tuple[str, int], int] = {}
    for row in table:
        decision = _decision(row)
        if row.sound:
            first = seen.setdefault((decision.document, decision.position), row.number)
            if first != row.number:
                row.error("position", f"of this document was decided in row {first}; keep one decision")
        if row.sound:
            yield decision


def _decision(row: Row) -> AssignmentRow:
    if not (row.filled("donor") or row.filled("account")):
        row.error("donor", "and the account are both empty; write a donor key, an account code, or both")
    return AssignmentRow(
        document=row.code("document"),
        position=row.whole("position"),
        donor=row.key("donor"),
        account=row.account("account") or None,
        day=row.day("date"),
        reason=row.text("reason"),
        row=row.number,
    )
