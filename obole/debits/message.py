"""The file for the bank: pain.008 of a collection's instalments, the same bytes for the same instalments.

sepaxml writes it; what it takes from the clock and from chance (message, time, names of the blocks) is replaced by what
the data say. Account holders' names and IBANs stand in it, so it goes to the archive and to the bank only.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta

from babel.dates import format_date
from lxml import etree
from sepaxml import SepaDD
from stdnum.be.iban import to_bic

from ledger.errors import OboleError
from ledger.instalments import Amendment, FormerAccount, Instalment, Pledge, SequenceType
from ledger.signs import one_line
from ledger.vault.donors import Donor
from ledger.wording import word
from obole.books.settings import CollectionSettings, Config
from obole.words import _

_NONE: Mapping[str, Amendment] = {}


# Letters that are not a plain one with a mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L"}
)


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
    *,
    amendments: Mapping[str, Amendment] = _NONE,
) -> bytes:
    """Return the pain.008 called `name` (its MsgId); a block per type, instalments in their order.

    `amendments` are the changes of mandates to tell, by EndToEndId.
    """
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
                **({"address": _address(donor)} if settings.addresses.asks(pledge.iban) else {}),
            }
        )
    assert last is not None
    made = datetime.combine(last.due - timedelta(days=settings.notice), time())
    told = {key: _details(one, pledges[one.mandate].iban, settings.former_account) for key, one in amendments.items()}
    return _settled(writer.export(validate=False), name, made, told)


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


def _address(donor: Donor) -> dict[str, str]:
    """Return the parts of a debtor's address, each within its field, in letters that every bank takes."""
    lengths = (("street_name", donor.street, 70), ("postcode", donor.postcode, 16), ("town", donor.municipality, 35))
    parts = {name: _plain(text)[:length] for name, text, length in lengths if text}
    return parts | {"country": donor.country}


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return letters.encode("ascii", "ignore").decode()


def _details(amendment: Amendment, iban: str, former: FormerAccount) -> list[tuple[str, str]]:
    """Return what is told of a changed mandate, as paths below AmdmntInfDtls: its reference and account before.

    Of an account at another bank only that it is new is told, unless obole.toml says otherwise.
    """
    details = [("OrgnlMndtId", amendment.reference)] if amendment.reference else []
    if amendment.iban:
        path, text = former.told(amendment.iban, iban)
        details.append((f"OrgnlDbtrAcct/{path}", text))
    return details


def _amend(debit: etree._Element, space: str, details: Iterable[tuple[str, str]]) -> None:
    """Add the block of a changed mandate to a debit."""
    mandate = debit.find(f".//{space}MndtRltdInf")
    assert mandate is not None
    etree.SubElement(mandate, f"{space}AmdmntInd").text = "true"
    block = etree.SubElement(mandate, f"{space}AmdmntInfDtls")
    for path, text in details:
        element = block
        for tag in path.split("/"):
            element = etree.SubElement(element, f"{space}{tag}")
        element.text = text


def _settled(content: bytes, name: str, made: datetime, told: Mapping[str, Iterable[tuple[str, str]]]) -> bytes:
    root = etree.fromstring(content)
    space = f"{{{etree.QName(root).namespace}}}"
    for tag, text in (("MsgId", name), ("CreDtTm", made.isoformat())):
        for element in root.iter(f"{space}{tag}"):
            element.text = text
    for block in root.iter(f"{space}PmtInf"):
        kind = SequenceType(block.findtext(f".//{space}SeqTp") or "")
        for element in block.iter(f"{space}PmtInfId"):
            element.text = block_reference(name, kind)
    for debit in root.iter(f"{space}DrctDbtTxInf") if told else ():
        details = told.get(debit.findtext(f".//{space}EndToEndId") or "")
        if details:
            _amend(debit, space, details)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"
