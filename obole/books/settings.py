"""`obole.toml`: the organisation, its bank accounts, policies and rules, validated with messages a person can act on.

`load` reads the file of a set of books into a `Config`; a wrong file is a `ConfigError` that lists every wrong field.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from importers.registers.donors import valid_iban
from importers.sheets.tabular import fold
from ledger.dimensions import Dimension, DimensionKey, DimensionKeys, LineKeys
from ledger.errors import OboleError
from ledger.folder import SETTINGS
from ledger.identifiers import valid_creditor_identifier, valid_enterprise_number
from ledger.instalments import AddressRule, Fate, FormerAccount
from ledger.languages import LANGUAGES
from ledger.parties import is_party_key
from ledger.periods import FinancialYear, FinancialYears, year_end
from ledger.records import Channel, Counterpart, Nature
from obole.books import refusals
from obole.books.financial_years import period_problems
from obole.words import _, many

FILE_NAME = SETTINGS


Language = Literal["fr", "nl", "de", "en"]


# The fields and kinds of importers.platforms, written here so that no command loads the readers for its settings.
SourceField = Literal[
    "reference",
    "payment",
    "paid",
    "settled",
    "gross",
    "fee",
    "net",
    "currency",
    "kind",
    "test",
    "payout",
    "name",
    "first_name",
    "email",
    "account",
    "street",
    "postcode",
    "city",
    "country",
    "communication",
    "donor",
    "campaign",
    "recurring",
    "returned",
    "refunded",
]


SourceKind = Literal[
    "gift",
    "refund",
    "chargeback",
    "chargeback-reversed",
    "fee",
    "correction",
    "spent",
    "payout",
    "hold",
    "pending",
    "void",
    "test",
]


# What a type of a known platform's report can mean: a payment is a gift, or money spent where it leaves the balance.
RowMeaning = SourceKind | Literal["payment", "conversion"]


# Fields of a known platform's report that lead to a donor or are told of a gift.
PlatformField = Literal["email", "name", "account", "communication", "donor", "campaign"]


class ConfigError(OboleError):
    """obole.toml cannot be used; the message lists each wrong field with its remedy."""


class WrongSetting(ValueError):
    """A value that a setting cannot have; pydantic collects it with the others."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _digits(value: Any) -> Any:
    return re.sub(r"[ .]", "", value).removeprefix("BE") if isinstance(value, str) else value


def _compact_iban(value: Any) -> Any:
    return re.sub(r"\s", "", value).upper() if isinstance(value, str) else value


def _enterprise_number(value: str) -> str:
    if not valid_enterprise_number(value):
        raise WrongSetting(
            _(
                "not a valid enterprise number: ten digits, the last two check the others; copy it from the "
                "Crossroads Bank for Enterprises"
            )
        )
    return value


def _account_code(value: Any) -> Any:
    if isinstance(value, int):
        raise WrongSetting(_('write the account code between quotes: "{value}"').format(value=value))
    return value


def _valid_pattern(value: str | None) -> str | None:
    if value is not None:
        try:
            re.compile(value)
        except re.error as error:
            raise WrongSetting(
                _("not a regular expression ({error}); write `\\(`, `\\[` or `\\.` for the sign itself").format(
                    error=error
                )
            ) from None
    return value


def _labels(value: Any) -> Any:
    """Read one text for all languages, or a text for each."""
    if isinstance(value, str):
        return dict.fromkeys(LANGUAGES, value)
    texts = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if not texts or not set(value) <= set(LANGUAGES):
        raise WrongSetting(_('a text is expected, or one for each language: { fr = "...", nl = "..." }'))
    return value


AccountCode = Annotated[str, BeforeValidator(_account_code), Field(pattern=refusals.ACCOUNT)]


class Organisation(_Part):
    """The foundation that keeps these books, as printed on receipts and sent to Belcotax."""

    name: str = Field(min_length=1)
    legal_form: str = "fondation d'utilité publique"
    enterprise_number: Annotated[str, BeforeValidator(_digits)]
    street: str = Field(min_length=1, description="street and number")
    postcode: str = Field(pattern=refusals.POSTCODE)
    municipality: str = Field(min_length=1)
    country: str = "BE"
    language: Language = "fr"
    telephone: str = Field(pattern=refusals.TELEPHONE)
    email: str = Field(pattern=refusals.EMAIL)
    contact: str = Field(min_length=1, description="contact person for Belcotax")
    website: str | None = None

    @field_validator("enterprise_number")
    @classmethod
    def _valid_number(cls, value: str) -> str:
        return _enterprise_number(value)


