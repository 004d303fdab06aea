"""The account that an open line obviously goes to, with reasons, for a person to decide.

Our own other account (a transfer between both), an open invoice of that amount and reference, a payout of a platform by
its text, a legacy of which a sum is to come. An invoice is what a voucher put on a customer's or supplier's account and
no later line of it took off.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from beancount.core import data

from importers.deciding.expected import bears, plain
from importers.deciding.found import is_cash_code
from importers.deciding.proposals import same_name
from ledger.chart import code_of
from ledger.mirror import PAYMENT, VOUCHER
from ledger.money import to_cents
from ledger.parties import Party
from ledger.register.cash import ExpectedLine, awaited, fitting
from ledger.register.suspense import OpenItem
from ledger.vault.counterparties import Counterparty
from ledger.vault.parties import find_parties
from obole.books.loading import load_books
from obole.books.opened import Books
from obole.suspense.legacies import LegacyClaims
from obole.words import _

_OWN, _OWN_NAME, _PAYOUT, _CASH = 0.95, 0.7, 0.85, 0.7
SURE_CASH = 0.97  # a slip or cheque says that the bank will bring just this: it is no gift besides
_REFERENCE, _TEXT, _IBAN, _NAME = 0.95, 0.9, 0.9, 0.7
_TRANSFERS = "58"  # internal transfers (annex 3 of the royal decree of 21.10.2018)
_OPEN_POSTS = ("400", "440")  # trade debtors and suppliers
_MOST = 3


class LikelyAccount(NamedTuple):
    """An account that a line may belong on: `score` from 0 to 1, and why in words.

    `party` where it is theirs, `legacy` where it is set against one (`L-2025-01`, or with its asset).
    """

    account: str
    score: float
    reasons: tuple[str, ...]
    party: str = ""
    legacy: str = ""


class Invoice(NamedTuple):
    """The part of a voucher that is open on a customer's or supplier's account; debit positive, as at the bank."""

    account: str
    party: str
    voucher: str
    text: str
    cents: int


def likely_accounts(
    books: Books, items: Sequence[OpenItem], behind: Mapping[tuple[str, int], Counterparty]
) -> dict[tuple[str, int], tuple[LikelyAccount, ...]]:
    """Return for each open line the accounts that it may belong on, the likeliest first."""
    found: dict[tuple[str, int], list[LikelyAccount]] = {}
    nobody = Counterparty("", 0, "", "", "")
    who = {item.key: behind.get((item.document, item.position), nobody) for item in items}
    with books.register.connect() as connection:
        cash = awaited(connection)
    for item in items:
        known = who[item.key]
        own = [*_own(books, item, known), *_cash(books, item, cash)]
        found[item.document, item.position] = [*own, *_payouts(books, item, known)]
    asked = [item for item in items if who[item.key] is not nobody and not found[item.document, item.position]]
    if asked:
        invoices = _by_amount(open_invoices(load_books(books.folder.main, books.years).entries))
        with books.vault.connect() as identities:
            parties = {one.key: one for one in find_parties(identities)}
        claims = LegacyClaims(books)
        for item in asked:
            found[item.document, item.position] += _of_legacies(claims, item, who[item.key])
            found[item.document, item.position] += _of_invoices(invoices.get(item.cents, ()), who[item.key], parties)
    best = {key: tuple(sorted(some, key=lambda one: -one.score)[:_MOST]) for key, some in found.items()}
    return {key: some for key, some in best.items() if some}


def _of_legacies(claims: LegacyClaims, item: OpenItem, known: Counterparty) -> Iterator[LikelyAccount]:
    """Yield the receivable or debt of legacies that a notary's line, or ours for one, may settle."""
    for one in claims.of(item, known):
        named = f"{one.legacy}:{one.asset}" if one.asset else one.legacy
        yield LikelyAccount(one.account, one.score, one.reasons, legacy=named)


def _own(books: Books, item: OpenItem, known: Counterparty) -> Iterator[LikelyAccount]:
    """Yield the account of transfers, where the money comes from or goes to another account of ours."""
    others = [bank for bank in books.config.bank if bank.alias != item.bank]
    transfers = min((code for code in books.chart if code.startswith(_TRANSFERS) and len(code) > 2), default=None)  # noqa: PLR2004 - the group itself
    bank = next((one for one in others if known.account and known.account == one.iban), None)
    if bank is not None:
        reason = _("our own account `{alias}`: a transfer between both").format(alias=bank.alias)
        yield LikelyAccount(transfers or bank.account, _OWN, (reason,))
    elif transfers and others and not known.account and same_name(known.name, books.config.organisation.name):
        yield LikelyAccount(transfers, _OWN_NAME, (_("the name of the foundation: perhaps a transfer of our own"),))


