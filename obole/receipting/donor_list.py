"""The receipts of a year donor by donor: who has which number, who gets none and why, what is missing, how it travels.

Donors stand by key; names are in the vault, and in the PDFs themselves.
"""

from ledger.register import receipts as receiptbook
from ledger.vault.donors import find_donors
from obole.books.opened import Books
from obole.books.policies import policy_for
from obole.words import text_in
from receipts.decide.eligibility import RECEIPTED, Warn
from receipts.decide.eligibility import label as reason_label
from receipts.decide.tie import DUE, TieLine
from receipts.issue import preview
from receipts.paper.render import pdf_path
from reports.tables import Column, ColumnKind, Row, RowKind, Table


def receipt_list(books: Books, year: int, language: str) -> Table:
    """Return one row per donor with eligible gifts of the year, in the order of numbers, then of keys."""
    with books.register.connect() as gifts, books.vault.connect() as identities:
        plan = preview(gifts, identities, books.sealer, year, policy_for(books.config, year))
        held = {row.donor: row for row in receiptbook.receipts_of(gifts, year)}
        keys = {decision.donor for decision in plan.assessment.decisions} | set(held)
        donors = {row.key: row for row in find_donors(identities, None, keys)}
    rows = []
    for decision in plan.assessment.decisions:
        receipt, donor = held.get(decision.donor), donors.get(decision.donor)
        if decision.reason is not None:
            state = reason_label(decision.reason, language)
        else:
            state = reason_label(RECEIPTED, language) if receipt else TieLine(DUE, 0, 0).label(language)
        path = pdf_path(books.folder.receipts, year, receipt.number, receipt.version) if receipt else None
        cells = (
            decision.donor,
            receipt.number if receipt else None,
            receipt.cents if receipt else decision.cents,
            state,
            text_in(language, "national or enterprise number") if Warn.NUMBER_MISSING in decision.warnings else "",
            donor.delivery if donor else "",
            donor.language if donor else "",
            path.relative_to(books.folder.root).as_posix() if path else "",
        )
        rows.append(Row(RowKind.LINE, cells))
    rows.sort(key=lambda row: (row.cells[1] is None, row.cells[1] or 0, str(row.cells[0])))
    total = sum(cents for row in rows if isinstance(cents := row.cells[2], int))
    rows.append(Row(RowKind.TOTAL, ("", None, total, "", "", "", "", ""), first=0))
    columns = (
        Column("donor", text_in(language, "Donor"), width=12),
        Column("number", text_in(language, "Number"), ColumnKind.COUNT, width=9),
        Column("amount", text_in(language, "Amount EUR"), ColumnKind.CENTS, width=14, summed=True),
        Column("state", text_in(language, "State or reason"), width=36),
        Column("missing", text_in(language, "Missing"), width=30),
        Column("delivery", text_in(language, "Delivery"), width=10),
        Column("language", text_in(language, "Language"), width=8),
        Column("file", text_in(language, "File"), width=28),
    )
    title = text_in(language, "Receipts {year}").format(year=year)
    return Table(title, books.config.organisation.name, language, columns, rows)