class RecognisedPeriod(_Part):
    """One recognition for tax-deductible gifts; at most six calendar years (AR/CIR 92 art. 63/18/1)."""

    from_year: int = Field(ge=1990, le=2100)
    to_year: int = Field(ge=1990, le=2100)
    reference: Annotated[dict[str, str], BeforeValidator(_labels)] = Field(
        default_factory=dict, description="one text, or one for each language"
    )

    @model_validator(mode="after")
    def _six_years(self) -> "RecognisedPeriod":
        if not self.from_year <= self.to_year <= self.from_year + 5:
            raise WrongSetting(
                _("from_year to to_year must be one to six years; copy both from the letter of recognition")
            )
        return self


class BankAccount(_Part):
    """One bank account and its ledger account. `alias` names its documents: coda-ALIAS-2025-073."""

    alias: str = Field(pattern=refusals.ALIAS)
    iban: Annotated[str, BeforeValidator(_compact_iban)]
    account: AccountCode
    charges: AccountCode = Field(default="657000", description="what the bank keeps of an amount and states with it")
    currency: Literal["EUR"] = "EUR"

    @field_validator("iban")
    @classmethod
    def _valid_iban(cls, value: str) -> str:
        if not valid_iban(value):
            raise WrongSetting(
                _("not a valid IBAN: its check digits are wrong; copy it from a statement of the account")
            )
        return value


class GiftAccounts(_Part):
    """Income account by what the gift is. Annex 3, footnote 30: 731 may single out the gifts with a tax deduction."""

    money: AccountCode = "731100"
    in_kind: AccountCode = "731200"
    undocumented: AccountCode = "731300"
    legacy: AccountCode = "732000"
    membership: AccountCode = "730000"
    sponsoring: AccountCode = "743100"
    ticket: AccountCode = "743200"
    suspense: AccountCode = "499000"

    def of(self, nature: Nature) -> str:
        """Return the income account of a gift of this nature that has a known donor."""
        if nature in (Nature.GOODS, Nature.SERVICES, Nature.PREMISES, Nature.EQUIPMENT, Nature.SECURITIES):
            return self.in_kind
        return {
            Nature.LEGACY: self.legacy,
            Nature.MEMBERSHIP: self.membership,
            Nature.SPONSORING: self.sponsoring,
            Nature.TICKET: self.ticket,
        }.get(nature, self.money)

    @property
    def vouchers(self) -> dict[str, Nature]:
        """Return the accounts that a voucher may post to, with the nature of what stands on each.

        Not money, which gives a receipt only once it was paid, nor gifts in kind, which need what proves their value.
        """
        kept = {self.money, self.undocumented, self.in_kind}
        natures = (Nature.LEGACY, Nature.MEMBERSHIP, Nature.SPONSORING, Nature.TICKET)
        return {self.of(nature): nature for nature in reversed(natures) if self.of(nature) not in kept}

    @property
    def control(self) -> tuple[str, ...]:
        """Return the accounts whose every posting must stand in the register of gifts."""
        given = {self.money, self.in_kind, self.undocumented, self.legacy, self.membership}
        return tuple(sorted(given | {self.sponsoring, self.ticket}))


class GrantAccounts(_Part):
    """Accounts of the grants register (KB WVV art. 3:171)."""

    public: AccountCode = "733000"
    private: AccountCode = "733100"
    receivable: AccountCode = "413000"
    earned: AccountCode = "491000"
    deferred: AccountCode = "493000"
    capital: AccountCode = "150000"
    release: AccountCode = "753000"


class LegacyAccounts(_Part):
    """Accounts of the register of legacies (CBN/CNC 2010/16, 2018/24, 2020/10), and what the board chooses there."""

    receivable: AccountCode = Field(default="416000", description="what the notary or a buyer owes us")
    permanent: AccountCode = Field(default="101000", description="of legacies that support the activity durably")
    debts: AccountCode = Field(default="489000", description="duties and charges to be paid")
    charges: AccountCode = Field(default="644000", description="what is passed on, duties on money")
    gain: AccountCode = Field(default="764000", description="of a sale above what the books carry")
    loss: AccountCode = "664000"
    real_estate: AccountCode = "260000"
    durable_real_estate: AccountCode = "221000"
    securities: AccountCode = "510000"
    goods: AccountCode = "260000"
    valued_at: Literal["market", "cost"] = Field(default="market", description="of goods: a rule of the board")
    authorisation_above: int | None = Field(
        default=None, ge=0, description="EUR: an acceptance of more waits for its authorisation"
    )


