"""The tree of a year from the books as they are: made when the year is closed, and held against its seal after."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from ledger import leaves
from ledger.errors import OboleError
from ledger.money import to_decimal
from ledger.numbered import NumberedEntry, numbered_in
from ledger.periods import FinancialYear, tax_years
from ledger.register.sealed import IssuedReceipt, issued_in
from ledger.seals import LeafMarks, TreeSeal, digits_of, leaves_path, read_marks, remedy_of_entry
from ledger.tree import Hashed, Tree, root_of
from ledger.vault.seal_keys import identity_digest, key_of_year, salts_of
from ledger.vault.sheets import frozen_sheets
from obole.books.loading import LoadedBooks
from obole.books.opened import Books
from obole.words import N_, _, many
from reports.totals import RESULT_CLASSES, Totals


class NoYearKey(OboleError):
    """A closed year whose key is not in the vault, so that its tree cannot be made again."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the leaves of a year are made of; documents `since` a day, earlier for the first year of the books."""

    connection: Connection
    root: Path
    year: FinancialYear
    since: date
    key: bytes
    balances: Mapping[str, int]
    entries: Sequence[NumberedEntry]
    hand: leaves.HandFiles

    def hashed(self, kind: str) -> Iterator[Hashed]:
        """Yield the leaves of a kind, in the order of the tree."""
        return leaves.hashed(kind, self._leaves(kind), self.key)

    def _leaves(self, kind: str) -> Iterable[leaves.Leaf]:
        match kind:
            case leaves.ACCOUNT:
                return leaves.account_leaves(self.balances)
            case leaves.DOCUMENT:
                return leaves.document_leaves(self.connection, self.since, self.year.last)
            case leaves.ENTRY:
                return leaves.entry_leaves(self.entries, self.root)
            case leaves.FILE:
                return leaves.file_leaves(self.connection, self.since, self.year.last, self.hand)
            case leaves.GIFT:
                return leaves.gift_leaves(self.connection, self.year)
        return leaves.receipt_leaves(self.connection, self.year)


def balances_of(totals: Totals, year: int) -> dict[str, int]:
    """Return the balance of every account at the end of a year: of classes 6 and 7 what the year has."""
    standing = {code: cents for code, cents in totals.until(year).items() if code[0] not in RESULT_CLASSES}
    of_year = {code: cents for code, cents in totals.in_year(year).items() if code[0] in RESULT_CLASSES}
    return dict(sorted({**standing, **of_year}.items()))


def facts_of(connection: Connection, loaded: LoadedBooks, keys: Mapping[int, bytes], first: int) -> dict[int, Facts]:
    """Return the facts of years, given with their keys, from the books as they are loaded; `first` has the opening."""
    years = loaded.totals.periods
    numbered = numbered_in(connection, loaded.root, loaded.entries, keys, first, years)
    return {
        year: Facts(
            connection,
            loaded.root,
            years.get(year),
            date.min if year == first else years.get(year).first,
            key,
            balances_of(loaded.totals, year),
            numbered[year],
            leaves.hand_files(numbered[year], loaded.entries, years.get(year), loaded.root),
        )
        for year, key in keys.items()
    }


class MadeTrees(NamedTuple):
    """The trees of a year, and the file that names their leaves."""

    trees: tuple[Tree, ...]
    marks: bytes


def make_trees(facts: Facts) -> MadeTrees:
    """Return the trees of all kinds of which the year has a fact."""
    marks, trees = LeafMarks(), []
    for kind in leaves.KINDS:
        count, root = _counted_root(marks.keep(kind, facts.hashed(kind)))
        if count:
            trees.append(Tree(kind, count, root))
    return MadeTrees(tuple(trees), marks.done())


@dataclass(slots=True)
class Compared:
    """A year held against its seal: what is not as it was sealed, and what came later without changing it."""

    faults: list[str] = field(default_factory=list)
    later: dict[str, list[str]] = field(default_factory=dict)


