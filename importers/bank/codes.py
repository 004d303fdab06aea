"""Labels of a bank's transaction codes and of the reasons why a debit came back, in four languages.

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


# Categories of amounts (annex 2 of the standard): the net and the gross amount of a line, and what a bank may keep of
# it: commissions, postage, fees, VAT on them, costs of correspondents. Interest and taxes on securities are none.
_NET, GROSS, FEES = "000", "100", "006"


CHARGES = frozenset({"003", "004", "005", FEES, "011", "012", "013", "014", "015"})


def label(code: str, language: Language = "fr") -> str:
    """Return words for a code: `00150000` -> `Virement reçu`, a category but net in brackets; unknown: the digits."""
    operation, category = family_and_transaction(code), code[-3:]
    words = _transaction(operation, language)
    if words is None:
        family = _labels(language).get(("family", operation[:2]))
        words = f"{family} ({operation[2:]})" if family else code
    if category != _NET and words != code:
        words += f" ({_labels(language).get(('category', category), category)})"
    return words


def reason_label(code: str, language: Language = "fr") -> str:
    """Return why a direct debit came back: `AM04` -> `Provision insuffisante`; an unknown code stays as it is."""
    return _reasons(language).get(code, code)


def family_and_transaction(code: str) -> str:
    """Return four digits of a code with a type (CODA) or without (CAMT): `00150000` and `0150000` are both `0150`."""
    return code[-7:-3]


def _transaction(operation: str, language: Language) -> str | None:
    """Return the label of the transaction, else of all families (`**37`), else of the bank's own range (`**4x`)."""
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
