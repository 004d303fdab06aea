"""From obole.toml to the plain policies that the lower rooms take: receipts, printing, Belcotax, grants."""

from ledger.recognition import GrantAccountCodes
from obole.config import Config
from receipts import belcotax
from receipts.eligibility import Policy
from receipts.issue import Printing
from receipts.sheet import Institution


def policy_of(config: Config) -> Policy:
    """The recognised years, and the foundation's decisions on what the law leaves open."""
    years = {year for part in config.recognition for year in range(part.from_year, part.to_year + 1)}
    return Policy(
        recognised=frozenset(years),
        token_eligible=config.receipts.token_counterpart_eligible,
    )


def policy_for(config: Config, year: int) -> Policy:
    """The policy for one year; obole.toml may require a national number where the law tolerates none."""
    general = policy_of(config)
    required = True if year in config.receipts.require_national_number else None
    return Policy(general.recognised, general.token_eligible, required)


def printing_of(config: Config, year: int) -> Printing:
    """What the foundation prints on its receipts of a year."""
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


def belcotax_institution(config: Config) -> belcotax.Institution:
    """Who sends the Belcotax file."""
    who = config.organisation
    return belcotax.Institution(
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
    """The settings of the 281.71 file."""
    return belcotax.BelcotaxSettings(**config.belcotax.model_dump())


def grant_accounts(config: Config) -> GrantAccountCodes:
    """The accounts of the grants register."""
    return GrantAccountCodes(**config.grants.model_dump())
