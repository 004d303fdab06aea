"""From obole.toml to the plain policies that the lower rooms take: receipts, printing, Belcotax, grants."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from importers.platforms import Declared
from importers.platforms.declared import DeclaredSource
from importers.platforms.records import Listed, PlatformEvent
from importers.platforms.table import Hints
from importers.sheets.tabular import fold
from ledger.errors import OboleError
from ledger.languages import LANGUAGES
from ledger.legacies import LegacyPolicy, LegacyRole, LegacyValue
from ledger.recognition import GrantAccountCodes
from ledger.records import DonorKind
from ledger.vault.donors import Donor
from obole.books.opened import Books
from obole.books.settings import CollectionSettings, Config, Platform, Translated
from obole.words import _
from receipts.decide.eligibility import Objection, Policy, Reason
from receipts.decide.facts import address_gaps
from receipts.decide.parameters import parameters
from receipts.filing import belcotax
from receipts.issue import Issuer, Printing, addressee
from receipts.paper.images import LARGEST_FILE, digest_of_image, image_refusal, too_large
from receipts.paper.sheet import Institution, Look


def policy_of(config: Config) -> Policy:
    """Return the recognised years, and the foundation's decisions on what the law leaves open."""
    years = {year for part in config.recognition for year in range(part.from_year, part.to_year + 1)}
    return Policy(
        recognised=frozenset(years),
        token_eligible=config.receipts.token_counterpart_eligible,
        gift_date=config.receipts.gift_date_policy,
    )


def policy_for(config: Config, year: int) -> Policy:
    """Return the policy for one year, with the proof of what paper and Belcotax refuse of a donor.

    obole.toml may require a national number where the law tolerates none, and tolerate one where nothing settles it.
    """
    wanted = config.receipts.require_national_number
    required = None
    if wanted is not None and (not wanted or year in wanted):
        required = year in wanted
    elif year in config.receipts.tolerate_missing_number:
        required = False
    return replace(policy_of(config), national_number_required=required, proof=_DonorProof(config, year))


class _DonorProof:
    """The proof of the donors of a year: what of the foundation stands on each sheet and slip is worked out once."""

    def __init__(self, config: Config, year: int) -> None:
        self._config, self._year = config, year
        self._issuers: dict[str, Institution] = {}

    def _printed(self, language: str) -> Institution:
        if language not in self._issuers:
            self._issuers[language] = _issuer(self._config, self._year, language).institution
        return self._issuers[language]

    @cached_property
    def _filed(self) -> tuple[belcotax.Declarant, belcotax.BelcotaxSettings]:
        return belcotax_institution(self._config), belcotax_settings(self._config)

    def __call__(self, donor: Donor) -> tuple[Objection, ...]:
        """Return what will be refused of a donor; what is missing is told elsewhere and stands in for here."""
        from receipts.paper.proof import refusal  # noqa: PLC0415 - the typesetter, for those that issue

        who = addressee(donor)
        found = []
        unprintable = refusal(who, self._printed(who.language))
        if unprintable:
            found.append(Objection(Reason.UNPRINTABLE, unprintable))
        gaps = address_gaps(donor)
        slip = belcotax.Slip(
            year=self._year,
            number=1,
            reference=f"{self._year}-1",
            kind=DonorKind(donor.kind),
            last_name=who.last_name or "-",
            first_name=who.first_name or "-",
            street=who.street if "street" not in gaps else "-",
            postcode="1000" if {"postcode", "country"} & {*gaps} else who.postcode,
            municipality=who.municipality if "municipality" not in gaps else "-",
            country=who.country or "BE",
            language=who.language,
            national_number=None,
            enterprise_number=None,
            cents=parameters(self._year).threshold_cents,
        )
        faults = belcotax.refusals(slip, *self._filed, donor.key)
        told = (str(fault).removeprefix(f"{donor.key}: ") for fault in faults)
        return (*found, *(Objection(Reason.UNFILEABLE, one) for one in told))


def printing_of(config: Config, year: int) -> Printing:
    """Return what the foundation prints on its receipts of a year, but for its pictures."""
    who, said = config.organisation, config.receipts
    issuers = {language: _issuer(config, year, language) for language in LANGUAGES}
    own = issuers[who.language]
    return Printing(
        institution=own.institution,
        place=own.place,
        signatory=said.signatory,
        signatory_role=own.signatory_role,
        amount_in_words=said.amount_in_words,
        issuers=issuers,
        look=Look(said.accent, said.tint),
    )


def _issuer(config: Config, year: int, language: str) -> Issuer:
    """Return the foundation as a receipt in a language names it."""
    who, said = config.organisation, config.receipts
    other: Translated = getattr(said, language)
    references = next((part.reference for part in config.recognition if part.from_year <= year <= part.to_year), {})
    # A place of issue that is the foundation's own town is named as that town is in this language.
    place = other.place or (said.place if said.place != who.municipality else "") or other.municipality
    return Issuer(
        institution=Institution(
            name=other.name or who.name,
            legal_form=other.legal_form or who.legal_form,
            street=other.street or who.street,
            postcode=who.postcode,
            municipality=other.municipality or who.municipality,
            enterprise_number=who.enterprise_number,
            recognition=references.get(language) or references.get(who.language) or "",
            email=who.email,
            website=who.website or "",
            telephone=who.telephone,
        ),
        place=place or who.municipality,
        signatory_role=other.signatory_role or said.signatory_role,
    )


