"""The seal of a closed year, `seals/<year>.json`: what it is, how it is read, and where it and those before it lie.

Format 1 holds the balances of every account and the root of the hash tree over the facts of the year (ledger.tree,
ledger.leaves); beside it, `<year>.leaves.gz` names each leaf with the first digits of its hash, so that what changed
can be named. Format 0, of earlier versions, holds the SHA-256 of each journal file and of each document's rows.
"""

import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ledger import journal
from ledger.errors import OboleError
from ledger.given import digest_of_file
from ledger.periods import FinancialYear, calendar_year
from ledger.register.documents import all_documents
from ledger.register.years import YearClosing, closings
from ledger.tree import Hashed, Tree, seal_root
from ledger.words import _

FORMAT = 1
FORMER = "former"  # the folder, among the seals, of those of closings that were taken back
_MARK_DIGITS = 16


class AlreadySealed(OboleError):
    """A year that has its seal."""

    def __init__(self, year: int) -> None:
        super().__init__(_("{year} is closed already; verify it with `obole verify`.").format(year=year))


class NotASeal(OboleError):
    """A file among the seals that is none."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal of format 0: the digests of the year's files and of its documents' rows, by path and by name."""

    year: int
    files: Mapping[str, str]
    documents: Mapping[str, str]

    @property
    def period(self) -> FinancialYear:
        """Return the year: there was none but the calendar year."""
        return calendar_year(self.year)


@dataclass(frozen=True, slots=True)
class TreeSeal:
    """A seal of format 1. `number` counts the closings of the year; `former` is the SHA-256 of the seal before.

    `balances` are in cents, debit positive, at the end of the year (classes 6 and 7 of the year); `explained` says why
    an account that should be nil is not; `without_voucher` are the entries by hand that name none; `leaves` is the
    SHA-256 of the file that names the leaves; `lasts` says from when to when the year lasts where it is not the
    calendar year.
    """

    year: int
    number: int
    sealed_at: str
    root: str
    trees: tuple[Tree, ...]
    balances: Mapping[str, int]
    explained: Mapping[str, str]
    without_voucher: tuple[str, ...]
    former: str
    leaves: str
    lasts: FinancialYear | None = None

    @property
    def period(self) -> FinancialYear:
        """Return the financial year that is sealed."""
        return self.lasts or calendar_year(self.year)

    def encoded(self) -> bytes:
        """Return the seal as it stands in its file."""
        content = {
            "format": FORMAT,
            "year": self.year,
            "closing": self.number,
            "sealed_at": self.sealed_at,
            "root": self.root,
            "trees": [{"kind": one.kind, "count": one.leaves, "root": one.root} for one in self.trees],
            "balances": dict(self.balances),
            "explained": dict(self.explained),
            "without_voucher": list(self.without_voucher),
            "former": self.former,
            "leaves": self.leaves,
        }
        if not self.period.is_calendar:
            content |= {"first_day": str(self.period.first), "last_day": str(self.period.last)}
        return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


AnySeal = Seal | TreeSeal


def seal_path(folder: Path, closing: YearClosing) -> Path:
    """Return where the seal of a closing lies: that of a closing that was taken back among the former ones."""
    if closing.reopened is None:
        return folder / f"{closing.year}.json"
    return folder / FORMER / f"{closing.year}-{closing.number}.json"


def leaves_path(seal: Path) -> Path:
    """Return the file that names the leaves of a seal."""
    return seal.with_suffix(".leaves.gz")


def remedy_of_entry(year: int) -> str:
    """Say what helps where an entry of a closed year was changed, taken out or added: the same wherever it is told."""
    return _(
        "put it back from your backup as {year} was closed, date a new entry in an open year, or run `obole reopen "
        "{year} --reason ... --by ...` to change {year}"
    ).format(year=year)


def missing_seals(folder: Path, all_of: Iterable[YearClosing]) -> Iterator[str]:
    """Yield seals that are gone or are not those of their closing, those of closings taken back among them."""
    for closing in all_of:
        path = seal_path(folder, closing)
        values = {"year": closing.year, "name": path.relative_to(folder).as_posix()}
        if not path.is_file():
            yield _("{year} is closed: its seal {name} is missing; restore it from your backup").format(**values)
        elif digest_of_file(path) != closing.seal_digest:
            yield _("{year} is closed: its seal {name} is not that of the closing; restore it from your backup").format(
                **values
            )


