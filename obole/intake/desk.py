"""Put together what a bank statement needs to know of the books, from configuration, vault and register."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from importers.deciding.booking import Desk
from importers.deciding.expected import Expected, telling
from importers.deciding.rules import GiftRule, Rule
from ledger.dimensions import NO_KEYS, LineKeys
from ledger.errors import OboleError
from ledger.parties import unknown_party
from ledger.records import DocumentKind, Nature
from ledger.register.gifts import projects_of
from ledger.register.vouchers import all_vouchers, grant_contracts, grant_keys
from ledger.vault import links
from ledger.vault.links import Links
from ledger.vault.parties import known_parties
from obole.books.opened import Books
from obole.books.settings import Config
from obole.books.settings import RuleSettings as RuleSetting
from obole.words import _


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Links to donors, grant contracts and what lines of a grant carry, read once for a batch of statements.

    `expected` are the references and events of the register of events.
    """

    links: Links
    grants: Mapping[str, str]
    grant_keys: Mapping[str, LineKeys]
    expected: Expected = field(default_factory=dict)


def load_links(books: Books) -> Links:
    """Read what leads to a donor from the vault."""
    with books.vault.connect() as connection:
        return links.load_links(connection)


def compile_rules(config: Config, alias: str) -> tuple[Rule, ...]:
    """Return the rules that hold on a bank account, in their order; the payouts of the platforms come last."""
    written = tuple(_compile(rule, config) for rule in config.rules if rule.bank in (None, alias))
    return written + tuple(_payouts(config))


def _payouts(config: Config) -> Iterator[Rule]:
    """Yield the rules by which payouts of a platform clear the account that its report has filled."""
    for name, platform in config.platforms.items():
        if platform.payer or platform.reference:
            yield Rule(
                label=name,
                account=platform.account,
                name=_pattern(platform.payer),
                communication=_pattern(platform.reference),
            )


def _compile(rule: RuleSetting, config: Config) -> Rule:
    gift = None
    if rule.gift is not None:
        gift = GiftRule(
            account=rule.gift.account or _account_of(rule.gift.nature, config),
            nature=rule.gift.nature,
            channel=rule.gift.channel,
            counterpart=rule.gift.counterpart,
            campaign=rule.gift.campaign,
            fund=rule.gift.fund,
        )
    return Rule(
        label=rule.label,
        account=rule.account,
        gift=gift,
        credit=None if rule.direction is None else rule.direction == "credit",
        codes=rule.code,
        name=_pattern(rule.name),
        communication=_pattern(rule.communication),
        iban=rule.iban,
        keys=keys_of_rule(rule),
    )


def keys_of_rule(rule: RuleSetting) -> LineKeys:
    """Return what the line of a rule carries; for a gift, what its own table says comes first."""
    own = LineKeys(rule.gift.project, rule.gift.department, rule.gift.fund) if rule.gift is not None else NO_KEYS
    return own.or_else(LineKeys(rule.project, rule.department, rule.fund, rule.party))


def _account_of(nature: Nature, config: Config) -> str:
    """Return the account of a nature: money that a rule recognises is of nobody, the others have one of their own."""
    return config.gifts.undocumented if nature is Nature.MONEY else config.gifts.of(nature)


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return None if text is None else re.compile(text, re.IGNORECASE)


def desk_of(books: Books, account: str, known: Knowledge) -> Desk | None:
    """Return the desk of one of the foundation's bank accounts (IBAN, or BBAN of it); None for another account."""
    config = books.config
    bank = next((bank for bank in config.bank if account in (bank.iban, bank.iban[4:])), None)
    if bank is None:
        return None

    return Desk(
        alias=bank.alias,
        account=bank.account,
        money=config.gifts.money,
        suspense=config.gifts.suspense,
        receivable=config.grants.receivable,
        links=known.links,
        rules=compile_rules(config, bank.alias),
        grants=known.grants,
        grant_keys=known.grant_keys,
        dimensions=config.dimensions,
        language=config.organisation.language,
        date_policy=config.receipts.gift_date_policy,
        charges=bank.charges,
        expected=known.expected,
    )


def load_known(books: Books) -> Knowledge:
    """Read links to donors, and grants, from the stores."""
    parties = [rule.party for rule in books.config.rules if rule.party]
    with books.vault.connect() as identities:
        unknown = set(parties) - known_parties(identities, parties)
    if unknown:
        key = min(unknown)
        raise OboleError(
            _("obole.toml: a rule names {party}: {problem}.").format(party=key, problem=unknown_party(key))
        )
    with books.register.connect() as connection:
        contracts, keys = grant_contracts(connection), grant_keys(connection)
        expected = references_sold(connection)
    return Knowledge(load_links(books), contracts, keys, expected)


def references_sold(connection: Connection) -> Expected:
    """Return the references of what events sold, and the events, as a payer would write them."""
    sold = [key.reference for key in all_vouchers(connection, DocumentKind.EVENTS)]
    return telling([*sold, *projects_of(connection, DocumentKind.EVENTS)])
