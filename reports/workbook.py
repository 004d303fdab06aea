"""A statement as a workbook an auditor can follow: every total is a formula over lines, every line over its accounts.

The first sheet has the printed euros (ROUND of the exact amount) of two years side by side, and the exact cents beside
them; the second sheet has the accounts behind each line, whose sums feed the first.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side

from ledger.chart import Account
from ledger.money import to_decimal
from reports.printing import subtitle, title
from reports.scheme import LineKind, What
from reports.sheets import (
    BOLD,
    HEADER_ROW,
    OVERLINE,
    SHADE,
    TITLE,
    as_text,
    set_up_sheet,
    sheet_name,
    style_header,
)
from reports.statements import AnnualLine, AnnualStatement
from reports.wording import word

EURO_FORMAT = "#,##0;-#,##0;0"
CENT_FORMAT = "#,##0.00"
_PRINTED = 3  # column C; the year before stands to the right, the exact amounts after both
_BEHIND = 5  # the amount's column on the sheet of accounts
_UNDERLINE = Border(top=Side(style="thin"), bottom=Side(style="double"))


def write_statement(of: AnnualStatement, accounts: Mapping[str, Account], language: str, path: Path) -> None:
    """Write the workbook of one statement."""
    write_statements((of,), accounts, language, path)


def write_statements(
    statements: tuple[AnnualStatement, ...], accounts: Mapping[str, Account], language: str, path: Path
) -> None:
    """Write several statements into one workbook, two sheets each."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for of in statements:
        name = sheet_name(word(of.what, language))
        sheet = workbook.create_sheet(name)
        behind = workbook.create_sheet(sheet_name(f"{word('accounts', language)} {name}"))
        _Sheets(of, accounts, language, sheet, behind).write()
    workbook.calculation.fullCalcOnLoad = True
    workbook.save(path)


