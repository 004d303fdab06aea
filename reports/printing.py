"""A statement as a table: to read (whole euros, two years side by side) and as data (exact and printed amounts)."""

from reports.scheme import LineKind, What
from reports.spans import at_end, columns_last, over
from reports.statements import AnnualLine, AnnualStatement
from reports.tables import LINES_AND_TOTALS, Column, ColumnKind, Row, RowKind, Table
from reports.words import named, text_in

_ROW_KINDS = {
    LineKind.HEADING: RowKind.HEADING,
    LineKind.LINE: RowKind.LINE,
    LineKind.TOTAL: RowKind.TOTAL,
    LineKind.GRAND_TOTAL: RowKind.TOTAL,
}


def statement_table(of: AnnualStatement, language: str) -> Table:
    """Return the statement as it is printed: code, label, whole euros of the year and of the year before, if any."""
    years = (of.year, of.previous_year) if of.has_previous else (of.year,)
    columns = (
        Column("code", text_in(language, "Code"), width=8),
        Column("label", text_in(language, "Line"), width=72, indented=True),
        *(Column(str(year), text_in(language, "{year} (€)").format(year=year), ColumnKind.EUROS, 16) for year in years),
    )
    rows: list[Row] = []
    section = ""
    for line in of.lines:
        if line.section != section:
            section = line.section
            rows.append(Row(RowKind.HEADING, ("", named(section, language).upper(), *(None for _ in years))))
        amounts = (None,) * len(years) if line.kind is LineKind.HEADING else (line.cents, line.previous)[: len(years)]
        rows.append(Row(_ROW_KINDS[line.kind], (line.code, line.label(language), *amounts), line.level))
    return Table(
        title(of, language), subtitle(of, language), language, columns, tuple(rows), LINES_AND_TOTALS, of.about
    )


def statement_data(of: AnnualStatement, language: str) -> Table:
    """Return the statement as data, for csv and json: a row per line or total, exact and printed."""
    columns = (
        Column("section", ""),
        Column("code", text_in(language, "Code")),
        Column("label", text_in(language, "Line"), width=72),
        Column("amount", str(of.year), ColumnKind.CENTS),
        Column("previous", str(of.previous_year), ColumnKind.CENTS),
        Column("printed", str(of.year), ColumnKind.EUROS),
        Column("printed_previous", str(of.previous_year), ColumnKind.EUROS),
    )
    rows = tuple(
        Row(_ROW_KINDS[line.kind], _data(line, language)) for line in of.lines if line.kind is not LineKind.HEADING
    )
    return Table(title(of, language), subtitle(of, language), language, columns, rows, LINES_AND_TOTALS, of.about)


def title(of: AnnualStatement, language: str) -> str:
    """Return the title of a statement: `Bilan au 31 décembre 2025`."""
    if of.what is What.BALANCE_SHEET:
        return f"{named(of.what, language)} {at_end(of.period, language)}"
    return f"{named(of.what, language)}, {over(of.period, language)}"


def subtitle(of: AnnualStatement, language: str) -> str:
    """Return the scheme, how the figures are printed, and what a reader must know of the years and the books."""
    printed = f"{named(of.scheme, language)}, " + text_in(language, "in euro, each figure rounded by itself")
    lasting = columns_last(of.periods, language)
    printed = f"{printed}. {lasting}" if lasting else printed
    return f"{printed}. {of.note}" if of.note else printed


def _data(line: AnnualLine, language: str) -> tuple[str | int | None, ...]:
    return (
        line.section,
        line.code,
        line.label(language),
        line.cents,
        line.previous,
        line.cents,
        line.previous,
    )
