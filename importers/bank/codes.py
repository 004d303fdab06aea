"""What a bank's transaction codes mean: labels in four languages, and the questions a classifier asks of them.

A code is the 8 digits of CODA (type, family, transaction, category) or the 7 of a Belgian CAMT file, which has no type.
Tables: data/coda-codes.csv (numbers of Febelfin, Standard CODA 2.6, annex 2; wording ours), data/return-reasons.csv
(ISO external code list as in EPC173-14, and the digits 1-4 with which CODA before 2.5 refused a debit).
"""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["fr", "nl", "en", "de"]


_NET = "000"


_COLLECTION_CREDITS = frozenset({"0550", "0552"})


_COLLECTION_RETURNS = frozenset({"0503", "0505"})


_TRANSFER_CREDITS = frozenset({"0150", "0151", "0152", "0250", "0251", "0252", "4150"})


_CARD_CREDITS = frozenset({"0450", "0455", "0468"})


_CASH_CREDITS = frozenset({"0453", "0950", "0952", "0958"})


_OWN_TRANSFERS = frozenset({"13", "17", "64", "66"})


_OWN_TRANSFER_FAMILIES = frozenset({"01", "02", "41"})


_COST_TRANSACTIONS = frozenset({"37", "38", "87"})


_COST_FAMILY = "80"


_CHEQUE_FAMILY = "03"


_CLOSING_FAMILY = "35"


def label(code: str, language: Language = "fr") -> str:
    """`00150000` -> `Virement reçu`; with a category other than net, it follows in brackets; unknown: the digits."""
    operation, category = family_and_transaction(code), code[-3:]
    words = _transaction(operation, language)
    if words is None:
        family = _labels(language).get(("family", operation[:2]))
        words = f"{family} ({operation[2:]})" if family else code
    if category != _NET and words != code:
        words += f" ({_labels(language).get(('category', category), category)})"
    return words


def reason_label(code: str, language: Language = "fr") -> str:
    """Why a direct debit came back: `AM04` -> `Provision insuffisante`; an unknown code stays as it is."""
    return _reasons(language).get(code, code)


def family_and_transaction(code: str) -> str:
    """Four digits, whether the code has a type (CODA) or not (CAMT): `00150000` and `0150000` are both `0150`."""
    return code[-7:-3]


def is_collection_credit(code: str) -> bool:
    """Direct debits we collected (05/50, 05/52). Mind: 05/01 is a debit that we pay."""
    return family_and_transaction(code) in _COLLECTION_CREDITS


def is_collection_return(code: str) -> bool:
    """One of our collections comes back: unpaid (05/03) or refunded to the donor (05/05)."""
    return family_and_transaction(code) in _COLLECTION_RETURNS


def is_transfer_credit(code: str) -> bool:
    """A transfer in our favour: SEPA, instant or international."""
    return family_and_transaction(code) in _TRANSFER_CREDITS


def is_card_credit(code: str) -> bool:
    """Takings of a payment terminal or of payments by telephone."""
    return family_and_transaction(code) in _CARD_CREDITS


def is_cash_credit(code: str) -> bool:
    """Cash paid in, at the counter, in the night safe or at a machine."""
    return family_and_transaction(code) in _CASH_CREDITS


def is_cheque(code: str) -> bool:
    """Anything to do with domestic cheques."""
    return family_and_transaction(code)[:2] == _CHEQUE_FAMILY


def is_own_transfer(code: str) -> bool:
    """Money between accounts of the same holder: no income, no charge."""
    operation = family_and_transaction(code)
    return operation[:2] in _OWN_TRANSFER_FAMILIES and operation[2:] in _OWN_TRANSFERS


def is_bank_cost(code: str) -> bool:
    """Costs of the bank, or their refund: family 80 and the cost transactions of every other family."""
    operation = family_and_transaction(code)
    return operation[:2] == _COST_FAMILY or operation[2:] in _COST_TRANSACTIONS


def is_closing(code: str) -> bool:
    """Interest and costs of the periodic closing of the account (family 35)."""
    return family_and_transaction(code)[:2] == _CLOSING_FAMILY


def is_total(code: str) -> bool:
    """Whether the type digit says that the line globalises others (1 by the customer, 2 by the bank)."""
    return len(code) == len("00150000") and code[0] in "12"


def _transaction(operation: str, language: Language) -> str | None:
    """The transaction itself, else what all families share (`**37` costs), else the bank's own range (`**4x`)."""
    labels = _labels(language)
    if ("family", operation[:2]) not in labels:
        return None
    for key in (operation, f"**{operation[2:]}", f"**{operation[2:3]}x"):
        if found := labels.get(("transaction", key)):
            return found
    return None


@cache
def _labels(language: Language) -> dict[tuple[str, str], str]:
    return {(row["kind"], row["code"]): row[language] for row in _rows("coda-codes.csv")}


@cache
def _reasons(language: Language) -> dict[str, str]:
    return {row["code"]: row[language] for row in _rows("return-reasons.csv")}


def _rows(name: str) -> Iterator[dict[str, str]]:
    source = files("importers") / "data" / name
    return csv.DictReader(source.read_text(encoding="utf-8").splitlines())
