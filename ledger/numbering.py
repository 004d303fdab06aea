"""Entry numbers without gaps per journal and financial year (WER III.87): which journal, which number.

Each source of entries has a journal of its own with a short key: a bank account, a platform, purchases, sales. Numbers
are given inside the transaction of the register in which a document posts, so that one rolled back leaves no gap.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from beancount.core import data
from beancount.parser import parser
from sqlalchemy import Connection, Engine

from ledger import journal
from ledger.chart import code_of
from ledger.errors import OboleError
from ledger.folder import Folder
from ledger.journal import Entry
from ledger.periods import CALENDAR, FinancialYears
from ledger.records import DocumentKind
from ledger.register.documents import PostedDocument, all_documents, replace_journal_digests
from ledger.register.entries import EntryNumber, documents_numbered, insert_entry_numbers, last_entry_number
from ledger.register.years import closed_years
from ledger.words import _

NUMBER = "number"
BY_HAND = "MAN"

# The journal of each kind of document but those of banks, platforms and the general journal, which have several.
_JOURNALS: Mapping[DocumentKind, str] = {
    DocumentKind.DETAILS: "SUS",
    DocumentKind.ASSIGNMENT: "SUS",
    DocumentKind.RECLASSIFICATION: "SUS",
    DocumentKind.IN_KIND: "GIK",
    DocumentKind.CASH: "CSH",
    DocumentKind.GRANTS: "GRT",
    DocumentKind.LEGACIES: "LEG",
    DocumentKind.OPENING: "OPN",
}

_GENERAL = "GEN"


class _Auxiliary(NamedTuple):
    """An auxiliary journal of what comes in a general journal: known by one account and by what stands against it."""

    key: str
    account: str
    against: tuple[str, ...]


# Purchases stand on suppliers against a charge, an asset or stock, sales on customers against income (annex 3 of the
# royal decree of 21.10.2018: 440, 400); payments and corrections of one balance against another are general entries.
_AUXILIARY = (
    _Auxiliary("PUR", "440", ("2", "3", "6")),
    _Auxiliary("SAL", "400", ("7",)),
)

_PLATFORM = re.compile(r"platform-(.+?)-[0-9]{4}-")
_NUMBER_LINE = re.compile(rf'^  {NUMBER}: ".*"\n', re.MULTILINE)
_KEPT = re.compile(r"[^A-Z0-9-]")
_WRITERS = 4  # files synced at a time: a disk takes several at once


@dataclass(frozen=True, slots=True)
class EntrySource:
    """The journals of a document's entries follow from this: its kind, its bank account's alias, its name."""

    kind: DocumentKind
    bank: str | None
    name: str


def journal_key(source: EntrySource, accounts: Iterable[str]) -> str:
    """Return the key of the journal of an entry: `BNK-CURRENT`, `PLT-STRIPE`, `PUR`; `accounts` are its codes."""
    if source.bank is not None:
        return f"BNK-{_key(source.bank)}"
    if source.kind is DocumentKind.PLATFORM:
        found = _PLATFORM.match(source.name)
        return f"PLT-{_key(found[1])}" if found else "PLT"
    fixed = _JOURNALS.get(source.kind)
    if fixed is not None:
        return fixed
    codes = tuple(accounts)
    for of in _AUXILIARY:
        if any(code.startswith(of.account) for code in codes) and any(code.startswith(of.against) for code in codes):
            return of.key
    return _GENERAL


def _key(name: str) -> str:
    return _KEPT.sub("", name.upper())


def undone_name(name: str, told: str | None) -> str:
    """Return the name of the document that one takes back, whole or in part; earlier ones say it by their name only."""
    return told or name.removeprefix("undo-")


def source_of(kind: str, bank: str | None, name: str, undoes: EntrySource | None = None) -> EntrySource:
    """Return the source of a document's entries; what undoes a document stands in the journals of that document."""
    return undoes if undoes is not None else EntrySource(DocumentKind(kind), bank, name)


class Numbering:
    """The next numbers of each journal and year, in one transaction of the register."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: dict[tuple[str, int], int] = {}

    def next(self, journals: Sequence[tuple[str, int]]) -> list[EntryNumber]:
        """Return numbers for entries by their journals and years, in order; they are taken once `keep` has them."""
        given: dict[tuple[str, int], int] = {}
        numbers = []
        for of in journals:
            if of not in self._last:
                self._last[of] = last_entry_number(self._connection, *of)
            given[of] = given.get(of, self._last[of]) + 1
            numbers.append(EntryNumber(*of, given[of]))
        return numbers

    def keep(self, document_id: int, numbers: Mapping[int, EntryNumber]) -> None:
        """Write the numbers of a document's entries by their places into the register."""
        rows = [of._replace(document_id=document_id, place=place) for place, of in numbers.items()]
        insert_entry_numbers(self._connection, rows)
        self._last.update({(of.journal, of.year): of.number for of in rows})


def journals_of(
    source: EntrySource, entries: Iterable[Entry], years: FinancialYears = CALENDAR
) -> list[tuple[str, int]]:
    """Return journal and financial year of each entry of a document."""
    return [(journal_key(source, (line.account for line in entry.lines)), years.label(entry.day)) for entry in entries]