def _cash(books: Books, item: OpenItem, waiting: Sequence[ExpectedLine]) -> Iterator[LikelyAccount]:
    """Yield the account on which slips or cheques wait for the bank, where the line is cash or a cheque by its code."""
    settings = books.config.cash
    account = settings.cheques if item.code[1:3] == "03" else settings.transfer
    if not is_cash_code(item.code, item.cents):
        return
    if fits := fitting(waiting, item.cents, item.booked, account):
        why = _("slips or cheques of this amount wait for the bank: {references}")
        references = ", ".join(one.reference for one in fits)
        yield LikelyAccount(account, SURE_CASH, (why.format(references=references),))
    elif any(one.account == account for one in waiting):
        yield LikelyAccount(account, _CASH, (_("cash or a cheque of ours by its code: no slip has this amount"),))


def _payouts(books: Books, item: OpenItem, known: Counterparty) -> Iterator[LikelyAccount]:
    """Yield the account of a platform that the name or the text of a credit names."""
    words = set(re.findall(r"[^\W_]+", f"{known.name} {known.communication}".casefold()))
    for name, platform in books.config.platforms.items():
        asked = set(re.findall(r"[^\W_]+", name.casefold()))
        if item.cents > 0 and asked and asked <= words:
            reason = _("a payout of {platform} by its text: import its report too").format(platform=name)
            yield LikelyAccount(platform.account, _PAYOUT, (reason,))


def open_invoices(entries: Iterable[Any]) -> list[Invoice]:
    """Return the vouchers on customers and suppliers that nothing settled, in the order of the books."""
    balances: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    texts: dict[tuple[str, str, str], str] = {}
    settled: Counter[tuple[str, str, int]] = Counter()
    for entry in entries:
        if not isinstance(entry, data.Transaction):
            continue
        voucher = str(entry.meta.get(PAYMENT) or entry.meta.get(VOUCHER) or "")
        for posting in entry.postings:
            code = code_of(posting.account) or ""
            if not code.startswith(_OPEN_POSTS) or posting.units is None or posting.units.number is None:
                continue
            meta, cents = posting.meta or {}, to_cents(posting.units.number)
            party = str(meta.get("party") or entry.meta.get("party") or "")
            if voucher:
                balances[code, party, voucher] += cents
                texts.setdefault((code, party, voucher), str(meta.get("text") or entry.narration or ""))
            else:
                settled[code, party, -cents] += 1
    found = []
    for (code, party, voucher), cents in balances.items():
        if cents and settled[code, party, cents]:
            settled[code, party, cents] -= 1
        elif cents:
            found.append(Invoice(code, party, voucher, texts[code, party, voucher], cents))
    return found


def _by_amount(invoices: Iterable[Invoice]) -> dict[int, list[Invoice]]:
    found: dict[int, list[Invoice]] = {}
    for one in invoices:
        found.setdefault(one.cents, []).append(one)
    return found


def _of_invoices(
    invoices: Iterable[Invoice], known: Counterparty, parties: Mapping[str, Party]
) -> Iterator[LikelyAccount]:
    """Yield the accounts of invoices of the amount that something else speaks for; an amount alone says nothing."""
    said = plain(known.communication)
    for one in invoices:
        signs: list[tuple[float, str]] = []
        if bears(said, one.voucher):
            signs.append((_REFERENCE, _("its reference {voucher}").format(voucher=one.voucher)))
        elif any(bears(said, word) for word in re.findall(r"\S*\d\S*", one.text)):
            signs.append((_TEXT, _("a reference in its text")))
        party = parties.get(one.party)
        if party is not None and party.iban and party.iban == known.account:
            signs.append((_IBAN, _("account of this third party")))
        elif party is not None and same_name(known.name, f"{party.first_name} {party.name}"):
            signs.append((_NAME, _("name of this third party")))
        if signs:
            score = min(0.99, max(share for share, _reason in signs) + 0.04 * (len(signs) - 1))
            whose = _("open invoice {voucher} of that amount").format(voucher=one.voucher)
            if one.party:
                whose = _("open invoice {voucher} of that amount, third party {party}").format(
                    voucher=one.voucher, party=one.party
                )
            yield LikelyAccount(one.account, round(score, 3), (whose, *(reason for _share, reason in signs)), one.party)
