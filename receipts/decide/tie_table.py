"""The tie-out as a table."""

from receipts.decide.tie import Tie, TieLine
from reports.tables import Column, ColumnKind, Row, RowKind, Table

_TIE_WORDS = {
    "title": {
        "fr": "Dons et attestations",
        "nl": "Giften en attesten",
        "de": "Spenden und Bescheinigungen",
        "en": "Gifts and receipts",
    },
    "reason": {"fr": "Motif", "nl": "Reden", "de": "Grund", "en": "Reason"},
    "gifts": {"fr": "Dons", "nl": "Giften", "de": "Spenden", "en": "Gifts"},
    "amount": {"fr": "Montant EUR", "nl": "Bedrag EUR", "de": "Betrag EUR", "en": "Amount EUR"},
    "booked": {
        "fr": "Dons comptabilisés dans l'année",
        "nl": "Giften geboekt in het jaar",
        "de": "Im Jahr gebuchte Spenden",
        "en": "Gifts booked in the year",
    },
    "explained": {"fr": "Total expliqué", "nl": "Totaal verklaard", "de": "Erklärt insgesamt", "en": "Total explained"},
    "accounts": {
        "fr": "Comptes de dons",
        "nl": "Giftenrekeningen",
        "de": "Spendenkonten",
        "en": "Gift accounts in the books",
    },
    "difference": {"fr": "Différence", "nl": "Verschil", "de": "Differenz", "en": "Difference"},
    "elsewhere": {
        "fr": "Comptabilisés une autre année, comptant pour celle-ci",
        "nl": "In een ander jaar geboekt, tellen voor dit jaar",
        "de": "In einem anderen Jahr gebucht, zählen für dieses",
        "en": "Booked in another year, counting for this one",
    },
    "receipts": {
        "fr": "Attestations de l'année",
        "nl": "Attesten van het jaar",
        "de": "Bescheinigungen des Jahres",
        "en": "Receipts of the year",
    },
}


def tie_table(tie: Tie, language: str) -> Table:
    """Return the tie-out as a table: each reason, what it explains, and the difference."""

    def word(key: str) -> str:
        return _TIE_WORDS[key][language]

    columns = (
        Column("code", "", width=24),
        Column("reason", word("reason"), width=48),
        Column("gifts", word("gifts"), ColumnKind.COUNT, summed=True),
        Column("amount", word("amount"), ColumnKind.CENTS, width=16, summed=True),
    )

    def line(row: TieLine) -> Row:
        return Row(RowKind.LINE, (row.code, row.label(language), row.gifts, row.cents))

    rows = [Row(RowKind.HEADING, ("", word("booked"), None, None))]
    rows += [line(row) for row in tie.lines]
    count, cents = sum(row.gifts for row in tie.lines), sum(row.cents for row in tie.lines)
    rows.append(Row(RowKind.TOTAL, ("explained", word("explained"), count, cents), first=1))
    rows.append(Row(RowKind.LINE, ("accounts", word("accounts"), None, tie.accounts_cents)))
    rows.append(Row(RowKind.LINE, ("difference", word("difference"), None, tie.difference)))
    if tie.elsewhere:
        rows.append(Row(RowKind.HEADING, ("", word("elsewhere"), None, None)))
        rows += [line(row) for row in tie.elsewhere]
    rows.append(Row(RowKind.LINE, ("receipts", word("receipts"), None, tie.receipts_cents)))
    return Table(f"{word('title')} {tie.year}", "", language, columns, rows)