class RuleSettings(_Part):
    """A rule by which a bank line is known. Every condition given must hold; the first rule that holds decides.

    `code` is a list of beginnings of family + transaction (`"80"`, `"0137"`); `name`, `communication` are regular
    expressions, searched without regard to case; `account` books the line there; `gift` makes it a gift whose donor is
    known by IBAN only, or not at all.
    """

    label: str = Field(min_length=1, description="the narration; no person's name")
    direction: Literal["credit", "debit"] | None = None
    code: tuple[str, ...] = ()
    name: str | None = None
    communication: str | None = None
    iban: Annotated[str | None, BeforeValidator(_compact_iban)] = None
    bank: str | None = Field(default=None, description="alias of the bank account it is seen on")
    account: AccountCode | None = None
    gift: "RuleGiftSettings | None" = None
    project: str | None = None
    department: str | None = None
    fund: str | None = None
    party: str | None = Field(default=None, description="key of a third party; only with account")

    @field_validator("name", "communication")
    @classmethod
    def _valid_pattern(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise WrongSetting(
                    _("not a regular expression ({error}); write `\\(`, `\\[` or `\\.` for the sign itself").format(
                        error=error
                    )
                ) from None
        return value

    @model_validator(mode="after")
    def _one_outcome(self) -> "RuleSettings":
        if (self.account is None) == (self.gift is None):
            raise WrongSetting(_("give either `account` (the line is booked there) or `gift` (it is a gift)"))
        if self.party is not None and not is_party_key(self.party):
            raise WrongSetting(
                _(
                    "`party` is not the key of a third party, such as S0012; write the key that the register of third "
                    "parties gives it"
                )
            )
        if self.party is not None and self.gift is not None:
            raise WrongSetting(_("`party` stands with `account`; a gift is from a donor: take one of the two away"))
        if not (self.direction or self.code or self.name or self.communication or self.iban):
            raise WrongSetting(_("a rule needs at least one condition: direction, code, name, communication or iban"))
        return self


class RuleGiftSettings(_Part):
    """A gift that a rule recognises, whose donor is unknown and stays so (a pooled payout, a collecting box)."""

    nature: Nature = Nature.MONEY
    channel: Channel = Channel.PLATFORM
    counterpart: Counterpart = Counterpart.NONE
    account: AccountCode | None = None
    campaign: str | None = None
    project: str | None = None
    department: str | None = None
    fund: str | None = None


class DimensionSettings(_Part):
    """A project, department or fund that lines may carry, from a day to a day where these are given."""

    key: str = Field(pattern=refusals.KEY)
    label: Annotated[dict[str, str], BeforeValidator(_labels)] = Field(default_factory=dict)
    first: date | None = Field(default=None, alias="from")
    last: date | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> "DimensionSettings":
        if self.first is not None and self.last is not None and self.last < self.first:
            raise WrongSetting(_("`to` lies before `from`; correct one of the two"))
        return self


class GiftDatePolicy(StrEnum):
    """The date that decides the calendar year of a gift: a setting, because the law does not say it for every way."""

    EXECUTED = "executed"
    VALUE = "value"
    BOOKED = "booked"


class Translated(_Part):
    """The words of receipts in one language, where they differ from [organisation] and [receipts]."""

    name: str = ""
    legal_form: str = ""
    street: str = ""
    municipality: str = ""
    place: str = ""
    signatory_role: str = ""


class Receipts(_Part):
    """Receipt policies, and how receipts look. The 40 EUR threshold is law and stands in the year parameters."""

    place: str = ""
    signatory: str = ""
    signatory_role: str = ""
    amount_in_words: bool = True
    logo: str = Field(default="", description="file beside obole.toml, .svg, .png or .jpg; without it the name is set")
    signature: str = Field(default="", description="picture of the signature, beside obole.toml too")
    accent: str = Field(default="#8a5a14", pattern=refusals.COLOUR, description="of title, headings and rules")
    tint: str = Field(default="#f8f3ea", pattern=refusals.COLOUR, description="behind the amount")
    fr: Translated = Translated()
    nl: Translated = Translated()
    de: Translated = Translated()
    en: Translated = Translated()
    gift_date_policy: GiftDatePolicy = GiftDatePolicy.EXECUTED
    require_national_number: tuple[int, ...] | None = Field(
        default=None, description="years that ask for it besides those whose rules do; an empty list: none does"
    )
    tolerate_missing_number: tuple[int, ...] = Field(
        default=(), description="years in which a receipt is issued without it, against the default"
    )
    token_counterpart_eligible: bool = False

    @field_validator("accent")
    @classmethod
    def _dark_enough(cls, value: str) -> str:
        if _contrast(value, white=True) < _READABLE:
            raise WrongSetting(
                _("too light to be read on white paper; a darker colour is expected, such as #8a5a14 or #1f5f8b")
            )
        return value.lower()

    @field_validator("tint")
    @classmethod
    def _light_enough(cls, value: str) -> str:
        if _contrast(value, white=False) < _BACKGROUND:
            raise WrongSetting(
                _("too dark for black letters on it; a light colour is expected, such as #f8f3ea or #eef4f8")
            )
        return value.lower()

    @field_validator("logo", "signature")
    @classmethod
    def _a_picture(cls, value: str) -> str:
        if value and Path(value).suffix.lower() not in _PICTURES:
            raise WrongSetting(
                _('the name of a picture is expected, .svg, .png or .jpg, such as "logo.svg"; put it beside obole.toml')
            )
        return value

    @model_validator(mode="after")
    def _signed_by_someone(self) -> "Receipts":
        if self.signature and not self.signatory:
            raise WrongSetting(
                _("signature is given and signatory is not; name who signs in signatory, or leave signature out")
            )
        return self


_PICTURES = (".svg", ".png", ".jpg", ".jpeg")
# Contrast as WCAG 2.2 reckons it (1.4.3): 4.5 for text; black on the tint keeps most of the 21 that it has on white.
_READABLE = 4.5
_BACKGROUND = 12.0


def _contrast(colour: str, *, white: bool) -> float:
    """Return the contrast of a colour `#rrggbb` to white, or to black."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]  # noqa: PLR2004
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (light + 0.05) if white else (light + 0.05) / 0.05


class Belcotax(_Part):
    """Settings of the 281.71 file where the brochure of the FPS Finance leaves a choice, with our defaults."""

    company_number_in_2011: bool = True
    zone_2030_natural: str = ""
    zone_2030_legal: str = ""
    zone_2045: str = ""
    country_belgium: str = "150"
    no_postcode: str = Field(
        default="00000", max_length=12, description="written for an address in a country that has no postcodes"
    )
    country_digits: int = Field(default=0, ge=0, le=5, description="pad foreign country codes to this many digits")
    file_type: Literal["BELCOTAX", "BELCOTST", "BCTEST"] = "BELCOTAX"
    country_codes: dict[str, str] = Field(
        default_factory=dict, description="codes of annex 3 of the brochure by ISO country, where the table lacks one"
    )


class CollectionSettings(_Part):
    """SEPA direct debits that we collect: who we are to the bank, when, and what follows when one fails."""

    creditor: Annotated[str, BeforeValidator(_compact_iban)] = Field(description="SEPA creditor identifier")
    bank: str = Field(description="alias of the [[bank]] that collects")
    bic: str = Field(default="", pattern=refusals.BIC, description="of that bank")
    scheme: Literal["CORE"] = "CORE"
    message: Literal["pain.008.001.02", "pain.008.001.08"] = "pain.008.001.02"
    day: int = Field(default=5, ge=1, le=28, description="of the month on which we collect")
    notice: int = Field(default=14, ge=1, le=60, description="days before the debit at which donors are told of it")
    attempts: int = Field(default=2, ge=1, le=6, description="how often one instalment is tried after soft failures")
    fates: dict[str, Fate] = Field(default_factory=dict, description="fate by reason code")
    former_account: FormerAccount = Field(
        default=FormerAccount.SAME_BANK,
        description="how the next debit tells the account that a mandate had before; banks differ, ask yours",
    )
    addresses: AddressRule = Field(
        default=AddressRule.OUTSIDE_EEA, description="debits with the debtor's town and country; unsure, ask your bank"
    )

    @field_validator("creditor")
    @classmethod
    def _valid_creditor(cls, value: str) -> str:
        if not valid_creditor_identifier(value):
            raise WrongSetting(
                _(
                    "not a creditor identifier (Belgium: BE, two check digits, three characters such as ZZZ, "
                    "enterprise number; check digits modulo 97)"
                )
            )
        return value


class InKind(_Part):
    """Gifts in kind are income with an equal charge or asset; a presentation choice (CBN/CNC opinion 2010/16)."""

    book: bool = True


class CashSettings(_Part):
    """The register of cash and cheques: its accounts (annex 3: 54, 57, 58), and what the law leaves open.

    A cash book without a name stands on `account`, a named one on its own in `books`.
    """

    account: AccountCode = "570000"
    books: dict[Annotated[str, Field(pattern=refusals.CASH_BOOK)], AccountCode] = Field(default_factory=dict)
    transfer: AccountCode = Field(default="580000", description="cash under way to the bank or from it")
    cheques: AccountCode = Field(default="540000", description="cheques received, until the bank credits them")
    charges: AccountCode = Field(default="657000", description="what the bank takes for an unpaid cheque")
    shortage: AccountCode = "657000"
    surplus: AccountCode = "743000"
    limit: int = Field(default=3_000, ge=0, description="EUR in cash at once (law of 18.9.2017 art. 67); 0: none")
    cheque_date: Literal["credited", "received"] = Field(
        default="credited", description="the day on which a cheque is a gift; UNSURE, no Belgian rule found"
    )

    @property
    def held(self) -> frozenset[str]:
        """Return the accounts of the cash books."""
        return frozenset({self.account, *self.books.values()})

    @property
    def named(self) -> set[str]:
        """Return the accounts that obole.toml names; those left at their default are asked for once they are used."""
        given = self.model_fields_set - {"limit", "cheque_date", "books"}
        return {*self.books.values(), *(str(getattr(self, name)) for name in given)}

    @model_validator(mode="after")
    def _apart(self) -> "CashSettings":
        codes = [self.account, *self.books.values(), self.transfer, self.cheques]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if {"CASH", "CHQ"} & self.books.keys():
            raise WrongSetting(_("CASH and CHQ name the book without a name and the cheques; choose another name"))
        if twice:
            raise WrongSetting(
                _("two cash books, cheques or transfers have account {account}; give each its own").format(
                    account=twice[0]
                )
            )
        return self


class EventAccounts(_Part):
    """Accounts of the register of events beside those of [gifts]; a row may name its own."""

    sale: AccountCode = "743000"
    cost: AccountCode = "644000"
    receivable: AccountCode = "400000"
    payable: AccountCode = "440000"
    cash: AccountCode = "570000"
    platform: AccountCode = Field(default="416100", description="where no [platforms] is declared")
    vat: AccountCode = Field(default="451000", description="VAT on what is sold")
    vat_paid: AccountCode = Field(default="411000", description="VAT on costs, where it is deductible")
    vat_deductible: bool = Field(default=False, description="false: VAT on costs is a part of the cost")
    deferred: AccountCode = Field(default="493000", description="income until the year of the event")
    prepaid: AccountCode = Field(default="490000", description="costs until the year of the event")


def _time_zone(value: str) -> str:
    try:
        known = not value or value == "UTC" or ("/" in value and ZoneInfo(value) is not None)
    except (KeyError, ValueError, OSError):
        known = False
    if not known:
        raise WrongSetting(_('not a time zone; write its name ("Europe/Paris", "America/New_York") or "UTC"'))
    return value


def _no_twins(values: dict[str, Any]) -> dict[str, Any]:
    """Refuse two spellings of one value: case, accents and blanks make no difference."""
    folded = [fold(value) for value in values]
    twice = sorted(value for value, plain in zip(values, folded, strict=True) if folded.count(plain) > 1)
    if twice:
        raise WrongSetting(
            _("{values} are one value, because case, accents and blanks make no difference").format(
                values=", ".join(twice)
            )
        )
    return values


class Platform(_Part):
    """A platform or declared source that money comes through, and how its payouts are known on the bank account."""

    account: AccountCode = Field(default="416100", description="clearing: what the platform owes us")
    fee_account: AccountCode = "616100"
    payer: str | None = Field(default=None, description="regular expression on the name of who pays out")
    reference: str | None = Field(default=None, description="regular expression on the communication of a payout")
    date: Literal["", "dmy", "mdy"] = ""
    decimal: Literal["", ".", ","] = ""
    rates: dict[str, Annotated[Decimal, Field(gt=0, lt=1_000_000)]] = Field(
        default_factory=dict, description="EUR for one unit of a currency that the platform does not settle in EUR"
    )
    certificate_elsewhere: bool = Field(default=False, description="the platform gives the donors their certificate")
    types: dict[str, RowMeaning] = Field(default_factory=dict, description="what further types of its report mean")
    statuses: dict[str, Literal["done", "back", "pending", "void"]] = Field(
        default_factory=dict, description="what further statuses of its report mean; back: paid, and given back since"
    )
    columns: dict[PlatformField, str] = Field(default_factory=dict, description="further headings of who gave")
    timezone: str = Field(default="", description="of moments that name no zone, or one that is not known")

    _patterns = field_validator("payer", "reference")(_valid_pattern)
    _zone = field_validator("timezone")(_time_zone)
    _words = field_validator("types", "statuses")(_no_twins)


class SourceSettings(_Part):
    """A table of gifts with headings of its own: any platform, employer's scheme or CRM (docs/platforms.md)."""

    columns: dict[SourceField, str]
    encoding: str = ""
    delimiter: Literal["", ",", ";", "\t", "|"] = ""
    decimal: Literal["", ".", ","] = ""
    date: Literal["", "dmy", "mdy"] = ""
    unit: Literal["euro", "cents"] = Field(default="euro", description="cents: amounts are whole hundredths")
    fees: Literal["cost", "balance"] = Field(default="cost", description="balance: a fee is written as a negative")
    refunds: Literal["negative", "positive"] = Field(default="negative", description="how a refund's amount is written")
    rows: Literal["", "movements", "states"] = Field(default="", description="states: one row a payment, as it is now")
    timezone: str = Field(default="", description="of moments that name no zone")
    kinds: dict[str, SourceKind] = Field(default_factory=dict, description="what each value of the kind column means")
    currency: str = Field(default="EUR", pattern=refusals.CURRENCY)
    campaign: str = ""
    certificate_elsewhere: bool = False
    already_in: str = Field(default="", description="the platform whose report holds the same money, or `bank`")

    _zone = field_validator("timezone")(_time_zone)

    @model_validator(mode="after")
    def _whole(self) -> "SourceSettings":
        missing = [name for name in ("reference", "paid", "gross") if name not in self.columns]
        if missing:
            raise WrongSetting(
                _("columns lacks {missing}; say which column of the file holds it").format(missing=", ".join(missing))
            )
        if "kind" in self.columns and not self.kinds:
            raise WrongSetting(_("kinds is missing: say what each value of the kind column means"))
        return self


class FinancialPeriod(_Part):
    """A financial year that is not twelve months long, or that is not called after the year in which it ends."""

    label: int = Field(ge=2000, le=2100, description="a calendar year in which it has a day: its name everywhere")
    first: date
    last: date = Field(description="at most 24 months after `first`, less a day")


class FinancialYearSettings(_Part):
    """The end of the financial year, and the years that differ; receipts go by the calendar year all the same."""

    ends: str = Field(
        default="12-31", description="month and day on which a financial year ends; 02-29: the last day of February"
    )
    periods: tuple[FinancialPeriod, ...] = Field(
        default=(), description="the years that are longer or shorter: a long first year, a change of the closing day"
    )

    @model_validator(mode="after")
    def _whole(self) -> "FinancialYearSettings":
        found = list(period_problems(self.years))
        if found:
            raise WrongSetting("\n  ".join(found))
        return self

    @field_validator("ends")
    @classmethod
    def _valid_end(cls, value: str) -> str:
        try:
            date.fromisoformat(f"2024-{value}")  # a leap year
        except ValueError:
            raise WrongSetting(
                _("`{value}` is no day; write month and day, such as 06-30 for 30 June").format(value=value)
            ) from None
        return value

    @cached_property
    def years(self) -> FinancialYears:
        """Return the financial years that these settings say."""
        month, day = (int(part) for part in self.ends.split("-"))
        listed = sorted(
            (FinancialYear(one.label, one.first, one.last) for one in self.periods), key=lambda one: one.first
        )
        end = year_end(date(2024, month, day))
        return FinancialYears(end, tuple(listed))


class Config(_Part):
    """The whole of obole.toml."""

    organisation: Organisation
    recognition: tuple[RecognisedPeriod, ...] = ()
    bank: tuple[BankAccount, ...] = ()
    gifts: GiftAccounts = GiftAccounts()
    grants: GrantAccounts = GrantAccounts()
    legacies: LegacyAccounts = LegacyAccounts()
    rules: tuple[RuleSettings, ...] = ()
    receipts: Receipts = Receipts()
    belcotax: Belcotax = Belcotax()
    in_kind: InKind = InKind()
    cash: CashSettings = CashSettings()
    events: EventAccounts = EventAccounts()
    platforms: dict[str, Platform] = Field(default_factory=dict)
    sources: dict[Annotated[str, Field(pattern=refusals.ALIAS)], SourceSettings] = Field(default_factory=dict)
    project: tuple[DimensionSettings, ...] = ()
    department: tuple[DimensionSettings, ...] = ()
    fund: tuple[DimensionSettings, ...] = ()
    collection: CollectionSettings | None = Field(default=None, description="without it nothing is collected")
    financial_year: FinancialYearSettings = FinancialYearSettings()
    first_day: date = date(2024, 1, 1)
    key: str = Field(default="", description="name of the key file that opens the vault, kept outside the books")
    register_url: str = Field(default="", description="SQLAlchemy address of a server; empty: register.sqlite3 here")
    vault_url: str = Field(default="", description="SQLAlchemy address of a server; empty: vault.sqlite3 here")

    @model_validator(mode="after")
    def _distinct_banks(self) -> "Config":
        for attribute in ("alias", "iban", "account"):
            values = [getattr(bank, attribute) for bank in self.bank]
            if len(values) != len(set(values)):
                raise WrongSetting(
                    _("bank: two accounts have the same `{attribute}`; give each its own").format(attribute=attribute)
                )
        return self

    @property
    def years(self) -> FinancialYears:
        """Return the financial years of these books."""
        return self.financial_year.years

    @property
    def dimensions(self) -> DimensionKeys:
        """Return the projects, departments and funds declared."""
        declared = {Dimension.PROJECT: self.project, Dimension.DEPARTMENT: self.department, Dimension.FUND: self.fund}
        return DimensionKeys(
            {
                dimension: {one.key: DimensionKey(one.key, one.label, one.first, one.last) for one in some}
                for dimension, some in declared.items()
            }
        )

    @model_validator(mode="after")
    def _declared_once(self) -> "Config":
        """Refuse a key of a dimension declared twice, and a rule that carries a key which is not declared."""
        found = []
        for dimension in Dimension:
            keys = [one.key for one in getattr(self, dimension)]
            found += [
                _("[[{dimension}]] has {key} twice; keep one").format(dimension=dimension, key=key)
                for key in sorted(set(keys))
                if keys.count(key) > 1
            ]
        for number, rule in enumerate(self.rules, start=1):
            for part in (rule, rule.gift):
                if part is not None:
                    line = LineKeys(part.project, part.department, part.fund)
                    found += [f"rules[{number}]: {problem}" for problem in self.dimensions.problems(line, None)]
        if found:
            raise WrongSetting("\n  ".join(found))
        return self

    @model_validator(mode="after")
    def _kept_by_the_register(self) -> "Config":
        """Gift accounts and suspense hold what the register says and nothing else: no rule books past it."""
        kept = {*self.gifts.control, self.gifts.suspense}
        found = [problem for number, rule in enumerate(self.rules, start=1) for problem in self._past(number, rule)]
        found += [
            _("bank `{alias}`: {account} is kept by the register; give the bank an account of its own").format(
                alias=bank.alias, account=bank.account
            )
            for bank in self.bank
            if bank.account in kept
        ]
        others = kept | {bank.account for bank in self.bank}
        found += [
            _("cash: {account} is kept by the register or is that of a bank; give cash an account of its own").format(
                account=account
            )
            for account in sorted(others & {*self.cash.held, self.cash.transfer, self.cash.cheques})
        ]
        found += [
            _("legacies.{name}: {code} is kept by the register; give it an account of its own").format(
                name=name, code=code
            )
            for name, code in self.legacies.model_dump(exclude={"valued_at", "authorisation_above"}).items()
            if code in kept
        ]
        if self.collection is not None and self.collection.bank not in self._aliases:
            found.append(
                _("collection.bank: `{bank}` is the alias of no [[bank]]; write one of those").format(
                    bank=self.collection.bank
                )
            )
        found += [
            _("platforms.{name}: {code} is kept by the register; give the platform an account of its own").format(
                name=name, code=code
            )
            for name, platform in self.platforms.items()
            for code in (platform.account, platform.fee_account)
            if code in kept
        ]
        if found:
            raise WrongSetting("\n  ".join(found))
        return self

    @property
    def _aliases(self) -> frozenset[str]:
        return frozenset(bank.alias for bank in self.bank)

    def _past(self, number: int, rule: RuleSettings) -> Iterator[str]:
        """Yield where a rule books past the register, or names a bank that is none."""
        control, suspense = set(self.gifts.control), self.gifts.suspense
        place = f"rules[{number}]"
        if rule.account in control:
            yield _("{place}: {account} is a gift account; write `gift = {{ ... }}` in place of account").format(
                place=place, account=rule.account
            )
        if rule.account == suspense:
            yield _("{place}: {suspense} is the suspense account, where a line goes that no rule knows").format(
                place=place, suspense=suspense
            )
        if rule.gift is not None and rule.gift.account is not None and rule.gift.account not in control:
            yield _(
                "{place}.gift.account: {account} is no gift account; write one of {control}, or name it in [gifts]"
            ).format(place=place, account=rule.gift.account, control=", ".join(sorted(control)))
        if rule.bank is not None and rule.bank not in self._aliases:
            yield _("{place}.bank: `{bank}` is the alias of no [[bank]]; write one of those").format(
                place=place, bank=rule.bank
            )


def read_settings(path: Path) -> str:
    """Return the text of an obole.toml, with or without a byte order mark; ConfigError where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(
            _("{name}: not written in UTF-8; save it as UTF-8 in your editor.").format(name=path.name)
        ) from None


def load(folder: Path) -> Config:
    """Read `obole.toml` of the books in `folder`; ConfigError where there is none or a field is wrong."""
    path = folder / FILE_NAME
    try:
        raw = tomllib.loads(read_settings(path))
    except FileNotFoundError:
        raise ConfigError(
            _(
                "{folder}: no {file} here, so these are no books; create them with `obole init {typed}`, "
                "or say which books with --books or OBOLE_BOOKS."
            ).format(folder=folder, file=FILE_NAME, typed=quote(str(folder)))
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            _(
                "{file}: not readable as TOML: {error}. A text stands between quotes, a section's name between [ ], "
                "each setting on a line of its own; correct that line."
            ).format(file=FILE_NAME, error=error)
        ) from None
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        lines = [_explain(detail) for detail in error.errors(include_url=False)]
        told = many("{file}: {count} wrong:", "{file}: {count} wrong:", len(lines))
        raise ConfigError("\n  ".join([told.format(file=FILE_NAME, count=len(lines)), *lines])) from None


def _explain(detail: Any) -> str:
    sentence = refusals.sentence_of(detail, _names_beside(detail["loc"]))
    place = ".".join(f"[{part + 1}]" if isinstance(part, int) else str(part) for part in detail["loc"]).replace(
        ".[", "["
    )
    return f"{place}: {sentence}" if place else sentence  # what is wrong between sections names its places itself


def _names_beside(place: Sequence[str | int]) -> list[str]:
    """Return the names of the settings that may stand where one is that is not known."""
    model: type[BaseModel] | None = Config
    for part in place[:-1]:
        if model is not None and not isinstance(part, int):
            field = next((one for name, one in model.model_fields.items() if part in (name, one.alias)), None)
            model = _model_in(field.annotation) if field is not None else model
    return [one.alias or name for name, one in model.model_fields.items()] if model is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the table of settings that a field holds, by itself or in a list or table of several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def sample() -> str:
    """Return an obole.toml to fill in, with the settings everyone needs and a comment on each."""
    return (files("obole") / "data" / "obole.toml").read_text(encoding="utf-8")
