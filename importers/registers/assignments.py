"""Decisions about single lines: the donor or account of one that waits, or what a posted gift really was.

`obole match -o open.xlsx` writes the list to fill in. Its columns in brackets are for reading, and a row without a date
is not decided yet: both are passed over.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from importers.registers.columns import DEPARTMENT, FUND, PARTY, PROJECT, REFUND_OF, gift_in, party_in
from importers.sheets.cells import Cell, Vocabulary
from importers.sheets.tabular import (
    RawSheet,
    RegisterFile,
    SheetColumn,
    SheetRow,
    SheetTable,
    fold,
    has_columns,
    of_columns,
    read_sheet,
)
from importers.words import _, many
from ledger.dimensions import LineKeys
from ledger.errors import Fault, Severity
from ledger.records import Counterpart, Nature


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One decision about line `position` of `document`, taken on `day`; None leaves a thing as it is.

    `learn` says that the account the money came from is the donor's from now on, though another donor has it too.
    `refund_of` names the gift that a payment pays back, by document and line; `part` is how many cents of the payment
    the row is about, where it is split over several rows; `legacy` the legacy that it is set against, and its asset.
    """

    document: str
    position: int
    donor: str | None
    account: str | None
    day: date
    reason: str
    row: int
    nature: Nature | None = None
    counterpart: Counterpart | None = None
    campaign: str | None = None
    fund: str | None = None
    learn: bool = False
    project: str | None = None
    department: str | None = None
    party: str | None = None
    refund_of: tuple[str, int] | None = None
    part: int | None = None
    legacy: tuple[str, str] | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Return the document and the line that it is about."""
        return self.document, self.position

    @property
    def keys(self) -> LineKeys:
        """Return what the line carries in the books."""
        return LineKeys(self.project, self.department, self.fund, self.party)


AssignmentsFile = RegisterFile[AssignmentRow]


COLUMNS = (
    SheetColumn("document", "pièce", "stuk", "beleg", required=True),
    SheetColumn("position", "position", "positie", "position", required=True),
    SheetColumn("donor", "donateur", "schenker", "spender"),
    SheetColumn("account", "compte", "rekening", "konto"),
    SheetColumn("date", "date", "datum", "datum", required=True),
    SheetColumn("reason", "motif", "reden", "grund"),
    SheetColumn("nature", "nature", "aard", "art"),
    SheetColumn("counterpart", "contrepartie", "tegenprestatie", "gegenleistung"),
    SheetColumn("campaign", "campagne", "campagne", "kampagne"),
    FUND,
    PROJECT,
    DEPARTMENT,
    PARTY,
    SheetColumn("learn", "retenir", "onthouden", "merken"),
    REFUND_OF,
    SheetColumn("part", "partie", "deel", "teil"),
    SheetColumn("legacy", "legs", "legaat", "vermächtnis"),
)


_NATURES = Vocabulary(
    {
        "money": ("don", "geld", "spende", "gift"),
        "legacy": ("legs", "legaat", "vermächtnis"),
        "membership": ("cotisation", "lidgeld", "mitgliedsbeitrag"),
        "ticket": ("billet", "ticket", "eintritt", "evenement"),
        "sponsoring": ("parrainage", "sponsoring", "sponsoring"),
    }
)


_COUNTERPARTS = Vocabulary(
    {
        "none": ("aucune", "geen", "keine"),
        "token": ("symbolique", "klein", "symbolisch"),
        "real": ("réelle", "reëel", "wirklich"),
    }
)


_FILLED = ("donor", "account", "nature", "refund_of", "legacy")


_YES_NO = Vocabulary(
    {
        "yes": ("oui", "ja", "ja"),
        "no": ("non", "nee", "nein"),
    }
)


def identify(path: Path) -> bool:
    """Return whether a file is a list of decisions, by its headings."""
    return has_columns(path, COLUMNS[:1], COLUMNS[1:2])


def read(path: Path) -> AssignmentsFile:
    """Return the decisions of a list, with its faults."""
    whole = read_sheet(path, score=of_columns(COLUMNS))
    sheet, undated = _decided(whole)
    table = SheetTable(sheet, COLUMNS)
    if whole.rows and not sheet.rows:
        table.error(_("no row has a date, so nothing is decided; write the day of the decision in each row that is"))
    file = table.file(_rows(table))
    if not undated:
        return file
    some = ", ".join(map(str, undated[:5])) + (" ..." if len(undated) > 5 else "")  # noqa: PLR2004 - a few to look at
    message = many(
        "not decided yet, for want of a date: {count} row that is filled in ({rows})",
        "not decided yet, for want of a date: {count} rows that are filled in ({rows})",
        len(undated),
    ).format(count=len(undated), rows=some)
    return replace(file, faults=(*file.faults, Fault(message, severity=Severity.WARNING)))


def describe(file: AssignmentsFile) -> list[tuple[str, str]]:
    """Return what the list holds: decisions, the documents they are about, how many name a donor or an account."""
    rows = file.rows
    return [
        (_("decisions"), str(len(rows))),
        (_("documents"), str(len({row.document for row in rows}))),
        (_("to a donor"), str(sum(row.donor is not None for row in rows))),
        (_("to an account"), str(sum(row.account is not None for row in rows))),
    ]


def _decided(sheet: RawSheet) -> tuple[RawSheet, list[int]]:
    """Return the sheet without the columns in brackets and the rows without a date; which of these are filled in."""
    kept = [number for number, heading in enumerate(sheet.headings) if not _in_brackets(heading)]
    dates, fills = ([n for n in kept if fold(sheet.headings[n]) in _headings(names)] for names in (("date",), _FILLED))
    rows, undated = [], []
    for number, cells in sheet.rows:
        if not dates or any(_cell(cells, one) is not None for one in dates):
            rows.append((number, [_cell(cells, one) for one in kept]))
        elif any(_cell(cells, one) is not None for one in fills):
            undated.append(number)
    headings = tuple(sheet.headings[number] for number in kept)
    return replace(sheet, headings=headings, rows=tuple(rows)), undated


def _headings(names: Iterable[str]) -> set[str]:
    return {fold(heading) for column in COLUMNS if column.name in names for heading in column.headings}


def _cell(cells: Sequence[Cell], number: int) -> Cell:
    return cells[number] if number < len(cells) else None


def _in_brackets(heading: str) -> bool:
    return heading.startswith("(") and heading.endswith(")")


def _rows(table: SheetTable) -> Iterator[AssignmentRow]:
    seen: dict[tuple[str, int], AssignmentRow] = {}
    gifts: dict[tuple[object, ...], int] = {}
    for row in table:
        decision = _decision(row)
        if row.sound:
            first = seen.setdefault(decision.place, decision)
            if first is not decision and not (_is_part(first) and _is_part(decision)):
                row.error(
                    "position",
                    _("column `{column}` of this document was decided in row {row}; keep one decision"),
                    row=first.row,
                )
            elif gifts.setdefault((*decision.place, decision.refund_of, decision.account), row.number) != row.number:
                row.error(
                    "refund_of",
                    _("column `{column}` names what row {row} of this payment names; write one row for each gift"),
                    row=gifts[*decision.place, decision.refund_of, decision.account],
                )
        if row.sound:
            yield decision


def _is_part(decision: AssignmentRow) -> bool:
    """Return whether a row may be about a part of its line: others may be about the rest."""
    return decision.refund_of is not None or decision.part is not None


def _decision(row: SheetRow) -> AssignmentRow:
    nature = row.choice("nature", _NATURES, "")
    counterpart = row.choice("counterpart", _COUNTERPARTS, "")
    decided = ("donor", "account", "nature", "counterpart", "campaign", "fund", "project", "department")
    if not any(row.filled(name) for name in (*decided, "refund_of", "legacy")):
        row.error(
            "donor",
            _("column `{column}` and the account are both empty; write a donor key, an account code, or both"),
        )
    return AssignmentRow(
        document=row.code("document"),
        position=row.whole("position"),
        donor=row.key("donor"),
        account=row.account("account") or None,
        day=row.day("date"),
        reason=row.text("reason"),
        row=row.number,
        nature=Nature(nature) if nature else None,
        counterpart=Counterpart(counterpart) if counterpart else None,
        campaign=row.text("campaign") or None,
        fund=row.text("fund") or None,
        learn=row.choice("learn", _YES_NO, "") == "yes",
        project=row.text("project") or None,
        department=row.text("department") or None,
        party=party_in(row),
        refund_of=gift_in(row),
        part=row.positive("part") if row.filled("part") else None,
        legacy=_legacy_in(row),
    )


def _legacy_in(row: SheetRow) -> tuple[str, str] | None:
    """Return the legacy that a row names, with its asset where it names one; None where it names none."""
    legacy, _colon, asset = row.code("legacy").partition(":")
    if not legacy:
        return None
    if row.filled("refund_of") or row.filled("part"):
        row.error("legacy", _("column `{column}` goes with no refund and no part of a payment; empty those"))
    return legacy.strip(), asset.strip()
