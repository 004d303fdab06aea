"""A statement as a workbook an auditor can follow: every total is a formula over lines, every line over its accounts.

The first sheet has the printed euros (ROUND of the exact amount) of two years side by side, and the exact cents beside
them; the second sheet has the accounts behind each line, whose sums feed the first.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from ledger.chart import Account
from ledger.money import to_decimal, to_euros
from reports.formats import head
from reports.printing import statement_table
from reports.scheme import LineKind, What
from reports.sheets import (
    BOLD,
    HEADER_ROW,
    OVERLINE,
    SHADED,
    Styles,
    new_workbook,
    set_up_sheet,
    set_width,
    sheet_name,
    write_head,
    write_text,
)
from reports.statements import AnnualLine, AnnualStatement, Contribution, balance
from reports.words import named, text_in

EURO_FORMAT = "#,##0;-#,##0;0"
CENT_FORMAT = "#,##0.00"
_PRINTED = 2  # column C; the year before stands to the right, the exact amounts after both
_BEHIND = 4  # the amount's column on the sheet of accounts
_SIGNS = {1: "+", -1: "-"}
_UNDERLINE = {"top": 1, "bottom": 6}  # a thin and a double line


def write_statement(of: AnnualStatement, accounts: Mapping[str, Account], language: str, path: Path) -> None:
    """Write the workbook of one statement."""
    write_statements((of,), accounts, language, path)


def write_statements(
    statements: tuple[AnnualStatement, ...], accounts: Mapping[str, Account], language: str, path: Path
) -> None:
    """Write several statements into one workbook, two sheets each."""
    with new_workbook(path) as workbook:
        styles = Styles(workbook)
        for of in statements:
            name = sheet_name(named(of.what, language))
            sheet = workbook.add_worksheet(name)
            behind = workbook.add_worksheet(sheet_name(" ".join((text_in(language, "Accounts"), name))))
            _Sheets(of, accounts, language, styles, sheet=sheet, behind=behind).write()


class _Sheets:
    """The two sheets of one statement while they are written, each from its first row to its last."""

    def __init__(
        self,
        of: AnnualStatement,
        accounts: Mapping[str, Account],
        language: str,
        styles: Styles,
        *,
        sheet: Worksheet,
        behind: Worksheet,
    ) -> None:
        self.of = of
        self.accounts = accounts
        self.language = language
        self.styles = styles
        self.sheet = sheet
        self.behind = behind
        self.years = (of.year, of.previous_year) if of.has_previous else (of.year,)
        self.exact = _PRINTED + len(self.years)
        self.above = head(statement_table(of, language))
        self.rows: dict[str, int] = {}  # of each shown line, from 1 as formulas count
        self.ranges: dict[str, tuple[int, int]] = {}

    def write(self) -> None:
        """Write both: the accounts first, then the lines, whose formulas name each other's rows."""
        self._head(self.behind, (9, 44, 12, 52, *(18,) * len(self.years)), self._account_columns(), texts=4)
        self._write_accounts()
        self._head(self.sheet, (9, 62, *(15,) * len(self.years), *(18,) * len(self.years)), self._columns(), texts=2)
        row, section = HEADER_ROW, ""
        places: list[tuple[int, AnnualLine | str]] = []
        for line in self.of.lines:
            if line.section != section:
                section = line.section
                row += 1
                places.append((row, named(section, self.language).upper()))
            row += 1
            self.rows[line.key] = row
            places.append((row, line))
        for place, what in places:
            if isinstance(what, str):
                self._heading(place, what)
            else:
                self._line(place, what)
        if self.of.what is What.BALANCE_SHEET:
            self._check(row + 2)

    def _columns(self) -> list[str]:
        return [
            text_in(self.language, "Code"),
            text_in(self.language, "Line"),
            *(text_in(self.language, "{year} (€)").format(year=year) for year in self.years),
            *(text_in(self.language, "{year} to the cent").format(year=year) for year in self.years),
        ]

    def _account_columns(self) -> list[str]:
        return [
            text_in(self.language, "Code"),
            text_in(self.language, "Line"),
            text_in(self.language, "Account"),
            text_in(self.language, "Label"),
            *(text_in(self.language, "{year} to the cent").format(year=year) for year in self.years),
        ]

    def _head(self, sheet: Worksheet, widths: tuple[int, ...], columns: list[str], texts: int) -> None:
        for place, width in enumerate(widths):
            set_width(sheet, place, width)
        set_up_sheet(sheet, self.language, landscape=True)
        headings = [(heading, place >= texts) for place, heading in enumerate(columns)]
        write_head(sheet, self.styles, self.above, headings)

    def _write_accounts(self) -> None:
        row = HEADER_ROW
        cents_style = self.styles.of({"num_format": CENT_FORMAT})
        for line in self.of.every:
            if not (line.shown or line.cents or line.previous):
                continue
            first = row + 1
            for contribution in line.accounts:
                row += 1
                account = self.accounts.get(contribution.code)
                label = account.label(self.language) if account else ""
                texts = (line.code, line.label(self.language), contribution.code, label)
                for place, text in enumerate(texts):
                    write_text(self.behind, row - 1, place, text)
                for offset, cents in _held(contribution):
                    self.behind.write_number(row - 1, _BEHIND + offset, to_decimal(cents), cents_style)
            if line.accounts:
                self.ranges[line.key] = (first, row)

    def _heading(self, row: int, text: str) -> None:
        style = self.styles.of(BOLD | SHADED)
        for place in range(self.exact + len(self.years)):
            self.sheet.write_blank(row - 1, place, None, style)
        write_text(self.sheet, row - 1, 1, text, style)

    def _line(self, row: int, line: AnnualLine) -> None:
        look, border = _look(line)
        label = look | {"align": "left", "indent": line.level, "text_wrap": True}
        write_text(self.sheet, row - 1, 0, line.code, self.styles.of(look))
        write_text(self.sheet, row - 1, 1, line.label(self.language), self.styles.of(label))
        for offset, cents in _held(line):
            exact, printed = self.exact + offset, _PRINTED + offset
            if line.kind is LineKind.HEADING:
                for place in (exact, printed):
                    self.sheet.write_blank(row - 1, place, None, self.styles.of(look))
                continue
            style = self.styles.of(look | border | {"num_format": CENT_FORMAT})
            formula = self._formula(line, offset)
            if formula:
                self.sheet.write_formula(row - 1, exact, formula, style, to_decimal(cents))
            else:
                self.sheet.write_number(row - 1, exact, 0, style)
            style = self.styles.of(look | border | {"num_format": EURO_FORMAT})
            formula = f"=ROUND({xl_col_to_name(exact)}{row},0)"
            self.sheet.write_formula(row - 1, printed, formula, style, to_euros(cents))

    def _formula(self, line: AnnualLine, offset: int) -> str:
        """Return a formula; ROUND(…,2) keeps binary fractions from moving a half cent, and so a printed euro.

        Empty where nothing stands behind the line.
        """
        if not line.parts:
            return f"=ROUND({self._sum(line.key, offset)},2)" if line.key in self.ranges else ""
        terms = "".join(self._term(part.sign, part.key, offset) for part in line.parts)
        return f"=ROUND({terms.removeprefix('+') or '0'},2)"

    def _term(self, sign: int, key: str, offset: int) -> str:
        """Return a part of a sum: the line's own cell or, where the line is not shown, its accounts (if any)."""
        if key in self.rows:
            cell = f"{xl_col_to_name(self.exact + offset)}{self.rows[key]}"
        elif key in self.ranges:
            cell = self._sum(key, offset)
        else:
            return ""
        return _SIGNS[sign] + cell

    def _sum(self, key: str, offset: int) -> str:
        first, last = self.ranges[key]
        letter = xl_col_to_name(_BEHIND + offset)
        return f"SUM('{self.behind.get_name()}'!{letter}{first}:{letter}{last})"

    def _check(self, row: int) -> None:
        write_text(self.sheet, row - 1, 1, text_in(self.language, "Assets − Liabilities"))
        grand = {line.section: self.rows[line.key] for line in self.of.lines if line.kind is LineKind.GRAND_TOTAL}
        style = self.styles.of({"num_format": CENT_FORMAT})
        for offset, held in enumerate(filter(None, balance(self.of))):
            letter = xl_col_to_name(self.exact + offset)
            formula = f"=ROUND({letter}{grand['assets']}-{letter}{grand['liabilities']},2)"
            self.sheet.write_formula(row - 1, self.exact + offset, formula, style, to_decimal(held.difference))


def _held(of: AnnualLine | Contribution) -> Iterator[tuple[int, int]]:
    """Return the amounts of the year and, where there is one, of the year before, each with its column's offset."""
    return enumerate(cents for cents in (of.cents, of.previous) if cents is not None)


def _look(line: AnnualLine) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return how a line is written, and the border of its amounts."""
    if line.kind is LineKind.LINE:
        return ({"italic": True} if line.memo else {}), {}
    return dict(BOLD), {LineKind.TOTAL: OVERLINE, LineKind.GRAND_TOTAL: _UNDERLINE}.get(line.kind, {})
