"""The sheet of open lines that a person fills in.

Made with openpyxl, which reads a sheet back with its formatting; reports are made by `reports.sheets`.
"""

import csv
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill

from importers.registers.assignments import COLUMNS
from ledger.money import to_decimal
from ledger.signs import one_line
from obole.suspense.obvious import LikelyAccount
from obole.suspense.open_lines import OpenLine
from obole.words import N_, _, text_in

_TO_FILL_IN = (
    "document",
    "position",
    "donor",
    "account",
    "nature",
    "date",
    "learn",
    "reason",
    "refund_of",
    "part",
    "party",
)


# What is in brackets is not read back.
_TO_READ = (
    N_("booked"),
    N_("amount"),
    N_("from"),
    N_("communication"),
    N_("proposal"),
    N_("score"),
    N_("why"),
    N_("other proposals"),
)


_WIDTHS = (24, 9, 12, 10, 12, 12, 9, 20, 28, 10, 10, 14, 12, 30, 40, 13, 8, 36, 24)


_FORMATS = {12: "#,##0.00", 16: "0 %"}  # amount and score


_BOLD = Font(name="Calibri", size=11, bold=True)


_SHADE = PatternFill("solid", fgColor="E8EDF2")


_SURE = 0.9  # a gift less likely than this is proposed to read only


TIE = 0.05  # two donors this close are for a person to tell apart


_Cell = str | int | float | Decimal


def _headings(language: str) -> list[str]:
    """Return the headings of the sheet, those to fill in as `importers.assignments` finds them."""
    own = {column.name: column.heading(language) for column in COLUMNS}
    return [*(own[name] for name in _TO_FILL_IN), *(f"({text_in(language, text)})" for text in _TO_READ)]


def write_sheet(lines: Sequence[OpenLine], path: Path, language: str, *, prefill: float | None = None) -> None:
    """Write the list as a sheet to fill in: what is in brackets is to read, the rest is the person's.

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
    _set_up(sheet, language)
    for letter, width in zip("ABCDEFGHIJKLMNOPQRS", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([_styled(sheet, heading, fill=heading[0] != "(") for heading in _headings(language)])
    for row in rows:
        sheet.append([_shown(sheet, _safe(cell), place) for place, cell in enumerate(row)])
    workbook.save(path)


def _set_up(sheet: Any, language: str) -> None:
    """A4 on its side, fitted to the width, the headings frozen and repeated on each page, the pages numbered."""
    sheet.freeze_panes = "A2"
    sheet.page_setup.paperSize = "9"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    sheet.oddFooter.right.text = text_in(language, "Page &P of &N")


def _styled(sheet: Any, heading: str, *, fill: bool) -> Any:
    """Return a heading; the shaded ones stand above what the person fills in."""
    cell = WriteOnlyCell(sheet, heading)
    cell.font = _BOLD
    if fill:
        cell.fill = _SHADE
    return cell


def _shown(sheet: Any, value: Any, place: int) -> Any:
    """Return a cell, an amount or a score as such."""
    if value == "" or place not in _FORMATS:
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = _FORMATS[place]
    return cell


def _row(line: OpenLine, prefill: float | None) -> list[_Cell]:
    if line.account is not None:
        return _elsewhere(line, line.account, prefill)
    if line.gifts:
        return _payment(line)
    best = line.proposals[0] if line.proposals else None
    alone = len(line.proposals) < 2 or line.proposals[0].score - line.proposals[1].score > TIE  # noqa: PLR2004 - a rival
    filled = best.donor if best is not None and prefill is not None and best.score >= prefill and alone else ""
    return [
        line.document,
        line.position,
        filled,
        *[""] * 8,
        line.booked.isoformat(),
        to_decimal(line.cents),
        line.name,
        line.communication,
        best.donor if best else "",
        best.score if best else "",
        ", ".join(best.reasons) if best else "",
        "; ".join(f"{one.donor} {round(100 * one.score)} % {', '.join(one.reasons)}" for one in line.proposals[1:]),
    ]


def _elsewhere(line: OpenLine, best: LikelyAccount, prefill: float | None) -> list[_Cell]:
    """Return the row of a line that obviously goes to an account: to read, and with `prefill` in its column."""
    others = line.accounts[1:]
    alone = not others or best.score - others[0].score > TIE
    why = list(best.reasons)
    filled = prefill is not None and best.score >= prefill and alone
    if best.party and not filled:
        why.append(_("write {party} in a column `party`").format(party=best.party))
    if best.legacy:
        why.append(_("write {legacy} in a column `legacy`").format(legacy=best.legacy))
    rest = [f"{one.account} {round(100 * one.score)} % {', '.join(one.reasons)}" for one in others]
    rest += [f"{one.donor} {round(100 * one.score)} % {', '.join(one.reasons)}" for one in line.proposals]
    return [
        line.document,
        line.position,
        "",
        best.account if filled else "",
        *[""] * 6,
        best.party if filled else "",
        line.booked.isoformat(),
        to_decimal(line.cents),
        line.name,
        line.communication,
        best.account,
        best.score,
        ", ".join(why),
        "; ".join(rest),
    ]


def _payment(line: OpenLine) -> list[_Cell]:
    """Return the row of a payment: the gift that it is likely to pay back stands in its column, where it is the one."""
    best, others = line.gifts[0], line.gifts[1:]
    alone = not others or best.score - others[0].score > TIE
    return [
        line.document,
        line.position,
        *[""] * 6,
        best.gift if alone and best.score >= _SURE else "",
        *[""] * 2,
        line.booked.isoformat(),
        to_decimal(line.cents),
        line.name,
        line.communication,
        best.donor,
        best.score,
        f"{best.gift}: {', '.join(best.reasons)}",
        "; ".join(f"{one.gift} {one.donor} {round(100 * one.score)} % {', '.join(one.reasons)}" for one in others),
    ]


def _safe(cell: _Cell) -> _Cell:
    """Put an apostrophe before a text that a spreadsheet would take for a formula: names come from outside.

    Control signs, which no workbook can hold, are left out.
    """
    if not isinstance(cell, str):
        return cell
    cell = one_line(cell)
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell
