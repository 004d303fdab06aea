"""Issuing: receipts get the numbers 1..N of their calendar year in one transaction, with what they print frozen.

The sheets go to the vault first, encrypted, and with them which numbers are about to be given; then the register
numbers them and commits. Killed between the two, the sheets of numbers that were never given are removed at the next
start, and the same numbers go to the same donors.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

from sqlalchemy import Connection, Engine, select

from ledger.errors import OboleError
from ledger.records import Channel
from ledger.register import receipts as receiptbook
from ledger.register import tables
from ledger.vault.donors import Donor, find_donors
from ledger.vault.intent import announce
from ledger.vault.key import Sealer
from ledger.vault.sheets import freeze_sheets
from receipts.decide.eligibility import Assessment, DonorDecision, Policy, Reason
from receipts.decide.facts import assess_year
from receipts.paper.sheet import Addressee, Institution, Sheet, SheetGift, to_json
from receipts.words import _

# A return that waits for a decision changes nothing of what was issued yet.
_MAY_STAND = (None, Reason.REVERSAL_OPEN)


_CHUNK = 2000  # sheets encrypted at a time: what is printed on all of them need not be in memory at once


class NothingToIssue(OboleError):
    """No donor is due a receipt that they do not have."""


@dataclass(frozen=True, slots=True)
class Printing:
    """The text the foundation prints on every receipt of an issue."""

    institution: Institution
    place: str
    signatory: str = ""
    signatory_role: str = ""
    amount_in_words: bool = True


@dataclass(frozen=True, slots=True)
class Changed:
    """A receipt whose gifts are no longer those it was issued for: a reversal or a late gift. A person decides."""

    number: int
    donor: str
    issued_cents: int
    now_cents: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview of an issue: `due` get the next numbers, `changed` wait for a decision."""

    assessment: Assessment
    first_number: int
    due: tuple[DonorDecision, ...]
    changed: tuple[Changed, ...]

    @property
    def cents(self) -> int:
        """Return the sum of the receipts that would be issued."""
        return sum(decision.cents for decision in self.due)


def preview(gifts: Connection, identities: Connection, sealer: Sealer, year: int, policy: Policy) -> Preview:
    """Return who is due a receipt of a year and has none yet, and which receipts issued before are no longer right."""
    assessment = assess_year(gifts, identities, sealer, year, policy)
    held = {row.donor: row for row in receiptbook.receipts_of(gifts, year) if row.state == receiptbook.State.ISSUED}
    covered: dict[int, set[int]] = {}
    printed = receiptbook.covered_gifts(gifts, year)
    for gift_id, number in printed.items():
        covered.setdefault(number, set()).add(gift_id)
    due = []
    changed = []
    decided = set()
    for decision in assessment.decisions:
        row = held.get(decision.donor)
        decided.add(decision.donor)
        if row is None:
            # A gift that stands on a receipt of another key, which was merged since, is not certified twice.
            if decision.reason is None and printed.keys().isdisjoint(decision.gift_ids):
                due.append(decision)
        elif decision.reason not in _MAY_STAND or set(decision.gift_ids) != covered.get(row.number, set()):
            now = decision.cents if decision.reason in _MAY_STAND else 0
            changed.append(Changed(row.number, row.donor, row.cents, now))
    changed += [Changed(row.number, donor, row.cents, 0) for donor, row in held.items() if donor not in decided]
    return Preview(assessment, receiptbook.last_number(gifts, year) + 1, tuple(due), tuple(changed))


def issue(
    gifts: Engine,
    identities: Engine,
    sealer: Sealer,
    year: int,
    *,
    policy: Policy,
    printing: Printing,
    issued_on: date,
) -> Preview:
    """Number and freeze every receipt due; return what was issued. NothingToIssue where none is due.

    The caller holds the books for writing.
    """
    with gifts.connect() as connection, connection.begin():
        with identities.connect() as vault_connection:
            plan = preview(connection, vault_connection, sealer, year, policy)
            if not plan.due:
                raise NothingToIssue(
                    _(
                        "no receipt of {year} is due that was not issued before; `obole receipts status --year {year}` "
                        "says why donors have none."
                    ).format(year=year)
                )
            keys = {decision.donor for decision in plan.due}
            donors = {row.key: row for row in find_donors(vault_connection, sealer, keys)}
            listed = _listed_gifts(connection, year)
        rows: list[receiptbook.NewReceipt] = []
        sheets = _sheets(plan, donors, listed, printing, issued_on)
        with identities.begin() as vault_connection:
            while frozen := [_freeze(decision, sheet, rows) for decision, sheet in islice(sheets, _CHUNK)]:
                freeze_sheets(vault_connection, sealer, frozen)
            announce(vault_connection, year, plan.first_number, (row.sheet_digest for row in rows))
        receiptbook.insert_receipts(connection, year, plan.first_number, issued_on, rows)
    return plan


def _freeze(decision: DonorDecision, sheet: Sheet, rows: list[receiptbook.NewReceipt]) -> tuple[int, int, int, str]:
    """Return the sheet as the vault keeps it; its receipt is added to `rows`."""
    text = to_json(sheet)
    digest = hashlib.sha256(text.encode()).hexdigest()
    rows.append(receiptbook.NewReceipt(decision.donor, decision.cents, decision.gift_ids, digest))
    return sheet.year, sheet.number, sheet.version, text


def _sheets(
    plan: Preview,
    donors: Mapping[str, Donor],
    listed: Mapping[int, SheetGift],
    printing: Printing,
    issued_on: date,
) -> Iterator[tuple[DonorDecision, Sheet]]:
    for number, decision in enumerate(plan.due, start=plan.first_number):
        sheet = Sheet(
            year=plan.assessment.year,
            number=number,
            version=1,
            issued_on=issued_on,
            institution=printing.institution,
            addressee=_addressee(donors[decision.donor]),
            cents=decision.cents,
            place=printing.place,
            signatory=printing.signatory,
            signatory_role=printing.signatory_role,
            amount_in_words=printing.amount_in_words,
            gifts=tuple(sorted((listed[one] for one in decision.gift_ids), key=lambda gift: (gift.date, -gift.cents))),
        )
        yield decision, sheet


def _listed_gifts(connection: Connection, year: int) -> Mapping[int, SheetGift]:
    gift = tables.gift
    channels = {channel.value: channel for channel in Channel}
    query = select(gift.c.id, gift.c.executed, gift.c.value, gift.c.booked, gift.c.cents, gift.c.channel).where(
        gift.c.counted == year
    )
    return {
        row.id: SheetGift(row.executed or row.value or row.booked, row.cents, channels[row.channel])
        for row in connection.execute(query)
    }


def _addressee(donor: Donor) -> Addressee:
    language = donor.language if donor.language in ("fr", "nl", "de", "en") else "fr"
    return Addressee(
        kind="natural" if donor.kind == "natural" else "legal",
        last_name=donor.last_name,
        first_name=donor.first_name,
        street=donor.street,
        postcode=donor.postcode,
        municipality=donor.municipality,
        country=donor.country,
        language=language,  # type: ignore[arg-type]
        national_number=donor.national_number,
        enterprise_number=donor.enterprise_number,
    )
