"""The receipts of a year donor by donor: who has which number, who gets none and why, what is missing, how it travels.

Donors stand by key; names are in the vault, and in the PDFs themselves.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from ledger.register import receipts as receiptbook
from ledger.register.receipts import ReceiptRow
from ledger.vault.donors import Donor, find_donors
from obole.books.opened import Books
from obole.books.policies import policy_for
from obole.receipting.papers import papers_of
from obole.words import N_, text_in
from receipts.decide.eligibility import MOST_CENTS, RECEIPTED, DonorDecision, Objection, Reason, Warn
from receipts.decide.facts import address_gaps, name_gaps
from receipts.decide.tie import DUE, HELD, REVIEW, TieLine
from receipts.issue import preview
from receipts.paper.render import duplicate_path, pdf_path
from reports.tables import Column, ColumnKind, Row, RowKind, Table


def receipt_list(books: Books, year: int, language: str) -> Table:
    """Return one row per donor with eligible gifts of the year, in the order of numbers, then of keys."""
    with books.register.connect() as gifts, books.vault.connect() as identities:
        policy = policy_for(books.config, year)
        plan = preview(gifts, identities, books.sealer, year, policy, papers_of(books, gifts, year))
        held = {row.donor: row for row in receiptbook.receipts_of(gifts, year)}
        keys = {decision.donor for decision in plan.assessment.decisions} | set(held)
        donors = {row.key: row for row in find_donors(identities, None, keys)}
    states = _Standings({one.number for one in plan.changed}, {one.donor for one in plan.waiting})
    rows = []
    for decision in plan.assessment.decisions:
        receipt, donor = held.get(decision.donor), donors.get(decision.donor)
        cells = (
            decision.donor,
            receipt.number if receipt else None,
            receipt.cents if receipt else decision.cents,
            TieLine(states.of(decision, receipt), 0, 0).label(language),
            ", ".join(_missing(decision, donor, plan.assessment.refused, language)),
            donor.delivery if donor else "",
            donor.language if donor else "",
            _file(books, receipt),
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


class _Standings(NamedTuple):
    """The receipts that are no longer right, by number, and the donors whose receipt waits for another."""

    changed: Collection[int]
    waiting: Collection[str]

    def of(self, decision: DonorDecision, receipt: ReceiptRow | None) -> str:
        if receipt is not None:
            return REVIEW if receipt.number in self.changed else RECEIPTED
        if decision.donor in self.waiting:
            return HELD
        return DUE if decision.reason is None else decision.reason


def _file(books: Books, receipt: ReceiptRow | None) -> str:
    """Return where the PDF of a receipt lies, or else its duplicate, where it was made."""
    if receipt is None:
        return ""
    place = (books.folder.receipts, receipt.year, receipt.number, receipt.version)
    path = next((one for one in (pdf_path(*place), duplicate_path(*place)) if one.exists()), None)
    return path.relative_to(books.folder.root).as_posix() if path is not None else ""


def _missing(
    decision: DonorDecision, donor: Donor | None, refused: Mapping[str, Sequence[Objection]], language: str
) -> Iterator[str]:
    """Yield all that has to be asked of a donor or corrected, so that nobody is asked twice."""
    if donor is None:
        return
    if Reason.NAME_INCOMPLETE in decision.against:
        yield from (text_in(language, _NAMES[gap]) for gap in name_gaps(donor))
    if Reason.ADDRESS_INCOMPLETE in decision.against:
        gaps = address_gaps(donor)
        parts = ", ".join(text_in(language, _PARTS[gap]) for gap in gaps)
        yield text_in(language, "address ({parts})").format(parts=parts)
    if Reason.IDENTIFIER_INVALID in decision.against:
        yield text_in(language, "national or enterprise number (wrong)")
    if Warn.NUMBER_MISSING in decision.warnings:
        yield text_in(language, "national or enterprise number")
    yield from (one.told for one in refused.get(decision.donor, ()))
    if decision.cents > MOST_CENTS:
        yield text_in(language, "an amount that Belcotax can hold")


_NAMES = {"last_name": N_("name"), "first_name": N_("first name")}
_PARTS = {
    "street": N_("street"),
    "postcode": N_("postcode"),
    "municipality": N_("municipality"),
    "country": N_("country"),
}