class _Sheets:
    """The two sheets of one statement while they are written."""

    def __init__(
        self, of: AnnualStatement, accounts: Mapping[str, Account], language: str, sheet: Any, behind: Any
    ) -> None:
        self.of = of
        self.accounts = accounts
        self.language = language
        self.sheet = sheet
        self.behind = behind
        self.years = (of.year, of.year - 1) if of.has_previous else (of.year,)
        self.rows: dict[str, int] = {}
        self.ranges: dict[str, tuple[int, int]] = {}

    def write(self) -> None:
        self._write_accounts()
        row = HEADER_ROW
        section = ""
        places: list[tuple[int, AnnualLine]] = []
        for line in self.of.lines:
            if line.section != section:
                section = line.section
                row += 1
                self._heading(row, word(section, self.language).upper())
            row += 1
            self.rows[line.key] = row
            places.append((row, line))
        for place, line in places:
            self._line(place, line)
        if self.of.what is What.BALANCE_SHEET:
            self._check(row + 2)
        self._set_up()

    def _set_up(self) -> None:
        columns = [
            word("code", self.language),
            word("line", self.language),
            *(word("rounded", self.language, year=year) for year in self.years),
            *(word("exact", self.language, year=year) for year in self.years),
        ]
        self._head(self.sheet, columns, (9, 62, *(15,) * len(self.years), *(18,) * len(self.years)), texts=2)
        columns = [
            word("code", self.language),
            word("line", self.language),
            word("account", self.language),
            word("label", self.language),
            *(word("exact", self.language, year=year) for year in self.years),
        ]
        self._head(self.behind, columns, (9, 44, 12, 52, *(18,) * len(self.years)), texts=4)

    def _head(self, sheet: Any, columns: list[str], widths: tuple[int, ...], texts: int) -> None:
        as_text(sheet["A1"], title(self.of, self.language))
        sheet["A1"].font = TITLE
        as_text(sheet["A2"], subtitle(self.of, self.language))
        for index, (heading, width) in enumerate(zip(columns, widths, strict=True), start=1):
            cell = sheet.cell(HEADER_ROW, index)
            as_text(cell, heading)
            style_header(cell, numeric=index > texts)
            sheet.column_dimensions[cell.column_letter].width = width
        set_up_sheet(sheet, self.language, landscape=True)

    def _write_accounts(self) -> None:
        row = HEADER_ROW
        for line in self.of.every:
            if not (line.shown or line.cents or line.previous):
                continue
            first = row + 1
            for contribution in line.accounts:
                row += 1
                account = self.accounts.get(contribution.code)
                label = account.label(self.language) if account else ""
                texts = (line.code, line.label(self.language), contribution.code, label)
                for index, text in enumerate(texts, start=1):
                    as_text(self.behind.cell(row, index), text)
                for offset, cents in enumerate((contribution.cents, contribution.previous)[: len(self.years)]):
                    cell = self.behind.cell(row, _BEHIND + offset, to_decimal(cents or 0))
                    cell.number_format = CENT_FORMAT
            if line.accounts:
                self.ranges[line.key] = (first, row)

    def _heading(self, row: int, text: str) -> None:
        as_text(self.sheet.cell(row, 2), text)
        for column in range(1, _PRINTED + 2 * len(self.years)):
            cell = self.sheet.cell(row, column)
            cell.font = BOLD
            cell.fill = SHADE

    def _line(self, row: int, line: AnnualLine) -> None:
        as_text(self.sheet.cell(row, 1), line.code)
        label = self.sheet.cell(row, 2)
        as_text(label, line.label(self.language))
        label.alignment = Alignment(horizontal="left", indent=line.level, wrap_text=True)
        if line.kind is not LineKind.HEADING:
            for offset in range(len(self.years)):
                exact = self.sheet.cell(row, self._exact + offset, self._formula(line, offset))
                exact.number_format = CENT_FORMAT
                printed = self.sheet.cell(row, _PRINTED + offset, f"=ROUND({exact.coordinate},0)")
                printed.number_format = EURO_FORMAT
        self._style(row, line)

    @property
    def _exact(self) -> int:
        return _PRINTED + len(self.years)

    def _style(self, row: int, line: AnnualLine) -> None:
        if line.kind is LineKind.LINE:
            font = Font(name="Calibri", size=11, italic=True) if line.memo else None
            border = None
        else:
            font = BOLD
            border = {LineKind.TOTAL: OVERLINE, LineKind.GRAND_TOTAL: _UNDERLINE}.get(line.kind)
        for column in range(1, self._exact + len(self.years)):
            cell = self.sheet.cell(row, column)
            if font is not None:
                cell.font = font
            if border is not None and column >= _PRINTED:
                cell.border = border

    def _formula(self, line: AnnualLine, offset: int) -> str | int:
        """Return a line's formula: ROUND(…,2) keeps binary fractions from moving a half cent, and so a printed euro."""
        if not line.parts:
            return f"=ROUND({self._sum(line.key, offset)},2)" if line.key in self.ranges else 0
        terms = "".join(self._term(part.sign, part.key, offset) for part in line.parts)
        return f"=ROUND({terms.removeprefix('+') or '0'},2)"

    def _term(self, sign: int, key: str, offset: int) -> str:
        """Return a part of a sum: the line's own cell or, where the line is not shown, its accounts (if any)."""
        if key in self.rows:
            cell = str(self.sheet.cell(self.rows[key], self._exact + offset).coordinate)
        elif key in self.ranges:
            cell = self._sum(key, offset)
        else:
            return ""
        return ("-" if sign < 0 else "+") + cell

    def _sum(self, key: str, offset: int) -> str:
        first, last = self.ranges[key]
        letter = self.behind.cell(first, _BEHIND + offset).column_letter
        return f"SUM('{self.behind.title}'!{letter}{first}:{letter}{last})"

    def _check(self, row: int) -> None:
        as_text(self.sheet.cell(row, 2), word("check", self.language))
        grand = {line.section: self.rows[line.key] for line in self.of.lines if line.kind is LineKind.GRAND_TOTAL}
        for offset in range(len(self.years)):
            letter = self.sheet.cell(row, self._exact + offset).column_letter
            formula = f"=ROUND({letter}{grand['assets']}-{letter}{grand['liabilities']},2)"
            self.sheet.cell(row, self._exact + offset, formula).number_format = CENT_FORMAT
