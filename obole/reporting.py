"""One report of a set of books, in one format, to a file or to the terminal.

What only some reports need is imported where they are made: half of a short command is what it loads.
"""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from ledger.errors import OboleError
from obole.books import Books
from obole.loading import Loaded, load_books
from receipts.tie import Tie, TieLine
from reports.formats import write_csv, write_json, write_text
from reports.ledger_listing import general_ledger, ledger_table
from reports.printing import statement_data, statement_table
from reports.scheme import load_scheme
from reports.statements import Statement, statement, statement_json
from reports.tables import Column, ColumnKind, Row, RowKind, Table
from reports.trial import trial_balance, trial_table

STATEMENTS = ("balance-sheet", "income-statement", "appropriation")
_WRITERS: dict[str, Callable[[Table, TextIO], None]] = {"text": write_text, "csv": write_csv, "json": write_json}


class NoYear(OboleError):
    """A year that the books hold nothing of."""


def write_report(
    books: Books, what: str, year: int, *, scheme: str, language: str, form: str, output: Path | None
) -> None:
    """Write a report; OboleError where the books do not load or hold nothing of the year."""
    loaded = load_books(books.folder.main)
    if loaded.errors:
        first = next(loaded.problems())
        raise OboleError(f"the books have {len(loaded.errors)} errors, the first: {first}; `obole check` lists them.")
    if year not in loaded.totals.years:
        known = ", ".join(str(one) for one in loaded.totals.years) or "none"
        raise NoYear(f"the books hold nothing of {year}; they have {known}.")
    if what in STATEMENTS:
        _write_statement(loaded, statement(what, load_scheme(scheme), year, loaded.totals), language, form, output)
        return
    if what == "trial-balance":
        table = trial_table(trial_balance(loaded.totals, loaded.accounts, year, load_scheme(scheme)), language)
    elif what == "general-ledger":
        table = ledger_table(general_ledger(loaded.entries, loaded.accounts, year, loaded.totals), year, language)
    else:
        from obole.receipting import tie_out  # noqa: PLC0415 - the statements need nothing of the receipts

        table = tie_table(tie_out(books, year), language)
    write_table(table, form, output)


def _write_statement(loaded: Loaded, made: Statement, language: str, form: str, output: Path | None) -> None:
    if form == "xlsx" and output is not None:
        from reports.workbook import write_statement  # noqa: PLC0415 - loaded where a workbook is written

        write_statement(made, loaded.accounts, language, output)
    elif form == "json":
        _out(json.dumps(statement_json(made, language), ensure_ascii=False, indent=1) + "\n", output)
    else:
        write_table(statement_data(made, language) if form == "csv" else statement_table(made, language), form, output)


def write_table(table: Table, form: str, output: Path | None) -> None:
    """Write a table in one format, to a file or to the terminal."""
    if form == "xlsx" and output is not None:
        from reports.sheets import write_xlsx  # noqa: PLC0415 - loaded where a workbook is written

        write_xlsx(table, output)
        return
    text = io.StringIO(newline="")
    _WRITERS[form](table, text)
    _out(text.getvalue(), output)


def _out(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8", newline="")


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
    """The tie-out as a table: each reason, what it explains, and the difference."""

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
