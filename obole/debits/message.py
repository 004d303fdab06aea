"""The file for the bank: pain.008 of a collection's instalments, the same bytes for the same instalments.

sepaxml writes it; what it takes from the clock and from chance (message, time, names of the blocks) is replaced by what
the data say. Account holders' names and IBANs stand in it, so it goes to the archive and to the bank only.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta

from babel.dates import format_date
from lxml import etree
from sepaxml import SepaDD
from stdnum.be.iban import to_bic

from ledger.errors import OboleError
from ledger.instalments import Instalment, Pledge, SequenceType
from ledger.signs import one_line
from ledger.vault.donors import Donor
from ledger.wording import word
from obole.books.settings import CollectionSettings, Config
from obole.words import _

_NAME_LENGTH, _TEXT_LENGTH = 70, 140  # Max70Text and Max140Text of ISO 20022


def block_reference(name: str, kind: SequenceType) -> str:
    """Return the PmtInfId of a block: `collection-2025-03-1-RCUR`; the bank gives it as the reference of its total."""
    return f"{name}-{kind.value}"


def message(
    config: Config,
    name: str,
    instalments: Iterable[Instalment],
    pledges: Mapping[str, Pledge],
    donors: Mapping[str, Donor],
) -> bytes:
    """Return the pain.008 called `name` (its MsgId); a block per type, instalments in their order."""
    settings = config.collection
    assert settings is not None
    writer = SepaDD(_creditor(config, settings), schema=settings.message, clean=True)
    last = None
    for one in instalments:
        last = one
        pledge, donor = pledges[one.mandate], donors[one.donor]
        writer.add_payment(
            {
                "name": one_line(pledge.holder or full_name(donor))[:_NAME_LENGTH],
                "IBAN": pledge.iban,
                "amount": one.cents,
                "type": one.kind.value,
                "collection_date": one.due,
                "mandate_id": one.mandate,
                "mandate_date": pledge.signed,
                "description": one_line(remittance(one, donor.language))[:_TEXT_LENGTH],
                "endtoend_id": one.end_to_end,
            }
        )
    assert last is not None
    made = datetime.combine(last.due - timedelta(days=settings.notice), time())
    return _settled(writer.export(validate=False), name, made)


def remittance(instalment: Instalment, language: str) -> str:
    """Return what the donor reads on the statement: `Votre don mars 2025, M-2`."""
    return (
        f"{word('instalment', language)} {format_date(instalment.period, 'LLLL yyyy', language)}, {instalment.mandate}"
    )


def full_name(donor: Donor) -> str:
    """First and last name; a legal person has the last one only."""
    return f"{donor.first_name} {donor.last_name}".strip()


def bic_of(iban: str) -> str:
    """Return the BIC of the bank of a Belgian IBAN, by the list of the National Bank; empty where that has none."""
    return str(to_bic(iban) or "") if iban.startswith("BE") else ""


def _creditor(config: Config, settings: CollectionSettings) -> dict[str, str | bool]:
    iban = next(bank.iban for bank in config.bank if bank.alias == settings.bank)
    bic = settings.bic or bic_of(iban)
    if not bic:
        raise OboleError(_("obole.toml: collection.bic: missing, the IBAN does not tell it; add the BIC of your bank."))
    return {
        "name": config.organisation.name,
        "IBAN": iban,
        "BIC": bic,
        "batch": True,
        "creditor_id": settings.creditor,
        "currency": "EUR",
        "instrument": settings.scheme,
    }


def _settled(content: bytes, name: str, made: datetime) -> bytes:
    root = etree.fromstring(content)
    space = f"{{{etree.QName(root).namespace}}}"
    for tag, text in (("MsgId", name), ("CreDtTm", made.isoformat())):
        for element in root.iter(f"{space}{tag}"):
            element.text = text
    for block in root.iter(f"{space}PmtInf"):
        kind = SequenceType(block.findtext(f".//{space}SeqTp") or "")
        for element in block.iter(f"{space}PmtInfId"):
            element.text = block_reference(name, kind)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"
