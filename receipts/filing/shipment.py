"""The slips of a year for Belcotax, from the frozen sheets of its receipts: what was issued is what is reported.

A number that the donor gave after the issue is reported with it.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from sqlalchemy import Engine

from ledger.identifiers import valid_enterprise_number, valid_national_number
from ledger.postcodes import read_place
from ledger.records import DonorKind
from ledger.register import receipts as receiptbook
from ledger.vault.donors import Donor, find_donors
from ledger.vault.key import Sealer
from ledger.vault.links import survivors
from ledger.vault.sheets import frozen_sheets
from receipts.filing.belcotax import Slip
from receipts.paper.render import NotIssued
from receipts.paper.sheet import Sheet, from_json
from receipts.words import _


def withdrawn_numbers(gifts: Engine, year: int) -> set[int]:
    """Return the numbers issued and withdrawn: the only gaps a shipment may have."""
    with gifts.connect() as connection:
        rows = receiptbook.numbered_receipts(connection, year)
        return {row.number for row in rows if row.state == receiptbook.State.WITHDRAWN}


def slips_of(gifts: Engine, identities: Engine, sealer: Sealer, year: int) -> Iterator[Slip]:
    """Yield one slip per valid receipt, by number, each from its newest version; NotIssued where none is."""
    with gifts.connect() as connection:
        rows = {row.number: row for row in receiptbook.numbered_receipts(connection, year)}
    if not rows:
        raise NotIssued(
            _("no receipts of {year} were issued; run `obole receipts issue --year {year}` first.").format(year=year)
        )
    with identities.connect() as connection:
        merged = survivors(connection)
        sheets = frozen_sheets(connection, sealer, year)
        while some := list(islice(sheets, _AT_A_TIME)):
            valid = [(rows[number], text) for number, version, text in some if _reports(rows.get(number), version)]
            slips = [(row.donor, _slip(year, row.number, from_json(text))) for row, text in valid]
            lacking = {merged.get(key, key) for key, slip in slips if not _numbered(slip)}
            known = {donor.key: donor for donor in find_donors(connection, sealer, lacking)} if lacking else {}
            for key, slip in slips:
                yield slip if _numbered(slip) else _with_number(slip, known.get(merged.get(key, key)))


_AT_A_TIME = 500  # slips whose donors are looked up together


def _reports(row: receiptbook.NumberedReceipt | None, version: int) -> bool:
    return row is not None and row.version == version and row.state == receiptbook.State.ISSUED


def _slip(year: int, number: int, sheet: Sheet) -> Slip:
    donor = sheet.addressee
    return Slip(
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


def _numbered(slip: Slip) -> bool:
    return bool(slip.national_number or slip.enterprise_number)


def _with_number(slip: Slip, donor: Donor | None) -> Slip:
    """Return a slip with the number that the donor gave after the issue, where it is one of the donor's kind."""
    if donor is None or donor.kind != slip.kind:
        return slip
    if slip.kind == DonorKind.LEGAL:
        number = donor.enterprise_number or ""
        return replace(slip, enterprise_number=number) if valid_enterprise_number(number) else slip
    number = donor.national_number or ""
    return replace(slip, national_number=number) if valid_national_number(number) else slip


def corrected(slip: Slip, donor: Donor) -> Slip:
    """Return a slip with name and address as they were corrected after the issue; amount and numbers stay."""
    place = read_place(donor.country, donor.postcode, donor.municipality)
    fresh = replace(
        slip,
        last_name=donor.last_name,
        first_name=donor.first_name,
        street=donor.street,
        postcode=place.postcode,
        municipality=place.municipality,
        country=place.country,
    )
    return _with_number(fresh, donor)
