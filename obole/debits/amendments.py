"""Mandates that change: another account, another reference. The next debit tells the debtor's bank what it was before.

The amount and the name of the holder are no part of what is told (EPC130-08, Core direct debit customer-to-bank
guidelines: `AmdmntInfDtls` has the original mandate, creditor and debtor account). The change is told until a debit
went through: one that is rejected or withdrawn told nobody.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from importers.registers.pledges import PledgeRow
from ledger.errors import Fault
from ledger.instalments import Amendment, History, Instalment, Pledge
from obole.words import _


def amended(
    rows: Sequence[PledgeRow],
    before: Mapping[str, Pledge],
    histories: Mapping[str, History],
    known: Mapping[str, Amendment],
) -> list[Amendment]:
    """Return what is to be told of the mandates of these rows when they are debited next."""
    found = (_amended(row, before, histories, known.get(row.mandate)) for row in rows)
    return [one for one in found if one is not None]


def _amended(
    row: PledgeRow, before: Mapping[str, Pledge], histories: Mapping[str, History], known: Amendment | None
) -> Amendment | None:
    past = histories.get(row.mandate, History())
    if known is not None and past.stood > known.sequence:
        known = None  # told
    if known is None and not past.begun:
        return _replacing(row, before, past)  # else the first debit tells the account itself
    pledge = before.get(row.mandate)
    if pledge is None or not row.iban:
        return known
    if known is None:
        known = Amendment(row.mandate, "", "", past.sequence)
    original = known.iban or pledge.iban
    changed = known._replace(iban=original if original != row.iban else "")
    return changed if changed.iban or changed.reference else None


def _replacing(row: PledgeRow, before: Mapping[str, Pledge], past: History) -> Amendment | None:
    """Return what is to be told of a mandate that takes the place of another."""
    if not row.replaces:
        return None
    old = before[row.replaces].iban
    return Amendment(row.mandate, old if old != row.iban else "", row.replaces, past.sequence)


def refusals(
    rows: Sequence[PledgeRow], before: Mapping[str, Pledge], histories: Mapping[str, History]
) -> Iterator[Fault]:
    """Refuse a mandate that replaces one that is not there, is another donor's, was never debited, or is itself."""
    for row in rows:
        if not row.replaces:
            continue
        old = before.get(row.replaces)
        if old is None or old.donor != row.donor or row.replaces == row.mandate:
            message = _("column `replaces` holds no earlier mandate of donor {donor}; write that mandate, or nothing")
            yield Fault(message.format(donor=row.donor), row.row)
        elif not histories.get(row.replaces, History()).begun:
            message = _("column `replaces` holds a mandate that was never debited; leave it empty and end that one")
            yield Fault(message, row.row)


def to_tell(
    instalments: Iterable[Instalment], amendments: Mapping[str, Amendment], histories: Mapping[str, History]
) -> dict[str, Amendment]:
    """Return the changes that instalments must tell, by EndToEndId: the first of each mandate, until one stood."""
    found: dict[str, Amendment] = {}
    told: set[str] = set()
    for one in sorted(instalments, key=lambda one: one.sequence):
        amendment = amendments.get(one.mandate)
        if amendment is None or one.mandate in told:
            continue
        if histories.get(one.mandate, History()).stood <= amendment.sequence:
            told.add(one.mandate)
            found[one.end_to_end] = amendment
    return found