def with_numbers(entries: Iterable[Entry], numbers: Iterable[EntryNumber]) -> list[Entry]:
    """Return the entries with their numbers as metadata, before all other."""
    return [replace(entry, meta={NUMBER: of.text, **entry.meta}) for entry, of in zip(entries, numbers, strict=True)]


class NotAsPosted(OboleError):
    """A journal file that is not what was posted, so that no number can be written into it."""


def _to_number(connection: Connection, years: FinancialYears) -> list[PostedDocument]:
    """Return the documents of open years that posted entries of which none has a number, in the order of posting."""
    closed = set(closed_years(connection))
    numbered = documents_numbered(connection)
    return [
        row
        for row in all_documents(connection)
        if row.journal and row.id not in numbered and years.label(row.last_day) not in closed
    ]


def open_years_numbered(connection: Connection, years: FinancialYears = CALENDAR) -> bool:
    """Return whether the entries of open years have their numbers, so that `number_open_years` would do nothing."""
    return not _to_number(connection, years)


def number_open_years(folder: Folder, engine: Engine, years: FinancialYears = CALENDAR) -> int:
    """Give numbers to the entries of open years that have none, for books made before entries had numbers.

    By the time of posting, and within a document by place. The journal files are written anew whole, together with
    their digests in the register or not at all: a kill leaves the state before or, once `recover` has run, the state
    after. The caller holds the books for writing and has let `recover` run. Returns how many entries got numbers; 0
    where all have theirs. NotAsPosted where a journal file is missing or was changed.
    """
    with engine.connect() as connection, connection.begin() as transaction:
        closed = set(closed_years(connection))
        sources = sources_of(all_documents(connection))
        numbering = Numbering(connection)
        texts: dict[Path, bytes] = {}
        digests: dict[int, str] = {}
        count = 0
        for row in _to_number(connection, years):
            relative = str(row.journal)
            path = folder.root / relative
            text = _as_posted(path, relative, row.journal_digest)
            entries = _transactions(text)
            places = {place: one for place, one in enumerate(entries, start=1) if years.label(one.day) not in closed}
            of = sources[row.name]
            journals = [(journal_key(of, one.accounts), years.label(one.day)) for one in places.values()]
            numbers = dict(zip(places, numbering.next(journals), strict=True))
            numbering.keep(row.id, numbers)
            text = _inserted(text, {places[place].line: one.text for place, one in numbers.items()})
            texts[path], digests[row.id] = text.encode(), journal.digest(text)
            count += len(numbers)
        replace_journal_digests(connection, digests)
        _settle_with(texts, transaction.commit)
    return count


class _Found(NamedTuple):
    """An entry of a journal file: its day, the codes of its accounts and the line it begins on."""

    day: date
    accounts: tuple[str, ...]
    line: int


def sources_of(documents: Iterable[PostedDocument]) -> dict[str, EntrySource]:
    """Return the source of each document's entries by its name; `documents` stand in the order of posting."""
    sources: dict[str, EntrySource] = {}
    for row in documents:
        undoes = sources.get(undone_name(row.name, row.summary.undoes)) if row.kind == DocumentKind.UNDO else None
        sources[row.name] = source_of(row.kind, row.bank, row.name, undoes)
    return sources


def _as_posted(path: Path, relative: str, digest: str | None) -> str:
    """Return a journal file as posted, without numbers: an older register may stand beside numbered files."""
    content = path.read_bytes().decode("utf-8", errors="replace") if path.exists() else ""
    for text in (content, _NUMBER_LINE.sub("", content)):
        if journal.digest(text) == digest:
            return text
    if path.exists():
        message = _(
            "{file}: was changed since it was posted, so its entries cannot be numbered; restore it from your backup."
        )
    else:
        message = _("{file}: is missing, so its entries cannot be numbered; restore it from your backup.")
    raise NotAsPosted(message.format(file=relative))


def _transactions(text: str) -> list[_Found]:
    entries, *_rest = parser.parse_string(text)
    found = [
        _Found(one.date, tuple(code_of(line.account) or "" for line in one.postings), int(one.meta["lineno"]))
        for one in entries
        if isinstance(one, data.Transaction)
    ]
    return sorted(found, key=lambda one: one.line)


def _inserted(text: str, numbers: Mapping[int, str]) -> str:
    """Return the text with a number below the line, counted from 1, on which each entry begins."""

    def lines() -> Iterator[str]:
        for place, line in enumerate(text.split("\n"), start=1):
            yield line
            if place in numbers:
                yield f"  {NUMBER}: {journal.quote(numbers[place])}"

    return "\n".join(lines())


def _settle_with(texts: Mapping[Path, bytes], commit: Callable[[], None]) -> None:
    """Write files under temporary names, commit, then give them their names; where it fails, none is left."""
    try:
        with ThreadPoolExecutor(_WRITERS) as writers:
            list(writers.map(journal.write_temporary, texts, texts.values()))
        for parent in sorted({path.parent for path in texts}):
            journal.sync_folder(parent)
        commit()
    except Exception:
        for path in texts:
            journal.temporary_name(path).unlink(missing_ok=True)
        raise
    for path in texts:
        journal.settle(path)
    for parent in sorted({path.parent for path in texts}):
        journal.sync_folder(parent)
