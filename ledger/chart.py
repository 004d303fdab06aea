"""The chart of accounts: annex 3 of the royal decree of 21.10.2018 as data, house accounts below it, Beancount paths.

An account's code decides its root and its group; its path is `<Root>:<NN>-<Slug>:<code>-<Slug>`. The accounts of a set
of books are those opened in its `chart.beancount`, whose `open` directives carry the code and the labels.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import accumulate
from pathlib import Path

from beancount.core import data
from beancount.parser import parser

from ledger.beancount_words import in_own_words
from ledger.errors import OboleError
from ledger.journal import quote
from ledger.languages import LANGUAGES, spoken
from ledger.words import _

# Root by code, the longest prefix first: by the classes of annex 3, KB/AR of 29 April 2019 (490, 491 are assets).
_ROOTS = {
    "1": "Equity",
    "16": "Liabilities",
    "17": "Liabilities",
    "2": "Assets",
    "3": "Assets",
    "40": "Assets",
    "41": "Assets",
    "4": "Liabilities",
    "490": "Assets",
    "491": "Assets",
    "5": "Assets",
    "6": "Expenses",
    "69": "Equity",
    "7": "Income",
    "79": "Equity",
    "0": "Equity",
}
_CODE = re.compile(r"[0-9]+")
_LEAF = re.compile(r"([0-9]+)(?:-|$)")
# Letters that decompose into nothing of the Latin alphabet.
_SPELT_OUT = str.maketrans(
    {"œ": "oe", "Œ": "Oe", "æ": "ae", "Æ": "Ae", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)


class UnknownAccount(OboleError):
    """An account code that the chart of these books does not open."""

    def __init__(self, code: str, where: str = "") -> None:
        self.code = code
        known = statutory_parent(code)
        if known is None:
            remedy = _("no account of annex 3 begins so; correct the code")
        else:
            remedy = _("open it in chart.beancount below {code} ({label})").format(
                code=known.code, label=known.label(spoken()) or known.label("fr")
            )
        if where:
            told = _("{where}: account {code} is not in the chart of these books: {remedy}.")
        else:
            told = _("account {code} is not in the chart of these books: {remedy}.")
        super().__init__(told.format(where=where, code=code, remedy=remedy))


@dataclass(frozen=True, slots=True)
class Heading:
    """A row of the statutory chart. `labels` are in the order of LANGUAGES; German and English are not statutory."""

    code: str
    kind: str
    labels: tuple[str, str, str, str]

    def label(self, language: str) -> str:
        """Return the label in one of fr, nl, de, en; empty where the source has none."""
        return self.labels[LANGUAGES.index(language)]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a set of books: its code, its path in Beancount, its labels, the day its chart opens it on."""

    code: str
    path: str
    labels: tuple[str, str, str, str]
    opened: date | None = field(default=None, compare=False)

    def label(self, language: str) -> str:
        """Return the label in one of fr, nl, de, en."""
        return self.labels[LANGUAGES.index(language)]


@cache
def statutory() -> dict[str, Heading]:
    """Return every code of annex 3, printed ranges (`4125-4127`) expanded to their codes."""
    headings: dict[str, Heading] = {}
    for row in _table("pcmn.csv"):
        labels = (row["fr"], row["nl"], row["de"], row["en"])
        for code in _expand(row["code"]):
            headings.setdefault(code, Heading(code, row["kind"], labels))
    return headings


def _expand(code: str) -> list[str]:
    if "x" in code:
        return [code.replace("x", str(digit)) for digit in range(10)]
    if "-" in code:
        first, last = code.split("-")
        return [str(number) for number in range(int(first), int(last) + 1)]
    return [code]


def statutory_parent(code: str) -> Heading | None:
    """Return the account of annex 3 that `code` is or lies below; None where there is none (a class alone is none)."""
    headings = statutory()
    for length in range(len(code), 1, -1):
        if code[:length] in headings:
            return headings[code[:length]]
    return None


def root_of(code: str) -> str:
    """Return the Beancount root of an account code; ValueError for a code that is none."""
    if _CODE.fullmatch(code):
        for beginning in reversed([*accumulate(code)]):
            if beginning in _ROOTS:
                return _ROOTS[beginning]
    raise ValueError(f"{code!r} is not an account code")


