"""From obole.toml to the plain policies that the lower rooms take: receipts, printing, Belcotax, grants."""

from dataclasses import replace

from importers.platforms import Declared
from importers.platforms.declared import DeclaredSource
from importers.platforms.records import Listed, PlatformEvent
from importers.platforms.table import Hints
from importers.sheets.tabular import fold
from ledger.errors import OboleError
from ledger.recognition import GrantAccountCodes
from obole.books.opened import Books
from obole.books.settings import CollectionSettings, Config, Platform
from obole.words import _
from receipts.decide.eligibility import Policy
from receipts.filing import belcotax
from receipts.issue import Printing
from receipts.paper.sheet import Institution


def policy_of(config: Config) -> Policy:
    """Return the recognised years, and the foundation's decisions on what the law leaves open."""
    years = {year for part in config.recognition for year in range(part.from_year, part.to_year + 1)}
    return Policy(
        recognised=frozenset(years),
        token_eligible=config.receipts.token_counterpart_eligible,
        gift_date=config.receipts.gift_date_policy,
    )


def policy_for(config: Config, year: int) -> Policy:
    """Return the policy for one year; obole.toml may require a national number where the law tolerates none."""
    general = policy_of(config)
    required = True if year in config.receipts.require_national_number else None
    return replace(general, national_number_required=required)


def printing_of(config: Config, year: int) -> Printing:
    """Return what the foundation prints on its receipts of a year."""
    who = config.organisation
    reference = next((part.reference for part in config.recognition if part.from_year <= year <= part.to_year), "")
    return Printing(
        institution=Institution(
            name=who.name,
            legal_form=who.legal_form,
            street=who.street,
            postcode=who.postcode,
            municipality=who.municipality,
            enterprise_number=who.enterprise_number,
            recognition=reference,
            email=who.email,
            website=who.website or "",
            telephone=who.telephone,
        ),
        place=config.receipts.place or who.municipality,
        signatory=config.receipts.signatory,
        signatory_role=config.receipts.signatory_role,
        amount_in_words=config.receipts.amount_in_words,
    )


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
