"""Invented receipts that the tests of this room print: one of each language, and the hard ones."""

from dataclasses import replace
from datetime import date

from ledger.records import Channel
from receipts.paper.sheet import Addressee, Institution, Sheet, SheetGift

INSTITUTION = Institution(
    name="Fondation Exemple",
    legal_form="Fondation d’utilité publique",
    street="Rue de l’Exemple 1",
    postcode="1000",
    municipality="Bruxelles",
    enterprise_number="0123456749",
    recognition="Agréée pour les années 2023 à 2028",
    email="dons@exemple.example",
    website="www.exemple.example",
    telephone="02 000 00 00",
)
EMMA = Addressee(
    "natural", "Lefèvre-Öztürk", "Éléonore", "Avenue du Modèle 145 bte 12", "1050", "Ixelles", "BE", "fr", "85073003328"
)
JAN = replace(EMMA, last_name="De Vos", first_name="Jan", street="Voorbeeldstraat 2", language="nl")
JURGEN = replace(EMMA, last_name="Müller", first_name="Jürgen", municipality="Eupen", postcode="4700", language="de")
LINH = replace(
    EMMA,
    last_name="Nguyễn Thị",
    first_name="Ánh",
    postcode="NW1 6XE",
    municipality="London",
    country="GB",
    language="en",
)
BAKERY = Addressee(
    "legal", "Bakkerij Voorbeeld bv", "", "Dorp 3", "9840", "De Pinte", "BE", "nl", None, "0403170701"
)  # fmt: skip
LONGEST = replace(
    EMMA,
    last_name="Παπαδοπούλου-Хрущёва de la Vallée-Poussin van Steenbergen",
    first_name="Maria Magdalena Josephina Antonia",
    street="Chaussée de la Princesse Élisabeth-Charlotte de Bavière 1234 boîte 5678",
    municipality="Exemple-la-Neuve (Ottignies)",
    country="US",
    language="de",
)


def gifts(count: int, cents: int = 1250) -> tuple[SheetGift, ...]:
    """So many gifts of one amount, month after month: in turn by debit and by transfer, so that each has its row."""
    ways = (Channel.DIRECT_DEBIT, Channel.TRANSFER)
    return tuple(
        SheetGift(date(2025, index % 12 + 1, index // 12 + 5), cents, ways[(index % 12 + index // 12) % 2])
        for index in range(count)
    )


SHEET = Sheet(
    year=2025,
    number=123,
    version=1,
    issued_on=date(2026, 2, 1),
    institution=INSTITUTION,
    addressee=EMMA,
    cents=15000,
    place="Bruxelles",
    signatory="Alix Exemple",
    signatory_role="Administratrice déléguée",
    gifts=gifts(12),
)
FULLEST = replace(
    SHEET,
    number=999_999,
    version=12,
    replaces=True,
    duplicate=True,
    addressee=LONGEST,
    cents=789_999_99,
    gifts=(*gifts(13, 1000), SheetGift(date(2025, 12, 31), 789_999_99 - 13_000, Channel.CASH)),
)
SAMPLES = {
    "fr": SHEET,
    "nl": replace(SHEET, addressee=JAN, gifts=()),
    "de": replace(SHEET, addressee=JURGEN, version=2, replaces=True),
    "en": replace(SHEET, addressee=LINH, cents=50_000, gifts=gifts(40)),
    "legal": replace(SHEET, addressee=BAKERY, signatory="", amount_in_words=False, duplicate=True),
    "fullest": FULLEST,
}