def write_seal(folder: Path, seal: TreeSeal, marks: bytes) -> str:
    """Write a seal and the names of its leaves under temporary names; its SHA-256, AlreadySealed where one stands.

    Once the register has the closing, `settle_seals` gives them theirs, after a kill too.
    """
    path = folder / f"{seal.year}.json"
    if path.exists():
        raise AlreadySealed(seal.year)
    content = seal.encoded()
    paths = (leaves_path(path), path)
    for one, text in zip(paths, (marks, content), strict=True):
        journal.write_temporary(one, text)
    journal.sync_folder(folder)
    return hashlib.sha256(content).hexdigest()


def settle_seals(folder: Path, connection: Connection) -> list[str]:
    """Bring the seals to what the register says of closings, after a kill too; a sentence for what was left."""
    if not folder.is_dir():
        return []
    all_of = closings(connection)
    said = _settle_closing(folder, all_of)
    for closing in all_of:
        current = folder / f"{closing.year}.json"
        if closing.reopened is not None and current.is_file() and digest_of_file(current) == closing.seal_digest:
            former = seal_path(folder, closing)
            former.parent.mkdir(exist_ok=True)
            # The leaves first: as long as the seal stands here, this is not done.
            for one, place in ((leaves_path(current), leaves_path(former)), (current, former)):
                if one.exists():
                    one.replace(place)
            journal.sync_folder(former.parent)
            journal.sync_folder(folder)
    return said


def _settle_closing(folder: Path, all_of: Iterable[YearClosing]) -> list[str]:
    temporary = sorted(folder.glob(".[0-9][0-9][0-9][0-9].*.new"), key=lambda path: path.name.endswith(".json.new"))
    if not temporary:
        return []
    entered = {closing.seal_digest for closing in all_of}
    new = (path for path in temporary if path.name.endswith(".json.new"))
    years = {path.name[1:5] for path in new if digest_of_file(path) in entered}
    # The leaves of a seal get their name before it, so that where they wait alone the seal is not entered.
    said = []
    for path in temporary:
        if path.name[1:5] in years:
            path.replace(path.with_name(path.name.removeprefix(".").removesuffix(".new")))
        else:
            path.unlink()
            if path.name.endswith(".json.new"):
                told = _("an interrupted closing of {year} had not been entered: its seal was removed.")
                said.append(told.format(year=path.name[1:5]))
    journal.sync_folder(folder)
    return said


def read_seals(folder: Path) -> dict[int, AnySeal]:
    """Return the seals in a folder by year; NotASeal where one is not readable."""
    seals = [read_seal(path) for path in seal_files(folder)]
    return {seal.year: seal for seal in seals}


def seal_files(folder: Path) -> list[Path]:
    """Return the files that should be seals, by year."""
    return sorted(folder.glob("*.json"))