def pictures_of(books: Books) -> tuple[dict[str, bytes], list[str]]:
    """Return the pictures that obole.toml names, by setting, and in sentences what is wrong with them."""
    found: dict[str, bytes] = {}
    wrong = []
    for setting in ("logo", "signature"):
        name = getattr(books.config.receipts, setting)
        if not name:
            continue
        refusal, content = _picture(books.folder.root / name)
        if refusal:
            told = _("obole.toml: receipts.{setting}: {file}: {refusal}.")
            wrong.append(told.format(setting=setting, file=name, refusal=refusal))
        else:
            found[setting] = content
    return found, wrong


def _picture(path: Path) -> tuple[str, bytes]:
    """Return why the file of a picture cannot be taken, empty where it can, and its content."""
    try:
        if not path.is_file():
            return _("no such file; put it beside obole.toml, or correct the name"), b""
        if path.stat().st_size > LARGEST_FILE:
            return too_large(path.stat().st_size), b""
        content = path.read_bytes()
    except OSError as error:
        return _("cannot be read: {reason}; give yourself the right to read it").format(reason=error.strerror), b""
    return image_refusal(content), content


def whole_printing(books: Books, year: int) -> Printing:
    """Return what the foundation prints on its receipts of a year; OboleError where a picture of it cannot be."""
    pictures, wrong = pictures_of(books)
    if wrong:
        raise OboleError("\n".join(wrong))
    printing = printing_of(books.config, year)
    digests = {setting: digest_of_image(content) for setting, content in pictures.items()}
    images = {digests[setting]: content for setting, content in pictures.items()}
    return replace(printing, look=replace(printing.look, **digests), images=images)


def belcotax_institution(config: Config) -> belcotax.Declarant:
    """Return who sends the Belcotax file."""
    who = config.organisation
    return belcotax.Declarant(
        name=who.name,
        street=who.street,
        postcode=who.postcode,
        municipality=who.municipality,
        language=who.language if who.language in ("fr", "nl", "de") else "fr",
        enterprise_number=who.enterprise_number,
        telephone=who.telephone,
        email=who.email,
        contact=who.contact,
    )


def belcotax_settings(config: Config) -> belcotax.BelcotaxSettings:
    """Return the settings of the 281.71 file."""
    return belcotax.BelcotaxSettings(**config.belcotax.model_dump())


def grant_accounts(config: Config) -> GrantAccountCodes:
    """Return the accounts of the grants register."""
    return GrantAccountCodes(**config.grants.model_dump())


def legacy_accounts(config: Config) -> dict[str, str]:
    """Return the account of each role in the register of legacies."""
    named = config.legacies.model_dump(exclude={"valued_at", "authorisation_above"})
    return {**named, LegacyRole.INCOME: config.gifts.legacy, LegacyRole.SUSPENSE: config.gifts.suspense}


def legacy_policy(config: Config) -> LegacyPolicy:
    """Return what the board chose for legacies."""
    above = config.legacies.authorisation_above
    return LegacyPolicy(LegacyValue(config.legacies.valued_at), None if above is None else above * 100)


def collection_settings(books: Books) -> CollectionSettings:
    """Return `[collection]` of obole.toml; OboleError where it is missing."""
    if books.config.collection is None:
        raise OboleError(
            _("obole.toml: no [collection]; add it with your creditor identifier and bank (direct-debits.md).")
        )
    return books.config.collection


_ROWS = {"": Listed.EITHER, "movements": Listed.MOVEMENT, "states": Listed.STATE}


def _hints(name: str, platform: Platform) -> Hints:
    """Return how a platform's exports are written, and what further words in them mean."""
    return Hints(
        date=platform.date,
        decimal=platform.decimal,
        zone=platform.timezone,
        types={fold(value): meaning for value, meaning in platform.types.items()},
        statuses={fold(value): meaning for value, meaning in platform.statuses.items()},
        columns={str(field): heading for field, heading in platform.columns.items()},
        section=f"platforms.{name}",
    )


def declared(config: Config) -> Declared:
    """Return what obole.toml says of platforms' exports and of tables with headings of their own."""
    hints = {name: _hints(name, one) for name, one in config.platforms.items()}
    sources = {
        name: DeclaredSource(
            columns={str(name): heading for name, heading in one.columns.items()},
            hints=Hints(
                date=one.date,
                decimal=one.decimal,
                encoding=one.encoding,
                delimiter=one.delimiter,
                zone=one.timezone,
                section=f"sources.{name}",
            ),
            kinds={fold(value): PlatformEvent(kind) for value, kind in one.kinds.items()},
            cents=one.unit == "cents",
            negative_fees=one.fees == "balance",
            positive_refunds=one.refunds == "positive",
            rows=_ROWS[one.rows],
            currency=one.currency,
            campaign=one.campaign,
            certificate_elsewhere=one.certificate_elsewhere,
            already_in=one.already_in,
        )
        for name, one in config.sources.items()
    }
    return Declared(sources, hints)
