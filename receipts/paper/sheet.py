"""The sheet: everything one receipt prints, frozen at issue, with its canonical JSON.

A sheet is all the typesetter sees; kept (encrypted) beside the PDF it lets the same document be made again years
later, whatever has become of the donor's address, of the foundation's own, of its logo or of obole.toml. It names the
edition of layout and wording it is printed in (`editions/`), never edited once released, and the press it was made for.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Literal, cast

from ledger.records import Channel
from receipts.paper.press import FIRST_PRESS, Press, present_press

FORMAT = 2  # of the JSON; a later format must still read this one and the first, which named no edition


EDITION = 2  # of layout and wording, for new receipts


EDITIONS = (1, 2)  # that are printed still


# What a sheet of the first format does not say, and is of edition 1.
_SINCE = frozenset({"edition", "press", "look"})


Kind = Literal["natural", "legal"]


Language = Literal["fr", "nl", "de", "en"]


@dataclass(frozen=True, slots=True)
class Institution:
    """The issuer. `enterprise_number` is ten digits; `recognition` a sentence or empty."""

    name: str
    legal_form: str
    street: str
    postcode: str
    municipality: str
    enterprise_number: str
    recognition: str = ""
    email: str = ""
    website: str = ""
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """The donor of record. `country` is an ISO code of two letters; the identifiers are digits only, or None."""

    kind: Kind
    last_name: str
    first_name: str
    street: str
    postcode: str
    municipality: str
    country: str
    language: Language
    national_number: str | None = None
    enterprise_number: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """The look that the foundation gave a receipt: colours as `#rrggbb`, pictures by the SHA-256 of their files."""

    accent: str = "#8a5a14"  # of title, headings and rules
    tint: str = "#f8f3ea"  # behind the amount
    logo: str = ""
    signature: str = ""

    @property
    def images(self) -> tuple[str, ...]:
        """Return the pictures that there are, by digest."""
        return tuple(filter(None, (self.logo, self.signature)))


@dataclass(frozen=True, slots=True)
class SheetGift:
    """One gift as the donor is shown it; cents below zero for one taken back."""

    date: date
    cents: int
    channel: Channel


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version of one receipt. ValueError where the gifts listed do not add up to the amount.

    `replaces` marks a version that annuls an earlier one of the same number, `duplicate` a copy sent again.
    `gifts` may be empty: then no detail is printed.
    """

    year: int
    number: int
    version: int
    issued_on: date
    institution: Institution
    addressee: Addressee
    cents: int
    place: str
    signatory: str = ""
    signatory_role: str = ""
    amount_in_words: bool = True
    replaces: bool = False
    duplicate: bool = False
    gifts: tuple[SheetGift, ...] = ()
    edition: int = EDITION
    press: Press = field(default_factory=present_press)
    look: Look = Look()

    def __post_init__(self) -> None:
        if self.number < 1 or self.version < 1 or self.cents < 1:
            raise ValueError(f"receipt {self.reference}: number, version and amount are at least 1")
        if self.edition not in EDITIONS:
            raise ValueError(f"receipt {self.reference}: edition {self.edition} is not known here")
        if self.gifts and sum(gift.cents for gift in self.gifts) != self.cents:
            raise ValueError(f"receipt {self.reference}: the gifts listed do not add up to the amount of the receipt")

    @property
    def reference(self) -> str:
        """Return year and order number as people quote them: 2025/000123."""
        return f"{self.year}/{self.number:06d}"


def to_json(sheet: Sheet) -> str:
    """Return the canonical JSON of a sheet: sorted keys, no spaces, so that equal sheets give equal text.

    A sheet of edition 1 gives the text it was frozen as.
    """
    values = asdict(sheet)
    record = {"format": FORMAT, **values}
    if sheet.edition == 1:
        record = {"format": 1, **{name: value for name, value in values.items() if name not in _SINCE}}
    return json.dumps(record, default=date.isoformat, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def from_json(text: str) -> Sheet:
    """Return the sheet of a canonical JSON; ValueError, which tells no content, where format or fields are others."""
    try:
        record = json.loads(text)
        record["issued_on"] = date.fromisoformat(record["issued_on"])
        record["institution"] = Institution(**_strict(Institution, record["institution"]))
        record["addressee"] = Addressee(**_strict(Addressee, record["addressee"]))
        record["gifts"] = tuple(
            SheetGift(date.fromisoformat(gift["date"]), gift["cents"], Channel(gift["channel"]))
            for gift in record["gifts"]
        )
        form = record.pop("format")
        if form == 1 and not _SINCE & set(record):
            return Sheet(**_strict(Sheet, record | {"edition": 1, "press": FIRST_PRESS, "look": Look()}))
        if form == FORMAT:
            record["press"] = Press(**_strict(Press, record["press"]))
            record["look"] = Look(**_strict(Look, record["look"]))
            return Sheet(**_strict(Sheet, record))
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # the cause would carry the donor's data
    raise ValueError(f"not a receipt sheet of format 1 to {FORMAT}")


def _strict(record: type, values: Any) -> dict[str, Any]:
    """Return the values; a missing or unknown field is refused: no default fills a gap in a stored sheet."""
    if set(values) != {one.name for one in fields(record)}:
        raise ValueError
    return cast("dict[str, Any]", values)
