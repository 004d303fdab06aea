"""The tie-out as a table."""

from receipts.decide.tie import Tie, TieLine
from receipts.words import text_in
from reports.tables import Column, ColumnKind, Row, RowKind, Table


def tie_table(tie: Tie, language: str) -> Table:
    """Return the tie-out as a table: each reason, what it explains, and the difference."""
    columns = (
        Column("code", "", width=24),
        Column("reason", text_in(language, "Reason"), width=48),
        Column("gifts", text_in(language, "Gifts"), ColumnKind.COUNT, summed=True),
        Column("amount", text_in(language, "Amount EUR"), ColumnKind.CENTS, width=16, summed=True),
    )

    def line(row: TieLine) -> Row:
        return Row(RowKind.LINE, (row.code, row.label(language), row.gifts, row.cents))

    rows = [Row(RowKind.HEADING, ("", text_in(language, "Gifts booked in the year"), None, None))]
    rows += [line(row) for row in tie.lines]
    count, cents = sum(row.gifts for row in tie.lines), sum(row.cents for row in tie.lines)
    rows.append(Row(RowKind.TOTAL, ("explained", text_in(language, "Total explained"), count, cents), first=1))
    accounts = text_in(language, "Gift accounts in the books")
    rows.append(Row(RowKind.LINE, ("accounts", accounts, None, tie.accounts_cents)))
    rows.append(Row(RowKind.LINE, ("difference", text_in(language, "Difference"), None, tie.difference)))
    if tie.elsewhere:
        other_year = text_in(language, "Booked in another year, counting for this one")
        rows.append(Row(RowKind.HEADING, ("", other_year, None, None)))
        rows += [line(row) for row in tie.elsewhere]
    rows.append(Row(RowKind.LINE, ("receipts", text_in(language, "Receipts of the year"), None, tie.receipts_cents)))
    title = text_in(language, "Gifts and receipts {year}").format(year=tie.year)
    return Table(title, "", language, columns, rows)
