"""The facts of a year as leaves of its tree: accounts, documents, entries, files, gifts and receipts, by kind and key.

A fact never changes: what happens to it later (a receipt replaced, sent, withdrawn, what it printed erased) is
another row, outside the tree. A year has what is dated in it, wherever it stands. The fields of each kind are listed
in docs/keeping.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from beancount.core import data
from sqlalchemy import Connection

from ledger.given import digest_of_file
from ledger.numbered import NumberedEntry
from ledger.periods import FinancialYear, tax_years
from ledger.register.sealed import archives, documents_in, gifts_in, issued_in
from ledger.tree import Hashed, in_order, leaf_data, leaf_hash, salt_of, text_of

ACCOUNT, DOCUMENT, ENTRY, FILE, GIFT, RECEIPT = "account", "document", "entry", "file", "gift", "receipt"
# In the order of the trees; those of the second group have hundreds of thousands of leaves.
FEW = (ACCOUNT, DOCUMENT, ENTRY, FILE)
KINDS = (*FEW, GIFT, RECEIPT)
# Of these some may come after the closing and change nothing of what was sealed.
LATER = (DOCUMENT, FILE, RECEIPT)
_CURRENCY = "EUR"
_EMPTY = ""


class Leaf(NamedTuple):
    """A fact: its key among those of its kind, and what it says, all texts."""

    key: str
    fields: tuple[str, ...]


def hashed(kind: str, leaves: Iterable[Leaf], year_key: bytes) -> Iterator[Hashed]:
    """Yield the hash of each leaf, salted with the year's key; NotSealable where two have one key."""
    return in_order(
        Hashed(one.key, leaf_hash(leaf_data(kind, one.key, one.fields, salt_of(year_key, kind, one.key))))
        for one in leaves
    )


def account_leaves(balances: Mapping[str, int]) -> list[Leaf]:
    """Return the balance of each account at the end of the year, debit positive."""
    return _by_key(Leaf(code, (str(cents),)) for code, cents in balances.items())


def document_leaves(connection: Connection, since: date, last: date) -> list[Leaf]:
    """Return the documents with a day from `since` to the end of the year; the digest of its rows stands for each."""
    return [
        Leaf(one.name, (one.kind, str(one.first_day), str(one.last_day), one.digest, one.file_digest, one.rows_digest))
        for one in documents_in(connection, since, last)
    ]


def entry_leaves(entries: Iterable[NumberedEntry], root: Path) -> list[Leaf]:
    """Return the entries of the year by their numbers, those without one by their place."""
    return _by_key(Leaf(one.number or place_of(one.entry, root), _said(one)) for one in entries)


def place_of(entry: data.Transaction | data.Pad, root: Path) -> str:
    """Return where an entry stands: `manual/2025.beancount:12`."""
    file = Path(str(entry.meta.get("filename", "")))
    shown = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
    return f"{shown}:{entry.meta.get('lineno', 0)}"


def _said(of: NumberedEntry) -> tuple[str, ...]:
    entry = of.entry
    lines = [
        (line.account, str(line.units or _EMPTY), str(line.cost or _EMPTY), str(line.price or _EMPTY), line.flag or "",
         *_words(line.meta))
        for line in entry.postings
    ]  # fmt: skip
    return (
        entry.date.isoformat(),
        entry.flag or "",
        of.document,
        entry.payee or "",
        entry.narration or "",
        text_of(sorted(entry.tags or ())),
        text_of(sorted(entry.links or ())),
        text_of(_words(entry.meta)),
        text_of(lines),
    )


def _words(meta: Mapping[str, object] | None) -> list[str]:
    """Return the metadata that was written, each name followed by its value, in the order of the names."""
    kept = sorted((name, str(value)) for name, value in (meta or {}).items() if _written(name))
    return [word for pair in kept for word in pair]


def _written(name: str) -> bool:
    return name not in ("filename", "lineno") and name[0] != "_"


class HandFiles(NamedTuple):
    """The files that what was entered by hand in a year names, and the folder of the books."""

    root: Path
    paths: frozenset[Path]


def file_leaves(connection: Connection, since: date, last: date, hand: HandFiles) -> list[Leaf]:
    """Return the files of the year, hashed in the clear: archived sources, and the vouchers of entries by hand.

    An archived source has the digest of what was taken in, however it is kept.
    """
    leaves = {
        one.name: Leaf(one.name, (one.file_digest,)) for one in documents_in(connection, since, last) if one.archive
    }
    archived = archives(connection)
    for path in sorted(hand.paths):
        name = path.relative_to(hand.root).as_posix() if path.is_relative_to(hand.root) else path.name
        if name not in archived and path.is_file():
            leaves.setdefault(name, Leaf(name, (digest_of_file(path),)))
    return _by_key(leaves.values())


def hand_files(
    entries: Iterable[NumberedEntry], directives: Iterable[object], year: FinancialYear, root: Path
) -> HandFiles:
    """Return the vouchers of entries by hand, and the files of document directives of the year."""
    named = (vouchers_named(one.entry, root).values() for one in entries if not one.document)
    directed = (one for one in directives if isinstance(one, data.Document) and year.holds(one.date))
    vouchers = (path for paths in named for path in paths if path is not None)
    return HandFiles(root, frozenset([*vouchers, *(Path(one.filename) for one in directed)]))


def vouchers_named(entry: data.Transaction, root: Path) -> dict[str, Path | None]:
    """Return the files that an entry names as its vouchers (`document: "name"`), None for one that is not there."""
    found: dict[str, Path | None] = {}
    for name, value in entry.meta.items():
        if name.startswith("document") and isinstance(value, str) and value:
            beside = Path(str(entry.meta.get("filename", root))).parent / value
            places = (beside, root / value, root / "documents" / value)
            there = next((path for path in places if path.is_file()), None)
            if there is None and "/" not in value:
                there = next((path for path in sorted((root / "documents").rglob("*")) if path.name == value), None)
            found[value] = there
    return found


def gift_leaves(connection: Connection, year: FinancialYear) -> Iterator[Leaf]:
    """Yield the gifts booked in the year, by their numbers in the register."""
    for one in gifts_in(connection, year.first, year.last):
        yield Leaf(f"{year.label}/{one.id:09d}", (str(one.day), str(one.cents), _CURRENCY, one.account))


def receipt_leaves(connection: Connection, year: FinancialYear) -> list[Leaf]:
    """Return the receipts of calendar years that end in the year, as issued, with the digest of what they printed."""
    return [
        Leaf(
            f"{one.year}/{one.number:06d}/{one.version:03d}",
            (str(one.issued_on), str(one.cents), _CURRENCY, one.donor, one.identity or ""),
        )
        for tax_year in tax_years(year)
        for one in issued_in(connection, tax_year)
    ]


def _by_key(leaves: Iterable[Leaf]) -> list[Leaf]:
    return sorted(leaves, key=lambda one: one.key.encode(errors="surrogatepass"))