def year_keys(books: Books, years: Iterable[int]) -> dict[int, bytes]:
    """Return the keys of closed years; NoYearKey where the vault lacks one."""
    with books.vault.connect() as connection:
        keys = {year: key_of_year(connection, books.sealer, year) for year in years}
    for year, key in keys.items():
        if key is None:
            message = _("{year} is closed: the vault does not have its key; restore the vault from your backup.")
            raise NoYearKey(message.format(year=year))
    return {year: key for year, key in keys.items() if key is not None}


def compare(facts: Facts, seal: TreeSeal, path: Path, kinds: Sequence[str] = leaves.KINDS) -> Compared:
    """Hold facts against the seal in `path`, kind by kind; NotASeal where the list of its leaves is not that of it."""
    found = Compared()
    trees = {tree.kind: tree for tree in seal.trees}
    marks = groupby(read_marks(leaves_path(path), seal), key=itemgetter(0))
    held = next(marks, None)
    for kind in kinds:
        named: Iterator[tuple[str, str]] = iter(())
        if held is not None and held[0] == kind:
            named = ((mark.key, mark.digits) for mark in held[1])
        before = len(found.faults)
        hashes = _matched(facts, seal, kind, named, found)
        tree = Tree(kind, *_counted_root(hashes))
        if tree != trees.get(kind, Tree(kind, 0, tree.root)) and len(found.faults) == before:
            told = _("{year} is closed: the root over {kind} is not what was sealed")
            found.faults.append(told.format(year=seal.year, kind=_(_KINDS[kind])))
        if held is not None and held[0] == kind:
            held = next(marks, None)
    return found


def _counted_root(hashes: Iterator[bytes]) -> tuple[int, str]:
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for one in hashes:
            count += 1
            yield one

    root = root_of(counted()).hex()
    return count, root


def _matched(
    facts: Facts, seal: TreeSeal, kind: str, named: Iterator[tuple[str, str]], found: Compared
) -> Iterator[bytes]:
    """Yield the hashes of the leaves that the seal has, as they are now; what differs goes to `found`."""
    mark = next(named, None)
    for one in facts.hashed(kind):
        while mark is not None and mark[0].encode() < one.key.encode():
            found.faults.append(_told(seal, facts, kind, mark[0], _MISSING))
            mark = next(named, None)
        if mark is None or mark[0] != one.key:
            if kind in leaves.LATER:
                found.later.setdefault(kind, []).append(one.key)
            else:
                found.faults.append(_told(seal, facts, kind, one.key, _ADDED))
            continue
        if mark[1] != digits_of(one.hash):
            found.faults.append(_told(seal, facts, kind, one.key, _CHANGED))
        mark = next(named, None)
        yield one.hash
    while mark is not None:
        found.faults.append(_told(seal, facts, kind, mark[0], _MISSING))
        mark = next(named, None)


_KINDS = {
    leaves.ACCOUNT: N_("accounts"),
    leaves.DOCUMENT: N_("documents"),
    leaves.ENTRY: N_("entries"),
    leaves.FILE: N_("files"),
    leaves.GIFT: N_("gifts"),
    leaves.RECEIPT: N_("receipts"),
}
_MISSING, _ADDED, _CHANGED = "missing", "added", "changed"
_SENTENCES = {
    (leaves.DOCUMENT, _MISSING): N_("{year} is closed: document {key} is missing; restore the register"),
    (leaves.DOCUMENT, _CHANGED): N_("{year} is closed: document {key} is not what was sealed"),
    (leaves.ENTRY, _MISSING): N_("{year} is closed: entry {key} is missing; {remedy}"),
    (leaves.ENTRY, _ADDED): N_("{year} is closed: the entry {key} was added; {remedy}"),
    (leaves.ENTRY, _CHANGED): N_("{year} is closed: entry {key} is not what was sealed; {remedy}"),
    (leaves.FILE, _MISSING): N_("{year} is closed: the file {key} is missing; restore it from your backup"),
    (leaves.FILE, _CHANGED): N_("{year} is closed: the file {key} was changed; restore it from your backup"),
    (leaves.GIFT, _MISSING): N_("{year} is closed: gift {key} is missing; restore the register from your backup"),
    (leaves.GIFT, _ADDED): N_("{year} is closed: gift {key} was added; restore the register from your backup"),
    (leaves.GIFT, _CHANGED): N_("{year} is closed: gift {key} is not what was sealed; restore the register"),
    (leaves.RECEIPT, _MISSING): N_("{year} is closed: receipt {key} is missing; restore the register"),
    (leaves.RECEIPT, _CHANGED): N_("{year} is closed: receipt {key} is not what was sealed; restore the register"),
}


