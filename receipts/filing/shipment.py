"""The slips of a year for Belcotax, from the frozen sheets of its receipts: what was issued is what is reported."""

from collections.abc import Iterator

from sqlalchemy import Engine

from ledger.records import DonorKind
from ledger.register import receipts as receiptbook
from ledger.vault.key import Sealer
from ledger.vault.sheets import frozen_sheets
from receipts.filing.belcotax import Slip
from receipts.paper.render import NotIssued
from receipts.paper.sheet import from_json
from receipts.words import _


def withdrawn_numbers(gifts: Engine, year: int) -> set[int]:
    """Return the numbers issued and withdrawn: the only gaps a shipment may have."""
    with gifts.connect() as connection:
        rows = receiptbook.receipts_of(connection, year)
    return {row.number for row in rows if row.state == receiptbook.State.WITHDRAWN}


def slips_of(gifts: Engine, identities: Engine, sealer: Sealer, year: int) -> Iterator[Slip]:
    """Yield one slip per valid receipt, by number, each from its newest version; NotIssued where none is."""
    with gifts.connect() as connection:
        rows = {row.number: row for row in receiptbook.receipts_of(connection, year)}
    if not rows:
        raise NotIssued(
            _("no receipts of {year} were issued; run `obole receipts issue --year {year}` first.").format(year=year)
        )
    with identities.connect() as connection:
        for number, version, text in frozen_sheets(connection, sealer, year):
            row = rows.get(number)
            if row is None or row.version != version or row.state != receiptbook.State.ISSUED:
                continue
            sheet = from_json(text)
            donor = sheet.addressee
            yield Slip(
                year=year,
                number=number,
                reference=f"{year}-{number:06d}",
                kind=DonorKind(donor.kind),
                last_name=donor.last_name,
                first_name=donor.first_name,
                street=donor.street,
                postcode=donor.postcode,
                municipality=donor.municipality,
                country=donor.country,
                language=donor.language,
                national_number=donor.national_number,
                enterprise_number=donor.enterprise_number,
                cents=sheet.cents,
            )