def slug(label: str) -> str:
    """Return a label as a component of an account name: `Établissements de crédit` -> `Etablissements-de-credit`."""
    folded = unicodedata.normalize("NFKD", label.translate(_SPELT_OUT))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")


@cache
def _short_groups() -> dict[str, dict[str, str]]:
    """Read the short names of the groups that the statutory labels would make paths of 120 letters of."""
    return {row["code"]: row for row in _table("short-groups.csv")}


def path_of(code: str, label: str, language: str = "fr") -> str:
    """Return the Beancount account of a code: `731100` -> `Income:73-Dons-legs-subsides:731100-Dons-en-especes`.

    `label` is in the language of the books, one of LANGUAGES, as the name of its group will be. A label without a
    Latin letter or digit leaves the code alone; UnknownAccount for a code outside annex 3.
    """
    group = code[:2]
    heading = statutory().get(group)
    if heading is None or not _CODE.fullmatch(code) or code == group:  # a group itself takes no posting
        raise UnknownAccount(code)
    name = slug(_short_groups().get(group, {}).get(language) or heading.label(language) or heading.label("fr"))
    return f"{root_of(code)}:{_component(group, name)}:{_component(code, slug(label))}"


def _component(code: str, name: str) -> str:
    return f"{code}-{name}" if name else code


@cache
def code_of(path: str) -> str | None:
    """Return the code in the last component of a Beancount account, None where it has none."""
    match = _LEAF.match(path, path.rfind(":") + 1)
    return match.group(1) if match else None


@cache
def house(language: str = "fr") -> tuple[Account, ...]:
    """Return the accounts that new books in a language begin with: our own sub-accounts of annex 3."""
    return tuple(
        Account(
            row["code"],
            path_of(row["code"], row[language], language),
            (row["fr"], row["nl"], row["de"], row["en"]),
        )
        for row in _table("house.csv")
    )


def _table(name: str) -> list[dict[str, str]]:
    text = (files("ledger") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def render_chart(accounts: Iterable[Account], opened: date) -> str:
    """Return the text of `chart.beancount`: one `open` directive per account, in the order of the codes."""
    lines = ["; The accounts in use. To add one, add an `open` directive with its code and labels.\n"]
    for account in sorted(accounts, key=lambda account: account.code):
        lines.append(f"{opened.isoformat()} open {account.path}  EUR")
        lines.append(f'  code: "{account.code}"')
        for language, label in zip(LANGUAGES, account.labels, strict=True):
            lines.append(f"  label-{language}: {quote(label)}")
        lines.append("")
    return "\n".join(lines)


def accounts_of(opens: Iterable[data.Open]) -> dict[str, Account]:
    """Return the accounts of a set of books by code, from its open directives; OboleError where two share a code."""
    accounts: dict[str, Account] = {}
    for entry in opens:
        written = entry.meta.get("code")
        code = code_of(entry.account) if written is None else str(written)  # a code without quotes reads as a number
        if code is None:
            continue
        if code in accounts:
            raise OboleError(_("chart.beancount: two accounts have the code {code}; keep one.").format(code=code))
        fallback = entry.account.rpartition(":")[2]
        labels = tuple(str(entry.meta.get(f"label-{language}") or fallback) for language in LANGUAGES)
        accounts[code] = Account(code, entry.account, labels, entry.date)  # type: ignore[arg-type]
    return accounts


def read_chart(path: Path) -> dict[str, Account]:
    """Return the accounts opened in a `chart.beancount`, by code; OboleError where it cannot be read."""
    try:
        entries, errors, _options = parser.parse_file(str(path))
    except OSError as unreadable:
        raise OboleError(
            _("{name}: cannot be read ({strerror}); restore it from your backup.").format(
                name=path.name, strerror=unreadable.strerror
            )
        ) from None
    if errors:
        error = errors[0]
        raise OboleError(
            _("{name}: line {line}: {message}; correct it.").format(
                name=path.name, line=error.source.get("lineno", "?"), message=in_own_words(str(error.message))
            )
        )
    return accounts_of(entry for entry in entries if isinstance(entry, data.Open))