def read_seal(path: Path) -> AnySeal:
    """Return one seal of either format; NotASeal where the file is none, or is that of another year."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content.get("format", 0), int) and content.get("format", 0) > FORMAT:
            raise NotASeal(
                _("{name}: the seal has format {found}, this Obole reads up to {known}; install the newest.").format(
                    name=path.name, found=content["format"], known=FORMAT
                )
            )
        seal = _tree_seal(content) if "format" in content else _seal_of_files(content)
        if seal is not None and path.stem == str(seal.year):
            return seal
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise NotASeal(_("{name}: not the seal of a year; restore it from your backup.").format(name=path.name))


def _seal_of_files(content: Mapping[str, Any]) -> Seal | None:
    seal = Seal(content["year"], content["files"], content["documents"])
    digests = {**seal.files, **seal.documents}.values()
    return seal if isinstance(seal.year, int) and all(isinstance(one, str) for one in digests) else None


def _tree_seal(content: Mapping[str, Any]) -> TreeSeal | None:
    """Return a seal of format 1 whose root is that of its trees."""
    seal = TreeSeal(
        content["year"],
        content["closing"],
        content["sealed_at"],
        content["root"],
        tuple(Tree(str(one["kind"]), one["count"], str(one["root"])) for one in content["trees"]),
        content["balances"],
        content["explained"],
        tuple(content["without_voucher"]),
        content["former"],
        content["leaves"],
        _period(content),
    )
    numbers = (seal.year, seal.number, *seal.balances.values(), *(tree.leaves for tree in seal.trees))
    texts = (seal.root, seal.former, seal.leaves, seal.sealed_at, *seal.explained.values(), *seal.without_voucher)
    sound = all(type(one) is int for one in numbers) and all(isinstance(one, str) for one in texts)
    return seal if content["format"] == FORMAT and sound and seal_root(seal.year, seal.trees) == seal.root else None


def _period(content: Mapping[str, Any]) -> FinancialYear | None:
    """Return the days of a year that is not the calendar year."""
    if "first_day" not in content:
        return None
    first, last = (date.fromisoformat(content[name]) for name in ("first_day", "last_day"))
    return FinancialYear(content["year"], first, last)


class LeafMark(NamedTuple):
    """A leaf as the file beside a seal names it: kind, key, and the first digits of its hash."""

    kind: str
    key: str
    digits: str


class LeafMarks:
    """The file beside a seal, being written: a line `["gift","2025/000000001","8bd6a4e816e51d6e"]` for each leaf."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        # A low level: most of it is hashes.
        self._zipped = gzip.GzipFile(fileobj=self._bytes, mode="wb", compresslevel=3, mtime=0, filename="")

    def keep(self, kind: str, leaves: Iterable[Hashed]) -> Iterator[bytes]:
        """Write a line for each leaf on its way to the root."""
        for one in leaves:
            line = json.dumps([kind, one.key, digits_of(one.hash)], ensure_ascii=False, separators=(",", ":"))
            self._zipped.write(line.encode() + b"\n")
            yield one.hash

    def done(self) -> bytes:
        """Return the file."""
        self._zipped.close()
        return self._bytes.getvalue()


def digits_of(hashed: bytes) -> str:
    """Return the digits by which the file beside a seal knows a leaf."""
    return hashed.hex()[:_MARK_DIGITS]


def read_marks(path: Path, seal: TreeSeal) -> Iterator[LeafMark]:
    """Yield the leaves that a seal names, by kind and key; NotASeal where the file is not the one of the seal."""
    if not path.is_file() or digest_of_file(path) != seal.leaves:
        raise NotASeal(
            _("{name}: not the list of leaves of the seal of {year}; restore it from your backup.").format(
                name=path.name, year=seal.year
            )
        )
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield LeafMark(*json.loads(line))


def seal_faults(root: Path, seal: Seal) -> Iterator[str]:
    """Yield files of a year sealed in format 0 that changed, went missing or were added."""
    for relative, digest in seal.files.items():
        path = root / relative
        if not path.is_file():
            yield _("{year} is closed: {relative} is missing; restore it from your backup").format(
                year=seal.year, relative=relative
            )
        elif digest_of_file(path) != digest:
            yield _("{year} is closed: {relative} was changed; restore it from your backup").format(
                year=seal.year, relative=relative
            )
    for path in sorted((root / "journal" / str(seal.year)).glob("*.beancount")):
        relative = path.relative_to(root).as_posix()
        if relative not in seal.files:
            yield _("{year} is closed: {relative} was added; post it in an open year").format(
                year=seal.year, relative=relative
            )


def register_faults(connection: Connection, seal: Seal) -> Iterator[str]:
    """Yield documents of a year sealed in format 0 that changed, went missing or were added in the register."""
    now = {
        row.name: hashlib.sha256(f"{row.digest}|{row.rows_digest}".encode()).hexdigest()
        for row in all_documents(connection)
        if row.last_day.year == seal.year  # format 0: calendar years
    }
    for name in sorted(now.keys() | seal.documents.keys()):
        if now.get(name) != seal.documents.get(name):
            yield _("{year} is closed: document {name} is not what was sealed").format(year=seal.year, name=name)