def _told(seal: TreeSeal, facts: Facts, kind: str, key: str, what: str) -> str:
    if kind == leaves.ACCOUNT:
        message = _("{year} is closed: account {code} stands at {now} EUR and was sealed with {sealed} EUR")
        now, sealed = (to_decimal(of.get(key, 0)) for of in (facts.balances, seal.balances))
        return message.format(year=seal.year, code=key, now=now, sealed=sealed)
    return _(_SENTENCES[kind, what]).format(year=seal.year, key=key, remedy=remedy_of_entry(seal.year))


def later_notes(
    books: Books, seal: TreeSeal, later: Mapping[str, Sequence[str]], issued: list[IssuedReceipt]
) -> list[str]:
    """Return what happened to the facts of a year after it was sealed, one sentence for each kind of it."""
    with books.vault.connect() as connection:
        sheets = {
            (year, number, version)
            for year in tax_years(seal.period)
            for number, version, _text in frozen_sheets(connection, books.sealer, year)
        }
    sealed = [one for one in issued if one.identity is not None]
    counted = (
        (len(later.get(leaves.DOCUMENT, ())), _documents_later),
        (len(later.get(leaves.RECEIPT, ())), _receipts_later),
        (len({(one.year, one.number) for one in sealed if one.state != "issued"}), _withdrawn),
        (sum((one.year, one.number, one.version) not in sheets for one in sealed), _erased),
    )
    return [told(count).format(year=seal.year, count=count) for count, told in counted if count]


def _documents_later(count: int) -> str:
    return many(
        "{year}: {count} document with days of this year was posted after the closing and changes nothing of it",
        "{year}: {count} documents with days of this year were posted after the closing and change nothing of it",
        count,
    )


def _receipts_later(count: int) -> str:
    return many(
        "{year}: {count} receipt or version was issued after the closing",
        "{year}: {count} receipts or versions were issued after the closing",
        count,
    )


def _withdrawn(count: int) -> str:
    return many("{year}: {count} receipt was withdrawn", "{year}: {count} receipts were withdrawn", count)


def _erased(count: int) -> str:
    return many(
        "{year}: what {count} receipt printed was erased", "{year}: what {count} receipts printed was erased", count
    )


def identity_faults(books: Books, year: int, issued: Iterable[IssuedReceipt]) -> Iterator[str]:
    """Yield sealed receipts whose frozen sheet is not what they printed; one that was erased is none."""
    sealed = {(one.year, one.number, one.version): one.identity for one in issued if one.identity is not None}
    with books.vault.connect() as connection:
        for tax_year in sorted({one.year for one in issued if one.identity is not None}):
            salts = salts_of(connection, books.sealer, tax_year)
            for number, version, text in frozen_sheets(connection, books.sealer, tax_year):
                identity, salt = sealed.get((tax_year, number, version)), salts.get((number, version))
                if identity is not None and (salt is None or identity_digest(salt, text) != identity):
                    message = _(
                        "{year} is closed: what receipt {key} printed is not what was sealed; restore the vault"
                    )
                    yield message.format(year=year, key=f"{tax_year}/{number:06d}/{version:03d}")


def issued_receipts(books: Books, year: FinancialYear) -> list[IssuedReceipt]:
    """Return the receipts of the calendar years that end in a year, with what the seal knows of them."""
    with books.register.connect() as connection:
        return [one for tax_year in tax_years(year) for one in issued_in(connection, tax_year)]
