"""Receipts whose gifts are no longer those they were issued for, in a sentence that says what a person can do."""

from ledger.money import to_decimal
from obole.words import _
from receipts.decide.claims import Changed


def told_changed(year: int, one: Changed) -> str:
    """Say for how much a receipt was issued, for how much it would be now, and what to do."""
    if one.too_much:
        message = _(
            "receipt {year}/{number:06d} of {donor}: issued for {issued} EUR, its gifts are now {now} EUR; ask the "
            "donor to send it back and not to use it. Belcotax leaves it out; where it was filed before, correct its "
            "slip on the Belcotax website"
        )
    else:
        message = _(
            "receipt {year}/{number:06d} of {donor}: issued for {issued} EUR, its gifts are now {now} EUR; it stands "
            "as issued, in Belcotax too, and what came later is on no receipt: tell the donor"
        )
    return message.format(
        year=year,
        number=one.number,
        donor=one.donor,
        issued=to_decimal(one.issued_cents),
        now=to_decimal(one.now_cents),
    )
